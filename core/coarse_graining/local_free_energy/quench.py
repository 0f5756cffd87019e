r"""The wavelength of a pattern that grows, and what linear theory predicts for it.

A mixture quenched into its unstable region amplifies long waves. While they are small, the structure factor of the
field obeys (Cahn 1961; Cook 1970)

.. math:: S(k, t) = S_e + (S_0 - S_e)\, e^{2 \omega t}, \qquad S_e = \frac{kT}{f'' + \kappa k^2}, \qquad
   \omega = -M k^2 (f'' + \kappa k^2)    \qquad (1)

where thermal noise (the S_e, also where it is negative) keeps feeding all waves, so that the peak comes in from short
waves and ends at the fastest wavelength, 2 pi (-2 kappa/f'')^(1/2), if the growth stays linear for long enough. The
measure is the range of the forces: fluctuations leave linear theory alone for a time that grows with the logarithm of
the number of neighbours (Binder 1984). With nearest neighbours there is no linear stage at all.

References
----------
1. Cahn, Acta Metall. 9, 795 (1961), doi:10.1016/0001-6160(61)90182-1.
2. Cook, Acta Metall. 18, 297 (1970), doi:10.1016/0001-6160(70)90144-6.
3. Binder, Phys. Rev. A 29, 341 (1984), doi:10.1103/PhysRevA.29.341.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from ...quantities import Dimensionless, law

__all__ = ["pattern_wavelength", "quenched_structure_factor"]

Floats = NDArray[np.float64]


@law
def quenched_structure_factor(
    reduced_wavenumber: Dimensionless,
    reduced_time: Dimensionless,
    reduced_curvature: Dimensionless,
    reduced_gradient: Dimensionless,
    reduced_mobility: Dimensionless,
    thermal_noise: Dimensionless,
    first_structure_factor: Dimensionless,
) -> Dimensionless:
    """Structure factor after a quench by linear theory with noise, equation (1), in reduced units.

    Parameters
    ----------
    reduced_wavenumber : float
        k.
    reduced_time : float
        Time since the quench.
    reduced_curvature : float
        f'' of the mixture.
    reduced_gradient : float
        kappa in (kappa/2) (grad phi)^2.
    reduced_mobility : float
        M.
    thermal_noise : float
        kT.
    first_structure_factor : float
        S(k) at the quench.

    Returns
    -------
    float
        Grows linearly in time where f'' + kappa k^2 = 0.

    Examples
    --------
    >>> round(quenched_structure_factor(1.0, 1e9, 1.0, 1.0, 0.5, 3.0, 1.0), 6)
    1.5
    >>> round(quenched_structure_factor(1.0, 2.0, -1.0, 1.0, 0.5, 3.0, 1.0), 6)
    7.0
    """
    k2 = np.square(reduced_wavenumber)
    stiffness = reduced_curvature + reduced_gradient * k2
    growth = -2.0 * reduced_mobility * k2 * stiffness * reduced_time
    safe = np.where(growth == 0.0, 1.0, growth)
    gain = np.where(growth == 0.0, 1.0, np.expm1(safe) / safe)  # (e^x - 1)/x
    fed = 2.0 * reduced_mobility * k2 * reduced_time * thermal_noise * gain
    result: Any = first_structure_factor * np.exp(growth) + fed
    return result[()]


def pattern_wavelength(fields: ArrayLike, *, spacing: float = 1.0, window: float = 0.7) -> xr.Dataset:
    """Structure factor by shells, and the wavelength of its peak, of independent runs.

    Parameters
    ----------
    fields : array_like
        Shape (run, time, x, y), periodic, two runs or more.
    spacing : float
        Lattice constant.
    window : float
        The peak is the top of a parabola through log S over log k, where S exceeds this share of its maximum, through
        five shells at least.

    Returns
    -------
    xarray.Dataset
        ``structure_factor`` (time, shell), per site, and its error; ``wavelength`` (time) and its error, the standard
        error over runs by the jackknife; NaN, and ``wavelength_exists`` false, where there is no peak inside.

    Raises
    ------
    ParameterError
        If the fields have another shape.

    Examples
    --------
    >>> x = np.arange(64)
    >>> noise = 0.3 * np.random.default_rng(0).standard_normal((4, 1, 64, 64))
    >>> waves = noise + np.cos(2 * np.pi * x * 8 / 64)[:, None] + np.cos(2 * np.pi * x * 8 / 64)
    >>> round(float(pattern_wavelength(waves).wavelength[0]), 1)
    8.1
    """
    values = np.asarray(fields)
    if values.ndim != 4 or len(values) < 2 or min(values.shape[2:]) < 8:
        sentence = f"must be (run, time, x, y), two runs and 8 x 8 cells or more, not {values.shape}"
        raise ParameterError("pattern_wavelength", {"fields": sentence})
    runs, times, nx, ny = values.shape
    k = np.hypot(*np.meshgrid(scipy.fft.fftfreq(nx), scipy.fft.rfftfreq(ny), indexing="ij")) * 2.0 * np.pi / spacing
    weight = np.full(k.shape, 2.0)
    weight[:, 0] = 1.0
    if ny % 2 == 0:
        weight[:, -1] = 1.0
    width = 2.0 * np.pi / (spacing * max(nx, ny))
    shell = np.rint(k / width).astype(int)
    most = min(nx, ny) // 2
    shell[shell > most] = 0
    count = np.bincount(shell.ravel(), weight.ravel(), most + 1)
    filled = np.flatnonzero(count[1:] > 0) + 1
    centre = np.bincount(shell.ravel(), (weight * k).ravel(), most + 1)[filled] / count[filled]
    spectra = np.empty((runs, times, len(filled)))
    for run in range(runs):
        for time in range(times):
            field = values[run, time].astype(np.float64)
            power = np.abs(scipy.fft.rfft2(field - field.mean())) ** 2 * weight / (nx * ny)
            spectra[run, time] = np.bincount(shell.ravel(), power.ravel(), most + 1)[filled] / count[filled]
    mean = spectra.mean(axis=0)
    peak = np.array([_find_peak(centre, one, window) for one in mean])
    left = np.array(
        [[_find_peak(centre, one, window) for one in (runs * mean - spectra[run]) / (runs - 1)] for run in range(runs)]
    )
    error = np.sqrt((runs - 1) * ((left - left.mean(axis=0)) ** 2).mean(axis=0))
    unit = {"units": "1"}
    spread = spectra.std(axis=0, ddof=1) / np.sqrt(runs)
    place, both = ("reduced_time",), ("reduced_time", "shell")
    return xr.Dataset(
        {
            "wavelength": (place, peak, {**unit, "long_name": "wavelength of the peak of the structure factor"}),
            "wavelength_error": (place, error, {**unit, "long_name": "standard error of wavelength"}),
            "wavelength_exists": (place, np.isfinite(peak), {**unit, "long_name": "whether there is a peak inside"}),
            "structure_factor": (both, mean, {**unit, "long_name": "structure factor"}),
            "structure_factor_error": (both, spread, {**unit, "long_name": "standard error of structure_factor"}),
            "wavenumber": (("shell",), centre, {**unit, "long_name": "mean wavenumber of the shell"}),
        }
    )


def _find_peak(k: Floats, spectrum: Floats, window: float) -> float:
    """Top of the parabola of log S over log k around the largest S; NaN if it is not a maximum inside."""
    top = int(np.argmax(spectrum))
    if not spectrum[top] > 0:
        return float("nan")
    low = high = top
    while low > 0 and spectrum[low - 1] > window * spectrum[top]:
        low -= 1
    while high < len(k) - 1 and spectrum[high + 1] > window * spectrum[top]:
        high += 1
    low, high = min(low, max(top - 2, 0)), max(high, min(top + 2, len(k) - 1))
    x, y = np.log(k[low : high + 1]), np.log(np.maximum(spectrum[low : high + 1], 1e-300))
    if len(x) < 4:
        return float("nan")
    middle = x.mean()
    bend, tilt, _ = np.polyfit(x - middle, y, 2)
    place = -0.5 * tilt / bend if bend < 0 else float("nan")
    if not x[0] - middle <= place <= x[-1] - middle:
        return float("nan")
    return float(2.0 * np.pi / np.exp(place + middle))

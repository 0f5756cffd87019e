r"""f and kappa of a mixture that would separate: from a box in which it cannot.

Inside the spinodal no equilibrium is uniform, but in a periodic box smaller than the shortest unstable wave,
2 pi (-kappa/f'')^(1/2), a mixture of fixed composition stays mixed. Its chemical potential follows f through the
unstable region (`exchange_slope`), and its longest wave k_1 has a finite structure factor, which gives

.. math:: \kappa = \frac{kT/S(k_1) - f''}{\hat k_1^2}    \qquad (1)

the parabola through zero and k_1, between which the fastest wave lies. The result belongs to its box: a larger box
separates inside, and f flattens to the convex hull. The intensity of the longest waves, along x and y together, tells:

.. math:: I = |a_x|^2 + |a_y|^2, \qquad
   \mathrm{mixedness} = 2 \left( \frac{\langle I^2 \rangle}{\langle I \rangle^2} - 1 \right)    \qquad (2)

is 1 for Gaussian waves and 0 once the box always holds a stripe of each phase.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.optimize
import xarray as xr

from ...model import ParameterError
from .chemical_potential import exchange_slope, integrate_slope
from .sampling import LatticeGas, flip_energy, sample_equilibrium
from .spectrum import lattice_structure_factor

__all__ = ["small_box_energy"]


def small_box_energy(
    gas: LatticeGas,
    size: int,
    *,
    compositions: int = 9,
    widest: float = 0.8,
    snapshots: int = 600,
    degree: int = 5,
    seed: int = 0,
) -> xr.Dataset:
    """Local free energy and gradient coefficient of a lattice gas in a small periodic box.

    Parameters
    ----------
    gas : LatticeGas
        What is sampled; its field has no effect.
    size : int
        Edge of the box in sites.
    compositions : int
        An odd number of compositions from -`widest` to `widest`; the middle one, 0, gives kappa.
    widest : float
        Largest composition, below 1.
    snapshots : int
        Configurations a composition.
    degree : int
        Of the polynomial that the slope without its ideal part is fitted by; f is even, so odd.
    seed : int
        For the same result again.

    Returns
    -------
    xarray.Dataset
        By ``composition``: ``slope``, ``local_free_energy``, ``curvature`` and their errors. At the composition 0:
        ``middle_curvature``, ``gradient_coefficient``, ``spinodal_wavelength`` (NaN where f'' is not negative, see
        ``spinodal_wavelength_exists``) with errors, ``mixedness``, equation (2), and ``phase_composition``, where the
        fitted f is least (0 without phases).

    Raises
    ------
    ParameterError
        If a number is out of range.

    Examples
    --------
    >>> box = small_box_energy(LatticeGas(reduced_temperature=2.4, interaction_range=3), 10, snapshots=200)
    >>> round(float(box.middle_curvature)), round(float(box.spinodal_wavelength) / 20.075, 1)
    (-2, 0.9)
    """
    name = "small_box_energy"
    if int(compositions) != compositions or compositions < degree or not compositions % 2:
        raise ParameterError(name, {"compositions": f"must be odd and at least {degree}, not {compositions!r}"})
    if not 0.0 < widest < 1.0:
        raise ParameterError(name, {"widest": f"must be between 0 and 1, not {widest}"})
    if not degree % 2:
        raise ParameterError(name, {"degree": f"must be odd, not {degree}"})
    temperature = gas.reduced_temperature
    results, middle = [], np.empty(0)
    for n, m in enumerate(np.linspace(-widest, widest, compositions)):
        frames = sample_equilibrium(
            gas, size, snapshots, magnetization=float(m), sweeps=2, equilibration=100, seed=seed * 1000 + n
        ).spin.values
        results.append(exchange_slope(frames, flip_energy(frames, gas), thermal_energy=temperature))
        if n == compositions // 2:
            middle = frames
    place, slope, error = (
        np.array([float(one[key]) for one in results]) for key in ("composition", "slope", "slope_error")
    )
    f = integrate_slope(place, slope, error, thermal_energy=temperature, ideal="lattice", degree=degree)
    excess = np.polynomial.Polynomial.fit(place, slope - temperature * np.arctanh(place), degree, w=1.0 / error)
    structure = lattice_structure_factor(middle)
    square = float(structure.wavenumber_square[0])
    power, spread = float(structure.structure_factor[0]), float(structure.structure_factor_error[0])
    half = compositions // 2
    r, r_error = float(f.curvature[half]), float(f.curvature_error[half])
    kappa = (temperature / power - r) / square
    kappa_error = math.hypot(temperature / power * spread / power, r_error) / square
    unstable = r < 0.0 < kappa
    wavelength = 2.0 * math.pi * math.sqrt(-2.0 * kappa / r) if unstable else math.nan
    # d ln(wavelength) = (d kappa / kappa - d r / r) / 2, and kappa falls with r
    stretch = math.hypot(temperature * spread / power**2 / square / kappa, (1.0 / (square * kappa) + 1.0 / r) * r_error)
    wave = np.fft.rfft2(middle)[:, [0, 1], [1, 0]]
    intensity = (np.abs(wave) ** 2).sum(axis=1)
    mixedness = 2.0 * float((intensity**2).mean() / intensity.mean() ** 2 - 1.0)
    unit = {"units": "1"}
    scalars = {
        "middle_curvature": (r, "f'' at the composition 0"),
        "middle_curvature_error": (r_error, "standard error of middle_curvature"),
        "gradient_coefficient": (kappa, "kappa in (kappa/2) (grad phi)^2"),
        "gradient_coefficient_error": (kappa_error, "standard error of gradient_coefficient"),
        "spinodal_wavelength": (wavelength, "wavelength that grows fastest"),
        "spinodal_wavelength_error": (0.5 * wavelength * stretch, "standard error of spinodal_wavelength"),
        "spinodal_wavelength_exists": (unstable, "whether the box is unstable"),
        "phase_composition": (_find_phase(excess, temperature), "composition of the phase, where f is least"),
        "mixedness": (mixedness, "1: Gaussian waves; 0: always two phases"),
    }
    f["slope"] = (("composition",), slope, {**unit, "long_name": "f' as measured"})
    f["slope_error"] = (("composition",), error, {**unit, "long_name": "standard error of slope"})
    for key, (value, label) in scalars.items():
        f[key] = ((), value, {**unit, "long_name": label})
    f.attrs.update(method="small box", size=size, snapshots=snapshots, seed=seed)
    return f


def _find_phase(excess: np.polynomial.Polynomial, temperature: float) -> float:
    """The composition above 0 at which the slope, odd in the composition, turns positive."""

    def slope(m: float) -> float:
        return 0.5 * float(excess(m) - excess(-m)) + temperature * math.atanh(m)

    low, high = 1e-3, 1.0 - 1e-12
    return float(scipy.optimize.brentq(slope, low, high)) if slope(low) < 0.0 < slope(high) else 0.0

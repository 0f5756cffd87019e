r"""The curvature and the gradient coefficient that stand in a structure factor.

Gaussian theory of the spectrum of a field per volume gives

.. math:: \frac{kT}{S} = f'' + \kappa \hat k^2 + C \hat k^4, \qquad \hat k^2 = \sum_d \frac{2 - 2 \cos k_d a}{a^2}
   \qquad (1)

on a lattice of spacing *a*; for particles, k itself. The powers of independent amplitudes are exponentially
distributed, so that the most likely coefficients solve

.. math:: \sum_k (S_k - \eta_k^{-1})\, \hat k^{2 p} = 0, \qquad \eta = A + B \hat k^2 + C \hat k^4 > 0    \qquad (2)

which is a concave problem (a gamma regression with its canonical link) without the bias of a fit to 1/S. A may be
negative: in a box so small that an unstable mixture stays mixed, only k = 0 would separate.

Errors are those of the jackknife over blocks of frames: blocks must be long against the slowest wave's memory.

References
----------
1. McCullagh & Nelder, Generalized Linear Models, 2nd ed. (Chapman & Hall, 1989), ch. 8.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...model import ParameterError
from .spectrum import spell_units

__all__ = ["fit_structure_factor"]

Floats = NDArray[np.float64]


def fit_structure_factor(
    structure: xr.Dataset,
    *,
    thermal_energy: float = 1.0,
    largest_wavenumber: float | None = None,
    order: int = 2,
    energy_unit: str = "1",
) -> xr.Dataset:
    """Curvature of the local free energy and gradient coefficient from a structure factor, equations (1) and (2).

    Parameters
    ----------
    structure : xarray.Dataset
        From `lattice_structure_factor` or `particle_structure_factor`.
    thermal_energy : float
        kT, in `energy_unit`.
    largest_wavenumber : float, optional
        Of the fit. Default: one over the spacing of a lattice; for particles, all that were computed.
    order : int
        Highest power of the squared wavenumber: 1 or more. Two for a smooth bend; see ``reduced_chi_square``.
    energy_unit : str
        For the units of the result.

    Returns
    -------
    xarray.Dataset
        ``curvature`` f'', ``gradient_coefficient`` kappa (in (kappa/2) (grad phi)^2), ``correlation_length``
        (kappa/f'')^(1/2), ``structure_factor_limit`` S(0), each with its error by the jackknife over blocks; the
        fitted curve and its ``residual`` in standard errors; ``reduced_chi_square``, and ``curvature_valid``, false
        where it says that the curve does not fit.

    Raises
    ------
    ParameterError
        If there are fewer shells than coefficients, or no positive curve fits.

    Examples
    --------
    White noise has no gradient energy, and f'' = kT:

    >>> from mesoscale.core.coarse_graining.local_free_energy import lattice_structure_factor
    >>> fields = np.random.default_rng(0).standard_normal((200, 16, 16))
    >>> fit = fit_structure_factor(lattice_structure_factor(fields), order=1)
    >>> bool(abs(fit.curvature - 1.0) < 4 * fit.curvature_error < 0.2)
    True
    """
    if isinstance(order, bool) or int(order) != order or not 1 <= order <= 6:
        raise ParameterError("fit_structure_factor", {"order": f"must be an integer from 1 to 6, not {order!r}"})
    if not thermal_energy > 0:
        raise ParameterError("fit_structure_factor", {"thermal_energy": f"must be positive, not {thermal_energy}"})
    squares = structure.wavenumber_square.values
    limit = float(structure.fit_square) if largest_wavenumber is None else largest_wavenumber**2
    inside = squares <= limit * (1.0 + 1e-9)
    if inside.sum() <= order:
        sentence = f"leaves {int(inside.sum())} shells for {order + 1} coefficients"
        raise ParameterError("fit_structure_factor", {"largest_wavenumber": sentence})
    squares, modes = squares[inside], structure.mode_count.values[inside]
    samples = structure.structure_factor_block.values[:, inside]
    share = structure.frame_count.values / structure.frame_count.values.sum()
    total = share @ samples
    if not (total > 0).all():
        raise ParameterError("fit_structure_factor", {"structure": "must be positive at every wavenumber of the fit"})
    unit = float(squares.max())  # powers of numbers up to 1
    basis = (squares[:, None] / unit) ** np.arange(order + 1)
    best = _maximise_likelihood(basis, modes, total)
    fits = np.array([_maximise_likelihood(basis, modes, (total - s * one) / (1.0 - s), best)
                     for s, one in zip(share, samples, strict=True)])  # fmt: skip
    powers = unit ** np.arange(order + 1)
    best, fits = best / powers, fits / powers
    scale, count = float(structure.field_scale), len(fits)
    energy = thermal_energy / scale

    def estimates(c: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = c[..., 1] / c[..., 0]
            length = np.sqrt(np.where((c[..., 0] > 0) & (ratio >= 0), ratio, np.nan))
            return np.stack([energy * c[..., 0], energy * c[..., 1], length, 1.0 / c[..., 0]], axis=-1)

    values, parts = estimates(best), estimates(fits)
    errors = np.sqrt((count - 1) * ((parts - parts.mean(axis=0)) ** 2).mean(axis=0))
    d, length = int(structure.attrs["dimensions"]), structure.attrs["length_unit"]
    names = ("curvature", "gradient_coefficient", "correlation_length", "structure_factor_limit")
    labels = ("f'' of the local free energy per volume", "kappa in (kappa/2) (grad phi)^2",
              "second-moment correlation length", "S at zero wavenumber")  # fmt: skip
    field = int(structure.attrs["field_power"])  # the number density carries a unit of its own
    units = (spell_units(energy_unit, length, -d - 2 * field), spell_units(energy_unit, length, 2 - d - 2 * field),
             spell_units("1", length, 1), "1")  # fmt: skip
    variables: dict[str, Any] = {}
    for name, label, measure, value, error in zip(names, labels, units, values, errors, strict=True):
        variables[name] = ((), value, {"units": measure, "long_name": label})
        variables[f"{name}_error"] = ((), error, {"units": measure, "long_name": f"standard error of {name}"})
    variables["correlation_length_exists"] = ((), bool(np.isfinite(values[2])), {"units": "1",
        "long_name": "whether the mixture is stable at zero wavenumber"})  # fmt: skip
    curve = 1.0 / (squares[:, None] ** np.arange(order + 1) @ best)
    spread = structure.structure_factor_error.values[inside]
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(spread > 0, (total - curve) / spread, np.nan)
    shell = ("shell",)
    variables["wavenumber_square"] = (shell, squares, structure.wavenumber_square.attrs)
    variables["fitted_structure_factor"] = (shell, curve, {"units": "1", "long_name": "fitted structure factor"})
    variables["residual"] = (shell, residual, {"units": "1", "long_name": "(measured - fitted) / standard error"})
    freedom = len(squares) - order - 1
    chi = float(np.nansum(residual**2)) / freedom if freedom else math.nan
    variables["reduced_chi_square"] = ((), chi, {"units": "1", "long_name": "mean square of the residuals"})
    bends = bool(freedom and chi > max(2.0, 1.0 + 5.0 * math.sqrt(2.0 / freedom)))
    variables["curvature_valid"] = ((), not bends, {"units": "1", "long_name": "whether the curve fits",
        "comment": "if not, the spectrum bends otherwise: take smaller wavenumbers, or a higher order"})  # fmt: skip
    return xr.Dataset(variables, attrs={"method": "structure factor", "order": order, "blocks": count})


def _maximise_likelihood(basis: Floats, modes: Floats, powers: Floats, start: Floats | None = None) -> Floats:
    """Newton's method for equation (2): concave, with steps halved until the likelihood rises."""
    scale = float(np.median(powers))
    modes, powers = modes / modes.sum(), powers / scale
    c = np.zeros(basis.shape[1])
    c[0] = 1.0 / float(modes @ powers)
    if start is not None and (basis @ start > 0).all():
        c = start * scale

    def likelihood(curve: Floats) -> float:
        return float(modes @ (np.log(curve) - powers * curve)) if (curve > 0).all() else -math.inf

    now = likelihood(basis @ c)
    for _ in range(200):
        curve = basis @ c
        slope = basis.T @ (modes * (1.0 / curve - powers))
        bend = (basis * (modes / curve**2)[:, None]).T @ basis
        step = np.linalg.solve(bend, slope)
        gain = float(slope @ step)
        if gain < 1e-22:
            return np.asarray(c / scale)
        length = 1.0
        while length > 1e-12:
            after = likelihood(basis @ (c + length * step))
            if after >= now + 0.25 * length * gain or (gain < 1e-13 and after > -math.inf):
                break
            length *= 0.5
        c, now = c + length * step, likelihood(basis @ (c + length * step))
    raise ParameterError("fit_structure_factor", {"structure": "no positive curve fits; take fewer wavenumbers"})

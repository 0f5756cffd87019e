r"""The structure of a simple liquid without simulation: Ornstein & Zernike's equation with a closure.

On shells with the middles r = (i + 1/2) w the Fourier transform of a radial function is a discrete sine transform
(type IV), its own inverse, so that equation (4) holds to round-off and no wavenumber zero needs care.
"""

from __future__ import annotations

import json
from typing import Literal

import numpy as np
import scipy.fft
import xarray as xr
from numpy.typing import NDArray

from ...model import ParameterError, ResultError
from ...model.progress import library_version
from .virial import PairPotential

__all__ = ["direct_correlation", "hypernetted_chain_potential", "liquid_structure"]

Floats = NDArray[np.float64]
_DEPTH = 8  # earlier residuals that are mixed
_SMALLEST = 0.05  # of 1 + rho h(k): the noise of a measured g must not be divided by less


def direct_correlation(total: Floats, width: float, density: float) -> Floats:
    """c(r) of h(r) = g(r) - 1 on shells of equal width from 0 on, equation (4).

    Examples
    --------
    >>> h = np.exp(-np.arange(0.05, 10, 0.1) ** 2)
    >>> bool(abs(direct_correlation(h, 0.1, 1e-9) - h).max() < 1e-8)
    True
    """
    transform = _to_waves(total, width)
    structure = 1.0 + density * transform
    return _from_waves(transform / np.maximum(structure, _SMALLEST), width)


def hypernetted_chain_potential(g: Floats, width: float, density: float, thermal_energy: float = 1.0) -> Floats:
    """The pair potential that has this g(r) in the hypernetted-chain approximation, equation (5); NaN where g is 0.

    Examples
    --------
    >>> g = np.exp(-np.exp(-np.arange(0.05, 10, 0.1) ** 2))
    >>> bool(abs(hypernetted_chain_potential(g, 0.1, 1e-9) + np.log(g)).max() < 1e-8)  # dilute: -kT ln g
    True
    """
    total = g - 1.0
    direct = direct_correlation(total, width, density)
    logarithm = np.log(np.where(g > 0.0, g, 1.0))
    return np.where(g > 0.0, thermal_energy * (total - direct - logarithm), np.nan)


def liquid_structure(
    potential: PairPotential,
    density: float,
    *,
    thermal_energy: float = 1.0,
    closure: Literal["hypernetted_chain", "percus_yevick"] = "hypernetted_chain",
    width: float = 0.02,
    cutoff: float = 20.0,
    tolerance: float = 1e-10,
) -> xr.Dataset:
    r"""g(r) of a simple liquid in the hypernetted-chain or the Percus-Yevick approximation.

    Parameters
    ----------
    potential : PairPotential
        With ``energy(distance)`` and ``cutoff``; with ``force(distance)``, the pressure comes, too.
    density : float
        Number density.
    thermal_energy : float
        kT.
    closure : {"hypernetted_chain", "percus_yevick"}
        Soft and long-ranged potentials, or hard cores.
    width, cutoff : float
        Shells; the cutoff is where h is taken to have died out.
    tolerance : float
        Largest change of h - c in one iteration at the end.

    Returns
    -------
    xarray.Dataset
        On ``distance``: ``g`` and ``c``; on ``wavenumber``: ``structure_factor``; ``pressure`` by the virial (NaN
        without forces) and ``compressibility``, kT drho/dp = S(0).

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If no solution is found: the closure may have none at this density and temperature.

    Examples
    --------
    >>> from mesoscale.core.particles.potentials import WeeksChandlerAndersen
    >>> result = liquid_structure(WeeksChandlerAndersen(), 0.5, closure="percus_yevick")
    >>> round(float(result.g.max()), 1), round(float(result.g[-1]), 6)
    (1.8, 1.0)
    """
    name = "liquid_structure"
    for label, value in (("density", density), ("thermal_energy", thermal_energy), ("width", width)):
        if isinstance(value, bool) or not 0.0 < value < np.inf:
            raise ParameterError(name, {label: f"must be a positive number, not {value!r}"})
    if closure not in ("hypernetted_chain", "percus_yevick"):
        raise ParameterError(name, {"closure": f"must be 'hypernetted_chain' or 'percus_yevick', not {closure!r}"})
    if not 8.0 * width <= cutoff <= 1e6 * width:
        raise ParameterError(name, {"cutoff": f"must be from 8 to a million widths, not {cutoff!r}"})
    number = int(np.rint(cutoff / width))
    r = (np.arange(number) + 0.5) * width
    energy = np.asarray(potential.energy(r), dtype=np.float64) / thermal_energy
    boltzmann = np.exp(-np.clip(energy, -700.0, 700.0))
    indirect = _approach(boltzmann, density, width, closure, tolerance)
    direct = _close(indirect, boltzmann, closure)
    g = boltzmann * (np.exp(indirect) if closure == "hypernetted_chain" else 1.0 + indirect)
    structure = 1.0 / (1.0 - density * _to_waves(direct, width))
    zero = 1.0 / (1.0 - density * 4.0 * np.pi * width * float((r * r * direct).sum()))
    pressure = np.nan
    if hasattr(potential, "force"):
        force = np.asarray(potential.force(r), dtype=np.float64)
        virial = np.where(g > 0.0, r**3 * force * g, 0.0).sum() * width
        pressure = density * thermal_energy + 2.0 * np.pi / 3.0 * density**2 * float(virial)

    def says(words: str) -> dict[str, str]:
        return {"units": "1", "long_name": words}

    recipe = {
        "function": f"mesoscale.core.coarse_graining.inversion.{name}", "potential": type(potential).__name__,
        "density": density, "thermal_energy": thermal_energy, "closure": closure, "width": width, "cutoff": cutoff,
        "version": library_version(), "replayable": False,
    }  # fmt: skip
    return xr.Dataset(
        {
            "g": ("distance", g, says("radial distribution")),
            "c": ("distance", direct, says("direct correlation")),
            "structure_factor": ("wavenumber", structure, says("structure factor")),
            "pressure": ((), pressure, says("pressure by the virial")),
            "compressibility": ((), zero, says("kT drho/dp, the structure factor at wavenumber 0")),
        },
        {
            "distance": ("distance", r, says("distance, middle of the shell")),
            "wavenumber": ("wavenumber", _wavenumbers(number, width), says("wavenumber")),
        },
        {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)},
    )


def _close(indirect: Floats, boltzmann: Floats, closure: str) -> Floats:
    """c from h - c."""
    if closure == "percus_yevick":
        return np.asarray((1.0 + indirect) * (boltzmann - 1.0))
    return np.asarray(boltzmann * np.exp(np.minimum(indirect, 100.0)) - 1.0 - indirect)


def _approach(boltzmann: Floats, density: float, width: float, closure: str, tolerance: float) -> Floats:
    """Dense liquids are reached from dilute ones, in as few steps as possible."""
    reached, stride, indirect = 0.0, density, np.zeros_like(boltzmann)
    while reached < density:
        if stride < 2e-3 * density:
            raise ResultError(
                f"liquid_structure: the {closure.replace('_', ' ')} equation has a solution at density {reached:g}, "
                f"but none was found at {reached + stride:g}; there may be none (a gas and a liquid, or freezing)"
            )
        wanted = min(reached + stride, density)
        solution = _solve(indirect, boltzmann, wanted, width, closure, tolerance)
        if solution is None:
            stride *= 0.5
        else:
            reached, indirect, stride = wanted, solution, 1.5 * stride
    return indirect


def _solve(
    indirect: Floats, boltzmann: Floats, density: float, width: float, closure: str, tolerance: float
) -> Floats | None:
    """Fixed point of h - c by Anderson's mixing of the last residuals; None if it is not found."""
    points: list[Floats] = []
    residuals: list[Floats] = []
    x = indirect
    for _ in range(300):
        transform = _to_waves(_close(x, boltzmann, closure), width)
        below = 1.0 - density * transform
        if not (np.isfinite(below).all() and np.abs(transform).max() < 1e10):
            break
        below = np.maximum(below, 1e-3)  # only on the way: at the end it must not act
        new = _from_waves(density * transform**2 / below, width)
        residual = new - x
        if np.abs(residual).max() < tolerance and below.min() > 1e-3:
            return new
        points.append(x)
        residuals.append(residual)
        if len(points) > _DEPTH:
            points.pop(0)
            residuals.pop(0)
        if len(points) > 1:
            steps = np.stack([residual - earlier for earlier in residuals[:-1]], axis=1)
            weights = np.linalg.lstsq(steps, residual, rcond=1e-12)[0]
            moves = np.stack([x - earlier for earlier in points[:-1]], axis=1)
            x = x + 0.5 * residual - (moves + 0.5 * steps) @ weights
        else:
            x = x + 0.5 * residual
    return None


def _wavenumbers(number: int, width: float) -> Floats:
    return np.asarray((np.arange(number) + 0.5) * np.pi / (number * width), dtype=np.float64)


def _to_waves(f: Floats, width: float) -> Floats:
    r = (np.arange(len(f)) + 0.5) * width
    return np.asarray(2.0 * np.pi * width * scipy.fft.dst(r * f, type=4) / _wavenumbers(len(f), width))


def _from_waves(f: Floats, width: float) -> Floats:
    k = _wavenumbers(len(f), width)
    r = (np.arange(len(f)) + 0.5) * width
    return np.asarray((k[0] * 2.0) / (4.0 * np.pi**2) * scipy.fft.dst(k * f, type=4) / r)

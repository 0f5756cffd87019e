r"""The slope of the local free energy: what it costs to turn a site over, or to put one more particle in.

On a lattice of *N* sites with *n* of them up, the free energies of neighbouring compositions differ by (Widom 1963)

.. math:: F(n+1) - F(n) = -kT \ln \frac{\langle \sum_{\mathrm{down}} e^{-\Delta E/kT} \rangle}{n + 1}, \qquad
   F(n-1) - F(n) = -kT \ln \frac{\langle \sum_{\mathrm{up}} e^{-\Delta E/kT} \rangle}{N - n + 1}    \qquad (1)

exactly, for configurations of the fixed composition m = 2 n/N - 1. With F = N f, a quarter of the difference of the two
is f'(m) up to 1/N; what independent spins have of that error is known and taken off. For particles, the excess chemical
potential of a fluid is

.. math:: \mu_\mathrm{ex} = -kT \ln \langle e^{-\Delta U/kT} \rangle, \qquad f'(\rho) = kT \ln \rho + \mu_\mathrm{ex}
   \qquad (2)

for a particle put in at random, the density in units of one over a volume of the reader's choice. The slope without its
ideal part is smooth, and is what `integrate_slope` interpolates; in a box smaller than the wavelength at which an
unstable mixture separates, (1) follows f through the unstable region.

References
----------
1. Widom, J. Chem. Phys. 39, 2808 (1963), doi:10.1063/1.1734110.
2. Frenkel & Smit, Understanding Molecular Simulation, 2nd ed. (Academic Press, 2002), ch. 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import scipy.interpolate
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError

__all__ = ["exchange_slope", "integrate_slope", "widom_insertion"]

Floats = NDArray[np.float64]


def exchange_slope(
    spins: ArrayLike, flip_energy: ArrayLike, *, thermal_energy: float = 1.0, blocks: int = 20
) -> xr.Dataset:
    """Slope f'(m) of the free energy of a site, from configurations of one fixed composition, equation (1).

    Parameters
    ----------
    spins : array_like
        Plus and minus one, shape (frame, ...).
    flip_energy : array_like
        What turning each site over would cost, of the same shape; for a `LatticeGas` from `flip_energy`.
    thermal_energy : float
        kT.
    blocks : int
        Number of blocks of frames, for the error.

    Returns
    -------
    xarray.Dataset
        ``composition`` m, ``slope`` and its error.

    Raises
    ------
    ParameterError
        If the composition differs from frame to frame, or only one state occurs.

    Examples
    --------
    Independent spins have f' = kT atanh m:

    >>> spins = np.repeat([[1.0] * 30 + [-1.0] * 10], 2, axis=0)
    >>> round(float(exchange_slope(spins, np.zeros_like(spins)).slope), 4), round(math.atanh(0.5), 4)
    (0.5493, 0.5493)
    """
    s, cost = np.asarray(spins, dtype=float), np.asarray(flip_energy, dtype=float)
    if s.ndim < 2 or s.shape != cost.shape or len(s) < 2 or not (np.abs(s) == 1.0).all():
        sentence = "must be plus and minus one, of the shape of flip_energy, two frames or more"
        raise ParameterError("exchange_slope", {"spins": sentence})
    s, cost = s.reshape(len(s), -1), cost.reshape(len(s), -1)
    ups = (s > 0).sum(axis=1)
    sites, n = s.shape[1], int(ups[0])
    if not (ups == n).all() or not 0 < n < sites:
        raise ParameterError("exchange_slope", {"spins": "must have one fixed composition, with both states present"})
    m = 2.0 * n / sites - 1.0
    finite = 0.25 * math.log((n + 1) * n / ((sites - n) * (sites - n + 1)))  # equation (1) without energies
    lowest = cost.min()  # so that nothing overflows
    factor = np.exp(-(cost - lowest) / thermal_energy)
    sums = np.stack([np.where(s < 0, factor, 0.0).sum(axis=1), np.where(s > 0, factor, 0.0).sum(axis=1)], axis=1)

    def slope(means: Floats) -> Floats:
        up = -np.log(means[..., 0] / (n + 1))
        down = -np.log(means[..., 1] / (sites - n + 1))
        # the shift by `lowest` cancels
        return np.asarray(thermal_energy * (0.25 * (up - down) - finite + math.atanh(m)))

    value, error = _jackknife(sums, slope, blocks)
    return xr.Dataset(
        {
            "slope": ((), value, {"units": "1", "long_name": "f' of the free energy of a site"}),
            "slope_error": ((), error, {"units": "1", "long_name": "standard error of slope"}),
        },
        coords={"composition": ((), m, {"units": "1", "long_name": "composition m"})},
        attrs={"method": "exchange", "sites": sites},
    )


def widom_insertion(
    positions: ArrayLike,
    box: ArrayLike,
    potential: Any,
    *,
    thermal_energy: float = 1.0,
    insertions: int = 1000,
    cutoff: float | None = None,
    blocks: int = 20,
    seed: int = 0,
) -> xr.Dataset:
    """Excess chemical potential of a fluid by trial insertions, equation (2).

    Parameters
    ----------
    positions : array_like
        Shape (frame, particle, d), wrapped or not.
    box : array_like
        Edges of the periodic box, (d,).
    potential : object or callable
        Pair energy: an object with ``energy(distance)`` and ``cutoff`` (see
        :mod:`mesoscale.core.particles.potentials`), or a function of an array of distances. Infinity is allowed.
    thermal_energy : float
        kT.
    insertions : int
        Trials a frame.
    cutoff : float, optional
        Distance beyond which the energy is zero, at most half of the shortest edge. Default: of the potential.
    blocks : int
        Number of blocks of frames, for the error.
    seed : int
        For the same trials again.

    Returns
    -------
    xarray.Dataset
        ``excess_chemical_potential``, ``slope`` f' = kT ln(density) + excess, their error, ``density``, and
        ``effective_insertions``: trials that carry the average; few mean that the number is not to be trusted.

    Raises
    ------
    ParameterError
        If shapes do not fit, or no trial found room.

    Examples
    --------
    Square mounds of height kT in an ideal gas, exactly (1 - v (1 - 1/e)/V)^N:

    >>> positions = np.random.default_rng(0).uniform(0.0, 4.0, (200, 40, 2))
    >>> result = widom_insertion(positions, [4.0, 4.0], lambda r: 1.0 * (r < 1.0), cutoff=1.0, insertions=200)
    >>> exact = -40 * math.log(1.0 - math.pi * (1.0 - math.exp(-1.0)) / 16.0)
    >>> bool(abs(result.excess_chemical_potential - exact) < 4 * result.excess_chemical_potential_error)
    True
    """
    name = "widom_insertion"
    frames, edges = np.asarray(positions, dtype=float), np.asarray(box, dtype=float)
    if frames.ndim != 3 or len(frames) < 2 or edges.shape != (frames.shape[2],) or not (edges > 0).all():
        sentence = f"must be (frame, particle, d) with a box (d,), two frames or more, not {frames.shape}"
        raise ParameterError(name, {"positions": sentence})
    energy: Callable[[Floats], Any] = potential.energy if hasattr(potential, "energy") else potential
    reach = float(potential.cutoff) if cutoff is None and hasattr(potential, "cutoff") else cutoff
    if reach is None or not 0 < reach <= 0.5 * edges.min() * (1.0 + 1e-12):
        sentence = f"must be positive and at most half of the shortest edge, {0.5 * edges.min():g}, not {reach}"
        raise ParameterError(name, {"cutoff": sentence})
    if isinstance(insertions, bool) or int(insertions) != insertions or insertions < 1:
        raise ParameterError(name, {"insertions": f"must be an integer of at least 1, not {insertions!r}"})
    count = frames.shape[1]
    random = np.random.Generator(np.random.Philox(key=seed))
    factors = np.empty((len(frames), insertions))
    for n, frame in enumerate(frames):
        trials = random.uniform(0.0, 1.0, (insertions, len(edges))) * edges
        square = np.zeros((insertions, count))
        for axis, edge in enumerate(edges):
            gap = trials[:, axis, None] - frame[:, axis]
            gap -= edge * np.rint(gap / edge)
            square += gap * gap
        near = square < reach * reach
        total = np.zeros(insertions)
        row = np.nonzero(near)[0]
        with np.errstate(over="ignore", divide="ignore"):
            cost = np.asarray(energy(np.sqrt(square[near])), dtype=float)
        np.add.at(total, row, cost)
        factors[n] = np.exp(-np.maximum(total / thermal_energy, -700.0))
    means = factors.mean(axis=1, keepdims=True)
    if not means.sum() > 0:
        raise ParameterError(name, {"insertions": f"found no room in {factors.size} trials: too dense for this method"})

    def excess(mean: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(-thermal_energy * np.log(mean[..., 0]))

    value, error = _jackknife(means, excess, blocks)
    density = count / float(np.prod(edges))
    weight = factors.sum() ** 2 / (factors**2).sum()
    unit = {"units": "1"}
    return xr.Dataset(
        {
            "excess_chemical_potential": ((), value, {**unit, "long_name": "excess chemical potential"}),
            "excess_chemical_potential_error": ((), error, {**unit, "long_name": "its standard error"}),
            "slope": ((), value + thermal_energy * math.log(density), {**unit, "long_name": "f' of the free energy"}),
            "slope_error": ((), error, {**unit, "long_name": "standard error of slope"}),
            "effective_insertions": ((), weight, {**unit, "long_name": "trials that carry the average"}),
        },
        coords={"density": ((), density, {**unit, "long_name": "particles a volume"})},
        attrs={"method": "Widom insertion", "insertions": insertions, "seed": seed},
    )


def integrate_slope(
    composition: ArrayLike,
    slope: ArrayLike,
    slope_error: ArrayLike | None = None,
    *,
    thermal_energy: float = 1.0,
    ideal: Literal["none", "lattice", "particles"] = "none",
    degree: int | None = None,
) -> xr.Dataset:
    """Free energy and curvature from slopes at several compositions.

    Parameters
    ----------
    composition, slope : array_like
        Increasing compositions (m, or a density) and f' there, four or more.
    slope_error : array_like, optional
        Standard errors, independent of each other.
    thermal_energy : float
        kT.
    ideal : {"none", "lattice", "particles"}
        Part that is known and does not need to be interpolated: none, kT atanh m, or kT ln(density).
    degree : int, optional
        Fit the rest by a polynomial of this degree, for noisy slopes. Default: a cubic spline through all points.

    Returns
    -------
    xarray.Dataset
        ``local_free_energy`` (zero at the first composition), ``fitted_slope`` and ``curvature``, each with its error.

    Raises
    ------
    ParameterError
        If the data do not fit.

    Examples
    --------
    >>> m = np.linspace(-0.9, 0.9, 19)
    >>> result = integrate_slope(m, 2.0 * np.arctanh(m) - 3.0 * m, thermal_energy=2.0, ideal="lattice")
    >>> round(float(result.curvature[9]), 9)
    -1.0
    """
    x, y = np.asarray(composition, dtype=float), np.asarray(slope, dtype=float)
    spread = np.zeros_like(y) if slope_error is None else np.asarray(slope_error, dtype=float)
    least = 4 if degree is None else degree + 1
    if x.ndim != 1 or x.shape != y.shape or spread.shape != x.shape or len(x) < least or not (np.diff(x) > 0).all():
        sentence = f"must increase and be as long as slope (and its errors), {least} points or more"
        raise ParameterError("integrate_slope", {"composition": sentence})
    if not (np.isfinite(y).all() and np.isfinite(spread).all() and (spread >= 0).all()):
        raise ParameterError("integrate_slope", {"slope": "and its errors must be finite"})
    if (ideal == "lattice" and not (np.abs(x) < 1).all()) or (ideal == "particles" and not (x > 0).all()):
        allowed = "between -1 and 1" if ideal == "lattice" else "positive"
        raise ParameterError("integrate_slope", {"composition": f"must be {allowed} for ideal = {ideal!r}"})
    energy, tilt, bend = _ideal_part(x, ideal)
    unit = np.eye(len(x))
    if degree is None:
        curve = scipy.interpolate.CubicSpline(x, unit, axis=0)
        area = curve.antiderivative()
        maps = (area(x) - area(x[0]), unit, curve(x, 1))
    else:
        middle, half = 0.5 * (x[0] + x[-1]), 0.5 * (x[-1] - x[0])
        basis = np.polynomial.legendre.legvander((x - middle) / half, degree)
        weight = 1.0 / spread if (spread > 0).all() else np.ones_like(x)
        solve = np.linalg.pinv(basis * weight[:, None]) * weight
        rows = [np.polynomial.legendre.Legendre(c, domain=[x[0], x[-1]]) for c in np.eye(degree + 1)]
        maps = (
            np.stack([row.integ(lbnd=x[0])(x) for row in rows], axis=1) @ solve,
            basis @ solve,
            np.stack([row.deriv()(x) for row in rows], axis=1) @ solve,
        )
    rest = y - thermal_energy * tilt
    known = (energy - energy[0], tilt, bend)
    names = ("local_free_energy", "fitted_slope", "curvature")
    labels = ("local free energy", "f' of the fit", "f''")
    place = ("composition",)
    variables: dict[str, Any] = {}
    for name, label, matrix, part in zip(names, labels, maps, known, strict=True):
        error = np.sqrt((matrix * matrix) @ (spread * spread))
        variables[name] = (place, matrix @ rest + thermal_energy * part, {"units": "1", "long_name": label})
        variables[f"{name}_error"] = (place, error, {"units": "1", "long_name": f"standard error of {name}"})
    coords = {"composition": (place, x, {"units": "1", "long_name": "composition"})}
    return xr.Dataset(variables, coords=coords, attrs={"method": "slope", "ideal": ideal, "degree": degree or 0})


def _ideal_part(x: Floats, ideal: str) -> tuple[Floats, Floats, Floats]:
    """f, f' and f'' of what has no interaction, in units of kT."""
    if ideal == "lattice":
        up, down = 0.5 * (1.0 + x), 0.5 * (1.0 - x)
        return up * np.log(up) + down * np.log(down), np.arctanh(x), 1.0 / (1.0 - x * x)
    if ideal == "particles":
        return x * (np.log(x) - 1.0), np.log(x), 1.0 / x
    return np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)


def _jackknife(samples: Floats, function: Callable[[Floats], Floats], blocks: int) -> tuple[float, float]:
    """A function of the mean of (frame, k), with its error from the jackknife over blocks of frames."""
    parts = np.array_split(samples, min(max(2, blocks), len(samples)))
    sums = np.array([part.sum(axis=0) for part in parts])
    counts = np.array([len(part) for part in parts])[:, None]
    left = function((sums.sum(axis=0) - sums) / (counts.sum() - counts))
    n = len(parts)
    return float(function(sums.sum(axis=0) / counts.sum())), float(
        np.sqrt((n - 1) * ((left - left.mean()) ** 2).mean())
    )

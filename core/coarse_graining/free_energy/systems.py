r"""Small systems whose free energies are known exactly, to try methods and protocols on.

.. math:: V(x) = h (x^2 - 1)^2   \qquad (1)

is the double well of barrier *h*;

.. math:: V(x, y) = \sum_{i=1}^{4} A_i e^{a_i (x - x_i)^2 + b_i (x - x_i)(y - y_i) + c_i (y - y_i)^2}   \qquad (2)

the surface of Mueller & Brown [1], two valleys joined by a curved path, whose minima do not lie where those of its
marginal are; harmonic states :math:`u_k = K_k (x - O_k)^2 / 2`, whose free energies differ by

.. math:: f_k - f_j = \tfrac{1}{2} \ln \frac{K_k}{K_j}   \qquad (3)

whatever their offsets; and two particles in vacuum, whose distance has the density :math:`r^{2} e^{-U(r)/kT}`.

Forces have the form that `mesoscale.core.integrators.langevin` takes, and are compiled there.

References
----------
1. Mueller & Brown, Theor. Chim. Acta 53, 75 (1979), doi:10.1007/BF00547608.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate
import scipy.optimize
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from .multistate import labelled
from .profile import checked_grid, profile_dataset

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "bonded_pair_force",
    "double_well_averages",
    "double_well_force",
    "harmonic_states",
    "lennard_jones_pair_force",
    "mueller_brown_energy",
    "mueller_brown_force",
    "mueller_brown_marginal",
    "mueller_brown_stationary_points",
    "pair_distance",
]

Floats = NDArray[np.float64]
_DEPTH = (-200.0, -100.0, -170.0, 15.0)
_XX, _XY, _YY = (-1.0, -1.0, -6.5, 0.7), (0.0, 0.0, 11.0, 0.6), (-10.0, -10.0, -6.5, 0.7)
_X, _Y = (1.0, 0.0, -0.5, -1.0), (0.0, 0.5, 1.5, 1.0)


def double_well_force(x: float, parameters: Any) -> float:
    """-V' of equation (1); `parameters` hold the barrier."""
    return -4.0 * parameters[0] * x * (x * x - 1.0)


def double_well_averages(barrier: float, temperature: float = 1.0, near: float = 0.1) -> dict[str, float]:
    """By quadrature: the partition function, the mean square position, and the probability of abs(x) < `near`.

    Examples
    --------
    >>> {name: round(value, 6) for name, value in double_well_averages(5.0).items()}
    {'partition_function': 0.834059, 'mean_square': 0.936834, 'near_barrier': 0.001671}
    """
    for name, value in (("barrier", barrier), ("temperature", temperature), ("near", near)):
        if not 0.0 < value < math.inf:
            raise ParameterError("double_well_averages", {name: "must be a positive number"}, {name: value})
    ratio = barrier / temperature
    width = 1.0 / math.sqrt(8.0 * ratio)  # of a well; beyond 40 widths, or where V = 60 kT, nothing is left
    reach = math.sqrt(1.0 + math.sqrt(60.0 / ratio))

    def part(power: int, low: float, high: float) -> float:
        points = [p for p in (1.0 - width, 1.0, 1.0 + width) if low < p < high]
        return float(
            scipy.integrate.quad(
                lambda x: x**power * math.exp(-ratio * (x * x - 1.0) ** 2), low, high, points=points or None,
                epsabs=0.0, epsrel=1e-12, limit=500,
            )[0]
        )  # fmt: skip

    total = part(0, 0.0, reach)
    return {
        "partition_function": 2.0 * total,
        "mean_square": part(2, 0.0, reach) / total,
        "near_barrier": part(0, 0.0, min(near, reach)) / total,
    }


def mueller_brown_energy(x: ArrayLike, y: ArrayLike) -> Floats:
    """Equation (2), broadcasting.

    Examples
    --------
    >>> round(float(mueller_brown_energy(-0.558224, 1.441726)), 4)
    -146.6995
    """
    u, v = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    total = np.zeros(np.broadcast_shapes(u.shape, v.shape))
    for depth, a, b, c, p, q in zip(_DEPTH, _XX, _XY, _YY, _X, _Y, strict=True):
        total = total + depth * np.exp(a * (u - p) ** 2 + b * (u - p) * (v - q) + c * (v - q) ** 2)
    return total


def mueller_brown_force(x: Any, parameters: Any, out: Any) -> None:
    """-grad V of equation (2), for positions (x, y); it has no parameters."""
    out[0] = out[1] = 0.0
    for i in range(4):
        u, v = x[0] - _X[i], x[1] - _Y[i]
        value = _DEPTH[i] * math.exp(_XX[i] * u * u + _XY[i] * u * v + _YY[i] * v * v)
        out[0] -= value * (2.0 * _XX[i] * u + _XY[i] * v)
        out[1] -= value * (_XY[i] * u + 2.0 * _YY[i] * v)


def mueller_brown_stationary_points() -> xr.Dataset:
    """All stationary points of equation (2) by Newton's method from a grid: minima by energy, then saddles.

    Returns
    -------
    xarray.Dataset
        ``position`` (point, axis), ``energy`` (point), ``unstable_directions`` (point): 0 for a minimum, 1 for a
        saddle.
    """
    found: list[tuple[int, float, Floats]] = []
    for start in np.stack(np.meshgrid(np.linspace(-1.5, 1.2, 19), np.linspace(-0.4, 2.0, 17)), -1).reshape(-1, 2):
        result = scipy.optimize.root(_derivatives, start, jac=True, tol=1e-13)
        place = np.asarray(result.x, dtype=np.float64)
        slope, bend = _derivatives(place)
        inside = -1.6 < place[0] < 1.3 and -0.5 < place[1] < 2.1
        if not inside or np.abs(slope).max() > 1e-8 or any(np.abs(place - p).max() < 1e-5 for _, _, p in found):
            continue
        found.append(
            (int((np.linalg.eigvalsh(bend) < 0.0).sum()), float(mueller_brown_energy(place[0], place[1])), place)
        )
    found.sort(key=lambda entry: (entry[0], entry[1]))
    return labelled(
        {
            "position": (("point", "axis"), np.array([p for _, _, p in found]), "where the gradient vanishes"),
            "energy": ("point", np.array([e for _, e, _ in found]), "energy there"),
            "unstable_directions": ("point", np.array([k for k, _, _ in found]), "negative curvatures"),
        },
        {"function": "mesoscale.core.coarse_graining.free_energy.mueller_brown_stationary_points"},
    )


def mueller_brown_marginal(temperature: float, edges: ArrayLike) -> xr.Dataset:
    """F(x) of equation (2) in bins, by quadrature over all of y, in the form of `free_energy_profile`.

    Parameters
    ----------
    temperature : float
        The thermal energy kT, from 1 to 1000 in the units of V.
    edges : array_like
        Rising edges of bins in x.

    Returns
    -------
    xarray.Dataset
        As of `free_energy_profile`, with zero errors, and ``mean_energy``, the mean of V over all x and y.
    """
    kt, borders = checked_grid("mueller_brown_marginal", temperature, edges)
    if not 1.0 <= kt <= 1000.0:
        sentence = "must be from 1 to 1000"
        raise ParameterError("mueller_brown_marginal", {"temperature": sentence}, {"temperature": temperature})
    reach = 3.0 + 0.1 * math.sqrt(kt)  # the last term grows as exp(0.7 x^2): the surface is a bowl
    y = np.linspace(1.0 - reach, 1.0 + reach, 801)  # trapezoids converge exponentially on all of y
    fine = np.linspace(-1.0 - reach, -1.0 + reach, 161)
    cuts = np.unique(np.concatenate([borders, fine]))
    x, shares = _panels(cuts)
    v = np.minimum(mueller_brown_energy(x[:, None], y), 700.0 * kt)
    boltzmann = np.exp(-(v + 147.0) / kt)
    parts = (boltzmann.sum(axis=1) * shares).reshape(len(cuts) - 1, -1).sum(axis=1)
    energy = float((v * boltzmann).sum(axis=1) @ shares)
    place = np.searchsorted(borders, 0.5 * (cuts[:-1] + cuts[1:])) - 1
    within = (place >= 0) & (place < len(borders) - 1)
    inside, total = np.bincount(place[within], parts[within], len(borders) - 1), float(parts.sum())
    f = -kt * np.log(np.maximum(inside / np.diff(borders), 1e-300))
    zeros = np.zeros(len(f))
    result = profile_dataset(
        "mueller_brown_marginal", borders, free_energy=f - f.min(), free_energy_error=zeros,
        probability=inside / total, probability_error=zeros, effective=np.full(len(f), 1e300), converged=True,
        recipe={"temperature": kt},
    ).drop_vars("effective_samples")  # fmt: skip
    mean = energy / total
    return result.assign(mean_energy=((), mean, {"units": "1", "long_name": "mean energy"}))


def harmonic_states(
    stiffness: ArrayLike, offset: ArrayLike, counts: ArrayLike, *, seed: int = 0
) -> tuple[Floats, Floats, Floats]:
    """Independent samples of harmonic states, equation (3), in the form that `mbar` takes.

    Parameters
    ----------
    stiffness, offset : array_like
        K_k over kT, and O_k, shape (K,).
    counts : array_like of int
        Samples of each state.
    seed : int
        Seed of numpy's generator.

    Returns
    -------
    reduced_energy, position, free_energy : numpy.ndarray
        Shapes (K, N) and (N,), and the exact free energies relative to state 0, (K,).
    """
    k, o = (np.asarray(values, dtype=np.float64) for values in (stiffness, offset))
    n = np.asarray(counts, dtype=np.int64)
    if k.ndim != 1 or k.shape != o.shape or n.shape != k.shape or not (k > 0).all() or not (n >= 0).all():
        sentence = "must be positive, as many as offsets and counts"
        raise ParameterError("harmonic_states", {"stiffness": sentence}, {"stiffness": stiffness})
    draws = np.random.default_rng(seed).standard_normal(int(n.sum()))
    x = np.repeat(o, n) + draws / np.sqrt(np.repeat(k, n))
    return 0.5 * k[:, None] * (x - o[:, None]) ** 2, x, 0.5 * np.log(k / k[0])


def pair_distance(x: Any, gradient: Any) -> float:
    """Length of the vector between two particles, and its gradient: a coordinate for `umbrella_sampling`."""
    r = math.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    for i in range(3):
        gradient[i] = x[i] / r
    return r


def lennard_jones_pair_force(x: Any, parameters: Any, out: Any) -> None:
    """Force on the vector between two Lennard-Jones particles; `parameters` hold well depth and diameter."""
    square = parameters[1] ** 2 / (x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    sixth = square * square * square
    slope = 24.0 * parameters[0] * sixth * (2.0 * sixth - 1.0) * square / parameters[1] ** 2
    for i in range(3):
        out[i] = slope * x[i]


def bonded_pair_force(x: Any, parameters: Any, out: Any) -> None:
    """Force on the vector of a dimer that has two lengths, r_0 and r_0 + 2 w: h [1 - ((r - r_0 - w) / w)^2]^2.

    `parameters` hold h, r_0 and w.
    """
    r = math.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    z = (r - parameters[1] - parameters[2]) / parameters[2]
    slope = 4.0 * parameters[0] * z * (1.0 - z * z) / (parameters[2] * r)
    for i in range(3):
        out[i] = slope * x[i]


def _derivatives(z: Floats) -> tuple[Floats, Floats]:
    """Gradient and Hessian of equation (2)."""
    slope, bend = np.zeros(2), np.zeros((2, 2))
    for depth, a, b, c, p, q in zip(_DEPTH, _XX, _XY, _YY, _X, _Y, strict=True):
        u, v = z[0] - p, z[1] - q
        value = depth * math.exp(min(a * u * u + b * u * v + c * v * v, 300.0))
        first = np.array([2.0 * a * u + b * v, b * u + 2.0 * c * v])
        slope += value * first
        bend += value * (np.outer(first, first) + np.array([[2.0 * a, b], [b, 2.0 * c]]))
    return slope, bend


def _panels(borders: Floats) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights in each bin."""
    nodes, shares = np.polynomial.legendre.leggauss(6)
    half, middle = 0.5 * np.diff(borders), 0.5 * (borders[:-1] + borders[1:])
    return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * shares).ravel()

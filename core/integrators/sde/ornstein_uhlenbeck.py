r"""Linear equations, exactly, for steps of any length.

.. math:: dX = -A (X - m)\, dt + B\, dW

has Gaussian transitions: over a step *h*, the mean moves by :math:`e^{-A h}` and the covariance is
:math:`\int_0^h e^{-A s} B B^T e^{-A^T s} ds`, both from one exponential of a matrix of twice the size (Van Loan). *A*
may be singular: the free Langevin particle with its position, :math:`dx = v\, dt`, is one case.

References
----------
Van Loan, IEEE Trans. Autom. Control 23, 395 (1978), doi:10.1109/TAC.1978.1101743.
Gillespie, Phys. Rev. E 54, 2084 (1996), doi:10.1103/PhysRevE.54.2084.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import normal, spawn_states
from ...kernels.threads import map_blocks
from ...model import ParameterError
from ...model.progress import library_version

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ornstein_uhlenbeck", "stationary_covariance", "transition"]

Floats = NDArray[np.float64]


def transition(rate: ArrayLike, noise: ArrayLike, interval: float) -> tuple[Floats, Floats]:
    """Propagator exp(-A h) and covariance of the exact transition over one interval.

    Parameters
    ----------
    rate : array_like
        A, a number or a matrix (d, d).
    noise : array_like
        B, a number or a matrix (d, m).
    interval : float
        Length of time *h*.

    Returns
    -------
    propagator, covariance : numpy.ndarray
        Shapes (d, d).

    Examples
    --------
    >>> propagator, covariance = transition(2.0, 2.0, 50.0)
    >>> bool(propagator[0, 0] < 1e-40), round(float(covariance[0, 0]), 12)
    (True, 1.0)
    """
    a, b = _checked_system(rate, noise)
    if not 0 <= interval < np.inf:
        raise ParameterError("transition", {"interval": "must be a finite time of at least 0"}, {"interval": interval})
    d = len(a)
    # Halved until the exponential of +A stays small, then doubled by the rule of composition: no cancellation.
    doublings = max(0, math.ceil(math.log2(max(float(np.abs(a).sum(axis=0).max()) * interval, 1e-300))) + 1)
    h = interval / 2**doublings
    block = scipy.linalg.expm(np.block([[a, b @ b.T], [np.zeros((d, d)), -a.T]]) * h)
    propagator = np.ascontiguousarray(block[d:, d:].T)
    covariance = propagator @ block[:d, d:]
    for _ in range(doublings):
        covariance = covariance + propagator @ covariance @ propagator.T
        propagator = propagator @ propagator
    return propagator, 0.5 * (covariance + covariance.T)


def stationary_covariance(rate: ArrayLike, noise: ArrayLike) -> Floats:
    """Covariance C of the stationary state: A C + C A^T = B B^T, shape (d, d).

    Raises
    ------
    ParameterError
        If an eigenvalue of A has no positive real part: there is no stationary state.

    Examples
    --------
    >>> stationary_covariance(2.0, 2.0).tolist()
    [[1.0]]
    """
    a, b = _checked_system(rate, noise)
    if not (np.linalg.eigvals(a).real > 0).all():
        sentence = "must have eigenvalues with positive real parts: otherwise nothing is stationary"
        raise ParameterError("stationary_covariance", {"rate": sentence})
    return np.asarray(scipy.linalg.solve_continuous_lyapunov(a, b @ b.T), dtype=np.float64)


def ornstein_uhlenbeck(
    initial: ArrayLike,
    times: ArrayLike,
    *,
    rate: ArrayLike,
    noise: ArrayLike,
    mean: ArrayLike = 0.0,
    trajectories: int = 1,
    seed: int = 0,
    first: int = 0,
    workers: int | None = None,
) -> xr.Dataset:
    """Exact trajectories at the given times, however far apart.

    Parameters
    ----------
    initial : array_like
        State at the first time: (), (d,) or (trajectories, d).
    times : array_like
        Rising times, shape (n,).
    rate, noise : array_like
        A and B: numbers, or matrices (d, d) and (d, m).
    mean : array_like
        m: a number or a vector (d,).
    trajectories, seed, first, workers
        As for `integrate`.

    Returns
    -------
    xarray.Dataset
        ``state`` (trajectory, time, component).

    Examples
    --------
    >>> free_particle = {"rate": [[0.0, -1.0], [0.0, 1.0]], "noise": [[0.0, 0.0], [0.0, np.sqrt(2.0)]]}
    >>> run = ornstein_uhlenbeck([0.0, 0.0], [0.0, 100.0], trajectories=2000, **free_particle)
    >>> exact = 2 * (100.0 - 2.0 + 0.5)  # 2 D (t - 2 + 1/2) for a particle that starts at rest
    >>> bool(abs(run.state[:, 1, 0].var() / exact - 1) < 4 * np.sqrt(2 / 2000))
    True
    """
    a, b = _checked_system(rate, noise)
    d = len(a)
    grid = np.array(times, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 1 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise ParameterError("ornstein_uhlenbeck", {"times": "must be finite, rising numbers"}, {"times": times})
    for name, count, least in (("trajectories", trajectories, 1), ("first", first, 0)):
        if isinstance(count, bool) or int(count) != count or count < least:
            sentence = f"must be a whole number of at least {least}"
            raise ParameterError("ornstein_uhlenbeck", {name: sentence}, {name: count})
    given = np.asarray(initial, dtype=np.float64)
    if given.shape not in ((), (d,), (trajectories, d)):
        sentence = f"must be one state of {d} or one for each trajectory"
        raise ParameterError("ornstein_uhlenbeck", {"initial": sentence}, {"initial": initial})
    centre = np.broadcast_to(np.asarray(mean, dtype=np.float64), (d,))
    steps = [transition(a, b, float(interval)) for interval in np.diff(grid)]
    propagators = np.array([p for p, _ in steps]).reshape(-1, d, d)
    roots = np.array([_square_root(c) for _, c in steps]).reshape(-1, d, d)
    states = spawn_states(seed, trajectories, first=first)
    x = np.empty((trajectories, len(grid), d))
    x[:, 0] = np.broadcast_to(given, (trajectories, d)) - centre
    block = max(1, 2**22 // (len(grid) * d * d))
    map_blocks(
        lambda begin, end: _leap_exactly(x[begin:end], propagators, roots, states[begin:end]),
        trajectories,
        block,
        workers=workers,
    )
    return _labelled(x + centre, grid, seed, first, a, b, centre)


def _labelled(x: Floats, grid: Floats, seed: int, first: int, a: Floats, b: Floats, centre: Floats) -> xr.Dataset:
    import xarray as xr

    recipe: dict[str, Any] = {
        "function": "mesoscale.core.integrators.sde.ornstein_uhlenbeck", "rate": a.tolist(), "noise": b.tolist(),
        "mean": centre.tolist(), "trajectories": len(x), "seed": int(seed), "first": int(first),
        "version": library_version(),
    }  # fmt: skip
    return xr.Dataset(
        {"state": (("trajectory", "time", "component"), x, {"units": "1", "long_name": "state"})},
        {"time": ("time", grid, {"units": "1", "long_name": "time"})},
        {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)},
    )


def _checked_system(rate: ArrayLike, noise: ArrayLike) -> tuple[Floats, Floats]:
    a, b = (np.atleast_2d(np.asarray(matrix, dtype=np.float64)) for matrix in (rate, noise))
    if a.ndim != 2 or a.shape[0] != a.shape[1] or not np.isfinite(a).all():
        raise ParameterError("ornstein_uhlenbeck", {"rate": "must be a number or a square matrix, finite"})
    if b.ndim != 2 or len(b) != len(a) or not np.isfinite(b).all():
        raise ParameterError(
            "ornstein_uhlenbeck", {"noise": f"must be a number or a matrix with {len(a)} rows, finite"}
        )
    return a, b


def _square_root(covariance: Floats) -> Floats:
    """L with L L^T = C for a C that may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), dtype=np.float64)


@njit(cache=True, nogil=True)
def _leap_exactly(x: Floats, propagators: Floats, roots: Floats, states: NDArray[np.uint64]) -> None:
    d = x.shape[2]
    noise = np.empty(d)
    for i in range(x.shape[0]):
        for n in range(x.shape[1] - 1):
            for c in range(d):
                noise[c] = normal(states[i])
            for c in range(d):
                value = 0.0
                for k in range(d):
                    value += propagators[n, c, k] * x[i, n, k] + roots[n, c, k] * noise[k]
                x[i, n + 1, c] = value

"""Measured orders: the same Wiener path at several steps, against an exact or a much finer solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.random import normal, spawn_states
from .equation import StochasticEquation
from .schemes import SchemeName, choose_scheme

__all__ = ["Wiener", "strong_errors", "strong_order"]

Floats = NDArray[np.float64]


class Wiener:
    """Increments of many Wiener paths on a fine grid over [0, 1], and their exact sums on coarser ones.

    Over a block of fine steps, dW adds up, and I10 is the sum of the fine I10 and of *h* times the path so far.

    Parameters
    ----------
    paths : int
        Number of paths.
    level : int
        2**level fine steps.
    seed : int
        Of the paths.
    """

    def __init__(self, paths: int, level: int, seed: int = 0) -> None:
        self.level = level
        h = 2.0**-level
        drawn = _draw(spawn_states(seed, paths), 2**level)
        self.dw = drawn[..., 0] * np.sqrt(h)
        self.i10 = 0.5 * h * (self.dw + drawn[..., 1] * np.sqrt(h / 3.0))

    def at_level(self, level: int) -> tuple[Floats, Floats]:
        """dW and J = I10/h for 2**level steps, both (paths, 2**level)."""
        dw, i10, h = self.dw, self.i10, 2.0**-self.level
        for _ in range(self.level - level):
            # of two steps: the second sees the first's dW for its whole length
            i10 = i10[:, ::2] + i10[:, 1::2] + h * dw[:, ::2]
            dw = dw[:, ::2] + dw[:, 1::2]
            h *= 2.0
        return dw, i10 / h


def strong_errors(
    equation: StochasticEquation,
    scheme: SchemeName,
    initial: float | Sequence[float],
    parameters: Sequence[float],
    wiener: Wiener,
    levels: Sequence[int],
    exact: Callable[[Floats], Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Mean of |X(1) - reference| (Euclid) over the paths, and its standard error, for steps 2**-level.

    Parameters
    ----------
    equation : StochasticEquation
        Of one component, or a vector: then each component takes one of `components` paths in a row as its own noise,
        or all take the same if the noise is scalar. General noise alike: `noises` paths in a row.
    scheme : str
        Name of the scheme.
    initial : float or sequence
        State at 0.
    parameters : sequence of float
        Handed to drift and diffusion.
    wiener : Wiener
        The common paths.
    levels : sequence of int
        Grids.
    exact : callable, optional
        W(1), shape (paths,), to X(1), shape (paths,) or (paths, d). Default: SRA1 or SRIW1 on the finest grid.
    """
    if exact is None:
        reference = end_states(equation, None, initial, parameters, *wiener.at_level(wiener.level))
    else:
        reference = exact(wiener.dw.sum(axis=1))
    errors = []
    for level in levels:
        difference = end_states(equation, scheme, initial, parameters, *wiener.at_level(level)) - reference
        errors.append(np.abs(difference) if difference.ndim == 1 else np.sqrt((difference**2).sum(axis=1)))
    spread = [e.std(ddof=1) / np.sqrt(len(e)) for e in errors]
    return np.array([e.mean() for e in errors]), np.array(spread)


def end_states(
    equation: StochasticEquation,
    scheme: SchemeName | None,
    initial: float | Sequence[float],
    parameters: Sequence[float],
    dw: Floats,
    j: Floats,
) -> Floats:
    """X(1) on given increments (paths, steps): the same steps as `integrate` takes."""
    _, method, drift = choose_scheme(equation, scheme)
    p = np.array(parameters, dtype=np.float64)
    end: Floats
    if equation.components == 1:
        end = _follow(method.one, drift, equation.diffusion, float(np.asarray(initial)), dw, j, p)
        return end
    start = np.array(initial, dtype=np.float64)
    # (paths, noises, steps): all of one path, or components in a row
    dw, j = (a.reshape(-1, equation.noise_count, a.shape[1]) for a in (dw, j))
    if equation.noise == "general":
        end = _follow_general(method.general, drift, equation.diffusion, start, dw, j, p)
    else:
        end = _follow_many(method.many, drift, equation.diffusion, start, dw, j, p)
    return end


def strong_order(errors: Floats, levels: Sequence[int]) -> float:
    """Slope of log error over log step."""
    return float(np.polyfit(-np.log(2.0) * np.array(levels), np.log(errors), 1)[0])


@njit(cache=True, nogil=True)
def _draw(states: NDArray[np.uint64], steps: int) -> Floats:
    drawn = np.empty((len(states), steps, 2))
    for i in range(len(states)):
        for n in range(steps):
            drawn[i, n, 0], drawn[i, n, 1] = normal(states[i]), normal(states[i])
    return drawn


@njit(nogil=True)
def _follow(advance: Any, drift: Any, diffusion: Any, initial: float, dw: Floats, j: Floats, p: Floats) -> Floats:
    paths, steps = dw.shape
    h = 1.0 / steps
    end = np.empty(paths)
    for i in range(paths):
        x = initial
        for n in range(steps):
            x = advance(drift, diffusion, x, n * h, h, dw[i, n], j[i, n], p)
        end[i] = x
    return end


@njit(nogil=True)
def _follow_many(advance: Any, drift: Any, diffusion: Any, initial: Floats, dw: Floats, j: Floats, p: Floats) -> Floats:
    paths, noises, steps = dw.shape
    d, h = len(initial), 1.0 / steps
    end, work, now, integral = np.empty((paths, d)), np.empty((8, d)), np.empty(d), np.empty(d)
    for i in range(paths):
        end[i] = initial
        for n in range(steps):
            for c in range(d):
                now[c], integral[c] = dw[i, min(c, noises - 1), n], j[i, min(c, noises - 1), n]
            advance(drift, diffusion, end[i], n * h, h, now, integral, p, work)
    return end


@njit(nogil=True)
def _follow_general(
    advance: Any, drift: Any, diffusion: Any, initial: Floats, dw: Floats, j: Floats, p: Floats
) -> Floats:
    paths, noises, steps = dw.shape
    d, h = len(initial), 1.0 / steps
    end, work, factors = np.empty((paths, d)), np.empty((8, d)), np.zeros((2, d, noises))
    for i in range(paths):
        end[i] = initial
        for n in range(steps):
            advance(drift, diffusion, end[i], n * h, h, dw[i, :, n].copy(), j[i, :, n].copy(), p, work, factors)
    return end

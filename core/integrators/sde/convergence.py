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
    initial: float,
    parameters: Sequence[float],
    wiener: Wiener,
    levels: Sequence[int],
    exact: Callable[[Floats], Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Mean of |X(1) - reference| over the paths, and its standard error, for steps 2**-level.

    Parameters
    ----------
    equation : StochasticEquation
        Of one component.
    scheme : str
        Name of the scheme.
    initial : float
        State at 0.
    parameters : sequence of float
        Handed to drift and diffusion.
    wiener : Wiener
        The common paths.
    levels : sequence of int
        Grids.
    exact : callable, optional
        W(1) to X(1). Default: SRA1 or SRIW1 on the finest grid.
    """
    if exact is None:
        reference = end_states(equation, None, initial, parameters, *wiener.at_level(wiener.level))
    else:
        reference = exact(wiener.dw.sum(axis=1))
    errors = [
        np.abs(end_states(equation, scheme, initial, parameters, *wiener.at_level(level)) - reference)
        for level in levels
    ]
    spread = [e.std(ddof=1) / np.sqrt(len(e)) for e in errors]
    return np.array([e.mean() for e in errors]), np.array(spread)


def end_states(
    equation: StochasticEquation,
    scheme: SchemeName | None,
    initial: float,
    parameters: Sequence[float],
    dw: Floats,
    j: Floats,
) -> Floats:
    """X(1) on given increments, one number a path: the same steps as `integrate` takes."""
    _, method, drift = choose_scheme(equation, scheme)
    p = np.array(parameters, dtype=np.float64)
    end: Floats = _follow(method.one, drift, equation.diffusion, initial, dw, j, p)
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

"""Forces and collective variables of the user, compiled in one form: vectors, and a variable with its gradient."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...integrators.langevin.temperature import is_scalar
from ...integrators.sde.equation import compiled
from ...kernels.random import normal
from ...model import ParameterError

__all__ = ["check_counts", "draw_all", "prepare"]

Floats = NDArray[np.float64]


def prepare(
    function: str, force: Callable[..., Any], coordinate: int | Callable[..., Any], d: int
) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The force as given, the same as ``force(x, parameters, out)``, and ``s(x, gradient) -> float``, all compiled."""
    given, scalar = compiled(force), is_scalar(force)
    if callable(coordinate):
        if scalar:
            raise ParameterError(function, {"coordinate": "must be 0 for one degree of freedom"})
        return given, given, compiled(coordinate)
    if isinstance(coordinate, bool) or int(coordinate) != coordinate or not 0 <= coordinate < d:
        sentence = f"must be 0 to {d - 1}, or a function"
        raise ParameterError(function, {"coordinate": sentence}, {"coordinate": coordinate})
    return given, as_vector(given) if scalar else given, component(int(coordinate))


def check_counts(function: str, **wanted: tuple[Any, int]) -> None:
    """Whole numbers, each at least what stands beside it."""
    for name, (count, least) in wanted.items():
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < least:
            raise ParameterError(function, {name: f"must be a whole number of at least {least}"}, {name: count})


@functools.lru_cache(maxsize=64)
def component(number: int) -> Callable[..., Any]:
    @njit(nogil=True)
    def measure(x, gradient):  # type: ignore[no-untyped-def]
        gradient[:] = 0.0
        gradient[number] = 1.0
        return x[number]

    return measure


@functools.lru_cache(maxsize=64)
def as_vector(force: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def vector(x, parameters, out):  # type: ignore[no-untyped-def]
        out[0] = force(x[0], parameters)

    return vector


@njit(nogil=True, cache=True)
def draw_all(states: NDArray[np.uint64], v: Floats) -> None:
    """Standard normal numbers, a row from each stream."""
    for i in range(v.shape[0]):
        for c in range(v.shape[1]):
            v[i, c] = normal(states[i])

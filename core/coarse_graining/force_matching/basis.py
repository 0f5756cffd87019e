"""What a matched force is made of: cubic B-splines, or functions of the user's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.interpolate
from numba import njit
from numba.core.errors import NumbaError
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError

__all__ = ["FunctionBasis", "SplineBasis", "spline_weights"]

Floats = NDArray[np.float64]
_MOST_FUNCTIONS = 2000


@dataclass(frozen=True)
class SplineBasis:
    """Cubic B-splines of the force on [`low`, `high`].

    Parameters
    ----------
    high : float
        Cutoff of a pair term, or the largest length or angle [rad] of a bonded one.
    spacing : float
        Distance of the breakpoints, about; a twentieth of the particles' size resolves a liquid.
    low : float
        The smallest length or angle. Where nothing is sampled, the columns are pruned: 0 is a safe choice.
    ends_at_zero : bool
        Whether the force vanishes at `high`.
    breakpoints : sequence of float, optional
        Any increasing breakpoints instead.

    Examples
    --------
    >>> basis = SplineBasis(3.0, 0.5)
    >>> basis.size, basis.knots[:6].tolist()
    (9, [0.0, 0.0, 0.0, 0.0, 0.5, 1.0])
    """

    high: float
    spacing: float
    low: float = 0.0
    ends_at_zero: bool = False
    breakpoints: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        if self.breakpoints is not None:
            points = np.asarray(self.breakpoints, dtype=np.float64)
            if points.ndim != 1 or len(points) < 2 or not np.isfinite(points).all() or not (np.diff(points) > 0).all():
                raise ParameterError(name, {"breakpoints": "must be two or more increasing finite numbers"})
            object.__setattr__(self, "breakpoints", tuple(points.tolist()))
            object.__setattr__(self, "low", float(points[0]))
            object.__setattr__(self, "high", float(points[-1]))
        if not (math.isfinite(self.high) and 0 <= self.low < self.high):
            sentence = "must be finite and above low, which is at least 0"
            raise ParameterError(name, {"high": sentence}, {"low": self.low, "high": self.high})
        if not (self.spacing > 0 and (self.high - self.low) / self.spacing <= _MOST_FUNCTIONS):
            sentence = f"must be positive and make at most {_MOST_FUNCTIONS} intervals"
            raise ParameterError(name, {"spacing": sentence}, {"spacing": self.spacing})

    @classmethod
    def at(cls, breakpoints: Sequence[float], *, ends_at_zero: bool = False) -> SplineBasis:
        """With breakpoints of the user's own, closer where the force is steep."""
        points = tuple(float(x) for x in breakpoints)
        high = points[-1] if points else math.nan
        low = points[0] if points else math.nan
        spacing = (high - low) / max(len(points) - 1, 1)
        return cls(high, spacing, low, ends_at_zero, points)

    @property
    def knots(self) -> Floats:
        """With the ends four times."""
        if self.breakpoints is not None:
            points = np.asarray(self.breakpoints)
        else:
            points = np.linspace(self.low, self.high, max(1, round((self.high - self.low) / self.spacing)) + 1)
        return np.concatenate([np.full(3, points[0]), points, np.full(3, points[-1])])

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.knots) - 4 - self.ends_at_zero

    @property
    def edges(self) -> Floats:
        """Intervals in which samples are counted."""
        return self.knots[3:-3]

    def columns(self, x: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Values of the (up to four) functions that are not zero at each `x`, and the first one's number."""
        weights, first = np.empty((len(x), 4)), np.empty(len(x), np.int64)
        spline_weights(np.ascontiguousarray(x), self.knots, weights, first)
        if self.ends_at_zero:  # the last function has no column: shift the rows that would write there
            beyond = first + 4 > self.size
            weights[beyond, 1:] = weights[beyond, :3]
            weights[beyond, 0] = 0.0
            first[beyond] -= 1
        return weights, first

    def force(self, x: ArrayLike) -> Floats:
        """All functions at `x`, shape (len(x), size)."""
        splines = scipy.interpolate.BSpline(self.knots, np.eye(len(self.knots) - 4), 3, extrapolate=False)
        return np.asarray(splines(np.asarray(x, dtype=np.float64)))[:, : self.size]

    def potential(self, x: ArrayLike) -> Floats:
        """Integrals of all functions from `x` to `high`, exactly; shape (len(x), size)."""
        splines = scipy.interpolate.BSpline(self.knots, np.eye(len(self.knots) - 4), 3)
        integral = splines.antiderivative()
        return np.asarray(integral(self.high) - integral(np.asarray(x, dtype=np.float64)))[:, : self.size]


@dataclass(frozen=True)
class FunctionBasis:
    """Forces that the user knows, such as ``lambda r: r**-13``; one coefficient each.

    Parameters
    ----------
    functions : sequence of callable
        f(r), the force along the distance (or f(angle)): compiled by numba for single numbers, or for arrays.
    high : float
        Cutoff of a pair term, or the largest length or angle [rad] of a bonded one.
    low : float
        The smallest length or angle.

    Examples
    --------
    >>> basis = FunctionBasis((lambda r: r**-13, lambda r: r**-7), 3.0)
    >>> basis.force([1.0, 2.0]).tolist()
    [[1.0, 1.0], [0.0001220703125, 0.0078125]]
    """

    functions: tuple[Callable[..., Any], ...]
    high: float
    low: float = 0.0

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "functions", tuple(self.functions))
        if not self.functions or not all(callable(function) for function in self.functions):
            raise ParameterError(name, {"functions": "must be one or more functions f(r)"})
        if not (math.isfinite(self.high) and 0 <= self.low < self.high):
            sentence = "must be finite and above low, which is at least 0"
            raise ParameterError(name, {"high": sentence}, {"low": self.low, "high": self.high})

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.functions)

    @property
    def edges(self) -> Floats:
        """Intervals in which samples are counted."""
        return np.linspace(self.low, self.high, 101)

    def columns(self, x: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Values of all functions at each `x`, and the first one's number."""
        return self.force(x), np.zeros(len(x), np.int64)

    def force(self, x: ArrayLike) -> Floats:
        """All functions at `x`, shape (len(x), size)."""
        points = np.ascontiguousarray(x, dtype=np.float64)
        values = np.stack([_apply(function, points, i) for i, function in enumerate(self.functions)], axis=-1)
        if not np.isfinite(values).all():
            at = points[~np.isfinite(values).all(axis=1)][0]
            raise ParameterError(
                "FunctionBasis", {"functions": f"must be finite where there are samples, as at {at:g}"}
            )
        return values

    def potential(self, x: ArrayLike) -> Floats:
        """Integrals of all functions from `x` to `high`, by Gauss-Legendre panels; shape (len(x), size)."""
        points = np.asarray(x, dtype=np.float64)
        if len(points) == 0:
            return np.empty((0, self.size))
        nodes, weights = np.polynomial.legendre.leggauss(12)
        ends = np.unique(np.concatenate([np.linspace(points.min(), self.high, 401), points]))
        half = 0.5 * np.diff(ends)
        inside = 0.5 * (ends[1:] + ends[:-1])[:, None] + half[:, None] * nodes
        panels = half[:, None] * np.einsum("k,pkd->pd", weights, self.force(inside.ravel()).reshape(len(half), 12, -1))
        rest = np.concatenate([np.cumsum(panels[::-1], axis=0)[::-1], np.zeros((1, self.size))])
        return rest[np.searchsorted(ends, points)]


def _apply(function: Callable[..., Any], x: Floats, number: int) -> Floats:
    """One function at all `x`: in a compiled loop if it was compiled for single numbers."""
    if hasattr(function, "py_func"):
        values = np.empty_like(x)
        try:
            _fill_values(function, x, values)
        except NumbaError:
            values = np.asarray(function(x))  # compiled for arrays
    else:
        values = np.asarray(function(x))
    if values.shape != x.shape:
        sentence = f"must return one number a distance; number {number} returned shape {values.shape} for {x.shape}"
        raise ParameterError("FunctionBasis", {"functions": sentence})
    return values.astype(np.float64, copy=False)


@njit(nogil=True)
def _fill_values(function: Any, x: Floats, values: Floats) -> None:
    for i in range(len(x)):
        values[i] = function(x[i])


@njit(cache=True, nogil=True)
def spline_weights(x: Floats, knots: Floats, weights: Floats, first: NDArray[np.int64]) -> None:
    """The four cubic B-splines that are not zero at each `x` (Cox and de Boor), for `x` inside the knots."""
    last = len(knots) - 5
    left, right = np.empty(4), np.empty(4)
    guess = (len(knots) - 7) / (knots[-1] - knots[0])
    for p in range(len(x)):
        k = min(max(3 + int((x[p] - knots[0]) * guess), 3), last)  # right at once where breakpoints are equidistant
        while k > 3 and x[p] < knots[k]:
            k -= 1
        while k < last and x[p] >= knots[k + 1]:
            k += 1
        weights[p, 0] = 1.0
        for j in range(1, 4):
            left[j], right[j] = x[p] - knots[k + 1 - j], knots[k + j] - x[p]
            carried = 0.0
            for r in range(j):
                part = weights[p, r] / (right[r + 1] + left[j - r])
                weights[p, r] = carried + right[r + 1] * part
                carried = left[j - r] * part
            weights[p, j] = carried
        first[p] = k - 3

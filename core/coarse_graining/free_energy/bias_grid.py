"""A bias on a grid: read with its slope by cubic interpolation, and raised by hills that wrap or are reflected."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["add_hill", "mean_work", "read_bias"]

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def read_bias(bias: Floats, lower: float, spacing: float, periodic: bool, s: float) -> tuple[float, float]:
    """The bias and its slope at *s*, by cubic interpolation; beyond a reflecting end it is constant."""
    points = len(bias)
    place = (s - lower) / spacing
    if periodic:
        if not abs(place) < 1e15:  # lost: an index made of it would lie anywhere
            return np.nan, np.nan
        place -= points * math.floor(place / points)
        j = min(int(place), points - 1)
        before, after, second = (j - 1) % points, (j + 1) % points, (j + 2) % points
    else:
        if not place > 0.0:
            return bias[0], 0.0
        if place >= points - 1:
            return bias[points - 1], 0.0
        j = int(place)
        before, after, second = abs(j - 1), j + 1, j + 2
        if second == points:
            second = points - 2
    t = place - j
    a, b, c, e = bias[before], bias[j], bias[after], bias[second]
    c1, c2, c3 = 0.5 * (c - a), a - 2.5 * b + 2.0 * c - 0.5 * e, 0.5 * (e - a) + 1.5 * (b - c)
    return b + t * (c1 + t * (c2 + t * c3)), (c1 + t * (2.0 * c2 + t * 3.0 * c3)) / spacing


@njit(cache=True, nogil=True)
def add_hill(bias: Floats, lower: float, spacing: float, periodic: bool, centre: float, width: float,
              height: float) -> None:  # fmt: skip
    """A Gaussian within six widths, wrapped or reflected."""
    points = len(bias)
    span = spacing * (points - 1)
    if not periodic:
        centre = abs(centre - lower)
        if centre > span:
            centre = max(2.0 * span - centre, 0.0)
    else:
        centre -= lower
        centre -= spacing * points * math.floor(centre / (spacing * points))
    for image in range(1 if periodic else 3):
        at = centre if image == 0 else (-centre if image == 1 else 2.0 * span - centre)
        first, last = math.ceil((at - 6.0 * width) / spacing), math.floor((at + 6.0 * width) / spacing)
        if not periodic:
            first, last = max(first, 0), min(last, points - 1)
        for j in range(first, last + 1):
            z = (j * spacing - at) / width
            bias[j % points] += height * math.exp(-0.5 * z * z)


@njit(cache=True, nogil=True)
def mean_work(bias: Floats, periodic: bool, kt: float, share: float) -> float:
    """c(t) of equation (3); `share` is 1/gamma."""
    top, upper, lower = bias.max(), 0.0, 0.0
    a = 1.0 / (1.0 - share) / kt
    for j in range(len(bias)):
        weight = 1.0 if periodic or 0 < j < len(bias) - 1 else 0.5
        upper += weight * math.exp(a * (bias[j] - top))
        lower += weight * math.exp(a * share * (bias[j] - top))
    return kt * math.log(upper / lower) + top

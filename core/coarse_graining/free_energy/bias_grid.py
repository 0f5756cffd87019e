"""A bias on a grid, of one coordinate or two: read with its slope by cubic interpolation, and raised by hills.

At the ends of the grid hills are reflected, or wrap.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["add_hill", "mean_work", "raise_surface", "read_bias", "read_surface", "sum_work"]

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def read_bias(bias: Floats, lower: float, spacing: float, periodic: bool, s: float) -> tuple[float, float]:
    """The bias and its slope at *s*, by cubic interpolation; beyond a reflecting end it is constant."""
    i, j, k, m, t = _find_points(len(bias), (s - lower) / spacing, periodic)
    value, slope = _interpolate(bias[i], bias[j], bias[k], bias[m], t)
    return value, slope / spacing


@njit(cache=True, nogil=True)
def read_surface(bias: Floats, head: Floats, s: float, q: float) -> tuple[float, float, float]:
    """The bias (n, m) and its slopes at (s, q), by cubic interpolation along both; `head` (2, 3) as for `read_bias`."""
    rows = _find_points(bias.shape[0], (s - head[0, 0]) / head[0, 1], head[0, 2] > 0.0)
    i, j, k, m, t = _find_points(bias.shape[1], (q - head[1, 0]) / head[1, 1], head[1, 2] > 0.0)
    v0, d0 = _interpolate(bias[rows[0], i], bias[rows[0], j], bias[rows[0], k], bias[rows[0], m], t)
    v1, d1 = _interpolate(bias[rows[1], i], bias[rows[1], j], bias[rows[1], k], bias[rows[1], m], t)
    v2, d2 = _interpolate(bias[rows[2], i], bias[rows[2], j], bias[rows[2], k], bias[rows[2], m], t)
    v3, d3 = _interpolate(bias[rows[3], i], bias[rows[3], j], bias[rows[3], k], bias[rows[3], m], t)
    value, slope = _interpolate(v0, v1, v2, v3, rows[4])
    across, _ = _interpolate(d0, d1, d2, d3, rows[4])
    return value, slope / head[0, 1], across / head[1, 1]


@njit(cache=True, nogil=True)
def _find_points(points: int, place: float, periodic: bool) -> tuple[int, int, int, int, float]:
    """The four points about a place on a grid, and the distance from the second of them."""
    if periodic:
        if not abs(place) < 1e15:  # lost: an index made of it would lie anywhere
            return 0, 0, 0, 0, np.nan
        place -= points * math.floor(place / points)
        j = min(int(place), points - 1)
        return (j - 1) % points, j, (j + 1) % points, (j + 2) % points, place - j
    if not place > 0.0:
        return 0, 0, 0, 0, 0.0
    if place >= points - 1:
        return points - 1, points - 1, points - 1, points - 1, 0.0
    j = int(place)
    return abs(j - 1), j, j + 1, j + 2 if j + 2 < points else points - 2, place - j


@njit(cache=True, nogil=True)
def _interpolate(a: float, b: float, c: float, e: float, t: float) -> tuple[float, float]:
    """Catmull-Rom: value and slope between the second and the third of four numbers."""
    c1, c2, c3 = 0.5 * (c - a), a - 2.5 * b + 2.0 * c - 0.5 * e, 0.5 * (e - a) + 1.5 * (b - c)
    return b + t * (c1 + t * (c2 + t * c3)), c1 + t * (2.0 * c2 + t * 3.0 * c3)


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


@njit(cache=True, nogil=True)
def raise_surface(
    bias: Floats, head: Floats, s: float, q: float, widths: Floats, height: float, kt: float, share: float, sums: Floats
) -> None:
    """A Gaussian hill on a bias (n, m), and what it adds to the `sums` of `sum_work`."""
    n, m = bias.shape
    along, across = np.zeros(n), np.zeros(m)
    add_hill(along, head[0, 0], head[0, 1], head[0, 2] > 0.0, s, widths[0], height)
    add_hill(across, head[1, 0], head[1, 1], head[1, 2] > 0.0, q, widths[1], 1.0)
    a, peak = 1.0 / (1.0 - share) / kt, sums[2]
    for i in range(n):
        if along[i] == 0.0:
            continue
        for j in range(m):
            rise = along[i] * across[j]
            if rise == 0.0:
                continue
            weight = _weigh_point(i, n, head[0, 2]) * _weigh_point(j, m, head[1, 2])
            above = bias[i, j] - sums[2]
            sums[0] += weight * math.exp(a * above) * math.expm1(a * rise)
            sums[1] += weight * math.exp(a * share * above) * math.expm1(a * share * rise)
            bias[i, j] += rise
            peak = max(peak, bias[i, j])
    if peak > sums[2] + 100.0 * kt:
        sum_work(bias, head, kt, share, sums)


@njit(cache=True, nogil=True)
def sum_work(bias: Floats, head: Floats, kt: float, share: float, sums: Floats) -> None:
    """The two integrals of equation (3) for a bias (n, m), and the bias from which both are taken, into `sums`."""
    n, m = bias.shape
    sums[0], sums[1], sums[2] = 0.0, 0.0, bias.max()
    a = 1.0 / (1.0 - share) / kt
    for i in range(n):
        for j in range(m):
            weight = _weigh_point(i, n, head[0, 2]) * _weigh_point(j, m, head[1, 2])
            sums[0] += weight * math.exp(a * (bias[i, j] - sums[2]))
            sums[1] += weight * math.exp(a * share * (bias[i, j] - sums[2]))


@njit(cache=True, nogil=True)
def _weigh_point(i: int, points: int, periodic: float) -> float:
    """Of a trapezoid."""
    return 1.0 if periodic > 0.0 or 0 < i < points - 1 else 0.5

"""What potentials are inside the kernels: a number that says which, a row of parameters, and perhaps a table.

A row is ``(cutoff^2, energy shift, ...)``, the rest being the business of its kind (`pack` in the records). Everything
is computed from r^2: the energy *U*, the force over the distance *-U'/r*, and the curvature *U''*, the last for the
configurational temperature only. `fill_forces` does the same for many pairs of one kind at once, in loops without
branches, which compilers turn into vector instructions; it must give the bits of `evaluate`, which a test holds.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "COSINE_SQUARED",
    "FINITE_EXTENSIBLE",
    "HARMONIC",
    "LENNARD_JONES",
    "MORSE",
    "ROW",
    "TABULATED",
    "VECTOR",
    "cosine_of_half_turn",
    "evaluate",
    "evaluate_array",
    "fill_forces",
]

Floats = NDArray[np.float64]

LENNARD_JONES, MORSE, COSINE_SQUARED, HARMONIC, FINITE_EXTENSIBLE, TABULATED = range(6)
ROW = 10  # numbers in a row
VECTOR = 16  # numbers that loops over pairs are rounded up to: whole vectors, no remainder loop

# cos(y) for |y| <= pi/2 to the last digit but one: Taylor's series in y^2, whose first neglected term is 2e-17
_COSINE = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(11))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def cosine_of_half_turn(y: float) -> float:
    """cos(y) on [-pi/2, pi/2], without a call, so that loops over it vectorise."""
    c = _COSINE
    s = y * y
    value = c[9] + s * c[10]
    value = c[8] + s * value
    value = c[7] + s * value
    value = c[6] + s * value
    value = c[5] + s * value
    value = c[4] + s * value
    value = c[3] + s * value
    value = c[2] + s * value
    value = c[1] + s * value
    return c[0] + s * value


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate(kind: int, row: Floats, table: Floats, square: float) -> tuple[float, float, float]:
    """U, -U'/r and U'' at the squared distance; zero beyond the cutoff, infinite where a bond cannot be so long."""
    if square >= row[0]:
        if kind == FINITE_EXTENSIBLE:
            return np.inf, -np.inf, np.inf
        return 0.0, 0.0, 0.0
    if kind == LENNARD_JONES:
        # 2: diameter^6, 3: 4 well depth, 4: slope at the cutoff taken away
        inverse = 1.0 / square
        s = row[2] * (inverse * inverse * inverse)
        energy = row[3] * ((s - 1.0) * s) + row[1]
        over = 6.0 * row[3] * ((2.0 * s - 1.0) * s) * inverse
        bend = 6.0 * row[3] * ((26.0 * s - 7.0) * s) * inverse
        if row[4] != 0.0:
            r = math.sqrt(square)
            energy -= row[4] * r
            over += row[4] / r
        return energy, over, bend
    if kind == MORSE:
        # 2: depth, 3: inverse width, 4: distance of the minimum
        r = math.sqrt(square)
        e = math.exp(-row[3] * (r - row[4]))
        slope = 2.0 * row[2] * row[3] * (1.0 - e) * e
        return row[2] * (e * e - 2.0 * e) + row[1], -slope / r, 2.0 * row[2] * row[3] ** 2 * (2.0 * e - 1.0) * e
    if kind == COSINE_SQUARED:
        # 2: diameter^6, 3: 4 well depth of the core, 4: distance of the minimum, 5: pi / width, 6: well depth
        if square < row[4] * row[4]:
            inverse = 1.0 / square
            s = row[2] * (inverse * inverse * inverse)
            bend = 6.0 * row[3] * ((26.0 * s - 7.0) * s) * inverse
            return row[3] * ((s - 1.0) * s) + row[1], 6.0 * row[3] * ((2.0 * s - 1.0) * s) * inverse, bend
        r = math.sqrt(square)
        y = row[5] * (r - row[4]) - 0.5 * math.pi
        half, quarter = 0.5 * row[6], math.sin(y)
        slope = half * row[5] * cosine_of_half_turn(y)
        return half * (quarter - 1.0), -slope / r, -half * row[5] * row[5] * quarter
    if kind == HARMONIC:
        # 2: stiffness, 3: rest length
        r = math.sqrt(square)
        if r == 0.0:
            return 0.5 * row[2] * row[3] * row[3], 0.0 if row[3] != 0.0 else -row[2], row[2]
        return 0.5 * row[2] * (r - row[3]) ** 2 + row[1], -row[2] * (r - row[3]) / r, row[2]
    if kind == FINITE_EXTENSIBLE:
        # 2: stiffness, 3: longest length squared
        share = square / row[3]
        rest = 1.0 - share
        energy = -0.5 * row[2] * row[3] * math.log1p(-share)
        return energy, -row[2] / rest, row[2] * (1.0 + share) / (rest * rest)
    # TABULATED: 2: first distance, 3: 1 / spacing, 4: first row of the table, 5: number of intervals
    r = math.sqrt(square)
    place = (r - row[2]) * row[3]
    if place < 0.0:  # below the table: a straight line
        first = int(row[4])
        slope = table[first, 1] * row[3]
        return table[first, 0] + table[first, 1] * place, -slope / r if r > 0.0 else 0.0, 0.0
    interval = min(int(place), int(row[5]) - 1)
    t = place - interval
    c = table[int(row[4]) + interval]
    energy = ((c[3] * t + c[2]) * t + c[1]) * t + c[0]
    slope = ((3.0 * c[3] * t + 2.0 * c[2]) * t + c[1]) * row[3]
    return energy, -slope / r if r > 0.0 else 0.0, (6.0 * c[3] * t + 2.0 * c[2]) * row[3] * row[3]


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate_array(kind: int, row: Floats, table: Floats, distance: Floats, out: Floats) -> None:
    """Energy, force and curvature at many distances, into `out` of shape (3, n); at 0, the limits."""
    for k in range(distance.size):
        r = max(distance[k], 1e-100)
        energy, over, bend = evaluate(kind, row, table, r * r)
        out[0, k], out[1, k], out[2, k] = energy, over * r if over != 0.0 else 0.0, bend


@njit(cache=True, nogil=True, error_model="numpy")
def fill_forces(kind: int, row: Floats, table: Floats, square: Floats, over: Floats, n: int | np.int64) -> None:
    """-U'/r of the first `n` squared distances, all within the cutoff.

    Buffers must have room for `n` rounded up to a multiple of VECTOR, and positive numbers everywhere.
    """
    whole = (n + VECTOR - 1) // VECTOR * VECTOR
    if kind == LENNARD_JONES:
        sixth, strength, slope = row[2], 6.0 * row[3], row[4]
        for k in range(whole):
            inverse = 1.0 / square[k]
            s = sixth * (inverse * inverse * inverse)
            over[k] = strength * ((2.0 * s - 1.0) * s) * inverse
        if slope != 0.0:
            for k in range(whole):
                over[k] += slope / math.sqrt(square[k])
    elif kind == COSINE_SQUARED:
        sixth, strength, border = row[2], 6.0 * row[3], row[4] * row[4]
        nearest, wave, half = row[4], row[5], 0.5 * row[6] * row[5]
        for k in range(whole):
            inverse = 1.0 / square[k]
            s = sixth * (inverse * inverse * inverse)
            inner = strength * ((2.0 * s - 1.0) * s) * inverse
            r = math.sqrt(square[k])
            y = max(wave * (r - nearest), 0.0) - 0.5 * math.pi
            outer = -(half * cosine_of_half_turn(y)) / r
            over[k] = inner if square[k] < border else outer
    else:
        for k in range(n):
            over[k] = evaluate(kind, row, table, square[k])[1]

"""Which particles are within reach, in any periodic cell, and how a term's forces enter the linear system."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["add_columns", "angle_gradients", "bond_vectors", "find_pairs"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _separation(a: Floats, b: Floats, cell: Floats, inverse: Floats) -> tuple[float, float, float]:
    """From `b` to `a`; the nearest image whenever that is closer than half the distance of the cell's faces.

    A vector shorter than that has fractional coordinates below one half, so that rounding them finds it in any cell.
    Without periods `inverse` is zero.
    """
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    for axis in range(3):
        shift = np.rint(x * inverse[0, axis] + y * inverse[1, axis] + z * inverse[2, axis])
        if shift != 0.0:
            x -= shift * cell[axis, 0]
            y -= shift * cell[axis, 1]
            z -= shift * cell[axis, 2]
    return x, y, z


@njit(cache=True, nogil=True)
def find_pairs(
    positions: Floats, cell: Floats, inverse: Floats, counts: Integers, types: Integers, term_of: Integers,
    cutoffs: Floats, starts: Integers, excluded: Integers, pairs: Integers, terms: Integers, vectors: Floats,
) -> int:  # fmt: skip
    """Fill `pairs` (n, 2), their `terms` and `vectors` (n, 4: direction from second to first, distance).

    Returns the number of pairs, also where it exceeds the room given (then only what fits is written). `counts` are
    the cells along each lattice vector, each wider than the longest cutoff; fewer than three along any: all pairs are
    tried. `starts` and `excluded` list for each particle the partners that do not count.
    """
    n, found, room = len(positions), 0, len(pairs)
    by_cells = counts.min() >= 3
    place = np.zeros((n, 3), np.int64)
    heads = np.full(counts[0] * counts[1] * counts[2] if by_cells else 1, -1, np.int64)
    following = np.empty(n, np.int64)
    for i in range(n):
        index = 0
        if by_cells:
            for axis in range(3):
                s = 0.0
                for b in range(3):
                    s += positions[i, b] * inverse[b, axis]
                at = int((s - math.floor(s)) * counts[axis])
                place[i, axis] = min(at, counts[axis] - 1)
                index = index * counts[axis] + place[i, axis]
        following[i] = heads[index]
        heads[index] = i
    for i in range(n):
        for neighbour in range(27 if by_cells else 1):
            index = 0
            if by_cells:
                offsets = (neighbour // 9 - 1, neighbour // 3 % 3 - 1, neighbour % 3 - 1)
                for axis in range(3):
                    index = index * counts[axis] + (place[i, axis] + offsets[axis]) % counts[axis]
            j = heads[index]
            while j >= 0:
                term = term_of[types[i], types[j]] if j > i else -1
                if term >= 0:
                    x, y, z = _separation(positions[i], positions[j], cell, inverse)
                    square = x * x + y * y + z * z
                    if square < cutoffs[term] * cutoffs[term]:
                        counted = True
                        for k in range(starts[i], starts[i + 1]):
                            counted = counted and excluded[k] != j
                        if counted:
                            if found < room:
                                r = math.sqrt(square)
                                pairs[found, 0], pairs[found, 1], terms[found] = i, j, term
                                scale = 1.0 / r if r > 0.0 else 0.0
                                vectors[found, 0], vectors[found, 1] = x * scale, y * scale
                                vectors[found, 2], vectors[found, 3] = z * scale, r
                            found += 1
                j = following[j]
    return found


@njit(cache=True, nogil=True)
def bond_vectors(positions: Floats, cell: Floats, inverse: Floats, bonds: Integers, vectors: Floats) -> None:
    """Fill `vectors` (n, 4: direction from second to first, length) of `bonds` (n, 2)."""
    for b in range(len(bonds)):
        x, y, z = _separation(positions[bonds[b, 0]], positions[bonds[b, 1]], cell, inverse)
        r = math.sqrt(x * x + y * y + z * z)
        scale = 1.0 / r if r > 0.0 else 0.0
        vectors[b, 0], vectors[b, 1], vectors[b, 2], vectors[b, 3] = x * scale, y * scale, z * scale, r


@njit(cache=True, nogil=True)
def angle_gradients(
    positions: Floats, cell: Floats, inverse: Floats, angles: Integers, theta: Floats, gradients: Floats
) -> float:
    """Angles [rad] at the middle of `angles` (n, 3) and their derivatives by the two ends, (n, 2, 3).

    Returns the longest arm. A straight or folded angle has no direction: its derivatives are zero.
    """
    longest = 0.0
    for a in range(len(angles)):
        middle = positions[angles[a, 1]]
        ax, ay, az = _separation(positions[angles[a, 0]], middle, cell, inverse)
        bx, by, bz = _separation(positions[angles[a, 2]], middle, cell, inverse)
        first, second = math.sqrt(ax * ax + ay * ay + az * az), math.sqrt(bx * bx + by * by + bz * bz)
        longest = max(longest, first, second)
        gradients[a] = 0.0
        theta[a] = 0.0
        if first == 0.0 or second == 0.0:
            continue
        ax, ay, az, bx, by, bz = ax / first, ay / first, az / first, bx / second, by / second, bz / second
        cx, cy, cz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        cosine, sine = ax * bx + ay * by + az * bz, math.sqrt(cx * cx + cy * cy + cz * cz)
        theta[a] = math.atan2(sine, cosine)
        if sine > 1e-12:
            u, v = 1.0 / (first * sine), 1.0 / (second * sine)
            gradients[a, 0, 0], gradients[a, 1, 0] = u * (cosine * ax - bx), v * (cosine * bx - ax)
            gradients[a, 0, 1], gradients[a, 1, 1] = u * (cosine * ay - by), v * (cosine * by - ay)
            gradients[a, 0, 2], gradients[a, 1, 2] = u * (cosine * az - bz), v * (cosine * bz - az)
    return longest


@njit(cache=True, nogil=True)
def add_columns(
    design: Floats, particles: Integers, directions: Floats, sign: float, weights: Floats, first: Integers, offset: int
) -> None:
    """Add `sign` * direction * weight to the rows of each particle, shape (3 n, columns)."""
    for p in range(len(particles)):
        for axis in range(3):
            row, d = 3 * particles[p] + axis, sign * directions[p, axis]
            for k in range(weights.shape[1]):
                design[row, offset + first[p] + k] += d * weights[p, k]

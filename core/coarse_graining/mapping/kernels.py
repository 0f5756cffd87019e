"""Weighted sums over the atoms of each bead, frame by frame; groups are made whole on the way.

Positions are read once and beads are written once, so that the speed is that of memory. A step within a group that is
shorter than half the shortest lattice vector is its own nearest image, so that most groups are only looked at; a group
that crosses a boundary is shifted by whole numbers of lattice vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .cells import Cell, nearest_shift

__all__ = ["map_periodic", "map_rows"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]


@njit(cache=True, nogil=True)
def map_rows(values: NDArray[Any], starts: NDArray[np.int64], atoms: Indices, weights: Floats, out: Floats) -> None:
    """``out[frame, bead] = sum of weights * values[frame, atoms]``."""
    for f in range(len(values)):
        for b in range(len(starts) - 1):
            x, y, z = 0.0, 0.0, 0.0
            for k in range(starts[b], starts[b + 1]):
                i, w = atoms[k], weights[k]
                x += w * values[f, i, 0]
                y += w * values[f, i, 1]
                z += w * values[f, i, 2]
            out[f, b, 0], out[f, b, 1], out[f, b, 2] = x, y, z


@njit(cache=True, nogil=True)
def map_periodic(
    positions: NDArray[Any],
    cell: Cell,
    first_cell: int,
    starts: NDArray[np.int64],
    atoms: Indices,
    parents: Indices,
    weights: Floats,
    shifts: Floats,
    chains: bool,
    wrap: bool,
    out: Floats,
) -> tuple[int, int, int]:
    """Beads of groups made whole along `parents` (slots within the group; the first atom stays where it is).

    With `chains`, each atom follows the one before it. Returns frame, bead and slot of the first step so long that its
    image is ambiguous, or (-1, -1, -1).
    """
    bad = (-1, -1, -1)
    for f in range(len(positions)):
        c = first_cell + f if len(cell.vectors) > 1 else 0
        h, g, limit = cell.reduced[c], cell.reduced_inverse[c], cell.limit[c]
        v, u = cell.vectors[c], cell.inverse[c]
        for b in range(len(starts) - 1):
            first = starts[b]
            i, w = atoms[first], weights[first]
            px, py, pz = float(positions[f, i, 0]), float(positions[f, i, 1]), float(positions[f, i, 2])
            x, y, z = w * px, w * py, w * pz
            crossing = False
            for k in range(first + 1, starts[b + 1]):
                i, w = atoms[k], weights[k]
                rx, ry, rz = float(positions[f, i, 0]), float(positions[f, i, 1]), float(positions[f, i, 2])
                x += w * rx
                y += w * ry
                z += w * rz
                if not chains:
                    p = atoms[first + parents[k]]
                    px, py, pz = positions[f, p, 0], positions[f, p, 1], positions[f, p, 2]
                dx, dy, dz = rx - px, ry - py, rz - pz
                crossing |= dx * dx + dy * dy + dz * dz > limit  # a shorter step is the nearest image already
                px, py, pz = rx, ry, rz
            if crossing:
                s0, s1, s2, wrong = _sum_shifts(
                    positions[f], h, g, limit, atoms[first : starts[b + 1]], parents[first : starts[b + 1]],
                    weights[first : starts[b + 1]], shifts,
                )  # fmt: skip
                x -= s0 * h[0, 0] + s1 * h[1, 0] + s2 * h[2, 0]
                y -= s0 * h[0, 1] + s1 * h[1, 1] + s2 * h[2, 1]
                z -= s0 * h[0, 2] + s1 * h[1, 2] + s2 * h[2, 2]
                if wrong >= 0 and bad[0] < 0:
                    bad = (f, b, wrong)
            if wrap and cell.rectangular:
                x -= v[0, 0] * np.floor(x * u[0, 0])
                y -= v[1, 1] * np.floor(y * u[1, 1])
                z -= v[2, 2] * np.floor(z * u[2, 2])
            elif wrap:
                n0 = np.floor(x * u[0, 0] + y * u[1, 0] + z * u[2, 0])
                n1 = np.floor(x * u[0, 1] + y * u[1, 1] + z * u[2, 1])
                n2 = np.floor(x * u[0, 2] + y * u[1, 2] + z * u[2, 2])
                x -= n0 * v[0, 0] + n1 * v[1, 0] + n2 * v[2, 0]
                y -= n0 * v[0, 1] + n1 * v[1, 1] + n2 * v[2, 1]
                z -= n0 * v[0, 2] + n1 * v[1, 2] + n2 * v[2, 2]
            out[f, b, 0], out[f, b, 1], out[f, b, 2] = x, y, z
    return bad


@njit(cache=True, nogil=True)
def _sum_shifts(
    positions: NDArray[Any],
    h: Floats,
    g: Floats,
    limit: float,
    atoms: Indices,
    parents: Indices,
    weights: Floats,
    shifts: Floats,
) -> tuple[float, float, float, int]:
    """Weighted sum of the lattice coordinates by which the atoms of a group are shifted; the first ambiguous slot."""
    wrong = -1
    s0, s1, s2 = 0.0, 0.0, 0.0
    shifts[0, 0], shifts[0, 1], shifts[0, 2] = 0.0, 0.0, 0.0
    for k in range(1, len(atoms)):
        i, p, q = atoms[k], atoms[parents[k]], parents[k]
        dx = float(positions[i, 0] - positions[p, 0])
        dy = float(positions[i, 1] - positions[p, 1])
        dz = float(positions[i, 2] - positions[p, 2])
        n0, n1, n2 = shifts[q, 0], shifts[q, 1], shifts[q, 2]
        if dx * dx + dy * dy + dz * dz > limit:
            m0, m1, m2 = nearest_shift(dx, dy, dz, h, g, limit)
            dx -= m0 * h[0, 0] + m1 * h[1, 0] + m2 * h[2, 0]
            dy -= m0 * h[0, 1] + m1 * h[1, 1] + m2 * h[2, 1]
            dz -= m0 * h[0, 2] + m1 * h[1, 2] + m2 * h[2, 2]
            if dx * dx + dy * dy + dz * dz > limit * (1.0 + 1e-9) and wrong < 0:
                wrong = k
            n0, n1, n2 = n0 + m0, n1 + m1, n2 + m2
        shifts[k, 0], shifts[k, 1], shifts[k, 2] = n0, n1, n2
        s0 += weights[k] * n0
        s1 += weights[k] * n1
        s2 += weights[k] * n2
    return s0, s1, s2, wrong

"""Weighted sums over the atoms of each bead, frame by frame; groups are made whole on the way.

Positions are read once and beads are written once, so that the speed is that of memory. A step within a group that is
shorter than half the shortest lattice vector is its own nearest image. Where one is not, that atom and all that follow
it are shifted by whole lattice vectors: one correction of the sum, by their common weight, and no second pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .cells import Cell, nearest_shift

__all__ = ["map_periodic", "map_rows", "sum_behind"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]


@njit(cache=True, nogil=True)
def map_rows(
    values: NDArray[Any], starts: NDArray[np.int64], atoms: Indices, weights: Floats, out: Floats
) -> tuple[int, int]:
    """``out[frame, bead] = sum of weights * values[frame, atoms]``; frame and bead of the first that is no number."""
    bad = (-1, -1)
    for f in range(len(values)):
        for b in range(len(starts) - 1):
            x, y, z = 0.0, 0.0, 0.0
            for k in range(starts[b], starts[b + 1]):
                i, w = atoms[k], weights[k]
                x += w * values[f, i, 0]
                y += w * values[f, i, 1]
                z += w * values[f, i, 2]
            out[f, b, 0], out[f, b, 1], out[f, b, 2] = x, y, z
            if not np.isfinite(x + y + z) and bad[0] < 0:
                bad = (f, b)
    return bad


@njit(cache=True, nogil=True)
def map_periodic(
    positions: NDArray[Any],
    cell: Cell,
    first_cell: int,
    starts: NDArray[np.int64],
    atoms: Indices,
    parents: Indices,
    weights: Floats,
    carried: Floats,
    chains: bool,
    wrap: bool,
    out: Floats,
) -> tuple[int, int, int]:
    """Beads of groups made whole along `parents` (slots within the group; the first atom stays where it is).

    `carried` is the weight of an atom and of all that follow it. With `chains`, each atom follows the one before it.
    Returns frame, bead and slot of the first step so long that its image is ambiguous, with the slot -1 of what is no
    number, or (-1, -1, -1).
    """
    bad: tuple[int, int, Any] = (-1, -1, -1)
    one = np.uint64(1)
    for f in range(len(positions)):
        c = first_cell + f if len(cell.vectors) > 1 else 0
        h, g, limit = cell.reduced[c], cell.reduced_inverse[c], cell.limit[c]
        v, u, straight = cell.vectors[c], cell.inverse[c], cell.rectangular
        v00, v11, v22, u00, u11, u22 = v[0, 0], v[1, 1], v[2, 2], u[0, 0], u[1, 1], u[2, 2]
        here, rows = positions[f], out[f]
        for b in range(len(starts) - 1):
            first, last = np.uint64(starts[b]), np.uint64(starts[b + 1])  # unsigned: no index counts from the end
            i, w = np.uint64(atoms[first]), weights[first]
            px, py, pz = float(here[i, 0]), float(here[i, 1]), float(here[i, 2])
            x, y, z = w * px, w * py, w * pz
            strange = False
            for k in range(first + one, last):
                i, w = np.uint64(atoms[k]), weights[k]
                rx, ry, rz = float(here[i, 0]), float(here[i, 1]), float(here[i, 2])
                x += w * rx
                y += w * ry
                z += w * rz
                if not chains and first + np.uint64(parents[k]) + one != k:
                    p = np.uint64(atoms[first + np.uint64(parents[k])])
                    px, py, pz = float(here[p, 0]), float(here[p, 1]), float(here[p, 2])
                dx, dy, dz = rx - px, ry - py, rz - pz
                if not dx * dx + dy * dy + dz * dz <= limit:  # also where there is no number
                    strange = True
                    n0, n1, n2 = nearest_shift(dx, dy, dz, h, g, limit)
                    tx = n0 * h[0, 0] + n1 * h[1, 0] + n2 * h[2, 0]
                    ty = n0 * h[0, 1] + n1 * h[1, 1] + n2 * h[2, 1]
                    tz = n0 * h[0, 2] + n1 * h[1, 2] + n2 * h[2, 2]
                    x -= carried[k] * tx
                    y -= carried[k] * ty
                    z -= carried[k] * tz
                    if (dx - tx) ** 2 + (dy - ty) ** 2 + (dz - tz) ** 2 > limit * (1.0 + 1e-9) and bad[0] < 0:
                        bad = (f, b, np.int64(k - first))
                px, py, pz = rx, ry, rz
            if (strange or last == first + one) and not np.isfinite(x + y + z) and bad[0] < 0:
                bad = (f, b, -1)
            if wrap and straight:
                x -= v00 * np.floor(x * u00)
                y -= v11 * np.floor(y * u11)
                z -= v22 * np.floor(z * u22)
            elif wrap:
                n0 = np.floor(x * u00 + y * u[1, 0] + z * u[2, 0])
                n1 = np.floor(x * u[0, 1] + y * u11 + z * u[2, 1])
                n2 = np.floor(x * u[0, 2] + y * u[1, 2] + z * u22)
                x -= n0 * v00 + n1 * v[1, 0] + n2 * v[2, 0]
                y -= n0 * v[0, 1] + n1 * v11 + n2 * v[2, 1]
                z -= n0 * v[0, 2] + n1 * v[1, 2] + n2 * v22
            rows[b, 0], rows[b, 1], rows[b, 2] = x, y, z
    return bad


@njit(cache=True, nogil=True)
def sum_behind(starts: NDArray[np.int64], parents: Indices, weights: Floats) -> Floats:
    """Weight of each atom and of all that follow it along the tree of its group."""
    total = weights.copy()
    for b in range(len(starts) - 1):
        first = starts[b]
        for k in range(starts[b + 1] - 1, first, -1):  # whoever follows comes later
            total[first + parents[k]] += total[k]
    return total

r"""Pairs of particles within distance 1, in sorted cells, and what happens to them.

Particles lie in memory by cells, x running fastest, so that the three neighbours along x of a cell are one stretch.
For each cell the half of its surroundings that comes later (the cell itself, the next along x, and four rows of three)
is copied to a short list, with periodic shifts, eight at a time; eight distances are taken at once and leave one bit
each; the pairs that are left wait in a buffer until there are enough of them to be evaluated in vectors.

The box is cut along z into blocks of two layers of cells or more. Pairs inside the blocks touch no other block's
particles, and so do, among each other, pairs across the upper faces of blocks: threads share the blocks, a face comes
after both of its blocks, and every sum has one order, whatever their number.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .lanes import LANES, count_up, lowest_bit, near_mask, shift_copy
from .noise import NOISE_SCALE, bell, pair_word, quarters

__all__ = ["ACROSS", "FORCES", "INSIDE", "OU", "SAMPLE", "SHARDLOW", "SUMS", "visit_pairs"]

Array = NDArray[np.float64]
INSIDE, ACROSS = 0, 1
"""Rounds: pairs inside blocks, and pairs across their upper faces."""
FORCES, SAMPLE, SHARDLOW, OU = 0, 1, 2, 3
"""What is done to pairs: force of dissipative particles, conservative force and its virial, two pair thermostats."""
_PAIRS = 512
_DX, _DY, _DZ, _DRIFT, _REPULSION, _NOISE = (row * _PAIRS for row in range(6))
SUMS = 8
"""Sums of a sample: virial xx yy zz xy yz zx, potential energy, Laplacian of the potential energy."""
_TINY = 1e-40


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _take(low: Any, high: Any, bodies: Any, width: Any, sx: Any, sy: Any, sz: Any, near: Any, room: Any, index: Any,
          m: Any) -> Any:  # fmt: skip
    """Copy the particles `low` ... `high` - 1, shifted, behind the `m` that are in the list."""
    for j in range(low, high, LANES):
        k = m + j - low
        shift_copy(bodies, j, near, k, sx)
        shift_copy(bodies, j + width, near, k + room, sy)
        shift_copy(bodies, j + 2 * width, near, k + 2 * room, sz)
        count_up(index, k, j)
    return m + high - low


@njit(cache=True, nogil=True, error_model="numpy")
def visit_pairs(
    work: int, stage: int, first: int, last: int, cells: Any, box: Any, start: Any, bodies: Any, force: Any, ident: Any,
    kind: Any, repulsion: Any, kinds: int, friction: float, step: float, key0: Any, key1: Any, room: int, sums: Any,
) -> None:  # fmt: skip
    """Do `work` to the pairs of the layers `first` ... `last` - 1, which are a block.

    `bodies` and `force` hold rows of the particles' coordinates, with `LANES` entries of room; `cells` and `box` are
    triples; `repulsion` is the matrix, flat, of so many `kinds`; `room` is what the fullest surroundings need.
    """
    room += 2 * LANES
    near, index = np.empty(3 * room), np.empty(room, np.int64)
    who, whom, waiting = np.empty(_PAIRS, np.int64), np.empty(_PAIRS, np.int64), np.empty(6 * _PAIRS)
    width = len(force) // 3
    mx, my, mz = cells
    n = 0
    lower = stage == INSIDE
    for iz in range(first if lower else last - 1, last):
        upper = iz < last - 1 or not lower
        for iy in range(my):
            for ix in range(mx):
                cell = (iz * my + iy) * mx + ix
                low, high = start[cell], start[cell + 1]
                if high == low:
                    continue
                most = high - low
                m = _take(low, high, bodies, width, 0.0, 0.0, 0.0, near, room, index, 0)
                for row in range(-1 if lower else 1, 4 if upper else 1):
                    # the next cell along x, the row beyond, and three rows of the next layer
                    jy, jz = iy, iz
                    sx, sy, sz = 0.0, 0.0, 0.0
                    begin, end = ix - 1, ix + 2
                    if row == -1:
                        begin = ix + 1
                    elif row == 0:
                        jy += 1
                    else:
                        jy += row - 2
                        jz += 1
                    if jy == my:
                        jy, sy = 0, box[1]
                    elif jy < 0:
                        jy, sy = my - 1, -box[1]
                    if jz == mz:
                        jz, sz = 0, box[2]
                    base = (jz * my + jy) * mx
                    if begin < 0 or end > mx:  # the one cell that lies beyond the edge
                        beyond = base + mx - 1 if begin < 0 else base
                        sx = -box[0] if begin < 0 else box[0]
                        m = _take(start[beyond], start[beyond + 1], bodies, width, sx, sy, sz, near, room, index, m)
                        begin, end = max(begin, 0), min(end, mx)
                    m = _take(start[base + begin], start[base + end], bodies, width, 0.0, sy, sz, near, room, index, m)
                for k in range(m, m + LANES):
                    near[k] = 1e9  # nobody
                for k in range(most):
                    i = low + k
                    xi, yi, zi = bodies[i], bodies[width + i], bodies[2 * width + i]
                    ui, vi, wi = bodies[3 * width + i], bodies[4 * width + i], bodies[5 * width + i]
                    ident_i, row = np.uint64(ident[i]), kind[i] * kinds
                    begin = k + 1 if lower else most
                    while begin < m:
                        word = np.uint64(0)
                        for b in range(0, min(64, m - begin), LANES):
                            word |= near_mask(near, begin + b, room, xi, yi, zi) << np.uint64(b)
                        while word != np.uint64(0):
                            c = begin + lowest_bit(word)
                            word &= word - np.uint64(1)
                            j = index[c]
                            dx, dy, dz = xi - near[c], yi - near[room + c], zi - near[2 * room + c]
                            waiting[_DX + n], waiting[_DY + n], waiting[_DZ + n] = dx, dy, dz
                            waiting[_DRIFT + n] = (
                                dx * (ui - bodies[3 * width + j])
                                + dy * (vi - bodies[4 * width + j])
                                + dz * (wi - bodies[5 * width + j])
                            )
                            who[n], whom[n] = i, j
                            waiting[_REPULSION + n] = repulsion[row + kind[j]]
                            ident_j = np.uint64(ident[j])
                            dice = pair_word(min(ident_i, ident_j), max(ident_i, ident_j), key0, key1)
                            waiting[_NOISE + n] = quarters(dice) if work >= SHARDLOW else NOISE_SCALE * dice
                            n += 1
                        if n > _PAIRS - 64:
                            n = _treat(work, n, who, whom, waiting, bodies, force, friction, step, sums)
                        begin += 64
    _treat(work, n, who, whom, waiting, bodies, force, friction, step, sums)


@njit(cache=True, nogil=True, error_model="numpy")
def _treat(
    work: int, n: int, who: Any, whom: Any, waiting: Any, bodies: Any, force: Any, friction: float, step: float,
    sums: Any,
) -> int:  # fmt: skip
    """Do `work` to the `n` pairs that wait; none are left."""
    if work == FORCES:
        scale = math.sqrt(2.0 * friction / step)
        for p in range(n):
            dx, dy, dz = waiting[_DX + p], waiting[_DY + p], waiting[_DZ + p]
            r = math.sqrt(dx * dx + dy * dy + dz * dz + _TINY)
            inverse = 1.0 / r
            w = 1.0 - r
            g = waiting[_REPULSION + p] - friction * w * waiting[_DRIFT + p] * inverse + scale * waiting[_NOISE + p]
            g *= w * inverse
            waiting[_DX + p] = g * dx
            waiting[_DY + p] = g * dy
            waiting[_DZ + p] = g * dz
        _push(n, who, whom, waiting, force)
    elif work == SAMPLE:
        for p in range(n):
            dx, dy, dz, a = waiting[_DX + p], waiting[_DY + p], waiting[_DZ + p], waiting[_REPULSION + p]
            r = math.sqrt(dx * dx + dy * dy + dz * dz + _TINY)
            w = 1.0 - r
            g = w * a / r
            sums[0] += g * dx * dx
            sums[1] += g * dy * dy
            sums[2] += g * dz * dz
            sums[3] += g * dx * dy
            sums[4] += g * dy * dz
            sums[5] += g * dz * dx
            sums[6] += 0.5 * a * w * w
            sums[7] += 2.0 * (a - 2.0 * g)
            waiting[_DX + p] = g * dx
            waiting[_DY + p] = g * dy
            waiting[_DZ + p] = g * dz
        _push(n, who, whom, waiting, force)
    else:
        for p in range(n):  # unit vector, and both coefficients of the exchange
            dx, dy, dz = waiting[_DX + p], waiting[_DY + p], waiting[_DZ + p]
            r = math.sqrt(dx * dx + dy * dy + dz * dz + _TINY)
            inverse = 1.0 / r
            g = friction * step * (1.0 - r) * (1.0 - r)
            waiting[_DX + p] = dx * inverse
            waiting[_DY + p] = dy * inverse
            waiting[_DZ + p] = dz * inverse
            waiting[_DRIFT + p] = -g / (1.0 + g)
            waiting[_NOISE + p] = bell(waiting[_NOISE + p]) * math.sqrt(2.0 * g) / (1.0 + g)
            waiting[_REPULSION + p] = g
        if work == OU:  # instead of Shardlow's: undo the one, do the other
            for p in range(n):
                g = waiting[_REPULSION + p]
                c = math.exp(-2.0 * g)
                waiting[_DRIFT + p] = 0.5 * (c - 1.0)
                if g > 0.0:
                    waiting[_NOISE + p] *= math.sqrt(0.25 * (1.0 - c * c) / g) * (1.0 + g)
        _exchange(n, who, whom, waiting, bodies, len(force) // 3)
    return 0


@njit(cache=True, nogil=True, error_model="numpy")
def _push(n: int, who: Any, whom: Any, waiting: Any, force: Any) -> None:
    """Add the pair forces to both partners, with opposite signs."""
    width = len(force) // 3
    p = 0
    while p < n:
        i = who[p]
        sx, sy, sz = 0.0, 0.0, 0.0
        while p < n and who[p] == i:
            j = whom[p]
            gx, gy, gz = waiting[_DX + p], waiting[_DY + p], waiting[_DZ + p]
            sx += gx
            sy += gy
            sz += gz
            force[j] -= gx
            force[width + j] -= gy
            force[2 * width + j] -= gz
            p += 1
        force[i] += sx
        force[width + i] += sy
        force[2 * width + i] += sz


@njit(cache=True, nogil=True, error_model="numpy")
def _exchange(n: int, who: Any, whom: Any, waiting: Any, bodies: Any, width: int) -> None:
    """Exchange momentum along the pairs, one after the other."""
    vx, vy, vz = 3 * width, 4 * width, 5 * width
    for p in range(n):
        i, j = who[p], whom[p]
        ex, ey, ez = waiting[_DX + p], waiting[_DY + p], waiting[_DZ + p]
        approach = (
            (bodies[vx + i] - bodies[vx + j]) * ex
            + (bodies[vy + i] - bodies[vy + j]) * ey
            + (bodies[vz + i] - bodies[vz + j]) * ez
        )
        change = waiting[_DRIFT + p] * approach + waiting[_NOISE + p]
        bodies[vx + i] += change * ex
        bodies[vy + i] += change * ey
        bodies[vz + i] += change * ez
        bodies[vx + j] -= change * ex
        bodies[vy + j] -= change * ey
        bodies[vz + j] -= change * ez

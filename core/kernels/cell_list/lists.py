"""Cells, and lists of pairs in compressed rows."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .periodic import box_heights, nearest_image

__all__ = ["cell_order", "count_cells", "list_pairs", "plan_grid"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.uint32]
_MOST_CELLS = 4_000_000
_NONE, _ONE = np.uint64(0), np.uint64(1)


@njit(cache=True, nogil=True, error_model="numpy")
def plan_grid(box: Floats, cutoff: float, n: int) -> tuple[Floats, Floats, Integers, Integers]:
    """Corner, inverse edges, numbers of cells and reach in cells of a grid over the box and its images."""
    heights = box_heights(box)
    low, extent = np.zeros(3), np.zeros(3)
    for axis in range(3):
        for k in range(3):
            rim = cutoff / heights[k]
            low[axis] += min(-rim * box[k, axis], (1.0 + rim) * box[k, axis])
            extent[axis] += (1.0 + 2.0 * rim) * abs(box[k, axis])
    room = (box[0, 0] * box[1, 1] * box[2, 2] / max(n, 1)) ** (1.0 / 3.0)
    edge = max(0.5 * cutoff * (1.0 + 1e-12), room, (extent[0] * extent[1] * extent[2] / _MOST_CELLS) ** (1.0 / 3.0))
    inverse, shape, reach = np.empty(3), np.empty(3, np.int64), np.empty(3, np.int64)
    for axis in range(3):
        shape[axis] = max(1, int(extent[axis] / edge))
        inverse[axis] = shape[axis] / extent[axis]
        reach[axis] = min(shape[axis] - 1, math.ceil(cutoff * inverse[axis]))
    return low, inverse, shape, reach


@njit(cache=True, nogil=True, error_model="numpy")
def count_cells(box: Floats, cutoff: float, n: int) -> int:
    """Number of cells that `plan_grid` would plan."""
    shape = plan_grid(box, cutoff, n)[2]
    return shape[0] * shape[1] * shape[2]


@njit(cache=True, nogil=True, error_model="numpy")
def _cell_of(points: Floats, i: int, low: Floats, inverse: Floats, shape: Integers) -> int:
    x = min(max(int((points[i, 0] - low[0]) * inverse[0]), 0), shape[0] - 1)
    y = min(max(int((points[i, 1] - low[1]) * inverse[1]), 0), shape[1] - 1)
    z = min(max(int((points[i, 2] - low[2]) * inverse[2]), 0), shape[2] - 1)
    return (z * shape[1] + y) * shape[0] + x


@njit(cache=True, nogil=True, error_model="numpy")
def cell_order(
    points: Floats, begin: int, n: int, low: Floats, inverse: Floats, shape: Integers, start: Integers, order: Integers
) -> None:
    """Counting sort of the points `begin` ... `begin + n - 1`: where each cell starts, and who comes in which order."""
    cells = shape[0] * shape[1] * shape[2]
    start[: cells + 1] = 0
    cell = np.empty(n, np.int32)
    for i in range(n):
        cell[i] = _cell_of(points, begin + i, low, inverse, shape)
        start[cell[i] + 1] += 1
    for c in range(cells):
        start[c + 1] += start[c]
    for i in range(n):
        order[start[cell[i]]] = i
        start[cell[i]] += 1
    for c in range(cells, 0, -1):
        start[c] = start[c - 1]
    start[0] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def list_pairs(
    points: Floats,
    n: int,
    shift: Integers,
    start: Integers,
    images_start: Integers,
    shape: Integers,
    reach: Integers,
    low: Floats,
    inverse: Floats,
    box: Floats,
    reaches: Floats,
    classes: Integers,
    kind: Integers,
    label: Integers,
    exclude_first: Integers,
    exclude: Integers,
    first: Integers,
    listed: Indices,
) -> np.int64:
    """List the pairs of each of the `n` points, sorted by class; the number of pairs that there are.

    A pair of kinds *s*, *t* has the class ``classes[s, t]`` (none if negative), and is listed if closer than the square
    root of ``reaches[class]``. With *m* classes the neighbours of *i* of class *p* are
    ``listed[first[i * m + p] : first[i * m + p + 1]]``. Pairs in the rows ``exclude`` of a point's label are left out,
    in their nearest image.
    If there are more pairs than room in `listed`, only their number is right: make room and call again.
    """
    many = len(reaches)
    simple = many == 1 and len(classes) == 1 and exclude_first[len(exclude_first) - 1] == 0
    widest = 0.0
    for p in range(many):
        widest = max(widest, reaches[p])
    everyone = n + images_start[shape[0] * shape[1] * shape[2]]
    across, along, up = np.empty(everyone), np.empty(everyone), np.empty(everyone)
    ahead = np.empty(everyone, np.bool_)
    for j in range(everyone):
        across[j], along[j], up[j] = points[j, 0], points[j, 1], points[j, 2]
        ahead[j] = j >= n and _points_up(shift, j)
    nx, ny, nz = shape[0], shape[1], shape[2]
    rx, ry, rz = reach[0], reach[1], reach[2]
    rows = np.empty(((rz + 1) * (2 * ry + 1) * 2 + 1, 2), np.uint64)  # unsigned: no index is looked at twice
    candidates, tags, square = np.empty(1024, np.uint32), np.empty(1024, np.int64), np.empty(1024)
    tally = np.zeros(many + 1, np.int64)
    count, room = np.int64(0), len(listed)
    first[0] = 0
    for iz in range(nz):
        for iy in range(ny):
            for ix in range(nx):
                c = (iz * ny + iy) * nx + ix
                begin, end = start[c], start[c + 1]
                if begin == end:
                    continue
                left, right = max(ix - rx, 0), min(ix + rx, nx - 1)
                used = 1  # row 0 is the rest of the own row, different for each point
                for dz in range(min(rz, nz - 1 - iz) + 1):
                    for dy in range(-min(ry, iy), min(ry, ny - 1 - iy) + 1):
                        base = ((iz + dz) * ny + iy + dy) * nx
                        if (dz > 0 or dy > 0) and start[base + left] < start[base + right + 1]:
                            rows[used, 0], rows[used, 1] = start[base + left], start[base + right + 1]
                            used += 1
                own_rows = used
                for dz in range(min(rz, nz - 1 - iz) + 1):
                    for dy in range(-min(ry, iy), min(ry, ny - 1 - iy) + 1):
                        base = ((iz + dz) * ny + iy + dy) * nx
                        if images_start[base + left] < images_start[base + right + 1]:
                            rows[used, 0] = n + images_start[base + left]
                            rows[used, 1] = n + images_start[base + right + 1]
                            used += 1
                rows[0, 0], rows[0, 1] = begin, start[(iz * ny + iy) * nx + right + 1]
                most = np.int64(0)
                for row in range(used):
                    most += np.int64(rows[row, 1] - rows[row, 0])
                if most > len(candidates):
                    candidates, tags = np.empty(2 * most, np.uint32), np.empty(2 * most, np.int64)
                    square = np.empty(2 * most)
                for i in range(begin, end):
                    x, y, z = across[i], along[i], up[i]
                    rows[0, 0] = i + 1
                    place = _NONE
                    for row in range(used):
                        head, tail = rows[row, 0], rows[row, 1]
                        for j in range(head, tail):  # without a branch: vector instructions
                            dx, dy_, dz_ = x - across[j], y - along[j], z - up[j]
                            square[j - head] = dx * dx + dy_ * dy_ + dz_ * dz_
                        if row < own_rows:
                            for j in range(head, tail):
                                candidates[place] = j
                                place += _ONE if square[j - head] < widest else _NONE
                        else:
                            for j in range(head, tail):
                                candidates[place] = j
                                in_front = (up[j] > z) | ((up[j] == z) & ahead[j])
                                place += _ONE if (square[j - head] < widest) & in_front else _NONE
                    found = np.int64(place)
                    if simple:
                        if count + found <= room:
                            for k in range(found):
                                listed[count + k] = candidates[k]
                        count += found
                        first[i + 1] = count
                        continue
                    tally[:] = 0
                    own, mark = kind[i], label[i]
                    for k in range(found):
                        j = candidates[k]
                        p = classes[own, kind[j]]
                        if p >= 0:
                            dx, dy_, dz_ = x - points[j, 0], y - points[j, 1], z - points[j, 2]
                            if dx * dx + dy_ * dy_ + dz_ * dz_ >= reaches[p]:
                                p = -1
                            else:
                                for e in range(exclude_first[mark], exclude_first[mark + 1]):
                                    if exclude[e] == label[j]:
                                        near = nearest_image(dx, dy_, dz_, box)
                                        if abs(near[0] - dx) + abs(near[1] - dy_) + abs(near[2] - dz_) == 0.0:
                                            p = -1
                        tags[k] = p
                        if p >= 0:
                            tally[p + 1] += 1
                    for p in range(many):
                        tally[p + 1] += tally[p]
                    total = tally[many]
                    if count + total <= room:
                        for k in range(found):
                            if tags[k] >= 0:
                                listed[count + tally[tags[k]]] = candidates[k]
                                tally[tags[k]] += 1
                        for p in range(many, 0, -1):
                            tally[p] = tally[p - 1]
                    for p in range(many):
                        first[i * many + p + 1] = count + (tally[p + 1] if count + total <= room else total)
                    count += total
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _points_up(shift: Integers, j: int) -> bool:
    """Whether the first of the shifts that is not zero, from the last axis on, is positive."""
    if shift[j, 2] != 0:
        return bool(shift[j, 2] > 0)
    if shift[j, 1] != 0:
        return bool(shift[j, 1] > 0)
    return bool(shift[j, 0] > 0)

"""Neighbours in a periodic box: cells, images, and lists of pairs in compressed rows.

**Box.** Rows of `box` are the lattice vectors a = (ax, 0, 0), b = (bx, by, 0), c = (cx, cy, cz): orthorhombic or
triclinic. Points are rows (x, y, z, anything) of one array, four numbers wide, so that one is half a cache line.

**Images instead of the minimum image.** Copies of all points within the cutoff of the box are appended to the array
(`add_images`), so that the inner loops know no periodicity. Any cutoff is right in any box, longer than half of it or
longer than the whole, where a point meets its own images; no special case of small boxes is needed. A pair across the
border appears as two pairs of a point and an image, of which one is kept: the one with the image ahead in z, and, where
z is equal, the one whose shift is positive. So only images with an upward or level shift are made, a bit more than
half, and every pair is found in exactly one row.

**Cells.** Points are sorted by cell (counting sort, stable, x fastest), so that memory follows space and the cells of a
stencil that touch in x are one stretch of the array: a search over half the stencil is a handful of plain loops. Cells
have half the cutoff, or one point on average if that is more, so that cost is linear in the number of points at any
density and any cutoff.

References
----------
Allen & Tildesley, Computer Simulation of Liquids (Oxford 2017), ch. 5, doi:10.1093/oso/9780198803195.001.0001.
Plimpton, J. Comput. Phys. 117, 1 (1995), doi:10.1006/jcph.1995.1039.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "add_images",
    "box_heights",
    "cell_order",
    "checked_box",
    "count_cells",
    "list_pairs",
    "nearest_image",
    "neighbour_pairs",
    "plan_grid",
    "refresh_images",
    "wrap_points",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.uint32]
_MOST_CELLS = 4_000_000
_NONE, _ONE = np.uint64(0), np.uint64(1)


def checked_box(box: ArrayLike) -> Floats:
    """Lattice vectors as rows, from three edges or from a lower triangular matrix.

    Raises
    ------
    ValueError
        If the box has no volume, or is not in the standard orientation (a along x, b in the xy plane).

    Examples
    --------
    >>> checked_box([1.0, 2.0, 3.0]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
    """
    given = np.array(box, dtype=np.float64)
    if given.shape == (3,):
        given = np.diag(given)
    if given.shape != (3, 3) or not np.isfinite(given).all():
        raise ValueError("box: must be three finite edges, or three lattice vectors as rows")
    if given[0, 1] != 0.0 or given[0, 2] != 0.0 or given[1, 2] != 0.0:
        raise ValueError("box: must have its first vector along x and its second in the xy plane; rotate the sample")
    if not (np.diag(given) > 0.0).all():
        raise ValueError("box: must have positive edges")
    return given


def neighbour_pairs(positions: ArrayLike, box: ArrayLike, cutoff: float) -> tuple[NDArray[np.int64], Floats]:
    """Every pair of points closer than the cutoff, images included, once.

    Parameters
    ----------
    positions : array_like
        Shape (n, 3), wrapped or not.
    box : array_like
        Three edges, or lattice vectors as rows (a along x, b in the xy plane).
    cutoff : float
        Of any length: pairs with several images, and of a point with its own, come as often as they are.

    Returns
    -------
    pairs, vectors : ndarray
        Indices (m, 2) and the vectors (m, 3) from the second to the first point.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> pairs, vectors = neighbour_pairs([[0.1, 0, 0], [9.9, 0, 0]], [10, 10, 10], 1.0)
    >>> pairs.shape, round(float(abs(vectors[0, 0])), 12)
    ((1, 2), 0.2)
    """
    given, lattice = np.asarray(positions, dtype=np.float64), checked_box(box)
    if given.ndim != 2 or given.shape[1] != 3 or not np.isfinite(given).all():
        raise ValueError("positions: must be finite, of shape (n, 3)")
    if not 0.0 < cutoff < math.inf:
        raise ValueError(f"cutoff = {cutoff!r}: must be a positive number")
    n = len(given)
    if n == 0:
        return np.zeros((0, 2), dtype=np.int64), np.zeros((0, 3))
    sorted_points = np.zeros((n, 4))
    sorted_points[:, :3] = given
    image = np.zeros((n, 3), dtype=np.int64)
    wrap_points(sorted_points, image, lattice, n)
    low, inverse, shape, reach = plan_grid(lattice, cutoff, n)
    order, start = np.empty(n, dtype=np.int64), np.empty(int(shape.prod()) + 1, dtype=np.int64)
    cell_order(sorted_points, 0, n, low, inverse, shape, start, order)
    capacity = n
    while True:
        points = np.zeros((capacity, 4))
        points[:n] = sorted_points[order]
        owner, shift = np.zeros(capacity, dtype=np.int64), np.zeros((capacity, 3), dtype=np.int64)
        total = int(add_images(points, owner, shift, n, lattice, cutoff))
        if total <= capacity:
            break
        capacity = total
    images_start = np.empty_like(start)
    image_order = np.empty(total - n, dtype=np.int64)
    cell_order(points, n, total - n, low, inverse, shape, images_start, image_order)
    points[n:total], owner[n:total], shift[n:total] = (
        points[n:total][image_order], owner[n:total][image_order], shift[n:total][image_order],
    )  # fmt: skip
    classes, reaches = np.zeros((1, 1), dtype=np.int64), np.array([cutoff * cutoff])
    kind, none = np.zeros(total, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    first, listed = np.zeros(n + 1, dtype=np.int64), np.zeros(0, dtype=np.uint32)
    while True:
        count = list_pairs(
            points, n, shift, start, images_start, shape, reach, low, inverse, lattice, reaches, classes, kind,
            owner, none, none, first, listed,
        )  # fmt: skip
        if count <= len(listed):
            break
        listed = np.zeros(count, dtype=np.uint32)
    inner = np.repeat(np.arange(n), np.diff(first))
    outer = listed[:count].astype(np.int64)
    vectors = points[inner, :3] - points[outer, :3]
    return np.column_stack([order[inner], order[np.where(outer < n, outer, owner[outer])]]), vectors


@njit(cache=True, nogil=True, error_model="numpy")
def box_heights(box: Floats) -> tuple[float, float, float]:
    """Distances between opposite faces: along a, b and c."""
    ax, by, cz = box[0, 0], box[1, 1], box[2, 2]
    bx, cx, cy = box[1, 0], box[2, 0], box[2, 1]
    # volume over the areas of the faces b x c, c x a, a x b
    volume = ax * by * cz
    first = math.sqrt((by * cz) ** 2 + (bx * cz) ** 2 + (bx * cy - by * cx) ** 2)
    second = math.sqrt((cz * ax) ** 2 + (cy * ax) ** 2)
    return volume / first, volume / second, cz


@njit(cache=True, nogil=True, error_model="numpy")
def wrap_points(points: Floats, image: Integers, box: Floats, n: int) -> bool:
    """Move points into the box and count the moves in `image`; False if one is lost (not finite or very far)."""
    for i in range(n):
        for axis in range(2, -1, -1):
            s = points[i, axis]
            # what of the higher vectors remains inside must not count
            if axis == 1:
                s -= points[i, 2] / box[2, 2] * box[2, 1]
            elif axis == 0:
                third = points[i, 2] / box[2, 2]
                second = (points[i, 1] - third * box[2, 1]) / box[1, 1]
                s -= second * box[1, 0] + third * box[2, 0]
            turns = math.floor(s / box[axis, axis])
            if not abs(turns) < 1e6:
                return False
            if turns != 0.0:
                for k in range(axis + 1):
                    points[i, k] -= turns * box[axis, k]
                image[i, axis] += int(turns)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def nearest_image(dx: float, dy: float, dz: float, box: Floats) -> tuple[float, float, float]:
    """The vector by the shortest way: exact up to half the smallest height of the box."""
    turns = np.rint(dz / box[2, 2])
    dz -= turns * box[2, 2]
    dy -= turns * box[2, 1]
    dx -= turns * box[2, 0]
    turns = np.rint(dy / box[1, 1])
    dy -= turns * box[1, 1]
    dx -= turns * box[1, 0]
    dx -= np.rint(dx / box[0, 0]) * box[0, 0]
    return dx, dy, dz


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
        reach[axis] = min(shape[axis] - 1, int(math.ceil(cutoff * inverse[axis])))
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
def add_images(points: Floats, owner: Integers, shift: Integers, n: int, box: Floats, cutoff: float) -> int:
    """Append the level and upward images within the cutoff of the box; the number of points that there should be.

    If that is more than there is room for, nothing beyond the room is written: make room and call again. Rows of
    `shift` are multiples of the lattice vectors. Points must be wrapped.
    """
    room, count = len(points), n
    heights = box_heights(box)
    for axis in range(3):
        rim, have = cutoff / heights[axis], count
        most = int(math.ceil(rim))
        for i in range(min(have, room)):
            third = points[i, 2] / box[2, 2]
            s = third
            if axis < 2:
                second = (points[i, 1] - third * box[2, 1]) / box[1, 1]
                s = second if axis == 1 else (points[i, 0] - second * box[1, 0] - third * box[2, 0]) / box[0, 0]
            for m in range(-most if axis < 2 else 1, most + 1):
                if m != 0 and -rim - 1e-9 <= s + m <= 1.0 + rim + 1e-9:
                    if count < room:
                        owner[count] = owner[i] if i >= n else i
                        for k in range(3):
                            points[count, k] = points[i, k] + m * box[axis, k]
                            shift[count, k] = (shift[i, k] if i >= n else 0) + (m if k == axis else 0)
                    count += 1
        if have > room:  # images of images that could not be made: a safe guess of how many there would be
            count += int((count - have) * (have / room))
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def refresh_images(points: Floats, owner: Integers, shift: Integers, n: int, total: int, box: Floats) -> None:
    """Put the images where their owners are now."""
    for g in range(n, total):
        o, i, j, k = owner[g], shift[g, 0], shift[g, 1], shift[g, 2]
        points[g, 0] = points[o, 0] + (i * box[0, 0] + j * box[1, 0] + k * box[2, 0])
        points[g, 1] = points[o, 1] + (j * box[1, 1] + k * box[2, 1])
        points[g, 2] = points[o, 2] + k * box[2, 2]


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
) -> int:
    """List the pairs of each of the `n` points, sorted by class; the number of pairs that there are.

    A pair of kinds *s*, *t* has the class ``classes[s, t]`` (none if negative), and is listed if closer than the square
    root of ``reaches[class]``. The neighbours of *i* of class *p* are ``listed[first[i * m + p] : first[i * m + p + 1]]``
    with *m* classes. Pairs in the rows ``exclude`` of a point's label are left out, in their nearest image.
    If there are more pairs than room in `listed`, only their number is right: make room and call again.
    """
    many = len(reaches)
    simple = many == 1 and len(classes) == 1 and exclude_first[len(exclude_first) - 1] == 0
    widest = 0.0
    for p in range(many):
        widest = max(widest, reaches[p])
    total = n + images_start[shape[0] * shape[1] * shape[2]]
    across, along, up, ahead = np.empty(total), np.empty(total), np.empty(total), np.empty(total, np.bool_)
    for j in range(total):
        across[j], along[j], up[j] = points[j, 0], points[j, 1], points[j, 2]
        ahead[j] = j >= n and _points_up(shift, j)
    nx, ny, nz = shape[0], shape[1], shape[2]
    rx, ry, rz = reach[0], reach[1], reach[2]
    rows = np.empty(((rz + 1) * (2 * ry + 1) * 2 + 1, 2), np.uint64)  # unsigned: no index is looked at twice
    candidates, tags, square = np.empty(1024, np.uint32), np.empty(1024, np.int64), np.empty(1024)
    tally = np.zeros(many + 1, np.int64)
    count, room = 0, len(listed)
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
                most = 0
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

"""The box and the images of what is in it."""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = ["add_images", "box_heights", "checked_box", "nearest_image", "refresh_images", "wrap_points"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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
            turns = np.floor(s / box[axis, axis])  # a float: math.floor makes a number of NaN
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
def add_images(points: Floats, owner: Integers, shift: Integers, n: int, box: Floats, cutoff: float) -> int:
    """Append the level and upward images within the cutoff of the box; the number of points that there should be.

    If that is more than there is room for, nothing beyond the room is written: make room and call again. Rows of
    `shift` are multiples of the lattice vectors. Points must be wrapped.
    """
    room, count = len(points), n
    heights = box_heights(box)
    for axis in range(3):
        rim, have = cutoff / heights[axis], count
        most = math.ceil(rim)
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

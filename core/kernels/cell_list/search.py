"""The public search: every pair within a distance."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lists import cell_order, list_pairs, plan_grid
from .periodic import add_images, checked_box, wrap_points

__all__ = ["neighbour_pairs"]

Floats = NDArray[np.float64]


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
        listed = np.zeros(int(count), dtype=np.uint32)
    inner = np.repeat(np.arange(n), np.diff(first))
    outer = listed[:count].astype(np.int64)
    vectors = points[inner, :3] - points[outer, :3]
    return np.column_stack([order[inner], order[np.where(outer < n, outer, owner[outer])]]), vectors

r"""Periodic cells of any shape: nearest images, and points brought back into the cell.

A cell is given by three lattice vectors, the rows of *H*. Many cells tile space the same way; the nearest image of a
displacement belongs to the lattice, not to the cell. So the lattice is reduced first (Minkowski: no vector becomes
shorter by adding or subtracting the others). In the reduced cell the nearest image is the one with fractional
coordinates within one half, or one of its 26 neighbours, which are looked at only where

.. math:: |d| > \tfrac{1}{2} \min_{n \neq 0} |n H|    \qquad (1)

because any shorter displacement is nearest already. This holds for cells however skew, in particular for angles below
60 or above 120 degrees, where fractional coordinates alone are wrong.

References
----------
1. Nguyen & Stehlé, ACM Trans. Algorithms 5, 46 (2009), doi:10.1145/1597036.1597050.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError

__all__ = ["Cell", "lattice_vectors", "minimum_image", "nearest_images", "nearest_shift", "read_cell", "wrap_positions"]

Floats = NDArray[np.float64]


class Cell(NamedTuple):
    """One periodic cell, or one a frame: arrays only, so that kernels can carry it."""

    vectors: Floats
    """Lattice vectors as given, in rows: (frames or 1, 3, 3)."""
    inverse: Floats
    """Their inverses."""
    reduced: Floats
    """The shortest vectors of the same lattices."""
    reduced_inverse: Floats
    """Their inverses."""
    limit: Floats
    """Square of half the shortest lattice vector: (frames or 1,). A shorter displacement is nearest already."""
    rectangular: bool
    """Whether all vectors lie along the axes."""

    @property
    def reach(self) -> float:
        """Half the shortest lattice vector of all frames: up to here every pair has one image only."""
        return float(np.sqrt(self.limit.min()))

    @property
    def volumes(self) -> Floats:
        """Volume of each cell."""
        return np.abs(np.linalg.det(self.vectors))


def lattice_vectors(dimensions: ArrayLike) -> Floats:
    """Lattice vectors in rows of cells given by lengths and angles, as MDAnalysis and crystallographers do.

    Parameters
    ----------
    dimensions : array_like
        Lengths a, b, c and angles alpha, beta, gamma in degrees, shape (6,) or (frames, 6).

    Returns
    -------
    numpy.ndarray
        Shape (3, 3) or (frames, 3, 3): a along x, b in the plane of x and y.

    Raises
    ------
    ParameterError
        If no such cell exists.

    Examples
    --------
    >>> lattice_vectors([2, 2, 2, 90, 90, 60]).round(3).tolist()
    [[2.0, 0.0, 0.0], [1.0, 1.732, 0.0], [0.0, 0.0, 2.0]]
    """
    given = np.asarray(dimensions, dtype=np.float64)
    if given.ndim not in (1, 2) or given.shape[-1] != 6 or not np.isfinite(given).all():
        raise _error(
            "dimensions", f"must be six finite numbers (a, b, c, alpha, beta, gamma), not of shape {given.shape}"
        )
    table = np.atleast_2d(given)
    a, b, c = table[:, 0], table[:, 1], table[:, 2]
    # cosines of right angles are exactly zero, so that a box with right angles is known as one
    ca, cb, cg = (np.where(x == 90.0, 0.0, np.cos(np.deg2rad(x))) for x in table[:, 3:].T)
    sg = np.sqrt(np.maximum(1.0 - cg**2, 0.0))
    ok = (table[:, :3] > 0.0).all(axis=1) & (sg > 0.0)
    cy = np.where(ok, (ca - cb * cg) / np.where(sg > 0.0, sg, 1.0), 0.0)
    height = 1.0 - cb**2 - cy**2
    if not (ok & (height > 1e-12)).all():
        raise _error("dimensions", f"{given.tolist()} belong to no cell: lengths and volume must be positive")
    vectors = np.zeros((len(table), 3, 3))
    vectors[:, 0, 0] = a
    vectors[:, 1, 0], vectors[:, 1, 1] = b * cg, b * sg
    vectors[:, 2, 0], vectors[:, 2, 1], vectors[:, 2, 2] = c * cb, c * cy, c * np.sqrt(height)
    return vectors[0] if given.ndim == 1 else vectors


def read_cell(box: ArrayLike, frames: int | None = None) -> Cell:
    """The cell of a box as a user gives it.

    Parameters
    ----------
    box : array_like
        Edge lengths (3,), or lattice vectors in rows (3, 3), or one such matrix a frame (frames, 3, 3).
    frames : int, optional
        Number of frames that it must fit.

    Raises
    ------
    ParameterError
        If the box has another shape or no volume.
    """
    given = np.asarray(box, dtype=np.float64)
    if given.shape == (3,):
        if not (given > 0.0).all():
            raise _error(
                "box", f"must have positive edges, not {given.tolist()}; leave it out where nothing is periodic"
            )
        given = np.diag(given)
    vectors = np.ascontiguousarray(given[None] if given.ndim == 2 else given)
    if vectors.shape[1:] != (3, 3) or (frames is not None and len(vectors) not in (1, frames)) or len(vectors) == 0:
        wanted = "(3,), (3, 3) or (frames, 3, 3)" if frames is None else f"(3,), (3, 3) or ({frames}, 3, 3)"
        hint = "; lattice_vectors makes these of lengths and angles" if np.shape(box)[-1:] == (6,) else ""
        raise _error("box", f"must have the shape {wanted}, not {np.shape(box)}{hint}")
    if not np.isfinite(vectors).all():
        raise _error("box", "must be finite; leave it out where nothing is periodic")
    lengths = np.sqrt((vectors**2).sum(axis=2))
    volume = np.abs(np.linalg.det(vectors))
    if not (lengths > 0.0).all() or not (volume > 1e-9 * lengths.prod(axis=1)).all():
        raise _error("box", "must have a volume: three lattice vectors that are not in one plane")
    reduced = np.empty_like(vectors)
    _reduce_lattices(vectors, reduced)
    shortest = (reduced**2).sum(axis=2).min(axis=1)
    off_axis = vectors[:, ~np.eye(3, dtype=bool)]
    inverse, reduced_inverse = (np.ascontiguousarray(np.linalg.inv(h)) for h in (vectors, reduced))
    return Cell(vectors, inverse, reduced, reduced_inverse, 0.25 * shortest, bool((off_axis == 0.0).all()))


def minimum_image(displacements: ArrayLike, box: ArrayLike) -> Floats:
    """The shortest of all periodic images of each displacement.

    Parameters
    ----------
    displacements : array_like
        Shape (..., 3); with one matrix a frame, (frames, ..., 3).
    box : array_like
        Edge lengths (3,), lattice vectors (3, 3), or one such matrix a frame (frames, 3, 3); however skew.

    Returns
    -------
    numpy.ndarray
        Of the same shape.

    Raises
    ------
    ParameterError
        If the shapes do not fit.

    Examples
    --------
    >>> minimum_image([6.0, -1.0, 14.0], [10.0, 10.0, 10.0]).tolist()
    [-4.0, -1.0, 4.0]
    """
    return _of_each(displacements, box, "displacements", _take_nearest)


def wrap_positions(positions: ArrayLike, box: ArrayLike) -> Floats:
    """Positions brought back into the cell: fractional coordinates from 0 to 1.

    Parameters
    ----------
    positions : array_like
        Shape (..., 3); with one matrix a frame, (frames, ..., 3).
    box : array_like
        As for `minimum_image`; the cell is the one that is given, not the reduced one.

    Examples
    --------
    >>> wrap_positions([6.0, -1.0, 14.0], [10.0, 10.0, 10.0]).tolist()
    [6.0, 9.0, 4.0]
    """
    return _of_each(positions, box, "positions", _take_inside)


def nearest_images(displacements: Floats, cell: Cell, first: int = 0) -> None:
    """Nearest images of displacements (frames, n, 3), in place; the first frame has the cell number `first`."""
    some = slice(first, first + len(displacements)) if len(cell.vectors) > 1 else slice(None)
    h, g, limit = cell.reduced[some], cell.reduced_inverse[some], cell.limit[some]
    _take_nearest(displacements, cell._replace(reduced=h, reduced_inverse=g, limit=limit))


def _of_each(points: ArrayLike, box: ArrayLike, name: str, kernel: Any) -> Floats:
    values = np.array(points, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] != 3:
        raise _error(name, f"must have the shape (..., 3), not {values.shape}")
    many = np.ndim(box) == 3
    if many and values.ndim < 2:
        raise _error(name, "must have the shape (frames, ..., 3) where every frame has its own box")
    cell = read_cell(box, len(values) if many else None)
    flat = np.ascontiguousarray(values.reshape(len(cell.vectors), -1, 3))
    kernel(flat, cell)
    return flat.reshape(values.shape)


def _error(name: str, sentence: str) -> ParameterError:
    return ParameterError("cell", {name: sentence})


@njit(cache=True, nogil=True)
def nearest_shift(dx: float, dy: float, dz: float, h: Floats, g: Floats, limit: float) -> tuple[float, float, float]:
    """Lattice coordinates, in the reduced cell `h` with inverse `g`, of what must be subtracted from a displacement."""
    n0 = np.floor(dx * g[0, 0] + dy * g[1, 0] + dz * g[2, 0] + 0.5)
    n1 = np.floor(dx * g[0, 1] + dy * g[1, 1] + dz * g[2, 1] + 0.5)
    n2 = np.floor(dx * g[0, 2] + dy * g[1, 2] + dz * g[2, 2] + 0.5)
    x = dx - n0 * h[0, 0] - n1 * h[1, 0] - n2 * h[2, 0]
    y = dy - n0 * h[0, 1] - n1 * h[1, 1] - n2 * h[2, 1]
    z = dz - n0 * h[0, 2] - n1 * h[1, 2] - n2 * h[2, 2]
    best = x * x + y * y + z * z
    b0, b1, b2 = n0, n1, n2
    if best > limit:
        best *= 1.0 - 1e-14  # of images equally far, the one with fractional coordinates within one half
        for i in range(-1, 2):
            for j in range(-1, 2):
                for k in range(-1, 2):
                    u = x - i * h[0, 0] - j * h[1, 0] - k * h[2, 0]
                    v = y - i * h[0, 1] - j * h[1, 1] - k * h[2, 1]
                    w = z - i * h[0, 2] - j * h[1, 2] - k * h[2, 2]
                    square = u * u + v * v + w * w
                    if square < best:
                        best, b0, b1, b2 = square, n0 + i, n1 + j, n2 + k
    return b0, b1, b2


@njit(cache=True, nogil=True)
def _take_nearest(points: Floats, cell: Cell) -> None:
    for f in range(len(points)):
        c = f if len(cell.reduced) > 1 else 0
        h, g, limit = cell.reduced[c], cell.reduced_inverse[c], cell.limit[c]
        for i in range(points.shape[1]):
            n0, n1, n2 = nearest_shift(points[f, i, 0], points[f, i, 1], points[f, i, 2], h, g, limit)
            for c in range(3):
                points[f, i, c] -= n0 * h[0, c] + n1 * h[1, c] + n2 * h[2, c]


@njit(cache=True, nogil=True)
def _take_inside(points: Floats, cell: Cell) -> None:
    for f in range(len(points)):
        h, g = cell.vectors[f], cell.inverse[f]
        for i in range(points.shape[1]):
            _wrap_point(points[f, i], h, g)


@njit(cache=True, nogil=True)
def _wrap_point(point: Floats, h: Floats, g: Floats) -> None:
    x, y, z = point[0], point[1], point[2]
    for c in range(3):
        n = np.floor(x * g[0, c] + y * g[1, c] + z * g[2, c])
        for d in range(3):
            point[d] -= n * h[c, d]


@njit(cache=True, nogil=True)
def _reduce_lattices(vectors: Floats, out: Floats) -> None:
    """Minkowski: in three dimensions a basis is reduced when no vector plus or minus the others is shorter."""
    for f in range(len(vectors)):
        h = out[f]
        h[:] = vectors[f]
        for _ in range(10_000):  # each round shortens a vector; twenty are many
            changed = False
            for i in range(3):
                for j in range(3):  # first by multiples, for very skew cells
                    if i != j:
                        square = h[j, 0] ** 2 + h[j, 1] ** 2 + h[j, 2] ** 2
                        product = h[i, 0] * h[j, 0] + h[i, 1] * h[j, 1] + h[i, 2] * h[j, 2]
                        n = np.floor(product / square + 0.5)
                        if abs(product) > 0.5 * square * (1.0 + 1e-10):
                            for c in range(3):
                                h[i, c] -= n * h[j, c]
                            changed = True
                j, k = (i + 1) % 3, (i + 2) % 3
                shortest = (h[i, 0] ** 2 + h[i, 1] ** 2 + h[i, 2] ** 2) * (1.0 - 1e-10)
                bm, bn = 0, 0
                for m in range(-1, 2):
                    for n in range(-1, 2):
                        square = 0.0
                        for c in range(3):
                            square += (h[i, c] + m * h[j, c] + n * h[k, c]) ** 2
                        if square < shortest:
                            shortest, bm, bn = square, m, n
                if bm != 0 or bn != 0:
                    for c in range(3):
                        h[i, c] += bm * h[j, c] + bn * h[k, c]
                    changed = True
            if not changed:
                break

"""What is read from a crystalline field: atoms, their neighbours, defects, and how ordered each place is."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from ..spectral import Basis
from .laws import lattice_spacing

__all__ = ["Coordination", "bond_order", "coordination", "crystalline_order", "find_peaks"]

Array = NDArray[np.float64]


class Coordination(NamedTuple):
    """Neighbours in the periodic Delaunay triangulation.

    Attributes
    ----------
    numbers : numpy.ndarray
        Of neighbours of each point; 6 - z summed over all points is 0, as on every torus.
    bonds : numpy.ndarray
        Vectors (bond, axis) from each point to its neighbours, point after point.
    """

    numbers: NDArray[np.int64]
    bonds: Array


def find_peaks(field: Array, lengths: tuple[float, float], level: float = 0.0, *, holes: bool = False) -> Array:
    """Maxima of a periodic field (y, x) above `level`: positions (peak, (y, x)) to a fraction of a cell.

    With `holes`, minima below -`level`: the atoms of a crystal whose mean density is above 0. In a crystal of one star
    of waves every atom is above 0: the least amplitude, 4 |p| / 5, puts it at |p| / 5.

    Parameters
    ----------
    field : numpy.ndarray
        Values at the centres of cells.
    lengths : tuple of float
        Edges of the box along y and x.
    """
    values = np.ascontiguousarray(-field if holes else field, dtype=float)
    found = _find_maxima(values, level)
    return found * np.array([length / n for length, n in zip(lengths, values.shape, strict=True)])


def coordination(points: Array, lengths: tuple[float, float]) -> Coordination:
    """Number of neighbours of each point of a periodic box.

    Parameters
    ----------
    points : numpy.ndarray
        Positions (point, axis), inside the box from 0 to `lengths`.
    lengths : tuple of float
        Edges of the box.
    """
    points, box = np.asarray(points, dtype=float).reshape(-1, 2), np.asarray(lengths, dtype=float)
    n = len(points)
    if n == 0:
        return Coordination(np.zeros(0, np.int64), np.zeros((0, 2)))
    # four points on a circle have two triangulations: a jitter far below any distance, the same in every image, and a
    # shear of the box as small choose one
    phase = np.arange(1, n + 1)[:, None] * np.array([0.7548776662466927, 0.5698402909980532])
    points = points + (phase % 1.0 - 0.5) * 1e-7 * math.sqrt(float(box.prod()) / n)
    margin = 6.0 * math.sqrt(float(box.prod()) / n)
    while True:
        images, whole = _images(points, box, margin)
        triangulation = Delaunay(images)
        near = (triangulation.simplices < n).any(axis=1)
        reach = 2.0 * _circumradius(images[triangulation.simplices[near]]).max()
        if whole or reach < margin:  # every empty circle at a point of the box lies among the images
            break
        margin *= 2.0
    starts, neighbours = triangulation.vertex_neighbor_vertices
    numbers = np.diff(starts)[:n].astype(np.int64)
    bonds = images[neighbours[: starts[n]]] - np.repeat(images[:n], numbers, axis=0)
    return Coordination(numbers, bonds)


def bond_order(neighbours: Coordination) -> Array:
    """|psi_6| of each point, |mean of exp(6 i angle) over its bonds|: 1 in a triangular lattice."""
    numbers, bonds = neighbours
    if numbers.size == 0:
        return np.zeros(0)
    turns = np.exp(6j * np.arctan2(bonds[:, 0], bonds[:, 1]))
    owner = np.repeat(np.arange(numbers.size), numbers)
    total = np.bincount(owner, turns.real, numbers.size) + 1j * np.bincount(owner, turns.imag, numbers.size)
    return np.abs(total) / numbers


def crystalline_order(field: Array, basis: Basis, amplitude: float) -> NDArray[np.complex128]:
    """Local degree of crystalline order of a periodic field (y, x), as a complex field.

    Each wave is turned by six times the angle of its wave vector and multiplied with the field; the average over a
    spacing is 3 A^2 / 8 times exp(6 i angle) in a lattice of this orientation. The absolute value is 1 in a crystal of
    this `amplitude`, 0 in the liquid, and dips at dislocations and boundaries, where orientations mix; a sixth of the
    argument is the orientation of the rows, between -30 and 30 degrees.
    """
    modes = basis.forward(field)
    modes.reshape(-1)[0] = 0.0
    ky, kx = basis.wavenumbers
    turn = np.exp(6j * np.arctan2(np.broadcast_to(ky, modes.shape), np.broadcast_to(kx, modes.shape)))
    grown = basis.backward(modes)
    blur = np.exp(-0.125 * lattice_spacing.__wrapped__(1.0) ** 2 * basis.k2)  # Gaussian of half a spacing
    turned = (basis.backward(modes * part) for part in (turn.real, turn.imag))
    parts = [basis.backward(basis.forward(grown * field) * blur) for field in turned]
    # the first star lies at 30 degrees from the rows: six times that is a half turn
    order = np.empty(field.shape, dtype=np.complex128)
    order.real, order.imag = (part / (-0.375 * amplitude**2) for part in parts)
    return order


def _images(points: Array, box: Array, margin: float) -> tuple[Array, bool]:
    """The points, and their images within `margin` of the box; whether that is all that can matter."""
    cells = 1 if len(points) > 50 else 2
    whole = margin >= float(box.min())
    found = [points]
    for i in range(-cells, cells + 1):
        for j in range(-cells, cells + 1):
            if (i, j) != (0, 0):
                image = points + np.array([i, j + 1.6e-7 * i]) * box
                near = whole | ((image > -margin) & (image < box + margin)).all(axis=1)
                found.append(image[near])
    return np.concatenate(found), whole


def _circumradius(triangles: Array) -> Array:
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    c = b - a
    area = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    sides = [np.sqrt((side**2).sum(axis=1)) for side in (a, b, c)]
    radius: Array = sides[0] * sides[1] * sides[2] / np.maximum(2.0 * area, 1e-300)
    return radius


@njit(cache=True, nogil=True)
def _find_maxima(field: Array, level: float) -> Array:
    rows, columns = field.shape
    found = np.empty((field.size // 4 + 1, 2))
    count = 0
    for i in range(rows):
        up, down = (i - 1) % rows, (i + 1) % rows
        for j in range(columns):
            left, right = (j - 1) % columns, (j + 1) % columns
            c = field[i, j]
            # of equal neighbours the first counts, so that a peak half way between two cells is one
            if (c > level and c > field[up, left] and c > field[up, j] and c > field[up, right] and c > field[i, left]
                    and c >= field[i, right] and c >= field[down, left] and c >= field[down, j]
                    and c >= field[down, right]):  # fmt: skip
                bend_y, bend_x = 2.0 * c - field[up, j] - field[down, j], 2.0 * c - field[i, left] - field[i, right]
                shift_y = 0.5 * (field[down, j] - field[up, j]) / bend_y if bend_y > 0.0 else 0.0
                shift_x = 0.5 * (field[i, right] - field[i, left]) / bend_x if bend_x > 0.0 else 0.0
                found[count, 0] = (i + 0.5 + shift_y) % rows
                found[count, 1] = (j + 0.5 + shift_x) % columns
                count += 1
    return found[:count].copy()

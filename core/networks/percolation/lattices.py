"""Graphs with boundaries: nodes, edges, how edges cross periodic boundaries, and which nodes lie on open faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Graph", "cubic_lattice", "honeycomb_lattice", "square_lattice", "triangular_lattice"]


@dataclass(frozen=True, eq=False)
class Graph:
    """A finite graph in a box whose directions are periodic or open.

    Parameters
    ----------
    nodes : int
        Number of nodes, below 2**31.
    edges : array_like of int
        Pairs of nodes, shape (m, 2).
    crossings : array_like of int
        How often, and which way, each edge crosses each boundary from its first to its second node; shape (m, d) with
        d at most 3. Zeros in open directions.
    faces : array_like of bool, optional
        Nodes on the lower and upper face of each open direction, shape (nodes, d, 2). Default: no faces.

    Raises
    ------
    ValueError
        If shapes disagree, an edge names a missing node, or there are no nodes.

    Examples
    --------
    A ring of three nodes:

    >>> Graph(3, [(0, 1), (1, 2), (2, 0)], [[0], [0], [1]]).directions
    1
    """

    nodes: int
    edges: NDArray[np.integer[Any]]
    crossings: NDArray[np.integer[Any]]
    faces: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.nodes, bool) or int(self.nodes) != self.nodes or not 1 <= self.nodes < 2**31:
            raise ValueError(f"nodes = {self.nodes!r}: must be an integer from 1 to 2**31 - 1")
        edges, crossings = np.asarray(self.edges), np.asarray(self.crossings)
        if edges.size == 0:
            edges = np.empty((0, 2), np.int32)
        if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu" or len(edges) >= 2**31:
            raise ValueError(f"edges of shape {edges.shape} and type {edges.dtype}: must be integer pairs (m, 2)")
        if len(edges) and not 0 <= edges.min() <= edges.max() < self.nodes:
            raise ValueError(f"edges name nodes {edges.min()} to {edges.max()}: must lie in 0 to {self.nodes - 1}")
        if crossings.ndim != 2 or len(crossings) != len(edges) or crossings.shape[1] > 3:
            raise ValueError(
                f"crossings of shape {crossings.shape}: must be ({len(edges)}, d) with at most 3 directions"
            )
        if crossings.size and (crossings.dtype.kind not in "iu" or np.abs(crossings).max() > 100):
            raise ValueError("crossings: must be integers between -100 and 100")
        object.__setattr__(self, "edges", _frozen(edges, np.int32))
        object.__setattr__(self, "crossings", _frozen(crossings, np.int32))
        if self.faces is not None:
            faces = np.asarray(self.faces)
            if faces.dtype != np.bool_ or faces.shape != (self.nodes, self.directions, 2):
                shape = (self.nodes, self.directions, 2)
                raise ValueError(f"faces of shape {faces.shape} and type {faces.dtype}: must be bool {shape}")
            object.__setattr__(self, "faces", _frozen(faces, np.bool_))

    @property
    def directions(self) -> int:
        """Number of directions of the box."""
        return int(self.crossings.shape[1])


def square_lattice(shape: Sequence[int], *, periodic: Sequence[bool] = (True, True)) -> Graph:
    """Square lattice of `shape` (columns, rows); 4 neighbours.

    Parameters
    ----------
    shape : sequence of int
        Nodes along x and y.
    periodic : sequence of bool
        Directions that close on themselves; the others are open and have faces.

    Returns
    -------
    Graph
        Node (x, y) has the number x * rows + y.

    Raises
    ------
    ValueError
        If the shape is not two positive integers.

    Examples
    --------
    >>> square_lattice((3, 4)).edges.shape
    (24, 2)
    """
    return _bravais(shape, periodic, 2, 1, [(0, 0, (1, 0)), (0, 0, (0, 1))])


def triangular_lattice(shape: Sequence[int], *, periodic: Sequence[bool] = (True, True)) -> Graph:
    """Triangular lattice of `shape` along two axes at 60 degrees; 6 neighbours.

    As a torus it is a rhombus: compare with ``torus_wrapping(exp(1j * pi / 3))``. Arguments as for `square_lattice`.

    Examples
    --------
    >>> triangular_lattice((3, 4)).edges.shape
    (36, 2)
    """
    return _bravais(shape, periodic, 2, 1, [(0, 0, (1, 0)), (0, 0, (0, 1)), (0, 0, (1, -1))])


def honeycomb_lattice(shape: Sequence[int], *, periodic: Sequence[bool] = (True, True)) -> Graph:
    """Honeycomb lattice of `shape` rhombic cells with two nodes each; 3 neighbours.

    Node *s* (0 or 1) of cell (x, y) has the number 2 (x * rows + y) + *s*. Arguments as for `square_lattice`.

    Examples
    --------
    >>> honeycomb_lattice((3, 4)).edges.shape
    (36, 2)
    """
    return _bravais(shape, periodic, 2, 2, [(0, 1, (0, 0)), (0, 1, (-1, 0)), (0, 1, (0, -1))])


def cubic_lattice(shape: Sequence[int], *, periodic: Sequence[bool] = (True, True, True)) -> Graph:
    """Simple cubic lattice of any `shape`; 6 neighbours. A slab is ``periodic=(True, True, False)``.

    Arguments as for `square_lattice`, with three directions.

    Examples
    --------
    >>> cubic_lattice((3, 4, 5), periodic=(True, True, False)).edges.shape
    (168, 2)
    """
    return _bravais(shape, periodic, 3, 1, [(0, 0, (1, 0, 0)), (0, 0, (0, 1, 0)), (0, 0, (0, 0, 1))])


def _bravais(
    shape: Sequence[int],
    periodic: Sequence[bool],
    dimensions: int,
    basis: int,
    bonds: list[tuple[int, int, tuple[int, ...]]],
) -> Graph:
    """Bonds (node in cell, node in other cell, step to that cell) repeated over all cells."""
    extent = tuple(shape)
    if len(extent) != dimensions or any(isinstance(n, bool) or int(n) != n or n < 1 for n in extent):
        raise ValueError(f"shape = {shape!r}: must be {dimensions} positive integers")
    if len(periodic) != dimensions:
        raise ValueError(f"periodic = {periodic!r}: must be {dimensions} booleans, one a direction")
    cells = np.stack(np.meshgrid(*(np.arange(n) for n in extent), indexing="ij"), axis=-1).reshape(-1, dimensions)
    edges, crossings = [], []
    for near, far, step in bonds:
        image, inside = np.divmod(cells + np.array(step), np.array(extent))
        kept = ~((image != 0) & ~np.array(periodic, bool)).any(axis=1)
        start, end = _number(cells[kept], extent), _number(inside[kept], extent)
        edges.append(np.stack([basis * start + near, basis * end + far], axis=1))
        crossings.append(image[kept])
    faces = None
    if not all(periodic):
        faces = np.stack([cells == 0, cells == np.array(extent) - 1], axis=-1) & ~np.array(periodic, bool)[:, None]
        faces = np.repeat(faces, basis, axis=0)
    return Graph(basis * len(cells), np.concatenate(edges), np.concatenate(crossings), faces)


def _number(cells: NDArray[np.int64], extent: tuple[int, ...]) -> NDArray[np.int64]:
    return np.ravel_multi_index(tuple(cells.T), extent).astype(np.int64)


def _frozen(values: ArrayLike, dtype: type) -> NDArray[Any]:
    array: NDArray[Any] = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array

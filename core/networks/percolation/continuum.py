"""Random geometric graphs: points in a box, linked when they are closer than a reach."""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...kernels.disjoint_sets import pack_crossings
from ...kernels.random import spawn_states, uniform
from ...kernels.threads import map_blocks
from .lattices import Graph
from .scan import Scan, Tick, average_scans, neighbour_lists, pack_faces, sweep_bonds, sweep_sites

__all__ = ["connection_reach", "geometric_graph", "random_geometric_graph", "scan_points"]

Floats = NDArray[np.float64]


def geometric_graph(
    positions: ArrayLike, box: Sequence[float], reach: float, *, periodic: Sequence[bool] | None = None
) -> tuple[Graph, Floats]:
    """Link all points that are at most `reach` apart.

    Parameters
    ----------
    positions : array_like
        Points in the box, shape (n, d), d = 1 to 3, in any unit of length.
    box : sequence of float
        Lengths of the box, which begins at the origin.
    reach : float
        Largest distance of linked points; at most a third of each periodic length, so that wrapping is unambiguous.
    periodic : sequence of bool, optional
        Directions that close on themselves. Default: all. On the faces of open directions lie the points within half a
        reach (linked points are overlapping spheres of that radius).

    Returns
    -------
    graph : Graph
        Edges in order of increasing length.
    lengths : numpy.ndarray
        Length of each edge.

    Raises
    ------
    ValueError
        If points lie outside the box, or the reach is not positive or too long for the box.

    Examples
    --------
    >>> graph, lengths = geometric_graph([[0.5, 1.0], [9.5, 1.0]], (10.0, 10.0), 1.5)
    >>> graph.edges.tolist(), graph.crossings.tolist(), lengths.tolist()
    ([[1, 0]], [[1, 0]], [1.0])
    """
    sides, closed = _checked_box(box, reach, periodic)
    points = np.ascontiguousarray(positions, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != len(sides) or len(points) == 0:
        raise ValueError(f"positions of shape {points.shape}: must be (n, {len(sides)}) with at least one point")
    if not ((points >= 0.0) & (points <= sides)).all():
        raise ValueError("positions: must lie inside the box, between 0 and its lengths")
    points = np.where(closed & (points == sides), 0.0, points)
    pairs, image, lengths = _near_pairs(points, sides, closed, float(reach))
    order = np.argsort(lengths, kind="stable")
    faces = None
    if not closed.all():
        faces = np.stack([points <= 0.5 * reach, points >= sides - 0.5 * reach], axis=-1) & ~closed[:, None]
    return Graph(len(points), pairs[order], image[order], faces), lengths[order]


def random_geometric_graph(
    nodes: int, box: Sequence[float], reach: float, *, periodic: Sequence[bool] | None = None, seed: int = 0
) -> tuple[Graph, Floats]:
    """`geometric_graph` of `nodes` points that are uniformly distributed in the box.

    Examples
    --------
    The mean degree approaches n pi r^2:

    >>> graph, lengths = random_geometric_graph(5000, (50.0, 50.0), 1.0)
    >>> bool(abs(2 * len(lengths) / 5000 / (2 * 3.14159) - 1) < 0.05)
    True
    """
    sides, _ = _checked_box(box, reach, periodic)
    points = _draw_points(_checked_count("nodes", nodes), sides, spawn_states(seed, 1)[0])
    return geometric_graph(points, box, reach, periodic=periodic)


def scan_points(
    nodes: int,
    box: Sequence[float],
    reach: float,
    scans: int,
    *,
    periodic: Sequence[bool] | None = None,
    seed: int = 0,
    workers: int | None = None,
    tick: Tick | None = None,
) -> Scan:
    """Throw points into a box one by one; each links to those within `reach`. Every scan has points of its own.

    Parameters
    ----------
    nodes : int
        Number of points thrown: some ten per cent and several square roots above the threshold of interest.
    box, reach, periodic
        As for `geometric_graph`.
    scans, seed, workers, tick
        As for `scan_bonds`.

    Returns
    -------
    Scan
        Of the Poisson ensemble: its control parameter is the number density, in the unit of `box`.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    The threshold n r^2 of overlapping disks is 1.4363:

    >>> from mesoscale.core.networks.percolation import threshold, torus_wrapping
    >>> scan = scan_points(800, (20.0, 20.0), 1.0, 200)
    >>> density, error = threshold(scan, torus_wrapping().any, event="any")
    >>> abs(density - 1.4363) < 4 * error < 0.04
    True
    """
    sides, _ = _checked_box(box, reach, periodic)
    nodes = _checked_count("nodes", nodes)
    stride = 1 + (nodes - 1) // 2**14

    def block(states: NDArray[np.uint64], sums: Floats, onset: NDArray[np.int64]) -> None:
        order = np.arange(nodes, dtype=np.int32).reshape(-1, 1)
        for i, state in enumerate(states):
            graph, _ = geometric_graph(_draw_points(nodes, sides, state), box, reach, periodic=periodic)
            first, neighbours = neighbour_lists(graph)
            sweep_sites(order, first, neighbours, pack_faces(graph), stride, sums, onset[i])

    return average_scans(
        block,
        (nodes, nodes, len(sides)),
        stride,
        20_000 + 40 * nodes,
        scans,
        seed,
        workers,
        tick,
        "poisson",
        float(np.prod(sides)),
    )


def connection_reach(
    nodes: int,
    box: Sequence[float],
    longest: float,
    scans: int,
    *,
    periodic: Sequence[bool] | None = None,
    seed: int = 0,
    workers: int | None = None,
    tick: Tick | None = None,
) -> Floats:
    """The reach at which random points become connected around the box: links enter in the order of their lengths.

    Parameters
    ----------
    nodes : int
        Number of points, the same in each scan.
    box, periodic
        As for `geometric_graph`.
    longest : float
        Longest reach to try, in the unit of `box`.
    scans, seed, workers, tick
        As for `scan_bonds`.

    Returns
    -------
    numpy.ndarray
        Shape (scans, d), in the unit of `box`; infinite where `longest` does not suffice, and in open directions.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> reach = connection_reach(400, (20.0, 20.0), 3.0, 50)
    >>> bool(1.0 < reach.mean() < 1.4)
    True
    """
    sides, closed = _checked_box(box, longest, periodic)
    nodes, scans = _checked_count("nodes", nodes), _checked_count("scans", scans)
    no_faces = np.empty(0, np.uint8)

    def block(begin: int, end: int) -> Floats:
        reach = np.full((end - begin, len(sides)), np.inf)
        for i, state in enumerate(spawn_states(seed, end - begin, first=begin)):
            graph, lengths = geometric_graph(_draw_points(nodes, sides, state), box, longest, periodic=closed.tolist())
            bonds = np.column_stack([graph.edges, pack_crossings(graph.crossings)]).astype(np.int32)
            onset = np.full(len(sides), len(bonds) + 1, np.int64)
            sums = np.zeros((6, 2))
            sweep_bonds(bonds, nodes, no_faces, max(len(bonds), 1), sums, onset)
            found = onset <= len(bonds)
            reach[i, found] = lengths[onset[found] - 1]
        return reach

    return np.concatenate(map_blocks(block, scans, max(1, 100_000 // nodes), workers=workers, tick=tick))


def _checked_box(
    box: Sequence[float], reach: float, periodic: Sequence[bool] | None
) -> tuple[Floats, NDArray[np.bool_]]:
    sides = np.asarray(box, dtype=np.float64)
    if sides.ndim != 1 or not 1 <= len(sides) <= 3 or not (np.isfinite(sides) & (sides > 0.0)).all():
        raise ValueError(f"box = {box!r}: must be 1 to 3 positive lengths")
    closed = np.ones(len(sides), bool) if periodic is None else np.asarray(periodic, dtype=bool)
    if closed.shape != sides.shape:
        raise ValueError(f"periodic = {periodic!r}: must be {len(sides)} booleans, one a direction")
    if not (np.isfinite(reach) and reach > 0.0):
        raise ValueError(f"reach = {reach!r}: must be a positive length")
    if closed.any() and reach > sides[closed].min() / 3.0:
        limit = sides[closed].min() / 3.0
        raise ValueError(
            f"reach = {reach}: must not exceed a third of the periodic lengths, {limit}; take a larger box"
        )
    return sides, closed


def _checked_count(name: str, value: int) -> int:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(f"{name} = {value!r}: must be an integer of at least 1")
    return int(value)


def _near_pairs(
    points: Floats, sides: Floats, closed: NDArray[np.bool_], reach: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Pairs within `reach`, their boundary crossings and distances, by a grid of cells as wide as the reach."""
    n, d = points.shape
    wide = np.zeros((n, 3))
    wide[:, :d] = points
    box, wraps, cells = np.ones(3), np.zeros(3, bool), np.ones(3, np.int64)
    box[:d], wraps[:d] = sides, closed
    fewest = np.where(closed, 3, 1)
    # no more cells than about the points; always at least three where the stencil closes on itself
    cells[:d] = np.clip(sides / reach, fewest, np.maximum(fewest, np.ceil(n ** (1 / d)))).astype(np.int64)
    expected = 0.5 * n * n * min(1.0, 4.2 * reach**d / float(np.prod(sides)))
    capacity = 64 + int(1.2 * min(expected, 1e8))
    while True:
        pairs, image, lengths = np.empty((capacity, 2), np.int32), np.empty((capacity, 3), np.int32), np.empty(capacity)
        found = int(_link_pairs(wide, box, wraps, cells, reach, pairs, image, lengths))
        if found <= capacity:
            return pairs[:found], image[:found, :d], lengths[:found]
        capacity = found


def _draw_points(nodes: int, sides: Floats, state: NDArray[np.uint64]) -> Floats:
    points = np.empty((nodes, len(sides)))
    _fill_uniform(points, state)
    return points * sides


@njit(cache=True, nogil=True)
def _fill_uniform(points: Floats, state: NDArray[np.uint64]) -> None:
    for i in range(points.shape[0]):
        for axis in range(points.shape[1]):
            points[i, axis] = uniform(state)


@njit(cache=True, nogil=True)
def _link_pairs(
    points: Floats,
    box: Floats,
    wraps: NDArray[np.bool_],
    cells: NDArray[np.int64],
    reach: float,
    pairs: NDArray[np.int32],
    image: NDArray[np.int32],
    lengths: Floats,
) -> int:
    """Fill the outputs as far as they go; the number of pairs."""
    n = len(points)
    place = np.empty((n, 3), np.int64)
    begin = np.zeros(cells[0] * cells[1] * cells[2] + 1, np.int64)
    number = np.empty(n, np.int64)
    for i in range(n):
        for axis in range(3):
            place[i, axis] = min(np.int64(points[i, axis] / box[axis] * cells[axis]), cells[axis] - 1)
        number[i] = (place[i, 0] * cells[1] + place[i, 1]) * cells[2] + place[i, 2]
        begin[number[i] + 1] += 1
    for c in range(len(begin) - 1):
        begin[c + 1] += begin[c]
    member, filled = np.empty(n, np.int64), begin[:-1].copy()
    for i in range(n):
        member[filled[number[i]]] = i
        filled[number[i]] += 1
    found = 0
    cell, cross = np.empty(3, np.int64), np.empty(3, np.int32)
    for i in range(n):
        for step in range(13, 27):  # the own cell and one of each two opposite neighbours
            offset, inside = step, True
            for axis in range(3):
                cell[axis] = place[i, axis] + offset % 3 - 1
                offset //= 3
                cross[axis] = -1 if cell[axis] < 0 else (1 if cell[axis] >= cells[axis] else 0)
                inside &= cross[axis] == 0 or wraps[axis]
                cell[axis] -= cross[axis] * cells[axis]
            if not inside:
                continue
            c = (cell[0] * cells[1] + cell[1]) * cells[2] + cell[2]
            for k in range(begin[c], begin[c + 1]):
                j = member[k]
                if step == 13 and j <= i:
                    continue
                square = 0.0
                for axis in range(3):
                    distance = points[j, axis] + cross[axis] * box[axis] - points[i, axis]
                    square += distance * distance
                if square <= reach * reach:
                    if found < len(pairs):
                        pairs[found, 0], pairs[found, 1] = i, j
                        lengths[found] = np.sqrt(square)
                        for axis in range(3):
                            image[found, axis] = cross[axis]
                    found += 1
    return found

"""Newman-Ziff scans of bonds and of sites."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.disjoint_sets import find_root_offset, pack_crossings, prefetch
from ...kernels.random import shuffle_rows, spawn_states
from ...kernels.threads import map_blocks
from .lattices import Graph

__all__ = ["Scan", "scan_bonds", "scan_sites"]

Floats = NDArray[np.float64]
Words = NDArray[np.int32]
Integer = int | np.integer[Any]
Tick = Callable[[int, int], object]
_EMPTY = -(2**31)  # the parent of a site that is not occupied
_AHEAD = 8  # elements whose cache lines are asked for in advance


@dataclass(frozen=True, eq=False)
class Scan:
    """Averages over independent scans, each of which occupies all elements one by one in random order.

    Curves are microcanonical: entry *i* belongs to exactly ``occupied[i]`` occupied elements. `canonical` (or
    `poissonian`) turns them into functions of the probability. Errors are standard errors of the mean over scans.

    Parameters
    ----------
    nodes, elements, scans : int
        Nodes of the graph, elements (bonds, sites or points) to occupy, independent scans.
    ensemble : {"binomial", "poisson"}
        Distribution of the number of occupied elements: of mean ``elements * probability``, or ``volume * density``.
    volume : float
        Volume (area, length) of the box of the Poisson ensemble; 1 otherwise.
    occupied : numpy.ndarray
        Numbers of occupied elements at which curves are recorded, shape (k,).
    largest_cluster, mean_cluster_size, susceptibility : numpy.ndarray
        Fraction of nodes in the largest cluster; sum of s^2 over clusters, divided by the nodes; the same without the
        largest cluster. Shape (k,), each with its ``_error``.
    onset : numpy.ndarray
        Number of occupied elements at which each direction became connected, ``elements + 1`` if it never did; shape
        (scans, directions).
    """

    nodes: int
    elements: int
    scans: int
    ensemble: Literal["binomial", "poisson"]
    volume: float
    occupied: NDArray[np.int64]
    largest_cluster: Floats
    largest_cluster_error: Floats
    mean_cluster_size: Floats
    mean_cluster_size_error: Floats
    susceptibility: Floats
    susceptibility_error: Floats
    onset: NDArray[np.int64]


def scan_bonds(
    graph: Graph,
    scans: int,
    *,
    seed: int = 0,
    every: int | None = None,
    workers: int | None = None,
    tick: Tick | None = None,
) -> Scan:
    """Occupy the edges of `graph` in random order; all nodes are present.

    Parameters
    ----------
    graph : Graph
        Any graph, periodic or open.
    scans : int
        Number of independent scans.
    seed : int
        Scan *i* depends on (`seed`, *i*) only.
    every : int, optional
        Record the curves at every so many occupied elements. Default: as often as 2**14 records allow, that is always
        up to 16384 elements. Onsets are exact in any case.
    workers : int, optional
        Number of threads; the result does not depend on it.
    tick : callable, optional
        ``tick(done, total)`` reports progress and may raise to cancel.

    Returns
    -------
    Scan
        Curves and onsets.

    Raises
    ------
    ValueError
        If the graph has no edges or a number is out of range.

    Examples
    --------
    A ring of 10 wraps with its last bond, and only then:

    >>> from mesoscale.core.networks.percolation import square_lattice
    >>> ring = square_lattice((10, 1), periodic=(True, False))
    >>> scan_bonds(ring, 3).onset[:, 0].tolist()
    [10, 10, 10]
    """
    if not len(graph.edges):
        raise ValueError("graph: has no edges to occupy")
    records = np.column_stack([graph.edges, pack_crossings(graph.crossings)]).astype(np.int32)
    touch = pack_faces(graph)

    stride = _stride(len(records), every)

    def block(states: NDArray[np.uint64], sums: Floats, onset: NDArray[np.int64]) -> None:
        _scan_bonds(records, graph.nodes, touch, states, stride, sums, onset)

    sizes = graph.nodes, len(records), graph.directions
    return average_scans(block, sizes, stride, 2 * len(records), scans, seed, workers, tick)


def scan_sites(
    graph: Graph,
    scans: int,
    *,
    seed: int = 0,
    every: int | None = None,
    workers: int | None = None,
    tick: Tick | None = None,
) -> Scan:
    """Occupy the nodes of `graph` in random order; an edge is open when both of its nodes are occupied.

    Parameters as for `scan_bonds`.

    Examples
    --------
    >>> from mesoscale.core.networks.percolation import square_lattice
    >>> scan = scan_sites(square_lattice((8, 8)), 100)
    >>> scan.largest_cluster[[0, 1, 64]].tolist()
    [0.0, 0.015625, 1.0]
    """
    first, neighbours = neighbour_lists(graph)
    touch = pack_faces(graph)

    stride = _stride(graph.nodes, every)

    def block(states: NDArray[np.uint64], sums: Floats, onset: NDArray[np.int64]) -> None:
        _scan_sites(first, neighbours, touch, states, stride, sums, onset)

    sizes = graph.nodes, graph.nodes, graph.directions
    return average_scans(block, sizes, stride, graph.nodes + 2 * len(graph.edges), scans, seed, workers, tick)


def neighbour_lists(graph: Graph) -> tuple[NDArray[np.int64], Words]:
    """Neighbours of node *i* with packed crossings: rows ``first[i]`` to ``first[i + 1]`` of an array (2 m, 2)."""
    packed = pack_crossings(graph.crossings)
    start, end = graph.edges.T
    origin = np.concatenate([start, end])
    order = np.argsort(origin, kind="stable")
    neighbours = np.column_stack([np.concatenate([end, start]), np.concatenate([packed, -packed])])[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(origin, minlength=graph.nodes))]).astype(np.int64)
    return first, np.ascontiguousarray(neighbours, np.int32)


def pack_faces(graph: Graph) -> NDArray[np.uint8]:
    if graph.faces is None:
        return np.empty(0, np.uint8)
    bits = 1 << np.arange(2 * graph.directions, dtype=np.uint8)
    packed: NDArray[np.uint8] = (graph.faces.reshape(graph.nodes, -1) * bits).sum(axis=1).astype(np.uint8)
    return packed


def _stride(elements: int, every: int | None) -> int:
    if every is None:
        return 1 + (elements - 1) // 2**14
    if isinstance(every, bool) or int(every) != every or every < 1:
        raise ValueError(f"every = {every!r}: must be an integer of at least 1")
    return int(every)


def average_scans(
    block: Callable[[NDArray[np.uint64], Floats, NDArray[np.int64]], None],
    sizes: tuple[int, int, int],
    stride: int,
    work: int,
    scans: int,
    seed: int,
    workers: int | None,
    tick: Tick | None,
    ensemble: Literal["binomial", "poisson"] = "binomial",
    volume: float = 1.0,
) -> Scan:
    """Run `block(states, sums, onset)` for all scans; sizes: nodes, elements, directions; work: joins in one scan."""
    nodes, elements, directions = sizes
    if isinstance(scans, bool) or int(scans) != scans or scans < 1:
        raise ValueError(f"scans = {scans!r}: must be an integer of at least 1")
    spawn_states(seed, 0)  # refuses a bad seed before any work
    occupied = np.minimum(np.arange(0, elements + stride, stride), elements)

    def run(begin: int, end: int) -> tuple[Floats, NDArray[np.int64]]:
        sums = np.zeros((6, len(occupied)))
        onset = np.full((end - begin, directions), elements + 1, np.int64)
        block(spawn_states(seed, end - begin, first=begin), sums, onset)
        return sums, onset

    # about 0.2 s of work, but no more blocks than their sums fit into memory: never a matter of the number of threads
    size = max(1, -(-scans // 128), 4_000_000 // work)
    blocks = map_blocks(run, scans, size, workers=workers, tick=tick)
    total, square = np.sum([sums for sums, _ in blocks], axis=0).reshape(2, 3, -1)
    mean, error = total / (scans * nodes), np.full_like(total, np.nan)
    if scans > 1:
        error = np.sqrt(np.maximum(square - total * (total / scans), 0.0) / (scans * (scans - 1))) / nodes
    return Scan(
        nodes, elements, scans, ensemble, volume, occupied.astype(np.int64), mean[0], error[0], mean[1], error[1],
        mean[2], error[2], np.concatenate([onset for _, onset in blocks]),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _record(sums: Floats, i: Integer, largest: Integer, squares: Integer) -> None:
    # whole numbers, so that sums are exact below 2^53
    values = (float(largest), float(squares), float(squares - largest * largest))
    for k in range(3):
        sums[k, i] += values[k]
        sums[k + 3, i] += values[k] * values[k]


@njit(cache=True, nogil=True)
def _note_onset(onset: NDArray[np.int64], winding: Integer, touch: Integer, count: Integer) -> int:
    """Note the directions that a cluster connects by winding or by touching both faces; the number still missing."""
    directions = len(onset)
    bits = 32 // max(directions, 1)
    half = np.int64(1) << (bits - 1)
    rest, missing = np.int64(winding), 0
    for axis in range(directions):
        digit = ((rest + half) & (2 * half - 1)) - half
        rest = (rest - digit) >> bits
        if onset[axis] > count and (digit != 0 or (touch >> (2 * axis)) & 3 == 3):
            onset[axis] = count
        if onset[axis] > count:
            missing += 1
    return missing


@njit(cache=True, nogil=True)
def _scan_bonds(
    records: Words,
    nodes: int,
    faces: NDArray[np.uint8],
    states: NDArray[np.uint64],
    stride: int,
    sums: Floats,
    onset: NDArray[np.int64],
) -> None:
    shuffled = np.empty_like(records)
    for s in range(len(states)):
        shuffle_rows(records, shuffled, states[s])
        sweep_bonds(shuffled, nodes, faces, stride, sums, onset[s])


@njit(cache=True, nogil=True)
def sweep_bonds(
    bonds: Words, nodes: int, faces: NDArray[np.uint8], stride: int, sums: Floats, onset: NDArray[np.int64]
) -> None:
    slots = np.empty((nodes, 2), np.int32)
    for i in range(nodes):
        slots[i, 0], slots[i, 1] = -1, 0
    touch, open_faces = faces.copy(), len(faces) > 0
    elements, largest, squares = len(bonds), np.int64(1), np.int64(nodes)
    missing = len(onset)
    if open_faces:
        for i in range(nodes):  # a layer of one node touches both faces from the beginning
            missing = _note_onset(onset, 0, touch[i], 0)
    _record(sums, 0, largest, squares)
    for begin in range(0, elements, stride):
        end = min(begin + stride, elements)
        for k in range(begin, end):
            if k + _AHEAD < elements:
                prefetch(slots, np.int64(bonds[k + _AHEAD, 0]))
                prefetch(slots, np.int64(bonds[k + _AHEAD, 1]))
            a, to_a = find_root_offset(slots, bonds[k, 0])
            b, to_b = find_root_offset(slots, bonds[k, 1])
            offset = np.int32(to_a + bonds[k, 2] - to_b)
            if a == b:
                if offset != 0 and missing > 0:
                    missing = _note_onset(onset, offset, 0, k + 1)
                continue
            size_a, size_b = np.int64(slots[a, 0]), np.int64(slots[b, 0])
            if size_a > size_b:
                a, b, offset = b, a, np.int32(-offset)
            slots[a, 0] = size_a + size_b
            slots[b, 0], slots[b, 1] = a, offset
            squares += 2 * size_a * size_b
            largest = max(largest, -(size_a + size_b))
            if open_faces and missing > 0:
                touch[a] |= touch[b]
                missing = _note_onset(onset, 0, touch[a], k + 1)
        _record(sums, (end + stride - 1) // stride, largest, squares)


@njit(cache=True, nogil=True)
def _scan_sites(
    first: NDArray[np.int64],
    neighbours: Words,
    faces: NDArray[np.uint8],
    states: NDArray[np.uint64],
    stride: int,
    sums: Floats,
    onset: NDArray[np.int64],
) -> None:
    nodes = len(first) - 1
    identity, order = np.arange(nodes).astype(np.int32).reshape(nodes, 1), np.empty((nodes, 1), np.int32)
    for s in range(len(states)):
        shuffle_rows(identity, order, states[s])
        sweep_sites(order, first, neighbours, faces, stride, sums, onset[s])


@njit(cache=True, nogil=True)
def sweep_sites(
    order: Words,
    first: NDArray[np.int64],
    neighbours: Words,
    faces: NDArray[np.uint8],
    stride: int,
    sums: Floats,
    onset: NDArray[np.int64],
) -> None:
    """Occupy the nodes in the given `order` (n, 1), add the curves to `sums` and note the `onset` of each direction."""
    nodes = len(order)
    slots = np.empty((nodes, 2), np.int32)
    for i in range(nodes):
        slots[i, 0], slots[i, 1] = _EMPTY, 0
    touch, open_faces = faces.copy(), len(faces) > 0
    largest, squares, missing = np.int64(0), np.int64(0), len(onset)
    for begin in range(0, nodes, stride):
        end = min(begin + stride, nodes)
        for k in range(begin, end):
            if k + 2 * _AHEAD < nodes:
                prefetch(neighbours, first[order[k + 2 * _AHEAD, 0]])
            if k + _AHEAD < nodes:
                ahead = order[k + _AHEAD, 0]
                prefetch(slots, np.int64(ahead))
                for e in range(first[ahead], first[ahead + 1]):
                    prefetch(slots, np.int64(neighbours[e, 0]))
            site = order[k, 0]
            slots[site, 0] = -1
            squares += 1
            largest = max(largest, np.int64(1))
            if open_faces and missing > 0:
                missing = _note_onset(onset, 0, touch[site], k + 1)
            root: Integer = np.int64(site)
            to_site = np.int32(0)
            for e in range(first[site], first[site + 1]):
                if slots[neighbours[e, 0], 0] == _EMPTY:
                    continue
                a = root
                b, to_b = find_root_offset(slots, neighbours[e, 0])
                offset = np.int32(to_site + neighbours[e, 1] - to_b)
                if a == b:
                    if offset != 0 and missing > 0:
                        missing = _note_onset(onset, offset, 0, k + 1)
                    continue
                size_a, size_b = np.int64(slots[a, 0]), np.int64(slots[b, 0])
                if size_a > size_b:
                    a, b, offset = b, a, np.int32(-offset)
                    root, to_site = a, np.int32(to_site + offset)
                slots[a, 0] = size_a + size_b
                slots[b, 0], slots[b, 1] = a, offset
                squares += 2 * size_a * size_b
                largest = max(largest, -(size_a + size_b))
                if open_faces and missing > 0:
                    touch[a] |= touch[b]
                    missing = _note_onset(onset, 0, touch[a], k + 1)
        _record(sums, (end + stride - 1) // stride, largest, squares)

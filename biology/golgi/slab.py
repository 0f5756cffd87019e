"""Molecules in a slab of the cell, and all bonds between them at equilibrium.

The molecules are at random places and stay there; two can bind when they are within reach. Equation numbers are those
of the package's docstring.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import constants

from ...core.kernels.disjoint_sets import find_root_offset, join_periodic, pack_crossings
from ...core.kernels.random import uniform
from ...core.networks.percolation import geometric_graph
from .binding import reach_volume
from .mixture import Composition

__all__ = ["BondGraph", "anneal_bonds", "possible_bonds", "random_slab", "whole_numbers"]

Floats = NDArray[np.float64]
Words = NDArray[np.int32]

MEASURES = ("bond", "wraps_x", "wraps_y", "wrapping", "largest", "finite_size", "renewals")
"""What `anneal_bonds` measures: fraction of stickers that are bound; whether a cluster wraps the slab along x and y;
fraction of molecules in wrapping clusters and in the largest cluster; mean size of the cluster of a molecule outside
the wrapping ones (0 if there is none); how often a bond was renewed while the bonds relaxed."""


class BondGraph(NamedTuple):
    """All bonds that are possible. A *site* is all stickers of one kind on one molecule."""

    valences: Words
    """Stickers of each site."""
    molecules: Words
    """Molecule of each site, numbered from 0."""
    edges: Words
    """Pairs of sites that can bind, shape (m, 2)."""
    crossings: Words
    """Periodic boundaries that each edge crosses, packed."""
    weights: Floats
    """Statistical weight of one bond between one pair of stickers, at a scale of 1."""


def random_slab(
    table: Composition, numbers: NDArray[np.int64], thickness: float, reach: float, state: NDArray[np.uint64]
) -> BondGraph:
    """Throw molecules into a periodic slab of the table's concentration and find all bonds that are possible.

    Parameters
    ----------
    table : Composition
        The proteins.
    numbers : numpy.ndarray
        Molecules of each kind.
    thickness, reach : float
        Of the slab and of a bond [m].
    state : numpy.ndarray
        Random state, changed in place.
    """
    total = int(numbers.sum())
    surface_density = table.concentrations.sum() * constants.N_A * thickness
    width = math.sqrt(total / surface_density) / reach  # lengths in units of the reach
    box = (width, width, thickness / reach)
    places = np.empty((total, 3))
    _draw_places(places, state)
    graph, _ = geometric_graph(places * box, box, 1.0, periodic=(True, True, False))
    species = np.repeat(np.arange(len(numbers)), numbers)
    # equation (14): at a dissociation constant of 1, a pair of stickers within reach is bound with this odds
    weights = table.strengths / (constants.N_A * float(reach_volume(reach, thickness)))
    return possible_bonds(table.counts, species, weights, graph.edges, pack_crossings(graph.crossings[:, :2]))


def possible_bonds(
    counts: ArrayLike, species: ArrayLike, weights: ArrayLike, pairs: ArrayLike, crossings: ArrayLike
) -> BondGraph:
    """Turn pairs of molecules into pairs of sites.

    Parameters
    ----------
    counts : array_like
        Stickers on a molecule, [species, kind].
    species : array_like of int
        Species of each molecule.
    weights : array_like
        Statistical weight of a bond between stickers of two kinds, [kind, kind]; 0 where they do not bind.
    pairs : array_like of int
        Molecules within reach, shape (m, 2).
    crossings : array_like of int
        Packed crossings, shape (m,).
    """
    stickers = np.asarray(counts)[np.asarray(species)]
    strength, pair, crossing = np.asarray(weights, float), np.asarray(pairs), np.asarray(crossings, np.int32)
    molecules, kinds = np.nonzero(stickers > 0)
    site = np.full(stickers.shape, -1, np.int32)
    site[molecules, kinds] = np.arange(len(molecules))
    found: list[tuple[Words, Words, Words, Floats]] = []
    for a, b in zip(*np.nonzero(strength > 0.0), strict=True):
        first, second = site[pair[:, 0], a], site[pair[:, 1], b]
        both = (first >= 0) & (second >= 0)
        found.append((first[both], second[both], crossing[both], np.full(int(both.sum()), strength[a, b])))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    edges = np.ascontiguousarray(np.stack(columns[:2], axis=1))
    valences = stickers[molecules, kinds].astype(np.int32)
    return BondGraph(valences, molecules.astype(np.int32), edges, columns[2], columns[3])


def anneal_bonds(
    graph: BondGraph,
    molecules: int,
    scales: ArrayLike,
    sweeps: int,
    snapshots: int,
    state: NDArray[np.uint64],
    *,
    bonds_per_pair: int | None = None,
) -> Floats:
    """Bring the bonds to equilibrium at one strength after the other, and measure the network.

    Each configuration of bonds has the probability of equation (15), at every scale.

    Parameters
    ----------
    graph : BondGraph
        What is possible.
    molecules : int
        Number of molecules.
    scales : array_like
        Factors of the weights, one after the other; the first begins without bonds.
    sweeps : int
        Visits of each edge before the first and between further measurements.
    snapshots : int
        Measurements at each scale.
    state : numpy.ndarray
        Random state, changed in place.
    bonds_per_pair : int, optional
        Most bonds an edge can hold. Default: as many as there are stickers.

    Returns
    -------
    numpy.ndarray
        Measurements, [scale, snapshot, measure], see `MEASURES`.
    """
    factors = np.atleast_1d(np.asarray(scales, dtype=np.float64))
    out = np.empty((len(factors), snapshots, len(MEASURES)))
    bonded = np.zeros(len(graph.edges), np.int32)
    free = graph.valences.copy()
    limit = np.iinfo(np.int32).max if bonds_per_pair is None else bonds_per_pair
    most = max(1, int(graph.valences.max(initial=1)))
    for k, factor in enumerate(factors):
        for shot in range(snapshots):
            breaks = _relax_bonds(free, most, graph.edges, graph.weights, factor, sweeps, limit, bonded, state)
            _measure_network(free, *graph[:4], molecules, bonded, out[k, shot])
            out[k, shot, 6] = breaks / max(1, int(bonded.sum()))
    return out


def whole_numbers(shares: ArrayLike, total: int) -> NDArray[np.int64]:
    """Divide `total` among `shares`, as nearly as whole numbers can.

    >>> whole_numbers([1.0, 2.0, 4.0], 10).tolist()
    [1, 3, 6]
    """
    weights = np.asarray(shares, dtype=float)
    exact = total * weights / weights.sum()
    numbers: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    left = np.argsort(numbers - exact, kind="stable")[: total - numbers.sum()]
    numbers[left] += 1
    return numbers


@njit(cache=True, nogil=True)
def _draw_places(places: Floats, state: Any) -> None:
    for i in range(places.shape[0]):
        for axis in range(places.shape[1]):
            places[i, axis] = uniform(state)


@njit(cache=True, nogil=True)
def _relax_bonds(
    free: Words,
    largest: int,
    edges: Words,
    weights: Floats,
    factor: float,
    sweeps: int,
    limit: int,
    bonded: Any,
    state: Any,
) -> int:
    """Heat bath: each edge in turn forgets its bonds and draws their number anew, given all others. Returns the breaks.

    With a and b stickers available on its sides, n bonds can be made in a! b! / ((a - n)! (b - n)! n!) ways. No site
    has more than `largest` stickers.
    """
    inverse = 1.0 / np.arange(1.0, largest + 1.0)
    breaks = 0
    for _ in range(sweeps):
        for e in range(len(edges)):
            i, j = edges[e, 0], edges[e, 1]
            bonds = bonded[e]
            a, b = free[i] + bonds, free[j] + bonds
            most = min(a, b, limit)
            if most == 0:
                continue
            odds = factor * weights[e]
            total = term = 1.0
            for n in range(most):
                ratio = odds * (a - n) * (b - n) * inverse[n]
                term *= ratio
                total += term
                if ratio < 0.5 and term < 1e-17 * total:  # ratios fall, so that the rest is less than this term
                    break
            left = uniform(state) * total - 1.0
            drawn, term = 0, 1.0
            while left >= 0.0 and drawn < most:
                term *= odds * (a - drawn) * (b - drawn) * inverse[drawn]
                left -= term
                drawn += 1
            if drawn != bonds:
                bonded[e] = drawn
                free[i] -= drawn - bonds
                free[j] -= drawn - bonds
                breaks += max(bonds - drawn, 0)
    return breaks


@njit(cache=True, nogil=True)
def _measure_network(
    free: Words,
    valences: Words,
    molecule: Words,
    edges: Words,
    crossings: Words,
    molecules: int,
    bonded: Any,
    out: Floats,
) -> None:
    slots = np.zeros((molecules, 2), np.int32)
    slots[:, 0] = -1
    winds = np.zeros(molecules, np.uint8)  # bit 1: along x, bit 2: along y
    for e in range(len(edges)):
        if bonded[e] > 0:
            i, j = molecule[edges[e, 0]], molecule[edges[e, 1]]
            winding = np.int32(join_periodic(slots, i, j, crossings[e]))
            if winding != 0:
                along_x = np.int32(np.int16(winding & 0xFFFF))
                winds[i] |= (1 if along_x != 0 else 0) | (2 if np.int32(winding - along_x) != 0 else 0)
    for i in range(molecules):
        if winds[i]:
            root, _ = find_root_offset(slots, i)
            winds[root] |= winds[i]
    every, wrapping, largest = 0, 0, 0
    squares = 0.0
    for i in range(molecules):
        if slots[i, 0] < 0:
            size = -slots[i, 0]
            largest = max(largest, size)
            if winds[i]:
                every |= winds[i]
                wrapping += size
            else:
                squares += float(size) * size
    stickers, open_stickers = 0, 0
    for i in range(len(valences)):
        stickers += valences[i]
        open_stickers += free[i]
    out[0] = 1.0 - open_stickers / stickers if stickers > 0 else 0.0
    out[1] = every & 1
    out[2] = every >> 1
    out[3] = wrapping / molecules
    out[4] = largest / molecules
    out[5] = squares / (molecules - wrapping) if wrapping < molecules else 0.0

"""Graphs to begin with: a tree, a lattice, a random network."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import networkx
import numpy as np

from ...model import ParameterError

if TYPE_CHECKING:
    from networkx import Graph

__all__ = ["dendrimer", "diamond_network", "end_linked_network"]

_MOST_BEADS = 1_000_000


def dendrimer(functionality: int, generations: int) -> Graph:
    """A perfect tree: a core with `functionality` arms, each bead of which branches into as many less one.

    Parameters
    ----------
    functionality : int
        Bonds of a bead inside, at least 1.
    generations : int
        Shells around the core; 0 for the core alone.

    Returns
    -------
    networkx.Graph
        Beads are numbered from the core outwards.

    Raises
    ------
    ParameterError
        If a number is too small, or the tree would have more than a million beads.

    Examples
    --------
    >>> dendrimer(3, 2).number_of_nodes()
    10
    """
    name = "dendrimer"
    _check_count(name, "functionality", functionality, 1)
    _check_count(name, "generations", generations, 0)
    beads = shell_size = 1
    for shell in range(generations):
        shell_size *= functionality - (1 if shell else 0)
        beads += shell_size
        if beads > _MOST_BEADS:
            sentence = f"must be at most {shell}: the tree would have more than {_MOST_BEADS} beads"
            raise ParameterError(name, {"generations": sentence}, {"generations": generations})
        if shell_size == 0:
            break
    tree = networkx.Graph()
    tree.add_node(0)
    shell_beads = [0]
    for _ in range(generations):
        grown: list[int] = []
        for bead in shell_beads:
            for _ in range(functionality - tree.degree(bead)):
                grown.append(tree.number_of_nodes())
                tree.add_edge(bead, grown[-1])
        shell_beads = grown
    return tree


def diamond_network(cells: int, spacers: int = 0) -> Graph:
    """A periodic diamond lattice of four-functional links: `cells`^3 primitive cells of two links.

    Parameters
    ----------
    cells : int
        Primitive cells along each of the three lattice vectors, at least 1.
    spacers : int
        Beads along each strand between two links.

    Returns
    -------
    networkx.MultiGraph
        Edges carry ``image`` along the lattice vectors where they leave the box.

    Raises
    ------
    ParameterError
        If a number is too small, or there would be more than a million beads.

    Examples
    --------
    >>> graph = diamond_network(4, spacers=9)
    >>> graph.number_of_nodes(), graph.number_of_edges()
    (2432, 2560)
    """
    _check_count("diamond_network", "cells", cells, 1)
    _check_count("diamond_network", "spacers", spacers, 0)
    if cells**3 * (2 + 4 * spacers) > _MOST_BEADS:
        sentence = f"must make at most {_MOST_BEADS} beads, not {cells**3 * (2 + 4 * spacers)}"
        raise ParameterError("diamond_network", {"cells": sentence}, {"cells": cells})
    graph = networkx.MultiGraph()
    graph.add_nodes_from((site, *cell) for cell in itertools.product(range(cells), repeat=3) for site in (0, 1))
    for cell in itertools.product(range(cells), repeat=3):
        for back in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)):
            other = tuple((c - b) % cells for c, b in zip(cell, back, strict=True))
            image = tuple((c - b) // cells for c, b in zip(cell, back, strict=True))
            _add_strand(graph, (0, *cell), (1, *other), spacers, image, cell <= other)
    return graph


def end_linked_network(links: int, functionality: int, conversion: float, seed: int = 0) -> Graph:
    """Strands of one bond that join links at random: the mean-field network of equation (5), without space.

    Parameters
    ----------
    links : int
        Number of links.
    functionality : int
        Strands that a link can hold, at least 2.
    conversion : float
        Probability that a strand end has reacted.
    seed : int
        Of the random matching.

    Returns
    -------
    networkx.MultiGraph
        Strands whose end has not reacted hang on a bead of their own. Loops and double strands occur as by chance.

    Raises
    ------
    ParameterError
        If a number is out of range, or there would be more than ten million ends.

    Examples
    --------
    >>> graph = end_linked_network(1000, 4, conversion=0.9)
    >>> graph.number_of_edges(), graph.number_of_nodes() > 1000
    (2000, True)
    """
    name = "end_linked_network"
    _check_count(name, "links", links, 2)
    _check_count(name, "functionality", functionality, 2)
    _check_count(name, "seed", seed, 0)
    if not isinstance(conversion, int | float | np.number) or not 0 < conversion <= 1:
        raise ParameterError(name, {"conversion": "must be a probability above 0"}, {"conversion": conversion})
    if links * functionality > 10 * _MOST_BEADS:
        sentence = f"must have at most {10 * _MOST_BEADS} ends in all, not {links * functionality}"
        raise ParameterError(name, {"links": sentence}, {"links": links})
    random = np.random.default_rng(seed)
    sockets = random.permutation(np.repeat(np.arange(links), functionality))
    bound = random.random(len(sockets)) < conversion
    ends = np.where(bound, sockets, links + np.arange(len(sockets)))
    graph = networkx.MultiGraph()
    graph.add_nodes_from(range(links))
    graph.add_edges_from(ends[: len(ends) // 2 * 2].reshape(-1, 2).tolist())
    return graph


def _add_strand(graph: Graph, start: Any, end: Any, spacers: int, image: tuple[int, ...], forward: bool) -> None:
    """Beads in a row, whose last bond leaves the box; `forward`: `start` was added before `end`."""
    beads = [("spacer", start, end, image, i) for i in range(spacers)]
    path = [start, *beads, end]
    graph.add_edges_from(itertools.pairwise(path[:-1]))
    forward = forward and not beads  # spacers are added after all links
    graph.add_edge(path[-2], end, image=image if forward else tuple(-i for i in image))


def _check_count(name: str, word: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(name, {word: f"must be a whole number of at least {least}"}, {word: value})

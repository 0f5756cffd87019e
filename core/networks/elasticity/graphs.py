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


def dendrimer(functionality: int, generations: int) -> Graph:
    """A perfect tree: a core with `functionality` arms, each bead of which branches into as many less one.

    >>> dendrimer(3, 2).number_of_nodes()
    10
    """
    tree = networkx.Graph()
    tree.add_node(0)
    shell = [0]
    for _ in range(generations):
        grown = []
        for bead in shell:
            for _ in range(functionality - tree.degree(bead)):
                grown.append(tree.number_of_nodes())
                tree.add_edge(bead, grown[-1])
        shell = grown
    return tree


def diamond_network(cells: int, spacers: int = 0) -> Graph:
    """A periodic diamond lattice of four-functional links: `cells`^3 primitive cells of two links.

    Parameters
    ----------
    cells : int
        Primitive cells along each of the three lattice vectors, at least 2.
    spacers : int
        Beads along each strand between two links.

    Returns
    -------
    networkx.MultiGraph
        Edges carry ``image`` along the lattice vectors where they leave the box.

    Examples
    --------
    >>> graph = diamond_network(4, spacers=9)
    >>> graph.number_of_nodes(), graph.number_of_edges()
    (2432, 2560)
    """
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
    """
    if not 0 < conversion <= 1 or links < 2 or functionality < 2:
        sentence = "must be a probability above 0, for at least 2 links of functionality 2"
        raise ParameterError("end_linked_network", {"conversion": sentence}, {"conversion": conversion})
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

"""What can happen on a lattice: the sites with their neighbours, and the rules of events at sites and along bonds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import scipy.sparse
from numba import njit
from numba.extending import is_jitted
from numpy.typing import ArrayLike, NDArray

from ....networks.percolation.lattices import Graph

__all__ = ["BondRule", "Neighbourhood", "SiteRule", "chain_lattice", "neighbourhood"]

_MOST_SLOTS = 2**28


class Neighbourhood(NamedTuple):
    """Directed bonds in rows: those that leave `site` are ``begin[site]`` ... ``begin[site + 1] - 1``.

    Rules get it as an argument; every undirected edge is two bonds, one each way.
    """

    begin: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    """The site at the end of each bond."""
    source: NDArray[np.int64]
    """The site at the beginning of each bond."""
    weight: NDArray[np.float64]
    """A number for each bond, the same both ways: a barrier, a rate, a length."""
    orientation: NDArray[np.int64]
    """1 for a bond from the first to the second node of its edge, -1 for the way back."""


def chain_lattice(sites: int, *, periodic: bool = False) -> Graph:
    """A chain of `sites`, each bonded to the next, closed to a ring if `periodic`.

    Squares and cubes are `mesoscale.core.networks.percolation.square_lattice` and ``cubic_lattice``.

    Examples
    --------
    >>> chain_lattice(3).edges.tolist(), chain_lattice(3, periodic=True).edges.tolist()
    ([[0, 1], [1, 2]], [[0, 1], [1, 2], [2, 0]])
    """
    if isinstance(sites, bool) or int(sites) != sites or sites < 2:
        raise ValueError(f"sites = {sites!r}: must be an integer of at least 2")
    start = np.arange(sites if periodic else sites - 1)
    edges = np.stack([start, (start + 1) % sites], axis=1)
    return Graph(sites, edges, (edges[:, 1:] < edges[:, :1]).astype(np.int32))


def neighbourhood(
    graph: Graph | nx.Graph | Neighbourhood, *, directed: bool | None = None, weights: ArrayLike | None = None
) -> Neighbourhood:
    """The bonds of a graph in the order in which rules see them.

    Parameters
    ----------
    graph : Graph, networkx.Graph or Neighbourhood
        A lattice of `mesoscale.core.networks.percolation`, or any networkx graph; its nodes become sites 0, 1, 2, ...
        in their order, and the edge attribute ``weight`` (else 1) the weights.
    directed : bool, optional
        Whether a bond leads from the first to the second node of an edge only. Default: as networkx' DiGraph says.
    weights : array_like, optional
        One finite number for each edge.

    Raises
    ------
    ValueError
        If there are edges from a site to itself, or the weights do not fit.

    Examples
    --------
    >>> neighbourhood(chain_lattice(3)).neighbour.tolist()
    [1, 0, 2, 1]
    """
    if isinstance(graph, Neighbourhood):
        if directed is not None or weights is not None:
            raise ValueError("directed and weights: already decided in a Neighbourhood")
        return graph
    values = None if weights is None else np.asarray(weights, np.float64)
    if isinstance(graph, Graph):
        sites, edges = graph.nodes, graph.edges.astype(np.int64)
    else:
        number = {node: i for i, node in enumerate(graph.nodes)}
        sites, found = len(number), list(graph.edges(data="weight", default=1.0))
        edges = np.array([(number[a], number[b]) for a, b, _ in found], np.int64).reshape(-1, 2)
        values = np.array([w for _, _, w in found], np.float64) if values is None else values
        directed = graph.is_directed() if directed is None else directed
    values = np.ones(len(edges)) if values is None else values
    if sites < 1 or (edges[:, 0] == edges[:, 1]).any():
        raise ValueError("graph: must have at least one site and no edge from a site to itself")
    if values.shape != (len(edges),) or not np.isfinite(values).all():
        raise ValueError(f"weights of shape {values.shape}: must be {len(edges)} finite numbers, one an edge")
    ends, weight, orientation = edges, values, np.ones(len(edges), np.int64)
    if not directed:
        ends = np.concatenate([edges, edges[:, ::-1]])
        weight, orientation = np.concatenate([values, values]), np.concatenate([orientation, -orientation])
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    begin = np.zeros(sites + 1, np.int64)
    np.cumsum(np.bincount(ends[:, 0], minlength=sites), out=begin[1:])
    columns = (ends[order, 1], ends[order, 0], weight[order], orientation[order])
    return Neighbourhood(begin, *(np.ascontiguousarray(column) for column in columns))


@dataclass(frozen=True, eq=False)
class SiteRule:
    """An event at a single site.

    Parameters
    ----------
    name : str
        For errors and the recipe.
    rate : callable
        ``rate(states, site, near, parameters) -> float``, compiled by numba's ``njit`` (a plain function is compiled
        here); it must not allocate arrays. `near` is a `Neighbourhood`; a rate is zero or between 1e-300 and 1e300 and
        depends on nothing else.
    change : callable
        ``change(states, site, near, parameters) -> int``: the new state of the site.
    gain : callable, optional
        ``gain(states, site, near, parameters) -> float``: what the event adds to the observable, from the states
        before it (a step, an energy, an entropy).
    sites : sequence of int, optional
        Where the event can happen. Default: everywhere.
    reach : int
        How many bonds away from the site (following them) `rate` looks. A rate that looks further is found out at the
        next output time.
    """

    name: str
    rate: Callable[..., Any]
    change: Callable[..., Any]
    gain: Callable[..., Any] | None = None
    sites: Sequence[int] | None = None
    reach: int = 1

    def __post_init__(self) -> None:
        _compile_functions(self, self.change)


@dataclass(frozen=True, eq=False)
class BondRule:
    """An event along a directed bond, from ``near.source[bond]`` (here) to ``near.neighbour[bond]`` (there).

    Parameters
    ----------
    name, gain
        As for `SiteRule`, with a bond in place of the site.
    rate : callable
        ``rate(states, bond, near, parameters) -> float``.
    change : callable, optional
        ``change(states, bond, near, parameters) -> (int, int)``: the new states here and there. Default: they are
        exchanged.
    reach : int
        How many bonds away from its two ends `rate` looks.
    """

    name: str
    rate: Callable[..., Any]
    change: Callable[..., Any] | None = None
    gain: Callable[..., Any] | None = None
    reach: int = 0

    def __post_init__(self) -> None:
        _compile_functions(self, self.change or _exchange)


Rule = SiteRule | BondRule


class Layout(NamedTuple):
    """Slots: each rule at each of its elements. The slots that depend on a site are one row of `dependents`."""

    rule: NDArray[np.int64]
    element: NDArray[np.int64]
    begin: NDArray[np.int64]
    dependents: NDArray[np.int32]
    along_bond: NDArray[np.bool_]
    """Of each rule."""


def lay_out(near: Neighbourhood, rules: Sequence[Rule]) -> Layout:
    """Number the slots and find which of them look at which site."""
    sites, bonds = len(near.begin) - 1, len(near.neighbour)
    elements, looks = [], []
    step = scipy.sparse.csr_array((np.ones(bonds), near.neighbour, near.begin), shape=(sites, sites))
    balls: dict[int, Any] = {0: scipy.sparse.eye_array(sites, format="csr")}
    for rule in rules:
        for reach in range(1, rule.reach + 1):
            if reach not in balls:
                balls[reach] = (balls[reach - 1] + balls[reach - 1] @ step).sign()
        ball = balls[rule.reach]
        if isinstance(rule, BondRule):
            element = np.arange(bonds)
            looks.append(ball[near.source] + ball[near.neighbour])
        else:
            element = np.arange(sites) if rule.sites is None else np.asarray(rule.sites)
            if element.ndim != 1 or element.dtype.kind not in "iu" or not ((element >= 0) & (element < sites)).all():
                raise ValueError(f"rule {rule.name!r}: its sites must be integers from 0 to {sites - 1}")
            looks.append(ball[element])
        elements.append(element)
    count = sum(len(element) for element in elements)
    if not 1 <= count <= _MOST_SLOTS:
        raise ValueError(f"rules: {count} possible events; must be 1 to {_MOST_SLOTS}")
    seen_from = scipy.sparse.csc_array(scipy.sparse.vstack(looks, format="csr"))
    seen_from.sort_indices()
    return Layout(
        np.repeat(np.arange(len(rules)), [len(element) for element in elements]),
        np.concatenate(elements).astype(np.int64),
        seen_from.indptr.astype(np.int64),
        seen_from.indices.astype(np.int32),
        np.array([isinstance(rule, BondRule) for rule in rules]),
    )


def _exchange(states: Any, bond: Any, near: Any, parameters: Any) -> Any:
    return states[near.neighbour[bond]], states[near.source[bond]]


def _gain_nothing(states: Any, element: Any, near: Any, parameters: Any) -> float:
    return 0.0


def _compile_functions(rule: Rule, change: Callable[..., Any]) -> None:
    if isinstance(rule.reach, bool) or int(rule.reach) != rule.reach or not 0 <= rule.reach <= 10:
        raise ValueError(f"rule {rule.name!r}: reach = {rule.reach!r} must be an integer from 0 to 10")
    for name, function in (("rate", rule.rate), ("change", change), ("gain", rule.gain or _gain_nothing)):
        if not callable(function):
            raise ValueError(f"rule {rule.name!r}: {name} must be a function that numba can compile")
        object.__setattr__(rule, name, compiled(function))


@lru_cache(maxsize=256)
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as numba compiles it, one and the same for one and the same function."""
    return function if is_jitted(function) else njit(nogil=True)(function)


def join_rules(rules: Sequence[Rule]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """One rate, one change and one gain for all rules: ``rate(rule, states, element, near, parameters)``."""
    return (
        _join(tuple(rule.rate for rule in rules)),
        _join(tuple(_as_pair(rule.change, isinstance(rule, BondRule)) for rule in rules)),  # type: ignore[arg-type]
        _join(tuple(rule.gain for rule in rules)),  # type: ignore[arg-type]
    )


@lru_cache(maxsize=256)
def _as_pair(change: Callable[..., Any], along_bond: bool) -> Callable[..., Any]:
    if along_bond:

        @njit(nogil=True, inline="always")
        def change_pair(states: Any, element: Any, near: Any, parameters: Any) -> Any:
            here, there = change(states, element, near, parameters)
            return np.int64(here), np.int64(there)

        return change_pair

    @njit(nogil=True, inline="always")
    def change_one(states: Any, element: Any, near: Any, parameters: Any) -> Any:
        return np.int64(change(states, element, near, parameters)), np.int64(0)

    return change_one


@lru_cache(maxsize=256)
def _join(functions: tuple[Callable[..., Any], ...]) -> Callable[..., Any]:
    """A chain of comparisons, which the compiler turns into a jump."""
    own, others, number = functions[-1], functions[:-1], len(functions) - 1
    if not others:

        @njit(nogil=True, inline="always")
        def call_only(rule: Any, states: Any, element: Any, near: Any, parameters: Any) -> Any:
            return own(states, element, near, parameters)

        return call_only
    before = _join(others)

    @njit(nogil=True, inline="always")
    def call_one(rule: Any, states: Any, element: Any, near: Any, parameters: Any) -> Any:
        if rule == number:
            return own(states, element, near, parameters)
        return before(rule, states, element, near, parameters)

    return call_one

"""Beads and springs on any graph: spectrum, equilibrium modulus, relaxation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import networkx
import numpy as np
import scipy.linalg
import scipy.sparse.csgraph
import scipy.sparse.linalg
from numpy.typing import ArrayLike, NDArray

from ...coarse_graining.viscoelasticity import GeneralizedMaxwell
from ...model import ParameterError

if TYPE_CHECKING:
    from networkx import Graph

__all__ = ["cycle_rank", "equilibrium_modulus", "laplacian_spectrum", "maxwell_model", "transient"]

Floats = NDArray[np.float64]
_MOST_BEADS = 20_000  # of one component: 3 GB


def laplacian_spectrum(graph: Graph) -> Floats:
    """All eigenvalues of the graph's Laplacian, rising; one zero for every component.

    Parameters
    ----------
    graph : networkx.Graph
        Undirected, weighted or not. Each component is a dense eigenvalue problem of its own: 5000 beads that hang
        together take 200 MB, a hundred thousand in short chains next to nothing.

    Returns
    -------
    numpy.ndarray
        Shape (N,).

    Raises
    ------
    ParameterError
        If the graph is directed or empty, a weight is not positive, or a component has more than 20 000 beads.

    Examples
    --------
    >>> laplacian_spectrum(networkx.path_graph(2)).tolist()
    [0.0, 2.0]
    """
    matrix = _laplacian(graph, "laplacian_spectrum")
    count, label = scipy.sparse.csgraph.connected_components(matrix, directed=False)
    sizes = np.bincount(label, minlength=count)
    if sizes.max() > _MOST_BEADS:
        sentence = f"must have at most {_MOST_BEADS} beads in one component, not {sizes.max()}"
        raise ParameterError("laplacian_spectrum", {"graph": sentence})
    order = np.argsort(sizes[label] * np.int64(count) + label, kind="stable")  # single beads first
    single = int((sizes == 1).sum())
    blocks = matrix[order][:, order]
    eigenvalues = np.zeros(len(order))
    ends = single + np.concatenate([[0], np.cumsum(np.sort(sizes)[single:])])
    for begin, end in itertools.pairwise(ends):
        dense = blocks[begin:end, begin:end].toarray()
        eigenvalues[begin:end] = scipy.linalg.eigvalsh(dense, overwrite_a=True, check_finite=False)
        eigenvalues[begin] = 0.0
    return np.asarray(np.sort(eigenvalues))


def cycle_rank(graph: Graph) -> int:
    """Number of independent cycles: bonds - beads + components; the phantom modulus in units of kT/V.

    Raises
    ------
    ParameterError
        If the graph is directed or empty.

    Examples
    --------
    >>> cycle_rank(networkx.cycle_graph(5))
    1
    """
    _check_graph(graph, "cycle_rank")
    components = networkx.number_connected_components(graph)
    return int(graph.number_of_edges() - graph.number_of_nodes() + components)


def equilibrium_modulus(graph: Graph, spring_constant: float, cell: ArrayLike) -> float:
    """Modulus that stays, equation (2), averaged over the three directions.

    Parameters
    ----------
    graph : networkx.Graph
        Edges with ``image``, three whole numbers, where they leave the cell (see the conventions above).
    spring_constant : float
        Of every bond of weight 1 [N/m].
    cell : array_like
        Edge lengths of the periodic cell [m], shape (3,), or its vectors in rows, (3, 3).

    Returns
    -------
    float
        Modulus [Pa]. Zero if no path winds around the cell.

    Raises
    ------
    ParameterError
        If the graph is directed or empty, the cell or an image has another shape, or a number is not positive.

    Examples
    --------
    One bead, tied to its own images along the first edge of its cell:

    >>> lattice = networkx.MultiGraph()
    >>> _ = lattice.add_edge("bead", "bead", image=(1, 0, 0))
    >>> equilibrium_modulus(lattice, spring_constant=3.0, cell=[2.0, 1.0, 1.0])
    2.0
    """
    name = "equilibrium_modulus"
    matrix = _laplacian(graph, name)
    _check_positive(name, spring_constant=spring_constant)
    vectors = _cell_vectors(cell)
    index = {node: i for i, node in enumerate(graph)}
    edges = list(graph.edges(data=True))
    pairs = np.sort(np.array([(index[u], index[v]) for u, v, _ in edges], dtype=np.int64).reshape(-1, 2), axis=1)
    stiffness = np.array([data.get("weight", 1.0) for _, _, data in edges], dtype=np.float64)[:, None]
    shift = _images([data.get("image", (0, 0, 0)) for _, _, data in edges]) @ vectors
    force = np.zeros((len(index), 3))
    np.add.at(force, pairs[:, 0], stiffness * shift)
    np.subtract.at(force, pairs[:, 1], stiffness * shift)
    place = _solve_laplacian(graph, matrix, index, force)
    bonds = place[pairs[:, 1]] + shift - place[pairs[:, 0]]
    return float(spring_constant * (stiffness * bonds**2).sum() / 3.0 / abs(np.linalg.det(vectors)))


def maxwell_model(
    graph: Graph,
    *,
    thermal_energy: float,
    spring_constant: float,
    friction: float,
    volume: float,
    equilibrium_modulus: float | None = None,
) -> GeneralizedMaxwell:
    """The network as a viscoelastic continuum, equation (1).

    Parameters
    ----------
    graph : networkx.Graph
        Beads and springs.
    thermal_energy : float
        kT [J].
    spring_constant : float
        Of every bond of weight 1 [N/m].
    friction : float
        Of every bead [N s/m].
    volume : float
        Of the sample [m3].
    equilibrium_modulus : float, optional
        Modulus that stays [Pa]. Default: the phantom modulus, `cycle_rank` kT/V.

    Returns
    -------
    GeneralizedMaxwell
        Equal eigenvalues are one mode.

    Raises
    ------
    ParameterError
        If a number is not positive, the graph is not one of springs, or has no bond.

    Examples
    --------
    >>> pair = maxwell_model(
    ...     networkx.path_graph(2), thermal_energy=1.0, spring_constant=3.0, friction=1.0, volume=2.0
    ... )
    >>> round(pair.viscosity(), 6)
    0.041667
    """
    name = "maxwell_model"
    _check_positive(
        name, thermal_energy=thermal_energy, spring_constant=spring_constant, friction=friction, volume=volume
    )
    _check_graph(graph, name)
    if graph.number_of_edges() == 0:
        raise ParameterError(name, {"graph": "must have a bond: beads alone carry no load"})
    rates = laplacian_spectrum(graph)[networkx.number_connected_components(graph) :]
    unit = thermal_energy / volume
    stays = cycle_rank(graph) * unit if equilibrium_modulus is None else equilibrium_modulus
    times = friction / (2.0 * spring_constant * rates)
    return GeneralizedMaxwell.of_spectrum(np.full(len(times), unit), times, stays)


def transient(material: GeneralizedMaxwell, breaking_rate: float) -> GeneralizedMaxwell:
    """The same network with links that break and re-form without stress, equation (4).

    Parameters
    ----------
    material : GeneralizedMaxwell
        With permanent links.
    breaking_rate : float
        Rate at which a strand loses its stress [1/s]: twice the rate of one link where either end may let go.

    Raises
    ------
    ParameterError
        If the rate is not a positive number.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.viscoelasticity import GeneralizedMaxwell
    >>> gel = GeneralizedMaxwell.of_spectrum([], [], 2.0)
    >>> transient(gel, 0.5).viscosity()
    4.0
    """
    _check_positive("transient", breaking_rate=breaking_rate)
    moduli = [mode.modulus for mode in material.modes] + [material.equilibrium_modulus]
    rates = [1.0 / mode.relaxation_time + breaking_rate for mode in material.modes] + [breaking_rate]
    return GeneralizedMaxwell.of_spectrum(moduli, 1.0 / np.array(rates))


def _check_graph(graph: Graph, name: str) -> None:
    if not isinstance(graph, networkx.Graph):
        raise ParameterError(name, {"graph": f"must be a networkx graph, not {type(graph).__name__}"})
    if graph.is_directed() or graph.number_of_nodes() == 0:
        raise ParameterError(name, {"graph": "must be undirected and have at least one bead"})


def _check_positive(name: str, **numbers: float) -> None:
    for word, value in numbers.items():
        real = isinstance(value, int | float | np.number | np.ndarray) and np.ndim(value) == 0
        if not (real and np.isfinite(value) and value > 0):
            raise ParameterError(name, {word: "must be a positive number"}, {word: value})


def _laplacian(graph: Graph, name: str) -> scipy.sparse.csr_array:
    """Sums of weights, without loops, which pull at nothing."""
    _check_graph(graph, name)
    weights = [weight for _, _, weight in graph.edges(data="weight", default=1.0)]
    for weight in weights:
        _check_positive(name, weight=weight)
    index = {node: i for i, node in enumerate(graph)}
    ends = np.array([(index[u], index[v]) for u, v in graph.edges()], dtype=np.int64).reshape(-1, 2)
    stiffness = np.array(weights, dtype=np.float64)
    joins = ends[:, 0] != ends[:, 1]
    i, j, k = ends[joins, 0], ends[joins, 1], stiffness[joins]
    rows, columns = np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])
    values = np.concatenate([k, k, -k, -k])
    return scipy.sparse.coo_array((values, (rows, columns)), shape=(len(index), len(index))).tocsr()


def _cell_vectors(cell: ArrayLike) -> Floats:
    sentence = "must be three positive lengths, or three vectors that span a volume"
    try:
        given = np.asarray(cell, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError("equilibrium_modulus", {"cell": sentence}, {"cell": cell}) from None
    good = given.shape in ((3,), (3, 3)) and np.isfinite(given).all() and (given.ndim == 2 or (given > 0).all())
    vectors = np.diag(given) if given.shape == (3,) else given
    if not good or not abs(np.linalg.det(vectors)) > 0:
        raise ParameterError("equilibrium_modulus", {"cell": sentence}, {"cell": cell})
    return vectors


def _images(images: list[Any]) -> Floats:
    shifts = np.zeros((len(images), 3))
    for row, image in zip(shifts, images, strict=True):
        given = np.asarray(image)
        if given.shape != (3,) or given.dtype.kind not in "iuf" or not (given == np.rint(given)).all():
            raise ParameterError("equilibrium_modulus", {"image": "must be three whole numbers"}, {"image": image})
        row[:] = given
    return shifts


def _solve_laplacian(graph: Graph, matrix: scipy.sparse.csr_array, index: dict[Any, int], force: Floats) -> Floats:
    """Positions of balance; one bead of each component is held, which costs nothing: only differences count."""
    free = np.ones(len(index), bool)
    for component in networkx.connected_components(graph):
        free[index[next(iter(component))]] = False
    place = np.zeros_like(force)
    keep = np.flatnonzero(free)
    if len(keep):
        place[keep] = scipy.sparse.linalg.splu(matrix[keep][:, keep].tocsc()).solve(force[keep])
    return place

"""Beads and springs on any graph: spectrum, equilibrium modulus, relaxation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx
import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from numpy.typing import ArrayLike, NDArray

from ...coarse_graining.viscoelasticity import GeneralizedMaxwell
from ...model import ParameterError

if TYPE_CHECKING:
    from networkx import Graph

__all__ = ["cycle_rank", "equilibrium_modulus", "laplacian_spectrum", "maxwell_model", "transient"]

Floats = NDArray[np.float64]


def laplacian_spectrum(graph: Graph) -> Floats:
    """All eigenvalues of the graph's Laplacian, rising; one zero for every component.

    Parameters
    ----------
    graph : networkx.Graph
        Undirected, of up to some ten thousand beads (a dense eigenvalue problem: N = 5000 takes 200 MB).

    Returns
    -------
    numpy.ndarray
        Shape (N,).

    Raises
    ------
    ParameterError
        If the graph is directed or empty.

    Examples
    --------
    >>> laplacian_spectrum(networkx.path_graph(2)).tolist()
    [0.0, 2.0]
    """
    dense = _laplacian(graph).toarray()
    eigenvalues = scipy.linalg.eigvalsh(dense, overwrite_a=True, check_finite=False)
    eigenvalues[: networkx.number_connected_components(graph)] = 0.0
    return np.asarray(eigenvalues, dtype=np.float64)


def cycle_rank(graph: Graph) -> int:
    """Number of independent cycles: bonds - beads + components; the phantom modulus in units of kT/V.

    Examples
    --------
    >>> cycle_rank(networkx.cycle_graph(5))
    1
    """
    components = networkx.number_connected_components(graph)
    return int(graph.number_of_edges() - graph.number_of_nodes() + components)


def equilibrium_modulus(graph: Graph, spring_constant: float, cell: ArrayLike) -> float:
    """Modulus that stays, equation (2), averaged over the three directions.

    Parameters
    ----------
    graph : networkx.Graph
        Edges with ``image``, three whole numbers, where they leave the cell (see the conventions above).
    spring_constant : float
        Of every bond [N/m].
    cell : array_like
        Edge lengths of the periodic cell [m], shape (3,), or its vectors in rows, (3, 3).

    Returns
    -------
    float
        Modulus [Pa]. Zero if no path winds around the cell.

    Raises
    ------
    ParameterError
        If the cell or an image has another shape.
    """
    vectors = np.asarray(cell, dtype=np.float64)
    vectors = np.diag(vectors) if vectors.shape == (3,) else vectors
    if vectors.shape != (3, 3) or not np.isfinite(vectors).all() or not abs(np.linalg.det(vectors)) > 0:
        sentence = "must be three positive lengths, or three vectors that span a volume"
        raise ParameterError("equilibrium_modulus", {"cell": sentence}, {"cell": cell})
    index = {node: i for i, node in enumerate(graph)}
    edges = list(graph.edges(data=True))
    pairs = np.sort(np.array([(index[u], index[v]) for u, v, _ in edges], dtype=np.int64).reshape(-1, 2), axis=1)
    shift = np.array([data.get("image", (0, 0, 0)) for _, _, data in edges], dtype=np.float64).reshape(-1, 3) @ vectors
    force = np.zeros((len(index), 3))
    np.add.at(force, pairs[:, 0], shift)
    np.subtract.at(force, pairs[:, 1], shift)
    place = _solve_laplacian(graph, index, force)
    bonds = place[pairs[:, 1]] + shift - place[pairs[:, 0]]
    return float(spring_constant * (bonds**2).sum() / 3.0 / abs(np.linalg.det(vectors)))


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
        Of every bond [N/m].
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

    Examples
    --------
    >>> pair = maxwell_model(
    ...     networkx.path_graph(2), thermal_energy=1.0, spring_constant=3.0, friction=1.0, volume=2.0
    ... )
    >>> round(pair.viscosity(), 6)
    0.041667
    """
    numbers = {"thermal_energy": thermal_energy, "spring_constant": spring_constant}
    numbers |= {"friction": friction, "volume": volume}
    for name, value in numbers.items():
        if not (np.isfinite(value) and value > 0):
            raise ParameterError("maxwell_model", {name: "must be a positive number"}, {name: value})
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

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.viscoelasticity import GeneralizedMaxwell
    >>> gel = GeneralizedMaxwell.of_spectrum([], [], 2.0)
    >>> transient(gel, 0.5).viscosity()
    4.0
    """
    if not (np.isfinite(breaking_rate) and breaking_rate > 0):
        raise ParameterError(
            "transient", {"breaking_rate": "must be a positive number"}, {"breaking_rate": breaking_rate}
        )
    moduli = [mode.modulus for mode in material.modes] + [material.equilibrium_modulus]
    rates = [1.0 / mode.relaxation_time + breaking_rate for mode in material.modes] + [breaking_rate]
    return GeneralizedMaxwell.of_spectrum(moduli, 1.0 / np.array(rates))


def _laplacian(graph: Graph) -> scipy.sparse.csr_array:
    if graph.is_directed() or graph.number_of_nodes() == 0:
        raise ParameterError("laplacian_spectrum", {"graph": "must be undirected and have at least one bead"})
    loops = networkx.selfloop_edges(graph)
    bare = graph.copy()
    bare.remove_edges_from(list(loops))
    return scipy.sparse.csr_array(networkx.laplacian_matrix(bare, weight=None).astype(np.float64))


def _solve_laplacian(graph: Graph, index: dict[Any, int], force: Floats) -> Floats:
    """Positions of balance; one bead of each component is held, which costs nothing: only differences count."""
    free = np.ones(len(index), bool)
    for component in networkx.connected_components(graph):
        free[index[next(iter(component))]] = False
    place = np.zeros_like(force)
    keep = np.flatnonzero(free)
    if len(keep):
        reduced = _laplacian(graph)[keep][:, keep].tocsc()
        place[keep] = scipy.sparse.linalg.splu(reduced).solve(force[keep])
    return place

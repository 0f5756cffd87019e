"""Networks of beads and springs against trees, lattices, the mean-field network, and each other."""

import networkx
import numpy as np
import pytest
from mesoscale.core.model import ParameterError
from mesoscale.core.networks.elasticity import (
    active_cycles,
    cycle_rank,
    dendrimer,
    diamond_network,
    end_linked_network,
    equilibrium_modulus,
    extinction_probability,
    laplacian_spectrum,
    maxwell_model,
    transient,
)

FCC = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]) / 2
UNITS = {"thermal_energy": 1.0, "spring_constant": 3.0, "friction": 1.0}


@pytest.mark.parametrize("seed", range(5))
def test_the_viscosity_of_a_tree_is_its_wiener_index(seed):
    # N sum 1/lambda = sum of all distances (Mohar 1991): the radius of gyration of a Gaussian tree
    tree = networkx.random_labeled_tree(40, seed=seed)
    inverse = (1.0 / laplacian_spectrum(tree)[1:]).sum()
    assert 40 * inverse == pytest.approx(networkx.wiener_index(tree), rel=1e-10)


def test_chain_and_ring_have_their_closed_forms():
    n = 20
    chain, ring = networkx.path_graph(n), networkx.cycle_graph(n)
    p = np.arange(n)
    np.testing.assert_allclose(laplacian_spectrum(chain), 4 * np.sin(p * np.pi / (2 * n)) ** 2, atol=1e-13)
    assert (1 / laplacian_spectrum(chain)[1:]).sum() == pytest.approx((n**2 - 1) / 6)
    assert (1 / laplacian_spectrum(ring)[1:]).sum() == pytest.approx((n**2 - 1) / 12)


def test_a_chain_is_a_rouse_chain():
    # eta/c = zeta b^2 (N^2 - 1)/36 a chain, tau_1/2 = 13.537303/2 (Doi & Edwards 1986, ch. 4)
    chain = maxwell_model(networkx.path_graph(20), volume=20.0, **UNITS)
    assert chain.viscosity() == pytest.approx(399 / 720)
    assert max(m.relaxation_time for m in chain.modes) == pytest.approx(1 / (24 * np.sin(np.pi / 40) ** 2))
    assert float(chain.relaxation_modulus(0.0)) == pytest.approx(0.95)


def test_the_diamond_lattice_has_its_bloch_spectrum():
    n = 5
    phase = np.exp(2j * np.pi * np.arange(n) / n)
    split = np.abs(1 + phase[:, None, None] + phase[None, :, None] + phase[None, None, :]).ravel()
    expected = np.sort(np.concatenate([4 - split, 4 + split]))
    np.testing.assert_allclose(laplacian_spectrum(diamond_network(n)), expected, atol=1e-12)


@pytest.mark.parametrize(("cells", "spacers"), [(3, 0), (2, 0), (3, 1), (2, 4)])
def test_a_lattice_keeps_its_geometry(cells, spacers):
    """Bond vectors of balance are those of the crystal: every strand counts its full length."""
    strand = np.sqrt(3) / 4
    modulus = equilibrium_modulus(diamond_network(cells, spacers), 1.0, FCC * cells)
    strands, volume = 4 * cells**3, abs(np.linalg.det(FCC * cells))
    assert modulus == pytest.approx(strands * strand**2 / (spacers + 1) / 3 / volume, rel=1e-12)


def test_a_network_that_winds_around_one_axis_only():
    ring = networkx.MultiGraph()
    networkx.add_path(ring, range(4), image=(0, 0, 0))
    ring.add_edge(0, 3, image=(-1, 0, 0))  # counted from bead 0, which was added first
    # four bonds of a quarter of the cell each
    assert equilibrium_modulus(ring, 2.0, [8.0, 1.0, 1.0]) == pytest.approx(2.0 * 4 * 2.0**2 / 3 / 8.0)


def test_nothing_stays_in_a_tree_or_in_closed_loops():
    assert equilibrium_modulus(dendrimer(3, 3), 1.0, [1.0, 1.0, 1.0]) == 0.0
    assert equilibrium_modulus(networkx.cycle_graph(7), 1.0, [1.0, 1.0, 1.0]) == 0.0
    loop = networkx.MultiGraph([(0, 0), (0, 1)])
    assert cycle_rank(loop) == 1  # a primary loop counts in the phantom modulus
    assert equilibrium_modulus(loop, 1.0, [1.0, 1.0, 1.0]) == 0.0  # and carries nothing
    np.testing.assert_allclose(laplacian_spectrum(loop), [0.0, 2.0], atol=1e-14)


def test_ideal_bonds_give_the_phantom_modulus():
    """What stays of bonds that were drawn as Gaussians is, on average, one kT a cycle."""
    graph = diamond_network(3)
    random = np.random.default_rng(0)
    index = {node: i for i, node in enumerate(graph)}
    pairs = np.array([(index[u], index[v]) for u, v in graph.edges()])
    incidence = np.zeros((len(pairs), len(index)))
    incidence[np.arange(len(pairs)), pairs[:, 0]] = -1
    incidence[np.arange(len(pairs)), pairs[:, 1]] = 1
    drawn = random.standard_normal((len(pairs), 4000))  # k = kT = 1
    rest = drawn - incidence @ np.linalg.lstsq(incidence, drawn, rcond=None)[0]  # Rbar: what relaxation leaves
    energies = (rest**2).sum(axis=0)
    assert energies.mean() == pytest.approx(cycle_rank(graph), abs=4 * energies.std() / np.sqrt(4000))


@pytest.mark.parametrize(("functionality", "conversion"), [(4, 0.8), (4, 0.95), (3, 0.9), (3, 0.95), (4, 1.0)])
def test_miller1976_random_networks_have_the_mean_field_cycle_rank(functionality, conversion):
    """The cycle rank of one graph of 20 000 links; tree-like pieces count zero in both."""
    networks = [end_linked_network(20_000, functionality, conversion, seed) for seed in range(4)]
    ranks = np.array([cycle_rank(n) * 2 / functionality / 20_000 for n in networks])
    # loops of finite clusters vanish as 1/N, and are of order one here
    error = max(ranks.std(ddof=1) / 2, 1e-4)
    assert ranks.mean() == pytest.approx(active_cycles(conversion, float(functionality)), abs=4 * error)


def test_nothing_is_active_below_the_gel_point():
    assert extinction_probability(0.57, 4.0) == 1.0
    assert extinction_probability(1 / np.sqrt(3), 4.0) == pytest.approx(1.0)
    assert extinction_probability(1 / np.sqrt(2), 3.0) == pytest.approx(1.0)
    assert active_cycles(0.5) == 0.0
    assert np.isnan(active_cycles(0.9, 5.0))


@pytest.mark.parametrize("functionality", [3.0, 4.0])
def test_the_extinction_probability_solves_its_equation(functionality):
    p = np.linspace(0.75, 1.0, 9)
    walk = extinction_probability(p, functionality)
    # an end is bound or not, and then each other arm must end as well (Miller & Macosko 1976, eq. 7)
    np.testing.assert_allclose(walk, 1 - p**2 + p**2 * walk ** (functionality - 1), rtol=1e-12)


def test_the_active_share_vanishes_as_the_cube_of_the_distance_to_the_gel_point():
    gel = 1 / np.sqrt(3)
    distance = np.geomspace(1e-4, 1e-3, 8)
    slope = np.polyfit(np.log(distance), np.log(active_cycles(gel + distance)), 1)[0]
    assert slope == pytest.approx(3, abs=0.1)


def test_a_transient_network_flows():
    gel = maxwell_model(diamond_network(3), volume=1.0, **UNITS)
    melting = transient(gel, 1e-6)
    assert melting.equilibrium_modulus == 0.0
    assert melting.viscosity() == pytest.approx(gel.equilibrium_modulus / 1e-6, rel=1e-3)
    t = np.array([0.0, 0.3, 2.0])
    np.testing.assert_allclose(
        transient(gel, 0.7).relaxation_modulus(t), gel.relaxation_modulus(t) * np.exp(-0.7 * t), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laplacian_spectrum(networkx.DiGraph([(0, 1)])), "graph must be undirected"),
        (lambda: laplacian_spectrum(networkx.Graph()), "at least one bead"),
        (lambda: equilibrium_modulus(networkx.path_graph(2), 1.0, [1.0, 0.0, 1.0]), "cell must be three positive"),
        (lambda: equilibrium_modulus(networkx.path_graph(2), 1.0, [1.0]), "cell must be three positive"),
        (lambda: maxwell_model(networkx.path_graph(2), volume=0.0, **UNITS), "volume must be a positive number"),
        (lambda: transient(maxwell_model(networkx.path_graph(2), volume=1.0, **UNITS), 0.0), "breaking_rate must be"),
        (lambda: end_linked_network(10, 3, 0.0), "conversion must be a probability above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()

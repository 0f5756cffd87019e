"""Networks of beads and springs against trees, lattices, the mean-field network, and each other."""

import networkx
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
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
    assert np.isnan(active_cycles(0.9, 4.5))


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


def drawn_network(seed, weighted):
    """Any graph: parallel bonds, loops, single beads, several components; with its incidence matrix and shifts."""
    random = np.random.default_rng(seed)
    n, bonds = int(random.integers(2, 12)), int(random.integers(1, 20))
    graph = networkx.MultiGraph()
    graph.add_nodes_from(random.permutation(n).tolist())
    place = {bead: i for i, bead in enumerate(graph)}
    incidence, images, weights = np.zeros((bonds, n)), np.zeros((bonds, 3)), np.ones(bonds)
    for row in range(bonds):
        u, v = random.integers(0, n, 2).tolist()
        images[row] = random.integers(-1, 2, 3)
        attributes = {"image": tuple(images[row].astype(int).tolist())}
        if weighted:
            weights[row] = attributes["weight"] = float(random.uniform(0.2, 5.0))
        graph.add_edge(u, v, **attributes)
        first, second = sorted((place[u], place[v]))
        incidence[row, second] += 1
        incidence[row, first] -= 1
    return graph, incidence, images, weights


@pytest.mark.parametrize("weighted", [False, True])
def test_any_graph_has_the_spectrum_and_the_balance_of_its_springs(weighted):
    cell = np.array([[2.0, 0.0, 0.0], [0.3, 3.0, 0.0], [0.1, 0.2, 4.0]])
    for seed in range(25):
        graph, incidence, images, weights = drawn_network(seed, weighted)
        matrix = incidence.T @ (weights[:, None] * incidence)
        np.testing.assert_allclose(laplacian_spectrum(graph), np.linalg.eigvalsh(matrix), atol=1e-12)
        assert cycle_rank(graph) == len(incidence) - np.linalg.matrix_rank(incidence)
        root = np.sqrt(weights)[:, None]  # balance is the least energy: weighted least squares
        place = np.linalg.lstsq(root * incidence, -root * (images @ cell), rcond=None)[0]
        energy = (weights[:, None] * (incidence @ place + images @ cell) ** 2).sum()
        assert equilibrium_modulus(graph, 1.7, cell) == pytest.approx(1.7 * energy / 3 / 24.0, rel=1e-9, abs=1e-12)


def test_a_weight_is_as_many_springs_side_by_side():
    heavy = networkx.Graph([(0, 1, {"weight": 3}), (1, 2, {"weight": 2})])
    many = networkx.MultiGraph([(0, 1)] * 3 + [(1, 2)] * 2)
    np.testing.assert_allclose(laplacian_spectrum(heavy), laplacian_spectrum(many), atol=1e-14)
    assert cycle_rank(heavy) == 0  # but one spring is one spring for what a link remembers
    relaxing = maxwell_model(heavy, volume=1.0, **UNITS)
    assert float(relaxing.relaxation_modulus(0.0)) == pytest.approx(2.0)  # kT a bond, however stiff


def test_what_does_not_hang_together_relaxes_by_itself():
    pieces = [networkx.path_graph(5), networkx.cycle_graph(4), dendrimer(3, 2), networkx.empty_graph(7)]
    together = networkx.disjoint_union_all(pieces)
    apart = np.sort(np.concatenate([laplacian_spectrum(piece) for piece in pieces]))
    np.testing.assert_allclose(laplacian_spectrum(together), apart, atol=1e-13)
    assert (laplacian_spectrum(together) == 0.0).sum() == 10
    chains = networkx.disjoint_union_all([networkx.path_graph(20)] * 30)  # 600 beads, but no matrix of that size
    melt = maxwell_model(chains, volume=600.0, **UNITS)
    assert melt.viscosity() == pytest.approx(399 / 720)
    assert len(melt.modes) == 19


def test_gurtovenko2005_the_stress_of_a_moving_dendrimer_is_forgotten_by_its_spectrum():
    """Beads that move by the exact Gaussian propagator, from bonds alone, against equation (1)."""
    tree, lag = dendrimer(3, 2), 0.1
    random = np.random.default_rng(5)
    matrix = networkx.laplacian_matrix(tree).toarray().astype(float)
    bonds = np.array(tree.edges())
    decay = scipy.linalg.expm(-matrix * lag)  # k = zeta = kT = 1
    spread = np.linalg.pinv(matrix)  # of the shape; the centre of mass pulls at no bond
    kick = np.linalg.cholesky(spread - decay @ spread @ decay.T + 1e-12 * np.eye(10))
    x = np.einsum("ij,njk->nik", np.linalg.cholesky(spread + 1e-12 * np.eye(10)), random.standard_normal((6000, 10, 2)))
    stresses = []
    for _ in range(11):
        arms = x[:, bonds[:, 1]] - x[:, bonds[:, 0]]
        stresses.append((arms[..., 0] * arms[..., 1]).sum(axis=1))
        x = np.einsum("ij,njk->nik", decay, x) + np.einsum("ij,njk->nik", kick, random.standard_normal(x.shape))
    model = maxwell_model(tree, thermal_energy=1.0, spring_constant=1.0, friction=1.0, volume=10.0)
    for steps, listed in ((1, 0.63381640), (10, 0.15958002)):  # (1/N) sum of exp(-2 lambda t)
        product = stresses[0] * stresses[steps] / 10.0
        error = product.std(ddof=1) / np.sqrt(len(product))
        assert float(model.relaxation_modulus(lag * steps)) == pytest.approx(listed, abs=1e-8)
        assert abs(product.mean() - listed) < 4 * error


@pytest.mark.parametrize("functionality", [5, 6, 12])
def test_links_of_any_functionality(functionality):
    for conversion in (0.4, 0.6, 0.9, 0.99):
        walk = extinction_probability(conversion, float(functionality))
        grid = np.linspace(0.0, 1.0 - 1e-6, 20_001)
        below = np.flatnonzero(1 - conversion**2 + conversion**2 * grid ** (functionality - 1) < grid)
        assert walk == (pytest.approx(grid[below[0]], abs=1e-4) if len(below) else 1.0)
    assert active_cycles(1.0, float(functionality)) == pytest.approx(1 - 2 / functionality)
    ranks = [cycle_rank(end_linked_network(6000, functionality, 0.75, seed)) for seed in range(6)]
    share = np.array(ranks) * 2 / functionality / 6000
    assert abs(share.mean() - active_cycles(0.75, float(functionality))) < 4 * share.std(ddof=1) / np.sqrt(6)


def test_a_lattice_of_one_cell_is_a_lattice():
    for cells in (1, 2):
        strand = 3 / 16
        modulus = equilibrium_modulus(diamond_network(cells, 2), 1.0, FCC * cells)
        assert modulus == pytest.approx(4 * cells**3 * strand / 3 / 3 / (cells**3 / 4), rel=1e-12)


@pytest.fixture(scope="module")
def swollen_diamond():
    """Four cells, nine beads a strand; kT a strand and friction/spring constant are the units."""
    graph = diamond_network(4, spacers=9)
    return maxwell_model(graph, thermal_energy=1.0, spring_constant=1.0, friction=1.0, volume=256.0)


def test_a_swollen_diamond_relaxes_and_creeps_as_computed_independently(swollen_diamond):
    t = np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1000.0])
    modulus = [10.0, 7.0191391, 2.2923587, 0.8765520, 0.5338376, 0.5039097]
    np.testing.assert_allclose(swollen_diamond.relaxation_modulus(t), modulus, atol=6e-8)
    compliance = [0.1, 0.13588383, 0.31433085, 0.85038498, 1.74185294, 1.98442481]
    np.testing.assert_allclose(swollen_diamond.creep_compliance(t), compliance, atol=6e-9)
    recovery = swollen_diamond.strain_under_load([101.0, 110.0, 200.0, 400.0], stress=1.0, loading_time=100.0)
    np.testing.assert_allclose(recovery, [1.43061383, 0.92031397, 0.16554179, 0.01719805], atol=6e-9)


def test_a_sticky_diamond_flows_as_computed_independently(swollen_diamond):
    sticky = transient(swollen_diamond, 1e-3)
    assert sticky.viscosity() == pytest.approx(524.25097, abs=6e-6)
    assert sticky.steady_state_compliance() == pytest.approx(1.8359818, abs=6e-8)
    w = np.array([1e-3, 1e-2, 1e-1])
    np.testing.assert_allclose(sticky.storage_modulus(w), [0.2526426, 0.5466465, 1.0157277], atol=6e-8)
    np.testing.assert_allclose(
        sticky.loss_modulus(w), [0.2722514, 0.2251482, 0.7651941], atol=6e-8
    )  # eigenvalue by eigenvalue


@pytest.mark.parametrize(
    ("graph", "slowest", "size", "early", "late"),
    [
        (dendrimer(3, 2), 0.26794919, 0.19500000, 0.63381640, 9.411377e-4),
        (dendrimer(3, 3), 0.09678807, 0.31301653, 0.67458703, 1.376117e-2),
        (dendrimer(3, 6), 0.00851510, 0.74281163, 0.70462856, 0.0436768),
        (dendrimer(4, 4), 0.01750977, 0.52940344, None, None),
        (networkx.cycle_graph(20), None, 33.25 / 120, 0.64740217, 0.01416584),
        (networkx.path_graph(20), None, 66.5 / 120, 0.66116895, 0.03827828),
    ],
)
def test_trees_and_rings_relax_as_computed_independently(graph, slowest, size, early, late):
    values = laplacian_spectrum(graph)[1:]
    n = len(values) + 1
    assert slowest is None or values[0] == pytest.approx(slowest, abs=6e-9)
    assert (1 / values).sum() / (6 * n) == pytest.approx(size, abs=6e-9)
    for time, listed in ((0.1, early), (10.0, late)):
        assert listed is None or np.exp(-2 * values * time).sum() / n == pytest.approx(listed, abs=6e-8)


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
        (lambda: end_linked_network(1, 3, 0.5), "links must be a whole number of at least 2"),
        (lambda: end_linked_network(10**8, 3, 0.5), "links must have at most 10000000 ends"),
        (lambda: dendrimer(3, 40), "generations must be at most 18"),
        (lambda: dendrimer(0, 2), "functionality must be a whole number of at least 1"),
        (lambda: diamond_network(0), "cells must be a whole number of at least 1"),
        (lambda: diamond_network(100), "cells must make at most 1000000 beads"),
        (lambda: laplacian_spectrum(np.eye(2)), "graph must be a networkx graph, not ndarray"),
        (lambda: laplacian_spectrum(networkx.Graph([(0, 1, {"weight": -1.0})])), "weight must be a positive number"),
        (lambda: laplacian_spectrum(networkx.path_graph(20_001)), "at most 20000 beads in one component"),
        (lambda: cycle_rank(networkx.DiGraph([(0, 1)])), "graph must be undirected"),
        (lambda: equilibrium_modulus(networkx.DiGraph([(0, 1)]), 1.0, [1.0] * 3), "graph must be undirected"),
        (lambda: equilibrium_modulus(networkx.path_graph(2), -1.0, [1.0] * 3), "spring_constant must be a positive"),
        (lambda: equilibrium_modulus(networkx.path_graph(2), 1.0, [1.0, -1.0, 1.0]), "cell must be three positive"),
        (lambda: equilibrium_modulus(networkx.path_graph(2), 1.0, "cube"), "cell must be three positive"),
        (
            lambda: equilibrium_modulus(networkx.Graph([(0, 1, {"image": (1, 0)})]), 1.0, [1.0] * 3),
            "image must be three whole numbers",
        ),
        (lambda: maxwell_model(networkx.empty_graph(3), volume=1.0, **UNITS), "graph must have a bond"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()

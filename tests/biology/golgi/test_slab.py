"""The sampler of bonds against enumeration, exact polynomials and percolation; the slab against computed tables."""

import itertools
import math

import numpy as np
import pytest
from mesoscale.biology.golgi import GolgiMatrix, Protein, homotypic_bond_probability
from mesoscale.biology.golgi.mixture import composition_of
from mesoscale.biology.golgi.slab import MEASURES, anneal_bonds, possible_bonds, random_slab, whole_numbers
from mesoscale.biology.golgi.spanning import _monotone, scan_slabs, spanning_onset
from mesoscale.core.kernels.disjoint_sets import pack_crossings
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.networks.percolation import scan_points, square_lattice, threshold, torus_wrapping
from scipy import constants

BOND, X, Y, WRAPPING, LARGEST, FINITE, RENEWALS = range(len(MEASURES))


def copies_of(counts, species, weights, pairs, copies):
    """Many copies of one small graph, as one graph."""
    size = len(species)
    edges = (np.asarray(pairs)[None] + size * np.arange(copies)[:, None, None]).reshape(-1, 2)
    return possible_bonds(counts, np.tile(species, copies), weights, edges, np.zeros(len(edges), np.int32))


def mean_bonds(graph, molecules, copies, seed=0, samples=20, sweeps=25, **options):
    """Bonds of one copy, with the standard error."""
    total = graph.valences.sum()
    values = np.array(
        [
            0.5 * total / copies * anneal_bonds(graph, molecules, 1.0, sweeps, 1, state, **options)[0, 0, BOND]
            for state in spawn_states(seed, samples)
        ]
    )
    return values.mean(), values.std(ddof=1) / math.sqrt(samples)


def enumerate_bonds(graph, limit=None):
    """Mean number of bonds by summing over all configurations, from the weight of each (equation 15)."""
    total = weighted = 0.0
    most = [min(graph.valences[i], graph.valences[j], limit or 99) for i, j in graph.edges]
    for bonds in itertools.product(*(range(m + 1) for m in most)):
        used = np.zeros(len(graph.valences), int)
        weight = 1.0
        for n, (i, j), z in zip(bonds, graph.edges, graph.weights, strict=True):
            used[i] += n
            used[j] += n
            weight *= z**n / math.factorial(n)
        if (used > graph.valences).any():
            continue
        for f, n in zip(graph.valences, used, strict=True):
            weight *= math.factorial(f) / math.factorial(f - n)
        total += weight
        weighted += sum(bonds) * weight
    return weighted / total


# ------------------------------------------------------------------------------------------ small graphs, exactly


@pytest.mark.parametrize("z", [0.3, 1.0, 5.0])
def test_a_path_of_three_monovalent_molecules(z):
    graph = copies_of([[1.0]], [0, 0, 0], [[z]], [(0, 1), (1, 2)], 2000)
    value, error = mean_bonds(graph, 6000, 2000)
    assert abs(value - 2 * z / (1 + 2 * z)) < 4 * error


@pytest.mark.parametrize("z", [0.3, 1.0, 5.0])
def test_a_ring_of_four_monovalent_molecules(z):
    graph = copies_of([[1.0]], [0] * 4, [[z]], [(0, 1), (1, 2), (2, 3), (3, 0)], 2000)
    value, error = mean_bonds(graph, 8000, 2000)
    assert abs(value - (4 * z + 4 * z**2) / (1 + 4 * z + 2 * z**2)) < 4 * error


SMALL = {
    "triangle of divalent": ([[2.0]], [0, 0, 0], [[0.4]], [(0, 1), (1, 2), (2, 0)]),
    "star of tetravalent": ([[4.0]], [0] * 4, [[0.2]], [(0, 1), (0, 2), (0, 3)]),
    "square with a diagonal, trivalent": ([[3.0]], [0] * 4, [[0.5]], [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]),
    "golgin and two GRASPs": ([[3.0, 0.0], [0.0, 2.0]], [0, 1, 1], [[0.0, 0.7], [0.7, 0.0]], [(0, 1), (0, 2), (1, 2)]),
    "competition for pockets": (
        [[2.0, 0.0, 0.0], [0.0, 2.0, 1.0]],
        [0, 1, 1],
        [[0.0, 0.9, 0.0], [0.9, 0.0, 0.5], [0.0, 0.5, 0.0]],
        [(0, 1), (0, 2), (1, 2)],
    ),
}


@pytest.mark.parametrize("limit", [None, 1, 2])
@pytest.mark.parametrize("name", SMALL)
def test_small_graphs_agree_with_enumeration(name, limit):
    counts, species, weights, pairs = SMALL[name]
    exact = enumerate_bonds(copies_of(counts, species, weights, pairs, 1), limit)
    graph = copies_of(counts, species, weights, pairs, 1500)
    value, error = mean_bonds(graph, 1500 * len(species), 1500, bonds_per_pair=limit)
    assert abs(value - exact) < 4 * error


def test_sites_that_cannot_bind_have_no_edges():
    counts = [[3.0, 0.0], [0.0, 2.0]]
    graph = possible_bonds(counts, [0, 0, 1, 1], [[0, 1], [1, 0]], [(0, 1), (0, 2), (2, 3)], np.zeros(3, np.int32))
    assert graph.edges.tolist() == [[0, 2]]
    assert graph.valences.tolist() == [3, 3, 2, 2]


def test_a_molecule_with_two_kinds_binds_another_in_both_ways():
    graph = possible_bonds([[1.0, 1.0]], [0, 0], [[0, 1], [1, 0]], [(0, 1)], np.zeros(1, np.int32))
    assert sorted(graph.edges.tolist()) == [[0, 3], [1, 2]]
    assert graph.molecules.tolist() == [0, 0, 1, 1]


def test_detailed_balance_forgets_the_beginning():
    """Annealed down from strong bonds, or up from none: the same equilibrium."""
    graph = copies_of([[4.0]], [0] * 4, [[1.0]], [(0, 1), (1, 2), (2, 3), (3, 0)], 1000)
    from_strong, from_none = [], []
    for state in spawn_states(5, 20):
        from_strong.append(anneal_bonds(graph, 4000, [20.0, 0.2], 25, 1, state)[1, 0, BOND])
        from_none.append(anneal_bonds(graph, 4000, [0.2], 25, 1, state)[0, 0, BOND])
    difference = np.mean(from_strong) - np.mean(from_none)
    assert abs(difference) < 4 * math.hypot(np.std(from_strong), np.std(from_none)) / math.sqrt(20)


# ------------------------------------------------------------------------------------ all reach all: mean field


def complete(molecules, valence, y):
    """Molecules that all reach each other, p / (1 - p)^2 = y."""
    pairs = np.stack(np.triu_indices(molecules, 1), axis=1)
    odds = y / (valence * (molecules - 1))
    return possible_bonds([[float(valence)]], np.zeros(molecules, int), [[odds]], pairs, np.zeros(len(pairs), np.int32))


def test_mass_action_is_approached_as_one_over_the_number_of_partners():
    """Monovalent molecules that all reach each other, by the matching polynomial of the complete graph."""
    y, defects = 2.0, []
    sizes = np.array([40, 80, 160, 320])
    for n in sizes:
        k = np.arange(n // 2 + 1)
        log_ways = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - 2 * i + 1) - i * math.log(2) for i in k]
        logs = np.array(log_ways) + k * math.log(y / (n - 1))
        ways = np.exp(logs - logs.max())
        defects.append(abs(2 * (k * ways).sum() / ways.sum() / n - homotypic_bond_probability(y / 2, 1.0)))
    assert np.polyfit(np.log(sizes), np.log(defects), 1)[0] == pytest.approx(-1.0, abs=0.1)


def test_clusters_below_the_gel_point_are_those_of_the_tree():
    """Trivalent, 0.35 of the stickers bound: (1 + 0.35) / (1 - 0.7) = 4.5 molecules, and no giant."""
    graph = complete(1000, 3, 0.35 / 0.65**2)
    shots = np.array([anneal_bonds(graph, 1000, 1.0, 12, 2, state)[0].mean(axis=0) for state in spawn_states(0, 12)])
    assert abs(shots[:, FINITE].mean() - 4.5) < 4 * shots[:, FINITE].std(ddof=1) / math.sqrt(12)
    assert shots[:, LARGEST].max() < 0.15
    assert shots[:, WRAPPING].max() == 0.0


@pytest.mark.slow
def test_a_well_mixed_solution_of_4000_tetramers():
    graph = complete(4000, 4, 0.4 / 0.36)
    shots = np.array([anneal_bonds(graph, 4000, 1.0, 10, 3, state)[0].mean(axis=0) for state in spawn_states(0, 20)])
    assert abs(shots[:, BOND].mean() - 0.400) < 0.003
    assert abs(shots[:, LARGEST].mean() - 0.541) < 0.015


def test_a_cayley_tree_of_independent_bonds():
    """Chance that the root reaches the leaves: q_d = 1 - (1 - p q_{d-1})^2, three branches at the root."""
    depth, p, stickers = 5, 0.6, 20_000
    edges, layer, count = [], [0], 1
    for level in range(depth):
        following = []
        for parent in layer:
            for _ in range(3 if level == 0 else 2):
                edges.append((parent, count))
                following.append(count)
                count += 1
        layer = following
    # one more molecule holds all leaves together: reached if and only if its cluster holds the root
    odds = p / (1 - p) / stickers**2
    q = 1.0
    for _ in range(depth - 1):
        q = 1 - (1 - p * q) ** 2
    expected = 1 - (1 - p * q) ** 3
    # a second, crossing edge from the root to the leaves' sink makes a winding loop if both are joined
    sink = count
    pairs = np.array([*edges, *((leaf, sink) for leaf in layer), (sink, 0)])
    crossings = np.zeros((len(pairs), 2), int)
    crossings[-1] = 1, 0
    graph = possible_bonds([[float(stickers)]], np.zeros(sink + 1, int), [[odds]], pairs, pack_crossings(crossings))
    certain = np.r_[np.ones(len(edges)), np.full(len(layer) + 1, 1e12)]
    graph = graph._replace(weights=graph.weights * certain)
    shots = [anneal_bonds(graph, sink + 1, 1.0, 3, 1, s, bonds_per_pair=1)[0, 0, X] for s in spawn_states(0, 3000)]
    assert abs(np.mean(shots) - expected) < 4 * np.std(shots) / math.sqrt(3000)


# -------------------------------------------------------------------------------------------- networks that wrap


def test_wrapping_along_x_along_y_and_along_both():
    lattice = square_lattice((8, 8))
    packed = pack_crossings(lattice.crossings)
    edges, species = np.asarray(lattice.edges), np.zeros(64, int)
    for keep, expected in (
        (np.ones(len(edges), bool), (1, 1, 1.0)),
        (np.asarray(lattice.crossings)[:, 0] == 0, (0, 1, 1.0)),
        (np.asarray(lattice.crossings)[:, 1] == 0, (1, 0, 1.0)),
        ((np.asarray(lattice.crossings) == 0).all(axis=1), (0, 0, 0.0)),
    ):
        graph = possible_bonds([[100.0]], species, [[1e12]], edges[keep], packed[keep])
        shot = anneal_bonds(graph, 64, 1.0, 1, 1, spawn_states(0, 1)[0], bonds_per_pair=1)[0, 0]
        assert (shot[X], shot[Y], shot[WRAPPING]) == expected
        assert shot[LARGEST] == 1.0
        assert shot[FINITE] == (0.0 if expected[2] else 64.0)


def test_kong2006_dimers_on_the_square_lattice():
    """Monovalent molecules at equal weight cover 0.6381231 of the lattice."""
    lattice = square_lattice((32, 32))
    graph = possible_bonds([[1.0]], np.zeros(1024, int), [[1.0]], lattice.edges, np.zeros(len(lattice.edges), np.int32))
    shots = np.array([anneal_bonds(graph, 1024, 1.0, 25, 4, s)[0, :, BOND].mean() for s in spawn_states(1, 40)])
    assert abs(shots.mean() - 0.6381231) < 4 * shots.std() / math.sqrt(40)


def test_no_molecule_is_bound_beyond_its_valence_and_clusters_add_up():
    table = composition_of((Protein(valence=3, concentration=0.02),))
    graph = random_slab(table, np.array([600]), 1e-7, 8e-8, spawn_states(0, 1)[0])
    shot = anneal_bonds(graph, 600, 1e6, 30, 1, spawn_states(1, 1)[0])[0, 0]
    assert 0.9 < shot[BOND] <= 1.0
    assert 0 < shot[LARGEST] <= 1.0


def test_molecules_are_shared_out_in_whole_numbers():
    assert whole_numbers([1.0, 0.0, 1.0], 5).sum() == 5
    assert whole_numbers([1e-9, 1.0], 500).tolist() == [0, 500]


# ---------------------------------------------------------------------------------- the slab beside mass action


def tetramers(width, density, x, slabs, *, sweeps=40, snapshots=4, seed=1, **options):
    """Self-binding tetramers, thickness = reach; `density` n r^2, `x` = p / (1 - p)^2 of mass action."""
    reach = 4e-8
    concentration = density / reach**3 / constants.N_A
    table = composition_of((Protein(valence=4, concentration=concentration),))
    ladder = 8 * concentration / np.asarray(x)
    numbers = np.array([round(density * width**2)])
    options = {"bonds_per_pair": None, **options}
    states = spawn_states(seed, slabs)
    return scan_slabs(
        table, numbers, reach, reach, ladder, sweeps=sweeps, snapshots=snapshots, states=states, **options
    )


def test_mass_action_holds_in_the_slab_within_three_per_cent():
    """Computed apart by kinetic Monte Carlo: 0.324, 0.440, 0.586 where mass action says 0.3333, 0.4514, 0.6000."""
    measured = tetramers(20, 4.0, [0.75, 1.5, 3.75], 12)[:, :, BOND]
    apart, error = np.array([0.324, 0.440, 0.586]), measured.std(axis=0, ddof=1) / math.sqrt(12)
    assert (np.abs(measured.mean(axis=0) - apart) < 4 * np.hypot(error, 0.0005)).all()
    tree = homotypic_bond_probability(np.array([0.375, 0.75, 1.875]), 1.0)
    assert tree == pytest.approx([0.3333, 0.4514, 0.6000], abs=5e-5)
    assert (np.abs(measured.mean(axis=0) / tree - 1) < 0.03).all()


def test_single_bonds_between_a_pair_are_fewer():
    many = tetramers(14, 4.0, [3.75], 4)[:, :, BOND].mean()
    one = tetramers(14, 4.0, [3.75], 4, bonds_per_pair=1)[:, :, BOND].mean()
    assert one < many - 0.01


def test_the_tree_s_gel_point_is_far_from_spanning():
    """At x = 0.75 the tree gels; the slab does not wrap in any of these."""
    measured = tetramers(14, 4.0, [0.75, 1.5], 8)
    assert measured[:, :, WRAPPING].max() == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "density", "ladder", "onset", "probability"),
    [(20, 4.0, [3.0, 3.375, 3.75, 4.125, 4.5], 5.0, 0.586), (16, 12.0, [1.3125, 1.5, 1.6875], 2.0, 0.446)],
)
def test_slabs_need_bonds_several_times_stronger_than_the_tree(width, density, ladder, onset, probability):
    """x / x_c = 5.0(1) at 10.5 possible partners, 2.00(5) at 31.5; p_c = 0.586(4) and 0.446(4)."""
    slabs = tetramers(width, density, ladder, 150)
    found = spanning_onset(1 / np.asarray(ladder), slabs)
    assert 1 / found.dissociation_constant / 0.75 == pytest.approx(onset, abs=0.15)
    assert found.bond_probability == pytest.approx(probability, abs=6e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("thickness", "density"), [(0.5, 1.493), (1.0, 1.696), (2.0, 2.254)])
def test_slabs_of_points_within_reach_percolate_at_densities_of_a_table(thickness, density):
    """Newman-Ziff scans of random geometric graphs, periodic along x and y only."""
    width = 30.0
    nodes = int(1.35 * density * width**2)
    scan = scan_points(nodes, (width, width, thickness), 1.0, 300, periodic=(True, True, False))
    found, error = threshold(scan, torus_wrapping().mean, event="mean", directions=(0, 1))
    assert abs(found * thickness - density) < 4 * math.hypot(error * thickness, 0.007)


# ------------------------------------------------------------------------------------------- where spanning begins


def test_the_onset_is_read_off_at_the_universal_probability():
    target = torus_wrapping().mean
    assert target == pytest.approx(0.5210582892, abs=1e-9)
    curve = np.array([0.0, 0.25, 0.75, 1.0])
    slabs = np.zeros((100, 4, len(MEASURES)))
    slabs[:, :, X] = slabs[:, :, Y] = (np.arange(100)[:, None] + 0.5) / 100 < curve
    slabs[:, :, BOND] = [0.1, 0.2, 0.3, 0.4]
    found = spanning_onset(np.array([8.0, 4.0, 2.0, 1.0]), slabs)
    share = (target - 0.25) / 0.5
    assert found.dissociation_constant == pytest.approx(4.0 * 0.5**share)
    assert found.bond_probability == pytest.approx(0.2 + 0.1 * share)
    assert found.error > 0


def test_no_onset_where_all_or_none_span():
    for value in (0.0, 1.0):
        slabs = np.zeros((5, 3, len(MEASURES)))
        slabs[:, :, X : Y + 1] = value
        assert spanning_onset(np.array([3.0, 2.0, 1.0]), slabs) is None


def test_the_nearest_rising_curve():
    assert _monotone(np.array([0.0, 0.5, 0.3, 0.4, 1.0])).tolist() == [0.0, 0.4, 0.4, 0.4, 1.0]
    rising = np.array([0.1, 0.2, 0.2, 0.9])
    assert _monotone(rising).tolist() == rising.tolist()


def test_a_slab_at_the_governing_ratio_of_one_does_not_span():
    critical = GolgiMatrix().at_ratio(1.0).replace(**GolgiMatrix.quick).run()
    assert not bool(critical.spans)
    assert float(critical.answer) == 0.0

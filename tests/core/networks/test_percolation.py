import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.networks import percolation as perc
from mesoscale.core.networks.percolation.scan import neighbour_lists, pack_faces, sweep_bonds, sweep_sites
from scipy import stats

RHOMBUS = complex(0.5, math.sqrt(0.75))


def within(value, expected, error, sigmas=4.0):
    return np.all(np.abs(np.asarray(value) - expected) <= sigmas * np.asarray(error) + 1e-12)


# ---------------------------------------------------------------- small graphs, all configurations


def clusters(nodes, edges, crossings):
    """Sizes of clusters and wrapping directions by depth-first search with positions: no union-find."""
    neighbours = {i: [] for i in nodes}
    for (i, j), c in zip(edges, crossings, strict=True):
        neighbours[i].append((j, c))
        neighbours[j].append((i, tuple(-x for x in c)))
    place, sizes, wraps = {}, [], set()
    for start in nodes:
        if start in place:
            continue
        place[start], stack, size = (0, 0), [start], 0
        while stack:
            i = stack.pop()
            size += 1
            for j, c in neighbours[i]:
                there = (place[i][0] + c[0], place[i][1] + c[1])
                if j not in place:
                    place[j] = there
                    stack.append(j)
                else:
                    wraps |= {axis for axis in range(2) if there[axis] != place[j][axis]}
        sizes.append(size)
    return sizes, wraps


def enumerate_configurations(graph, kind):
    """Exact microcanonical averages: largest cluster, sum of squares, x, any, all."""
    edges, crossings = graph.edges.tolist(), [tuple(c) for c in graph.crossings.tolist()]
    elements = len(edges) if kind == "bonds" else graph.nodes
    totals = np.zeros((elements + 1, 5))
    for pattern in itertools.product((False, True), repeat=elements):
        if kind == "bonds":
            nodes, kept = range(graph.nodes), [k for k in range(elements) if pattern[k]]
        else:
            nodes = [i for i in range(graph.nodes) if pattern[i]]
            kept = [k for k, (i, j) in enumerate(edges) if pattern[i] and pattern[j]]
        sizes, wraps = clusters(nodes, [edges[k] for k in kept], [crossings[k] for k in kept])
        observed = max(sizes, default=0), sum(s * s for s in sizes), 0 in wraps, bool(wraps), len(wraps) == 2
        totals[sum(pattern)] += observed
    counts = np.array([math.comb(elements, n) for n in range(elements + 1)])
    return totals / counts[:, None]


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("bonds", (2, 3)),
        ("sites", (3, 3)),
        pytest.param("bonds", (3, 3), marks=pytest.mark.slow),
        pytest.param("sites", (4, 4), marks=pytest.mark.slow),
    ],
)
def test_scans_agree_with_all_configurations_of_a_small_torus(kind, shape):
    graph = perc.square_lattice(shape)
    exact = enumerate_configurations(graph, kind)
    scan = (perc.scan_bonds if kind == "bonds" else perc.scan_sites)(graph, 40_000)
    assert within(scan.largest_cluster, exact[:, 0] / graph.nodes, scan.largest_cluster_error)
    assert within(scan.mean_cluster_size, exact[:, 1] / graph.nodes, scan.mean_cluster_size_error)
    p = np.array([0.2, 0.5, 0.8])
    n = np.arange(scan.elements + 1)
    for column, event, directions in [(2, "mean", (0,)), (3, "any", None), (4, "all", None)]:
        expected = [(stats.binom.pmf(n, scan.elements, q) * exact[:, column]).sum() for q in p]
        np.testing.assert_allclose(perc.canonical(exact[:, column], p), expected, rtol=1e-12)
        value, error = perc.connection_probability(scan, p, event=event, directions=directions)
        assert within(value, expected, error)


@pytest.mark.parametrize("kind", ["bonds", "sites"])
def test_every_step_of_a_sweep_agrees_with_networkx(kind):
    rng = np.random.default_rng(0)
    graph = perc.Graph(60, rng.integers(0, 60, (120, 2)), np.zeros((120, 0), int))
    elements = 120 if kind == "bonds" else 60
    sums, onset, no_faces = np.zeros((6, elements + 1)), np.empty(0, np.int64), np.empty(0, np.uint8)
    order = rng.permutation(elements).astype(np.int32)
    if kind == "bonds":
        bonds = np.column_stack([graph.edges, np.zeros(120)]).astype(np.int32)[order]
        sweep_bonds(bonds, 60, no_faces, 1, sums, onset)
    else:
        sweep_sites(order.reshape(-1, 1), *neighbour_lists(graph), no_faces, 1, sums, onset)
    full = nx.MultiGraph(graph.edges.tolist())
    full.add_nodes_from(range(60))
    peer = nx.MultiGraph()
    if kind == "bonds":
        peer.add_nodes_from(range(60))
    for step in range(elements + 1):
        if step and kind == "bonds":
            peer.add_edge(*graph.edges[order[step - 1]].tolist())
        elif step:
            peer = nx.MultiGraph(full.subgraph(order[:step].tolist()))
        sizes = [len(c) for c in nx.connected_components(peer)]
        largest, squares = max(sizes, default=0), sum(s * s for s in sizes)
        assert sums[:3, step].tolist() == [largest, squares, squares - largest**2]
        np.testing.assert_array_equal(sums[3:, step], sums[:3, step] ** 2)


# ---------------------------------------------------------------- exact results


def test_pinson1994_universal_wrapping():
    # Newman & Ziff 2001, after equation 18; the digits follow from Pinson's formula
    wrapping = perc.torus_wrapping()
    assert wrapping.any == pytest.approx(0.690473725, abs=5e-10)
    assert wrapping.x == wrapping.y == wrapping.mean == pytest.approx(0.521058290, abs=1e-9)
    assert wrapping.all == pytest.approx(0.351642855, abs=1.5e-9)
    assert wrapping.single == pytest.approx(0.169415435, abs=5e-10)


@pytest.mark.parametrize("modulus", [1j, 2j, 0.3 + 0.7j, RHOMBUS, -0.4 + 3j])
def test_wrapping_knows_no_preferred_basis_of_the_torus(modulus):
    one, turned = perc.torus_wrapping(modulus), perc.torus_wrapping(-1 / modulus)
    assert (turned.y, turned.x) == pytest.approx((one.x, one.y), abs=1e-12)
    assert (turned.any, turned.all) == pytest.approx((one.any, one.all), abs=1e-12)
    if modulus.real <= 0:
        assert perc.torus_wrapping(modulus + 1).any == pytest.approx(one.any, abs=1e-12)
    # inclusion and exclusion, and self-duality: as often nothing wraps as a cross
    assert one.x + one.y == pytest.approx(one.any + one.all, abs=1e-12)


def test_a_long_thin_torus_wraps_the_short_way():
    tall, taller = perc.torus_wrapping(10j), perc.torus_wrapping(20j)
    assert tall.x > 0.99
    # wrapping the long way falls as exp(-2 pi x r) with the exponent x = beta / nu = 5/48 of the order parameter
    assert math.log(tall.y / taller.y) / 10 == pytest.approx(2 * math.pi * 5 / 48, rel=1e-5)


@pytest.mark.parametrize("size", [2, 5, 16])
def test_a_self_dual_rectangle_spans_with_probability_one_half(size):
    # Bollobas & Riordan, Percolation (2006), ch. 3, lemma 1: exactly 1/2 for n + 1 columns of n sites, any n
    scan = perc.scan_bonds(perc.square_lattice((size + 1, size), periodic=(False, False)), 20_000)
    value, error = perc.connection_probability(scan, 0.5, directions=(0,))
    assert within(value, 0.5, error)


@pytest.mark.parametrize("size", [3, 11])
def test_hex_has_a_winner(size):
    # sites of a triangular rhombus: one player connects left and right, or the other up and down
    scan = perc.scan_sites(perc.triangular_lattice((size, size), periodic=(False, False)), 20_000)
    value, error = perc.connection_probability(scan, 0.5)
    assert within(value, 0.5, error)


@pytest.mark.parametrize("depth", [1, 4, 7])
def test_root_to_leaf_probability_of_a_binary_tree(depth):
    nodes = 2 ** (depth + 1) - 1
    edges = [((i - 1) // 2, i) for i in range(1, nodes)]
    faces = np.zeros((nodes, 1, 2), bool)
    faces[0, 0, 0], faces[2**depth - 1 :, 0, 1] = True, True
    scan = perc.scan_bonds(perc.Graph(nodes, edges, np.zeros((nodes - 1, 1), int), faces), 20_000)
    for p in (0.3, 0.5, 0.8):
        exact = 1.0
        for _ in range(depth):
            exact = 1 - (1 - p * exact) ** 2
        assert within(*(lambda v, e, x=exact: (v, x, e))(*perc.connection_probability(scan, p)))


def test_a_layer_of_one_node_spans_from_the_beginning():
    slab = perc.cubic_lattice((4, 4, 1), periodic=(True, True, False))
    assert (perc.scan_bonds(slab, 2).onset[:, 2] == 0).all()
    assert (perc.scan_sites(slab, 2).onset[:, 2] == 1).all()
    assert perc.connection_probability(perc.scan_bonds(slab, 2), 0.0, directions=(2,))[0] == 1.0


def test_a_graph_without_boundary_never_connects():
    scan = perc.scan_bonds(perc.square_lattice((3, 3), periodic=(True, False)), 5)
    assert (scan.onset[:, 0] <= scan.elements).all()
    open_graph = perc.Graph(3, [(0, 1), (1, 2)], [[0], [0]])
    scan = perc.scan_bonds(open_graph, 5)
    assert (scan.onset == 3).all()
    assert perc.connection_probability(scan, 1.0)[0] == 0.0


def test_erdos_renyi_giant_component():
    # S = 1 - exp(-c S) at mean degree c = 2: S = 0.796812130
    sizes = []
    for seed in range(30):
        edges = np.random.default_rng(seed).integers(0, 50_000, (100_000, 2))
        scan = perc.scan_bonds(perc.Graph(50_000, edges, np.zeros((100_000, 0), int)), 1, seed=seed, every=50_000)
        sizes.append(scan.largest_cluster[1])
    assert within(np.mean(sizes), 0.7968121300200199, np.std(sizes, ddof=1) / math.sqrt(len(sizes)))


# ---------------------------------------------------------------- published thresholds

THRESHOLDS = [
    # Jacobsen, J. Phys. A 48, 454003 (2015)
    ("sites", perc.square_lattice, 0.59274605079210, 1j),
    ("bonds", perc.square_lattice, 0.5, 1j),
    ("sites", perc.triangular_lattice, 0.5, RHOMBUS),
    # Sykes & Essam, J. Math. Phys. 5, 1117 (1964)
    ("bonds", perc.triangular_lattice, 2 * math.sin(math.pi / 18), RHOMBUS),
    ("bonds", perc.honeycomb_lattice, 1 - 2 * math.sin(math.pi / 18), RHOMBUS),
    # Feng, Deng & Bloete, Phys. Rev. E 78, 031136 (2008)
    ("sites", perc.honeycomb_lattice, 0.697040230, RHOMBUS),
]


@pytest.mark.parametrize(("kind", "lattice", "expected", "modulus"), THRESHOLDS)
def test_thresholds_and_wrapping_of_plane_lattices(kind, lattice, expected, modulus):
    # corrections fall as L^(-11/4) in p and L^-2 in R: at L = 48 they hide in the noise of 4000 scans
    scan = (perc.scan_bonds if kind == "bonds" else perc.scan_sites)(lattice((48, 48)), 4000)
    wrapping = perc.torus_wrapping(modulus)
    for event in ("mean", "any", "all"):
        p_c, error = perc.threshold(scan, getattr(wrapping, event), event=event)
        assert within(p_c, expected, error)
        assert error < 1e-3
    for event in ("mean", "any", "all", "single"):
        value, error = perc.connection_probability(scan, expected, event=event)
        assert within(value, getattr(wrapping, event), error)


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 128, 256])
def test_jacobsen2015_square_sites(size):
    scan = perc.scan_sites(perc.square_lattice((size, size)), 40_000 * 64 // size, every=size * size)
    wrapping = perc.torus_wrapping()
    for event in ("mean", "any", "all"):
        p_c, error = perc.threshold(scan, getattr(wrapping, event), event=event)
        assert within(p_c, 0.59274605079210, error)
        assert abs(p_c - 0.592746) < 3e-4
        value, error = perc.connection_probability(scan, 0.59274605079210, event=event)
        assert within(value, getattr(wrapping, event), error)


def test_microcanonical_wrapping_is_biased():
    # cell T6: at n = p_c N exactly, R_e of sites is 0.70-0.72 instead of 0.6905
    scan = perc.scan_sites(perc.square_lattice((32, 32)), 20_000)
    plain = (scan.onset.min(axis=1) <= round(0.592746 * 1024)).mean()
    assert 0.70 < plain < 0.725
    assert within(*_pair(perc.connection_probability(scan, 0.592746, event="any"), perc.torus_wrapping().any))


def _pair(estimate, expected):
    return estimate[0], expected, estimate[1]


def test_simple_cubic_sites_from_a_crossing():
    small, large = (perc.scan_sites(perc.cubic_lattice((n, n, n)), m) for n, m in ((8, 8000), (16, 4000)))
    p_c, error = perc.crossing(small, large)
    # 0.31160768(15): Xu, Wang, Lv & Deng, Front. Phys. 9, 113 (2014); corrections at L = 8 are about 1e-3
    assert abs(p_c - 0.311608) < 4 * error + 1.5e-3
    assert error < 1e-3


@pytest.mark.slow
def test_xu2014_simple_cubic_sites():
    small, large = (perc.scan_sites(perc.cubic_lattice((n, n, n)), m) for n, m in ((24, 6000), (48, 3000)))
    p_c, error = perc.crossing(small, large)
    assert abs(p_c - 0.31160768) < 1e-3
    assert within(p_c, 0.31160768, max(error, 1e-4))


@pytest.mark.slow
def test_a_slab_percolates_like_a_plane():
    # eight layers: three events must give one threshold; 0.3566(4) from an independent program
    slab = perc.cubic_lattice((64, 64, 8), periodic=(True, True, False))
    scan = perc.scan_sites(slab, 4000, every=slab.nodes)
    for event in ("mean", "any", "all"):
        p_c, error = perc.threshold(scan, getattr(perc.torus_wrapping(), event), event=event, directions=(0, 1))
        assert within(p_c, 0.3566, math.hypot(error, 4e-4), 3)


# ---------------------------------------------------------------- continuum


def test_overlapping_disks():
    # mean degree 4.51235: Mertens & Moore 2012; Xun, Hao & Ziff, arXiv:2010.02895
    scan = perc.scan_points(2200, (36.0, 36.0), 1.0, 800)
    for event in ("mean", "any", "all"):
        density, error = perc.threshold(scan, getattr(perc.torus_wrapping(), event), event=event)
        assert within(math.pi * density, 4.51235, math.pi * error)
        assert math.pi * error < 0.03


@pytest.mark.slow
def test_overlapping_spheres():
    # mean degree 2.73512 (2010.02895)
    small, large = (perc.scan_points(n, (s, s, s), 1.0, m) for n, s, m in ((1000, 10.0, 4000), (6500, 20.0, 1500)))
    density, error = perc.crossing(small, large)
    degree = 4 / 3 * math.pi * density
    assert abs(degree - 2.73512) < 0.03
    assert within(degree, 2.73512, max(4 / 3 * math.pi * error, 0.005))


@pytest.mark.slow
def test_a_slab_of_spheres():
    # areal density n r^2 = 1.696(6) at thickness r: 200-400 samples of an independent program
    scan = perc.scan_points(4000, (40.0, 40.0, 1.0), 1.0, 600, periodic=(True, True, False))
    density, error = perc.threshold(scan, perc.torus_wrapping().any, event="any", directions=(0, 1))
    assert within(density, 1.696, math.hypot(error, 0.006), 3)


def test_growing_the_reach_finds_the_same_threshold():
    # at fixed number the canonical value is met up to the spread of Poisson numbers, of order 1/N
    reach = perc.connection_reach(1600, (40.0, 40.0), 1.7, 1000)
    critical = np.sqrt(1.436326 / 1.0)
    passed = (reach.min(axis=1) <= critical).mean()
    assert abs(passed - perc.torus_wrapping().any) < 4 * math.sqrt(0.25 / 1000) + 0.03
    assert np.isfinite(reach).all()


def test_reach_and_insertion_agree_on_one_set_of_points():
    box, nodes = (12.0, 12.0), 150
    reach = perc.connection_reach(nodes, box, 3.9, 20, seed=5)
    for longest in (1.1, 1.3, 1.5):
        scan = perc.scan_points(nodes, box, longest, 20, seed=5)
        np.testing.assert_array_equal(scan.onset <= nodes, reach <= longest)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), d=st.integers(1, 3), periodic=st.lists(st.booleans(), min_size=3, max_size=3))
def test_geometric_graphs_link_all_near_pairs(seed, d, periodic):
    rng = np.random.default_rng(seed)
    box, points = rng.uniform(3, 5, d), None
    points = rng.random((30, d)) * box
    graph, lengths = perc.geometric_graph(points, box, 1.0, periodic=periodic[:d])
    difference = points[None] - points[:, None]
    shift = np.where(periodic[:d], np.round(difference / box), 0)
    distance = np.sqrt(((difference - shift * box) ** 2).sum(-1))
    expected = {(i, j) for i, j in zip(*np.nonzero(distance <= 1.0), strict=True) if i < j}
    assert {tuple(sorted(edge)) for edge in graph.edges.tolist()} == expected
    assert (np.diff(lengths) >= 0).all()
    for (i, j), crossing, length in zip(graph.edges, graph.crossings, lengths, strict=True):
        assert np.linalg.norm(points[j] + crossing * box - points[i]) == pytest.approx(length)


def test_random_geometric_graphs_have_uniform_points():
    graph, _ = perc.random_geometric_graph(20_000, (100.0, 100.0), 1.0)
    degree = 2 * len(graph.edges) / 20_000
    expected = math.pi * 19_999 / 10_000
    # pairs are nearly independent: the variance of their number is its mean
    assert abs(degree / expected - 1) < 4 / math.sqrt(10_000 * expected)
    slab, _ = perc.random_geometric_graph(2000, (20.0, 20.0, 4.0), 1.0, periodic=(True, True, False), seed=3)
    assert slab.faces[:, 2].any(axis=0).all()
    assert not slab.faces[:, :2].any()
    assert not slab.crossings[:, 2].any()


# ---------------------------------------------------------------- convolutions


@settings(max_examples=50, deadline=None)
@given(total=st.integers(1, 3000), p=st.floats(0, 1), seed=st.integers(0, 100))
def test_canonical_is_the_binomial_sum(total, p, seed):
    curve = np.random.default_rng(seed).random(total + 1)
    expected = (stats.binom.pmf(np.arange(total + 1), total, p) * curve).sum() if p > 1e-300 else curve[0]
    assert perc.canonical(curve, p) == pytest.approx(expected, rel=1e-10)


def test_canonical_keeps_its_digits_for_millions_of_elements():
    total = 4_000_000
    n = np.arange(total + 1, dtype=float)
    p = np.array([1e-7, 0.01, 0.5, 0.999])
    np.testing.assert_allclose(perc.canonical(n, p), total * p, rtol=1e-13)
    variance = perc.canonical((n / total - 0.5) ** 2, 0.5)
    assert variance == pytest.approx(0.25 / total, rel=1e-9)
    coarse = np.arange(0, total + 1, 100)
    np.testing.assert_allclose(perc.canonical(coarse, p, occupied=coarse), total * p, rtol=1e-13)


@settings(max_examples=50, deadline=None)
@given(mean=st.floats(0, 2000), seed=st.integers(0, 100))
def test_poissonian_is_the_poisson_sum(mean, seed):
    curve = np.random.default_rng(seed).random(3001)
    expected = (stats.poisson.pmf(np.arange(3001), mean) * curve).sum()
    assert perc.poissonian(curve, mean) == pytest.approx(expected, rel=1e-10)


def test_onsets_and_convolved_histograms_agree():
    scan = perc.scan_sites(perc.square_lattice((6, 6)), 500)
    curve = [(scan.onset.min(axis=1) <= n).mean() for n in range(37)]
    p = np.linspace(0, 1, 11)
    np.testing.assert_allclose(
        perc.connection_probability(scan, p, event="any")[0], perc.canonical(curve, p), atol=1e-12
    )
    scan = perc.scan_points(300, (9.0, 9.0), 1.0, 50)
    curve = [(scan.onset.max(axis=1) <= n).mean() for n in range(301)]
    density = np.linspace(0, 2, 5)
    expected = perc.poissonian(curve, density * 81)
    np.testing.assert_allclose(perc.connection_probability(scan, density, event="all")[0], expected, atol=1e-12)


def test_events_are_related():
    scan = perc.scan_bonds(perc.square_lattice((5, 5)), 300)
    p = np.linspace(0, 1, 7)
    r = {event: perc.connection_probability(scan, p, event=event)[0] for event in ("mean", "any", "all", "single")}
    np.testing.assert_allclose(2 * r["mean"], r["any"] + r["all"], atol=1e-12)
    np.testing.assert_allclose(2 * r["single"], r["any"] - r["all"], atol=1e-12)
    one = perc.connection_probability(scan, p, event="single", directions=(1,))[0]
    np.testing.assert_allclose(one, perc.connection_probability(scan, p, directions=(1,))[0], atol=1e-12)


@pytest.mark.parametrize("every", [1, 7, 100, 10_000])
def test_recording_less_often_changes_no_record(every):
    graph = perc.square_lattice((12, 12))
    fine, coarse = perc.scan_bonds(graph, 50, every=1), perc.scan_bonds(graph, 50, every=every)
    np.testing.assert_array_equal(fine.onset, coarse.onset)
    for name in ("largest_cluster", "mean_cluster_size", "susceptibility", "susceptibility_error"):
        np.testing.assert_array_equal(getattr(coarse, name), getattr(fine, name)[coarse.occupied])
    assert coarse.occupied[-1] == graph.edges.shape[0]


# ---------------------------------------------------------------- streams, threads, progress


@pytest.mark.parametrize("function", [perc.scan_bonds, perc.scan_sites])
def test_the_same_bits_on_one_and_two_threads(function):
    graph = perc.square_lattice((24, 24))
    one, two = (function(graph, 8000, workers=w, seed=4) for w in (1, 2))
    for name in one.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    more = function(graph, 100, seed=4)
    np.testing.assert_array_equal(more.onset, one.onset[:100])
    assert not np.array_equal(function(graph, 100, seed=5).onset, more.onset)


def test_points_are_the_same_on_one_and_two_threads():
    one, two = (perc.scan_points(200, (9.0, 9.0), 1.0, 400, workers=w) for w in (1, 2))
    np.testing.assert_array_equal(one.onset, two.onset)
    np.testing.assert_array_equal(one.largest_cluster, two.largest_cluster)


def test_progress_and_cancelling():
    seen = []
    graph = perc.square_lattice((64, 64))
    perc.scan_bonds(graph, 2000, tick=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2000, 2000)

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perc.scan_bonds(graph, 2000, tick=cancel)


def test_one_scan_has_no_error():
    scan = perc.scan_bonds(perc.square_lattice((4, 4)), 1)
    assert np.isnan(scan.largest_cluster_error).all()
    assert np.isnan(perc.connection_probability(scan, 0.5)[1])
    assert math.isnan(perc.threshold(scan, 0.5)[1])


# ---------------------------------------------------------------- lattices


@pytest.mark.parametrize(
    ("lattice", "shape", "degree"),
    [
        (perc.square_lattice, (5, 7), 4),
        (perc.triangular_lattice, (5, 7), 6),
        (perc.honeycomb_lattice, (5, 7), 3),
        (perc.cubic_lattice, (3, 4, 5), 6),
    ],
)
def test_lattices_are_regular_and_connected(lattice, shape, degree):
    graph = lattice(shape)
    peer = nx.MultiGraph(graph.edges.tolist())
    assert set(dict(peer.degree).values()) == {degree}
    assert nx.is_connected(peer)
    assert nx.number_of_selfloops(peer) == 0
    if lattice is perc.honeycomb_lattice:
        assert nx.is_bipartite(lattice((4, 4), periodic=(False, False)) and nx.Graph(graph.edges.tolist()))
    opened = lattice(shape, periodic=(False,) * len(shape))
    assert not opened.crossings.any()
    assert len(opened.edges) < len(graph.edges)


def test_square_lattices_agree_with_networkx():
    graph = perc.square_lattice((4, 6), periodic=(False, False))
    peer = nx.convert_node_labels_to_integers(nx.grid_2d_graph(4, 6), ordering="sorted")
    assert {tuple(sorted(e)) for e in graph.edges.tolist()} == {tuple(sorted(e)) for e in peer.edges}
    assert graph.faces[:, 0, 0].nonzero()[0].tolist() == list(range(6))
    assert graph.faces[:, 1, 1].nonzero()[0].tolist() == [5, 11, 17, 23]


def test_wrapping_one_way_only_crosses_one_way():
    graph = perc.square_lattice((4, 6), periodic=(True, False))
    assert np.abs(graph.crossings).sum(axis=0).tolist() == [6, 0]
    assert not graph.faces[:, 0].any()
    assert pack_faces(graph).max() == 8


# ---------------------------------------------------------------- bad input

SCAN = perc.scan_bonds(perc.square_lattice((3, 3)), 20)
POINTS = perc.scan_points(100, (5.0, 5.0), 1.0, 5)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: perc.square_lattice((3,)), "shape"),
        (lambda: perc.square_lattice((3, 0)), "shape"),
        (lambda: perc.square_lattice((3, 2.5)), "shape"),
        (lambda: perc.cubic_lattice((3, 3, 3), periodic=(True, True)), "periodic"),
        (lambda: perc.Graph(0, [], np.zeros((0, 1), int)), "nodes"),
        (lambda: perc.Graph(True, [], np.zeros((0, 1), int)), "nodes"),
        (lambda: perc.Graph(2, [(0, 2)], [[0]]), "edges"),
        (lambda: perc.Graph(2, [(0, 1, 1)], [[0]]), "edges"),
        (lambda: perc.Graph(2, [(0.0, 1.0)], [[0]]), "edges"),
        (lambda: perc.Graph(2, [(0, 1)], [0]), "crossings"),
        (lambda: perc.Graph(2, [(0, 1)], [[0] * 4]), "crossings"),
        (lambda: perc.Graph(2, [(0, 1)], [[0.5]]), "crossings"),
        (lambda: perc.Graph(2, [(0, 1)], [[101]]), "crossings"),
        (lambda: perc.Graph(2, [(0, 1)], [[0]], np.zeros((2, 1), bool)), "faces"),
        (lambda: perc.scan_bonds(perc.Graph(2, [], np.zeros((0, 1), int)), 1), "graph"),
        (lambda: perc.scan_bonds(perc.square_lattice((3, 3)), 0), "scans"),
        (lambda: perc.scan_sites(perc.square_lattice((3, 3)), 1.5), "scans"),
        (lambda: perc.scan_sites(perc.square_lattice((3, 3)), 1, seed=-1), "seed"),
        (lambda: perc.scan_sites(perc.square_lattice((3, 3)), 1, every=0), "every"),
        (lambda: perc.connection_probability(SCAN, 1.1), "control"),
        (lambda: perc.connection_probability(SCAN, math.nan), "control"),
        (lambda: perc.connection_probability(SCAN, 0.5, event="both"), "event"),
        (lambda: perc.connection_probability(SCAN, 0.5, directions=(2,)), "directions"),
        (lambda: perc.connection_probability(SCAN, 0.5, directions=()), "directions"),
        (lambda: perc.connection_probability(POINTS, 10.0), "control"),
        (lambda: perc.threshold(SCAN, 1.0), "level"),
        (lambda: perc.threshold(POINTS, 0.999999), "level"),
        (lambda: perc.threshold(SCAN, 0.5, event="single"), "event"),
        (lambda: perc.crossing(SCAN, SCAN), "cross"),
        (lambda: perc.canonical([1.0, 2.0], 1.5), "probability"),
        (lambda: perc.canonical([1.0], 0.5), "curve"),
        (lambda: perc.canonical([1.0, 2.0], 0.5, occupied=[1, 2]), "occupied"),
        (lambda: perc.canonical([1.0, 2.0], 0.5, occupied=[0, 0]), "occupied"),
        (lambda: perc.poissonian([1.0, 2.0], 3.0), "mean_number"),
        (lambda: perc.poissonian([1.0, 2.0], -1.0), "mean_number"),
        (lambda: perc.torus_wrapping(0.001j), "modulus"),
        (lambda: perc.torus_wrapping(5 + 1j), "modulus"),
        (lambda: perc.geometric_graph([[1.0, 1.0]], (5.0, 5.0), 2.0), "reach"),
        (lambda: perc.geometric_graph([[1.0, 1.0]], (5.0, 5.0), 0.0), "reach"),
        (lambda: perc.geometric_graph([[1.0, 1.0]], (5.0, -5.0), 1.0), "box"),
        (lambda: perc.geometric_graph([[1.0, 6.0]], (5.0, 5.0), 1.0), "positions"),
        (lambda: perc.geometric_graph([1.0, 2.0], (5.0, 5.0), 1.0), "positions"),
        (lambda: perc.geometric_graph([[1.0, 1.0]], (5.0, 5.0), 1.0, periodic=(True,)), "periodic"),
        (lambda: perc.random_geometric_graph(0, (5.0, 5.0), 1.0), "nodes"),
        (lambda: perc.scan_points(0, (5.0, 5.0), 1.0, 1), "nodes"),
        (lambda: perc.connection_reach(10, (5.0, 5.0), 1.0, 0), "scans"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


@settings(max_examples=100, deadline=None)
@given(
    nodes=st.integers(-2, 5),
    edges=st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 6)), max_size=6),
    scans=st.integers(-1, 3),
    seed=st.integers(-1, 5),
)
def test_any_graph_is_scanned_or_refused(nodes, edges, scans, seed):
    good = nodes >= 1 and scans >= 1 and seed >= 0 and len(edges) > 0
    good = good and all(0 <= i < nodes for edge in edges for i in edge)
    try:
        graph = perc.Graph(nodes, edges, np.zeros((len(edges), 2), int))
        scan = perc.scan_bonds(graph, scans, seed=seed)
    except ValueError:
        assert not good
        return
    assert good
    assert scan.largest_cluster[0] == 1 / nodes
    assert len(spawn_states(seed, scans)) == len(scan.onset)

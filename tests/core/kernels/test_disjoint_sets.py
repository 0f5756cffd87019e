import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.kernels import disjoint_sets as ds

NODES = 12
EDGES = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=30)
VECTOR = st.lists(st.integers(-100, 100), min_size=3, max_size=3)


@settings(max_examples=200, deadline=None)
@given(edges=EDGES)
def test_labels_are_the_components_of_networkx(edges):
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(NODES))
    labels = ds.cluster_labels(NODES, edges)
    found = {frozenset(np.flatnonzero(labels == label).tolist()) for label in range(labels.max() + 1)}
    assert found == {frozenset(component) for component in nx.connected_components(graph)}
    _, first = np.unique(labels, return_index=True)
    assert (np.diff(first) > 0).all()


def test_roots_carry_sizes():
    parent = ds.new_forest(5)
    assert [ds.join(parent, 0, 1), ds.join(parent, 1, 2), ds.join(parent, 0, 2)] == [True, True, False]
    assert parent[ds.find_root(parent, 2)] == -3
    assert parent[ds.find_root(parent, 4)] == -1


def test_a_long_chain_stays_shallow():
    n = 100_000
    labels = ds.cluster_labels(n, np.stack([np.arange(n - 1), np.arange(1, n)], axis=1))
    assert not labels.any()


@settings(max_examples=200, deadline=None)
@given(a=VECTOR, b=VECTOR, directions=st.integers(1, 3))
def test_packed_vectors_add_and_unpack(a, b, directions):
    first, second = np.array([a])[:, :directions], np.array([b])[:, :directions]
    total = ds.pack_crossings(first).astype(np.int64) + ds.pack_crossings(second)
    np.testing.assert_array_equal(ds.unpack_crossings(total.astype(np.int32), directions), first + second)
    np.testing.assert_array_equal(ds.unpack_crossings(-ds.pack_crossings(first), directions), -first)


def wraps_by_unrolling(n, edges, crossings):
    """A direction wraps if, in a large block of copies, an element is connected to another copy of itself."""
    crossings = np.asarray(crossings).reshape(len(edges), -1)
    d = crossings.shape[1]
    reach = 2 * len(edges) + 1  # no simple loop winds more often
    graph = nx.Graph()
    for image in np.ndindex(*(2 * reach + 1,) * d):
        for (i, j), c in zip(edges, crossings, strict=True):
            graph.add_edge((i, *image), (j, *(np.array(image) + c)))
    wraps = np.zeros(d, bool)
    centre = (reach,) * d
    for i in {node for edge in edges for node in edge}:
        for other in nx.node_connected_component(graph, (i, *centre)):
            if other[0] == i:
                wraps |= np.array(other[1:]) != centre
    return wraps


@settings(max_examples=100, deadline=None)
@given(
    bonds=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-1, 1), st.integers(-1, 1)), min_size=1, max_size=5
    )
)
def test_wrapping_agrees_with_the_unrolled_graph(bonds):
    edges, crossings = [b[:2] for b in bonds], [b[2:] for b in bonds]
    np.testing.assert_array_equal(ds.wrapping_directions(4, edges, crossings), wraps_by_unrolling(4, edges, crossings))


@pytest.mark.parametrize("periods", [1, 3, 400])
def test_a_chain_wraps_when_it_closes_only(periods):
    # a helix that winds `periods` times around y while it goes once around x
    n = periods * 3
    edges = [(i, (i + 1) % n) for i in range(n)]
    crossings = [(int(i == n - 1), int(i % 3 == 2)) for i in range(n)]
    assert ds.wrapping_directions(n, edges[:-1], crossings[:-1]).tolist() == [False, False]
    assert ds.wrapping_directions(n, edges, crossings).tolist() == [True, True]


def test_a_loop_around_nothing_does_not_wrap():
    edges, crossings = [(0, 1), (1, 2), (2, 0)], [(1, 0, 0), (-1, 1, 0), (0, -1, 0)]
    assert not ds.wrapping_directions(3, edges, crossings).any()


@pytest.mark.parametrize("edges", [[(0, 5)], [(-1, 0)], [(0.0, 1.0)], [(0, 1, 2)], [0, 1]])
def test_bad_edges_are_refused(edges):
    with pytest.raises(ValueError, match="edges"):
        ds.cluster_labels(5, edges)


@pytest.mark.parametrize("crossings", [[(0, 1), (0, 0)], [(0, 0, 0, 0)], [(0.5, 0.0)], [(40000, 0)], [1]])
def test_bad_crossings_are_refused(crossings):
    with pytest.raises(ValueError, match="crossings"):
        ds.wrapping_directions(5, [(0, 1)], crossings)


def test_no_edges_no_clusters():
    assert ds.cluster_labels(3, []).tolist() == [0, 1, 2]
    assert ds.wrapping_directions(3, np.empty((0, 2), int), np.empty((0, 2), int)).tolist() == [False, False]

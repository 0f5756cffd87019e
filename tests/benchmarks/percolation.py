"""Percolation and random draws beside plain numba, igraph, networkx and numpy.

    python tests/benchmarks/percolation.py [--json] [--quick]

One thread, the best of several runs; every line carries a check that the work was done.
"""

import importlib.util
import time

import numpy as np
from mesoscale.core.kernels import random
from mesoscale.core.kernels.disjoint_sets import pack_crossings
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.networks import percolation
from mesoscale.core.networks.percolation.scan import sweep_bonds
from numba import njit
from side_by_side import best, line, present


@njit
def plain_find(p, i):
    while p[i] >= 0:
        if p[p[i]] >= 0:
            p[i] = p[p[i]]
        i = p[i]
    return i


@njit
def plain_sweep(bonds, n):
    """Thirty lines of a careful user: union by size, path halving, the largest cluster, no wrapping."""
    p, big, largest = np.full(n, -1), 1, np.empty(len(bonds), np.int64)
    for k in range(len(bonds)):
        a, b = plain_find(p, bonds[k, 0]), plain_find(p, bonds[k, 1])
        if a != b:
            if p[a] > p[b]:
                a, b = b, a
            p[a] += p[b]
            p[b] = a
            big = max(big, -p[a])
        largest[k] = big
    return largest


def sweeps(size):
    """The same bonds in the same random order: ours notes wrapping, largest cluster and sum of squares."""
    graph = percolation.square_lattice((size, size))
    records = np.column_stack([graph.edges, pack_crossings(graph.crossings)]).astype(np.int32)
    bonds, shuffled, state = len(records), np.empty_like(records), random.spawn_states(0, 1)[0]
    shuffle = best(lambda: random.shuffle_rows(records, shuffled, state))
    rng = np.random.default_rng(0)
    numpy_shuffle = best(lambda: records[rng.permutation(bonds)])
    same = (np.sort(shuffled[:, 0]) == np.sort(records[:, 0])).all()

    plain, no_faces, onset = shuffled[:, :2].astype(np.int64), np.empty(0, np.uint8), np.empty(2, np.int64)
    records_kept = {}
    rates = {}
    for every in (1, 128):
        sums = np.zeros((6, -(-bonds // every) + 1))

        def sweep(every=every, sums=sums):
            sums[:] = 0.0
            onset[:] = bonds + 1
            sweep_bonds(shuffled, graph.nodes, no_faces, every, sums, onset)

        rates[every] = bonds / best(sweep)
        records_kept[every] = sums[0].copy()
    peer = bonds / best(lambda: plain_sweep(plain, graph.nodes))
    largest = plain_sweep(plain, graph.nodes)
    wraps = np.abs(onset / bonds - 0.5).max() < 2.0 * size**-0.75
    numbers = {every: np.minimum(np.arange(1, len(records_kept[every])) * every, bonds) for every in records_kept}
    same_sizes = {every: (records_kept[every][1:] == largest[numbers[every] - 1]).all() for every in records_kept}
    name = "plain numba, no wrapping"
    yield line("bond sweep, all records", size**2, rates[1], peer, name, "bonds/s", wraps and same_sizes[1])
    yield line("bond sweep, 128 bonds a record", size**2, rates[128], peer, name, "bonds/s", wraps and same_sizes[128])
    fast, slow = bonds / shuffle, bonds / numpy_shuffle
    yield line("shuffle of bonds", size**2, fast, slow, "numpy permutation", "bonds/s", same)

    ours = shuffle + bonds / rates[128]
    steps = [bonds * k // 10 for k in range(1, 11)]
    for name, snapshots in (("igraph", snapshots_igraph), ("networkx", snapshots_networkx)):
        if importlib.util.find_spec(name) is None or (name == "networkx" and size > 256):
            if name == "igraph":
                yield line("whole curve against ten snapshots", size**2, ours, None, name, "s", wraps)
            continue
        begin = time.perf_counter()
        sizes = snapshots(graph.nodes, plain, steps)
        peer = time.perf_counter() - begin
        check = sizes == [largest[k - 1] for k in steps]
        yield line("whole curve against ten snapshots", size**2, ours, peer, name, "s", check)


def snapshots_igraph(nodes, bonds, steps):
    import igraph

    return [max(igraph.Graph(nodes, bonds[:k]).connected_components().sizes()) for k in steps]


def snapshots_networkx(nodes, bonds, steps):
    import networkx

    sizes = []
    for k in steps:
        graph = networkx.Graph(bonds[:k].tolist())
        graph.add_nodes_from(range(nodes))
        sizes.append(max(map(len, networkx.connected_components(graph))))
    return sizes


def sites(size, scans):
    """The whole public call on one thread, shuffles included, beside plain numba's bonds."""
    graph = percolation.square_lattice((size, size))
    with use_workers(1):
        seconds = best(lambda: percolation.scan_sites(graph, scans), 2)
        scan = percolation.scan_sites(graph, scans)
    p_c, error = percolation.threshold(scan, percolation.torus_wrapping().any, event="any")
    yield line("site scans", f"{size}^2 x {scans}", size**2 * scans / seconds, None, None, "sites/s",
               abs(p_c - 0.592746) < 4 * error)  # fmt: skip


@njit
def sum_uniform(state, n):
    total = 0.0
    for _ in range(n):
        total += random.uniform(state)
    return total


@njit
def sum_normal(state, n):
    total = 0.0
    for _ in range(n):
        total += random.normal(state)
    return total


@njit
def sum_exponential(state, n):
    total = 0.0
    for _ in range(n):
        total += random.exponential(state)
    return total


@njit
def sum_numpy_uniform(rng, n):
    total = 0.0
    for _ in range(n):
        total += rng.random()
    return total


@njit
def sum_numpy_normal(rng, n):
    total = 0.0
    for _ in range(n):
        total += rng.standard_normal()
    return total


@njit
def sum_numpy_exponential(rng, n):
    total = 0.0
    for _ in range(n):
        total += rng.standard_exponential()
    return total


def draws(n):
    state, rng = random.spawn_states(0, 1)[0], np.random.default_rng(0)
    for name, ours, peer, mean, spread in (
        ("uniform", sum_uniform, sum_numpy_uniform, 0.5, 12**-0.5),
        ("normal", sum_normal, sum_numpy_normal, 0.0, 1.0),
        ("exponential", sum_exponential, sum_numpy_exponential, 1.0, 1.0),
    ):
        check = abs(ours(state, n) - n * mean) < 4 * spread * n**0.5
        mine, theirs = (n / best(lambda f=f, s=s: f(s, n)) for f, s in ((ours, state), (peer, rng)))
        yield line(f"{name} draws", n, mine, theirs, "numpy Generator in numba", "draws/s", check)
    streams = 100_000
    mine = best(lambda: random.spawn_states(0, streams))

    def spawn():
        return [child.generate_state(4, np.uint64) for child in np.random.SeedSequence(0).spawn(streams)]

    check = len(np.unique(random.spawn_states(0, streams), axis=0)) == streams
    yield line("independent streams", streams, mine, best(spawn, 1), "SeedSequence.spawn", "s", check)


def rows(quick):
    size, scans, n = (128, 100, 1_000_000) if quick else (1024, 10, 50_000_000)
    for part in (sweeps(size), sites(size, scans), draws(n)):
        yield from part


if __name__ == "__main__":
    present(__doc__, rows)

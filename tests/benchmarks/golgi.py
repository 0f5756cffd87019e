"""Golgi matrix: bonds sampled and networks measured, beside a rejection kMC in plain numba, networkx and scipy.

    python tests/benchmarks/golgi.py [--json] [--quick]

One thread, the best of several runs; every line carries a check that the work was done. A *visit* offers one pair of
molecules the chance to bond or to part; an *event* is a bond that did form or break. The plain kMC draws pairs at
random, as a careful user would write it; both reach the same fraction of bound stickers.
"""

# ruff: noqa: NPY002 (inside numba, plain users call numpy.random's functions)

import networkx
import numpy as np
import scipy.optimize
from mesoscale.biology import golgi
from mesoscale.biology.golgi import mixture, slab
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.kernels.threads import use_workers
from numba import njit
from scipy import constants
from side_by_side import best, line, present

REACH, DENSITY, VALENCE, BALANCE = 4e-8, 4.0, 4, 1.5  # n r^2; BALANCE = p / (1 - p)^2 of mass action


def tetramers(molecules):
    concentration = DENSITY / REACH**3 / constants.N_A
    table = mixture.composition_of((golgi.Protein(valence=VALENCE, concentration=concentration),))
    graph = slab.random_slab(table, np.array([molecules]), REACH, REACH, spawn_states(0, 1)[0])
    return graph, BALANCE / (2 * VALENCE * concentration)


@njit
def plain_kmc(edges, molecules, valence, odds, trials, seed):
    """Trials at a known total rate: accept a bond with free_i free_j / f^2, or break a random one."""
    np.random.seed(seed)
    free = np.full(molecules, valence)
    bonds = np.empty(molecules * valence // 2 + 1, np.int64)
    count, events, weighted, elapsed = 0, 0, 0.0, 0.0
    forming = odds * valence * valence * len(edges)
    for trial in range(trials):
        total = forming + count
        waited = -np.log(1.0 - np.random.random()) / total
        if trial > trials // 4:
            weighted += waited * count
            elapsed += waited
        if np.random.random() * total < forming:
            e = int(np.random.random() * len(edges))
            i, j = edges[e, 0], edges[e, 1]
            if np.random.random() * valence * valence < free[i] * free[j]:
                free[i] -= 1
                free[j] -= 1
                bonds[count] = e
                count += 1
                events += 1
        else:
            k = int(np.random.random() * count)
            e = bonds[k]
            count -= 1
            bonds[k] = bonds[count]
            free[edges[e, 0]] += 1
            free[edges[e, 1]] += 1
            events += 1
    return events, 2.0 * weighted / elapsed / (molecules * valence)


def bonds(quick):
    molecules = 2000 if quick else 10_000
    graph, scale = tetramers(molecules)
    sweeps, trials = 40, 2_000_000 if quick else 10_000_000

    def relax():
        bonded, free = np.zeros(len(graph.edges), np.int32), graph.valences.copy()
        state = spawn_states(1, 1)[0]
        unlimited = np.iinfo(np.int32).max
        broken = slab._relax_bonds(free, VALENCE, graph.edges, graph.weights, scale, sweeps, unlimited, bonded, state)
        return 2 * broken + int(bonded.sum()), 1.0 - free.sum() / graph.valences.sum()

    odds = float(graph.weights[0] * scale)
    ours, theirs = relax(), plain_kmc(graph.edges, molecules, VALENCE, odds, trials, 1)
    same = abs(ours[1] - theirs[1]) < 0.01
    seconds, peer = best(relax), best(lambda: plain_kmc(graph.edges, molecules, VALENCE, odds, trials, 1))
    visits = len(graph.edges) * sweeps
    yield line("visits of pairs in a slab", molecules, visits / seconds, trials / peer, "plain numba", "1/s", same)
    yield line("events in a slab", molecules, ours[0] / seconds, theirs[0] / peer, "plain numba", "1/s", same)

    full, out = np.ones(len(graph.edges), np.int32), np.empty(len(slab.MEASURES))
    measure = best(lambda: slab._measure_network(graph.valences, *graph[:4], molecules, full, out))
    network = networkx.Graph(graph.edges.tolist())
    network.add_nodes_from(range(molecules))
    largest = best(lambda: max(map(len, networkx.connected_components(network)))) * 1e3
    check = max(map(len, networkx.connected_components(network))) == round(out[4] * molecules)
    yield line("clusters and their wrapping", molecules, measure * 1e3, largest, "networkx", "ms", check)


def theory(quick):
    model = golgi.GM130_GRASP65_LINKED
    table = model.composition()
    totals, strengths = table.counts.T @ table.concentrations, table.strengths / 5e-3
    found = mixture._free_stickers(totals, strengths)

    def by_root():
        return scipy.optimize.root(
            lambda u: np.log(np.exp(u) * (1 + strengths @ np.exp(u))) - np.log(totals), np.log(totals), tol=1e-12
        )

    same = np.allclose(np.exp(by_root().x), found, rtol=1e-9)
    number = 20 if quick else 100
    ours = best(lambda: [mixture._free_stickers(totals, strengths) for _ in range(number)]) / number * 1e3
    peer = best(lambda: [by_root() for _ in range(number)]) / number * 1e3
    yield line("mass action of three stickers", 3, ours, peer, "scipy.optimize.root", "ms", same)
    gelled = golgi.bond_equilibrium(model.proteins, 5e-3).gel_fraction
    whole = best(lambda: [golgi.bond_equilibrium(model.proteins, 5e-3) for _ in range(number)]) / number * 1e3
    yield line("mass action, tree and gel", 3, whole, None, None, "ms", gelled > 0.5)


def runs(quick):
    model = golgi.GolgiMatrix().replace(**golgi.GolgiMatrix.quick) if quick else golgi.GolgiMatrix()
    with use_workers(1):
        seconds = best(model.run)
    check = not bool(model.run().spans)
    yield line("run of GolgiMatrix()", f"{model.slabs} x {model.molecules}", seconds * 1e3, None, None, "ms", check)


def rows(quick):
    for part in (bonds, theory, runs):
        yield from part(quick)


if __name__ == "__main__":
    present(__doc__, rows)

import itertools
import json
import math

import networkx as nx
import numpy as np
import pytest
from mesoscale.core.integrators.jumps import kinetic_monte_carlo as kmc
from mesoscale.core.integrators.jumps.kinetic_monte_carlo import selection
from mesoscale.core.integrators.jumps.kinetic_monte_carlo.evidence import EVIDENCE, measured_energy, passage_times
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.networks.percolation import cubic_lattice, square_lattice
from numba import njit
from scipy import stats
from scipy.linalg import expm

RARE = stats.norm.sf(4.0) * 2.0

DECAY = kmc.SiteRule("decay", lambda s, i, near, p: p[0] * s[i], lambda s, i, near, p: 0, reach=0)


def _rate_exchange(s, bond, near, p):
    return 0.7 * near.weight[bond] * (s[near.source[bond]] > s[near.neighbour[bond]])


def urn_of(rates):
    urn = [part[0] for part in selection.empty_urns(1, len(rates))]
    selection.fill_urn(*urn, np.asarray(rates, float))
    return urn


@njit
def _draw_many(rate, pool, lists, sums, state, counts, n):
    for _ in range(n):
        counts[selection.draw_slot(rate, pool, lists, sums, selection.sum_rates(lists, sums), state)] += 1


@njit
def _set_many(rate, index, pool, lists, sums, table, slots, values):
    for i in range(len(slots)):
        selection.set_rate(rate, index, pool, lists, sums, table, slots[i], values[i])


@njit
def _resum(rate, pool, lists, sums):
    selection.resum(rate, pool, lists, sums)


@njit
def _sum(lists, sums):
    return selection.sum_rates(lists, sums)


def draws(urn, n):
    counts = np.zeros(len(urn[0]), np.int64)
    rate, _, pool, lists, sums, _ = urn
    _draw_many(rate, pool, lists, sums, spawn_states(0, 1)[0], counts, n)
    return counts


def test_slots_are_drawn_with_their_rates():
    rates = np.array([0.3, 0.0, 1.0, 2.5, 3.9, 1e-3, 0.5, 0.0, 7.0])
    counts = draws(urn_of(rates), 400_000)
    kept = rates > 0
    assert counts[~kept].sum() == 0
    assert stats.chisquare(counts[kept], 400_000 * rates[kept] / rates.sum()).pvalue > RARE


def test_an_urn_after_many_changes_is_the_urn_of_its_rates():
    rng = np.random.default_rng(0)
    rates = 10.0 ** rng.uniform(-12, 12, 50)
    urn = urn_of(rates)
    for _ in range(50):  # crowds move between a few groups, so that lists are moved and the pool is packed
        slots = rng.integers(0, 50, 400)
        values = np.where(rng.random(400) < 0.3, 0.0, 2.0 ** rng.integers(-3, 3, 400) * rng.uniform(1, 2, 400))
        _set_many(*urn, slots, values)
        for slot, value in zip(slots, values, strict=True):
            rates[slot] = value
        np.testing.assert_array_equal(urn[0], rates)
        lists = urn[3][: urn[3][-1, 0]]
        members = [urn[2][begin : begin + count] for begin, _, count, _ in lists]
        assert sorted(np.concatenate(members)) == list(np.flatnonzero(rates))
        assert all((urn[1][m, 0] == g).all() and (urn[1][m, 1] == range(len(m))).all() for g, m in enumerate(members))
        spans = sorted((begin, begin + capacity) for begin, capacity, _, _ in lists)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
        assert urn[3][-1, 1] <= len(urn[2]) // 2
        assert math.isclose(_sum(urn[3], urn[4]), rates.sum(), rel_tol=1e-12)
    counts = draws(urn, 200_000)
    kept = rates > 0.05
    assert stats.chisquare(counts[kept], counts[kept].sum() * rates[kept] / rates[kept].sum()).pvalue > RARE


def test_sums_do_not_drift_when_a_crowd_has_left():
    urn = urn_of(np.full(100_000, 1.1))
    _set_many(*urn, np.arange(99_999), np.zeros(99_999))
    assert _sum(urn[3], urn[4]) == 1.1
    _resum(urn[0], urn[2], urn[3], urn[4])
    assert _sum(urn[3], urn[4]) == 1.1
    _set_many(*urn, np.array([99_999]), np.zeros(1))
    assert _sum(urn[3], urn[4]) == 0.0


def test_neighbourhoods_of_lattices_and_graphs():
    near = kmc.neighbourhood(square_lattice((3, 4)), weights=np.arange(24.0))
    assert (np.diff(near.begin) == 4).all()
    assert len(near.neighbour) == 48
    forth = {(a, b): w for a, b, w in zip(near.source, near.neighbour, near.weight, strict=True)}
    assert all(forth[b, a] == w for (a, b), w in forth.items())
    assert near.orientation.sum() == 0
    graph = nx.Graph([("a", "b", {"weight": 2.0}), ("b", "c")])
    near = kmc.neighbourhood(graph)
    assert near.neighbour.tolist() == [1, 0, 2, 1]
    assert near.weight.tolist() == [2.0, 2.0, 1.0, 1.0]
    assert kmc.neighbourhood(nx.DiGraph([(0, 1), (1, 2)])).begin.tolist() == [0, 1, 2, 2]
    assert kmc.neighbourhood(near) is near
    assert kmc.neighbourhood(cubic_lattice((3, 3, 3), periodic=(False,) * 3)).begin[-1] == 108


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kmc.chain_lattice(1), "sites"),
        (lambda: kmc.neighbourhood(nx.Graph([(0, 0)])), "to itself"),
        (lambda: kmc.neighbourhood(nx.Graph()), "at least one site"),
        (lambda: kmc.neighbourhood(kmc.chain_lattice(3), weights=[1.0]), "weights"),
        (lambda: kmc.neighbourhood(kmc.neighbourhood(kmc.chain_lattice(3)), directed=True), "already"),
        (lambda: kmc.SiteRule("x", "y", len), "rate must be a function"),
        (lambda: kmc.BondRule("x", len, reach=-1), "reach"),
        (lambda: kmc.tasep_current(0, 1.0, 1.0), "sites"),
        (lambda: kmc.tasep_current(3, 0.0, 1.0), "positive"),
        (lambda: kmc.ising_energy(-1.0), "temperature"),
        (lambda: kmc.ising_energy(1.0, 2), "size"),
        (lambda: kmc.spin_flip_rates(1.0, dynamics="kawasaki"), "kawasaki"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"initial": np.zeros(4)}, "initial"),
        ({"initial": np.full(10, 0.5)}, "initial"),
        ({"times": [2.0, 1.0]}, "times"),
        ({"times": [-1.0]}, "times"),
        ({"output": "everything"}, "output"),
        ({"trajectories": 0}, "trajectories"),
        ({"trajectories": 10**9}, "too many values"),
        ({"rules": []}, "possible events"),
        ({"rules": [kmc.SiteRule("x", DECAY.rate, DECAY.change, sites=[10])]}, "its sites"),
        ({"parameters": [-1.0]}, r"rule 'decay' at site \d, .*neither zero"),
        ({"parameters": [np.nan]}, "neither zero"),
        ({"max_events": 3}, "max_events = 3"),
    ],
)
def test_what_cannot_be_run_is_refused(change, words):
    given = {"rules": [DECAY], "initial": np.ones(10), "times": [10.0], "parameters": [1.0]}
    given.update(change)
    positional = [given.pop(name) for name in ("rules", "initial", "times")]
    with pytest.raises(ValueError, match=words):
        kmc.kinetic_monte_carlo(kmc.chain_lattice(10), *positional, **given)


def test_a_rule_that_looks_further_than_it_says_is_found_out():
    graph = square_lattice((4, 4))
    near_sighted = kmc.SiteRule("flip", kmc.spin_flip().rate, kmc.spin_flip().change, reach=0)
    with pytest.raises(ValueError, match=r"'flip' at site .* beyond reach = 0"):
        kmc.kinetic_monte_carlo(graph, [near_sighted], np.ones(16), [10.0], parameters=kmc.spin_flip_rates(3.0))


def test_a_rule_that_numba_cannot_compile_is_refused():
    rule = kmc.SiteRule("odd", lambda s, i, near, p: s.nothing, DECAY.change)
    with pytest.raises(ValueError, match="cannot compile"):
        kmc.kinetic_monte_carlo(kmc.chain_lattice(3), [rule], np.ones(3), [1.0])


def ising_run(times, **options):
    return kmc.kinetic_monte_carlo(
        square_lattice((6, 6)), [kmc.spin_flip()], options.pop("initial", np.ones(36)), times,
        parameters=kmc.spin_flip_rates(2.5), trajectories=options.pop("trajectories", 5), **options,
    )  # fmt: skip


@pytest.mark.parametrize("output", ["states", "averages", "final"])
def test_the_same_bits_for_any_threads_chunks_and_after_resuming(output, monkeypatch):
    times = np.arange(0.0, 21.0)
    whole = ising_run(times, output=output, workers=1)
    monkeypatch.setattr(kmc.simulation, "_BUDGET", 37)
    monkeypatch.setattr(kmc.simulation, "_BATCH_BYTES", 40_000)
    xr_equal = ising_run(times, output=output, workers=2)
    assert whole.identical(xr_equal)
    tail = ising_run(times, output=output, first=3, trajectories=2)
    assert tail.identical(whole.isel(trajectory=slice(3, None)).assign_attrs(tail.attrs))
    half = ising_run(times[:9], output=output)
    rest = ising_run(times[9:], output=output, initial=None, resume=half)
    assert rest.identical(whole.isel(time=slice(9, None)).assign_attrs(rest.attrs))


def test_a_run_can_be_watched_and_cancelled(monkeypatch):
    seen = []
    result = ising_run([1.0, 2.0], progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (10, 10)
    assert ising_run([1.0, 2.0], progress=True).identical(result)
    monkeypatch.setattr(kmc.simulation, "_BUDGET", 10)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ising_run([1e6], progress=stop)


def test_resuming_takes_no_new_start_and_the_same_size():
    half = ising_run([1.0])
    with pytest.raises(ValueError, match="initial"):
        ising_run([2.0], resume=half)
    with pytest.raises(ValueError, match="resume"):
        ising_run([2.0], initial=None, resume=half, trajectories=4)


def test_the_dataset_says_what_it_is():
    result = ising_run([1.0, 2.0])
    assert json.loads(result.attrs["recipe"])["rules"] == ["flip"]
    assert all({"units", "long_name"} <= set(result[name].attrs) for name in result.variables)
    energy = -result.state.values.reshape(5, 2, 6, 6)
    energy = (energy * -(np.roll(energy, 1, 2) + np.roll(energy, 1, 3))).sum(axis=(2, 3))
    np.testing.assert_allclose(result.observable, energy + 72)  # the gains sum up to the energy


def test_frozen_states_last_and_averages_are_integrals():
    ends = kmc.kinetic_monte_carlo(
        kmc.chain_lattice(50), [DECAY], np.ones(50), [0.0, 5.0, 1000.0], parameters=[1.0], output="averages"
    )
    assert ends.state_average[0, 0].sum() == 50
    assert ends.final_state.sum() == 0
    assert ends.event_count[0, 2, 0] == 50
    # the time spent occupied of all sites after t = 0 sums up to the area under the number of nuclei
    area = (ends.state_average[0, 1] * 5.0 + ends.state_average[0, 2] * 995.0).values
    assert math.isclose(area.max(), float(ends.last_event_time[0]), rel_tol=1e-12)
    assert stats.kstest(area, "expon").pvalue > RARE
    idle = kmc.kinetic_monte_carlo(kmc.chain_lattice(5), [DECAY], np.zeros(5), [1.0], parameters=[1.0])
    assert np.isnan(idle.last_event_time[0])


@pytest.mark.parametrize("graph", [nx.path_graph(3), nx.star_graph(3), nx.cycle_graph(4)])
def test_probabilities_follow_the_master_equation(graph):
    """Two rules at once: spins flip with Glauber rates, and unlike neighbours exchange; all 2^n states."""
    near, n = kmc.neighbourhood(graph), len(graph)
    table = kmc.spin_flip_rates(1.7)
    rules = [kmc.spin_flip(), kmc.BondRule("exchange", _rate_exchange)]
    states = list(itertools.product([-1, 1], repeat=n))
    generator = np.zeros((2**n, 2**n))
    for a, s in enumerate(states):
        for i in range(n):
            other = list(s)
            other[i] = -s[i]
            generator[states.index(tuple(other)), a] += table[4 + s[i] * sum(s[j] for j in graph[i])]
        for i, j in itertools.permutations(range(n), 2):
            if graph.has_edge(i, j) and s[i] > s[j]:
                other = list(s)
                other[i], other[j] = s[j], s[i]
                generator[states.index(tuple(other)), a] += 0.7
    generator -= np.diag(generator.sum(axis=0))
    result = kmc.kinetic_monte_carlo(near, rules, np.ones(n), [0.8], parameters=table, trajectories=20_000)
    expected = expm(0.8 * generator)[:, -1]
    number = ((result.state.values[:, 0] + 1) // 2 * 2 ** np.arange(n)[::-1]).sum(axis=1)
    counts = np.bincount(number, minlength=2**n)
    assert stats.chisquare(counts, 20_000 * expected).pvalue > RARE


@pytest.mark.parametrize(
    ("entry", "leave", "sites", "expected"),
    [(1.0, 1.0, 10, 0.2857143), (1.0, 1.0, 50, 0.2574257), (0.3, 0.7, 20, 0.21), (0.7, 0.2, 10, 0.1599900)],
)
def test_derrida1993_currents(entry, leave, sites, expected):
    assert abs(kmc.tasep_current(sites, entry, leave) - expected) < 1e-7


@pytest.mark.parametrize(("entry", "leave"), [(1.0, 1.0), (0.3, 0.7), (0.5, 0.5), (2.0, 0.1)])
@pytest.mark.parametrize("sites", [1, 2, 5])
def test_exact_currents_by_the_stationary_state_of_the_master_equation(sites, entry, leave):
    states = list(itertools.product([0, 1], repeat=sites))
    generator, crossing = np.zeros((2**sites, 2**sites)), np.zeros(2**sites)
    for a, s in enumerate(states):
        moves = [((*s[:i], 0, 1, *s[i + 2 :]), 1.0) for i in range(sites - 1) if s[i] > s[i + 1]]
        if not s[0]:
            moves.append(((1, *s[1:]), entry))
            crossing[a] = entry
        if s[-1]:
            moves.append(((*s[:-1], 0), leave))
        for other, rate in moves:
            generator[states.index(other), a] += rate
            generator[a, a] -= rate
    stationary = np.linalg.lstsq(
        np.vstack([generator, np.ones(2**sites)]), np.append(np.zeros(2**sites), 1), rcond=None
    )[0]
    assert math.isclose(kmc.tasep_current(sites, entry, leave), crossing @ stationary, rel_tol=1e-10)


def test_long_chains_reach_the_current_of_their_phase():
    assert math.isclose(kmc.tasep_current(100_000, 0.3, 0.7), 0.21, rel_tol=1e-7)
    assert math.isclose(kmc.tasep_current(100_000, 0.9, 0.2), 0.16, rel_tol=1e-7)
    sizes = np.array([100, 200, 400, 800])
    excess = [kmc.tasep_current(int(n), 1.0, 1.0) - 0.25 for n in sizes]
    assert abs(np.polyfit(np.log(sizes), np.log(excess), 1)[0] + 1.0) < 0.1  # 3 / (8 L)


@pytest.mark.parametrize(
    ("temperature", "energy"),
    [(1.5, -1.951117), (2.0, -1.745565), (2.2, -1.546489), (2.5, -1.106079), (3.0, -0.817310)],
)
def test_onsager1944_energies(temperature, energy):
    assert abs(kmc.ising_energy(temperature) - energy) < 1e-6
    assert abs(kmc.ising_energy(temperature, 400) - energy) < 1e-6


def test_onsager1944_energy_at_the_critical_point_is_the_square_root_of_two():
    critical = 2.0 / math.log(1.0 + math.sqrt(2.0))
    assert math.isclose(kmc.ising_energy(critical), -math.sqrt(2.0), rel_tol=1e-7)
    sizes = np.array([16, 32, 64, 128])
    excess = [-math.sqrt(2.0) - kmc.ising_energy(critical, int(n)) for n in sizes]
    assert abs(np.polyfit(np.log(sizes), np.log(excess), 1)[0] + 1.0) < 0.1


@pytest.mark.parametrize("temperature", [1.0, 2.0, 2.269, 4.0])
@pytest.mark.parametrize("size", [3, 4])
def test_kaufman1949_energies_by_counting_all_states(size, temperature):
    spins = 1.0 - 2.0 * ((np.arange(2 ** (size * size))[:, None] >> np.arange(size * size)) & 1)
    spins = spins.reshape(-1, size, size)
    energy = -(spins * (np.roll(spins, 1, 1) + np.roll(spins, 1, 2))).sum(axis=(1, 2))
    weight = np.exp(-(energy - energy.min()) / temperature)
    expected = (energy * weight).sum() / weight.sum() / size**2
    assert math.isclose(kmc.ising_energy(temperature, size), expected, rel_tol=1e-10)


def test_first_passage_times_have_the_moments_of_the_generator():
    times = passage_times(6, 4000)
    generator = np.diag([1.0, 2.0, 2.0, 2.0, 2.0]) - np.diag(np.ones(4), 1) - np.diag(np.ones(4), -1)
    first = np.linalg.solve(generator, np.ones(5))
    second = 2.0 * np.linalg.solve(generator, first)
    assert first[0] == pytest.approx(15.0)
    assert abs(times.mean() - first[0]) < 4 * math.sqrt((second[0] - first[0] ** 2) / 4000)
    assert abs((times**2).mean() - second[0]) < 4 * (times**2).std() / math.sqrt(4000)


def test_glauber_and_metropolis_reach_the_same_equilibrium():
    (a, da), (b, db) = (measured_energy(4, 3.0, 4000, dynamics) for dynamics in ("glauber", "metropolis"))
    expected = kmc.ising_energy(3.0, 4)
    assert abs(a - expected) < 4 * da < 0.1
    assert abs(b - expected) < 4 * db < 0.1


def test_steady_averages_and_their_errors():
    many = ising_run(np.arange(1.0, 200.0), trajectories=20)
    mean, error = kmc.steady_average(many.observable_average)
    single, wide = kmc.steady_average(many.observable_average.isel(trajectory=[0]))
    assert 0 < error < wide
    assert abs(mean - single) < 4 * wide
    per_rule, _ = kmc.steady_average(many.event_rate.isel(trajectory=[0]))
    assert per_rule.dims == ("rule",)
    with pytest.raises(ValueError, match="discard"):
        kmc.steady_average(many.observable, discard=1.0)
    with pytest.raises(ValueError, match="equidistant"):
        kmc.steady_average(many.observable.isel(time=[0, 1, 5, 6]), discard=0.0)
    short, nothing = kmc.steady_average(many.observable.isel(time=[0], trajectory=[0]), discard=0.0)
    assert np.isfinite(short)
    assert np.isnan(nothing)


def test_evidence_has_published_numbers():
    assert sum(entry.kind == "published" for entry in EVIDENCE) >= 2

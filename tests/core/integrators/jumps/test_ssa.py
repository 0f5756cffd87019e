"""Exact simulation: closed forms, the same law for all methods, the same bits however a run is cut."""

import json
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from mesoscale.core.integrators.jumps import Event, Reaction, ReactionNetwork, Species, ensemble, ssa
from mesoscale.core.integrators.jumps.small import small_kernel
from mesoscale.core.model import ParameterError, ResultError
from numba import njit

METHODS = ("direct", "next_reaction", "composition_rejection")
each_method = pytest.mark.parametrize("method", METHODS)

IMMIGRATION = ReactionNetwork.from_table(
    [{"reactants": "", "products": "X", "rate": 10.0}, {"reactants": "X", "products": "", "rate": 0.5}], {"X": 0}
)
DIMER = ReactionNetwork.from_table(
    [{"reactants": "2 P", "products": "P2", "rate": 0.01}, {"reactants": "P2", "products": "2 P", "rate": 0.1}],
    {"P": 20, "P2": 0},
)
RING = ReactionNetwork(
    species=tuple(Species(name=f"X{i}", amount=i) for i in range(30)),
    reactions=tuple(Reaction(reactants=[f"X{i}"], products=[f"X{(i + 1) % 30}"], rate=0.5 + i) for i in range(30)),
)


def z_of_mean(run, time, species, expected):
    return (float(run["mean"][time, species]) - expected) / float(run["mean_error"][time, species])


# -------------------------------------------------------------------------------------------------------- laws


@each_method
def test_immigration_and_death_is_poisson(method):
    run = ssa(IMMIGRATION, [0.0, 1.0, 3.0], trajectories=4000, method=method)
    for k, t in ((1, 1.0), (2, 3.0)):
        mean = 20 * (1 - math.exp(-0.5 * t))
        amounts = run.amount.values[:, k, 0]
        assert abs(amounts.mean() - mean) < 4 * math.sqrt(mean / 4000)
        assert amounts.var(ddof=1) == pytest.approx(mean, rel=4 * math.sqrt(2 / 4000))
        counts = np.bincount(np.minimum(amounts, 40), minlength=41)
        expected = scipy.stats.poisson.pmf(np.arange(41), mean) * 4000
        kept = expected > 5
        chi2 = ((counts - expected)[kept] ** 2 / expected[kept]).sum()
        assert scipy.stats.chi2.sf(chi2, kept.sum() - 1) > 1e-4


def dimer_moments(times):
    """Mean and variance of P by the exponential of the generator over all 11 states."""
    n = np.arange(11)  # of P2
    p = 20 - 2 * n
    up, down = 0.01 * p * (p - 1) / 2, 0.1 * n
    generator = np.diag(-(up + down)) + np.diag(up[:-1], -1) + np.diag(down[1:], 1)
    for t in times:
        law = scipy.linalg.expm(generator * t)[:, 0]
        mean = law @ p
        yield mean, law @ (p - mean) ** 2


@each_method
def test_dimers_follow_their_master_equation(method):
    times = [0.0, 2.0, 8.0]
    run = ssa(DIMER, times, trajectories=6000, method=method, output="moments")
    for k, (mean, variance) in enumerate(dimer_moments(times)):
        if k == 0:
            continue
        assert abs(z_of_mean(run, k, 0, mean)) < 4
        ratio = float(run["standard_deviation"][k, 0]) ** 2 / variance
        assert ratio == pytest.approx(1, abs=4 * math.sqrt(2 / 6000) * 1.5)
        # the pairs are what is missing: their deviation is half as large
        np.testing.assert_allclose(run["standard_deviation"][k, 0], 2 * run["standard_deviation"][k, 1], rtol=1e-12)


@each_method
def test_a_ring_of_many_rates_keeps_its_molecules_and_reaches_balance(method):
    run = ssa(RING, [0.0, 60.0], trajectories=300, method=method)
    end = run.amount.values[:, -1]
    total = sum(range(30))
    assert (end.sum(axis=1) == total).all()
    share = 1 / (0.5 + np.arange(30))
    share /= share.sum()  # multinomial: every molecule walks alone
    mean, error = end.mean(axis=0), np.sqrt(total * share * (1 - share) / 300)
    assert (np.abs(mean - total * share) < 4.5 * error).all()


@each_method
def test_three_molecules_meet_by_combinations(method):
    rows = [{"reactants": "3 A", "products": "", "rate": 0.5}, {"reactants": "A + 2 B", "products": "", "rate": 0.2}]
    network = ReactionNetwork.from_table(rows, {"A": 6, "B": 4})
    # the first event: rates 0.5 * 20 and 0.2 * 6 * 6
    first = np.array([next_event(network, method, seed) for seed in range(1500)])
    share = 10 / (10 + 7.2)
    assert abs((first == 3).mean() - share) < 4 * math.sqrt(share * (1 - share) / 1500)


def next_event(network, method, seed):
    run = ssa(network, np.linspace(0, 0.5, 101), method=method, seed=seed)
    a = run.amount.values[0, :, 0]
    changed = np.flatnonzero(a != 6)
    return 6 - a[changed[0]] if len(changed) else 3


@each_method
def test_a_formula_and_a_compiled_function_are_as_mass_action(method):
    @njit
    def decay(amounts, constants):
        return constants[0] * amounts[0]

    rows = [{"products": "X", "propensity": "10 + 0 * X"}, {"reactants": "X", "propensity": "k * X"}]
    formula = ReactionNetwork.from_table(rows, {"X": 0}, constants={"k": 0.5})
    rows = [{"products": "X", "rate": 10.0}, {"reactants": "X", "propensity": decay}]
    compiled = ReactionNetwork.from_table(rows, {"X": 0}, constants={"k": 0.5})
    rows = [
        {"products": "X", "rate": 10.0},
        {"reactants": "X", "propensity": lambda amounts, constants: 0.5 * amounts[0]},
    ]
    plain = ReactionNetwork.from_table(rows, {"X": 0})
    times = [0.0, 1.0, 3.0]
    reference = ssa(IMMIGRATION, times, trajectories=40, method=method).amount
    for network in (formula, compiled, plain):
        np.testing.assert_array_equal(ssa(network, times, trajectories=40, method=method).amount, reference)


def test_the_default_method_depends_on_the_channels():
    def chosen(network):
        return json.loads(ssa(network, [0.0, 1e-6]).attrs["recipe"])["method"]

    many = ReactionNetwork(
        species=[Species(name="X", amount=1)],
        reactions=tuple(Reaction(products=["X"], rate=1e-3) for _ in range(101)),
    )
    assert chosen(IMMIGRATION) == ensemble.fastest_method(2) == "direct"
    assert chosen(many) == ensemble.fastest_method(101) == "next_reaction"
    assert ensemble.fastest_method(100_001) == "composition_rejection"


@each_method
def test_rates_over_many_powers_of_two(method):
    """A group for each power of two: events in proportion to rates from 1e-3 to 1e3, and channels that switch off."""
    rates = [1e-3, 0.4, 1.0, 30.0, 1e3]
    rows = [{"reactants": "S", "products": f"S + N{i}", "rate": r} for i, r in enumerate(rates)]
    rows += [{"reactants": "S", "products": "", "propensity": "0 * S"}]
    network = ReactionNetwork.from_table(rows, {"S": 1, **{f"N{i}": 0 for i in range(5)}})
    run = ssa(network, [0.0, 100.0], trajectories=20, method=method)
    counts = run.amount.values[:, -1, 1:].sum(axis=0)
    expected = np.array(rates) * 2000
    assert (np.abs(counts - expected) < 4 * np.sqrt(expected) + 2).all()


# ------------------------------------------------------------------------------------------------- edges in time


@each_method
def test_nothing_more_happens_when_nothing_can(method):
    decay = ReactionNetwork.from_table([{"reactants": "X", "products": "", "rate": 5.0}], {"X": 20})
    run = ssa(decay, [0.0, 100.0, 200.0], trajectories=50, method=method)
    assert (run.amount.values[:, 1:] == 0).all()
    assert (run.events.values == 20).all()


@each_method
def test_the_state_at_a_time_is_the_one_before_the_next_event(method):
    clockwork = ReactionNetwork.from_table([{"products": "X", "rate": 3.0}], {"X": 0})
    run = ssa(clockwork, np.linspace(0, 5, 501), trajectories=200, method=method)
    amounts = run.amount.values[..., 0]
    assert (amounts[:, 0] == 0).all()
    assert (np.diff(amounts, axis=1) >= 0).all()
    assert abs(amounts[:, -1].mean() - 15) < 4 * math.sqrt(15 / 200)
    increments = np.diff(amounts[:, ::100], axis=1).ravel()  # independent and Poisson
    assert abs(increments.var(ddof=1) - 3) < 4 * 3 * math.sqrt(2 / 1000) * 1.3


@each_method
def test_a_timed_event_comes_before_the_output_at_its_time(method):
    network = IMMIGRATION.replace(events=(Event(time=2.0, assignments={"X": 50}),))
    run = ssa(network, [0.0, 1.0, 2.0, 4.0], trajectories=3000, method=method, output="moments")
    assert float(run["mean"][2, 0]) == 50.0
    assert float(run["standard_deviation"][2, 0]) == 0.0
    decay = math.exp(-1.0)
    assert abs(z_of_mean(run, 3, 0, 50 * decay + 20 * (1 - decay))) < 4
    variance = 50 * decay * (1 - decay) + 20 * (1 - decay)
    assert float(run["standard_deviation"][3, 0]) ** 2 == pytest.approx(variance, rel=4 * math.sqrt(2 / 3000))


@each_method
def test_a_condition_fires_when_it_becomes_true_only(method):
    network = ReactionNetwork.from_table(
        [{"products": "X", "rate": 100.0}], {"X": 0, "N": 0},
        events=[Event(condition="X > 9", assignments={"X": 0, "N": "N + 1"})],
    )  # fmt: skip
    run = ssa(network, [0.0, 50.0], trajectories=50, method=method)
    x, n = run.amount.values[:, -1].T
    assert (x <= 9).all()
    np.testing.assert_array_equal(10 * n + x, run.events.values)
    assert abs((10 * n + x).mean() - 5000) < 4 * math.sqrt(5000 / 50)
    held = ReactionNetwork.from_table(
        [{"products": "X", "rate": 100.0}], {"X": 20, "N": 0}, events=[Event(condition="X > 9", assignments={"N": 1})]
    )
    assert (ssa(held, [0.0, 1.0], method=method).amount.values[:, -1, 1] == 0).all()  # it was true from the start


@each_method
def test_assignments_of_an_event_are_made_at_once(method):
    network = ReactionNetwork.from_table(
        [{"products": "Z", "rate": 1e-9}], {"X": 3, "Y": 8, "Z": 0},
        events=[Event(time=0.5, assignments={"X": "Y", "Y": "X"})],
    )  # fmt: skip
    assert ssa(network, [0.0, 1.0], method=method).amount.values[0, -1].tolist() == [8, 3, 0]


# --------------------------------------------------------------------------------------------------------- bits


@each_method
def test_the_same_bits_on_one_and_two_threads(method):
    for output in ("trajectories", "moments"):
        runs = [ssa(RING, [0, 1, 2], trajectories=200, method=method, output=output, workers=w) for w in (1, 2)]
        assert runs[0].identical(runs[1])


@each_method
@pytest.mark.parametrize("network", [DIMER, RING], ids=["dimer", "ring"])
def test_the_same_bits_however_the_ensemble_is_cut(method, network):
    whole = ssa(network, [0, 1, 2], trajectories=100, method=method, seed=4)
    parts = [ssa(network, [0, 1, 2], trajectories=n, first=f, method=method, seed=4) for f, n in ((0, 13), (13, 87))]
    np.testing.assert_array_equal(np.concatenate([p.amount.values for p in parts]), whole.amount.values)


@each_method
@pytest.mark.parametrize("network", [DIMER, RING], ids=["dimer", "ring"])
def test_the_same_bits_after_a_resumed_run(method, network, tmp_path):
    whole = ssa(network, [0, 1, 2, 3], trajectories=20, method=method)
    ssa(network, [0, 1], trajectories=20, method=method).to_netcdf(tmp_path / "early.nc", engine="h5netcdf")
    import xarray as xr

    with xr.open_dataset(tmp_path / "early.nc", engine="h5netcdf") as early:
        late = ssa(network, [1, 2, 3], trajectories=20, method=method, resume=early.load())
    np.testing.assert_array_equal(late.amount.values, whole.amount.values[:, 1:])
    np.testing.assert_array_equal(late.random_state.values, whole.random_state.values)


def test_events_survive_a_cut():
    network = IMMIGRATION.replace(
        events=(Event(time=1.0, assignments={"X": 5}), Event(condition="X > 12", assignments={"X": 2}))
    )
    for method in METHODS:
        whole = ssa(network, [0, 1, 2, 3], trajectories=30, method=method)
        early = ssa(network, [0, 1], trajectories=30, method=method)
        late = ssa(network, [1, 2, 3], trajectories=30, method=method, resume=early)
        np.testing.assert_array_equal(late.amount.values, whole.amount.values[:, 1:])


@each_method
def test_a_long_run_cut_into_kernel_calls_is_the_same(method, monkeypatch):
    whole = ssa(RING, [0, 1, 2], trajectories=3, method=method)
    monkeypatch.setattr(ensemble, "_BUDGET", 100)
    np.testing.assert_array_equal(ssa(RING, [0, 1, 2], trajectories=3, method=method).amount, whole.amount)


def test_a_second_network_compiles_nothing():
    catalysis = [{"reactants": f"X{i}", "products": f"X{i} + Y", "rate": 1.0} for i in range(9)]
    second = ReactionNetwork.from_table(catalysis, {**{f"X{i}": 1 for i in range(9)}, "Y": 0})
    for method, kernel in ensemble._KERNELS.items():
        ssa(RING, [0.0, 0.1], method=method)
        before = len(kernel.signatures)
        ssa(second, [0.0, 0.1], method=method)
        assert len(kernel.signatures) == before
    decay = ReactionNetwork.from_table([{"reactants": "Q", "products": "", "rate": 3.0}], {"Q": 7})
    kernel = small_kernel(*IMMIGRATION.channels.shape)
    ssa(IMMIGRATION, [0.0, 0.1])
    before = len(kernel.signatures)
    ssa(decay, [0.0, 0.1])
    assert decay.channels.shape == IMMIGRATION.channels.shape  # filled up
    assert len(kernel.signatures) == before > 0


def test_moments_are_those_of_the_trajectories():
    amounts = ssa(DIMER, [0, 1, 5], trajectories=500).amount.values
    moments = ssa(DIMER, [0, 1, 5], trajectories=500, output="moments")
    np.testing.assert_allclose(moments["mean"], amounts.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments["standard_deviation"], amounts.std(axis=0, ddof=1), rtol=1e-12, atol=1e-14)


def test_the_running_sum_of_propensities_does_not_drift():
    """Half a million events with a sum that is updated: the clock keeps pace."""
    n = 20
    species = tuple(Species(name=f"X{i}", amount=50) for i in range(n))
    reactions = tuple(Reaction(reactants=[f"X{i}"], products=[f"X{(i + 1) % n}"], rate=1 / 3) for i in range(n))
    run = ssa(ReactionNetwork(species=species, reactions=reactions), [0.0, 1500.0], method="direct")
    expected = 50 * n / 3 * 1500  # the number of molecules, and with it the sum, is constant
    assert abs(int(run.events[0]) - expected) < 4 * math.sqrt(expected)
    total = float(run.clock[0, 1])
    assert total == pytest.approx(50 * n / 3, rel=1e-12)


def test_billions_of_molecules_overflow_nothing():
    rows = [{"reactants": "3 A", "products": "B", "rate": 1e-20}, {"reactants": "B", "products": "3 A", "rate": 1.0}]
    network = ReactionNetwork.from_table(rows, {"A": 2_000_000_000, "B": 0})
    run = ssa(network, [0.0, 1e-5])
    a, b = run.amount.values[0, -1]
    assert a + 3 * b == 2_000_000_000
    assert 0 < b < 1e6


# ------------------------------------------------------------------------------------------------------- errors


@each_method
def test_an_impossible_propensity_or_amount_ends_in_words(method):
    rows = [{"reactants": "X", "products": "", "propensity": "3 - X"}]
    with pytest.raises(ResultError, match="a propensity became negative"):
        ssa(ReactionNetwork.from_table(rows, {"X": 5}), [0.0, 10.0], method=method)
    rows = [{"reactants": "X", "products": "", "propensity": "1 + 0 * X"}]
    with pytest.raises(ResultError, match="an amount became negative"):
        ssa(ReactionNetwork.from_table(rows, {"X": 5}), [0.0, 100.0], method=method)


@each_method
def test_endless_networks_stop(method):
    explosion = ReactionNetwork.from_table([{"reactants": "2 X", "products": "3 X", "rate": 1.0}], {"X": 10})
    with pytest.raises(ResultError, match=r"fired more than max_events = 1000 times.*'X'"):
        ssa(explosion, [0.0, 100.0], method=method, max_events=1000)
    ping = [Event(condition="X > 5", assignments={"X": 0}), Event(condition="X < 1", assignments={"X": 9})]
    network = ReactionNetwork.from_table([{"products": "X", "rate": 1.0}], {"X": 3}, events=ping)
    with pytest.raises(ResultError, match="conditions make each other true without end"):
        ssa(network, [0.0, 100.0], method=method)
    bad = ReactionNetwork.from_table(
        [{"products": "X", "rate": 1.0}], {"X": 3}, events=[Event(time=1.0, assignments={"X": "X / 2 - 9"})]
    )
    with pytest.raises(ResultError, match="assigned an amount that is no whole number"):
        ssa(bad, [0.0, 100.0], method=method)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": []}, "times must be finite, rising numbers"),
        ({"times": [1.0, 0.0]}, "times must be finite, rising"),
        ({"trajectories": 0}, "trajectories must be a whole number of at least 1"),
        ({"first": -1}, "first must be a whole number"),
        ({"method": "gillespie"}, "method must be one of direct, next_reaction, composition_rejection"),
        ({"output": "mean"}, "output must be 'trajectories' or 'moments'"),
        ({"max_events": 0}, "max_events must be a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        ssa(IMMIGRATION, **{"times": [0.0, 1.0], **options})


def test_only_its_own_result_is_resumed():
    early = ssa(IMMIGRATION, [0.0, 1.0], trajectories=2)
    with pytest.raises(ParameterError, match="is no result of this network and method"):
        ssa(DIMER, [1.0, 2.0], trajectories=2, resume=early)
    with pytest.raises(ParameterError, match="is no result of this network and method"):
        ssa(IMMIGRATION, [1.0, 2.0], trajectories=2, resume=early, method="next_reaction")
    with pytest.raises(ParameterError, match="holds 2 trajectories, not 3"):
        ssa(IMMIGRATION, [1.0, 2.0], trajectories=3, resume=early)
    with pytest.raises(ParameterError, match="must begin where the earlier run ended, at 1"):
        ssa(IMMIGRATION, [2.0, 3.0], trajectories=2, resume=early)
    with pytest.raises(ParameterError, match="is no result of this function"):
        ssa(IMMIGRATION, [1.0, 2.0], trajectories=2, resume=early.drop_vars("clock"))


def test_progress_may_cancel():
    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        ssa(IMMIGRATION, [0.0, 1.0], trajectories=200, progress=cancel)

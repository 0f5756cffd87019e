import math

import numpy as np
import pytest
from mesoscale.core.integrators.jumps import Constant, Event, Reaction, ReactionNetwork, Species, leap, ssa
from mesoscale.core.integrators.jumps.leap import tau_leap
from mesoscale.core.model import ParameterError, ResultError
from numba import njit


def immigration_death(influx, death, start=0):
    rows = [{"reactants": "", "products": "X", "rate": influx}, {"reactants": "X", "products": "", "rate": death}]
    return ReactionNetwork.from_table(rows, {"X": start})


def birth_death(birth, death, start):
    rows = [{"reactants": "X", "products": "2 X", "rate": birth}, {"reactants": "X", "products": "", "rate": death}]
    return ReactionNetwork.from_table(rows, {"X": start})


def z_of(result, k, mean, variance, n, species=0):
    """Deviations of mean and variance in standard errors, for near-normal amounts."""
    found, spread = result["mean"].values[k, species], result.standard_deviation.values[k, species]
    return (found - mean) / math.sqrt(variance / n), (spread**2 / variance - 1.0) * math.sqrt(n / 2)


@pytest.mark.parametrize("influx", [10.0, 1000.0])
def test_immigration_and_death_within_a_percent(influx):
    """The mean within 1 %, the variance within 1 % beyond four standard errors of its own."""
    n, times = 10_000, np.array([0.0, 10.0, 50.0, 100.0])
    result = tau_leap(immigration_death(influx, 0.1), times, trajectories=n, output="moments")
    for k in (1, 2, 3):
        exact = influx / 0.1 * (1.0 - math.exp(-0.1 * times[k]))
        found, spread = result["mean"].values[k, 0], result.standard_deviation.values[k, 0]
        assert abs(found / exact - 1.0) < 0.01
        assert abs(spread**2 / exact - 1.0) < 0.01 + 4.0 * math.sqrt(2.0 / n)
    assert abs(z_of(result, 3, influx / 0.1, influx / 0.1, n)[0]) < 4.0  # without bias once it is stationary


def test_published_steps_alone_inflate_stationary_variances():
    """Equation (1) bounds the change of propensities, not the overshoot: what `damped` is for."""
    network, times, n = immigration_death(1e4, 0.1, 100_000), [0.0, 200.0], 2000
    published = tau_leap(network, times, trajectories=n, output="moments", damped=False)
    damped = tau_leap(network, times, trajectories=n, output="moments")
    assert published.standard_deviation.values[1, 0] ** 2 > 2e5
    assert abs(damped.standard_deviation.values[1, 0] ** 2 / 1e5 - 1.0) < 0.01 + 4.0 * math.sqrt(2.0 / n)


def test_errors_fall_in_proportion_to_epsilon():
    """Of the mean during relaxation, against the closed form; the statistical error is far below."""
    network, n, epsilon = immigration_death(1e5, 0.1), 2000, np.array([0.2, 0.1, 0.05, 0.025])
    exact = 1e6 * (1.0 - math.exp(-1.0))
    errors = [
        tau_leap(network, [0.0, 10.0], trajectories=n, output="moments", epsilon=e)["mean"].values[1, 0] / exact - 1.0
        for e in epsilon
    ]
    assert all(np.diff(errors) < 0)
    assert abs(np.polyfit(np.log(epsilon), np.log(errors), 1)[0] - 1.0) < 0.2


def test_evans2008_birth_and_death_of_ten_thousand():
    """Case 001-05 of the stochastic test suite of SBML (Evans et al. 2008): all 51 times, as its statistic asks.

    Tau-leaping is biased; the suite's bounds are about the exact values, so its exceedances are counted, not hidden.
    """
    n, times = 10_000, np.arange(51.0)
    result = tau_leap(birth_death(0.1, 0.11, 10_000), times, trajectories=n, output="moments")
    growth = np.exp(-0.01 * times[1:])
    mean, variance = 1e4 * growth, 1e4 * 21.0 * growth * (1.0 - growth)
    z = (result["mean"].values[1:, 0] - mean) / np.sqrt(variance / n)
    y = np.sqrt(n / 2) * (result.standard_deviation.values[1:, 0] ** 2 / variance - 1.0)
    assert np.abs(z).max() < 4.0
    assert np.abs(y).max() < 5.0


def test_evans2008_immigration_and_death_of_ten_thousand():
    """Case 002-04: mean and standard deviation within 1 % of the printed values at t = 10, 25, 50."""
    times = np.array([0.0, 10.0, 25.0, 50.0])
    result = tau_leap(immigration_death(1000.0, 0.1), times, trajectories=10_000, output="moments")
    np.testing.assert_allclose(result["mean"].values[1:, 0], [6321.206, 9179.150, 9932.62], rtol=0.01)
    expected = [79.50601, 95.80788, 99.66253]
    np.testing.assert_allclose(result.standard_deviation.values[1:, 0], expected, rtol=0.01 + 4 / math.sqrt(2e4))


def test_small_amounts_are_simulated_exactly():
    """Nothing but critical channels and exact events: binomial survivors of fifteen molecules."""
    n = 20_000
    result = tau_leap(immigration_death(0.0, 1.0, 15), [0.0, 1.0], trajectories=n, output="moments")
    p = math.exp(-1.0)
    mean_z, variance_z = z_of(result, 1, 15 * p, 15 * p * (1 - p), n)
    assert abs(mean_z) < 4
    assert abs(variance_z) < 5


def test_critical_channels_wait_for_an_exponential_time():
    """A rare switch (one molecule, rate 0.3) beside a crowded species that leaps: survival is exactly exponential."""
    rows = [
        {"reactants": "S", "products": "", "rate": 0.3},
        {"reactants": "", "products": "X", "rate": 1e5},
        {"reactants": "X", "products": "", "rate": 1.0},
    ]
    network = ReactionNetwork.from_table(rows, {"S": 1, "X": 100_000})
    n, times = 10_000, np.array([0.0, 1.0, 3.0, 6.0])
    result = tau_leap(network, times, trajectories=n, output="moments", epsilon=0.1)
    for k in (1, 2, 3):
        p = math.exp(-0.3 * times[k])
        assert abs(result["mean"].values[k, 0] - p) < 4 * math.sqrt(p * (1 - p) / n)
    assert result.events.mean() < 500  # in leaps, not event by event


@pytest.mark.parametrize(
    ("order", "alike", "expected"),
    [
        (1, 1, 1.0),
        (2, 1, 2.0),
        (2, 2, 2.0 + 1.0 / 99.0),
        (3, 1, 3.0),
        (3, 2, 1.5 * (2.0 + 1.0 / 99.0)),
        (3, 3, 3.0 + 1.0 / 99.0 + 2.0 / 98.0),
    ],
)
def test_cao2006_factors_by_order(order, alike, expected):
    assert math.isclose(leap._bound_change(100.0, order, alike, 0.5), 50.0 / expected, rel_tol=1e-12)
    assert leap._bound_change(2.0, order, alike, 0.5) == 1.0


@pytest.mark.parametrize(("order", "alike"), [(1, 1), (2, 2), (3, 2), (3, 3)])
@pytest.mark.parametrize("x", [10.0, 30.0, 1000.0])
def test_factors_are_the_logarithmic_slopes_of_propensities_at_every_amount(order, alike, x):
    """d ln a / d ln x of the falling factorial, shared among the kinds of reactants: a frozen g is too small later."""
    slope = sum(x / (x - i) for i in range(alike))
    g = 0.5 * x / leap._bound_change(x, order, alike, 0.5)
    assert math.isclose(g, slope * order / alike, rel_tol=1e-12)


def chosen_leap(network, amounts, epsilon=0.03, damped=False):
    channels = network.channels
    x, m, n = np.append(np.asarray(amounts, float), 1.0), len(network.reactions), len(network.species)
    a = np.array([reaction.rate for reaction in network.reactions], float)
    for j, reaction in enumerate(network.reactions):
        for name, count in reaction.reactants:
            i = network.names.index(name)
            a[j] *= math.comb(int(x[i]), count)
    rare = np.zeros(m, bool)
    scratch = [np.empty(n) for _ in range(3)]
    order = leap._orders(network)
    tau, rare_total = leap._choose_leap(
        x, a, channels.change_begin, channels.changed, channels.change, order, epsilon, 10.0, damped, rare, *scratch
    )
    return tau, rare_total, rare


def test_steps_of_published_sums_keep_their_signs():
    """Balanced immigration and death: the mean does not move, so the variance alone bounds the step."""
    tau, _, _ = chosen_leap(immigration_death(1000.0, 0.1), [10_000])
    assert math.isclose(tau, (0.03 * 10_000) ** 2 / 2000.0, rel_tol=1e-12)
    damped, _, _ = chosen_leap(immigration_death(1000.0, 0.1), [10_000], damped=True)
    assert math.isclose(damped, 2.0 * 300.0 / (3.0 * 1000.0), rel_tol=1e-12)


def test_steps_follow_the_amounts_of_the_moment():
    """2 X -> nothing: mean change -x (x - 1) c, so tau = epsilon / (g c (x - 1)) with g = 2 + 1 / (x - 1)."""
    network = ReactionNetwork.from_table([{"reactants": "2 X", "products": "", "rate": 0.01}], {"X": 10_000})
    for x in (10_000, 500, 60):
        tau, _, _ = chosen_leap(network, [x], epsilon=0.3)
        g = 2.0 + 1.0 / (x - 1.0)
        mean, square = 0.01 * x * (x - 1.0), 0.02 * x * (x - 1.0)
        bound = max(0.3 * x / g, 1.0)
        assert math.isclose(tau, min(bound / mean, bound**2 / square), rel_tol=1e-12)


def test_channels_near_exhaustion_are_critical():
    network = ReactionNetwork.from_table([{"reactants": "2 X", "products": "", "rate": 1.0}], {"X": 0})
    assert chosen_leap(network, [19])[2][0]
    assert not chosen_leap(network, [20])[2][0]
    assert chosen_leap(network, [19])[0] == math.inf


def test_orders_of_unknown_laws_are_the_largest():
    reaction = Reaction(reactants={"A": 1}, propensity="k * A / (5 + B)")
    network = ReactionNetwork(
        species=[Species(name="A", amount=10), Species(name="B"), Species(name="C")],
        reactions=[reaction, Reaction(reactants={"C": 2}, rate=1.0)],
        constants=[Constant(name="k", value=1.0)],
    )
    assert leap._orders(network).tolist() == [[3, 3], [3, 3], [2, 2]]

    @njit
    def law(amounts, constants):
        return 0.5 * amounts[0]

    other = network.replace(reactions=(Reaction(reactants={"A": 1}, propensity=law),))
    assert (leap._orders(other) == 3).all()
    result = tau_leap(other.replace(**{"species.0.amount": 100_000}), [0.0, 1.0], trajectories=100)
    assert abs(result.amount.values[:, 1, 0].mean() / (1e5 * math.exp(-0.5)) - 1.0) < 0.01


def test_formulas_leap_to_the_same_moments_as_exact_events():
    reaction = Reaction(reactants={"A": 1}, products={"B": 1}, propensity="v * A / (K + A)")
    network = ReactionNetwork(
        species=[Species(name="A", amount=5000), Species(name="B")],
        reactions=[reaction],
        constants=[Constant(name="v", value=2000.0), Constant(name="K", value=2000.0)],
    )
    exact = ssa(network, [0.0, 2.0], trajectories=2000, output="moments")
    leaps = tau_leap(network, [0.0, 2.0], trajectories=2000, output="moments")
    assert abs(leaps["mean"].values[1, 1] / exact["mean"].values[1, 1] - 1.0) < 0.01
    assert leaps.events.mean() < exact.events.mean() / 5


def test_amounts_stay_whole_and_never_negative():
    """Two channels compete for one species: leaps are refused and halved where they would take too much."""
    rows = [{"reactants": "X", "products": "", "rate": r} for r in (1.0, 2.0, 3.0)]
    network = ReactionNetwork.from_table(rows, {"X": 300})
    result = tau_leap(
        network, np.linspace(0.0, 2.0, 41), trajectories=2000, epsilon=0.5, critical=1, damped=False
    ).amount.values[..., 0]
    assert result.min() == 0
    assert (np.diff(result, axis=1) <= 0).all()


@pytest.mark.parametrize("output", ["trajectories", "moments"])
def test_the_same_bits_for_any_threads_blocks_and_after_resuming(output, monkeypatch):
    network, times = birth_death(0.5, 0.51, 2000), np.arange(0.0, 9.0)
    whole = tau_leap(network, times, trajectories=100, output=output, workers=1)
    monkeypatch.setattr(leap, "_BUDGET", 37)
    assert whole.identical(tau_leap(network, times, trajectories=100, output=output, workers=2))
    if output == "trajectories":
        tail = tau_leap(network, times, trajectories=30, first=70)
        np.testing.assert_array_equal(tail.amount, whole.amount[70:])
        half = tau_leap(network, times[:5], trajectories=100)
        rest = tau_leap(network, times[4:], trajectories=100, resume=half)
        np.testing.assert_array_equal(rest.amount, whole.amount[:, 4:])
        np.testing.assert_array_equal(rest.random_state, whole.random_state)


def test_timed_events_happen_before_the_output_of_their_time():
    network = immigration_death(1000.0, 0.1).replace(events=(Event(time=25.0, assignments={"X": "50"}),))
    result = tau_leap(network, [0.0, 24.0, 25.0, 50.0], trajectories=2000, output="moments")
    assert result["mean"].values[2, 0] == 50.0
    expected = 1e4 + (50.0 - 1e4) * math.exp(-2.5)
    assert abs(result["mean"].values[3, 0] / expected - 1.0) < 0.01


def test_nothing_happens_where_nothing_can():
    result = tau_leap(immigration_death(0.0, 1.0, 0), [0.0, 1.0, 2.0])
    assert result.amount.values.ravel().tolist() == [0, 0, 0]
    assert result.events.values.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epsilon": 0.0}, "epsilon must be from"),
        ({"epsilon": math.nan}, "epsilon must be from"),
        ({"critical": 0}, "critical must be a whole number"),
        ({"trajectories": 0}, "trajectories"),
        ({"output": "final"}, "output must be"),
    ],
)
def test_what_is_not_allowed_is_refused(change, words):
    with pytest.raises(ParameterError, match=words):
        tau_leap(immigration_death(1.0, 1.0), [0.0, 1.0], **change)


def test_conditional_events_are_refused():
    network = immigration_death(1.0, 1.0).replace(events=(Event(condition="X > 5", assignments={"X": "0"}),))
    with pytest.raises(ParameterError, match="use ssa"):
        tau_leap(network, [0.0, 1.0])


def test_explosions_and_endless_runs_end_with_a_sentence():
    with pytest.raises(ResultError, match="amount"):
        tau_leap(birth_death(1.0, 0.0, 10**6), [0.0, 1000.0])
    with pytest.raises(ResultError, match="max_steps = 1000"):
        tau_leap(immigration_death(1e3, 1.0), [0.0, 1e9], max_steps=1000)

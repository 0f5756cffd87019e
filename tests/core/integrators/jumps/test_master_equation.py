"""Distributions without a random number, against closed forms, dense exponentials and a slow simulation."""

import json
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from mesoscale.core.integrators.jumps.master_equation import master_equation, stationary_distribution
from mesoscale.core.integrators.jumps.network import Event, ReactionNetwork
from mesoscale.core.model import ParameterError, ResultError


def network(rows, amounts, **more):
    return ReactionNetwork.from_table(rows, amounts, **more)


def immigration(inflow=5.0, death=1.0, **more):
    return network(
        [{"products": "X", "rate": inflow}, {"reactants": "X", "products": "", "rate": death}], {"X": 0}, **more
    )


def dimerisation(p=100):
    rows = [{"reactants": "2 P", "products": "P2", "rate": 1e-3}, {"reactants": "P2", "products": "2 P", "rate": 0.01}]
    return network(rows, {"P": p, "P2": 0})


def schloegl():
    rows = [
        {"reactants": "2 X", "products": "3 X", "rate": 0.03},
        {"reactants": "3 X", "products": "2 X", "rate": 1e-4},
        {"products": "X", "rate": 200.0},
        {"reactants": "X", "products": "", "rate": 3.5},
    ]
    return network(rows, {"X": 250})


def by_amount(ds, probability):
    order = np.argsort(ds["amount"].values[:, 0])
    return ds["amount"].values[order, 0], probability[..., order]


def test_immigration_and_death_is_poisson_at_all_times():
    times = np.array([0.0, 0.3, 1.0, 4.0])
    ds = master_equation(immigration(), times, largest={"X": 80})
    x, p = by_amount(ds, ds["probability"].values)
    exact = scipy.stats.poisson.pmf(x, 5.0 * (1 - np.exp(-times))[:, None])
    assert np.abs(p - exact).max() < 1e-13
    assert ds["leaked"].values.max() < 1e-13


def test_decay_is_binomial():
    ds = master_equation(network([{"reactants": "X", "products": "", "rate": 2.0}], {"X": 40}), [0.0, 0.4])
    x, p = by_amount(ds, ds["probability"].values)
    assert np.abs(p[1] - scipy.stats.binom.pmf(x, 40, math.exp(-0.8))).max() < 1e-13


def test_uniformisation_is_the_matrix_exponential():
    """The same 51 states by a dense exponential of a generator that is written here by hand."""
    q = np.zeros((51, 51))
    for dimers in range(51):
        p = 100 - 2 * dimers
        if dimers < 50:
            q[dimers + 1, dimers] = 1e-3 * p * (p - 1) / 2
        if dimers > 0:
            q[dimers - 1, dimers] = 0.01 * dimers
    q -= np.diag(q.sum(axis=0))
    ds = master_equation(dimerisation(), [0.0, 7.0, 50.0])
    order = np.argsort(ds["amount"].values[:, 1])
    for k, time in enumerate((7.0, 50.0), 1):
        assert np.abs(ds["probability"].values[k, order] - scipy.linalg.expm(q * time)[:, 0]).max() < 1e-13


def test_dimerisation_conserves_and_its_deviations_are_two_to_one():
    ds = master_equation(dimerisation(), np.arange(51.0))
    amounts = ds["amount"].values
    assert (amounts[:, 0] + 2 * amounts[:, 1] == 100).all()
    deviation = ds["standard_deviation"].values
    assert np.allclose(deviation[:, 0], 2 * deviation[:, 1], atol=1e-9)
    assert np.allclose(ds["probability"].sum("state"), 1.0, atol=1e-12)


def test_schloegl_starts_in_the_middle_and_goes_both_ways():
    """P(X < 250) and the conditional means come from a dense exponential, state by state."""
    n = 900
    x = np.arange(n + 1.0)
    up = 0.015 * x * (x - 1) + 200
    down = 1e-4 / 6 * x * (x - 1) * (x - 2) + 3.5 * x
    up[-1] = 0.0
    q = np.diag(up[:-1], -1) + np.diag(down[1:], 1) - np.diag(up + down)
    exact = scipy.linalg.expm(q * 4.0)[:, 250]
    ds = master_equation(schloegl(), [0.0, 4.0], largest={"X": n})
    amounts, p = by_amount(ds, ds["probability"].values[1])
    assert np.abs(p - exact[amounts]).max() < 1e-11
    low = amounts < 250
    assert p[low].sum() == pytest.approx(0.51374, abs=5e-6)
    assert float(ds["mean_amount"][1, 0]) == pytest.approx(309.885, abs=5e-4)
    assert float(ds["standard_deviation"][1, 0]) == pytest.approx(216.009, abs=5e-4)
    assert (p * amounts)[low].sum() / p[low].sum() == pytest.approx(109.747, abs=5e-4)
    assert (p * amounts)[~low].sum() / p[~low].sum() == pytest.approx(521.337, abs=5e-4)


def test_stationary_schloegl_is_the_product_of_birth_over_death():
    ds = stationary_distribution(schloegl(), largest={"X": 1000})
    x, p = by_amount(ds, ds["probability"].values)
    birth = 0.015 * x * (x - 1) + 200
    death = 1e-4 / 6 * x * (x - 1) * (x - 2) + 3.5 * x
    log_p = np.concatenate([[0.0], np.cumsum(np.log(birth[:-1] / death[1:]))])
    exact = np.exp(log_p - log_p.max())
    # rounding times (fastest rate) x (exchange time of the two states), about 1e-16 x 1e4 x 1e5, on p of 0.01
    assert np.abs(p - exact / exact.sum()).max() < 1e-9
    slope = np.sign(np.diff(p[:800]))
    assert (1 + np.flatnonzero(np.diff(slope))).tolist() == [82, 256, 563]
    assert p[x < 250].sum() == pytest.approx(0.22026, abs=5e-6)
    assert float(ds["mean_amount"][0]) == pytest.approx(454.861, abs=5e-4)
    assert float(ds["edge"]) < 1e-12


def test_what_leaks_bounds_the_error_and_falls_with_the_box():
    exact = scipy.stats.poisson.pmf(np.arange(200), 5.0 * (1 - math.exp(-3)))
    leaks = []
    for box in (6, 10, 14, 18):
        ds = master_equation(immigration(), [0.0, 3.0], largest={"X": box})
        x, p = by_amount(ds, ds["probability"].values[1])
        lost = float(ds["leaked"][1])
        assert (p <= exact[x] + 1e-14).all()
        assert np.abs(p - exact[x]).sum() <= lost
        assert p.sum() + lost == pytest.approx(1.0, abs=1e-12)
        leaks.append(lost)
    assert (np.diff(np.log(leaks)) < -1).all()


def test_a_timed_event_moves_the_whole_distribution():
    resets = (Event(time=2.0, assignments={"X": "10"}),)
    ds = master_equation(immigration(events=resets), [0.0, 1.0, 2.0, 3.0], largest={"X": 60})
    assert ds["mean_amount"].values[2, 0] == pytest.approx(10.0, abs=1e-12)  # due at an output: before it
    assert ds["standard_deviation"].values[2, 0] == pytest.approx(0.0, abs=1e-6)
    assert ds["mean_amount"].values[3, 0] == pytest.approx(5.0 + 5.0 * math.exp(-1), abs=1e-10)
    doubling = (Event(time=1.0, assignments={"X": "2 * X"}),)
    ds = master_equation(immigration(events=doubling), [0.0, 1.0], largest={"X": 120})
    assert ds["mean_amount"].values[1, 0] == pytest.approx(10.0 * (1 - math.exp(-1)), abs=1e-10)


def test_a_formula_is_as_good_as_mass_action():
    rows = [
        {"reactants": "2 P", "products": "P2", "propensity": "k * P * (P - 1) / 2"},
        {"reactants": "P2", "products": "2 P", "propensity": "0.01 * P2"},
    ]
    written = master_equation(network(rows, {"P": 100, "P2": 0}, constants={"k": 1e-3}), [0.0, 9.0])
    assert np.allclose(written["probability"], master_equation(dimerisation(), [0.0, 9.0])["probability"], atol=1e-13)


def test_it_agrees_with_a_slow_simulation():
    random = np.random.default_rng(0)
    final = []
    for _ in range(400):
        p, dimers, time = 20, 0, 0.0
        while True:
            a = np.array([0.05 * p * (p - 1) / 2, 0.2 * dimers])
            time += random.exponential(1 / a.sum())
            if time > 1.5:
                break
            step = -1 if random.random() * a.sum() < a[0] else 1
            p, dimers = p + 2 * step, dimers - step
        final.append(p)
    rows = [{"reactants": "2 P", "products": "P2", "rate": 0.05}, {"reactants": "P2", "products": "2 P", "rate": 0.2}]
    ds = master_equation(network(rows, {"P": 20, "P2": 0}), [0.0, 1.5])
    mean, deviation = float(ds["mean_amount"][1, 0]), float(ds["standard_deviation"][1, 0])
    assert abs(np.mean(final) - mean) < 4 * deviation / 20
    assert json.loads(ds.attrs["species"]) == ["P", "P2"]


def test_an_absorbing_state_collects_everything_and_two_ends_have_no_one_answer():
    one = network([{"reactants": "X", "products": "", "rate": 1.0}], {"X": 3})
    ds = stationary_distribution(one)
    assert float(ds["mean_amount"][0]) == 0.0
    fork = [{"reactants": "X", "products": "Y", "rate": 1.0}, {"reactants": "X", "products": "Z", "rate": 1.0}]
    with pytest.raises(ResultError, match="2 stationary distributions"):
        stationary_distribution(network(fork, {"X": 1, "Y": 0, "Z": 0}))


def test_errors_say_what_to_do():
    with pytest.raises(ParameterError, match="more than most_states = 50"):
        master_equation(immigration(), [0.0, 1.0], most_states=50)
    with pytest.raises(ParameterError, match="'Q', which is no species"):
        master_equation(immigration(), [0.0, 1.0], largest={"Q": 5})
    with pytest.raises(ParameterError, match="rising"):
        master_equation(immigration(), [1.0, 0.0], largest={"X": 5})
    with pytest.raises(ParameterError, match="less than the initial"):
        master_equation(dimerisation(), [0.0, 1.0], largest={"P": 5})
    with pytest.raises(ParameterError, match="events on conditions"):
        master_equation(
            immigration(events=(Event(condition="X > 3", assignments={"X": "0"}),)), [0.0], largest={"X": 9}
        )
    with pytest.raises(ParameterError, match="without events"):
        stationary_distribution(immigration(events=(Event(time=1.0, assignments={"X": "0"}),)), largest={"X": 9})
    with pytest.raises(ParameterError, match="smaller box"):
        master_equation(immigration(1e9), [0.0, 1e6], largest={"X": 50})
    with pytest.raises(ParameterError, match="before its reactants run out"):
        master_equation(network([{"reactants": "X", "products": "", "propensity": "1"}], {"X": 1}), [0.0, 1.0])
    with pytest.raises(ResultError, match="negative or not finite"):
        master_equation(network([{"products": "X", "propensity": "0.5 - X"}], {"X": 0}), [0.0, 1.0], largest={"X": 9})
    half = (Event(time=1.0, assignments={"X": "0.5"}),)
    with pytest.raises(ResultError, match="whole number"):
        master_equation(immigration(events=half), [0.0, 2.0], largest={"X": 9})

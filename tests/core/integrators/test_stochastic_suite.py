"""The 39 reaction models of the stochastic suite: our moments against its tables, our simulators against both."""

import json

import numpy as np
import pytest
from mesoscale.core.integrators.jumps.leap import tau_leap
from mesoscale.core.integrators.reaction_kinetics import stochastic_suite
from mesoscale.core.integrators.reaction_kinetics.stochastic_suite import (
    CASES,
    _judge,
    exact_moments,
    limit_of_exceedances,
    network_of_case,
)
from mesoscale.core.model import ParameterError

# What the suite prints at t = 10, 25, 50 for the species named: mean and standard deviation (cases/stochastic, 2.x).
BIRTH_DEATH = [(90.48374, 13.44708), (77.88008, 19.02018), (60.65307, 22.38677)]
HALF_AS_FAST = [(95.12294, 9.87031965), (88.24969, 14.75675777), (77.88008, 19.02018139)]
ARRIVALS = [(63.21206, 7.950601235), (91.7915, 9.580788068), (99.3262, 9.966253057)]
DIMERS = [(23.892864, 2.75588), (32.556273, 2.482345), (35.728851, 2.394665)]
MONOMERS = [(52.214271, 5.51176), (34.887453, 4.964691), (28.542298, 4.789331)]
TABLES = {
    **{(f"001-{k:02d}", "X"): BIRTH_DEATH for k in range(1, 20)},
    ("001-03", "X"): [(36.78794, 22.09848), (8.20850, 12.57890), (0.67379, 3.74891)],
    ("001-04", "X"): [(9.04837, 4.252340532), (7.78801, 6.014709469), (6.06531, 7.079319176)],
    ("001-05", "X"): [(9048.37400, 134.47081), (7788.00800, 190.20181), (6065.30700, 223.86773)],
    ("001-07", "Sink"): [(104.6788, 8.254027), (243.3191, 25.2183), (432.8163, 68.93673)],
    ("001-11", "X"): HALF_AS_FAST,
    ("001-18", "X"): HALF_AS_FAST,
    ("002-01", "X"): [(6.321206, 2.514200867), (9.17915, 3.029711207), (9.93262, 3.15160594)],
    **{(f"002-{k:02d}", "X"): ARRIVALS for k in (2, 5, 6, 7)},
    ("002-03", "X"): [(31.60603, 5.62192), (45.89575, 6.77464), (49.6631, 7.04721)],
    ("002-04", "X"): [(6321.206, 79.50601), (9179.15, 95.80788), (9932.62, 99.66253)],
    ("002-06", "Sink"): [(36.78794, 6.065307), (158.2085, 12.5781), (400.6738, 20.01684)],
    ("002-08", "X"): [(6.321206, 2.514200867), (9.17915, 3.029711207), (9.93262, 3.15160594)],
    ("002-09", "X"): [(6.321206, 2.514200867), (50.0, 0.0), (13.283399945, 3.59812487207)],
    ("002-10", "X"): [(6.321206, 2.514200867), (17.7880078307, 2.37852782966), (10.6392786121, 3.24923732333)],
    ("003-01", "P"): MONOMERS,
    ("003-02", "P"): [(343.735327, 14.976939), (195.276425, 12.049954), (144.995965, 11.165711)],
    ("003-02", "P2"): [(328.132336, 7.488469), (402.361788, 6.024977), (427.502018, 5.582855)],
    ("003-03", "P"): [MONOMERS[0], (100.0, 0.0), MONOMERS[1]],
    ("003-04", "P"): [(52.67336924, 6.52003184), (60.40755831, 14.6403118), (58.3027904, 16.11157406)],
    ("003-04", "P2"): [(23.66331538, 3.26001592), (19.79622085, 7.320155902), (20.8486048, 8.05578703)],
    **{(f"003-{k:02d}", "P2"): DIMERS for k in (1, 5, 6, 7)},
    ("004-01", "X"): [(21.616618, 8.408379), (24.831551, 8.650392), (24.998865, 8.660189)],
    ("004-02", "X"): [(24.542109, 11.704887), (24.998865, 11.725991), (25.0, 11.726039)],
    ("004-03", "X"): [(25.0, 35.53168)] * 3,
}


@pytest.mark.parametrize(("case", "species"), TABLES)
def test_evans2008_tables_follow_from_the_moments_at_printed_precision(case, species):
    mean, deviation = exact_moments(case)
    column = network_of_case(case).names.index(species)
    for time, (printed_mean, printed_deviation) in zip((10, 25, 50), TABLES[case, species], strict=True):
        # five decimals where amounts are small, seven digits where they are large; one in the last place
        assert mean[time, column] == pytest.approx(printed_mean, abs=1e-5, rel=6e-7)
        assert deviation[time, column] == pytest.approx(printed_deviation, abs=1e-5, rel=1e-6)


def test_every_case_has_a_table():
    assert len(CASES) == 39
    assert {case for case, _ in TABLES} == set(CASES)


def test_moments_follow_the_closed_forms():
    t = np.arange(51.0)
    growth = np.exp(-0.01 * t)
    mean, deviation = exact_moments("001-01")
    assert np.allclose(mean[:, 0], 100 * growth, rtol=1e-10)
    assert np.allclose(deviation[:, 0] ** 2, 100 * 21.0 * growth * (1 - growth), rtol=1e-8, atol=1e-10)
    mean, deviation = exact_moments("004-01")
    expected = 25 * (1 - np.exp(-0.2 * t)) + 20 / 0.4 * (1 - np.exp(-0.4 * t))
    assert np.allclose(deviation[:, 0] ** 2, expected, rtol=1e-8, atol=1e-9)
    mean, deviation = exact_moments("002-06")  # what leaves an arrival-and-death queue is Poisson as well
    assert np.allclose(deviation[:, 2] ** 2, mean[:, 2], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("case", ["003-01", "003-02", "003-03", "003-04"])
def test_dimerisation_has_deviations_of_two_to_one(case):
    deviation = exact_moments(case)[1]
    assert np.allclose(deviation[:, 0], 2 * deviation[:, 1], rtol=1e-9, atol=1e-5)


LIGHT = tuple(case for case in CASES if not CASES[case].many and case != "003-02")


@pytest.mark.parametrize(
    ("method", "cases"),
    [
        ("direct", LIGHT),
        ("next_reaction", ("001-03", "001-07", "001-11", "002-01", "002-10", "003-03", "003-04", "003-05", "004-02")),
        ("composition_rejection", ("001-03", "001-07", "001-18", "002-06", "002-09", "003-01", "003-04", "004-01")),
    ],
)
def test_exact_simulators_pass_the_suite(method, cases):
    report = stochastic_suite(method, 10_000 if method == "direct" else 4_000, cases=cases)
    listing = dict(zip(json.loads(report.attrs["cases"]), report.largest_z.values, strict=True))
    assert list(listing) == list(cases)
    assert int(report.exceedances) <= int(report.limit) == limit_of_exceedances(len(cases)), listing


def test_leaps_approach_the_suite_as_their_error_shrinks():
    """At epsilon = 0.03 the bias of 002-04 (0.5 %) is outside the bounds; it falls in proportion to epsilon."""
    report = stochastic_suite("tau_leap", 1_000)
    assert json.loads(report.attrs["cases"]) == ["001-05", "002-04"]
    assert report.exceeds.values.tolist() == [False, True]
    mean, _ = exact_moments("002-04")
    times, epsilons, bias = np.arange(13.0), (0.06, 0.03, 0.015), []
    for epsilon in epsilons:
        ds = tau_leap(network_of_case("002-04"), times, trajectories=2_000, epsilon=epsilon, output="moments")
        bias.append(float((ds["mean"].values[6:, 0] - mean[6:13, 0]).mean()))
    assert np.polyfit(np.log(epsilons), np.log(np.abs(bias)), 1)[0] == pytest.approx(1.0, abs=0.2)


def test_a_wrong_simulator_is_caught():
    """The factor 1/2 of a dimer forgotten, a death rate 2 % off: both far outside, also with few trajectories."""
    mean, deviation = exact_moments("003-01")
    wrong, spread = exact_moments("003-02")
    assert _judge(mean, deviation, 1000, mean, deviation) == (0.0, pytest.approx(np.sqrt(500) / 1000))
    assert _judge(mean * 1.01, deviation, 10_000, mean, deviation)[0] == np.inf  # the start does not vary
    shifted = mean + np.where(deviation > 0, 0.04 * deviation, 0.0)
    assert _judge(shifted, deviation, 10_000, mean, deviation)[0] == pytest.approx(4.0)
    assert _judge(mean, deviation * 1.05, 10_000, mean, deviation)[1] > 5
    assert _judge(wrong, spread, 10_000, mean, deviation)[0] == np.inf


def test_the_limit_is_binomial():
    """P(more than the limit) is below 0.1 %, and the limit is the smallest such number."""
    from math import comb

    for n in (1, 2, 10, 39):
        tail = [sum(comb(n, k) * 0.06**k * 0.94 ** (n - k) for k in range(m + 1, n + 1)) for m in range(n + 1)]
        assert tail[limit_of_exceedances(n)] < 1e-3
        assert tail[limit_of_exceedances(n) - 1] >= 1e-3


def test_cases_are_independent_and_repeatable():
    first = stochastic_suite(trajectories=300, cases=("001-01", "001-02"))
    assert first.largest_z[0] != first.largest_z[1]  # one process, trajectories of their own
    again = stochastic_suite(trajectories=300, cases=("001-02",), workers=1)
    assert float(again.largest_z[0]) == float(first.largest_z[1])
    done = []
    stochastic_suite(trajectories=10, cases=("004-01",), progress=lambda *step: done.append(step))
    assert done == [(1, 1)]


def test_an_unknown_case_is_named():
    with pytest.raises(ParameterError, match="must be one of 001-01"):
        stochastic_suite(cases=("9-9",))

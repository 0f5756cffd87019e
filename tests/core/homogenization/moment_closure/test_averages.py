"""Closure and quadrature of many laws: tables, limits and their orders, samples, validity, errors."""

import math

import numpy as np
import pytest
from mesoscale.core.evidence import judge
from mesoscale.core.homogenization.moment_closure import EVIDENCE, Distribution, Empirical, mean_of
from mesoscale.materials.fiber import persistence_length
from scipy import constants

TABLE = [  # coefficient of variation, family: closure, exact
    (0.25, "gamma", 0.492188, 0.492311),
    (0.25, "lognormal", 0.492188, 0.492534),
    (0.5, "lognormal", 0.468750, 0.473536),
    (1.0, "gamma", 0.375000, 0.403653),
    (1.0, "lognormal", 0.375000, 0.425291),
]
G = Distribution("gamma", 1.0, 1.0)


def monod(concentration, half_saturation=1.0):
    return concentration / (half_saturation + concentration)


@pytest.mark.parametrize(("cv", "family", "closure", "exact"), TABLE)
def test_the_table_of_closures(cv, family, closure, exact):
    inputs = Distribution(family, 1.0, cv)
    short, long = mean_of(monod, inputs), mean_of(monod, inputs, method="quadrature")
    assert abs(short.value - closure) < 6e-7  # printed digits; a half is rounded up in the table
    assert abs(long.value - exact) < 6e-7
    assert short.valid == (cv <= 0.5)
    assert long.valid
    assert short.naive == long.naive == 0.5
    assert short.jensen_sign == long.jensen_sign == -1


def test_closure_approaches_the_exact_mean_with_the_fourth_power_of_a_symmetric_fluctuation():
    deviations = np.geomspace(0.02, 0.1, 6)
    inputs = Distribution("normal", 0.5, deviations)
    gap = mean_of(np.tanh, inputs, method="quadrature").value - mean_of(np.tanh, inputs).value
    assert np.polyfit(np.log(deviations), np.log(np.abs(gap)), 1)[0] == pytest.approx(4, abs=0.1)


def test_closure_approaches_the_exact_mean_with_the_fourth_power_of_a_skewed_fluctuation():
    """The third moment of a gamma distribution is itself of fourth order: 2 s^4 / m."""
    deviations = np.geomspace(0.01, 0.05, 6)
    inputs = Distribution("gamma", 1.0, deviations)
    gap = mean_of(monod, inputs, method="quadrature").value - mean_of(monod, inputs).value
    assert np.polyfit(np.log(deviations), np.log(np.abs(gap)), 1)[0] == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize(("cv", "family", "skewness"), [
    (0.25, "gamma", 0.5), (0.25, "lognormal", 0.25**3 + 0.75), (0.5, "lognormal", 0.5**3 + 1.5),
    (1.0, "gamma", 2.0), (1.0, "lognormal", 4.0),
])  # fmt: skip
def test_trap_the_third_moment_makes_it_worse(cv, family, skewness):
    inputs = Distribution(family, 1.0, cv)
    second, exact = mean_of(monod, inputs).value, mean_of(monod, inputs, method="quadrature").value
    third_derivative = 6 / 2**4
    third = second + third_derivative / 6 * skewness * cv**3
    assert abs(third - exact) > abs(second - exact)


@pytest.mark.parametrize("correlation", [-0.9, -0.2, 0.0, 0.5, 1.0])
def test_monod_with_biomass_by_hand(correlation):
    b, c, sb, sc, k = 2.0, 1.5, 0.7, 0.6, 0.8
    inputs = {"biomass": Distribution("lognormal", b, sb), "concentration": Distribution("gamma", c, sc)}
    found = mean_of(lambda biomass, concentration, k: biomass * monod(concentration, k), inputs,
                    correlation=correlation, given={"k": k})  # fmt: skip
    covariance = correlation * sb * sc
    by_hand = b * c / (k + c) - b * k * sc**2 / (k + c) ** 3 + k * covariance / (k + c) ** 2
    assert found.value == pytest.approx(by_hand, rel=1e-11)
    assert found.jensen_sign == (1 if covariance > b * sc**2 / (k + c) else -1)


def test_quadrature_of_correlated_inputs_against_sampling():
    inputs = [Distribution("lognormal", 2.0, 0.8), Distribution("lognormal", 1.0, 0.6)]
    exact = mean_of(lambda b, c: b * monod(c), inputs, correlation=0.6, method="quadrature")
    s = np.sqrt(np.log1p([0.16, 0.36]))
    rho = np.log1p(0.6 * 0.4 * 0.6) / s.prod()
    z = np.random.default_rng(0).multivariate_normal([0, 0], [[1, rho], [rho, 1]], 400_000)
    b, c = (np.array([2.0, 1.0]) * np.exp(s * z - s**2 / 2)).T
    sample = b * monod(c)
    assert abs(sample.mean() - exact.value) < 4 * sample.std() / np.sqrt(len(sample))


def test_many_distributions_are_as_one_by_one():
    means = np.array([[0.3, 1.0], [2.0, 5.0]])
    for method in ("closure", "quadrature"):
        together = mean_of(monod, Distribution("gamma", means, 0.3 * means), method=method)
        apart = [mean_of(monod, Distribution("gamma", m, 0.3 * m), method=method).value for m in means.flat]
        np.testing.assert_allclose(together.value.ravel(), apart, rtol=1e-13)
        assert together.valid.all()


def test_samples_are_their_own_distribution():
    x = np.random.default_rng(0).gamma(16.0, 1 / 16, 500)
    assert mean_of(monod, Empirical(x), method="quadrature").value == pytest.approx(monod(x).mean(), rel=1e-13)
    m = x.mean()
    by_hand = monod(m) - x.var() / (1 + m) ** 3
    assert mean_of(monod, Empirical(x)).value == pytest.approx(by_hand, rel=1e-10)


def test_samples_of_several_inputs_keep_their_covariance_and_weights():
    x, w = np.random.default_rng(0).normal(size=(60, 2)) @ [[1.0, 0.3], [0.0, 2.0]] + 10, np.arange(60.0)
    for method in ("closure", "quadrature"):
        found = mean_of(lambda a, b: a * b, Empirical(x, w), method=method)
        assert found.value == pytest.approx(np.average(x[:, 0] * x[:, 1], weights=w), rel=1e-11)


def test_a_law_with_units_takes_bare_numbers():
    rigidity = Distribution("gamma", 2e-28, 6e-29)
    hot = Distribution("normal", 300.0, 30.0)
    found = mean_of(persistence_length, {"flexural_rigidity": rigidity, "temperature": hot}, correlation=0.5)
    by_hand = 2e-28 / (constants.k * 300.0) * (1 + 0.1**2 - 0.5 * 0.3 * 0.1)
    assert found.value == pytest.approx(by_hand, rel=1e-11)


def test_a_law_may_have_components():
    stiff = Distribution("lognormal", 3.0, [0.1, 0.2, 0.3])
    for method in ("closure", "quadrature"):
        found = mean_of(lambda k: np.stack([k**2, k**3]), stiff, method=method)
        np.testing.assert_allclose(found.value[0], 9 + np.array([0.01, 0.04, 0.09]), rtol=1e-11)
        assert found.value.shape == found.valid.shape == (2, 3)


def test_a_linear_law_and_a_distribution_without_width():
    for method in ("closure", "quadrature"):
        linear = mean_of(lambda x: 3 * x + 1, Distribution("normal", 2.0, 0.5), method=method)
        assert linear.value == pytest.approx(7.0, rel=1e-12)
        assert (linear.jensen_sign, linear.valid) == (0, True)
        for family in ("normal", "gamma", "lognormal", "beta"):
            sharp = mean_of(monod, Distribution(family, 0.5, 0.0), method=method)
            assert sharp.value == pytest.approx(1 / 3, rel=1e-12)
            assert sharp.jensen_sign == 0


def test_a_kink_is_not_valid():
    assert not mean_of(np.abs, Distribution("normal", 0.0, 1.0)).valid
    long = mean_of(np.abs, Distribution("normal", 0.01, 1.0), method="quadrature")
    assert not long.valid
    assert long.value == pytest.approx(np.sqrt(2 / np.pi), rel=1e-3)


@pytest.mark.parametrize("place", [0.75, 0.9, 1.1, 1.25])
def test_a_kink_or_a_step_that_lies_between_the_points_of_a_difference_is_seen(place):
    """Its distance is below the standard deviation, but out of reach of the second difference."""
    distribution = Distribution("normal", 1.0, 0.3)
    for law in (lambda x: np.abs(x - place), lambda x: np.where(x > place, 1.0, 0.0) + 0.1 * x**2):
        closed, exact = mean_of(law, distribution), mean_of(law, distribution, method="quadrature")
        assert abs(closed.value - exact.value) > 0.1 * abs(exact.value)
        assert not closed.valid


def test_a_law_that_ends_within_the_fluctuation_is_not_valid_but_has_a_closure():
    average = mean_of(np.sqrt, Distribution("normal", 1.0, 1.4))
    assert not average.valid
    assert average.value == pytest.approx(1 - 1.4**2 / 8, rel=1e-6)


def test_a_law_of_single_numbers_is_named():
    with pytest.raises(TypeError, match="the law must take 1 arrays, beside what is given"):
        mean_of(lambda c: math.exp(c), Distribution("gamma", 1.0, 0.3), method="quadrature")
    with pytest.raises(TypeError, match="the law must take 1 arrays"):
        mean_of(lambda c, k: c / (c + k), Distribution("gamma", 1.0, 0.3))


def test_a_fast_phase_is_not_valid():
    assert mean_of(np.cos, Distribution("normal", 0.0, 0.5)).valid
    assert not mean_of(np.cos, Distribution("normal", 0.0, 3.0)).valid


def test_a_wide_distribution_stays_in_its_range():
    assert not mean_of(np.log, Distribution("gamma", 1.0, 20.0)).valid  # and no logarithm of a negative number
    assert mean_of(np.sqrt, Distribution("gamma", 1.0, 20.0)).jensen_sign == -1


@pytest.mark.parametrize(("arguments", "sentence"), [
    ({"method": "magic"}, "method must be"), ({"distribution": 3.0}, "distribution must be"),
    ({"distribution": []}, "distribution must be"), ({"distribution": [G, G], "correlation": 1.5}, "must be possible"),
    ({"distribution": [G, G], "correlation": [[1.0, 0.1], [0.2, 1.0]]}, "must be symmetric"),
    ({"distribution": [G, G], "correlation": [[2.0, 0.1], [0.1, 1.0]]}, "ones on its diagonal"),
    ({"distribution": [G] * 4, "method": "quadrature"}, "at most 3 inputs"),
    ({"distribution": Distribution("moments", 1.0, 0.1), "method": "quadrature"}, "must be a shape"),
    ({"distribution": [G, G], "correlation": -0.9, "method": "quadrature"}, r"must lie in \[-0.64"),
    ({"distribution": Empirical([1.0]), "correlation": 0.1}, "has its own"),
    ({"law": lambda *x: x[0] * np.nan}, "must be finite"),
])  # fmt: skip
def test_questions_without_an_answer(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        mean_of(**{"law": lambda *x: sum(x), "distribution": G, **arguments})


@pytest.mark.parametrize("entry", EVIDENCE, ids=lambda entry: entry.name)
def test_evidence(entry):
    assert judge(entry).status == "agrees"

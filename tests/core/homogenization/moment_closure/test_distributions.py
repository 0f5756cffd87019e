"""Shapes, samples and correlations: what exists, and what it has for moments."""

import itertools

import numpy as np
import pytest
from mesoscale.core.homogenization.moment_closure import Distribution, Empirical, mean_of
from scipy import integrate, special, stats

G = Distribution("gamma", 1.0, 1.0)


def monod(concentration, half_saturation=1.0):
    return concentration / (half_saturation + concentration)


def frozen(family, mean, deviation):
    """The same distribution from scipy."""
    if family == "normal":
        return stats.norm(mean, deviation)
    if family == "gamma":
        return stats.gamma((mean / deviation) ** 2, scale=deviation**2 / mean)
    if family == "lognormal":
        width = np.sqrt(np.log1p((deviation / mean) ** 2))
        return stats.lognorm(width, scale=mean * np.exp(-(width**2) / 2))
    total = mean * (1 - mean) / deviation**2 - 1
    return stats.beta(mean * total, (1 - mean) * total)


@pytest.mark.parametrize("family", ["normal", "gamma", "lognormal", "beta"])
@pytest.mark.parametrize(("mean", "deviation"), [(0.5, 0.05), (0.37, 0.11), (0.62, 0.21), (0.7, 0.25)])
def test_quadrature_against_an_adaptive_integral_over_the_density(family, mean, deviation):
    law = monod if family != "normal" else np.tanh
    density = frozen(family, mean, deviation)
    ends = density.ppf([1e-13, 0.01, 0.5, 0.99, 1 - 1e-13])
    expected = sum(
        integrate.quad(lambda x: law(x) * density.pdf(x), low, high, epsabs=1e-13, epsrel=1e-12)[0]
        for low, high in itertools.pairwise(ends)
    )
    average = mean_of(law, Distribution(family, mean, deviation), method="quadrature")
    assert abs(average.value - expected) < 2e-9
    assert average.error < 1e-9


def test_correlated_quadrature_has_the_covariance_it_was_given():
    inputs = [Distribution("gamma", 2.0, 1.0), Distribution("beta", 0.3, 0.1), Distribution("normal", 1.0, 2.0)]
    r = np.array([[1.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.0]])
    found = mean_of(lambda x, y, z: np.stack([x * y, x * z, y * z]), inputs, correlation=r, method="quadrature")
    np.testing.assert_allclose(found.value, [0.6 + 0.05, 2.0 - 0.6, 0.3 + 0.04], rtol=1e-8)


def test_correlations_of_many_distributions_are_as_one_by_one():
    means, rho = np.array([1.0, 2.0]), np.array([0.2, -0.4])
    r = np.array([[[1.0, x], [x, 1.0]] for x in rho])
    for method in ("closure", "quadrature"):
        together = mean_of(lambda x, y: x * y, [Distribution("gamma", means, 0.3)] * 2, correlation=r, method=method)
        np.testing.assert_allclose(together.value, means**2 + rho * 0.09, rtol=1e-9)


def test_a_u_shaped_beta_distribution():
    total = 0.8 * 0.2 / 0.3**2 - 1
    exact = 1 - special.hyp2f1(1.0, 0.8 * total, total, -1.0)
    found = mean_of(monod, Distribution("beta", 0.8, 0.3), method="quadrature")
    assert found.value == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("change", "sentence"), [
    ({"family": "cauchy"}, "family must be one of"), ({"mean": -1.0}, "needs mean > 0"),
    ({"standard_deviation": -1.0}, "at least 0"), ({"mean": np.nan}, "mean must be finite"),
    ({"family": "beta", "mean": 0.5, "standard_deviation": 0.6}, "beta distribution needs"),
    ({"family": "beta", "mean": 0.5, "low": 2.0}, "low must lie below high"),
])  # fmt: skip
def test_a_distribution_that_does_not_exist(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Distribution(**{"family": "gamma", "mean": 1.0, "standard_deviation": 0.5, **change})


@pytest.mark.parametrize(("samples", "weights", "sentence"), [
    ([], None, "samples must have the shape"), (1.0, [1.0], "samples must have the shape"),
    ([1.0, 2.0], [1.0], "weights must be"), ([1.0, 2.0], [0.0, 0.0], "weights must be"),
])  # fmt: skip
def test_samples_that_are_none(samples, weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        Empirical(samples, weights)


def test_singular_correlation_that_contradicts_itself():
    r = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.5], [0.0, 0.5, 1.0]]
    with pytest.raises(ValueError, match="must be possible"):
        mean_of(lambda x, y, z: x + y + z, [G] * 3, correlation=r)


def test_quantities_are_refused_instead_of_losing_their_unit():
    import xarray as xr

    with pytest.raises(ValueError, match="bare numbers"):
        Distribution("gamma", xr.DataArray(1.0, attrs={"units": "mM"}), 0.1)

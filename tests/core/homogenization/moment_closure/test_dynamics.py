"""Moments in time: linear laws exactly, equations by hand, an ensemble, and what is refused."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.moment_closure import Distribution, mean_of, moment_equations
from scipy.integrate import solve_ivp
from scipy.linalg import expm


def follow(law, mean, covariance, end, **more):
    """Means and covariance at the end."""
    n = len(mean)

    def rates(_, state):
        moments = moment_equations(law, state[:n], state[n:].reshape(n, n), **more)
        return np.concatenate([moments.mean, moments.covariance.reshape(-1)])

    start = np.concatenate([mean, np.reshape(covariance, -1)])
    last = solve_ivp(rates, (0.0, end), start, rtol=1e-9, atol=1e-12).y[:, -1]
    return last[:n], last[n:].reshape(n, n)


def soil(c, b, uptake=0.018, half=25.0, mortality=2.8e-4, growth=0.31, supply=6.060606e-4):
    """Substrate and microbes [mg C / g, hours]: Monod uptake, death returns to the substrate."""
    rate = uptake * c * b / (half + c)
    return [-rate + mortality * b + supply, growth * rate - mortality * b]


def test_a_linear_law_is_exact():
    matrix = np.array([[-0.7, 0.2, 0.0], [0.1, -0.4, 0.3], [0.0, -0.5, -0.2]])
    root = np.array([[0.5, 0.0, 0.0], [0.2, 0.4, 0.0], [-0.1, 0.3, 0.2]])
    start = root @ root.T

    def law(*x):
        return [sum(a * xi for a, xi in zip(row, x, strict=True)) for row in matrix]

    mean, covariance = follow(law, [1.0, -2.0, 0.5], start, 1.5)
    flow = expm(1.5 * matrix)
    np.testing.assert_allclose(mean, flow @ [1.0, -2.0, 0.5], rtol=1e-8)
    np.testing.assert_allclose(covariance, flow @ start @ flow.T, rtol=1e-7, atol=1e-10)


def test_white_noise_leaves_the_covariance_of_an_ornstein_uhlenbeck_process():
    _, covariance = follow(lambda x: [-0.8 * x], [0.3], [[0.0]], 40.0, noise=[[0.5]])
    assert covariance[0, 0] == pytest.approx(0.5 / (2 * 0.8), rel=1e-7)


def test_soil_by_hand():
    """Every derivative written out; the moments of patchy microbes on a patchy substrate, for twenty days."""
    v, half, death, growth, supply = 0.018, 25.0, 2.8e-4, 0.31, 6.060606e-4

    def by_hand(_, state):
        c, b, cc, cb, bb = state
        plain = v * c * b / (half + c)
        d_c, d_b = v * half * b / (half + c) ** 2, v * c / (half + c)
        d_cc, d_cb = -2 * v * half * b / (half + c) ** 3, v * half / (half + c) ** 2
        mean = plain + d_cc * cc / 2 + d_cb * cb
        return [
            -mean + death * b + supply,
            growth * mean - death * b,
            2 * (-d_c * cc + (death - d_b) * cb),
            (-d_c - death + growth * d_b) * cb + growth * d_c * cc + (death - d_b) * bb,
            2 * (growth * d_c * cb + (growth * d_b - death) * bb),
        ]

    start = [121.2121212, 1.212121212, 1224.711349, 41.581609, 1.557112]
    exact = solve_ivp(by_hand, (0.0, 480.0), start, rtol=1e-10, atol=1e-12).y[:, -1]
    mean, covariance = follow(soil, start[:2], [[start[2], start[3]], [start[3], start[4]]], 480.0)
    np.testing.assert_allclose(mean, exact[:2], rtol=1e-7)
    np.testing.assert_allclose(covariance[np.triu_indices(2)], exact[2:], rtol=1e-6)
    assert mean[0] == pytest.approx(91.71421, abs=1e-4)  # two other integrators agree on these digits
    assert mean[1] == pytest.approx(10.05373, abs=1e-4)


def test_the_rate_of_the_mean_is_the_mean_of_the_rate():
    mean, deviations, correlation = [3.0, 0.8], [0.6, 0.3], -0.4
    covariance = np.outer(deviations, deviations) * [[1.0, correlation], [correlation, 1.0]]
    inputs = [Distribution("moments", m, s) for m, s in zip(mean, deviations, strict=True)]
    found = moment_equations(soil, mean, covariance).mean
    for i in range(2):
        average = mean_of(lambda c, b, i=i: soil(c, b)[i], inputs, correlation=correlation)
        assert found[i] == pytest.approx(average.value, rel=1e-10)


def test_an_ensemble_comes_nearer_with_the_square_of_the_variance():
    """dx/dt = -x^2 has x(t) = x / (1 + x t): the mean of a symmetric ensemble by quadrature."""
    widths, errors = np.array([0.05, 0.1, 0.2]), []
    for width in widths:
        exact = mean_of(lambda x: x / (1 + x), Distribution("beta", 1.0, width, 0.0, 2.0), method="quadrature").value
        mean, _ = follow(lambda x: [-x * x], [1.0], [[width**2]], 1.0)
        errors.append(abs(mean[0] - exact))
    assert np.polyfit(np.log(widths), np.log(errors), 1)[0] == pytest.approx(4.0, abs=0.15)


def test_what_does_not_fluctuate_follows_its_law():
    rates = moment_equations(soil, [10.0, 2.0], np.zeros((2, 2)), given={"uptake": 0.5})
    np.testing.assert_allclose(rates.mean, soil(10.0, 2.0, uptake=0.5), rtol=1e-12)
    np.testing.assert_array_equal(rates.covariance, np.zeros((2, 2)))
    one = moment_equations(lambda c: [-c / (1 + c)], [1.0], [[25.0]])  # wide: the differences stay above zero
    assert one.mean[0] == pytest.approx(-0.5 + 25.0 / 8, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((lambda x: [-x], [1.0, 2.0], [[1.0]]), r"shapes \(n,\) and \(n, n\)"),
        ((lambda x: [-x], [math.nan], [[1.0]]), "must be finite"),
        ((lambda x: [-x], [1.0], [[-1.0]]), "variances of at least 0"),
        ((lambda x, y: [-x, -y], [1.0, 1.0], [[1.0, 0.5], [0.0, 1.0]]), "must be symmetric"),
        ((lambda x, y: [-x, -y], [1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]]), "must be possible"),
        ((lambda x, y: [-x], [1.0, 1.0], np.eye(2)), "must give 2 finite rates"),
        ((lambda x: [np.full_like(x, np.inf)], [1.0], [[1.0]]), "must give 1 finite rates"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        moment_equations(*arguments)


def test_noise_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="noise must have the shape of the covariance"):
        moment_equations(lambda x: [-x], [1.0], [[1.0]], noise=[1.0])

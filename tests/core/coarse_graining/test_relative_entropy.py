"""Beads that lose least: closed answers, exact simulators, the fixed point of iterative inversion, noise."""

import itertools
import json
import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.force_matching import FunctionBasis, SplineBasis
from mesoscale.core.coarse_graining.relative_entropy import Averages, minimize_relative_entropy, pair_averages
from mesoscale.core.model import ParameterError, ResultError

X = np.linspace(-12.0, 12.0, 4801)


def quadrature(functions, energy, thermal_energy=1.0):
    weight = np.exp((energy.min() - energy) / thermal_energy)
    weight /= weight.sum()
    mean = functions @ weight
    return Averages(mean, (functions * weight) @ functions.T - np.outer(mean, mean))


def divergence(energy, other):
    """Relative entropy of two densities on the line."""
    logs = [-e - np.log(np.exp(-e).sum()) for e in (energy, other)]
    return float(np.sum(np.exp(logs[0]) * (logs[0] - logs[1])))


@pytest.mark.parametrize("thermal_energy", [0.3, 1.0, 4.0])
def test_a_gaussian_marginal_is_its_schur_complement(thermal_energy):
    stiffness = np.array([[3.0, -1.0, 0.4], [-1.0, 2.0, -0.6], [0.4, -0.6, 1.5]])
    kept, gone = slice(0, 2), slice(2, 3)
    schur = stiffness[kept, kept] - stiffness[kept, gone] @ stiffness[gone, kept] / stiffness[gone, gone]
    pairs = [(0, 0), (0, 1), (1, 1)]

    def gaussian(covariance):  # of x_i x_j / 2 (twice for i < j): Wick's theorem
        factor = [0.5 if i == j else 1.0 for i, j in pairs]
        mean = [f * covariance[i, j] for f, (i, j) in zip(factor, pairs, strict=True)]
        spread = [
            [f * g * (covariance[i, k] * covariance[j, m] + covariance[i, m] * covariance[j, k])
             for g, (k, m) in zip(factor, pairs, strict=True)]
            for f, (i, j) in zip(factor, pairs, strict=True)
        ]  # fmt: skip
        return Averages(mean, spread)

    def simulator(theta):
        matrix = np.array([[theta[0], theta[1]], [theta[1], theta[2]]])
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            raise FloatingPointError("unstable")
        return gaussian(thermal_energy * np.linalg.inv(matrix))

    target = gaussian(thermal_energy * np.linalg.inv(stiffness)[:2, :2])
    result = minimize_relative_entropy(
        target, simulator, [9.0, 2.0, 0.7], thermal_energy=thermal_energy, tolerance=1e-18
    )
    assert bool(result.converged)
    assert result.parameter.values == pytest.approx([schur[0, 0], schur[0, 1], schur[1, 1]], rel=1e-8)
    assert (np.diff(result.gained.values) <= 1e-15).all()


def test_what_is_gained_is_the_divergence_that_quadrature_finds():
    functions = np.stack([X**2, X**4])
    target = quadrature(functions, X**4 - 2 * X**2)
    start = np.array([0.8, 0.6])
    result = minimize_relative_entropy(
        target, lambda theta: quadrature(functions, theta @ functions), start, trust_radius=0.02, tolerance=1e-15
    )
    lost = divergence(X**4 - 2 * X**2, start @ functions)
    assert bool(result.converged)
    assert float(result.gained[-1]) == pytest.approx(-lost, rel=1e-2)  # trapezoids of steps that double
    assert lost > 0.05
    assert result.parameter.values == pytest.approx([-2.0, 1.0], rel=1e-6)


def test_newton_converges_quadratically():
    functions = np.stack([X**2, X**4])
    target = quadrature(functions, 0.7 * X**4 + 0.1 * X**2)
    result = minimize_relative_entropy(
        target, lambda theta: quadrature(functions, theta @ functions), [0.3, 0.5], tolerance=1e-22
    )
    digits = np.log(np.sqrt(result.remaining.values[result.remaining.values > 1e-26]))
    orders = np.diff(digits)[1:] / np.diff(digits)[:-1]
    assert orders[-1] == pytest.approx(2.0, abs=0.1)


def test_a_spring_that_is_not_linear_in_its_parameters():
    stiffness, rest = 5.0, 0.7
    mean, variance = rest, 1.0 / stiffness

    def averages(theta, mu, var):
        k, x0 = theta
        d2 = var + (mu - x0) ** 2
        gradient = [0.5 * d2, -k * (mu - x0)]
        u, v = mu - x0, var
        spread = [[0.25 * (2 * v * v + 4 * u * u * v), -k * u * v], [-k * u * v, k * k * v]]
        return Averages(gradient, spread, [[0.0, -(mu - x0)], [-(mu - x0), k]])

    result = minimize_relative_entropy(
        lambda theta: averages(theta, mean, variance),
        lambda theta: averages(theta, theta[1], 1.0 / theta[0]),
        [1.0, 0.0],
        tolerance=1e-20,
    )
    assert bool(result.converged)
    assert result.parameter.values == pytest.approx([stiffness, rest], rel=1e-8)


SITES = 16
RING = np.array(list(itertools.product(range(SITES), repeat=2)))  # the first of three particles stays at 0


def ring_distances():
    a, b = RING.T
    d = np.stack([a, b, (a - b) % SITES])
    return np.minimum(d, SITES - d)


DISTANCES = ring_distances()


def ring_histogram(energy):
    """Mean number of pairs at each distance and its covariance, by enumeration."""
    weight = np.exp(energy.min() - energy)
    weight /= weight.sum()
    counts = np.stack([(d == DISTANCES).sum(axis=0) for d in range(SITES // 2 + 1)]).astype(float)
    mean = counts @ weight
    return Averages(mean, (counts * weight) @ counts.T - np.outer(mean, mean))


def test_a_complete_pair_basis_shares_the_fixed_point_of_iterative_inversion():
    d = np.arange(SITES // 2 + 1)
    pair = 2.0 * np.exp(-0.6 * d) * np.cos(1.3 * d) + 1.5 * (d == 0)
    a, b, c = DISTANCES
    energy = pair[a] + pair[b] + pair[c] + 0.02 * (a * b * c) - 0.5 * (np.minimum(np.minimum(a, b), c) == 2)
    target = ring_histogram(energy)

    def simulator(theta):
        return ring_histogram(theta[DISTANCES].sum(axis=0))

    result = minimize_relative_entropy(target, simulator, np.zeros(len(d)), tolerance=1e-20)
    inverted = np.zeros(len(d))
    for _ in range(400):
        inverted += 0.5 * np.log(simulator(inverted).gradient / target.gradient)
    assert simulator(inverted).gradient == pytest.approx(target.gradient, rel=1e-9)
    assert bool(result.converged)
    assert simulator(result.parameter.values).gradient == pytest.approx(target.gradient, rel=1e-8)
    both = [result.parameter.values, inverted]
    shifted = [u - u[-1] for u in both]  # three pairs whatever they do: a constant has no meaning
    assert shifted[0] == pytest.approx(shifted[1], abs=1e-7)
    assert np.abs(shifted[0] - (pair - pair[-1])).max() > 0.1  # the third body is felt


def noisy(seed, count):
    rng = np.random.default_rng(seed)

    def averages(theta):
        samples = rng.normal(0.0, math.sqrt(0.5 / theta[0]), count) ** 2
        return Averages([samples.mean()], [[samples.var()]], None, count)

    return averages


def test_noise_is_neither_chased_nor_hidden():
    pulls = []
    for seed in range(60):
        averages = noisy(seed, 2000)
        target = averages(np.array([2.0]))
        result = minimize_relative_entropy(target, averages, [0.6])
        assert bool(result.converged)
        assert result.sizes["iteration"] < 15
        pulls.append((float(result.parameter[0]) - 2.0) / float(result.parameter_error[0]))
    # what is left to gain at the end is below noise, so the pull is of order one: of both ensembles and the stop
    assert 0.4 < np.std(pulls) < 2.2
    assert abs(np.mean(pulls)) < 4 * np.std(pulls) / math.sqrt(60)


def test_a_plateau_is_not_called_convergence():
    rng = np.random.default_rng(3)

    def simulator(theta):  # its noise is not declared
        return Averages([0.5 / theta[0] * (1 + 0.05 * rng.normal())], [[0.5 / theta[0] ** 2]])

    result = minimize_relative_entropy(Averages([1.0]), simulator, [0.9], tolerance=1e-14, iterations=200)
    assert not bool(result.converged)
    assert bool(result.plateau)
    assert result.sizes["iteration"] < 60
    assert float(result.parameter[0]) == pytest.approx(0.5, rel=0.3)


def test_a_wild_step_is_taken_back():
    seen = []

    def simulator(theta):
        seen.append(float(theta[0]))
        if theta[0] <= 0:
            raise ZeroDivisionError("no such spring")
        return Averages([0.5 / theta[0]], [[0.5 / theta[0] ** 2]])

    result = minimize_relative_entropy(Averages([0.5]), simulator, [10.0])  # Newton's first step is to -80
    assert bool(result.converged)
    assert float(result.parameter[0]) == pytest.approx(1.0, rel=1e-4)
    assert min(seen) < 0
    assert not result.accepted.values.all()
    assert np.isnan(result.remaining.values[~result.accepted.values]).any()
    with pytest.raises(ResultError, match="first parameters cannot be simulated"):
        minimize_relative_entropy(Averages([0.5]), simulator, [-1.0])


def test_the_radius_limits_steps_and_the_number_of_calls_is_kept():
    simulator = lambda theta: Averages([0.5 / theta[0]], [[0.5 / theta[0] ** 2]])  # noqa: E731
    short = minimize_relative_entropy(Averages([0.5]), simulator, [1.4], trust_radius=0.01, iterations=3)
    first = short.trial.values[1, 0] - 1.4
    assert abs(first) * math.sqrt(0.5) / 1.4 == pytest.approx(0.01)
    assert short.sizes["iteration"] == 3
    assert not bool(short.converged)
    assert json.loads(short.attrs["recipe"])["parameters"]["start"] == [1.4]


def test_directions_in_which_nothing_varies_are_left_alone():
    def simulator(theta):
        return Averages([0.5 / theta[0], 1.0], [[0.5 / theta[0] ** 2, 0.0], [0.0, 0.0]])

    result = minimize_relative_entropy(Averages([1.0, 1.0]), simulator, [0.7, 5.0])
    assert result.parameter.values == pytest.approx([0.5, 5.0], rel=1e-4)


def test_pair_averages_are_sums_over_pairs():
    rng = np.random.default_rng(4)
    frames = rng.uniform(0.0, 6.0, (50, 12, 3))
    basis = SplineBasis(3.0, 0.5)
    averages = pair_averages(frames, [6.0] * 3, basis, exclude=[[0, 1]])
    sums = np.zeros((50, basis.size))
    for frame, x in enumerate(frames):
        for i, j in itertools.combinations(range(12), 2):
            away = x[i] - x[j]
            r = np.linalg.norm(away - 6.0 * np.rint(away / 6.0))
            if r < 3.0 and (i, j) != (0, 1):
                sums[frame] += basis.force([r])[0]
    assert averages.gradient == pytest.approx(sums.mean(axis=0), rel=1e-10)
    assert averages.covariance == pytest.approx(np.cov(sums.T, ddof=0), abs=1e-10)
    assert 5 < averages.effective_samples <= 50
    still = pair_averages(np.repeat(frames[:1], 3, axis=0), [6.0] * 3, FunctionBasis((lambda r: r,), 3.0))
    assert still.covariance.tolist() == [[0.0]]
    assert still.effective_samples == 3.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": []}, "start must be finite numbers"),
        ({"start": [math.nan]}, "start must be finite numbers"),
        ({"thermal_energy": 0.0}, "thermal_energy must be positive"),
        ({"patience": 0}, "patience must be a whole number"),
        ({"iterations": 2.5}, "iterations must be a whole number"),
        ({"target": Averages([1.0, 2.0])}, "must have gradients of shape"),
        ({"simulator": lambda theta: Averages([1.0], [1.0])}, "must have gradients of shape"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(arguments, message):
    given = {"target": Averages([1.0]), "simulator": lambda theta: Averages([1.0], [[1.0]]), "start": [1.0]}
    given |= arguments
    with pytest.raises(ParameterError, match=message):
        minimize_relative_entropy(given.pop("target"), given.pop("simulator"), given.pop("start"), **given)


def test_averages_that_are_not_finite_are_no_start():
    with pytest.raises(ResultError, match="not finite"):
        minimize_relative_entropy(Averages([1.0]), lambda theta: Averages([math.nan], [[1.0]]), [1.0])

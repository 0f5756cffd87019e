"""MBAR: its equations by logsumexp, its errors by replicas and by repetition, states that do not overlap by name."""

import json

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.coarse_graining.free_energy import (
    ConvergenceError,
    OverlapError,
    bennett_acceptance_ratio,
    expectation,
    harmonic_states,
    mbar,
    perturbed_free_energy,
)
from mesoscale.core.coarse_graining.free_energy.overlap import pair_overlap, weakest_overlap
from mesoscale.core.coarse_graining.free_energy.solver import solve
from mesoscale.core.model import ParameterError, ResultError
from scipy.special import logsumexp

STIFFNESS, OFFSET, COUNTS = [1.0, 2.0, 4.0, 8.0, 16.0], [0.0, 1.0, 2.0, 3.0, 4.0], [300, 100, 200, 50, 150]


@pytest.fixture(scope="module")
def springs():
    u, x, exact = harmonic_states(STIFFNESS, OFFSET, COUNTS, seed=3)
    return u, x, exact, mbar(u, COUNTS)


def all_pulls(stiffness, offset, counts, replicas):
    """(estimate - exact) / error of every state but the first, and of <x^2> in the last."""
    rows = []
    for seed in range(replicas):
        u, x, exact = harmonic_states(stiffness, offset, counts, seed=seed)
        result = mbar(u, counts)
        errors = result.free_energy_error.values
        square = expectation(result, x * x, state=len(counts) - 1)
        rows.append(
            np.append(
                (result.free_energy.values - exact)[1:] / errors[1:],
                (square.value - offset[-1] ** 2 - 1.0 / stiffness[-1]) / square.error,
            )
        )
    return np.array(rows)


def test_the_self_consistent_equations_hold(springs):
    u, _, _, result = springs
    f, n = result.free_energy.values, np.array(COUNTS)
    mixture = logsumexp(f[:, None] - u, axis=0, b=n[:, None])
    again = -logsumexp(-u - mixture, axis=1)
    np.testing.assert_allclose(again - again[0], f, atol=1e-12)
    np.testing.assert_allclose(result.log_mixture, mixture, atol=1e-12)
    weights = np.exp(f[:, None] - u - mixture)
    np.testing.assert_allclose(result.overlap, weights @ weights.T * n, atol=1e-12)
    np.testing.assert_allclose(result.overlap.sum("other_state"), 1.0, atol=1e-12)
    np.testing.assert_allclose(result.effective_samples, 1.0 / (weights**2).sum(axis=1), rtol=1e-10)


def test_the_covariance_is_that_of_the_full_matrix(springs):
    """Theta = W^T (1 - W N W^T)^+ W with all 800 samples, by a singular value decomposition."""
    u, _, _, result = springs
    n = np.array(COUNTS)
    weights = np.exp(result.free_energy.values[:, None] - u - result.log_mixture.values).T
    theta = weights.T @ np.linalg.pinv(np.eye(len(weights)) - (weights * n) @ weights.T, rcond=1e-10) @ weights
    variance = np.diag(theta)[:, None] + np.diag(theta) - 2.0 * theta
    np.testing.assert_allclose(result.free_energy_difference_error**2, variance, atol=1e-10)
    np.testing.assert_allclose(result.free_energy_error, np.sqrt(variance[0]), atol=1e-6)


def test_the_solution_is_a_minimum_of_the_convex_function(springs):
    u, _, _, result = springs
    f, n = result.free_energy.values, np.array(COUNTS)

    def value(g):
        return logsumexp(g[:, None] - u, axis=0, b=n[:, None]).sum() - n @ g

    for direction in np.eye(5):
        assert value(f + 1e-3 * direction) > value(f) < value(f - 1e-3 * direction)


@pytest.mark.parametrize(("counts", "replicas"), [(COUNTS, 200), ([60] * 5, 200)])
def test_pulls_are_standard_normal(counts, replicas):
    offset = OFFSET if counts is COUNTS else [0.0, 0.5, 1.0, 1.5, 2.0]
    pulls = all_pulls(STIFFNESS, offset, counts, replicas)
    assert np.abs(pulls.mean(axis=0)).max() < 4.0 / np.sqrt(replicas)
    assert np.abs(pulls.std(axis=0, ddof=1) - 1.0).max() < 4.0 / np.sqrt(2.0 * replicas)


@pytest.mark.slow
def test_pulls_of_two_hundred_long_replicas():
    pulls = all_pulls(STIFFNESS, OFFSET, [1000] * 5, 200)[:, :4]
    assert np.abs(pulls.mean(axis=0)).max() < 0.2
    assert ((pulls.std(axis=0, ddof=1) > 0.9) & (pulls.std(axis=0, ddof=1) < 1.1)).all()


def test_errors_fall_with_the_root_of_the_samples():
    sizes = np.array([250, 1000, 4000, 16000])
    errors = []
    for size in sizes:
        u, _, _ = harmonic_states([1.0, 2.0, 4.0], [0.0, 0.8, 1.6], [size] * 3)
        errors.append(float(mbar(u, [size] * 3).free_energy_error[2]))
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(-0.5, abs=0.1)


def test_a_series_that_says_everything_three_times_counts_once(springs):
    u, x, _, once = springs
    state = np.repeat(np.arange(5), COUNTS)
    order = np.repeat(np.arange(len(state)), 3)
    thrice = mbar(u[:, order], 3 * np.array(COUNTS), inefficiency=3.0)
    np.testing.assert_allclose(thrice.free_energy, once.free_energy, atol=1e-11)
    np.testing.assert_allclose(thrice.free_energy_error, once.free_energy_error, rtol=1e-9)
    np.testing.assert_allclose(thrice.effective_samples, once.effective_samples, rtol=1e-9)
    one, other = expectation(once, x, state=1), expectation(thrice, x[order], state=1)
    assert other.value == pytest.approx(one.value, abs=1e-11)
    assert other.error == pytest.approx(one.error, rel=1e-9)


def test_energies_may_be_shifted_and_states_reordered(springs):
    u, _, _, result = springs
    shift = np.linspace(-300.0, 400.0, 5)
    sample_shift = np.random.default_rng(0).normal(0.0, 1000.0, u.shape[1])
    moved = mbar(u + shift[:, None] + sample_shift, COUNTS)
    np.testing.assert_allclose(moved.free_energy, result.free_energy + shift - shift[0], atol=1e-9)
    np.testing.assert_allclose(moved.free_energy_error, result.free_energy_error, rtol=1e-6)
    state = np.repeat(np.arange(5), COUNTS)
    order = np.argsort(-state, kind="stable")
    turned = mbar(u[::-1][:, order], COUNTS[::-1])
    back = turned.free_energy.values[::-1]
    np.testing.assert_allclose(back - back[0], result.free_energy, atol=1e-10)


def test_temperatures_of_a_large_system_whose_energies_are_huge():
    """Energies of d quadratic degrees of freedom: f = (d/2) ln(beta) + offset beta."""
    rng, degrees, beta, offset = np.random.default_rng(5), 400, np.linspace(1.0, 1.9, 9), 1e5
    energy = np.concatenate([rng.gamma(degrees / 2.0, 1.0 / b, 400) for b in beta]) + offset
    result = mbar(beta[:, None] * energy, [400] * 9)
    exact = degrees / 2.0 * np.log(beta) + offset * (beta - 1.0)
    z = (result.free_energy - exact)[1:] / result.free_energy_error[1:]
    assert float(np.abs(z).max()) < 4.0


def test_many_windows_over_a_barrier_of_a_hundred_need_few_passes():
    """From no prior knowledge: the guess along pairs and the thinned set leave little to do."""
    rng, centres, grid = np.random.default_rng(2), np.linspace(-2.0, 2.0, 80), np.linspace(-3.0, 3.0, 20001)
    energies = 100.0 * np.cos(3.0 * grid) + 1000.0 * (grid - centres[:, None]) ** 2
    boltzmann = np.exp(energies.min(axis=1, keepdims=True) - energies)
    exact = energies.min(axis=1) - np.log(np.trapezoid(boltzmann, grid, axis=1))
    x = np.concatenate([np.interp(rng.random(600), np.cumsum(b) / b.sum(), grid) for b in boltzmann])
    result = mbar(1000.0 * (x - centres[:, None]) ** 2, [600] * 80)
    z = (result.free_energy - (exact - exact[0]))[1:] / result.free_energy_error[1:]
    assert float(np.abs(z).max()) < 4.5
    assert int(result.passes) <= 16
    assert bool(result.converged)


def test_thinning_and_newton_find_what_newton_alone_finds():
    u, _, _ = harmonic_states([1.0] * 3, [0.0, 1.0, 2.0], [5000] * 3)
    starts = np.array([0, 5000, 10000, 15000])
    arguments = np.full(3, 5000.0), np.ones(15000), np.arange(15000), starts, 1e-10
    solution = solve(u, *arguments)
    alone = solve(u[:, ::10].copy(), np.full(3, 500.0), np.ones(1500), np.arange(1500), starts // 10, 1e-10)
    assert solution.converged
    assert solution.passes[1] <= 2 < sum(alone.passes)
    np.testing.assert_allclose(solution.free_energy, alone.free_energy, atol=0.2)


def test_two_states_by_bennett_with_any_numbers_of_samples():
    for counts in ([1000, 1000], [50, 2000], [2000, 50]):
        u, _, _ = harmonic_states([1.0, 3.0], [0.0, 1.2], counts)
        result, work = mbar(u, counts), u[1] - u[0]
        value, error = bennett_acceptance_ratio(work[: counts[0]], -work[counts[0] :])
        assert float(result.free_energy[1]) == pytest.approx(value, abs=1e-11)
        assert float(result.free_energy_error[1]) == pytest.approx(error, rel=1e-9)
    _, twice = bennett_acceptance_ratio(work[:2000], -work[2000:], inefficiency=4.0)
    assert twice == pytest.approx(2.0 * error)


def test_bennett1976_the_variance_of_unequal_numbers():
    n0, n1 = 30_000, 120_000
    u, _, _ = harmonic_states([1.0, 1.0], [0.0, 1.5], [n0, n1])
    p = scipy.stats.norm.pdf

    def product(x):
        return p(x) * p(x - 1.5) / (n0 * p(x) + n1 * p(x - 1.5))

    expected = (1.0 / scipy.integrate.quad(product, -12, 14)[0] - n0 - n1) / n0 / n1
    assert float(mbar(u, [n0, n1]).free_energy_error[1]) ** 2 == pytest.approx(expected, rel=0.02)


def test_states_without_samples_are_perturbed_ones(springs):
    u, x, _, result = springs
    new = 0.5 * 3.0 * (x - 0.6) ** 2
    whole = mbar(np.insert(u, 2, new, axis=0), np.insert(COUNTS, 2, 0))
    alone = perturbed_free_energy(result, new)
    assert float(whole.free_energy[2]) == pytest.approx(float(alone.free_energy[0]), abs=1e-11)
    assert float(whole.free_energy_error[2]) == pytest.approx(float(alone.free_energy_error[0]), rel=1e-9)
    assert float(whole.effective_samples[2]) == pytest.approx(float(alone.effective_samples[0]), rel=1e-9)
    z = (float(alone.free_energy[0]) - 0.5 * np.log(3.0)) / float(alone.free_energy_error[0])
    assert abs(z) < 4.0
    first = mbar(np.vstack([new, u]), [0, *COUNTS])
    assert float(first.free_energy[1]) == pytest.approx(-float(alone.free_energy[0]), abs=1e-11)


def test_a_perturbed_state_that_is_sampled_is_that_state(springs):
    u, x, _, result = springs
    same = perturbed_free_energy(result, u[[0, 3]], reference=1)
    np.testing.assert_allclose(same.free_energy, result.free_energy_difference[1, [0, 3]], atol=1e-11)
    np.testing.assert_allclose(same.free_energy_error, result.free_energy_difference_error[1, [0, 3]], rtol=1e-7)
    assert expectation(result, x, state=3) == pytest.approx(expectation(result, x, reduced_energy=u[3]), rel=1e-9)
    several = expectation(result, [x, x * x], state=3)
    assert several.value[0] == pytest.approx(expectation(result, x, state=3).value)
    assert several.error.shape == (2,)
    assert expectation(result, np.full_like(x, 7.0), state=0) == pytest.approx((7.0, 0.0), abs=1e-6)


def test_boxes_with_hard_walls():
    """[0, 1] and [1/2, 3/2]: energies are zero or infinite; half of either is shared."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.random(4000), 0.5 + rng.random(4000)])
    u = np.where((x >= [[0.0], [0.5]]) & (x <= [[1.0], [1.5]]), 0.0, np.inf)
    result = mbar(u, [4000, 4000])
    assert abs(float(result.free_energy[1])) < 4.0 * float(result.free_energy_error[1])
    assert float(result.weakest_overlap) == pytest.approx(0.25 / (0.75 + 0.25), abs=0.02)


def test_one_state_and_states_that_are_the_same():
    assert float(mbar(np.zeros((1, 20)), [20]).free_energy[0]) == 0.0
    u, _, _ = harmonic_states([1.0] * 40, [0.0] * 40, [20] * 40)
    result = mbar(u, [20] * 40)
    np.testing.assert_allclose(result.free_energy, 0.0, atol=1e-12)
    np.testing.assert_allclose(result.free_energy_error, 0.0, atol=1e-6)
    assert float(result.weakest_overlap) == pytest.approx(0.5)
    assert float(result.overlap[0, 1]) == pytest.approx(1.0 / 40.0)  # below 0.03, although nothing is missing


def test_what_does_not_overlap_is_named():
    u, _, _ = harmonic_states([1.0] * 6, [0.0, 1.0, 2.0, 9.0, 10.0, 1.5], [400] * 6)
    with pytest.raises(OverlapError, match=r"states 0-2, 5 and states 3-4 do not overlap.*2 and 3, overlaps by"):
        mbar(u, [400] * 6)
    u, _, _ = harmonic_states([1.0] * 2, [0.0, 200.0], [400] * 2)
    with pytest.raises(OverlapError, match="states 0 and states 1 do not overlap"):
        mbar(u, [400] * 2)
    assert issubclass(OverlapError, ConvergenceError)
    assert issubclass(ConvergenceError, ResultError)


def test_the_limit_of_overlap_can_be_moved():
    u, _, _ = harmonic_states([1.0] * 2, [0.0, 3.0], [4000] * 2)
    worst = float(mbar(u, [4000] * 2).weakest_overlap)
    with pytest.raises(OverlapError, match=f"{worst:.2g} where {worst * 1.01:g} is needed"):
        mbar(u, [4000] * 2, least_overlap=worst * 1.01)
    assert float(mbar(u, [4000] * 2, least_overlap=worst * 0.99).weakest_overlap) == worst


def test_few_samples_have_no_error_bar():
    u, _, _ = harmonic_states([1.0, 2.0], [0.0, 0.1], [3, 3])
    with pytest.raises(OverlapError, match=r"is known with [0-9.]+ independent samples where 10 are needed"):
        mbar(u, [3, 3])
    assert mbar(u, [3, 3], least_samples=0.0).converged


def test_a_state_out_of_reach_gives_no_number(springs):
    _, x, _, result = springs
    far = 0.5 * 100.0 * (x - 30.0) ** 2
    with pytest.raises(OverlapError, match="hardly reach the state"):
        perturbed_free_energy(result, far)
    with pytest.raises(OverlapError, match="hardly reach the state"):
        expectation(result, x, reduced_energy=far)
    with pytest.raises(OverlapError, match="no sample reaches the state"):
        perturbed_free_energy(result, np.full_like(x, np.inf))
    with pytest.raises(OverlapError, match="no sample reaches state 1"):
        mbar([np.zeros(20), np.full(20, np.inf)], [20, 0])


def test_the_weakest_link_of_a_chain():
    pairs = np.array([[0.5, 0.3, 0.01, 0.0], [0.3, 0.5, 0.2, 0.0], [0.01, 0.2, 0.5, 0.04], [0.0, 0.0, 0.04, 0.5]])
    assert weakest_overlap(pairs) == (0.04, (2, 3), [0, 1, 2])
    assert weakest_overlap(pairs[:1, :1]) == (0.5, (0, 0), [0])
    gram = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(pair_overlap(gram), [[0.5, 1.0 / 3.0], [1.0 / 3.0, 0.5]])


@settings(max_examples=25, deadline=None)
@given(
    stiffness=st.lists(st.floats(0.5, 50.0), min_size=2, max_size=5),
    offset=st.floats(-2.0, 2.0),
    count=st.integers(50, 300),
    seed=st.integers(0, 100),
)
def test_any_springs_are_right_or_refused(stiffness, offset, count, seed):
    offsets = offset * np.arange(len(stiffness))
    u, _, exact = harmonic_states(stiffness, offsets, [count] * len(stiffness), seed=seed)
    try:
        result = mbar(u, [count] * len(stiffness))
    except OverlapError:
        return
    away = np.abs(result.free_energy.values - exact)
    assert (away <= 6.0 * result.free_energy_error.values + 1e-9).all()


def test_what_comes_out_is_labelled(springs):
    result = springs[3]
    recipe = json.loads(result.attrs["recipe"])
    assert recipe["function"].endswith("free_energy.mbar")
    assert recipe["counts"] == COUNTS
    assert all(result[name].attrs["units"] == "1" and result[name].attrs["long_name"] for name in result.data_vars)
    assert not result.reduced_energy.values.flags.writeable


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reduced_energy": np.zeros(4)}, "reduced_energy must have the shape"),
        ({"reduced_energy": np.full((2, 4), np.nan)}, "reduced_energy must be numbers"),
        ({"reduced_energy": np.full((2, 4), np.inf)}, "finite for each sample in some state"),
        ({"reduced_energy": [[np.inf, 0, 0, 0], [0, 0, 0, 0]]}, "finite for the samples of state 0"),
        ({"counts": [4]}, "counts must be whole numbers, one for each of 2"),
        ({"counts": [1.5, 2.5]}, "counts must be whole numbers"),
        ({"counts": [2, 3]}, "that sum to the 4 samples, not 5"),
        ({"counts": [-1, 5]}, "counts must be whole numbers"),
        ({"inefficiency": 0.5}, "inefficiency must be at least 1"),
        ({"inefficiency": [1.0, np.nan]}, "inefficiency must be at least 1"),
        ({"least_overlap": 0.0}, "least_overlap must be greater than 0"),
        ({"least_samples": -1.0}, "least_samples must be at least 0"),
        ({"tolerance": 0.0}, "tolerance must be between 0 and 1"),
    ],
)
def test_what_mbar_refuses(change, message):
    with pytest.raises(ParameterError, match=message):
        mbar(**{"reduced_energy": np.zeros((2, 4)), "counts": [2, 2]} | change)


def test_what_averages_refuse(springs):
    _, x, _, result = springs
    for arguments, message in (
        ({"observable": x[:-1], "state": 0}, "observable must be finite, a number for each of the 800"),
        ({"observable": x, "state": 5}, "state must be a state, 0 to 4"),
        ({"observable": x}, "state or reduced_energy must be given"),
        ({"observable": x, "state": 0, "reduced_energy": x}, "one of them"),
        ({"observable": x, "reduced_energy": np.full_like(x, np.nan)}, "reduced_energy must be a number for each"),
    ):
        with pytest.raises(ParameterError, match=message):
            expectation(result, **arguments)
    with pytest.raises(ParameterError, match="solution must be a result of mbar"):
        expectation(result[["overlap"]], x, state=0)
    with pytest.raises(ParameterError, match="stiffness must be positive"):
        harmonic_states([1.0, 0.0], [0.0, 0.0], [5, 5])


def test_what_bennett_refuses():
    with pytest.raises(ParameterError, match="forward must be finite works"):
        bennett_acceptance_ratio([], [1.0])
    with pytest.raises(ParameterError, match="reverse must be finite works"):
        bennett_acceptance_ratio([1.0], [np.nan])
    with pytest.raises(ParameterError, match="inefficiency must be at least 1"):
        bennett_acceptance_ratio([1.0], [-1.0], inefficiency=0.0)
    with pytest.raises(OverlapError, match=r"overlap by .* where 0.03 is needed"):
        bennett_acceptance_ratio([50.0, 51.0], [50.0, 52.0])
    with pytest.raises(OverlapError, match="overlap by 0 where"):
        bennett_acceptance_ratio([5000.0], [5000.0])

"""Many states: self-consistent, calibrated, invariant; what does not overlap is refused."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.coarse_graining.free_energy import OverlapError, expectation, harmonic_states, mbar
from mesoscale.core.model import ParameterError

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


def test_few_samples_have_no_error_bar():
    u, _, _ = harmonic_states([1.0, 2.0], [0.0, 0.1], [3, 3])
    with pytest.raises(OverlapError, match=r"is known with [0-9.]+ independent samples where 10 are needed"):
        mbar(u, [3, 3])
    assert mbar(u, [3, 3], least_samples=0.0).converged


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

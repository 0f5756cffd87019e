"""Averages in states that were sampled or not."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import (
    OverlapError,
    expectation,
    harmonic_states,
    mbar,
    perturbed_free_energy,
)
from mesoscale.core.model import ParameterError

STIFFNESS, OFFSET, COUNTS = [1.0, 2.0, 4.0, 8.0, 16.0], [0.0, 1.0, 2.0, 3.0, 4.0], [300, 100, 200, 50, 150]


@pytest.fixture(scope="module")
def springs():
    u, x, exact = harmonic_states(STIFFNESS, OFFSET, COUNTS, seed=3)
    return u, x, exact, mbar(u, COUNTS)


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

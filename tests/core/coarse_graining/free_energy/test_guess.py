"""The first guess: Bennett's equation along the tree of the best overlaps."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import bennett_acceptance_ratio, harmonic_states
from mesoscale.core.coarse_graining.free_energy.guess import guess_from_pairs


def starts_of(counts):
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def test_two_states_are_guessed_by_bennett():
    """To the width of the last bisection, a hundredth of kT."""
    u, _, _ = harmonic_states([1.0, 5.0], [0.0, 0.7], [40, 90])
    exact = bennett_acceptance_ratio((u[1] - u[0])[:40], (u[0] - u[1])[40:])
    assert guess_from_pairs(u, starts_of([40, 90]))[1] == pytest.approx(float(exact.value), abs=0.01)


def test_a_chain_is_guessed_link_by_link_in_any_order():
    """Ends that share nothing are compared through the states between them, wherever these stand in the table."""
    stiffness, offset = np.geomspace(1.0, 64.0, 7), np.linspace(0.0, 6.0, 7)
    order = np.array([3, 0, 6, 1, 5, 2, 4])
    u, _, exact = harmonic_states(stiffness[order], offset[order], [4000] * 7)
    assert np.abs(guess_from_pairs(u, starts_of([4000] * 7)) - exact).max() < 0.5
    assert abs(0.5 * np.log(64.0)) > 2.0  # what no guess would miss


def test_states_that_nothing_compares_stay_at_zero():
    forbidden = np.array([[1.0, 2.0, np.inf, np.inf], [np.inf, np.inf, 3.0, 4.0]])
    assert guess_from_pairs(forbidden, starts_of([2, 2])).tolist() == [0.0, 0.0]

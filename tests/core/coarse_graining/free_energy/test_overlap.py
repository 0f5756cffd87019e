"""States that samples do not bridge are named."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import ConvergenceError, OverlapError, harmonic_states, mbar
from mesoscale.core.coarse_graining.free_energy.overlap import pair_overlap, weakest_overlap
from mesoscale.core.model import ResultError


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


def test_the_weakest_link_of_a_chain():
    pairs = np.array([[0.5, 0.3, 0.01, 0.0], [0.3, 0.5, 0.2, 0.0], [0.01, 0.2, 0.5, 0.04], [0.0, 0.0, 0.04, 0.5]])
    assert weakest_overlap(pairs) == (0.04, (2, 3), [0, 1, 2])
    assert weakest_overlap(pairs[:1, :1]) == (0.5, (0, 0), [0])
    gram = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(pair_overlap(gram), [[0.5, 1.0 / 3.0], [1.0 / 3.0, 0.5]])

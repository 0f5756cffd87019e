"""Comparison of naive answers, on models whose answers are closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesoscale.atlas.compare import (
    ComparisonError,
    compare,
    compare_within_reach,
    merge,
    reach,
    relative_difference,
)

RATIOS = [0.01, 0.1, 1.0, 10.0]


def test_the_difference_of_known_numbers():
    assert relative_difference(2.0, 2.0) == (0.0, 0.0)
    assert relative_difference(0.0, 0.0) == (0.0, 0.0)
    assert relative_difference(1.0, 0.0)[0] == 2.0
    assert relative_difference(1.0, -3.0)[0] == 2.0
    assert math.isclose(relative_difference(3.0, 1.0)[0], 1.0)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_it_is_antisymmetric_bounded_and_free_of_units(naive, answer):
    value = relative_difference(naive, answer)[0]
    assert math.isclose(value, -relative_difference(answer, naive)[0], abs_tol=1e-15)
    assert abs(value) <= 2
    assert math.isclose(value, relative_difference(1e9 * naive, 1e9 * answer)[0], abs_tol=1e-12)


@pytest.mark.parametrize(("naive", "answer"), [(3.0, 1.0), (1.0, 3.0), (-3.0, -1.0), (-1.0, -3.0), (2.0, 2.1)])
def test_its_error_is_the_slope_times_the_error(naive, answer):
    step = 1e-6
    for by_answer, by_naive in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        slopes = [
            by_answer * (relative_difference(naive, answer + step)[0] - relative_difference(naive, answer - step)[0]),
            by_naive * (relative_difference(naive + step, answer)[0] - relative_difference(naive - step, answer)[0]),
        ]
        expected = math.hypot(*slopes) / (2 * step)
        found = relative_difference(naive, answer, by_answer, by_naive)[1]
        assert math.isclose(found, expected, rel_tol=1e-6)


def test_the_error_spreads_like_a_sample():
    rng = np.random.default_rng(1)
    answers = 2.0 + 0.01 * rng.normal(size=20000)
    spread = np.std([relative_difference(3.0, a)[0] for a in answers])
    # The standard deviation of 20000 normal numbers is known to 0.5 %.
    assert math.isclose(relative_difference(3.0, 2.0, 0.01)[1], spread, rel_tol=0.02)


def test_an_unknown_error_stays_unknown_unless_it_cannot_matter():
    assert math.isnan(relative_difference(3.0, 1.0, math.nan)[1])
    assert relative_difference(3.0, -1.0, math.nan)[1] == 0.0


def test_a_model_with_a_closed_form(springs):
    """answer = L/(1+s), naive = L, ratio = s: the difference is 2 s / (2 + s), its error 4 (1+s)^2 / (2+s)^2 / 100."""
    dataset = compare([springs.Springs], RATIOS)
    s = np.array(RATIOS)
    np.testing.assert_allclose(dataset["Springs"], 2 * s / (2 + s), rtol=1e-9)
    np.testing.assert_allclose(dataset["Springs_error"], 0.04 * (1 + s) ** 2 / (2 + s) ** 2, rtol=1e-9)
    assert dataset["Springs_exists"].values.all()
    assert dataset["Springs"].attrs["competition"] == "spread of the bonds / one"


def test_instances_keep_their_own_parameters_and_names(springs):
    dataset = compare({"short": springs.Springs(bonds=1), "long": springs.LONG}, [1.0])
    assert dataset.attrs["models"] == "short long"
    # A ratio without unit: length and number of bonds cancel.
    assert math.isclose(float(dataset["short"][0]), float(dataset["long"][0]), rel_tol=1e-12)


def test_a_ratio_out_of_reach_is_a_gap(springs):
    dataset = compare([springs.Springs], [1e-6, 1.0, 1e6])
    assert dataset["Springs_exists"].values.tolist() == [False, True, False]
    assert np.isnan(dataset["Springs"].values[[0, 2]]).all()
    assert np.isnan(dataset["Springs_error"].values[[0, 2]]).all()


def test_ratios_are_sorted_and_progress_is_told(springs):
    told = []
    dataset = compare([springs.Springs], [10.0, 0.1, 10.0], progress=lambda done, total: told.append((done, total)))
    assert dataset["ratio"].values.tolist() == [0.1, 10.0]
    assert told == [(1, 2), (2, 2)]


def test_each_model_is_asked_within_its_own_reach(springs):
    assert reach(springs.Springs()) == (1e-3, 100.0)
    dataset = compare_within_reach({"wide": springs.Springs, "long": springs.LONG}, 0.1, 1e6, 5)
    assert dataset["ratio"].size == 5
    np.testing.assert_allclose(dataset["ratio"].values[[0, -1]], [0.1, 100.0])
    assert dataset["wide_exists"].values.all()


def test_models_with_different_ratios_share_an_axis_with_gaps(springs):
    parts = [compare({"a": springs.Springs}, [1.0, 2.0]), compare({"b": springs.Springs}, [2.0, 4.0])]
    dataset = merge(parts)
    assert dataset["ratio"].values.tolist() == [1.0, 2.0, 4.0]
    assert dataset["a_exists"].dtype == dataset["b_exists"].dtype == bool
    assert dataset["a_exists"].values.tolist() == [True, True, False]
    assert dataset["b_exists"].values.tolist() == [False, True, True]
    assert np.isnan(dataset["a"].values[2])
    assert np.isnan(dataset["b_error"].values[0])
    assert dataset.attrs["models"] == "a b"
    assert dataset["b"].attrs["units"] == "1"


def test_a_model_out_of_all_reach_says_what_it_reaches(springs):
    with pytest.raises(ComparisonError, match=r"from 0\.001 to 100 only"):
        compare_within_reach([springs.Springs], 1e3, 1e4, 3)


def test_a_method_cannot_be_compared(springs, entries):
    from mesoscale.atlas.catalogue import load

    lever = load(entries[2]).model
    with pytest.raises(ValueError, match="Lever is a method, not a phenomenon"):
        compare([springs.Springs, lever], [1.0])


def test_two_of_one_name_need_names(springs):
    with pytest.raises(ValueError, match="Springs is given more than once"):
        compare([springs.Springs, springs.LONG], [1.0])


@pytest.mark.parametrize("ratios", [[], [0.0, 1.0], [-1.0], [math.nan], [math.inf]])
def test_ratios_must_be_positive(springs, ratios):
    with pytest.raises(ValueError, match="greater than 0"):
        compare([springs.Springs], ratios)

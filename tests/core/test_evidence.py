"""Evidence: judged as declared, and refused when it could not fail."""

import math

import pytest
from mesoscale.core.evidence import Evidence, judge


def entry(**changes):
    given = {"computed": lambda: 1.01, "expected": 1.0, "kind": "theory", "source": "arithmetic", "relative": 0.02}
    return Evidence("one", **{**given, **changes})


def test_a_deterministic_entry_is_judged_by_its_larger_tolerance():
    verdict = judge(entry())
    assert verdict.status == "agrees"
    assert verdict.deviation == pytest.approx(0.01)
    assert verdict.tolerance == 0.02
    assert math.isnan(verdict.z)
    assert judge(entry(relative=0.001)).status == "disagrees"
    assert judge(entry(relative=0.001, absolute=0.02)).status == "agrees"
    assert judge(entry(relative=None, absolute=0.001)).status == "disagrees"


def test_a_statistical_entry_is_judged_by_its_own_standard_error():
    verdict = judge(entry(computed=lambda: (1.3, 0.1), relative=None, z=4))
    assert verdict.status == "agrees"
    assert verdict.z == pytest.approx(3.0)
    assert verdict.tolerance == pytest.approx(0.4)
    assert judge(entry(computed=lambda: (1.41, 0.1), relative=None, z=4)).status == "disagrees"
    wide = judge(entry(computed=lambda: (1.41, 0.3), relative=None, z=1, expected_error=0.4))
    assert wide.error == pytest.approx(0.5)
    assert wide.status == "agrees"


def test_a_statistical_entry_without_an_error_is_refused():
    for computed in (lambda: 1.0, lambda: (1.0, 0.0), lambda: (1.0, math.nan)):
        with pytest.raises(ValueError, match="standard error"):
            judge(entry(computed=computed, relative=None, z=4))


def test_nan_never_agrees():
    assert judge(entry(computed=lambda: math.nan)).status == "disagrees"


def test_an_expected_zero_gives_the_plain_difference():
    assert judge(entry(computed=lambda: 0.5, expected=0.0, absolute=1.0)).deviation == 0.5


def test_what_is_not_reproduced_stays_so():
    kept = entry(reproduced=False, note="found 1.2 instead")
    assert judge(kept).status == "not reproduced"


def test_expected_may_be_computed_late():
    assert judge(entry(expected=lambda: 1.0)).expected == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relative": None}, "give relative, absolute or z"),
        ({"relative": -1.0}, "at least 0"),
        ({"z": 4.0}, "z judges alone"),
        ({"source": ""}, "give the source"),
        ({"reproduced": False}, "say in note"),
    ],
)
def test_an_entry_that_cannot_be_judged_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        entry(**changes)

"""Every entry of evidence, one test each: what the atlas shows is what is tested here."""

import functools

import numpy as np
import pytest
import scipy.stats
from mesoscale.atlas import catalogue
from mesoscale.core.evidence import judge
from mesoscale.core.quantities import Unit

SI = {"um": "m", "nm": "m", "km": "m", "uM": "mol m-3", "kPa": "Pa", "degC": "K"}  # what a slip would be written in
SUBJECTS = [catalogue.load(entry) for entry in catalogue.read_entries()]
ENTRIES = [
    pytest.param(entry, id=f"{subject.name}: {entry.name}", marks=[pytest.mark.slow] * entry.slow)
    for subject in SUBJECTS
    for entry in subject.evidence
]

judge_once = functools.cache(judge)


@pytest.mark.parametrize("entry", ENTRIES)
def test_evidence(entry):
    verdict = judge_once(entry)
    assert verdict.status in ("agrees", "not reproduced"), verdict


@pytest.mark.parametrize("subject", [s for s in SUBJECTS if s.model], ids=lambda subject: subject.name)
def test_a_model_has_evidence_from_outside(subject):
    assert len(subject.evidence) >= 6
    assert sum(entry.kind in ("published", "peer") for entry in subject.evidence) >= 2
    assert len({entry.name for entry in subject.evidence}) == len(subject.evidence)
    for entry in subject.evidence:
        assert Unit(SI.get(entry.unit, entry.unit)).affine(entry.unit) == (1.0, 0.0)


def test_the_z_of_all_statistical_entries_look_like_a_normal():
    entries = [p.values[0] for p in ENTRIES if p.values[0].z is not None and not p.values[0].slow]
    z = np.array([judge_once(entry).z for entry in entries])
    if len(z) >= 8:  # too good is as suspicious as too bad
        assert scipy.stats.kstest(z, "norm").pvalue > 1e-3

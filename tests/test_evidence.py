"""Every entry of evidence, one test each: what the atlas shows is what is tested here."""

import numpy as np
import pytest
import scipy.stats
from mesoscale.atlas import catalogue
from mesoscale.core.evidence import judge

ENTRIES = [
    pytest.param(entry, id=f"{room.__name__.removeprefix('mesoscale.')}: {entry.name}", marks=[pytest.mark.slow] * entry.slow)
    for room in catalogue.rooms()
    for entry in getattr(room, "EVIDENCE", ())
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_evidence(entry):
    verdict = judge(entry)
    assert verdict.status in ("agrees", "not reproduced"), verdict


def test_names_of_evidence_are_unique_and_sources_given():
    for room in catalogue.rooms():
        names = [entry.name for entry in getattr(room, "EVIDENCE", ())]
        assert len(names) == len(set(names)), room.__name__


def test_the_z_of_all_statistical_entries_look_like_a_normal():
    entries = [p.values[0] for p in ENTRIES if p.values[0].z is not None and not p.values[0].slow]
    z = np.array([judge(entry).z for entry in entries])
    if len(z) >= 8:  # too good is as suspicious as too bad
        assert scipy.stats.kstest(z, "norm").pvalue > 1e-3

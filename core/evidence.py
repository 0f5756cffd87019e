"""Evidence: why anybody should believe a model.

An `Evidence` entry compares a computed number with an expected one that does **not** follow from the same input: an
exact result by an independent route (``theory``), a number that others measured or computed (``published``), or the
output of another code (``peer``). The tuple ``EVIDENCE`` beside each model feeds the atlas, the reference pages and the
tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

__all__ = ["Evidence", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison that could fail.

    Parameters
    ----------
    name : str
        What is compared, in words.
    computed : callable
        Returns the computed value, or (value, standard error) such as an `Estimate`. The seed inside is fixed.
    expected : float or callable
        The reference, from its source; a callable where it needs computing by the independent route.
    kind : {"theory", "published", "peer"}
        Where the reference comes from.
    source : str
        Citation with DOI and table or equation; for a peer its name and version.
    relative, absolute : float, optional
        Tolerance of a deterministic entry; the larger of the two counts.
    z : float, optional
        Limit on abs(computed - expected) / standard error of a statistical entry.
    expected_error : float
        Standard error of the reference itself; adds in quadrature.
    unit : str
        Unit in which both are given.
    slow : bool
        Whether it runs in the full atlas only.
    reproduced : bool
        False keeps a number in the table that could not be reproduced; `note` says what was found.
    note : str
        A remark for the reader of the table.

    Examples
    --------
    >>> bound = dict(expected=3.1416, relative=1e-3, kind="theory", source="Archimedes, Measurement of a circle")
    >>> judge(Evidence("pi", computed=lambda: 22 / 7, **bound)).status
    'agrees'
    """

    name: str
    _: KW_ONLY
    computed: Callable[[], Any]
    expected: float | Callable[[], float]
    kind: Literal["theory", "published", "peer"]
    source: str
    relative: float | None = None
    absolute: float | None = None
    z: float | None = None
    expected_error: float = 0.0
    unit: str = "1"
    slow: bool = False
    reproduced: bool = True
    note: str = ""

    def __post_init__(self) -> None:
        tolerances = [t for t in (self.relative, self.absolute, self.z) if t is not None]
        if not tolerances or any(t < 0 for t in tolerances):
            raise ValueError(f"Evidence({self.name!r}): give relative, absolute or z, each at least 0")
        if self.z is not None and len(tolerances) > 1:
            raise ValueError(f"Evidence({self.name!r}): z judges alone; give no other tolerance beside it")
        if not self.source:
            raise ValueError(f"Evidence({self.name!r}): give the source of the expected value")
        if not self.reproduced and not self.note:
            raise ValueError(f"Evidence({self.name!r}): say in note what was found instead")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an entry came out.

    Attributes
    ----------
    computed, error, expected : float
        Values and the standard error of the difference (NaN for a deterministic entry).
    tolerance : float
        Largest absolute difference that still agrees.
    deviation : float
        (computed - expected) / abs(expected), or the plain difference where expected is 0.
    z : float
        (computed - expected) / error; NaN for a deterministic entry.
    status : {"agrees", "disagrees", "not reproduced"}
        A number marked as not reproduced stays so, however it comes out.
    """

    computed: float
    error: float
    expected: float
    tolerance: float
    deviation: float
    z: float
    status: Literal["agrees", "disagrees", "not reproduced"]


def judge(entry: Evidence) -> Verdict:
    """Compute an entry and compare.

    Raises
    ------
    ValueError
        If a statistical entry returns no standard error.
    """
    result = entry.computed()
    value, error = (float(result[0]), float(result[1])) if isinstance(result, tuple) else (float(result), math.nan)
    expected = float(entry.expected() if callable(entry.expected) else entry.expected)
    difference = value - expected
    z = math.nan
    if entry.z is not None:
        if not error > 0:
            raise ValueError(f"{entry.name}: judged by z, but the standard error is {error}")
        error = math.hypot(error, entry.expected_error)
        tolerance, z = entry.z * error, difference / error
    else:
        tolerance = max(abs(expected) * (entry.relative or 0.0), entry.absolute or 0.0)
    agrees = abs(difference) <= tolerance  # False for NaN
    status: Literal["agrees", "disagrees", "not reproduced"] = "agrees" if agrees else "disagrees"
    if not entry.reproduced:
        status = "not reproduced"
    deviation = difference / abs(expected) if expected != 0 else difference
    return Verdict(value, error, expected, tolerance, deviation, z, status)

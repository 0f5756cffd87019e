"""The table of evidence: rows, the CSV file, the lines on the terminal."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .display import amount, number, scale_for

if TYPE_CHECKING:
    from ..core.evidence import Evidence, Verdict

__all__ = ["COLUMNS", "Row", "counted", "crash_row", "terminal_lines", "to_csv", "verdict_row"]

COLUMNS = ("model", "name", "kind", "computed", "error", "expected", "tolerance", "deviation", "z", "status", "source")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as it came out, or one thing that crashed.

    Attributes
    ----------
    model, name : str
        Public path of the model; what was compared (``run``, ``figure`` or ``import`` for a crash outside evidence).
    kind, source, unit, note : str
        From the evidence entry.
    status : str
        ``agrees``, ``disagrees``, ``not reproduced``, or ``crashed: <reason>``.
    verdict : Verdict or None
        None where nothing was computed.
    """

    model: str
    name: str
    status: str
    kind: str = ""
    source: str = ""
    unit: str = "1"
    note: str = ""
    verdict: Verdict | None = None

    @property
    def failed(self) -> bool:
        """Whether the exit status must say so."""
        return self.status == "disagrees" or self.crashed

    @property
    def crashed(self) -> bool:
        """Whether there is no value because something raised."""
        return self.status.startswith("crashed")

    @property
    def computed(self) -> str:
        """Computed value with its error and unit."""
        if self.verdict is None:
            return "–"
        scale = scale_for([self.verdict.expected, self.verdict.computed], self.unit)
        return amount(self.verdict.computed, self.unit, self.verdict.error, scale)

    @property
    def expected(self) -> str:
        """Expected value with its unit."""
        if self.verdict is None:
            return "–"
        scale = scale_for([self.verdict.expected, self.verdict.computed], self.unit)
        return amount(self.verdict.expected, self.unit, scale=scale)

    @property
    def deviation(self) -> str:
        """As a percentage; as it is where 0 is expected."""
        if self.verdict is None:
            return "–"
        part = self.verdict.deviation
        if self.verdict.expected == 0:
            return number(part)
        if abs(part) < 1e-12:  # rounding
            return "0 %"
        if part > 10:
            return f"× {1 + part:.3g}" if self.verdict.expected > 0 else f"{100 * part:+.2g} %"
        return f"{100 * part:+.2g} %".replace("-", "−")

    @property
    def z(self) -> str:
        """Deviation in standard errors."""
        return "" if self.verdict is None or math.isnan(self.verdict.z) else f"{self.verdict.z:+.2f}".replace("-", "−")

    @property
    def position(self) -> float | None:
        """Deviation as a fraction of what is tolerated, between -1.5 and 1.5; for the little scale on the page."""
        v = self.verdict
        if v is None or not math.isfinite(v.computed - v.expected):
            return None
        difference = v.computed - v.expected
        if v.tolerance == 0:
            return 0.0 if difference == 0 else math.copysign(1.5, difference)
        return max(-1.5, min(1.5, difference / v.tolerance))


def verdict_row(model: str, entry: Evidence, verdict: Verdict) -> Row:
    """The row of an entry that was computed."""
    return Row(model, entry.name, verdict.status, entry.kind, entry.source, entry.unit, entry.note, verdict)


def crash_row(model: str, name: str, error: BaseException, entry: Evidence | None = None) -> Row:
    """The row of something that raised."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    status = f"crashed: {reason[:300]}"
    if entry is None:
        return Row(model, name, status)
    return Row(model, name, status, entry.kind, entry.source, entry.unit, entry.note)


def to_csv(rows: Iterable[Row]) -> str:
    """The file ``evidence.csv``: SI values with all their digits; what does not exist is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        v = row.verdict
        values = (v.computed, v.error, v.expected, v.tolerance, v.deviation, v.z) if v else (math.nan,) * 6
        numbers = ["" if math.isnan(value) else repr(float(value)) for value in values]
        writer.writerow([row.model, row.name, row.kind, *numbers, row.status, row.source])
    return stream.getvalue()


def counted(rows: Sequence[Row]) -> dict[str, int]:
    """How many agree, disagree, were not reproduced, crashed."""
    counts = Counter("crashed" if row.crashed else row.status for row in rows)
    return {status: counts[status] for status in ("agrees", "disagrees", "not reproduced", "crashed")}


def terminal_lines(rows: Sequence[Row], width: int = 1000) -> list[str]:
    """One line a row, aligned: status, deviation (in standard errors where they are known), numbers, name.

    >>> terminal_lines([Row("m", "length", "crashed: ValueError: no")])
    ['  crashed         length: ValueError: no']
    """
    cells = [_cells(row) for row in rows]
    sizes = [max((len(cell[column]) for cell in cells), default=0) for column in range(3)]
    lines = []
    for row, cell in zip(rows, cells, strict=True):
        if row.crashed:
            line = f"  {'crashed':<14}  {row.name}: {row.status.partition(': ')[2]}"
        else:
            columns = "  ".join(f"{text:>{size}}" for text, size in zip(cell, sizes, strict=True))
            line = f"  {row.status:<14}  {columns}  {row.name} ({row.kind})"
        lines.append(line if len(line) <= width else line[: width - 1] + "…")
    return lines


def _cells(row: Row) -> tuple[str, str, str]:
    if row.crashed:
        return "", "", ""
    return f"z {row.z}" if row.z else row.deviation, row.computed, row.expected

"""The table of evidence, as file and on the terminal."""

import csv
import io
import math

import pytest
from mesoscale.atlas.table import COLUMNS, counted, crash_row, terminal_lines, to_csv, verdict_row
from mesoscale.core.evidence import Evidence, judge


def row(computed, **options):
    options = {"expected": 2.0, "kind": "theory", "source": "counting"} | options
    entry = Evidence("two", computed=lambda: computed, **options)
    return verdict_row("a.b.C", entry, judge(entry))


@pytest.fixture
def rows():
    return [
        row((2.1, 0.1), z=4),
        row(5e-8, expected=5.1e-8, relative=0.1, unit="m", kind="published", source='Roe, "Title", 2001'),
        row(3.0, relative=0.1),
        row(3.0, relative=0.1, reproduced=False, note="comes out as 3"),
        crash_row("a.b.C", "run", ZeroDivisionError("division\nby zero")),
    ]


def test_the_columns_are_exactly_those_promised(rows):
    lines = to_csv(rows).splitlines()
    assert lines[0] == "model,name,kind,computed,error,expected,tolerance,deviation,z,status,source"
    assert ",".join(COLUMNS) == lines[0]


def test_the_file_reads_back_with_all_digits(rows):
    first, second, third, fourth, fifth = csv.DictReader(io.StringIO(to_csv(rows)))
    assert (float(first["computed"]), float(first["error"])) == (2.1, 0.1)
    assert float(first["z"]) == (2.1 - 2.0) / 0.1
    assert math.isclose(float(first["tolerance"]), 0.4)
    assert float(second["computed"]) == 5e-8
    assert second["z"] == second["error"] == ""
    assert second["source"] == 'Roe, "Title", 2001'
    assert [r["status"] for r in (first, second, third, fourth)] == ["agrees", "agrees", "disagrees", "not reproduced"]
    assert fifth["status"] == "crashed: ZeroDivisionError: division by zero"
    assert fifth["computed"] == ""


def test_only_disagreement_and_crashes_fail(rows):
    assert [r.failed for r in rows] == [False, False, True, False, True]
    assert counted(rows) == {"agrees": 2, "disagrees": 1, "not reproduced": 1, "crashed": 1}


def test_values_are_shown_in_one_unit(rows):
    assert (rows[1].computed, rows[1].expected, rows[1].deviation) == ("50 nm", "51 nm", "−2 %")
    assert (rows[0].computed, rows[0].z) == ("2.10 ± 0.10", "+1.00")
    assert rows[4].computed == "–"


def test_a_deviation_from_zero_is_no_percentage():
    assert row(0.25, expected=0.0, absolute=1.0).deviation == "0.25"


def test_rounding_is_no_deviation_and_a_large_one_is_a_factor():
    assert row(2.0 + 4e-16, relative=0.1).deviation == "0 %"
    assert row(77.0, relative=0.1).deviation == "× 38.5"


@pytest.mark.parametrize(
    ("computed", "options", "position"),
    [
        (2.1, {"relative": 0.1}, 0.5),
        (1.9, {"relative": 0.1}, -0.5),
        (99.0, {"relative": 0.1}, 1.5),
        (2.0, {"relative": 0.0}, 0.0),
        (2.5, {"relative": 0.0}, 1.5),
        (math.nan, {"relative": 0.1}, None),
    ],
)
def test_the_little_scale_shows_the_part_of_what_is_tolerated(computed, options, position):
    found = row(computed, **options).position
    assert found == pytest.approx(position) if position is not None else found is None


def test_lines_on_the_terminal_are_aligned_and_say_why_something_crashed(rows):
    lines = terminal_lines(rows, 100)
    assert lines[0] == "  agrees          z +1.00  2.10 ± 0.10      2  two (theory)"
    assert lines[1] == "  agrees             −2 %        50 nm  51 nm  two (published)"
    assert lines[4] == "  crashed         run: ZeroDivisionError: division by zero"
    assert terminal_lines([]) == []


def test_a_long_name_is_cut_for_a_narrow_terminal():
    entry = Evidence("n" * 300, computed=lambda: 2.0, expected=2.0, relative=0.1, kind="theory", source="counting")
    (line,) = terminal_lines([verdict_row("m", entry, judge(entry))], 80)
    assert len(line) <= 80
    assert "…" in line

"""What one model does wrong stays with it, and what was finished is on disk."""

import csv
import json
import os

import mesoscale.atlas.files
import pytest
import xarray as xr
from mesoscale.atlas.catalogue import Entry, Subject
from mesoscale.atlas.survey import survey
from mesoscale.core.evidence import Evidence
from mesoscale.core.model import Model, Result, param
from mesoscale.core.quantities import Length


def model(simulate, name="Broken", **options):
    results = (Result("answer", Length, "answer"), Result("naive_answer", Length, "naive answer"))
    attributes = {"__doc__": f"{name}.", "__module__": __name__, "RESULTS": results, "simulate": simulate}
    attributes |= {"__annotations__": {"size": Length}, "size": param(1.0, "size", source="a rule", gt=0, le=1e3)}
    return type(name, (Model,), attributes | options)


def subject(simulate, name="Broken", evidence=(), **options):
    return Subject(f"somewhere.{name}", model(simulate, name, **options), "A story.", tuple(evidence))


def good(self, streams, tick):
    return {"answer": 1.0, "naive_answer": 2.0}


def bad(self, streams, tick):
    raise RuntimeError("out of springs")


def entry(computed, expected=1.0):
    return Evidence("a number", computed=computed, expected=expected, relative=0.1, kind="theory", source="counting")


def table(folder):
    with open(folder / "evidence.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_survey_writes_all_its_files(quick):
    found, folder, _ = quick
    names = {"evidence.csv", "index.html", "Springs.nc", "Springs.png", "Springs.svg"}
    names |= {"Lever.nc", "Lever.png", "Lever.svg", "crossover.nc", "crossover.png", "crossover.svg"}
    assert names == set(os.listdir(folder))
    with xr.open_dataset(folder / "Springs.nc", engine="h5netcdf") as dataset:
        recipe = json.loads(dataset.attrs["recipe"])
        assert recipe["parameters"]["bonds"] == 50  # the small size
    assert [chapter.finished for chapter in found.chapters] == [True, True, True]


def test_a_quick_survey_leaves_out_slow_evidence(quick):
    chapter = quick[0].chapters[1]
    assert [row.name for row in chapter.rows] == ["length", "mean of ten", "lost number"]
    assert chapter.slow_left_out == 1


def test_only_judged_statistical_entries_give_a_z(quick):
    assert quick[0].scores == pytest.approx([-0.5])


def test_the_listener_is_told_what_comes_next(quick):
    told = quick[2]
    assert told[:2] == ["methods: import", "methods: twice one"]
    assert told[2:5] == ["Springs: import", "Springs: run", "Springs: figure"]
    assert told[-1] == "writing the page"


def test_a_full_survey_takes_the_defaults_and_the_slow_evidence(tmp_path):
    slow = Evidence("s", computed=lambda: 1.0, expected=1.0, relative=0.1, kind="theory", source="sum", slow=True)
    found = survey([subject(good, evidence=[slow], quick={"size": 2.0})], tmp_path)
    assert [row.name for row in found.rows] == ["s"]
    assert found.chapters[0].instance.size == 1.0
    assert survey([subject(good, quick={"size": 2.0})], tmp_path, quick=True).chapters[0].instance.size == 2.0


def test_a_method_with_one_number_is_drawn(entries, tmp_path):
    found = survey(entries[2:], tmp_path)
    assert found.rows == []
    assert not found.failed
    assert found.comparison is None
    assert [drawing.words for drawing in found.chapters[0].drawings] == ["force at the end: 1 N."]


def test_a_crash_in_a_run_is_a_row_and_stops_nothing(tmp_path):
    things = [
        subject(bad, evidence=[entry(lambda: 1.0)]),
        subject(good, "Sound", evidence=[entry(lambda: 1.0)]),
    ]
    found = survey(things, tmp_path)
    assert [(row["model"], row["name"], row["status"]) for row in table(tmp_path)] == [
        ("somewhere.Broken", "run", "crashed: RuntimeError: out of springs"),
        ("somewhere.Broken", "a number", "agrees"),
        ("somewhere.Sound", "a number", "agrees"),
    ]
    assert found.failed
    assert (tmp_path / "Sound.nc").exists()


def test_a_crash_in_evidence_is_a_row(tmp_path):
    def computed():
        raise KeyError("lost")

    survey([subject(good, evidence=[entry(computed), entry(lambda: 1.0)])], tmp_path)
    first, second = table(tmp_path)
    assert first["status"] == "crashed: KeyError: 'lost'"
    assert first["source"] == "counting"
    assert second["status"] == "agrees"


def test_a_crash_in_a_figure_is_a_row(tmp_path, monkeypatch):
    from mesoscale.atlas import figures

    def fail(*arguments):
        raise ValueError("no ink")

    monkeypatch.setattr(figures, "panels", fail)
    found = survey([subject(good, evidence=[entry(lambda: 1.0)])], tmp_path)
    assert [row.status for row in found.rows] == ["crashed: ValueError: no ink", "agrees"]
    assert (tmp_path / "Broken.nc").exists()


def test_a_module_that_cannot_be_imported_is_a_row(tmp_path, entries):
    found = survey([Entry("fakelib.shop.nowhere.Nobody", ""), entries[0]], tmp_path)
    assert [row.name for row in found.rows] == ["import", "twice one"]
    assert found.failed


def test_a_crash_in_the_comparison_is_a_row(tmp_path):
    def governing_ratio(self):
        raise RuntimeError("no ratio")

    things = [subject(good, competition="a / b", control="size", governing_ratio=governing_ratio)]
    found = survey(things, tmp_path)
    assert [row.name for row in found.rows] == ["comparison", "page"]
    assert (tmp_path / "index.html").exists()


def test_disagreement_fails_and_what_is_marked_as_not_reproduced_does_not(tmp_path):
    assert survey([subject(good, evidence=[entry(lambda: 1.0, expected=2.0)])], tmp_path).failed
    lost = Evidence(
        "lost",
        computed=lambda: 1.0,
        expected=2.0,
        relative=0.1,
        kind="published",
        source="Poe",
        reproduced=False,
        note="is 1",
    )
    assert not survey([subject(good, evidence=[lost])], tmp_path).failed


@pytest.mark.parametrize("where", ["run", "evidence"])
def test_ctrl_c_leaves_what_was_finished(tmp_path, where):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    sound = subject(good, "Sound", evidence=[entry(lambda: 1.0)])
    stopped = subject(interrupted if where == "run" else good, "Stopped", evidence=[entry(interrupted)])
    found = survey([sound, stopped, subject(good, "Never")], tmp_path)
    assert found.interrupted
    assert [chapter.finished for chapter in found.chapters] == [True, False]
    assert [row["model"] for row in table(tmp_path)] == ["somewhere.Sound"]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Interrupted" in page
    assert "Never" not in page
    assert not list(tmp_path.glob("*.partial"))


def test_a_full_disk_is_an_error_and_leaves_finished_files(tmp_path, monkeypatch):
    survey([subject(good, "Sound")], tmp_path)
    before = (tmp_path / "Sound.nc").read_bytes()

    def full(path, dataset):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mesoscale.atlas.files, "write_dataset", full)
    with pytest.raises(OSError, match="No space left"):
        survey([subject(good, "Sound")], tmp_path)
    assert (tmp_path / "Sound.nc").read_bytes() == before

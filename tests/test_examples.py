"""Every lesson runs as it stands, without a warning, and leaves its figures behind."""

import os
import runpy
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

LESSONS = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    with np.errstate(all="warn", under="ignore"):  # the reader's own settings, not those of this house
        runpy.run_path(os.fspath(lesson), run_name="__main__")
    plt.close("all")
    assert list(tmp_path.glob(f"{lesson.stem}*.png"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_opens_as_a_notebook(lesson):
    # py:percent: every cell begins with a marker, the first one with a title, and every text line is a comment
    cells = lesson.read_text(encoding="utf-8").split("# %%")
    assert cells[0] == ""
    assert cells[1].startswith(" [markdown]\n# # ")
    for cell in cells[1:]:
        if cell.startswith(" [markdown]"):
            assert all(line.startswith("#") for line in cell.splitlines()[1:] if line)

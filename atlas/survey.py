"""Run every model, judge every entry of evidence, draw, compare; write each thing as soon as it is finished.

What one model does wrong stays with it: a crash in its import, run, figure or evidence becomes a row of the table, and
the next model is run. Only a folder that cannot be written to stops the survey, and Ctrl-C, which leaves what was
finished on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import files
from .catalogue import Entry, Subject, load
from .table import Row, crash_row, to_csv, verdict_row

if TYPE_CHECKING:
    import xarray as xr

    from ..core.model import Model

__all__ = ["Chapter", "Drawing", "Survey", "compare_all", "survey"]

Listener = Callable[[str], None]
"""Told what is being done, before it is done."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure on the page: SVG, and what it shows in words."""

    svg: bytes
    words: str


@dataclass
class Chapter:
    """One model as the atlas found it.

    Attributes
    ----------
    path : str
        Public path.
    subject : Subject or None
        None if its import crashed.
    instance : Model or None
        What was run.
    result : xarray.Dataset or None
        What came out.
    rows : list of Row
        Evidence and crashes.
    drawings : list of Drawing
        The panels.
    slow_left_out : int
        Entries of evidence that a quick survey leaves out.
    finished : bool
        False if Ctrl-C came in between.
    """

    path: str
    subject: Subject | None = None
    instance: Model | None = None
    result: xr.Dataset | None = None
    rows: list[Row] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    slow_left_out: int = 0
    finished: bool = False

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(".")[2]


@dataclass
class Survey:
    """All chapters, and what they say together.

    Attributes
    ----------
    chapters : list of Chapter
    comparison : xarray.Dataset or None
        When does the average lie? From `compare.compare`.
    crossover : Drawing or None
        Its figure.
    quick, interrupted : bool
    """

    chapters: list[Chapter] = field(default_factory=list)
    comparison: xr.Dataset | None = None
    crossover: Drawing | None = None
    quick: bool = False
    interrupted: bool = False

    @property
    def rows(self) -> list[Row]:
        """All rows of all chapters."""
        return [row for chapter in self.chapters for row in chapter.rows]

    @property
    def scores(self) -> list[float]:
        """All z of statistical entries, but for those marked as not reproduced."""
        judged = (row.verdict for row in self.rows if row.verdict and row.status != "not reproduced")
        return [verdict.z for verdict in judged if np.isfinite(verdict.z)]

    @property
    def failed(self) -> bool:
        """Whether any evidence disagrees or anything crashed."""
        return any(row.failed for row in self.rows)


def survey(
    things: Sequence[Entry | Subject],
    folder: Path,
    *,
    quick: bool = False,
    listen: Listener = lambda words: None,
    finish: Callable[[Chapter], None] = lambda chapter: None,
) -> Survey:
    """Run, judge, draw and write all `things`.

    Parameters
    ----------
    things : sequence of Entry or Subject
        From the catalogue.
    folder : Path
        Where NetCDF, PNG, SVG, ``evidence.csv`` and ``index.html`` go.
    quick : bool
        Small sizes (``Model.quick``), and no slow evidence.
    listen, finish : callable
        Told what comes next; handed each finished chapter.

    Raises
    ------
    OSError
        If something cannot be written.
    """
    from .report import render

    files.make_folder(folder)
    found = Survey(quick=quick)
    try:
        for thing in things:
            chapter = Chapter(thing.path)
            found.chapters.append(chapter)
            _fill(chapter, thing, folder, quick, listen)
            chapter.finished = True
            files.write_text(folder / "evidence.csv", to_csv(found.rows))
            finish(chapter)
        found.comparison = compare_all(found.chapters, quick=quick, listen=listen)
    except KeyboardInterrupt:
        found.interrupted = True
    listen("writing the page")
    if found.comparison is not None:
        files.write_dataset(folder / "crossover.nc", found.comparison)
        found.crossover = _draw_crossover(found.comparison, folder)
    page = render(found)  # a chapter that cannot be shown becomes a row, too
    files.write_text(folder / "evidence.csv", to_csv(found.rows))
    files.write_text(folder / "index.html", page)
    return found


def compare_all(chapters: Sequence[Chapter], *, quick: bool, listen: Listener) -> xr.Dataset | None:
    """When does the average lie, for all phenomena that ran; a model that crashes on the way gets a row."""
    from .compare import compare_within_reach, merge

    parts = []
    for chapter in chapters:
        if chapter.instance is None or chapter.result is None or chapter.instance.competition is None:
            continue
        listen(f"{chapter.name}: over its governing ratio")
        try:
            parts.append(compare_within_reach([chapter.instance], 1e-3, 1e3, 7 if quick else 13))
        except Exception as error:
            chapter.rows.append(crash_row(chapter.path, "comparison", error))
    return merge(parts) if parts else None


def _draw_crossover(comparison: xr.Dataset, folder: Path) -> Drawing:
    from . import figures

    figure = figures.crossover(comparison)
    svg = figures.to_svg(figure)
    files.write_bytes(folder / "crossover.svg", svg)
    files.write_bytes(folder / "crossover.png", figures.to_png(figure))
    return Drawing(svg, figures.describe_crossover(comparison))


def _fill(chapter: Chapter, thing: Entry | Subject, folder: Path, quick: bool, listen: Listener) -> None:
    listen(f"{chapter.name}: import")
    try:
        subject = load(thing) if isinstance(thing, Entry) else thing
    except Exception as error:  # a broken module stops nothing else
        chapter.rows.append(crash_row(chapter.path, "import", error))
        return
    chapter.subject = subject
    if subject.model is not None:
        _run(chapter, subject.model, folder, quick, listen)
    for entry in subject.evidence:
        if quick and entry.slow:
            chapter.slow_left_out += 1
            continue
        listen(f"{chapter.name}: {entry.name}")
        _judge(chapter, entry)


def _judge(chapter: Chapter, entry: object) -> None:
    from ..core.evidence import Evidence, judge

    assert isinstance(entry, Evidence)
    try:
        chapter.rows.append(verdict_row(chapter.path, entry, judge(entry)))
    except Exception as error:
        chapter.rows.append(crash_row(chapter.path, entry.name, error, entry))


def _run(chapter: Chapter, model: type[Model], folder: Path, quick: bool, listen: Listener) -> None:
    listen(f"{chapter.name}: run")
    try:
        instance = model()
        chapter.instance = instance.replace(**model.quick) if quick else instance
        chapter.result = chapter.instance.run(seed=0)
    except Exception as error:
        chapter.rows.append(crash_row(chapter.path, "run", error))
        return
    files.write_dataset(folder / f"{chapter.name}.nc", chapter.result)
    listen(f"{chapter.name}: figure")
    try:
        pictures = _draw(chapter, model, chapter.result)
    except Exception as error:
        chapter.rows.append(crash_row(chapter.path, "figure", error))
        return
    for suffix, content in pictures.items():
        files.write_bytes(folder / f"{chapter.name}.{suffix}", content)


def _draw(chapter: Chapter, model: type[Model], result: xr.Dataset) -> dict[str, bytes]:
    from . import figures

    chapter.drawings = [Drawing(figures.to_svg(figure), words) for words, figure in figures.panels(model, result)]
    whole = figures.overview(model, result)
    return {"png": figures.to_png(whole), "svg": figures.to_svg(whole)}

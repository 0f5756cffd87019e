"""The page: one HTML file that holds everything, fetches nothing, and can be read, printed and heard."""

from __future__ import annotations

import base64
import functools
import importlib.resources
import inspect
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .display import amount, pretty_unit
from .parameters import read_parameters
from .story import Block, EquationError, blocks, inline, to_mathml
from .table import counted, crash_row

if TYPE_CHECKING:
    import jinja2

    from .survey import Chapter, Survey

__all__ = ["ResultLine", "render", "result_lines"]

_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML knows MathML without it


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One result of a run for a table: name, words, value with error and unit (or the shape), and a remark."""

    name: str
    words: str
    value: str
    remark: str


def render(survey: Survey) -> str:
    """The whole page."""
    from .. import __version__

    contexts = [_chapter_context(chapter) for chapter in survey.chapters]
    return _template().render(
        survey=survey,
        version=__version__,
        style=_resource("report.css"),
        counts=counted(survey.rows),
        chapters=contexts,
        crossover=_data_uri(survey.crossover.svg) if survey.crossover else "",
        crossover_words=survey.crossover.words if survey.crossover else "",
        normality=_normality_figure(survey),
        normality_words=_normality_words(survey.scores),
    )


def result_lines(model: Any, dataset: Any) -> list[ResultLine]:
    """All declared results of a dataset (without replicates), one line each."""
    lines = []
    for result in model.RESULTS:
        array = dataset[result.name]
        flags = {suffix: dataset.get(f"{result.name}_{suffix}") for suffix in ("valid", "exists")}
        remarks = []
        if flags["exists"] is not None and not bool(flags["exists"].values.all()):
            remarks.append(f"exists {result.exists} only")
        if flags["valid"] is not None and not bool(flags["valid"].values.all()):
            remarks.append(f"outside validity: valid for {result.valid}")
        if array.ndim:
            sizes = " × ".join(f"{size} {dim}" for dim, size in array.sizes.items())
            value = f"{sizes}" + (f", in {pretty_unit(result.units)}" if pretty_unit(result.units) else "")
        elif array.dtype == bool:
            value = "yes" if array.values else "no"
        else:
            error = float(dataset[f"{result.name}_error"]) if f"{result.name}_error" in dataset else math.nan
            value = amount(float(array), result.units, error)
        lines.append(ResultLine(result.name, result.long_name, value, "; ".join(remarks)))
    return lines


def _chapter_context(chapter: Chapter) -> dict[str, Any]:
    """What the template needs of one chapter; what a model does wrong here, too, becomes a row."""
    told: dict[str, Any] = {}
    for fill in (_told_by_module, _told_by_run):
        try:
            told |= fill(chapter)
        except Exception as error:
            chapter.rows.append(crash_row(chapter.path, "page", error))
    subject = chapter.subject
    context: dict[str, Any] = {
        "anchor": _anchor(chapter),
        "name": chapter.name,
        "path": chapter.path,
        "summary": "",
        "story": [],
        "parts": [],
        "drawings": [(_data_uri(d.svg), d.words) for d in chapter.drawings],
        "rows": [row for row in chapter.rows if not (row.crashed and not row.kind)],
        "crashes": [row for row in chapter.rows if row.crashed and not row.kind],
        "others": sorted({row.kind for row in chapter.rows} & {"published", "peer"}),
        "slow_left_out": chapter.slow_left_out,
        "finished": chapter.finished,
        "counts": counted(chapter.rows),
        "presets": list(subject.presets) if subject else [],
        "parameters": (),
        "results": [],
        "recipe": "",
        "ratio": "",
        "competition": "",
        "answers": {},
    }
    return context | told


def _anchor(chapter: Chapter) -> str:
    return chapter.path.replace(".", "-")


def _told_by_module(chapter: Chapter) -> dict[str, Any]:
    subject, anchor = chapter.subject, _anchor(chapter)
    if subject is None:
        return {}
    told: dict[str, Any] = {"story": _story(blocks(subject.story), anchor), "parts": _parts(chapter, anchor)}
    if subject.model is not None:
        told["summary"] = (inspect.getdoc(subject.model) or "").partition("\n")[0]
        told["competition"] = subject.model.competition or ""
    return told


def _told_by_run(chapter: Chapter) -> dict[str, Any]:
    instance, result = chapter.instance, chapter.result
    if instance is None:
        return {}
    told: dict[str, Any] = {"parameters": read_parameters(instance)}
    if result is not None:
        lines = result_lines(instance, result)
        recipe = json.dumps(json.loads(result.attrs["recipe"]), indent=2, ensure_ascii=False)
        told |= {"results": lines, "answers": {line.name: line for line in lines}, "recipe": recipe}
        told["ratio"] = _ratio(instance)
    return told


def _ratio(instance: Any) -> str:
    if instance.competition is None:
        return ""
    return f"{instance.governing_ratio():.3g}"


def _story(found: Sequence[Block], anchor: str) -> list[tuple[str, str, str]]:
    """Blocks as (kind, HTML, label); consecutive bullets become one list."""
    pieces: list[tuple[str, str, str]] = []
    defined: set[str] = set()
    labels = {block.label for block in found if block.kind == "reference"}

    def prose(text: str) -> str:
        return inline(text, f"{anchor}-", labels)

    for block in found:
        if block.kind == "math":
            pieces.append(("math", _equation(block.text), block.label))
        elif block.kind == "bullet" and pieces and pieces[-1][0] == "bullet":
            pieces[-1] = ("bullet", f"{pieces[-1][1]}<li>{prose(block.text)}</li>", "")
        elif block.kind == "bullet":
            pieces.append(("bullet", f"<li>{prose(block.text)}</li>", ""))
        elif block.kind == "code":
            pieces.append(("code", str(_escape(block.text)), ""))
        elif block.kind == "reference" and block.label in defined:  # a numbered list, not the references
            pieces.append(("paragraph", f"{block.label}. {prose(block.text)}", ""))
        else:
            if block.kind == "reference":
                defined.add(block.label)
            pieces.append((block.kind, prose(block.text), block.label))
    return [(kind, text.replace(_NAMESPACE, ""), label) for kind, text, label in pieces]


def _parts(chapter: Chapter, anchor: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The stories of inner modules that hold equations."""
    if chapter.subject is None:
        return []
    split = {path: blocks(text) for path, text in chapter.subject.parts.items()}
    return [
        (path, _story(found, f"{anchor}-{path.rpartition('.')[2]}"))
        for path, found in split.items()
        if any(block.kind == "math" for block in found)
    ]


def _equation(latex: str) -> str:
    try:
        return to_mathml(latex)
    except EquationError:
        return f"<code>{_escape(latex)}</code>"


def _escape(text: str) -> str:
    import html

    return html.escape(text)


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def _normality_figure(survey: Survey) -> str:
    if not survey.scores:
        return ""
    from . import figures

    return _data_uri(figures.to_svg(figures.normality(survey.scores)))


def _normality_words(scores: Sequence[float]) -> str:
    """Mean, spread and the Kolmogorov-Smirnov distance of all z, in words."""
    n = len(scores)
    if n < 2:
        return "Fewer than two statistical entries: too few for a distribution."
    from scipy.special import kolmogorov, ndtr

    z = np.sort(scores)
    steps = np.arange(n + 1) / n
    distance = float(max((steps[1:] - ndtr(z)).max(), (ndtr(z) - steps[:-1]).max()))
    chance = float(kolmogorov(distance * (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n))))
    return (
        f"{n} statistical entries: mean {z.mean():+.2f} (0 ± {1 / math.sqrt(n):.2f} expected), "
        f"standard deviation {z.std(ddof=1):.2f} (1 ± {1 / math.sqrt(2 * (n - 1)):.2f} expected). "
        f"A normal sample lies at least as far from the normal curve with probability {chance:.2f}."
    )


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("report.html"))


def _resource(name: str) -> str:
    package = __name__.rpartition(".")[0]
    return importlib.resources.files(package).joinpath(name).read_text(encoding="utf-8")

"""Figures: of one result, of many models on one axis, of all evidence; and how they become PNG and SVG.

Everything is drawn on `matplotlib.figure.Figure` with the Agg canvas: no window, no global state, the same bytes for
the same numbers (fixed hash salt, no date).
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .panels import COLOURS, DASHES, MARKERS, Panel, describe, draw, height, plan

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..core.model import Model

__all__ = ["crossover", "describe_crossover", "normality", "overview", "panels", "to_png", "to_svg"]

_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "0.35",
    "axes.grid": True,
    "axes.labelsize": 10.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "0.9",
    "grid.linewidth": 0.8,
    "legend.fontsize": 9.5,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "path.simplify": True,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "mesoscale",
    "xtick.color": "0.25",
    "xtick.labelsize": 9.5,
    "ytick.color": "0.25",
    "ytick.labelsize": 9.5,
}
_WIDTH, _HEIGHT = 5.2, 3.7  # inches of one panel


def overview(model: type[Model], dataset: xr.Dataset) -> Figure:
    """All panels of a result in one figure.

    Parameters
    ----------
    model : type of Model
        Whose ``RESULTS`` say what is in the dataset.
    dataset : xarray.Dataset
        From `Model.run`; replicates are averaged.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    dataset = _averaged(dataset)
    chosen = _planned(model, dataset)
    columns = min(len(chosen), 2 if len(chosen) < 5 else 3)
    rows = -(-len(chosen) // columns)
    heights = [max(height(p, _HEIGHT) for p in chosen[r * columns : (r + 1) * columns]) for r in range(rows)]

    def paint(figure: Figure) -> None:
        grid = figure.add_gridspec(rows, columns, height_ratios=heights)
        for index, panel in enumerate(chosen):
            draw(figure.add_subplot(grid[index // columns, index % columns]), panel, dataset)
        figure.suptitle(model.__name__, fontsize=13, fontweight="bold", x=0.01, ha="left")

    return _painted((_WIDTH * columns, sum(heights) + 0.3), paint)


def panels(model: type[Model], dataset: xr.Dataset) -> Iterator[tuple[str, Figure]]:
    """Each panel as a figure of its own (legible on a telephone), with its description in words."""
    dataset = _averaged(dataset)
    for panel in _planned(model, dataset):

        def paint(figure: Figure, panel: Panel = panel) -> None:
            draw(figure.add_subplot(), panel, dataset)

        yield describe(panel, dataset), _painted((_WIDTH, height(panel, _HEIGHT)), paint)


def crossover(dataset: xr.Dataset) -> Figure:
    """When does the average lie? One curve a model over the governing ratio, from `compare.compare`.

    Each curve has its own colour, mark and dash, and is named at its end; the legend says what the ratio weighs.
    """
    curves = sum(f"{name}_exists" in dataset for name in dataset.data_vars)
    size = (7.6, 4.8 + 0.28 * curves)  # a line of the legend each, and the axes keep their height
    return _painted(size, lambda figure: _paint_crossover(figure.add_subplot(), dataset))


def describe_crossover(dataset: xr.Dataset) -> str:
    """The comparison in words, for those who cannot see it."""
    parts = []
    for name in (str(name) for name in dataset.data_vars if f"{name}_exists" in dataset):
        curve = dataset[name].dropna("ratio")
        if curve.size:
            first, last = (f"{float(curve[end]):+.2f} at ratio {float(curve.ratio[end]):.3g}" for end in (0, -1))
            parts.append(f"{name}: from {first} to {last}")
    return "Relative difference of the naive answer over the governing ratio. " + "; ".join(parts) + "."


def normality(scores: Sequence[float]) -> Figure:
    """The distribution of all z of the evidence against the normal, with its 95 % band (Kolmogorov and Smirnov)."""
    return _painted((_WIDTH, _HEIGHT), lambda figure: _paint_normality(figure.add_subplot(), np.sort(scores)))


def to_png(figure: Figure, dpi: int = 150) -> bytes:
    """PNG."""
    return _saved(figure, format="png", dpi=dpi, metadata={"Software": None})


def to_svg(figure: Figure) -> bytes:
    """SVG with text as outlines, so that it looks the same everywhere; the same bytes each time."""
    return _saved(figure, format="svg", dpi=150, metadata={"Date": None, "Creator": None})


def _paint_crossover(axes: Axes, dataset: xr.Dataset) -> None:
    from matplotlib.transforms import blended_transform_factory

    ratio = dataset["ratio"].values
    names = [str(name) for name in dataset.data_vars if f"{name}_exists" in dataset]
    axes.set_xscale("log")
    axes.axhspan(-0.1, 0.1, color="#E8F1E4", zorder=0, linewidth=0)
    axes.axhline(0, color="0.35", linewidth=1)
    axes.axvline(1, color="0.6", linewidth=1, linestyle=":")
    ends = []
    for index, name in enumerate(names):
        values, errors = dataset[name].values, np.nan_to_num(dataset[f"{name}_error"].values)
        here = np.isfinite(values)
        if not here.any():
            continue
        style: dict[str, Any] = {
            "color": COLOURS[index % 6],
            "marker": MARKERS[(index + index // 6) % 6],  # no pair of colour and mark comes twice
            "linestyle": DASHES[(index + index // 6) % 6],
        }
        label = f"{name}: {dataset[name].attrs.get('competition', '')}"
        axes.errorbar(
            ratio[here], values[here], yerr=errors[here] if errors.any() else None, capsize=3, markersize=6,
            linewidth=1.8, label=label, gid=name, **style,
        )  # fmt: skip
        ends.append((float(ratio[here][-1]), float(values[here][-1]), name, COLOURS[index % 6]))
    axes.set_ylim(-2.1, 2.1)
    for (x, _, name, colour), level in zip(ends, _apart([end[1] for end in ends], 0.2), strict=True):
        halo = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        axes.text(x * 1.15, level, name, color=colour, va="center", weight="bold", fontsize=10, bbox=halo)
    axes.set_xlim(ratio[0] / 1.4, ratio[-1] * (ratio[-1] / ratio[0]) ** 0.28 * 1.2)
    axes.set_xlabel("governing ratio")
    axes.set_ylabel("naive answer against answer\n2 (naive − answer) / (|naive| + |answer|)")
    beside = blended_transform_factory(axes.transAxes, axes.transData)
    for level, words in ((1.95, "the average is too high"), (-1.95, "the average is too low")):
        axes.text(0.01, level, words, transform=beside, color="0.35", va="center", style="italic")
    axes.text(0.99, -0.12, "within 10 %", transform=beside, color="#3F6B2F", va="top", ha="right", fontsize=9)
    if ends:
        axes.figure.legend(loc="outside lower left", ncols=1, frameon=False)


def _apart(heights: list[float], least: float) -> list[float]:
    """Heights moved so far apart that labels at them do not overlap, in their order, below 1.9."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    moved = list(heights)
    for before, after in itertools.pairwise(order):
        moved[after] = max(moved[after], moved[before] + least)
    ceiling = 1.9
    for index in reversed(order):
        moved[index] = min(moved[index], ceiling)
        ceiling = moved[index] - least
    return moved


def _paint_normality(axes: Axes, scores: np.ndarray) -> None:
    from scipy.special import ndtr

    n = scores.size
    grid = np.linspace(-4.2, 4.2, 400)
    # 95 % of all samples of n stay inside: Kolmogorov's 1.358 with Stephens' correction for small n.
    band = 1.358 / (np.sqrt(n) + 0.12 + 0.11 / np.sqrt(n)) if n else 1.0
    axes.fill_between(
        grid,
        np.clip(ndtr(grid) - band, 0, 1),
        np.clip(ndtr(grid) + band, 0, 1),
        color="0.9",
        label="95 % band",
        linewidth=0,
    )
    axes.plot(grid, ndtr(grid), color=COLOURS[1], linestyle="--", linewidth=1.8, label="normal distribution")
    if n:
        x = np.concatenate([[-4.2], scores, [4.2]])
        y = np.concatenate([[0], np.arange(1, n + 1) / n, [1]])
        axes.step(x, y, where="post", color=COLOURS[0], linewidth=1.8, label=f"evidence, {n} entries", gid="scores")
    axes.set_xlim(-4.2, 4.2)
    axes.set_xlabel("z = (computed − expected) / standard error")
    axes.set_ylabel("fraction of entries below z")
    axes.legend(loc="lower right")


def _planned(model: type[Model], dataset: xr.Dataset) -> tuple[Panel, ...]:
    chosen = plan(model.RESULTS, dataset)
    if not chosen:
        raise ValueError(f"{model.__name__} declares no result that can be drawn")
    return chosen


def _averaged(dataset: xr.Dataset) -> xr.Dataset:
    from ..core.model import summarize

    return summarize(dataset) if "replicate" in dataset.dims else dataset


def _painted(size: tuple[float, float], paint: Callable[[Figure], None]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with _styled():
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.07))
        FigureCanvasAgg(figure)
        paint(figure)
        figure.draw_without_rendering()  # lays out once; every save would do it again, twice
        figure.set_layout_engine("none")
    return figure


def _saved(figure: Figure, **options: Any) -> bytes:
    stream = io.BytesIO()
    with _styled():
        figure.savefig(stream, **options)
    return stream.getvalue()


@contextmanager
def _styled() -> Iterator[None]:
    """Our style, and numpy's own error handling: matplotlib divides by zero on purpose."""
    import matplotlib as mpl

    style: Any = _STYLE
    with mpl.rc_context(style), np.errstate(all="ignore"):
        yield

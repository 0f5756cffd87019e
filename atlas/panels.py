"""One panel of a figure, drawn from what a model declares of its results; no model has drawing code of its own.

- ``answer`` beside ``naive_answer``: two marks with their intervals.
- A scalar beside another (`Result.beside`): marks with intervals, in one panel for each family.
- One dimension: against its coordinate; measurements as points with error bars (a band where there are many),
  predictions as a line; many values without a coordinate are samples, drawn as a histogram.
- Two dimensions: a map; or, where one of them is short and has no coordinate, a family of curves.

Axes are logarithmic where all values are positive and span more than two decades. What lies outside the validity of a
law is hollow and said; what does not exist is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .display import Scale, amount, scale_for, wrapped

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..core.model import Result

__all__ = ["Panel", "describe", "draw", "height", "plan"]

# Blue, vermilion and greys of matplotlib's tableau-colorblind10; marks and dashes differ, too.
COLOURS = ("#006BA4", "#C85200", "#595959", "#5F9ED1", "#B07A00", "#898989")
MARKERS = ("o", "D", "s", "^", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
_MANY = 40  # points beyond which error bars become a band
_SAMPLES = 50  # values without a coordinate that are drawn as a histogram
_FAMILY = 6  # entries of a short dimension that are drawn as curves
_HEAVY = 2000  # points beyond which a curve is a picture inside the SVG


@dataclass(frozen=True, slots=True)
class Panel:
    """What is drawn together.

    Attributes
    ----------
    kind : {"scalars", "profile", "histogram", "family", "map"}
    results : tuple of Result
        The first one is the measurement or the answer, the others stand beside it.
    """

    kind: Literal["scalars", "profile", "histogram", "family", "map"]
    results: tuple[Result, ...]


def plan(results: Sequence[Result], dataset: xr.Dataset, limit: int = 6) -> tuple[Panel, ...]:
    """Panels for a result: the answer first, then what has dimensions, then families of scalars; at most `limit`."""
    drawn = {r.name: r for r in results if r.dims != (r.name,) and len(r.dims) <= 2}
    groups = _families(drawn)
    answers = [drawn.pop(name) for name in ("answer", "naive_answer") if name in drawn and not drawn[name].dims]
    panels = [Panel("scalars", tuple(answers))] if answers else []
    scalars = []
    for group in groups:
        group = tuple(r for r in group if r.name in drawn)
        if not group:
            continue
        first = group[0]
        if not first.dims:
            if len(group) > 1:
                scalars.append(Panel("scalars", group))
        else:
            panels.extend(Panel(kind, part) for kind, part in _with_dimensions(group, dataset))
    if not panels and not scalars:  # a method with single numbers only: those of one unit together
        units = dict.fromkeys(r.units for r in drawn.values())
        scalars = [Panel("scalars", tuple(r for r in drawn.values() if r.units == unit)[:6]) for unit in units]
    return tuple([*panels, *scalars][:limit])


def draw(axes: Axes, panel: Panel, dataset: xr.Dataset) -> None:
    """Draw one panel; values are scaled to a readable unit, which the labels name."""
    painters = {"scalars": _draw_scalars, "profile": _draw_profile, "histogram": _draw_histogram}
    painters |= {"family": _draw_family, "map": _draw_map}
    painters[panel.kind](axes, panel.results, dataset)
    _mark_invalid(axes, panel.results, dataset)


def height(panel: Panel, usual: float) -> float:
    """How tall the panel should be, in inches: rows of scalars need 0.6 each."""
    return max(usual, 0.6 * len(panel.results) + 0.9) if panel.kind == "scalars" else usual


def describe(panel: Panel, dataset: xr.Dataset) -> str:
    """The panel in words, for those who cannot see it."""
    first = panel.results[0]
    if panel.kind == "scalars":
        return "; ".join(f"{r.long_name}: {_value_text(r, dataset)}" for r in panel.results) + "."
    values = np.asarray(dataset[first.name].values, dtype=float)
    known = values[np.isfinite(values)]
    if known.size == 0:
        return f"The {first.long_name} does not exist here."
    scale = scale_for(known, first.units)
    low, high = (amount(v, first.units, scale=scale) for v in (known.min(), known.max()))
    over = " and ".join(_words(dataset, d) for d in dataset[first.name].dims)
    names = ", together with the ".join(r.long_name for r in panel.results)
    return f"The {names} over {over}, {known.size} values from {low} to {high}."


def _families(drawn: Mapping[str, Result]) -> list[tuple[Result, ...]]:
    """Results chained by `beside`: measurements (with an error) first, what others name as their prediction last."""
    head = {name: name for name in drawn}
    for name, result in drawn.items():
        other = result.beside
        if (
            other is not None
            and other in drawn
            and drawn[other].dims == result.dims
            and drawn[other].units == result.units
        ):
            old, new = head[name], head[other]
            head = {key: new if value == old else value for key, value in head.items()}
    groups: dict[str, list[Result]] = {}
    for name, result in drawn.items():
        groups.setdefault(head[name], []).append(result)
    named = {result.beside for result in drawn.values()}
    return [
        tuple(sorted(group, key=lambda r: (not r.error, not r.error and r.name in named))) for group in groups.values()
    ]


_Kind = Literal["profile", "histogram", "family", "map"]


def _with_dimensions(group: tuple[Result, ...], dataset: xr.Dataset) -> list[tuple[_Kind, tuple[Result, ...]]]:
    dims = group[0].dims
    if len(dims) == 1:
        if dims[0] not in dataset.coords and dataset.sizes[dims[0]] >= _SAMPLES:
            return [("histogram", (result,)) for result in group]
        return [("profile", group)]
    if _short_dimension(group[0], dataset) is not None:
        return [("family", (result,)) for result in group]
    return [("map", (result,)) for result in group]


def _short_dimension(result: Result, dataset: xr.Dataset) -> str | None:
    return next((d for d in result.dims if d not in dataset.coords and dataset.sizes[d] <= _FAMILY), None)


def _draw_scalars(axes: Axes, results: tuple[Result, ...], dataset: xr.Dataset) -> None:
    """A row for each: its name at the left and its value at the right, above the mark and its interval."""
    values = [float(dataset[r.name]) for r in results]
    errors = [float(dataset[f"{r.name}_error"]) if f"{r.name}_error" in dataset else 0.0 for r in results]
    scale = scale_for(values, results[0].units)
    shown = np.array(values) * scale.factor
    spans = np.nan_to_num(np.array(errors)) * scale.factor
    sides = axes.get_yaxis_transform()
    for row, result in enumerate(results):
        hollow, colour = _is_invalid(result, dataset), COLOURS[row % 6]
        axes.axhline(row, color="0.9", linewidth=0.8, zorder=0)
        mark: dict[str, Any] = {"marker": MARKERS[row % 6], "markersize": 9, "color": colour, "gid": result.name}
        mark |= {"markerfacecolor": "white" if hollow else colour, "linestyle": "none", "clip_on": False, "capsize": 4}
        axes.errorbar(shown[row], row, xerr=spans[row] or None, **mark)
        above: dict[str, Any] = {"transform": sides, "va": "bottom", "fontsize": 9.5}
        value = _value_text(result, dataset, scale)
        axes.text(0.0, row - 0.2, _row_label(result, min(40, 56 - len(value))), ha="left", **above)
        axes.text(1.0, row - 0.2, value, ha="right", weight="bold", **above)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(results) - 0.6, -0.75)
    axes.set_xlabel(scale.label("value") if scale.unit else "")
    axes.grid(False, axis="y")
    _limits_for_marks(axes, shown, spans)


def _row_label(result: Result, width: int) -> str:
    roles = {"answer": "answer: ", "naive_answer": "naive answer: "}
    return wrapped(roles.get(result.name, "") + result.long_name, max(width, 16))


def _limits_for_marks(axes: Axes, shown: np.ndarray, spans: np.ndarray) -> None:
    """Room for the texts; from zero unless that would hide the difference or a logarithm is needed."""
    finite = np.isfinite(shown)
    if not finite.any():
        axes.set_xticks([])
        return
    low, high = (shown - spans)[finite].min(), (shown + spans)[finite].max()
    if low > 0 and high > 100 * low:
        axes.set_xscale("log")
        axes.set_xlim(low / 4, high * 4)
        return
    if low >= 0 and high - low > 0.1 * high:
        axes.set_xlim(0, high * 1.1)
        return
    if high <= 0 and high - low > 0.1 * -low:
        axes.set_xlim(low * 1.1, 0)
        return
    room = 0.4 * (high - low) or 0.1 * abs(high) or 1.0
    axes.set_xlim(low - room, high + room)
    axes.locator_params(axis="x", nbins=4)  # numbers that differ little have many digits


def _draw_profile(axes: Axes, results: tuple[Result, ...], dataset: xr.Dataset) -> None:
    (dim,) = results[0].dims
    x = _axis(axes, "x", dim, dataset)
    y_scale = scale_for([dataset[r.name].values for r in results], results[0].units)
    for index, result in enumerate(results):
        y = np.asarray(dataset[result.name].values, dtype=float) * y_scale.factor
        error = _error_of(result, dataset, y_scale)
        few = x.size <= _MANY and len(results) > 1
        line = index > 0 or (not result.error and not few and dim in dataset.coords)
        _draw_curve(axes, x, y, error, index=index, line=line, result=result, dataset=dataset)
    _finish_y(axes, [dataset[r.name].values for r in results], y_scale.label(wrapped(results[0].long_name, 34)))
    if len(results) > 1:
        axes.legend(loc="best")


def _draw_curve(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    error: np.ndarray | None,
    *,
    index: int,
    line: bool,
    result: Result,
    dataset: xr.Dataset,
    label: str | None = None,
) -> None:
    colour, label = COLOURS[index % 6], label or wrapped(result.long_name, 30)
    heavy = x.size > _HEAVY
    many = x.size > _MANY
    style: dict[str, Any] = {"color": colour, "label": label, "gid": result.name, "rasterized": heavy}
    few_points = line and x.size < 4
    if line or (many and error is not None):
        marker = MARKERS[index % 6] if few_points else "none"
        axes.plot(x, y, linestyle=DASHES[index % 6], marker=marker, linewidth=1.8, zorder=3, **style)
        if error is not None:
            axes.fill_between(x, y - error, y + error, color=colour, alpha=0.25, linewidth=0, rasterized=heavy)
    else:
        size = 5.5 if not many else 3.0
        axes.errorbar(
            x, y, yerr=error, linestyle="none", marker=MARKERS[index % 6], markersize=size, capsize=2.5, **style
        )
    if f"{result.name}_valid" in dataset and dataset[f"{result.name}_valid"].shape == dataset[result.name].shape:
        outside = ~np.asarray(dataset[f"{result.name}_valid"].values, dtype=bool)
        if outside.shape == x.shape and outside.any() and not outside.all():
            axes.plot(x[outside], y[outside], "o", mfc="white", mec=colour, markersize=5.5, zorder=4)


def _draw_histogram(axes: Axes, results: tuple[Result, ...], dataset: xr.Dataset) -> None:
    (result,) = results
    scale = scale_for(dataset[result.name].values, result.units)
    values = np.asarray(dataset[result.name].values, dtype=float) * scale.factor
    values = values[np.isfinite(values)]
    edges = np.histogram_bin_edges(values, bins=min(40, max(8, int(np.sqrt(values.size)))))
    axes.hist(values, bins=list(edges), color=COLOURS[0], edgecolor="white", linewidth=0.6)
    axes.set_xlabel(scale.label(wrapped(result.long_name, 44)))
    axes.set_ylabel(f"number of values ({values.size} in all)")


def _draw_family(axes: Axes, results: tuple[Result, ...], dataset: xr.Dataset) -> None:
    (result,) = results
    short = _short_dimension(result, dataset)
    (dim,) = (d for d in result.dims if d != short)
    x = _axis(axes, "x", dim, dataset)
    scale = scale_for(dataset[result.name].values, result.units)
    table = dataset[result.name].transpose(short, dim)
    for index in range(table.sizes[short]):
        error = _error_of(result, dataset.isel({short: index}), scale)
        y = np.asarray(table.values[index], dtype=float) * scale.factor
        line = not result.error
        label = f"{short} {index}"
        one = dataset.isel({short: index})
        _draw_curve(axes, x, y, error, index=index, line=line, result=result, dataset=one, label=label)
    _finish_y(axes, [dataset[result.name].values], scale.label(wrapped(result.long_name, 34)))
    axes.legend(loc="best")


def _draw_map(axes: Axes, results: tuple[Result, ...], dataset: xr.Dataset) -> None:
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    (result,) = results
    down, across = result.dims
    x, y = _axis(axes, "x", across, dataset), _axis(axes, "y", down, dataset)
    values = np.asarray(dataset[result.name].values)
    scale = scale_for(values, result.units) if values.dtype != bool else Scale(1.0, "")
    shown = np.ma.masked_invalid(np.asarray(values, dtype=float) * scale.factor)
    axes.set_facecolor("0.82")  # where nothing exists
    axes.grid(False)
    known = shown.compressed()
    norm: Normalize | None = None
    colours: Any = "viridis"
    if values.dtype == bool:
        colours, norm = ListedColormap(["#D9D9D9", COLOURS[0]]), Normalize(-0.5, 1.5)
    elif known.size and known.min() > 0 and known.max() > 100 * known.min():
        norm = LogNorm()
    elif known.size and known.min() < 0 < known.max():
        size = float(np.abs(known).max())
        colours, norm = "PuOr_r", Normalize(-size, size)
    edges = (_edges(x, axes.get_xscale() == "log"), _edges(y, axes.get_yscale() == "log"))
    mesh = axes.pcolormesh(*edges, shown, cmap=colours, norm=norm, rasterized=True, gid=result.name)
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02)
    bar.set_label(scale.label(wrapped(result.long_name, 34)))
    if values.dtype == bool:
        bar.set_ticks([0, 1], labels=["no", "yes"])
    if _same_space(dataset, down, across, x, y):
        axes.set_aspect("equal")
    if f"{result.name}_valid" in dataset:
        outside = ~np.asarray(dataset[f"{result.name}_valid"].values, dtype=bool)
        if outside.any() and not outside.all() and min(outside.shape) > 1:
            axes.contourf(x, y, outside.astype(float), levels=[0.5, 1.5], hatches=["///"], alpha=0.0)


def _axis(axes: Axes, which: Literal["x", "y"], dim: str, dataset: xr.Dataset) -> np.ndarray:
    """Label and scale one axis; its values, scaled, or the index where the dimension has no coordinate."""
    from matplotlib.ticker import MaxNLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    if dim not in dataset.coords:
        axis.set_major_locator(MaxNLocator(integer=True))
        axis.set_label_text(dim.replace("_", " "))
        return np.arange(dataset.sizes[dim], dtype=float)
    values = np.asarray(dataset[dim].values, dtype=float)
    scale = scale_for(values, dataset[dim].attrs.get("units", "1"))
    axis.set_label_text(scale.label(wrapped(_words(dataset, dim), 44)))
    if _wants_log(values):
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    return values * scale.factor


def _finish_y(axes: Axes, arrays: Sequence[Any], label: str) -> None:
    values = np.concatenate([np.asarray(a, dtype=float).ravel() for a in arrays])
    if _wants_log(values[np.isfinite(values)]):
        axes.set_yscale("log", nonpositive="clip")
    axes.set_ylabel(label)


def _wants_log(values: np.ndarray) -> bool:
    return values.size > 1 and bool(values.min() > 0) and bool(values.max() > 100 * values.min())


def _edges(centres: np.ndarray, logarithmic: bool) -> np.ndarray:
    """Borders of cells around their centres, half way between them on the scale of the axis."""
    points = np.log(centres) if logarithmic else centres
    if points.size == 1:
        return centres[0] * np.array([0.5, 1.5]) if centres[0] else np.array([-0.5, 0.5])
    middle = (points[1:] + points[:-1]) / 2
    edges = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return np.exp(edges) if logarithmic else edges


def _same_space(dataset: xr.Dataset, down: str, across: str, x: np.ndarray, y: np.ndarray) -> bool:
    if not {down, across} <= {"x", "y", "z"} or x.size < 2 or y.size < 2:
        return False
    return bool(0.6 < np.ptp(y) / np.ptp(x) < 1.6)  # otherwise the map would be a ribbon


def _error_of(result: Result, dataset: xr.Dataset, scale: Scale) -> np.ndarray | None:
    name = f"{result.name}_error"
    if name not in dataset:
        return None
    error = np.nan_to_num(np.asarray(dataset[name].values, dtype=float)) * scale.factor
    return error if error.any() else None


def _words(dataset: xr.Dataset, dim: Any) -> str:
    if dim in dataset.coords:
        return str(dataset[dim].attrs.get("long_name", dim))
    return str(dim).replace("_", " ")


def _value_text(result: Result, dataset: xr.Dataset, scale: Scale | None = None) -> str:
    value = dataset[result.name].values[()]
    if dataset[result.name].dtype == bool:
        return "yes" if value else "no"
    if not np.isfinite(value):
        return f"exists {result.exists} only" if result.exists else "not known"
    error = float(dataset[f"{result.name}_error"]) if f"{result.name}_error" in dataset else float("nan")
    text = amount(float(value), result.units, error, scale)
    return text + (" (outside validity)" if _is_invalid(result, dataset) else "")


def _is_invalid(result: Result, dataset: xr.Dataset) -> bool:
    name = f"{result.name}_valid"
    return name in dataset and not bool(np.all(dataset[name].values))


def _mark_invalid(axes: Axes, results: tuple[Result, ...], dataset: xr.Dataset) -> None:
    invalid = [r for r in results if r.valid is not None and _is_invalid(r, dataset)]
    if not invalid:
        return
    text = wrapped(f"partly or wholly outside validity: valid for {invalid[0].valid}", 48)
    box = {"boxstyle": "round,pad=0.3", "facecolor": "#FFF4E5", "edgecolor": COLOURS[1]}
    axes.set_title(text, fontsize=9, color="black", bbox=box, pad=8)

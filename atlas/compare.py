"""When does the average lie? All models on one axis of their governing ratio.

For each model the control is set so that the governing ratio takes given values, and what the macroscale asks is
computed with the mesoscale (``answer``, :math:`a`) and without it (``naive_answer``, :math:`n`). Drawn is

.. math:: \\delta = \\frac{2 (n - a)}{|n| + |a|}

which is 0 where the average is right, +2 or -2 where it is wrong by any factor, and the same for 2 : 1 as for 1 : 2 but
for its sign.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from ..core.model import Model

__all__ = ["ComparisonError", "compare", "compare_within_reach", "merge", "reach", "relative_difference"]


class ComparisonError(ValueError):
    """What was asked for cannot be compared."""


def relative_difference(
    naive: float, answer: float, answer_error: float = 0.0, naive_error: float = 0.0
) -> tuple[float, float]:
    """Symmetric relative difference of two numbers, and its standard error to first order.

    Parameters
    ----------
    naive, answer : float
        In the same unit.
    answer_error, naive_error : float
        Standard errors; NaN where they are not known.

    Returns
    -------
    tuple of float
        The difference, between -2 and 2 (0 for two zeros), and its standard error.

    Examples
    --------
    >>> relative_difference(3.0, 1.0, answer_error=0.5)
    (1.0, 0.375)
    """
    size = abs(naive) + abs(answer)
    if size == 0:
        return 0.0, 0.0
    difference = 2 * (naive - answer) / size
    by_answer = -(2 + difference * math.copysign(1, answer)) / size
    by_naive = (2 - difference * math.copysign(1, naive)) / size
    # A slope of 0 forgets an unknown error: of opposite signs the difference is 2, whatever the sizes.
    spread = [abs(slope) * error for slope, error in ((by_answer, answer_error), (by_naive, naive_error)) if slope]
    return difference, math.hypot(*spread)


def compare(
    models: Sequence[type[Model] | Model] | Mapping[str, type[Model] | Model],
    ratios: Iterable[float],
    *,
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> xr.Dataset:
    """How wrong the naive answer is, for several models over the same governing ratios.

    Parameters
    ----------
    models : sequence or mapping
        Model classes (then with their defaults) or instances; a mapping gives them names of its own, so that two
        parameter sets of one model can stand beside each other.
    ratios : iterable of float
        Governing ratios, each greater than 0.
    seed : int
        Of every run.
    progress : callable, optional
        ``(done, total)`` after each run.

    Returns
    -------
    xarray.Dataset
        On the coordinate ``ratio`` for each model: its relative difference, ``<name>_error`` (0 for an exact answer,
        NaN where the error is not known), and ``<name>_exists``, False where the control does not reach the ratio or
        an answer does not exist there.

    Raises
    ------
    ComparisonError
        If a model is a method (it weighs nothing), two have the same name, or a ratio is not positive.
    """
    import xarray as xr

    from ..core.model import ParameterError

    chosen = _named(models)
    axis = np.unique(np.asarray(list(ratios), dtype=float))
    if axis.size == 0 or not (np.isfinite(axis).all() and axis[0] > 0):
        raise ComparisonError("compare needs governing ratios that are finite and greater than 0")
    variables: dict[str, Any] = {}
    done = 0
    for name, model in chosen.items():
        difference, error = np.full(axis.shape, np.nan), np.full(axis.shape, np.nan)
        for index, ratio in enumerate(axis):
            try:
                result = model.at_ratio(float(ratio)).run(seed=seed)
            except ParameterError:  # out of reach of the control
                result = None
            if result is not None:
                difference[index], error[index] = _difference_in(result)
            done += 1
            if progress is not None:
                progress(done, len(chosen) * axis.size)
        words = f"naive answer of {name} against its answer"
        attrs = {"competition": str(model.competition), "control": str(model.control)}
        text = {
            "units": "1",
            "long_name": f"whether the {words} exists",
            "comment": "exists within reach of the control, where computed",
        }
        variables[name] = ("ratio", difference, {"units": "1", "long_name": f"{words}, relative difference", **attrs})
        variables[f"{name}_error"] = ("ratio", error, {"units": "1", "long_name": f"standard error of the {words}"})
        variables[f"{name}_exists"] = ("ratio", np.isfinite(difference), text)
    coordinate = {"ratio": ("ratio", axis, {"units": "1", "long_name": "governing ratio"})}
    return xr.Dataset(variables, coordinate, {"title": "When does the average lie?", "models": " ".join(chosen)})


def reach(model: Model) -> tuple[float, float]:
    """The governing ratios between which a model can be moved by its control."""
    from ..core.model import interval

    control = str(model.control)
    owner: Any = model
    *path, last = control.split(".")
    for part in path:
        owner = owner[int(part)] if isinstance(owner, tuple) else getattr(owner, part)
    ends = sorted(model.replace(**{control: x}).governing_ratio() for x in interval(type(owner), last))
    return ends[0], ends[1]


def compare_within_reach(
    models: Sequence[type[Model] | Model] | Mapping[str, type[Model] | Model],
    low: float,
    high: float,
    points: int,
    *,
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> xr.Dataset:
    """As `compare`, each model at ratios of its own: `points` of them, evenly on a log scale, as far as it reaches.

    Parameters
    ----------
    models, seed, progress
        As for `compare`.
    low, high : float
        Ratios that none goes beyond.
    points : int
        Ratios for each model.

    Raises
    ------
    ComparisonError
        As `compare`, and if a model has no ratio between `low` and `high`.
    """
    chosen = _named(models)
    parts = []
    for index, (name, model) in enumerate(chosen.items()):
        ends = reach(model)
        # A hair inside, so that rounding takes no end out of reach.
        least, most = max(low, ends[0] * (1 + 1e-9)), min(high, ends[1] * (1 - 1e-9))
        if not 0 < least <= most:
            raise ComparisonError(f"{name} reaches governing ratios from {ends[0]:.3g} to {ends[1]:.3g} only")

        def advance(done: int, total: int, index: int = index) -> None:
            if progress is not None:
                progress(index * points + done, len(chosen) * points)

        parts.append(compare({name: model}, np.geomspace(least, most, points), seed=seed, progress=advance))
    return merge(parts)


def merge(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Several comparisons on one axis; where a model was not computed, it does not exist."""
    import xarray as xr

    missing = {name: False for part in parts for name in part.data_vars if str(name).endswith("_exists")}
    merged = xr.merge(
        xr.align(*parts, join="outer", fill_value={**missing, **_gaps(parts)}), combine_attrs="drop_conflicts"
    )
    return merged.assign_attrs(models=" ".join(part.attrs["models"] for part in parts))


def _gaps(parts: Sequence[xr.Dataset]) -> dict[Any, float]:
    return {name: math.nan for part in parts for name in part.data_vars if not str(name).endswith("_exists")}


def _named(models: Sequence[type[Model] | Model] | Mapping[str, type[Model] | Model]) -> dict[str, Model]:
    if isinstance(models, Mapping):
        pairs = [(name, model() if isinstance(model, type) else model) for name, model in models.items()]
    else:
        made = [model() if isinstance(model, type) else model for model in models]
        pairs = [(type(model).__name__, model) for model in made]
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ComparisonError(
            f"{', '.join(sorted(twice))} is given more than once: name them in a mapping {{name: model}}"
        )
    for name, model in pairs:
        if model.competition is None:
            raise ComparisonError(f"{name} is a method, not a phenomenon: it has no governing ratio to compare over")
    return dict(pairs)


def _difference_in(result: xr.Dataset) -> tuple[float, float]:
    def read(name: str, otherwise: float) -> float:
        return float(result[name]) if name in result else otherwise

    answer, naive = read("answer", math.nan), read("naive_answer", math.nan)
    if not (math.isfinite(answer) and math.isfinite(naive)):
        return math.nan, math.nan
    return relative_difference(naive, answer, read("answer_error", 0.0), read("naive_answer_error", 0.0))

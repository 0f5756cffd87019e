"""How long a step may be: a ladder of steps, and the last rung on which results stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .liquid import Rung

__all__ = ["Climb", "climb", "rungs"]

Floats = NDArray[np.float64]
_SIGNIFICANT = 2.0  # standard errors beyond the tolerance before a rung fails: noise alone must not end a ladder
_NAMES = tuple(f"{name}{end}" for name in ("energy_shift", "structure_shift", "configurational_temperature")
               for end in ("", "_error"))  # fmt: skip
_COARSE = 0.25  # width of the shells in which structures are compared


class Climb(NamedTuple):
    """What happened on each rung; NaN where the run blew up."""

    table: dict[str, Floats]
    """``energy_shift``, ``structure_shift``, ``configurational_temperature``, each with its ``_error``."""
    usable: float
    """The longest step that passes; the first one if none does."""
    bracketed: bool
    """Whether some rung passes and the last one fails."""


def rungs(first: float, last: float, factor: float) -> Floats:
    """Steps from `first` on, each longer by `factor`, up to the `last`."""
    return np.asarray(first * factor ** np.arange(int(math.log(last / first) / math.log(factor) * (1 + 1e-12)) + 1))


def climb(
    steps: Floats, runs: Sequence[Rung | None], reference: Rung, equipartition: float, width: float,
    energy_tolerance: float, structure_tolerance: float,
) -> Climb:  # fmt: skip
    """Compare each run with the reference; `equipartition` is the energy to which the shift of energy is compared."""
    table = np.full((6, len(steps)), np.nan)
    good = np.zeros(len(steps), bool)
    merge = _merging(len(reference.correlation), width)
    for rung, run in enumerate(runs):
        if run is None:
            continue
        shift = (run.energy[0] - reference.energy[0]) / equipartition
        error = math.hypot(run.energy[1], reference.energy[1]) / equipartition
        change = merge(run.correlation) - merge(reference.correlation)
        spread = np.sqrt(merge(run.correlation_error, squared=True) + merge(reference.correlation_error, squared=True))
        worst = int(np.argmax(np.abs(change)))
        table[:, rung] = shift, error, abs(change[worst]), spread[worst], *run.configurational_temperature
        beyond = np.abs(change) - _SIGNIFICANT * spread
        good[rung] = abs(shift) - _SIGNIFICANT * error <= energy_tolerance and beyond.max() <= structure_tolerance
    # shifts grow with the step: a rung that fails below one that passes is noise
    longest = int(np.flatnonzero(good)[-1]) if good.any() else 0
    named = dict(zip(_NAMES, table, strict=True))
    return Climb(named, float(steps[longest]), bool(good.any() and not good[-1]))


def _merging(shells: int, width: float) -> Callable[..., Floats]:
    """Means over neighbouring shells, weighted by their volumes; of squared errors, the variance of such a mean."""
    count = max(1, round(_COARSE / width))
    starts = np.arange(0, shells, count)
    volumes = np.diff((np.arange(shells + 1) * width) ** 3)
    total = np.add.reduceat(volumes, starts)

    def merge(values: Floats, *, squared: bool = False) -> Floats:
        if squared:
            return np.asarray(np.add.reduceat((volumes * values) ** 2, starts) / total**2)
        return np.asarray(np.add.reduceat(volumes * values, starts) / total)

    return merge

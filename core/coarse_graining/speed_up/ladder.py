r"""How long a step may be: a ladder of steps, and where on it results begin to shift.

A rung passes if its run did not blow up and nothing has shifted by more than the tolerance and two standard errors:
noise alone must not end a ladder. The usable step lies between the longest rung that passes and the next: where the
energy, interpolated between the two, goes beyond; anywhere if it is the structure that fails, or the run. What the
noise of the energies and the width of the gap between two rungs leave open is its error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .liquid import Rung

__all__ = ["Climb", "climb", "rungs"]

Floats = NDArray[np.float64]
_SIGNIFICANT = 2.0  # standard errors beyond the tolerance
_DRAWS = 1000
_NAMES = tuple(f"{name}{end}" for name in ("energy_shift", "structure_shift", "configurational_temperature")
               for end in ("", "_error"))  # fmt: skip
_COARSE = 0.25  # width of the shells in which structures are compared


class Climb(NamedTuple):
    """What happened on each rung; NaN where the run blew up."""

    table: dict[str, Floats]
    """``energy_shift``, ``structure_shift``, ``configurational_temperature``, each with its ``_error``."""
    usable: tuple[float, float]
    """The usable step and its standard error; the first step if no rung passes, the last one if the last does."""
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
        good[rung] = (np.abs(change) - _SIGNIFICANT * spread).max() <= structure_tolerance
    share = reference.energy[1] / equipartition
    found, passed = _draw_usable(steps, table[0], table[1], share, good, energy_tolerance)
    usable = math.exp(float(found.mean()))
    named = dict(zip(_NAMES, table, strict=True))
    return Climb(named, (usable, usable * float(found.std())), bool(passed.any() and not passed[-1]))


def _draw_usable(
    steps: Floats, shift: Floats, error: Floats, common: float, good: NDArray[np.bool_], tolerance: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Logarithms of usable steps as likely as the energies allow, and which rungs pass; `common` is the reference's."""
    logs, last = np.log(steps), len(steps) - 1
    random = np.random.Generator(np.random.Philox(key=0))  # a quadrature: the same for the same data
    own = np.sqrt(np.maximum(error**2 - common**2, 0.0))
    noise = own * random.standard_normal((_DRAWS, len(steps))) + common * random.standard_normal((_DRAWS, 1))
    moved = np.where(good, np.abs(shift + noise), np.inf)
    level = np.where(good, tolerance + _SIGNIFICANT * error, 0.0)
    anywhere = (random.permutation(_DRAWS) + 0.5) / _DRAWS
    found = np.empty(_DRAWS)
    for draw, (values, part) in enumerate(zip(moved, anywhere, strict=True)):
        passing = np.flatnonzero(values <= level)
        # shifts grow with the step: a rung that fails below one that passes is noise
        low = int(passing[-1]) if len(passing) else 0
        if len(passing) == 0 or low == last:
            found[draw] = logs[low]
            continue
        if good[low + 1]:
            room, excess = level[low] - values[low], values[low + 1] - level[low + 1]
            part = room / (room + excess)
        found[draw] = logs[low] + part * (logs[low + 1] - logs[low])
    return found, good & (np.where(good, np.abs(shift), np.inf) <= level)


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

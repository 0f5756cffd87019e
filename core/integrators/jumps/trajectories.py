"""What exact simulation and tau-leaping share: the state of trajectories, their results, checked arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import spawn_states
from ...kernels.statistics import add_sample
from ...model import ParameterError
from ...model.progress import library_version
from .happenings import judge_conditions
from .network import ReactionNetwork

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["BLOCK", "Ensemble", "checked_times", "fresh", "label", "moments_of", "restored", "whole_number"]

Floats = NDArray[np.float64]

BLOCK = 64  # trajectories of a block: fixed, so that moments are merged in the same order by anybody


class Ensemble(NamedTuple):
    """State of some trajectories, between kernel calls and between runs."""

    amounts: Floats
    """(trajectories, n + 1)"""
    states: NDArray[np.uint64]
    clock: Floats
    """(trajectories, 3): what each method keeps of its clock."""
    truth: NDArray[np.bool_]
    """(trajectories, conditions)"""
    waiting: Floats
    """(trajectories, m): firing times of the next-reaction method."""

    def part(self, begin: int, end: int) -> Ensemble:
        """Views of some trajectories."""
        span = slice(begin, end)
        return Ensemble(self.amounts[span], self.states[span], self.clock[span], self.truth[span], self.waiting[span])


def label(
    network: ReactionNetwork,
    grid: Floats,
    kept: NDArray[np.int64] | None,
    moments: Floats | None,
    ensemble: Ensemble,
    events: NDArray[np.int64],
    recipe: dict[str, Any],
) -> xr.Dataset:
    """The Dataset of an ensemble of trajectories."""
    import xarray as xr

    variables: dict[str, Any] = {}
    if moments is None:
        variables["amount"] = (("trajectory", "time", "species"), kept, _says("molecules of each species"))
    else:
        count = moments[..., 0]
        spread = np.sqrt(moments[..., 2] / np.maximum(count - 1.0, 1.0))
        spread = np.where(count > 1, spread, np.nan)
        dims = ("time", "species")
        variables["mean"] = (dims, moments[..., 1], _says("mean amount"))
        variables["mean_error"] = (dims, spread / np.sqrt(count), _says("standard error of the mean"))
        variables["standard_deviation"] = (dims, spread, _says("standard deviation of the amount"))
    variables["events"] = ("trajectory", events, _says("reactions that fired"))
    last = ensemble.amounts[:, :-1].astype(np.int64)
    variables["last_amount"] = (("trajectory", "species"), last, _says("molecules at the last time"))
    variables["random_state"] = (("trajectory", "word"), ensemble.states, _says("state of the random numbers"))
    variables["clock"] = (("trajectory", "hand"), ensemble.clock, _says("state of the clock"))
    if ensemble.truth.shape[1]:
        variables["truth"] = (("trajectory", "condition"), ensemble.truth, _says("which conditions hold"))
    if ensemble.waiting.shape[1]:
        variables["waiting"] = (("trajectory", "channel"), ensemble.waiting, _says("time of each channel's next event"))
    attrs = {
        "source": f"mesoscale {library_version()}",
        "species": json.dumps(network.names),
        "recipe": json.dumps(recipe),
    }
    return xr.Dataset(variables, {"time": ("time", grid, _says("time"))}, attrs)


def _says(words: str) -> dict[str, str]:
    return {"units": "1", "long_name": words}


def fresh(network: ReactionNetwork, trajectories: int, seed: int, first: int, waiting: int) -> Ensemble:
    """Trajectories at the start, their clocks not wound up yet."""
    channels = network.channels
    conditions = len(channels.event_assignment_begin) - 1 - len(channels.event_time)
    amounts = np.tile(channels.initial, (trajectories, 1))
    truth = np.zeros((trajectories, conditions), np.bool_)
    if conditions:
        judge_conditions(channels, channels.initial, truth[0], np.empty(32))
        truth[:] = truth[0]
    clock = np.zeros((trajectories, 3))
    clock[:, 2] = -1.0  # not wound up yet
    return Ensemble(
        amounts, spawn_states(seed, trajectories, first=first), clock, truth, np.zeros((trajectories, waiting))
    )


def restored(
    caller: str, resume: xr.Dataset, network: ReactionNetwork, trajectories: int, method: str, begin: float
) -> Ensemble:
    """Trajectories where an earlier result left them; `caller` speaks in errors."""
    try:
        recipe = json.loads(resume.attrs["recipe"])
        if recipe["network"] != json.loads(json.dumps(network.model_dump(mode="json"))) or recipe["method"] != method:
            raise ParameterError(caller, {"resume": "is no result of this network and method"})
        amounts = np.array(resume["last_amount"].values, dtype=np.float64)
        states = np.array(resume["random_state"].values, dtype=np.uint64)
        clock = np.array(resume["clock"].values, dtype=np.float64)
        end = float(resume["time"].values[-1])
        empty = np.zeros((len(amounts), 0))
        truth = np.array(resume["truth"].values if "truth" in resume else empty, dtype=np.bool_)
        waiting = np.array(resume["waiting"].values if "waiting" in resume else empty, dtype=np.float64)
    except (KeyError, ValueError) as error:
        raise (
            error
            if isinstance(error, ParameterError)
            else ParameterError(caller, {"resume": f"is no result of this function ({error})"})
        ) from None
    if len(amounts) != trajectories:
        raise ParameterError(caller, {"resume": f"holds {len(amounts)} trajectories, not {trajectories}"})
    if end != begin:
        raise ParameterError(caller, {"times": f"must begin where the earlier run ended, at {end!r}"})
    return Ensemble(np.column_stack([amounts, np.ones(len(amounts))]), states, clock, truth, waiting)


def checked_times(caller: str, times: ArrayLike) -> Floats:
    """Times as an array, or a clear refusal."""
    grid = np.array(times, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 1 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise ParameterError(caller, {"times": "must be finite, rising numbers"}, {"times": times})
    return grid


def whole_number(caller: str, name: str, value: Any, least: int) -> int:
    """An integer of at least `least`, or a clear refusal."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(caller, {name: f"must be a whole number of at least {least}"}, {name: value})
    return int(value)


@njit(cache=True, nogil=True)
def moments_of(record: NDArray[np.int64]) -> Floats:
    """Counts, means and squared deviations over the trajectories of a block: (time, species, 3)."""
    trajectories, times, n = record.shape
    moments = np.zeros((times, n, 3))
    for i in range(trajectories):
        for k in range(times):
            for s in range(n):
                add_sample(moments[k, s], float(record[i, k, s]))
    return moments

"""Ensembles of exact trajectories of a reaction network."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import spawn_states
from ...kernels.statistics import add_sample, merge_moments
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .composition_rejection import run_composition_rejection
from .direct import run_direct
from .happenings import FAULTS, RUNNING, judge_conditions
from .layout import custom_propensity
from .network import ReactionNetwork
from .next_reaction import run_next_reaction
from .small import small_kernel

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Method", "ssa"]

Method = Literal["direct", "next_reaction", "composition_rejection"]
Floats = NDArray[np.float64]

_KERNELS: dict[str, Callable[..., Any]] = {
    "direct": run_direct,
    "next_reaction": run_next_reaction,
    "composition_rejection": run_composition_rejection,
}
_BUDGET = 10_000_000  # events of one kernel call, about 0.2 s
_BLOCK = 64  # trajectories of a block: fixed, so that moments are merged in the same order by anybody


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


def ssa(
    network: ReactionNetwork,
    times: ArrayLike,
    *,
    trajectories: int = 1,
    seed: int = 0,
    method: Method | None = None,
    output: Literal["trajectories", "moments"] = "trajectories",
    first: int = 0,
    resume: xr.Dataset | None = None,
    max_events: int = 10**11,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Exact stochastic simulation.

    Parameters
    ----------
    network : ReactionNetwork
        Species, reactions, events.
    times : array_like
        Rising times of output; the first is where the run begins. The state at a time is that before the first reaction
        after it; events that are due then have happened.
    trajectories : int
        Independent trajectories.
    seed, first : int
        Trajectory *i* of this call is the trajectory ``first + i`` of the seed.
    method : {"direct", "next_reaction", "composition_rejection"}, optional
        All are exact. Default by the number of channels: up to 64, up to 4096, more.
    output : {"trajectories", "moments"}
        All amounts, or their mean and standard deviation over the ensemble only.
    resume : xarray.Dataset, optional
        Result of an earlier call (same network and method) that ended at the first time: goes on as if not cut.
    max_events : int
        Limit for one trajectory, against networks that explode.
    workers : int, optional
        Threads. They change no bit: a result depends on seed, trajectory, method and times. Its integers are the same
        on every machine as long as no rounding of a propensity decides.
    progress : bool or callable
        A bar, or a callable ``(done, total)``, which may raise to cancel.

    Returns
    -------
    xarray.Dataset
        ``amount`` (trajectory, time, species), or ``mean``, ``mean_error``, ``standard_deviation`` (time, species);
        ``events`` (trajectory); what `resume` needs. The species' names are in the attribute ``species``, as JSON.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If a propensity or an amount is impossible, or `max_events` is reached.

    Examples
    --------
    >>> decay = ReactionNetwork.from_table([{"reactants": "X", "products": "", "rate": 1.0}], {"X": 1000})
    >>> int(ssa(decay, [0.0, 50.0]).amount[0, 1, 0])
    0
    """
    grid = _checked_times(times)
    trajectories, first = _whole("trajectories", trajectories, 1), _whole("first", first, 0)
    max_events = _whole("max_events", max_events, 1)
    if output not in ("trajectories", "moments"):
        raise ParameterError("ssa", {"output": "must be 'trajectories' or 'moments'"}, {"output": output})
    channels = network.channels
    m, n = len(channels.kind), len(channels.initial) - 1
    chosen: str = method or ("direct" if m <= 64 else "next_reaction" if m <= 4096 else "composition_rejection")
    if chosen not in _KERNELS:
        raise ParameterError("ssa", {"method": f"must be one of {', '.join(_KERNELS)}"}, {"method": method})
    custom = custom_propensity(network)
    advance = small_kernel(*channels.shape) if chosen == "direct" and channels.shape[0] else _KERNELS[chosen]
    ensemble = (
        _fresh(network, trajectories, seed, first, m if chosen == "next_reaction" else 0)
        if resume is None
        else _restored(resume, network, trajectories, chosen, grid[0])
    )
    passed = int(np.searchsorted(channels.event_time, grid[0], side="left" if resume is None else "right"))
    kept = np.empty((trajectories, len(grid), n), np.int64) if output == "trajectories" else None
    events = np.zeros(trajectories, np.int64)
    stop = threading.Event()

    def run(begin: int, end: int) -> Floats:
        part = ensemble.part(begin, end)
        record = np.empty((end - begin, len(grid), n), np.int64) if kept is None else kept[begin:end]
        place = np.zeros((end - begin, 2), np.int64)
        place[:, 1] = passed
        if resume is not None:
            record[:, 0], place[:, 0] = part.amounts[:, :-1], 1
        status = np.full(end - begin, RUNNING)
        while not advance(
            custom, channels, part.amounts, part.states, part.clock, place, part.truth, part.waiting, grid, record,
            events[begin:end], status, _BUDGET,
        ):  # fmt: skip
            for code in np.unique(status):
                if code in FAULTS:
                    raise ResultError(f"ssa: {FAULTS[int(code)]}")
            if events[begin:end].max() >= max_events:
                sentence = f"a trajectory fired more than max_events = {max_events} times; its amounts are"
                worst = dict(zip(network.names, part.amounts[events[begin:end].argmax()], strict=False))
                raise ResultError(f"ssa: {sentence} {worst}")
            if stop.is_set():
                raise KeyboardInterrupt
        return _moments_of(record) if kept is None else np.empty(0)

    with Progress(progress, "ssa") as report:
        parts = map_blocks(run, trajectories, _BLOCK, workers=workers, tick=report, stop=stop)
    recipe = {
        "function": "mesoscale.core.integrators.jumps.ssa", "network": network.model_dump(mode="json"),
        "trajectories": trajectories, "seed": int(seed), "first": first, "method": chosen, "output": output,
        "resumed": resume is not None, "version": library_version(),
    }  # fmt: skip
    moments = None
    if kept is None:
        moments = parts[0]
        for part in parts[1:]:
            moments = merge_moments(moments, part)
    return label(network, grid, kept, moments, ensemble, events, recipe)


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


def _fresh(network: ReactionNetwork, trajectories: int, seed: int, first: int, waiting: int) -> Ensemble:
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


def _restored(resume: xr.Dataset, network: ReactionNetwork, trajectories: int, method: str, begin: float) -> Ensemble:
    try:
        recipe = json.loads(resume.attrs["recipe"])
        if recipe["network"] != json.loads(json.dumps(network.model_dump(mode="json"))) or recipe["method"] != method:
            raise ParameterError("ssa", {"resume": "is no result of this network and method"})
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
            else ParameterError("ssa", {"resume": f"is no result of this function ({error})"})
        ) from None
    if len(amounts) != trajectories:
        raise ParameterError("ssa", {"resume": f"holds {len(amounts)} trajectories, not {trajectories}"})
    if end != begin:
        raise ParameterError("ssa", {"times": f"must begin where the earlier run ended, at {end!r}"})
    return Ensemble(np.column_stack([amounts, np.ones(len(amounts))]), states, clock, truth, waiting)


def _checked_times(times: ArrayLike) -> Floats:
    grid = np.array(times, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 1 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise ParameterError("ssa", {"times": "must be finite, rising numbers"}, {"times": times})
    return grid


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError("ssa", {name: f"must be a whole number of at least {least}"}, {name: value})
    return int(value)


@njit(cache=True, nogil=True)
def _moments_of(record: NDArray[np.int64]) -> Floats:
    trajectories, times, n = record.shape
    moments = np.zeros((times, n, 3))
    for i in range(trajectories):
        for k in range(times):
            for s in range(n):
                add_sample(moments[k, s], float(record[i, k, s]))
    return moments

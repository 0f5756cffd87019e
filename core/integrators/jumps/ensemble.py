"""Ensembles of exact trajectories of a reaction network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.statistics import merge_moments
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .composition_rejection import run_composition_rejection
from .direct import run_direct
from .happenings import FAULTS, RUNNING
from .layout import custom_propensity
from .network import ReactionNetwork
from .next_reaction import run_next_reaction
from .small import small_kernel
from .trajectories import BLOCK, checked_times, fresh, label, moments_of, restored, whole_number

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


def fastest_method(channels: int) -> Method:
    """Where the methods overtake each other, measured on a ring of unimolecular reactions.

    >>> fastest_method(10), fastest_method(1000), fastest_method(10**6)
    ('direct', 'next_reaction', 'composition_rejection')
    """
    if channels <= 100:
        return "direct"
    return "next_reaction" if channels <= 100_000 else "composition_rejection"


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
        All are exact. Default: what `fastest_method` says for the number of channels.
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
    grid = checked_times("ssa", times)
    trajectories, first = whole_number("ssa", "trajectories", trajectories, 1), whole_number("ssa", "first", first, 0)
    max_events = whole_number("ssa", "max_events", max_events, 1)
    if output not in ("trajectories", "moments"):
        raise ParameterError("ssa", {"output": "must be 'trajectories' or 'moments'"}, {"output": output})
    channels = network.channels
    m, n = len(channels.kind), len(channels.initial) - 1
    chosen: str = method or fastest_method(m)
    if chosen not in _KERNELS:
        raise ParameterError("ssa", {"method": f"must be one of {', '.join(_KERNELS)}"}, {"method": method})
    custom = custom_propensity(network)
    advance = small_kernel(*channels.shape) if chosen == "direct" and channels.shape[0] else _KERNELS[chosen]
    ensemble = (
        fresh(network, trajectories, seed, first, m if chosen == "next_reaction" else 0)
        if resume is None
        else restored("ssa", resume, network, trajectories, chosen, grid[0])
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
        return moments_of(record) if kept is None else np.empty(0)

    with Progress(progress, "ssa") as report:
        parts = map_blocks(run, trajectories, BLOCK, workers=workers, tick=report, stop=stop)
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

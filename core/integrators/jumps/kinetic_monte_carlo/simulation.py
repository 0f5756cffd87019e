"""The public face of kinetic Monte Carlo: what goes in, the ensemble, what comes out."""

import json
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import networkx as nx
import numpy as np
import xarray as xr
from numba.core.errors import NumbaError
from numpy.typing import ArrayLike, NDArray

from ....kernels.random import spawn_states
from ....kernels.statistics import block_average
from ....kernels.threads import map_blocks
from ....model.progress import Progress, library_version
from ....networks.percolation.lattices import Graph
from .rules import Layout, Neighbourhood, Rule, join_rules, lay_out, neighbourhood
from .trajectory import BAD_RATE, FINE, TOO_FAR, Batch, Record, advance_batch, empty_batch

__all__ = ["kinetic_monte_carlo", "steady_average"]

Floats = NDArray[np.float64]
Tick = Callable[[int, int], Any]
_BUDGET = 2_000_000  # events between two looks at the keyboard, about 0.2 s
_BATCH_BYTES = 64_000_000
_MOST_VALUES = 2**30


def kinetic_monte_carlo(
    graph: Graph | nx.Graph | Neighbourhood,
    rules: Sequence[Rule],
    initial: ArrayLike | None,
    times: ArrayLike,
    *,
    parameters: ArrayLike = (),
    trajectories: int = 1,
    seed: int = 0,
    first: int = 0,
    output: Literal["states", "averages", "final"] = "states",
    max_events: int = 10**10,
    workers: int | None = None,
    progress: bool | Tick = False,
    resume: xr.Dataset | None = None,
) -> xr.Dataset:
    """Markov jump processes on a lattice or graph in continuous time, exact, at a cost per event that does not grow.

    Parameters
    ----------
    graph : Graph, networkx.Graph or Neighbourhood
        The sites and their bonds; see `neighbourhood`, which also takes directions and weights.
    rules : sequence of SiteRule or BondRule
        What can happen.
    initial : array_like of int
        State of each site, shape (sites,) or (trajectories, sites); None when a run is resumed.
    times : array_like
        Output times, increasing, from 0 on (from the end of a resumed run on).
    parameters : array_like
        Numbers that the rules read; others compile nothing.
    trajectories, seed, first : int
        Independent trajectories number `first` ... `first + trajectories - 1` of `seed`: each has a stream of its own.
    output : {"states", "averages", "final"}
        States at all times, or time averages of the state of each site over the interval before each time, or neither.
    max_events : int
        Events of a trajectory after which an error says so.
    workers : int, optional
        Threads. Results do not depend on them.
    progress : bool or callable
        A bar, or ``progress(done, total)`` in output times.
    resume : xarray.Dataset, optional
        What this function returned: its trajectories go on, bit for bit as if they had never stopped at an output time.

    Returns
    -------
    xarray.Dataset
        Over trajectory and time: `state` (before the first event after that time) or `state_average`, `event_count`
        since the beginning, `event_rate` in the interval before, the `observable` (sum of the gains) and its
        `observable_average` over the interval. At the end: `final_state`, `random_state`, `last_event_time` (NaN
        without an event; where nothing can happen any more it is the time of absorption).

    Raises
    ------
    ValueError
        If an argument is not allowed, a rate is neither zero nor between 1e-300 and 1e300, a rate looks further than
        its rule's reach, or a trajectory exceeds `max_events`.

    Examples
    --------
    Radioactive decay of 1000 nuclei, after one lifetime:

    >>> from mesoscale.core.integrators.jumps.kinetic_monte_carlo import SiteRule, chain_lattice
    >>> decay = SiteRule("decay", lambda s, i, near, p: p[0] * s[i], lambda s, i, near, p: 0, reach=0)
    >>> result = kinetic_monte_carlo(chain_lattice(1000), [decay], np.ones(1000), [1.0], parameters=[1.0])
    >>> bool(abs(int(result.final_state.sum()) - 1000 * np.exp(-1)) < 4 * np.sqrt(1000 * 0.368 * 0.632))
    True
    """
    near = neighbourhood(graph)
    layout = lay_out(near, list(rules))
    n, most = _whole("trajectories", trajectories, 1), _whole("max_events", max_events, 1)
    if output not in ("states", "averages", "final"):
        raise ValueError(f"output = {output!r}: must be 'states', 'averages' or 'final'")
    numbers = np.array(parameters, np.float64, ndmin=1)
    sites = len(near.begin) - 1
    at = _checked_times(times, 0.0 if resume is None else float(resume.time.values[-1]))
    if n * sites > _MOST_VALUES or n * len(at) * (sites if output != "final" else len(rules)) > _MOST_VALUES:
        raise ValueError(
            f"output = {output!r}: {n} trajectories x {len(at)} times x {sites} sites are too many values to keep; "
            "ask for fewer times, or for output='final'"
        )
    start, states, random = _begin(initial, resume, n, sites, seed, _whole("first", first, 0))
    shape = (n, len(at))
    record = Record(
        np.zeros((*shape, sites if output == "states" else 0), np.int32),
        np.zeros((*shape, len(rules)), np.int64),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros((*shape, sites if output == "averages" else 0)),
    )
    functions = join_rules(rules)
    per_batch = max(1, min(n, _BATCH_BYTES // (60 * len(layout.rule) + 4 * sites + 8000)))
    last_event = np.full(n, np.nan)
    with Progress(progress, "kinetic Monte Carlo") as tick:
        for low in range(0, n, per_batch):
            high = min(low + per_batch, n)
            batch = empty_batch(
                states[low:high], random[low:high], len(layout.rule), len(rules), start, output == "averages"
            )
            if resume is not None:
                batch.events[:] = resume.event_count.values[low:high, -1]
                batch.observable[:, 0] = resume.observable.values[low:high, -1]
                batch.last_event[:] = resume.last_event_time.values[low:high]
            part = Record._make(values[low:high] for values in record)
            fixed = (*functions, near, layout, numbers, start, at)
            _run_batch(fixed, batch, part, most, workers, partial(_report, tick, low * len(at), n * len(at)))
            _raise_problems(batch, layout, rules, low + first, most)
            last_event[low:high] = batch.last_event
    return _label(record, at, start, resume, states, random, last_event, rules, numbers, output, seed, first)


def _report(tick: Tick, before: int, total: int, done: int) -> None:
    tick(before + done, total)


def _run_batch(
    fixed: tuple[Any, ...], batch: Batch, record: Record, most: int, workers: int | None, tick: Callable[[int], Any]
) -> None:
    """Rounds of `_BUDGET` events a block, until all trajectories have arrived."""
    times = fixed[-1]
    block = max(1, len(batch.now) // 16)
    active = True
    while active:

        def advance(begin: int, end: int) -> None:
            advance_batch(*fixed, batch, record, begin, end, _BUDGET, most, np.empty(batch.urn.rate.shape[1]))

        try:
            map_blocks(advance, len(batch.now), block, workers=workers)
        except NumbaError as error:
            raise ValueError(f"rules: numba cannot compile them (a rule must not allocate arrays): {error}") from error
        tick(int(batch.cursor.sum()))
        unfinished = (batch.cursor < len(times)) | (batch.fresh > 0)
        active = bool(unfinished.any() and (batch.status[:, 0] == FINE).all())


def steady_average(values: xr.DataArray, *, discard: float = 0.1) -> tuple[xr.DataArray, xr.DataArray]:
    """Time average of a stationary process and its standard error.

    Parameters
    ----------
    values : xarray.DataArray
        Averages over equal intervals, or values at equidistant times, of `kinetic_monte_carlo`: dims trajectory, time.
    discard : float
        Leading share of the times that is left out, below 1.

    Returns
    -------
    mean, error : xarray.DataArray
        Over the remaining dims. With several trajectories the error is that of their independent averages, with one it
        is found by blocks (Flyvbjerg & Petersen 1989); NaN if the series is too short for any.

    Raises
    ------
    ValueError
        If `discard` leaves nothing or the times are not equidistant.
    """
    if not 0.0 <= discard < 1.0:
        raise ValueError(f"discard = {discard!r}: must be from 0 to below 1")
    kept = values.isel(time=slice(int(discard * values.sizes["time"]), None)).astype(np.float64)
    steps = np.diff(kept.time.values)
    if len(steps) > 1 and not np.allclose(steps, steps[0], rtol=1e-6, atol=0.0):
        raise ValueError("values: must be at equidistant times")
    means = kept.mean("time")
    n = values.sizes["trajectory"]
    if n > 1:
        return means.mean("trajectory"), means.std("trajectory", ddof=1) / math.sqrt(n)
    series = kept.isel(trajectory=0).transpose(..., "time")
    if series.sizes["time"] < 2:
        return means.isel(trajectory=0), means.isel(trajectory=0) * np.nan
    errors = np.apply_along_axis(lambda row: block_average(row).error, -1, series.values)
    return means.isel(trajectory=0), means.isel(trajectory=0).copy(data=errors)


def _begin(
    initial: ArrayLike | None, resume: xr.Dataset | None, n: int, sites: int, seed: int, first: int
) -> tuple[float, NDArray[np.int32], NDArray[np.uint64]]:
    """The time to begin with, states and streams."""
    if resume is not None:
        if initial is not None:
            raise ValueError("initial: must be None when a run is resumed")
        if resume.final_state.shape != (n, sites):
            raise ValueError(f"resume: has (trajectories, sites) = {resume.final_state.shape}, not {(n, sites)}")
        states, random = resume.final_state.values, resume.random_state.values
        return float(resume.time.values[-1]), states.astype(np.int32), random.astype(np.uint64)
    given = np.asarray(initial)
    if given.shape not in ((sites,), (n, sites)) or given.dtype.kind not in "iufb" or not _are_whole(given):
        raise ValueError(f"initial of shape {given.shape}: must be integers, one for each of {sites} sites")
    states = np.array(np.broadcast_to(given.astype(np.int32), (n, sites)))
    return 0.0, states, spawn_states(seed, n, first=first)


def _are_whole(values: NDArray[Any]) -> bool:
    return bool((np.abs(values) < 2**31).all() and (values == np.trunc(values)).all())


def _checked_times(times: ArrayLike, start: float) -> Floats:
    at = np.array(times, np.float64, ndmin=1)
    if at.ndim != 1 or len(at) < 1 or not np.isfinite(at).all() or at[0] < start or not (np.diff(at) > 0).all():
        raise ValueError(f"times: must be finite, increasing and start at {start:g} or later")
    return at


def _whole(name: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} = {value!r}: must be an integer of at least {least}")
    return int(value)


def _raise_problems(batch: Batch, layout: Layout, rules: Sequence[Rule], first: int, most: int) -> None:
    wrong = np.flatnonzero(batch.status[:, 0] != FINE)
    if not len(wrong):
        return
    status, slot = batch.status[wrong[0]]
    where = f"trajectory {first + wrong[0]} at time {batch.now[wrong[0]]:.6g}"
    rule = layout.rule[slot]
    event = f"rule {rules[rule].name!r} at {'bond' if layout.along_bond[rule] else 'site'} {layout.element[slot]}"
    if status == BAD_RATE:
        raise ValueError(f"{event}, {where}: its rate is neither zero nor between 1e-300 and 1e300")
    if status == TOO_FAR:
        raise ValueError(f"{event}, {where}: its rate depends on sites beyond reach = {rules[rule].reach}; raise it")
    raise ValueError(f"{where}: max_events = {most} reached; raise it or ask for an earlier time")


def _label(
    record: Record,
    times: Floats,
    start: float,
    resume: xr.Dataset | None,
    states: NDArray[np.int32],
    random: NDArray[np.uint64],
    last_event: Floats,
    rules: Sequence[Rule],
    parameters: Floats,
    output: str,
    seed: int,
    first: int,
) -> xr.Dataset:
    n, names = len(states), [rule.name for rule in rules]
    before = np.zeros((n, 1, len(rules)), np.int64)
    if resume is not None:
        before = resume.event_count.values[:, -1:]
    lengths = np.diff(times, prepend=start)
    happened = np.diff(record.events, axis=1, prepend=before)
    rates = np.divide(happened, lengths[:, None], out=np.full(happened.shape, np.nan), where=lengths[:, None] > 0)
    per_time, per_rule = ("trajectory", "time"), ("trajectory", "time", "rule")

    def described(dims: tuple[str, ...], values: Any, long_name: str) -> tuple[Any, ...]:
        return dims, values, {"units": "1", "long_name": long_name}

    variables = {
        "event_count": described(per_rule, record.events, "events since the beginning, of each rule"),
        "event_rate": described(per_rule, rates, "events per time in the interval before"),
        "observable": described(per_time, record.observable, "sum of the gains of all events"),
        "observable_average": described(per_time, record.observable_average, "its average over the interval before"),
        "final_state": described(("trajectory", "site"), states, "state at the end"),
        "random_state": described(("trajectory", "word"), random, "state of the random stream at the end"),
        "last_event_time": described(("trajectory",), last_event, "time of the last event"),
    }
    if output == "states":
        variables["state"] = described(("trajectory", "time", "site"), record.states, "state of each site")
    if output == "averages":
        average = described(
            ("trajectory", "time", "site"), record.state_average, "time average over the interval before"
        )
        variables["state_average"] = average
    coordinates = {
        "trajectory": described(("trajectory",), np.arange(first, first + n), "trajectory"),
        "time": described(("time",), times, "time"),
    }
    function = f"{__name__.rpartition('.')[0]}.kinetic_monte_carlo"
    recipe = {
        "function": function, "rules": names, "parameters": parameters.tolist(), "seed": int(seed), "first": int(first),
        "output": output, "version": library_version(), "replayable": False,
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, {"recipe": json.dumps(recipe), "rules": json.dumps(names)})

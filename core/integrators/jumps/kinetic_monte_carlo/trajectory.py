"""The loop over events of one trajectory, and a batch of trajectories side by side."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....kernels.random import exponential
from .rules import Layout, Neighbourhood
from .selection import LARGEST, SMALLEST, Urn, draw_slot, empty_urns, fill_urn, resum, set_rate, sum_rates

__all__ = ["BAD_RATE", "FINE", "TOO_FAR", "TOO_MANY", "Batch", "Record", "advance_batch", "empty_batch"]

Floats = NDArray[np.float64]
FINE, BAD_RATE, TOO_FAR, TOO_MANY = 0, 1, 2, 3
_RESUM = 1 << 20  # events after which sums are formed anew


class Batch(NamedTuple):
    """Trajectories on their way; each array has one row (or entry) a trajectory."""

    states: NDArray[np.int32]
    random: NDArray[np.uint64]
    urn: Urn
    now: Floats
    cursor: NDArray[np.int64]
    """The next output time."""
    fresh: NDArray[np.int64]
    """1 before the first event of an interval, 2 at the very beginning, else 0."""
    events: NDArray[np.int64]
    """Since the beginning, of each rule."""
    since: NDArray[np.int64]
    """Events since sums were formed anew."""
    observable: Floats
    """Value, and its integral since the last output time."""
    last_event: Floats
    occupied: Floats
    """Integral of the state of each site since the last output time, up to `changed`; no columns if not wanted."""
    changed: Floats
    status: NDArray[np.int64]
    """What went wrong, and in which slot."""


class Record(NamedTuple):
    """What is kept at output times: shape (trajectory, time, ...); no columns where not wanted."""

    states: NDArray[np.int32]
    events: NDArray[np.int64]
    observable: Floats
    observable_average: Floats
    state_average: Floats


def empty_batch(
    states: NDArray[np.int32], random: NDArray[np.uint64], slots: int, rules: int, start: float, averages: bool
) -> Batch:
    """Trajectories that begin with `states` at the time `start`."""
    n, sites = states.shape
    kept = sites if averages else 0
    return Batch(
        states,
        random,
        empty_urns(n, slots),
        np.full(n, start),
        np.zeros(n, np.int64),
        np.full(n, 2, np.int64),
        np.zeros((n, rules), np.int64),
        np.zeros(n, np.int64),
        np.zeros((n, 2)),
        np.full(n, np.nan),
        np.zeros((n, kept)),
        np.full((n, kept), start),
        np.zeros((n, 2), np.int64),
    )


# Without the counting of references to arrays, which takes half of the time; so nothing inside may allocate.
@njit(nogil=True, _nrt=False)  # type: ignore[call-overload]
def advance_batch(
    rate: Callable[..., Any],
    change: Callable[..., Any],
    gain: Callable[..., Any],
    near: Neighbourhood,
    layout: Layout,
    parameters: Floats,
    start: float,
    times: Floats,
    batch: Batch,
    record: Record,
    first: int,
    last: int,
    budget: int,
    most_events: int,
    fresh_rates: Floats,
) -> None:
    """Advance trajectories `first` ... `last` - 1 from `start` by `budget` events altogether, or to the last time.

    `fresh_rates` is scratch, one number a slot.
    """
    rule_of, element_of, first_dependent, dependents = layout.rule, layout.element, layout.begin, layout.dependents
    along_bond, source, neighbour = layout.along_bond, near.source, near.neighbour
    slots = len(rule_of)
    for b in range(first, last):
        rates, index, pool = batch.urn.rate[b], batch.urn.place[b], batch.urn.pool[b]
        lists, sums, table = batch.urn.lists[b], batch.urn.sums[b], batch.urn.table[b]
        states, random, events = batch.states[b], batch.random[b], batch.events[b]
        occupied, changed = batch.occupied[b], batch.changed[b]
        averages = len(occupied) > 0
        now, value, integral = batch.now[b], batch.observable[b, 0], batch.observable[b, 1]
        done, since = events.sum(), batch.since[b]
        while batch.status[b, 0] == FINE and budget > 0 and (batch.cursor[b] < len(times) or batch.fresh[b] > 0):
            if batch.fresh[b] > 0:
                for slot in range(slots):
                    r = float(rate(rule_of[slot], states, element_of[slot], near, parameters))
                    fresh_rates[slot] = r
                    if r != 0.0 and not SMALLEST <= r <= LARGEST:
                        batch.status[b, 0], batch.status[b, 1] = BAD_RATE, slot
                    elif batch.fresh[b] == 1 and r != rates[slot]:
                        batch.status[b, 0], batch.status[b, 1] = TOO_FAR, slot
                if batch.status[b, 0] != FINE:
                    break
                fill_urn(rates, index, pool, lists, sums, table, fresh_rates)
                batch.fresh[b], since = 0, 0
            k = batch.cursor[b]
            if k == len(times):
                break
            begin = times[k - 1] if k > 0 else start
            end = times[k]
            while budget > 0:
                total = sum_rates(lists, sums)
                after = now + exponential(random) / total if total > 0.0 else np.inf
                if after > end:
                    integral += value * (end - now)
                    _write_record(batch, record, b, k, begin, end, value, integral)
                    now, integral = end, 0.0
                    batch.cursor[b], batch.fresh[b] = k + 1, 1
                    break
                if done >= most_events:
                    batch.status[b, 0] = TOO_MANY
                    break
                integral += value * (after - now)
                now = after
                slot = draw_slot(rates, pool, lists, sums, total, random)
                rule, element = rule_of[slot], element_of[slot]
                value += float(gain(rule, states, element, near, parameters))
                new_here, new_there = change(rule, states, element, near, parameters)
                two = along_bond[rule]
                here, there = (source[element], neighbour[element]) if two else (element, element)
                if averages:
                    occupied[here] += states[here] * (now - changed[here])
                    changed[here] = now
                    if two:
                        occupied[there] += states[there] * (now - changed[there])
                        changed[there] = now
                states[here] = new_here
                if two:
                    states[there] = new_there
                site = here
                while True:
                    for i in range(first_dependent[site], first_dependent[site + 1]):
                        slot = dependents[i]
                        r = float(rate(rule_of[slot], states, element_of[slot], near, parameters))
                        if r != 0.0 and not SMALLEST <= r <= LARGEST:
                            batch.status[b, 0], batch.status[b, 1] = BAD_RATE, slot
                            r = 0.0
                        set_rate(rates, index, pool, lists, sums, table, slot, r)
                    if site == there:
                        break
                    site = there
                events[rule] += 1
                done += 1
                since += 1
                budget -= 1
                batch.last_event[b] = now
                if since >= _RESUM and since >= slots:
                    resum(rates, pool, lists, sums)
                    since = 0
                if batch.status[b, 0] != FINE:
                    break
        batch.now[b], batch.since[b] = now, since
        batch.observable[b, 0], batch.observable[b, 1] = value, integral


@njit(cache=True, nogil=True)
def _write_record(
    batch: Batch, record: Record, b: int, k: int, begin: float, end: float, value: float, integral: float
) -> None:
    """The state before the first event after `end`, and averages over the interval that `end` closes."""
    states, length = batch.states[b], end - begin
    if record.states.shape[2] > 0:
        for site in range(len(states)):
            record.states[b, k, site] = states[site]
    for rule in range(batch.events.shape[1]):
        record.events[b, k, rule] = batch.events[b, rule]
    record.observable[b, k] = value
    record.observable_average[b, k] = integral / length if length > 0.0 else value
    for site in range(batch.occupied.shape[1]):
        whole = batch.occupied[b, site] + states[site] * (end - batch.changed[b, site])
        record.state_average[b, k, site] = whole / length if length > 0.0 else float(states[site])
        batch.occupied[b, site], batch.changed[b, site] = 0.0, end

"""The direct method (Gillespie 1976) with a dependency graph: few channels.

After an event only the propensities that it touched are computed again. Their sum is taken afresh for few channels;
for many it is updated, and taken afresh every few thousand events, so that rounding errors do not add up.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ...kernels.random import exponential, uniform
from .expressions import DEEPEST
from .happenings import BAD_AMOUNT, BAD_ASSIGNMENT, BAD_PROPENSITY, DONE, RUNNING, apply_conditions, apply_event
from .layout import all_propensities, mass_action, other_propensity

__all__ = ["run_direct"]

_FEW = 12  # channels whose sum is taken afresh after each event
_RENEWED = 4096  # events after which the sum of many is


@njit(nogil=True)
def _advance(custom, channels, x, state, clock, place, truth, a, times, kept, budget, stack):  # type: ignore[no-untyped-def]
    """One trajectory until its last time or until `budget` events have fired; returns (status, events).

    `clock`: time of the next event, sum of propensities, events since the sum was taken afresh. `place`: next output,
    next timed event.
    """
    m = len(channels.kind)
    n = len(x) - 1
    few = m <= _FEW
    trusted = channels.kind.max() == 0
    conditions = len(truth)
    rate, slot, taken, kind = channels.rate, channels.slot, channels.taken, channels.kind
    change_begin, changed_species, change = channels.change_begin, channels.changed, channels.change
    dependent_begin, dependent = channels.dependent_begin, channels.dependent
    program_begin, opcode, operand, constants = (
        channels.program_begin, channels.opcode, channels.operand, channels.constants,
    )  # fmt: skip
    pending, total, since = clock[0], clock[1], int(clock[2])
    events = 0
    if not all_propensities(custom, channels, x, a, stack):  # of the amounts alone: nothing needs to be kept
        return BAD_PROPENSITY, events
    if since < 0:  # the very first call
        total = a.sum()
        pending = times[0] + (exponential(state) / total if total > 0.0 else math.inf)
        since = 0
    k, e = place[0], place[1]
    status = DONE
    while k < len(times):
        stop = times[k]
        timed = e < len(channels.event_time) and channels.event_time[e] <= stop
        if timed:
            stop = channels.event_time[e]
        while pending <= stop:
            if events == budget:
                status = RUNNING
                break
            r = uniform(state) * total
            j = 0
            while j < m - 1 and r >= a[j]:
                r -= a[j]
                j += 1
            while a[j] <= 0.0:  # rounding went past the last possible channel
                j -= 1
            for c in range(change_begin[j], change_begin[j + 1]):
                x[changed_species[c]] += change[c]
            if not trusted:
                for c in range(change_begin[j], change_begin[j + 1]):
                    if not (0.0 <= x[changed_species[c]] <= 2.0**53):
                        return BAD_AMOUNT, events
            changed = 0
            if conditions > 0:
                changed = apply_conditions(channels, x, truth, stack)
                if changed > 1:
                    return changed, events
            if changed:
                if not all_propensities(custom, channels, x, a, stack):
                    return BAD_PROPENSITY, events
                total, since = a.sum(), 0
            else:
                for q in range(dependent_begin[j], dependent_begin[j + 1]):
                    d = dependent[q]
                    if kind[d] == 0:
                        new = mass_action(rate, slot, taken, x, d)
                    else:
                        new = other_propensity(custom, d, kind, program_begin, opcode, operand, constants, x, stack)
                        if not (0.0 <= new < math.inf):
                            return BAD_PROPENSITY, events
                    total += new - a[d]
                    a[d] = new
                since += 1
                if few or since == _RENEWED:
                    total, since = 0.0, 0
                    for d in range(m):
                        total += a[d]
            events += 1
            pending += exponential(state) / total if total > 0.0 else math.inf
        if status == RUNNING:
            break
        if timed:
            if not apply_event(channels, e, conditions, x, stack):
                return BAD_ASSIGNMENT, events
            e += 1
            if conditions > 0:
                changed = apply_conditions(channels, x, truth, stack)
                if changed > 1:
                    return changed, events
            if not all_propensities(custom, channels, x, a, stack):
                return BAD_PROPENSITY, events
            total, since = a.sum(), 0
            pending = stop + (exponential(state) / total if total > 0.0 else math.inf)  # the clock has no memory
        else:
            for s in range(n):
                kept[k, s] = np.int64(x[s])
            k += 1
    clock[0], clock[1], clock[2] = pending, total, float(since)
    place[0], place[1] = k, e
    return status, events


@njit(cache=True, nogil=True)
def run_direct(custom, channels, x, states, clock, place, truth, waiting, times, kept, events, status, budget):  # type: ignore[no-untyped-def]
    """All trajectories of a block until they are done or `budget` events have fired; returns whether all are done."""
    a, stack = np.empty(len(channels.kind)), np.empty(DEEPEST)
    for i in range(len(x)):
        if status[i] != RUNNING:
            continue
        status[i], fired = _advance(
            custom, channels, x[i], states[i], clock[i], place[i], truth[i], a, times, kept[i], budget, stack
        )
        events[i] += fired
        budget -= fired
        if status[i] != DONE:
            return False
    return True

"""The next-reaction method (Gibson & Bruck 2000): many channels, few of which an event touches.

Every channel has an absolute firing time of its own in an indexed heap. Times of channels that an event touched are
stretched, not drawn again, so that an event costs one random number and a few steps in the heap.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ...kernels.random import exponential
from .expressions import DEEPEST
from .happenings import BAD_AMOUNT, BAD_ASSIGNMENT, BAD_PROPENSITY, DONE, RUNNING, apply_conditions, apply_event
from .layout import all_propensities, mass_action, other_propensity

__all__ = ["run_next_reaction"]


@njit(cache=True, nogil=True)
def _settle(heap, place, time, k):  # type: ignore[no-untyped-def]
    """Move the channel at `k` to where its time belongs; all others are in order."""
    channel = heap[k]
    due = time[channel]
    while k > 0 and due < time[heap[(k - 1) >> 1]]:
        heap[k] = heap[(k - 1) >> 1]
        place[heap[k]] = k
        k = (k - 1) >> 1
    heap[k] = channel
    _sink(heap, place, time, k)


@njit(cache=True, nogil=True)
def _sink(heap, place, time, k):  # type: ignore[no-untyped-def]
    """Move the channel at `k` down to where its time belongs; all below are in order."""
    size, channel = len(heap), heap[k]
    due = time[channel]
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        if child + 1 < size and time[heap[child + 1]] < time[heap[child]]:
            child += 1
        if due <= time[heap[child]]:
            break
        heap[k] = heap[child]
        place[heap[k]] = k
        k = child
    heap[k] = channel
    place[channel] = k


@njit(nogil=True)
def _draw_all(custom, channels, x, state, now, a, waiting, stack):  # type: ignore[no-untyped-def]
    """New times of all channels, which have no memory; returns whether all propensities are possible."""
    if not all_propensities(custom, channels, x, a, stack):
        return False
    for j in range(len(a)):
        waiting[j] = now + exponential(state) / a[j] if a[j] > 0.0 else math.inf
    return True


@njit(cache=True, nogil=True)
def _build(heap, place, waiting):  # type: ignore[no-untyped-def]
    for j in range(len(heap)):
        heap[j] = j
        place[j] = j
    for k in range(len(heap) // 2 - 1, -1, -1):
        _sink(heap, place, waiting, k)


@njit(nogil=True)
def _advance(custom, channels, x, state, clock, next_, truth, waiting, a, heap, place, times, kept, budget, stack):  # type: ignore[no-untyped-def]
    n = len(x) - 1
    conditions = len(truth)
    rate, slot, taken, kind = channels.rate, channels.slot, channels.taken, channels.kind
    change_begin, changed_species, change = channels.change_begin, channels.changed, channels.change
    dependent_begin, dependent = channels.dependent_begin, channels.dependent
    program_begin, opcode, operand, constants = (
        channels.program_begin, channels.opcode, channels.operand, channels.constants,
    )  # fmt: skip
    events = 0
    if clock[2] < 0.0:
        if not _draw_all(custom, channels, x, state, times[0], a, waiting, stack):
            return BAD_PROPENSITY, events
        clock[2] = 0.0
    else:
        all_propensities(custom, channels, x, a, stack)
    _build(heap, place, waiting)
    k, e = next_[0], next_[1]
    status = DONE
    while k < len(times):
        stop = times[k]
        timed = e < len(channels.event_time) and channels.event_time[e] <= stop
        if timed:
            stop = channels.event_time[e]
        while waiting[heap[0]] <= stop:
            if events == budget:
                status = RUNNING
                break
            j = heap[0]
            now = waiting[j]
            for c in range(change_begin[j], change_begin[j + 1]):
                x[changed_species[c]] += change[c]
                if not (0.0 <= x[changed_species[c]] <= 2.0**53):
                    return BAD_AMOUNT, events
            events += 1
            if conditions > 0:
                changed = apply_conditions(channels, x, truth, stack)
                if changed > 1:
                    return changed, events
                if changed:
                    if not _draw_all(custom, channels, x, state, now, a, waiting, stack):
                        return BAD_PROPENSITY, events
                    _build(heap, place, waiting)
                    continue
            own = a[j]
            for q in range(dependent_begin[j], dependent_begin[j + 1]):
                d = dependent[q]
                if kind[d] == 0:
                    new = mass_action(rate, slot, taken, x, d)
                else:
                    new = other_propensity(custom, d, kind, program_begin, opcode, operand, constants, x, stack)
                    if not (0.0 <= new < math.inf):
                        return BAD_PROPENSITY, events
                if d == j:
                    own = new
                    continue
                if new == a[d]:
                    continue
                if new <= 0.0:
                    waiting[d] = math.inf
                elif a[d] > 0.0:
                    waiting[d] = now + (a[d] / new) * (waiting[d] - now)
                else:
                    waiting[d] = now + exponential(state) / new
                a[d] = new
                _settle(heap, place, waiting, place[d])
            a[j] = own
            waiting[j] = now + exponential(state) / own if own > 0.0 else math.inf
            _settle(heap, place, waiting, place[j])
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
            if not _draw_all(custom, channels, x, state, stop, a, waiting, stack):
                return BAD_PROPENSITY, events
            _build(heap, place, waiting)
        else:
            for s in range(n):
                kept[k, s] = np.int64(x[s])
            k += 1
    next_[0], next_[1] = k, e
    return status, events


@njit(cache=True, nogil=True)
def run_next_reaction(custom, channels, x, states, clock, place, truth, waiting, times, kept, events, status, budget):  # type: ignore[no-untyped-def]
    """All trajectories of a block until they are done or `budget` events have fired; returns whether all are done."""
    m = len(channels.kind)
    a, stack = np.empty(m), np.empty(DEEPEST)
    heap, where = np.empty(m, np.int32), np.empty(m, np.int32)
    for i in range(len(x)):
        if status[i] != RUNNING:
            continue
        status[i], fired = _advance(
            custom, channels, x[i], states[i], clock[i], place[i], truth[i], waiting[i], a, heap, where, times, kept[i],
            budget, stack,
        )  # fmt: skip
        events[i] += fired
        budget -= fired
        if status[i] != DONE:
            return False
    return True

"""Composition and rejection (Slepoy, Thompson & Plimpton 2008): the cost of an event does not depend on the channels.

Channels with propensities between two powers of two form a group. A group is chosen by its sum, a channel in it by
rejection, which accepts more than every second time. Where groups outgrow their room, all are laid out again.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ...kernels.random import exponential, uniform
from .expressions import DEEPEST
from .happenings import BAD_AMOUNT, BAD_ASSIGNMENT, BAD_PROPENSITY, DONE, RUNNING, apply_conditions, apply_event
from .layout import all_propensities, mass_action, other_propensity

__all__ = ["run_composition_rejection"]

_GROUPS = 2304  # exponents of float64, subnormal ones included
_ZERO = 1152  # group of propensities from 1/2 to 1
_SLACK = 64
_RENEWED = 1 << 18  # events after which all is laid out again: the order inside groups is then that of the channels


@njit(cache=True, nogil=True)
def _group_of(a):  # type: ignore[no-untyped-def]
    return math.frexp(a)[1] + _ZERO if a > 0.0 else -1


@njit(cache=True, nogil=True)
def _lay_out(a, group, index, begin, room, count, total, pool, span):  # type: ignore[no-untyped-def]
    """Members of all groups in the order of the channels; a group that was seen before keeps some room."""
    count[:] = 0
    total[:] = 0.0
    span[0], span[1] = _GROUPS, -1
    for j in range(len(a)):
        g = _group_of(a[j])
        group[j] = g
        if g >= 0:
            count[g] += 1
            total[g] += a[j]
            span[0], span[1] = min(span[0], g), max(span[1], g)
    place = 0
    for g in range(_GROUPS):
        begin[g] = place
        if count[g] > 0 or room[g] > 0:
            room[g] = 2 * count[g] + _SLACK
        place += room[g]
    if place > len(pool):
        pool = np.empty(2 * place, np.int32)
    count[:] = 0
    for j in range(len(a)):
        g = group[j]
        if g >= 0:
            index[j] = count[g]
            pool[begin[g] + count[g]] = j
            count[g] += 1
    return pool


@njit(cache=True, nogil=True)
def _move(j, new, a, group, index, begin, room, count, total, pool, span):  # type: ignore[no-untyped-def]
    """Give channel `j` a new propensity; returns whether its group had room."""
    old, g = a[j], group[j]
    a[j] = new
    h = _group_of(new)
    if g == h:
        if g >= 0:
            total[g] += new - old
        return True
    if g >= 0:
        count[g] -= 1
        last = pool[begin[g] + count[g]]
        pool[begin[g] + index[j]] = last
        index[last] = index[j]
        total[g] = total[g] - old if count[g] > 0 else 0.0
    group[j] = h
    if h >= 0:
        if count[h] == room[h]:
            room[h] += 1  # marks it as seen
            return False
        index[j] = count[h]
        pool[begin[h] + count[h]] = j
        count[h] += 1
        total[h] += new
        span[0], span[1] = min(span[0], h), max(span[1], h)
    return True


@njit(cache=True, nogil=True)
def _choose(state, a, begin, count, total, pool, span, whole):  # type: ignore[no-untyped-def]
    r = uniform(state) * whole
    g = span[1]
    while g > span[0] and (r >= total[g] or count[g] == 0):
        r -= total[g]
        g -= 1
    while count[g] == 0:  # rounding went past the last group
        g += 1
    bound = math.ldexp(1.0, g - _ZERO)
    while True:
        u = uniform(state) * count[g]
        place = int(u)
        j = pool[begin[g] + place]
        if (u - place) * bound < a[j]:
            return j


@njit(nogil=True)
def _advance(  # type: ignore[no-untyped-def]
    custom,
    channels,
    x,
    state,
    clock,
    place,
    truth,
    a,
    work,
    begin,
    room,
    count,
    total,
    pool,
    times,
    kept,
    budget,
    stack,
):
    n = len(x) - 1
    conditions = len(truth)
    rate, slot, taken, kind = channels.rate, channels.slot, channels.taken, channels.kind
    change_begin, changed_species, change = channels.change_begin, channels.changed, channels.change
    dependent_begin, dependent = channels.dependent_begin, channels.dependent
    program_begin, opcode, operand, constants = (
        channels.program_begin, channels.opcode, channels.operand, channels.constants,
    )  # fmt: skip
    group, index = work[0], work[1]
    span = np.empty(2, np.int64)
    events, since = 0, 0
    if not all_propensities(custom, channels, x, a, stack):
        return BAD_PROPENSITY, events, pool
    pool = _lay_out(a, group, index, begin, room, count, total, pool, span)
    pending = clock[0]
    if clock[2] < 0.0:
        whole = total.sum()
        pending = times[0] + (exponential(state) / whole if whole > 0.0 else math.inf)
    k, e = place[0], place[1]
    status = DONE
    while k < len(times):
        stop = times[k]
        timed = e < len(channels.event_time) and channels.event_time[e] <= stop
        if timed:
            stop = channels.event_time[e]
        while pending <= stop:
            whole = 0.0
            for g in range(span[0], span[1] + 1):
                whole += total[g]
            j = _choose(state, a, begin, count, total, pool, span, whole)
            for c in range(change_begin[j], change_begin[j + 1]):
                x[changed_species[c]] += change[c]
                if not (0.0 <= x[changed_species[c]] <= 2.0**53):
                    return BAD_AMOUNT, events, pool
            fits, changed = True, 0
            if conditions > 0:
                changed = apply_conditions(channels, x, truth, stack)
                if changed > 1:
                    return changed, events, pool
            if not changed:
                for q in range(dependent_begin[j], dependent_begin[j + 1]):
                    d = dependent[q]
                    if kind[d] == 0:
                        new = mass_action(rate, slot, taken, x, d)
                    else:
                        new = other_propensity(custom, d, kind, program_begin, opcode, operand, constants, x, stack)
                        if not (0.0 <= new < math.inf):
                            return BAD_PROPENSITY, events, pool
                    if fits:
                        fits = _move(d, new, a, group, index, begin, room, count, total, pool, span)
                    else:
                        a[d] = new
            events += 1
            since += 1
            renew = since == _RENEWED
            if changed or renew or not fits:
                if changed and not all_propensities(custom, channels, x, a, stack):
                    return BAD_PROPENSITY, events, pool
                if renew:
                    room[:] = 0
                    since = 0
                pool = _lay_out(a, group, index, begin, room, count, total, pool, span)
            whole = 0.0
            for g in range(span[0], span[1] + 1):
                whole += total[g]
            pending += exponential(state) / whole if whole > 0.0 else math.inf
            if renew and events >= budget:  # only where everything is laid out as it will be on return
                status = RUNNING
                break
        if status == RUNNING:
            break
        if timed:
            if not apply_event(channels, e, conditions, x, stack):
                return BAD_ASSIGNMENT, events, pool
            e += 1
            if conditions > 0:
                changed = apply_conditions(channels, x, truth, stack)
                if changed > 1:
                    return changed, events, pool
            if not all_propensities(custom, channels, x, a, stack):
                return BAD_PROPENSITY, events, pool
            room[:] = 0
            pool = _lay_out(a, group, index, begin, room, count, total, pool, span)
            whole, since = total.sum(), 0
            pending = stop + (exponential(state) / whole if whole > 0.0 else math.inf)
        else:
            for s in range(n):
                kept[k, s] = np.int64(x[s])
            k += 1
            room[:] = 0  # so that a run that is resumed here goes on with the same groups
            pool = _lay_out(a, group, index, begin, room, count, total, pool, span)
            since = 0
    clock[0], clock[2] = pending, 0.0
    place[0], place[1] = k, e
    return status, events, pool


@njit(cache=True, nogil=True)
def run_composition_rejection(  # type: ignore[no-untyped-def]
    custom, channels, x, states, clock, place, truth, waiting, times, kept, events, status, budget
):
    """All trajectories of a block until they are done or `budget` events have fired; returns whether all are done."""
    m = len(channels.kind)
    a, stack, work = np.empty(m), np.empty(DEEPEST), np.empty((2, m), np.int32)
    begin, room, count = np.zeros(_GROUPS, np.int64), np.zeros(_GROUPS, np.int64), np.zeros(_GROUPS, np.int64)
    total, pool = np.zeros(_GROUPS), np.empty(2 * m + 64 * _SLACK, np.int32)
    for i in range(len(x)):
        if status[i] != RUNNING:
            continue
        room[:] = 0
        status[i], fired, pool = _advance(
            custom, channels, x[i], states[i], clock[i], place[i], truth[i], a, work, begin, room, count, total, pool,
            times, kept[i], budget, stack,
        )  # fmt: skip
        events[i] += fired
        budget = max(0, budget - fired)
        if status[i] != DONE:
            return False
    return True

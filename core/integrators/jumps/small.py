"""The direct method for the smallest networks of mass action: a kernel of fixed shape.

Numbers of channels, species and reactants are known when it is compiled, so that all its loops are unrolled; the
channel is found by counting, changes are whole rows, and all propensities are computed again after each event. A
processor then never guesses wrong which reaction comes next and waits for memory half as often as in the general
kernel. There are at most 27 shapes, each kept on disk; a network is filled up to the next one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from ...kernels.random import exponential, uniform
from .expressions import DEEPEST
from .happenings import BAD_AMOUNT, BAD_ASSIGNMENT, DONE, RUNNING, apply_event

__all__ = ["small_kernel"]


@njit(nogil=True, inline="always")
def _sums(rate, slot, taken, y, s, channels, order):  # type: ignore[no-untyped-def]
    """Running sums of all propensities; returns the last one."""
    total = 0.0
    for i in range(channels):
        product = rate[i]
        for k in range(order):
            product *= y[slot[i * order + k]] - taken[i * order + k]
        total += product
        s[i] = total
    return total


@njit(nogil=True, inline="always")
def _advance(rate, change, slot, taken, y, s, state, pending, stop, budget, channels, species, order):  # type: ignore[no-untyped-def]
    """Events until `stop`; returns the time of the next one and how many have fired."""
    one = np.uint64(1)
    total = _sums(rate, slot, taken, y, s, channels, order)
    events = 0
    while pending <= stop and events < budget:
        r = uniform(state) * total
        j = np.uint64(0)
        for i in range(channels - 1):
            j += np.uint64(r >= s[i])
        while j > 0 and s[j] <= s[j - one]:  # rounding went past the last possible channel
            j -= one
        begin = j * np.uint64(species)
        for c in range(species):
            y[c] += change[begin + np.uint64(c)]
        total = _sums(rate, slot, taken, y, s, channels, order)
        events += 1
        pending += exponential(state) / total if total > 0.0 else math.inf
    return pending, events


@functools.cache
def small_kernel(channels_: int, species: int, order: int) -> Callable[..., Any]:
    """The kernel of one shape, with the arguments of all methods."""

    @njit(cache=True, nogil=True)
    def run_small(custom, channels, x, states, clock, place, truth, waiting, times, kept, events, status, budget):  # type: ignore[no-untyped-def]
        rate, change = channels.small_rate, channels.small_change
        slot, taken = channels.small_slot, channels.small_taken
        y, s, stack = np.zeros(species + 1), np.empty(channels_), np.empty(DEEPEST)
        y[species] = 1.0
        n = x.shape[1] - 1
        for t in range(len(x)):
            if status[t] != RUNNING:
                continue
            for i in range(n):
                y[i] = x[t, i]
            pending = clock[t, 0]
            if clock[t, 2] < 0.0:  # not wound up yet
                total = _sums(rate, slot, taken, y, s, channels_, order)
                pending = times[0] + (exponential(states[t]) / total if total > 0.0 else math.inf)
            k, e = place[t, 0], place[t, 1]
            while k < len(times):
                stop = times[k]
                timed = e < len(channels.event_time) and channels.event_time[e] <= stop
                if timed:
                    stop = channels.event_time[e]
                pending, fired = _advance(
                    rate, change, slot, taken, y, s, states[t], pending, stop, budget, channels_, species, order
                )
                budget -= fired
                events[t] += fired
                for i in range(n):
                    x[t, i] = y[i]
                    if not (0.0 <= y[i] <= 2.0**53):
                        status[t] = BAD_AMOUNT
                        return False
                if pending <= stop:
                    break
                if timed:
                    if not apply_event(channels, e, 0, x[t], stack):
                        status[t] = BAD_ASSIGNMENT
                        return False
                    for i in range(n):
                        y[i] = x[t, i]
                    e += 1
                    total = _sums(rate, slot, taken, y, s, channels_, order)
                    pending = stop + (exponential(states[t]) / total if total > 0.0 else math.inf)
                else:
                    for i in range(n):
                        kept[t, k, i] = np.int64(y[i])
                    k += 1
            clock[t, 0], clock[t, 2] = pending, 0.0
            place[t, 0], place[t, 1] = k, e
            if k < len(times):
                return False
            status[t] = DONE
        return True

    return run_small

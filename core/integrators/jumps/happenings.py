"""Events between reactions: what happens at a time, or when a condition becomes true. Shared by all methods."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .expressions import evaluate

__all__ = ["FAULTS", "apply_conditions", "apply_event", "judge_conditions"]

Floats = NDArray[np.float64]

RUNNING, DONE, BAD_PROPENSITY, BAD_AMOUNT, ENDLESS_EVENTS, BAD_ASSIGNMENT = range(6)

_MOST_EVENTS = 1000  # at one instant

FAULTS = {
    BAD_PROPENSITY: "a propensity became negative, infinite or no number",
    BAD_AMOUNT: "an amount became negative or larger than 2**53: a propensity must vanish before its reactants run out",
    ENDLESS_EVENTS: "conditions make each other true without end",
    BAD_ASSIGNMENT: "an event assigned an amount that is no whole number from 0 to 2**53",
}


@njit(cache=True, nogil=True)
def judge_conditions(channels, amounts, truth, stack):  # type: ignore[no-untyped-def]
    """Note which conditions hold now."""
    m = len(channels.kind)
    for k in range(len(truth)):
        begin, end = channels.program_begin[m + k], channels.program_begin[m + k + 1]
        truth[k] = (
            evaluate(channels.opcode, channels.operand, begin, end, amounts, channels.constants, 0.0, stack) != 0.0
        )


@njit(cache=True, nogil=True)
def apply_event(channels, event, conditions, amounts, stack):  # type: ignore[no-untyped-def]
    """All assignments of one event at once; returns whether the new amounts are whole numbers in range."""
    first = len(channels.kind) + conditions
    low, high = channels.event_assignment_begin[event], channels.event_assignment_begin[event + 1]
    values = np.empty(high - low)
    for a in range(low, high):
        begin, end = channels.program_begin[first + a], channels.program_begin[first + a + 1]
        values[a - low] = evaluate(
            channels.opcode, channels.operand, begin, end, amounts, channels.constants, 0.0, stack
        )
    for a in range(low, high):
        value = values[a - low]
        if not (0.0 <= value <= 2.0**53) or value != math.floor(value):
            return False
        amounts[channels.assigned[a]] = value
    return True


@njit(cache=True, nogil=True)
def apply_conditions(channels, amounts, truth, stack):  # type: ignore[no-untyped-def]
    """Fire every condition that becomes true, until none does: 0 nothing changed, 1 changed, or a fault.

    All conditions are judged again after each event. One that has become true fires, even if an event before it makes
    it false again.
    """
    m, timed, changed = len(channels.kind), len(channels.event_time), 0
    due = truth[:0]
    for _ in range(_MOST_EVENTS):
        for k in range(len(truth)):
            begin, end = channels.program_begin[m + k], channels.program_begin[m + k + 1]
            now = (
                evaluate(channels.opcode, channels.operand, begin, end, amounts, channels.constants, 0.0, stack) != 0.0
            )
            if now and not truth[k]:
                if len(due) == 0:  # rare: no memory is asked for before
                    due = np.zeros(len(truth), np.bool_)
                due[k] = True
            truth[k] = now
        first = -1
        for k in range(len(due)):
            if due[k]:
                first = k
                break
        if first < 0:
            return changed
        due[first] = False
        if not apply_event(channels, timed + first, len(truth), amounts, stack):
            return BAD_ASSIGNMENT
        changed = 1
    return ENDLESS_EVENTS

"""Threads that meet: a barrier between the phases of a step, waited for without the interpreter.

A step of a few thousand particles takes a fraction of a millisecond, so that handing its phases to a thread pool would
cost more than the step. Instead every thread runs the same kernel over its share of the blocks and meets the others
here, in a tenth of a microsecond. Whoever waits long gives the core away, so that more threads than cores only cost
time.
"""

import os
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["call_off", "meet", "new_meeting"]

_PATIENCE = 4096
_structure: Any = cgutils.create_struct_proxy  # numba has no types
_yield_core: Any = types.ExternalFunction("SwitchToThread" if os.name == "nt" else "sched_yield", types.int32())


def new_meeting() -> NDArray[np.int64]:
    """What the threads of one computation share: who has come (0), whether it is called off (4), how often all met."""
    return np.zeros(16, np.int64)  # the last number, 8, has a cache line of its own


def call_off(meeting: NDArray[np.int64]) -> None:
    """Let go whoever waits, as somebody will not come."""
    meeting[4] = 1


def _type_add_atomically(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _structure(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


def _type_load_atomically(typing_context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _structure(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(builder.gep(data, [arguments[1]]), "seq_cst", 8)

    return types.int64(array, types.int64), generate


_add_atomically: Any = intrinsic(_type_add_atomically)
_load_atomically: Any = intrinsic(_type_load_atomically)


@njit(cache=True, nogil=True, error_model="numpy")
def meet(meeting: NDArray[np.int64], threads: int) -> None:
    """Wait until all `threads` have come here, or the meeting is called off."""
    if threads == 1:
        return
    met = _load_atomically(meeting, 8)
    if _add_atomically(meeting, 0, 1) == threads - 1:
        _add_atomically(meeting, 0, -threads)
        _add_atomically(meeting, 8, 1)
        return
    waited = 0
    while _load_atomically(meeting, 8) == met:
        waited += 1
        if waited > _PATIENCE:
            if _load_atomically(meeting, 4) != 0:
                return
            _yield_core()

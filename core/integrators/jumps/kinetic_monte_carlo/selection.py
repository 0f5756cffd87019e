"""Choosing one of many events with a probability proportional to its rate, at a cost that does not grow with them.

Composition and rejection (Slepoy, Thompson & Plimpton 2008; the n-fold way of Bortz, Kalos & Lebowitz 1975 for rates
that need not fall into classes): slots are grouped by the binary exponent of their rate. A group is chosen by its sum,
a member by a uniform draw that is accepted with rate / bound, the bound being the largest rate that the group has held.
Rates of a group differ by less than a factor of two, so that more than half of all draws are accepted, and all of them
where a group has a single rate. A change of a rate costs a few instructions; groups without members cost an addition.

The lists of the groups lie in one pool of fixed size: a list that outgrows its place moves to the end with twice the
room, and the pool is packed when its end is reached. Sums are formed anew when a group has shrunk to an eighth, and
from time to time (`resum`), so that rounding errors do not accumulate.

References
----------
Slepoy, Thompson & Plimpton, J. Chem. Phys. 128, 205101 (2008), doi:10.1063/1.2919546.
Bortz, Kalos & Lebowitz, J. Comput. Phys. 17, 10 (1975), doi:10.1016/0021-9991(75)90060-1.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ....kernels.random import integer_below, uniform

__all__ = ["LARGEST", "SMALLEST", "Urn", "draw_slot", "empty_urns", "fill_urn", "resum", "set_rate", "sum_rates"]

SMALLEST, LARGEST = 1e-300, 1e300  # of a rate that is not zero: no subnormal numbers, no overflow of sums
_EXPONENTS = 2048
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.int32]
Shorts = NDArray[np.int16]


class Urn(NamedTuple):
    """Slots grouped by the binary exponent of their rate, one row a trajectory.

    Kernels take the six arrays of one trajectory one by one, are inlined and allocate nothing: counting references to
    arrays would cost more than the work itself (see `trajectory.advance_batch`).
    """

    rate: NDArray[np.float64]
    """Of each slot."""
    place: NDArray[np.int32]
    """Of each slot: its group (-1 without a rate), and its place within the list of the group."""
    pool: NDArray[np.int32]
    lists: NDArray[np.int64]
    """Of each group: beginning in the pool, capacity, members, members when its sum was last formed anew. In the last
    row: number of groups, used entries of the pool."""
    sums: NDArray[np.float64]
    """Of each group: sum of rates, bound of rates."""
    table: NDArray[np.int16]
    """Group of each exponent; -1 for none."""


def empty_urns(batch: int, slots: int) -> Urn:
    """Room for `slots` rates in each of `batch` urns; `fill_urn` gives it a content."""
    groups = min(slots, _EXPONENTS)
    return Urn(
        np.empty((batch, slots)),
        np.empty((batch, slots, 2), np.int32),
        np.empty((batch, 8 * slots + 16 * groups), np.int32),
        np.empty((batch, groups + 1, 4), np.int64),
        np.empty((batch, groups, 2)),
        np.empty((batch, _EXPONENTS), np.int16),
    )


def _type_exponent(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = builder.bitcast(arguments[0], ir.IntType(64))
        return builder.lshr(word, ir.Constant(ir.IntType(64), 52))

    return types.int64(types.float64), generate


_exponent: Any = intrinsic(_type_exponent)


@njit(cache=True, nogil=True, inline="always")
def fill_urn(
    rate: Floats, index: Words, pool: Words, lists: Integers, sums: Floats, table: Shorts, rates: Floats
) -> None:
    """Sort `rates` into groups afresh; what lies where depends on the rates alone."""
    for exponent in range(len(table)):
        table[exponent] = -1
    lists[-1, 0] = lists[-1, 1] = 0
    for slot in range(len(rates)):
        rate[slot], index[slot, 0] = 0.0, -1
    for slot in range(len(rates)):
        if rates[slot] > 0.0:
            _put(rate, index, pool, lists, sums, table, slot, rates[slot])


@njit(cache=True, nogil=True, inline="always")
def set_rate(
    rate: Floats, index: Words, pool: Words, lists: Integers, sums: Floats, table: Shorts, slot: int, new: float
) -> None:
    """Change the rate of a slot; zero takes it out."""
    old = rate[slot]
    if new == old:
        return
    g = index[slot, 0]
    if g >= 0:
        if new > 0.0 and table[_exponent(new)] == g:
            rate[slot] = new
            sums[g, 0] += new - old
            sums[g, 1] = max(sums[g, 1], new)
            return
        lists[g, 2] -= 1
        count, begin, place = lists[g, 2], lists[g, 0], index[slot, 1]
        last = pool[begin + count]
        pool[begin + place] = last
        index[last, 1] = place
        index[slot, 0] = -1
        rate[slot] = 0.0
        sums[g, 0] -= old
        if 8 * count < lists[g, 3]:
            _sum_group(rate, pool, lists, sums, g)
    if new > 0.0:
        _put(rate, index, pool, lists, sums, table, slot, new)


@njit(cache=True, nogil=True, inline="always")
def _put(
    rate: Floats, index: Words, pool: Words, lists: Integers, sums: Floats, table: Shorts, slot: int, new: float
) -> None:
    exponent = _exponent(new)
    g = np.int64(table[exponent])
    if g < 0:
        g = lists[-1, 0]
        lists[-1, 0] += 1
        table[exponent] = g
        lists[g, 0] = lists[-1, 1]
        lists[g, 1] = lists[g, 2] = lists[g, 3] = 0
        sums[g, 0] = sums[g, 1] = 0.0
    count = lists[g, 2]
    if count == lists[g, 1]:
        _enlarge(pool, lists, g)
    pool[lists[g, 0] + count] = slot
    index[slot, 0], index[slot, 1] = g, count
    rate[slot] = new
    lists[g, 2] = count + 1
    lists[g, 3] = max(lists[g, 3], count + 1)
    sums[g, 0] += new
    sums[g, 1] = max(sums[g, 1], new)


@njit(cache=True, nogil=True, inline="always")
def _sum_group(rate: Floats, pool: Words, lists: Integers, sums: Floats, g: int) -> None:
    total, begin = 0.0, lists[g, 0]
    for i in range(begin, begin + lists[g, 2]):
        total += rate[pool[i]]
    sums[g, 0] = total
    lists[g, 3] = lists[g, 2]


@njit(cache=True, nogil=True, inline="always")
def resum(rate: Floats, pool: Words, lists: Integers, sums: Floats) -> None:
    """Form the sums of all groups anew."""
    for g in range(lists[-1, 0]):
        _sum_group(rate, pool, lists, sums, g)


@njit(cache=True, nogil=True, inline="always")
def _enlarge(pool: Words, lists: Integers, g: Any) -> None:
    """Twice the room for the list of group `g`."""
    room, end = max(4, 2 * lists[g, 1]), lists[-1, 1]
    if end + room > len(pool) // 2:
        _pack(pool, lists)
        return
    begin = lists[g, 0]
    for i in range(lists[g, 2]):
        pool[end + i] = pool[begin + i]
    lists[g, 0], lists[g, 1] = end, room
    lists[-1, 1] = end + room


@njit(cache=True, nogil=True)
def _pack(pool: Words, lists: Integers) -> None:
    """Lists one after the other, each with room for twice its members; the upper half of the pool is scratch."""
    half, end = len(pool) // 2, 0
    for g in range(lists[-1, 0]):
        begin, count = lists[g, 0], lists[g, 2]
        for i in range(count):
            pool[half + end + i] = pool[begin + i]
        lists[g, 0], lists[g, 1] = end, 2 * count + 4
        end += 2 * count + 4
    for i in range(end):
        pool[i] = pool[half + i]
    lists[-1, 1] = end  # at most 2 slots + 4 groups, a quarter of the pool


@njit(cache=True, nogil=True, inline="always")
def sum_rates(lists: Integers, sums: Floats) -> float:
    """The rate of any event; exactly zero when nothing can happen."""
    total = 0.0
    for g in range(lists[-1, 0]):
        if lists[g, 2] > 0:
            total += sums[g, 0]
    return total


@njit(cache=True, nogil=True, inline="always")
def draw_slot(rate: Floats, pool: Words, lists: Integers, sums: Floats, total: float, state: NDArray[np.uint64]) -> int:
    """A slot with a probability proportional to its rate, `total` being the sum of all."""
    last = lists[-1, 0] - 1
    while True:
        rest, g = uniform(state) * total, 0
        while g < last and rest >= sums[g, 0]:
            rest -= sums[g, 0]
            g += 1
        begin, count, bound = lists[g, 0], lists[g, 2], sums[g, 1]
        while count > 0:  # only rounding at the upper end leads to an empty group, and from there to another draw
            slot = pool[begin + integer_below(state, count)]
            r = rate[slot]
            if r == bound or uniform(state) * bound < r:
                return int(slot)

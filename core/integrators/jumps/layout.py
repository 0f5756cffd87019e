"""A network as arrays: what kernels take, so that a second network compiles nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

from .expressions import AMOUNT, PARAMETER, Program, compile_formula, evaluate, names_in

if TYPE_CHECKING:
    from .network import ReactionNetwork

__all__ = ["Channels", "all_propensities", "custom_propensity", "lay_out", "mass_action", "other_propensity"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Indices = NDArray[np.uint64]  # unsigned: numba then asks nobody whether an index counts from the end

MASS_ACTION, FORMULA, CUSTOM = range(3)
SMALL_CHANNELS, SMALL_SPECIES = (2, 4, 8), (1, 2, 4)  # shapes for which a kernel of their own is compiled


class Channels(NamedTuple):
    """n species, m reactions. Amounts are whole numbers in float64, exact up to 2^53; a last cell holds 1.

    Numbers are as short as they can be: with ten thousand channels, what counts is whether they fit into the cache.
    """

    initial: Floats
    """(n + 1,): amounts at the start, and 1."""
    constants: Floats
    """(p,): what formulas know by name."""
    rate: Floats
    """(m,): constant of mass action, divided by the factorials of equal reactants."""
    slot: NDArray[np.int32]
    """(m, 3): reactant species; n, the cell that holds 1, where there are fewer than three."""
    taken: NDArray[np.float32]
    """(m, 3): molecules of the same species in the slots before."""
    change_begin: NDArray[np.int32]
    """(m + 1,): where the changes of each reaction begin."""
    changed: NDArray[np.int32]
    """Species that change."""
    change: NDArray[np.int32]
    """By how much."""
    dependent_begin: NDArray[np.int32]
    """(m + 1,): where the dependents of each reaction begin."""
    dependent: NDArray[np.int32]
    """Reactions whose propensity is different after it fired."""
    shape: tuple[int, int, int]
    """Channels, species and order that `small` is compiled for; zeros where the network is too large for it."""
    small_rate: Floats
    """(M,): the tables of `small`, filled up to its shape by channels that never fire and species that stay."""
    small_change: Floats
    """(M N,)"""
    small_slot: Indices
    """(M K,)"""
    small_taken: Floats
    kind: NDArray[np.int8]
    """(m,): 0 mass action, 1 formula, 2 compiled function."""
    program_begin: Counts
    """(m + 2 k + 1,): formulas of the reactions, then of the k conditions, then of all assignments."""
    opcode: Counts
    operand: Floats
    event_time: Floats
    """(t,): rising times of timed events."""
    event_assignment_begin: Counts
    """(t + k + 1,): assignments of timed events, then of conditions."""
    assigned: Counts
    """Species of each assignment."""
    reactant_order: Counts
    """(n, 2): highest order of a reaction in which a species takes part, and its molecules there (Cao et al. 2006)."""


@njit(nogil=True)
def mass_action(rate, slot, taken, amounts, j):  # type: ignore[no-untyped-def]
    """Propensity of reaction `j` by mass action: a product of three, of which idle ones are 1."""
    product = rate[j] * (amounts[slot[j, 0]] - taken[j, 0])
    return product * (amounts[slot[j, 1]] - taken[j, 1]) * (amounts[slot[j, 2]] - taken[j, 2])


@njit(nogil=True)
def other_propensity(custom, j, kind, program_begin, opcode, operand, constants, amounts, stack):  # type: ignore[no-untyped-def]
    """Propensity of reaction `j` by its formula or by the user's compiled function; `custom` is None without one."""
    if kind[j] == 1:
        return evaluate(opcode, operand, program_begin[j], program_begin[j + 1], amounts, constants, 0.0, stack)
    if custom is None:  # numba leaves the other branch out, so that this variant is cached on disk
        return 0.0
    return custom(j, amounts, constants)


@njit(nogil=True)
def all_propensities(custom, channels, amounts, a, stack):  # type: ignore[no-untyped-def]
    """Fill `a`; returns whether all are finite and not negative."""
    for j in range(len(a)):
        if channels.kind[j] == 0:
            a[j] = mass_action(channels.rate, channels.slot, channels.taken, amounts, j)
        else:
            a[j] = other_propensity(
                custom, j, channels.kind, channels.program_begin, channels.opcode, channels.operand, channels.constants,
                amounts, stack,
            )  # fmt: skip
        if not (0.0 <= a[j] < np.inf):
            return False
    return True


def custom_propensity(network: ReactionNetwork) -> Callable[..., Any] | None:
    """One compiled function (j, amounts, constants) for all compiled propensities of the network; None without any."""
    chosen: Callable[..., Any] | None = None
    for index, reaction in enumerate(network.reactions):
        if callable(reaction.propensity):
            function = reaction.propensity
            compiled = function if isinstance(function, Dispatcher) else njit(function, nogil=True)
            chosen = _chain(index, compiled, chosen)
    return chosen


def _chain(index: int, function: Any, rest: Any) -> Callable[..., Any]:
    if rest is None:

        @njit(nogil=True)
        def last(j, amounts, constants):  # type: ignore[no-untyped-def]
            return float(function(amounts[:-1], constants))

        return last

    @njit(nogil=True)
    def choose(j, amounts, constants):  # type: ignore[no-untyped-def]
        if j == index:
            return float(function(amounts[:-1], constants))
        return rest(j, amounts, constants)

    return choose


def lay_out(network: ReactionNetwork) -> Channels:
    """Arrays of a checked network."""
    index = {species.name: i for i, species in enumerate(network.species)}
    names = {name: (AMOUNT, i) for name, i in index.items()}
    names |= {constant.name: (PARAMETER, i) for i, constant in enumerate(network.constants)}
    n, m = len(network.species), len(network.reactions)
    fixed = np.array([species.fixed for species in network.species])
    rate, kind = np.zeros(m), np.zeros(m, np.int8)
    slot, taken = np.full((m, 3), n, np.int32), np.zeros((m, 3), np.float32)
    order = np.zeros((n, 2), np.int64)
    changes: list[dict[int, int]] = []
    used: list[set[int]] = []
    programs: list[Program] = []
    empty = Program(np.empty(0, np.int64), np.empty(0))
    for j, reaction in enumerate(network.reactions):
        net: dict[int, int] = {}
        for sign, side in ((-1, reaction.reactants), (1, reaction.products)):
            for name, count in side:
                net[index[name]] = net.get(index[name], 0) + sign * count
        changes.append({i: change for i, change in net.items() if change and not fixed[i]})
        total = sum(count for _, count in reaction.reactants)
        for name, count in reaction.reactants:
            order[index[name]] = max(tuple(order[index[name]]), (total, count))
        program = empty
        if reaction.propensity is None:
            rate[j] = float(reaction.rate or 0.0)
            place = 0
            for name, count in reaction.reactants:
                for already in range(count):
                    slot[j, place], taken[j, place] = index[name], already
                    rate[j] /= already + 1
                    place += 1
            used.append({index[name] for name, _ in reaction.reactants})
        elif isinstance(reaction.propensity, str):
            kind[j] = FORMULA
            program = compile_formula(reaction.propensity, names)
            used.append({index[name] for name in names_in(reaction.propensity) if name in index})
        else:
            kind[j] = CUSTOM
            used.append(set(range(n)))  # nobody can see what it reads
        programs.append(program)
    readers: list[list[int]] = [[] for _ in range(n)]
    for j, species in enumerate(used):
        for i in species:
            readers[i].append(j)
    dependents = [sorted({k for i in change for k in readers[i]}) for change in changes]
    timed = sorted((e for e in network.events if e.time is not None), key=lambda event: event.time or 0.0)
    conditional = [e for e in network.events if e.condition is not None]
    programs += [compile_formula(str(e.condition), names) for e in conditional]
    assignments = [pair for event in (*timed, *conditional) for pair in event.assignments]
    programs += [compile_formula(formula, names) for _, formula in assignments]
    sizes = [len(event.assignments) for event in (*timed, *conditional)]
    small = {} if conditional or kind.any() else _small_tables(n, changes, rate, slot, taken)
    return Channels(
        **{**_NO_TABLES, **small},
        initial=np.array([*(species.amount for species in network.species), 1], dtype=np.float64),
        constants=np.array([constant.value for constant in network.constants], dtype=np.float64),
        rate=rate,
        slot=slot,
        taken=taken,
        change_begin=_begins(len(change) for change in changes).astype(np.int32),
        changed=np.array([i for change in changes for i in change], dtype=np.int32),
        change=np.array([value for change in changes for value in change.values()], dtype=np.int32),
        dependent_begin=_begins(len(d) for d in dependents).astype(np.int32),
        dependent=np.array([k for d in dependents for k in d], dtype=np.int32),
        kind=kind,
        program_begin=_begins(len(program.opcode) for program in programs),
        opcode=np.concatenate([program.opcode for program in programs]),
        operand=np.concatenate([program.operand for program in programs]),
        event_time=np.array([event.time for event in timed], dtype=np.float64),
        event_assignment_begin=_begins(sizes),
        assigned=np.array([index[name] for name, _ in assignments], dtype=np.int64),
        reactant_order=order,
    )


def _begins(sizes: Any) -> Counts:
    return np.concatenate([[0], np.cumsum(list(sizes), dtype=np.int64)]).astype(np.int64)


def _small_tables(
    n: int, changes: list[dict[int, int]], rate: Floats, slot: NDArray[np.int32], taken: NDArray[np.float32]
) -> dict[str, Any]:
    """Tables for the next larger shape, if there is one."""
    m = len(changes)
    order = max(1, int((slot[:m] < n).sum(axis=1).max()))
    channels = next((size for size in SMALL_CHANNELS if size >= m), 0)
    species = next((size for size in SMALL_SPECIES if size >= n), 0)
    if not channels or not species:
        return {}
    rates, change = np.zeros(channels), np.zeros((channels, species))
    slots, before = np.full((channels, order), species, np.uint64), np.zeros((channels, order))
    rates[:m] = rate[:m]
    for j, net in enumerate(changes):
        change[j, list(net)] = list(net.values())
    slots[:m] = np.where(slot[:m, :order] == n, species, slot[:m, :order])
    before[:m] = taken[:m, :order]
    return {
        "shape": (channels, species, order), "small_rate": rates, "small_change": change.ravel(),
        "small_slot": slots.ravel(), "small_taken": before.ravel(),
    }  # fmt: skip


_NO_TABLES: dict[str, Any] = {
    "shape": (0, 0, 0), "small_rate": np.empty(0), "small_change": np.empty(0),
    "small_slot": np.empty(0, np.uint64), "small_taken": np.empty(0),
}  # fmt: skip

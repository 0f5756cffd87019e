r"""The master equation of a small network, solved: distributions without a random number.

.. math:: \frac{dP(x, t)}{dt} = \sum_j a_j(x - \nu_j) P(x - \nu_j, t) - a_j(x) P(x, t)   \qquad (1)

on all states that can be reached from the first one, up to the `largest` amounts that are given. Whatever leaves this
box does not come back: it is collected in ``leaked``, so that the truncation shows its own size, and every probability
is a lower bound, short by at most ``leaked`` in total (Munsky & Khammash 2006). In time, (1) is solved by
uniformisation: with a rate :math:`\Lambda \ge \sum_j a_j`,

.. math:: P(t) = \sum_k e^{-\Lambda t} \frac{(\Lambda t)^k}{k!} (1 + Q / \Lambda)^k P(0)   \qquad (2)

where every term is positive and the tail that is cut off is below 1e-14 a step (Jensen 1953).

References
----------
Munsky & Khammash, J. Chem. Phys. 124, 044104 (2006), doi:10.1063/1.2145882.
Jensen, Scand. Actuar. J. 1953, 87 (1953), doi:10.1080/03461238.1953.10419459.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import scipy.sparse.linalg
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError, ResultError
from ...model.progress import library_version
from .expressions import DEEPEST, evaluate
from .layout import Channels, all_propensities, custom_propensity
from .network import ReactionNetwork

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["master_equation", "stationary_distribution"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_STEP = 400.0  # of Lambda t: exp(-400) is still a number
_MOST_WORK = 3e10  # multiplications, about half a minute


class _Space(NamedTuple):
    """Reachable states and the flows between them."""

    states: Counts
    """(s, n); the first is the initial state."""
    rows: Counts
    columns: Counts
    rates: Floats
    """Transitions column -> row, at this rate."""
    leaks: Floats
    """(s,): rate at which each state leaves the box."""
    jumps: list[Counts]
    """For each timed event: the state that each state becomes."""


def master_equation(
    network: ReactionNetwork,
    times: ArrayLike,
    *,
    largest: Mapping[str, int] | None = None,
    most_states: int = 200_000,
) -> xr.Dataset:
    """Distribution over all states at given times, equations (1) and (2).

    Parameters
    ----------
    network : ReactionNetwork
        Timed events are allowed, conditions are not.
    times : array_like
        Rising times, the first at the initial state.
    largest : mapping, optional
        Largest amounts by name. A species without one must be bounded by the reactions themselves.
    most_states : int
        Limit on the number of states.

    Returns
    -------
    xarray.Dataset
        ``probability`` (time, state), ``amount`` (state, species), ``mean`` and ``standard_deviation`` (time, species),
        and ``leaked`` (time), the probability of having left the box: an upper bound of the error.

    Raises
    ------
    ParameterError
        If there are more states than `most_states`, or the network is too stiff.

    Examples
    --------
    >>> decay = ReactionNetwork.from_table([{"reactants": "X", "products": "", "rate": 1.0}], {"X": 100})
    >>> round(float(master_equation(decay, [0.0, 1.0]).mean_amount[1, 0]), 10)  # 100 / e
    36.7879441171
    """
    import xarray as xr

    grid = np.array(times, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 1 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise ParameterError("master_equation", {"times": "must be finite, rising numbers"}, {"times": times})
    space = _enumerate(network, largest or {}, most_states, "master_equation")
    matrix, fastest = _uniformised(space)
    expected = fastest * (grid[-1] - grid[0]) * matrix.nnz
    if expected > _MOST_WORK:
        sentence = f"and times need {expected:.2g} multiplications, more than {_MOST_WORK:.0e}: give a smaller box"
        raise ParameterError("master_equation", {"largest": sentence}, {"largest": largest})
    p = np.zeros(len(space.states) + 1)
    p[0] = 1.0
    happenings = [(float(t), jump) for t, jump in zip(network.channels.event_time, space.jumps, strict=True)]
    happenings = [(t, jump) for t, jump in happenings if t >= grid[0]]
    kept, now = np.empty((len(grid), len(p))), float(grid[0])
    for k, time in enumerate(grid):
        while happenings and happenings[0][0] <= time:
            due, jump = happenings.pop(0)
            p, now = _advanced(matrix, fastest, due - now, p), due
            moved = np.zeros_like(p)
            np.add.at(moved, jump, p)
            p = moved
        p, now = _advanced(matrix, fastest, float(time) - now, p), float(time)
        kept[k] = p
    probability, leaked = kept[:, :-1], kept[:, -1]
    amounts = space.states.astype(np.float64)
    total = np.maximum(probability.sum(axis=1, keepdims=True), 1e-300)
    mean = probability @ amounts / total
    variance = np.array([row @ (amounts - m) ** 2 for row, m in zip(probability, mean, strict=True)]) / total
    return xr.Dataset(
        {
            "probability": (("time", "state"), probability, _says("probability of a state")),
            "amount": (("state", "species"), space.states, _says("molecules of each species")),
            "mean_amount": (("time", "species"), mean, _says("mean amount")),
            "standard_deviation": (("time", "species"), np.sqrt(variance), _says("standard deviation of the amount")),
            "leaked": (("time",), leaked, _says("probability of having left the box")),
        },
        {"time": ("time", grid, _says("time"))},
        _attributes(network, "master_equation"),
    )


def stationary_distribution(
    network: ReactionNetwork, *, largest: Mapping[str, int] | None = None, most_states: int = 200_000
) -> xr.Dataset:
    """Distribution that equation (1) leaves alone, with the walls of the box closed.

    Parameters
    ----------
    network : ReactionNetwork
        Without events.
    largest : mapping, optional
        Largest amounts by name; transitions beyond are left out. Check that ``edge`` is small. Rounding grows with
        the ratio of the fastest rate to the slowest relaxation: 1e-9 for two states that exchange once in 1e5.
    most_states : int
        Limit on the number of states.

    Returns
    -------
    xarray.Dataset
        ``probability`` (state), ``amount`` (state, species), ``mean_amount`` and ``standard_deviation`` (species), and
        ``edge``, the probability of the states from which a transition was left out.

    Raises
    ------
    ResultError
        If there is more than one stationary distribution.

    Examples
    --------
    >>> rows = [{"products": "X", "rate": 5.0}, {"reactants": "X", "products": "", "rate": 1.0}]
    >>> poisson = stationary_distribution(ReactionNetwork.from_table(rows, {"X": 0}), largest={"X": 60})
    >>> round(float(poisson.standard_deviation[0] ** 2), 9)
    5.0
    """
    import xarray as xr

    if network.events:
        raise ParameterError("stationary_distribution", {"network": "must be without events"})
    space = _enumerate(network, largest or {}, most_states, "stationary_distribution")
    s = len(space.states)
    outflow = np.bincount(space.columns, space.rates, s)
    every = np.arange(s)
    generator = scipy.sparse.csc_matrix(
        (
            np.concatenate([space.rates, -outflow]),
            (np.concatenate([space.rows, every]), np.concatenate([space.columns, every])),
        ),
        shape=(s, s),
    )
    classes, member = scipy.sparse.csgraph.connected_components(generator, directed=True, connection="strong")
    leaving = member[space.columns] != member[space.rows]
    closed = np.setdiff1d(np.arange(classes), member[space.columns[leaving]])
    if len(closed) != 1:
        raise ResultError(f"stationary_distribution: {len(closed)} stationary distributions exist, one for each end")
    inside = np.flatnonzero(member == closed[0])
    p = np.zeros(s)
    p[inside] = _null_vector(generator[inside][:, inside])
    amounts = space.states.astype(np.float64)
    mean = p @ amounts
    return xr.Dataset(
        {
            "probability": (("state",), p, _says("probability of a state")),
            "amount": (("state", "species"), space.states, _says("molecules of each species")),
            "mean_amount": (("species",), mean, _says("mean amount")),
            "standard_deviation": (("species",), np.sqrt(p @ (amounts - mean) ** 2), _says("standard deviation")),
            "edge": ((), float(p[space.leaks > 0].sum()), _says("probability of the states at the edge of the box")),
        },
        attrs=_attributes(network, "stationary_distribution"),
    )


def _null_vector(generator: Any) -> Floats:
    """Of an irreducible generator: the first probability is set to 1, the others follow from a regular system."""
    if generator.shape[0] == 1:
        return np.ones(1)
    p = np.ones(generator.shape[0])
    p[1:] = scipy.sparse.linalg.spsolve(generator[1:, 1:].tocsc(), -generator[1:, 0].toarray()[:, 0])
    p = np.maximum(p, 0.0)  # rounding
    return p / p.sum()


def _enumerate(network: ReactionNetwork, largest: Mapping[str, int], most_states: int, name: str) -> _Space:
    """All states that can be reached, front by front."""
    channels = network.channels
    unknown = sorted(set(largest) - set(network.names))
    if unknown:
        raise ParameterError(
            name, {"largest": f"names {unknown[0]!r}, which is no species"}, {"largest": dict(largest)}
        )
    if any(event.condition is not None for event in network.events):
        raise ParameterError(name, {"network": "must be without events on conditions; timed ones are fine"})
    box = np.array([float(largest.get(species, 2**53)) for species in network.names])
    n, m = len(network.names), len(network.reactions)
    change = np.zeros((m, n))
    for j in range(m):
        part = slice(channels.change_begin[j], channels.change_begin[j + 1])
        change[j, channels.changed[part]] = channels.change[part]
    if (channels.initial[:-1] > box).any():
        raise ParameterError(name, {"largest": "must not be less than the initial amounts"}, {"largest": dict(largest)})
    custom = custom_propensity(network)
    timed = len(channels.event_time)
    found: dict[bytes, int] = {channels.initial[:-1].tobytes(): 0}
    states, front = [channels.initial[:-1].copy()], channels.initial[None, :-1]
    rows: list[int] = []
    columns: list[int] = []
    rates: list[Floats] = []
    leaks: list[Floats] = []
    jumps: list[list[int]] = [[] for _ in range(timed)]
    begin = 0

    def number_of(state: Floats) -> int:
        key = state.tobytes()
        if key not in found:
            if len(found) >= most_states:
                sentence = f"must bound the amounts: there are more than most_states = {most_states} states"
                raise ParameterError(name, {"largest": sentence}, {"largest": dict(largest)})
            found[key] = len(states)
            states.append(state)
        return found[key]

    while len(front):
        a = _propensities_of(custom, channels, front)
        leak = np.zeros(len(front))
        for j in range(m):
            to = front + change[j]
            fires = (a[:, j] > 0.0) & change[j].any()
            if (to[fires] < 0).any():
                sentence = f"must vanish before its reactants run out (reactions.{j})"
                raise ParameterError(name, {"propensity": sentence})
            out = fires & (to > box).any(axis=1)
            leak += np.where(out, a[:, j], 0.0)
            places = np.flatnonzero(fires & ~out)
            rows += [number_of(to[i]) for i in places]
            columns += [begin + int(i) for i in places]
            rates.append(a[places, j])
        for event in range(timed):
            for state in front:
                to_state = _after_event(channels, event, state)
                jumps[event].append(-1 if (to_state > box).any() else number_of(to_state))
        leaks.append(leak)
        begin += len(front)
        front = np.array(states[begin:])
    return _Space(
        np.array(states).astype(np.int64),
        np.array(rows, dtype=np.int64),
        np.array(columns, dtype=np.int64),
        np.concatenate(rates),
        np.concatenate(leaks),
        [np.array([*jump, -1], dtype=np.int64) for jump in jumps],
    )


def _propensities_of(custom: Any, channels: Channels, states: Floats) -> Floats:
    a = np.empty((len(states), len(channels.kind)))
    amounts, stack = np.ones(states.shape[1] + 1), np.empty(DEEPEST)
    for i, state in enumerate(states):
        amounts[:-1] = state
        if not all_propensities(custom, channels, amounts, a[i], stack):
            raise ResultError(
                f"master_equation: a propensity is negative or not finite at {state.astype(int).tolist()}"
            )
    return a


def _after_event(channels: Channels, event: int, state: Floats) -> Floats:
    first = len(channels.kind)
    after, amounts, stack = state.copy(), np.append(state, 1.0), np.empty(DEEPEST)
    for k in range(channels.event_assignment_begin[event], channels.event_assignment_begin[event + 1]):
        begin, end = channels.program_begin[first + k], channels.program_begin[first + k + 1]
        value = evaluate(channels.opcode, channels.operand, begin, end, amounts, channels.constants, 0.0, stack)
        if not (0.0 <= value <= 2.0**53) or value != math.floor(value):
            raise ResultError("master_equation: an event assigned an amount that is no whole number from 0 to 2**53")
        after[channels.assigned[k]] = value
    return after


def _uniformised(space: _Space) -> tuple[Any, float]:
    """1 + Q / Lambda by rows, the last row collecting what leaks, and Lambda."""
    s = len(space.states)
    outflow = np.bincount(space.columns, space.rates, s) + space.leaks
    fastest = max(float(outflow.max()), 1e-300)
    every = np.arange(s + 1)
    stay = np.append(1.0 - outflow / fastest, 1.0)
    data = np.concatenate([space.rates / fastest, space.leaks / fastest, stay])
    rows = np.concatenate([space.rows, np.full(s, s), every])
    columns = np.concatenate([space.columns, every[:-1], every])
    matrix = scipy.sparse.csr_matrix((data, (rows, columns)), shape=(s + 1, s + 1))
    matrix.eliminate_zeros()
    return matrix, fastest


def _advanced(matrix: Any, fastest: float, time: float, p: Floats) -> Floats:
    steps = max(1, math.ceil(fastest * time / _STEP))
    for _ in range(steps if time > 0 else 0):
        p = _step_uniformised(matrix.data, matrix.indices, matrix.indptr, fastest * time / steps, p)
    return p


@njit(cache=True, nogil=True)
def _step_uniformised(data, indices, indptr, mean, p):  # type: ignore[no-untyped-def]
    """Equation (2) over one step with `mean` = Lambda t; terms are added until the rest is below 1e-14."""
    weight = math.exp(-mean)
    total, k = weight, 0
    result, power, following = weight * p, p.copy(), np.empty_like(p)
    while total < 1.0 - 1e-14 and (k < mean or weight > 1e-17):
        k += 1
        weight *= mean / k
        total += weight
        for row in range(len(p)):
            entry = 0.0
            for place in range(indptr[row], indptr[row + 1]):
                entry += data[place] * power[indices[place]]
            following[row] = entry
            result[row] += weight * entry
        power, following = following, power
    return result


def _says(words: str) -> dict[str, str]:
    return {"units": "1", "long_name": words}


def _attributes(network: ReactionNetwork, function: str) -> dict[str, str]:
    recipe = {
        "function": f"mesoscale.core.integrators.jumps.{function}",
        "network": network.model_dump(mode="json"),
        "version": library_version(),
    }
    return {
        "source": f"mesoscale {library_version()}",
        "species": json.dumps(network.names),
        "recipe": json.dumps(recipe),
    }

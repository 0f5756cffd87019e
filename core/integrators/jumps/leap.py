r"""Tau-leaping: many reactions in one step, where no propensity changes much within it.

During a leap of length :math:`\tau` channel *j*, with the propensity :math:`a_j` and the change :math:`\nu_{ij}` of
species *i*, fires a Poisson number of times of mean :math:`a_j \tau`. The step is the largest in which no propensity is
expected to change, in mean or standard deviation, by more than the fraction :math:`\varepsilon`
(Cao, Gillespie & Petzold 2006):

.. math:: \tau' = \min_i \left\{ \frac{b_i}{|\mu_i|}, \frac{b_i^2}{\sigma_i^2} \right\},
          \quad b_i = \max\left(\frac{\varepsilon x_i}{g_i}, 1\right),
          \quad \mu_i = \sum_j \nu_{ij} a_j, \quad \sigma_i^2 = \sum_j \nu_{ij}^2 a_j    \qquad (1)

Sums go over channels that are not critical, with their signs: birth and death that balance do not shorten the step.
:math:`g_i` belongs to the highest order of a reaction that takes species *i*, and is evaluated with the amounts of
every step: 1; 2, or :math:`2 + 1/(x_i - 1)` for two molecules alike; 3, or :math:`\frac{3}{2} (2 + 1/(x_i - 1))` for
two alike of three, or :math:`3 + 1/(x_i - 1) + 2/(x_i - 2)` for three alike.

Where inflow and outflow balance, :math:`\mu_i` is small and (1) allows steps far beyond the relaxation time of the
species: the leaps overshoot, and the stationary variance of immigration and death with :math:`10^5` molecules comes
out more than three times too large at :math:`\varepsilon = 0.03` (measured). An explicit step inflates the variance of
a mode that relaxes at the rate :math:`\lambda` by :math:`1/(1 - \lambda\tau/2)`. So by default a second bound holds,
which keeps that below :math:`\varepsilon/3`:

.. math:: \tau' \le \frac{2 b_i}{3 o_i}, \quad o_i = \sum_{j: \nu_{ij} < 0} |\nu_{ij}| a_j    \qquad (2)

``damped=False`` takes (1) alone, as published.

A channel is critical if some reactant lasts for fewer than 10 firings. Critical channels together fire at most once in
a step, after an exponential time. Where the step is below ten mean waiting times :math:`1/a_0`, 100 exact events are
simulated instead; a leap that would make an amount negative is tried again with half the step. Leaps end at output
times and timed events, where (1) starts afresh: no memory is lost, and a resumed run has the same bits.

*Validity.* Errors of means and variances are of the order of :math:`\varepsilon`. Of a propensity that is a formula or
a function nobody knows the order: every species that it reads is treated as three molecules alike, the largest
:math:`g_i` of all, which is safe up to third powers (a steeper law, such as a Hill exponent above 3, needs a smaller
:math:`\varepsilon`). Conditional events could happen within a leap: networks with them are refused.

References
----------
Cao, Gillespie & Petzold, J. Chem. Phys. 124, 044109 (2006), doi:10.1063/1.2159468.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import exponential, poisson, uniform
from ...kernels.statistics import merge_moments
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .expressions import DEEPEST, names_in
from .happenings import BAD_AMOUNT, BAD_ASSIGNMENT, BAD_PROPENSITY, DONE, FAULTS, RUNNING, apply_event
from .layout import all_propensities, custom_propensity
from .network import ReactionNetwork
from .trajectories import BLOCK, checked_times, fresh, label, moments_of, restored, whole_number

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["tau_leap"]

Floats = NDArray[np.float64]
_BUDGET = 1_000_000  # steps of one kernel call, about 0.2 s
_EXACT = 100  # exact events where leaps do not pay


def tau_leap(
    network: ReactionNetwork,
    times: ArrayLike,
    *,
    epsilon: float = 0.03,
    critical: int = 10,
    damped: bool = True,
    trajectories: int = 1,
    seed: int = 0,
    output: Literal["trajectories", "moments"] = "trajectories",
    first: int = 0,
    resume: xr.Dataset | None = None,
    max_steps: int = 10**10,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Approximate stochastic simulation whose cost does not grow with the number of molecules.

    Parameters
    ----------
    network, times, trajectories, seed, output, first, resume, workers, progress
        As for `ssa`; the network must have no conditional events.
    epsilon : float
        Largest expected relative change of a propensity in a step, from 1e-6 to 0.5.
    critical : int
        A channel whose reactants last for fewer firings is simulated exactly.
    damped : bool
        Whether steps keep below relaxation times, equation (2), so that stationary variances are right.
    max_steps : int
        Leaps and exact events of a trajectory after which an error says so.

    Returns
    -------
    xarray.Dataset
        As of `ssa`; ``events`` counts leaps and exact events.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If a propensity or an amount is impossible, or `max_steps` is reached.

    Examples
    --------
    >>> from mesoscale.core.integrators.jumps import ReactionNetwork
    >>> decay = ReactionNetwork.from_table([{"reactants": "X", "products": "", "rate": 1.0}], {"X": 1_000_000})
    >>> result = tau_leap(decay, [0.0, 1.0])
    >>> abs(int(result.amount[0, 1, 0]) / 367_879 - 1) < 0.03, int(result.events[0]) < 1000
    (True, True)
    """
    grid = checked_times("tau_leap", times)
    trajectories, first = (
        whole_number("tau_leap", "trajectories", trajectories, 1),
        whole_number("tau_leap", "first", first, 0),
    )
    critical, max_steps = (
        whole_number("tau_leap", "critical", critical, 1),
        whole_number("tau_leap", "max_steps", max_steps, 1),
    )
    if isinstance(epsilon, bool) or not 1e-6 <= epsilon <= 0.5:
        raise ParameterError("tau_leap", {"epsilon": "must be from 1e-6 to 0.5"}, {"epsilon": epsilon})
    if output not in ("trajectories", "moments"):
        raise ParameterError("tau_leap", {"output": "must be 'trajectories' or 'moments'"}, {"output": output})
    if any(event.condition is not None for event in network.events):
        sentence = "must have no conditional events: one could happen within a leap; use ssa"
        raise ParameterError("tau_leap", {"network": sentence})
    channels, custom, order = network.channels, custom_propensity(network), _orders(network)
    method = f"tau_leap, epsilon {float(epsilon)!r}, critical {critical}, damped {bool(damped)}"
    ensemble = (
        fresh(network, trajectories, seed, first, 0)
        if resume is None
        else restored("tau_leap", resume, network, trajectories, method, grid[0])
    )
    n = len(network.species)
    passed = int(np.searchsorted(channels.event_time, grid[0], side="left" if resume is None else "right"))
    kept = np.empty((trajectories, len(grid), n), np.int64) if output == "trajectories" else None
    steps = np.zeros(trajectories, np.int64)
    stop = threading.Event()

    def run(begin: int, end: int) -> Floats:
        part = ensemble.part(begin, end)
        record = np.empty((end - begin, len(grid), n), np.int64) if kept is None else kept[begin:end]
        place = np.zeros((end - begin, 2), np.int64)
        place[:, 1] = passed
        if resume is not None:
            record[:, 0], place[:, 0] = part.amounts[:, :-1], 1
        status = np.full(end - begin, RUNNING)
        while not _run_leaps(
            custom, channels, order, float(epsilon), float(critical), bool(damped), part.amounts, part.states,
            part.clock, place, grid, record, steps[begin:end], status, _BUDGET,
        ):  # fmt: skip
            for code in np.unique(status):
                if code in FAULTS:
                    raise ResultError(f"tau_leap: {FAULTS[int(code)]}")
            if steps[begin:end].max() >= max_steps:
                raise ResultError(f"tau_leap: a trajectory took more than max_steps = {max_steps} steps")
            if stop.is_set():
                raise KeyboardInterrupt
        return moments_of(record) if kept is None else np.empty(0)

    with Progress(progress, "tau_leap") as report:
        parts = map_blocks(run, trajectories, BLOCK, workers=workers, tick=report, stop=stop)
    recipe = {
        "function": "mesoscale.core.integrators.jumps.tau_leap", "network": network.model_dump(mode="json"),
        "trajectories": trajectories, "seed": int(seed), "first": first, "method": method, "output": output,
        "resumed": resume is not None, "version": library_version(),
    }  # fmt: skip
    moments = None
    if kept is None:
        moments = parts[0]
        for part in parts[1:]:
            moments = merge_moments(moments, part)
    return label(network, grid, kept, moments, ensemble, steps, recipe)


def _orders(network: ReactionNetwork) -> NDArray[np.int64]:
    """For each species the highest order of a reaction that takes it and its molecules there; 3, 3 if nobody knows."""
    index = {name: i for i, name in enumerate(network.names)}
    order = np.zeros((len(index), 2), np.int64)
    for reaction in network.reactions:
        if reaction.propensity is None:
            total = sum(count for _, count in reaction.reactants)
            for name, count in reaction.reactants:
                order[index[name]] = max(tuple(order[index[name]]), (total, count))
        elif isinstance(reaction.propensity, str):
            for name in names_in(reaction.propensity) & index.keys():
                order[index[name]] = 3, 3
        else:
            order[:] = 3
    return order


@njit(cache=True, nogil=True)
def _bound_change(x: float, order: int, alike: int, epsilon: float) -> float:
    """b of equation (1), with g of the amount as it is now."""
    if x <= 2.0:
        return 1.0
    g = float(order)
    if order == 2 and alike == 2:
        g = 2.0 + 1.0 / (x - 1.0)
    elif order == 3 and alike == 2:
        g = 1.5 * (2.0 + 1.0 / (x - 1.0))
    elif order == 3 and alike == 3:
        g = 3.0 + 1.0 / (x - 1.0) + 2.0 / (x - 2.0)
    return max(epsilon * x / g, 1.0)


@njit(cache=True, nogil=True)
def _choose_leap(
    x: Floats,
    a: Floats,
    change_begin: NDArray[np.int64],
    changed: NDArray[np.int64],
    change: Floats,
    order: NDArray[np.int64],
    epsilon: float,
    critical: float,
    damped: bool,
    rare: NDArray[np.bool_],
    mean: Floats,
    square: Floats,
    loss: Floats,
) -> tuple[float, float]:
    """Mark critical channels in `rare`; returns the step of equation (1) and the propensity of the critical ones."""
    mean[:] = 0.0
    square[:] = 0.0
    loss[:] = 0.0
    rare_total = 0.0
    for j in range(len(a)):
        rare[j] = False
        if a[j] <= 0.0:
            continue
        begin, end = change_begin[j], change_begin[j + 1]
        for c in range(begin, end):
            if change[c] < 0.0 and math.floor(x[changed[c]] / -change[c]) < critical:
                rare[j] = True
        if rare[j]:
            rare_total += a[j]
            continue
        for c in range(begin, end):
            mean[changed[c]] += change[c] * a[j]
            square[changed[c]] += change[c] * change[c] * a[j]
            loss[changed[c]] += max(-change[c], 0.0) * a[j]
    tau = math.inf
    for i in range(len(order)):
        if order[i, 0] > 0 and square[i] > 0.0:
            bound = _bound_change(x[i], order[i, 0], order[i, 1], epsilon)
            tau = min(tau, bound * bound / square[i])
            if mean[i] != 0.0:
                tau = min(tau, bound / abs(mean[i]))
            if damped and loss[i] > 0.0:
                tau = min(tau, 2.0 * bound / (3.0 * loss[i]))
    return tau, rare_total


@njit(cache=True, nogil=True)
def _draw_channel(a: Floats, total: float, among: NDArray[np.bool_], state: NDArray[np.uint64]) -> int:
    """A channel of those marked, with a probability proportional to its propensity."""
    rest, chosen = uniform(state) * total, -1
    for j in range(len(a)):
        if among[j] and a[j] > 0.0:
            chosen = j
            rest -= a[j]
            if rest < 0.0:
                break
    return chosen


@njit(cache=True, nogil=True)
def _fire(
    x: Floats,
    j: int,
    times: float,
    change_begin: NDArray[np.int64],
    changed: NDArray[np.int64],
    change: Floats,
) -> None:
    for c in range(change_begin[j], change_begin[j + 1]):
        x[changed[c]] += times * change[c]


@njit(nogil=True)
def _advance(custom, channels, order, epsilon, critical, damped, x, state, clock, place, times, kept, budget):  # type: ignore[no-untyped-def]
    """One trajectory until its last time or for `budget` steps; returns (status, steps).

    `clock`: the time, exact events still to come, bound after a refused leap (below 0: not wound up).
    `place`: next output, next timed event.
    """
    m, n = len(channels.kind), len(x) - 1
    change_begin, changed, change = channels.change_begin, channels.changed, channels.change
    event_time = channels.event_time
    a, rare, every = np.empty(m), np.zeros(m, np.bool_), np.ones(m, np.bool_)
    mean, square, loss = np.empty(n), np.empty(n), np.empty(n)
    trial, stack = np.empty(n + 1), np.empty(DEEPEST)
    t, exact, halved = (clock[0], int(clock[1]), clock[2]) if clock[2] >= 0.0 else (times[0], 0, math.inf)
    k, e, steps, status = place[0], place[1], 0, DONE
    while k < len(times):
        stop = times[k]
        timed = e < len(event_time) and event_time[e] <= stop
        if timed:
            stop = event_time[e]
        while t < stop:
            if steps >= budget:
                status = RUNNING
                break
            if not all_propensities(custom, channels, x, a, stack):
                return BAD_PROPENSITY, steps
            total = a.sum()
            if total <= 0.0:
                break
            steps += 1
            rare_total = 0.0
            tau = 0.0
            if exact == 0:
                tau, rare_total = _choose_leap(
                    x, a, change_begin, changed, change, order, epsilon, critical, damped, rare, mean, square, loss
                )
                tau = min(tau, halved)
                if tau < 10.0 / total:
                    exact, halved = _EXACT, math.inf
            if exact > 0:
                exact -= 1
                t += exponential(state) / total
                if t >= stop:
                    break
                _fire(x, _draw_channel(a, total, every, state), 1.0, change_begin, changed, change)
                for i in range(n):
                    if not 0.0 <= x[i] <= 2.0**53:
                        return BAD_AMOUNT, steps
                continue
            until_rare = exponential(state) / rare_total if rare_total > 0.0 else math.inf
            fires = until_rare <= tau
            step = min(tau, until_rare)
            if step >= stop - t:
                step, fires = stop - t, False
            trial[:] = x
            for j in range(m):
                if a[j] > 0.0 and not rare[j]:
                    if a[j] * step > 2.0**52:
                        return BAD_AMOUNT, steps
                    _fire(trial, j, float(poisson(state, a[j] * step)), change_begin, changed, change)
            if fires:
                _fire(trial, _draw_channel(a, rare_total, rare, state), 1.0, change_begin, changed, change)
            if trial.min() < 0.0:
                halved = 0.5 * min(tau, stop - t)
                continue
            if trial.max() > 2.0**53:
                return BAD_AMOUNT, steps
            x[:] = trial
            halved = math.inf
            t = stop if step == stop - t else t + step
        if status == RUNNING:
            break
        t, exact, halved = stop, 0, math.inf
        if timed:
            if not apply_event(channels, e, 0, x, stack):
                return BAD_ASSIGNMENT, steps
            e += 1
        else:
            for i in range(n):
                kept[k, i] = np.int64(x[i])
            k += 1
    clock[0], clock[1], clock[2] = t, float(exact), halved
    place[0], place[1] = k, e
    return status, steps


@njit(nogil=True)
def _run_leaps(  # type: ignore[no-untyped-def]
    custom, channels, order, epsilon, critical, damped, x, states, clock, place, times, kept, steps, status, budget
):
    """All trajectories of a block until they are done or `budget` steps are taken; returns whether all are done."""
    for i in range(len(x)):
        if status[i] != RUNNING:
            continue
        status[i], taken = _advance(
            custom, channels, order, epsilon, critical, damped, x[i], states[i], clock[i], place[i], times, kept[i],
            budget,
        )  # fmt: skip
        steps[i] += taken
        budget -= taken
        if status[i] != DONE:
            return False
    return True

r"""Umbrella sampling: windows that hold a system where it would not go by itself, and exchange what they hold.

Window *i* adds a spring to the collective variable, :math:`w_i(s) = k_i (s - s_i)^2 / 2`, in Langevin dynamics of the
house (`mesoscale.core.integrators.langevin`). What is slow beside the coordinate stays hidden in a window: a second
valley at the same *s*, say. So neighbouring windows exchange their configurations after each sample, with probability

.. math:: \min(1, e^{-[w_i(s_j) + w_j(s_i) - w_i(s_i) - w_j(s_j)] / kT})   \qquad (1)

which leaves the distribution of each window what it was, and carries configurations to where they can change.

References
----------
1. Torrie & Valleau, J. Comput. Phys. 23, 187 (1977), doi:10.1016/0021-9991(77)90121-8.
2. Sugita, Kitao & Okamoto, J. Chem. Phys. 113, 6042 (2000), doi:10.1063/1.1308516.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...integrators.langevin import largest_frequency
from ...integrators.langevin.arguments import checked_factor
from ...integrators.langevin.schemes import SCHEMES, SchemeName, coefficients
from ...integrators.langevin.temperature import is_scalar
from ...kernels.random import normal, spawn_states, uniform
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .collective import check_counts, draw_all, prepare
from .multistate import labelled
from .profile import checked_grid
from .umbrella import checked_windows, pooled_inefficiency

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["umbrella_sampling"]

Floats = NDArray[np.float64]
_WORK = 2**21  # steps of all degrees of freedom in one kernel call, about 0.2 s


def umbrella_sampling(
    force: Callable[..., Any],
    centres: ArrayLike,
    stiffness: ArrayLike,
    start: ArrayLike | None = None,
    *,
    coordinate: int | Callable[..., Any] = 0,
    period: float | None = None,
    temperature: float = 1.0,
    friction: ArrayLike = 1.0,
    mass: ArrayLike = 1.0,
    step: float,
    steps: int,
    every: int,
    equilibration: int,
    trajectories: int = 4,
    exchange: bool = True,
    parameters: ArrayLike = (),
    scheme: SchemeName = "baoab",
    seed: int = 0,
    keep: Literal["coordinate", "position"] = "coordinate",
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Langevin dynamics in windows that exchange configurations; the profile comes from `umbrella_profile`.

    Parameters
    ----------
    force : callable
        As for `mesoscale.core.integrators.langevin.langevin`: ``force(x, parameters) -> float``, or
        ``force(x, parameters, out)``; compiled here unless it is.
    centres, stiffness : array_like
        s_i in the order in which windows are neighbours, shape (K,), and k_i, one number or (K,).
    start : array_like, optional
        Positions at the beginning, shape (d,) or (K, d). Default for one degree of freedom: the centres. Of a single
        position, the component `coordinate` is replaced by the centre of the window.
    coordinate : int or callable
        Collective variable: a component of the position, or ``s(x, gradient) -> float``, which fills its gradient.
    period : float, optional
        Of the collective variable.
    temperature, friction, mass, step, scheme, parameters
        As for `langevin`; inertial schemes draw first velocities from Maxwell's distribution.
    steps, every, equilibration : int
        Steps of each trajectory that are sampled, of which every `every`-th is kept, and steps before them.
    trajectories : int
        Independent trajectories of each window.
    exchange : bool
        Whether neighbouring windows exchange configurations after each sample.
    seed : int
        Trajectory *j* of window *i* has the stream ``j * K + i`` of the seed.
    keep : {"coordinate", "position"}
        Whether to keep all positions as well.
    workers, progress
        As for `langevin`; they change no bit.

    Returns
    -------
    xarray.Dataset
        ``sample`` (window, trajectory, time), the collective variable; ``centre``, ``stiffness`` and ``inefficiency``
        (window), ``exchanged`` (gap), the share of exchanges between neighbours that were accepted, and
        ``thermal_energy``; with `keep` also ``position`` (window, trajectory, time, axis).

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If a trajectory leaves the finite numbers.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.free_energy import double_well_force
    >>> run = umbrella_sampling(double_well_force, [0.8, 1.0, 1.2], 20.0, parameters=[2.0], step=0.05, steps=200,
    ...                         every=10, equilibration=100)
    >>> run.sample.shape
    (3, 4, 20)
    """
    name = "umbrella_sampling"
    s0, stiff = checked_windows(name, centres, stiffness)
    kt, _ = checked_grid(name, temperature, [0.0, 1.0])
    check_counts(
        name, steps=(steps, 1), every=(every, 1), equilibration=(equilibration, 0), trajectories=(trajectories, 1)
    )
    if steps % every:
        raise ParameterError(name, {"steps": f"must be a multiple of every = {every}"}, {"steps": steps})
    for key, value in (("step", step), ("period", period)):
        if value is not None and (isinstance(value, bool) or not 0.0 < value < math.inf):
            raise ParameterError(name, {key: "must be a positive number"}, {key: value})
    if keep not in ("coordinate", "position"):
        raise ParameterError(name, {"keep": "must be 'coordinate' or 'position'"}, {"keep": keep})
    if scheme not in SCHEMES:
        raise ParameterError(name, {"scheme": f"must be one of {', '.join(SCHEMES)}"}, {"scheme": scheme})
    scalar = is_scalar(force)
    places = _starting_places(start, s0, scalar, coordinate)
    d = places.shape[1]
    given, vector, measure = prepare(name, force, coordinate, d)
    biased, method = _bias_along(vector, measure), SCHEMES[scheme]
    masses = checked_factor("mass", mass, d, above=True)
    frictions = checked_factor("friction", friction, d, above=not method.inertial)
    own = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    windows, rows = len(s0), steps // every
    heads = np.stack([stiff, s0, np.full(windows, period or 0.0)], axis=1)
    states = spawn_states(seed, trajectories * windows).reshape(trajectories, windows, 4)
    lots = spawn_states(seed, trajectories, purpose=1)
    x, v = np.empty((trajectories, windows, d)), np.empty((trajectories, windows, d))
    x[:] = places
    draw_all(states.reshape(-1, 4), v.reshape(-1, d))
    if method.inertial:
        v *= np.sqrt(kt / masses)
    k = coefficients(scheme, float(step), masses, frictions, kt)
    sample = np.empty((trajectories, windows, rows))
    position = np.empty((trajectories, windows, rows, d) if keep == "position" else (trajectories, windows, 0, d))
    accepted = np.zeros((trajectories, windows))

    def advance(low: int, high: int, stride: int, into: Floats, places_into: Floats) -> None:
        def run(begin: int, end: int) -> None:
            for j in range(begin, end):
                _march(
                    method.many, biased, measure, x[j], v[j], states[j], lots[j], k, method.noises, heads, own, kt,
                    stride, exchange, low, into[j, :, low:high], places_into[j, :, low:high], accepted[j],
                )  # fmt: skip

        map_blocks(run, trajectories, 1, workers=workers)
        bad = np.argwhere(~(np.isfinite(x) & np.isfinite(v)).all(axis=2))
        if len(bad):
            raise ResultError(_explosion(given, bad[0][1], s0, places, masses, frictions, own, stiff, scheme, step))

    with Progress(progress, name) as report:
        warm = equilibration // every
        block = max(1, _WORK // (windows * every * d))
        idle = np.empty((trajectories, windows, warm))
        nowhere = np.empty((trajectories, windows, 0, d))
        for low in range(0, warm, block):
            advance(low, min(low + block, warm), every, idle, nowhere)
            report(min(low + block, warm), warm + rows)
        accepted[:] = 0.0
        for low in range(0, rows, block):
            advance(low, min(low + block, rows), every, sample, position)
            report(warm + min(low + block, rows), warm + rows)
    if period is not None:
        sample = s0[:, None] + (sample - s0[:, None] + 0.5 * period) % period - 0.5 * period
    sample, position = sample.swapaxes(0, 1), position.swapaxes(0, 1)
    recipe = {
        "function": f"mesoscale.core.coarse_graining.free_energy.{name}",
        "force": f"{given.__module__}.{getattr(given, '__qualname__', 'force')}", "parameters": own.tolist(),
        "step": float(step), "steps": int(steps), "every": int(every), "equilibration": int(equilibration),
        "trajectories": int(trajectories), "scheme": scheme, "temperature": kt, "mass": masses.tolist(),
        "friction": frictions.tolist(), "period": period, "exchange": bool(exchange), "seed": int(seed),
        "replayable": False, "version": library_version(),
    }  # fmt: skip
    tried = np.maximum((rows + 1 - np.arange(windows - 1) % 2) // 2, 1) * trajectories
    variables: dict[str, tuple[Any, Any, str]] = {
        "sample": (("window", "trajectory", "time"), np.ascontiguousarray(sample), "collective variable"),
        "centre": ("window", s0, "centre of the window"),
        "stiffness": ("window", stiff, "spring constant of the window"),
        "inefficiency": ("window", np.array([pooled_inefficiency(s) for s in sample]), "statistical inefficiency"),
        "exchanged": ("gap", accepted[:, :-1].sum(axis=0) / tried, "share of accepted exchanges across each gap"),
        "thermal_energy": ((), kt, "kT"),
    }
    if keep == "position":
        variables["position"] = (("window", "trajectory", "time", "axis"), np.ascontiguousarray(position), "position")
    when = float(step) * every * np.arange(1, rows + 1)
    result = labelled(variables, recipe)
    return result.assign_coords(time=("time", when, {"units": "1", "long_name": "time since equilibration"}))


def _starting_places(start: Any, centres: Floats, scalar: bool, coordinate: Any) -> Floats:
    """Positions at the beginning, shape (K, d)."""
    count = len(centres)
    if start is None:
        if not scalar:
            raise ParameterError("umbrella_sampling", {"start": "must be given for more than one degree of freedom"})
        return centres[:, None].copy()
    given = np.asarray(start, dtype=np.float64)
    single = given.ndim == 1 and not scalar
    if scalar and given.shape in ((), (1,), (count,)):
        given = np.broadcast_to(given, (count,))[:, None]
    if single:
        given = np.broadcast_to(given, (count, len(given)))
    if given.ndim != 2 or len(given) != count or given.shape[1] == 0 or not np.isfinite(given).all():
        sentence = f"must be finite, one position or one for each of {count} windows"
        raise ParameterError("umbrella_sampling", {"start": sentence}, {"start": given})
    places = np.array(given)
    if single and not callable(coordinate) and 0 <= int(coordinate) < places.shape[1]:
        places[:, int(coordinate)] = centres
    return places


def _explosion(force: Any, window: int, centres: Floats, places: Floats, mass: Floats, friction: Floats, own: Floats,
               stiffness: Floats, scheme: SchemeName, step: float) -> str:  # fmt: skip
    inertial = SCHEMES[scheme].inertial
    frequency = largest_frequency(force, places[window], mass=mass if inertial else mass * friction, parameters=own)
    spring = math.sqrt(stiffness[window] / float((mass if inertial else mass * friction).min()))
    fastest = math.sqrt(spring**2 + frequency**2) if math.isfinite(frequency) else spring
    limit = 2.0 / max(fastest, 1e-300) ** (1 if inertial else 2)
    return (
        f"umbrella_sampling: a trajectory of window {window}, at {centres[window]:g}, left the finite numbers "
        f"({scheme}, step {step:g}); the limit of stability is about {limit:.3g} where it began; take a smaller step"
    )


@functools.lru_cache(maxsize=64)
def _bias_along(force: Callable[..., Any], measure: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def biased(x, parameters, out):  # type: ignore[no-untyped-def]
        head, gradient, own = parameters
        force(x, own, out)
        pull = -head[0] * _distance(measure(x, gradient), head)
        for i in range(len(x)):
            out[i] += pull * gradient[i]

    return biased


@njit(nogil=True, cache=True)
def _distance(s: float, parameters: Floats) -> float:
    """From the centre of a window, the short way round if there is a period."""
    distance = s - parameters[1]
    if parameters[2] > 0.0:
        distance -= parameters[2] * np.rint(distance / parameters[2])
    return distance


@njit(nogil=True)
def _march(  # type: ignore[no-untyped-def]
    step, force, measure, x, v, states, lot, k, noises, heads, own, kt, stride, exchange, first, sample, position,
    accepted,
):  # fmt: skip
    """One trajectory of all windows; `sample` (window, rows) and `position` (window, rows or 0, d) are filled.

    `heads` (window, 3): spring constant, centre, and period or 0.
    """
    windows, d = x.shape
    f, n, m, gradient = np.zeros((windows, d)), np.empty(d), np.zeros(d), np.empty(d)
    for i in range(windows):
        force(x[i], (heads[i], gradient, own), f[i])
    for row in range(sample.shape[1]):
        for i in range(windows):
            place, speed, push, stream, parameters = x[i], v[i], f[i], states[i], (heads[i], gradient, own)
            for _ in range(stride):
                for c in range(d):
                    n[c] = normal(stream)
                if noises == 2:
                    for c in range(d):
                        m[c] = normal(stream)
                step(force, place, speed, push, n, m, k, parameters)
            sample[i, row] = measure(place, gradient)
            if position.shape[1] > 0:
                position[i, row] = place
        if not exchange:
            continue
        for i in range((first + row) % 2, windows - 1, 2):
            a, b, this, other = sample[i, row], sample[i + 1, row], heads[i], heads[i + 1]
            cost = this[0] * (_distance(b, this) ** 2 - _distance(a, this) ** 2)
            cost += other[0] * (_distance(a, other) ** 2 - _distance(b, other) ** 2)
            if uniform(lot) < math.exp(-max(0.5 * cost / kt, 0.0)):
                accepted[i] += 1.0
                for c in range(d):
                    x[i, c], x[i + 1, c] = x[i + 1, c], x[i, c]
                    v[i, c], v[i + 1, c] = v[i + 1, c], v[i, c]
                force(x[i], (this, gradient, own), f[i])
                force(x[i + 1], (other, gradient, own), f[i + 1])

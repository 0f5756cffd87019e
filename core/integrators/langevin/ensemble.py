"""Ensembles of Langevin trajectories, in parallel, with the same bits on any number of threads."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numba import njit
from numba.core.errors import NumbaError
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import normal, spawn_states
from ...kernels.statistics import add_sample, merge_moments, summarize_moments
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from ..sde.equation import compiled
from .arguments import checked_count, checked_factor, checked_grid, checked_state, last_of
from .schemes import SCHEMES, SchemeName, coefficients
from .temperature import is_scalar, largest_frequency

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["langevin"]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
_LANES = 64  # trajectories that advance together: noise first, then a loop that compilers vectorise
_WORK = 2**24  # steps of all degrees of freedom in one kernel call, about 0.2 s


def langevin(
    force: Callable[..., Any],
    position: ArrayLike,
    velocity: ArrayLike | None = None,
    *,
    mass: ArrayLike = 1.0,
    friction: ArrayLike,
    temperature: float,
    step: float,
    times: ArrayLike | None = None,
    steps: int | None = None,
    every: int = 1,
    scheme: SchemeName = "baoab",
    parameters: ArrayLike = (),
    trajectories: int = 1,
    seed: int = 0,
    first: int = 0,
    output: Literal["trajectories", "moments"] = "trajectories",
    resume: xr.Dataset | None = None,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Integrate m dv = F dt - m gamma v dt + noise, or its overdamped limit, for an ensemble of trajectories.

    Parameters
    ----------
    force : callable
        Compiled by numba, or compiled here. One degree of freedom: ``force(x, parameters) -> float``; any number:
        ``force(x, parameters, out)``, which fills `out` of shape (d,).
    position : array_like
        At the beginning: a number, (d,), or (trajectories, d). A resumed run reads its size only.
    velocity : array_like, optional
        Alike. Default: drawn from the Maxwell distribution. Overdamped schemes have none.
    mass, friction : array_like
        Mass, and the rate gamma at which velocities are forgotten: one for all, or one for each degree of freedom.
    temperature : float
        The thermal energy kT.
    step : float
        Step; with `times`, the largest: each interval is cut into equal steps, so that the times are met exactly.
    times, steps, every : array_like, or int and int
        Either rising times of output, of which the first is where the run begins, or a number of steps, of which every
        `every`-th is kept, beginning with the start.
    scheme : str
        "baoab" (default), "aboba", "obabo"; overdamped: "leimkuhler_matthews", "euler_maruyama".
    parameters : array_like
        Handed to the force as an array. A second set compiles nothing.
    trajectories : int
        Size of the ensemble.
    seed, first : int
        Trajectory *i* of this call is the trajectory ``first + i`` of the seed.
    output : {"trajectories", "moments"}
        All states, or mean and standard deviation over the ensemble.
    resume : xarray.Dataset, optional
        Result of an earlier call: the trajectories go on, bit for bit as if the run had not been cut.
    workers : int, optional
        Threads; they change no bit.
    progress : bool or callable
        A bar, or a callable ``(done, total)``, which may raise to cancel.

    Returns
    -------
    xarray.Dataset
        ``position`` and ``velocity`` (trajectory, time[, coordinate]), or their ``..._mean``, ``..._mean_error`` and
        ``..._deviation``; ``kinetic_temperature`` (time) with its error between trajectories; ``last_position``,
        ``last_velocity`` and ``random_state`` for resuming; the attribute ``recipe``.

    Raises
    ------
    ParameterError
        If an argument is not allowed, or numba cannot compile the force.
    ResultError
        If a trajectory leaves the finite numbers; the error names the step and the limit of stability.

    Examples
    --------
    >>> run = langevin(lambda x, p: -x, 0.0, friction=1.0, temperature=1.0, step=1.0, steps=20, every=20,
    ...                trajectories=20_000, output="moments")
    >>> bool(abs(run.position_deviation[-1] ** 2 - 1.0) < 0.05)
    True
    """
    if scheme not in SCHEMES:
        raise ParameterError("langevin", {"scheme": f"must be one of {', '.join(SCHEMES)}"}, {"scheme": scheme})
    if output not in ("trajectories", "moments"):
        raise ParameterError("langevin", {"output": "must be 'trajectories' or 'moments'"}, {"output": output})
    method, scalar = SCHEMES[scheme], is_scalar(force)
    function = compiled(force)
    trajectories = checked_count("trajectories", trajectories, 1)
    x = checked_state("position", position, trajectories, 1 if scalar else None)
    d = x.shape[1]
    masses = checked_factor("mass", mass, d, above=True)
    frictions = checked_factor("friction", friction, d, above=not method.inertial)
    kt = float(checked_factor("temperature", temperature, 1, above=False)[0])
    values = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    grid, lengths, counts = checked_grid(step, times, steps, every, resume)
    if resume is None:
        states = spawn_states(seed, trajectories, first=checked_count("first", first, 0))
        v = _first_velocity(velocity, method.inertial, trajectories, d, kt, masses, states)
    else:
        x, v, states = last_of(resume, trajectories, d, scheme, grid[0])
    total = int(counts.sum()) * d
    block = 2 ** int(math.log2(max(_LANES if scalar else 1, min(8192, _WORK // total))))
    kept = np.empty((2 if method.inertial else 1, trajectories, len(grid), d)) if output == "trajectories" else None
    origin, stop = x[:4].copy(), threading.Event()

    def run(begin: int, end: int) -> Floats:
        part = slice(begin, end)
        moments = np.zeros((len(grid), 2 * d + 1, 3))
        _record(x[part], v[part], masses, moments[0], kept, part, 0)
        for n, (length, count) in enumerate(zip(lengths, counts, strict=True)):
            k = coefficients(scheme, float(length), masses, frictions, kt)
            most, done = max(1, _WORK // ((end - begin) * d)), 0
            while done < count:
                if stop.is_set():
                    raise KeyboardInterrupt
                now = min(int(count) - done, most)
                before = x[part].copy(), v[part].copy(), states[part].copy()
                _advance(function, method, scalar, x[part], v[part], states[part], k, now, values)
                if not (np.isfinite(x[part]).all() and np.isfinite(v[part]).all()):
                    number = int(counts[:n].sum()) + done + _first_bad(function, method, scalar, before, k, now, values)
                    raise ResultError(_explosion(function, scheme, origin, masses, frictions, values, length, number))
                done += now
            _record(x[part], v[part], masses, moments[n + 1], kept, part, n + 1)
        return moments

    try:
        with Progress(progress, "langevin") as report:
            parts = map_blocks(run, trajectories, block, workers=workers, tick=report, stop=stop)
    except NumbaError as error:
        lines = [text.strip() for text in str(error).splitlines() if text.strip()]
        cause = next((text for text in lines if "error" in text.lower() or "resolv" in text.lower()), lines[0])
        raise ParameterError("langevin", {"force": f"cannot be compiled by numba: {cause}"}) from error
    except ZeroDivisionError as error:
        raise ResultError("langevin: the force divided by zero; take a smaller step, or another start") from error
    moments = parts[0]
    for part in parts[1:]:
        moments = merge_moments(moments, part)
    recipe = {
        "function": "mesoscale.core.integrators.langevin.langevin", "force": _name_of(function), "scheme": scheme,
        "step": float(step), "mass": masses.tolist(), "friction": frictions.tolist(), "temperature": kt,
        "parameters": values.tolist(), "trajectories": trajectories, "seed": int(seed), "first": int(first),
        "resumed": resume is not None, "replayable": False, "version": library_version(),
    }  # fmt: skip
    return _labelled(grid, kept, moments, x, v, states, scalar, method.inertial, recipe)


def _advance(function: Any, method: Any, scalar: bool, x: Floats, v: Floats, states: Words, k: Floats, steps: int,
             parameters: Floats) -> None:  # fmt: skip
    march, step = (_march_one, method.one) if scalar else (_march_many, method.many)
    march(step, function, x, v, states, k, steps, method.noises, parameters)


def _first_bad(function: Any, method: Any, scalar: bool, before: tuple[Floats, Floats, Words], k: Floats, steps: int,
               parameters: Floats) -> int:  # fmt: skip
    """Number of the first step that leaves the finite numbers, by halving: what is not finite stays so."""
    good, bad = 0, steps
    while bad - good > 1:
        middle = (good + bad) // 2
        x, v, states = before[0].copy(), before[1].copy(), before[2].copy()
        _advance(function, method, scalar, x, v, states, k, middle - good, parameters)
        if np.isfinite(x).all() and np.isfinite(v).all():
            good, before = middle, (x, v, states)
        else:
            bad = middle
    return bad


def _explosion(function: Any, scheme: str, x: Floats, mass: Floats, friction: Floats, p: Floats, step: float,
               number: int) -> str:  # fmt: skip
    inertial = SCHEMES[scheme].inertial
    weights = mass if inertial else mass * friction
    known = [w for place in x if math.isfinite(w := largest_frequency(function, place, mass=weights, parameters=p))]
    told = "2 / omega" if inertial else "2 zeta / k"
    if known and max(known) > 0.0:
        limit = 2.0 / max(known) ** (1 if inertial else 2)
        told += f", {limit:.3g} near where the run began"
    return (
        f"langevin: a trajectory left the finite numbers in step {number} ({scheme}, step {step:.6g}); the limit of "
        f"stability is {told} for the stiffest direction; take a smaller step"
    )


def _first_velocity(velocity: Any, inertial: bool, n: int, d: int, kt: float, mass: Floats, states: Words) -> Floats:
    """As given, or Maxwell's; overdamped, a normal number, which Leimkuhler-Matthews needs to begin."""
    if velocity is not None:
        if not inertial:
            raise ParameterError("langevin", {"velocity": "belongs to no overdamped scheme"})
        return checked_state("velocity", velocity, n, d)
    v = np.empty((n, d))
    _draw_all(states, v)
    return v * np.sqrt(kt / mass) if inertial else v


def _record(x: Floats, v: Floats, mass: Floats, moments: Floats, kept: Floats | None, part: slice, n: int) -> None:
    if kept is not None:
        kept[0, part, n] = x
        kept[1:, part, n] = v
    _add_all(x, v, mass, moments)


def _labelled(grid: Floats, kept: Floats | None, moments: Floats, x: Floats, v: Floats, states: Words, scalar: bool,
              inertial: bool, recipe: dict[str, Any]) -> xr.Dataset:  # fmt: skip
    import xarray as xr

    def pick(array: Floats) -> Floats:
        return array[..., 0] if scalar else array

    def says(words: str) -> dict[str, str]:
        return {"units": "1", "long_name": words}

    vector: tuple[str, ...] = () if scalar else ("coordinate",)
    d = x.shape[1]
    mean, error = summarize_moments(moments)
    deviation = error * np.sqrt(moments[..., 0])
    variables: dict[str, Any] = {}
    for index, name in enumerate(("position", "velocity")[: 2 if inertial else 1]):
        if kept is not None:
            variables[name] = (("trajectory", "time", *vector), pick(kept[index]), says(name))
            continue
        columns, dims = slice(index * d, (index + 1) * d), ("time", *vector)
        variables[f"{name}_mean"] = (dims, pick(mean[:, columns]), says(f"mean {name}"))
        variables[f"{name}_mean_error"] = (dims, pick(error[:, columns]), says(f"standard error of the mean {name}"))
        variables[f"{name}_deviation"] = (dims, pick(deviation[:, columns]), says(f"standard deviation of {name}"))
    if inertial:
        variables["kinetic_temperature"] = ("time", mean[:, -1], says("kT of the velocities, the mean of m v^2"))
        variables["kinetic_temperature_error"] = ("time", error[:, -1], says("its standard error"))
    words = "velocity at the last time" if inertial else "last normal number"
    variables["last_position"] = (("trajectory", *vector), pick(x), says("position at the last time"))
    variables["last_velocity"] = (("trajectory", *vector), pick(v), says(words))
    variables["random_state"] = (("trajectory", "word"), states, says("state of the random numbers"))
    attrs = {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)}
    return xr.Dataset(variables, {"time": ("time", grid, says("time"))}, attrs)


def _name_of(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@njit(cache=True, nogil=True)
def _draw_all(states: Words, v: Floats) -> None:
    for i in range(v.shape[0]):
        for c in range(v.shape[1]):
            v[i, c] = normal(states[i])


@njit(cache=True, nogil=True)
def _add_all(x: Floats, v: Floats, mass: Floats, moments: Floats) -> None:
    d = x.shape[1]
    for i in range(x.shape[0]):
        twice = 0.0
        for c in range(d):
            add_sample(moments[c], x[i, c])
            add_sample(moments[d + c], v[i, c])
            twice += mass[c] * v[i, c] * v[i, c]
        add_sample(moments[2 * d], twice / d)


@njit(nogil=True)
def _march_one(step, force, x, v, states, k, steps, noises, parameters):  # type: ignore[no-untyped-def]
    """All trajectories of one degree of freedom, 64 at a time, so that their latencies overlap."""
    y, u, f = np.empty(_LANES), np.empty(_LANES), np.empty(_LANES)
    n, m = np.empty(_LANES), np.zeros(_LANES)
    for low in range(0, len(x), _LANES):
        lanes = min(_LANES, len(x) - low)
        for i in range(lanes):
            y[i], u[i] = x[low + i, 0], v[low + i, 0]
            f[i] = force(y[i], parameters)
        for _ in range(steps):
            for i in range(lanes):
                n[i] = normal(states[low + i])
            if noises == 2:
                for i in range(lanes):
                    m[i] = normal(states[low + i])
            for i in range(lanes):
                y[i], u[i], f[i] = step(force, y[i], u[i], f[i], n[i], m[i], k, parameters)
        for i in range(lanes):
            x[low + i, 0], v[low + i, 0] = y[i], u[i]


@njit(nogil=True)
def _march_many(step, force, x, v, states, k, steps, noises, parameters):  # type: ignore[no-untyped-def]
    d = x.shape[1]
    f, n, m = np.zeros(d), np.empty(d), np.zeros(d)
    for i in range(len(x)):
        force(x[i], parameters, f)
        for _ in range(steps):
            for c in range(d):
                n[c] = normal(states[i])
            if noises == 2:
                for c in range(d):
                    m[c] = normal(states[i])
            step(force, x[i], v[i], f, n, m, k, parameters)

"""Ensembles of trajectories, in parallel, with the same bits on any number of threads."""

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
from ...kernels.statistics import add_sample, merge_moments
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .equation import StochasticEquation
from .schemes import SchemeName, choose_scheme

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["integrate"]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_LANES = 64  # trajectories that advance together: noise first, then a loop that compilers vectorise
_WORK = 2**25  # trajectory-steps of one kernel call, about 0.2 s


def integrate(
    equation: StochasticEquation,
    initial: ArrayLike,
    times: ArrayLike,
    *,
    step: float,
    parameters: ArrayLike = (),
    scheme: SchemeName | None = None,
    trajectories: int = 1,
    seed: int = 0,
    first: int = 0,
    output: Literal["trajectories", "moments"] = "trajectories",
    resume: xr.Dataset | None = None,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Integrate an ensemble of independent trajectories.

    Parameters
    ----------
    equation : StochasticEquation
        Drift, diffusion, and how the noise is meant.
    initial : array_like
        State at the first time: a number, a vector (d,), or one for each trajectory, (trajectories,) or
        (trajectories, d). Ignored by a resumed run.
    times : array_like
        Rising times of output, shape (n,); the first is where the run begins.
    step : float
        Largest step. Each interval between two times is cut into equal steps, so that they are met exactly.
    parameters : array_like
        Handed to drift and diffusion as an array. A second set compiles nothing.
    scheme : str, optional
        Default: SRA1 for additive, SRIW1 for scalar and diagonal noise, Euler-Maruyama or Heun for general noise.
    trajectories : int
        Size of the ensemble.
    seed, first : int
        Trajectory *i* of this call is the trajectory ``first + i`` of the seed, so that an ensemble can be cut into
        calls.
    output : {"trajectories", "moments"}
        All states, or only mean and standard deviation over the ensemble (Welford), where storage would not fit.
    resume : xarray.Dataset, optional
        Result of an earlier call that ended at the first time: each trajectory goes on with its own random numbers,
        bit for bit as if the run had not been cut.
    workers : int, optional
        Threads. They change no bit of the result: it depends on seed, trajectory and times only (floats on one machine
        with the same versions; the random integers on every machine).
    progress : bool or callable
        A bar, or a callable ``(done, total)``, which may raise to cancel.

    Returns
    -------
    xarray.Dataset
        ``state`` (trajectory, time[, component]), or ``mean``, ``mean_error`` and ``standard_deviation``
        (time[, component]); ``last_state`` and ``random_state`` for resuming; the attribute ``recipe``.

    Raises
    ------
    ParameterError
        If an argument is not allowed, or numba cannot compile drift or diffusion.
    ResultError
        If a trajectory leaves the finite numbers.

    Examples
    --------
    >>> decay = StochasticEquation(drift=lambda x, t, p: -x, diffusion=lambda x, t, p: 1.0, noise="additive")
    >>> run = integrate(decay, 2.0, [0.0, 1.0, 2.0], step=0.01, trajectories=1000, output="moments")
    >>> bool(abs(run["mean"][1] - 2.0 * np.exp(-1.0)) < 4 * run["mean_error"][1])
    True
    """
    name, method, drift = choose_scheme(equation, scheme)
    grid = _checked_times(times)
    step = _checked_number("step", step)
    values = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    trajectories = _checked_count("trajectories", trajectories, 1)
    first = _checked_count("first", first, 0)
    if output not in ("trajectories", "moments"):
        raise ParameterError("integrate", {"output": "must be 'trajectories' or 'moments'"}, {"output": output})
    d, one = equation.components, equation.components == 1
    if resume is None:
        states = spawn_states(seed, trajectories, first=first)
        x = _checked_initial(initial, trajectories, d)
    else:
        x, states = _last_of(resume, trajectories, d, grid[0])
    steps = np.maximum(1, np.ceil(np.diff(grid) / step * (1.0 - 1e-12))).astype(np.int64)
    if steps.sum() > 2**53:
        raise ParameterError("integrate", {"step": "needs more steps than can be counted"}, {"step": step})
    march = _march_one if one else (_march_general if equation.noise == "general" else _march_many)
    advance = method.one if one else (method.general if equation.noise == "general" else method.many)
    noises = equation.noise_count
    cost = d * noises if equation.noise == "general" else d
    block = _block_size(int(steps.sum()) * cost)
    kept = np.empty((trajectories, len(grid), d)) if output == "trajectories" else None
    stop = threading.Event()

    def run(begin: int, end: int) -> Floats:
        moments = np.zeros((len(grid), d, 3))
        _record(x[begin:end], 0, moments, None if kept is None else kept[begin:end])
        for n in range(len(grid) - 1):
            length, left, t = (grid[n + 1] - grid[n]) / steps[n], int(steps[n]), 0
            most = max(1, _WORK // ((end - begin) * cost))
            while left > 0:
                if stop.is_set():
                    raise KeyboardInterrupt
                now = min(left, most)
                march(
                    advance, drift, equation.diffusion, method.integrals, x[begin:end], states[begin:end],
                    grid[n], length, t, now, noises, values,
                )  # fmt: skip
                left, t = left - now, t + now
            if not np.isfinite(x[begin:end]).all():
                raise ResultError(_explosion(name, length, float(grid[n + 1])))
            _record(x[begin:end], n + 1, moments, None if kept is None else kept[begin:end])
        return moments

    try:
        with Progress(progress, "integrate") as report:
            parts = map_blocks(run, trajectories, block, workers=workers, tick=report, stop=stop)
    except NumbaError as error:
        sentence = f"numba cannot compile drift or diffusion: {_last_words(error)}"
        raise ParameterError("integrate", {"equation": sentence}) from error
    total = parts[0]
    for part in parts[1:]:
        total = merge_moments(total, part)
    recipe = {
        "function": "mesoscale.core.integrators.sde.integrate", "drift": _name_of(equation.drift),
        "diffusion": _name_of(equation.diffusion), "noise": equation.noise, "interpretation": equation.interpretation,
        "scheme": name, "step": step, "parameters": values.tolist(), "trajectories": trajectories, "seed": int(seed),
        "first": first, "resumed": resume is not None, "replayable": False,
    }  # fmt: skip
    return _labelled(grid, kept, total, x, states, one, recipe)


def _block_size(work: int) -> int:
    """Trajectories of a block: a function of the work only, so that moments are merged in the same order by anybody."""
    wanted = max(_LANES, min(8192, _WORK // max(work, 1)))
    return 2 ** int(math.log2(wanted))


def _record(x: Floats, n: int, moments: Floats, kept: Floats | None) -> None:
    if kept is not None:
        kept[:, n] = x
    _add_all(x, moments[n])


def _labelled(
    grid: Floats, kept: Floats | None, moments: Floats, x: Floats, states: Words, one: bool, recipe: dict[str, Any]
) -> xr.Dataset:
    import xarray as xr

    def pick(array: Floats) -> Floats:
        return array[..., 0] if one else array

    vector: tuple[str, ...] = () if one else ("component",)
    count = moments[..., 0]
    deviation = np.sqrt(moments[..., 2] / np.maximum(count - 1.0, 1.0))
    variables: dict[str, Any] = {}
    if kept is not None:
        variables["state"] = (("trajectory", "time", *vector), pick(kept), _says("state"))
    else:
        spread = np.where(count > 1, deviation, np.nan)
        variables["mean"] = (("time", *vector), pick(moments[..., 1]), _says("mean of the ensemble"))
        error = spread / np.sqrt(count)
        variables["mean_error"] = (("time", *vector), pick(error), _says("standard error of the mean"))
        says = _says("standard deviation of the ensemble")
        variables["standard_deviation"] = (("time", *vector), pick(spread), says)
    variables["last_state"] = (("trajectory", *vector), pick(x), _says("state at the last time"))
    variables["random_state"] = (("trajectory", "word"), states, _says("state of the random numbers"))
    attrs = {"source": f"mesoscale {library_version()}", "recipe": json.dumps({**recipe, "version": library_version()})}
    return xr.Dataset(variables, {"time": ("time", grid, _says("time"))}, attrs)


def _says(words: str) -> dict[str, str]:
    return {"units": "1", "long_name": words}


def _name_of(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _last_words(error: NumbaError) -> str:
    """The first sentence of numba's report that names a cause."""
    lines = [text.strip() for text in str(error).splitlines() if text.strip()]
    return next((text for text in lines if "error" in text.lower() or "resolv" in text.lower()), lines[0])


def _explosion(scheme: str, step: float, time: float) -> str:
    hint = "take a smaller step" if scheme == "tamed_euler" else "take a smaller step, or scheme='tamed_euler'"
    return f"integrate: a trajectory left the finite numbers before time {time:g} ({scheme}, step {step:g}); {hint}"


def _last_of(resume: xr.Dataset, trajectories: int, d: int, begin: float) -> tuple[Floats, Words]:
    try:
        x = np.array(resume["last_state"].values, dtype=np.float64).reshape(-1, d)
        states = np.array(resume["random_state"].values, dtype=np.uint64)
        end = float(resume["time"].values[-1])
    except (KeyError, ValueError) as error:
        raise ParameterError("integrate", {"resume": f"is no result of this equation ({error})"}) from None
    if len(x) != trajectories or states.shape != (trajectories, 4):
        sentence = f"holds {len(x)} trajectories, not {trajectories}"
        raise ParameterError("integrate", {"resume": sentence})
    if end != begin:
        raise ParameterError("integrate", {"times": f"must begin where the earlier run ended, at {end!r}"})
    return x, states


def _checked_times(times: ArrayLike) -> Floats:
    grid = np.array(times, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 2 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise ParameterError("integrate", {"times": "must be at least two finite, rising numbers"}, {"times": times})
    return grid


def _checked_number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < float(value) < math.inf:
        raise ParameterError("integrate", {name: "must be a positive number"}, {name: value})
    return float(value)


def _checked_count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError("integrate", {name: f"must be a whole number of at least {least}"}, {name: value})
    return int(value)


def _checked_initial(initial: ArrayLike, trajectories: int, d: int) -> Floats:
    given = np.asarray(initial, dtype=np.float64)
    if d == 1 and given.ndim == 1 and len(given) > 1:
        given = given[:, None]
    if given.shape not in ((), (d,), (trajectories, d)) or not np.isfinite(given).all():
        sentence = f"must be finite, one state of {d} or one for each of {trajectories} trajectories"
        raise ParameterError("integrate", {"initial": sentence}, {"initial": initial})
    return np.array(np.broadcast_to(given, (trajectories, d)))


@njit(cache=True, nogil=True)
def _add_all(x: Floats, moments: Floats) -> None:
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            add_sample(moments[c], x[i, c])


@njit(nogil=True)
def _march_one(advance, drift, diffusion, integrals, x, states, begin, h, done, steps, noises, p):  # type: ignore[no-untyped-def]
    """Steps `done` ... `done + steps` of all trajectories; 64 at a time, so that their latencies overlap."""
    root, third = math.sqrt(h), 1.0 / math.sqrt(3.0)
    y, dw, j = np.empty(_LANES), np.empty(_LANES), np.zeros(_LANES)
    for low in range(0, len(x), _LANES):
        lanes = min(_LANES, len(x) - low)
        for i in range(lanes):
            y[i] = x[low + i, 0]
        for n in range(done, done + steps):
            t = begin + n * h
            for i in range(lanes):
                dw[i] = root * normal(states[low + i])
            if integrals:
                for i in range(lanes):
                    j[i] = 0.5 * (dw[i] + root * third * normal(states[low + i]))
            for i in range(lanes):
                y[i] = advance(drift, diffusion, y[i], t, h, dw[i], j[i], p)
        for i in range(lanes):
            x[low + i, 0] = y[i]


@njit(nogil=True)
def _march_many(advance, drift, diffusion, integrals, x, states, begin, h, done, steps, noises, p):  # type: ignore[no-untyped-def]
    root, third = math.sqrt(h), 1.0 / math.sqrt(3.0)
    d = x.shape[1]
    dw, j, work = np.empty(d), np.zeros(d), np.empty((8, d))
    for i in range(len(x)):
        for n in range(done, done + steps):
            for c in range(noises):
                dw[c] = root * normal(states[i])
                if integrals:
                    j[c] = 0.5 * (dw[c] + root * third * normal(states[i]))
            for c in range(noises, d):  # one noise for all
                dw[c], j[c] = dw[0], j[0]
            advance(drift, diffusion, x[i], begin + n * h, h, dw, j, p, work)


@njit(nogil=True)
def _march_general(advance, drift, diffusion, integrals, x, states, begin, h, done, steps, noises, p):  # type: ignore[no-untyped-def]
    root = math.sqrt(h)
    dw, j, work, factors = (
        np.empty(noises),
        np.zeros(noises),
        np.empty((8, x.shape[1])),
        np.zeros((2, x.shape[1], noises)),
    )
    for i in range(len(x)):
        for n in range(done, done + steps):
            for c in range(noises):
                dw[c] = root * normal(states[i])
            advance(drift, diffusion, x[i], begin + n * h, h, dw, j, p, work, factors)

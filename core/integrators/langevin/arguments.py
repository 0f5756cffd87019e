"""What `langevin` is given, checked."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["checked_count", "checked_factor", "checked_grid", "checked_state", "last_of"]

Floats = NDArray[np.float64]
_MOST_STEPS = 2**53


def checked_count(name: str, value: Any, least: int) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError("langevin", {name: f"must be a whole number of at least {least}"}, {name: value})
    return int(value)


def checked_factor(name: str, value: Any, d: int, *, above: bool) -> Floats:
    """One number for all degrees of freedom, or one for each: above zero, or at least zero."""
    given = _numbers(name, value)
    allowed = "greater than 0" if above else "at least 0"
    fits = given.shape in ((), (1,), (d,)) and bool(np.isfinite(given).all())
    if not fits or not bool((given > 0 if above else given >= 0).all()):
        sentence = f"must be {allowed} and finite, one number" + (f" or {d}" if d > 1 else "")
        raise ParameterError("langevin", {name: sentence}, {name: value})
    return np.array(np.broadcast_to(given, (d,)))


def checked_state(name: str, value: Any, trajectories: int, d: int | None) -> Floats:
    """Positions or velocities of all trajectories, shape (trajectories, d)."""
    given = _numbers(name, value)
    if d == 1 and given.shape == (trajectories,):
        given = given[:, None]
    size = d or (given.shape[-1] if given.ndim else 1)
    if size == 0 or given.shape not in ((), (size,), (trajectories, size)) or not np.isfinite(given).all():
        sentence = f"must be finite, one state of {size} or one for each of {trajectories} trajectories"
        raise ParameterError("langevin", {name: sentence}, {name: value})
    return np.array(np.broadcast_to(given, (trajectories, size)))


def checked_grid(
    step: Any, times: ArrayLike | None, steps: int | None, every: int, resume: xr.Dataset | None
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Times of output, and length and number of the steps between them."""
    if isinstance(step, bool) or not isinstance(step, int | float | np.number) or not 0 < float(step) < math.inf:
        raise ParameterError("langevin", {"step": "must be a positive number"}, {"step": step})
    if (times is None) == (steps is None):
        raise ParameterError("langevin", {"times": "or steps must be given, one of them"})
    h = float(step)
    if steps is not None:
        every = checked_count("every", every, 1)
        rows = checked_count("steps", steps, 1) // every
        if rows * every != steps or rows * every > _MOST_STEPS:
            raise ParameterError("langevin", {"steps": f"must be a multiple of every = {every}"}, {"steps": steps})
        begin = 0.0 if resume is None or "time" not in resume else float(resume["time"].values[-1])
        when: Floats = begin + h * every * np.arange(rows + 1, dtype=np.float64)
        lengths: Floats = np.full(rows, h)
        return when, lengths, np.full(rows, every, dtype=np.int64)
    if every != 1:
        raise ParameterError("langevin", {"every": "belongs to steps, not to times"}, {"every": every})
    grid = _numbers("times", times)
    if grid.ndim != 1 or len(grid) < 2 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise ParameterError("langevin", {"times": "must be at least two finite, rising numbers"}, {"times": times})
    wanted = np.maximum(1.0, np.ceil(np.diff(grid) / h * (1.0 - 1e-12)))
    if wanted.sum() > _MOST_STEPS:
        raise ParameterError("langevin", {"step": "needs more steps than can be counted"}, {"step": step})
    counts = wanted.astype(np.int64)
    return grid, np.diff(grid) / counts, counts


def last_of(
    resume: xr.Dataset, trajectories: int, d: int, scheme: str, begin: float
) -> tuple[Floats, Floats, NDArray[np.uint64]]:
    """Positions, velocities and random states with which an earlier run ended."""
    try:
        x = np.array(resume["last_position"].values, dtype=np.float64).reshape(-1, d)
        v = np.array(resume["last_velocity"].values, dtype=np.float64).reshape(-1, d)
        states = np.array(resume["random_state"].values, dtype=np.uint64)
        earlier = json.loads(resume.attrs["recipe"])["scheme"]
        end = float(resume["time"].values[-1])
    except (KeyError, ValueError) as error:
        raise ParameterError("langevin", {"resume": f"is no result of such a run ({error})"}) from None
    if len(x) != trajectories or states.shape != (trajectories, 4):
        raise ParameterError("langevin", {"resume": f"holds {len(x)} trajectories, not {trajectories}"})
    if earlier != scheme:
        raise ParameterError("langevin", {"scheme": f"must be that of the earlier run, {earlier!r}"})
    if end != begin:
        raise ParameterError("langevin", {"times": f"must begin where the earlier run ended, at {end!r}"})
    return x, v, states


def _numbers(name: str, value: Any) -> Floats:
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError("langevin", {name: "must be a number or an array of numbers"}, {name: value}) from None

"""Two thermometers and a stiffness: what velocities say, what positions say, and how long a step may be."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.statistics import mean_with_error
from ...model import Estimate, ParameterError, mean
from ..sde.equation import compiled

__all__ = ["configurational_temperature", "evaluate_force", "is_scalar", "kinetic_temperature", "largest_frequency"]

Floats = NDArray[np.float64]
_RELATIVE_STEP = 6e-6  # of central differences


def kinetic_temperature(velocity: Any, *, mass: ArrayLike = 1.0) -> Estimate:
    """KT as the velocities have it, the mean of m v^2.

    Parameters
    ----------
    velocity : array_like or xarray.DataArray
        Shape (trajectory, time, coordinate), or the variable ``velocity`` of a run.
    mass : array_like
        One for all, or one for each coordinate.

    Returns
    -------
    Estimate
        Value and standard error: between trajectories, or from the correlated series if there is only one.
    """
    v = _as_samples("velocity", velocity)
    return _average((np.asarray(mass) * v * v).mean(axis=2))


def configurational_temperature(
    force: Callable[..., Any],
    position: Any,
    *,
    parameters: ArrayLike = (),
    laplacian: Callable[..., Any] | None = None,
) -> Estimate:
    """KT as the positions have it, <|grad U|^2> / <lap U>.

    It sees errors of positions, which averages inherit; the kinetic temperature does not.

    Parameters
    ----------
    force : callable
        As for `langevin`.
    position : array_like or xarray.DataArray
        Shape (trajectory, time, coordinate), or the variable ``position`` of a run.
    parameters : array_like
        As for `langevin`.
    laplacian : callable, optional
        ``laplacian(position, parameters) -> float`` of the energy. Default: differences of the force.

    Returns
    -------
    Estimate
        Value and standard error, to first order in the errors of both means.

    Raises
    ------
    ParameterError
        If the mean Laplacian is not positive: the samples are no equilibrium.

    References
    ----------
    Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772.
    """
    x = _as_samples("position", position)
    p = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    function, scalar = compiled(force), is_scalar(force)
    curvature = None if laplacian is None else compiled(laplacian)
    square, bend = np.empty(x.shape[:2]), np.empty(x.shape[:2])
    for place in np.ndindex(x.shape[:2]):
        f = evaluate_force(function, scalar, x[place], p)
        square[place] = f @ f
        if curvature is not None:
            bend[place] = curvature(float(x[place][0]) if scalar else x[place], p)
        else:
            bend[place] = _divergence(function, scalar, x[place], p)
    below = float(bend.mean())
    if not below > 0.0:
        raise ParameterError("configurational_temperature", {"position": "must be samples with a positive Laplacian"})
    value = float(square.mean()) / below
    return Estimate(value, _average((square - value * bend) / below).error)


def largest_frequency(
    force: Callable[..., Any], position: ArrayLike, *, mass: ArrayLike = 1.0, parameters: ArrayLike = ()
) -> float:
    """Largest sqrt(k/m) of small oscillations about `position`: 2 over it is the longest stable step.

    Power iteration on the mass-weighted Hessian, by differences of the force; 0 where nothing is stiff.

    Examples
    --------
    >>> round(largest_frequency(lambda x, p: -p[0] * x, 0.0, mass=1.0, parameters=[4.0]), 6)
    2.0
    """
    x = np.array(position, dtype=np.float64).reshape(-1)
    p = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    function, scalar = compiled(force), is_scalar(force)
    root = np.sqrt(np.broadcast_to(np.asarray(mass, dtype=np.float64), x.shape))
    w = np.cos(np.arange(x.size) * 2.0) + 1.5  # along no mode in particular
    value = 0.0
    for _ in range(1 if x.size == 1 else 100):
        w = w / math.sqrt(w @ w)
        along = w / root
        span = _RELATIVE_STEP * max(1.0, float(np.abs(x).max())) / float(np.abs(along).max())
        ahead = evaluate_force(function, scalar, x + span * along, p)
        behind = evaluate_force(function, scalar, x - span * along, p)
        with np.errstate(over="ignore", invalid="ignore"):
            w, last = (behind - ahead) / (2.0 * span) / root, value
            value = float(np.sqrt(w @ w))
        if not value > 0.0 or abs(value - last) < 1e-9 * value:
            break
    return math.sqrt(value) if math.isfinite(value) else math.nan


def is_scalar(force: Callable[..., Any]) -> bool:
    """Whether the force is ``force(x, parameters) -> float``, of one degree of freedom; else it fills a third."""
    if not callable(force):
        raise ParameterError("langevin", {"force": "must be a function that numba compiles"}, {"force": force})
    count = len(inspect.signature(getattr(force, "py_func", force)).parameters)
    if count not in (2, 3):
        raise ParameterError("langevin", {"force": "must take (position, parameters) or (position, parameters, out)"})
    return count == 2


def evaluate_force(function: Callable[..., Any], scalar: bool, x: Floats, parameters: Floats) -> Floats:
    """The force at one position, as a vector."""
    if scalar:
        return np.array([float(function(float(x[0]), parameters))])
    out = np.zeros(x.size)
    function(np.ascontiguousarray(x), parameters, out)
    return out


def _divergence(function: Callable[..., Any], scalar: bool, x: Floats, parameters: Floats) -> float:
    total = 0.0
    for i in range(x.size):
        span, ahead, behind = _RELATIVE_STEP * max(1.0, abs(float(x[i]))), x.copy(), x.copy()
        ahead[i] += span
        behind[i] -= span
        difference = evaluate_force(function, scalar, ahead, parameters)[i]
        total -= (difference - evaluate_force(function, scalar, behind, parameters)[i]) / (2.0 * span)
    return total


def _as_samples(name: str, values: Any) -> Floats:
    """Shape (trajectory, time, coordinate)."""
    if hasattr(values, "dims"):
        order = [dim for dim in ("trajectory", "time", "coordinate") if dim in values.dims]
        array = np.asarray(values.transpose(*order).values, dtype=np.float64)
        for axis, dim in enumerate(("trajectory", "time", "coordinate")):
            if dim not in order:
                array = np.expand_dims(array, axis)
    else:
        array = np.asarray(values, dtype=np.float64)
    if array.ndim != 3 or array.size == 0 or not np.isfinite(array).all():
        sentence = "must be finite numbers of the shape (trajectory, time, coordinate)"
        raise ParameterError("temperature", {name: sentence}, {name: array})
    return array


def _average(samples: Floats) -> Estimate:
    """Over trajectories, each averaged over its time; over the correlated series if there is one trajectory."""
    if len(samples) > 1:
        estimate = mean(samples.mean(axis=1))
        return Estimate(float(estimate.value), float(estimate.error))
    return Estimate(*mean_with_error(samples[0]))

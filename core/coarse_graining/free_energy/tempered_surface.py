r"""Well-tempered metadynamics of two coordinates: for what one coordinate cannot tell apart.

Two valleys at the same *s*, with a barrier between them along something else, are one place to a bias along *s*: it
pushes the system over and back without ever learning which of them it is in. A second coordinate that tells them apart
cures that. Hills are products of Gaussians of widths :math:`\sigma_1, \sigma_2`; all else is as in `well_tempered`,

.. math:: V(s, q, \infty) = -\left(1 - \frac{1}{\gamma}\right) F(s, q) + c, \qquad
   w = e^{(V(s, q, t) - c(t)) / kT}   \qquad (1)

with the integrals of c(t) over both coordinates. A grid in two dimensions fills slowly: a third coordinate is not
offered, because there the number of hills is out of reach.

References
----------
1. Barducci, Bussi & Parrinello, Phys. Rev. Lett. 100, 020603 (2008), doi:10.1103/PhysRevLett.100.020603.
2. Tiwary & Parrinello, J. Phys. Chem. B 119, 736 (2015), doi:10.1021/jp504920s.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...integrators.langevin.arguments import checked_factor, checked_state
from ...integrators.langevin.schemes import SCHEMES, SchemeName, coefficients
from ...integrators.langevin.temperature import is_scalar
from ...kernels.random import normal, spawn_states
from ...kernels.threads import map_blocks
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .bias_grid import raise_surface, read_surface, sum_work
from .collective import draw_all, prepare
from .multistate import labelled
from .profile import checked_grid
from .well_tempered import check_hills, check_inside, checked_axis

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["metadynamics_surface"]

Floats = NDArray[np.float64]
_WORK = 2**21  # steps of all degrees of freedom in one kernel call, about 0.2 s
_MOST_POINTS = 2000  # along each coordinate
_SIDES = ("first", "second")


def metadynamics_surface(
    force: Callable[..., Any],
    start: ArrayLike,
    *,
    coordinates: tuple[int | Callable[..., Any], int | Callable[..., Any]] = (0, 1),
    lower: tuple[float, float],
    upper: tuple[float, float],
    periodic: tuple[bool, bool] = (False, False),
    wall: tuple[float, float] = (0.0, 0.0),
    width: tuple[float, float],
    height: float,
    bias_factor: float,
    stride: int,
    hills: int,
    every: int | None = None,
    step: float,
    temperature: float = 1.0,
    friction: ArrayLike = 1.0,
    mass: ArrayLike = 1.0,
    trajectories: int = 1,
    parameters: ArrayLike = (),
    scheme: SchemeName = "baoab",
    seed: int = 0,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Langevin dynamics under a well-tempered bias of two coordinates; `free_energy_surface` turns it into F(s, q).

    Parameters
    ----------
    force : callable
        As for `mesoscale.core.integrators.langevin.langevin`, of at least two degrees of freedom.
    start : array_like
        Position at the beginning, (d,) or (trajectories, d).
    coordinates : tuple of int or callable
        Collective variables: components of the position, or ``s(x, gradient) -> float``, which fills its gradient.
    lower, upper, periodic, wall, width : tuple
        As for `metadynamics`, one for each coordinate.
    height, bias_factor, stride, hills, every
        As for `metadynamics`.
    step, temperature, friction, mass, parameters, scheme
        As for `langevin`.
    trajectories : int
        Independent runs, each with a bias of its own.
    seed, workers, progress
        As for `langevin`.

    Returns
    -------
    xarray.Dataset
        ``bias`` (trajectory, first, second), V at the end; of each sample ``sample`` (trajectory, time, side),
        ``sample_bias``, V where and when it was taken, and ``offset``, c(t), both (trajectory, time); ``hill_height``
        (trajectory, hill); ``inverse_bias_factor``, ``thermal_energy``.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If a trajectory leaves the finite numbers or, without a wall, the grid.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.free_energy import mueller_brown_force
    >>> run = metadynamics_surface(mueller_brown_force, [-0.5, 1.4], lower=(-1.8, -0.8), upper=(1.6, 2.4),
    ...                            width=(0.1, 0.1), height=5.0, bias_factor=8.0, stride=50, hills=20, step=0.005,
    ...                            temperature=10.0)
    >>> run.bias.shape, run.sample.shape
    ((1, 171, 161), (1, 20, 2))
    """
    name = "metadynamics_surface"
    kt, _ = checked_grid(name, temperature, [0.0, 1.0])
    every = stride if every is None else every
    check_hills(name, stride, hills, every, trajectories, height, bias_factor, step, scheme)
    axes = _checked_axes(name, coordinates, lower, upper, periodic, wall, width)
    if is_scalar(force):
        raise ParameterError(name, {"force": "must be of two degrees of freedom at least; see metadynamics for one"})
    method, x = SCHEMES[scheme], checked_state("start", start, trajectories, None)
    d = x.shape[1]
    given, vector, first = prepare(name, force, coordinates[0], d)
    second = prepare(name, force, coordinates[1], d)[2]
    biased = _bias_along(vector, first, second)
    masses = checked_factor("mass", mass, d, above=True)
    frictions = checked_factor("friction", friction, d, above=not method.inertial)
    own = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    head = np.array([[low, spacing, float(wraps), stiff] for (_, spacing), low, wraps, stiff in
                     zip(axes, lower, periodic, wall, strict=True)])  # fmt: skip
    bias = np.zeros((trajectories, axes[0][0], axes[1][0]))
    states, v = spawn_states(seed, trajectories), np.empty((trajectories, d))
    draw_all(states, v)
    if method.inertial:
        v *= np.sqrt(kt / masses)
    k = coefficients(scheme, float(step), masses, frictions, kt)
    samples, heights = np.empty((trajectories, 4, hills * stride // every)), np.empty((trajectories, hills))
    rule = np.array([width[0], width[1], height, kt, bias_factor])
    block, each = max(1, _WORK // (stride * d)), stride // every

    with Progress(progress, name) as report:
        for low in range(0, hills, block):
            high = min(low + block, hills)

            def run(begin: int, end: int, low: int = low, high: int = high) -> None:
                for j in range(begin, end):
                    _march(
                        method.many, biased, first, second, x[j], v[j], states[j], k, method.noises, head, bias[j], own,
                        rule, every, each, samples[j, :, low * each : high * each], heights[j, low:high],
                    )  # fmt: skip

            map_blocks(run, trajectories, 1, workers=workers)
            if not (np.isfinite(x).all() and np.isfinite(v).all()):
                raise ResultError(f"{name}: a trajectory left the finite numbers (step {step:g}); take a smaller step")
            report(high, hills)
    s = np.ascontiguousarray(np.moveaxis(samples[:, :2], 1, 2))
    for side in range(2):
        if periodic[side]:
            s[..., side] = lower[side] + (s[..., side] - lower[side]) % (upper[side] - lower[side])
        check_inside(name, f"the {_SIDES[side]} coordinate", s[..., side], lower[side], upper[side], wall[side])
    recipe = {
        "function": f"mesoscale.core.coarse_graining.free_energy.{name}",
        "force": f"{given.__module__}.{getattr(given, '__qualname__', 'force')}", "width": list(width),
        "height": height, "bias_factor": bias_factor if math.isfinite(bias_factor) else "infinity", "stride": stride,
        "hills": hills, "periodic": list(periodic), "lower": list(lower), "upper": list(upper), "wall": list(wall),
        "step": step, "temperature": kt, "scheme": scheme, "seed": int(seed), "trajectories": trajectories,
        "parameters": own.tolist(), "replayable": False, "version": library_version(),
    }  # fmt: skip
    series = ("trajectory", "time")
    result = labelled(
        {
            "bias": (("trajectory", *_SIDES), bias, "bias V at the end"),
            "sample": ((*series, "side"), s, "collective variables"),
            "sample_bias": (series, samples[:, 2].copy(), "bias of the sample when it was taken"),
            "offset": (series, samples[:, 3].copy(), "c(t), the mean work of the bias"),
            "hill_height": (("trajectory", "hill"), heights, "height of the hills"),
            "inverse_bias_factor": ((), 1.0 / bias_factor, "1/gamma; 0 for hills that do not shrink"),
            "thermal_energy": ((), kt, "kT"),
        },
        recipe,
    )
    result["bias"].attrs["comment"] = "V itself; the free energy is -gamma/(gamma - 1) V, see free_energy_of_bias"
    when = step * every * np.arange(1, s.shape[1] + 1)
    coordinates_of: dict[str, Any] = {
        side: (side, low + spacing * np.arange(points), {"units": "1", "long_name": f"{side} collective variable"})
        for side, low, (points, spacing) in zip(_SIDES, lower, axes, strict=True)
    }
    coordinates_of["time"] = ("time", when, {"units": "1", "long_name": "time"})
    return result.assign_coords(coordinates_of)


def _checked_axes(
    function: str, coordinates: Any, lower: Any, upper: Any, periodic: Any, wall: Any, width: Any
) -> list[tuple[int, float]]:
    """Points and spacing along both coordinates."""
    given = {"coordinates": coordinates, "lower": lower, "upper": upper, "periodic": periodic, "wall": wall,
             "width": width}  # fmt: skip
    for key, pair in given.items():
        if not isinstance(pair, tuple | list | np.ndarray) or len(pair) != 2:
            raise ParameterError(function, {key: f"must be two, one for each coordinate, not {pair!r}"})
    return [
        checked_axis(function, lower[i], upper[i], width[i], wall[i], bool(periodic[i]), _MOST_POINTS) for i in (0, 1)
    ]


@functools.lru_cache(maxsize=64)
def _bias_along(force: Callable[..., Any], first: Callable[..., Any], second: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def biased(x, parameters, out):  # type: ignore[no-untyped-def]
        head, gradient, bias, own = parameters
        force(x, own, out)
        s, q = first(x, gradient[0]), second(x, gradient[1])
        _, along, across = read_surface(bias, head, s, q)
        along += _pull_back(head[0], bias.shape[0], s)
        across += _pull_back(head[1], bias.shape[1], q)
        for i in range(len(x)):
            out[i] -= along * gradient[0, i] + across * gradient[1, i]

    return biased


@njit(cache=True, nogil=True)
def _pull_back(head: Floats, points: int, s: float) -> float:
    """Slope of a wall beyond the grid."""
    if head[3] == 0.0:
        return 0.0
    return float(head[3] * (min(s - head[0], 0.0) + max(s - head[0] - head[1] * (points - 1), 0.0)))


@njit(nogil=True)
def _march(  # type: ignore[no-untyped-def]
    step, force, first, second, x, v, states, k, noises, head, bias, own, rule, every, each, samples, heights
):
    """One trajectory and its bias, hill after hill; `samples` (4, time) and `heights` (hill) are filled."""
    d = len(x)
    f, n, m, gradient, sums = np.zeros(d), np.empty(d), np.zeros(d), np.empty((2, d)), np.empty(3)
    parameters, kt, share = (head, gradient, bias, own), rule[3], 1.0 / rule[4]
    sum_work(bias, head, kt, share, sums)
    force(x, parameters, f)
    for hill in range(len(heights)):
        s = q = 0.0
        work = kt * math.log(sums[0] / sums[1]) + sums[2]
        for row in range(hill * each, (hill + 1) * each):
            for _ in range(every):
                for c in range(d):
                    n[c] = normal(states)
                if noises == 2:
                    for c in range(d):
                        m[c] = normal(states)
                step(force, x, v, f, n, m, k, parameters)
            s, q = first(x, gradient[0]), second(x, gradient[1])
            samples[0, row], samples[1, row], samples[3, row] = s, q, work
            samples[2, row], _, _ = read_surface(bias, head, s, q)
        if not (math.isfinite(s) and math.isfinite(q)):
            return
        # 1 / ((gamma - 1) kT), which is 0 for hills that do not shrink
        heights[hill] = rule[2] * math.exp(-samples[2, (hill + 1) * each - 1] * share / (1.0 - share) / kt)
        raise_surface(bias, head, s, q, rule[:2], heights[hill], kt, share, sums)
        force(x, parameters, f)

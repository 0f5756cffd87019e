r"""Well-tempered metadynamics: a bias that grows where the system has been, until it has been everywhere.

After every stride a hill is added to the bias where the collective variable is,

.. math:: V(s) \to V(s) + w_0\, e^{-V(s_t) / (\gamma - 1) kT}\, e^{-(s - s_t)^2 / 2 \sigma^2}   \qquad (1)

With the bias factor :math:`\gamma` the hills get smaller, and the bias converges to a share of the free energy [1],

.. math:: V(s, \infty) = -\left(1 - \frac{1}{\gamma}\right) F(s) + c, \qquad
   F = -\frac{\gamma}{\gamma - 1} V   \qquad (2)

Runs hold V, never -F: the factor of equation (2) is in `free_energy_of_bias`, and there only. Samples of the run have
the weights [2]

.. math:: e^{(V(s, t) - c(t)) / kT}, \qquad c(t) = kT \ln
   \frac{\int e^{\gamma V(s, t) / (\gamma - 1) kT} ds}{\int e^{V(s, t) / (\gamma - 1) kT} ds}   \qquad (3)

The bias is a grid of about five points a width, read by cubic interpolation (Catmull-Rom): the force on the system is
the exact gradient of what is read. At the ends of the grid hills are reflected, so that the bias is flat there and has
no artefact of a missing half; on a periodic coordinate they wrap.

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
from ...quantities import Dimensionless, law
from .bias_grid import add_hill, mean_work, read_bias
from .collective import check_counts, draw_all, prepare
from .multistate import labelled
from .profile import checked_grid

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["check_hills", "check_inside", "checked_axis", "free_energy_of_bias", "metadynamics"]

Floats = NDArray[np.float64]
_WORK = 2**21  # steps of all degrees of freedom in one kernel call, about 0.2 s
_PER_WIDTH = 5.0
_MOST_POINTS = 100_000


@law
def free_energy_of_bias(bias: Dimensionless, bias_factor: Dimensionless) -> Dimensionless:
    """F = -gamma/(gamma - 1) V of a converged well-tempered bias, equation (2), up to a constant.

    Parameters
    ----------
    bias : float
        V, in any unit of energy.
    bias_factor : float
        gamma > 1; infinity for hills that stay as they are.

    Returns
    -------
    float
        In the unit of the bias. NaN for a bias factor of at most 1, for which no bias tells F.

    References
    ----------
    Barducci, Bussi & Parrinello, Phys. Rev. Lett. 100, 020603 (2008), doi:10.1103/PhysRevLett.100.020603.

    Examples
    --------
    >>> float(free_energy_of_bias(5.0, 6.0))
    -6.0
    """
    gamma: Any = np.asarray(bias_factor, dtype=np.float64)
    share: Any = 1.0 - 1.0 / np.where(gamma > 1.0, gamma, np.nan)
    return -np.asarray(bias, dtype=np.float64) / share


def metadynamics(
    force: Callable[..., Any],
    start: ArrayLike,
    *,
    coordinate: int | Callable[..., Any] = 0,
    lower: float,
    upper: float,
    periodic: bool = False,
    wall: float = 0.0,
    width: float,
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
    """Langevin dynamics under a well-tempered bias; the profile comes from `metadynamics_profile`.

    Parameters
    ----------
    force : callable
        As for `mesoscale.core.integrators.langevin.langevin`.
    start : array_like
        Position at the beginning: a number, (d,), or (trajectories, d).
    coordinate : int or callable
        Collective variable: a component of the position, or ``s(x, gradient) -> float``, which fills its gradient.
    lower, upper : float
        Ends of the grid; one period apart if `periodic`.
    periodic : bool
        Whether the coordinate wraps.
    wall : float
        Spring constant that holds the coordinate back beyond the ends, for systems that do not stay between them.
    width, height : float
        Of the hills: sigma, a third to a half of the standard deviation in a basin, and w_0, 0.5 to 1 kT.
    bias_factor : float
        gamma > 1, about the barrier over kT, at least 5; infinity for plain metadynamics.
    stride, hills : int
        Steps between hills, and how many hills.
    every : int, optional
        A sample is kept after that many steps, a divisor of `stride`. Default: the stride.
    step, temperature, friction, mass, parameters, scheme
        As for `langevin`.
    trajectories : int
        Independent runs, each with a bias of its own.
    seed, workers, progress
        As for `langevin`.

    Returns
    -------
    xarray.Dataset
        ``bias`` (trajectory, coordinate), V at the end; of each sample ``sample``, ``sample_bias``, V where and when it
        was taken, and ``offset``, c(t) of equation (3), all (trajectory, time); ``hill_height`` (trajectory, hill);
        ``bias_factor``, ``thermal_energy``.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If a trajectory leaves the finite numbers or, without a wall, the grid.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.free_energy import double_well_force
    >>> run = metadynamics(double_well_force, -1.0, parameters=[3.0], lower=-2.0, upper=2.0, width=0.1, height=0.5,
    ...                    bias_factor=5.0, stride=50, hills=40, step=0.05)
    >>> run.sample.shape, bool((run.hill_height[0, -1] < run.hill_height[0, 0]))
    ((1, 40), True)
    """
    name = "metadynamics"
    kt, _ = checked_grid(name, temperature, [0.0, 1.0])
    every = stride if every is None else every
    check_hills(name, stride, hills, every, trajectories, height, bias_factor, step, scheme)
    points, spacing = checked_axis(name, lower, upper, width, wall, periodic, _MOST_POINTS)
    method, scalar = SCHEMES[scheme], is_scalar(force)
    x = checked_state("start", start, trajectories, 1 if scalar else None)
    d = x.shape[1]
    given, vector, measure = prepare(name, force, coordinate, d)
    biased = _bias_along(vector, measure)
    masses = checked_factor("mass", mass, d, above=True)
    frictions = checked_factor("friction", friction, d, above=not method.inertial)
    own = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    head, bias = np.array([lower, spacing, float(periodic), wall]), np.zeros((trajectories, points))
    states, v = spawn_states(seed, trajectories), np.empty((trajectories, d))
    draw_all(states, v)
    if method.inertial:
        v *= np.sqrt(kt / masses)
    k = coefficients(scheme, float(step), masses, frictions, kt)
    samples = np.empty((trajectories, 3, hills * stride // every))
    heights = np.empty((trajectories, hills))
    rule = np.array([width, height, kt, bias_factor])
    block, each = max(1, _WORK // (stride * d)), stride // every

    with Progress(progress, name) as report:
        for low in range(0, hills, block):
            high = min(low + block, hills)

            def run(begin: int, end: int, low: int = low, high: int = high) -> None:
                for j in range(begin, end):
                    _march(
                        method.many, biased, measure, x[j], v[j], states[j], k, method.noises, head, bias[j], own, rule,
                        every, each, samples[j, :, low * each : high * each], heights[j, low:high],
                    )  # fmt: skip

            map_blocks(run, trajectories, 1, workers=workers)
            if not (np.isfinite(x).all() and np.isfinite(v).all()):
                raise ResultError(f"{name}: a trajectory left the finite numbers (step {step:g}); take a smaller step")
            report(high, hills)
    s = samples[:, 0]
    if periodic:
        s = lower + (s - lower) % (upper - lower)
    check_inside(name, "the coordinate", s, lower, upper, wall)
    recipe = {
        "function": f"mesoscale.core.coarse_graining.free_energy.{name}",
        "force": f"{given.__module__}.{getattr(given, '__qualname__', 'force')}", "width": width, "height": height,
        "bias_factor": bias_factor if math.isfinite(bias_factor) else "infinity", "stride": stride, "hills": hills,
        "periodic": periodic, "lower": lower, "upper": upper, "wall": wall, "step": step, "temperature": kt,
        "scheme": scheme, "seed": int(seed), "trajectories": trajectories, "parameters": own.tolist(),
        "replayable": False, "version": library_version(),
    }  # fmt: skip
    grid = lower + spacing * np.arange(points)
    series = ("trajectory", "time")
    result = labelled(
        {
            "bias": (
                ("trajectory", "coordinate"),
                bias,
                "bias V at the end",
            ),
            "sample": (series, s, "collective variable"),
            "sample_bias": (series, samples[:, 1].copy(), "bias of the sample when it was taken"),
            "offset": (series, samples[:, 2].copy(), "c(t), the mean work of the bias"),
            "hill_height": (("trajectory", "hill"), heights, "height of the hills"),
            "inverse_bias_factor": ((), 1.0 / bias_factor, "1/gamma; 0 for hills that do not shrink"),
            "thermal_energy": ((), kt, "kT"),
        },
        recipe,
    )
    result["bias"].attrs["comment"] = "V itself; the free energy is -gamma/(gamma - 1) V, see free_energy_of_bias"
    when = step * every * np.arange(1, s.shape[1] + 1)
    return result.assign_coords(
        time=("time", when, {"units": "1", "long_name": "time"}),
        coordinate=("coordinate", grid, {"units": "1", "long_name": "collective variable"}),
    )


def check_hills(
    function: str, stride: int, hills: int, every: int, trajectories: int, height: float, bias_factor: float,
    step: float, scheme: str,
) -> None:  # fmt: skip
    """What every kind of metadynamics is told about its hills and steps."""
    check_counts(function, stride=(stride, 1), hills=(hills, 1), every=(every, 1), trajectories=(trajectories, 1))
    if stride % every:
        raise ParameterError(function, {"every": f"must divide stride = {stride}"}, {"every": every})
    for key, value in (("height", height), ("step", step)):
        if isinstance(value, bool) or not 0.0 < value < math.inf:
            raise ParameterError(function, {key: "must be a positive number"}, {key: value})
    if not bias_factor > 1.0:
        sentence = "must be greater than 1, or infinity"
        raise ParameterError(function, {"bias_factor": sentence}, {"bias_factor": bias_factor})
    if scheme not in SCHEMES:
        raise ParameterError(function, {"scheme": f"must be one of {', '.join(SCHEMES)}"}, {"scheme": scheme})


def checked_axis(
    function: str, lower: float, upper: float, width: float, wall: float, periodic: bool, most: int
) -> tuple[int, float]:
    """Number of points along a coordinate, and their distance."""
    if isinstance(width, bool) or not 0.0 < width < math.inf:
        raise ParameterError(function, {"width": "must be a positive number"}, {"width": width})
    if not 0.0 <= wall < math.inf or (periodic and wall > 0.0):
        raise ParameterError(function, {"wall": "must be at least 0, and 0 if periodic"}, {"wall": wall})
    if not (math.isfinite(lower) and math.isfinite(upper) and upper - lower > 2.0 * width):
        raise ParameterError(function, {"upper": "must lie more than two widths above lower"}, {"upper": upper})
    cells = math.ceil((upper - lower) / width * _PER_WIDTH)
    if cells > most:
        raise ParameterError(function, {"width": f"must be at least 1/{most / _PER_WIDTH:g} of the grid"},
                             {"width": width})  # fmt: skip
    return cells + (0 if periodic else 1), (upper - lower) / cells


def check_inside(function: str, what: str, s: Floats, lower: float, upper: float, wall: float) -> None:
    """Beyond the grid nothing is biased, and nothing is learned."""
    outside = float(((s < lower) | (s > upper)).mean())
    if outside > 0.01 and wall == 0.0:
        raise ResultError(
            f"{function}: {what} spends {outside:.0%} of the time outside {lower:g} to {upper:g}; widen the grid, "
            f"or give a wall"
        )


@functools.lru_cache(maxsize=64)
def _bias_along(force: Callable[..., Any], measure: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def biased(x, parameters, out):  # type: ignore[no-untyped-def]
        head, gradient, bias, own = parameters
        force(x, own, out)
        s = measure(x, gradient)
        _, slope = read_bias(bias, head[0], head[1], head[2] > 0.0, s)
        if head[3] > 0.0:
            upper = head[0] + head[1] * (len(bias) - 1)
            slope += head[3] * (min(s - head[0], 0.0) + max(s - upper, 0.0))
        for i in range(len(x)):
            out[i] -= slope * gradient[i]

    return biased


@njit(nogil=True)
def _march(  # type: ignore[no-untyped-def]
    step, force, measure, x, v, states, k, noises, head, bias, own, rule, every, each, samples, heights
):
    """One trajectory and its bias, hill after hill; `samples` (3, time) and `heights` (hill) are filled."""
    d = len(x)
    f, n, m, gradient = np.zeros(d), np.empty(d), np.zeros(d), np.empty(d)
    lower, spacing, periodic, parameters = head[0], head[1], head[2] > 0.0, (head, gradient, bias, own)
    width, height, kt, share = rule[0], rule[1], rule[2], 1.0 / rule[3]
    work = mean_work(bias, periodic, kt, share)
    force(x, parameters, f)
    for hill in range(len(heights)):
        s = 0.0
        for row in range(hill * each, (hill + 1) * each):
            for _ in range(every):
                for c in range(d):
                    n[c] = normal(states)
                if noises == 2:
                    for c in range(d):
                        m[c] = normal(states)
                step(force, x, v, f, n, m, k, parameters)
            s = measure(x, gradient)
            samples[0, row], samples[2, row] = s, work
            samples[1, row], _ = read_bias(bias, lower, spacing, periodic, s)
        if not math.isfinite(s):
            return
        # 1 / ((gamma - 1) kT), which is 0 for hills that do not shrink
        grown = samples[1, (hill + 1) * each - 1] * share / (1.0 - share) / kt
        heights[hill] = height * math.exp(-grown)
        add_hill(bias, lower, spacing, periodic, s, width, heights[hill])
        work = mean_work(bias, periodic, kt, share)
        force(x, parameters, f)

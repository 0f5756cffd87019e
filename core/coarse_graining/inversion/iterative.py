"""Iterative inversion: the pair potential of beads that reproduces a radial distribution, with any simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from ...particles.potentials import Tabulated
from .integral_equations import direct_correlation
from .pressure import with_pressure
from .virial import PairPotential, edges_of

__all__ = ["Simulator", "iterate_inversion", "potential_of"]

Floats = NDArray[np.float64]
Simulator = Callable[[Tabulated], tuple[ArrayLike, float | None]]
_PATIENCE = 5  # iterations without a tenth of improvement are a plateau


class _Task(NamedTuple):
    target: Floats
    width: float
    inside: int  # shells within the cutoff of the potential
    first: int  # first shell where the target is known
    density: float
    kt: float
    smallest: float
    smoothing: int
    hnc: bool


def iterate_inversion(
    target: xr.Dataset | ArrayLike,
    simulator: Simulator,
    *,
    density: float,
    thermal_energy: float = 1.0,
    width: float | None = None,
    cutoff: float | None = None,
    scheme: Literal["hnc", "ibi"] = "hnc",
    damping: float = 0.7,
    initial: PairPotential | ArrayLike | None = None,
    smallest: float = 1e-3,
    smoothing: int = 1,
    iterations: int = 50,
    tolerance: float = 1e-4,
    target_pressure: float | None = None,
    pressure_tolerance: float | None = None,
    largest_pressure_step: float = 0.1,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    r"""Correct a potential until a simulation with it has the radial distribution that is wanted, equations (6), (7).

    Parameters
    ----------
    target : xarray.Dataset or array_like
        g on equal shells from 0 on, as of `radial_distribution`; of an array, give the `width`.
    simulator : callable
        ``simulator(potential) -> (g, pressure or None)``: takes a `Tabulated` potential and returns g on the shells of
        the target. Any engine will do; `ParticleSimulator` and `IntegralEquationSimulator` are at hand.
    density : float
        Number density of the beads.
    thermal_energy : float
        kT.
    width : float, optional
        Thickness of the shells, if the target is an array.
    cutoff : float, optional
        Range of the potential, a whole number of shells. Default: that of the target. The potential is zero there.
    scheme : {"hnc", "ibi"}
        The step of the hypernetted chain, equation (7), or iterative Boltzmann inversion, equation (6).
    damping : float
        Part of the step that is taken, above 0 and up to 1.
    initial : PairPotential or array_like, optional
        Where to begin. Default: the potential of the target in the hypernetted chain, or -kT ln g.
    smallest : float
        Where g of the target is below, the potential goes on as a straight line: there g cannot be measured.
    smoothing : int
        Passes of (1, 2, 1)/4 over each *step* (not over the potential).
    iterations : int
        Most simulations.
    tolerance : float
        chi2, equation (8), at which the iteration has converged.
    target_pressure : float, optional
        The pressure that is wanted, too: equation (9) after each step, for what the step itself does not bring.
    pressure_tolerance : float, optional
        Distance from it that is close enough. Default: 2 % of the larger of the ideal pressure and itself.
    largest_pressure_step : float
        Largest correction of the potential at contact in one iteration, in kT.
    progress : bool or callable
        A bar, or a callable ``(done, total)``, which may raise to cancel.

    Returns
    -------
    xarray.Dataset
        ``U``, ``g`` (iteration, distance), ``chi2``, ``pressure`` (iteration), ``target`` (distance); ``potential``
        (distance), the best of them, ``best``, its number, and ``converged``; why it ended in the attribute
        ``stopped``, in words in ``comment``. It ends on a plateau, whatever `iterations` is. `potential_of` turns the
        result into a potential.

    Raises
    ------
    ParameterError
        If an argument is not allowed, or the simulator returns something else.
    ResultError
        If the iteration diverges.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.inversion import IntegralEquationSimulator
    >>> from mesoscale.core.particles.potentials import WeeksChandlerAndersen
    >>> liquid = IntegralEquationSimulator(0.4, width=0.05, cutoff=10)
    >>> g, _ = liquid(WeeksChandlerAndersen())
    >>> result = iterate_inversion(g, liquid, width=0.05, density=0.4, cutoff=1.5)
    >>> bool(result.converged), float(result.chi2[-1]) < 1e-4
    (True, True)
    """
    task = _checked(target, width, cutoff, density, thermal_energy, scheme, smallest, smoothing)
    _check_numbers(damping, iterations, tolerance, target_pressure, pressure_tolerance, largest_pressure_step)
    near = pressure_tolerance
    if target_pressure is not None and near is None:
        near = 0.02 * max(density * thermal_energy, abs(target_pressure))
    u = _initial(task, initial)
    history: list[tuple[Floats, Floats, float, float]] = []
    merits: list[float] = []
    stopped = "iterations"
    with Progress(progress, "iterate_inversion") as tick:
        for n in range(iterations):
            g, pressure = _simulated(simulator, tabulate(u, task.width, task.inside), task, n, target_pressure)
            chi2 = distance_of(g, task.target)
            history.append((u, g, chi2, pressure))
            tick(n + 1, iterations)
            merit = chi2 / tolerance
            if target_pressure is not None and near is not None:
                merit = max(merit, abs(pressure - target_pressure) / near)
            merits.append(merit)
            if not np.isfinite(merit) or chi2 > 10.0 * max(history[0][2], 1.0):
                raise ResultError(_divergence(n, history[0][2], chi2, scheme))
            if merit <= 1.0:
                stopped = "converged"
                break
            if n >= _PATIENCE and min(merits[-_PATIENCE:]) > 0.9 * min(merits[:-_PATIENCE]):
                stopped = "plateau"
                break
            step = _stepped(u, g, task, damping)
            if target_pressure is not None:
                missing, largest = target_pressure - pressure, largest_pressure_step * thermal_energy
                ramp = with_pressure(step - u, g[: task.inside], task.width, task.density, missing, largest)
                step = np.append(step[: task.inside] + ramp, step[task.inside :])
            u = step
            if not (np.isfinite(u).all() and np.abs(u).max() < 1e6 * thermal_energy):
                raise ResultError(_divergence(n, history[0][2], chi2, scheme))
    wanted = f"chi2 {tolerance:.3g}"
    if target_pressure is not None:
        wanted += f" and a pressure within {near:.3g} of {target_pressure:.6g}"
    return _labelled(task, history, merits, stopped, tolerance, scheme, damping, target, wanted)


def potential_of(result: xr.Dataset, iteration: int | None = None) -> Tabulated:
    """The potential of an inversion, of the best iteration or of another one, for `mesoscale.core.particles.dynamics`.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.inversion import IntegralEquationSimulator
    >>> liquid = IntegralEquationSimulator(0.1, width=0.05, cutoff=5)
    >>> flat = iterate_inversion(np.ones(100), liquid, width=0.05, density=0.1)
    >>> float(abs(potential_of(flat).energy(1.0)))
    0.0
    """
    chosen = result["potential"] if iteration is None else result["U"].sel(iteration=iteration)
    middle = result["distance"].values
    return tabulate(chosen.values, 2.0 * float(middle[0]), int(result["inside"]))


def tabulate(u: Floats, width: float, inside: int) -> Tabulated:
    """A potential that has these values in the middles of the shells and ends with zero at the cutoff."""
    r = (np.arange(inside) + 0.5) * width
    limited = np.clip(u[:inside], -1e8, 1e8)
    return Tabulated(np.append(r, inside * width), np.append(limited, 0.0))


def distance_of(g: Floats, target: Floats) -> float:
    """chi2 of equation (8); for a target without structure, its numerator over the integral of r^2."""
    weight = (np.arange(len(g)) + 0.5) ** 2
    scale = float((weight * (target - 1.0) ** 2).sum())
    return float((weight * (g - target) ** 2).sum()) / (scale if scale > 0.0 else float(weight.sum()))


def _stepped(u: Floats, g: Floats, task: _Task, damping: float) -> Floats:
    """Equation (6) or (7) where the target is known, smoothed; the core as a straight line; zero at the cutoff."""
    floor = task.smallest
    step = -np.log(np.maximum(task.target, floor) / np.maximum(g, floor))
    if task.hnc:
        now, then = g - 1.0, task.target - 1.0
        direct = [direct_correlation(h, task.width, task.density) for h in (now, then)]
        step += (then - now) - (direct[1] - direct[0])
    some = slice(task.first, task.inside)
    step = step[some]
    for _ in range(task.smoothing):
        ends = np.pad(step, 1, mode="edge")
        step = 0.25 * ends[:-2] + 0.5 * step + 0.25 * ends[2:]
    new = u.copy()
    new[some] += damping * task.kt * step
    return _finished(new, task)


def _finished(u: Floats, task: _Task) -> Floats:
    """Zero at the cutoff and beyond, a straight line in the core that never attracts."""
    first, inside = task.first, task.inside
    u = u.copy()
    u[:inside] -= u[inside - 1] + 0.5 * (u[inside - 1] - u[inside - 2])
    u[inside:] = 0.0
    if first > 0:
        count = min(4, inside - first)
        x = np.arange(count) - 0.5 * (count - 1)
        known = u[first : first + count]
        slope = float((x * (known - known.mean())).sum() / (x * x).sum())
        u[:first] = u[first] + min(slope, 0.0) * (np.arange(first) - first)
    return u


def _initial(task: _Task, initial: PairPotential | ArrayLike | None) -> Floats:
    n = len(task.target)
    if initial is None:
        u = np.zeros(n)
        known = np.maximum(task.target, task.smallest)
        u[:] = -task.kt * np.log(known)
        if task.hnc:
            total = task.target - 1.0
            u += task.kt * (total - direct_correlation(total, task.width, task.density))
        return _finished(u, task)
    r = (np.arange(n) + 0.5) * task.width
    given = initial.energy(r) if hasattr(initial, "energy") else initial
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (n,) or not np.isfinite(values).all():
        sentence = f"must be a potential, or {n} finite energies on the shells of the target"
        raise ParameterError("iterate_inversion", {"initial": sentence})
    return _finished(np.clip(values, -1e3 * task.kt, 1e3 * task.kt), task)


def _simulated(
    simulator: Simulator, potential: Tabulated, task: _Task, n: int, target_pressure: float | None
) -> tuple[Floats, float]:
    answer = simulator(potential)
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise ParameterError("iterate_inversion", {"simulator": "must return g and the pressure (or None)"})
    g = np.asarray(answer[0], dtype=np.float64)
    if g.shape != task.target.shape:
        sentence = f"must return g on the {len(task.target)} shells of the target, not of shape {g.shape}"
        raise ParameterError("iterate_inversion", {"simulator": sentence})
    if not np.isfinite(g).all():
        raise ResultError(f"iterate_inversion: in iteration {n} the simulator returned a g that is not finite")
    if target_pressure is not None and answer[1] is None:
        raise ParameterError("iterate_inversion", {"simulator": "must return a pressure if one is wanted"})
    return g, np.nan if answer[1] is None else float(answer[1])


def _divergence(n: int, first: float, last: float, scheme: str) -> str:
    hint = "a smaller damping, or scheme='ibi'" if scheme == "hnc" else "a smaller damping"
    return (
        f"iterate_inversion: diverged in iteration {n}: chi2 went from {first:.3g} to {last:.3g}; try {hint}, and see "
        "whether the target is long and precise enough"
    )


def _checked(
    target: xr.Dataset | ArrayLike, width: float | None, cutoff: float | None, density: float, thermal_energy: float,
    scheme: str, smallest: float, smoothing: int,
) -> _Task:  # fmt: skip
    name = "iterate_inversion"
    if isinstance(target, xr.Dataset):
        edges = edges_of(target, name)
        g, spacing = np.asarray(target["g"].values, dtype=np.float64), float(edges[1])
        if width is not None and not np.isclose(width, spacing, rtol=1e-9, atol=0.0):
            raise ParameterError(name, {"width": f"must be left out or {spacing!r}, that of the target"})
    else:
        g = np.asarray(target, dtype=np.float64)
        if width is None:
            raise ParameterError(name, {"width": "must be given with a target without distances"})
        spacing = float(width)
    if g.ndim != 1 or len(g) < 8 or not np.isfinite(g).all() or (g < 0.0).any():
        raise ParameterError(name, {"target": "must be at least 8 finite values of g, none negative"})
    for label, value in (("density", density), ("thermal_energy", thermal_energy), ("width", spacing)):
        if isinstance(value, bool) or not 0.0 < value < np.inf:
            raise ParameterError(name, {label: f"must be a positive number, not {value!r}"})
    if scheme not in ("hnc", "ibi"):
        raise ParameterError(name, {"scheme": f"must be 'hnc' or 'ibi', not {scheme!r}"})
    if not 0.0 < smallest < 0.5:
        raise ParameterError(name, {"smallest": f"must be above 0 and below 0.5, not {smallest!r}"})
    if isinstance(smoothing, bool) or smoothing not in range(11):
        raise ParameterError(name, {"smoothing": f"must be a whole number from 0 to 10, not {smoothing!r}"})
    inside = len(g) if cutoff is None else int(np.rint(cutoff / spacing))
    known = np.flatnonzero(g[:inside] > smallest)
    if not 4 <= inside <= len(g) or len(known) == 0 or inside - known[0] < 3:
        sentence = (
            f"must enclose at least 3 shells where g is above {smallest:g}, and reach at most {len(g) * spacing:.6g}"
        )
        raise ParameterError(name, {"cutoff": sentence})
    return _Task(g, spacing, inside, int(known[0]), density, thermal_energy, smallest, int(smoothing), scheme == "hnc")


def _check_numbers(
    damping: float, iterations: int, tolerance: float, target_pressure: float | None, pressure_tolerance: float | None,
    largest_pressure_step: float,
) -> None:  # fmt: skip
    wrong = {}
    if isinstance(damping, bool) or not 0.0 < damping <= 1.0:
        wrong["damping"] = f"must be above 0 and at most 1, not {damping!r}"
    if isinstance(iterations, bool) or not isinstance(iterations, int | np.integer) or not 1 <= iterations <= 100_000:
        wrong["iterations"] = f"must be a whole number from 1 to 100000, not {iterations!r}"
    if not 0.0 < tolerance < np.inf:
        wrong["tolerance"] = f"must be a positive number, not {tolerance!r}"
    if target_pressure is not None and not np.isfinite(target_pressure):
        wrong["target_pressure"] = f"must be finite, not {target_pressure!r}"
    if pressure_tolerance is not None and not 0.0 < pressure_tolerance < np.inf:
        wrong["pressure_tolerance"] = f"must be a positive number, not {pressure_tolerance!r}"
    if not 0.0 < largest_pressure_step < np.inf:
        wrong["largest_pressure_step"] = f"must be a positive number, not {largest_pressure_step!r}"
    if wrong:
        raise ParameterError("iterate_inversion", wrong)


def _labelled(
    task: _Task, history: list[tuple[Floats, Floats, float, float]], merits: list[float], stopped: str,
    tolerance: float, scheme: str, damping: float, target: Any, wanted: str,
) -> xr.Dataset:  # fmt: skip
    u, g, chi2, pressure = (np.array(column) for column in zip(*history, strict=True))
    best = int(np.argmin(merits))

    def says(words: str) -> dict[str, str]:
        return {"units": "1", "long_name": words}

    middle = (np.arange(len(task.target)) + 0.5) * task.width
    noise = ""
    if isinstance(target, xr.Dataset) and "g_error" in target and np.isfinite(target["g_error"].values).all():
        floor = distance_of(task.target + target["g_error"].values, task.target)
        noise = f"; the noise of the target alone makes chi2 {floor:.3g}"
    reached = f"chi2 is {chi2[best]:.3g}" + ("" if np.isnan(pressure[best]) else f", the pressure {pressure[best]:.6g}")
    comment = {
        "converged": f"converged: {reached} after {len(chi2)} simulations",
        "plateau": f"NOT converged: no further progress where {reached}, wanted {wanted}{noise}; longer simulations "
        "lower the noise, and what no pair potential has cannot be met",
        "iterations": f"NOT converged: {reached} after {len(chi2)} simulations, wanted {wanted}{noise}",
    }[stopped]
    recipe = {
        "function": "mesoscale.core.coarse_graining.inversion.iterate_inversion", "scheme": scheme, "damping": damping,
        "density": task.density, "thermal_energy": task.kt, "cutoff": task.inside * task.width,
        "smallest": task.smallest, "smoothing": task.smoothing, "tolerance": tolerance, "version": library_version(),
        "replayable": False,
    }  # fmt: skip
    return xr.Dataset(
        {
            "U": (("iteration", "distance"), u, says("pair potential")),
            "g": (("iteration", "distance"), g, says("radial distribution")),
            "chi2": ("iteration", chi2, says("squared distance from the target, relative to its structure")),
            "pressure": ("iteration", pressure, says("pressure")),
            "target": ("distance", task.target, says("radial distribution that is wanted")),
            "potential": ("distance", u[best], {**says("pair potential of the best iteration"), "comment": comment}),
            "best": ((), best, says("best iteration")),
            "inside": ((), task.inside, says("number of shells within the cutoff of the potential")),
            "converged": ((), stopped == "converged", says("whether the tolerance was reached")),
        },
        {
            "iteration": ("iteration", np.arange(len(chi2)), says("iteration")),
            "distance": ("distance", middle, says("distance, middle of the shell")),
        },
        {
            "source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe), "stopped": stopped,
            "comment": comment,
        },
    )  # fmt: skip

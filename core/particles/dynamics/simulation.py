"""`simulate` and `forces`: a system in, a labelled Dataset out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...kernels.random import spawn_states
from ...model import ParameterError, ResultError
from ...model.progress import Progress, library_version
from .barostat import Barostat, checked_count, checked_number
from .engine import VELOCITIES, Engine
from .interactions import ANGLE, BOND, CURVATURE, DIHEDRAL, PAIR, VIRIAL
from .motion import draw_normals
from .system import ForceField, System

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["final_system", "forces", "simulate"]

Floats = NDArray[np.float64]
_COMPONENTS = ["xx", "yy", "zz", "xy", "yz", "zx"]
_AXES = ["x", "y", "z"]
_WORK = 400_000  # particle-steps in one call of the kernel, some 0.2 s
_MOST_BYTES = 16e9
_SERIES = {
    "potential_energy": "potential energy",
    "pair_energy": "energy of pairs, without the tail",
    "bond_energy": "energy of bonds, angles and dihedrals",
    "kinetic_energy": "kinetic energy",
    "kinetic_temperature": "2 K over the degrees of freedom",
    "configurational_temperature": "squared force over the Laplacian of the energy",
    "force_square": "sum of squared forces",
    "laplacian": "Laplacian of the energy",
    "pressure": "pressure: two thirds of the kinetic energy, the virial and the tail, over the volume",
    "virial": "sum of r f",
    "volume": "volume of the box",
}


def forces(system: System, force_field: ForceField) -> xr.Dataset:
    """Energy, forces, virial and stress of one configuration.

    Parameters
    ----------
    system : System
        Velocities count in pressure and stress if there are any.
    force_field : ForceField
        What acts.

    Returns
    -------
    xarray.Dataset
        As of one time of `simulate`: ``force`` (particle, axis), ``potential_energy``, ``pressure``, ``virial``,
        ``stress`` (component) ...

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If a force is infinite.

    Examples
    --------
    >>> from mesoscale.core.particles.potentials import LennardJones
    >>> pair = System([[0, 0, 0], [0, 0, 1]], [9, 9, 9])
    >>> result = forces(pair, ForceField(pairs={(0, 0): LennardJones()}))
    >>> result.force.values.tolist(), float(result.virial)
    ([[0.0, 0.0, -24.0], [0.0, 0.0, 24.0]], 24.0)
    """
    _check_inputs(system, force_field)
    engine = Engine(system, force_field, 0.0, 0)
    if not (math.isfinite(engine.potential_energy) and np.isfinite(engine.export()[2]).all()):
        raise ResultError("forces: two particles are at the same place, or a bond is longer than it can be")
    series = _Series(1, 3 * system.size)
    series.record(0, engine, engine.export()[1])
    frames = {"force": engine.export()[2][None]}
    return _dataset(series, frames, None, system, force_field, {"function": "forces"}).isel(time=0, drop=True)


def simulate(
    system: System,
    force_field: ForceField,
    *,
    steps: int,
    step: float,
    scheme: Literal["baoab", "velocity_verlet"] = "baoab",
    temperature: float | None = None,
    friction: float = 1.0,
    every: int = 100,
    seed: int = 0,
    keep: tuple[str, ...] = ("position", "velocity", "force"),
    equilibration: int = 0,
    barostat: Barostat | None = None,
    skin: float = 0.3,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Molecular dynamics: Langevin by BAOAB, or velocity Verlet.

    Parameters
    ----------
    system, force_field : System, ForceField
        What moves, and what acts.
    steps, step : int, float
        Number of steps after `equilibration`, and their length.
    scheme : {"baoab", "velocity_verlet"}
        At a temperature, or at constant energy.
    temperature, friction : float
        The thermal energy kT and the rate at which velocities are forgotten. Without velocities in the system they are
        drawn at this temperature (velocity Verlet: with a total momentum of zero).
    every : int
        Steps between two measurements: ``steps // every`` are made, the first after `every` steps.
    seed : int
        Of velocities, thermostat (a stream for each particle) and box.
    keep : tuple of str
        Which of ``position`` (unwrapped), ``velocity`` and ``force`` to keep at each measurement.
    equilibration : int
        Steps made before.
    barostat : Barostat, optional
        Lets the box breathe; BAOAB only.
    skin : float
        By how much the neighbour lists reach beyond the cutoffs. It changes cost, not results.
    progress : bool or callable
        A bar, or a callable ``(done, total)``, which may raise to cancel.

    Returns
    -------
    xarray.Dataset
        Frames ``position``, ``velocity``, ``force`` (time, particle, axis); ``box`` (time, axis), or (time, vector,
        axis) if triclinic; series (time) of energies, temperatures, ``pressure``, and ``stress`` (time, component) =
        -(1/V) (sum m v v + sum r f), of which the pressure is a third of the negative trace; the last state for
        `final_system`; the attribute ``recipe``.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ResultError
        If particles fly apart.

    Examples
    --------
    >>> from mesoscale.core.particles.potentials import Harmonic
    >>> bond = ForceField(bonds=[([[0, 1]], Harmonic(stiffness=1.0))])
    >>> run = simulate(System([[0, 0, 0], [1.5, 0, 0]], [9, 9, 9]), bond, steps=100, step=0.01, every=100,
    ...                scheme="velocity_verlet")
    >>> round(float(run.potential_energy[0] + run.kinetic_energy[0]), 4)
    0.125
    """
    _check_inputs(system, force_field)
    total, equilibration = (
        checked_count("simulate", "steps", steps, 0),
        checked_count("simulate", "equilibration", equilibration, 0),
    )
    every, h = checked_count("simulate", "every", every, 1), checked_number("simulate", "step", step, 0.0, above=True)
    skin = checked_number("simulate", "skin", skin, 0.0, above=True)
    if scheme not in ("baoab", "velocity_verlet"):
        raise _fail("scheme", "must be 'baoab' or 'velocity_verlet'", scheme)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise _fail("seed", "must be a whole number of at least 0", seed)
    if not isinstance(keep, tuple | list | set | frozenset) or not set(keep) <= {"position", "velocity", "force"}:
        raise _fail("keep", "must be a tuple of 'position', 'velocity' and 'force'", keep)
    bath = scheme == "baoab"
    if bath and temperature is None:
        raise _fail("temperature", "must be given for 'baoab'", temperature)
    kt = 0.0 if temperature is None else checked_number("simulate", "temperature", temperature, 0.0)
    gamma = checked_number("simulate", "friction", friction, 0.0, above=True) if bath else 0.0
    if barostat is not None and not isinstance(barostat, Barostat):
        raise _fail("barostat", "must be a Barostat", barostat)
    if barostat is not None and not (bath and kt > 0.0):
        raise _fail("barostat", "needs the scheme 'baoab' at a temperature above 0", None)
    if barostat is not None and not force_field.tail_correction:
        jump = {k for k, p in force_field.pairs.items() if abs(float(p.energy(p.range * (1 - 1e-12)))) > 1e-6}
        if jump:
            raise _fail("barostat", f"needs energies that are zero at the cutoff, or the tail correction: pairs {jump}")
    rows = total // every
    if rows * every != total:
        raise _fail("steps", f"must be a multiple of every = {every}", steps)
    if rows * system.size * 24 * len(set(keep)) > _MOST_BYTES:
        raise _fail("every", "keeps more frames than memory: take a larger one, or a shorter keep", every)
    engine = Engine(system, force_field, skin, int(seed))
    if system.velocities is None and kt > 0.0:
        engine.set_velocities(_draw_velocities(system, kt, int(seed), bath))
    momentum = np.abs((system.masses[:, None] * engine.export()[1]).sum(axis=0)).max()
    rest = not bath and system.size > 1 and momentum < 1e-9 * max(1.0, float(system.masses.sum()))
    series = _Series(rows, 3 * system.size - (3 if rest else 0))
    frames: dict[str, Floats] = {
        name: np.empty((rows, system.size, 3)) for name in ("position", "velocity", "force") if name in keep
    }
    with Progress(progress, "simulate") as tick:
        run = _Runner(engine, h, gamma, kt, barostat, equilibration + total, tick)
        run.go(equilibration, measure=False)
        for row in range(rows):
            run.go(every, measure=True)
            state = dict(zip(("position", "velocity", "force"), engine.export(), strict=True))
            for name, frame in frames.items():
                frame[row] = state[name]
            series.record(row, engine, state["velocity"])
    recipe = {
        "function": "simulate", "steps": total, "step": h, "scheme": scheme, "temperature": temperature,
        "friction": gamma, "every": every, "seed": int(seed), "equilibration": equilibration,
        "barostat": None if barostat is None else asdict(barostat), "skin": skin,
    }  # fmt: skip
    result = _dataset(series, frames, h * every * np.arange(1.0, rows + 1.0), system, force_field, recipe)
    last = engine.export()
    result["last_position"] = ("particle", "axis"), last[0], _label("position at the end")
    result["last_velocity"] = ("particle", "axis"), last[1], _label("velocity at the end")
    result["last_box"] = ("vector", "axis"), engine.a.box.copy(), _label("lattice vectors at the end")
    if barostat is not None:
        result["volume_acceptance"] = (), run.accepted / max(run.tried, 1), _label("share of accepted moves of the box")
    return result


def final_system(result: xr.Dataset) -> System:
    """The `System` with which a run of `simulate` ended; to go on from it, take another seed, or the noise comes twice.

    Parameters
    ----------
    result : xarray.Dataset
        Of `simulate`.

    Returns
    -------
    System
        Positions unwrapped, with velocities.

    Raises
    ------
    ParameterError
        If it is no such result.

    Examples
    --------
    >>> start = System([[0, 0, 0], [2, 0, 0]], [9, 9, 9])
    >>> run = simulate(start, ForceField(), steps=10, step=0.01, temperature=1.0, every=10)
    >>> final_system(run).velocities.shape
    (2, 3)
    """
    try:
        return System(
            result["last_position"].values, result["last_box"].values, result["last_velocity"].values,
            result["mass"].values, result["type"].values.astype(np.int64),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise ParameterError("final_system", {"result": f"is no result of simulate ({error})"}) from None


class _Runner:
    """Steps in portions: short enough for Ctrl-C, ending where the box moves and where something is measured."""

    def __init__(
        self, engine: Engine, h: float, gamma: float, kt: float, barostat: Barostat | None, total: int,
        tick: Callable[[int, int], Any],
    ) -> None:  # fmt: skip
        self.engine, self.h, self.gamma, self.kt, self.barostat = engine, h, gamma, kt, barostat
        self.total, self.tick, self.done, self.tried, self.accepted = total, tick, 0, 0, 0
        if barostat is not None:
            rate = barostat.compressibility * kt / (4.0 * barostat.relaxation_time)
            self.spread = math.sqrt(2.0 * rate * barostat.every * h)

    def go(self, steps: int, *, measure: bool) -> None:
        end, portion = self.done + steps, max(1, _WORK // self.engine.n)
        while self.done < end:
            until = min(end, self.done + portion)
            box = self.barostat
            if box is not None:
                until = min(until, (self.done // box.every + 1) * box.every)
            moves = box is not None and until % box.every == 0
            wanted = moves or (measure and until == end)
            self.engine.advance(until - self.done, self.h, self.gamma, self.kt, self.done, wanted)
            self.done = until
            if box is not None and moves:
                self.tried += 1
                axes = 3 if box.coupling == "isotropic" else 2
                self.accepted += self.engine.move_volume(self.kt, box.pressure, self.spread, axes)
            if until == end or (until // portion) != (until - 1) // portion:
                self.tick(self.done, self.total)


class _Series:
    """What is measured at each time."""

    def __init__(self, rows: int, freedoms: int) -> None:
        self.freedoms = freedoms
        self.values = {name: np.empty(rows) for name in _SERIES}
        self.stress, self.box = np.empty((rows, 6)), np.empty((rows, 3, 3))

    def record(self, row: int, engine: Engine, velocity: Floats) -> None:
        out, volume, n, mass = engine.measured, engine.volume, engine.n, engine.system.masses
        moment = np.einsum("i,ia,ib->ab", mass, velocity, velocity)
        double = float(np.trace(moment))
        tail = engine.tail[1] / volume**2
        flow = np.array([moment[0, 0], moment[1, 1], moment[2, 2], moment[0, 1], moment[1, 2], moment[2, 0]])
        self.stress[row] = -(flow + out[VIRIAL : VIRIAL + 6]) / volume
        self.stress[row, :3] -= tail
        virial = float(out[VIRIAL : VIRIAL + 3].sum())
        square, bend = float((engine.a.f[:n, :3] ** 2).sum()), float(out[CURVATURE])
        measured = {
            "potential_energy": engine.potential_energy,
            "pair_energy": out[PAIR],
            "bond_energy": out[BOND] + out[ANGLE] + out[DIHEDRAL],
            "kinetic_energy": 0.5 * double,
            "kinetic_temperature": double / self.freedoms,
            "configurational_temperature": square / bend if bend != 0.0 else math.nan,
            "force_square": square,
            "laplacian": bend,
            "pressure": (double + virial) / (3.0 * volume) + tail,
            "virial": virial,
            "volume": volume,
        }
        for name, value in measured.items():
            self.values[name][row] = value
        self.box[row] = engine.a.box


def _dataset(
    series: _Series, frames: dict[str, Floats], times: Floats | None, system: System, force_field: ForceField,
    recipe: dict[str, Any],
) -> xr.Dataset:  # fmt: skip
    import xarray as xr

    shown: dict[str, Any] = {name: ("time", values, _label(_SERIES[name])) for name, values in series.values.items()}
    shown["stress"] = ("time", "component"), series.stress, _label("stress, tension positive")
    for name, values in frames.items():
        shown[name] = ("time", "particle", "axis"), values, _label(name)
    if np.array_equal(system.box, np.diag(np.diag(system.box))):
        shown["box"] = ("time", "axis"), np.diagonal(series.box, axis1=1, axis2=2).copy(), _label("edges of the box")
    else:
        shown["box"] = ("time", "vector", "axis"), series.box, _label("lattice vectors of the box")
    shown["mass"] = "particle", np.array(system.masses), _label("mass")
    shown["type"] = "particle", system.types.astype(np.int32), _label("type")
    coords: dict[str, Any] = {"axis": _AXES, "component": _COMPONENTS}
    if times is not None:
        coords["time"] = "time", times, _label("time")
    text = json.dumps(
        {**recipe, "particles": system.size, "force_field": force_field.describe(), "version": library_version()}
    )
    return xr.Dataset(shown, coords, {"recipe": text})


def _draw_velocities(system: System, kt: float, seed: int, bath: bool) -> Floats:
    unit = np.empty((system.size, 3))
    draw_normals(spawn_states(seed, system.size, purpose=VELOCITIES), unit)
    v = unit * np.sqrt(kt / system.masses)[:, None]
    if not bath and system.size > 1:
        v -= (system.masses[:, None] * v).sum(axis=0) / system.masses.sum()
        v *= math.sqrt(3.0 * (system.size - 1) * kt / float((system.masses[:, None] * v * v).sum()))
    return v


def _check_inputs(system: System, force_field: ForceField) -> None:
    if not isinstance(system, System):
        raise _fail("system", "must be a System", system)
    if not isinstance(force_field, ForceField):
        raise _fail("force_field", "must be a ForceField", force_field)


def _label(words: str) -> dict[str, str]:
    return {"units": "1", "long_name": words}


def _fail(name: str, sentence: str, value: Any = None) -> ParameterError:
    return ParameterError("simulate", {name: sentence}, {} if value is None else {name: value})

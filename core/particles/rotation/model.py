"""The model `StochasticRotation`; the story is told in :mod:`mesoscale.core.particles.rotation`."""

import functools
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import model_validator

from ...kernels.statistics import mean_with_error
from ...kernels.threads import map_blocks
from ...model import Estimate, Model, Result, Streams, Tick, param, problem
from ...quantities import Angle, Count, Dimensionless, Unit
from . import inverse, laws
from .fluid import Fluid, Thermostat
from .kernels import bin_velocities, square_displacements

__all__ = ["StochasticRotation"]

Floats = NDArray[np.float64]
_MOST_PARTICLES = 1 << 22
_MOST_WORK = 4 * 10**9  # particle-steps: a minute
_MOST_SAMPLES = 4096
_SETTLING = 6.0  # relaxation times before the measurement; the flow starts as theory has it


class _Record(NamedTuple):
    """What one box has seen: counts and velocities by sample and bin, squares by sample, displacements by window."""

    bins: Floats
    squares: Floats
    diffusion: list[float]


class StochasticRotation(Model):
    """A fluid of point particles that rotate their velocities in cells, in reduced units a = kT = m = 1."""

    dimensions: Literal[2, 3] = param(3, "dimensions of the fluid", source="Malevanets & Kapral 1999")
    occupancy: Dimensionless = param(
        10.0, "mean number of particles in a cell", source="Ripoll et al. 2006", ge=2, le=100, span=(3, 50)
    )
    rotation_angle: Angle = param(
        math.radians(130.0), "angle of rotation", source="Ripoll et al. 2006",
        ge=math.radians(15.0), le=math.pi, span=(math.radians(60.0), math.radians(150.0)),
    )  # fmt: skip
    reduced_step: Dimensionless = param(
        0.1, "time between collisions, which is the mean free path in cells", source="Ripoll et al. 2006",
        ge=0.005, le=5, span=(0.02, 2),
    )  # fmt: skip
    thermostat: Thermostat = param("cell", "what keeps the temperature", source="Huang et al. 2010")
    flow: Literal["sinusoidal", "poiseuille"] = param(
        "sinusoidal", "force along x: a sine of y in a periodic box, or uniform between walls", source="numerical"
    )
    flow_speed: Dimensionless = param(
        0.2, "speed at the peak of the flow, after theory, in thermal speeds", source="numerical: far below sound",
        ge=0.01, le=0.5,
    )  # fmt: skip
    drift: Dimensionless = param(
        0.0, "velocity along x that all particles have besides", source="numerical", ge=-20, le=20, span=(-5, 5)
    )
    cells: Count = param(8, "cells along an edge of the box", source="numerical", ge=4, le=256)
    steps: Count = param(2000, "steps that are measured, in each box", source="numerical", ge=10, le=10_000_000)
    boxes: Count = param(4, "independent boxes", source="numerical", ge=1, le=1000)

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result(
            "answer", Dimensionless, "kinematic viscosity, from the flow that the force keeps up", error=True,
            exists="where the flow rises above its noise",
            valid="a flow that is smooth (a mean free path, and the way flown while stress lasts, below 0.2 of its "
            "length 1/k), temperature within 2 %, and a flow along it",
        ),
        Result("naive_answer", Dimensionless, "kinematic viscosity of a gas: what streaming particles carry"),
        Result(
            "theoretical_viscosity", Dimensionless, "kinetic and collisional viscosity together",
            valid="a flow that is smooth as for the answer, over 8 cells or more, below 0.6 of the speed of sound; "
            "10 particles a cell or more below a mean free path of 0.15, and 20 below 0.05; in 2 D a dynamic "
            "viscosity of 5 or more",
        ),
        Result("dynamic_viscosity", Dimensionless, "measured viscosity times density", error=True,
               exists="where the flow rises above its noise"),
        Result("self_diffusion", Dimensionless, "self-diffusion across the flow", error=True,
               exists="with a free direction and a run that holds two windows"),
        Result("theoretical_self_diffusion", Dimensionless, "self-diffusion of particles without memory",
               valid="a mean free path of 0.5 cells or more"),
        Result("schmidt_number", Dimensionless, "measured viscosity over measured self-diffusion", error=True,
               exists="where both are measured"),
        Result("slip_length", Dimensionless, "depth behind the wall at which the parabola vanishes", error=True,
               exists="between walls, where the flow rises above its noise"),
        Result("measured_temperature", Dimensionless, "kT, relative to the flow", error=True),
        Result("mach_number", Dimensionless, "peak speed of the flow over the speed of sound"),
        Result(
            "reduced_height", Dimensionless, "distance across the flow, in cells", dims=("reduced_height",)
        ),
        Result("flow_velocity", Dimensionless, "velocity of the flow", dims=("reduced_height",), error=True,
               beside="theoretical_velocity"),
        Result("theoretical_velocity", Dimensionless, "velocity of a fluid of the theoretical viscosity",
               dims=("reduced_height",)),
    )  # fmt: skip
    competition: ClassVar[str | None] = "momentum moved by collisions / momentum carried by streaming"
    control: ClassVar[str | None] = "reduced_step"
    quick: ClassVar[Mapping[str, Any]] = {"cells": 6, "occupancy": 5.0, "steps": 300, "boxes": 2}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.dimensions == 2 and self.rotation_angle > math.radians(165.0):
            raise problem("rotation_angle", "must be at most 2.8798 rad in 2 D: at pi nothing ever relaxes")
        if self.flow == "poiseuille" and self.drift != 0.0:
            raise problem("drift", "must be 0 between walls, which are at rest")
        n = self._particles()
        if n < 100:
            raise problem("occupancy", f"must be at least {100 / self.cells**self.dimensions:.4g} in so small a box")
        if n > _MOST_PARTICLES:
            most = int((_MOST_PARTICLES / self.occupancy) ** (1.0 / self.dimensions))
            raise problem("cells", f"must be at most {most} at this occupancy: {_MOST_PARTICLES} particles")
        every, settling, _ = self._schedule()
        work = float(n) * (self.steps + every * settling) * self.boxes
        if work > _MOST_WORK:
            share = _MOST_WORK / (float(n) * self.boxes)
            sentence = f"must be at most {int(share) - every * settling}: {_MOST_WORK:.0e} particle-steps"
            name, sentence = ("steps", sentence) if share > every * settling + 10 else (
                "cells", f"must be smaller: the flow settles in {every * settling} steps of {n} particles"
            )  # fmt: skip
            raise problem(name, sentence)
        return self

    def governing_ratio(self) -> float:
        """Collisional over kinetic viscosity: a liquid above 1, a gas below."""
        return self._collisional() / self._kinetic()

    def theory(self) -> float:
        """Kinematic viscosity that the laws give."""
        return self._kinetic() + self._collisional()

    def _kinetic(self) -> float:
        where = (self.reduced_step, self.occupancy, self.rotation_angle, self.dimensions)
        return float(laws.kinetic_viscosity(*where, cell_thermostat=self.thermostat == "cell"))

    def _collisional(self) -> float:
        where = (self.reduced_step, self.occupancy, self.rotation_angle, self.dimensions)
        return float(laws.collisional_viscosity(*where))

    def wavenumber(self) -> float:
        """Of the sine, or of the slowest mode between the walls."""
        return (2.0 if self.flow == "sinusoidal" else 1.0) * math.pi / self.cells

    def acceleration(self) -> float:
        """Force per mass that theory needs for the flow speed; a kick alone is never more than that."""
        kick = -math.expm1(-self._decay()) if self.flow == "sinusoidal" else min(1.0, self._channel_decay())
        return self.flow_speed * kick / self.reduced_step

    def _decay(self) -> float:
        """nu k^2 dt: what the flow loses in a step, as an exponent."""
        return self.theory() * self.wavenumber() ** 2 * self.reduced_step

    def _channel_decay(self) -> float:
        """Kick in a step that keeps up a parabola with a peak of 1."""
        return 8.0 * self.theory() * self.reduced_step / self.cells**2

    def _particles(self) -> int:
        return round(self.occupancy * self.cells**self.dimensions)

    def _schedule(self) -> tuple[int, int, int]:
        """Steps between samples, samples until the flow has settled, and half a window of displacements, in samples."""
        decay = self._decay()
        every = max(1, math.ceil(0.2 / decay), math.ceil(self.steps / _MOST_SAMPLES))
        every = min(every, self.steps)
        forgotten = laws.exchanged_share(self.occupancy) * (1.0 - math.cos(self.rotation_angle)) * 2.0 / self.dimensions
        half = max(1, math.ceil(5.0 / float(forgotten) / every))
        return every, math.ceil(_SETTLING / decay / every), half

    def _shape(self) -> Floats:
        """The flow for a peak of 1, as means over the bins."""
        height, width = self._heights(), 0.5
        if self.flow == "sinusoidal":
            k = self.wavenumber()
            sine: Floats = np.sin(k * height) * (math.sin(0.5 * k * width) / (0.5 * k * width))
            return sine
        parabola: Floats = 4.0 * (height * (self.cells - height) - width**2 / 12.0) / self.cells**2
        return parabola

    def _heights(self) -> Floats:
        return np.asarray((np.arange(2 * self.cells) + 0.5) * 0.5, np.float64)

    def _amplitude(self) -> float:
        """Peak of the flow after a collision, after theory."""
        if self.flow == "poiseuille":
            return self.acceleration() * self.reduced_step / self._channel_decay()
        return self.flow_speed * math.exp(-self._decay())

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Follow the boxes, and read viscosity, diffusion and temperature."""
        states, done, lock, stop = streams(self.boxes), np.zeros(self.boxes), threading.Lock(), threading.Event()

        def report(box: int, share: float) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            with lock:
                done[box] = share
                tick(int(1000 * done.mean()), 1000)

        def follow(begin: int, end: int) -> list[_Record]:
            return [self._follow(states[box], functools.partial(report, box)) for box in range(begin, end)]

        records = [record for block in map_blocks(follow, self.boxes, 1, stop=stop) for record in block]
        return self._read(records)

    def _follow(self, state: NDArray[np.uint64], report: Callable[[float], None]) -> _Record:
        every, settling, half = self._schedule()
        d, walls = self.dimensions, self.flow == "poiseuille"
        edges = np.array([self.cells, self.cells, self.cells if d == 3 else 1])
        fluid = Fluid.at_rest(
            self._particles(), edges, state, dimensions=d, step=self.reduced_step, angle=self.rotation_angle,
            thermostat=self.thermostat, flow="uniform" if walls else "sinusoidal", force=self.acceleration(),
            walls=walls, occupancy=self.occupancy,
        )  # fmt: skip
        turns = fluid.rows[1] / self.cells
        profile = 4.0 * turns * (1.0 - turns) if walls else np.sin(2.0 * math.pi * turns)
        fluid.rows[3] += self.drift + self._amplitude() * profile
        samples = self.steps // every
        total = (settling + samples) * every
        fluid.advance(settling * every, lambda steps: report(steps / total))
        free = (2 if walls else 1, d)
        bins, squares, diffusion = np.zeros((samples, 2 * self.cells, 2)), np.empty(samples), []
        origin, order, first = fluid.rows.copy(), fluid.order(), 0.0
        for sample in range(samples):
            fluid.advance(every)
            report((settling + sample + 1) * every / total)
            squares[sample] = bin_velocities(fluid.rows, self.drift, self.cells, walls, bins[sample])
            place = sample % (2 * half)
            if free[0] < free[1] and place in (half - 1, 2 * half - 1):
                origin, order = fluid.rearranged(origin, order), fluid.order()
                moved = square_displacements(fluid.rows, origin, *free)
                if place == half - 1:
                    first = moved
                else:
                    diffusion.append((moved - first) / (2.0 * half * every * self.reduced_step))
                    origin = fluid.rows.copy()
        return _Record(bins, squares, diffusion)

    def _read(self, records: list[_Record]) -> dict[str, Any]:
        count, momentum = records[0].bins.shape[0], np.stack([r.bins for r in records])
        number, velocity = momentum[..., 0], momentum[..., 1]
        shape, dt, d = self._shape(), self.reduced_step, self.dimensions
        viscosity: Estimate | None
        slip: Estimate | None = None
        if self.flow == "sinusoidal":
            peaks = (velocity * shape).sum(-1) / (number * shape**2).sum(-1)
            peak = _mean_over_boxes(peaks)
            viscosity = self._invert(peak)
        else:
            bulk = slice(2, -2)  # a wall's cells see half of a neighbourhood
            n, v, s = number[..., bulk], velocity[..., bulk], shape[bulk]
            s11, s12, s22 = n.sum(-1), (n * s).sum(-1), (n * s**2).sum(-1)
            t1, t2 = v.sum(-1), (v * s).sum(-1)
            determinant = s11 * s22 - s12 * s12
            peak = _mean_over_boxes((s11 * t2 - s12 * t1) / determinant)
            offset = _mean_over_boxes((s22 * t1 - s12 * t2) / determinant)
            viscosity = self._invert(peak)
            if viscosity is not None:
                slip = Estimate(*(x * self.cells / (4.0 * peak.value) for x in offset))
        occupied = number > 0
        profile = velocity.mean(axis=1) / np.maximum(number.mean(axis=1), 1e-300)
        flow_square = (velocity**2 / np.maximum(number, 1.0)).sum(-1)
        freedom = d * self._particles() - occupied.sum(-1)
        squares = np.stack([r.squares for r in records])
        temperature = _mean_over_boxes((squares - flow_square) / freedom)
        diffusion = self._diffusion(records)
        where = (dt, self.occupancy, self.rotation_angle, d)
        nu = self.theory()
        flight = max(dt, self._kinetic())  # how far particles get in a step, and while their stress lasts
        gentle = flight * self.wavenumber() < 0.2
        fewest = 20.0 if dt < 0.05 else 10.0 if dt < 0.15 else 0.0  # else those who meet have met before
        smooth = gentle and self.cells >= 8 and self.occupancy >= fewest
        mach = abs(peak.value) / float(laws.sound_speed(1.0, 1.0, d, self.thermostat != "none"))
        good = gentle and abs(temperature.value - 1.0) < 0.02 and mach < 0.6
        return {
            "answer": viscosity,
            "answer_valid": good,
            "naive_answer": self._kinetic(),
            "theoretical_viscosity": nu,
            "theoretical_viscosity_valid": smooth and mach < 0.6 and (d == 3 or self.occupancy * nu >= 5.0),
            "dynamic_viscosity": None if viscosity is None else Estimate(*(self.occupancy * x for x in viscosity)),
            "self_diffusion": diffusion,
            "theoretical_self_diffusion": float(laws.self_diffusion(*where)),
            "theoretical_self_diffusion_valid": dt >= 0.5,
            "schmidt_number": _ratio(viscosity, diffusion),
            "slip_length": slip,
            "measured_temperature": temperature,
            "mach_number": mach,
            "reduced_height": self._heights(),
            "flow_velocity": _profile_with_error(profile, velocity, number, count),
            "theoretical_velocity": self._amplitude() * self._shape(),
        }

    def _invert(self, peak: Estimate) -> Estimate | None:
        """Viscosity from the peak of the flow; None when it does not rise above three of its errors."""
        u, error = float(peak.value), float(peak.error)
        if not u > 3.0 * error or u <= 0.0:
            return None
        force, dt, k = self.acceleration(), self.reduced_step, self.wavenumber()
        if self.flow == "sinusoidal":
            nu = float(inverse.forced_flow_viscosity(u, force, k, dt))
            slope = force / (k * k * u * (u + force * dt))
        else:
            nu = force * self.cells**2 / (8.0 * u)
            slope = nu / u
        return Estimate(nu, slope * error)

    def _diffusion(self, records: list[_Record]) -> Estimate | None:
        values = np.array([record.diffusion for record in records])
        return _mean_over_boxes(values) if values.size >= 2 else None  # slow flows reach over several windows

    def scales(self, result: xr.Dataset, *, length: float | str, energy: float | str, mass: float | str) -> xr.Dataset:
        """The same result in SI.

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        length : float or str
            Edge of a cell [m].
        energy : float or str
            Thermal energy kT [J].
        mass : float or str
            Mass of a particle [kg].

        Returns
        -------
        xarray.Dataset
            Viscosities, diffusion, lengths and velocities in SI; the names and the recipe, which tell the reduced run,
            stay. In two dimensions the dynamic viscosity is one of a film, in Pa s m.

        Examples
        --------
        >>> fluid = StochasticRotation(cells=4, steps=100)
        >>> scaled = fluid.scales(fluid.run(), length="1 um", energy="4.11e-21 J", mass="1e-16 kg")
        >>> scaled.answer.units, scaled.reduced_height.units, scaled.dynamic_viscosity.units
        ('m2 s-1', 'm', 'Pa s')
        """
        a = float(Unit("m").to_magnitude(length))
        kt = float(Unit("J").to_magnitude(energy))
        m = float(Unit("kg").to_magnitude(mass))
        if not (a > 0 and kt > 0 and m > 0):
            raise ValueError(f"length = {length}, energy = {energy}, mass = {mass}: each must be greater than 0")
        speed = math.sqrt(kt / m)
        transport, film = (a * speed, "m2 s-1"), self.dimensions == 2
        kinds = {
            **dict.fromkeys(("answer", "naive_answer", "theoretical_viscosity", "self_diffusion",
                             "theoretical_self_diffusion"), transport),
            "dynamic_viscosity": (m * speed / a ** (self.dimensions - 1), "Pa s m" if film else "Pa s"),
            **dict.fromkeys(("slip_length", "reduced_height"), (a, "m")),
            **dict.fromkeys(("flow_velocity", "theoretical_velocity"), (speed, "m s-1")),
            "measured_temperature": (kt, "J"),
        }  # fmt: skip
        scaled = result.copy()
        for name, (factor, unit) in kinds.items():
            for one in (name, f"{name}_error"):
                if one not in result.variables:
                    continue
                variable = result[one].variable
                values = (variable.dims, variable.values * factor, {**variable.attrs, "units": unit})
                scaled = scaled.assign_coords({one: values}) if one in result.coords else scaled.assign({one: values})
        return scaled


def _mean_over_boxes(series: Floats) -> Estimate:
    """Mean of correlated series by box and sample, and its standard error.

    The boxes are put one behind the other, so that a correlation of some ten samples is still seen in boxes of twenty,
    where a series' own mean would hide it.
    """
    return Estimate(*mean_with_error(series.ravel()))


def _profile_with_error(profile: Floats, velocity: Floats, number: Floats, count: int) -> Estimate:
    """Mean profile over boxes; with one box, the error is that of its correlated samples."""
    if len(profile) > 1:
        return Estimate(profile.mean(axis=0), profile.std(axis=0, ddof=1) / math.sqrt(len(profile)))
    if count < 2:
        return Estimate(profile[0], np.full(profile.shape[1], math.nan))
    series = velocity[0] / np.maximum(number[0], 1.0)
    return Estimate(profile[0], np.array([mean_with_error(column)[1] for column in series.T]))


def _ratio(first: Estimate | None, second: Estimate | None) -> Estimate | None:
    if first is None or second is None or not second.value > 0:
        return None
    value = float(first.value / second.value)
    return Estimate(value, value * math.hypot(first.error / first.value, second.error / second.value))

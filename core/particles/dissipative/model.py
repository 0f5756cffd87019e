"""The model `DissipativeParticles`; the story is told in :mod:`mesoscale.core.particles.dissipative`."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import model_validator

from ...kernels.statistics import mean_with_error
from ...model import Estimate, Model, Result, Streams, Tick, param, problem
from ...quantities import Count, Dimensionless, Fraction, Unit
from . import laws, transport
from .equation_of_state import tabulated_inverse_compressibility, tabulated_pressure
from .fluid import Fluid, Samples, Scheme
from .observables import diffusion_from_displacements, mean_square_displacement, radial_distribution

__all__ = ["DissipativeParticles"]

Array = NDArray[np.float64]
_GW = "Groot & Warren 1997"
_FORGOTTEN = 5.0  # time after which a bead has forgotten its velocity: its friction is 4 pi rho gamma / 45, at least 1
_FRAMES = 50
_BINS = 48
_LAYERS = 40
_TRACKED = 4000
_WARM = "a kinetic and a configurational temperature within a tenth of kT"
_TABLE = "one species at densities from 2 to 10 and repulsions to 150, where the equation of state was measured"
_FREE = "in a mixed fluid followed for 20 units of time"
_DRIVEN = "in a driven fluid"
_LAYERED = "between two species in layers"


class DissipativeParticles(Model):
    """A fluid of soft beads with pairwise friction and noise: hydrodynamics at the cost of a gas, in reduced units."""

    reduced_density: Dimensionless = param(3.0, "beads in a cubed cutoff", source=_GW, ge=0.5, le=12, span=(2, 8))
    repulsion: Dimensionless = param(
        25.0, "largest repulsion between two beads of the first species", source=f"{_GW}: water, one molecule a bead",
        ge=0, le=300, span=(1, 100),
    )  # fmt: skip
    second_fraction: Fraction = param(0.0, "share of beads of a second species", source="none", ge=0, le=1, span=(0, 1))
    second_repulsion: Dimensionless = param(25.0, "repulsion within the second species", source=_GW, ge=0, le=300)
    cross_repulsion: Dimensionless = param(25.0, "repulsion between the species", source="one liquid", ge=0, le=300)
    pair_friction: Dimensionless = param(4.5, "gamma, friction of a pair", source=_GW, ge=0.1, le=200)
    driving_force: Dimensionless = param(
        0.0, "amplitude of a force along x that goes as sin(2 pi z / height)", source="none", ge=0, le=2, span=(0, 0.1)
    )
    arrangement: Literal["mixed", "layers"] = param("mixed", "where the second species begins", source="numerical")
    particles: Count = param(3000, "beads", source="numerical", ge=30, le=4_000_000)
    elongation: Dimensionless = param(1.0, "height of the box over its width", source="numerical", ge=1, le=20)
    scheme: Scheme = param("groot_warren", "integrator", source=f"{_GW}; Shardlow 2003; Peters 2004")
    prediction: Dimensionless = param(0.65, "lambda of the modified velocity Verlet", source=_GW, ge=0, le=1)
    time_step: Dimensionless = param(0.04, "step", source=_GW, ge=1e-4, le=0.2, span=(0.005, 0.1))
    steps: Count = param(1500, "steps that are measured", source="numerical", ge=200, le=100_000_000)
    equilibration: Count = param(400, "steps before", source="numerical", ge=0, le=100_000_000, span=(0, 4000))
    every: Count = param(10, "steps between samples", source="numerical", ge=1, le=1000)
    most_work: Dimensionless = param(
        3e7, "particles times steps above which a run is refused", source="numerical: some seconds", ge=1e5, le=1e14
    )

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("answer", Dimensionless, "pressure (of layers: across them)", error=True, valid=_WARM),
        Result("naive_answer", Dimensionless, "pressure of beads that lie at random"),
        Result("tabulated_pressure", Dimensionless, "pressure from the measured equation of state",
               exists=f"for {_TABLE}"),
        Result("tabulated_inverse_compressibility", Dimensionless, "inverse compressibility from the same",
               exists=f"for {_TABLE}"),
        Result("distance", Dimensionless, "distance between beads", dims=("distance",)),
        Result("radial_distribution", Dimensionless, "radial distribution", dims=("distance",),
               beside="random_distribution"),
        Result("random_distribution", Dimensionless, "radial distribution of beads that lie at random",
               dims=("distance",)),
        Result("kinetic_temperature", Dimensionless, "kinetic temperature", error=True),
        Result("configurational_temperature", Dimensionless, "configurational temperature", error=True,
               exists="where forces and their gradients do not vanish"),
        Result("component", Count, "component of the pressure tensor: xx yy zz xy yz zx", dims=("component",)),
        Result("pressure_tensor", Dimensionless, "pressure tensor", dims=("component",), error=True),
        Result("potential_energy_per_bead", Dimensionless, "potential energy per bead", error=True),
        Result("largest_momentum", Dimensionless, "largest total momentum of a sample"),
        Result("reduced_time", Dimensionless, "time", dims=("reduced_time",)),
        Result("pressure_series", Dimensionless, "pressure of the samples", dims=("reduced_time",)),
        Result("temperature_series", Dimensionless, "kinetic temperature of the samples", dims=("reduced_time",)),
        Result("lag", Dimensionless, "time lag", dims=("lag",)),
        Result("square_displacement", Dimensionless, "mean square displacement per direction", dims=("lag",),
               beside="ideal_square_displacement"),
        Result("ideal_square_displacement", Dimensionless, "the same by the ideal diffusivity", dims=("lag",)),
        Result("reduced_diffusivity", Dimensionless, "diffusivity of the beads in this box", error=True, exists=_FREE),
        Result("ideal_diffusivity", Dimensionless, "diffusivity without repulsion, an estimate"),
        Result("reduced_kinematic_viscosity", Dimensionless, "kinematic viscosity", error=True, exists=_DRIVEN),
        Result("ideal_kinematic_viscosity", Dimensionless, "kinematic viscosity without repulsion, an estimate"),
        Result("reduced_interfacial_tension", Dimensionless, "interfacial tension", error=True, exists=_LAYERED),
        Result("reduced_height", Dimensionless, "height in the box", dims=("reduced_height",)),
        Result("velocity_profile", Dimensionless, "velocity along x", dims=("reduced_height",)),
        Result("first_species_profile", Dimensionless, "share of the first species", dims=("reduced_height",)),
    )  # fmt: skip
    competition: ClassVar[str | None] = "energy of two beads that coincide / thermal energy"
    control: ClassVar[str | None] = "repulsion"
    quick: ClassVar[Mapping[str, Any]] = {"particles": 375, "steps": 600, "equilibration": 200}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        least = math.ceil(27.0 * self.reduced_density * self.elongation)
        if self.particles < least:
            raise problem("particles", f"must be at least {least}: the box must be three cutoffs wide")
        if self.steps % self.every:
            raise problem("every", "must divide steps")
        if self.steps // self.every < 20:
            raise problem("every", f"must be at most {self.steps // 20}: twenty samples are needed")
        work = self.particles * (self.steps + self.equilibration + self._settling()) * self.reduced_density / 3.0
        if work > self.most_work:
            raise problem(
                "most_work", f"must be at least {work:.3g} for so many particles and steps, or take fewer of them"
            )
        return self

    def width(self) -> float:
        """Edge of the box along x and y, in cutoffs; its height is `elongation` times as much."""
        return float((self.particles / (self.reduced_density * self.elongation)) ** (1.0 / 3.0))

    def _wavenumber(self) -> float:
        return 2.0 * math.pi / (self.width() * self.elongation)

    def _settling(self) -> int:
        """Steps in which a driven flow comes within a percent of its steady state."""
        if self.driving_force == 0.0:
            return 0
        rate = transport.ideal_kinematic_viscosity(self.pair_friction, self.reduced_density) * self._wavenumber() ** 2
        return math.ceil(6.0 / (0.8 * rate * self.time_step))

    def governing_ratio(self) -> float:
        """The energy of two beads that coincide, a/2, in kT: above 1, beads keep apart."""
        return self.repulsion / 2.0

    def mean_repulsion(self) -> float:
        """Repulsion of two beads that are picked at random."""
        b = self.second_fraction
        return (1 - b) ** 2 * self.repulsion + 2 * b * (1 - b) * self.cross_repulsion + b * b * self.second_repulsion

    def fluid(self, streams: Streams) -> Fluid:
        """The fluid at its start: beads at random, in layers if wished."""
        width, n = self.width(), self.particles
        box = np.array([width, width, width * self.elongation])
        place = np.random.Generator(np.random.Philox(key=streams(1)[0, :2])).random((n, 3))
        second = round(n * self.second_fraction)
        species = np.zeros(n, np.int64)
        species[n - second :] = 1
        if self.arrangement == "layers":
            share = second / n
            place[: n - second, 2] *= 1.0 - share
            place[n - second :, 2] = 1.0 - share * (1.0 - place[n - second :, 2])
            np.clip(place, 0.0, 1.0 - 1e-12, out=place)
        a, b, c = self.repulsion, self.second_repulsion, self.cross_repulsion
        return Fluid(
            place * box, box, repulsion=[[a, c], [c, b]], species=species, friction=self.pair_friction,
            step=self.time_step, scheme=self.scheme, prediction=self.prediction, driving=self.driving_force,
            seed=int(streams(1)[0, 0]),
        )  # fmt: skip

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Let the fluid settle, follow it, and read it."""
        fluid = self.fluid(streams)
        before = self.equilibration + self._settling()
        total = before + self.steps
        fluid.advance(before, tick=lambda done, _: tick(done, total))
        portion = max(self.every, self.steps // _FRAMES // self.every * self.every)
        edges = np.linspace(0.0, min(3.0, 0.5 * self.width()), _BINS + 1)
        structure = np.zeros(_BINS)
        profiles = np.zeros((3, _LAYERS))
        references = max(20, min(self.particles, 600_000 // self.particles))
        tracked = slice(0, _TRACKED)
        frames, samples = [fluid.positions(unwrapped=True)[tracked]], []
        done = 0
        while done + portion <= self.steps:
            samples.append(fluid.advance(portion, every=self.every))
            done += portion
            place = fluid.positions()
            frames.append(fluid.positions(unwrapped=True)[tracked])
            structure += radial_distribution(place, fluid.box, edges, references=references)
            profiles += self._profiles(place, fluid)
            tick(before + done, total)
        if done < self.steps:
            samples.append(fluid.advance(self.steps - done, every=self.every))
            tick(total, total)
        series = Samples.join(samples)
        if self.driving_force > 0.0:
            series = series.at_rest(self.reduced_density)
        lag = np.arange(len(frames) // 2 + 1) * portion * self.time_step
        axes = (1, 2) if self.driving_force > 0 else (0, 1, 2)
        squares = mean_square_displacement(np.array(frames), axes)
        kinetic = Estimate(*mean_with_error(series.kinetic_temperature))
        pressure = series.stress[:, 2] if self._layered else series.pressure
        known = self.second_fraction in (0.0, 1.0)
        a = self.second_repulsion if self.second_fraction == 1.0 else self.repulsion
        ideal = float(transport.ideal_diffusivity(self.pair_friction, self.reduced_density))
        warm = Estimate(*series.configurational_temperature())
        return {
            "answer": Estimate(*mean_with_error(pressure)),
            "answer_valid": abs((kinetic if math.isnan(warm.value) else warm).value - 1.0) < 0.1
            and abs(kinetic.value - 1.0) < 0.1,
            "naive_answer": float(laws.mean_field_pressure(self.reduced_density, self.mean_repulsion())),
            "tabulated_pressure": tabulated_pressure(self.reduced_density, a) if known else None,
            "tabulated_inverse_compressibility": (
                tabulated_inverse_compressibility(self.reduced_density, a) if known else None
            ),
            "distance": 0.5 * (edges[1:] + edges[:-1]),
            "radial_distribution": structure / max(1, len(frames) - 1),
            "random_distribution": np.ones(_BINS),
            "kinetic_temperature": kinetic,
            "configurational_temperature": None if math.isnan(warm.value) else warm,
            "component": np.arange(6),
            "pressure_tensor": Estimate(*np.array([mean_with_error(c) for c in series.stress.T]).T),
            "potential_energy_per_bead": Estimate(*mean_with_error(series.potential_energy)),
            "largest_momentum": float(np.abs(series.momentum).max()),
            "reduced_time": (1 + np.arange(len(pressure))) * self.every * self.time_step,
            "pressure_series": series.pressure,
            "temperature_series": series.kinetic_temperature,
            "lag": lag,
            "square_displacement": squares.mean(axis=0),
            "ideal_square_displacement": 2.0 * ideal * lag,
            "reduced_diffusivity": self._diffusivity(squares, portion * self.time_step),
            "ideal_diffusivity": ideal,
            "reduced_kinematic_viscosity": self._viscosity(series),
            "ideal_kinematic_viscosity": float(
                transport.ideal_kinematic_viscosity(self.pair_friction, self.reduced_density)
            ),
            "reduced_interfacial_tension": self._tension(series, float(fluid.box[2])),
            "reduced_height": (np.arange(_LAYERS) + 0.5) * float(fluid.box[2]) / _LAYERS,
            "velocity_profile": profiles[1] / np.maximum(profiles[0], 1.0),
            "first_species_profile": profiles[2] / np.maximum(profiles[0], 1.0),
        }

    @property
    def _layered(self) -> bool:
        return self.arrangement == "layers" and 0.0 < self.second_fraction < 1.0

    def _profiles(self, place: Array, fluid: Fluid) -> Array:
        """Beads, momentum along x and beads of the first species in the layers of the box."""
        layer = np.minimum((place[:, 2] * (_LAYERS / float(fluid.box[2]))).astype(int), _LAYERS - 1)
        first = np.arange(len(place)) < len(place) - round(len(place) * self.second_fraction)
        weights = (np.ones(len(place)), fluid.velocities()[:, 0], first.astype(float))
        return np.array([np.bincount(layer, weight, _LAYERS) for weight in weights])

    def _diffusivity(self, squares: Array, interval: float) -> Estimate | None:
        lags = squares.shape[1] - 1
        if self._layered or self.steps * self.time_step < 4.0 * _FORGOTTEN or lags * interval < _FORGOTTEN + interval:
            return None
        return Estimate(*diffusion_from_displacements(squares, interval, _FORGOTTEN))

    def _viscosity(self, series: Samples) -> Estimate | None:
        """F / (u k^2): the amplitude u is that of the wave when half of a step's force has acted."""
        if self.driving_force == 0.0:
            return None
        kick = 0.0 if self.scheme == "groot_warren" else 0.5 * self.driving_force * self.time_step
        wave, error = mean_with_error(series.wave[:, 0] - kick)
        if not wave > 0.0:
            return None
        viscosity = self.driving_force / (wave * self._wavenumber() ** 2)
        return Estimate(viscosity, viscosity * error / wave)

    def _tension(self, series: Samples, height: float) -> Estimate | None:
        """Of each of the two interfaces: half of the height times the difference of the pressures."""
        if not self._layered:
            return None
        across, along = series.stress[:, 2], 0.5 * (series.stress[:, 0] + series.stress[:, 1])
        return Estimate(*mean_with_error(0.5 * height * (across - along)))

    def scales(self, result: xr.Dataset, *, length: float | str, energy: float | str, mass: float | str) -> xr.Dataset:
        """The same result in SI; the unit of time is the thermal one, length (mass / energy)^(1/2).

        Diffusion then is some thirty times too fast for water: `laws.diffusion_time` tells the unit of time that makes
        it right (and sound too slow).

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        length : float or str
            Cutoff [m].
        energy : float or str
            kT [J].
        mass : float or str
            Of a bead [kg].

        Returns
        -------
        xarray.Dataset
            Lengths, times, pressures, viscosities and energies in SI. The names and the recipe, which tell the reduced
            run, stay.

        Examples
        --------
        >>> from mesoscale.core.particles.dissipative import DissipativeParticles
        >>> model = DissipativeParticles(particles=375, steps=200, equilibration=50)
        >>> scaled = model.scales(model.run(), length="6.46 angstrom", energy="4.142e-21 J", mass="54 Da")
        >>> scaled.naive_answer.units, round(float(scaled.naive_answer) / 1e6, 1), scaled.reduced_diffusivity.units
        ('Pa', 408.1, 'm2 s-1')
        """
        m, joule = float(Unit("m").to_magnitude(length)), float(Unit("J").to_magnitude(energy))
        kg = float(Unit("kg").to_magnitude(mass))
        s = m * math.sqrt(kg / joule)
        kinds: dict[str, tuple[float, str]] = {
            **dict.fromkeys(("answer", "naive_answer", "tabulated_pressure", "pressure_tensor", "pressure_series"),
                            (joule / m**3, "Pa")),
            **dict.fromkeys(("distance", "reduced_height"), (m, "m")),
            **dict.fromkeys(("reduced_time", "lag"), (s, "s")),
            **dict.fromkeys(("square_displacement", "ideal_square_displacement"), (m * m, "m2")),
            **dict.fromkeys(("reduced_diffusivity", "ideal_diffusivity", "reduced_kinematic_viscosity",
                             "ideal_kinematic_viscosity"), (m * m / s, "m2 s-1")),
            "reduced_interfacial_tension": (joule / m**2, "N m-1"),
            "potential_energy_per_bead": (joule, "J"),
            "velocity_profile": (m / s, "m s-1"),
            "largest_momentum": (kg * m / s, "kg m s-1"),
        }  # fmt: skip
        scaled = result.copy()
        for name, (factor, unit) in kinds.items():
            for part in (name, f"{name}_error"):
                if part in result.variables:
                    variable = result[part].variable
                    values = (variable.dims, variable.values * factor, {**variable.attrs, "units": unit})
                    inside = part in result.coords
                    scaled = scaled.assign_coords({part: values}) if inside else scaled.assign({part: values})
        return scaled

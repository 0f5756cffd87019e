"""The model `PhaseFieldCrystal`; the story is told in :mod:`mesoscale.core.fields.crystal`."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import scipy.fft
import xarray as xr
from numpy.typing import NDArray
from pydantic import model_validator

from ...kernels.random import fill_normal
from ...model import Data, Estimate, Model, Result, Streams, Tick, param, problem
from ...quantities import Angle, Count, Dimensionless, Unit
from ..free_energies import polynomial
from ..spectral import Basis, GradientFlow, History, Journal, Scheme, integrate
from . import laws, observables, unit_cell

__all__ = ["PhaseFieldCrystal"]

Array = NDArray[np.float64]
_MOST_CELLS, _MOST_VALUES = 1 << 20, 1 << 24
_FIRST_STEP = 0.2  # the fast waves are linear, and so exact; a step that is too long is repeated
_GROWS = "for a seed that is seen at three times before it fills half of the box"
_CRYSTAL = "where a crystal of one star of waves exists"


class PhaseFieldCrystal(Model):
    """Atoms as waves of a density that freezes, grows, and keeps its defects; two dimensions, reduced units."""

    reduced_temperature: Dimensionless = param(
        -0.25, "r: the more negative, the colder", source="Elder & Grant 2004", ge=-0.9, le=-0.001, span=(-0.5, -0.05)
    )
    mean_density: Dimensionless = param(
        -0.285, "p, conserved", source="a liquid that must freeze (Elder & Grant 2004)", ge=-0.7, le=0.7,
        span=(-0.4, -0.2),
    )  # fmt: skip
    start: Literal["seed", "random", "bicrystal", "perfect", "stripe", "own"] = param(
        "seed", "the field at the start", source="numerical"
    )
    lattice: Literal["relaxed", "one_mode"] = param(
        "relaxed", "spacing of the crystals at the start, and so the box", source="numerical: no strain from the box"
    )
    spacings: Count = param(
        20, "width of the box in lattice spacings (stripes: in waves)", source="numerical", ge=1, le=200
    )
    points_per_spacing: Count = param(10, "grid points along a lattice spacing", source="numerical", ge=8, le=32)
    seed_spacings: Dimensionless = param(
        4.0, "radius of the seed in lattice spacings", source="numerical", ge=0.1, le=100, span=(1, 8)
    )
    tilt_index: Count = param(
        6, "j of the tilt boundary: rows turned by +-phi, tan(phi) = 1 / (j sqrt3)", source="numerical", ge=3, le=40
    )
    boundary_periods: Count = param(2, "periods of the boundary along the box", source="numerical", ge=1, le=40)
    start_amplitude: Dimensionless = param(0.05, "amplitude of the noise (random)", source="numerical", ge=1e-9, le=0.5)
    own_density: Annotated[xr.DataArray, Data("1", ("y", "x"), ge=-3, le=3)] | None = param(
        None, "a density of the user's, for start = 'own'; its mean is what is conserved", source="the user"
    )
    grid_step: Dimensionless = param(
        0.7,
        "distance of the points of the user's density; |k| = 1 has spacing 7.2552",
        source="the user",
        ge=0.05,
        le=0.91,
    )
    reduced_duration: Dimensionless = param(100.0, "time that is followed", source="numerical", ge=1e-3, le=1e6)
    snapshots: Count = param(13, "fields that are kept", source="numerical", ge=3, le=1000)
    scheme: Scheme = param("etdrk4", "time stepping", source="numerical: fewest transforms for a given error")
    tolerance: Dimensionless = param(
        1e-3, "root mean square error of a step (adaptive schemes)", source="numerical", ge=1e-9, le=1e-2
    )
    fixed_step: Dimensionless = param(0.05, "step of the first-order schemes", source="numerical", ge=1e-6, le=100)
    most_steps: Count = param(20_000, "steps after which a run gives up", source="numerical", ge=10, le=10_000_000)

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("answer", Dimensionless, "free energy per area at the end"),
        Result("naive_answer", Dimensionless, "the same for a uniform density"),
        Result("reduced_time", Dimensionless, "time in reduced units", dims=("reduced_time",)),
        *(Result(axis, Dimensionless, f"position along {axis} from the middle", dims=(axis,)) for axis in "yx"),
        Result("density_at_end", Dimensionless, "density at the end", dims=("y", "x")),
        Result("order_at_end", Dimensionless, "local degree of crystalline order at the end", dims=("y", "x")),
        Result("free_energy_per_area", Dimensionless, "free energy per area", dims=("reduced_time",),
               beside="energy_of_crystal"),
        Result("energy_of_crystal", Dimensionless, "the same of the relaxed perfect crystal", dims=("reduced_time",),
               exists="where a relaxed crystal was found"),
        Result("crystal_radius", Dimensionless, "radius of a disc of the crystal's area", dims=("reduced_time",)),
        Result("orientation_at_end", Angle, "orientation of the rows at the end", dims=("y", "x"),
               exists="where the order is above one half"),
        Result("crystal_fraction", Dimensionless, "fraction of the area with an order above one half",
               dims=("reduced_time",)),
        Result("peak_count", Count, "number of atoms (maxima above 0)", dims=("reduced_time",)),
        Result("reduced_density", Dimensionless, "density", dims=("reduced_time", "y", "x")),
        Result("growth_speed", Dimensionless, "speed of the crystal's edge", error=True, exists=_GROWS),
        *(
            Result(f"{name}_atoms", Count, f"atoms with {number} neighbours at the end")
            for name, number in (("five", "5"), ("six", "6"), ("seven", "7"), ("other", "another number of"))
        ),
        Result("missing_neighbours", Count, "sum of 6 - z over all atoms: 0 on a torus"),
        Result("dislocations", Dimensionless, "pairs of five and seven neighbours, (fives + sevens) / 2, at the end",
               beside="boundary_dislocations"),
        Result("boundary_dislocations", Dimensionless, "dislocations of the two tilt boundaries by geometry",
               exists="for a bicrystal"),
        Result("mean_bond_order", Dimensionless, "mean |psi_6| of the atoms at the end", exists="with atoms"),
        Result("one_mode_amplitude", Dimensionless, "amplitude by one star of waves", exists=_CRYSTAL),
        Result("shear_modulus", Dimensionless, "shear modulus by one star of waves", exists=_CRYSTAL),
        Result("mass_drift", Dimensionless, "largest change of the mean over all steps"),
        Result("largest_energy_rise", Dimensionless, "largest relative rise of the energy in a step"),
        Result("accepted_steps", Count, "steps taken"),
        Result("rejected_steps", Count, "steps repeated with a smaller size"),
    )  # fmt: skip
    competition: ClassVar[str | None] = "gain by order / cost of a density away from 0"
    control: ClassVar[str | None] = "reduced_temperature"
    quick: ClassVar[Mapping[str, Any]] = {
        "spacings": 6, "points_per_spacing": 8, "boundary_periods": 1, "tilt_index": 3, "seed_spacings": 1.5,
        "reduced_duration": 20.0, "snapshots": 4, "most_steps": 500,
    }  # fmt: skip

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.start == "own") != (self.own_density is not None):
            raise problem("own_density", "belongs to start = 'own'")
        if self.own_density is not None:
            if min(self.own_density.shape) < 8:
                raise problem(
                    "own_density", f"must have 8 points or more along each axis, not {self.own_density.shape}"
                )
            cells = self.own_density.size
        else:
            columns, rows = self._shape(*self._edges(1.0), 1.0)
            cells = columns * rows
        if cells > _MOST_CELLS or cells * self.snapshots > _MOST_VALUES:
            most = min(_MOST_CELLS, _MOST_VALUES // self.snapshots)
            raise problem("spacings", f"and points_per_spacing make {cells} points; must be at most {most}")
        if self._fixed and self.reduced_duration / self.fixed_step > self.most_steps:
            raise problem("fixed_step", f"must be at least {self.reduced_duration / self.most_steps:.4g}: most_steps")
        return self

    @property
    def _fixed(self) -> bool:
        return self.scheme in ("eyre", "explicit")

    @property
    def _amplitude(self) -> float:
        return unit_cell.first_amplitude(self.reduced_temperature, self.mean_density)

    def _relaxed(self) -> unit_cell.RelaxedCrystal | None:
        """The perfect crystal; None where there is none."""
        phase: unit_cell.Phase = "stripe" if self.start == "stripe" else "hexagonal"
        try:
            return unit_cell.relaxed_crystal(self.reduced_temperature, self.mean_density, phase)
        except ArithmeticError:
            return None

    def _edges(self, wavenumber: float) -> tuple[float, float]:
        """Box along y and x for crystals of this wavenumber."""
        spacing = float(laws.lattice_spacing(wavenumber))
        if self.start == "stripe":
            width = self.spacings * 2.0 * math.pi / wavenumber
            return width, width
        width = self.spacings * spacing
        if self.start == "bicrystal":
            return self.boundary_periods * spacing * math.sqrt(1.0 + 3.0 * self.tilt_index**2), width
        return max(1, round(self.spacings / math.sqrt(3.0))) * math.sqrt(3.0) * spacing, width

    def _shape(self, height: float, width: float, wavenumber: float) -> tuple[int, int]:
        step = float(laws.lattice_spacing(wavenumber)) / self.points_per_spacing
        rows, columns = (scipy.fft.next_fast_len(math.ceil(edge / step - 1e-9), real=True) for edge in (height, width))
        return rows, columns

    def basis(self, wavenumber: float = 1.0) -> Basis:
        """Grid of a box that holds crystals of this wavenumber without strain."""
        if self.own_density is not None:
            rows, columns = self.own_density.shape
            return Basis((rows, columns), (rows * self.grid_step, columns * self.grid_step))
        edges = self._edges(wavenumber)
        return Basis(self._shape(*edges, wavenumber), edges)

    def flow(self, basis: Basis) -> GradientFlow:
        """The gradient flow that `integrate` follows."""
        p, amplitude = self.mean_density, self._amplitude
        largest = max(abs(p - 1.5 * amplitude), abs(p + 0.75 * amplitude))
        # a fifth of the largest f'': measured, it errs least for the steps it takes, with seeds and with boundaries
        stabiliser = 0.6 * largest**2 if self.scheme != "eyre" else 3.0 * largest**2
        quadratic = self.reduced_temperature + (1.0 - basis.k2) ** 2
        return GradientFlow(basis, polynomial([0.0, 0.0, 0.0, 0.0, 0.25], (-2.0, 2.0)), quadratic, basis.k2, stabiliser)

    def governing_ratio(self) -> float:
        """-15 r / (37 p^2): 1 where the crystal of one star of waves and the liquid have the same energy."""
        square = self.mean_density**2
        return -15.0 * self.reduced_temperature / (37.0 * square) if square > 1e-300 else math.inf

    def first_field(self, basis: Basis, wavenumber: float, streams: Streams) -> Array:
        """The density at the start."""
        if self.own_density is not None:
            return np.array(self.own_density.values)
        y, x = ((np.arange(n) + 0.5 - 0.5 * n) * h for n, h in zip(basis.shape, basis.spacing, strict=True))
        y, x = y[:, None], x[None, :]
        p, r = self.mean_density, self.reduced_temperature
        if self.start == "random":
            noise = np.empty(basis.shape)
            fill_normal(streams(1)[0], noise.reshape(-1))
            grown = self.start_amplitude * noise
        elif self.start == "stripe":
            height = float(laws.stripe_amplitude(r, p))
            height = 0.1 if math.isnan(height) else height
            grown = np.broadcast_to(height * np.cos(wavenumber * x), basis.shape)
        else:
            spacing = float(laws.lattice_spacing(wavenumber))
            angle = math.atan(1.0 / (self.tilt_index * math.sqrt(3.0))) if self.start == "bicrystal" else 0.0
            aside = np.where(np.abs(x) < 0.25 * basis.lengths[1], x, -x)  # the other grain is a mirror image
            along, across = (
                math.cos(angle) * aside + math.sin(angle) * y,
                math.cos(angle) * y - math.sin(angle) * aside,
            )
            grown = self._amplitude * unit_cell.one_mode_pattern(along + 0.5 * spacing, across, wavenumber)
            if self.start == "seed":
                inside = self.seed_spacings - np.hypot(x, y) / spacing  # a sharp edge would melt first
                grown = grown * 0.5 * (1.0 + np.tanh(inside))
        return grown - grown.mean() + p

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Follow the density, and read it."""
        return self.follow(streams, tick)

    def follow(self, streams: Streams, tick: Tick, journal: Journal | None = None) -> dict[str, Any]:
        """What `simulate` does, on disk where there is a journal: see :mod:`mesoscale.core.fields.recording`."""
        perfect = self._relaxed()
        wavenumber = perfect.wavenumber if perfect is not None and self.lattice == "relaxed" else 1.0
        basis = self.basis(wavenumber)
        times = np.linspace(0.0, self.reduced_duration, self.snapshots)
        history = integrate(
            self.flow(basis), self.first_field(basis, wavenumber, streams), list(times), scheme=self.scheme,
            tolerance=self.tolerance, step=self.fixed_step if self._fixed else _FIRST_STEP, most_steps=self.most_steps,
            tick=tick, journal=journal,
        )  # fmt: skip
        energies = history.step_energies[np.searchsorted(history.step_times, times)] / basis.volume
        mean = float(history.step_means[-1])
        return {
            "answer": energies[-1],
            "naive_answer": float(laws.liquid_energy(self.reduced_temperature, mean)),
            "reduced_time": times,
            **{
                axis: (np.arange(n) + 0.5 - 0.5 * n) * h
                for axis, n, h in zip("yx", basis.shape, basis.spacing, strict=True)
            },
            "density_at_end": history.fields[-1],
            "free_energy_per_area": energies,
            "energy_of_crystal": None if perfect is None else np.full(times.shape, perfect.energy),
            "reduced_density": history.fields,
            **self._order(history, basis),
            **self._atoms(history, basis, wavenumber),
            "one_mode_amplitude": float(laws.one_mode_amplitude(self.reduced_temperature, mean)),
            "shear_modulus": float(laws.shear_modulus(self.reduced_temperature, mean)),
            "mass_drift": history.mass_drift,
            "largest_energy_rise": history.largest_rise,
            "accepted_steps": len(history.step_times) - 1,
            "rejected_steps": history.rejected,
        }

    def _order(self, history: History, basis: Basis) -> dict[str, Any]:
        """How much of the area is crystal, and how fast that grows."""
        amplitude = self._amplitude or 1.0
        fraction = np.empty(len(history.times))
        for i, field in enumerate(history.fields):
            order = observables.crystalline_order(field, basis, amplitude)
            fraction[i] = float((np.abs(order) > 0.5).mean())
        radius = np.sqrt(fraction * basis.volume / math.pi)
        speed = None
        free = (fraction > 0.0) & (fraction < 0.5) & (history.times >= 0.2 * history.times[-1])
        if self.start == "seed" and free.sum() >= 3:
            slope, covariance = np.polyfit(history.times[free], radius[free], 1, cov="unscaled")
            rest = radius[free] - np.polyval(slope, history.times[free])
            scatter = float((rest**2).sum()) / max(int(free.sum()) - 2, 1)
            speed = Estimate(slope[0], math.sqrt(covariance[0, 0] * scatter))
        return {
            "order_at_end": np.abs(order),
            "orientation_at_end": np.where(np.abs(order) > 0.5, np.angle(order) / 6.0, np.nan),
            "crystal_fraction": fraction,
            "crystal_radius": radius,
            "growth_speed": speed,
        }

    def _atoms(self, history: History, basis: Basis, wavenumber: float) -> dict[str, Any]:
        """Atoms and their neighbours."""
        height, width = basis.lengths
        holes = float(history.step_means[0]) > 0.0
        peaks = [observables.find_peaks(field, (height, width), holes=holes) for field in history.fields]
        neighbours = observables.coordination(peaks[-1], (height, width))
        counts = np.bincount(neighbours.numbers, minlength=8)
        five, six, seven = (int(counts[z]) for z in (5, 6, 7))
        order = observables.bond_order(neighbours)
        turn = 2.0 * math.atan(1.0 / (self.tilt_index * math.sqrt(3.0)))
        expected = 2.0 * float(laws.boundary_dislocations(turn, height, laws.lattice_spacing(wavenumber)))
        return {
            "peak_count": [len(found) for found in peaks],
            "five_atoms": five,
            "six_atoms": six,
            "seven_atoms": seven,
            "other_atoms": len(peaks[-1]) - five - six - seven,
            "missing_neighbours": int((6 - neighbours.numbers).sum()),
            "dislocations": 0.5 * (five + seven),
            "boundary_dislocations": expected if self.start == "bicrystal" else None,
            "mean_bond_order": float(order.mean()) if order.size else None,
        }

    def scales(
        self, result: xr.Dataset, *, length: float | str, energy_per_area: float | str, time: float | str
    ) -> xr.Dataset:
        """The same result in SI.

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        length : float or str
            What one unit of length is [m]: a lattice spacing over 7.2552.
        energy_per_area : float or str
            What one unit of the free energy per area is [J/m2].
        time : float or str
            What one unit of time is [s].

        Returns
        -------
        xarray.Dataset
            Times, lengths, speeds and energies in SI; densities, orders and counts as they are. The names and the
            recipe, which tell the reduced run, stay.

        Examples
        --------
        >>> crystal = PhaseFieldCrystal(spacings=3, start="perfect", reduced_duration=1.0, snapshots=3)
        >>> scaled = crystal.scales(crystal.run(), length="0.05 nm", energy_per_area="1 J/m2", time="1 ns")
        >>> round(float(scaled.x[1] - scaled.x[0]) * 1e9, 4), scaled.x.units
        (0.0364, 'm')
        """
        m = float(Unit("m").to_magnitude(length))
        energy = float(Unit("J m-2").to_magnitude(energy_per_area))
        s = float(Unit("s").to_magnitude(time))
        kinds = {
            (s, "s"): ["reduced_time"],
            (m, "m"): ["x", "y", "crystal_radius"],
            (m / s, "m s-1"): ["growth_speed", "growth_speed_error"],
            (energy, "J m-2"): ["answer", "naive_answer", "free_energy_per_area", "energy_of_crystal", "shear_modulus"],
        }
        scaled = result.copy()
        for (factor, unit), names in kinds.items():
            for name in names:
                variable = result[name].variable
                new = {name: (variable.dims, variable.values * factor, {**variable.attrs, "units": unit})}
                scaled = scaled.assign_coords(new) if name in result.coords else scaled.assign(new)
        return scaled

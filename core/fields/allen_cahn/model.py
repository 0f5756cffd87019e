"""The model `AllenCahn`; the story is told in :mod:`mesoscale.core.fields.allen_cahn`."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import field_validator, model_validator
from scipy.integrate import solve_ivp

from ...kernels.random import fill_normal
from ...model import Data, Estimate, Model, Result, Streams, Tick, param, problem
from ...quantities import Count, Dimensionless, Unit
from ..cahn_hilliard import domain_size, growth_exponent
from ..free_energies import FreeEnergy, polynomial
from ..spectral import Basis, Boundary, GradientFlow, Journal, Scheme, integrate
from . import laws

__all__ = ["AllenCahn"]

Array = NDArray[np.float64]
_MOST_VALUES = 1 << 24
_DROPS = "for a drop or a plate"
_CURVED = "for a drop in two or three dimensions that is seen at three times"
_DOMAINS = "where the field crosses zero"


class AllenCahn(Model):
    """Two phases that turn into each other: an order parameter that nothing conserves, in reduced units."""

    well_depth: Dimensionless = param(1.0, "W, in f = (W/4) (1 - eta^2)^2", source="reduced units", ge=0.01, le=100)
    gradient_coefficient: Dimensionless = param(
        1.0, "kappa, in (kappa/2) (grad eta)^2", source="reduced units", ge=0.05, le=1e4, span=(0.5, 1000)
    )
    mobility_coefficient: Dimensionless = param(1.0, "mobility M", source="reduced units", ge=0.01, le=100)
    tilt: Dimensionless = param(
        0.1, "a, in f' = W (eta^2 - 1) (eta - a); above 0 it favours the phase -1, the drop's",
        source="a critical radius of five interface widths", ge=-0.95, le=0.95, span=(-0.5, 0.5),
    )  # fmt: skip
    start: Literal["drop", "plate", "noise", "own"] = param("drop", "the field at the start", source="numerical")
    start_radius: Dimensionless = param(
        12.0, "radius of the drop, or half the thickness of the plate, of phase -1", source="numerical", ge=0.1,
        le=5000, span=(2, 30),
    )  # fmt: skip
    start_amplitude: Dimensionless = param(0.1, "amplitude of the noise", source="numerical", ge=1e-9, le=0.5)
    mean_order: Dimensionless = param(
        0.0, "mean of the noise", source="a symmetric quench", ge=-1.5, le=1.5, span=(-0.5, 0.5)
    )
    interpolation: Literal["cubic", "quintic"] = param(
        "cubic",
        "how the drive enters between the phases; quintic is PFHub's p, with the same df",
        source="Wu et al. 2021",
    )
    own_field: Annotated[xr.DataArray, Data("1", ("z", "y", "x"), ge=-3, le=3)] | None = param(
        None, "a field of the user's, for start = 'own'; missing axes in front are added", source="the user"
    )
    dimensions: Literal[1, 2, 3] = param(2, "dimensions of the box", source="numerical")
    boundary: Boundary = param("periodic", "what happens at the edge", source="numerical")
    reduced_box_size: Dimensionless = param(
        80.0, "edge of the box (along x, for a field of the user's)", source="numerical", ge=1, le=1e4
    )
    cells: Count = param(96, "cells along an edge, unless the field is the user's", source="numerical", ge=8, le=4096)
    reduced_duration: Dimensionless = param(100.0, "time that is followed", source="numerical", ge=1e-3, le=1e6)
    snapshots: Count = param(26, "fields that are kept", source="numerical", ge=3, le=1000)
    scheme: Scheme = param("etdrk4", "time stepping", source="numerical: fewest transforms for a given error")
    tolerance: Dimensionless = param(
        1e-5, "root mean square error of a step (adaptive schemes)", source="numerical", ge=1e-9, le=1e-2
    )
    fixed_step: Dimensionless = param(0.05, "step of the first-order schemes", source="numerical", ge=1e-6, le=100)
    most_steps: Count = param(20_000, "steps after which a run gives up", source="numerical", ge=10, le=10_000_000)

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("answer", Dimensionless, "fraction of the phase -1 at the end",
               valid="an interface of three cells or more"),
        Result("naive_answer", Dimensionless, "the same for interfaces without curvature (drop, plate) or a field"
               " without gradients"),
        Result("reduced_time", Dimensionless, "time in reduced units", dims=("reduced_time",)),
        *(Result(axis, Dimensionless, f"position along {axis} from the middle", dims=(axis,)) for axis in "zyx"),
        Result("order_at_end", Dimensionless, "order parameter at the end (middle plane)", dims=("y", "x")),
        Result("reduced_radius", Dimensionless, "radius of the drop, or half the thickness of the plate",
               dims=("reduced_time",), exists=_DROPS, beside="sharp_radius"),
        Result("flat_radius", Dimensionless, "the same without curvature, R0 + v t", dims=("reduced_time",),
               exists=_DROPS, beside="sharp_radius"),
        Result("sharp_radius", Dimensionless, "the same for a sharp interface with curvature", dims=("reduced_time",),
               exists=_DROPS, valid="a drop wider than its interface and clear of its images"),
        Result("order_on_axis", Dimensionless, "order parameter along x through the middle, at the end", dims=("x",)),
        Result("reduced_free_energy", Dimensionless, "free energy above that of the phase -1 everywhere",
               dims=("reduced_time",)),
        Result("order_parameter", Dimensionless, "order parameter", dims=("reduced_time", "z", "y", "x")),
        Result("phase_fraction", Dimensionless, "fraction of the phase -1", dims=("reduced_time",)),
        Result("interface_speed", Dimensionless, "mean dR/dt over the second half", exists=_DROPS,
               beside="sharp_speed"),
        Result("sharp_speed", Dimensionless, "the same for a sharp interface with curvature", exists=_DROPS),
        Result("flat_speed", Dimensionless, "speed of a flat front", beside="sharp_speed"),
        Result("curvature_coefficient", Dimensionless, "M kappa as the drop shows it", exists=_CURVED,
               beside="curvature_coefficient_of_law"),
        Result("curvature_coefficient_of_law", Dimensionless, "M kappa"),
        *(
            Result(f"domain_size_from_{ruler}", Dimensionless, f"domain size from the {ruler.replace('_', ' ')}",
                   dims=("reduced_time",), exists=_DOMAINS)
            for ruler in ("structure_factor", "interface_area")
        ),
        Result("coarsening_exponent", Dimensionless, "growth exponent of the domain size (interface area) over the"
               " second half of the snapshots", error=True, exists=_DOMAINS),
        Result("largest_energy_rise", Dimensionless, "largest relative rise of the energy in a step"),
        Result("accepted_steps", Count, "steps taken"),
        Result("rejected_steps", Count, "steps repeated with a smaller size"),
    )  # fmt: skip
    competition: ClassVar[str | None] = "bulk drive / cost of curvature"
    control: ClassVar[str | None] = "start_radius"
    quick: ClassVar[Mapping[str, Any]] = {
        "cells": 32, "reduced_box_size": 32.0, "reduced_duration": 20.0, "snapshots": 4, "most_steps": 500
    }  # fmt: skip

    @field_validator("own_field", mode="before")
    @classmethod
    def _add_axes(cls, value: Any) -> Any:
        """A line or a plane is a box of one cell along the other axes."""
        if isinstance(value, xr.DataArray):
            missing = [axis for axis in "zyx"[: 3 - value.ndim] if axis not in value.dims]
            return value.expand_dims(missing)
        if isinstance(value, list | tuple | np.ndarray):
            try:
                return np.array(value, dtype=float, ndmin=3)
            except (TypeError, ValueError):
                return value
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.start == "own") != (self.own_field is not None):
            raise problem("own_field", "belongs to start = 'own'")
        if self.own_field is not None:
            shape = self.own_field.shape
            if any(n != 1 for n in shape[: 3 - self.dimensions]) or min(shape[3 - self.dimensions :]) < 2:
                raise problem("own_field", f"must have 2 cells or more along {self.dimensions} axes, not {shape}")
        if math.prod(self._shape) * self.snapshots > _MOST_VALUES:
            raise problem("cells", f"must be at most {_MOST_VALUES // self.snapshots} in all for so many snapshots")
        if self._fixed and self.reduced_duration / self.fixed_step > self.most_steps:
            raise problem("fixed_step", f"must be at least {self.reduced_duration / self.most_steps:.4g}: most_steps")
        return self

    @property
    def _fixed(self) -> bool:
        return self.scheme in ("eyre", "explicit")

    @property
    def _shape(self) -> tuple[int, ...]:
        if self.own_field is not None:
            return tuple(self.own_field.shape[3 - self.dimensions :])
        return (self.cells,) * self.dimensions

    @property
    def _round(self) -> int:
        """Dimensions in which the start is curved, d of the laws."""
        return self.dimensions if self.start != "plate" else 1

    def free_energy(self) -> FreeEnergy:
        """The local free energy, with f = -2 W in the phase +1.

        Its zero lies far from both phases: a run that ends in one of them would otherwise weigh the last steps by the
        rounding of a vanishing energy.
        """
        w, a = self.well_depth, self.tilt
        well = np.array([0.25, 0.0, -0.5, 0.0, 0.25, 0.0])
        share = np.polynomial.Polynomial([0.5, -0.5])  # of the phase -1
        drive: Any = share**2 * (3.0 - 2.0 * share) if self.interpolation == "cubic" else (
            share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
        )  # fmt: skip
        well[: drive.coef.size] -= 4.0 * a / 3.0 * drive.coef
        well[0] -= 2.0
        return polynomial(list(w * np.trim_zeros(well, "b")), (-1.5, 1.5))

    def basis(self) -> Basis:
        """Grid and boundary."""
        spacing = self.reduced_box_size / self._shape[-1]
        return Basis(self._shape, tuple(n * spacing for n in self._shape), self.boundary)

    def flow(self) -> GradientFlow:
        """The gradient flow that `integrate` follows."""
        basis, energy = self.basis(), self.free_energy()
        bend = energy.curvature(np.linspace(-1.0, 1.0, 201))
        # half of what balances the extremes of f'': measured, interfaces at work err five times less for as many steps
        stabiliser = float(bend.max() if self.scheme == "eyre" else max(0.0, 0.25 * (bend.min() + bend.max())))
        mobility = np.full(basis.k2.shape, self.mobility_coefficient)
        return GradientFlow(basis, energy, self.gradient_coefficient * basis.k2, mobility, stabiliser)

    def governing_ratio(self) -> float:
        """R df / ((d - 1) sigma): 1 at the critical drop, infinite without curvature, 0 where nothing drives."""
        if self.tilt <= 0.0:
            return 0.0
        if self._round == 1:
            return math.inf
        critical = laws.critical_radius(self.tilt, self.well_depth, self.gradient_coefficient, float(self._round))
        return self.start_radius / float(critical)

    def _profile(self, radius: float) -> Array:
        """The field of a drop or a plate of this radius in the middle of the box."""
        basis = self.basis()
        square = np.zeros(basis.shape)
        for axis, (n, h) in enumerate(zip(basis.shape, basis.spacing, strict=True)):
            if axis == len(basis.shape) - 1 or self.start != "plate":
                middle = (np.arange(n) + 0.5 - 0.5 * n) * h
                square = square + (middle**2).reshape([-1 if i == axis else 1 for i in range(len(basis.shape))])
        width = float(laws.interface_width(self.well_depth, self.gradient_coefficient))
        return np.tanh((np.sqrt(square) - radius) / width)

    def first_field(self, streams: Streams) -> Array:
        """The field at the start."""
        if self.own_field is not None:
            return np.array(self.own_field.values.reshape(self._shape))
        if self.start == "noise":
            noise = np.empty(self._shape)
            fill_normal(streams(1)[0], noise.reshape(-1))
            return (noise - noise.mean()) * self.start_amplitude + self.mean_order
        return self._profile(self.start_radius)

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Follow the field, and read it."""
        return self.follow(streams, tick)

    def follow(self, streams: Streams, tick: Tick, journal: Journal | None = None) -> dict[str, Any]:
        """What `simulate` does, on disk where there is a journal: see :mod:`mesoscale.core.fields.recording`."""
        flow, first = self.flow(), self.first_field(streams)
        basis, end = flow.basis, self.reduced_duration
        times = np.linspace(0.0, end, self.snapshots)
        if self.start == "noise":
            times = np.geomspace(end / 64.0, end, self.snapshots)
            times[-1] = end
        history = integrate(
            flow, first, list(times), scheme=self.scheme, tolerance=self.tolerance,
            step=self.fixed_step if self._fixed else None, most_steps=self.most_steps, tick=tick,
            journal=journal,
        )  # fmt: skip
        places = np.searchsorted(history.step_times, times)
        fields = history.fields.reshape(self.snapshots, *(1,) * (3 - self.dimensions), *basis.shape)
        sizes = np.array([domain_size(field, basis, 0.0)[:2] for field in history.fields])
        window = (float(times[self.snapshots // 2 - 1]), end)
        fraction = 0.5 * (1.0 - history.step_means[places])
        ground = float(self.free_energy().value(-1.0)) * basis.volume
        cells = (*(1,) * (3 - self.dimensions), *basis.shape)
        last = fields[-1]
        width = float(laws.interface_width(self.well_depth, self.gradient_coefficient))
        return {
            "answer": fraction[-1],
            "answer_valid": 2.0 * width >= 3.0 * basis.spacing[0],
            "naive_answer": self._without_curvature(first),
            "reduced_time": times,
            **{axis: (np.arange(n) + 0.5 - 0.5 * n) * basis.spacing[-1] for axis, n in zip("zyx", cells, strict=True)},
            "order_at_end": last[last.shape[0] // 2],
            "order_on_axis": last[last.shape[0] // 2, last.shape[1] // 2],
            "reduced_free_energy": history.step_energies[places] - ground,
            "order_parameter": fields,
            "phase_fraction": fraction,
            **self._radii(times, fraction, basis),
            "domain_size_from_structure_factor": sizes[:, 0],
            "domain_size_from_interface_area": sizes[:, 1],
            # from the area: mean wavenumbers of sharp interfaces, S ~ k^-(d+1), follow only logarithmically
            "coarsening_exponent": Estimate(
                *growth_exponent(times, history.fields, basis, window, "interface_area", 0.0)
            ),
            "largest_energy_rise": history.largest_rise,
            "accepted_steps": len(history.step_times) - 1,
            "rejected_steps": history.rejected,
        }

    def _flat_speed(self) -> float:
        return float(
            laws.front_velocity(self.tilt, self.well_depth, self.gradient_coefficient, self.mobility_coefficient)
        )

    def _without_curvature(self, first: Array) -> float:
        """Fraction at the end if a drop grew as a flat front does, or every cell went its own way from the mean."""
        if self.start in ("drop", "plate"):
            radius = self.start_radius + self._flat_speed() * self.reduced_duration
            return 0.5 * (1.0 - float(self._profile(radius).mean())) if radius > 0.0 else 0.0
        slope = np.polynomial.polynomial.polyder(self.free_energy().parameters)

        def relax(_: float, eta: Array) -> Array:
            return -self.mobility_coefficient * np.asarray(np.polynomial.polynomial.polyval(eta, slope), dtype=float)

        end = min(self.reduced_duration, 1e4 / (self.mobility_coefficient * self.well_depth))  # long settled
        mean = self.mean_order if self.start == "noise" else float(first.mean())
        settled = solve_ivp(relax, (0.0, end), [mean], method="LSODA", rtol=1e-9, atol=1e-12)
        return 0.5 * (1.0 - float(settled.y[0, -1]))

    def _radii(self, times: Array, fraction: Array, basis: Basis) -> dict[str, Any]:
        """Radius of the drop that holds this fraction, beside the sharp interface."""
        d, v = self._round, self._flat_speed()
        coefficient = self.mobility_coefficient * self.gradient_coefficient
        missing = dict.fromkeys(("reduced_radius", "sharp_radius", "flat_radius", "interface_speed", "sharp_speed"))
        if self.start not in ("drop", "plate"):
            found: dict[str, Any] = {**missing, "sharp_radius_valid": True, "curvature_coefficient": None}
            return {**found, "flat_speed": v, "curvature_coefficient_of_law": coefficient}
        width = float(laws.interface_width(self.well_depth, self.gradient_coefficient))
        volume = fraction * (basis.volume if d > 1 else basis.lengths[-1])
        radius = _radius_of(volume, width, d)
        sharp = np.asarray(laws.drop_radius(times, self.start_radius, v, coefficient, float(d)))
        free = (sharp >= 2.0 * width) & (sharp + 3.0 * width <= 0.5 * min(basis.lengths))
        half = slice(self.snapshots // 2, None)
        measured, predicted = (np.polyfit(times[half], r[half], 1)[0] if times[half].size > 1 else None
                               for r in (radius, sharp))  # fmt: skip
        swept = np.concatenate([[0.0], np.cumsum(0.5 * (radius[1:] + radius[:-1]) * np.diff(times))])
        seen = free & (radius > 2.0 * width)
        slope = None
        if d > 1 and seen.sum() >= 3:
            slope = -np.polyfit(times[seen], (radius**2 - 2.0 * v * swept)[seen], 1)[0] / (2.0 * (d - 1))
        return {
            "reduced_radius": radius,
            "sharp_radius": sharp,
            "sharp_radius_valid": free,
            "flat_radius": np.maximum(self.start_radius + v * times, 0.0),
            "interface_speed": measured,
            "sharp_speed": predicted,
            "flat_speed": v,
            "curvature_coefficient": slope,
            "curvature_coefficient_of_law": coefficient,
        }

    def scales(
        self, result: xr.Dataset, *, length: float | str, energy_density: float | str, time: float | str
    ) -> xr.Dataset:
        """The same result in SI.

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        length : float or str
            What one unit of length is [m].
        energy_density : float or str
            What one unit of the local free energy is [J/m3].
        time : float or str
            What one unit of time is [s].

        Returns
        -------
        xarray.Dataset
            Times, lengths, speeds and energies in SI; order parameters and fractions as they are. The names and the
            recipe, which tell the reduced run, stay.

        Examples
        --------
        >>> drop = AllenCahn(cells=32, reduced_box_size=32.0, reduced_duration=1.0)
        >>> scaled = drop.scales(drop.run(), length="2 nm", energy_density="1 MJ/m3", time="1 ms")
        >>> round(float(scaled.sharp_radius[0]) * 1e9, 6), scaled.sharp_radius.units
        (24.0, 'm')
        """
        m = float(Unit("m").to_magnitude(length))
        density = float(Unit("J m-3").to_magnitude(energy_density))
        s = float(Unit("s").to_magnitude(time))
        d = self.dimensions
        factors = {
            "length": (m, "m"),
            "time": (s, "s"),
            "speed": (m / s, "m s-1"),
            "spread": (m * m / s, "m2 s-1"),
            "energy": (density * m**d, f"J m{d - 3}" if d < 3 else "J"),
        }
        rulers = [r.name for r in self.RESULTS if r.name.startswith("domain_size_from_")]
        kinds = {
            "time": ["reduced_time"],
            "length": ["x", "y", "z", "reduced_radius", "sharp_radius", "flat_radius", *rulers],
            "speed": ["interface_speed", "sharp_speed", "flat_speed"],
            "spread": ["curvature_coefficient", "curvature_coefficient_of_law"],
            "energy": ["reduced_free_energy"],
        }
        scaled = result.copy()
        for kind, names in kinds.items():
            factor, unit = factors[kind]
            for name in names:
                variable = result[name].variable
                values = (variable.dims, variable.values * factor, {**variable.attrs, "units": unit})
                scaled = (
                    scaled.assign_coords({name: values}) if name in result.coords else scaled.assign({name: values})
                )
        return scaled


def _radius_of(volume: Array, width: float, dimensions: int) -> Array:
    """Radius of a drop with the profile tanh((R - r) / width) that holds this volume; 0 where it is too small."""
    spread = (math.pi * width) ** 2
    if dimensions == 1:
        return np.maximum(0.5 * volume, 0.0)
    if dimensions == 2:
        return np.sqrt(np.maximum(volume / math.pi - spread / 12.0, 0.0))
    p, q = spread / 4.0, 0.75 * np.maximum(volume, 0.0) / math.pi  # R^3 + p R = q: one real root
    angle = np.arcsinh(1.5 * q / p * math.sqrt(3.0 / p)) / 3.0
    return 2.0 * math.sqrt(p / 3.0) * np.sinh(angle)

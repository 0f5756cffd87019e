"""The model `CahnHilliard`; the story is told in :mod:`mesoscale.core.fields.cahn_hilliard`."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import model_validator

from ...kernels.random import fill_normal
from ...model import Estimate, Function, Model, Result, Streams, Tick, param, problem
from ...quantities import Count, Dimensionless, Unit
from .. import free_energies
from ..free_energies import FreeEnergy
from ..spectral import Basis, Boundary, GradientFlow, Journal, Scheme, integrate
from . import observables

__all__ = ["CahnHilliard"]

Array = NDArray[np.float64]
Mixing = Literal["quartic", "double_well", "regular_solution", "flory_huggins", "own"]
Local = Annotated[Callable[..., Any], Function("of (c, parameters) that gives a float, compiled by numba")] | None
Mobility = (
    Annotated[Callable[..., Any], Function("of (c, parameters) that gives a float from 0 to 1, compiled by numba")]
    | None
)
_MOST_VALUES = 1 << 24
_PURE = 1e-4  # shift of a phase by the continued logarithms that is still small
_DOMAINS = "where the field crosses the mean composition"
_UNSTABLE = "where a wave grows"


class CahnHilliard(Model):
    """A mixture that separates: a conserved field running down its free energy, in reduced units."""

    mixing: Mixing = param("quartic", "local free energy", source="Cahn & Hilliard 1958")
    well_depth: Dimensionless = param(
        1.0, "factor of the quartic and the double well", source="reduced units", ge=0.01, le=100
    )
    interaction: Dimensionless = param(2.5, "chi of the mixtures", source="Flory 1942: 2 is critical", ge=-10, le=10)
    first_chain_length: Dimensionless = param(
        1.0, "chain length of component 1 (Flory-Huggins)", source="Flory 1942", ge=1, le=1000
    )
    second_chain_length: Dimensionless = param(
        1.0, "chain length of component 2 (Flory-Huggins)", source="Flory 1942", ge=1, le=1000
    )
    local_energy: Local = param(None, "f of the user's, for mixing = 'own'", source="the user")
    local_slope: Local = param(None, "its derivative", source="the user")
    lowest_composition: Dimensionless = param(
        -2.0, "where the user's f begins to matter", source="the user", ge=-100, le=100, span=(-3, -1)
    )
    highest_composition: Dimensionless = param(
        2.0, "where the user's f ceases to matter", source="the user", ge=-100, le=100
    )
    mean_composition: Dimensionless = param(
        0.0, "mean composition", source="a symmetric quench", ge=-2, le=2, span=(-0.5, 0.5)
    )
    start: Literal["noise", "pfhub"] = param("noise", "the field at the start", source="Jokisaari et al. 2017")
    start_amplitude: Dimensionless = param(0.1, "amplitude at the start", source="numerical", ge=1e-9, le=0.5)
    gradient_coefficient: Dimensionless = param(
        1.0, "kappa, in (kappa/2) (grad c)^2", source="reduced units", ge=0.05, le=1e4, span=(0.5, 1000)
    )
    mobility_coefficient: Dimensionless = param(1.0, "mobility M", source="reduced units", ge=0.01, le=100)
    mobility_law: Literal["constant", "degenerate", "own"] = param(
        "constant", "whether the mobility vanishes in the pure phases", source="Cahn, Elliott & Novick-Cohen 1996"
    )
    local_mobility: Mobility = param(None, "factor on the mobility, for mobility_law = 'own'", source="the user")
    repulsion: Dimensionless = param(
        0.0, "strength of the long-range repulsion", source="Ohta & Kawasaki 1986; 0 is none", ge=0, le=10, span=(0, 1)
    )
    screening: Dimensionless = param(
        0.0, "wavenumber at which the repulsion is screened", source="none", ge=0, le=10, span=(0, 1)
    )
    thermal_noise: Dimensionless = param(0.0, "kT of Cook's noise", source="none", ge=0, le=1, span=(0, 0.1))
    dimensions: Literal[1, 2, 3] = param(2, "dimensions of the box", source="numerical")
    boundary: Boundary = param("periodic", "what happens at the edge", source="numerical")
    reduced_box_size: Dimensionless = param(48.0, "edge of the box", source="numerical", ge=1, le=1e4)
    cells: Count = param(64, "cells along an edge", source="numerical", ge=8, le=4096)
    reduced_duration: Dimensionless = param(100.0, "time that is followed", source="numerical", ge=1e-3, le=1e6)
    snapshots: Count = param(8, "fields that are kept, at geometric times", source="numerical", ge=3, le=1000)
    scheme: Scheme = param("etdrk4", "time stepping", source="numerical: fewest transforms for a given error")
    tolerance: Dimensionless = param(
        1e-4, "root mean square error of a step (adaptive schemes)", source="numerical", ge=1e-9, le=1e-2
    )
    fixed_step: Dimensionless = param(
        0.05, "step of the first-order schemes and with noise", source="numerical", ge=1e-6, le=100
    )
    most_steps: Count = param(20_000, "steps after which a run gives up", source="numerical", ge=10, le=10_000_000)

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result(
            "answer",
            Dimensionless,
            "free energy per volume above that of the separated phases, at the end",
            valid="an interface of three cells or more; in mixtures phases no purer than some 1e-8",
        ),
        Result("naive_answer", Dimensionless, "the same for the well-mixed material"),
        Result("reduced_time", Dimensionless, "time in reduced units", dims=("reduced_time",)),
        Result("composition", Dimensionless, "composition", dims=("reduced_time", "z", "y", "x")),
        Result("section", Dimensionless, "composition at the end, in the middle of the box", dims=("y", "x")),
        Result("reduced_free_energy", Dimensionless, "free energy", dims=("reduced_time",)),
        Result("mass_drift", Dimensionless, "largest change of the mean over all steps"),
        Result("largest_energy_rise", Dimensionless, "largest relative rise of the energy in a step"),
        Result("accepted_steps", Count, "steps taken"),
        Result("rejected_steps", Count, "steps repeated with a smaller size"),
        *(
            Result(f"domain_size_from_{ruler}", Dimensionless, f"domain size from the {ruler.replace('_', ' ')}",
                   dims=("reduced_time",), exists=_DOMAINS,
                   beside=None if ruler == "structure_factor" else "domain_size_from_structure_factor")
            for ruler in ("structure_factor", "interface_area", "pair_correlation")
        ),
        Result("coarsening_exponent", Dimensionless, "growth exponent of the domain size over the second half of the"
               " snapshots", error=True, exists=_DOMAINS),
        Result("reduced_wavenumber", Dimensionless, "wavenumber, mean of a shell", dims=("reduced_wavenumber",)),
        Result("structure_factor", Dimensionless, "structure factor at the end", dims=("reduced_wavenumber",)),
        Result("field_mean", Dimensionless, "mean of the field", dims=("reduced_time",)),
        Result("fastest_wavelength", Dimensionless, "wavelength that grows fastest at first", exists=_UNSTABLE),
        Result("fastest_rate", Dimensionless, "its growth rate", exists=_UNSTABLE),
    )  # fmt: skip
    competition: ClassVar[str | None] = "bulk drive / gradient cost"
    control: ClassVar[str | None] = "gradient_coefficient"
    quick: ClassVar[Mapping[str, Any]] = {
        "cells": 32, "reduced_box_size": 24.0, "reduced_duration": 20.0, "snapshots": 4, "most_steps": 500,
    }  # fmt: skip

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.cells**self.dimensions * self.snapshots > _MOST_VALUES:
            most = int((_MOST_VALUES / self.snapshots) ** (1.0 / self.dimensions))
            raise problem("cells", f"must be at most {most} for {self.snapshots} snapshots in {self.dimensions} D")
        if self.mixing in ("regular_solution", "flory_huggins") and not 0.01 <= self.mean_composition <= 0.99:
            raise problem("mean_composition", f"must be from 0.01 to 0.99 for mixing = {self.mixing!r}")
        if self._impurity() > 100.0 * _PURE:
            raise problem("interaction", "makes phases so pure that the field cannot follow their logarithms")
        if (self.mobility_law == "own") != (self.local_mobility is not None):
            raise problem("local_mobility", "belongs to mobility_law = 'own'")
        if self.mobility_law != "constant" and self.thermal_noise > 0:
            raise problem("thermal_noise", "must be 0 unless mobility_law = 'constant'")
        own = self.mixing == "own"
        if own != (self.local_energy is not None) or own != (self.local_slope is not None):
            raise problem("local_energy", "and local_slope belong to mixing = 'own', both of them")
        if own and not self.lowest_composition < self.highest_composition:
            raise problem("lowest_composition", "must be below highest_composition")
        if own:
            try:
                self.free_energy()
            except ValueError as error:
                raise problem("local_slope", f"does not fit: {error}") from None
        if self._fixed and self.reduced_duration / self.fixed_step > self.most_steps:
            raise problem("fixed_step", f"must be at least {self.reduced_duration / self.most_steps:.4g}: most_steps")
        return self

    @property
    def _fixed(self) -> bool:
        return self.thermal_noise > 0 or self.scheme in ("eyre", "explicit")

    def free_energy(self) -> FreeEnergy:
        """The local free energy."""
        if self.mixing == "quartic":
            return free_energies.quartic(-self.well_depth, self.well_depth)
        if self.mixing == "double_well":
            return free_energies.double_well(0.3, 0.7, 5.0 * self.well_depth)
        if self.mixing == "regular_solution":
            return free_energies.regular_solution(self.interaction)
        if self.mixing == "flory_huggins":
            return free_energies.flory_huggins(self.interaction, self.first_chain_length, self.second_chain_length)
        assert self.local_energy is not None  # checked above
        assert self.local_slope is not None
        interval = (self.lowest_composition, self.highest_composition)
        return free_energies.from_functions(self.local_energy, self.local_slope, interval=interval)

    def basis(self) -> Basis:
        """Grid and boundary."""
        d = self.dimensions
        return Basis((self.cells,) * d, (self.reduced_box_size,) * d, self.boundary)

    def flow(self) -> GradientFlow:
        """The gradient flow that `integrate` follows."""
        basis, energy = self.basis(), self.free_energy()
        quadratic = self.gradient_coefficient * basis.k2
        if self.repulsion > 0:
            distant = basis.k2 + self.screening**2
            quadratic = quadratic + self.repulsion / np.where(basis.k2 > 0, distant, np.inf)  # the mean repels nothing
        stabiliser = energy.balanced_stabiliser()
        if self.scheme == "eyre":
            phases = energy.binodal() or (self.mean_composition, self.mean_composition)
            stabiliser = max(0.0, *(float(energy.curvature(c)) for c in phases))
        return GradientFlow(
            basis,
            energy,
            quadratic,
            self.mobility_coefficient * basis.k2,
            stabiliser,
            self.thermal_noise,
            self._factor(),
        )

    def _factor(self) -> Callable[[Array], Array] | None:
        """What the mobility is multiplied by where it depends on the composition; at most 1."""
        if self.mobility_law == "constant":
            return None
        if self.mobility_law == "own":
            assert self.local_mobility is not None  # checked above
            return free_energies.on_arrays(self.local_mobility)
        low, high = self._pure_phases()
        return lambda c: np.maximum(4.0 * (c - low) * (high - c) / (high - low) ** 2, 0.0)

    def _pure_phases(self) -> tuple[float, float]:
        """Between which compositions something can move: the ends of what exists, or the wells."""
        if self.mixing == "own":
            return self.lowest_composition, self.highest_composition
        return {"quartic": (-1.0, 1.0), "double_well": (0.3, 0.7)}.get(self.mixing, (0.0, 1.0))

    def _impurity(self) -> float:
        """How far the phases of a mixture's field are from the true ones, where those lie beyond its margin."""
        if self.mixing not in ("regular_solution", "flory_huggins"):
            return 0.0
        energy = self.free_energy()
        phases, margin = energy.binodal(), float(energy.parameters[3])
        if phases is None:
            return 0.0
        purest = max(min(phases[0], 1.0 - phases[1]), 1e-300)
        return max(0.0, margin * math.log(margin / purest))

    def governing_ratio(self) -> float:
        """-f'' over the cost of the cheapest wave, kappa k^2 + repulsion: the longest without it; 0 where f'' > 0."""
        k = 2.0 * math.pi / (self.reduced_box_size * (2.0 if self.boundary == "no_flux" else 1.0))
        curvature = float(self.free_energy().curvature(self.mean_composition))
        square = max(k * k, math.sqrt(self.repulsion / self.gradient_coefficient) - self.screening**2)
        return max(0.0, -curvature) / (
            self.gradient_coefficient * square + self.repulsion / (square + self.screening**2)
        )

    def _fastest(self, curvature: float) -> tuple[float, float] | None:
        """Wavelength and rate of the wave that grows fastest; None where none grows."""
        kappa, sigma, s2 = self.gradient_coefficient, self.repulsion, self.screening**2
        if sigma * s2 == 0.0:  # unscreened, all waves are slowed down alike
            squares = [max(0.0, -0.5 * curvature / kappa)]
        else:  # where the slope of the rate vanishes, (r + 2 kappa x) (x + s^2)^2 + sigma s^2 = 0
            cubic = np.polynomial.polynomial.polyfromroots([-s2, -s2, -0.5 * curvature / kappa]) * 2.0 * kappa
            cubic[0] += sigma * s2
            squares = [float(x.real) for x in np.polynomial.polynomial.polyroots(cubic) if abs(x.imag) < 1e-9 * abs(x)]
        factor, mean = self._factor(), np.array([self.mean_composition])
        mobility = self.mobility_coefficient * (1.0 if factor is None else float(factor(mean)[0]))
        waves = [(-mobility * x * (curvature + kappa * x + sigma / (x + s2)), x) for x in squares if x > 0.0]
        rate, square = max(waves, default=(0.0, 0.0))
        return (2.0 * math.pi / math.sqrt(square), rate) if rate > 0.0 else None

    def first_field(self, streams: Streams) -> Array:
        """The field at the start: white noise, or the waves of the PFHub benchmark about the mean composition."""
        basis = self.basis()
        if self.start == "pfhub":
            axes = [(np.arange(n) + 0.5) * h for n, h in zip(basis.shape, basis.spacing, strict=True)]
            x, y, *_ = np.meshgrid(*axes, *([np.zeros(1)] if self.dimensions == 1 else []), indexing="ij")
            return _benchmark_waves(x, y).reshape(basis.shape) * self.start_amplitude + self.mean_composition
        noise = np.empty(basis.shape)
        fill_normal(streams(1)[0], noise.reshape(-1))
        return (noise - noise.mean()) * self.start_amplitude + self.mean_composition

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Follow the field, and read it."""
        return self.follow(streams, tick)

    def follow(self, streams: Streams, tick: Tick, journal: Journal | None = None) -> dict[str, Any]:
        """What `simulate` does, on disk where there is a journal: see :mod:`mesoscale.core.fields.recording`."""
        flow, energy = self.flow(), self.free_energy()
        basis = flow.basis
        times = np.geomspace(self.reduced_duration / 64.0, self.reduced_duration, self.snapshots)
        times[-1] = self.reduced_duration
        history = integrate(
            flow, self.first_field(streams), list(times), scheme=self.scheme, tolerance=self.tolerance,
            step=self.fixed_step if self._fixed else None, most_steps=self.most_steps,
            state=streams(1)[0] if self.thermal_noise > 0 else None, tick=tick, journal=journal,
        )  # fmt: skip
        places = np.searchsorted(history.step_times, times)
        level = float(history.fields[-1].mean())
        sizes = np.array([observables.domain_size(field, basis, level) for field in history.fields])
        half = (float(times[self.snapshots // 2 - 1]), self.reduced_duration)
        k, structure = observables.structure_factor(history.fields[-1], basis)
        curvature = float(energy.curvature(self.mean_composition))
        wavelength, rate = self._fastest(curvature) or (None, None)
        ground = energy.tangent(level)
        return {
            "answer": float(history.step_energies[-1]) / basis.volume - ground,
            "answer_valid": self._interface() >= 3.0 * basis.spacing[0] and self._impurity() <= 10.0 * _PURE,
            "naive_answer": float(energy.value(level)) - ground,
            "reduced_time": times,
            "composition": history.fields.reshape(self.snapshots, *(1,) * (3 - self.dimensions), *basis.shape),
            "section": _section(history.fields[-1]),
            "reduced_free_energy": history.step_energies[places],
            "field_mean": history.step_means[places],
            "mass_drift": history.mass_drift,
            "largest_energy_rise": history.largest_rise,
            "accepted_steps": len(history.step_times) - 1,
            "rejected_steps": history.rejected,
            "domain_size_from_structure_factor": sizes[:, 0],
            "domain_size_from_interface_area": sizes[:, 1],
            "domain_size_from_pair_correlation": sizes[:, 2],
            "coarsening_exponent": Estimate(*observables.growth_exponent(times, history.fields, basis, half)),
            "reduced_wavenumber": k,
            "structure_factor": structure,
            "fastest_wavelength": wavelength,
            "fastest_rate": rate,
        }

    def _interface(self) -> float:
        """Full width 2 xi of an interface, from its tension: exact for the quartic well; infinite without phases."""
        energy = self.free_energy()
        phases = energy.binodal()
        if phases is None:
            return math.inf
        tension = energy.interfacial_tension(self.gradient_coefficient)
        return (phases[1] - phases[0]) ** 2 * self.gradient_coefficient * 2.0 / (3.0 * tension)

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
            Times, lengths, wavenumbers, rates and energies in SI; compositions as they are. The names and the recipe,
            which tell the reduced run, stay.

        Examples
        --------
        >>> mixture = CahnHilliard(cells=16, reduced_duration=1.0)
        >>> scaled = mixture.scales(mixture.run(), length="10 nm", energy_density="1 MJ/m3", time="1 ms")
        >>> round(float(scaled.fastest_wavelength) * 1e9, 2), scaled.fastest_wavelength.units
        (88.86, 'm')
        """
        m = float(Unit("m").to_magnitude(length))
        density = float(Unit("J m-3").to_magnitude(energy_density))
        s = float(Unit("s").to_magnitude(time))
        factors = {
            "length": (m, "m"),
            "time": (s, "s"),
            "rate": (1.0 / s, "s-1"),
            "wave": (1.0 / m, "m-1"),
            "density": (density, "J m-3"),
            "volume": (m**self.dimensions, f"m{self.dimensions}"),
            "energy": (density * m**self.dimensions, f"J m{self.dimensions - 3}" if self.dimensions < 3 else "J"),
        }
        kinds = {
            "answer": "density",
            "naive_answer": "density",
            "reduced_time": "time",
            "reduced_free_energy": "energy",
            "reduced_wavenumber": "wave",
            "structure_factor": "volume",
            "fastest_wavelength": "length",
            "fastest_rate": "rate",
        }
        rulers = (r.name for r in self.RESULTS if r.name.startswith("domain_size_from_"))
        kinds.update(dict.fromkeys(rulers, "length"))
        scaled = result.copy()
        for name, kind in kinds.items():
            factor, unit = factors[kind]
            variable = result[name].variable
            attrs = {**variable.attrs, "units": unit}
            values = (variable.dims, variable.values * factor, attrs)
            scaled = scaled.assign_coords({name: values}) if name in result.coords else scaled.assign({name: values})
        return scaled


def _section(field: Array) -> Array:
    """A plane through the middle; a line is a plane of one row."""
    return np.atleast_2d(field[field.shape[0] // 2] if field.ndim == 3 else field)


def _benchmark_waves(x: Array, y: Array) -> Array:
    """Jokisaari et al. 2017, section 4.1, without its factor epsilon."""
    cos = np.cos
    return (
        cos(0.105 * x) * cos(0.11 * y)
        + (cos(0.13 * x) * cos(0.087 * y)) ** 2
        + cos(0.025 * x - 0.15 * y) * cos(0.07 * x - 0.02 * y)
    )

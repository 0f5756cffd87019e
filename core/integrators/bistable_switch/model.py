"""The model `BistableSwitch`; the story is told in :mod:`mesoscale.core.integrators.bistable_switch`."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import model_validator

from ...kernels.threads import map_blocks
from ...model import Model, Result, Streams, Tick, mean, param, problem
from ...quantities import Count, Dimensionless, Unit
from .laws import bin_density, kramers_time, mean_first_passage_time, passage_time, relative_mean_square
from .simulation import follow_escapes, sample_positions

__all__ = ["BistableSwitch"]

Floats = NDArray[np.float64]
_MOST_WORK = 40_000_000  # steps of a run
_FEWEST = 16  # escapes, below which a mean says nothing
_SAMPLERS = 400


class BistableSwitch(Model):
    """A particle between two wells, in reduced units: how long until it is first in the other one?"""

    reduced_barrier: Dimensionless = param(
        5.0, "height of the barrier", source="well above the thermal energy", ge=0.1, le=50, span=(0.2, 8)
    )
    reduced_temperature: Dimensionless = param(
        1.0, "thermal energy", source="reduced units", ge=0.1, le=10, span=(0.7, 5)
    )
    reduced_friction: Dimensionless = param(1.0, "friction coefficient", source="reduced units", ge=0.01, le=100)
    escapes: Count = param(1000, "particles that are followed, if time allows", source="numerical", ge=16, le=100_000)
    steps_per_relaxation: Dimensionless = param(
        8.0, "steps in the time in which the stiffest curvature relaxes", source="numerical", ge=4, le=64
    )

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("answer", Dimensionless, "time of escape, simulated", error=True, beside="mean_first_passage_time"),
        Result("naive_answer", Dimensionless, "time of escape over a high barrier (Kramers)",
               valid="barriers of 3 kT or more"),
        Result("mean_first_passage_time", Dimensionless, "time of escape by quadrature"),
        Result("followed_escapes", Count, "particles that were followed"),
        Result("mean_square", Dimensionless, "mean square position, simulated", error=True,
               beside="relative_mean_square"),
        Result("relative_mean_square", Dimensionless, "mean square position by quadrature"),
        Result("x", Dimensionless, "position", dims=("x",)),
        Result("sampled_density", Dimensionless, "density of positions, simulated", dims=("x",), error=True,
               beside="boltzmann_density"),
        Result("boltzmann_density", Dimensionless, "density of positions by quadrature", dims=("x",)),
    )  # fmt: skip
    competition: ClassVar[str | None] = "barrier / thermal energy"
    control: ClassVar[str | None] = "reduced_barrier"
    quick: ClassVar[Mapping[str, Any]] = {"escapes": 100}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        ratio = self.governing_ratio()
        if not 0.05 <= ratio <= 10.0:
            low, high = 0.05 * self.reduced_temperature, 10.0 * self.reduced_temperature
            sentence = f"must be from {low:.4g} to {high:.4g} at this temperature"
            raise problem("reduced_barrier", f"{sentence}: beyond, a simulation would not end; the laws go further")
        if self._steps_of_escape() * _FEWEST > _MOST_WORK:
            most = self.steps_per_relaxation * _MOST_WORK / (self._steps_of_escape() * _FEWEST)
            raise problem("steps_per_relaxation", f"must be at most {most:.4g} for this barrier")
        return self

    def governing_ratio(self) -> float:
        """Barrier over thermal energy."""
        return self.reduced_barrier / self.reduced_temperature

    def _step(self) -> float:
        """In units of the diffusion time L^2 / D: of the curvatures at a bottom and where the particle turns back."""
        ratio = self.governing_ratio()
        return 1.0 / (self.steps_per_relaxation * (8.0 * ratio + 12.0 * math.sqrt(ratio)))

    def _steps_of_escape(self) -> float:
        return passage_time(self.governing_ratio()) / self._step()

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Follow particles to the other bottom, and an ensemble in equilibrium."""
        ratio, step = self.governing_ratio(), self._step()
        unit = self.reduced_friction / self.reduced_temperature
        arguments = (self.reduced_barrier, self.reduced_temperature, self.reduced_friction, 1.0)
        escapes = min(self.escapes, max(_FEWEST, int(_MOST_WORK / self._steps_of_escape())))
        states = streams(escapes)
        block = max(1, int(2e6 / self._steps_of_escape()))

        def follow(begin: int, end: int) -> Floats:
            times = np.empty(end - begin)
            follow_escapes(ratio, step, states[begin:end], times)
            return times

        times = np.concatenate(map_blocks(follow, escapes, block, tick=lambda done, total: tick(done, 2 * total)))
        edges = np.linspace(-1.0, 1.0, 41) * math.sqrt(1.0 + math.sqrt(9.0 / ratio))
        samplers = streams(_SAMPLERS)

        def sample(begin: int, end: int) -> tuple[Floats, Floats]:
            squares, counts = np.zeros(end - begin), np.zeros((end - begin, len(edges) - 1))
            stride = max(1, round(self.steps_per_relaxation))
            sample_positions(ratio, 0.25 * step, 4 * stride, begin, samplers[begin:end], edges[-1], squares, counts)
            return squares, counts

        parts = map_blocks(
            sample,
            _SAMPLERS,
            _SAMPLERS // 8,
            tick=lambda done, total: tick(escapes + done * escapes // total, 2 * escapes),
        )
        width = edges[1] - edges[0]
        return {
            "answer": mean(times * unit),
            "naive_answer": float(kramers_time(*arguments)),
            "naive_answer_valid": ratio >= 3.0,
            "mean_first_passage_time": float(mean_first_passage_time(*arguments)),
            "followed_escapes": escapes,
            "mean_square": mean(np.concatenate([part[0] for part in parts])),
            "relative_mean_square": float(relative_mean_square(*arguments[:2])),
            "x": 0.5 * (edges[1:] + edges[:-1]),
            "sampled_density": mean(np.concatenate([part[1] for part in parts]) / width),
            "boltzmann_density": bin_density(ratio, edges),
        }

    def scales(
        self, result: xr.Dataset, *, length: float | str, energy: float | str, friction_coefficient: float | str
    ) -> xr.Dataset:
        """The same result in SI; names and recipe, which tell the reduced run, stay.

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        length, energy, friction_coefficient : float or str
            What one unit of each is: L [m], energy [J], zeta [kg/s].

        Examples
        --------
        >>> switch = BistableSwitch(escapes=16)
        >>> scaled = switch.scales(switch.run(), length="1 um", energy="4.1e-21 J", friction_coefficient="19 ug/s")
        >>> round(float(scaled.mean_first_passage_time)), scaled.mean_first_passage_time.units
        (169, 's')
        """
        m, joule = float(Unit("m").to_magnitude(length)), float(Unit("J").to_magnitude(energy))
        second = float(Unit("kg s-1").to_magnitude(friction_coefficient)) * m * m / joule
        factors = dict.fromkeys(
            ("answer", "answer_error", "naive_answer", "mean_first_passage_time"), (second, "s")
        ) | dict.fromkeys(("mean_square", "mean_square_error", "relative_mean_square"), (m * m, "m2"))
        factors |= {"x": (m, "m")}
        factors |= dict.fromkeys(("sampled_density", "sampled_density_error", "boltzmann_density"), (1.0 / m, "m-1"))
        scaled = result.copy()
        for name, (factor, unit) in factors.items():
            variable = result[name].variable
            values = (variable.dims, variable.values * factor, {**variable.attrs, "units": unit})
            scaled = scaled.assign_coords({name: values}) if name in result.coords else scaled.assign({name: values})
        return scaled

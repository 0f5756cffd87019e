"""Simulators at hand: molecular dynamics of this library, and an integral equation without noise."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...model import ParameterError
from ...particles.dynamics import ForceField, System, final_system, simulate
from .integral_equations import liquid_structure
from .radial import radial_distribution
from .virial import PairPotential

__all__ = ["IntegralEquationSimulator", "ParticleSimulator"]

Floats = NDArray[np.float64]


class ParticleSimulator:
    """Beads of one kind in Langevin dynamics (BAOAB), each call from where the last one ended.

    Parameters
    ----------
    system : System
        Beads in their box at the density of the target.
    temperature : float
        kT.
    width, cutoff : float
        Shells of g: those of the target. The cutoff is at most half the box.
    step : float
        Length of a time step.
    steps, equilibration : int
        Steps of one call that are measured, and steps before them.
    every : int
        Steps between two measurements of g.
    friction : float
        Of the thermostat.
    seed : int
        Of the first call; each further one counts it up.

    Examples
    --------
    >>> from mesoscale.core.particles.potentials import WeeksChandlerAndersen
    >>> grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3) * 1.5
    >>> beads = ParticleSimulator(System(grid, [6, 6, 6]), temperature=1.0, width=0.1, cutoff=3.0, steps=500, every=50)
    >>> g, pressure = beads(WeeksChandlerAndersen())
    >>> g.shape, pressure > 0
    ((30,), True)
    """

    def __init__(
        self,
        system: System,
        *,
        temperature: float,
        width: float,
        cutoff: float,
        step: float = 0.005,
        steps: int = 20_000,
        equilibration: int = 2_000,
        every: int = 50,
        friction: float = 1.0,
        seed: int = 0,
    ) -> None:
        if steps < every:
            raise ParameterError("ParticleSimulator", {"steps": "must be at least every, or nothing is measured"})
        self.system = system
        """Where the last call ended."""
        self.distribution: xr.Dataset | None = None
        """The radial distribution of the last call, with its errors."""
        self._temperature, self._width, self._cutoff = temperature, width, cutoff
        self._step, self._steps, self._equilibration = step, steps, equilibration
        self._every, self._friction, self._seed = every, friction, seed

    def __call__(self, potential: PairPotential) -> tuple[Floats, float | None]:
        """g and pressure with this potential."""
        run = simulate(
            self.system, ForceField(pairs={(0, 0): potential}), steps=self._steps, step=self._step,  # type: ignore[dict-item]
            temperature=self._temperature, friction=self._friction, every=self._every, seed=self._seed,
            keep=("position",), equilibration=self._equilibration,
        )  # fmt: skip
        self._seed += 1
        self.system = final_system(run)
        self.distribution = radial_distribution(run, width=self._width, cutoff=self._cutoff)
        return np.asarray(self.distribution["g"].values), float(run["pressure"].mean())


class IntegralEquationSimulator:
    """A liquid in the hypernetted-chain or the Percus-Yevick approximation: fast and without noise.

    Parameters
    ----------
    density, thermal_energy, width, cutoff, closure
        As for `liquid_structure`.

    Examples
    --------
    >>> from mesoscale.core.particles.potentials import WeeksChandlerAndersen
    >>> g, pressure = IntegralEquationSimulator(0.3, width=0.02, cutoff=10)(WeeksChandlerAndersen())
    >>> g.shape, pressure > 0.3
    ((500,), True)
    """

    def __init__(
        self,
        density: float,
        *,
        width: float,
        cutoff: float,
        thermal_energy: float = 1.0,
        closure: Literal["hypernetted_chain", "percus_yevick"] = "hypernetted_chain",
    ) -> None:
        self._density, self._width, self._cutoff = density, width, cutoff
        self._thermal_energy, self._closure = thermal_energy, closure

    def __call__(self, potential: PairPotential) -> tuple[Floats, float | None]:
        """g and pressure with this potential."""
        result = liquid_structure(
            potential, self._density, thermal_energy=self._thermal_energy, closure=self._closure, width=self._width,
            cutoff=self._cutoff,
        )  # fmt: skip
        pressure = float(result["pressure"])
        return np.asarray(result["g"].values), None if np.isnan(pressure) else pressure

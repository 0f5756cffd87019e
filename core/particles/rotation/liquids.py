"""Top-down: from a real liquid to the parameters of a fluid that flows like it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import constants

from ...model import ParameterError
from ..given import positive_numbers
from . import inverse, laws
from .model import StochasticRotation

__all__ = ["MatchedLiquid", "matched_liquid"]

_UNITS = {
    "viscosity": "Pa s",
    "density": "kg m-3",
    "temperature": "K",
    "cell_size": "m",
    "compressibility": "Pa-1",
    "rotation_angle": "rad",
    "occupancy": "1",
}


@dataclass(frozen=True)
class MatchedLiquid:
    """A fluid with the viscosity, density and temperature of a real liquid, in SI, and what of the liquid it has not.

    Attributes
    ----------
    cell_size, particle_mass, step : float
        Edge of a cell [m], mass of a particle [kg], time between two collisions [s].
    thermal_energy : float
        kT [J].
    occupancy, rotation_angle : float
        Mean number of particles in a cell; angle of rotation [rad].
    reduced_step : float
        Mean free path in cells.
    kinematic_viscosity : float
        Matched [m2/s].
    self_diffusion, schmidt_number : float
        Of a particle of the fluid, not of a molecule [m2/s, 1].
    sound_speed : float
        Isothermal speed of sound of the fluid [m/s]: flows must stay below a tenth or two of it.
    compressibility : float
        Isothermal compressibility of the fluid, that of an ideal gas [1/Pa].
    compressibility_ratio : float or None
        Compressibility over that of the real liquid, if it was given.
    """

    cell_size: float
    particle_mass: float
    step: float
    thermal_energy: float
    occupancy: float
    rotation_angle: float
    reduced_step: float
    kinematic_viscosity: float
    self_diffusion: float
    schmidt_number: float
    sound_speed: float
    compressibility: float
    compressibility_ratio: float | None

    @property
    def unmatched(self) -> str:
        """What the fluid does not share with the liquid, in a sentence."""
        ratio = "" if self.compressibility_ratio is None else f", {self.compressibility_ratio:.3g} times the liquid's"
        return (
            f"compressibility {self.compressibility:.3g} 1/Pa{ratio} (an ideal gas: keep flows below "
            f"{0.1 * self.sound_speed:.3g} m/s); Schmidt number {self.schmidt_number:.3g}; no structure, no cohesion"
        )

    def model(self) -> StochasticRotation:
        """The same fluid in reduced units, ready to run; `StochasticRotation.scales` takes its results back to SI.

        Raises
        ------
        ParameterError
            If the step lies outside the range of the model.
        """
        return StochasticRotation(
            occupancy=self.occupancy, rotation_angle=self.rotation_angle, reduced_step=self.reduced_step
        )


def matched_liquid(
    viscosity: float | str,
    density: float | str,
    *,
    temperature: float | str = 298.15,
    cell_size: float | str,
    occupancy: float = 10.0,
    rotation_angle: float | str = math.radians(130.0),
    compressibility: float | str | None = None,
) -> MatchedLiquid:
    """Parameters of a three-dimensional fluid with a real liquid's viscosity and density, equation (7).

    Parameters
    ----------
    viscosity : float or str
        Dynamic viscosity of the liquid [Pa s].
    density : float or str
        [kg/m3].
    temperature : float or str
        [K]; default: 25 degC.
    cell_size : float or str
        Edge of a cell, the resolution that is wanted [m].
    occupancy : float
        Mean number of particles in a cell.
    rotation_angle : float or str
        Angle of rotation [rad].
    compressibility : float or str, optional
        Of the liquid [1/Pa], to be told how far the fluid is from it.

    Returns
    -------
    MatchedLiquid
        In SI; its `unmatched` says what could not be matched.

    Raises
    ------
    ParameterError
        If an argument is not what is allowed, or the liquid is too thin for cells so small: the smallest cell that
        would do is named.

    Examples
    --------
    >>> water = matched_liquid("0.89 mPa s", "997 kg/m3", cell_size="10 nm", compressibility="0.4525 1/GPa")
    >>> round(water.step * 1e12, 2), round(water.schmidt_number), round(water.compressibility_ratio)
    (9.2, 4566, 53686)
    >>> matched_liquid("0.89 mPa s", "997 kg/m3", cell_size="1 pm")
    Traceback (most recent call last):
        ...
    ParameterError: matched_liquid(cell_size='1 pm'): cell_size must be at least 8.26e-12 m for so thin a liquid
    """
    given = {
        "viscosity": viscosity, "density": density, "temperature": temperature, "cell_size": cell_size,
        "occupancy": occupancy, "rotation_angle": rotation_angle, "compressibility": compressibility,
    }  # fmt: skip
    if compressibility is None:
        del given["compressibility"]
    si = positive_numbers("matched_liquid", _UNITS, given)
    a, m_cell, angle = si["cell_size"], si["occupancy"], si["rotation_angle"]
    if not m_cell > 1 or not math.radians(15.0) <= angle <= math.pi:
        name = "rotation_angle" if m_cell > 1 else "occupancy"
        allowed = "must be from 15 to 180 degree" if m_cell > 1 else "must be greater than 1"
        raise ParameterError("matched_liquid", {name: allowed}, {name: given[name]})
    kt = constants.k * si["temperature"]
    mass = si["density"] * a**3 / m_cell
    nu = si["viscosity"] / si["density"]
    least = float(inverse.smallest_viscosity(m_cell, angle))  # in a (kT/m)^(1/2), which goes as 1 / a^(1/2)
    reduced = nu / (a * math.sqrt(kt / mass))
    if reduced < least:
        needed = a * (least / reduced) ** 2
        sentence = f"must be at least {needed:.3g} m for so thin a liquid"
        raise ParameterError("matched_liquid", {"cell_size": sentence}, {"cell_size": cell_size})
    reduced_step = float(inverse.rotation_for_viscosity(reduced, m_cell, angle))
    time = a * math.sqrt(mass / kt)
    where = (reduced_step * time, m_cell, angle, 3, kt, mass)
    fluid_compressibility = a**3 / (m_cell * kt)
    liquid = si.get("compressibility")
    return MatchedLiquid(
        cell_size=a, particle_mass=mass, step=reduced_step * time, thermal_energy=kt, occupancy=m_cell,
        rotation_angle=angle, reduced_step=reduced_step,
        kinematic_viscosity=float(laws.kinematic_viscosity(*where, a)),
        self_diffusion=float(laws.self_diffusion(*where)), schmidt_number=float(laws.schmidt_number(*where, a)),
        sound_speed=float(laws.sound_speed(kt, mass, 3, True)), compressibility=fluid_compressibility,
        compressibility_ratio=None if liquid is None else fluid_compressibility / liquid,
    )  # fmt: skip

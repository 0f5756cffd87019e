"""Top-down: from a liquid's compressibility and the molecules in a bead to the parameters of the beads."""

import math
from dataclasses import dataclass

from scipy import constants

from ...quantities import Unit
from . import laws, transport
from .equation_of_state import repulsion_from_compressibility, tabulated_pressure

__all__ = ["Calibration", "calibrate"]


@dataclass(frozen=True)
class Calibration:
    """Parameters of the beads, what they mean, and what they will do."""

    repulsion: float
    """a, in kT per cutoff."""
    groot_warren_repulsion: float
    """The same by the rule of thumb, for comparison."""
    reduced_density: float
    """Beads in a cubed cutoff."""
    inverse_compressibility: float
    """(1/kT) dp/drho of the beads."""
    cutoff_length: float
    """Unit of length [m]."""
    energy: float
    """Unit of energy, kT [J]."""
    bead_mass: float
    """Unit of mass [kg]."""
    thermal_time: float
    """Unit of time where inertia and sound are to be right [s]."""
    diffusion_time: float
    """Unit of time where diffusion is to be right [s]: longer by `time_ratio`."""
    reduced_pressure: float
    """Pressure of the beads, in kT per cubed cutoff: far above the liquid's, only its slope is matched."""
    ideal_schmidt_number: float
    """Estimate of viscosity over diffusion: of order one, whatever the liquid."""

    @property
    def time_ratio(self) -> float:
        """How much slower diffusion's clock goes than the thermal one: both cannot be right."""
        return self.diffusion_time / self.thermal_time


def calibrate(
    *, molecules_per_bead: float = 1.0, reduced_density: float = 3.0, pair_friction: float = 4.5,
    reduced_diffusivity: float, temperature: float | str = 300.0, inverse_compressibility: float = 15.98,
    molecular_volume: float | str = 30e-30, molecular_mass: float | str = 18.015 * constants.atomic_mass,
    molecular_diffusivity: float | str = 2.43e-9,
) -> Calibration:  # fmt: skip
    """Parameters of beads that are as compressible as the liquid.

    Parameters
    ----------
    molecules_per_bead : float
        N.
    reduced_density : float
        Beads in a cubed cutoff, from 2 to 10.
    pair_friction : float
        gamma.
    reduced_diffusivity : float
        D of the beads as measured: for the diffusion time. At gamma = 4.5: 0.29 for a = 25, 0.144 for a = 78 (0.17 with
        a step of 0.06, as published).
    temperature : float or str
        [K].
    inverse_compressibility : float
        (1/kT) dp/dn of the liquid's molecules; water's by default.
    molecular_volume : float or str
        [m3]; water's by default.
    molecular_mass : float or str
        [kg]; water's by default.
    molecular_diffusivity : float or str
        [m2/s]; water's by default.

    Raises
    ------
    ValueError
        If no repulsion of the measured equation of state is stiff enough: too many molecules in a bead.

    Examples
    --------
    >>> water = calibrate(molecules_per_bead=3, reduced_diffusivity=0.1707)
    >>> round(water.repulsion), round(water.thermal_time * 1e12, 1), round(water.diffusion_time * 1e12)
    (77, 3.0, 88)
    """
    kelvin = float(Unit("K").to_magnitude(temperature))
    volume = float(Unit("m3").to_magnitude(molecular_volume))
    mass = float(Unit("kg").to_magnitude(molecular_mass)) * molecules_per_bead
    diffusivity = float(Unit("m2 s-1").to_magnitude(molecular_diffusivity))
    stiffness = inverse_compressibility * molecules_per_bead
    a = float(repulsion_from_compressibility(stiffness, reduced_density))
    if math.isnan(a):
        raise ValueError(
            f"molecules_per_bead = {molecules_per_bead}: an inverse compressibility of {stiffness:.4g} at the density "
            f"{reduced_density} lies outside of the measured equation of state; take fewer molecules in a bead"
        )
    length = float(laws.cutoff_length_from_coarse_graining(reduced_density, molecules_per_bead, volume))
    return Calibration(
        repulsion=a,
        groot_warren_repulsion=float(laws.groot_warren_repulsion(stiffness, reduced_density)),
        reduced_density=reduced_density,
        inverse_compressibility=stiffness,
        cutoff_length=length,
        energy=constants.k * kelvin,
        bead_mass=mass,
        thermal_time=float(laws.thermal_time(length, mass, kelvin)),
        diffusion_time=float(laws.diffusion_time(length, molecules_per_bead, reduced_diffusivity, diffusivity)),
        reduced_pressure=float(tabulated_pressure(reduced_density, a)),
        ideal_schmidt_number=float(transport.ideal_schmidt_number(pair_friction, reduced_density)),
    )

"""From a liquid to its beads: closed forms. What is in reduced units has no unit, the rest is SI."""

import math
from typing import Any

import numpy as np
from scipy import constants

from ...quantities import (
    Diffusivity,
    Dimensionless,
    Length,
    Mass,
    NumberDensity,
    Pressure,
    Temperature,
    Time,
    Volume,
    law,
)

__all__ = [
    "cutoff_length_from_coarse_graining",
    "diffusion_time",
    "excess_repulsion_from_flory_huggins",
    "flory_huggins_from_repulsion",
    "groot_warren_repulsion",
    "inverse_compressibility_of_liquid",
    "mean_field_pressure",
    "reduced_interfacial_tension",
    "thermal_time",
]


@law
def mean_field_pressure(reduced_density: Dimensionless, repulsion: Dimensionless) -> Dimensionless:
    """Pressure of beads that lie at random, rho + (pi/30) a rho^2: the virial of equation (1) with g(r) = 1.

    Parameters
    ----------
    reduced_density : float
        rho, beads in a cubed cutoff.
    repulsion : float
        a, in kT per cutoff.

    Returns
    -------
    float
        In kT per cubed cutoff.

    Examples
    --------
    >>> round(mean_field_pressure(3.0, 25.0), 6)
    26.561945
    """
    return reduced_density + math.pi / 30.0 * repulsion * np.square(reduced_density)


@law
def inverse_compressibility_of_liquid(
    bulk_modulus: Pressure, number_density: NumberDensity, temperature: Temperature
) -> Dimensionless:
    """What a liquid's beads must reproduce: (1/kT) dp/dn = K / (n kT), for one molecule in a bead.

    With N molecules in a bead, N times as much.

    Parameters
    ----------
    bulk_modulus : float
        Isothermal, K [Pa].
    number_density : float
        Of the molecules, n [1/m3].
    temperature : float
        [K].

    Returns
    -------
    float
        15.98 for water at 300 K.

    Examples
    --------
    >>> round(inverse_compressibility_of_liquid(2.2173e9, 3.333e28, 300.0), 2)
    16.06
    """
    return bulk_modulus / (number_density * constants.k * temperature)


@law
def groot_warren_repulsion(
    inverse_compressibility: Dimensionless, reduced_density: Dimensionless, slope: Dimensionless = 0.101
) -> Dimensionless:
    """Repulsion by the rule of thumb a = (kappa^-1 - 1) / (2 alpha rho): 75 kT / rho for water [2].

    Parameters
    ----------
    inverse_compressibility : float
        (1/kT) dp/drho.
    reduced_density : float
        rho.
    slope : float
        alpha, of the pressure rho + alpha a rho^2 at high density.

    Returns
    -------
    float
        In kT per cutoff.

    References
    ----------
    Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784.

    Examples
    --------
    >>> round(groot_warren_repulsion(15.98, 3.0), 3)
    24.719
    """
    return (inverse_compressibility - 1.0) / (2.0 * slope * reduced_density)


@law
def cutoff_length_from_coarse_graining(
    reduced_density: Dimensionless, molecules_per_bead: Dimensionless, molecular_volume: Volume
) -> Length:
    """What the unit of length is: (rho N v)^(1/3).

    Parameters
    ----------
    reduced_density : float
        rho.
    molecules_per_bead : float
        N.
    molecular_volume : float
        Of one molecule, v [m3]; 30 cubic angstrom for water.

    Returns
    -------
    float
        [m].

    Examples
    --------
    >>> round(cutoff_length_from_coarse_graining(3.0, 3.0, 30e-30) * 1e10, 3)
    6.463
    """
    return np.cbrt(reduced_density * molecules_per_bead * molecular_volume)


@law
def thermal_time(cutoff_length: Length, bead_mass: Mass, temperature: Temperature) -> Time:
    """What the unit of time is where sound and inertia matter: r_c (m / kT)^(1/2).

    Parameters
    ----------
    cutoff_length : float
        r_c [m].
    bead_mass : float
        m [kg].
    temperature : float
        [K].

    Returns
    -------
    float
        [s].

    Examples
    --------
    >>> round(thermal_time(6.46e-10, 8.97e-26, 300.0) * 1e12, 2)
    3.01
    """
    return cutoff_length * np.sqrt(bead_mass / (constants.k * temperature))


@law
def diffusion_time(
    cutoff_length: Length,
    molecules_per_bead: Dimensionless,
    reduced_diffusivity: Dimensionless,
    molecular_diffusivity: Diffusivity,
) -> Time:
    """What the unit of time is where diffusion matters: N D r_c^2 / D_molecule (a bead's centre is N times slower).

    Thirty times the thermal time for water: the fluid is a gas as far as its Schmidt number goes, and one of the two
    times can be right.

    Parameters
    ----------
    cutoff_length : float
        r_c [m].
    molecules_per_bead : float
        N.
    reduced_diffusivity : float
        D of the beads, measured.
    molecular_diffusivity : float
        Of the liquid's molecules [m2/s].

    Returns
    -------
    float
        [s].

    References
    ----------
    Groot & Rabone, Biophys. J. 81, 725 (2001), doi:10.1016/S0006-3495(01)75737-2.

    Examples
    --------
    >>> round(diffusion_time(6.46e-10, 3.0, 0.1707, 2.43e-9) * 1e12, 1)
    87.9
    """
    return molecules_per_bead * reduced_diffusivity * np.square(cutoff_length) / molecular_diffusivity


def _flory_huggins_slope(reduced_density: Any) -> Any:
    """chi over the excess repulsion: measured at the densities 3 and 5 only, straight between them, NaN elsewhere."""
    rho = np.asarray(reduced_density, dtype=float)
    inside = np.where((rho >= 3.0) & (rho <= 5.0), rho, np.nan)
    return 0.286 + (0.689 - 0.286) * (inside - 3.0) / 2.0


@law
def flory_huggins_from_repulsion(excess_repulsion: Dimensionless, reduced_density: Dimensionless) -> Dimensionless:
    """chi of two kinds of beads: 0.286 (a_AB - a) at density 3, 0.689 (a_AB - a) at 5, measured [2].

    Random mixing would give (pi/15) rho (a_AB - a), twice as much: beads avoid those that they dislike.

    Parameters
    ----------
    excess_repulsion : float
        Repulsion between unlike beads above that of like ones.
    reduced_density : float
        rho, from 3 to 5; between them the slope is interpolated.

    Returns
    -------
    float
        NaN at other densities.

    References
    ----------
    Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784.

    Examples
    --------
    >>> round(flory_huggins_from_repulsion(15.0, 3.0), 3)
    4.29
    """
    return (_flory_huggins_slope(reduced_density) * excess_repulsion)[()]


@law
def excess_repulsion_from_flory_huggins(flory_huggins: Dimensionless, reduced_density: Dimensionless) -> Dimensionless:
    """The inverse of `flory_huggins_from_repulsion`.

    Parameters
    ----------
    flory_huggins : float
        chi, of beads.
    reduced_density : float
        rho, from 3 to 5.

    Returns
    -------
    float
        NaN at other densities.

    Examples
    --------
    >>> round(excess_repulsion_from_flory_huggins(4.29, 3.0), 9)
    15.0
    """
    return (flory_huggins / _flory_huggins_slope(reduced_density))[()]


@law
def reduced_interfacial_tension(
    flory_huggins: Dimensionless,
    reduced_density: Dimensionless,
    amplitude: Dimensionless = 0.75,
    exponent: Dimensionless = 0.26,
    critical: Dimensionless = 2.36,
) -> Dimensionless:
    """Tension between two kinds of single beads, 0.75 rho chi^0.26 (1 - 2.36/chi)^(3/2): a fit to simulations [2].

    Parameters
    ----------
    flory_huggins : float
        chi.
    reduced_density : float
        rho.
    amplitude, exponent, critical : float
        Of the fit.

    Returns
    -------
    float
        In kT per squared cutoff; NaN below the critical chi, where the beads mix.

    References
    ----------
    Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784.

    Examples
    --------
    >>> round(reduced_interfacial_tension(4.29, 3.0), 4)
    0.9915
    """
    chi = np.asarray(flory_huggins, dtype=float)
    apart = np.where(chi >= critical, chi, np.nan)
    tension: Any = amplitude * reduced_density * apart**exponent * (1.0 - critical / apart) ** 1.5
    return tension[()]

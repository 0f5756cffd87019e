"""Closed forms of stochastic rotation dynamics; a mass, an energy and a length of 1 give reduced units."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, gammaln, poch

from ...quantities import (
    Angle,
    Diffusivity,
    Dimensionless,
    Energy,
    KinematicViscosity,
    Length,
    Mass,
    Time,
    Velocity,
    law,
)

__all__ = [
    "collisional_viscosity",
    "exchanged_share",
    "kinematic_viscosity",
    "kinetic_viscosity",
    "mean_free_path",
    "schmidt_number",
    "self_diffusion",
    "sound_speed",
]


@law
def exchanged_share(occupancy: Dimensionless) -> Dimensionless:
    """Share of a particle's velocity relative to its cell that others can take over, q = (M - 1 + exp(-M)) / M.

    The mean of (N - 1) / N over the Poisson numbers N of a cell, seen by a particle inside, equation (2).

    Parameters
    ----------
    occupancy : float
        M, mean number of particles in a cell.

    Returns
    -------
    float
        From 0 to 1; NaN for a negative occupancy.

    Examples
    --------
    >>> round(exchanged_share(10.0), 8)
    0.90000454
    """
    m = np.asarray(occupancy, dtype=float)
    m = np.where(m >= 0.0, m, np.nan)
    thin = m < 0.1  # the closed form cancels there
    b = np.where(thin, 1.0, m)
    series = np.zeros_like(m)
    for n in range(11, 1, -1):  # m / 2! - m^2 / 3! + ... by Horner's scheme
        series = np.where(thin, m, 0.0) / n * (1.0 - series)
    share: Any = np.where(thin, series, (b + np.expm1(-b)) / b)
    return share[()]


@law
def kinetic_viscosity(
    step: Time,
    occupancy: Dimensionless,
    angle: Angle,
    dimensions: int = 3,
    thermal_energy: Energy = 1.0,
    mass: Mass = 1.0,
    cell_thermostat: bool = False,
) -> KinematicViscosity:
    """Kinematic viscosity by particles that carry momentum as they stream, equations (3), (4) and (9).

    Parameters
    ----------
    step : float
        Time between two collisions [s].
    occupancy : float
        M, mean number of particles in a cell.
    angle : float
        Angle of rotation [rad].
    dimensions : int
        2 or 3.
    thermal_energy : float
        kT [J].
    mass : float
        Of a particle [kg].
    cell_thermostat : bool
        Whether each cell's relative energy is drawn anew at every collision, which makes stress forget.

    Returns
    -------
    float
        [m2/s]; NaN where collisions never take anything from the stress (no others in the cell, no rotation; in two
        dimensions half a turn).

    Examples
    --------
    >>> round(kinetic_viscosity(0.1, 10.0, 2.2689280275926285), 6)
    0.048627
    """
    q, c, c2 = exchanged_share(occupancy), np.cos(angle), np.cos(2.0 * np.asarray(angle, dtype=float))
    turned = (1.0 + 2.0 * c + 2.0 * c2) / 5.0 if _checked(dimensions) == 3 else c2
    remembered = _remembered_share(occupancy, dimensions) if cell_thermostat else q
    lost = _greater_than_zero(q - turned * remembered)  # 1 - g, of a particle's stress in a collision
    viscosity: Any = _greater_than_zero(thermal_energy) / _greater_than_zero(mass) * _greater_than_zero(step)
    return (viscosity * (1.0 / lost - 0.5))[()]


@law
def collisional_viscosity(
    step: Time, occupancy: Dimensionless, angle: Angle, dimensions: int = 3, cell_size: Length = 1.0
) -> KinematicViscosity:
    """Kinematic viscosity by momentum that a collision moves across a cell, equation (5).

    Parameters
    ----------
    step : float
        Time between two collisions [s].
    occupancy : float
        M, mean number of particles in a cell.
    angle : float
        Angle of rotation [rad].
    dimensions : int
        2 or 3.
    cell_size : float
        Edge of a cell [m].

    Returns
    -------
    float
        [m2/s].

    Examples
    --------
    >>> round(collisional_viscosity(0.1, 10.0, 2.2689280275926285), 6)
    0.821398
    """
    d = _checked(dimensions)
    moved: Any = np.square(cell_size) * exchanged_share(occupancy) * (1.0 - np.cos(angle)) / 6.0
    return (moved / (d * _greater_than_zero(step)))[()]


@law
def kinematic_viscosity(
    step: Time,
    occupancy: Dimensionless,
    angle: Angle,
    dimensions: int = 3,
    thermal_energy: Energy = 1.0,
    mass: Mass = 1.0,
    cell_size: Length = 1.0,
    cell_thermostat: bool = False,
) -> KinematicViscosity:
    """Kinematic viscosity of the fluid: kinetic and collisional part together.

    Parameters
    ----------
    step : float
        Time between two collisions [s].
    occupancy : float
        M, mean number of particles in a cell.
    angle : float
        Angle of rotation [rad].
    dimensions : int
        2 or 3.
    thermal_energy : float
        kT [J].
    mass : float
        Of a particle [kg].
    cell_size : float
        Edge of a cell [m].
    cell_thermostat : bool
        Whether each cell's relative energy is drawn anew at every collision.

    Returns
    -------
    float
        [m2/s]; times the density it is the dynamic viscosity.

    Examples
    --------
    >>> round(10.0 * kinematic_viscosity(0.1, 10.0, 2.2689280275926285), 2)
    8.7
    """
    kinetic = kinetic_viscosity.__wrapped__(step, occupancy, angle, dimensions, thermal_energy, mass, cell_thermostat)
    return kinetic + collisional_viscosity.__wrapped__(step, occupancy, angle, dimensions, cell_size)


@law
def self_diffusion(
    step: Time,
    occupancy: Dimensionless,
    angle: Angle,
    dimensions: int = 3,
    thermal_energy: Energy = 1.0,
    mass: Mass = 1.0,
) -> Diffusivity:
    """Self-diffusion coefficient without memory of the neighbours, equation (6).

    Below a mean free path of about half a cell, particles that stay together remember each other, and diffuse faster.

    Parameters
    ----------
    step : float
        Time between two collisions [s].
    occupancy : float
        M, mean number of particles in a cell.
    angle : float
        Angle of rotation [rad].
    dimensions : int
        2 or 3.
    thermal_energy : float
        kT [J].
    mass : float
        Of a particle [kg].

    Returns
    -------
    float
        [m2/s].

    Examples
    --------
    >>> round(self_diffusion(1.0, 10.0, 2.2689280275926285), 6)
    0.514531
    """
    d = _checked(dimensions)
    collisions = d / _greater_than_zero((1.0 - np.cos(angle)) * exchanged_share(occupancy))
    square: Any = _greater_than_zero(thermal_energy) / _greater_than_zero(mass) * _greater_than_zero(step)
    return (0.5 * square * (collisions - 1.0))[()]


@law
def schmidt_number(
    step: Time,
    occupancy: Dimensionless,
    angle: Angle,
    dimensions: int = 3,
    thermal_energy: Energy = 1.0,
    mass: Mass = 1.0,
    cell_size: Length = 1.0,
) -> Dimensionless:
    """Kinematic viscosity over self-diffusion: about 1 for a gas, hundreds for a liquid.

    Parameters
    ----------
    step : float
        Time between two collisions [s].
    occupancy : float
        M, mean number of particles in a cell.
    angle : float
        Angle of rotation [rad].
    dimensions : int
        2 or 3.
    thermal_energy : float
        kT [J].
    mass : float
        Of a particle [kg].
    cell_size : float
        Edge of a cell [m].

    Returns
    -------
    float
        nu / D.

    Examples
    --------
    >>> round(schmidt_number(0.1, 10.0, 2.2689280275926285), 3)
    16.909
    """
    diffusion = self_diffusion.__wrapped__(step, occupancy, angle, dimensions, thermal_energy, mass)
    viscosity = kinematic_viscosity.__wrapped__(step, occupancy, angle, dimensions, thermal_energy, mass, cell_size)
    return viscosity / diffusion


@law
def mean_free_path(step: Time, thermal_energy: Energy = 1.0, mass: Mass = 1.0) -> Length:
    """Distance that a particle of thermal speed (kT/m)^(1/2) travels between two collisions.

    Parameters
    ----------
    step : float
        Time between two collisions [s].
    thermal_energy : float
        kT [J].
    mass : float
        Of a particle [kg].

    Returns
    -------
    float
        [m].

    Examples
    --------
    >>> mean_free_path(0.1)
    0.1
    """
    path: Any = _greater_than_zero(step) * np.sqrt(_greater_than_zero(thermal_energy) / _greater_than_zero(mass))
    return path[()]


@law
def sound_speed(thermal_energy: Energy, mass: Mass, dimensions: int = 3, isothermal: bool = False) -> Velocity:
    """Speed of sound of the ideal gas that the fluid is, (gamma kT / m)^(1/2) with gamma = 1 + 2/d.

    Parameters
    ----------
    thermal_energy : float
        kT [J].
    mass : float
        Of a particle [kg].
    dimensions : int
        2 or 3.
    isothermal : bool
        Whether a thermostat keeps compressions from heating: then gamma is 1.

    Returns
    -------
    float
        [m/s].

    Examples
    --------
    >>> round(sound_speed(1.0, 1.0), 6), sound_speed(1.0, 1.0, isothermal=True)
    (1.290994, 1.0)
    """
    ratio = 1.0 if isothermal else 1.0 + 2.0 / _checked(dimensions)
    speed: Any = np.sqrt(ratio * _greater_than_zero(thermal_energy) / _greater_than_zero(mass))
    return speed[()]


def _greater_than_zero(value: Any) -> NDArray[np.float64]:
    """The value as an array, NaN where it is not greater than 0: the laws end there."""
    number = np.asarray(value, dtype=float)
    return np.where(number > 0.0, number, np.nan)


def _remembered_share(occupancy: Any, dimensions: int) -> Any:
    """Mean of (N - 1) / N s / (s + 1) over the numbers N that a particle sees, s = d (N - 1) / 2, equation (9).

    With k = N - 1 that is 1 - 2 / (k + 1) + 1 / (k + 1)^2 in 2 D and 1 - 3 / (k + 1) + (4/3) / (k + 2/3) in 3 D, whose
    Poisson means are series in 1 / M with all digits above 50; below, the probabilities are added up.
    """
    m = np.asarray(occupancy, dtype=float)
    many = m > 50.0
    few, large = np.where(many, 1.0, m)[..., None], np.where(many, m, 50.0)
    others = np.arange(1.0, 200.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # nobody else: log(0); a negative number: NaN
        probability = np.exp(others * np.log(few) - few - gammaln(others + 1.0))
    shape = 0.5 * dimensions * others
    added = (probability * others / (others + 1.0) * shape / (shape + 1.0)).sum(axis=-1)
    orders = np.arange(25)
    powers = large[..., None] ** -(orders + 1.0)
    if dimensions == 3:
        series = 1.0 - 3.0 / large + 4.0 / 3.0 * (poch(1.0 / 3.0, orders) * powers).sum(axis=-1)
    else:
        series = 1.0 - 2.0 / large + (gamma(orders + 1.0) * powers).sum(axis=-1) / large
    return np.where(many, series, added)


def _checked(dimensions: int) -> int:
    if dimensions not in (2, 3):
        raise ValueError(f"dimensions = {dimensions!r}: must be 2 or 3")
    return dimensions

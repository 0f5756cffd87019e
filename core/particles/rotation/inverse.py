"""From a viscosity to a time step, and from a flow to a viscosity."""

import math
from typing import Any

import numpy as np

from ...quantities import (
    Acceleration,
    Angle,
    Dimensionless,
    Energy,
    KinematicViscosity,
    Length,
    Mass,
    Time,
    Velocity,
    Wavenumber,
    law,
)
from .laws import collisional_viscosity, kinetic_viscosity

__all__ = ["forced_flow_viscosity", "rotation_for_viscosity", "smallest_viscosity"]


@law
def smallest_viscosity(
    occupancy: Dimensionless,
    angle: Angle,
    dimensions: int = 3,
    thermal_energy: Energy = 1.0,
    mass: Mass = 1.0,
    cell_size: Length = 1.0,
) -> KinematicViscosity:
    """The smallest kinematic viscosity over all time steps, 2 (A B)^(1/2) of nu = A dt + B / dt, equation (7).

    Parameters
    ----------
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
        [m2/s].

    Examples
    --------
    >>> round(smallest_viscosity(10.0, 2.2689280275926285), 6)
    0.39971
    """
    a, b = _branches(occupancy, angle, dimensions, thermal_energy, mass, cell_size)
    return 2.0 * np.sqrt(a * b)


@law
def rotation_for_viscosity(
    kinematic_viscosity: KinematicViscosity,
    occupancy: Dimensionless,
    angle: Angle,
    dimensions: int = 3,
    thermal_energy: Energy = 1.0,
    mass: Mass = 1.0,
    cell_size: Length = 1.0,
) -> Time:
    """The time step that gives a viscosity, on the branch of short steps, where collisions carry it as in a liquid.

    The smaller root of A dt^2 - nu dt + B = 0, equation (7).

    Parameters
    ----------
    kinematic_viscosity : float
        nu [m2/s].
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
        Time between two collisions [s].

    Raises
    ------
    ValueError
        If no time step gives a viscosity so small; the error says which is the smallest. Where collisions leave the
        stress as it is (no rotation, in two dimensions half a turn), there is no viscosity at all.

    Examples
    --------
    >>> round(rotation_for_viscosity(0.87, 10.0, 2.2689280275926285), 5)
    0.1
    """
    a, b = _branches(occupancy, angle, dimensions, thermal_energy, mass, cell_size)
    nu = np.asarray(kinematic_viscosity, dtype=float)
    rest = nu * nu - 4.0 * a * b
    reached = (nu > 0.0) & np.isfinite(nu) & (rest >= -1e-13 * nu * nu)  # rounding at the smallest one itself
    if not np.all(reached):
        wrong, least = (x[~reached].flat[0] for x in np.broadcast_arrays(nu, 2.0 * np.sqrt(a * b)))
        allowed = f"must be at least {least:.6g} for this occupancy, angle and cell"
        if math.isnan(least):
            allowed = "there is none for this occupancy and angle, or what else was given is not greater than 0"
        elif wrong == math.inf:
            allowed = "must be finite"
        raise ValueError(f"kinematic_viscosity = {wrong:.6g}: {allowed}")
    step: Any = 2.0 * b / (nu + np.sqrt(np.maximum(rest, 0.0)))  # the smaller root, without cancellation
    return step[()]


@law
def forced_flow_viscosity(
    amplitude: Velocity, acceleration: Acceleration, wavenumber: Wavenumber, step: Time
) -> KinematicViscosity:
    """Kinematic viscosity from a flow that is kept up by a kick F dt sin(ky) before every step.

    Between kicks the flow decays by exp(-nu k^2 dt), so that after a collision it is u = F dt / (exp(nu k^2 dt) - 1),
    equation (8): nu = log(1 + F dt / u) / (k^2 dt), which is F / (k^2 (u + F dt / 2)) up to (nu k^2 dt)^2 / 12.

    Parameters
    ----------
    amplitude : float
        u, of the flow after a collision [m/s].
    acceleration : float
        F, amplitude of the force per mass [m/s2].
    wavenumber : float
        k [1/m].
    step : float
        dt [s].

    Returns
    -------
    float
        [m2/s]; NaN where the flow is not along the force, or without a wave or a step.

    Examples
    --------
    >>> round(forced_flow_viscosity(0.27, 0.15, 0.7853981633974483, 0.1), 6)
    0.876505
    """
    u, dt, square = np.asarray(amplitude, dtype=float), np.asarray(step, dtype=float), np.square(wavenumber)
    along = (u * acceleration > 0.0) & (dt > 0.0) & (square > 0.0)
    decay = np.log1p(acceleration * dt / np.where(along, u, np.nan))
    viscosity: Any = decay / np.where(along, square * dt, np.nan)
    return viscosity[()]


def _branches(
    occupancy: Any, angle: Any, dimensions: int, thermal_energy: Any, mass: Any, cell_size: Any
) -> tuple[Any, Any]:
    """A and B of nu = A dt + B / dt."""
    one = 1.0
    a = kinetic_viscosity.__wrapped__(one, occupancy, angle, dimensions, thermal_energy, mass)
    return a, collisional_viscosity.__wrapped__(one, occupancy, angle, dimensions, cell_size)

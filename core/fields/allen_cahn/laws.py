"""Closed forms of moving interfaces; the convention is (kappa/2) (grad eta)^2 and f' = W (eta^2 - 1) (eta - a)."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...quantities import (
    Diffusivity,
    Dimensionless,
    Energy,
    EnergyDensity,
    GradientEnergy,
    InterfacialTension,
    Length,
    OrderMobility,
    Time,
    Velocity,
    law,
)

__all__ = [
    "critical_radius",
    "curvature_velocity",
    "driving_force",
    "drop_radius",
    "front_velocity",
    "interface_width",
    "interfacial_tension",
    "nucleation_barrier",
]


@law
def interface_width(well_depth: EnergyDensity, gradient_energy: GradientEnergy) -> Length:
    """Length xi of the profile tanh(x / xi) of a flat interface, (2 kappa / W)^(1/2), at any tilt; equation (2).

    Parameters
    ----------
    well_depth : float
        W, in f = (W/4) (1 - eta^2)^2 [J/m3].
    gradient_energy : float
        kappa [J/m].

    Returns
    -------
    float
        [m]; NaN unless both are positive.

    Examples
    --------
    >>> round(interface_width(1.0, 1.0), 6)
    1.414214
    """
    return np.sqrt(2.0 * _existing(gradient_energy) / _existing(well_depth))[()]


@law
def interfacial_tension(well_depth: EnergyDensity, gradient_energy: GradientEnergy) -> InterfacialTension:
    """Energy of a flat interface per area, (2 sqrt(2) / 3) (kappa W)^(1/2), equation (2).

    Parameters
    ----------
    well_depth : float
        W [J/m3].
    gradient_energy : float
        kappa [J/m].

    Returns
    -------
    float
        [N/m]; NaN unless both are positive.

    Examples
    --------
    >>> round(interfacial_tension(1.0, 1.0), 6)
    0.942809
    """
    return (2.0 * math.sqrt(2.0) / 3.0 * np.sqrt(_existing(gradient_energy) * _existing(well_depth)))[()]


@law
def driving_force(tilt: Dimensionless, well_depth: EnergyDensity) -> EnergyDensity:
    """Free-energy density by which the phase -1 lies below the phase +1, 4 W a / 3.

    Parameters
    ----------
    tilt : float
        a, between -1 and 1.
    well_depth : float
        W [J/m3].

    Returns
    -------
    float
        [J/m3]; negative where the phase +1 is the favoured one.

    Examples
    --------
    >>> round(driving_force(0.3, 1.0), 12)
    0.4
    """
    return 4.0 / 3.0 * well_depth * tilt


@law
def curvature_velocity(
    radius: Length, gradient_energy: GradientEnergy, mobility: OrderMobility, dimensions: Dimensionless = 2.0
) -> Velocity:
    """Velocity at which a drop's radius changes by curvature alone, -(d - 1) M kappa / R; equation (3) with a = 0.

    Parameters
    ----------
    radius : float
        R [m].
    gradient_energy : float
        kappa [J/m].
    mobility : float
        M [m3/(J s)].
    dimensions : float
        d: 2 for a cylinder, 3 for a ball, 1 for a plate.

    Returns
    -------
    float
        [m/s], negative: drops shrink.

    Examples
    --------
    >>> round(curvature_velocity(20.0, 1.0, 1.0, 3.0), 12)
    -0.1
    """
    return (-(dimensions - 1.0) * mobility * gradient_energy / _existing(radius))[()]


@law
def front_velocity(
    tilt: Dimensionless, well_depth: EnergyDensity, gradient_energy: GradientEnergy, mobility: OrderMobility
) -> Velocity:
    """Velocity of a flat front, by which the phase -1 advances: a M (2 kappa W)^(1/2), exact for every |a| < 1.

    Parameters
    ----------
    tilt : float
        a [1].
    well_depth : float
        W [J/m3].
    gradient_energy : float
        kappa [J/m].
    mobility : float
        M [m3/(J s)].

    Returns
    -------
    float
        [m/s]; NaN where one of the phases is no minimum, |a| >= 1.

    Examples
    --------
    >>> round(front_velocity(0.3, 1.0, 1.0, 1.0), 7)
    0.4242641
    """
    a = np.where(np.abs(tilt) < 1.0, tilt, np.nan)
    return (a * mobility * np.sqrt(2.0 * _existing(gradient_energy) * _existing(well_depth)))[()]


@law
def critical_radius(
    tilt: Dimensionless,
    well_depth: EnergyDensity,
    gradient_energy: GradientEnergy,
    dimensions: Dimensionless = 2.0,
) -> Length:
    """Radius of the drop of phase -1 that neither grows nor shrinks, (d - 1) sigma / df = (d - 1) (kappa/2W)^(1/2) / a.

    For radii well above the width of the interface.

    Parameters
    ----------
    tilt : float
        a [1].
    well_depth : float
        W [J/m3].
    gradient_energy : float
        kappa [J/m].
    dimensions : float
        d [1].

    Returns
    -------
    float
        [m]; NaN where every drop shrinks, a <= 0.

    Examples
    --------
    >>> round(critical_radius(0.1, 1.0, 1.0), 6)
    7.071068
    """
    a = np.where(np.asarray(tilt, dtype=float) > 0.0, tilt, np.nan)
    return ((dimensions - 1.0) * np.sqrt(_existing(gradient_energy) / (2.0 * _existing(well_depth))) / a)[()]


@law
def nucleation_barrier(tilt: Dimensionless, well_depth: EnergyDensity, gradient_energy: GradientEnergy) -> Energy:
    """Energy of the critical drop in three dimensions, 16 pi sigma^3 / (3 df^2).

    Parameters
    ----------
    tilt : float
        a [1].
    well_depth : float
        W [J/m3].
    gradient_energy : float
        kappa [J/m].

    Returns
    -------
    float
        [J]; NaN where there is no critical drop, a <= 0.

    Examples
    --------
    >>> round(nucleation_barrier(0.1, 1.0, 1.0), 3)
    789.846
    """
    a = np.where(np.asarray(tilt, dtype=float) > 0.0, tilt, np.nan)
    tension = interfacial_tension.__wrapped__(well_depth, gradient_energy)
    drive = driving_force.__wrapped__(a, well_depth)
    return (16.0 * math.pi / 3.0 * tension**3 / drive**2)[()]


@law
def drop_radius(
    time: Time,
    initial_radius: Length,
    front_velocity: Velocity,
    curvature_coefficient: Diffusivity,
    dimensions: Dimensionless = 2.0,
) -> Length:
    """Radius of a drop with a sharp interface, dR/dt = v - (d - 1) M kappa / R, equation (3); 0 once it is gone.

    Without drive R^2 = R0^2 - 2 (d - 1) M kappa t. With it, x = R / R_c obeys x + ln|1 - x| = (the same at t = 0)
    + v t / R_c, which is solved by bisection.

    Parameters
    ----------
    time : float
        t [s].
    initial_radius : float
        R0 [m].
    front_velocity : float
        v of a flat front; positive if the drop's phase advances [m/s].
    curvature_coefficient : float
        M kappa, the reduced mobility of the interface [m2/s].
    dimensions : float
        d [1].

    Returns
    -------
    float
        [m].

    Examples
    --------
    >>> round(drop_radius(100.0, 24.0, 0.0, 1.0), 6)
    19.390719
    >>> round(drop_radius(100.0, 12.0, 0.1414214, 1.0), 4)
    19.5651
    """
    given = (time, initial_radius, front_velocity, (dimensions - 1.0) * np.asarray(curvature_coefficient, dtype=float))
    t, start, v, c = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in given))
    radius = np.sqrt(np.maximum(start**2 - 2.0 * c * t, 0.0))
    plain = c <= 0.0
    radius = np.where(plain, np.maximum(start + v * t, 0.0), radius)
    driven = ~plain & (np.abs(v) * start > 1e-8 * c)  # below, the drive changes nothing that a float would show
    if driven.any():
        radius[driven] = _follow_drop(t[driven], start[driven], v[driven], c[driven])
    return radius[()]


def _existing(value: Any) -> Any:
    """NaN where a stiffness, a depth or a radius is not positive."""
    number = np.asarray(value, dtype=float)
    return np.where(number > 0.0, number, np.nan)


def _follow_drop(t: NDArray[Any], start: NDArray[Any], v: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
    """The driven drop. x falls to 0 from below 1, rises from above it, and comes to 0 from below if v < 0."""
    critical = c / v
    first, elapsed = start / critical, v * v * t / c

    def clock(x: NDArray[Any]) -> NDArray[Any]:
        gap = np.where(x > 1.0, x - 1.0, 1.0 - x)
        small = np.abs(x) < 0.5
        logarithm = np.log1p(-np.where(small, x, 0.0))
        return x + np.where(small, logarithm, np.log(np.where(small | (gap <= 0.0), 1.0, gap)))

    target = clock(first) + elapsed
    grows = first > 1.0
    near, far = first.copy(), np.where(grows, first + elapsed, 0.0)
    for _ in range(100):
        middle = 0.5 * (near + far)
        early = clock(middle) < target
        near, far = np.where(early, middle, near), np.where(early, far, middle)
    x = np.where(~grows & (target >= 0.0), 0.0, 0.5 * (near + far))
    return np.where(first == 1.0, start, np.abs(critical * x))

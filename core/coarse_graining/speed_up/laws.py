"""Closed forms of the speed-up: what limits a step, and how often molecules collide."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from ...quantities import Energy, Length, Mass, NumberDensity, Rate, Time, Unit, law

__all__ = ["collision_rate", "tetrahedron_step_limit"]

Stiffness = Annotated[float, Unit("N m-1")]


@law
def tetrahedron_step_limit(stiffness: Stiffness, mass: Mass) -> Time:
    """Longest stable step of four equal atoms with six equal springs: 2 / omega of the breathing mode.

    The modes have omega^2 = 4 k/m (breathing, once), 2 k/m (three times), k/m (twice) and 0 (six times).

    Parameters
    ----------
    stiffness : float
        k, second derivative of the energy of a bond [N/m].
    mass : float
        m, of one atom [kg].

    Returns
    -------
    float
        Step [s]; NaN for a spring that is not one.

    References
    ----------
    Herzberg, Infrared and Raman Spectra of Polyatomic Molecules (Van Nostrand 1945), section II.4.

    Examples
    --------
    >>> float(tetrahedron_step_limit(900.0, 1.0))
    0.03333333333333333
    """
    stiff: Any = np.where(np.asarray(stiffness) > 0, stiffness, np.nan)
    return np.sqrt(mass / stiff)


@law
def collision_rate(number_density: NumberDensity, diameter: Length, mass: Mass, thermal_energy: Energy) -> Rate:
    r"""Rate at which collisions make a molecule forget its velocity, kT / (m D) of a dilute gas of hard spheres.

    .. math:: \Gamma = \frac{8}{3}\, n\, d^2 \sqrt{\frac{\pi kT}{m}}

    Parameters
    ----------
    number_density : float
        n [1/m3].
    diameter : float
        d [m].
    mass : float
        m, of a molecule [kg].
    thermal_energy : float
        kT [J].

    Returns
    -------
    float
        Rate [1/s]; in a dense liquid it is larger.

    References
    ----------
    Chapman & Cowling, The Mathematical Theory of Non-Uniform Gases, 3rd ed. (Cambridge 1970), chapter 10.

    Examples
    --------
    >>> round(float(collision_rate(0.1, 2.0, 4.0, 1.0)), 6)
    0.945309
    """
    return 8.0 / 3.0 * number_density * diameter**2 * np.sqrt(math.pi * thermal_energy / mass)

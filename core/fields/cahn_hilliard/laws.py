"""Closed forms of phase separation; the convention is (kappa/2) (grad c)^2 throughout."""

import math
from typing import Any

import numpy as np

from ...quantities import (
    Dimensionless,
    EnergyDensity,
    FieldMobility,
    GradientEnergy,
    InterfacialTension,
    Length,
    Rate,
    Wavenumber,
    law,
)

__all__ = ["binodal", "growth_rate", "interface_width", "interfacial_tension", "spinodal", "spinodal_wavelength"]


@law
def spinodal_wavelength(curvature: EnergyDensity, gradient_energy: GradientEnergy) -> Length:
    """Wavelength that grows fastest out of a homogeneous mixture, 2 pi (-2 kappa / r)^(1/2), equation (3).

    With Cahn's energy, kappa (grad c)^2 without the half, hand in 2 kappa.

    Parameters
    ----------
    curvature : float
        r = f'' of the mixture [J/m3].
    gradient_energy : float
        kappa [J/m].

    Returns
    -------
    float
        [m]; NaN where the mixture is stable.

    Examples
    --------
    >>> round(spinodal_wavelength(-0.8, 2.0), 5)
    14.04963
    """
    r = np.asarray(curvature, dtype=float)
    wavelength: Any = 2.0 * math.pi * np.sqrt(2.0 * _existing(gradient_energy) / np.where(r < 0.0, -r, np.nan))
    return wavelength[()]


@law
def growth_rate(
    wavenumber: Wavenumber, curvature: EnergyDensity, gradient_energy: GradientEnergy, mobility: FieldMobility
) -> Rate:
    """Rate at which a small wave grows (or decays, negative), equation (2).

    Parameters
    ----------
    wavenumber : float
        k [1/m].
    curvature : float
        r = f'' of the mixture [J/m3].
    gradient_energy : float
        kappa [J/m].
    mobility : float
        M [m5/(J s)].

    Returns
    -------
    float
        [1/s].

    Examples
    --------
    >>> round(growth_rate(0.4472136, -0.8, 2.0, 5.0), 6)
    0.4
    """
    k2 = np.square(wavenumber)
    return -mobility * k2 * (curvature + gradient_energy * k2)


@law
def spinodal(interaction: Dimensionless) -> Dimensionless:
    """The smaller composition at which a regular solution becomes unstable; the other is 1 minus it.

    Parameters
    ----------
    interaction : float
        chi, in kT per site.

    Returns
    -------
    float
        NaN below the critical interaction, 2.

    Examples
    --------
    >>> round(spinodal(2.5), 6)
    0.276393
    """
    chi = np.asarray(interaction, dtype=float)
    inside = np.where(chi >= 2.0, chi, np.nan)
    root = np.sqrt(1.0 - 2.0 / inside)
    edge: Any = 1.0 / (inside * (1.0 + root))
    return edge[()]


@law
def binodal(interaction: Dimensionless) -> Dimensionless:
    """The smaller composition of two coexisting phases of a regular solution; the other is 1 minus it.

    Parameters
    ----------
    interaction : float
        chi, in kT per site.

    Returns
    -------
    float
        NaN below the critical interaction, 2.

    Examples
    --------
    >>> round(binodal(2.5), 6)
    0.144794
    """
    chi = np.where(np.asarray(interaction, dtype=float) >= 2.0, interaction, np.nan)
    low, high = np.zeros_like(chi), np.ones_like(chi)
    for _ in range(60):  # m = tanh(chi m / 2) has one root above 0; bisection meets it also at the critical point
        middle = 0.5 * (low + high)
        above = np.tanh(0.5 * chi * middle) > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (np.exp(-chi * high) / (1.0 + np.exp(-chi * high)))[()]


@law
def interface_width(curvature: EnergyDensity, gradient_energy: GradientEnergy) -> Length:
    """Length xi of the profile tanh(x / xi) between the phases of a quartic well, (-2 kappa / r)^(1/2).

    Parameters
    ----------
    curvature : float
        r = f'' at the top of the well [J/m3].
    gradient_energy : float
        kappa [J/m].

    Returns
    -------
    float
        [m]; NaN where nothing separates.

    Examples
    --------
    >>> round(interface_width(-1.0, 1.0), 6)
    1.414214
    """
    r = np.asarray(curvature, dtype=float)
    width: Any = np.sqrt(2.0 * _existing(gradient_energy) / np.where(r < 0.0, -r, np.nan))
    return width[()]


@law
def interfacial_tension(
    curvature: EnergyDensity, quartic_coefficient: EnergyDensity, gradient_energy: GradientEnergy
) -> InterfacialTension:
    """Energy of a flat interface per area for f = r c^2 / 2 + u c^4 / 4, equation (4).

    Parameters
    ----------
    curvature : float
        r [J/m3].
    quartic_coefficient : float
        u [J/m3].
    gradient_energy : float
        kappa [J/m].

    Returns
    -------
    float
        [N/m]; NaN where nothing separates.

    Examples
    --------
    >>> round(interfacial_tension(-1.0, 1.0, 1.0), 6)
    0.942809
    """
    r = np.asarray(curvature, dtype=float)
    drive = np.where(r < 0.0, -r, np.nan)
    tension: Any = 2.0 * math.sqrt(2.0) / 3.0 * np.sqrt(_existing(gradient_energy)) * drive**1.5
    return (tension / _existing(quartic_coefficient))[()]


def _existing(value: Any) -> Any:
    """NaN where a cost of gradients or of large amplitudes is not positive."""
    number = np.asarray(value, dtype=float)
    return np.where(number > 0.0, number, np.nan)

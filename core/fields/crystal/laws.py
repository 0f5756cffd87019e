"""Closed forms of the phase-field crystal with one star of waves; reduced units, r < 0, mean density p."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...quantities import Angle, Dimensionless, Length, Wavenumber, law

__all__ = [
    "boundary_dislocations",
    "bulk_modulus",
    "hexagonal_energy",
    "lattice_spacing",
    "liquid_energy",
    "liquid_stability_limit",
    "longitudinal_modulus",
    "one_mode_amplitude",
    "shear_modulus",
    "stripe_amplitude",
    "stripe_energy",
]


@law
def one_mode_amplitude(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Amplitude A of the triangular crystal, equation (4); of the sign of p (negative at p = 0, where both are alike).

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where there is no such crystal, 15 r + 36 p^2 > 0.

    Examples
    --------
    >>> round(one_mode_amplitude(-0.25, -0.285), 6)
    -0.470344
    """
    r, p = _floats(reduced_temperature, mean_density)
    inside = -15.0 * r - 36.0 * p * p
    root = np.sqrt(np.where(inside >= 0.0, inside, np.nan))
    amplitude: Any = 0.8 * (p + np.where(p > 0.0, root, -root) / 3.0)
    return amplitude[()]


@law
def liquid_energy(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Free energy per area of the uniform density, (1 + r) p^2 / 2 + p^4 / 4.

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        [1].

    Examples
    --------
    >>> round(liquid_energy(-0.25, -0.285), 8)
    0.03210875
    """
    r, p = _floats(reduced_temperature, mean_density)
    energy: Any = 0.5 * (1.0 + r) * p**2 + 0.25 * p**4
    return energy[()]


@law
def hexagonal_energy(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Free energy per area of the triangular crystal with one star of waves, equation (3) at its amplitude.

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where there is no such crystal.

    Examples
    --------
    >>> round(hexagonal_energy(-0.25, -0.285), 10)
    0.0305875124
    """
    r, p = _floats(reduced_temperature, mean_density)
    a = one_mode_amplitude.__wrapped__(r, p)
    gain = 0.1875 * a**2 * (r + 3.0 * p**2) - 0.1875 * p * a**3 + 45.0 / 512.0 * a**4
    return (liquid_energy.__wrapped__(r, p) + gain)[()]


@law
def stripe_amplitude(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Amplitude B of stripes p + B cos x, (-(4/3) (r + 3 p^2))^(1/2).

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where the liquid is stable, r + 3 p^2 > 0.

    Examples
    --------
    >>> round(stripe_amplitude(-0.25, 0.0), 6)
    0.57735
    """
    r, p = _floats(reduced_temperature, mean_density)
    drive = -(r + 3.0 * p**2)
    amplitude: Any = np.sqrt(4.0 / 3.0 * np.where(drive >= 0.0, drive, np.nan))
    return amplitude[()]


@law
def stripe_energy(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Free energy per area of stripes with one wave: the liquid's less (r + 3 p^2)^2 / 6.

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where there are no stripes.

    Examples
    --------
    >>> round(stripe_energy(-0.25, 0.0), 8)
    -0.01041667
    """
    r, p = _floats(reduced_temperature, mean_density)
    drive = -(r + 3.0 * p**2)
    return (liquid_energy.__wrapped__(r, p) - np.where(drive >= 0.0, drive, np.nan) ** 2 / 6.0)[()]


@law
def liquid_stability_limit(reduced_temperature: Dimensionless) -> Dimensionless:
    """Mean density |p| below which the liquid is unstable against waves of |k| = 1, (-r/3)^(1/2).

    Parameters
    ----------
    reduced_temperature : float
        r [1].

    Returns
    -------
    float
        NaN for r > 0, where the liquid is stable at every density.

    Examples
    --------
    >>> round(liquid_stability_limit(-0.25), 6)
    0.288675
    """
    r = np.asarray(reduced_temperature, dtype=float)
    limit: Any = np.sqrt(np.where(r <= 0.0, -r, np.nan) / 3.0)
    return limit[()]


@law
def shear_modulus(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Shear modulus C44 = C12 = 3 A^2 / 16 of the crystal with one star of waves [1].

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where there is no crystal.

    Examples
    --------
    >>> round(shear_modulus(-0.25, -0.285), 7)
    0.0414794
    """
    return 0.1875 * one_mode_amplitude.__wrapped__(reduced_temperature, mean_density) ** 2


@law
def longitudinal_modulus(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Modulus C11 = 9 A^2 / 16 at a fixed mean density of the crystal with one star of waves.

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where there is no crystal.

    Examples
    --------
    >>> round(longitudinal_modulus(-0.25, -0.285), 7)
    0.1244383
    """
    return 0.5625 * one_mode_amplitude.__wrapped__(reduced_temperature, mean_density) ** 2


@law
def bulk_modulus(reduced_temperature: Dimensionless, mean_density: Dimensionless) -> Dimensionless:
    """Two-dimensional bulk modulus (C11 + C12) / 2 = 3 A^2 / 8 at a fixed mean density, one star of waves.

    Parameters
    ----------
    reduced_temperature : float
        r [1].
    mean_density : float
        p [1].

    Returns
    -------
    float
        NaN where there is no crystal.

    Examples
    --------
    >>> round(bulk_modulus(-0.25, -0.285), 7)
    0.0829588
    """
    return 0.375 * one_mode_amplitude.__wrapped__(reduced_temperature, mean_density) ** 2


@law
def lattice_spacing(wavenumber: Wavenumber) -> Length:
    """Distance of nearest neighbours in a triangular lattice whose shortest waves have this wavenumber, 4 pi/(sqrt3 k).

    Parameters
    ----------
    wavenumber : float
        |k| [1/m]; 1 in reduced units.

    Returns
    -------
    float
        [m].

    Examples
    --------
    >>> round(lattice_spacing(1.0), 4)
    7.2552
    """
    k = np.asarray(wavenumber, dtype=float)
    spacing: Any = 4.0 * math.pi / (math.sqrt(3.0) * np.where(k > 0.0, k, np.nan))
    return spacing[()]


@law
def boundary_dislocations(misorientation: Angle, length: Length, spacing: Length) -> Dimensionless:
    """Number of dislocations along a symmetric tilt boundary, 2 sin(theta / 2) l / a [3].

    Parameters
    ----------
    misorientation : float
        theta, the angle between the grains [rad]; in a triangular lattice at most 30 degrees, as 60 are none.
    length : float
        l of the boundary [m].
    spacing : float
        a, Burgers vector of a dislocation [m].

    Returns
    -------
    float
        [1].

    Examples
    --------
    >>> round(boundary_dislocations(0.1918665, 20.88061, 1.0), 3)
    4.0
    """
    turn: Any = 2.0 * np.sin(0.5 * np.asarray(misorientation, dtype=float))
    edge = np.asarray(spacing, dtype=float)
    return (turn * length / np.where(edge > 0.0, edge, np.nan))[()]


def _floats(*values: Any) -> list[NDArray[np.float64]]:
    return [np.asarray(value, dtype=float) for value in values]

r"""Blending heights: how high above a patchwork the wind stops to see the patches.

The wind needs the time *L_c / U* to cross one period of the pattern, turbulence needs *l / (a u_\*)* to mix over the
height *l*. Two questions have two answers, which differ five- to tenfold (AMS Glossary of Meteorology, "blending
height"):

**The mean profile.** Where is the perturbation of stress too small to bend the mean profile? Mason (1988):

.. math:: \frac{l_b}{L_c} \ln^2 \frac{l_b}{z_0} = 2 \kappa^2
          \quad \Rightarrow \quad l_b = \frac{\kappa^2 L_c}{2 W^2}, \quad
          W = W_0\left(\frac{1}{2} \sqrt{\frac{2 \kappa^2 L_c}{z_0}}\right)                                  \tag{1}

**Diffusion.** How high has the influence of one patch spread at its end? Claussen (1990):

.. math:: \frac{l_d}{L_c} \ln \frac{l_d}{z_0} = c_1 \kappa
          \quad \Rightarrow \quad l_d = \frac{c_1 \kappa L_c}{W_0(c_1 \kappa L_c / z_0)}                     \tag{2}

Both follow from Lambert's function without iteration. *L_c* is the **wavelength** of the pattern (one patch and the
next; two patches of equal stripes): with the patch length instead, *l_b* comes out 1.6 times too low. Heights count
from the displacement plane. Mahrt (2000) writes both questions as one scaling law, and one for patches that differ in
heat flux:

.. math:: l = C \left(\frac{u_*}{U}\right)^p L                                                               \tag{3}
.. math:: l_{th} = \frac{\overline{w' \theta'}}{C_{WM} U \theta} L                                           \tag{4}

Valid for neutral flow over patches longer than a few roughness-element heights; below 2 to 3 building heights no
blending height has a meaning (roughness sublayer).

References
----------
1. Mason, Q. J. R. Meteorol. Soc. 114, 399 (1988), doi:10.1002/qj.49711448007.
2. Wood & Mason, Q. J. R. Meteorol. Soc. 117, 1025 (1991), doi:10.1002/qj.49711750108.
3. Claussen, Atmos. Environ. A 24, 1349 (1990); Boundary-Layer Meteorol. 54, 387 (1991), doi:10.1007/BF00118868.
4. Mahrt, Boundary-Layer Meteorol. 96, 33 (2000), doi:10.1023/A:1002482332477.
"""

import math
from typing import Annotated

import numpy as np
from numba import njit

from ...core.quantities import Dimensionless, Length, Temperature, Unit, Velocity, law
from .elementwise import evaluate_elements, only_positive, solve_lambert

__all__ = [
    "diffusion_blending_height",
    "mason_blending_height",
    "scaling_blending_height",
    "thermal_blending_height",
]

KinematicHeatFlux = Annotated[float, Unit("K m s-1")]


@law
def mason_blending_height(
    heterogeneity_length: Length, roughness_length: Length, von_karman: Dimensionless = 0.4
) -> Length:
    """Blending height of the mean profile, equation (1).

    Parameters
    ----------
    heterogeneity_length : float
        Wavelength of the pattern: one patch and the next [m].
    roughness_length : float
        Effective roughness length of the mixture [m].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        Height above the displacement plane [m]; NaN unless the wavelength is at least 0 and the roughness positive.

    References
    ----------
    Mason (1988); Wood & Mason (1991).

    Examples
    --------
    >>> round(mason_blending_height(1000.0, 0.1), 4)
    13.357
    """
    return evaluate_elements(_find_mason, _fill_mason, heterogeneity_length, roughness_length, von_karman)


@law
def diffusion_blending_height(
    heterogeneity_length: Length,
    roughness_length: Length,
    von_karman: Dimensionless = 0.4,
    coefficient: Dimensionless = 1.75,
) -> Length:
    """Height to which the influence of a patch diffuses along one wavelength, equation (2).

    Parameters
    ----------
    heterogeneity_length : float
        Wavelength of the pattern [m].
    roughness_length : float
        Effective roughness length of the mixture [m].
    von_karman : float
        Von Karman's constant [1].
    coefficient : float
        Claussen's c_1 [1].

    Returns
    -------
    float
        Height above the displacement plane [m]; NaN unless the wavelength is at least 0 and the roughness positive.

    References
    ----------
    Claussen (1990).

    Examples
    --------
    >>> round(diffusion_blending_height(1000.0, 0.1), 2)
    101.17
    """
    reach = coefficient * von_karman * heterogeneity_length
    return evaluate_elements(_find_diffusion, _fill_diffusion, reach, roughness_length)


@law
def scaling_blending_height(
    heterogeneity_length: Length,
    friction_velocity: Velocity,
    wind_speed: Velocity,
    coefficient: Dimensionless = 1.0,
    exponent: Dimensionless = 2.0,
) -> Length:
    """Blending height from a measured drag, equation (3): exponent 2 for the mean profile, 1 for diffusion.

    Parameters
    ----------
    heterogeneity_length : float
        Horizontal scale of the pattern [m].
    friction_velocity, wind_speed : float
        Of the mean flow near the blending height [m s-1].
    coefficient, exponent : float
        C of order 1, and p [1].

    Returns
    -------
    float
        Height above the displacement plane [m].

    References
    ----------
    Mahrt (2000).

    Examples
    --------
    >>> round(scaling_blending_height(1000.0, 0.4, 5.0), 3)
    6.4
    """
    return coefficient * (friction_velocity / only_positive(wind_speed)) ** exponent * heterogeneity_length


@law
def thermal_blending_height(
    heterogeneity_length: Length,
    kinematic_heat_flux: KinematicHeatFlux,
    wind_speed: Velocity,
    temperature: Temperature,
    coefficient: Dimensionless = 3.1e-3,
) -> Length:
    """Height over which convection mixes patches of unequal heat flux, equation (4).

    Parameters
    ----------
    heterogeneity_length : float
        Horizontal scale of the pattern [m].
    kinematic_heat_flux : float
        Mean of w' theta' at the surface, upwards [K m s-1].
    wind_speed : float
        Of the mean flow [m s-1].
    temperature : float
        Of the air [K].
    coefficient : float
        Wood and Mason's constant, as fitted by Mahrt [1].

    Returns
    -------
    float
        Height [m]; NaN where the heat flux points downwards.

    References
    ----------
    Mahrt (2000).

    Examples
    --------
    >>> round(thermal_blending_height(5000.0, 0.1, 5.0, 300.0), 2)
    107.53
    """
    mixing = coefficient * only_positive(wind_speed) * temperature
    return (
        np.where(np.asarray(kinematic_heat_flux) >= 0, kinematic_heat_flux, np.nan)[()] / mixing * heterogeneity_length
    )


@njit(cache=True, nogil=True)
def _find_mason(wavelength: float, z0: float, kappa: float) -> float:
    """Equation (1); the closed form needs no exponential, and so keeps the full precision of W."""
    if not (wavelength > 0.0 and z0 > 0.0):
        return z0 if wavelength == 0.0 and z0 > 0.0 else math.nan
    w = solve_lambert(kappa * math.sqrt(wavelength / (2.0 * z0)))
    return 0.5 * wavelength * (kappa / w) ** 2


@njit(cache=True, nogil=True)
def _fill_mason(wavelength: np.ndarray, z0: np.ndarray, kappa: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.size):
        out[i] = _find_mason(wavelength[i], z0[i], kappa[i])


@njit(cache=True, nogil=True)
def _find_diffusion(reach: float, z0: float) -> float:
    if not (reach > 0.0 and z0 > 0.0):
        return z0 if reach == 0.0 and z0 > 0.0 else math.nan
    return reach / solve_lambert(reach / z0)


@njit(cache=True, nogil=True)
def _fill_diffusion(reach: np.ndarray, z0: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.size):
        out[i] = _find_diffusion(reach[i], z0[i])

r"""Effective surface: the one set of numbers that gives the mean flux of a patchwork in neutral flow.

Fluxes average, parameters do not. Above the blending height all patches see one wind; below it each has its own drag
and heat transfer, with *L_i = ln(l_b / z_i)* and *H_i = ln(l_b / z_{h,i})*:

.. math:: C_i = \frac{\kappa^2}{L_i^2}, \qquad C_{h,i} = \frac{\kappa^2}{L_i H_i}                            \tag{1}
.. math:: \frac{1}{\ln^2(l_b / z_e)} = \sum_i \frac{f_i}{L_i^2}                                              \tag{2}
.. math:: \frac{1}{\ln(l_b / z_e) \ln(l_b / z_{h,e})} = \sum_i \frac{f_i}{L_i H_i}                           \tag{3}
.. math:: T_H = \frac{\sum f_i C_{h,i} T_i}{\sum f_i C_{h,i}}, \quad d_e = \frac{\sum f_i C_i d_i}{\sum f_i C_i} \tag{4}
.. math:: \epsilon_e = \sum f_i \epsilon_i, \qquad \epsilon_e T_r^4 = \sum f_i \epsilon_i T_i^4              \tag{5}

Drag is a convex function of *ln z*: the logarithmic mean is a lower bound of *z_e*, and to second order

.. math:: \ln z_e = \langle \ln z \rangle + \frac{3}{2} \frac{\operatorname{var}(\ln z)}{\ln(l_b / z_m)}, \quad
          \ln z_m = \langle \ln z \rangle                                                                    \tag{6}

**Self-consistency.** The blending height itself needs *z_e*: equation (2) in Mason's *l_b ln^2(l_b / z_e) = 2 kappa^2
L_c* leaves one equation for *s = ln(l_b / z_max)*,

.. math:: \ln z_{max} + s - \ln S(s) = \ln(2 \kappa^2 L_c), \quad
          S(s) = \sum_i \frac{f_i}{(s + \ln(z_{max}/z_i))^2}                                              \tag{7}

whose left side rises from minus to plus infinity: there is exactly one root. It lies between Mason's closed forms for
the roughest patch alone, with *L_c f_max* and with *L_c* (for then S is at least *f_max / s^2* and at most *1 /
s^2*). Newton's rule in *ln s* inside this bracket needs 3 to 5 steps, also where sweeps of the plain fixed point take
hundreds.

Displacement heights have no single definition in the literature: (4) is the centre of drag. Patches lie along the
last axis.

References
----------
1. Mason, Q. J. R. Meteorol. Soc. 114, 399 (1988), doi:10.1002/qj.49711448007.
2. Claussen, Boundary-Layer Meteorol. 54, 387 (1991), doi:10.1007/BF00118868.
3. Wieringa, Q. J. R. Meteorol. Soc. 112, 867 (1986), doi:10.1002/qj.49711247316.
4. Taylor, Boundary-Layer Meteorol. 39, 403 (1987).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from scipy import constants

from ...core.quantities import Dimensionless, HeatFlux, Length, Temperature, law
from .elementwise import only_positive, solve_lambert

__all__ = [
    "Blend",
    "blend_roughness",
    "blend_with_logarithms",
    "brightness_temperature",
    "drag_weighted_height",
    "effective_heat_roughness_length",
    "effective_roughness_length",
    "effective_surface_temperature",
    "heat_transfer_coefficient",
    "log_mean_roughness_length",
    "neutral_drag_coefficient",
    "radiative_temperature",
    "roughness_length_of_drag",
    "second_order_roughness_length",
]


class Blend(NamedTuple):
    """Self-consistent blending height and effective roughness length [m]."""

    blending_height: Any
    roughness_length: Any


@law
def neutral_drag_coefficient(
    height: Length, roughness_length: Length, von_karman: Dimensionless = 0.4
) -> Dimensionless:
    """Stress over density and squared wind at a height, equation (1).

    Parameters
    ----------
    height : float
        Above the displacement plane [m].
    roughness_length : float
        For momentum [m].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        C = (u*/U)^2 [1]; NaN at or below the roughness length.

    Examples
    --------
    >>> round(neutral_drag_coefficient(10.0, 0.1), 10)
    0.0075444679
    """
    return (von_karman / only_positive(np.log(only_positive(height / only_positive(roughness_length))))) ** 2


@law
def heat_transfer_coefficient(
    height: Length, roughness_length: Length, heat_roughness_length: Length, von_karman: Dimensionless = 0.4
) -> Dimensionless:
    """Heat flux over heat capacity, wind and temperature difference, equation (1).

    Parameters
    ----------
    height : float
        Above the displacement plane [m].
    roughness_length, heat_roughness_length : float
        For momentum and for heat [m].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        C_h [1]; NaN at or below a roughness length.

    Examples
    --------
    >>> round(heat_transfer_coefficient(10.0, 0.1, 0.01), 10)
    0.0050296453
    """
    momentum = only_positive(np.log(only_positive(height / only_positive(roughness_length))))
    return von_karman**2 / (
        momentum * only_positive(np.log(only_positive(height / only_positive(heat_roughness_length))))
    )


@law
def roughness_length_of_drag(
    height: Length, drag_coefficient: Dimensionless, von_karman: Dimensionless = 0.4
) -> Length:
    """Roughness length that gives this drag at this height: the inverse of `neutral_drag_coefficient`.

    Parameters
    ----------
    height : float
        Above the displacement plane [m].
    drag_coefficient : float
        C = (u*/U)^2 [1].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        Roughness length [m].

    Examples
    --------
    >>> round(roughness_length_of_drag(10.0, 0.0075444679), 6)
    0.1
    """
    return height * np.exp(-von_karman / np.sqrt(only_positive(drag_coefficient)))


@law
def second_order_roughness_length(
    log_mean_roughness_length: Length, log_variance: Dimensionless, blending_height: Length
) -> Length:
    """Effective roughness length from mean and variance of its logarithm, equation (6).

    Parameters
    ----------
    log_mean_roughness_length : float
        exp of the mean of ln z [m].
    log_variance : float
        Variance of ln z over the area [1].
    blending_height : float
        Above the displacement plane [m].

    Returns
    -------
    float
        Roughness length [m]. Valid where the variance is small beside ln^2(l_b / z_m).

    Examples
    --------
    >>> import math
    >>> round(second_order_roughness_length(0.1, 0.25 * math.log(4.0) ** 2, 60.0), 6)
    0.111925
    """
    depth = only_positive(np.log(only_positive(blending_height / only_positive(log_mean_roughness_length))))
    return log_mean_roughness_length * np.exp(1.5 * log_variance / depth)


@law
def brightness_temperature(
    radiative_temperature: Temperature, emissivity: Dimensionless, downward_longwave: HeatFlux
) -> Temperature:
    """Temperature of the black body that sends up as much longwave radiation, reflection included.

    Parameters
    ----------
    radiative_temperature : float
        Of the surface, equation (5) [K].
    emissivity : float
        Effective emissivity [1].
    downward_longwave : float
        Longwave radiation of the sky [W m-2].

    Returns
    -------
    float
        Temperature [K].

    Examples
    --------
    >>> round(brightness_temperature(300.0, 0.95, 350.0), 3)
    299.104
    """
    reflected = (1.0 - emissivity) * downward_longwave / constants.sigma
    return (emissivity * radiative_temperature**4 + reflected) ** 0.25


def log_mean_roughness_length(roughness_length: Any, area_fraction: Any) -> Any:
    """The naive average exp(sum f ln z) (Taylor 1987) over the last axis [m]; a lower bound of the effective one.

    >>> round(float(log_mean_roughness_length([0.01, 1.0], [0.5, 0.5])), 6)
    0.1
    """
    return np.exp(np.sum(np.asarray(area_fraction) * np.log(roughness_length), axis=-1))


def effective_roughness_length(roughness_length: Any, area_fraction: Any, blending_height: Any) -> Any:
    """Drag-weighted roughness length [m] at a given blending height [m], equation (2), over the last axis.

    A blending height of 60 m gives Wieringa's (1986).

    Returns
    -------
    numpy.ndarray
        NaN where the blending height does not exceed every roughness length.

    Examples
    --------
    >>> round(float(effective_roughness_length([0.01, 1.0], [0.5, 0.5], 60.0)), 6)
    0.318319
    """
    height = np.asarray(blending_height, dtype=float)
    drag = neutral_drag_coefficient(height[..., None], np.asarray(roughness_length, dtype=float), 1.0)
    return roughness_length_of_drag(height, np.sum(np.asarray(area_fraction) * drag, axis=-1), 1.0)


def effective_heat_roughness_length(
    roughness_length: Any, heat_roughness_length: Any, area_fraction: Any, blending_height: Any
) -> Any:
    """Roughness length for heat [m] that belongs to the drag-weighted one, equation (3), over the last axis.

    >>> z = effective_heat_roughness_length([0.1, 1.0], [0.01, 0.001], [0.5, 0.5], 60.0)
    >>> round(float(z), 9)
    0.002209365
    """
    height = np.asarray(blending_height, dtype=float)
    momentum = np.log(height / effective_roughness_length(roughness_length, area_fraction, height))
    transfer = _transfer(height, roughness_length, heat_roughness_length)
    return height * np.exp(-1.0 / (momentum * np.sum(np.asarray(area_fraction) * transfer, axis=-1)))


def effective_surface_temperature(
    surface_temperature: Any,
    roughness_length: Any,
    heat_roughness_length: Any,
    area_fraction: Any,
    blending_height: Any,
) -> Any:
    """Surface temperature [K] that gives the mean heat flux: weighted by transfer, equation (4), over the last axis.

    >>> t = effective_surface_temperature([300.0, 312.0], [0.05, 1.0], [0.005, 0.001], [0.5, 0.5], 60.0)
    >>> round(float(t), 3)
    307.158
    """
    height = np.asarray(blending_height, dtype=float)
    weight = np.asarray(area_fraction) * _transfer(height, roughness_length, heat_roughness_length)
    return np.sum(weight * np.asarray(surface_temperature), axis=-1) / np.sum(weight, axis=-1)


def drag_weighted_height(
    displacement_height: Any, roughness_length: Any, area_fraction: Any, blending_height: Any
) -> Any:
    """Effective displacement height [m], the centre of drag of equation (4), over the last axis.

    >>> round(float(drag_weighted_height([0.0, 10.0], [0.01, 1.0], [0.5, 0.5], 60.0)), 3)
    8.187
    """
    height = np.asarray(blending_height, dtype=float)
    drag = neutral_drag_coefficient(height[..., None], np.asarray(roughness_length, dtype=float), 1.0)
    weight = np.asarray(area_fraction) * drag
    return np.sum(weight * np.asarray(displacement_height), axis=-1) / np.sum(weight, axis=-1)


def radiative_temperature(surface_temperature: Any, emissivity: Any, area_fraction: Any) -> Any:
    """Temperature [K] that emits the mean longwave radiation with the mean emissivity, equation (5), over the last
    axis.

    >>> round(float(radiative_temperature([310.0, 290.0], 1.0, [0.5, 0.5])), 6)
    300.498847
    """
    weight = np.asarray(area_fraction) * np.asarray(emissivity)
    return (np.sum(weight * np.asarray(surface_temperature) ** 4, axis=-1) / np.sum(weight, axis=-1)) ** 0.25


def blend_roughness(
    roughness_length: Any, area_fraction: Any, heterogeneity_length: Any, von_karman: float = 0.4
) -> Blend:
    """Blending height (Mason 1988) and drag-weighted roughness length that agree with each other, equation (7).

    Parameters
    ----------
    roughness_length, area_fraction : array_like
        Patches along the last axis [m], [1]. Patches of no area do not count.
    heterogeneity_length : array_like
        Wavelength of the pattern, on the axes before the last [m].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    Blend
        Both [m]; NaN where an argument is outside its domain.

    Examples
    --------
    >>> height, z = blend_roughness([0.01, 1.0], [0.5, 0.5], 1000.0)
    >>> round(float(height), 5), round(float(z), 6)
    (20.369, 0.3869)
    """
    z, f = np.broadcast_arrays(np.asarray(roughness_length, float), np.asarray(area_fraction, float))
    wavelength = np.asarray(heterogeneity_length, dtype=float)
    shape = np.broadcast_shapes(z.shape[:-1], wavelength.shape)
    z, f = (np.broadcast_to(a, (*shape, a.shape[-1])).reshape(-1, a.shape[-1]) for a in (z, f))
    out = np.empty((2, z.shape[0]))
    flat = np.ascontiguousarray(np.broadcast_to(wavelength, shape)).reshape(-1)
    _blend_rows(np.log(only_positive(z)), np.ascontiguousarray(f), flat, float(von_karman), out)
    return Blend(out[0].reshape(shape)[()], out[1].reshape(shape)[()])


def _transfer(height: np.ndarray, roughness_length: Any, heat_roughness_length: Any) -> Any:
    z, zh = (np.asarray(a, dtype=float) for a in (roughness_length, heat_roughness_length))
    return heat_transfer_coefficient(height[..., None], z, zh, 1.0)


@njit(cache=True, nogil=True)
def blend_with_logarithms(
    log_z: np.ndarray, fraction: np.ndarray, wavelength: float, kappa: float
) -> tuple[float, float, float]:
    """Solve equation (7): ln of the roughest patch, s = ln(l_b / z_max), and S(s)."""
    top, share = -math.inf, 0.0
    for i in range(log_z.size):
        if fraction[i] > 0.0:
            if not log_z[i] <= top:
                top, share = log_z[i], fraction[i]
            elif log_z[i] == top:
                share += fraction[i]
    if not (wavelength > 0.0 and math.isfinite(top)):
        return math.nan, math.nan, math.nan
    reach = kappa * math.sqrt(0.5 * wavelength * math.exp(-top))
    low, high = math.log(2.0 * solve_lambert(reach * math.sqrt(share))), math.log(2.0 * solve_lambert(reach))
    goal = math.log(2.0 * kappa * kappa * wavelength) - top
    q = 0.5 * (low + high)
    for _ in range(60):
        s = math.exp(q)
        drag, slope = 0.0, 0.0
        for i in range(log_z.size):
            r = 1.0 / (s + top - log_z[i])
            weighted = fraction[i] * r * r
            drag += weighted
            slope += weighted * r
        mismatch = s - math.log(drag) - goal
        if mismatch > 0.0:
            high = q
        else:
            low = q
        step = mismatch / (s + 2.0 * s * slope / drag)
        if abs(step) < 1e-9:  # the next step would be of order 1e-18
            return top, math.exp(q - step), drag * (1.0 + 2.0 * step * s * slope / drag)
        q -= step
        if not low <= q <= high:
            q = 0.5 * (low + high)
    return top, math.exp(q), drag


@njit(cache=True, nogil=True)
def _blend_rows(log_z: np.ndarray, fraction: np.ndarray, wavelength: np.ndarray, kappa: float, out: np.ndarray) -> None:
    for row in range(wavelength.size):
        top, s, drag = blend_with_logarithms(log_z[row], fraction[row], wavelength[row], kappa)
        out[0, row] = math.exp(top + s)
        out[1, row] = math.exp(top + s - 1.0 / math.sqrt(drag))

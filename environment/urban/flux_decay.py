r"""How a pattern of surface fluxes fades with height: the linear theory behind the blending height.

A scalar (heat, vapour, a tracer) leaves a surface whose flux varies along the wind as *exp(2 pi i x / L_c)* and is
carried by the wind *U(z)* while turbulence *K = kappa u_\* z* mixes it:

.. math:: U \frac{\partial c}{\partial x} =
          \frac{\partial}{\partial z}\left(\kappa u_* z \frac{\partial c}{\partial z}\right), \qquad
          F = -\kappa u_* z \frac{\partial c}{\partial z}                                                    \tag{1}

With a logarithmic wind and *y = ln(z / z_0)* only the ratio of wavelength and roughness length is left:

.. math:: \frac{d^2 c}{dy^2} = q(y) c, \qquad q = i \frac{2 \pi z_0}{\kappa^2 L_c} y e^y                      \tag{2}
.. math:: r = \frac{1}{c} \frac{dc}{dy}: \quad \frac{dr}{dy} = q - r^2, \qquad
          \ln \frac{F(y)}{F(0)} = \int_0^y \frac{q}{r} dy'                                                   \tag{3}

The Riccati equation (3) is integrated downwards from far above, where *r = -sqrt(q)* and whence all errors fade; the
integral follows on the way. The height where the amplitude has fallen to 1/e is, within 15 per cent over two decades
of wavelength and roughness, Mason's blending height; the height where 5 per cent are left ("physical" blending
height) lies three to five times higher.

Validity: neutral surface layer, small perturbations, patches much longer than high, no diffusion along the wind.

References
----------
1. Mason, Q. J. R. Meteorol. Soc. 114, 399 (1988), doi:10.1002/qj.49711448007.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numba import njit

from ...core.quantities import Dimensionless, Length, law
from .elementwise import evaluate_elements

__all__ = [
    "DecayProfile",
    "blend_flux_map",
    "decay_profile",
    "flux_amplitude",
    "flux_decay_height",
    "flux_response",
]

_STEPS = 512  # of the Riccati equation, order 4: heights are then exact to 1e-8


@law
def flux_decay_height(
    heterogeneity_length: Length,
    roughness_length: Length,
    remainder: Dimensionless = 1 / math.e,
    von_karman: Dimensionless = 0.4,
) -> Length:
    """Height at which the amplitude of a flux perturbation has fallen to a remainder, in a logarithmic wind, equation
    (3).

    Parameters
    ----------
    heterogeneity_length : float
        Wavelength of the pattern [m].
    roughness_length : float
        Of the surface [m].
    remainder : float
        Amplitude that is left, from 1e-3 to 1 [1].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        Height above the displacement plane [m].

    Examples
    --------
    >>> round(flux_decay_height(1000.0, 0.1), 3)
    13.418
    """
    return evaluate_elements(_find_decay, _fill_decays, heterogeneity_length, roughness_length, remainder, von_karman)


@law
def flux_amplitude(
    height: Length, heterogeneity_length: Length, roughness_length: Length, von_karman: Dimensionless = 0.4
) -> Dimensionless:
    """Amplitude of a flux perturbation at a height, relative to the surface, in a logarithmic wind, equation (3).

    Parameters
    ----------
    height : float
        Above the displacement plane; 1 at and below the roughness length [m].
    heterogeneity_length : float
        Wavelength of the pattern [m].
    roughness_length : float
        Of the surface [m].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        Amplitude from 0 to 1 [1].

    Examples
    --------
    >>> round(flux_amplitude(36.5521, 1000.0, 0.1), 5)
    0.1
    """
    return np.abs(flux_response(height, heterogeneity_length, roughness_length, von_karman))


def flux_response(height: Any, heterogeneity_length: Any, roughness_length: Any, von_karman: float = 0.4) -> Any:
    """Complex amplitude F(z)/F(0) of a flux mode in a logarithmic wind, equation (3); broadcasts [m] -> [1].

    >>> response = flux_response(13.4177, 1000.0, 0.1)
    >>> round(float(abs(response)), 5), round(float(np.angle(response)), 2)
    (0.36788, -1.44)
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, float) for a in (height, heterogeneity_length, roughness_length)))
    z, wavelength, z0 = (np.ascontiguousarray(a).reshape(-1) for a in arrays)
    out = np.empty(z.size, dtype=complex)
    _respond_to_modes(z, wavelength, z0, float(von_karman), out)
    return out.reshape(arrays[0].shape)[()]


def blend_flux_map(
    surface_flux: Any, height: float, spacing: float, roughness_length: float, von_karman: float = 0.4
) -> np.ndarray:
    """What a map of surface fluxes looks like at a height: each wavelength along the wind fades and moves downwind.

    Every row is one line along the wind, which blows towards higher columns; the map repeats itself beyond its edges.
    Structure across the wind does not advect and is left as it is. O(N log N).

    Parameters
    ----------
    surface_flux : array_like
        In any unit, wind along the last axis.
    height : float
        Above the displacement plane [m].
    spacing : float
        Of the columns [m].
    roughness_length : float
        Effective, of the map [m].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    numpy.ndarray
        Flux at the height, in the unit of the surface flux.

    Raises
    ------
    ValueError
        If height, spacing or roughness length are not positive or the flux has missing values.

    Examples
    --------
    >>> flux = np.repeat([100.0, 300.0], 50)
    >>> aloft = blend_flux_map(flux, 10.0, 10.0, 0.1)
    >>> round(float(aloft.mean()), 6), round(float(aloft.std() / flux.std()), 2)
    (200.0, 0.42)
    """
    flux = np.asarray(surface_flux, dtype=float)
    for name, value in (("height", height), ("spacing", spacing), ("roughness_length", roughness_length)):
        if not value > 0:
            raise ValueError(f"{name} = {value!r}: must be greater than 0 m")
    if flux.ndim == 0 or not np.isfinite(flux).all():
        raise ValueError("surface_flux must be an array of finite values: fill missing ones before blending")
    n = flux.shape[-1]
    modes = scipy.fft.rfft(flux, axis=-1)
    wavelength = n * spacing / np.arange(1, modes.shape[-1])
    modes[..., 1:] *= flux_response(height, wavelength, roughness_length, von_karman)
    return scipy.fft.irfft(modes, n, axis=-1)


class DecayProfile(NamedTuple):
    """How a flux perturbation fades: heights where 1/e and 5 % are left [m], and amplitude on a grid of heights."""

    first_height: float
    last_height: float
    height: np.ndarray
    amplitude: np.ndarray


def decay_profile(
    heterogeneity_length: float, roughness_length: float, von_karman: float = 0.4, points: int = 41
) -> DecayProfile:
    """Decay of one mode in a logarithmic wind from the surface to where 1 % is left, equation (3).

    >>> round(decay_profile(1000.0, 0.1).last_height, 3)
    51.555
    """
    height, amplitude = np.empty(points), np.empty(points)
    first, last = _profile_mode(heterogeneity_length, roughness_length, von_karman, height, amplitude)
    return DecayProfile(first, last, height, amplitude)


@njit(cache=True, nogil=True)
def _profile_mode(
    wavelength: float, z0: float, kappa: float, height: np.ndarray, amplitude: np.ndarray
) -> tuple[float, float]:
    rate, integral, h = _integrate_mode(2.0 * math.pi * z0 / (kappa * kappa * wavelength), _STEPS)
    end = _find_level(rate, integral, h, math.log(0.01))
    for k in range(height.size):
        y = end * k / (height.size - 1)
        height[k] = z0 * math.exp(y)
        amplitude[k] = math.exp(_interpolate(rate, integral, h, y).real)
    first, last = _find_level(rate, integral, h, -1.0), _find_level(rate, integral, h, math.log(0.05))
    return z0 * math.exp(first), z0 * math.exp(last)


@njit(cache=True, nogil=True)
def _integrate_mode(strength: float, steps: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Equation (3) on a uniform grid in y: the rate q/r and the integral ln(F/F_0), with the step.

    The top lies where sqrt(|q|) times its distance makes a decay of about exp(-17).
    """
    low, high = 0.0, 1.0
    while _reach(strength, high) < 24.0:
        low, high = high, 2.0 * high
    for _ in range(30):
        middle = 0.5 * (low + high)
        if _reach(strength, middle) < 24.0:
            low = middle
        else:
            high = middle
    h = high / steps
    rate, integral = np.zeros(steps + 1, dtype=np.complex128), np.zeros(steps + 1, dtype=np.complex128)
    y = high
    q = 1j * strength * y * math.exp(y)
    r = -np.sqrt(q) - 0.25 * (1.0 + 1.0 / y)
    rate[steps] = q / r
    for k in range(steps, 0, -1):
        middle, below = y - 0.5 * h, (k - 1) * h
        q_middle = 1j * strength * middle * math.exp(middle)
        q_below = 1j * strength * below * math.exp(below)
        a = q - r * r
        b = q_middle - (r - 0.5 * h * a) ** 2
        c = q_middle - (r - 0.5 * h * b) ** 2
        d = q_below - (r - h * c) ** 2
        slope = 0.5 * (b + c)
        r_below = r - h * (a + 4.0 * slope + d) / 6.0
        r_middle = r - h * (5.0 * a + 8.0 * slope - (q_below - r_below * r_below)) / 24.0
        r = r_below
        y, q = below, q_below
        rate[k - 1] = q / r
        integral[k - 1] = h * (rate[k] + 4.0 * q_middle / r_middle + rate[k - 1]) / 6.0
    total = 0.0 + 0.0j
    for k in range(steps + 1):  # the panels were stored at their lower ends
        panel = integral[k]
        integral[k] = total
        total += panel
    return rate, integral, h


@njit(cache=True, nogil=True)
def _reach(strength: float, y: float) -> float:
    return min(2.0, 2.0 * y / 3.0) * math.sqrt(strength * y * math.exp(y))


@njit(cache=True, nogil=True)
def _interpolate(rate: np.ndarray, integral: np.ndarray, h: float, y: float) -> complex:
    """ln(F/F_0) at y by the cubic through values and slopes of its panel."""
    k = min(int(y / h), rate.size - 2)
    t = y / h - k
    a, b = integral[k], integral[k + 1]
    return (
        a * (1.0 + 2.0 * t) * (1.0 - t) ** 2
        + b * t * t * (3.0 - 2.0 * t)
        + h * t * (1.0 - t) * (rate[k] * (1.0 - t) - rate[k + 1] * t)
    )


@njit(cache=True, nogil=True)
def _find_decay(wavelength: float, z0: float, remainder: float, kappa: float) -> float:
    if not (wavelength > 0.0 and z0 > 0.0 and 1e-3 <= remainder <= 1.0):
        return math.nan
    rate, integral, h = _integrate_mode(2.0 * math.pi * z0 / (kappa * kappa * wavelength), _STEPS)
    return z0 * math.exp(_find_level(rate, integral, h, math.log(remainder)))


@njit(cache=True, nogil=True)
def _find_level(rate: np.ndarray, integral: np.ndarray, h: float, level: float) -> float:
    """The y at which ln|F/F_0| falls to `level`."""
    k = 0
    while k < rate.size - 2 and integral[k + 1].real > level:
        k += 1
    low, high = k * h, (k + 1) * h
    for _ in range(40):
        middle = 0.5 * (low + high)
        if _interpolate(rate, integral, h, middle).real > level:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@njit(cache=True, nogil=True)
def _fill_decays(
    wavelength: np.ndarray, z0: np.ndarray, remainder: np.ndarray, kappa: np.ndarray, out: np.ndarray
) -> None:
    for i in range(out.size):
        out[i] = _find_decay(wavelength[i], z0[i], remainder[i], kappa[i])


@njit(cache=True, nogil=True)
def _respond_to_modes(
    height: np.ndarray, wavelength: np.ndarray, z0: np.ndarray, kappa: float, out: np.ndarray
) -> None:
    solved = -1.0
    rate, integral, h = np.zeros(1, dtype=np.complex128), np.zeros(1, dtype=np.complex128), 1.0
    for i in range(out.size):
        if not (height[i] >= 0.0 and wavelength[i] > 0.0 and z0[i] > 0.0):
            out[i] = complex(math.nan, math.nan)
            continue
        strength = 2.0 * math.pi * z0[i] / (kappa * kappa * wavelength[i])
        if strength != solved:
            rate, integral, h = _integrate_mode(strength, _STEPS)
            solved = strength
        y = math.log(max(height[i] / z0[i], 1.0))
        top = h * (rate.size - 1)
        out[i] = np.exp(_interpolate(rate, integral, h, y)) if y < top else 0.0

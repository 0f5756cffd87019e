r"""Internal boundary layers: how deep the new surface is felt, a fetch *x* downwind of a change in roughness.

All forms below are dimensionally consistent; the widespread variants of Elliott's law whose units do not match are not
among them. *z_1* is upstream, *z_2* downstream of the edge, *z_r* the larger of both.

.. math:: \delta = z_2 \left(0.75 - 0.03 \ln \frac{z_2}{z_1}\right) \left(\frac{x}{z_2}\right)^{0.8}          \tag{1}
.. math:: \delta = 0.28 z_r \left(\frac{x}{z_r}\right)^{0.8}                                                 \tag{2}
.. math:: \delta = 0.334 x^{0.875} z_2^{0.125}                                                               \tag{3}
.. math:: \delta \left(\ln \frac{\delta}{z_2} - 1\right) + z_2 = B \kappa x
          \quad \Rightarrow \quad \delta = z_2 e^{1 + W_0((B \kappa x / z_2 - 1)/e)}                         \tag{4}
.. math:: \frac{\delta}{z_r} \left(\ln \frac{\delta}{z_r} - 1\right) = 0.9 \frac{x}{z_r}                     \tag{5}
.. math:: \delta = \delta_0 + z_r \left(\frac{x}{z_r}\right)^{0.8}, \quad
          \frac{u_{*2}}{u_{*1}} = \frac{\ln(\delta / z_1)}{\ln(\delta / z_2)}                                \tag{6}

Validity: neutral flow, fetches from about ten to some ten thousand roughness lengths. The spread between the laws at
one fetch (a factor of 3) is their uncertainty.

References
----------
1. Elliott, Trans. AGU 39, 1048 (1958), doi:10.1029/TR039i006p01048.
2. Wood, Boundary-Layer Meteorol. 22, 241 (1982), doi:10.1007/BF00118257.
3. Brutsaert, Evaporation into the Atmosphere, Reidel (1982), doi:10.1007/978-94-017-1497-6.
4. Miyake, Univ. of Washington report (1965); Panofsky & Dutton, Atmospheric Turbulence, Wiley (1984).
5. Troen & Petersen, European Wind Atlas, Risoe (1989).
6. Bou-Zeid, Meneveau & Parlange, Water Resour. Res. 40, W02505 (2004), doi:10.1029/2003WR002475.
"""

import math

import numpy as np
from numba import njit

from ...core.quantities import Dimensionless, Length, law
from .elementwise import evaluate_elements, only_positive, solve_lambert

__all__ = [
    "brutsaert_layer_depth",
    "elliott_layer_depth",
    "friction_velocity_ratio",
    "meneveau_layer_depth",
    "panofsky_dutton_layer_depth",
    "wasp_layer_depth",
    "wood_layer_depth",
]


@law
def elliott_layer_depth(fetch: Length, upstream_roughness_length: Length, roughness_length: Length) -> Length:
    """Depth of the internal boundary layer, equation (1).

    Parameters
    ----------
    fetch : float
        Distance from the edge [m].
    upstream_roughness_length, roughness_length : float
        On both sides of the edge [m].

    Returns
    -------
    float
        Depth [m].

    References
    ----------
    Elliott (1958).

    Examples
    --------
    >>> round(elliott_layer_depth(1000.0, 0.03, 1.0), 3)
    161.967
    """
    z = only_positive(roughness_length)
    step = np.log(z / only_positive(upstream_roughness_length))
    return z * (0.75 - 0.03 * step) * (only_positive(fetch) / z) ** 0.8


@law
def wood_layer_depth(fetch: Length, upstream_roughness_length: Length, roughness_length: Length) -> Length:
    """Depth of the internal boundary layer, equation (2): the rougher of both sides sets it.

    Parameters
    ----------
    fetch : float
        Distance from the edge [m].
    upstream_roughness_length, roughness_length : float
        On both sides of the edge [m].

    Returns
    -------
    float
        Depth [m].

    References
    ----------
    Wood (1982).

    Examples
    --------
    >>> round(wood_layer_depth(1000.0, 0.03, 1.0), 4)
    70.3328
    """
    z = only_positive(np.maximum(upstream_roughness_length, roughness_length))
    return 0.28 * z * (only_positive(fetch) / z) ** 0.8


@law
def brutsaert_layer_depth(fetch: Length, roughness_length: Length) -> Length:
    """Depth of the internal boundary layer, equation (3).

    Parameters
    ----------
    fetch : float
        Distance from the edge [m].
    roughness_length : float
        Downstream of the edge [m].

    Returns
    -------
    float
        Depth [m].

    References
    ----------
    Brutsaert (1982).

    Examples
    --------
    >>> round(brutsaert_layer_depth(1000.0, 1.0), 3)
    140.847
    """
    return 0.334 * only_positive(fetch) ** 0.875 * only_positive(roughness_length) ** 0.125


@law
def panofsky_dutton_layer_depth(
    fetch: Length, roughness_length: Length, von_karman: Dimensionless = 0.4, coefficient: Dimensionless = 1.25
) -> Length:
    """Depth of the internal boundary layer from its growth dδ/dx = B u*/U(δ), equation (4).

    Parameters
    ----------
    fetch : float
        Distance from the edge [m].
    roughness_length : float
        Downstream of the edge [m].
    von_karman : float
        Von Karman's constant [1].
    coefficient : float
        B, the vertical velocity of the edge in units of the friction velocity [1].

    Returns
    -------
    float
        Depth [m]: the roughness length at no fetch.

    References
    ----------
    Miyake (1965); Panofsky & Dutton (1984).

    Examples
    --------
    >>> round(panofsky_dutton_layer_depth(1000.0, 1.0), 3)
    129.223
    """
    growth = coefficient * von_karman * fetch
    return evaluate_elements(_find_layer, _fill_layers, growth, roughness_length, 1.0)


@law
def wasp_layer_depth(
    fetch: Length,
    upstream_roughness_length: Length,
    roughness_length: Length,
    coefficient: Dimensionless = 0.9,
) -> Length:
    """Depth of the internal boundary layer in the European Wind Atlas, equation (5).

    Parameters
    ----------
    fetch : float
        Distance from the edge [m].
    upstream_roughness_length, roughness_length : float
        On both sides of the edge [m].
    coefficient : float
        Growth constant [1].

    Returns
    -------
    float
        Depth [m].

    References
    ----------
    Troen & Petersen (1989).

    Examples
    --------
    >>> round(wasp_layer_depth(1000.0, 0.03, 1.0), 3)
    207.586
    """
    z = np.maximum(upstream_roughness_length, roughness_length)
    return evaluate_elements(_find_layer, _fill_layers, coefficient * fetch, z, 0.0)


@law
def meneveau_layer_depth(
    fetch: Length, upstream_roughness_length: Length, roughness_length: Length, initial_depth: Length = 0.0
) -> Length:
    """Depth of the internal boundary layer, equation (6).

    Parameters
    ----------
    fetch : float
        Distance from the edge [m].
    upstream_roughness_length, roughness_length : float
        On both sides of the edge [m].
    initial_depth : float
        At the edge [m].

    Returns
    -------
    float
        Depth [m].

    References
    ----------
    Bou-Zeid, Meneveau & Parlange (2004).

    Examples
    --------
    >>> round(meneveau_layer_depth(1000.0, 0.03, 1.0), 3)
    251.189
    """
    z = only_positive(np.maximum(upstream_roughness_length, roughness_length))
    return initial_depth + z * (only_positive(fetch) / z) ** 0.8


@law
def friction_velocity_ratio(
    depth: Length, upstream_roughness_length: Length, roughness_length: Length
) -> Dimensionless:
    """Friction velocity behind the edge over that before it: both log profiles meet at the depth, equation (6).

    Parameters
    ----------
    depth : float
        Of the internal boundary layer [m].
    upstream_roughness_length, roughness_length : float
        On both sides of the edge [m].

    Returns
    -------
    float
        Ratio [1]; NaN unless the depth exceeds both roughness lengths.

    References
    ----------
    Elliott (1958); Bou-Zeid, Meneveau & Parlange (2004).

    Examples
    --------
    >>> round(friction_velocity_ratio(100.0, 0.03, 1.0), 4)
    1.7614
    """
    upstream, downstream = depth / only_positive(upstream_roughness_length), depth / only_positive(roughness_length)
    return only_positive(np.log(only_positive(upstream))) / only_positive(np.log(only_positive(downstream)))


@njit(cache=True, nogil=True)
def _find_layer(growth: float, z: float, start: float) -> float:
    """Solve d (ln(d/z) - 1) + start z = growth for d; start = 1 begins at d = z, start = 0 at d = e z."""
    if not (growth >= 0.0 and z > 0.0):
        return math.nan
    return z * math.exp(1.0 + solve_lambert((growth / z - start) / math.e))


@njit(cache=True, nogil=True)
def _fill_layers(growth: np.ndarray, z: np.ndarray, start: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.size):
        out[i] = _find_layer(growth[i], z[i], start[i])

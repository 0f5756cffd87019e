r"""Morphometry: roughness and displacement of a neighbourhood from the shape of its buildings.

With the plan area fraction *lambda_p* (roofs over ground), the frontal area fraction *lambda_f* (walls that face the
wind over ground) and the height *H*, Macdonald, Griffiths & Hall (1998) balance the drag of an array of blocks:

.. math:: \frac{d}{H} = 1 + A^{-\lambda_p} (\lambda_p - 1)                                                   \tag{1}
.. math:: \frac{z_0}{H} = \left(1 - \frac{d}{H}\right)
          \exp\left(-\left[\frac{\beta C_D}{2 \kappa^2}
          \left(1 - \frac{d}{H}\right) \lambda_f\right]^{-1/2}\right)                                        \tag{2}

with A = 4.43 and beta = 1 for staggered arrays, A = 3.59 and beta = 0.55 for square ones, C_D = 1.2. The *d* in (2)
is the one of (1): a code that took another one overestimated *z_0* nearly fourfold for years. Regular street canyons
of aspect ratio *H/W* have

.. math:: \lambda_f = \frac{H}{W} (1 - \lambda_p)                                                            \tag{3}

and heat leaves bluff bodies through a thin layer at their walls (Kanda et al. 2007; Brutsaert 1982)

.. math:: z_{0h} = z_0 \exp\left(2 - a Re_*^{1/4}\right), \quad Re_* = \frac{u_* z_0}{\nu}                   \tag{4}

Validity: *lambda_p* below about 0.6 and buildings of similar height; a few tall ones raise both lengths. Where nothing
faces the wind (*lambda_f* = 0) equation (2) tends to 0.

References
----------
1. Macdonald, Griffiths & Hall, Atmos. Environ. 32, 1857 (1998), doi:10.1016/S1352-2310(97)00403-2.
2. Grimmond & Oke, J. Appl. Meteorol. 38, 1262 (1999), doi:10.1175/1520-0450(1999)038<1262:APOUAD>2.0.CO;2.
3. Kanda et al., J. Appl. Meteorol. Climatol. 46, 1067 (2007), doi:10.1175/JAM2523.1.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.quantities import Dimensionless, KinematicViscosity, Length, Velocity, law
from .elementwise import only_positive

__all__ = [
    "Buildings",
    "bluff_body_heat_roughness_length",
    "canyon_frontal_area_fraction",
    "describe_buildings",
    "macdonald_displacement_height",
    "macdonald_roughness_length",
    "projected_width",
    "rule_of_thumb_displacement_height",
    "rule_of_thumb_roughness_length",
]


class Buildings(NamedTuple):
    """Shape of a neighbourhood.

    Attributes
    ----------
    plan_area_fraction, frontal_area_fraction : float
        Of the lot [1].
    height, height_deviation, greatest_height : float
        Mean and standard deviation, weighted by footprint, and maximum [m].
    """

    plan_area_fraction: float
    frontal_area_fraction: float
    height: float
    height_deviation: float
    greatest_height: float


@law
def macdonald_displacement_height(
    building_height: Length, plan_area_fraction: Dimensionless, packing_coefficient: Dimensionless = 4.43
) -> Length:
    """Displacement height of an array of blocks, equation (1).

    Parameters
    ----------
    building_height : float
        Mean height [m].
    plan_area_fraction : float
        Roofs over ground, from 0 to below 1 [1].
    packing_coefficient : float
        A: 4.43 staggered, 3.59 square [1].

    Returns
    -------
    float
        Displacement height [m]; NaN outside these intervals.

    References
    ----------
    Macdonald, Griffiths & Hall (1998), equation 23.

    Examples
    --------
    >>> round(macdonald_displacement_height(10.0, 0.25), 5)
    4.83036
    """
    return (_not_negative(building_height) * (1.0 - _gap(plan_area_fraction, packing_coefficient)))[()]


@law
def macdonald_roughness_length(
    building_height: Length,
    plan_area_fraction: Dimensionless,
    frontal_area_fraction: Dimensionless,
    packing_coefficient: Dimensionless = 4.43,
    drag_correction: Dimensionless = 1.0,
    drag_coefficient: Dimensionless = 1.2,
    von_karman: Dimensionless = 0.4,
) -> Length:
    """Roughness length of an array of blocks, equation (2).

    Parameters
    ----------
    building_height : float
        Mean height [m].
    plan_area_fraction : float
        Roofs over ground, from 0 to below 1 [1].
    frontal_area_fraction : float
        Walls that face the wind over ground, at least 0 [1].
    packing_coefficient, drag_correction : float
        A and beta: 4.43 and 1 staggered, 3.59 and 0.55 square [1].
    drag_coefficient : float
        Of one block [1].
    von_karman : float
        Von Karman's constant [1].

    Returns
    -------
    float
        Roughness length [m]; 0 without frontal area, NaN outside these intervals.

    References
    ----------
    Macdonald, Griffiths & Hall (1998), equation 26.

    Examples
    --------
    >>> round(macdonald_roughness_length(10.0, 0.25, 0.25), 5)
    1.22921
    """
    gap = _gap(plan_area_fraction, packing_coefficient)
    load = drag_correction * drag_coefficient / (2.0 * von_karman**2) * gap * _not_negative(frontal_area_fraction)
    exposure = np.where(load == 0, 0.0, np.exp(-1.0 / np.sqrt(only_positive(load))))
    return (_not_negative(building_height) * gap * exposure)[()]


@law
def rule_of_thumb_displacement_height(building_height: Length, coefficient: Dimensionless = 0.7) -> Length:
    """Displacement height as a share of the building height.

    Parameters
    ----------
    building_height : float
        Mean height [m].
    coefficient : float
        Share [1].

    Returns
    -------
    float
        Displacement height [m].

    References
    ----------
    Grimmond & Oke (1999).

    Examples
    --------
    >>> rule_of_thumb_displacement_height(10.0)
    7.0
    """
    return coefficient * building_height


@law
def rule_of_thumb_roughness_length(building_height: Length, coefficient: Dimensionless = 0.1) -> Length:
    """Roughness length as a share of the building height.

    Parameters
    ----------
    building_height : float
        Mean height [m].
    coefficient : float
        Share [1].

    Returns
    -------
    float
        Roughness length [m].

    References
    ----------
    Grimmond & Oke (1999).

    Examples
    --------
    >>> rule_of_thumb_roughness_length(10.0)
    1.0
    """
    return coefficient * building_height


@law
def canyon_frontal_area_fraction(aspect_ratio: Dimensionless, plan_area_fraction: Dimensionless) -> Dimensionless:
    """Frontal area fraction of regular rows of houses across the wind, equation (3).

    Parameters
    ----------
    aspect_ratio : float
        Height over width of the street canyon [1].
    plan_area_fraction : float
        Roofs over ground [1].

    Returns
    -------
    float
        Frontal area fraction [1].

    Examples
    --------
    >>> canyon_frontal_area_fraction(2.5, 0.5)
    1.25
    """
    return aspect_ratio * (1.0 - plan_area_fraction)


@law
def bluff_body_heat_roughness_length(
    roughness_length: Length,
    friction_velocity: Velocity,
    kinematic_viscosity: KinematicViscosity = 1.461e-5,
    coefficient: Dimensionless = 1.29,
) -> Length:
    """Roughness length for heat of a city, equation (4).

    Parameters
    ----------
    roughness_length : float
        For momentum [m].
    friction_velocity : float
        Of the flow [m s-1].
    kinematic_viscosity : float
        Of air [m2 s-1].
    coefficient : float
        1.29 for cities, 2.46 for bluff-rough surfaces in general [1].

    Returns
    -------
    float
        Roughness length for heat [m].

    References
    ----------
    Kanda et al. (2007).

    Examples
    --------
    >>> round(bluff_body_heat_roughness_length(1.0, 0.2) * 1e6, 6)
    6.436355
    """
    reynolds = only_positive(friction_velocity) * only_positive(roughness_length) / kinematic_viscosity
    return roughness_length * np.exp(2.0 - coefficient * reynolds**0.25)


def projected_width(vertices: Any, wind_direction: Any) -> Any:
    """Width of a footprint as the wind sees it.

    Parameters
    ----------
    vertices : array_like, shape (vertex, 2)
        Corners, eastward and northward [m].
    wind_direction : array_like
        Where the wind comes from, clockwise from north [rad].

    Returns
    -------
    numpy.ndarray
        Width across the wind [m], one for each direction.

    Examples
    --------
    >>> square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    >>> [round(float(w), 4) for w in projected_width(square, [0.0, np.pi / 4])]
    [10.0, 14.1421]
    """
    corners = np.asarray(vertices, dtype=float)
    direction = np.asarray(wind_direction, dtype=float)
    across = np.stack([np.cos(direction), -np.sin(direction)], axis=-1) @ corners.T
    return np.ptp(across, axis=-1)


def describe_buildings(
    footprints: Sequence[Any], heights: Any, lot_area: float, *, wind_direction: float | None = None
) -> Buildings:
    """Plan and frontal area fraction and height statistics from footprints.

    Parameters
    ----------
    footprints : sequence of array_like, shape (vertex, 2)
        Corners of each building in order, eastward and northward [m].
    heights : array_like
        Of each building [m].
    lot_area : float
        Ground that belongs to the buildings, streets and gardens included [m2].
    wind_direction : float, optional
        Where the wind comes from, clockwise from north [rad]. Default: the mean over 36 directions.

    Returns
    -------
    Buildings
        What equations (1) and (2) need.

    Raises
    ------
    ValueError
        If there are no buildings, a number is not positive, or the roofs do not fit on the lot.

    Examples
    --------
    >>> square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    >>> town = describe_buildings([square], [12.0], 400.0, wind_direction=0.0)
    >>> town.plan_area_fraction, town.frontal_area_fraction
    (0.25, 0.3)
    """
    height = np.asarray(heights, dtype=float)
    if len(footprints) == 0 or height.shape != (len(footprints),):
        raise ValueError(
            f"heights has shape {height.shape}: give one height for each of {len(footprints)} footprints (>= 1)"
        )
    directions = (np.arange(36) + 0.5) * (math.pi / 18) if wind_direction is None else np.array([wind_direction])
    area = np.array([_polygon_area(footprint) for footprint in footprints])
    if not (np.all(height > 0) and np.all(area > 0) and lot_area > 0):
        raise ValueError("every height [m], every footprint's area [m2] and lot_area [m2] must be greater than 0")
    plan = float(area.sum() / lot_area)
    if plan >= 1.0:
        raise ValueError(f"lot_area = {lot_area!r} m2 is covered by {area.sum():.6g} m2 of roofs: it must be larger")
    widths = np.array([projected_width(footprint, directions).mean() for footprint in footprints])
    mean = float(np.average(height, weights=area))
    deviation = math.sqrt(float(np.average((height - mean) ** 2, weights=area)))
    return Buildings(plan, float((height * widths).sum() / lot_area), mean, deviation, float(height.max()))


def _polygon_area(vertices: Any) -> float:
    x, y = np.asarray(vertices, dtype=float).T
    x, y = x - x[0], y - y[0]  # map coordinates are large: their products would lose the area
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def _gap(plan_area_fraction: Any, packing_coefficient: Any) -> Any:
    """1 - d/H of equation (1)."""
    plan = np.asarray(plan_area_fraction, dtype=float)
    plan = np.where((plan >= 0) & (plan < 1), plan, np.nan)
    return (1.0 - plan) * only_positive(packing_coefficient) ** -plan


def _not_negative(value: Any) -> Any:
    return np.where(np.asarray(value) >= 0, value, np.nan)

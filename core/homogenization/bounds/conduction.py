"""Conduction and whatever obeys the same equation."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...quantities import Fraction, ThermalConductivity, law

__all__ = [
    "bruggeman_conductivity",
    "differential_conductivity",
    "dykhne_conductivity",
    "hashin_shtrikman_conductivity",
    "maxwell_garnett_conductivity",
    "parallel_conductivity",
    "series_conductivity",
]

_BISECTIONS = 110
_DECADES = 330.0  # powers of e, within which an effective medium is looked for


@law
def parallel_conductivity(conductivities: ThermalConductivity, volume_fractions: Fraction) -> ThermalConductivity:
    """Conductivity along layers: the arithmetic mean, the upper bound of every arrangement; (1).

    Parameters
    ----------
    conductivities : array
        Of the phases, along the last axis [W m-1 K-1].
    volume_fractions : array
        Of the phases [1]; they must sum to one.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1].

    Examples
    --------
    >>> round(parallel_conductivity(np.array([1.0, 10.0]), np.array([0.7, 0.3])), 6)
    3.7
    """
    k, f = _phases(conductivities, volume_fractions, "conductivities")
    return _bare(_mean(k, f))


@law
def series_conductivity(conductivities: ThermalConductivity, volume_fractions: Fraction) -> ThermalConductivity:
    """Conductivity across layers: the harmonic mean, the lower bound of every arrangement; (1).

    Parameters
    ----------
    conductivities : array
        Of the phases, along the last axis [W m-1 K-1].
    volume_fractions : array
        Of the phases [1]; they must sum to one.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1].

    Examples
    --------
    >>> round(series_conductivity(np.array([1.0, 10.0]), np.array([0.7, 0.3])), 5)
    1.36986
    """
    k, f = _phases(conductivities, volume_fractions, "conductivities")
    return _bare(_mean_with_reference(k, f, np.zeros(k.shape[:-1])))


@law
def hashin_shtrikman_conductivity(
    conductivities: ThermalConductivity,
    volume_fractions: Fraction,
    bound: Literal["lower", "upper"] = "lower",
    dimension: int = 3,
) -> ThermalConductivity:
    """Bound on the conductivity of isotropic arrangements; (2).

    Parameters
    ----------
    conductivities : array
        Of the phases, along the last axis [W m-1 K-1].
    volume_fractions : array
        Of the phases [1]; they must sum to one.
    bound : {"lower", "upper"}
        Which one.
    dimension : int
        Of space; two for fibres seen end on.

    Returns
    -------
    float
        Bound [W m-1 K-1].

    Examples
    --------
    >>> k, f = np.array([1.0, 10.0]), np.array([0.7, 0.3])
    >>> round(hashin_shtrikman_conductivity(k, f), 5), round(hashin_shtrikman_conductivity(k, f, "upper"), 5)
    (1.87097, 3.07692)
    """
    k, f = _phases(conductivities, volume_fractions, "conductivities")
    reference = (_dimensions(dimension) - 1) * _extreme(k, f, bound)
    return _bare(_mean_with_reference(k, f, reference))


@law
def maxwell_garnett_conductivity(
    matrix_conductivity: ThermalConductivity,
    inclusion_conductivity: ThermalConductivity,
    inclusion_fraction: Fraction,
    dimension: int = 3,
) -> ThermalConductivity:
    """Conductivity of a matrix with separate round inclusions; exact to first order in their fraction.

    Parameters
    ----------
    matrix_conductivity, inclusion_conductivity : float
        Of the two phases [W m-1 K-1]; the inclusions' may be infinite.
    inclusion_fraction : float
        Share of the volume [1].
    dimension : int
        3 for spheres, 2 for cylinders across.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1]; NaN for fractions and conductivities that do not exist.

    Examples
    --------
    >>> round(maxwell_garnett_conductivity(1.0, 10.0, 0.3, 2), 5)
    1.6506
    >>> round(maxwell_garnett_conductivity(1.0, float("inf"), 0.3), 5)  # (1 + 2 f) / (1 - f)
    2.28571
    """
    k1, k2, f = _inclusions(matrix_conductivity, inclusion_conductivity, inclusion_fraction)
    k, shares = np.stack([k1, k2], axis=-1), np.stack([1.0 - f, f], axis=-1)
    return _bare(_mean_with_reference(k, shares, (_dimensions(dimension) - 1) * k1))


@law
def bruggeman_conductivity(
    conductivities: ThermalConductivity, volume_fractions: Fraction, dimension: int = 3
) -> ThermalConductivity:
    """Conductivity of grains of all phases, none of them a matrix; (3).

    Zero while insulating grains leave less than 1/dimension of the volume, infinite where perfect conductors take more.

    Parameters
    ----------
    conductivities : array
        Of the phases, along the last axis [W m-1 K-1], from 0 to infinity.
    volume_fractions : array
        Of the phases [1]; they must sum to one.
    dimension : int
        Of space.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1].

    Examples
    --------
    >>> round(bruggeman_conductivity(np.array([1.0, 10.0]), np.array([0.7, 0.3])), 5)
    2.26121
    >>> bruggeman_conductivity(np.array([0.0, 10.0]), np.array([0.7, 0.3]))
    0.0
    """
    k, f = _phases(conductivities, volume_fractions, "conductivities")
    others = _dimensions(dimension) - 1
    regular = (k > 0.0) & np.isfinite(k)
    unit = np.where(regular, k, 0.0).max(axis=-1)
    unit = np.where(unit > 0.0, unit, 1.0)
    perfect, scaled = np.isinf(k), np.where(np.isinf(k), 1.0, k) / unit[..., None]
    low, high = np.full(unit.shape, -_DECADES), np.full(unit.shape, _DECADES)
    for _ in range(_BISECTIONS):  # in the logarithm, so that small results have as many digits
        middle = 0.5 * (low + high)
        x = np.exp(middle)[..., None]
        excess = (f * np.where(perfect, 1.0, (scaled - x) / (scaled + others * x))).sum(axis=-1) > 0.0
        low, high = np.where(excess, middle, low), np.where(excess, high, middle)
    result = np.where(np.abs(high) < _DECADES - 1.0, np.exp(high) * unit, np.where(high < 0.0, 0.0, np.inf))
    return _bare(np.where(np.isnan(k).any(axis=-1), np.nan, result))


@law
def differential_conductivity(
    matrix_conductivity: ThermalConductivity,
    inclusion_conductivity: ThermalConductivity,
    inclusion_fraction: Fraction,
    dimension: int = 3,
) -> ThermalConductivity:
    """Conductivity of a matrix with round inclusions of very different sizes, added from small to large; (4).

    Parameters
    ----------
    matrix_conductivity, inclusion_conductivity : float
        Of the two phases [W m-1 K-1]; the inclusions' may be infinite.
    inclusion_fraction : float
        Share of the volume [1].
    dimension : int
        3 for spheres, 2 for cylinders across.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1]; NaN for fractions and conductivities that do not exist.

    Examples
    --------
    >>> round(differential_conductivity(1.0, 0.0, 0.3), 6)  # Archie's law with exponent 3/2
    0.585662
    """
    k1, k2, f = _inclusions(matrix_conductivity, inclusion_conductivity, inclusion_fraction)
    d = _dimensions(dimension)
    plain = np.isfinite(k2) & (k1 > 0.0) & (k1 != k2) & (f < 1.0)
    c = np.where(plain, k2, 2.0) / np.where(plain, k1, 1.0)
    x, low, high = np.ones(k1.shape), np.minimum(c, 1.0), np.maximum(c, 1.0)
    for _ in range(_BISECTIONS):  # (x - c)/(1 - c) x^(-1/d) grows from 0 at c to 1 at x = 1
        x = 0.5 * (low + high)
        toward_one = (x - c) / (1.0 - c) * x ** (-1.0 / d) < 1.0 - f
        low = np.where(toward_one == (c < 1.0), x, low)
        high = np.where(toward_one == (c < 1.0), high, x)
    with np.errstate(divide="ignore"):
        perfect = k1 * np.where(f < 1.0, (1.0 - f) ** (-1.0 * d), 1.0)
    limit = np.where(f == 1.0, k2, np.where(k1 == k2, k1, np.where(np.isinf(k2), perfect, 0.0)))
    return _bare(np.where(plain, x * np.where(plain, k1, 1.0), np.where(np.isnan(f), np.nan, limit)))


@law
def dykhne_conductivity(
    first_conductivity: ThermalConductivity, second_conductivity: ThermalConductivity
) -> ThermalConductivity:
    """Conductivity of any two-dimensional isotropic arrangement in which two phases can change places: exact.

    Checkerboards and random ones alike, with as much of the one as of the other.

    Parameters
    ----------
    first_conductivity, second_conductivity : float
        Of the two phases [W m-1 K-1].

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1]; NaN where one is negative, or one zero and the other infinite.

    Examples
    --------
    >>> dykhne_conductivity(1.0, 9.0)
    3.0
    """
    first, second = (np.asarray(k, dtype=float) for k in (first_conductivity, second_conductivity))
    one, other = (np.sqrt(np.where(k >= 0.0, k, np.nan)) for k in (first, second))
    with np.errstate(invalid="ignore"):  # zero times infinity: in the limit, whatever one likes
        return _bare(one * other)


def _phases(
    values: ArrayLike, fractions: ArrayLike, name: str, least: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value, fraction = np.asarray(values, float), np.asarray(fractions, float)
    if value.ndim == 0 and fraction.ndim == 0:
        raise ValueError(f"{name}={values!r}: give the phases as arrays, one value a phase along the last axis")
    try:
        value, fraction = np.broadcast_arrays(value, fraction)
    except ValueError:
        shapes = f"{value.shape} and {fraction.shape}"
        raise ValueError(f"{name} and volume_fractions have the shapes {shapes}: must match, phase by phase") from None
    if not (np.abs(fraction.sum(axis=-1) - 1.0) <= 1e-6).all() or not (fraction >= 0.0).all():
        raise ValueError(f"volume_fractions={fractions!r}: must be at least 0 and sum to 1")
    if (value < least).any():
        raise ValueError(f"{name}: {float(value.min())} is not allowed; must be at least {least:g}")
    return value, fraction


def _inclusions(
    matrix: ArrayLike, inclusion: ArrayLike, fraction: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The three as arrays of one shape; NaN where one of them is impossible."""
    arrays = (np.asarray(value, float) for value in (matrix, inclusion, fraction))
    k1, k2, f = np.broadcast_arrays(*arrays)
    exists = (k1 >= 0.0) & (k1 < np.inf) & (k2 >= 0.0) & (f >= 0.0) & (f <= 1.0)
    return np.where(exists, k1, np.nan), np.where(exists, k2, np.nan), np.where(exists, f, np.nan)


def _dimensions(dimension: int, least: int = 1) -> int:
    if dimension not in range(least, 4):
        raise ValueError(f"dimension={dimension!r}: must be {'1, 2 or 3' if least == 1 else '2 or 3'}")
    return dimension


def _extreme(value: NDArray[np.float64], fraction: NDArray[np.float64], bound: str) -> NDArray[np.float64]:
    """Smallest or largest value of the phases that are there."""
    if bound == "lower":
        return np.asarray(np.where(fraction > 0.0, value, np.inf).min(axis=-1))
    if bound == "upper":
        return np.asarray(np.where(fraction > 0.0, value, -np.inf).max(axis=-1))
    raise ValueError(f"bound={bound!r}: must be 'lower' or 'upper'")


def _mean_with_reference(
    value: NDArray[np.float64], fraction: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """1 / <1 / (value + reference)> - reference, also where a value or the reference is zero or infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(fraction > 0.0, fraction / (value + reference[..., None]), 0.0)
        mean = 1.0 / weight.sum(axis=-1) - reference
    return np.where(np.isinf(reference), _mean(value, fraction), mean)


def _mean(value: NDArray[np.float64], fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arithmetic mean of the phases that are there, of which some may be infinite."""
    return np.asarray((fraction * np.where(fraction > 0.0, value, 0.0)).sum(axis=-1))


def _bare(value: NDArray[np.float64]) -> Any:  # a float where all were, for mypy as for the user
    return value if np.ndim(value) else float(value)

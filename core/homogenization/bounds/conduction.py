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
    k, f = _phases(conductivities, volume_fractions)
    return _bare((f * k).sum(axis=-1))


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
    k, f = _phases(conductivities, volume_fractions)
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
    k, f = _phases(conductivities, volume_fractions)
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
        Of the two phases [W m-1 K-1].
    inclusion_fraction : float
        Share of the volume [1].
    dimension : int
        3 for spheres, 2 for cylinders across.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1].

    Examples
    --------
    >>> round(maxwell_garnett_conductivity(1.0, 10.0, 0.3, 2), 5)
    1.6506
    """
    k1, k2, f = np.asarray(matrix_conductivity), np.asarray(inclusion_conductivity), np.asarray(inclusion_fraction)
    others = _dimensions(dimension) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return _bare(k1 * (k2 + others * k1 + others * f * (k2 - k1)) / (k2 + others * k1 - f * (k2 - k1)))


@law
def bruggeman_conductivity(
    conductivities: ThermalConductivity, volume_fractions: Fraction, dimension: int = 3
) -> ThermalConductivity:
    """Conductivity of grains of all phases, none of them a matrix; (3). Zero below the threshold 1/dimension.

    Parameters
    ----------
    conductivities : array
        Of the phases, along the last axis [W m-1 K-1], finite.
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
    k, f = _phases(conductivities, volume_fractions)
    others = _dimensions(dimension) - 1
    top = k.max(axis=-1)
    scaled = k / np.where(top > 0.0, top, 1.0)[..., None]
    with np.errstate(divide="ignore"):
        low, high = np.full(top.shape, -330.0), np.zeros(top.shape)
        for _ in range(_BISECTIONS):  # in the logarithm, so that small results have as many digits
            middle = 0.5 * (low + high)
            x = np.exp(middle)[..., None]
            excess = (f * (scaled - x) / (scaled + others * x)).sum(axis=-1) > 0.0
            low, high = np.where(excess, middle, low), np.where(excess, high, middle)
    return _bare(np.where(high < -329.0, 0.0, np.exp(high)) * top)


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
        Of the two phases [W m-1 K-1], finite; the matrix' positive.
    inclusion_fraction : float
        Share of the volume [1].
    dimension : int
        3 for spheres, 2 for cylinders across.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1].

    Examples
    --------
    >>> round(differential_conductivity(1.0, 0.0, 0.3), 6)  # Archie's law with exponent 3/2
    0.585662
    """
    k1, k2, f = np.broadcast_arrays(
        np.asarray(matrix_conductivity, float),
        np.asarray(inclusion_conductivity, float),
        np.asarray(inclusion_fraction, float),
    )
    d = _dimensions(dimension)
    with np.errstate(divide="ignore", invalid="ignore"):
        c = k2 / k1
        x, low, high = np.ones(k1.shape), np.minimum(c, 1.0), np.maximum(c, 1.0)
        for _ in range(_BISECTIONS):  # (x - c)/(1 - c) x^(-1/d) grows from 0 at c to 1 at x = 1
            x = 0.5 * (low + high)
            share = np.where(c == 1.0, f * 0.0, (x - c) / (1.0 - c)) * x ** (-1.0 / d)
            toward_one = share < 1.0 - f
            low = np.where(toward_one == (c < 1.0), x, low)
            high = np.where(toward_one == (c < 1.0), high, x)
    return _bare(np.where((f >= 0.0) & (f <= 1.0), np.where(f == 1.0, c, np.where(c == 1.0, 1.0, x)), np.nan) * k1)


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
        Effective conductivity [W m-1 K-1].

    Examples
    --------
    >>> dykhne_conductivity(1.0, 9.0)
    3.0
    """
    return _bare(np.sqrt(np.asarray(first_conductivity)) * np.sqrt(np.asarray(second_conductivity)))


def _phases(values: ArrayLike, fractions: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value, fraction = np.broadcast_arrays(np.asarray(values, float), np.asarray(fractions, float))
    if value.ndim == 0:
        raise ValueError("give the phases as arrays, one value a phase along the last axis")
    if not (np.abs(fraction.sum(axis=-1) - 1.0) <= 1e-6).all() or not (fraction >= 0.0).all():
        raise ValueError(f"volume_fractions={fractions!r}: must be at least 0 and sum to 1")
    return value, fraction


def _dimensions(dimension: int) -> int:
    if dimension not in (1, 2, 3):
        raise ValueError(f"dimension={dimension}: must be 1, 2 or 3")
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
    return np.where(np.isinf(reference), (fraction * value).sum(axis=-1), mean)


def _bare(value: NDArray[np.float64]) -> Any:  # a float where all were, for mypy as for the user
    return value if np.ndim(value) else float(value)

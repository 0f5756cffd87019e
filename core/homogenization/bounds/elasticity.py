"""Elastic moduli of isotropic arrangements, and of layers."""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...quantities import Fraction, Pressure, law
from .conduction import _bare, _dimensions, _extreme, _mean, _mean_with_reference, _phases

__all__ = [
    "LayeredStiffness",
    "backus_average",
    "hashin_shtrikman_bulk_modulus",
    "hashin_shtrikman_shear_modulus",
    "reuss_modulus",
    "self_consistent_bulk_modulus",
    "self_consistent_shear_modulus",
    "voigt_modulus",
]

_MOST_STEPS = 20_000
_FAR = 1e15  # stands for infinity where an iteration must begin


@law
def voigt_modulus(moduli: Pressure, volume_fractions: Fraction) -> Pressure:
    """Upper bound of every arrangement on bulk and shear modulus: equal strain in all phases.

    Parameters
    ----------
    moduli : array
        Of the phases, along the last axis [Pa].
    volume_fractions : array
        Of the phases [1]; they must sum to one.

    Returns
    -------
    float
        Bound [Pa].

    Examples
    --------
    >>> round(voigt_modulus(np.array([1e9, 10e9]), np.array([0.7, 0.3])) / 1e9, 6)
    3.7
    """
    value, f = _phases(moduli, volume_fractions, "moduli")
    return _bare(_mean(value, f))


@law
def reuss_modulus(moduli: Pressure, volume_fractions: Fraction) -> Pressure:
    """Lower bound of every arrangement on bulk and shear modulus: equal stress in all phases.

    Parameters
    ----------
    moduli : array
        Of the phases, along the last axis [Pa].
    volume_fractions : array
        Of the phases [1]; they must sum to one.

    Returns
    -------
    float
        Bound [Pa].

    Examples
    --------
    >>> round(reuss_modulus(np.array([1e9, 10e9]), np.array([0.7, 0.3])) / 1e9, 5)
    1.36986
    """
    value, f = _phases(moduli, volume_fractions, "moduli")
    return _bare(_mean_with_reference(value, f, np.zeros(value.shape[:-1])))


@law
def hashin_shtrikman_bulk_modulus(
    bulk_moduli: Pressure,
    shear_moduli: Pressure,
    volume_fractions: Fraction,
    bound: Literal["lower", "upper"] = "lower",
    dimension: int = 3,
) -> Pressure:
    """Bound on the bulk modulus of isotropic arrangements; (2).

    Parameters
    ----------
    bulk_moduli, shear_moduli : array
        Of the phases, along the last axis [Pa]; in two dimensions the bulk moduli of plane strain.
    volume_fractions : array
        Of the phases [1]; they must sum to one.
    bound : {"lower", "upper"}
        Which one.
    dimension : int
        Of space, 2 or 3.

    Returns
    -------
    float
        Bound [Pa].

    Examples
    --------
    >>> round(hashin_shtrikman_bulk_modulus(np.array([1.0, 4.0]), np.array([3.0, 3.0]), np.array([0.5, 0.5])), 6)
    2.153846
    """
    bulk, f = _phases(bulk_moduli, volume_fractions, "bulk_moduli")
    shear, _ = _phases(shear_moduli, volume_fractions, "shear_moduli")
    d = _dimensions(dimension, 2)
    return _bare(_mean_with_reference(bulk, f, 2.0 * (d - 1) / d * _extreme(shear, f, bound)))


@law
def hashin_shtrikman_shear_modulus(
    bulk_moduli: Pressure,
    shear_moduli: Pressure,
    volume_fractions: Fraction,
    bound: Literal["lower", "upper"] = "lower",
    dimension: int = 3,
) -> Pressure:
    """Bound on the shear modulus of isotropic arrangements; (2) with (5).

    The reference has the smallest (largest) bulk and shear modulus of all phases, also where they belong to different
    ones (Walpole).

    Parameters
    ----------
    bulk_moduli, shear_moduli : array
        Of the phases, along the last axis [Pa]; in two dimensions the bulk moduli of plane strain.
    volume_fractions : array
        Of the phases [1]; they must sum to one.
    bound : {"lower", "upper"}
        Which one.
    dimension : int
        Of space, 2 or 3.

    Returns
    -------
    float
        Bound [Pa].

    Examples
    --------
    >>> round(hashin_shtrikman_shear_modulus(np.array([1.0, 4.0]), np.array([1.0, 3.0]), np.array([0.5, 0.5])), 6)
    1.660377
    """
    bulk, f = _phases(bulk_moduli, volume_fractions, "bulk_moduli")
    shear, _ = _phases(shear_moduli, volume_fractions, "shear_moduli")
    reference = _shear_reference(_extreme(bulk, f, bound), _extreme(shear, f, bound), _dimensions(dimension, 2))
    return _bare(_mean_with_reference(shear, f, reference))


@law
def self_consistent_bulk_modulus(
    bulk_moduli: Pressure, shear_moduli: Pressure, volume_fractions: Fraction, dimension: int = 3
) -> Pressure:
    """Bulk modulus of grains of all phases, none of them a matrix (Hill, Budiansky).

    Parameters
    ----------
    bulk_moduli, shear_moduli : array
        Of the phases, along the last axis [Pa].
    volume_fractions : array
        Of the phases [1]; they must sum to one.
    dimension : int
        Of space, 2 or 3.

    Returns
    -------
    float
        Effective bulk modulus [Pa]; zero where voids take too much of the volume, infinite where rigid grains
        do; NaN within 1e-4 of that threshold.

    Examples
    --------
    >>> round(self_consistent_bulk_modulus(np.array([1.0, 4.0]), np.array([1.0, 3.0]), np.array([0.5, 0.5])), 6)
    2.031728
    """
    return _bare(_solve_self_consistency(bulk_moduli, shear_moduli, volume_fractions, dimension)[0])


@law
def self_consistent_shear_modulus(
    bulk_moduli: Pressure, shear_moduli: Pressure, volume_fractions: Fraction, dimension: int = 3
) -> Pressure:
    """Shear modulus of grains of all phases, none of them a matrix (Hill, Budiansky).

    Parameters
    ----------
    bulk_moduli, shear_moduli : array
        Of the phases, along the last axis [Pa].
    volume_fractions : array
        Of the phases [1]; they must sum to one.
    dimension : int
        Of space, 2 or 3.

    Returns
    -------
    float
        Effective shear modulus [Pa]; zero where voids take too much of the volume, infinite where rigid grains
        do; NaN within 1e-4 of that threshold.

    Examples
    --------
    >>> round(self_consistent_shear_modulus(np.array([1.0, 4.0]), np.array([1.0, 3.0]), np.array([0.5, 0.5])), 6)
    1.728678
    """
    return _bare(_solve_self_consistency(bulk_moduli, shear_moduli, volume_fractions, dimension)[1])


class LayeredStiffness(NamedTuple):
    """The five constants of a stack of isotropic layers with normal z (Love's names); units as given.

    Attributes
    ----------
    A, C, F, L, M : float or array
        C11, C33, C13, C44 and C66 of the stiffness matrix; C12 = A - 2 M.
    """

    A: Any
    C: Any
    F: Any
    L: Any
    M: Any


def backus_average(lame_moduli: ArrayLike, shear_moduli: ArrayLike, volume_fractions: ArrayLike) -> LayeredStiffness:
    """Stiffness of fine layers, exact for wavelengths much longer than a layer (Backus).

    Parameters
    ----------
    lame_moduli, shear_moduli : array
        Lame's constants of the layers, along the last axis, in one unit.
    volume_fractions : array
        Thickness of each over that of all; they must sum to one.

    Returns
    -------
    LayeredStiffness
        In the same unit.

    Examples
    --------
    >>> tuple(round(value, 4) for value in backus_average([10.0, 2.0], [8.0, 1.0], [0.5, 0.5]))
    (13.9333, 6.9333, 3.0667, 1.7778, 4.5)
    """
    lam, f = _phases(lame_moduli, volume_fractions, "lame_moduli", -math.inf)
    mu, _ = _phases(shear_moduli, volume_fractions, "shear_moduli")
    with np.errstate(divide="ignore", invalid="ignore"):
        wave = lam + 2.0 * mu
        C = 1.0 / (f / wave).sum(axis=-1)
        ratio = np.where(wave > 0.0, lam / wave, 0.0)  # 0 in a void
        share = (f * ratio).sum(axis=-1)
        A = (f * 2.0 * mu * (1.0 + ratio)).sum(axis=-1) + C * share**2
        L = 1.0 / (f / mu).sum(axis=-1)
    return LayeredStiffness(_bare(A), _bare(C), _bare(share * C), _bare(L), _bare((f * mu).sum(axis=-1)))


def _shear_reference(bulk: NDArray[np.float64], shear: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = shear * (0.5 * d * bulk + (d + 1) * (d - 2) / d * shear) / (bulk + 2.0 * shear)
    return np.where(shear == 0.0, 0.0, np.where(np.isinf(shear), np.inf, value))


def _solve_self_consistency(
    bulk_moduli: ArrayLike, shear_moduli: ArrayLike, volume_fractions: ArrayLike, dimension: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The reference becomes the result, from the upper bound down; monotone, hence never past the solution."""
    bulk, f = _phases(bulk_moduli, volume_fractions, "bulk_moduli")
    shear, _ = _phases(shear_moduli, volume_fractions, "shear_moduli")
    d = _dimensions(dimension, 2)
    regular = np.where(np.isfinite(bulk) & np.isfinite(shear), np.maximum(bulk, shear), 0.0).max(axis=-1)
    unit = np.where(regular > 0.0, regular, 1.0)
    bulk, shear = bulk / unit[..., None], shear / unit[..., None]
    # rigid grains: from far above, down to the solution or, past their threshold, not at all
    K, G = ((f * np.where(np.isinf(m), _FAR, m)).sum(axis=-1) for m in (bulk, shear))
    change = np.zeros(K.shape)
    for _ in range(_MOST_STEPS):
        before = K, G
        K = _mean_with_reference(bulk, f, 2.0 * (d - 1) / d * G)
        G = _mean_with_reference(shear, f, _shear_reference(before[0], G, d))
        K, G = np.minimum(K, 10.0 * _FAR), np.minimum(G, 10.0 * _FAR)
        pairs = ((K, before[0]), (G, before[1]))  # each by its own measure: a liquid's shear modulus is small
        change = np.max([np.abs(m - old) / np.where(m > 0.0, m, 1.0) for m, old in pairs], axis=0)
        if (change <= 1e-14).all():
            break
        lost = np.maximum(K, G) < 1e-12
        K, G = np.where(lost, 0.0, K), np.where(lost, 0.0, G)
    rigid = np.minimum(K, G) > 1e-3 * _FAR
    settled = rigid | (change <= 1e-9)
    K, G = (np.where(rigid, np.inf, np.where(settled, m * unit, np.nan)) for m in (K, G))
    return K, G

"""What is read from a field: structure factor, domain size by three rulers, and how it grows."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..spectral import Basis

__all__ = [
    "coarsening_exponent",
    "domain_size",
    "growth_exponent",
    "interface_area",
    "pair_correlation",
    "structure_factor",
]

Array = NDArray[np.float64]


def structure_factor(field: Array, basis: Basis) -> tuple[Array, Array]:
    """S(k) = V <|c_k|^2> on shells one lowest wavenumber wide; empty shells are left out.

    Returns
    -------
    tuple of numpy.ndarray
        Mean wavenumber and mean S of each shell. The mean of the field, k = 0, is in none.
    """
    power = np.abs(basis.forward(field)) ** 2 * basis.volume
    if basis.boundary == "no_flux":  # a cosine is two plane waves along every axis on which it varies
        power = power * basis.weights
    wavenumber, weights = np.sqrt(basis.k2).reshape(-1), basis.weights.reshape(-1)
    width = float(wavenumber[wavenumber > 0].min())
    shell = np.rint(wavenumber / width).astype(int)
    shell[0] = -1
    inside = (shell >= 1) & (shell <= min(basis.shape) // 2)
    shell, weights, wavenumber, power = (a[inside] for a in (shell, weights, wavenumber, power.reshape(-1)))
    count = np.bincount(shell, weights)
    filled = count > 0
    k = np.bincount(shell, weights * wavenumber)[filled] / count[filled]
    return k, np.bincount(shell, weights * power)[filled] / count[filled]


def mean_wavenumber(field: Array, basis: Basis) -> float:
    """sum k |c_k|^2 / sum |c_k|^2 over all modes but the mean; NaN for a flat field."""
    power = basis.weights * np.abs(basis.forward(field)) ** 2
    power.reshape(-1)[0] = 0.0
    total = float(power.sum())
    return float((np.sqrt(basis.k2) * power).sum() / total) if total > 1e-280 else math.nan


def interface_area(field: Array, basis: Basis, level: float) -> float:
    """Area (length, number) of the surface c = level, from the crossings along the axes (Cauchy and Crofton).

    For surfaces of all orientations alike.
    """
    return float(_crossings(field, basis, level).sum())


def _crossings(field: Array, basis: Basis, level: float) -> Array:
    """The share of every cell in that area."""
    share = np.zeros(field.shape)
    for axis, spacing in enumerate(basis.spacing):
        above = field > level
        turned = above != np.roll(above, -1, axis)
        if basis.boundary == "no_flux":
            np.moveaxis(turned, axis, 0)[-1] = False
        share += turned * (math.prod(basis.spacing) / spacing)
    return share * {1: 1.0, 2: math.pi / 4.0, 3: 2.0 / 3.0}[field.ndim]


def pair_correlation(field: Array, basis: Basis) -> tuple[Array, Array]:
    """Radial average of the correlation of c - <c>, normalised to 1 at distance 0 (walls: of the mirrored field)."""
    grown = field - field.mean()
    lengths = basis.lengths
    if basis.boundary == "no_flux":
        for axis in range(grown.ndim):
            grown = np.concatenate([grown, np.flip(grown, axis)], axis)
        lengths = tuple(2.0 * length for length in lengths)
    periodic = Basis(grown.shape, lengths, "periodic")
    correlation = periodic.backward(np.abs(periodic.forward(grown)) ** 2 + 0j)
    square = np.zeros(grown.shape)
    for axis, (n, spacing) in enumerate(zip(grown.shape, periodic.spacing, strict=True)):
        along = np.minimum(np.arange(n), n - np.arange(n)) * spacing
        square = square + (along**2).reshape([-1 if i == axis else 1 for i in range(grown.ndim)])
    shell = np.rint(np.sqrt(square) / min(periodic.spacing)).astype(int).reshape(-1)
    count = np.bincount(shell)
    filled = count > 0
    distance = np.bincount(shell, np.sqrt(square).reshape(-1))[filled] / count[filled]
    mean = np.bincount(shell, correlation.reshape(-1))[filled] / count[filled]
    return distance, mean / mean[0] if mean[0] > 1e-280 else np.full_like(mean, np.nan)


def domain_size(field: Array, basis: Basis, level: float) -> tuple[float, float, float]:
    """Size of the domains by three rulers; NaN where a field has none.

    Returns
    -------
    tuple of float
        2 pi over the mean wavenumber of the structure factor; volume over interface area; first zero of the pair
        correlation. They differ by constant factors and must grow alike.
    """
    k = mean_wavenumber(field, basis)
    area = interface_area(field, basis, level)
    distance, correlation = pair_correlation(field, basis)
    below = np.flatnonzero(correlation < 0.0)
    zero = math.nan
    if below.size:
        i = int(below[0])
        share = correlation[i - 1] / (correlation[i - 1] - correlation[i])
        zero = float(distance[i - 1] + share * (distance[i] - distance[i - 1]))
    return 2.0 * math.pi / k, basis.volume / area if area > 0 else math.nan, zero


def coarsening_exponent(times: Array, sizes: Array, window: tuple[float, float]) -> tuple[float, float]:
    """Exponent n of L = A t^n by least squares of the logarithms inside a window of time, and its standard error.

    The error is that of independent sizes. Those of one run err together: for them there is `growth_exponent`.

    Returns
    -------
    tuple of float
        NaN with fewer than three sizes inside the window.
    """
    times, sizes = np.asarray(times, dtype=float), np.asarray(sizes, dtype=float)
    inside = (times >= window[0]) & (times <= window[1]) & (times > 0) & np.isfinite(sizes)
    if inside.sum() < 3:
        return math.nan, math.nan
    x, y = np.log(times[inside]), np.log(sizes[inside])
    x = x - x.mean()
    slope = float((x * y).sum() / (x * x).sum())
    rest = y - y.mean() - slope * x
    return slope, math.sqrt(float((rest**2).sum()) / (x.size - 2) / float((x * x).sum()))


def growth_exponent(
    times: Array,
    fields: Array,
    basis: Basis,
    window: tuple[float, float],
    ruler: Literal["structure_factor", "interface_area"] = "structure_factor",
    level: float | None = None,
) -> tuple[float, float]:
    """Exponent of the domain size of one run inside a window of time, and its error from the parts of the box.

    Both rulers are ratios of sums over the cells (the mean wavenumber is the sum of c |grad| c over that of c^2), so
    that every part of the box has its own growth: 16 parts in one and two dimensions, 8 in three, each left out in turn
    (jackknife). What was random at the start stays so until the end, and a box of few domains says little.

    Parameters
    ----------
    times, fields : numpy.ndarray
        Times, and the field at each.
    basis : Basis
        Grid and boundary.
    window : tuple of float
        First and last time.
    ruler : {"structure_factor", "interface_area"}
        Which domain size.
    level : float, optional
        Where the interfaces are; by default at the mean.

    Returns
    -------
    tuple of float
        NaN with fewer than three sizes inside the window.
    """
    times = np.asarray(times, dtype=float)
    inside = (times >= window[0]) & (times <= window[1]) & (times > 0)
    parts = np.array([_parts_of_size(field, basis, ruler, level) for field in np.asarray(fields)[inside]])
    if len(parts) < 3:
        return math.nan, math.nan
    whole = parts.sum(axis=2)
    rest = whole[:, :, None] - parts  # (time, numerator and denominator, part left out)
    value, _ = coarsening_exponent(times[inside], _ratio(whole), window)
    others = np.array(
        [coarsening_exponent(times[inside], _ratio(rest[:, :, i]), window)[0] for i in range(rest.shape[2])]
    )
    count = len(others)
    return value, math.sqrt((count - 1) / count * float(np.square(others - others.mean()).sum()))


def _parts_of_size(field: Array, basis: Basis, ruler: str, level: float | None) -> Array:
    """Numerator and denominator of the domain size in every part of the box."""
    grown = field - field.mean()
    if ruler == "structure_factor":
        slope = basis.backward(np.sqrt(basis.k2) * basis.forward(grown))
        terms = 2.0 * math.pi * grown**2, grown * slope
    else:
        place = float(field.mean()) if level is None else level
        terms = np.full(field.shape, math.prod(basis.spacing)), _crossings(field, basis, place)
    cuts = {1: 16, 2: 4, 3: 2}[field.ndim]
    found = []
    for term in terms:
        sums = term
        for axis, n in enumerate(field.shape):
            parts = min(cuts, n)
            sums = np.add.reduceat(sums, np.arange(parts) * n // parts, axis=axis)
        found.append(sums.reshape(-1))
    return np.array(found)


def _ratio(sums: Array) -> Array:
    return sums[:, 0] / np.where(sums[:, 1] > 1e-280, sums[:, 1], np.nan)

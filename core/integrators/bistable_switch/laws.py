"""Times, densities and moments of the double well by quadrature; equations in the package's page."""

import math
from typing import Annotated, Any

import numpy as np
import scipy.special
from numpy.typing import NDArray

from ...quantities import Dimensionless, Energy, Length, Time, Unit, law

__all__ = ["bin_density", "kramers_time", "mean_first_passage_time", "partition_function", "passage_time",
           "relative_mean_square", "top_occupancy"]  # fmt: skip

Floats = NDArray[np.float64]
Drag = Annotated[float, Unit("kg s-1")]
_NODES, _WEIGHTS = scipy.special.roots_legendre(200)


@law
def kramers_time(
    barrier_height: Energy, thermal_energy: Energy, friction_coefficient: Drag, half_distance: Length
) -> Time:
    """Time from one bottom to the other over a high barrier, equation (3).

    Parameters
    ----------
    barrier_height : float
        B [J].
    thermal_energy : float
        kT [J].
    friction_coefficient : float
        zeta [kg/s].
    half_distance : float
        L, from the top to a bottom [m].

    Returns
    -------
    float
        Time [s].

    References
    ----------
    Kramers, Physica 7, 284 (1940), doi:10.1016/S0031-8914(40)90098-2.

    Examples
    --------
    >>> round(float(kramers_time(5.0, 1.0, 1.0, 1.0)), 2)
    32.97
    """
    unit = friction_coefficient * half_distance**2 / barrier_height
    return math.pi / (2.0 * math.sqrt(2.0)) * unit * np.exp(barrier_height / thermal_energy)


@law
def mean_first_passage_time(
    barrier_height: Energy, thermal_energy: Energy, friction_coefficient: Drag, half_distance: Length
) -> Time:
    """Mean time of the first arrival at one bottom from the other, equation (2), at any barrier.

    Parameters
    ----------
    barrier_height : float
        B [J], from 0.01 to 500 kT; NaN beyond.
    thermal_energy : float
        kT [J].
    friction_coefficient : float
        zeta [kg/s].
    half_distance : float
        L, from the top to a bottom [m].

    Returns
    -------
    float
        Time [s], by Gauss-Legendre quadrature.

    References
    ----------
    Gardiner, Handbook of Stochastic Methods (Springer 2004), section 5.2.7.

    Examples
    --------
    >>> round(float(mean_first_passage_time(5.0, 1.0, 1.0, 1.0)), 5)
    36.48353
    """
    ratio = np.asarray(barrier_height / thermal_energy, dtype=np.float64)
    return _over_ratios(passage_time, ratio) * friction_coefficient * half_distance**2 / thermal_energy


@law
def partition_function(barrier_height: Energy, thermal_energy: Energy) -> Dimensionless:
    """Z / L, the integral of exp(-V/kT) over x/L.

    Parameters
    ----------
    barrier_height : float
        B [J], from 0.01 to 500 kT; NaN beyond.
    thermal_energy : float
        kT [J].

    Returns
    -------
    float
        By Gauss-Legendre quadrature.

    Examples
    --------
    >>> round(float(partition_function(5.0, 1.0)), 7)
    0.8340588
    """
    ratio = np.asarray(barrier_height / thermal_energy, dtype=np.float64)
    return _over_ratios(lambda r: _moment(r, 0, _edge(r)), ratio)


@law
def relative_mean_square(barrier_height: Energy, thermal_energy: Energy) -> Dimensionless:
    """<x^2> / L^2 in equilibrium.

    Parameters
    ----------
    barrier_height : float
        B [J], from 0.01 to 500 kT; NaN beyond.
    thermal_energy : float
        kT [J].

    Returns
    -------
    float
        By Gauss-Legendre quadrature; 1 for high barriers.

    Examples
    --------
    >>> round(float(relative_mean_square(5.0, 1.0)), 6)
    0.936834
    """
    ratio = np.asarray(barrier_height / thermal_energy, dtype=np.float64)
    return _over_ratios(lambda r: _moment(r, 2, _edge(r)) / _moment(r, 0, _edge(r)), ratio)


@law
def top_occupancy(
    barrier_height: Energy, thermal_energy: Energy, half_width: Length, half_distance: Length
) -> Dimensionless:
    """Share of time that is spent within `half_width` of the top, in equilibrium.

    Parameters
    ----------
    barrier_height : float
        B [J], from 0.01 to 500 kT; NaN beyond.
    thermal_energy : float
        kT [J].
    half_width : float
        Of the region about the top [m].
    half_distance : float
        L, from the top to a bottom [m].

    Returns
    -------
    float
        Probability.

    Examples
    --------
    >>> round(float(top_occupancy(5.0, 1.0, 0.1, 1.0)), 9)
    0.001671039
    """
    ratio, width = np.broadcast_arrays(
        np.asarray(barrier_height / thermal_energy, dtype=np.float64),
        np.asarray(half_width / half_distance, dtype=np.float64),
    )
    inside = [_share_inside(float(r), float(w)) for r, w in zip(ratio.ravel(), width.ravel(), strict=True)]
    shares: Any = np.reshape(inside, ratio.shape)
    return shares


def _over_ratios(function: Any, ratio: Floats) -> Any:
    values = [function(float(r)) if 0.01 <= r <= 500.0 else math.nan for r in ratio.ravel()]
    return np.reshape(values, ratio.shape)


def _edge(ratio: float) -> float:
    """Where V is 40 kT."""
    return math.sqrt(1.0 + math.sqrt(40.0 / ratio))


def _moment(ratio: float, power: int, edge: float) -> float:
    """Integral of x^power exp(-V/kT) from -edge to edge, for even powers."""
    x = 0.5 * edge * (_NODES + 1.0)
    return float(edge * (_WEIGHTS * x**power * np.exp(-ratio * (x * x - 1.0) ** 2)).sum())


def _share_inside(ratio: float, width: float) -> float:
    if not 0.01 <= ratio <= 500.0:
        return math.nan
    edge = _edge(ratio)
    return _moment(ratio, 0, min(width, edge)) / _moment(ratio, 0, edge)


def passage_time(ratio: float) -> float:
    """Equation (2) in units of L^2 / D; exponents are counted from the top, so that none overflows."""
    edge = _edge(ratio)
    y = _NODES
    half = 0.5 * (y + edge)
    z = half[:, None] * (_NODES + 1.0) - edge
    inner = half * (np.exp(-ratio * (z * z - 1.0) ** 2) @ _WEIGHTS)
    outer = np.exp(ratio * (y * y * (y * y - 2.0)))  # V - B
    return float((_WEIGHTS * outer * inner).sum() * math.exp(ratio))


def bin_density(ratio: float, edges: Floats) -> Floats:
    """Boltzmann's density, averaged over each bin."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    x = edges[:-1, None] + 0.5 * (edges[1] - edges[0]) * (nodes + 1.0)
    return 0.5 * (np.exp(-ratio * (x * x - 1.0) ** 2) @ weights) / _moment(ratio, 0, _edge(ratio))

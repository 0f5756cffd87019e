r"""The equation of state, measured: the pressure of the fluid at kT = 1 over density and repulsion.

Beads that overlap weakly or crowd densely lie at random, and the virial is (pi/30) a rho^2. What correlations take off,

.. math::

    p = \rho + a \rho^2 \left( \frac{\pi}{30} - h(\rho, a) \right), \qquad h(\rho, 0) = 0 \tag{1}

was measured; h is a cubic spline through the values, over ln rho and ln(1 + a/5). At low density it must become what
the exact second virial coefficient says:

.. math::

    B_2 = 2 \pi \int_0^1 r^2 \left( 1 - e^{-a (1 - r)^2 / 2} \right) dr \tag{2}

which no measurement below uses. The measurements: 2000 beads, modified velocity Verlet with a step of 0.02, of
0.1 a^(-1/2) above a = 25; 8000 steps after 1500; the virial sampled every tenth step and added to rho kT; errors from
the statistical inefficiency.
"""

import functools
import math
from typing import Any

import numpy as np
import scipy.optimize
import scipy.special
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from ...quantities import Dimensionless, law
from .measurements import DENSITIES, REPULSIONS, VIRIAL_PRESSURES

__all__ = [
    "repulsion_from_compressibility",
    "second_virial_coefficient",
    "tabulated_inverse_compressibility",
    "tabulated_pressure",
]

Array = NDArray[np.float64]
_KNEE = 5.0


@functools.cache
def _correlation() -> RectBivariateSpline:
    """h of equation (1)."""
    rho, a = np.array(DENSITIES)[:, None], np.array(REPULSIONS)[None, :]
    lost = math.pi / 30.0 - np.array(VIRIAL_PRESSURES) / (a * rho**2)
    at_rest = np.zeros((len(DENSITIES), 1))
    axis = np.concatenate([[0.0], np.log1p(a[0] / _KNEE)])
    return RectBivariateSpline(np.log(rho[:, 0]), axis, np.concatenate([at_rest, lost], axis=1))


def _inside(reduced_density: Any, repulsion: Any) -> tuple[Array, Array]:
    """Both, broadcast, with NaN outside of what was measured."""
    rho, a = np.broadcast_arrays(np.asarray(reduced_density, dtype=float), np.asarray(repulsion, dtype=float))
    inside = (rho >= DENSITIES[0]) & (rho <= DENSITIES[-1]) & (a >= 0.0) & (a <= REPULSIONS[-1])
    return np.where(inside, rho, np.nan), np.where(inside, a, np.nan)


def _evaluate(rho: Array, a: Array, slope: int) -> Array:
    known = np.isfinite(rho)
    values: Array = np.full(rho.shape, np.nan)
    values[known] = _correlation().ev(np.log(rho[known]), np.log1p(a[known] / _KNEE), dx=slope)
    return values


@law
def tabulated_pressure(reduced_density: Dimensionless, repulsion: Dimensionless) -> Dimensionless:
    """Pressure of one species, interpolated in the measured equation of state, to about a thousandth.

    Parameters
    ----------
    reduced_density : float
        rho, from 2 to 10.
    repulsion : float
        a, from 0 to 150.

    Returns
    -------
    float
        In kT per cubed cutoff; NaN outside.

    Examples
    --------
    >>> round(tabulated_pressure(3.0, 25.0), 2)
    23.65
    """
    rho, a = _inside(reduced_density, repulsion)
    pressure: Any = rho + a * rho**2 * (math.pi / 30.0 - _evaluate(rho, a, 0))
    return pressure[()]


@law
def tabulated_inverse_compressibility(reduced_density: Dimensionless, repulsion: Dimensionless) -> Dimensionless:
    """Slope dp/drho of the measured equation of state, in kT.

    Parameters
    ----------
    reduced_density : float
        rho, from 2 to 10.
    repulsion : float
        a, from 0 to 150.

    Returns
    -------
    float
        NaN outside.

    Examples
    --------
    >>> round(tabulated_inverse_compressibility(3.0, 25.0), 1)
    16.0
    """
    rho, a = _inside(reduced_density, repulsion)
    lost, bend = _evaluate(rho, a, 0), _evaluate(rho, a, 1)
    slope: Any = 1.0 + a * rho * (2.0 * (math.pi / 30.0 - lost) - bend)
    return slope[()]


@law
def repulsion_from_compressibility(
    inverse_compressibility: Dimensionless, reduced_density: Dimensionless
) -> Dimensionless:
    """Repulsion of the fluid with this inverse compressibility: the root of dp/drho on the measured equation of state.

    Parameters
    ----------
    inverse_compressibility : float
        (1/kT) dp/drho: N times 15.98 for N molecules of water in a bead.
    reduced_density : float
        rho, from 2 to 10.

    Returns
    -------
    float
        In kT per cutoff; NaN where it would lie outside of 0 ... 150.

    Examples
    --------
    >>> round(repulsion_from_compressibility(15.98, 3.0))
    25
    """
    wanted, density = np.broadcast_arrays(
        np.asarray(inverse_compressibility, dtype=float), np.asarray(reduced_density, dtype=float)
    )
    found: Any = np.full(wanted.shape, np.nan)
    slope = tabulated_inverse_compressibility.__wrapped__
    for place in np.ndindex(wanted.shape):
        rho, target = float(density[place]), float(wanted[place])
        if DENSITIES[0] <= rho <= DENSITIES[-1] and 1.0 <= target <= float(slope(rho, REPULSIONS[-1])):

            def beyond(a: float, rho: float = rho, target: float = target) -> float:
                return float(slope(rho, a)) - target

            found[place] = scipy.optimize.brentq(beyond, 0.0, REPULSIONS[-1], xtol=1e-12)
    return found[()]


@law
def second_virial_coefficient(repulsion: Dimensionless) -> Dimensionless:
    """B_2 of equation (2), exact: p = rho + B_2 rho^2 at low density.

    Parameters
    ----------
    repulsion : float
        a.

    Returns
    -------
    float
        In cubed cutoffs.

    Examples
    --------
    >>> round(second_virial_coefficient(25.0), 6)
    0.95909
    """
    a = np.asarray(repulsion, dtype=float)
    weak = a < 0.01  # the closed form cancels there, and two terms of its series give ten digits
    b = np.where(weak, 1.0, a)
    rest = np.exp(-0.5 * b)
    zeroth = np.sqrt(0.5 * math.pi / b) * scipy.special.erf(np.sqrt(0.5 * b))
    first, second = -np.expm1(-0.5 * b) / b, (zeroth - rest) / b
    exact = 2.0 * math.pi * (1.0 / 3.0 - zeroth + 2.0 * first - second)
    coefficient: Any = np.where(weak, math.pi * a * (1.0 / 30.0 - a / 420.0 + a * a / 6048.0), exact)
    return coefficient[()]

r"""Which windows an umbrella needs: laws for their width, distance and overlap.

Window *i* adds a spring to the collective variable,

.. math:: w_i(s) = \tfrac{1}{2} k_i (s - s_i)^2   \qquad (1)

and sees a density of the width

.. math:: \sigma_i = \left( \frac{kT}{k_i + F''} \right)^{1/2}   \qquad (2)

so that a spring must be stiffer than the steepest barrier is curved, say :math:`k \ge 2 |\min F''|`, and windows should
follow each other at 1 to 1.5 widths. Two Gaussian windows *d* widths apart overlap by

.. math:: O = \frac{e^{-d^2/8}}{2} \left\langle \frac{1}{\cosh(x d / 2)} \right\rangle_{x \sim N(0, 1)}   \qquad (3)

and *n* independent samples of each tell the difference of their free energies with the variance

.. math:: \mathrm{var}(\Delta f) = \frac{1}{n} \left( \frac{1}{O} - 2 \right)   \qquad (4)

References
----------
1. Torrie & Valleau, J. Comput. Phys. 23, 187 (1977), doi:10.1016/0021-9991(77)90121-8.
2. Bennett, J. Comput. Phys. 22, 245 (1976), doi:10.1016/0021-9991(76)90078-4.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...quantities import Dimensionless, law

__all__ = ["bennett_variance", "neighbour_overlap", "window_spacing", "window_width"]


@law
def window_width(stiffness: Dimensionless, curvature: Dimensionless = 0.0) -> Dimensionless:
    """Standard deviation of the coordinate in a window, equation (2), in reduced units.

    Parameters
    ----------
    stiffness : float
        Spring constant of the window in units of kT.
    curvature : float
        F'' there in units of kT; negative on a barrier. NaN where the spring does not hold against it.

    Returns
    -------
    float
        In the unit of the coordinate.

    Examples
    --------
    >>> float(window_width(120.0, -20.0))
    0.1
    """
    total: Any = np.asarray(stiffness, dtype=np.float64) + curvature
    width: Any = 1.0 / np.sqrt(np.where(total > 0.0, total, np.nan))
    return width


@law
def window_spacing(
    stiffness: Dimensionless, curvature: Dimensionless = 0.0, relative_spacing: Dimensionless = 1.25
) -> Dimensionless:
    """Advised distance of windows: 1 to 1.5 widths of equation (2), in reduced units.

    Parameters
    ----------
    stiffness : float
        Spring constant of the windows in units of kT.
    curvature : float
        Largest F'' along the way in units of kT, where windows are narrowest.
    relative_spacing : float
        Distance in widths.

    Returns
    -------
    float
        In the unit of the coordinate.

    Examples
    --------
    >>> float(window_spacing(60.0, 40.0))
    0.125
    """
    total: Any = np.asarray(stiffness, dtype=np.float64) + curvature
    spacing: Any = relative_spacing / np.sqrt(np.where(total > 0.0, total, np.nan))
    return spacing


@law
def neighbour_overlap(relative_spacing: Dimensionless) -> Dimensionless:
    """Overlap of two Gaussian windows of equal width and number of samples, equation (3).

    Parameters
    ----------
    relative_spacing : float
        Distance of their centres in widths.

    Returns
    -------
    float
        1/2 for windows that are the same; 0.03 is the least that MBAR should be given.

    References
    ----------
    Klimovich, Shirts & Mobley, J. Comput. Aided Mol. Des. 29, 397 (2015), doi:10.1007/s10822-015-9840-9.

    Examples
    --------
    >>> round(float(neighbour_overlap(1.25)), 6)
    0.354322
    """
    d: Any = np.asarray(relative_spacing, dtype=np.float64)[..., None]
    x = np.linspace(-10.0, 10.0, 801)  # trapezoids converge exponentially
    exponent = -0.5 * x * x - 0.5 * d * np.abs(x)
    terms = np.exp(exponent) / (1.0 + np.exp(-d * np.abs(x)))
    mean: Any = terms.sum(axis=-1) * (x[1] - x[0]) / math.sqrt(2.0 * math.pi)
    return np.exp(-0.125 * d[..., 0] ** 2) * mean


@law
def bennett_variance(relative_spacing: Dimensionless, samples: Dimensionless) -> Dimensionless:
    """Variance of the free-energy difference of two Gaussian windows from samples of both, equation (4), in kT^2.

    Parameters
    ----------
    relative_spacing : float
        Distance of their centres in widths.
    samples : float
        Independent samples of each.

    Returns
    -------
    float
        Asymptotic variance.

    References
    ----------
    Bennett, J. Comput. Phys. 22, 245 (1976), doi:10.1016/0021-9991(76)90078-4.

    Examples
    --------
    >>> round(float(bennett_variance(1.25, 100.0)), 6)
    0.008223
    """
    return (1.0 / neighbour_overlap(relative_spacing) - 2.0) / samples

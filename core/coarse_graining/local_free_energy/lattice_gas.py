r"""The square lattice gas: exact laws to test coarse-graining against, and what mean field says instead.

Spins :math:`s = \pm 1` (occupied, empty) with the energy :math:`-J \sum s s'` over nearest neighbours; reduced units,
energies in *J*, lengths in lattice constants. The composition is the magnetisation *m*, the density of the gas is
(1 + m)/2 and its well depth 4 J. With K = J/kT,

.. math:: \frac{kT_c}{J} = \frac{2}{\ln(1 + \sqrt 2)}, \qquad m = (1 - \sinh^{-4} 2K)^{1/8}    \qquad (1)

.. math:: \sigma_{10} = 2 J - kT \ln \coth K, \qquad \sigma_{11} = \sqrt 2\, kT \ln \sinh 2K    \qquad (2)

.. math:: \frac{1}{\xi} = \ln \coth K - 2K \;\; (T > T_c), \qquad \frac{1}{\xi} = 2\,(2K - \ln \coth K) \;\; (T < T_c)
   \qquad (3)

The zero-wavenumber structure factor is known as a series in v = tanh K; its leading singularity is taken out,

.. math:: S(0) = (1 - v/v_c)^{-7/4} (1 + v/v_c)^{-1} \sum_n b_n v^n, \qquad v_c = \sqrt 2 - 1    \qquad (4)

Mean field, for any range of the interaction (z neighbours share the coupling 4 J, see `LatticeGas`):

.. math:: f = kT \left[ \frac{1+m}{2} \ln \frac{1+m}{2} + \frac{1-m}{2} \ln \frac{1-m}{2} \right] - 2 J m^2,
   \qquad \kappa = \frac{1}{2} \frac{4 J}{z} \sum_{\mathbf r} x^2    \qquad (5)

whose f'' = kT/(1 - m^2) - 4 J is negative at kT = 3 J, m = 0, where the lattice with nearest neighbours is stable.

References
----------
1. Onsager, Phys. Rev. 65, 117 (1944), doi:10.1103/PhysRev.65.117.
2. Yang, Phys. Rev. 85, 808 (1952), doi:10.1103/PhysRev.85.808.
3. Fisher & Ferdinand, Phys. Rev. Lett. 19, 169 (1967), doi:10.1103/PhysRevLett.19.169.
4. Domb, in Phase Transitions and Critical Phenomena, vol. 3, ed. Domb & Green (Academic Press, 1974): series.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import constants

from ...integrators.jumps.kinetic_monte_carlo import ising_energy
from ...quantities import Dimensionless, Energy, Temperature, law

__all__ = [
    "CRITICAL_TEMPERATURE",
    "axis_tension",
    "critical_temperature",
    "diagonal_tension",
    "lattice_correlation_length",
    "lattice_energy",
    "mean_field_curvature",
    "mean_field_energy",
    "mean_field_gradient",
    "mean_field_magnetization",
    "spontaneous_magnetization",
    "zero_wavenumber_structure_factor",
]

CRITICAL_TEMPERATURE = 2.0 / math.log(1.0 + math.sqrt(2.0))
"""kT_c / J of the square lattice with nearest neighbours, equation (1)."""


@law
def critical_temperature(coupling: Energy) -> Temperature:
    """Critical temperature of the square lattice, equation (1).

    Parameters
    ----------
    coupling : float
        J: half of what a bond gains when its ends become alike [J].

    Returns
    -------
    float
        [K].

    Examples
    --------
    >>> round(critical_temperature(1.380649e-21), 4)
    226.9185
    """
    return CRITICAL_TEMPERATURE * coupling / constants.k


@law
def spontaneous_magnetization(reduced_temperature: Dimensionless) -> Dimensionless:
    """Composition of the two coexisting phases, plus and minus this, equation (1).

    Parameters
    ----------
    reduced_temperature : float
        kT/J, positive.

    Returns
    -------
    float
        0 above the critical temperature.

    Examples
    --------
    >>> round(spontaneous_magnetization(2.0), 6), spontaneous_magnetization(3.0)
    (0.911319, 0.0)
    """
    t = _positive(reduced_temperature)
    with np.errstate(over="ignore"):
        inverse = 1.0 / np.sinh(2.0 / np.minimum(t, CRITICAL_TEMPERATURE))
    value: Any = np.maximum(1.0 - inverse**4, 0.0) ** 0.125
    return value[()]


@law
def lattice_energy(reduced_temperature: Dimensionless) -> Dimensionless:
    """Mean energy of a spin in units of J, Onsager's elliptic integral.

    Parameters
    ----------
    reduced_temperature : float
        kT/J, positive.

    Returns
    -------
    float
        From -2, all spins alike, to 0.

    Examples
    --------
    >>> round(lattice_energy(1.5), 6), round(lattice_energy(2.5), 6)
    (-1.951117, -1.106079)
    """
    t = _positive(reduced_temperature)
    # below 0.05 all spins are alike, to the last digit
    values: Any = np.array([ising_energy(max(float(one), 0.05)) if one == one else one for one in t.ravel()])
    return values.reshape(t.shape)[()]


@law
def axis_tension(reduced_temperature: Dimensionless) -> Dimensionless:
    """Free energy of an interface along an axis, a length of one lattice constant, equation (2).

    Parameters
    ----------
    reduced_temperature : float
        kT/J, positive.

    Returns
    -------
    float
        In J; 0 above the critical temperature.

    Examples
    --------
    >>> round(axis_tension(2.0), 6)
    0.456126
    """
    t = _positive(reduced_temperature)
    value: Any = np.maximum(2.0 + t * np.log(np.tanh(1.0 / t)), 0.0)
    return value[()]


@law
def diagonal_tension(reduced_temperature: Dimensionless) -> Dimensionless:
    """Free energy of an interface along a diagonal, a length of one lattice constant, equation (2).

    Parameters
    ----------
    reduced_temperature : float
        kT/J, positive.

    Returns
    -------
    float
        In J; 0 above the critical temperature.

    Examples
    --------
    >>> round(diagonal_tension(2.0), 6)
    0.456619
    """
    t = _positive(reduced_temperature)
    # ln sinh x without the overflow of sinh
    value: Any = math.sqrt(2.0) * np.maximum(2.0 + t * (np.log1p(-np.exp(-4.0 / t)) - math.log(2.0)), 0.0)
    return value[()]


@law
def lattice_correlation_length(reduced_temperature: Dimensionless) -> Dimensionless:
    """Length over which correlations along an axis decay at last, equation (3).

    This is the true correlation length. That of a fit of 1/S(k), the second-moment length, is smaller: by 1 % at
    kT = 3 J, by 3 % at 4 J.

    Parameters
    ----------
    reduced_temperature : float
        kT/J, positive.

    Returns
    -------
    float
        In lattice constants; infinite at the critical temperature.

    Examples
    --------
    >>> round(lattice_correlation_length(3.0), 4), round(lattice_correlation_length(2.0), 4)
    (2.1365, 2.1924)
    """
    t = _positive(reduced_temperature)
    decay = -np.log(np.tanh(1.0 / t)) - 2.0 / t
    with np.errstate(divide="ignore"):
        value: Any = 1.0 / np.where(decay > 0.0, decay, -2.0 * decay)
    return np.abs(value)[()]


# number of ways, Domb 1974: coefficients of tanh(K)^n in S(0) of the square lattice
_SERIES = (
    1, 4, 12, 36, 100, 276, 740, 1972, 5172, 13492, 34876, 89764, 229628, 585508, 1486308, 3763460, 9497380, 23918708,
    60080156, 150660388, 377009300,
)  # fmt: skip
_CRITICAL = math.sqrt(2.0) - 1.0


def _regular_series() -> tuple[float, ...]:
    """The b of equation (4): the series times (1 - x)^(7/4) (1 + x), in powers of x = v/v_c."""
    scaled = np.array([a * _CRITICAL**n for n, a in enumerate(_SERIES)])
    root = np.ones(len(scaled))
    for n in range(1, len(root)):
        root[n] = root[n - 1] * (n - 1 - 1.75) / n
    regular = np.convolve(np.convolve(scaled, root)[: len(scaled)], [1.0, 1.0])[: len(scaled)]
    return tuple(regular.tolist())


_REGULAR = _regular_series()


@law
def zero_wavenumber_structure_factor(reduced_temperature: Dimensionless) -> Dimensionless:
    """S(0) = kT/f'' of the square lattice at m = 0, above the critical temperature, equation (4).

    The truncated series is right to 1e-6 above kT = 3 J and to 1e-4 above 2.4 J.

    Parameters
    ----------
    reduced_temperature : float
        kT/J.

    Returns
    -------
    float
        NaN at and below the critical temperature.

    Examples
    --------
    >>> round(zero_wavenumber_structure_factor(3.0), 3), round(zero_wavenumber_structure_factor(4.0), 4)
    (11.578, 4.2776)
    """
    t = _positive(reduced_temperature)
    x = np.tanh(1.0 / np.where(t > CRITICAL_TEMPERATURE, t, np.nan)) / _CRITICAL
    value: Any = np.polynomial.polynomial.polyval(x, _REGULAR) * (1.0 - x) ** -1.75 / (1.0 + x)
    return value[()]


@law
def mean_field_energy(magnetization: Dimensionless, reduced_temperature: Dimensionless) -> Dimensionless:
    """Free energy of a site in units of J by mean field, equation (5).

    Parameters
    ----------
    magnetization : float
        m, from -1 to 1.
    reduced_temperature : float
        kT/J.

    Returns
    -------
    float
        Whatever the range of the interaction.

    Examples
    --------
    >>> round(mean_field_energy(0.0, 3.0), 6), mean_field_energy(1.0, 3.0)
    (-2.079442, -2.0)
    """
    m = np.asarray(magnetization, dtype=float)
    m = np.where(np.abs(m) <= 1.0, m, np.nan)
    up, down = 0.5 * (1.0 + m), 0.5 * (1.0 - m)
    entropy = -sum(p * np.log(np.where(p > 0.0, p, 1.0)) for p in (up, down))
    value: Any = -2.0 * m * m - reduced_temperature * entropy
    return value[()]


@law
def mean_field_curvature(magnetization: Dimensionless, reduced_temperature: Dimensionless) -> Dimensionless:
    """f'' of equation (5), in units of J.

    Parameters
    ----------
    magnetization : float
        m, between -1 and 1.
    reduced_temperature : float
        kT/J.

    Returns
    -------
    float
        Negative where mean field separates.

    Examples
    --------
    >>> mean_field_curvature(0.0, 3.0)
    -1.0
    """
    m = np.asarray(magnetization, dtype=float)
    value: Any = reduced_temperature / (1.0 - np.square(np.where(np.abs(m) < 1.0, m, np.nan))) - 4.0
    return value[()]


@law
def mean_field_magnetization(reduced_temperature: Dimensionless) -> Dimensionless:
    """Composition of the coexisting phases by mean field: m = tanh(4 m J/kT).

    Parameters
    ----------
    reduced_temperature : float
        kT/J.

    Returns
    -------
    float
        0 above 4.

    Examples
    --------
    >>> round(mean_field_magnetization(3.0), 4), mean_field_magnetization(4.5)
    (0.7755, 0.0)
    """
    t = _positive(reduced_temperature)
    low, high = np.zeros_like(t), np.ones_like(t)
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = np.tanh(4.0 * middle / t) > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    value: Any = np.where(np.isnan(t), np.nan, np.where(t < 4.0, high, 0.0))
    return value[()]


@law
def mean_field_gradient(interaction_range: Dimensionless) -> Dimensionless:
    """kappa of equation (5) for the square of sites within `interaction_range` steps along both axes, in J.

    Parameters
    ----------
    interaction_range : float
        A whole number R; 1 means the four nearest neighbours, not eight.

    Returns
    -------
    float
        1 for nearest neighbours; NaN for a range that is no whole number of at least 1.

    Examples
    --------
    >>> mean_field_gradient(1.0), round(mean_field_gradient(3.0), 6)
    (1.0, 8.166667)
    """
    r = np.asarray(interaction_range, dtype=float)
    side = 2.0 * r + 1.0
    # the sum of x^2 over the square is side^2 r (r + 1) / 3; side^2 - 1 neighbours share the coupling
    square: Any = 2.0 * side**2 * r * (r + 1.0) / (3.0 * np.maximum(side**2 - 1.0, 1.0))
    value: Any = np.where((r >= 1.0) & (r == np.rint(r)), np.where(r == 1.0, 1.0, square), np.nan)
    return value[()]


def _positive(temperature: Any) -> Any:
    """As an array; NaN where there is no such temperature."""
    t = np.asarray(temperature, dtype=float)
    return np.where(t > 0.0, t, np.nan)

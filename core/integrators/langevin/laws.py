"""What the steps make of a harmonic oscillator, exactly, and how long they may be."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...quantities import Dimensionless, Rate, Time, law

__all__ = ["oscillator_position_variance", "oscillator_velocity_variance", "overdamped_position_variance",
           "stability_limit"]  # fmt: skip


@law
def oscillator_position_variance(
    angular_frequency: Rate, step: Time, scheme: Literal["baoab", "aboba", "obabo"] = "baoab"
) -> Dimensionless:
    """Stationary <x^2> of a harmonic oscillator in units of kT/k, equation (2), at any friction.

    Parameters
    ----------
    angular_frequency : float
        sqrt(k/m) [1/s].
    step : float
        Step [s]. At and above the limit of stability the law is NaN.
    scheme : {"baoab", "aboba", "obabo"}
        Order of kicks (B), drifts (A) and friction with noise (O).

    Returns
    -------
    float
        1 is right.

    References
    ----------
    Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990.

    Examples
    --------
    >>> float(oscillator_position_variance(1.0, 1.0)), round(float(oscillator_position_variance(1.0, 1.0, "obabo")), 4)
    (1.0, 1.3333)
    """
    rest = _remainder(angular_frequency, step)
    return 1.0 / rest if scheme == "obabo" else rest / rest


@law
def oscillator_velocity_variance(
    angular_frequency: Rate, step: Time, scheme: Literal["baoab", "aboba", "obabo"] = "baoab"
) -> Dimensionless:
    """Stationary <v^2> of a harmonic oscillator in units of kT/m, equation (2), at any friction.

    Parameters
    ----------
    angular_frequency : float
        sqrt(k/m) [1/s].
    step : float
        Step [s]. At and above the limit of stability the law is NaN.
    scheme : {"baoab", "aboba", "obabo"}
        Order of kicks (B), drifts (A) and friction with noise (O).

    Returns
    -------
    float
        1 is right: with BAOAB the kinetic temperature is too low where positions are exact.

    References
    ----------
    Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990.

    Examples
    --------
    >>> [round(float(oscillator_velocity_variance(1.0, 1.0, name)), 4) for name in ("baoab", "aboba", "obabo")]
    [0.75, 1.3333, 1.0]
    """
    rest = _remainder(angular_frequency, step)
    return rest if scheme == "baoab" else 1.0 / rest if scheme == "aboba" else rest / rest


@law
def overdamped_position_variance(
    relaxation_rate: Rate,
    step: Time,
    scheme: Literal["leimkuhler_matthews", "euler_maruyama"] = "leimkuhler_matthews",
) -> Dimensionless:
    """Stationary <x^2> of an overdamped harmonic oscillator in units of kT/k, equation (4).

    Parameters
    ----------
    relaxation_rate : float
        k/zeta [1/s].
    step : float
        Step [s]. At and above the limit of stability, 2/rate, the law is NaN.
    scheme : {"leimkuhler_matthews", "euler_maruyama"}
        How a step is made.

    Returns
    -------
    float
        1 is right.

    References
    ----------
    Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34 (2013), doi:10.1093/amrx/abs010.

    Examples
    --------
    >>> [float(overdamped_position_variance(1.0, 1.0, name)) for name in ("leimkuhler_matthews", "euler_maruyama")]
    [1.0, 2.0]
    """
    rest: Any = 1.0 - 0.5 * np.asarray(relaxation_rate * step, dtype=np.float64)
    rest = np.where(rest > 0.0, rest, np.nan)
    return 1.0 / rest if scheme == "euler_maruyama" else rest / rest


@law
def stability_limit(angular_frequency: Rate) -> Time:
    """Longest stable step of BAOAB, ABOBA and OBABO, equation (3), for the stiffest oscillation, at any friction.

    Parameters
    ----------
    angular_frequency : float
        Largest sqrt(k/m) [1/s].

    Returns
    -------
    float
        Step [s].

    References
    ----------
    Leimkuhler & Matthews, Molecular Dynamics (Springer 2015), doi:10.1007/978-3-319-16375-8, ch. 7.

    Examples
    --------
    >>> float(stability_limit(0.5))
    4.0
    """
    frequency: Any = np.asarray(angular_frequency, dtype=np.float64)
    return 2.0 / frequency


def _remainder(angular_frequency: Any, step: Any) -> Any:
    """1 - (omega h)^2 / 4 where it is positive."""
    phase = np.asarray(angular_frequency * step, dtype=np.float64)
    rest = 1.0 - 0.25 * phase * phase
    return np.where(rest > 0.0, rest, np.nan)

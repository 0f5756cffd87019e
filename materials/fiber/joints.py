r"""Laws of one stiff joint: its mean cosine, how many joints it takes to forget a direction, and the way back.

Equation numbers are those of :mod:`mesoscale.materials.fiber`. Every law broadcasts; ``dimensions`` is 3 in space and 2
for a chain on a surface, and ``potential`` is the energy of a joint, equation (1).
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from scipy import constants

from ...core.quantities import BendingStiffness, Dimensionless, Length, MolarEnergy, Temperature, Unit, law

__all__ = [
    "AngleVariance",
    "Dimensions",
    "JointPotential",
    "bending_stiffness_from_force_constant",
    "bending_stiffness_from_persistence_length",
    "discrete_persistence_length",
    "joint_angle_variance",
    "mean_cosine",
]

JointPotential = Literal["harmonic", "cosine"]
Dimensions = Literal[2, 3]
AngleVariance = Annotated[float, Unit("rad2")]

_NEGLIGIBLE = 42.0  # kT: beyond, the weight is below the rounding of the sum
_ABSCISSAE, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_NODES = (_ABSCISSAE + 1.0) / 2.0
_RATIO_RANGE = (1e-5, 1e9)  # k/kT in which a stiffness is looked for


@law
def mean_cosine(
    bending_stiffness: BendingStiffness,
    temperature: Temperature,
    potential: JointPotential = "harmonic",
    dimensions: Dimensions = 3,
) -> Dimensionless:
    """Mean cosine of the angle of one joint, equation (4), to rounding error at any stiffness.

    Parameters
    ----------
    bending_stiffness : float or array
        [J]
    temperature : float or array
        [K]
    potential : {"harmonic", "cosine"}
        Energy k theta^2 / 2 or k (1 - cos theta).
    dimensions : {2, 3}
        In which the chain bends.

    Returns
    -------
    float or array
        <cos theta> [1]; NaN where the stiffness is not positive.

    Examples
    --------
    >>> f"{mean_cosine(4.141947e-21, 300.0, 'cosine'):.6f}"
    '0.313035'
    """
    return joint_average(bending_stiffness / (constants.k * temperature), potential, dimensions, np.cos)


@law
def joint_angle_variance(
    bending_stiffness: BendingStiffness,
    temperature: Temperature,
    potential: JointPotential = "harmonic",
    dimensions: Dimensions = 3,
) -> AngleVariance:
    """Mean square of a joint's angle in each of the d - 1 planes in which it can bend: kT/k where it is stiff.

    Parameters
    ----------
    bending_stiffness : float or array
        [J]
    temperature : float or array
        [K]
    potential : {"harmonic", "cosine"}
        Energy k theta^2 / 2 or k (1 - cos theta).
    dimensions : {2, 3}
        In which the chain bends.

    Returns
    -------
    float or array
        <theta^2> / (d - 1) [rad2].

    Examples
    --------
    >>> f"{joint_angle_variance(4.141947e-19, 300.0, 'harmonic', 2):.6f}"
    '0.010000'
    >>> f"{joint_angle_variance(4.141947e-19, 300.0, 'harmonic', 3):.6f}"
    '0.009967'
    """
    ratio = bending_stiffness / (constants.k * temperature)
    return joint_average(ratio, potential, dimensions, np.square) / (dimensions - 1)


@law
def discrete_persistence_length(
    bending_stiffness: BendingStiffness,
    segment_length: Length,
    temperature: Temperature,
    potential: JointPotential = "harmonic",
    dimensions: Dimensions = 3,
) -> Length:
    """Decay length of the tangent correlation of the chain as it is, segment by segment: equation (5), exact.

    In space it exceeds K/kT by a sixth of a segment (harmonic), or falls short of it by half a segment (cosine).

    Parameters
    ----------
    bending_stiffness : float or array
        [J]
    segment_length : float or array
        [m]
    temperature : float or array
        [K]
    potential : {"harmonic", "cosine"}
        Energy k theta^2 / 2 or k (1 - cos theta).
    dimensions : {2, 3}
        In which the chain bends.

    Returns
    -------
    float or array
        -l / ln <cos theta> [m].

    Examples
    --------
    >>> f"{discrete_persistence_length(4.141947e-19, 1e-9, 300.0):.5e}"
    '1.00167e-07'
    """
    return segment_length * lag_to_persistence(bending_stiffness / (constants.k * temperature), potential, dimensions)


@law
def bending_stiffness_from_persistence_length(
    persistence_length: Length,
    segment_length: Length,
    temperature: Temperature,
    potential: JointPotential = "harmonic",
    dimensions: Dimensions = 3,
) -> BendingStiffness:
    """Stiffness of the joints of a chain with the measured decay length: the inverse of equation (5).

    Parameters
    ----------
    persistence_length : float or array
        Measured decay length of the tangent correlation [m].
    segment_length : float or array
        [m]
    temperature : float or array
        Of the measurement [K].
    potential : {"harmonic", "cosine"}
        Energy k theta^2 / 2 or k (1 - cos theta).
    dimensions : {2, 3}
        In which the chain bends.

    Returns
    -------
    float or array
        [J]; NaN where no stiffness gives that length.

    Examples
    --------
    >>> f"{bending_stiffness_from_persistence_length(50e-9, 0.34e-9, 298.15):.4e}"
    '6.0467e-19'
    """
    ratio = solve_stiffness_ratio(
        lambda kappa: lag_to_persistence(kappa, potential, dimensions), persistence_length / segment_length
    )
    return ratio * constants.k * temperature


@law
def bending_stiffness_from_force_constant(
    force_constant: MolarEnergy, convention: Literal["half", "full"]
) -> BendingStiffness:
    """Stiffness of a joint from a force field's molar angle constant, whose convention has to be said.

    The factor of two between the conventions is the commonest error in this subject, so that there is no default:
    "half" is E = K theta^2 / 2 (GROMACS, OpenMM, HOOMD-blue); "full" is E = K theta^2 (CHARMM, AMBER, OPLS, and the
    ``angle_style harmonic`` of LAMMPS).

    Parameters
    ----------
    force_constant : float or array
        K [J mol-1] (per rad2); as a string ``"58.35 kcal/mol"``.
    convention : {"half", "full"}
        Whether the energy is K theta^2 / 2 or K theta^2.

    Returns
    -------
    float or array
        [J]

    Examples
    --------
    >>> f"{bending_stiffness_from_force_constant(244136.4, 'full'):.4e}"
    '8.1080e-19'
    """
    factor = {"half": 1.0, "full": 2.0}[check_choice(convention, ("half", "full"))]
    return factor * force_constant / constants.N_A


def joint_average(
    ratio: Any, potential: JointPotential, dimensions: Dimensions, observable: Callable[[Any], Any]
) -> Any:
    """Boltzmann average of a function of the joint angle, by Gauss-Legendre quadrature; `ratio` is k/kT."""
    check_choice(potential, ("harmonic", "cosine")), check_choice(dimensions, (2, 3))
    kappa = np.asarray(ratio, dtype=float)[..., None]
    kappa = np.where(kappa > 0.0, kappa, np.nan)
    if potential == "harmonic":
        angle = np.minimum(np.pi, np.sqrt(2.0 * _NEGLIGIBLE / kappa)) * _NODES
        energy = kappa * angle**2 / 2.0
    else:
        angle = 2.0 * np.arcsin(np.sqrt(np.minimum(1.0, _NEGLIGIBLE / (2.0 * kappa)))) * _NODES
        energy = 2.0 * kappa * np.sin(angle / 2.0) ** 2
    weight = _WEIGHTS * np.exp(-energy)
    if dimensions == 3:
        weight = weight * np.sin(angle)
    return (weight * observable(angle)).sum(-1) / weight.sum(-1)


def lag_to_persistence(ratio: Any, potential: JointPotential, dimensions: Dimensions) -> Any:
    """Decay length in segments, through 1 - <cos>, which keeps its digits when the joint is stiff."""
    loss = joint_average(ratio, potential, dimensions, lambda angle: 2.0 * np.sin(angle / 2.0) ** 2)
    # where the joint is soft it is the cosine that keeps them
    logarithm = np.where(loss < 0.5, np.log1p(-np.minimum(loss, 0.5)), 0.0)
    if np.any(loss >= 0.5):
        cosine = joint_average(ratio, potential, dimensions, np.cos)
        logarithm = np.where(loss < 0.5, logarithm, np.log(np.where(cosine > 0.0, cosine, np.nan)))
    return -1.0 / np.where(np.isnan(loss), np.nan, logarithm)


def solve_stiffness_ratio(increasing: Callable[[Any], Any], target: Any) -> Any:
    """The k/kT at which a function that grows with it takes the value `target`; NaN where it does not reach it."""
    target = np.asarray(target, dtype=float)
    low, high = (np.full(target.shape, np.log(end)) for end in _RATIO_RANGE)
    reached = (increasing(np.exp(low)) <= target) & (target <= increasing(np.exp(high)))
    for _ in range(56):  # halves the interval to the rounding of its logarithm
        middle = (low + high) / 2.0
        below = increasing(np.exp(middle)) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(reached, np.exp((low + high) / 2.0), np.nan)[()]


def check_choice(value: Any, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} must be one of {', '.join(map(repr, allowed))}")
    return value

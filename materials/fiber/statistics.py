r"""Laws of a thermal chain: what one stiff joint means for a whole chain of them.

Equation numbers are those of :mod:`mesoscale.materials.fiber`. Laws of the discrete chain take its own decay length
(`discrete_persistence_length`), those of the continuum take `persistence_length`.
"""

from typing import Annotated, Any

import numpy as np
from scipy import constants

from ...core.quantities import (
    Area,
    BendingStiffness,
    Count,
    Dimensionless,
    FlexuralRigidity,
    Length,
    Temperature,
    Unit,
    law,
)
from .joints import AngleVariance, Dimensions, check_choice

__all__ = [
    "characteristic_persistence_length",
    "continuum_mean_square_end_to_end_distance",
    "continuum_mean_square_radius_of_gyration",
    "flexural_rigidity",
    "mean_square_end_to_end_distance",
    "mean_square_radius_of_gyration",
    "mode_noise_variance",
    "persistence_length",
    "tangent_correlation",
    "tangent_mode_variance",
]

ModeVariance = Annotated[float, Unit("m rad2")]


@law
def flexural_rigidity(bending_stiffness: BendingStiffness, segment_length: Length) -> FlexuralRigidity:
    """Flexural rigidity of the rod that a chain of stiff joints is from afar, equation (2).

    Valid where the joint angle is the only soft coordinate; a polymer that can turn about its bonds is far softer.

    Parameters
    ----------
    bending_stiffness : float or array
        Of one joint, with the energy k theta^2 / 2 [J].
    segment_length : float or array
        Distance between joints [m].

    Returns
    -------
    float or array
        Flexural rigidity [N m2].

    References
    ----------
    Kratky & Porod 1949, doi:10.1002/recl.19490681203.

    Examples
    --------
    >>> f"{flexural_rigidity(6.0e-19, 0.34e-9):.3e}"
    '2.040e-28'
    """
    return bending_stiffness * segment_length


@law
def persistence_length(
    flexural_rigidity: FlexuralRigidity, temperature: Temperature, dimensions: Dimensions = 3
) -> Length:
    """Decay length of the tangent correlation of a worm-like chain: K/kT in space, 2 K/kT on a surface, equation (3).

    Parameters
    ----------
    flexural_rigidity : float or array
        [N m2]
    temperature : float or array
        [K]
    dimensions : {2, 3}
        In which the chain bends.

    Returns
    -------
    float or array
        Persistence length [m].

    References
    ----------
    Landau & Lifshitz, Statistical Physics, Part 1, section 127.

    Examples
    --------
    >>> f"{persistence_length(2.058e-28, 298.15):.2e}"
    '5.00e-08'
    >>> f"{persistence_length(2.058e-28, 298.15, 2):.2e}"
    '1.00e-07'
    """
    return 2.0 / (check_choice(dimensions, (2, 3)) - 1) * flexural_rigidity / (constants.k * temperature)


@law
def characteristic_persistence_length(characteristic_ratio: Dimensionless, bond_length: Length) -> Length:
    """Persistence length of a polymer that turns about its bonds, from its measured unperturbed size.

    Parameters
    ----------
    characteristic_ratio : float or array
        C = <R^2> / (n b^2) of a long chain [1].
    bond_length : float or array
        b [m]

    Returns
    -------
    float or array
        (C + 1) b / 2 [m].

    References
    ----------
    Flory, Statistical Mechanics of Chain Molecules (1969), chapter 4.

    Examples
    --------
    >>> f"{characteristic_persistence_length(7.4, 0.154e-9):.3e}"
    '6.468e-10'
    """
    return (characteristic_ratio + 1.0) * bond_length / 2.0


@law
def tangent_correlation(separation: Length, persistence_length: Length) -> Dimensionless:
    """Mean cosine of the angle between two tangents, equation (5).

    Exact for the discrete chain at whole multiples of the segment length with `discrete_persistence_length`, and for
    the continuum with `persistence_length`.

    Parameters
    ----------
    separation : float or array
        Along the contour [m].
    persistence_length : float or array
        [m]

    Returns
    -------
    float or array
        [1]

    Examples
    --------
    >>> f"{tangent_correlation(50e-9, 50e-9):.6f}"
    '0.367879'
    """
    return np.exp(-separation / persistence_length)


@law
def mean_square_end_to_end_distance(segments: Count, segment_length: Length, persistence_length: Length) -> Area:
    """Mean square distance of the ends of a discrete chain, equation (6), exact from the freely jointed to the rod.

    Parameters
    ----------
    segments : int or array
        [1]
    segment_length : float or array
        [m]
    persistence_length : float or array
        `discrete_persistence_length` [m].

    Returns
    -------
    float or array
        [m2]

    References
    ----------
    Flory, Statistical Mechanics of Chain Molecules (1969), chapter 1.

    Examples
    --------
    >>> f"{mean_square_end_to_end_distance(10, 1.0, 10.17174145):.6f}"
    '74.195278'
    """
    tail = _binomial_tail(segments + 1.0, segment_length / persistence_length, 2)
    return segment_length**2 * (2.0 * tail - segments)


@law
def continuum_mean_square_end_to_end_distance(contour_length: Length, persistence_length: Length) -> Area:
    """Mean square distance of the ends of a worm-like chain, equation (7).

    Parameters
    ----------
    contour_length : float or array
        [m]
    persistence_length : float or array
        [m]

    Returns
    -------
    float or array
        [m2]

    References
    ----------
    Kratky & Porod 1949, doi:10.1002/recl.19490681203.

    Examples
    --------
    >>> f"{continuum_mean_square_end_to_end_distance(10.0, 10.0):.6f}"
    '73.575888'
    """
    return 2.0 * contour_length**2 * _exponential_tail(contour_length / persistence_length, 2)


@law
def mean_square_radius_of_gyration(segments: Count, segment_length: Length, persistence_length: Length) -> Area:
    """Mean square radius of gyration of the beads (two ends and all joints) of a discrete chain, equation (8), exact.

    Parameters
    ----------
    segments : int or array
        [1]
    segment_length : float or array
        [m]
    persistence_length : float or array
        `discrete_persistence_length` [m].

    Returns
    -------
    float or array
        [m2]

    Examples
    --------
    >>> f"{mean_square_radius_of_gyration(2, 1.0, 1e9):.6f}"  # three beads in a row: 2/3
    '0.666667'
    """
    beads = segments + 1.0
    diagonal = (beads + 1.0) * beads * (beads - 1.0) / 6.0
    tail = _binomial_tail(beads + 2.0, segment_length / persistence_length, 4)
    return segment_length**2 * (2.0 * tail - diagonal) / beads**2


@law
def continuum_mean_square_radius_of_gyration(contour_length: Length, persistence_length: Length) -> Area:
    """Mean square radius of gyration of a worm-like chain, equation (9).

    Parameters
    ----------
    contour_length : float or array
        [m]
    persistence_length : float or array
        [m]

    Returns
    -------
    float or array
        [m2]

    References
    ----------
    Benoit & Doty 1953, doi:10.1021/j150510a025.

    Examples
    --------
    >>> f"{continuum_mean_square_radius_of_gyration(1.0, 1e9):.6f}"  # a rod: 1/12
    '0.083333'
    """
    return 2.0 * contour_length**2 * _exponential_tail(contour_length / persistence_length, 4)


@law
def tangent_mode_variance(
    mode: Count, segments: Count, segment_length: Length, joint_angle_variance: AngleVariance
) -> ModeVariance:
    """Thermal variance of a Fourier mode of the tangent angle of a free chain, equation (10), exact at every mode.

    Parameters
    ----------
    mode : int or array
        n = 1 ... segments - 1 [1]
    segments : int or array
        [1]
    segment_length : float or array
        [m]
    joint_angle_variance : float or array
        Of one joint in one plane; kT/k for a stiff one [rad2].

    Returns
    -------
    float or array
        <a_n^2> [m rad2].

    References
    ----------
    Gittes, Mickey, Nettleton & Howard 1993, doi:10.1083/jcb.120.4.923 (the limit of low modes).

    Examples
    --------
    >>> f"{tangent_mode_variance(1, 2, 1e-9, 0.01):.3e}"  # two segments: half the joint's variance times l
    '5.000e-12'
    """
    return segment_length * joint_angle_variance / (4.0 * np.sin(mode * np.pi / (2.0 * segments)) ** 2)


@law
def mode_noise_variance(
    mode: Count, segments: Count, segment_length: Length, localization_error: Length
) -> ModeVariance:
    """What an error of the bead positions adds to `tangent_mode_variance`, equation (11).

    Parameters
    ----------
    mode : int or array
        [1]
    segments : int or array
        [1]
    segment_length : float or array
        [m]
    localization_error : float or array
        Standard deviation of each coordinate of each bead [m].

    Returns
    -------
    float or array
        [m rad2]

    References
    ----------
    Gittes, Mickey, Nettleton & Howard 1993, doi:10.1083/jcb.120.4.923.

    Examples
    --------
    >>> f"{mode_noise_variance(1, 2, 1e-6, 1e-8):.3e}"
    '3.000e-10'
    """
    stretch = 1.0 + (segments - 1.0) * np.sin(mode * np.pi / (2.0 * segments)) ** 2
    return 4.0 * localization_error**2 * stretch / (segments * segment_length)


def _binomial_tail(n: Any, decay: Any, order: int) -> Any:
    """Sum over m of (-y)^m C(n, m + order), y = 1 - e^-decay: (1 - y)^n without its first terms, over (-y)^order.

    The closed form cancels where n y is small; there the sum itself converges at once.
    """
    n, decay = np.broadcast_arrays(np.asarray(n, float), np.asarray(decay, float))
    y = -np.expm1(-decay)
    small = n * y < 1.0
    safe = np.where(small, 1.0, y)
    closed = np.exp(-n * decay)
    term = np.ones_like(n)
    for m in range(order):
        closed = closed - term
        term = term * (n - m) / (m + 1.0) * -safe
    closed = closed / (-safe) ** order
    series, term = np.zeros_like(n), np.ones_like(n)
    for m in range(order):
        term = term * (n - m) / (m + 1.0)
    y = np.where(small, y, 0.0)
    for m in range(order, order + 18):
        series = series + term
        term = term * np.maximum(n - m, 0.0) / (m + 1.0) * -y
    return np.where(small, series, closed)[()]


def _exponential_tail(z: Any, order: int) -> Any:
    """What e^-z leaves after its first `order` terms, over (-z)^order."""
    z = np.asarray(z, float)
    small = z < 1.0
    safe = np.where(small, 1.0, z)
    closed, term = np.exp(-safe), np.ones_like(z)
    for m in range(order):
        closed = closed - term
        term = term * -safe / (m + 1.0)
    closed = closed / (-safe) ** order
    series, term = np.zeros_like(z), np.ones_like(z)
    for m in range(order):
        term = term / (m + 1.0)
    z = np.where(small, z, 0.0)
    for m in range(order, order + 18):
        series = series + term
        term = term * -z / (m + 1.0)
    return np.where(small, series, closed)[()]

r"""Laws of a loaded rod, and of the same rod as a chain of stiff joints.

Equation numbers are those of :mod:`mesoscale.materials.fiber`. A clamp of a chain is a hinge between the wall and the
first segment. It stands for half a cell of the rod, so that its spring has **twice** the stiffness of the others; with
the same spring as the others (a "full_cell" clamp) the error falls with 1/n only, instead of 1/n^2.
"""

from typing import Annotated, Any, Literal

import numpy as np
from scipy import special

from ...core.quantities import (
    Angle,
    BendingStiffness,
    Count,
    FlexuralRigidity,
    Force,
    InterfacialTension,
    Length,
    LineLoad,
    Pressure,
    Unit,
    law,
)
from .joints import check_choice

__all__ = [
    "Clamp",
    "Ends",
    "cantilever_deflection",
    "discrete_buckling_force",
    "elastica_deflection",
    "elastica_shortening",
    "elastica_slope",
    "euler_buckling_force",
    "rod_flexural_rigidity",
    "second_moment_of_area",
    "self_buckling_length",
    "tube_flexural_rigidity",
]

Ends = Literal["pinned-pinned", "clamped-free", "clamped-clamped", "clamped-pinned"]
Clamp = Literal["half_cell", "full_cell"]
SecondMomentOfArea = Annotated[float, Unit("m4")]

_ENDS = ("pinned-pinned", "clamped-free", "clamped-clamped", "clamped-pinned")
_TANGENT_ROOT = 4.493409457909064  # tan x = x
_EULER = dict(zip(_ENDS, (np.pi, np.pi / 2.0, 2.0 * np.pi, _TANGENT_ROOT), strict=True))
_GREENHILL = 2.25 * 1.8663508588738948**2  # the first zero of the Bessel function of order -1/3


@law
def second_moment_of_area(diameter: Length) -> SecondMomentOfArea:
    """Second moment of area of a solid round rod, pi d^4 / 64.

    Parameters
    ----------
    diameter : float or array
        [m]

    Returns
    -------
    float or array
        [m4]

    Examples
    --------
    >>> f"{second_moment_of_area(12e-6):.4e}"
    '1.0179e-21'
    """
    return np.pi * diameter**4 / 64.0


@law
def rod_flexural_rigidity(youngs_modulus: Pressure, diameter: Length) -> FlexuralRigidity:
    """Flexural rigidity of a solid round rod, E I.

    Parameters
    ----------
    youngs_modulus : float or array
        [Pa]
    diameter : float or array
        [m]

    Returns
    -------
    float or array
        [N m2]

    Examples
    --------
    >>> f"{rod_flexural_rigidity(112e9, 12e-6):.3e}"
    '1.140e-10'
    """
    return youngs_modulus * second_moment_of_area.__wrapped__(diameter)


@law
def tube_flexural_rigidity(membrane_stiffness: InterfacialTension, diameter: Length) -> FlexuralRigidity:
    """Flexural rigidity of a thin-walled round tube, pi (E h) r^3.

    Parameters
    ----------
    membrane_stiffness : float or array
        Young's modulus times the thickness of the wall [N m-1].
    diameter : float or array
        Of the middle of the wall [m].

    Returns
    -------
    float or array
        [N m2]

    Examples
    --------
    >>> f"{tube_flexural_rigidity(345.0, 1e-9):.3e}"
    '1.355e-25'
    """
    return np.pi * membrane_stiffness * (diameter / 2.0) ** 3


@law
def euler_buckling_force(
    flexural_rigidity: FlexuralRigidity, contour_length: Length, ends: Ends = "pinned-pinned"
) -> Force:
    """Force that buckles a straight rod, equation (12).

    Parameters
    ----------
    flexural_rigidity : float or array
        [N m2]
    contour_length : float or array
        [m]
    ends : {"pinned-pinned", "clamped-free", "clamped-clamped", "clamped-pinned"}
        How the rod is held.

    Returns
    -------
    float or array
        [N]

    References
    ----------
    Timoshenko & Gere, Theory of Elastic Stability (1961), chapter 2.

    Examples
    --------
    >>> [round(euler_buckling_force(1.0, 1.0, ends), 4) for ends in ("pinned-pinned", "clamped-pinned")]
    [9.8696, 20.1907]
    """
    return _EULER[check_choice(ends, _ENDS)] ** 2 * flexural_rigidity / contour_length**2


@law
def discrete_buckling_force(
    bending_stiffness: BendingStiffness,
    segment_length: Length,
    segments: Count,
    ends: Ends = "pinned-pinned",
    clamp: Clamp = "half_cell",
) -> Force:
    """Force that buckles a chain of rigid segments (Hencky's bar-chain), equation (13), exact.

    Parameters
    ----------
    bending_stiffness : float or array
        [J]
    segment_length : float or array
        [m]
    segments : int or array
        At least 2 [1].
    ends : {"pinned-pinned", "clamped-free", "clamped-clamped", "clamped-pinned"}
        How the chain is held.
    clamp : {"half_cell", "full_cell"}
        Whether the spring of a clamp is twice that of a joint, as it should be, or the same.

    Returns
    -------
    float or array
        [N]

    References
    ----------
    Hencky 1920, Der Eisenbau 11, 437; Wang, Zhang, Challamel & Pan, Hencky Bar-Chain/Net (2020), chapter 2.

    Examples
    --------
    >>> f"{discrete_buckling_force(1.0, 0.1, 10) / euler_buckling_force(0.1, 1.0):.8f}"
    '0.99180234'
    """
    n, full = segments * 1.0, check_choice(clamp, ("half_cell", "full_cell")) == "full_cell"
    if check_choice(ends, _ENDS) == "pinned-pinned":
        phase = np.pi / n
    elif ends == "clamped-free":
        phase = np.pi / (2.0 * n + 1.0) if full else np.pi / (2.0 * n)
    elif ends == "clamped-clamped":
        phase = 2.0 * np.pi / (n + 1.0) if full else 2.0 * np.pi / n
    else:
        phase = _TANGENT_ROOT / n
        for _ in range(40):  # the map contracts by at least ten
            compliance = 1.0 + n * (1.0 - np.cos(phase)) if full else 1.0
            phase = (np.pi + np.arctan(n * np.sin(phase) / compliance)) / n
    return 4.0 * bending_stiffness / segment_length * np.sin(phase / 2.0) ** 2


@law
def cantilever_deflection(tip_load: Force, contour_length: Length, flexural_rigidity: FlexuralRigidity) -> Length:
    """Small deflection of the tip of a cantilever, P L^3 / 3 K; 6 % too large already where it is a third of L.

    Parameters
    ----------
    tip_load : float or array
        [N]
    contour_length : float or array
        [m]
    flexural_rigidity : float or array
        [N m2]

    Returns
    -------
    float or array
        [m]

    Examples
    --------
    >>> round(cantilever_deflection(0.3, 1.0, 1.0), 6)
    0.1
    """
    return tip_load * contour_length**3 / (3.0 * flexural_rigidity)


@law
def elastica_deflection(tip_load: Force, contour_length: Length, flexural_rigidity: FlexuralRigidity) -> Length:
    """Deflection of the tip of an inextensible cantilever under a dead load, at any size: equation (14).

    Parameters
    ----------
    tip_load : float or array
        Across the undeformed rod; at most 1e4 K / L^2 [N].
    contour_length : float or array
        [m]
    flexural_rigidity : float or array
        [N m2]

    Returns
    -------
    float or array
        [m]; NaN for larger loads.

    References
    ----------
    Bisshopp & Drucker 1945, doi:10.1090/qam/13360. Carlson 1995, doi:10.1007/BF02198293 (the integrals).

    Examples
    --------
    >>> f"{elastica_deflection(1.0, 1.0, 1.0):.6f}"
    '0.301721'
    """
    load = tip_load * contour_length**2 / flexural_rigidity
    rise, rest = _tip_sine(load)
    modulus, ratio = (1.0 + rise) / 2.0, 2.0 * rise / (1.0 + rise)
    second = modulus / 3.0 * ratio**1.5 * special.elliprd(rest / (1.0 + rise), rest, 1.0)
    safe = np.maximum(np.abs(load), 1e-300)
    bent = 2.0 / np.sqrt(safe) * (second + np.sqrt(rise / 2.0)) - 1.0
    small = load / 3.0 * (1.0 - 4.0 / 35.0 * load**2)
    deflection: Any = np.where(np.abs(load) < 1e-3, small, np.sign(load) * bent)[()]
    return contour_length * deflection


@law
def elastica_shortening(tip_load: Force, contour_length: Length, flexural_rigidity: FlexuralRigidity) -> Length:
    """How far the tip of the bent cantilever of equation (14) comes back towards the wall.

    Parameters
    ----------
    tip_load : float or array
        Across the undeformed rod; at most 1e4 K / L^2 [N].
    contour_length : float or array
        [m]
    flexural_rigidity : float or array
        [N m2]

    Returns
    -------
    float or array
        [m]; NaN for larger loads.

    Examples
    --------
    >>> f"{elastica_shortening(1.0, 1.0, 1.0):.6f}"
    '0.056433'
    """
    load = tip_load * contour_length**2 / flexural_rigidity
    rise, _ = _tip_sine(load)
    bent = 1.0 - np.sqrt(2.0 * rise / np.maximum(np.abs(load), 1e-300))
    small = load**2 / 15.0 * (1.0 - 4.0 / 21.0 * load**2)
    shortening: Any = np.where(np.abs(load) < 1e-3, small, bent)[()]
    return contour_length * shortening


@law
def elastica_slope(tip_load: Force, contour_length: Length, flexural_rigidity: FlexuralRigidity) -> Angle:
    """Angle of the tip of the bent cantilever of equation (14).

    Parameters
    ----------
    tip_load : float or array
        Across the undeformed rod; at most 1e4 K / L^2 [N].
    contour_length : float or array
        [m]
    flexural_rigidity : float or array
        [N m2]

    Returns
    -------
    float or array
        [rad]; NaN for larger loads.

    Examples
    --------
    >>> f"{elastica_slope(1.0, 1.0, 1.0):.6f}"
    '0.461352'
    """
    load = tip_load * contour_length**2 / flexural_rigidity
    rise, rest = _tip_sine(load)
    return np.sign(load) * np.arctan2(rise, np.sqrt(rest * (1.0 + rise)))


@law
def self_buckling_length(flexural_rigidity: FlexuralRigidity, weight_per_length: LineLoad) -> Length:
    """Greatest height of an upright cantilever that does not buckle under its own weight, equation (15).

    Parameters
    ----------
    flexural_rigidity : float or array
        [N m2]
    weight_per_length : float or array
        [N m-1]

    Returns
    -------
    float or array
        [m]

    References
    ----------
    Greenhill 1881, Proc. Cambridge Philos. Soc. 4, 65.

    Examples
    --------
    >>> round(self_buckling_length(1.0, 7.83734744), 8)
    1.0
    """
    return (_GREENHILL * flexural_rigidity / weight_per_length) ** (1.0 / 3.0)


def _tip_sine(load: Any) -> tuple[Any, Any]:
    """sin of the tip's angle, and what it lacks to one, at the load P L^2 / K: equation (14), inverted."""
    load = np.abs(np.asarray(load, float))
    load = np.where(load <= 1e4, load, np.nan)
    low, high = np.full(load.shape, -690.0), np.full(load.shape, 6.0)  # logarithm of artanh(sin)
    for _ in range(63):
        middle = (low + high) / 2.0
        rise, rest = _split_tanh(np.exp(middle))
        root = np.sqrt(2.0 * rise / (1.0 + rise)) * special.elliprf(rest / (1.0 + rise), rest, 1.0)
        below = root**2 < load
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    rise, rest = _split_tanh(np.exp((low + high) / 2.0))
    known = np.where(np.isnan(load), np.nan, 1.0)
    return np.where(load > 0.0, rise, 0.0) * known, np.where(load > 0.0, rest, 1.0) * known


def _split_tanh(x: Any) -> tuple[Any, Any]:
    return np.tanh(x), 2.0 / (np.exp(2.0 * x) + 1.0)

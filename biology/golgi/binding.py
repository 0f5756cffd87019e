"""Closed forms of binding: how often stickers are bound, and how many partners are within reach.

Equation numbers are those of the package's docstring.
"""

from typing import Any

import numpy as np
from scipy import constants

from ...core.quantities import Concentration, Dimensionless, Fraction, Length, SurfaceDensity, Volume, law

__all__ = [
    "complex_concentration",
    "concentration_in_slab",
    "homotypic_bond_probability",
    "mean_degree",
    "reach_volume",
]


@law
def homotypic_bond_probability(sticker_concentration: Concentration, dissociation_constant: Concentration) -> Fraction:
    r"""Fraction of stickers that are bound, when each binds any other of its kind: equation (1).

    Parameters
    ----------
    sticker_concentration : float
        All stickers, bound or not: valence times molecules [mol m-3].
    dissociation_constant : float
        Of one bond, free x free / pairs [mol m-3].

    Returns
    -------
    float
        p [1].

    Notes
    -----
    With the rate per unordered pair of stickers, k_pair, the constant is 2 k_off / k_pair: mind the factor 2.

    Examples
    --------
    >>> round(float(homotypic_bond_probability(0.032, 0.005)), 6)
    0.756838
    """
    y = 2.0 * np.asarray(sticker_concentration) / dissociation_constant
    return plain(2.0 * y / (1.0 + 2.0 * y + np.sqrt(1.0 + 4.0 * y)))


@law
def complex_concentration(
    first_sticker_concentration: Concentration,
    second_sticker_concentration: Concentration,
    dissociation_constant: Concentration,
) -> Concentration:
    r"""Concentration of bonds between two kinds of sticker: equation (2).

    Parameters
    ----------
    first_sticker_concentration, second_sticker_concentration : float
        All stickers of each kind, bound or not [mol m-3].
    dissociation_constant : float
        Of one bond [mol m-3].

    Returns
    -------
    float
        Bonds [mol m-3]; divided by a sticker concentration, the fraction of those stickers that is bound.

    Examples
    --------
    >>> bonds = complex_concentration(0.032, 0.030, 0.005)
    >>> round(float(bonds / 0.032), 7), round(float(bonds / 0.030), 7)
    (0.6488206, 0.6920754)
    """
    first, second = np.asarray(first_sticker_concentration), np.asarray(second_sticker_concentration)
    total = first + second + dissociation_constant
    # (total^2 - 4 first second), written without cancellation
    root = np.sqrt((first - second) ** 2 + (2.0 * (first + second) + dissociation_constant) * dissociation_constant)
    return plain(2.0 * first * second / (total + root))


@law
def concentration_in_slab(surface_density: SurfaceDensity, thickness: Length) -> Concentration:
    """Concentration of molecules that are counted per membrane area.

    Parameters
    ----------
    surface_density : float
        Molecules per area [m-2].
    thickness : float
        Of the layer in which they move [m].

    Returns
    -------
    float
        Concentration [mol m-3].

    Examples
    --------
    Thousand molecules per square micrometre in 50 nm are 33 micromolar:

    >>> round(float(concentration_in_slab(1e15, 50e-9)), 7)
    0.0332108
    """
    return plain(surface_density / (constants.N_A * thickness))


@law
def reach_volume(reach: Length, thickness: Length) -> Volume:
    r"""Volume within reach of a molecule in a slab, averaged over its height: equation (10).

    Parameters
    ----------
    reach : float
        Largest distance of bound molecules [m].
    thickness : float
        Of the slab [m].

    Returns
    -------
    float
        Volume [m3]; a ball for a thick slab, a disc for a thin one.

    Examples
    --------
    >>> round(float(reach_volume(2.0, 2.0) / 8), 6)
    2.617994
    """
    r, h = np.asarray(reach), np.asarray(thickness)
    lower = np.minimum(r, h)
    # integral over the vertical distance d of two molecules, with density 2 (1 - d / h) / h, of pi (r^2 - d^2)
    return plain(2.0 * np.pi * (lower * (r**2 - lower**2 / 3.0) - lower**2 * (r**2 / 2.0 - lower**2 / 4.0) / h))


@law
def mean_degree(surface_density: SurfaceDensity, reach: Length, thickness: Length) -> Dimensionless:
    """Molecules within reach of one.

    Parameters
    ----------
    surface_density : float
        Molecules per area of the slab [m-2].
    reach : float
        Largest distance of bound molecules [m].
    thickness : float
        Of the slab [m].

    Returns
    -------
    float
        Mean number of possible partners [1].

    Examples
    --------
    >>> round(float(mean_degree(4.0, 1.0, 1.0)), 3)
    10.472
    """
    return plain(surface_density / thickness * reach_volume(reach, thickness))


def plain(value: Any) -> Any:
    """A float for what has no dimensions, anything else as it is."""
    return value if np.ndim(value) else float(value)

"""How beads move: estimates that neglect their repulsion, and the drag of periodic images. Reduced units."""

import math

import numpy as np

from ...quantities import Dimensionless, law

__all__ = ["ideal_diffusivity", "ideal_kinematic_viscosity", "ideal_schmidt_number", "unbounded_diffusivity"]


@law
def ideal_diffusivity(pair_friction: Dimensionless, reduced_density: Dimensionless) -> Dimensionless:
    """Diffusion of beads that do not repel each other, 45 / (2 pi gamma rho): an estimate, ours is half [2].

    Parameters
    ----------
    pair_friction : float
        gamma.
    reduced_density : float
        rho.

    Returns
    -------
    float
        In squared cutoffs per thermal time.

    Examples
    --------
    >>> round(ideal_diffusivity(4.5, 3.0), 4)
    0.5305
    """
    return 45.0 / (2.0 * math.pi * pair_friction * reduced_density)


@law
def ideal_kinematic_viscosity(pair_friction: Dimensionless, reduced_density: Dimensionless) -> Dimensionless:
    """Kinematic viscosity of beads that do not repel each other, D/2 + 2 pi gamma rho / 1575: an estimate [2].

    Parameters
    ----------
    pair_friction : float
        gamma.
    reduced_density : float
        rho.

    Returns
    -------
    float
        In squared cutoffs per thermal time.

    Examples
    --------
    >>> round(ideal_kinematic_viscosity(4.5, 3.0), 4)
    0.3191
    """
    gas = 45.0 / (4.0 * math.pi * pair_friction * reduced_density)
    return gas + 2.0 * math.pi * pair_friction * reduced_density / 1575.0


@law
def ideal_schmidt_number(pair_friction: Dimensionless, reduced_density: Dimensionless) -> Dimensionless:
    """Kinematic viscosity over diffusivity by the two estimates: 1/2 + (2 pi gamma rho)^2 / 70875; of order one.

    Parameters
    ----------
    pair_friction : float
        gamma.
    reduced_density : float
        rho.

    Returns
    -------
    float
        400 for water, which the beads do not reach.

    Examples
    --------
    >>> round(ideal_schmidt_number(4.5, 3.0), 4)
    0.6015
    """
    return 0.5 + np.square(2.0 * math.pi * pair_friction * reduced_density) / 70875.0


@law
def unbounded_diffusivity(
    reduced_diffusivity: Dimensionless, reduced_viscosity: Dimensionless, box_edge: Dimensionless
) -> Dimensionless:
    """Diffusivity without the drag of the periodic images: D + 2.837 kT / (6 pi eta L), in a cubic box.

    Parameters
    ----------
    reduced_diffusivity : float
        Measured in the box.
    reduced_viscosity : float
        Dynamic, eta = rho nu.
    box_edge : float
        L.

    Returns
    -------
    float
        As measured.

    References
    ----------
    Yeh & Hummer, J. Phys. Chem. B 108, 15873 (2004), doi:10.1021/jp0477147.

    Examples
    --------
    >>> round(unbounded_diffusivity(0.29, 0.813, 6.0), 4)
    0.3209
    """
    return reduced_diffusivity + 2.837297 / (6.0 * math.pi * reduced_viscosity * box_edge)

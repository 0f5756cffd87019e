r"""Second virial coefficients, from a pair potential and from the distribution of a dilute gas."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError, ResultError
from .radial import shell_volumes

__all__ = ["PairPotential", "second_virial_coefficient", "second_virial_of_distribution"]

Floats = NDArray[np.float64]


class PairPotential(Protocol):
    """What is asked of a potential: its energy at distances, and the distance beyond which there is none."""

    @property
    def cutoff(self) -> float: ...

    def energy(self, distance: ArrayLike, /) -> Floats: ...


def second_virial_coefficient(potential: PairPotential, *, thermal_energy: float = 1.0) -> float:
    r"""B2 by quadrature, :math:`B_2 = -2\pi \int (e^{-U/kT} - 1)\, r^2 dr` up to the cutoff.

    Parameters
    ----------
    potential : PairPotential
        Anything with ``energy(distance)`` and ``cutoff``, such as those of `mesoscale.core.particles.potentials`. What
        lies beyond the cutoff does not count: for the literature's values of an uncut potential take a large one.
    thermal_energy : float
        kT.

    Returns
    -------
    float
        [length^3]

    Raises
    ------
    ResultError
        If the quadrature does not settle to 1e-10 of the largest term.

    Examples
    --------
    >>> from mesoscale.core.particles.potentials import LennardJones
    >>> round(second_virial_coefficient(LennardJones(cutoff=1e3)), 5)
    -5.31575
    """
    if not 0.0 < thermal_energy < np.inf:
        raise ParameterError("second_virial_coefficient", {"thermal_energy": "must be a positive number"})
    cutoff = float(potential.cutoff)
    if not 0.0 < cutoff < np.inf:
        raise ParameterError("second_virial_coefficient", {"potential": f"must have a finite cutoff, not {cutoff!r}"})
    nodes, weights = np.polynomial.legendre.leggauss(16)
    outer = cutoff * 0.5 ** np.arange(31)  # halves of halves: as fine near the core as a far tail allows
    previous = np.nan
    for level in range(12):
        cuts = np.linspace(0.5, 1.0, 2**level + 1)
        low, high = outer[:, None] * cuts[:-1], outer[:, None] * cuts[1:]
        r = 0.5 * (low + high)[..., None] + 0.5 * (high - low)[..., None] * nodes
        energy = np.asarray(potential.energy(r.ravel()), dtype=np.float64).reshape(r.shape) / thermal_energy
        integrand = np.expm1(-np.clip(energy, -700.0, 700.0)) * r * r * 0.5 * (high - low)[..., None] * weights
        value = -2.0 * np.pi * float(integrand.sum())
        if not np.isfinite(value) or (energy < -700.0).any():
            raise ResultError("second_virial_coefficient: the integral does not exist; the potential attracts too much")
        if abs(value - previous) <= 1e-10 * 2.0 * np.pi * float(np.abs(integrand).sum()):
            return value
        previous = value
    raise ResultError(f"second_virial_coefficient: the quadrature has not settled; it stands at {value!r}")


def second_virial_of_distribution(distribution: xr.Dataset) -> tuple[float, float]:
    r"""B2 and its standard error from g(r) of a dilute gas, :math:`-\frac{1}{2} \sum (g - 1)\, \Delta V`.

    Parameters
    ----------
    distribution : xarray.Dataset
        As of `radial_distribution`, at a density low enough that only pairs meet. The sum ends with the table.

    Returns
    -------
    value, error : float
        The shells count as independent, as they are in a dilute gas.

    Raises
    ------
    ParameterError
        If the table does not begin at 0 with equal shells.

    Examples
    --------
    >>> distance = np.arange(0.05, 3, 0.1)
    >>> spheres = xr.Dataset({"g": ("distance", (distance > 1) * 1.0)}, {"distance": distance})
    >>> value, error = second_virial_of_distribution(spheres)
    >>> round(value, 6), round(2 * np.pi / 3, 6)
    (2.094395, 2.094395)
    """
    edges = edges_of(distribution, "second_virial_of_distribution")
    volumes = shell_volumes(edges)
    g = np.asarray(distribution["g"].values, dtype=np.float64)
    error = np.asarray(distribution["g_error"].values) if "g_error" in distribution else np.full_like(g, np.nan)
    return -0.5 * float(((g - 1.0) * volumes).sum()), 0.5 * float(np.sqrt(((error * volumes) ** 2).sum()))


def edges_of(distribution: xr.Dataset, function: str) -> Floats:
    """Edges of the shells of a table that begins at 0."""
    if "g" not in distribution or distribution["g"].dims != ("distance",):
        raise ParameterError(function, {"distribution": "must have a variable g on distance"})
    middle = np.asarray(distribution["distance"].values, dtype=np.float64)
    edges = np.arange(len(middle) + 1) * 2.0 * middle[0]
    if not np.allclose(middle, 0.5 * (edges[1:] + edges[:-1]), rtol=0, atol=1e-6 * middle[0]) or middle[0] <= 0:
        sentence = "must be a table of equal shells from 0 on: the middles are width/2, 3 width/2, ..."
        raise ParameterError(function, {"distribution": sentence})
    return edges

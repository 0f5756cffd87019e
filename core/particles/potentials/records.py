"""Potentials as frozen records: parameters in, energy and force out."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import model_validator

from ...model import ParameterError, Record, param, problem
from ...quantities import Dimensionless
from . import evaluation
from .evaluation import ROW, evaluate_array

__all__ = [
    "CosineSquared",
    "FiniteExtensible",
    "Harmonic",
    "LennardJones",
    "Morse",
    "Potential",
    "WeeksChandlerAndersen",
]

Floats = NDArray[np.float64]
_NO_TABLE = np.zeros((1, 4))


class Potential(Record):
    """A function of one distance: of pairs if its cutoff is finite, of bonds in any case."""

    KIND: ClassVar[int]

    @property
    def range(self) -> float:
        """Distance beyond which there is no force; infinite for bonds."""
        return float(getattr(self, "cutoff", math.inf))

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        raise NotImplementedError

    def energy(self, distance: ArrayLike) -> Any:
        """Energy at the distance, zero beyond the cutoff."""
        return self._evaluated(distance)[0]

    def force(self, distance: ArrayLike) -> Any:
        """-dU/dr at the distance: positive where it pushes apart."""
        return self._evaluated(distance)[1]

    def curvature(self, distance: ArrayLike) -> Any:
        """Second derivative of the energy at the distance."""
        return self._evaluated(distance)[2]

    def _evaluated(self, distance: ArrayLike) -> Any:
        r = np.ascontiguousarray(distance, dtype=np.float64)
        if not (r >= 0).all():
            raise ParameterError(type(self).__name__, {"distance": "must be at least 0"}, {"distance": distance})
        row, table = self.pack()
        out = np.empty((3, r.size))
        evaluate_array(self.KIND, row, table, r.ravel(), out)
        return out.reshape(3, *np.shape(distance))


def _row(cutoff: float, shift: float, *rest: float) -> Floats:
    row = np.zeros(ROW)
    row[: 2 + len(rest)] = (cutoff * cutoff, shift, *rest)
    return row


class LennardJones(Potential):
    r"""4 eps [(s/r)^12 - (s/r)^6], cut at a distance; as it is, shifted to zero there, or with its force made zero too.

    The plain and the shifted one have the same forces, hence the same trajectories.

    Examples
    --------
    >>> LennardJones().energy([1.0, 2.0 ** (1 / 6), 3.5]).tolist()
    [0.0, -1.0, 0.0]
    """

    KIND: ClassVar[int] = evaluation.LENNARD_JONES
    well_depth: Dimensionless = param(1.0, "depth of the well", source="unit of energy", ge=0, le=1e6)
    diameter: Dimensionless = param(1.0, "distance of zero energy", source="unit of length", gt=0, le=1e3)
    cutoff: Dimensionless = param(3.0, "distance beyond which nothing acts", source="NIST SRSW", gt=0, le=1e4)
    shifted: bool = param(False, "whether the energy is shifted to zero at the cutoff", source="NIST SRSW")
    force_shifted: bool = param(False, "whether energy and force are zero at the cutoff", source="NIST SRSW")

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        s = (self.diameter / self.cutoff) ** 6
        depth = 4.0 * self.well_depth
        shift = -depth * (s * s - s) if self.shifted or self.force_shifted else 0.0
        slope = -6.0 * depth * (2.0 * s - 1.0) * s / self.cutoff if self.force_shifted else 0.0
        return _row(self.cutoff, shift + slope * self.cutoff, self.diameter**6, depth, slope), _NO_TABLE


class WeeksChandlerAndersen(Potential):
    """The repulsive part of Lennard-Jones: cut at its minimum and shifted to zero there.

    Examples
    --------
    >>> round(WeeksChandlerAndersen().cutoff, 6), float(WeeksChandlerAndersen().energy(1.0))
    (1.122462, 1.0)
    """

    KIND: ClassVar[int] = evaluation.LENNARD_JONES
    well_depth: Dimensionless = param(1.0, "depth of the well that is cut away", source="unit", ge=0, le=1e6)
    diameter: Dimensionless = param(1.0, "distance at which the energy is the well depth", source="unit", gt=0, le=1e3)

    @property
    def cutoff(self) -> float:
        """Distance of the minimum."""
        return float(2.0 ** (1.0 / 6.0) * self.diameter)

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        return _row(self.cutoff, self.well_depth, self.diameter**6, 4.0 * self.well_depth, 0.0), _NO_TABLE


class Morse(Potential):
    """D [(1 - e^{-a (r - r0)})^2 - 1], cut at a distance; shifted to zero there if wished.

    Shifted and cut at its minimum it is purely repulsive, D (1 - e^{-a (r - r0)})^2.

    Examples
    --------
    >>> float(Morse(minimum=1.5).energy(1.5)), float(Morse(minimum=1.5, cutoff=1.5, shifted=True).energy(1.5))
    (-1.0, 0.0)
    """

    KIND: ClassVar[int] = evaluation.MORSE
    well_depth: Dimensionless = param(1.0, "depth of the well", source="unit of energy", ge=0, le=1e6)
    inverse_width: Dimensionless = param(5.0, "a: how narrow the well is", source="usual", gt=0, le=1e3)
    minimum: Dimensionless = param(1.0, "distance of the minimum", source="unit of length", gt=0, le=1e3)
    cutoff: Dimensionless = param(3.0, "distance beyond which nothing acts", source="usual", gt=0, le=1e4)
    shifted: bool = param(False, "whether the energy is shifted to zero at the cutoff", source="usual")

    @model_validator(mode="after")
    def _check_core(self) -> Morse:
        if self.inverse_width * self.minimum > 300.0:
            raise problem("inverse_width", "must be at most 300 over the distance of the minimum")
        return self

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        e = math.exp(-self.inverse_width * (self.cutoff - self.minimum)) if self.shifted else 0.0
        shift = -self.well_depth * (e * e - 2.0 * e)
        return _row(self.cutoff, shift, self.well_depth, self.inverse_width, self.minimum), _NO_TABLE


class CosineSquared(Potential):
    r"""A hard core and a flat-bottomed attraction of tunable width, as between lipid tails.

    The Lennard-Jones energy up to its minimum :math:`r_c = 2^{1/6} b`, where it is :math:`-\epsilon`; from there
    :math:`-\epsilon \cos^2 [\pi (r - r_c) / 2 w]` up to the cutoff :math:`r_c + w`, where force and energy are zero.

    References
    ----------
    Cooke, Kremer & Deserno, Phys. Rev. E 72, 011506 (2005), doi:10.1103/PhysRevE.72.011506.

    Examples
    --------
    >>> tails = CosineSquared(width=1.6)
    >>> round(tails.cutoff, 6), round(float(tails.energy(tails.cutoff - 0.8)), 12)
    (2.722462, -0.5)
    """

    KIND: ClassVar[int] = evaluation.COSINE_SQUARED
    well_depth: Dimensionless = param(1.0, "depth of the well", source="unit of energy", ge=0, le=1e6)
    diameter: Dimensionless = param(1.0, "diameter b of the core", source="unit of length", gt=0, le=1e3)
    width: Dimensionless = param(1.6, "width w of the attraction", source="Cooke et al. 2005", gt=0, le=1e3)

    @property
    def cutoff(self) -> float:
        """Distance at which the attraction ends."""
        return float(2.0 ** (1.0 / 6.0) * self.diameter + self.width)

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        nearest, depth = 2.0 ** (1.0 / 6.0) * self.diameter, self.well_depth
        return _row(self.cutoff, 0.0, self.diameter**6, 4.0 * depth, nearest, math.pi / self.width, depth), _NO_TABLE


class Harmonic(Potential):
    """(k/2) (r - r0)^2, a bond; with a cutoff it may act between pairs too.

    Examples
    --------
    >>> float(Harmonic(stiffness=10.0, rest_length=4.0).energy(3.0))
    5.0
    """

    KIND: ClassVar[int] = evaluation.HARMONIC
    stiffness: Dimensionless = param(100.0, "spring constant k", source="usual", ge=0, le=1e9)
    rest_length: Dimensionless = param(1.0, "length at which there is no force", source="unit of length", ge=0, le=1e3)
    cutoff: Dimensionless | None = param(None, "where it ends, if anywhere", source="bonds do not end", gt=0, le=1e4)

    @property
    def range(self) -> float:
        """Distance beyond which there is no force."""
        return math.inf if self.cutoff is None else float(self.cutoff)

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        return _row(self.range, 0.0, self.stiffness, self.rest_length), _NO_TABLE


class FiniteExtensible(Potential):
    """-(k/2) R^2 ln[1 - (r/R)^2], the FENE spring, without the repulsion that usually goes with it.

    Let the pair potential act between bonded beads too (``exclude_bonded=False``), and the sum is the bead-spring bond
    of Kremer and Grest.

    References
    ----------
    Kremer & Grest, J. Chem. Phys. 92, 5057 (1990), doi:10.1063/1.458541.

    Examples
    --------
    >>> round(float(FiniteExtensible().energy(1.0)), 6)
    19.8378
    """

    KIND: ClassVar[int] = evaluation.FINITE_EXTENSIBLE
    stiffness: Dimensionless = param(30.0, "spring constant k at small lengths", source="Kremer 1990", gt=0, le=1e6)
    longest: Dimensionless = param(1.5, "length R at which the energy is infinite", source="Kremer 1990", gt=0, le=1e3)

    @property
    def range(self) -> float:
        """Where it ends: nowhere."""
        return math.inf

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        return _row(self.longest, 0.0, self.stiffness, self.longest**2), _NO_TABLE

"""Potentials of three and four particles: of a bond angle and of a torsion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import Record, param
from ...quantities import Dimensionless

__all__ = ["FourierDihedral", "HarmonicAngle"]

Floats = NDArray[np.float64]


class HarmonicAngle(Record):
    """(k/2) (theta - theta0)^2 of the angle between two bonds, pi where they are straight.

    Examples
    --------
    >>> float(HarmonicAngle(stiffness=2.0, rest_angle=1.0).energy(1.5))
    0.25
    """

    stiffness: Dimensionless = param(10.0, "spring constant k", source="usual", ge=0, le=1e9)
    rest_angle: Dimensionless = param(math.pi, "angle theta0 without a force", source="straight", ge=0, le=math.pi)

    def pack(self) -> Floats:
        """Parameters, as kernels read them."""
        return np.array([self.stiffness, self.rest_angle, 0.0])

    def energy(self, angle: ArrayLike) -> Any:
        """Energy at the angle."""
        return 0.5 * self.stiffness * (np.asarray(angle, dtype=np.float64) - self.rest_angle) ** 2

    def force(self, angle: ArrayLike) -> Any:
        """-dU/dtheta at the angle."""
        return -self.stiffness * (np.asarray(angle, dtype=np.float64) - self.rest_angle)


class FourierDihedral(Record):
    """c1 (1 + cos phi) + c2 (1 - cos 2 phi) + c3 (1 + cos 3 phi) of a torsion, phi = pi in trans.

    References
    ----------
    Martin & Siepmann, J. Phys. Chem. B 102, 2569 (1998), doi:10.1021/jp972543+.

    Examples
    --------
    >>> float(FourierDihedral(first=1.0, third=1.0).energy(0.0))
    4.0
    """

    first: Dimensionless = param(0.0, "coefficient c1", source="usual", ge=-1e6, le=1e6)
    second: Dimensionless = param(0.0, "coefficient c2", source="usual", ge=-1e6, le=1e6)
    third: Dimensionless = param(0.0, "coefficient c3", source="usual", ge=-1e6, le=1e6)

    def pack(self) -> Floats:
        """Parameters, as kernels read them."""
        return np.array([self.first, self.second, self.third])

    def energy(self, angle: ArrayLike) -> Any:
        """Energy at the torsion angle."""
        phi = np.asarray(angle, dtype=np.float64)
        first = self.first * (1.0 + np.cos(phi))
        return first + self.second * (1.0 - np.cos(2.0 * phi)) + self.third * (1.0 + np.cos(3.0 * phi))

    def force(self, angle: ArrayLike) -> Any:
        """-dU/dphi at the torsion angle."""
        phi = np.asarray(angle, dtype=np.float64)
        return self.first * np.sin(phi) - 2.0 * self.second * np.sin(2.0 * phi) + 3.0 * self.third * np.sin(3.0 * phi)

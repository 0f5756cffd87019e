r"""Pressure on the way of an inversion: a ramp A (1 - r/r_c) for what the step of the structure does not bring.

At constant g a change of the potential changes the pressure by its virial,

.. math:: \Delta p = -\frac{2 \pi}{3} \rho^2 \int_0^{r_c} g\, r^3\, \Delta U'(r)\, dr   \qquad (1)

of which equation (9) of `inversion` is the case of a ramp. A step towards the structure undoes most of the ramp before
it, wherever pressure and structure do not belong to one pair potential; were that not counted, the two would meet at a
pressure between.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["pressure_slope", "with_pressure"]

Floats = NDArray[np.float64]


def pressure_slope(g: Floats, width: float, density: float, cutoff: float) -> float:
    r"""dp/dA of a correction A (1 - r/r_c) to the potential at constant g: the bracket of equation (9) of `inversion`.

    Examples
    --------
    >>> round(pressure_slope(np.ones(100), 0.02, 0.5, 2.0), 3)  # 2 pi rho^2 r_c^3 / 12
    1.047
    """
    edges = np.arange(len(g) + 1) * width
    volumes = 0.25 * np.diff(np.minimum(edges, cutoff) ** 4)
    return float(2.0 * np.pi * density**2 / (3.0 * cutoff) * (g * volumes).sum())


def with_pressure(change: Floats, g: Floats, width: float, density: float, missing: float, largest: float) -> Floats:
    """The ramp on the shells of `g` that brings the pressure that is missing, beside a change of the potential.

    Its height is at most `largest` more than what the change alone calls for.
    """
    cutoff = len(g) * width
    edges = np.arange(1, len(g) + 1) * width
    rise = np.diff(change[: len(g)], append=0.0)
    between = 0.5 * (g + np.append(g[1:], g[-1]))
    underway = -2.0 * np.pi / 3.0 * density**2 * float((rise * between * edges**3).sum())  # equation (1)
    slope = pressure_slope(g, width, density, cutoff)
    limit = largest + abs(underway) / slope
    height = min(max((missing - underway) / slope, -limit), limit)
    return np.asarray(height * (1.0 - (edges - 0.5 * width) / cutoff))

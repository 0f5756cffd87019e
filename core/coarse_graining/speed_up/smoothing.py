"""A bead potential without noise and without a kink: what a long step needs, and an inversion does not give."""

from __future__ import annotations

import numpy as np
import scipy.interpolate
from numpy.typing import NDArray

from ...particles.potentials import Tabulated

__all__ = ["SEEN", "smoothed"]

Floats = NDArray[np.float64]
SEEN = 0.02
"""g below which nothing is known about a potential."""
_KNOT = 0.2  # at least; a few inverse widths of the potential
_ROWS = 20  # of the table, between two knots


def smoothed(potential: Tabulated, correlation: Floats, width: float) -> Tabulated:
    """The cubic spline that is closest to a potential where particles are seen, and ends with neither value nor slope.

    An inversion gives every shell a value with an error of its own, and cuts the last one off. Both make the force
    rough: BAOAB's error grows with it, and the configurational temperature misses what is concentrated in a kink.

    Parameters
    ----------
    potential : Tabulated
        Of an inversion.
    correlation : numpy.ndarray
        g on the shells; where it exceeds `SEEN`, the shell counts by the pairs in it.
    width : float
        Of a shell.
    """
    cutoff = potential.cutoff
    r = (np.arange(min(len(correlation), round(cutoff / width))) + 0.5) * width
    seen = correlation[: len(r)] > SEEN
    if seen.sum() < 3:
        return potential
    first = float(r[seen][0])
    pieces = max(1, min(round((cutoff - first) / _KNOT), int(seen.sum()) - 2))
    knots = np.concatenate([[first] * 3, np.linspace(first, cutoff, pieces + 1), [cutoff] * 3])
    # the last two coefficients are the value and the slope at the end
    design = scipy.interpolate.BSpline.design_matrix(r[seen], knots, 3).toarray()[:, :-2]
    weight = r[seen] * np.sqrt(correlation[: len(r)][seen])
    coefficients = np.linalg.lstsq(design * weight[:, None], potential.energy(r[seen]) * weight, rcond=None)[0]
    curve = scipy.interpolate.BSpline(knots, np.append(coefficients, [0.0, 0.0]), 3)
    nodes = np.linspace(first, cutoff, _ROWS * pieces + 1)
    slope = curve(nodes, 1)
    slope[0] = min(slope[0], 0.0)  # the straight line below the first node must not attract
    return Tabulated(nodes, curve(nodes), slope)

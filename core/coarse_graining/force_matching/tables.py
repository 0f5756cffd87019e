"""From matched forces to a potential that can be simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...model import ParameterError
from ...particles.potentials import Tabulated

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["potential"]


def potential(matched: xr.Dataset, term: str = "pair_0_0", *, fewest: int = 20) -> Tabulated:
    """A matched pair or bond as a table of energy and slope.

    Below the closest distance where every interval has `fewest` samples, the force stays what it is there (a pair that
    has no repulsion there is refused: it would have no core). A bond goes on in the same way at its other end.

    Parameters
    ----------
    matched : xarray.Dataset
        Of `match_forces`.
    term : str
        Such as ``pair_0_0`` or ``bond_0``.
    fewest : int
        Samples of an interval that is trusted.

    Returns
    -------
    Tabulated
        For `mesoscale.core.particles.dynamics`.

    Raises
    ------
    ParameterError
        If there is no such term, it is an angle, or its trusted part cannot hold particles apart.

    Examples
    --------
    >>> from .basis import SplineBasis
    >>> from .fit import match_forces
    >>> r = np.linspace(1.0, 2.0, 2001)
    >>> positions, forces = np.zeros((2001, 2, 3)), np.zeros((2001, 2, 3))
    >>> positions[:, 1, 0], forces[:, 1, 0], forces[:, 0, 0] = r, 2.0 - r, r - 2.0
    >>> spring = potential(match_forces(positions, forces, None, pairs={(0, 0): SplineBasis(2.0, 0.1)}))
    >>> spring.energy([1.5, 1.8, 2.5]).round(6).tolist()
    [0.125, 0.02, 0.0]
    """
    name = "potential"
    if f"{term}_distance" not in matched:
        known = ", ".join(str(v).removesuffix("_distance") for v in matched.coords if str(v).endswith("_distance"))
        sentence = f"must be a pair or a bond that was matched ({known or 'there is none'})"
        raise ParameterError(name, {"term": sentence}, {"term": term})
    x, energy = matched[f"{term}_distance"].values, matched[f"{term}_potential"].values
    force, middle = matched[f"{term}_force"].values, matched[f"{term}_bin"].values
    trusted = matched[f"{term}_samples"].values >= fewest
    if not trusted.any():
        raise ParameterError(name, {"fewest": "must be what some interval has"}, {"fewest": fewest})
    last = len(trusted) - 1 - int(np.argmax(trusted[::-1]))
    gaps = np.flatnonzero(~trusted[: last + 1])
    first = int(gaps[-1]) + 1 if len(gaps) else 0
    width = np.diff(middle).min() if len(middle) > 1 else np.ptp(x)
    kept = x >= middle[first] - 0.5 * width
    if term.startswith("bond"):
        kept &= x <= middle[last] + 0.5 * width
    if kept.sum() < 4:
        raise ParameterError(name, {"fewest": "must leave four points of the curve"}, {"fewest": fewest})
    x, energy, slope = x[kept], energy[kept], -force[kept]
    if not np.isfinite(energy).all():
        raise ParameterError(name, {term: "has a gap in its lengths: what lies on both sides is not known together"})
    if term.startswith("bond"):
        if not slope[0] < 0 < slope[-1]:
            raise ParameterError(name, {term: "must push at its short end and pull at its long one, where trusted"})
        reach = np.arange(1, 4) * (x[-1] - x[0])
        x, energy = np.concatenate([x, x[-1] + reach]), np.concatenate([energy, energy[-1] + slope[-1] * reach])
        slope = np.concatenate([slope, np.full(3, slope[-1])])
    elif slope[0] >= 0:
        raise ParameterError(name, {term: f"must push at {x[0]:.4g}, the closest distance that is trusted"})
    return Tabulated(x, energy, slope)

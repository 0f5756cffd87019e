"""Random end-linking without space: Miller & Macosko's mean field."""

import math
from typing import Any

import numpy as np

from ...quantities import Fraction, law

__all__ = ["active_cycles", "extinction_probability"]

_MOST_ARMS = 100


@law
def extinction_probability(conversion: Fraction, functionality: Fraction = 4.0) -> Fraction:
    """Probability that a walk out of a link comes to an end, equation (5).

    Parameters
    ----------
    conversion : float
        Share of strand ends that have reacted [1], above 0.
    functionality : float
        Strands that a link can hold [1]: a whole number from 3 to 100; NaN otherwise.

    Returns
    -------
    float
        The least root of P = 1 - p^2 + p^2 P^(f-1): 1 up to the gel point, 0 at full conversion [1].

    References
    ----------
    Miller & Macosko, Macromolecules 9, 206 (1976), doi:10.1021/ma60050a004.

    Examples
    --------
    >>> round(extinction_probability(0.9), 6), extinction_probability(0.5), extinction_probability(1.0, 3.0)
    (0.196109, 1.0, 0.0)
    """
    bound, arms = np.broadcast_arrays(np.square(np.asarray(conversion, dtype=float)), np.asarray(functionality))
    whole = (arms == np.rint(arms)) & (arms >= 3) & (arms <= _MOST_ARMS)
    f = np.where(whole, arms, 3).astype(int)
    walk = np.zeros(bound.shape)
    for _ in range(60):  # Newton from below: convex, so that it rises to the least root and never passes it
        excess = 1.0 - bound + bound * walk ** (f - 1) - walk
        slope = 1.0 - bound * (f - 1) * walk ** (f - 2)
        walk = np.minimum(walk + np.where(slope > 0.0, excess / np.where(slope > 0.0, slope, 1.0), 0.0), 1.0)
    square = 1.0 / np.where(bound > 0.0, bound, 1.0)
    four = np.minimum(np.sqrt(np.maximum(square - 0.75, 0.0)) - 0.5, 1.0)
    three = np.minimum(square - 1.0, 1.0)
    infinite = bound * (f - 1) > 1.0
    known = np.where(f == 4, four, np.where(f == 3, three, walk))
    result: Any = np.where(whole, np.where(infinite, known, 1.0), np.nan)
    return result[()]


@law
def active_cycles(conversion: Fraction, functionality: Fraction = 4.0) -> Fraction:
    """Independent cycles a strand of a randomly end-linked network: its phantom modulus in kT a strand.

    Parameters
    ----------
    conversion : float
        Share of strand ends that have reacted [1].
    functionality : float
        A whole number from 3 to 100 [1]; NaN otherwise.

    Returns
    -------
    float
        From 0 at the gel point to 1 - 2/f at full conversion [1].

    References
    ----------
    Miller & Macosko, Macromolecules 9, 206 (1976), doi:10.1021/ma60050a004.

    Examples
    --------
    >>> round(active_cycles(0.95), 6), round(active_cycles(0.95, 3.0), 6), active_cycles(1.0)
    (0.402546, 0.236551, 0.5)
    """
    ends, arms = np.broadcast_arrays(
        np.asarray(extinction_probability.__wrapped__(conversion, functionality)),
        np.asarray(functionality, dtype=float),
    )
    goes_on, total = 1.0 - ends, np.zeros(ends.shape)
    for f in np.unique(arms[~np.isnan(ends)]).astype(int).tolist():
        # a link with m >= 3 infinite arms counts (m - 2)/2; there are 2/f links a strand
        shares = (
            math.comb(f, m) * goes_on**m * np.where(ends > 0.0, ends, 0.0) ** (f - m) * (m - 2) / f
            for m in range(3, f + 1)
        )
        total = np.where(arms == f, sum(shares, np.zeros(ends.shape)), total)
    result: Any = np.where(np.isnan(ends), np.nan, total)
    return result[()]

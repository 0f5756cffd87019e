"""Random end-linking without space: Miller & Macosko's closed forms."""

from typing import Any

import numpy as np

from ...quantities import Fraction, law

__all__ = ["active_cycles", "extinction_probability"]


@law
def extinction_probability(conversion: Fraction, functionality: Fraction = 4.0) -> Fraction:
    """Probability that a walk out of a link comes to an end, equation (5).

    Parameters
    ----------
    conversion : float
        Share of strand ends that have reacted [1], above 0.
    functionality : float
        Strands that a link can hold [1]: 3 or 4; NaN otherwise.

    Returns
    -------
    float
        1 up to the gel point, 0 at full conversion [1].

    References
    ----------
    Miller & Macosko, Macromolecules 9, 206 (1976), doi:10.1021/ma60050a004.

    Examples
    --------
    >>> round(extinction_probability(0.9), 6), extinction_probability(0.5), extinction_probability(1.0, 3.0)
    (0.196109, 1.0, 0.0)
    """
    square = 1.0 / np.square(conversion)
    four = np.sqrt(np.maximum(square - 0.75, 0.0)) - 0.5
    walk = np.where(np.equal(functionality, 4.0), four, np.where(np.equal(functionality, 3.0), square - 1.0, np.nan))
    result: Any = np.minimum(walk, 1.0)
    return result[()]


@law
def active_cycles(conversion: Fraction, functionality: Fraction = 4.0) -> Fraction:
    """Independent cycles a strand of a randomly end-linked network: its phantom modulus in kT a strand.

    Parameters
    ----------
    conversion : float
        Share of strand ends that have reacted [1].
    functionality : float
        3 or 4 [1]; NaN otherwise.

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
    ends = np.asarray(extinction_probability.__wrapped__(conversion, functionality))
    goes_on = 1.0 - ends
    # a link with m >= 3 infinite arms counts (m - 2)/2; there are 2/f links a strand
    four = (4.0 * ends * goes_on**3 + 2.0 * goes_on**4) / 4.0
    result: Any = np.where(np.equal(functionality, 4.0), four, goes_on**3 / 3.0)
    return result[()]

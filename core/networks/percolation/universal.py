"""Universal wrapping probabilities of critical clusters on a torus."""

import math
from typing import NamedTuple

import numpy as np

__all__ = ["TorusWrapping", "torus_wrapping"]


class TorusWrapping(NamedTuple):
    """Universal wrapping probabilities at the threshold; the names of events of `connection_probability`."""

    x: float
    """Some cluster wraps in the first direction."""
    y: float
    """Some cluster wraps in the second direction."""
    any: float
    """In at least one direction."""
    all: float
    """In both directions."""

    @property
    def mean(self) -> float:
        """In a given direction, averaged over both."""
        return 0.5 * (self.x + self.y)

    @property
    def single(self) -> float:
        """In a given direction and not in the other, averaged over both."""
        return 0.5 * (self.any - self.all)


def torus_wrapping(modulus: complex = 1j) -> TorusWrapping:
    r"""Exact probabilities that critical clusters wrap around a torus, for any two-dimensional percolation.

    Parameters
    ----------
    modulus : complex
        Second period of the torus divided by the first. ``1j``: square; ``2j``: twice as tall as wide;
        ``exp(1j * pi / 3)``: rhombus, as of a triangular or honeycomb lattice.

    Returns
    -------
    TorusWrapping
        Probabilities.

    Raises
    ------
    ValueError
        If the imaginary part is not between 0.05 and 20 or the real part not between -1 and 1.

    Notes
    -----
    Pinson (1994). The windings of all wrapping clusters are multiples of one primitive (a, b). Its probability is
    :math:`\sum_{k \ne 0} Z_{ka,kb} [\cos(2\pi k/3) - \cos(\pi k)]` with
    :math:`Z_{a,b} = \sqrt{2 / (3 \tau_2)}\, |\eta(\tau)|^{-2} \exp(-2 \pi |a + b\tau|^2 / 3 \tau_2)`. What remains
    of 1 is shared equally, by duality, between no wrapping and wrapping along two independent windings.

    References
    ----------
    Pinson, J. Stat. Phys. 75, 1167 (1994), doi:10.1007/BF02186762.
    Ziff, Lorenz & Kleban, Physica A 266, 17 (1999), doi:10.1016/S0378-4371(98)00569-X.

    Examples
    --------
    >>> [round(value, 10) for value in torus_wrapping()]
    [0.5210582892, 0.5210582892, 0.6904737246, 0.3516428539]
    """
    tau = complex(modulus)
    if not (0.05 <= tau.imag <= 20.0 and abs(tau.real) <= 1.0):
        raise ValueError(f"modulus = {modulus}: needs an imaginary part in 0.05 to 20 and a real part in -1 to 1")
    eta = np.prod(1.0 - np.exp(2j * math.pi * tau * np.arange(1, 200))) * np.exp(2j * math.pi * tau / 24.0)
    scale = math.sqrt(2.0 / (3.0 * tau.imag)) / abs(complex(eta)) ** 2
    a, b = np.mgrid[0:31, -30:31]
    primitive = (np.gcd(a, b) == 1) & ((a > 0) | (b > 0))  # one of each pair of opposite windings
    a, b = a[primitive], b[primitive]
    energy = 2.0 * math.pi / (3.0 * tau.imag) * np.abs(a + b * tau) ** 2
    k = np.arange(1, 31)[:, None]
    weight = np.cos(2.0 * math.pi * k / 3.0) - np.cos(math.pi * k)
    probability = 2.0 * scale * (weight * np.exp(-energy * k * k)).sum(axis=0)
    cross = 0.5 * (1.0 - probability.sum())
    both = cross + probability[(a != 0) & (b != 0)].sum()
    wrap_x, wrap_y = cross + probability[a != 0].sum(), cross + probability[b != 0].sum()
    return TorusWrapping(float(wrap_x), float(wrap_y), float(1.0 - cross), float(both))

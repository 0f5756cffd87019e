"""Closed forms through Lambert's function, element by element.

Every blending height and some internal boundary layers solve an equation of the kind *(height) ln(height) = number*.
The principal branch of Lambert's function solves them without iteration by the caller::

    W exp(W) = x,   W >= -1                                                                                   (1)

It is found from a guess that is good to a few per cent (Winitzki 2003; x / (1 + x) near zero) and two steps of
Fritsch's rule (1973), each of which has fourth order and needs one logarithm and no exponential.

References
----------
Corless et al., Adv. Comput. Math. 5, 329 (1996), doi:10.1007/BF02124750.
Fritsch, Shafer & Crowley, Commun. ACM 16, 123 (1973), doi:10.1145/361952.361970.
Winitzki, Lect. Notes Comput. Sci. 2667, 780 (2003), doi:10.1007/3-540-44839-X_82.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

__all__ = ["evaluate_elements", "only_positive", "solve_lambert"]

_NUMBERS = (float, int)


def evaluate_elements(one: Callable[..., float], many: Callable[..., None], *arguments: Any) -> Any:
    """Call the kernel `one` on numbers, or `many` on flat arrays (the last of which it fills) and restore the shape."""
    if all(isinstance(argument, _NUMBERS) for argument in arguments):
        return one(*map(float, arguments))
    arrays = np.broadcast_arrays(*arguments)
    shape = arrays[0].shape
    out = np.empty(shape)
    many(*(np.ascontiguousarray(array, dtype=np.float64).reshape(-1) for array in arrays), out.reshape(-1))
    return out if shape else float(out)


def only_positive(value: Any) -> Any:
    """The value where it is positive and NaN elsewhere, so that logarithms and powers stay silent."""
    if isinstance(value, _NUMBERS):
        return float(value) if value > 0 else math.nan
    value = np.asarray(value, dtype=float)
    return np.where(value > 0, value, np.nan)


@njit(cache=True, nogil=True)
def solve_lambert(x: float) -> float:
    """Equation (1), the principal branch; NaN below -1/e."""
    if x == 0.0 or x == math.inf:
        return x
    near = 2.0 * (math.e * x + 1.0)
    if not near >= 0.0:
        return -1.0 if abs(near) < 1e-14 else math.nan
    if x < -0.25:
        p = math.sqrt(near)
        w = -1.0 + p * (1.0 - p * (1 / 3 - p * (11 / 72 - p * (43 / 540 - p * (769 / 17280 - p * 221 / 8505)))))
        if p < 0.01:
            return w  # here the series is exact to rounding, and the rule below divides by 1 + W
    elif x < 0.25:
        w = x / (1.0 + x)
    else:
        logarithm = math.log(1.0 + x)
        w = logarithm * (1.0 - math.log(1.0 + logarithm) / (2.0 + logarithm))
    for _ in range(2):
        z = math.log(x / w) - w
        q = 2.0 * (1.0 + w) * (1.0 + w + z * 2 / 3)
        w *= 1.0 + z / (1.0 + w) * (q - z) / (q - 2.0 * z)
    return w

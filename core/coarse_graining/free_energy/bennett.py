r"""Two states: Bennett's acceptance ratio, and how well two Gaussian windows know their difference.

With the works :math:`w = u_1 - u_0` of samples of state 0 and :math:`-w` of state 1, :math:`\Delta f` solves

.. math:: \sum_{0} \frac{1}{1 + e^{M + w - \Delta f}} = \sum_{1} \frac{1}{1 + e^{-M - w + \Delta f}},
   \qquad M = \ln \frac{n_0}{n_1}   \qquad (1)

with the asymptotic variance, for densities :math:`p_0, p_1`,

.. math:: \mathrm{var}(\Delta f) = \frac{1}{n_0 n_1} \left[ \frac{1}{\int p_0 p_1 / (n_0 p_0 + n_1 p_1)}
   - n_0 - n_1 \right]   \qquad (2)

References
----------
1. Bennett, J. Comput. Phys. 22, 245 (1976), doi:10.1016/0021-9991(76)90078-4.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.optimize
import scipy.special
from numpy.typing import ArrayLike, NDArray

from ...model import Estimate, ParameterError
from .overlap import OverlapError

__all__ = ["bennett_acceptance_ratio"]

Floats = NDArray[np.float64]


def bennett_acceptance_ratio(
    forward: ArrayLike, reverse: ArrayLike, *, inefficiency: float = 1.0, least_overlap: float = 0.03
) -> Estimate:
    """Free energy of state 1 minus that of state 0, in kT, from works in both directions, equation (1).

    Parameters
    ----------
    forward : array_like
        u_1 - u_0 of independent samples of state 0, over kT; also non-equilibrium works.
    reverse : array_like
        u_0 - u_1 of samples of state 1.
    inefficiency : float
        Statistical inefficiency of the series.
    least_overlap : float
        Least overlap of the two states, 0 to 1/2.

    Returns
    -------
    Estimate
        Value and standard error.

    Raises
    ------
    ParameterError
        If a work is not finite, or there is none.
    OverlapError
        If the states overlap by less.

    Examples
    --------
    >>> value, error = bennett_acceptance_ratio([0.9, 1.1], [-0.9, -1.1])
    >>> round(float(value), 12)
    1.0
    """
    w = [np.asarray(forward, dtype=np.float64).ravel(), -np.asarray(reverse, dtype=np.float64).ravel()]
    for name, works in zip(("forward", "reverse"), w, strict=True):
        if len(works) == 0 or not np.isfinite(works).all():
            raise ParameterError("bennett_acceptance_ratio", {name: "must be finite works, at least one"})
    if not 1.0 <= inefficiency < math.inf:
        sentence = "must be at least 1"
        raise ParameterError("bennett_acceptance_ratio", {"inefficiency": sentence}, {"inefficiency": inefficiency})
    n0, n1 = len(w[0]), len(w[1])
    bias = math.log(n0 / n1)

    def balance(f: float) -> float:
        return float(_fermi(bias + w[0] - f).sum() - _fermi(f - bias - w[1]).sum())

    low, high = min(x.min() for x in w) - abs(bias) - 1.0, max(x.max() for x in w) + abs(bias) + 1.0
    f = float(scipy.optimize.brentq(balance, low, high, xtol=1e-13, rtol=1e-15))
    both = _fermi(bias + np.concatenate(w) - f)
    curvature = float((both * (1.0 - both)).sum())  # n0 n1 times the integral in equation (2)
    share = curvature / (n0 + n1)
    # c and c / (1 + c) as for more than two states
    own0, own1 = float(((1.0 - both) ** 2).sum()), float((both**2).sum())
    cosine = curvature / math.sqrt(own0 * own1) if own0 > 0.0 < own1 else 0.0
    overlap = cosine / (1.0 + cosine)
    if overlap < least_overlap or share == 0.0:
        raise OverlapError(f"the two states overlap by {overlap:.2g} where {least_overlap:g} is needed")
    variance = (1.0 / curvature - 1.0 / n0 - 1.0 / n1) * inefficiency
    return Estimate(f, math.sqrt(max(variance, 0.0)))


def _fermi(x: Floats) -> Floats:
    values: Floats = scipy.special.expit(-x)
    return values

r"""Errors of free energies and averages: the asymptotic covariance of MBAR.

With the weights *W* of `solver`, the covariance of the logarithms of normalising constants of columns *w* over the
samples (a state, sampled or not, a bin, an observable) is

.. math:: \Theta_{ab} = w_a \omega w_b - \frac{1}{\sum \omega}
   + (V^T \omega w_a)^T (1 - S)^{+} (V^T \omega w_b), \qquad V_{nk} = \sqrt{n_k} W_{kn},\quad
   S = V^T \omega V   \qquad (1)

of which only differences have a meaning: columns whose sum is zero.

References
----------
1. Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008), doi:10.1063/1.2978177.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["column_variances", "project", "spread_between", "spread_of"]

Floats = NDArray[np.float64]
_BLOCK = 4096


def column_variances(solution: xr.Dataset, columns: Floats) -> Floats:
    """Variances, by equation (1), of columns over the samples whose sum is zero; columns of shape (m, N)."""
    omega = solution["sample_weight"].values
    weighted = columns * omega
    spread = spread_of(solution, project(solution, weighted))
    variance: Floats = np.maximum((weighted * columns).sum(axis=1) + spread, 0.0)
    return variance


def project(solution: xr.Dataset, weighted: Any) -> Floats:
    """W omega w of all states and columns, shape (K, m), from omega w of shape (m, N), dense or sparse."""
    u, f = solution["reduced_energy"].values, solution["free_energy"].values
    mixture = solution["log_mixture"].values
    total = np.zeros((len(f), weighted.shape[0]))
    for low in range(0, u.shape[1], _BLOCK):
        high = min(low + _BLOCK, u.shape[1])
        weights = np.exp(f[:, None] - u[:, low:high] - mixture[low:high])
        total += (weighted[:, low:high] @ weights.T).T
    return total


def spread_of(solution: xr.Dataset, projected: Floats, other: Floats | None = None) -> Floats:
    """Third term of equation (1), for each column of `project`; with the same column of `other` if given."""
    effective = solution["samples"].values / solution["inefficiency"].values
    gram = solution["overlap"].values[:, effective > 0] / effective[effective > 0]
    inverse = _inverse_of_rest(gram[effective > 0], effective[effective > 0])
    left = projected[effective > 0]
    right = left if other is None else other[effective > 0]
    terms: Floats = np.einsum("km,kl,lm->m", left, inverse, right)
    return terms


def spread_between(gram: Floats, effective: Floats, projected: Floats) -> Floats:
    """Third term of equation (1) for all pairs of columns, of which `projected` has G W omega w."""
    sampled = effective > 0
    inverse = _inverse_of_rest(gram[np.ix_(sampled, sampled)], effective[sampled])
    matrix: Floats = projected.T @ inverse @ projected
    return matrix


def _inverse_of_rest(gram: Floats, effective: Floats) -> Floats:
    """N^(1/2) (1 - S)^+ N^(1/2), without the mode that shifts all free energies alike."""
    root = np.sqrt(effective)
    common = root / math.sqrt(float(root @ root))
    scaled = root[:, None] * gram * root
    eigenvalue, mode = np.linalg.eigh(scaled - common[:, None] * common)
    rest = np.maximum(1.0 - eigenvalue, 1e-15)
    inner = (mode / rest) @ mode.T - common[:, None] * common
    inverse: Floats = root[:, None] * inner * root
    return inverse

"""Equation (3) of the package: how mean and covariance of fluctuating variables move."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .averages import STEP, differences
from .distributions import Floats, cholesky

__all__ = ["MomentRates", "moment_equations"]

_FIRST = np.array([0.0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])  # eighth order; one side of an antisymmetric stencil
_WIDEST = 50.0  # deviation over mean, above which differences would be rounding


class MomentRates(NamedTuple):
    """Time derivatives.

    Attributes
    ----------
    mean : ndarray
        Of the means, shape (n,).
    covariance : ndarray
        Of the covariance matrix, shape (n, n).
    """

    mean: Floats
    covariance: Floats


def moment_equations(
    law: Callable[..., Sequence[Any]],
    mean: ArrayLike,
    covariance: ArrayLike,
    *,
    noise: ArrayLike | None = None,
    given: Mapping[str, Any] | None = None,
) -> MomentRates:
    """Rates of mean and covariance of variables that follow dx/dt = law(x) from many different starts.

    To be handed to an integrator, such as ``scipy.integrate.solve_ivp``. It is the closure of second order: exact for
    linear laws, and only as good as the covariance stays small. A covariance that loses its positive eigenvalues on the
    way means that it has failed, and raises.

    Parameters
    ----------
    law : callable
        Takes n arrays and gives n rates.
    mean : array
        Means, shape (n,).
    covariance : array
        Covariance matrix, shape (n, n).
    noise : array, optional
        What forcing adds to the covariance in unit time: twice the covariance of the forcing with the variables, or
        the intensity of a white noise.
    given : mapping, optional
        Further arguments of the law, by name, that do not fluctuate.

    Returns
    -------
    MomentRates

    Raises
    ------
    ValueError
        If shapes do not fit, the covariance is none, or the law gives no finite numbers.

    Examples
    --------
    >>> decay = moment_equations(lambda c: [-c / (1 + c)], [1.0], [[0.04]])
    >>> decay.mean.round(6), decay.covariance.round(6)
    (array([-0.495]), array([[-0.02]]))
    """
    m, c = np.asarray(mean, dtype=float), np.asarray(covariance, dtype=float)
    n = m.size
    if m.shape != (n,) or c.shape != (n, n) or not (np.isfinite(m).all() and np.isfinite(c).all()):
        raise ValueError(f"mean and covariance must be finite, of the shapes (n,) and (n, n), not {m.shape}, {c.shape}")
    if (np.abs(c - c.T) > 1e-9 * np.abs(c).max()).any() or (np.diag(c) < 0.0).any():
        raise ValueError("covariance must be symmetric, with variances of at least 0")
    forcing = np.zeros((n, n)) if noise is None else np.asarray(noise, dtype=float)
    if forcing.shape != (n, n):
        raise ValueError(f"noise must have the shape of the covariance, {c.shape}, not {forcing.shape}")
    deviations = np.sqrt(np.diag(c))
    safe = np.where(deviations > 0.0, deviations, 1.0)
    correlation = c / np.outer(safe, safe)
    np.fill_diagonal(correlation, 1.0)
    columns = deviations[:, None] * cholesky(correlation, "covariance")
    constants = dict(given or {})

    def rates(x: Floats) -> Floats:  # (variable, node) to (rate, node)
        values = np.array(
            [np.broadcast_to(np.asarray(part, dtype=float), x.shape[1:]) for part in law(*x, **constants)]
        )
        if values.shape != x.shape or not np.isfinite(values).all():
            raise ValueError(f"the law must give {n} finite rates wherever the distribution reaches")
        return values

    here = rates(m[:, None])[:, 0]
    reach = np.abs(columns) / np.where(m != 0.0, np.abs(m), np.inf)[:, None]
    # of each column: no step passes zero, where a law may end, unless the mean is lost in the fluctuation
    step = STEP / np.clip(reach.max(axis=0), 1.0, _WIDEST)
    offsets = np.arange(1, 5)[:, None, None] * step[:, None] * columns.T  # (node, column, variable)
    ahead, behind = (rates((m + sign * offsets).reshape(-1, n).T).reshape(n, 4, n) for sign in (1.0, -1.0))
    slopes = np.einsum("p,ipk->ik", _FIRST[1:], ahead - behind) / step  # J times each column
    bends = differences(here[:, None], ahead + behind) / step**2
    spread = slopes @ columns.T
    return MomentRates(here + 0.5 * bends.sum(axis=1), spread + spread.T + forcing)

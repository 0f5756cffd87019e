"""Distributions of fluctuating inputs, and what correlates them."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Family = Literal["normal", "lognormal", "gamma", "beta", "moments"]
Floats = NDArray[np.float64]

_HERMITE = 30  # terms of the correlation between transformed normals


@dataclass(frozen=True, eq=False)
class Distribution:
    """Mean and standard deviation of an input, with the family of shapes; arrays are as many distributions.

    Parameters
    ----------
    family : {"normal", "lognormal", "gamma", "beta", "moments"}
        ``"moments"``: nothing more is known, so that closure alone is possible.
    mean, standard_deviation : float or array
        In the unit that the law takes bare numbers in.
    low, high : float
        Ends of a beta distribution.

    Raises
    ------
    ValueError
        If no such distribution exists.

    Examples
    --------
    >>> from mesoscale.core.homogenization.moment_closure import mean_of
    >>> round(mean_of(lambda c: c / (1 + c), Distribution("gamma", 1.0, 0.25)).value, 9)
    0.4921875
    """

    family: Family
    mean: ArrayLike
    standard_deviation: ArrayLike
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.family not in get_args(Family):
            raise ValueError(f"family must be one of {', '.join(get_args(Family))}, not {self.family!r}")
        m, s = _floats("mean", self.mean), _floats("standard_deviation", self.standard_deviation)
        if (s < 0).any():
            raise ValueError("standard_deviation must be at least 0 everywhere")
        if self.family in ("lognormal", "gamma") and ((m <= 0).any() or (s > 100 * m).any()):
            raise ValueError(f"a {self.family} distribution needs mean > 0 and standard_deviation <= 100 mean")
        if self.family == "beta":
            if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
                raise ValueError(f"low must lie below high, not {self.low} and {self.high}")
            if (m <= self.low).any() or (m >= self.high).any() or (s**2 >= (m - self.low) * (self.high - m)).any():
                raise ValueError(
                    "a beta distribution needs low < mean < high and standard_deviation^2 < (mean - low) (high - mean)"
                )
        object.__setattr__(self, "mean", m)
        object.__setattr__(self, "standard_deviation", s)

    def room(self) -> Floats:
        """Distance from the mean to the nearer end of what is possible."""
        m = np.asarray(self.mean)
        if self.family == "normal":
            return np.full_like(m, np.inf)
        if self.family == "beta":
            return np.minimum(m - self.low, self.high - m)
        return np.where(m == 0, np.inf, np.abs(m))  # 0: of moments only

    def at_normal(self, z: Floats) -> Floats:
        """The value that is as probable as the standard normal `z` to be exceeded (last axis: nodes)."""
        m, s = (np.asarray(v)[..., None] for v in (self.mean, self.standard_deviation))
        if self.family == "normal":
            return np.asarray(m + s * z)
        if self.family == "lognormal":
            width = np.sqrt(np.log1p((s / m) ** 2))
            return np.asarray(m * np.exp(width * z - width**2 / 2))
        if self.family == "gamma":
            spread = np.maximum(s / m, 1e-6)  # below, a normal to rounding; the shape must stay finite
            shape = spread**-2.0
            return np.where(s > 0, m * spread**2 * _quantile(z, special.gammaincinv, special.gammainccinv, shape), m)
        width, place = self.high - self.low, (m - self.low) / (self.high - self.low)
        spread = np.maximum(s / width, 1e-6 * np.minimum(place, 1 - place))
        total = place * (1 - place) / spread**2 - 1
        inside = _quantile(z, special.betaincinv, special.betainccinv, place * total, (1 - place) * total)
        return np.where(s > 0, self.low + width * inside, m)


@dataclass(frozen=True, eq=False)
class Empirical:
    """Measured values as the distribution: of one input, or of several together (one column an input).

    Parameters
    ----------
    samples : array
        Shape (n,) or (n, inputs).
    weights : array, optional
        Of the samples, not negative.
    """

    samples: ArrayLike
    weights: ArrayLike | None = None

    def __post_init__(self) -> None:
        x = _floats("samples", self.samples)
        w = np.ones(len(x)) if self.weights is None and x.ndim else _floats("weights", self.weights)
        if x.ndim not in (1, 2) or x.size == 0:
            raise ValueError(f"samples must have the shape (n,) or (n, inputs) and not be empty, not {x.shape}")
        if w.shape != x.shape[:1] or (w < 0).any() or not w.sum() > 0:
            raise ValueError("weights must be one number at least 0 for each sample, not all 0")
        object.__setattr__(self, "samples", x.reshape(len(x), -1))
        object.__setattr__(self, "weights", w / w.sum())


def correlation_matrix(correlation: ArrayLike | None, n: int) -> Floats:
    if correlation is None:
        return np.eye(n)
    r = _floats("correlation", correlation)
    if n == 2 and r.ndim == 0:
        r = np.array([[1.0, float(r)], [float(r), 1.0]])
    if r.shape[-2:] != (n, n) or (np.abs(r - np.swapaxes(r, -1, -2)) > 1e-12).any():
        raise ValueError(f"correlation must be symmetric, of shape (..., {n}, {n})")
    if (np.abs(np.diagonal(r, axis1=-2, axis2=-1) - 1) > 1e-12).any():
        raise ValueError("correlation must have ones on its diagonal")
    return r


def cholesky(r: Floats, name: str) -> Floats:
    """Of many small matrices at once, which may be singular."""
    factor = np.zeros_like(r)
    for j in range(r.shape[-1]):
        for i in range(j, r.shape[-1]):
            rest = r[..., i, j] - (factor[..., i, :j] * factor[..., j, :j]).sum(axis=-1)
            if i == j:
                if (rest < -1e-10).any():
                    raise ValueError(f"{name} must be possible (no negative eigenvalue)")
                factor[..., j, j] = np.sqrt(np.maximum(rest, 0.0))
            else:
                pivot = factor[..., j, j]
                safe = pivot > 1e-7
                if (~safe & (np.abs(rest) > 1e-6)).any():
                    raise ValueError(f"{name} must be possible (no negative eigenvalue)")
                factor[..., i, j] = np.where(safe, rest / np.where(safe, pivot, 1.0), 0.0)
    return factor


def normal_correlation(parts: tuple[Distribution, ...], pearson: Floats) -> Floats:
    """Correlations of the normals under the copula that give the values their own: Hermite series, bisection."""
    result = np.array(np.broadcast_to(pearson, pearson.shape))
    n = len(parts)
    if n == 1 or not np.any(pearson - np.eye(n)):
        return result
    shape = np.broadcast_shapes(pearson.shape[:-2], *(np.asarray(p.mean).shape for p in parts))
    result = np.array(np.broadcast_to(pearson, (*shape, n, n)))
    z, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    basis = np.array([special.eval_hermitenorm(k, z) / math.sqrt(math.factorial(k)) for k in range(1, _HERMITE + 1)])
    series = [np.stack([(part.at_normal(z) * b * w).sum(axis=-1) for b in basis], axis=-1) for part in parts]
    for i in range(n):
        for j in range(i):
            spread = np.asarray(parts[i].standard_deviation) * np.asarray(parts[j].standard_deviation)
            products = np.where(spread[..., None] > 0, series[i] * series[j], 0.0)
            products = products / np.where(spread > 0, spread, 1.0)[..., None]
            target = np.where(spread > 0, result[..., i, j], 0.0)
            low, high = np.full(shape, -1.0), np.full(shape, 1.0)
            ends = [(products * sign ** np.arange(1, _HERMITE + 1)).sum(axis=-1) for sign in (-1.0, 1.0)]
            flat = np.where(spread > 0, 0.0, 1.0)
            if (target < ends[0] - flat - 1e-6).any() or (target > ends[1] + flat + 1e-6).any():
                raise ValueError(
                    f"correlation between inputs {j} and {i} must lie in [{np.max(ends[0]):.4f}, {np.min(ends[1]):.4f}]"
                    " with these shapes"
                )
            for _ in range(52):
                middle = (low + high) / 2
                under = (products * middle[..., None] ** np.arange(1, _HERMITE + 1)).sum(axis=-1) < target
                low, high = np.where(under, middle, low), np.where(under, high, middle)
            result[..., i, j] = result[..., j, i] = np.where(spread > 0, (low + high) / 2, 0.0)
    return result


def _floats(name: str, values: Any) -> Floats:
    if hasattr(values, "magnitude") or "units" in getattr(values, "attrs", {}):
        raise ValueError(f"{name} must be bare numbers, in the unit that the law takes bare numbers in")
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array


def _quantile(z: Floats, from_below: Any, from_above: Any, *shape: Floats) -> Floats:
    """By the smaller tail, which keeps its digits."""
    tail = special.ndtr(-np.abs(z))
    return np.where(z < 0, from_below(*shape, tail), from_above(*shape, tail))

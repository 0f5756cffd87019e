"""Equations (1) and (2) of the package: closure, quadrature, and the average of samples."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .distributions import Distribution, Empirical, Floats, cholesky, correlation_matrix, normal_correlation

STEP = 0.05  # of the fluctuation, between the nine points of a difference
_FARTHEST = 0.5  # of the way to the end of the range, for a last look
_SECOND = np.array([-205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])  # eighth order; one side of a symmetric stencil
_SIXTH_ORDER = np.array([-49 / 18, 3 / 2, -3 / 20, 1 / 90, 0.0])
_FOURTH = np.array([91 / 8, -122 / 15, 169 / 60, -2 / 5, 7 / 240])
_REACH = 10.0  # standard normals beyond: a probability of 1e-23
_HALVINGS = {1: 6, 2: 2, 3: 1}  # of the step 1/2, at most, by number of inputs
_MOST = 2_000_000  # values of the law at once


@dataclass(frozen=True, eq=False)
class Average:
    """What `mean_of` returns; arrays where there were many distributions.

    Attributes
    ----------
    value : float or array
        The average of the law.
    naive : float or array
        The law of the average.
    error : float or array
        Numerical error: of the differences, or of the integral. The error of the closure itself is not in it.
    jensen_sign : int or array
        Of value - naive: -1 as for a concave law, 1 as for a convex one, 0 where they agree to the numerical error.
    valid : bool or array
        Closure: every coefficient of variation at most 0.5 (standard deviation over the distance to the end of the
        range), the fourth derivative weighs at most a quarter of the second, and one standard deviation away the law is
        still where its parabola says, to a third of the correction: kinks and steps in between are seen.
        Integral: error below 1e-6 of the value.
    """

    value: Any
    naive: Any
    error: Any
    jensen_sign: Any
    valid: Any


def mean_of(
    law: Callable[..., Any],
    distribution: Distribution | Empirical | Sequence[Distribution] | Mapping[str, Distribution],
    *,
    method: Literal["closure", "quadrature"] = "closure",
    correlation: ArrayLike | None = None,
    given: Mapping[str, Any] | None = None,
) -> Average:
    r"""Average a law over fluctuating inputs.

    Parameters
    ----------
    law : callable
        Takes arrays. It may return further components along leading axes.
    distribution : Distribution, Empirical, sequence or mapping
        Of the only input; of the first inputs in order; or of inputs by name.
    method : {"closure", "quadrature"}
        Equation (1), for any number of inputs; or (2), for at most three (any number where empirical).
    correlation : float or array, optional
        Correlation matrix of the inputs, as of their values, shape (..., n, n); for two inputs a float will do.
        Without it they are independent. In (2) the shape is the normal copula that has these correlations.
    given : mapping, optional
        Further arguments of the law, by name, that do not fluctuate.

    Raises
    ------
    TypeError
        If the law does not take the inputs, as arrays.
    ValueError
        If the correlation is not possible, if there are too many inputs, or if the law gives no finite numbers.

    Examples
    --------
    >>> def monod(concentration, half_saturation):
    ...     return concentration / (half_saturation + concentration)
    >>> pores = {"concentration": Distribution("lognormal", 1.0, 0.5)}
    >>> round(mean_of(monod, pores, given={"half_saturation": 1.0}).value, 9)
    0.46875
    >>> round(mean_of(monod, pores, given={"half_saturation": 1.0}, method="quadrature").value, 6)
    0.473536
    """
    if method not in ("closure", "quadrature"):
        raise ValueError(f"method must be closure or quadrature, not {method!r}")
    names: tuple[str, ...] = ()
    if isinstance(distribution, Mapping):
        names, parts = tuple(distribution), tuple(distribution.values())
    elif isinstance(distribution, Sequence):
        parts = tuple(distribution)
    else:
        parts = (distribution,) if isinstance(distribution, Distribution) else ()
    constants = dict(given or {})

    def rate(x: Sequence[Floats], *, anywhere: bool = False) -> Floats:
        named = dict(zip(names, x, strict=True)) if names else {}
        try:
            with np.errstate(all="ignore"):
                result = law(*(() if names else x), **named, **constants)
        except TypeError as error:  # of a missing argument as of the functions of the module math
            raise TypeError(f"the law must take {len(x)} arrays, beside what is given: {error}") from error
        if hasattr(result, "magnitude") or getattr(result, "attrs", None):
            raise ValueError("the law returned a quantity: give all inputs as bare numbers in its units")
        values = np.asarray(result, dtype=np.float64)
        if not (anywhere or np.isfinite(values).all()):
            raise ValueError("the law must be finite wherever the distribution reaches")
        return values

    if isinstance(distribution, Empirical):
        if correlation is not None:
            raise ValueError("correlation must not be given: an empirical distribution has its own")
        return _average_samples(rate, distribution, method)
    if not parts or not all(isinstance(part, Distribution) for part in parts):
        raise ValueError("distribution must be a Distribution, an Empirical, or a sequence or mapping of Distribution")
    pearson = correlation_matrix(correlation, len(parts))
    deviations = [np.asarray(part.standard_deviation) for part in parts]
    shape = np.broadcast_shapes(
        pearson.shape[:-2], *(np.shape(part.mean) for part in parts), *map(np.shape, deviations)
    )
    means = [np.broadcast_to(np.asarray(part.mean), shape) for part in parts]
    if method == "quadrature":
        return _integrate(rate, parts, pearson, means)
    factor = cholesky(pearson, "correlation")
    n = len(parts)
    columns = [[deviations[i] * factor[..., i, k] for i in range(n)] for k in range(n)]
    rooms = [part.room() for part in parts]
    near = np.ones((), dtype=bool)
    for s, room in zip(deviations, rooms, strict=True):
        near = near & (s <= 0.5 * room * (1 + 1e-12))
    return _close(rate, means, columns, rooms, near)


def _close(
    rate: Callable[..., Floats], means: list[Floats], columns: list[list[Floats]], rooms: list[Floats], near: Any
) -> Average:
    """Equation (1); the columns belong to a factor of the covariance."""
    naive = rate(means)
    half, error, fourth = np.zeros_like(naive), np.zeros_like(naive), np.zeros_like(naive)
    as_expected = np.ones((), dtype=bool)
    rounding = 4 * np.finfo(float).eps * np.abs(naive)
    for column in columns:
        longest = np.zeros(())  # of the step, in distances to the end of the range
        for part, room in zip(column, rooms, strict=True):
            longest = np.maximum(longest, np.abs(part) / room)
        step = STEP / np.maximum(longest, 1.0)
        sums = [naive * c[0] for c in (_SECOND, _SIXTH_ORDER, _FOURTH)]
        for k in range(1, 5):
            both = sum(
                rate([m + sign * k * step * p for m, p in zip(means, column, strict=True)]) for sign in (1.0, -1.0)
            )
            sums = [old + c[k] * both for old, c in zip(sums, (_SECOND, _SIXTH_ORDER, _FOURTH), strict=True)]
        bend = sums[0] / step**2 / 2
        # one standard deviation away, or half the way to the end: does the parabola still hold there?
        reach = np.minimum(1.0, _FARTHEST / np.maximum(longest, _FARTHEST))
        far = sum(
            rate([m + sign * reach * p for m, p in zip(means, column, strict=True)], anywhere=True)
            for sign in (1.0, -1.0)
        )
        departure = np.abs((far - 2 * naive) / reach**2 / 2 - bend)
        as_expected = as_expected & (departure <= np.abs(bend) / 3 + 1e-9 * np.abs(naive) + 2 * rounding)
        half = half + bend
        error = error + np.abs(sums[0] - sums[1]) / step**2 / 2 + rounding / step**2
        fourth = fourth + np.maximum(np.abs(sums[2]) - 64 * rounding, 0.0) / step**4 / 8
    value = naive + half
    smooth = (error <= 1e-3 * np.abs(half) + 1e-9 * np.abs(value)) & (fourth <= np.abs(half) / 4 + 1e-9 * np.abs(value))
    return _report(value, naive, error, near & smooth & as_expected)


def _integrate(
    rate: Callable[..., Floats], parts: tuple[Distribution, ...], pearson: Floats, means: list[Floats]
) -> Average:
    """Equation (2), the step halved until the value stands still."""
    n = len(parts)
    if n > 3:
        raise ValueError(f"quadrature takes at most 3 inputs, not {n}: use closure, or Empirical with samples")
    if any(part.family == "moments" for part in parts):
        raise ValueError('family must be a shape for quadrature, not "moments"')
    factor = cholesky(normal_correlation(parts, pearson), "correlation (with these shapes)")
    shape = np.broadcast_shapes(means[0].shape, factor.shape[:-2])
    naive, step = rate(means), 0.5
    block = max(1, _MOST // max(1, math.prod(shape)))
    before, value, error = None, np.zeros(()), np.zeros(())
    for _ in range(_HALVINGS[n] + 1):
        axis = np.arange(-round(_REACH / step), round(_REACH / step) + 1) * step
        u = np.stack(np.meshgrid(*[axis] * n, indexing="ij")).reshape(n, -1)
        u = u[:, (u**2).sum(axis=0) <= _REACH**2]
        weights = np.exp(-(u**2).sum(axis=0) / 2) * (step / math.sqrt(2 * math.pi)) ** n
        outside = (u**2).sum(axis=0) > (_REACH - 1) ** 2
        value = size = edge = np.zeros(())
        for first in range(0, len(weights), block):
            nodes, w = u[:, first : first + block], weights[first : first + block]
            z = [sum(factor[..., i, k, None] * nodes[k] for k in range(i + 1)) for i in range(n)]
            terms = rate([part.at_normal(zi) for part, zi in zip(parts, z, strict=True)]) * w
            value = value + terms.sum(axis=-1)
            size = size + np.abs(terms).sum(axis=-1)
            edge = edge + np.abs(terms * outside[first : first + block]).sum(axis=-1)
        if before is not None:
            error = np.abs(value - before) + edge + 4 * np.finfo(float).eps * size
            if (error <= 1e-10 * size).all():
                break
        before = value
        step /= 2
    return _report(value, naive, error, error <= 1e-6 * np.abs(value) + 1e-12 * size)


def differences(middle: Floats, pairs: Floats) -> Floats:
    """Second difference of eighth order, over points 1 to 4 steps away on both sides, summed, along axis 1."""
    return np.asarray(_SECOND[0] * middle + np.einsum("p,ip...->i...", _SECOND[1:], pairs))


def _average_samples(rate: Callable[..., Floats], data: Empirical, method: str) -> Average:
    x, w = np.asarray(data.samples), np.asarray(data.weights)
    mean = w @ x
    means = list(mean)
    if method == "quadrature":
        terms = rate(list(x.T)) * w
        value = terms.sum(axis=-1)
        error = len(w) ** 0.5 * np.finfo(float).eps * np.abs(terms).sum(axis=-1)
        return _report(value, rate(means), error, np.isfinite(value))
    covariance = (x - mean).T @ ((x - mean) * w[:, None])
    deviations = np.sqrt(np.diag(covariance))
    safe = np.where(deviations > 0, deviations, 1.0)
    r = covariance / np.outer(safe, safe)
    np.fill_diagonal(r, 1.0)
    factor = cholesky(r, "covariance") * deviations[:, None]
    columns = [[factor[i, k] for i in range(len(mean))] for k in range(len(mean))]
    ends = np.minimum(mean - x.min(axis=0), x.max(axis=0) - mean)
    rooms = [np.asarray(end if end > 0 else 1.0) for end in ends]
    one_sign = (x > 0).all(axis=0) | (x < 0).all(axis=0)
    near = bool(np.all(~one_sign | (deviations <= 0.5 * np.abs(mean))))
    return _close(rate, means, columns, rooms, near)


def _report(value: Floats, naive: Floats, error: Floats, valid: Any) -> Average:
    difference = np.asarray(value - naive)
    sign = np.where(np.abs(difference) <= 3 * error + 1e-14 * np.abs(value), 0, np.sign(difference)).astype(np.int64)
    return Average(*(v.item() if np.ndim(v) == 0 else v for v in map(np.asarray, (value, naive, error, sign, valid))))

r"""Means and their errors from correlated series, and moments that can be merged.

The variance of the mean of *n* stationary samples is :math:`\sigma^2 g / n` with the statistical inefficiency

.. math:: g = 1 + 2 \sum_{t \ge 1} (1 - t/n)\, C(t),    \qquad (1)

*C* being the normalised autocorrelation: *g* samples are worth one independent sample.

References
----------
Chodera, Swope, Pitera, Seok & Dill, J. Chem. Theory Comput. 3, 26 (2007), doi:10.1021/ct0502864.
Flyvbjerg & Petersen, J. Chem. Phys. 91, 461 (1989), doi:10.1063/1.457480.
Lee, Kent, Towler, Needs & Rajagopal, Phys. Rev. E 83, 066706 (2011), doi:10.1103/PhysRevE.83.066706.
Chan, Golub & LeVeque, Am. Stat. 37, 242 (1983), doi:10.1080/00031305.1983.10483115.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "BlockAverage",
    "add_sample",
    "block_average",
    "mean_with_error",
    "merge_moments",
    "statistical_inefficiency",
    "summarize_moments",
]

Floats = NDArray[np.float64]


class BlockAverage(NamedTuple):
    """Result of `block_average`."""

    mean: float
    """Mean of the series."""
    error: float
    """Standard error of the mean at the chosen block length; NaN if the series is too short for one."""
    block: int
    """Chosen block length; 0 if the series is too short for one."""
    blocks: NDArray[np.int64]
    """All block lengths 1, 2, 4, ..."""
    errors: Floats
    """Apparent standard error at each block length: it rises to a plateau."""
    uncertainties: Floats
    """Standard error of each of them."""


def statistical_inefficiency(series: ArrayLike) -> float:
    """Number of samples that are worth one independent sample, equation (1), truncated at the first negative C.

    Parameters
    ----------
    series : array_like
        Equidistant samples of a stationary process, shape (n,), n at least 2.

    Returns
    -------
    float
        At least 1. A constant series gives 1.

    Raises
    ------
    ValueError
        If the series is not one-dimensional, too short, or not finite.

    Examples
    --------
    >>> statistical_inefficiency([1.0, -1.0] * 50)
    1.0
    """
    return _inefficiency(_checked_series(series, 2))[1]


def mean_with_error(series: ArrayLike) -> tuple[float, float]:
    """Mean of a correlated series and its standard error.

    Parameters
    ----------
    series : array_like
        As for `statistical_inefficiency`; a single sample has the error NaN.

    Returns
    -------
    mean, error : float
        The sample variance is corrected for the correlation with the sample's own mean: error^2 = s^2 g / (n - g) with
        s^2 = mean((x - mean(x))^2).

    Raises
    ------
    ValueError
        If the series is not one-dimensional, empty, or not finite.

    Examples
    --------
    >>> [round(value, 12) for value in mean_with_error([1.0, 3.0, 1.0, 3.0, 1.0])]
    [1.8, 0.489897948557]
    """
    values = _checked_series(series, 1)
    mean, n = float(values.mean()), len(values)
    if n == 1:
        return mean, math.nan
    variance, g = _inefficiency(values)
    return mean, math.sqrt(variance * g / max(n - g, 1.0))


def block_average(series: ArrayLike) -> BlockAverage:
    """Standard error of the mean by blocks of 1, 2, 4, ... samples (Flyvbjerg & Petersen 1989).

    Parameters
    ----------
    series : array_like
        Equidistant samples of a stationary process, shape (n,), n at least 2.

    Returns
    -------
    BlockAverage
        The chosen block is the first of length B with B^3 > 2 n (error_B / error_1)^4, which balances bias and noise
        (Lee et al. 2011); it independently checks `mean_with_error`.

    Raises
    ------
    ValueError
        If the series is not one-dimensional, too short, or not finite.

    Examples
    --------
    >>> block_average([1.0, -1.0] * 50).errors[:2].round(4).tolist()
    [0.1005, 0.0]
    """
    values = _checked_series(series, 2)
    mean, n = float(values.mean()), len(values)
    blocks, errors, uncertainties = [], [], []
    length, level = 1, values - mean
    while len(level) >= 2:
        error = math.sqrt(float(((level - level.mean()) ** 2).mean()) / (len(level) - 1))
        blocks.append(length)
        errors.append(error)
        uncertainties.append(error / math.sqrt(2.0 * (len(level) - 1)))
        level = 0.5 * (level[0 : 2 * (len(level) // 2) : 2] + level[1::2])
        length *= 2
    chosen = 0
    for length, error in zip(blocks, errors, strict=True):
        if errors[0] == 0.0 or length**3 > 2.0 * n * (error / errors[0]) ** 4:
            chosen = length
            break
    final = errors[blocks.index(chosen)] if chosen else math.nan
    return BlockAverage(mean, final, chosen, np.array(blocks), np.array(errors), np.array(uncertainties))


def merge_moments(first: ArrayLike, second: ArrayLike) -> Floats:
    """Moments (count, mean, sum of squared deviations) of two samples together; shape (..., 3) (Chan et al. 1983).

    Examples
    --------
    >>> merge_moments([1, 2.0, 0.0], [1, 4.0, 0.0]).tolist()
    [2.0, 3.0, 2.0]
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ValueError(f"moments of shapes {a.shape} and {b.shape}: must end in 3 (count, mean, squared deviations)")
    count = a[..., 0] + b[..., 0]
    share = b[..., 0] / np.maximum(count, 1.0)
    shift = b[..., 1] - a[..., 1]
    return np.stack(
        [count, a[..., 1] + share * shift, a[..., 2] + b[..., 2] + shift * shift * a[..., 0] * share], axis=-1
    )


def summarize_moments(moments: ArrayLike) -> tuple[Floats, Floats]:
    """Mean and standard error of the mean of independent samples from their moments, shape (..., 3).

    NaN where there are too few samples: none for the mean, fewer than two for the error.

    Examples
    --------
    >>> [float(value) for value in summarize_moments([2.0, 3.0, 2.0])]
    [3.0, 1.0]
    """
    m = np.asarray(moments, dtype=np.float64)
    count = m[..., 0]
    error = np.sqrt(m[..., 2] / (np.maximum(count, 1.0) * np.maximum(count - 1.0, 1.0)))
    return np.where(count > 0.0, m[..., 1], np.nan), np.where(count > 1.0, error, np.nan)


def _checked_series(series: ArrayLike, shortest: int) -> Floats:
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1 or len(values) < shortest:
        raise ValueError(f"series of shape {values.shape}: must be one-dimensional with at least {shortest} samples")
    if not np.isfinite(values).all():
        raise ValueError("series: must be finite; drop missing samples before")
    return values


def _inefficiency(values: Floats) -> tuple[float, float]:
    """Variance of the samples about their mean, and equation (1)."""
    n = len(values)
    deviation = values - values.mean()
    scale = float(np.abs(deviation).max())
    if scale == 0.0:
        return 0.0, 1.0
    deviation /= scale
    size = scipy.fft.next_fast_len(2 * n, real=True)
    spectrum = scipy.fft.rfft(deviation, size)
    covariance = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[:n] / n
    # (1 - t/n) C(t) is the sum of n - t products divided by n: no division by n - t is needed
    correlation = covariance / covariance[0]
    negative = np.flatnonzero(correlation <= 0.0)
    last = negative[0] if len(negative) else n
    return float(covariance[0]) * scale**2, max(1.0, 1.0 + 2.0 * float(correlation[1:last].sum()))


@njit(cache=True, nogil=True)
def add_sample(moments: Floats, value: float) -> None:
    """Add one sample to the moments (count, mean, sum of squared deviations), in place (Welford 1962)."""
    moments[0] += 1.0
    shift = value - moments[1]
    moments[1] += shift / moments[0]
    moments[2] += shift * (value - moments[1])

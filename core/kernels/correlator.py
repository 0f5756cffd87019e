r"""Time correlations over many decades, on the fly: the multiple-tau correlator.

.. math:: C(t) = \langle A(s)\, B(s + t) \rangle_s

Level *l* sees averages over :math:`m^l` consecutive samples and keeps the last *p* of them, so that lags up to
:math:`p\, m^l` cost of order *p* per sample, whatever their length. Lags are exact below *p*; at longer ones, averaging
over a time short against the lag (m/p of it) costs below 1 % for p = 16 and m = 2 (Ramirez et al. 2010).

References
----------
Ramirez, Sukumaran, Vorselaars & Likhtman, J. Chem. Phys. 133, 154103 (2010), doi:10.1063/1.3491098.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = ["Correlator", "add_samples", "correlate", "new_correlator", "read_correlator"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_POINTS = 16  # p; a power of two
_MERGED = 2  # m


class Correlator(NamedTuple):
    """State of a correlator: arrays only, so that kernels can carry it. Made by `new_correlator`."""

    first: Floats
    """Last p samples of A on each level, a ring: (levels, p, channels)."""
    second: Floats
    """The same for B."""
    partial: Floats
    """Sums of A and of B that wait for the next level: (levels, 2, channels)."""
    received: Counts
    """Samples that each level has received: (levels,)."""
    sums: Floats
    """Sums of products: (levels, p)."""
    counts: Counts
    """Numbers of products: (levels, p)."""


def new_correlator(levels: int, channels: int = 1) -> Correlator:
    """An empty correlator for lags up to 2**(levels + 3) samples.

    Parameters
    ----------
    levels : int
        Number of levels.
    channels : int
        Components whose correlations are averaged, e.g. three shear stresses.

    Returns
    -------
    Correlator
        All zeros.

    Raises
    ------
    ValueError
        If a number is not positive, or there are more than 50 levels.
    """
    for name, value, largest in (("levels", levels, 50), ("channels", channels, 2**31)):
        if isinstance(value, bool) or int(value) != value or not 1 <= value <= largest:
            raise ValueError(f"{name} = {value!r}: must be an integer from 1 to {largest}")
    return Correlator(
        np.zeros((levels, _POINTS, channels)),
        np.zeros((levels, _POINTS, channels)),
        np.zeros((levels, 2, channels)),
        np.zeros(levels, np.int64),
        np.zeros((levels, _POINTS)),
        np.zeros((levels, _POINTS), np.int64),
    )


def read_correlator(correlator: Correlator) -> tuple[Counts, Floats, Counts]:
    """Lags (in samples), correlations (averaged over channels) and numbers of averaged products.

    Only lags that have been seen are returned; they increase.
    """
    lags = np.arange(_POINTS) * _MERGED ** np.arange(len(correlator.received), dtype=np.int64)[:, None]
    seen = correlator.counts > 0
    seen[1:, : _POINTS // _MERGED] = False  # better known on the level below
    counts = correlator.counts[seen]
    return lags[seen], correlator.sums[seen] / (counts * correlator.first.shape[2]), counts


def correlate(
    series: ArrayLike, second: ArrayLike | None = None, *, subtract_mean: bool = True, levels: int | None = None
) -> tuple[Counts, Floats]:
    """Correlation function of a series, or of two, at logarithmically spaced lags.

    Parameters
    ----------
    series : array_like
        Equidistant samples of A, shape (n,) or (n, channels).
    second : array_like, optional
        Samples of B of the same shape. Default: A, the autocorrelation.
    subtract_mean : bool
        Correlate deviations from the mean of the whole series.
    levels : int, optional
        Levels of the correlator. Default: as many as the series allows.

    Returns
    -------
    lags : numpy.ndarray
        In samples: 0, 1, ..., 15, 16, 18, ..., 30, 32, 36, ...
    correlation : numpy.ndarray
        Average of A(s) B(s + lag) over s and channels.

    Raises
    ------
    ValueError
        If the shapes differ, or the series is empty or not finite.

    Examples
    --------
    >>> lags, correlation = correlate([1.0, -1.0] * 100)
    >>> correlation[:4].tolist()
    [1.0, -1.0, 1.0, -1.0]
    """
    a = np.asarray(series, dtype=np.float64)
    b = a if second is None else np.asarray(second, dtype=np.float64)
    if a.ndim not in (1, 2) or a.size == 0 or a.shape != b.shape:
        raise ValueError(
            f"series of shapes {a.shape} and {b.shape}: must be equal, (n,) or (n, channels), and not empty"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("series: must be finite")
    a, b = (values.reshape(len(values), -1) for values in (a, b))
    if subtract_mean:
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    if levels is None:
        levels = max(1, int(np.log2(max(len(a), 2))) - 3)
    correlator = new_correlator(levels, a.shape[1])
    add_samples(correlator, np.ascontiguousarray(a), np.ascontiguousarray(b))
    lags, correlation, _ = read_correlator(correlator)
    return lags, correlation


@njit(cache=True, nogil=True)
def add_samples(correlator: Correlator, first: Floats, second: Floats) -> None:
    """Feed samples of A and B, both (n, channels); kernels call it with one row as well."""
    levels, points, channels = correlator.first.shape
    for s in range(len(first)):
        for level in range(levels):
            ring_a, ring_b = correlator.first[level], correlator.second[level]
            number = correlator.received[level]
            newest = number % points
            for c in range(channels):
                if level == 0:
                    ring_a[newest, c], ring_b[newest, c] = first[s, c], second[s, c]
                else:
                    ring_a[newest, c] = correlator.partial[level - 1, 0, c] / _MERGED
                    ring_b[newest, c] = correlator.partial[level - 1, 1, c] / _MERGED
                    correlator.partial[level - 1, 0, c] = 0.0
                    correlator.partial[level - 1, 1, c] = 0.0
                correlator.partial[level, 0, c] += ring_a[newest, c]
                correlator.partial[level, 1, c] += ring_b[newest, c]
            shortest = 0 if level == 0 else points // _MERGED
            for lag in range(shortest, min(number + 1, points)):
                older = (newest - lag) % points
                product = 0.0
                for c in range(channels):
                    product += ring_a[older, c] * ring_b[newest, c]
                correlator.sums[level, lag] += product
                correlator.counts[level, lag] += 1
            correlator.received[level] = number + 1
            if (number + 1) % _MERGED != 0:
                break

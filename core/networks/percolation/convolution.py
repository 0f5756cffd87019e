"""From fixed numbers of occupied elements to probabilities: convolutions and thresholds."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from .scan import Scan

__all__ = ["canonical", "connection_probability", "crossing", "poissonian", "threshold"]

Floats = NDArray[np.float64]
Event = Literal["mean", "any", "all", "single"]


def canonical(curve: ArrayLike, probability: ArrayLike, *, occupied: ArrayLike | None = None) -> Floats:
    """Average a microcanonical curve over the binomial distribution of the number of occupied elements.

    Parameters
    ----------
    curve : array_like
        Values for given numbers of occupied elements.
    probability : array_like
        Probability that an element is occupied, in [0, 1], any shape.
    occupied : array_like of int, optional
        Increasing numbers of occupied elements of the values, from 0 to all; between them the curve is taken as linear.
        Default: 0, 1, 2, ..., len(curve) - 1.

    Returns
    -------
    numpy.ndarray
        One value for each probability. Applied to standard errors, an upper bound of the standard error.

    Raises
    ------
    ValueError
        If shapes disagree or a probability lies outside [0, 1].

    Notes
    -----
    Weights follow from ratios of neighbours, outwards from the largest, over the window of 9 standard deviations that
    matters: no factorials, no overflow, no cancellation.

    Examples
    --------
    The number itself has the mean M p:

    >>> canonical([0, 1, 2, 3, 4], [0.0, 0.25, 1.0]).round(12).tolist()
    [0.0, 1.0, 4.0]
    """
    values, numbers = _checked_curve(curve, occupied)
    p = np.asarray(probability, dtype=np.float64)
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("probability: must lie between 0 and 1")
    total = int(numbers[-1])
    result = np.empty(p.size)
    for i, q in enumerate(p.flat):
        if q in (0.0, 1.0):
            result[i] = values[0] if q == 0.0 else values[-1]
            continue
        n = _window(total * q, math.sqrt(total * q * (1.0 - q)), total)
        steps = np.log((total - n[:-1]) / (n[:-1] + 1.0)) + (math.log(q) - math.log1p(-q))
        result[i] = _average(values, numbers, n, steps)
    return result.reshape(p.shape)


def poissonian(curve: ArrayLike, mean_number: ArrayLike, *, occupied: ArrayLike | None = None) -> Floats:
    """Average a microcanonical curve over the Poisson distribution of the number of elements.

    Parameters
    ----------
    curve, occupied : array_like
        As for `canonical`.
    mean_number : array_like
        Mean number of elements, not negative, and so small that larger numbers than those of the curve do not matter.

    Returns
    -------
    numpy.ndarray
        One value for each mean number.

    Raises
    ------
    ValueError
        If shapes disagree, or a mean number is negative or within 8 standard deviations of the end of the curve.

    Examples
    --------
    >>> [round(float(q), 12) for q in poissonian(range(100), [0.0, 2.5])]
    [0.0, 2.5]
    """
    values, numbers = _checked_curve(curve, occupied)
    means = np.asarray(mean_number, dtype=np.float64)
    total = int(numbers[-1])
    if not ((means >= 0.0) & (means + 8.0 * np.sqrt(np.maximum(means, 0.0)) <= total)).all():
        raise ValueError(f"mean_number: must not be negative, and 8 standard deviations below the last number, {total}")
    result = np.empty(means.size)
    for i, mean in enumerate(means.flat):
        if mean == 0.0:
            result[i] = values[0]
            continue
        n = _window(mean, math.sqrt(mean), total)
        result[i] = _average(values, numbers, n, math.log(mean) - np.log(n[:-1] + 1.0))
    return result.reshape(means.shape)


def connection_probability(
    scan: Scan, control: ArrayLike, *, event: Event = "mean", directions: Sequence[int] | None = None
) -> tuple[Floats, Floats]:
    """Probability that the graph is connected across, with its standard error.

    Parameters
    ----------
    scan : Scan
        Result of a scan.
    control : array_like
        Probability of an element, or number density for `scan_points`; any shape.
    event : {"mean", "any", "all", "single"}
        A given direction, averaged over `directions` (R_x); at least one (R_e); all of them (R_b); exactly one given
        direction, averaged over `directions` (R_1).
    directions : sequence of int, optional
        Directions that count, e.g. ``(0, 1)`` for a slab or ``(0,)`` for x alone. Default: all.

    Returns
    -------
    value, error : numpy.ndarray
        Of the shape of `control`. No convolution error: each scan contributes an incomplete beta or gamma function.

    Raises
    ------
    ValueError
        If the event or a direction does not exist, or `control` is out of range.

    Examples
    --------
    A ring of 3 bonds wraps with probability p^3:

    >>> from mesoscale.core.networks.percolation import scan_bonds, square_lattice
    >>> scan = scan_bonds(square_lattice((3, 1), periodic=(True, False)), 2)
    >>> round(float(connection_probability(scan, 0.5, directions=(0,))[0]), 12)
    0.125
    """
    onset = _onsets(scan, event, directions)
    points = np.asarray(control, dtype=np.float64)
    upper = _largest_control(scan)
    if not ((points >= 0.0) & (points <= upper)).all():
        raise ValueError(f"control: must lie between 0 and {upper}; scan more points for larger number densities")
    values = np.empty((2, points.size))
    for i, point in enumerate(points.flat):
        samples = _indicator(scan, onset, event, float(point))
        spread = samples.std(ddof=1) if scan.scans > 1 else math.nan
        values[:, i] = samples.mean(), spread / math.sqrt(scan.scans)
    return values[0].reshape(points.shape), values[1].reshape(points.shape)


def threshold(
    scan: Scan, level: float, *, event: Event = "mean", directions: Sequence[int] | None = None
) -> tuple[float, float]:
    """The control parameter at which the probability of an event has a given value, with its standard error.

    Parameters
    ----------
    scan : Scan
        Result of a scan.
    level : float
        Probability between 0 and 1: in two dimensions that of `torus_wrapping`, for the smallest finite-size error.
    event, directions
        As for `connection_probability`, but not "single", which is not monotone.

    Returns
    -------
    value, error : float
        Occupation probability, or number density for `scan_points`.

    Raises
    ------
    ValueError
        If the level is not reached.

    Examples
    --------
    >>> from mesoscale.core.networks.percolation import scan_bonds, square_lattice
    >>> ring = scan_bonds(square_lattice((3, 1), periodic=(True, False)), 2)
    >>> round(threshold(ring, 0.125, directions=(0,))[0], 12)
    0.5
    """
    if event == "single":
        raise ValueError('event = "single" is not monotone: use "mean", "any" or "all"')
    onset = _onsets(scan, event, directions)
    upper = _largest_control(scan)

    def excess(x: float) -> float:
        return float(_indicator(scan, onset, event, x).mean()) - level

    if not 0.0 < level < 1.0 or excess(0.0) >= 0.0 or excess(upper) <= 0.0:
        raise ValueError(
            f"level = {level}: not reached; the event has probability {excess(upper) + level:.4g} at {upper:.6g}"
        )
    root = float(optimize.brentq(excess, 0.0, upper, xtol=1e-14, rtol=1e-13))
    samples = _indicator(scan, onset, event, root)
    spread = float(samples.std(ddof=1)) if scan.scans > 1 else math.nan
    return root, spread / math.sqrt(scan.scans) / _slope(excess, root, upper)


def crossing(
    small: Scan, large: Scan, *, event: Event = "mean", directions: Sequence[int] | None = None
) -> tuple[float, float]:
    """Where the curves of two sizes cross: the threshold when no universal value is known, with its standard error.

    Parameters
    ----------
    small, large : Scan
        Scans of the same kind of graph in two sizes.
    event, directions
        As for `connection_probability`, but not "single".

    Returns
    -------
    value, error : float
        Occupation probability, or number density for `scan_points`.

    Raises
    ------
    ValueError
        If the curves do not cross where that of the small graph lies between 0.02 and 0.9.
    """
    low, high = (threshold(small, level, event=event, directions=directions)[0] for level in (0.02, 0.9))
    onsets = [_onsets(scan, event, directions) for scan in (small, large)]

    def gap(x: float) -> float:
        means = [float(_indicator(s, t, event, x).mean()) for s, t in zip((small, large), onsets, strict=True)]
        return means[1] - means[0]

    if not gap(low) < 0.0 < gap(high):
        raise ValueError(f"the curves do not cross between {low:.6g} and {high:.6g}: scan larger graphs")
    root = float(optimize.brentq(gap, low, high, xtol=1e-14, rtol=1e-13))
    variance = sum(
        float(_indicator(s, t, event, root).var(ddof=1)) / s.scans if s.scans > 1 else math.nan
        for s, t in zip((small, large), onsets, strict=True)
    )
    return root, math.sqrt(variance) / _slope(gap, root, high)


def _onsets(scan: Scan, event: Event, directions: Sequence[int] | None) -> NDArray[np.int64]:
    axes = list(range(scan.onset.shape[1])) if directions is None else list(directions)
    if event not in ("mean", "any", "all", "single"):
        raise ValueError(f'event = {event!r}: must be "mean", "any", "all" or "single"')
    if not axes or not all(axis in range(scan.onset.shape[1]) for axis in axes):
        raise ValueError(f"directions = {directions!r}: must be some of 0 to {scan.onset.shape[1] - 1}")
    chosen: NDArray[np.int64] = np.sort(scan.onset[:, axes], axis=1)
    return chosen


def _indicator(scan: Scan, onset: NDArray[np.int64], event: Event, x: float) -> Floats:
    """Probability of the event at `x` given the (sorted) onsets of each scan."""
    if event == "any":
        return _reached(scan, onset[:, 0], x)
    if event == "all":
        return _reached(scan, onset[:, -1], x)
    if event == "mean":
        return _reached(scan, onset, x).mean(axis=1)
    second = _reached(scan, onset[:, 1], x) if onset.shape[1] > 1 else 0.0
    return (_reached(scan, onset[:, 0], x) - second) / onset.shape[1]


def _reached(scan: Scan, onset: NDArray[np.int64], x: float) -> Floats:
    """P(number of occupied elements >= onset)."""
    t = np.clip(onset, 1, scan.elements).astype(np.float64)
    if scan.ensemble == "binomial":
        tail = special.betainc(t, scan.elements - t + 1.0, x)
    else:
        tail = special.gammainc(t, x * scan.volume)
    return np.where(onset > scan.elements, 0.0, np.where(onset < 1, 1.0, tail))


def _largest_control(scan: Scan) -> float:
    if scan.ensemble == "binomial":
        return 1.0
    # above, Poisson numbers beyond the last scanned point would matter
    return max(0.0, scan.elements - 6.0 * math.sqrt(scan.elements)) / scan.volume


def _slope(function: Callable[[float], float], x: float, upper: float) -> float:
    step = 1e-4 * min(x, upper - x) if upper > x else 1e-4 * x
    return abs(function(x + step) - function(x - step)) / (2.0 * step)


def _checked_curve(curve: ArrayLike, occupied: ArrayLike | None) -> tuple[Floats, Floats]:
    values = np.asarray(curve, dtype=np.float64)
    numbers = np.arange(values.size, dtype=np.float64) if occupied is None else np.asarray(occupied, dtype=np.float64)
    if values.ndim != 1 or values.size < 2 or numbers.shape != values.shape:
        raise ValueError(
            f"curve of shape {values.shape}, occupied of shape {numbers.shape}: must be equal, one-dimensional"
        )
    if numbers[0] != 0 or not (np.diff(numbers) > 0).all():
        raise ValueError("occupied: must increase from 0")
    return values, numbers


def _window(centre: float, spread: float, total: int) -> Floats:
    low, high = math.floor(centre - 9.0 * spread) - 20, math.ceil(centre + 9.0 * spread) + 20
    return np.arange(max(low, 0), min(high, total) + 1, dtype=np.float64)


def _average(values: Floats, numbers: Floats, n: Floats, steps: Floats) -> float:
    """Mean of the curve with weights whose logarithms differ by `steps`."""
    logarithm = np.concatenate([[0.0], np.cumsum(steps)])
    weight = np.exp(np.maximum(logarithm - logarithm.max(), -700.0))
    return float(weight @ np.interp(n, numbers, values) / weight.sum())

"""What one reads from positions: the distances between particles, their diffusion, and profiles."""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = ["diffusion_from_displacements", "mean_square_displacement", "radial_distribution"]

Array = NDArray[np.float64]


def radial_distribution(
    positions: ArrayLike, box: ArrayLike, edges: ArrayLike, *, references: int | None = None
) -> Array:
    """Density of neighbours at a distance over the mean density, in exact shells.

    Parameters
    ----------
    positions : array_like
        (particle, 3), anywhere.
    box : array_like
        Three edges of the periodic box.
    edges : array_like
        Borders of the shells, rising, equidistant, the last at most half the smallest edge.
    references : int, optional
        Take the neighbours of the first so many particles only, one at least.

    Returns
    -------
    numpy.ndarray
        One value a shell; 1 for independent particles (normalised with N - 1).

    Raises
    ------
    ValueError
        If an argument is not what is allowed.

    Examples
    --------
    >>> lattice = np.indices((4, 4, 4)).reshape(3, -1).T.astype(float)
    >>> radial_distribution(lattice, (4.0, 4.0, 4.0), (0.5, 1.5)).round(3).tolist()
    [1.343]
    """
    place, lengths = np.asarray(positions, dtype=float), np.asarray(box, dtype=float)
    if place.ndim != 2 or place.shape[1] != 3 or len(place) < 2 or not np.isfinite(place).all():
        raise ValueError(f"positions of shape {place.shape}: must be finite, (particle, 3), two particles or more")
    if lengths.shape != (3,) or not ((lengths > 0.0) & np.isfinite(lengths)).all():
        raise ValueError(f"box = {box!r}: must be three edges greater than 0")
    if references is not None and references < 1:
        raise ValueError(f"references = {references}: must be at least 1")
    borders = np.asarray(edges, dtype=float)
    if borders.ndim != 1 or len(borders) < 2 or not (np.diff(borders) > 0).all() or borders[0] < 0:
        raise ValueError("edges: must be rising borders of shells, from 0 on")
    if not np.allclose(np.diff(borders), borders[1] - borders[0]):
        raise ValueError("edges: must be equidistant")
    if borders[-1] > 0.5 * lengths.min() * (1.0 + 1e-12):
        raise ValueError(f"edges: must end at half the box, {0.5 * lengths.min():.4g}, at most")
    n = len(place)
    chosen = n if references is None else min(int(references), n)
    counts = _count_distances(np.ascontiguousarray(place), lengths, chosen, float(borders[0]), float(borders[-1]),
                              len(borders) - 1)  # fmt: skip
    shells = 4.0 / 3.0 * math.pi * np.diff(borders**3)
    return counts * float(lengths.prod()) / (shells * chosen * (n - 1.0))


@njit(cache=True, nogil=True)
def _count_distances(place: Any, box: Any, references: int, low: float, high: float, bins: int) -> Any:
    counts = np.zeros(bins)
    per_bin = bins / (high - low)
    for i in range(references):
        for j in range(len(place)):
            square = 0.0
            for axis in range(3):
                d = place[i, axis] - place[j, axis]
                d -= box[axis] * np.rint(d / box[axis])
                square += d * d
            if square < high * high and i != j:
                r = math.sqrt(square)
                if r >= low:
                    counts[min(int((r - low) * per_bin), bins - 1)] += 1.0
    return counts


def mean_square_displacement(frames: ArrayLike, axes: tuple[int, ...] = (0, 1, 2), groups: int = 10) -> Array:
    """Mean square displacement for lags of 0, 1, 2, ... frames (up to half of them), over all origins.

    Parameters
    ----------
    frames : array_like
        Unwrapped positions (frame, particle, 3).
    axes : tuple of int
        Directions that count.
    groups : int
        The particles are split into so many groups, whose spread tells the error; at most as many as particles.

    Returns
    -------
    numpy.ndarray
        (group, lag), per direction.

    Raises
    ------
    ValueError
        If an argument is not what is allowed.

    Examples
    --------
    >>> flight = np.arange(5.0)[:, None, None] * np.array([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0]])  # two that fly straight
    >>> mean_square_displacement(flight, groups=2).tolist()
    [[0.0, 0.3333333333333333, 1.3333333333333333], [0.0, 3.0, 12.0]]
    """
    whole = np.asarray(frames, dtype=float)
    if whole.ndim != 3 or whole.shape[2] != 3 or len(whole) < 1 or not np.isfinite(whole).all():
        raise ValueError(f"frames of shape {whole.shape}: must be finite, (frame, particle, 3), one frame or more")
    if not axes or not set(axes) <= {0, 1, 2}:
        raise ValueError(f"axes = {axes!r}: must be some of 0, 1, 2")
    if not 1 <= groups <= whole.shape[1]:
        raise ValueError(f"groups = {groups}: must be from 1 to the number of particles, {whole.shape[1]}")
    path = whole[:, :, list(axes)]
    lags = len(path) // 2 + 1
    result = np.zeros((groups, lags))
    members = np.arange(path.shape[1]) % groups
    for lag in range(1, lags):
        moved = path[lag:] - path[:-lag]
        square = (moved * moved).mean(axis=(0, 2))
        result[:, lag] = np.bincount(members, square, groups) / np.bincount(members, minlength=groups)
    return result


def diffusion_from_displacements(squares: ArrayLike, interval: float, earliest: float) -> tuple[float, float]:
    """Diffusion coefficient and its error from `mean_square_displacement`: half the slope beyond the lag `earliest`.

    Parameters
    ----------
    squares : array_like
        (group, lag), per direction.
    interval : float
        Time between frames.
    earliest : float
        Lag after which particles have forgotten their velocities.

    Raises
    ------
    ValueError
        If there are fewer than two lags after it, or an argument is not what is allowed.

    Examples
    --------
    >>> walk = np.cumsum(np.random.default_rng(0).normal(size=(101, 500, 3)), axis=0)
    >>> value, error = diffusion_from_displacements(mean_square_displacement(walk), interval=1.0, earliest=5.0)
    >>> bool(abs(value - 0.5) < 3 * error)
    True
    """
    table = np.asarray(squares, dtype=float)
    if table.ndim != 2 or len(table) < 2 or not np.isfinite(table).all():
        raise ValueError(f"squares of shape {table.shape}: must be finite, (group, lag), two groups or more")
    if not 0.0 < interval < math.inf or not 0.0 <= earliest < math.inf:
        raise ValueError(f"interval = {interval}, earliest = {earliest}: must be a time greater than 0 and a lag")
    first, last = math.ceil(earliest / interval), table.shape[1] - 1
    if first >= last:
        raise ValueError(f"earliest = {earliest}: the frames reach a lag of {last * interval:.4g} only")
    slopes = (table[:, last] - table[:, first]) / (2.0 * (last - first) * interval)
    return float(slopes.mean()), float(slopes.std(ddof=1) / math.sqrt(len(slopes)))

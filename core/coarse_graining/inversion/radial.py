"""Radial distributions of particles in periodic cells of any shape, with exact shells and block errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...kernels.threads import map_blocks
from ...model import ParameterError
from ...model.progress import library_version
from ..mapping.cells import Cell, nearest_shift, read_cell
from ..mapping.datasets import box_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["block_ratios", "error_of_mean", "radial_distribution", "read_frames", "shell_edges", "shell_volumes"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_PAIRS = 2**26  # pairs of one kernel call, about 0.2 s


def radial_distribution(
    positions: ArrayLike | xr.Dataset,
    box: ArrayLike | None = None,
    *,
    width: float,
    cutoff: float | None = None,
    first: ArrayLike | None = None,
    second: ArrayLike | None = None,
    exclude: ArrayLike | Sequence[tuple[int, int]] | None = None,
    blocks: int = 20,
) -> xr.Dataset:
    """How much more often than in an ideal gas two particles are found at a distance, equation (1).

    Parameters
    ----------
    positions : array_like or xarray.Dataset
        (frame, particle, 3) or (particle, 3), wrapped or not; or a dataset with ``position`` and ``box``.
    box : array_like, optional
        Edge lengths (3,), lattice vectors in rows (3, 3), or one such matrix a frame. Read from a dataset.
    width : float
        Thickness of a shell.
    cutoff : float, optional
        Largest distance; it is rounded to a whole number of shells. Default: half the shortest lattice vector, which is
        also the largest that is allowed: beyond, shells are incomplete.
    first, second : array_like, optional
        Numbers of the particles of two kinds, which must be the same or have none in common. Default: all, and
        `second` as `first`.
    exclude : array_like, optional
        Pairs (n, 2) that do not count, such as those within a molecule. The ideal gas leaves them out, too.
    blocks : int
        Number of consecutive blocks of frames whose scatter gives the standard error; a block should be longer than
        the memory of the liquid. Of one frame nothing can be told: NaN.

    Returns
    -------
    xarray.Dataset
        On ``distance`` (the middle of each shell): ``g``, ``g_error``, ``count`` (pairs of all frames) and
        ``neighbours`` (mean number of `second` around one of `first` up to the outer edge of the shell); ``density``
        (of `second`), ``frames`` and ``pairs`` (that may count in a frame).

    Raises
    ------
    ParameterError
        If an argument is not allowed.

    Examples
    --------
    >>> gas = np.random.default_rng(0).uniform(0, 10, (50, 200, 3))
    >>> result = radial_distribution(gas, [10, 10, 10], width=0.5)
    >>> bool((abs(result.g - 1) < 5 * result.g_error).all()), result.sizes["distance"]
    (True, 10)
    """
    points, cell, unit = read_frames("radial_distribution", positions, box)
    if cell is None:
        raise _error("box", "must be given: without a volume there is no density to compare with")
    a, b = _kinds(first, second, points.shape[1])
    edges = shell_edges(width, cutoff, cell.reach)
    excluded = _read_excluded(exclude, a, b, points.shape[1])
    same = a is b
    pairs = (len(a) * (len(a) - 1) // 2 if same else len(a) * len(b)) - len(excluded)
    if pairs < 1:
        raise _error("first", "must leave at least one pair")
    counts = _count(points, cell, edges, a, b, excluded)
    volumes = np.broadcast_to(cell.volumes, (len(points),))
    ideal = pairs * shell_volumes(edges)[None, :] / volumes[:, None]
    total = counts.sum(axis=0)
    g = total / ideal.sum(axis=0)
    error = error_of_mean(block_ratios(counts, ideal, _whole("blocks", blocks)))
    middle = (np.arange(len(total)) + 0.5) * edges[1]  # the same bits wherever shells are made
    around = np.cumsum(total) * (2.0 if same else 1.0) / (len(a) * len(points))

    def says(words: str, units: str = "1") -> dict[str, str]:
        return {"units": units, "long_name": words}

    recipe = {
        "function": "mesoscale.core.coarse_graining.inversion.radial_distribution", "width": float(edges[1]),
        "cutoff": float(edges[-1]), "blocks": blocks, "excluded": len(excluded), "version": library_version(),
        "replayable": False,
    }  # fmt: skip
    inverse = "1" if unit == "1" else f"{unit}-3"
    return xr.Dataset(
        {
            "g": ("distance", g, says("radial distribution")),
            "g_error": ("distance", error, says("standard error of the radial distribution")),
            "count": ("distance", total, says("number of pairs in the shell, all frames")),
            "neighbours": ("distance", around, says("mean number of neighbours up to the outer edge of the shell")),
            "density": ((), len(b) * float((1.0 / volumes).mean()), says("mean density of the second kind", inverse)),
            "frames": ((), len(points), says("number of frames")),
            "pairs": ((), pairs, says("number of pairs that may count in a frame")),
        },
        {"distance": ("distance", middle, says("distance, middle of the shell", unit))},
        {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)},
    )


def read_frames(
    function: str, positions: ArrayLike | xr.Dataset, box: ArrayLike | None
) -> tuple[Floats, Cell | None, str]:
    """Positions (frame, particle, 3), their cell, and the unit of length."""
    unit = "1"
    if isinstance(positions, xr.Dataset):
        if "position" not in positions:
            raise ParameterError(function, {"positions": "must be a dataset with a variable position"})
        unit = str(positions["position"].attrs.get("units", "1"))
        box = box_of(positions) if box is None else box
        values = np.asarray(positions["position"].values, dtype=np.float64)
    else:
        values = np.asarray(positions, dtype=np.float64)
    if values.ndim not in (2, 3) or values.shape[-1] != 3 or values.size == 0:
        sentence = f"must have the shape (frame, particle, 3) or (particle, 3), not {values.shape}"
        raise ParameterError(function, {"positions": sentence})
    if not np.isfinite(values).all():
        raise ParameterError(function, {"positions": "must be finite"})
    values = np.ascontiguousarray(values.reshape(-1, *values.shape[-2:]))
    return values, None if box is None else read_cell(box, len(values)), unit


def shell_edges(width: float, cutoff: float | None, reach: float) -> Floats:
    """Edges 0, w, 2 w, ... of shells up to the cutoff."""
    if isinstance(width, bool) or not np.isfinite(width) or not width > 0.0:
        raise _error("width", f"must be a positive number, not {width!r}")
    limit = reach * (1.0 + 1e-9)
    if cutoff is not None and not width <= cutoff <= limit:
        raise _error(
            "cutoff", f"must be from one width to {reach:.9g}, half the shortest lattice vector, not {cutoff!r}"
        )
    number = int(np.floor(reach / width * (1.0 + 1e-9))) if cutoff is None else int(np.rint(cutoff / width))
    if not 1 <= number <= 1_000_000:
        raise _error("width", f"must give from 1 to a million shells up to {reach:.9g}, not {number}")
    if number * width > limit:
        number -= 1
    return np.asarray(np.arange(number + 1) * width, dtype=np.float64)


def shell_volumes(edges: Floats) -> Floats:
    """Exact volumes between spheres."""
    return np.asarray(4.0 / 3.0 * np.pi * np.diff(edges**3))


def block_ratios(counts: NDArray[Any], ideal: Floats, blocks: int) -> Floats:
    """Ratios of sums over frames (rows) in consecutive blocks of them."""
    number = min(blocks, len(counts))
    begin = np.linspace(0, len(counts), number + 1).astype(np.int64)[:-1]
    ratios: Floats = np.add.reduceat(counts, begin, axis=0) / np.add.reduceat(ideal, begin, axis=0)
    return ratios


def error_of_mean(blocks: Floats) -> Floats:
    """Standard error of the mean of independent rows; NaN for a single one."""
    if len(blocks) < 2:
        return np.full(blocks.shape[1], np.nan)
    return np.asarray(blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks)))


def _whole(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise _error(name, f"must be a whole number of at least 1, not {value!r}")
    return int(value)


def _kinds(first: ArrayLike | None, second: ArrayLike | None, particles: int) -> tuple[Integers, Integers]:
    def read(name: str, given: ArrayLike) -> Integers:
        kind = np.asarray(given)
        if kind.ndim != 1 or kind.dtype.kind not in "iu" or len(kind) == 0:
            raise _error(name, "must be numbers of particles, shape (n,); use numpy.flatnonzero(types == ...)")
        if kind.min() < 0 or kind.max() >= particles or len(np.unique(kind)) < len(kind):
            raise _error(name, f"must be different numbers from 0 to {particles - 1}")
        return kind.astype(np.int64)

    a = np.arange(particles) if first is None else read("first", first)
    if second is None:
        return a, a
    b = read("second", second)
    common = len(np.intersect1d(a, b))
    if common == len(a) == len(b):
        return a, a
    if common:
        raise _error("second", f"must be the same particles as first, or none of them, not {common} of them")
    return a, b


def _read_excluded(exclude: Any, a: Integers, b: Integers, particles: int) -> Integers:
    """Excluded pairs that would count otherwise, each once."""
    pairs = np.asarray([] if exclude is None else exclude)
    if pairs.size == 0:
        return np.empty((0, 2), np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise _error("exclude", f"must be pairs of particles (n, 2), not of shape {pairs.shape}")
    if pairs.min() < 0 or pairs.max() >= particles:
        raise _error("exclude", f"must be numbers from 0 to {particles - 1}")
    pairs = np.unique(np.sort(pairs.astype(np.int64), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    in_a, in_b = (np.isin(np.arange(particles), kind) for kind in (a, b))
    i, j = pairs.T
    return pairs[(in_a[i] & in_b[j]) | (in_b[i] & in_a[j])]


def _count(points: Floats, cell: Cell, edges: Floats, a: Integers, b: Integers, excluded: Integers) -> Integers:
    """Pairs in each shell, frame by frame."""
    same = a is b
    counts = np.zeros((len(points), len(edges) - 1), dtype=np.int64)
    members = a if same else np.concatenate([a, b])
    kinds = np.zeros(len(members), np.int64)
    kinds[len(a) :] = 0 if same else 1
    heights = 1.0 / np.sqrt((cell.reduced_inverse**2).sum(axis=1))
    grid = np.floor(heights.min(axis=0) / edges[-1]).astype(np.int64)
    crowded = len(members) > 300 and grid.prod() >= 64
    grid = np.minimum(grid, max(3, int(np.cbrt(len(members) / 2.0))))  # no more cells than particles
    pairs = len(members) ** 2 * (27.0 / grid.prod() if crowded else 1.0)

    def work(begin: int, end: int) -> None:
        for f in range(begin, end):
            c = f if len(cell.vectors) > 1 else 0
            h, g, limit = cell.reduced[c], cell.reduced_inverse[c], cell.limit[c]
            if crowded:
                _count_in_cells(points[f], h, g, members, kinds, same, grid, edges[1], counts[f])
            else:
                _count_all(points[f], h, g, limit, cell.rectangular, a, b, same, edges[1], counts[f])
            _discount(points[f], h, g, limit, excluded, edges[1], counts[f])

    map_blocks(work, len(points), max(1, int(_PAIRS / max(pairs, 1.0))))
    return counts


def _error(name: str, sentence: str) -> ParameterError:
    return ParameterError("radial_distribution", {name: sentence})


@njit(cache=True, nogil=True)
def _fold_points(points: Floats, members: Integers, h: Floats, g: Floats, out: Floats, fractions: Floats) -> None:
    """Members within the reduced cell: coordinates in rows of `out` (3, n), fractional ones in `fractions`."""
    for m in range(len(members)):
        x, y, z = points[members[m], 0], points[members[m], 1], points[members[m], 2]
        for c in range(3):
            f = x * g[0, c] + y * g[1, c] + z * g[2, c]
            f -= np.floor(f)
            fractions[c, m] = min(f, 1.0 - 2.0**-53)
        for d in range(3):
            out[d, m] = fractions[0, m] * h[0, d] + fractions[1, m] * h[1, d] + fractions[2, m] * h[2, d]


@njit(cache=True, nogil=True)
def _count_all(
    points: Floats, h: Floats, g: Floats, limit: float, rectangular: bool, a: Integers, b: Integers, same: bool,
    width: float, counts: Integers,
) -> None:  # fmt: skip
    """Every pair, by its nearest image."""
    bins = len(counts)
    far, scale = (bins * width) ** 2, 1.0 / width
    p, q, work = np.empty((3, len(a))), np.empty((3, len(b))), np.empty((3, max(len(a), len(b))))
    _fold_points(points, a, h, g, p, work)
    _fold_points(points, b, h, g, q, work)
    lx, ly, lz = h[0, 0], h[1, 1], h[2, 2]
    square = np.empty(len(b))
    for i in range(len(a)):
        x, y, z = p[0, i], p[1, i], p[2, i]
        low = i + 1 if same else 0
        if rectangular:
            for j in range(low, len(b)):
                dx, dy, dz = abs(x - q[0, j]), abs(y - q[1, j]), abs(z - q[2, j])
                dx, dy, dz = min(dx, lx - dx), min(dy, ly - dy), min(dz, lz - dz)
                square[j] = dx * dx + dy * dy + dz * dz
        else:
            for j in range(low, len(b)):
                dx, dy, dz = x - q[0, j], y - q[1, j], z - q[2, j]
                n0, n1, n2 = nearest_shift(dx, dy, dz, h, g, limit)
                dx -= n0 * h[0, 0] + n1 * h[1, 0] + n2 * h[2, 0]
                dy -= n0 * h[0, 1] + n1 * h[1, 1] + n2 * h[2, 1]
                dz -= n0 * h[0, 2] + n1 * h[1, 2] + n2 * h[2, 2]
                square[j] = dx * dx + dy * dy + dz * dz
        for j in range(low, len(b)):
            if square[j] < far:
                k = int(np.sqrt(square[j]) * scale)
                if k < bins:
                    counts[k] += 1


@njit(cache=True, nogil=True)
def _count_in_cells(
    points: Floats, h: Floats, g: Floats, members: Integers, kinds: Integers, same: bool, grid: Integers,
    width: float, counts: Integers,
) -> None:  # fmt: skip
    """Pairs of neighbouring cells, which are at least as wide as the cutoff; images are named, not searched."""
    n, bins = len(members), len(counts)
    far, scale = (bins * width) ** 2, 1.0 / width
    nx, ny, nz = grid[0], grid[1], grid[2]
    folded, fractions = np.empty((3, n)), np.empty((3, n))
    _fold_points(points, members, h, g, folded, fractions)
    home, start = np.empty(n, np.int64), np.zeros(nx * ny * nz + 1, np.int64)
    for m in range(n):
        i, j, k = int(fractions[0, m] * nx), int(fractions[1, m] * ny), int(fractions[2, m] * nz)
        home[m] = (i * ny + j) * nz + k
        start[home[m] + 1] += 1
    for c in range(nx * ny * nz):
        start[c + 1] += start[c]
    place = start[:-1].copy()
    row, kind = np.empty((3, n)), np.empty(n, np.int64)
    for m in range(n):
        s = place[home[m]]
        place[home[m]] += 1
        row[0, s], row[1, s], row[2, s], kind[s] = folded[0, m], folded[1, m], folded[2, m], kinds[m]
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                c = (i * ny + j) * nz + k
                for code in range(13, 27):  # itself, and half of its neighbours
                    u, v, w = i + code // 9 - 1, j + code // 3 % 3 - 1, k + code % 3 - 1
                    s0, s1, s2 = u // nx, v // ny, w // nz  # cells around the border, as numbers of lattice vectors
                    d = ((u - s0 * nx) * ny + v - s1 * ny) * nz + w - s2 * nz
                    tx = s0 * h[0, 0] + s1 * h[1, 0] + s2 * h[2, 0]
                    ty = s0 * h[0, 1] + s1 * h[1, 1] + s2 * h[2, 1]
                    tz = s0 * h[0, 2] + s1 * h[1, 2] + s2 * h[2, 2]
                    for p in range(start[c], start[c + 1]):
                        for q in range(p + 1 if code == 13 else start[d], start[d + 1]):
                            dx, dy, dz = (
                                row[0, q] + tx - row[0, p],
                                row[1, q] + ty - row[1, p],
                                row[2, q] + tz - row[2, p],
                            )
                            square = dx * dx + dy * dy + dz * dz
                            if square < far and (same or kind[p] != kind[q]):
                                b = int(np.sqrt(square) * scale)
                                if b < bins:
                                    counts[b] += 1


@njit(cache=True, nogil=True)
def _discount(
    points: Floats, h: Floats, g: Floats, limit: float, excluded: Integers, width: float, counts: Integers
) -> None:
    for e in range(len(excluded)):
        i, j = excluded[e, 0], excluded[e, 1]
        dx, dy, dz = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1], points[i, 2] - points[j, 2]
        n0, n1, n2 = nearest_shift(dx, dy, dz, h, g, limit)
        dx -= n0 * h[0, 0] + n1 * h[1, 0] + n2 * h[2, 0]
        dy -= n0 * h[0, 1] + n1 * h[1, 1] + n2 * h[2, 1]
        dz -= n0 * h[0, 2] + n1 * h[1, 2] + n2 * h[2, 2]
        k = int(np.sqrt(dx * dx + dy * dy + dz * dz) / width)
        if k < len(counts):
            counts[k] -= 1

"""Boltzmann inversion: from histograms of bonds, angles, dihedrals and pairs to potentials of mean force."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from ...model.progress import library_version
from ..mapping.cells import Cell, nearest_images
from .radial import block_ratios, error_of_mean, read_frames

__all__ = [
    "bond_angles",
    "bond_lengths",
    "dihedral_angles",
    "invert_angles",
    "invert_bonds",
    "invert_dihedrals",
    "invert_pairs",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_CHUNK = 2**21  # internal coordinates at a time


def bond_lengths(positions: ArrayLike | xr.Dataset, bonds: ArrayLike, box: ArrayLike | None = None) -> Floats:
    """Distances of bonded particles, by their nearest images.

    Parameters
    ----------
    positions : array_like or xarray.Dataset
        (frame, particle, 3) or (particle, 3); or a dataset with ``position`` and perhaps ``box``.
    bonds : array_like
        Pairs of particles (n, 2).
    box : array_like, optional
        Edge lengths (3,), lattice vectors in rows (3, 3), or one such matrix a frame. Without it nothing is periodic.

    Returns
    -------
    numpy.ndarray
        (frame, n).

    Raises
    ------
    ParameterError
        If an argument is not allowed.

    Examples
    --------
    >>> bond_lengths([[0.5, 0, 0], [9.5, 0, 0]], [[0, 1]], [10, 10, 10]).tolist()
    [[1.0]]
    """
    return _measure("bond_lengths", "bonds", positions, bonds, box, 2)


def bond_angles(positions: ArrayLike | xr.Dataset, angles: ArrayLike, box: ArrayLike | None = None) -> Floats:
    """Angles [rad] at the middle one of three particles, 0 to pi; `angles` is (n, 3), the rest as in `bond_lengths`.

    Examples
    --------
    >>> bond_angles([[1, 0, 0], [0, 0, 0], [0, 2, 0]], [[0, 1, 2]]).round(6).tolist()
    [[1.570796]]
    """
    return _measure("bond_angles", "angles", positions, angles, box, 3)


def dihedral_angles(positions: ArrayLike | xr.Dataset, dihedrals: ArrayLike, box: ArrayLike | None = None) -> Floats:
    """Angles [rad] between the planes of four particles, -pi to pi, 0 for cis, positive clockwise (IUPAC).

    `dihedrals` is (n, 4), the rest as in `bond_lengths`.

    Examples
    --------
    >>> dihedral_angles([[1, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]], [[0, 1, 2, 3]]).round(6).tolist()
    [[1.570796]]
    """
    return _measure("dihedral_angles", "dihedrals", positions, dihedrals, box, 4)


def invert_bonds(
    lengths: ArrayLike,
    *,
    thermal_energy: float = 1.0,
    bins: int = 100,
    limits: tuple[float, float] | None = None,
    zero_at: float | None = None,
    blocks: int = 20,
) -> xr.Dataset:
    r"""Potential of bonds from their lengths, :math:`U = -kT \ln [p(b)/b^2]`.

    Parameters
    ----------
    lengths : array_like
        (frame, bond), as of `bond_lengths`, or (frame,).
    thermal_energy : float
        kT, in the unit in which the potential is wanted.
    bins : int
        Number of bins; the factor b^2 is integrated over each of them.
    limits : tuple of float, optional
        First and last edge. Default: from the shortest to the longest.
    zero_at : float, optional
        Where U is zero. Default: in the lowest bin, whose value is a little too low by its own luck.
    blocks : int
        Consecutive blocks of frames whose scatter gives the errors; a block should be longer than the memory of the
        coordinate.

    Returns
    -------
    xarray.Dataset
        On ``distance``: ``U``, zero in one bin, with ``U_error``, that of the difference from that bin; ``probability``
        (density) with its error, and ``count``. Where nothing was sampled, U is NaN.

    Raises
    ------
    ParameterError
        If an argument is not allowed.

    Examples
    --------
    >>> shell = np.random.default_rng(0).uniform(0.8**3, 1.2**3, (100, 1000)) ** (1 / 3)  # uniform in space
    >>> result = invert_bonds(shell, bins=5)
    >>> float(result.U.max()) < 0.05
    True
    """
    values = _samples("invert_bonds", "lengths", lengths, 0.0, np.inf)
    edges = _edges("invert_bonds", values, bins, limits, 0.0, np.inf)
    return _invert("invert_bonds", values, edges, np.diff(edges**3) / 3.0, thermal_energy, zero_at, blocks, "distance")


def invert_angles(
    angles: ArrayLike,
    *,
    thermal_energy: float = 1.0,
    bins: int = 90,
    limits: tuple[float, float] | None = None,
    zero_at: float | None = None,
    blocks: int = 20,
) -> xr.Dataset:
    r"""Potential of angles [rad], :math:`U = -kT \ln [p(\theta)/\sin\theta]`; as `invert_bonds`, on ``angle``.

    Examples
    --------
    >>> free = np.arccos(np.random.default_rng(0).uniform(-1, 1, (100, 1000)))
    >>> float(invert_angles(free, bins=6, limits=(0, np.pi)).U.max()) < 0.1
    True
    """
    values = _samples("invert_angles", "angles", angles, 0.0, np.pi)
    edges = _edges("invert_angles", values, bins, limits, 0.0, np.pi)
    return _invert("invert_angles", values, edges, -np.diff(np.cos(edges)), thermal_energy, zero_at, blocks, "angle")


def invert_dihedrals(
    dihedrals: ArrayLike,
    *,
    thermal_energy: float = 1.0,
    bins: int = 72,
    zero_at: float | None = None,
    blocks: int = 20,
) -> xr.Dataset:
    r"""Potential of dihedral angles [rad], :math:`U = -kT \ln p`, periodic; as `invert_bonds`, on ``dihedral``.

    Examples
    --------
    >>> free = np.random.default_rng(0).uniform(-np.pi, np.pi, (100, 1000))
    >>> float(invert_dihedrals(free, bins=6).U.max()) < 0.1
    True
    """
    values = _samples("invert_dihedrals", "dihedrals", dihedrals, -2.0 * np.pi, 2.0 * np.pi)
    values = values - 2.0 * np.pi * np.floor(values / (2.0 * np.pi) + 0.5)
    edges = np.linspace(-np.pi, np.pi, _bins("invert_dihedrals", bins) + 1)
    return _invert("invert_dihedrals", values, edges, np.diff(edges), thermal_energy, zero_at, blocks, "dihedral")


def invert_pairs(distribution: xr.Dataset, *, thermal_energy: float = 1.0) -> xr.Dataset:
    r"""Potential of mean force of pairs, :math:`U = -kT \ln g(r)`: the pair potential of a dilute gas only.

    Parameters
    ----------
    distribution : xarray.Dataset
        As of `radial_distribution`.
    thermal_energy : float
        kT.

    Returns
    -------
    xarray.Dataset
        On ``distance``: ``U`` (zero far away, NaN where no pair was found) and ``U_error``.

    Raises
    ------
    ParameterError
        If an argument is not allowed.

    Examples
    --------
    >>> made = xr.Dataset({"g": ("distance", [0.0, 1.0, 2.0])}, {"distance": [0.5, 1.5, 2.5]})
    >>> invert_pairs(made).U.values.round(4).tolist()
    [nan, -0.0, -0.6931]
    """
    kt = _energy("invert_pairs", thermal_energy)
    if "g" not in distribution or distribution["g"].dims != ("distance",):
        raise ParameterError("invert_pairs", {"distribution": "must have a variable g on distance"})
    g = np.asarray(distribution["g"].values, dtype=np.float64)
    error = np.asarray(distribution["g_error"].values if "g_error" in distribution else np.full_like(g, np.nan))
    seen = g > 0.0
    safe = np.where(seen, g, 1.0)
    arrays = {"U": np.where(seen, -kt * np.log(safe), np.nan), "U_error": np.where(seen, kt * error / safe, np.nan)}
    return _labelled("invert_pairs", arrays, "distance", distribution["distance"].values, kt)


def _invert(
    function: str, values: Floats, edges: Floats, measure: Floats, thermal_energy: float, zero_at: float | None,
    blocks: int, coordinate: str,
) -> xr.Dataset:  # fmt: skip
    kt = _energy(function, thermal_energy)
    if isinstance(blocks, bool) or not isinstance(blocks, int | np.integer) or blocks < 1:
        raise ParameterError(function, {"blocks": f"must be a whole number of at least 1, not {blocks!r}"})
    counts = np.stack([np.histogram(row, edges)[0] for row in values])
    total = counts.sum(axis=0)
    if total.sum() == 0:
        raise ParameterError(function, {"limits": "must enclose some of the samples"})
    ideal = np.broadcast_to(float(values.shape[1]) * np.diff(edges), counts.shape)
    density, seen = total / ideal.sum(axis=0), total > 0
    safe = np.where(seen, density, 1.0)
    energy = np.where(seen, -kt * np.log(safe * np.diff(edges) / measure), np.nan)
    zero = int(np.nanargmin(energy)) if zero_at is None else int(np.searchsorted(edges, zero_at, side="right")) - 1
    if not (0 <= zero < len(total) and seen[zero]):
        sentence = f"must lie in a bin with samples, between {edges[0]:.6g} and {edges[-1]:.6g}, not {zero_at!r}"
        raise ParameterError(function, {"zero_at": sentence})
    scatter = block_ratios(counts, ideal, blocks)
    ahead = scatter / safe - scatter[:, [zero]] / safe[zero]  # d ln p less that of the bin where U is zero
    arrays = {
        "U": energy - energy[zero],
        "U_error": np.where(seen, kt * error_of_mean(ahead), np.nan),
        "probability": density,
        "probability_error": error_of_mean(scatter),
        "count": total,
    }
    return _labelled(function, arrays, coordinate, 0.5 * (edges[1:] + edges[:-1]), kt)


def _labelled(function: str, arrays: dict[str, Floats], coordinate: str, middle: Floats, kt: float) -> xr.Dataset:
    unit = "1" if coordinate == "distance" else "rad"
    words = {
        "U": "potential of mean force", "U_error": "standard error of the potential of mean force",
        "probability": "probability density", "probability_error": "standard error of the probability density",
        "count": "number of samples",
    }  # fmt: skip
    variables = {
        name: (coordinate, values, {"units": "1", "long_name": words[name]}) for name, values in arrays.items()
    }
    variables["U"][2]["comment"] = "NaN where nothing was sampled"
    recipe = {
        "function": f"mesoscale.core.coarse_graining.inversion.{function}", "thermal_energy": kt,
        "version": library_version(), "replayable": False,
    }  # fmt: skip
    return xr.Dataset(
        variables,
        {coordinate: (coordinate, middle, {"units": unit, "long_name": f"{coordinate}, middle of the bin"})},
        {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)},
    )


def _measure(
    function: str, name: str, positions: ArrayLike | xr.Dataset, indices: ArrayLike, box: ArrayLike | None, width: int
) -> Floats:
    points, cell, _ = read_frames(function, positions, box)
    table = np.asarray(indices)
    if table.ndim != 2 or table.shape[1] != width or table.dtype.kind not in "iu" or len(table) == 0:
        raise ParameterError(function, {name: f"must be numbers of particles (n, {width}), not of shape {table.shape}"})
    if table.min() < 0 or table.max() >= points.shape[1]:
        raise ParameterError(function, {name: f"must be numbers from 0 to {points.shape[1] - 1}"})
    if (np.diff(np.sort(table, axis=1), axis=1) == 0).any():
        raise ParameterError(function, {name: "must not name a particle twice"})
    out = np.empty((len(points), len(table)))
    rows = max(1, _CHUNK // len(table))
    for begin in range(0, len(points), rows):
        some = slice(begin, begin + rows)
        steps = [_step(points, cell, some, table[:, n], table[:, n + 1]) for n in range(width - 1)]
        out[some] = _of_steps(steps)
    return out


def _step(points: Floats, cell: Cell | None, some: slice, begin: Integers, end: Integers) -> Floats:
    step = points[some][:, end] - points[some][:, begin]
    if cell is not None:
        nearest_images(step, cell, some.start)
    return step


def _of_steps(steps: list[Floats]) -> Floats:
    if len(steps) == 1:
        return np.asarray(np.sqrt((steps[0] ** 2).sum(axis=-1)))
    if len(steps) == 2:
        a, b = -steps[0], steps[1]
        return np.asarray(np.arctan2(np.sqrt((np.cross(a, b) ** 2).sum(axis=-1)), (a * b).sum(axis=-1)))
    first, second = np.cross(steps[0], steps[1]), np.cross(steps[1], steps[2])
    length = np.sqrt((steps[1] ** 2).sum(axis=-1))
    return np.asarray(np.arctan2(length * (steps[0] * second).sum(axis=-1), (first * second).sum(axis=-1)))


def _samples(function: str, name: str, given: ArrayLike, low: float, high: float) -> Floats:
    values = np.asarray(given, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise ParameterError(function, {name: f"must be finite, (frame, {name}) or (frame,), not {np.shape(given)}"})
    if values.min() < low or values.max() > high * (1.0 + 1e-12):
        degrees = "" if high == np.inf else "; in rad, not in degrees"
        raise ParameterError(function, {name: f"must lie between {low:.6g} and {high:.6g}{degrees}"})
    return values


def _bins(function: str, bins: int) -> int:
    if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or not 1 <= bins <= 1_000_000:
        raise ParameterError(function, {"bins": f"must be a whole number from 1 to a million, not {bins!r}"})
    return int(bins)


def _edges(
    function: str, values: Floats, bins: int, limits: tuple[float, float] | None, low: float, high: float
) -> Floats:
    first, last = (values.min(), values.max()) if limits is None else limits
    if not low <= first < last <= high * (1.0 + 1e-12) or not np.isfinite(last):
        sentence = f"must rise, between {low:.6g} and {high:.6g}, not {first:.6g} to {last:.6g}"
        raise ParameterError(function, {"limits": sentence})
    return np.linspace(first, last, _bins(function, bins) + 1)


def _energy(function: str, thermal_energy: float) -> float:
    if isinstance(thermal_energy, bool) or not 0.0 < thermal_energy < np.inf:
        raise ParameterError(function, {"thermal_energy": f"must be a positive number, not {thermal_energy!r}"})
    return float(thermal_energy)

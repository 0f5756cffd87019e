r"""Profiles and surfaces from metadynamics: weighted samples with errors from blocks, or the bias itself.

Weights and factor are equations (2) and (3) of `well_tempered`. Errors are a jackknife over blocks of the run, and the
two halves of the run must agree within them.

References
----------
1. Tiwary & Parrinello, J. Phys. Chem. B 119, 736 (2015), doi:10.1021/jp504920s.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from ...model.progress import library_version
from .bias_grid import read_bias
from .collective import check_counts
from .multistate import labelled
from .overlap import ConvergenceError
from .profile import bins_of, checked_grid, profile_dataset, reference_bin

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["free_energy_surface", "metadynamics_profile"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Weighed(NamedTuple):
    """What weighted samples say about bins, of whatever dimension."""

    free_energy: Floats
    error: Floats
    probability: Floats
    spread: Floats
    effective: Floats
    zero: int
    known: dict[str, tuple[Any, Any, str]]


def metadynamics_profile(
    run: xr.Dataset,
    edges: ArrayLike | None = None,
    *,
    along: Literal[0, 1] = 0,
    method: Literal["reweighting", "bias"] = "reweighting",
    zero_at: float | None = None,
    discard: float = 0.2,
    blocks: int | None = None,
) -> xr.Dataset:
    """F(s) from a run of `metadynamics`, or along one of the two coordinates of `metadynamics_surface`.

    Parameters
    ----------
    run : xarray.Dataset
        Result of `metadynamics` or `metadynamics_surface`.
    edges : array_like, optional
        Rising edges of bins. Default: one for each width, about five points of the grid.
    along : {0, 1}
        Which of two coordinates; 0 for one.
    method : {"reweighting", "bias"}
        Weighted samples, equation (3), or the bias at the end, equation (2), averaged over each bin; the latter for one
        coordinate only.
    zero_at : float, optional
        Where F is zero. Default: in the lowest bin.
    discard : float
        Share of the run, from its beginning, that is not used for reweighting.
    blocks : int, optional
        Parts into which each trajectory is cut to find errors, by a jackknife over all parts; they must be longer than
        the system remembers. Default: 20 in all, at least one for each trajectory. Errors of "bias" are those between
        trajectories, and unknown for less than two.

    Returns
    -------
    xarray.Dataset
        As of `free_energy_profile`; ``effective_samples`` is (sum w)^2 / sum w^2 in each bin, over samples that are not
        independent, and ``total_effective_samples`` that of all.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ConvergenceError
        If the two halves of the run disagree beyond their errors, or no sample is left.
    """
    name = "metadynamics_profile"
    told, kt = _checked_run(name, run, discard)
    surface = run["sample"].ndim == 3
    if method not in ("reweighting", "bias") or (surface and method == "bias"):
        sentence = "must be 'reweighting', or 'bias' for a single coordinate"
        raise ParameterError(name, {"method": sentence}, {"method": method})
    if along not in range(1 + surface):
        raise ParameterError(name, {"along": f"must be {'0 or 1' if surface else '0'}"}, {"along": along})
    s, lower, upper, width = run["sample"].values, told["lower"], told["upper"], told["width"]
    if surface:
        s, lower, upper, width = s[..., along], lower[along], upper[along], width[along]
    if edges is None:
        edges = np.linspace(lower, upper, max(2, round((upper - lower) / width)) + 1)
    _, borders = checked_grid(name, kt, edges)
    weighed = _weigh(
        name, run, bins_of(s, borders), np.diff(borders), kt, discard, blocks,
        lambda density: reference_bin(name, borders, density, zero_at),
    )  # fmt: skip
    f, error = weighed.free_energy, weighed.error
    if method == "bias":
        f, error = _profile_of_bias(run, run["coordinate"].values, borders, weighed.zero, told["periodic"])
        error[weighed.zero] = 0.0 if len(s) > 1 else error[weighed.zero]
    recipe = {"temperature": kt, "method": method, "along": along, "discard": discard, "blocks": blocks, "run": told}
    profile = profile_dataset(
        name, borders, free_energy=f, free_energy_error=error, probability=weighed.probability,
        probability_error=weighed.spread, effective=weighed.effective, converged=True, recipe=recipe,
    )  # fmt: skip
    return profile.assign(labelled(weighed.known, {}).data_vars)


def free_energy_surface(
    run: xr.Dataset,
    edges: tuple[ArrayLike, ArrayLike] | None = None,
    *,
    zero_at: tuple[float, float] | None = None,
    discard: float = 0.2,
    blocks: int | None = None,
) -> xr.Dataset:
    """F(s, q) from a run of `metadynamics_surface`, by weighted samples.

    Parameters
    ----------
    run : xarray.Dataset
        Result of `metadynamics_surface`.
    edges : tuple of array_like, optional
        Rising edges of bins along both coordinates. Default: one bin for each width.
    zero_at : tuple of float, optional
        Where F is zero. Default: in the lowest bin.
    discard, blocks
        As for `metadynamics_profile`.

    Returns
    -------
    xarray.Dataset
        On (first, second), the centres of the bins: ``free_energy``, zero in one bin, with the error of the difference
        from that bin; ``free_energy_exists``; ``probability`` with its error; ``effective_samples``; and
        ``total_effective_samples``, ``disagreement`` of the halves.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    ConvergenceError
        If the two halves of the run disagree beyond their errors, or no sample is left.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.free_energy import metadynamics_surface
    >>> def bowl(x, parameters, out):
    ...     out[0], out[1] = -x[0], -x[1]
    >>> run = metadynamics_surface(bowl, [0.0, 0.0], lower=(-5, -5), upper=(5, 5), width=(0.4, 0.4), height=0.5,
    ...                            bias_factor=5.0, stride=20, hills=4000, step=0.3)
    >>> surface = free_energy_surface(run, ([-0.5, 0.5, 1.5], [-0.5, 0.5]), zero_at=(0.0, 0.0))
    >>> bool(abs(surface.free_energy[1, 0] - 0.4606) < 5 * surface.free_energy_error[1, 0])
    True
    """
    name = "free_energy_surface"
    told, kt = _checked_run(name, run, discard)
    if run["sample"].ndim != 3:
        raise ParameterError(name, {"run": "must be a result of metadynamics_surface"})
    both = [*edges] if edges is not None else [
        np.linspace(low, high, max(2, round((high - low) / w)) + 1)
        for low, high, w in zip(told["lower"], told["upper"], told["width"], strict=True)
    ]  # fmt: skip
    if len(both) != 2 or (zero_at is not None and len(zero_at) != 2):
        raise ParameterError(name, {"edges": "and zero_at must be two, one for each coordinate"})
    borders = [checked_grid(name, kt, side)[1] for side in both]
    shape = (len(borders[0]) - 1, len(borders[1]) - 1)
    first, second = (bins_of(run["sample"].values[..., side], borders[side]) for side in (0, 1))
    place = np.where((first < 0) | (second < 0), -1, first * shape[1] + second)
    areas = np.outer(np.diff(borders[0]), np.diff(borders[1])).ravel()

    def zero(density: Floats) -> int:
        if zero_at is None:
            return int(np.argmax(density))
        rows = density.reshape(shape)
        i = reference_bin(name, borders[0], rows.sum(axis=1), zero_at[0])
        return i * shape[1] + reference_bin(name, borders[1], rows[i], zero_at[1])

    weighed = _weigh(name, run, place, areas, kt, discard, blocks, zero)
    dims = ("first", "second")
    tables = {
        "free_energy": (weighed.free_energy, "-kT ln of the density over both coordinates"),
        "free_energy_error": (weighed.error, "standard error of the difference from the bin where it is zero"),
        "free_energy_exists": (np.isfinite(weighed.free_energy), "whether the bin has samples"),
        "probability": (weighed.probability, "probability of the bin"),
        "probability_error": (weighed.spread, "its standard error"),
        "effective_samples": (weighed.effective, "samples of equal weight in the bin"),
    }
    recipe = {
        "function": f"mesoscale.core.coarse_graining.free_energy.{name}", "convention": "density", "temperature": kt,
        "edges": [side.tolist() for side in borders], "discard": discard, "blocks": blocks, "run": told,
        "replayable": False, "version": library_version(),
    }  # fmt: skip
    variables: dict[str, tuple[Any, Any, str]] = {
        key: (dims, table.reshape(shape), words) for key, (table, words) in tables.items()
    }
    result = labelled(variables | weighed.known, recipe)
    result["free_energy"].attrs["comment"] = "NaN where there are no samples, or of one block only"
    return result.assign_coords({
        key: (key, 0.5 * (side[:-1] + side[1:]), {"units": "1", "long_name": f"{key} coordinate, centre of the bin"})
        for key, side in zip(dims, borders, strict=True)
    })  # fmt: skip


def _checked_run(function: str, run: xr.Dataset, discard: float) -> tuple[dict[str, Any], float]:
    if "sample_bias" not in run:
        raise ParameterError(function, {"run": "must be a result of metadynamics"})
    if not 0.0 <= discard < 1.0:
        raise ParameterError(function, {"discard": "must be at least 0 and below 1"}, {"discard": discard})
    return json.loads(run.attrs["recipe"]), float(run["thermal_energy"])


def _weigh(
    function: str, run: xr.Dataset, place: Integers, volumes: Floats, kt: float, discard: float, blocks: int | None,
    zero_of: Callable[[Floats], int],
) -> _Weighed:  # fmt: skip
    """Free energies of bins from weighted samples, of which `place` (trajectory, time) says the bin, or -1."""
    trajectories, length = place.shape
    first = int(length * discard)
    blocks = max(1, -(-20 // trajectories)) if blocks is None else blocks
    check_counts(function, blocks=(blocks, 1))
    if length - first < 2 * blocks:
        sentence = f"must leave two samples in each, of {length - first}"
        raise ParameterError(function, {"blocks": sentence}, {"blocks": blocks})
    shift = (run["sample_bias"].values - run["offset"].values)[:, first:]
    weight, bins = np.exp((shift - shift.max()) / kt), len(volumes)
    table = np.array([
        [np.bincount(piece + 1, share**power, bins + 1)[1:] for power in (1, 2)]
        for row, part in zip(place[:, first:], weight, strict=True)
        for piece, share in zip(np.array_split(row, blocks), np.array_split(part, blocks), strict=True)
    ])  # fmt: skip
    total, square = table[:, 0].sum(axis=0), table[:, 1].sum(axis=0)
    if not total.any():
        raise ConvergenceError(f"{function}: no sample lies in the bins")
    zero = zero_of(total / volumes)
    effective = np.where(square > 0.0, total**2 / np.where(square > 0.0, square, 1.0), 0.0)
    f, error, probability, spread = _jackknife(table[:, 0], _block_totals(weight, blocks), volumes, zero, kt)
    gap = _compare_halves(table[:, 0].reshape(trajectories, blocks, -1), zero, kt, error)
    if gap > 3.0:
        raise ConvergenceError(
            f"{function}: the two halves of the run disagree by {gap:.1f} standard errors; run longer, or discard more"
        )
    known: dict[str, tuple[Any, Any, str]] = {
        "total_effective_samples": ((), float(weight.sum() ** 2 / (weight**2).sum()), "samples of equal weight"),
        "disagreement": ((), gap, "of the halves of the run, in standard errors"),
    }
    return _Weighed(f, error, probability, spread, effective, zero, known)


def _block_totals(weight: Floats, blocks: int) -> Floats:
    return np.array([part.sum() for row in weight for part in np.array_split(row, blocks)])


def _jackknife(
    parts: Floats, totals: Floats, volumes: Floats, zero: int, kt: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """F and probability of each bin with errors, from weighted histograms of blocks."""
    whole, count = parts.sum(axis=0), len(parts)
    without = np.maximum(whole - parts, 0.0)
    seen = (whole > 0.0) & (without > 1e-12 * whole).all(axis=0)  # what one block alone has seen is not known

    def profile(histogram: Floats) -> Floats:
        ratio = np.where(histogram > 0.0, histogram, 1.0) / volumes
        values: Floats = -kt * np.log(ratio / ratio[..., [zero]])
        return values

    factor = (count - 1.0) / count
    partial = profile(without)
    error = np.sqrt(factor * ((partial - partial.mean(axis=0)) ** 2).sum(axis=0))
    share = without / (totals.sum() - totals)[:, None] if count > 1 else without
    spread = np.sqrt(factor * ((share - share.mean(axis=0)) ** 2).sum(axis=0))
    unknown = np.full(len(whole), np.nan)
    f = profile(whole)
    if count == 1:
        return np.where(whole > 0.0, f, np.nan), unknown, whole / totals.sum(), unknown
    return (
        np.where(seen, f, np.nan),
        np.where(seen, error, np.nan),
        whole / totals.sum(),
        np.where(seen, spread, np.nan),
    )


def _compare_halves(parts: Floats, zero: int, kt: float, error: Floats) -> float:
    """Root mean square difference of the first and second halves of all trajectories, in its standard error.

    Infinite where one half knows a bin of more than a hundredth that the other has never seen.
    """
    blocks = parts.shape[1]
    if blocks < 2:
        return 0.0
    early, late = parts[:, : blocks // 2].sum(axis=(0, 1)), parts[:, -(blocks // 2) :].sum(axis=(0, 1))
    known = np.isfinite(error) & (error > 0.0)
    whole = parts.sum(axis=(0, 1))
    only = ((early > 0.0) != (late > 0.0)) & (whole > 0.01 * whole.sum())
    both = known & (early > 0.0) & (late > 0.0)
    if not both.any() or early[zero] == 0.0 or late[zero] == 0.0 or only.any():
        return math.inf
    difference = -kt * (np.log(early[both] / late[both]) - math.log(early[zero] / late[zero]))
    return float(np.sqrt(((difference / (2.0 * error[both])) ** 2).mean()))


def _profile_of_bias(
    run: xr.Dataset, grid: Floats, borders: Floats, zero: int, periodic: bool
) -> tuple[Floats, Floats]:
    """Equation (2), as -kT ln of the mean of exp(-F/kT) over each bin."""
    kt, inverse = float(run["thermal_energy"]), float(run["inverse_bias_factor"])
    nodes = (borders[:-1, None] + np.diff(borders)[:, None] * (np.arange(16) + 0.5) / 16).ravel()
    rows = []
    for bias in run["bias"].values:
        v = np.array([read_bias(bias, grid[0], grid[1] - grid[0], periodic, float(node))[0] for node in nodes])
        boltzmann = np.exp((v - v.max()) / (1.0 - inverse) / kt).reshape(-1, 16).mean(axis=1)
        rows.append(-kt * np.log(boltzmann / boltzmann[zero]))
    table = np.array(rows)
    error = table.std(axis=0, ddof=1) / math.sqrt(len(table)) if len(table) > 1 else np.full(table.shape[1], np.nan)
    return table.mean(axis=0), error

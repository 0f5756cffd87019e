r"""Profiles from metadynamics: weighted samples with errors from blocks, or the bias itself.

Weights and factor are equations (2) and (3) of `well_tempered`. Errors are a jackknife over blocks of the run, and the
two halves of the run must agree within them.

References
----------
1. Tiwary & Parrinello, J. Phys. Chem. B 119, 736 (2015), doi:10.1021/jp504920s.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from .bias_grid import read_bias
from .collective import check_counts
from .overlap import ConvergenceError
from .profile import checked_grid, profile_dataset, reference_bin

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["metadynamics_profile"]

Floats = NDArray[np.float64]


def metadynamics_profile(
    run: xr.Dataset,
    edges: ArrayLike | None = None,
    *,
    method: Literal["reweighting", "bias"] = "reweighting",
    zero_at: float | None = None,
    discard: float = 0.2,
    blocks: int | None = None,
) -> xr.Dataset:
    """F(s) from a run of `metadynamics`.

    Parameters
    ----------
    run : xarray.Dataset
        Result of `metadynamics`.
    edges : array_like, optional
        Rising edges of bins. Default: one for each width, about five points of the grid.
    method : {"reweighting", "bias"}
        Weighted samples, equation (3), or the bias at the end, equation (2), averaged over each bin.
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
    if "sample_bias" not in run:
        raise ParameterError(name, {"run": "must be a result of metadynamics"})
    if method not in ("reweighting", "bias"):
        raise ParameterError(name, {"method": "must be 'reweighting' or 'bias'"}, {"method": method})
    if not 0.0 <= discard < 1.0:
        raise ParameterError(name, {"discard": "must be at least 0 and below 1"}, {"discard": discard})
    told = json.loads(run.attrs["recipe"])
    grid, kt = run["coordinate"].values, float(run["thermal_energy"])
    if edges is None:
        count = max(2, round((told["upper"] - told["lower"]) / told["width"]))
        edges = np.linspace(told["lower"], told["upper"], count + 1)
    _, borders = checked_grid(name, kt, edges)
    trajectories, length = run["sample"].shape
    first = int(length * discard)
    blocks = max(1, -(-20 // trajectories)) if blocks is None else blocks
    check_counts(name, blocks=(blocks, 1))
    if length - first < 2 * blocks:
        raise ParameterError(
            name, {"blocks": f"must leave two samples in each, of {length - first}"}, {"blocks": blocks}
        )
    recipe = {"temperature": kt, "method": method, "discard": discard, "blocks": blocks, "run": told}
    s, shift = run["sample"].values[:, first:], run["sample_bias"].values - run["offset"].values
    weight = np.exp((shift[:, first:] - shift[:, first:].max()) / kt)
    parts = [
        _weighted_histogram(piece, w, borders)
        for row, share in zip(s, weight, strict=True)
        for piece, w in zip(np.array_split(row, blocks), np.array_split(share, blocks), strict=True)
    ]
    table = np.array(parts)
    total, square = table[:, 0].sum(axis=0), table[:, 1].sum(axis=0)
    if not total.any():
        raise ConvergenceError(f"{name}: no sample lies in the bins")
    everything = float(weight.sum())
    zero = reference_bin(name, borders, total / np.diff(borders), zero_at)
    effective = np.where(square > 0.0, total**2 / np.where(square > 0.0, square, 1.0), 0.0)
    f, error, probability, spread = _jackknife(table[:, 0], _block_totals(weight, blocks), borders, zero, kt)
    gap = _compare_halves(table[:, 0].reshape(trajectories, blocks, -1), borders, zero, kt, error)
    if gap > 3.0:
        raise ConvergenceError(
            f"{name}: the two halves of the run disagree by {gap:.1f} standard errors; run longer, or discard more"
        )
    if method == "bias":
        f, error = _profile_of_bias(run, grid, borders, zero, told["periodic"])
        error[zero] = 0.0 if trajectories > 1 else error[zero]
    profile = profile_dataset(
        name, borders, free_energy=f, free_energy_error=error, probability=probability, probability_error=spread,
        effective=effective, converged=True, recipe=recipe,
    )  # fmt: skip
    return profile.assign(
        total_effective_samples=(
            (),
            everything**2 / float((weight**2).sum()),
            {"units": "1", "long_name": "samples of equal weight"},
        ),
        disagreement=((), gap, {"units": "1", "long_name": "of the halves of the run, in standard errors"}),
    )


def _weighted_histogram(s: Floats, weight: Floats, borders: Floats) -> tuple[Floats, Floats]:
    return np.histogram(s, borders, weights=weight)[0], np.histogram(s, borders, weights=weight**2)[0]


def _block_totals(weight: Floats, blocks: int) -> Floats:
    return np.array([part.sum() for row in weight for part in np.array_split(row, blocks)])


def _jackknife(
    parts: Floats, totals: Floats, borders: Floats, zero: int, kt: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """F and probability of each bin with errors, from weighted histograms of blocks."""
    whole, count = parts.sum(axis=0), len(parts)
    without = np.maximum(whole - parts, 0.0)
    seen = (whole > 0.0) & (without > 1e-12 * whole).all(axis=0)  # what one block alone has seen is not known
    volume = np.diff(borders)

    def profile(histogram: Floats) -> Floats:
        ratio = np.where(histogram > 0.0, histogram, 1.0) / volume
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


def _compare_halves(parts: Floats, borders: Floats, zero: int, kt: float, error: Floats) -> float:
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

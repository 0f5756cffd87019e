r"""Free-energy profiles along a coordinate, from weighted samples (MBAR) or from histograms (WHAM).

.. math:: F(s) = -kT \ln \langle \delta(s - s(x)) \rangle + \mathrm{const}   \qquad (1)

WHAM solves for histograms :math:`n_{kb}` of windows with biases :math:`w_k(s)`

.. math:: P_b = \frac{\sum_k n_{kb}}{\sum_k N_k e^{f_k - w_k(s_b)/kT}}, \qquad
   e^{-f_k} = \sum_b P_b e^{-w_k(s_b)/kT}   \qquad (2)

which is MBAR for samples moved to the centres of their bins: the convex problem is the same, with bins for samples.

References
----------
1. Kumar, Rosenberg, Bouzida, Swendsen & Kollman, J. Comput. Chem. 13, 1011 (1992), doi:10.1002/jcc.540130812.
2. Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008), doi:10.1063/1.2978177.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from ...model.progress import library_version
from .averages import target_weights
from .covariance import project, spread_of
from .multistate import check_limits, labelled, solve_states

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["bins_of", "free_energy_profile", "wham"]

Floats = NDArray[np.float64]
_QUANTILES = 64  # bins that stand for a window in the first guess


def wham(
    histograms: ArrayLike,
    reduced_bias: ArrayLike,
    *,
    inefficiency: ArrayLike = 1.0,
    least_overlap: float = 0.03,
    least_samples: float = 10.0,
    tolerance: float = 1e-10,
) -> xr.Dataset:
    """Free energies of biased windows from their histograms, equation (2); a profile from `free_energy_profile`.

    Parameters
    ----------
    histograms : array_like of int
        Samples of each window in each bin, shape (K, B).
    reduced_bias : array_like
        Bias over kT of each window at the centre of each bin, shape (K, B); plus infinity where a window cannot be.
    inefficiency : array_like
        Statistical inefficiency of the series, one number or one for each window.
    least_overlap, least_samples, tolerance : float
        As for `mbar`.

    Returns
    -------
    xarray.Dataset
        As `mbar` returns it; its samples are the bins.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    OverlapError
        If windows are not connected, or the equations cannot be solved: the error names the windows.

    Examples
    --------
    >>> result = wham([[30, 60, 10], [10, 60, 30]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    >>> result.free_energy.values.round(12).tolist()
    [0.0, 0.0]
    """
    counts, w = np.asarray(histograms), np.asarray(reduced_bias, dtype=np.float64)
    if counts.ndim != 2 or counts.size == 0 or counts.dtype.kind not in "iuf" or not (counts >= 0).all():
        raise ParameterError("wham", {"histograms": "must be numbers of samples, of the shape (windows, bins)"})
    if w.shape != counts.shape or np.isnan(w).any() or not w.min() > -math.inf:
        sentence = f"must be numbers of the shape {counts.shape} of the histograms, at most plus infinity"
        raise ParameterError("wham", {"reduced_bias": sentence})
    whole = counts.astype(np.int64)
    if (whole != counts).any() or whole.sum() == 0:
        raise ParameterError("wham", {"histograms": "must be whole numbers of samples, not all zero"})
    if not np.isfinite(w[whole > 0]).all():
        raise ParameterError("wham", {"reduced_bias": "must be finite in the bins that a window has visited"})
    g = np.array(np.broadcast_to(np.asarray(inefficiency, dtype=np.float64), (len(w),)))
    if not np.isfinite(g).all() or (g < 1.0).any():
        raise ParameterError("wham", {"inefficiency": "must be at least 1"}, {"inefficiency": inefficiency})
    check_limits("wham", least_overlap, least_samples, tolerance)
    seen = np.flatnonzero(whole.sum(axis=0))
    members = [_spread_over(row) for row in whole[:, seen]]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in members])]).astype(np.int64)
    recipe = {
        "function": "mesoscale.core.coarse_graining.free_energy.wham", "inefficiency": g.tolist(),
        "least_overlap": least_overlap, "tolerance": tolerance, "replayable": False, "version": library_version(),
    }  # fmt: skip
    solution = solve_states(
        np.ascontiguousarray(w[:, seen]), whole.sum(axis=1), g, (whole / g[:, None]).sum(axis=0)[seen],
        (np.concatenate(members), starts), (least_overlap, least_samples, tolerance), recipe,
    )  # fmt: skip
    labels = {"units": "1", "long_name": "number of the bin"}
    return solution.assign_coords(bin=("sample", seen, labels))


def free_energy_profile(
    solution: xr.Dataset,
    coordinate: ArrayLike,
    edges: ArrayLike,
    *,
    temperature: float = 1.0,
    zero_at: float | None = None,
    state: int | None = None,
    reduced_energy: ArrayLike | None = None,
) -> xr.Dataset:
    """F along a coordinate, equation (1), in the unbiased state unless another is named.

    Parameters
    ----------
    solution : xarray.Dataset
        Result of `mbar` or `wham`.
    coordinate : array_like
        s of each sample (for `wham`, of each bin of its ``reduced_bias``), shape (N,).
    edges : array_like
        Rising edges of bins, shape (B + 1,).
    temperature : float
        The thermal energy kT, in whose unit F is returned.
    zero_at : float, optional
        Where F is zero. Default: in the lowest bin, whose value is a little too low by its own luck.
    state, reduced_energy : optional
        Another state than the one of reduced energy 0, as for `expectation`.

    Returns
    -------
    xarray.Dataset
        ``free_energy`` (coordinate), zero in one bin, with the error of the difference from that bin;
        ``probability`` of each bin, which sums to 1 with what lies outside, with its error; ``effective_samples``. A
        bin without samples is NaN, and ``free_energy_exists`` is false there.

    Raises
    ------
    ParameterError
        If an argument is not allowed, or no sample lies in the bins.
    OverlapError
        If the samples do not reach the state.
    """
    if "log_mixture" not in solution:
        raise ParameterError("free_energy_profile", {"solution": "must be a result of mbar or wham"})
    kt, borders = checked_grid("free_energy_profile", temperature, edges)
    s = np.asarray(coordinate, dtype=np.float64)
    if "bin" in solution.coords and s.ndim == 1 and len(s) > int(solution["bin"].values[-1]):
        s = s[solution["bin"].values]
    if s.shape != (solution.sizes["sample"],) or not np.isfinite(s).all():
        sentence = f"must be finite, a number for each of the {solution.sizes['sample']} samples"
        raise ParameterError("free_energy_profile", {"coordinate": sentence}, {"coordinate": s})
    target = reduced_energy
    if state is None and reduced_energy is None:
        target = np.zeros(len(s))
    weight, _ = target_weights("free_energy_profile", solution, state, target, 0.0)
    index = bins_of(s, borders)
    inside = index >= 0
    if not inside.any():
        raise ParameterError("free_energy_profile", {"edges": "hold no sample"})
    bins, omega = len(borders) - 1, solution["sample_weight"].values
    probability: Floats = np.bincount(index[inside], (omega * weight)[inside], bins).astype(np.float64)
    square = np.bincount(index[inside], (omega * weight * weight)[inside], bins)
    exists = probability > 0.0
    safe = np.where(exists, probability, 1.0)
    zero = reference_bin("free_energy_profile", borders, probability / np.diff(borders), zero_at)
    members = np.where(inside, index, bins)  # what lies outside has a row of its own
    rows = scipy.sparse.csr_array((omega * weight, (members, np.arange(len(s)))), (bins + 1, len(s)))
    projected = project(solution, rows)
    whole = projected.sum(axis=1, keepdims=True)
    columns = projected[:, :bins] / safe
    own = square / safe**2
    ahead = columns - columns[:, [zero]]
    variance = own + own[zero] + spread_of(solution, ahead)
    variance[zero] = 0.0
    total = float(omega * weight @ weight)
    relative = own * (1.0 - 2.0 * probability) + total + spread_of(solution, columns - whole)
    f = -kt * np.log(safe / np.diff(borders))
    f -= f[zero]
    return profile_dataset(
        "free_energy_profile",
        borders,
        free_energy=np.where(exists, f, np.nan),
        free_energy_error=np.where(exists, kt * np.sqrt(np.maximum(variance, 0.0)), np.nan),
        probability=probability,
        probability_error=np.where(exists, probability * np.sqrt(np.maximum(relative, 0.0)), np.nan),
        effective=np.where(exists, 1.0 / np.where(exists, own, 1.0), 0.0),
        converged=bool(solution["converged"]),
        recipe={"temperature": kt, "solution": json.loads(solution.attrs["recipe"])},
    )


def profile_dataset(
    function: str,
    borders: Floats,
    *,
    free_energy: Floats,
    free_energy_error: Floats,
    probability: Floats,
    probability_error: Floats,
    effective: Floats,
    converged: bool,
    recipe: dict[str, Any],
) -> xr.Dataset:
    """The form of every profile of this room."""
    path = f"mesoscale.core.coarse_graining.free_energy.{function}"
    told = {"function": path, "convention": "density", **recipe, "replayable": False, "version": library_version()}
    exists = np.isfinite(free_energy)
    along = "coordinate"
    profile = labelled(
        {
            "free_energy": (along, free_energy, "-kT ln of the density along the coordinate"),
            "free_energy_error": (
                along,
                free_energy_error,
                "standard error of the difference from the bin where it is zero",
            ),
            "free_energy_exists": (along, exists, "whether the bin has samples"),
            "probability": (along, probability, "probability of the bin"),
            "probability_error": (along, probability_error, "its standard error"),
            "effective_samples": (along, effective, "independent samples with which the bin is known"),
            "lower_edge": (along, borders[:-1], "lower edge of the bin"),
            "upper_edge": (along, borders[1:], "upper edge of the bin"),
            "converged": ((), converged, "whether the estimate is converged"),
        },
        told,
    )
    profile["free_energy"].attrs["comment"] = (
        "convention: density, F = -kT ln P(s) without the Jacobian of the coordinate; NaN where there are no samples"
    )
    centres = 0.5 * (borders[:-1] + borders[1:])
    return profile.assign_coords(coordinate=(along, centres, {"units": "1", "long_name": "centre of the bin"}))


def bins_of(s: Floats, borders: Floats) -> NDArray[np.int64]:
    """The bin of each place, or -1 outside; the last edge belongs to the last bin."""
    index = np.searchsorted(borders, s, side="right") - 1
    index[s == borders[-1]] = len(borders) - 2
    return np.where(index < len(borders) - 1, index, -1).astype(np.int64)


def reference_bin(function: str, borders: Floats, density: Floats, zero_at: float | None) -> int:
    """The bin in which F is to be zero: the lowest one unless another is named."""
    if zero_at is None:
        return int(np.argmax(density))
    place = int(np.searchsorted(borders, zero_at, side="right")) - 1
    if not 0 <= place < len(density) or not density[place] > 0.0:
        sentence = f"must lie in a bin with samples, between {borders[0]:g} and {borders[-1]:g}"
        raise ParameterError(function, {"zero_at": sentence}, {"zero_at": zero_at})
    return place


def checked_grid(function: str, temperature: float, edges: ArrayLike) -> tuple[float, Floats]:
    """A positive temperature and rising edges."""
    if isinstance(temperature, bool) or not 0.0 < float(temperature) < math.inf:
        raise ParameterError(function, {"temperature": "must be a positive number"}, {"temperature": temperature})
    borders = np.asarray(edges, dtype=np.float64)
    if borders.ndim != 1 or len(borders) < 2 or not np.isfinite(borders).all() or not (np.diff(borders) > 0).all():
        raise ParameterError(function, {"edges": "must be at least two finite, rising numbers"}, {"edges": borders})
    return float(temperature), borders


def _spread_over(histogram: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bins at equally spaced quantiles of a histogram: a few samples that stand for the window."""
    total = int(histogram.sum())
    if total == 0:
        return np.empty(0, np.int64)
    number = min(_QUANTILES, total)
    ranks = ((np.arange(number) + 0.5) * total / number).astype(np.int64)
    return np.searchsorted(np.cumsum(histogram), ranks, side="right").astype(np.int64)

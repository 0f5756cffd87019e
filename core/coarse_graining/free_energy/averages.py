"""Averages in states that were sampled or not, and free energies of the latter, from a solution of MBAR."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import Estimate, ParameterError
from ...model.progress import library_version
from .covariance import column_variances
from .multistate import labelled
from .overlap import OverlapError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["expectation", "perturbed_free_energy", "target_weights"]

Floats = NDArray[np.float64]


def expectation(
    solution: xr.Dataset,
    observable: ArrayLike,
    *,
    state: int | None = None,
    reduced_energy: ArrayLike | None = None,
    least_samples: float = 20.0,
) -> Estimate:
    """Mean of an observable in one of the states, or in any other, from all samples.

    Parameters
    ----------
    solution : xarray.Dataset
        Result of `mbar`.
    observable : array_like
        Its value for each sample, shape (N,) or (m, N).
    state : int, optional
        Which state; or
    reduced_energy : array_like, optional
        energies over kT of the samples in another state, shape (N,).
    least_samples : float
        Least number of independent samples with which that state must be known.

    Returns
    -------
    Estimate
        Value and standard error, equation (1) of `covariance`.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    OverlapError
        If the samples do not reach that state.
    """
    weight, _ = target_weights("expectation", solution, state, reduced_energy, least_samples)
    values = np.asarray(observable, dtype=np.float64)
    if values.shape[-1:] != weight.shape or values.ndim > 2 or not np.isfinite(values).all():
        sentence = f"must be finite, a number for each of the {len(weight)} samples"
        raise ParameterError("expectation", {"observable": sentence}, {"observable": values})
    omega = solution["sample_weight"].values
    mean = values @ (omega * weight)
    residual = np.atleast_2d(weight * (values - mean[..., None]))
    variance = column_variances(solution, residual)
    return Estimate(mean, np.sqrt(variance).reshape(mean.shape)) if values.ndim == 2 else Estimate(
        float(mean), math.sqrt(float(variance[0]))
    )  # fmt: skip


def perturbed_free_energy(
    solution: xr.Dataset, reduced_energy: ArrayLike, *, reference: int = 0, least_samples: float = 20.0
) -> xr.Dataset:
    """Free energies of states that were not sampled, from the samples of those that were.

    Parameters
    ----------
    solution : xarray.Dataset
        Result of `mbar`.
    reduced_energy : array_like
        Energies over kT of all samples in the new states, shape (N,) or (m, N).
    reference : int
        State from which free energies count.
    least_samples : float
        Least number of independent samples with which each new state must be known.

    Returns
    -------
    xarray.Dataset
        ``free_energy`` (target), in kT, with its error, and ``effective_samples`` (target).

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    OverlapError
        If the samples do not reach one of the states.
    """
    rows = np.atleast_2d(np.asarray(reduced_energy, dtype=np.float64))
    base, origin = target_weights("perturbed_free_energy", solution, reference, None, 0.0)
    weights, f = [], []
    for row in rows:
        weight, value = target_weights("perturbed_free_energy", solution, None, row, least_samples)
        weights.append(weight)
        f.append(value - origin)
    columns = np.array(weights)
    omega = solution["sample_weight"].values
    error = np.sqrt(column_variances(solution, columns - base))
    recipe = {
        "function": "mesoscale.core.coarse_graining.free_energy.perturbed_free_energy", "reference": reference,
        "replayable": False, "version": library_version(),
    }  # fmt: skip
    return labelled(
        {
            "free_energy": ("target", np.array(f), f"free energy relative to state {reference}, in kT"),
            "free_energy_error": ("target", error, "its standard error"),
            "effective_samples": ("target", 1.0 / (columns**2 @ omega), "independent samples that reach the state"),
            "converged": ((), True, "whether the equations are solved to the tolerance"),
        },
        recipe,
    )


def target_weights(
    function: str, solution: xr.Dataset, state: int | None, reduced_energy: ArrayLike | None, least: float
) -> tuple[Floats, float]:
    """Weights W_n of all samples in a state, of which sum omega W = 1, and its free energy."""
    if "log_mixture" not in solution:
        raise ParameterError(function, {"solution": "must be a result of mbar"})
    omega, mixture = solution["sample_weight"].values, solution["log_mixture"].values
    if (state is None) == (reduced_energy is None):
        raise ParameterError(function, {"state": "or reduced_energy must be given, one of them"})
    if state is not None:
        if isinstance(state, bool) or state != int(state) or not 0 <= state < solution.sizes["state"]:
            sentence = f"must be a state, 0 to {solution.sizes['state'] - 1}"
            raise ParameterError(function, {"state": sentence}, {"state": state})
        energies = solution["reduced_energy"].values[int(state)]
    else:
        energies = np.asarray(reduced_energy, dtype=np.float64)
    if energies.shape != omega.shape or np.isnan(energies).any() or not energies.min() > -math.inf:
        sentence = f"must be a number for each of the {len(omega)} samples, at most plus infinity"
        raise ParameterError(function, {"reduced_energy": sentence}, {"reduced_energy": energies})
    logs = -energies - mixture
    top = float(logs.max())
    if not math.isfinite(top):
        raise OverlapError(f"{function}: no sample reaches the state")
    weight = np.exp(logs - top)
    total = float(weight @ omega)
    weight /= total
    effective = 1.0 / float(weight**2 @ omega)
    if effective < least:
        raise OverlapError(
            f"{function}: the samples hardly reach the state: it is known with {effective:.1f} independent samples "
            f"where {least:g} are needed; sample a state between"
        )
    return weight, -top - math.log(total)

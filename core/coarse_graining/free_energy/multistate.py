r"""MBAR: free energies of many states from all of their samples.

The equations, their solution and their errors are in `solver` and `covariance`. Correlated series count for what they
are worth: a sample of a series of statistical inefficiency *g* has the weight :math:`\omega = 1/g`, so that none is
thrown away.

References
----------
1. Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008), doi:10.1063/1.2978177.
2. Chodera, Swope, Pitera, Seok & Dill, J. Chem. Theory Comput. 3, 26 (2007), doi:10.1021/ct0502864.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from ...model.progress import library_version
from .covariance import spread_between
from .overlap import OverlapError, check_overlap
from .solver import solve

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["check_limits", "labelled", "mbar", "solve_states"]

Floats = NDArray[np.float64]


def mbar(
    reduced_energy: ArrayLike,
    counts: ArrayLike,
    *,
    inefficiency: ArrayLike = 1.0,
    least_overlap: float = 0.03,
    least_samples: float = 10.0,
    tolerance: float = 1e-10,
) -> xr.Dataset:
    """Free energies of K states from samples of them, the multistate Bennett acceptance ratio.

    Parameters
    ----------
    reduced_energy : array_like
        u_kn, the energy over kT of sample *n* in state *k*, shape (K, N); plus infinity where a state forbids it. The
        samples of state 0 come first, then those of state 1, and so on.
    counts : array_like of int
        Samples of each state, shape (K,). States without samples get their free energy from the others.
    inefficiency : array_like
        Statistical inefficiency of the series, one number or one for each state (see
        `mesoscale.core.kernels.statistics.statistical_inefficiency`); 1 for independent samples.
    least_overlap : float
        Smallest overlap of pairs by which all sampled states must be connected, 0 to 1/2.
    least_samples : float
        Least number of independent samples with which each state must be known: errors hold for many.
    tolerance : float
        Largest Newton step that may remain, in kT.

    Returns
    -------
    xarray.Dataset
        ``free_energy`` (state), in kT relative to state 0, with its error; ``free_energy_difference`` (state,
        other_state) of every pair, other minus state, with its error; ``covariance``, of which only differences have a
        meaning; ``overlap`` (state, other_state); ``effective_samples`` (state): independent samples with which a state
        is known; ``weakest_overlap``; ``converged``. ``reduced_energy``, ``log_mixture`` and ``sample_weight`` (sample)
        are there for `expectation` and `perturbed_free_energy`.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    OverlapError
        If states are not connected, hardly sampled, or the equations cannot be solved: the error names the states.

    Examples
    --------
    Two springs, of stiffness 1 and 4: f = ln(4) / 2.

    >>> x = np.concatenate([np.random.default_rng(0).normal(0.0, 1.0, 4000),
    ...                     np.random.default_rng(1).normal(0.0, 0.5, 4000)])
    >>> result = mbar([0.5 * x**2, 2.0 * x**2], [4000, 4000])
    >>> bool(abs(result.free_energy[1] - 0.5 * np.log(4.0)) < 4.0 * result.free_energy_error[1] < 0.1)
    True
    """
    u, n, g = _checked_states(reduced_energy, counts, inefficiency)
    check_limits("mbar", least_overlap, least_samples, tolerance)
    weight = np.repeat(1.0 / g, n)
    starts = np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
    recipe = {
        "function": "mesoscale.core.coarse_graining.free_energy.mbar", "counts": n.tolist(), "inefficiency": g.tolist(),
        "least_overlap": least_overlap, "tolerance": tolerance, "replayable": False, "version": library_version(),
    }  # fmt: skip
    limits = (least_overlap, least_samples, tolerance)
    return solve_states(u, n, g, weight, (np.arange(len(weight)), starts), limits, recipe)


def solve_states(
    u: Floats,
    n: NDArray[np.int64],
    g: Floats,
    weight: Floats,
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
    limits: tuple[float, float, float],
    recipe: dict[str, Any],
) -> xr.Dataset:
    """What `mbar` returns, also for samples that are the bins of histograms; `members` as for `solver.solve`."""
    least_overlap, least_samples, tolerance = limits
    sampled = np.flatnonzero(n > 0)
    whole = len(sampled) == len(n)
    effective = n / g
    starts = np.append(members[1][sampled], members[1][-1])
    solution = solve(u if whole else u[sampled], effective[sampled], weight, members[0], starts, tolerance)
    worst = check_overlap(solution.gram, sampled.tolist(), least_overlap, solution.converged, solution.step)
    log_mixture, f, gram = solution.log_mixture, solution.free_energy, solution.gram
    if not whole:
        f, gram = _extend(u, log_mixture, weight)
        log_mixture, f = log_mixture - f[0], f - f[0]
    known = 1.0 / np.diag(gram)
    if known.min() < least_samples:
        raise OverlapError(
            f"state {int(known.argmin())} is known with {known.min():.1f} independent samples where {least_samples:g} "
            f"are needed; sample longer, or a state between"
        )
    theta = gram - 1.0 / weight.sum() + spread_between(gram, effective, gram[sampled])
    diagonal = np.diag(theta)
    variance = np.maximum(diagonal[:, None] + diagonal - 2.0 * theta, 0.0)
    np.fill_diagonal(variance, 0.0)
    pair = ("state", "other_state")
    return labelled(
        {
            "free_energy": ("state", f, "free energy relative to state 0, in kT"),
            "free_energy_error": ("state", np.sqrt(variance[0]), "its standard error"),
            "free_energy_difference": (pair, f - f[:, None], "free energy of the other state minus that of the state"),
            "free_energy_difference_error": (pair, np.sqrt(variance), "its standard error"),
            "covariance": (pair, theta, "covariance of free energies; only differences have a meaning"),
            "overlap": (pair, gram * effective, "probability that a sample of a state comes from the other"),
            "effective_samples": ("state", known, "independent samples with which the state is known"),
            "samples": ("state", n, "number of samples"),
            "inefficiency": ("state", g, "statistical inefficiency of the series"),
            "weakest_overlap": ((), worst, "overlap of the worst pair in the best chain"),
            "converged": ((), solution.converged, "whether the equations are solved to the tolerance"),
            "remaining_step": ((), solution.step, "largest Newton step that remains"),
            "passes": ((), sum(solution.passes), "passes over all samples"),
            "reduced_energy": (("state", "sample"), u, "energy over kT of the samples"),
            "log_mixture": ("sample", log_mixture, "logarithm of the density that all samples together come from"),
            "sample_weight": ("sample", weight, "independent samples that a sample is worth"),
        },
        recipe,
    )


def _extend(u: Floats, log_mixture: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Free energies and G of all states, where some were not sampled."""
    logs = -u - log_mixture
    top = logs.max(axis=1)
    if not np.isfinite(top).all():
        raise OverlapError(f"no sample reaches state {int(np.flatnonzero(~np.isfinite(top))[0])}")
    f = -top - np.log(np.exp(logs - top[:, None]) @ weight)
    columns = np.exp(logs + f[:, None])
    gram: Floats = (columns * weight) @ columns.T
    return f, gram


def check_limits(function: str, least_overlap: float, least_samples: float, tolerance: float) -> None:
    """What `mbar` and `wham` are told about overlap, samples and tolerance."""
    if not 0.0 < least_overlap <= 0.5:
        sentence = "must be greater than 0 and at most 0.5"
        raise ParameterError(function, {"least_overlap": sentence}, {"least_overlap": least_overlap})
    if not 0.0 <= least_samples < math.inf:
        raise ParameterError(function, {"least_samples": "must be at least 0"}, {"least_samples": least_samples})
    if not 0.0 < tolerance < 1.0:
        raise ParameterError(function, {"tolerance": "must be between 0 and 1"}, {"tolerance": tolerance})


def _checked_states(
    reduced_energy: ArrayLike, counts: ArrayLike, inefficiency: ArrayLike
) -> tuple[Floats, NDArray[np.int64], Floats]:
    u = np.asarray(reduced_energy, dtype=np.float64)
    number = np.asarray(counts)
    if u.ndim != 2 or u.size == 0:
        raise ParameterError("mbar", {"reduced_energy": "must have the shape (states, samples)"}, {"reduced_energy": u})
    if number.shape != (len(u),) or number.dtype.kind not in "iuf" or not (number >= 0).all():
        raise ParameterError("mbar", {"counts": f"must be whole numbers, one for each of {len(u)} states"})
    if (number != number.astype(np.int64)).any() or number.sum() != u.shape[1]:
        sentence = f"must be whole numbers that sum to the {u.shape[1]} samples, not {number.sum()}"
        raise ParameterError("mbar", {"counts": sentence})
    n = number.astype(np.int64)
    g = np.array(np.broadcast_to(np.asarray(inefficiency, dtype=np.float64), n.shape))
    if not np.isfinite(g).all() or (g < 1.0).any():
        raise ParameterError("mbar", {"inefficiency": "must be at least 1"}, {"inefficiency": inefficiency})
    least = u.min(axis=0)  # not a number if any is
    if not np.isfinite(least).all():
        raise ParameterError("mbar", {"reduced_energy": "must be numbers, finite for each sample in some state"})
    for state, (low, high) in enumerate(zip(np.cumsum(n) - n, np.cumsum(n), strict=True)):
        if not np.isfinite(u[state, low:high]).all():
            sentence = f"must be finite for the samples of state {state} in that state"
            raise ParameterError("mbar", {"reduced_energy": sentence})
    view = u.view()
    view.flags.writeable = False
    return view, n, g


def labelled(variables: dict[str, tuple[Any, Any, str]], recipe: dict[str, Any]) -> xr.Dataset:
    """A Dataset of numbers in reduced units, with their names and the recipe."""
    import xarray as xr

    return xr.Dataset(
        {name: (dims, value, {"units": "1", "long_name": words}) for name, (dims, value, words) in variables.items()},
        attrs={"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)},
    )

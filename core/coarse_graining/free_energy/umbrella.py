r"""Free energies from umbrella windows, one's own or those of `umbrella_sampling`, by MBAR or WHAM.

The bias of window *i* is a spring, :math:`w_i(s) = k_i (s - s_i)^2 / 2`. Inefficiencies are taken about the mean of all
trajectories of a window: trajectories that stay apart, because something slow is hidden beside the coordinate, show up
in them instead of in a profile that is wrong beyond its errors.

References
----------
1. Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008), doi:10.1063/1.2978177.
2. Kumar, Rosenberg, Bouzida, Swendsen & Kollman, J. Comput. Chem. 13, 1011 (1992), doi:10.1002/jcc.540130812.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from .multistate import mbar
from .profile import checked_grid, free_energy_profile, wham

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["checked_windows", "pooled_inefficiency", "umbrella_profile", "umbrella_solution"]

Floats = NDArray[np.float64]


def umbrella_solution(
    samples: xr.Dataset | Sequence[ArrayLike],
    centres: ArrayLike | None = None,
    stiffness: ArrayLike | None = None,
    *,
    temperature: float = 1.0,
    period: float | None = None,
    inefficiency: ArrayLike | None = None,
    least_overlap: float = 0.03,
) -> xr.Dataset:
    """MBAR on umbrella windows, for profiles and for means of anything that was sampled along.

    Parameters
    ----------
    samples : xarray.Dataset or sequence of array_like
        Result of `umbrella_sampling`, which knows the rest, or the collective variable in each window: series (time,)
        or (trajectory, time).
    centres, stiffness : array_like
        s_i and k_i.
    temperature : float
        The thermal energy kT.
    period : float, optional
        Of the collective variable.
    inefficiency : array_like, optional
        Statistical inefficiency of the series. Default: `pooled_inefficiency` of each window.
    least_overlap : float
        As for `mbar`.

    Returns
    -------
    xarray.Dataset
        As of `mbar`, with ``sample_coordinate`` (sample); samples are ordered by window, trajectory and time.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    OverlapError
        If windows do not overlap: the error names them.
    """
    series, s0, k, kt, wrap, g = _windows_of(samples, centres, stiffness, temperature, period, inefficiency)
    s = np.concatenate([values.ravel() for values in series])
    counts = np.array([values.size for values in series])
    solution = mbar(_bias_of(s, s0, k, wrap) / kt, counts, inefficiency=g, least_overlap=least_overlap)
    words = {"units": "1", "long_name": "collective variable"}
    return solution.assign(
        sample_coordinate=("sample", s, words), thermal_energy=((), kt, {"units": "1", "long_name": "kT"})
    )


def umbrella_profile(
    samples: xr.Dataset | Sequence[ArrayLike],
    edges: ArrayLike,
    centres: ArrayLike | None = None,
    stiffness: ArrayLike | None = None,
    *,
    temperature: float = 1.0,
    period: float | None = None,
    inefficiency: ArrayLike | None = None,
    least_overlap: float = 0.03,
    zero_at: float | None = None,
    method: Literal["mbar", "wham"] = "mbar",
) -> xr.Dataset:
    """F(s) from umbrella windows.

    Parameters
    ----------
    samples, centres, stiffness, temperature, period, inefficiency, least_overlap
        As for `umbrella_solution`.
    edges : array_like
        Rising edges of the bins of the profile; they span at most one period.
    zero_at : float, optional
        Where F is zero. Default: in the lowest bin.
    method : {"mbar", "wham"}
        MBAR knows the bias of each sample; WHAM takes it at the centre of its bin, and drops samples outside.

    Returns
    -------
    xarray.Dataset
        As of `free_energy_profile`, with ``weakest_overlap`` and the ``inefficiency`` of each window.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    OverlapError
        If windows do not overlap: the error names them.

    Examples
    --------
    >>> draw = np.random.default_rng(0).normal
    >>> samples = [draw(centre / 2.0, 0.5**0.5, 2000) for centre in (-1.0, 0.0, 1.0)]  # k = 1 in V = s^2 / 2
    >>> profile = umbrella_profile(samples, [-0.6, -0.2, 0.2, 0.6], [-1.0, 0.0, 1.0], 1.0, inefficiency=1.0)
    >>> bool(abs(profile.free_energy[0] - 0.08) < 0.1)
    True
    """
    if method not in ("mbar", "wham"):
        raise ParameterError("umbrella_profile", {"method": "must be 'mbar' or 'wham'"}, {"method": method})
    series, s0, k, kt, wrap, g = _windows_of(samples, centres, stiffness, temperature, period, inefficiency)
    _, borders = checked_grid("umbrella_profile", kt, edges)
    middle = 0.5 * (borders[0] + borders[-1])
    if wrap is not None:
        if borders[-1] - borders[0] > wrap * (1.0 + 1e-12):
            raise ParameterError("umbrella_profile", {"edges": f"must span at most the period, {wrap:g}"})
        series = [middle + (values - middle + 0.5 * wrap) % wrap - 0.5 * wrap for values in series]
    if method == "mbar":
        solution = umbrella_solution(
            series, s0, k, temperature=kt, period=wrap, inefficiency=g, least_overlap=least_overlap
        )
        place = solution["sample_coordinate"].values
    else:
        place = 0.5 * (borders[:-1] + borders[1:])
        histograms = np.array([np.histogram(values, borders)[0] for values in series])
        solution = wham(histograms, _bias_of(place, s0, k, wrap) / kt, inefficiency=g, least_overlap=least_overlap)
    profile = free_energy_profile(solution, place, borders, temperature=kt, zero_at=zero_at)
    told = json.loads(profile.attrs["recipe"]) | {
        "function": "mesoscale.core.coarse_graining.free_energy.umbrella_profile", "method": method,
        "centres": s0.tolist(), "stiffness": k.tolist(), "period": wrap,
    }  # fmt: skip
    profile.attrs["recipe"] = json.dumps(told)
    return profile.assign(
        weakest_overlap=solution["weakest_overlap"],
        inefficiency=("window", g, {"units": "1", "long_name": "statistical inefficiency of the window"}),
    )


def pooled_inefficiency(series: ArrayLike) -> float:
    """Statistical inefficiency of one or several trajectories of one state, about their common mean.

    Parameters
    ----------
    series : array_like
        Shape (time,) or (trajectory, time). Trajectories that stay apart are worth as much as they are few.

    Returns
    -------
    float
        At least 1. For one trajectory that of `mesoscale.core.kernels.statistics.statistical_inefficiency`.

    Examples
    --------
    >>> pooled_inefficiency([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]])
    1.0
    >>> pooled_inefficiency([[1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, -1.0]])
    4.0
    """
    values = np.atleast_2d(np.asarray(series, dtype=np.float64))
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise ParameterError("pooled_inefficiency", {"series": "must be finite, (time,) or (trajectory, time)"})
    n = values.shape[1]
    deviation = values - values.mean()
    top = float(np.abs(deviation).max())
    if top == 0.0 or n == 1:
        return 1.0
    size = scipy.fft.next_fast_len(2 * n, real=True)
    spectrum = scipy.fft.rfft(deviation / top, size, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=0)
    covariance = scipy.fft.irfft(power, size)[:n]
    correlation = covariance / covariance[0]
    negative = np.flatnonzero(correlation <= 1e-12)
    last = int(negative[0]) if len(negative) else n
    return max(1.0, 1.0 + 2.0 * float(correlation[1:last].sum()))


def checked_windows(name: str, centres: ArrayLike, stiffness: ArrayLike) -> tuple[Floats, Floats]:
    """Centres and spring constants of all windows."""
    s0 = np.asarray(centres, dtype=np.float64)
    if s0.ndim != 1 or len(s0) == 0 or not np.isfinite(s0).all():
        raise ParameterError(name, {"centres": "must be finite numbers, one for each window"}, {"centres": s0})
    given = np.asarray(stiffness, dtype=np.float64)
    if given.shape not in ((), s0.shape) or not np.isfinite(given).all() or not (given >= 0.0).all():
        sentence = f"must be at least 0, one number or one for each of {len(s0)} windows"
        raise ParameterError(name, {"stiffness": sentence}, {"stiffness": given})
    return s0, np.array(np.broadcast_to(given, s0.shape))


def _windows_of(
    samples: Any, centres: Any, stiffness: Any, temperature: float, period: float | None, inefficiency: Any
) -> tuple[list[Floats], Floats, Floats, float, float | None, Floats]:
    """Series, centres, stiffness, kT, period and inefficiency of all windows."""
    name = "umbrella_profile"
    if hasattr(samples, "data_vars"):
        if "sample" not in samples:
            raise ParameterError(name, {"samples": "must be a result of umbrella_sampling, or a sequence of series"})
        if centres is not None or stiffness is not None:
            raise ParameterError(name, {"centres": "and stiffness are known to the result of umbrella_sampling"})
        centres, stiffness = samples["centre"].values, samples["stiffness"].values
        temperature, period = float(samples["thermal_energy"]), json.loads(samples.attrs["recipe"])["period"]
        samples = list(samples["sample"].values)
    if centres is None or stiffness is None:
        raise ParameterError(name, {"centres": "and stiffness must be given with series of samples"})
    s0, k = checked_windows(name, centres, stiffness)
    kt, _ = checked_grid(name, temperature, [0.0, 1.0])
    series = [np.asarray(values, dtype=np.float64) for values in samples]
    if len(series) != len(s0):
        raise ParameterError(name, {"samples": f"must be as many series as the {len(s0)} centres, not {len(series)}"})
    for i, values in enumerate(series):
        if values.ndim not in (1, 2) or values.size == 0 or not np.isfinite(values).all():
            sentence = f"must be finite series, (time,) or (trajectory, time); that of window {i} is not"
            raise ParameterError(name, {"samples": sentence})
    if period is not None and not 0.0 < period < math.inf:
        raise ParameterError(name, {"period": "must be a positive number"}, {"period": period})
    if inefficiency is None:
        about = [values if period is None else (values - c + 0.5 * period) % period
                 for values, c in zip(series, s0, strict=True)]  # fmt: skip
        inefficiency = [pooled_inefficiency(values) for values in about]
    g = np.array(np.broadcast_to(np.asarray(inefficiency, dtype=np.float64), s0.shape))
    return series, s0, k, kt, period, g


def _bias_of(s: Floats, centres: Floats, stiffness: Floats, period: float | None) -> Floats:
    """Equation (1) of all windows at all places, shape (K, N)."""
    distance = s - centres[:, None]
    if period is not None:
        distance -= period * np.rint(distance / period)
    distance *= distance
    distance *= 0.5 * stiffness[:, None]
    return distance

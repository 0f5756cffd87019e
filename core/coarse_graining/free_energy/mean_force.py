r"""The potential of mean force, in the convention that is asked for.

Along a distance *r* in *d* dimensions two functions go by this name,

.. math:: F(r) = -kT \ln P(r), \qquad W(r) = F(r) + (d - 1)\, kT \ln r   \qquad (1)

*F* belongs to the density of the coordinate and falls for ever, as shells grow; *W* is the reversible work of two
particles, flat where they do not feel each other, and equal to :math:`-kT \ln g(r)`. In bins both are exact with the
volumes of the shells, :math:`r_2^d - r_1^d`, in place of *r* at the centre.

References
----------
1. Trzesniak, Kunz & van Gunsteren, ChemPhysChem 8, 162 (2007), doi:10.1002/cphc.200600527.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...model import ParameterError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["potential_of_mean_force"]


def potential_of_mean_force(
    profile: xr.Dataset,
    *,
    convention: Literal["density", "reversible_work"],
    dimension: int = 3,
    zero_at: float | None = None,
) -> xr.Dataset:
    """A profile along a distance, as F(r) or as W(r) of equation (1).

    Parameters
    ----------
    profile : xarray.Dataset
        Of `umbrella_profile`, `free_energy_profile` or `metadynamics_profile`, along a distance.
    convention : {"density", "reversible_work"}
        F(r), without the Jacobian, or W(r), with it. There is no default: either would be wrong for somebody.
    dimension : int
        Of the space in which the distance is taken.
    zero_at : float, optional
        Distance at which the result is zero. Default: where the profile is.

    Returns
    -------
    xarray.Dataset
        ``mean_force_potential`` (coordinate) with its error, that of the difference from the bin where the profile
        is zero;
        ``mean_force_potential_exists``, the edges of the bins and ``converged``. The attribute ``convention`` of the
        variable says which it is.

    Raises
    ------
    ParameterError
        If an argument is not allowed, the profile is in another convention already, or distances are negative.

    Examples
    --------
    Points that are uniform in a ball: F falls by the growth of shells, W is flat.

    >>> from mesoscale.core.coarse_graining.free_energy import free_energy_profile, mbar
    >>> r = np.random.default_rng(0).random(20_000) ** (1.0 / 3.0)
    >>> profile = free_energy_profile(mbar(np.zeros((1, r.size)), [r.size]), r, [0.2, 0.4, 0.8])
    >>> flat = potential_of_mean_force(profile, convention="reversible_work")
    >>> bool(profile.free_energy[0] > 1.2), bool(abs(flat.mean_force_potential[0]) < 0.1)
    (True, True)
    """
    name = "potential_of_mean_force"
    if convention not in ("density", "reversible_work"):
        sentence = "must be 'density', F(r), or 'reversible_work', W(r) = F(r) + (d - 1) kT ln r"
        raise ParameterError(name, {"convention": sentence}, {"convention": convention})
    if isinstance(dimension, bool) or dimension != int(dimension) or not 1 <= dimension <= 1000:
        raise ParameterError(name, {"dimension": "must be a whole number of at least 1"}, {"dimension": dimension})
    if "free_energy" not in profile or "lower_edge" not in profile:
        raise ParameterError(name, {"profile": "must be a profile along a distance, of this library"})
    told = json.loads(profile.attrs["recipe"])
    kt, low, high = told["temperature"], profile["lower_edge"].values, profile["upper_edge"].values
    if convention == "reversible_work" and low[0] < 0.0:
        raise ParameterError(name, {"profile": f"must be along a distance; its first bin begins at {low[0]:g}"})
    value = profile["free_energy"].values.copy()
    if convention == "reversible_work":
        # powers of a share of the largest distance, so that no dimension overflows
        shells = (high / high[-1]) ** dimension - (low / high[-1]) ** dimension
        value += kt * np.log(np.maximum(shells, 1e-300) / (high - low))
    exists = np.isfinite(value)
    place = int(np.flatnonzero(profile["free_energy"].values == 0.0)[0])
    if zero_at is not None:
        place = int(np.searchsorted(low, zero_at, side="right")) - 1
        if not low[0] <= zero_at <= high[-1] or not exists[place]:
            sentence = f"must lie in a bin with samples, between {low[0]:g} and {high[-1]:g}"
            raise ParameterError(name, {"zero_at": sentence}, {"zero_at": zero_at})
    result = profile[["lower_edge", "upper_edge", "converged"]].copy()
    words = "F(r), of the density" if convention == "density" else f"W(r) = F(r) + {dimension - 1} kT ln r"
    result["mean_force_potential"] = ("coordinate", value - value[place], {
        "units": "1", "long_name": f"potential of mean force, {words}", "convention": convention,
        "comment": f"convention: {convention}, {words}, in {dimension} dimensions; NaN where there are no samples",
    })  # fmt: skip
    result["mean_force_potential_error"] = profile["free_energy_error"]
    result["mean_force_potential_exists"] = (
        "coordinate",
        exists,
        {"units": "1", "long_name": "whether the bin has samples"},
    )
    path = f"mesoscale.core.coarse_graining.free_energy.{name}"
    recipe = {
        "function": path,
        "convention": convention,
        "dimension": int(dimension),
        "zero_at": zero_at,
        "profile": told,
    }
    result.attrs = {"source": profile.attrs["source"], "recipe": json.dumps(recipe)}
    return result

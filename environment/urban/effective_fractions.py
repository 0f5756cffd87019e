"""From area fractions to effective surfaces, where no map of the patches themselves is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from ...core.kernels.threads import map_blocks
from .effective_map import check_constants, label_fields, read_length
from .mixture import FIELDS, Mixture, fill_effective_fields
from .patch import LOCAL_CLIMATE_ZONE_PATCHES, Patch

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["effective_surface_of_fractions"]


def effective_surface_of_fractions(
    fractions: xr.DataArray,
    heterogeneity_length: Any,
    *,
    classes: Mapping[int, Patch] = LOCAL_CLIMATE_ZONE_PATCHES,
    von_karman: float = 0.4,
    claussen_constant: float = 1.75,
) -> xr.Dataset:
    """Effective surface of cells whose area fractions are known, such as WRF's LANDUSEF.

    Parameters
    ----------
    fractions : xarray.DataArray
        Area fractions [1]; the first dimension is the class, with its codes as coordinate. They add up to 1 within
        1e-6 in each cell; a cell with NaN has no data.
    heterogeneity_length : float, str or array_like
        Wavelength of the pattern [m], which fractions cannot tell; one for all cells or one for each.
    classes : mapping of int to Patch
        What each code means.
    von_karman, claussen_constant : float
        Von Karman's constant and c_1 of the diffusion blending height [1].

    Returns
    -------
    xarray.Dataset
        As of `effective_surface_map`.

    Raises
    ------
    ValueError
        If fractions do not add up to 1, or a code is unknown.

    Examples
    --------
    >>> import xarray as xr
    >>> half = xr.DataArray([[[0.5]], [[0.5]]], dims=("zone", "y", "x"), coords={"zone": [2, 14]})
    >>> round(float(effective_surface_of_fractions(half, "1 km").effective_roughness_length[0, 0]), 3)
    0.484
    """
    if getattr(fractions, "ndim", 0) != 3 or fractions.dims[0] not in fractions.coords:
        raise ValueError("fractions must be a DataArray on (class, y, x) with the codes of the classes as coordinate")
    codes = [int(code) for code in fractions[fractions.dims[0]].values]
    unknown = [code for code in codes if code not in classes]
    if unknown:
        raise ValueError(f"fractions have codes that are no class: {unknown[:5]}; add them to classes")
    check_constants(von_karman, claussen_constant)
    values = np.ascontiguousarray(np.moveaxis(np.asarray(fractions, dtype=np.float64), 0, -1))
    shape, n = values.shape[:2], len(codes)
    total = values.sum(axis=-1)
    wrong = np.isfinite(total) & ((np.abs(total - 1.0) > 1e-6) | (np.nanmin(values, axis=-1, initial=0.0) < 0))
    if wrong.any():
        raise ValueError(
            f"area fractions must be at least 0 and add up to 1; in one cell they add up to {total[wrong][0]:.17g}"
        )
    length = (
        heterogeneity_length
        if np.ndim(heterogeneity_length)
        else read_length("heterogeneity_length", heterogeneity_length)
    )
    wavelength = np.ascontiguousarray(np.broadcast_to(np.asarray(length, dtype=np.float64), shape)).reshape(-1)
    if not (wavelength[np.isfinite(total).reshape(-1)] > 0).all():
        raise ValueError("heterogeneity_length must be greater than 0 m in every cell with data")
    patches = tuple(classes[code] for code in codes)
    flat = (values / total[..., None]).reshape(-1, n)
    out = np.full((len(FIELDS), flat.shape[0]), np.nan)

    def average_cells(begin: int, end: int) -> None:
        _average_fractions(
            flat[begin:end],
            *Mixture.of(patches),
            wavelength[begin:end],
            von_karman,
            claussen_constant,
            out[:, begin:end],
        )

    map_blocks(average_cells, flat.shape[0], 100_000)
    table = {name: field.reshape(shape) for name, field in zip(FIELDS, out, strict=True)}
    table["heterogeneity_length"] = np.where(np.isfinite(total), wavelength.reshape(shape), np.nan)
    table["coverage"] = np.isfinite(total).astype(float)
    dims = tuple(str(dim) for dim in fractions.dims[1:])
    centres = {dim: fractions[dim].variable for dim in dims if dim in fractions.coords}
    return label_fields(table, dims, centres, patches)


@njit(cache=True, nogil=True)
def _average_fractions(
    fraction: np.ndarray,
    log_z: np.ndarray,
    properties: np.ndarray,
    wavelength: np.ndarray,
    kappa: float,
    claussen: float,
    out: np.ndarray,
) -> None:
    stress, cell = np.zeros(log_z.size), np.empty(out.shape[0])
    for i in range(fraction.shape[0]):
        if np.isfinite(fraction[i].sum()):
            fill_effective_fields(log_z, properties, fraction[i], wavelength[i], kappa, claussen, -1.0, cell, stress)
            out[:, i] = cell

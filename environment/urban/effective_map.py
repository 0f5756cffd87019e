"""From a map of land cover to a map of effective surfaces: one cell of a weather model for each block of pixels.

Every cell is what `UrbanSurface` is for one: its pixels give area fractions and the wavelength of their pattern, and
one kernel gives all averages. Missing pixels are left out, never averaged; `coverage` says how many were there. Rows
of cells go through a thread pool and are read one block at a time, so that rasters on disk (dask, rioxarray) need no
memory of their own.

Aggregate roughness, not buildings: the plan area fraction and height of a city averaged with its fields give bare
soil. Apply morphometry at about 1 km first, then average here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from ...core.kernels.threads import map_blocks
from ...core.quantities import Unit, UnitError
from .mixture import FIELDS, ROUGHNESS_SUBLAYER, Mixture, fill_effective_fields
from .patch import LOCAL_CLIMATE_ZONE_PATCHES, Patch
from .raster import Grid, PatternMethod, WindAxis, check_pattern_choices, measure_pattern, read_raster

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["check_constants", "effective_surface_map", "label_fields", "read_length"]

_METRE = Unit("m")
_ROUGHNESS_FIELDS = (*FIELDS[:4], *FIELDS[5:8], *FIELDS[16:18])  # what a raster of roughness lengths can tell
_PLACES = np.array([FIELDS.index(name) for name in _ROUGHNESS_FIELDS])
_THERMAL = ("effective_surface_temperature", "mean_surface_temperature", "radiative_temperature")
_PIXELS = 4_000_000  # of a block: about 0.2 s
_LONG_NAMES = {
    "blending_height": "blending height of the mean profile (Mason 1988)",
    "diffusion_blending_height": "blending height of diffusion (Claussen 1990)",
    "effective_roughness_length": "effective roughness length, weighted by drag at the blending height",
    "log_variance": "variance of the logarithm of the roughness length",
    "coverage": "share of pixels with data",
    "heterogeneity_length": "wavelength of the pattern",
}


def effective_surface_map(
    raster: Any,
    *,
    factor: int | None = None,
    cell_length: Any = None,
    classes: Mapping[int, Patch] | None = LOCAL_CLIMATE_ZONE_PATCHES,
    resolution: Any = None,
    heterogeneity_length: Any = None,
    wind: WindAxis = "any",
    method: PatternMethod | None = None,
    fixed_blending_height: Any = None,
    von_karman: float = 0.4,
    claussen_constant: float = 1.75,
) -> xr.Dataset:
    """Effective surface of every cell of `factor` times `factor` pixels.

    Parameters
    ----------
    raster : xarray.DataArray
        Codes of land cover, or roughness lengths [m], on rows and columns in projected coordinates.
    factor : int, optional
        Pixels along the side of a cell; cells at the far edges may be smaller.
    cell_length : float or str, optional
        Instead of `factor`: the side of a cell, a whole multiple of the pixel [m].
    classes : mapping of int to Patch, optional
        As in `UrbanSurface.from_land_cover`; None: the raster holds roughness lengths.
    resolution : float or str, optional
        Side of a pixel [m], for rasters without projected coordinates.
    heterogeneity_length : float or str, optional
        One wavelength for all cells [m]. Default: measured in each cell.
    wind : {"any", "x", "y"}
        Along which axis the wavelength is measured.
    method : {"run_length", "integral_scale"}, optional
        How it is measured. Default: run length for classes, integral scale for roughness lengths.
    fixed_blending_height : float or str, optional
        Blending height to use in all cells [m]; NaN comes out where it does not exceed the roughness lengths.
    von_karman, claussen_constant : float
        Von Karman's constant and c_1 of the diffusion blending height [1].

    Returns
    -------
    xarray.Dataset
        Fields on (y, x) with units; NaN in cells without data.

    Raises
    ------
    ValueError
        If the raster or an option is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> codes = xr.DataArray(np.tile([[2, 2, 14, 14]], (4, 1)), dims=("y", "x"))
    >>> cells = effective_surface_map(codes, factor=4, resolution=100.0)
    >>> round(float(cells.effective_roughness_length[0, 0]), 3), round(float(cells.log_mean_roughness_length[0, 0]), 3)
    (0.478, 0.294)
    """
    grid = read_raster(raster, classes, resolution)
    side = _cell_side(grid, factor, cell_length)
    wavelength = read_length("heterogeneity_length", heterogeneity_length)
    fixed = read_length("fixed_blending_height", fixed_blending_height)
    check_pattern_choices(wind, method or grid.default_method)
    check_constants(von_karman, claussen_constant)
    rows, columns = grid.raster.shape
    shape = (-(-rows // side), -(-columns // side))
    names = FIELDS if grid.patches else _ROUGHNESS_FIELDS
    out = np.full((len(names) + 2, *shape), np.nan)
    along = (wind != "x", wind != "y", (method or grid.default_method) == "run_length")
    numbers = (wavelength, von_karman, claussen_constant, fixed)

    def average_rows(begin: int, end: int) -> None:
        first, last = begin * side, min(end * side, rows)
        logarithms = grid.read_logarithms(first, last)
        if grid.patches:
            index = grid.read_classes(first, last)
            _average_classes(
                index, logarithms, *Mixture.of(grid.patches), side, *grid.spacing, *along, *numbers, out[:, begin:end]
            )
        else:
            _average_pixels(logarithms, side, *grid.spacing, *along, *numbers, _PLACES, out[:, begin:end])

    map_blocks(average_rows, shape[0], max(1, _PIXELS // (side * columns)))
    table = dict(zip((*names, "heterogeneity_length", "coverage"), out, strict=True))
    dims = tuple(str(dim) for dim in grid.raster.dims)
    centres = {
        dim: ((dim,), _block_means(np.asarray(grid.raster[dim], dtype=float), side), dict(grid.raster[dim].attrs))
        for dim in dims
        if dim in grid.raster.coords
    }
    return label_fields(table, dims, centres, grid.patches)


def check_constants(von_karman: float, claussen_constant: float) -> None:
    """Refuse what `UrbanSurface` refuses, too."""
    if not 0.35 <= von_karman <= 0.43:
        raise ValueError(f"von_karman = {von_karman!r}: must be from 0.35 to 0.43")
    if not 0.1 <= claussen_constant <= 10:
        raise ValueError(f"claussen_constant = {claussen_constant!r}: must be from 0.1 to 10")


def read_length(name: str, value: Any) -> float:
    """A length in metres, or -1 where none is given."""
    if value is None:
        return -1.0
    try:
        length = float(_METRE.to_magnitude(value))
    except (UnitError, TypeError, ValueError) as error:
        raise ValueError(f"{name} = {value!r}: {error}") from None
    if not 0 < length < np.inf:
        raise ValueError(f"{name} = {value!r}: must be greater than 0 m")
    return length


def _cell_side(grid: Grid, factor: int | None, cell_length: Any) -> int:
    if (factor is None) == (cell_length is None):
        raise ValueError("give factor (pixels along the side of a cell) or cell_length (metres), one of both")
    if factor is not None:
        if isinstance(factor, bool) or int(factor) != factor or factor < 1:
            raise ValueError(f"factor = {factor!r}: must be a whole number of at least 1")
        return int(factor)
    length = read_length("cell_length", cell_length)
    pixels = [length / side for side in grid.spacing]
    if any(abs(n - round(n)) > 1e-3 or round(n) != round(pixels[0]) or n < 0.5 for n in pixels):
        sides = " by ".join(f"{side:.6g}" for side in grid.spacing)
        raise ValueError(
            f"cell_length = {length:.6g} m: must be a whole multiple of the pixel, {sides} m; or give factor"
        )
    return round(pixels[0])


def _block_means(axis: np.ndarray, side: int) -> np.ndarray:
    starts = np.arange(0, axis.size, side)
    return np.add.reduceat(axis, starts) / np.diff(np.append(starts, axis.size))


def label_fields(
    table: dict[str, np.ndarray], dims: tuple[str, ...], coordinates: dict[str, Any], patches: tuple[Patch, ...]
) -> xr.Dataset:
    """A Dataset with units and long names; temperatures only where classes differ in theirs."""
    import xarray as xr

    if len({patch.surface_temperature for patch in patches}) == 1:
        table = {name: field for name, field in table.items() if name not in _THERMAL}
    variables: dict[str, Any] = {}
    for name, field in table.items():
        plain = name.endswith(("coefficient", "albedo", "emissivity", "variance", "coverage"))
        unit = "1" if plain else "K" if name.endswith("temperature") else "m"
        attrs = {"units": unit, "long_name": _LONG_NAMES.get(name, name.replace("_", " "))}
        variables[name] = (dims, field, attrs)
    if "tallest_building_height" in table:
        valid = table["blending_height"] >= ROUGHNESS_SUBLAYER * table["tallest_building_height"]
        comment = "valid for blending heights above 2.5 building heights"
        attrs = {"units": "1", "long_name": "whether the blending height is inside its validity", "comment": comment}
        variables["blending_height_valid"] = (dims, valid, attrs)
        variables["blending_height"][2]["ancillary_variables"] = "blending_height_valid"
    attrs = {"Conventions": "CF-1.11", "title": "effective surface for neutral flow"}
    return xr.Dataset(variables, coordinates, attrs)


@njit(cache=True, nogil=True)
def _average_classes(
    index: np.ndarray,
    log_block: np.ndarray,
    log_z: np.ndarray,
    properties: np.ndarray,
    side: int,
    row_spacing: float,
    column_spacing: float,
    along_rows: bool,
    along_columns: bool,
    runs: bool,
    wavelength: float,
    kappa: float,
    claussen: float,
    fixed: float,
    out: np.ndarray,
) -> None:
    """Every cell of a block of classes; fields, wavelength and coverage into `out`."""
    rows, columns = index.shape
    n = out.shape[0] - 2
    counts, stress, cell = np.zeros(log_z.size), np.zeros(log_z.size), np.empty(n)
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            y0, y1 = i * side, min((i + 1) * side, rows)
            x0, x1 = j * side, min((j + 1) * side, columns)
            counts[:] = 0.0
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if index[y, x] >= 0:
                        counts[index[y, x]] += 1.0
            known = counts.sum()
            out[n + 1, i, j] = known / ((y1 - y0) * (x1 - x0))
            if known == 0.0:
                continue
            counts /= known
            scale = wavelength
            if not scale > 0.0:
                scale = measure_pattern(
                    log_block[y0:y1, x0:x1], row_spacing, column_spacing, along_rows, along_columns, runs
                )
            out[n, i, j] = scale
            if fixed > 0.0:
                roughest = -np.inf
                for k in range(log_z.size):
                    if counts[k] > 0.0:
                        roughest = max(roughest, log_z[k])
                if np.log(fixed) <= roughest:
                    continue
            fill_effective_fields(log_z, properties, counts, scale, kappa, claussen, fixed, cell, stress)
            out[:n, i, j] = cell


@njit(cache=True, nogil=True)
def _average_pixels(
    log_block: np.ndarray,
    side: int,
    row_spacing: float,
    column_spacing: float,
    along_rows: bool,
    along_columns: bool,
    runs: bool,
    wavelength: float,
    kappa: float,
    claussen: float,
    fixed: float,
    places: np.ndarray,
    out: np.ndarray,
) -> None:
    """Every cell of a block of ln z0; each pixel is a patch of its own."""
    rows, columns = log_block.shape
    n = places.size
    pixels, cell = np.empty(side * side), np.empty(len(FIELDS))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            y0, y1 = i * side, min((i + 1) * side, rows)
            x0, x1 = j * side, min((j + 1) * side, columns)
            known = 0
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if log_block[y, x] == log_block[y, x]:
                        pixels[known] = log_block[y, x]
                        known += 1
            out[n + 1, i, j] = known / ((y1 - y0) * (x1 - x0))
            if known == 0:
                continue
            scale = wavelength
            if not scale > 0.0:
                scale = measure_pattern(
                    log_block[y0:y1, x0:x1], row_spacing, column_spacing, along_rows, along_columns, runs
                )
            out[n, i, j] = scale
            here = pixels[:known]
            if fixed > 0.0 and np.log(fixed) <= here.max():
                continue
            share, stress = np.full(known, 1.0 / known), np.empty(known)
            properties = np.ones((6, known))  # only their roughness is known; what follows from the rest is dropped
            properties[0] = here
            fill_effective_fields(here, properties, share, scale, kappa, claussen, fixed, cell, stress)
            for k in range(n):
                out[k, i, j] = cell[places[k]]

r"""Rasters of land cover: what their numbers mean, how far apart their pixels are, and how long their pattern is.

The wavelength of a patchwork, one patch and the next, is measured in one of two ways. **Run length**: for classes,
twice the mean distance between changes of roughness along the wind,

.. math:: L_c = 2 \frac{\text{length of all lines}}{\text{number of changes}}                                \tag{1}

**Integral scale**: for continuous roughness, from the autocorrelation of *ln z_0* up to its first zero,

.. math:: L_c = 4 \int_0^{r_0} \rho(r) dr                                                                    \tag{2}

The factor 4 makes both agree for a random mosaic, whose correlation is exponential; regular stripes would need 8 and a
sine 2 pi, so (2) errs low for regular patterns and (1) is preferred where there are classes.

References
----------
Bou-Zeid, Parlange & Meneveau, J. Atmos. Sci. 64, 216 (2007), doi:10.1175/JAS3826.1: a length scale from the roughness
map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numba import njit

from ...core.quantities import Unit, UnitError
from .patch import Patch

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "Grid",
    "PatternMethod",
    "WindAxis",
    "check_pattern_choices",
    "measure_pattern",
    "pattern_wavelength",
    "read_raster",
]

WindAxis = Literal["any", "x", "y"]
PatternMethod = Literal["run_length", "integral_scale"]

_METRE = Unit("m")
_NOT_DATA = (-9999.0, -999.0)
_NO_CLASS = (0.0, 255.0)  # in rasters of classes, where no class has this code
_BINS = 64
_LARGEST_CODE = 65535


@dataclass(frozen=True, slots=True)
class Grid:
    """A checked raster, read block by block.

    Attributes
    ----------
    raster : xarray.DataArray
        Two-dimensional, rows first.
    spacing : tuple of float
        Of rows and columns [m].
    patches : tuple of Patch
        The different classes; empty where the raster holds roughness lengths.
    lookup : numpy.ndarray
        Code to index in `patches`; -1 no data, -2 unknown.
    missing : tuple of float
        Values that mean: no data.
    """

    raster: xr.DataArray
    spacing: tuple[float, float]
    patches: tuple[Patch, ...]
    lookup: np.ndarray
    missing: tuple[float, ...]

    def read_classes(self, begin: int, end: int) -> np.ndarray:
        """Rows as indices into `patches`, -1 where there is no data."""
        block = np.asarray(self.raster[begin:end])
        no_data, no_class = self.lookup.size - 1, self.lookup.size - 2
        gone = np.zeros(block.shape, dtype=bool)
        if block.dtype.kind == "f":
            gone = np.isnan(block)
            odd = ~gone & (block != np.floor(block))
            if odd.any():
                raise ValueError(f"the raster holds {block[odd].flat[0]:g}: codes of land cover are whole numbers")
        if block.dtype.kind != "u":
            for value in self.missing:
                if value < 0:
                    gone |= block == value
        known = (block >= 0) & (block < no_class)
        place = np.full(block.shape, no_class, np.int64)
        place[known] = block[known]
        index = self.lookup[np.where(gone, no_data, place)]
        if index.size and index.min() < -1:
            unknown = ", ".join(f"{code:g}" for code in np.unique(block[index < -1])[:5])
            raise ValueError(
                f"the raster holds codes that are no class: {unknown}; add them to classes, or mask them as NaN"
            )
        return index

    def read_logarithms(self, begin: int, end: int) -> np.ndarray:
        """Rows as ln z0, NaN where there is no data."""
        if self.patches:
            table = np.array([math.log(patch.roughness_length) for patch in self.patches] + [math.nan])
            return table[self.read_classes(begin, end)]
        block = np.asarray(self.raster[begin:end], dtype=np.float64)
        known = np.isfinite(block) & ~np.isin(block, self.missing)
        if np.isinf(block).any() or (block[known] <= 0).any():
            bad = block[np.isinf(block) | (known & (block <= 0))].flat[0]
            raise ValueError(
                f"the raster holds the roughness length {bad:g} m: it must be greater than 0, or NaN for no data"
            )
        return np.log(np.where(known, block, 1.0)) + np.where(known, 0.0, np.nan)

    def wavelength(self, wind: WindAxis, method: PatternMethod | None = None) -> float:
        """Wavelength of the pattern of the whole raster [m]."""
        logarithms = self.read_logarithms(0, self.raster.shape[0])
        return _wavelength(logarithms, self.spacing, wind, method or self.default_method)

    @property
    def default_method(self) -> PatternMethod:
        """Run length for classes, integral scale for roughness lengths."""
        return "run_length" if self.patches else "integral_scale"

    def collect_patches(self) -> tuple[Patch, ...]:
        """The classes that occur, with their shares, the most frequent first; at most 64 roughness lengths."""
        if self.patches:
            index = self.read_classes(0, self.raster.shape[0])
            counts = np.bincount(index[index >= 0], minlength=len(self.patches))
            kinds = list(self.patches)
        else:
            logarithms = self.read_logarithms(0, self.raster.shape[0])
            counts, kinds = _bin_roughness(logarithms[np.isfinite(logarithms)])
        if not counts.sum():
            raise ValueError("the raster has no valid pixel")
        order = [int(k) for k in np.argsort(-counts, kind="stable") if counts[k]]
        return tuple(kinds[k].replace(area_fraction=float(counts[k] / counts.sum())) for k in order)


def read_raster(raster: Any, classes: Mapping[int, Patch] | None, resolution: Any) -> Grid:
    """Check a raster and learn what its numbers and its pixels mean.

    Raises
    ------
    ValueError
        If it is no two-dimensional DataArray in projected coordinates, or a class is no `Patch`.
    """
    import xarray as xr

    if not isinstance(raster, xr.DataArray):
        raise ValueError(f"the raster must be an xarray.DataArray with two dimensions, not a {type(raster).__name__}")
    flat = raster.squeeze(drop=True) if raster.ndim > 2 else raster
    if flat.ndim != 2 or flat.size == 0 or flat.dtype.kind not in "iuf":
        raise ValueError(f"the raster must hold numbers on two dimensions, not {raster.dtype} on {dict(raster.sizes)}")
    spacing = _read_spacing(flat, resolution)
    stated = [{**raster.encoding, **raster.attrs}.get(key) for key in ("_FillValue", "missing_value", "nodata")]
    missing = [float(value) for value in stated if value is not None] + list(_NOT_DATA)
    patches: list[Patch] = []
    lookup = np.full(3, -2, dtype=np.int64)
    if classes is not None:
        if not classes or not all(isinstance(patch, Patch) for patch in classes.values()):
            raise ValueError("classes must map at least one code to a Patch")
        if not all(0 <= int(code) == code <= _LARGEST_CODE for code in classes):
            raise ValueError(f"classes must have codes from 0 to {_LARGEST_CODE}")
        missing += [code for code in _NO_CLASS if int(code) not in classes]
        patches = list(dict.fromkeys(classes.values()))
        lookup = np.full(max(*classes, 255) + 3, -2, dtype=np.int64)
        lookup[-1] = -1
        for value in missing:
            if 0 <= value < lookup.size - 2 and value == int(value):
                lookup[int(value)] = -1
        for code, patch in classes.items():
            lookup[code] = patches.index(patch)
    elif flat.attrs.get("units", "m") != "m":
        scale, _ = _METRE.affine(str(flat.attrs["units"]))
        flat = (flat.where(~flat.isin(missing)) * scale).assign_attrs(units="m")
    return Grid(flat, spacing, tuple(patches), lookup, tuple(missing))


def pattern_wavelength(
    roughness_length: Any, spacing: float, *, wind: WindAxis = "any", method: PatternMethod = "run_length"
) -> float:
    """Wavelength of a pattern of roughness, equation (1) or (2).

    Parameters
    ----------
    roughness_length : array_like
        Rows (y) and columns (x) of a map [m]; NaN where there is no data.
    spacing : float
        Of rows and columns [m].
    wind : {"any", "x", "y"}
        The axis along the wind; "any" takes both.
    method : {"run_length", "integral_scale"}
        See the text of this module.

    Returns
    -------
    float
        Wavelength [m]; twice the longer side where nothing changes.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile(np.repeat([0.1, 1.0], 5), (20, 10))
    >>> round(pattern_wavelength(stripes, 100.0, wind="x"))
    1042
    """
    values = np.asarray(roughness_length, dtype=float)
    if values.ndim != 2 or not spacing > 0 or not (values[np.isfinite(values)] > 0).all():
        raise ValueError("give positive roughness lengths [m] on two axes and a spacing above 0 m")
    return _wavelength(np.log(values), (spacing, spacing), wind, method)


def check_pattern_choices(wind: str, method: str) -> None:
    """Refuse what is none of `WindAxis` or `PatternMethod`."""
    if wind not in get_args(WindAxis):
        raise ValueError(f"wind = {wind!r}: must be one of {', '.join(map(repr, get_args(WindAxis)))}")
    if method not in get_args(PatternMethod):
        raise ValueError(f"method = {method!r}: must be one of {', '.join(map(repr, get_args(PatternMethod)))}")


def _wavelength(logarithms: np.ndarray, spacing: tuple[float, float], wind: WindAxis, method: PatternMethod) -> float:
    check_pattern_choices(wind, method)
    along = (wind != "x", wind != "y")
    return measure_pattern(np.ascontiguousarray(logarithms), *spacing, *along, method == "run_length")


def _read_spacing(raster: Any, resolution: Any) -> tuple[float, float]:
    if resolution is not None:
        try:
            side = float(_METRE.to_magnitude(resolution))
        except (UnitError, TypeError, ValueError) as error:
            raise ValueError(f"resolution = {resolution!r}: {error}") from None
        if not (side > 0 and math.isfinite(side)):
            raise ValueError(f"resolution = {resolution!r}: must be greater than 0 m")
        return side, side
    found = []
    for dim in raster.dims:
        text = f"{dim} {raster[dim].attrs.get('units', '')} {raster[dim].attrs.get('standard_name', '')}".lower()
        if any(word in text for word in ("lat", "lon", "degree")):
            found.append("degrees")
            continue
        if dim not in raster.coords or raster.sizes[dim] < 2:
            raise ValueError(f"the raster has no spacing along {dim!r}: give resolution, the side of a pixel in metres")
        axis = np.asarray(raster[dim], dtype=float)
        steps = np.diff(axis)
        if not np.allclose(steps, steps.mean(), rtol=1e-3, atol=0) or steps.mean() == 0:
            raise ValueError(f"the raster's coordinate {dim!r} is not evenly spaced: regrid it, or give resolution")
        units = raster[dim].attrs.get("units")
        degrees = units is None and abs(steps.mean()) < 0.5 and np.abs(axis).max() <= 360.0
        found.append("degrees" if degrees else abs(steps.mean()) * _METRE.affine(str(units or "m"))[0])
    if "degrees" in found:
        raise ValueError(
            "the raster is in latitude and longitude, where a pixel has no one length: project it to metres"
            " (for example raster.rio.reproject), or give resolution, the side of a pixel in metres"
        )
    return float(found[0]), float(found[1])


def _bin_roughness(logarithms: np.ndarray) -> tuple[np.ndarray, list[Patch]]:
    """Counts and patches of roughness lengths: as they are, or in classes of equal width in ln z0."""
    if logarithms.size == 0:
        return np.zeros(0, dtype=np.int64), []
    values, counts = np.unique(logarithms, return_counts=True)
    if values.size > _BINS:
        index = np.minimum((values - values[0]) / (values[-1] - values[0]) * _BINS, _BINS - 1).astype(np.int64)
        totals = np.bincount(index, weights=counts, minlength=_BINS)
        sums = np.bincount(index, weights=counts * values, minlength=_BINS)
        values, counts = sums[totals > 0] / totals[totals > 0], totals[totals > 0]
    z = np.exp(values)
    return counts, [Patch(roughness_length=float(value), heat_roughness_length=float(value) / 10.0) for value in z]


@njit(cache=True, nogil=True)
def measure_pattern(
    log_z: np.ndarray, row_spacing: float, column_spacing: float, along_rows: bool, along_columns: bool, runs: bool
) -> float:
    """Equation (1) or (2) on a block of ln z0 with NaN for no data; along rows means: from one row to the next."""
    rows, columns = log_z.shape
    if runs:
        length, changes = 0.0, 0
        for i in range(rows):
            for j in range(columns):
                here = log_z[i, j]
                if along_rows and i + 1 < rows:
                    there = log_z[i + 1, j]
                    if here == here and there == there:
                        length += row_spacing
                        changes += here != there
                if along_columns and j + 1 < columns:
                    there = log_z[i, j + 1]
                    if here == here and there == there:
                        length += column_spacing
                        changes += here != there
        if changes > 0:
            return 2.0 * length / changes
    else:
        total, directions = 0.0, 0
        if along_rows and rows > 1:
            total += row_spacing * _integrate_correlation(log_z.T)
            directions += 1
        if along_columns and columns > 1:
            total += column_spacing * _integrate_correlation(log_z)
            directions += 1
        if total > 0.0:
            return 4.0 * total / directions
    return 2.0 * max(rows * row_spacing, columns * column_spacing)


@njit(cache=True, nogil=True)
def _integrate_correlation(log_z: np.ndarray) -> float:
    """Integral of the autocorrelation along the second axis up to its first zero, in pixels; 0 without variation."""
    rows, columns = log_z.shape
    mean, square, n = 0.0, 0.0, 0
    for i in range(rows):
        for j in range(columns):
            if log_z[i, j] == log_z[i, j]:
                n += 1
                step = log_z[i, j] - mean
                mean += step / n
                square += step * (log_z[i, j] - mean)
    if n < 2 or square <= 1e-20 * n:
        return 0.0
    integral, before = 0.0, 1.0
    for lag in range(1, columns):
        product, pairs = 0.0, 0
        for i in range(rows):
            for j in range(columns - lag):
                term = (log_z[i, j] - mean) * (log_z[i, j + lag] - mean)
                if term == term:
                    product += term
                    pairs += 1
        if pairs == 0:
            return integral
        after = product / pairs / (square / n)
        if after <= 0.0:
            return integral + 0.5 * before * before / (before - after)
        integral += 0.5 * (before + after)
        before = after
    return integral

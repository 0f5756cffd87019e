r"""The free energy of a block: histograms of the composition, and the way to large blocks.

The share of blocks of side *l* with the composition phi is a free energy of its own,

.. math:: f_l(\phi) = -\frac{kT}{l^d} \ln P_l(\phi)    \qquad (1)

but a block has a surface: correlations that reach across it are cut. For correlations C(r) of a finite range the
variance of the block mean is, exactly once *l* is several correlation lengths,

.. math:: l^d \langle \delta \phi_l^2 \rangle = \sum_{\mathbf r} C(\mathbf r) \prod_d \left( 1 - \frac{|r_d|}{l} \right)
   = \frac{kT}{f''} + \frac{a_1}{l} + \dots + \frac{a_d}{l^d}    \qquad (2)

so that a polynomial of degree *d* in 1/l leads to infinity without a further assumption. If all frames have the same
mean (N sites, a canonical ensemble), kT/f'' counts only (1 - l^d/N) times.

Below the critical temperature the middle of (1) is the cost of an interface through the block, not a local free energy.

References
----------
1. Binder, Z. Phys. B 43, 119 (1981), doi:10.1007/BF01293604.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError

__all__ = ["block_free_energy", "block_variances", "extrapolate_blocks"]

Floats = NDArray[np.float64]


def block_variances(fields: ArrayLike, block_sizes: Sequence[int], *, blocks: int = 20) -> xr.Dataset:
    """Variance of block means times the volume of the block, in cells, equation (2).

    Parameters
    ----------
    fields : array_like
        Shape (frame, x), (frame, x, y) or (frame, x, y, z), on a periodic lattice.
    block_sizes : sequence of int
        Sides of the blocks in cells, at most half of the shortest edge.
    blocks : int
        Number of blocks of frames, for the errors.

    Returns
    -------
    xarray.Dataset
        ``block_variance`` (block_size) and its error, and the means ``block_variance_sample`` (sample, block_size) over
        the parts of the series.

    Raises
    ------
    ParameterError
        If a size does not fit or the fields are unusable.

    Examples
    --------
    >>> fields = np.random.default_rng(0).standard_normal((100, 16, 16))
    >>> bool((abs(block_variances(fields, [1, 2, 4]).block_variance - 1.0) < 0.1).all())
    True
    """
    frames = _checked_fields(fields, "block_variances")
    d = frames.ndim - 1
    sizes = _checked_sizes(block_sizes, min(frames.shape[1:]), "block_variances")
    if isinstance(blocks, bool) or int(blocks) != blocks or blocks < 2:
        raise ParameterError("block_variances", {"blocks": f"must be an integer of at least 2, not {blocks!r}"})
    means = frames.reshape(len(frames), -1).mean(axis=1)
    centre = means.mean()
    edges = np.linspace(0, len(frames), min(int(blocks), len(frames)) + 1).round().astype(int)
    samples = np.empty((len(edges) - 1, len(sizes)))
    for column, size in enumerate(sizes):
        tiles = _tile_means(frames, size).reshape(len(frames), -1)
        powers = size**d * ((tiles - centre) ** 2).mean(axis=1)
        samples[:, column] = np.add.reduceat(powers, edges[:-1]) / np.diff(edges)
    share = np.diff(edges) / len(frames)
    mean = share @ samples
    error = np.sqrt(((share[:, None] * (samples - mean)) ** 2).sum(axis=0) * len(samples) / (len(samples) - 1))
    size = ("block_size",)
    spread = float(np.abs(means - centre).max())
    return xr.Dataset(
        {
            "block_variance": (size, mean, {"units": "1", "long_name": "variance of block means times block volume"}),
            "block_variance_error": (size, error, {"units": "1", "long_name": "standard error of block_variance"}),
            "block_variance_sample": (("sample", *size), samples, {"units": "1", "long_name": "mean of a part"}),
        },
        coords={"block_size": (size, sizes, {"units": "1", "long_name": "side of the block in cells"})},
        attrs={"dimensions": d, "cells": int(np.prod(frames.shape[1:])), "frames": len(frames),
               "fixed_mean": int(spread <= 1e-9 * (1.0 + abs(centre)))},
    )  # fmt: skip


def extrapolate_blocks(
    variances: xr.Dataset, *, thermal_energy: float = 1.0, spacing: float = 1.0, degree: int | None = None
) -> xr.Dataset:
    """Curvature f'' of infinite blocks from `block_variances`, equation (2).

    Parameters
    ----------
    variances : xarray.Dataset
        From `block_variances`, for blocks of several correlation lengths.
    thermal_energy : float
        kT.
    spacing : float
        Lattice constant: f'' is per volume.
    degree : int, optional
        Of the polynomial in 1/l. Default: the number of dimensions, which is exact; fewer for noisy data.

    Returns
    -------
    xarray.Dataset
        ``curvature`` with its error by the jackknife, ``curvature_of_block`` (block_size) = kT/variance of finite
        blocks, ``residual`` in standard errors.

    Raises
    ------
    ParameterError
        If there are fewer sizes than coefficients, or the extrapolated variance is not positive.

    Examples
    --------
    >>> fields = np.random.default_rng(0).standard_normal((400, 24, 24))
    >>> result = extrapolate_blocks(block_variances(fields, [1, 2, 3, 4, 6]))
    >>> bool(abs(result.curvature - 1.0) < 4 * result.curvature_error)
    True
    """
    d = int(variances.attrs["dimensions"])
    sizes = variances.block_size.values.astype(float)
    degree = d if degree is None else degree
    if not 0 <= degree <= d:
        raise ParameterError("extrapolate_blocks", {"degree": f"must be from 0 to {d}, not {degree}"})
    if len(sizes) <= degree:
        raise ParameterError("extrapolate_blocks", {"block_sizes": f"must be more than {degree}, not {len(sizes)}"})
    basis = (1.0 / sizes[:, None]) ** np.arange(degree + 1)
    if variances.attrs["fixed_mean"]:
        basis[:, 0] -= sizes**d / variances.attrs["cells"]
    mean, samples = variances.block_variance.values, variances.block_variance_sample.values
    spread = variances.block_variance_error.values
    weight = 1.0 / np.where(spread > 0, spread, np.inf) if (spread > 0).all() else 1.0 / mean
    solve = np.linalg.pinv(basis * weight[:, None]) * weight
    limit = float(solve[0] @ mean)
    if not limit > 0:
        raise ParameterError("extrapolate_blocks", {"degree": "gives no positive variance; take a lower one"})
    count = len(samples)
    left = (count * mean - samples) / (count - 1) @ solve[0]  # all parts are nearly of one length
    cell = spacing**d
    parts = thermal_energy / cell / left
    error = float(np.sqrt((count - 1) * ((parts - parts.mean()) ** 2).mean()))
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(spread > 0, (mean - basis @ (solve @ mean)) / spread, np.nan)
    size = ("block_size",)
    return xr.Dataset(
        {
            "curvature": ((), thermal_energy / cell / limit, {"units": "1", "long_name": "f'' of infinite blocks"}),
            "curvature_error": ((), error, {"units": "1", "long_name": "standard error of curvature"}),
            "curvature_of_block": (size, thermal_energy / cell / mean, {"units": "1", "long_name": "f'' of blocks"}),
            "residual": (size, residual, {"units": "1", "long_name": "(measured - fitted) / standard error"}),
        },
        coords={"block_size": variances.block_size},
        attrs={"method": "block variances", "degree": degree},
    )


def block_free_energy(
    fields: ArrayLike,
    block_size: int,
    *,
    thermal_energy: float = 1.0,
    spacing: float = 1.0,
    edges: ArrayLike | None = None,
    blocks: int = 20,
) -> xr.Dataset:
    """Free energy of a block by the histogram of its composition, equation (1), up to a constant.

    Parameters
    ----------
    fields : array_like
        Shape (frame, x), (frame, x, y) or (frame, x, y, z).
    block_size : int
        Side in cells.
    thermal_energy : float
        kT.
    spacing : float
        Lattice constant.
    edges : array_like, optional
        Of the bins. Default: one bin a value if there are at most 200 values, else 50 equal bins.
    blocks : int
        Number of parts of the series, for the errors.

    Returns
    -------
    xarray.Dataset
        ``local_free_energy`` (composition), zero at its least, with its error (NaN where a bin is empty), and
        ``probability``.

    Raises
    ------
    ParameterError
        If the size does not fit or the fields are unusable.

    Examples
    --------
    >>> fields = np.random.default_rng(0).choice([-1.0, 1.0], (50, 8, 8))
    >>> block_free_energy(fields, 2).composition.values.tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    frames = _checked_fields(fields, "block_free_energy")
    d = frames.ndim - 1
    size = int(_checked_sizes([block_size], min(frames.shape[1:]), "block_free_energy", whole=True)[0])
    tiles = _tile_means(frames, size).reshape(len(frames), -1)
    if edges is None:
        values = np.unique(tiles.round(12))
        if len(values) <= 200:
            middle = 0.5 * (values[1:] + values[:-1])
            bins = np.concatenate([[values[0] - 0.5], middle, [values[-1] + 0.5]])
        else:
            bins, values = np.linspace(values[0], values[-1], 51), np.empty(0)
    else:
        bins, values = np.asarray(edges, dtype=float), np.empty(0)
    places = values if len(values) else 0.5 * (bins[1:] + bins[:-1])
    parts = np.array_split(np.arange(len(frames)), min(max(2, blocks), len(frames)))
    shares = np.array([np.histogram(tiles[part], bins)[0] / tiles[part].size for part in parts])
    mean = shares.mean(axis=0)
    error = shares.std(axis=0, ddof=1) / np.sqrt(len(parts))
    seen = mean > 0
    width = np.ones(len(mean)) if len(values) else np.diff(bins)
    scale = thermal_energy / (size * spacing) ** d
    energy = np.full(len(mean), np.nan)
    energy[seen] = -scale * np.log(mean[seen] / width[seen])
    uncertain = np.full(len(mean), np.nan)
    uncertain[seen] = scale * error[seen] / mean[seen]
    place = ("composition",)
    return xr.Dataset(
        {
            "local_free_energy": (place, energy - np.nanmin(energy), {"units": "1", "long_name": "f of blocks"}),
            "local_free_energy_error": (place, uncertain, {"units": "1", "long_name": "standard error of f"}),
            "probability": (place, mean, {"units": "1", "long_name": "share of blocks in the bin"}),
        },
        coords={"composition": (place, places, {"units": "1", "long_name": "composition of the block"})},
        attrs={"method": "block histogram", "block_size": size},
    )


def _tile_means(frames: Floats, size: int) -> Floats:
    """Means over tiles of side `size`; what is left over at the far edges is not used."""
    d = frames.ndim - 1
    cut = frames[(slice(None), *(slice(0, n // size * size) for n in frames.shape[1:]))]
    split = [len(cut)]
    for n in cut.shape[1:]:
        split += [n // size, size]
    return np.asarray(cut.reshape(split).mean(axis=tuple(range(2, 2 * d + 1, 2))))


def _checked_fields(fields: ArrayLike, name: str) -> Floats:
    frames = np.asarray(fields, dtype=np.float64)
    if frames.ndim not in (2, 3, 4) or len(frames) < 2 or frames.size == 0:
        sentence = f"must be (frame, x), (frame, x, y) or (frame, x, y, z), two frames or more, not {frames.shape}"
        raise ParameterError(name, {"fields": sentence})
    if not np.isfinite(frames).all():
        raise ParameterError(name, {"fields": "must be finite"})
    return frames


def _checked_sizes(sizes: Sequence[int], edge: int, name: str, *, whole: bool = False) -> NDArray[np.int64]:
    values = np.asarray(sizes)
    most = edge if whole else max(1, edge // 2)
    if (
        values.ndim != 1
        or not values.size
        or values.dtype.kind not in "iu"
        or not ((values >= 1) & (values <= most)).all()
    ):
        raise ParameterError(name, {"block_size" + ("" if whole else "s"): f"must be integers from 1 to {most}"})
    return np.unique(values).astype(np.int64)

"""Three grids, each twice as fine as the one before: the error that they leave, and the limit that they point at.

At the corners of voxels the field is singular, and the logarithm of the effective tensor approaches its limit as a
power of the size of a voxel that depends on the image. It is fitted from the three grids.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .images import Image

__all__ = ["Run", "extrapolated", "solve_grids"]

Tensor = NDArray[np.float64]
Progress = Callable[[int, int], object]
_FINEST = 6.5e7  # voxels of the finest grid of an extrapolation
_SLOWEST = 0.15  # order of convergence below which the three grids say nothing about the limit


class Run(NamedTuple):
    """Effective tensor of one grid, with iterations and residual of every load."""

    tensor: Tensor
    iterations: list[int]
    residual: list[float]


def extrapolated(tensors: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Limit of the tensors of three grids, and its error: how far the finest grid is from it.

    Where the differences do not shrink, the finest grid's tensor is returned with the whole spread as error.
    """
    columns = ~np.isnan(tensors[0]).any(axis=0)
    parts = [t[np.ix_(columns, columns)] for t in tensors]
    parts = [0.5 * (t + t.T) for t in parts]
    values = [np.linalg.eigvalsh(t) for t in parts]
    logarithmic = all(v[0] > 1e-9 * v[-1] for v in values)
    coarse, middle, fine = ([_logarithm(t) for t in parts]) if logarithmic else parts
    first, second = float(np.linalg.norm(middle - coarse)), float(np.linalg.norm(fine - middle))
    scale = 1.0 if logarithmic else float(np.abs(fine).max())
    limit, error = tensors[2].copy(), np.full_like(tensors[2], np.nan)
    if second <= 1e-9 * scale:  # nothing depends on the grid
        error[np.ix_(columns, columns)] = np.abs(parts[2] - parts[1])
        return limit, error
    if first < second * 2.0**_SLOWEST:
        error[np.ix_(columns, columns)] = np.ptp(np.stack(parts), axis=0)
        return limit, error
    target = fine + (fine - middle) / (first / second - 1.0)
    if logarithmic:
        values_, vectors = np.linalg.eigh(target)
        target = (vectors * np.exp(values_)) @ vectors.T
    limit[np.ix_(columns, columns)] = target
    error[np.ix_(columns, columns)] = np.abs(target - parts[2])
    return limit, error


def solve_grids(
    solve: Callable[..., Run],
    fields: tuple[Tensor, ...],
    picture: Image,
    extrapolate: bool,
    progress: Progress | None,
    loads: int,
) -> list[Run]:
    """On one grid, or on three of which each is twice as fine as the one before."""
    dimension = picture.values.ndim
    coarsest = 1
    while extrapolate and coarsest < 4 and _is_made_of_blocks(fields, 2 * coarsest, dimension):
        coarsest *= 2
    steps = [1, 2, 4] if extrapolate else [1]
    voxels = fields[0].size * (steps[-1] / coarsest) ** dimension
    if extrapolate and voxels > _FINEST:
        raise ValueError(
            f"extrapolate=True: the finest grid would have {voxels:.1e} voxels, more than {_FINEST:.1e}; "
            "cut a window out of the image"
        )
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, loads * len(steps))

    runs = []
    for step in steps:
        scaled = [_resampled(field, step, coarsest, dimension) for field in fields]
        spacing = (picture.spacing[0],) * (3 - dimension) + picture.spacing
        runs.append(solve(*scaled, spacing, tick))
    return runs


def _logarithm(tensor: Tensor) -> Tensor:
    values, vectors = np.linalg.eigh(tensor)
    logarithm: Tensor = (vectors * np.log(values)) @ vectors.T
    return logarithm


def _is_made_of_blocks(fields: tuple[Tensor, ...], size: int, dimension: int) -> bool:
    shape = fields[0].shape[3 - dimension :]
    if any(n % size or n // size < 2 for n in shape):
        return False
    return all(np.array_equal(f, _resampled(_resampled(f, 1, size, dimension), size, 1, dimension)) for f in fields)


def _resampled(field: Tensor, finer: int, coarser: int, dimension: int) -> Tensor:
    """Every `coarser`-th voxel along each axis, then each repeated `finer` times."""
    for axis in range(3 - dimension, 3):
        field = np.repeat(np.take(field, range(0, field.shape[axis], coarser), axis=axis), finer, axis=axis)
    return np.ascontiguousarray(field)

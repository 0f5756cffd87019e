"""Three grids, each twice as fine as the one before: the error that they leave, and the limit that they point at.

At the corners of voxels the field is singular, and the logarithm of the effective tensor approaches its limit as a
power of the size of a voxel that depends on the image. It is fitted from the three grids, or known: where two phases of
contrast c meet crosswise, as on a checkerboard, it is (16 / pi) arctan(c^(-1/2)), four times the exponent of the
potential at such a corner.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .images import Image

__all__ = ["Run", "extrapolated", "is_seen", "solve_grids"]

Tensor = NDArray[np.float64]
Progress = Callable[[int, int], object]
_FINEST = 6.5e7  # voxels of the finest grid of an extrapolation
_UNSEEN = 0.01  # share of an image's variance that the rotated scheme may be blind to
_SLOWEST = 0.15  # order of convergence below which the three grids say nothing about the limit


class Run(NamedTuple):
    """Effective tensor of one grid, with iterations and residual of every load."""

    tensor: Tensor
    iterations: list[int]
    residual: list[float]


def extrapolated(tensors: list[Tensor], order: float | None = None) -> tuple[Tensor, Tensor]:
    """Limit of the tensors of three grids, and its error: how far the finest grid is from it.

    The order is fitted unless it is given. Where the differences do not shrink, the finest grid's tensor is returned
    with the whole spread as error.
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
    if first < second * (2.0**_SLOWEST if order is None else 1.0):
        error[np.ix_(columns, columns)] = np.ptp(np.stack(parts), axis=0)
        return limit, error
    target = fine + (fine - middle) / ((first / second if order is None else 2.0**order) - 1.0)
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
    extrapolate: bool | float,
    progress: Progress | None,
    loads: int,
) -> list[Run]:
    """On one grid, or on three of which each is twice as fine as the one before."""
    dimension = picture.values.ndim
    coarsest = _coarsening(fields, dimension, extrapolate)
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


def is_seen(fields: tuple[Tensor, ...], dimension: int, extrapolate: bool | float) -> bool:
    """Whether the coarsest grid sees (nearly) all of the image.

    The rotated scheme has no gradient at frequencies that alternate from voxel to voxel along two axes.
    """
    coarsest = _coarsening(fields, dimension, extrapolate)
    return all(_unseen_share(_resampled(field, 1, coarsest, dimension)) <= _UNSEEN for field in fields)


def _unseen_share(field: Tensor) -> float:
    """Share of the variance at those frequencies, of k / (k + its typical value): 0 and infinity are ordinary there."""
    even = [axis for axis, n in enumerate(field.shape) if n % 2 == 0]
    if len(even) < 2:
        return 0.0
    regular = field[(field > 0.0) & np.isfinite(field)]
    typical = float(np.exp(np.log(regular).mean())) if regular.size else 1.0
    bounded = np.where(np.isinf(field), 1.0, field / (np.where(np.isinf(field), 0.0, field) + typical))
    variance = float(bounded.var())
    if variance == 0.0:
        return 0.0
    signs = [1.0 - 2.0 * (np.arange(n) % 2) for n in field.shape]

    def power(axes: list[int]) -> float:
        alternating = bounded
        for axis in sorted(axes, reverse=True):
            alternating = np.tensordot(alternating, signs[axis] / len(signs[axis]), axes=(axis, 0))
        return float(np.square(alternating).mean())

    pairs = sum(power([a, b]) for i, a in enumerate(even) for b in even[i + 1 :])
    return (pairs - (2.0 * power(even) if len(even) == 3 else 0.0)) / variance  # all three alternate in each pair


def _coarsening(fields: tuple[Tensor, ...], dimension: int, extrapolate: bool | float) -> int:
    """Edge in voxels, at most 4, of the blocks that the coarsest of three grids may take for one voxel."""
    coarsest = 1
    while extrapolate and coarsest < 4 and _is_made_of_blocks(fields, 2 * coarsest, dimension):
        coarsest *= 2
    return coarsest


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

r"""The structure factor of snapshots: of a field on a lattice, of the density or the concentration of particles.

.. math:: S(\mathbf k) = \frac{1}{N} \langle |\sum_j w_j e^{-i \mathbf k \cdot \mathbf r_j}|^2 \rangle    \qquad (1)

over lattice sites (w the field) or over particles: w = 1 for density, w = c - <c> for the concentration of a mixture
(Bhatia & Thornton 1970). Times `field_scale` it is the spectrum of the field per volume. The scale is the volume of a
cell for a lattice, the density for density (the field is then the number density), one over the density for
concentration. The amplitude at k = 0 is the conserved total and takes no part.

References
----------
1. Bhatia & Thornton, Phys. Rev. B 2, 3004 (1970), doi:10.1103/PhysRevB.2.3004.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import scipy.fft
import xarray as xr
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError

__all__ = ["lattice_structure_factor", "particle_structure_factor", "spell_units"]

Floats = NDArray[np.float64]


def lattice_structure_factor(
    fields: ArrayLike, *, spacing: float = 1.0, blocks: int = 20, length_unit: str = "1"
) -> xr.Dataset:
    """Structure factor of snapshots of a field on a periodic lattice, equation (1).

    Parameters
    ----------
    fields : array_like
        Shape (frame, x), (frame, x, y) or (frame, x, y, z), in the order of time.
    spacing : float
        Lattice constant, in `length_unit`.
    blocks : int
        Number of blocks of frames, for the errors.
    length_unit : str
        For the units of the result.

    Returns
    -------
    xarray.Dataset
        By `shell` of equal wavenumber: ``wavenumber_square``, the sum of (2 - 2 cos k a)/a^2 over the axes;
        ``structure_factor`` and its error; ``mode_count``; the block means ``structure_factor_block``; and
        ``field_scale``.

    Raises
    ------
    ParameterError
        If the fields have another shape, are not finite, or are fewer than two.

    Examples
    --------
    >>> fields = np.random.default_rng(0).standard_normal((200, 8, 8))
    >>> bool(abs(lattice_structure_factor(fields).structure_factor.mean() - 1.0) < 0.05)
    True
    """
    frames = np.asarray(fields)
    if frames.ndim not in (2, 3, 4) or len(frames) < 2 or min(frames.shape) < 1:
        sentence = f"must be (frame, x), (frame, x, y) or (frame, x, y, z), two frames or more, not {frames.shape}"
        raise ParameterError("lattice_structure_factor", {"fields": sentence})
    if not spacing > 0:
        raise ParameterError("lattice_structure_factor", {"spacing": f"must be positive, not {spacing}"})
    shape = frames.shape[1:]
    axes = tuple(range(1, frames.ndim))
    lattice = [(2.0 - 2.0 * np.cos(2.0 * np.pi * scipy.fft.fftfreq(n))) / spacing**2 for n in shape[:-1]]
    lattice.append((2.0 - 2.0 * np.cos(2.0 * np.pi * scipy.fft.rfftfreq(shape[-1]))) / spacing**2)
    squares = sum(np.meshgrid(*lattice, indexing="ij", sparse=True), start=np.zeros((1,) * len(shape)))
    weights = np.full(squares.shape, 2.0)  # half of the modes are stored
    weights[..., 0] = 1.0
    if shape[-1] % 2 == 0:
        weights[..., -1] = 1.0
    edges = _block_edges(len(frames), blocks, "lattice_structure_factor")
    powers = np.empty((len(edges) - 1, *squares.shape))
    chunk = max(1, (1 << 22) // math.prod(shape))
    for n, (low, high) in enumerate(itertools.pairwise(edges)):
        total = np.zeros(squares.shape)
        for begin in range(low, high, chunk):
            part = np.asarray(frames[begin : min(begin + chunk, high)], dtype=np.float64)
            if not np.isfinite(part).all():
                raise ParameterError("lattice_structure_factor", {"fields": "must be finite"})
            amplitude = scipy.fft.rfftn(part, axes=axes)
            total += (amplitude.real**2 + amplitude.imag**2).sum(axis=0)
        powers[n] = total / ((high - low) * math.prod(shape))
    cutoff = 1.0 / spacing**2
    return _gather_shells(squares, weights, powers, np.diff(edges), spacing ** len(shape), len(shape), cutoff,
                          length_unit, field_power=0)  # fmt: skip


def particle_structure_factor(
    positions: ArrayLike,
    box: ArrayLike,
    *,
    species: ArrayLike | None = None,
    largest_wavenumber: float | None = None,
    blocks: int = 20,
    length_unit: str = "1",
) -> xr.Dataset:
    """Structure factor of particles in a periodic box: of density, or of concentration.

    Parameters
    ----------
    positions : array_like
        Shape (frame, particle, d) with d from 1 to 3, wrapped or not, in `length_unit`.
    box : array_like
        Edges (d,), or lattice vectors as rows (d, d).
    species : array_like, optional
        1 for each particle of the component whose concentration is meant, 0 for the others, shape (particle,).
        Default: the structure factor of the density.
    largest_wavenumber : float, optional
        Default: such that about 200 pairs of wavevectors lie below.
    blocks : int
        Number of blocks of frames, for the errors.
    length_unit : str
        For the units of the result.

    Returns
    -------
    xarray.Dataset
        As for `lattice_structure_factor`, with plain squares of wavenumbers.

    Raises
    ------
    ParameterError
        If shapes do not fit, or no wavevector lies below the largest wavenumber.

    Examples
    --------
    >>> positions = np.random.default_rng(0).uniform(0.0, 5.0, (100, 200, 3))
    >>> bool(abs(particle_structure_factor(positions, [5.0, 5.0, 5.0]).structure_factor.mean() - 1.0) < 0.05)
    True
    """
    name = "particle_structure_factor"
    frames = np.asarray(positions, dtype=np.float64)
    if frames.ndim != 3 or not 1 <= frames.shape[2] <= 3 or len(frames) < 2 or frames.shape[1] < 1:
        sentence = f"must be (frame, particle, 1 to 3) with two frames or more, not {frames.shape}"
        raise ParameterError(name, {"positions": sentence})
    if not np.isfinite(frames).all():
        raise ParameterError(name, {"positions": "must be finite"})
    count, d = frames.shape[1:]
    vectors = np.asarray(box, dtype=np.float64)
    vectors = np.diag(vectors) if vectors.shape == (d,) else vectors
    if vectors.shape != (d, d) or not abs(np.linalg.det(vectors)) > 0:
        raise ParameterError(name, {"box": f"must be ({d},) or ({d}, {d}) with a volume, not {np.shape(box)}"})
    weights = np.ones(count)
    if species is not None:
        kinds = np.asarray(species, dtype=np.float64)
        if kinds.shape != (count,) or not np.isin(kinds, (0.0, 1.0)).all() or kinds.min() == kinds.max():
            raise ParameterError(name, {"species": f"must be 0 or 1, both present, of shape ({count},)"})
        weights = kinds - kinds.mean()
    volume = abs(float(np.linalg.det(vectors)))
    reciprocal = np.asarray(2.0 * np.pi * np.linalg.inv(vectors), dtype=np.float64)  # columns
    if largest_wavenumber is None:
        ball = {1: 2.0, 2: math.pi, 3: 4.0 * math.pi / 3.0}[d]
        largest_wavenumber = 2.0 * np.pi * (400.0 / (ball * volume)) ** (1.0 / d)
    indices = _list_wavevectors(vectors, reciprocal, largest_wavenumber)
    if len(indices) == 0:
        longest = 2.0 * np.pi / float(np.linalg.norm(vectors, axis=1).max())
        raise ParameterError(name, {"largest_wavenumber": f"must be at least {longest:.4g}: the longest wave's"})
    squares = ((indices @ reciprocal.T) ** 2).sum(axis=1)
    edges = _block_edges(len(frames), blocks, name)
    powers = np.empty((len(edges) - 1, len(indices)))
    padded = np.zeros((len(indices), 3), np.int64)
    padded[:, :d] = indices
    for n, (low, high) in enumerate(itertools.pairwise(edges)):
        angles = np.zeros((high - low, count, 3))
        angles[..., :d] = frames[low:high] @ reciprocal
        powers[n] = _sum_powers(angles, weights, padded) / ((high - low) * count)
    scale = count / volume if species is None else volume / count
    modes = np.full(len(indices), 2.0)
    return _gather_shells(squares, modes, powers, np.diff(edges), scale, d, largest_wavenumber**2, length_unit,
                          field_power=-d if species is None else 0)  # fmt: skip


def spell_units(first: str, second: str, exponent: int) -> str:
    """A unit times a power of another, without what is 1."""
    parts = [] if first == "1" else [first]
    if second != "1" and exponent != 0:
        parts.append(second if exponent == 1 else f"{second}{exponent}")
    return " ".join(parts) or "1"


def _block_edges(frames: int, blocks: int, name: str) -> NDArray[np.int64]:
    if isinstance(blocks, bool) or int(blocks) != blocks or blocks < 2:
        raise ParameterError(name, {"blocks": f"must be an integer of at least 2, not {blocks!r}"})
    return np.linspace(0, frames, min(int(blocks), frames) + 1).round().astype(np.int64)


def _gather_shells(
    squares: Floats, modes: Floats, powers: Floats, frames: NDArray[np.int64], scale: float, d: int, cutoff: float,
    length_unit: str, *, field_power: int,
) -> xr.Dataset:  # fmt: skip
    """Average modes of equal wavenumber, leaving out zero."""
    flat, weight = squares.ravel(), modes.ravel()
    samples = powers.reshape(len(powers), -1)
    kept = flat > 1e-12 * flat.max()
    flat, weight, samples = flat[kept], weight[kept], samples[:, kept]
    order = np.argsort(flat, kind="stable")
    flat, weight, samples = flat[order], weight[order], samples[:, order]
    starts = np.flatnonzero(np.diff(flat, prepend=-1.0) > 1e-9 * flat)
    count = np.add.reduceat(weight, starts)
    shells = np.add.reduceat(samples * weight, starts, axis=1) / count
    share = frames / frames.sum()
    mean = share @ shells
    blocks = len(shells)
    error = np.sqrt(((share[:, None] * (shells - mean)) ** 2).sum(axis=0) * blocks / (blocks - 1))
    shell = ("shell",)
    square_unit = spell_units("1", length_unit, -2)
    return xr.Dataset(
        {
            "wavenumber_square": (shell, flat[starts], {"units": square_unit, "long_name": "square of the wavenumber"}),
            "structure_factor": (shell, mean, {"units": "1", "long_name": "structure factor"}),
            "structure_factor_error": (shell, error, {"units": "1", "long_name": "standard error of structure_factor"}),
            "mode_count": (shell, count, {"units": "1", "long_name": "wavevectors in the shell"}),
            "structure_factor_block": (("block", "shell"), shells, {"units": "1", "long_name": "mean of a block"}),
            "frame_count": (("block",), frames, {"units": "1", "long_name": "frames of a block"}),
            "field_scale": ((), scale, {"long_name": "spectrum of the field per volume over structure_factor"}),
            "fit_square": ((), cutoff, {"units": square_unit, "long_name": "default end of a fit"}),
        },
        attrs={"dimensions": d, "length_unit": length_unit, "field_power": field_power},
    )


def _list_wavevectors(vectors: Floats, reciprocal: Floats, largest: float) -> NDArray[np.int64]:
    """Whole numbers of waves along the box vectors, one of each pair k and -k, within a ball."""
    d = len(vectors)
    most = np.floor(largest * np.linalg.norm(vectors, axis=1) / (2.0 * np.pi) + 1e-9).astype(int)
    if np.prod(2.0 * most + 1.0) > 1 << 22:
        raise ParameterError("particle_structure_factor", {"largest_wavenumber": "asks for too many wavevectors"})
    grid = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), axis=-1).reshape(-1, d)
    grid = grid[len(grid) // 2 + 1 :]
    return grid[np.linalg.norm(grid @ reciprocal.T, axis=1) <= largest * (1.0 + 1e-12)]


@njit(cache=True, nogil=True)
def _sum_powers(angles: Floats, weights: Floats, indices: Any) -> Floats:
    """Sum over frames of |sum_j w_j exp(-i n . angle_j)|^2, with powers of exp(-i angle) by recursion."""
    most = np.abs(indices).max()
    count = angles.shape[1]
    total = np.zeros(len(indices))
    waves = np.empty((3, 2 * most + 1, count), np.complex128)
    for frame in range(len(angles)):
        for axis in range(3):
            for j in range(count):
                one = np.exp(-1j * angles[frame, j, axis])
                value = 1.0 + 0.0j
                waves[axis, most, j] = value
                for n in range(1, most + 1):
                    value *= one
                    waves[axis, most + n, j] = value
                    waves[axis, most - n, j] = value.conjugate()
        for m in range(len(indices)):
            x, y, z = waves[0, most + indices[m, 0]], waves[1, most + indices[m, 1]], waves[2, most + indices[m, 2]]
            amplitude = 0.0 + 0.0j
            for j in range(count):
                amplitude += weights[j] * x[j] * y[j] * z[j]
            total[m] += amplitude.real**2 + amplitude.imag**2
    return total

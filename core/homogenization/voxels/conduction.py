"""Conduction through a voxel image: conjugate gradients on the potential, one pair of transforms an iteration."""

from typing import NamedTuple

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import NDArray

from ...model import ResultError

__all__ = ["Grid", "Solution", "solve_conduction"]

Field = NDArray[np.float64]
Spectrum = NDArray[np.complex128]
Axes = tuple[Field, Field, Field]
_SUMS = {"reassoc", "contract", "nsz"}  # sums in any order, so that they use vector registers; no other liberty


class Grid(NamedTuple):
    """Half-angle tables of the rotated scheme on a periodic grid (two dimensions are one layer of three).

    Attributes
    ----------
    shape : tuple of int
        Voxels along the three axes.
    spacing : tuple of float
        Size of a voxel along the three axes.
    sine, cosine : tuple of ndarray
        2 sin(k/2) / spacing and cos(k/2) of each axis' frequencies; of the last axis those of a real transform.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, float, float]
    sine: tuple[Field, Field, Field]
    cosine: tuple[Field, Field, Field]

    @classmethod
    def of(cls, shape: tuple[int, ...], spacing: tuple[float, float, float]) -> "Grid":
        """Tables for a grid of three axes. At the Nyquist frequency the cosine is exactly zero."""
        sine, cosine = [], []
        for axis, (n, h) in enumerate(zip(shape, spacing, strict=True)):
            index = np.arange(n // 2 + 1 if axis == 2 else n)
            sine.append(2.0 * np.sin(np.pi * index / n) / h)
            cosine.append(np.where(2 * index == n, 0.0, np.cos(np.pi * index / n)))
        return cls(shape, spacing, (sine[0], sine[1], sine[2]), (cosine[0], cosine[1], cosine[2]))


class Solution(NamedTuple):
    """Mean flux (or stress) under one load.

    Attributes
    ----------
    mean : ndarray
        Its components.
    iterations : int
        Steps of conjugate gradients.
    residual : float
        What is out of balance, relative to the mean.
    """

    mean: Field
    iterations: int
    residual: float


def solve_conduction(
    conductivity: Field, grid: Grid, load: Field, tolerance: float, limit: int, workers: int | None
) -> Solution:
    """Mean flux under a mean gradient `load`.

    The unknown is the potential at the voxels' corners. With the preconditioner (D^T D)^-1, applied by one forward and
    one backward transform, the iterates are those of the projected scheme, and r . z is the squared norm of the
    projected flux.

    Raises
    ------
    ResultError
        If the residual does not fall below the tolerance within `limit` iterations.
    """
    n = conductivity.size
    scale = float(conductivity.max()) or 1.0  # the field is of order one, whatever the unit
    field = conductivity / scale
    floor = 1e-4 * float(field.mean()) * float(np.linalg.norm(load))
    residual, product = np.empty_like(field), np.empty_like(field)
    direction = np.zeros_like(field)
    weights = (0.25 / grid.spacing[0], 0.25 / grid.spacing[1], 0.25 / grid.spacing[2])
    sums = np.zeros(3)
    _apply_conductivity(direction, field, load, weights, residual, sums)
    mean = sums / n
    np.negative(residual, out=residual)
    previous = 1.0
    for iteration in range(limit + 1):
        spectrum = scipy.fft.rfftn(residual, workers=workers)
        power = _solve_laplacian(spectrum, grid.sine, grid.cosine, grid.shape[2]) / n
        norm = (power / n) ** 0.5
        reference = max(float(np.linalg.norm(mean)), floor)
        if norm <= tolerance * reference or reference == 0.0:
            return Solution(mean * scale, iteration, norm / reference if reference else 0.0)
        if iteration == limit:
            break
        correction = scipy.fft.irfftn(spectrum, s=grid.shape, workers=workers, overwrite_x=True)
        _add_scaled(direction, power / previous if iteration else 0.0, correction)
        sums[:] = 0.0
        energy = _apply_conductivity(direction, field, np.zeros(3), weights, product, sums)
        if not energy > 0.0:
            break
        step = power / energy
        _subtract_scaled(residual, step, product)
        mean += step * sums / n
        previous = power
    raise ResultError(
        f"not converged: after {iteration} iterations the residual is {norm / reference:.1e}, not {tolerance:.1e}; "
        "allow more iterations or a larger tolerance"
    )


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _apply_conductivity(
    potential: Field,
    conductivity: Field,
    load: Field,
    weights: tuple[float, float, float],
    product: Field,
    sums: Field,
) -> float:
    """product = D^T k (load + D potential); adds the flux to `sums`; returns the energy."""
    nx, ny, nz = potential.shape
    wx, wy, wz = weights
    product[:] = 0.0
    edge, across, along = np.empty(nz + 1), np.empty(nz + 1), np.empty(nz + 1)
    qx, qy, qz = np.empty(nz + 1), np.empty(nz + 1), np.empty(nz + 1)
    total_x, total_y, total_z, energy = 0.0, 0.0, 0.0, 0.0
    for i in range(nx):
        i1 = i + 1 if i + 1 < nx else 0
        for j in range(ny):
            j1 = j + 1 if j + 1 < ny else 0
            p00, p01, p10, p11 = potential[i, j], potential[i, j1], potential[i1, j], potential[i1, j1]
            for m in range(nz):
                low, high = p00[m] + p01[m], p10[m] + p11[m]
                edge[m] = low + high
                across[m] = high - low
                along[m] = (p01[m] - p00[m]) + (p11[m] - p10[m])
            edge[nz], across[nz], along[nz] = edge[0], across[0], along[0]
            k = conductivity[i, j]
            for m in range(nz):
                gx = load[0] + wx * (across[m] + across[m + 1])
                gy = load[1] + wy * (along[m] + along[m + 1])
                gz = load[2] + wz * (edge[m + 1] - edge[m])
                fx, fy, fz = k[m] * gx, k[m] * gy, k[m] * gz
                total_x += fx
                total_y += fy
                total_z += fz
                energy += fx * gx + fy * gy + fz * gz
                qx[m + 1], qy[m + 1], qz[m + 1] = wx * fx, wy * fy, wz * fz
            qx[0], qy[0], qz[0] = qx[nz], qy[nz], qz[nz]
            r00, r01, r10, r11 = product[i, j], product[i, j1], product[i1, j], product[i1, j1]
            for m in range(nz):
                u, v, w = qx[m] + qx[m + 1], qy[m] + qy[m + 1], qz[m] - qz[m + 1]
                r00[m] += w - u - v
                r01[m] += w - u + v
                r10[m] += w + u - v
                r11[m] += w + u + v
    sums[0] += total_x
    sums[1] += total_y
    sums[2] += total_z
    return energy


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _solve_laplacian(spectrum: Spectrum, sine: Axes, cosine: Axes, last: int) -> float:
    """spectrum /= symbol of D^T D, zero where no gradient is seen; returns the sum of the power of both halves."""
    total = 0.0
    for i in range(spectrum.shape[0]):
        for j in range(spectrum.shape[1]):
            sx, cx, sy, cy = sine[0][i] ** 2, cosine[0][i] ** 2, sine[1][j] ** 2, cosine[1][j] ** 2
            side, front = sx * cy + cx * sy, cx * cy
            row = spectrum[i, j]
            for m in range(spectrum.shape[2]):
                symbol = side * cosine[2][m] ** 2 + front * sine[2][m] ** 2
                inverse = 1.0 / symbol if symbol > 0.0 else 0.0
                twice = 1.0 if m == 0 or 2 * m == last else 2.0
                real, imaginary = row[m].real, row[m].imag
                total += twice * inverse * (real * real + imaginary * imaginary)
                row[m] = complex(real * inverse, imaginary * inverse)
    return total


@njit(cache=True, nogil=True)
def _add_scaled(direction: Field, factor: float, correction: Field) -> None:
    """direction = correction + factor direction."""
    direction, correction = direction.ravel(), correction.ravel()
    for m in range(direction.size):
        direction[m] = correction[m] + factor * direction[m]


@njit(cache=True, nogil=True)
def _subtract_scaled(residual: Field, factor: float, product: Field) -> None:
    """residual -= factor product."""
    residual, product = residual.ravel(), product.ravel()
    for m in range(residual.size):
        residual[m] -= factor * product[m]

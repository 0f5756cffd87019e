"""Elasticity of a voxel image: conjugate gradients on the displacement, three pairs of transforms an iteration.

Stresses and strains are vectors xx, yy, zz, yz, xz, xy; strains with engineering shear, twice the tensor's.
"""

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import NDArray

from ...model import ResultError
from .conduction import Axes, Grid, Solution, Spectrum, _add_scaled, _subtract_scaled

__all__ = ["solve_elasticity"]

Field = NDArray[np.float64]
_SUMS = {"reassoc", "contract", "nsz"}  # sums in any order, so that they use vector registers; no other liberty


def solve_elasticity(
    lame: Field, shear: Field, grid: Grid, load: Field, tolerance: float, limit: int, workers: int | None
) -> Solution:
    """Mean stress under a mean strain `load` of an image of both Lame constants.

    Raises
    ------
    ResultError
        If the residual does not fall below the tolerance within `limit` iterations.
    """
    n = lame.size
    scale = float(max(np.abs(lame).max(), shear.max())) or 1.0
    lame, shear = lame / scale, shear / scale
    mu, lam = float(shear.mean()), max(float(lame.mean()), 0.0)  # the reference medium: any will do, this does well
    compliance = np.eye(6) / mu if mu else np.zeros((6, 6))
    compliance[:3, :3] = (np.eye(3) - lam / (3.0 * lam + 2.0 * mu)) / (2.0 * mu) if mu else 0.0
    floor = 1e-4 * float(np.sqrt(mu)) * float(np.linalg.norm(load))
    axes = [axis for axis in range(3) if grid.shape[axis] > 1 or load[3:].any()]
    residual, product = np.empty((3, *grid.shape)), np.empty((3, *grid.shape))
    direction, sums = np.zeros((3, *grid.shape)), np.zeros(6)
    weights = (0.25 / grid.spacing[0], 0.25 / grid.spacing[1], 0.25 / grid.spacing[2])
    _apply_stiffness(direction, lame, shear, load, weights, residual, sums)
    mean = sums / n
    np.negative(residual, out=residual)
    previous = 1.0
    spectrum = np.zeros((3, *grid.shape[:2], grid.shape[2] // 2 + 1), complex)
    correction = np.zeros_like(residual)
    for iteration in range(limit + 1):
        for axis in axes:
            spectrum[axis] = scipy.fft.rfftn(residual[axis], workers=workers)
        power = _solve_navier(spectrum, grid.sine, grid.cosine, grid.shape[2], lam, mu) / n if mu else 0.0
        norm = (power / n) ** 0.5
        reference = max(float(np.sqrt(mean @ compliance @ mean)), floor)
        if norm <= tolerance * reference or reference == 0.0:
            return Solution(mean * scale, iteration, norm / reference if reference else 0.0)
        if iteration == limit:
            break
        for axis in axes:
            correction[axis] = scipy.fft.irfftn(spectrum[axis], s=grid.shape, workers=workers, overwrite_x=True)
        _add_scaled(direction, power / previous if iteration else 0.0, correction)
        sums[:] = 0.0
        energy = _apply_stiffness(direction, lame, shear, np.zeros(6), weights, product, sums)
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
def _apply_stiffness(
    displacement: Field,
    lame: Field,
    shear: Field,
    load: Field,
    weights: tuple[float, float, float],
    product: Field,
    sums: Field,
) -> float:
    """product = D^T C (load + D displacement); adds the stress to `sums`; returns the energy."""
    nx, ny, nz = lame.shape
    wx, wy, wz = weights
    product[:] = 0.0
    edge, across, along = np.empty((3, nz + 1)), np.empty((3, nz + 1)), np.empty((3, nz + 1))
    stress = np.empty((6, nz + 1))
    t0, t1, t2, t3, t4, t5, energy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(nx):
        i1 = i + 1 if i + 1 < nx else 0
        for j in range(ny):
            j1 = j + 1 if j + 1 < ny else 0
            for c in range(3):
                p00, p01 = displacement[c, i, j], displacement[c, i, j1]
                p10, p11 = displacement[c, i1, j], displacement[c, i1, j1]
                e, x, y = edge[c], across[c], along[c]
                for m in range(nz):
                    low, high = p00[m] + p01[m], p10[m] + p11[m]
                    e[m] = low + high
                    x[m] = high - low
                    y[m] = (p01[m] - p00[m]) + (p11[m] - p10[m])
                e[nz], x[nz], y[nz] = e[0], x[0], y[0]
            la, mu = lame[i, j], shear[i, j]
            s0, s1, s2, s3, s4, s5 = stress[0], stress[1], stress[2], stress[3], stress[4], stress[5]
            ex, ey, ez = edge[0], edge[1], edge[2]
            ax, ay, az = across[0], across[1], across[2]
            bx, by, bz = along[0], along[1], along[2]
            for m in range(nz):
                e0 = load[0] + wx * (ax[m] + ax[m + 1])
                e1 = load[1] + wy * (by[m] + by[m + 1])
                e2 = load[2] + wz * (ez[m + 1] - ez[m])
                e3 = load[3] + wy * (bz[m] + bz[m + 1]) + wz * (ey[m + 1] - ey[m])
                e4 = load[4] + wx * (az[m] + az[m + 1]) + wz * (ex[m + 1] - ex[m])
                e5 = load[5] + wx * (ay[m] + ay[m + 1]) + wy * (bx[m] + bx[m + 1])
                pressure, twice = la[m] * (e0 + e1 + e2), 2.0 * mu[m]
                v0, v1, v2 = pressure + twice * e0, pressure + twice * e1, pressure + twice * e2
                v3, v4, v5 = mu[m] * e3, mu[m] * e4, mu[m] * e5
                t0 += v0
                t1 += v1
                t2 += v2
                t3 += v3
                t4 += v4
                t5 += v5
                energy += v0 * e0 + v1 * e1 + v2 * e2 + v3 * e3 + v4 * e4 + v5 * e5
                s0[m + 1], s1[m + 1], s2[m + 1], s3[m + 1], s4[m + 1], s5[m + 1] = v0, v1, v2, v3, v4, v5
            for c in range(6):
                stress[c, 0] = stress[c, nz]
            for c in range(3):
                if c == 0:
                    fx, fy, fz = s0, s5, s4
                elif c == 1:
                    fx, fy, fz = s5, s1, s3
                else:
                    fx, fy, fz = s4, s3, s2
                r00, r01 = product[c, i, j], product[c, i, j1]
                r10, r11 = product[c, i1, j], product[c, i1, j1]
                for m in range(nz):
                    u, v, w = wx * (fx[m] + fx[m + 1]), wy * (fy[m] + fy[m + 1]), wz * (fz[m] - fz[m + 1])
                    r00[m] += w - u - v
                    r01[m] += w - u + v
                    r10[m] += w + u - v
                    r11[m] += w + u + v
    for c, total in enumerate((t0, t1, t2, t3, t4, t5)):
        sums[c] += total
    return energy


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _solve_navier(spectrum: Spectrum, sine: Axes, cosine: Axes, last: int, lame: float, shear: float) -> float:
    """spectrum /= symbol of the reference medium; returns the sum of the power of both halves."""
    total = 0.0
    ratio = (lame + shear) / (lame + 2.0 * shear)
    for i in range(spectrum.shape[1]):
        for j in range(spectrum.shape[2]):
            side, front, both = sine[0][i] * cosine[1][j], cosine[0][i] * sine[1][j], cosine[0][i] * cosine[1][j]
            rows = spectrum[0, i, j], spectrum[1, i, j], spectrum[2, i, j]
            for m in range(spectrum.shape[3]):
                x, y, z = side * cosine[2][m], front * cosine[2][m], both * sine[2][m]
                square = x * x + y * y + z * z
                inverse = 1.0 / square if square > 0.0 else 0.0
                f, g, h = rows[0][m], rows[1][m], rows[2][m]
                pull = (x * f + y * g + z * h) * (ratio * inverse)
                scaled = inverse / shear
                a, b, c = (f - x * pull) * scaled, (g - y * pull) * scaled, (h - z * pull) * scaled
                twice = 1.0 if m == 0 or 2 * m == last else 2.0
                power = a.real * f.real + a.imag * f.imag + b.real * g.real + b.imag * g.imag
                total += twice * (power + c.real * h.real + c.imag * h.imag)
                rows[0][m], rows[1][m], rows[2][m] = a, b, c
    return total

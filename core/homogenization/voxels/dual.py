"""Rigid and perfectly conducting phases: conjugate gradients on the flux or stress, whose compliance may be zero.

The discrete solution is the limit of the other solvers' for an infinite stiffness: the same grid, the same gradient.
Fields are stacks of components: the flux, or the stress as xx, yy, zz, sqrt(2) (yz, xz, xy), which makes the plain
scalar product the energy's.
"""

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...model import ResultError
from .conduction import Grid, Solution

__all__ = ["solve_compliance"]

Field = NDArray[np.float64]


def solve_compliance(
    apply_compliance: Callable[[Field], Field],
    grid: Grid,
    load: Field,
    tolerance: float,
    limit: int,
    workers: int | None,
) -> Solution:
    """Mean gradient (strain) under the mean flux (stress) `load`: three components, or six with sqrt(2) shear.

    Raises
    ------
    ResultError
        If the residual does not fall below the tolerance within `limit` iterations.
    """
    wave = _wave_vectors(grid)
    column = load.reshape(-1, 1, 1, 1)
    gradient = apply_compliance(np.broadcast_to(column, (len(load), *grid.shape)))
    n = gradient[0].size
    mean = gradient.mean(axis=(1, 2, 3))
    floor = 1e-4 * float(np.abs(gradient).max())
    residual = -_balanced(gradient, wave, grid, workers)
    direction = residual.copy()
    power = float(np.vdot(residual, residual))
    for iteration in range(limit + 1):
        norm = (power / n) ** 0.5
        reference = max(float(np.linalg.norm(mean)), floor)
        if norm <= tolerance * reference or reference == 0.0:
            return Solution(mean, iteration, norm / reference if reference else 0.0)
        if iteration == limit:
            break
        gradient = apply_compliance(direction)
        product = _balanced(gradient, wave, grid, workers)
        energy = float(np.vdot(direction, product))
        if not energy > 0.0:
            break
        step = power / energy
        mean = mean + step * gradient.mean(axis=(1, 2, 3))
        residual -= step * product
        power, previous = float(np.vdot(residual, residual)), power
        direction = residual + (power / previous) * direction
    raise ResultError(
        f"not converged: after {iteration} iterations the residual is {norm / reference:.1e}, not {tolerance:.1e}; "
        "allow more iterations or a larger tolerance"
    )


def _wave_vectors(grid: Grid) -> Field:
    """Unit vectors of the discrete gradient; zero where it sees nothing."""
    s, c = grid.sine, grid.cosine
    wave = np.stack(
        [
            np.einsum("i,j,k->ijk", s[0], c[1], c[2]),
            np.einsum("i,j,k->ijk", c[0], s[1], c[2]),
            np.einsum("i,j,k->ijk", c[0], c[1], s[2]),
        ]
    )
    length = np.sqrt((wave**2).sum(axis=0))
    unit: Field = wave / np.where(length > 0.0, length, 1.0)
    return unit


def _balanced(field: Field, wave: Field, grid: Grid, workers: int | None) -> Field:
    """The part of a field that is free of divergence and of a mean: orthogonal to every gradient."""
    spectrum = scipy.fft.rfftn(field, axes=(1, 2, 3), workers=workers)
    x, y, z = wave
    if len(spectrum) == 3:
        spectrum -= wave * (x * spectrum[0] + y * spectrum[1] + z * spectrum[2])
    else:
        r = np.sqrt(0.5)
        a = x * spectrum[0] + r * (z * spectrum[4] + y * spectrum[5])
        b = y * spectrum[1] + r * (z * spectrum[3] + x * spectrum[5])
        c = z * spectrum[2] + r * (y * spectrum[3] + x * spectrum[4])
        along = x * a + y * b + z * c
        a, b, c = 2.0 * a - x * along, 2.0 * b - y * along, 2.0 * c - z * along  # 2 t - n (n . t)
        spectrum[0] -= x * a
        spectrum[1] -= y * b
        spectrum[2] -= z * c
        spectrum[3] -= r * (y * c + z * b)
        spectrum[4] -= r * (x * c + z * a)
        spectrum[5] -= r * (x * b + y * a)
    spectrum[:, 0, 0, 0] = 0.0
    balanced: Field = scipy.fft.irfftn(spectrum, s=grid.shape, axes=(1, 2, 3), workers=workers, overwrite_x=True)
    return balanced

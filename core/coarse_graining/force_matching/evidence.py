"""Why anybody should believe the matching: a force field finds itself, a chain finds its Schur complement."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from .basis import FunctionBasis, SplineBasis
from .fit import match_forces

__all__ = ["EVIDENCE"]

Floats = NDArray[np.float64]
_EDGE = 8.0


def _liquid() -> tuple[Floats, Floats]:
    """One frame of Lennard-Jones particles about a lattice, and their forces by a plain double sum up to 3."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*[np.arange(7.0)] * 3), axis=-1).reshape(-1, 3) * _EDGE / 7.0
    positions = grid + rng.normal(0.0, 0.07, grid.shape)
    away = positions[:, None] - positions[None]
    away -= _EDGE * np.rint(away / _EDGE)
    square = (away**2).sum(axis=-1) + np.where(np.eye(len(grid)) > 0, 1e6, 0.0)
    inverse = np.where(square < 9.0, square, np.inf) ** -1.0
    strength = 48.0 * inverse**7 - 24.0 * inverse**4
    return positions, (strength[..., None] * away).sum(axis=1)


def _coefficient(number: int) -> float:
    basis = FunctionBasis((lambda r: r**-13, lambda r: r**-7), 3.0)
    positions, forces = _liquid()
    return float(match_forces(positions, forces, [_EDGE] * 3, pairs={(0, 0): basis}).coefficient[number])


def _largest_force_error() -> float:
    positions, forces = _liquid()
    matched = match_forces(positions, forces, [_EDGE] * 3, pairs={(0, 0): SplineBasis(3.0, 0.0125, 0.7)}, points=800)
    r = matched.pair_0_0_distance.values
    exact = 48.0 * r**-13 - 24.0 * r**-7
    return float(np.abs(matched.pair_0_0_force.values - exact)[r > 0.95].max())


@functools.cache
def _chain() -> tuple[Floats, Floats]:
    """Matched springs and their errors between beads 0, 2, 4 of a free chain of six; 0-2, 2-4 and 0-4."""
    n, frames = 6, 10_000
    stiffness = np.zeros((n, n))
    for i in range(n - 1):
        stiffness[i : i + 2, i : i + 2] += [[1.0, -1.0], [-1.0, 1.0]]
    values, modes = np.linalg.eigh(stiffness)
    root = modes[:, 1:] / np.sqrt(values[1:])
    positions = root @ np.random.default_rng(0).normal(size=(frames, n - 1, 3))
    forces = -stiffness @ positions
    bonds = [([pair], FunctionBasis((lambda r: r,), 100.0)) for pair in ((0, 1), (1, 2), (0, 2))]
    matched = match_forces(positions[:, ::2], forces[:, ::2], None, bonds=bonds)
    return matched.coefficient.values, matched.coefficient_error.values


def _spring(number: int) -> tuple[float, float]:
    values, errors = _chain()
    return float(values[number]), float(errors[number])


EVIDENCE = (
    Evidence(
        "coefficient of r^-13 from one frame of a Lennard-Jones fluid",
        computed=lambda: _coefficient(0),
        expected=48.0,
        relative=1e-9,
        kind="theory",
        source="the force itself, summed over all pairs in plain numpy",
    ),
    Evidence(
        "coefficient of r^-7 from one frame of a Lennard-Jones fluid",
        computed=lambda: _coefficient(1),
        expected=-24.0,
        relative=1e-9,
        kind="theory",
        source="the force itself, summed over all pairs in plain numpy",
    ),
    Evidence(
        "largest error of the matched spline beyond 0.95 diameters",
        computed=_largest_force_error,
        expected=0.0,
        absolute=1e-3,
        kind="theory",
        source="the Lennard-Jones force; knots every 0.0125 diameters, for which h^4 max|F''''| / 384 is 3e-4",
    ),
    *(
        Evidence(
            f"spring between beads {ends} of a free chain of six, every second one kept",
            computed=functools.partial(_spring, number),
            expected=expected,
            z=4,
            kind="theory",
            source="Schur complement of the chain's stiffness: two springs in series, nothing beyond the neighbour",
        )
        for number, ends, expected in ((0, "0 and 2", -0.5), (1, "2 and 4", -0.5), (2, "0 and 4", 0.0))
    ),
)

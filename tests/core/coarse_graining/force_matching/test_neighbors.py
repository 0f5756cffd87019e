"""All pairs in any cell, by any route, and angles that have no direction."""

import itertools
import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.force_matching import FunctionBasis, match_forces
from numba import njit

LENNARD_JONES = FunctionBasis((njit(lambda r: r**-13), njit(lambda r: r**-7)), 2.5)


def pair_forces(positions, cell, cutoff, strength):
    """F(r)/r summed over all images of all pairs; `strength[a, b]` are the coefficients of r^-14 and r^-8."""
    forces = np.zeros_like(positions)
    for shift in itertools.product((-1, 0, 1), repeat=3):
        away = positions[:, None] - positions[None] + np.asarray(shift) @ cell
        square = (away**2).sum(axis=-1)
        near = (square < cutoff**2) & (square > 1e-12)
        inverse = np.where(near, 1.0 / np.where(near, square, 1.0), 0.0)
        forces += ((strength[..., 0] * inverse**7 + strength[..., 1] * inverse**4)[..., None] * away).sum(axis=1)
    return forces


def lattice(rng, cell, n, noise=0.06):
    fractions = np.stack(np.meshgrid(*[np.arange(n) / n] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return fractions @ cell + rng.normal(0.0, noise, (n**3, 3))


@pytest.mark.parametrize(
    ("n", "cell"),
    [
        (5, np.diag([5.6, 5.7, 5.8])),  # too few cells: all pairs
        (8, np.diag([8.9, 9.0, 9.1])),  # cells
        (5, np.array([[6.4, 0.0, 0.0], [1.6, 6.2, 0.0], [-1.0, 1.3, 6.1]])),
        (8, np.array([[9.2, 0.3, -0.2], [2.6, 9.2, 0.0], [-1.0, 1.3, 9.1]])),
    ],
    ids=["edges", "edges, cells", "skewed", "skewed, cells"],
)
def test_lennard_jones_finds_itself_from_one_frame(n, cell):
    positions = lattice(np.random.default_rng(1), cell, n)
    forces = pair_forces(positions, cell, 2.5, np.broadcast_to([48.0, -24.0], (n**3, n**3, 2)))
    wrapped = positions + np.random.default_rng(2).integers(-2, 3, (n**3, 3)) @ cell
    box = np.diagonal(cell) if (cell == np.diag(np.diagonal(cell))).all() else cell
    matched = match_forces(wrapped, forces, box, pairs={(0, 0): LENNARD_JONES})
    assert matched.coefficient.values == pytest.approx([48.0, -24.0], rel=1e-9)
    assert float(matched.residual) < 1e-13 * float(matched.mean_square_force)  # rounding


def test_a_mixture_finds_its_three_potentials():
    rng = np.random.default_rng(3)
    cell = np.diag([6.0, 6.0, 6.0])
    positions = lattice(rng, cell, 5)
    types = rng.integers(0, 2, 125)
    table = np.array([[[48.0, -24.0], [30.0, -10.0]], [[30.0, -10.0], [60.0, -40.0]]])
    forces = pair_forces(positions, cell, 2.5, table[types[:, None], types])
    pairs = {(0, 0): LENNARD_JONES, (1, 0): LENNARD_JONES, (1, 1): LENNARD_JONES}
    matched = match_forces(positions, forces, np.diagonal(cell), pairs=pairs, types=types)
    assert matched.coefficient.values == pytest.approx([48, -24, 30, -10, 60, -40], rel=1e-8)
    few = match_forces(positions, forces, np.diagonal(cell), pairs={(0, 0): LENNARD_JONES}, types=types)
    assert float(few.residual) > 1e-3 * float(few.mean_square_force)
    total = sum(int(matched[f"{name}_samples"].sum()) for name in ("pair_0_0", "pair_1_0", "pair_1_1"))
    distances = positions[:, None] - positions[None]
    distances -= 6.0 * np.rint(distances / 6.0)
    assert total == ((distances**2).sum(axis=-1)[np.triu_indices(125, 1)] < 2.5**2).sum()


def test_a_straight_angle_gives_no_force():
    line = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 1.0, 0.0]]
    angles = [([[0, 1, 2], [1, 2, 3]], FunctionBasis((lambda t: t,), 3.2))]
    forces = np.array([[0.0, 0, 0], [0, -1, 0], [-1, 1, 0], [1, 0, 0]]) * math.pi  # 2 theta opens the right angle
    matched = match_forces(line, forces, None, angles=angles)
    assert matched.coefficient.values == pytest.approx([2.0])

"""Force fields that must find themselves, potentials that must be integrals, errors that must be honest."""

import itertools
import math

import numpy as np
import pytest
import scipy.interpolate
from mesoscale.core.coarse_graining.force_matching import FunctionBasis, SplineBasis, match_forces, potential
from mesoscale.core.model import ParameterError
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


def molecule_energy(x):
    """Bonds 30 (b - 1.1)^2, angles 8 (theta - 1.9)^2 and 4 cos(theta) + 0.5 / r^4 beyond the bonds; a chain of five."""
    energy = sum(30.0 * (np.linalg.norm(x[i] - x[i + 1]) - 1.1) ** 2 for i in range(4))
    for i in range(3):
        a, b = x[i] - x[i + 1], x[i + 2] - x[i + 1]
        theta = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        energy += 8.0 * (theta - 1.9) ** 2
    return energy + sum(0.5 / np.linalg.norm(x[i] - x[j]) ** 4 for i in range(5) for j in range(i + 2, 5))


def gradient(energy, x, h=1e-5):
    result = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        result[index] = (8 * (energy(x + step) - energy(x - step)) - energy(x + 2 * step) + energy(x - 2 * step)) / (
            12 * h
        )
    return result


def test_bonds_angles_and_pairs_share_one_system():
    rng = np.random.default_rng(4)
    straight = np.array([[1.0 * i, 0.55 * (i % 2), 0.1 * i * i] for i in range(5)])
    frames = straight + rng.normal(0.0, 0.06, (12, 5, 3))
    forces = np.stack([-gradient(molecule_energy, x) for x in frames])
    bonds = [([[i, i + 1] for i in range(4)], FunctionBasis((lambda b: 1.0 + 0 * b, lambda b: b), 3.0))]
    angles = [([[i, i + 1, i + 2] for i in range(3)], FunctionBasis((np.ones_like, lambda t: t), math.pi))]
    pairs = {(0, 0): FunctionBasis((lambda r: r**-5,), 9.0)}
    box = [40.0, 40.0, 40.0]
    matched = match_forces(
        frames + np.array([19.0, -21.0, 3.0]), forces, box, pairs=pairs, bonds=bonds, angles=angles,
        exclude=[[i, i + 1] for i in range(4)],
    )  # fmt: skip
    assert matched.coefficient.values == pytest.approx([2.0, 66.0, -60.0, 30.4, -16.0], rel=1e-6)
    bottom = matched.angle_0_potential
    assert float(bottom.min()) == 0.0
    sampled = bottom.angle_0_angle.values
    assert np.argmin(bottom.values) == np.argmin(np.abs(sampled - 1.9))
    splines = [(bonds[0][0], SplineBasis(2.0, 0.1, 0.5))], [(angles[0][0], SplineBasis(math.pi, 0.1))]
    smooth = match_forces(frames, forces, box, pairs=pairs, bonds=splines[0], angles=splines[1],
                          exclude=[[i, i + 1] for i in range(4)])  # fmt: skip
    b = smooth.bond_0_distance.values
    assert smooth.bond_0_force.values == pytest.approx(-60.0 * (b - 1.1), abs=1e-3)
    theta = smooth.angle_0_angle.values
    assert smooth.angle_0_force.values == pytest.approx(-16.0 * (theta - 1.9), abs=1e-3)


def test_the_potential_is_the_integral_of_the_force():
    cell = np.diag([6.5, 6.5, 6.5])
    rng = np.random.default_rng(6)
    frames = np.stack([lattice(rng, cell, 6) for _ in range(4)])
    strength = np.broadcast_to([48.0, -24.0], (216, 216, 2))
    forces = np.stack([pair_forces(x, cell, 2.5, strength) for x in frames])
    spline = match_forces(frames, forces, [6.5] * 3, pairs={(0, 0): SplineBasis(2.5, 0.05)}, points=400)
    known = match_forces(frames, forces, [6.5] * 3, pairs={(0, 0): LENNARD_JONES}, points=400)
    for matched in (spline, known):
        r, u = matched.pair_0_0_distance.values, matched.pair_0_0_potential.values
        assert u[-1] == pytest.approx(0.0, abs=1e-12)
        falls = -scipy.interpolate.CubicSpline(r, u)(r, 1)
        assert falls[5:-5] == pytest.approx(matched.pair_0_0_force.values[5:-5], rel=1e-5, abs=2e-3)
    r = known.pair_0_0_distance.values
    exact = 4 * (r**-12 - r**-6) - 4 * (2.5**-12 - 2.5**-6)
    assert known.pair_0_0_potential.values == pytest.approx(exact, rel=1e-8, abs=1e-9)
    assert spline.pair_0_0_potential.values[r > 1.0] == pytest.approx(exact[r > 1.0], abs=5e-3)
    assert not spline.sampled.values[:10].any()  # below all distances: pruned
    assert (spline.coefficient.values[~spline.sampled.values] == 0.0).all()
    assert spline.sampled.values[20:].all()


def test_a_random_network_finds_its_schur_complement():
    rng = np.random.default_rng(7)
    stiffness = np.zeros((7, 7))
    for i, j in itertools.combinations(range(7), 2):
        k = rng.exponential()
        stiffness[[i, j], [i, j]] += k
        stiffness[i, j] -= k
        stiffness[j, i] -= k
    values, modes = np.linalg.eigh(stiffness)
    frames = (modes[:, 1:] / np.sqrt(values[1:])) @ rng.normal(size=(4000, 6, 3))
    kept, gone = slice(0, 4), slice(4, 7)
    schur = stiffness[kept, kept] - stiffness[kept, gone] @ np.linalg.solve(
        stiffness[gone, gone], stiffness[gone, kept]
    )
    springs = list(itertools.combinations(range(4), 2))
    bonds = [([pair], FunctionBasis((lambda r: r,), 50.0)) for pair in springs]
    matched = match_forces(frames[:, kept], (-stiffness @ frames)[:, kept], None, bonds=bonds)
    exact = np.array([schur[pair] for pair in springs])
    pulls = (matched.coefficient.values - exact) / matched.coefficient_error.values
    assert np.abs(pulls).max() < 4.5
    assert matched.coefficient_error.values.max() < 0.05 * np.abs(exact).max()
    assert float(matched.residual) < float(matched.mean_square_force)


def stretched_pairs(lengths, spring, rest):
    """Pairs on the x axis, one a frame, and the forces of their spring."""
    positions, forces = np.zeros((len(lengths), 2, 3)), np.zeros((len(lengths), 2, 3))
    positions[:, 1, 0] = lengths
    forces[:, 1, 0] = -spring * (lengths - rest)
    return positions, forces - forces[:, ::-1]


def test_terms_of_very_different_scale_do_not_prune_each_other():
    """In nanometres r^-13 is millions and a bond's r - b hundredths: the squares differ by 20 orders of magnitude."""
    rng = np.random.default_rng(3)
    positions = np.concatenate([np.zeros((50, 1, 3)), np.cumsum(rng.uniform(0.3, 0.4, (50, 3, 3)), axis=1)], axis=1)
    pairs = [(i, j) for i in range(4) for j in range(i)]
    forces = np.zeros_like(positions)
    for i, j in pairs:
        away = positions[:, i] - positions[:, j]
        r = np.linalg.norm(away, axis=1, keepdims=True)
        strength = 48 * 0.3**12 * r**-13 - 24 * 0.3**6 * r**-7 - 1000.0 * (r - 0.5) * (abs(i - j) == 1)
        forces[:, i] += strength * away / r
        forces[:, j] -= strength * away / r
    matched = match_forces(
        positions, forces, None, pairs={(0, 0): FunctionBasis((lambda r: r**-13, lambda r: r**-7), 9.0)},
        bonds=[([(0, 1), (1, 2), (2, 3)], FunctionBasis((lambda r: r - 0.5,), 9.0))],
    )  # fmt: skip
    assert matched.sampled.all()
    np.testing.assert_allclose(matched.coefficient, [48 * 0.3**12, -24 * 0.3**6, -1000.0], rtol=1e-6)


def test_what_no_sample_has_visited_is_not_a_number():
    """Bonds of two lengths and nothing between: both wells are found, what separates them is not."""
    lengths = np.concatenate([np.linspace(0.8, 1.2, 300), np.linspace(2.9, 3.1, 300)])
    matched = match_forces(
        *stretched_pairs(lengths, 50.0, np.where(lengths < 2, 1.0, 3.0)), None,
        bonds=[([[0, 1]], SplineBasis(3.5, 0.1, 0.5))], points=401,
    )  # fmt: skip
    r = matched.bond_0_distance.values
    force, energy = matched.bond_0_force.values, matched.bond_0_potential.values
    assert np.isnan(force[(r > 1.35) & (r < 2.65)]).all()
    assert np.isnan(matched.bond_0_force_error.values[(r > 1.35) & (r < 2.65)]).all()
    left, right = r < 1.2, r > 2.9
    np.testing.assert_allclose(force[left], -50.0 * (r[left] - 1.0), atol=1e-6)
    np.testing.assert_allclose(force[right], -50.0 * (r[right] - 3.0), atol=1e-6)
    np.testing.assert_allclose(energy[left], 25.0 * (r[left] - 1.0) ** 2, atol=1e-3)  # it holds the minimum
    assert np.isnan(energy[right]).all()
    assert np.isnan(matched.coefficient_error.values[~matched.sampled.values]).all()
    with pytest.raises(ParameterError, match="gap in its lengths"):
        potential(matched, "bond_0")


def test_a_pair_that_never_meets_is_not_known():
    """Of the second type there is one particle: its pairs have no samples, and their curves are no numbers."""
    positions, forces = stretched_pairs(np.linspace(0.9, 1.5, 50), 3.0, 0.0)
    basis = FunctionBasis((lambda r: r,), 2.0)
    matched = match_forces(positions, forces, None, pairs={(0, 1): basis, (1, 1): basis}, types=[0, 1])
    assert matched.sampled.values.tolist() == [True, False]
    assert np.isnan(matched.pair_1_1_force).all()
    assert np.isnan(matched.pair_1_1_potential_error[:-1]).all()
    np.testing.assert_allclose(matched.coefficient.values[0], -3.0, rtol=1e-7)


def test_the_jackknife_covers_coefficients_and_potential():
    rng = np.random.default_rng(8)
    pulls, band = [], []
    basis = SplineBasis(2.0, 0.25, 1.0)
    for _ in range(150):
        r = rng.uniform(1.0, 2.0, 120)
        pair = np.zeros((120, 2, 3))
        pair[:, 1, 2] = r
        noisy = 3.0 - r + rng.normal(0.0, 0.3, 120)
        forces = np.zeros_like(pair)
        forces[:, 0, 2], forces[:, 1, 2] = -noisy, noisy
        matched = match_forces(pair, forces, None, pairs={(0, 0): basis}, blocks=20, points=3)
        u, x = matched.pair_0_0_potential, matched.pair_0_0_distance.values
        line = scipy.interpolate.make_lsq_spline(np.linspace(1, 2, 99), 3.0 - np.linspace(1, 2, 99), basis.knots)
        pulls.append((matched.coefficient.values - line.c) / matched.coefficient_error.values)
        exact = 3.0 * (2 - x) - 0.5 * (4 - x**2)
        band.append((u.values - exact)[:2] / matched.pair_0_0_potential_error.values[:2])
    # a Student distribution of 19 degrees of freedom has a variance of 19/17; the jackknife itself is a little wide
    assert 0.85 < np.square(pulls).mean() < 1.45
    assert 0.75 < np.square(band).mean() < 1.55
    assert abs(np.mean(pulls)) < 0.1


def test_the_bits_do_not_depend_on_threads_and_a_bar_may_watch():
    rng = np.random.default_rng(10)
    frames, forces = rng.uniform(0.0, 5.0, (9, 40, 3)), rng.normal(size=(9, 40, 3))
    seen = []
    runs = [
        match_forces(frames, forces, np.full((9, 3), 5.0), pairs={(0, 0): SplineBasis(2.5, 0.1)}, workers=workers,
                     blocks=4, progress=lambda done, total: seen.append((done, total)))
        for workers in (1, 2)
    ]  # fmt: skip
    assert runs[0].identical(runs[1])
    assert seen[-1] == (4, 4)
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in runs[0].variables.values())
    assert runs[0].covariance.values == pytest.approx(runs[0].covariance.values.T, nan_ok=True)
    one = match_forces(frames[0], forces[0], [5.0] * 3, pairs={(0, 0): SplineBasis(2.5, 0.1)})
    assert np.isnan(one.coefficient_error.values).all()

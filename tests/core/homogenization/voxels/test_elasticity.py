"""The solver for the displacement: theorem of Hill, layers, bounds, voids, dense linear algebra."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import (
    backus_average,
    hashin_shtrikman_bulk_modulus,
    hashin_shtrikman_shear_modulus,
)
from mesoscale.core.homogenization.voxels import RIGID, VOID, effective_stiffness


def layers(shape, axis, seed=0):
    """A random sequence of three phases along one axis."""
    profile = np.random.default_rng(seed).permutation(np.resize([0, 1, 2], shape[axis]))
    return np.broadcast_to(np.expand_dims(profile, [a for a in range(len(shape)) if a != axis]), shape)


def sphere(n, radius=0.3):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None, None] ** 2 + x[:, None] ** 2 + x**2 < radius**2).astype(int)


@pytest.mark.parametrize("shape", [(9, 7, 11), (15, 9)])
def test_hill_equal_shear_moduli(shape):
    """Exact for any isotropic or anisotropic image: only the trace of the strain can vary."""
    image = np.random.default_rng(3).integers(0, 3, shape)
    bulk, shear, d = np.array([1.0, 4.0, 20.0]), 2.5, len(shape)
    found = effective_stiffness(image, [(k, shear) for k in bulk], tolerance=1e-11).stiffness.values
    wave = 1.0 / (1.0 / (bulk[image] + 4.0 / 3.0 * shear)).mean()
    expected = shear * np.eye(len(found))
    expected[:d, :d] = wave - 2.0 * shear + 2.0 * shear * np.eye(d)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_hill_with_an_even_number_of_voxels_and_structure_larger_than_one():
    blocks = np.random.default_rng(4).integers(0, 2, (4, 4)).repeat(32, 0).repeat(32, 1)
    found = effective_stiffness(blocks, [(1.0, 1.0), (6.0, 1.0)]).stiffness.values
    wave = 1.0 / (1.0 / (np.array([1.0, 6.0])[blocks] + 4.0 / 3.0)).mean()
    assert found[0, 0] == pytest.approx(wave, rel=1e-3)


def test_layers_deform_as_backus_says():
    lam, mu = np.array([10.0, 2.0, 4.0]), np.array([8.0, 1.0, 3.0])
    image = layers((3, 4, 9), 2)
    exact = backus_average(lam, mu, [1 / 3, 1 / 3, 1 / 3])
    c = effective_stiffness(image, list(zip(lam + 2 * mu / 3, mu, strict=True)), tolerance=1e-12).stiffness.values
    found = (c[0, 0], c[2, 2], c[0, 2], c[3, 3], c[5, 5])
    np.testing.assert_allclose(found, (exact.A, exact.C, exact.F, exact.L, exact.M), rtol=1e-13)
    assert c[0, 1] == pytest.approx(exact.A - 2 * exact.M, rel=1e-13)
    flat = effective_stiffness(image[0], list(zip(lam + 2 * mu / 3, mu, strict=True)), tolerance=1e-12).stiffness.values
    np.testing.assert_allclose(flat, c[np.ix_([1, 2, 3], [1, 2, 3])], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("inclusion", [(30.0, 12.0), VOID, RIGID])
def test_elastic_results_lie_within_the_bounds(inclusion):
    image = sphere(20, 0.35)
    c = effective_stiffness(image, [(3.0, 1.2), inclusion]).stiffness.values
    bulk, f = c[:3, :3].sum() / 9, [1 - image.mean(), image.mean()]
    shear = (np.trace(c[:3, :3]) - c[:3, :3].sum() / 3 + 2 * np.trace(c[3:, 3:])) / 10
    moduli = [3.0, inclusion[0]], [1.2, inclusion[1]]
    for value, bounds in ((bulk, hashin_shtrikman_bulk_modulus), (shear, hashin_shtrikman_shear_modulus)):
        assert bounds(*moduli, f, "lower") * 0.999 <= value <= bounds(*moduli, f, "upper") * 1.001
    if inclusion == (30.0, 12.0):
        assert bulk == pytest.approx(hashin_shtrikman_bulk_modulus(*moduli, f), rel=0.02)


def test_few_round_voids_soften_as_hashin_and_shtrikman_say():
    """A cubic array of few spheres reaches the bound; the rough surface of the voids costs an error of order h."""
    excess = []
    for n in (32, 64):
        image = sphere(n, 0.2)
        c = effective_stiffness(image, [(2.0, 1.0), VOID], directions=[0]).stiffness.values
        f = [1 - image.mean(), image.mean()]
        bound = hashin_shtrikman_bulk_modulus([2.0, 0.0], [1.0, 0.0], f, "upper")
        excess.append((3 / c[:3, 0].sum() - 0.5) / (1 / bound - 0.5))
    assert min(excess) > 1
    assert 2 * excess[1] - excess[0] == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("shape", [(6, 8), (6, 7), (4, 6, 4), (5, 4, 3)])
def test_hill_on_any_grid_is_a_minimum_over_what_the_grid_sees(shape):
    """With one shear modulus: the least <(K + 4 G / 3) theta^2> over dilatations of mean 1, by dense algebra.

    On a grid with an even number of voxels along two axes, theta has no part that alternates along both.
    """
    image = np.random.default_rng(8).integers(0, 3, shape)
    bulk, shear = np.array([1.0, 4.0, 20.0]), 2.5
    found = effective_stiffness(image, [(k, shear) for k in bulk], tolerance=1e-12).stiffness.values[0, 0]
    modulus = (bulk[image] + 4 / 3 * shear).ravel()
    alternating = sum((2 * index == n).astype(int) for index, n in zip(np.indices(shape), shape, strict=True))
    seen = (alternating < 2).ravel()
    waves = np.fft.fftn(np.eye(image.size).reshape(-1, *shape), axes=range(1, len(shape) + 1)).reshape(image.size, -1)
    basis = waves[:, seen] / math.sqrt(image.size)  # a unitary matrix' columns; the first is constant
    energy = basis.conj().T @ (modulus[:, None] * basis)
    least = 1 / np.linalg.inv(energy)[0, 0].real
    assert found == pytest.approx(least, rel=1e-10)
    harmonic = 1 / np.mean(1 / modulus)
    if seen.all():
        assert found == pytest.approx(harmonic, rel=1e-10)
    else:
        assert found > harmonic * (1 + 1e-5)


@pytest.mark.parametrize("shape", [(6, 8), (4, 6, 4)])
def test_hill_is_exact_on_even_grids_where_every_voxel_is_repeated(shape):
    image = np.random.default_rng(9).integers(0, 3, [n // 2 for n in shape])
    for axis in range(len(shape)):
        image = image.repeat(2, axis)
    bulk = np.array([1.0, 4.0, 20.0])
    found = effective_stiffness(image, [(k, 2.5) for k in bulk], tolerance=1e-12)
    assert found.stiffness.values[0, 0] == pytest.approx(1 / np.mean(1 / (bulk[image] + 10 / 3)), rel=1e-10)
    assert bool(found.stiffness_valid)


@pytest.mark.parametrize("shape", [(3, 4, 3), (4, 2, 3), (5, 4)])
def test_any_image_against_dense_linear_algebra(shape):
    """Strain in the middle of a voxel from displacements at its corners; plane strain has no displacement across."""
    generator = np.random.default_rng(6)
    image, d = generator.integers(0, 4, shape), len(shape)
    phases = generator.uniform(0.5, 8.0, (4, 2))
    number = np.arange(image.size).reshape(shape)
    gradient = np.zeros((d, image.size, image.size))
    for voxel in np.ndindex(*shape):
        for corner in np.ndindex(*(2,) * d):
            node = number[tuple((v + c) % n for v, c, n in zip(voxel, corner, shape, strict=True))]
            for axis in range(d):
                gradient[axis, number[voxel], node] += (2 * corner[axis] - 1) / 2 ** (d - 1)
    pairs = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)] if d == 3 else [(0, 0), (1, 1), (0, 1)]
    strain = np.zeros((len(pairs), image.size, d, image.size))  # engineering shear
    for row, (i, j) in enumerate(pairs):
        strain[row, :, i] += gradient[j]
        if i != j:
            strain[row, :, j] += gradient[i]
    strain = strain.reshape(len(pairs), image.size, -1)
    bulk, shear = phases[image.reshape(-1)].T
    stiffness = np.zeros((len(pairs), len(pairs), image.size))
    stiffness[:d, :d] = bulk - 2 / 3 * shear
    for row, (i, j) in enumerate(pairs):
        stiffness[row, row] += 2 * shear if i == j else shear
    system = np.einsum("avn,abv,bvm->nm", strain, stiffness, strain, optimize=True)
    load = np.einsum("avn,abv->nb", strain, stiffness)
    motion = np.linalg.lstsq(system, -load, rcond=1e-11)[0]
    expected = stiffness.mean(axis=2) + np.einsum("abv,bvn,nc->ac", stiffness, strain, motion) / image.size
    found = effective_stiffness(image, [tuple(p) for p in phases], tolerance=1e-12).stiffness.values
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)

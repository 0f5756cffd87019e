"""The solver for the potential: layers, disks against multipoles, duality, dense linear algebra."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import hashin_shtrikman_conductivity
from mesoscale.core.homogenization.disk_arrays import disk_array_conductivity
from mesoscale.core.homogenization.voxels import effective_conductivity


def layers(shape, axis, seed=0):
    """A random sequence of three phases along one axis."""
    profile = np.random.default_rng(seed).permutation(np.resize([0, 1, 2], shape[axis]))
    return np.broadcast_to(np.expand_dims(profile, [a for a in range(len(shape)) if a != axis]), shape)


def disk(n, fraction):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None] ** 2 + x**2 < fraction / math.pi).astype(int)


def hexagonal_disks(n, fraction):
    """Two disks in a cell of 1 x sqrt(3), and the size of its voxels."""
    m = round(n * math.sqrt(3))
    x, y = (np.arange(n) + 0.5) / n, (np.arange(m) + 0.5) / m * math.sqrt(3)
    square = fraction * math.sqrt(0.75) / math.pi
    image = np.zeros((n, m), int)
    for cx, cy in ((0.5, 0.5 * math.sqrt(3)), (0.0, 0.0)):
        dx, dy = (x - cx + 0.5) % 1.0 - 0.5, (y - cy + math.sqrt(0.75)) % math.sqrt(3) - math.sqrt(0.75)
        image |= dx[:, None] ** 2 + dy**2 < square
    return image, (1.0 / n, math.sqrt(3) / m)


def sphere(n, radius=0.3):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None, None] ** 2 + x[:, None] ** 2 + x**2 < radius**2).astype(int)


@pytest.mark.parametrize("shape", [(6, 9), (8, 8), (3, 6, 12), (6, 4, 5), (1, 12)])
@pytest.mark.parametrize("axis", [0, 1])
def test_layers_conduct_in_series_and_in_parallel(shape, axis):
    k = np.array([1.0, 7.0, 100.0])
    image = layers(shape, axis)
    found = effective_conductivity(image, k, tolerance=1e-12).conductivity.values
    expected = np.full(len(shape), k[image].mean())
    expected[axis] = 1.0 / (1.0 / k[image]).mean()
    np.testing.assert_allclose(found, np.diag(expected), rtol=1e-14, atol=1e-12)


def test_a_uniform_image_needs_no_iteration():
    found = effective_conductivity(np.zeros((4, 5, 6), int), [3.0])
    np.testing.assert_array_equal(found.conductivity, 3.0 * np.eye(3))
    assert (found.iterations == 0).all()
    nothing = effective_conductivity(np.zeros((4, 4), int), [0.0])
    np.testing.assert_array_equal(nothing.conductivity, np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("fraction", "contrast", "tolerance"),
    [
        (0.2, 5.0, 5e-3),
        (0.35, 0.1, 5e-3),
        (0.5, 10.0, 5e-3),
        (0.62, 3.0, 5e-3),
        (0.6, 50.0, 1.5e-2),
        (0.7, 50.0, 1.5e-2),
    ],
)
def test_disks_agree_with_multipoles_at_the_area_of_their_voxels(fraction, contrast, tolerance):
    image = disk(256, fraction)
    found = effective_conductivity(image, [1.0, contrast]).conductivity.values[0, 0]
    assert found == pytest.approx(disk_array_conductivity(1.0, contrast, image.mean()), rel=tolerance)
    image, spacing = hexagonal_disks(256, fraction)
    found = effective_conductivity(image, [1.0, contrast], spacing=spacing).conductivity
    exact = disk_array_conductivity(1.0, contrast, image.mean(), "hexagonal")
    np.testing.assert_allclose(np.diag(found), exact, rtol=tolerance)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_dimensional_duality_of_any_image(seed):
    """k*(k) turned by a right angle is the inverse of k*(1/k), also where both are anisotropic."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 3, (4, 5)).repeat(32, 0).repeat(32, 1)
    k = np.array([1.0, 2.0, 4.0])
    one = effective_conductivity(blocks, k).conductivity.values
    other = effective_conductivity(blocks, 1 / k).conductivity.values
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    np.testing.assert_allclose(one @ turn @ other @ turn.T, np.eye(2), atol=3e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_result_lies_within_the_bounds(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 2, (6, 6, 6)).repeat(3, 0).repeat(3, 1).repeat(3, 2)
    k, f = [1.0, 8.0], [1 - image.mean(), image.mean()]
    mean = np.trace(effective_conductivity(image, k).conductivity) / 3
    lower, upper = (hashin_shtrikman_conductivity(k, f, bound) for bound in ("lower", "upper"))
    assert lower < mean < upper
    inside = effective_conductivity(sphere(32), k).conductivity.values[0, 0]
    f = [1 - sphere(32).mean(), sphere(32).mean()]
    assert inside == pytest.approx(hashin_shtrikman_conductivity(k, f), rel=0.01)  # far from touching


def test_the_number_of_iterations_does_not_grow_with_the_grid():
    counts = [int(effective_conductivity(sphere(n), [1.0, 10.0], directions=[0]).iterations[0]) for n in (16, 32, 64)]
    assert max(counts) <= 25


def corners(shape, spacing):
    """For each axis, the matrix (voxel, node) of the gradient: nodes at corners, one value in the middle of a voxel."""
    number = np.arange(math.prod(shape)).reshape(shape)
    gradient = np.zeros((len(shape), number.size, number.size))
    for voxel in np.ndindex(*shape):
        for corner in np.ndindex(*(2,) * len(shape)):
            node = number[tuple((v + c) % n for v, c, n in zip(voxel, corner, shape, strict=True))]
            for axis, (c, h) in enumerate(zip(corner, spacing, strict=True)):
                gradient[axis, number[voxel], node] += (2 * c - 1) / h / 2 ** (len(shape) - 1)
    return gradient


@pytest.mark.parametrize("shape", [(5, 6), (4, 4), (3, 4, 5), (4, 2, 6), (1, 5)])
def test_any_image_against_dense_linear_algebra(shape):
    generator = np.random.default_rng(7)
    k, spacing = 10 ** generator.uniform(-1, 1, shape), generator.uniform(0.5, 2.0, len(shape))
    gradient, weight = corners(shape, spacing), k.reshape(-1)
    system = sum(g.T @ (weight[:, None] * g) for g in gradient)
    expected = np.empty((len(shape), len(shape)))
    for column, g in enumerate(gradient):
        potential = np.linalg.lstsq(system, -g.T @ weight, rcond=1e-12)[0]
        expected[:, column] = [(weight * ((a == column) + gradient[a] @ potential)).mean() for a in range(len(shape))]
    found = effective_conductivity(k, spacing=spacing, tolerance=1e-12).conductivity.values
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)

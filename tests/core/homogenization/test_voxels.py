"""Voxel images: exact results that need no grid, and limits that need every trick of the solver."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import (
    backus_average,
    hashin_shtrikman_bulk_modulus,
    hashin_shtrikman_conductivity,
    hashin_shtrikman_shear_modulus,
)
from mesoscale.core.homogenization.disk_arrays import disk_array_conductivity
from mesoscale.core.homogenization.voxels import (
    RIGID,
    VOID,
    effective_conductivity,
    effective_stiffness,
    window_scatter,
)
from mesoscale.core.model import ResultError


def layers(shape, axis, seed=0):
    """A random sequence of three phases along one axis."""
    profile = np.random.default_rng(seed).permutation(np.resize([0, 1, 2], shape[axis]))
    return np.broadcast_to(np.expand_dims(profile, [a for a in range(len(shape)) if a != axis]), shape)


def checkerboard(n):
    return (np.indices((n, n)) // (n // 2)).sum(axis=0) % 2


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


# ---------------------------------------------------------------------------------------------------- conductivity


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


@pytest.mark.parametrize(("contrast", "tolerance"), [(2.0, 1e-3), (5.0, 1e-3), (10.0, 1e-3)])
def test_a_checkerboard_conducts_as_the_root_of_the_product(contrast, tolerance):
    found = effective_conductivity(checkerboard(128), [1.0, contrast])
    np.testing.assert_allclose(np.diag(found.conductivity), math.sqrt(contrast), rtol=tolerance)
    assert (found.iterations <= 15).all()


@pytest.mark.parametrize("contrast", [10.0, 30.0, 100.0])
def test_extrapolation_finds_the_checkerboard_and_its_own_error(contrast):
    found = effective_conductivity(checkerboard(256), [1.0, contrast], extrapolate=True)
    plain = effective_conductivity(checkerboard(256), [1.0, contrast]).conductivity.values[0, 0]
    exact = math.sqrt(contrast)
    assert found.conductivity.values[0, 0] == pytest.approx(exact, rel=2e-3)
    assert found.conductivity_error.values[0, 0] == pytest.approx(abs(plain - exact), rel=0.05)


def test_the_order_of_a_checkerboard_is_that_of_its_corners():
    """ln(k_N / k) falls as N^(-4 lambda) with the exponent of the corner's field, (4/pi) arctan(c^-1/2) twice."""
    contrast, sizes = 10.0, np.array([64, 128, 256])
    values = [effective_conductivity(checkerboard(n), [1.0, contrast]).conductivity.values[0, 0] for n in sizes]
    excess = np.log(np.array(values) / math.sqrt(contrast))
    exponent = np.polyfit(np.log(sizes), np.log(excess), 1)[0]
    assert exponent == pytest.approx(-16 / math.pi * math.atan(contrast**-0.5), abs=0.1)


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


@pytest.mark.parametrize("fraction", [0.3, 0.5])
def test_insulating_and_perfectly_conducting_disks(fraction):
    image = disk(256, fraction)
    insulating = effective_conductivity(image, [1.0, 0.0])
    conducting = effective_conductivity(image, [1.0, math.inf])
    assert max(insulating.iterations.max(), conducting.iterations.max()) < 60
    assert insulating.conductivity.values[0, 0] == pytest.approx(
        disk_array_conductivity(1.0, 0.0, image.mean()), rel=1e-2
    )
    assert conducting.conductivity.values[0, 0] == pytest.approx(
        disk_array_conductivity(1.0, math.inf, image.mean()), rel=1e-2
    )
    # duality: the grid's own error is all that is left between the two
    assert insulating.conductivity.values[0, 0] * conducting.conductivity.values[1, 1] == pytest.approx(1.0, rel=1e-3)


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


def test_a_perfect_conductor_is_the_limit_of_a_good_one():
    """Also a test of one solver by another: potential as unknown, flux as unknown."""
    image = sphere(20)
    limit = effective_conductivity(image, [1.0, math.inf], tolerance=1e-10).conductivity.values[0, 0]
    contrast = np.array([1e2, 1e3, 1e4])
    values = [effective_conductivity(image, [1.0, c], tolerance=1e-10).conductivity.values[0, 0] for c in contrast]
    assert np.polyfit(np.log(contrast), np.log(limit - np.array(values)), 1)[0] == pytest.approx(-1.0, abs=0.1)


def test_insulators_and_perfect_conductors_in_one_image():
    x = np.arange(12)
    image = np.where(x % 4 == 0, 1, 0) + np.zeros((12, 1), int)
    image[:, 2] = 2  # a perfect layer, an insulating one beside it
    along = effective_conductivity(np.where(image == 2, 0, image), [1.0, 0.0], directions=[0])
    assert along.conductivity.values[0, 0] == pytest.approx(0.75, rel=1e-12)
    assert np.isnan(along.conductivity[:, 1]).all()
    three = np.zeros((24, 24), int)
    three[4:10, 4:10], three[14:20, 14:20] = 1, 2
    mixed = effective_conductivity(three, [1.0, 0.0, math.inf]).conductivity.values[0, 0]
    nearly = effective_conductivity(three, [1.0, 1e-5, math.inf]).conductivity.values[0, 0]
    assert mixed == pytest.approx(nearly, rel=1e-4)


def test_percolating_conductors_have_no_finite_answer_and_islands_conduct_nothing():
    stripes = np.array([[0, 1, 0, 0]] * 4)
    with pytest.raises(ResultError, match="percolates: no finite effective tensor exists"):
        effective_conductivity(stripes, [1.0, math.inf])
    islands = effective_conductivity(disk(32, 0.3), [0.0, 1.0])
    np.testing.assert_allclose(islands.conductivity, 0.0, atol=1e-9)


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


def test_the_tensor_is_symmetric_turns_with_the_image_and_takes_any_voxel():
    image = np.random.default_rng(5).integers(0, 2, (7, 5, 9))
    k = [1.0, 5.0]
    one = effective_conductivity(image, k, spacing=(1.0, 2.0, 0.5), tolerance=1e-11).conductivity.values
    np.testing.assert_allclose(one, one.T, atol=1e-9)
    turned = effective_conductivity(image.transpose(2, 0, 1), k, spacing=(0.5, 1.0, 2.0), tolerance=1e-11)
    np.testing.assert_allclose(turned.conductivity.values, one[np.ix_([2, 0, 1], [2, 0, 1])], atol=1e-9)
    scaled = effective_conductivity(image, [1e-9, 5e-9], spacing=(2e-6, 4e-6, 1e-6), tolerance=1e-11)
    np.testing.assert_allclose(scaled.conductivity.values, 1e-9 * one, atol=1e-18)


def test_the_number_of_iterations_does_not_grow_with_the_grid():
    counts = [int(effective_conductivity(sphere(n), [1.0, 10.0], directions=[0]).iterations[0]) for n in (16, 32, 64)]
    assert max(counts) <= 25


# ------------------------------------------------------------------------------------------------------ elasticity


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


@pytest.mark.parametrize("make", [lambda: sphere(12), lambda: disk(20, 0.3)])
def test_a_rigid_phase_is_the_limit_of_a_stiff_one(make):
    image, contrast = make(), np.array([1e2, 1e3, 1e4])
    limit = effective_stiffness(image, [(2.0, 1.0), RIGID], tolerance=1e-10).stiffness.values
    stiff = [effective_stiffness(image, [(2.0, 1.0), (2 * c, c)], tolerance=1e-10).stiffness.values for c in contrast]
    difference = [np.abs(limit - c).max() for c in stiff]
    assert np.polyfit(np.log(contrast), np.log(difference), 1)[0] == pytest.approx(-1.0, abs=0.1)


def test_voids_and_rigid_grains_in_one_image():
    image = np.zeros((16, 16), int)
    image[2:6, 2:6], image[9:14, 9:14] = 1, 2
    mixed = effective_stiffness(image, [(2.0, 1.0), VOID, RIGID]).stiffness.values
    nearly = effective_stiffness(image, [(2.0, 1.0), (2e-5, 1e-5), RIGID]).stiffness.values
    np.testing.assert_allclose(mixed, nearly, rtol=1e-3, atol=1e-4)
    with pytest.raises(ResultError, match="percolates"):
        effective_stiffness(np.minimum(image, 1), [RIGID, (1.0, 1.0)])


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


# ------------------------------------------------------------------------------------------------- size of an image


def test_random_symmetric_media_conduct_as_the_root_of_the_product():
    def make(window, generator):
        return generator.integers(0, 2, (window // 8, window // 8)).repeat(8, 0).repeat(8, 1)

    study = window_scatter(make, [1.0, 10.0], [64, 128], samples=24)
    assert abs(study["mean"][1] - math.sqrt(10)) < 4 * study.mean_error[1] + 0.01
    assert study.scatter[1] < 0.75 * study.scatter[0]  # as one over the size
    assert (study.half_width > 2 * study.mean_error).all()


def test_windows_of_an_image():
    image = np.random.default_rng(0).integers(0, 2, (60, 60))
    study = window_scatter(image, [1.0, 4.0], [10, 30], samples=6)
    assert study.mean_error_valid.values.tolist() == [True, False]
    assert study.scatter[1] < study.scatter[0]
    again = window_scatter(image, [1.0, 4.0], [30], samples=6)
    np.testing.assert_array_equal(again.value[0], study.value[1])
    for effective, expected in (("bulk_modulus", 3.0), ("shear_modulus", 1.5)):
        one = window_scatter(np.zeros((8, 8, 8), int), [(3.0, 1.5)], [4], samples=2, effective=effective)
        np.testing.assert_allclose(one["mean"], expected, rtol=1e-12)
        flat = window_scatter(np.zeros((8, 8), int), [(3.0, 1.5)], [4], samples=2, effective=effective)
        np.testing.assert_allclose(flat["mean"], 3.5 if effective == "bulk_modulus" else 1.5, rtol=1e-12)

"""The solver for the flux or stress: perfect conductors and rigid phases as limits, and where none exists."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.disk_arrays import disk_array_conductivity
from mesoscale.core.homogenization.voxels import RIGID, VOID, effective_conductivity, effective_stiffness
from mesoscale.core.model import ResultError


def disk(n, fraction):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None] ** 2 + x**2 < fraction / math.pi).astype(int)


def sphere(n, radius=0.3):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None, None] ** 2 + x[:, None] ** 2 + x**2 < radius**2).astype(int)


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

"""Blending heights and Lambert's function: identities, limits, published tables, edges."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import xarray as xr
from mesoscale.environment.urban import (
    diffusion_blending_height,
    mason_blending_height,
    scaling_blending_height,
    thermal_blending_height,
)
from mesoscale.environment.urban.elementwise import evaluate_elements, only_positive, solve_lambert

# Rows: L_c = 100, 300, 1000, 3000, 10000 m; columns: z0 = .01, .1, .5, 1 m; kappa = 0.4.
LENGTHS = np.array([100.0, 300.0, 1000.0, 3000.0, 10000.0])
ROUGHNESS = np.array([0.01, 0.1, 0.5, 1.0])
MASON = [
    [1.3357, 2.8510, 5.5355, 7.6900],
    [2.9635, 5.8152, 10.413, 13.877],
    [7.3473, 13.357, 22.226, 28.510],
    [17.276, 29.635, 46.658, 58.152],
    [45.181, 73.473, 110.00, 133.57],
]
DIFFUSION = [
    [10.117, 14.137, 19.191, 22.487],
    [26.626, 35.724, 46.362, 52.914],
    [78.098, 101.17, 126.50, 141.37],
    [210.91, 266.26, 324.33, 357.24],
    [633.15, 780.98, 929.84, 1011.7],
]


def test_lambert_is_scipys_over_six_hundred_decades():
    x = np.concatenate([np.logspace(-300, 300, 1201), -np.logspace(-300, -1, 300), -np.linspace(0.1, 0.3678, 200)])
    ours = np.array([solve_lambert(value) for value in x])
    np.testing.assert_allclose(ours, scipy.special.lambertw(x).real, rtol=1e-13)


def test_lambert_solves_its_equation():
    for x in (1e-3, 0.2, 0.3, 1.0, math.e, 50.0, 1e6):
        w = solve_lambert(x)
        assert w * math.exp(w) == pytest.approx(x, rel=4e-15 * (1 + abs(w)))


def test_lambert_near_its_branch_point_follows_the_square_root():
    distances = np.logspace(-8, -4, 9)
    w = np.array([solve_lambert((d - 1.0) / math.e) for d in distances])
    np.testing.assert_allclose(w + 1.0, np.sqrt(2.0 * distances), rtol=1e-2)
    slope = np.polyfit(np.log(distances), np.log(w + 1.0), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.01)


def test_lambert_at_special_points():
    assert solve_lambert(0.0) == 0.0
    assert solve_lambert(math.inf) == math.inf
    assert solve_lambert(-1.0 / math.e) == pytest.approx(-1.0, abs=1e-7)
    assert math.isnan(solve_lambert(-0.4))
    assert math.isnan(solve_lambert(math.nan))


@pytest.mark.parametrize("z0", [1e-4, 0.01, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("length", [1.0, 100.0, 1e3, 1e5])
def test_mason_satisfies_the_implicit_equation(length, z0):
    height = mason_blending_height(length, z0)
    assert height / length * math.log(height / z0) ** 2 == pytest.approx(0.32, rel=1e-12)


@pytest.mark.parametrize("z0", [1e-4, 0.01, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("length", [1.0, 100.0, 1e3, 1e5])
def test_diffusion_satisfies_the_implicit_equation(length, z0):
    height = diffusion_blending_height(length, z0)
    assert height / length * math.log(height / z0) == pytest.approx(0.7, rel=1e-12)


def test_mason_by_bracketing():
    root = scipy.optimize.brentq(lambda z: z / 1000 * math.log(z / 0.1) ** 2 - 0.32, 0.2, 1e3, xtol=1e-13)
    assert mason_blending_height(1000.0, 0.1) == pytest.approx(root, rel=1e-10)
    assert mason_blending_height(1000.0, 0.1) == pytest.approx(13.35705, abs=5e-6)


def test_the_table_of_both_heights():
    np.testing.assert_allclose(mason_blending_height(LENGTHS[:, None], ROUGHNESS), MASON, rtol=5e-5)
    np.testing.assert_allclose(diffusion_blending_height(LENGTHS[:, None], ROUGHNESS), DIFFUSION, rtol=5e-5)


def test_mason_over_davenports_classes():
    z0 = np.array([0.0002, 0.005, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0])
    expected = [3.3771, 6.2836, 9.6128, 13.357, 17.6553, 22.226, 28.5099, 37.3479]
    np.testing.assert_allclose(mason_blending_height(1000.0, z0), expected, rtol=1e-5)


def test_glossary_of_meteorology_the_physical_height_is_an_order_of_magnitude_higher():
    ratio = diffusion_blending_height(LENGTHS[:, None], ROUGHNESS) / mason_blending_height(LENGTHS[:, None], ROUGHNESS)
    assert (ratio > 2.9).all()
    assert (ratio < 15).all()


def test_heights_shrink_to_the_roughness_length_with_the_pattern():
    lengths = np.logspace(-12, -8, 9)
    for law, order in ((mason_blending_height, 0.5), (diffusion_blending_height, 1.0)):
        excess = law(lengths, 1.0) - 1.0
        assert np.polyfit(np.log(lengths), np.log(excess), 1)[0] == pytest.approx(order, abs=0.1)
        assert law(0.0, 0.3) == 0.3


def test_heights_grow_with_pattern_and_roughness():
    for law in (mason_blending_height, diffusion_blending_height):
        table = law(LENGTHS[:, None], ROUGHNESS)
        assert (np.diff(table, axis=0) > 0).all()
        assert (np.diff(table, axis=1) > 0).all()


def test_a_patch_length_instead_of_the_wavelength_is_1_6_times_too_low():
    # d ln l_b / d ln L_c = 1 / (1 + 2 / ln(l_b / z0)), by differentiating the implicit equation
    middle = mason_blending_height(1000.0 / math.sqrt(2.0), 0.1)
    expected = 2.0 ** (1.0 / (1.0 + 2.0 / math.log(middle / 0.1)))
    ratio = mason_blending_height(1000.0, 0.1) / mason_blending_height(500.0, 0.1)
    assert ratio == pytest.approx(expected, rel=1e-3)
    assert ratio == pytest.approx(1.6, abs=0.05)


def test_scaling_with_the_drag_at_the_height_gives_mason_back():
    height = mason_blending_height(1000.0, 0.1)
    wind = 0.4 / 0.4 * math.log(height / 0.1)
    assert scaling_blending_height(1000.0, 0.4, wind, coefficient=2.0) == pytest.approx(height, rel=1e-12)
    wind = math.log(diffusion_blending_height(1000.0, 0.1) / 0.1)
    found = scaling_blending_height(1000.0, 0.4, wind, coefficient=1.75, exponent=1.0)
    assert found == pytest.approx(diffusion_blending_height(1000.0, 0.1), rel=1e-12)


def test_thermal_height_of_a_convective_afternoon():
    assert thermal_blending_height(5000.0, 0.1, 5.0, 300.0) == pytest.approx(107.53, abs=0.005)
    assert thermal_blending_height("5 km", 0.1, "18 km/hour", "26.85 degC") == pytest.approx(107.53, abs=0.005)
    assert math.isnan(thermal_blending_height(5000.0, -0.1, 5.0, 300.0))


def test_outside_their_domain_the_laws_are_silent_nan():
    for length, z0 in ((-1.0, 0.1), (1000.0, 0.0), (1000.0, -1.0), (math.nan, 0.1), (1000.0, math.nan)):
        assert math.isnan(mason_blending_height(length, z0))
        assert math.isnan(diffusion_blending_height(length, z0))
    assert math.isnan(scaling_blending_height(1000.0, 0.4, 0.0))
    assert np.isnan(mason_blending_height(np.array([1.0, -1.0]), 0.1)).tolist() == [False, True]


def test_heights_take_units_and_labels():
    assert mason_blending_height("1 km", "10 cm") == mason_blending_height(1000.0, 0.1)
    array = xr.DataArray([1.0, 10.0], dims="cell", attrs={"units": "km"})
    found = mason_blending_height(array, 0.1)
    assert found.attrs["units"] == "m"
    np.testing.assert_allclose(found, MASON_AT_TENTH)


MASON_AT_TENTH = [13.357045471713066, 73.47296]


def test_elements_keep_their_shape():
    assert mason_blending_height(np.ones((2, 1, 3)), np.ones((4, 1))).shape == (2, 4, 3)
    assert isinstance(mason_blending_height(1000, 1), float)
    assert isinstance(evaluate_elements(None, lambda a, out: out.fill(2.0), np.float32(1.0).reshape(())), float)
    assert only_positive(0.0) != only_positive(0.0)
    assert np.isnan(only_positive([-1.0, 2.0])).tolist() == [True, False]

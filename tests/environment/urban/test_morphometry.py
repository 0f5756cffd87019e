"""Morphometry: published formulas at their published points, peaks, geometry against Cauchy, edges."""

import math

import numpy as np
import pytest
import scipy.optimize
import xarray as xr
from mesoscale.environment.urban import (
    bluff_body_heat_roughness_length,
    canyon_frontal_area_fraction,
    describe_buildings,
    macdonald_displacement_height,
    macdonald_roughness_length,
    projected_width,
    rule_of_thumb_displacement_height,
    rule_of_thumb_roughness_length,
)

SQUARE = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
STAGGERED, SQUARE_ARRAY = (4.43, 1.0), (3.59, 0.55)


def test_macdonald1998_staggered_arrays():
    # plan area fraction, equal to the frontal one: d/H and z0/H
    table = {
        0.05: (0.118132, 0.075401),
        0.1: (0.224464, 0.121418),
        0.2: (0.405969, 0.132787),
        0.25: (0.483036, 0.122921),
        0.3: (0.552104, 0.109487),
        0.4: (0.669182, 0.079997),
        0.5: (0.762443, 0.053093),
        0.6: (0.836236, 0.031533),
    }
    for plan, (displacement, roughness) in table.items():
        assert macdonald_displacement_height(1.0, plan) == pytest.approx(displacement, abs=6e-7)
        assert macdonald_roughness_length(1.0, plan, plan) == pytest.approx(roughness, abs=6e-7)


def test_macdonald1998_square_array():
    assert macdonald_displacement_height(1.0, 0.25, SQUARE_ARRAY[0]) == pytest.approx(0.455137, abs=6e-7)
    assert macdonald_roughness_length(1.0, 0.25, 0.25, *SQUARE_ARRAY) == pytest.approx(0.082590, abs=6e-7)


@pytest.mark.parametrize(
    ("array", "density", "peak"), [(STAGGERED, 0.1641180, 0.1354855), (SQUARE_ARRAY, 0.1973386, 0.0857103)]
)
def test_the_peak_of_roughness(array, density, peak):
    found = scipy.optimize.minimize_scalar(
        lambda x: -macdonald_roughness_length(1.0, x, x, *array), bounds=(0.01, 0.9), options={"xatol": 1e-10}
    )
    assert found.x == pytest.approx(density, abs=2e-6)
    assert -found.fun == pytest.approx(peak, abs=6e-8)


def test_umep_commit_7fba43cb_method_mac():
    # util/RoughnessCalcFunctionV2.py of UMEP-dev/UMEP-processing, run for H = 10 m and both fractions 0.25
    assert macdonald_displacement_height(10.0, 0.25) == pytest.approx(4.8303596, rel=1e-7)
    assert macdonald_roughness_length(10.0, 0.25, 0.25) == pytest.approx(1.2292129, rel=1e-7)


def test_suews_issue_1615_displacement_of_its_own_time_step():
    displacement = macdonald_displacement_height(21.2, 0.38)
    assert displacement == pytest.approx(13.7, rel=0.005)
    assert displacement == pytest.approx(13.7339, abs=5e-5)
    assert 1.0 - displacement / 21.2 == pytest.approx(0.35, abs=0.005)
    # the bug: with the displacement of the step before, 5.49 m, roughness comes out several times too large
    for frontal in (0.1, 0.2, 0.4, 0.8):
        gap = 1.0 - 5.49 / 21.2
        stale = 21.2 * gap * math.exp(-((0.5 * 1.2 / 0.16 * gap * frontal) ** -0.5))
        assert stale / macdonald_roughness_length(21.2, 0.38, frontal) > 2.5


def test_macdonald_balances_the_drag_of_its_blocks():
    # stress = drag of the fronts above d in a log profile taken at the top: u*^2 = (1/2) C_D lf (1 - d/H) U(H)^2
    for plan, frontal in ((0.1, 0.05), (0.25, 0.3), (0.5, 0.9)):
        displacement = macdonald_displacement_height(12.0, plan)
        roughness = macdonald_roughness_length(12.0, plan, frontal)
        wind = math.log((12.0 - displacement) / roughness) / 0.4
        assert 0.5 * 1.2 * frontal * (1.0 - displacement / 12.0) * wind**2 == pytest.approx(1.0, rel=1e-12)


def test_displacement_grows_linearly_from_empty_ground():
    plan = np.logspace(-6, -3, 7)
    slope, log_factor = np.polyfit(np.log(plan), np.log(macdonald_displacement_height(1.0, plan)), 1)
    assert slope == pytest.approx(1.0, abs=0.01)
    assert math.exp(log_factor) == pytest.approx(1.0 + math.log(4.43), rel=0.02)


def test_displacement_reaches_the_roofs_where_they_close():
    gap = np.logspace(-6, -3, 7)
    depth = 1.0 - macdonald_displacement_height(1.0, 1.0 - gap)
    assert np.polyfit(np.log(gap), np.log(depth), 1)[0] == pytest.approx(1.0, abs=0.01)


def test_nothing_stands_in_the_wind():
    assert macdonald_roughness_length(10.0, 0.3, 0.0) == 0.0
    assert macdonald_roughness_length(0.0, 0.3, 0.3) == 0.0
    assert macdonald_displacement_height(10.0, 0.0) == 0.0
    tiny = macdonald_roughness_length(10.0, 0.0, 1e-5)
    assert 0.0 <= tiny < 1e-60


def test_outside_its_domain_morphometry_is_silent_nan():
    for plan in (-0.1, 1.0, 1.5, math.nan):
        assert math.isnan(macdonald_displacement_height(10.0, plan))
        assert math.isnan(macdonald_roughness_length(10.0, plan, 0.2))
    assert math.isnan(macdonald_roughness_length(10.0, 0.2, -0.1))
    assert math.isnan(macdonald_displacement_height(-1.0, 0.2))
    assert math.isnan(bluff_body_heat_roughness_length(1.0, 0.0))
    assert math.isnan(bluff_body_heat_roughness_length(-1.0, 0.5))


def test_morphometry_broadcasts_and_takes_units():
    height, plan = np.array([[5.0], [10.0], [20.0]]), np.array([0.1, 0.2])
    assert macdonald_displacement_height(height, plan).shape == (3, 2)
    found = macdonald_roughness_length(height, plan, plan)
    assert found[1, 1] == macdonald_roughness_length(10.0, 0.2, 0.2)
    assert macdonald_roughness_length("10 m", "25 %", 0.25) == pytest.approx(1.2292129, rel=1e-7)
    labelled = xr.DataArray([1000.0], dims="cell", attrs={"units": "cm"})
    assert macdonald_displacement_height(labelled, 0.25).item() == pytest.approx(4.8303596, rel=1e-7)


def test_grimmond1999_rule_of_thumb():
    assert rule_of_thumb_displacement_height(10.0) == pytest.approx(7.0)
    assert rule_of_thumb_roughness_length(10.0) == pytest.approx(1.0)


def test_kanda2007_heat_roughness():
    expected = {0.2: 6.436355e-6, 0.5: 1.772583e-7, 1.0: 6.409906e-9}
    for friction, roughness in expected.items():
        assert bluff_body_heat_roughness_length(1.0, friction) == pytest.approx(roughness, rel=2e-7)


def test_canyon_fronts_are_those_of_rows_of_houses():
    # rows 12 m wide and 10 m high, streets 20 m wide, along y; the wind blows across them
    rows = [[(x, 0.0), (x + 12.0, 0.0), (x + 12.0, 320.0), (x, 320.0)] for x in range(0, 320, 32)]
    town = describe_buildings(rows, [10.0] * 10, 320.0 * 320.0, wind_direction=math.pi / 2)
    assert town.plan_area_fraction == pytest.approx(12 / 32)
    assert town.frontal_area_fraction == pytest.approx(canyon_frontal_area_fraction(10 / 20, 12 / 32), rel=1e-12)


def test_width_of_a_square_and_of_a_line_of_sight():
    width = projected_width(SQUARE, np.deg2rad([0.0, 90.0, 45.0, 180.0, 30.0]))
    expected = [10.0, 10.0, 10 * math.sqrt(2), 10.0, 10 * (math.cos(math.pi / 6) + 0.5)]
    np.testing.assert_allclose(width, expected, rtol=1e-12)
    slab = [(0.0, 0.0), (30.0, 0.0), (30.0, 1.0), (0.0, 1.0)]
    assert projected_width(slab, 0.0) == pytest.approx(30.0)  # a northerly meets the long side
    assert projected_width(slab, math.pi / 2) == pytest.approx(1.0)


def test_cauchy_mean_width_is_perimeter_over_pi():
    rng = np.random.default_rng(3)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    polygon = np.column_stack([20 * np.cos(angles), 12 * np.sin(angles)])  # on an ellipse: convex
    perimeter = np.linalg.norm(np.roll(polygon, -1, axis=0) - polygon, axis=1).sum()
    fine = projected_width(polygon, (np.arange(36000) + 0.5) * np.pi / 18000).mean()
    assert fine == pytest.approx(perimeter / np.pi, rel=1e-7)
    town = describe_buildings([SQUARE], [1.0], 1000.0)
    assert town.frontal_area_fraction * 1000.0 == pytest.approx(40.0 / math.pi, rel=2e-3)


def test_statistics_are_weighted_by_footprint():
    small = [(100.0, 0.0), (105.0, 0.0), (105.0, 5.0), (100.0, 5.0)]
    town = describe_buildings([SQUARE, small], [10.0, 30.0], 500.0, wind_direction=0.0)
    assert town.plan_area_fraction == pytest.approx(0.25)
    assert town.height == pytest.approx((100 * 10 + 25 * 30) / 125)
    assert town.height_deviation == pytest.approx(math.sqrt((100 * 4.0**2 + 25 * 16.0**2) / 125))
    assert town.greatest_height == 30.0
    assert town.frontal_area_fraction == pytest.approx((10 * 10 + 5 * 30) / 500)


def test_footprints_in_map_coordinates_and_either_order():
    shifted = [(x + 5e5, y + 5.5e6) for x, y in SQUARE]
    town = describe_buildings([shifted[::-1]], [12.0], 400.0, wind_direction=0.0)
    assert town.plan_area_fraction == pytest.approx(0.25, rel=1e-9)


@pytest.mark.parametrize(
    ("footprints", "heights", "area", "words"),
    [
        ([], [], 100.0, "one height for each of 0 footprints"),
        ([SQUARE], [1.0, 2.0], 400.0, "one height for each of 1 footprints"),
        ([SQUARE], [0.0], 400.0, "greater than 0"),
        ([SQUARE], [5.0], 0.0, "greater than 0"),
        ([[(0.0, 0.0), (1.0, 1.0)]], [5.0], 10.0, "greater than 0"),
        ([SQUARE], [5.0], 100.0, "is covered by 100 m2 of roofs"),
    ],
)
def test_impossible_towns_are_refused(footprints, heights, area, words):
    with pytest.raises(ValueError, match=words):
        describe_buildings(footprints, heights, area)

"""Internal boundary layers: consistency of the laws with each other, tables, units."""

import math

import numpy as np
import pytest
from mesoscale.environment.urban import (
    brutsaert_layer_depth,
    elliott_layer_depth,
    friction_velocity_ratio,
    meneveau_layer_depth,
    panofsky_dutton_layer_depth,
    wasp_layer_depth,
    wood_layer_depth,
)

TWO_SIDED = (elliott_layer_depth, wood_layer_depth, wasp_layer_depth, meneveau_layer_depth)


def test_the_five_laws_at_one_kilometre():
    assert elliott_layer_depth(1000.0, 0.03, 1.0) == pytest.approx(161.96726, abs=5e-6)
    assert wood_layer_depth(1000.0, 0.03, 1.0) == pytest.approx(70.33282, abs=5e-6)
    assert brutsaert_layer_depth(1000.0, 1.0) == pytest.approx(140.84663, abs=5e-6)
    assert panofsky_dutton_layer_depth(1000.0, 1.0) == pytest.approx(129.22306, abs=5e-6)
    assert wasp_layer_depth(1000.0, 0.03, 1.0) == pytest.approx(207.58626, abs=5e-6)


def test_from_rough_to_smooth():
    assert elliott_layer_depth(1000.0, 1.0, 0.03) == pytest.approx(106.53450, abs=5e-6)
    assert wood_layer_depth(1000.0, 1.0, 0.03) == pytest.approx(70.33282, abs=5e-6)


def test_wood1982_the_larger_roughness_controls():
    assert wood_layer_depth(500.0, 0.03, 1.0) == wood_layer_depth(500.0, 1.0, 0.03)
    assert wasp_layer_depth(500.0, 0.03, 1.0) == wasp_layer_depth(500.0, 1.0, 0.03)


@pytest.mark.parametrize("law", TWO_SIDED)
def test_two_sided_laws_are_dimensionally_consistent(law):
    assert law(3000.0, 0.09, 3.0) == pytest.approx(3.0 * law(1000.0, 0.03, 1.0), rel=1e-12)


def test_one_sided_laws_are_dimensionally_consistent():
    for law in (brutsaert_layer_depth, panofsky_dutton_layer_depth):
        assert law(3000.0, 3.0) == pytest.approx(3.0 * law(1000.0, 1.0), rel=1e-12)


@pytest.mark.parametrize(
    ("law", "exponent"), [(elliott_layer_depth, 0.8), (wood_layer_depth, 0.8), (meneveau_layer_depth, 0.8)]
)
def test_depth_grows_with_the_fetch_to_the_power_of_the_law(law, exponent):
    fetch = np.logspace(2, 4, 11)
    slope = np.polyfit(np.log(fetch), np.log(law(fetch, 0.03, 1.0)), 1)[0]
    assert slope == pytest.approx(exponent, abs=1e-10)


def test_panofsky_dutton_integrates_its_growth_rate():
    # d(delta)/dx = B u*/U(delta) = B kappa / ln(delta/z0), integrated by steps from delta = z0 e at its own fetch
    z0, depth = 0.1, 2.0
    fetch = (depth * (math.log(depth / z0) - 1.0) + z0) / (1.25 * 0.4)
    n, end = 20000, 1000.0
    step = (end - fetch) / n
    for _ in range(n):
        half = depth + 0.5 * step * 0.5 / math.log(depth / z0)
        depth += step * 0.5 / math.log(half / z0)
    assert panofsky_dutton_layer_depth(end, z0) == pytest.approx(depth, rel=1e-7)


def test_implicit_laws_satisfy_their_equations():
    for fetch in (0.5, 10.0, 1000.0, 1e5):
        depth = panofsky_dutton_layer_depth(fetch, 0.1)
        assert depth * (math.log(depth / 0.1) - 1.0) + 0.1 == pytest.approx(0.5 * fetch, rel=1e-9)
        depth = wasp_layer_depth(fetch, 0.03, 0.1)
        assert depth / 0.1 * (math.log(depth / 0.1) - 1.0) == pytest.approx(0.9 * fetch / 0.1, rel=1e-9)


def test_layers_at_the_edge():
    assert panofsky_dutton_layer_depth(0.0, 0.3) == pytest.approx(0.3, rel=1e-6)
    assert wasp_layer_depth(0.0, 0.03, 1.0) == pytest.approx(math.e, rel=1e-12)
    assert meneveau_layer_depth(1e-9, 0.03, 1.0, 5.0) == pytest.approx(5.0, abs=1e-6)


def test_friction_velocity_rises_over_the_rougher_side():
    assert friction_velocity_ratio(100.0, 0.03, 1.0) == pytest.approx(math.log(100 / 0.03) / math.log(100))
    assert friction_velocity_ratio(100.0, 1.0, 0.03) < 1.0
    assert friction_velocity_ratio(100.0, 0.1, 0.1) == 1.0
    assert friction_velocity_ratio(1e9, 0.03, 1.0) == pytest.approx(1.0, abs=0.2)


def test_laws_are_nan_outside_their_domain():
    for law in TWO_SIDED:
        assert math.isnan(law(-1.0, 0.03, 1.0))
    assert math.isnan(elliott_layer_depth(10.0, 0.0, 1.0))
    assert math.isnan(brutsaert_layer_depth(10.0, -1.0))
    assert math.isnan(panofsky_dutton_layer_depth(10.0, 0.0))
    assert math.isnan(friction_velocity_ratio(0.5, 0.03, 1.0))


def test_laws_broadcast():
    fetch, z0 = np.array([[10.0], [100.0]]), np.array([0.01, 0.1, 1.0])
    for law in TWO_SIDED:
        assert law(fetch, 0.03, z0).shape == (2, 3)
    assert panofsky_dutton_layer_depth(fetch, z0)[1, 2] == panofsky_dutton_layer_depth(100.0, 1.0)

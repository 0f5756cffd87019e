"""Effective surface: identities, bounds, order of the second-order law, tables, edges."""

import math

import numpy as np
import pytest
import scipy.constants
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.environment.urban import (
    blend_roughness,
    brightness_temperature,
    drag_weighted_height,
    effective_heat_roughness_length,
    effective_roughness_length,
    effective_surface_temperature,
    heat_transfer_coefficient,
    log_mean_roughness_length,
    mason_blending_height,
    neutral_drag_coefficient,
    radiative_temperature,
    roughness_length_of_drag,
    second_order_roughness_length,
)
from mesoscale.environment.urban.averages import blend_with_logarithms

MIXTURES = {
    "half": ([0.01, 1.0], [0.5, 0.5]),
    "tenth": ([0.01, 1.0], [0.9, 0.1]),
    "mild": ([0.03, 0.5], [0.5, 0.5]),
    "city": ([1.0, 0.5, 0.1, 0.0002], [0.3, 0.4, 0.2, 0.1]),
    "plain": ([0.1, 0.1], [0.3, 0.7]),
}
# arithmetic mean, log mean, at 60 m, then (z0_eff, l_b) for L_c = 100, 1000, 10000 m; kappa = 0.4
TABLE = {
    "half": (0.505, 0.1, 0.318319, (0.531133, 5.69006), (0.386900, 20.36900), (0.296976, 95.87785)),
    "tenth": (0.109, 0.015849, 0.033744, (0.136886, 3.21308), (0.054858, 11.28060), (0.033976, 57.81909)),
    "mild": (0.265, 0.122474, 0.195047, (0.264758, 4.19337), (0.217762, 16.89873), (0.190421, 85.72616)),
    "city": (0.520020, 0.204029, 0.426342, (0.538575, 5.72643), (0.461971, 21.62998), (0.411310, 104.39243)),
    "plain": (0.1, 0.1, 0.1, (0.1, 2.85099), (0.1, 13.35705), (0.1, 73.47297)),
}


@pytest.mark.parametrize("name", MIXTURES)
def test_the_table_of_mixtures(name):
    z, f = MIXTURES[name]
    arithmetic, logarithmic, fixed, *blended = TABLE[name]
    assert np.dot(z, f) == pytest.approx(arithmetic, abs=1e-6)
    assert log_mean_roughness_length(z, f) == pytest.approx(logarithmic, abs=1e-6)
    assert effective_roughness_length(z, f, 60.0) == pytest.approx(fixed, abs=1e-6)
    for length, (roughness, height) in zip((100.0, 1000.0, 10000.0), blended, strict=True):
        found = blend_roughness(z, f, length)
        assert found.roughness_length == pytest.approx(roughness, abs=1e-6)
        assert found.blending_height == pytest.approx(height, abs=1e-5)


def test_wieringa1986_sixty_metres():
    cases = {(0.05, 0.2): (0.111840, 0.111925), (0.03, 0.5): (0.195047, 0.197769), (0.01, 1): (0.318319, 0.346679)}
    cases[0.001, 1.0] = (0.263858, 0.338488)
    for (first, second), (exact, expanded) in cases.items():
        z = [first, second]
        assert effective_roughness_length(z, [0.5, 0.5], 60.0) == pytest.approx(exact, abs=1e-6)
        mean = float(log_mean_roughness_length(z, [0.5, 0.5]))
        variance = (0.5 * math.log(second / first)) ** 2
        assert second_order_roughness_length(mean, variance, 60.0) == pytest.approx(expanded, abs=1e-6)


def test_heat_roughness_of_grass_and_town():
    found = effective_heat_roughness_length([0.1, 1.0], [0.01, 0.001], [0.5, 0.5], 60.0)
    assert found == pytest.approx(2.209365e-3, abs=1e-9)
    assert found < log_mean_roughness_length([0.01, 0.001], [0.5, 0.5]) == pytest.approx(3.1623e-3, abs=1e-7)
    assert effective_roughness_length([0.1, 1.0], [0.5, 0.5], 60.0) == pytest.approx(0.457246, abs=1e-6)


def test_surface_temperature_of_grass_and_town():
    found = effective_surface_temperature([300.0, 312.0], [0.05, 1.0], [0.005, 0.001], [0.5, 0.5], 60.0)
    assert found == pytest.approx(307.158085, abs=1e-6)


def test_effective_lengths_and_temperature_give_the_mean_fluxes():
    z, zh, t, f = [0.05, 1.0, 0.3], [0.005, 0.001, 0.03], [300.0, 312.0, 305.0], [0.5, 0.3, 0.2]
    stress = sum(w * neutral_drag_coefficient(40.0, a) for w, a in zip(f, z, strict=True))
    effective = float(effective_roughness_length(z, f, 40.0))
    assert neutral_drag_coefficient(40.0, effective) == pytest.approx(stress, rel=1e-12)
    heat = sum(w * heat_transfer_coefficient(40.0, a, b) * (c - 298.0) for w, a, b, c in zip(f, z, zh, t, strict=True))
    thermal = float(effective_heat_roughness_length(z, zh, f, 40.0))
    seen = float(effective_surface_temperature(t, z, zh, f, 40.0))
    assert heat_transfer_coefficient(40.0, effective, thermal) * (seen - 298.0) == pytest.approx(heat, rel=1e-12)


def test_radiative_temperature_of_two_patches():
    assert radiative_temperature([310.0, 290.0], 1.0, [0.5, 0.5]) == pytest.approx(300.4988470, abs=1e-7)
    assert radiative_temperature([310.0, 290.0], [0.95, 0.9], [0.5, 0.5]) == pytest.approx(300.7677112, abs=1e-7)
    for spread in (5.0, 10.0):
        exact = radiative_temperature([300 + spread, 300 - spread], 1.0, [0.5, 0.5])
        assert exact == pytest.approx(300 + 1.5 * spread**2 / 300, abs=2e-3)


def test_brightness_temperature_of_a_black_body_and_of_a_mirror():
    assert brightness_temperature(300.0, 1.0, 0.0) == pytest.approx(300.0, rel=1e-12)
    sky = scipy.constants.sigma * 280.0**4
    assert brightness_temperature(300.0, 0.0, sky) == pytest.approx(280.0, rel=1e-12)
    assert brightness_temperature(280.0, 0.6, sky) == pytest.approx(280.0, rel=1e-12)


def test_suews_issue_271_one_per_cent_of_trees_makes_no_jump():
    shares = {0.0: 0.020000, 0.001: 0.020227, 0.01: 0.022341, 0.05: 0.033360, 0.1: 0.051008}
    for share, expected in shares.items():
        found = effective_roughness_length([0.02, 1.0], [1 - share, share], 60.0)
        assert found == pytest.approx(expected, abs=1e-6)


def test_a_vanishing_patch_vanishes_linearly():
    shares = np.logspace(-8, -4, 5)
    excess = [blend_roughness([0.02, 1.0], [1 - f, f], 1000.0).roughness_length - 0.02 for f in shares]
    assert np.polyfit(np.log(shares), np.log(excess), 1)[0] == pytest.approx(1.0, abs=0.1)
    assert blend_roughness([0.02, 1.0], [1.0, 0.0], 1000.0).roughness_length == pytest.approx(0.02, rel=1e-12)


def test_a_rough_speck_above_the_blending_height_does_not_vanish():
    # Mason's form knows no height below the roughest patch: with patches this fine the limit of no area is another one.
    alone = blend_roughness([0.02], [1.0], 1.0)
    speck = blend_roughness([0.02, 1.0], [1.0 - 1e-12, 1e-12], 1.0)
    assert alone.blending_height < 1.0
    assert speck.blending_height >= 1.0
    assert speck.roughness_length > 2 * alone.roughness_length


@pytest.mark.parametrize("name", MIXTURES)
def test_newton_finds_what_sweeps_find(name):
    z, f = MIXTURES[name]
    roughness = log_mean_roughness_length(z, f)
    for _ in range(600):
        height = mason_blending_height(10000.0, float(roughness))
        roughness = effective_roughness_length(z, f, height)
    found = blend_roughness(z, f, 10000.0)
    assert found.roughness_length == pytest.approx(float(roughness), rel=1e-12)
    assert found.blending_height == pytest.approx(float(height), rel=1e-12)


def test_newton_holds_where_sweeps_stall():
    # the blending height lies 1.4 per cent above the roughest patch
    found = blend_roughness([0.01, 3.0], [0.99, 0.01], 1.0)

    def mismatch(s):
        drag = 0.99 / (s + math.log(300)) ** 2 + 0.01 / s**2
        return math.log(3.0) + s - math.log(drag) - math.log(0.32)

    s = scipy.optimize.brentq(mismatch, 1e-6, 10.0, xtol=1e-15)
    assert found.blending_height == pytest.approx(3.0 * math.exp(s), rel=1e-12)
    assert mason_blending_height(1.0, float(found.roughness_length)) == pytest.approx(
        float(found.blending_height), rel=1e-10
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(1e-6, 20.0), min_size=1, max_size=6),
    st.lists(st.floats(1e-3, 1.0), min_size=6, max_size=6),
    st.floats(0.1, 1e7),
)
def test_any_mixture_is_self_consistent_and_bounded(z, weights, length):
    f = np.array(weights[: len(z)]) / sum(weights[: len(z)])
    height, roughness = blend_roughness(z, f, length)
    assert mason_blending_height(length, float(roughness)) == pytest.approx(float(height), rel=1e-9)
    assert height > max(z) * (1 - 1e-12)
    assert log_mean_roughness_length(z, f) * (1 - 1e-9) <= roughness <= max(z) * (1 + 1e-9)


def test_equal_patches_are_one_patch():
    for length in (1.0, 1e3, 1e6):
        found = blend_roughness([0.3] * 5, [0.2] * 5, length)
        assert found.roughness_length == pytest.approx(0.3, rel=1e-12)
        assert found.blending_height == pytest.approx(mason_blending_height(length, 0.3), rel=1e-12)
    assert effective_roughness_length([0.3, 0.3], [0.2, 0.8], 60.0) == pytest.approx(0.3, rel=1e-12)
    assert effective_heat_roughness_length([0.3] * 2, [0.03] * 2, [0.2, 0.8], 60.0) == pytest.approx(0.03, rel=1e-12)
    assert radiative_temperature([280.0] * 2, [0.9, 0.8], [0.2, 0.8]) == pytest.approx(280.0, rel=1e-12)


def test_the_order_of_patches_is_irrelevant():
    z, f = MIXTURES["city"]
    forward, backward = blend_roughness(z, f, 1000.0), blend_roughness(z[::-1], f[::-1], 1000.0)
    np.testing.assert_allclose(forward, backward, rtol=1e-12)
    split = blend_roughness([*z, z[0]], [f[0] / 2, *f[1:], f[0] / 2], 1000.0)
    np.testing.assert_allclose(forward, split, rtol=1e-12)


def test_finer_patchworks_are_rougher():
    lengths = np.logspace(0, 7, 29)
    for z, f in (MIXTURES["half"], MIXTURES["city"]):
        roughness = blend_roughness(z, f, lengths).roughness_length
        assert (np.diff(roughness) < 0).all()
        assert (roughness > log_mean_roughness_length(z, f)).all()


def test_wide_patchworks_tend_to_the_log_mean_as_one_over_the_depth():
    # ln(z_e / z_m) = (3/2) var / Lambda, which fades no faster than the logarithm of the blending height grows
    lengths = np.logspace(20, 100, 9)
    height, roughness = blend_roughness([0.05, 0.2], [0.5, 0.5], lengths)
    excess = np.log(roughness / 0.1)
    depth = np.log(height / 0.1)
    assert np.polyfit(np.log(depth), np.log(excess), 1)[0] == pytest.approx(-1.0, abs=0.1)
    np.testing.assert_allclose(excess * depth, 1.5 * math.log(2) ** 2, rtol=0.1)


def test_the_second_order_law_misses_by_the_third_power_of_a_skewed_spread():
    f = np.array([0.8, 0.2])
    spreads = np.array([0.05, 0.1, 0.2])
    misses = []
    for spread in spreads:
        z = 0.1 * np.exp(spread * np.array([0.0, 1.0]))
        mean = float(log_mean_roughness_length(z, f))
        exact = effective_roughness_length(z, f, 60.0)
        misses.append(abs(exact - second_order_roughness_length(mean, 0.16 * spread**2, 60.0)))
    assert np.polyfit(np.log(spreads), np.log(misses), 1)[0] == pytest.approx(3.0, abs=0.1)


def test_the_jensen_factor_of_two_equal_halves():
    # drag of 0.1 exp(+-s) relative to 0.1, at 60 m
    for spread, drag, roughness in ((0.5, 1.018516, 0.106015), (1.0, 1.076404, 0.126012)):
        z = [0.1 * math.exp(-spread), 0.1 * math.exp(spread)]
        ratio = sum(0.5 * neutral_drag_coefficient(60.0, a) for a in z) / neutral_drag_coefficient(60.0, 0.1)
        assert ratio == pytest.approx(drag, abs=1e-6)
        assert effective_roughness_length(z, [0.5, 0.5], 60.0) == pytest.approx(roughness, abs=1e-6)


def test_drag_and_its_inverse():
    assert neutral_drag_coefficient(10.0, 0.1) == pytest.approx(7.5444679e-3, abs=1e-10)
    for z in (1e-4, 0.1, 3.0):
        assert roughness_length_of_drag(50.0, neutral_drag_coefficient(50.0, z)) == pytest.approx(z, rel=1e-12)
    assert math.isnan(neutral_drag_coefficient(0.1, 0.1))
    assert math.isnan(neutral_drag_coefficient(0.05, 0.1))
    assert math.isnan(heat_transfer_coefficient(0.05, 0.01, 0.1))
    assert math.isnan(roughness_length_of_drag(10.0, 0.0))


def test_the_centre_of_drag_lies_between_the_patches():
    assert drag_weighted_height([2.0, 2.0], [0.01, 1.0], [0.5, 0.5], 60.0) == pytest.approx(2.0, rel=1e-12)
    found = drag_weighted_height([0.0, 10.0], [0.01, 1.0], [0.5, 0.5], 60.0)
    a, b = math.log(6000) ** -2, math.log(60) ** -2
    assert found == pytest.approx(10 * b / (a + b), rel=1e-12)


def test_averages_take_many_cells_at_once():
    rng = np.random.default_rng(0)
    z, f = rng.uniform(0.01, 1, (4, 5, 3)), rng.dirichlet([1, 1, 1], (4, 5))
    lengths = rng.uniform(100, 1000, (4, 5))
    height, roughness = blend_roughness(z, f, lengths)
    assert roughness.shape == (4, 5)
    one = blend_roughness(z[2, 3], f[2, 3], lengths[2, 3])
    np.testing.assert_allclose([height[2, 3], roughness[2, 3]], one, rtol=0)
    np.testing.assert_allclose(effective_roughness_length(z, f, height), roughness, rtol=1e-12)
    assert blend_roughness(z[0, 0], f[0, 0], lengths).roughness_length.shape == (4, 5)


def test_what_does_not_exist_is_nan():
    assert np.isnan(blend_roughness([0.1, -1.0], [0.5, 0.5], 1000.0).roughness_length)
    assert np.isnan(blend_roughness([0.1], [1.0], -1.0).blending_height)
    assert np.isnan(blend_roughness([0.1], [0.0], 10.0).blending_height)
    assert np.isnan(effective_roughness_length([0.1, 70.0], [0.5, 0.5], 60.0))
    assert math.isnan(blend_with_logarithms(np.array([math.nan]), np.ones(1), 10.0, 0.4)[1])

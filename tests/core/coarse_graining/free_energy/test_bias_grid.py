"""A grid whose force is a gradient, and hills that wrap and are reflected."""

import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy.bias_grid import add_hill, mean_work, read_bias


@pytest.mark.parametrize("periodic", [False, True])
def test_the_slope_is_the_gradient_of_what_is_read(periodic):
    bias = np.random.default_rng(0).random(25)
    for s in np.random.default_rng(1).uniform(-1.0, 5.0, 200):
        _, slope = read_bias(bias, 0.5, 0.13, periodic, s)
        ahead, _ = read_bias(bias, 0.5, 0.13, periodic, s + 1e-6)
        behind, _ = read_bias(bias, 0.5, 0.13, periodic, s - 1e-6)
        assert slope == pytest.approx((ahead - behind) / 2e-6, abs=1e-4)
    for j in range(25):
        assert read_bias(bias, 0.5, 0.13, periodic, 0.5 + 0.13 * j)[0] == pytest.approx(bias[j])


def test_what_is_lost_reads_no_memory():
    bias = np.arange(10.0)
    for s in (np.nan, np.inf, -np.inf, 1e300):
        assert np.isnan(read_bias(bias, 0.0, 0.1, True, s)).all()
        assert read_bias(bias, 0.0, 0.1, False, s)[0] == (9.0 if s > 0.0 else 0.0)
    add_hill(bias, 0.0, 0.1, True, 1e12, 0.1, 1.0)
    assert np.isfinite(bias).all()


def test_interpolation_is_of_third_order():
    errors, spacings = [], np.array([0.1, 0.05, 0.025])
    places = np.random.default_rng(2).uniform(0.5, 5.5, 400)
    for spacing in spacings:
        points = round(2.0 * math.pi / spacing)
        step = 2.0 * math.pi / points
        bias = np.sin(step * np.arange(points))
        errors.append(max(abs(read_bias(bias, 0.0, step, True, s)[0] - math.sin(s)) for s in places))
    assert np.polyfit(np.log(spacings), np.log(errors), 1)[0] == pytest.approx(3.0, abs=0.1)


def test_beyond_reflecting_ends_the_bias_is_flat():
    bias = np.zeros(41)
    add_hill(bias, 0.0, 0.05, False, 0.1, 0.2, 1.0)
    assert read_bias(bias, 0.0, 0.05, False, 0.0)[1] == pytest.approx(0.0, abs=1e-12)
    assert read_bias(bias, 0.0, 0.05, False, -3.0) == (bias[0], 0.0)
    assert read_bias(bias, 0.0, 0.05, False, 9.0) == (bias[-1], 0.0)


@pytest.mark.parametrize("centre", [1.0, 0.1, 0.0, 1.95, -0.3, 2.2])
def test_reflected_hills_keep_their_weight(centre):
    """Whatever its place, a hill adds the same integral; its mirror image adds the same hill."""
    bias, mirror = np.zeros(41), np.zeros(41)
    add_hill(bias, 0.0, 0.05, False, centre, 0.2, 1.5)
    weights = np.ones(41)
    weights[[0, -1]] = 0.5
    assert 0.05 * bias @ weights == pytest.approx(1.5 * 0.2 * math.sqrt(2.0 * math.pi), rel=1e-6)
    add_hill(mirror, 0.0, 0.05, False, 2.0 - centre, 0.2, 1.5)
    np.testing.assert_allclose(mirror[::-1], bias, atol=1e-12)


def test_wrapped_hills_do_not_see_the_seam():
    bias, moved = np.zeros(40), np.zeros(40)
    add_hill(bias, -1.0, 0.05, True, 0.0, 0.2, 1.0)
    add_hill(moved, -1.0, 0.05, True, 0.95 + 4.0, 0.2, 1.0)
    np.testing.assert_allclose(np.roll(bias, 19), moved, atol=1e-12)
    wide = np.zeros(40)
    add_hill(wide, -1.0, 0.05, True, 0.3, 3.0, 1.0)  # wider than the period: many images
    assert np.ptp(wide) < 1e-6


def test_mean_work_by_quadrature():
    """c(t) of Tiwary & Parrinello 2015 for a bias that fills a parabola, and a constant bias is its own work."""
    gamma, kt, s = 6.0, 1.7, np.linspace(-1.0, 1.0, 4001)
    bias = -(1.0 - 1.0 / gamma) * 4.0 * s * s
    upper = np.trapezoid(np.exp(gamma * bias / (gamma - 1.0) / kt), s)
    lower = np.trapezoid(np.exp(bias / (gamma - 1.0) / kt), s)
    assert mean_work(bias, False, kt, 1.0 / gamma) == pytest.approx(kt * math.log(upper / lower), rel=1e-9)
    for share in (0.0, 0.2):
        assert mean_work(np.full(30, 2.5), True, kt, share) == pytest.approx(2.5)
        assert mean_work(np.full(30, 5000.0), False, 1.0, share) == pytest.approx(5000.0)

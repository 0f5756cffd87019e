"""Plug flow: Bessel values and thresholds, the differential equation itself, footprints, square waves, edges."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
from mesoscale.environment.urban import footprint_flux_ratio, plug_flow_flux_amplitude, plug_flow_flux_phase

CHI = np.array([0.01, 0.1, 0.5, 1.0, 2.0, 5.0])


def square_wave(chi):
    """Standard deviation of the flux over a square wave, relative to the surface; odd modes fall as 1/k."""
    k = np.arange(1, 401, 2)
    return math.sqrt(float(np.sum((plug_flow_flux_amplitude(chi * k) / k) ** 2)) * 8.0 / math.pi**2)


def square_wave_from_edges(chi, pairs=2000, points=1000):
    """The same in real space: footprints of all edges upwind of a point, averaged over one half of a period."""
    reach = chi / (2.0 * math.pi)  # U z / (kappa u*) in wavelengths
    x = (np.arange(points) + 0.5)[:, None] / (2 * points)
    n = np.arange(pairs)
    flux = 1.0 + (np.exp(-reach / (x + n)) - np.exp(-reach / (x + 0.5 + n))).sum(axis=1) - 0.5 * reach / pairs
    return 2.0 * math.sqrt(float(np.mean((flux - 0.5) ** 2)))


def test_the_table_of_modes():
    amplitude = [0.985599, 0.889513, 0.651069, 0.488587, 0.312373, 0.118937]
    phase = [-0.045252, -0.252583, -0.732007, -1.119242, -1.682161, -2.820715]
    np.testing.assert_allclose(plug_flow_flux_amplitude(CHI), amplitude, atol=5.1e-7)
    np.testing.assert_allclose(plug_flow_flux_phase(CHI), phase, atol=5.1e-7)


@pytest.mark.parametrize(
    ("remainder", "chi"), [(math.exp(-1), 1.604422), (0.1, 5.655167), (0.05, 8.616449), (0.01, 17.554896)]
)
def test_thresholds_of_one_mode(remainder, chi):
    root = scipy.optimize.brentq(lambda x: plug_flow_flux_amplitude(x) - remainder, 0.1, 50.0, xtol=1e-12)
    assert root == pytest.approx(chi, abs=1e-6)
    heights = {1.604422: 0.102141, 5.655167: 0.360019, 8.616449: 0.548540, 17.554896: 1.117579}
    assert 0.4 * root / (2 * math.pi) == pytest.approx(heights[chi], abs=1e-6)


@pytest.mark.parametrize(
    ("ratio", "chi"), [(0.5, 0.790293), (math.exp(-1), 1.386797), (0.1, 5.257368), (0.05, 8.134081)]
)
def test_thresholds_of_a_square_wave(ratio, chi):
    root = scipy.optimize.brentq(lambda x: square_wave(x) - ratio, 0.1, 30.0, xtol=1e-10)
    # these references carry six decimals but are high by up to 3e-6, as a truncated sum would be; the sum over edges,
    # which has no series to truncate, agrees with the root
    assert root == pytest.approx(chi, rel=5e-6)
    assert square_wave_from_edges(root) == pytest.approx(ratio, abs=2e-5)


def test_modes_satisfy_the_differential_equation():
    # i chi-wise: (z F')' = i F' + ... ; with F = s K1(s): z F'' = i F in units where 2 pi U / (kappa u* L_c) = 1
    def slope(z, state):
        return [state[1], 1j * state[0] / z]

    def response(chi):
        return plug_flow_flux_amplitude(chi) * np.exp(1j * plug_flow_flux_phase(chi))

    step = 1e-4
    start = [response(0.5), (response(0.5 + step) - response(0.5 - step)) / (2 * step)]
    found = scipy.integrate.solve_ivp(slope, (0.5, 2.0), np.array(start, dtype=complex), rtol=1e-9, atol=1e-12)
    assert found.y[0, -1] == pytest.approx(response(2.0), abs=1e-6)


def test_near_the_surface_the_loss_is_linear_but_for_a_logarithm():
    chi = np.logspace(-8, -5, 7)
    loss = np.abs(1.0 - plug_flow_flux_amplitude(chi) * np.exp(1j * plug_flow_flux_phase(chi)))
    order = np.polyfit(np.log(chi), np.log(loss / np.log(1.0 / chi)), 1)[0]
    assert order == pytest.approx(1.0, abs=0.1)
    assert plug_flow_flux_amplitude(0.0) == 1.0
    assert plug_flow_flux_phase(0.0) == 0.0


def test_far_above_the_decay_is_that_of_the_asymptote():
    chi = np.array([200.0, 800.0])
    expected = np.sqrt(math.pi * np.sqrt(chi)) * np.exp(-np.sqrt(2.0 * chi))  # |s K1(s)|, leading term
    ratio = plug_flow_flux_amplitude(chi) / expected - 1.0
    assert abs(ratio[1]) < abs(ratio[0]) < 0.02
    assert ratio[0] / ratio[1] == pytest.approx(2.0, abs=0.1)  # the next term falls as chi^(-1/2)


def test_heights_of_the_footprint():
    heights = np.array([2.10721, 13.86294, 46.05170])
    np.testing.assert_allclose(footprint_flux_ratio(1000.0, heights, 6.0, 0.3), [0.9, 0.5, 0.1], atol=1e-6)
    shares = np.array([0.9, 0.5, 0.1])
    np.testing.assert_allclose(-np.log(shares) * 0.4 * 0.3 * 1000.0 / 6.0, heights, atol=6e-6)


def test_the_footprint_conserves_the_flux():
    # advected by U up to infinity, the tracer that has not crossed z has accumulated: d/dx of U int c dz = F0
    def concentration(x, z):
        return scipy.special.exp1(20.0 * z / (0.4 * x)) / 0.4

    for x in (100.0, 1000.0):
        mass = scipy.integrate.quad(lambda z, x=x: 20.0 * concentration(x, z), 0.0, 50.0 * x / 20.0, limit=200)[0]
        assert mass == pytest.approx(x, rel=1e-6)
        slope = (concentration(x, 10.0 + 1e-4) - concentration(x, 10.0 - 1e-4)) / 2e-4
        assert -0.4 * 10.0 * slope == pytest.approx(footprint_flux_ratio(x, 10.0, 20.0, 1.0), rel=1e-6)


def test_the_square_wave_is_the_superposition_of_its_edges():
    odd = np.arange(1, 8000, 2)
    chi = 2.0 * math.pi * 20.0 * 10.0 / 0.4 * odd / 1000.0
    phase = 2.0 * math.pi * odd * 0.15 + plug_flow_flux_phase(chi)
    modes = 0.5 + 2.0 / math.pi * float(np.sum(plug_flow_flux_amplitude(chi) * np.sin(phase) / odd))
    n = np.arange(100_000)
    near, far = (footprint_flux_ratio(x + 1000.0 * n, 10.0, 20.0, 1.0) for x in (150.0, 650.0))
    assert modes == pytest.approx(1.0 + float(np.sum(near - far)) - 500.0 * 500.0 / 1000.0**2 / n.size, abs=1e-6)


def test_outside_their_domain_the_laws_are_silent_nan():
    assert math.isnan(plug_flow_flux_amplitude(-1.0))
    assert math.isnan(footprint_flux_ratio(0.0, 10.0, 5.0, 0.3))
    assert math.isnan(footprint_flux_ratio(-5.0, 10.0, 5.0, 0.3))
    assert plug_flow_flux_amplitude([0.0, 1.0]).shape == (2,)

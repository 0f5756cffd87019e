"""Decay of flux perturbations: table of heights, another numerical route, limits with their order, maps, edges."""

import math

import numpy as np
import pytest
import scipy.linalg
from mesoscale.core.model import ParameterError
from mesoscale.environment.urban import (
    UrbanSurface,
    blend_flux_map,
    flux_amplitude,
    flux_decay_height,
    flux_response,
    mason_blending_height,
)
from mesoscale.environment.urban.flux_decay import decay_profile

# wavelength and z0; heights where 1/e, a tenth and a twentieth are left
HEIGHTS = {
    (300.0, 0.1): (5.5291, 14.2718, 19.8264),
    (1000.0, 0.01): (8.4567, 24.7014, 35.5354),
    (1000.0, 0.1): (13.4177, 36.5521, 51.5546),
    (1000.0, 0.5): (20.8316, 52.6180, 72.6511),
    (1000.0, 1.0): (26.2340, 63.5599, 86.7281),
    (10000.0, 0.1): (84.5668, 247.0136, 355.3535),
}


def flux_by_bands(wavelength, z0, n=8000, top=12.0):
    """Heights and complex flux from differences of second order in ln z, one banded system; c = 0 at the top."""
    y = np.linspace(0.0, top, n)
    h = y[1]
    bands = np.ones((3, n), dtype=complex)
    bands[1] = -2.0 - h * h * 1j * (2 * math.pi * z0 / (0.16 * wavelength)) * y * np.exp(y)
    bands[0, 1] = 2.0
    right = np.zeros(n, dtype=complex)
    right[0] = -2.0 * h
    c = scipy.linalg.solve_banded((1, 1), bands, right)
    return z0 * np.exp(0.5 * (y[1:] + y[:-1])), -np.diff(c) / h


@pytest.mark.parametrize("case", HEIGHTS)
def test_the_table_of_decay_heights(case):
    found = flux_decay_height(*case, np.array([math.exp(-1), 0.1, 0.05]))
    np.testing.assert_allclose(found, HEIGHTS[case], rtol=1e-3)
    np.testing.assert_allclose(found, HEIGHTS[case], rtol=1e-5)


@pytest.mark.parametrize("case", [(300.0, 0.1), (1000.0, 1.0), (10000.0, 0.01)])
def test_riccati_and_banded_differences_agree_in_amplitude_and_phase(case):
    height, flux = flux_by_bands(*case)
    chosen = slice(100, np.argmax(abs(flux) < 0.01), 200)
    np.testing.assert_allclose(flux_response(height[chosen], *case), flux[chosen], rtol=0, atol=3e-5)


def test_masons_height_is_the_decay_height_within_fifteen_per_cent():
    ratios = [flux_decay_height(*case) / mason_blending_height(*case) for case in HEIGHTS]
    np.testing.assert_allclose(ratios, [0.951, 1.151, 1.005, 0.937, 0.920, 1.151], atol=6e-4)
    assert all(abs(ratio - 1.0) < 0.16 for ratio in ratios)


def test_glossary_of_meteorology_the_perturbation_vanishes_several_times_higher():
    ratios = [flux_decay_height(*case, 0.05) / mason_blending_height(*case) for case in HEIGHTS]
    assert min(ratios) > 3.0
    assert max(ratios) < 10.0


def test_only_the_ratio_of_lengths_counts():
    assert flux_decay_height(5000.0, 0.5) == pytest.approx(5.0 * flux_decay_height(1000.0, 0.1), rel=1e-12)
    assert flux_decay_height(1000.0, 0.1, 0.1, 0.4) == pytest.approx(
        flux_decay_height(1000.0 * (0.4 / 0.35) ** 2, 0.1, 0.1, 0.35), rel=1e-12
    )


def test_near_the_surface_the_flux_leaves_one_as_its_integral():
    # dF/dy = -q c, and c is the concentration at the surface: the loss grows as the integral of y e^y
    y = np.logspace(-3, -1.5, 6)
    loss = np.abs(1.0 - flux_response(0.1 * np.exp(y), 1000.0, 0.1))
    assert np.polyfit(np.log(y), np.log(loss), 1)[0] == pytest.approx(2.0, abs=0.1)
    assert flux_response(0.1, 1000.0, 0.1) == 1.0
    assert flux_response(0.05, 1000.0, 0.1) == 1.0
    assert flux_amplitude(0.0, 1000.0, 0.1) == 1.0


def test_the_steps_converge_with_their_fourth_order(monkeypatch):
    from mesoscale.environment.urban.flux_decay import _find_level, _integrate_mode

    strength = 2.0 * math.pi * 0.1 / (0.16 * 1000.0)
    level = [_find_level(*_integrate_mode(strength, n), math.log(0.1)) for n in (64, 128, 256, 4096)]
    errors = np.abs(np.array(level[:3]) - level[3])
    assert np.polyfit(np.log([64, 128, 256]), np.log(errors), 1)[0] < -3.5


def test_far_above_nothing_is_left():
    assert flux_response(1e4, 100.0, 0.1) == 0.0
    height = np.array([1.0, 10.0, 100.0])
    assert (np.diff(flux_amplitude(height, 500.0, 0.1)) < 0).all()


def test_a_profile_runs_from_one_to_one_per_cent():
    profile = decay_profile(1000.0, 0.1)
    assert profile.first_height == pytest.approx(flux_decay_height(1000.0, 0.1), rel=1e-10)
    assert profile.last_height == pytest.approx(flux_decay_height(1000.0, 0.1, 0.05), rel=1e-10)
    assert profile.amplitude[0] == 1.0
    assert profile.amplitude[-1] == pytest.approx(0.01, rel=1e-6)
    assert (np.diff(profile.amplitude) < 0).all()
    np.testing.assert_allclose(profile.amplitude, flux_amplitude(profile.height, 1000.0, 0.1), rtol=1e-9)


def test_a_single_mode_on_a_map_fades_and_lags_by_its_response():
    n, spacing, height = 128, 25.0, 8.0
    x = spacing * np.arange(n)
    k = 3
    response = flux_response(height, n * spacing / k, 0.1)
    found = blend_flux_map(200.0 + 50.0 * np.cos(2 * math.pi * k * x / (n * spacing)), height, spacing, 0.1)
    expected = 200.0 + 50.0 * abs(response) * np.cos(2 * math.pi * k * x / (n * spacing) + np.angle(response))
    np.testing.assert_allclose(found, expected, atol=1e-10)
    assert np.angle(response) < 0  # the pattern lies downwind


def test_a_map_keeps_its_mean_and_each_of_its_rows():
    flux = np.random.default_rng(0).normal(100.0, 30.0, (5, 64))
    found = blend_flux_map(flux, 20.0, 50.0, 0.3)
    np.testing.assert_allclose(found.mean(axis=1), flux.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found[2], blend_flux_map(flux[2], 20.0, 50.0, 0.3), rtol=1e-12)
    assert (found.std(axis=1) < flux.std(axis=1)).all()
    np.testing.assert_allclose(blend_flux_map(flux, 1e-3, 50.0, 0.3), flux, rtol=1e-12)


def test_an_odd_number_of_columns_and_a_single_one():
    flux = np.random.default_rng(1).normal(100.0, 30.0, 33)
    assert blend_flux_map(flux, 5.0, 50.0, 0.1).shape == (33,)
    assert blend_flux_map([7.0], 5.0, 50.0, 0.1) == pytest.approx([7.0])


@pytest.mark.parametrize(
    ("flux", "height", "spacing", "roughness", "sentence"),
    [
        ([1.0, 2.0], 0.0, 10.0, 0.1, "height = 0.0"),
        ([1.0, 2.0], 5.0, -1.0, 0.1, "spacing = -1.0"),
        ([1.0, 2.0], 5.0, 10.0, math.nan, "roughness_length = nan"),
        ([1.0, math.nan], 5.0, 10.0, 0.1, "finite"),
        (3.0, 5.0, 10.0, 0.1, "array"),
    ],
)
def test_a_map_that_cannot_be_blended_says_why(flux, height, spacing, roughness, sentence):
    with pytest.raises(ValueError, match=sentence):
        blend_flux_map(flux, height, spacing, roughness)


def test_outside_their_domain_the_laws_are_silent_nan():
    for case in ((-1.0, 0.1, 0.1), (1000.0, 0.0, 0.1), (1000.0, 0.1, 1e-4), (1000.0, 0.1, 1.5)):
        assert math.isnan(flux_decay_height(*case))
    assert np.isnan(flux_response([1.0, -1.0], 1000.0, 0.1)).tolist() == [False, True]
    assert flux_decay_height(1000.0, 0.1, 1.0) == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize(("wavelength", "z0"), [(0.1, 20.0), (1e7, 1e-6)])
def test_the_extremes_of_the_model_are_solved(wavelength, z0):
    profile = decay_profile(wavelength, z0)
    assert z0 < profile.first_height < profile.last_height < np.inf
    assert profile.amplitude[-1] == pytest.approx(0.01, rel=1e-6)


def test_a_run_holds_the_profile_of_its_effective_roughness():
    ds = UrbanSurface().run()
    expected = flux_decay_height(2000.0, float(ds.answer))
    assert float(ds.flux_decay_height) == pytest.approx(expected, rel=1e-9)
    assert float(ds.physical_blending_height) == pytest.approx(flux_decay_height(2000.0, float(ds.answer), 0.05))
    with pytest.raises(ParameterError):
        UrbanSurface(heterogeneity_length=0.0)

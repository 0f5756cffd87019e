"""Closed forms of stochastic rotation dynamics: by independent routes, and limits with their orders."""

import decimal
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from mesoscale.core.particles.rotation import (
    collisional_viscosity,
    exchanged_share,
    kinematic_viscosity,
    kinetic_viscosity,
    laws,
    mean_free_path,
    schmidt_number,
    self_diffusion,
    sound_speed,
)

ANGLES = [math.radians(degrees) for degrees in (30.0, 75.0, 90.0, 130.0, 160.0)]


OCCUPANCIES = (2.0, 3.7, 10.0, 40.0)


def rotations(angle, dimensions):
    """Rotation matrices with weights that integrate polynomials of degree 7 over all axes (or both sides) exactly."""
    c, s = math.cos(angle), math.sin(angle)
    if dimensions == 2:
        return [(0.5, np.array([[c, -side * s], [side * s, c]])) for side in (1, -1)]
    found = []
    heights, weights = np.polynomial.legendre.leggauss(6)
    for z, weight in zip(heights, weights, strict=True):
        for turn in 2 * math.pi * np.arange(10) / 10:
            h = math.sqrt(1 - z * z)
            x, y = h * math.cos(turn), h * math.sin(turn)
            cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
            found.append((weight / 20, np.eye(3) + s * cross + (1 - c) * cross @ cross))
    return found


def numbers_seen(occupancy):
    """Numbers N in the cell of a particle, and their probabilities."""
    others = np.arange(0, 400)
    return others + 1.0, scipy.stats.poisson.pmf(others, occupancy)


@pytest.mark.parametrize("occupancy", OCCUPANCIES)
def test_the_exchanged_share_is_a_poisson_average(occupancy):
    n, p = numbers_seen(occupancy)
    assert exchanged_share(occupancy) == pytest.approx(float((p * (n - 1) / n).sum()), rel=1e-12)


def test_the_exchanged_share_of_a_thin_gas_is_half_the_occupancy():
    assert exchanged_share(1e-9) == pytest.approx(0.5e-9, rel=1e-6)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("angle", ANGLES)
def test_kinetic_viscosity_is_the_sum_of_what_rotations_leave_of_the_stress(angle, dimensions):
    """Green and Kubo: dt (1/2 + sum of the stress' correlation over steps), each step leaving the mean over axes."""
    kept = sum(w * (r[0, 0] * r[1, 1] + r[0, 1] * r[1, 0]) for w, r in rotations(angle, dimensions))
    q = float(exchanged_share(7.0))
    g = 1 - q + q * kept
    series = 0.5 + sum(g**n for n in range(1, 4000))
    assert kinetic_viscosity(0.3, 7.0, angle, dimensions) == pytest.approx(0.3 * series, rel=1e-9)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("angle", ANGLES)
def test_self_diffusion_is_the_sum_of_what_rotations_leave_of_the_velocity(angle, dimensions):
    kept = sum(w * r[0, 0] for w, r in rotations(angle, dimensions))
    q = float(exchanged_share(7.0))
    g = 1 - q + q * kept
    series = 0.5 + sum(g**n for n in range(1, 4000))
    assert self_diffusion(0.3, 7.0, angle, dimensions) == pytest.approx(0.3 * series, rel=1e-9)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_sine_decays_by_collisions_as_the_law_says_and_the_rest_is_of_second_order(dimensions):
    """A collision leaves 1 - A q (1 - sinc^2(ka/2)) of a sine: others are spread over the cell, twice averaged."""
    angle, occupancy, step = 2.0, 6.0, 0.1
    kept = sum(w * r[0, 0] for w, r in rotations(angle, dimensions))
    k = np.geomspace(0.05, 0.4, 6)
    cell = np.sin(k / 2) / (k / 2)
    decay = (1 - kept) * exchanged_share(occupancy) * (1 - cell**2) / (k**2 * step)
    law = collisional_viscosity(step, occupancy, angle, dimensions)
    rest = np.abs(decay / law - 1)
    assert rest[0] < 2e-4
    assert np.polyfit(np.log(k), np.log(rest), 1)[0] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_cell_thermostat_matters_as_one_over_the_occupancy(dimensions):
    m = np.geomspace(100, 10_000, 8)
    plain, drawn = (kinetic_viscosity(1.0, m, 2.0, dimensions, cell_thermostat=cell) for cell in (False, True))
    assert np.polyfit(np.log(m), np.log(np.abs(drawn / plain - 1)), 1)[0] == pytest.approx(-1.0, abs=0.1)


def test_the_cell_thermostat_takes_the_share_of_a_gamma_distribution_from_the_stress():
    """Stress goes as the energy E: with E' drawn anew, <E E'> / <E^2> of a gamma distribution of shape s is left."""
    n, p = numbers_seen(5.0)
    shape = 1.5 * (n - 1)
    left = np.divide(shape**2, shape**2 + shape, out=np.zeros_like(shape), where=shape > 0)
    kept = sum(w * (r[0, 0] * r[1, 1] + r[0, 1] * r[1, 0]) for w, r in rotations(1.2, 3))
    g = 1 - float(exchanged_share(5.0)) + kept * float((p * (n - 1) / n * left).sum())
    assert kinetic_viscosity(1.0, 5.0, 1.2, cell_thermostat=True) == pytest.approx(1 / (1 - g) - 0.5, rel=1e-10)


def test_near_ninety_degrees_the_cell_thermostat_raises_the_viscosity_by_a_fifth():
    plain, drawn = (kinematic_viscosity(1.0, 10.0, math.pi / 2, 2, cell_thermostat=cell) for cell in (False, True))
    assert 1.15 < drawn / plain < 1.30
    short, thermostatted = (kinematic_viscosity(0.1, 10.0, math.pi / 2, 2, cell_thermostat=c) for c in (False, True))
    assert thermostatted / short == pytest.approx(1.0, abs=5e-3)


def test_ripoll2006_dynamic_viscosity_of_the_solvent_of_star_polymers():
    assert round(10.0 * kinematic_viscosity(0.1, 10.0, math.radians(130.0)), 1) == 8.7


def test_padding2006_dynamic_viscosity_of_the_solvent_of_colloids():
    assert round(5.0 * kinematic_viscosity(0.1, 5.0, math.pi / 2), 1) == 2.5


def test_schmidt_number_mean_free_path_and_sound_speed_follow_their_definitions():
    where = (0.2, 10.0, 2.0, 2)
    assert schmidt_number(*where) == pytest.approx(kinematic_viscosity(*where) / self_diffusion(*where), rel=1e-14)
    assert mean_free_path(0.2, 4.0, 1.0) == pytest.approx(0.4)
    assert sound_speed(1.0, 1.0, 2) == pytest.approx(math.sqrt(2.0))
    assert sound_speed(2.0, 0.5, 3, isothermal=True) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="dimensions = 4: must be 2 or 3"):
        sound_speed(1.0, 1.0, 4)


def test_units_scale_a_viscosity_as_cell_size_times_thermal_speed():
    a, kt, m = 1e-8, 4.1e-21, 1e-22
    time = a * math.sqrt(m / kt)
    si = kinematic_viscosity(0.1 * time, 10.0, 2.0, 3, kt, m, a)
    assert si == pytest.approx(kinematic_viscosity(0.1, 10.0, 2.0) * a * math.sqrt(kt / m), rel=1e-12)


@pytest.mark.parametrize("occupancy", [1e-12, 1e-3, 0.0999, 0.1001, 5.0])
def test_the_exchanged_share_has_all_digits_however_thin_the_gas(occupancy):
    with decimal.localcontext(prec=60):
        m = decimal.Decimal(occupancy)
        exact = float((m - 1 + (-m).exp()) / m)
    assert exchanged_share(occupancy) == pytest.approx(exact, rel=4e-15)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("occupancy", [1e-3, 0.7, 12.0, 49.9, 50.1, 900.0])
def test_the_share_that_is_remembered_is_a_poisson_mean_for_any_occupancy(occupancy, dimensions):
    with decimal.localcontext(prec=50):
        m, half = decimal.Decimal(occupancy), decimal.Decimal(dimensions) / 2
        probability, mean = (-m).exp(), decimal.Decimal(0)
        for k in range(1, int(occupancy + 30 * math.sqrt(occupancy) + 60)):
            probability *= m / k
            mean += probability * k / (k + 1) * (half * k) / (half * k + 1)
        exact = float(mean)
    assert laws._remembered_share(occupancy, dimensions) == pytest.approx(exact, rel=1e-13)


def test_a_billion_particles_in_a_cell_cost_no_memory():
    dense = kinetic_viscosity(0.1, np.array([3.0, 1e9, 1e300]), 2.0, cell_thermostat=True)
    turned = (1 + 2 * math.cos(2.0) + 2 * math.cos(4.0)) / 5
    np.testing.assert_allclose(dense[1:], 0.1 * (1 / (1 - turned) - 0.5), rtol=1e-8)


def test_where_nothing_is_exchanged_there_is_no_viscosity_and_no_diffusion():
    assert exchanged_share(0.0) == 0.0
    assert np.isnan(exchanged_share(-1.0))
    for law in (kinetic_viscosity, self_diffusion):
        assert np.isnan(law(0.1, np.array([0.0, -2.0, math.nan]), 2.0)).all()
        assert np.isnan(law(0.1, 10.0, np.array([0.0, 2 * math.pi]))).all()
        assert np.isnan(law(np.array([0.0, -0.1]), 10.0, 2.0)).all()
        assert np.isnan(law(0.1, 10.0, 2.0, 3, -1.0))
    assert np.isnan(kinetic_viscosity(0.1, 10.0, math.pi, 2))
    assert np.isnan(kinetic_viscosity(0.1, np.array([0.0, math.nan]), 2.0, cell_thermostat=True)).all()
    assert kinetic_viscosity(0.1, 10.0, math.pi) > 0
    assert collisional_viscosity(0.1, 10.0, 0.0) == 0.0
    assert np.isnan(collisional_viscosity(0.0, 10.0, 2.0))
    assert np.isnan(sound_speed(-1.0, 1.0))
    assert np.isnan(mean_free_path(0.1, 1.0, 0.0))

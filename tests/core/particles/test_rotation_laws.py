"""Stochastic rotation dynamics: closed forms by independent routes, limits with their orders, inverse problems."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.rotation import (
    collisional_viscosity,
    exchanged_share,
    forced_flow_viscosity,
    kinematic_viscosity,
    kinetic_viscosity,
    matched_liquid,
    mean_free_path,
    rotation_for_viscosity,
    schmidt_number,
    self_diffusion,
    smallest_viscosity,
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


# ---------------------------------------------------------------------------------------------- inverse problems


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("occupancy", OCCUPANCIES)
def test_the_smallest_viscosity_is_the_minimum_over_all_steps(occupancy, dimensions):
    for angle in ANGLES:
        found = scipy.optimize.minimize_scalar(
            lambda log, angle=angle: float(kinematic_viscosity(math.exp(log), occupancy, angle, dimensions)),
            bounds=(-8, 8), method="bounded", options={"xatol": 1e-9},
        )  # fmt: skip
        assert smallest_viscosity(occupancy, angle, dimensions) == pytest.approx(found.fun, rel=1e-9)


def test_the_step_for_a_viscosity_gives_it_and_is_the_shorter_of_two():
    rng = np.random.default_rng(1)
    for _ in range(200):
        occupancy, angle, d = rng.uniform(2, 60), rng.uniform(0.3, 2.8), int(rng.integers(2, 4))
        least = float(smallest_viscosity(occupancy, angle, d))
        nu = least * (1 + rng.exponential(3.0))
        step = float(rotation_for_viscosity(nu, occupancy, angle, d))
        assert kinematic_viscosity(step, occupancy, angle, d) == pytest.approx(nu, rel=1e-10)
        assert collisional_viscosity(step, occupancy, angle, d) >= kinetic_viscosity(step, occupancy, angle, d)


def test_the_step_for_a_large_viscosity_loses_no_digits():
    nu = 1e9
    assert rotation_for_viscosity(nu, 10.0, 2.0) == pytest.approx(collisional_viscosity(1.0, 10.0, 2.0) / nu, rel=1e-12)


def test_the_smallest_viscosity_itself_is_reached():
    least = float(smallest_viscosity(10.0, 2.0))
    assert kinematic_viscosity(float(rotation_for_viscosity(least, 10.0, 2.0)), 10.0, 2.0) == pytest.approx(least)


def test_a_viscosity_that_no_step_reaches_is_an_error_that_names_the_smallest():
    least = float(smallest_viscosity(10.0, 2.0))
    for nu in (0.99 * least, 0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=rf"must be at least {least:.6g}"):
            rotation_for_viscosity(nu, 10.0, 2.0)
    with pytest.raises(ValueError, match=r"kinematic_viscosity = 0.01: must be at least"):
        rotation_for_viscosity(np.array([1.0, 0.01]), 10.0, 2.0)
    assert rotation_for_viscosity(np.array([1.0, 2.0]), 10.0, 2.0).shape == (2,)


def test_kicks_and_decay_give_back_their_viscosity():
    nu, force, k, step, u = 0.87, 0.1, 0.7, 0.4, 0.0
    for _ in range(2000):
        u = (u + force * step) * math.exp(-nu * k * k * step)
    assert forced_flow_viscosity(u, force, k, step) == pytest.approx(nu, rel=1e-12)


def test_half_a_kick_corrects_the_flow_up_to_second_order():
    nu, force, k = 0.87, 0.1, 0.7
    steps = np.geomspace(0.05, 0.8, 8)
    u = force * steps / np.expm1(nu * k * k * steps)
    half = force / (k * k * (u + 0.5 * force * steps))
    rest = half / forced_flow_viscosity(u, force, k, steps) - 1
    assert rest[-1] == pytest.approx(-((nu * k * k * steps[-1]) ** 2) / 12, rel=0.05)
    assert np.polyfit(np.log(steps), np.log(-rest), 1)[0] == pytest.approx(2.0, abs=0.1)


def test_a_flow_against_its_force_has_no_viscosity():
    assert np.isnan(forced_flow_viscosity(np.array([-0.1, 0.0]), 0.1, 0.7, 0.1)).all()


# ------------------------------------------------------------------------------------------------- real liquids


def test_a_matched_liquid_has_the_viscosity_density_and_temperature_of_water():
    water = matched_liquid("0.89 mPa s", "997 kg/m3", cell_size="20 nm", compressibility="0.4525 1/GPa")
    assert water.kinematic_viscosity == pytest.approx(0.89e-3 / 997, rel=1e-10)
    assert water.particle_mass * water.occupancy / water.cell_size**3 == pytest.approx(997, rel=1e-12)
    assert water.thermal_energy == pytest.approx(4.11643e-21, rel=1e-5)
    assert water.compressibility == pytest.approx(1 / (10 / 20e-9**3 * water.thermal_energy), rel=1e-12)
    assert water.compressibility_ratio == pytest.approx(water.compressibility / 0.4525e-9, rel=1e-12)
    assert "times the liquid's" in water.unmatched
    assert "Schmidt" in water.unmatched


def test_a_matched_liquid_runs_in_reduced_units_and_scales_back():
    thin = matched_liquid("0.02 mPa s", "1000 kg/m3", cell_size="20 nm")
    model = thin.model()
    speed = math.sqrt(thin.thermal_energy / thin.particle_mass)
    nu = float(kinematic_viscosity(model.reduced_step, model.occupancy, model.rotation_angle))
    assert nu * thin.cell_size * speed == pytest.approx(0.02e-3 / 1000, rel=1e-9)
    assert thin.compressibility_ratio is None
    assert thin.unmatched.count("times") == 0


def test_the_smallest_cell_for_a_liquid_is_named_and_just_enough():
    with pytest.raises(ParameterError, match="cell_size must be at least") as caught:
        matched_liquid(0.89e-3, 997.0, cell_size=1e-12)
    least = float(str(caught.value).split("at least ")[1].split()[0])
    assert matched_liquid(0.89e-3, 997.0, cell_size=1.01 * least).reduced_step > 0.3
    with pytest.raises(ParameterError, match="cell_size must be at least"):
        matched_liquid(0.89e-3, 997.0, cell_size=0.99 * least)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"viscosity": "1 kg"}, "viscosity has the unit 'kg'"),
        ({"density": -1.0}, "density must be greater than 0"),
        ({"occupancy": 1.0}, "occupancy must be greater than 1"),
        ({"rotation_angle": 0.1}, "rotation_angle must be from 15 to 180 degree"),
        ({"temperature": "hot"}, "temperature must be a number"),
        ({"cell_size": math.inf}, "cell_size must be"),
    ],
)
def test_a_liquid_that_cannot_be_is_an_error(change, message):
    arguments = {"viscosity": 1e-3, "density": 1000.0, "cell_size": 1e-8, **change}
    with pytest.raises(ParameterError, match=message):
        matched_liquid(arguments.pop("viscosity"), arguments.pop("density"), **arguments)

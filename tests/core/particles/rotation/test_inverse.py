"""From a viscosity to a time step, and from a flow to a viscosity."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from mesoscale.core.particles.rotation import (
    collisional_viscosity,
    forced_flow_viscosity,
    kinematic_viscosity,
    kinetic_viscosity,
    rotation_for_viscosity,
    smallest_viscosity,
)

ANGLES = [math.radians(degrees) for degrees in (30.0, 75.0, 90.0, 130.0, 160.0)]


OCCUPANCIES = (2.0, 3.7, 10.0, 40.0)


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


def test_an_angle_that_leaves_the_stress_as_it_is_has_no_step_and_no_smallest_viscosity():
    for given in ((0.87, 10.0, 0.0), (0.87, 10.0, math.pi, 2), (0.87, 0.0, 2.0), (0.87, 10.0, 2.0, 3, -1.0)):
        with pytest.raises(ValueError, match=r"kinematic_viscosity = 0.87: there is none for this occupancy and angle"):
            rotation_for_viscosity(*given)
    with pytest.raises(ValueError, match=r"kinematic_viscosity = inf: must be finite"):
        rotation_for_viscosity(math.inf, 10.0, 2.0)
    assert np.isnan(smallest_viscosity(10.0, math.pi, 2))
    assert np.isnan(smallest_viscosity(-3.0, 2.0))


def test_a_flow_without_a_wave_or_a_step_has_no_viscosity():
    assert np.isnan(forced_flow_viscosity(0.1, 0.1, np.array([0.0, 0.7]), np.array([0.1, 0.0]))).all()
    assert forced_flow_viscosity(-0.1, -0.1, 0.7, 0.1) == forced_flow_viscosity(0.1, 0.1, 0.7, 0.1)

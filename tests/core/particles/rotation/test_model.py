"""The model `StochasticRotation`: forced flows against theory, walls, thermostats, units, limits of what it takes."""

import math

import numpy as np
import pytest
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.rotation import (
    StochasticRotation,
    collisional_viscosity,
    fluid,
    kinetic_viscosity,
)
from mesoscale.core.particles.rotation.model import _mean_over_boxes

QUICK = StochasticRotation().replace(**StochasticRotation.quick)


def degrees(angle):
    return math.radians(angle)


def agrees(result, expected, share):
    """Within 4 standard errors and what theory itself leaves open: waves that are not long, neighbours that stay."""
    return abs(float(result.answer) - expected) < 4 * float(result.answer_error) + share * expected


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"occupancy": 4.0, "rotation_angle": degrees(100.0)},
        {"occupancy": 3.0, "rotation_angle": degrees(180.0), "reduced_step": 0.2},
        {"thermostat": "global", "reduced_step": 0.06, "occupancy": 7.5},
        {"dimensions": 2, "cells": 16, "rotation_angle": degrees(110.0)},
    ],
)
def test_a_forced_flow_has_the_theoretical_viscosity(parameters):
    result = StochasticRotation(steps=800, boxes=2).replace(**parameters).run()
    assert agrees(result, float(result.theoretical_viscosity), 0.02)
    assert bool(result.answer_valid)
    assert float(result.measured_temperature) == pytest.approx(1.0, abs=4 * float(result.measured_temperature_error))
    assert float(result.answer) > float(result.naive_answer)


def test_the_profile_is_the_theoretical_sine():
    result = StochasticRotation(steps=1500).run()
    apart = (result.flow_velocity - result.theoretical_velocity) / 0.2
    assert float(np.abs(apart).max()) < 0.08
    assert float((apart**2).mean()) < 0.03**2
    assert result.reduced_height.values.tolist() == [0.25 + 0.5 * i for i in range(16)]


def test_the_error_of_the_viscosity_is_that_of_independent_runs():
    """The estimate of one run against the spread of twelve."""
    runs = QUICK.replace(steps=400).run(replicates=12)
    spread = float(runs.answer.std("replicate", ddof=1))
    assert 0.5 < spread / float(runs.answer_error.mean()) < 1.7


def test_in_the_gas_regime_streaming_alone_is_nearly_enough():
    gas = StochasticRotation(reduced_step=1.5, cells=48, dimensions=2, occupancy=3.0, steps=10, boxes=1,
                             rotation_angle=degrees(60.0))  # fmt: skip
    assert gas.governing_ratio() < 0.05
    assert gas.governing_ratio() == pytest.approx(
        collisional_viscosity(1.5, 3.0, degrees(60.0), 2)
        / kinetic_viscosity(1.5, 3.0, degrees(60.0), 2, cell_thermostat=True)
    )


def test_the_governing_ratio_falls_as_the_square_of_the_step():
    steps = np.geomspace(0.01, 4, 9)
    ratios = [StochasticRotation(reduced_step=float(step)).governing_ratio() for step in steps]
    assert np.polyfit(np.log(steps), np.log(ratios), 1)[0] == pytest.approx(-2.0, abs=1e-6)
    assert StochasticRotation().at_ratio(1.0).governing_ratio() == pytest.approx(1.0, rel=1e-9)


def test_diffusion_at_a_long_mean_free_path_is_that_of_particles_without_memory():
    result = StochasticRotation(reduced_step=1.0, cells=8, steps=400, boxes=2).run()
    assert bool(result.theoretical_self_diffusion_valid)
    assert float(result.self_diffusion) == pytest.approx(float(result.theoretical_self_diffusion), rel=0.07)
    ratio = float(result.answer) / float(result.self_diffusion)
    assert float(result.schmidt_number) == pytest.approx(ratio)


def test_sorting_particles_in_memory_does_not_mix_up_their_displacements(monkeypatch):
    plain = QUICK.run()
    monkeypatch.setattr(fluid, "_CACHED", 100)
    monkeypatch.setattr(fluid, "_sorting_interval", lambda *_: 3)
    mixed = QUICK.run()
    error = math.hypot(float(plain.self_diffusion_error), float(mixed.self_diffusion_error))
    assert abs(float(plain.self_diffusion - mixed.self_diffusion)) < 4 * error
    assert error < 0.02 * float(plain.self_diffusion)


def test_a_flow_that_is_forgotten_within_a_step_is_no_measurement_but_ends():
    thick = StochasticRotation(reduced_step=5.0, rotation_angle=degrees(15.0), cells=4, steps=20, boxes=2)
    for settings in (thick, thick.replace(flow="poiseuille")):
        result = settings.run()
        assert not bool(result.answer_valid)
        assert float(np.abs(result.flow_velocity).max()) < 1.0


def test_diffusion_at_a_short_mean_free_path_is_faster_than_without_memory():
    result = StochasticRotation(steps=600, boxes=2).run()
    assert not bool(result.theoretical_self_diffusion_valid)
    assert 1.08 < float(result.self_diffusion) / float(result.theoretical_self_diffusion) < 1.30


def test_without_a_thermostat_a_driven_flow_heats_and_the_answer_says_so():
    result = StochasticRotation(thermostat="none", flow_speed=0.4, occupancy=5.0, cells=6, steps=1500, boxes=1).run()
    assert float(result.measured_temperature) > 1.05
    assert not bool(result.answer_valid)


def test_a_flow_below_its_noise_has_no_viscosity():
    result = StochasticRotation(flow_speed=0.01, cells=4, occupancy=2.0, steps=10, boxes=1).run()
    assert not bool(result.answer_exists)
    assert math.isnan(float(result.answer))
    assert math.isnan(float(result.dynamic_viscosity))


def test_between_walls_the_flow_is_a_parabola_without_slip():
    result = StochasticRotation(flow="poiseuille", cells=8, occupancy=5.0, steps=3000, boxes=2, reduced_step=0.2).run()
    assert agrees(result, float(result.theoretical_viscosity), 0.03)
    assert abs(float(result.slip_length)) < 0.1 + 3 * float(result.slip_length_error)
    assert float(result.measured_temperature) == pytest.approx(1.0, abs=0.01)
    peak = float(result.flow_velocity.max())
    assert peak == pytest.approx(0.2, rel=0.08)
    assert not bool(StochasticRotation(steps=10, boxes=1).run().slip_length_exists)


def test_between_walls_in_two_dimensions_no_direction_is_free_to_diffuse():
    result = QUICK.replace(flow="poiseuille", dimensions=2, cells=10, steps=200).run()
    assert not bool(result.self_diffusion_exists)
    assert not bool(result.schmidt_number_exists)
    assert bool(result.slip_length_exists)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"rotation_angle": degrees(90.0)},
        {"reduced_step": 0.03},
        {"reduced_step": 0.5},
        {"occupancy": 30.0, "steps": 4000},
        {"dimensions": 2, "steps": 40_000},
    ],
)
def test_the_peak_between_walls_is_within_two_percent_and_the_slip_below_a_tenth(parameters):
    model = StochasticRotation(flow="poiseuille", cells=12, occupancy=5.0, steps=6000).replace(**parameters)
    result = model.run()
    assert abs(float(result.slip_length)) < 0.1
    nu = float(result.theoretical_viscosity)
    g = model.acceleration()
    shape = 4 * result.reduced_height * (12 - result.reduced_height) / 144
    peak = float((result.flow_velocity * shape).sum() / (shape**2).sum())
    error = float(np.sqrt((result.flow_velocity_error**2 * shape**2).sum()) / (shape**2).sum())
    assert peak == pytest.approx(g * 144 / (8 * nu), rel=0.02 + 4 * error / peak)


@pytest.mark.slow
@pytest.mark.parametrize(("angle", "factor"), [(90.0, 1.2206), (130.0, 1.0246)])
def test_the_cell_thermostat_raises_the_viscosity_of_a_long_mean_free_path(angle, factor):
    """The factors are equation (9) for 10 particles a cell, with the collisional part added to both."""
    found = {}
    for thermostat in ("global", "cell"):
        model = StochasticRotation(
            dimensions=2, cells=20, reduced_step=1.0, rotation_angle=degrees(angle), thermostat=thermostat,
            steps=30_000, flow_speed=0.1,
        )  # fmt: skip
        found[thermostat] = model.run()
    ratio = float(found["cell"].answer / found["global"].answer)
    error = ratio * math.hypot(*(float(r.answer_error / r.answer) for r in found.values()))
    assert abs(ratio - factor) < 4 * error


@pytest.mark.slow
def test_sines_of_any_length_decay_with_the_same_viscosity_up_to_second_order():
    values = {}
    for cells in (5, 10, 20):
        result = StochasticRotation(cells=cells, dimensions=2, steps=40_000, rotation_angle=degrees(120.0)).run()
        values[cells] = float(result.answer) / float(result.theoretical_viscosity)
    assert values[20] == pytest.approx(1.0, abs=0.03)
    assert values[10] == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize(
    ("parameters", "valid"),
    [
        ({}, True),
        ({"cells": 6}, False),
        ({"reduced_step": 1.0}, False),
        ({"occupancy": 5.0}, False),
        ({"occupancy": 5.0, "reduced_step": 0.2}, True),
        ({"reduced_step": 0.02}, False),
        ({"reduced_step": 0.02, "occupancy": 20.0}, True),
        ({"dimensions": 2, "cells": 32, "reduced_step": 0.9, "rotation_angle": math.pi / 2}, False),
        ({"dimensions": 2, "cells": 12}, True),
        ({"dimensions": 2, "cells": 20, "reduced_step": 0.5, "rotation_angle": degrees(161.0)}, False),
        ({"dimensions": 2, "cells": 80, "reduced_step": 0.5, "rotation_angle": degrees(161.0)}, True),
    ],
)
def test_theory_says_where_it_holds(parameters, valid):
    result = StochasticRotation(steps=10, boxes=1).replace(**parameters).run()
    assert bool(result.theoretical_viscosity_valid) == valid


def test_a_drift_along_the_flow_is_not_felt():
    still, moving = (QUICK.replace(steps=1500, drift=drift).run() for drift in (0.0, 5.0))
    error = math.hypot(float(still.answer_error), float(moving.answer_error))
    assert abs(float(still.answer - moving.answer)) < 4 * error
    assert float(moving.measured_temperature) == pytest.approx(1.0, abs=0.02)


def test_scaled_results_are_si():
    result = QUICK.run()
    a, kt, m = 1e-6, 4.11e-21, 1e-16
    scaled = QUICK.scales(result, length="1 um", energy=kt, mass=m)
    speed = math.sqrt(kt / m)
    for name, factor, unit in (
        ("answer", a * speed, "m2 s-1"),
        ("answer_error", a * speed, "m2 s-1"),
        ("dynamic_viscosity", m * speed / a**2, "Pa s"),
        ("flow_velocity_error", speed, "m s-1"),
        ("reduced_height", a, "m"),
        ("measured_temperature", kt, "J"),
    ):
        np.testing.assert_allclose(scaled[name].values, result[name].values * factor, rtol=1e-12)
        assert scaled[name].attrs["units"] == unit
    density = m * 5.0 / a**3
    assert float(scaled.dynamic_viscosity) == pytest.approx(density * float(scaled.answer), rel=1e-12)
    film = StochasticRotation(dimensions=2, cells=10, steps=20, boxes=1)
    assert film.scales(film.run(), length=a, energy=kt, mass=m).dynamic_viscosity.attrs["units"] == "Pa s m"
    with pytest.raises(ValueError, match="each must be greater than 0"):
        QUICK.scales(result, length=0.0, energy=kt, mass=m)


def test_one_box_knows_its_error_from_its_own_series():
    result = QUICK.replace(boxes=1).run()
    assert 0 < float(result.answer_error) < 0.2
    assert np.isfinite(result.flow_velocity_error).all()


def test_a_run_of_one_sample_has_no_error_but_ends():
    result = StochasticRotation(steps=10, boxes=1, reduced_step=0.005, rotation_angle=degrees(15.0), cells=5).run()
    assert not bool(result.answer_exists)
    assert not bool(result.self_diffusion_exists)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dimensions": 2, "rotation_angle": math.pi}, "rotation_angle must be at most 2.8798 rad in 2 D"),
        ({"flow": "poiseuille", "drift": 1.0}, "drift must be 0 between walls"),
        ({"dimensions": 2, "cells": 4, "occupancy": 2.0}, "occupancy must be at least 6.25 in so small a box"),
        ({"cells": 256}, "cells must be at most 74 at this occupancy: 4194304 particles"),
        ({"steps": 10_000_000}, "steps must be at most"),
        ({"cells": 64, "rotation_angle": degrees(15.0), "reduced_step": 0.005, "boxes": 1000}, "cells must be smaller"),
        ({"reduced_step": 0.001}, "reduced_step must be at least 0.005"),
        ({"rotation_angle": "5 degree"}, "rotation_angle must be at least 0.26"),
    ],
)
def test_what_cannot_be_run_is_an_error(parameters, message):
    with pytest.raises(ParameterError, match=message):
        StochasticRotation(**parameters)


def test_the_number_of_steps_that_is_named_is_accepted():
    with pytest.raises(ParameterError) as caught:
        StochasticRotation(steps=10_000_000)
    most = int(str(caught.value).split("steps must be at most ")[1].split(":")[0])
    assert StochasticRotation(steps=most).steps == most


def test_progress_is_told_and_may_cancel():
    told = []
    QUICK.run(progress=lambda done, of: told.append(done / of))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def cancel(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        QUICK.run(progress=cancel)


@pytest.mark.parametrize(("boxes", "samples"), [(4, 20), (8, 20), (4, 60)])
def test_the_error_of_few_relaxation_times_a_box_is_not_far_too_small(boxes, samples):
    """Series that forget within five samples, as the flow does: the mean's scatter over its error."""
    rng, kept = np.random.default_rng(0), math.exp(-0.2)
    found = []
    for _ in range(300):
        series = np.empty((boxes, samples))
        series[:, 0] = rng.normal(size=boxes)
        for t in range(1, samples):
            series[:, t] = kept * series[:, t - 1] + math.sqrt(1 - kept**2) * rng.normal(size=boxes)
        found.append(_mean_over_boxes(series))
    values, errors = np.array(found).T
    assert 0.85 < values.std() / errors.mean() < 1.25

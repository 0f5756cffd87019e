"""The model `DissipativeParticles`: pressures, temperatures, layers, flows, units, and what it refuses."""

import math

import numpy as np
import pytest
from mesoscale.core.kernels.statistics import mean_with_error
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles import dissipative as dpd
from mesoscale.core.particles.dissipative import DissipativeParticles, Fluid

QUICK = {"particles": 375, "steps": 400, "equilibration": 100}


@pytest.fixture(scope="module")
def water():
    return DissipativeParticles(particles=648, steps=3000, equilibration=300).run()


def test_the_pressure_is_that_of_the_table_and_of_the_neighbours(water):
    assert abs(water.answer - water.tabulated_pressure) < 4 * water.answer_error + 0.02
    assert water.tabulated_pressure == pytest.approx(23.65, abs=0.05)
    r, g = water.distance.values, water.radial_distribution.values
    virial = (g * r**3 * 25 * (1 - r) * (r < 1)).sum() * (r[1] - r[0])
    assert water.answer == pytest.approx(3 + 2 * math.pi / 3 * 9 * virial, rel=0.01)
    assert water.naive_answer > water.answer


def test_the_default_fluid_is_thermal_isotropic_and_at_rest(water):
    assert abs(water.kinetic_temperature - 1) < 4 * water.kinetic_temperature_error + 0.006
    assert 1.0 < water.configurational_temperature < 1.06  # the step's error, which the kinetic temperature hides
    trace = water.pressure_tensor.values[:3]
    assert (np.abs(trace - trace.mean()) < 5 * water.pressure_tensor_error.values[:3] + 0.02).all()
    assert (np.abs(water.pressure_tensor.values[3:]) < 5 * water.pressure_tensor_error.values[3:]).all()
    assert water.largest_momentum < 1e-10
    assert bool(water.answer_valid)


def test_beads_of_648_diffuse_as_measured_elsewhere(water):
    assert 0.27 < water.reduced_diffusivity < 0.315  # 0.285 to 0.30 by an independent program, 648 beads
    assert water.ideal_diffusivity == pytest.approx(0.5305, abs=1e-4)


def test_the_same_seed_gives_the_same_bits_on_one_and_two_threads():
    model = DissipativeParticles(**QUICK)
    with use_workers(1):
        one = model.run(seed=3)
    with use_workers(2):
        two = model.run(seed=3)
    assert one.identical(two)
    assert not one.identical(model.run(seed=4))


def test_an_ideal_gas_has_no_correlations():
    gas = DissipativeParticles(**QUICK, repulsion=0.0, scheme="peters").run()
    assert float(gas.answer) == pytest.approx(3 * float(gas.kinetic_temperature), rel=1e-12)
    assert gas.naive_answer == 3.0
    assert not bool(gas.configurational_temperature_exists)
    assert abs(gas.radial_distribution.values[8:].mean() - 1) < 0.02


def test_two_liquids_in_layers_have_a_tension():
    layers = dpd.WATER_AND_OIL.replace(particles=700, steps=600, equilibration=300, elongation=2.5).run()
    assert layers.reduced_interfacial_tension > 0.4
    assert layers.first_species_profile.values.max() > 0.9
    assert layers.first_species_profile.values.min() < 0.1
    assert not bool(layers.tabulated_pressure_exists)
    assert not bool(layers.reduced_diffusivity_exists)
    assert layers.naive_answer == pytest.approx(3 + math.pi / 30 * 9 * 32.5)


def test_a_driven_fluid_flows_along_the_force():
    flow = DissipativeParticles(particles=375, steps=1200, equilibration=0, driving_force=0.2).run()
    assert abs(flow.reduced_kinematic_viscosity - 0.27) < 4 * flow.reduced_kinematic_viscosity_error + 0.03
    wave = np.sin(2 * math.pi * flow.reduced_height.values / float((375 / 3) ** (1 / 3)))
    assert np.corrcoef(wave, flow.velocity_profile.values)[0, 1] > 0.8


def test_governing_ratio_is_half_of_the_repulsion():
    assert DissipativeParticles().governing_ratio() == 12.5
    assert DissipativeParticles().at_ratio(1.0).repulsion == pytest.approx(2.0)


def test_a_hot_run_says_so():
    hot = DissipativeParticles(particles=375, steps=200, equilibration=50, repulsion=300.0, time_step=0.06).run()
    assert not bool(hot.answer_valid)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"particles": 80}, "particles must be at least 81"),
        ({"every": 7}, "every must divide steps"),
        ({"steps": 200, "every": 20}, "every must be at most 10"),
        ({"particles": 1_000_000}, "most_work must be at least"),
        ({"elongation": 20.0, "particles": 1000}, "particles must be at least 1620"),
        ({"scheme": "verlet"}, "scheme must be one of"),
        ({"driving_force": 0.01, "pair_friction": 4.5, "elongation": 20.0, "particles": 12_000}, "most_work"),
    ],
)
def test_what_the_model_refuses(change, message):
    with pytest.raises(ParameterError, match=message):
        DissipativeParticles(**change)


def test_a_run_that_blows_up_is_one_error(monkeypatch):
    def burst(self, steps, **options):
        raise ArithmeticError("particles flew apart")

    monkeypatch.setattr(Fluid, "advance", burst)
    with pytest.raises(ResultError, match="flew apart"):
        DissipativeParticles(**QUICK).run()


def test_scales_turn_every_kind_of_result_into_si():
    model = DissipativeParticles(particles=375, steps=200, equilibration=0)
    result = model.run()
    si = model.scales(result, length="6.46 angstrom", energy="4.142e-21 J", mass="54 Da")
    ratio = {
        name: float(si[name].values.flat[-1] / result[name].values.flat[-1])
        for name in ("answer", "distance", "reduced_time")
    }
    assert ratio["answer"] == pytest.approx(4.142e-21 / 6.46e-10**3)
    assert ratio["distance"] == pytest.approx(6.46e-10)
    assert ratio["reduced_time"] == pytest.approx(3.0e-12, rel=0.01)
    assert si.reduced_kinematic_viscosity.units == "m2 s-1"
    assert si.answer_error.units == "Pa"
    assert result.answer.units == "1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "prediction", "step", "expected"),
    [
        *(("groot_warren", 0.65, dt, T) for dt, T in ((0.01, 1.006), (0.02, 1.001), (0.04, 1.003), (0.06, 1.009))),
        *(("groot_warren", 0.5, dt, T) for dt, T in ((0.01, 1.005), (0.02, 1.012), (0.04, 1.033), (0.05, 1.044))),
        *(("shardlow", 0.65, dt, T) for dt, T in ((0.01, 0.998), (0.04, 1.009), (0.06, 1.021), (0.10, 1.128))),
    ],
)
def test_temperatures_of_an_independent_program(scheme, prediction, step, expected):
    model = DissipativeParticles(
        particles=648, scheme=scheme, prediction=prediction, time_step=step, steps=10_000, equilibration=1000
    )
    result = model.run()
    error = math.hypot(result.kinetic_temperature_error, 0.003)
    assert abs(result.kinetic_temperature - expected) < 4 * error


@pytest.mark.slow
def test_viscosity_by_forced_flow_and_by_the_decay_of_a_wave():
    model = DissipativeParticles(particles=1536, driving_force=0.06, steps=26_000, equilibration=0, most_work=1e9)
    forced = model.run()
    error = math.hypot(forced.reduced_kinematic_viscosity_error, 0.003)
    assert abs(forced.reduced_kinematic_viscosity - 0.271) < 4 * error
    other = model.replace(scheme="shardlow", steps=20_000).run()
    both = math.hypot(forced.reduced_kinematic_viscosity_error, other.reduced_kinematic_viscosity_error)
    assert abs(forced.reduced_kinematic_viscosity - other.reduced_kinematic_viscosity) < 4 * both
    rates = []
    for seed in range(12):  # a wave of the longest length, let go
        rng = np.random.default_rng(seed)
        place = rng.random((1536, 3)) * 8
        fluid = Fluid(place, (8.0, 8.0, 8.0), seed=seed)
        fluid.advance(250)
        v = fluid.velocities()
        v[:, 0] += 0.6 * np.sin(2 * math.pi * fluid.positions()[:, 2] / 8)
        fluid = Fluid(fluid.positions(), (8.0, 8.0, 8.0), velocities=v - v.mean(axis=0), seed=seed + 100)
        wave = fluid.advance(250, every=5).wave[:, 0]
        rates.append(math.log(wave[4:10].mean() / wave[34:40].mean()) / (30 * 5 * 0.04))
    value, spread = mean_with_error(np.array(rates) / (2 * math.pi / 8) ** 2)
    assert abs(value - forced.reduced_kinematic_viscosity) < 4 * math.hypot(
        spread, forced.reduced_kinematic_viscosity_error
    )

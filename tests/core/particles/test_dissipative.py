"""Dissipative particles: the steps by brute force, every thread count, identities, and the model."""

import math

import numpy as np
import pytest
from mesoscale.core.kernels.statistics import mean_with_error
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles import dissipative as dpd
from mesoscale.core.particles.dissipative import DissipativeParticles, Fluid, pair_noise
from mesoscale.core.particles.dissipative.steps import advance

QUICK = {"particles": 375, "steps": 400, "equilibration": 100}


def pairs_of(place, box):
    """All pairs within distance 1, by looking at every pair."""
    i, j = np.triu_indices(len(place), 1)
    d = place[i] - place[j]
    d -= box * np.rint(d / box)
    r = np.sqrt((d * d).sum(axis=1))
    near = r < 1
    return i[near], j[near], d[near] / r[near, None], r[near]


def brute_force(place, velocity, box, fluid, species):
    i, j, e, r = pairs_of(place, box)
    w = 1 - r
    zeta = pair_noise(fluid._key, fluid.steps_done, i, j)
    drag = fluid.friction * w * w * (e * (velocity[i] - velocity[j])).sum(axis=1)
    size = fluid.repulsion[species[i], species[j]] * w - drag
    size += math.sqrt(2 * fluid.friction / fluid.step) * w * zeta
    force = np.zeros_like(place)
    np.add.at(force, i, size[:, None] * e)
    np.add.at(force, j, -size[:, None] * e)
    force[:, 0] += fluid.driving * np.sin(2 * math.pi * place[:, 2] / box[2])
    return force


def some_fluid(box, density=3.0, seed=4, **options):
    rng = np.random.default_rng(seed)
    n = round(density * np.prod(box))
    place = (rng.random((n, 3)) * 3 - 1) * box
    species = rng.integers(0, 2, n)
    options = {"repulsion": [[25.0, 40.0], [40.0, 18.0]], "species": species, "seed": seed, **options}
    return Fluid(place, box, **options), species


@pytest.mark.parametrize("box", [(3.0, 3.0, 3.0), (4.2, 3.1, 7.3)])
@pytest.mark.parametrize("prediction", [0.5, 0.65])
def test_steps_are_those_of_groot_and_warren_pair_by_pair(box, prediction):
    fluid, species = some_fluid(box, prediction=prediction, driving=0.3)
    box, dt = np.array(box), fluid.step
    place, velocity = fluid.positions(unwrapped=True), fluid.velocities()
    force = np.zeros_like(place)  # a fluid starts without
    for _ in range(3):
        place = place + dt * velocity + 0.5 * dt * dt * force
        new = brute_force(place, velocity + prediction * dt * force, box, fluid, species)
        velocity = velocity + 0.5 * dt * (force + new)
        force = new
        fluid.advance(1)
        np.testing.assert_allclose(fluid.positions(unwrapped=True), place, atol=1e-10)
        np.testing.assert_allclose(fluid.velocities(), velocity, atol=1e-10)
    inside = fluid.positions()
    assert (inside >= 0).all()
    assert (inside < box).all()


@pytest.mark.parametrize("scheme", ["shardlow", "peters"])
def test_lonely_pairs_exchange_momentum_by_the_closed_form(scheme):
    box = np.array([12.0, 12.0, 12.0])
    corner = np.indices((6, 6, 6)).reshape(3, -1).T * 2.0 + 0.1
    rng = np.random.default_rng(0)
    e = rng.normal(size=corner.shape)
    e /= np.linalg.norm(e, axis=1)[:, None]
    r = 0.1 + 0.35 * rng.random(len(corner))  # nobody else is near
    place = np.concatenate([corner, corner + r[:, None] * e])
    fluid = Fluid(place, box, repulsion=0.0, scheme=scheme, friction=20.0, step=0.05, seed=3)
    before = fluid.velocities()
    fluid.advance(1)
    n = len(corner)
    p = (e * (before[n:] - before[:n])).sum(axis=1)
    g = 20.0 * 0.05 * (1 - r) ** 2
    zeta = pair_noise(fluid._key, 0, np.arange(n), np.arange(n) + n, normal=True)
    after = (e * (fluid.velocities()[n:] - fluid.velocities()[:n])).sum(axis=1)
    if scheme == "shardlow":
        u = np.sqrt(g / 2)  # both of Shardlow's halves, one after the other, as he wrote them
        half = u * zeta - g * p / 2
        middle = p + 2 * half
        expected = middle + 2 * (u * zeta - g / 2 / (1 + g) * (middle + 2 * u * zeta))
    else:
        expected = np.exp(-2 * g) * p + np.sqrt(2 * (1 - np.exp(-4 * g))) * zeta
    np.testing.assert_allclose(after, expected, atol=1e-12)
    np.testing.assert_allclose(fluid.velocities().sum(axis=0), before.sum(axis=0), atol=1e-12)


@pytest.mark.parametrize("scheme", ["groot_warren", "shardlow", "peters"])
@pytest.mark.parametrize("box", [(5.0, 4.0, 9.3), (3.0, 3.5, 4.0)])
def test_the_same_bits_on_any_number_of_threads(scheme, box):
    results = []
    for workers in (1, 2, 3):
        fluid, _ = some_fluid(box, scheme=scheme, workers=workers, driving=0.1)
        samples = fluid.advance(12, every=4)
        results.append((fluid.positions(), fluid.velocities(), samples.stress, samples.potential_energy))
    for other in results[1:]:
        assert all((a == b).all() for a, b in zip(results[0], other, strict=True))


def test_a_stretch_in_pieces_is_the_stretch():
    whole, _ = some_fluid((4.0, 4.0, 4.0))
    pieces, _ = some_fluid((4.0, 4.0, 4.0))
    ticks = []
    one = whole.advance(30, every=3, tick=lambda done, total: ticks.append((done, total)))
    many = dpd.Samples.join([pieces.advance(n, every=3) for n in (3, 12, 15)])
    assert (one.pressure == many.pressure).all()
    assert (whole.positions() == pieces.positions()).all()
    assert ticks[-1] == (30, 30)
    assert whole.advance(0).pressure.shape == (0,)


@pytest.mark.parametrize("box", [(3.0, 3.0, 3.0), (4.7, 3.3, 6.1)])
def test_samples_are_energy_virial_and_laplacian_of_all_pairs(box):
    fluid, species = some_fluid(box)
    samples = fluid.advance(2, every=1)
    place, box = fluid.positions(), np.array(box)
    i, j, e, r = pairs_of(place, box)
    a = fluid.repulsion[species[i], species[j]]
    v = fluid.velocities()
    n = len(place)
    assert samples.potential_energy[-1] == pytest.approx((a / 2 * (1 - r) ** 2).sum() / n, rel=1e-12)
    virial = np.einsum("p,pi,pj->ij", a * (1 - r) * r, e, e)
    stress = (virial + v.T @ v * n / (n - 1)) / box.prod()
    np.testing.assert_allclose(
        samples.stress[-1],
        [stress[k] for k in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))],
        rtol=1e-11,
        atol=1e-11,
    )
    force = np.zeros_like(place)
    np.add.at(force, i, (a * (1 - r))[:, None] * e)
    np.add.at(force, j, -(a * (1 - r))[:, None] * e)
    laplacian = 2 * (a - 2 * a * (1 - r) / r).sum()
    assert samples.squared_force[-1] == pytest.approx((force**2).sum() / n, rel=1e-11)
    assert samples.laplacian[-1] == pytest.approx(laplacian / n, rel=1e-11)
    assert samples.kinetic_temperature[-1] == pytest.approx((v**2).sum() / (3 * (n - 1)), rel=1e-12)
    phase = 2 * math.pi * place[:, 2] / box[2]
    np.testing.assert_allclose(
        samples.wave[-1], [2 * (v[:, 0] * np.sin(phase)).mean(), 2 * (v[:, 0] * np.cos(phase)).mean()], atol=1e-12
    )


@pytest.mark.parametrize("scheme", ["groot_warren", "shardlow", "peters"])
def test_momentum_stays_to_rounding(scheme):
    fluid, _ = some_fluid((5.0, 5.0, 5.0), scheme=scheme)
    assert np.abs(fluid.advance(300, every=50).momentum).max() < 1e-10


def test_beads_that_coincide_do_no_harm():
    place = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.5, 2.5, 2.5]])
    for scheme in ("groot_warren", "shardlow", "peters"):
        fluid = Fluid(place, (3.0, 3.0, 3.0), scheme=scheme)
        assert np.isfinite(fluid.advance(5, every=1).potential_energy).all()


def test_too_large_a_step_is_an_error():
    place = np.random.default_rng(0).random((90, 3)) * 3
    fluid = Fluid(place, (3.0, 3.0, 3.0), repulsion=1e12, step=9.0)
    with pytest.raises(ArithmeticError, match="flew apart at step"):
        fluid.advance(200)
    with pytest.raises(ArithmeticError, match="flew apart at step"):
        fluid.advance(1)


@pytest.mark.parametrize("scheme", ["groot_warren", "peters"])
def test_an_interrupted_thread_keeps_nobody_waiting(monkeypatch, scheme):
    fluid, _ = some_fluid((4.0, 4.0, 9.0), workers=2, scheme=scheme)
    fluid.advance(2)

    def interrupted(thread, *arguments):
        if thread == 0:
            raise KeyboardInterrupt
        return advance(thread, *arguments)

    monkeypatch.setattr("mesoscale.core.particles.dissipative.fluid._advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fluid.advance(10)
    with pytest.raises(ArithmeticError, match="interrupted"):
        fluid.advance(10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((4, 2))}, "positions of shape"),
        ({"positions": [[0.0, 0.0, np.nan], [1.0, 1.0, 1.0]]}, "must be finite"),
        ({"box": (2.9, 3.0, 3.0)}, "three edges of at least 3"),
        ({"box": (3000.0, 3000.0, 3000.0)}, "too empty"),
        ({"repulsion": [[1.0, 2.0], [3.0, 4.0]]}, "symmetric square matrix"),
        ({"species": [0, 1]}, "species"),
        ({"species": [0, 0, 0]}, "species"),
        ({"scheme": "euler"}, "must be one of groot_warren"),
        ({"step": 0.0}, "out of all bounds"),
        ({"velocities": np.zeros((3, 3))}, "velocities of shape"),
    ],
)
def test_what_a_fluid_refuses(change, message):
    arguments = {"positions": np.ones((2, 3)), "box": (3.0, 3.0, 3.0), **change}
    with pytest.raises(ValueError, match=message):
        Fluid(arguments.pop("positions"), arguments.pop("box"), **arguments)


def test_samples_need_whole_strides():
    fluid = Fluid(np.ones((2, 3)) * [[1.0], [2.0]], (3.0, 3.0, 3.0), velocities=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="steps a multiple of every"):
        fluid.advance(10, every=3)


def test_radial_distribution_counts_exact_shells():
    rng = np.random.default_rng(2)
    box = np.array([6.0, 7.0, 8.0])
    g = dpd.radial_distribution(rng.random((4000, 3)) * box, box, np.linspace(0, 3, 13), references=800)
    expected = 800 * 4000 / box.prod() * 4 / 3 * math.pi * np.diff(np.linspace(0, 3, 13) ** 3)
    assert (np.abs(g - 1) < 5 / np.sqrt(expected)).all()
    for edges, message in (([0, 2, 1], "rising"), ([0, 1, 4], "equidistant"), ([0, 2, 4], "half the box")):
        with pytest.raises(ValueError, match=message):
            dpd.radial_distribution(np.zeros((2, 3)), box, edges)


def test_diffusion_of_a_random_walk():
    steps = np.random.default_rng(5).normal(size=(201, 400, 3)) * math.sqrt(2 * 0.3 * 0.5)
    squares = dpd.mean_square_displacement(np.cumsum(steps, axis=0))
    value, error = dpd.diffusion_from_displacements(squares, 0.5, 2.0)
    assert abs(value - 0.3) < 4 * error
    with pytest.raises(ValueError, match="reach a lag"):
        dpd.diffusion_from_displacements(squares, 0.5, 1e3)


# --- the model


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


# --- minutes


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

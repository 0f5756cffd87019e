"""Stochastic rotation dynamics: a collision, streaming, walls, thermostats, equilibrium; from any start."""

import math

import numpy as np
import pytest
import scipy.stats
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.rotation import fluid as fluid_module
from mesoscale.core.particles.rotation import rotate_and_stream
from mesoscale.core.particles.rotation.fluid import Fluid

ANGLE = 2.0


def box(particles=640, edge=4, dimensions=3, seed=0, **physics):
    edges = np.array([edge, edge, edge if dimensions == 3 else 1])
    physics = {"step": 0.1, "angle": ANGLE, **physics}
    return Fluid.at_rest(particles, edges, spawn_states(seed, 1)[0], dimensions=dimensions, **physics)


def energy(fluid):
    return float((fluid.rows[3:] ** 2).sum())


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_collision_turns_the_velocities_of_a_cell_about_their_mean_by_the_angle(dimensions):
    fluid = box(dimensions=dimensions, edge=4 if dimensions == 3 else 8)
    before = fluid.rows[3:].copy()
    fluid.advance(1)
    after, cell = fluid.rows[3:], fluid._cell
    for q in np.unique(cell):
        inside = cell == q
        old, new = before[:, inside], after[:, inside]
        np.testing.assert_allclose(new.sum(axis=1), old.sum(axis=1), atol=1e-12)
        old, new = old - old.mean(axis=1, keepdims=True), new - new.mean(axis=1, keepdims=True)
        np.testing.assert_allclose(new.T @ new, old.T @ old, atol=1e-12)
        if inside.sum() > dimensions + 1:
            d = dimensions
            turn = np.linalg.lstsq(old[:d].T, new[:d].T, rcond=None)[0].T
            assert np.linalg.det(turn) == pytest.approx(1.0)
            assert np.trace(turn) == pytest.approx((d - 2) + 2 * math.cos(ANGLE))


def test_in_two_dimensions_cells_turn_to_both_sides_equally_often():
    fluid = box(particles=8000, edge=40, dimensions=2)
    before = fluid.rows[3:5].copy()
    fluid.advance(1)
    old, new, cell = before, fluid.rows[3:5], fluid._cell
    sides = []
    for q in np.unique(cell)[:1000]:
        inside = cell == q
        if inside.sum() > 2:
            a, b = old[:, inside], new[:, inside]
            a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
            sides.append(np.sign((a[0] * b[1] - a[1] * b[0]).sum()))
    assert len(sides) > 800
    assert abs(np.mean(sides)) < 4 / math.sqrt(len(sides))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_without_a_thermostat_energy_and_momentum_stay_to_round_off(dimensions):
    fluid = box(dimensions=dimensions, edge=4 if dimensions == 3 else 8)
    fluid.rows[3] += 3.0  # a drift
    before, momentum = energy(fluid), fluid.rows[3:].sum(axis=1)
    fluid.advance(2000)
    assert energy(fluid) == pytest.approx(before, rel=1e-12)
    np.testing.assert_allclose(fluid.rows[3:].sum(axis=1), momentum, atol=1e-9)


def test_thermostats_keep_momentum_and_drift():
    for thermostat in ("global", "cell"):
        fluid = box(thermostat=thermostat)
        fluid.rows[3] += 3.0
        fluid.advance(500)
        np.testing.assert_allclose(fluid.rows[3:].sum(axis=1), [1920, 0, 0], atol=1e-9)


def test_blocks_of_steps_make_no_difference():
    one, many = box(), box()
    one.advance(30)
    for steps in (1, 9, 20):
        many.advance(steps)
    assert (one.rows == many.rows).all()


def test_sorting_changes_the_order_in_memory_and_nothing_else(monkeypatch):
    plain = box()
    start = plain.in_order()[0]
    plain.advance(12)
    monkeypatch.setattr(fluid_module, "_CACHED", 100)
    monkeypatch.setattr(fluid_module, "_sorting_interval", lambda *_: 5)
    mixed = box()
    mixed.advance(12)
    assert (mixed.who != np.arange(640)).any()
    assert sorted(mixed.who) == list(range(640))
    for a, b in zip(plain.in_order(), mixed.in_order(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    assert np.abs(mixed.in_order()[0] - start).max() < 12 * 0.1 * 8


def test_the_sorting_interval_follows_the_diffusion():
    intervals = [fluid_module._sorting_interval(step, 2.27, 10.0, 3) for step in (0.01, 0.3, 1.0)]
    assert intervals == sorted(intervals, reverse=True)
    assert intervals[0] == 128
    assert intervals[-1] == 16


def test_a_lone_particle_flies_straight_whatever_the_thermostat():
    for thermostat in ("none", "global", "cell"):
        result = rotate_and_stream([[0.5, 0.5, 0.5]], [[1.0, -2.0, 0.5]], [4, 4, 4], step=0.1, angle=ANGLE, steps=70,
                                   thermostat=thermostat)  # fmt: skip
        np.testing.assert_allclose(result.position[-1, 0], [7.5, -13.5, 4.0], atol=1e-12)
        assert (result.velocity[-1, 0] == [1.0, -2.0, 0.5]).all()


def test_particles_that_move_alike_are_left_alone():
    v = np.tile([0.3, 0.1, -0.2], (500, 1))
    x = np.random.default_rng(0).uniform(0, 4, (500, 3))
    result = rotate_and_stream(x, v, [4, 4, 4], step=0.5, angle=ANGLE, steps=50, thermostat="cell")
    np.testing.assert_allclose(result.velocity[-1], v, atol=1e-12)


def test_without_the_shift_particles_that_hardly_move_never_exchange_momentum_between_cells():
    """What the random shift is for: on a grid that rests, cells keep their momentum for ever."""
    spread = {}
    for shift in (True, False):
        fluid = box(step=1e-9, shift=shift)
        cells = np.floor(fluid.rows[:3]).astype(int)
        label = (cells[0] * 4 + cells[1]) * 4 + cells[2]
        before = np.bincount(label, fluid.rows[3])
        fluid.advance(50)
        spread[shift] = float(np.abs(np.bincount(label, fluid.rows[3]) - before).max())
    assert spread[False] < 1e-10
    assert spread[True] > 1.0


def test_velocities_become_maxwells_from_a_start_with_one_speed_for_all():
    fluid = box(particles=8000, edge=9)
    fluid.rows[3:] = np.sign(fluid.rows[3:])
    fluid.rows[3:] -= fluid.rows[3:].mean(axis=1, keepdims=True)
    fluid.advance(60)
    scale = math.sqrt(energy(fluid) / (3 * 8000))
    assert scipy.stats.kstest(fluid.rows[3] / scale, "norm").pvalue > 1e-3
    speed = np.sqrt((fluid.rows[3:] ** 2).sum(axis=0)) / scale
    assert scipy.stats.kstest(speed, "maxwell").pvalue > 1e-3


def test_the_cell_thermostat_cools_to_its_temperature_with_canonical_fluctuations():
    fluid = box(particles=160, thermostat="cell", step=0.5)
    fluid.rows[3:] *= 2.0
    fluid.advance(100)
    energies = []
    for _ in range(4000):
        fluid.advance(4)
        energies.append(0.5 * energy(fluid))
    freedom = 3 * (160 - 1)
    mean, variance = np.mean(energies), np.var(energies)
    assert mean == pytest.approx(0.5 * freedom, abs=4 * math.sqrt(0.5 * freedom / 1000))
    assert variance == pytest.approx(0.5 * freedom, rel=0.15)


def test_global_rescaling_sets_the_energy_relative_to_the_cells_exactly():
    fluid = box(particles=1000, thermostat="global")
    fluid.rows[3:] *= 1.7
    fluid.advance(3)
    relative, freedom = 0.0, 0
    for q in np.unique(fluid._cell):
        v = fluid.rows[3:, fluid._cell == q]
        relative += float(((v - v.mean(axis=1, keepdims=True)) ** 2).sum())
        freedom += 3 * (v.shape[1] - 1)
    assert relative / freedom == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("thermostat", "ratio"), [("none", 5 / 3), ("cell", 1.0)])
def test_sound_is_adiabatic_and_with_a_thermostat_isothermal(thermostat, ratio):
    """A standing compression wave along x turns after a quarter of a period, L / (4 c)."""
    length = 80
    fluid = Fluid.at_rest(
        64_000, np.array([length, 5, 4]), spawn_states(2, 1)[0], dimensions=3, step=0.25, angle=ANGLE,
        thermostat=thermostat,
    )  # fmt: skip
    k = 2 * math.pi / length
    fluid.rows[3] += 0.2 * np.sin(k * fluid.rows[0])
    waves = []
    for _ in range(96):
        waves.append(2 * float((fluid.rows[3] * np.sin(k * fluid.rows[0])).mean()))
        fluid.advance(1)
    t, u = 0.25 * np.arange(96), np.array(waves)
    late = np.abs(u) < 0.06
    slope, offset = np.polyfit(t[late], u[late], 1)
    assert length / (4 * (-offset / slope)) == pytest.approx(math.sqrt(ratio), rel=0.05)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_fluid_at_rest_between_walls_is_uniform_and_at_the_temperature_of_the_walls(dimensions):
    edge = 6 if dimensions == 3 else 8
    n = 10 * edge**dimensions
    fluid = box(particles=n, edge=edge, dimensions=dimensions, walls=True, step=0.3)
    fluid.rows[3:] *= 1.2
    fluid.advance(400)
    counts, squares = np.zeros(2 * edge), np.zeros(2 * edge)
    samples = 100 if dimensions == 3 else 1500
    for _ in range(samples):
        fluid.advance(10)
        y = fluid.rows[1]
        assert y.min() >= 0.0
        assert y.max() <= edge
        places = np.minimum((2 * y).astype(int), 2 * edge - 1)
        counts += np.bincount(places, minlength=2 * edge)
        squares += np.bincount(places, (fluid.rows[3:] ** 2).sum(axis=0), minlength=2 * edge)
    np.testing.assert_allclose(counts / counts.mean(), 1.0, atol=6 / math.sqrt(n * samples / (2 * edge) / 10))
    np.testing.assert_allclose(squares / counts / dimensions, 1.0, atol=0.03)
    assert np.abs(fluid.rows[3:].sum(axis=1)).max() < 6 * math.sqrt(n)


def start(n=200, d=3, edge=4.0):
    rng = np.random.default_rng(0)
    return rng.uniform(0, edge, (n, d)), rng.normal(size=(n, d))


def test_a_trajectory_is_labelled_and_begins_with_the_start():
    x, v = start()
    result = rotate_and_stream(x, v, [4, 4, 4], step=0.1, angle=ANGLE, steps=10, every=4)
    assert result.sizes == {"time": 3, "particle": 200, "axis": 3}
    np.testing.assert_allclose(result.time, [0.0, 0.4, 0.8])
    assert (result.position[0] == x).all()
    assert (result.velocity[0] == v).all()
    np.testing.assert_allclose(result.momentum[-1], v.sum(axis=0), atol=1e-12)
    assert all(result[name].attrs["units"] and result[name].attrs["long_name"] for name in result.variables)
    assert '"seed": 0' in result.attrs["recipe"]


def test_two_dimensions_stay_two_dimensional_and_the_seed_decides():
    x, v = start(d=2)
    a, b, c = (rotate_and_stream(x, v, [4, 4], step=0.1, angle=ANGLE, steps=20, seed=s) for s in (0, 0, 1))
    assert a.sizes["axis"] == 2
    assert (a.velocity == b.velocity).all()
    assert (a.velocity[-1] != c.velocity[-1]).any()


def test_no_steps_give_the_start():
    x, v = start()
    result = rotate_and_stream(x, v, [4, 4, 4], step=0.1, angle=ANGLE, steps=0)
    assert result.sizes["time"] == 1
    assert (result.velocity[0] == v).all()


def test_a_uniform_force_accelerates_and_a_sine_does_not():
    x, v = start(n=2000)
    pushed = rotate_and_stream(x, v, [4, 4, 4], step=0.1, angle=ANGLE, steps=50, flow="uniform", force=0.3)
    assert float((pushed.momentum[-1] - pushed.momentum[0])[0]) == pytest.approx(2000 * 0.3 * 5.0, rel=1e-9)
    waved = rotate_and_stream(x, v, [4, 4, 4], step=0.1, angle=ANGLE, steps=50, flow="sinusoidal", force=0.3)
    assert abs(float((waved.momentum[-1] - waved.momentum[0])[0])) < 300


def test_progress_is_told_and_may_cancel():
    x, v = start()
    told = []
    rotate_and_stream(
        x, v, [4, 4, 4], step=0.1, angle=ANGLE, steps=10, progress=lambda done, of: told.append((done, of))
    )
    assert told[-1] == (10, 10)

    def cancel(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_and_stream(x, v, [4, 4, 4], step=0.1, angle=ANGLE, steps=10, progress=cancel)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((5, 4))}, "positions must be finite, of shape"),
        ({"velocities": np.zeros((3, 3))}, "velocities must be finite, of shape"),
        ({"velocities": np.full((200, 3), np.nan)}, "velocities must be finite"),
        ({"box": [4, 4]}, "box must be 3 whole numbers"),
        ({"box": [4, 4, 4.5]}, "box must be 3 whole numbers"),
        ({"box": [4096, 4096, 4096]}, "box must be 3 whole numbers of cells, together less"),
        ({"step": 0.0}, "step must be a positive number"),
        ({"step": 9e5}, "step must be below"),
        ({"angle": "130 degree"}, "angle must be a finite angle in radians"),
        ({"angle": math.nan}, "angle must be a finite angle"),
        ({"force": math.inf}, "force must be a finite number"),
        ({"force": 1e300}, "force and velocities must stay below 1e"),
        ({"positions": np.full((200, 3), 1e12)}, "positions must lie within 1e"),
        ({"velocities": np.full((200, 3), 1e7)}, "force and velocities must stay below 1e"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"every": 0}, "every must be a whole number of at least 1"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"thermostat": "warm"}, "thermostat must be one of none, global, cell"),
        ({"flow": "fast"}, "flow must be one of none, sinusoidal, uniform"),
        ({"walls": True, "box": [4, 2, 4]}, "positions must lie between the walls"),
    ],
)
def test_what_cannot_be_followed_is_an_error(change, message):
    x, v = start()
    given = {"positions": x, "velocities": v, "box": [4, 4, 4], "step": 0.1, "angle": ANGLE, "steps": 1, **change}
    with pytest.raises(ParameterError, match=message):
        rotate_and_stream(given.pop("positions"), given.pop("velocities"), given.pop("box"), **given)


def test_earlier_rows_are_brought_into_the_order_of_now(monkeypatch):
    monkeypatch.setattr(fluid_module, "_CACHED", 100)
    monkeypatch.setattr(fluid_module, "_sorting_interval", lambda *_: 2)
    fluid = box()
    fluid.advance(1)
    before, order = fluid.rows.copy(), fluid.order()
    start = fluid.in_order()[0]
    for _ in range(5):  # buffers are used in turn: the order must not be taken from one of them
        fluid.advance(2)
        now = fluid.in_order()[0]
        moved = fluid.rows[:3] - fluid.rearranged(before, order)[:3]
        np.testing.assert_allclose(np.sort(np.abs(moved).ravel()), np.sort(np.abs(now - start).ravel()), atol=1e-12)
    monkeypatch.undo()
    plain = box()
    assert plain.order().size == 0
    assert plain.rearranged(before, plain.order()) is before


def test_the_start_is_uniform_with_maxwells_velocities_no_momentum_and_temperature_one():
    fluid = box(particles=9000, edge=6)
    np.testing.assert_allclose(fluid.rows[3:].sum(axis=1), 0.0, atol=1e-9)
    assert energy(fluid) == pytest.approx(3 * 8999, rel=1e-12)
    for axis in range(3):
        assert scipy.stats.kstest(fluid.rows[axis], "uniform", args=(0, 6)).pvalue > 1e-3
        assert scipy.stats.kstest(fluid.rows[3 + axis], "norm").pvalue > 1e-3
    flat = box(particles=500, edge=8, dimensions=2)
    assert (flat.rows[[2, 5]] == 0.0).all()
    flat.advance(20)
    assert (flat.rows[[2, 5]] == 0.0).all()


def test_an_elongated_box_is_as_good_as_a_cube():
    """The numbers of cells along the axes must not be mixed up: every particle finds others to collide with."""
    x, v = np.random.default_rng(5).uniform(0, [2, 3, 9], (540, 3)), np.random.default_rng(6).normal(size=(540, 3))
    result = rotate_and_stream(x, v, [2, 3, 9], step=0.2, angle=ANGLE, steps=200, thermostat="cell")
    assert float(result.kinetic_temperature[-1]) == pytest.approx(1.0, abs=4 * math.sqrt(2 / 1617))
    np.testing.assert_allclose(result.momentum[-1], v.sum(axis=0), atol=1e-10)


def test_a_transverse_wave_decays_with_the_kinematic_viscosity():
    """Without a force: what is left of a sine of v_x along y after a time t is exp(-nu k^2 t)."""
    nu, k = 0.8699, 2 * math.pi / 10
    rng = np.random.default_rng(7)
    x, v = rng.uniform(0, 10, (10_000, 3)), rng.normal(size=(10_000, 3))
    v[:, 0] += 0.6 * np.sin(k * x[:, 1])
    result = rotate_and_stream(x, v, [10, 10, 10], step=0.1, angle=math.radians(130.0), steps=24, every=8)
    wave = 2 * (result.velocity[..., 0] * np.sin(k * result.position[..., 1])).mean("particle")
    expected = float(wave[0]) * np.exp(-nu * k**2 * result.time.values)
    np.testing.assert_allclose(wave.values, expected, atol=4 * math.sqrt(2 / 10_000))
    assert float(wave[-1]) < 0.5 * float(wave[0])


def test_a_lone_particle_near_a_wall_feels_the_wall():
    """A cut cell is filled by the wall: a cold particle is heated by it, whatever the thermostat."""
    x, v = np.tile([0.5, 0.01, 0.5], (40, 1)) + [[i % 4, 0, i // 4] for i in range(40)], np.zeros((40, 3))
    result = rotate_and_stream(x, v, [4, 4, 10], step=1e-3, angle=ANGLE, steps=20, walls=True)
    assert float(result.kinetic_temperature[-1]) > 0.05
    free = rotate_and_stream(x, v, [4, 4, 10], step=1e-3, angle=ANGLE, steps=20)
    assert float(free.kinetic_temperature[-1]) == 0.0

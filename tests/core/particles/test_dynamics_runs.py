"""Runs: what is conserved, what fluctuates how, and that bits depend on arguments only."""

import json
import math

import numpy as np
import pytest
from mesoscale.core.kernels.statistics import mean_with_error
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles.dynamics import Barostat, ForceField, System, final_system, simulate
from mesoscale.core.particles.potentials import (
    CosineSquared,
    FiniteExtensible,
    Harmonic,
    HarmonicAngle,
    LennardJones,
    Tabulated,
    WeeksChandlerAndersen,
)

SMOOTH = ForceField(pairs={(0, 0): LennardJones(cutoff=2.5, force_shifted=True)})
REPULSIVE = ForceField(pairs={(0, 0): WeeksChandlerAndersen()})


def lattice(side, density):
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1).reshape(-1, 3)
    edge = side * density ** (-1 / 3)
    return (grid + 0.5) * edge / side, [edge] * 3


@pytest.fixture(scope="module")
def liquid():
    """A liquid of 216 in equilibrium, its total momentum zero."""
    x, box = lattice(6, 0.7)
    state = final_system(simulate(System(x, box), SMOOTH, steps=1500, step=0.005, temperature=1.0, every=1500, keep=()))
    v = state.velocities - state.velocities.mean(axis=0)
    return System(state.positions, state.box, v)


def energies(state, step, steps, force_field=SMOOTH, **options):
    run = simulate(state, force_field, steps=steps, step=step, scheme="velocity_verlet", keep=(), **options)
    return (run.potential_energy + run.kinetic_energy).values


def test_energy_fluctuates_with_the_square_of_the_step(liquid):
    steps = np.array([0.002, 0.003, 0.0045, 0.006])
    spread = [energies(liquid, h, 2 * round(0.3 / h), every=2).std() for h in steps]
    assert np.polyfit(np.log(steps), np.log(spread), 1)[0] == pytest.approx(2.0, abs=0.1)


def test_energy_does_not_drift(liquid):
    total = energies(liquid, 0.004, 6000, every=100)
    drift = (total[-20:].mean() - total[:20].mean()) / 216
    assert abs(drift) < 2e-4  # kT is 1: less than 1e-4 kT a particle in a thousand steps


def test_a_table_conserves_energy_too(liquid):
    exact = LennardJones(cutoff=2.5, force_shifted=True)
    r = np.linspace(0.7, 2.5, 2000)
    values = exact.energy(np.minimum(r, 2.5 - 1e-12))
    table = ForceField(pairs={(0, 0): Tabulated(r, values - values[-1])})
    total = energies(liquid, 0.004, 2000, force_field=table, every=50)
    assert abs(total[-10:].mean() - total[:10].mean()) / 216 < 1e-4


def test_momentum_is_kept_to_rounding(liquid):
    run = simulate(liquid, SMOOTH, steps=1000, step=0.005, scheme="velocity_verlet", every=1000, keep=("velocity",))
    assert np.abs(run.velocity.values[-1].sum(axis=0)).max() < 1e-11
    assert float(run.kinetic_temperature[-1]) == pytest.approx(2 * float(run.kinetic_energy[-1]) / (3 * 216 - 3))


def test_time_runs_backwards(liquid):
    there = final_system(simulate(liquid, SMOOTH, steps=200, step=0.004, scheme="velocity_verlet", every=200, keep=()))
    mirror = System(there.positions, there.box, -there.velocities)
    back = final_system(simulate(mirror, SMOOTH, steps=200, step=0.004, scheme="velocity_verlet", every=200, keep=()))
    np.testing.assert_allclose(back.positions, liquid.positions, atol=1e-9)


def test_an_oscillation_has_its_period():
    # reduced mass 2/3, k = 6: omega = 3; after a whole period the bond has its length again
    bond = ForceField(bonds=[([[0, 1]], Harmonic(stiffness=6.0, rest_length=1.0))])
    start = System([[0, 0, 0.3], [8.8, 0, 0.3]], [10] * 3, masses=[1.0, 2.0])  # 1.2 across the border
    n = 4000
    run = simulate(start, bond, steps=n, step=2 * math.pi / 3 / n, scheme="velocity_verlet", every=n // 4)
    length = np.linalg.norm(np.diff(run.position.values - np.array([0, 0, 0]), axis=1)[:, 0] % 10 - [10, 0, 0], axis=1)
    np.testing.assert_allclose(length, [1.0, 0.8, 1.0, 1.2], atol=1e-5)


@pytest.mark.parametrize("skin", [0.05, 0.8])
def test_the_skin_changes_no_result(liquid, skin):
    runs = [
        simulate(liquid, SMOOTH, steps=150, step=0.004, scheme="velocity_verlet", every=150, skin=s)
        for s in (0.3, skin)
    ]
    np.testing.assert_allclose(runs[0].position.values, runs[1].position.values, atol=1e-8)


def test_bits_depend_on_arguments_only(liquid):
    options = {"steps": 60, "step": 0.005, "temperature": 1.1, "seed": 5}
    runs = []
    for workers, every in ((1, 60), (2, 60), (1, 7)):
        with use_workers(workers):
            runs.append(simulate(liquid, SMOOTH, **(options | {"every": every, "steps": 63 if every == 7 else 60})))
    np.testing.assert_array_equal(runs[0].last_position.values, runs[1].last_position.values)
    cut = simulate(liquid, SMOOTH, **(options | {"every": 63, "steps": 63}))
    np.testing.assert_array_equal(cut.last_position.values, runs[2].last_position.values)
    other = simulate(liquid, SMOOTH, **(options | {"seed": 6, "every": 60}))
    assert not np.array_equal(other.last_velocity.values, runs[0].last_velocity.values)


def test_equipartition_in_a_mixture_of_masses():
    x, box = lattice(5, 0.5)
    masses = np.where(np.arange(125) % 5 == 0, 8.0, 1.0)
    run = simulate(
        System(x, box, masses=masses), REPULSIVE, steps=6000, step=0.004, temperature=1.4, friction=2.0, every=20,
        equilibration=500, keep=("velocity",), seed=2,
    )  # fmt: skip
    for heavy in (True, False):
        chosen = (masses == 8.0) == heavy
        each = (masses[chosen, None] * run.velocity.values[:, chosen] ** 2).mean(axis=(1, 2))
        value, error = mean_with_error(each)
        # BAOAB's velocities are too slow by (omega h)^2/4, some 1e-3 here
        assert abs(value - 1.4) < 4 * error + 0.004
    value, error = mean_with_error(run.configurational_temperature.values)
    assert abs(value - 1.4) < 4 * error


def test_velocities_are_drawn_from_maxwell():
    x, box = lattice(12, 1e-3)
    masses = np.where(np.arange(1728) % 2 == 0, 1.0, 4.0)
    run = simulate(System(x, box, masses=masses), ForceField(), steps=1, step=1e-6, temperature=0.9, every=1)
    v = run.velocity.values[0] * np.sqrt(masses)[:, None]
    assert abs((v**2).mean() - 0.9) < 4 * 0.9 * math.sqrt(2 / v.size)
    assert abs((v**4).mean() / 3 - 0.81) < 4 * 0.81 * math.sqrt(32 / 3 / v.size)
    still = simulate(
        System(x, box, masses=masses), ForceField(), steps=1, step=1e-6, temperature=0.9, every=1,
        scheme="velocity_verlet",
    )  # fmt: skip
    momentum = (masses[:, None] * still.last_velocity.values).sum(axis=0)
    assert np.abs(momentum).max() < 1e-9
    assert float(still.kinetic_temperature[0]) == pytest.approx(0.9, rel=1e-9)


def test_free_particles_diffuse_as_einstein_says():
    # <x^2> = 2 (kT/m gamma^2) (gamma t - 1 + exp(-gamma t)), which BAOAB meets to order h^2
    x, box = lattice(12, 1e-3)
    run = simulate(System(x, box), ForceField(), steps=80, step=0.05, temperature=2.0, friction=1.5, every=80)
    moved = (run.position.values[0] - x) ** 2
    expected = 2 * 2.0 / 2.25 * (1.5 * 4 - 1 + math.exp(-6))
    assert abs(moved.mean() - expected) < 4 * moved.std() / math.sqrt(moved.size) + 0.003


def test_positions_are_unwrapped_and_the_box_is_said():
    fast = System([[0.5, 0.5, 0.5]], [1.0, 2.0, 3.0], velocities=[[1.0, -2.0, 3.0]])
    run = simulate(fast, ForceField(), steps=100, step=0.1, scheme="velocity_verlet", every=50)
    np.testing.assert_allclose(run.position.values[-1, 0], [10.5, -19.5, 30.5], rtol=1e-12)
    np.testing.assert_array_equal(run.box.values, [[1, 2, 3]] * 2)
    np.testing.assert_allclose(run.time.values, [5.0, 10.0])


def test_a_run_in_two_parts_goes_on(liquid):
    options = {"step": 0.004, "scheme": "velocity_verlet", "keep": ()}
    whole = simulate(liquid, SMOOTH, steps=100, every=50, **options)
    first = simulate(liquid, SMOOTH, steps=50, every=50, **options)
    second = simulate(final_system(first), SMOOTH, steps=50, every=50, **options)
    np.testing.assert_allclose(second.last_position.values, whole.last_position.values, atol=1e-10)


@pytest.mark.parametrize("coupling", ["isotropic", "xy"])
def test_the_volume_of_an_ideal_gas_is_gamma_distributed(coupling):
    # p(V) ~ V^N exp(-p V/kT): mean (N+1) kT/p, variance (N+1) (kT/p)^2; a slow barostat and a rough one alike
    gas = System(np.random.default_rng(3).uniform(0, 2, (5, 3)), [2.0, 3.0, 2.5])
    box = Barostat(pressure=0.5, coupling=coupling, relaxation_time=0.2, compressibility=2.0, every=4)
    run = simulate(
        gas, ForceField(), steps=16_000, step=0.05, temperature=1.1, every=4, equilibration=400, keep=(), barostat=box
    )
    volume = run.volume.values
    value, error = mean_with_error(volume)
    assert abs(value - 6 * 2.2) < 4 * error
    value, error = mean_with_error(1 / volume)
    assert abs(value - 1 / (5 * 2.2)) < 4 * error
    value, error = mean_with_error((volume - 13.2) ** 2)
    assert abs(value - 6 * 2.2**2) < 4 * error
    if coupling == "xy":
        np.testing.assert_array_equal(run.box.values[:, 2], 2.5)
    else:
        np.testing.assert_allclose(run.box.values[:, 1] / run.box.values[:, 0], 1.5, rtol=1e-9)
    assert 0.3 < float(run.volume_acceptance) <= 1.0


def test_a_spring_resists_the_pressure_as_it_should():
    # two particles and a spring of rest length 0 in a box far larger: the pair behaves as one particle
    pairs = np.arange(16).reshape(-1, 2)
    field = ForceField(bonds=[(pairs, Harmonic(stiffness=4.0, rest_length=0.0))])
    x = np.repeat(np.random.default_rng(4).uniform(0, 8, (8, 3)), 2, axis=0) + 0.1
    box = Barostat(pressure=0.02, relaxation_time=0.5, compressibility=40.0, every=5)
    run = simulate(
        System(x, [9.0] * 3), field, steps=20_000, step=0.1, temperature=1.0, every=5, equilibration=2000, keep=(),
        barostat=box, seed=1,
    )  # fmt: skip
    value, error = mean_with_error(run.volume.values)
    assert abs(value - 9 * 50.0) < 4 * error


def test_the_pressure_of_the_barostat_is_met_by_spheres():
    x, box = lattice(5, 0.45)
    run = simulate(
        System(x, box), REPULSIVE, steps=5000, step=0.005, temperature=1.0, every=10, equilibration=1500, keep=(),
        barostat=Barostat(pressure=1.5, compressibility=0.3),
    )  # fmt: skip
    value, error = mean_with_error(run.pressure.values)
    assert abs(value - 1.5) < 4 * error


def test_lists_grow_when_a_gas_condenses_and_a_box_shrinks():
    x, _ = lattice(5, 0.05)
    run = simulate(
        System(x, [13.6] * 3), REPULSIVE, steps=1500, step=0.005, temperature=1.0, every=1500, keep=(),
        barostat=Barostat(pressure=3.0, compressibility=2.0, relaxation_time=0.5, every=5),
    )  # fmt: skip
    assert float(run.volume[-1]) < 0.4 * 13.6**3
    assert np.isfinite(float(run.pressure[-1]))


def test_the_recipe_says_what_was_done(liquid):
    run = simulate(liquid, SMOOTH, steps=10, step=0.004, temperature=1.0, every=10, keep=("force",))
    recipe = json.loads(run.attrs["recipe"])
    assert recipe["force_field"]["pairs"]["0-0"]["potential"] == "LennardJones"
    assert recipe["seed"] == 0
    assert all("units" in run[name].attrs and "long_name" in run[name].attrs for name in run.data_vars)
    assert "position" not in run
    assert run.force.dims == ("time", "particle", "axis")


def test_progress_counts_and_cancels(liquid):
    seen = []
    options = {"steps": 20, "step": 0.004, "temperature": 1.0, "every": 10}
    simulate(liquid, SMOOTH, progress=lambda done, total: seen.append((done, total)), **options)
    assert seen[-1] == (20, 20)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(liquid, SMOOTH, progress=stop, **options)


def test_particles_that_overlap_fly_apart_and_it_is_said():
    close = System([[0, 0, 0], [0.01, 0, 0]], [9] * 3)
    with pytest.raises(ResultError, match="fly apart"):
        simulate(close, SMOOTH, steps=2000, step=0.01, temperature=1.0, every=1000)


def test_a_bond_that_breaks_is_said():
    bond = ForceField(bonds=[([[0, 1]], FiniteExtensible())])
    fast = System([[0, 0, 0], [1, 0, 0]], [9] * 3, velocities=[[-9, 0, 0], [9, 0, 0]])
    with pytest.raises(ResultError, match="longer than it can be"):
        simulate(fast, bond, steps=100, step=0.05, scheme="velocity_verlet", every=10)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"steps": 15}, "multiple of every"),
        ({"step": 0.0}, "step must be greater than 0"),
        ({"step": True}, "step must be greater"),
        ({"scheme": "euler"}, "scheme must be"),
        ({"temperature": None}, "temperature must be given"),
        ({"temperature": -1.0}, "temperature must be at least 0"),
        ({"friction": 0.0}, "friction must be greater than 0"),
        ({"keep": "position"}, "keep must be a tuple"),
        ({"keep": ("charge",)}, "keep must be a tuple"),
        ({"keep": None}, "keep must be a tuple"),
        ({"skin": 1e6}, "cutoff and skin must make fewer than 40000000 images"),
        ({"barostat": {"pressure": 1.0}}, "barostat must be a Barostat"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"skin": 0.0}, "skin must be greater"),
        ({"steps": 10**12, "every": 10}, "more frames than memory"),
        ({"barostat": Barostat(), "scheme": "velocity_verlet"}, "barostat needs the scheme"),
    ],
)
def test_what_is_not_allowed_is_one_clear_error(liquid, options, words):
    with pytest.raises(ParameterError, match=words):
        simulate(liquid, SMOOTH, **({"steps": 20, "step": 0.005, "temperature": 1.0, "every": 10} | options))


def test_a_barostat_wants_energies_that_are_zero_at_the_cutoff(liquid):
    cut = ForceField(pairs={(0, 0): LennardJones(cutoff=2.5)})
    with pytest.raises(ParameterError, match="tail correction"):
        simulate(liquid, cut, steps=10, step=0.005, temperature=1.0, every=10, barostat=Barostat())
    with pytest.raises(ParameterError, match="coupling"):
        Barostat(coupling="z")
    with pytest.raises(ParameterError, match="every"):
        Barostat(every=0)


def test_a_dataset_that_is_no_run_has_no_final_system(liquid):
    run = simulate(liquid, SMOOTH, steps=10, step=0.005, temperature=1.0, every=10, keep=())
    with pytest.raises(ParameterError, match="no result of simulate"):
        final_system(run.drop_vars("last_box"))
    with pytest.raises(ParameterError, match="no result of simulate"):
        final_system(liquid)


def test_what_is_no_system_or_force_field_is_said(liquid):
    options = {"steps": 10, "step": 0.005, "temperature": 1.0, "every": 10, "barostat": Barostat()}
    with pytest.raises(ParameterError, match="force_field must be a ForceField"):
        simulate(liquid, {}, **options)
    with pytest.raises(ParameterError, match="system must be a System"):
        simulate(np.zeros((3, 3)), SMOOTH, **options)


def test_a_run_goes_on_with_noise_of_another_seed():
    """The same seed again would repeat the kicks: free particles in two halves move as in one run, or not."""
    x, box = lattice(8, 1e-3)
    options = {"steps": 60, "step": 0.1, "temperature": 1.0, "friction": 1.0, "every": 60, "keep": ("position",)}
    first = simulate(System(x, box), ForceField(), seed=1, **options)
    moved = first.position.values[0] - x
    again, fresh = (
        simulate(final_system(first), ForceField(), seed=seed, **options).position.values[0] - x - moved
        for seed in (1, 2)
    )
    assert np.corrcoef(moved.ravel(), again.ravel())[0, 1] > 0.8
    assert abs(np.corrcoef(moved.ravel(), fresh.ravel())[0, 1]) < 0.3  # the velocity goes on: exp(-t)


TRIMERS = np.arange(90).reshape(-1, 3)
MIXTURES = [
    ForceField(pairs={(0, 0): LennardJones(cutoff=2.5, force_shifted=True), (1, 1): WeeksChandlerAndersen()}),
    ForceField(pairs={(0, 1): CosineSquared(width=1.2), (0, 0): WeeksChandlerAndersen(diameter=0.9)}),
    ForceField(
        pairs={(0, 0): WeeksChandlerAndersen(), (0, 1): WeeksChandlerAndersen(), (1, 1): WeeksChandlerAndersen()},
        bonds=[(np.concatenate([TRIMERS[:, :2], TRIMERS[:, 1:]]), FiniteExtensible())],
        angles=[(TRIMERS, HarmonicAngle(stiffness=3.0, rest_angle=2.0))],
    ),
]


@pytest.mark.parametrize("force_field", MIXTURES)
@pytest.mark.parametrize("box", [[[5.0, 0, 0], [1.9, 9.0, 0], [-1.1, 2.4, 3.2]], [2.5, 9.0, 6.2]])
def test_energy_of_any_mixture_is_kept_in_any_box(force_field, box):
    """Several types, a skewed box or one thinner than the cutoff: the energy fluctuates, and stays."""
    shape = (5, 2, 9)
    vectors = np.asarray(box) if np.ndim(box) == 2 else np.diag(box)
    along = (0, 2, 1) if np.ndim(box) == 2 else (2, 0, 1)  # five, two and nine layers; trimers lie along the nine
    share = (np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3) + 0.5) / shape
    x = np.empty((90, 3))
    x[:, along] = share
    types = np.arange(90) % 2
    start = System(x @ vectors, box, types=types, masses=1.0 + types)
    quiet = simulate(
        start, force_field, steps=3000, step=0.001, temperature=0.5, friction=10.0, every=3000, keep=(), seed=3
    )
    total = energies(final_system(quiet), 0.001, 3000, force_field=force_field, every=50)
    assert abs(total[-10:].mean() - total[:10].mean()) / 90 < 1e-4

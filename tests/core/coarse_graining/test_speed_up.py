"""The study of the tetrahedral liquid: its laws, its building blocks against exact answers, its ladder, its run."""

import itertools
import threading

import numpy as np
import pytest
from mesoscale.core.coarse_graining.speed_up import ADRESS_BEAD, SpeedUp, collision_rate, tetrahedron_step_limit
from mesoscale.core.coarse_graining.speed_up.ladder import climb, rungs
from mesoscale.core.coarse_graining.speed_up.liquid import (
    Rung,
    bead_system,
    build_molecules,
    diffusion_coefficient,
    follow,
    molecule_field,
    rest_length,
)
from mesoscale.core.coarse_graining.speed_up.smoothing import smoothed
from mesoscale.core.model import ParameterError, ResultError, summarize
from mesoscale.core.particles.dynamics import ForceField, forces
from mesoscale.core.particles.potentials import Morse, Tabulated

QUICK = SpeedUp(**SpeedUp.quick)


@pytest.fixture(scope="module")
def quick():
    return QUICK.run(seed=1)


# --------------------------------------------------------------------------------------------------------- laws


def test_the_step_limit_is_that_of_the_dynamical_matrix():
    corners = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    matrix = np.zeros((12, 12))
    for i, j in itertools.combinations(range(4), 2):
        e = (corners[i] - corners[j]) / np.linalg.norm(corners[i] - corners[j])
        block = 700.0 * np.outer(e, e)
        for a, b, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
            matrix[3 * a : 3 * a + 3, 3 * b : 3 * b + 3] += sign * block
    modes = np.linalg.eigvalsh(matrix / 2.5)
    assert tetrahedron_step_limit(700.0, 2.5) == pytest.approx(2.0 / np.sqrt(modes[-1]))
    assert modes / (700.0 / 2.5) == pytest.approx([0] * 6 + [1, 1, 2, 2, 2, 4], abs=1e-9)
    assert np.isnan(tetrahedron_step_limit(-1.0, 1.0))


def test_the_rest_length_is_the_minimum_of_bond_and_repulsion():
    for stiffness, longest in ((30.0, 1.5), (10.0, 2.0), (100.0, 1.3)):
        r, curvature = rest_length(stiffness, longest)

        def energy(x, k=stiffness, m=longest):
            return -0.5 * k * m * m * np.log(1 - (x / m) ** 2) + 4 * (x**-12 - x**-6) + 1

        h = 1e-4
        assert (energy(r + h) - energy(r - h)) / (2 * h) == pytest.approx(0.0, abs=1e-2)
        assert (energy(r + h) - 2 * energy(r) + energy(r - h)) / h**2 == pytest.approx(curvature, rel=1e-5)


def test_the_rate_of_collisions_scales_as_a_gas_does():
    base = collision_rate(0.1, 2.0, 4.0, 1.0)
    assert collision_rate(0.2, 2.0, 4.0, 1.0) == pytest.approx(2 * base)
    assert collision_rate(0.1, 4.0, 4.0, 1.0) == pytest.approx(4 * base)
    # the mean free path is 1 / (sqrt 2 pi n d^2): a molecule forgets within about as many paths as speeds tell
    path = 1.0 / (np.sqrt(2) * np.pi * 0.1 * 4.0)
    assert base * path / np.sqrt(8 / (np.pi * 4.0)) == pytest.approx(2 / 3, rel=1e-6)
    slow = SpeedUp(reduced_friction=1.0).governing_ratio()
    assert SpeedUp(reduced_friction=0.5).governing_ratio() == pytest.approx(2 * slow)
    assert SpeedUp().at_ratio(1.0).governing_ratio() == pytest.approx(1.0)


# ----------------------------------------------------------------------------------------------------- building


@pytest.mark.parametrize(("count", "density"), [(27, 0.1), (28, 0.15), (64, 0.15), (100, 0.02)])
def test_molecules_are_built_whole_and_apart(count, density):
    bond, _ = rest_length(30.0, 1.5)
    system = build_molecules(count, density, bond)
    assert system.size / 4 / system.volume == pytest.approx(density)
    field = molecule_field(count, 30.0, 1.5)
    pairs = field.bonds[0][0]
    assert len(np.unique(np.sort(pairs, axis=1), axis=0)) == 6 * count
    lengths = np.linalg.norm(system.positions[pairs[:, 0]] - system.positions[pairs[:, 1]], axis=1)
    assert lengths == pytest.approx(np.full(6 * count, bond))
    per_molecule = float(forces(system, field).potential_energy) / count
    alone = float(forces(build_molecules(1, 1e-3, bond), molecule_field(1, 30.0, 1.5)).potential_energy)
    assert per_molecule < alone + 4.0  # nobody begins inside another


def test_a_bead_weighs_as_much_as_its_molecule():
    assert bead_system([[0.0, 0, 0]], [9.0] * 3).masses.tolist() == [4.0]


def test_the_published_bead_pushes_only():
    r = np.linspace(1.3, 2.31, 50)
    assert (ADRESS_BEAD.force(r) >= 0).all()
    assert ADRESS_BEAD.energy(2.31) == pytest.approx(0.0, abs=1e-12)
    assert ADRESS_BEAD.energy(1.8) == pytest.approx(0.105 * (1 - np.exp(-2.4 * (1.8 - 2.31))) ** 2)


def test_diffusion_is_the_slope_of_random_walks():
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0.0, np.sqrt(2 * 0.3 * 0.5), (400, 300, 3)), axis=0)
    value, error = diffusion_coefficient(walk, 0.5, 20.0)
    assert abs(value - 0.3) < 4 * error
    assert error < 0.01


def test_beads_that_do_not_meet_are_an_ideal_gas():
    start = build_molecules(64, 0.1, 0.96)
    run = follow(
        bead_system(start.positions[::4], start.box),
        ForceField(pairs={(0, 0): Morse(well_depth=0.0, cutoff=2.0)}),
        group=1, step=0.1, settling=20.0, duration=400.0, interval=1.0, temperature=1.0, friction=0.5, seed=1,
        width=0.2, lag=20.0,
    )  # fmt: skip
    pulls = (run.summary.correlation - 1) / run.summary.correlation_error
    assert np.abs(pulls[3:]).max() < 6  # ten blocks: a Student distribution
    assert run.summary.energy == (0.0, 0.0)
    assert np.isnan(run.summary.configurational_temperature[0])
    assert abs(run.diffusion[0] - 0.5) < 4 * run.diffusion[1]
    expected = 63 * 0.5 * 4 / 3 * np.pi * 8.0 / start.volume
    assert abs(run.pairs[0] - expected) < 5 * run.pairs[1]


def test_what_blows_up_is_told_from_what_does_not():
    bond, _ = rest_length(30.0, 1.5)
    system, field = build_molecules(27, 0.1, bond), molecule_field(27, 30.0, 1.5)
    common = {"group": 4, "settling": 2.0, "duration": 2.0, "interval": 0.4, "temperature": 1.0, "friction": 0.5}
    assert follow(system, field, step=0.004, seed=0, width=0.2, lag=1.0, **common) is not None
    assert follow(system, field, step=0.035, seed=0, width=0.2, lag=1.0, **common) is None
    hot = follow(
        bead_system(system.positions[::4], system.box), ForceField(pairs={(0, 0): ADRESS_BEAD}), group=1, step=1.5,
        settling=100.0, duration=10.0, interval=1.5, temperature=1.0, friction=0.01, seed=0, width=0.2,
        lag=5.0,
    )  # fmt: skip
    assert hot is None


# ------------------------------------------------------------------------------------------------------- ladder


def rung_of(energy, correlation, error=1e-4):
    g = np.full(30, float(correlation))
    return Rung((energy, error), (1.0, error), g, np.full(30, error))


def climbed(runs, **changes):
    steps = rungs(0.1, 10.0, 1.5)[: len(runs)]
    options = {"width": 0.1, "energy_tolerance": 0.01, "structure_tolerance": 0.03} | changes
    return steps, climb(steps, runs, rung_of(1.0, 1.0, error=1e-6), 2.0, *options.values())


def test_the_rungs_reach_the_last_step():
    steps = rungs(0.004, 0.032, 1.2)
    assert len(steps) == 12
    assert steps[1:] / steps[:-1] == pytest.approx(np.full(11, 1.2))
    assert steps[-1] <= 0.032 < steps[-1] * 1.2
    assert rungs(1.0, 8.0, 2.0) == pytest.approx([1, 2, 4, 8])


def test_what_fails_at_once_is_known_to_a_rung():
    good, structure = rung_of(1.01, 1.01), rung_of(1.0, 1.05)
    for bad in (structure, None):
        steps, found = climbed([good, good, bad])
        assert found.usable[0] == pytest.approx(np.sqrt(steps[1] * steps[2]), rel=1e-6)  # evenly in the logarithm
        assert found.usable[1] / found.usable[0] == pytest.approx(np.log(1.5) / np.sqrt(12), rel=1e-3)
        assert found.bracketed
        above = climbed([good, bad, good, bad])[1].usable[0]
        assert above == pytest.approx(steps[2] * np.sqrt(1.5), rel=1e-6)  # what fails below is noise
    steps, found = climbed([good] * 4)
    assert found.usable == (pytest.approx(steps[3]), 0.0)
    assert not found.bracketed
    steps, found = climbed([structure, structure])
    assert found.usable[0] == pytest.approx(steps[0])
    assert not found.bracketed
    table = climbed([good, None])[1].table
    assert table["energy_shift"][0] == pytest.approx(0.005)  # over equipartition
    assert table["structure_shift"][0] == pytest.approx(0.01)
    assert all(np.isnan(column[1]) for column in table.values())


def test_energies_that_shift_tell_where_between_the_rungs():
    for low, high in ((1.0, 1.04), (1.018, 1.022), (1.0, 1.4), (0.99, 0.92)):
        steps, found = climbed([rung_of(energy, 1.0, error=1e-6) for energy in (1.0, low, high)])
        room, excess = 0.01 - abs(low - 1) / 2, abs(high - 1) / 2 - 0.01
        where = np.exp(np.interp(room / (room + excess), [0, 1], np.log(steps[1:])))
        assert found.usable[0] == pytest.approx(where, rel=0.02)
        assert found.usable[1] < 0.05 * where
        assert found.bracketed


@pytest.mark.parametrize("noise", [0.002, 0.006])
def test_the_error_of_a_usable_step_is_its_spread(noise):
    """Ladders whose energies shift as h^4, with noise: the same ladder again and again."""
    random = np.random.default_rng(1)
    steps = rungs(0.05, 0.4, 1.2)
    values, errors = [], []
    for _ in range(150):
        energies = 1.0 + 0.4 * steps**4 / 0.2**4 * 0.05 + noise * random.standard_normal(len(steps))
        runs = [rung_of(energy, 1.0, error=noise) for energy in energies]
        found = climb(steps, runs, rung_of(1.0, 1.0, error=1e-6), 2.0, 0.1, 0.005, 0.03)
        values.append(found.usable[0])
        errors.append(found.usable[1])
    # with two standard errors of grace, 0.01 h^4/0.2^4 reaches 0.005 + 2 noise/2
    assert np.mean(values) == pytest.approx(0.2 * ((0.005 + noise) / 0.01) ** 0.25, rel=0.08)
    assert 0.6 < np.std(values, ddof=1) / np.mean(errors) < 1.3


def test_noise_alone_does_not_end_a_ladder():
    noisy = rung_of(1.05, 1.05, error=0.05)
    steps, found = climbed([noisy, noisy])
    assert found.usable[0] > steps[0]
    steps, found = climbed([rung_of(1.05, 1.05, error=1e-3)] * 2)
    assert found.usable[0] == pytest.approx(steps[0])
    assert not found.bracketed


def test_shells_are_compared_at_the_same_width_however_fine_they_are():
    rng = np.random.default_rng(5)
    fine = Rung((1.0, 1e-4), (1.0, 0.1), 1 + rng.normal(0, 0.05, 100), np.full(100, 0.05))
    reference = Rung((1.0, 1e-4), (1.0, 0.1), np.ones(100), np.full(100, 1e-6))
    found = climb(np.array([1.0]), [fine], reference, 1.0, 0.05, 0.01, 0.03)
    assert found.table["structure_shift"][0] < 0.08
    assert found.table["structure_shift_error"][0] == pytest.approx(0.05 / np.sqrt(5), rel=0.2)


# ---------------------------------------------------------------------------------------------------- smoothing


def rough(noise):
    """A soft repulsion on shells, with noise and a kink at 2.5, and the g of beads that repel so."""
    r = (np.arange(80) + 0.5) * 0.05
    exact = np.where(r < 2.5, 3.0 * np.maximum(2.5 - r, 0.0) ** 3, 0.0)
    blurred = exact + noise * np.random.default_rng(2).standard_normal(80)
    g = np.exp(-np.minimum(exact, 50.0))
    table = Tabulated(np.append(r[:50], 2.5), np.append(blurred[:50], 0.0))
    return r[:50], exact[:50], table, g


def test_a_smooth_potential_is_what_the_noise_hid():
    r, exact, table, g = rough(0.02)
    smooth = smoothed(table, g, 0.05)
    seen = g[:50] > 0.02
    far = seen & (r > 1.3)
    kept, cut = (np.sqrt(np.mean((one.energy(r[far]) - exact[far]) ** 2)) for one in (smooth, table))
    assert kept < 0.6 * cut
    often = g[:50] > 0.1
    assert np.abs(smooth.energy(r[often]) - exact[often]).max() < 0.02  # less than the noise of one shell
    fine = np.linspace(1.6, 2.499, 400)  # where particles are often
    slope = -9.0 * (2.5 - fine) ** 2
    assert np.abs(-smooth.force(fine) - slope).max() < 0.3 * np.abs(-table.force(fine) - slope).max()


def test_a_smooth_potential_ends_without_a_kink_and_pushes_in_the_core():
    _, _, table, g = rough(0.05)
    smooth = smoothed(table, g, 0.05)
    just_inside = 2.5 - 1e-6
    assert abs(float(smooth.energy(just_inside))) < 1e-9
    assert abs(float(smooth.force(just_inside))) < 1e-4
    assert abs(float(table.force(just_inside))) > 0.05
    assert (smooth.force([0.2, 0.8]) >= 0).all()
    cubic = rough(0.0)
    exactly = smoothed(cubic[2], cubic[3], 0.05)  # a cubic is a cubic spline
    seen = cubic[3][:50] > 0.02
    np.testing.assert_allclose(exactly.energy(cubic[0][seen]), cubic[1][seen], atol=1e-10)
    assert smoothed(table, np.zeros(80), 0.05) is table  # nothing is seen, nothing is known


# ---------------------------------------------------------------------------------------------------------- run


def test_a_run_multiplies_its_terms(quick):
    product = float(quick.work_ratio * quick.step_ratio * quick.diffusion_ratio)
    assert float(quick.answer) == pytest.approx(product)
    assert float(quick.naive_answer) == pytest.approx(float(quick.work_ratio * quick.step_ratio))
    assert float(quick.step_ratio) == pytest.approx(float(quick.bead_usable_step / quick.atom_usable_step))
    assert float(quick.diffusion_ratio) == pytest.approx(float(quick.bead_diffusion / quick.atom_diffusion))
    relative = [float(quick[f"{n}_error"] / quick[n]) for n in ("work_ratio", "step_ratio", "diffusion_ratio")]
    assert float(quick.answer_error / quick.answer) == pytest.approx(np.sqrt(np.sum(np.square(relative))))
    assert 4.0 < float(quick.work_ratio) < 10.0
    assert not quick.atom_energy_shift_exists.values[-1]  # the linear limit is beyond what collisions allow
    assert quick.atom_energy_shift_exists.values[0]
    assert float(quick.atom_usable_step) < float(quick.atom_step_limit)


def test_potentials_exist_where_molecules_are_seen(quick):
    seen = quick.mean_force_potential_exists.values
    assert (seen == quick.inverted_potential_exists.values).all()
    assert float(quick.distance[0]) == pytest.approx(1.1)
    assert np.isnan(quick.mean_force_potential.values[~seen]).all()
    g = quick.atom_correlation.values[seen]
    assert quick.mean_force_potential.values[seen] == pytest.approx(-np.log(g))
    beyond = quick.distance.values > 2.5
    assert (quick.inverted_potential.values[beyond] == 0.0).all()
    assert not quick.matched_potential_exists.values[beyond].any()


def test_a_result_can_be_told_in_real_units(quick):
    real = QUICK.scales(quick, length="1 nm", energy="1e-21 J", mass="1e-25 kg")
    second = 1e-9 * np.sqrt(1e-25 / 1e-21)
    assert float(real.atom_usable_step) == pytest.approx(float(quick.atom_usable_step) * second)
    assert real.atom_step.attrs["units"] == "s"
    assert real.bead_diffusion_error.attrs["units"] == "m2 s-1"
    assert float(real.bead_diffusion) == pytest.approx(float(quick.bead_diffusion) * 1e-18 / second)
    assert real.matched_potential.attrs["units"] == "J"
    assert real.distance.values == pytest.approx(quick.distance.values * 1e-9)
    assert real.answer.attrs["units"] == "1"
    assert real.longest_bond == quick.longest_bond  # parameters tell the reduced run


def test_stages_are_told_and_a_run_can_be_cancelled():
    stages = []
    QUICK.run(progress=lambda done, total: stages.append((done, total)))
    assert stages == [(n, 5) for n in range(1, 6)]

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        QUICK.run(progress=stop)
    assert threading.active_count() < 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"molecules": 27, "molecule_density": 0.15, "bead_cutoff": 2.8}, "molecules must be at least 36"),
        ({"molecules": 1000, "sampled_time": 2000.0}, "sampled_time must be at most"),
        ({"reduced_friction": 0.0}, "reduced_friction must be at least 0.05"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(changes, message):
    with pytest.raises(ParameterError, match=message):
        SpeedUp(**changes)


def test_molecules_that_never_meet_have_no_potential():
    lonely = QUICK.replace(molecule_density=0.02, sampled_time=2.0, shell_width=0.02)
    try:
        result = lonely.run()
    except ResultError as error:
        assert "SpeedUp" in str(error) or "iterate_inversion" in str(error)
    else:
        assert np.isfinite(float(result.answer))


@pytest.mark.slow
def test_the_whole_study_at_its_defaults():
    result = SpeedUp().run()
    assert bool(result.answer_valid)
    assert bool(result.inversion_converged)
    inner = (result.distance > 1.6) & (result.distance < 2.4)
    published = ADRESS_BEAD.energy(result.distance.values)
    assert np.abs(result.inverted_potential - published).where(inner).max() < 0.15
    well = result.mean_force_potential.sel(distance=2.025, method="nearest")
    assert float(well) == pytest.approx(-0.40, abs=0.04)
    assert float(result.atom_correlation.max()) == pytest.approx(1.50, abs=0.05)
    apart = np.abs(result.atom_correlation - result.bead_correlation)
    assert (apart < 0.03 + 4 * result.atom_correlation_error).all()
    assert 1.0 < float(result.diffusion_ratio) < 1.6  # beads run ahead
    assert float(result.step_ratio) > 6.0
    assert float(result.answer) > float(result.naive_answer)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_error_of_the_answer_is_its_spread_over_seeds():
    runs = [SpeedUp().run(seed=seed) for seed in range(100, 108)]
    for name in ("answer", "bead_usable_step", "diffusion_ratio", "work_ratio"):
        spread = np.std([float(run[name]) for run in runs], ddof=1)
        said = np.mean([float(run[f"{name}_error"]) for run in runs])
        assert 0.4 < spread / said < 1.6, name  # eight runs know a spread to a quarter


@pytest.mark.slow
def test_in_a_thick_bath_the_clock_of_the_beads_is_right():
    thick = SpeedUp(reduced_friction=20.0, sampled_time=60.0)
    result = summarize(thick.run(replicates=2))
    assert thick.governing_ratio() < 0.05
    ratio, error = float(result.diffusion_ratio), float(result.diffusion_ratio_error)
    assert abs(ratio - 1.0) < max(4 * error, 0.15)

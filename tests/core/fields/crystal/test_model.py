"""The phase-field crystal in time: perfect phases, seeds, boundaries, and what the model refuses."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import crystal as pfc
from mesoscale.core.fields.crystal import PhaseFieldCrystal
from mesoscale.core.fields.crystal.unit_cell import one_mode_pattern
from mesoscale.core.fields.free_energies import polynomial
from mesoscale.core.fields.recording import record
from mesoscale.core.fields.spectral import GradientFlow
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.recipe import differences, replay

SPACING = 4.0 * math.pi / math.sqrt(3.0)


def energy_per_area(basis, field, r):
    flow = GradientFlow(
        basis, polynomial([0.0, 0.0, 0.0, 0.0, 0.25], (-2.0, 2.0)), r + (1.0 - basis.k2) ** 2, basis.k2
    )  # fmt: skip
    return flow.energy(field) / basis.volume


@pytest.mark.parametrize(("start", "p"), [("perfect", -0.285), ("perfect", 0.285), ("stripe", 0.0)])
def test_a_perfect_phase_stays_and_has_the_energy_of_its_cell(start, p):
    ds = PhaseFieldCrystal(
        start=start, mean_density=p, spacings=3, reduced_duration=60.0, snapshots=4, tolerance=1e-4
    ).run()  # fmt: skip
    assert float(ds.answer) == pytest.approx(float(ds.energy_of_crystal[0]), abs=1e-8)
    assert float(ds.answer) < float(ds.naive_answer)
    assert float(ds.mass_drift) < 1e-13
    assert float(ds.largest_energy_rise) < 1e-11
    if start == "perfect":
        assert int(ds.peak_count[-1]) == int(ds.six_atoms) == 12
        assert float(ds.crystal_fraction[-1]) == 1.0
        np.testing.assert_allclose(ds.orientation_at_end, 0.0, atol=1e-6)


def test_below_ratio_one_a_seed_melts_and_the_average_is_right():
    cold = PhaseFieldCrystal(spacings=12, seed_spacings=3.0, reduced_duration=150.0, snapshots=4, mean_density=-0.2)
    ds = cold.at_ratio(0.8).run()
    assert float(ds.answer) == pytest.approx(float(ds.naive_answer), rel=1e-3)
    assert float(ds.crystal_fraction[-1]) == 0.0
    assert not bool(ds.growth_speed_exists)
    frozen = cold.at_ratio(1.6).run()
    assert float(frozen.answer) < 0.995 * float(frozen.naive_answer)


def test_a_seed_grows_as_an_independent_run_had_it():
    """A density of the user's: 256 x 256 points of pi / 4, a seed of four spacings with a soft edge."""
    n, step = 256, math.pi / 4
    x = (np.arange(n) + 0.5 - n / 2) * step
    wide, high = np.meshgrid(x, x)
    edge = 0.5 * (1.0 + np.tanh(4.0 - np.hypot(wide, high) / SPACING))
    field = pfc.one_mode_amplitude(-0.25, -0.285) * one_mode_pattern(wide, high) * edge
    model = PhaseFieldCrystal(
        start="own", own_density=field - field.mean() - 0.285, grid_step=step, reduced_duration=250.0, snapshots=6
    )
    ds = model.run()
    np.testing.assert_allclose(ds.crystal_radius[1:5], [43.0, 61.9, 82.0, 104.8], rtol=0.03)
    np.testing.assert_allclose(ds.peak_count, [64, 162, 316, 530, 798, 896], atol=5)
    assert float(ds.mass_drift) < 1e-13
    assert float(ds.largest_energy_rise) < 1e-11
    assert differences(ds, replay(ds)) == []


def test_the_growth_of_a_seed_is_the_speed_of_its_radius():
    ds = PhaseFieldCrystal(snapshots=11).run()
    speed = np.diff(ds.crystal_radius) / np.diff(ds.reduced_time)
    assert 0.3 < float(ds.growth_speed) < 0.5
    assert float(ds.growth_speed) == pytest.approx(float(np.mean(speed[2:8])), rel=0.1)
    assert np.all(np.diff(ds.free_energy_per_area) < 0)
    assert np.all(np.diff(ds.peak_count) >= 0)


def test_read1950_a_tilt_boundary_has_its_dislocations():
    for j, periods in ((3, 1), (5, 1)):
        model = PhaseFieldCrystal(
            start="bicrystal", mean_density=-0.27, spacings=24, tilt_index=j, boundary_periods=periods,
            reduced_duration=200.0, snapshots=3,
        )  # fmt: skip
        ds = model.run()
        assert float(ds.boundary_dislocations) == pytest.approx(4.0 * periods)
        assert float(ds.dislocations) == pytest.approx(4.0 * periods, abs=1.0)
        assert int(ds.missing_neighbours) == 0
        assert float(ds.answer) > float(ds.energy_of_crystal[0])
        known = ds.orientation_at_end.values[np.isfinite(ds.orientation_at_end.values)]
        tilt = math.atan(1.0 / (j * math.sqrt(3.0)))
        assert np.median(np.abs(known)) == pytest.approx(tilt, rel=0.15)
        assert {float(np.sign(v)) for v in known} >= {-1.0, 1.0}


@pytest.mark.slow
def test_a_long_boundary_has_eight_fives_and_eight_sevens():
    ds = pfc.GRAIN_BOUNDARY.replace(spacings=40, reduced_duration=300.0).run()
    assert (int(ds.five_atoms), int(ds.six_atoms), int(ds.seven_atoms), int(ds.other_atoms)) == (8, 948, 8, 0)
    assert float(ds.mass_drift) < 1e-13
    assert float(ds.largest_energy_rise) < 1e-11


def test_a_box_that_does_not_fit_strains_the_crystal():
    relaxed = PhaseFieldCrystal(start="perfect", spacings=2, reduced_duration=100.0, snapshots=3, tolerance=1e-5)
    strained = relaxed.replace(lattice="one_mode").run()
    e = pfc.relaxed_crystal(-0.25, -0.285).wavenumber - 1.0
    cost = 2.0 * pfc.elastic_constants(-0.25, -0.285).bulk * e**2
    assert float(strained.answer) - float(relaxed.run().answer) == pytest.approx(cost, rel=0.05)


def test_noise_freezes_where_the_liquid_is_unstable():
    model = PhaseFieldCrystal(
        start="random", mean_density=-0.2, spacings=8, points_per_spacing=8, reduced_duration=300.0, snapshots=4
    )
    first, second = model.run(seed=1), model.run(seed=2)
    assert float(first.crystal_fraction[-1]) > 0.5
    assert int(first.missing_neighbours) == 0
    assert float(first.answer) < float(first.naive_answer)
    assert differences(first, second)


@pytest.mark.parametrize("scheme", ["sbdf2", "eyre", "explicit"])
def test_other_schemes_keep_the_mass_and_lose_energy(scheme):
    ds = PhaseFieldCrystal(
        start="perfect", spacings=2, points_per_spacing=8, scheme=scheme, reduced_duration=0.5, fixed_step=1e-4,
        snapshots=3,
    ).run()  # fmt: skip
    assert float(ds.mass_drift) < 1e-13
    assert float(ds.largest_energy_rise) < 1e-11


def test_a_recorded_run_is_the_same_run(tmp_path):
    pytest.importorskip("zarr")
    model = PhaseFieldCrystal(spacings=6, seed_spacings=1.5, reduced_duration=10.0, snapshots=4)
    assert differences(record(model, tmp_path / "run.zarr", seed=2), model.run(seed=2)) == []


def test_scales_turn_a_result_into_si():
    model = PhaseFieldCrystal(spacings=4, seed_spacings=1.0, reduced_duration=10.0, snapshots=4)
    ds = model.run()
    si = model.scales(ds, length="0.04 nm", energy_per_area="2 J/m2", time="1 us")
    assert si.crystal_radius.units == "m"
    np.testing.assert_allclose(si.crystal_radius, ds.crystal_radius * 4e-11)
    assert float(si.answer) == pytest.approx(2.0 * float(ds.answer))
    assert si.free_energy_per_area.units == "J m-2"
    assert float(si.reduced_time[-1]) == pytest.approx(1e-5)


@pytest.mark.parametrize(("change", "name"), [
    ({"start": "own"}, "own_density"), ({"own_density": np.zeros((9, 9))}, "own_density"),
    ({"start": "own", "own_density": np.zeros((4, 30))}, "own_density"), ({"reduced_temperature": 0.1}, "reduced"),
    ({"spacings": 200, "points_per_spacing": 32}, "spacings"), ({"snapshots": 1000}, "spacings"),
    ({"scheme": "explicit", "fixed_step": 1e-6}, "fixed_step"), ({"tilt_index": 2}, "tilt_index"),
    ({"start": "bicrystal", "tilt_index": 40, "boundary_periods": 40}, "spacings"),
], ids=str)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(change, name):
    with pytest.raises(ParameterError, match=name):
        PhaseFieldCrystal(**change)


def test_too_large_an_explicit_step_is_an_error_and_not_a_number():
    with pytest.raises(ResultError, match="diverged"):
        PhaseFieldCrystal(start="perfect", spacings=2, scheme="explicit", fixed_step=0.05, reduced_duration=100.0).run()

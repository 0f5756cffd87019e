"""The Allen-Cahn field: drops, plates and noise beside the laws, other equations and other schemes."""

import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.fields import allen_cahn as ac
from mesoscale.core.fields.allen_cahn import AllenCahn
from mesoscale.core.fields.recording import record
from mesoscale.core.model import ParameterError
from mesoscale.core.recipe import differences, replay


def test_a_drop_starts_with_the_area_of_its_profile_and_shrinks_as_the_law_says():
    model = AllenCahn(
        tilt=0.0, start_radius=24.0, cells=96, reduced_duration=200.0, snapshots=9, tolerance=2e-6
    )  # fmt: skip
    ds = model.run()
    square = ds.phase_fraction.values * 80.0**2 / math.pi
    assert square[0] == pytest.approx(24.0**2 + math.pi**2 * 2.0 / 12.0, abs=1e-3)
    # computed elsewhere by a second-order step of 0.05 on 192 cells an edge
    np.testing.assert_allclose(square[[2, 4, 8]], [477.543, 377.392, 176.906], rtol=5e-4)
    inside = slice(1, 6)
    assert np.polyfit(ds.reduced_time.values[inside], square[inside], 1)[0] == pytest.approx(-2.0031, rel=5e-4)
    assert float(ds.curvature_coefficient) == pytest.approx(1.0, rel=3e-3)
    np.testing.assert_allclose(ds.reduced_radius[:6], ds.sharp_radius[:6], rtol=1e-3)
    assert float(ds.largest_energy_rise) < 1e-11


def test_the_law_of_the_sharp_interface_is_approached_with_the_square_of_its_width():
    factors, errors = [1.0, 1.5, 2.0], []
    for factor in factors:
        model = AllenCahn(
            tilt=0.0, start_radius=8.0 * factor, reduced_box_size=27.0 * factor, cells=int(32 * factor),
            reduced_duration=18.0 * factor**2, snapshots=3, tolerance=1e-6,
        )  # fmt: skip
        ds = model.run()
        errors.append(float(abs(ds.reduced_radius[-1] / ds.sharp_radius[-1] - 1.0)))
    assert -np.polyfit(np.log(factors), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.1)
    assert errors[-1] < 3e-3


@pytest.mark.parametrize(("well", "gradient", "mobility", "tilt"), [(1.0, 1.0, 1.0, 0.2), (4.0, 0.5, 0.3, 0.1)])
def test_a_driven_drop_follows_the_sharp_interface(well, gradient, mobility, tilt):
    xi = math.sqrt(2.0 * gradient / well)
    model = AllenCahn(
        well_depth=well, gradient_coefficient=gradient, mobility_coefficient=mobility, tilt=tilt,
        start_radius=12.0 * xi, reduced_box_size=48.0 * xi, cells=96, snapshots=11,
        reduced_duration=30.0 / (mobility * well),
    )  # fmt: skip
    ds = model.run()
    np.testing.assert_allclose(ds.reduced_radius, ds.sharp_radius, rtol=2e-3)
    assert float(ds.curvature_coefficient) == pytest.approx(mobility * gradient, rel=0.02)
    assert bool(ds.sharp_radius_valid.all())


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_critical_nucleus_decides(dimensions):
    model = AllenCahn(
        dimensions=dimensions, tilt=0.15, reduced_box_size=32.0, cells=24 if dimensions == 3 else 32,
        reduced_duration=50.0, snapshots=5, tolerance=1e-4,
    )  # fmt: skip
    small, large = (model.at_ratio(ratio).run() for ratio in (0.85, 1.15))
    assert float(small.reduced_radius[-1]) < 0.9 * float(small.reduced_radius[0])
    assert float(large.reduced_radius[-1]) > 1.05 * float(large.reduced_radius[0])
    assert float(small.answer) < float(small.naive_answer)  # the average expects both to grow
    assert float(large.answer) < float(large.naive_answer)


def test_wu2021_the_benchmark_seed_grows_above_the_critical_radius_and_melts_below():
    grown = ac.PFHUB_8.replace(reduced_duration=60.0).run()
    melted = ac.PFHUB_8.replace(reduced_duration=60.0, start_radius=4.95).run()
    assert float(grown.answer) > 1.1 * float(grown.phase_fraction[0])
    assert float(melted.answer) < 0.9 * float(melted.phase_fraction[0])
    assert ac.PFHUB_8.governing_ratio() == pytest.approx(1.01, rel=1e-12)


def test_a_plate_moves_at_the_same_speed_in_every_dimension_and_the_average_is_right():
    speeds = []
    for dimensions in (1, 2, 3):
        model = AllenCahn(
            start="plate", dimensions=dimensions, cells=32, reduced_box_size=32.0, start_radius=6.0, tilt=0.3,
            reduced_duration=10.0, snapshots=6, tolerance=1e-6,
        )  # fmt: skip
        ds = model.run()
        speeds.append(float(ds.interface_speed))
        assert float(ds.answer) == pytest.approx(float(ds.naive_answer), rel=1e-3)
        assert math.isinf(model.governing_ratio())
    np.testing.assert_allclose(speeds, 0.3 * math.sqrt(2.0), rtol=1e-3)


def test_energy_falls_by_what_the_front_sweeps():
    model = AllenCahn(
        start="plate", dimensions=1, cells=128, reduced_box_size=100.0, start_radius=20.0, tilt=0.2, snapshots=11,
        reduced_duration=50.0, tolerance=1e-6,
    )  # fmt: skip
    ds = model.run()
    power = np.polyfit(ds.reduced_time, ds.reduced_free_energy, 1)[0]
    assert power == pytest.approx(-2.0 * ac.driving_force(0.2, 1.0) * ac.front_velocity(0.2, 1.0, 1.0, 1.0), rel=1e-3)


def test_a_first_order_step_runs_its_clock_late():
    step, curvature = 0.02, 4.0  # the stabiliser of Eyre's scheme is the largest f''
    model = AllenCahn(
        tilt=0.0, start_radius=12.0, reduced_box_size=40.0, cells=48, reduced_duration=30.0, scheme="eyre",
        fixed_step=step, snapshots=7,
    )  # fmt: skip
    late = float(model.run().curvature_coefficient) / float(model.replace(scheme="etdrk4").run().curvature_coefficient)
    assert 1.0 / (1.0 + curvature * step) < late < 1.0 / (1.0 + 0.25 * curvature * step)


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
@pytest.mark.parametrize("start", ["drop", "plate", "noise"])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_every_start_ends_in_the_favoured_phase_and_loses_energy(boundary, start, dimensions):
    model = AllenCahn(
        start=start, dimensions=dimensions, boundary=boundary, tilt=0.5, cells=16, reduced_box_size=16.0,
        start_radius=5.0, reduced_duration=40.0, snapshots=4, tolerance=1e-3,
    )  # fmt: skip
    ds = model.run()
    assert float(ds.answer) == pytest.approx(1.0, abs=1e-6)
    assert float(ds.naive_answer) == pytest.approx(1.0, abs=1e-6)
    assert float(ds.largest_energy_rise) < 1e-11
    assert float(ds.reduced_free_energy[-1]) == pytest.approx(0.0, abs=1e-6)
    assert bool(ds.reduced_radius_exists.all()) == (start != "noise")
    assert ds.order_at_end.shape == ((16, 16) if dimensions > 1 else (1, 16))


def test_noise_turns_to_where_its_mean_lies():
    for mean, ends in ((0.3, 0.0), (-0.3, 1.0)):
        ds = AllenCahn(start="noise", mean_order=mean, tilt=0.0, cells=32, reduced_duration=40.0).run()
        assert float(ds.naive_answer) == pytest.approx(ends, abs=1e-6)
        assert float(ds.answer) == pytest.approx(ends, abs=0.05)


def test_a_field_of_the_users_is_followed_and_can_be_replayed():
    like = AllenCahn(cells=32, reduced_box_size=32.0, reduced_duration=5.0, snapshots=3)
    field = like.run().order_parameter[0, 0].values
    own = like.replace(start="own", own_field=field).run()
    np.testing.assert_allclose(own.order_parameter, like.run().order_parameter, atol=1e-13)
    assert differences(own, replay(own)) == []
    plane = xr.DataArray(field[:24], dims=("y", "x"))
    ds = like.replace(start="own", own_field=plane, cells=999).run()
    assert ds.order_at_end.shape == (24, 32)
    assert float(ds.y[1] - ds.y[0]) == pytest.approx(1.0)
    assert not bool(ds.reduced_radius_exists.any())
    line = AllenCahn(start="own", own_field=list(field[16]), dimensions=1, reduced_box_size=32.0, snapshots=3)
    assert line.run().order_parameter.shape == (3, 1, 1, 32)


@pytest.mark.parametrize(("change", "name"), [
    ({"start": "own"}, "own_field"), ({"own_field": np.zeros((8, 8))}, "own_field"),
    ({"start": "own", "own_field": np.zeros(8)}, "own_field"), ({"start": "own", "own_field": "field"}, "own_field"),
    ({"start": "own", "own_field": np.full((8, 8), 9.0)}, "own_field"), ({"start_radius": 0.0}, "start_radius"),
    ({"cells": 4096}, "cells"), ({"scheme": "eyre", "fixed_step": 1e-4}, "fixed_step"), ({"tilt": 1.0}, "tilt"),
    ({"start": "own", "own_field": [["a"]]}, "own_field"),
], ids=str)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(change, name):
    with pytest.raises(ParameterError, match=name):
        AllenCahn(**change)


def test_a_recorded_run_is_the_same_run(tmp_path):
    pytest.importorskip("zarr")
    model = AllenCahn(start="noise", cells=24, reduced_duration=10.0, snapshots=4)
    assert differences(record(model, tmp_path / "run.zarr", seed=2), model.run(seed=2)) == []


def test_scales_turn_a_result_into_si():
    model = AllenCahn(cells=32, reduced_box_size=32.0, reduced_duration=2.0, snapshots=3)
    ds = model.run()
    si = model.scales(ds, length="2 nm", energy_density="3 MJ/m3", time="1 us")
    assert si.curvature_coefficient_of_law.units == "m2 s-1"
    assert float(si.curvature_coefficient_of_law) == pytest.approx(4e-18 / 1e-6)
    assert float(si.flat_speed) == pytest.approx(float(ds.flat_speed) * 2e-3)
    assert si.reduced_free_energy.units == "J m-1"
    assert float(si.reduced_free_energy[0]) == pytest.approx(float(ds.reduced_free_energy[0]) * 3e6 * 4e-18)
    # the same physics from the laws in SI
    kappa, mobility = 3e6 * 4e-18, 1.0 / (3e6 * 1e-6)
    assert float(si.flat_speed) == pytest.approx(ac.front_velocity(0.1, 3e6, kappa, mobility))

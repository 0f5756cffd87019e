"""The model: tables, limits with their order, signs, validity, errors, presets, rasters."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.recipe import differences, replay
from mesoscale.environment.urban import (
    FARMLAND_AND_WOODS,
    GARDEN_SUBURB,
    LOCAL_CLIMATE_ZONE_PATCHES,
    PATCHY_CITY,
    STRIPES,
    Patch,
    UrbanSurface,
    blend_roughness,
    effective_surface_temperature,
    flux_decay_height,
    mason_blending_height,
    neutral_drag_coefficient,
    radiative_temperature,
)

PRESETS = {"farmland": FARMLAND_AND_WOODS, "suburb": GARDEN_SUBURB, "city": PATCHY_CITY, "stripes": STRIPES}


def mixture(*pairs, length=1000.0, **patch):
    """Roughness length and share of each patch; a tenth of it for heat."""
    patches = [Patch(roughness_length=z, heat_roughness_length=z / 10, area_fraction=f, **patch) for z, f in pairs]
    return UrbanSurface(patches=tuple(patches), heterogeneity_length=length)


def disagreement(run):
    return 2 * abs(run.answer.item() - run.naive_answer.item()) / (run.answer.item() + run.naive_answer.item())


# -------------------------------------------------------------------------------------------- published numbers


@pytest.mark.parametrize(
    ("length", "roughness", "height"),
    [(100.0, 0.538575, 5.72643), (1000.0, 0.461971, 21.62998), (10000.0, 0.411310, 104.39243)],
)
def test_the_patchy_city_at_three_wavelengths(length, roughness, height):
    run = PATCHY_CITY.replace(heterogeneity_length=length).run()
    assert run.answer.item() == pytest.approx(roughness, abs=1e-6)
    assert run.blending_height.item() == pytest.approx(height, abs=1e-5)
    assert run.naive_answer.item() == pytest.approx(0.204029, abs=1e-6)
    assert run.arithmetic_mean_roughness_length.item() == pytest.approx(0.520020, abs=1e-6)
    assert run.dominant_roughness_length.item() == 0.5


def test_wieringa1986_as_a_fixed_height():
    run = PATCHY_CITY.replace(fixed_blending_height="60 m").run()
    assert run.answer.item() == pytest.approx(0.426342, abs=1e-6)
    assert run.blending_height.item() == pytest.approx(60.0)


def test_heat_and_temperature_of_grass_and_town():
    grass = Patch(area_fraction=0.5, roughness_length=0.05, heat_roughness_length=0.005, surface_temperature=300.0)
    town = Patch(area_fraction=0.5, roughness_length=1.0, heat_roughness_length=0.001, surface_temperature=312.0)
    run = UrbanSurface(patches=(grass, town), fixed_blending_height=60.0).run()
    assert run.effective_surface_temperature.item() == pytest.approx(307.158085, abs=1e-6)
    assert run.mean_surface_temperature.item() == pytest.approx(306.0)
    warm = UrbanSurface(
        patches=(grass.replace(surface_temperature=310.0), town.replace(surface_temperature=290.0, emissivity=0.9))
    ).run()
    assert warm.radiative_temperature.item() == pytest.approx(300.7677112, abs=1e-7)
    assert warm.effective_emissivity.item() == pytest.approx(0.925)


def test_suews_issue_271_the_roughness_of_the_model_makes_no_jump():
    def roughness(share):
        return mixture((0.02, 1 - share), (1.0, share)).run().answer.item()

    shares = np.array([0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1])
    values = np.array([roughness(share) for share in shares])
    assert values[0] == pytest.approx(0.02, rel=1e-12)
    slopes = np.diff(values) / np.diff(shares)
    assert (slopes > 0).all()
    assert slopes.max() / slopes.min() < 4  # no jump: the curve is as steep at 0.1 per cent as at 10


# ------------------------------------------------------------------------------------------ identities and limits


@pytest.mark.parametrize("model", PRESETS.values(), ids=PRESETS)
def test_results_agree_with_the_laws(model):
    run = model.run()
    z = np.array([patch.roughness_length for patch in model.patches])
    zh = np.array([patch.heat_roughness_length for patch in model.patches])
    f = np.array([patch.area_fraction for patch in model.patches])
    t = np.array([patch.surface_temperature for patch in model.patches])
    height, effective = run.blending_height.item(), run.answer.item()
    assert height == pytest.approx(mason_blending_height(model.heterogeneity_length, effective), rel=1e-10)
    drag = neutral_drag_coefficient(height, z)
    assert run.neutral_drag_coefficient.item() == pytest.approx(np.sum(f * drag), rel=1e-12)
    assert neutral_drag_coefficient(height, effective) == pytest.approx(np.sum(f * drag), rel=1e-10)
    np.testing.assert_allclose(run.stress_ratio, drag / np.sum(f * drag), rtol=1e-10)
    assert np.sum(f * run.stress_ratio.values) == pytest.approx(1.0, rel=1e-12)
    assert run.effective_surface_temperature.item() == pytest.approx(
        float(effective_surface_temperature(t, z, zh, f, height)), rel=1e-12
    )
    emissivity = [patch.emissivity for patch in model.patches]
    assert run.radiative_temperature.item() == pytest.approx(float(radiative_temperature(t, emissivity, f)), rel=1e-12)
    assert run.flux_decay_height.item() == pytest.approx(
        flux_decay_height(model.heterogeneity_length, effective), rel=1e-7
    )
    assert run.flux_amplitude[0].item() == pytest.approx(1.0)
    assert run.flux_amplitude[-1].item() == pytest.approx(0.01, rel=1e-5)


def test_the_decay_height_is_masons_within_fifteen_per_cent():
    for length in (300.0, 1000.0, 3000.0, 10000.0):
        run = STRIPES.replace(heterogeneity_length=length).run()
        assert run.flux_decay_height.item() == pytest.approx(run.blending_height.item(), rel=0.15)
        assert 2.9 < run.physical_blending_height.item() / run.blending_height.item() < 5


def test_identical_patches_are_one():
    one = mixture((0.3, 1.0)).run()
    many = mixture((0.3, 0.2), (0.3, 0.5), (0.3, 0.3)).run()
    for name in one.data_vars:
        if one[name].ndim == 0:
            assert many[name].item() == pytest.approx(one[name].item(), rel=1e-12), name
    assert many.answer.item() == pytest.approx(many.naive_answer.item(), rel=1e-12)
    assert mixture((0.3, 0.2), (0.3, 0.8)).governing_ratio() == pytest.approx(0.0, abs=1e-12)


def test_patches_in_another_order_give_the_same_surface():
    forward = PATCHY_CITY.run()
    backward = PATCHY_CITY.replace(patches=PATCHY_CITY.patches[::-1]).run()
    for name in forward.data_vars:
        if forward[name].ndim == 0:
            assert backward[name].item() == pytest.approx(forward[name].item(), rel=1e-12), name
    np.testing.assert_allclose(forward.stress_ratio, backward.stress_ratio[::-1], rtol=1e-12)


def test_a_patch_without_area_changes_nothing():
    two, three = mixture((0.01, 0.5), (1.0, 0.5)), mixture((0.01, 0.5), (1.0, 0.5), (15.0, 0.0))
    assert three.run().answer.item() == pytest.approx(two.run().answer.item(), rel=1e-14)
    assert three.run().stress_ratio.values[2] == 0.0


def test_finer_patchworks_blend_lower_and_are_rougher():
    lengths = [30.0, 100.0, 300.0, 1e3, 1e4, 1e5]
    runs = [PATCHY_CITY.replace(heterogeneity_length=length).run() for length in lengths]
    assert (np.diff([run.answer.item() for run in runs]) < 0).all()
    assert (np.diff([run.blending_height.item() for run in runs]) > 0).all()
    assert all(run.answer > run.naive_answer for run in runs)


def test_the_naive_answer_errs_by_the_ratio_where_it_is_small():
    ratios = np.array([0.003, 0.01, 0.03, 0.1])
    errors = []
    for ratio in ratios:
        run = UrbanSurface().at_ratio(float(ratio)).run()
        errors.append(math.log(run.answer.item() / run.naive_answer.item()))
    assert np.polyfit(np.log(ratios), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.1)
    np.testing.assert_allclose(errors, ratios, rtol=0.15)


def test_the_ratio_is_about_one_where_the_log_mean_fails():
    assert disagreement(UrbanSurface().at_ratio(0.03).run()) < 0.05
    assert 0.3 < disagreement(UrbanSurface().at_ratio(1.0).run()) < 1.2
    assert disagreement(UrbanSurface().at_ratio(4.0).run()) > 1.2


def test_second_order_holds_where_it_says_so():
    for spread in (0.1, 0.5, 1.0, 1.5, 3.0):
        run = mixture((0.1 * math.exp(-spread), 0.5), (0.1 * math.exp(spread), 0.5)).run()
        error = abs(run.second_order_roughness_length.item() / run.answer.item() - 1)
        if run.second_order_roughness_length_valid:
            assert error < 0.12
        else:
            assert error > 0.12
    assert not mixture((0.01, 0.5), (1.0, 0.5)).run().second_order_roughness_length_valid


def test_the_blending_height_is_doubted_below_the_roughness_sublayer():
    low = mixture((0.1, 0.5), (1.0, 0.5), building_height=10.0, length=300.0).run()
    high = mixture((0.1, 0.5), (1.0, 0.5), building_height=10.0, length=1e4).run()
    assert low.blending_height < 25 < high.blending_height
    assert not low.blending_height_valid
    assert high.blending_height_valid
    unbuilt = mixture((0.1, 0.5), (1.0, 0.5), length=300.0).run()
    assert unbuilt.blending_height_valid


# ----------------------------------------------------------------------------------------------------- contract


def test_runs_replay_and_ignore_the_seed():
    run = GARDEN_SUBURB.run(seed=3)
    assert differences(run, replay(run)) == []
    assert run.answer.item() == GARDEN_SUBURB.run(seed=4).answer.item()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patches": ()}, "must be 1 to 256 patches, not 0"),
        ({"patches": [Patch(area_fraction=1 / 257)] * 257}, "must be 1 to 256 patches, not 257"),
        ({"patches": [Patch(area_fraction=0.5), Patch(area_fraction=0.499)]}, "they add up to 0.999"),
        ({"patches.0.area_fraction": 0.500002}, r"they add up to 1\.0000019999999998"),
        ({"patches.0.heat_roughness_length": 5.0}, "at most the largest roughness length, 1 m"),
        ({"fixed_blending_height": 1.05}, "must exceed the largest roughness length by a tenth: 1.1 m"),
        ({"patches.0.roughness_length": 0.0}, "must be at least 1e-06 m"),
        ({"patches.0.roughness_length": "1 kg"}, "cannot be converted"),
        ({"patches.0.surface_temperature": 20.0}, "must be at least 150 K"),
        ({"heterogeneity_length": -5}, "must be at least 0.1 m; the default is 2000 m"),
        ({"von_karman": 0.5}, "must be at most 0.43"),
        ({"patches.0.slope": 1.0}, "is not a parameter of Patch"),
    ],
)
def test_what_is_refused_is_named(changes, words):
    with pytest.raises(ParameterError, match=words):
        UrbanSurface().replace(**changes)


def test_fractions_within_rounding_are_normalised():
    thirds = mixture((0.1, 0.333333), (0.5, 0.333333), (1.0, 0.333334)).run()
    loose = mixture((0.1, 0.3333333), (0.5, 0.3333333), (1.0, 0.3333333)).run()
    assert loose.answer.item() == pytest.approx(thirds.answer.item(), rel=1e-5)
    assert loose.effective_emissivity.item() == pytest.approx(0.95, rel=1e-14)


def test_celsius_is_understood_when_it_is_said():
    patch = Patch(surface_temperature="20 degC")
    assert patch.surface_temperature == pytest.approx(293.15)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1e-6, 1e-3, 20.0]),
    st.sampled_from([1e-6, 0.5, 20.0]),
    st.sampled_from([1e-14, 1e-6]),
    st.sampled_from([0.0, 1e-15, 1e-6, 0.3, 1.0]),
    st.sampled_from([0.1, 1e3, 1e7]),
    st.sampled_from([0.35, 0.43]),
)
def test_extremes_give_an_answer_between_the_patches_or_one_error(first, second, heat, share, length, kappa):
    patches = (
        Patch(roughness_length=first, heat_roughness_length=heat, area_fraction=1.0 - share),
        Patch(roughness_length=second, heat_roughness_length=heat, area_fraction=share, displacement_height=500.0),
    )
    model = UrbanSurface(patches=patches, heterogeneity_length=length, von_karman=kappa)
    try:
        run = model.run()
    except ResultError as error:
        assert "UrbanSurface" in str(error)
        return
    present = [p.roughness_length for p in patches if p.area_fraction > 0]
    assert min(present) * (1 - 1e-9) <= run.answer.item() <= max(present) * (1 + 1e-9)
    assert run.blending_height.item() >= max(present) * (1 - 1e-12)
    assert run.naive_answer.item() <= run.answer.item() * (1 + 1e-9)
    assert run.flux_decay_height.item() > run.answer.item()
    assert math.isfinite(model.governing_ratio())


# ------------------------------------------------------------------------------------------------------- rasters


def test_a_raster_becomes_its_classes_with_the_most_frequent_first():
    codes = xr.DataArray([[2, 14, 14, 104], [2, 14, np.nan, 17]], dims=("y", "x"))
    model = UrbanSurface.from_land_cover(codes, resolution="100 m", heterogeneity_length="2 km")
    assert [patch.area_fraction for patch in model.patches] == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    expected = [LOCAL_CLIMATE_ZONE_PATCHES[code].roughness_length for code in (14, 2, 17)]
    assert [patch.roughness_length for patch in model.patches] == expected
    assert model.heterogeneity_length == 2000.0


def test_many_roughness_lengths_are_collected_in_classes():
    rng = np.random.default_rng(0)
    z = xr.DataArray(np.exp(rng.normal(-2, 1, (60, 60))), dims=("y", "x"))
    model = UrbanSurface.from_land_cover(z, classes=None, resolution=100.0, heterogeneity_length=1000.0)
    assert len(model.patches) <= 64
    exact = blend_roughness(z.values.ravel(), 1 / z.size, 1000.0)
    run = model.run()
    assert run.answer.item() == pytest.approx(float(exact.roughness_length), rel=2e-3)
    assert run.naive_answer.item() == pytest.approx(float(np.exp(np.log(z.values).mean())), rel=1e-9)
    few = UrbanSurface.from_land_cover(
        xr.DataArray([[0.1, 0.2], [0.1, 0.3]], dims=("y", "x")), classes=None, resolution=100.0
    )
    assert sorted(patch.roughness_length for patch in few.patches) == pytest.approx([0.1, 0.2, 0.3])


def test_the_wavelength_follows_the_wind():
    codes = xr.DataArray(np.tile(np.repeat([2, 14], 10), (40, 5)), dims=("y", "x"))
    across = UrbanSurface.from_land_cover(codes, resolution=50.0, wind="x")
    assert across.heterogeneity_length == pytest.approx(2 * 50.0 * 99 / 9)
    along = UrbanSurface.from_land_cover(codes, resolution=50.0, wind="y")
    assert along.heterogeneity_length == 2 * 100 * 50.0


def test_an_empty_raster_is_refused():
    empty = xr.DataArray(np.full((3, 3), np.nan), dims=("y", "x"))
    for classes in (LOCAL_CLIMATE_ZONE_PATCHES, None):
        with pytest.raises(ValueError, match="no valid pixel"):
            UrbanSurface.from_land_cover(empty, classes=classes, resolution=10.0)

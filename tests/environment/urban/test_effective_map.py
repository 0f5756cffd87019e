"""Maps of effective surfaces: a cell is a model, masks, threads, coordinates, fractions, errors."""

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.kernels.threads import use_workers
from mesoscale.environment.urban import (
    LOCAL_CLIMATE_ZONE_PATCHES,
    Patch,
    UrbanSurface,
    blend_roughness,
    effective_surface_map,
    effective_surface_of_fractions,
)
from mesoscale.environment.urban import effective_map as module

SHARED = (
    "blending_height",
    "log_mean_roughness_length",
    "arithmetic_mean_roughness_length",
    "dominant_roughness_length",
    "second_order_roughness_length",
    "diffusion_blending_height",
    "effective_heat_roughness_length",
    "effective_displacement_height",
    "effective_emissivity",
    "effective_albedo",
    "neutral_drag_coefficient",
    "naive_drag_coefficient",
)


def city(rows=60, columns=80, seed=0, block=5):
    """Codes 1 to 17 in square blocks, so that there is a pattern."""
    rng = np.random.default_rng(seed)
    codes = np.kron(rng.integers(1, 18, (rows // block, columns // block)), np.ones((block, block), int))
    return xr.DataArray(
        codes.astype(np.uint8),
        dims=("y", "x"),
        coords={"y": 4000.0 + 100.0 * np.arange(rows), "x": 7000.0 + 100.0 * np.arange(columns)},
    )


def test_a_cell_is_the_model_of_its_pixels():
    codes = city()
    cells = effective_surface_map(codes, factor=20)
    for i, j in ((0, 0), (1, 3), (2, 2)):
        block = codes[20 * i : 20 * i + 20, 20 * j : 20 * j + 20]
        model = UrbanSurface.from_land_cover(block)
        run = model.run()
        cell = cells.isel(y=i, x=j)
        assert cell.heterogeneity_length.item() == pytest.approx(model.heterogeneity_length, rel=1e-12)
        assert cell.effective_roughness_length.item() == pytest.approx(run.answer.item(), rel=1e-10)
        for name in SHARED:
            if name in run and name != "dominant_roughness_length":  # equal shares have no dominant class
                shown = "naive_answer" if name == "log_mean_roughness_length" else name
                assert cell[name].item() == pytest.approx(run[shown].item(), rel=1e-10), name
        assert bool(cell.blending_height_valid) == bool(run.blending_height_valid)


def test_a_raster_of_roughness_gives_what_its_classes_give():
    codes = city()
    table = np.full(256, np.nan)
    for code, patch in LOCAL_CLIMATE_ZONE_PATCHES.items():
        table[code] = patch.roughness_length
    lengths = codes.copy(data=table[codes.values])
    by_class = effective_surface_map(codes, factor=20)
    by_length = effective_surface_map(lengths, factor=20, classes=None, method="run_length")
    assert set(by_length) < set(by_class)
    for name in by_length:
        np.testing.assert_allclose(by_length[name], by_class[name], rtol=1e-10, err_msg=name)


def test_a_uniform_raster_is_unchanged():
    cells = effective_surface_map(city().where(False, 6).astype(np.uint8), factor=20)
    patch = LOCAL_CLIMATE_ZONE_PATCHES[6]
    for name in ("effective", "log_mean", "arithmetic_mean", "dominant", "second_order"):
        np.testing.assert_allclose(cells[f"{name}_roughness_length"], patch.roughness_length, rtol=1e-12)
    np.testing.assert_allclose(cells.effective_heat_roughness_length, patch.heat_roughness_length, rtol=1e-10)
    np.testing.assert_allclose(cells.effective_displacement_height, patch.displacement_height, rtol=1e-12)
    np.testing.assert_allclose(cells.heterogeneity_length, 2 * 20 * 100.0)
    assert (cells.coverage == 1).all()


def test_stripes_of_known_wavelength():
    codes = xr.DataArray(np.tile(np.repeat([2, 14], 5), (20, 20)).astype(np.uint8), dims=("y", "x"))
    cells = effective_surface_map(codes, factor=20, resolution="100 m", wind="x")
    np.testing.assert_allclose(cells.heterogeneity_length, 2 * 100.0 * 19 / 3)
    z = [LOCAL_CLIMATE_ZONE_PATCHES[code].roughness_length for code in (2, 14)]
    height, roughness = blend_roughness(z, [0.5, 0.5], 2 * 100.0 * 19 / 3)
    np.testing.assert_allclose(cells.effective_roughness_length, roughness, rtol=1e-12)
    np.testing.assert_allclose(cells.blending_height, height, rtol=1e-12)


def test_missing_pixels_are_left_out_and_never_averaged():
    codes = city().astype(float)
    codes[:20, :10] = np.nan
    codes[20:40, :20] = -9999
    cells = effective_surface_map(codes, factor=20)
    assert cells.coverage[0, 0] == 0.5
    assert cells.coverage[1, 0] == 0.0
    kept = UrbanSurface.from_land_cover(codes[:20, 10:20]).run()
    assert cells.effective_roughness_length[0, 0].item() == pytest.approx(kept.answer.item(), rel=1e-10)
    for name in ("effective_roughness_length", "heterogeneity_length", "effective_albedo", "blending_height"):
        assert np.isnan(cells[name][1, 0]), name
        assert np.isfinite(cells[name][2, 0]), name
    assert not cells.blending_height_valid[1, 0]


def test_missing_roughness_is_left_out():
    rng = np.random.default_rng(1)
    z = xr.DataArray(rng.uniform(0.01, 1.0, (6, 6)), dims=("y", "x"))
    z[0, :3] = np.nan
    z[3:, 3:] = np.nan
    cells = effective_surface_map(z, factor=3, classes=None, resolution=10.0, heterogeneity_length=500.0)
    values = z.values[:3, :3]
    expected = blend_roughness(values[np.isfinite(values)], 1 / 6, 500.0)
    assert cells.effective_roughness_length[0, 0].item() == pytest.approx(float(expected.roughness_length), rel=1e-12)
    assert np.isnan(cells.effective_roughness_length[1, 1])
    assert cells.coverage.values.tolist() == [[6 / 9, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("classes", [LOCAL_CLIMATE_ZONE_PATCHES, None])
def test_blocks_and_threads_change_no_bit(monkeypatch, classes):
    raster = city(240, 60)
    if classes is None:
        raster = raster * 0.01
    whole = effective_surface_map(raster, factor=10, classes=classes)
    monkeypatch.setattr(module, "_PIXELS", 1)
    for workers in (1, 2, 3):
        with use_workers(workers):
            xr.testing.assert_identical(effective_surface_map(raster, factor=10, classes=classes), whole)


def test_cells_at_the_far_edges_are_smaller():
    codes = city()[:50, :70]
    cells = effective_surface_map(codes, factor=20)
    assert dict(cells.sizes) == {"y": 3, "x": 4}
    corner = UrbanSurface.from_land_cover(codes[40:, 60:]).run()
    assert cells.effective_roughness_length[2, 3].item() == pytest.approx(corner.answer.item(), rel=1e-10)
    assert (cells.coverage == 1).all()


def test_cells_lie_in_the_middle_of_their_pixels():
    codes = city()
    codes.x.attrs["units"] = "m"
    cells = effective_surface_map(codes[:50], factor=20)
    np.testing.assert_allclose(cells.x, codes.x.values.reshape(-1, 20).mean(axis=1))
    assert cells.y.values.tolist() == [4950.0, 6950.0, 8450.0]
    assert cells.x.attrs == {"units": "m"}
    assert "x" not in effective_surface_map(codes.drop_vars(["x", "y"]), factor=20, resolution=100.0).coords


def test_the_side_of_a_cell_in_metres():
    codes = city()
    xr.testing.assert_identical(
        effective_surface_map(codes, cell_length="2 km"), effective_surface_map(codes, factor=20)
    )
    with pytest.raises(ValueError, match=r"cell_length = 2030 m: must be a whole multiple of the pixel, 100 by 100 m"):
        effective_surface_map(codes, cell_length=2030.0)
    with pytest.raises(ValueError, match="whole multiple"):
        effective_surface_map(codes, cell_length=10.0)


def test_every_field_is_labelled():
    cells = effective_surface_map(city(), factor=20)
    for name, field in cells.data_vars.items():
        assert field.attrs["units"] in ("m", "1"), name
        assert field.attrs["long_name"], name
        assert field.dims == ("y", "x"), name
    assert cells.blending_height_valid.attrs["comment"] == "valid for blending heights above 2.5 building heights"
    assert cells.blending_height.attrs["units"] == "m"
    assert cells.coverage.attrs["units"] == "1"


def test_temperatures_appear_where_classes_differ():
    classes = {1: Patch(surface_temperature=290.0), 2: Patch(surface_temperature=310.0, emissivity=0.9)}
    codes = xr.DataArray([[1, 2], [1, 2]], dims=("y", "x"))
    cells = effective_surface_map(codes, factor=2, resolution=100.0, classes=classes).isel(x=0, y=0)
    assert cells.mean_surface_temperature == pytest.approx(300.0)
    assert cells.effective_surface_temperature == pytest.approx(300.0)
    assert cells.radiative_temperature == pytest.approx(((0.95 * 290**4 + 0.9 * 310**4) / 1.85) ** 0.25)
    assert cells.effective_emissivity == pytest.approx(0.925)
    assert cells.radiative_temperature.attrs["units"] == "K"
    assert "radiative_temperature" not in effective_surface_map(city(), factor=20)


def test_a_fixed_blending_height_serves_all_cells_that_lie_below_it():
    codes = xr.DataArray(np.repeat([[2, 14, 14, 1]], 2, axis=0), dims=("y", "x"))
    cells = effective_surface_map(codes, factor=2, resolution=100.0, fixed_blending_height=1.5)
    assert cells.blending_height[0, 0] == pytest.approx(1.5)
    assert np.isnan(cells.effective_roughness_length[0, 1])  # 2 m of roughness
    lengths = xr.DataArray([[1.0, 0.1, 0.1, 2.0]] * 2, dims=("y", "x"))
    found = effective_surface_map(lengths, factor=2, resolution=100.0, fixed_blending_height=1.5, classes=None)
    assert np.isnan(found.effective_roughness_length[0, 1])
    height = np.log(1.5 / np.array([1.0, 0.1]))
    expected = 1.5 * np.exp(-1 / np.sqrt(np.mean(height**-2)))
    assert found.effective_roughness_length[0, 0].item() == pytest.approx(expected, rel=1e-12)


def test_finer_mosaics_come_out_rougher():
    coarse, fine = (
        xr.DataArray(np.tile(np.repeat([2, 14], width), (40, 40 // (2 * width))), dims=("y", "x")) for width in (20, 2)
    )
    rough, rougher = (
        effective_surface_map(codes, factor=40, resolution=50.0).effective_roughness_length.item()
        for codes in (coarse, fine)
    )
    assert rougher > rough


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "give factor"),
        ({"factor": 2, "cell_length": 200.0}, "one of both"),
        ({"factor": 0}, "factor = 0: must be a whole number of at least 1"),
        ({"factor": 2.5}, "factor = 2.5"),
        ({"factor": True}, "factor = True"),
        ({"factor": 2, "wind": "north"}, "wind = 'north'"),
        ({"factor": 2, "method": "spectrum"}, "method = 'spectrum'"),
        ({"factor": 2, "von_karman": 4.0}, "von_karman = 4.0: must be from 0.35 to 0.43"),
        ({"factor": 2, "claussen_constant": 0.0}, "claussen_constant = 0.0"),
        ({"factor": 2, "heterogeneity_length": "3 kg"}, "heterogeneity_length = '3 kg'"),
        ({"factor": 2, "heterogeneity_length": -1.0}, "heterogeneity_length = -1.0: must be greater than 0 m"),
        ({"factor": 2, "fixed_blending_height": 0.0}, "fixed_blending_height = 0.0"),
        ({"cell_length": []}, "cell_length"),
    ],
)
def test_options_outside_what_is_allowed(options, words):
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        effective_surface_map(city(), **options)


def test_unknown_codes_are_an_error_from_any_thread(monkeypatch):
    monkeypatch.setattr(module, "_PIXELS", 1)
    codes = city()
    codes[55, 5] = 200
    with use_workers(2), pytest.raises(ValueError, match="codes that are no class: 200"):
        effective_surface_map(codes, factor=20)


# ---------------------------------------------------------------------------------------------------- fractions


def fractions_of(codes, factor):
    known = sorted(set(codes.values.ravel().tolist()))
    shares = [(codes == code).coarsen(y=factor, x=factor).mean() for code in known]
    return xr.concat(shares, dim=xr.DataArray(known, dims="zone", name="zone"))


def test_fractions_give_what_their_map_gives():
    codes = city()
    cells = effective_surface_map(codes, factor=20)
    found = effective_surface_of_fractions(fractions_of(codes, 20), cells.heterogeneity_length.values)
    for name in set(cells.data_vars) - {"dominant_roughness_length"}:
        np.testing.assert_allclose(found[name], cells[name], rtol=1e-10, err_msg=name)
    xr.testing.assert_equal(found.x, cells.x)


def test_cells_without_fractions_are_masked():
    fractions = fractions_of(city(), 20)
    fractions[:, 1, 2] = np.nan
    found = effective_surface_of_fractions(fractions, "1 km")
    assert np.isnan(found.effective_roughness_length[1, 2])
    assert found.coverage[1, 2] == 0
    assert np.isfinite(found.effective_roughness_length).sum() == 11


def test_fractions_that_are_none_are_refused():
    fractions = fractions_of(city(), 20)
    with pytest.raises(ValueError, match=r"in one cell they add up to 1\.1"):
        effective_surface_of_fractions(fractions * 1.1, "1 km")
    negative = fractions.copy()
    negative[0] -= 0.5
    negative[1] += 0.5
    with pytest.raises(ValueError, match="must be at least 0"):
        effective_surface_of_fractions(negative, "1 km")
    with pytest.raises(ValueError, match=r"codes that are no class: \[118\]"):
        effective_surface_of_fractions(fractions.assign_coords(zone=[118, *fractions.zone.values[1:]]), "1 km")
    for bad in (fractions[0], fractions.drop_vars("zone"), 3.0):
        with pytest.raises(ValueError, match="DataArray on"):
            effective_surface_of_fractions(bad, "1 km")
    with pytest.raises(ValueError, match="heterogeneity_length"):
        effective_surface_of_fractions(fractions, np.zeros((3, 4)))

"""Rasters: codes and missing values, spacing, wavelengths of known patterns, errors."""

import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.environment.urban import LOCAL_CLIMATE_ZONE_PATCHES, Patch, pattern_wavelength
from mesoscale.environment.urban.raster import read_raster

ZONES = LOCAL_CLIMATE_ZONE_PATCHES


def raster_of(values, spacing=100.0, **attrs):
    values = np.asarray(values)
    coordinates = {dim: np.arange(n) * spacing for dim, n in zip("yx", values.shape, strict=True)}
    return xr.DataArray(values, dims=("y", "x"), coords=coordinates, attrs=attrs)


def stripes(width, n, first=0.1, second=1.0):
    line = np.where((np.arange(n) // width) % 2 == 0, first, second)
    return np.tile(line, (8, 1))


# ------------------------------------------------------------------------------------------------- wavelengths


@pytest.mark.parametrize("width", [1, 5, 20])
def test_stripes_have_their_wavelength(width):
    n = 40 * width
    found = pattern_wavelength(stripes(width, n), 50.0, wind="x")
    # 39 changes between n pixels: the open ends bias the mean run by 1/39 at most
    assert found == pytest.approx(2 * width * 50.0, rel=1 / 39)
    assert found == pytest.approx(2 * 50.0 * (n - 1) / 39, rel=1e-12)


def test_wind_along_the_stripes_sees_no_pattern():
    z = stripes(5, 100)
    assert pattern_wavelength(z, 50.0, wind="y") == 2 * 100 * 50.0
    assert pattern_wavelength(z.T, 50.0, wind="y") == pattern_wavelength(z, 50.0, wind="x")
    assert pattern_wavelength(z, 50.0, wind="any") > pattern_wavelength(z, 50.0, wind="x")


def test_chessboard_is_the_same_along_both_axes():
    board = np.where(np.add.outer(np.arange(40) // 4, np.arange(40) // 4) % 2, 0.1, 1.0)
    for wind in ("x", "y", "any"):
        assert pattern_wavelength(board, 30.0, wind=wind) == pytest.approx(2 * 30.0 * 39 / 9, rel=1e-12)


def test_integral_scale_of_a_sine_is_short_by_two_over_pi():
    x = np.arange(100_000)  # 500 periods: the open ends count for 1/2000
    z = np.tile(np.exp(np.sin(2 * np.pi * x / 200)), (2, 1))
    found = pattern_wavelength(z, 10.0, wind="x", method="integral_scale")
    assert found == pytest.approx(2000.0 * 2 / math.pi, rel=1e-3)


def test_integral_scale_of_stripes_is_half_their_wavelength():
    found = pattern_wavelength(stripes(50, 10000), 10.0, wind="x", method="integral_scale")
    assert found == pytest.approx(0.5 * 1000.0, rel=2e-2)


def test_both_methods_agree_for_a_random_mosaic():
    rng = np.random.default_rng(0)
    changes = rng.random((40, 20000)) < 0.05
    z = np.where(np.cumsum(changes, axis=1) % 2 == 0, 0.1, 1.0)
    runs = pattern_wavelength(z, 10.0, wind="x")
    integral = pattern_wavelength(z, 10.0, wind="x", method="integral_scale")
    assert runs == pytest.approx(2 * 10.0 / 0.05, rel=0.02)  # 40 000 runs: 0.5 per cent
    assert integral == pytest.approx(runs, rel=0.08)


def test_wavelength_scales_with_the_pixel():
    rng = np.random.default_rng(1)
    z = np.exp(rng.normal(size=(30, 30)))
    for method in ("run_length", "integral_scale"):
        short, long = (pattern_wavelength(z, s, method=method) for s in (10.0, 70.0))
        assert long == pytest.approx(7 * short, rel=1e-12)


def test_missing_pixels_make_no_pattern():
    z = stripes(5, 200)
    z[:, ::47] = np.nan
    assert pattern_wavelength(z, 50.0, wind="x") == pytest.approx(500.0, rel=0.05)
    full = stripes(5, 200)
    full[3:5] = np.nan
    kept = pattern_wavelength(full, 50.0, wind="x")
    assert kept == pytest.approx(pattern_wavelength(stripes(5, 200), 50.0, wind="x"), rel=1e-12)


def test_a_plain_or_empty_map_has_twice_its_longer_side():
    for z in (np.ones((4, 9)), np.full((4, 9), np.nan)):
        for method in ("run_length", "integral_scale"):
            assert pattern_wavelength(z, 10.0, method=method) == 180.0
    assert pattern_wavelength(np.ones((1, 1)), 10.0) == 20.0


def test_wavelength_refuses_what_it_cannot_read():
    for bad in (np.ones(3), -np.ones((2, 2)), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="positive roughness lengths"):
            pattern_wavelength(bad, 10.0)
    with pytest.raises(ValueError, match="spacing above 0 m"):
        pattern_wavelength(np.ones((2, 2)), 0.0)
    with pytest.raises(ValueError, match="must be one of 'any', 'x', 'y'"):
        pattern_wavelength(np.ones((2, 2)), 10.0, wind="z")
    with pytest.raises(ValueError, match="must be one of 'run_length', 'integral_scale'"):
        pattern_wavelength(np.ones((2, 2)), 10.0, method="fft")


# --------------------------------------------------------------------------------------------- codes and values


def test_wudapt_codes_are_those_of_zones_a_to_g():
    ours = read_raster(raster_of([[1, 11, 14], [17, 12, 10]]), ZONES, None)
    wudapt = read_raster(raster_of([[1, 101, 104], [107, 102, 10]]), ZONES, None)
    np.testing.assert_array_equal(ours.read_classes(0, 2), wudapt.read_classes(0, 2))


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "i8", "f4", "f8"])
def test_any_number_format_is_read(kind):
    codes = np.array([[1, 2, 17], [0, 102, 255]]).astype(kind)
    grid = read_raster(raster_of(codes), ZONES, None)
    found = grid.read_logarithms(0, 2)
    expected = np.array([[2.0, 1.0, 0.0002], [np.nan, 0.5, np.nan]])
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-12)


def test_every_sign_of_missing_data_is_masked():
    codes = np.array([[1, -9999, -999], [np.nan, 99, 2]])
    grid = read_raster(raster_of(codes, _FillValue=99), ZONES, None)
    assert (grid.read_classes(0, 2) == -1).tolist() == [[False, True, True], [True, True, False]]
    lengths = read_raster(raster_of([[0.1, -9999.0], [np.nan, 7.0]], nodata=7.0), None, None)
    assert np.isnan(lengths.read_logarithms(0, 2)).tolist() == [[False, True], [True, True]]
    stored = raster_of([[1, -7], [2, 2]])
    stored.encoding["_FillValue"] = -7
    assert read_raster(stored, ZONES, None).read_classes(0, 1).tolist()[0][1] == -1


def test_unknown_codes_are_named():
    for code in (18, -1, 108, 70000):
        grid = read_raster(raster_of(np.array([[1, code], [2, 3]])), ZONES, None)
        with pytest.raises(ValueError, match=f"no class: {code};"):
            grid.read_classes(0, 2)
    with pytest.raises(ValueError, match="whole numbers"):
        read_raster(raster_of([[1.5, 2.0], [1.0, 1.0]]), ZONES, None).read_classes(0, 2)
    with pytest.raises(ValueError, match="inf"):
        read_raster(raster_of([[np.inf, 2.0], [1.0, 1.0]]), ZONES, None).read_classes(0, 2)


def test_impossible_roughness_lengths_are_named():
    for bad in (0.0, -3.0, np.inf):
        grid = read_raster(raster_of([[0.1, bad], [0.2, 0.3]]), None, None)
        with pytest.raises(ValueError, match="must be greater than 0"):
            grid.read_logarithms(0, 2)


def test_roughness_in_centimetres_is_converted():
    grid = read_raster(raster_of([[10.0, 20.0], [-999.0, 40.0]], units="cm"), None, None)
    np.testing.assert_allclose(np.exp(grid.read_logarithms(0, 2)), [[0.1, 0.2], [np.nan, 0.4]], rtol=1e-12)


def test_classes_of_ones_own():
    own = {0: Patch(roughness_length=0.5), 7: Patch(roughness_length=0.02)}
    grid = read_raster(raster_of([[0, 7], [7, 255]]), own, None)
    np.testing.assert_allclose(np.exp(grid.read_logarithms(0, 2)), [[0.5, 0.02], [0.02, np.nan]], rtol=1e-12)
    for wrong in ({}, {1: "grass"}):
        with pytest.raises(ValueError, match="at least one code to a Patch"):
            read_raster(raster_of([[1, 1], [1, 1]]), wrong, None)
    for code in (-1, 70000):
        with pytest.raises(ValueError, match="codes from 0 to 65535"):
            read_raster(raster_of([[1, 1], [1, 1]]), {code: Patch()}, None)


# ------------------------------------------------------------------------------------------------------ spacing


def test_spacing_comes_from_coordinates_in_any_unit():
    raster = raster_of(np.ones((3, 4), int), spacing=250.0)
    assert read_raster(raster, ZONES, None).spacing == (250.0, 250.0)
    kilometres = raster.assign_coords(x=raster.x / 1000)
    kilometres.x.attrs["units"] = "km"
    assert read_raster(kilometres, ZONES, None).spacing == pytest.approx((250.0, 250.0))
    northwards = raster.isel(y=slice(None, None, -1))
    assert read_raster(northwards, ZONES, None).spacing == (250.0, 250.0)
    oblong = raster.assign_coords(y=[0.0, 100.0, 200.0])
    assert read_raster(oblong, ZONES, None).spacing == (100.0, 250.0)


@pytest.mark.parametrize(
    ("names", "attrs"),
    [(("lat", "lon"), {}), (("y", "x"), {"units": "degrees_north"}), (("y", "x"), {"standard_name": "longitude"})],
)
def test_latitude_and_longitude_are_refused_unless_the_pixel_is_known(names, attrs):
    raster = raster_of(np.ones((3, 4), int), spacing=1.0).rename(dict(zip("yx", names, strict=True)))
    raster[names[1]].attrs.update(attrs)
    with pytest.raises(ValueError, match=r"latitude and longitude.*project it to metres.*or give resolution"):
        read_raster(raster, ZONES, None)
    assert read_raster(raster, ZONES, "0.1 km").spacing == (100.0, 100.0)


def test_unnamed_degrees_are_recognised_by_their_size():
    raster = raster_of(np.ones((3, 4), int), spacing=1 / 1200)
    with pytest.raises(ValueError, match="latitude and longitude"):
        read_raster(raster, ZONES, None)


def test_rasters_without_a_spacing_are_refused():
    bare = xr.DataArray(np.ones((3, 4), int), dims=("y", "x"))
    with pytest.raises(ValueError, match="no spacing along 'y': give resolution"):
        read_raster(bare, ZONES, None)
    uneven = raster_of(np.ones((3, 4), int)).assign_coords(x=[0.0, 1.0, 5.0, 6.0])
    with pytest.raises(ValueError, match="not evenly spaced"):
        read_raster(uneven, ZONES, None)
    for bad in (0.0, -5.0, math.inf, "5 kg", "many", True, [1.0, 2.0]):
        with pytest.raises(ValueError, match="resolution"):
            read_raster(bare, ZONES, bad)


def test_only_two_dimensional_numbers_are_read():
    for bad in ([[1, 2]], np.ones((3, 3)), None):
        with pytest.raises(ValueError, match=r"must be an xarray\.DataArray"):
            read_raster(bad, ZONES, 10.0)
    for shape in ((3,), (2, 3, 4), (0, 3)):
        with pytest.raises(ValueError, match="two dimensions"):
            read_raster(xr.DataArray(np.ones(shape)), ZONES, 10.0)
    with pytest.raises(ValueError, match="must hold numbers"):
        read_raster(xr.DataArray(np.array([["a"]])), ZONES, 10.0)
    band = xr.DataArray(np.ones((1, 3, 4), int), dims=("band", "y", "x"))
    assert read_raster(band, ZONES, 10.0).raster.shape == (3, 4)

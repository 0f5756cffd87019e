"""Units: what people write becomes the bare SI number that they meant, or one clear error."""

import math
from typing import Annotated

import numpy as np
import pint
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from mesoscale.core import quantities
from mesoscale.core.quantities import (
    Area,
    Count,
    Force,
    Length,
    Pressure,
    Temperature,
    TemperatureDifference,
    Unit,
    UnitError,
    law,
    unit_of,
)


@law
def pressure(force: Force, area: Area, direction: str = "down") -> Pressure:
    """A law to try: its value is exact in binary for the numbers below."""
    assert direction in ("up", "down")
    return force / area


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("m", "0.34 nm", 3.4e-10),  # the nearest float, not 0.34 * 1e-9 = 3.4000000000000003e-10
        ("m", "0.34nm", 3.4e-10),
        ("m", "-3e2 um", -3e-4),
        ("m", "5 µm", 5e-6),
        ("m", "5 Å", 5e-10),
        ("m", " 7 ", 7),
        ("N m2", "1 kN·cm2", 0.1),
        ("N m2", "2 N m**2", 2.0),
        ("N m2", "2 N*m^2", 2.0),
        ("W m-2", "3 W/m2", 3.0),
        ("W m-2", "3 W m-2", 3.0),
        ("J K-1 mol-1", "1 cal/(mol K)", 4.184),
        ("J", "1 eV", 1.602176634e-19),
        ("mol m-3", "2 uM", 2e-3),
        ("m-2", "500 um-2", 5e14),
        ("s-1", "3 1/s", 3.0),
        ("1", "5 %", 0.05),
        ("1", "0.5", 0.5),
        ("rad", "180 degree", np.pi),
        ("K", "20 degC", 293.15),
        ("K", "-5 °C", 268.15),
        ("K", "68 degF", 293.15),
    ],
)
def test_a_string_with_a_unit_is_read_exactly(unit, text, expected):
    assert Unit(unit).to_magnitude(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1,5 nm",
        "9**9**9 m",
        "5 m**9**9**9",
        "5 m**999999999",
        "m",
        "",
        "5 parsnip",
        "nan m",
        "inf m",
        "1e999 m",
        "1e400",
        "5 m; import os",
        "5 __import__('os')",
        "5 (m",
        "5 " + "m*" * 5000 + "m",
        "0x10 m",
        "1_000 m",
        "--5 m",
        "5 K",
        "5 m2",
    ],
)
def test_nonsense_is_one_clear_error_and_never_a_hang(text):
    with pytest.raises(UnitError, match=r"must be|has"):
        Unit("m").to_magnitude(text)


@given(st.text(max_size=40))
def test_any_text_is_a_finite_number_or_a_unit_error(text):
    try:
        value = Unit("m").to_magnitude(text)
    except UnitError:
        return
    assert math.isfinite(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_bare_number_written_out_comes_back_unchanged(value):
    assert Unit("m").to_magnitude(repr(value)) == value


def test_a_difference_ignores_the_offset_of_a_scale():
    assert Unit("K", difference=True).to_magnitude("2 degC") == 2.0
    assert unit_of(TemperatureDifference).to_magnitude("9 degF") == 5.0
    assert unit_of(Temperature).to_magnitude("2 degC") == 275.15


@pytest.mark.parametrize("value", [True, False, np.True_, "True"])
def test_a_bool_is_no_number(value):
    with pytest.raises(UnitError, match="must be a number"):
        Unit("m").to_magnitude(value)


def test_pint_quantities_of_any_registry_are_converted():
    registry = pint.UnitRegistry()
    assert Unit("m").to_magnitude(0.34 * registry.nm) == 3.4e-10
    assert Unit("m").to_magnitude(registry.Quantity(3, "N") / registry.Quantity(2, "N/m")) == 1.5
    assert Unit("K").to_magnitude(registry.Quantity(20.0, "degC")) == 293.15
    with pytest.raises(UnitError, match="cannot be converted"):
        Unit("m").to_magnitude(3 * registry.kg)
    with pytest.raises(UnitError, match="one number"):
        Unit("m").to_magnitude(np.ones(2) * registry.m)
    with pytest.raises(UnitError, match="finite"):
        Unit("m").to_magnitude(np.nan * registry.m)


def test_scalars_of_numpy_and_xarray_are_numbers():
    assert Unit("m").to_magnitude(np.float32(0.5)) == 0.5
    assert isinstance(Unit("1").to_magnitude(np.int64(3)), int)
    assert Unit("m").to_magnitude(np.array(2.0)) == 2.0
    assert Unit("m").to_magnitude(xr.DataArray(2.0, attrs={"units": "km"})) == 2000.0
    assert Unit("m").to_magnitude(xr.DataArray(2.0)) == 2.0


def test_unit_of_looks_inside_optional_and_tuple():
    assert unit_of(Length | None) == Unit("m")
    assert unit_of(tuple[Length, ...]) == Unit("m")
    assert unit_of(Annotated[Count, "a note"]) == Unit("1")
    assert unit_of(str) is None
    assert hash(Unit("m")) == hash(Unit("m"))
    assert Unit("K") != Unit("K", difference=True)
    assert repr(Unit("K", difference=True)) == "Unit('K', difference=True)"


def test_a_law_passes_floats_and_arrays_untouched():
    assert pressure(1.0, 2.0) == 0.5
    array = np.array([1.0, 2.0])
    np.testing.assert_array_equal(pressure(array, area=2.0), [0.5, 1.0])
    assert pressure(1, 2) == 0.5
    assert pressure.__name__ == "pressure"
    assert pressure.units == {"force": Unit("N"), "area": Unit("m2"), "return": Unit("Pa")}


def test_a_law_reads_strings_lists_and_choices():
    assert pressure("1 kN", "2 m2") == 500.0
    assert pressure(1.0, "2 m2", direction="up") == 0.5
    np.testing.assert_array_equal(pressure([1, "2 N"], 2.0), [0.5, 1.0])
    assert pressure(1.0, area=np.float32(2.0)) == 0.5


def test_a_law_returns_pint_for_pint():
    registry = pint.UnitRegistry()
    result = pressure(1 * registry.N, "1 mm2")
    assert result.to("MPa").magnitude == pytest.approx(1.0, rel=1e-15)
    array = pressure(np.array([1.0, 2.0]) * registry.kN, 1.0)
    np.testing.assert_array_equal(array.to("Pa").magnitude, [1e3, 2e3])


def test_a_law_labels_what_it_computes_from_labelled_arrays():
    force = xr.DataArray([1.0, 2.0], dims="x", coords={"x": [0, 1]}, attrs={"units": "kN"})
    area = xr.DataArray([1.0, 4.0, 5.0], dims="y")
    result = pressure(force, area)
    assert result.dims == ("x", "y")
    assert result.attrs == {"units": "Pa", "long_name": "pressure"}
    np.testing.assert_allclose(result.values, np.outer([1e3, 2e3], [1, 0.25, 0.2]), rtol=1e-15)
    np.testing.assert_array_equal(result.x, [0, 1])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("1 m", 1.0), r"pressure\(force='1 m'\): force has the unit 'm', which cannot be converted to 'N'"),
        ((True, 1.0), "force must be a number, not a bool"),
        ((1.0, "wide"), "area must be a number with a unit, such as '1 m2'"),
        ((1.0, xr.DataArray(1.0, attrs={"units": "s"})), "cannot be converted"),
    ],
)
def test_a_law_names_the_argument_that_is_wrong(args, message):
    with pytest.raises(UnitError, match=message):
        pressure(*args)


def test_a_law_without_units_is_refused_at_import():
    with pytest.raises(TypeError, match="must say the unit"):
        law(lambda x: x)


def test_every_quantity_of_the_table_is_a_known_unit():
    for name in quantities.__all__:
        unit = unit_of(getattr(quantities, name))
        if unit is not None:
            assert unit.affine(unit.symbol) == (1.0, 0.0), name

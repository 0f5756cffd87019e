"""Numbers and units for the eye: the unit fits the size, the digits fit the error."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesoscale.atlas.display import Scale, amount, number, pretty_unit, scale_for, wrapped
from mesoscale.core.quantities import Unit


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5.03e-8, "m", "50.3 nm"),
        (0.5, "m", "0.5 m"),
        (2000.0, "m", "2 km"),
        (1.2e-12, "m2", "1.2 µm²"),
        (2e-25, "m3", "200 nm³"),
        (1e27, "m-3", "1 nm⁻³"),
        (1e-3, "mol m-3", "1 µM"),
        (2.0, "mol m-3", "2 mM"),
        (4.1e-21, "J", "4.1 zJ"),
        (101325.0, "Pa", "101.3 kPa"),
        (3e-12, "N", "3 pN"),
        (1e-3, "Pa s", "1 mPa s"),
        (1e-5, "s", "10 µs"),
        (90.0, "s", "90 s"),
        (7200.0, "s", "2 h"),
        (6.3e8, "s", "19.96 a"),
        (300.0, "K", "300 K"),
        (2e-28, "N m2", "2 × 10⁻²⁸ N m²"),
        (0.0, "m", "0 m"),
        (-5e-9, "m", "−5 nm"),
        (20000.0, "1", "20000"),
        (math.nan, "m", "– m"),
    ],
)
def test_a_value_is_shown_in_a_unit_of_its_size(value, unit, text):
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.123456, 0.0123, "0.123 ± 0.012"),
        (50.31, 0.4, "50.3 ± 0.4"),
        (1234.5, 30.0, "1234 ± 30"),
        (-0.5, 0.1, "−0.50 ± 0.10"),
        (0.5, math.nan, "0.5"),
        (0.5, 0.0, "0.5"),
        (0.0, 0.02, "0.000 ± 0.020"),
        (0.993206, 0.000021, "0.993206 ± 0.000021"),
        (0.5, 1e-14, "0.5 ± 1e−14"),
        (1e-5, 3e-6, "(1.0 ± 0.3)e-05"),
    ],
)
def test_a_value_has_the_digits_of_its_error(value, error, text):
    assert number(value, error) == text


def test_a_power_of_ten_embraces_value_and_error():
    assert amount(2.1e-28, "N m2", 5e-30) == "(2.10 ± 0.05) × 10⁻²⁸ N m²"


def test_units_have_superscripts_and_pure_numbers_none():
    assert pretty_unit("kg m-3") == "kg m⁻³"
    assert pretty_unit("1") == ""
    assert pretty_unit("um") == "µm"
    assert pretty_unit("1e-25 N m2") == "10⁻²⁵ N m²"
    assert Scale(1.0, "").label("ratio") == "ratio"
    assert Scale(1.0, "nm").label("length") == "length [nm]"


def test_nothing_but_zeros_or_gaps_keeps_the_unit():
    assert scale_for([0.0, math.nan], "m") == Scale(1.0, "m")
    assert scale_for([], "Pa") == Scale(1.0, "Pa")


# The name of a scaled unit, read back by the library's own reader of units, must give the factor: prefix and exponent
# cannot disagree.
ASCII = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻µ", "0123456789-u")


@given(
    st.floats(-26, 12),
    st.sampled_from(["m", "m2", "m3", "m-1", "m-2", "m-3", "J", "N", "Pa", "N m-1", "Pa s", "m s-1", "s"]),
)
def test_the_shown_unit_means_what_the_factor_says(exponent, symbol):
    scale = scale_for(10.0**exponent, symbol)
    name = scale.unit.translate(ASCII)
    if name.startswith("10"):
        power, _, name = name[2:].partition(" ")
        assert math.isclose(scale.factor, 10.0 ** -int(power), rel_tol=1e-12)
        assert name == symbol
        return
    back, offset = Unit(symbol).affine(name)
    assert offset == 0
    assert math.isclose(back * scale.factor, 1.0, rel_tol=1e-12)


@given(st.floats(-12, 6))
def test_molar_units_mean_what_the_factor_says(exponent):
    scale = scale_for(10.0**exponent, "mol m-3")
    back, _ = Unit("mol m-3").affine(scale.unit.translate(ASCII))
    assert math.isclose(back * scale.factor, 1.0, rel_tol=1e-12)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e300))
def test_any_number_can_be_shown(value, error):
    assert number(value, error)
    with np.errstate(all="ignore"):
        assert amount(value, "m")


def test_long_words_are_wrapped_between_words():
    assert wrapped("mean end-to-end distance", 12).splitlines() == ["mean", "end-to-end", "distance"]
    assert wrapped("", 12) == ""

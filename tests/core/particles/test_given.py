"""What is given for a real liquid: numbers, strings with units, and what is neither."""

import math

import numpy as np
import pytest
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.given import positive_numbers

UNITS = {"viscosity": "Pa s", "occupancy": "1", "temperature": "K"}


def test_numbers_are_si_and_strings_carry_their_unit():
    given = {"viscosity": "0.89 mPa s", "occupancy": np.float32(2.5), "temperature": "25 degC"}
    assert positive_numbers("liquid", UNITS, given) == pytest.approx(
        {"viscosity": 0.89e-3, "occupancy": 2.5, "temperature": 298.15}
    )
    assert positive_numbers("liquid", UNITS, {"occupancy": 3}) == {"occupancy": 3.0}
    assert positive_numbers("liquid", UNITS, {}) == {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("viscosity", None, r"liquid\(viscosity=None\): viscosity must be a number, or a string such as '1 Pa s'"),
        ("viscosity", [1.0, 2.0], "viscosity must be a number, or a string such as '1 Pa s'"),
        ("viscosity", "1 kg", "viscosity has the unit 'kg'"),
        ("occupancy", None, "occupancy must be a number$"),
        ("occupancy", 0.0, "occupancy must be greater than 0 and finite"),
        ("temperature", -1, "temperature must be greater than 0"),
        ("temperature", math.inf, "temperature must be greater than 0 and finite"),
        ("temperature", math.nan, "temperature must be greater than 0"),
    ],
)
def test_what_is_no_positive_number_is_one_sentence(name, value, message):
    with pytest.raises(ParameterError, match=message):
        positive_numbers("liquid", UNITS, {name: value})

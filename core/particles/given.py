"""What a function from a real liquid to the parameters of a fluid is given: numbers in SI, or strings with a unit."""

import math
from collections.abc import Mapping
from typing import Any

from ..model import ParameterError
from ..quantities import Unit, UnitError

__all__ = ["positive_numbers"]


def positive_numbers(function: str, units: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, float]:
    """All that is given as SI numbers, by name.

    Parameters
    ----------
    function : str
        Who asks, for the error.
    units : mapping of str to str
        Unit of each number; "1" for one without.
    given : mapping of str to float or str
        What the caller was given; a number is in its SI unit.

    Raises
    ------
    ParameterError
        If one is no number, has another dimension, or is not finite and greater than 0.

    Examples
    --------
    >>> positive_numbers("melt", {"temperature": "K", "share": "1"}, {"temperature": "0 degC", "share": 0.5})
    {'temperature': 273.15, 'share': 0.5}
    """
    found = {}
    for name, value in given.items():
        try:
            number = float(Unit(units[name]).to_magnitude(value))
        except UnitError as error:
            raise ParameterError(function, {name: str(error)}, {name: value}) from None
        except (TypeError, ValueError):
            example = "" if units[name] == "1" else f", or a string such as '1 {units[name]}'"
            raise ParameterError(function, {name: f"must be a number{example}"}, {name: value}) from None
        if not 0.0 < number < math.inf:
            raise ParameterError(function, {name: "must be greater than 0 and finite"}, {name: value})
        found[name] = number
    return found

"""Parameters: checked once, frozen, equal by content; every error says what is allowed."""

import functools
import math
import pickle
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.model import Data, Function, ParameterError, Record, interval, param, problem
from mesoscale.core.quantities import Concentration, Count, Flag, Length, Temperature
from pydantic import model_validator


class Protein(Record):
    """A species in a table."""

    concentration: Concentration = param(1e-3, "concentration", source="assumed", ge=0, le=1e3)
    valence: Count = param(3, "number of binding sites", source="assumed", ge=1, le=20)


class Solution(Record):
    """A record with every kind of field."""

    length: Length = param(1.0, "length", source="assumed", gt=0, le=1e3)
    temperature: Temperature = param(300.0, "temperature", source="assumed", gt=0, lt=1e4)
    wall: Length | None = param(None, "distance of the wall; None for none", source="assumed", gt=0, le=5.0)
    kind: Literal["open", "closed"] = param("open", "boundary", source="assumed")
    stirred: Flag = param(False, "whether it is stirred", source="assumed")
    offset: Length = param(0.0, "offset", source="assumed", ge=-1, le=1, span=(-0.5, 0.5))
    proteins: tuple[Protein, ...] = param((Protein(), Protein(valence=2)), "what is dissolved", source="assumed")
    image: Annotated[xr.DataArray, Data("m", ("y", "x"), ge=0, missing=True)] | None = param(
        None, "heights", source="the user's"
    )

    @model_validator(mode="after")
    def _offset_below_length(self):
        if self.offset >= self.length:
            raise problem("offset", "must be less than length")
        return self


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"temperature": -5}, "Solution(temperature=-5): temperature must be greater than 0 K; the default is 300 K"),
        ({"length": "2 km"}, "Solution(length='2 km'): length must be at most 1000 m; the default is 1 m"),
        ({"temperature": 1e4}, "temperature must be less than 10000 K; the default is 300 K"),
        ({"lenght": 1}, "lenght is not a parameter of Solution; did you mean length?"),
        ({"zzz": 1}, "it takes length, temperature"),
        ({"length": "1 K"}, "length has the unit 'K', which cannot be converted to 'm'; the default is 1 m"),
        ({"length": None}, "length must be a number, or a string with a unit such as '1 m'"),
        ({"length": [1, 2]}, "length must be a number"),
        ({"length": float("nan")}, "length must be a finite number"),
        ({"length": float("inf")}, "length must be a finite number"),
        ({"length": True}, "length must be a number, not a bool"),
        ({"length": 1 + 2j}, "length must be a number"),
        ({"wall": 7}, "wall must be at most 5 m"),
        ({"kind": "ajar"}, "kind must be one of 'open', 'closed'; the default is 'open'"),
        ({"stirred": 3}, "stirred must be"),
        ({"proteins": 3}, "proteins must be"),
        ({"proteins": [{"valence": 0}]}, "proteins.0.valence must be at least 1; the default is 3"),
        ({"proteins": [{"valence": 2.5}]}, "proteins.0.valence must be a whole number"),
        (
            {"proteins": [{}, {"valense": 2}]},
            "proteins.1.valense is not a parameter of Solution; did you mean",
        ),
        ({"image": np.ones(3)}, "image must be an array with the dimensions (y, x), not of shape (3,)"),
        ({"image": -np.ones((2, 2))}, "image must hold values at least 0 m only"),
        ({"image": np.full((2, 2), np.inf)}, "image must hold finite values only"),
        ({"image": np.ones((0, 2))}, "not empty"),
        ({"image": [["a", "b"]]}, "of numbers"),
        ({"image": xr.DataArray(np.ones((2, 2)), dims=("a", "x"))}, "not (a, x)"),
        ({"image": xr.DataArray(np.ones((2, 2)), dims=("y", "x"), attrs={"units": "s"})}, "cannot be converted"),
        ({"offset": 0.5, "length": 0.1}, "offset must be less than length"),
    ],
)
def test_bad_input_is_one_sentence_that_says_what_is_allowed(given, message):
    with pytest.raises(ParameterError) as caught:
        Solution(**given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_problem_has_its_entry():
    with pytest.raises(ParameterError) as caught:
        Solution(length=-1, temperature="hot", proteins=[{"concentration": -1}])
    assert set(caught.value.problems) == {"length", "temperature", "proteins.0.concentration"}


def test_the_error_survives_the_way_back_from_a_worker():
    with pytest.raises(ParameterError) as caught:
        Solution(length=-1)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.problems == caught.value.problems


def test_records_are_frozen_and_equal_by_content():
    first = Solution(image=np.ones((2, 2)), length="1 m")
    second = Solution(image=np.ones((2, 2)))
    assert first == second
    assert hash(first) == hash(second)
    assert first != Solution(image=np.zeros((2, 2)))
    assert first != Solution()
    assert len({first, second, Solution()}) == 2
    with pytest.raises(ValueError, match="frozen"):
        first.length = 3.0


def test_data_is_read_only_and_in_si():
    image = xr.DataArray([[1.0, np.nan], [2.0, 3.0]], dims=("x", "y"), attrs={"units": "mm"})
    field = Solution(image=image).image
    assert field.dims == ("y", "x")
    assert field.attrs == {"units": "m"}
    np.testing.assert_array_equal(field.values, [[1e-3, 2e-3], [np.nan, 3e-3]])
    with pytest.raises(ValueError, match="read-only"):
        field.values[0, 0] = 5.0
    image.values[0, 0] = 99.0  # the caller's array is no back door
    assert field.values[0, 0] == 1e-3


def test_replace_reaches_nested_records_and_checks():
    solution = Solution()
    changed = solution.replace(length="2 m", **{"proteins.1.concentration": "2 uM", "proteins.0.valence": 5})
    assert changed.length == 2.0
    assert [p.valence for p in changed.proteins] == [5, 2]
    assert changed.proteins[1].concentration == 2e-3
    assert solution.proteins[0].valence == 3
    assert solution.replace(**{"proteins.0": Protein(valence=7)}).proteins[0].valence == 7
    for path, message in [
        ("proteins.7.valence", "has 2 entries, numbered from 0"),
        ("proteins.first.valence", "has 2 entries"),
        ("length.x", "has no parameters inside"),
        ("colour", "is not a parameter of Solution"),
        ("proteins.0.colour", r"^Solution\(proteins.0.colour=1\): proteins.0.colour is not a parameter of Protein"),
    ]:
        with pytest.raises(ParameterError, match=message):
            solution.replace(**{path: 1})
    with pytest.raises(ParameterError, match="greater than 0"):
        solution.model_copy(update={"length": -1})
    assert solution.model_copy() == solution


def test_model_validate_speaks_our_language():
    with pytest.raises(ParameterError, match="greater than 0 m"):
        Solution.model_validate({"length": -1})
    assert Solution.model_validate({"length": "3 mm"}).length == 3e-3


def test_intervals_come_from_the_span_or_from_the_default_and_the_bounds():
    assert interval(Solution, "offset") == (-0.5, 0.5)
    assert interval(Solution, "length") == (0.1, 10.0)
    assert interval(Solution, "temperature") == (30.0, 3000.0)
    assert interval(Protein, "valence") == (1.0, 20.0)
    with pytest.raises(ParameterError, match="needs a span"):
        interval(Solution, "wall")


def test_the_schema_carries_what_sliders_and_pages_need():
    entry = Solution.model_json_schema()["properties"]["length"]
    assert entry["unit"] == "m"
    assert entry["exclusiveMinimum"] == 0
    assert entry["maximum"] == 1e3
    assert entry["source"] == "assumed"
    assert entry["default"] == 1.0
    assert entry["description"] == "length"
    image = Solution.model_json_schema()["properties"]["image"]["anyOf"][0]
    assert image["dims"] == ["y", "x"]


class Landscape(Record):
    """A record that takes a formula or a function."""

    energy: str | Annotated[Callable[..., float], Function("energy f(x)")] = param("x**2", "energy", source="assumed")


def test_a_function_is_known_by_its_name_and_equal_to_itself_only():
    record = Landscape(energy=math.cos)
    assert record.model_dump(mode="json") == {"energy": {"function": "math.cos"}}
    assert Landscape(energy=functools.partial(pow, 2)).model_dump(mode="json")["energy"] == {
        "function": "functools.partial"
    }
    assert record == Landscape(energy=math.cos) != Landscape(energy=math.sin)
    assert hash(record) == hash(Landscape(energy=math.cos))
    assert record.energy(0.0) == 1.0


def test_what_cannot_be_called_is_no_function():
    with pytest.raises(ParameterError, match=r"must be a function energy f\(x\)"):
        Landscape(energy=3.0)

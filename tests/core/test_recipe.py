"""Recipes: a result can be made again, and a file is never executed."""

import json

import numpy as np
import pytest
import xarray as xr
from mesoscale.biology.golgi import GolgiMatrix
from mesoscale.core.recipe import RecipeError, differences, find_model, model_of, read_recipe, replay
from mesoscale.environment.urban import UrbanSurface


@pytest.fixture(scope="module")
def result():
    return UrbanSurface().run(seed=4)


def with_recipe(dataset, **changes):
    return dataset.assign_attrs(recipe=json.dumps({**read_recipe(dataset), **changes}))


def test_a_result_is_replayed_bit_for_bit_after_a_round_trip(result, tmp_path):
    result.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "x.nc", engine="h5netcdf") as stored:
        assert model_of(stored) == UrbanSurface()
        assert differences(stored.load(), replay(stored)) == []


def test_nested_records_and_replicates_are_replayed():
    model = GolgiMatrix(**GolgiMatrix.quick) if GolgiMatrix.quick else GolgiMatrix()
    result = model.run(seed=1, replicates=2)
    assert model_of(result) == model
    assert differences(result, replay(result)) == []
    one = result.isel(replicate=[0])
    one.attrs["recipe"] = json.dumps({**read_recipe(one), "replicates": 1})
    assert differences(one, replay(one)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "os.system"}, "only models of this library"),
        ({"model": "mesoscale.core.model.Model"}, "is not a model"),
        ({"model": "mesoscale.core.recipe.replay"}, "is not a model"),
        ({"model": "mesoscale.biology.nowhere.Nothing"}, "not a model of this version"),
        ({"model": "mesoscale.x;y.Z"}, "only models of this library"),
        ({"model": 3}, "has no 'model'"),
        ({"parameters": {"colour": "red"}}, "parameters are not accepted"),
        ({"replayable": False}, "cannot be replayed"),
        ({"seed": "one"}, "has no 'seed'"),
    ],
)
def test_a_recipe_that_is_not_ours_is_refused(result, changes, message):
    with pytest.raises(RecipeError, match=message):
        replay(with_recipe(result, **changes))


@pytest.mark.parametrize("text", [None, "{", "[1]", "[" * 100_000])
def test_a_missing_or_damaged_recipe_is_refused(result, text):
    attrs = {} if text is None else {"recipe": text}
    damaged = result.copy()
    damaged.attrs = attrs
    with pytest.raises(RecipeError, match="recipe"):
        read_recipe(damaged)


def test_differences_says_where(result):
    other = result.copy(deep=True)
    assert differences(result, other) == []
    other["answer"] = other.answer + 1.0
    assert differences(result, other) == ["answer differs in 1 of 1 values"]
    assert differences(result, other.drop_vars("answer")) == ["answer is in one of them only"]
    assert "has the shapes" in differences(result, other.assign(answer=("z", np.ones(2))))[0]


def test_a_model_is_found_by_its_public_path():
    assert find_model("mesoscale.environment.urban.UrbanSurface") is UrbanSurface

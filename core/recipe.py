"""Recipes: every result says how it was made, and can be made again.

`Model.run` writes the recipe into the attribute ``recipe`` of its Dataset, as one JSON string. Here it is read back:
`read_recipe` shows it, `model_of` builds the model from it, `replay` runs it again (the same bits on the same machine
and versions), and `differences` says where two results differ. Nothing in a file is executed: a recipe names a model of
this library and its parameters, and both are checked.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .model import Model, ParameterError
from .model.records import _describe_array, functions_in

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["RecipeError", "differences", "find_model", "model_of", "read_recipe", "replay"]

_LIBRARY = __name__.partition(".")[0]


class RecipeError(ValueError):
    """The recipe is missing, damaged, or not one of this library."""


def read_recipe(dataset: xr.Dataset) -> dict[str, Any]:
    """The recipe of a result: model, parameters, units, seed, replicates, version, replayable.

    Raises
    ------
    RecipeError
        If there is none or it cannot be read.
    """
    text = dataset.attrs.get("recipe")
    if not isinstance(text, str):
        raise RecipeError("the dataset has no attribute 'recipe': it was not written by a model of this library")
    try:
        recipe = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecipeError(f"the recipe is damaged: {error}") from None
    wanted = {"model": str, "parameters": dict, "seed": int, "replicates": int, "version": str}
    for key, kind in wanted.items():
        if not isinstance(recipe, dict) or not isinstance(recipe.get(key), kind):
            raise RecipeError(f"the recipe is damaged: it has no {key!r}")
    return dict(recipe)


def find_model(path: str) -> type[Model]:
    """The class behind a public path such as ``mesoscale.materials.fiber.FiberChain``.

    Raises
    ------
    RecipeError
        If the path does not name a model of this library.
    """
    module, _, name = path.rpartition(".")
    if module.split(".")[0] != _LIBRARY or not all(part.isidentifier() for part in path.split(".")):
        raise RecipeError(f"{path!r} is not a model of {_LIBRARY}: only models of this library are replayed")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise RecipeError(f"{path!r} is not a model of this version of {_LIBRARY}") from None
    if not (isinstance(found, type) and issubclass(found, Model) and found is not Model):
        raise RecipeError(f"{path!r} is not a model")
    return found


def model_of(dataset: xr.Dataset) -> Model:
    """Build the model that made this result; arrays are taken from the dataset and checked by their SHA-256.

    Raises
    ------
    RecipeError
        If the recipe is missing, damaged or not of this library, or an input array is not the one that was used.
    """
    recipe = read_recipe(dataset)
    if not recipe.get("replayable", False):
        foreign = functions_in(recipe["parameters"]) or [recipe["model"]]
        raise RecipeError(f"this result cannot be replayed: it used {', '.join(foreign)}, which is not of this library")
    model = find_model(recipe["model"])
    try:
        return model(**_with_arrays(recipe["parameters"], dataset, ""))
    except ParameterError as error:
        raise RecipeError(f"the recipe's parameters are not accepted: {error}") from None


def replay(dataset: xr.Dataset, *, progress: bool = False) -> xr.Dataset:
    """Run a result's recipe again; the same bits on the same machine and versions.

    Parameters
    ----------
    dataset : xarray.Dataset
        A result of `Model.run`, also after a round trip through NetCDF or Zarr.
    progress : bool
        Whether to show a bar.

    Raises
    ------
    RecipeError
        As `model_of`.

    Examples
    --------
    >>> from mesoscale.environment.urban import UrbanSurface
    >>> result = UrbanSurface().run()
    >>> differences(result, replay(result))
    []
    """
    recipe = read_recipe(dataset)
    model = model_of(dataset)
    result = model.run(seed=recipe["seed"], replicates=recipe["replicates"], progress=progress)
    if "replicate" in dataset.dims and "replicate" not in result.dims:  # all but one were lost to Ctrl-C
        result = model.run(seed=recipe["seed"], replicates=2).isel(replicate=[0]).assign_attrs(result.attrs)
    return result


def differences(first: xr.Dataset, second: xr.Dataset) -> list[str]:
    """Where two results differ, one sentence each; empty if every value has the same bits (NaN equals NaN)."""
    found = []
    for name in sorted({*map(str, first.variables), *map(str, second.variables)}):
        if name not in first.variables or name not in second.variables:
            found.append(f"{name} is in one of them only")
            continue
        a, b = first[name], second[name]
        if a.dims != b.dims or a.shape != b.shape:
            found.append(f"{name} has the shapes {dict(a.sizes)} and {dict(b.sizes)}")
            continue
        x, y = np.asarray(a.values), np.asarray(b.values)
        same = (x == y) | ((x != x) & (y != y))
        if not same.all():
            found.append(f"{name} differs in {int((~same).sum())} of {same.size} values")
    return found


def _with_arrays(value: Any, dataset: xr.Dataset, path: str) -> Any:
    if isinstance(value, Mapping) and "sha256" in value:
        name = f"input_{path}"
        if name not in dataset:
            raise RecipeError(f"the result lacks the input array {name}")
        stored = dataset[name]
        array = stored.rename({d: str(d).removeprefix(f"{name}_") for d in stored.dims})
        if _describe_array(array.astype("float64"))["sha256"] != value["sha256"]:
            raise RecipeError(f"the input array {name} is not the one that was used: its SHA-256 differs")
        return array.drop_vars(list(array.coords))
    if isinstance(value, Mapping):
        return {key: _with_arrays(entry, dataset, f"{path}.{key}" if path else key) for key, entry in value.items()}
    if isinstance(value, list):
        return [_with_arrays(entry, dataset, f"{path}.{index}") for index, entry in enumerate(value)]
    return value

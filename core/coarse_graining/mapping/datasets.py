"""Labelled trajectories: from datasets of atoms to datasets of beads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...model import ParameterError
from ...model.progress import library_version

if TYPE_CHECKING:
    from .operator import Mapping

__all__ = ["box_of", "label_beads", "map_dataset"]

Floats = NDArray[np.float64]
_NAMES = {
    "position": "position of each bead",
    "velocity": "velocity of each bead",
    "force": "force on each bead",
    "mass": "mass of each bead",
    "box": "lattice vectors of the periodic cell",
}


def map_dataset(mapping: Mapping, dataset: xr.Dataset, wrap: bool) -> xr.Dataset:
    if "position" not in dataset:
        raise ParameterError("Mapping.trajectory", {"dataset": "must have a variable position (time, particle, axis)"})
    for name in ("position", "velocity", "force"):
        if name in dataset and dataset[name].dims[-2:] != ("particle", "axis"):
            sentence = f"must have {name} on (time, particle, axis), not {dataset[name].dims}"
            raise ParameterError("Mapping.trajectory", {"dataset": sentence})
    box = box_of(dataset)
    arrays: dict[str, Any] = {"position": mapping.positions(dataset["position"].values, box, wrap=wrap)}
    if "velocity" in dataset:
        arrays["velocity"] = mapping.velocities(dataset["velocity"].values)
    if "force" in dataset:
        arrays["force"] = mapping.forces(dataset["force"].values)
    units = {name: str(dataset[name].attrs.get("units", "1")) for name in arrays}
    units["mass"] = str(dataset["mass"].attrs.get("units", "1")) if "mass" in dataset else "1"
    beads = label_beads(mapping, arrays, None, units)
    if "box" in dataset:
        beads["box"] = dataset["box"]
    if "time" in dataset.coords:
        beads = beads.assign_coords(time=dataset["time"])
    return beads


def box_of(dataset: xr.Dataset) -> Floats | None:
    """Edge lengths (3,), or lattice vectors (3, 3) or (frames, 3, 3), or None without a box."""
    if "box" not in dataset:
        return None
    box = dataset["box"]
    values = np.asarray(box.values, dtype=np.float64)
    if box.dims == ("time", "axis"):  # edge lengths of every frame
        return np.asarray(values[:, :, None] * np.eye(3))
    return values


def label_beads(
    mapping: Mapping, arrays: dict[str, Any], box: Floats | None, units: dict[str, str], time: Floats | None = None
) -> xr.Dataset:
    frames = ("time",) if arrays["position"].ndim == 3 else ()
    variables: dict[str, Any] = {
        name: ((*frames, "particle", "axis"), values, {"units": units[name], "long_name": _NAMES[name]})
        for name, values in arrays.items()
    }
    says = {"units": units["mass"], "long_name": _NAMES["mass"]}
    variables["mass"] = ("particle", np.array(mapping.bead_masses), says)
    if box is not None:
        says = {"units": units["position"], "long_name": _NAMES["box"]}
        variables["box"] = (("time", "vector", "axis") if box.ndim == 3 else ("vector", "axis"), box, says)
    recipe = {
        "function": "mesoscale.core.coarse_graining.mapping.Mapping", "atoms": mapping.atoms, "beads": mapping.beads,
        "version": library_version(), "replayable": False,
    }  # fmt: skip
    attrs = {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe)}
    coords: dict[str, Any] = {}
    if time is not None:
        coords["time"] = ("time", time, {"units": units["time"], "long_name": "time"})
    return xr.Dataset(variables, coords, attrs)

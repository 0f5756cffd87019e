"""MDAnalysis on both sides: groups and trajectories from a universe, beads back into one.

Nothing of MDAnalysis is imported to read: whatever has its attributes will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from .cells import lattice_vectors, read_cell
from .datasets import box_of, label_beads

if TYPE_CHECKING:
    from .operator import Mapping

__all__ = ["mapping_of_universe", "read_beads", "universe_of_beads"]

Floats = NDArray[np.float64]
_MISSING = (AttributeError, ValueError, KeyError)  # of which MDAnalysis' NoDataError is made
_LABELS = {"residues": "resindices", "fragments": "fragindices"}
_UNITS = {
    "position": "angstrom",
    "velocity": "angstrom ps-1",
    "force": "kJ mol-1 angstrom-1",
    "mass": "u",
    "time": "ps",
}
_BLOCK = 2**22  # atoms in one block of frames: 100 MB


def mapping_of_universe(
    cls: type[Mapping],
    universe: Any,
    by: Literal["residues", "fragments"] | Sequence[str],
    selection: str | None,
    within: Literal["universe", "residues", "fragments"],
    weights: Literal["mass", "equal"] | Sequence[ArrayLike],
) -> Mapping:
    if not hasattr(universe, "atoms") or not hasattr(universe, "select_atoms"):
        raise _error("universe", f"must be an MDAnalysis universe, not {type(universe).__name__}")
    atoms = universe.atoms
    wanted = None if selection is None else np.asarray(universe.select_atoms(selection).indices, dtype=np.int64)
    if isinstance(by, str):
        if by not in _LABELS:
            raise _error("by", f"must be 'residues', 'fragments' or a sequence of selections, not {by!r}")
        chosen = [np.arange(len(atoms)) if wanted is None else np.sort(wanted)]
        labels = _labels(atoms, by)
    else:
        if within not in ("universe", *_LABELS):
            raise _error("within", f"must be 'universe', 'residues' or 'fragments', not {within!r}")
        chosen = []
        for text in by:
            indices = np.asarray(universe.select_atoms(text).indices, dtype=np.int64)
            if wanted is not None:
                indices = indices[np.isin(indices, wanted)]
            if len(indices) == 0:
                raise _error("by", f"holds the selection {text!r}, in which there is no atom")
            chosen.append(indices)
        labels = np.zeros(len(atoms), np.int64) if within == "universe" else _labels(atoms, within)
    parts = [(labels[group[0]], n, group) for n, indices in enumerate(chosen) for group in _split(indices, labels)]
    parts.sort(key=lambda part: part[:2])  # residue by residue, in each of them selection by selection
    try:
        masses = np.asarray(atoms.masses, dtype=np.float64)
    except _MISSING as error:
        raise _error("universe", f"must have masses; add_TopologyAttr('masses', ...) gives it some ({error})") from None
    try:
        bonds = np.asarray(atoms.bonds.indices, dtype=np.int64).reshape(-1, 2)
    except _MISSING:
        bonds = np.empty((0, 2), np.int64)
    groups = [group for _, _, group in parts]
    return cls(groups, masses, weights=weights, bonds=bonds if len(bonds) else None)


def read_beads(
    mapping: Mapping, universe: Any, frames: slice, velocities: bool, forces: bool, wrap: bool
) -> xr.Dataset:
    atoms = universe.atoms
    if len(atoms) != mapping.atoms:
        raise _error("universe", f"has {len(atoms)} atoms, not the {mapping.atoms} of the mapping", "read_universe")
    names = {"position": "positions"}
    if velocities:
        names["velocity"] = "velocities"
    if forces:
        names["force"] = "forces"
    parts: dict[str, list[Floats]] = {name: [] for name in names}
    boxes: list[Floats | None] = []
    times: list[float] = []
    waiting: dict[str, list[NDArray[Any]]] = {name: [] for name in names}

    def flush() -> None:
        taken = len(waiting["position"])
        if taken == 0:
            return
        known = [box for box in boxes[-taken:] if box is not None]
        if 0 < len(known) < taken:
            raise _error("universe", "must have a box in every frame, or in none", "read_universe")
        cell = np.stack(known) if known else None
        for name, stack in waiting.items():
            values = np.stack(stack)
            if name == "position":
                parts[name].append(mapping.positions(values, cell, wrap=wrap))
            else:
                parts[name].append(mapping.velocities(values) if name == "velocity" else mapping.forces(values))
            stack.clear()

    for step in universe.trajectory[frames]:
        for name, attribute in names.items():
            try:
                waiting[name].append(np.array(getattr(atoms, attribute), dtype=np.float32))
            except _MISSING as error:
                sentence = f"has no {attribute} in frame {len(times)} ({error})"
                raise _error("universe", sentence, "read_universe") from None
        dimensions = getattr(step, "dimensions", None)
        boxes.append(None if dimensions is None or not np.any(dimensions) else lattice_vectors(dimensions))
        times.append(float(getattr(step, "time", len(times))))
        if len(waiting["position"]) * mapping.atoms >= _BLOCK:
            flush()
    flush()
    if not times:
        raise _error("universe", "has no frame in the range that is asked for", "read_universe")
    if len({box is None for box in boxes}) > 1:
        raise _error("universe", "must have a box in every frame, or in none", "read_universe")
    cells = None if boxes[0] is None else np.stack([box for box in boxes if box is not None])
    arrays = {name: np.concatenate(blocks) for name, blocks in parts.items()}
    return label_beads(mapping, arrays, cells, _UNITS, np.array(times))


def universe_of_beads(mapping: Mapping, beads: xr.Dataset) -> Any:
    try:
        import MDAnalysis
    except ImportError:
        raise _error(
            "beads", "need MDAnalysis to become a universe: pip install 'mesoscale[io]'", "to_universe"
        ) from None
    if beads.sizes.get("particle") != mapping.beads:
        sentence = f"must be {mapping.beads} particles, not {beads.sizes.get('particle')}"
        raise _error("beads", sentence, "to_universe")
    arrays = {
        name: np.asarray(beads[name].values, dtype=np.float32).reshape(-1, mapping.beads, 3)
        for name in ("position", "velocity", "force")
        if name in beads
    }
    universe = MDAnalysis.Universe.empty(
        mapping.beads, n_residues=mapping.beads, atom_resindex=np.arange(mapping.beads), trajectory=True,
        velocities="velocity" in arrays, forces="force" in arrays,
    )  # fmt: skip
    universe.add_TopologyAttr("masses", mapping.bead_masses)
    universe.add_TopologyAttr("names", ["B"] * mapping.beads)
    universe.add_TopologyAttr("bonds", [tuple(pair) for pair in mapping.bead_bonds.tolist()])
    times = np.asarray(beads["time"].values, dtype=np.float64) if "time" in beads.coords else np.zeros(1)
    box = box_of(beads)
    universe.load_new(
        arrays["position"], order="fac", velocities=arrays.get("velocity"), forces=arrays.get("force"),
        dimensions=None if box is None else _dimensions(box, len(arrays["position"])),
        dt=float(times[1] - times[0]) if len(times) > 1 else 1.0, time_offset=float(times[0]),
    )  # fmt: skip
    return universe


def _labels(atoms: Any, level: str) -> NDArray[np.int64]:
    try:
        return np.asarray(getattr(atoms, _LABELS[level]), dtype=np.int64)
    except _MISSING as error:
        raise _error("universe", f"has no {level} ({error}); fragments need bonds") from None


def _split(indices: NDArray[np.int64], labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Parts of equal label, in the order of the labels."""
    if len(indices) == 0:
        raise _error("selection", "must hold at least one atom")
    order = np.argsort(labels[indices], kind="stable")
    cuts = np.flatnonzero(np.diff(labels[indices][order])) + 1
    return np.split(indices[order], cuts)


def _dimensions(box: Floats, frames: int) -> Floats:
    """Lengths and angles of each frame, as MDAnalysis wants them."""
    vectors = np.broadcast_to(read_cell(box, frames).vectors, (frames, 3, 3))
    lengths = np.sqrt((vectors**2).sum(axis=2))
    units = vectors / lengths[..., None]
    cosines = np.stack([(units[:, i] * units[:, j]).sum(axis=1) for i, j in ((1, 2), (0, 2), (0, 1))], axis=1)
    table = np.concatenate([lengths, np.where(cosines == 0.0, 90.0, np.rad2deg(np.arccos(cosines)))], axis=1)
    if not np.allclose(lattice_vectors(table), vectors, rtol=0, atol=1e-6 * lengths.max()):
        sentence = "must have their first lattice vector along x and the second in the plane of x and y"
        raise _error("beads", sentence, "to_universe")
    return np.asarray(table)


def _error(name: str, sentence: str, method: str = "from_universe") -> ParameterError:
    return ParameterError(f"Mapping.{method}", {name: sentence})

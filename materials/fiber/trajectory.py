"""Beads of the user's own chains: from arrays, labelled arrays or MDAnalysis to joint angles and torsions."""

from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.model import ParameterError
from ...core.quantities import Length, UnitError, unit_of
from .joints import Dimensions

__all__ = ["Joints", "measure_joints", "read_beads"]

Floats = NDArray[np.float64]
_MODEL = "FiberChain.from_trajectory"
_TORN = 3.0  # a bond that much longer than the median one is a chain cut by a periodic boundary


class Joints(NamedTuple):
    """Internal coordinates of chains.

    Attributes
    ----------
    dimensions : {2, 3}
        Of the beads.
    segment_length : float
        Mean distance of neighbouring beads [m].
    angles : numpy.ndarray
        (frame, joint) [rad]; signed in the plane.
    torsions : numpy.ndarray or None
        (frame, torsion) [rad]; None in the plane and for a single joint.
    """

    dimensions: Dimensions
    segment_length: float
    angles: Floats
    torsions: Floats | None


def read_beads(trajectory: Any, units: str | None, selection: str | None) -> Floats:
    """Positions (frame, bead, component) in metres.

    Raises
    ------
    ParameterError
        If the trajectory cannot be read, or its unit is not known.
    """
    if isinstance(trajectory, str | PathLike):
        trajectory = _open_universe(trajectory)
    if hasattr(trajectory, "trajectory") or hasattr(trajectory, "universe"):
        positions, given = _read_atoms(trajectory, selection), "angstrom"  # MDAnalysis converts every format to it
        if units not in (None, "angstrom"):
            raise _error("units", f"must be left out or 'angstrom': MDAnalysis has no {units!r}")
    else:
        if selection is not None:
            raise _error("selection", "is for MDAnalysis; choose the beads of an array by indexing it")
        given = units or str(getattr(trajectory, "attrs", {}).get("units", getattr(trajectory, "units", "")))
        if not given:
            raise _error("units", "must be given for an array without units, such as units='nm'")
        positions = getattr(trajectory, "magnitude", trajectory)
    try:
        unit = unit_of(Length)
        assert unit is not None
        scale, _ = unit.affine(given)
        beads = np.array(positions, dtype=float) * scale
    except UnitError as error:
        raise _error("units", str(error)) from None
    except (TypeError, ValueError):
        raise _error("trajectory", "must be an array (frame, bead, component) of numbers") from None
    return beads


def measure_joints(beads: Floats) -> Joints:
    """Bond length, joint angles and torsions of every frame.

    Raises
    ------
    ParameterError
        If there are too few beads, or two neighbours coincide, or a chain is torn.
    """
    if beads.ndim != 3 or beads.shape[2] not in (2, 3):
        raise _error("trajectory", f"must have the shape (frame, bead, 2 or 3), not {beads.shape}")
    if beads.shape[0] < 1 or beads.shape[1] < 3:
        raise _error("trajectory", f"must have at least 1 frame of 3 beads, not {beads.shape[0]} of {beads.shape[1]}")
    if not np.isfinite(beads).all():
        raise _error("trajectory", "must hold finite positions only")
    bonds = np.diff(beads, axis=1)
    lengths = np.linalg.norm(bonds, axis=2)
    if lengths.min() == 0.0:
        frame, bead = np.argwhere(lengths == 0.0)[0]
        raise _error("trajectory", f"has coinciding beads: {bead} and {bead + 1} in frame {frame}")
    if lengths.max() > _TORN * np.median(lengths):
        frame, bead = np.unravel_index(lengths.argmax(), lengths.shape)
        ratio = lengths.max() / np.median(lengths)
        hint = "unwrap chains that cross a periodic boundary"
        raise _error("trajectory", f"has a bond {ratio:.3g} times the median, {bead} in frame {frame}; {hint}")
    tangents = bonds / lengths[..., None]
    before, after = tangents[:, :-1], tangents[:, 1:]
    cosine = (before * after).sum(-1)
    if beads.shape[2] == 2:
        sine = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
        return Joints(2, float(lengths.mean()), np.arctan2(sine, cosine), None)
    normals = np.cross(before, after)
    angles = np.arctan2(np.linalg.norm(normals, axis=2), cosine)
    if beads.shape[1] == 3:
        return Joints(3, float(lengths.mean()), angles, None)
    first, second = normals[:, :-1], normals[:, 1:]
    turned = (tangents[:, 1:-1] * np.cross(first, second)).sum(-1)
    return Joints(3, float(lengths.mean()), angles, np.arctan2(turned, (first * second).sum(-1)))


def _read_atoms(source: Any, selection: str | None) -> list[Floats]:
    """Copies of the positions in every frame of a Universe or an AtomGroup."""
    try:
        group = source.select_atoms(selection) if selection else getattr(source, "atoms", source)
        frames = source.trajectory if hasattr(source, "trajectory") else source.universe.trajectory
        return [np.array(group.positions, dtype=float) for _ in frames]
    except AttributeError as error:
        raise _error("trajectory", f"must be an array or an MDAnalysis Universe or AtomGroup ({error})") from None


def _open_universe(path: Any) -> Any:
    try:
        import MDAnalysis
    except ImportError:
        reason = "needs MDAnalysis to read a file: pip install 'mesoscale[io]', or give an array with units"
        raise _error("trajectory", reason) from None
    return MDAnalysis.Universe(path)


def _error(name: str, sentence: str) -> ParameterError:
    return ParameterError(_MODEL, {name: sentence})

"""Trajectories of beads and the terms of a force field, checked once, handed to kernels frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from .basis import FunctionBasis, SplineBasis
from .neighbors import add_columns, angle_gradients, bond_vectors, find_pairs

__all__ = [
    "Basis",
    "Frames",
    "Samples",
    "Terms",
    "checked_frames",
    "checked_terms",
    "counted",
    "fill_design",
    "pair_sums",
    "sample_terms",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Basis = SplineBasis | FunctionBasis


class Frames(NamedTuple):
    """Positions (frame, particle, 3) and the lattice vectors of each frame (frame, 3, 3), or of all (1, 3, 3)."""

    positions: Floats
    cells: Floats
    inverses: Floats

    def cell(self, frame: int) -> tuple[Floats, Floats]:
        """Lattice vectors and their inverse (zero where there are no periods)."""
        index = frame if len(self.cells) > 1 else 0
        return self.cells[index], self.inverses[index]

    def reach(self) -> float:
        """Half the smallest distance of faces: up to there the nearest image is certain."""
        norms = np.linalg.norm(self.inverses, axis=1)
        return float(0.5 / norms.max()) if norms.max() > 0 else float("inf")


class Terms(NamedTuple):
    """All terms in the order of their columns."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    bases: tuple[Basis, ...]
    offsets: tuple[int, ...]
    types: Integers
    term_of: Integers
    cutoffs: Floats
    groups: tuple[Integers, ...]
    starts: Integers
    excluded: Integers

    @property
    def size(self) -> int:
        """Number of columns."""
        return self.offsets[-1]


class Samples(NamedTuple):
    """What one frame says about one term."""

    x: Floats
    """Distances, or angles [rad]."""
    parts: tuple[tuple[Integers, Floats, float], ...]
    """Particles, directions and sign of the force on them."""


def checked_frames(caller: str, positions: ArrayLike, box: ArrayLike | None) -> Frames:
    """Trajectory and cell, from whatever shape is allowed."""
    x = np.ascontiguousarray(positions, dtype=np.float64)
    if x.ndim == 2:
        x = x[None]
    if x.ndim != 3 or x.shape[2] != 3 or x.size == 0:
        raise ParameterError(caller, {"positions": f"must be of shape (frame, particle, 3), not {np.shape(positions)}"})
    if not np.isfinite(x).all():
        raise ParameterError(caller, {"positions": "must be finite"})
    if box is None:
        return Frames(x, np.zeros((1, 3, 3)), np.zeros((1, 3, 3)))
    cells = np.asarray(box, dtype=np.float64)
    if cells.ndim == 1 or (cells.ndim == 2 and cells.shape == (len(x), 3) and cells.shape != (3, 3)):
        cells = cells[..., None] * np.eye(3) if cells.shape[-1] == 3 else cells
    cells = cells.reshape(-1, 3, 3) if cells.shape[-2:] == (3, 3) else cells
    if cells.ndim != 3 or len(cells) not in (1, len(x)):
        sentence = "must be 3 edges or 3 lattice vectors, for all frames or for each"
        raise ParameterError(caller, {"box": f"{sentence}, not of shape {np.shape(box)}"})
    if not np.isfinite(cells).all() or (np.abs(np.linalg.det(cells)) <= 0).any():
        raise ParameterError(caller, {"box": "must have a finite, positive volume"})
    return Frames(x, np.ascontiguousarray(cells), np.ascontiguousarray(np.linalg.inv(cells)))


def checked_terms(
    caller: str,
    frames: Frames,
    pairs: Mapping[tuple[int, int], Basis],
    bonds: Sequence[tuple[ArrayLike, Basis]],
    angles: Sequence[tuple[ArrayLike, Basis]],
    types: ArrayLike,
    exclude: ArrayLike,
) -> Terms:
    """All terms with their columns; errors name what does not fit."""
    n = frames.positions.shape[1]
    kinds = np.broadcast_to(np.asarray(types, dtype=np.int64), (n,)).copy()
    if (kinds < 0).any():
        raise ParameterError(caller, {"types": "must be integers of at least 0"})
    count = int(max([kinds.max(), *(int(t) for pair in pairs for t in pair)])) + 1
    term_of = np.full((count, count), -1, np.int64)
    names: list[str] = []
    labels: list[str] = []
    bases: list[Basis] = []
    groups: list[Integers] = []
    cutoffs: list[float] = []
    for (a, b), basis in pairs.items():
        if term_of[a, b] >= 0:
            raise ParameterError(caller, {"pairs": f"must name the types ({a}, {b}) once"})
        if basis.high > frames.reach() * (1 + 1e-12):
            sentence = f"must end within half the distance of the box's faces, {frames.reach():.6g}"
            raise ParameterError(caller, {f"pairs[{a}, {b}].high": sentence}, {"high": basis.high})
        term_of[a, b] = term_of[b, a] = len(names)
        names.append(f"pair_{a}_{b}")
        labels.append("pair")
        bases.append(basis)
        groups.append(np.empty((0, 2), np.int64))
        cutoffs.append(basis.high)
    for kind, width, entries in (("bond", 2, bonds), ("angle", 3, angles)):
        for number, (members, basis) in enumerate(entries):
            group = np.asarray(members, dtype=np.int64)
            if group.ndim != 2 or group.shape[1] != width or len(group) == 0:
                raise ParameterError(caller, {f"{kind}s[{number}]": f"must be of shape (n, {width}) and not empty"})
            if group.min() < 0 or group.max() >= n:
                raise ParameterError(caller, {f"{kind}s[{number}]": f"must name particles from 0 to {n - 1}"})
            names.append(f"{kind}_{number}")
            labels.append(kind)
            bases.append(basis)
            groups.append(group)
    if not names:
        raise ParameterError(caller, {"pairs": "must hold a term, unless bonds or angles do"})
    offsets = (0, *(int(v) for v in np.cumsum([basis.size for basis in bases])))
    lists: list[set[int]] = [set() for _ in range(n)]
    for i, j in np.asarray(exclude, dtype=np.int64).reshape(-1, 2).tolist():
        if not (0 <= i < n and 0 <= j < n):
            raise ParameterError(caller, {"exclude": f"must name particles from 0 to {n - 1}"})
        lists[i].add(j)
        lists[j].add(i)
    starts = np.concatenate([[0], np.cumsum([len(entry) for entry in lists])]).astype(np.int64)
    excluded = np.array([j for entry in lists for j in sorted(entry)], dtype=np.int64)
    return Terms(
        tuple(names), tuple(labels), tuple(bases), offsets, kinds, term_of, np.array(cutoffs, dtype=np.float64),
        tuple(groups), starts, excluded,
    )  # fmt: skip


def sample_terms(caller: str, frames: Frames, frame: int, terms: Terms) -> Iterator[Samples]:
    """What one frame says about each term, in their order."""
    positions = frames.positions[frame]
    cell, inverse = frames.cell(frame)
    pairs, labels, vectors = _pairs_within_reach(positions, cell, inverse, terms)
    for number, (name, kind, basis) in enumerate(zip(terms.names, terms.kinds, terms.bases, strict=True)):
        if kind == "angle":
            group = terms.groups[number]
            theta, gradients = np.empty(len(group)), np.empty((len(group), 2, 3))
            longest = angle_gradients(positions, cell, inverse, group, theta, gradients)
            _check_reach(caller, name, longest, frames)
            first, last = np.ascontiguousarray(gradients[:, 0]), np.ascontiguousarray(gradients[:, 1])
            middle = first + last
            columns = [np.ascontiguousarray(group[:, k]) for k in range(3)]
            parts = ((columns[0], first, 1.0), (columns[2], last, 1.0), (columns[1], middle, -1.0))
            sample = Samples(theta, parts)
        else:
            if kind == "bond":
                members = terms.groups[number]
                directions = np.empty((len(members), 4))
                bond_vectors(positions, cell, inverse, members, directions)
                _check_reach(caller, name, float(directions[:, 3].max()), frames)
            else:
                chosen = labels == number
                members, directions = pairs[chosen], vectors[chosen]
            i, j = np.ascontiguousarray(members[:, 0]), np.ascontiguousarray(members[:, 1])
            sample = Samples(np.ascontiguousarray(directions[:, 3]), ((i, directions, 1.0), (j, directions, -1.0)))
        if len(sample.x) and (sample.x.min() < basis.low or sample.x.max() > basis.high):
            sentence = f"must cover all samples: there is one at {sample.x.min():.6g} and one at {sample.x.max():.6g}"
            raise ParameterError(caller, {name: sentence}, {"low": basis.low, "high": basis.high})
        yield sample


def fill_design(samples: Samples, basis: Basis, offset: int, design: Floats) -> None:
    """Add one term's columns to `design` (3 n, columns)."""
    weights, first = basis.columns(samples.x)
    for particles, directions, sign in samples.parts:
        add_columns(design, particles, directions, sign, weights, first, offset)


def _check_reach(caller: str, name: str, longest: float, frames: Frames) -> None:
    if longest > frames.reach():
        sentence = f"must stay shorter than half the distance of the box's faces, {frames.reach():.6g}"
        raise ParameterError(caller, {name: f"{sentence}; there is a length of {longest:.6g}"})


def _pairs_within_reach(
    positions: Floats, cell: Floats, inverse: Floats, terms: Terms
) -> tuple[Integers, Integers, Floats]:
    if len(terms.cutoffs) == 0:
        return np.empty((0, 2), np.int64), np.empty(0, np.int64), np.empty((0, 4))
    counts = np.zeros(3, np.int64)
    norms = np.linalg.norm(inverse, axis=0)
    if norms.max() > 0:
        most = max(3, int(2.0 * len(positions) ** (1 / 3)))  # more cells than particles only cost memory
        counts = np.clip((1.0 / (norms * terms.cutoffs.max())).astype(np.int64), 0, most)
    room = 64 + 8 * len(positions)
    while True:
        pairs, labels, vectors = np.empty((room, 2), np.int64), np.empty(room, np.int64), np.empty((room, 4))
        found = find_pairs(
            positions, cell, inverse, counts, terms.types, terms.term_of, terms.cutoffs, terms.starts, terms.excluded,
            pairs, labels, vectors,
        )  # fmt: skip
        if found <= room:
            return pairs[:found], labels[:found], vectors[:found]
        room = found


def counted(samples: Samples, basis: Basis) -> Integers:
    """How many samples fall between each two edges of the basis."""
    return np.histogram(samples.x, basis.edges)[0].astype(np.int64)


def pair_sums(caller: str, positions: ArrayLike, box: ArrayLike | None, basis: Basis, exclude: ArrayLike) -> Floats:
    """Each basis function summed over all pairs, shape (frame, function)."""
    frames = checked_frames(caller, positions, box)
    terms = checked_terms(caller, frames, {(0, 0): basis}, (), (), 0, exclude)
    sums = np.zeros((len(frames.positions), basis.size))
    for frame in range(len(sums)):
        samples = next(sample_terms(caller, frames, frame, terms))
        weights, first = basis.columns(samples.x)
        np.add.at(sums[frame], first[:, None] + np.arange(weights.shape[1]), weights)
    return sums

"""What a run is made of: a `System` of particles in a box, and a `ForceField` between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.integrate
from numpy.typing import NDArray

from ...kernels.cell_list import checked_box
from ...model import ParameterError
from ..potentials import FourierDihedral, HarmonicAngle, LennardJones, Morse, Potential

__all__ = ["ForceField", "System", "tail_integrals"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_MOST_TYPES = 100


def _fail(model: str, name: str, sentence: str, value: Any = None) -> ParameterError:
    return ParameterError(model, {name: sentence}, {} if value is None else {name: value})


@dataclass(frozen=True, eq=False)
class System:
    """Particles in a periodic box.

    Parameters
    ----------
    positions : array_like
        Shape (n, 3), wrapped or not.
    box : array_like
        Three edges, or three lattice vectors as rows, the first along x and the second in the xy plane.
    velocities : array_like, optional
        Shape (n, 3). Default: drawn by `simulate`, or zero.
    masses, types : array_like
        One for all, or one for each particle. Types are whole numbers from 0.

    Examples
    --------
    >>> System([[0, 0, 0], [1, 1, 1]], [5, 5, 5]).volume
    125.0
    """

    positions: Any
    box: Any
    velocities: Any = None
    masses: Any = 1.0
    types: Any = 0

    def __post_init__(self) -> None:
        x = _floats("positions", self.positions)
        if x.ndim != 2 or x.shape[1] != 3 or len(x) == 0:
            raise _fail("System", "positions", "must have the shape (n, 3), n at least 1", self.positions)
        n = len(x)
        try:
            lattice = checked_box(self.box)
        except (TypeError, ValueError) as error:
            raise _fail("System", "box", str(error).removeprefix("box: "), self.box) from None
        v = None if self.velocities is None else _floats("velocities", self.velocities)
        if v is not None and v.shape != (n, 3):
            raise _fail("System", "velocities", f"must have the shape ({n}, 3)", self.velocities)
        masses, types = _floats("masses", self.masses), np.array(self.types)
        if masses.shape not in ((), (n,)) or not (masses > 0).all():
            raise _fail("System", "masses", f"must be positive, one or {n}", self.masses)
        if types.shape not in ((), (n,)) or types.dtype.kind not in "iu" or types.min() < 0:
            raise _fail("System", "types", f"must be whole numbers from 0, one or {n}", self.types)
        if types.max() >= _MOST_TYPES:
            raise _fail("System", "types", f"must be less than {_MOST_TYPES}", self.types)
        if not np.abs(x).max() < 1e6 * np.diag(lattice).min():
            raise _fail("System", "positions", "must lie within a million boxes")
        kept = {
            "positions": x, "box": lattice, "velocities": v,
            "masses": np.array(np.broadcast_to(masses, (n,))),
            "types": np.array(np.broadcast_to(types, (n,)), np.int64),
        }  # fmt: skip
        for name, value in kept.items():
            if value is not None:
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def size(self) -> int:
        """Number of particles."""
        return len(self.positions)

    @property
    def volume(self) -> float:
        """Volume of the box."""
        return float(np.diag(self.box).prod())


@dataclass(frozen=True, eq=False)
class ForceField:
    """What acts between particles.

    Parameters
    ----------
    pairs : mapping
        ``{(type, type): potential}`` with finite cutoffs. Pairs that are not named do not meet.
    bonds : sequence
        ``((indices (n, 2), potential), ...)``: bonds by the nearest image, any potential.
    angles, dihedrals : sequence
        ``((indices (n, 3), HarmonicAngle(...)), ...)`` with the middle in the middle, and ``((indices (n, 4),
        FourierDihedral(...)), ...)``.
    exclude_bonded : bool or int
        Pairs within so many bonds of each other have no pair potential: True is 1; 3 leaves out 1-2, 1-3 and 1-4.
    tail_correction : bool
        Whether energy and pressure include what lies beyond the cutoffs, there taken as uniform.

    Examples
    --------
    >>> ForceField(pairs={(0, 0): LennardJones(cutoff=2.5)}).longest
    2.5
    """

    pairs: Mapping[tuple[int, int], Potential] = field(default_factory=dict)
    bonds: Sequence[tuple[Any, Potential]] = ()
    angles: Sequence[tuple[Any, HarmonicAngle]] = ()
    dihedrals: Sequence[tuple[Any, FourierDihedral]] = ()
    exclude_bonded: bool | int = False
    tail_correction: bool = False

    def __post_init__(self) -> None:
        pairs: dict[tuple[int, int], Potential] = {}
        if not isinstance(self.pairs, Mapping):
            raise _fail("ForceField", "pairs", "must map pairs of types to potentials, as {(0, 0): ...}", self.pairs)
        for key, potential in dict(self.pairs).items():
            if not (isinstance(key, tuple) and len(key) == 2 and all(_is_type(t) for t in key)):
                raise _fail("ForceField", "pairs", "must have keys such as (0, 1), two types", key)
            if not isinstance(potential, Potential):
                raise _fail("ForceField", "pairs", "must have potentials as values", potential)
            if not math.isfinite(potential.range):
                raise _fail("ForceField", "pairs", "must have potentials with a finite cutoff", potential)
            both = (min(key), max(key))
            if pairs.setdefault(both, potential) != potential:
                raise _fail("ForceField", "pairs", f"must name each pair once, {both} comes twice")
            if self.tail_correction and (
                getattr(potential, "shifted", False) or getattr(potential, "force_shifted", False)
            ):
                raise _fail("ForceField", "tail_correction", "belongs to potentials that are cut but not shifted")
        if self.exclude_bonded not in (0, 1, 2, 3):
            raise _fail("ForceField", "exclude_bonded", "must be False, True, or 1 to 3 bonds", self.exclude_bonded)
        object.__setattr__(self, "pairs", pairs)
        object.__setattr__(self, "bonds", _groups("bonds", self.bonds, 2, Potential))
        object.__setattr__(self, "angles", _groups("angles", self.angles, 3, HarmonicAngle))
        object.__setattr__(self, "dihedrals", _groups("dihedrals", self.dihedrals, 4, FourierDihedral))

    @property
    def longest(self) -> float:
        """The longest cutoff of a pair; 0 without pairs."""
        return max((potential.range for potential in self.pairs.values()), default=0.0)

    def excluded(self, n: int) -> tuple[Integers, Integers]:
        """Who has no pair potential with whom, in compressed rows: starts (n + 1) and identities."""
        if not (self.exclude_bonded and self.bonds):
            return np.zeros(n + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
        near: list[set[int]] = [set() for _ in range(n)]
        for indices, _ in self.bonds:
            for i, j in indices.tolist():
                near[i].add(j)
                near[j].add(i)
        reached = [set(direct) for direct in near]
        for _ in range(int(self.exclude_bonded) - 1):
            reached = [r.union(*(near[j] for j in r)) for r in reached]
        first = np.zeros(n + 1, dtype=np.int64)
        first[1:] = np.cumsum([len(r - {i}) for i, r in enumerate(reached)])
        flat = [j for i, r in enumerate(reached) for j in sorted(r - {i})]
        return first, np.array(flat, dtype=np.int64)

    def describe(self) -> dict[str, Any]:
        """What stands in a recipe."""
        return {
            "pairs": {f"{s}-{t}": _named(potential) for (s, t), potential in self.pairs.items()},
            **{
                name: [[len(indices), _named(potential)] for indices, potential in getattr(self, name)]
                for name in ("bonds", "angles", "dihedrals")
            },
            "exclude_bonded": int(self.exclude_bonded),
            "tail_correction": self.tail_correction,
        }


def tail_integrals(force_field: ForceField, types: Integers) -> tuple[float, float]:
    """Energy and pressure beyond the cutoffs, times V and V^2.

    2 pi sum over types of N_s N_t integral(U r^2 dr), and -(2 pi/3) sum of N_s N_t integral(U' r^3 dr), from the
    cutoffs to infinity.
    """
    counts = np.bincount(types, minlength=_MOST_TYPES)
    energy = pressure = 0.0
    for (s, t), potential in force_field.pairs.items():
        number = float(counts[s] * counts[t] * (1 if s == t else 2))
        if number == 0.0:
            continue
        r = potential.range
        if isinstance(potential, LennardJones):
            depth, twelfth, sixth = 4.0 * potential.well_depth, potential.diameter**12, potential.diameter**6
            inner = depth * (twelfth / (9.0 * r**9) - sixth / (3.0 * r**3))
            outer = depth * (-4.0 * twelfth / (3.0 * r**9) + 2.0 * sixth / r**3)
        elif isinstance(potential, Morse):
            inner, outer = _morse_tail(potential)
        else:
            continue
        energy += 2.0 * math.pi * number * inner
        pressure -= 2.0 * math.pi / 3.0 * number * outer
    return energy, pressure


def _morse_tail(potential: Morse) -> tuple[float, float]:
    depth, a, minimum = potential.well_depth, potential.inverse_width, potential.minimum

    def decay(r: float) -> float:
        return math.exp(-a * (r - minimum))

    begin, end = potential.cutoff, potential.cutoff + 60.0 / a
    inner, _ = scipy.integrate.quad(lambda r: depth * (decay(r) ** 2 - 2.0 * decay(r)) * r * r, begin, end)
    outer, _ = scipy.integrate.quad(lambda r: 2.0 * depth * a * (1.0 - decay(r)) * decay(r) * r**3, begin, end)
    return inner, outer


def _named(record: Any) -> dict[str, Any]:
    return {"potential": type(record).__name__, **record.model_dump(mode="json")}


def _is_type(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(0 <= value < _MOST_TYPES)


def _floats(name: str, value: Any) -> Floats:
    try:
        given = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise _fail("System", name, "must be numbers", value) from None
    if not np.isfinite(given).all():
        raise _fail("System", name, "must be finite", value)
    return given


def _groups(name: str, groups: Any, width: int, kind: type) -> tuple[tuple[Integers, Any], ...]:
    checked = []
    for group in groups:
        if not (isinstance(group, tuple | list) and len(group) == 2 and isinstance(group[1], kind)):
            raise _fail("ForceField", name, f"must be pairs of indices and a {kind.__name__}")
        indices = np.array(group[0])
        if indices.size == 0:
            continue
        if indices.ndim != 2 or indices.shape[1] != width or indices.dtype.kind not in "iu" or indices.min() < 0:
            raise _fail("ForceField", name, f"must have indices of the shape (n, {width}), whole numbers from 0")
        if any((indices[:, p] == indices[:, q]).any() for p in range(width) for q in range(p)):
            raise _fail("ForceField", name, "must not join a particle with itself")
        indices = indices.astype(np.int64)
        indices.setflags(write=False)
        checked.append((indices, group[1]))
    return tuple(checked)

"""A run in memory: the arrays of the kernels, which grow when the lists need more room, and the volume that changes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cell_list import count_cells
from ...kernels.random import normal, spawn_states, uniform
from ...model import ParameterError, ResultError
from ..potentials.evaluation import ROW
from .arrays import CELLS_NEEDED, IMAGES_NEEDED, LISTED_NEEDED, LOST, Arrays
from .interactions import MEASURES, PAIR, compute_forces
from .motion import advance, build_lists, export_state, scale_box
from .system import ForceField, System, tail_integrals

__all__ = ["THERMOSTAT", "VELOCITIES", "VOLUME", "Engine"]

Floats = NDArray[np.float64]
THERMOSTAT, VELOCITIES, VOLUME = 0, 1, 2  # purposes of random streams
_MOST_LISTED, _MOST_IMAGES = 400_000_000, 40_000_000


class Engine:
    """State of one run."""

    def __init__(self, system: System, force_field: ForceField, skin: float, seed: int) -> None:
        self.n = n = system.size
        self.system, self.force_field = system, force_field
        self.tail = tail_integrals(force_field, system.types) if force_field.tail_correction else (0.0, 0.0)
        self.measured = np.zeros(MEASURES)
        self.volume_state = spawn_states(seed, 1, purpose=VOLUME)
        self.a = _make_arrays(system, force_field, skin, spawn_states(seed, n, purpose=THERMOSTAT))
        self.refresh()

    @property
    def volume(self) -> float:
        """Volume of the box now."""
        return float(self.a.box[0, 0] * self.a.box[1, 1] * self.a.box[2, 2])

    @property
    def potential_energy(self) -> float:
        """Of the last measurement, with the tail."""
        return float(self.measured[PAIR : PAIR + 4].sum()) + self.tail[0] / self.volume

    def refresh(self) -> None:
        """Lists and measured forces from scratch."""
        while not build_lists(self.a, self.n):
            self._make_room(0)
        compute_forces(self.a, self.n, True, self.measured)

    def advance(self, steps: int, h: float, friction: float, temperature: float, done: int, measure: bool) -> None:
        """Make steps, of which the last is measured if wished; `done` is how many came before, for errors."""
        left = steps
        while left > 0:
            made = advance(self.a, self.n, left, h, friction, temperature, measure, self.measured)
            left -= made
            if left > 0:
                self._make_room(done + steps - left)
        if not np.isfinite(self.a.f[: self.n]).all():
            raise ResultError(_lost(done + steps, h))

    def export(self) -> tuple[Floats, Floats, Floats]:
        """Unwrapped positions, velocities and forces by identity."""
        x, v, f = np.empty((3, self.n, 3))
        export_state(self.a, self.n, x, v, f)
        return x, v, f

    def set_velocities(self, velocities: Floats) -> None:
        """Velocities by identity."""
        self.a.v[:] = velocities[self.a.identity]

    def move_volume(self, kt: float, pressure: float, spread: float, axes: int) -> bool:
        """Try to change the volume; whether it was accepted. The state must be measured, and is measured afterwards.

        In lambda = sqrt(V) stochastic cell rescaling has noise of one size everywhere: lambda moves by
        (spread^2/2) d(ln p)/d(lambda) + spread N; the Metropolis rule makes the distribution exact at any spread.
        """
        old, drift, weight = self._volume_state(kt, pressure, axes)
        new = old + 0.5 * spread * spread * drift + spread * float(normal(self.volume_state[0]))
        chance = float(uniform(self.volume_state[0]))
        if not 0.5 * old < new < 2.0 * old:
            return False
        factor = (new / old) ** (2.0 / axes)
        self._rescale(factor, axes)
        reached, drift_back, weight_back = self._volume_state(kt, pressure, axes)
        there = (new - old - 0.5 * spread * spread * drift) / spread
        back = (old - reached - 0.5 * spread * spread * drift_back) / spread
        if math.log(max(chance, 1e-300)) < weight_back - weight + 0.5 * (there * there - back * back):
            return True
        self._rescale(1.0 / factor, axes)
        return False

    def _volume_state(self, kt: float, pressure: float, axes: int) -> tuple[float, float, float]:
        """Root of the volume, slope of ln p in it, and ln p, p being the density of the root."""
        volume, root = self.volume, math.sqrt(self.volume)
        virial = float(self.measured[4 : 4 + axes].sum()) / axes  # -V dU/dV
        work = virial + self.tail[1] / volume - pressure * volume
        weight = (self.n + 0.5) * math.log(volume) - (self.potential_energy + pressure * volume) / kt
        return root, (1.0 + 2.0 * self.n + 2.0 * work / kt) / root, weight

    def _rescale(self, factor: float, axes: int) -> None:
        while not scale_box(self.a, self.n, factor, axes, self.measured):
            self._make_room(0)
            factor = 1.0

    def _make_room(self, step: int) -> None:
        """Grow what was too small, or say what went wrong."""
        need = self.a.counters
        if need[LOST]:
            raise ResultError(_lost(step, math.nan))
        grown: dict[str, Any] = {}
        if max(need[CELLS_NEEDED], need[IMAGES_NEEDED]) > _MOST_IMAGES:
            sentence = f"and skin must make fewer than {_MOST_IMAGES} images or cells: too long for the box"
            raise ParameterError("simulate", {"cutoff": sentence})
        if need[CELLS_NEEDED]:
            room = int(1.2 * need[CELLS_NEEDED]) + 64
            grown |= {"start": np.empty(room, np.int64), "images_start": np.empty(room, np.int64)}
        if need[IMAGES_NEEDED]:
            room = int(1.1 * need[IMAGES_NEEDED]) + 64
            for name in ("x", "f", "kind", "label", "owner", "shift"):
                old = getattr(self.a, name)
                grown[name] = np.zeros((room, *old.shape[1:]), old.dtype)
                grown[name][: self.n] = old[: self.n]
        if need[LISTED_NEEDED]:
            if need[LISTED_NEEDED] > _MOST_LISTED:
                sentence = f"must make fewer than {_MOST_LISTED} pairs, not {need[LISTED_NEEDED]}: too long for the box"
                raise ParameterError("simulate", {"cutoff": sentence})
            grown["listed"] = np.empty(int(1.1 * need[LISTED_NEEDED]) + 64, np.uint32)
        self.a = self.a._replace(**grown)


def _lost(step: int, h: float) -> str:
    return (
        f"the particles fly apart, or a bond is longer than it can be, by step {step}: take a shorter step, or begin "
        "where no particles overlap"
    )


def _make_arrays(system: System, force_field: ForceField, skin: float, states: NDArray[np.uint64]) -> Arrays:
    n = system.size
    types = 1 + max([int(system.types.max()), *(t for pair in force_field.pairs for t in pair)])
    present = set(np.unique(system.types).tolist())
    potentials, tables, kinds, rows = [], [np.zeros((1, 4))], [], []

    def add(potential) -> int:  # type: ignore[no-untyped-def]
        if potential not in potentials:
            row, table = potential.pack()
            if potential.KIND == 5:
                row[4] = sum(len(t) for t in tables)
                tables.append(table)
            potentials.append(potential)
            kinds.append(potential.KIND)
            rows.append(row)
        return potentials.index(potential)

    classes = np.full((types, types), -1, dtype=np.int64)
    for (s, t), potential in force_field.pairs.items():
        if s in present and t in present:
            classes[s, t] = classes[t, s] = add(potential)
    reaches = np.array([(potential.range + skin) ** 2 for potential in potentials])
    bonds = [np.column_stack([indices, np.full(len(indices), add(p))]) for indices, p in force_field.bonds]
    angles = [np.column_stack([ind, np.full(len(ind), k)]) for k, (ind, _) in enumerate(force_field.angles)]
    dihedrals = [np.column_stack([ind, np.full(len(ind), k)]) for k, (ind, _) in enumerate(force_field.dihedrals)]
    for name, group in (("bonds", bonds), ("angles", angles), ("dihedrals", dihedrals)):
        if any(part[:, :-1].max() >= n for part in group):
            raise ParameterError(
                "ForceField", {name: f"must join particles below {n}, of which the system has no more"}
            )
    exclude_first, exclude = force_field.excluded(n)
    box = np.array(system.box)
    widest = force_field.longest + skin if len(reaches) else 0.0
    cells = count_cells(box, widest, n) + 1
    room = n if widest == 0.0 else 2 * n + 64
    x = np.zeros((room, 4))
    x[:n, :3] = system.positions
    kind, label = np.zeros(room, np.int64), np.zeros(room, np.int64)
    kind[:n] = system.types
    v = np.zeros((n, 3)) if system.velocities is None else np.array(system.velocities)
    return Arrays(
        x=x, f=np.zeros((room, 4)), v=v, reference=np.zeros((n, 3)), mass=np.array(system.masses),
        image=np.zeros((n, 3), np.int64), identity=np.arange(n), place=np.arange(n), random=states, kind=kind,
        label=label, owner=np.zeros(room, np.int64), shift=np.zeros((room, 3), np.int64), box=box, built=box.copy(),
        start=np.zeros(cells, np.int64), images_start=np.zeros(cells, np.int64),
        first=np.zeros(n * max(len(reaches), 1) + 1, np.int64), listed=np.zeros(0, np.uint32),
        counters=np.zeros(8, np.int64), kinds=np.array(kinds, np.int64), rows=np.array(rows).reshape(-1, ROW),
        tables=np.concatenate(tables), classes=classes, reaches=reaches, exclude_first=exclude_first, exclude=exclude,
        bonds=_stacked(bonds, 3), angles=_stacked(angles, 4),
        angle_rows=np.array([p.pack() for _, p in force_field.angles]).reshape(-1, 3), dihedrals=_stacked(dihedrals, 5),
        dihedral_rows=np.array([p.pack() for _, p in force_field.dihedrals]).reshape(-1, 3),
    )  # fmt: skip


def _stacked(parts: list[NDArray[np.int64]], width: int) -> NDArray[np.int64]:
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros((0, width), np.int64)

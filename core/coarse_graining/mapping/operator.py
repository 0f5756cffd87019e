"""The map from atoms to beads: which atoms, with which weights, along which bonds they are made whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.threads import map_blocks
from ...model import ParameterError
from .cells import Cell, read_cell
from .groups import bonds_between_beads, connect_groups, read_bonds, read_groups, shared_atoms
from .kernels import map_periodic, map_rows

if TYPE_CHECKING:
    import scipy.sparse
    import xarray as xr

__all__ = ["Mapping"]

Floats = NDArray[np.float64]
_WORK = 2**25  # atoms of one kernel call, about 0.1 s


class Mapping:
    """Beads from atoms: sparse operators for positions, velocities and forces.

    Parameters
    ----------
    groups : sequence of sequences of int
        The atoms of each bead. An atom may belong to several beads or to none.
    masses : array_like
        Mass of every atom, shape (atoms,); their number is the number of atoms.
    weights : {"mass", "equal"} or sequence of arrays
        c in equation (1): by mass (centre of mass), equal (geometric centre), or one array a group, which is divided by
        its sum.
    force_weights : sequence of arrays, optional
        d in equation (3), one array a group, each with the sum 1 (they are divided by it). Default: d = c.
    bonds : array_like, optional
        Pairs of bonded atoms (n, 2), along which groups are made whole. Default: each atom follows the one before it in
        its group.

    Raises
    ------
    ParameterError
        If groups, masses, weights and bonds do not fit together.

    Examples
    --------
    >>> water = Mapping([[0, 1, 2], [3, 4, 5]], masses=[16.0, 1.0, 1.0] * 2)
    >>> water.bead_masses.tolist()
    [18.0, 18.0]
    >>> atoms = [[9.5, 0, 0], [0.4, 0, 0], [9.5, 0.9, 0], [5, 5, 5], [5, 5, 5.9], [5, 5.9, 5]]
    >>> water.positions(atoms, box=[10.0, 10.0, 10.0]).round(3).tolist()
    [[9.55, 0.05, 0.0], [5.0, 5.05, 5.05]]
    """

    def __init__(
        self,
        groups: Sequence[Sequence[int] | NDArray[Any]] | NDArray[Any],
        masses: ArrayLike,
        *,
        weights: Literal["mass", "equal"] | Sequence[ArrayLike] = "mass",
        force_weights: Sequence[ArrayLike] | None = None,
        bonds: ArrayLike | None = None,
    ) -> None:
        mass = np.array(masses, dtype=np.float64)
        if mass.ndim != 1 or not np.isfinite(mass).all() or (mass < 0.0).any():
            raise _error("masses", "must be one finite number of at least 0 for each atom")
        starts, atoms = read_groups(groups, len(mass))
        coefficients = _read_weights(weights, mass, starts, atoms)
        if ((mass[atoms] == 0.0) & (coefficients != 0.0)).any():
            raise _error("masses", "must be positive for every atom that carries a weight")
        self._mass, self._starts, self._atoms, self._weights = mass, starts, atoms, coefficients
        given = None if force_weights is None else _read_arrays("force_weights", force_weights, starts)
        self._force_weights = coefficients if given is None else given
        self.bonds: NDArray[np.int64] | None = None if bonds is None else read_bonds(bonds, len(mass))
        """Bonds (n, 2) between atoms, or None."""
        self._paths = connect_groups(starts, atoms, coefficients, self.bonds, len(mass))
        starts_of, _, parents = self._paths[:3]
        slots = np.arange(len(parents)) - np.repeat(starts_of[:-1], np.diff(starts_of))
        self._chains = bool((parents == np.maximum(slots - 1, 0)).all())
        squares = np.where(coefficients != 0.0, coefficients**2 / np.where(mass[atoms] > 0.0, mass[atoms], 1.0), 0.0)
        self.bead_masses: Floats = 1.0 / np.add.reduceat(squares, starts[:-1])
        """1/M = sum of c^2/m, equation (2), shape (beads,)."""
        for array in (self._mass, self._weights, self._force_weights, self.bead_masses):
            array.setflags(write=False)

    def __repr__(self) -> str:
        return f"Mapping({self.atoms} atoms, {self.beads} beads)"

    @property
    def atoms(self) -> int:
        """Number of atoms."""
        return len(self._mass)

    @property
    def beads(self) -> int:
        """Number of beads."""
        return len(self._starts) - 1

    @property
    def groups(self) -> list[NDArray[np.int32]]:
        """The atoms of each bead."""
        return np.split(self._atoms, self._starts[1:-1])

    @property
    def operator(self) -> scipy.sparse.csr_array:
        """C (beads, atoms): positions of whole groups and velocities of beads are C r and C v."""
        return self._matrix(self._weights)

    @property
    def force_operator(self) -> scipy.sparse.csr_array:
        """B (beads, atoms) with d/c: forces on beads are B f, equation (3).

        Raises
        ------
        ParameterError
            If an atom that is shared between beads would carry a force.
        """
        return self._matrix(self._force_ratios())

    @property
    def bead_bonds(self) -> NDArray[np.int64]:
        """Pairs of beads (n, 2) that are joined by a bond between their atoms."""
        return bonds_between_beads(self._starts, self._atoms, self.bonds, self.atoms)

    def positions(self, positions: ArrayLike, box: ArrayLike | None = None, *, wrap: bool = True) -> Floats:
        """Positions of the beads, equation (1).

        Parameters
        ----------
        positions : array_like
            Of the atoms, (frame, atom, 3) or (atom, 3), wrapped into the cell or not.
        box : array_like, optional
            Edge lengths (3,), lattice vectors in rows (3, 3), or one such matrix a frame (frame, 3, 3). Without a box
            nothing is periodic: groups are taken as they are.
        wrap : bool
            Bring the beads back into the cell; otherwise each stays beside the first atom of its group.

        Returns
        -------
        numpy.ndarray
            (frame, bead, 3) or (bead, 3).

        Raises
        ------
        ParameterError
            If shapes do not fit, or a step within a group is longer than half the shortest lattice vector, so that its
            image is ambiguous.
        """
        values = self._read("positions", positions)
        if box is None:
            return self._apply("positions", values, self._weights).reshape((*np.shape(positions)[:-2], self.beads, 3))
        cell = read_cell(box, len(values))
        out = np.empty((len(values), self.beads, 3))
        starts, atoms, parents, weights, carried = self._paths
        chains = self._chains

        def work(begin: int, end: int) -> None:
            frame, bead, slot = map_periodic(
                values[begin:end], cell, begin, starts, atoms, parents, weights, carried, chains, wrap, out[begin:end]
            )
            if frame >= 0 and slot < 0:
                raise _no_number("positions", begin + frame, bead)
            if frame >= 0:
                raise self._ambiguous(begin + frame, bead, slot, cell)

        map_blocks(work, len(values), max(1, _WORK // max(self.atoms, 1)))
        return out.reshape((*np.shape(positions)[:-2], self.beads, 3))

    def velocities(self, velocities: ArrayLike) -> Floats:
        """Velocities of the beads; shapes as for `positions`."""
        values = self._read("velocities", velocities)
        return self._apply("velocities", values, self._weights).reshape((*np.shape(velocities)[:-2], self.beads, 3))

    def forces(self, forces: ArrayLike) -> Floats:
        """Forces on the beads, equation (3); shapes as for `positions`.

        Constraint forces are part of the forces: where bonds are rigid and these are left out, the result is biased.

        Raises
        ------
        ParameterError
            If shapes do not fit, or an atom that is shared between beads would carry a force.
        """
        ratios = self._force_ratios()
        values = self._read("forces", forces)
        return self._apply("forces", values, ratios).reshape((*np.shape(forces)[:-2], self.beads, 3))

    def trajectory(self, dataset: xr.Dataset, *, wrap: bool = True) -> xr.Dataset:
        """All beads of a dataset of particles: ``position``, ``velocity`` and ``force``, as far as they are there.

        Parameters
        ----------
        dataset : xarray.Dataset
            Variables on (time, particle, axis); ``box`` on (axis), (time, axis) or with lattice vectors in rows. Other
            variables of time only (energies, pressure) are not carried over: they belong to the atoms.
        wrap : bool
            As for `positions`.

        Returns
        -------
        xarray.Dataset
            The same variables of the beads with the same units, ``mass`` (particle) and ``box``.

        Raises
        ------
        ParameterError
            If there are no positions.
        """
        from .datasets import map_dataset

        return map_dataset(self, dataset, wrap)

    @classmethod
    def from_universe(
        cls,
        universe: Any,
        by: Literal["residues", "fragments"] | Sequence[str] = "residues",
        *,
        selection: str | None = None,
        within: Literal["universe", "residues", "fragments"] = "universe",
        weights: Literal["mass", "equal"] | Sequence[ArrayLike] = "mass",
    ) -> Mapping:
        """From an MDAnalysis universe (or anything that looks like one).

        Parameters
        ----------
        universe : MDAnalysis.Universe
            With masses; its bonds, where it has any, make the groups whole.
        by : {"residues", "fragments"} or sequence of str
            One bead for each residue, for each fragment (molecule), or for each selection in MDAnalysis' language.
        selection : str, optional
            Atoms that count, such as ``"not resname SOL"``; groups without any are left out.
        within : {"universe", "residues", "fragments"}
            With selections: one bead for each selection in the universe, in each residue, or in each fragment.
        weights : {"mass", "equal"} or sequence of arrays
            As for `Mapping`.

        Raises
        ------
        ParameterError
            If masses or bonds are needed and missing, or a selection is empty.
        """
        from .universes import mapping_of_universe

        return mapping_of_universe(cls, universe, by, selection, within, weights)

    def read_universe(
        self,
        universe: Any,
        *,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        velocities: bool = False,
        forces: bool = False,
        wrap: bool = True,
    ) -> xr.Dataset:
        """The beads of a trajectory that MDAnalysis reads, frame block by frame block.

        Parameters
        ----------
        universe : MDAnalysis.Universe
            All its atoms, in the order of this mapping.
        start, stop, step : int, optional
            Frames, as in a slice.
        velocities, forces : bool
            Whether these are wanted, too.
        wrap : bool
            As for `positions`.

        Returns
        -------
        xarray.Dataset
            As of `trajectory`, in the units of MDAnalysis: angstrom, ps, u, and for forces kJ mol-1 angstrom-1.

        Raises
        ------
        ParameterError
            If velocities or forces are wanted but the trajectory has none.
        """
        from .universes import read_beads

        return read_beads(self, universe, slice(start, stop, step), velocities, forces, wrap)

    def to_universe(self, beads: xr.Dataset) -> Any:
        """An MDAnalysis universe of the beads, with their masses, bonds and trajectory, to write any format from.

        Parameters
        ----------
        beads : xarray.Dataset
            As of `trajectory` or `read_universe`, in the units of MDAnalysis: angstrom, ps, u, kJ mol-1 angstrom-1.

        Raises
        ------
        ParameterError
            If MDAnalysis is not installed (the extra ``io``), or the numbers of beads differ.
        """
        from .universes import universe_of_beads

        return universe_of_beads(self, beads)

    def _matrix(self, weights: Floats) -> scipy.sparse.csr_array:
        import scipy.sparse

        return scipy.sparse.csr_array((weights, self._atoms, self._starts), shape=(self.beads, self.atoms))

    def _force_ratios(self) -> Floats:
        carried = self._force_weights != 0.0
        shared = shared_atoms(self._atoms, self._weights, self.atoms)
        wrong = np.flatnonzero(carried & shared[self._atoms])
        if len(wrong):
            sentence = (
                f"cannot be mapped: atom {self._atoms[wrong[0]]} is shared between beads, and the mean force on a bead "
                "is defined by atoms of its own only; give force_weights that vanish on shared atoms"
            )
            raise _error("forces", sentence)
        if (carried & (self._weights == 0.0)).any():
            raise _error("force_weights", "must vanish where the weight of the atom vanishes")
        return np.where(carried, self._force_weights / np.where(self._weights != 0.0, self._weights, 1.0), 0.0)

    def _apply(self, name: str, values: NDArray[Any], weights: Floats) -> Floats:
        out = np.empty((len(values), self.beads, 3))

        def work(begin: int, end: int) -> None:
            frame, bead = map_rows(values[begin:end], self._starts, self._atoms, weights, out[begin:end])
            if frame >= 0:
                raise _no_number(name, begin + frame, bead)

        map_blocks(work, len(values), max(1, _WORK // max(self.atoms, 1)))
        return out

    def _read(self, name: str, given: ArrayLike) -> NDArray[Any]:
        values = np.asarray(given)
        if values.dtype != np.float32:
            values = np.asarray(values, dtype=np.float64)
        if values.ndim not in (2, 3) or values.shape[-2:] != (self.atoms, 3):
            raise _error(name, f"must have the shape (frame, {self.atoms}, 3) or ({self.atoms}, 3), not {values.shape}")
        return np.ascontiguousarray(values.reshape(-1, self.atoms, 3))

    def _ambiguous(self, frame: int, bead: int, slot: int, cell: Cell) -> ParameterError:
        starts, atoms, parents, _, _ = self._paths
        first, here = int(starts[bead]), int(starts[bead]) + slot
        hint = "give the bonds, or list the atoms along the molecule" if self.bonds is None else "are the bonds right?"
        return _error(
            "positions",
            f"leave the image of atom {atoms[here]} of bead {bead} open in frame {frame}: from atom "
            f"{atoms[first + parents[here]]} it is farther than {cell.reach:.6g}, half the shortest lattice vector; "
            f"{hint} (molecules that are whole already need no box)",
        )


def _read_weights(
    weights: Literal["mass", "equal"] | Sequence[ArrayLike],
    mass: Floats,
    starts: NDArray[np.int64],
    atoms: NDArray[np.int32],
) -> Floats:
    if isinstance(weights, str):
        if weights not in ("mass", "equal"):
            raise _error("weights", f"must be 'mass', 'equal' or one array a group, not {weights!r}")
        raw = mass[atoms] if weights == "mass" else np.ones(len(atoms))
        total = np.add.reduceat(raw, starts[:-1])
        if not (total > 0.0).all():
            raise _error("masses", f"must not all vanish in a group, as in group {int(np.argmin(total))}")
        return raw / np.repeat(total, np.diff(starts))
    return _read_arrays("weights", weights, starts)


def _read_arrays(name: str, given: Sequence[ArrayLike], starts: NDArray[np.int64]) -> Floats:
    arrays = [np.asarray(values, dtype=np.float64) for values in given]
    sizes = np.diff(starts)
    if len(arrays) != len(sizes) or any(a.shape != (n,) for a, n in zip(arrays, sizes, strict=True)):
        raise _error(name, f"must be {len(sizes)} arrays, each as long as its group")
    raw = np.concatenate(arrays)
    total = np.add.reduceat(raw, starts[:-1])
    size = np.add.reduceat(np.abs(raw), starts[:-1])
    if not (np.isfinite(raw).all() and (np.abs(total) > 1e-9 * size).all()):
        raise _error(name, "must be finite with a sum that is not 0 in every group")
    return raw / np.repeat(total, sizes)


def _no_number(name: str, frame: int, bead: int) -> ParameterError:
    return _error(name, f"must be finite numbers: in frame {frame}, those of bead {bead} are not")


def _error(name: str, sentence: str) -> ParameterError:
    return ParameterError("Mapping", {name: sentence})

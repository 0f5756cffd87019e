"""Index lists and bonds: read, checked, and turned into paths along which a group is made whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import ParameterError
from .kernels import sum_behind

__all__ = ["bonds_between_beads", "connect_groups", "read_bonds", "read_groups", "shared_atoms"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Starts = NDArray[np.int64]
Paths = tuple[Starts, Indices, Indices, Floats, Floats]


def read_groups(groups: Sequence[Sequence[int] | NDArray[Any]] | NDArray[Any], atoms: int) -> tuple[Starts, Indices]:
    """Where each group begins, and the atoms of all groups one after the other."""
    arrays = [np.asarray(group) for group in groups]
    if not arrays:
        raise _error("groups", "must hold at least one group")
    for n, array in enumerate(arrays):
        if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
            raise _error("groups", f"must be lists of at least one atom number, which group {n} is not")
    sizes = np.array([len(array) for array in arrays], dtype=np.int64)
    flat = np.concatenate(arrays).astype(np.int64)
    owner = np.repeat(np.arange(len(arrays)), sizes)
    outside = np.flatnonzero((flat < 0) | (flat >= atoms))
    if len(outside):
        n = outside[0]
        raise _error("groups", f"must hold atom numbers from 0 to {atoms - 1}, not {flat[n]} as group {owner[n]}")
    order = np.lexsort((flat, owner))
    twice = np.flatnonzero((np.diff(flat[order]) == 0) & (np.diff(owner[order]) == 0))
    if len(twice):
        n = order[twice[0]]
        raise _error("groups", f"must not hold an atom twice, as group {owner[n]} does atom {flat[n]}")
    return np.concatenate([[0], np.cumsum(sizes)]), flat.astype(np.int32)


def read_bonds(bonds: ArrayLike, atoms: int) -> NDArray[np.int64]:
    """Pairs of different atoms."""
    pairs = np.asarray(bonds)
    if pairs.size == 0:
        return np.empty((0, 2), np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise _error("bonds", f"must be pairs of atom numbers (n, 2), not of shape {pairs.shape}")
    if (pairs < 0).any() or (pairs >= atoms).any() or (pairs[:, 0] == pairs[:, 1]).any():
        raise _error("bonds", f"must join two different atoms numbered from 0 to {atoms - 1}")
    return pairs.astype(np.int64)


def shared_atoms(atoms: Indices, weights: Floats, count: int) -> NDArray[np.bool_]:
    """Whether each atom carries a weight in more than one bead."""
    return np.bincount(atoms[weights != 0.0], minlength=count) > 1


def bonds_between_beads(
    starts: Starts, atoms: Indices, bonds: NDArray[np.int64] | None, count: int
) -> NDArray[np.int64]:
    """Pairs of beads that are joined by a bond between an atom of one and an atom of the other; each pair once."""
    import scipy.sparse

    if bonds is None or len(bonds) == 0:
        return np.empty((0, 2), np.int64)
    member = scipy.sparse.csr_array((np.ones(len(atoms)), atoms, starts), shape=(len(starts) - 1, count))
    joined = scipy.sparse.csr_array((np.ones(len(bonds)), (bonds[:, 0], bonds[:, 1])), shape=(count, count))
    between = scipy.sparse.coo_array(member @ (joined + joined.T) @ member.T)
    first, second = between.nonzero()
    return np.unique(np.stack([first, second], axis=1)[first < second], axis=0).astype(np.int64)


def connect_groups(
    starts: Starts, atoms: Indices, weights: Floats, bonds: NDArray[np.int64] | None, count: int
) -> Paths:
    """Atoms so ordered that each follows a bonded one, the slot of that one, weights, and their sums from there on.

    Without bonds an atom follows the one before it. Where a group is joined only through atoms that are not its own,
    these join the path with the weight 0.
    """
    if bonds is None:
        slots = np.arange(len(atoms)) - np.repeat(starts[:-1], np.diff(starts))
        parents = np.maximum(slots - 1, 0).astype(np.int32)
        return starts, atoms, parents, weights, sum_behind(starts, parents, weights)
    neighbours = _adjacency(bonds, count)
    sizes: list[int] = []
    order: list[int] = []
    before: list[int] = []
    own: list[float] = []
    for n in range(len(starts) - 1):
        members = atoms[starts[n] : starts[n + 1]].tolist()
        weight = dict(zip(members, weights[starts[n] : starts[n + 1]].tolist(), strict=True))
        path, followed = _walk(members, neighbours, n)
        sizes.append(len(path))
        order.extend(path)
        before.extend(followed)
        own.extend(weight.get(atom, 0.0) for atom in path)
    begin = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    parents, carried = np.array(before, np.int32), np.array(own)
    return begin, np.array(order, np.int32), parents, carried, sum_behind(begin, parents, carried)


def _adjacency(bonds: NDArray[np.int64], count: int) -> tuple[list[int], list[int]]:
    both = np.concatenate([bonds, bonds[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    begin = np.searchsorted(both[:, 0], np.arange(count + 1))
    return begin.tolist(), both[:, 1].tolist()


def _walk(members: list[int], neighbours: tuple[list[int], list[int]], group: int) -> tuple[list[int], list[int]]:
    begin, others = neighbours
    wanted = set(members)
    path, before, slot = [members[0]], [0], {members[0]: 0}
    here = 0
    while len(path) < len(members):  # breadth first within the group
        if here == len(path):
            break
        atom = path[here]
        for other in others[begin[atom] : begin[atom + 1]]:
            if other in wanted and other not in slot:
                slot[other] = len(path)
                path.append(other)
                before.append(here)
        here += 1
    missing = [atom for atom in members if atom not in slot]
    while missing:  # through the rest of the molecule
        came: dict[int, int] = dict.fromkeys(path, -1)
        queue = deque(path)
        found = -1
        while queue and found < 0:
            atom = queue.popleft()
            for other in others[begin[atom] : begin[atom + 1]]:
                if other not in came:
                    came[other] = atom
                    queue.append(other)
                    if other in wanted:
                        found = other
                        break
        if found < 0:
            sentence = (
                f"leave atoms {members[0]} and {missing[0]} of group {group} unconnected; leave bonds out, or add one"
            )
            raise _error("bonds", sentence)
        chain = [found]
        while came[chain[-1]] >= 0:
            chain.append(came[chain[-1]])
        for previous, atom in zip(chain[::-1], chain[-2::-1], strict=False):
            slot[atom] = len(path)
            before.append(slot[previous])
            path.append(atom)
        missing = [atom for atom in missing if atom not in slot]
    return path, before


def _error(name: str, sentence: str) -> ParameterError:
    return ParameterError("Mapping", {name: sentence})

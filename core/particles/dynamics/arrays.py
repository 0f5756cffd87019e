"""The arrays that the kernels of a run share, in the order of memory that the last sorting left."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BUILDS",
    "CELLS_NEEDED",
    "IMAGES_NEEDED",
    "LISTED_NEEDED",
    "LONGEST",
    "LOST",
    "PENDING",
    "POINTS",
    "Arrays",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

POINTS, PENDING, IMAGES_NEEDED, LISTED_NEEDED, LOST, BUILDS, CELLS_NEEDED, LONGEST = range(8)  # places in `counters`


class Arrays(NamedTuple):
    """Particles 0 ... n - 1 sorted by cell, then images, up to ``counters[POINTS]``; `identity` says who is who."""

    x: Floats
    """Positions (room, 4): particles, wrapped at the last sorting and drifting since, and images."""
    f: Floats
    """Forces (room, 4)."""
    v: Floats
    """Velocities (n, 3)."""
    reference: Floats
    """Positions (n, 3) at the last sorting."""
    mass: Floats
    image: Integers
    """How often each particle was moved back into the box, (n, 3)."""
    identity: Integers
    place: Integers
    """Where the particle of an identity is now."""
    random: NDArray[np.uint64]
    kind: Integers
    """Types of particles and images, (room,)."""
    label: Integers
    """Identities of particles and of the owners of images, (room,)."""
    owner: Integers
    shift: Integers
    box: Floats
    """Lattice vectors now."""
    built: Floats
    """Lattice vectors at the last sorting."""
    start: Integers
    images_start: Integers
    first: Integers
    listed: NDArray[np.uint32]
    counters: Integers
    kinds: Integers
    """Which potential each class of pairs, then each class of bonds, is."""
    rows: Floats
    tables: Floats
    classes: Integers
    reaches: Floats
    """Squared distances within which pairs of each class are listed; as many as there are classes of pairs."""
    exclude_first: Integers
    exclude: Integers
    bonds: Integers
    """Identities of the two ends and the class, (bonds, 3)."""
    angles: Integers
    """Identities of the three particles, the second in the middle, and the row of parameters, (angles, 4)."""
    angle_rows: Floats
    dihedrals: Integers
    dihedral_rows: Floats

"""Union-find: which elements are connected, and on periodic graphs, whether a cluster closes onto its own image.

Forests are plain int32 arrays. ``parent[i] >= 0`` points upwards, ``parent[i] < 0`` marks a root of ``-parent[i]``
elements; union by size and path halving keep all paths short (Tarjan & van Leeuwen 1984).

**Periodic graphs** (Machta et al. 1996; Newman & Ziff 2001). An edge that leaves the cell through a boundary carries
its crossing vector *c* (how often, and which way, it crosses each boundary). Each element stores the sum of crossings
on the way to its parent; when an edge joins two elements of one cluster, the sum around the new loop is its winding:
not zero means that the cluster wraps.

The crossing vector is packed into **one** int32, c_x + c_y B + c_z B^2 with B = 2^(32 // d): addition of packed words
is addition of vectors, modulo 2^32, so an element is one adjacent pair (parent, offset) in an 8-byte slot and costs one
cache miss. Intermediate sums may overflow without harm; a loop is decoded correctly while it winds less than 2^31
(d = 1), 2^15 (d = 2) or 2^9 (d = 3) times.

References
----------
Tarjan & van Leeuwen, J. ACM 31, 245 (1984), doi:10.1145/62.2160.
Machta, Choi, Lucke, Schweizer & Chayes, Phys. Rev. E 54, 1332 (1996), doi:10.1103/PhysRevE.54.1332.
Newman & Ziff, Phys. Rev. E 64, 016706 (2001), doi:10.1103/PhysRevE.64.016706.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "cluster_labels",
    "find_root",
    "find_root_offset",
    "join",
    "join_periodic",
    "new_forest",
    "new_periodic_forest",
    "pack_crossings",
    "prefetch",
    "unpack_crossings",
    "wrapping_directions",
]

Words = NDArray[np.int32]
Integer = int | np.integer[Any]


def new_forest(n: int) -> Words:
    """A forest of `n` single elements: int32, shape (n,), all -1."""
    return np.full(n, -1, np.int32)


def new_periodic_forest(n: int) -> Words:
    """Slots (parent, packed offset to it) of `n` single elements: int32, shape (n, 2)."""
    slots = np.zeros((n, 2), np.int32)
    slots[:, 0] = -1
    return slots


def pack_crossings(crossings: ArrayLike) -> Words:
    """One int32 for each crossing vector; (m, d) to (m,), with d at most 3.

    Examples
    --------
    >>> pack_crossings([[1, 0], [0, 1], [-1, 2]]).tolist()
    [1, 65536, 131071]
    """
    vectors = np.asarray(crossings)
    if vectors.ndim != 2 or vectors.shape[1] > 3:
        raise ValueError(f"crossings of shape {vectors.shape}: must be (edges, directions) with at most 3 directions")
    bits = 32 // max(vectors.shape[1], 1)
    limit = 2 ** (min(bits, 31) - 1) - 1
    if vectors.size and (vectors.dtype.kind not in "iu" or np.abs(vectors.astype(np.int64)).max() > limit):
        raise ValueError(f"crossings must be integers between {-limit} and {limit}")
    packed = np.zeros(len(vectors), np.int64)
    for axis in range(vectors.shape[1]):
        packed += vectors[:, axis].astype(np.int64) << (bits * axis)
    return packed.astype(np.int32)


def unpack_crossings(packed: ArrayLike, directions: int) -> NDArray[np.int64]:
    """The crossing vectors of `pack_crossings`, or the windings of `join_periodic`: (m,) to (m, directions).

    Examples
    --------
    >>> unpack_crossings([131071], 2).tolist()
    [[-1, 2]]
    """
    rest = np.atleast_1d(np.asarray(packed, np.int32)).astype(np.int64)
    vectors = np.empty((len(rest), directions), np.int64)
    bits = 32 // max(directions, 1)
    half = 1 << (bits - 1)
    for axis in range(directions):
        vectors[:, axis] = ((rest + half) & (2 * half - 1)) - half
        rest = (rest - vectors[:, axis]) >> bits
    return vectors


def cluster_labels(n: int, edges: ArrayLike) -> NDArray[np.int32]:
    """Number the connected components of a graph by their first element.

    Parameters
    ----------
    n : int
        Number of elements.
    edges : array_like of int
        Pairs of elements, shape (m, 2). Loops and repeated edges are allowed.

    Returns
    -------
    numpy.ndarray
        int32, shape (n,): 0 for the component of element 0, and so on in the order of first appearance.

    Raises
    ------
    ValueError
        If an edge names an element outside 0 ... n - 1.

    Examples
    --------
    >>> cluster_labels(5, [(0, 3), (3, 4)]).tolist()
    [0, 1, 2, 0, 0]
    """
    parent = new_forest(n)
    _join_edges(parent, _checked_edges(n, edges))
    labels = np.empty(n, np.int32)
    _number_roots(parent, labels)
    return labels


def wrapping_directions(n: int, edges: ArrayLike, crossings: ArrayLike) -> NDArray[np.bool_]:
    """In which directions a periodic graph is connected to its own image.

    Parameters
    ----------
    n : int
        Number of elements.
    edges : array_like of int
        Pairs of elements, shape (m, 2).
    crossings : array_like of int
        How often each edge crosses each periodic boundary from its first to its second element, shape (m, d), d <= 3.

    Returns
    -------
    numpy.ndarray
        bool, shape (d,). A cluster that winds around both axes at once, like a helix, counts for both.

    Raises
    ------
    ValueError
        If shapes disagree or an edge names an element outside 0 ... n - 1.

    Examples
    --------
    >>> wrapping_directions(2, [(0, 1), (1, 0)], [(0, 0), (1, 0)]).tolist()
    [True, False]
    """
    pairs = _checked_edges(n, edges)
    packed = pack_crossings(crossings)
    if len(packed) != len(pairs):
        raise ValueError(f"{len(packed)} crossings for {len(pairs)} edges: each edge needs one")
    windings = _join_periodic_edges(new_periodic_forest(n), pairs, packed)
    wraps: NDArray[np.bool_] = (unpack_crossings(windings, np.shape(crossings)[1]) != 0).any(axis=0)
    return wraps


def _checked_edges(n: int, edges: ArrayLike) -> Words:
    pairs = np.asarray(edges)
    if pairs.size == 0:
        return np.empty((0, 2), np.int32)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(f"edges of shape {pairs.shape} and type {pairs.dtype}: must be integer pairs (m, 2)")
    if pairs.min() < 0 or pairs.max() >= n or n > 2**31 - 1:
        raise ValueError(f"edges name elements {pairs.min()} to {pairs.max()}: must lie in 0 to n - 1 = {n - 1}")
    return np.ascontiguousarray(pairs, np.int32)


def _type_prefetch(typing_context: Any, slots: Any, row: Any) -> Any:
    """Ask for the cache line of ``slots[row]`` (contiguous, (n, 2)) before it is needed: a hint without a result."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        word = ir.IntType(32)
        index = builder.shl(arguments[1], ir.Constant(ir.IntType(64), 1))
        address = builder.bitcast(builder.gep(data, [index]), ir.IntType(8).as_pointer())
        hint = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        name = "llvm.prefetch.p0i8"
        function = builder.module.globals.get(name) or ir.Function(builder.module, hint, name)
        builder.call(function, [address, ir.Constant(word, 1), ir.Constant(word, 3), ir.Constant(word, 1)])
        return context.get_dummy_value()

    return types.void(slots, types.int64), generate


prefetch: Any = intrinsic(_type_prefetch)


@njit(cache=True, nogil=True)
def _index(word: Integer) -> Integer:
    # unsigned indices spare numba's test for negative ones
    return np.uint64(np.uint32(word))


@njit(cache=True, nogil=True)
def find_root(parent: Words, i: Integer) -> Integer:
    """The root of element `i`; halves the path on the way."""
    i = _index(i)
    while parent[i] >= 0:
        above = _index(parent[i])
        if parent[above] >= 0:
            parent[i] = parent[above]
        i = _index(parent[i])
    return np.int64(i)


@njit(cache=True, nogil=True)
def join(parent: Words, i: Integer, j: Integer) -> bool:
    """Join the sets of `i` and `j`; False if they were one already."""
    a, b = find_root(parent, i), find_root(parent, j)
    if a == b:
        return False
    if parent[a] > parent[b]:
        a, b = b, a
    parent[a] += parent[b]
    parent[b] = a
    return True


@njit(cache=True, nogil=True)
def find_root_offset(slots: Words, i: Integer) -> tuple[Integer, Integer]:
    """The root of element `i` and the packed sum of crossings from the root to it."""
    i = _index(i)
    offset = np.int32(0)
    while slots[i, 0] >= 0:
        above = _index(slots[i, 0])
        if slots[above, 0] >= 0:
            slots[i, 1] += slots[above, 1]
            slots[i, 0] = slots[above, 0]
        offset = np.int32(offset + slots[i, 1])
        i = _index(slots[i, 0])
    return np.int64(i), offset


@njit(cache=True, nogil=True)
def join_periodic(slots: Words, i: Integer, j: Integer, crossing: Integer) -> Integer:
    """Join `i` and `j` by an edge with a packed `crossing`.

    Returns the packed winding of the loop it closes: 0 if there is none or if it does not wrap.
    """
    a, to_i = find_root_offset(slots, i)
    b, to_j = find_root_offset(slots, j)
    offset = np.int32(to_i + crossing - to_j)
    if a == b:
        return offset
    if slots[a, 0] > slots[b, 0]:
        a, b = b, a
        offset = np.int32(-offset)
    slots[a, 0] += slots[b, 0]
    slots[b, 0] = a
    slots[b, 1] = offset
    return np.int32(0)


@njit(cache=True, nogil=True)
def _join_edges(parent: Words, edges: Words) -> None:
    for k in range(len(edges)):
        join(parent, edges[k, 0], edges[k, 1])


@njit(cache=True, nogil=True)
def _join_periodic_edges(slots: Words, edges: Words, packed: Words) -> Words:
    windings = np.zeros(len(edges), np.int32)
    for k in range(len(edges)):
        windings[k] = join_periodic(slots, edges[k, 0], edges[k, 1], packed[k])
    return windings


@njit(cache=True, nogil=True)
def _number_roots(parent: Words, labels: Words) -> None:
    labels[:] = -1
    count = 0
    for i in range(len(parent)):
        root = find_root(parent, i)
        if labels[root] < 0:
            labels[root] = count
            count += 1
        labels[i] = labels[root]

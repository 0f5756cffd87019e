"""Kernels of the lattice gas: clusters and exchanges of spins, in place, from one random state."""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.random import integer_below, uniform

__all__ = ["exchange_spins", "sample_clusters", "shuffle_spins"]

Floats = NDArray[np.float64]
Spins = NDArray[np.int8]


@njit(cache=True, nogil=True)
def shuffle_spins(spins: Spins, state: Any) -> None:
    """Fisher and Yates, in place."""
    for i in range(len(spins) - 1, 0, -1):
        j = integer_below(state, i + 1)
        spins[i], spins[j] = spins[j], spins[i]


@njit(cache=True, nogil=True)
def _find_root(parent: Any, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def sample_clusters(
    spins: Spins, steps: Any, join: float, tilt: float, wait: int, sweeps: int, state: Any, target: Spins
) -> None:
    """Swendsen-Wang sweeps; a site points to a site with a smaller number, or to itself."""
    size = spins.shape[0]
    flat = spins.reshape(-1)
    sites = len(flat)
    parent = np.empty(sites, np.int32)
    count = np.empty(sites, np.int32)
    for frame in range(len(target)):
        for _ in range(sweeps + (wait if frame == 0 else 0)):
            for i in range(sites):
                parent[i] = i
                count[i] = 0
            for x in range(size):
                for y in range(size):
                    i = x * size + y
                    for n in range(len(steps)):
                        u, v = x + steps[n, 0], y + steps[n, 1]
                        if u < 0:
                            u += size
                        elif u >= size:
                            u -= size
                        if v < 0:
                            v += size
                        elif v >= size:
                            v -= size
                        j = u * size + v
                        if flat[i] == flat[j] and uniform(state) < join:
                            a, b = _find_root(parent, i), _find_root(parent, j)
                            if a < b:
                                parent[b] = a
                            elif b < a:
                                parent[a] = b
            for i in range(sites):
                parent[i] = parent[parent[i]]  # already flat below i
                count[parent[i]] += 1
            for i in range(sites):
                if parent[i] == i:
                    exponent = min(max(tilt * count[i], -700.0), 700.0)
                    flat[i] = 1 if uniform(state) * (1.0 + math.exp(exponent)) < 1.0 else -1
                else:
                    flat[i] = flat[parent[i]]
        target[frame] = spins


@njit(cache=True, nogil=True)
def exchange_spins(
    spins: Spins, steps: Any, reach: int, accept: Floats, sweeps: Any, nearest: bool, state: Any, target: Spins
) -> None:
    """Exchanges of opposite spins: `sweeps`[n] of them a site before the n-th snapshot."""
    size = spins.shape[0]
    sites = size * size
    around = np.zeros((size, size), np.int32)
    for x in range(size):
        for y in range(size):
            for n in range(len(steps)):
                around[x, y] += spins[(x + steps[n, 0]) % size, (y + steps[n, 1]) % size]
    middle = len(accept) // 2
    for frame in range(len(target)):
        for _ in range(sweeps[frame] * sites):
            word = integer_below(state, 4 * sites)
            i = word >> 2
            x, y = i // size, i % size
            if nearest:
                u, v = x, y
                if word & 1:
                    u = x + (word & 2) - 1
                    u = u + size if u < 0 else (0 if u == size else u)
                else:
                    v = y + (word & 2) - 1
                    v = v + size if v < 0 else (0 if v == size else v)
            else:
                j = integer_below(state, sites)
                u, v = j // size, j % size
            if spins[x, y] == spins[u, v]:
                continue
            if spins[x, y] < 0:
                x, y, u, v = u, v, x, y
            p, q = abs(x - u), abs(y - v)
            p, q = min(p, size - p), min(q, size - q)
            adjacent = p + q == 1 if reach == 1 else max(p, q) <= reach
            change = around[x, y] - around[u, v] + (2 if adjacent else 0)
            if uniform(state) < accept[middle + change]:
                spins[x, y] = -1
                spins[u, v] = 1
                for n in range(len(steps)):
                    around[(x + steps[n, 0]) % size, (y + steps[n, 1]) % size] -= 2
                    around[(u + steps[n, 0]) % size, (v + steps[n, 1]) % size] += 2
        target[frame] = spins

"""A first guess of the free energies of many states: Bennett's equation for pairs, along the best tree of overlaps."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["guess_from_pairs"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@njit(cache=True, nogil=True)
def guess_from_pairs(reduced: Floats, starts: Integers) -> Floats:
    """Free energies along the maximum spanning tree of overlaps, each edge by Bennett's equation (Prim's algorithm)."""
    states = len(starts) - 1
    f = np.zeros(states)
    best = np.full(states, -1.0)
    guess = np.zeros(states)
    placed = np.zeros(states, np.bool_)
    newest = 0
    placed[0] = True
    for _ in range(states - 1):
        for k in range(states):
            if not placed[k]:
                difference, overlap = _compare_pair(reduced, starts, newest, k)
                if overlap > best[k]:
                    best[k] = overlap
                    guess[k] = f[newest] + difference
        newest = -1
        for k in range(states):
            if not placed[k] and (newest < 0 or best[k] > best[newest]):
                newest = k
        f[newest] = guess[newest]
        placed[newest] = True
    return f


@njit(cache=True, nogil=True)
def _compare_pair(reduced: Floats, starts: Integers, i: int, j: int) -> tuple[float, float]:
    """F_j - f_i of two states by bisection of Bennett's equation, and how far the two overlap, from 0 to 1/2."""
    low, high = np.inf, -np.inf
    for n in range(starts[i], starts[i + 1]):
        work = reduced[j, n] - reduced[i, n]
        if np.isfinite(work):
            low, high = min(low, work), max(high, work)
    for n in range(starts[j], starts[j + 1]):
        work = reduced[j, n] - reduced[i, n]
        if np.isfinite(work):
            low, high = min(low, work), max(high, work)
    if not low <= high:
        return 0.0, 0.0
    ratio = math.log((starts[i + 1] - starts[i]) / (starts[j + 1] - starts[j]))
    low, high = low - abs(ratio) - 1.0, high + abs(ratio) + 1.0
    middle = overlap = 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        balance = overlap = 0.0
        for n in range(starts[i], starts[i + 1]):
            share = _share_of_second(reduced[j, n] - reduced[i, n] - middle + ratio)
            balance += share
            overlap += share
        for n in range(starts[j], starts[j + 1]):
            balance -= 1.0 - _share_of_second(reduced[j, n] - reduced[i, n] - middle + ratio)
        if high - low < 0.01:
            break
        if balance > 0.0:
            high = middle
        else:
            low = middle
    return middle, overlap / (starts[i + 1] - starts[i])


@njit(cache=True, nogil=True)
def _share_of_second(work: float) -> float:
    """1 / (1 + exp(work))."""
    if work > 700.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(work)) if work > -700.0 else 1.0

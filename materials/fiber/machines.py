"""A chain of stiff joints in a testing machine, at rest: equilibrium and stability, solved without any law of loads."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal, solve_banded

from .loads import Clamp, Ends

__all__ = ["bend_cantilever", "buckle_chain"]


def bend_cantilever(load: float, segments: int) -> NDArray[np.float64]:
    """Angles of the segments of a clamped chain under a dead load across its tip, in equilibrium.

    Minimises sum of k_i (theta_{i+1} - theta_i)^2 / 2 - P l sum of sin theta_i, k = 1 and 2 at the clamp, by Newton's
    method with its tridiagonal second derivative; the load P L^2 / K is raised in steps that it can follow.
    """
    angle = np.zeros(segments)
    steps = max(1, int(np.ceil(abs(load) / 2.0)))
    for step in range(1, steps + 1):
        pull = load * step / steps / segments**2
        for _ in range(60):
            bend = np.diff(angle)
            force = pull * np.cos(angle)
            force[0] -= 2.0 * angle[0]
            force[:-1] += bend
            force[1:] -= bend
            banded = np.full((3, segments), -1.0)
            banded[1] = 2.0 + pull * np.sin(angle)
            banded[1, 0] += 1.0
            banded[1, -1] -= 1.0
            change = solve_banded((1, 1), banded, force)
            angle = angle + change
            if np.abs(change).max() <= 1e-13 * np.abs(angle).max():
                break
    return angle


def buckle_chain(segments: int, ends: Ends, clamp: Clamp = "half_cell") -> float:
    """Lowest buckling load of a chain in units of k/l: where its second variation at rest first loses its sign.

    In the angles of the segments the stability matrix is T - P, T tridiagonal; ends that may not move sideways allow
    only angles of zero sum. Then the lowest load is where 1^T (T - P)^-1 1 vanishes between two eigenvalues of T (or an
    eigenvalue itself whose vector has zero sum).
    """
    spring = 2.0 if clamp == "half_cell" else 1.0
    diagonal, off = np.full(segments, 2.0), np.full(segments - 1, -1.0)
    diagonal[0] += (spring if ends.startswith("clamped") else 0.0) - 1.0
    diagonal[-1] += (spring if ends == "clamped-clamped" else 0.0) - 1.0
    if ends == "clamped-free":
        return float(eigh_tridiagonal(diagonal, off, select="i", select_range=(0, 0), eigvals_only=True)[0])
    low, second = eigh_tridiagonal(diagonal, off, select="i", select_range=(0, 1), eigvals_only=True)
    if ends != "clamped-pinned":  # symmetric: the second vector is odd, and its angles have zero sum
        return float(second)
    one = np.ones(segments)
    for _ in range(200):
        load = (low + second) / 2.0
        banded = np.zeros((3, segments))
        banded[0, 1:], banded[1], banded[2, :-1] = off, diagonal - load, off
        if solve_banded((1, 1), banded, one).sum() < 0.0:
            low = load
        else:
            second = load
        if second - low <= 1e-15 * second:
            break
    return float((low + second) / 2.0)

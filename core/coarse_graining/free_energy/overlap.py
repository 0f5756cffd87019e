r"""Do the states overlap? Which states are bridged by the samples, and how narrow is the narrowest bridge.

The overlap matrix :math:`O_{ij} = n_j \sum_n \omega_n W_{in} W_{jn}` (rows sum to 1) is the mean probability that a
sample of *i* could have come from *j* [1]. Its elements fall as 1/K where more states share a region, so a chain of
bridges is judged by a measure of pairs that does not,

.. math:: P_{ij} = \frac{c}{1 + c}, \qquad c = \sqrt{\frac{O_{ij} O_{ji}}{O_{ii} O_{jj}}}   \qquad (1)

which is 1/2 for states that are the same, however many there are, and is :math:`O_{01}` itself for two states alike in
their number of samples. States are connected through the best chain: its worst pair is the *weakest overlap*.

References
----------
1. Klimovich, Shirts & Mobley, J. Comput. Aided Mol. Des. 29, 397 (2015), doi:10.1007/s10822-015-9840-9.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...model import ResultError

__all__ = ["ConvergenceError", "OverlapError", "check_overlap", "pair_overlap", "weakest_overlap"]

Floats = NDArray[np.float64]


class ConvergenceError(ResultError):
    """An estimate is not converged, and no number is better than a wrong one."""


class OverlapError(ConvergenceError):
    """Free energies are not known: states are not bridged by samples, or the equations could not be solved."""


def pair_overlap(gram: Floats) -> Floats:
    """Equation (1) from the weights' products G = W omega W^T, for all pairs."""
    root = np.sqrt(np.diag(gram))
    cosine = gram / root[:, None] / root
    pairs: Floats = cosine / (1.0 + cosine)
    return pairs


def weakest_overlap(pairs: Floats) -> tuple[float, tuple[int, int], list[int]]:
    """Worst pair of the best tree that connects all states: its overlap, the pair, and the states on its first side."""
    count = len(pairs)
    if count == 1:
        return 0.5, (0, 0), [0]
    placed, edges = [0], []
    best, origin = pairs[0].copy(), np.zeros(count, dtype=np.int64)
    best[0] = -1.0
    while len(placed) < count:
        newest = int(best.argmax())
        edges.append((float(best[newest]), int(origin[newest]), newest))
        placed.append(newest)
        closer = pairs[newest] > best
        origin[closer], best[closer] = newest, pairs[newest][closer]
        best[placed] = -1.0
    worst, i, j = min(edges)
    side, grown = {i}, True
    while grown:
        grown = False
        for value, a, b in edges:
            if (value, a, b) != (worst, i, j) and (a in side) != (b in side):
                side |= {a, b}
                grown = True
    return worst, (i, j), sorted(side)


def check_overlap(gram: Floats, names: list[int], least: float, converged: bool, step: float) -> float:
    """The weakest overlap.

    Raises
    ------
    OverlapError
        If it is below `least`, or the solver did not converge; it names the states on both sides of the gap.
    """
    worst, (i, j), side = weakest_overlap(pair_overlap(gram))
    others = [k for k in range(len(gram)) if k not in side]
    if worst < least:
        raise OverlapError(
            f"states {_spell(names[k] for k in side)} and states {_spell(names[k] for k in others)} do not overlap: "
            f"the best pair across, {names[i]} and {names[j]}, overlaps by {worst:.2g} where {least:g} is needed; put "
            f"a state between, or sample longer"
        )
    if not converged:
        raise OverlapError(
            f"the equations did not converge, f is uncertain by {step:.2g}; the weakest overlap is {worst:.2g}, of "
            f"states {names[i]} and {names[j]}"
        )
    return worst


def _spell(states: Iterable[int]) -> str:
    """0-3, 7 for 0, 1, 2, 3, 7."""
    runs: list[list[int]] = []
    for state in sorted(states):
        if runs and state == runs[-1][1] + 1:
            runs[-1][1] = state
        else:
            runs.append([state, state])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in runs)

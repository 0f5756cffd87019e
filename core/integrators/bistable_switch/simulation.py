"""Kernels of the switch, in units of L^2 / D and kT."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.random import normal, uniform

__all__ = ["SAMPLES", "follow_escapes", "sample_positions"]

Floats = NDArray[np.float64]
SAMPLES = 300  # positions of one particle in equilibrium


@njit(cache=True, nogil=True)
def follow_escapes(ratio: float, step: float, states: NDArray[np.uint64], times: Floats) -> None:
    """Times of first arrival at 1 from -1, in units of L^2 / D."""
    root = math.sqrt(2.0 * step)
    for i in range(len(states)):
        state, x, steps = states[i], -1.0, 0
        while True:
            f, kick = -4.0 * ratio * x * (x * x - 1.0), root * normal(state)
            y = x + step * f + kick
            y = x + 0.5 * step * (f - 4.0 * ratio * y * (y * y - 1.0)) + kick
            steps += 1
            if y >= 1.0:
                break
            near = (1.0 - x) * (1.0 - y) / step
            if near < 40.0 and uniform(state) < math.exp(-near):  # over the end and back within the step
                break
            x = y
        times[i] = (steps - 0.5) * step


@njit(cache=True, nogil=True)
def sample_positions(
    ratio: float, step: float, stride: int, first: int, states: NDArray[np.uint64], edge: float, squares: Floats,
    counts: Floats,
) -> None:  # fmt: skip
    """Mean square and histogram of each particle in equilibrium; half of them begin on either side."""
    half, bins = math.sqrt(0.5 * step), counts.shape[1]
    for i in range(len(states)):
        state, x = states[i], 1.0 - 2.0 * ((first + i) % 2)
        last = normal(state)
        for n in range(-50, SAMPLES):
            for _ in range(stride):
                now = normal(state)
                x += -4.0 * ratio * step * x * (x * x - 1.0) + half * (last + now)
                last = now
            if n >= 0:
                squares[i] += x * x / SAMPLES
                place = math.floor((x + edge) / (2.0 * edge) * bins)
                if 0 <= place < bins:
                    counts[i, int(place)] += 1.0 / SAMPLES

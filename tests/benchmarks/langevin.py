"""BAOAB on the double well, one thread, beside a plain numba loop written by hand with the same random numbers.

Work is the number of trajectory-steps a second. The check is the mean square position against quadrature.
"""

import math

import numpy as np
from mesoscale.core.integrators.bistable_switch import relative_mean_square
from mesoscale.core.integrators.langevin import langevin
from mesoscale.core.kernels.random import normal, spawn_states
from numba import njit
from side_by_side import best, line, present

STEP, BARRIER = 0.05, 2.0


@njit
def force(x, p):
    return -4.0 * p[0] * x * (x * x - 1.0)


@njit
def force_of_many(x, p, out):
    for i in range(len(x)):
        out[i] = -4.0 * p[0] * x[i] * (x[i] * x[i] - 1.0)


@njit(nogil=True)
def by_hand(states, x, v, steps, barrier, h):
    c = math.exp(-h)
    s = math.sqrt(1.0 - c * c)
    for i in range(len(x)):
        y, u, f = x[i], v[i], -4.0 * barrier * x[i] * (x[i] * x[i] - 1.0)
        for _ in range(steps):
            u += 0.5 * h * f
            y += 0.5 * h * u
            u = c * u + s * normal(states[i])
            y += 0.5 * h * u
            f = -4.0 * barrier * y * (y * y - 1.0)
            u += 0.5 * h * f
        x[i], v[i] = y, u


@njit(nogil=True)
def draw_only(states, count):
    total = 0.0
    for i in range(len(states)):
        for _ in range(count):
            total += normal(states[i])
    return total


def ours(kernel, degrees, trajectories, steps):
    sides = np.where(np.arange(trajectories * degrees) % 2 == 0, 1.0, -1.0).reshape(trajectories, degrees)
    return langevin(
        kernel, sides if degrees > 1 else sides[:, 0], friction=1.0, temperature=1.0, step=STEP, steps=steps,
        every=steps, trajectories=trajectories, parameters=[BARRIER], workers=1,
    )  # fmt: skip


def rows(quick):
    trajectories, steps = (2000, 400) if quick else (20_000, 2000)
    exact, work = float(relative_mean_square(BARRIER, 1.0)), trajectories * steps

    def hand():
        x, v = np.where(np.arange(trajectories) % 2 == 0, 1.0, -1.0), np.zeros(trajectories)
        by_hand(spawn_states(0, trajectories), x, v, steps, BARRIER, STEP)
        return x

    peer = work / best(hand, repeat=3)
    rates = []
    for kernel, degrees, name in ((force, 1, "BAOAB, one degree"), (force_of_many, 10, "BAOAB, ten degrees")):
        count = trajectories // degrees
        squares = ours(kernel, degrees, count, steps).position.values[:, -1] ** 2
        good = abs(squares.mean() - exact) < 5 * squares.std() / math.sqrt(squares.size) + 0.003
        rate = work / best(lambda k=kernel, d=degrees, n=count: ours(k, d, n, steps), repeat=3)
        rates.append(rate)
        yield line(name, work, rate, peer, "numba loop by hand", "step/s", good)
    states = spawn_states(0, trajectories)
    draws = work / best(lambda: draw_only(states, steps), repeat=3)
    yield line("BAOAB against its normals alone", work, rates[0], draws, "normals alone", "step/s", good)


if __name__ == "__main__":
    present(__doc__, rows)

"""MBAR beside pymbar on one thread, and windows beside a plain numba loop written by hand.

MBAR is timed from the energies to free energies with their covariance; of pymbar the solver alone is timed, with its
default options. The check is the exact free energies of harmonic states, within errors, and pymbar's own numbers.
Set OPENBLAS_NUM_THREADS=1 and OMP_NUM_THREADS=1 to hold both sides to one thread.
"""

import math
import time

import numpy as np
from mesoscale.core.coarse_graining.free_energy import double_well_averages, double_well_force, mbar, umbrella_sampling
from mesoscale.core.coarse_graining.free_energy import umbrella_solution as solution_of
from mesoscale.core.coarse_graining.free_energy.averages import expectation
from mesoscale.core.kernels.random import normal, spawn_states
from numba import njit
from side_by_side import best, line, present


def windows_on_a_line(states, samples):
    """Springs of 20 kT whose centres are 0.69 widths apart for 40 states: all free energies are equal."""
    centres = np.linspace(-3.0, 3.0, states)
    x = np.repeat(centres, samples) + np.random.default_rng(0).standard_normal(states * samples) / math.sqrt(20.0)
    return 10.0 * (x - centres[:, None]) ** 2


def barrier_windows(states, samples):
    """Windows over cosine barriers of 20 kT, by inversion on a grid, with exact free energies."""
    rng, grid, centres = np.random.default_rng(1), np.linspace(-3.0, 3.0, 20_001), np.linspace(-2.0, 2.0, states)
    energy = 20.0 * np.cos(3.0 * grid) + 150.0 * (grid - centres[:, None]) ** 2
    boltzmann = np.exp(energy.min(axis=1, keepdims=True) - energy)
    exact = energy.min(axis=1) - np.log(np.trapezoid(boltzmann, grid, axis=1))
    x = np.concatenate([np.interp(rng.random(samples), np.cumsum(b) / b.sum(), grid) for b in boltzmann])
    return 150.0 * (x - centres[:, None]) ** 2, exact - exact[0]


def seconds_of_pymbar(u, samples):
    """Of its solver, the second time: the first compiles. None where it is not installed."""
    try:
        import pymbar
    except ImportError:
        return None, None
    counts = np.full(len(u), samples)
    pymbar.MBAR(u, counts)
    begin = time.perf_counter()
    peer = pymbar.MBAR(u, counts)
    return time.perf_counter() - begin, np.asarray(peer.f_k)


@njit(nogil=True)
def by_hand(states, x, centres, spring, steps, h, barrier):
    c = math.exp(-h)
    s = math.sqrt(1.0 - c * c)
    for i in range(len(x)):
        y, u = x[i], 0.0
        f = -4.0 * barrier * y * (y * y - 1.0) - spring * (y - centres[i])
        for _ in range(steps):
            u += 0.5 * h * f
            y += 0.5 * h * u
            u = c * u + s * normal(states[i])
            y += 0.5 * h * u
            f = -4.0 * barrier * y * (y * y - 1.0) - spring * (y - centres[i])
            u += 0.5 * h * f
        x[i] = y


def rows(quick):
    samples = 500 if quick else 10_000
    cases = [("MBAR, springs", windows_on_a_line(40, samples), np.zeros(40))]
    cases.append(("MBAR, barriers of 20 kT", *barrier_windows(40, samples)))
    for name, u, exact in cases:
        counts = np.full(40, samples)
        ours = best(lambda u=u, n=counts: mbar(u, n), repeat=2 if quick else 3)
        result = mbar(u, counts)
        peer, f = seconds_of_pymbar(u, samples)
        z = (result.free_energy.values - exact)[1:] / result.free_energy_error.values[1:]
        good = np.abs(z).max() < 4.5 and (f is None or np.abs(result.free_energy.values - f).max() < 1e-6)
        yield line(name, f"40 x {samples}", ours, peer, "pymbar's solver", "s", good)

    windows, steps = 16, 2000 if quick else 40_000
    centres = np.linspace(-1.5, 1.5, windows)
    work = windows * steps

    def ours():
        return umbrella_sampling(
            double_well_force, centres, 60.0, parameters=[3.0], step=0.05, steps=steps, every=10, equilibration=0,
            trajectories=1, workers=1,
        )  # fmt: skip

    def hand():
        by_hand(spawn_states(0, windows), centres.copy(), centres, 60.0, steps, 0.05, 3.0)

    rate, plain = work / best(ours, repeat=3), work / best(hand, repeat=3)
    solution = solution_of(ours())
    x = solution["sample_coordinate"].values
    square = expectation(solution, x * x, reduced_energy=np.zeros_like(x))
    good = abs(square.value - double_well_averages(3.0)["mean_square"]) < 4.0 * square.error
    yield line("umbrella windows with exchanges", work, rate, plain, "numba loop by hand", "step/s", good)


if __name__ == "__main__":
    present(__doc__, rows)

"""Kinetic Monte Carlo beside plain numba loops for one system, small lattices and large; tau-leaping beside ssa.

    python tests/benchmarks/leaps_and_lattices.py [--json] [--quick]

One thread, the best of several runs, compiled beforehand; every line carries a check of the physics.
"""

import math

import numpy as np
from mesoscale.core.integrators.jumps import ReactionNetwork, ssa
from mesoscale.core.integrators.jumps.kinetic_monte_carlo import (
    driven_exclusion,
    ising_energy,
    kinetic_monte_carlo,
    neighbourhood,
    spin_flip,
    spin_flip_rates,
    tasep_current,
)
from mesoscale.core.integrators.jumps.leap import tau_leap
from mesoscale.core.kernels.random import exponential, integer_below, spawn_states, uniform
from mesoscale.core.networks.percolation import square_lattice
from numba import njit
from side_by_side import best, line, present


@njit
def plain_exclusion(state, sites, entry, leave, duration):
    """A list of the bonds that can be crossed; three classes of rates."""
    occupied = np.zeros(sites, np.uint8)
    occupied[::2] = 1
    free, place, count = np.empty(sites, np.int64), np.full(sites, -1), 0
    for i in range(0, sites - 1, 2):
        free[count], place[i] = i, count
        count += 1
    t, events = 0.0, 0
    while True:
        a = entry if occupied[0] == 0 else 0.0
        b = leave if occupied[sites - 1] == 1 else 0.0
        total = a + b + count
        t += exponential(state) / total
        if t > duration:
            return events
        events += 1
        u = uniform(state) * total
        if u < a:
            occupied[0] = 1
            first, last = 0, 0
        elif u < a + b:
            occupied[sites - 1] = 0
            first, last = sites - 2, sites - 2
        else:
            i = free[integer_below(state, count)]
            occupied[i], occupied[i + 1] = 0, 1
            first, last = i - 1, i + 1
        for j in range(max(first, 0), min(last, sites - 2) + 1):
            able = occupied[j] == 1 and occupied[j + 1] == 0
            if able and place[j] < 0:
                free[count], place[j] = j, count
                count += 1
            elif not able and place[j] >= 0:
                count -= 1
                free[place[j]] = free[count]
                place[free[count]] = place[j]
                place[j] = -1


@njit
def plain_ising(state, size, rates, duration):
    """The n-fold way with five classes, neighbours by arithmetic on a square torus."""
    spins = np.ones(size * size, np.int8)
    n = size * size
    members, place, kind = np.empty((9, n), np.int32), np.empty(n, np.int32), np.empty(n, np.int8)
    counts = np.zeros(9, np.int64)
    for i in range(n):
        members[8, i], place[i], kind[i] = i, i, 8
    counts[8] = n
    t, events, energy, integral = 0.0, 0, -2.0 * n, 0.0
    touched = np.empty(5, np.int64)
    while True:
        total = 0.0
        for c in range(0, 9, 2):
            total += counts[c] * rates[c]
        step = exponential(state) / total
        if t + step > duration:
            return events, (integral + energy * (duration - t)) / duration / n
        integral += energy * step
        t += step
        events += 1
        u, c = uniform(state) * total, 0
        while c < 8 and u >= counts[c] * rates[c]:
            u -= counts[c] * rates[c]
            c += 2
        i = members[c, integer_below(state, counts[c])]
        energy += 2.0 * (c - 4)
        spins[i] = -spins[i]
        row, column = i // size, i % size
        touched[0] = i
        touched[1], touched[2] = row * size + (column + 1) % size, row * size + (column - 1) % size
        touched[3], touched[4] = (row + 1) % size * size + column, (row - 1) % size * size + column
        for j in touched:
            row, column = j // size, j % size
            field = (
                spins[row * size + (column + 1) % size]
                + spins[row * size + (column - 1) % size]
                + spins[(row + 1) % size * size + column]
                + spins[(row - 1) % size * size + column]
            )
            new, old = spins[j] * field + 4, kind[j]
            counts[old] -= 1
            last = members[old, counts[old]]
            members[old, place[j]] = last
            place[last] = place[j]
            members[new, counts[new]], place[j], kind[j] = j, counts[new], new
            counts[new] += 1


def exclusion(sites, events):
    near, rules = driven_exclusion(sites)
    current = tasep_current(sites, 1.0, 1.0)
    duration = events / (current * (sites + 1))
    state = spawn_states(0, 1)[0]
    kept = {}

    def ours(duration=duration):
        kept["ours"] = kinetic_monte_carlo(
            near, rules, (np.arange(sites) + 1) % 2, [duration], parameters=[1.0, 1.0], output="final", workers=1
        )

    def plain():
        kept["plain"] = plain_exclusion(state, sites, 1.0, 1.0, duration)

    before = best(lambda: ours(1e-9), 3)  # laying out the lattice and its rates is no event
    rate, other = 1.0 / (best(ours, 3) - before), 1.0 / best(plain, 3)
    count = int(kept["ours"].event_count.sum())
    check = abs(count / kept["plain"] - 1.0) < 0.05
    return line("driven exclusion", sites, count * rate, kept["plain"] * other, "plain numba", "events/s", check)


def ising(size, temperature, duration):
    near, rates = neighbourhood(square_lattice((size, size))), spin_flip_rates(temperature)
    state = spawn_states(0, 1)[0]
    kept = {}

    def ours(duration=duration):
        kept["ours"] = kinetic_monte_carlo(
            near, [spin_flip()], np.ones(size**2), [duration], parameters=rates, output="final", workers=1
        )

    def plain():
        kept["plain"] = plain_ising(state, size, rates, duration)

    before = best(lambda: ours(1e-9), 3)  # laying out the lattice and its rates is no event
    rate, other = 1.0 / (best(ours, 3) - before), 1.0 / best(plain, 3)
    count, energy = int(kept["ours"].event_count.sum()), -2.0 + float(kept["ours"].observable_average[0, 0]) / size**2
    # both averages contain the relaxation from the ordered start, which is short where the lattice is small
    check = abs(energy - kept["plain"][1]) < 0.02 + 2.0 / size
    check &= abs(energy - ising_energy(temperature)) < 0.1 or size > 200
    return line("Ising, n-fold way", size**2, count * rate, kept["plain"][0] * other, "plain numba", "events/s", check)


def leaping(molecules, trajectories):
    """Immigration and death from half of the stationary amount, for one lifetime."""
    rules = [
        {"reactants": "", "products": "X", "rate": float(molecules)},
        {"reactants": "X", "products": "", "rate": 1.0},
    ]
    network = ReactionNetwork.from_table(rules, {"X": molecules // 2})
    kept = {}

    def run(name, method):
        kept[name] = method(network, [0.0, 1.0], trajectories=trajectories, output="moments", workers=1)

    ours = best(lambda: run("leaps", tau_leap), 3)
    exact = best(lambda: run("events", ssa), 3)
    mean = molecules * (1.0 - 0.5 * math.exp(-1.0))
    check = all(abs(float(result["mean"][1, 0]) / mean - 1.0) < 0.01 for result in kept.values())
    return line("tau-leaping, epsilon 0.03", molecules, ours / trajectories, exact / trajectories, "ssa", "s", check)


def rows(quick):
    for molecules in (10_000,) if quick else (1000, 10_000, 100_000, 1_000_000):
        yield leaping(molecules, 20)
    for sites in (100,) if quick else (100, 10_000, 1_000_000):
        yield exclusion(sites, 100_000 if quick else max(2_000_000, 2 * sites))
    for size in (16,) if quick else (32, 128, 1024):
        yield ising(size, 3.0, 100.0 if quick else max(12.0, 2e6 / size**2))


if __name__ == "__main__":
    assert math.isclose(tasep_current(10, 1.0, 1.0), 12 / 42)
    present(__doc__, rows)

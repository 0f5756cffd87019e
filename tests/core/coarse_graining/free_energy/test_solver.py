"""The convex problem: its solution is a minimum, in few passes, from any beginning."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import harmonic_states, mbar
from mesoscale.core.coarse_graining.free_energy.solver import solve
from scipy.special import logsumexp

STIFFNESS, OFFSET, COUNTS = [1.0, 2.0, 4.0, 8.0, 16.0], [0.0, 1.0, 2.0, 3.0, 4.0], [300, 100, 200, 50, 150]


@pytest.fixture(scope="module")
def springs():
    u, x, exact = harmonic_states(STIFFNESS, OFFSET, COUNTS, seed=3)
    return u, x, exact, mbar(u, COUNTS)


def test_the_self_consistent_equations_hold(springs):
    u, _, _, result = springs
    f, n = result.free_energy.values, np.array(COUNTS)
    mixture = logsumexp(f[:, None] - u, axis=0, b=n[:, None])
    again = -logsumexp(-u - mixture, axis=1)
    np.testing.assert_allclose(again - again[0], f, atol=1e-12)
    np.testing.assert_allclose(result.log_mixture, mixture, atol=1e-12)
    weights = np.exp(f[:, None] - u - mixture)
    np.testing.assert_allclose(result.overlap, weights @ weights.T * n, atol=1e-12)
    np.testing.assert_allclose(result.overlap.sum("other_state"), 1.0, atol=1e-12)
    np.testing.assert_allclose(result.effective_samples, 1.0 / (weights**2).sum(axis=1), rtol=1e-10)


def test_the_solution_is_a_minimum_of_the_convex_function(springs):
    u, _, _, result = springs
    f, n = result.free_energy.values, np.array(COUNTS)

    def value(g):
        return logsumexp(g[:, None] - u, axis=0, b=n[:, None]).sum() - n @ g

    for direction in np.eye(5):
        assert value(f + 1e-3 * direction) > value(f) < value(f - 1e-3 * direction)


def test_many_windows_over_a_barrier_of_a_hundred_need_few_passes():
    """From no prior knowledge: the guess along pairs and the thinned set leave little to do."""
    rng, centres, grid = np.random.default_rng(2), np.linspace(-2.0, 2.0, 80), np.linspace(-3.0, 3.0, 20001)
    energies = 100.0 * np.cos(3.0 * grid) + 1000.0 * (grid - centres[:, None]) ** 2
    boltzmann = np.exp(energies.min(axis=1, keepdims=True) - energies)
    exact = energies.min(axis=1) - np.log(np.trapezoid(boltzmann, grid, axis=1))
    x = np.concatenate([np.interp(rng.random(600), np.cumsum(b) / b.sum(), grid) for b in boltzmann])
    result = mbar(1000.0 * (x - centres[:, None]) ** 2, [600] * 80)
    z = (result.free_energy - (exact - exact[0]))[1:] / result.free_energy_error[1:]
    assert float(np.abs(z).max()) < 4.5
    assert int(result.passes) <= 16
    assert bool(result.converged)


def test_thinning_and_newton_find_what_newton_alone_finds():
    u, _, _ = harmonic_states([1.0] * 3, [0.0, 1.0, 2.0], [5000] * 3)
    starts = np.array([0, 5000, 10000, 15000])
    arguments = np.full(3, 5000.0), np.ones(15000), np.arange(15000), starts, 1e-10
    solution = solve(u, *arguments)
    alone = solve(u[:, ::10].copy(), np.full(3, 500.0), np.ones(1500), np.arange(1500), starts // 10, 1e-10)
    assert solution.converged
    assert solution.passes[1] <= 2 < sum(alone.passes)
    np.testing.assert_allclose(solution.free_energy, alone.free_energy, atol=0.2)

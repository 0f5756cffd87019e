"""What a user asks an ensemble: where it comes to rest, and when it first gets somewhere."""

import itertools
import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from mesoscale.core.integrators.sde import StochasticEquation, ensemble, integrate
from mesoscale.core.integrators.sde.convergence import Wiener, strong_errors, strong_order
from numba import njit
from numba.core import event


@njit
def cubic(x, t, p):
    return x - x * x * x


@njit
def constant(x, t, p):
    return p[0]


@njit
def absorbed_drift(x, t, p):
    return p[0] if x < p[1] else 0.0


@njit
def absorbed_noise(x, t, p):
    return 1.0 if x < p[1] else 0.0


@njit
def hot_middle_drift(x, t, p):
    # D = 1 / (1 + x^2), U = x^2 / 2, kT = 1: -D U' + p D'
    width = 1.0 + x * x
    return -x / width - p[0] * 2.0 * x / (width * width)


@njit
def hot_middle_noise(x, t, p):
    return math.sqrt(2.0 / (1.0 + x * x))


DOUBLE_WELL = StochasticEquation(cubic, constant, "additive")
HOT_MIDDLE = StochasticEquation(hot_middle_drift, hot_middle_noise, "diagonal", "ito")


def test_stationary_density_of_the_double_well():
    """Chi-squared over 20 bins against Boltzmann's distribution by quadrature."""
    n, noise = 20_000, 0.8
    start = np.where(np.arange(n) % 2 == 0, 0.9, -0.9)
    end = integrate(DOUBLE_WELL, start, [0.0, 12.0], step=0.02, parameters=[noise], trajectories=n)["state"].values
    edges = np.linspace(-1.8, 1.8, 19)

    def weight(x):
        return math.exp(-2.0 / noise**2 * (x**4 / 4 - x**2 / 2))

    bins = [-4.0, *edges, 4.0]
    shares = np.array([scipy.integrate.quad(weight, a, b)[0] for a, b in itertools.pairwise(bins)])
    counts = np.histogram(end[:, 1], bins)[0]
    expected = n * shares / shares.sum()
    assert counts.sum() == n
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert scipy.stats.chi2.sf(chi2, len(counts) - 1) > 6e-5  # 4 standard errors


@pytest.mark.parametrize(("gradient", "boltzmann"), [(1.0, True), (0.0, False)])
def test_a_diffusivity_in_space_needs_its_gradient_in_the_ito_drift(gradient, boltzmann):
    """With D' the mean square is kT = 1; without, the density carries 1/D and spreads: <x^2> = (1 + 3)/(1 + 1) = 2."""
    run = integrate(
        HOT_MIDDLE, 0.0, [0.0, 25.0], step=0.02, parameters=[gradient], trajectories=8_000, scheme="milstein"
    )
    square = run["state"].values[:, 1] ** 2
    error = square.std() / math.sqrt(len(square))
    assert abs(square.mean() - (1.0 if boltzmann else 2.0)) < 4 * error + 0.02


@pytest.mark.parametrize("step", [0.04, 0.01])
def test_broadie1997_first_passage_is_late_by_the_overshoot(step):
    """Seen at discrete times only, a level acts as if it lay 0.5826 sqrt(h) farther away.

    Brownian motion with drift mu reaches *a* before *t* with probability
    Phi((mu t - a)/sqrt t) + exp(2 mu a) Phi((-mu t - a)/sqrt t).
    """
    equation = StochasticEquation(absorbed_drift, absorbed_noise, "diagonal", "ito")
    mu, level, n = 0.5, 1.0, 40_000
    times = [0.0, 1.0, 2.0, 4.0]
    run = integrate(equation, 0.0, times, step=step, parameters=[mu, level], scheme="euler_maruyama", trajectories=n)
    seen = (run["state"].values >= level).mean(axis=0)[1:]
    a = level + 0.5826 * math.sqrt(step)
    t = np.array(times[1:])
    phi = scipy.stats.norm.cdf
    exact = phi((mu * t - a) / np.sqrt(t)) + math.exp(2 * mu * a) * phi((-mu * t - a) / np.sqrt(t))
    naive = phi((mu * t - level) / np.sqrt(t)) + math.exp(2 * mu * level) * phi((-mu * t - level) / np.sqrt(t))
    error = np.sqrt(exact * (1 - exact) / n)
    assert (np.abs(seen - exact) < 4 * error + 0.1 * step).all()  # what is left is of order h
    assert (naive - seen > 5 * error).all()


def test_tamed_euler_keeps_the_order_of_euler():
    levels = (6, 7, 8, 9)
    errors, _ = strong_errors(DOUBLE_WELL, "tamed_euler", 0.5, (1.0,), Wiener(800, 12), levels)
    assert strong_order(errors, levels) == pytest.approx(1.0, abs=0.1)


def test_intervals_are_cut_into_equal_steps_that_meet_the_times():
    """Without noise, Euler's product shows the number and length of steps: 0.25 into 3, 0.1 into 1, 0.3 into 3."""
    equation = StochasticEquation(lambda x, t, p: -x, constant, "additive")
    run = integrate(
        equation, 1.0, [0.0, 0.25, 0.35, 0.65], step=0.1, parameters=[0.0], scheme="euler_maruyama"
    )["state"].values[0]  # fmt: skip
    first = (1 - 0.25 / 3) ** 3
    np.testing.assert_allclose(run, [1.0, first, first * 0.9, first * 0.9**4], rtol=1e-13)


def test_a_second_parameter_set_triggers_no_compilation_at_all():
    options = {"step": 0.05, "scheme": "sra1", "output": "moments"}
    integrate(DOUBLE_WELL, 0.1, [0, 1], parameters=[0.5], trajectories=3, **options)
    with event.install_recorder("numba:compile") as recorder:
        integrate(DOUBLE_WELL, 0.3, [0, 2, 5], parameters=[0.7], trajectories=900, workers=2, **options)
    assert not recorder.buffer


def test_blocks_shrink_where_steps_are_dear(monkeypatch):
    """Each kernel call stays near the work of 0.2 s, also for long vectors."""
    calls = []
    march = ensemble._march_many

    def counted(advance, drift, diffusion, integrals, x, states, begin, h, done, steps, noises, p):
        calls.append(len(x) * steps * x.shape[1])
        march(advance, drift, diffusion, integrals, x, states, begin, h, done, steps, noises, p)

    @njit
    def still(x, t, p, out):
        out[:] = 0.0

    monkeypatch.setattr(ensemble, "_march_many", counted)
    monkeypatch.setattr(ensemble, "_WORK", 2**16)
    equation = StochasticEquation(still, still, "additive", components=100)
    integrate(equation, np.zeros(100), [0.0, 1.0], step=1 / 64, trajectories=128, scheme="euler_maruyama")
    assert max(calls) <= 2**16
    assert sum(calls) == 128 * 64 * 100

"""Profiles from windows, one's own or those of the library."""

import itertools
import json
import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from mesoscale.core.coarse_graining.free_energy import (
    OverlapError,
    double_well_averages,
    double_well_force,
    expectation,
    lennard_jones_pair_force,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
    pair_distance,
    pooled_inefficiency,
    potential_of_mean_force,
    umbrella_profile,
    umbrella_sampling,
    umbrella_solution,
)
from mesoscale.core.kernels.statistics import statistical_inefficiency
from mesoscale.core.model import ParameterError

SHORT = {"parameters": [3.0], "friction": 2.0, "step": 0.05, "steps": 400, "every": 10, "equilibration": 100}


@pytest.fixture(scope="module")
def wells():
    """A double well of 3 kT at kT = 1.5 in windows that are 0.15 apart."""
    centres = np.linspace(-1.65, 1.65, 23)
    return umbrella_sampling(
        double_well_force, centres, 60.0, parameters=[4.5], temperature=1.5, friction=2.0, step=0.05, steps=12_000,
        every=8, equilibration=800,
    )  # fmt: skip


def autoregressive(rng, rho, count, length):
    noise = rng.standard_normal((count, length))
    series = np.empty((count, length))
    series[:, 0] = noise[:, 0]
    for n in range(1, length):
        series[:, n] = rho * series[:, n - 1] + math.sqrt(1.0 - rho * rho) * noise[:, n]
    return series


def test_one_trajectory_is_the_house_s_own_inefficiency():
    series = autoregressive(np.random.default_rng(1), 0.7, 1, 4000)[0]
    assert pooled_inefficiency(series) == pytest.approx(statistical_inefficiency(series), rel=1e-9)
    assert pooled_inefficiency(np.full(5, 2.0)) == 1.0
    assert pooled_inefficiency([[1.0], [2.0]]) == 1.0


def test_pooled_inefficiency_of_a_known_process():
    series = autoregressive(np.random.default_rng(2), 0.8, 40, 4000)
    assert pooled_inefficiency(series) == pytest.approx((1.0 + 0.8) / (1.0 - 0.8), rel=0.1)
    apart = series + np.where(np.arange(40) < 20, -5.0, 5.0)[:, None]
    assert pooled_inefficiency(apart) > 1000.0


def test_windows_find_the_double_well(wells):
    solution = umbrella_solution(wells)
    x = solution.sample_coordinate.values
    exact, free = double_well_averages(4.5, 1.5), np.zeros_like(x)
    square = expectation(solution, x * x, reduced_energy=free)
    barrier = expectation(solution, np.abs(x) < 0.1, reduced_energy=free)
    assert abs(square.value - exact["mean_square"]) < 4.0 * square.error < 0.1
    assert abs(barrier.value - exact["near_barrier"]) < 4.0 * barrier.error < 0.3 * exact["near_barrier"]


def test_wham_and_mbar_agree_and_are_right(wells):
    edges = np.linspace(-1.325, 1.325, 54)
    one = umbrella_profile(wells, edges, zero_at=1.0)
    two = umbrella_profile(wells, edges, zero_at=1.0, method="wham")

    def total(low, high):
        return scipy.integrate.quad(lambda x: math.exp(-3.0 * (x * x - 1.0) ** 2), low, high)[0]

    exact = np.array([-1.5 * math.log(total(a, a + 0.05)) for a in edges[:-1]])
    exact -= exact[int(np.searchsorted(edges, 1.0)) - 1]
    for profile, bias in ((one, 0.0), (two, 0.02)):
        z = (profile.free_energy - exact) / np.hypot(profile.free_energy_error + 1e-9, bias)
        assert float(np.sqrt((z**2).mean())) < 2.0
    assert np.abs(one.free_energy - two.free_energy).max() < 0.1
    assert json.loads(two.attrs["recipe"])["method"] == "wham"
    assert float(one.weakest_overlap) > 0.2


def test_series_of_one_s_own_give_what_the_run_gives(wells):
    edges = [-1.2, -0.8, 0.0, 0.8, 1.2]
    run = umbrella_profile(wells, edges)
    own = umbrella_profile(list(wells.sample.values), edges, wells.centre, 60.0, temperature=1.5)
    np.testing.assert_array_equal(run.free_energy, own.free_energy)
    np.testing.assert_array_equal(run.free_energy_error, own.free_energy_error)
    np.testing.assert_array_equal(run.inefficiency, wells.inefficiency)
    single = umbrella_solution([s[0] for s in wells.sample.values], wells.centre, 60.0, temperature=1.5)
    assert single.sizes["sample"] == wells.sample[:, 0].size


def test_periodic_coordinates_wrap():
    """Free rotation: whatever window, F is flat, and a bias acts the short way round."""
    centres = np.linspace(-math.pi, math.pi, 12, endpoint=False)
    rng = np.random.default_rng(0)
    # in a spring of 4 kT per square radian the angle is a Gaussian, but for what wraps
    samples = [c + rng.normal(0.0, 0.5, 4000) for c in centres]
    edges = np.linspace(0.0, 2.0 * math.pi, 13)
    for method in ("mbar", "wham"):
        profile = umbrella_profile(
            samples, edges, centres, 4.0, period=2.0 * math.pi, inefficiency=1.0, method=method
        )  # fmt: skip
        spread = profile.free_energy / np.where(profile.free_energy_error > 0, profile.free_energy_error, 1.0)
        assert float(np.abs(spread).max()) < 4.0
        assert float(profile.probability.sum()) == pytest.approx(1.0)
    run = umbrella_sampling(double_well_force, [3.0, 3.3], 500.0, [0.9], **(SHORT | {"step": 0.02}), period=2.0)
    assert run.centre.values.tolist() == [3.0, 3.3]
    assert float(np.abs(run.sample - run.centre).max()) < 1.0
    assert abs(float(run.sample[0].mean()) - 3.0) < 0.1
    with pytest.raises(ParameterError, match="edges must span at most the period"):
        umbrella_profile(samples, np.linspace(0.0, 7.0, 8), centres, 4.0, period=2.0 * math.pi)


def test_two_particles_in_vacuum_feel_their_potential():
    """W(r) is Lennard-Jones; the distance is a function with a gradient. kT = 1.3."""
    centres = np.linspace(0.95, 1.9, 14)
    run = umbrella_sampling(
        lennard_jones_pair_force, centres, 200.0, np.outer(centres, [0.6, 0.0, 0.8]), coordinate=pair_distance,
        parameters=[2.0, 1.0], temperature=1.3, mass=0.5, friction=2.0, step=0.01, steps=12_000, every=15,
        equilibration=600,
    )  # fmt: skip
    edges = np.linspace(1.0, 1.85, 18)
    profile = umbrella_profile(run, edges, zero_at=1.12)
    work = potential_of_mean_force(profile, convention="reversible_work")

    def in_shell(low, high):
        def boltzmann(r):
            return r * r * math.exp(-8.0 * (r**-12 - r**-6) / 1.3)

        return -1.3 * math.log(3.0 * scipy.integrate.quad(boltzmann, low, high)[0] / (high**3 - low**3))

    exact = np.array([in_shell(a, b) for a, b in itertools.pairwise(edges)])
    z = (work.mean_force_potential - (exact - exact[2])) / (work.mean_force_potential_error + 1e-9)
    assert float(np.sqrt((z[exact != exact[2]] ** 2).mean())) < 2.0


@pytest.mark.slow
@pytest.mark.parametrize(("temperature", "seed"), [(10.0, 1), (20.0, 2), (30.0, 3)])
def test_the_marginal_of_a_curved_valley(temperature, seed):
    """Within 0.1 kT wherever F is below 6.5 kT; by windows along x - y, as far as anything is to be found."""

    def along(x, gradient):
        gradient[0], gradient[1] = 1.0, -1.0
        return x[0] - x[1]

    centres = np.linspace(-5.4, 2.2, 58)
    y = np.interp(centres, [-5.4, -2.0, -1.45, -0.5, 0.6, 2.2], [3.1, 1.44, 0.62, 0.47, 0.03, -0.6])
    run = umbrella_sampling(
        mueller_brown_force, centres, 100.0 * temperature, np.stack([centres + y, y], axis=1), coordinate=along,
        temperature=temperature, step=0.008, steps=200_000, every=50, equilibration=20_000, friction=2.0,
        keep="position", seed=seed, trajectories=6,
    )  # fmt: skip
    solution = umbrella_solution(run)
    x, y = (run.position.values[..., axis].ravel() for axis in (0, 1))
    from mesoscale.core.coarse_graining.free_energy import free_energy_profile

    edges = np.linspace(-1.1, 0.95, 42)
    profile = free_energy_profile(solution, x, edges, temperature=temperature, zero_at=-0.56)
    exact = mueller_brown_marginal(temperature, edges).free_energy
    exact = exact - exact[int(np.searchsorted(edges, -0.56)) - 1]
    near = exact < 6.5 * temperature
    away = (profile.free_energy - exact)[near]
    assert float(np.abs(away).max()) < 0.1 * temperature
    assert float(np.sqrt(((away / (profile.free_energy_error[near] + 1e-9)) ** 2).mean())) < 2.5
    energy = expectation(solution, mueller_brown_energy(x, y), reduced_energy=np.zeros_like(x))
    mean = float(mueller_brown_marginal(temperature, edges).mean_energy)
    assert abs(energy.value - mean) < 4.0 * energy.error


def test_windows_that_do_not_meet_are_named():
    rng = np.random.default_rng(0)
    samples = [c + rng.normal(0.0, 0.1, 500) for c in (0.0, 0.1, 1.0)]
    with pytest.raises(OverlapError, match="states 0-1 and states 2 do not overlap"):
        umbrella_profile(samples, [0.0, 0.5, 1.0], [0.0, 0.1, 1.0], 100.0)


def test_what_profiles_of_windows_refuse(wells):
    samples = [np.zeros(5), np.zeros(5)]
    for arguments, message in (
        ({"samples": samples, "centres": [0.0, 1.0]}, "centres and stiffness must be given"),
        ({"samples": samples, "centres": [0.0], "stiffness": 1.0}, "must be as many series as the 1 centres, not 2"),
        ({"samples": [np.zeros(5), [np.nan]], "centres": [0.0, 1.0], "stiffness": 1.0}, "that of window 1 is not"),
        ({"samples": wells, "centres": [0.0]}, "known to the result of umbrella_sampling"),
        ({"samples": wells[["centre"]]}, "must be a result of umbrella_sampling"),
        ({"samples": samples, "centres": [0.0, 1.0], "stiffness": 1.0, "period": 0.0}, "period must be a positive"),
        ({"samples": wells, "method": "bar"}, "method must be 'mbar' or 'wham'"),
        ({"samples": wells, "edges": [0.0]}, "edges must be at least two"),
    ):
        with pytest.raises(ParameterError, match=message):
            umbrella_profile(**{"edges": [-1.0, 0.0, 1.0]} | arguments)
    with pytest.raises(ParameterError, match="series must be finite"):
        pooled_inefficiency([np.inf, 1.0])

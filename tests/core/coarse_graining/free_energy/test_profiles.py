"""Profiles: WHAM by its own iteration, bins by quadrature, errors by replicas, shells by geometry, exact systems."""

import itertools
import json
import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.coarse_graining.free_energy import (
    OverlapError,
    bonded_pair_force,
    double_well_averages,
    double_well_force,
    free_energy_profile,
    lennard_jones_pair_force,
    mbar,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
    mueller_brown_stationary_points,
    pair_distance,
    potential_of_mean_force,
    wham,
)
from mesoscale.core.model import ParameterError

CENTRES, EDGES = np.linspace(-1.6, 1.6, 17), np.linspace(-2.0, 2.0, 41)
SPRING, BARRIER = 60.0, 4.0


def window_samples(rng, number, temperature=1.0):
    """Independent samples of BARRIER (x^2 - 1)^2 and each spring, by inversion on a fine grid."""
    grid = np.linspace(-3.0, 3.0, 12_001)
    energy = BARRIER * (grid**2 - 1.0) ** 2 + 0.5 * SPRING * (grid - CENTRES[:, None]) ** 2
    boltzmann = np.exp((energy.min(axis=1, keepdims=True) - energy) / temperature)
    return np.array([np.interp(rng.random(number), np.cumsum(b) / b.sum(), grid) for b in boltzmann])


def exact_bins(edges, temperature=1.0):
    """-kT ln of the mean of exp(-V/kT) over each bin, and probabilities."""

    def boltzmann(x):
        return math.exp(-BARRIER * (x * x - 1.0) ** 2 / temperature)

    parts = np.array([scipy.integrate.quad(boltzmann, a, b)[0] for a, b in itertools.pairwise(edges)])
    return -temperature * np.log(parts / np.diff(edges)), parts / scipy.integrate.quad(boltzmann, -4, 4)[0]


def bias(s, temperature=1.0):
    return 0.5 * SPRING * (s - CENTRES[:, None]) ** 2 / temperature


def middles_of(edges):
    return 0.5 * (edges[:-1] + edges[1:])


def test_wham_is_the_fixed_point_of_its_two_equations():
    samples = window_samples(np.random.default_rng(0), 400)
    histograms = np.array([np.histogram(s, EDGES)[0] for s in samples])
    solution = wham(histograms, bias(middles_of(EDGES)))
    f, w, counts = solution.free_energy.values, bias(middles_of(EDGES)), histograms.sum(axis=1)
    density = histograms.sum(axis=0) / (counts[:, None] * np.exp(f[:, None] - w)).sum(axis=0)
    again = -np.log((density * np.exp(-w)).sum(axis=1))
    np.testing.assert_allclose(again - again[0], f, atol=1e-10)
    profile = free_energy_profile(solution, middles_of(EDGES), EDGES)
    np.testing.assert_allclose(profile.probability, density / density.sum(), rtol=1e-9)


def test_wham_takes_the_bias_at_centres_which_costs_the_square_of_the_bin():
    """Histograms as they are expected for infinitely many samples; F between two places."""
    errors, widths = [], np.array([0.08, 0.04, 0.02])
    fine = -2.4 + 0.0002 * (np.arange(24_000) + 0.5)
    for width in widths:
        edges = np.arange(-2.4, 2.4 + 0.5 * width, width)
        density = np.exp(-BARRIER * (fine**2 - 1.0) ** 2 - bias(fine))
        place = np.clip(((fine + 2.4) / width).astype(int), 0, len(edges) - 2)
        parts = np.array([np.bincount(place, row / row.sum(), len(edges) - 1) for row in density])
        solution = wham(np.round(1e12 * parts), bias(middles_of(edges)))
        profile = free_energy_profile(solution, middles_of(edges), edges)
        exact, _ = exact_bins(edges)
        inside = np.abs(profile.coordinate.values) < 1.5
        away = (profile.free_energy.values - exact)[inside]
        errors.append(np.ptp(away))
    assert np.polyfit(np.log(widths), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_errors_of_a_profile_are_those_between_replicas(temperature):
    exact, share = exact_bins(EDGES, temperature)
    pulls, shares, inside = [], [], np.abs(middles_of(EDGES)) < 1.4
    for seed in range(60):
        samples = window_samples(np.random.default_rng(seed), 150, temperature)
        x = samples.ravel()
        solution = mbar(bias(x, temperature), [150] * len(CENTRES))
        profile = free_energy_profile(solution, x, EDGES, temperature=temperature, zero_at=1.02)
        away = profile.free_energy.values - (exact - exact[30])
        pulls.append((away / np.maximum(profile.free_energy_error.values, 1e-12))[inside])
        shares.append(((profile.probability.values - share) / profile.probability_error.values)[inside])
        assert profile.free_energy_error[30] == 0.0
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)
    assert abs(np.mean(pulls)) < 0.4
    assert np.std(shares) == pytest.approx(1.0, abs=0.15)
    assert abs(np.mean(shares)) < 0.2


def test_samples_outside_and_bins_without_samples():
    x = np.array([0.1] * 20 + [0.3] * 60 + [2.0] * 20)
    profile = free_energy_profile(mbar(np.zeros((1, 100)), [100]), x, [0.0, 0.2, 0.4, 0.6])
    assert profile.free_energy_exists.values.tolist() == [True, True, False]
    assert profile.probability.values == pytest.approx([0.2, 0.6, 0.0])
    assert float(profile.free_energy[0]) == pytest.approx(math.log(3.0))
    assert np.isnan(profile.free_energy[2])
    assert np.isnan(profile.free_energy_error[2])
    assert profile.effective_samples.values == pytest.approx([20.0, 60.0, 0.0])
    # multinomial: variance of ln(60/20), and of a share
    assert float(profile.free_energy_error[0]) == pytest.approx(math.sqrt(1 / 20 + 1 / 60), rel=1e-6)
    assert float(profile.probability_error[1]) == pytest.approx(math.sqrt(0.6 * 0.4 / 100), rel=1e-6)
    edge = free_energy_profile(mbar(np.zeros((1, 20)), [20]), [0.5] * 10 + [1.0] * 10, [0.0, 0.5, 1.0])
    assert edge.probability.values == pytest.approx([0.0, 1.0])


def test_a_profile_in_a_biased_state_is_that_of_its_own_samples():
    samples = window_samples(np.random.default_rng(4), 500)
    x = samples.ravel()
    solution = mbar(bias(x), [500] * len(CENTRES))
    edges = np.array([-0.3, -0.1, 0.1, 0.3])
    there = free_energy_profile(solution, x, edges, state=8)
    own = np.histogram(samples[8], edges)[0] / 500.0
    error = np.sqrt(own * (1.0 - own) / 500.0)
    assert (np.abs(there.probability - own) < 4.0 * error).all()
    assert (there.probability_error < error).all()  # neighbours help
    same = free_energy_profile(solution, x, edges, reduced_energy=bias(x)[8])
    np.testing.assert_allclose(same.free_energy, there.free_energy)


def test_recipes_hold_recipes():
    profile = free_energy_profile(mbar(np.zeros((1, 20)), [20]), np.linspace(0.0, 1.0, 20), [0.0, 0.5, 1.0])
    recipe = json.loads(profile.attrs["recipe"])
    assert recipe["solution"]["function"].endswith("mbar")
    assert recipe["convention"] == "density"
    assert "without the Jacobian" in profile.free_energy.attrs["comment"]


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_uniform_points_do_no_reversible_work(dimension):
    """r of points that are uniform in a ball, at quantiles: W is flat to the resolution of the quantiles."""
    r = ((np.arange(200_000) + 0.5) / 200_000) ** (1.0 / dimension)
    edges = np.linspace(0.3, 1.0, 8)
    profile = free_energy_profile(mbar(np.zeros((1, r.size)), [r.size]), r, edges)
    flat = potential_of_mean_force(profile, convention="reversible_work", dimension=dimension)
    assert np.ptp(flat.mean_force_potential.values) < 0.05
    plain = potential_of_mean_force(profile, convention="density", dimension=dimension)
    np.testing.assert_allclose(plain.mean_force_potential, profile.free_energy, atol=1e-12)
    centre = middles_of(edges)
    jacobian = (dimension - 1) * np.log(centre / centre[-1])
    difference = flat.mean_force_potential - plain.mean_force_potential
    np.testing.assert_allclose(difference - difference[-1], jacobian, atol=0.02 * dimension)


def test_the_convention_is_said_and_the_zero_is_chosen():
    r = (np.random.default_rng(0).random(5000)) ** (1.0 / 3.0)
    solution = mbar(np.zeros((1, r.size)), [r.size])
    profile = free_energy_profile(solution, r, [0.4, 0.6, 0.8, 1.0, 1.2], temperature=2.0)
    work = potential_of_mean_force(profile, convention="reversible_work", zero_at=0.9)
    assert work.mean_force_potential.attrs["convention"] == "reversible_work"
    assert "W(r) = F(r) + 2 kT ln r" in work.mean_force_potential.attrs["comment"]
    assert float(work.mean_force_potential[2]) == 0.0
    assert work.mean_force_potential_exists.values.tolist() == [True, True, True, False]
    assert json.loads(work.attrs["recipe"])["convention"] == "reversible_work"
    per_kt = potential_of_mean_force(
        free_energy_profile(solution, r, [0.4, 0.6, 0.8, 1.0, 1.2]), convention="reversible_work", zero_at=0.9
    )
    np.testing.assert_allclose(work.mean_force_potential, 2.0 * per_kt.mean_force_potential)


def test_what_a_potential_of_mean_force_refuses():
    solution = mbar(np.zeros((1, 20)), [20])
    profile = free_energy_profile(solution, np.linspace(-1.0, 1.0, 20), [-1.0, 0.0, 1.0])
    for arguments, message in (
        ({"convention": "pmf"}, "convention must be 'density', F"),
        ({"convention": "density", "dimension": 0}, "dimension must be a whole number"),
        ({"convention": "reversible_work"}, "its first bin begins at -1"),
        ({"convention": "density", "zero_at": 3.0}, "zero_at must lie in a bin with samples"),
    ):
        with pytest.raises(ParameterError, match=message):
            potential_of_mean_force(profile, **arguments)
    with pytest.raises(TypeError):
        potential_of_mean_force(profile)
    with pytest.raises(ParameterError, match="profile must be a profile along a distance"):
        potential_of_mean_force(solution, convention="density")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"histograms": [1, 2]}, "histograms must be numbers of samples"),
        ({"histograms": [[0, 0], [0, 0]]}, "not all zero"),
        ({"histograms": [[0.5, 1], [2, 1]]}, "histograms must be whole numbers"),
        ({"reduced_bias": [[0.0, 0.0]]}, r"reduced_bias must be numbers of the shape \(2, 2\)"),
        ({"reduced_bias": [[0.0, np.nan], [0.0, 0.0]]}, "reduced_bias must be numbers"),
        ({"reduced_bias": [[0.0, np.inf], [0.0, 0.0]]}, "finite in the bins that a window has visited"),
        ({"inefficiency": 0.0}, "inefficiency must be at least 1"),
        ({"least_overlap": 0.6}, "least_overlap must be greater than 0"),
    ],
)
def test_what_wham_refuses(change, message):
    with pytest.raises(ParameterError, match=message):
        wham(**{"histograms": [[20, 20], [20, 20]], "reduced_bias": [[0.0, 1.0], [1.0, 0.0]]} | change)


def test_windows_that_share_no_bin_are_named():
    with pytest.raises(OverlapError, match="states 0 and states 1 do not overlap"):
        wham([[50, 50, 0, 0], [0, 0, 50, 50]], [[0.0, 1.0, 40.0, 90.0], [90.0, 40.0, 1.0, 0.0]])


def test_what_a_profile_refuses():
    solution = mbar(np.zeros((1, 20)), [20])
    x = np.linspace(0.0, 1.0, 20)
    for arguments, message in (
        ({"edges": [1.0, 0.0]}, "edges must be at least two finite, rising"),
        ({"edges": [2.0, 3.0]}, "edges hold no sample"),
        ({"zero_at": 1.5}, "zero_at must lie in a bin with samples"),
        ({"temperature": 0.0}, "temperature must be a positive number"),
        ({"coordinate": x[:-1]}, "coordinate must be finite, a number for each of the 20"),
    ):
        with pytest.raises(ParameterError, match=message):
            free_energy_profile(solution, **{"coordinate": x, "edges": [0.0, 0.5, 1.0]} | arguments)
    with pytest.raises(ParameterError, match="solution must be a result of mbar or wham"):
        free_energy_profile(solution[["overlap"]], x, [0.0, 1.0])


def numerical_force(energy, x):
    steps = np.eye(len(x)) * 1e-6
    return np.array([-(energy(x + s) - energy(x - s)) / 2e-6 for s in steps])


@pytest.mark.parametrize(
    ("force", "energy", "parameters", "place"),
    [
        (mueller_brown_force, lambda x: float(mueller_brown_energy(x[0], x[1])), (), [-0.4, 0.8]),
        (
            lennard_jones_pair_force,
            lambda x: 4.0 * 1.5 * ((0.9**2 / (x @ x)) ** 6 - (0.9**2 / (x @ x)) ** 3),
            (1.5, 0.9),
            [0.7, -0.6, 0.5],
        ),
        (
            bonded_pair_force,
            lambda x: 3.0 * (1.0 - ((math.sqrt(x @ x) - 1.2 - 0.4) / 0.4) ** 2) ** 2,
            (3.0, 1.2, 0.4),
            [1.0, -0.6, 0.5],
        ),
        (
            lambda x, p, out: out.__setitem__(0, double_well_force(x[0], p)),
            lambda x: float(2.0 * (x[0] ** 2 - 1.0) ** 2),
            (2.0,),
            [0.4],
        ),
    ],
)
def test_forces_are_gradients(force, energy, parameters, place):
    x, out = np.array(place), np.zeros(len(place))
    force(x, np.array(parameters), out)
    np.testing.assert_allclose(out, numerical_force(energy, x), rtol=1e-6, atol=1e-6)


def test_the_distance_has_a_unit_gradient():
    gradient = np.zeros(3)
    assert pair_distance(np.array([1.0, 2.0, 2.0]), gradient) == 3.0
    np.testing.assert_allclose(gradient, [1 / 3, 2 / 3, 2 / 3])


def test_muller1979_stationary_points():
    """Minima and saddles of the surface, with the positions that are in use everywhere."""
    points = mueller_brown_stationary_points()
    assert points.unstable_directions.values.tolist() == [0, 0, 0, 1, 1]
    expected = [
        (-0.558224, 1.441726, -146.699517), (0.623499, 0.028038, -108.166724), (-0.050011, 0.466694, -80.767818),
        (0.212487, 0.292988, -72.248940), (-0.822002, 0.624313, -40.664844),
    ]  # fmt: skip
    found = np.column_stack([points.position.values, points.energy.values])
    np.testing.assert_allclose(found, expected, atol=1.5e-6)
    for place in points.position.values:
        out = np.zeros(2)
        mueller_brown_force(place, (), out)
        assert np.abs(out).max() < 1e-7


@pytest.mark.parametrize("temperature", [10.0, 20.0, 45.0])
def test_the_marginal_by_an_adaptive_double_integral(temperature):
    def boltzmann(y, x):
        return math.exp(-(float(mueller_brown_energy(x, y)) + 147.0) / temperature)

    edges = np.array([-0.7, -0.5, 0.5, 0.7])
    result = mueller_brown_marginal(temperature, edges)
    x, xw = np.polynomial.legendre.leggauss(12)
    fine = np.linspace(-2.5, 4.5, 4001)
    for low, high, f in ((-0.7, -0.5, 0), (0.5, 0.7, 2)):
        places = 0.5 * (low + high) + 0.5 * (high - low) * x
        inner = [np.trapezoid(np.exp(-(mueller_brown_energy(p, fine) + 147.0) / temperature), fine) for p in places]
        value = -temperature * math.log(0.5 * float(xw @ inner))
        if f == 0:
            first = value
    assert float(result.free_energy[2] - result.free_energy[0]) == pytest.approx(value - first, abs=1e-8)
    total, _ = scipy.integrate.dblquad(boltzmann, -4.0, 2.0, -2.0, 4.5, epsrel=1e-5)
    part, _ = scipy.integrate.dblquad(boltzmann, -0.7, -0.5, -2.0, 4.5, epsrel=1e-5)
    assert float(result.probability[0]) == pytest.approx(part / total, rel=2e-3)


def test_marginals_of_two_temperatures():
    """Heights and places of valleys and barriers in x, and populations, from a grid of 2101 x 2001 points."""
    for temperature, valley, height, top, barrier, mean in (
        (10.0, 0.61, 39.8192, -0.064, 62.550, -134.934),
        (20.0, 0.583, 40.7189, -0.006, 55.927, -113.4136),
    ):
        edges = np.linspace(-1.5, 1.2, 1351)
        exact = mueller_brown_marginal(temperature, edges)
        x, f = exact.coordinate.values, exact.free_energy.values
        second, between = x > 0.3, (x > -0.4) & (x < 0.4)
        assert f[second].min() == pytest.approx(height, abs=0.005)
        assert x[second][f[second].argmin()] == pytest.approx(valley, abs=0.006)
        assert f[between].max() == pytest.approx(barrier, abs=0.005)
        assert x[between][f[between].argmax()] == pytest.approx(top, abs=0.003)
        assert float(exact.mean_energy) == pytest.approx(mean, abs=2e-3)
    assert float(mueller_brown_marginal(10.0, [-9.0, -0.064]).probability[0]) == pytest.approx(0.97592, abs=2e-5)


def test_double_well_values():
    values = double_well_averages(5.0)
    assert values["partition_function"] == pytest.approx(0.8340588, abs=1e-7)
    assert values["mean_square"] == pytest.approx(0.9368340, abs=1e-7)
    assert values["near_barrier"] == pytest.approx(1.671039e-3, abs=1e-9)
    warm = double_well_averages(10.0, temperature=2.0)
    assert warm == pytest.approx(values)
    for name in ("barrier", "temperature", "near"):
        with pytest.raises(ParameterError, match=f"{name} must be a positive number"):
            double_well_averages(**{"barrier": 1.0} | {name: 0.0})
    with pytest.raises(ParameterError, match="temperature must be from 1 to 1000"):
        mueller_brown_marginal(0.1, [0.0, 1.0])

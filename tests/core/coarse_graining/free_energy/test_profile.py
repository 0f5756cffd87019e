"""Profiles by MBAR and WHAM, and errors that are those between replicas."""

import itertools
import json
import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.coarse_graining.free_energy import OverlapError, free_energy_profile, mbar, wham
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

"""Internal coordinates across any boundary, and potentials found again from samples of them."""

import numpy as np
import pytest
import scipy.signal
import scipy.special
import xarray as xr
from mesoscale.core.coarse_graining.inversion import (
    bond_angles,
    bond_lengths,
    dihedral_angles,
    invert_angles,
    invert_bonds,
    invert_dihedrals,
    invert_pairs,
)
from mesoscale.core.coarse_graining.mapping import lattice_vectors
from mesoscale.core.model import ParameterError

SHARP = lattice_vectors([10, 9, 12, 50, 55, 48])


def test_lengths_angles_and_dihedrals_across_the_boundary():
    rng = np.random.default_rng(4)
    whole = np.cumsum(rng.normal(size=(200, 4, 3)), axis=1)
    wrapped = whole + rng.integers(-3, 4, (200, 4, 3)) @ (3 * SHARP)
    box = 3 * SHARP
    b = np.diff(whole, axis=1)
    np.testing.assert_allclose(bond_lengths(wrapped, [[0, 1], [2, 3]], box), np.linalg.norm(b[:, ::2], axis=2))
    cosine = -(b[:, 0] * b[:, 1]).sum(1) / np.linalg.norm(b[:, 0], axis=1) / np.linalg.norm(b[:, 1], axis=1)
    np.testing.assert_allclose(np.cos(bond_angles(wrapped, [[0, 1, 2]], box)[:, 0]), cosine, atol=1e-11)
    found = dihedral_angles(wrapped, [[0, 1, 2, 3]], box)[:, 0]
    # by turning: look along the middle bond
    e = b[:, 1] / np.linalg.norm(b[:, 1], axis=1)[:, None]
    front, back = (v - (v * e).sum(1)[:, None] * e for v in (-b[:, 0], b[:, 2]))
    expected = np.arctan2((np.cross(front, back) * e).sum(1), (front * back).sum(1))
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_allclose(dihedral_angles(whole * [1, 1, -1], [[0, 1, 2, 3]])[:, 0], -expected, atol=1e-10)
    many = np.stack([box * (1 + 0.001 * n) for n in range(200)])
    np.testing.assert_allclose(bond_lengths(whole, [[0, 1]], many), np.linalg.norm(b[:, :1], axis=2))


def drawn(density, low, high, shape, seed=0):
    """Samples of a density by its inverse distribution on a fine grid."""
    x = np.linspace(low, high, 200_001)
    y = density(x)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (y[1:] + y[:-1]))])
    return np.interp(np.random.default_rng(seed).uniform(0, total[-1], shape), total, x)


def recovered(result, coordinate, expected, least=400, kt=1.0):
    """Within four standard errors wherever there is enough to see (and up to a constant)."""
    seen = result["count"] > least
    x = result[coordinate][seen]
    difference = (result.U[seen] - expected(x)).values
    error = kt * (result.probability_error / result.probability)[seen].values
    difference -= (difference / error**2).sum() / (1 / error**2).sum()
    assert len(difference) > 8
    assert np.abs(difference / error).max() < 5
    assert 0.4 < np.mean((difference / error) ** 2) < 2.5


def test_harmonic_bonds_are_found():
    lengths = drawn(lambda b: b**2 * np.exp(-50 * (b - 1.2) ** 2 / 0.7), 0.2, 2.2, (400, 500))
    result = invert_bonds(lengths, thermal_energy=0.7, bins=60)
    recovered(result, "distance", lambda b: 50 * (b - 1.2) ** 2, kt=0.7)
    assert float(result.U.min()) == 0.0
    assert float((result.probability * np.diff(result.distance)[0]).sum()) == pytest.approx(1.0)


def test_harmonic_angles_are_found():
    angles = drawn(lambda t: np.sin(t) * np.exp(-6 * (t - 1.9) ** 2), 0, np.pi, (400, 500))
    recovered(invert_angles(angles, bins=40), "angle", lambda t: 6 * (t - 1.9) ** 2)
    straight = drawn(lambda t: np.sin(t) * np.exp(-3 * (1 + np.cos(t))), 0, np.pi, (400, 500), seed=1)
    result = invert_angles(straight, bins=40, limits=(0, np.pi))
    recovered(result, "angle", lambda t: 3 * (1 + np.cos(t)))
    assert int(result.U.values.argmin()) >= 36  # with the sine the best angle is the straight one; without, it is not
    assert int(result.probability.values.argmax()) < 36


def test_torsions_are_found_and_periodic():
    torsions = drawn(lambda t: np.exp(-1.5 * (1 + np.cos(3 * t - 0.4))), -np.pi, np.pi, (400, 500))
    result = invert_dihedrals(torsions, bins=36)
    recovered(result, "dihedral", lambda t: 1.5 * (1 + np.cos(3 * t - 0.4)))
    turned = invert_dihedrals(np.where(torsions < 0, torsions + 2 * np.pi, torsions), bins=36)
    np.testing.assert_array_equal(turned["count"], result["count"])


@pytest.mark.parametrize("memory", [0, 5])
def test_errors_of_inverted_potentials_are_those_between_samples(memory):
    """Forty independent sets: the potential less that of its zero, over its error, has the variance 1."""
    edges, pulls = np.linspace(-np.pi, np.pi, 25), []
    exact = -np.log(np.diff(scipy.special.ndtr(edges / 0.6)))
    phi = np.exp(-1.0 / memory) if memory else 0.0
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(size=(2100, 2))
        series = 0.6 * scipy.signal.lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=0)[100:]
        result = invert_dihedrals(series, bins=24, zero_at=0.7)
        zero = np.searchsorted(edges, 0.7) - 1
        assert result.U[zero] == result.U_error[zero] == 0.0
        off = result.U.values - (exact - exact[zero])
        near = np.flatnonzero((np.abs(result.dihedral.values) < 1.2) & (np.arange(24) != zero))
        pulls.append(off[near] / result.U_error.values[near])
    assert 0.8 < np.std(pulls) < 1.25
    assert abs(np.mean(pulls)) < 4 * np.std(np.mean(pulls, axis=1)) / np.sqrt(40)


def test_the_error_of_the_binned_potential_falls_with_the_square_of_the_width():
    # exact bin averages instead of samples: U at the middle of a bin is second order
    widths, errors = np.array([0.1, 0.05, 0.025]), []
    for w in widths:
        edges = np.arange(0.6, 1.8 + 1e-9, w)
        fine = np.linspace(edges[:-1], edges[1:], 2001)
        p = np.trapezoid(fine**2 * np.exp(-10 * (fine - 1.2) ** 2), fine, axis=0)
        middle = 0.5 * (edges[1:] + edges[:-1])
        counts = np.maximum((p / p.sum() * 1e7).astype(int), 1)
        samples = np.repeat(middle, counts)
        result = invert_bonds(samples[None], bins=len(middle), limits=(edges[0], edges[-1]))
        error = result.U.values - 10 * (middle - 1.2) ** 2
        errors.append(np.abs(error - error[len(error) // 2]).max())
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert abs(slope - 2) < 0.1
    assert errors[-1] < 0.02


def test_a_single_row_of_samples_and_unsampled_bins():
    result = invert_bonds([1.0, 1.0, 2.0, 2.0], bins=4)
    assert np.isnan(result.U[1])
    assert np.isnan(result.U_error[1])
    assert result["count"].values.tolist() == [2, 0, 0, 2]
    assert np.isnan(invert_bonds([[1.0, 1.5, 2.0]], bins=4).U_error).all()


def refused(make, sentence, error=ParameterError):
    with pytest.raises(error, match=sentence):
        make()


POINTS = np.random.default_rng(0).uniform(0, 5, (3, 10, 3))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: bond_lengths(POINTS, [[0, 1, 2]]), "bonds must be numbers of particles \\(n, 2\\)"),
        (lambda: bond_angles(POINTS, [[0, 1, 12]]), "angles must be numbers from 0 to 9"),
        (lambda: dihedral_angles(POINTS, [[0, 1, 2, 0]]), "dihedrals must not name a particle twice"),
        (lambda: invert_bonds([1.0, 1.0, 2.0], bins=4, zero_at=1.6), "zero_at must lie in a bin with samples, betw"),
        (lambda: invert_bonds([1.0, 1.0, 2.0], zero_at=3.0), "between 1 and 2, not 3.0"),
        (lambda: invert_bonds([[1.0, np.nan]]), "lengths must be finite"),
        (lambda: invert_bonds([-1.0, 1.0]), "must lie between 0 and inf"),
        (lambda: invert_angles([120.0, 100.0]), "in rad, not in degrees"),
        (lambda: invert_dihedrals([120.0, 100.0]), "in rad, not in degrees"),
        (lambda: invert_bonds([1.0, 1.0]), "limits must rise"),
        (lambda: invert_bonds([1.0, 2.0], limits=(3.0, 4.0)), "must enclose some of the samples"),
        (lambda: invert_bonds([1.0, 2.0], bins=0), "bins must be a whole number"),
        (lambda: invert_bonds([1.0, 2.0], blocks=True), "blocks must be a whole number"),
        (lambda: invert_bonds([1.0, 2.0], thermal_energy=-1.0), "thermal_energy must be a positive number"),
        (lambda: invert_pairs(xr.Dataset()), "must have a variable g on distance"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)

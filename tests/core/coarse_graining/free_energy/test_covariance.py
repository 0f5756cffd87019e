"""Errors of free energies by the full matrix over all samples."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import harmonic_states, mbar
from mesoscale.core.coarse_graining.free_energy.covariance import column_variances

STIFFNESS, OFFSET, COUNTS = [1.0, 2.0, 4.0, 8.0, 16.0], [0.0, 1.0, 2.0, 3.0, 4.0], [300, 100, 200, 50, 150]


@pytest.fixture(scope="module")
def springs():
    u, x, exact = harmonic_states(STIFFNESS, OFFSET, COUNTS, seed=3)
    return u, x, exact, mbar(u, COUNTS)


def test_the_covariance_is_that_of_the_full_matrix(springs):
    """Theta = W^T (1 - W N W^T)^+ W with all 800 samples, by a singular value decomposition."""
    u, _, _, result = springs
    n = np.array(COUNTS)
    weights = np.exp(result.free_energy.values[:, None] - u - result.log_mixture.values).T
    theta = weights.T @ np.linalg.pinv(np.eye(len(weights)) - (weights * n) @ weights.T, rcond=1e-10) @ weights
    variance = np.diag(theta)[:, None] + np.diag(theta) - 2.0 * theta
    np.testing.assert_allclose(result.free_energy_difference_error**2, variance, atol=1e-10)
    np.testing.assert_allclose(result.free_energy_error, np.sqrt(variance[0]), atol=1e-6)


def test_any_column_without_a_sum_has_the_variance_of_the_full_matrix(springs):
    """w (1 - V V^T)^+ w with all samples: of an observable, of a bin against another, of both at once."""
    u, x, _, result = springs
    n = np.array(COUNTS)
    weights = np.exp(result.free_energy.values[:, None] - u - result.log_mixture.values).T
    inverse = np.linalg.pinv(np.eye(len(weights)) - (weights * n) @ weights.T, rcond=1e-10)
    last = weights[:, -1]
    columns = np.stack([last * (x - last @ x), last * ((x > 4) / (last @ (x > 4)) - (x < 4) / (last @ (x < 4)))])
    assert np.abs(columns.sum(axis=1)).max() < 1e-9
    expected = np.einsum("in,nm,im->i", columns, inverse, columns)
    np.testing.assert_allclose(column_variances(result, columns), expected, rtol=1e-7)

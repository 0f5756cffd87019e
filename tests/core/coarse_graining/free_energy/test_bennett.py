"""Two states by Bennett's equation, with any numbers of samples."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from mesoscale.core.coarse_graining.free_energy import OverlapError, bennett_acceptance_ratio, harmonic_states, mbar
from mesoscale.core.model import ParameterError


def test_two_states_by_bennett_with_any_numbers_of_samples():
    for counts in ([1000, 1000], [50, 2000], [2000, 50]):
        u, _, _ = harmonic_states([1.0, 3.0], [0.0, 1.2], counts)
        result, work = mbar(u, counts), u[1] - u[0]
        value, error = bennett_acceptance_ratio(work[: counts[0]], -work[counts[0] :])
        assert float(result.free_energy[1]) == pytest.approx(value, abs=1e-11)
        assert float(result.free_energy_error[1]) == pytest.approx(error, rel=1e-9)
    _, twice = bennett_acceptance_ratio(work[:2000], -work[2000:], inefficiency=4.0)
    assert twice == pytest.approx(2.0 * error)


def test_bennett1976_the_variance_of_unequal_numbers():
    n0, n1 = 30_000, 120_000
    u, _, _ = harmonic_states([1.0, 1.0], [0.0, 1.5], [n0, n1])
    p = scipy.stats.norm.pdf

    def product(x):
        return p(x) * p(x - 1.5) / (n0 * p(x) + n1 * p(x - 1.5))

    expected = (1.0 / scipy.integrate.quad(product, -12, 14)[0] - n0 - n1) / n0 / n1
    assert float(mbar(u, [n0, n1]).free_energy_error[1]) ** 2 == pytest.approx(expected, rel=0.02)


def test_what_bennett_refuses():
    with pytest.raises(ParameterError, match="forward must be finite works"):
        bennett_acceptance_ratio([], [1.0])
    with pytest.raises(ParameterError, match="reverse must be finite works"):
        bennett_acceptance_ratio([1.0], [np.nan])
    with pytest.raises(ParameterError, match="inefficiency must be at least 1"):
        bennett_acceptance_ratio([1.0], [-1.0], inefficiency=0.0)
    with pytest.raises(OverlapError, match=r"overlap by .* where 0.03 is needed"):
        bennett_acceptance_ratio([50.0, 51.0], [50.0, 52.0])
    with pytest.raises(OverlapError, match="overlap by 0 where"):
        bennett_acceptance_ratio([5000.0], [5000.0])

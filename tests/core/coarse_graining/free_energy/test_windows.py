"""The laws of windows, by quadrature and by what windows do."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from mesoscale.core.coarse_graining.free_energy import (
    bennett_variance,
    harmonic_states,
    mbar,
    neighbour_overlap,
    window_spacing,
    window_width,
)


@pytest.mark.parametrize("distance", [0.0, 0.7, 1.25, 3.0, 8.0])
def test_overlap_by_adaptive_quadrature(distance):
    def shared(x):
        p, q = scipy.stats.norm.pdf(x), scipy.stats.norm.pdf(x - distance)
        return p * q / (p + q)

    exact = scipy.integrate.quad(shared, -10.0, 10.0 + distance, points=[0.0, 0.5 * distance], epsabs=1e-14)[0]
    assert float(neighbour_overlap(distance)) == pytest.approx(exact, rel=1e-7)
    assert float(bennett_variance(distance, 10.0)) == pytest.approx(0.1 * (1.0 / exact - 2.0), rel=1e-6, abs=1e-12)


def test_overlap_falls_off_as_gaussians_do():
    """For close windows as 1/2 - d^2/8: the mean of tanh^2."""
    distances = np.array([0.02, 0.04, 0.08])
    lost = 0.5 - neighbour_overlap(distances)
    assert np.polyfit(np.log(distances), np.log(lost), 1)[0] == pytest.approx(2.0, abs=0.01)
    np.testing.assert_allclose(lost, distances**2 / 8.0, rtol=0.01)


def test_the_law_of_windows_is_what_windows_do():
    u, _, _ = harmonic_states([25.0, 25.0], [0.0, 1.5 * 0.2], [50_000] * 2)
    result = mbar(u, [50_000] * 2)
    assert float(result.overlap[0, 1]) == pytest.approx(float(neighbour_overlap(1.5)), abs=0.003)
    assert float(result.free_energy_error[1]) ** 2 == pytest.approx(float(bennett_variance(1.5, 5e4)), rel=0.03)
    assert float(window_width(25.0)) == pytest.approx(0.2)
    assert float(window_spacing(40.0, -15.0, 1.5)) == pytest.approx(0.3)
    assert np.isnan(window_width(10.0, -10.0))
    assert np.isnan(window_spacing(10.0, -20.0))

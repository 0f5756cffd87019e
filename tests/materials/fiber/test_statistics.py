"""Many joints: exact sums, limits with their order, modes by linear algebra."""

from fractions import Fraction

import numpy as np
import pytest
from mesoscale.materials import fiber
from scipy import constants, integrate

T = 300.0
KT = constants.k * T


def add_up_distance(cosine, n):
    """Double sum of c^|i - j| over all pairs of segments."""
    k = np.arange(n)
    return float((cosine ** np.abs(k[:, None] - k)).sum())


def add_up_gyration(cosine, n):
    """Mean square distance of all pairs of beads, over 2 (n + 1)^2."""
    return sum((n + 1 - m) * add_up_distance(cosine, m) for m in range(1, n + 1)) / (n + 1) ** 2


@pytest.mark.parametrize("n", [2, 3, 7, 40])
@pytest.mark.parametrize("decay", [0.05, 0.3, 1.0, 9.0, 200.0])
def test_sizes_equal_their_double_sums(n, decay):
    cosine = np.exp(-1.0 / decay)
    distance = fiber.mean_square_end_to_end_distance(n, 1.0, decay)
    gyration = fiber.mean_square_radius_of_gyration(n, 1.0, decay)
    assert distance == pytest.approx(add_up_distance(cosine, n), rel=1e-12)
    assert gyration == pytest.approx(add_up_gyration(cosine, n), rel=1e-12)


@pytest.mark.parametrize("n", [10, 1000])
@pytest.mark.parametrize("inverse", [10**9, 10**6, 10**3])
def test_stiff_chains_keep_their_digits(n, inverse):
    """Exact rational sums with 1 - c = 1 / inverse, where the textbook form cancels."""
    c = Fraction(inverse - 1, inverse)
    powers = [c**k for k in range(n)]
    distance = n + 2 * sum((n - k) * powers[k] for k in range(1, n))
    beads = n + 1
    pairs = sum((beads - k) * ((beads - k) ** 2 - 1) * powers[k] for k in range(1, n))
    gyration = (Fraction(beads * (beads**2 - 1), 6) + pairs / 3) / beads**2
    decay = -1.0 / np.log1p(-1.0 / inverse)
    assert fiber.mean_square_end_to_end_distance(n, 1.0, decay) == pytest.approx(float(distance), rel=1e-13)
    assert fiber.mean_square_radius_of_gyration(n, 1.0, decay) == pytest.approx(float(gyration), rel=1e-13)


@pytest.mark.parametrize(
    ("n", "kappa", "harmonic", "cosine"),
    [
        (10, 10, 74.195278, 72.762120),
        (100, 10, 1829.235603, 1720.004848),
        (100, 50, 5686.211094, 5649.835824),
        (1000, 10, 20153.103453, 18820.000809),
    ],
)
def test_table_of_sizes(n, kappa, harmonic, cosine):
    for potential, expected in (("harmonic", harmonic), ("cosine", cosine)):
        decay = fiber.discrete_persistence_length(kappa * KT, 1.0, T, potential)
        ours = fiber.mean_square_end_to_end_distance(n, 1.0, decay)
        assert ours == pytest.approx(expected, abs=5.1e-7)
        c = fiber.mean_cosine(kappa * KT, T, potential)
        assert ours == pytest.approx(n * (1 + c) / (1 - c) - 2 * c * (1 - c**n) / (1 - c) ** 2, rel=1e-11)


def test_limits_of_the_discrete_chain():
    n = np.array([2, 10, 500])
    np.testing.assert_allclose(fiber.mean_square_end_to_end_distance(n, 2.0, 1e-2), 4.0 * n, rtol=1e-12)
    np.testing.assert_allclose(
        fiber.mean_square_radius_of_gyration(n, 1.0, 1e-2), n * (n + 2) / (6 * (n + 1)), rtol=1e-12
    )
    np.testing.assert_allclose(fiber.mean_square_end_to_end_distance(n, 1.0, 1e12), n**2, rtol=1e-9)
    np.testing.assert_allclose(fiber.mean_square_radius_of_gyration(n, 1.0, 1e12), n * (n + 2) / 12, rtol=1e-9)


def test_a_stiff_chain_approaches_the_rod_in_first_order():
    decay = np.array([1e3, 2e3, 4e3, 8e3])
    lack = 1 - fiber.continuum_mean_square_end_to_end_distance(1.0, decay)
    assert np.polyfit(np.log(decay), np.log(lack), 1)[0] == pytest.approx(-1.0, abs=0.1)
    assert lack[-1] == pytest.approx(1 / (3 * 8e3), rel=1e-3)


def test_a_long_chain_approaches_the_coil_in_first_order():
    length = np.array([1e2, 2e2, 4e2, 8e2])
    lack = 1 - fiber.continuum_mean_square_end_to_end_distance(length, 1.0) / (2 * length)
    assert np.polyfit(np.log(length), np.log(lack), 1)[0] == pytest.approx(-1.0, abs=0.1)
    ratio = fiber.continuum_mean_square_end_to_end_distance(1e6, 1.0)
    ratio /= fiber.continuum_mean_square_radius_of_gyration(1e6, 1.0)
    assert ratio == pytest.approx(6.0, rel=1e-5)  # Debye


def test_the_discrete_chain_approaches_the_continuum_in_second_order():
    n = np.array([50, 100, 200, 400])
    distance = fiber.mean_square_end_to_end_distance(n, 1.0 / n, 0.5)
    error = distance / fiber.continuum_mean_square_end_to_end_distance(1.0, 0.5) - 1
    assert np.polyfit(np.log(n), np.log(np.abs(error)), 1)[0] == pytest.approx(-2.0, abs=0.1)
    gyration = fiber.mean_square_radius_of_gyration(n, 1.0 / n, 0.5)
    error = gyration / fiber.continuum_mean_square_radius_of_gyration(1.0, 0.5) - 1
    assert np.polyfit(np.log(n), np.log(np.abs(error)), 1)[0] == pytest.approx(-1.0, abs=0.1)  # beads, not segments


def test_kratky_porod_is_the_double_integral_of_the_correlation():
    for decay in (0.02, 0.5, 3.0, 700.0):
        value, _ = integrate.quad(lambda s, d=decay: 2 * (1 - s) * np.exp(-s / d), 0, 1, epsrel=1e-12, epsabs=0)
        assert fiber.continuum_mean_square_end_to_end_distance(1.0, decay) == pytest.approx(value, rel=1e-10)
        value, _ = integrate.quad(
            lambda s, d=decay: (1 - s) * fiber.continuum_mean_square_end_to_end_distance(s, d), 0, 1, epsrel=1e-11
        )
        assert fiber.continuum_mean_square_radius_of_gyration(1.0, decay) == pytest.approx(value, rel=1e-9)
    assert fiber.continuum_mean_square_end_to_end_distance(10.0, 10.0) == pytest.approx(20 * 10 * np.exp(-1), rel=1e-14)


def test_radius_of_gyration_of_benoit_and_doty():
    length, decay = 3.0, 0.7
    q = decay / length
    expected = length**2 * (q / 3 - q**2 + 2 * q**3 - 2 * q**4 * (1 - np.exp(-1 / q)))
    assert fiber.continuum_mean_square_radius_of_gyration(length, decay) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 16, 61])
def test_modes_diagonalise_the_chain(n):
    """Covariance of the segments' angles from independent joints, transformed: diagonal, with the law's variances."""
    angle = np.tri(n, n - 1, -1)  # segment k has turned by the joints before it
    k, mode = np.arange(1, n + 1), np.arange(1, n)
    basis = np.sqrt(2 / n) * np.cos(mode[:, None] * np.pi * (k - 0.5) / n)
    covariance = 3e-9 * 0.02 * basis @ angle @ angle.T @ basis.T
    law = fiber.tangent_mode_variance(mode, n, 3e-9, 0.02)
    np.testing.assert_allclose(covariance, np.diag(law), rtol=1e-10, atol=1e-12 * law.max())


@pytest.mark.parametrize("n", [2, 5, 40])
def test_noise_of_the_modes_by_linear_algebra(n):
    """An error of every bead changes the angles of the two segments that meet there."""
    difference = (np.eye(n, n + 1, 1) - np.eye(n, n + 1)) / 1e-6
    k, mode = np.arange(1, n + 1), np.arange(1, n)
    basis = np.sqrt(2 * 1e-6 / n) * np.cos(mode[:, None] * np.pi * (k - 0.5) / n)
    change = basis @ difference
    expected = (5e-9) ** 2 * (change**2).sum(axis=1)
    np.testing.assert_allclose(fiber.mode_noise_variance(mode, n, 1e-6, 5e-9), expected, rtol=1e-11)


def test_gittes1993_low_modes_are_those_of_the_continuum():
    """kT L^2 / K n^2 pi^2, approached in second order of n / N."""
    segments = np.array([50, 100, 200, 400])
    variance = fiber.tangent_mode_variance(3, segments, 1e-6 / segments, KT / (1e-26 * segments / 1e-6))
    continuum = KT * 1e-12 / (1e-26 * 9 * np.pi**2)
    error = variance / continuum - 1
    assert np.polyfit(np.log(segments), np.log(error), 1)[0] == pytest.approx(-2.0, abs=0.1)
    # the continuum formula is off by (x / sin x)^2, x = n pi / 2 N
    x = 3 * np.pi / 100
    assert variance[0] / continuum == pytest.approx((x / np.sin(x)) ** 2, rel=1e-12)


def test_gittes1993_actin_and_microtubules():
    assert fiber.persistence_length(7.3e-26, 298.15) == pytest.approx(17.7e-6, rel=0.01)
    assert fiber.persistence_length(2.2e-23, 298.15) == pytest.approx(5.2e-3, rel=0.03)


def test_rigidity_persistence_and_correlation():
    assert fiber.flexural_rigidity("6e-19 J", "0.34 nm") == pytest.approx(6e-19 * 0.34e-9)
    assert fiber.persistence_length(1e-28, 300.0, 2) == 2 * fiber.persistence_length(1e-28, 300.0)
    lag = np.arange(5) * 0.34e-9
    cosine = fiber.mean_cosine(50 * KT, T)
    decay = fiber.discrete_persistence_length(50 * KT, 0.34e-9, T)
    np.testing.assert_allclose(fiber.tangent_correlation(lag, decay), cosine ** np.arange(5), rtol=1e-13)


def test_flory1969_polyethylene_persists_for_less_than_a_nanometre():
    assert fiber.characteristic_persistence_length(6.7, "0.154 nm") == pytest.approx(0.593e-9, rel=1e-3)
    freely_jointed = fiber.characteristic_persistence_length(1.0, 0.154e-9)
    assert freely_jointed == pytest.approx(0.154e-9)  # l_p = b: the projection of the whole chain on its first bond

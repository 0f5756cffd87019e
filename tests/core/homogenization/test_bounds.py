import itertools

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import (
    backus_average,
    bruggeman_conductivity,
    differential_conductivity,
    dykhne_conductivity,
    hashin_shtrikman_bulk_modulus,
    hashin_shtrikman_conductivity,
    hashin_shtrikman_shear_modulus,
    maxwell_garnett_conductivity,
    parallel_conductivity,
    reuss_modulus,
    self_consistent_bulk_modulus,
    self_consistent_shear_modulus,
    series_conductivity,
    voigt_modulus,
)
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

K, F = [1.0, 10.0], [0.7, 0.3]


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_bounds_and_estimates_of_conductivity_are_nested(dimension):
    rng = np.random.default_rng(1)
    k = rng.lognormal(0.0, 1.5, (50, 4))
    f = rng.dirichlet(np.ones(4), 50)
    ladder = [
        series_conductivity(k, f),
        hashin_shtrikman_conductivity(k, f, "lower", dimension),
        bruggeman_conductivity(k, f, dimension),
        hashin_shtrikman_conductivity(k, f, "upper", dimension),
        parallel_conductivity(k, f),
    ]
    for low, high in itertools.pairwise(ladder):
        assert (low <= high * (1 + 1e-12)).all()


def test_two_phase_bounds_are_those_of_hashin_and_shtrikman_1962():
    for d in (2, 3):
        lower = K[0] + F[1] / (1 / (K[1] - K[0]) + F[0] / (d * K[0]))
        upper = K[1] + F[0] / (1 / (K[0] - K[1]) + F[1] / (d * K[1]))
        assert hashin_shtrikman_conductivity(K, F, "lower", d) == pytest.approx(lower, rel=1e-14)
        assert hashin_shtrikman_conductivity(K, F, "upper", d) == pytest.approx(upper, rel=1e-14)
        assert maxwell_garnett_conductivity(1.0, 10.0, 0.3, d) == pytest.approx(lower, rel=1e-14)
        assert maxwell_garnett_conductivity(10.0, 1.0, 0.7, d) == pytest.approx(upper, rel=1e-14)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("k", [[1.0, 10.0], [5.0, 1e-6], [1e-9, 1e3], [2.0, 2.0]])
@pytest.mark.parametrize("f", [0.02, 0.3, 0.6, 1.0])
def test_bruggeman_solves_its_quadratic(k, f, dimension):
    found = bruggeman_conductivity(k, [1.0 - f, f], dimension)
    q = (dimension * (1.0 - f) - 1.0) * k[0] + (dimension * f - 1.0) * k[1]
    # the root without cancellation
    root = np.sqrt(q * q + 4.0 * (dimension - 1) * k[0] * k[1])
    expected = 2.0 * k[0] * k[1] / (root - q) if q < 0 else (q + root) / (2 * (dimension - 1))
    assert found == pytest.approx(expected, rel=1e-12)


def test_bruggeman_percolates_at_one_over_the_dimension():
    for d in (2, 3):
        above = 1 / d + np.array([1e-3, 1e-2])
        found = [bruggeman_conductivity([0.0, 1.0], [1 - f, f], d) for f in above]
        np.testing.assert_allclose(found, (d * above - 1) / (d - 1), rtol=1e-9)
        assert bruggeman_conductivity([0.0, 1.0], [1 - 0.999 / d, 0.999 / d], d) == 0.0
    assert bruggeman_conductivity([0.0, 0.0], [0.5, 0.5]) == 0.0


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(("matrix", "inclusion"), [(1.0, 10.0), (10.0, 1.0), (1.0, 0.0), (2.0, 2.5)])
def test_the_differential_estimate_solves_its_differential_equation(matrix, inclusion, dimension):
    def growth(f, k):  # dk/df of a dilute addition to what is there
        return dimension * k * (inclusion - k) / (inclusion + (dimension - 1) * k) / (1 - f)

    solution = solve_ivp(growth, (0.0, 0.6), [matrix], rtol=1e-11, atol=1e-13, method="DOP853")
    found = differential_conductivity(matrix, inclusion, 0.6, dimension)
    assert found == pytest.approx(solution.y[0, -1], rel=1e-8)


def test_the_differential_estimate_at_its_ends():
    assert differential_conductivity(1.0, 5.0, 0.0) == pytest.approx(1.0, rel=1e-14)
    assert differential_conductivity(1.0, 5.0, 1.0) == 5.0
    assert differential_conductivity(3.0, 3.0, 0.4) == 3.0
    assert np.isnan(differential_conductivity(1.0, 5.0, 1.2))


def test_estimates_agree_to_first_order_and_part_at_second():
    f = np.array([1e-3, 2e-3, 4e-3])
    one = maxwell_garnett_conductivity(1.0, 10.0, f)
    other = differential_conductivity(1.0, 10.0, f)
    order = np.polyfit(np.log(f), np.log(np.abs(one - other)), 1)[0]
    assert order == pytest.approx(2.0, abs=0.1)


def test_duality_in_two_dimensions():
    rng = np.random.default_rng(2)
    k, f = rng.lognormal(0, 1, (20, 3)), rng.dirichlet(np.ones(3), 20)
    np.testing.assert_allclose(bruggeman_conductivity(k, f, 2) * bruggeman_conductivity(1 / k, f, 2), 1, rtol=1e-10)
    upper = hashin_shtrikman_conductivity(k, f, "upper", 2)
    np.testing.assert_allclose(upper * hashin_shtrikman_conductivity(1 / k, f, "lower", 2), 1, rtol=1e-12)
    assert bruggeman_conductivity([2.0, 7.0], [0.5, 0.5], 2) == pytest.approx(dykhne_conductivity(2.0, 7.0), rel=1e-12)


def test_insulators_and_perfect_conductors():
    assert series_conductivity([0.0, 1.0], [0.1, 0.9]) == 0.0
    assert hashin_shtrikman_conductivity([0.0, 1.0], [0.1, 0.9]) == 0.0
    assert hashin_shtrikman_conductivity([0.0, 1.0], [0.25, 0.75], "upper") == pytest.approx(0.75 / 1.125, rel=1e-14)
    assert hashin_shtrikman_conductivity([1.0, np.inf], [0.75, 0.25]) == pytest.approx(2.0, rel=1e-14)
    assert hashin_shtrikman_conductivity([1.0, np.inf], [0.75, 0.25], "upper") == np.inf
    assert hashin_shtrikman_conductivity([1.0, 100.0], [1.0, 0.0], "upper") == 1.0  # a phase that is absent
    assert series_conductivity([0.0, 1.0], [0.0, 1.0]) == 1.0


def test_elastic_bounds_of_a_polymer_with_glass():
    """The formulas of Hashin & Shtrikman 1963 for two phases, written out."""
    bulk = np.array([3.0 / (3 - 6 * 0.35), 70.0 / (3 - 6 * 0.22)])
    shear = np.array([3.0 / 2.7, 70.0 / 2.44])
    for bound, (a, b), (f1, f2) in (("lower", (0, 1), (0.7, 0.3)), ("upper", (1, 0), (0.3, 0.7))):
        k1, k2, g1, g2 = bulk[a], bulk[b], shear[a], shear[b]
        expected = k1 + f2 / (1 / (k2 - k1) + 3 * f1 / (3 * k1 + 4 * g1))
        assert hashin_shtrikman_bulk_modulus(bulk, shear, F, bound) == pytest.approx(expected, rel=1e-13)
        expected = g1 + f2 / (1 / (g2 - g1) + 6 * f1 * (k1 + 2 * g1) / (5 * g1 * (3 * k1 + 4 * g1)))
        assert hashin_shtrikman_shear_modulus(bulk, shear, F, bound) == pytest.approx(expected, rel=1e-13)
    assert reuss_modulus(bulk, F) < hashin_shtrikman_bulk_modulus(bulk, shear, F)
    assert voigt_modulus(bulk, F) > hashin_shtrikman_bulk_modulus(bulk, shear, F, "upper")


@pytest.mark.parametrize("dimension", [2, 3])
def test_bounds_coincide_where_shear_moduli_are_equal(dimension):
    bulk, shear, f = [1.0, 4.0, 9.0], [2.0, 2.0, 2.0], [0.2, 0.5, 0.3]
    values = [hashin_shtrikman_bulk_modulus(bulk, shear, f, b, dimension) for b in ("lower", "upper")]
    values.append(self_consistent_bulk_modulus(bulk, shear, f, dimension))
    stiff = 2 * (dimension - 1) / dimension * 2.0
    np.testing.assert_allclose(values, 1 / np.sum(np.array(f) / (np.array(bulk) + stiff)) - stiff, rtol=1e-13)
    assert self_consistent_shear_modulus(bulk, shear, f, dimension) == pytest.approx(2.0, rel=1e-12)


def test_the_self_consistent_moduli_solve_their_equations():
    bulk, shear, f = np.array([3.3, 41.7]), np.array([1.1, 28.7]), np.array([0.7, 0.3])
    k, g = self_consistent_bulk_modulus(bulk, shear, f), self_consistent_shear_modulus(bulk, shear, f)
    alpha, beta = 3 * k / (3 * k + 4 * g), 6 * (k + 2 * g) / (5 * (3 * k + 4 * g))
    assert np.sum(f * (bulk - k) / (1 + alpha * (bulk / k - 1))) == pytest.approx(0, abs=1e-11)
    assert np.sum(f * (shear - g) / (1 + beta * (shear / g - 1))) == pytest.approx(0, abs=1e-11)


def test_a_self_consistent_porous_body_of_poisson_ratio_one_fifth():
    """Alpha and beta are 1/2 and stay so: every modulus falls as 1 - 2 f, to zero."""
    bulk, shear = np.array([1 / 1.8, 0.0]), np.array([1 / 2.4, 0.0])
    for f in (0.1, 0.3, 0.49):
        assert self_consistent_bulk_modulus(bulk, shear, [1 - f, f]) == pytest.approx(bulk[0] * (1 - 2 * f), rel=1e-9)
        assert self_consistent_shear_modulus(bulk, shear, [1 - f, f]) == pytest.approx(shear[0] * (1 - 2 * f), rel=1e-9)
    assert self_consistent_shear_modulus(bulk, shear, [0.4, 0.6]) == 0.0


def test_layers_average_as_stresses_and_strains_do():
    """Backus by the plain argument: for a strain of the stack, solve for what is continuous, then average."""
    lam, mu, f = np.array([10.0, 2.0, 5.0]), np.array([8.0, 1.0, 3.0]), np.array([0.5, 0.3, 0.2])
    found = backus_average(lam, mu, f)
    wave = lam + 2 * mu

    def mean_stress(exx, ezz):
        across = brentq(lambda s: np.sum(f * (s - lam * exx) / wave) - ezz, -1e3, 1e3, xtol=1e-13)
        inside = (across - lam * exx) / wave
        return np.sum(f * (wave * exx + lam * inside)), across

    assert mean_stress(1.0, 0.0) == pytest.approx((found.A, found.F), rel=1e-10)
    assert mean_stress(0.0, 1.0) == pytest.approx((found.F, found.C), rel=1e-10)
    np.testing.assert_allclose([found.L, found.M], [1 / np.sum(f / mu), np.sum(f * mu)], rtol=1e-14)
    same = backus_average([4.0, 4.0], [3.0, 3.0], [0.4, 0.6])
    np.testing.assert_allclose(same, (10.0, 10.0, 4.0, 3.0, 3.0), rtol=1e-13)


def test_units_go_through():
    assert maxwell_garnett_conductivity("1 W/(m K)", "10 W/(m K)", 0.3, 2) == pytest.approx(1.650602, rel=1e-6)
    assert voigt_modulus(["1 GPa", "3 GPa"], [0.5, 0.5]) == pytest.approx(2e9)


def test_errors_say_what_is_allowed():
    with pytest.raises(ValueError, match=r"volume_fractions=.* must be at least 0 and sum to 1"):
        parallel_conductivity(K, [0.5, 0.6])
    with pytest.raises(ValueError, match="must be at least 0"):
        parallel_conductivity(K, [1.5, -0.5])
    with pytest.raises(ValueError, match="dimension=4: must be 1, 2 or 3"):
        bruggeman_conductivity(K, F, 4)
    with pytest.raises(ValueError, match="bound='best': must be 'lower' or 'upper'"):
        hashin_shtrikman_conductivity(K, F, "best")
    with pytest.raises(ValueError, match="along the last axis"):
        parallel_conductivity(1.0, 1.0)

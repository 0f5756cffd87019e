"""Bounds and estimates of conduction: nesting, closed forms of special cases, differential equations, limits."""

import itertools

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import (
    bruggeman_conductivity,
    differential_conductivity,
    dykhne_conductivity,
    hashin_shtrikman_conductivity,
    maxwell_garnett_conductivity,
    parallel_conductivity,
    series_conductivity,
)
from scipy.integrate import solve_ivp

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


def test_bruggeman_with_perfect_conductors_and_without_anything_else():
    for d in (1, 2, 3):
        assert bruggeman_conductivity([1.0, np.inf], [0.9, 0.1], d) == pytest.approx(
            1 / (1 - 0.1 * d), rel=1e-12
        )  # (1 - f)(1 - x) + f (1 + (d - 1) x) = 0
        limit = bruggeman_conductivity([1.0, 3.0, 1e13], [0.6, 0.3, 0.1], d)
        assert bruggeman_conductivity([1.0, 3.0, np.inf], [0.6, 0.3, 0.1], d) == pytest.approx(limit, rel=1e-9)
    assert bruggeman_conductivity([1.0, np.inf], [0.6, 0.4]) == np.inf
    assert bruggeman_conductivity([0.0, np.inf], [0.5, 0.5]) == np.inf
    assert bruggeman_conductivity([0.0, np.inf], [0.8, 0.2]) == 0.0
    assert bruggeman_conductivity([0.0, 0.0], [0.8, 0.2]) == 0.0
    assert np.isnan(bruggeman_conductivity([np.nan, 1.0], [0.8, 0.2]))


def test_estimates_with_perfectly_conducting_inclusions():
    f = np.array([0.0, 0.2, 0.9])
    for d in (2, 3):
        np.testing.assert_allclose(
            maxwell_garnett_conductivity(2.0, np.inf, f, d), 2 * (1 + (d - 1) * f) / (1 - f), rtol=1e-13
        )
        np.testing.assert_allclose(differential_conductivity(2.0, np.inf, f, d), 2 * (1 - f) ** -d, rtol=1e-13)
        np.testing.assert_allclose(
            differential_conductivity(2.0, 1e14, f[:2], d), 2 * (1 - f[:2]) ** -d, rtol=1e-9
        )  # its limit
    assert differential_conductivity(0.0, 5.0, 0.4) == maxwell_garnett_conductivity(0.0, 5.0, 0.4) == 0.0
    assert maxwell_garnett_conductivity(1.0, np.inf, 1.0) == differential_conductivity(1.0, np.inf, 1.0) == np.inf


@pytest.mark.parametrize("law", [maxwell_garnett_conductivity, differential_conductivity])
def test_inclusions_that_do_not_exist_have_no_conductivity(law):
    impossible = ((1.0, 2.0, 1.2), (1.0, 2.0, -0.1), (-1.0, 2.0, 0.5), (1.0, -2.0, 0.5), (np.inf, 1.0, 0.5))
    for matrix, inclusion, fraction in impossible:
        assert np.isnan(law(matrix, inclusion, fraction))
    assert np.isnan(dykhne_conductivity(-1.0, 2.0))
    assert np.isnan(dykhne_conductivity(0.0, np.inf))


def test_an_absent_perfect_conductor_changes_nothing():
    assert parallel_conductivity([1.0, np.inf], [1.0, 0.0]) == 1.0
    assert hashin_shtrikman_conductivity([1.0, np.inf], [1.0, 0.0], "upper") == 1.0


def test_units_go_through():
    assert maxwell_garnett_conductivity("1 W/(m K)", "10 W/(m K)", 0.3, 2) == pytest.approx(1.650602, rel=1e-6)


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
    with pytest.raises(ValueError, match=r"conductivities: -1\.0 is not allowed; must be at least 0"):
        series_conductivity([-1.0, 1.0], [0.5, 0.5])
    with pytest.raises(ValueError, match=r"conductivities and volume_fractions have the shapes \(3,\) and \(2,\)"):
        parallel_conductivity([1.0, 2.0, 3.0], [0.5, 0.5])

"""Elastic bounds and estimates: formulas written out, equations solved, layers by the plain argument, limits."""

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import (
    backus_average,
    hashin_shtrikman_bulk_modulus,
    hashin_shtrikman_shear_modulus,
    reuss_modulus,
    self_consistent_bulk_modulus,
    self_consistent_shear_modulus,
    voigt_modulus,
)
from scipy.optimize import brentq

F = [0.7, 0.3]


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


@pytest.mark.parametrize("seed", range(6))
def test_many_layers_average_as_their_matrices_do(seed):
    """Stresses across and strains along are continuous: the partial inverse of the stiffness matrix averages."""
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 200))
    f, lam, mu = (
        generator.dirichlet(np.ones(count)),
        generator.uniform(-0.3, 10, count),
        generator.uniform(0.5, 5, count),
    )
    across, along = [2, 3, 4], [0, 1, 5]
    nn, nt, tt = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 3))
    for weight, one, two in zip(f, lam, mu, strict=True):
        stiffness = np.diag([2 * two] * 3 + [two] * 3)
        stiffness[:3, :3] += one
        inverse = np.linalg.inv(stiffness[np.ix_(across, across)])
        mixed = stiffness[np.ix_(across, along)]
        nn, nt = nn + weight * inverse, nt + weight * inverse @ mixed
        tt = tt + weight * (stiffness[np.ix_(along, along)] - mixed.T @ inverse @ mixed)
    normal = np.linalg.inv(nn)
    plane = tt + nt.T @ normal @ nt
    expected = plane[0, 0], normal[0, 0], (normal @ nt)[0, 0], normal[1, 1], plane[2, 2]
    np.testing.assert_allclose(backus_average(lam, mu, f), expected, rtol=1e-11)


def test_layers_of_fluid_and_of_nothing():
    fluid = backus_average([10.0, 2.0], [8.0, 0.0], [0.5, 0.5])
    assert fluid.L == 0.0
    assert fluid.M == 4.0
    assert float(fluid.C) == pytest.approx(1 / (0.5 / 26 + 0.5 / 2), rel=1e-14)
    gap = backus_average([10.0, 0.0], [8.0, 0.0], [0.5, 0.5])
    assert (gap.C, gap.F, gap.L, gap.M) == (0.0, 0.0, 0.0, 4.0)
    assert float(gap.A) == pytest.approx(0.5 * 4 * 8 * 18 / 26, rel=1e-14)  # a plate in plane stress


@pytest.mark.parametrize("dimension", [2, 3])
def test_bounds_and_estimates_of_random_phases_are_nested(dimension):
    generator = np.random.default_rng(dimension)
    for _ in range(60):
        count = int(generator.integers(1, 6))
        f = generator.dirichlet(np.ones(count))
        bulk, shear = 10 ** generator.uniform(-1, 2, (2, count))
        for moduli, bound, middle in (
            (bulk, hashin_shtrikman_bulk_modulus, self_consistent_bulk_modulus),
            (shear, hashin_shtrikman_shear_modulus, self_consistent_shear_modulus),
        ):
            values = np.array([
                reuss_modulus(moduli, f), bound(bulk, shear, f, "lower", dimension),
                middle(bulk, shear, f, dimension), bound(bulk, shear, f, "upper", dimension), voigt_modulus(moduli, f),
            ])  # fmt: skip
            assert (np.diff(values) >= -1e-9 * values[-1]).all()


def test_rigid_grains_in_the_self_consistent_body():
    """As voids, from above: the limit of stiff ones, and none beyond a share of the volume."""
    for share in (0.1, 0.3):
        stiff = [1.0, 1e12], [0.6, 1e12], [1 - share, share]
        rigid = [1.0, np.inf], [0.6, np.inf], [1 - share, share]
        for law in (self_consistent_bulk_modulus, self_consistent_shear_modulus):
            assert law(*rigid) == pytest.approx(law(*stiff), rel=1e-6)
    # an incompressible matrix with rigid grains: 1 / (1 - 5 f / 2)
    assert self_consistent_shear_modulus([1e9, np.inf], [1.0, np.inf], [0.8, 0.2]) == pytest.approx(2.0, rel=1e-6)
    assert self_consistent_shear_modulus([1e9, np.inf], [1.0, np.inf], [0.5, 0.5]) == np.inf
    assert self_consistent_bulk_modulus([1.0, np.inf], [1.0, np.inf], [0.3, 0.7]) == np.inf


def test_units_go_through():
    assert voigt_modulus(["1 GPa", "3 GPa"], [0.5, 0.5]) == pytest.approx(2e9)


def test_errors_say_what_is_allowed():
    with pytest.raises(ValueError, match="dimension=1: must be 2 or 3"):
        hashin_shtrikman_shear_modulus([1.0, 2.0], [1.0, 2.0], F, "lower", 1)
    with pytest.raises(ValueError, match=r"shear_moduli: -2\.0 is not allowed"):
        hashin_shtrikman_bulk_modulus([1.0, 2.0], [1.0, -2.0], F)
    with pytest.raises(ValueError, match=r"shear_moduli and volume_fractions have the shapes"):
        self_consistent_bulk_modulus([1.0, 2.0], [1.0, 2.0, 3.0], F)

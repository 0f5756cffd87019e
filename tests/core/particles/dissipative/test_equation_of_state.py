"""The measured equation of state, and what is exact beside it."""

import itertools
import math

import numpy as np
import pytest
from mesoscale.core.particles import dissipative as dpd
from mesoscale.core.particles.dissipative import measurements
from scipy import integrate


def test_second_virial_coefficient_is_its_integral():
    for a in (1e-4, 0.0099, 0.0101, 1.0, 25.0, 150.0):
        value, _ = integrate.quad(
            lambda r, a=a: -2 * math.pi * r * r * math.expm1(-0.5 * a * (1 - r) ** 2), 0, 1, epsabs=0, epsrel=1e-12
        )
        assert dpd.second_virial_coefficient(a) == pytest.approx(value, rel=1e-9)
    assert dpd.second_virial_coefficient(np.array([0.0, 25.0])).shape == (2,)


def test_weak_beads_lie_at_random_and_the_first_correction_is_of_second_order():
    a = np.geomspace(0.05, 0.4, 5)
    lost = dpd.mean_field_pressure(1.0, a) - 1.0 - dpd.second_virial_coefficient(a)
    slope = np.polyfit(np.log(a), np.log(lost), 1)[0]
    assert abs(slope - 2.0) < 0.1
    # with hardness the second virial coefficient approaches that of hard spheres, from below, as a^(-1/2)
    hard = 2 * math.pi / 3 - dpd.second_virial_coefficient(np.geomspace(1e5, 1e6, 4))
    assert abs(np.polyfit(np.log(np.geomspace(1e5, 1e6, 4)), np.log(hard), 1)[0] + 0.5) < 0.1


def test_the_table_meets_its_measurements_and_the_limit_of_no_repulsion():
    rho, a = np.meshgrid(measurements.DENSITIES, measurements.REPULSIONS, indexing="ij")
    np.testing.assert_allclose(dpd.tabulated_pressure(rho, a) - rho, np.array(measurements.VIRIAL_PRESSURES), rtol=1e-9)
    assert dpd.tabulated_pressure(3.0, 0.0) == pytest.approx(3.0)
    assert dpd.tabulated_inverse_compressibility(3.0, 0.0) == pytest.approx(1.0)
    errors = np.array(measurements.VIRIAL_ERRORS) / np.array(measurements.VIRIAL_PRESSURES)
    assert errors.max() < 1e-3


def test_inverse_compressibility_is_the_slope_of_the_pressure():
    for rho, a in ((2.5, 25.0), (3.0, 77.0), (6.3, 12.0)):
        h = 1e-5
        slope = (dpd.tabulated_pressure(rho + h, a) - dpd.tabulated_pressure(rho - h, a)) / (2 * h)
        assert dpd.tabulated_inverse_compressibility(rho, a) == pytest.approx(slope, rel=1e-6)


def test_correlations_only_take_pressure_off_and_less_in_denser_fluids():
    a = np.linspace(5, 100, 40)
    shares = [dpd.tabulated_pressure(rho, a) / dpd.mean_field_pressure(rho, a) for rho in (2.0, 3.0, 5.0, 8.0)]
    assert all((share < 1).all() for share in shares)
    assert all((dense > dilute).all() for dilute, dense in itertools.pairwise(shares))
    assert (np.diff(dpd.tabulated_inverse_compressibility(3.0, a)) > 0).all()


def test_the_table_ends_where_the_measurements_end():
    assert math.isnan(dpd.tabulated_pressure(measurements.DENSITIES[0] / 2, 25.0))
    assert math.isnan(dpd.tabulated_pressure(3.0, measurements.REPULSIONS[-1] + 1))
    assert math.isnan(dpd.tabulated_inverse_compressibility(100.0, 25.0))
    assert np.isnan(dpd.tabulated_pressure(3.0, np.array([-1.0, 25.0]))).tolist() == [True, False]


@pytest.mark.parametrize("density", [2.5, 3.0, 5.0])
def test_repulsion_from_compressibility_is_the_inverse(density):
    a = np.array([10.0, 25.0, 60.0])
    stiffness = dpd.tabulated_inverse_compressibility(density, a)
    np.testing.assert_allclose(dpd.repulsion_from_compressibility(stiffness, density), a, rtol=1e-9)
    assert math.isnan(dpd.repulsion_from_compressibility(0.5, density))
    assert math.isnan(dpd.repulsion_from_compressibility(1e4, density))
    assert dpd.repulsion_from_compressibility(1.0, density) == pytest.approx(0.0, abs=1e-9)


def test_groot1997_water_is_75_over_the_density():
    for rho in (3.0, 4.0, 5.0):
        a = dpd.repulsion_from_compressibility(15.98, rho)
        assert a * rho == pytest.approx(75.0, rel=0.03)
        assert dpd.groot_warren_repulsion(15.98, rho) * rho == pytest.approx(75.0, rel=0.015)


def test_groot1997_pressure_at_density_three_is_not_the_asymptote():
    assert dpd.tabulated_pressure(3.0, 25.0) == pytest.approx(23.65, abs=0.05)
    assert pytest.approx(25.7, abs=0.05) == 3.0 + 0.101 * 25.0 * 9.0
    # at density 8 the asymptotic slope is reached
    slope = (dpd.tabulated_pressure(8.0, 25.0) - 8.0) / (25.0 * 64.0)
    assert slope == pytest.approx(0.101, abs=0.001)


def test_allen2017_pressures_by_another_program():
    for rho, a, p in ((3.0, 25.0, 23.636), (2.0, 37.5, 14.319), (4.0, 18.75, 32.624), (5.0, 15.0, 41.528)):
        assert dpd.tabulated_pressure(rho, a) == pytest.approx(p, rel=2e-3)

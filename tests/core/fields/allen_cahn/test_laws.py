"""Closed forms of moving interfaces: against integrals of the profile and against the differential equation."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import allen_cahn as ac
from scipy.integrate import quad, solve_ivp


def test_width_and_tension_are_those_of_the_profile():
    w, kappa = 1.7, 0.6
    xi = ac.interface_width(w, kappa)

    def density(x):
        eta, slope = math.tanh(x / xi), 1.0 / (xi * math.cosh(x / xi) ** 2)
        return 0.25 * w * (1.0 - eta**2) ** 2 + 0.5 * kappa * slope**2

    assert ac.interfacial_tension(w, kappa) == pytest.approx(quad(density, -20 * xi, 20 * xi)[0], rel=1e-9)


def test_the_critical_drop_balances_drive_and_curvature():
    a, w, kappa, M = 0.07, 1.3, 0.8, 2.0
    for d in (2.0, 3.0):
        radius = ac.critical_radius(a, w, kappa, d)
        flat = ac.front_velocity(a, w, kappa, M)
        assert flat == pytest.approx(-ac.curvature_velocity(radius, kappa, M, d), rel=1e-12)
        tension, drive = ac.interfacial_tension(w, kappa), ac.driving_force(a, w)
        assert radius == pytest.approx((d - 1) * tension / drive, rel=1e-12)
        assert flat == pytest.approx(M * kappa / tension * drive, rel=1e-12)
    ball = lambda r: 4 * math.pi * r**2 * tension - 4 / 3 * math.pi * r**3 * drive  # noqa: E731
    assert ac.nucleation_barrier(a, w, kappa) == pytest.approx(ball(radius), rel=1e-12)


def test_laws_do_not_exist_outside():
    assert math.isnan(ac.front_velocity(1.0, 1.0, 1.0, 1.0))
    assert math.isnan(ac.critical_radius(0.0, 1.0, 1.0))
    assert math.isnan(ac.nucleation_barrier(-0.1, 1.0, 1.0))


@pytest.mark.parametrize("v", [-2.0, -0.3, -1e-3, 1e-12, 1e-3, 0.05, 0.1, 0.3, 2.0])
@pytest.mark.parametrize("d", [2.0, 3.0])
def test_the_sharp_drop_obeys_its_equation(v, d):
    start, c = 7.0, 0.5
    gone = lambda t, r: r[0] - 0.05  # noqa: E731
    gone.terminal = True
    path = solve_ivp(lambda t, r: v - (d - 1) * c / r, (0, 60), [start], "DOP853", rtol=1e-12, atol=1e-12,
                     events=gone, dense_output=True)  # fmt: skip
    t = np.linspace(0.0, path.t[-1] * 0.99, 20)
    np.testing.assert_allclose(ac.drop_radius(t, start, v, c, d), path.sol(t)[0], rtol=1e-8)
    if path.status == 1:
        assert ac.drop_radius(path.t[-1] + 1.0, start, v, c, d) == 0.0


def test_the_sharp_drop_at_its_edges():
    assert ac.drop_radius(0.0, 5.0, 0.3, 1.0) == pytest.approx(5.0, rel=1e-12)
    assert ac.drop_radius(1e4, 5.0, 0.2, 1.0) == pytest.approx(5.0)  # on the balance, exactly
    assert ac.drop_radius(10.0, 5.0, 0.3, 1.0, 1.0) == 8.0
    assert ac.drop_radius(100.0, 5.0, -0.3, 1.0, 1.0) == 0.0
    assert ac.drop_radius(1e9, 5.0, 3.0, 1.0) == pytest.approx(3e9, rel=1e-6)
    assert ac.drop_radius(np.array([[0.0], [1.0]]), np.array([5.0, 9.0]), 0.0, 1.0).shape == (2, 2)


def test_nothing_exists_without_a_barrier_a_stiffness_or_a_radius():
    for well, gradient in ((0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (1.0, -1.0)):
        assert math.isnan(ac.interface_width(well, gradient))
        assert math.isnan(ac.interfacial_tension(well, gradient))
        assert math.isnan(ac.critical_radius(0.1, well, gradient))
        assert math.isnan(ac.nucleation_barrier(0.1, well, gradient))
        assert math.isnan(ac.front_velocity(0.1, well, gradient, 1.0))
    assert math.isnan(ac.curvature_velocity(0.0, 1.0, 1.0))
    np.testing.assert_array_equal(np.isnan(ac.interface_width([1.0, 0.0], [2.0, 2.0])), [False, True])

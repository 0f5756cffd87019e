"""Coexistence: potentials written by component, limits of strong and weak segregation, and tensions by a plain sum."""

import math

import numpy as np
import pytest
from mesoscale.core.fields.common_tangent import mixture_binodal, mixture_height, mixture_spinodal
from mesoscale.core.fields.free_energies import flory_huggins, polynomial

MIXTURES = [(2.5, 1, 1), (2.0001, 1, 1), (10.0, 1, 1), (0.7, 100, 1), (1.0, 100, 1), (0.55, 1000, 1), (0.5, 20, 5),
            (0.02, 1000, 1000), (3.0, 2, 1), (0.5, 7, 31), (1.1, 1, 50)]  # fmt: skip


@pytest.mark.parametrize(("chi", "first", "second"), MIXTURES)
def test_potentials_of_both_components_are_equal_in_both_phases(chi, first, second):
    low, high = flory_huggins(chi, first, second).binodal()
    assert 0.0 < low < high < 1.0

    def potentials(c):  # Flory 1942, by component, a site
        one = math.log(c) / first + (1 / first - 1 / second) * (1 - c) + chi * (1 - c) ** 2
        other = math.log1p(-c) / second + (1 / second - 1 / first) * c + chi * c**2
        return one, other

    # 1 - c is rounded to 1e-16, and the logarithm feels that
    slack = 1e-12 + 4e-16 / (second * (1 - high)) + 4e-16 / (first * (1 - high))
    assert potentials(low) == pytest.approx(potentials(high), rel=0, abs=slack)


@pytest.mark.parametrize(("chi", "first", "second"), MIXTURES)
def test_spinodal_points_have_no_curvature_and_lie_between_the_phases(chi, first, second):
    f = flory_huggins(chi, first, second)
    for c in f.spinodal():
        assert 1 / (first * c) + 1 / (second * (1 - c)) == pytest.approx(2 * chi, rel=1e-12)
    assert f.binodal()[0] < f.spinodal()[0] < f.spinodal()[1] < f.binodal()[1]


@pytest.mark.parametrize(("first", "second"), [(1, 1), (100, 1), (30, 7)])
def test_phases_appear_above_the_critical_point_and_not_below(first, second):
    critical = 0.5 * (first**-0.5 + second**-0.5) ** 2
    assert flory_huggins(critical * (1 - 1e-9), first, second).binodal() is None
    low, high = flory_huggins(critical * (1 + 1e-6), first, second).binodal()
    middle = second**0.5 / (first**0.5 + second**0.5)
    assert (low, high) == pytest.approx((middle, middle), abs=3e-3)


def test_the_gap_opens_as_the_root_of_the_distance():
    away = np.array([1e-5, 1e-4, 1e-3])
    gaps = [np.subtract(*mixture_binodal(1.0, 1.0, 2.0 + d)[::-1]) for d in away]
    assert np.polyfit(np.log(away), np.log(gaps), 1)[0] == pytest.approx(0.5, abs=0.01)
    assert gaps[0] == pytest.approx(math.sqrt(1.5e-5), rel=1e-4)  # mean field: 1 - 2 c = (3 (chi - 2) / 2)^(1/2)


def test_a_phase_of_long_chains_is_purer_than_any_float():
    low, high = mixture_binodal(1e-3, 1e-3, 2.0)
    assert low == pytest.approx(math.exp(-2000.0), abs=1e-300)
    assert high == 1.0
    dilute, _ = mixture_binodal(1e-2, 1.0, 2.0)  # ln c falls by 100 for a unit of potential
    assert 0.0 < dilute < 1e-30
    assert mixture_spinodal(1.0, 1.0, 2.0) == ()


@pytest.mark.parametrize(("chi", "first", "second"), MIXTURES)
def test_the_tension_is_the_area_under_the_barrier(chi, first, second):
    f = flory_huggins(chi, first, second)
    low, high = f.binodal()
    height = mixture_height(1 / first, 1 / second, chi, low)
    angle = (np.arange(20000) + 0.5) * math.pi / 20000  # midpoint rule on half a circle
    c = low + (high - low) * np.sin(0.5 * angle) ** 2
    roots = [math.sqrt(max(0.0, 3.4 * height(x))) for x in c]
    total = float((np.array(roots) * 0.5 * (high - low) * np.sin(angle)).sum() * math.pi / 20000)
    assert f.interfacial_tension(1.7) == pytest.approx(total, rel=2e-6)


def test_the_tension_near_the_critical_point_is_that_of_landaus_well():
    """With c = 1/2 + m, f = 1/2 (4 - 2 chi) m^2 + (16/3) m^4 / 4 ...: sigma = (2 sqrt2/3) kappa^(1/2) |r|^(3/2) / u."""
    for away, tolerance in ((1e-2, 2e-2), (1e-4, 2e-4), (1e-6, 1e-5)):
        exact = 2 * math.sqrt(2) / 3 * (2 * away) ** 1.5 / (16 / 3 * 1.0)
        assert flory_huggins(2.0 + away).interfacial_tension(1.0) == pytest.approx(exact, rel=tolerance)


def test_the_height_is_the_energy_above_the_tangent():
    f = flory_huggins(0.6, 9.0, 4.0)
    low, high = f.binodal()
    height = mixture_height(1 / 9, 1 / 4, 0.6, low)
    for c in np.linspace(low, high, 9):
        assert height(c) == pytest.approx(f.value(c) - f.value(low) - f.derivative(low) * (c - low), abs=1e-14)


def test_a_tilted_polynomial_has_the_phases_of_the_upright_one():
    well = np.polynomial.polynomial.polyfromroots([-0.4, -0.4, 1.1, 1.1])
    well[1] += 0.7
    assert polynomial(list(well), (-2.0, 3.0)).binodal() == pytest.approx((-0.4, 1.1), abs=1e-9)

"""Free energies: against formulas written another way, known coexistence, and the user's own functions."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import free_energies
from mesoscale.core.fields.free_energies import (
    double_well,
    flory_huggins,
    from_functions,
    polynomial,
    quartic,
    regular_solution,
)
from numba import njit

ALL = {
    "quartic": quartic(-1.3, 0.7),
    "double_well": double_well(),
    "sixth": polynomial([0.0, 0.1, -0.5, 0.0, 0.1, 0.0, 0.3], (-2.0, 2.0)),
    "regular": regular_solution(2.5),
    "polymers": flory_huggins(0.3, 20.0, 10.0),
}


@pytest.mark.parametrize("name", ALL)
def test_slope_and_curvature_are_derivatives_of_the_value(name):
    f = ALL[name]
    low, high = f.interval
    c = np.linspace(low + 0.1 * (high - low), high - 0.1 * (high - low), 7)
    h = 1e-4 * (high - low)
    np.testing.assert_allclose((f.value(c + h) - f.value(c - h)) / (2 * h), f.derivative(c), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        (f.derivative(c + h) - f.derivative(c - h)) / (2 * h), f.curvature(c), rtol=1e-5, atol=1e-5
    )


def test_the_kernel_takes_out_the_stabiliser_and_sums():
    c = np.linspace(-1.0, 1.0, 12).reshape(3, 4)
    out = np.empty_like(c)
    total = quartic().evaluate(c, 0.5, out)
    np.testing.assert_allclose(out, c**3 - c - 0.5 * c, atol=1e-15)
    assert total == pytest.approx((0.25 * (c**2 - 1) ** 2).sum(), rel=1e-14)


def test_mixtures_go_on_smoothly_beyond_their_ends():
    f = regular_solution(2.5, margin=1e-2)
    for edge in (1e-2, 1.0 - 1e-2):
        for g in (f.value, f.derivative, f.curvature):
            assert g(edge - 1e-9) == pytest.approx(g(edge + 1e-9), abs=1e-5)
    assert f.value(-0.2) > f.value(0.0) > f.value(0.01)
    assert f.curvature(1.3) == pytest.approx(f.curvature(0.99), rel=1e-12)


@pytest.mark.parametrize(
    ("chi", "edge", "turn"), [(2.2, 0.248530, 0.349244), (2.5, 0.144794, 0.276393), (3.0, 0.0707202, 0.211325)]
)
def test_regular_solution_separates_where_its_closed_form_says(chi, edge, turn):
    low, high = regular_solution(chi).binodal()
    assert low == pytest.approx(edge, abs=1e-6)
    assert low + high == pytest.approx(1.0, abs=1e-10)
    assert chi == pytest.approx(math.log((1 - low) / low) / (1 - 2 * low), rel=1e-10)
    assert regular_solution(chi).spinodal() == pytest.approx((turn, 1 - turn), abs=1e-6)


def test_coexisting_polymers_have_equal_potentials():
    f = flory_huggins(0.3, 20.0, 10.0)
    low, high = f.binodal()
    a, b, chi = 20.0, 10.0, 0.3

    def potentials(c):  # of one chain of each kind, written by component
        first = math.log(c) + (1 - a / b) * (1 - c) + a * chi * (1 - c) ** 2
        second = math.log(1 - c) + (1 - b / a) * c + b * chi * c**2
        return first, second

    assert potentials(low) == pytest.approx(potentials(high), rel=1e-8)


def test_the_quartic_coexists_at_its_minima_and_its_tension_is_known():
    assert quartic(-1.3, 0.7).binodal() == pytest.approx((-((1.3 / 0.7) ** 0.5), (1.3 / 0.7) ** 0.5), rel=1e-12)
    exact = 2 * math.sqrt(2) / 3 * math.sqrt(1.7) * 1.3**1.5 / 0.7
    assert quartic(-1.3, 0.7).interfacial_tension(1.7) == pytest.approx(exact, rel=1e-9)


def test_jokisaari2017_tension_of_the_benchmark():
    # sqrt(2 kappa rho) (cb - ca)^3 / 6, by integrating the parabola
    assert double_well().interfacial_tension(2.0) == pytest.approx(math.sqrt(20.0) * 0.4**3 / 6.0, rel=1e-9)


def test_a_stable_mixture_has_no_phases():
    f = regular_solution(1.5)
    assert f.spinodal() == ()
    assert f.binodal() is None
    assert math.isnan(f.interfacial_tension(1.0))
    assert f.balanced_stabiliser() == 0.0
    assert f.tangent(0.3) == f.value(0.3)


def test_the_tangent_is_the_lever_rule():
    assert quartic().tangent(0.4) == pytest.approx(0.0, abs=1e-15)
    assert quartic().tangent(1.5) == quartic().value(1.5)


def test_three_phases_are_refused():
    roots = np.polynomial.polynomial.polyfromroots([-1, -1, 0, 0, 1, 1])
    with pytest.raises(ArithmeticError, match="spinodal has 4 points"):
        polynomial(roots, (-1.5, 1.5)).binodal()


def test_a_tangent_outside_the_interval_is_refused():
    with pytest.raises(ArithmeticError, match="no common tangent"):
        polynomial([0.0, 0.0, -0.5, 0.0, 0.25], (-0.9, 0.9)).binodal()  # its phases lie at -1 and 1


def test_a_field_beyond_the_margin_works_with_the_parabolas_there():
    f = flory_huggins(10.0)  # phases of 4.5e-5, beyond the margin of 1e-4
    low, high = f.working_phases()
    assert f.derivative(low) == pytest.approx(f.derivative(high), abs=1e-9)
    rise = f.value(high) - f.value(low)
    assert rise == pytest.approx(f.derivative(low) * (high - low), abs=1e-9)
    assert low == pytest.approx(f.binodal()[0], abs=1e-4 * math.log(1e-4 / f.binodal()[0]))
    assert f.tangent(0.5) < f.value(0.5)
    inside = flory_huggins(2.5)
    assert inside.working_phases() == inside.binodal()


def test_the_margin_stays_below_the_spinodal():
    f = flory_huggins(8.0, 1000.0, 1000.0)  # spinodal at 6e-5
    assert f.parameters[3] < 0.11 * f.spinodal()[0]
    assert f.curvature(-0.1) > 0.0
    with pytest.raises(ValueError, match="must be greater than 0 and less than 6"):
        flory_huggins(8.0, 1000.0, 1000.0, margin=0.01)


def test_functions_of_the_users_are_compiled_and_checked():
    mine = from_functions(
        lambda c, p: p[0] * (c * c - 1.0) ** 2, njit(lambda c, p: 4.0 * p[0] * c * (c * c - 1.0)), [0.25],
        interval=(-2.0, 2.0),
    )  # fmt: skip
    c = np.linspace(-1.5, 1.5, 9)
    np.testing.assert_allclose(mine.value(c), quartic().value(c), atol=1e-15)
    np.testing.assert_allclose(mine.curvature(c), quartic().curvature(c), atol=1e-8)
    assert mine.binodal() == pytest.approx((-1.0, 1.0), abs=1e-9)
    with pytest.raises(ValueError, match="not the derivative"):
        from_functions(lambda c, p: c * c, lambda c, p: c, interval=(-1.0, 1.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda: quartic(-1.0, 0.0),
        lambda: double_well(0.7, 0.3),
        lambda: flory_huggins(2.5, 0.0),
        lambda: flory_huggins(math.nan),
        lambda: flory_huggins(2.5, math.inf),
        lambda: from_functions(lambda c, p: c, lambda c, p: 1.0, interval=(1.0, 0.0)),
    ],
)
def test_nonsense_is_refused(call):
    with pytest.raises(ValueError):
        call()


def test_the_public_face():
    assert all(hasattr(free_energies, name) for name in free_energies.__all__)

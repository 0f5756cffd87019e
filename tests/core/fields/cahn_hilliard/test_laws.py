"""Closed forms of phase separation: against the numerical free energy and against each other."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import cahn_hilliard as ch
from mesoscale.core.fields.free_energies import regular_solution


def test_laws_are_those_of_the_numerical_free_energy():
    chi = np.array([2.05, 2.5, 4.0])
    for value, edge, turn in zip(chi, ch.binodal(chi), ch.spinodal(chi), strict=True):
        f = regular_solution(value)
        assert edge == pytest.approx(f.binodal()[0], rel=1e-7)
        assert turn == pytest.approx(f.spinodal()[0], rel=1e-9)
    assert math.isnan(ch.binodal(1.9))
    assert math.isnan(ch.spinodal(1.9))
    assert ch.binodal(2.0) == pytest.approx(0.5, abs=1e-6)


def test_laws_agree_with_each_other():
    r, kappa, M = -0.8, 2.0, 5.0
    wavelength = ch.spinodal_wavelength(r, kappa)
    k = 2 * math.pi / wavelength
    rates = ch.growth_rate(np.array([0.99 * k, k, 1.01 * k]), r, kappa, M)
    assert rates[1] == pytest.approx(M * r * r / (4 * kappa), rel=1e-12)
    assert rates.argmax() == 1
    assert ch.growth_rate(k * math.sqrt(2), r, kappa, M) == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(ch.spinodal_wavelength(0.1, 1.0))
    # the tension is kappa times the integral of the squared slope of the profile: 4 c^2 kappa / (3 xi)
    assert ch.interfacial_tension(-1.3, 0.7, 2.0) == pytest.approx(
        4 * (1.3 / 0.7) * 2.0 / (3 * ch.interface_width(-1.3, 2.0)), rel=1e-12
    )


def test_nothing_exists_without_a_cost_of_gradients_or_of_large_amplitudes():
    for gradient in (0.0, -2.0):
        assert math.isnan(ch.spinodal_wavelength(-1.0, gradient))
        assert math.isnan(ch.interface_width(-1.0, gradient))
        assert math.isnan(ch.interfacial_tension(-1.0, 1.0, gradient))
    assert math.isnan(ch.interfacial_tension(-1.0, 0.0, 1.0))
    np.testing.assert_allclose(ch.interface_width([-1.0, -2.0], 1.0), [2**0.5, 1.0], rtol=1e-14)

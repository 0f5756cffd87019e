"""Integral equations against exact results and their own definitions in real space."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.inversion import direct_correlation, hypernetted_chain_potential, liquid_structure
from mesoscale.core.model import ResultError
from mesoscale.core.particles.potentials import Morse

WELL = Morse(inverse_width=6, cutoff=2.5, shifted=True)


KT, DENSITY, WIDTH = 2.0, 0.6, 0.05


class Spheres:
    """Hard spheres of diameter 1."""

    cutoff = 1.0

    def energy(self, r):
        return np.where(np.asarray(r) < 1.0, 1e6, 0.0)


class Gauss:
    cutoff = 20.0

    def energy(self, r):
        return np.exp(-(np.asarray(r) ** 2))

    def force(self, r):
        return 2 * np.asarray(r) * np.exp(-(np.asarray(r) ** 2))


@pytest.mark.parametrize("packing", [0.1, 0.3, 0.45])
def test_wertheim1963_hard_spheres(packing):
    # exact solution of the Percus-Yevick equation: S(0), the contact value, and c(r) a cubic inside the core
    result = liquid_structure(Spheres(), 6 * packing / np.pi, closure="percus_yevick", width=0.005, cutoff=15)
    zero = (1 - packing) ** 4 / (1 + 2 * packing) ** 2
    assert float(result.compressibility) == pytest.approx(zero, rel=3e-3)
    contact = (1 + packing / 2) / (1 - packing) ** 2
    outside = result.g.sel(distance=slice(1.0, 1.03))
    line = np.polyfit(outside.distance - 1.0, outside.values, 2)
    assert line[-1] == pytest.approx(contact, rel=3e-3)
    one = (1 + 2 * packing) ** 2 / (1 - packing) ** 4
    two = -6 * packing * (1 + packing / 2) ** 2 / (1 - packing) ** 4
    inside = result.c.sel(distance=slice(0.0, 0.99))
    r = inside.distance.values
    np.testing.assert_allclose(inside, -(one + two * r + packing * one / 2 * r**3), rtol=5e-3, atol=5e-3)
    assert np.isnan(result.pressure)


def test_the_gaussian_core_model_becomes_mean_field_when_it_is_dense():
    # Louis, Bolhuis & Hansen 2000: at high density c = -U/kT and p = rho + rho^2 pi^(3/2)/2
    errors = []
    densities = np.array([1.0, 4.0, 16.0])
    for density in densities:
        result = liquid_structure(Gauss(), density, width=0.05, cutoff=20)
        errors.append(float(np.abs(result.c + np.exp(-(result.distance**2))).max()))
        assert float(result.pressure) == pytest.approx(density + 0.5 * np.pi**1.5 * density**2, rel=0.05)
    assert errors[-1] < 0.02
    assert abs(np.polyfit(np.log(densities), np.log(errors), 1)[0] + 1) < 0.3  # 1/rho


def test_the_equations_hold_in_real_space():
    # h = c + rho c * h, the convolution by plain quadrature in bipolar coordinates
    result = liquid_structure(WELL, DENSITY, thermal_energy=KT, width=0.02, cutoff=15)
    r, c, h = result.distance.values, result.c.values, result.g.values - 1
    inner = np.concatenate([[0.0], np.cumsum(r * h) * 0.02])  # integral of s h(s) to the edges
    for n in (40, 55, 120):
        x = r[n]
        low, high = np.abs(x - r), np.minimum(x + r, r[-1])
        edges = np.arange(len(r) + 1) * 0.02
        between = np.interp(high, edges, inner) - np.interp(low, edges, inner)
        convolution = 2 * np.pi / x * (r * c * between).sum() * 0.02
        assert h[n] == pytest.approx(c[n] + DENSITY * convolution, abs=2e-3)
    np.testing.assert_allclose(direct_correlation(h, 0.02, DENSITY), c, atol=1e-8)
    u = hypernetted_chain_potential(result.g.values, 0.02, DENSITY, KT)
    seen = result.g.values > 1e-6
    np.testing.assert_allclose(u[seen], WELL.energy(r)[seen], atol=1e-6)
    assert np.isnan(hypernetted_chain_potential(np.array([0.0, 1.0, 1.0]), 0.1, 0.1)).tolist() == [True, False, False]


def test_virial_and_compressibility_of_a_dilute_gas_agree():
    gas = liquid_structure(WELL, 1e-3, thermal_energy=KT, width=0.01, cutoff=10)
    b2 = -2 * np.pi * ((np.exp(-WELL.energy(gas.distance) / KT) - 1) * gas.distance.values**2).sum() * 0.01
    assert float(gas.pressure) / (1e-3 * KT) == pytest.approx(1 + 1e-3 * b2, abs=2e-6)
    assert 1 / float(gas.compressibility) == pytest.approx(1 + 2e-3 * b2, abs=2e-5)


def test_where_there_is_no_solution_it_is_said():
    with pytest.raises(ResultError, match=r"hypernetted chain equation has a solution at density .* none was found"):
        liquid_structure(Morse(inverse_width=3, cutoff=2.5, shifted=True), 0.3, width=0.05)

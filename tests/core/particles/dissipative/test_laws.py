"""From a liquid to its beads: closed forms."""

import math

import numpy as np
import pytest
from mesoscale.core.particles import dissipative as dpd
from scipy import constants, integrate


def test_mean_field_is_the_virial_of_independent_beads():
    rho, a = 3.0, 25.0
    virial, _ = integrate.quad(lambda r: r**3 * a * (1 - r), 0, 1)
    assert dpd.mean_field_pressure(rho, a) == pytest.approx(rho + 2 * math.pi / 3 * rho**2 * virial, rel=1e-12)


def test_flory_huggins_at_the_two_measured_densities_and_back():
    assert dpd.flory_huggins_from_repulsion(1.0, 3.0) == pytest.approx(0.286)
    assert dpd.flory_huggins_from_repulsion(1.0, 5.0) == pytest.approx(0.689)
    assert math.isnan(dpd.flory_huggins_from_repulsion(1.0, 2.0))
    assert math.isnan(dpd.excess_repulsion_from_flory_huggins(1.0, 6.0))
    assert dpd.excess_repulsion_from_flory_huggins(dpd.flory_huggins_from_repulsion(15.0, 4.0), 4.0) == pytest.approx(
        15
    )
    random_mixing = math.pi / 15 * 3.0
    assert random_mixing / dpd.flory_huggins_from_repulsion(1.0, 3.0) > 2.0


def test_interfacial_tension_vanishes_where_beads_mix():
    assert math.isnan(dpd.reduced_interfacial_tension(2.3, 3.0))
    assert dpd.reduced_interfacial_tension(2.36, 3.0) == 0.0
    chi = 2.36 * (1 + np.geomspace(1e-4, 1e-3, 4))
    tension = dpd.reduced_interfacial_tension(chi, 3.0)
    assert abs(np.polyfit(np.log(chi / 2.36 - 1), np.log(tension), 1)[0] - 1.5) < 0.1


def test_groot2001_lengths_grow_with_the_molecules_in_a_bead():
    lengths = [dpd.cutoff_length_from_coarse_graining(3.0, n, "30 angstrom**3") * 1e10 for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(lengths, [4.48, 5.65, 6.46, 7.11], atol=0.005)


def test_water_has_the_compressibility_that_beads_are_fitted_to():
    # 4.503e-10 / Pa and 996.5 kg/m3 at 300 K, IAPWS-95
    modulus = 1 / 4.503e-10
    number = 996.5 / (18.015 * constants.atomic_mass)
    assert dpd.inverse_compressibility_of_liquid(modulus, number, 300.0) == pytest.approx(15.98, rel=0.01)

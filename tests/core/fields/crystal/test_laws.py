"""Closed forms with one star of waves: against integrals of the waves themselves."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import crystal as pfc
from mesoscale.core.fields.crystal import PhaseFieldCrystal
from mesoscale.core.fields.crystal.unit_cell import one_mode_pattern
from mesoscale.core.fields.free_energies import polynomial
from mesoscale.core.fields.spectral import Basis, GradientFlow
from scipy.optimize import minimize_scalar

SPACING = 4.0 * math.pi / math.sqrt(3.0)


def one_mode_field(p, amplitude, cells=(64, 36), wavenumber=1.0):
    """Two by two cells of one star of waves, an atom in the corner."""
    a = SPACING / wavenumber
    basis = Basis(cells, (2.0 * math.sqrt(3.0) * a, 2.0 * a))
    y, x = ((np.arange(n) + 0.5) * h for n, h in zip(basis.shape, basis.spacing, strict=True))
    return basis, p + amplitude * one_mode_pattern(x[None, :] + 0.5 * a, y[:, None], wavenumber)


def energy_per_area(basis, field, r):
    flow = GradientFlow(
        basis, polynomial([0.0, 0.0, 0.0, 0.0, 0.25], (-2.0, 2.0)), r + (1.0 - basis.k2) ** 2, basis.k2
    )  # fmt: skip
    return flow.energy(field) / basis.volume


@pytest.mark.parametrize(("r", "p"), [(-0.05, -0.13), (-0.25, -0.285), (-0.4, 0.3), (-0.6, -0.1)])
def test_the_closed_energy_is_that_of_the_waves_and_its_amplitude_is_the_best(r, p):
    amplitude = pfc.one_mode_amplitude(r, p)
    assert amplitude * p > 0
    basis, field = one_mode_field(p, amplitude)
    assert pfc.hexagonal_energy(r, p) == pytest.approx(energy_per_area(basis, field, r), rel=1e-12)
    best = minimize_scalar(lambda a: energy_per_area(basis, one_mode_field(p, a)[1], r),
                           bracket=(0.8 * amplitude, 1.2 * amplitude))  # fmt: skip
    assert best.x == pytest.approx(amplitude, rel=1e-6)
    # by the amplitude of the sines, where stripes exist
    if r + 3 * p * p < 0:
        x = (np.arange(64) + 0.5) * 2 * math.pi / 64
        line = Basis((64,), (2 * math.pi,))
        stripes = p + pfc.stripe_amplitude(r, p) * np.cos(x)
        assert pfc.stripe_energy(r, p) == pytest.approx(energy_per_area(line, stripes, r), rel=1e-12)


def test_elder2004_moduli_are_those_of_stretched_waves():
    r, p, e = -0.25, -0.285, 1e-3
    amplitude = pfc.one_mode_amplitude(r, p)

    def stretched(along, across):
        basis, field = one_mode_field(p, amplitude)
        lengths = (basis.lengths[0] * math.exp(across), basis.lengths[1] * math.exp(along))
        return energy_per_area(Basis(basis.shape, lengths), field, r)

    def curvature(sign):
        return (stretched(e, sign * e) + stretched(-e, -sign * e) - 2 * stretched(0, 0)) / e**2

    assert curvature(0) == pytest.approx(pfc.longitudinal_modulus(r, p), rel=1e-4)
    assert curvature(1) / 4 == pytest.approx(pfc.bulk_modulus(r, p), rel=1e-4)
    assert curvature(-1) / 4 == pytest.approx(pfc.shear_modulus(r, p), rel=1e-4)
    # as printed: C12 = C44 = (3 p - sqrt(-15 r - 36 p^2))^2 / 75
    assert pfc.shear_modulus(r, p) == pytest.approx((3 * p - math.sqrt(-15 * r - 36 * p * p)) ** 2 / 75, rel=1e-12)


def test_closed_forms_do_not_exist_outside():
    for law in (pfc.one_mode_amplitude, pfc.hexagonal_energy, pfc.shear_modulus, pfc.stripe_energy):
        assert math.isnan(law(-0.1, -0.5))
    assert math.isnan(pfc.liquid_stability_limit(0.1))
    assert pfc.liquid_stability_limit(-0.3) == pytest.approx(math.sqrt(0.1))
    r = np.array([-0.1, -0.2])
    assert pfc.hexagonal_energy(r[:, None], np.array([-0.1, -0.2, 0.0])).shape == (2, 3)
    assert pfc.one_mode_amplitude(-0.2, 0.0) == pytest.approx(-0.8 / 3 * math.sqrt(3.0))


def test_the_governing_ratio_is_one_where_liquid_and_crystal_cost_the_same():
    p = -0.22
    r = PhaseFieldCrystal(mean_density=p).at_ratio(1.0).reduced_temperature
    assert pfc.hexagonal_energy(r, p) == pytest.approx(pfc.liquid_energy(r, p), rel=1e-10)
    assert math.isinf(PhaseFieldCrystal(mean_density=0.0).governing_ratio())


def test_no_lattice_without_a_wave_or_a_spacing():
    assert math.isnan(pfc.lattice_spacing(0.0))
    assert math.isnan(pfc.boundary_dislocations(0.1, 1.0, 0.0))
    np.testing.assert_allclose(pfc.lattice_spacing([1.0, 2.0]), [7.2551974569, 3.6275987285], rtol=1e-9)

"""Structure factor, three rulers and the exponent, of fields that are known."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import cahn_hilliard as ch
from mesoscale.core.fields.cahn_hilliard import CahnHilliard
from mesoscale.core.fields.spectral import Basis


def test_stripes_are_measured_alike_by_three_rulers():
    for boundary in ("periodic", "no_flux"):
        basis = Basis((64, 64), (32.0, 32.0), boundary)
        x = (np.arange(64) + 0.5) * 0.5
        field = np.broadcast_to(np.cos(2 * math.pi * x / 8.0), (64, 64)).copy()
        size, area, zero = ch.domain_size(field, basis, 0.0)
        assert size == pytest.approx(8.0, rel=1e-6)
        assert area == pytest.approx(4.0 / (math.pi / 4), rel=1e-12)  # stripes along one axis are not isotropic
        assert 2.0 <= zero < 4.0


def test_the_area_of_a_circle_and_a_ball():
    for d, exact in ((2, 2 * math.pi * 10.0), (3, 4 * math.pi * 100.0)):
        basis = Basis((96,) * d, (32.0,) * d)
        x = (np.arange(96) + 0.5) / 3.0 - 16.0
        radius = np.sqrt(sum(np.square(a) for a in np.meshgrid(*[x] * d)))
        assert ch.interface_area(10.0 - radius, basis, 0.0) == pytest.approx(exact, rel=0.02)


def test_the_structure_factor_of_white_noise_is_flat_and_normalised():
    for boundary in ("periodic", "no_flux"):
        basis = Basis((64, 64), (32.0, 32.0), boundary)
        white = np.random.default_rng(1).standard_normal(basis.shape)
        _, structure = ch.structure_factor(white, basis)
        assert structure.mean() == pytest.approx(0.25, rel=0.15)  # variance times the volume of a cell


def test_a_flat_field_has_no_domains():
    assert all(math.isnan(size) for size in ch.domain_size(np.full(16, 0.2), Basis((16,), (4.0,)), 0.2))


def test_a_power_law_has_its_exponent():
    t = np.geomspace(1, 100, 9)
    n, error = ch.coarsening_exponent(t, 3.0 * t ** (1 / 3), (2.0, 80.0))
    assert n == pytest.approx(1 / 3, abs=1e-12)
    assert error < 1e-10
    assert math.isnan(ch.coarsening_exponent(t, t, (50.0, 60.0))[0])


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
@pytest.mark.parametrize("shape", [(10,), (64,), (24, 20), (8, 9, 10)])
def test_the_exponent_of_a_run_is_that_of_its_sizes(shape, boundary):
    """Parts of the box add up to the whole, by both rulers."""
    generator = np.random.default_rng(0)
    basis, times = Basis(shape, tuple(0.5 * n for n in shape), boundary), np.array([1.0, 2.0, 4.0, 8.0])
    modes = basis.forward(generator.standard_normal(shape))
    fields = np.array([0.1 + basis.backward(modes * np.exp(-0.02 * t * basis.k2)) for t in times])
    sizes = np.array([ch.domain_size(f, basis, float(f.mean())) for f in fields])
    for column, ruler in enumerate(("structure_factor", "interface_area")):
        found, error = ch.growth_exponent(times, fields, basis, (1.0, 8.0), ruler)
        assert found == pytest.approx(ch.coarsening_exponent(times, sizes[:, column], (1.0, 8.0))[0], rel=1e-9)
        assert error > 0.0
    assert math.isnan(ch.growth_exponent(times, fields, basis, (3.0, 5.0))[0])


def test_the_error_of_the_exponent_is_the_scatter_of_runs():
    """Sizes of one run err together: the scatter about its line says three times too little."""
    model = CahnHilliard(cells=48, reduced_box_size=48.0, reduced_duration=100.0, snapshots=8, tolerance=1e-3)
    runs = model.run(replicates=16, seed=2)
    scatter = float(runs.coarsening_exponent.std("replicate", ddof=1))
    reported = float(np.sqrt(np.square(runs.coarsening_exponent_error).mean()))
    assert 0.6 < reported / scatter < 1.7

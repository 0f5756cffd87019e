"""Energy, force and curvature of one another; published and exact values; tables."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.potentials import (
    CosineSquared,
    FiniteExtensible,
    FourierDihedral,
    Harmonic,
    HarmonicAngle,
    LennardJones,
    Morse,
    Tabulated,
    WeeksChandlerAndersen,
)
from mesoscale.core.particles.potentials.evaluation import VECTOR, evaluate, fill_forces

R = np.linspace(0.5, 3.0, 40)
POTENTIALS = [
    LennardJones(well_depth=1.3, diameter=0.9, cutoff=2.5),
    LennardJones(cutoff=2.5, shifted=True),
    LennardJones(cutoff=2.5, force_shifted=True),
    WeeksChandlerAndersen(well_depth=2.0, diameter=1.1),
    Morse(well_depth=0.4, inverse_width=3.0, minimum=1.2, cutoff=2.9, shifted=True),
    CosineSquared(well_depth=1.2, diameter=0.95, width=1.4),
    Harmonic(stiffness=3.0, rest_length=1.2, cutoff=2.0),
    Tabulated(R, np.cos(2 * R) / R),
]
BONDS = [Harmonic(stiffness=7.0, rest_length=0.8), FiniteExtensible(stiffness=20.0, longest=2.0)]
EVERY = pytest.mark.parametrize("potential", [*POTENTIALS, *BONDS], ids=lambda p: type(p).__name__)


@EVERY
def test_force_and_curvature_are_slopes_of_the_energy(potential):
    h = 1e-5
    r = np.random.default_rng(1).uniform(0.8, 1.9, 60)
    kinks = [potential.range, getattr(potential, "diameter", 0.0) * 2 ** (1 / 6)]
    r = r[np.all([np.abs(r - k) > 1e-3 for k in kinks], axis=0)]
    slope = (potential.energy(r + h) - potential.energy(r - h)) / (2 * h)
    bend = -(potential.force(r + h) - potential.force(r - h)) / (2 * h)
    np.testing.assert_allclose(potential.force(r), -slope, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(potential.curvature(r), bend, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: type(p).__name__)
def test_the_vector_loop_is_the_law(potential):
    row, table = potential.pack()
    square = np.ones(64 + VECTOR)
    square[:50] = np.random.default_rng(2).uniform(0.7, potential.range, 50) ** 2
    over = np.empty_like(square)
    fill_forces(potential.KIND, row, table, square, over, 50)
    exact = [evaluate(potential.KIND, row, table, s)[1] for s in square[:50]]
    np.testing.assert_array_equal(over[:50], exact)


@pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: type(p).__name__)
def test_nothing_acts_beyond_the_cutoff(potential):
    assert potential.energy(potential.range) == 0.0
    assert potential.force(potential.range * 1.5) == 0.0


def test_lennard_jones():
    potential = LennardJones(well_depth=2.0, diameter=1.5, cutoff=4.0)
    assert potential.energy(1.5) == pytest.approx(0.0, abs=1e-14)
    assert potential.energy(1.5 * 2 ** (1 / 6)) == pytest.approx(-2.0, rel=1e-14)
    assert potential.force(1.5 * 2 ** (1 / 6)) == pytest.approx(0.0, abs=1e-13)
    assert potential.force(1.5) == pytest.approx(24 * 2.0 / 1.5, rel=1e-14)
    shifted = LennardJones(well_depth=2.0, diameter=1.5, cutoff=4.0, shifted=True)
    assert shifted.energy(4.0 - 1e-9) == pytest.approx(0.0, abs=1e-9)
    assert shifted.force(2.0) == potential.force(2.0)
    smooth = LennardJones(cutoff=2.5, force_shifted=True)
    assert smooth.force(2.5 - 1e-9) == pytest.approx(0.0, abs=1e-8)
    assert smooth.energy(2.5 - 1e-6) == pytest.approx(0.0, abs=1e-11)


def test_weeks_chandler_andersen_is_smooth_where_it_ends():
    potential = WeeksChandlerAndersen(diameter=0.95)
    assert potential.range == pytest.approx(0.95 * 2 ** (1 / 6))
    near = potential.range - 1e-5
    assert potential.energy(near) == pytest.approx(0.0, abs=1e-7)
    assert potential.force(near) == pytest.approx(0.0, abs=1e-2)


def test_cosine_squared_has_a_flat_bottom_and_ends_smoothly():
    potential = CosineSquared(width=1.6)
    bottom = 2 ** (1 / 6)
    for r in (bottom - 1e-7, bottom + 1e-7):
        assert potential.energy(r) == pytest.approx(-1.0, abs=1e-12)
        assert potential.force(r) == pytest.approx(0.0, abs=1e-4)
    r = np.linspace(bottom, potential.cutoff - 1e-9, 50)
    expected = -(np.cos(np.pi * (r - bottom) / 3.2) ** 2)
    np.testing.assert_allclose(potential.energy(r), expected, atol=1e-14)
    np.testing.assert_allclose(potential.force(r), -np.pi / 3.2 * np.sin(np.pi * (r - bottom) / 1.6), atol=1e-14)


def test_morse_cut_at_its_minimum_is_repulsive_only():
    # the coarse-grained tetrahedral liquid: eps (1 - exp(-a (r - r_m)))^2 below r_m
    potential = Morse(well_depth=0.105, inverse_width=2.4, minimum=2.31, cutoff=2.31, shifted=True)
    r = np.linspace(1.0, 2.309, 20)
    np.testing.assert_allclose(
        potential.energy(r), 0.105 * (1 - np.exp(-2.4 * (r - 2.31))) ** 2, rtol=1e-12, atol=1e-15
    )
    assert (potential.force(r) > 0).all()


def test_the_finite_extensible_bond():
    potential = FiniteExtensible()
    # Kremer & Grest: with the repulsion of the beads the minimum lies at 0.97
    r = np.linspace(0.8, 1.2, 4001)
    both = potential.energy(r) + WeeksChandlerAndersen().energy(r)
    assert r[np.argmin(both)] == pytest.approx(0.961, abs=1e-3)
    assert potential.force(1e-6) == pytest.approx(-30e-6, rel=1e-9)
    assert potential.energy(1.5) == math.inf
    assert potential.force(2.0) == -math.inf


def test_a_spring_at_no_length():
    assert abs(Harmonic(stiffness=4.0, rest_length=0.0).force(0.0)) < 1e-90
    assert Harmonic(stiffness=4.0, rest_length=0.0, cutoff=1.0).energy(0.5) == 0.5
    assert Harmonic(stiffness=4.0, rest_length=1.0).energy(0.0) == 2.0


def test_a_table_goes_through_its_values_and_converges_with_the_fourth_power():
    errors, counts = [], np.array([25, 50, 100, 200])
    probe = np.linspace(1.5, 2.5, 333)  # away from the ends
    for n in counts:
        r = np.linspace(1.0, 3.0, n)
        table = Tabulated(r, np.sin(3 * r))
        np.testing.assert_allclose(table.energy(r[:-1]), np.sin(3 * r[:-1]), atol=1e-13)
        errors.append(np.abs(table.energy(probe) - np.sin(3 * probe)).mean())
    order = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert order == pytest.approx(4.0, abs=0.1)


def test_a_table_with_slopes_is_hermite():
    r = np.linspace(1.0, 2.0, 11)
    table = Tabulated(distance=r, energy=r**3, slope=3 * r**2)
    np.testing.assert_allclose(table.energy([1.234, 1.99]), np.array([1.234, 1.99]) ** 3, rtol=1e-14)
    assert table.force(1.5) == pytest.approx(-3 * 1.5**2, rel=1e-12)
    flat = Tabulated(r, 0 * r, np.zeros(11))
    assert flat.energy(1.55) == 0.0


def test_uneven_distances_are_resampled():
    r = np.sort(np.random.default_rng(3).uniform(1.0, 2.0, 60))
    r = r[np.concatenate([[True], np.diff(r) > 1e-3])]
    table = Tabulated(r, r**3)
    np.testing.assert_allclose(
        table.energy(np.linspace(r[0], r[-1] - 1e-9, 50)), np.linspace(r[0], r[-1], 50) ** 3, rtol=1e-6
    )


def test_below_a_table_the_energy_is_a_straight_line():
    r = np.linspace(1.0, 2.0, 21)
    table = Tabulated(r, (r - 2) ** 2)
    assert table.force(0.2) == pytest.approx(2.0, rel=1e-12)
    assert table.energy(0.5) == pytest.approx(1.0 + 2.0 * 0.5, rel=1e-12)
    assert table.curvature(0.5) == 0.0
    assert table.force(0.0) == pytest.approx(2.0, rel=1e-12)


def test_angles_and_torsions():
    angle = HarmonicAngle(stiffness=3.0, rest_angle=2.0)
    assert angle.energy(2.5) == pytest.approx(0.375)
    assert angle.force(2.5) == pytest.approx(-1.5)
    torsion = FourierDihedral(first=0.4, second=-0.7, third=1.1)
    phi, h = np.linspace(-3, 3, 31), 1e-6
    slope = (torsion.energy(phi + h) - torsion.energy(phi - h)) / (2 * h)
    np.testing.assert_allclose(torsion.force(phi), -slope, atol=1e-8)
    assert torsion.energy(math.pi) == pytest.approx(0.0, abs=1e-15)  # trans


def test_records_are_equal_by_content_and_can_be_changed():
    assert LennardJones(cutoff=2.5) == LennardJones(cutoff=2.5)
    assert LennardJones() != LennardJones(cutoff=2.5)
    r = np.linspace(1, 2, 9)
    assert Tabulated(r, r) == Tabulated(distance=r, energy=r)
    assert Tabulated(r, r).replace(values=2 * r).energy(1.5) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: LennardJones(diameter=-1), "diameter must be greater than 0"),
        (lambda: LennardJones(width=1), "width"),
        (lambda: Morse(inverse_width=900, minimum=900), "inverse_width"),
        (lambda: Tabulated([1, 2, 3], [1, 2, 3]), "at least 4 rising"),
        (lambda: Tabulated([1, 2, 3, 2], [1, 2, 3, 4]), "rising"),
        (lambda: Tabulated([1, 2, 3, 4], [1, 2, 3]), "energy must hold as many"),
        (lambda: Tabulated([1, 2, 3, 4], [1, 2, 3, 4], [1]), "slope must hold as many"),
        (lambda: Tabulated([1, 1 + 1e-9, 3, 4], [1, 2, 3, 4]), "no finer"),
        (lambda: LennardJones().energy(-1.0), "distance must be at least 0"),
    ],
)
def test_what_is_not_allowed_is_one_clear_error(build, words):
    with pytest.raises(ParameterError, match=words):
        build()


@given(r=st.floats(1e-3, 9.0), which=st.integers(0, len(POTENTIALS) - 1))
@settings(max_examples=80, deadline=None)
def test_energies_are_numbers_everywhere(r, which):
    potential = POTENTIALS[which]
    assert np.isfinite([potential.energy(r), potential.force(r), potential.curvature(r)]).all()


@pytest.mark.parametrize(
    ("potential", "energy", "force"),
    [
        (LennardJones(), np.inf, np.inf),
        (WeeksChandlerAndersen(), np.inf, np.inf),
        (CosineSquared(), np.inf, np.inf),
        (Morse(well_depth=2.0, inverse_width=1.0, minimum=1.0, cutoff=3.0), 2.0 * ((np.e - 1) ** 2 - 1), None),
        (Harmonic(stiffness=4.0, rest_length=3.0), 18.0, 12.0),
        (Harmonic(stiffness=4.0, rest_length=0.0), 0.0, 0.0),
        (FiniteExtensible(), 0.0, 0.0),
    ],
)
def test_at_no_distance_there_are_limits_and_no_nan(potential, energy, force):
    assert float(potential.energy(0.0)) == pytest.approx(energy)
    if force is None:
        force = 4.0 * (np.e - 1) * np.e
    assert float(potential.force(0.0)) == pytest.approx(force)
    assert not np.isnan(potential.curvature([0.0, 1e-200])).any()

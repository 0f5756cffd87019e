"""One configuration: published energies, derivatives by differences, boxes that mean the same."""

import math

import numpy as np
import pytest
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles.dynamics import ForceField, System, forces
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


def fluid(**options):
    tail = options.pop("tail_correction", False)
    return ForceField(pairs={(0, 0): LennardJones(**options)}, tail_correction=tail)


# NIST Standard Reference Simulation Website, SRD 173, doi:10.18434/T4M88Q: Lennard-Jones reference calculations, cuboid
# cells, configurations 1 to 4. The long-range energy needs only their numbers and edges.


@pytest.mark.parametrize(
    ("particles", "edge", "at_three", "at_four"),
    [
        (800, 10.0, -1.9849e2, -8.3769e1),
        (200, 8.0, -2.4230e1, -1.0226e1),
        (400, 10.0, -4.9622e1, -2.0942e1),
        (30, 8.0, -5.4517e-1, -2.3008e-1),
    ],
)
def test_nist_srsw_tails(particles, edge, at_three, at_four):
    positions = edge / 10.0 * np.argwhere(np.ones((10, 10, 10)))[:particles]
    for cutoff, expected in ((3.0, at_three), (4.0, at_four)):
        result = forces(System(positions, [edge] * 3), fluid(cutoff=cutoff, tail_correction=True))
        printed = 0.5e-4 * 10.0 ** math.floor(math.log10(-expected))  # half a unit of the fifth digit
        assert float(result.potential_energy - result.pair_energy) == pytest.approx(
            expected, rel=0, abs=1.001 * printed
        )


def test_the_tail_is_the_textbook_one():
    rng = np.random.default_rng(1)
    system = System(rng.uniform(0, 9, (40, 3)), [9.0] * 3)
    plain, whole = (forces(system, fluid(cutoff=3.0, tail_correction=t)) for t in (False, True))
    rho, inverse = 40 / 729.0, 1 / 3.0
    energy = 8 / 3 * math.pi * rho * (inverse**9 / 3 - inverse**3)
    pressure = 16 / 3 * math.pi * rho**2 * (2 / 3 * inverse**9 - inverse**3)
    assert float(whole.potential_energy - plain.potential_energy) / 40 == pytest.approx(energy, rel=1e-9)
    assert float(whole.pressure - plain.pressure) == pytest.approx(pressure, rel=1e-6)
    assert float(whole.stress.sel(component="yy") - plain.stress.sel(component="yy")) == pytest.approx(
        -pressure, rel=1e-6
    )


def test_the_tail_of_a_mixture_is_the_integral_from_the_cutoffs():
    x = np.random.default_rng(2).uniform(0, 9, (30, 3))
    types, volume = np.arange(30) % 3 // 2, 729.0  # 20 of type 0, 10 of type 1
    soft, hard = {"well_depth": 0.8, "inverse_width": 1.3, "minimum": 1.0}, {"well_depth": 0.5, "diameter": 1.1}
    pairs = {(0, 0): Morse(cutoff=3.0, **soft), (0, 1): LennardJones(cutoff=2.5, **hard)}
    plain, whole = (
        forces(System(x, [9.0] * 3, types=types), ForceField(pairs=pairs, tail_correction=t)) for t in (False, True)
    )
    energy = pressure = 0.0
    for number, begin, law in ((400, 3.0, Morse(cutoff=1e4, **soft)), (400, 2.5, LennardJones(cutoff=1e4, **hard))):
        r = begin * np.exp(np.linspace(0, 5, 20001))
        energy += 2 * np.pi * number / volume * np.trapezoid(law.energy(r) * r**3, np.log(r))
        pressure += 2 * np.pi / 3 * number / volume**2 * np.trapezoid(law.force(r) * r**4, np.log(r))
    assert float(whole.potential_energy - plain.potential_energy) == pytest.approx(energy, rel=1e-5)
    assert float(whole.pressure - plain.pressure) == pytest.approx(pressure, rel=1e-5)


def molecules():
    """Chains with everything at once, across the border of a triclinic box."""
    rng = np.random.default_rng(7)
    starts = rng.uniform(0, 6, (6, 3))
    walk = np.cumsum(rng.normal(size=(6, 5, 3)) * 0.55, axis=1)
    x = (starts[:, None] + walk).reshape(-1, 3)
    i = np.arange(30)
    bond = np.column_stack([i, i + 1])[i % 5 < 4]
    angle = np.column_stack([i, i + 1, i + 2])[i % 5 < 3]
    torsion = np.column_stack([i, i + 1, i + 2, i + 3])[i % 5 < 2]
    r = np.linspace(0.3, 2.8, 60)
    field = ForceField(
        pairs={
            (0, 0): Morse(well_depth=0.7, inverse_width=1.5, minimum=1.0, cutoff=2.6),
            (1, 1): Tabulated(r, (r - 2.8) ** 3 * (1 + np.sin(r))),
            (1, 0): Morse(well_depth=1.1, inverse_width=2.0, minimum=0.7, cutoff=2.0, shifted=True),
        },
        bonds=[(bond, Harmonic(stiffness=30.0, rest_length=0.9))],
        angles=[(angle, HarmonicAngle(stiffness=4.0, rest_angle=1.9))],
        dihedrals=[(torsion, FourierDihedral(first=0.6, second=-0.4, third=0.9))],
        exclude_bonded=2,
    )
    return x, np.array([[6.0, 0, 0], [1.2, 6.2, 0], [-0.9, 0.7, 5.9]]), i % 2, field


def test_forces_are_slopes_of_the_energy():
    x, box, types, field = molecules()
    force, h = forces(System(x, box, types=types), field).force.values, 1e-5
    for who in (0, 1, 2, 7, 13, 29):
        for axis in range(3):
            energy = []
            for side in (h, -h):
                moved = x.copy()
                moved[who, axis] += side
                energy.append(float(forces(System(moved, box, types=types), field).potential_energy))
            assert force[who, axis] == pytest.approx(-(energy[0] - energy[1]) / (2 * h), rel=1e-5, abs=1e-5)
    assert np.abs(force.sum(axis=0)).max() < 1e-10


def test_the_stress_is_the_slope_of_the_energy_over_strain():
    x, box, types, field = molecules()
    result, h = forces(System(x, box, types=types), field), 1e-6
    # strains that keep the box in its standard form: x' = x + e_ab x_b with a <= b
    for name, (a, b) in {"xx": (0, 0), "yy": (1, 1), "zz": (2, 2), "xy": (0, 1), "yz": (1, 2), "zx": (0, 2)}.items():
        energy = []
        for side in (h, -h):
            strain = np.eye(3)
            strain[b, a] += side  # rows are vectors
            moved = System(x @ strain, box @ strain, types=types)
            energy.append(float(forces(moved, field).potential_energy))
        slope = (energy[0] - energy[1]) / (2 * h) / float(result.volume)
        assert float(result.stress.sel(component=name)) == pytest.approx(slope, rel=2e-5, abs=1e-5)


def test_the_configurational_temperature_has_the_laplacian():
    x, box, types, field = molecules()
    result, h, laplacian = forces(System(x, box, types=types), field), 1e-5, 0.0
    for who in range(30):
        for axis in range(3):
            force = []
            for side in (h, -h):
                moved = x.copy()
                moved[who, axis] += side
                force.append(float(forces(System(moved, box, types=types), field).force[who, axis]))
            laplacian -= (force[0] - force[1]) / (2 * h)
    square = float((result.force**2).sum())
    assert float(result.configurational_temperature) == pytest.approx(square / laplacian, rel=1e-5)
    assert float(result.laplacian) == pytest.approx(laplacian, rel=1e-6)


def test_a_box_and_eight_of_it_are_the_same_for_a_cutoff_beyond_the_box():
    x, edge = np.random.default_rng(4).uniform(0, 2.2, (9, 3)), np.array([2.2, 2.3, 2.4])
    field = fluid(cutoff=3.4)
    one = forces(System(x, edge), field)
    shifts = np.array([(i, j, k) for i in range(2) for j in range(2) for k in range(2)]) * edge
    eight = forces(System((x[None] + shifts[:, None]).reshape(-1, 3), 2 * edge), field)
    assert float(eight.potential_energy) == pytest.approx(8 * float(one.potential_energy), rel=1e-11)
    np.testing.assert_allclose(eight.stress.values, one.stress.values, rtol=1e-9)
    scale = np.abs(one.force.values).max()
    np.testing.assert_allclose(eight.force.values.reshape(8, 9, 3)[5], one.force.values, atol=1e-11 * scale)


def test_a_sheared_cell_is_the_same_crystal():
    x, edge = np.random.default_rng(5).uniform(0, 5.0, (50, 3)), np.array([5.0, 5.5, 6.0])
    straight = forces(System(x, edge), fluid(cutoff=2.4))
    skewed = forces(System(x, [[5.0, 0, 0], [5.0, 5.5, 0], [-5.0, 5.5, 6.0]]), fluid(cutoff=2.4))
    assert float(skewed.potential_energy) == pytest.approx(float(straight.potential_energy), rel=1e-11)
    scale = np.abs(straight.force.values).max()
    np.testing.assert_allclose(skewed.force.values, straight.force.values, atol=1e-11 * scale)


def test_wrapped_or_not_is_the_same():
    x, box, types, field = molecules()
    turns = np.random.default_rng(6).integers(-3, 4, (30, 3))
    a, b = forces(System(x, box, types=types), field), forces(System(x + turns @ box, box, types=types), field)
    np.testing.assert_allclose(a.force.values, b.force.values, atol=1e-9)


def test_a_table_of_a_law_is_the_law():
    x = 2.0 * np.argwhere(np.ones((4, 4, 4))) + np.random.default_rng(0).uniform(-0.5, 0.5, (64, 3))
    exact = LennardJones(cutoff=3.0, shifted=True)
    r = np.linspace(0.8, 3.0, 3000)
    # at the last distance the law is its limit from below
    values = exact.energy(np.minimum(r, 3.0 - 1e-12))
    a, b = (
        forces(System(x, [8.0] * 3), ForceField(pairs={(0, 0): p}))
        for p in (exact, Tabulated(r, values))
    )  # fmt: skip
    assert float(b.potential_energy) == pytest.approx(float(a.potential_energy), rel=1e-8)
    np.testing.assert_allclose(b.force.values, a.force.values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("bonds", "pairs_left"), [(0, 10), (1, 6), (2, 3), (3, 1)])
def test_exclusions_along_a_chain_of_five(bonds, pairs_left):
    # a flat potential counts: five beads within the cutoff of each other have 10 pairs
    x = np.array([[0.2 * k, 0, 0] for k in range(5)])
    chain = [[k, k + 1] for k in range(4)]
    r = np.linspace(0, 2.0, 9)
    field = ForceField(
        pairs={(0, 0): Tabulated(r, np.ones(9))},
        bonds=[(chain, Harmonic(stiffness=0.0))],
        exclude_bonded=bonds,
    )
    assert float(forces(System(x, [20.0] * 3), field).pair_energy) == pytest.approx(pairs_left)


def test_an_excluded_partner_still_meets_the_other_images():
    r = np.linspace(0, 1.6, 9)
    one = {(0, 0): Tabulated(r, np.ones(9))}
    field = ForceField(pairs=one, bonds=[([[0, 1]], Harmonic(stiffness=0.0))], exclude_bonded=True)
    # two beads 0.5 apart in a box of 2: the other image is 1.5 away
    assert float(forces(System([[0, 0, 0], [0.5, 0, 0]], [2, 9, 9]), field).pair_energy) == pytest.approx(1.0)


def test_pairs_that_are_not_named_do_not_meet():
    field = ForceField(pairs={(0, 1): LennardJones()})
    x = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    result = forces(System(x, [9] * 3, types=[0, 0, 1]), field)
    # 0-2 at distance 1 has energy zero and pushes; 1-2 at sqrt 2 attracts; 0-1 do not see each other
    assert float(result.pair_energy) == pytest.approx(4 * (2.0**-6 - 2.0**-3))


def test_lipids_have_their_three_cutoffs():
    head = WeeksChandlerAndersen(diameter=0.95)
    field = ForceField(pairs={(0, 0): head, (0, 1): head, (1, 1): CosineSquared(width=1.6)})
    for types, r in (([0, 0], 1.07), ([0, 1], 1.07), ([1, 1], 2.73)):
        assert float(forces(System([[0, 0, 0], [r, 0, 0]], [9] * 3, types=types), field).pair_energy) == 0.0
    attraction = forces(System([[0, 0, 0], [2.0, 0, 0]], [9] * 3, types=[1, 1]), field)
    assert float(attraction.force[0, 0]) > 0


def test_a_bond_longer_than_it_can_be_has_no_forces():
    field = ForceField(bonds=[([[0, 1]], FiniteExtensible())])
    with pytest.raises(ResultError, match="a bond is longer than it can be"):
        forces(System([[0, 0, 0], [1.6, 0, 0]], [9] * 3), field)


def test_velocities_count_in_the_pressure():
    gas = System([[1, 1, 1], [5, 5, 5]], [10] * 3, velocities=[[1, 0, 0], [0, 2, 0]], masses=[1.0, 3.0])
    result = forces(gas, ForceField())
    assert float(result.kinetic_energy) == pytest.approx(6.5)
    assert float(result.pressure) == pytest.approx(13 / 3000)
    assert float(result.stress.sel(component="yy")) == pytest.approx(-12 / 1000)


WCA = WeeksChandlerAndersen()


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: System([[0, 0]], [1, 1, 1]), "positions must have the shape"),
        (lambda: System([[0, 0, np.inf]], [1, 1, 1]), "positions must be finite"),
        (lambda: System([["a", 0, 0]], [1, 1, 1]), "positions must be numbers"),
        (lambda: System([[0, 0, 1e9]], [1, 1, 1]), "million boxes"),
        (lambda: System([[0, 0, 0]], [1, 1]), "box must be three"),
        (lambda: System([[0, 0, 0]], [1, 1, 1], velocities=[[0, 0]]), "velocities must have the shape"),
        (lambda: System([[0, 0, 0]], [1, 1, 1], masses=0), "masses must be positive"),
        (lambda: System([[0, 0, 0]], [1, 1, 1], types=-1), "types must be whole numbers"),
        (lambda: System([[0, 0, 0]], [1, 1, 1], types=0.5), "types must be whole numbers"),
        (lambda: System([[0, 0, 0]], [1, 1, 1], types=100), "less than 100"),
        (lambda: ForceField(pairs={0: WCA}), "keys such as"),
        (lambda: ForceField(pairs={(0, 0): 1.0}), "potentials as values"),
        (lambda: ForceField(pairs={(0, 0): Harmonic()}), "finite cutoff"),
        (lambda: ForceField(pairs={(0, 1): WCA, (1, 0): LennardJones()}), "comes twice"),
        (lambda: ForceField(pairs={(0, 0): LennardJones(shifted=True)}, tail_correction=True), "not shifted"),
        (lambda: ForceField(exclude_bonded=4), "exclude_bonded"),
        (lambda: ForceField(bonds=[1]), "bonds must be pairs of indices"),
        (lambda: ForceField(bonds=[([[0, 1, 2]], Harmonic())]), r"shape \(n, 2\)"),
        (lambda: ForceField(bonds=[([[1, 1]], Harmonic())]), "with itself"),
        (lambda: forces(System([[0, 0, 0]], [1] * 3), ForceField(bonds=[([[0, 1]], Harmonic())])), "particles below 1"),
        (lambda: forces(1, ForceField()), "must be a System"),
        (lambda: forces(System([[0, 0, 0]], [1] * 3), 1), "must be a ForceField"),
    ],
)
def test_what_is_not_allowed_is_one_clear_error(build, words):
    with pytest.raises(ParameterError, match=words):
        build()


def test_an_empty_group_of_bonds_is_none():
    assert ForceField(bonds=[(np.zeros((0, 2), dtype=int), Harmonic())]).bonds == ()


def test_particles_at_one_place_have_no_forces():
    with pytest.raises(ResultError, match="two particles are at the same place"):
        forces(System([[1.0, 1, 1], [1, 1, 1]], [9.0] * 3), fluid())
    with pytest.raises(ParameterError, match="pairs must map pairs of types to potentials"):
        ForceField(pairs=[LennardJones()])

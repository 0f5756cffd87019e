"""Maps that conserve what they must, and forces whose mean is the gradient of a free energy."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.mapping import Mapping, lattice_vectors, minimum_image, wrap_positions
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError

CELLS = {
    "cube": np.diag([10.0, 10.0, 10.0]),
    "slab": np.diag([10.0, 11.0, 40.0]),
    "hexagonal": lattice_vectors([10, 10, 14, 90, 90, 120]),
    "sharp": lattice_vectors([10, 9, 12, 50, 55, 48]),
    "blunt": lattice_vectors([10, 11, 12, 125, 100, 118]),
    "truncated octahedron": lattice_vectors([10, 10, 10, 70.52878, 109.47122, 70.52878]),
    "very skew": np.array([[10.0, 0, 0], [37.0, 8.0, 0], [-61.0, 29.0, 9.0]]),
    "turned": np.array([[7.0, 7.0, 0], [-7.0, 7.0, 0], [3.0, 1.0, 9.0]]),
}


def chains(molecules, atoms, step, seed=0):
    """Whole random chains (frame, molecule, atom, 3), and masses."""
    rng = np.random.default_rng(seed)
    whole = rng.uniform(-50, 50, (4, molecules, 1, 3)) + np.cumsum(
        step * rng.normal(size=(4, molecules, atoms, 3)), axis=2
    )
    return whole, rng.uniform(1, 16, molecules * atoms)


@pytest.mark.parametrize("name", CELLS)
def test_wrapped_atoms_and_whole_molecules_give_the_same_beads(name):
    cell = CELLS[name]
    whole, masses = chains(30, 7, 0.5)
    mapping = Mapping(np.arange(210).reshape(30, 7), masses)
    weights = masses.reshape(30, 7, 1) / masses.reshape(30, 7, 1).sum(axis=1, keepdims=True)
    expected = (weights * whole).sum(axis=2)
    flat = whole.reshape(4, 210, 3)
    np.testing.assert_allclose(mapping.positions(flat), expected, atol=1e-12)  # no box: taken as they are
    beads = mapping.positions(wrap_positions(flat, cell), cell)
    np.testing.assert_allclose(minimum_image(beads - expected, cell), 0, atol=1e-11)
    np.testing.assert_allclose(beads, wrap_positions(expected, cell), atol=1e-11)
    beside = mapping.positions(flat, cell, wrap=False)
    np.testing.assert_allclose(beside, expected, atol=1e-11)  # beads of whole molecules stay with them


def test_operators_are_what_is_applied():
    rng = np.random.default_rng(3)
    masses = rng.uniform(1, 9, 12)
    groups = [[0, 1, 2], [5, 4], [7, 8, 9, 11]]
    weights = [[0.5, 0.2, 0.3], [1.0, 3.0], [1.0, -0.5, 2.0, 0.0]]
    mapping = Mapping(groups, masses, weights=weights, force_weights=[[1, 0, 0], [0.5, 0.5], [1, 1, 1, 0]])
    values = rng.normal(size=(5, 12, 3))
    C, B = mapping.operator.toarray(), mapping.force_operator.toarray()
    np.testing.assert_allclose(C.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(mapping.velocities(values), np.einsum("bi,fic->fbc", C, values), atol=1e-14)
    np.testing.assert_allclose(mapping.positions(values), np.einsum("bi,fic->fbc", C, values), atol=1e-14)
    np.testing.assert_allclose(mapping.forces(values), np.einsum("bi,fic->fbc", B, values), atol=1e-14)
    assert B[0].tolist() == [2.0, *[0.0] * 11]  # d / c
    np.testing.assert_allclose(mapping.bead_masses, 1 / (C**2 / masses).sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose((B * C).sum(axis=1), 1, rtol=1e-14)  # sum of d
    assert [group.tolist() for group in mapping.groups] == groups
    assert repr(mapping) == "Mapping(12 atoms, 3 beads)"
    one = mapping.velocities(values[0])
    assert one.shape == (3, 3)
    np.testing.assert_array_equal(one, mapping.velocities(values)[0])


def test_momentum_is_conserved_and_the_forces_of_a_group_add_up():
    rng = np.random.default_rng(4)
    masses = rng.uniform(1, 200, 300)
    mapping = Mapping(rng.permutation(300).reshape(60, 5), masses)
    v, f = rng.normal(size=(2, 7, 300, 3))
    momentum = (mapping.bead_masses[:, None] * mapping.velocities(v)).sum(axis=1)
    np.testing.assert_allclose(momentum, (masses[:, None] * v).sum(axis=1), rtol=1e-12, atol=1e-12 * 3e4)
    np.testing.assert_allclose(mapping.bead_masses.sum(), masses.sum(), rtol=1e-14)
    np.testing.assert_allclose(mapping.forces(f).sum(axis=1), f.sum(axis=1), atol=1e-12)


@pytest.mark.parametrize("weights", ["mass", "equal", [[0.2, 0.1, 0.7]] * 50])
def test_beads_of_any_map_have_the_temperature_of_their_atoms(weights):
    # kT = 1: atoms from Maxwell's distribution; <M V^2>/3 = 1 only with the masses of equation (2)
    rng = np.random.default_rng(5)
    masses = np.tile([16.0, 1.0, 3.0], 50)
    mapping = Mapping(np.arange(150).reshape(50, 3), masses, weights=weights)
    v = rng.normal(size=(400, 150, 3)) / np.sqrt(masses)[:, None]
    energy = mapping.bead_masses[:, None] * mapping.velocities(v) ** 2
    assert abs(energy.mean() - 1) < 4 * np.sqrt(2 / energy.size)


def test_the_mean_force_is_minus_the_gradient_of_the_free_energy_for_any_map():
    # two atoms on springs in a harmonic well: the bead's free energy is Gaussian, <F | R> = -kT R / <R^2>
    rng = np.random.default_rng(6)
    K = np.array([[3.0, -1.0], [-1.0, 2.0]])
    x = rng.multivariate_normal([0, 0], np.linalg.inv(K), 200_000)
    r, f = np.zeros((200_000, 2, 3)), np.zeros((200_000, 2, 3))
    r[..., 0], f[..., 0] = x, -x @ K
    for c, d in (([0.5, 0.5], None), ([0.3, 0.7], [1.0, 0.0]), ([0.3, 0.7], [-1.0, 2.0])):
        force_weights = None if d is None else [d]
        mapping = Mapping([[0, 1]], [1.0, 5.0], weights=[c], force_weights=force_weights)
        R, F = mapping.positions(r)[:, 0, 0], mapping.forces(f)[:, 0, 0]
        slopes = [-(F[n::20] * R[n::20]).mean() / (R[n::20] ** 2).mean() for n in range(20)]
        expected = 1 / (np.array(c) @ np.linalg.inv(K) @ np.array(c))
        assert abs(np.mean(slopes) - expected) < 4 * np.std(slopes, ddof=1) / np.sqrt(20)


def test_beads_turn_and_move_with_their_atoms():
    whole, masses = chains(10, 6, 0.7)
    atoms = whole.reshape(4, 60, 3)
    mapping = Mapping(np.arange(60).reshape(10, 6), masses, bonds=[(n, n + 1) for n in range(59) if n % 6 != 5])
    q, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))
    cell = CELLS["blunt"]
    beads = mapping.positions(atoms, cell, wrap=False)
    np.testing.assert_allclose(mapping.positions(atoms @ q, cell @ q, wrap=False), beads @ q, atol=1e-11)
    shift = np.array([3.0, -40.0, 0.1])
    np.testing.assert_allclose(mapping.positions(atoms + shift, cell, wrap=False), beads + shift, atol=1e-11)
    jumped = atoms + np.random.default_rng(8).integers(-3, 4, (4, 60, 3)) @ cell  # any image of each atom
    moved = minimum_image(mapping.positions(jumped, cell) - beads, cell)
    np.testing.assert_allclose(moved, 0, atol=1e-11)


def test_single_precision_and_any_number_of_threads():
    whole, masses = chains(40, 3, 0.4)
    atoms = np.repeat(whole.reshape(4, 120, 3), 50, axis=0)
    mapping = Mapping(np.arange(120).reshape(40, 3), masses)
    boxes = np.stack([np.diag([20.0 + 0.01 * n] * 3) for n in range(200)])
    with use_workers(1):
        one = mapping.positions(atoms, boxes)
    with use_workers(2):
        two = mapping.positions(atoms, boxes)
    np.testing.assert_array_equal(one, two)
    single = mapping.positions(atoms.astype(np.float32), boxes)
    assert single.dtype == np.float64
    assert np.abs(minimum_image(single - one, boxes)).max() < 1e-4


def test_massless_sites_carry_no_weight():
    water = Mapping([[0, 1, 2, 3]], [16.0, 1.0, 1.0, 0.0])
    assert water.bead_masses == pytest.approx([18.0])
    assert water.force_operator.toarray() == pytest.approx(np.array([[1, 1, 1, 0.0]]))


def refused(change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        change()


ATOMS = np.zeros((6, 3))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Mapping([[0]], [[1.0]]), "masses must be one finite number"),
        (lambda: Mapping([[0]], [np.nan]), "masses must be one finite number"),
        (lambda: Mapping([[0]], [-1.0]), "masses must be one finite number"),
        (lambda: Mapping([[0], [1]], [1.0, 0.0]), "must not all vanish in a group, as in group 1"),
        (lambda: Mapping([[0, 1]], [1.0, 0.0], weights="equal"), "positive for every atom that carries a weight"),
        (lambda: Mapping([[0]], [1.0], weights="charge"), "must be 'mass', 'equal' or one array a group"),
        (lambda: Mapping([[0]], [1.0], weights=[[1.0, 2.0]]), "must be 1 arrays, each as long as its group"),
        (lambda: Mapping([[0, 1]], [1.0, 1.0], weights=[[1.0, -1.0]]), "a sum that is not 0 in every group"),
        (lambda: Mapping([[0, 1], [1, 2]], np.ones(3)).force_operator, "atom 1 is shared between beads"),
        (lambda: Mapping([[0, 1], [1, 2]], np.ones(3)).forces(ATOMS[:3]), "own only; give force_weights that vanish"),
        (
            lambda: Mapping([[0, 1]], np.ones(2), weights=[[1.0, 0.0]], force_weights=[[0.5, 0.5]]).force_operator,
            "must vanish where the weight of the atom vanishes",
        ),
        (lambda: Mapping([[0]], [1.0]).positions(ATOMS), "must have the shape \\(frame, 1, 3\\) or \\(1, 3\\)"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)


@pytest.mark.parametrize("box", [None, [9.0, 9.0, 9.0], np.eye(3) * 9.0 + np.eye(3, k=-1)])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_an_atom_that_is_nowhere_is_named_by_its_bead(box, wrong):
    positions = np.zeros((3, 6, 3))
    positions[2, 3, 1] = wrong
    mapping = Mapping([[0, 1, 2], [3, 4, 5]], np.ones(6))
    refused(lambda: mapping.positions(positions, box), "positions must be finite numbers: in frame 2, those of bead 1")
    refused(lambda: mapping.velocities(positions), "velocities must be finite numbers: in frame 2, those of bead 1")


def test_bonds_along_a_chain_are_the_chain():
    rng = np.random.default_rng(3)
    whole = rng.uniform(0, 9, (4, 5, 1, 3)) + np.cumsum(rng.normal(scale=0.5, size=(4, 5, 6, 3)), axis=2)
    positions = (whole % 9.0).reshape(4, 30, 3)
    groups = np.arange(30).reshape(5, 6)
    chain = Mapping(groups, np.ones(30), bonds=[(n, n + 1) for n in range(29) if n % 6 != 5])
    tree = Mapping(groups, np.ones(30), bonds=[(n, n - n % 6 + 2) for n in range(30) if n % 6 != 2])
    beads = chain.positions(positions, [9.0] * 3)
    assert np.array_equal(beads, Mapping(groups, np.ones(30)).positions(positions, [9.0] * 3))
    apart = tree.positions(positions, [9.0] * 3) - beads  # another path through the same molecules
    assert np.abs(apart - 9.0 * np.round(apart / 9.0)).max() < 1e-12


def test_force_weights_that_spare_shared_atoms_are_allowed():
    mapping = Mapping([[0, 1], [1, 2]], np.ones(3), force_weights=[[1, 0], [0, 1]])
    assert mapping.force_operator.toarray().tolist() == [[2, 0, 0], [0, 0, 2]]

"""Groups that are made whole along their bonds, also through atoms that are not their own."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.mapping import Mapping, minimum_image, wrap_positions
from mesoscale.core.model import ParameterError


def test_a_molecule_longer_than_half_the_box_needs_its_bonds():
    # a ladder, listed row by row: neighbours in the list are far apart, bonded atoms are not
    along = np.arange(9.0)
    whole = np.concatenate([np.stack([along, 0 * along + y, 0 * along], axis=1) for y in (0.0, 0.9)])
    bonds = [(n, n + 1) for n in range(8)] + [(n, n + 1) for n in range(9, 17)] + [(4, 13)]
    box = [10.0, 10.0, 10.0]
    for shift in np.random.default_rng(0).uniform(-20, 20, (50, 3)):
        atoms = wrap_positions(whole + shift, box)
        bead = Mapping([range(18)], np.ones(18), bonds=bonds).positions(atoms, box)
        np.testing.assert_allclose(minimum_image(bead - whole.mean(axis=0) - shift, box), 0, atol=1e-12)
    zigzag = Mapping([[0, 4, 8]], np.ones(18))
    assert zigzag.positions(whole, box)[0, 0] == pytest.approx(4.0)
    with pytest.raises(ParameterError, match="atom 5 of bead 0 open in frame 0: from atom 0 it is farther than 5"):
        Mapping([[0, 5, 8]], np.ones(18)).positions(whole + [[0, 0.5 * (n == 5), 0] for n in range(18)], box)


def test_a_group_is_made_whole_through_atoms_that_are_not_its_own():
    along = np.arange(9.0)
    whole = np.stack([along, 0.5 * (along % 2), 0 * along], axis=1)
    bonds = [(n, n + 1) for n in range(8)]
    mapping = Mapping([[0, 8, 3]], np.ones(9), bonds=bonds)
    for shift in (0.0, 3.3, -7.7):
        bead = mapping.positions(wrap_positions(whole + shift, [10, 10, 10]), [10, 10, 10], wrap=False)
        np.testing.assert_allclose(
            minimum_image(bead - whole[[0, 3, 8]].mean(axis=0) - shift, [10, 10, 10]), 0, atol=1e-12
        )
    assert mapping.operator.toarray().tolist() == [[1 / 3, 0, 0, 1 / 3, 0, 0, 0, 0, 1 / 3]]


def test_bead_bonds_join_beads_of_bonded_atoms():
    bonds = [(n, n + 1) for n in range(7)] + [(0, 7)]
    mapping = Mapping([[0, 1], [2, 3], [4, 5], [6, 7]], np.ones(8), bonds=bonds)
    assert mapping.bead_bonds.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    assert Mapping([[0]], [1.0]).bead_bonds.shape == (0, 2)
    assert Mapping([[0]], [1.0], bonds=[]).bead_bonds.shape == (0, 2)


def refused(change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        change()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Mapping([], [1.0]), "groups must hold at least one group"),
        (lambda: Mapping([[0], []], [1.0]), "which group 1 is not"),
        (lambda: Mapping([[0.5]], [1.0]), "which group 0 is not"),
        (lambda: Mapping([[0, 1], [2]], [1.0, 1.0]), "from 0 to 1, not 2 as group 1"),
        (lambda: Mapping([[-1]], [1.0, 1.0]), "from 0 to 1, not -1 as group 0"),
        (lambda: Mapping([[0], [1, 0, 1]], [1.0, 1.0]), "as group 1 does atom 1"),
        (lambda: Mapping([[0]], [1.0], bonds=[[0, 1]]), "bonds must join two different atoms"),
        (lambda: Mapping([[0]], [1.0], bonds=[0, 1]), "must be pairs of atom numbers"),
        (lambda: Mapping([[0, 2]], np.ones(4), bonds=[[0, 1], [2, 3]]), "atoms 0 and 2 of group 0 unconnected"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)

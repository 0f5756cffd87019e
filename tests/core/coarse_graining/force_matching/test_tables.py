"""Matched forces as potentials that can be simulated."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.force_matching import SplineBasis, match_forces, potential
from mesoscale.core.model import ParameterError


def sampled_pair(r, strength):
    positions, forces = np.zeros((len(r), 2, 3)), np.zeros((len(r), 2, 3))
    positions[:, 1, 1], forces[:, 1, 1], forces[:, 0, 1] = r, strength, -strength
    return positions, forces


def test_a_matched_pair_becomes_a_table_with_a_core():
    r = np.random.default_rng(11).uniform(0.9, 2.5, 5000)
    positions, forces = sampled_pair(r, 48 * r**-13 - 24 * r**-7)
    few = np.linspace(0.6, 0.85, 5)
    more = sampled_pair(few, np.zeros(5))  # too few to be trusted
    matched = match_forces(
        np.concatenate([positions, more[0]]), np.concatenate([forces, more[1]]), None,
        pairs={(0, 0): SplineBasis(2.5, 0.05, 0.5)},
    )  # fmt: skip
    table = potential(matched)
    x = np.linspace(1.0, 2.4, 30)
    exact = 4 * (x**-12 - x**-6) - 4 * (2.5**-12 - 2.5**-6)
    assert table.energy(x) == pytest.approx(exact, abs=0.02)
    assert table.force(x) == pytest.approx(48 * x**-13 - 24 * x**-7, abs=0.15)
    assert table.cutoff == 2.5
    closest = float(table.distance[0])
    assert 0.85 < closest < 1.0
    assert table.force(0.5) == pytest.approx(table.force(closest))
    assert table.force(0.5) > 50


def test_a_matched_bond_holds_at_both_ends():
    b = np.random.default_rng(12).normal(1.0, 0.1, 4000)
    positions, forces = sampled_pair(b, -100.0 * (b - 1.0))
    matched = match_forces(positions, forces, None, bonds=[([[0, 1]], SplineBasis(2.0, 0.1))])
    bond = potential(matched, "bond_0")
    assert bond.force([0.9, 1.1, 1.25]) == pytest.approx([10.0, -10.0, -25.0], rel=1e-3)
    assert bond.force(0.2) > 15
    assert bond.force(2.0) < -15


def test_a_table_that_cannot_be_is_one_clear_error():
    r = np.linspace(1.0, 2.0, 500)
    matched = match_forces(*sampled_pair(r, r - 3.0), None, pairs={(0, 0): SplineBasis(2.0, 0.1)})
    angle = match_forces(np.eye(3), np.zeros((3, 3)), None, angles=[([[0, 1, 2]], SplineBasis(3.2, 0.1))])
    bond = match_forces(*sampled_pair(r, r), None, bonds=[([[0, 1]], SplineBasis(2.0, 0.1))])
    for arguments, message in (
        ((matched,), "pair_0_0 must push at 1, the closest distance"),
        ((matched, "pair_0_1"), r"a pair or a bond that was matched \(pair_0_0\)"),
        ((angle, "angle_0"), "there is none"),
        ((bond, "bond_0"), "must push at its short end"),
    ):
        with pytest.raises(ParameterError, match=message):
            potential(*arguments)
    for fewest, message in ((10**6, "must be what some interval has"),):
        with pytest.raises(ParameterError, match=message):
            potential(matched, fewest=fewest)

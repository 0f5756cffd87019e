"""Mass action of mixtures and the tree of their bonds, against closed forms and against a tree grown by chance."""

import math

import numpy as np
import pytest
from mesoscale.biology.golgi import (
    Protein,
    bond_equilibrium,
    complex_concentration,
    gel_fraction,
    gel_threshold,
    gel_window,
    heterotypic_branching_number,
    heterotypic_critical_dissociation_constant,
    homotypic_bond_probability,
    lower_gel_concentration,
    mean_cluster_size,
    upper_gel_concentration,
)
from mesoscale.biology.golgi.mixture import _free_stickers, composition_of
from mesoscale.core.model import ParameterError


def pair(f, g, a, b):
    return [
        Protein(name="A", valence=f, concentration=a, sticker="a", partner="b"),
        Protein(name="B", valence=g, concentration=b, sticker="b", partner="a"),
    ]


GRASP_WITH_TAIL = [
    Protein(name="golgin", valence=4, concentration=8e-3, sticker="end", partner="pocket"),
    Protein(name="GRASP", valence=2, concentration=1e-2, sticker="pocket", partner="end"),
    Protein(
        name="GRASP",
        valence=2,
        concentration=None,
        sticker="tail",
        partner="pocket",
        relative_dissociation_constant=3.0,
    ),
]


@pytest.mark.parametrize("valence", [1, 2, 3, 7])
@pytest.mark.parametrize("constant", [1e-6, 0.02, 3.0])
def test_one_protein_agrees_with_the_closed_forms(valence, constant):
    state = bond_equilibrium([Protein(valence=valence, concentration=0.01)], constant)
    p = homotypic_bond_probability(valence * 0.01, constant)
    assert state.bond_probability == pytest.approx(p, rel=1e-12)
    assert state.branching_number == pytest.approx(p * (valence - 1), rel=1e-12, abs=1e-15)
    assert state.gel_fraction == pytest.approx(gel_fraction(p, float(valence)), abs=1e-11)
    if p * (valence - 1) < 1:
        assert state.cluster_size == pytest.approx(mean_cluster_size(p, float(valence)), rel=1e-12)
    else:
        assert state.cluster_size is None


@pytest.mark.parametrize("constant", [1e-8, 5e-3, 0.3, 100.0])
def test_two_proteins_agree_with_the_closed_forms(constant):
    state = bond_equilibrium(pair(4, 3, 8e-3, 1e-2), constant)
    ab = complex_concentration(32e-3, 30e-3, constant)
    assert state.bound[0, 1] == pytest.approx(ab / 32e-3, rel=1e-9)
    assert state.bound[1, 0] == pytest.approx(ab / 30e-3, rel=1e-9)
    rho = heterotypic_branching_number(ab / 32e-3, ab / 30e-3, 4.0, 3.0)
    assert state.branching_number == pytest.approx(rho, rel=1e-9)


def test_a_product_of_a_table_is_the_square_of_the_branching_number():
    assert bond_equilibrium(pair(4, 2, 8.0, 10.0), 5.0).branching_number ** 2 == pytest.approx(1.108167, abs=1e-6)
    assert bond_equilibrium(pair(4, 3, 8.0, 10.0), 5.0).branching_number ** 2 == pytest.approx(2.6941967, abs=1e-7)


def test_mass_action_holds_for_random_mixtures():
    rng = np.random.default_rng(1)
    for _ in range(200):
        n = rng.integers(1, 9)
        total = 10 ** rng.uniform(-6, 3, n)
        strengths = np.where(rng.random((n, n)) < 0.6, 10 ** rng.uniform(-6, 12, (n, n)), 0.0)
        strengths = np.tril(strengths) + np.tril(strengths, -1).T
        free = _free_stickers(total, strengths)
        assert (free > 0).all()
        np.testing.assert_allclose(free * (1 + strengths @ free), total, rtol=1e-12)


def test_mixing_valences_counts_by_stickers():
    """f_w = sum(c f^2) / sum(c f): half of the molecules divalent, half hexavalent."""
    mixture = [
        Protein(name="two", valence=2, concentration=1.0),
        Protein(name="six", valence=6, concentration=1.0),
    ]
    state = bond_equilibrium(mixture, 5.0)
    assert state.branching_number == pytest.approx(state.bond_probability * (40 / 8 - 1), rel=1e-12)


def test_two_names_of_the_same_protein_are_one():
    split = [Protein(name="one", concentration=3e-3), Protein(name="other", concentration=5e-3)]
    whole = [Protein(name="one", concentration=8e-3)]
    for a, b in zip(bond_equilibrium(split, 0.01)[2:4], bond_equilibrium(whole, 0.01)[2:4], strict=True):
        assert a == pytest.approx(b, rel=1e-12)


def test_networks_that_ignore_each_other_keep_their_own_gel():
    strong = Protein(name="strong", valence=4, concentration=8e-3, sticker="s")
    weak = Protein(name="weak", valence=2, concentration=8e-3, sticker="w")
    both, alone = bond_equilibrium([strong, weak], 0.01), bond_equilibrium([strong], 0.01)
    assert both.branching_number == pytest.approx(alone.branching_number, rel=1e-12)
    assert both.gel_fraction == pytest.approx(alone.gel_fraction / 2, rel=1e-10)


def grow(table, bound, rng, most):
    """Size of the cluster of a random molecule, bond by bond; `most` if it is larger."""
    counts, total = table.counts.astype(int), table.counts.T @ table.concentrations
    kinds = range(counts.shape[1])
    choices = [rng.choice(len(counts), p=table.concentrations / table.concentrations.sum())]
    open_bonds, size = [], 1
    pending = [(choices[0], None)]
    while pending or open_bonds:
        if pending:
            molecule, entered = pending.pop()
            for a in kinds:
                for _ in range(counts[molecule, a] - (a == entered)):
                    draw = rng.random()
                    for d in kinds:
                        draw -= bound[a, d]
                        if draw < 0:
                            open_bonds.append(d)
                            break
        else:
            d = open_bonds.pop()
            size += 1
            if size >= most:
                return most
            odds = counts[:, d] * table.concentrations / total[d]
            pending.append((rng.choice(len(counts), p=odds), d))
    return size


def test_the_tree_of_competing_stickers_grown_by_chance():
    rng = np.random.default_rng(2)
    table = composition_of(tuple(GRASP_WITH_TAIL))
    gelled = bond_equilibrium(GRASP_WITH_TAIL, 2e-3)
    endless = np.array([grow(table, gelled.bound, rng, 200) == 200 for _ in range(600)])
    assert abs(endless.mean() - gelled.gel_fraction) < 4 * endless.std() / math.sqrt(600)
    liquid = bond_equilibrium(GRASP_WITH_TAIL, 0.05)
    assert liquid.branching_number < 1
    sizes = np.array([grow(table, liquid.bound, rng, 10**6) for _ in range(1500)])
    assert abs(sizes.mean() - liquid.cluster_size) < 4 * sizes.std() / math.sqrt(1500)


def test_the_gel_threshold_is_where_the_branching_number_is_one():
    for proteins in (GRASP_WITH_TAIL, pair(4, 3, 8e-3, 1e-2), [Protein()]):
        constant = gel_threshold(proteins)
        assert bond_equilibrium(proteins, constant).branching_number == pytest.approx(1.0, abs=1e-10)
    law = heterotypic_critical_dissociation_constant(8e-3, 1e-2, 4.0, 3.0)
    assert gel_threshold(pair(4, 3, 8e-3, 1e-2)) == pytest.approx(law, rel=1e-10)


def test_no_threshold_for_chains_and_far_from_stoichiometry():
    assert gel_threshold([Protein(valence=2)]) is None
    assert gel_threshold(pair(2, 2, 8e-3, 8e-3)) is None
    assert gel_threshold(pair(4, 2, 8e-3, 5e-1)) is None
    assert gel_threshold([Protein(concentration=0.0)]) is None


def test_the_window_of_a_self_binding_protein_is_open_above():
    low, high = gel_window([Protein()], 5e-3)
    assert low == pytest.approx(0.09375 * 5e-3, rel=1e-9)
    assert high is None
    assert gel_window([Protein(valence=2)], 5e-3) == (None, None)


def test_a_knocked_out_protein_leaves_the_others():
    without = bond_equilibrium(pair(4, 3, 8e-3, 0.0), 5e-3)
    assert (without.bond_probability, without.branching_number, without.gel_fraction) == (0.0, 0.0, 0.0)
    assert without.cluster_size == 1.0
    assert bond_equilibrium(pair(4, 3, 0.0, 0.0), 5e-3).cluster_size == 1.0


@pytest.mark.parametrize(
    ("rows", "where", "sentence"),
    [
        ([Protein(partner="golgi")], "0.partner", "'golgi' is a sticker of no protein"),
        ([Protein(concentration=None)], "0.concentration", "is missing"),
        ([Protein(), Protein(name="B"), Protein()], "2.name", "separate places"),
        ([Protein(), Protein(concentration=1.0)], "1.concentration", "one molecule has one concentration"),
        (
            [Protein(name=n, relative_dissociation_constant=r) for n, r in (("A", 1.0), ("B", 2.0))],
            "1.relative_dissociation_constant",
            "give it once",
        ),
    ],
)
def test_a_table_that_contradicts_itself(rows, where, sentence):
    with pytest.raises(ParameterError, match=sentence) as caught:
        bond_equilibrium(rows, 1e-3)
    assert where in caught.value.problems


def test_a_partner_spelt_wrongly_is_met_with_a_suggestion():
    with pytest.raises(ParameterError, match="did you mean 'GRASP'"):
        bond_equilibrium([Protein(sticker="GRASP", partner="GRASB")], 1e-3)


def test_a_window_narrower_than_the_search_grid_is_found():
    # just below the weakest bond for which equation (7) has real roots: (m - 1)^2 s / (4 m)
    constant = 25 * 32e-3 / 24 * (1 - 1e-5)
    low, high = gel_window(pair(4, 3, 8e-3, 1e-2), constant, protein=1)
    assert low == pytest.approx(lower_gel_concentration(8e-3, constant, 4.0, 3.0), rel=1e-6)
    assert high == pytest.approx(upper_gel_concentration(8e-3, constant, 4.0, 3.0), rel=1e-6)
    assert high / low < 1.05


def test_a_dissociation_constant_may_have_a_unit_and_must_be_one():
    assert (
        bond_equilibrium([Protein()], "5 uM").bond_probability == bond_equilibrium([Protein()], 5e-3).bond_probability
    )
    for nonsense in (0.0, -1.0, "5 nm", math.nan, None, "strong"):
        with pytest.raises(ParameterError, match="dissociation_constant"):
            bond_equilibrium([Protein()], nonsense)


@pytest.mark.parametrize("protein", [-1, 1, True, 0.0])
def test_a_row_that_is_not_there(protein):
    with pytest.raises(ParameterError, match="number of a row"):
        gel_window([Protein()], 5e-3, protein=protein)


def test_an_empty_table():
    with pytest.raises(ParameterError, match="at least one row"):
        gel_threshold([])


def test_all_stickers_bound_is_no_division_by_zero():
    state = bond_equilibrium([Protein(valence=3, concentration=1e3)], 1e-9)
    assert state.gel_fraction == pytest.approx(1.0)
    assert state.branching_number == pytest.approx(2.0, rel=1e-5)

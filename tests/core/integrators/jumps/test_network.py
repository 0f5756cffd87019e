"""Networks: built three ways, checked as a whole, laid out as arrays."""

import csv

import numpy as np
import pytest
from mesoscale.core.integrators.jumps import Constant, Event, Reaction, ReactionNetwork, Species, ssa
from mesoscale.core.integrators.jumps.expressions import DEEPEST
from mesoscale.core.integrators.jumps.layout import all_propensities, custom_propensity
from mesoscale.core.model import ParameterError

ROWS = [
    {"name": "pair", "reactants": "2 P + Q", "products": "P2 + Q", "rate": 0.5},
    {"name": "part", "reactants": "P2", "products": "2 P", "propensity": "k * P2 / (1 + P2)"},
    {"name": "feed", "reactants": "", "products": "Q", "rate": 3},
]
AMOUNTS = {"P": 7, "P2": 2, "Q": 5}


def propensities(network, amounts):
    channels = network.channels
    a = np.empty(len(network.reactions))
    assert all_propensities(
        custom_propensity(network), channels, np.array([*amounts, 1.0], dtype=float), a, np.empty(DEEPEST)
    )
    return a


def changes(network, j):
    c = network.channels
    span = slice(c.change_begin[j], c.change_begin[j + 1])
    return dict(zip(c.changed[span].tolist(), c.change[span].tolist(), strict=True))


def dependents(network, j):
    c = network.channels
    return c.dependent[c.dependent_begin[j] : c.dependent_begin[j + 1]].tolist()


def test_a_table_is_a_network(tmp_path):
    from_rows = ReactionNetwork.from_table(ROWS, AMOUNTS, constants={"k": 2.0})
    by_hand = ReactionNetwork(
        species=[Species(name=n, amount=a) for n, a in AMOUNTS.items()],
        reactions=[
            Reaction(name="pair", reactants={"P": 2, "Q": 1}, products={"P2": 1, "Q": 1}, rate=0.5),
            Reaction(name="part", reactants={"P2": 1}, products={"P": 2}, propensity="k * P2 / (1 + P2)"),
            Reaction(name="feed", products=["Q"], rate=3.0),
        ],
        constants=[Constant(name="k", value=2.0)],
    )
    assert from_rows == by_hand
    path = tmp_path / "network.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["name", "reactants", "products", "rate", "propensity"])
        writer.writeheader()
        writer.writerows(ROWS)
    assert ReactionNetwork.from_table(path, AMOUNTS, constants={"k": 2.0}) == by_hand

    class Frame:  # what is used of a pandas.DataFrame, whose empty cells are NaN
        def to_dict(self, orient):
            assert orient == "records"
            return [{"propensity": np.nan, "rate": np.nan} | row for row in ROWS]

    assert ReactionNetwork.from_table(Frame(), AMOUNTS, constants={"k": 2.0}) == by_hand
    assert from_rows.names == ("P", "P2", "Q")


def test_propensities_count_sets_of_molecules():
    network = ReactionNetwork.from_table(
        [
            *ROWS,
            {"reactants": "3 P", "rate": 1.0},
            {"reactants": "2 P", "rate": 1.0},
            {"reactants": "P + P2 + Q", "rate": 1.0},
        ],
        AMOUNTS,
        constants={"k": 2.0},
    )
    expected = [0.5 * 21 * 5, 2.0 * 2 / 3, 3.0, 35.0, 21.0, 7 * 2 * 5]
    np.testing.assert_allclose(propensities(network, [7, 2, 5]), expected, rtol=1e-15)
    for few in (0, 1, 2):  # fewer molecules than a reaction takes never give anything, and never less than nothing
        a = propensities(network, [few, 1, 1])
        assert a[3] == 0.0
        assert a[4] == (1.0 if few == 2 else 0.0)


def test_changes_are_net_and_dependents_complete():
    network = ReactionNetwork.from_table(ROWS, AMOUNTS, constants={"k": 2.0})
    assert [changes(network, j) for j in range(3)] == [{0: -2, 1: 1}, {1: -1, 0: 2}, {2: 1}]
    assert [dependents(network, j) for j in range(3)] == [[0, 1], [0, 1], [0]]
    fixed = network.replace(**{"species.2.fixed": True})
    assert changes(fixed, 2) == {}
    assert dependents(fixed, 2) == []
    function = network.replace(
        reactions=[*network.reactions, Reaction(reactants={"Q": 1}, propensity=lambda x, k: 1.0)]
    )
    assert dependents(function, 2) == [0, 3]  # nobody can see what a function reads


def test_amounts_by_dependency_are_amounts_by_brute_force():
    rng = np.random.default_rng(0)
    names = [f"S{i}" for i in range(6)]
    reactions = [
        Reaction(
            reactants=list(rng.choice(names, rng.integers(0, 4))), products=list(rng.choice(names, rng.integers(0, 4))),
            rate=float(rng.uniform(0.1, 1.0)),
        )
        for _ in range(30)
    ]  # fmt: skip
    network = ReactionNetwork(species=[Species(name=n, amount=5) for n in names], reactions=reactions)
    x = rng.integers(3, 9, 6)
    before = propensities(network, x)
    for j in range(30):
        y = x.astype(float)
        for i, by in changes(network, j).items():
            y[i] += by
        moved = np.flatnonzero(propensities(network, y) != before)
        assert set(moved) <= set(dependents(network, j))


def test_a_sweep_reaches_a_rate_by_its_path():
    network = ReactionNetwork.from_table(ROWS, AMOUNTS, constants={"k": 2.0})
    other = network.replace(**{"reactions.0.rate": 9.0, "constants.0.value": 4.0})
    np.testing.assert_allclose(propensities(other, [7, 2, 5])[:2], [9.0 * 105, 4.0 * 2 / 3])
    assert network.reactions[0].rate == 0.5


def build(**changed):
    parts = {"species": [Species(name="A", amount=3)], "reactions": [Reaction(reactants={"A": 1}, rate=1.0)]}
    return ReactionNetwork(**(parts | changed))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Reaction(reactants={"A": 1}), "propensity must be given"),
        (lambda: Reaction(reactants={"A": 1}, rate=1.0, propensity="A"), "not both"),
        (lambda: Reaction(reactants={"A": 4}, rate=1.0), "at most 3 molecules"),
        (lambda: Reaction(reactants={"A": 0}, rate=1.0), "whole numbers of at least 1"),
        (lambda: Reaction(reactants={"A": 1.5}, rate=1.0), "whole numbers of at least 1"),
        (lambda: Reaction(reactants="A", rate=1.0), "mapping such as"),
        (lambda: Reaction(reactants={"A": 1}, rate=-1.0), "rate"),
        (lambda: Reaction(reactants={"A": 1}, rate=np.inf), "rate"),
        (lambda: Species(name="A B"), "a word of letters"),
        (lambda: Species(name="exp"), "a word of letters"),
        (lambda: Species(name="A", amount=-1), "amount"),
        (lambda: Event(assignments={"A": 1}), "condition must be given"),
        (lambda: Event(time=1.0, condition="A > 1", assignments={"A": 1}), "not both"),
        (lambda: Event(time=1.0), "must change something"),
        (lambda: build(reactions=[Reaction(reactants={"B": 1}, rate=1.0)]), "'B', which the network does not have"),
        (lambda: build(reactions=[Reaction(propensity="A * z")]), "'z', which is neither"),
        (lambda: build(reactions=[Reaction(propensity="A * time")]), "must not use time"),
        (lambda: build(reactions=[Reaction(propensity="A.real")]), "not allowed in a formula"),
        (lambda: build(species=[Species(name="A"), Species(name="A")]), "'A' occurs twice"),
        (lambda: build(constants=[Constant(name="A", value=1.0)]), "'A' occurs twice"),
        (lambda: build(species=[]), "must be 1 to"),
        (lambda: build(events=[Event(time=1.0, assignments={"B": 1})]), "'B', which is no species"),
        (lambda: build(events=[Event(time=1.0, assignments={"A": "B"})]), "'B', which is neither"),
        (lambda: build(events=[Event(condition="B > 1", assignments={"A": 1})]), "'B', which is neither"),
        (lambda: ReactionNetwork.from_table([{"reactants": "2 x P", "rate": 1}], {"P": 1}), "such as '2 P [+] Q'"),
        (lambda: ReactionNetwork.from_table([{"reactants": "P", "rate": "fast"}], {"P": 1}), "rate"),
    ],
)
def test_a_bad_network_is_one_clear_sentence(make, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_equal_terms_of_a_table_add_up():
    network = ReactionNetwork.from_table([{"reactants": "P + P", "products": "0", "rate": 1}], {"P": 4})
    assert network.reactions[0].reactants == (("P", 2),)
    assert set(ssa(network, [0.0, 1e6]).amount.values[0, :, 0].tolist()) == {4, 0}

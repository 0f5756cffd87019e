"""The table of parameters says what the model says."""

import pytest
from mesoscale.atlas.parameters import read_parameters


@pytest.fixture(scope="module")
def table(springs):
    return {parameter.path: parameter for parameter in read_parameters(springs.Springs())}


def test_nested_records_are_reached_by_dotted_paths(table):
    assert list(table) == [
        "bond_length", "spread", "temperature", "wall", "shape", "hooks.0.width", "hooks.1.width", "bonds",
    ]  # fmt: skip
    assert table["hooks.1.width"].value == 2e-9


def test_values_bounds_and_sources_are_shown_with_units(table):
    bond = table["bond_length"]
    assert (bond.shown, bond.bounds, bond.source, bond.unit) == ("340 pm", "> 0, ≤ 1 mm", "Doe 1999", "m")
    assert table["bonds"].shown == "100"
    assert table["bonds"].bounds == "≥ 1, ≤ 10000"
    assert table["temperature"].shown == "300 K"


def test_what_may_be_none_says_so_and_keeps_its_bounds(table, springs):
    assert table["wall"].optional
    assert table["wall"].bounds == "> 0, ≤ 1 m"
    without = {p.path: p for p in read_parameters(springs.Springs(wall=None))}
    assert without["wall"].shown == "none"
    assert not table["bond_length"].optional


def test_choices_are_listed(table):
    assert table["shape"].kind == "choice"
    assert table["shape"].choices == ("straight", "round")
    assert table["shape"].shown == "straight"


def test_options_are_spelt_with_hyphens(table):
    assert table["bond_length"].option == "--bond-length"
    assert table["hooks.0.width"].option == "--hooks.0.width"

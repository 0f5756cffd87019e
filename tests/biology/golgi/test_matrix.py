"""The model: what it answers, what it refuses, tables of proteins, the map of spanning."""

import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.biology.golgi import (
    GM130_ALONE,
    GM130_GRASP65,
    GM130_GRASP65_LINKED,
    GolgiMatrix,
    Protein,
    gel_threshold,
    mean_degree,
    spanning_map,
)
from mesoscale.core.model import ParameterError

SMALL = GM130_GRASP65.replace(**GolgiMatrix.quick)


@pytest.fixture(scope="module")
def default():
    return GM130_GRASP65.run()


# ---------------------------------------------------------------------------------------------------- what it says


def test_the_tree_gels_and_the_slab_does_not(default):
    assert bool(default.tree_gels)
    assert not bool(default.spans)
    assert float(default.naive_answer) > 0.5
    assert float(default.answer) < 0.05
    assert float(default.spanning_dissociation_constant) < 0.5 * float(default.critical_dissociation_constant)
    assert float(default.spanning_bond_probability) > float(default.gel_point)


def test_thresholds_do_not_depend_on_the_bond_that_is_asked_about(default):
    strong = GM130_GRASP65.replace(dissociation_constant="0.5 uM").run()
    assert bool(strong.spans)
    assert float(strong.answer) > 0.8
    assert float(strong.critical_dissociation_constant) == float(default.critical_dissociation_constant)
    difference = float(strong.spanning_dissociation_constant - default.spanning_dissociation_constant)
    errors = [float(ds.spanning_dissociation_constant_error) for ds in (strong, default)]
    assert abs(difference) < 4 * math.hypot(*errors)


def test_the_reported_numbers_are_those_of_the_laws(default):
    model = GM130_GRASP65
    assert float(default.branching_number) == model.governing_ratio()
    assert float(default.critical_dissociation_constant) == gel_threshold(model.proteins)
    density = 2000 / float(default.width) ** 2
    assert float(default.mean_possible_partners) == pytest.approx(mean_degree(density, 8e-8, 1e-7))
    assert float(default.bond_probability) == pytest.approx(float(default.mass_action_bond_probability), rel=0.07)


def test_the_spanning_network_is_never_more_than_everything(default):
    for name in ("answer", "largest_fraction", "spanning_probability", "bond_probability"):
        assert 0.0 <= float(default[name]) <= 1.0
    assert (default.scanned_network <= 1).all()
    assert (np.diff(default.scanned_gel_fraction) >= 0).all()


def test_slab_and_tree_agree_the_better_the_longer_the_reach():
    """Tree-like in the limit: the ratio of the two thresholds falls towards 1."""
    ratios = []
    for reach in ("80 nm", "105 nm", "140 nm"):
        ds = GM130_ALONE.replace(reach=reach, molecules=2500, slabs=6, sweeps=12).run()
        ratios.append(float(ds.critical_dissociation_constant / ds.spanning_dissociation_constant))
    assert ratios[0] > ratios[1] > ratios[2] > 1


def test_tails_that_link_dimers_help_the_slab_to_span():
    linked = GM130_GRASP65_LINKED.replace(**GolgiMatrix.quick).run()
    plain = SMALL.run()
    assert float(linked.critical_dissociation_constant) > float(plain.critical_dissociation_constant)
    assert float(linked.answer) > float(plain.answer)


def test_chains_never_gel_and_that_is_no_error():
    ds = SMALL.replace(proteins=(Protein(valence=2, concentration="20 uM"),)).run()
    assert not bool(ds.gel_point_exists)
    assert math.isnan(float(ds.gel_point))
    assert not bool(ds.critical_dissociation_constant_exists)
    assert not bool(ds.tree_gels)
    assert float(ds.branching_number) < 1
    assert bool(ds.tree_cluster_size_exists)


def test_no_molecules_no_network():
    ds = SMALL.replace(proteins=(Protein(concentration=0.0),)).run()
    assert (float(ds.answer), float(ds.naive_answer), float(ds.bond_probability)) == (0.0, 0.0, 0.0)
    assert not bool(ds.width_exists)


def test_one_protein_knocked_out():
    ds = SMALL.replace(**{"proteins.1.concentration": 0.0}).run()
    assert (float(ds.answer), float(ds.naive_answer), float(ds.bond_probability)) == (0.0, 0.0, 0.0)
    assert float(ds.finite_cluster_size) == 1.0


def test_molecules_so_thin_that_none_reaches_another():
    ds = SMALL.replace(**{"proteins.0.concentration": 1e-9, "proteins.1.concentration": 1e-9}).run()
    assert float(ds.answer) == 0.0
    assert not bool(ds.spanning_dissociation_constant_exists)


def test_bonds_too_strong_to_be_renewed_are_flagged():
    assert not bool(SMALL.replace(dissociation_constant=1e-8).run().answer_valid)
    assert bool(SMALL.run().answer_valid)


def test_the_governing_ratio_is_one_at_the_tree_s_threshold():
    assert GM130_GRASP65.at_ratio(1.0).dissociation_constant == pytest.approx(gel_threshold(GM130_GRASP65.proteins))


# ------------------------------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("changes", "where", "sentence"),
    [
        ({"molecules": 499}, "molecules", "must be at least 500"),
        ({"reach": "0.5 um"}, "reach", "at most a third of the slab's width.*take at least 3294 molecules"),
        ({"dissociation_constant": 0.0}, "dissociation_constant", "must be at least"),
        ({"dissociation_constant": "5 nm"}, "dissociation_constant", "cannot be converted"),
        ({"molecules": 100_000}, "slabs", "visits of possible bonds"),
        ({"molecules": 20_000, "reach": "390 nm"}, "molecules", "pairs within reach"),
        ({"slabs": 10_000}, "slabs", "and replicates for more statistics"),
        ({"proteins": ()}, "proteins", "1 to 16 rows"),
        ({"proteins": tuple(Protein(name=str(i)) for i in range(17))}, "proteins", "1 to 16 rows"),
        ({"proteins": (Protein(concentration=1e-14),)}, "proteins", "add up to 0 or to at least"),
        (
            {"proteins": (Protein(name="A", concentration=600), Protein(name="B", concentration=600))},
            "proteins",
            "1000",
        ),
        ({"proteins.1.partner": "golgim"}, "proteins.1.partner", "did you mean 'golgin'"),
        ({"proteins.1.concentration": None}, "proteins.1.concentration", "is missing"),
    ],
)
def test_bad_input_is_one_clear_error(changes, where, sentence):
    with pytest.raises(ParameterError, match=sentence) as caught:
        GM130_GRASP65.replace(**changes)
    assert where in caught.value.problems


def test_a_fraction_of_a_sticker_and_molecules_per_area_are_refused():
    with pytest.raises(ParameterError, match="whole number"):
        Protein(valence=2.5)
    with pytest.raises(ParameterError, match=r"um-2.*cannot be converted"):
        Protein(concentration="500 um-2")


# --------------------------------------------------------------------------------------------------------- tables

CSV = """# golgins of one lab
name, valence, concentration [uM], sticker, partner, dissociation_constant
GM130, 4, 8, golgin, GRASP, 5 uM
GRASP65, 2, 16, GRASP, golgin,
GRASP65, 2, , tail, GRASP, 20 uM
"""


def test_a_csv_file_with_units_in_headings_and_cells(tmp_path):
    path = tmp_path / "proteins.csv"
    path.write_text(CSV)
    model = GolgiMatrix.from_table(path, reach="70 nm")
    assert model.dissociation_constant == pytest.approx(5e-3)
    assert [p.concentration for p in model.proteins] == [pytest.approx(8e-3), pytest.approx(16e-3), None]
    assert [p.relative_dissociation_constant for p in model.proteins] == [1.0, None, pytest.approx(4.0)]
    assert model.reach == pytest.approx(7e-8)
    assert model.governing_ratio() == GolgiMatrix.from_table(str(path)).governing_ratio()


def test_a_mapping_a_data_frame_and_surface_densities():
    class Frame(dict):
        """What a data frame offers: columns by name, NaN for what is missing."""

        @property
        def columns(self):
            return list(self)

    columns = {
        "Name": ["GM130", "GRASP65"],
        "valence": [4.0, 2],
        "surface density (um-2)": [500, 1000.0],
        "sticker": ["golgin", "GRASP"],
        "partner": ["GRASP", "golgin"],
        "dissociation constant (uM)": [5.0, math.nan],
    }
    for table in (columns, Frame(columns)):
        model = GolgiMatrix.from_table(table, thickness="100 nm")
        assert model.proteins[0].concentration * 1e3 == pytest.approx(8.303, abs=5e-4)
        assert model.dissociation_constant == pytest.approx(5e-3)
        assert model.thickness == pytest.approx(1e-7)


def row(**changes):
    base = {"name": ["GM130"], "valence": [4], "concentration": ["8 uM"], "dissociation_constant": ["5 uM"]}
    return {k: v for k, v in {**base, **changes}.items() if v is not None}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (row(concentration=[8.0]), r"needs a unit, in the heading \('concentration \[uM\]'\)"),
        (row(concentration=["8"]), "needs a unit"),
        (row(concentration=["8 nm"]), "cannot be converted"),
        (row(concentration=["eight uM"]), "row 1, concentration must be a number"),
        (row(concentration=["-8 uM"]), "row 1, concentration must be at least 0"),
        (row(dissociation_constant=["0 uM"]), "row 1, dissociation_constant must be greater than 0"),
        (row(valence=[2.5]), "row 1, valence must be a whole number"),
        (row(valence=["four"]), "row 1, valence must be a whole number"),
        (row(valence=[0]), "row 1, valence must be at least 1"),
        (row(valence=[True]), "whole number"),
        (row(valence=[None]), "row 1, valence is missing"),
        (row(valense=[4]), "did you mean valence"),
        (row(colour=["red"]), "there are name, valence"),
        (row(valence=[4, 3]), "columns of one length"),
        (row(valence=4), "sequence of values"),
        (row(concentration=None, surface_density=["500 um-2"]), "needs the thickness of the slab"),
        (row(surface_density=["500 um-2"]), "give one of them"),
        (42, "path of a CSV file, a mapping"),
        ("no/such/file.csv", "cannot be read as a CSV file"),
    ],
)
def test_a_table_that_cannot_be_understood(table, sentence):
    with pytest.raises(ParameterError, match=sentence):
        GolgiMatrix.from_table(table)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name, valence", "a line of headings and at least one line"),
        ("name,valence,concentration [uM]\nGM130,4,8,5\n", "has 4 cells for 3 headings"),
        ("", "a line of headings"),
    ],
)
def test_a_file_that_cannot_be_understood(tmp_path, text, sentence):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ParameterError, match=sentence):
        GolgiMatrix.from_table(path)


def test_a_file_of_another_kind_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"0" * 1_000_001)
    with pytest.raises(ParameterError, match="at most 1000000 bytes"):
        GolgiMatrix.from_table(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="cannot be read"):
        GolgiMatrix.from_table(path)


# ------------------------------------------------------------------------------------------------------- the map


def test_over_which_concentrations_and_affinities_it_spans():
    seen = []
    found = spanning_map(
        SMALL,
        ["1 uM", "8 uM", "0.1 mM"],
        xr.DataArray([0.1, 1.0, 5.0, 100.0], dims="k", attrs={"units": "uM"}),
        seed=1,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert dict(found.sizes) == {"concentration": 3, "dissociation_constant": 4}
    assert found.concentration.values == pytest.approx([1e-3, 8e-3, 0.1])
    assert (found.gel_fraction.values[:, -1] == 0).all()  # weak bonds gel nowhere
    assert float(found.spanning_probability[1, 0]) > 0.9
    assert (found.spanning_probability.values[:, -1] == 0).all()
    # the slab spans nowhere where the tree does not gel, and not everywhere where it does
    assert not ((found.spanning_probability > 0.5) & (found.branching_number < 1)).any()
    assert ((found.spanning_probability < 0.5) & (found.branching_number > 1)).any()
    both = found.spanning_dissociation_constant.notnull()
    assert (found.spanning_dissociation_constant < found.critical_dissociation_constant).values[both].all()
    assert seen[-1][0] == seen[-1][1]
    for name, variable in found.variables.items():
        assert variable.attrs.get("units"), name
        assert variable.attrs.get("long_name"), name


def test_a_map_at_one_point_is_the_run():
    found = spanning_map(SMALL, [8.303e-3], [5e-3])
    assert float(found.branching_number[0, 0]) == SMALL.governing_ratio()
    again = spanning_map(SMALL, [8.303e-3], [5e-3])
    assert again.identical(found)


@pytest.mark.parametrize(
    ("concentrations", "sentence"),
    [([], "at least one"), (["8 nm"], "sequence of concentrations"), ([[1.0]], "sequence"), (["-1 uM"], "at least 0")],
)
def test_a_map_over_nonsense_is_refused(concentrations, sentence):
    with pytest.raises(ParameterError, match=sentence):
        spanning_map(SMALL, concentrations, [5e-3])


def test_a_map_over_constants_that_the_model_refuses():
    with pytest.raises(ParameterError, match="dissociation_constant must be at most"):
        spanning_map(SMALL, [8e-3], [5e-3, 1e9])

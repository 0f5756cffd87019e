"""The two ways to find models agree, and a name leads to what was meant."""

import subprocess
import sys

import pytest
from mesoscale.atlas.catalogue import (
    Entry,
    NameUnknownError,
    choose,
    find_entry,
    load,
    option_paths,
    read_entries,
    subject_of,
    walk_models,
)


def test_models_are_read_from_rooms_folders_and_sibling_files(entries):
    assert [(entry.path, entry.is_model) for entry in entries] == [
        ("fakelib.lab.methods", False),
        ("fakelib.shop.springs.Springs", True),
        ("fakelib.shop.levers.Lever", True),
    ]


def test_first_lines_and_presets_are_read_without_import(entries):
    assert entries[1].summary == "Springs in a row, and the chain that they make."
    assert entries[1].presets == ("LONG",)
    assert entries[2].presets == ("LIFTED",)


def test_listing_by_ast_equals_listing_by_import_in_the_small_library(entries):
    assert [e.path for e in entries if e.is_model] == list(walk_models("fakelib", ("lab", "shop")))


def test_listing_by_ast_equals_listing_by_import_in_the_library():
    assert [e.path for e in read_entries() if e.is_model] == list(walk_models())


def test_presets_by_ast_equal_presets_by_type():
    for entry in read_entries():
        if entry.is_model:
            assert set(entry.presets) == set(load(entry).presets), entry.path


def test_class_names_are_unique_in_the_library():
    names = [entry.name.lower() for entry in read_entries() if entry.is_model]
    assert len(set(names)) == len(names)


def test_reading_names_imports_neither_numba_nor_xarray_nor_pydantic():
    code = (
        "import sys; from click.testing import CliRunner; from mesoscale.atlas.command_line import main\n"
        "result = CliRunner().invoke(main, ['list']); assert result.exit_code == 0, result.output\n"
        "heavy = {'numba', 'xarray', 'pydantic', 'matplotlib', 'scipy', 'pint', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("name", ["Springs", "springs", "SPRINGS", "fakelib.shop.springs.Springs"])
def test_a_model_is_found_by_name_in_any_case_and_by_path(entries, name):
    assert find_entry(name, entries).path == "fakelib.shop.springs.Springs"


def test_an_unknown_name_gets_a_suggestion(entries):
    with pytest.raises(NameUnknownError, match=r"no model is called 'Sprigns'; did you mean Springs\?"):
        find_entry("Sprigns", entries)


def test_a_name_unlike_all_others_gets_the_list(entries):
    with pytest.raises(NameUnknownError, match="there are Springs, Lever"):
        find_entry("zzzzzzzz", entries)


def test_a_module_of_methods_is_no_model_to_be_run(entries):
    with pytest.raises(NameUnknownError):
        find_entry("methods", entries)


def test_a_pattern_chooses_by_path(entries):
    assert [e.name for e in choose(entries, r"shop\.lev")] == ["Lever"]
    assert choose(entries, None) == tuple(entries)


@pytest.mark.parametrize("pattern", ["(", "[", "*"])
def test_a_broken_pattern_is_one_sentence(entries, pattern):
    with pytest.raises(NameUnknownError, match="is not a regular expression"):
        choose(entries, pattern)


def test_a_pattern_without_match_says_so(entries):
    with pytest.raises(NameUnknownError, match="no model's path matches 'nothing'"):
        choose(entries, "nothing")


def test_a_loaded_model_brings_evidence_presets_and_story(entries):
    subject = load(entries[1])
    assert [entry.name for entry in subject.evidence] == ["length", "mean of ten", "lost number", "slow sum"]
    assert list(subject.presets) == ["LONG"]
    assert subject.presets["LONG"].bond_length == 1e-9
    assert subject.story.startswith("Springs in a row")


def test_a_folder_brings_the_stories_of_its_parts(entries):
    subject = load(entries[2])
    assert list(subject.parts) == ["fakelib.shop.levers.arms"]
    assert "F = m g" in subject.parts["fakelib.shop.levers.arms"]
    assert subject.evidence == ()


def test_a_module_of_methods_brings_its_evidence(entries):
    subject = load(entries[0])
    assert subject.model is None
    assert len(subject.evidence) == 1


def test_a_class_alone_is_enough(springs):
    subject = subject_of(springs.Springs)
    assert subject.path == "fakelib.shop.springs.Springs"
    assert subject.name == "Springs"
    assert len(subject.evidence) == 4


def test_evidence_is_counted_once_where_a_module_has_two_models(springs, monkeypatch):
    second = type("Coils", (springs.Springs,), {"__doc__": "A second model.", "__module__": springs.__name__})
    monkeypatch.setattr(springs, "Coils", second, raising=False)
    monkeypatch.setattr(springs, "__all__", ["Springs", "Coils"])
    assert subject_of(second).evidence == ()
    assert len(subject_of(springs.Springs).evidence) == 4


def test_parameters_are_read_for_completion(fakelib, entries):
    folder = fakelib
    paths = option_paths(entries[1], folder)
    assert paths == ("bond_length", "spread", "temperature", "wall", "shape", "hooks", "bonds")
    assert option_paths(entries[2], folder) == ("arm",)
    assert option_paths(Entry("fakelib.shop.nothing.Nobody", ""), folder) == ()

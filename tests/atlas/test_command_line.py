"""The command line: what was asked for happens, and what goes wrong is one line."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr
from mesoscale import __version__
from mesoscale.atlas import survey as survey_module
from mesoscale.atlas.files import read_dataset
from mesoscale.core.model import Model

COMMAND = [sys.executable, "-c", "from mesoscale.atlas.command_line import main; main()"]


def one_line(result, code):
    """The error of a call that failed as it should."""
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("mesoscale: ")
    return line


def test_the_version(invoke):
    assert __version__ in invoke("--version").output


def test_without_a_command_the_help_is_shown(invoke):
    result = invoke()
    assert result.exit_code == 0
    for command in ("atlas", "list", "show", "run", "replay", "compare"):
        assert command in result.output


def test_list_names_every_model(invoke):
    result = invoke("list")
    assert result.exit_code == 0
    assert "Springs  Springs in a row, and the chain that they make." in result.output
    assert "fakelib.shop.levers.Lever" in result.output
    assert "methods" not in result.output


def test_show_names_parameters_and_results_with_units_bounds_and_sources(invoke):
    result = invoke("show", "springs")
    assert result.exit_code == 0
    assert "governing ratio: spread of the bonds / one = 0.5, moved by spread" in result.output
    assert "bond_length = 340 pm   (> 0, ≤ 1 mm)" in result.output
    assert "length of a bond. Source: Doe 1999" in result.output
    assert "shape = straight   (straight, round)" in result.output
    assert "rate [s⁻¹] over (lag): rate of opening" in result.output
    assert "exists at late times" in result.output
    assert "LONG: bond_length 1 nm" in result.output


def test_run_prints_results_with_units_and_errors(invoke):
    result = invoke("run", "Springs")
    assert result.exit_code == 0
    assert re.search(r"answer +22.7 ± 0.3 nm +length of the chain", result.output)


def test_run_reads_units_choices_none_and_nested_parameters(invoke, tmp_path):
    out = tmp_path / "x.nc"
    options = ["--bond-length", "1 nm", "--shape", "round", "--wall", "none", "--hooks.1.width", "5 nm"]
    result = invoke("run", "springs", *options, "--temperature", "20 degC", "--seed", "7", "--out", str(out))
    assert result.exit_code == 0, result.output
    with xr.open_dataset(out, engine="h5netcdf") as dataset:
        assert float(dataset["bond_length"]) == 1e-9
        assert float(dataset["hooks.1.width"]) == 5e-9
        assert float(dataset["temperature"]) == 293.15
        assert '"shape": "round"' in dataset.attrs["recipe"]
        assert '"wall": null' in dataset.attrs["recipe"]
        assert '"seed": 7' in dataset.attrs["recipe"]


def test_run_takes_presets_quick_sizes_and_replicates(invoke, tmp_path):
    out = tmp_path / "x.nc"
    result = invoke("run", "Springs", "--preset", "LONG", "--quick", "--replicates", "3", "--out", str(out))
    assert result.exit_code == 0, result.output
    dataset = read_dataset(out)
    assert (float(dataset["bond_length"]), int(dataset["bonds"]), dataset.sizes["replicate"]) == (1e-9, 50, 3)
    assert "3 replicates" in invoke("run", "Springs", "--replicates", "3").output


def test_an_option_on_top_of_a_preset_wins(invoke, tmp_path):
    out = tmp_path / "x.nc"
    invoke("run", "Springs", "--preset", "LONG", "--bonds", "7", "--quick", "--out", str(out))
    assert int(read_dataset(out)["bonds"]) == 7


def test_help_of_a_model_shows_its_parameters(invoke):
    result = invoke("run", "Springs", "--help")
    assert result.exit_code == 0
    assert "--bond-length VALUE" in result.output
    assert "length of a bond [340 pm; > 0, ≤ 1 mm]" in " ".join(result.output.split())
    assert "Springs" in invoke("run", "--help").output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["atls"], 2, "No such command 'atls'"),
        (["--nonsense"], 2, "No such option"),
        (["show"], 2, "Missing argument 'NAME'"),
        (["show", "Sprigns"], 2, "did you mean Springs?"),
        (["run", "Sprigns"], 2, "did you mean Springs?"),
        (["run", "--bond-length", "1 nm"], 2, "No such option"),
        (["run", "Springs", "--bond-lenght", "1 nm"], 2, "--bond-length"),
        (["run", "Springs", "--bond-length"], 2, "requires an argument"),
        (
            ["run", "Springs", "--bond-length", "1 kg"],
            2,
            "bond_length has the unit 'kg', which cannot be converted to 'm'",
        ),
        (["run", "Springs", "--bond-length", "1,5 nm"], 2, "bond_length must be a number with a unit"),
        (["run", "Springs", "--bond-length", "none"], 2, "bond_length must be a number"),
        (
            ["run", "Springs", "--temperature", "-500 degC"],
            2,
            "temperature must be greater than 0 K; the default is 300 K",
        ),
        (["run", "Springs", "--temperature", "-5"], 2, "temperature must be greater than 0 K"),
        (["run", "Springs", "--bonds", "9**9**9"], 2, "bonds must be"),
        (["run", "Springs", "--shape", "square"], 2, "shape must be one of 'straight', 'round'"),
        (["run", "Springs", "--hooks.0.width", "-1"], 2, "width must be greater than 0 m"),
        (["run", "Springs", "--hooks.7.width", "1"], 2, "No such option"),
        (["run", "Springs", "--preset", "SHORT"], 2, "'SHORT' is not"),
        (["run", "Springs", "--seed", "-1"], 2, "seed must be a whole number of at least 0"),
        (["run", "Springs", "--seed", "x"], 2, "is not a valid integer"),
        (["run", "Springs", "--replicates", "0"], 2, "replicates must be a whole number of at least 1"),
        (["run", "Springs", "--out", "/nowhere/at/all.nc"], 1, "No such file or directory"),
        (["replay", "/nowhere/at/all.nc"], 1, "No such file or directory"),
        (["atlas", "--only", "("], 2, "'(' is not a regular expression"),
        (["atlas", "--only", "nothing"], 2, "no model's path matches 'nothing'"),
        (["compare", "Lever"], 2, "Lever is a method, not a phenomenon"),
        (["compare", "Springs", "springs"], 2, "Springs is given more than once"),
        (["compare", "--low", "0"], 2, "--low must be greater than 0"),
        (["compare", "--out", "x.txt"], 2, "must end in .nc, .png or .svg"),
        (["compare", "--points", "0"], 2, "is not in the range"),
    ],
)
def test_what_is_wrong_takes_one_line(invoke, arguments, code, words):
    assert words in one_line(invoke(*arguments), code)


def test_a_negative_temperature_in_celsius_is_a_temperature(invoke, tmp_path):
    out = tmp_path / "x.nc"
    assert invoke("run", "Springs", "--temperature", "-5 degC", "--out", str(out)).exit_code == 0
    assert float(read_dataset(out)["temperature"]) == 268.15


def test_a_defect_in_a_model_is_no_message_to_the_user(invoke, springs, monkeypatch):
    def simulate(self, streams, tick):
        raise ValueError("a defect")

    monkeypatch.setattr(springs.Springs, "simulate", simulate)
    result = invoke("run", "Springs")
    assert isinstance(result.exception, ValueError)


def test_a_result_that_is_not_finite_is_one_line(invoke, springs, monkeypatch):
    def simulate(self, streams, tick):
        return np.divide(1.0, 0.0)

    monkeypatch.setattr(springs.Springs, "simulate", simulate)
    assert "the calculation failed for these parameters" in one_line(invoke("run", "Springs"), 1)


def test_ctrl_c_in_a_run_is_one_line(invoke, springs, monkeypatch):
    def simulate(self, streams, tick):
        raise KeyboardInterrupt

    monkeypatch.setattr(springs.Springs, "simulate", simulate)
    result = invoke("run", "Springs")
    assert result.exit_code == 130
    assert result.stderr.split() == ["mesoscale:", "interrupted"]


def test_atlas_writes_a_page_and_a_table(invoke, tmp_path, monkeypatch):
    result = invoke("atlas", "--quick", "--out", str(tmp_path / "a"), "--only", "springs|methods")
    assert result.exit_code == 0, result.output
    assert {"index.html", "evidence.csv", "Springs.nc"} <= set(os.listdir(tmp_path / "a"))
    assert re.search(r"agrees +\+0.6 % +50.3 nm +50 nm +length", result.output)
    assert re.search("not reproduced .* lost number", result.output)
    assert "3 agrees, 0 disagrees, 1 not reproduced, 0 crashed" in result.output
    assert "Lever" not in result.output


def test_atlas_fails_when_evidence_disagrees(invoke, springs, tmp_path, monkeypatch):
    from mesoscale.core.evidence import Evidence

    wrong = Evidence("wrong", computed=lambda: 1.0, expected=2.0, relative=0.1, kind="theory", source="counting")
    monkeypatch.setattr(springs, "EVIDENCE", (wrong,))
    monkeypatch.setattr(survey_module, "_run", lambda *arguments: None)
    result = invoke("atlas", "--out", str(tmp_path), "--only", "springs")
    assert result.exit_code == 1
    assert re.search("disagrees .* wrong", result.output)


def test_atlas_fails_when_a_model_crashes_and_goes_on(invoke, springs, tmp_path, monkeypatch):
    def simulate(self, streams, tick):
        raise RuntimeError("out of springs")

    monkeypatch.setattr(springs.Springs, "simulate", simulate)
    result = invoke("atlas", "--quick", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "crashed         run: RuntimeError: out of springs" in result.output
    assert (tmp_path / "Lever.nc").exists()


def test_atlas_refuses_a_folder_that_cannot_be_written(invoke, tmp_path):
    (tmp_path / "file").write_text("")
    result = invoke("atlas", "--quick", "--out", str(tmp_path / "file"))
    assert "cannot write into the folder" in one_line(result, 1)


def test_atlas_ends_cleanly_on_ctrl_c(invoke, springs, tmp_path, monkeypatch):
    def simulate(self, streams, tick):
        raise KeyboardInterrupt

    monkeypatch.setattr(springs.Springs, "simulate", simulate)
    result = invoke("atlas", "--quick", "--out", str(tmp_path))
    assert "interrupted; what was finished is written" in one_line(result, 130)
    assert "twice one" in (tmp_path / "evidence.csv").read_text()


def test_compare_prints_and_writes(invoke, tmp_path):
    result = invoke("compare", "--points", "3", "--low", "0.1", "--high", "10", "--out", str(tmp_path / "c.nc"))
    assert result.exit_code == 0, result.output
    assert re.search(r"0\.1 +\+0\.095 ± 0\.011", result.output)
    dataset = read_dataset(tmp_path / "c.nc")
    np.testing.assert_allclose(dataset["Springs"], 2 * dataset["ratio"] / (2 + dataset["ratio"]))
    assert invoke("compare", "Springs", "--points", "1", "--out", str(tmp_path / "c.svg")).exit_code == 0
    assert (tmp_path / "c.svg").read_bytes().startswith(b"<?xml")
    assert invoke("compare", "Springs", "--quick", "--out", str(tmp_path / "c.png")).exit_code == 0


def test_replay_refuses_what_is_not_of_this_library(invoke, tmp_path):
    invoke("run", "Springs", "--out", str(tmp_path / "x.nc"))
    assert "cannot be replayed" in one_line(invoke("replay", str(tmp_path / "x.nc")), 2)
    xr.Dataset().to_netcdf(tmp_path / "empty.nc", engine="h5netcdf")
    assert "no attribute 'recipe'" in one_line(invoke("replay", str(tmp_path / "empty.nc")), 2)


@pytest.fixture
def replayable(invoke, tmp_path, springs, monkeypatch):
    """A result whose recipe counts as one of this library."""
    from mesoscale.core import recipe

    path = tmp_path / "x.nc"
    invoke("run", "Springs", "--out", str(path))
    dataset = read_dataset(path)
    dataset.attrs["recipe"] = dataset.attrs["recipe"].replace('"replayable": false', '"replayable": true')
    monkeypatch.setattr(recipe, "find_model", lambda name: springs.Springs)
    dataset.to_netcdf(path, engine="h5netcdf")
    return path, dataset


def test_replay_of_the_same_bits_succeeds(invoke, replayable):
    result = invoke("replay", str(replayable[0]))
    assert result.exit_code == 0, result.output
    assert "the same bits" in result.output


def test_replay_says_where_bits_differ_and_which_version_wrote_them(invoke, replayable):
    path, dataset = replayable
    dataset["decay"] = dataset["decay"].copy(data=np.nextafter(dataset["decay"].values, 1))
    dataset.attrs["recipe"] = dataset.attrs["recipe"].replace(f'"version": "{__version__}"', '"version": "0.0.1"')
    dataset.to_netcdf(path, engine="h5netcdf")
    result = invoke("replay", str(path))
    assert result.exit_code == 1
    assert "decay differs in 25 of 25 values" in result.output
    assert f"was written by mesoscale 0.0.1; this is {__version__}" in result.output


def complete(monkeypatch, words, incomplete):
    from click.shell_completion import BashComplete
    from mesoscale.atlas.command_line import main

    return [item.value for item in BashComplete(main, {}, "mesoscale", "_X").get_completions(words, incomplete)]


def test_names_and_options_are_completed_without_import(invoke, monkeypatch):
    from mesoscale.atlas import model_commands

    monkeypatch.setattr(model_commands, "load", lambda entry: pytest.fail("imported"))
    assert complete(monkeypatch, [], "sh") == ["show"]
    assert complete(monkeypatch, ["show"], "sp") == ["Springs"]
    assert complete(monkeypatch, ["run"], "") == ["Springs", "Lever"]
    assert complete(monkeypatch, ["run", "Springs"], "--pre") == ["--preset"]
    assert complete(monkeypatch, ["run", "Springs", "--preset"], "") == ["LONG"]


def test_the_console_command_works_in_a_process_of_its_own():
    done = subprocess.run([*COMMAND, "list"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    wrong = subprocess.run([*COMMAND, "run", "nobody"], capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise on Windows")
def test_a_reader_that_goes_away_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "list"], stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
def test_a_real_ctrl_c_is_answered(fakelib, tmp_path):
    """A survey of a model that never ends is interrupted from outside."""
    script = f"""
import sys, time
sys.path.insert(0, {str(fakelib.parent)!r})
from pathlib import Path
from mesoscale.atlas import catalogue, command_line
entries = catalogue.read_entries(Path({str(fakelib)!r}), "fakelib", ("lab", "shop"))
command_line.read_entries = lambda: entries
from fakelib.shop import springs
def simulate(self, streams, tick):
    print("running", flush=True)
    time.sleep(60)
springs.Springs.simulate = simulate
command_line.main(["atlas", "--quick", "--out", {str(tmp_path)!r}])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = iter(process.stdout.readline, "")
    assert any("running" in line for line in lines)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().endswith("mesoscale: interrupted; what was finished is written")
    assert "Traceback" not in errors
    assert (tmp_path / "index.html").exists()


def test_no_option_of_a_model_hides_one_of_the_command(springs):
    from mesoscale.atlas.catalogue import load, read_entries

    fixed = {"preset", "seed", "replicates", "quick", "out", "progress", "no_progress", "help"}
    for entry in read_entries():
        if entry.is_model:
            model: type[Model] = load(entry).model
            assert not fixed & set(model.model_fields), entry.path

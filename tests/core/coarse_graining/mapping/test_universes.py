"""Universes of MDAnalysis, read and written, with a library that looks like it."""

import builtins

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.coarse_graining.mapping import Mapping
from mesoscale.core.model import ParameterError


def chains(molecules, atoms, step, seed=0):
    """Whole random chains (frame, molecule, atom, 3), and masses."""
    rng = np.random.default_rng(seed)
    whole = rng.uniform(-50, 50, (4, molecules, 1, 3)) + np.cumsum(
        step * rng.normal(size=(4, molecules, atoms, 3)), axis=2
    )
    return whole, rng.uniform(1, 16, molecules * atoms)


def labelled(dims=("time", "particle", "axis")):
    whole, masses = chains(5, 4, 0.4)
    atoms = whole.reshape(4, 20, 3)
    variables = {
        name: (dims, atoms * factor, {"units": "1", "long_name": name})
        for name, factor in (("position", 1.0), ("velocity", 2.0), ("force", 3.0))
    }
    return Mapping(np.arange(20).reshape(5, 4), masses), xr.Dataset(variables, {"time": [0.0, 0.5, 1.0, 1.5]}), atoms


class NoDataError(ValueError, AttributeError):
    """As of MDAnalysis."""


class Atoms:
    def __init__(self, whole, indices):
        self.whole, self.indices = whole, indices

    def __len__(self):
        return len(self.indices)

    def __getattr__(self, name):
        try:
            return self.whole[name][self.indices]
        except KeyError:
            raise NoDataError(f"this universe has no {name}") from None


class Bonds:
    def __init__(self, indices):
        self.indices = indices


class Step:
    def __init__(self, time, dimensions):
        self.time, self.dimensions = time, dimensions


class Universe:
    """As much of MDAnalysis.Universe as is used: two molecules of six atoms, two residues each."""

    def __init__(self, dimensions=(20.0, 20.0, 20.0, 90.0, 90.0, 90.0), missing=(), frames=3):
        rng = np.random.default_rng(9)
        whole = rng.uniform(-20, 20, (frames, 2, 1, 3)) + np.cumsum(0.5 * rng.normal(size=(frames, 2, 6, 3)), axis=2)
        self.frames = whole.reshape(frames, 12, 3).astype(np.float32)
        self.dimensions = dimensions
        data = {
            "masses": np.tile([12.0, 1.0, 1.0], 4), "resindices": np.repeat(np.arange(4), 3),
            "fragindices": np.repeat(np.arange(2), 6), "names": np.tile(["C", "H1", "H2"], 4),
            "positions": self.frames[0].copy(), "velocities": self.frames[0] / 2, "forces": self.frames[0] * 3,
        }  # fmt: skip
        self.data = {name: values for name, values in data.items() if name not in missing}
        self.atoms = Atoms(self.data, np.arange(12))
        if "bonds" not in missing:
            self.atoms.bonds = Bonds(np.array([(n, n + 1) for n in range(11) if n != 5]))
        self.trajectory = self

    def __getitem__(self, frames):
        for n in range(len(self.frames))[frames]:
            for name, factor in (("positions", 1), ("velocities", 0.5), ("forces", 3)):
                if name in self.data:
                    self.data[name][:] = self.frames[n] * np.float32(factor)
            dimensions = self.dimensions[n] if isinstance(self.dimensions, list) else self.dimensions
            yield Step(2.0 * n, dimensions)

    def select_atoms(self, text):
        if text == "none":
            return Atoms(self.data, np.array([], dtype=np.int64))
        assert text.startswith("name ")
        return Atoms(self.data, np.flatnonzero(np.isin(self.data["names"], text.split()[1:])))


def lists(mapping):
    return [group.tolist() for group in mapping.groups]


def test_groups_of_a_universe():
    universe = Universe()
    residues = Mapping.from_universe(universe)
    assert lists(residues) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert residues.bead_masses == pytest.approx([14.0] * 4)
    assert residues.bead_bonds.tolist() == [[0, 1], [2, 3]]
    fragments = Mapping.from_universe(universe, "fragments", weights="equal")
    assert lists(fragments) == [list(range(6)), list(range(6, 12))]
    assert fragments.operator.toarray()[0, :6] == pytest.approx([1 / 6] * 6)
    carbons = Mapping.from_universe(universe, selection="name C")
    assert lists(carbons) == [[0], [3], [6], [9]]
    selected = Mapping.from_universe(universe, ["name C", "name H1 H2"], within="residues")
    assert lists(selected)[:3] == [[0], [1, 2], [3]]
    molecules = Mapping.from_universe(universe, ["name C", "name H1 H2"], selection="name C H1", within="fragments")
    assert lists(molecules) == [[0, 3], [1, 4], [6, 9], [7, 10]]
    without = Mapping.from_universe(Universe(missing=["bonds"]), ["name C H1"], within="residues")
    assert without.bonds is None


def test_a_trajectory_of_a_universe(monkeypatch):
    universe = Universe()
    mapping = Mapping.from_universe(universe)
    monkeypatch.setattr("mesoscale.core.coarse_graining.mapping.universes._BLOCK", 20)  # blocks of two frames
    beads = mapping.read_universe(universe, velocities=True, forces=True)
    assert beads.sizes == {"time": 3, "particle": 4, "axis": 3, "vector": 3}
    np.testing.assert_allclose(beads.position, mapping.positions(universe.frames, [20.0] * 3))
    np.testing.assert_allclose(beads.velocity, mapping.velocities(universe.frames) / 2, rtol=1e-6)
    np.testing.assert_allclose(beads.force, mapping.forces(universe.frames) * 3, rtol=1e-5)
    units = {name: beads[name].attrs["units"] for name in ("position", "velocity", "force", "mass", "box", "time")}
    assert list(units.values()) == ["angstrom", "angstrom ps-1", "kJ mol-1 angstrom-1", "u", "angstrom", "ps"]
    some = mapping.read_universe(universe, start=1, step=1, wrap=False)
    assert some.time.values.tolist() == [2.0, 4.0]
    assert "velocity" not in some
    free = mapping.read_universe(Universe(dimensions=None))
    assert "box" not in free
    np.testing.assert_allclose(free.position, mapping.positions(universe.frames))


def refused(change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        change()


def test_what_a_universe_lacks_is_said():
    mapping = Mapping.from_universe(Universe())
    refused(lambda: Mapping.from_universe(3), "must be an MDAnalysis universe, not int")
    refused(lambda: Mapping.from_universe(Universe(), "chains"), "must be 'residues', 'fragments' or a sequence")
    refused(lambda: Mapping.from_universe(Universe(), ["name C"], within="chains"), "within must be")
    refused(lambda: Mapping.from_universe(Universe(), ["none"]), "'none', in which there is no atom")
    refused(lambda: Mapping.from_universe(Universe(), selection="none"), "must hold at least one atom")
    refused(lambda: Mapping.from_universe(Universe(missing=["masses"])), "must have masses")
    refused(lambda: Mapping.from_universe(Universe(missing=["fragindices"]), "fragments"), "fragments need bonds")
    for name in ("velocities", "forces"):
        universe = Universe(missing=[name])
        sentence = f"has no {name} in frame 0"
        refused(lambda u=universe, n=name: mapping.read_universe(u, **{n: True}), sentence)
    some = Universe(dimensions=[None, [20.0] * 3 + [90.0] * 3, None])
    refused(lambda: mapping.read_universe(some), "a box in every frame, or in none")
    refused(lambda: mapping.read_universe(Universe(), start=3), "no frame in the range")
    refused(lambda: Mapping([[0]], [1.0]).read_universe(Universe()), "has 12 atoms, not the 1 of the mapping")


def test_mixed_boxes_are_refused_in_any_block(monkeypatch):
    monkeypatch.setattr("mesoscale.core.coarse_graining.mapping.universes._BLOCK", 1)
    some = Universe(dimensions=[None, [20.0] * 3 + [90.0] * 3, None])
    refused(lambda: Mapping.from_universe(some).read_universe(some), "a box in every frame, or in none")


class Library:
    """As much of MDAnalysis as beads need to become a universe."""

    class Universe:
        @classmethod
        def empty(cls, n, **options):
            made = cls()
            made.options, made.attributes = {"n": n, **options}, {}
            return made

        def add_TopologyAttr(self, name, values):  # noqa: N802
            self.attributes[name] = values

        def load_new(self, positions, **options):
            self.positions, self.loaded = positions, options


def test_beads_become_a_universe(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "MDAnalysis", Library)
    universe = Universe(dimensions=(20.0, 21.0, 22.0, 80.0, 90.0, 100.0))
    mapping = Mapping.from_universe(universe)
    beads = mapping.read_universe(universe, velocities=True)
    made = mapping.to_universe(beads)
    assert made.options["n"] == 4
    assert (made.options["velocities"], made.options["forces"]) == (True, False)
    assert made.attributes["bonds"] == [(0, 1), (2, 3)]
    assert made.attributes["masses"] == pytest.approx([14.0] * 4)
    np.testing.assert_allclose(made.positions, beads.position, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(made.loaded["velocities"], beads.velocity, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(made.loaded["dimensions"], [universe.dimensions] * 3, rtol=1e-9)
    assert made.loaded["dt"] == 2.0
    single = mapping.to_universe(beads.isel(time=0, drop=True).drop_vars("box"))
    assert single.loaded["dimensions"] is None
    refused(lambda: Mapping([[0]], [1.0]).to_universe(beads), "must be 1 particles, not 4")
    turned = beads.assign(box=beads.box @ xr.DataArray(np.eye(3)[[1, 2, 0]], dims=("axis", "turned")))
    turned = turned.drop_vars("position").assign(position=beads.position)
    turned["box"] = (("time", "vector", "axis"), turned.box.values)
    refused(lambda: mapping.to_universe(turned), "first lattice vector along x")


def test_a_missing_library_is_named(monkeypatch):
    load = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "MDAnalysis":
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    mapping, atoms, _ = labelled()
    refused(lambda: mapping.to_universe(mapping.trajectory(atoms)), "pip install 'mesoscale\\[io\\]'")

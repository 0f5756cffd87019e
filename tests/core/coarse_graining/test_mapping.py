"""Maps from atoms to beads against plain numpy, brute force over images, statistics, and a universe that looks real."""

import builtins

import numpy as np
import pytest
import xarray as xr
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


def images(reach):
    span = np.arange(-reach, reach + 1)
    return np.stack(np.meshgrid(span, span, span), axis=-1).reshape(-1, 3)


def nearest_of_all(displacements, cell, reach):
    """Brute force: fractional coordinates within one half first, then every image up to `reach` cells away."""
    inside = displacements - np.floor(displacements @ np.linalg.inv(cell) + 0.5) @ cell
    candidates = inside[:, None, :] - (images(reach) @ cell)[None]
    squares = (candidates**2).sum(-1)
    return np.sqrt(squares.min(axis=1))


@pytest.mark.parametrize("name", CELLS)
def test_the_nearest_image_is_the_nearest_of_all(name):
    cell = CELLS[name]
    d = np.random.default_rng(1).uniform(-30, 30, (300, 3))
    reach = 12 if name == "very skew" else 2  # 125 images, where the cell is not absurd
    found = minimum_image(d, cell)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), nearest_of_all(d, cell, reach), rtol=1e-11)
    moved = (d - found) @ np.linalg.inv(cell)  # by whole lattice vectors
    np.testing.assert_allclose(moved, np.rint(moved), atol=1e-9)


def test_fractional_coordinates_alone_are_wrong_in_sharp_cells():
    cell = CELLS["sharp"]
    d = np.random.default_rng(1).uniform(-30, 30, (300, 3))
    rounded = d - np.floor(d @ np.linalg.inv(cell) + 0.5) @ cell
    assert (np.linalg.norm(rounded, axis=1) > np.linalg.norm(minimum_image(d, cell), axis=1) + 1e-6).mean() > 0.1


def test_every_frame_has_its_cell():
    d = np.random.default_rng(2).uniform(-30, 30, (len(CELLS), 20, 3))
    cells = np.stack(list(CELLS.values()))
    together = minimum_image(d, cells)
    for n, cell in enumerate(cells):
        np.testing.assert_array_equal(together[n], minimum_image(d[n], cell))
    inside = wrap_positions(d, cells) @ np.linalg.inv(cells)
    assert inside.min() >= -1e-12
    assert inside.max() <= 1 + 1e-12


def test_lattice_vectors_have_the_lengths_and_angles():
    a, b, c = lattice_vectors([3, 4, 5, 70, 80, 95])
    assert np.linalg.norm([a, b, c], axis=1) == pytest.approx([3, 4, 5])
    cosines = [b @ c / 20, a @ c / 15, a @ b / 12]
    np.testing.assert_allclose(np.rad2deg(np.arccos(cosines)), [70, 80, 95], rtol=1e-12)
    many = lattice_vectors([[3, 4, 5, 90, 90, 90], [3, 4, 5, 70, 80, 95]])
    np.testing.assert_array_equal(many[0], np.diag([3.0, 4.0, 5.0]))
    np.testing.assert_array_equal(many[1], [a, b, c])


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


def test_bead_bonds_join_beads_of_bonded_atoms():
    bonds = [(n, n + 1) for n in range(7)] + [(0, 7)]
    mapping = Mapping([[0, 1], [2, 3], [4, 5], [6, 7]], np.ones(8), bonds=bonds)
    assert mapping.bead_bonds.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    assert Mapping([[0]], [1.0]).bead_bonds.shape == (0, 2)
    assert Mapping([[0]], [1.0], bonds=[]).bead_bonds.shape == (0, 2)


def test_massless_sites_carry_no_weight():
    water = Mapping([[0, 1, 2, 3]], [16.0, 1.0, 1.0, 0.0])
    assert water.bead_masses == pytest.approx([18.0])
    assert water.force_operator.toarray() == pytest.approx(np.array([[1, 1, 1, 0.0]]))


def labelled(dims=("time", "particle", "axis")):
    whole, masses = chains(5, 4, 0.4)
    atoms = whole.reshape(4, 20, 3)
    variables = {
        name: (dims, atoms * factor, {"units": "1", "long_name": name})
        for name, factor in (("position", 1.0), ("velocity", 2.0), ("force", 3.0))
    }
    return Mapping(np.arange(20).reshape(5, 4), masses), xr.Dataset(variables, {"time": [0.0, 0.5, 1.0, 1.5]}), atoms


def test_a_labelled_trajectory_is_mapped_as_a_whole(tmp_path):
    mapping, atoms, plain = labelled()
    beads = mapping.trajectory(atoms)
    np.testing.assert_allclose(beads.position, mapping.positions(plain))
    np.testing.assert_allclose(beads.velocity, 2 * mapping.velocities(plain))
    np.testing.assert_allclose(beads.force, 3 * mapping.forces(plain))
    assert beads.time.values.tolist() == [0.0, 0.5, 1.0, 1.5]
    assert beads.position.attrs == {"units": "1", "long_name": "position of each bead"}
    edges = np.array([[9.0, 10, 11]] * 4)
    for dims, box in (
        (("axis",), edges[0]),
        (("time", "axis"), edges),
        (("vector", "axis"), np.diag(edges[0])),
        (("time", "vector", "axis"), np.stack([np.diag(e) for e in edges])),
    ):
        boxed = mapping.trajectory(atoms.assign(box=(dims, box)), wrap=False)
        np.testing.assert_allclose(boxed.position, beads.position, atol=1e-12)
        assert boxed.box.dims == dims
    boxed.to_netcdf(tmp_path / "beads.nc", engine="h5netcdf")
    single = mapping.trajectory(atoms.isel(time=0, drop=True))
    assert single.position.dims == ("particle", "axis")
    with pytest.raises(ParameterError, match="must have a variable position"):
        mapping.trajectory(atoms.drop_vars("position"))
    with pytest.raises(ParameterError, match="must have position on \\(time, particle, axis\\)"):
        mapping.trajectory(labelled(("time", "atom", "axis"))[1])


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


ATOMS = np.zeros((6, 3))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Mapping([], [1.0]), "groups must hold at least one group"),
        (lambda: Mapping([[0], []], [1.0]), "which group 1 is not"),
        (lambda: Mapping([[0.5]], [1.0]), "which group 0 is not"),
        (lambda: Mapping([[0, 1], [2]], [1.0, 1.0]), "from 0 to 1, not 2 as group 1"),
        (lambda: Mapping([[-1]], [1.0, 1.0]), "from 0 to 1, not -1 as group 0"),
        (lambda: Mapping([[0], [1, 0, 1]], [1.0, 1.0]), "as group 1 does atom 1"),
        (lambda: Mapping([[0]], [[1.0]]), "masses must be one finite number"),
        (lambda: Mapping([[0]], [np.nan]), "masses must be one finite number"),
        (lambda: Mapping([[0]], [-1.0]), "masses must be one finite number"),
        (lambda: Mapping([[0], [1]], [1.0, 0.0]), "must not all vanish in a group, as in group 1"),
        (lambda: Mapping([[0, 1]], [1.0, 0.0], weights="equal"), "positive for every atom that carries a weight"),
        (lambda: Mapping([[0]], [1.0], weights="charge"), "must be 'mass', 'equal' or one array a group"),
        (lambda: Mapping([[0]], [1.0], weights=[[1.0, 2.0]]), "must be 1 arrays, each as long as its group"),
        (lambda: Mapping([[0, 1]], [1.0, 1.0], weights=[[1.0, -1.0]]), "a sum that is not 0 in every group"),
        (lambda: Mapping([[0]], [1.0], bonds=[[0, 1]]), "bonds must join two different atoms"),
        (lambda: Mapping([[0]], [1.0], bonds=[0, 1]), "must be pairs of atom numbers"),
        (lambda: Mapping([[0, 2]], np.ones(4), bonds=[[0, 1], [2, 3]]), "atoms 0 and 2 of group 0 unconnected"),
        (lambda: Mapping([[0, 1], [1, 2]], np.ones(3)).force_operator, "atom 1 is shared between beads"),
        (lambda: Mapping([[0, 1], [1, 2]], np.ones(3)).forces(ATOMS[:3]), "own only; give force_weights that vanish"),
        (
            lambda: Mapping([[0, 1]], np.ones(2), weights=[[1.0, 0.0]], force_weights=[[0.5, 0.5]]).force_operator,
            "must vanish where the weight of the atom vanishes",
        ),
        (lambda: Mapping([[0]], [1.0]).positions(ATOMS), "must have the shape \\(frame, 1, 3\\) or \\(1, 3\\)"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, [1.0, 2.0]), "box must have the shape"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, [1.0, 2.0, 0.0]), "positive edges"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, np.ones((3, 3))), "must have a volume"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, np.full((3, 3), np.inf)), "box must be finite"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, np.ones((2, 3, 3))), "\\(1, 3, 3\\), not \\(2, 3, 3\\)"),
        (lambda: minimum_image(1.0, [1.0, 1.0, 1.0]), "must have the shape \\(..., 3\\)"),
        (lambda: minimum_image([1.0, 1.0, 1.0], np.eye(3)[None]), "where every frame has its own box"),
        (lambda: lattice_vectors([1, 1, 1]), "must be six finite numbers"),
        (lambda: lattice_vectors([1, 1, 1, 10, 10, 170]), "belong to no cell"),
        (lambda: lattice_vectors([1, 0, 1, 90, 90, 90]), "belong to no cell"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)


def test_force_weights_that_spare_shared_atoms_are_allowed():
    mapping = Mapping([[0, 1], [1, 2]], np.ones(3), force_weights=[[1, 0], [0, 1]])
    assert mapping.force_operator.toarray().tolist() == [[2, 0, 0], [0, 0, 2]]

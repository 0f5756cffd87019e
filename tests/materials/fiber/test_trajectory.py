"""The user's own beads: every form in which they come, what is wrong with them, and what explains them."""

import builtins

import numpy as np
import pint
import pytest
import xarray as xr
from mesoscale.core.model import ParameterError
from mesoscale.core.recipe import differences, replay
from mesoscale.materials.fiber import FiberChain
from scipy import constants

KT = constants.k * 300.0


def planar_beads(kappa, frames, beads, seed=0):
    """Chains on a surface from numpy alone: normal joint angles, in nanometres, turned and shifted at random."""
    rng = np.random.default_rng(seed)
    angle = np.cumsum(rng.normal(0, kappa**-0.5, (frames, beads - 1)), axis=1) + rng.uniform(0, 6, (frames, 1))
    steps = 2.0 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.concatenate([np.zeros((frames, 1, 2)), np.cumsum(steps, axis=1)], axis=1) + rng.normal(size=2)


def spatial_beads(kappa, frames, beads, seed=0):
    """Cosine joints in space from numpy alone: Langevin's law by its inverse, a random normal as the axis."""
    rng = np.random.default_rng(seed)
    t = np.tile([0.0, 0.0, 1.0], (frames, 1))
    positions = [np.zeros((frames, 3)), t]
    for _ in range(beads - 2):
        u = rng.uniform(size=(frames, 1))
        cosine = 1 + np.log(u + (1 - u) * np.exp(-2 * kappa)) / kappa
        side = np.cross(t, rng.normal(size=(frames, 3)))
        side /= np.linalg.norm(side, axis=1)[:, None]
        t = cosine * t + np.sqrt(1 - cosine**2) * side
        t /= np.linalg.norm(t, axis=1)[:, None]
        positions.append(positions[-1] + t)
    return np.stack(positions, axis=1)


class Trajectory(list):
    """Frames that move the atoms when they are walked through, as MDAnalysis does."""

    atoms = None

    def __iter__(self):
        for frame in list.__iter__(self):
            self.atoms.positions[:] = frame
            yield frame


class Atoms:
    def __init__(self, frames, names):
        self.positions = np.array(frames[0], dtype=np.float32)
        self.names = names
        self.universe = None


class Universe:
    """As much of MDAnalysis.Universe as is used."""

    def __init__(self, frames):
        self.trajectory = Trajectory(frames)
        self.atoms = Atoms(frames, None)
        self.trajectory.atoms = self.atoms
        self.atoms.universe = self

    def select_atoms(self, selection):
        assert selection == "name CA"
        return self.atoms


def same_chain(a, b, rel=1e-5):
    assert a.segments == b.segments
    assert a.segment_length == pytest.approx(b.segment_length, rel=rel)
    assert a.bending_stiffness == pytest.approx(b.bending_stiffness, rel=rel)


def test_the_stiffness_of_planar_beads_is_found():
    chain = FiberChain.from_trajectory(planar_beads(40.0, 200, 51), units="nm", temperature="300 K")
    assert (chain.segments, chain.dimensions, chain.potential) == (50, 2, "harmonic")
    assert chain.segment_length == pytest.approx(2e-9, rel=1e-12)
    # maximum likelihood of 9800 normal angles: relative error sqrt(2 / n)
    assert abs(chain.bending_stiffness / KT / 40.0 - 1) < 4 * np.sqrt(2 / 9800)
    result = chain.run()
    true = 40.0 * KT * 2e-9
    for route in ("tangent_correlation", "modes", "end_to_end_distance", "joint_angles"):
        value, error = result[f"flexural_rigidity_from_{route}"], result[f"flexural_rigidity_from_{route}_error"]
        assert abs(value - true) < 4 * error
    assert result.flexural_rigidity_from_joint_angles == pytest.approx(float(result.flexural_rigidity), rel=1e-9)
    assert result.mode.size == 8


def test_results_are_those_of_the_beads_not_of_a_sample():
    beads = planar_beads(40.0, 20, 31)
    result = FiberChain.from_trajectory(beads, units="nm", temperature=300.0).run(seed=1)
    again = FiberChain.from_trajectory(beads, units="nm", temperature=300.0).run(seed=2)
    size = ((beads[:, -1] - beads[:, 0]) ** 2).sum(axis=1) * 1e-18
    assert float(result.mean_square_end_to_end_distance) == pytest.approx(size.mean(), rel=1e-10)
    error = size.std(ddof=1) / np.sqrt(20)
    assert float(result.mean_square_end_to_end_distance_error) == pytest.approx(error, rel=1e-10)
    assert float(result.answer) == pytest.approx(np.sqrt(size.mean()), rel=1e-10)
    assert float(again.answer) == float(result.answer)


def test_the_stiffness_of_beads_in_space_is_found():
    beads = spatial_beads(12.0, 300, 40)
    chain = FiberChain.from_trajectory(beads, units="um", temperature=300.0, potential="cosine")
    assert (chain.segments, chain.dimensions, chain.potential) == (39, 3, "cosine")
    assert abs(chain.bending_stiffness / KT / 12.0 - 1) < 4 / np.sqrt(300 * 38)
    result = chain.run()
    size = (beads[:, -1] ** 2).sum(axis=1).mean() * 1e-12
    assert float(result.mean_square_end_to_end_distance) == pytest.approx(size, rel=1e-9)
    assert differences(result, replay(result)) == []


def test_every_form_of_the_same_beads_is_the_same_chain():
    beads = spatial_beads(12.0, 5, 10)
    expected = FiberChain.from_trajectory(beads, units="nm", temperature=300.0)
    labelled = xr.DataArray(beads * 1e-3, dims=("frame", "bead", "component"), attrs={"units": "um"})
    same_chain(FiberChain.from_trajectory(labelled, temperature=300.0), expected)
    same_chain(FiberChain.from_trajectory(pint.Quantity(beads, "nm"), temperature=300.0), expected)
    same_chain(FiberChain.from_trajectory((beads * 1e-9).tolist(), units="m", temperature=300.0), expected)
    universe = Universe(beads * 10)
    same_chain(FiberChain.from_trajectory(universe, temperature=300.0), expected)
    same_chain(FiberChain.from_trajectory(universe.atoms, temperature=300.0), expected)
    same_chain(FiberChain.from_trajectory(universe, temperature=300.0, selection="name CA"), expected)
    same_chain(FiberChain.from_trajectory(universe, temperature=300.0, units="angstrom"), expected)


def test_three_beads_are_the_shortest_chain():
    flat = FiberChain.from_trajectory([[[0, 0], [1, 0], [1.9, 0.4]]], units="nm", temperature=300.0)
    assert flat.segments == 2
    space = FiberChain.from_trajectory([[[0, 0, 0], [1, 0, 0], [1.9, 0.4, 0]]], units="nm", temperature=300.0)
    assert space.torsion_angles is None
    result = space.run()
    assert np.isnan(result.mean_square_end_to_end_distance_error)  # of one frame nothing can be told
    assert space.bending_stiffness == pytest.approx(2 * flat.bending_stiffness, rel=0.03)


def test_replay_reads_the_angles_from_the_result(tmp_path):
    result = FiberChain.from_trajectory(planar_beads(40.0, 10, 12), units="nm", temperature=300.0).run()
    assert result.input_joint_angles.dims == ("input_joint_angles_frame", "input_joint_angles_joint")
    result.to_netcdf(tmp_path / "beads.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "beads.nc", engine="h5netcdf") as stored:
        assert differences(replay(stored), result) == []


GOOD = planar_beads(40.0, 4, 6)


def broken(change):
    beads = GOOD.copy()
    change(beads)
    return beads


def put(index, value):
    def change(beads):
        beads[index] = value

    return change


@pytest.mark.parametrize(
    ("beads", "options", "sentence"),
    [
        (GOOD, {}, "units must be given for an array without units, such as units='nm'"),
        (GOOD, {"units": "kg"}, "units has the unit 'kg'"),
        (GOOD, {"units": "nm", "selection": "name CA"}, "selection is for MDAnalysis"),
        (Universe(GOOD), {"units": "nm"}, "units must be left out or 'angstrom'"),
        ("beads", {"units": "nm"}, "pip install 'mesoscale\\[io\\]'"),
        ([[["a", "b"]]], {"units": "nm"}, "must be an array \\(frame, bead, component\\) of numbers"),
        (GOOD[0], {"units": "nm"}, "must have the shape \\(frame, bead, 2 or 3\\), not \\(6, 2\\)"),
        (np.ones((2, 5, 4)), {"units": "nm"}, "not \\(2, 5, 4\\)"),
        (GOOD[:, :2], {"units": "nm"}, "at least 1 frame of 3 beads, not 4 of 2"),
        (GOOD[:0], {"units": "nm"}, "at least 1 frame of 3 beads, not 0 of 6"),
        (broken(put((1, 2, 0), np.nan)), {"units": "nm"}, "must hold finite positions only"),
        (broken(put((2, 4), GOOD[2, 3])), {"units": "nm"}, "has coinciding beads: 3 and 4 in frame 2"),
        (broken(put((3, slice(3, None)), GOOD[3, 3:] + 50)), {"units": "nm"}, "unwrap chains that cross"),
        ([[[0, 0], [1, 0], [2, 0]]], {"units": "nm"}, "gives no stiffness from 0.001 to 1e\\+06 kT"),
        ([[[0, 0], [1, 0], [0.01, 0]]], {"units": "nm"}, "its mean square angle is 9.87 rad2"),
    ],
)
def test_what_is_wrong_with_the_beads_is_said(beads, options, sentence, monkeypatch):
    load = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "MDAnalysis":
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ParameterError, match=sentence):
        FiberChain.from_trajectory(beads, temperature=300.0, **options)


def test_an_object_that_is_no_universe_is_refused():
    class Odd:
        trajectory = (1, 2)

    with pytest.raises(ParameterError, match="an MDAnalysis Universe or AtomGroup"):
        FiberChain.from_trajectory(Odd(), temperature=300.0)


def test_a_wrong_temperature_is_said():
    with pytest.raises(ParameterError, match="temperature"):
        FiberChain.from_trajectory(GOOD, units="nm", temperature=-3.0)
    with pytest.raises(ParameterError, match="temperature"):
        FiberChain.from_trajectory(GOOD, units="nm", temperature="3 m")

"""Labelled trajectories of atoms, mapped as a whole."""

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

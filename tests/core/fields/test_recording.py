"""Models of fields on disk, for ParaView and as moving pictures."""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.fields.cahn_hilliard import CahnHilliard
from mesoscale.core.fields.crystal import PhaseFieldCrystal
from mesoscale.core.fields.recording import animate, record, write_vtk
from mesoscale.core.recipe import replay
from PIL import Image

MIXTURE = CahnHilliard(cells=12, reduced_box_size=9.0, reduced_duration=5.0, snapshots=3)


class CutError(Exception):
    pass


def test_a_recorded_run_is_the_run_and_goes_on_after_a_cut(tmp_path):
    def stop(done, total):
        if done > 400:
            raise CutError

    with pytest.raises(CutError):
        record(MIXTURE, tmp_path / "run", seed=3, progress=stop)
    result = record(MIXTURE, tmp_path / "run", seed=3)
    assert result.identical(MIXTURE.run(seed=3))
    stored = xr.open_zarr(tmp_path / "run", group="result", consolidated=False)
    assert np.array_equal(stored.composition, result.composition)
    assert np.array_equal(replay(stored).composition, result.composition)
    with pytest.raises(ValueError, match="holds another run"):
        record(MIXTURE, tmp_path / "run", seed=4)


def test_paraview_finds_every_cell_and_every_time(tmp_path):
    result = MIXTURE.run()
    files = write_vtk(result.composition, tmp_path / "mixture", spacing=0.75)
    assert [f.name for f in files] == ["mixture_0000.vti", "mixture_0001.vti", "mixture_0002.vti"]
    head, _, tail = files[1].read_bytes().partition(b"<AppendedData")
    image = ET.fromstring(head + b"</VTKFile>").find("ImageData")
    assert image.get("WholeExtent").strip() == "0 12 0 12 0 1"
    assert image.get("Spacing").strip() == "0.75 0.75 0.75"
    raw = tail[tail.index(b"_") + 1 :]
    values = np.frombuffer(raw[8 : 8 + 8 * 144]).reshape(12, 12)  # after the count of bytes: y, x
    assert np.array_equal(values, result.composition[1, 0])
    listed = ET.parse(tmp_path / "mixture.pvd").getroot().findall(".//DataSet")
    assert [float(entry.get("timestep")) for entry in listed] == [float(t) for t in result.reduced_time]


def test_paraview_gets_the_edges_of_the_cells_from_the_coordinates(tmp_path):
    """A crystal's box fits its lattice: cells are not square."""
    result = PhaseFieldCrystal(start="perfect", spacings=3, reduced_duration=1.0, snapshots=3).run()
    files = write_vtk(result.reduced_density, tmp_path / "crystal")
    head = files[0].read_bytes().partition(b"<AppendedData")[0]
    found = [float(edge) for edge in ET.fromstring(head + b"</VTKFile>").find("ImageData").get("Spacing").split()]
    edges = [float(np.diff(result[axis])[0]) for axis in "xy"]
    assert edges[0] != pytest.approx(edges[1], rel=1e-3)
    assert found == pytest.approx([*edges, edges[0]])
    for spacing in (0.0, (1.0, -1.0, 1.0)):
        with pytest.raises(ValueError, match="must be positive, one number or three"):
            write_vtk(result.reduced_density, tmp_path / "no", spacing=spacing)


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_to_the_same_bits(tmp_path):
    """SIGKILL: nothing can be tidied up."""
    script = (
        "import sys\nfrom mesoscale.core.fields.cahn_hilliard import CahnHilliard\n"
        "from mesoscale.core.fields.recording import record\n"
        "record(CahnHilliard(cells=96, reduced_box_size=72.0, reduced_duration=400.0), sys.argv[1], every=0.02)\n"
    )
    store = tmp_path / "run"
    with subprocess.Popen([sys.executable, "-c", script, str(store)]) as process:
        for _ in range(1000):  # until the first checkpoint stands
            if (store / "checkpoint_0").exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        process.kill()
    model = CahnHilliard(cells=96, reduced_box_size=72.0, reduced_duration=400.0)
    assert record(model, store).identical(model.run())


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_a_film_has_a_picture_a_time(tmp_path, dimensions):
    result = MIXTURE.replace(dimensions=dimensions).run()
    with Image.open(animate(result.composition, tmp_path / "film.gif")) as film:
        assert film.n_frames == 3


def test_other_dimensions_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must have the dimensions z, y and x"):
        write_vtk(MIXTURE.run().reduced_free_energy, tmp_path / "no")
    with pytest.raises(ValueError, match="and time, not"):
        animate(MIXTURE.run(replicates=2).composition, tmp_path / "no.gif")

"""A file is there whole, or as it was before."""

import os
import stat

import numpy as np
import pytest
import xarray as xr
from mesoscale.atlas.files import make_folder, read_dataset, replacing, write_dataset, write_text


def test_a_failure_on_the_way_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "old")

    def stop_half_way():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_file_is_replaced_and_readable_by_others(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "old")
    write_text(path, "näw")
    assert path.read_text(encoding="utf-8") == "näw"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_a_dataset_comes_back(tmp_path):
    dataset = xr.Dataset({"a": ("x", np.arange(3.0), {"units": "m"}), "b_exists": ((), np.array(True))})
    write_dataset(tmp_path / "a.nc", dataset)
    xr.testing.assert_identical(read_dataset(tmp_path / "a.nc"), dataset)


def test_hdf5s_own_errors_become_operating_system_errors(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise RuntimeError("Unable to flush file (no space left on device)")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(OSError, match="no space left"):
        write_dataset(tmp_path / "a.nc", xr.Dataset())
    assert os.listdir(tmp_path) == []


def test_what_is_no_netcdf_is_one_sentence(tmp_path):
    write_text(tmp_path / "a.nc", "not a dataset")
    with pytest.raises(OSError, match=r"cannot read .* as NetCDF"):
        read_dataset(tmp_path / "a.nc")
    with pytest.raises(FileNotFoundError):
        read_dataset(tmp_path / "missing.nc")


def test_a_folder_is_made_or_refused(tmp_path):
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert os.listdir(tmp_path / "a" / "b") == []
    write_text(tmp_path / "file", "")
    with pytest.raises(OSError, match="cannot write into the folder"):
        make_folder(tmp_path / "file" / "inside")

"""What a user hands over: images of all kinds, and what is said where they make no sense."""

import contextlib
import importlib
import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.homogenization.voxels import effective_conductivity


def disk(n, fraction):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None] ** 2 + x**2 < fraction / math.pi).astype(int)


def test_images_of_all_kinds(tmp_path):
    image = disk(16, 0.3)
    expected = effective_conductivity(image, [1.0, 5.0]).conductivity.values
    np.save(tmp_path / "image.npy", image.astype(np.uint8) * 255)
    table = {0: "1 W/(m K)", 255: 5.0}
    np.testing.assert_array_equal(effective_conductivity(tmp_path / "image.npy", table).conductivity, expected)
    np.testing.assert_array_equal(effective_conductivity(1.0 + 4.0 * image).conductivity, expected)
    np.testing.assert_array_equal(effective_conductivity(image.astype(bool), [1, 5]).conductivity, expected)
    scan = xr.DataArray(
        image, dims=("row", "depth"), coords={"row": np.arange(16) * 1e-6, "depth": np.arange(16) * 2e-6}
    )
    labelled = effective_conductivity(scan, [1.0, 5.0])
    assert labelled.attrs["axes"] == "row depth"
    stretched = effective_conductivity(image, [1.0, 5.0], spacing=(1.0, 2.0))
    np.testing.assert_allclose(labelled.conductivity, stretched.conductivity, rtol=1e-12)
    assert labelled.conductivity.attrs["units"] == "W m-1 K-1"
    assert bool(labelled.converged)
    calls = []
    effective_conductivity(image, [1.0, 5.0], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]


def test_a_missing_reader_is_named(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    for name, package in (("a.tif", "tifffile"), ("a.png", "imageio")):
        with pytest.raises(ModuleNotFoundError, match=f"needs {package}: pip install 'mesoscale"):
            effective_conductivity(tmp_path / name, [1.0])


@pytest.mark.parametrize(
    ("image", "table", "words"),
    [
        (np.zeros(5, int), [1.0], "must have 2 or 3 dimensions"),
        (np.zeros((2, 2), complex), [1.0], "must be labels"),
        (np.zeros((2, 2), int), None, "needs a table"),
        (np.ones((2, 2), int), [1.0], "nothing is said about the label 1"),
        (np.zeros((2, 2), int), [-1.0], "-1.0 is not allowed; must be 0 to infinity"),
        (np.full((2, 2), 0.5), [1.0], "labels must be whole numbers"),
        (np.eye(2, dtype=int), [1.0, 1e9], "more than eight decades"),
        (np.eye(2, dtype=int), [0.0, math.inf], "at least one phase must be finite"),
        (np.full((2, 2), math.nan), None, "nan is not allowed"),
        (np.arange(10_000).reshape(100, 100), [1.0], "different labels"),
    ],
)
def test_an_image_that_makes_no_sense_is_one_clear_error(image, table, words):
    with pytest.raises(ValueError, match=words):
        effective_conductivity(image, table)


class Reader:
    """Stands for both libraries: what they would have read."""

    def __init__(self, values, channels):
        self.values, self.pages = values, [type("Page", (), {"samplesperpixel": channels})]

    def imread(self, _):
        return self.values

    def TiffFile(self, _):  # noqa: N802
        return contextlib.nullcontext(self)


@pytest.mark.parametrize("name", ["scan.tif", "scan.TIFF", "picture.png"])
def test_files_of_one_channel_are_read_and_colours_are_refused(name, tmp_path, monkeypatch):
    """A colour picture is no body of three layers."""
    image = disk(12, 0.3).astype(np.uint8)
    monkeypatch.setattr(importlib, "import_module", lambda _: Reader(image, 1))
    expected = effective_conductivity(image, [1.0, 5.0]).conductivity
    np.testing.assert_array_equal(effective_conductivity(tmp_path / name, [1.0, 5.0]).conductivity, expected)
    monkeypatch.setattr(importlib, "import_module", lambda _: Reader(np.stack([image] * 3, axis=-1), 3))
    with pytest.raises(ValueError, match=r"has 3 channels a pixel: take one channel, or label it"):
        effective_conductivity(tmp_path / name, [1.0, 5.0])


def test_a_scan_of_three_slices_is_no_colour_picture(tmp_path, monkeypatch):
    scan = np.random.default_rng(0).integers(0, 2, (5, 6, 3)).astype(np.uint8)
    monkeypatch.setattr(importlib, "import_module", lambda _: Reader(scan, 1))
    assert effective_conductivity(tmp_path / "scan.tif", [1.0, 5.0]).conductivity.shape == (3, 3)

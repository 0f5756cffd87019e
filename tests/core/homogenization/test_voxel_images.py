"""What a user hands over: images of all kinds, and what is said where they make no sense."""

import importlib
import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.homogenization.voxels import (
    ElasticPhase,
    effective_conductivity,
    effective_stiffness,
    window_scatter,
)
from mesoscale.core.model import ResultError


def layers(shape, axis, seed=0):
    """A random sequence of three phases along one axis."""
    profile = np.random.default_rng(seed).permutation(np.resize([0, 1, 2], shape[axis]))
    return np.broadcast_to(np.expand_dims(profile, [a for a in range(len(shape)) if a != axis]), shape)


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


def test_options_that_make_no_sense():
    image = np.eye(4, dtype=int)
    for options, words in (
        ({"spacing": (1.0, -1.0)}, r"spacing=.* must be positive"),
        ({"directions": [2]}, "must be axes from 0 to 1"),
        ({"directions": []}, "must be axes"),
        ({"tolerance": 1e-15}, "must be at least 1e-12"),
        ({"max_iterations": 0}, "must be at least 1"),
    ):
        with pytest.raises(ValueError, match=words):
            effective_conductivity(image, [1.0, 2.0], **options)
    with pytest.raises(ResultError, match="not converged: after 2 iterations the residual is"):
        effective_conductivity(disk(16, 0.3), [1.0, 50.0], max_iterations=2)
    with pytest.raises(ResultError, match="not converged"):
        effective_conductivity(disk(16, 0.3), [1.0, math.inf], max_iterations=2)
    with pytest.raises(ResultError, match="not converged"):
        effective_stiffness(disk(16, 0.3), [(1.0, 1.0), (50.0, 9.0)], max_iterations=2)
    with pytest.raises(ValueError, match="the finest grid would have"):
        effective_conductivity(np.random.default_rng(0).integers(0, 2, (120, 120, 120)), [1.0, 2.0], extrapolate=True)
    with pytest.raises(ValueError, match=r"numbers of loads from 0 to 2"):
        effective_stiffness(image, [(1.0, 1.0)] * 2, directions=[5])
    uneven = xr.DataArray(image, dims=("x", "y"), coords={"x": [0.0, 1.0, 3.0, 4.0], "y": np.arange(4.0)})
    with pytest.raises(ValueError, match="not evenly spaced"):
        effective_conductivity(uneven, [1.0, 2.0])
    for pair in ((1.0, 0.0), (math.inf, 1.0), (-1.0, 1.0), (1.0, 1e4)):
        with pytest.raises(ValueError, match="is not allowed; both must be"):
            effective_stiffness(image, [(1.0, 1.0), pair])
    with pytest.raises(ValueError, match="must be a pair"):
        effective_stiffness(image, ["3 GPa", "4 GPa"])
    with pytest.raises(ValueError, match=r"poisson_ratio=0.5"):
        ElasticPhase.from_young(1.0, 0.5)


def test_options_of_the_study_that_make_no_sense():
    image = np.zeros((8, 8), int)
    for options, words in (
        ({"windows": []}, "must be different sizes"),
        ({"windows": [9]}, "9 is larger than the image"),
        ({"windows": [4], "samples": 1}, "samples=1: must be at least 2"),
        ({"windows": [4], "confidence": 1.0}, "confidence=1.0"),
        ({"windows": [4], "effective": "colour"}, "effective='colour'"),
    ):
        with pytest.raises(ValueError, match=words):
            window_scatter(image, [1.0], **options)


def test_extrapolation_of_what_a_grid_cannot_change_and_of_what_does_not_shrink():
    flat = effective_conductivity(layers((12, 6), 0), [1.0, 7.0, 3.0], extrapolate=True)
    assert float(flat.conductivity_error.max()) < 1e-9
    insulating = effective_conductivity(
        np.kron(np.eye(2, dtype=int), np.ones((2, 2), int)), [1.0, 0.0], extrapolate=True
    )
    assert np.isfinite(insulating.conductivity_error).all()
    stiff = effective_stiffness(disk(16, 0.3), [(1.0, 1.0), (5.0, 4.0)], extrapolate=True)
    fine = effective_stiffness(disk(16, 0.3).repeat(16, 0).repeat(16, 1), [(1.0, 1.0), (5.0, 4.0)])
    np.testing.assert_allclose(stiff.stiffness, fine.stiffness, atol=2e-3)

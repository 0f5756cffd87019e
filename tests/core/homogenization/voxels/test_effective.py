"""The effective tensor: symmetry, orientation, units, options, and what is said where they make no sense."""

import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.homogenization.voxels import ElasticPhase, effective_conductivity, effective_stiffness
from mesoscale.core.model import ResultError


def disk(n, fraction):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None] ** 2 + x**2 < fraction / math.pi).astype(int)


def test_the_tensor_is_symmetric_turns_with_the_image_and_takes_any_voxel():
    image = np.random.default_rng(5).integers(0, 2, (7, 5, 9))
    k = [1.0, 5.0]
    one = effective_conductivity(image, k, spacing=(1.0, 2.0, 0.5), tolerance=1e-11).conductivity.values
    np.testing.assert_allclose(one, one.T, atol=1e-9)
    turned = effective_conductivity(image.transpose(2, 0, 1), k, spacing=(0.5, 1.0, 2.0), tolerance=1e-11)
    np.testing.assert_allclose(turned.conductivity.values, one[np.ix_([2, 0, 1], [2, 0, 1])], atol=1e-9)
    scaled = effective_conductivity(image, [1e-9, 5e-9], spacing=(2e-6, 4e-6, 1e-6), tolerance=1e-11)
    np.testing.assert_allclose(scaled.conductivity.values, 1e-9 * one, atol=1e-18)


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

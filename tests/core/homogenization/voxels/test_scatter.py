"""Size of an image: scatter of windows, drawn and cut."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.voxels import window_scatter


def test_random_symmetric_media_conduct_as_the_root_of_the_product():
    def make(window, generator):
        return generator.integers(0, 2, (window // 8, window // 8)).repeat(8, 0).repeat(8, 1)

    study = window_scatter(make, [1.0, 10.0], [64, 128], samples=24)
    assert abs(study["mean"][1] - math.sqrt(10)) < 4 * study.mean_error[1] + 0.01
    assert study.scatter[1] < 0.75 * study.scatter[0]  # as one over the size
    assert (study.half_width > 2 * study.mean_error).all()


def test_windows_of_an_image():
    image = np.random.default_rng(0).integers(0, 2, (60, 60))
    study = window_scatter(image, [1.0, 4.0], [10, 30], samples=6)
    assert study.mean_error_valid.values.tolist() == [True, False]
    assert study.scatter[1] < study.scatter[0]
    again = window_scatter(image, [1.0, 4.0], [30], samples=6)
    np.testing.assert_array_equal(again.value[0], study.value[1])
    for effective, expected in (("bulk_modulus", 3.0), ("shear_modulus", 1.5)):
        one = window_scatter(np.zeros((8, 8, 8), int), [(3.0, 1.5)], [4], samples=2, effective=effective)
        np.testing.assert_allclose(one["mean"], expected, rtol=1e-12)
        flat = window_scatter(np.zeros((8, 8), int), [(3.0, 1.5)], [4], samples=2, effective=effective)
        np.testing.assert_allclose(flat["mean"], 3.5 if effective == "bulk_modulus" else 1.5, rtol=1e-12)


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

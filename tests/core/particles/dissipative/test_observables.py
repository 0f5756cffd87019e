"""What is read from positions."""

import math

import numpy as np
import pytest
from mesoscale.core.particles import dissipative as dpd


def test_radial_distribution_counts_exact_shells():
    rng = np.random.default_rng(2)
    box = np.array([6.0, 7.0, 8.0])
    g = dpd.radial_distribution(rng.random((4000, 3)) * box, box, np.linspace(0, 3, 13), references=800)
    expected = 800 * 4000 / box.prod() * 4 / 3 * math.pi * np.diff(np.linspace(0, 3, 13) ** 3)
    assert (np.abs(g - 1) < 5 / np.sqrt(expected)).all()
    for edges, message in (([0, 2, 1], "rising"), ([0, 1, 4], "equidistant"), ([0, 2, 4], "half the box")):
        with pytest.raises(ValueError, match=message):
            dpd.radial_distribution(np.zeros((2, 3)), box, edges)


def test_diffusion_of_a_random_walk():
    steps = np.random.default_rng(5).normal(size=(201, 400, 3)) * math.sqrt(2 * 0.3 * 0.5)
    squares = dpd.mean_square_displacement(np.cumsum(steps, axis=0))
    value, error = dpd.diffusion_from_displacements(squares, 0.5, 2.0)
    assert abs(value - 0.3) < 4 * error
    with pytest.raises(ValueError, match="reach a lag"):
        dpd.diffusion_from_displacements(squares, 0.5, 1e3)


@pytest.mark.parametrize("box", [(4.0, 5.5, 7.0), (3.0, 3.0, 3.0)])
def test_distances_are_those_of_nearest_images_by_brute_force(box):
    rng, box = np.random.default_rng(8), np.array(box)
    place = (rng.random((60, 3)) * 3 - 1) * box  # some are outside of the box
    edges = np.linspace(0.0, 1.5, 7)
    images = np.indices((7, 7, 7)).reshape(3, -1).T - 3
    apart = place[:, None, None] - place[None, :, None] + images * box
    r = np.linalg.norm(apart, axis=-1)[~np.eye(60, dtype=bool)].ravel()
    shells = 4 / 3 * math.pi * np.diff(edges**3)
    expected = np.histogram(r, edges)[0] * box.prod() / (shells * 60 * 59)
    np.testing.assert_allclose(dpd.radial_distribution(place, box, edges), expected, rtol=1e-12)
    fortran = np.asfortranarray(place)
    fortran.flags.writeable = False
    np.testing.assert_allclose(dpd.radial_distribution(fortran, list(box), list(edges)), expected, rtol=1e-12)


def test_squares_are_means_over_origins_members_of_a_group_and_directions():
    frames = np.random.default_rng(3).normal(size=(7, 5, 3))
    found = dpd.mean_square_displacement(frames, axes=(0, 2), groups=2)
    assert found.shape == (2, 4)
    for group in (0, 1):
        for lag in range(4):
            squares = [
                (frames[t + lag, p, axis] - frames[t, p, axis]) ** 2
                for t in range(7 - lag)
                for p in range(group, 5, 2)
                for axis in (0, 2)
            ]
            assert found[group, lag] == pytest.approx(np.mean(squares))
    assert dpd.mean_square_displacement(frames[:1], groups=2).tolist() == [[0.0], [0.0]]


def test_the_error_of_a_diffusivity_is_the_scatter_of_independent_walks():
    found = []
    for seed in range(60):
        steps = np.random.default_rng(seed).normal(size=(61, 60, 3))
        found.append(dpd.diffusion_from_displacements(dpd.mean_square_displacement(np.cumsum(steps, axis=0)), 1.0, 2.0))
    values, errors = np.array(found).T
    assert abs(values.mean() - 0.5) < 4 * values.std() / math.sqrt(60)
    assert 0.75 < values.std() / errors.mean() < 1.35


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((1, 3))}, r"positions of shape \(1, 3\): must be finite, \(particle, 3\), two"),
        ({"positions": np.zeros((2, 5, 3))}, r"positions of shape \(2, 5, 3\)"),
        ({"positions": np.zeros((5, 2))}, r"positions of shape \(5, 2\)"),
        ({"positions": np.full((5, 3), np.nan)}, "must be finite"),
        ({"box": 4.0}, "box = 4.0: must be three edges greater than 0"),
        ({"box": (4.0, -4.0, 4.0)}, "must be three edges greater than 0"),
        ({"references": 0}, "references = 0: must be at least 1"),
    ],
)
def test_what_has_no_radial_distribution(change, message):
    given = {"positions": np.zeros((5, 3)), "box": (4.0, 4.0, 4.0), "edges": (0.0, 1.0), **change}
    with pytest.raises(ValueError, match=message):
        dpd.radial_distribution(given.pop("positions"), given.pop("box"), given.pop("edges"), **given)


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (np.zeros((4, 3)), {}, r"frames of shape \(4, 3\): must be finite, \(frame, particle, 3\)"),
        (np.zeros((0, 20, 3)), {}, "one frame or more"),
        (np.full((2, 20, 3), np.inf), {}, "must be finite"),
        (np.zeros((2, 20, 3)), {"axes": (0, 3)}, r"axes = \(0, 3\): must be some of 0, 1, 2"),
        (np.zeros((2, 20, 3)), {"axes": ()}, "must be some of 0, 1, 2"),
        (np.zeros((2, 5, 3)), {}, "groups = 10: must be from 1 to the number of particles, 5"),
        (np.zeros((2, 5, 3)), {"groups": 0}, "groups = 0: must be from 1"),
    ],
)
def test_what_has_no_displacements(frames, options, message):
    with pytest.raises(ValueError, match=message):
        dpd.mean_square_displacement(frames, **options)


@pytest.mark.parametrize(
    ("squares", "interval", "earliest", "message"),
    [
        (np.zeros(4), 1.0, 1.0, r"squares of shape \(4,\): must be finite, \(group, lag\), two groups or more"),
        (np.zeros((1, 4)), 1.0, 1.0, "two groups or more"),
        (np.full((2, 4), np.nan), 1.0, 1.0, "must be finite"),
        (np.zeros((2, 4)), 0.0, 1.0, "interval = 0.0, earliest = 1.0: must be a time greater than 0"),
        (np.zeros((2, 4)), 1.0, -1.0, "and a lag"),
        (np.zeros((2, 4)), 1.0, np.nan, "and a lag"),
    ],
)
def test_what_has_no_diffusivity(squares, interval, earliest, message):
    with pytest.raises(ValueError, match=message):
        dpd.diffusion_from_displacements(squares, interval, earliest)

"""Radial distributions against brute force in any cell, and ideal gases that have one everywhere."""

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.coarse_graining.inversion import radial_distribution
from mesoscale.core.coarse_graining.mapping import lattice_vectors, minimum_image
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError

SHARP = lattice_vectors([10, 9, 12, 50, 55, 48])


BOXES = {"box": np.diag([9.0, 10.0, 11.0]), "sharp": SHARP, "slab": np.diag([6.0, 7.0, 30.0])}


def gas(frames, particles, box, seed=0):
    """Uniform points, in any of their images."""
    rng = np.random.default_rng(seed)
    return (rng.uniform(0, 1, (frames, particles, 3)) + rng.integers(-2, 3, (frames, particles, 3))) @ box


def counted(points, box, edges, a, b):
    """Pairs in shells from numpy alone."""
    d = np.linalg.norm(minimum_image(points[:, a][:, :, None] - points[:, b][:, None], box), axis=-1)
    if a is b:
        d = d[:, *np.triu_indices(len(a), 1)]
    return np.histogram(d, edges)[0]


@pytest.mark.parametrize("name", BOXES)
def test_pairs_are_counted_as_by_brute_force(name):
    box = BOXES[name]
    points = gas(3, 60, box)
    every, some, others = np.arange(60), np.arange(0, 60, 3), np.arange(1, 60, 3)
    whole = radial_distribution(points, box, width=0.25)
    edges = np.arange(whole.sizes["distance"] + 1) * 0.25
    np.testing.assert_array_equal(whole["count"], counted(points, box, edges, every, every))
    part = radial_distribution(points, box, width=0.25, first=some, second=others)
    np.testing.assert_array_equal(part["count"], counted(points, box, edges, some, others))
    again = radial_distribution(points, box, width=0.25, first=some, second=some)
    np.testing.assert_array_equal(again["count"], counted(points, box, edges, some, some))
    assert part.pairs == 400
    assert again.pairs == 190
    assert part.density == pytest.approx(20 / abs(np.linalg.det(box)))


@pytest.mark.parametrize("cell", [np.diag([16.0, 17.0, 40.0]), np.array([[16.0, 0, 0], [9, 17, 0], [-7, 5, 40]])])
def test_cells_count_as_all_pairs_do(cell):
    points = gas(2, 500, cell)
    kinds = np.arange(0, 200), np.arange(200, 500)
    for first, second in ((None, None), kinds):
        near = radial_distribution(points, cell, width=0.2, cutoff=3.0, first=first, second=second)
        far = radial_distribution(points, cell, width=0.2, first=first, second=second)
        assert far.sizes["distance"] > 30
        np.testing.assert_array_equal(near["count"], far["count"][:15])
        np.testing.assert_allclose(near.g, far.g[:15], rtol=1e-13)
    lattice = np.stack(np.meshgrid(*[np.arange(8)] * 3), axis=-1).reshape(-1, 3) * 2.0  # points on faces of cells
    shells = radial_distribution(lattice, [16, 16, 16], width=1.0, cutoff=4.0)
    assert shells["count"].values.tolist() == [0, 0, 512 * (6 + 12) // 2, 512 * 8 // 2]


@pytest.mark.parametrize("name", BOXES)
def test_an_ideal_gas_has_one_everywhere_even_a_small_one(name):
    # N(N-1), exact shells: with N^2 this gas of 8 would be at 7/8, with thin shells the first bin would be far off
    result = radial_distribution(gas(4000, 8, BOXES[name]), BOXES[name], width=0.5)
    z = (result.g - 1) / result.g_error
    assert np.abs(z).max() < 5  # 20 blocks: a Student's t of 19 degrees of freedom
    assert np.abs(result.g[-3:] - 1).max() < 0.06
    assert 0.5 < float((z**2).mean()) < 2.5


def test_excluded_pairs_leave_the_ideal_gas_too():
    box = [8.0, 8.0, 8.0]
    points = gas(2000, 9, np.diag(box))
    points[:, 1::3] = points[:, ::3] + 0.3  # molecules of three
    points[:, 2::3] = points[:, ::3] - 0.3
    within = [(3 * m + i, 3 * m + j) for m in range(3) for i in range(3) for j in range(i)]
    result = radial_distribution(points, box, width=0.5, exclude=[*within, (1, 0), (4, 4)])
    assert result.pairs == 27
    assert np.abs((result.g - 1) / result.g_error).max() < 5
    partly = radial_distribution(points, box, width=0.5, first=[0, 3, 6], second=[1, 4, 7], exclude=within)
    assert partly.pairs == 6
    assert np.abs((partly.g - 1) / partly.g_error).max() < 5
    everything = radial_distribution(points, box, width=0.5)
    assert everything.g[1] > 3


def test_neighbours_are_counted_around_one_particle():
    fcc = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
    cells = 2 * np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 1, 3)
    crystal = (fcc + cells).reshape(-1, 3)
    result = radial_distribution(crystal, [6, 6, 6], width=0.1)
    assert result.neighbours.sel(distance=1.45, method="nearest").item() == 12.0
    assert result.neighbours.sel(distance=2.05, method="nearest").item() == 18.0
    assert result.neighbours.sel(distance=2.45, method="nearest").item() == 42.0
    corner, face = np.arange(0, 108, 4), np.arange(1, 108, 4)
    partial = radial_distribution(crystal, [6, 6, 6], width=0.1, first=corner, second=face)
    assert partial.neighbours.sel(distance=1.45, method="nearest").item() == 4.0
    assert np.isnan(result.g_error).all()  # of one frame nothing can be told


def test_datasets_changing_boxes_and_threads():
    rng = np.random.default_rng(3)
    edges = 8.0 + rng.uniform(-0.5, 0.5, (40, 3))
    points = rng.uniform(0, 1, (40, 50, 3)) * edges[:, None]
    frames = xr.Dataset(
        {
            "position": (("time", "particle", "axis"), points, {"units": "angstrom"}),
            "box": (("time", "axis"), edges),
        }
    )
    with use_workers(1):
        one = radial_distribution(frames, width=0.5)
    with use_workers(2):
        two = radial_distribution(points, edges[:, :, None] * np.eye(3), width=0.5)
    np.testing.assert_array_equal(one["count"], two["count"])
    assert one.sizes["distance"] == int(edges.min() / 2 / 0.5)
    assert one.distance.attrs["units"] == "angstrom"
    assert one.density.attrs["units"] == "angstrom-3"
    ideal = (4 / 3 * np.pi * 0.5**3 * 50 * 49 / 2 / edges.prod(axis=1)).sum()
    assert float(one.g[0]) == pytest.approx(float(one["count"][0]) / ideal)


def refused(make, sentence, error=ParameterError):
    with pytest.raises(error, match=sentence):
        make()


POINTS = np.random.default_rng(0).uniform(0, 5, (3, 10, 3))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: radial_distribution(POINTS, width=0.1), "box must be given"),
        (lambda: radial_distribution(POINTS[0, 0], [5, 5, 5], width=0.1), "must have the shape"),
        (lambda: radial_distribution(POINTS * np.inf, [5, 5, 5], width=0.1), "positions must be finite"),
        (lambda: radial_distribution(xr.Dataset(), width=0.1), "a dataset with a variable position"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.0), "width must be a positive number"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=1e-9), "from 1 to a million shells"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=3.0), "from 1 to a million shells up to 2.5, not 0"),
        (lambda: radial_distribution(POINTS, [5, 5, 9], width=0.1, cutoff=2.6), "from one width to 2.5, half the"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0.5]), "must be numbers of particles"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0, 10]), "different numbers from 0 to 9"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0, 0]), "different numbers from 0 to 9"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0, 1], second=[1, 2]), "not 1 of them"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0]), "leave at least one pair"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, blocks=0), "blocks must be a whole number"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, exclude=[1, 2]), "pairs of particles \\(n, 2\\)"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, exclude=[[1, 20]]), "numbers from 0 to 9"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)

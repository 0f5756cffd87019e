"""Neighbours against a sum over all images, in boxes of any shape."""

import itertools
import math

import numpy as np
import pytest
from mesoscale.core.kernels.cell_list import (
    add_images,
    box_heights,
    checked_box,
    count_cells,
    nearest_image,
    neighbour_pairs,
    plan_grid,
    wrap_points,
)


def all_pairs(x, box, cutoff):
    """Every pair by brute force: (i, j, r^2), images of a point with itself once."""
    lattice = checked_box(box)
    inverse = np.linalg.inv(lattice)
    s = x @ inverse
    x = (s - np.floor(s)) @ lattice
    reach = [math.ceil(cutoff * length) + 1 for length in np.linalg.norm(inverse, axis=0)]
    shifts = [np.array(n) for n in itertools.product(*[range(-k, k + 1) for k in reach])]
    found = []
    for n in shifts:
        d = x[:, None] - x[None] - n @ lattice
        squares = (d * d).sum(axis=2)
        for i, j in zip(*np.nonzero(squares < cutoff * cutoff), strict=True):
            if i < j or (i == j and tuple(n) > (0, 0, 0)):
                found.append((int(i), int(j), round(float(squares[i, j]), 8)))
    return sorted(found)


def found_pairs(x, box, cutoff):
    pairs, vectors = neighbour_pairs(x, box, cutoff)
    rows = zip(pairs.tolist(), vectors, strict=True)
    return sorted((min(p), max(p), round(float(v @ v), 8)) for p, v in rows)


@pytest.mark.parametrize(
    ("box", "n", "cutoff"),
    [
        ([5.0, 6.0, 7.0], 60, 1.3),  # many cells
        ([10.0, 3.0, 2.5], 40, 1.4),  # more than half of an edge
        ([2.0, 2.0, 2.0], 8, 3.1),  # beyond the box: several images of a pair, and of a point with itself
        ([1.0, 1.0, 1.0], 1, 2.2),  # one point and its images
        ([20.0, 20.0, 20.0], 15, 5.0),  # a gas
        ([[5, 0, 0], [2, 4, 0], [-1.5, 1, 6]], 50, 1.7),  # triclinic
        ([[3, 0, 0], [2.9, 2, 0], [-1.5, 1.9, 2]], 10, 2.5),  # very skewed, beyond its heights
        ([40.0, 1.5, 1.5], 20, 1.0),  # a needle
    ],
)
def test_every_pair_is_found_once(box, n, cutoff):
    x = np.random.default_rng(n).normal(size=(n, 3)) * 10.0  # unwrapped
    assert found_pairs(x, box, cutoff) == all_pairs(x, box, cutoff)


def test_ties_of_a_lattice_are_no_problem():
    x = np.array(list(itertools.product(range(6), repeat=3)), dtype=float)
    pairs, _ = neighbour_pairs(x, [6, 6, 6], 1.9)
    assert len(pairs) == 216 * (6 + 12 + 8) // 2  # first, second and third neighbours


def test_a_vector_points_from_the_second_to_the_first():
    pairs, vectors = neighbour_pairs([[0.5, 5, 5], [9.7, 5, 5]], [10, 10, 10], 1.0)
    sign = 1.0 if pairs[0, 0] == 0 else -1.0
    np.testing.assert_allclose(vectors, [[sign * 0.8, 0, 0]], atol=1e-12)


def test_the_number_of_pairs_of_a_gas_is_that_of_a_gas():
    # N^2/2 times 4/3 pi r^3/V pairs, of a Poisson distribution
    x = np.random.default_rng(5).uniform(0.0, 10.0, (2000, 3))
    expected = 2000.0 * 1999.0 / 2.0 * 4.0 / 3.0 * math.pi / 1000.0
    assert abs(len(neighbour_pairs(x, [10.0] * 3, 1.0)[0]) - expected) < 4.0 * math.sqrt(expected)


def test_no_points_have_no_pairs():
    pairs, vectors = neighbour_pairs(np.zeros((0, 3)), [1, 1, 1], 1.0)
    assert pairs.shape == (0, 2)
    assert vectors.shape == (0, 3)


def test_work_is_linear_in_the_number_of_points_at_any_density():
    for density in (1e-6, 1e-2, 1.0):
        for n in (1000, 8000):
            box = np.diag([(n / density) ** (1.0 / 3.0)] * 3)
            assert count_cells(box, 2.8, n) < 50 * n + 1000
    low, inverse, shape, reach = plan_grid(np.diag([10.0, 10.0, 10.0]), 2.0, 1000)
    assert (reach / inverse >= 2.0).all()
    assert (low <= -2.0 + 1e-12).all()
    assert (shape / inverse + low >= 12.0 - 1e-12).all()


def test_heights_are_volume_over_faces():
    box = np.array([[5.0, 0, 0], [2, 4, 0], [-1.5, 1, 6]])
    np.testing.assert_allclose(box_heights(box), 1.0 / np.linalg.norm(np.linalg.inv(box), axis=0), rtol=1e-12)


def test_wrapping_keeps_places_and_counts_turns():
    box = np.array([[5.0, 0, 0], [2, 4, 0], [-1.5, 1, 6]])
    x = np.zeros((200, 4))
    x[:, :3] = np.random.default_rng(3).normal(size=(200, 3)) * 30
    before, image = x.copy(), np.zeros((200, 3), dtype=np.int64)
    assert wrap_points(x, image, box, 200)
    s = x[:, :3] @ np.linalg.inv(box)
    assert (s > -1e-12).all()
    assert (s < 1 + 1e-12).all()
    np.testing.assert_allclose(x[:, :3] + image @ box, before[:, :3], atol=1e-11)
    x[7, 1] = np.nan
    assert not wrap_points(x, image, box, 200)


def test_the_nearest_image_is_the_nearest():
    box = np.array([[5.0, 0, 0], [1, 4, 0], [-1.5, 1, 6]])
    shifts = np.array(list(itertools.product(range(-2, 3), repeat=3))) @ box
    for d in np.random.default_rng(4).uniform(-1.9, 1.9, (50, 3)) / np.sqrt(3):
        far = d + shifts[np.random.default_rng(int(1e6 * d[0]) % 97).integers(len(shifts))]
        np.testing.assert_allclose(nearest_image(*far, box), d, atol=1e-12)


def test_images_that_find_no_room_are_counted_until_they_do():
    x = np.zeros((30, 4))
    x[:20, :3] = np.random.default_rng(5).uniform(0, 2, (20, 3))
    box, room = np.diag([2.0, 2.0, 2.0]), 30
    while True:
        points = np.zeros((room, 4))
        points[:20] = x[:20]
        total = add_images(points, np.zeros(room, np.int64), np.zeros((room, 3), np.int64), 20, box, 1.5)
        if total <= room:
            break
        room = total
    ends = points[20:total, :3]
    assert ((ends >= -1.5 - 1e-6) & (ends <= 3.5 + 1e-6)).all()
    assert (ends[:, 2] >= 0).all()


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ([1, 2], "three finite edges"),
        ([1, 0, 1], "positive"),
        ([1, np.nan, 1], "finite"),
        ([[1, 1, 0], [0, 1, 0], [0, 0, 1]], "rotate"),
    ],
)
def test_a_box_that_is_none(box, words):
    with pytest.raises(ValueError, match=words):
        checked_box(box)


def test_arguments_that_are_not_allowed():
    with pytest.raises(ValueError, match="positions"):
        neighbour_pairs([[0, 0]], [1, 1, 1], 1.0)
    with pytest.raises(ValueError, match="cutoff"):
        neighbour_pairs([[0, 0, 0]], [1, 1, 1], 0.0)

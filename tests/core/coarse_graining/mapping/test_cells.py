"""Nearest images and lattices of any shape, by enumeration."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.mapping import Mapping, lattice_vectors, minimum_image, wrap_positions
from mesoscale.core.model import ParameterError

CELLS = {
    "cube": np.diag([10.0, 10.0, 10.0]),
    "slab": np.diag([10.0, 11.0, 40.0]),
    "hexagonal": lattice_vectors([10, 10, 14, 90, 90, 120]),
    "sharp": lattice_vectors([10, 9, 12, 50, 55, 48]),
    "blunt": lattice_vectors([10, 11, 12, 125, 100, 118]),
    "truncated octahedron": lattice_vectors([10, 10, 10, 70.52878, 109.47122, 70.52878]),
    "very skew": np.array([[10.0, 0, 0], [37.0, 8.0, 0], [-61.0, 29.0, 9.0]]),
    "turned": np.array([[7.0, 7.0, 0], [-7.0, 7.0, 0], [3.0, 1.0, 9.0]]),
}


def images(reach):
    span = np.arange(-reach, reach + 1)
    return np.stack(np.meshgrid(span, span, span), axis=-1).reshape(-1, 3)


def nearest_of_all(displacements, cell, reach):
    """Brute force: fractional coordinates within one half first, then every image up to `reach` cells away."""
    inside = displacements - np.floor(displacements @ np.linalg.inv(cell) + 0.5) @ cell
    candidates = inside[:, None, :] - (images(reach) @ cell)[None]
    squares = (candidates**2).sum(-1)
    return np.sqrt(squares.min(axis=1))


@pytest.mark.parametrize("name", CELLS)
def test_the_nearest_image_is_the_nearest_of_all(name):
    cell = CELLS[name]
    d = np.random.default_rng(1).uniform(-30, 30, (300, 3))
    reach = 12 if name == "very skew" else 2  # 125 images, where the cell is not absurd
    found = minimum_image(d, cell)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), nearest_of_all(d, cell, reach), rtol=1e-11)
    moved = (d - found) @ np.linalg.inv(cell)  # by whole lattice vectors
    np.testing.assert_allclose(moved, np.rint(moved), atol=1e-9)


def test_fractional_coordinates_alone_are_wrong_in_sharp_cells():
    cell = CELLS["sharp"]
    d = np.random.default_rng(1).uniform(-30, 30, (300, 3))
    rounded = d - np.floor(d @ np.linalg.inv(cell) + 0.5) @ cell
    assert (np.linalg.norm(rounded, axis=1) > np.linalg.norm(minimum_image(d, cell), axis=1) + 1e-6).mean() > 0.1


def test_every_frame_has_its_cell():
    d = np.random.default_rng(2).uniform(-30, 30, (len(CELLS), 20, 3))
    cells = np.stack(list(CELLS.values()))
    together = minimum_image(d, cells)
    for n, cell in enumerate(cells):
        np.testing.assert_array_equal(together[n], minimum_image(d[n], cell))
    inside = wrap_positions(d, cells) @ np.linalg.inv(cells)
    assert inside.min() >= -1e-12
    assert inside.max() <= 1 + 1e-12


def test_lattice_vectors_have_the_lengths_and_angles():
    a, b, c = lattice_vectors([3, 4, 5, 70, 80, 95])
    assert np.linalg.norm([a, b, c], axis=1) == pytest.approx([3, 4, 5])
    cosines = [b @ c / 20, a @ c / 15, a @ b / 12]
    np.testing.assert_allclose(np.rad2deg(np.arccos(cosines)), [70, 80, 95], rtol=1e-12)
    many = lattice_vectors([[3, 4, 5, 90, 90, 90], [3, 4, 5, 70, 80, 95]])
    np.testing.assert_array_equal(many[0], np.diag([3.0, 4.0, 5.0]))
    np.testing.assert_array_equal(many[1], [a, b, c])


def refused(change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        change()


ATOMS = np.zeros((6, 3))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, [1.0, 2.0]), "box must have the shape"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, [9, 9, 9, 90, 90, 90]), "lattice_vectors makes these of"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, [1.0, 2.0, 0.0]), "positive edges"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, np.ones((3, 3))), "must have a volume"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, np.full((3, 3), np.inf)), "box must be finite"),
        (lambda: Mapping([[0]], np.ones(6)).positions(ATOMS, np.ones((2, 3, 3))), "\\(1, 3, 3\\), not \\(2, 3, 3\\)"),
        (lambda: minimum_image(1.0, [1.0, 1.0, 1.0]), "must have the shape \\(..., 3\\)"),
        (lambda: minimum_image([1.0, 1.0, 1.0], np.eye(3)[None]), "where every frame has its own box"),
        (lambda: lattice_vectors([1, 1, 1]), "must be six finite numbers"),
        (lambda: lattice_vectors([1, 1, 1, 10, 10, 170]), "belong to no cell"),
        (lambda: lattice_vectors([1, 0, 1, 90, 90, 90]), "belong to no cell"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)

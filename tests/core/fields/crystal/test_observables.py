"""Atoms, neighbours and order, of lattices and points that are known."""

import math

import numpy as np
import pytest
from mesoscale.core.fields import crystal as pfc
from mesoscale.core.fields.crystal.unit_cell import one_mode_pattern
from mesoscale.core.fields.spectral import Basis

SPACING = 4.0 * math.pi / math.sqrt(3.0)


def test_atoms_of_a_shifted_lattice_are_found_where_they_are():
    for shift in (0.0, 0.13, 1.9):
        a = SPACING
        basis = Basis((70, 40), (2 * math.sqrt(3) * a, 4 * a))
        y, x = ((np.arange(n) + 0.5) * h for n, h in zip(basis.shape, basis.spacing, strict=True))
        field = -0.3 - 0.5 * one_mode_pattern(x[None, :] + 0.5 * a - shift, y[:, None] - 0.7 * shift)
        points = pfc.find_peaks(field, basis.lengths)
        assert len(points) == 16
        back = points - np.array([0.7 * shift, shift])
        rows = back[:, 0] / (0.5 * math.sqrt(3) * a)
        np.testing.assert_allclose(rows, np.rint(rows), atol=0.02)
        columns = back[:, 1] / a - 0.5 * np.rint(rows)
        np.testing.assert_allclose(columns, np.rint(columns), atol=0.02)
        assert len(pfc.find_peaks(-field, basis.lengths, holes=True)) == 16
        np.testing.assert_allclose(pfc.bond_order(pfc.coordination(points, basis.lengths)), 1.0, atol=5e-3)


def test_neighbours_of_random_points_sum_to_six_and_bonds_are_mutual():
    random = np.random.default_rng(4)
    for n in (1, 2, 3, 7, 49, 51, 400):
        points = random.random((n, 2)) * [30.0, 20.0]
        numbers, bonds = pfc.coordination(points, (30.0, 20.0))
        assert (6 - numbers).sum() == 0
        np.testing.assert_allclose(bonds.sum(axis=0), 0.0, atol=1e-4)  # every bond is there and back
    crowd = 10.0 + random.random((200, 2)) * 3.0
    assert (6 - pfc.coordination(crowd, (30.0, 20.0)).numbers).sum() == 0
    empty = pfc.coordination(np.zeros((0, 2)), (1.0, 1.0))
    assert empty.numbers.size == pfc.bond_order(empty).size == 0


def test_a_square_lattice_has_a_valid_triangulation_and_little_hexatic_order():
    grid = np.stack(np.meshgrid(np.arange(8) + 0.5, np.arange(8) + 0.5), -1).reshape(-1, 2)
    neighbours = pfc.coordination(grid, (8.0, 8.0))
    assert (6 - neighbours.numbers).sum() == 0
    assert pfc.bond_order(neighbours).mean() < 0.7


def test_a_missing_atom_leaves_its_mark():
    a, rows = 1.0, 8
    y, x = np.meshgrid(np.arange(rows) * math.sqrt(3) / 2 * a, np.arange(8) * a, indexing="ij")
    points = np.stack([y, x + 0.5 * (np.arange(rows) % 2)[:, None]], -1).reshape(-1, 2)
    box = (rows * math.sqrt(3) / 2, 8.0)
    assert (pfc.coordination(points, box).numbers == 6).all()
    numbers = pfc.coordination(np.delete(points, 27, axis=0), box).numbers
    assert (6 - numbers).sum() == 0
    assert (numbers != 6).sum() >= 3


@pytest.mark.parametrize("index", [2, 5, 9])
def test_order_and_orientation_of_turned_lattices(index):
    """A lattice that fits a periodic box although it is turned."""
    angle = math.atan(1.0 / (index * math.sqrt(3.0)))
    period = SPACING * math.sqrt(1 + 3 * index**2)
    basis = Basis((32 * index, 64 * index), (period, math.sqrt(3.0) * period))
    y, x = ((np.arange(n) + 0.5) * h for n, h in zip(basis.shape, basis.spacing, strict=True))
    along = math.cos(angle) * x[None, :] + math.sin(angle) * y[:, None]
    across = math.cos(angle) * y[:, None] - math.sin(angle) * x[None, :]
    order = pfc.crystalline_order(-0.3 - 0.5 * one_mode_pattern(along, across), basis, -0.5)
    np.testing.assert_allclose(np.abs(order), 1.0, atol=0.01)
    turned = (np.angle(order) / 6.0 - angle + math.pi / 6) % (math.pi / 3) - math.pi / 6
    np.testing.assert_allclose(turned, 0.0, atol=1e-3)
    liquid = pfc.crystalline_order(np.full(basis.shape, -0.3), basis, -0.5)
    assert np.abs(liquid).max() < 1e-12

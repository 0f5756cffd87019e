"""The loops of stochastic rotation dynamics, one by one."""

import math

import numpy as np
import pytest
import scipy.stats
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.particles.rotation import kernels


def test_axes_are_uniform_on_the_sphere():
    state = spawn_states(0, 1)[0]
    axes = np.array([kernels._unit_vector(state) for _ in range(20_000)])
    np.testing.assert_allclose((axes**2).sum(axis=1), 1.0, rtol=1e-14)
    for component in axes.T:
        assert scipy.stats.kstest(component, "uniform", args=(-1, 2)).pvalue > 1e-3
    assert scipy.stats.kstest(np.arctan2(axes[:, 1], axes[:, 0]), "uniform", (-math.pi, 2 * math.pi)).pvalue > 1e-3


@pytest.mark.parametrize("shape", [1.0, 1.5, 13.5])
def test_relative_energies_are_drawn_from_the_gamma_distribution(shape):
    state = spawn_states(1, 1)[0]
    sample = [kernels._gamma(shape, state) for _ in range(20_000)]
    assert scipy.stats.kstest(sample, "gamma", args=(shape,)).pvalue > 1e-3


def test_the_force_is_a_sine():
    turns = np.concatenate([np.linspace(-3.0, 3.0, 10_001), [0.0, 0.25, 0.5, 0.75, 1.0, -1e-18, 1e6 + 0.125]])
    found = np.array([kernels._sine_of_turn(t) for t in turns])
    np.testing.assert_allclose(found, np.sin(2 * np.pi * turns), atol=1e-9)


def test_every_position_has_a_cell_and_the_right_one():
    rng = np.random.default_rng(0)
    edges = np.array([3, 5, 4])
    x = rng.uniform(-20, 20, (3, 4000))
    x[:, :6] = [[0.0, -1e-18, 1e-300, 2.9999999999999996, 3.0, -3.0]] * 3
    shift = np.array([0.0, 0.3, 0.999])
    cell = np.zeros(x.shape[1], np.uint32)
    kernels._find_cells(x[0], x[1], x[2], cell, edges, *shift, 0, x.shape[1])
    assert cell.max() < edges.prod()
    places = np.floor(x + shift[:, None]).astype(int) % edges[:, None]
    expected = (places[0] * 5 + places[1]) * 4 + places[2]
    clear = (np.abs(x + shift[:, None] - np.round(x + shift[:, None])) > 1e-12).all(axis=0)
    assert clear.sum() > 3900
    assert (cell[clear] == expected[clear]).all()


def test_a_particle_bounces_back_the_way_it_came():
    rows = np.array([[0.0], [1.0], [0.0], [0.3], [2.0], [-0.1]])
    kernels._bounce_back(*rows, 0, 1.0, 2.0)  # reaches the wall at y = 2 halfway, and returns
    np.testing.assert_allclose(rows[:, 0], [0.0, 1.0, 0.0, -0.3, -2.0, 0.1], atol=1e-14)


@pytest.mark.parametrize("v", [7.3, -55.5, 0.4, -1e-12])
def test_many_bounces_in_one_step_unfold_to_a_straight_line(v):
    height, step, y = 3.0, 1.7, 1.1
    rows = np.array([[0.0], [y], [0.0], [0.5], [v], [0.0]])
    kernels._bounce_back(*rows, 0, step, height)
    unfolded = y + v * step
    folded = abs(unfolded - 2 * height * round(unfolded / (2 * height)))
    assert rows[1, 0] == pytest.approx(folded, abs=1e-11)
    bounces = abs(math.floor(unfolded / height))
    assert rows[3, 0] == 0.5 * (-1) ** bounces


def test_cells_between_walls_have_one_layer_more():
    edges = np.array([2, 3, 2])
    y = np.array([0.0, 0.4, 2.7, 3.0])
    cell = np.zeros(4, np.uint32)
    kernels._find_cells_between_walls(np.zeros(4), y, np.zeros(4), cell, edges, 0.0, 0.5, 0.0, 0, 4)
    assert (cell // 2).tolist() == [0, 0, 3, 3]
    kernels._find_cells_between_walls(np.zeros(4), y, np.zeros(4), cell, edges, 0.0, 1 - 1e-17, 0.0, 0, 4)
    assert (cell // 2).tolist() == [1, 1, 3, 3]


def test_sorting_brings_the_particles_of_a_cell_together_and_keeps_their_velocities():
    rng = np.random.default_rng(3)
    edges = np.array([3, 4, 2])
    rows = np.concatenate([rng.uniform(-9, 9, (3, 500)), rng.normal(size=(3, 500))])
    other, who, new = np.empty_like(rows), np.arange(500), np.empty(500, np.int64)
    kernels.sort_by_cell(rows, other, who, new, np.zeros(500, np.uint32), edges)
    assert sorted(new) == list(range(500))
    assert (other == rows[:, new]).all()
    cell = np.floor(other[:3]).astype(int) % edges[:, None]
    number = (cell[0] * 4 + cell[1]) * 2 + cell[2]
    assert (np.diff(number) >= 0).all()
    for q in np.unique(number):  # those of one cell stay in their order
        assert (np.diff(new[number == q]) > 0).all()


def test_velocities_are_counted_by_height_above_the_drift():
    rows = np.array(
        [[0.0] * 5, [0.2, 0.7, -0.1, 4.2, 3.999999999999], [0.0] * 5, [2.0, 3.0, 4.0, 5.0, 6.0], [1.0] * 5, [0.5] * 5]
    )
    bins = np.zeros((8, 2))
    square = kernels.bin_velocities(rows, 2.0, 4, False, bins)
    assert bins[:, 0].tolist() == [2, 1, 0, 0, 0, 0, 0, 2]
    assert bins[:, 1].tolist() == [0.0 + 3.0, 1.0, 0, 0, 0, 0, 0, 2.0 + 4.0]
    assert square == pytest.approx(0 + 1 + 4 + 9 + 16 + 5 * 1.25)
    at_walls = np.zeros((8, 2))
    kernels.bin_velocities(np.array([[0.0] * 2, [0.0, 4.0], *[[0.0] * 2] * 4]), 0.0, 4, True, at_walls)
    assert at_walls[:, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 1]


def test_displacements_are_averaged_over_particles_and_the_axes_asked_for():
    rng = np.random.default_rng(4)
    now, then = rng.normal(size=(2, 6, 50))
    for first, last in ((1, 3), (2, 3), (0, 2)):
        expected = ((now[first:last] - then[first:last]) ** 2).mean()
        assert kernels.square_displacements(now, then, first, last) == pytest.approx(expected)

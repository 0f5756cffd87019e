"""Forces and coordinates of the user, in one compiled form."""

import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy.collective import check_counts, draw_all, prepare
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.model import ParameterError


def bowl(x, parameters, out):
    out[0], out[1] = -x[0], -2.0 * x[1]


def line(x, parameters):
    return -parameters[0] * x


def radius(x, gradient):
    r = math.hypot(x[0], x[1])
    gradient[0], gradient[1] = x[0] / r, x[1] / r
    return r


def test_a_component_is_a_coordinate_with_a_unit_gradient():
    _, force, measure = prepare("test", bowl, 1, 2)
    gradient, out = np.full(2, 9.0), np.empty(2)
    assert measure(np.array([3.0, 4.0]), gradient) == 4.0
    assert gradient.tolist() == [0.0, 1.0]
    force(np.array([3.0, 4.0]), np.empty(0), out)
    assert out.tolist() == [-3.0, -8.0]


def test_a_force_of_one_number_becomes_one_of_vectors():
    given, force, measure = prepare("test", line, 0, 1)
    out = np.empty(1)
    force(np.array([2.0]), np.array([3.0]), out)
    assert out[0] == given(2.0, np.array([3.0])) == -6.0
    assert measure(np.array([2.0]), np.empty(1)) == 2.0


def test_a_function_fills_its_gradient():
    _, _, measure = prepare("test", bowl, radius, 2)
    gradient = np.empty(2)
    assert measure(np.array([3.0, 4.0]), gradient) == 5.0
    assert gradient.tolist() == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("coordinate", [2, -1, 0.5, True])
def test_coordinates_that_are_not_there_are_refused(coordinate):
    with pytest.raises(ParameterError, match="coordinate must be 0 to 1, or a function"):
        prepare("test", bowl, coordinate, 2)


def test_a_function_of_one_degree_of_freedom_is_refused():
    with pytest.raises(ParameterError, match="coordinate must be 0 for one degree of freedom"):
        prepare("test", line, radius, 1)


@pytest.mark.parametrize("count", [0, True, 2.0, "3"])
def test_counts_are_whole_numbers(count):
    with pytest.raises(ParameterError, match="steps must be a whole number of at least 1"):
        check_counts("test", steps=(count, 1))


def test_each_row_is_drawn_from_its_own_stream():
    rows, alone = np.empty((5, 3)), np.empty((1, 3))
    draw_all(spawn_states(7, 5), rows)
    draw_all(spawn_states(7, 1, first=4), alone)
    assert rows[4].tolist() == alone[0].tolist()
    assert len(np.unique(rows)) == 15

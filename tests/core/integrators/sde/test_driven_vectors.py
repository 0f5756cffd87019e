"""Vectors: measured orders against exact solutions, and what the scalar schemes do, component by component."""

import json
import math

import numpy as np
import pytest
from mesoscale.core.integrators.sde import StochasticEquation, convergence, integrate, schemes
from mesoscale.core.integrators.sde.convergence import Wiener, strong_errors, strong_order
from mesoscale.core.model import ParameterError
from numba import njit

SPIRAL = np.array([[0.5, -0.8], [0.8, 0.5]])  # stretches and turns
PULL = np.array([[-0.3, 0.4], [-0.4, -0.3]])  # commutes with it
LEVELS = (4, 5, 6, 7, 8)


@njit
def pull(x, t, p, out):
    out[0] = -0.3 * x[0] + 0.4 * x[1]
    out[1] = -0.4 * x[0] - 0.3 * x[1]


@njit
def spiral(x, t, p, out):
    out[0] = 0.5 * x[0] - 0.8 * x[1]
    out[1] = 0.8 * x[0] + 0.5 * x[1]


@njit
def spiral_column(x, t, p, out):
    out[0, 0] = 0.5 * x[0] - 0.8 * x[1]
    out[1, 0] = 0.8 * x[0] + 0.5 * x[1]


@njit
def shear_and_turn(x, t, p, out):
    # two noises whose fields do not commute
    out[0, 0], out[1, 0] = x[1], 0.0
    out[0, 1], out[1, 1] = -x[1], x[0]


@njit
def rest(x, t, p, out):
    out[:] = 0.0


@njit
def proportional(x, t, p, out):
    out[:] = 0.8 * x


@njit
def cubic(x, t, p, out):
    for i in range(len(x)):
        out[i] = x[i] - x[i] ** 3 + math.sin(t)


@njit
def rising(x, t, p, out):
    for i in range(len(x)):
        out[i] = (0.5 + i) * (1.0 + t)


def exponential(drift):
    """X(1) = exp(drift + B W) X(0): matrices that commute, as they only stretch and turn, are complex numbers."""

    def end(w):
        z = np.exp(drift + (0.5 + 0.8j) * w) * (1.0 + 0.5j)
        return np.stack([z.real, z.imag], axis=1)

    return end


ITO = exponential(-0.3 - 0.4j - 0.5 * (0.5 + 0.8j) ** 2)
STRATONOVICH = exponential(-0.3 - 0.4j)


@pytest.mark.parametrize(
    ("interpretation", "scheme", "order"),
    [
        ("ito", "milstein", 1.0),
        ("ito", "sriw1", 1.5),
        ("stratonovich", "heun", 1.0),
        ("stratonovich", "sriw1", 1.5),
    ],
)
def test_strong_order_of_one_noise_that_drives_a_pair(interpretation, scheme, order):
    equation = StochasticEquation(pull, spiral, "scalar", interpretation, components=2)
    exact = ITO if interpretation == "ito" else STRATONOVICH
    errors, _ = strong_errors(equation, scheme, [1.0, 0.5], (), Wiener(1500, 8), LEVELS, exact)
    assert strong_order(errors, LEVELS) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(
    ("interpretation", "scheme", "order"), [("ito", "euler_maruyama", 0.5), ("stratonovich", "heun", 1.0)]
)
def test_a_matrix_of_one_column_is_scalar_noise(interpretation, scheme, order):
    equation = StochasticEquation(pull, spiral_column, "general", interpretation, components=2, noises=1)
    exact = ITO if interpretation == "ito" else STRATONOVICH
    errors, _ = strong_errors(equation, scheme, [1.0, 0.5], (), Wiener(1500, 8), LEVELS, exact)
    assert strong_order(errors, LEVELS) == pytest.approx(order, abs=0.1)


def test_noises_that_do_not_commute_cost_heun_its_order():
    """Strong order 1/2: the area between two Wiener paths is not in their increments."""
    equation = StochasticEquation(rest, shear_and_turn, "general", "stratonovich", components=2, noises=2)
    wiener = Wiener(2000, 11)
    fine = convergence.end_states(equation, "heun", [1.0, 0.5], (), *wiener.at_level(11))
    levels = (4, 5, 6, 7)
    errors = [
        np.sqrt(((convergence.end_states(equation, "heun", [1.0, 0.5], (), *wiener.at_level(k)) - fine) ** 2).sum(1))
        for k in levels
    ]
    assert strong_order(np.array([e.mean() for e in errors]), levels) == pytest.approx(0.5, abs=0.1)


def test_strong_order_of_diagonal_noise_in_a_vector():
    """Each of three components is a geometric Brownian motion on a path of its own."""
    equation = StochasticEquation(rest, proportional, "diagonal", "ito", components=3)
    wiener = Wiener(3000, 8)
    end = np.exp(0.8 * wiener.dw.sum(axis=1) - 0.32).reshape(-1, 3)
    errors, _ = strong_errors(equation, "sriw1", [1.0] * 3, (), wiener, LEVELS, lambda w: end)
    assert strong_order(errors, LEVELS) == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("scheme", ["euler_maruyama", "milstein", "heun", "sra1", "sriw1"])
def test_components_take_the_steps_of_single_numbers(scheme):
    """With drift and noise that depend on time: any slip in a stage of the vector schemes shows."""
    wiener = Wiener(40, 5)
    dw, j = wiener.at_level(5)
    equation = StochasticEquation(cubic, rising, "additive", components=2)
    pairs = convergence.end_states(equation, scheme, [0.2, -0.4], (), dw, j)
    one = schemes.SCHEMES[scheme].one.py_func
    for path in range(40):
        component = path % 2
        x = [0.2, -0.4][component]
        for n in range(32):
            x = one(
                lambda y, t, q: y - y**3 + math.sin(t), lambda y, t, q, c=component: (0.5 + c) * (1.0 + t),
                x, n / 32, 1 / 32, dw[path, n], j[path, n], None,
            )  # fmt: skip
        assert pairs[path // 2, component] == pytest.approx(x, rel=1e-11, abs=1e-11)


def test_an_ensemble_of_scalar_noise_moves_as_one():
    """dX_i = X_i dW with one noise for all: components that begin alike stay alike; their mean stays 1."""
    equation = StochasticEquation(rest, proportional, "scalar", "ito", components=3)
    run = integrate(equation, [1.0, 1.0, 2.0], [0.0, 1.0], step=0.02, trajectories=10_000, output="trajectories")
    end = run["state"].values[:, -1]
    np.testing.assert_array_equal(end[:, 0], end[:, 1])
    np.testing.assert_allclose(end[:, 2], 2 * end[:, 0], rtol=1e-12)
    assert abs(end[:, 0].mean() - 1) < 4 * end[:, 0].std() / 100
    assert json.loads(run.attrs["recipe"])["scheme"] == "sriw1"


def test_no_noise_at_a_point_needs_no_conversion():
    equation = StochasticEquation(pull, spiral, "scalar", "stratonovich", components=2)
    out = np.empty(2)
    equation.ito_drift()(np.zeros(2), 0.0, np.empty(0), out)
    np.testing.assert_array_equal(out, 0.0)
    x = np.array([3.0, -2.0])
    equation.ito_drift()(x, 0.0, np.empty(0), out)
    np.testing.assert_allclose(out, (PULL + 0.5 * SPIRAL @ SPIRAL) @ x, rtol=1e-9)


def test_what_numba_cannot_compile_is_said():
    equation = StochasticEquation(lambda x, t, p: unknown_name, lambda x, t, p: 1.0, "additive")  # noqa: F821
    with pytest.raises(ParameterError, match="numba cannot compile drift or diffusion"):
        integrate(equation, 1.0, [0.0, 1.0], step=0.1)


def test_sra1_is_refused_for_one_noise_that_depends_on_the_state():
    equation = StochasticEquation(pull, spiral, "scalar", "ito", components=2)
    with pytest.raises(ParameterError, match="holds for additive noise, not for scalar noise"):
        integrate(equation, [1.0, 1.0], [0.0, 1.0], step=0.1, scheme="sra1")
    with pytest.raises(ParameterError, match="noises is given for general noise only"):
        StochasticEquation(pull, spiral, "scalar", "ito", components=2, noises=2)

"""Splines that are those of scipy, functions of any kind, and bases that cannot be."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.force_matching import FunctionBasis, SplineBasis, match_forces
from mesoscale.core.model import ParameterError
from numba import njit


def test_the_error_of_splines_falls_with_the_fourth_power_of_their_spacing():
    r = np.random.default_rng(5).uniform(0.95, 2.5, 3000)
    pairs = np.zeros((3000, 2, 3))
    pairs[:, 1, 0] = r
    strength = 48 * r**-13 - 24 * r**-7
    forces = np.zeros_like(pairs)
    forces[:, 0, 0], forces[:, 1, 0] = -strength, strength
    spacings, errors = (2.5 - 0.9) / np.array([24, 48, 96]), []
    for spacing in spacings:
        matched = match_forces(pairs, forces, None, pairs={(0, 0): SplineBasis(2.5, spacing, 0.9)}, regularization=0.0)
        x = matched.pair_0_0_distance.values
        errors.append(np.sqrt(np.mean((matched.pair_0_0_force.values - 48 * x**-13 + 24 * x**-7) ** 2)))
    order = np.polyfit(np.log(spacings), np.log(errors), 1)[0]
    assert order == pytest.approx(4.0, abs=0.3)
    assert errors[-1] < 1e-4


def test_the_splines_of_the_kernel_are_those_of_scipy():
    rng = np.random.default_rng(9)
    for basis in (SplineBasis(2.0, 0.13, 0.4), SplineBasis.at(np.cumsum(rng.uniform(0.01, 0.4, 12)))):
        x = rng.uniform(basis.low, basis.high, 500)
        weights, first = basis.columns(x)
        dense = np.zeros((500, basis.size))
        np.put_along_axis(dense, first[:, None] + np.arange(4), weights, axis=1)
        assert dense == pytest.approx(basis.force(x), abs=1e-13)
        assert dense.sum(axis=1) == pytest.approx(np.ones(500))
    ended = SplineBasis(2.0, 0.2, ends_at_zero=True)
    weights, first = ended.columns(np.array([0.0, 1.99, 2.0 - 1e-13]))
    assert (first + 4 <= ended.size).all()
    assert weights[2] == pytest.approx(np.zeros(4), abs=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SplineBasis(1.0, 0.1, 1.0), "high must be finite and above low"),
        (lambda: SplineBasis(1.0, 0.0), "spacing must be positive"),
        (lambda: SplineBasis(1.0, 1e-9), "at most 2000 intervals"),
        (lambda: SplineBasis.at([0.0, 1.0, 1.0]), "breakpoints must be two or more increasing"),
        (lambda: SplineBasis.at([]), "breakpoints must be two or more increasing"),
        (lambda: FunctionBasis((), 1.0), "functions must be one or more"),
        (lambda: FunctionBasis((abs,), -1.0), "high must be finite and above low"),
    ],
)
def test_a_basis_that_cannot_be_is_one_clear_error(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_functions_compiled_for_arrays_are_taken_too():
    whole = FunctionBasis((njit(lambda r: np.ones(len(r)) + np.cumsum(r) * 0.0),), 3.0)
    assert whole.force([1.0, 2.0]).tolist() == [[1.0], [1.0]]
    assert whole.potential([1.0, 2.5])[:, 0] == pytest.approx([2.0, 0.5])
    assert whole.potential([]).shape == (0, 1)

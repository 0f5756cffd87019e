"""Three grids: checkerboards, whose limit is known, and what a grid cannot change or cannot see."""

import math

import numpy as np
import pytest
from mesoscale.core.homogenization.voxels import effective_conductivity, effective_stiffness
from mesoscale.core.homogenization.voxels.extrapolation import extrapolated, is_seen


def layers(shape, axis, seed=0):
    """A random sequence of three phases along one axis."""
    profile = np.random.default_rng(seed).permutation(np.resize([0, 1, 2], shape[axis]))
    return np.broadcast_to(np.expand_dims(profile, [a for a in range(len(shape)) if a != axis]), shape)


def checkerboard(n):
    return (np.indices((n, n)) // (n // 2)).sum(axis=0) % 2


def disk(n, fraction):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None] ** 2 + x**2 < fraction / math.pi).astype(int)


@pytest.mark.parametrize(("contrast", "tolerance"), [(2.0, 1e-3), (5.0, 1e-3), (10.0, 1e-3)])
def test_a_checkerboard_conducts_as_the_root_of_the_product(contrast, tolerance):
    found = effective_conductivity(checkerboard(128), [1.0, contrast])
    np.testing.assert_allclose(np.diag(found.conductivity), math.sqrt(contrast), rtol=tolerance)
    assert (found.iterations <= 15).all()


@pytest.mark.parametrize("contrast", [10.0, 30.0, 100.0])
def test_extrapolation_finds_the_checkerboard_and_its_own_error(contrast):
    found = effective_conductivity(checkerboard(256), [1.0, contrast], extrapolate=True)
    plain = effective_conductivity(checkerboard(256), [1.0, contrast]).conductivity.values[0, 0]
    exact = math.sqrt(contrast)
    assert found.conductivity.values[0, 0] == pytest.approx(exact, rel=2e-3)
    assert found.conductivity_error.values[0, 0] == pytest.approx(abs(plain - exact), rel=0.05)


def test_the_order_of_a_checkerboard_is_that_of_its_corners():
    """ln(k_N / k) falls as N^(-4 lambda) with the exponent of the corner's field, (4/pi) arctan(c^-1/2) twice."""
    contrast, sizes = 10.0, np.array([64, 128, 256])
    values = [effective_conductivity(checkerboard(n), [1.0, contrast]).conductivity.values[0, 0] for n in sizes]
    excess = np.log(np.array(values) / math.sqrt(contrast))
    exponent = np.polyfit(np.log(sizes), np.log(excess), 1)[0]
    assert exponent == pytest.approx(-16 / math.pi * math.atan(contrast**-0.5), abs=0.1)


def test_extrapolation_of_what_a_grid_cannot_change_and_of_what_does_not_shrink():
    flat = effective_conductivity(layers((12, 6), 0), [1.0, 7.0, 3.0], extrapolate=True)
    assert float(flat.conductivity_error.max()) < 1e-9
    insulating = effective_conductivity(
        np.kron(np.eye(2, dtype=int), np.ones((2, 2), int)), [1.0, 0.0], extrapolate=True
    )
    assert np.isfinite(insulating.conductivity_error).all()
    stiff = effective_stiffness(disk(16, 0.3), [(1.0, 1.0), (5.0, 4.0)], extrapolate=True)
    fine = effective_stiffness(disk(16, 0.3).repeat(16, 0).repeat(16, 1), [(1.0, 1.0), (5.0, 4.0)])
    np.testing.assert_allclose(stiff.stiffness, fine.stiffness, atol=2e-3)


@pytest.mark.parametrize("contrast", [5.0, 30.0, 100.0])
def test_a_known_order_brings_the_limit_nearer(contrast):
    order = 16 / math.pi * math.atan(contrast**-0.5)
    fitted = effective_conductivity(checkerboard(128), [1.0, contrast], extrapolate=True).conductivity.values[0, 0]
    known = effective_conductivity(checkerboard(128), [1.0, contrast], extrapolate=order)
    exact = math.sqrt(contrast)
    assert known.conductivity.values[0, 0] == pytest.approx(exact, rel=1e-3)
    assert abs(known.conductivity.values[0, 0] - exact) < 0.6 * abs(fitted - exact) + 1e-8  # of the solver
    assert known.conductivity_error.values[0, 0] > abs(known.conductivity.values[0, 0] - exact)


def test_a_sequence_with_the_order_that_is_given_has_its_limit():
    tensors = [np.diag([2.0, 3.0]) * math.exp(0.1 * 2.0 ** (-0.7 * n)) for n in range(3)]
    limit, error = extrapolated(tensors, 0.7)
    np.testing.assert_allclose(limit, np.diag([2.0, 3.0]), atol=1e-13)
    np.testing.assert_allclose(error, np.abs(tensors[2] - np.diag([2.0, 3.0])), atol=1e-13)
    fitted, _ = extrapolated(tensors)
    np.testing.assert_allclose(fitted, limit, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 6, 8), (4, 3, 6), (5, 7, 9), (6, 4), (6, 5)])
def test_what_a_grid_is_blind_to_is_found_without_a_transform(shape):
    """The share of the spectrum at frequencies that alternate along two axes, against the threshold of 1 %."""
    layered = (1,) * (3 - len(shape)) + shape
    field = np.random.default_rng(0).uniform(0.5, 2.0, layered)
    bounded = field / (field + math.exp(np.log(field).mean()))
    power = np.abs(np.fft.fftn(bounded - bounded.mean())) ** 2
    alternating = sum((2 * index == n).astype(int) for index, n in zip(np.indices(layered), layered, strict=True))
    share = power[alternating >= 2].sum() / power.sum()
    assert is_seen((field,), len(shape), False) == (share <= 0.01)
    smooth = 1.0 + 0.0 * field
    smooth[0] = 1.5
    assert is_seen((smooth,), len(shape), False)


def test_a_checkerboard_of_single_voxels_is_not_seen_until_its_voxels_are_repeated():
    board = np.indices((6, 6)).sum(axis=0) % 2
    blind = effective_conductivity(board, [1.0, 9.0])
    assert not bool(blind.conductivity_valid)
    np.testing.assert_allclose(np.diag(blind.conductivity), 5.0, rtol=1e-12)  # the arithmetic mean: no response at all
    assert not bool(effective_conductivity(board, [1.0, 0.0]).conductivity_valid)
    seen = effective_conductivity(board.repeat(16, 0).repeat(16, 1), [1.0, 9.0])
    assert bool(seen.conductivity_valid)
    assert seen.conductivity.values[0, 0] == pytest.approx(3.0, rel=0.02)
    assert bool(effective_conductivity(board[:5], [1.0, 9.0]).conductivity_valid)  # odd along one axis

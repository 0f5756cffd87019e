"""Mobilities that depend on the field: derivatives, growth rates, an independent solver, what stays conserved."""

import math

import numpy as np
import pytest
from mesoscale.core.fields.free_energies import on_arrays, quartic
from mesoscale.core.fields.spectral import Basis, GradientFlow, integrate
from scipy.integrate import solve_ivp


def degenerate(c):
    return np.clip(1.0 - c * c, 0.0, None)


@pytest.mark.parametrize("shape", [(16,), (15,), (12, 9), (8, 6, 5)])
@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
def test_derivatives_of_waves_that_the_grid_carries_are_exact(shape, boundary):
    lengths = tuple(2.0 + i for i in range(len(shape)))
    basis = Basis(shape, lengths, boundary)
    places = np.meshgrid(*[(np.arange(n) + 0.5) * h for n, h in zip(shape, basis.spacing, strict=True)], indexing="ij")
    unit = 2 * math.pi if boundary == "periodic" else math.pi
    for axis, length in enumerate(lengths):
        k = 2 * unit / length
        others = math.prod(
            np.cos(unit * x / n) for i, (x, n) in enumerate(zip(places, lengths, strict=True)) if i != axis
        )
        wave, slope = np.cos(k * places[axis]) * others, -k * np.sin(k * places[axis]) * others
        np.testing.assert_allclose(basis.derivative(basis.forward(wave), axis), slope, atol=1e-12)
        back = basis.backward(basis.divergence(slope.copy(), axis))  # the slope vanishes at walls
        np.testing.assert_allclose(back, -k * k * wave, atol=1e-11)


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
def test_a_small_wave_grows_with_the_mobility_where_it_is(boundary):
    basis = Basis((64,), (20.0,), boundary)
    mean, mode = 0.3, 3
    flow = GradientFlow(basis, quartic(), basis.k2, 2.0 * basis.k2, 0.75, local_mobility=degenerate)
    start = np.zeros(basis.k2.shape, complex if boundary == "periodic" else float)
    start[0], start[mode] = mean, 1e-7
    end = basis.forward(integrate(flow, basis.backward(start), [2.0], tolerance=1e-8).fields[0])
    k2 = basis.k2[mode]
    rate = -2.0 * (1 - mean**2) * k2 * (3 * mean**2 - 1 + k2)
    assert math.log(abs(end[mode]) / 1e-7) / 2.0 == pytest.approx(rate, rel=1e-4)


def finite_volumes(cells, length, start, end, boundary):
    """Second-order fluxes between cells, and a stiff solver: none of it spectral."""
    h = length / cells

    def pad(a):
        return np.concatenate([a[-1:], a, a[:1]]) if boundary == "periodic" else np.concatenate([a[:1], a, a[-1:]])

    def change(_, c):
        potential = c**3 - c - np.diff(pad(c), 2) / h**2
        flux = degenerate(0.5 * (pad(c)[1:] + pad(c)[:-1])) * np.diff(pad(potential)) / h
        if boundary == "no_flux":
            flux[[0, -1]] = 0.0
        return np.diff(flux) / h

    with np.errstate(all="ignore"):
        return solve_ivp(change, (0.0, end), start, method="BDF", rtol=1e-7, atol=1e-9).y[:, -1]


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
def test_finite_volumes_of_a_third_and_a_ninth_of_the_cell_come_nearer_as_their_square(boundary):
    length, n = 12.0, 32
    wave = 2 * math.pi / length if boundary == "periodic" else math.pi / length

    def field(cells):
        x = (np.arange(cells) + 0.5) * length / cells
        return 0.1 + 0.3 * np.cos(wave * x) + 0.1 * np.cos(2 * wave * x)

    basis = Basis((n,), (length,), boundary)
    flow = GradientFlow(basis, quartic(), basis.k2, basis.k2, 0.75, local_mobility=degenerate)
    history = integrate(flow, field(n), [3.0], tolerance=1e-7)
    gaps = []
    for times in (3, 9):
        fine = finite_volumes(times * n, length, field(times * n), 3.0, boundary)
        gaps.append(np.abs(fine[times // 2 :: times] - history.fields[0]).max())
    assert gaps[1] < 5e-4
    assert math.log(gaps[0] / gaps[1]) / math.log(3) == pytest.approx(2.0, abs=0.2)
    assert history.mass_drift < 1e-13
    assert history.largest_rise == 0.0


def test_a_constant_factor_is_a_constant_mobility():
    basis = Basis((24, 20), (20.0, 18.0))
    start = 0.1 * np.random.default_rng(1).standard_normal(basis.shape)
    half = on_arrays(lambda c, p: p[0] + 0.0 * c, [0.5])
    slow = GradientFlow(basis, quartic(), basis.k2, basis.k2, 0.75, local_mobility=half)
    plain = GradientFlow(basis, quartic(), basis.k2, 0.5 * basis.k2, 0.75)
    a, b = (integrate(flow, start, [5.0], tolerance=1e-7).fields[0] for flow in (slow, plain))
    np.testing.assert_allclose(a, b, atol=2e-5)


def test_what_a_local_mobility_does_not_go_with_is_said():
    basis = Basis((8,), (8.0,))
    with pytest.raises(ValueError, match=r"temperature = 0\.1: must be 0 with a local mobility"):
        GradientFlow(basis, quartic(), basis.k2, basis.k2, 0.0, 0.1, degenerate)
    with pytest.raises(ValueError, match="constant times"):
        GradientFlow(basis, quartic(), basis.k2, np.ones(5), 0.0, 0.0, degenerate)

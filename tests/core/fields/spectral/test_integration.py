"""The march in time: orders, conservation, decay, noise, and what is refused."""

import math

import numpy as np
import pytest
from mesoscale.core.fields.free_energies import polynomial, quartic
from mesoscale.core.fields.spectral import Basis, GradientFlow, integrate
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.model import ResultError


def flow_in(basis, stabiliser=0.5, **more):
    return GradientFlow(basis, quartic(), basis.k2, basis.k2, stabiliser, **more)


def noise(basis, amplitude=0.1):
    return amplitude * np.random.default_rng(0).standard_normal(basis.shape)


@pytest.mark.parametrize(("scheme", "order"), [("eyre", 1), ("explicit", 1)])
def test_first_order_schemes_have_their_order(scheme, order):
    basis = Basis((32,), (16.0,), "periodic")
    start = 0.5 * np.cos(2 * math.pi * np.arange(32) / 16)
    exact = integrate(flow_in(basis), start, [1.0], tolerance=1e-10).fields[0]
    steps = np.array([4e-3, 2e-3, 1e-3]) * (0.2 if scheme == "explicit" else 4.0)
    errors = [
        np.abs(integrate(flow_in(basis), start, [1.0], scheme=scheme, step=h).fields[0] - exact).max() for h in steps
    ]
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(("scheme", "order", "cells"), [("etdrk4", 4, 8), ("etdrk4", 3, 32), ("sbdf2", 2, 32)])
def test_the_adaptive_schemes_have_their_order(scheme, order, cells):
    """Fields are kept after every step, so that no step is longer, and the tolerance is too loose to shorten one.

    With the stiff modes of a finer grid, Krogstad's scheme falls to its stiff order 3 (Hochbruck & Ostermann 2005).
    """
    basis = Basis((cells,), (16.0,), "periodic")
    start = 0.6 * np.cos(2 * math.pi * np.arange(cells) / cells)
    flow = flow_in(basis)
    exact = integrate(flow, start, [4.0], tolerance=1e-11).fields[0]
    counts, errors = np.array([40, 80, 160]), []
    for n in counts:
        times = list(4.0 * np.arange(1, n + 1) / n)
        history = integrate(flow, start, times, tolerance=1e3, scheme=scheme, step=4.0 / n)
        assert len(history.step_times) == n + 1
        errors.append(np.abs(history.fields[-1] - exact).max())
    assert -np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1)


def test_both_adaptive_schemes_converge_to_the_same_field():
    basis = Basis((32, 32), (32.0, 32.0), "no_flux")
    start = noise(basis)
    a = integrate(flow_in(basis), start, [20.0], tolerance=1e-6)
    b = integrate(flow_in(basis), start, [20.0], tolerance=1e-7, scheme="sbdf2")
    assert np.sqrt(np.mean((a.fields[0] - b.fields[0]) ** 2)) < 2e-3


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
@pytest.mark.parametrize("scheme", ["etdrk4", "sbdf2"])
def test_mass_is_kept_and_energy_falls_at_every_step(boundary, scheme):
    basis = Basis((32, 32), (32.0, 32.0), boundary)
    flow = flow_in(basis)
    history = integrate(flow, noise(basis) + 0.2, [1.0, 5.0, 30.0], scheme=scheme, tolerance=1e-3)
    assert history.mass_drift < 1e-13
    assert history.fields.mean(axis=(1, 2)) == pytest.approx(history.fields[0].mean(), abs=1e-13)
    assert history.largest_rise < 1e-11
    assert history.step_energies[-1] == pytest.approx(flow.energy(history.fields[-1]), rel=1e-10)
    assert list(history.times) == [1.0, 5.0, 30.0]
    assert set(history.times) <= set(history.step_times)


def test_a_linear_flow_is_exact_in_one_step_for_any_symbol():
    basis = Basis((16, 16), (5.0, 5.0), "no_flux")
    square = polynomial([0.0, 0.0, 0.5], (-1.0, 1.0))
    symbol = basis.k2**2 + 0.3
    flow = GradientFlow(basis, square, symbol, np.ones_like(symbol), 1.0)
    start = noise(basis)
    end = integrate(flow, start, [0.7]).fields[0]
    exact = basis.backward(basis.forward(start) * np.exp(-0.7 * (symbol + 1.0)))
    np.testing.assert_allclose(end, exact, atol=1e-14)


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
@pytest.mark.parametrize("shape", [(63,), (64,), (12, 17), (24, 24), (6, 7, 8)])
def test_noise_leaves_the_equilibrium_spectrum_whatever_the_step(shape, boundary):
    """Equipartition mode by mode, summed into one chi-square; walls, where modes have other weights."""
    basis = Basis(shape, tuple(0.5 * n * (1.0 + 0.3 * i) for i, n in enumerate(shape)), boundary)
    square = polynomial([0.0, 0.0, 0.5], (-1.0, 1.0))
    flow = GradientFlow(basis, square, 2.0 * basis.k2, 3.0 * basis.k2, 1.0, 0.2)
    history = integrate(flow, np.full(shape, 0.3), [1000.0 * n for n in range(1, 31)], step=500.0,
                        state=spawn_states(0, 1)[0])  # fmt: skip
    ratio = []
    for field in history.fields:
        power = basis.weights * np.abs(basis.forward(field)) ** 2 * basis.volume * (1.0 + 2.0 * basis.k2) / 0.2
        ratio.append(power.reshape(-1)[1:].sum() / (basis.size - 1))
    error = math.sqrt(2.0 / (basis.size - 1) / len(ratio))
    assert abs(np.mean(ratio) - 1.0) < 4 * error
    assert history.mass_drift < 1e-13


def test_time_steps_report_progress_and_can_be_cancelled():
    basis = Basis((16,), (16.0,))
    seen = []
    integrate(flow_in(basis), noise(basis), [5.0], tick=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (1000, 1000)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        integrate(flow_in(basis), noise(basis), [5.0], tick=stop)


def test_what_diverges_is_an_error():
    basis = Basis((32,), (8.0,))
    with pytest.raises(ResultError, match="diverged"):
        integrate(flow_in(basis), noise(basis), [50.0], scheme="explicit", step=1.0)
    with pytest.raises(ResultError, match="in 3 steps"):
        integrate(flow_in(basis), noise(basis), [50.0], most_steps=3)
    with pytest.raises(ResultError, match="no finite energy"):
        integrate(flow_in(basis), np.full(32, 1e200), [1.0])


def test_a_flat_field_stays():
    basis = Basis((16,), (16.0,))
    history = integrate(flow_in(basis), np.full(16, 0.3), [10.0])
    np.testing.assert_allclose(history.fields[0], 0.3, atol=1e-15)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"times": [1.0, 1.0]}, "increase"),
        ({"times": []}, "increase"),
        ({"scheme": "rk4"}, "scheme"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"scheme": "eyre"}, "step"),
        ({"field": np.zeros(5)}, "shape"),
    ],
)
def test_nonsense_is_refused(change, match):
    basis = Basis((16,), (16.0,))
    arguments = {"flow": flow_in(basis), "field": noise(basis), "times": [1.0], **change}
    with pytest.raises(ValueError, match=match):
        integrate(**arguments)

"""The right-hand side and its energy, and the functions of exponential schemes."""

import math

import numpy as np
import pytest
from mesoscale.core.fields.free_energies import quartic
from mesoscale.core.fields.spectral import Basis, GradientFlow, integrate, phi_functions


def flow_in(basis, stabiliser=0.5, **more):
    return GradientFlow(basis, quartic(), basis.k2, basis.k2, stabiliser, **more)


def noise(basis, amplitude=0.1):
    return amplitude * np.random.default_rng(0).standard_normal(basis.shape)


def test_phi_functions_are_their_integrals():
    nodes, weights = np.polynomial.legendre.leggauss(200)
    s, w = 0.5 * (nodes + 1.0), 0.5 * weights
    for z in (-80.0, -3.0, -1.0, -0.999, -1e-3, 0.0, 1e-9, 0.7, 2.0):
        decay = np.exp((1.0 - s) * z)
        exact = [(w * decay).sum(), (w * decay * s).sum(), (w * decay * s**2).sum() / 2.0]
        np.testing.assert_allclose(phi_functions(z), exact, rtol=1e-12)


def test_the_energy_is_that_of_real_space():
    basis = Basis((64,), (2 * math.pi,), "periodic")
    x = np.arange(64) * basis.spacing[0]
    flow = GradientFlow(basis, quartic(), 0.3 * basis.k2, basis.k2)
    field = 0.4 * np.cos(3 * x)
    local = np.mean(0.25 * (field**2 - 1) ** 2) * 2 * math.pi
    assert flow.energy(field) == pytest.approx(local + 0.15 * 0.16 * 9 * math.pi, rel=1e-12)


def test_nonsense_flows_are_refused():
    basis = Basis((16,), (16.0,))
    with pytest.raises(ValueError, match="not be negative"):
        GradientFlow(basis, quartic(), basis.k2, -basis.k2)
    with pytest.raises(ValueError, match="finite"):
        GradientFlow(basis, quartic(), np.full(basis.k2.shape, np.nan), basis.k2)
    with pytest.raises(ValueError, match="temperature"):
        flow_in(basis, temperature=-1.0)
    with pytest.raises(ValueError, match="state"):
        integrate(flow_in(basis, temperature=1.0), noise(basis), [1.0], step=0.1)

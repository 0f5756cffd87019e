"""How beads move: estimates."""

import math

import numpy as np
import pytest
from mesoscale.core.particles import dissipative as dpd
from scipy import integrate


def test_transport_estimates_belong_together():
    gamma, rho = np.array([1.0, 4.5, 20.0]), 3.0
    ratio = dpd.ideal_kinematic_viscosity(gamma, rho) / dpd.ideal_diffusivity(gamma, rho)
    np.testing.assert_allclose(dpd.ideal_schmidt_number(gamma, rho), ratio, rtol=1e-12)
    # the friction of a resting bead, rho gamma int w^2 cos^2, gives D = kT / friction
    friction, _ = integrate.quad(lambda r: 4 * math.pi * r * r * (1 - r) ** 2 / 3 * rho * 4.5, 0, 1)
    assert dpd.ideal_diffusivity(4.5, rho) == pytest.approx(1 / friction, rel=1e-10)
    assert dpd.unbounded_diffusivity(0.3, 0.8, 1e9) == pytest.approx(0.3, rel=1e-8)

"""From water to the parameters of its beads."""

import pytest
from mesoscale.core.particles import dissipative as dpd
from scipy import constants


def test_groot2001_water_trimers_have_two_clocks():
    water = dpd.calibrate(molecules_per_bead=3, reduced_diffusivity=0.1707)
    assert water.cutoff_length == pytest.approx(6.46e-10, rel=1e-3)
    assert water.repulsion == pytest.approx(78.0, rel=0.03)
    assert water.groot_warren_repulsion == pytest.approx(77.5, rel=0.002)
    assert water.thermal_time == pytest.approx(3.0e-12, rel=0.01)
    assert water.diffusion_time == pytest.approx(88e-12, rel=0.01)
    assert water.time_ratio == pytest.approx(29.0, rel=0.02)
    assert water.bead_mass == pytest.approx(54.045 * constants.atomic_mass)
    assert dpd.tabulated_inverse_compressibility(3.0, water.repulsion) == pytest.approx(3 * 15.98, rel=1e-9)
    assert water.reduced_pressure == dpd.tabulated_pressure(3.0, water.repulsion)
    assert water.energy == pytest.approx(4.142e-21, rel=1e-3)


def test_too_many_molecules_in_a_bead_are_refused():
    with pytest.raises(ValueError, match=r"molecules_per_bead = 12.*fewer molecules"):
        dpd.calibrate(molecules_per_bead=12, reduced_diffusivity=0.1)

"""A real liquid's viscosity and density become the parameters of a fluid."""

import math

import pytest
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.rotation import (
    kinematic_viscosity,
    matched_liquid,
)


def test_a_matched_liquid_has_the_viscosity_density_and_temperature_of_water():
    water = matched_liquid("0.89 mPa s", "997 kg/m3", cell_size="20 nm", compressibility="0.4525 1/GPa")
    assert water.kinematic_viscosity == pytest.approx(0.89e-3 / 997, rel=1e-10)
    assert water.particle_mass * water.occupancy / water.cell_size**3 == pytest.approx(997, rel=1e-12)
    assert water.thermal_energy == pytest.approx(4.11643e-21, rel=1e-5)
    assert water.compressibility == pytest.approx(1 / (10 / 20e-9**3 * water.thermal_energy), rel=1e-12)
    assert water.compressibility_ratio == pytest.approx(water.compressibility / 0.4525e-9, rel=1e-12)
    assert "times the liquid's" in water.unmatched
    assert "Schmidt" in water.unmatched


def test_a_matched_liquid_runs_in_reduced_units_and_scales_back():
    thin = matched_liquid("0.02 mPa s", "1000 kg/m3", cell_size="20 nm")
    model = thin.model()
    speed = math.sqrt(thin.thermal_energy / thin.particle_mass)
    nu = float(kinematic_viscosity(model.reduced_step, model.occupancy, model.rotation_angle))
    assert nu * thin.cell_size * speed == pytest.approx(0.02e-3 / 1000, rel=1e-9)
    assert thin.compressibility_ratio is None
    assert thin.unmatched.count("times") == 0


def test_the_smallest_cell_for_a_liquid_is_named_and_just_enough():
    with pytest.raises(ParameterError, match="cell_size must be at least") as caught:
        matched_liquid(0.89e-3, 997.0, cell_size=1e-12)
    least = float(str(caught.value).split("at least ")[1].split()[0])
    assert matched_liquid(0.89e-3, 997.0, cell_size=1.01 * least).reduced_step > 0.3
    with pytest.raises(ParameterError, match="cell_size must be at least"):
        matched_liquid(0.89e-3, 997.0, cell_size=0.99 * least)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"viscosity": "1 kg"}, "viscosity has the unit 'kg'"),
        ({"density": -1.0}, "density must be greater than 0"),
        ({"occupancy": 1.0}, "occupancy must be greater than 1"),
        ({"rotation_angle": 0.1}, "rotation_angle must be from 15 to 180 degree"),
        ({"temperature": "hot"}, "temperature must be a number"),
        ({"cell_size": math.inf}, "cell_size must be"),
        ({"cell_size": None}, "cell_size must be a number"),
        ({"viscosity": None}, "viscosity must be a number"),
    ],
)
def test_a_liquid_that_cannot_be_is_an_error(change, message):
    arguments = {"viscosity": 1e-3, "density": 1000.0, "cell_size": 1e-8, **change}
    with pytest.raises(ParameterError, match=message):
        matched_liquid(arguments.pop("viscosity"), arguments.pop("density"), **arguments)

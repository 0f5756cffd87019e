"""Systems that are known exactly, by other routes than their own."""

import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.coarse_graining.free_energy import (
    bonded_pair_force,
    double_well_averages,
    double_well_force,
    lennard_jones_pair_force,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
    mueller_brown_stationary_points,
    pair_distance,
)
from mesoscale.core.model import ParameterError


def numerical_force(energy, x):
    steps = np.eye(len(x)) * 1e-6
    return np.array([-(energy(x + s) - energy(x - s)) / 2e-6 for s in steps])


@pytest.mark.parametrize(
    ("force", "energy", "parameters", "place"),
    [
        (mueller_brown_force, lambda x: float(mueller_brown_energy(x[0], x[1])), (), [-0.4, 0.8]),
        (
            lennard_jones_pair_force,
            lambda x: 4.0 * 1.5 * ((0.9**2 / (x @ x)) ** 6 - (0.9**2 / (x @ x)) ** 3),
            (1.5, 0.9),
            [0.7, -0.6, 0.5],
        ),
        (
            bonded_pair_force,
            lambda x: 3.0 * (1.0 - ((math.sqrt(x @ x) - 1.2 - 0.4) / 0.4) ** 2) ** 2,
            (3.0, 1.2, 0.4),
            [1.0, -0.6, 0.5],
        ),
        (
            lambda x, p, out: out.__setitem__(0, double_well_force(x[0], p)),
            lambda x: float(2.0 * (x[0] ** 2 - 1.0) ** 2),
            (2.0,),
            [0.4],
        ),
    ],
)
def test_forces_are_gradients(force, energy, parameters, place):
    x, out = np.array(place), np.zeros(len(place))
    force(x, np.array(parameters), out)
    np.testing.assert_allclose(out, numerical_force(energy, x), rtol=1e-6, atol=1e-6)


def test_the_distance_has_a_unit_gradient():
    gradient = np.zeros(3)
    assert pair_distance(np.array([1.0, 2.0, 2.0]), gradient) == 3.0
    np.testing.assert_allclose(gradient, [1 / 3, 2 / 3, 2 / 3])


def test_muller1979_stationary_points():
    """Minima and saddles of the surface, with the positions that are in use everywhere."""
    points = mueller_brown_stationary_points()
    assert points.unstable_directions.values.tolist() == [0, 0, 0, 1, 1]
    expected = [
        (-0.558224, 1.441726, -146.699517), (0.623499, 0.028038, -108.166724), (-0.050011, 0.466694, -80.767818),
        (0.212487, 0.292988, -72.248940), (-0.822002, 0.624313, -40.664844),
    ]  # fmt: skip
    found = np.column_stack([points.position.values, points.energy.values])
    np.testing.assert_allclose(found, expected, atol=1.5e-6)
    for place in points.position.values:
        out = np.zeros(2)
        mueller_brown_force(place, (), out)
        assert np.abs(out).max() < 1e-7


@pytest.mark.parametrize("temperature", [10.0, 20.0, 45.0])
def test_the_marginal_by_an_adaptive_double_integral(temperature):
    def boltzmann(y, x):
        return math.exp(-(float(mueller_brown_energy(x, y)) + 147.0) / temperature)

    edges = np.array([-0.7, -0.5, 0.5, 0.7])
    result = mueller_brown_marginal(temperature, edges)
    x, xw = np.polynomial.legendre.leggauss(12)
    fine = np.linspace(-2.5, 4.5, 4001)
    for low, high, f in ((-0.7, -0.5, 0), (0.5, 0.7, 2)):
        places = 0.5 * (low + high) + 0.5 * (high - low) * x
        inner = [np.trapezoid(np.exp(-(mueller_brown_energy(p, fine) + 147.0) / temperature), fine) for p in places]
        value = -temperature * math.log(0.5 * float(xw @ inner))
        if f == 0:
            first = value
    assert float(result.free_energy[2] - result.free_energy[0]) == pytest.approx(value - first, abs=1e-8)
    total, _ = scipy.integrate.dblquad(boltzmann, -4.0, 2.0, -2.0, 4.5, epsrel=1e-5)
    part, _ = scipy.integrate.dblquad(boltzmann, -0.7, -0.5, -2.0, 4.5, epsrel=1e-5)
    assert float(result.probability[0]) == pytest.approx(part / total, rel=2e-3)


def test_marginals_of_two_temperatures():
    """Heights and places of valleys and barriers in x, and populations, from a grid of 2101 x 2001 points."""
    for temperature, valley, height, top, barrier, mean in (
        (10.0, 0.61, 39.8192, -0.064, 62.550, -134.934),
        (20.0, 0.583, 40.7189, -0.006, 55.927, -113.4136),
    ):
        edges = np.linspace(-1.5, 1.2, 1351)
        exact = mueller_brown_marginal(temperature, edges)
        x, f = exact.coordinate.values, exact.free_energy.values
        second, between = x > 0.3, (x > -0.4) & (x < 0.4)
        assert f[second].min() == pytest.approx(height, abs=0.005)
        assert x[second][f[second].argmin()] == pytest.approx(valley, abs=0.006)
        assert f[between].max() == pytest.approx(barrier, abs=0.005)
        assert x[between][f[between].argmax()] == pytest.approx(top, abs=0.003)
        assert float(exact.mean_energy) == pytest.approx(mean, abs=2e-3)
    assert float(mueller_brown_marginal(10.0, [-9.0, -0.064]).probability[0]) == pytest.approx(0.97592, abs=2e-5)


def test_double_well_values():
    values = double_well_averages(5.0)
    assert values["partition_function"] == pytest.approx(0.8340588, abs=1e-7)
    assert values["mean_square"] == pytest.approx(0.9368340, abs=1e-7)
    assert values["near_barrier"] == pytest.approx(1.671039e-3, abs=1e-9)
    warm = double_well_averages(10.0, temperature=2.0)
    assert warm == pytest.approx(values)
    for name in ("barrier", "temperature", "near"):
        with pytest.raises(ParameterError, match=f"{name} must be a positive number"):
            double_well_averages(**{"barrier": 1.0} | {name: 0.0})
    with pytest.raises(ParameterError, match="temperature must be from 1 to 1000"):
        mueller_brown_marginal(0.1, [0.0, 1.0])

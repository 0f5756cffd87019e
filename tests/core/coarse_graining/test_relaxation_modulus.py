"""Green-Kubo with errors against Rouse's chain, whose modulus is known, and against its own repetition."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from mesoscale.core.coarse_graining.relaxation_modulus import (
    relaxation_modulus,
    rouse_modulus,
    rouse_time,
    rouse_viscosity,
    sample_rouse_stress,
)
from mesoscale.core.coarse_graining.viscoelasticity import fit_prony
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError
from mesoscale.core.networks.elasticity import maxwell_model
from mesoscale.core.particles.dynamics import ForceField, System, final_system, simulate
from mesoscale.core.particles.potentials import LennardJones
from scipy import integrate


def test_rouse1953_in_numbers():
    # zeta = b = kT = 1, N = 20: closed forms
    assert rouse_time(20, 1.0, 1.0, 1.0) == pytest.approx(13.537303, abs=1e-6)
    assert rouse_viscosity(20, 1.0, 1.0) / 20 == pytest.approx(0.554167, abs=1e-6)
    np.testing.assert_allclose(
        rouse_modulus(np.array([0.0, 0.1, 1.0]), 20, 1.0, 1.0, 1.0) / 20, [0.95, 0.392514, 0.091426], atol=1e-6
    )


def test_the_longest_time_comes_to_that_of_a_string():
    beads = np.array([10, 20, 40, 80])
    miss = 1.0 - beads**2 / (3 * np.pi**2) / rouse_time(beads, 1.0, 1.0, 1.0)
    assert np.polyfit(np.log(beads), np.log(abs(miss)), 1)[0] == pytest.approx(-2, abs=0.05)
    assert np.isnan(rouse_time(20, 1.0, 1.0, 1.0, 20))
    assert np.isnan(rouse_time(20, 1.0, 1.0, 1.0, 0))


def test_chains_of_any_length_side_by_side():
    beads, time = np.array([1, 2, 7, 20]), np.array([[-1.0], [0.0], [0.4]])
    modulus = rouse_modulus(time, beads, 2.0, 0.5, 3.0)
    assert modulus.shape == (3, 4)
    assert (modulus[0] == 0.0).all()
    assert modulus[1].tolist() == [0.0, 1.0, 6.0, 19.0]
    for column, n in enumerate(beads):
        assert modulus[2, column] == pytest.approx(float(rouse_modulus(0.4, int(n), 2.0, 0.5, 3.0)))
    hot = rouse_modulus(0.01, 5, 2.0, 0.5, np.array([1.0, 2.0]))
    assert hot[1] == pytest.approx(float(rouse_modulus(0.02, 5, 2.0, 0.5, 1.0)))  # kT and time go together


def test_viscosity_is_the_integral_of_the_modulus():
    eta = integrate.quad(lambda t: float(rouse_modulus(t, 7, 2.0, 0.5, 3.0)), 0, 10, epsabs=1e-12)[0]
    assert 3.0 * eta == pytest.approx(float(rouse_viscosity(7, 2.0, 0.5)), rel=1e-8)


def test_the_chain_is_a_network_without_links():
    model = maxwell_model(
        nx.path_graph(9), thermal_energy=2.0, spring_constant=3 * 2.0 / 0.25, friction=1.5, volume=1.0
    )
    t = np.array([0.0, 0.01, 0.3])
    np.testing.assert_allclose(model.relaxation_modulus(t), 2.0 * rouse_modulus(t, 9, 1.5, 0.5, 2.0), rtol=1e-10)


def test_simulated_chains_have_the_modulus_within_its_errors():
    stress = sample_rouse_stress(8, 64, 4000, 0.05).stress
    measured = relaxation_modulus(stress, 0.05, 1.0, 1.0, boltzmann=1.0, parts=1)
    exact = rouse_modulus(measured.lag_time.values, 8, 1.0, 1.0, 1.0)
    early = measured.lag_time.values < 5
    z = ((measured.modulus - exact) / measured.modulus_error).values[early]
    assert abs(z).max() < 4
    assert 0.2 < np.mean(z**2) < 3
    at = int(np.argmin(abs(measured.lag_time.values - 10)))
    flow, error = float(measured.running_viscosity[at]), float(measured.running_viscosity_error[at])
    # the trapezoid over the first step is right to (0.05)^2/12 of the slope of the fastest modes
    assert abs(flow - rouse_viscosity(8, 1.0, 1.0)) < 4 * error + 0.05**2 / 12 * 24 * 7
    assert error < 0.1 * flow


def test_errors_are_those_of_repetition():
    values, errors = [], []
    for seed in range(12):
        stress = sample_rouse_stress(3, 1, 6000, 0.05, seed=seed).stress[0]
        result = relaxation_modulus(stress, 0.05, 1.0, 1.0, boltzmann=1.0, parts=10)
        values.append(result.modulus.values[:8])
        errors.append(result.modulus_error.values[:8])
    spread = np.std(values, axis=0, ddof=1)
    np.testing.assert_allclose(np.mean(errors, axis=0), spread, rtol=0.6)


def test_all_shapes_of_a_stress_agree():
    six = sample_rouse_stress(4, 1, 800, 0.1).stress.values[0]
    tensor = np.empty((800, 3, 3))
    for n, (a, b) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))):
        tensor[:, a, b] = tensor[:, b, a] = six[:, n]
    one = relaxation_modulus(six, 0.1, 2.0, 3.0, boltzmann=1.0)
    two = relaxation_modulus(tensor, 0.1, 2.0, 3.0, boltzmann=1.0)
    np.testing.assert_allclose(one.modulus, two.modulus, rtol=1e-12)
    shear = relaxation_modulus(six[:, 3], 0.1, 2.0, 3.0)
    assert shear.modulus.attrs["units"] == "Pa"
    assert shear.running_viscosity.attrs["units"] == "Pa s"
    assert shear.lag_time.attrs["units"] == "s"


def test_the_same_chains_for_any_number_of_threads():
    with use_workers(1):
        one = sample_rouse_stress(4, 5, 50, 0.3, seed=9).stress.values
    with use_workers(2):
        np.testing.assert_array_equal(one, sample_rouse_stress(4, 5, 50, 0.3, seed=9).stress.values)
    np.testing.assert_array_equal(one[:2], sample_rouse_stress(4, 2, 50, 0.3, seed=9).stress.values)


def test_a_measured_modulus_becomes_a_material():
    stress = sample_rouse_stress(5, 64, 8000, 0.02).stress
    measured = relaxation_modulus(stress, 0.02, 1.0, 1.0, boltzmann=1.0, parts=1).sel(lag_time=slice(None, 4.0))
    fit = fit_prony(measured.lag_time, measured.modulus, error=measured.modulus_error)
    assert float(fit.material.relaxation_modulus(0.0)) == pytest.approx(4.0, rel=0.05)
    assert fit.material.viscosity() == pytest.approx(float(rouse_viscosity(5, 1.0, 1.0)), rel=0.1)


@pytest.mark.slow
def test_ferrario1991_viscosity_of_a_lennard_jones_liquid_near_its_triple_point():
    # Phys. Rev. A 44, 6936 (1991): 3.24 +- 0.04 by Green-Kubo, density 0.8442, temperature 0.722
    edge = (256 / 0.8442) ** (1 / 3)
    corners = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    cells = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    system = System((cells + corners).reshape(-1, 3) * edge / 4, [edge] * 3)
    field = ForceField(pairs={(0, 0): LennardJones(cutoff=2.5, shifted=True)})
    bath = simulate(system, field, steps=4000, step=0.004, temperature=0.722, friction=1.0, every=4000, seed=1)
    start, free = final_system(bath), {"step": 0.004, "scheme": "velocity_verlet", "every": 5, "keep": ("velocity",)}
    for _ in range(3):  # without a bath, the energy decides on the temperature; half of it goes into the potential
        run = simulate(start, field, steps=8000, **free)
        scale = 1.0 + 2.0 * (0.722 / float(run.kinetic_temperature.mean()) - 1.0)
        start = final_system(run)
        start = replace(start, velocities=np.asarray(start.velocities) * np.sqrt(scale))
    free = simulate(start, field, steps=120_000, **{**free, "keep": ()})
    temperature = float(free.kinetic_temperature.mean())
    assert temperature == pytest.approx(0.722, abs=0.01)
    measured = relaxation_modulus(free.stress, 0.02, edge**3, temperature, boltzmann=1.0, parts=12)
    at = measured.sel(lag_time=3.0, method="nearest")
    assert abs(at.running_viscosity - 3.24) < 4 * np.hypot(at.running_viscosity_error, 0.04)
    assert at.running_viscosity_error < 0.35


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relaxation_modulus(np.zeros((40, 5)), 1.0, 1.0, 1.0), "stress must be"),
        (lambda: relaxation_modulus(np.zeros(40), 1.0, 1.0, 1.0, parts=1), "parts must be an integer of at least 2"),
        (lambda: relaxation_modulus(np.zeros(40), 1.0, 1.0, 1.0, parts=4), "leaves 10 samples a part"),
        (lambda: relaxation_modulus(np.zeros(40), 1.0, 1.0, 1.0, parts=2.5), "parts must be an integer"),
        (lambda: relaxation_modulus(np.full(40, np.nan), 1.0, 1.0, 1.0, parts=2), "stress must be finite"),
        (lambda: relaxation_modulus(np.zeros(40), 1.0, -1.0, 1.0, parts=2), "volume must be a positive number"),
        (lambda: sample_rouse_stress("ten", 1, 10, 0.1), "beads must be an integer of at least 2"),
        (lambda: sample_rouse_stress(2, 1, 10, 0.1, seed=-1), "seed must be an integer of at least 0"),
        (lambda: sample_rouse_stress(1, 1, 10, 0.1), "beads must be an integer of at least 2"),
        (lambda: sample_rouse_stress(2, 0, 10, 0.1), "chains must be an integer of at least 1"),
        (lambda: sample_rouse_stress(2, 100, 10**7, 0.1), "samples must be at most"),
        (lambda: sample_rouse_stress(2, 1, 10, 0.0), "sampling_interval must be positive"),
    ],
)
def test_what_cannot_be_is_one_clear_error(call, message):
    with pytest.raises(ParameterError, match=message):
        call()

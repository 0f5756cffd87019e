"""The lattice gas: samplers against counting, laws against each other and against what was printed."""

import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.local_free_energy import (
    CRITICAL_TEMPERATURE,
    LatticeGas,
    axis_tension,
    block_variances,
    critical_temperature,
    diagonal_tension,
    flip_energy,
    follow_quench,
    lattice_correlation_length,
    lattice_energy,
    lattice_structure_factor,
    mean_field_curvature,
    mean_field_energy,
    mean_field_gradient,
    mean_field_magnetization,
    sample_equilibrium,
    spontaneous_magnetization,
    zero_wavenumber_structure_factor,
)
from mesoscale.core.coarse_graining.local_free_energy.evidence import second_moments
from mesoscale.core.coarse_graining.local_free_energy.sampling import _neighbour_steps
from mesoscale.core.kernels.statistics import mean_with_error
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError

SPINS = (((np.arange(65536)[:, None] >> np.arange(16)) & 1) * 2 - 1).reshape(-1, 4, 4).astype(float)
ENERGY = -(SPINS * (np.roll(SPINS, 1, 1) + np.roll(SPINS, 1, 2))).sum(axis=(1, 2))
TOTAL = SPINS.sum(axis=(1, 2))


def energies(spin):
    s = np.asarray(spin, dtype=float)
    return -(s * (np.roll(s, 1, -1) + np.roll(s, 1, -2))).sum(axis=(-1, -2))


# ------------------------------------------------------------------------------------------------------------- laws


def test_onsager1944_and_yang1952_in_numbers():
    # closed forms, evaluated by hand with K = 1/T
    t = np.array([1.5, 1.8, 2.0, 2.1, 2.2])
    np.testing.assert_allclose(
        spontaneous_magnetization(t), [0.986500, 0.956857, 0.911319, 0.868748, 0.784755], atol=6e-7
    )
    np.testing.assert_allclose(axis_tension(t), [1.190089, 0.769078, 0.456126, 0.291099, 0.120784], atol=6e-7)
    np.testing.assert_allclose(diagonal_tension(t), [1.205272, 0.771979, 0.456619, 0.291216, 0.120792], atol=6e-7)
    np.testing.assert_allclose(
        lattice_energy([1.5, 2.0, 2.2, 2.5, 3.0]), [-1.951117, -1.745565, -1.546489, -1.106079, -0.817310], atol=6e-7
    )
    assert pytest.approx(2.269185, abs=1e-6) == CRITICAL_TEMPERATURE
    assert critical_temperature("1 meV") == pytest.approx(2.269185 * 1.602177e-22 / 1.380649e-23, rel=1e-6)


def test_all_vanishes_at_the_critical_point_with_its_exponent():
    closeness = np.array([1e-3, 1e-4, 1e-5])
    t = CRITICAL_TEMPERATURE * (1 - closeness)
    for law, exponent in ((spontaneous_magnetization, 0.125), (axis_tension, 1.0), (diagonal_tension, 1.0)):
        assert np.polyfit(np.log(closeness), np.log(law(t)), 1)[0] == pytest.approx(exponent, abs=0.01)
        assert law(2.3) == 0.0
    assert np.polyfit(np.log(closeness), np.log(lattice_correlation_length(t)), 1)[0] == pytest.approx(-1, abs=0.01)
    above = CRITICAL_TEMPERATURE * (1 + closeness)
    s = zero_wavenumber_structure_factor(above)
    assert np.polyfit(np.log(closeness), np.log(s), 1)[0] == pytest.approx(-1.75, abs=0.01)
    assert np.isnan(zero_wavenumber_structure_factor(CRITICAL_TEMPERATURE))


def test_the_interface_is_isotropic_at_the_critical_point_and_not_at_zero():
    assert diagonal_tension(2.268) / axis_tension(2.268) == pytest.approx(1.0, abs=1e-4)
    assert diagonal_tension(0.05) / axis_tension(0.05) == pytest.approx(math.sqrt(2), rel=0.02)
    assert axis_tension(0.05) == pytest.approx(2.0)


def test_duality_ties_tension_to_correlation_length():
    # sinh(2/T) sinh(2/T*) = 1: the tension over kT below is the inverse correlation length above (Watson 1968)
    for t in (1.2, 2.0, 2.2):
        dual = 2.0 / math.asinh(1.0 / math.sinh(2.0 / t))
        assert axis_tension(t) / t == pytest.approx(1.0 / lattice_correlation_length(dual), rel=1e-10)


@pytest.mark.parametrize(
    ("temperature", "s", "xi"),
    [(2.5, 62.66, 5.9624), (2.8, 17.899, 2.8040), (3.0, 11.578, 2.1365), (3.5, 6.1253, 1.4124), (4.0, 4.2776, 1.1027)],
)
def test_structure_factor_limit_and_correlation_length_in_numbers(temperature, s, xi):
    assert zero_wavenumber_structure_factor(temperature) == pytest.approx(s, rel=1e-4)
    assert lattice_correlation_length(temperature) == pytest.approx(xi, abs=1e-4)


@pytest.mark.parametrize("temperature", [3.5, 5.0, 20.0])
def test_the_series_is_what_the_transfer_matrix_sums(temperature):
    wide, narrow = second_moments(temperature, 12), second_moments(temperature, 10)
    width = abs(wide[0] - narrow[0])
    assert zero_wavenumber_structure_factor(temperature) == pytest.approx(wide[0], abs=width + 1e-9)
    assert wide[1] < lattice_correlation_length(temperature)


def test_mean_field_is_the_derivative_of_its_energy():
    m, h = np.linspace(-0.9, 0.9, 7), 1e-4
    for t in (1.0, 3.0, 5.0):
        second = (mean_field_energy(m + h, t) - 2 * mean_field_energy(m, t) + mean_field_energy(m - h, t)) / h**2
        np.testing.assert_allclose(second, mean_field_curvature(m, t), atol=1e-4)
    m = mean_field_magnetization(np.array([1.0, 3.0, 3.99, 4.0, 9.0]))
    assert (m[:3] > 0).all()
    assert (m[3:] == 0).all()
    slope = (mean_field_energy(m[1] + h, 3.0) - mean_field_energy(m[1] - h, 3.0)) / (2 * h)
    assert slope == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("reach", [1, 2, 5])
def test_the_gradient_of_mean_field_is_the_second_moment_of_the_interaction(reach):
    steps = _neighbour_steps(reach)
    assert len({tuple(step) for step in steps.tolist()}) == len(steps)
    assert mean_field_gradient(float(reach)) == pytest.approx(0.5 * 4.0 / len(steps) * (steps[:, 0] ** 2).sum())
    k = 1e-3
    transform = 4.0 / len(steps) * np.cos(k * steps[:, 0]).sum()
    assert (4.0 - transform) / k**2 == pytest.approx(mean_field_gradient(float(reach)), rel=1e-4)


def test_no_gradient_for_half_a_range():
    assert np.isnan(mean_field_gradient(1.5))
    assert np.isnan(mean_field_gradient(0.0))


# --------------------------------------------------------------------------------------------------------- samplers


@pytest.mark.parametrize(("temperature", "field"), [(3.0, 0.0), (2.0, 0.3), (5.0, -1.0)])
def test_clusters_visit_sixteen_spins_as_counting_does(temperature, field):
    weight = np.exp(-(ENERGY - field * TOTAL) / temperature)
    gas = LatticeGas(reduced_temperature=temperature, field=field)
    spin = sample_equilibrium(gas, 4, 20_000, seed=1).spin.values
    for measured, exact in ((energies(spin), ENERGY), (spin.sum(axis=(1, 2), dtype=float) ** 2, TOTAL**2)):
        mean, error = mean_with_error(measured)
        assert abs(mean - (weight * exact).sum() / weight.sum()) < 4 * error


@pytest.mark.parametrize("ups", [2, 8])
def test_exchanges_visit_a_fixed_composition_as_counting_does(ups):
    chosen = 2 * ups - 16 == TOTAL
    weight = np.exp(-ENERGY[chosen] / 2.2)
    exact = (weight * ENERGY[chosen]).sum() / weight.sum()
    gas = LatticeGas(reduced_temperature=2.2)
    spin = sample_equilibrium(gas, 4, 20_000, magnetization=ups / 8 - 1).spin.values
    assert (spin.sum(axis=(1, 2)) == 2 * ups - 16).all()
    mean, error = mean_with_error(energies(spin))
    assert abs(mean - exact) < 4 * error
    kawasaki = follow_quench(gas, 4, 50 * np.arange(1, 1001), runs=4, magnetization=ups / 8 - 1).spin.values
    mean, error = mean_with_error(energies(kawasaki[:, 20:]).ravel())
    assert abs(mean - exact) < 4 * error


def test_long_range_clusters_and_exchanges_agree_at_the_same_composition():
    # canonical energy by exchange, grand-canonical energy of the frames that happen to have this composition
    gas = LatticeGas(reduced_temperature=4.0, interaction_range=2)

    def energy(spin):
        return -0.25 * flip_energy(spin, gas).sum(axis=(1, 2))

    free = sample_equilibrium(gas, 6, 30_000).spin.values.astype(float)
    chosen = free[free.sum(axis=(1, 2)) == 4]
    fixed = sample_equilibrium(gas, 6, 5000, magnetization=4 / 36, sweeps=5).spin.values.astype(float)
    one, two = (mean_with_error(energy(s)) for s in (chosen, fixed))
    assert abs(one[0] - two[0]) < 4 * math.hypot(one[1], two[1])


def test_flip_energy_is_what_a_flip_costs():
    rng = np.random.default_rng(0)
    for reach in (1, 2):
        gas = LatticeGas(interaction_range=reach)
        spin = rng.choice([-1.0, 1.0], (7, 6))
        cost = flip_energy(spin, gas)

        def energy(s, gas=gas):
            return -0.25 * float(flip_energy(s, gas).sum())  # each bond is seen from both ends, twice

        turned = spin.copy()
        turned[3, 2] *= -1
        assert energy(turned) - energy(spin) == pytest.approx(cost[3, 2])


def test_at_infinite_temperature_kawasaki_diffuses_with_a_quarter():
    # correlations relax with exp(-2 D k^2 t): a stripe pattern, imposed and followed
    gas = LatticeGas(reduced_temperature=1e6)
    result = follow_quench(gas, 16, [0, 20, 40], runs=400)
    wave = np.exp(-2j * np.pi * np.arange(16) / 16)
    amplitude = result.spin.values.sum(axis=3) @ wave
    overlap = np.real(amplitude[:, 0].conj() * amplitude[:, 1])
    rate = 0.25 * (2 - 2 * np.cos(2 * np.pi / 16))
    expected = 256 * 256 / 255 * np.exp(-rate * 20)
    assert abs(overlap.mean() - expected) < 4 * overlap.std() / 20


def test_the_same_snapshots_for_any_number_of_threads_and_a_quench_has_no_memory_of_its_output_times():
    gas = LatticeGas(reduced_temperature=2.5)
    with use_workers(1):
        one = sample_equilibrium(gas, 8, 11, seed=5).spin.values
        early = follow_quench(gas, 8, [3, 9], runs=2, seed=5).spin.values
    with use_workers(2):
        np.testing.assert_array_equal(one, sample_equilibrium(gas, 8, 11, seed=5).spin.values)
        np.testing.assert_array_equal(early[:, 1:], follow_quench(gas, 8, [9], runs=2, seed=5).spin.values)
    assert (one != sample_equilibrium(gas, 8, 11, seed=6).spin.values).any()


def test_few_snapshots_and_a_bar():
    seen = []
    result = sample_equilibrium(LatticeGas(field=-100.0), 5, 2, progress=lambda done, total: seen.append((done, total)))
    assert result.sizes == {"frame": 2, "x": 5, "y": 5}
    assert (result.spin.values == -1).all()
    assert seen[-1] == (4, 4)
    assert '"function": "sample_equilibrium"' in result.attrs["recipe"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_equilibrium(LatticeGas(), 2, 5), "size must be an integer of at least 3"),
        (lambda: sample_equilibrium(LatticeGas(interaction_range=4), 8, 5), "size must be an integer of at least 9"),
        (lambda: sample_equilibrium(LatticeGas(), 8, 0), "snapshots must be an integer of at least 1"),
        (lambda: sample_equilibrium(LatticeGas(), 8, 5, sweeps=0), "sweeps must be"),
        (lambda: sample_equilibrium(LatticeGas(), 8, 5, equilibration=-1), "equilibration must be"),
        (lambda: sample_equilibrium(LatticeGas(), 8, 5, magnetization=2.0), "magnetization must be from -1 to 1"),
        (lambda: follow_quench(LatticeGas(), 8, [3, 3]), "times must be increasing"),
        (lambda: follow_quench(LatticeGas(), 8, [0.5]), "times must be increasing whole numbers"),
        (lambda: follow_quench(LatticeGas(), 8, [1], magnetization=-2.0), "magnetization must be from -1 to 1"),
        (lambda: LatticeGas(reduced_temperature=0.0), "reduced_temperature must be at least 0.1"),
    ],
)
def test_what_cannot_be_is_one_clear_error(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


@pytest.mark.parametrize(
    "law",
    [
        axis_tension,
        diagonal_tension,
        lattice_correlation_length,
        lattice_energy,
        mean_field_magnetization,
        spontaneous_magnetization,
        zero_wavenumber_structure_factor,
    ],
)
def test_no_law_tells_a_number_for_no_temperature(law):
    assert np.isnan(law(np.array([0.0, -1.0, np.nan]))).all()
    assert np.isfinite(law(np.array([2.5, 4.0, 1e6]))).all()


def test_close_to_zero_all_spins_are_alike():
    assert lattice_energy(1e-3) == pytest.approx(-2.0)
    assert spontaneous_magnetization(1e-3) == 1.0
    assert axis_tension(1e-3) == pytest.approx(2.0)


def test_mean_field_ends_where_all_spins_are_alike():
    assert np.isnan(mean_field_energy(np.array([-1.5, 1.01]), 3.0)).all()
    assert mean_field_energy(-1.0, 3.0) == -2.0
    assert np.isnan(mean_field_curvature(np.array([-1.0, 1.0, 1.5]), 3.0)).all()
    m, h = 0.6, 1e-4
    bend = (mean_field_energy(m + h, 3.0) - 2 * mean_field_energy(m, 3.0) + mean_field_energy(m - h, 3.0)) / h**2
    assert mean_field_curvature(m, 3.0) == pytest.approx(float(bend), rel=1e-5)


@pytest.mark.parametrize("temperature", [1.9, 3.3, 5.0])
def test_snapshots_of_sixteen_spins_are_those_of_all_configurations(temperature):
    """Structure factor and variance of 2 x 2 blocks by enumeration, at temperatures on both sides of the critical."""
    weight = np.exp(-(ENERGY - ENERGY.min()) / temperature)
    weight /= weight.sum()
    power = (weight[:, None, None] * np.abs(np.fft.fft2(SPINS)) ** 2).sum(axis=0) / 16
    blocks = SPINS.reshape(-1, 2, 2, 2, 2).mean(axis=(2, 4))
    variance = 4 * (weight[:, None, None] * blocks**2).sum(axis=0).mean()
    one = 2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(4))
    frames = sample_equilibrium(LatticeGas(reduced_temperature=temperature), 4, 4000, seed=3).spin
    found = lattice_structure_factor(frames)
    for shell, square in enumerate(found.wavenumber_square.values):
        exact = power[np.abs(one[:, None] + one - square) < 1e-9].mean()
        assert abs(found.structure_factor[shell] - exact) < 4 * found.structure_factor_error[shell]
    measured = block_variances(frames, [2])
    assert abs(measured.block_variance[0] - variance) < 4 * measured.block_variance_error[0]

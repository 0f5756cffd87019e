"""Curvature and gradient coefficient from snapshots, against exact spectra, exact gases and their own definitions."""

import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.coarse_graining.local_free_energy import (
    LatticeGas,
    block_free_energy,
    block_variances,
    exchange_slope,
    extrapolate_blocks,
    fit_structure_factor,
    flip_energy,
    gradient_coefficient_from_interface,
    integrate_slope,
    landau_quartic,
    lattice_structure_factor,
    mean_field_curvature,
    mean_field_magnetization,
    particle_structure_factor,
    pattern_wavelength,
    quenched_structure_factor,
    sample_equilibrium,
    small_box_energy,
    widom_insertion,
    zero_wavenumber_structure_factor,
)
from mesoscale.core.coarse_graining.local_free_energy.evidence import hard_rods, second_moments
from mesoscale.core.fields.cahn_hilliard import interface_width, interfacial_tension, spinodal_wavelength
from mesoscale.core.fields.free_energies import quartic, regular_solution
from mesoscale.core.model import ParameterError
from mesoscale.core.particles.dynamics import ForceField, System, simulate
from mesoscale.core.particles.potentials import LennardJones


def gaussian_fields(frames, shape, r, kappa, thermal_energy=1.0, spacing=1.0, seed=0):
    """Independent fields with the spectrum kT / (r + kappa k^2) per volume, on a periodic lattice."""
    random = np.random.default_rng(seed)
    squares = np.zeros(shape)
    for axis, n in enumerate(shape):
        one = (2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(n))) / spacing**2
        squares = squares + one.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    stiffness = r + kappa * squares
    stiffness.flat[0] = abs(r)
    noise = np.fft.fftn(random.standard_normal((frames, *shape)), axes=range(1, len(shape) + 1))
    power = np.sqrt(thermal_energy / stiffness / spacing ** len(shape))
    return np.fft.ifftn(noise * power, axes=range(1, len(shape) + 1)).real


# ----------------------------------------------------------------------------------------------- structure factor


@pytest.mark.parametrize(
    ("shape", "r", "kappa", "spacing"),
    [((64,), 0.7, 2.0, 1.0), ((24, 32), 0.5, 1.5, 0.5), ((12, 10, 8), 3.0, 9.0, 2.0), ((16, 16), -0.03, 1.0, 1.0)],
)
def test_a_gaussian_field_gives_back_its_numbers(shape, r, kappa, spacing):
    fields = gaussian_fields(800, shape, r, kappa, 2.5, spacing)
    structure = lattice_structure_factor(fields, spacing=spacing)
    fit = fit_structure_factor(structure, thermal_energy=2.5, order=1, largest_wavenumber=1.5 / spacing)
    assert abs(fit.curvature - r) < 4 * fit.curvature_error
    assert abs(fit.gradient_coefficient - kappa) < 4 * fit.gradient_coefficient_error
    assert fit.gradient_coefficient_error < 0.1 * kappa
    assert bool(fit.correlation_length_exists) == (r > 0)
    assert 0.2 < fit.reduced_chi_square < 3


def test_a_ring_of_spins_has_a_spectrum_without_higher_terms():
    # Ising's chain: correlations t^|r| with t = tanh(J/kT), so that (1 - t^2)/S = (1 - t)^2 + t khat^2 exactly
    random = np.random.default_rng(4)
    t, frames, sites = 0.6, 3000, 128
    kinks = random.uniform(size=(2 * frames, sites)) < 0.5 * (1 - t)
    kinks = kinks[kinks.sum(axis=1) % 2 == 0]  # a ring closes
    spins = np.where(np.cumsum(kinks, axis=1) % 2, -1.0, 1.0)
    fit = fit_structure_factor(lattice_structure_factor(spins), order=1, largest_wavenumber=2.0)
    assert abs(fit.curvature - (1 - t) / (1 + t)) < 4 * fit.curvature_error
    assert abs(fit.gradient_coefficient - t / (1 - t**2)) < 4 * fit.gradient_coefficient_error
    assert abs(fit.correlation_length - math.sqrt(t) / (1 - t)) < 4 * fit.correlation_length_error
    assert fit.gradient_coefficient_error < 0.03
    assert fit.curvature_valid


def test_a_curve_that_does_not_fit_is_told():
    assert fit_structure_factor(
        lattice_structure_factor(gaussian_fields(400, (64,), 0.5, 1.0)), order=1
    ).curvature_valid
    stripes = gaussian_fields(400, (64,), 0.5, 1.0) + 2.0 * np.cos(2 * np.pi * 6 * np.arange(64) / 64)
    assert not fit_structure_factor(lattice_structure_factor(stripes), order=1).curvature_valid


def test_parseval_the_modes_hold_the_variance():
    fields = np.random.default_rng(3).standard_normal((5, 7, 6)) * 1.7 + 0.3
    s = lattice_structure_factor(fields, blocks=2)
    assert float(s.mode_count.sum()) == 41
    means = fields.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(
        float((s.mode_count * s.structure_factor).sum()) / 42, ((fields - means) ** 2).mean(), rtol=1e-12
    )


def test_a_labelled_field_and_any_constant_added_make_no_difference():
    spin = sample_equilibrium(LatticeGas(), 12, 40).spin
    one, two = lattice_structure_factor(spin), lattice_structure_factor(spin.values.astype(float) + 5.0)
    np.testing.assert_allclose(one.structure_factor, two.structure_factor, rtol=1e-9)


def test_errors_shrink_as_the_root_of_the_frames():
    fields = gaussian_fields(6400, (16, 16), 1.0, 1.0)
    few = [fit_structure_factor(lattice_structure_factor(fields[n : n + 400])) for n in range(0, 6400, 400)]
    all_of_them = fit_structure_factor(lattice_structure_factor(fields))
    spread = np.std([float(f.curvature) for f in few], ddof=1)
    assert np.mean([float(f.curvature_error) for f in few]) == pytest.approx(spread, rel=0.5)
    assert float(all_of_them.curvature_error) == pytest.approx(spread / 4, rel=0.6)


def test_a_gas_of_points_is_white_and_its_curvature_is_kt_over_density():
    box = [6.0, 5.0, 4.0]
    positions = np.random.default_rng(0).uniform(-1.0, 2.0, (300, 150, 3)) * box  # wrapped or not
    wrapped = positions % box
    one, two = particle_structure_factor(positions, box), particle_structure_factor(wrapped, np.diag(box))
    np.testing.assert_allclose(one.structure_factor, two.structure_factor, rtol=1e-9)
    fit = fit_structure_factor(one, thermal_energy=3.0, order=1)
    assert abs(fit.curvature - 3.0 * 120.0 / 150.0) < 4 * fit.curvature_error
    assert fit.curvature_error < 0.1


def test_a_lattice_structure_factor_is_that_of_particles_on_a_lattice():
    field = (np.random.default_rng(1).uniform(size=(4, 8, 8)) < 0.25).astype(float)
    field[:] = field[0]  # one configuration, as particles
    x, y = np.nonzero(field[0])
    positions = np.repeat(np.stack([x, y], axis=1)[None], 4, axis=0)
    particles = particle_structure_factor(positions, [8.0, 8.0], largest_wavenumber=2 * math.pi / 8 * 1.01)
    lattice = lattice_structure_factor(field)
    assert float(particles.structure_factor[0]) * len(x) == pytest.approx(float(lattice.structure_factor[0]) * 64)


def test_a_triclinic_box_knows_its_own_waves():
    vectors = np.array([[6.0, 0.0, 0.0], [2.0, 5.0, 0.0], [1.0, -1.0, 4.0]])
    fractions = np.random.default_rng(2).uniform(size=(3, 20, 3))
    skew = particle_structure_factor(fractions @ vectors, vectors, largest_wavenumber=4.0)
    k = 2 * np.pi * np.linalg.inv(vectors) @ [0, 0, 1]
    place = int(np.argmin(abs(skew.wavenumber_square.values - k @ k)))
    assert float(skew.wavenumber_square[place]) == pytest.approx(k @ k)
    direct = np.mean(abs(np.exp(-1j * (fractions @ vectors) @ k).sum(axis=1)) ** 2) / 20
    assert float(skew.structure_factor[place]) == pytest.approx(direct)


def test_bhatia_thornton_of_a_random_mixture():
    # independent species: S_cc = x (1 - x) at every k, so that d2g/dx2 = kT/(x (1 - x)) a particle
    positions = np.random.default_rng(5).uniform(0.0, 5.0, (400, 100, 3))
    structure = particle_structure_factor(positions, [5.0] * 3, species=[1] * 30 + [0] * 70)
    fit = fit_structure_factor(structure, order=1)
    assert abs(fit.structure_factor_limit - 0.21) < 4 * fit.structure_factor_limit_error
    assert float(fit.curvature) == pytest.approx(100 / 125 / float(fit.structure_factor_limit))


def test_hard_rods_have_tonks_compressibility_at_any_filling():
    for filling, seed in ((0.2, 1), (0.7, 2)):
        positions = hard_rods(1500, 80, 80 / filling, seed)
        structure = particle_structure_factor(
            positions, [80 / filling], largest_wavenumber=1.0 if filling < 0.5 else 2.0
        )
        fit = fit_structure_factor(structure)
        assert abs(fit.structure_factor_limit - (1 - filling) ** 2) < 4 * fit.structure_factor_limit_error
        assert fit.structure_factor_limit_error < 0.03 * (1 - filling) ** 2


def test_units_are_spelt_out():
    structure = lattice_structure_factor(gaussian_fields(50, (8, 8, 8), 1.0, 1.0), spacing=2e-9, length_unit="m")
    fit = fit_structure_factor(structure, largest_wavenumber=1e9, energy_unit="J")
    assert fit.curvature.attrs["units"] == "J m-3"
    assert fit.gradient_coefficient.attrs["units"] == "J m-1"
    assert fit.correlation_length.attrs["units"] == "m"
    positions = np.random.default_rng(0).uniform(0.0, 1e-8, (20, 50, 3))
    structure = particle_structure_factor(positions, [1e-8] * 3, length_unit="m")
    assert fit_structure_factor(structure, energy_unit="J").curvature.attrs["units"] == "J m3"


@pytest.mark.slow
@pytest.mark.parametrize(("temperature", "published"), [(3.0, (11.575, 0.387)), (4.0, (4.268, 0.260))])
def test_the_lattice_gas_to_three_and_five_percent(temperature, published):
    spin = sample_equilibrium(LatticeGas(reduced_temperature=temperature), 64, 4000).spin
    fit = fit_structure_factor(lattice_structure_factor(spin), thermal_energy=temperature)
    exact, length = second_moments(temperature, 13)
    assert float(fit.curvature) == pytest.approx(temperature / zero_wavenumber_structure_factor(temperature), rel=0.03)
    assert float(fit.gradient_coefficient) == pytest.approx(temperature * length**2 / exact, rel=0.05)
    assert float(fit.structure_factor_limit) == pytest.approx(published[0], rel=0.03)
    assert float(fit.gradient_coefficient) / temperature == pytest.approx(published[1], rel=0.05)
    assert (mean_field_curvature(0.0, temperature) < 0) == (temperature < 4)


# --------------------------------------------------------------------------------------------------------- blocks


def test_blocks_of_a_gaussian_field_and_the_order_of_their_error():
    fields = gaussian_fields(1500, (48, 48), 1.0, 1.5)
    variances = block_variances(fields, [4, 6, 8, 12, 16, 24])
    result = extrapolate_blocks(variances)
    assert abs(result.curvature - 1.0) < 4 * result.curvature_error
    excess = 1.0 / result.curvature_of_block.values - 1.0
    slope = np.polyfit(np.log([12, 16, 24]), np.log(-excess[3:]), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.15)  # the surface of a block over its volume


def test_a_fixed_total_is_noticed():
    random = np.random.default_rng(0)
    fields = np.array([random.permutation([1.0, -1.0] * 128).reshape(16, 16) for _ in range(600)])
    variances = block_variances(fields, [2, 3, 4, 8])
    assert variances.attrs["fixed_mean"]
    # l^2 of 256 sites without replacement: variance (1 - l^2/256) 256/255
    expected = (1 - np.array([2, 3, 4, 8]) ** 2 / 256) * 256 / 255
    assert (abs(variances.block_variance - expected) < 4 * variances.block_variance_error).all()
    result = extrapolate_blocks(variances)
    assert abs(result.curvature - 255 / 256) < 4 * result.curvature_error


def test_a_histogram_of_coins_is_binomial():
    fields = np.random.default_rng(7).choice([-1.0, 1.0], (400, 12, 12))
    result = block_free_energy(fields, 2, thermal_energy=2.0)
    expected = -np.log(np.array([1, 4, 6, 4, 1]) / 6.0) * 2.0 / 4.0
    assert (abs(result.local_free_energy - expected) < 4 * result.local_free_energy_error + 1e-3).all()
    edges = block_free_energy(np.random.default_rng(8).standard_normal((50, 300)), 3, edges=[-1.0, 0.0, 1.0])
    assert edges.composition.values.tolist() == [-0.5, 0.5]


def test_many_values_are_binned():
    result = block_free_energy(np.random.default_rng(0).standard_normal((40, 20, 20)), 2)
    assert result.sizes["composition"] == 50


# --------------------------------------------------------------------------------------------- chemical potential


def test_exchange_of_sixteen_spins_is_exact():
    """The difference of free energies of all configurations of 4 x 4 spins, counted."""
    spins = (((np.arange(65536)[:, None] >> np.arange(16)) & 1) * 2 - 1).reshape(-1, 4, 4).astype(float)
    energy = -(spins * (np.roll(spins, 1, 1) + np.roll(spins, 1, 2))).sum(axis=(1, 2))
    ups = (spins > 0).sum(axis=(1, 2))
    gas = LatticeGas(reduced_temperature=2.5)
    free = np.array([-2.5 * np.log(np.exp(-energy[ups == n] / 2.5).sum()) for n in range(17)])
    ideal = np.array([-2.5 * math.log(math.comb(16, n)) for n in range(17)])
    for n in (5, 8, 11):
        frames = sample_equilibrium(gas, 4, 4000, magnetization=n / 8 - 1, sweeps=4, seed=n).spin.values
        result = exchange_slope(frames, flip_energy(frames, gas), thermal_energy=2.5)
        expected = 0.25 * ((free - ideal)[n + 1] - (free - ideal)[n - 1]) + 2.5 * math.atanh(n / 8 - 1)
        assert abs(result.slope - expected) < 4 * result.slope_error
        assert result.slope_error < 0.05


def test_insertion_into_hard_rods():
    wall = lambda r: np.where(r < 1.0, np.inf, 0.0)  # noqa: E731
    positions = hard_rods(800, 20, 60.0)
    result = widom_insertion(positions, [60.0], wall, cutoff=1.0, insertions=300)
    exact = -math.log(40 / 60) - 20 * math.log1p(-1 / 40)
    assert abs(result.excess_chemical_potential - exact) < 4 * result.excess_chemical_potential_error
    assert float(result.slope) == pytest.approx(float(result.excess_chemical_potential) + math.log(20 / 60))
    with pytest.raises(ParameterError, match="found no room in"):
        widom_insertion(hard_rods(2, 59, 60.0), [60.0], wall, cutoff=1.0, insertions=3)


class Gaussian:
    cutoff = 2.5

    def energy(self, distance):
        return 2.0 * np.exp(-(distance**2))


def test_insertion_into_an_ideal_gas_is_the_second_virial_coefficient():
    # N particles without interaction: exactly -N log(1 + integral of the Mayer function / V)
    positions = np.random.default_rng(0).uniform(0.0, 6.0, (300, 50, 3))
    r = np.linspace(0, 2.5, 20001)
    mayer = scipy.integrate.trapezoid(4 * np.pi * r**2 * np.expm1(-2.0 * np.exp(-(r**2)) / 1.5), r)
    result = widom_insertion(positions, [6.0] * 3, Gaussian(), thermal_energy=1.5, insertions=200)
    exact = -1.5 * 50 * math.log1p(mayer / 216)
    assert abs(result.excess_chemical_potential - exact) < 4 * result.excess_chemical_potential_error
    assert exact == pytest.approx(-1.5 * (50 / 216) * mayer, rel=0.05)  # 2 kT rho B_2
    assert 100 < result.effective_insertions <= 300 * 200


@pytest.mark.slow
def test_a_lennard_jones_gas_has_its_virial_coefficients():
    # B_2 and B_3 by quadrature; B_3 = -1/3 of the integral of f12 f13 f23, the inner one by a sine transform
    temperature, density, count = 2.0, 0.1, 256
    edge = (count / density) ** (1 / 3)
    grid = np.stack(np.meshgrid(*[np.arange(7)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:count] * edge / 7
    pair = LennardJones(cutoff=3.0)
    run = simulate(
        System(grid, [edge] * 3), ForceField(pairs={(0, 0): pair}), steps=60_000, step=0.005, temperature=temperature,
        friction=0.1, every=100, seed=1, keep=("position",), equilibration=2000,
    )  # fmt: skip
    r = np.linspace(1e-3, 3.0, 30001)
    mayer = np.expm1(-np.minimum(pair.energy(r), 1e3) / temperature)
    second = -2 * np.pi * scipy.integrate.trapezoid(mayer * r**2, r)
    k = np.linspace(1e-3, 60.0, 6000)
    transform = np.array([4 * np.pi / q * scipy.integrate.trapezoid(mayer * r * np.sin(q * r), r) for q in k])
    x, f = r[1::30], mayer[1::30]
    both = np.array([scipy.integrate.trapezoid(transform**2 * k * np.sin(k * d), k) / (2 * np.pi**2 * d) for d in x])
    third = -4 * np.pi / 3 * scipy.integrate.trapezoid(f * both * x**2, x)
    positions = run.position.values
    found = widom_insertion(positions, [edge] * 3, pair, thermal_energy=temperature, insertions=500)
    excess = temperature * (2 * second * density + 1.5 * third * density**2)
    next_order = 0.01 * abs(excess)
    assert abs(found.excess_chemical_potential - excess) < 4 * found.excess_chemical_potential_error + next_order
    fit = fit_structure_factor(
        particle_structure_factor(positions, [edge] * 3, largest_wavenumber=1.3, blocks=10), thermal_energy=temperature
    )
    curvature = temperature * (1 / density + 2 * second + 3 * third * density)
    assert abs(fit.curvature - curvature) < 4 * fit.curvature_error


@pytest.mark.parametrize("degree", [None, 7])
def test_slopes_of_a_regular_solution_integrate_to_it(degree):
    # f of m = 2 c - 1 with chi = 2.5: the ideal part and a parabola
    m = np.linspace(-0.9, 0.9, 15)
    f = integrate_slope(m, np.arctanh(m) - 1.25 * m, np.full(15, 1e-3), ideal="lattice", degree=degree)
    exact = regular_solution(2.5).value(0.5 * (1 + m))
    np.testing.assert_allclose(f.local_free_energy, exact - exact[0], atol=1e-9)
    np.testing.assert_allclose(f.curvature, 1 / (1 - m**2) - 1.25, rtol=1e-9)
    np.testing.assert_allclose(f.fitted_slope, np.arctanh(m) - 1.25 * m, atol=1e-12)
    assert float(f.local_free_energy_error[0]) == 0.0


def test_errors_of_integrated_slopes_are_those_of_repetition():
    random = np.random.default_rng(0)
    x = np.linspace(0.1, 1.0, 10)
    runs = [integrate_slope(x, np.log(x) + 0.01 * random.standard_normal(10), np.full(10, 0.01), ideal="particles")
            for _ in range(300)]  # fmt: skip
    for name in ("local_free_energy", "curvature"):
        spread = np.std([run[name].values for run in runs], axis=0, ddof=1)
        np.testing.assert_allclose(spread[1:], runs[0][f"{name}_error"].values[1:], rtol=0.2)


# ------------------------------------------------------------------------------------------------------- interface


def test_a_quartic_well_and_its_interface():
    r, u = landau_quartic(0.9, 3.0)
    well = quartic(r, u)
    assert well.binodal()[1] == pytest.approx(0.9)
    assert float(well.curvature(0.9)) == pytest.approx(3.0)
    tension = float(interfacial_tension(r, u, 1.7))
    found = gradient_coefficient_from_interface(well, tension=tension, tension_error=0.01 * tension)
    assert float(found.gradient_coefficient) == pytest.approx(1.7)
    assert float(found.gradient_coefficient_error) == pytest.approx(0.034)
    x = np.linspace(-20, 20, 2001)
    profile = 0.9 * np.tanh(x / interface_width(r, 1.7))
    found = gradient_coefficient_from_interface(well, position=x, profile=profile)
    assert float(found.gradient_coefficient) == pytest.approx(1.7, rel=1e-3)


# ------------------------------------------------------------------------------------------------ quench, small box


def test_linear_theory_peaks_at_the_fastest_wavelength_at_late_times():
    k = np.linspace(0.01, 1.5, 3000)
    late = quenched_structure_factor(k, 300.0, -0.8, 2.0, 1.0, 0.1, 1.0)
    assert 2 * np.pi / k[np.argmax(late)] == pytest.approx(float(spinodal_wavelength(-0.8, 2.0)), rel=0.01)
    early = quenched_structure_factor(k, 3.0, -0.8, 2.0, 1.0, 0.1, 1.0)
    assert k[np.argmax(late)] < k[np.argmax(early)]


def test_linear_theory_solves_its_equation():
    arguments = (0.4, -0.8, 2.0, 1.3, 0.7)
    k, r, kappa, mobility, noise = arguments
    h = 1e-5
    before, at, after = (quenched_structure_factor(k, 2.0 + n * h, r, kappa, mobility, noise, 1.0) for n in (-1, 0, 1))
    rate = -mobility * k**2 * (r + kappa * k**2)
    assert (after - before) / (2 * h) == pytest.approx(2 * rate * at + 2 * mobility * noise * k**2, rel=1e-8)
    neutral = math.sqrt(0.4)  # no stiffness: fed by noise alone
    assert quenched_structure_factor(neutral, 2.0, -0.8, 2.0, 1.3, 0.7, 1.0) == pytest.approx(1 + 4 * 1.3 * 0.4 * 0.7)


def test_a_spectrum_with_a_known_peak():
    fields = np.empty((6, 1, 64, 64))
    k = 2 * np.pi * np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64), indexing="ij"))
    shape = np.exp(-0.5 * (np.log(np.maximum(k, 1e-9) / 0.7) / 0.3) ** 2)
    for run in range(6):
        noise = np.fft.fft2(np.random.default_rng(run).standard_normal((64, 64)))
        fields[run, 0] = np.fft.ifft2(noise * np.sqrt(shape)).real
    found = pattern_wavelength(fields)
    assert abs(found.wavelength[0] - 2 * np.pi / 0.7) < 4 * found.wavelength_error[0]
    assert found.wavelength_error[0] < 0.5
    flat = pattern_wavelength(np.zeros((2, 1, 8, 8)))
    assert not flat.wavelength_exists[0]
    ramp = np.zeros((2, 1, 32, 32))
    ramp[:] = np.cos(2 * np.pi * np.arange(32) / 32)
    assert not pattern_wavelength(ramp).wavelength_exists[0]  # the longest wave of the box is no peak


def test_a_small_box_comes_to_mean_field_as_the_range_grows():
    ratios = []
    for reach, size in ((2, 8), (4, 16)):
        gas = LatticeGas(reduced_temperature=3.0, interaction_range=reach)
        box = small_box_energy(gas, size, compositions=5, snapshots=200, degree=3)
        ratios.append(float(box.middle_curvature) / mean_field_curvature(0.0, 3.0))
        assert 0 < float(box.mixedness) < 1.2
    assert ratios[0] < ratios[1] < 1.0
    assert ratios[1] > 0.85
    assert float(box.phase_composition) == pytest.approx(float(mean_field_magnetization(3.0)), abs=0.03)


def test_a_small_box_of_a_stable_gas_has_no_wavelength():
    box = small_box_energy(LatticeGas(reduced_temperature=6.0), 12, compositions=5, snapshots=200, degree=3)
    assert not box.spinodal_wavelength_exists
    assert box.phase_composition == 0.0
    assert float(box.middle_curvature) == pytest.approx(6.0 / zero_wavenumber_structure_factor(6.0), rel=0.05)


# ---------------------------------------------------------------------------------------------------- what is wrong

FIELD = np.random.default_rng(0).standard_normal((4, 8, 8))
POINTS = np.random.default_rng(0).uniform(size=(3, 5, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lattice_structure_factor(FIELD[0, 0]), "fields must be"),
        (lambda: lattice_structure_factor(FIELD * np.nan), "fields must be finite"),
        (lambda: lattice_structure_factor(FIELD, spacing=0), "spacing must be positive"),
        (lambda: lattice_structure_factor(FIELD, blocks=1), "blocks must be an integer of at least 2"),
        (lambda: particle_structure_factor(POINTS[0], [1.0] * 3), "positions must be"),
        (lambda: particle_structure_factor(POINTS * np.inf, [1.0] * 3), "positions must be finite"),
        (lambda: particle_structure_factor(POINTS, [1.0, 1.0]), "box must be"),
        (lambda: particle_structure_factor(POINTS, [1.0] * 3, species=[1] * 5), "species must be 0 or 1, both"),
        (lambda: particle_structure_factor(POINTS, [1.0] * 3, largest_wavenumber=1.0), "largest_wavenumber must be at"),
        (lambda: particle_structure_factor(POINTS, [1.0] * 3, largest_wavenumber=1e4), "too many wavevectors"),
        (lambda: fit_structure_factor(lattice_structure_factor(FIELD), order=0), "order must be an integer from 1"),
        (lambda: fit_structure_factor(lattice_structure_factor(FIELD), thermal_energy=0), "thermal_energy must be"),
        (lambda: fit_structure_factor(lattice_structure_factor(FIELD), largest_wavenumber=0.8), "1 shells for 3"),
        (
            lambda: fit_structure_factor(lattice_structure_factor(0 * FIELD), largest_wavenumber=2.0),
            "must be positive at every wavenumber",
        ),
        (lambda: block_variances(FIELD, [5]), "block_sizes must be integers from 1 to 4"),
        (lambda: block_variances(FIELD, [2], blocks=0), "blocks must be an integer of at least 2"),
        (lambda: block_variances(FIELD[0, 0], [2]), "fields must be"),
        (lambda: block_free_energy(FIELD * np.nan, 2), "fields must be finite"),
        (lambda: extrapolate_blocks(block_variances(FIELD, [1, 2])), "block_sizes must be more than 2, not 2"),
        (lambda: extrapolate_blocks(block_variances(FIELD, [1, 2]), degree=3), "degree must be from 0 to 2"),
        (lambda: exchange_slope(FIELD, FIELD), "spins must be plus and minus one"),
        (lambda: exchange_slope(np.ones((2, 4)), np.ones((2, 4))), "one fixed composition, with both states"),
        (lambda: widom_insertion(POINTS[0], [1.0] * 3, Gaussian()), "positions must be"),
        (lambda: widom_insertion(POINTS, [1.0] * 3, Gaussian()), "at most half of the shortest edge, 0.5, not 2.5"),
        (lambda: widom_insertion(POINTS, [1.0] * 3, Gaussian().energy), "cutoff must be positive"),
        (lambda: widom_insertion(POINTS, [9.0] * 3, Gaussian(), insertions=0), "insertions must be an integer"),
        (lambda: integrate_slope([0, 1], [0, 1]), "composition must increase"),
        (lambda: integrate_slope([0, 1, 2, 3], [0, 1, 2, np.nan]), "slope and its errors must be finite"),
        (lambda: integrate_slope([0, 1, 2, 3], [0, 1, 2, 3], ideal="particles"), "must be positive for ideal"),
        (lambda: integrate_slope([0, 1, 2, 3], [0, 1, 2, 3], ideal="lattice"), "must be between -1 and 1"),
        (lambda: landau_quartic(-1.0, 1.0), "binodal must be positive"),
        (lambda: gradient_coefficient_from_interface(regular_solution(1.0), tension=1.0), "must have two phases"),
        (lambda: gradient_coefficient_from_interface(quartic()), "or position and profile, but not both"),
        (lambda: gradient_coefficient_from_interface(quartic(), tension=-1.0), "tension must be positive"),
        (lambda: gradient_coefficient_from_interface(quartic(), position=[1], profile=[1]), "as long as position"),
        (
            lambda: gradient_coefficient_from_interface(quartic(), position=range(9), profile=np.ones(9)),
            "must cross the interface",
        ),
        (lambda: pattern_wavelength(FIELD), "fields must be"),
        (lambda: small_box_energy(LatticeGas(), 8, compositions=4), "compositions must be odd"),
        (lambda: small_box_energy(LatticeGas(), 8, widest=1.0), "widest must be between"),
        (lambda: small_box_energy(LatticeGas(), 8, degree=4), "degree must be odd"),
    ],
)
def test_what_cannot_be_is_one_clear_error(call, message):
    with pytest.raises(ParameterError, match=message):
        call()

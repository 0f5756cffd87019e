"""Integral equations against exact results, and iterative inversion with simulators whose answer is known."""

import json

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.coarse_graining.inversion import (
    IntegralEquationSimulator,
    ParticleSimulator,
    direct_correlation,
    evidence,
    hypernetted_chain_potential,
    iterate_inversion,
    liquid_structure,
    potential_of,
    pressure_slope,
    radial_distribution,
)
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles.dynamics import System
from mesoscale.core.particles.potentials import LennardJones, Morse, Tabulated, WeeksChandlerAndersen

WELL = Morse(inverse_width=6, cutoff=2.5, shifted=True)
KT, DENSITY, WIDTH = 2.0, 0.6, 0.05


def liquid(density=DENSITY, cutoff=20.0, closure="hypernetted_chain"):
    return IntegralEquationSimulator(density, thermal_energy=KT, width=WIDTH, cutoff=cutoff, closure=closure)


class Spheres:
    """Hard spheres of diameter 1."""

    cutoff = 1.0

    def energy(self, r):
        return np.where(np.asarray(r) < 1.0, 1e6, 0.0)


class Gauss:
    cutoff = 20.0

    def energy(self, r):
        return np.exp(-(np.asarray(r) ** 2))

    def force(self, r):
        return 2 * np.asarray(r) * np.exp(-(np.asarray(r) ** 2))


@pytest.mark.parametrize("packing", [0.1, 0.3, 0.45])
def test_wertheim1963_hard_spheres(packing):
    # exact solution of the Percus-Yevick equation: S(0), the contact value, and c(r) a cubic inside the core
    result = liquid_structure(Spheres(), 6 * packing / np.pi, closure="percus_yevick", width=0.005, cutoff=15)
    zero = (1 - packing) ** 4 / (1 + 2 * packing) ** 2
    assert float(result.compressibility) == pytest.approx(zero, rel=3e-3)
    contact = (1 + packing / 2) / (1 - packing) ** 2
    outside = result.g.sel(distance=slice(1.0, 1.03))
    line = np.polyfit(outside.distance - 1.0, outside.values, 2)
    assert line[-1] == pytest.approx(contact, rel=3e-3)
    one = (1 + 2 * packing) ** 2 / (1 - packing) ** 4
    two = -6 * packing * (1 + packing / 2) ** 2 / (1 - packing) ** 4
    inside = result.c.sel(distance=slice(0.0, 0.99))
    r = inside.distance.values
    np.testing.assert_allclose(inside, -(one + two * r + packing * one / 2 * r**3), rtol=5e-3, atol=5e-3)
    assert np.isnan(result.pressure)


def test_the_gaussian_core_model_becomes_mean_field_when_it_is_dense():
    # Louis, Bolhuis & Hansen 2000: at high density c = -U/kT and p = rho + rho^2 pi^(3/2)/2
    errors = []
    densities = np.array([1.0, 4.0, 16.0])
    for density in densities:
        result = liquid_structure(Gauss(), density, width=0.05, cutoff=20)
        errors.append(float(np.abs(result.c + np.exp(-(result.distance**2))).max()))
        assert float(result.pressure) == pytest.approx(density + 0.5 * np.pi**1.5 * density**2, rel=0.05)
    assert errors[-1] < 0.02
    assert abs(np.polyfit(np.log(densities), np.log(errors), 1)[0] + 1) < 0.3  # 1/rho


def test_the_equations_hold_in_real_space():
    # h = c + rho c * h, the convolution by plain quadrature in bipolar coordinates
    result = liquid_structure(WELL, DENSITY, thermal_energy=KT, width=0.02, cutoff=15)
    r, c, h = result.distance.values, result.c.values, result.g.values - 1
    inner = np.concatenate([[0.0], np.cumsum(r * h) * 0.02])  # integral of s h(s) to the edges
    for n in (40, 55, 120):
        x = r[n]
        low, high = np.abs(x - r), np.minimum(x + r, r[-1])
        edges = np.arange(len(r) + 1) * 0.02
        between = np.interp(high, edges, inner) - np.interp(low, edges, inner)
        convolution = 2 * np.pi / x * (r * c * between).sum() * 0.02
        assert h[n] == pytest.approx(c[n] + DENSITY * convolution, abs=2e-3)
    np.testing.assert_allclose(direct_correlation(h, 0.02, DENSITY), c, atol=1e-8)
    u = hypernetted_chain_potential(result.g.values, 0.02, DENSITY, KT)
    seen = result.g.values > 1e-6
    np.testing.assert_allclose(u[seen], WELL.energy(r)[seen], atol=1e-6)
    assert np.isnan(hypernetted_chain_potential(np.array([0.0, 1.0, 1.0]), 0.1, 0.1)).tolist() == [True, False, False]


def test_virial_and_compressibility_of_a_dilute_gas_agree():
    gas = liquid_structure(WELL, 1e-3, thermal_energy=KT, width=0.01, cutoff=10)
    b2 = -2 * np.pi * ((np.exp(-WELL.energy(gas.distance) / KT) - 1) * gas.distance.values**2).sum() * 0.01
    assert float(gas.pressure) / (1e-3 * KT) == pytest.approx(1 + 1e-3 * b2, abs=2e-6)
    assert 1 / float(gas.compressibility) == pytest.approx(1 + 2e-3 * b2, abs=2e-5)


def test_where_there_is_no_solution_it_is_said():
    with pytest.raises(ResultError, match=r"hypernetted chain equation has a solution at density .* none was found"):
        liquid_structure(Morse(inverse_width=3, cutoff=2.5, shifted=True), 0.3, width=0.05)


# --- iteration


def begin(g):
    return -KT * np.log(np.maximum(g, 1e-3))


def run(g, simulator, **options):
    return iterate_inversion(g, simulator, width=WIDTH, density=DENSITY, thermal_energy=KT, cutoff=2.5, **options)


def test_the_step_of_the_hypernetted_chain_is_exact_where_the_chain_is():
    g, _ = liquid()(WELL)
    result = run(g, liquid(), damping=1.0, smoothing=0, smallest=1e-7, initial=begin(g), tolerance=1e-9)
    assert result.sizes["iteration"] == 2  # the beginning, and one step
    assert bool(result.converged)
    assert result.attrs["stopped"] == "converged"
    seen = (g > 1e-3) & (result.distance < 2.5)
    np.testing.assert_allclose(result.potential[seen], WELL.energy(result.distance)[seen], atol=2e-3)
    assert float(result.chi2[0]) > 0.01


def test_damping_leaves_its_part_of_the_error():
    g, _ = liquid()(WELL)
    result = run(g, liquid(), damping=0.5, smoothing=0, smallest=1e-7, initial=begin(g), tolerance=1e-7, iterations=6)
    # the last energy: wrong by half as much after each step
    wrong = (result.U - WELL.energy(result.distance)).sel(distance=slice(1.0, 1.6))
    size = np.abs(wrong).max("distance").values
    np.testing.assert_allclose(size[1:4] / size[:3], 0.5, atol=0.05)


def test_boltzmann_iteration_takes_many_more_steps():
    g, _ = liquid()(WELL)
    chain = run(g, liquid(), initial=begin(g))
    boltzmann = run(g, liquid(), initial=begin(g), scheme="ibi")
    assert bool(chain.converged)
    assert bool(boltzmann.converged)
    assert boltzmann.sizes["iteration"] > 2 * chain.sizes["iteration"]


def test_without_neighbours_the_steps_are_one():
    # the hypernetted-chain step becomes Boltzmann's as the density goes to zero, in first order
    g = np.exp(-WELL.energy((np.arange(400) + 0.5) * WIDTH) / KT)
    off = Morse(well_depth=1.3, inverse_width=6, cutoff=2.5, shifted=True)
    differences = []
    densities = np.array([1e-4, 1e-3, 1e-2])
    for density in densities:
        steps = [
            iterate_inversion(
                g, liquid(density), width=WIDTH, density=density, thermal_energy=KT, cutoff=2.5, scheme=scheme,
                iterations=2, tolerance=1e-15, initial=off,
            ).U[1]
            for scheme in ("hnc", "ibi")
        ]  # fmt: skip
        differences.append(float(np.abs(steps[0] - steps[1]).max()))
    assert differences[0] < 1e-3
    assert abs(np.polyfit(np.log(densities), np.log(differences), 1)[0] - 1) < 0.1


def test_percus_and_yevick_are_met_by_the_other_closure():
    # the step is no longer exact, and converges all the same
    g, _ = liquid(closure="percus_yevick")(WELL)
    result = run(g, liquid(closure="percus_yevick"), tolerance=1e-6, smallest=1e-5)
    assert bool(result.converged)
    seen = (g > 0.05) & (result.distance < 2.5)
    np.testing.assert_allclose(result.potential[seen], WELL.energy(result.distance)[seen], atol=0.02)


def test_a_dilute_target_is_its_own_potential():
    r = (np.arange(100) + 0.5) * WIDTH
    g = np.exp(-WELL.energy(r) / KT)

    def ideal(potential):
        return np.exp(-potential.energy(r) / KT), None

    result = iterate_inversion(g, ideal, width=WIDTH, density=1e-9, thermal_energy=KT, cutoff=2.5)
    assert result.sizes["iteration"] == 1
    seen = (g > 1e-3) & (r < 2.5)
    np.testing.assert_allclose(result.potential[seen], WELL.energy(r)[seen], atol=2e-3)
    assert np.isnan(result.pressure).all()
    assert np.diff(result.potential[:10]).max() < 0  # the core pushes, in a straight line
    np.testing.assert_allclose(np.diff(result.potential[:10], 2), 0, atol=1e-9)
    assert float(np.abs(result.potential[r > 2.5]).max()) == 0.0


def test_it_stops_on_a_plateau_and_says_that_it_has_not_converged():
    g, _ = liquid()(WELL)
    rng = np.random.default_rng(0)
    exact = liquid()

    def noisy(potential):
        return np.maximum(exact(potential)[0] + 0.003 * rng.normal(size=400), 0.0), None

    result = run(g, noisy, iterations=1000, tolerance=1e-6)
    assert result.attrs["stopped"] == "plateau"
    assert not bool(result.converged)
    assert result.sizes["iteration"] < 30
    assert "NOT converged: no further progress at chi2" in result.potential.attrs["comment"]
    assert float(result.chi2[int(result.best)]) == float(result.chi2.min())
    np.testing.assert_array_equal(result.potential, result.U[int(result.best)])


def test_a_target_that_no_pair_potential_has_ends_on_a_plateau():
    g, _ = liquid()(WELL)
    result = run(g, lambda potential: (np.roll(g, 3), None), iterations=300)
    assert result.attrs["stopped"] == "plateau"
    assert result.sizes["iteration"] <= 10
    short = run(g, lambda potential: (np.roll(g, 3), None), iterations=3)
    assert short.attrs["stopped"] == "iterations"
    assert "NOT converged" in short.attrs["comment"]


def test_the_noise_of_the_target_is_told():
    g, _ = liquid()(WELL)
    distance = (np.arange(400) + 0.5) * WIDTH
    target = xr.Dataset({"g": ("distance", g), "g_error": ("distance", 0.01 + 0 * g)}, {"distance": distance})
    result = iterate_inversion(
        target, lambda potential: (np.roll(g, 3), None), density=DENSITY, thermal_energy=KT, cutoff=2.5
    )
    expected = 1e-4 * (distance**2).sum() / (distance**2 * (g - 1) ** 2).sum()
    assert f"the noise of the target alone makes chi2 {expected:.3g}" in result.attrs["comment"]
    assert json.loads(result.attrs["recipe"])["scheme"] == "hnc"


@pytest.mark.parametrize(
    ("g", "sentence"),
    [
        (lambda n: np.full(400, np.nan), "a g that is not finite"),
        (lambda n: np.full(400, 1.0 + 10.0**n), "diverged in iteration"),
    ],
)
def test_divergence_is_an_error(g, sentence):
    target, _ = liquid()(WELL)
    calls = iter(range(100))
    with pytest.raises(ResultError, match=sentence):
        run(target, lambda potential: (g(next(calls)), None))


def test_the_pressure_is_met_by_linear_response():
    g, pressure = liquid()(WELL)
    exact = liquid()
    wanted = pressure + 0.3
    options = {"scheme": "ibi", "initial": begin(g), "tolerance": 3e-3, "pressure_tolerance": 0.05, "iterations": 60}
    result = run(g, exact, target_pressure=wanted, **options)
    assert bool(result.converged)
    assert abs(float(result.pressure[-1]) - wanted) < 0.05
    free = run(g, exact, **options)
    assert abs(float(free.pressure[-1]) - wanted) > 0.1  # without the correction it is elsewhere
    # the slope, on the virial itself: p = rho kT - (2 pi/3) rho^2 int U' g r^3, with U' changed by -A/r_c
    r = (np.arange(400) + 0.5) * WIDTH
    inside = r < 2.5
    by_hand = 2 * np.pi / 3 * DENSITY**2 * (g * r**3)[inside].sum() * WIDTH / 2.5
    assert pressure_slope(g, WIDTH, DENSITY, 2.5) == pytest.approx(by_hand, rel=1e-3)


def test_a_result_is_a_potential_and_a_file(tmp_path):
    g, _ = liquid()(WELL)
    seen = []
    result = run(g, liquid(), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (result.sizes["iteration"], 50)
    table = potential_of(result)
    assert isinstance(table, Tabulated)
    assert table.cutoff == 2.5
    r = np.array([1.025, 1.525])
    np.testing.assert_allclose(table.energy(r), result.potential.sel(distance=r, method="nearest"), atol=1e-12)
    first = potential_of(result, 0)
    np.testing.assert_allclose(first.energy(r), result.U[0].sel(distance=r, method="nearest"), atol=1e-12)
    result.to_netcdf(tmp_path / "inversion.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "inversion.nc", engine="h5netcdf") as stored:
        assert float(potential_of(stored).energy(1.1)) == float(table.energy(1.1))


def grid(side, box):
    return np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3) * (box / side)


def test_the_simulator_of_particles_agrees_with_the_equation_of_a_soft_liquid():
    # a moderately dense fluid of soft spheres: the hypernetted chain is nearly exact there
    soft = Morse(well_depth=0.2, inverse_width=1.5, minimum=1.3, cutoff=1.3, shifted=True)
    box = (125 / 0.3) ** (1 / 3)
    beads = ParticleSimulator(
        System(grid(5, box), [box] * 3), temperature=1.0, width=0.1, cutoff=3.7, step=0.01, steps=8000, every=20
    )
    g, pressure = beads(soft)
    exact = liquid_structure(soft, 0.3, width=0.02, cutoff=10)
    weight = exact.distance.values**2
    shells = (exact.g.values * weight)[:185].reshape(37, 5).sum(axis=1) / weight[:185].reshape(37, 5).sum(axis=1)
    assert np.abs(g - shells)[4:].max() < 0.03
    assert pressure == pytest.approx(float(exact.pressure), rel=0.05)
    start = beads.system
    beads(soft)
    assert beads.system is not start
    assert beads.distribution.g.shape == (37,)


@pytest.mark.slow
@pytest.mark.parametrize("potential", [LennardJones(cutoff=2.0, shifted=True), WeeksChandlerAndersen()])
def test_a_known_potential_is_recovered_from_its_own_liquid(potential):
    density, kt = 0.7, 1.2
    box = (216 / density) ** (1 / 3)
    system = System(grid(6, box), [box] * 3)
    options = {"temperature": kt, "width": 0.05, "cutoff": 3.35, "every": 20}
    beads = ParticleSimulator(system, steps=20_000, seed=7, **options)
    _, pressure = beads(potential)
    target = beads.distribution
    again = ParticleSimulator(system, steps=5_000, equilibration=1_000, seed=77, **options)
    result = iterate_inversion(
        target, again, density=density, thermal_energy=kt, cutoff=2.0, iterations=6, tolerance=2e-4,
        target_pressure=pressure, largest_pressure_step=0.5,
    )  # fmt: skip
    seen = (target.g > 0.2) & (target.distance < 2.0)
    exact = potential.energy(target.distance)
    wrong = float(np.abs(result.potential - exact)[seen].max())
    naive = float(np.abs(-kt * np.log(target.g[seen]) - exact[seen.values]).max())
    assert wrong < 0.2 * kt
    assert naive > 2 * wrong


@pytest.mark.slow
def test_the_attraction_between_tetrahedra_is_that_of_all_the_others():
    target, result, _ = evidence._tetrahedra()
    assert result.distance.equals(target.distance)
    peak = target.isel(distance=int(target.g.values.argmax()))
    assert float(peak.g) == pytest.approx(1.50, abs=0.03 + 3 * float(peak.g_error))
    assert float(peak.distance) == pytest.approx(2.03, abs=0.05)
    assert float(-np.log(peak.g)) < -0.37  # a well in -kT ln g, where the pair potential has none
    assert float(result.potential.min()) > -0.06


G, _ = np.ones(20), None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"target": np.ones(4)}, "at least 8 finite values of g"),
        ({"target": -np.ones(20)}, "none negative"),
        ({"width": None}, "width must be given"),
        ({"density": 0.0}, "density must be a positive number"),
        ({"thermal_energy": np.inf}, "thermal_energy must be a positive number"),
        ({"scheme": "imc"}, "must be 'hnc' or 'ibi'"),
        ({"smallest": 0.0}, "smallest must be above 0"),
        ({"smoothing": 11}, "smoothing must be a whole number"),
        ({"cutoff": 9.0}, "cutoff must enclose at least 3 shells"),
        ({"cutoff": 0.1}, "cutoff must enclose at least 3 shells"),
        ({"damping": 1.5}, "damping must be above 0 and at most 1"),
        ({"iterations": 0}, "iterations must be a whole number"),
        ({"tolerance": 0.0}, "tolerance must be a positive number"),
        ({"target_pressure": np.nan}, "target_pressure must be finite"),
        ({"pressure_tolerance": 0.0}, "pressure_tolerance must be a positive number"),
        ({"largest_pressure_step": 0.0}, "largest_pressure_step must be a positive number"),
        ({"initial": np.ones(3)}, "initial must be a potential, or 20 finite energies"),
        ({"simulator": lambda p: G}, "must return g and the pressure"),
        ({"simulator": lambda p: (np.ones(3), None)}, "on the 20 shells of the target"),
        ({"target_pressure": 1.0}, "must return a pressure if one is wanted"),
    ],
)
def test_what_does_not_fit_is_said(options, sentence):
    given = {"target": G, "simulator": lambda p: (G, None), "density": 0.1, "width": 0.1, **options}
    target, simulator = given.pop("target"), given.pop("simulator")
    with pytest.raises(ParameterError, match=sentence):
        iterate_inversion(target, simulator, **given)


def test_more_that_does_not_fit_is_said():
    table = radial_distribution(np.random.default_rng(0).uniform(0, 5, (2, 20, 3)), [5, 5, 5], width=0.25)
    with pytest.raises(ParameterError, match=r"width must be left out or 0\.25"):
        iterate_inversion(table, lambda p: (G, None), density=0.1, width=0.1)
    for options, sentence in (
        ({"density": -1.0}, "density must be a positive number"),
        ({"closure": "rogers_young"}, "closure must be"),
        ({"cutoff": 0.01}, "cutoff must be from 8"),
    ):
        with pytest.raises(ParameterError, match=sentence):
            liquid_structure(WELL, **{"density": 0.1, **options})
    with pytest.raises(ParameterError, match="steps must be at least every"):
        ParticleSimulator(System([[0, 0, 0]], [5, 5, 5]), temperature=1.0, width=0.1, cutoff=2.0, steps=10)

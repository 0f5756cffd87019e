"""Iterative inversion with simulators whose answer is known."""

import json

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.coarse_graining.inversion import (
    IntegralEquationSimulator,
    ParticleSimulator,
    iterate_inversion,
    liquid_structure,
    potential_of,
    radial_distribution,
)
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles.dynamics import System
from mesoscale.core.particles.potentials import Morse, Tabulated

WELL = Morse(inverse_width=6, cutoff=2.5, shifted=True)


KT, DENSITY, WIDTH = 2.0, 0.6, 0.05


def liquid(density=DENSITY, cutoff=20.0, closure="hypernetted_chain"):
    return IntegralEquationSimulator(density, thermal_energy=KT, width=WIDTH, cutoff=cutoff, closure=closure)


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
    assert "NOT converged: no further progress where chi2 is" in result.potential.attrs["comment"]
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

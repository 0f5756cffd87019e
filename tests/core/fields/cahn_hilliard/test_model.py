"""Cahn-Hilliard: the linear regime, the benchmark, repulsion, mobilities, and what the model refuses."""

import math

import numpy as np
import pytest
import scipy.fft
from mesoscale.core.fields import cahn_hilliard as ch
from mesoscale.core.fields.cahn_hilliard import CahnHilliard
from mesoscale.core.fields.free_energies import double_well, quartic
from mesoscale.core.fields.spectral import Basis, GradientFlow, integrate
from mesoscale.core.model import ParameterError, Streams


@pytest.mark.parametrize("boundary", ["periodic", "no_flux"])
def test_ten_modes_grow_at_their_rates(boundary):
    basis = Basis((128,), (100.0,), boundary)
    flow = GradientFlow(basis, double_well(), 2.0 * basis.k2, 5.0 * basis.k2, 0.4)
    modes = np.unique(np.linspace(2, 10 if boundary == "periodic" else 20, 10).astype(int))
    start = np.zeros(basis.k2.shape, complex if boundary == "periodic" else float)
    start[0], start[modes] = 0.5, 1e-7
    end = basis.forward(integrate(flow, basis.backward(start), [3.0], tolerance=1e-7).fields[0])
    rates = np.log(np.abs(end[modes]) / 1e-7) / 3.0
    np.testing.assert_allclose(rates, ch.growth_rate(np.sqrt(basis.k2[modes]), -0.8, 2.0, 5.0), rtol=1e-3, atol=1e-6)


def test_the_first_pattern_has_the_wavelength_of_the_law():
    model = CahnHilliard(cells=128, reduced_box_size=128.0, start_amplitude=1e-3, reduced_duration=12.0)
    ds = model.run()
    peak = float(ds.reduced_wavenumber[int(ds.structure_factor.values.argmax())])
    assert abs(peak - 2 * math.pi / float(ds.fastest_wavelength)) < 2 * 2 * math.pi / 128


def test_jokisaari2017_the_benchmark_starts_where_it_must():
    ds = ch.PFHUB_1B.replace(reduced_duration=1.0, snapshots=3).run()
    assert float(ds.field_mean[0]) == pytest.approx(0.50252277, abs=2e-6)
    flow = ch.PFHUB_1B.flow()
    assert flow.energy(ch.PFHUB_1B.first_field(Streams(0))) == pytest.approx(319.0433, abs=0.01)


def test_the_benchmark_does_not_depend_on_grid_or_tolerance():
    coarse = ch.PFHUB_1B.replace(reduced_duration=20.0, snapshots=3, tolerance=1e-5).run()
    fine = ch.PFHUB_1B.replace(reduced_duration=20.0, snapshots=3, tolerance=1e-5, cells=200).run()
    assert float(coarse.reduced_free_energy[-1]) == pytest.approx(float(fine.reduced_free_energy[-1]), rel=1e-3)


@pytest.mark.slow
def test_the_benchmark_ends_in_a_flat_interface_or_a_drop():
    ds = ch.PFHUB_1B.replace(reduced_duration=1e5, most_steps=1_000_000, tolerance=1e-3).run()
    assert float(ds.mass_drift) < 1e-13
    assert float(ds.largest_energy_rise) < 1e-11
    assert 200 * 0.0477028 * 0.95 < float(ds.reduced_free_energy[-1]) < 30.0


def test_below_ratio_one_the_mixture_stays_mixed_and_the_average_is_right():
    ds = CahnHilliard(cells=32).at_ratio(0.5).run()
    assert float(ds.answer) == pytest.approx(float(ds.naive_answer), rel=1e-4)
    above = CahnHilliard(cells=32, reduced_duration=200.0).at_ratio(20.0).run()
    assert float(above.answer) < 0.7 * float(above.naive_answer)


def test_repulsion_stops_the_coarsening():
    free = CahnHilliard(cells=48, reduced_box_size=48.0, reduced_duration=500.0).run()
    held = CahnHilliard(cells=48, reduced_box_size=48.0, reduced_duration=500.0, repulsion=0.05).run()
    size = "domain_size_from_structure_factor"
    assert float(held[size][-1]) < 0.8 * float(free[size][-1])
    screened = CahnHilliard(cells=48, reduced_box_size=48.0, repulsion=0.05, screening=0.5, reduced_duration=5.0)
    assert np.isfinite(screened.run().answer)


@pytest.mark.parametrize(
    "change",
    [{"repulsion": 0.1}, {"repulsion": 0.1, "screening": 0.7}, {"repulsion": 0.6, "screening": 0.1}, {"repulsion": 0.3},
     {"mobility_law": "degenerate", "mean_composition": 0.3}],
    ids=str,
)  # fmt: skip
def test_the_fastest_wave_is_the_one_that_grows_fastest(change):
    """Its rate, and no other's, in the growth of noise; and where the ratio is below 1 no wave grows."""
    model = CahnHilliard(
        cells=128, reduced_box_size=160.0, dimensions=1, start_amplitude=1e-7, reduced_duration=4.0, tolerance=1e-7,
        snapshots=3, **change,
    )  # fmt: skip
    ds, basis = model.run(), model.basis()
    first, last = (np.abs(basis.forward(ds.composition[i].values.reshape(-1)))[1:40] for i in (0, -1))
    rates = np.log(last / first) / float(ds.reduced_time[-1] - ds.reduced_time[0])
    if model.governing_ratio() < 1.0:
        assert rates.max() < 0.0
        assert not bool(ds.fastest_rate_exists)
        return
    assert rates.max() == pytest.approx(float(ds.fastest_rate), rel=0.01)
    assert rates.max() <= float(ds.fastest_rate) * (1 + 1e-4)
    found = 2 * math.pi / basis.wavenumbers[0][1 + rates.argmax()]
    assert found == pytest.approx(float(ds.fastest_wavelength), rel=0.05)


def test_a_screened_repulsion_does_not_feel_the_mean():
    """A mixture that stays mixed has the energy of the mixed one, at every mean composition."""
    model = CahnHilliard(mean_composition=0.8, repulsion=0.5, screening=0.5, cells=16, start_amplitude=1e-6)
    ds = model.run()
    assert float(ds.answer) == pytest.approx(float(ds.naive_answer), rel=1e-9)


def test_lamellae_of_a_block_copolymer_have_the_period_of_strong_segregation():
    """Ohta & Kawasaki: the tension of flat interfaces against the repulsion of a square wave, period L.

    F / V = 2 sigma_t / L + (sigma/2) L^2 / 48 for layers of -1 and 1: least at L^3 = 96 sigma_t / sigma.
    """
    sigma, tension = 1e-3, 2 * math.sqrt(2) / 3
    best = (96 * tension / sigma) ** (1 / 3)

    def energy(period):  # of one period, at rest
        basis = Basis((128,), (period,))
        quadratic = basis.k2 + sigma / np.where(basis.k2 > 0, basis.k2, np.inf)
        flow = GradientFlow(basis, quartic(), quadratic, basis.k2, 0.5)
        x = (np.arange(128) + 0.5) / 128 * period
        history = integrate(flow, np.tanh(4 * np.sin(2 * math.pi * x / period)), [400.0], tolerance=1e-5)
        return float(history.step_energies[-1]) / period

    periods = best * np.array([0.85, 0.95, 1.05, 1.15])
    bend, slope, _ = np.polyfit(periods, [energy(p) for p in periods], 2)
    assert -slope / (2 * bend) == pytest.approx(best, rel=0.05)


@pytest.mark.parametrize("change", [
    {"dimensions": 1}, {"dimensions": 3, "cells": 16}, {"mixing": "regular_solution", "mean_composition": 0.4},
    {"mixing": "flory_huggins", "first_chain_length": 5.0, "second_chain_length": 5.0, "interaction": 0.6,
     "mean_composition": 0.5}, {"scheme": "sbdf2"}, {"scheme": "eyre"}, {"thermal_noise": 0.01},
    {"scheme": "explicit", "reduced_duration": 1.0, "fixed_step": 0.001}, {"start": "pfhub", "dimensions": 1},
], ids=str)  # fmt: skip
def test_every_variant_keeps_its_mass(change):
    ds = CahnHilliard(**{"cells": 32, "reduced_duration": 10.0, "snapshots": 3, **change}).run()
    assert float(ds.mass_drift) < 1e-13
    assert float(ds.answer) > -1e-9
    assert "thermal_noise" in change or float(ds.largest_energy_rise) < 1e-11


def test_a_free_energy_of_the_users_gives_the_same_run():
    own = CahnHilliard(
        cells=16, reduced_duration=5.0, mixing="own", local_energy=lambda c, p: 0.25 * (c * c - 1.0) ** 2,
        local_slope=lambda c, p: c * (c * c - 1.0),
    ).run()  # fmt: skip
    built_in = CahnHilliard(cells=16, reduced_duration=5.0).run()
    np.testing.assert_allclose(own.composition, built_in.composition, atol=1e-6)


def test_a_result_in_si():
    model = CahnHilliard(cells=16, reduced_duration=1.0)
    ds = model.run()
    scaled = model.scales(ds, length="2 nm", energy_density=1e6, time=1e-3)
    assert float(scaled.reduced_time[-1]) == pytest.approx(1e-3)
    assert float(scaled.reduced_free_energy[0]) == pytest.approx(float(ds.reduced_free_energy[0]) * 1e6 * 4e-18)
    assert scaled.reduced_free_energy.attrs["units"] == "J m-1"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"cells": 4096, "dimensions": 3}, "cells must be at most"),
        ({"mixing": "regular_solution", "mean_composition": 0.0}, "mean_composition must be from"),
        ({"mixing": "own"}, "local_energy"),
        (
            {
                "mixing": "flory_huggins", "mean_composition": 0.5, "interaction": 1.0, "first_chain_length": 1000,
                "second_chain_length": 1000,
            },
            "interaction makes phases so pure",
        ),
        ({"scheme": "eyre", "fixed_step": 1e-5}, "fixed_step must be at least"),
        (
            {"mixing": "own", "local_energy": lambda c, p: c * c, "local_slope": lambda c, p: c},
            "local_slope does not fit",
        ),
        (
            {
                "mixing": "own", "local_energy": lambda c, p: c * c, "local_slope": lambda c, p: 2 * c,
                "lowest_composition": 3.0,
            },
            "lowest_composition must be below",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change, match):
    with pytest.raises(ParameterError, match=match):
        CahnHilliard(**change)


def test_a_mobility_that_vanishes_in_the_pure_phases_slows_the_coarsening_and_keeps_the_laws():
    model = CahnHilliard(cells=48, reduced_box_size=36.0, reduced_duration=200.0, snapshots=4, tolerance=1e-3)
    free, bound = model.run(), model.replace(mobility_law="degenerate").run()
    assert float(bound.mass_drift) < 1e-13
    assert float(bound.largest_energy_rise) == 0.0
    assert float(free.answer) < float(bound.answer) < float(bound.naive_answer)


def test_a_mobility_of_the_users_is_a_factor():
    model = CahnHilliard(cells=16, reduced_box_size=12.0, reduced_duration=10.0, snapshots=3, tolerance=1e-6)
    own = model.replace(mobility_law="own", local_mobility=lambda c, p: 0.5 + 0.0 * c)
    slow = model.replace(mobility_coefficient=0.5)
    assert float(own.run().answer) == pytest.approx(float(slow.run().answer), rel=1e-3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mobility_law": "own"}, "local_mobility belongs to mobility_law = 'own'"),
        ({"mobility_law": "degenerate", "thermal_noise": 0.1}, "thermal_noise must be 0 unless"),
    ],
)
def test_mobilities_that_make_no_sense_are_refused(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        CahnHilliard(**options)


def march(field, symbol, quadratic, slope, basis, end, steps):
    """Runge and Kutta's fourth order with an integrating factor, in many small steps: nothing of the library's."""
    if basis.boundary == "periodic":
        forward, backward = scipy.fft.rfftn, lambda modes: scipy.fft.irfftn(modes, basis.shape)
    else:
        forward, backward = scipy.fft.dctn, scipy.fft.idctn
    h = end / steps
    half = np.exp(-0.5 * h * symbol * quadratic)
    full = half**2

    def drive(modes):
        return -symbol * forward(slope(backward(modes)))

    u = forward(field)
    for _ in range(steps):
        a = drive(u)
        b = drive(half * (u + 0.5 * h * a))
        c = drive(half * u + 0.5 * h * b)
        d = drive(full * u + h * half * c)
        u = full * u + h / 6 * (full * a + 2 * half * (b + c) + d)
    return backward(u)


@pytest.mark.parametrize(
    ("options", "slope"),
    [
        ({"dimensions": 1, "cells": 64, "reduced_box_size": 40.0, "mean_composition": 0.2}, lambda c: c**3 - c),
        (
            {"cells": 24, "reduced_box_size": 18.0, "boundary": "no_flux", "repulsion": 0.08, "screening": 0.3},
            lambda c: c**3 - c,
        ),
        (
            {
                "dimensions": 1, "cells": 64, "reduced_box_size": 40.0, "mixing": "flory_huggins", "interaction": 0.5,
                "first_chain_length": 7.0, "second_chain_length": 4.0, "mean_composition": 0.35,
                "gradient_coefficient": 0.3, "start_amplitude": 0.02,
            },
            lambda c: np.log(c) / 7 - np.log1p(-c) / 4 + 0.5 * (1 - 2 * c),
        ),
        ({"dimensions": 3, "cells": 10, "reduced_box_size": 7.5, "mobility_coefficient": 2.0}, lambda c: c**3 - c),
    ],
)  # fmt: skip
def test_an_independent_integration_in_small_steps_gives_the_same_field(options, slope):
    model = CahnHilliard(**{"reduced_duration": 20.0, "snapshots": 3, "tolerance": 1e-6, **options})
    basis = model.basis()
    distant = np.where(basis.k2 > 0, basis.k2 + model.screening**2, np.inf)
    quadratic = model.gradient_coefficient * basis.k2 + model.repulsion / distant
    start = model.first_field(Streams(2))
    exact = march(start, model.mobility_coefficient * basis.k2, quadratic, slope, basis, 20.0, 1500)
    for scheme in ("etdrk4", "sbdf2"):  # a step may err by 1e-6, and there are up to a thousand
        found = model.replace(scheme=scheme).run(seed=2).composition[-1].values.reshape(basis.shape)
        assert np.sqrt(np.square(found - exact).mean()) < 1e-3 * exact.std()

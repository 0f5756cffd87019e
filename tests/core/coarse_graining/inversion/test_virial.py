"""Virial coefficients against their series, and a dilute gas that shows its potential."""

import numpy as np
import pytest
import scipy.signal
import scipy.special
import xarray as xr
from mesoscale.core.coarse_graining.inversion import (
    invert_pairs,
    radial_distribution,
    second_virial_coefficient,
    second_virial_of_distribution,
)
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles.potentials import LennardJones, Morse, WeeksChandlerAndersen


def dilute(potential, kt, cutoff, box, frames, seed=0):
    """Two particles in a periodic box, drawn from their exact distribution; g is exp(-U/kT) over its mean."""
    rng = np.random.default_rng(seed)
    kept = []
    top = np.exp(-float(np.min(potential.energy(np.linspace(0.8, cutoff, 2001)))) / kt)
    while sum(map(len, kept)) < frames:
        d = rng.uniform(-0.5, 0.5, (4 * frames, 3)) * box
        r = np.linalg.norm(d, axis=1)
        weight = np.where(r < cutoff, np.exp(-np.clip(potential.energy(np.maximum(r, 0.5)), -50, 500) / kt), 1.0)
        kept.append(d[rng.uniform(0, top, len(d)) < weight])
    d = np.concatenate(kept)[:frames]
    begin = rng.uniform(0, box, (frames, 3))
    return np.stack([begin, begin + d], axis=1)


def test_a_dilute_gas_shows_its_potential_and_its_second_virial_coefficient():
    potential, kt, box = LennardJones(cutoff=2.5, shifted=True), 1.3, 7.0
    b2 = second_virial_coefficient(potential, thermal_energy=kt)
    pair = radial_distribution(dilute(potential, kt, 2.5, box, 400_000), [box] * 3, width=0.05)
    mean = 1.0 - 2.0 * b2 / box**3  # of exp(-U/kT) over the box: two particles are a gas of finite density
    shift = kt * np.log(mean)
    result = invert_pairs(pair, thermal_energy=kt)
    seen = pair["count"] > 100
    z = ((result.U - potential.energy(result.distance) - shift) / result.U_error)[seen]
    assert np.abs(z).max() < 5
    assert np.isnan(result.U[0])
    value, error = second_virial_of_distribution(pair.assign(g=pair.g * mean, g_error=pair.g_error * mean))
    assert abs(value - b2) < 4 * error
    assert error < 0.15 * abs(b2)


def lennard_jones_series(kt):
    """B2 of the whole Lennard-Jones potential by its exact series (Hirschfelder, Curtiss & Bird 1954, eq. 3.6-7)."""
    n = np.arange(60)
    factorial = scipy.special.gamma(n + 1.0)
    terms = 2 ** (n + 0.5) / (4 * factorial) * scipy.special.gamma((2 * n - 1) / 4) * kt ** (-(2 * n + 1) / 4)
    return -2 * np.pi / 3 * terms.sum()


@pytest.mark.parametrize("kt", [0.7, 1.0, 3.0, 20.0])
def test_the_virial_of_lennard_jones_is_its_exact_series(kt):
    far = LennardJones(cutoff=1e3)
    tail = -8 * np.pi / (3 * kt) / 1e9  # beyond the cutoff
    assert second_virial_coefficient(far, thermal_energy=kt) + tail == pytest.approx(
        lennard_jones_series(kt), rel=1e-9, abs=1e-9
    )


def test_the_boyle_temperature_of_lennard_jones():
    # Nicolas, Gubbins, Streett & Tildesley 1979 and others: B2 = 0 at kT = 3.417928
    potential = LennardJones(cutoff=1e4)
    below, above = (second_virial_coefficient(potential, thermal_energy=kt) for kt in (3.4179275, 3.4179285))
    assert below < 0 < above


def test_virials_of_distributions():
    distance = np.arange(0.05, 4, 0.1)
    well = xr.Dataset({"g": ("distance", np.where(distance < 1, 0.0, np.where(distance < 2, 3.0, 1.0)))})
    value, error = second_virial_of_distribution(well.assign_coords(distance=distance))
    assert value == pytest.approx(2 * np.pi / 3 * (1 - 2 * 7))  # a square well: exact shells
    assert np.isnan(error)


class Bad:
    cutoff = 1.0

    def __init__(self, energy):
        self.energy = energy


def refused(make, sentence, error=ParameterError):
    with pytest.raises(error, match=sentence):
        make()


def test_virials_that_do_not_exist_are_refused():
    refused(lambda: second_virial_coefficient(Bad(lambda r: -1 / r**4)), "attracts too much", ResultError)
    rough = np.random.default_rng(0)
    refused(lambda: second_virial_coefficient(Bad(lambda r: rough.uniform(size=r.shape))), "not settled", ResultError)
    refused(lambda: second_virial_coefficient(Morse(), thermal_energy=0.0), "must be a positive number")
    endless = Bad(lambda r: 0 * r)
    endless.cutoff = np.inf
    refused(lambda: second_virial_coefficient(endless), "must have a finite cutoff")
    assert second_virial_coefficient(WeeksChandlerAndersen()) > 0


TABLE = xr.Dataset({"g": ("distance", [1.0, 1.0])}, {"distance": [0.5, 1.6]})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: second_virial_of_distribution(TABLE), "equal shells from 0 on"),
        (lambda: second_virial_of_distribution(xr.Dataset()), "must have a variable g"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)

"""Profiles of a growing bias that are exact within their errors, or refused."""

import itertools
import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.coarse_graining.free_energy import (
    ConvergenceError,
    double_well_force,
    metadynamics,
    metadynamics_profile,
)
from mesoscale.core.model import ParameterError

RUN = {
    "parameters": [3.0], "lower": -2.0, "upper": 2.0, "width": 0.12, "height": 0.5, "bias_factor": 5.0, "stride": 80,
    "hills": 3000, "every": 20, "step": 0.05,
}  # fmt: skip


EDGES = np.linspace(-1.45, 1.45, 30)


@pytest.fixture(scope="module")
def run():
    return metadynamics(double_well_force, -1.0, **RUN, trajectories=6)


def exact_profile(barrier, edges, temperature=1.0):
    def boltzmann(x):
        return math.exp(-barrier / temperature * (x * x - 1.0) ** 2)

    return -temperature * np.log([scipy.integrate.quad(boltzmann, a, b)[0] for a, b in itertools.pairwise(edges)])


@pytest.mark.parametrize("method", ["reweighting", "bias"])
def test_profiles_are_exact_within_their_errors(run, method):
    profile = metadynamics_profile(run, EDGES, method=method, zero_at=1.0)
    exact = exact_profile(3.0, EDGES)
    exact -= exact[int(np.searchsorted(EDGES, 1.0)) - 1]
    z = ((profile.free_energy - exact) / (profile.free_energy_error + 1e-9)).values
    assert math.sqrt(np.mean(z[np.abs(exact) > 1e-12] ** 2)) < 2.0
    assert float(profile.free_energy_error.max()) < 0.5
    assert float(profile.disagreement) < 3.0
    assert float(profile.probability.sum()) == pytest.approx(1.0, abs=0.02)
    assert 0.0 < float(profile.total_effective_samples) < run.sample.size


def test_weights_make_populations(run):
    profile = metadynamics_profile(run, [-2.0, 0.0, 2.0])
    assert abs(float(profile.probability[0]) - 0.5) < 4.0 * float(profile.probability_error[0]) < 0.2


def test_a_periodic_coordinate_and_its_neighbour():
    """An angle with a barrier of 4 kT, and a spring that it does not feel; kT = 1."""

    def force(x, p, out):
        out[0] = p[0] * math.sin(x[0])
        out[1] = -x[1]

    run = metadynamics(
        force, [math.pi, 0.0], parameters=[2.0], lower=0.0, upper=2.0 * math.pi, periodic=True, width=0.3, height=0.4,
        bias_factor=5.0, stride=60, hills=2500, every=15, step=0.1, trajectories=6,
    )  # fmt: skip
    assert float(run.sample.min()) >= 0.0
    assert float(run.sample.max()) <= 2.0 * math.pi
    edges = np.linspace(0.0, 2.0 * math.pi, 25)
    middle = math.pi + 0.1
    profile = metadynamics_profile(run, edges, zero_at=middle)
    exact = np.array([
        -math.log(scipy.integrate.quad(lambda s: math.exp(-2.0 * math.cos(s)), a, a + edges[1])[0]) for a in edges[:-1]
    ])  # fmt: skip
    exact -= exact[int(np.searchsorted(edges, middle)) - 1]
    z = (profile.free_energy - exact) / (profile.free_energy_error + 1e-9)
    assert float(np.sqrt((z[np.abs(exact) > 1e-12] ** 2).mean())) < 2.0
    flat = metadynamics_profile(run, edges, method="bias", zero_at=middle)
    assert float(np.abs(flat.free_energy - exact).max()) < 0.8


def test_halves_that_disagree_give_no_profile(run):
    """A run that has crossed once, and one whose weights drift."""
    half = run.sizes["time"] // 2
    late = run.time > run.time[half]
    once = run.assign(sample=np.where(late, 1.0, -1.0) * np.abs(run.sample))
    with pytest.raises(ConvergenceError, match="the two halves of the run disagree by inf standard errors"):
        metadynamics_profile(once, EDGES, discard=0.0)
    drift = run.assign(sample_bias=run.sample_bias + 4.0 * ((run.sample > 0.0) & late))
    with pytest.raises(ConvergenceError, match=r"disagree by \d+\.\d standard errors; run longer, or discard more"):
        metadynamics_profile(drift, EDGES, discard=0.0)
    with pytest.raises(ConvergenceError, match="no sample lies in the bins"):
        metadynamics_profile(run, [1.98, 1.99, 2.0])


def test_a_well_that_was_not_left_says_nothing_of_the_other():
    short = metadynamics(double_well_force, -1.0, **(RUN | {"parameters": [12.0], "hills": 60, "every": 10}))
    profile = metadynamics_profile(short, EDGES, discard=0.0)
    assert not profile.free_energy_exists.sel(coordinate=slice(0.0, None)).any()
    assert bool(profile.free_energy_exists.sel(coordinate=-1.0, method="nearest"))
    assert np.isnan(profile.free_energy.sel(coordinate=1.0, method="nearest"))


def test_one_block_has_no_error():
    short = metadynamics(double_well_force, -1.0, **(RUN | {"hills": 200}))
    profile = metadynamics_profile(short, [-1.4, -1.0, -0.6], blocks=1)
    assert np.isnan(profile.free_energy_error).all()
    assert profile.free_energy_exists.all()
    default = metadynamics_profile(metadynamics(double_well_force, -1.0, **RUN))
    assert default.sizes["coordinate"] == round(4.0 / 0.12)


def test_what_its_profile_refuses(run):
    for arguments, message in (
        ({"method": "sum"}, "method must be 'reweighting', or 'bias' for a single coordinate"),
        ({"discard": 1.0}, "discard must be at least 0 and below 1"),
        ({"along": 1}, "along must be 0"),
        ({"blocks": 10**6}, "blocks must leave two samples in each"),
        ({"zero_at": 5.0}, "zero_at must lie in a bin with samples"),
    ):
        with pytest.raises(ParameterError, match=message):
            metadynamics_profile(run, EDGES, **arguments)
    with pytest.raises(ParameterError, match="run must be a result of metadynamics"):
        metadynamics_profile(run[["bias"]])

"""Metadynamics: a grid whose force is a gradient, hills that wrap and are reflected, a bias of the right share."""

import itertools
import json
import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.coarse_graining.free_energy import (
    ConvergenceError,
    double_well_force,
    free_energy_of_bias,
    metadynamics,
    metadynamics_profile,
)
from mesoscale.core.coarse_graining.free_energy.bias_grid import add_hill, mean_work, read_bias
from mesoscale.core.model import ParameterError, ResultError

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


@pytest.mark.parametrize("periodic", [False, True])
def test_the_slope_is_the_gradient_of_what_is_read(periodic):
    bias = np.random.default_rng(0).random(25)
    for s in np.random.default_rng(1).uniform(-1.0, 5.0, 200):
        _, slope = read_bias(bias, 0.5, 0.13, periodic, s)
        ahead, _ = read_bias(bias, 0.5, 0.13, periodic, s + 1e-6)
        behind, _ = read_bias(bias, 0.5, 0.13, periodic, s - 1e-6)
        assert slope == pytest.approx((ahead - behind) / 2e-6, abs=1e-4)
    for j in range(25):
        assert read_bias(bias, 0.5, 0.13, periodic, 0.5 + 0.13 * j)[0] == pytest.approx(bias[j])


def test_what_is_lost_reads_no_memory():
    bias = np.arange(10.0)
    for s in (np.nan, np.inf, -np.inf, 1e300):
        assert np.isnan(read_bias(bias, 0.0, 0.1, True, s)).all()
        assert read_bias(bias, 0.0, 0.1, False, s)[0] == (9.0 if s > 0.0 else 0.0)
    add_hill(bias, 0.0, 0.1, True, 1e12, 0.1, 1.0)
    assert np.isfinite(bias).all()


def test_interpolation_is_of_third_order():
    errors, spacings = [], np.array([0.1, 0.05, 0.025])
    places = np.random.default_rng(2).uniform(0.5, 5.5, 400)
    for spacing in spacings:
        points = round(2.0 * math.pi / spacing)
        step = 2.0 * math.pi / points
        bias = np.sin(step * np.arange(points))
        errors.append(max(abs(read_bias(bias, 0.0, step, True, s)[0] - math.sin(s)) for s in places))
    assert np.polyfit(np.log(spacings), np.log(errors), 1)[0] == pytest.approx(3.0, abs=0.1)


def test_beyond_reflecting_ends_the_bias_is_flat():
    bias = np.zeros(41)
    add_hill(bias, 0.0, 0.05, False, 0.1, 0.2, 1.0)
    assert read_bias(bias, 0.0, 0.05, False, 0.0)[1] == pytest.approx(0.0, abs=1e-12)
    assert read_bias(bias, 0.0, 0.05, False, -3.0) == (bias[0], 0.0)
    assert read_bias(bias, 0.0, 0.05, False, 9.0) == (bias[-1], 0.0)


@pytest.mark.parametrize("centre", [1.0, 0.1, 0.0, 1.95, -0.3, 2.2])
def test_reflected_hills_keep_their_weight(centre):
    """Whatever its place, a hill adds the same integral; its mirror image adds the same hill."""
    bias, mirror = np.zeros(41), np.zeros(41)
    add_hill(bias, 0.0, 0.05, False, centre, 0.2, 1.5)
    weights = np.ones(41)
    weights[[0, -1]] = 0.5
    assert 0.05 * bias @ weights == pytest.approx(1.5 * 0.2 * math.sqrt(2.0 * math.pi), rel=1e-6)
    add_hill(mirror, 0.0, 0.05, False, 2.0 - centre, 0.2, 1.5)
    np.testing.assert_allclose(mirror[::-1], bias, atol=1e-12)


def test_wrapped_hills_do_not_see_the_seam():
    bias, moved = np.zeros(40), np.zeros(40)
    add_hill(bias, -1.0, 0.05, True, 0.0, 0.2, 1.0)
    add_hill(moved, -1.0, 0.05, True, 0.95 + 4.0, 0.2, 1.0)
    np.testing.assert_allclose(np.roll(bias, 19), moved, atol=1e-12)
    wide = np.zeros(40)
    add_hill(wide, -1.0, 0.05, True, 0.3, 3.0, 1.0)  # wider than the period: many images
    assert np.ptp(wide) < 1e-6


def test_mean_work_by_quadrature():
    """c(t) of Tiwary & Parrinello 2015 for a bias that fills a parabola, and a constant bias is its own work."""
    gamma, kt, s = 6.0, 1.7, np.linspace(-1.0, 1.0, 4001)
    bias = -(1.0 - 1.0 / gamma) * 4.0 * s * s
    upper = np.trapezoid(np.exp(gamma * bias / (gamma - 1.0) / kt), s)
    lower = np.trapezoid(np.exp(bias / (gamma - 1.0) / kt), s)
    assert mean_work(bias, False, kt, 1.0 / gamma) == pytest.approx(kt * math.log(upper / lower), rel=1e-9)
    for share in (0.0, 0.2):
        assert mean_work(np.full(30, 2.5), True, kt, share) == pytest.approx(2.5)
        assert mean_work(np.full(30, 5000.0), False, 1.0, share) == pytest.approx(5000.0)


def test_the_factor_is_where_it_belongs():
    assert float(free_energy_of_bias(10.0, 11.0)) == pytest.approx(-11.0)
    assert float(free_energy_of_bias(10.0, np.inf)) == -10.0
    assert np.isnan(free_energy_of_bias(10.0, 1.0))
    np.testing.assert_allclose(free_energy_of_bias([0.0, 5.0], [2.0, 6.0]), [0.0, -6.0])


def test_the_bias_fills_its_share_of_the_barrier(run):
    bias = run.bias
    depth = 0.5 * (bias.sel(coordinate=-1.0, method="nearest") + bias.sel(coordinate=1.0, method="nearest"))
    depth = (depth - bias.sel(coordinate=0.0, method="nearest")) / 3.0
    assert abs(float(depth.mean()) - 0.8) < 4.0 * float(depth.std(ddof=1)) / math.sqrt(6.0) < 0.2


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


def test_hills_shrink_as_the_bias_rises(run):
    assert (run.hill_height[:, 0] == 0.5).all()
    assert float(run.hill_height[:, -100:].mean()) < 0.05
    untempered = metadynamics(double_well_force, -1.0, **(RUN | {"bias_factor": math.inf, "hills": 20}))
    assert (untempered.hill_height == 0.5).all()
    assert json.loads(untempered.attrs["recipe"])["bias_factor"] == "infinity"
    total = float(np.trapezoid(untempered.bias[0], untempered.coordinate))
    assert total == pytest.approx(20 * 0.5 * 0.12 * math.sqrt(2.0 * math.pi), rel=1e-3)


def test_the_bias_is_the_sum_of_its_hills():
    """What is recorded as bias and as height of each hill follows from the samples alone."""
    short = metadynamics(double_well_force, -1.0, **(RUN | {"hills": 60, "every": 80}))
    s, grid = short.sample.values[0], short.coordinate.values
    bias, spacing = np.zeros(grid.size), grid[1] - grid[0]
    for n, place in enumerate(s):
        value, _ = read_bias(bias, grid[0], spacing, False, place)
        assert float(short.sample_bias[0, n]) == pytest.approx(value, abs=1e-12)
        assert float(short.hill_height[0, n]) == pytest.approx(0.5 * math.exp(-value / 4.0), rel=1e-12)
        gaussian = np.exp(-0.5 * ((grid - place) / 0.12) ** 2)
        bias += float(short.hill_height[0, n]) * np.where(np.abs(grid - place) <= 0.72 + 1e-12, gaussian, 0.0)
    np.testing.assert_allclose(short.bias[0], bias, atol=1e-6)


def test_temperature_is_a_unit(run):
    """Everything twice as hot and twice as high: the same path in the same well, twice the bias."""
    warm = metadynamics(
        double_well_force, -1.0, mass=2.0,
        **(RUN | {"parameters": [6.0], "height": 1.0, "temperature": 2.0, "hills": 20}),
    )  # fmt: skip
    cold = metadynamics(double_well_force, -1.0, **(RUN | {"hills": 20}))
    np.testing.assert_allclose(warm.sample, cold.sample, atol=1e-6)
    np.testing.assert_allclose(warm.bias, 2.0 * cold.bias, atol=1e-6)


def test_bits_do_not_depend_on_threads_or_blocks(monkeypatch):
    from mesoscale.core.coarse_graining.free_energy import well_tempered

    seen = []
    short = RUN | {"hills": 50, "trajectories": 3}
    one = metadynamics(double_well_force, [-1.0, 0.5, 1.0], **short, workers=1)
    two = metadynamics(double_well_force, [-1.0, 0.5, 1.0], **short, workers=2, progress=lambda *n: seen.append(n))
    monkeypatch.setattr(well_tempered, "_WORK", 80 * 7)
    three = metadynamics(double_well_force, [-1.0, 0.5, 1.0], **short)
    for other in (two, three):
        np.testing.assert_array_equal(one.bias, other.bias)
        np.testing.assert_allclose(one.offset, other.offset, rtol=1e-12)
    assert seen == [(50, 50)]


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


def test_a_wall_holds_what_a_grid_does_not():
    free = RUN | {"parameters": [0.001], "lower": -1.0, "upper": 1.0, "hills": 200}
    with pytest.raises(ResultError, match=r"spends \d+% of the time outside -1 to 1; widen the grid"):
        metadynamics(double_well_force, 0.0, **free)
    held = metadynamics(double_well_force, 0.0, **free, wall=200.0)
    assert float(np.abs(held.sample).max()) < 1.5
    assert float((np.abs(held.sample) > 1.0).mean()) < 0.3


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


def test_too_long_a_step_is_said():
    with pytest.raises(ResultError, match=r"left the finite numbers \(step 3\)"):
        metadynamics(double_well_force, -1.0, **(RUN | {"step": 3.0}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0.0}, "width must be a positive number"),
        ({"width": 2.5}, "upper must lie more than two widths above lower"),
        ({"width": 1e-5}, "width must be at least 1/20000"),
        ({"height": -1.0}, "height must be a positive number"),
        ({"bias_factor": 1.0}, "bias_factor must be greater than 1"),
        ({"every": 7}, "every must divide stride = 80"),
        ({"hills": 0}, "hills must be a whole number of at least 1"),
        ({"wall": -1.0}, "wall must be at least 0"),
        ({"wall": 1.0, "periodic": True}, "wall must be at least 0, and 0 if periodic"),
        ({"scheme": "verlet"}, "scheme must be one of"),
        ({"coordinate": 2}, "coordinate must be 0 to 0"),
        ({"temperature": -1.0}, "temperature must be a positive number"),
        ({"start": [0.0, 1.0]}, "start must be finite"),
        ({"friction": -1.0}, "friction must be at least 0"),
    ],
)
def test_what_metadynamics_refuses(change, message):
    with pytest.raises(ParameterError, match=message):
        metadynamics(**{"force": double_well_force, "start": 0.0} | RUN | change)


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

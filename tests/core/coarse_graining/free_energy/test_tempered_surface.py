"""A bias of two coordinates: its force is a gradient, its hills are products, and it sees what one coordinate hides."""

import json
import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import (
    ConvergenceError,
    free_energy_surface,
    metadynamics,
    metadynamics_profile,
    metadynamics_surface,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
)
from mesoscale.core.coarse_graining.free_energy.bias_grid import (
    add_hill,
    raise_surface,
    read_bias,
    read_surface,
    sum_work,
)
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError, ResultError

HEAD = np.array([[-1.0, 0.1, 0.0, 0.0], [0.5, 0.2, 1.0, 0.0]])  # the second coordinate is periodic
RUN = {
    "lower": (-1.8, -0.8), "upper": (1.6, 2.4), "wall": (2000.0, 2000.0), "width": (0.12, 0.12), "height": 10.0,
    "bias_factor": 5.0, "stride": 100, "every": 20, "hills": 2500, "step": 0.008, "friction": 2.0, "temperature": 20.0,
}  # fmt: skip
EDGES = (np.linspace(-1.0, 0.8, 10), np.linspace(-0.2, 1.8, 11))


@pytest.fixture(scope="module")
def run():
    return metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **RUN, trajectories=4)


def rough(n, m):
    return np.random.default_rng(0).normal(size=(n, m))


def test_slopes_are_the_gradient_of_what_is_read():
    bias, h = rough(21, 15), 1e-6
    for s, q in np.random.default_rng(1).uniform([-0.95, -9.0], [0.95, 9.0], (200, 2)):
        _, along, across = read_surface(bias, HEAD, s, q)
        up, down = (read_surface(bias, HEAD, s + d, q)[0] for d in (h, -h))
        assert along == pytest.approx((up - down) / (2 * h), abs=1e-6)
        up, down = (read_surface(bias, HEAD, s, q + d)[0] for d in (h, -h))
        assert across == pytest.approx((up - down) / (2 * h), abs=1e-6)
    assert read_surface(bias, HEAD, -7.0, 0.5) == (
        bias[0, 0],
        0.0,
        pytest.approx(read_bias(bias[0], 0.5, 0.2, True, 0.5)[1]),
    )
    assert np.isnan(read_surface(bias, HEAD, 0.0, np.inf)).all()


def test_a_bias_of_one_coordinate_is_read_as_such():
    line = rough(21, 1)[:, 0]
    flat = np.repeat(line[:, None], 15, axis=1)
    for s in np.linspace(-1.5, 1.5, 50):
        value, along, across = read_surface(flat, HEAD, s, 1.234)
        assert (value, along) == pytest.approx(read_bias(line, -1.0, 0.1, False, s), abs=1e-13)
        assert across == pytest.approx(0.0, abs=1e-13)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_hills_are_products_and_their_work_is_that_of_both_integrals(share):
    """Also where the bias rises by more than the exponentials of one reference could hold."""
    rng, kt = np.random.default_rng(2), 0.7
    bias, expected, sums = np.zeros((21, 15)), np.zeros((21, 15)), np.zeros(3)
    sum_work(bias, HEAD, kt, share, sums)
    weights = np.outer(np.r_[0.5, np.ones(19), 0.5], np.ones(15))
    for _ in range(60):
        s, q, height = rng.uniform(-1.2, 1.2), rng.uniform(-5.0, 5.0), rng.uniform(0.0, 30.0)
        along, across = np.zeros(21), np.zeros(15)
        add_hill(along, -1.0, 0.1, False, s, 0.3, 1.0)
        add_hill(across, 0.5, 0.2, True, q, 0.5, 1.0)
        expected += height * np.outer(along, across)
        raise_surface(bias, HEAD, s, q, np.array([0.3, 0.5]), height, kt, share, sums)
    np.testing.assert_allclose(bias, expected, rtol=1e-12, atol=1e-12)
    top = bias.max()
    upper = (weights * np.exp((bias - top) / (1 - share) / kt)).sum()
    lower = (weights * np.exp(share * (bias - top) / (1 - share) / kt)).sum()
    work = kt * math.log(sums[0] / sums[1]) + sums[2]
    assert work == pytest.approx(kt * math.log(upper / lower) + top, rel=1e-10)
    assert top > 100.0 * kt


def test_the_bias_is_the_sum_of_its_hills():
    few = metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **(RUN | {"every": 100, "hills": 50}))
    bias, sums = np.zeros(few.bias.shape[1:]), np.zeros(3)
    head = np.array([[g[0], g[1] - g[0], 0.0] for g in (few["first"].values, few["second"].values)])
    for (s, q), height in zip(few.sample.values[0], few.hill_height.values[0], strict=True):
        now = read_surface(bias, head, s, q)[0]
        assert height == pytest.approx(10.0 * math.exp(-now / (5.0 - 1.0) / 20.0))
        raise_surface(bias, head, s, q, np.array([0.12, 0.12]), height, 20.0, 0.2, sums)
    np.testing.assert_allclose(few.bias[0], bias, atol=1e-9)


def exact_surface(energy, edges, temperature):
    """-kT ln of the mean of exp(-V/kT) over each bin, by Gauss and Legendre."""
    nodes, shares = np.polynomial.legendre.leggauss(12)
    x, y = (0.5 * (e[1:] + e[:-1])[:, None] + 0.5 * np.diff(e)[:, None] * nodes for e in edges)
    v = energy(x[:, None, :, None], y[None, :, None, :])
    boltzmann = np.exp(-np.minimum(v - v.min(), 600.0 * temperature) / temperature)
    return -temperature * np.log(np.einsum("ijkl,k,l->ij", boltzmann, shares, shares) / 4)


def test_the_surface_of_mueller_and_brown(run):
    surface = free_energy_surface(run, EDGES, zero_at=(-0.55, 1.44))
    exact = exact_surface(mueller_brown_energy, EDGES, 20.0)
    exact -= exact[2, 8]
    assert float(surface.free_energy[2, 8]) == float(surface.free_energy_error[2, 8]) == 0.0
    low = (exact < 120.0) & (surface.free_energy_error.values > 0.0)
    pulls = (surface.free_energy.values - exact)[low] / surface.free_energy_error.values[low]
    assert low.sum() > 30
    assert np.sqrt((pulls**2).mean()) < 2.0
    wide = exact_surface(mueller_brown_energy, (np.linspace(-2.6, 2.0, 24), np.linspace(-1.6, 3.0, 24)), 20.0)
    share = (
        np.exp(-(exact + exact_surface(mueller_brown_energy, EDGES, 20.0)[2, 8]) / 20.0) / np.exp(-wide / 20.0).sum()
    )
    inside = (surface.probability.values - share)[low] / surface.probability_error.values[low]
    assert np.sqrt((inside**2).mean()) < 2.0
    assert float(surface.disagreement) < 3.0
    default = free_energy_surface(run)
    assert dict(default.sizes) == {"first": round(3.4 / 0.12), "second": round(3.2 / 0.12)}
    assert float(default.free_energy.min()) == 0.0


@pytest.mark.parametrize("along", [0, 1])
def test_marginals_along_either_coordinate(run, along):
    edges = EDGES[along]
    profile = metadynamics_profile(run, edges, along=along, zero_at=edges[2] + 0.01)
    if along == 0:
        exact = mueller_brown_marginal(20.0, edges).free_energy.values
    else:
        wide = np.linspace(-2.6, 2.0, 47)
        exact = -20.0 * np.log(np.exp(-exact_surface(mueller_brown_energy, (wide, edges), 20.0) / 20.0).sum(axis=0))
    off = profile.free_energy.values - (exact - exact[2])
    others = np.arange(len(exact)) != 2
    assert np.sqrt(((off / (profile.free_energy_error.values + 1e-12))[others] ** 2).mean()) < 2.0


@pytest.mark.slow
def test_two_coordinates_see_the_valley_that_one_hides():
    """At kT = 10, 6 kT of barrier lie along y, of which a bias along x knows nothing."""
    cold = RUN | {"temperature": 10.0, "height": 5.0, "bias_factor": 8.0, "hills": 10_000}
    edges = np.array([-0.6, -0.5, 0.56, 0.66])
    exact = mueller_brown_marginal(10.0, edges).free_energy.values
    both = metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **cold, trajectories=4)
    seen = metadynamics_profile(both, edges, zero_at=-0.55)
    assert abs(float(seen.free_energy[2]) - exact[2] + exact[0]) < 4 * float(seen.free_energy_error[2]) < 4.0
    single = {key: value[0] if isinstance(value, tuple) else value for key, value in cold.items()}
    one = metadynamics(mueller_brown_force, [-0.55, 1.44], **single, trajectories=4)
    try:
        hidden = metadynamics_profile(one, edges, zero_at=-0.55, discard=0.0)
    except ConvergenceError:
        return  # as good: halves that went over and back at different times disagree
    assert float(hidden.free_energy_error[2]) > 4 * float(seen.free_energy_error[2])


def test_two_angles_and_a_distance_between_them():
    """Both coordinates periodic and functions of the position: F is exact, across the seams as well."""

    def force(x, p, out):
        out[0] = p[0] * math.sin(x[0]) - p[1] * math.sin(x[0] - x[1])
        out[1] = p[1] * math.sin(x[0] - x[1])

    def second(x, gradient):
        gradient[0], gradient[1] = 0.0, 1.0
        return x[1]

    full = 2 * math.pi
    turned = metadynamics_surface(
        force, [math.pi, math.pi], parameters=[2.0, 1.0], coordinates=(0, second), lower=(0.0, 0.0), upper=(full, full),
        periodic=(True, True), width=(0.35, 0.35), height=0.5, bias_factor=5.0, stride=40, hills=4000, every=10,
        step=0.1, trajectories=4,
    )  # fmt: skip
    assert 0.0 <= float(turned.sample.min()) <= float(turned.sample.max()) <= full
    edges = (np.linspace(0.0, full, 9),) * 2
    surface = free_energy_surface(turned, edges, zero_at=(3.0, 3.0))
    exact = exact_surface(lambda x, y: 2.0 * np.cos(x) - np.cos(x - y), edges, 1.0)
    exact -= exact[3, 3]
    known = surface.free_energy_error.values > 0.0
    pulls = (surface.free_energy.values - exact)[known] / surface.free_energy_error.values[known]
    assert known.sum() == 63
    assert np.sqrt((pulls**2).mean()) < 2.0


def test_bits_do_not_depend_on_threads_and_a_bar_may_watch():
    seen, options = [], RUN | {"hills": 30}
    runs = []
    for workers in (1, 2):
        with use_workers(workers):
            runs.append(
                metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **options, trajectories=3, seed=5,
                                     progress=lambda done, total: seen.append((done, total)))
            )  # fmt: skip
    assert runs[0].identical(runs[1])
    assert seen[-1] == (30, 30)
    assert json.loads(runs[0].attrs["recipe"])["width"] == [0.12, 0.12]
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in runs[0].variables.values())
    assert not runs[0].identical(metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **options, trajectories=3))


def spring(x, parameters):
    return -x


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coordinates": (0, 2)}, "coordinate must be 0 to 1, or a function"),
        ({"coordinates": 0}, "coordinates must be two, one for each coordinate, not 0"),
        ({"width": 0.1}, "width must be two, one for each coordinate, not 0.1"),
        ({"width": (0.1, 0.0)}, "width must be a positive number"),
        ({"width": (0.1, 1e-4)}, "width must be at least 1/400 of the grid"),
        ({"upper": (1.0, -1.0)}, "upper must lie more than two widths above lower"),
        ({"periodic": (True, False)}, "wall must be at least 0, and 0 if periodic"),
        ({"bias_factor": 1.0}, "bias_factor must be greater than 1, or infinity"),
        ({"hills": 0}, "hills must be a whole number of at least 1"),
        ({"height": -1.0}, "height must be a positive number"),
        ({"force": spring, "start": [0.0]}, "force must be of two degrees of freedom at least"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(change, message):
    arguments = {"force": mueller_brown_force, "start": [-0.55, 1.44]} | RUN | change
    with pytest.raises(ParameterError, match=message):
        metadynamics_surface(arguments.pop("force"), arguments.pop("start"), **arguments)


def test_what_is_lost_is_said(run):
    with pytest.raises(ResultError, match=r"the first coordinate spends \d+% of the time outside -0.6 to 0.4"):
        metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **(RUN | {"wall": (0.0, 2000.0), "lower": (-0.6, -0.8),
                             "upper": (0.4, 2.4), "hills": 300}))  # fmt: skip
    with pytest.raises(ResultError, match="left the finite numbers"):
        metadynamics_surface(mueller_brown_force, [-0.55, 1.44], **(RUN | {"step": 1.0, "hills": 20}))
    with pytest.raises(ParameterError, match="must be a result of metadynamics_surface"):
        free_energy_surface(run.isel(side=0))
    with pytest.raises(ParameterError, match="edges and zero_at must be two, one for each coordinate"):
        free_energy_surface(run, EDGES, zero_at=(0.0,))
    with pytest.raises(ParameterError, match="zero_at must lie in a bin with samples"):
        free_energy_surface(run, EDGES, zero_at=(-0.55, 9.0))
    with pytest.raises(ParameterError, match="method must be 'reweighting', or 'bias' for a single coordinate"):
        metadynamics_profile(run, method="bias")
    with pytest.raises(ParameterError, match="along must be 0 or 1"):
        metadynamics_profile(run, along=2)

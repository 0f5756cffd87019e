"""A bias that grows to its share of the free energy."""

import json
import math

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import double_well_force, free_energy_of_bias, metadynamics
from mesoscale.core.coarse_graining.free_energy.bias_grid import read_bias
from mesoscale.core.model import ParameterError, ResultError

RUN = {
    "parameters": [3.0], "lower": -2.0, "upper": 2.0, "width": 0.12, "height": 0.5, "bias_factor": 5.0, "stride": 80,
    "hills": 3000, "every": 20, "step": 0.05,
}  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return metadynamics(double_well_force, -1.0, **RUN, trajectories=6)


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


def test_a_wall_holds_what_a_grid_does_not():
    free = RUN | {"parameters": [0.001], "lower": -1.0, "upper": 1.0, "hills": 200}
    with pytest.raises(ResultError, match=r"spends \d+% of the time outside -1 to 1; widen the grid"):
        metadynamics(double_well_force, 0.0, **free)
    held = metadynamics(double_well_force, 0.0, **free, wall=200.0)
    assert float(np.abs(held.sample).max()) < 1.5
    assert float((np.abs(held.sample) > 1.0).mean()) < 0.3


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

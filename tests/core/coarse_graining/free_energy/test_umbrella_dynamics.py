"""Windows that exchange configurations and stay what they are."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from mesoscale.core.coarse_graining.free_energy import (
    double_well_force,
    lennard_jones_pair_force,
    pair_distance,
    umbrella_profile,
    umbrella_sampling,
)
from mesoscale.core.kernels.statistics import mean_with_error
from mesoscale.core.model import ParameterError, ResultError

SHORT = {"parameters": [3.0], "friction": 2.0, "step": 0.05, "steps": 400, "every": 10, "equilibration": 100}


@pytest.fixture(scope="module")
def wells():
    """A double well of 3 kT at kT = 1.5 in windows that are 0.15 apart."""
    centres = np.linspace(-1.65, 1.65, 23)
    return umbrella_sampling(
        double_well_force, centres, 60.0, parameters=[4.5], temperature=1.5, friction=2.0, step=0.05, steps=12_000,
        every=8, equilibration=800,
    )  # fmt: skip


def test_exchanges_leave_each_window_as_it_is(wells):
    """A window without exchange, and windows that trade a third of their samples, have one density."""
    assert ((wells.exchanged > 0.2) & (wells.exchanged < 0.9)).all()
    alone = umbrella_sampling(
        double_well_force, wells.centre.values[3:6], 60.0, parameters=[4.5], temperature=1.5, friction=2.0, step=0.05,
        steps=12_000, every=8, equilibration=800, exchange=False, seed=1,
    )  # fmt: skip
    assert (alone.exchanged == 0.0).all()
    for i in range(3):
        (m1, e1), (m2, e2) = (mean_with_error(s.ravel()) for s in (alone.sample.values[i], wells.sample.values[3 + i]))
        assert abs(m1 - m2) < 4.0 * math.hypot(e1, e2)
        (m1, e1), (m2, e2) = (
            mean_with_error((s.ravel() - s.mean()) ** 2) for s in (alone.sample.values[i], wells.sample.values[3 + i])
        )
        assert abs(m1 - m2) < 4.0 * math.hypot(e1, e2)


def test_bits_do_not_depend_on_threads_or_blocks(monkeypatch):
    from mesoscale.core.coarse_graining.free_energy import umbrella_dynamics

    seen = []
    arguments = (double_well_force, [-0.2, 0.0, 0.2, 0.4], 50.0)
    one = umbrella_sampling(*arguments, **SHORT, workers=1, keep="position")
    two = umbrella_sampling(*arguments, **SHORT, workers=2, progress=lambda done, total: seen.append((done, total)))
    monkeypatch.setattr(umbrella_dynamics, "_WORK", 4 * 10 * 7)
    three = umbrella_sampling(*arguments, **SHORT)
    np.testing.assert_array_equal(one.sample, two.sample)
    np.testing.assert_array_equal(one.sample, three.sample)
    np.testing.assert_array_equal(one.position[..., 0], one.sample)
    assert seen[-1] == (50, 50)
    other = umbrella_sampling(*arguments, **SHORT, seed=1)
    assert (other.sample != one.sample).mean() > 0.99


@pytest.mark.parametrize(
    ("scheme", "step"), [("leimkuhler_matthews", 0.004), pytest.param("obabo", 0.02, marks=pytest.mark.slow)]
)
def test_other_schemes_see_the_same_windows(scheme, step):
    run = umbrella_sampling(
        double_well_force, [0.9, 1.0, 1.1], 80.0, parameters=[3.0], friction=2.0, step=step, steps=40_000, every=20,
        equilibration=1000, scheme=scheme,
    )  # fmt: skip

    def moment(power):
        def integrand(x):
            return x**power * math.exp(-3.0 * (x * x - 1.0) ** 2 - 40.0 * (x - 1.0) ** 2)

        return scipy.integrate.quad(integrand, 0.0, 2.0, points=[1.0])[0]

    mean, error = mean_with_error(run.sample.values[1].ravel())
    assert abs(mean - moment(1) / moment(0)) < 4.0 * error < 0.01
    mean, error = mean_with_error(run.sample.values[1].ravel() ** 2)
    assert abs(mean - moment(2) / moment(0)) < 4.0 * error < 0.02


def test_one_window_is_a_window():
    run = umbrella_sampling(double_well_force, [1.0], 30.0, [0.8], **SHORT)
    assert run.sizes["gap"] == 0
    profile = umbrella_profile(run, [0.9, 1.0, 1.1])
    assert float(profile.weakest_overlap) == 0.5
    assert profile.free_energy_exists.all()


def test_too_long_a_step_is_said():
    with pytest.raises(ResultError, match=r"window \d, at .*, left the finite numbers \(baoab, step 0.9\); the limit"):
        umbrella_sampling(double_well_force, [0.9, 1.1], 500.0, **(SHORT | {"step": 0.9, "steps": 4000}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"centres": [[0.0]]}, "centres must be finite numbers"),
        ({"centres": [np.nan, 0.0]}, "centres must be finite numbers"),
        ({"stiffness": [1.0]}, "stiffness must be at least 0, one number or one for each of 2"),
        ({"stiffness": -1.0}, "stiffness must be at least 0"),
        ({"start": [1.0, 2.0, 3.0]}, "start must be finite, one position or one for each of 2"),
        ({"coordinate": 1}, "coordinate must be 0 to 0"),
        ({"coordinate": pair_distance}, "coordinate must be 0 for one degree"),
        ({"period": -1.0}, "period must be a positive number"),
        ({"temperature": 0.0}, "temperature must be a positive number"),
        ({"step": 0.0}, "step must be a positive number"),
        ({"steps": 15}, "steps must be a multiple of every = 10"),
        ({"every": 0}, "every must be a whole number of at least 1"),
        ({"equilibration": -5}, "equilibration must be a whole number"),
        ({"trajectories": 0}, "trajectories must be a whole number"),
        ({"scheme": "verlet"}, "scheme must be one of baoab"),
        ({"keep": "all"}, "keep must be 'coordinate' or 'position'"),
        ({"mass": 0.0}, "mass must be greater than 0"),
        ({"force": lennard_jones_pair_force}, "start must be given for more than one degree"),
    ],
)
def test_what_windows_refuse(change, message):
    arguments = {"force": double_well_force, "centres": [0.0, 0.1], "stiffness": 10.0} | SHORT | change
    with pytest.raises(ParameterError, match=message):
        umbrella_sampling(**arguments)

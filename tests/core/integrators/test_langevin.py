"""Langevin splittings: moments by the Lyapunov equation of the real steps, orders, thermometers, bits, errors."""

import json
import math

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.optimize
from mesoscale.core.integrators.langevin import (
    configurational_temperature,
    ensemble,
    kinetic_temperature,
    langevin,
    largest_frequency,
    oscillator_position_variance,
    oscillator_velocity_variance,
    overdamped_position_variance,
    stability_limit,
)
from mesoscale.core.integrators.langevin.schemes import SCHEMES, coefficients
from mesoscale.core.model import ParameterError, ResultError
from numba import njit
from scipy.interpolate import CubicSpline

INERTIAL = ("baoab", "aboba", "obabo")
OVERDAMPED = ("leimkuhler_matthews", "euler_maruyama")
STEPS = (0.5, 1.0, 1.5, 1.9)
HEAT = {"friction": 1.0, "temperature": 1.0}


@njit
def spring(x, p):
    return -p[0] * x


@njit
def springs(x, p, out):
    for i in range(len(x)):
        out[i] = -p[i] * x[i]


@njit
def well(x, p):
    return -4.0 * p[0] * x * (x * x - 1.0)


@njit
def mueller_brown(x, p, out):
    """Mueller & Brown, Theor. Chim. Acta 53, 75 (1979), doi:10.1007/BF00547608."""
    out[0] = out[1] = 0.0
    for i in range(4):
        u, w = x[0] - p[20 + i], x[1] - p[16 + i]
        value = p[i] * math.exp(p[4 + i] * u * u + p[8 + i] * u * w + p[12 + i] * w * w)
        out[0] -= value * (2.0 * p[4 + i] * u + p[8 + i] * w)
        out[1] -= value * (p[8 + i] * u + 2.0 * p[12 + i] * w)


SURFACE = (
    -200.0, -100.0, -170.0, 15.0, -1.0, -1.0, -6.5, 0.7, 0.0, 0.0, 11.0, 0.6, -10.0, -10.0, -6.5, 0.7,
    0.0, 0.5, 1.5, 1.0, 1.0, 0.0, -0.5, -1.0,
)  # fmt: skip


def covariance_of_steps(scheme, step, friction, many):
    """Stationary covariance of (x, v) from the step's own linear map and noise, fed with unit vectors."""
    k = coefficients(scheme, step, np.ones(1), np.array([friction]), 1.0)
    p, inertial = np.ones(1), SCHEMES[scheme].inertial

    def advance(x, v, n, m):
        if many:
            x, v, f = np.array([x]), np.array([v]), np.array([-x])
            SCHEMES[scheme].many(springs, x, v, f, np.array([n]), np.array([m]), k, p)
            return x[0], v[0]
        return SCHEMES[scheme].one(spring, x, v, -x, n, m, k, p)[:2]

    matrix = np.array([advance(1.0, 0.0, 0.0, 0.0), advance(0.0, 1.0, 0.0, 0.0)]).T
    noise = np.array([advance(0.0, 0.0, 1.0, 0.0), advance(0.0, 0.0, 0.0, 1.0)]).T
    if not inertial and scheme == "euler_maruyama":
        matrix[1, 1] = 0.0  # an unused velocity
    return scipy.linalg.solve_discrete_lyapunov(matrix, noise @ noise.T)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("friction", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("scheme", INERTIAL)
def test_stationary_moments_solve_the_lyapunov_equation_of_the_step(scheme, step, friction, many):
    covariance = covariance_of_steps(scheme, step, friction, many)
    assert covariance[0, 0] == pytest.approx(float(oscillator_position_variance(1.0, step, scheme)), rel=1e-10)
    assert covariance[1, 1] == pytest.approx(float(oscillator_velocity_variance(1.0, step, scheme)), rel=1e-10)
    assert abs(covariance[0, 1]) < 1e-10


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("scheme", OVERDAMPED)
def test_overdamped_moments_solve_the_lyapunov_equation_of_the_step(scheme, step, many):
    variance = covariance_of_steps(scheme, step, 1.0, many)[0, 0]
    assert variance == pytest.approx(float(overdamped_position_variance(1.0, step, scheme)), rel=1e-10)


@pytest.mark.parametrize("scheme", INERTIAL)
def test_steps_lose_stability_at_two_over_omega(scheme):
    for step, stable in ((1.999, True), (2.001, False)):
        k = coefficients(scheme, step, np.ones(1), np.array([0.5]), 1.0)
        columns = [
            SCHEMES[scheme].one(spring, *s, -s[0], 0.0, 0.0, k, np.ones(1))[:2] for s in ((1.0, 0.0), (0.0, 1.0))
        ]
        assert (np.abs(np.linalg.eigvals(np.array(columns).T)).max() < 1.0) == stable
    assert float(stability_limit(1.0)) == 2.0
    assert np.isnan(oscillator_position_variance([1.999, 2.0], 1.0)).tolist() == [False, True]
    assert np.isnan(overdamped_position_variance(1.0, 2.0))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("scheme", INERTIAL + OVERDAMPED)
def test_simulated_moments_are_those_of_the_closed_form(scheme, step):
    count = 20_000
    run = langevin(spring, 0.0, **HEAT, step=step, steps=400, every=400, parameters=[1.0], scheme=scheme,
                   trajectories=count)  # fmt: skip
    law = oscillator_position_variance if scheme in INERTIAL else overdamped_position_variance
    four_errors = 4.0 * math.sqrt(2.0 / count)
    assert (run.position[:, 1] ** 2).mean() == pytest.approx(float(law(1.0, step, scheme)), rel=four_errors)
    if scheme in INERTIAL:
        expected = float(oscillator_velocity_variance(1.0, step, scheme))
        assert (run.velocity[:, 1] ** 2).mean() == pytest.approx(expected, rel=four_errors)
        assert float(run.kinetic_temperature[-1]) == pytest.approx(float((run.velocity[:, 1] ** 2).mean()))


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("scheme", INERTIAL)
def test_simulated_moments_to_a_thousandth(scheme, step):
    """Snapshots 16 steps apart, which friction 1 has decorrelated: 3e7 of them leave an error of 2.6e-4."""
    run = langevin(spring, 0.0, **HEAT, step=step, steps=2400, every=16, parameters=[1.0], scheme=scheme,
                   trajectories=200_000, output="moments")  # fmt: skip
    for name, law in (("position", oscillator_position_variance), ("velocity", oscillator_velocity_variance)):
        mean_square = (run[f"{name}_deviation"].values[20:] ** 2).mean()
        assert mean_square == pytest.approx(float(law(1.0, step, scheme)), rel=1e-3)


def boltzmann_square(barrier):
    def part(power):
        return scipy.integrate.quad(lambda x: x**power * math.exp(-barrier * (x * x - 1) ** 2), -4, 4, epsabs=1e-14)[0]

    return part(2) / part(0)


@njit
def fed(step, x, last, n, k, p):
    out = np.empty_like(x)
    for i in range(x.size):
        out.flat[i] = step(well, x.flat[i], last.flat[i], well(x.flat[i], p), n.flat[i], 0.0, k, p)[0]
    return out


def square_of_chain(scheme, step):
    """Stationary <x^2> in (x^2 - 1)^2 at kT = 1, from the real step: its expectations, iterated, without sampling.

    The chain of Leimkuhler-Matthews is y = x - (share of the last noise), which has no memory.
    """
    k, p = coefficients(scheme, step, np.ones(1), np.ones(1), 1.0), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    y = np.linspace(-3.0, 3.0, 601)
    noise = np.broadcast_to(nodes, (y.size, nodes.size)).copy()
    start = np.broadcast_to(y[:, None], noise.shape).copy()
    if scheme == "euler_maruyama":
        after, value = fed(SCHEMES[scheme].one, start, noise, noise, k, p), y * y
    else:
        after = fed(SCHEMES[scheme].one, start + k[3, 0] * noise, noise, np.zeros_like(noise), k, p)
        value = y * y + k[3, 0] ** 2
    after = np.clip(after, -3.0, 3.0)
    for _ in range(int(12.0 / step)):
        value = CubicSpline(y, value)(after) @ weights
    return value[300]


@pytest.mark.parametrize(("scheme", "order"), [("euler_maruyama", 1), ("leimkuhler_matthews", 2)])
def test_weak_order_of_the_overdamped_schemes(scheme, order):
    steps = np.array([0.005, 0.01, 0.02])
    errors = [abs(square_of_chain(scheme, step) - boltzmann_square(1.0)) for step in steps]
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize("step", [0.1, 0.15])
def test_baoab_is_nearer_to_boltzmann_than_obabo(step):
    exact, bias = boltzmann_square(5.0), {}
    start = np.where(np.arange(20_000) % 2 == 0, 1.0, -1.0)
    for scheme in ("baoab", "obabo"):
        run = langevin(well, start, friction=5.0, temperature=1.0, step=step, steps=300, every=30, parameters=[5.0],
                       scheme=scheme, trajectories=20_000)  # fmt: skip
        bias[scheme] = abs(float((run.position[:, 3:] ** 2).mean()) - exact)
    assert bias["baoab"] < bias["obabo"]


def test_mueller_brown_has_its_stationary_points_and_its_minima_attract():
    p, out = np.array(SURFACE), np.zeros(2)

    def force(x):
        mueller_brown(np.asarray(x), p, out)
        return out.copy()

    for point in ((-0.558224, 1.441726), (0.623499, 0.028038), (-0.050011, 0.466694), (-0.822002, 0.624313),
                  (0.212487, 0.292988)):  # fmt: skip
        np.testing.assert_allclose(scipy.optimize.root(force, point, tol=1e-12).x, point, atol=1e-6)
    cold = langevin(mueller_brown, [0.7, 0.1], friction=20.0, temperature=0.0, step=0.005, steps=20_000, every=20_000,
                    parameters=SURFACE)  # fmt: skip
    np.testing.assert_allclose(cold.position[0, -1], (0.623499, 0.028038), atol=1e-6)


def test_equipartition_between_masses_and_two_thermometers():
    run = langevin(springs, [0.0, 0.0], mass=[1.0, 9.0], friction=[1.0, 0.5], temperature=2.0, step=0.5, steps=80,
                   every=80, parameters=[1.0, 3.0], trajectories=20_000)  # fmt: skip
    late = run.isel(time=slice(1, None))
    value, error = configurational_temperature(springs, late.position, parameters=[1.0, 3.0])
    assert abs(value - 2.0) < 4 * error
    assert error == pytest.approx(2.0 * math.sqrt(5.0 / 4.0 / 20_000), rel=0.1)  # forces weigh 1 and 3
    value, error = kinetic_temperature(late.velocity, mass=[1.0, 9.0])
    assert abs(value - (1.0 * (1 - 1 / 16) + 1.0 * (1 - 1 / 48))) < 4 * error


def test_configurational_temperature_of_one_long_trajectory_with_a_laplacian():
    run = langevin(well, 1.0, friction=2.0, temperature=0.5, step=0.05, steps=40_000, every=10, parameters=[2.0])
    plain = configurational_temperature(well, run.position, parameters=[2.0])
    told = configurational_temperature(
        well, run.position, parameters=[2.0], laplacian=lambda x, p: p[0] * (12.0 * x * x - 4.0)
    )
    assert plain.value == pytest.approx(told.value, rel=1e-6)
    assert abs(told.value - 0.5) < 4 * told.error


@pytest.mark.parametrize("scheme", INERTIAL + OVERDAMPED)
@pytest.mark.parametrize("many", [False, True])
def test_bits_do_not_depend_on_threads_pieces_or_cuts(scheme, many, monkeypatch):
    force, start = (springs, [0.5, 0.2]) if many else (spring, 0.5)
    options = {**HEAT, "step": 0.3, "parameters": [1.0, 2.0], "scheme": scheme}
    whole = langevin(force, start, steps=20, every=5, trajectories=130, workers=1, **options)
    assert whole.identical(langevin(force, start, steps=20, every=5, trajectories=130, workers=2, **options))
    piece = langevin(force, start, steps=20, every=5, trajectories=30, first=70, **options)
    np.testing.assert_array_equal(piece.position, whole.position[70:100])
    early = langevin(force, start, steps=10, every=5, trajectories=130, **options)
    late = langevin(force, start, steps=10, every=5, trajectories=130, resume=early, **options)
    np.testing.assert_array_equal(late.position, whole.position[:, 2:])
    np.testing.assert_array_equal(late.random_state, whole.random_state)
    monkeypatch.setattr(ensemble, "_WORK", 500)
    np.testing.assert_array_equal(
        langevin(force, start, steps=20, every=5, trajectories=130, **options).position, whole.position
    )


def test_times_are_met_and_the_recipe_tells_all():
    ticks = []
    run = langevin(spring, 1.0, velocity=0.0, friction=0.0, temperature=0.0, step=0.01, times=[0.0, 1.0, 2.5],
                   parameters=[1.0], progress=lambda done, total: ticks.append((done, total)))  # fmt: skip
    np.testing.assert_allclose(run.position[0], np.cos([0.0, 1.0, 2.5]), atol=1e-4)
    assert json.loads(run.attrs["recipe"])["scheme"] == "baoab"
    assert ticks[-1] == (1, 1)
    assert all({"units", "long_name"} <= set(run[name].attrs) for name in run.variables)


def test_a_second_parameter_set_compiles_nothing():
    langevin(spring, 0.0, **HEAT, step=0.1, steps=2, parameters=[1.0])
    before = len(ensemble._march_one.signatures)
    langevin(spring, 0.0, friction=2.0, temperature=0.1, step=0.2, steps=4, parameters=[3.0])
    assert len(ensemble._march_one.signatures) == before


def test_an_explosion_names_the_step_and_the_limit():
    with pytest.raises(ResultError, match=r"in step \d+ \(baoab, step 2.5\); the limit of stability is 2 / omega, 2 "):
        langevin(spring, 1.0, **HEAT, step=2.5, steps=5000, parameters=[1.0])
    with pytest.raises(ResultError, match=r"2 zeta / k, 0\.5 "):
        langevin(springs, [1.0, 1.0], **HEAT, step=0.6, steps=9000, parameters=[1.0, 4.0], scheme="euler_maruyama")
    with pytest.raises(ResultError, match="divided by zero"):
        langevin(lambda x, p: 1.0 / x, 0.0, **HEAT, step=0.1, steps=2)


def test_largest_frequency_is_that_of_the_stiffest_mode():
    hessian = np.array([[2.0, -1.0], [-1.0, 2.0]])

    def chain(x, p, out):
        out[0], out[1] = -2.0 * x[0] + x[1], x[0] - 2.0 * x[1]

    weighted = hessian / np.sqrt(np.outer([1.0, 4.0], [1.0, 4.0]))
    expected = math.sqrt(np.linalg.eigvalsh(weighted)[-1])
    assert largest_frequency(chain, [0.1, 0.2], mass=[1.0, 4.0]) == pytest.approx(expected, rel=1e-5)
    assert largest_frequency(lambda x, p: 1.0, 0.0) == 0.0


GOOD = {"position": 0.0, "step": 0.1, "steps": 4, **HEAT}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scheme": "verlet"}, "scheme must be one of baoab"),
        ({"output": "all"}, "output must be"),
        ({"step": 0.0}, "step must be a positive"),
        ({"step": math.nan}, "step must be a positive"),
        ({"steps": 5, "every": 2}, "steps must be a multiple"),
        ({"steps": None}, "times or steps must be given"),
        ({"steps": None, "times": [0.0, 1.0], "every": 2}, "every belongs to steps"),
        ({"steps": None, "times": [1.0, 0.0]}, "times must be at least two"),
        ({"steps": None, "times": [0.0, 1.0], "step": 1e-30}, "more steps than can be counted"),
        ({"friction": -1.0}, "friction must be at least 0"),
        ({"friction": 0.0, "scheme": "euler_maruyama"}, "friction must be greater than 0"),
        ({"mass": 0.0}, "mass must be greater than 0"),
        ({"mass": "heavy"}, "mass must be a number"),
        ({"temperature": -1.0}, "temperature must be at least 0"),
        ({"position": math.inf}, "position must be finite"),
        ({"velocity": [1.0, 2.0, 3.0]}, "velocity must be finite"),
        ({"velocity": 1.0, "scheme": "euler_maruyama"}, "belongs to no overdamped scheme"),
        ({"trajectories": 0}, "trajectories must be a whole number"),
        ({"force": 3}, "force must be a function"),
        ({"force": lambda x: x}, r"force must take \(position, parameters\)"),
        ({"force": lambda x, p: x.nothing}, "force cannot be compiled"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, words):
    arguments = {"force": spring, "parameters": [1.0], **GOOD, **changes}
    with pytest.raises(ParameterError, match=words):
        langevin(**arguments)


def test_only_its_own_result_is_resumed():
    early = langevin(spring, parameters=[1.0], **GOOD)
    for changes, words in (
        ({"trajectories": 2}, "holds 1 trajectories, not 2"),
        ({"scheme": "obabo"}, "must be that of the earlier run"),
        ({"steps": None, "times": [0.0, 1.0]}, "must begin where the earlier run ended"),
        ({"resume": early.drop_vars("random_state")}, "is no result of such a run"),
    ):
        with pytest.raises(ParameterError, match=words):
            langevin(spring, parameters=[1.0], **{**GOOD, "resume": early, **changes})


def test_samples_without_equilibrium_are_no_thermometer():
    with pytest.raises(ParameterError, match="positive Laplacian"):
        configurational_temperature(well, np.zeros((2, 3, 1)), parameters=[1.0])
    with pytest.raises(ParameterError, match="of the shape"):
        kinetic_temperature([1.0, 2.0])

"""Stochastic equations: measured orders, exact solutions, the same bits however a run is cut."""

import json
import math

import numpy as np
import pytest
import scipy.interpolate
from mesoscale.core.integrators import sde
from mesoscale.core.integrators.sde import (
    StochasticEquation,
    convergence,
    ensemble,
    integrate,
    ornstein_uhlenbeck,
    schemes,
    stationary_covariance,
)
from mesoscale.core.integrators.sde.convergence import Wiener, strong_errors, strong_order
from mesoscale.core.integrators.sde.ornstein_uhlenbeck import transition
from mesoscale.core.model import ParameterError, ResultError
from numba import njit


@njit
def cubic(x, t, p):
    return x - x * x * x


@njit
def constant(x, t, p):
    return p[0]


@njit
def proportional(x, t, p):
    return p[0] * x


@njit
def decay_many(x, t, p, out):
    for i in range(len(x)):
        out[i] = -p[i] * x[i]


@njit
def proportional_many(x, t, p, out):
    for i in range(len(x)):
        out[i] = 0.3 * (i + 1) * x[i]


@njit
def constant_many(x, t, p, out):
    for i in range(len(x)):
        out[i] = 0.5 + i


@njit
def rotating(x, t, p, out):
    # noise that turns the vector: |x| stays in the sense of Stratonovich
    out[0, 0] = -x[1]
    out[1, 0] = x[0]


@njit
def nothing_many(x, t, p, out):
    out[:] = 0.0


DOUBLE_WELL = StochasticEquation(cubic, constant, "additive")
GROWTH = StochasticEquation(proportional, lambda x, t, p: p[1] * x, "diagonal", "ito")
TWO = StochasticEquation(decay_many, constant_many, "additive", components=2)


# ----------------------------------------------------------------------------------------------- strong orders


@pytest.mark.parametrize(("scheme", "order"), [("euler_maruyama", 0.5), ("milstein", 1.0), ("sriw1", 1.5)])
@pytest.mark.parametrize("volatility", [0.7, 1.0])
def test_strong_order_on_geometric_brownian_motion(scheme, order, volatility):
    levels = (5, 6, 7, 8, 9)
    drift = 0.5 * volatility**2 - 0.2
    errors, _ = strong_errors(
        GROWTH, scheme, 1.0, (drift, volatility), Wiener(4000, 9), levels, lambda w: np.exp(-0.2 + volatility * w)
    )
    assert strong_order(errors, levels) == pytest.approx(order, abs=0.1)


def test_strong_order_of_heun_in_the_sense_of_stratonovich():
    # dX = X o dW: X = exp(W); commuting noise gives order 1
    levels = (4, 5, 6, 7, 8)
    equation = StochasticEquation(lambda x, t, p: 0.0, lambda x, t, p: x, "diagonal", "stratonovich")
    errors, _ = strong_errors(equation, "heun", 1.0, (), Wiener(4000, 8), levels, np.exp)
    assert strong_order(errors, levels) == pytest.approx(1.0, abs=0.1)
    # and the converted drift solves the same equation
    errors, _ = strong_errors(equation, "sriw1", 1.0, (), Wiener(4000, 8), levels, np.exp)
    assert strong_order(errors, levels) == pytest.approx(1.5, abs=0.1)


def test_kloeden1992_a_linear_drift_certifies_nothing():
    """dX = (1/sqrt(1+t) - X/(2(1+t))) dt + a/sqrt(1+t) dW: SRA1 shows order 2, not 3/2."""
    equation = StochasticEquation(
        lambda x, t, p: 1 / math.sqrt(1 + t) - x / (2 * (1 + t)), lambda x, t, p: p[0] / math.sqrt(1 + t), "additive"
    )
    levels = (3, 4, 5, 6, 7)
    wiener = Wiener(1000, 7)
    exact = lambda w: (0.5 + 1.0 + 2.0 * w) / math.sqrt(2)  # noqa: E731
    errors, _ = strong_errors(equation, "sra1", 0.5, (2.0,), wiener, levels, exact)
    assert strong_order(errors, levels) == pytest.approx(2.0, abs=0.1)


@njit
def mixed_tableaus(drift, diffusion, x, t, h, dw, j, p):
    """SRIW1 with the sign of its second weights as in SRIW2."""
    good = schemes._sriw1_one(drift, diffusion, x, t, h, dw, j, p)
    root = math.sqrt(h)
    f1, g1 = drift(x, t, p), diffusion(x, t, p)
    g2 = diffusion(x + 0.25 * h * f1 + 0.5 * root * g1, t + 0.25 * h, p)
    g3 = diffusion(x + h * f1 - root * g1, t + h, p)
    second = (dw * dw - h) / (2.0 * root)
    return good - 2.0 * second * (-g1 + 4.0 / 3.0 * g2 - g3 / 3.0)


def test_mixed_tableaus_lose_the_order():
    """The order test can fail: one wrong sign costs a whole order."""
    levels = (4, 5, 6, 7, 8)
    wiener = Wiener(2000, 8)
    errors = []
    for level in levels:
        dw, j = wiener.at_level(level)
        end = convergence._follow(mixed_tableaus, proportional, GROWTH.diffusion, 1.0, dw, j, np.array([0.5, 1.0]))
        errors.append(np.abs(end - np.exp(wiener.dw.sum(axis=1))).mean())
    assert strong_order(np.array(errors), levels) < 0.7


def test_increments_of_a_coarse_grid_are_those_of_the_path():
    wiener = Wiener(20_000, 5)
    dw, j = wiener.at_level(0)
    np.testing.assert_allclose(dw[:, 0], wiener.dw.sum(axis=1), atol=1e-13)
    covariance = np.cov(dw[:, 0], j[:, 0])  # of W(1) and its integral: 1, 1/2, 1/3
    np.testing.assert_allclose(covariance, [[1, 0.5], [0.5, 1 / 3]], atol=4 * np.sqrt(2 / 20_000))
    path = np.cumsum(wiener.dw, axis=1) - wiener.dw
    np.testing.assert_allclose(j[:, 0], (wiener.i10 + path / 32).sum(axis=1), atol=1e-13)


# ------------------------------------------------------------------------------------------------- weak orders


def expectation(step, steps, drift, diffusion, noise_order=8):
    """E X(1)^2 from 0.5 without sampling: Kolmogorov backwards, Gauss and Hermite over dW and the second integral."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(noise_order)
    weights = weights / weights.sum()
    grid = np.linspace(-6, 6, 801)
    value = grid**2
    h = 1.0 / steps
    for _ in range(steps):
        spline = scipy.interpolate.CubicSpline(grid, value)
        value = np.zeros_like(grid)
        for z1, w1 in zip(nodes, weights, strict=True):
            for z2, w2 in zip(nodes, weights, strict=True):
                dw = math.sqrt(h) * z1
                j = 0.5 * (dw + math.sqrt(h / 3) * z2)
                ahead = step(drift, diffusion, grid, 0.0, h, dw, j, None)
                value += w1 * w2 * spline(np.clip(ahead, -6, 6))
    return float(scipy.interpolate.CubicSpline(grid, value)(0.5))


def of_cubic(scheme, steps):
    return expectation(schemes.SCHEMES[scheme].one.py_func, steps, lambda x, t, p: x - x**3, lambda x, t, p: 0.6)


@pytest.fixture(scope="module")
def limit_of_cubic():
    fine, finest = (of_cubic("sra1", n) for n in (64, 128))
    return finest + (finest - fine) / 3  # of weak order 2


@pytest.mark.parametrize(("scheme", "order"), [("euler_maruyama", 1.0), ("heun", 2.0), ("sra1", 2.0)])
def test_weak_order_on_the_cubic_drift(scheme, order, limit_of_cubic):
    errors = np.array([abs(of_cubic(scheme, n) - limit_of_cubic) for n in (16, 32, 64)])
    assert strong_order(errors, [4, 5, 6]) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(("scheme", "order"), [("euler_maruyama", 1.0), ("milstein", 1.0)])
def test_weak_order_on_geometric_brownian_motion(scheme, order):
    """The step multiplies x by a random factor, whose mean square is a quadrature: E X(1)^2 without sampling."""
    mu, sigma = 0.5, 0.8
    step = schemes.SCHEMES[scheme].one.py_func
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    errors = []
    for level in (5, 6, 7, 8, 9):
        h = 2.0**-level
        factor = step(lambda x, t, p: mu * x, lambda x, t, p: sigma * x, 1.0, 0.0, h, math.sqrt(h) * nodes, 0.0, None)
        square = (weights * factor**2).sum() / weights.sum()
        errors.append(abs(square**2**level - math.exp(2 * mu + sigma**2)))
    assert strong_order(np.array(errors), (5, 6, 7, 8, 9)) == pytest.approx(order, abs=0.1)


# ------------------------------------------------------------------------------------------------------ vectors


@pytest.mark.parametrize("scheme", ["euler_maruyama", "tamed_euler", "milstein", "sriw1"])
def test_a_vector_of_independent_components_is_as_the_components(scheme):
    """One component of a vector with its own noise takes the same steps as one number."""
    wiener = Wiener(50, 6)
    dw, j = wiener.at_level(6)
    method = schemes.SCHEMES[scheme]
    p = np.array([0.4, 1.2])
    work = np.empty((8, 2))
    for path in range(50):
        x = np.array([1.0, 0.5])
        ones = [1.0, 0.5]
        for n in range(64):
            h = 1 / 64
            increments = np.array([dw[path, n], dw[49 - path, n]])
            integrals = np.array([j[path, n], j[49 - path, n]])
            method.many(decay_many, proportional_many, x, 0.0, h, increments, integrals, p, work)
            for i in range(2):
                one = method.one.py_func
                ones[i] = one(
                    lambda y, t, q, i=i: -q[i] * y, lambda y, t, q, i=i: 0.3 * (i + 1) * y,
                    ones[i], 0.0, h, increments[i], integrals[i], p,
                )  # fmt: skip
        if scheme == "tamed_euler":  # the norm of the drift couples them
            np.testing.assert_allclose(x, ones, rtol=0.02)
        else:
            np.testing.assert_allclose(x, ones, rtol=1e-12)


@pytest.mark.parametrize("scheme", ["euler_maruyama", "heun", "sra1"])
def test_a_linear_pair_reaches_its_stationary_spread(scheme):
    run = integrate(TWO, [3.0, 0.0], [0.0, 8.0], step=0.01, parameters=[1.0, 2.0], scheme=scheme,
                    trajectories=20_000, output="moments")  # fmt: skip
    expected = np.array([0.5**2 / 2, 1.5**2 / 4])
    variance = run["standard_deviation"].values[-1] ** 2
    np.testing.assert_allclose(variance, expected, rtol=4 * math.sqrt(2 / 20_000) + 0.02)
    assert (abs(run["mean"][-1] - [3 * math.exp(-8), 0.0]) < 4 * run["mean_error"][-1]).all()


@pytest.mark.parametrize(("interpretation", "growth"), [("stratonovich", 1.0), ("ito", math.e)])
def test_noise_that_turns_keeps_the_length_in_one_sense_only(interpretation, growth):
    """d|x|^2 = |x|^2 dt in the sense of Ito, 0 in that of Stratonovich."""
    equation = StochasticEquation(nothing_many, rotating, "general", interpretation, components=2, noises=1)
    run = integrate(equation, [1.0, 0.0], [0.0, 1.0], step=1e-3, trajectories=400)
    square = (run["state"].values[:, -1] ** 2).sum(axis=1)
    assert square.mean() == pytest.approx(growth, rel=0.01)
    tamed = StochasticEquation(nothing_many, rotating, "general", "ito", components=2, noises=1)
    end = integrate(tamed, [1.0, 0.0], [0.0, 1.0], step=1e-3, trajectories=50, scheme="tamed_euler")
    assert (end["state"].values[:, -1] ** 2).sum(axis=1).mean() == pytest.approx(math.e, rel=0.05)


def test_stratonovich_vectors_are_converted_component_by_component():
    equation = StochasticEquation(nothing_many, proportional_many, "diagonal", "stratonovich", components=2)
    run = integrate(equation, [1.0, 1.0], [0.0, 1.0], step=0.01, trajectories=20_000, output="moments")
    expected = np.exp(0.5 * np.array([0.3, 0.6]) ** 2)
    assert (abs(run["mean"][-1] - expected) < 4 * run["mean_error"][-1]).all()


# --------------------------------------------------------------------------------------------------------- bits

OPTIONS = {"step": 0.05, "parameters": [0.5], "scheme": "sra1", "seed": 3}


def test_the_same_bits_on_one_and_two_threads():
    for output in ("trajectories", "moments"):
        runs = [
            integrate(DOUBLE_WELL, 0.1, [0, 1, 2], trajectories=20_000, output=output, workers=w, **OPTIONS)
            for w in (1, 2)
        ]
        assert runs[0].identical(runs[1])


def test_the_same_bits_however_the_ensemble_is_cut():
    whole = integrate(DOUBLE_WELL, 0.1, [0, 1, 2], trajectories=150, **OPTIONS)
    parts = [
        integrate(DOUBLE_WELL, 0.1, [0, 1, 2], trajectories=n, first=f, **OPTIONS)
        for f, n in ((0, 7), (7, 70), (77, 73))
    ]
    joined = np.concatenate([part["state"].values for part in parts])
    np.testing.assert_array_equal(joined, whole["state"].values)


@pytest.mark.parametrize("equation", [DOUBLE_WELL, TWO], ids=["one", "two"])
def test_the_same_bits_after_a_resumed_run(equation):
    options = {**OPTIONS, "parameters": [0.5, 1.0], "trajectories": 100}
    start = [0.1] * equation.components
    whole = integrate(equation, start, [0, 1, 2, 3], **options)
    early = integrate(equation, start, [0, 1], **options)
    late = integrate(equation, start, [1, 2, 3], resume=early, **options)
    np.testing.assert_array_equal(late["state"].values, whole["state"].values[:, 1:])
    np.testing.assert_array_equal(late["random_state"].values, whole["random_state"].values)


def test_a_long_run_cut_into_kernel_calls_is_the_same(monkeypatch):
    whole = integrate(DOUBLE_WELL, 0.1, [0, 1, 2], trajectories=100, **OPTIONS)
    monkeypatch.setattr(ensemble, "_WORK", 300)
    np.testing.assert_array_equal(
        integrate(DOUBLE_WELL, 0.1, [0, 1, 2], trajectories=100, **OPTIONS)["state"], whole["state"]
    )


def test_the_sixty_fifth_trajectory_is_as_the_first():
    """Lanes are filled up; the last ones may be few."""
    many = integrate(DOUBLE_WELL, 0.1, [0, 1], trajectories=65, **OPTIONS)["state"].values[64]
    one = integrate(DOUBLE_WELL, 0.1, [0, 1], trajectories=1, first=64, **OPTIONS)["state"].values[0]
    np.testing.assert_array_equal(many, one)


def test_a_second_parameter_set_compiles_nothing():
    integrate(DOUBLE_WELL, 0.1, [0, 1], trajectories=3, **OPTIONS)
    before = len(ensemble._march_one.signatures)
    integrate(DOUBLE_WELL, 0.3, [0, 2, 5], trajectories=9, **{**OPTIONS, "parameters": [0.7], "step": 0.01})
    assert len(ensemble._march_one.signatures) == before


def test_moments_are_those_of_the_trajectories():
    options = {**OPTIONS, "trajectories": 5000}
    states = integrate(DOUBLE_WELL, 0.1, [0, 1, 2], **options)["state"].values
    moments = integrate(DOUBLE_WELL, 0.1, [0, 1, 2], output="moments", **options)
    np.testing.assert_allclose(moments["mean"], states.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments["standard_deviation"], states.std(axis=0, ddof=1), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(moments["mean_error"][1:] * math.sqrt(5000), moments["standard_deviation"][1:])


def test_a_result_says_how_it_was_made_and_survives_a_file(tmp_path):
    run = integrate(DOUBLE_WELL, 0.1, [0, 1], trajectories=3, **OPTIONS)
    recipe = json.loads(run.attrs["recipe"])
    assert recipe["scheme"] == "sra1"
    assert recipe["drift"].endswith("cubic")
    assert recipe["parameters"] == [0.5]
    assert recipe["replayable"] is False
    run.to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    import xarray as xr

    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as stored:
        resumed = integrate(DOUBLE_WELL, 0.0, [1, 2], trajectories=3, resume=stored.load(), **OPTIONS)
    np.testing.assert_array_equal(
        resumed["state"], integrate(DOUBLE_WELL, 0.1, [0, 1, 2], trajectories=3, **OPTIONS)["state"][:, 1:]
    )
    for name in run.variables:
        assert run[name].attrs["units"] == "1"


# ------------------------------------------------------------------------------------------------------- errors


def test_an_explosion_ends_in_words():
    wild = StochasticEquation(lambda x, t, p: -(x**3), constant, "additive")
    with pytest.raises(ResultError, match=r"left the finite numbers before time 1 \(euler_maruyama.*tamed_euler"):
        integrate(wild, 10.0, [0.0, 1.0], step=0.1, parameters=[0.1], scheme="euler_maruyama")
    calm = integrate(wild, 10.0, [0.0, 10.0], step=0.01, parameters=[0.0], scheme="tamed_euler")
    assert float(calm["state"][0, -1]) == pytest.approx(1 / math.sqrt(20), rel=0.05)


def test_progress_may_cancel():
    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        integrate(DOUBLE_WELL, 0.1, [0, 1], trajectories=20_000, progress=cancel, workers=2, **OPTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": "diagonal"}, "interpretation must be said for noise that depends on the state"),
        ({"noise": "white"}, "noise must be 'additive', 'scalar', 'diagonal' or 'general'"),
        ({"noise": "diagonal", "interpretation": "Ito"}, "interpretation must be 'ito' or 'stratonovich'"),
        (
            {"noise": "general", "interpretation": "ito"},
            "noise must be 'additive', 'scalar' or 'diagonal' for one component",
        ),
        ({"noise": "additive", "components": 0}, "components must be a whole number"),
        ({"noise": "additive", "components": 2, "noises": 3}, "noises is given for general noise only"),
        ({"noise": "additive", "drift": 3.0}, "drift must be a function"),
    ],
)
def test_an_unclear_equation_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        StochasticEquation(**{"drift": cubic, "diffusion": constant, **options})


GENERAL = StochasticEquation(nothing_many, rotating, "general", "stratonovich", components=2, noises=1)


@pytest.mark.parametrize(
    ("equation", "options", "message"),
    [
        (GROWTH, {"scheme": "sra1"}, "scheme holds for additive noise, not for diagonal noise"),
        (GROWTH, {"scheme": "heun"}, "scheme solves equations in the sense of Stratonovich"),
        (GENERAL, {"scheme": "milstein"}, "scheme holds for additive, scalar or diagonal noise, not for general noise"),
        (GENERAL, {"scheme": "euler_maruyama"}, "scheme must be 'heun' for general noise"),
        (GROWTH, {"scheme": "rk4"}, "scheme must be one of euler_maruyama"),
        (GROWTH, {"step": 0.0}, "step must be a positive number"),
        (GROWTH, {"step": True}, "step must be a positive number"),
        (GROWTH, {"times": [0.0]}, "times must be at least two finite, rising numbers"),
        (GROWTH, {"times": [0.0, 2.0, 1.0]}, "times must be at least two"),
        (GROWTH, {"trajectories": 0}, "trajectories must be a whole number of at least 1"),
        (GROWTH, {"first": -1}, "first must be a whole number of at least 0"),
        (GROWTH, {"initial": [1.0, 2.0]}, "initial must be finite, one state of 1 or one for each of 1"),
        (GROWTH, {"initial": math.nan}, "initial must be finite"),
        (GROWTH, {"output": "mean"}, "output must be 'trajectories' or 'moments'"),
    ],
)
def test_what_makes_no_sense_is_refused(equation, options, message):
    given = {"initial": [1.0] * equation.components, "times": [0.0, 1.0], "step": 0.1, "parameters": [0.1, 0.1]}
    with pytest.raises(ParameterError, match=message):
        integrate(equation, **{**given, **options})


def test_only_its_own_result_is_resumed():
    early = integrate(DOUBLE_WELL, 0.1, [0, 1], trajectories=3, **OPTIONS)
    with pytest.raises(ParameterError, match="must begin where the earlier run ended, at 1"):
        integrate(DOUBLE_WELL, 0.1, [2, 3], trajectories=3, resume=early, **OPTIONS)
    with pytest.raises(ParameterError, match="holds 3 trajectories, not 4"):
        integrate(DOUBLE_WELL, 0.1, [1, 3], trajectories=4, resume=early, **OPTIONS)
    with pytest.raises(ParameterError, match="is no result of this equation"):
        integrate(DOUBLE_WELL, 0.1, [1, 3], trajectories=3, resume=early.drop_vars("random_state"), **OPTIONS)


# --------------------------------------------------------------------------------------------- linear equations


def test_a_transition_composes_of_shorter_ones():
    rate, noise = np.array([[1.0, -2.0], [0.5, 0.1]]), np.array([[1.0, 0.2], [0.0, 0.7]])
    (p1, c1), (p2, c2), (p, c) = (transition(rate, noise, h) for h in (0.3, 4.0, 4.3))
    np.testing.assert_allclose(p2 @ p1, p, rtol=1e-11)
    np.testing.assert_allclose(c2 + p2 @ c1 @ p2.T, c, rtol=1e-11)


def test_gillespie1996_the_scalar_transition():
    theta, sigma = 0.7, 1.3
    for h in (1e-9, 0.1, 3.0, 1e4):
        p, c = transition(theta, sigma, h)
        assert p[0, 0] == pytest.approx(math.exp(-theta * h), rel=1e-10, abs=1e-300)
        assert c[0, 0] == pytest.approx(-(sigma**2) / (2 * theta) * math.expm1(-2 * theta * h), rel=1e-10)


def test_the_free_langevin_particle_is_exact_in_position_and_velocity():
    gamma, kt, h = 2.0, 1.5, 0.8
    rate = [[0.0, -1.0], [0.0, gamma]]
    _, c = transition(rate, [[0.0, 0.0], [0.0, math.sqrt(2 * gamma * kt)]], h)
    e = math.exp(-gamma * h)
    # Uhlenbeck & Ornstein 1930: variances at rest initially
    assert c[1, 1] == pytest.approx(kt * (1 - e * e), rel=1e-12)
    assert c[0, 0] == pytest.approx(kt / gamma**2 * (2 * gamma * h - 3 + 4 * e - e * e), rel=1e-12)
    assert c[0, 1] == pytest.approx(kt / gamma * (1 - e) ** 2, rel=1e-12)


def test_a_leap_has_the_law_of_many_small_ones():
    options = {"rate": 1.0, "noise": 1.0, "mean": 2.0, "trajectories": 20_000}
    leap = ornstein_uhlenbeck(0.0, [0.0, 1.0], **options)["state"].values[:, -1, 0]
    walk = ornstein_uhlenbeck(0.0, np.linspace(0, 1, 11), seed=1, **options)["state"].values[:, -1, 0]
    variance = (1 - math.exp(-2)) / 2
    for x in (leap, walk):
        assert x.mean() == pytest.approx(2 * (1 - math.exp(-1)), abs=4 * math.sqrt(variance / 20_000))
        assert x.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / 20_000))


def test_linear_trajectories_do_not_depend_on_threads_or_cuts():
    options = {"rate": [[1.0, 0.3], [0.0, 2.0]], "noise": [[1.0], [0.5]], "seed": 5}
    whole = ornstein_uhlenbeck([0.0, 1.0], [0.0, 1.0, 5.0], trajectories=300_000, workers=1, **options)
    again = ornstein_uhlenbeck([0.0, 1.0], [0.0, 1.0, 5.0], trajectories=300_000, workers=2, **options)
    part = ornstein_uhlenbeck([0.0, 1.0], [0.0, 1.0, 5.0], trajectories=10, first=290_000, **options)
    np.testing.assert_array_equal(whole["state"], again["state"])
    np.testing.assert_array_equal(part["state"], whole["state"][290_000:290_010])


def test_stationary_covariance_of_a_chain_of_springs():
    # A = friction-less gradient of a quadratic energy: C = kT K^-1 (Boltzmann)
    stiffness = np.array([[2.0, -1.0], [-1.0, 3.0]])
    covariance = stationary_covariance(stiffness, np.sqrt(2.0) * np.eye(2))
    np.testing.assert_allclose(covariance, np.linalg.inv(stiffness), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: transition([[1.0, 2.0]], 1.0, 1.0), "rate must be a number or a square matrix"),
        (lambda: transition(1.0, [[1.0], [2.0]], 1.0), "noise must be a number or a matrix with 1 rows"),
        (lambda: transition(1.0, 1.0, -1.0), "interval must be a finite time"),
        (lambda: stationary_covariance(0.0, 1.0), "rate must have eigenvalues with positive real parts"),
        (lambda: ornstein_uhlenbeck(0.0, [1.0, 0.0], rate=1.0, noise=1.0), "times must be finite, rising"),
        (lambda: ornstein_uhlenbeck([0.0, 1.0], [0.0], rate=1.0, noise=1.0), "initial must be one state of 1"),
        (lambda: ornstein_uhlenbeck(0.0, [0.0], rate=1.0, noise=1.0, trajectories=0), "trajectories must be a whole"),
    ],
)
def test_what_is_no_linear_equation_is_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_the_public_face():
    assert set(sde.__all__) == {
        "StochasticEquation", "integrate", "ornstein_uhlenbeck", "stationary_covariance", "transition",
    }  # fmt: skip

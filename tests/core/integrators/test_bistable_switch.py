"""The bistable switch: quadratures by other routes, Kramers' limit, and what the simulation measures."""

import math

import numpy as np
import pytest
import scipy.integrate
from mesoscale.core.integrators.bistable_switch import (
    BistableSwitch,
    kramers_time,
    mean_first_passage_time,
    partition_function,
    relative_mean_square,
    top_occupancy,
)
from mesoscale.core.integrators.bistable_switch.simulation import follow_escapes
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError


def backward_equation(ratio, cells):
    """The mean time by finite differences of T'' - V' T' = -1, far wall reflecting, T(1) = 0."""
    h = 2.0 / cells
    far = -math.sqrt(1.0 + math.sqrt(45.0 / ratio))
    x = 1.0 - h * np.arange(int((1.0 - far) / h) + 1)[::-1]

    def weight(y):
        return np.exp(-ratio * (y * y - 1.0) ** 2)

    below = np.cumsum(weight(x[:-1]) * h)  # flux out of everything below each face
    slopes = below / weight(x[:-1] + 0.5 * h)
    return (slopes * h)[x[:-1] > -1.0 - h / 2].sum()


@pytest.mark.parametrize("ratio", [0.5, 2.0, 5.0, 8.0])
def test_passage_time_solves_the_backward_equation(ratio):
    coarse, fine = backward_equation(ratio, 1000), backward_equation(ratio, 2000)
    expected = (4.0 * fine - coarse) / 3.0
    assert float(mean_first_passage_time(ratio, 1.0, 1.0, 1.0)) == pytest.approx(expected, rel=1e-6)


def test_quadratures_by_an_adaptive_rule():
    def integral(power, end):
        return 2 * scipy.integrate.quad(lambda x: x**power * math.exp(-5 * (x * x - 1) ** 2), 0, end, epsabs=1e-14)[0]

    assert float(partition_function(5.0, 1.0)) == pytest.approx(integral(0, 3.0), rel=1e-10)
    assert float(relative_mean_square(5.0, 1.0)) == pytest.approx(integral(2, 3.0) / integral(0, 3.0), rel=1e-10)
    assert float(top_occupancy(5.0, 1.0, 0.1, 1.0)) == pytest.approx(integral(0, 0.1) / integral(0, 3.0), rel=1e-10)


def test_values_at_five_thermal_energies():
    assert float(partition_function(5.0, 1.0)) == pytest.approx(0.8340588, abs=5e-8)
    assert float(relative_mean_square(5.0, 1.0)) == pytest.approx(0.9368340, abs=1e-7)
    assert float(top_occupancy(5.0, 1.0, 0.1, 1.0)) == pytest.approx(1.671039e-3, abs=5e-10)
    assert float(mean_first_passage_time(5.0, 1.0, 1.0, 1.0)) == pytest.approx(36.4835346, abs=1e-7)  # by an ODE solver
    assert float(kramers_time(5.0, 1.0, 1.0, 1.0)) == pytest.approx(32.97, abs=5e-3)


def test_kramers_law_is_approached_as_the_inverse_barrier():
    ratio = np.array([25.0, 50.0, 100.0, 200.0])
    excess = mean_first_passage_time(ratio, 1.0, 1.0, 1.0) / kramers_time(ratio, 1.0, 1.0, 1.0) - 1.0
    assert np.polyfit(np.log(ratio), np.log(excess), 1)[0] == pytest.approx(-1.0, abs=0.1)
    assert excess[-1] * ratio[-1] == pytest.approx(3.0 / 8.0, rel=0.01)


def test_laws_broadcast_and_end_where_their_quadrature_does():
    barrier = np.array([[1.0, 2.0, 5.0]])
    friction = np.array([[1.0], [3.0]])
    times = mean_first_passage_time(barrier, 1.0, friction, 2.0)
    assert times.shape == (2, 3)
    np.testing.assert_allclose(times[1], 3.0 * times[0])
    assert times[0, 2] == pytest.approx(4 * 36.48354, rel=1e-6)
    assert np.isnan(mean_first_passage_time([1e-3, 501.0], 1.0, 1.0, 1.0)).all()
    assert np.isnan(top_occupancy(1e-3, 1.0, 0.1, 1.0))
    assert np.isnan(partition_function(1e-3, 1.0))
    assert float(top_occupancy(5.0, 1.0, 99.0, 1.0)) == 1.0


def test_probability_and_mean_square_of_a_high_barrier():
    # two Gaussians of variance 1 / (8 r), at +1 and -1
    r = 300.0
    assert float(partition_function(r, 1.0)) == pytest.approx(2 * math.sqrt(math.pi / (4 * r)), rel=2e-3)
    assert 1 - float(relative_mean_square(r, 1.0)) == pytest.approx(1 / (4 * r), rel=0.02)


@pytest.mark.parametrize("ratio", [0.3, 2.0])
def test_simulated_escapes_have_the_exact_mean(ratio):
    times = np.empty(20_000)
    step = BistableSwitch(reduced_barrier=ratio)._step()
    follow_escapes(ratio, step, spawn_states(0, len(times)), times)
    error = times.std() / math.sqrt(len(times))
    assert abs(times.mean() - float(mean_first_passage_time(ratio, 1.0, 1.0, 1.0))) < 4 * error


@pytest.mark.slow
def test_the_coarsest_step_is_off_by_a_percent_at_most():
    """Without the bridge the error would be of the order of the square root of the step, several percent."""
    exact, times = float(mean_first_passage_time(2.0, 1.0, 1.0, 1.0)), np.empty(400_000)
    follow_escapes(2.0, 1.0 / (4 * (16 + 12 * math.sqrt(2))), spawn_states(0, len(times)), times)
    error = times.std() / math.sqrt(len(times))
    assert abs(times.mean() - exact) < 4 * error + 0.01 * exact


def test_a_run_agrees_with_its_quadratures():
    result = BistableSwitch(reduced_barrier=2.0).run(seed=1)
    assert abs(result.answer - result.mean_first_passage_time) < 4 * result.answer_error
    assert abs(result.mean_square - result.relative_mean_square) < 4 * result.mean_square_error
    seen = result.sampled_density_error > 0
    z = ((result.sampled_density - result.boltzmann_density) / result.sampled_density_error).where(seen, 0)
    assert float(abs(z).max()) < 4.5
    width = float(result.x[1] - result.x[0])
    assert float(result.boltzmann_density.sum()) * width == pytest.approx(1.0, abs=1e-3)
    assert float(result.sampled_density.sum()) * width == pytest.approx(1.0, abs=1e-3)
    assert not bool(result.naive_answer_valid)


def test_friction_and_temperature_only_scale_the_time():
    plain = BistableSwitch(escapes=50).run()
    warm = BistableSwitch(escapes=50, reduced_barrier=10.0, reduced_temperature=2.0, reduced_friction=3.0).run()
    assert float(warm.answer) == pytest.approx(1.5 * float(plain.answer), rel=1e-12)
    assert float(warm.naive_answer) == pytest.approx(1.5 * float(plain.naive_answer), rel=1e-12)


def test_the_same_bits_on_any_number_of_threads():
    with use_workers(1):
        one = BistableSwitch(escapes=200).run(seed=3)
    with use_workers(2):
        two = BistableSwitch(escapes=200).run(seed=3)
    assert one.identical(two)


def test_a_high_barrier_is_followed_by_fewer():
    result = BistableSwitch(reduced_barrier=8.0, escapes=100_000).run()
    assert 16 <= int(result.followed_escapes) < 100_000


def test_what_would_not_end_is_refused():
    with pytest.raises(ParameterError, match=r"reduced_barrier must be from 0\.05 to 10"):
        BistableSwitch(reduced_barrier=12.0)
    with pytest.raises(ParameterError, match="steps_per_relaxation must be at most"):
        BistableSwitch(reduced_barrier=10.0, steps_per_relaxation=64)


def test_scales_turns_the_result_into_si():
    switch = BistableSwitch(escapes=16)
    reduced = switch.run()
    scaled = switch.scales(reduced, length="1 nm", energy="4e-21 J", friction_coefficient="1e-11 kg/s")
    assert scaled.answer.attrs["units"] == "s"
    assert float(scaled.answer) == pytest.approx(float(reduced.answer) * 1e-11 * 1e-18 / 4e-21)
    assert float(scaled.x[0]) == pytest.approx(1e-9 * float(reduced.x[0]))
    assert scaled.attrs["recipe"] == reduced.attrs["recipe"]

import math

import numpy as np
import pytest
from mesoscale.core.kernels import correlator as mc
from scipy import signal


def test_short_lags_agree_with_brute_force():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 500, 3))
    lags, correlation = mc.correlate(a, b, subtract_mean=False)
    for lag, value in zip(lags[:16], correlation[:16], strict=True):
        assert value == pytest.approx((a[: 500 - lag] * b[lag:]).mean(), abs=1e-12)


def test_every_lag_agrees_with_correlations_of_averages():
    x = np.random.default_rng(0).normal(size=1000)
    lags, correlation = mc.correlate(x, subtract_mean=False)
    for lag, value in zip(lags, correlation, strict=True):
        level = 0 if lag < 16 else int(math.log2(lag / 8))
        length = 2**level
        y = x[: 1000 // length * length].reshape(-1, length).mean(axis=1)
        steps = lag // length
        assert value == pytest.approx((y[: len(y) - steps] * y[steps:]).mean(), abs=1e-12)


def test_lags_are_those_of_ramirez2010():
    lags, _ = mc.correlate(np.random.default_rng(0).normal(size=200))
    assert lags[:34].tolist() == [*range(16), *range(16, 32, 2), *range(32, 64, 4), 64, 72]
    assert (np.diff(lags) > 0).all()


def test_the_correlation_of_an_exponential_process():
    phi, copies, n = math.exp(-1 / 50), 400, 4096
    noise = np.random.default_rng(0).normal(size=(n, copies)) * math.sqrt(1 - phi**2)
    noise[0] /= math.sqrt(1 - phi**2)
    x = signal.lfilter([1.0], [1.0, -phi], noise, axis=0)
    samples = []
    for column in x.T:
        lags, correlation = mc.correlate(column, subtract_mean=False)
        samples.append(correlation)
    mean, error = np.mean(samples, axis=0), np.std(samples, axis=0, ddof=1) / math.sqrt(copies)
    for lag, value, sigma in zip(lags, mean, error, strict=True):
        length = 1 if lag < 16 else 2 ** int(math.log2(lag / 8))
        inside = phi ** (lag + np.arange(length)[:, None] - np.arange(length))
        assert abs(value - inside.mean()) < 4 * sigma
        # what averaging costs: less than a tenth of a per cent of C(0)
        assert abs(inside.mean() - phi**lag) < 1e-3


def test_feeding_in_pieces_changes_nothing():
    x = np.random.default_rng(0).normal(size=(300, 2))
    whole, pieces = mc.new_correlator(4, 2), mc.new_correlator(4, 2)
    mc.add_samples(whole, x, x)
    for part in np.array_split(x, 17):
        mc.add_samples(pieces, part, part)
    for one, two in zip(mc.read_correlator(whole), mc.read_correlator(pieces), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_mean_is_subtracted():
    x = np.random.default_rng(0).normal(size=1000)
    np.testing.assert_allclose(mc.correlate(x + 1e3)[1], mc.correlate(x)[1], atol=1e-8)
    assert mc.correlate(x + 1e3, subtract_mean=False)[1][0] == pytest.approx(1e6, rel=1e-2)


def test_one_sample_has_one_lag():
    lags, correlation = mc.correlate([3.0], subtract_mean=False)
    assert (lags.tolist(), correlation.tolist()) == ([0], [9.0])


@pytest.mark.parametrize("arguments", [([],), ([1.0, 2.0], [1.0]), ([1.0, math.nan],), (np.zeros((2, 2, 2)),)])
def test_bad_series_are_refused(arguments):
    with pytest.raises(ValueError, match="series"):
        mc.correlate(*arguments)


@pytest.mark.parametrize("arguments", [{"levels": 0}, {"levels": 51}, {"levels": 1.5}, {"levels": 1, "channels": 0}])
def test_bad_sizes_are_refused(arguments):
    with pytest.raises(ValueError, match="must be"):
        mc.new_correlator(**arguments)

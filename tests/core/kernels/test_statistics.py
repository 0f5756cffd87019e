import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.kernels import statistics as ms
from scipy import signal

NUMBERS = st.lists(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=2, max_size=30)


def autoregressive(phi, n, copies=1):
    """x(t+1) = phi x(t) + noise, stationary, variance 1: C(t) = phi^t and g = (1 + phi) / (1 - phi)."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(copies, n)) * math.sqrt(1 - phi**2)
    noise[:, 0] /= math.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], noise, axis=1)


def direct_inefficiency(x):
    x = x - x.mean()
    g, n = 1.0, len(x)
    for t in range(1, n):
        c = (x[:-t] * x[t:]).mean() / (x * x).mean()
        if c <= 0:
            break
        g += 2 * (1 - t / n) * c
    return g


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.97])
def test_inefficiency_of_an_autoregressive_series(phi):
    g = ms.statistical_inefficiency(autoregressive(phi, 1_000_000)[0])
    assert g == pytest.approx((1 + phi) / (1 - phi), rel=0.05)


@pytest.mark.parametrize("phi", [0.0, 0.7, -0.5])
def test_inefficiency_agrees_with_the_direct_sum(phi):
    x = autoregressive(phi, 500)[0]
    assert ms.statistical_inefficiency(x) == pytest.approx(direct_inefficiency(x), rel=1e-10)


@pytest.mark.parametrize("phi", [0.0, 0.8, 0.95])
def test_errors_of_means_are_calibrated(phi):
    z = np.array([mean / error for mean, error in map(ms.mean_with_error, autoregressive(phi, 20_000, 1000))])
    # the variance of z is 1 within 4 standard errors sqrt(2 / 1000), and a bias of order g / n
    assert abs((z**2).mean() - 1) < 4 * math.sqrt(2 / 1000)


@pytest.mark.parametrize("phi", [0.0, 0.8, 0.95])
def test_block_errors_are_calibrated(phi):
    results = [ms.block_average(x) for x in autoregressive(phi, 20_000, 1000)]
    z = np.array([r.mean / r.error for r in results])
    assert abs((z**2).mean() - 1) < 0.25
    g = (1 + phi) / (1 - phi)
    plateau = np.mean([r.errors[r.blocks == 512] for r in results])
    assert plateau == pytest.approx(math.sqrt(g / 20_000), rel=0.05)


def test_uncorrelated_samples_need_no_blocks():
    result = ms.block_average(np.random.default_rng(0).normal(size=1024))
    assert result.blocks.tolist() == [2**k for k in range(10)]
    assert result.errors[0] == pytest.approx(1 / 32, rel=0.1)
    assert abs(result.error - result.errors[0]) < 4 * result.uncertainties[list(result.blocks).index(result.block)]


def test_a_short_correlated_series_has_no_plateau():
    result = ms.block_average(np.arange(32.0))
    assert result.block == 0
    assert math.isnan(result.error)


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_an_offset_changes_nothing(offset):
    x = autoregressive(0.5, 1000)[0]
    assert ms.mean_with_error(x + offset)[1] == pytest.approx(ms.mean_with_error(x)[1], rel=1e-4)


def test_constant_and_single_samples():
    assert ms.statistical_inefficiency([2.0] * 5) == 1.0
    assert ms.mean_with_error([2.0] * 5) == (2.0, 0.0)
    assert math.isnan(ms.mean_with_error([2.0])[1])
    assert ms.block_average([2.0] * 5).error == 0.0


@pytest.mark.parametrize("series", [[], [[1.0, 2.0]], [1.0, math.nan], [1.0, math.inf], 3.0])
@pytest.mark.parametrize("function", [ms.statistical_inefficiency, ms.mean_with_error, ms.block_average])
def test_bad_series_are_refused(function, series):
    with pytest.raises(ValueError, match="series"):
        function(series)


@settings(max_examples=200, deadline=None)
@given(a=NUMBERS, b=NUMBERS)
def test_moments_merge_and_accumulate(a, b):
    parts = []
    for sample in (a, b):
        moments = np.zeros(3)
        for value in sample:
            ms.add_sample(moments, value)
        parts.append(moments)
    both = np.array(a + b)
    count, mean, squares = ms.merge_moments(*parts)
    scale = np.abs(both).max() + 1.0
    assert count == len(both)
    assert mean == pytest.approx(both.mean(), abs=1e-12 * scale)
    assert squares == pytest.approx(((both - both.mean()) ** 2).sum(), abs=1e-10 * scale**2)
    value, error = ms.summarize_moments([count, mean, squares])
    assert value == pytest.approx(both.mean(), abs=1e-12 * scale)
    assert error == pytest.approx(both.std(ddof=1) / math.sqrt(len(both)), abs=1e-5 * scale)


def test_moments_of_nothing():
    assert ms.merge_moments(np.zeros((2, 3)), np.ones((2, 3))).tolist() == [[1, 1, 1]] * 2
    assert np.isnan(ms.summarize_moments(np.zeros(3))).all()
    assert np.isnan(ms.summarize_moments([1.0, 2.0, 0.0])).tolist() == [False, True]
    with pytest.raises(ValueError, match="moments"):
        ms.merge_moments([1.0, 2.0], [1.0, 2.0])

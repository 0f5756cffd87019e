import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.kernels import random
from mesoscale.core.kernels.threads import map_blocks
from numba import njit
from scipy import stats

WORD = st.integers(0, 2**64 - 1)
RARE = stats.norm.sf(4.0) * 2.0  # a p-value that corresponds to |z| = 4


@njit
def _fill_uniform(state, out):
    for i in range(len(out)):
        out[i] = random.uniform(state)


@njit
def _fill_normal(state, out):
    for i in range(len(out)):
        out[i] = random.normal(state)


@njit
def _fill_exponential(state, out):
    for i in range(len(out)):
        out[i] = random.exponential(state)


@njit
def _fill_below(state, bound, out):
    for i in range(len(out)):
        out[i] = random.integer_below(state, bound)


@njit
def _fill_poisson(state, mean, out):
    for i in range(len(out)):
        out[i] = random.poisson(state, mean)


def draw(fill, n, *arguments, seed=0):
    out = np.empty(n)
    fill(random.spawn_states(seed, 1)[0], *arguments, out)
    return out


DISTRIBUTIONS = {
    "uniform": (_fill_uniform, stats.uniform()),
    "normal": (_fill_normal, stats.norm()),
    "exponential": (_fill_exponential, stats.expon()),
}


def test_blackman2021_xoshiro_known_answer():
    state = np.array([1, 2, 3, 4], np.uint64)
    words = [int(random.next_uint64(state)) for _ in range(5)]
    assert words == [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]


@settings(max_examples=50, deadline=None)
@given(key=st.tuples(WORD, WORD), counter=st.integers(1, 2**256 - 1))
def test_philox_agrees_with_numpy(key, counter):
    words = np.array([(counter >> shift) % 2**64 for shift in (0, 64, 128, 192)], np.uint64)
    before = np.array([((counter - 1) >> shift) % 2**64 for shift in (0, 64, 128, 192)], np.uint64)
    expected = np.random.Philox(key=np.array(key, np.uint64), counter=before).random_raw(4)
    assert [int(w) for w in random.philox(np.array(key, np.uint64), words)] == [int(w) for w in expected]


def test_a_state_is_the_philox_block_of_its_trajectory():
    key = np.random.SeedSequence(7).generate_state(2, np.uint64)
    block = random.philox(key, np.array([12, 3, 0, 0], np.uint64))
    assert random.spawn_states(7, 20, purpose=3)[12].tolist() == [int(w) for w in block]


def test_states_depend_on_seed_trajectory_and_purpose_only():
    whole = random.spawn_states(5, 1000)
    np.testing.assert_array_equal(
        np.concatenate([random.spawn_states(5, 100, first=i) for i in range(0, 1000, 100)]), whole
    )
    others = [random.spawn_states(6, 1000), random.spawn_states(5, 1000, purpose=1)]
    assert len(np.unique(np.concatenate([whole, *others]), axis=0)) == 3000
    assert random.spawn_states(2**200, 1).shape == (1, 4)
    assert random.spawn_states(0, 0).shape == (0, 4)
    assert random.spawn_states(0, 1, first=2**64 - 1).shape == (1, 4)


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True, np.float64(2)])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        random.spawn_states(seed, 1)


@pytest.mark.parametrize(
    "bad", [{"n": -1}, {"n": 2.5}, {"n": 1, "first": -1}, {"n": 1, "first": 2**64}, {"n": 1, "purpose": 2**64}]
)
def test_a_bad_count_is_refused(bad):
    with pytest.raises(ValueError, match="must be"):
        random.spawn_states(0, **bad)


def test_the_same_bits_on_one_and_two_threads():
    def block(begin, end):
        out = np.empty((end - begin, 100))
        for row, state in zip(out, random.spawn_states(3, end - begin, first=begin), strict=True):
            _fill_normal(state, row)
        return out

    one, two = (np.concatenate(map_blocks(block, 1000, size, workers=w)) for size, w in ((1000, 1), (37, 2)))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_have_their_distribution(name):
    fill, law = DISTRIBUTIONS[name]
    assert stats.kstest(draw(fill, 1_000_000), law.cdf).pvalue > RARE


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_fine_bins_are_filled_evenly(name):
    fill, law = DISTRIBUTIONS[name]
    edges = law.ppf(np.linspace(0, 1, 1001))
    edges[0], edges[-1] = law.support()
    sample = draw(fill, 10_000_000)
    counts = np.bincount(np.searchsorted(edges[1:-1], sample, side="right"), minlength=1000)
    assert stats.chisquare(counts).pvalue > RARE


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_moments_to_fourth_order(name, order):
    fill, law = DISTRIBUTIONS[name]
    powers = draw(fill, 4_000_000) ** order
    error = math.sqrt((law.moment(2 * order) - law.moment(order) ** 2) / len(powers))
    assert abs(powers.mean() - law.moment(order)) < 4 * error


@pytest.mark.parametrize("name", ["normal", "exponential"])
def test_tails_beyond_the_ziggurat_are_exact(name):
    fill, law = DISTRIBUTIONS[name]
    edge = {"normal": random._NORMAL_R, "exponential": random._EXPONENTIAL_R}[name]
    n = 20_000_000
    sample = draw(fill, n)
    for side, tail in [(1, sample[sample > edge]), (-1, -sample[sample < -edge])]:
        if name == "exponential" and side == -1:
            assert len(tail) == 0
            continue
        expected = n * law.sf(edge)
        assert abs(len(tail) - expected) < 4 * math.sqrt(expected)
        assert stats.kstest(law.sf(tail) / law.sf(edge), "uniform").pvalue > RARE


def test_signs_of_normals_are_even_and_successive_draws_uncorrelated():
    sample = draw(_fill_normal, 4_000_000)
    assert abs((sample > 0).sum() - 2_000_000) < 4 * math.sqrt(1_000_000)
    assert abs((sample[1:] * sample[:-1]).sum()) < 4 * math.sqrt(len(sample))


def test_streams_of_neighbours_are_uncorrelated():
    states = random.spawn_states(0, 2000)
    rows = np.empty((2000, 1000))
    for row, state in zip(rows, states, strict=True):
        _fill_normal(state, row)
    assert abs((rows[1:] * rows[:-1]).sum()) < 4 * math.sqrt(rows[1:].size)
    # mean squares of the rows are chi-squared: streams do not share their scale either
    assert stats.kstest((rows**2).sum(axis=1), stats.chi2(1000).cdf).pvalue > RARE


@pytest.mark.parametrize(
    ("width", "base", "density"),
    [
        (random._NORMAL_WIDTH, random._NORMAL_R + 1 / random._NORMAL_R, lambda x: math.exp(-x * x / 2)),
        (random._EXPONENTIAL_WIDTH, random._EXPONENTIAL_R + 1, lambda x: math.exp(-x)),
    ],
)
def test_marsaglia2000_layers_have_equal_areas_and_close(width, base, density):
    heights = np.array([*(density(x) for x in width[1:]), 1.0])
    np.testing.assert_allclose(width[1:] * np.diff(heights), base * heights[0], rtol=1e-11)
    assert (np.diff(width) < 0).all()


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 1000])
def test_integers_below_a_bound_are_even(bound):
    sample = draw(_fill_below, 200_000, bound)
    counts = np.bincount(sample.astype(int), minlength=bound)
    assert len(counts) == bound
    if bound > 1:
        assert stats.chisquare(counts).pvalue > RARE


def test_integers_below_a_huge_bound_are_unbiased():
    # 3/4 of 2**63: without rejection, a plain remainder would favour the lower third by a factor of two
    bound = 3 * 2**61
    sample = draw(_fill_below, 100_000, bound) / bound
    assert stats.kstest(sample, "uniform").pvalue > RARE


@pytest.mark.parametrize("n", [1, 10, 4096, 4097, 20_000])
def test_shuffling_permutes_whole_rows(n):
    rows = np.stack([np.arange(n), 2 * np.arange(n)], axis=1)
    out = np.empty_like(rows)
    random.shuffle_rows(rows, out, random.spawn_states(0, 1)[0])
    np.testing.assert_array_equal(np.sort(out[:, 0]), rows[:, 0])
    np.testing.assert_array_equal(out[:, 1], 2 * out[:, 0])


def test_all_orders_of_four_are_equally_likely():
    rows, out = np.arange(4).reshape(4, 1), np.empty((4, 1), np.int64)
    state, counts = random.spawn_states(0, 1)[0], {}
    for _ in range(24_000):
        random.shuffle_rows(rows, out, state)
        counts[tuple(out[:, 0])] = counts.get(tuple(out[:, 0]), 0) + 1
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > RARE


def test_large_shuffles_put_each_row_anywhere():
    n = 6000  # the path with buckets
    rows, out = np.arange(n).reshape(n, 1), np.empty((n, 1), np.int64)
    state, places, following = random.spawn_states(1, 1)[0], [], []
    for _ in range(2000):
        random.shuffle_rows(rows, out, state)
        place = np.empty(n, np.int64)
        place[out[:, 0]] = np.arange(n)
        places.append(place[[0, n - 1]])
        following.append((np.diff(out[:, 0]) == 1).sum())
    for column in np.array(places).T:
        assert stats.chisquare(np.bincount(column * 20 // n, minlength=20)).pvalue > RARE
    # the number of successors that stay next to each other has mean (n - 1) / n and variance close to 1
    assert abs(np.mean(following) - (n - 1) / n) < 4 / math.sqrt(len(following))


@pytest.mark.parametrize("mean", [1e-3, 0.5, 3.0, 9.999, 10.0, 17.3, 100.0, 1e4])
def test_poisson_numbers_fill_every_bin_as_they_should(mean):
    n, law = 1_000_000, stats.poisson(mean)
    sample = draw(_fill_poisson, n, mean).astype(int)
    low, high = int(law.ppf(20 / n)), int(law.isf(20 / n))  # the ends are lumped
    inner = np.arange(low, high)
    expected = n * np.concatenate([[law.cdf(low - 1)], law.pmf(inner), [law.sf(high - 1)]])
    counts = np.bincount(np.clip(sample, low - 1, high) - (low - 1), minlength=len(inner) + 2)
    kept = expected > 0
    assert counts[~kept].sum() == 0
    assert stats.chisquare(counts[kept], expected[kept] * (n / expected.sum())).pvalue > RARE


@pytest.mark.parametrize("mean", [0.1, 5.0, 50.0, 1e6, 1e12, 1e15])
def test_cumulants_of_poisson_numbers_are_all_the_mean(mean):
    n = 1_000_000
    z = (draw(_fill_poisson, n, mean) - mean) / math.sqrt(mean)
    for order, expected in [(1, 0.0), (2, 1.0), (3, mean**-0.5)]:
        powers = z**order
        assert abs(powers.mean() - expected) < 4 * powers.std() / math.sqrt(n)


def test_large_poisson_numbers_become_normal():
    z = (draw(_fill_poisson, 1_000_000, 1e14) - 1e14) / 1e7
    assert stats.kstest(z, "norm").pvalue > RARE


@pytest.mark.parametrize("mean", [0.0, -1.0])
def test_without_a_mean_nothing_happens(mean):
    assert draw(_fill_poisson, 100, mean).sum() == 0


@pytest.mark.parametrize("mean", [10.0, 1e3, 1e9])
def test_hoermann1993_probabilities_as_deviances_agree_with_the_logarithm_of_the_gamma_function(mean):
    for k in np.floor(mean + math.sqrt(mean) * np.array([-3.0, -1.0, 0.0, 2.0, 8.0])):
        mine, reference = random._log_poisson(float(k), mean), stats.poisson.logpmf(k, mean)
        assert abs(mine - reference) < 1e-11 + 1e-15 * mean * math.log(mean)

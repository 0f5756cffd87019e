"""Noise of pairs: moments, independence along every argument, and bits."""

import numpy as np
import pytest
import scipy.stats
from mesoscale.core.particles.dissipative import Fluid, pair_noise
from mesoscale.core.particles.dissipative.noise import NOISE_SCALE, bell, pair_word, quarters, step_keys
from numba import njit

KEY = (0x0123456789ABCDEF, 0xFEDCBA9876543210)


def grid(n, first=0):
    """All pairs of n particles with n others, as in a dense box."""
    i, j = np.divmod(np.arange(n * n), n)
    return i + first, j + first + n


@njit
def fill_words(key, step, i, j, out):
    key0, key1 = step_keys(key, step)
    for n in range(len(out)):
        out[n] = pair_word(np.uint64(i[n]), np.uint64(j[n]), key0, key1)


def words(step, i, j):
    """The 64-bit words behind the numbers of pairs i < j."""
    out = np.empty(len(i), np.int64)
    fill_words(np.array(KEY, np.uint64), step, i, j, out)
    return out


@pytest.mark.parametrize("normal", [False, True])
def test_moments(normal):
    z = pair_noise(KEY, 3, *grid(700), normal=normal)
    exact = np.array([1.0, 3.0, 15.0, 105.0]) if normal else np.array([1.0, 9 / 5, 27 / 7, 9.0])
    assert abs(z.mean()) < 4 * z.std() / np.sqrt(z.size)
    for power, value in zip((2, 4, 6), exact, strict=False):
        sample = z**power
        assert abs(sample.mean() - value) < 4 * sample.std() / np.sqrt(z.size)
    assert np.abs(z).max() < (5.04 if normal else np.sqrt(3) + 1e-12)


def test_the_bell_has_the_moments_of_a_normal_number():
    # Gauss-Legendre on the four cubic pieces of the density of a sum of four uniform numbers
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x = np.concatenate([a + 0.5 + 0.5 * nodes for a in (-2, -1, 0, 1)])
    y = np.abs(x)
    density = np.where(y < 1, (4 - 6 * y**2 + 3 * y**3) / 6, (2 - y) ** 3 / 6)
    z = np.array([bell.py_func(s) for s in x * np.sqrt(3.0)])
    for power, value in ((2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)):
        assert (np.tile(weights, 4) * 0.5 * density * z**power).sum() == pytest.approx(value, rel=1e-8)


def test_quarters_take_all_bits_of_a_word():
    assert quarters(0) == pytest.approx(-2 * np.sqrt(3), rel=1e-4)
    assert quarters(-1) == pytest.approx(2 * np.sqrt(3), rel=1e-4)
    one = quarters(1) - quarters(0)
    for shift in (16, 32, 48):
        assert quarters(1 << shift) - quarters(0) == pytest.approx(one, rel=1e-9)


def test_numbers_belong_to_the_pair_and_not_to_its_order():
    i, j = grid(30)
    assert (pair_noise(KEY, 1, i, j) == pair_noise(KEY, 1, j, i)).all()
    assert (pair_noise(KEY, 1, i, j) == NOISE_SCALE * words(1, i, j)).all()


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize(
    "other",
    [
        lambda i, j: (KEY, 6, i, j),
        lambda i, j: (KEY, 5 + 2**20, i, j),
        lambda i, j: ((KEY[0] + 1, KEY[1]), 5, i, j),
        lambda i, j: ((KEY[0], KEY[1] ^ 1), 5, i, j),
        lambda i, j: (KEY, 5, i + 1, j),
        lambda i, j: (KEY, 5, i, j + 1),
        lambda i, j: (KEY, 5, i + 1, j - 1),
        lambda i, j: (KEY, 5, i, j + 2**16),
        lambda i, j: (KEY, 5, i, j + 2**32),
    ],
)
def test_neighbours_in_step_key_and_pair_are_independent(other, normal):
    i, j = grid(500, first=7)
    a, b = pair_noise(KEY, 5, i, j, normal=normal), pair_noise(*other(i, j), normal=normal)
    for f in (lambda z: z, lambda z: z**2 - 1, lambda z: np.sign(z)):
        product = f(a) * f(b)
        assert abs(product.mean()) < 4.5 * product.std() / np.sqrt(product.size)


def test_all_bits_are_fair_and_pairs_of_words_share_none():
    i, j = grid(400)
    bits = (words(11, i, j)[:, None] >> np.arange(64)) & 1
    n = len(bits)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(n)
    change = bits ^ ((words(11, i, j + 1)[:, None] >> np.arange(64)) & 1)
    assert np.abs(change.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(n)


def test_flipping_one_bit_of_an_index_flips_half_of_the_word():
    i, j = grid(60)
    for shift in range(0, 20, 4):
        flipped = words(2, i, (j ^ (1 << shift)) + 2**21) ^ words(2, i, j + 2**21)
        share = ((flipped[:, None] >> np.arange(64)) & 1).mean(axis=0)
        assert np.abs(share - 0.5).max() < 6 * 0.5 / np.sqrt(len(i))


def test_low_and_high_bytes_pass_a_chi_square_test():
    i, j = grid(512)
    value = words(13, i, j)
    for byte in (value & 255, (value >> 56) & 255, (value >> 20) & 255):
        counts = np.bincount(byte, minlength=256)
        chi2 = ((counts - len(value) / 256) ** 2 / (len(value) / 256)).sum()
        assert abs(chi2 - 255) < 5 * np.sqrt(2 * 255)


def test_sums_over_all_partners_of_a_particle_scatter_as_they_should():
    # a weak mixer shows in sums along one index: the variance of the row sums must be the row's length
    i, j = grid(600)
    rows = pair_noise(KEY, 21, i, j).reshape(600, 600)
    for axis in (0, 1):
        sums = rows.sum(axis=axis)
        assert abs(sums.var() / 600 - 1) < 5 * np.sqrt(2 / 600)


def test_the_word_is_the_folded_product():
    word = 2**64
    low, high, key0, key1 = 3, 9, 12345, 2**63 + 11
    x = (low * 0x9E3779B97F4A7C15 + high * 0xD1342543DE82EF95 + key0) % word
    product = x * (x ^ key1)
    folded = (product >> 64) ^ (product % word)
    ours = pair_word(np.uint64(low), np.uint64(high), np.uint64(key0), np.uint64(key1))
    assert int(ours) % word == folded


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 1, [0], [1]), "key = 5: must be two whole numbers"),
        ((KEY, -1, [0], [1]), "step = -1: must be a whole number"),
        ((KEY, 1.5, [0], [1]), "step = 1.5: must be a whole number"),
        ((KEY, 1, [-1], [1]), "first, second: must be whole numbers of at least 0"),
        ((KEY, 1, [0], [1.0]), "first, second: must be whole numbers of at least 0"),
    ],
)
def test_what_has_no_noise_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        pair_noise(*arguments)


# --- what a home-made generator must stand: many small tests, judged together


def uniforms(step, i, j, key=KEY):
    """Uniform numbers in (0, 1) behind the noise of a step."""
    return pair_noise(key, step, i, j) / (2 * np.sqrt(3)) + 0.5


def triangle_of(n):
    """All pairs i < j of n particles."""
    return np.triu_indices(n, 1)


def test_no_two_pairs_of_a_billion_particles_get_their_number_from_one_word():
    """Pairs with A di + B dj = 0 mod 2^64 would; the shortest such step is found by Gauss' reduction."""
    a, b, word = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95, 2**64
    u, v = (word, 0), (-b * pow(a, -1, word) % word, 1)
    while True:
        if u[0] ** 2 + u[1] ** 2 > v[0] ** 2 + v[1] ** 2:
            u, v = v, u
        square = u[0] ** 2 + u[1] ** 2
        turns = (2 * (u[0] * v[0] + u[1] * v[1]) + square) // (2 * square)
        if turns == 0:
            break
        v = (v[0] - turns * u[0], v[1] - turns * u[1])
    assert a * u[0] + b * u[1] == (a * u[0] + b * u[1]) // word * word
    assert square**0.5 > 2**30


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("lag", [(1952, 1895), (55, 1105), (1897, 790), (1842, -315)])
def test_pairs_whose_words_begin_close_together_are_independent_too(lag, normal):
    """The lags up to 2000 at which A di + B dj comes closest to a multiple of 2^64: 2^38 to 2^41 away."""
    i, j = np.divmod(np.arange(1_000_000), 1000)
    a, b = (pair_noise(KEY, 3, i + k * lag[0], j + 5000 + k * lag[1], normal=normal) for k in (0, 1))
    for f in (lambda z: z, lambda z: z**2 - 1, np.sign):
        product = f(a) * f(b)
        assert abs(product.mean()) < 4.5 * product.std() / 1000


@pytest.mark.parametrize("normal", [False, True])
def test_no_wave_stands_out_in_steps_and_indices(normal):
    """Powers of a Fourier transform over (step, i, j) are exponential, the largest one too."""
    i, j = np.meshgrid(np.arange(64), np.arange(64) + 300, indexing="ij")
    field = np.array([pair_noise(KEY, step, i, j, normal=normal) for step in range(256)])
    power = (np.abs(np.fft.rfftn(field)) ** 2 / field.size)[..., 1:-1].ravel()
    assert scipy.stats.kstest(power, "expon").pvalue > 1e-3
    assert power.size * np.exp(-power.max()) > 1e-3


@pytest.mark.parametrize("f", [lambda z: z, lambda z: z * z, lambda z: np.abs(z) > 1.2], ids=["z", "square", "tail"])
def test_no_lag_of_up_to_a_thousand_in_both_indices_shows_a_correlation(f):
    i, j = np.meshgrid(np.arange(1024), np.arange(1024) + 1024, indexing="ij")
    y = f(pair_noise(KEY, 77, i, j)).astype(float)
    y = (y - y.mean()) / y.std()
    found = np.fft.irfft2(np.abs(np.fft.rfft2(y)) ** 2, s=y.shape) / np.sqrt(y.size)
    found[0, 0] = 0.0
    assert found.size * scipy.stats.norm.sf(np.abs(found).max()) > 1e-3


def test_numbers_are_uniform_in_every_step_and_for_every_pair():
    i, j = triangle_of(25)
    table = np.array([uniforms(step, i, j) for step in range(2000)])
    for axis in (table, table.T):
        values = [scipy.stats.kstest(one, "uniform").pvalue for one in axis]
        assert scipy.stats.kstest(values, "uniform").pvalue > 1e-3


def test_steps_pairs_and_seeds_do_not_know_each_other():
    """Correlations of all couples of steps, of pairs and of seeds are those of independent numbers."""
    i, j = triangle_of(40)
    keys = [Fluid(np.eye(3), (3.0, 3.0, 3.0), seed=seed)._key for seed in range(120)]
    steps = np.array([pair_noise(KEY, step, i, j) for step in range(300)])
    seeds = np.array([pair_noise(key, 5, i, j) for key in keys])
    for table in (steps, steps.T[:300], seeds):
        found = np.corrcoef(table)[triangle_of(len(table))] * np.sqrt(table.shape[1])
        assert scipy.stats.kstest(found, "norm").pvalue > 1e-3
        assert np.abs(found).max() < 6


def test_successive_numbers_fill_squares_and_cubes_evenly():
    i, j = np.meshgrid(np.arange(256), np.arange(256) + 256, indexing="ij")
    steps = np.array([uniforms(step, i[:16, :16], j[:16, :16]).ravel() for step in range(512)])
    for u in (uniforms(5, i, j).ravel(), uniforms(5, i, j).T.ravel(), steps.ravel(), steps.T.ravel()):
        for dimension, parts in ((2, 32), (3, 10), (4, 6)):
            place = (u[: len(u) // dimension * dimension].reshape(-1, dimension) * parts).astype(int)
            counts = np.bincount(place @ parts ** np.arange(dimension), minlength=parts**dimension)
            assert scipy.stats.chisquare(counts).pvalue > 1e-4


def test_spacings_of_birthdays_coincide_as_often_as_they_should():
    """Marsaglia's test, which finds lattices: 4096 birthdays in a year of 2^32 days, 4 coincidences expected each."""
    i, j = np.divmod(np.arange(4096), 64)
    found = 0
    for step in range(40):
        days = np.sort((uniforms(step, i, j + 64) * 2.0**32).astype(np.int64))
        found += int((np.diff(np.sort(np.diff(days))) == 0).sum())
    expected = 40 * 4096**3 / 2**34
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_triangles_of_three_particles_are_independent():
    """The product over three pairs of three particles, which two-point tests do not see; and the largest eigenvalue."""
    n, (i, j) = 200, triangle_of(200)
    products, edges = [], []
    for step in range(40):
        matrix = np.zeros((n, n))
        matrix[i, j] = pair_noise(KEY, step, i, j)
        matrix += matrix.T
        products.append(np.trace(matrix @ matrix @ matrix) / 6 / np.sqrt(n * (n - 1) * (n - 2) / 6))
        edges.append(np.abs(np.linalg.eigvalsh(matrix)).max() / np.sqrt(n))
    assert abs(np.mean(products)) < 4 / np.sqrt(40)
    assert abs(np.var(products) - 1) < 4 * np.sqrt(2 / 40)
    assert abs(np.mean(edges) - 2) < 0.1  # Wigner's semicircle ends at 2


def test_binary_matrices_of_words_have_full_rank_as_often_as_they_should():
    """Rank of 32 x 32 bits: 32 in 28.88 %, 31 in 57.76 %, less in 13.36 % of the cases."""
    i, j = np.divmod(np.arange(32 * 600), 32)
    for shift in (0, 16, 32):
        rows = ((words(31, i, j + 700) >> shift) & 0xFFFFFFFF).reshape(600, 32)
        ranks = np.array([binary_rank([int(row) for row in matrix]) for matrix in rows])
        counts = [(ranks == 32).sum(), (ranks == 31).sum(), (ranks < 31).sum()]
        assert scipy.stats.chisquare(counts, 600 * np.array([0.288788, 0.577576, 0.133636])).pvalue > 1e-4


def binary_rank(rows):
    rank = 0
    while rows:
        row = rows.pop()
        if row:
            rank += 1
            low = row & -row
            rows = [other ^ row if other & low else other for other in rows]
    return rank

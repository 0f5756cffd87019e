"""Noise of pairs: moments, independence along every argument, and bits."""

import numpy as np
import pytest
from mesoscale.core.particles.dissipative import pair_noise
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

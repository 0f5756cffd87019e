"""Random numbers that depend on (seed, trajectory, purpose) only, never on the number of threads or on chunking.

**Streams.** Trajectory *i* owns one xoshiro256++ state (Blackman & Vigna 2021). Its 256 bits are one block of the
counter-based generator Philox4x64-10 (Salmon et al. 2011)::

    state_i = philox(key = SeedSequence(seed).generate_state(2, uint64), counter = (i, purpose, 0, 0))

so that it can be computed alone, in any order, in nanoseconds. Philox is a bijection of the counter: two states of one
seed always differ. Where noise belongs to a pair or a site instead of a trajectory, kernels call `philox` directly.

**Draws.** `normal` and `exponential` use the ziggurat of Marsaglia & Tsang (2000) with 256 layers of equal area *v*
under a decreasing density *f*::

    x_1 = r,   v = x_0 f(r),   f(x_{i+1}) = f(x_i) + v / x_i,   x_256 = 0                                       (1)

Layer 0 is the base strip of width *x_0*, of which the part beyond *r* stands for the tail; *r* is the one number for
which the recursion ends at zero. One 64-bit word gives the layer (lowest 8 bits) and the abscissa (highest 53 bits),
which share no bit. Tails are exact. The exponential has no memory and starts anew beyond *r*, x_0 = r + 1. The normal's
tail is a rejection from f(r) exp(-r (x - r)), accepted with exp(-(x - r)^2 / 2) (Marsaglia 1964); here the envelope is
what counts in the area, x_0 = r + 1/r, so that a rejection starts all over: one short loop, which compilers inline (at
twice the speed). Nothing is cached between calls.

`poisson` inverts the distribution by a sequential search below a mean of 10 and uses PTRS, the transformed rejection
with squeeze of Hoermann (1993), above. The logarithm of a probability is written as a deviance (Loader 2000), whose
rounding error grows as the square root of the mean instead of as mean times its logarithm: *k* of mean *m* has

    log P(k) = -k (e - log(1 + e)) - log(2 pi k) / 2 - (log k! - Stirling's formula),   e = (m - k) / k            (2)

A ``state`` below is a row of the array from `spawn_states`: four uint64, changed in place.

References
----------
Blackman & Vigna, ACM Trans. Math. Softw. 47, 36 (2021), doi:10.1145/3460772.
Salmon, Moraes, Dror & Shaw, SC'11 (2011), doi:10.1145/2063384.2063405.
Marsaglia & Tsang, J. Stat. Softw. 5(8) (2000), doi:10.18637/jss.v005.i08.
Marsaglia, Technometrics 6, 101 (1964), doi:10.1080/00401706.1964.10490150.
Lemire, ACM Trans. Model. Comput. Simul. 29, 3 (2019), doi:10.1145/3230636.
Hoermann, Insurance: Mathematics and Economics 12, 39 (1993), doi:10.1016/0167-6687(93)90997-4.
Loader, Fast and accurate computation of binomial probabilities (Bell Laboratories, 2000).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = [
    "exponential",
    "fill_normal",
    "integer_below",
    "next_uint64",
    "normal",
    "philox",
    "poisson",
    "shuffle_rows",
    "spawn_states",
    "uniform",
]

State = NDArray[np.uint64]
Word = np.uint64


def spawn_states(seed: int, n: int, *, first: int = 0, purpose: int = 0) -> State:
    """Independent xoshiro256++ states of the trajectories `first` ... `first + n - 1`.

    Parameters
    ----------
    seed : int
        Non-negative, of any size.
    n : int
        Number of states.
    first : int
        Index of the first trajectory, so that blocks can be spawned where they are needed.
    purpose : int
        Separates streams of one trajectory that must not share numbers (initial state, noise, measurement).

    Returns
    -------
    numpy.ndarray
        uint64, shape (n, 4). Row *i* depends on (`seed`, `first` + *i*, `purpose`) only.

    Raises
    ------
    ValueError
        If an argument is not an integer in its range.

    Examples
    --------
    >>> states = spawn_states(0, 3)
    >>> bool((spawn_states(0, 1, first=2)[0] == states[2]).all())
    True
    """
    seed = _checked_integer("seed", seed, None)
    n = _checked_integer("n", n, 2**62)
    first = _checked_integer("first", first, 2**64 - n)
    purpose = _checked_integer("purpose", purpose, 2**64 - 1)
    key = np.asarray(np.random.SeedSequence(seed).generate_state(2, np.uint64), np.uint64)
    states = np.empty((n, 4), np.uint64)
    _fill_states(key, np.uint64(first % 2**64), np.uint64(purpose), states)
    return states


def _checked_integer(name: str, value: object, largest: int | None) -> int:
    allowed = "a non-negative integer" if largest is None else f"an integer from 0 to {largest}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} = {value!r}: must be {allowed}")
    if value < 0 or (largest is not None and value > largest):
        raise ValueError(f"{name} = {value}: must be {allowed}")
    return int(value)


def _type_multiply_high(typing_context: Any, a: Any, b: Any) -> Any:
    """Upper 64 bits of the 128-bit product: one machine instruction, which numba has no name for."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


_multiply_high: Any = intrinsic(_type_multiply_high)


@njit(cache=True, nogil=True)
def philox(key: Any, counter: Any) -> tuple[Word, Word, Word, Word]:
    """One block of Philox4x64-10: four random words that belong to `key` (2 words) and `counter` (4 words).

    Arrays or tuples. The same bits as ``numpy.random.Philox(key=key, counter=counter - 1).random_raw(4)``: numpy
    increments its counter before it draws.
    """
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    c0, c1, c2, c3 = np.uint64(counter[0]), np.uint64(counter[1]), np.uint64(counter[2]), np.uint64(counter[3])
    m0, m1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
    for _ in range(10):
        h0, h1 = _multiply_high(m0, c0), _multiply_high(m1, c2)
        c0, c1, c2, c3 = h1 ^ c1 ^ k0, m1 * c2, h0 ^ c3 ^ k1, m0 * c0
        k0 += np.uint64(0x9E3779B97F4A7C15)
        k1 += np.uint64(0xBB67AE8584CAA73B)
    return c0, c1, c2, c3


@njit(cache=True, nogil=True)
def _fill_states(key: State, first: Word, purpose: Word, states: State) -> None:
    zero = np.uint64(0)
    for i in range(len(states)):
        block = philox(key, (first + np.uint64(i), purpose, zero, zero))
        states[i, 0], states[i, 1], states[i, 2], states[i, 3] = block


@njit(cache=True, nogil=True)
def _rotate_left(x: Word, k: int) -> Word:
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@njit(cache=True, nogil=True)
def next_uint64(state: State) -> Word:
    """The next 64 random bits of `state` (xoshiro256++)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    result = _rotate_left(s0 + s3, 23) + s0
    s2 ^= s0
    s3 ^= s1
    state[0], state[1], state[2], state[3] = s0 ^ s3, s1 ^ s2, s2 ^ (s1 << np.uint64(17)), _rotate_left(s3, 45)
    return result


@njit(cache=True, nogil=True)
def uniform(state: State) -> float:
    """A multiple of 2**-53 in [0, 1)."""
    return (next_uint64(state) >> np.uint64(11)) * 2.0**-53


@njit(cache=True, nogil=True)
def integer_below(state: State, n: int) -> int:
    """An unbiased integer from 0 to `n` - 1, for 0 < `n` < 2**63 (Lemire 2019)."""
    bound = np.uint64(n)
    word = next_uint64(state)
    low = word * bound
    if low < bound:
        threshold = (np.uint64(0) - bound) % bound
        while low < threshold:
            word = next_uint64(state)
            low = word * bound
    return int(np.int64(_multiply_high(word, bound)))


def _ziggurat_layers(
    r: float, base: float, density: Callable[[float], float], inverse: Callable[[float], float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Width and inner width of the layers, height of their floors, and their thickness: equation (1), x_0 = `base`."""
    width = [base, r]
    while len(width) < 256:
        width.append(inverse(density(width[-1]) + base * density(r) / width[-1]))
    width.append(0.0)
    floor = [0.0, *(density(x) for x in width[1:])]
    thickness = np.diff(floor)
    thickness[0] = 1.0  # the tail compares a plain uniform number with its acceptance probability
    return np.array(width[:256]), np.array(width[1:]), np.array(floor[:256]), thickness


_NORMAL_R = 3.655420419026941513748  # solved from equation (1) with 40 digits
_NORMAL_BASE = _NORMAL_R + 1.0 / _NORMAL_R
_NORMAL_WIDTH, _NORMAL_INNER, _NORMAL_FLOOR, _NORMAL_THICKNESS = _ziggurat_layers(
    _NORMAL_R, _NORMAL_BASE, lambda x: math.exp(-0.5 * x * x), lambda y: math.sqrt(-2.0 * math.log(y))
)
_NORMAL_SCALE = _NORMAL_WIDTH * 2.0**-52  # of an integer with a sign and 52 bits

_EXPONENTIAL_R = 7.69711747013104972  # Marsaglia & Tsang 2000
_EXPONENTIAL_WIDTH, _EXPONENTIAL_INNER, _EXPONENTIAL_FLOOR, _EXPONENTIAL_THICKNESS = _ziggurat_layers(
    _EXPONENTIAL_R, _EXPONENTIAL_R + 1.0, lambda x: math.exp(-x), lambda y: -math.log(y)
)
_EXPONENTIAL_SCALE = _EXPONENTIAL_WIDTH * 2.0**-53


@njit(cache=True, nogil=True)
def normal(state: State) -> float:
    """A number from the standard normal distribution."""
    while True:
        word = next_uint64(state)
        layer = word & np.uint64(255)
        x = ((np.int64(word) >> 11) + 0.5) * _NORMAL_SCALE[layer]  # the half makes the abscissae symmetric about zero
        if abs(x) < _NORMAL_INNER[layer]:
            return x
        distance = x
        if layer == np.uint64(0):
            # the part of the base strip that is left beyond |x|, in units of 1/r, is uniform in (0, 1]
            distance = -math.log(_NORMAL_R * (_NORMAL_BASE - abs(x))) / _NORMAL_R
            x = _NORMAL_R + distance if x > 0.0 else -_NORMAL_R - distance
        if _NORMAL_FLOOR[layer] + _NORMAL_THICKNESS[layer] * uniform(state) < math.exp(-0.5 * distance * distance):
            return x


@njit(cache=True, nogil=True)
def fill_normal(state: State, out: NDArray[np.float64]) -> None:
    """Fill an array of one dimension with numbers from the standard normal distribution."""
    for i in range(out.size):
        out[i] = normal(state)


@njit(cache=True, nogil=True)
def exponential(state: State) -> float:
    """A number from the exponential distribution of mean 1."""
    origin = 0.0
    while True:
        word = next_uint64(state)
        layer = word & np.uint64(255)
        x = (word >> np.uint64(11)) * _EXPONENTIAL_SCALE[layer]
        if x < _EXPONENTIAL_INNER[layer]:
            return origin + x
        if layer == np.uint64(0):
            origin += _EXPONENTIAL_R
        elif _EXPONENTIAL_FLOOR[layer] + _EXPONENTIAL_THICKNESS[layer] * uniform(state) < math.exp(-x):
            return origin + x


@njit(cache=True, nogil=True)
def poisson(state: State, mean: float) -> int:
    """A number from the Poisson distribution of `mean`, which is at most 2**52: floats resolve no more."""
    if mean < 10.0:
        if mean <= 0.0:
            return 0
        first = math.exp(-mean)
        while True:
            rest, probability, k = uniform(state), first, 0
            while rest >= probability and k < 200:
                rest -= probability
                k += 1
                probability *= mean / k
            if k < 200:  # only rounding leads there: the tail beyond has less than 1e-150
                return k
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u = uniform(state) - 0.5 + 2.0**-54  # symmetric about zero, never at an end
        v = uniform(state)
        side = 0.5 - abs(u)
        k = np.floor((2.0 * a / side + b) * u + mean + 0.43)
        if side >= 0.07 and v <= squeeze:
            return int(np.int64(k))
        if k < 0.0 or (side < 0.013 and v > side):
            continue
        height = v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (side * side) + b)
        if height <= 0.0 or math.log(height) <= _log_poisson(float(k), mean):
            return int(np.int64(k))


@njit(cache=True, nogil=True)
def _log_poisson(k: float, mean: float) -> float:
    if k < 20.0:
        return k * math.log(mean) - mean - math.lgamma(k + 1.0)
    excess, inverse = (mean - k) / k, 1.0 / k
    square = inverse * inverse
    beyond_stirling = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)))
    return -k * (excess - math.log1p(excess)) - 0.5 * math.log(2.0 * math.pi * k) - beyond_stirling


@njit(cache=True, nogil=True)
def shuffle_rows(source: NDArray[Any], target: NDArray[Any], state: State) -> None:
    """Copy the rows of `source` (n, k) in random order to `target`.

    Every order is equally likely (Rao 1961, Sandelius 1962): each row falls into one of 256 buckets by chance, then
    each bucket, which fits into the cache, is shuffled by Fisher & Yates.
    """
    n, width = source.shape
    bucket = np.zeros(n, np.uint8)
    begin = np.zeros(257, np.int64)
    if n > 4096:
        for i in range(0, n, 8):
            word = next_uint64(state)
            for j in range(i, min(i + 8, n)):
                bucket[j] = word & np.uint64(255)
                word >>= np.uint64(8)
                begin[bucket[j] + 1] += 1
    else:
        begin[1] = n
    for b in range(256):
        begin[b + 1] += begin[b]
    place = begin[:256].copy()
    for i in range(n):
        row = place[bucket[i]]
        place[bucket[i]] += 1
        for column in range(width):
            target[row, column] = source[i, column]
    for b in range(256):
        low = begin[b]
        for i in range(begin[b + 1] - low - 1, 0, -1):
            j = integer_below(state, i + 1)
            for column in range(width):
                target[low + i, column], target[low + j, column] = target[low + j, column], target[low + i, column]

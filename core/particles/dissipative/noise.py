r"""Noise that belongs to a pair of particles and a step, for the price of two multiplications.

The pair force needs a number that both partners, every thread and every order of the loop agree on: a function of
(seed, step, smaller index, larger index). Philox gives two words of key to a step, and a pair (i < j) has

.. math::

    x = A i + B j + k_0, \qquad w = \mathrm{high}(x (x \oplus k_1)) \oplus \mathrm{low}(x (x \oplus k_1)) \tag{1}

modulo 2^64 with odd constants A and B; high and low are the halves of the 128-bit product. Neighbouring pairs differ by
A or B, so that along either index (1) is the folded multiplication of the wyrand generator [1]. The number is uniform,

.. math::

    \zeta = \sqrt{3} \, 2^{-63} w, \qquad w \in [-2^{63}, 2^{63}) \tag{2}

of zero mean and unit variance, and bounded, which is enough for a force in small steps [2]. Where momentum is exchanged
in large ones, Maxwell's distribution stays only if the noise is normal: then the four quarters of w are added, to the
sum s of variance 1, and

.. math::

    \zeta = s \, (c_0 + c_1 s^2 + c_2 s^4 + c_3 s^6) \tag{3}

has the moments 1, 3, 15 and 105 of a normal number, and is bounded by 5.04.

References
----------
1. Wang Yi et al., wyhash (https://github.com/wangyi-fudan/wyhash), final version 4.
2. Dunweg & Paul, Int. J. Mod. Phys. C 2, 817 (1991), doi:10.1142/S0129183191001037.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import philox

__all__ = ["NOISE_SCALE", "bell", "pair_noise", "pair_word", "quarters", "step_keys"]

NOISE_SCALE = math.sqrt(3.0) * 2.0**-63
"""What turns a signed 64-bit word into a number of unit variance, equation (2)."""
_QUARTERS_SCALE = math.sqrt(3.0 / (65536.0**2 - 1.0))
_BELL = (0.9554664534582987, 0.021272612064048797, -0.003408707659809469, 0.00042516035818072103)  # by its four moments


def _type_fold_product(typing_context: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, word = ir.IntType(128), ir.IntType(64)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        high = builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), word)
        return builder.xor(high, builder.trunc(product, word))

    return types.int64(types.uint64, types.uint64), generate


_fold_product: Any = intrinsic(_type_fold_product)


@njit(cache=True, nogil=True, error_model="numpy")
def pair_word(low: Any, high: Any, key0: Any, key1: Any) -> int:
    """Signed random word of the pair (`low` < `high`) under a step's keys, equation (1); all arguments uint64."""
    x = low * np.uint64(0x9E3779B97F4A7C15) + high * np.uint64(0xD1342543DE82EF95) + key0
    return _fold_product(x, x ^ key1)


@njit(cache=True, nogil=True, error_model="numpy")
def quarters(word: int) -> float:
    """Sum of the four quarters of a word, of zero mean and unit variance."""
    w = np.uint64(word)
    low = np.uint64(0xFFFF)
    total = (w & low) + ((w >> np.uint64(16)) & low) + ((w >> np.uint64(32)) & low) + (w >> np.uint64(48))
    return (np.int64(total) - 131070.0) * _QUARTERS_SCALE


@njit(cache=True, nogil=True, error_model="numpy")
def bell(s: float) -> float:
    """Turn the sum of `quarters` into an almost normal number, equation (3)."""
    q = s * s
    return s * (_BELL[0] + q * (_BELL[1] + q * (_BELL[2] + q * _BELL[3])))


@njit(cache=True, nogil=True, error_model="numpy")
def step_keys(key: Any, step: int) -> tuple[Any, Any]:
    """The two words of key of a step: one block of Philox."""
    zero = np.uint64(0)
    block = philox((key[0], key[1]), (np.uint64(step), np.uint64(1), zero, zero))
    return block[0], block[1]


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_noise(key: NDArray[np.uint64], step: int, first: Any, second: Any, normal: bool, out: Any) -> None:
    key0, key1 = step_keys(key, step)
    for n in range(len(out)):
        low, high = min(first[n], second[n]), max(first[n], second[n])
        word = pair_word(np.uint64(low), np.uint64(high), key0, key1)
        out[n] = bell(quarters(word)) if normal else NOISE_SCALE * word


def pair_noise(
    key: ArrayLike, step: int, first: ArrayLike, second: ArrayLike, *, normal: bool = False
) -> NDArray[np.float64]:
    """The numbers that the pairs (`first`, `second`) get in a step, of mean 0 and variance 1.

    Parameters
    ----------
    key : array_like
        Two words, uint64.
    step : int
        Number of the step.
    first, second : array_like of int
        Indices of the partners; their order does not matter.
    normal : bool
        Almost normal, as the exchanges of momentum need, or uniform, as the forces.

    Raises
    ------
    ValueError
        If the key is not two whole numbers, or the step or an index is not one of at least 0.

    Examples
    --------
    >>> bool(pair_noise([1, 2], 7, [3], [5])[0] == pair_noise([1, 2], 7, [5], [3])[0])
    True
    """
    words = np.asarray(key, np.uint64)
    if words.shape != (2,):
        raise ValueError(f"key = {key!r}: must be two whole numbers")
    if int(step) != step or step < 0:
        raise ValueError(f"step = {step}: must be a whole number of at least 0")
    partners = np.asarray(first), np.asarray(second)
    if any(p.dtype.kind not in "iu" or (p < 0).any() for p in partners):
        raise ValueError("first, second: must be whole numbers of at least 0")
    i, j = np.broadcast_arrays(np.atleast_1d(partners[0].astype(np.int64)), partners[1].astype(np.int64))
    out = np.empty(i.size)
    _fill_noise(words, int(step), i.ravel(), j.ravel(), bool(normal), out)
    return out.reshape(i.shape)

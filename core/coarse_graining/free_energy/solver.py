r"""The convex problem behind MBAR and WHAM, and how it is solved.

The free energies are where

.. math:: L(f) = \sum_n \omega_n \ln \sum_k n_k e^{f_k - u_{kn}} - \sum_k n_k f_k   \qquad (1)

is least: :math:`\omega_n` is what a sample (or the content of a bin) counts for, :math:`n_k` the sum of it over the
samples of state *k*. With the weights :math:`W_{kn} = e^{f_k - u_{kn}} / \sum_j n_j e^{f_j - u_{jn}}`, gradient and
Hessian are

.. math:: g_k = n_k (\sum_n \omega_n W_{kn} - 1), \qquad H = \mathrm{diag}(n_k + g_k) - n_j n_k G_{jk}, \qquad
   G = W \omega W^T   \qquad (2)

Work is counted in passes over the K x N matrix. Its exponentials are taken once, relative to a first guess and to the
largest term of each sample, so that no later pass calls *exp*. The guess comes from Bennett's estimate for pairs of
states, along the spanning tree of those that overlap best, and from Newton's method on a thinned set; on the whole set,
a step with an old Hessian costs one matrix-vector product, and the Hessian (a symmetric rank-K update, the only
expensive pass) is renewed only where such a step gains less than a factor of ten, and once at the end, where the
covariance needs it.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.threads import map_blocks
from .guess import guess_from_pairs

__all__ = ["Solution", "solve"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_BLOCK = 512  # columns that stay in the cache while all products with them are made
_GROUP = 64  # blocks in one call of a kernel
_FAR = 100.0  # beyond this distance from the guess the exponentials are taken anew
_PAIRED = 24  # samples of each state in the comparison of pairs
_THIN = 512  # samples of each state on which Newton's method begins
_ROUNDING = 1e-13


class Solution(NamedTuple):
    """Where equation (1) is least, f_0 = 0."""

    free_energy: Floats
    """Shape (K,)."""
    log_mixture: Floats
    """ln sum_k n_k exp(f_k - u_kn), shape (N,)."""
    gram: Floats
    """G of equation (2) at the solution."""
    step: float
    """Largest component of the Newton step that remains."""
    converged: bool
    """Whether it is below the tolerance."""
    passes: tuple[int, int]
    """Passes over the whole matrix: without, and with the Hessian."""


def solve(
    reduced: Floats, counts: Floats, weights: Floats, members: Integers, starts: Integers, tolerance: float
) -> Solution:
    """Minimise equation (1).

    Parameters
    ----------
    reduced : numpy.ndarray
        u, shape (K, N); plus infinity where a state forbids a sample.
    counts : numpy.ndarray
        n, positive, shape (K,).
    weights : numpy.ndarray
        omega, shape (N,).
    members, starts : numpy.ndarray
        Columns that state *k* sampled: ``members[starts[k] : starts[k + 1]]``.
    tolerance : float
        Largest remaining step.
    """
    chosen, spans = _thin(members, starts, _PAIRED)
    guess = guess_from_pairs(np.ascontiguousarray(reduced[:, chosen]), spans)
    chosen, _ = _thin(members, starts, _THIN)
    hessian: Floats | None = None
    if 4 * len(chosen) < reduced.shape[1]:
        chosen = np.unique(chosen)
        part = _Equations(reduced[:, chosen], counts, weights[chosen] * (weights.sum() / weights[chosen].sum()), guess)
        guess, hessian, _, _ = _descend(part, guess, None, 1e-3)
    whole = _Equations(reduced, counts, weights, guess)
    f, _, gram, step = _descend(whole, guess, hessian, tolerance)
    finest = max(tolerance, _ROUNDING / _smallest_curvature(gram, counts), _resolution(f))
    return Solution(f - f[0], whole.log_mixture(f), gram, step, step <= finest, (whole.light, whole.heavy))


class _Equations:
    """Value, gradient and Hessian of equation (1), from exponentials taken once.

    Samples stand in blocks of columns, of which the last is filled up with samples of weight zero. Blocks go to the
    thread pool in groups whose sums are added in order, so that no bit depends on the number of threads.
    """

    def __init__(self, reduced: Floats, counts: Floats, weights: Floats, origin: Floats) -> None:
        self.reduced, self.counts, self.size = reduced, counts, reduced.shape[1]
        blocks = -(-self.size // _BLOCK)
        self.light = self.heavy = 0
        self.weights, self.shift = np.zeros((blocks, _BLOCK)), np.zeros((blocks, _BLOCK))
        self.weights.reshape(-1)[: self.size] = weights
        self.terms = np.ones((blocks, len(counts), _BLOCK))
        self._take_exponentials(origin)

    def _take_exponentials(self, origin: Floats) -> None:
        self.origin = origin.copy()

        def fill(begin: int, end: int) -> None:
            for i in range(begin, end):
                low, high = i * _BLOCK, min((i + 1) * _BLOCK, self.size)
                block = self.terms[i, :, : high - low]
                np.subtract(origin[:, None], self.reduced[:, low:high], out=block)
                top = block.max(axis=0)
                block -= top
                np.exp(block, out=block)
                self.shift[i, : high - low] = top

        map_blocks(fill, len(self.terms), _GROUP)

    def near(self, f: Floats) -> Floats:
        """exp(f_k - origin_k), after new exponentials if f is far from where they were taken."""
        distance = f - self.origin
        distance = distance - distance.mean()
        if np.abs(distance).max() > _FAR:
            self._take_exponentials(f)
        scale: Floats = np.exp(f - self.origin)
        return scale

    def evaluate(self, f: Floats) -> tuple[float, Floats]:
        """L and sum_n omega W_kn."""
        scale = self.near(f)
        factors = scale * self.counts

        def add(begin: int, end: int) -> tuple[float, Floats]:
            part = slice(begin, end)
            return _sum_weights(self.terms[part], factors, self.weights[part], self.shift[part])

        parts = map_blocks(add, len(self.terms), _GROUP)
        self.light += 1
        value, sums = math.fsum(part[0] for part in parts), np.sum([part[1] for part in parts], axis=0)
        return value - float(self.counts @ f), sums * scale

    def gram(self, f: Floats) -> tuple[Floats, Floats]:
        """Sum_n omega W_kn, and G."""
        scale = self.near(f)
        factors = scale * self.counts

        def add(begin: int, end: int) -> tuple[Floats, Floats]:
            return _sum_products(self.terms[begin:end], factors, self.weights[begin:end])

        parts = map_blocks(add, len(self.terms), _GROUP)
        self.heavy += 1
        sums, gram = (np.sum([part[i] for part in parts], axis=0) for i in (0, 1))
        return sums * scale, gram * scale[:, None] * scale

    def log_mixture(self, f: Floats) -> Floats:
        """Of each sample, with the gauge f_0 = 0."""
        factors = self.near(f) * self.counts
        logs: Floats = np.log(np.einsum("k,bkn->bn", factors, self.terms)) + self.shift - f[0]
        return logs.reshape(-1)[: self.size]


def _descend(
    equations: _Equations, f: Floats, hessian: Floats | None, tolerance: float
) -> tuple[Floats, Floats, Floats, float]:
    """Newton's method with old Hessians where they do; each step lowers L, or is one of the self-consistent iteration.

    Returns f, the Hessian and G there, and the size of the Newton step that is left.
    """
    counts = equations.counts
    value, sums = equations.evaluate(f)
    gram = np.zeros((len(f), len(f)))
    fresh, size = False, math.inf
    for _ in range(200):
        if hessian is None:
            sums, gram = equations.gram(f)
            hessian, fresh = np.diag(counts * sums) - counts[:, None] * gram * counts, True
        step = _newton_step(hessian, counts, counts * (sums - 1.0))
        before, size = size, float(np.abs(step).max())
        if size <= max(tolerance, _resolution(f)):
            if fresh:
                break
            hessian = None  # believed only with the Hessian at the solution, which the covariance needs anyway
            if np.isfinite(size):
                f = f + step
            continue
        f, value, sums, gained = _take_step(equations, f, step, value, sums)
        if fresh and not gained and size < 1e-6:
            break  # rounding
        if not gained or size > 0.1 * before or size > 1.0:
            hessian = None
        fresh = False
    if not fresh or hessian is None:
        sums, gram = equations.gram(f)
        hessian = np.diag(counts * sums) - counts[:, None] * gram * counts
        size = float(np.abs(_newton_step(hessian, counts, counts * (sums - 1.0))).max())
    return f, hessian, gram, size


def _take_step(
    equations: _Equations, f: Floats, step: Floats, value: float, sums: Floats
) -> tuple[Floats, float, Floats, bool]:
    """The longest of step, step/4, step/16 that lowers L, else the self-consistent iteration, which always does."""
    noise = 1e-14 * (abs(value) + float(np.abs(equations.counts * f).sum()))
    for share in (1.0, 0.25, 0.0625):
        longest = float(np.abs(step).max()) * share
        if longest > 0.5 * _FAR:
            continue
        trial = f + share * step
        new, new_sums = equations.evaluate(trial)
        if new <= value + noise:
            return trial, new, new_sums, True
    trial = f - np.log(np.maximum(sums, 1e-300))
    new, new_sums = equations.evaluate(trial)
    return trial, new, new_sums, False


def _newton_step(hessian: Floats, counts: Floats, gradient: Floats) -> Floats:
    """-H^+ g: scaled by the counts, H has eigenvalues between 0 and 1; shifting all f alike changes nothing."""
    root = np.sqrt(counts)
    null = root / math.sqrt(float(root @ root))
    scaled = hessian / root[:, None] / root + null[:, None] * null
    curvature, modes = np.linalg.eigh(scaled)
    along = modes.T @ (gradient / root)
    step = -(modes @ (along / np.maximum(curvature, 1e-13))) / root
    shifted: Floats = step - step[0]
    return shifted


def _resolution(f: Floats) -> float:
    """What floating-point numbers as large as f can tell apart."""
    return 1e-15 * float(np.abs(f).max())


def _smallest_curvature(gram: Floats, counts: Floats) -> float:
    """1 minus the second eigenvalue of the overlap matrix."""
    if len(counts) == 1:
        return 1.0
    root = np.sqrt(counts)
    return max(1.0 - float(np.linalg.eigvalsh(root[:, None] * gram * root)[-2]), 1e-15)


def _thin(members: Integers, starts: Integers, most: int) -> tuple[Integers, Integers]:
    """At most `most` columns of each state, equally spaced, and where each state's begin."""
    parts = []
    for low, high in itertools.pairwise(starts.tolist()):
        size = min(most, high - low)
        parts.append(members[low + (np.arange(size) * (high - low)) // max(size, 1)])
    sizes = [len(part) for part in parts]
    return np.concatenate(parts), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _sum_weights(terms: Floats, factors: Floats, weights: Floats, shift: Floats) -> tuple[float, Floats]:
    """Sum of omega ln(mixture), and for each state of omega times its term over the mixture."""
    states, columns = terms.shape[1:]
    value, sums, mixture = 0.0, np.zeros(states), np.empty(columns)
    for b in range(terms.shape[0]):
        mixture[:] = 0.0
        for k in range(states):
            for n in range(columns):
                mixture[n] += factors[k] * terms[b, k, n]
        for n in range(columns):
            value += weights[b, n] * (math.log(mixture[n]) + shift[b, n])
            mixture[n] = weights[b, n] / mixture[n]
        for k in range(states):
            total = 0.0
            for n in range(columns):
                total += terms[b, k, n] * mixture[n]
            sums[k] += total
    return value, sums


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _sum_products(terms: Floats, factors: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The same sums, and those of products of two states, four by four so that registers hold them."""
    states, columns = terms.shape[1:]
    wide = 4 * ((states + 3) // 4)
    sums, gram, mixture, rows = np.zeros(states), np.zeros((wide, wide)), np.empty(columns), np.zeros((wide, columns))
    for b in range(terms.shape[0]):
        mixture[:] = 0.0
        for k in range(states):
            for n in range(columns):
                mixture[n] += factors[k] * terms[b, k, n]
        for n in range(columns):
            mixture[n] = math.sqrt(weights[b, n]) / mixture[n]
        for k in range(states):
            total = 0.0
            for n in range(columns):
                rows[k, n] = terms[b, k, n] * mixture[n]
                total += rows[k, n] * math.sqrt(weights[b, n])
            sums[k] += total
        for i in range(0, wide, 4):
            a0, a1, a2, a3 = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
            for j in range(0, i + 4, 4):
                b0, b1, b2, b3 = rows[j], rows[j + 1], rows[j + 2], rows[j + 3]
                s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = 0.0
                s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = 0.0
                for n in range(columns):
                    s00 += a0[n] * b0[n]
                    s01 += a0[n] * b1[n]
                    s02 += a0[n] * b2[n]
                    s03 += a0[n] * b3[n]
                    s10 += a1[n] * b0[n]
                    s11 += a1[n] * b1[n]
                    s12 += a1[n] * b2[n]
                    s13 += a1[n] * b3[n]
                    s20 += a2[n] * b0[n]
                    s21 += a2[n] * b1[n]
                    s22 += a2[n] * b2[n]
                    s23 += a2[n] * b3[n]
                    s30 += a3[n] * b0[n]
                    s31 += a3[n] * b1[n]
                    s32 += a3[n] * b2[n]
                    s33 += a3[n] * b3[n]
                gram[i, j] += s00
                gram[i, j + 1] += s01
                gram[i, j + 2] += s02
                gram[i, j + 3] += s03
                gram[i + 1, j] += s10
                gram[i + 1, j + 1] += s11
                gram[i + 1, j + 2] += s12
                gram[i + 1, j + 3] += s13
                gram[i + 2, j] += s20
                gram[i + 2, j + 1] += s21
                gram[i + 2, j + 2] += s22
                gram[i + 2, j + 3] += s23
                gram[i + 3, j] += s30
                gram[i + 3, j + 1] += s31
                gram[i + 3, j + 2] += s32
                gram[i + 3, j + 3] += s33
    for i in range(wide):
        for j in range(i):
            gram[j, i] = gram[i, j]
    return sums, gram[:states, :states].copy()

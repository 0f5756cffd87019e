r"""Kernels: thermal chains drawn joint by joint, without a Markov chain, and what is measured on them.

The joints of a free chain are independent, so that every chain is an independent sample. Neither the angle nor the
azimuth of a joint costs a trigonometric function:

- Two normal numbers (g, h) are a point of the plane; its direction is uniform, its square is exponential. In space it
  gives the *cosine* joint exactly, 1 - cos theta = (g^2 + h^2) / 2 kappa modulo 2 (the exponential law has no memory).
- For the *harmonic* joint theta = |(g, h)| / (kappa + 1/3)^1/2 is accepted with (sin theta / theta) exp(theta^2 / 6),
  which is at most one and at least 1 - theta^4/90 for theta < 1: hardly ever must it be computed.
- On a surface a harmonic joint is a normal number within half a turn, a cosine joint a normal number of variance
  pi^2 / 4 kappa, which lies above its density as 1 - cos theta >= 2 theta^2 / pi^2.

The frame of each segment is the one before it after the least rotation that aligns the tangents (a frame without
twist), so that a joint with the components x = theta cos phi, y = theta sin phi adds exactly these two to the tangent's
angles in the two planes of the frame. The modes are those of these two angles.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...core.kernels.random import normal, uniform
from ...core.kernels.threads import map_blocks
from ...core.model import Streams, Tick
from .joints import Dimensions, JointPotential

__all__ = ["ChainStatistics", "measure_chains", "sample_chains"]

GROUPS = 64  # of chains, whose scatter gives the standard errors
LONGEST_LAG = 128
HIGHEST_MODE = 8
_JOINTS_PER_BLOCK = 4_000_000  # about 0.1 s
_SMALL = 0.5  # theta^2 up to which short polynomials are exact

Floats = NDArray[np.float64]


class ChainStatistics(NamedTuple):
    """Means over groups of chains; the first axis is the group.

    Attributes
    ----------
    weight : numpy.ndarray
        Chains in the group.
    square_angle, loss : numpy.ndarray
        theta^2 [rad2] and 1 - cos theta [1] of a joint.
    square_distance, square_radius : numpy.ndarray
        Squares of the end-to-end distance and of the radius of gyration, in units of the segment length.
    correlation : numpy.ndarray
        t_i . t_{i + lag}, for lag = 1, 2, ...
    mode_variance : numpy.ndarray
        Mean square of the sum over the segments of angle cos(n pi (k - 1/2) / N), for n = 1, 2, ... [rad2].
    """

    weight: Floats
    square_angle: Floats
    loss: Floats
    square_distance: Floats
    square_radius: Floats
    correlation: Floats
    mode_variance: Floats


def sample_chains(
    stiffness_ratio: float,
    segments: int,
    samples: int,
    potential: JointPotential,
    dimensions: Dimensions,
    streams: Streams,
    tick: Tick,
) -> ChainStatistics:
    """Draw chains at the stiffness k/kT and measure them."""
    states, edges = streams(samples), _cut_groups(samples)
    lags, stride = count_lags(segments), count_lags(segments)
    table = _tabulate_modes(segments)

    def work(begin: int, end: int) -> Floats:
        rows = np.zeros((end - begin, 4 + lags + table.shape[1]))
        for row, group in zip(rows, range(begin, end), strict=True):
            chains = states[edges[group] : edges[group + 1]]
            _sample_chains(chains, stiffness_ratio, potential == "harmonic", dimensions, stride, table, row)
        return rows

    block = max(1, int(_JOINTS_PER_BLOCK * (len(edges) - 1) / (samples * segments)))
    rows = np.concatenate(map_blocks(work, len(edges) - 1, block, tick=tick))
    return _normalize(rows, edges, segments, lags, stride, dimensions)


def measure_chains(
    angles: Floats, torsions: Floats | None, dimensions: Dimensions, streams: Streams, tick: Tick
) -> ChainStatistics:
    """Measure given chains: angles of the joints (chain, joint) and torsions of the segments between them.

    In space, torsions that are not given are drawn: uniform, as in a chain that turns freely. Along a frame without
    twist the azimuth of a joint is the sum of the torsions before it.
    """
    azimuths = np.zeros_like(angles)
    if torsions is not None:
        np.cumsum(torsions, axis=1, out=azimuths[:, 1:])
    elif dimensions == 3:
        _draw_azimuths(streams(len(angles)), azimuths)
    samples, joints = angles.shape
    segments, edges = joints + 1, _cut_groups(samples)
    lags, table = count_lags(segments), _tabulate_modes(segments)

    def work(begin: int, end: int) -> Floats:
        rows = np.zeros((end - begin, 4 + lags + table.shape[1]))
        for row, group in zip(rows, range(begin, end), strict=True):
            chains = slice(edges[group], edges[group + 1])
            _measure_chains(angles[chains], azimuths[chains], table, row)
        return rows

    block = max(1, int(_JOINTS_PER_BLOCK * (len(edges) - 1) / (samples * segments * lags)))
    rows = np.concatenate(map_blocks(work, len(edges) - 1, block, tick=tick))
    return _normalize(rows, edges, segments, lags, 1, dimensions)


def count_lags(segments: int) -> int:
    """Lags at which tangents are compared: up to half of the chain."""
    return max(1, min(segments // 2, LONGEST_LAG))


def count_modes(segments: int) -> int:
    """Modes that are measured: the lowest, which bending dominates."""
    return min(segments - 1, HIGHEST_MODE)


def _cut_groups(samples: int) -> NDArray[np.int64]:
    return np.linspace(0, samples, min(samples, GROUPS) + 1).astype(np.int64)


def _tabulate_modes(segments: int) -> Floats:
    """Weights of the joints in the modes: a joint turns all segments behind it, over which the cosines are summed."""
    mode = np.arange(1, count_modes(segments) + 1)
    joint = np.arange(1, segments)[:, None]
    half = mode * (np.pi / (2 * segments))
    return -np.sin(joint * (2.0 * half)) / (2.0 * np.sin(half))


def _normalize(
    rows: Floats, edges: NDArray[np.int64], segments: int, lags: int, stride: int, dimensions: Dimensions
) -> ChainStatistics:
    weight = np.diff(edges).astype(float)
    rows = rows / weight[:, None]
    lag = np.arange(1, lags + 1)
    origins = (segments - 1 - lag) // stride + 1
    correlation = rows[:, 4 : 4 + lags] / origins
    modes = rows[:, 4 + lags :] / (dimensions - 1)
    joints = segments - 1
    return ChainStatistics(weight, rows[:, 0] / joints, rows[:, 1] / joints, rows[:, 2], rows[:, 3], correlation, modes)


@njit(cache=True, nogil=True)
def _sample_chains(states, kappa, harmonic, dimensions, stride, table, row):
    """Draw one chain from each state; add what is measured to `row`: four numbers, the correlations, the modes."""
    joints = table.shape[0]
    joint = np.empty((4, joints))
    tangent = np.empty((3, joints + 1))
    state = np.empty(4, np.uint64)
    for chain in range(len(states)):
        state[:] = states[chain]
        if dimensions == 2:
            _draw_planar(state, kappa, harmonic, joint)
        elif harmonic:
            _draw_harmonic(state, kappa, joint)
        else:
            _draw_cosine(state, kappa, joint)
        _measure_chain(joint, stride, table, tangent, row)


@njit(cache=True, nogil=True)
def _draw_azimuths(states, azimuths):
    for chain in range(len(azimuths)):
        for k in range(azimuths.shape[1]):
            azimuths[chain, k] = 2.0 * math.pi * uniform(states[chain])


@njit(cache=True, nogil=True)
def _measure_chains(angles, azimuths, table, row):
    """As `_sample_chains`, on given joints, with every segment as an origin of the correlation."""
    joints = table.shape[0]
    joint = np.empty((4, joints))
    tangent = np.empty((3, joints + 1))
    for chain in range(len(angles)):
        for k in range(joints):
            angle = angles[chain, k]
            joint[0, k] = angle * math.cos(azimuths[chain, k])
            joint[1, k] = angle * math.sin(azimuths[chain, k])
            half, joint[3, k] = _split_large(angle * angle) if angle * angle >= _SMALL else _split_small(angle * angle)
            joint[2, k] = half * angle * angle
        _measure_chain(joint, 1, table, tangent, row)


@njit(cache=True, nogil=True, inline="always", fastmath={"contract"})
def _split_small(square):
    """(1 - cos theta) / theta^2 and sin theta / theta from theta^2 < 1/2, to rounding."""
    loss = 1 / 40320 - square * (1 / 3628800 - square * (1 / 479001600 - square * (1 / 87178291200)))
    sine = 1 / 362880 - square * (1 / 39916800 - square * (1 / 6227020800 - square * (1 / 1307674368000)))
    loss = 1 / 2 - square * (1 / 24 - square * (1 / 720 - square * loss))
    return loss, 1.0 - square * (1 / 6 - square * (1 / 120 - square * (1 / 5040 - square * sine)))


@njit(cache=True, nogil=True, inline="always")
def _split_large(square):
    """As `_split_small`, for any positive theta^2."""
    angle = math.sqrt(square)
    half = math.sin(0.5 * angle)
    return 2.0 * half * half / square, math.sin(angle) / angle


@njit(cache=True, nogil=True, fastmath={"contract"})
def _draw_harmonic(state, kappa, joint):
    """Harmonic joints in space. Rows of `joint`: components of the angle, 1 - cos theta, sin theta / theta."""
    scale = 1.0 / math.sqrt(kappa + 1.0 / 3.0)
    for k in range(joint.shape[1]):
        while True:
            x, y = scale * normal(state), scale * normal(state)
            square = x * x + y * y
            u = uniform(state)
            if square < _SMALL:
                loss, sine = _split_small(square)
                if 90.0 * u > square * square or 1.0 - u < sine * math.exp(square / 6.0):
                    break
            elif square < math.pi * math.pi:
                loss, sine = _split_large(square)
                if 1.0 - u < sine * math.exp(square / 6.0):
                    break
        joint[0, k], joint[1, k], joint[2, k], joint[3, k] = x, y, loss * square, sine


@njit(cache=True, nogil=True, fastmath={"contract"})
def _draw_cosine(state, kappa, joint):
    """Cosine joints in space."""
    scale, half = 1.0 / math.sqrt(kappa), 0.25 / kappa
    for k in range(joint.shape[1]):
        g, h = normal(state), normal(state)
        square = g * g + h * h
        q = half * square  # half the loss, sin^2(theta / 2)
        if q < 0.05:
            ratio, sine = _split_loss(q)
            joint[0, k], joint[1, k], joint[2, k], joint[3, k] = scale * ratio * g, scale * ratio * h, 2.0 * q, sine
            continue
        loss = 2.0 * q
        if loss > 2.0:
            loss = max(loss % 2.0, 1e-30)  # an exact multiple would leave no direction
        angle = 2.0 * math.asin(math.sqrt(0.5 * loss))
        stretch = angle / math.sqrt(square)
        joint[0, k], joint[1, k], joint[2, k] = stretch * g, stretch * h, loss
        joint[3, k] = math.sqrt(loss * (2.0 - loss)) / angle


@njit(cache=True, nogil=True, inline="always", fastmath={"contract"})
def _split_loss(q):
    """theta / (2 sin(theta / 2)) and sin theta / theta from q = sin^2(theta / 2) < 1/20, to rounding (Taylor)."""
    ratio = 0.011551800896139705 + q * (0.009761609529194078 + q * 0.008390335809616815)
    ratio = 0.022372159090909092 + q * (0.017352764423076924 + q * (0.01396484375 + q * ratio))
    ratio = 3 / 40 + q * (5 / 112 + q * (35 / 1152 + q * ratio))
    sine = 0.00849821522848462 + q * (0.007065291535759611 + q * 0.005994476041883333)
    sine = 0.017991555769333548 + q * (0.01340985958975377 + q * (0.010491645398170971 + q * sine))
    sine = 4 / 45 + q * (8 / 189 + q * (368 / 14175 + q * sine))
    return 1.0 + q * (1 / 6 + q * ratio), 1.0 - q * (2 / 3 + q * sine)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _draw_planar(state, kappa, harmonic, joint):
    """Joints that bend in one plane."""
    soft = kappa < 0.5  # a uniform angle is then closer to the truth than a normal one
    spread = 1.0 / math.sqrt(kappa) if harmonic else 0.5 * math.pi / math.sqrt(kappa)
    ease = 0.0 if soft else 0.5 / (spread * spread)
    for k in range(joint.shape[1]):
        while True:
            x = math.pi * (2.0 * uniform(state) - 1.0) if soft else spread * normal(state)
            square = x * x
            if square < _SMALL:
                loss, sine = _split_small(square)
            elif square < math.pi * math.pi:
                loss, sine = _split_large(square)
            else:
                continue
            if harmonic and not soft:
                break
            surplus = 0.5 * kappa * square if harmonic else kappa * loss * square
            if uniform(state) < math.exp(ease * square - surplus):
                break
        joint[0, k], joint[1, k], joint[2, k], joint[3, k] = x, 0.0, loss * square, sine


@njit(cache=True, nogil=True, fastmath={"contract"})
def _measure_chain(joint, stride, table, tangent, row):
    """Lay one chain, tangent by tangent, and add its squares, correlations and modes to `row`."""
    joints, modes = table.shape
    lags = len(row) - 4 - modes
    tx, ty, tz, ux, uy, uz, vx, vy, vz = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0
    rx, ry, rz, gx, gy, gz, gg = 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0
    square_angle, total_loss = 0.0, 0.0
    tangent[0, 0], tangent[1, 0], tangent[2, 0] = tx, ty, tz
    for k in range(joints):
        x, y, loss, sine = joint[0, k], joint[1, k], joint[2, k], joint[3, k]
        square_angle += x * x + y * y
        total_loss += loss
        a, b, rest = sine * x, sine * y, 2.0 - loss
        sx, sy, sz = tx, ty, tz
        tx = (1.0 - loss) * tx + (a * ux + b * vx)
        ty = (1.0 - loss) * ty + (a * uy + b * vy)
        tz = (1.0 - loss) * tz + (a * uz + b * vz)
        if rest > 0.5:  # the least rotation that takes the old tangent to the new one
            a, b = a / rest, b / rest
            sx, sy, sz = sx + tx, sy + ty, sz + tz
            ux, uy, uz = ux - a * sx, uy - a * sy, uz - a * sz
            vx, vy, vz = vx - b * sx, vy - b * sy, vz - b * sz
        else:  # the same, written so that nothing cancels where the chain folds back
            angle = math.sqrt(x * x + y * y)
            a, b, fall = x / angle, y / angle, sine * angle
            ex, ey, ez = a * ux + b * vx, a * uy + b * vy, a * uz + b * vz
            ex, ey, ez = loss * ex + fall * sx, loss * ey + fall * sy, loss * ez + fall * sz
            ux, uy, uz = ux - a * ex, uy - a * ey, uz - a * ez
            vx, vy, vz = vx - b * ex, vy - b * ey, vz - b * ez
        tangent[0, k + 1], tangent[1, k + 1], tangent[2, k + 1] = tx, ty, tz
        rx, ry, rz = rx + tx, ry + ty, rz + tz
        gx, gy, gz = gx + rx, gy + ry, gz + rz
        gg += rx * rx + ry * ry + rz * rz
    beads = joints + 2.0
    row[0] += square_angle
    row[1] += total_loss
    row[2] += rx * rx + ry * ry + rz * rz
    row[3] += gg / beads - (gx * gx + gy * gy + gz * gz) / (beads * beads)
    for origin in range(0, joints, stride):
        ox, oy, oz = tangent[0, origin], tangent[1, origin], tangent[2, origin]
        for lag in range(1, min(lags, joints - origin) + 1):
            k = origin + lag
            row[3 + lag] += ox * tangent[0, k] + oy * tangent[1, k] + oz * tangent[2, k]
    first, second = np.zeros(modes), np.zeros(modes)
    for k in range(joints):
        x, y = joint[0, k], joint[1, k]
        for mode in range(modes):
            first[mode] += x * table[k, mode]
            second[mode] += y * table[k, mode]
    for mode in range(modes):
        row[4 + lags + mode] += first[mode] * first[mode] + second[mode] * second[mode]

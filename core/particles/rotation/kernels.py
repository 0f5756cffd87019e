"""The collision loop: one pass over particles that lie as arrays, one over cells.

A step rotates with the table of the step before, kicks, streams, finds the cell under a new shift and adds to the
cell's sums, in one pass by chunks that stay in the first-level cache; the loops without a scatter are vectorised by the
compiler. Then each cell writes its rotation as a matrix and an offset, v' = s R v + (u - s R u). Positions are never
wrapped, so that displacements can be read from them. In two dimensions z and its velocity are zero and there is one
layer of cells.

A box is followed by one thread with one stream: its result depends on the seed only. Several boxes go to several
threads.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.random import normal, poisson, uniform

__all__ = ["advance", "bin_velocities", "fill_fluid", "sort_by_cell", "square_displacements"]

Floats = NDArray[np.float64]
Cells = NDArray[np.uint32]
State = NDArray[np.uint64]

NO_THERMOSTAT, GLOBAL, CELL = 0, 1, 2
NO_FLOW, SINUSOIDAL, UNIFORM = 0, 1, 2
_CHUNK = 128
_WALL = 3.0


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    rows: Floats, cell: Cells, table: Floats, sums: Floats, squares: Floats, edges: NDArray[np.int64], walls: bool,
    dimensions: int, step: float, angle: float, thermostat: int, flow: int, force: float, occupancy: float,
    shift: float, state: State, steps: int,
) -> None:  # fmt: skip
    """Stream and collide `steps` times; `rows` holds x, y, z and their velocities, after the last collision at the end.

    `table`, `sums` and `squares` are workspace of 12, 4 and 1 numbers a cell, `sums` and `squares` zero at the start
    and at the end. `shift` is 1, or 0 to leave the grid where it is (which breaks Galilean invariance).
    """
    cosine, sine = math.cos(angle), math.sin(angle)
    for k in range(steps):
        a, b = shift * uniform(state), shift * uniform(state)
        c = shift * uniform(state) if dimensions == 3 else 0.0
        _move(rows, cell, table, sums, squares, edges, walls, step, a, b, c, k > 0, flow, force, thermostat > 0)
        _draw_rotations(table, sums, squares, edges, walls, dimensions, cosine, sine, thermostat, occupancy, b, state)
    if steps > 0:
        _rotate(rows, cell, table, 0, rows.shape[1])


@njit(cache=True, nogil=True, error_model="numpy")
def _rotate(rows: Floats, cell: Cells, table: Floats, begin: int, end: int) -> None:
    U, V, W = rows[3], rows[4], rows[5]
    for i in range(begin, end):
        q = np.uint64(cell[i]) * np.uint64(12)  # unsigned: no check for an index that counts from the end
        u, v, w = U[i], V[i], W[i]
        U[i] = table[q] * u + table[q + np.uint64(1)] * v + table[q + np.uint64(2)] * w + table[q + np.uint64(9)]
        V[i] = (
            table[q + np.uint64(3)] * u + table[q + np.uint64(4)] * v + table[q + np.uint64(5)] * w
            + table[q + np.uint64(10)]
        )  # fmt: skip
        W[i] = (
            table[q + np.uint64(6)] * u + table[q + np.uint64(7)] * v + table[q + np.uint64(8)] * w
            + table[q + np.uint64(11)]
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _move(
    rows: Floats, cell: Cells, table: Floats, sums: Floats, squares: Floats, edges: NDArray[np.int64], walls: bool,
    step: float, a: float, b: float, c: float, rotate: bool, flow: int, force: float, with_squares: bool,
) -> None:  # fmt: skip
    X, Y, Z, U, V, W = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    n = rows.shape[1]
    length, turn = float(edges[1]), 1.0 / float(edges[1])
    for begin in range(0, n, _CHUNK):
        end = min(begin + _CHUNK, n)
        if rotate:
            _rotate(rows, cell, table, begin, end)
        if flow == SINUSOIDAL:
            for i in range(begin, end):
                U[i] += force * step * _sine_of_turn(Y[i] * turn)
        elif flow == UNIFORM:
            for i in range(begin, end):
                U[i] += force * step
        if walls:
            for i in range(begin, end):
                _bounce_back(X, Y, Z, U, V, W, i, step, length)
            _find_cells_between_walls(X, Y, Z, cell, edges, a, b, c, begin, end)
        else:
            for i in range(begin, end):
                X[i] += step * U[i]
                Y[i] += step * V[i]
                Z[i] += step * W[i]
            _find_cells(X, Y, Z, cell, edges, a, b, c, begin, end)
        for i in range(begin, end):
            q = np.uint64(cell[i]) * np.uint64(4)
            sums[q] += 1.0
            sums[q + np.uint64(1)] += U[i]
            sums[q + np.uint64(2)] += V[i]
            sums[q + np.uint64(3)] += W[i]
        if with_squares:
            for i in range(begin, end):
                squares[np.uint64(cell[i])] += U[i] * U[i] + V[i] * V[i] + W[i] * W[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _sine_of_turn(turns: float) -> float:
    """sin(2 pi turns) within 1e-11, without a branch or a call, so that the compiler vectorises it."""
    t = turns - np.floor(turns) - 0.5
    folded = min(abs(t), 0.5 - abs(t)) * (2.0 * math.pi)
    s = folded * folded
    p = -7.6471637318198164e-13 * s + 1.6059043836821613e-10
    p = p * s - 2.505210838544172e-08
    p = p * s + 2.7557319223985893e-06
    p = p * s - 1.984126984126984e-04
    p = p * s + 8.333333333333333e-03
    p = p * s - 1.6666666666666666e-01
    wave = folded + folded * s * p
    return -wave if t > 0.0 else wave


@njit(cache=True, nogil=True, error_model="numpy")
def _find_cells(
    X: Floats, Y: Floats, Z: Floats, cell: Cells, edges: NDArray[np.int64], a: float, b: float, c: float, begin: int,
    end: int,
) -> None:  # fmt: skip
    """Number of the cell under the shift (a, b, c); a fraction that rounds up to a whole turn stays in the last one."""
    fx, fy, fz = float(edges[0]), float(edges[1]), float(edges[2])
    nx, ny, nz = np.int32(edges[0]), np.int32(edges[1]), np.int32(edges[2])
    gx, gy, gz = 1.0 / fx, 1.0 / fy, 1.0 / fz
    one = np.int32(1)
    for i in range(begin, end):
        x, y, z = (X[i] + a) * gx, (Y[i] + b) * gy, (Z[i] + c) * gz
        x -= np.floor(x)
        y -= np.floor(y)
        z -= np.floor(z)
        kx, ky, kz = np.int32(x * fx), np.int32(y * fy), np.int32(z * fz)
        kx, ky, kz = min(kx, nx - one), min(ky, ny - one), min(kz, nz - one)
        cell[i] = np.uint32((kx * ny + ky) * nz + kz)


@njit(cache=True, nogil=True, error_model="numpy")
def _find_cells_between_walls(
    X: Floats, Y: Floats, Z: Floats, cell: Cells, edges: NDArray[np.int64], a: float, b: float, c: float, begin: int,
    end: int,
) -> None:  # fmt: skip
    """The same with one layer more along y, so that both walls cut through cells."""
    fx, fz = float(edges[0]), float(edges[2])
    nx, ny, nz = np.int32(edges[0]), np.int32(edges[1] + 1), np.int32(edges[2])
    gx, gz = 1.0 / fx, 1.0 / fz
    one = np.int32(1)
    for i in range(begin, end):
        x, z = (X[i] + a) * gx, (Z[i] + c) * gz
        x -= np.floor(x)
        z -= np.floor(z)
        kx, ky, kz = np.int32(x * fx), np.int32(Y[i] + b), np.int32(z * fz)
        kx, ky, kz = min(kx, nx - one), min(ky, ny - one), min(kz, nz - one)
        cell[i] = np.uint32((kx * ny + ky) * nz + kz)


@njit(cache=True, nogil=True, error_model="numpy")
def _bounce_back(
    X: Floats, Y: Floats, Z: Floats, U: Floats, V: Floats, W: Floats, i: int, step: float, height: float
) -> None:
    """Stream particle i; at a wall its whole velocity turns round, at the time when it gets there."""
    x, y, z, u, v, w = X[i], Y[i], Z[i], U[i], V[i], W[i]
    left = step
    while left > 0.0:
        target = y + left * v
        if target < 0.0:
            t, wall = -y / v, 0.0
        elif target > height:
            t, wall = (height - y) / v, height
        else:
            x, y, z = x + left * u, target, z + left * w
            break
        x, y, z = x + t * u, wall, z + t * w
        u, v, w = -u, -v, -w
        left -= t
    X[i], Y[i], Z[i], U[i], V[i], W[i] = x, y, z, u, v, w


@njit(cache=True, nogil=True, error_model="numpy")
def _draw_rotations(
    table: Floats, sums: Floats, squares: Floats, edges: NDArray[np.int64], walls: bool, dimensions: int,
    cosine: float, sine: float, thermostat: int, occupancy: float, buried: float, state: State,
) -> None:  # fmt: skip
    """The table of this step from the sums, which are cleared; a cell of one particle leaves it as it is."""
    layers = edges[1] + 1 if walls else edges[1]
    nz = edges[2]
    common = _common_scale(sums, squares, edges, walls, dimensions) if thermostat == GLOBAL else 1.0
    for q in range(len(squares)):
        n = sums[4 * q]
        if n == 0.0:
            continue
        px, py, pz = sums[4 * q + 1], sums[4 * q + 2], sums[4 * q + 3]
        square = squares[q]
        sums[4 * q], sums[4 * q + 1], sums[4 * q + 2], sums[4 * q + 3], squares[q] = 0.0, 0.0, 0.0, 0.0, 0.0
        scale, count = 1.0, n
        layer = (q // nz) % layers if walls else 1
        if walls and (layer == 0 or layer == layers - 1):
            count += poisson(state, _WALL * occupancy * (buried if layer == 0 else 1.0 - buried))
            spread = math.sqrt(count - n)  # the sum of so many velocities of the resting wall
            px += spread * normal(state)
            py += spread * normal(state)
            if dimensions == 3:
                pz += spread * normal(state)
        if count < 2.0:
            _write_rotation(table, 12 * q, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
            continue
        if count > n:
            pass  # the wall is the thermostat
        elif thermostat == GLOBAL:
            scale = common
        elif thermostat == CELL:
            relative = 0.5 * (square - (px * px + py * py + pz * pz) / n)
            if relative > 1e-12 * square:  # else all move alike, and there is nothing to scale
                scale = math.sqrt(_gamma(0.5 * dimensions * (n - 1.0), state) / relative)
        if dimensions == 3:
            x, y, z = _unit_vector(state)
            _write_rotation(table, 12 * q, cosine, sine * x, sine * y, sine * z, scale, count, px, py, pz)
            k = scale * (1.0 - cosine)
            _add_projection(table, 12 * q, k, x, y, z, px / count, py / count, pz / count)
        else:
            turn = sine if uniform(state) < 0.5 else -sine
            _write_rotation(table, 12 * q, cosine, 0.0, 0.0, turn, scale, count, px, py, pz)


@njit(cache=True, nogil=True, error_model="numpy")
def _common_scale(sums: Floats, squares: Floats, edges: NDArray[np.int64], walls: bool, dimensions: int) -> float:
    """Factor that gives the relative velocities of all cells together their mean energy, d (N_c - 1) kT / 2 each."""
    layers = edges[1] + 1 if walls else edges[1]
    energy, freedom = 0.0, 0.0
    for q in range(len(squares)):
        n = sums[4 * q]
        layer = (q // edges[2]) % layers if walls else 1
        if n < 2.0 or (walls and (layer == 0 or layer == layers - 1)):
            continue
        px, py, pz = sums[4 * q + 1], sums[4 * q + 2], sums[4 * q + 3]
        energy += squares[q] - (px * px + py * py + pz * pz) / n
        freedom += dimensions * (n - 1.0)
    return math.sqrt(freedom / energy) if energy > 0.0 else 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _write_rotation(
    t: Floats, o: int, cosine: float, x: float, y: float, z: float, scale: float, count: float, px: float, py: float,
    pz: float,
) -> None:  # fmt: skip
    """Scale times (cosine 1 + cross product with (x, y, z)), and what is left of the mean velocity."""
    c, x, y, z = scale * cosine, scale * x, scale * y, scale * z
    u, v, w = px / count, py / count, pz / count
    t[o], t[o + 1], t[o + 2] = c, -z, y
    t[o + 3], t[o + 4], t[o + 5] = z, c, -x
    t[o + 6], t[o + 7], t[o + 8] = -y, x, c
    t[o + 9] = u - c * u + z * v - y * w
    t[o + 10] = v - z * u - c * v + x * w
    t[o + 11] = w + y * u - x * v - c * w


@njit(cache=True, nogil=True, error_model="numpy")
def _add_projection(t: Floats, o: int, k: float, x: float, y: float, z: float, u: float, v: float, w: float) -> None:
    """Add k times the projection on the axis (x, y, z): the rest of Rodrigues' formula."""
    along = k * (x * u + y * v + z * w)
    t[o] += k * x * x
    t[o + 1] += k * x * y
    t[o + 2] += k * x * z
    t[o + 3] += k * y * x
    t[o + 4] += k * y * y
    t[o + 5] += k * y * z
    t[o + 6] += k * z * x
    t[o + 7] += k * z * y
    t[o + 8] += k * z * z
    t[o + 9] -= along * x
    t[o + 10] -= along * y
    t[o + 11] -= along * z


@njit(cache=True, nogil=True, error_model="numpy")
def _unit_vector(state: State) -> tuple[float, float, float]:
    """Uniform on the sphere, without a call of sine or cosine (Marsaglia 1972)."""
    while True:
        x, y = 2.0 * uniform(state) - 1.0, 2.0 * uniform(state) - 1.0
        s = x * x + y * y
        if s < 1.0:
            h = 2.0 * math.sqrt(1.0 - s)
            return h * x, h * y, 1.0 - 2.0 * s


@njit(cache=True, nogil=True, error_model="numpy")
def _gamma(shape: float, state: State) -> float:
    """A number from the gamma distribution of unit scale, for a shape of at least 1 (Marsaglia & Tsang 2000)."""
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(state)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = 1.0 - uniform(state)
        s = x * x
        if u < 1.0 - 0.0331 * s * s or math.log(u) < 0.5 * s + d * (1.0 - v + math.log(v)):
            return d * v


@njit(cache=True, nogil=True)
def fill_fluid(state: State, rows: Floats, edges: NDArray[np.int64], dimensions: int) -> None:
    """Uniform positions and Maxwell's velocities."""
    rows[:] = 0.0
    for i in range(rows.shape[1]):
        for k in range(dimensions):
            rows[k, i] = edges[k] * uniform(state)
            rows[3 + k, i] = normal(state)


@njit(cache=True, nogil=True, error_model="numpy")
def sort_by_cell(
    rows: Floats, other: Floats, who: NDArray[np.int64], who_other: NDArray[np.int64], cell: Cells,
    edges: NDArray[np.int64],
) -> None:  # fmt: skip
    """Counting sort into `other` and `who_other`, so that neighbours in space are neighbours in memory again."""
    n = rows.shape[1]
    _find_cells(rows[0], rows[1], rows[2], cell, edges, 0.0, 0.0, 0.0, 0, n)
    start = np.zeros(edges[0] * edges[1] * edges[2] + 1, np.int64)
    for i in range(n):
        start[np.int64(cell[i]) + 1] += 1
    for q in range(1, len(start)):
        start[q] += start[q - 1]
    for i in range(n):
        j = start[cell[i]]
        start[cell[i]] = j + 1
        for k in range(6):
            other[k, j] = rows[k, i]
        who_other[j] = who[i]


@njit(cache=True, nogil=True, error_model="numpy")
def bin_velocities(rows: Floats, drift: float, height: int, walls: bool, bins: Floats) -> float:
    """Add number and x velocity (above the drift) to `bins` along y, shape (bin, 2); returns the sum of squares."""
    last = len(bins) - 1
    per_length = len(bins) / height
    square = 0.0
    for i in range(rows.shape[1]):
        y, u = rows[1, i], rows[3, i] - drift
        turns = y / height
        place = y if walls else (turns - np.floor(turns)) * height
        k = min(int(place * per_length), last)
        bins[k, 0] += 1.0
        bins[k, 1] += u
        square += u * u + rows[4, i] ** 2 + rows[5, i] ** 2
    return square


@njit(cache=True, nogil=True, error_model="numpy")
def square_displacements(rows: Floats, origin: Floats, first: int, last: int) -> Any:
    """Mean square displacement along one axis, over the axes `first` ... `last` - 1."""
    total = 0.0
    for k in range(first, last):
        for i in range(rows.shape[1]):
            total += (rows[k, i] - origin[k, i]) ** 2
    return total / ((last - first) * rows.shape[1])

r"""The steps: move, sort, and visit the pairs, every thread running the same program over its share.

Groot and Warren's modified velocity Verlet [1] predicts the velocity that the friction sees,

.. math::

    \tilde v = v + \lambda f \, \Delta t, \qquad r' = r + v \Delta t + \frac{1}{2} f \Delta t^2, \qquad
    v' = v + \frac{1}{2} (f(r, \tilde v_{old}) + f(r', \tilde v)) \Delta t \tag{1}

The two splittings exchange momentum along each pair, one pair after the other, before a velocity Verlet step with the
conservative forces alone. With g = gamma w(r)^2 dt and the approach p = e . (v_i - v_j), Shardlow's S1 [2] is, both of
its halves together,

.. math::

    p' = \frac{1 - g}{1 + g} \, p + \frac{2 \sqrt{2 g}}{1 + g} \, \zeta \tag{2}

and the exact solution for a pair [3]

.. math::

    p' = e^{-2 g} p + \sqrt{2 (1 - e^{-4 g})} \, \zeta \tag{3}

which keeps the variance 2 of p for any g.

References
----------
1. Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784.
2. Shardlow, SIAM J. Sci. Comput. 24, 1267 (2003), doi:10.1137/S1064827501392879.
3. Peters, Europhys. Lett. 66, 311 (2004), doi:10.1209/epl/i2004-10010-4; Serrano, De Fabritiis, Espanol & Coveney,
   Math. Comput. Simul. 72, 190 (2006), doi:10.1016/j.matcom.2006.05.019.
"""

import math
from typing import Any

from numba import njit

from .noise import step_keys
from .pairs import ACROSS, FORCES, INSIDE, SAMPLE, SUMS, visit_pairs
from .rendezvous import meet

__all__ = ["COLUMNS", "GROOT_WARREN", "ROWS", "advance"]

GROOT_WARREN = -1
"""The scheme of equation (1); the others are named by their thermostat, SHARDLOW and OU."""
ROWS = 9
"""Rows of the particles: position, velocity (while moving: as the friction sees it), velocity after half a step."""
COLUMNS = SUMS + 6 + 1 + 3 + 2
"""A sample: the sums of pairs, momentum flux xx yy zz xy yz zx, squared conservative force, momentum, and the sine and
cosine of the wave along z in the momentum along x."""


@njit(cache=True, nogil=True, error_model="numpy")
def _move(
    low: int, high: int, velocity: int, late: float, step: float, cells: Any, box: Any, bodies: Any, force: Any,
    ident: Any, images: Any, cell: Any,
) -> bool:  # fmt: skip
    """Drift with half a kick, and find the new cell; False where a particle is out of all bounds.

    The velocity is what the rows from `velocity` on hold and, where the kick before is not finished, `late` times the
    force: passes over the particles cost what they touch in memory.
    """
    mx, my, mz = cells
    width, depth, height = box
    fx, fy, fz = mx / width, my / depth, mz / height
    row = len(force) // 3
    first = velocity * row
    kick = 0.5 * step
    fine = True
    for i in range(low, high):
        f, g, h = force[i], force[row + i], force[2 * row + i]
        a = bodies[i] + step * (bodies[first + i] + late * f + kick * f)
        b = bodies[row + i] + step * (bodies[first + row + i] + late * g + kick * g)
        c = bodies[2 * row + i] + step * (bodies[first + 2 * row + i] + late * h + kick * h)
        if not (0.0 <= a < width and 0.0 <= b < depth and 0.0 <= c < height):
            if not (abs(a) < 1e9 and abs(b) < 1e9 and abs(c) < 1e9):  # also for what is no number
                fine = False
                a, b, c = 0.0, 0.0, 0.0
            turns = math.floor(a / width)
            a -= turns * width
            images[ident[i], 0] += int(turns)
            turns = math.floor(b / depth)
            b -= turns * depth
            images[ident[i], 1] += int(turns)
            turns = math.floor(c / height)
            c -= turns * height
            images[ident[i], 2] += int(turns)
        bodies[i], bodies[row + i], bodies[2 * row + i] = a, b, c
        cx, cy, cz = min(int(a * fx), mx - 1), min(int(b * fy), my - 1), min(int(c * fz), mz - 1)
        cell[i] = (cz * my + cy) * mx + cx
    return fine


@njit(cache=True, nogil=True, error_model="numpy")
def _find_places(cell: Any, start: Any, place: Any) -> int:
    """Where each particle belongs in the order of cells: a stable counting sort. Returns the fullest cell's number."""
    n, cells = len(cell), len(start) - 1
    start[:] = 0
    for i in range(n):
        start[cell[i] + 1] += 1
    total, fullest = 0, 0
    for c in range(1, cells + 1):  # start[c] becomes the first place of cell c - 1, to be moved on below
        count = start[c]
        fullest = max(fullest, count)
        start[c] = total
        total += count
    for i in range(n):
        c = cell[i] + 1
        place[i] = start[c]
        start[c] += 1
    return fullest


@njit(cache=True, nogil=True, error_model="numpy")
def _carry(
    low: int, high: int, place: Any, velocity: int, late: float, predict: float, kick: float, force: Any, bodies: Any,
    ident: Any, kind: Any, to_bodies: Any, to_ident: Any, to_kind: Any,
) -> None:  # fmt: skip
    """Bring to their places the position, the velocity that the friction sees, and that after half a kick.

    The forces, used now, are set to zero.
    """
    width = len(bodies) // ROWS
    for i in range(low, high):
        p = place[i]
        to_ident[p], to_kind[p] = ident[i], kind[i]
        for axis in range(3):
            f = force[axis * width + i]
            v = bodies[(velocity + axis) * width + i] + late * f
            to_bodies[axis * width + p] = bodies[axis * width + i]
            to_bodies[(3 + axis) * width + p] = v + predict * f
            to_bodies[(6 + axis) * width + p] = v + kick * f
            force[axis * width + i] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _start_forces(low: int, high: int, amplitude: float, wavenumber: float, bodies: Any, force: Any) -> None:
    """The body force, a sine along z."""
    width = len(force) // 3
    for row in range(3):
        for i in range(low, high):
            force[row * width + i] = 0.0
    if amplitude != 0.0:
        for i in range(low, high):
            force[i] = amplitude * math.sin(wavenumber * bodies[2 * width + i])


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(low: int, high: int, kick: float, bodies: Any, force: Any) -> None:
    """The second half of the kick."""
    width = len(force) // 3
    for row in range(3):
        for i in range(low, high):
            bodies[(3 + row) * width + i] = bodies[(6 + row) * width + i] + kick * force[row * width + i]


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_particles(low: int, high: int, wavenumber: float, bodies: Any, force: Any, sums: Any) -> None:
    """What a sample needs of the particles `low` ... `high` - 1, after the sums of pairs."""
    width = len(force) // 3
    for i in range(low, high):
        a, b, c = bodies[3 * width + i], bodies[4 * width + i], bodies[5 * width + i]
        phase = wavenumber * bodies[2 * width + i]
        sums[SUMS] += a * a
        sums[SUMS + 1] += b * b
        sums[SUMS + 2] += c * c
        sums[SUMS + 3] += a * b
        sums[SUMS + 4] += b * c
        sums[SUMS + 5] += c * a
        sums[SUMS + 6] += force[i] ** 2 + force[width + i] ** 2 + force[2 * width + i] ** 2
        sums[SUMS + 7] += a
        sums[SUMS + 8] += b
        sums[SUMS + 9] += c
        sums[SUMS + 10] += a * math.sin(phase)
        sums[SUMS + 11] += a * math.cos(phase)


@njit(cache=True, nogil=True, error_model="numpy")
def _visit_blocks(
    begin: int, end: int, threads: int, meeting: Any, work: int, layers: Any, cells: Any, box: Any, start: Any,
    bodies: Any, force: Any, ident: Any, kind: Any, repulsion: Any, kinds: int, friction: float, step: float, key0: Any,
    key1: Any, room: int, block_sums: Any,
) -> None:  # fmt: skip
    """Do `work` to all pairs of the blocks `begin` ... `end` - 1.

    Pairs across the face of two blocks come when those inside both are done, and soon, while both are in the cache.
    """
    for b in range(begin, end + 1):
        if b < end:
            visit_pairs(work, INSIDE, layers[b], layers[b + 1], cells, box, start, bodies, force, ident, kind,
                        repulsion, kinds, friction, step, key0, key1, room, block_sums[b])  # fmt: skip
        else:
            meet(meeting, threads)  # the next block may be another thread's
        if b > begin:
            visit_pairs(work, ACROSS, layers[b - 1], layers[b], cells, box, start, bodies, force, ident, kind,
                        repulsion, kinds, friction, step, key0, key1, room, block_sums[b - 1])  # fmt: skip
    meet(meeting, threads)


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    thread: int, threads: int, meeting: Any, scheme: int, first_step: int, steps: int, every: int, step: float,
    prediction: float, friction: float, amplitude: float, cells: Any, box: Any, layers: Any, key: Any, repulsion: Any,
    kinds: int, bodies: Any, ident: Any, kind: Any, to_bodies: Any, to_ident: Any, to_kind: Any, force: Any,
    measured: Any, images: Any, start: Any, cell: Any, place: Any, shared: Any, block_sums: Any, samples: Any,
) -> None:  # fmt: skip
    """Run `steps` steps, the part of `thread`; a sample after each `every`-th (0: none).

    `shared` holds how many steps were made (0), the room of the list of candidates (1) and whether all went well (2).
    The arrays change places with their doubles in each step: after an odd number of steps the doubles are current.
    """
    n, blocks = len(cell), len(layers) - 1
    low, high = n * thread // threads, n * (thread + 1) // threads
    begin, end = blocks * thread // threads, blocks * (thread + 1) // threads
    per_layer = cells[0] * cells[1]
    wavenumber = 2.0 * math.pi / box[2]
    splitting = scheme != GROOT_WARREN
    predict = step * (0.5 if splitting else prediction)
    whole = True
    for s in range(steps):
        key0, key1 = step_keys(key, first_step + s)
        if splitting:
            _visit_blocks(begin, end, threads, meeting, scheme, layers, cells, box, start, bodies, force, ident, kind,
                          repulsion, kinds, friction, step, key0, key1, shared[1], block_sums)  # fmt: skip
        velocity, late = (3, 0.0) if whole else (6, 0.5 * step)
        if not _move(low, high, velocity, late, step, cells, box, bodies, force, ident, images, cell):
            shared[2] = 0
        meet(meeting, threads)
        if shared[2] == 0:
            return
        if thread == 0:
            shared[1] = 14 * _find_places(cell, start, place)
            shared[0] = first_step + s + 1
        meet(meeting, threads)
        _carry(low, high, place, velocity, late, predict, 0.5 * step, force, bodies, ident, kind, to_bodies, to_ident,
               to_kind)  # fmt: skip
        bodies, to_bodies = to_bodies, bodies
        ident, to_ident = to_ident, ident
        kind, to_kind = to_kind, kind
        meet(meeting, threads)
        sampled = every > 0 and (s + 1) % every == 0
        for sampling in range(2 if sampled else 1):
            if sampling:
                _finish(low, high, 0.5 * step, bodies, force)
                for b in range(begin, end):
                    block_sums[b] = 0.0
            target = measured if sampling else force
            if sampling or amplitude != 0.0:
                _start_forces(low, high, 0.0 if sampling else amplitude, wavenumber, bodies, target)
                meet(meeting, threads)
            _visit_blocks(
                begin, end, threads, meeting, SAMPLE if sampling else FORCES, layers, cells, box, start, bodies, target,
                ident, kind, repulsion, kinds, 0.0 if splitting else friction, step, key0, key1, shared[1], block_sums,
            )  # fmt: skip
        if sampled:
            for b in range(begin, end):
                _sum_particles(start[layers[b] * per_layer], start[layers[b + 1] * per_layer], wavenumber, bodies,
                               measured, block_sums[b])  # fmt: skip
            meet(meeting, threads)
            if thread == 0:
                for b in range(blocks):
                    samples[(s + 1) // every - 1] += block_sums[b]
        whole = sampled or splitting or s == steps - 1
        if whole and not sampled:
            _finish(low, high, 0.5 * step, bodies, force)
        if splitting:
            meet(meeting, threads)  # the next exchange needs the neighbours' velocities

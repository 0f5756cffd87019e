"""Sorting and listing, steps, and the box."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.cell_list import add_images, cell_order, list_pairs, plan_grid, wrap_points
from ...kernels.random import normal
from .arrays import (
    BUILDS,
    CELLS_NEEDED,
    IMAGES_NEEDED,
    LISTED_NEEDED,
    LONGEST,
    LOST,
    PENDING,
    POINTS,
    Arrays,
)
from .interactions import compute_forces

__all__ = ["advance", "build_lists", "draw_normals", "export_state", "scale_box"]

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def _widest(a: Arrays) -> float:
    widest = 0.0
    for p in range(len(a.reaches)):
        widest = max(widest, math.sqrt(a.reaches[p]))
    return widest


@njit(cache=True, nogil=True, error_model="numpy")
def build_lists(a: Arrays, n: int) -> bool:
    """Wrap, sort, make images, list pairs. False: a particle is lost, or there is no room; the counters say which."""
    counters = a.counters
    counters[LOST] = counters[IMAGES_NEEDED] = counters[LISTED_NEEDED] = counters[CELLS_NEEDED] = 0
    if not wrap_points(a.x, a.image, a.box, n):
        counters[LOST] = 1
        return False
    widest = _widest(a)
    low, inverse, shape, reach = plan_grid(a.box, widest, n)
    if shape[0] * shape[1] * shape[2] + 1 > len(a.start):
        counters[CELLS_NEEDED] = shape[0] * shape[1] * shape[2] + 1
        return False
    order = np.empty(n, np.int64)
    cell_order(a.x, 0, n, low, inverse, shape, a.start, order)
    points, velocities, images, random = a.x[:n].copy(), a.v.copy(), a.image.copy(), a.random.copy()
    mass, identity, kind = a.mass.copy(), a.identity.copy(), a.kind[:n].copy()
    for i in range(n):
        o = order[i]
        for axis in range(3):
            a.x[i, axis] = a.reference[i, axis] = points[o, axis]
            a.v[i, axis], a.image[i, axis] = velocities[o, axis], images[o, axis]
        for k in range(4):
            a.random[i, k] = random[o, k]
        a.mass[i], a.identity[i], a.kind[i], a.label[i] = mass[o], identity[o], kind[o], identity[o]
        a.place[identity[o]] = i
    for axis in range(3):
        for k in range(3):
            a.built[k, axis] = a.box[k, axis]
    counters[POINTS] = n
    if widest == 0.0:
        counters[BUILDS] += 1
        return True
    total = add_images(a.x, a.owner, a.shift, n, a.box, widest)
    if total > len(a.x):
        counters[IMAGES_NEEDED] = total
        return False
    order = np.empty(total - n, np.int64)
    cell_order(a.x, n, total - n, low, inverse, shape, a.images_start, order)
    points, owner, shift = a.x[n:total].copy(), a.owner[n:total].copy(), a.shift[n:total].copy()
    for g in range(total - n):
        o, t = order[g], n + g
        for axis in range(3):
            a.x[t, axis], a.shift[t, axis] = points[o, axis], shift[o, axis]
        a.owner[t] = owner[o]
        a.kind[t], a.label[t] = a.kind[owner[o]], a.label[owner[o]]
    counters[POINTS] = total
    count = list_pairs(
        a.x, n, a.shift, a.start, a.images_start, shape, reach, low, inverse, a.box, a.reaches, a.classes, a.kind,
        a.label, a.exclude_first, a.exclude, a.first, a.listed,
    )  # fmt: skip
    if count > len(a.listed):
        counters[LISTED_NEEDED] = count
        return False
    counters[BUILDS] += 1
    counters[LONGEST] = 0
    for k in range(len(a.first) - 1):
        counters[LONGEST] = max(counters[LONGEST], a.first[k + 1] - a.first[k])
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _slack(a: Arrays) -> float:
    """Square of how far a particle may have moved since the lists were made, in a box that may have shrunk."""
    slack = np.inf
    shrunk = 1.0
    for axis in range(3):
        shrunk = min(shrunk, a.box[axis, axis] / a.built[axis, axis])
    for p in range(len(a.reaches)):
        slack = min(slack, 0.5 * (math.sqrt(a.reaches[p]) * shrunk - math.sqrt(a.rows[p, 0])))
    return slack * slack if slack > 0.0 else -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def scale_box(a: Arrays, n: int, factor: float, axes: int, out: Floats) -> bool:
    """Scale box and positions along the first `axes` axes, and measure; False as `build_lists`.

    If lists need room, scaling is done: make room and call again with the factor 1.
    """
    for axis in range(axes):
        for k in range(3):
            a.box[k, axis] *= factor
        for i in range(n):
            a.x[i, axis] *= factor
            a.reference[i, axis] *= factor
    slack, stale = _slack(a), False
    for i in range(n):
        far = 0.0
        for axis in range(3):
            far += (a.x[i, axis] - a.reference[i, axis]) ** 2
        stale = stale or not far <= slack
    if stale and not build_lists(a, n):
        return False
    compute_forces(a, n, True, out)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    a: Arrays, n: int, steps: int, h: float, friction: float, temperature: float, measure: bool, out: Floats
) -> int:
    """Make up to `steps` steps, BAOAB with friction or else velocity Verlet; the number of steps that were made.

    Forces must be those of the positions. The last step is measured if wished. If it returns too early, the counters
    say what is missing: then make room and call again for the rest, and the pending step is finished first.
    """
    c = math.exp(-friction * h)
    noise = math.sqrt(-math.expm1(-2.0 * friction * h) * temperature)
    x, v, f, mass = a.x, a.v, a.f, a.mass
    for step in range(steps):
        stale = a.counters[PENDING] == 1
        if not stale:
            slack = _slack(a)
            for i in range(n):
                kick = 0.5 * h / mass[i]
                far = 0.0
                state = a.random[i]
                draw = noise / math.sqrt(mass[i]) if friction > 0.0 else 0.0
                for axis in range(3):
                    u = v[i, axis] + kick * f[i, axis]
                    if friction > 0.0:
                        w = c * u + draw * normal(state)
                        r = x[i, axis] + 0.5 * h * (u + w)
                        u = w
                    else:
                        r = x[i, axis] + h * u
                    x[i, axis], v[i, axis] = r, u
                    d = r - a.reference[i, axis]
                    far += d * d
                if not far <= slack:  # a number that is none, too
                    stale = True
        if stale and not build_lists(a, n):
            a.counters[PENDING] = 1
            return step
        a.counters[PENDING] = 0
        compute_forces(a, n, measure and step == steps - 1, out)
        for i in range(n):
            kick = 0.5 * h / mass[i]
            for axis in range(3):
                v[i, axis] += kick * f[i, axis]
    return steps


@njit(cache=True, nogil=True, error_model="numpy")
def export_state(a: Arrays, n: int, position: Floats, velocity: Floats, force: Floats) -> None:
    """Unwrapped positions, velocities and forces in the order of identities."""
    for i in range(n):
        o = a.identity[i]
        for axis in range(3):
            position[o, axis] = a.x[i, axis]
            velocity[o, axis], force[o, axis] = a.v[i, axis], a.f[i, axis]
            for k in range(3):
                position[o, axis] += a.image[i, k] * a.box[k, axis]


@njit(cache=True, nogil=True, error_model="numpy")
def draw_normals(states: NDArray[np.uint64], out: Floats) -> None:
    """Three standard normal numbers from each state."""
    for i in range(len(states)):
        for axis in range(3):
            out[i, axis] = normal(states[i])

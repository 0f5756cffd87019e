"""Forces, and, where they are measured, energies, virial and curvature.

Pairs go through three loops for each particle and class: squared distances of the listed neighbours, of which those
within the cutoff are packed into a buffer without a branch; the force law on the packed numbers, in vector
instructions; and the sum, by Newton's third law on both sides. Images carry their share back to their owners at the
end.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.cell_list import nearest_image, refresh_images
from ..potentials.evaluation import VECTOR, evaluate, fill_forces
from .arrays import LONGEST, POINTS, Arrays

__all__ = ["ANGLE", "BOND", "CURVATURE", "DIHEDRAL", "MEASURES", "PAIR", "VIRIAL", "compute_forces"]

Floats = NDArray[np.float64]

PAIR, BOND, ANGLE, DIHEDRAL, VIRIAL, CURVATURE = 0, 1, 2, 3, 4, 10  # places in `out`; the virial is xx yy zz xy yz zx
MEASURES = 11
_NONE, _ONE = np.uint64(0), np.uint64(1)


@njit(cache=True, nogil=True, error_model="numpy")
def compute_forces(a: Arrays, n: int, measure: bool, out: Floats) -> None:
    """Fill ``a.f`` at the positions ``a.x``; the neighbour list must be good for them."""
    total = a.counters[POINTS]
    refresh_images(a.x, a.owner, a.shift, n, total, a.box)
    a.f[:total] = 0.0
    out[:] = 0.0
    if len(a.reaches) > 0:
        _pair_forces(a, n, measure, out)
    for g in range(n, total):
        o = a.owner[g]
        a.f[o, 0] += a.f[g, 0]
        a.f[o, 1] += a.f[g, 1]
        a.f[o, 2] += a.f[g, 2]
    if len(a.bonds) > 0:
        _bond_forces(a, measure, out)
    if len(a.angles) > 0:
        _angle_forces(a, measure, out)
    if len(a.dihedrals) > 0:
        _dihedral_forces(a, measure, out)


@njit(cache=True, nogil=True, error_model="numpy")
def _pair_forces(a: Arrays, n: int, measure: bool, out: Floats) -> None:
    x, f, first, listed = a.x, a.f, a.first, a.listed
    many, room = len(a.reaches), a.counters[LONGEST] + VECTOR
    square, over, other = np.ones(room), np.empty(room), np.empty(room, np.uint32)
    for i in range(n):
        xi, yi, zi = x[i, 0], x[i, 1], x[i, 2]
        fx, fy, fz = 0.0, 0.0, 0.0
        for p in range(many):
            begin, end = first[i * many + p], first[i * many + p + 1]
            if begin == end:
                continue
            within, m = a.rows[p, 0], _NONE
            for t in range(np.uint64(begin), np.uint64(end)):  # unsigned: no index is looked at twice
                j = listed[t]
                dx, dy, dz = xi - x[j, 0], yi - x[j, 1], zi - x[j, 2]
                r2 = dx * dx + dy * dy + dz * dz
                square[m], other[m] = r2, j
                m += _ONE if r2 < within else _NONE
            fill_forces(a.kinds[p], a.rows[p], a.tables, square, over, np.int64(m))
            for k in range(m):
                j, w = other[k], over[k]
                gx, gy, gz = w * (xi - x[j, 0]), w * (yi - x[j, 1]), w * (zi - x[j, 2])
                fx += gx
                fy += gy
                fz += gz
                f[j, 0] -= gx
                f[j, 1] -= gy
                f[j, 2] -= gz
            if measure:
                for k in range(m):
                    j, w = other[k], over[k]
                    energy, _, bend = evaluate(a.kinds[p], a.rows[p], a.tables, square[k])
                    out[PAIR] += energy
                    out[CURVATURE] += 2.0 * (bend - 2.0 * w)
                    _add_virial(out, w, xi - x[j, 0], yi - x[j, 1], zi - x[j, 2])
        f[i, 0] += fx
        f[i, 1] += fy
        f[i, 2] += fz


@njit(cache=True, nogil=True, error_model="numpy")
def _add_virial(out: Floats, w: float, dx: float, dy: float, dz: float) -> None:
    out[VIRIAL] += w * dx * dx
    out[VIRIAL + 1] += w * dy * dy
    out[VIRIAL + 2] += w * dz * dz
    out[VIRIAL + 3] += w * dx * dy
    out[VIRIAL + 4] += w * dy * dz
    out[VIRIAL + 5] += w * dz * dx


@njit(cache=True, nogil=True, error_model="numpy")
def _bond_forces(a: Arrays, measure: bool, out: Floats) -> None:
    x, f = a.x, a.f
    for b in range(len(a.bonds)):
        i, j, p = a.place[a.bonds[b, 0]], a.place[a.bonds[b, 1]], a.bonds[b, 2]
        dx, dy, dz = nearest_image(x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2], a.box)
        energy, w, bend = evaluate(a.kinds[p], a.rows[p], a.tables, dx * dx + dy * dy + dz * dz)
        f[i, 0] += w * dx
        f[i, 1] += w * dy
        f[i, 2] += w * dz
        f[j, 0] -= w * dx
        f[j, 1] -= w * dy
        f[j, 2] -= w * dz
        if measure:
            out[BOND] += energy
            out[CURVATURE] += 2.0 * (bend - 2.0 * w)
            _add_virial(out, w, dx, dy, dz)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_arm(a: Arrays, i: int, measure: bool, out: Floats, arm: Floats, force: Floats) -> None:
    """Add the force on one particle, and its virial over the arm from where the moments are taken."""
    for axis in range(3):
        a.f[i, axis] += force[axis]
    if measure:
        for axis in range(3):
            out[VIRIAL + axis] += arm[axis] * force[axis]
            out[VIRIAL + 3 + axis] += arm[axis] * force[(axis + 1) % 3]


@njit(cache=True, nogil=True, error_model="numpy")
def _arm(a: Arrays, i: int, j: int, out: Floats) -> None:
    dx, dy, dz = nearest_image(a.x[i, 0] - a.x[j, 0], a.x[i, 1] - a.x[j, 1], a.x[i, 2] - a.x[j, 2], a.box)
    out[0], out[1], out[2] = dx, dy, dz


@njit(cache=True, nogil=True, error_model="numpy")
def _dot(p: Floats, q: Floats) -> float:
    return p[0] * q[0] + p[1] * q[1] + p[2] * q[2]


@njit(cache=True, nogil=True, error_model="numpy")
def _angle_forces(a: Arrays, measure: bool, out: Floats) -> None:
    p, q, fi, fj, fk, none = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.zeros(3)
    for b in range(len(a.angles)):
        i, j, k = a.place[a.angles[b, 0]], a.place[a.angles[b, 1]], a.place[a.angles[b, 2]]
        row = a.angle_rows[a.angles[b, 3]]
        _arm(a, i, j, p)
        _arm(a, k, j, q)
        lp, lq = math.sqrt(_dot(p, p)), math.sqrt(_dot(q, q))
        c = _dot(p, q) / (lp * lq)
        cx, cy, cz = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]
        s = max(math.sqrt(cx * cx + cy * cy + cz * cz) / (lp * lq), 1e-12)
        theta = math.atan2(s, c)
        slope = row[0] * (theta - row[1])
        for axis in range(3):
            fi[axis] = slope / s * (q[axis] / lq - c * p[axis] / lp) / lp
            fk[axis] = slope / s * (p[axis] / lp - c * q[axis] / lq) / lq
            fj[axis] = -fi[axis] - fk[axis]
        _add_arm(a, i, measure, out, p, fi)
        _add_arm(a, j, measure, out, none, fj)
        _add_arm(a, k, measure, out, q, fk)
        if measure:
            out[ANGLE] += 0.5 * row[0] * (theta - row[1]) ** 2
            ends = 1.0 / (lp * lp) + 1.0 / (lq * lq)
            gradient = 2.0 * ends - 2.0 * c / (lp * lq)
            out[CURVATURE] += row[0] * gradient + slope / s * (2.0 * c * ends - 2.0 / (lp * lq))


@njit(cache=True, nogil=True, error_model="numpy")
def _dihedral(row: Floats, p: Floats, q: Floats, r: Floats, force: Floats) -> float:
    """Energy, and forces on the four particles, from the vectors j to i, j to k and k to l."""
    ax, ay, az = q[1] * p[2] - q[2] * p[1], q[2] * p[0] - q[0] * p[2], q[0] * p[1] - q[1] * p[0]
    bx, by, bz = q[1] * r[2] - q[2] * r[1], q[2] * r[0] - q[0] * r[2], q[0] * r[1] - q[1] * r[0]
    lq = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2])
    a2, b2 = max(ax * ax + ay * ay + az * az, 1e-24), max(bx * bx + by * by + bz * bz, 1e-24)
    # phi is the angle between the arms as seen along the axis: 0 in cis, pi in trans
    along = (ay * bz - az * by) * q[0] + (az * bx - ax * bz) * q[1] + (ax * by - ay * bx) * q[2]
    phi = math.atan2(along / lq, ax * bx + ay * by + az * bz)
    slope = -row[0] * math.sin(phi) + 2.0 * row[1] * math.sin(2.0 * phi) - 3.0 * row[2] * math.sin(3.0 * phi)
    pq = (p[0] * q[0] + p[1] * q[1] + p[2] * q[2]) / (lq * lq)
    rq = (r[0] * q[0] + r[1] * q[1] + r[2] * q[2]) / (lq * lq)
    for axis in range(3):
        # perpendicular to arm and axis: how phi turns when an end moves
        fi = slope * lq / a2 * (ax if axis == 0 else ay if axis == 1 else az)
        fl = -slope * lq / b2 * (bx if axis == 0 else by if axis == 1 else bz)
        force[0, axis], force[3, axis] = fi, fl
        force[1, axis] = -fi + pq * fi + rq * fl
        force[2, axis] = -fl - pq * fi - rq * fl
    first, second = row[0] * (1.0 + math.cos(phi)), row[1] * (1.0 - math.cos(2.0 * phi))
    return first + second + row[2] * (1.0 + math.cos(3.0 * phi))


@njit(cache=True, nogil=True, error_model="numpy")
def _dihedral_forces(a: Arrays, measure: bool, out: Floats) -> None:
    p, q, r, force, moved = np.empty(3), np.empty(3), np.empty(3), np.empty((4, 3)), np.empty((4, 3))
    none, far = np.zeros(3), np.empty(3)
    for d in range(len(a.dihedrals)):
        i, j = a.place[a.dihedrals[d, 0]], a.place[a.dihedrals[d, 1]]
        k, m = a.place[a.dihedrals[d, 2]], a.place[a.dihedrals[d, 3]]
        row = a.dihedral_rows[a.dihedrals[d, 4]]
        _arm(a, i, j, p)
        _arm(a, k, j, q)
        _arm(a, m, k, r)
        energy = _dihedral(row, p, q, r, force)
        _add_arm(a, i, measure, out, p, force[0])
        _add_arm(a, j, measure, out, none, force[1])
        _add_arm(a, k, measure, out, q, force[2])
        for axis in range(3):
            far[axis] = q[axis] + r[axis]
        _add_arm(a, m, measure, out, far, force[3])
        if measure:
            out[DIHEDRAL] += energy
            h = 1e-5 * math.sqrt(_dot(q, q))
            for axis in range(3):  # the Laplacian, by differences of the force: each particle moves three vectors
                for who in range(4):
                    for side in (-1.0, 1.0):
                        s = side * h
                        p[axis] += s if who == 0 else -s if who == 1 else 0.0
                        q[axis] += s if who == 2 else -s if who == 1 else 0.0
                        r[axis] += s if who == 3 else -s if who == 2 else 0.0
                        _dihedral(row, p, q, r, moved)
                        out[CURVATURE] -= side * moved[who, axis] / (2.0 * h)
                        p[axis] -= s if who == 0 else -s if who == 1 else 0.0
                        q[axis] -= s if who == 2 else -s if who == 1 else 0.0
                        r[axis] -= s if who == 3 else -s if who == 2 else 0.0

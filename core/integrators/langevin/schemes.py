"""One step of each scheme, for one degree of freedom and for any number: one evaluation of the force each.

A step for one degree of freedom is ``step(force, x, v, f, n, m, k, parameters) -> (x, v, f)``, and for many
``step(force, x, v, f, n, m, k, parameters)``, which changes the arrays *x*, *v* and *f*, all of shape (d,). *f* is the
force at *x* on entry and on exit (ABOBA, which meets its force half-way, neither needs nor keeps it); *n* and *m* are
standard normal numbers (only OBABO needs both); *k* are the coefficients of `coefficients`. The steps draw nothing
themselves, so that an engine with noise of its own, or neighbour lists inside `force`, can use them as they are.

Overdamped schemes have no velocity: Leimkuhler-Matthews keeps in its place the last normal number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["SCHEMES", "Scheme", "SchemeName", "coefficients"]

Floats = NDArray[np.float64]
SchemeName = Literal["baoab", "aboba", "obabo", "leimkuhler_matthews", "euler_maruyama"]


@dataclass(frozen=True)
class Scheme:
    """Steps of one scheme.

    Attributes
    ----------
    one, many : callable
        The step for one degree of freedom, and for a vector of them.
    inertial : bool
        Whether there are velocities.
    noises : int
        Normal numbers of one degree of freedom in one step.
    """

    one: Callable[..., Any]
    many: Callable[..., Any]
    inertial: bool
    noises: int


def coefficients(scheme: SchemeName, step: float, mass: Floats, friction: Floats, temperature: float) -> Floats:
    """Coefficients of a step, shape (4, d): of kick, drift, what velocity remains, and noise.

    Overdamped schemes use the first (mobility times step) and the last only.
    """
    k = np.zeros((4, mass.size))
    if not SCHEMES[scheme].inertial:
        k[0] = step / (mass * friction)
        share = 0.5 if scheme == "leimkuhler_matthews" else 2.0
        k[3] = np.sqrt(share * temperature * k[0])
        return k
    damping = -friction * (0.5 * step if scheme == "obabo" else step)
    k[0] = 0.5 * step / mass
    k[1] = (1.0 if scheme == "obabo" else 0.5) * step
    k[2] = np.exp(damping)
    k[3] = np.sqrt(-np.expm1(2.0 * damping) * temperature / mass)
    return k


@njit(nogil=True)
def _baoab_one(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    v += k[0, 0] * f
    x += k[1, 0] * v
    v = k[2, 0] * v + k[3, 0] * n
    x += k[1, 0] * v
    f = force(x, parameters)
    return x, v + k[0, 0] * f, f


@njit(nogil=True)
def _baoab_many(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        u = v[i] + k[0, i] * f[i]
        w = k[2, i] * u + k[3, i] * n[i]
        x[i] = (x[i] + k[1, i] * u) + k[1, i] * w
        v[i] = w
    force(x, parameters, f)
    for i in range(len(x)):
        v[i] += k[0, i] * f[i]


@njit(nogil=True)
def _aboba_one(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    x += k[1, 0] * v
    f = force(x, parameters)
    v = k[2, 0] * (v + k[0, 0] * f) + k[3, 0] * n + k[0, 0] * f
    return x + k[1, 0] * v, v, f


@njit(nogil=True)
def _aboba_many(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        x[i] += k[1, i] * v[i]
    force(x, parameters, f)
    for i in range(len(x)):
        v[i] = k[2, i] * (v[i] + k[0, i] * f[i]) + k[3, i] * n[i] + k[0, i] * f[i]
        x[i] += k[1, i] * v[i]


@njit(nogil=True)
def _obabo_one(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    v = k[2, 0] * v + k[3, 0] * n + k[0, 0] * f
    x += k[1, 0] * v
    f = force(x, parameters)
    return x, k[2, 0] * (v + k[0, 0] * f) + k[3, 0] * m, f


@njit(nogil=True)
def _obabo_many(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        v[i] = k[2, i] * v[i] + k[3, i] * n[i] + k[0, i] * f[i]
        x[i] += k[1, i] * v[i]
    force(x, parameters, f)
    for i in range(len(x)):
        v[i] = k[2, i] * (v[i] + k[0, i] * f[i]) + k[3, i] * m[i]


@njit(nogil=True)
def _matthews_one(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    x += k[0, 0] * f + k[3, 0] * (v + n)
    return x, n, force(x, parameters)


@njit(nogil=True)
def _matthews_many(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        x[i] += k[0, i] * f[i] + k[3, i] * (v[i] + n[i])
        v[i] = n[i]
    force(x, parameters, f)


@njit(nogil=True)
def _euler_one(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    x += k[0, 0] * f + k[3, 0] * n
    return x, v, force(x, parameters)


@njit(nogil=True)
def _euler_many(force, x, v, f, n, m, k, parameters):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        x[i] += k[0, i] * f[i] + k[3, i] * n[i]
    force(x, parameters, f)


SCHEMES: dict[str, Scheme] = {
    "baoab": Scheme(_baoab_one, _baoab_many, True, 1),
    "aboba": Scheme(_aboba_one, _aboba_many, True, 1),
    "obabo": Scheme(_obabo_one, _obabo_many, True, 2),
    "leimkuhler_matthews": Scheme(_matthews_one, _matthews_many, False, 1),
    "euler_maruyama": Scheme(_euler_one, _euler_many, False, 1),
}

"""What flows: the right-hand side, its energy, and the compiled passes over modes that steps consist of."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..free_energies import FreeEnergy
from .basis import Basis

__all__ = ["Evaluation", "GradientFlow", "phi_functions"]

Array = NDArray[np.float64]
Modes = NDArray[Any]


class Evaluation(NamedTuple):
    """Modes of the local driving force at a state, and the local energy there."""

    force: Modes
    energy: float


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """Steepest descent of a free energy; see :mod:`mesoscale.core.fields.spectral`.

    Parameters
    ----------
    basis : Basis
        Grid and boundary.
    free_energy : FreeEnergy
        The local part f.
    quadratic : numpy.ndarray
        Symbol q of the quadratic part of the energy, on the modes.
    mobility : numpy.ndarray
        Symbol m >= 0, on the modes.
    stabiliser : float
        Linear part that is taken out of f' and treated exactly.
    temperature : float
        kT of the noise, in the units of the energy; 0 for none.
    local_mobility : callable, optional
        Factor on the mobility as a function of the field, array to array, best between 0 and 1. The mobility must then
        be that of a conserved field, M k^2, and the right-hand side is that of equation (2).

    Raises
    ------
    ValueError
        If a symbol has the wrong shape, is not finite, or the mobility is negative; if a local mobility comes with
        noise or with a mobility that is not M k^2.
    """

    basis: Basis
    free_energy: FreeEnergy
    quadratic: Array
    mobility: Array
    stabiliser: float = 0.0
    temperature: float = 0.0
    local_mobility: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        for name in ("quadratic", "mobility"):
            symbol = np.ascontiguousarray(np.broadcast_to(getattr(self, name), self.basis.k2.shape), dtype=float)
            if not np.isfinite(symbol).all():
                raise ValueError(f"{name}: the symbol must be finite for every mode")
            object.__setattr__(self, name, symbol)
        if self.mobility.min() < 0:
            raise ValueError("mobility: the symbol must not be negative")
        if self.temperature < 0:
            raise ValueError(f"temperature = {self.temperature!r}: must be at least 0")
        if self.local_mobility is not None:
            if self.temperature > 0:
                raise ValueError(f"temperature = {self.temperature!r}: must be 0 with a local mobility")
            k2 = self.basis.k2
            if not np.allclose(self.mobility, self.mobility.max() / k2.max() * k2, rtol=1e-12, atol=0.0):
                raise ValueError("mobility: must be a constant times k^2 with a local mobility")

    @functools.cached_property
    def linear(self) -> Array:
        """L = -m (q + a)."""
        return -self.mobility * (self.quadratic + self.stabiliser)

    def evaluate(self, modes: Modes) -> Evaluation:
        """[f'(c) - a c]_k and the mean of f; destroys `modes`."""
        if self.local_mobility is not None:
            return self._evaluate_locally(modes, self.local_mobility)
        field = self.basis.backward(modes, overwrite=True)
        total = self.free_energy.evaluate(field, self.stabiliser, field)
        # not in place: cosine transforms would hand back the memory of `modes`, which the next stage fills
        return Evaluation(self.basis.forward(field), total / self.basis.size)

    def _evaluate_locally(self, modes: Modes, factor: Callable[[Array], Array]) -> Evaluation:
        """The force with which equation (1) is equation (2): all that is not the linear part of the full mobility."""
        basis, kept = self.basis, modes.copy()
        field = basis.backward(modes, overwrite=True)
        shares = np.asarray(factor(field), dtype=float)
        total = self.free_energy.evaluate(field, 0.0, field)
        potential = basis.forward(field) + self.quadratic * kept
        force = -(self.quadratic + self.stabiliser) * kept
        inverse = 1.0 / np.where(basis.k2 > 0, basis.k2, np.inf)
        lost = basis.k2 - sum(basis.slopes(axis) ** 2 for axis in range(len(basis.shape)))
        force += float(shares.mean()) * inverse * lost * potential  # the frequencies that no derivative sees
        for axis in range(len(basis.shape)):
            flux = basis.derivative(potential, axis)
            force -= inverse * basis.divergence(np.multiply(flux, shares, out=flux), axis)
        return Evaluation(force, total / basis.size)

    def quadratic_energy(self, modes: Modes) -> float:
        """Energy of the quadratic part, per volume."""
        return 0.5 * _sum_squares(modes.reshape(-1), self.basis.weights.reshape(-1), self.quadratic.reshape(-1))

    def energy(self, field: Array) -> float:
        """Free energy F of a field."""
        local = self.free_energy.evaluate(field, 0.0, np.empty_like(field)) / self.basis.size
        return self.basis.volume * (local + self.quadratic_energy(self.basis.forward(field)))


def phi_functions(z: Any) -> tuple[Any, Any, Any]:
    """phi_1, phi_2 and phi_3 of exponential integrators, to rounding for every real z.

    >>> phi_functions(0.0)
    (1.0, 0.5, 0.16666666666666666)
    """
    z = np.asarray(z, dtype=float)
    flat = np.ascontiguousarray(z).reshape(-1)
    table = np.empty((3, flat.size))
    _tabulate_phi(flat, table)
    return tuple(row.reshape(z.shape)[()] for row in table)  # type: ignore[return-value]


@njit(cache=True, nogil=True)
def phi_of(z: float) -> tuple[float, float, float, float]:
    """e^z, phi_1, phi_2, phi_3."""
    if abs(z) < 1.0:
        term, third = 1.0 / 6.0, 0.0
        for n in range(4, 22):
            third += term
            term *= z / n
        second = z * third + 0.5
        first = z * second + 1.0
        return z * first + 1.0, first, second, third
    first = math.expm1(z) / z
    second = (first - 1.0) / z
    return math.exp(z), first, second, (second - 0.5) / z


@njit(cache=True, nogil=True)
def _tabulate_phi(z: Array, table: Array) -> None:
    for i in range(z.size):
        _, table[0, i], table[1, i], table[2, i] = phi_of(z[i])


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _sum_squares(modes: Modes, weights: Array, symbol: Array) -> float:
    total = 0.0
    for i in range(modes.size):
        total += weights[i] * symbol[i] * (modes[i].real ** 2 + modes[i].imag ** 2)
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def sum_squares(modes: Modes, weights: Array) -> float:
    """Mean square of the field."""
    total = 0.0
    for i in range(modes.size):
        total += weights[i] * (modes[i].real ** 2 + modes[i].imag ** 2)
    return total


@njit(cache=True, nogil=True)
def tabulate_etdrk4(h: float, linear: Array, mobility: Array, table: Array) -> None:
    """Krogstad's coefficients a mode, with the mobility and the step inside."""
    for i in range(linear.size):
        z, g = h * linear[i], -h * mobility[i]
        half, one, two, _ = phi_of(0.5 * z)
        full, first, second, third = phi_of(z)
        table[0, i], table[1, i] = half, full
        table[2, i] = 0.5 * g * one
        table[3, i], table[4, i] = 0.5 * g * (one - 2.0 * two), g * two
        table[5, i], table[6, i] = g * (first - 2.0 * second), 2.0 * g * second
        table[7, i] = g * (first - 3.0 * second + 4.0 * third)
        table[8, i], table[9, i] = g * (2.0 * second - 4.0 * third), g * (4.0 * third - second)


@njit(cache=True, nogil=True)
def combine_one(table: Array, decay: int, first: int, u: Modes, a: Modes, out: Modes) -> None:
    """out = table[decay] u + table[first] a."""
    for i in range(u.size):
        out[i] = table[decay, i] * u[i] + table[first, i] * a[i]


@njit(cache=True, nogil=True)
def combine_two(table: Array, decay: int, first: int, u: Modes, a: Modes, b: Modes, out: Modes) -> None:
    """out = table[decay] u + table[first] a + table[first + 1] b."""
    for i in range(u.size):
        out[i] = table[decay, i] * u[i] + table[first, i] * a[i] + table[first + 1, i] * b[i]


@njit(cache=True, nogil=True)
def combine_last(
    table: Array,
    u: Modes,
    a: Modes,
    b: Modes,
    c: Modes,
    d: Modes,
    weights: Array,
    symbol: Array,
    out: Modes,
    copy: Modes,
) -> float:
    """The new state, twice; returns twice its quadratic energy."""
    for i in range(u.size):
        out[i] = table[1, i] * u[i] + table[7, i] * a[i] + table[8, i] * (b[i] + c[i]) + table[9, i] * d[i]
    copy[:] = out
    return _sum_squares(out, weights, symbol)


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def embedded_error(table: Array, last: Modes, new: Modes, weights: Array) -> float:
    """Mean square difference to the third-order solution; the share 3/5 is that of the classical pair."""
    total = 0.0
    for i in range(last.size):
        gap = 0.6 * table[9, i] * (new[i] - last[i])
        total += weights[i] * (gap.real**2 + gap.imag**2)
    return total


@njit(cache=True, nogil=True)
def step_sbdf2(
    h: float, ratio: float, linear: Array, mobility: Array, u: Modes, old: Modes, force: Modes, old_force: Modes,
    weights: Array, symbol: Array, out: Modes, copy: Modes,
) -> float:  # fmt: skip
    """Variable-step second-order backward differences; returns twice the quadratic energy."""
    w, total = ratio, 0.0
    lead, back = (1.0 + 2.0 * w) / (1.0 + w), w * w / (1.0 + w)
    for i in range(u.size):
        drive = -h * mobility[i] * ((1.0 + w) * force[i] - w * old_force[i])
        new = ((1.0 + w) * u[i] - back * old[i] + drive) / (lead - h * linear[i])
        out[i], copy[i] = new, new
        total += weights[i] * symbol[i] * (new.real**2 + new.imag**2)
    return total


@njit(cache=True, nogil=True)
def step_first_order(
    h: float, implicit: float, linear: Array, mobility: Array, u: Modes, force: Modes, weights: Array, symbol: Array,
    out: Modes, copy: Modes,
) -> float:  # fmt: skip
    """Euler with the linear part ahead (`implicit` = 1) or behind (0); returns twice the quadratic energy."""
    total = 0.0
    for i in range(u.size):
        behind = 1.0 + (1.0 - implicit) * h * linear[i]
        new = (behind * u[i] - h * mobility[i] * force[i]) / (1.0 - implicit * h * linear[i])
        out[i], copy[i] = new, new
        total += weights[i] * symbol[i] * (new.real**2 + new.imag**2)
    return total


@njit(cache=True, nogil=True)
def extrapolation_gap(new: Modes, u: Modes, old: Modes, older: Modes, h: float, h1: float, h2: float,
                      weights: Array) -> float:  # fmt: skip
    """Mean square distance of the new state from the parabola through the last three."""
    total = 0.0
    a = (h + h1) * (h + h1 + h2) / (h1 * (h1 + h2))
    b = -h * (h + h1 + h2) / (h1 * h2)
    c = h * (h + h1) / ((h1 + h2) * h2)
    for i in range(u.size):
        gap = new[i] - a * u[i] - b * old[i] - c * older[i]
        total += weights[i] * (gap.real**2 + gap.imag**2)
    return total


@njit(cache=True, nogil=True)
def step_noisy(h: float, linear: Array, mobility: Array, noise: Array, u: Modes, force: Modes, kicks: Modes,
               weights: Array, symbol: Array, out: Modes, copy: Modes) -> float:  # fmt: skip
    """Exponential Euler with the noise of an exact Ornstein-Uhlenbeck process a mode."""
    total = 0.0
    for i in range(u.size):
        decay, first, _, _ = phi_of(h * linear[i])
        _, spread, _, _ = phi_of(2.0 * h * linear[i])
        new = decay * u[i] - h * mobility[i] * first * force[i] + noise[i] * math.sqrt(h * spread) * kicks[i]
        out[i], copy[i] = new, new
        total += weights[i] * symbol[i] * (new.real**2 + new.imag**2)
    return total

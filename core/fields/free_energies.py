r"""Free energies of mixing as functions of one composition, with everything that fields need of them.

A `FreeEnergy` is a density *f(c)* with its derivative. Polynomials and mixtures are kept as numbers and evaluated by
compiled kernels; a function of the user's comes as two functions compiled by numba (`from_functions`).

.. math::

    f = \frac{r}{2} c^2 + \frac{u}{4} c^4, \qquad f = \rho (c - c_a)^2 (c_b - c)^2 \tag{1}

.. math::

    f = \frac{c}{N_A} \ln c + \frac{1-c}{N_B} \ln(1-c) + \chi c (1-c) \tag{2}

Equation (2), in units of kT per site, is Flory and Huggins' [1]; N_A = N_B = 1 is the regular solution. Its logarithms
end at 0 and 1, which a field may overshoot: below *margin* and above 1 - *margin* a field sees the parabola of the
same value, slope and curvature. Inside, nothing is changed; a phase c purer than the margin is off by some margin
ln(margin / c).

Two phases coexist where a common tangent touches, and a flat interface between them costs, with the gradient term
(kappa/2) (grad c)^2 [2],

.. math::

    \sigma = \int_{c_1}^{c_2} \sqrt{2 \kappa \, \Delta f(c)} \, dc \tag{3}

with Delta f the height above the common tangent.

References
----------
1. Flory, J. Chem. Phys. 10, 51 (1942), doi:10.1063/1.1723621.
2. Cahn & Hilliard, J. Chem. Phys. 28, 258 (1958), doi:10.1063/1.1744102.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray
from scipy import optimize

from .common_tangent import (
    common_tangent,
    mixture_binodal,
    mixture_height,
    mixture_spinodal,
    tension_integral,
)

__all__ = [
    "FreeEnergy",
    "double_well",
    "flory_huggins",
    "from_functions",
    "on_arrays",
    "polynomial",
    "quartic",
    "regular_solution",
]

Array = NDArray[np.float64]
Compiled = Callable[[float, Array], float]


@dataclass(frozen=True)
class FreeEnergy:
    """A free-energy density; made by the functions of this module.

    Attributes
    ----------
    kind : {"polynomial", "mixture", "compiled"}
        Which kernel evaluates it.
    parameters : numpy.ndarray
        Coefficients from the constant upwards; (N_A, N_B, chi, margin); or what goes to the user's functions.
    interval : tuple of float
        Where compositions of interest lie: searched for binodal and spinodal.
    """

    kind: Literal["polynomial", "mixture", "compiled"]
    parameters: Array
    interval: tuple[float, float]
    function: Compiled | None = None
    slope: Compiled | None = None

    def evaluate(self, field: Array, stabiliser: float, out: Array) -> float:
        """Write f'(c) - `stabiliser` c to `out` (which may be `field`); return the sum of f(c)."""
        if out is not field:
            out[...] = field
        flat = out.reshape(-1)
        if self.kind == "polynomial":
            return _evaluate_polynomial(flat, stabiliser, self.parameters)
        if self.kind == "mixture":
            return _evaluate_mixture(flat, stabiliser, self.parameters)
        assert self.function is not None  # from_functions gives both
        assert self.slope is not None
        return _evaluate_compiled(flat, stabiliser, self.parameters, self.function, self.slope)

    def value(self, composition: Any) -> Any:
        """f(c)."""
        return self._map(composition)[0]

    def derivative(self, composition: Any) -> Any:
        """f'(c)."""
        return self._map(composition)[1]

    def curvature(self, composition: Any) -> Any:
        """f''(c); by sixth-order differences of f' for functions of the user's."""
        c = np.asarray(composition, dtype=float)
        if self.kind == "polynomial":
            p = self.parameters
            return np.polynomial.polynomial.polyval(c, np.polynomial.polynomial.polyder(p, 2))[()]
        if self.kind == "mixture":
            a, b, chi, margin = self.parameters
            inside = np.clip(c, margin, 1.0 - margin)
            return (1.0 / (a * inside) + 1.0 / (b * (1.0 - inside)) - 2.0 * chi)[()]
        h = 1e-3 * (self.interval[1] - self.interval[0])
        weights = ((1, 0.75), (2, -0.15), (3, 1.0 / 60.0))
        return (sum(w * (self.derivative(c + n * h) - self.derivative(c - n * h)) for n, w in weights) / h)[()]

    def _map(self, composition: Any) -> tuple[Any, Any]:
        c = np.array(composition, dtype=float)
        flat, value, slope = c.reshape(-1), np.empty(c.size), np.empty(c.size)
        for i in range(flat.size):
            value[i] = self.evaluate(flat[i : i + 1], 0.0, slope[i : i + 1])
        return value.reshape(c.shape)[()], slope.reshape(c.shape)[()]

    def spinodal(self) -> tuple[float, ...]:
        """Compositions at which f'' changes its sign, in order; empty where the mixture is stable everywhere."""
        if self.kind == "mixture":
            return mixture_spinodal(*self._weights())
        grid = np.linspace(*self.interval, 2001)
        sign = np.sign(self.curvature(grid))
        places = np.flatnonzero(sign[1:] * sign[:-1] < 0)
        found = [optimize.brentq(self.curvature, grid[i], grid[i + 1], xtol=1e-15, rtol=1e-14) for i in places]
        return tuple(float(c) for c in found)

    def binodal(self) -> tuple[float, float] | None:
        """The two compositions that the common tangent touches; None where the mixture is stable everywhere.

        Of a mixture those of equation (2) itself, however pure: the margin plays no part.

        Raises
        ------
        ArithmeticError
            If more than two phases compete or the tangent leaves the interval.
        """
        return mixture_binodal(*self._weights()) if self.kind == "mixture" else self._touch(self.spinodal())

    def _touch(self, turns: tuple[float, ...]) -> tuple[float, float] | None:
        """Common tangent of the energy as it is evaluated."""
        if not turns:
            return None
        if len(turns) != 2:
            raise ArithmeticError(f"binodal: the spinodal has {len(turns)} points inside {self.interval}, not 2")
        ends = (-1.0, 2.0) if self.kind == "mixture" else self.interval

        def slope(c: float) -> float:
            return float(self.derivative(c))

        return common_tangent(slope, lambda c: float(self.value(c)) - c * slope(c), (turns[0], turns[1]), ends)

    def working_phases(self) -> tuple[float, float] | None:
        """Between which compositions a field separates: the binodal, or, where that lies beyond a mixture's margin,
        the common tangent of the parabolas beyond it. It misses the true phase c by some margin ln(margin / c).
        """
        phases = self.binodal()
        if phases is None or self.kind != "mixture":
            return phases
        margin = float(self.parameters[3])
        inside = phases[0] >= margin and phases[1] <= 1.0 - margin
        return phases if inside else self._touch(self.spinodal())

    def _weights(self) -> tuple[float, float, float]:
        """a, b and chi of f = a c ln c + b (1 - c) ln(1 - c) + chi c (1 - c)."""
        return 1.0 / float(self.parameters[0]), 1.0 / float(self.parameters[1]), float(self.parameters[2])

    def tangent(self, composition: float) -> float:
        """The lever rule: energy density of the two coexisting phases at this mean composition, f itself outside."""
        phases = self.working_phases()
        if phases is None or not phases[0] < composition < phases[1]:
            return float(self.value(composition))
        share = (composition - phases[0]) / (phases[1] - phases[0])
        return float((1.0 - share) * self.value(phases[0]) + share * self.value(phases[1]))

    def interfacial_tension(self, gradient_energy: float) -> float:
        """Energy of a flat interface per area, equation (3); NaN without coexistence."""
        phases = self.binodal()
        if phases is None:
            return math.nan
        first = phases[0]
        if self.kind == "mixture":
            tiny = max(first, 1e-300)  # a phase without a trace of the other has no logarithm
            return tension_integral(mixture_height(*self._weights(), tiny), (tiny, phases[1]), gradient_energy)
        slope, base = float(self.derivative(first)), float(self.value(first))

        def height(c: float) -> float:
            return float(self.value(c)) - base - slope * (c - first)

        return tension_integral(height, phases, gradient_energy)

    def balanced_stabiliser(self) -> float:
        """The linear part a c that a split scheme takes out of f'(c), weighed between error and stability.

        Early on, the error is least where the rest |f'' - a| is: a = (max f'' + min f'')/2 between the two phases.
        Late, when little happens, steps are as long as stability lets them be: at a = (max f'')/2 first-order splitting
        is stable at any step. Halfway between, coarsening takes half the steps of the first, and errs in the energy by
        0.1 % where the second errs by 3 % (PFHub benchmark 1b to t = 1e4, tolerance 1e-3). Zero where none separate.
        """
        phases = self.working_phases()
        if phases is None:
            return 0.0
        bend = self.curvature(np.linspace(*phases, 201))
        return max(0.0, 0.5 * float(bend.max()) + 0.25 * float(bend.min()))


def polynomial(coefficients: Sequence[float], interval: tuple[float, float]) -> FreeEnergy:
    """f = sum of coefficients[n] c^n."""
    return FreeEnergy("polynomial", np.array(coefficients, dtype=float), interval)


def quartic(curvature: float = -1.0, quartic_coefficient: float = 1.0) -> FreeEnergy:
    """Landau's double well about c = 0, equation (1), shifted so that its minima are zero.

    >>> tuple(round(c, 9) for c in quartic().binodal())
    (-1.0, 1.0)
    """
    r, u = curvature, quartic_coefficient
    if not u > 0:
        raise ValueError(f"quartic_coefficient = {u!r}: must be greater than 0")
    edge = math.sqrt(abs(r) / u)
    return polynomial([r * r / (4.0 * u) if r < 0 else 0.0, 0.0, r / 2.0, 0.0, u / 4.0], (-3.0 * edge, 3.0 * edge))


def double_well(first: float = 0.3, second: float = 0.7, barrier: float = 5.0) -> FreeEnergy:
    """The well of the PFHub benchmark, `barrier` (c - first)^2 (second - c)^2.

    >>> tuple(round(c, 6) for c in double_well().spinodal())
    (0.38453, 0.61547)
    """
    if not (first < second and barrier > 0):
        raise ValueError(f"double_well({first}, {second}, {barrier}): needs first < second and a positive barrier")
    square = np.polynomial.polynomial.polyfromroots([first, first, second, second])
    width = second - first
    return polynomial(list(barrier * square), (first - width, second + width))


def flory_huggins(
    interaction: float, first_length: float = 1.0, second_length: float = 1.0, *, margin: float | None = None
) -> FreeEnergy:
    """Mixing of two polymers (or a polymer and a solvent), equation (2), in kT per site.

    The margin is 1e-4, or a tenth of the spinodal's distance from the nearer end where that is less.

    >>> round(flory_huggins(2.5).binodal()[0], 6)
    0.144794
    >>> [float(f"{c:.4g}") for c in flory_huggins(1.0, 100.0, 1.0).binodal()]  # a dilute phase of long chains
    [1.018e-10, 0.6749]
    """
    if not (0 < first_length < math.inf and 0 < second_length < math.inf and math.isfinite(interaction)):
        raise ValueError(
            f"flory_huggins({interaction}, {first_length}, {second_length}): lengths must be positive, all finite"
        )
    turns = mixture_spinodal(1.0 / first_length, 1.0 / second_length, interaction)
    most = min(0.1, *(min(c, 1.0 - c) for c in turns)) if turns else 0.1
    margin = min(1e-4, 0.1 * most) if margin is None else margin
    if not 0.0 < margin < most:
        raise ValueError(f"margin = {margin}: must be greater than 0 and less than {most:.3g}, 0.1 or the spinodal's")
    parameters = np.array([first_length, second_length, interaction, margin])
    return FreeEnergy("mixture", parameters, (margin, 1.0 - margin))


def regular_solution(interaction: float, *, margin: float | None = None) -> FreeEnergy:
    """Bragg and Williams' mixture: equation (2) with N_A = N_B = 1."""
    return flory_huggins(interaction, margin=margin)


def from_functions(
    function: Compiled, slope: Compiled, parameters: Sequence[float] = (), *, interval: tuple[float, float]
) -> FreeEnergy:
    """A free energy of the user's: `function` f(c, parameters) and `slope` f'(c, parameters).

    Plain Python functions are compiled by numba here; a second set of parameters compiles nothing.

    Raises
    ------
    ValueError
        If `slope` is not the derivative of `function` inside the interval.
    """
    compiled = [_compiled(g) for g in (function, slope)]
    energy = FreeEnergy("compiled", np.array(parameters, dtype=float), interval, *compiled)
    low, high = interval
    if not low < high:
        raise ValueError(f"interval = {interval}: must run upwards")
    width = high - low
    for c in low + width * np.array([0.21, 0.5, 0.83]):
        h = 1e-4 * width
        difference = float(energy.value(c + h) - energy.value(c - h)) / (2.0 * h)
        exact = float(energy.derivative(c))
        scale = abs(exact) + max(abs(float(energy.derivative(x))) for x in (low + 0.1 * width, high - 0.1 * width))
        if not abs(difference - exact) <= 1e-4 * scale + 1e-9:
            raise ValueError(f"slope is not the derivative of function: at c = {c:.4g} it is {exact:.6g}, "
                             f"differences give {difference:.6g}")  # fmt: skip
    return energy


def on_arrays(function: Compiled, parameters: Sequence[float] = ()) -> Callable[[Array], Array]:
    """A function of the user's of (c, parameters) as a function of whole fields; compiled by numba if it is not yet."""
    compiled, numbers = _compiled(function), np.array(parameters, dtype=float)

    def field_of(field: Array) -> Array:
        out = np.empty_like(field)
        _map_compiled(field.reshape(-1), numbers, out.reshape(-1), compiled)
        return out

    return field_of


def _compiled(function: Compiled) -> Compiled:
    return function if isinstance(function, Dispatcher) else njit(function)


@njit(nogil=True)
def _map_compiled(field: Array, p: Array, out: Array, function: Compiled) -> None:
    for i in range(field.size):
        out[i] = function(field[i], p)


# One array in and out, and sums whose order is free: two conditions without which none of the loops is vectorised.
@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _evaluate_polynomial(field: Array, stabiliser: float, p: Array) -> float:
    total = 0.0
    if p.size == 5:  # the common case, unrolled
        p0, p1, p2, p3, p4 = p[0], p[1], p[2], p[3], p[4]
        linear = 2.0 * p2 - stabiliser
        for i in range(field.size):
            c = field[i]
            total += p0 + c * (p1 + c * (p2 + c * (p3 + c * p4)))
            field[i] = p1 + c * (linear + c * (3.0 * p3 + c * 4.0 * p4))
        return total
    for i in range(field.size):
        c, value, slope = field[i], 0.0, 0.0
        for n in range(p.size - 1, -1, -1):
            slope = slope * c + value
            value = value * c + p[n]
        total += value
        field[i] = slope - stabiliser * c
    return total


@njit(cache=True, nogil=True)
def _evaluate_mixture(field: Array, stabiliser: float, p: Array) -> float:
    total = 0.0
    a, b, chi, margin = 1.0 / p[0], 1.0 / p[1], p[2], p[3]
    for i in range(field.size):
        c = field[i]
        x = min(max(c, margin), 1.0 - margin)
        low, high = math.log(x), math.log1p(-x)
        value = a * x * low + b * (1.0 - x) * high + chi * x * (1.0 - x)
        slope = a * (low + 1.0) - b * (high + 1.0) + chi * (1.0 - 2.0 * x)
        if c != x:
            bend, beyond = a / x + b / (1.0 - x) - 2.0 * chi, c - x
            value += beyond * (slope + 0.5 * bend * beyond)
            slope += bend * beyond
        total += value
        field[i] = slope - stabiliser * c
    return total


@njit(nogil=True)
def _evaluate_compiled(field: Array, stabiliser: float, p: Array, function: Compiled, slope: Compiled) -> float:
    total = 0.0
    for i in range(field.size):
        c = field[i]
        total += function(c, p)
        field[i] = slope(c, p) - stabiliser * c
    return total

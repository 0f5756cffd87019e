r"""Two phases whose potentials are equal: the tangent that touches a free energy twice.

With the slope f' and the intercept omega = f - c f' (the potential of what the composition is not), two compositions
coexist if both are equal. On each side of the spinodal the slope grows along the composition, and omega falls by c for
every unit of slope, so that the difference of the two intercepts is a monotone function of the slope: one root at most.

In a mixture, f = a c ln c + b (1 - c) ln(1 - c) + chi c (1 - c), phases may be purer than any float beside 1 can say.
There the coordinate is t = ln(c / (1 - c)), and nothing is rounded away:

.. math::

    \omega = b \ln(1 - c) + \chi c^2 + (b - a) c \tag{1}
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import integrate, optimize

__all__ = ["common_tangent", "mixture_binodal", "mixture_height", "mixture_spinodal", "tension_integral"]

Scalar = Callable[[float], float]
_MOST = 500  # steps of a search


def common_tangent(
    slope: Scalar, intercept: Scalar, turns: tuple[float, float], ends: tuple[float, float]
) -> tuple[float, float]:
    """Coordinates of the two phases between `ends`, one on each side of the two `turns` of the slope.

    Raises
    ------
    ArithmeticError
        If no tangent touches twice between the ends.
    """
    low, high = ends

    def crossing(target: float, left: float, right: float) -> float:  # slope = target, on a branch where it grows
        if slope(left) >= target:
            return left
        if slope(right) <= target:
            return right
        return float(optimize.brentq(lambda t: slope(t) - target, left, right, xtol=1e-15, rtol=1e-14, maxiter=_MOST))

    def mismatch(first: float) -> float:
        second = crossing(slope(first), turns[1], high)
        return intercept(second) - intercept(first)

    # slopes that both branches have: between those of the two turns, and at the ends
    least = crossing(max(slope(turns[1]), slope(low)), low, turns[0])
    most = crossing(min(slope(turns[0]), slope(high)), low, turns[0])
    least, most = least + 1e-13 * (turns[0] - least), most - 1e-13 * (turns[0] - least)
    if not (least < most and mismatch(least) * mismatch(most) < 0):
        raise ArithmeticError(f"binodal: no common tangent inside {ends}")
    first = float(optimize.brentq(mismatch, least, most, xtol=1e-15, rtol=1e-14, maxiter=_MOST))
    return first, crossing(slope(first), turns[1], high)


def mixture_spinodal(a: float, b: float, chi: float) -> tuple[float, ...]:
    """Compositions where f'' = a / c + b / (1 - c) - 2 chi vanishes; empty where it does not."""
    near, far = (math.sqrt(a) + math.sqrt(b)) ** 2, (math.sqrt(a) - math.sqrt(b)) ** 2
    if not 2.0 * chi > near:
        return ()
    root = math.sqrt((2.0 * chi - near) * (2.0 * chi - far))
    low = 2.0 * a / (2.0 * chi + a - b + root)
    high = 1.0 - 2.0 * b / (2.0 * chi + b - a + root)
    return low, high


def mixture_binodal(a: float, b: float, chi: float) -> tuple[float, float] | None:
    """The two compositions in coexistence, to relative precision at both ends; None without coexistence."""
    turns = mixture_spinodal(a, b, chi)
    if not turns:
        return None

    def parts(t: float) -> tuple[float, float, float, float]:  # c, 1 - c and their logarithms
        small = math.exp(-abs(t))
        major, minor = 1.0 / (1.0 + small), small / (1.0 + small)
        lesser, greater = -abs(t) - math.log1p(small), -math.log1p(small)
        return (minor, major, lesser, greater) if t < 0.0 else (major, minor, greater, lesser)

    def slope(t: float) -> float:
        c, rest, log_c, log_rest = parts(t)
        return a * (log_c + 1.0) - b * (log_rest + 1.0) + chi * (rest - c)

    def intercept(t: float) -> float:
        c, _, _, log_rest = parts(t)
        return b * log_rest + chi * c * c + (b - a) * c

    ends = math.log(turns[0] / (1.0 - turns[0])), math.log(turns[1] / (1.0 - turns[1]))
    reach = 4.0 * (chi + a + b)  # no slope in question is steeper; far out the slope is a t or b t
    first, second = common_tangent(slope, intercept, ends, (-50.0 - reach / a, 50.0 + reach / b))
    return parts(first)[0], parts(second)[0]


def mixture_height(a: float, b: float, chi: float, phase: float) -> Scalar:
    """Height of f above its tangent at `phase`, without the cancellation of the difference of two energies."""

    def height(c: float) -> float:
        step = c - phase
        first = c * math.log(c / phase) - step if abs(step) > 0.5 * phase else phase * _bend(step / phase)
        other = 1.0 - phase
        second = (1.0 - c) * math.log((1.0 - c) / other) + step if abs(step) > 0.5 * other else (
            other * _bend(-step / other)
        )  # fmt: skip
        return a * first + b * second - chi * step * step

    return height


def tension_integral(height: Scalar, phases: tuple[float, float], gradient_energy: float) -> float:
    """Integral of (2 kappa height)^(1/2) between the phases."""
    first, second = phases

    def integrand(angle: float) -> float:  # c on half a circle: the root vanishes smoothly at both ends
        half = math.sin(0.5 * angle)
        c = first + (second - first) * half * half
        if not first < c < second:
            return 0.0
        rise = math.sqrt(2.0 * gradient_energy) * math.sqrt(max(0.0, height(c)))
        return rise * 0.5 * (second - first) * math.sin(angle)

    # full_output: near a critical point rounding, not the width of intervals, ends the search, and quad would warn
    found = integrate.quad(integrand, 0.0, math.pi, epsabs=0.0, epsrel=1e-11, limit=200, full_output=1)
    return float(found[0])


def _bend(x: float) -> float:
    """(1 + x) ln(1 + x) - x, to relative precision."""
    if abs(x) > 0.1:
        return (1.0 + x) * math.log1p(x) - x
    powers = np.arange(2, 22)
    return float(np.polynomial.polynomial.polyval(x, [0.0, 0.0, *((-1.0) ** powers / (powers * (powers - 1.0)))]))

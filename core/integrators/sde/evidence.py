"""Why anybody should believe the schemes: measured orders, exact means, a stationary state by quadrature."""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy.integrate
from numpy.typing import NDArray
from scipy.special import ndtr

from ...evidence import Evidence
from .convergence import Wiener, strong_errors, strong_order
from .ensemble import integrate
from .equation import StochasticEquation
from .ornstein_uhlenbeck import ornstein_uhlenbeck, stationary_covariance
from .schemes import SchemeName

__all__ = ["EVIDENCE"]


@functools.cache
def _growth(interpretation: str) -> StochasticEquation:
    return StochasticEquation(
        drift=lambda x, t, p: p[0] * x,
        diffusion=lambda x, t, p: p[1] * x,
        noise="diagonal",
        interpretation=interpretation,  # type: ignore[arg-type]
    )


@functools.cache
def _cubic() -> StochasticEquation:
    return StochasticEquation(drift=lambda x, t, p: x - x * x * x, diffusion=lambda x, t, p: p[0], noise="additive")


@functools.cache
def _bounded() -> StochasticEquation:
    return StochasticEquation(
        drift=lambda x, t, p: -x * (1.0 - x * x),
        diffusion=lambda x, t, p: 1.0 - x * x,
        noise="diagonal",
        interpretation="ito",
    )


def _order_on_growth(scheme: SchemeName) -> float:
    levels = (4, 5, 6, 7, 8)
    wiener = Wiener(6000, 8)
    exact = strong_errors(
        _growth("ito"), scheme, 1.0, (0.5, 1.0), wiener, levels, exact=lambda w: np.exp(w)
    )  # mu - sigma^2/2 = 0
    return strong_order(exact[0], levels)


def _order_on_cubic(scheme: SchemeName) -> float:
    levels = (6, 7, 8, 9)
    return strong_order(strong_errors(_cubic(), scheme, 0.5, (1.0,), Wiener(800, 12), levels)[0], levels)


def _order_on_bounded(scheme: SchemeName) -> float:
    levels = (6, 7, 8, 9)
    start = math.atanh(0.3)
    wiener = Wiener(3000, 9)
    errors = strong_errors(_bounded(), scheme, 0.3, (), wiener, levels, exact=lambda w: np.tanh(w + start))
    return strong_order(errors[0], levels)


def _mean_of_growth(interpretation: str) -> tuple[float, float]:
    run = integrate(
        _growth(interpretation),
        1.0,
        [0.0, 1.0],
        step=0.01,
        parameters=(0.0, 0.5),
        trajectories=40_000,
        output="moments",
    )
    return float(run["mean"][1]), float(run["mean_error"][1])


def _square_in_double_well() -> tuple[float, float]:
    start = np.where(np.arange(20_000) % 2 == 0, 0.9, -0.9)
    run = integrate(_cubic(), start, [0.0, 15.0], step=0.02, parameters=(0.5,), trajectories=20_000)
    squares = run["state"].values[:, 1] ** 2
    return float(squares.mean()), float(squares.std(ddof=1) / np.sqrt(len(squares)))


def _square_by_quadrature() -> float:
    def weight(x: float) -> float:
        return math.exp(-(x**4 / 4 - x**2 / 2) / 0.125)

    above, below = (scipy.integrate.quad(lambda x, n=n: x**n * weight(x), -4, 4, epsabs=0)[0] for n in (2, 0))
    return float(above / below)


def _mean_square_in_varying_diffusivity() -> tuple[float, float]:
    """U = x^2/2, kT = 1, D = 1/(1 + x^2): the Ito drift is -D U' + D'."""
    equation = StochasticEquation(
        drift=lambda x, t, p: -x / (1.0 + x * x) - 2.0 * x / (1.0 + x * x) ** 2,
        diffusion=lambda x, t, p: (2.0 / (1.0 + x * x)) ** 0.5,
        noise="diagonal",
        interpretation="ito",
    )
    run = integrate(equation, 0.0, [0.0, 25.0], step=0.02, trajectories=10_000)
    squares = run["state"].values[:, 1] ** 2
    return float(squares.mean()), float(squares.std(ddof=1) / np.sqrt(len(squares)))


def _passed_before(step: float, end: float) -> tuple[float, float]:
    """Share of Brownian motions with drift 1/2 that were seen beyond 1, where they stop."""
    equation = StochasticEquation(
        drift=lambda x, t, p: p[0] if x < p[1] else 0.0,
        diffusion=lambda x, t, p: 1.0 if x < p[1] else 0.0,
        noise="diagonal",
        interpretation="ito",
    )
    run = integrate(
        equation, 0.0, [0.0, end], step=step, parameters=(0.5, 1.0), scheme="euler_maruyama", trajectories=40_000
    )
    share = float((run["state"].values[:, 1] >= 1.0).mean())
    return share, math.sqrt(share * (1.0 - share) / 40_000)


def _reached(level: float, drift: float, time: float) -> float:
    """Probability that Brownian motion with drift reaches a level before a time, by reflection."""
    root = math.sqrt(time)
    direct, mirrored = ndtr([(drift * time - level) / root, (-drift * time - level) / root])
    return float(direct + math.exp(2.0 * drift * level) * mirrored)


def _order_with_one_noise() -> float:
    """Strong order of SRIW1 for a pair that one noise stretches and turns: X = exp(A - B^2/2 + B W) X(0)."""
    equation = StochasticEquation(_pull_pair, _spiral_pair, "scalar", "ito", components=2)
    stretch, pull = 0.5 + 0.8j, -0.3 - 0.4j

    def exact(w: NDArray[np.float64]) -> NDArray[np.float64]:
        z = np.exp(pull - 0.5 * stretch**2 + stretch * w) * (1.0 + 0.5j)
        return np.stack([z.real, z.imag], axis=1)

    levels = (4, 5, 6, 7, 8)
    return strong_order(strong_errors(equation, "sriw1", [1.0, 0.5], (), Wiener(1500, 8), levels, exact)[0], levels)


def _pull_pair(x, t, p, out):  # type: ignore[no-untyped-def]
    out[0] = -0.3 * x[0] + 0.4 * x[1]
    out[1] = -0.4 * x[0] - 0.3 * x[1]


def _spiral_pair(x, t, p, out):  # type: ignore[no-untyped-def]
    out[0] = 0.5 * x[0] - 0.8 * x[1]
    out[1] = 0.8 * x[0] + 0.5 * x[1]


def _rotation_covariance() -> tuple[float, float]:
    """Off-diagonal covariance of a rotating, unequally driven pair after a long leap."""
    rate, noise = [[1.0, -2.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 2.0]]
    run = ornstein_uhlenbeck([3.0, -1.0], [0.0, 40.0], rate=rate, noise=noise, trajectories=40_000)
    product = run["state"].values[:, 1].prod(axis=1)
    return float(product.mean()), float(product.std(ddof=1) / np.sqrt(len(product)))


_ROESSLER = "Roessler, SIAM J. Numer. Anal. 48, 922 (2010), doi:10.1137/09076636X: strong order 3/2"
_KLOEDEN = "Kloeden & Platen, Numerical Solution of Stochastic Differential Equations (1992), ch. 10"

EVIDENCE = (
    Evidence(
        "strong order of Euler-Maruyama, geometric Brownian motion",
        computed=lambda: _order_on_growth("euler_maruyama"),
        expected=0.5,
        absolute=0.1,
        kind="theory",
        source=_KLOEDEN,
    ),
    Evidence(
        "strong order of Milstein, dX = -X(1 - X^2) dt + (1 - X^2) dW",
        computed=lambda: _order_on_bounded("milstein"),
        expected=1.0,
        absolute=0.1,
        kind="theory",
        source=_KLOEDEN,
    ),
    Evidence(
        "strong order of SRIW1, geometric Brownian motion",
        computed=lambda: _order_on_growth("sriw1"),
        expected=1.5,
        absolute=0.1,
        kind="theory",
        source=_ROESSLER,
    ),
    Evidence(
        "strong order of SRIW1, dX = -X(1 - X^2) dt + (1 - X^2) dW",
        computed=lambda: _order_on_bounded("sriw1"),
        expected=1.5,
        absolute=0.1,
        kind="theory",
        source=_ROESSLER,
    ),
    Evidence(
        "strong order of SRA1, dX = (X - X^3) dt + dW",
        computed=lambda: _order_on_cubic("sra1"),
        expected=1.5,
        absolute=0.1,
        kind="theory",
        source=_ROESSLER,
    ),
    Evidence(
        "strong order of Euler-Maruyama, dX = (X - X^3) dt + dW",
        computed=lambda: _order_on_cubic("euler_maruyama"),
        expected=1.0,
        absolute=0.1,
        kind="theory",
        source=_KLOEDEN,
    ),
    Evidence(
        "mean of dX = X dW / 2 in the sense of Ito at t = 1",
        computed=lambda: _mean_of_growth("ito"),
        expected=1.0,
        z=4.0,
        kind="theory",
        source="a martingale keeps its mean",
    ),
    Evidence(
        "mean of dX = X dW / 2 in the sense of Stratonovich at t = 1",
        computed=lambda: _mean_of_growth("stratonovich"),
        expected=math.exp(0.125),
        z=4.0,
        kind="theory",
        source="X = exp(W/2) by the ordinary chain rule",
    ),
    Evidence(
        "mean square in the double well V = x^4/4 - x^2/2, noise 0.5",
        computed=_square_in_double_well,
        expected=_square_by_quadrature,
        z=4.0,
        kind="theory",
        source="Boltzmann's distribution by quadrature",
    ),
    Evidence(
        "strong order of SRIW1, a pair driven by one noise",
        computed=_order_with_one_noise,
        expected=1.5,
        absolute=0.1,
        kind="theory",
        source=_ROESSLER,
    ),
    Evidence(
        "mean square in a harmonic well where the diffusivity varies, kT = 1",
        computed=_mean_square_in_varying_diffusivity,
        expected=1.0,
        z=4.0,
        kind="theory",
        source="Boltzmann's distribution does not know the diffusivity",
    ),
    Evidence(
        "first passage of Brownian motion before t = 2, seen in steps of 0.01",
        computed=lambda: _passed_before(0.01, 2.0),
        # -zeta(1/2)/sqrt(2 pi) = 0.5826 is the mean overshoot of a Gaussian walk
        expected=lambda: _reached(1.0 + 0.5826 * 0.1, 0.5, 2.0),
        z=4.0,
        kind="theory",
        source="reflection; overshoot by Broadie, Glasserman & Kou, Math. Finance 7, 325 (1997), "
        "doi:10.1111/1467-9965.00035",
    ),
    Evidence(
        "covariance of a rotating linear pair",
        computed=_rotation_covariance,
        expected=lambda: float(stationary_covariance([[1.0, -2.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 2.0]])[0, 1]),
        z=4.0,
        kind="theory",
        source="Lyapunov's equation A C + C A' = B B'",
    ),
)

"""Why anybody should believe the schemes: measured orders, exact means, a stationary state by quadrature."""

from __future__ import annotations

import math

import numpy as np
import scipy.integrate

from ...evidence import Evidence
from .convergence import Wiener, strong_errors, strong_order
from .ensemble import integrate
from .equation import StochasticEquation
from .ornstein_uhlenbeck import ornstein_uhlenbeck, stationary_covariance
from .schemes import SchemeName

__all__ = ["EVIDENCE"]


def _growth(interpretation: str) -> StochasticEquation:
    return StochasticEquation(
        drift=lambda x, t, p: p[0] * x,
        diffusion=lambda x, t, p: p[1] * x,
        noise="diagonal",
        interpretation=interpretation,  # type: ignore[arg-type]
    )


def _cubic() -> StochasticEquation:
    return StochasticEquation(drift=lambda x, t, p: x - x * x * x, diffusion=lambda x, t, p: p[0], noise="additive")


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
        "covariance of a rotating linear pair",
        computed=_rotation_covariance,
        expected=lambda: float(stationary_covariance([[1.0, -2.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 2.0]])[0, 1]),
        z=4.0,
        kind="theory",
        source="Lyapunov's equation A C + C A' = B B'",
    ),
)

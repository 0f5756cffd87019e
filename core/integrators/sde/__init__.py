r"""Stochastic differential equations: ensembles of trajectories, compiled, with measured orders.

.. math:: dX = f(X, t)\, dt + g(X, t)\, dW   \qquad (1)

A `StochasticEquation` names drift, diffusion and how the noise is meant; `integrate` runs an ensemble of it. Noise that
depends on the state must be declared: the equation in the sense of Stratonovich is that of Ito with the drift

.. math:: f + \frac12 g \frac{\partial g}{\partial x}   \qquad (2)

so that both differ by more than any error of integration. Where a diffusivity *D(x)* varies in space, equilibrium
demands the Ito drift :math:`-D U'/kT + D'`. Linear equations are solved exactly (`ornstein_uhlenbeck`).

**Which scheme.** SRA1 (additive noise) and SRIW1 (scalar or diagonal noise), strong order 3/2, are the defaults;
Milstein has strong order 1, Euler-Maruyama 1/2. For averages only, orders are weak: 1 for Euler-Maruyama and Milstein,
2 for SRA1. A linear drift with additive noise certifies nothing above order 1; the evidence uses :math:`f = x - x^3`.
Where a drift grows faster than the state, Euler-Maruyama may explode from a rare large step; the run then ends with an
error.

**Bits.** A trajectory depends on seed, its number, the times of output and the step only: not on threads, nor on how an
ensemble is cut into calls (``first``) or a run into parts (``resume``). The random integers are the same on every
machine; floating-point results on one machine with the same versions.

References
----------
Kloeden & Platen, Numerical Solution of Stochastic Differential Equations (Springer 1992).
Roessler, SIAM J. Numer. Anal. 48, 922 (2010), doi:10.1137/09076636X.
Leimkuhler & Matthews, Molecular Dynamics (Springer 2015), ch. 7.
"""

from .ensemble import integrate
from .equation import StochasticEquation
from .evidence import EVIDENCE as EVIDENCE
from .ornstein_uhlenbeck import ornstein_uhlenbeck, stationary_covariance, transition

__all__ = ["StochasticEquation", "integrate", "ornstein_uhlenbeck", "stationary_covariance", "transition"]

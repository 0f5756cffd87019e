r"""The average of a nonlinear rate over a fluctuating microscale.

**Micro.** What a rate depends on (a concentration, a roughness, a modulus, a delay) varies from pore to pore, roof to
roof, layer to layer, axon to axon. **Meso.** Its distribution: a mean *m*, a standard deviation *s*, a family of
shapes, correlations. **Macro.** The mean rate, which is *not* the rate of the mean. For small fluctuations

.. math:: \langle R \rangle \approx R(m) + \frac{1}{2} \sum_{ij} R_{ij} C_{ij}
   = R(m) + \frac{1}{2} \sum_k \frac{d^2}{dt^2} R(m + t \ell_k), \qquad C = \sum_k \ell_k \ell_k^T   \qquad (1)

with the columns :math:`\ell_k` of a Cholesky factor of the covariance *C*: one second derivative for each input, no
mixed ones. It is a central difference of eighth order over a fraction of the fluctuation itself, so that any function
will do; the sixth order beside it tells how far to trust it. The other way is the integral

.. math:: \langle R \rangle = \int R(x_1(z), x_2(z), ...) \varphi(z) dz, \qquad
   x_i(z) = F_i^{-1}(\Phi(z_i))   \qquad (2)

over standard normal *z* (correlated: a normal copula) by the trapezoidal rule, which converges exponentially for smooth
laws; its step is halved until the value stands still.

The closure is the beginning of an **asymptotic** series. At a coefficient of variation above 0.5 the result is marked
as not valid, and (the trap) the third moment does not repair it: for :math:`R = c / (1 + c)` and a gamma distribution
of mean 1 and coefficient of variation 1 the exact mean is 0.4037, the second order gives 0.3750, the third 0.5000.
Jensen: a concave rate is smaller on average than at the average; correlations can turn the sign.

In time, variables that follow dx/dt = R(x) from many different starts have, to the same order, with the Jacobian *J* at
the means and what forcing adds, *Q*,

.. math:: \frac{d m}{dt} = R(m) + \frac{1}{2} \sum_{ij} R_{ij} C_{ij}, \qquad
   \frac{d C}{dt} = J C + C J^T + Q   \qquad (3)

References
----------
1. Jensen, Acta Math. 30, 175 (1906), doi:10.1007/BF02418571.
2. Chesson, J. Biol. Dyn. 3, 149 (2009), doi:10.1080/17513750802585491: scale transition.
3. Trefethen & Weideman, SIAM Rev. 56, 385 (2014), doi:10.1137/130932132: trapezoidal rule.
4. Liu & Der Kiureghian, Probab. Eng. Mech. 1, 105 (1986), doi:10.1016/0266-8920(86)90033-0: correlated inputs.
"""

from .averages import Average, mean_of
from .distributions import Distribution, Empirical
from .dynamics import MomentRates, moment_equations
from .evidence import EVIDENCE as EVIDENCE

__all__ = ["Average", "Distribution", "Empirical", "MomentRates", "mean_of", "moment_equations"]

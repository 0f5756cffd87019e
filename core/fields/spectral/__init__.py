r"""Gradient flows in Fourier and cosine space: one spectral step for all fields.

Every field of this room is the steepest descent of a free energy with a quadratic part that is diagonal in Fourier
space, and a local part f:

.. math::

    F = \int f(c) \, dV + \frac{V}{2} \sum_k w_k q(k) |c_k|^2, \qquad
    \frac{\partial c_k}{\partial t} = -m(k) \left( [f'(c)]_k + q(k) c_k \right) + \text{noise} \tag{1}

====================  ===================  =====================================
field                 mobility m(k)        quadratic symbol q(k)
====================  ===================  =====================================
Cahn-Hilliard         M k^2                kappa k^2 (+ any long-range symbol)
Allen-Cahn            M                    kappa k^2
phase-field crystal   k^2                  r + (1 - k^2)^2
====================  ===================  =====================================

A conserved field may have a mobility that depends on it, M g(c) with m(k) = M k^2 in (1) and

.. math::

    \frac{\partial c}{\partial t} = \nabla \cdot \left( M g(c) \nabla \frac{\delta F}{\delta c} \right) \tag{2}

The linear part is then that of the full M, so that g should lie between 0 and 1; a step costs two to four times as
much.

How to use it::

    basis = Basis((256, 256), (200.0, 200.0), "no_flux")     # or "periodic"; 1, 2 or 3 dimensions; basis.k2 is |k|^2
    flow = GradientFlow(basis, free_energy, quadratic=kappa * basis.k2, mobility=M * basis.k2, stabiliser=a)
    history = integrate(flow, field, [1.0, 10.0, 100.0])     # fields at these times; energy and mean at every step

    with Journal("run.zarr") as journal:                     # a long run: killed at any time, it goes on where it was
        history = integrate(flow, field, [1e3, 1e4, 1e5], journal=journal)

Arrays `quadratic` and `mobility` are on the modes (`basis.k2.shape`). A mode whose mobility is zero is never touched:
with m(0) = 0 the mean is conserved. The stabiliser *a* moves a c from the local to the linear part and changes the
error, not the solution. ``basis.forward`` and ``basis.backward`` transform; c_0 is the mean, and the mean of c^2 is
``(basis.weights * abs(c_k)**2).sum()``.

**Schemes** (L = -m (q + a), N = -m [f'(c) - a c]_k):

- ``"etdrk4"``: exponential Runge-Kutta of order 4 by Krogstad [2], with a third-order solution embedded at no extra
  transform [3]: the last stage is the first of the next step. Adaptive. The default. Of order 3 to 4 while the steps
  are long for the fastest modes [6].
- ``"sbdf2"``: implicit-explicit backward differences of order 2 with variable steps [4], one evaluation a step.
- ``"eyre"``: first order, linear convex splitting [5]. Stable at any step if *a* is at least half the largest f'', and
  slow: its clock runs late by a factor 1 + h m (q + a). Fixed step.
- ``"explicit"``: Euler. Fixed step, below 2 / max m (q + f'').

No accepted step of the adaptive schemes raises the energy by more than rounding: such a step is repeated with half its
size. Steps are powers of 2^(1/4), so that the coefficients of a step can be kept.

The phi-functions of exponential schemes, phi_1 = (e^z - 1)/z and phi_{n+1} = (phi_n - 1/n!)/z, lose all digits near
z = 0 when written so; for |z| < 1 they are summed from phi_3 downwards [1].

References
----------
1. Cox & Matthews, J. Comput. Phys. 176, 430 (2002), doi:10.1006/jcph.2002.6995.
2. Krogstad, J. Comput. Phys. 203, 72 (2005), doi:10.1016/j.jcp.2004.08.006.
3. Whalen, Brio & Moloney, J. Comput. Phys. 280, 579 (2015), doi:10.1016/j.jcp.2014.09.038.
4. Wang & Ruuth, J. Comput. Math. 26, 838 (2008), JSTOR 43693531.
5. Eyre, MRS Proc. 529, 39 (1998), doi:10.1557/PROC-529-39.
6. Hochbruck & Ostermann, SIAM J. Numer. Anal. 43, 1069 (2005), doi:10.1137/040611434.
"""

from .basis import Basis, Boundary
from .flow import GradientFlow, phi_functions
from .integration import History, Scheme, integrate
from .journal import Journal

__all__ = ["Basis", "Boundary", "GradientFlow", "History", "Journal", "Scheme", "integrate", "phi_functions"]

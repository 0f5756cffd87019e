r"""Langevin dynamics: particles in a heat bath, by splittings whose averages are right at long steps.

.. math:: m \dot v = F(x) - m \gamma v + \sqrt{2 m \gamma k T}\, \xi(t)   \qquad (1)

A step *h* is a product of exact flows: *B* kicks the velocity, *A* drifts the position, *O* forgets a share
:math:`1 - e^{-\gamma h}` of the velocity and draws it anew. Every order of the letters costs one evaluation of the
force; what differs are the errors of averages. For a harmonic oscillator of frequency :math:`\omega` all are exact
statements, at any friction [1]:

.. math::

    \mathrm{BAOAB}: \frac{k \langle x^2 \rangle}{kT} = 1,\ \frac{m \langle v^2 \rangle}{kT} = q; \qquad
    \mathrm{ABOBA}: 1,\ \frac{1}{q}; \qquad \mathrm{OBABO}: \frac{1}{q},\ 1; \qquad
    q = 1 - \frac{\omega^2 h^2}{4}   \qquad (2)

and all are stable for

.. math:: h < \frac{2}{\omega}   \qquad (3)

So BAOAB, the default, has the right positions where its kinetic temperature is too low: judge a step by the
configurational temperature, never by the kinetic one. Without inertia (:math:`\zeta = m \gamma`),

.. math:: x' = x + \frac{h}{\zeta} F + \sqrt{\frac{k T h}{2 \zeta}} (N_n + N_{n+1})   \qquad (4)

is the limit of BAOAB, of second order for averages and exact for the oscillator [2], where Euler-Maruyama is of first
order, :math:`k \langle x^2 \rangle / kT = 1 / (1 - k h / 2 \zeta)`.

**Bits.** A trajectory depends on seed, its number and the steps only: not on threads, nor on how an ensemble is cut
into calls (``first``) or a run into parts (``resume``); floating-point results on one machine with the same versions.

References
----------
1. Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990.
2. Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34 (2013), doi:10.1093/amrx/abs010.
3. Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772.
"""

from .ensemble import langevin
from .evidence import EVIDENCE as EVIDENCE
from .laws import (
    oscillator_position_variance,
    oscillator_velocity_variance,
    overdamped_position_variance,
    stability_limit,
)
from .temperature import configurational_temperature, kinetic_temperature, largest_frequency

__all__ = [
    "configurational_temperature",
    "kinetic_temperature",
    "langevin",
    "largest_frequency",
    "oscillator_position_variance",
    "oscillator_velocity_variance",
    "overdamped_position_variance",
    "stability_limit",
]

r"""A switch with two states: a particle without inertia in a double well, kicked by heat until it crosses.

**Micro.** A particle drags through a fluid, with friction coefficient :math:`\zeta`, in the potential

.. math:: V(x) = B \left( \frac{x^2}{L^2} - 1 \right)^2   \qquad (1)

and is kicked by heat: :math:`\zeta \dot x = -V'(x) + \sqrt{2 \zeta kT}\, \xi(t)`. **Meso.** It stays near one bottom,
long compared with the time it needs to forget how it came there; its density tends to
:math:`e^{-V/kT} / Z`. **Macro.** How long until it is at the other bottom? The mean first-passage time from *-L* to
*L* is exactly [1]

.. math:: \tau = \frac{\zeta}{kT} \int_{-L}^{L} e^{V(y)/kT} \int_{-\infty}^{y} e^{-V(z)/kT} dz\, dy   \qquad (2)

**When does the average lie?** Kramers' law [2] replaces both integrals by Gaussians about the bottom and the top,

.. math:: \tau \approx \frac{2 \pi \zeta}{\sqrt{V''(-L) |V''(0)|}} e^{B/kT} = \frac{\pi \zeta L^2}{2 \sqrt 2 B} e^{B/kT}
    \qquad (3)

a particle that is in equilibrium in its well before each trial, and that arrives as soon as it is over the top. It is
the naive answer: right for high barriers, 10 % short at 5 kT, and without meaning below the thermal energy, where there
is no well to be in equilibrium in and the way across takes its time.

**How it is measured.** Heun's scheme [3], with the chance that a path was beyond the end and came back between two
steps (a Brownian bridge): without the bridge the error would be of the order of the square root of the step. The
equilibrium is sampled by the scheme of Leimkuhler and Matthews [4].

**Validity.** Reduced units for the model (length L; `scales` for SI); laws in any units. Friction so strong that
inertia is forgotten within a well.

References
----------
1. Pontryagin, Andronov & Vitt 1933; Gardiner, Handbook of Stochastic Methods (Springer 2004), section 5.2.7.
2. Kramers, Physica 7, 284 (1940), doi:10.1016/S0031-8914(40)90098-2; Haenggi, Talkner & Borkovec, Rev. Mod. Phys. 62,
   251 (1990), doi:10.1103/RevModPhys.62.251.
3. Gobet, Stoch. Process. Appl. 87, 167 (2000), doi:10.1016/S0304-4149(99)00109-X (the bridge).
4. Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34 (2013), doi:10.1093/amrx/abs010.

Examples
--------
>>> result = BistableSwitch().run()
>>> bool(abs(result.answer - result.mean_first_passage_time) < 4 * result.answer_error)
True
"""

from .evidence import EVIDENCE as EVIDENCE
from .laws import kramers_time, mean_first_passage_time, partition_function, relative_mean_square, top_occupancy
from .model import BistableSwitch

__all__ = [
    "BistableSwitch",
    "kramers_time",
    "mean_first_passage_time",
    "partition_function",
    "relative_mean_square",
    "top_occupancy",
]

r"""Chemical kinetics with few molecules: what the mean hides, and when the rate equation lies.

*Micro*: molecules that meet and decay at random, reaction *j* with the probability :math:`a_j(x)\,dt` and the change
:math:`\nu_j`. *Meso*: amounts that fluctuate, with a distribution *P(x, t)* that obeys the master equation

.. math:: \frac{dP(x)}{dt} = \sum_j a_j(x - \nu_j) P(x - \nu_j) - a_j(x) P(x)   \qquad (1)

(solved by `mesoscale.core.integrators.jumps.master_equation`, sampled by ``ssa``). *Macro*: the rate equation

.. math:: \frac{dX}{dt} = \sum_j \nu_j a_j(X)   \qquad (2)

which is the limit of many molecules (Kurtz 1972). It is exact for the mean if all propensities are linear, off by the
order of one molecule if they are not, and says nothing of a system with two stable states: Schloegl's network, started
between them, goes both ways, and its mean is where hardly any trajectory is.

`stochastic_suite` runs the 39 reaction models on which simulators of SBML are judged, and reports each.

References
----------
1. Gillespie, J. Phys. Chem. 81, 2340 (1977), doi:10.1021/j100540a008.
2. Kurtz, J. Chem. Phys. 57, 2976 (1972), doi:10.1063/1.1678692.
3. Schloegl, Z. Phys. 253, 147 (1972), doi:10.1007/BF01379769.
4. Cao & Petzold, J. Comput. Phys. 212, 6 (2006), doi:10.1016/j.jcp.2005.06.012.
5. Evans, Gillespie & Wilkinson, Bioinformatics 24, 285 (2008), doi:10.1093/bioinformatics/btm566.
"""

from .evidence import EVIDENCE as EVIDENCE
from .model import ReactionKinetics
from .stochastic_suite import network_of_case, stochastic_suite

__all__ = [
    "BATCH_IMMIGRATION",
    "BIRTH_DEATH",
    "DIMERISATION",
    "IMMIGRATION_DEATH",
    "SCHLOEGL",
    "ReactionKinetics",
    "stochastic_suite",
]

SCHLOEGL = ReactionKinetics()
"""Two stable states, started between them [3, 4]."""

BIRTH_DEATH = ReactionKinetics(network=network_of_case("001-01"), reduced_duration=50.0, snapshots=51)
"""Births 0.1 and deaths 0.11 of each of 100: extinction in the end [5]."""

IMMIGRATION_DEATH = ReactionKinetics(network=network_of_case("002-01"), reduced_duration=50.0, snapshots=51)
"""Arrivals 1, deaths 0.1 of each: Poisson at all times [5]."""

BATCH_IMMIGRATION = ReactionKinetics(network=network_of_case("004-01"), reduced_duration=50.0, snapshots=51)
"""Five arrive at once: the same rate equation, three times the variance [5]."""

DIMERISATION = ReactionKinetics(network=network_of_case("003-01"), reduced_duration=50.0, snapshots=51)
"""Two P make one P2 and back, of 100 P [5]."""

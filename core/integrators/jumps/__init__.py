r"""Jump processes: reaction networks and lattices, simulated event by event, and exactly.

**What happens.** A channel *j* fires in the next *dt* with the probability :math:`a_j(x)\, dt` and changes the amounts
:math:`x` by its row of the stoichiometry. The time to the next event is exponential with the mean :math:`1/\sum_j a_j`,
the channel is *j* with the probability :math:`a_j/\sum_i a_i` (Gillespie). By mass action, :math:`a_j` is a constant
times the number of distinct sets of reactant molecules: :math:`c\, X (X - 1)/2` for two equal ones.

**How.** A `ReactionNetwork` is built in code, from a table (`ReactionNetwork.from_table`) or from SBML (`read_sbml`).
`ssa` is exact by three methods: *direct* for few channels, *next-reaction* for thousands, *composition-rejection*,
whose cost an event does not grow with their number but for the memory that it touches. `tau_leap` fires many at once
where amounts are large; `master_equation` gives the whole distribution of a small network, against which the others
are tested. `kinetic_monte_carlo` is the same for sites of a lattice or any graph.

**Bits.** A trajectory depends on the seed, its number, the method and the times of output: not on threads, nor on how
an ensemble is cut into calls (``first``) or a run into parts (``resume``). The random integers are the same on every
machine; floating-point numbers on one machine with the same versions.

References
----------
Gillespie, J. Comput. Phys. 22, 403 (1976), doi:10.1016/0021-9991(76)90041-3.
Gibson & Bruck, J. Phys. Chem. A 104, 1876 (2000), doi:10.1021/jp993732q.
Slepoy, Thompson & Plimpton, J. Chem. Phys. 128, 205101 (2008), doi:10.1063/1.2919546.
Cao, Gillespie & Petzold, J. Chem. Phys. 124, 044109 (2006), doi:10.1063/1.2159468.
"""

from . import kinetic_monte_carlo as kinetic_monte_carlo
from .ensemble import ssa
from .leap import tau_leap
from .master_equation import master_equation, stationary_distribution
from .network import Constant, Event, Reaction, ReactionNetwork, Species
from .sbml import SbmlModel, read_sbml

__all__ = [
    "Constant",
    "Event",
    "Reaction",
    "ReactionNetwork",
    "SbmlModel",
    "Species",
    "kinetic_monte_carlo",
    "master_equation",
    "read_sbml",
    "ssa",
    "stationary_distribution",
    "tau_leap",
]

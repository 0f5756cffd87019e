r"""Kinetic Monte Carlo: Markov jump processes on lattices and graphs, exact, in continuous time.

**Micro**: each site has a state (occupied, up, a height), and events at sites or along bonds happen at rates that
depend on the states nearby. **Meso**: queues, domains, fronts. **Macro**: a current, an energy, a diffusivity.

With rates :math:`r_e` and their sum *R*, the next event comes after an exponential time of mean 1/R and is *e* with
probability :math:`r_e/R` (Bortz, Kalos & Lebowitz 1975; Gillespie 1976):

.. math:: t' = t - \frac{\ln u}{R}, \quad P(e) = \frac{r_e}{R}    \qquad (1)

Rules are functions that numba compiles; events are chosen by composition and rejection at a cost that does not grow
with the lattice, and after an event only rates within its reach are computed again. At every output time all rates are
formed anew from the states. So rounding errors do not pile up, a rule that looks further than it says is found out, and
a run that goes on from an output time has the same bits as one that never stopped. `systems` has driven exclusion, the
Ising model and walks on disordered bonds ready.

Examples
--------
Spins on a torus at T = 3, energy per spin against Kaufman's exact sum for this size:

>>> import numpy as np
>>> from mesoscale.core.networks.percolation import square_lattice
>>> result = kinetic_monte_carlo(
...     square_lattice((8, 8)), [spin_flip()], np.ones(64), np.arange(1.0, 2001.0), parameters=spin_flip_rates(3.0)
... )
>>> mean, error = steady_average(result.observable_average)
>>> bool(abs(-2 + mean / 64 - ising_energy(3.0, 8)) < 4 * error / 64)
True

References
----------
Bortz, Kalos & Lebowitz, J. Comput. Phys. 17, 10 (1975), doi:10.1016/0021-9991(75)90060-1.
Gillespie, J. Comput. Phys. 22, 403 (1976), doi:10.1016/0021-9991(76)90041-3.
"""

from .evidence import EVIDENCE as EVIDENCE
from .rules import BondRule, Neighbourhood, SiteRule, chain_lattice, neighbourhood
from .simulation import kinetic_monte_carlo, steady_average
from .systems import driven_exclusion, ising_energy, random_walk, spin_flip, spin_flip_rates, tasep_current

__all__ = [
    "BondRule",
    "Neighbourhood",
    "SiteRule",
    "chain_lattice",
    "driven_exclusion",
    "ising_energy",
    "kinetic_monte_carlo",
    "neighbourhood",
    "random_walk",
    "spin_flip",
    "spin_flip_rates",
    "steady_average",
    "tasep_current",
]

r"""Free energies: how probable is what a system hardly ever does by itself?

**Micro**: configurations, biased so that they go where they would not. **Meso**: the free energy along a collective
variable *s*, a landscape of basins and barriers,

.. math:: F(s) = -kT \ln \langle \delta(s - s(x)) \rangle + \mathrm{const}   \qquad (1)

**Macro**: populations, binding strengths, rates; and the potentials of coarser models.

Three ways lead there. *Many states*: `mbar` finds the free energies of all states from all of their samples, from a
convex problem that is solved by Newton's method; means in any other state follow (`expectation`,
`perturbed_free_energy`). *Windows*: `umbrella_sampling` and `umbrella_profile` (MBAR, or WHAM on histograms), whose
laws say how stiff and how dense windows must be. *A growing bias*: `metadynamics` and `metadynamics_profile`; where one
coordinate hides a barrier, `metadynamics_surface` and `free_energy_surface` of two.

What goes wrong in silence elsewhere is an error here: states that samples do not bridge are named (`OverlapError`), a
run whose halves disagree gives no profile (`ConvergenceError`), and a `potential_of_mean_force` says its convention.
Energies are in units of the thermal energy given, one for kT = 1. Every estimate has its standard error, which counts
correlated samples for what they are worth.

Examples
--------
Five springs, whose free energies differ by half the logarithms of their stiffnesses:

>>> u, x, exact = harmonic_states([1, 2, 4, 8, 16], [0, 1, 2, 3, 4], [1000] * 5)
>>> result = mbar(u, [1000] * 5)
>>> bool((abs(result.free_energy - exact) <= 4 * result.free_energy_error).all())
True

References
----------
1. Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008), doi:10.1063/1.2978177.
2. Torrie & Valleau, J. Comput. Phys. 23, 187 (1977), doi:10.1016/0021-9991(77)90121-8.
3. Kumar, Rosenberg, Bouzida, Swendsen & Kollman, J. Comput. Chem. 13, 1011 (1992), doi:10.1002/jcc.540130812.
4. Barducci, Bussi & Parrinello, Phys. Rev. Lett. 100, 020603 (2008), doi:10.1103/PhysRevLett.100.020603.
5. Tiwary & Parrinello, J. Phys. Chem. B 119, 736 (2015), doi:10.1021/jp504920s.
"""

from .averages import expectation, perturbed_free_energy
from .bennett import bennett_acceptance_ratio
from .evidence import EVIDENCE as EVIDENCE
from .mean_force import potential_of_mean_force
from .multistate import mbar
from .overlap import ConvergenceError, OverlapError
from .profile import free_energy_profile, wham
from .reweighting import free_energy_surface, metadynamics_profile
from .systems import (
    bonded_pair_force,
    double_well_averages,
    double_well_force,
    harmonic_states,
    lennard_jones_pair_force,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
    mueller_brown_stationary_points,
    pair_distance,
)
from .tempered_surface import metadynamics_surface
from .umbrella import pooled_inefficiency, umbrella_profile, umbrella_solution
from .umbrella_dynamics import umbrella_sampling
from .well_tempered import free_energy_of_bias, metadynamics
from .windows import bennett_variance, neighbour_overlap, window_spacing, window_width

__all__ = [
    "ConvergenceError",
    "OverlapError",
    "bennett_acceptance_ratio",
    "bennett_variance",
    "bonded_pair_force",
    "double_well_averages",
    "double_well_force",
    "expectation",
    "free_energy_of_bias",
    "free_energy_profile",
    "free_energy_surface",
    "harmonic_states",
    "lennard_jones_pair_force",
    "mbar",
    "metadynamics",
    "metadynamics_profile",
    "metadynamics_surface",
    "mueller_brown_energy",
    "mueller_brown_force",
    "mueller_brown_marginal",
    "mueller_brown_stationary_points",
    "neighbour_overlap",
    "pair_distance",
    "perturbed_free_energy",
    "pooled_inefficiency",
    "potential_of_mean_force",
    "umbrella_profile",
    "umbrella_sampling",
    "umbrella_solution",
    "wham",
    "window_spacing",
    "window_width",
]

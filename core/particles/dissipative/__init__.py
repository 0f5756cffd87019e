r"""Dissipative particles: a liquid from the top down, as soft beads that conserve momentum.

**Micro.** A bead stands for some molecules. Two beads at a distance r < 1 push, drag and kick each other along the line
between them [1, 2]:

.. math::

    F = a (1 - r) - \gamma (1 - r)^2 (e \cdot v) + \sqrt{2 \gamma} (1 - r) \, \zeta \, \Delta t^{-1/2} \tag{1}

with kT, the mass of a bead and the cutoff as units. The noise belongs to the pair: momentum stays to the last bit of
rounding. **Meso.** Pushes keep beads apart, a little: g(r) falls at contact, and neighbours are fewer than at random.
**Macro.** A fluid with a pressure, a compressibility, a viscosity and, between two species, a tension, of which the
compressibility is made that of the liquid by the choice of a.

**When does the average lie?** Beads that lie at random would have the pressure

.. math::

    p = \rho + \frac{\pi}{30} a \rho^2 \tag{2}

which holds while the energy of two beads that coincide, a/2, is below kT: the governing ratio. Above, correlations take
a tenth off at the density 3, less in denser fluids, where many neighbours average. So p = rho + 0.101 a rho^2 [2] is
the limit of high density and not the pressure at 3 (23.65, not 25.7, for a = 25), though it gives the right
compressibility; random mixing also makes the Flory-Huggins parameter twice too large. The laws here rest on
measurements of both.

**Two clocks.** Beads diffuse about as fast as they carry momentum (Schmidt number 1, water's is 400). With three
molecules of water in a bead the unit of time is 3 ps if inertia is to be right and 88 ps if diffusion is [3].

**Validity.** Reduced units. Beads freeze at a repulsion of 200 to 250 at the density 3. A step of 0.04 at a = 25; what
the kinetic temperature hides (lambda = 0.65 is a cancellation), the configurational temperature [4] shows.

References
----------
1. Espanol & Warren, Europhys. Lett. 30, 191 (1995), doi:10.1209/0295-5075/30/4/001.
2. Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784.
3. Groot & Rabone, Biophys. J. 81, 725 (2001), doi:10.1016/S0006-3495(01)75737-2.
4. Allen, J. Phys. Chem. B 110, 3823 (2006), doi:10.1021/jp0562799.
5. Shardlow, SIAM J. Sci. Comput. 24, 1267 (2003), doi:10.1137/S1064827501392879.

Examples
--------
>>> fluid = DissipativeParticles(particles=375, steps=400, equilibration=100)
>>> result = fluid.run()
>>> bool(result.answer < result.naive_answer), bool(result.largest_momentum < 1e-10)
(True, True)
"""

from .calibration import Calibration, calibrate
from .equation_of_state import (
    repulsion_from_compressibility,
    second_virial_coefficient,
    tabulated_inverse_compressibility,
    tabulated_pressure,
)
from .evidence import EVIDENCE
from .fluid import Fluid, Samples
from .laws import (
    cutoff_length_from_coarse_graining,
    diffusion_time,
    excess_repulsion_from_flory_huggins,
    flory_huggins_from_repulsion,
    groot_warren_repulsion,
    inverse_compressibility_of_liquid,
    mean_field_pressure,
    reduced_interfacial_tension,
    thermal_time,
)
from .model import DissipativeParticles
from .noise import pair_noise
from .observables import diffusion_from_displacements, mean_square_displacement, radial_distribution
from .transport import ideal_diffusivity, ideal_kinematic_viscosity, ideal_schmidt_number, unbounded_diffusivity

__all__ = [
    "DENSE_WATER",
    "WATER",
    "WATER_AND_OIL",
    "WATER_TRIMERS",
    "Calibration",
    "DissipativeParticles",
    "Fluid",
    "Samples",
    "calibrate",
    "cutoff_length_from_coarse_graining",
    "diffusion_from_displacements",
    "diffusion_time",
    "excess_repulsion_from_flory_huggins",
    "flory_huggins_from_repulsion",
    "groot_warren_repulsion",
    "ideal_diffusivity",
    "ideal_kinematic_viscosity",
    "ideal_schmidt_number",
    "inverse_compressibility_of_liquid",
    "mean_field_pressure",
    "mean_square_displacement",
    "pair_noise",
    "radial_distribution",
    "reduced_interfacial_tension",
    "repulsion_from_compressibility",
    "second_virial_coefficient",
    "tabulated_inverse_compressibility",
    "tabulated_pressure",
    "thermal_time",
    "unbounded_diffusivity",
]

WATER = DissipativeParticles()
"""Water, one molecule in a bead, at the density 3 [2]."""

DENSE_WATER = DissipativeParticles(reduced_density=5.0, repulsion=15.0)
"""Water, one molecule in a bead, at the density 5 [2]."""

WATER_TRIMERS = DissipativeParticles(repulsion=78.0, time_step=0.02)
"""Water, three molecules in a bead [3]."""

WATER_AND_OIL = DissipativeParticles(
    second_fraction=0.5, cross_repulsion=40.0, arrangement="layers", elongation=2.0, particles=3000
)
"""Two liquids, equal but for their dislike of each other (chi = 4.3), in two layers [2]."""

EVIDENCE = EVIDENCE  # a module attribute, not in __all__

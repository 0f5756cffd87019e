r"""The phase-field crystal: a density whose waves are a lattice, so that it freezes, grows, bends and has dislocations.

**Micro.** Atoms that keep a distance: in the density psi, waves of |k| = 1 cost least [1, 2],

.. math::

    F = \int \left( \frac{\psi}{2} \left[ r + (1 + \nabla^2)^2 \right] \psi + \frac{\psi^4}{4} \right) dA,
    \qquad \frac{\partial \psi}{\partial t} = \nabla^2 \frac{\delta F}{\delta \psi} \tag{1}

with the mean p conserved. **Meso.** For r < 0 a star of three waves is a triangular lattice,

.. math::

    \psi = p + A \left[ \cos(q x) \cos \frac{q y}{\sqrt{3}} - \frac{1}{2} \cos \frac{2 q y}{\sqrt{3}} \right],
    \qquad q = \frac{\sqrt{3}}{2} \tag{2}

of the spacing 4 pi / sqrt3 and the energy per area

.. math::

    \frac{F}{\text{area}} = \frac{1 + r}{2} p^2 + \frac{p^4}{4} + \frac{3}{16} A^2 (r + 3 p^2) - \frac{3}{16} p A^3
    + \frac{45}{512} A^4 \tag{3}

which is least for (p < 0; mirrored for p > 0, where holes are the atoms)

.. math::

    A = \frac{4}{5} \left( p - \frac{1}{3} \sqrt{-15 r - 36 p^2} \right) \tag{4}

**Macro.** Phases that coexist, elastic moduli C11 = 3 C12 = 3 C44 = 9 A^2 / 16, growing crystals, grain boundaries. All
of them are also computed without the one-star approximation: `relaxed_crystal`, `elastic_constants`, `coexistence`.

**When does the average lie?** Whoever knows the mean density only expects the energy of the liquid. That holds while
the governing ratio -15 r / (37 p^2) is below 1; above it the crystal of (3) costs less. Up to 45/37, where
-r = 3 p^2 and the liquid itself becomes unstable, it takes a seed.

**Defects.** `find_peaks` gives the atoms, `coordination` their neighbours in the periodic Delaunay triangulation (pairs
of five and seven are dislocations; 6 - z sums to zero), `crystalline_order` the local degree and orientation of the
order as a field. A tilt boundary needs 2 sin(theta / 2) l / a dislocations [3].

**Validity.** Two dimensions; |r| below 1, where a few stars of waves suffice; 8 points or more along a spacing. Time is
diffusive: no sound. Moduli depend on what is held: here the mean density. A box that does not fit the relaxed spacing
strains the crystal by e and costs (C11 + C12) e^2; the boxes of the model fit.

References
----------
1. Elder, Katakowski, Haataja & Grant, Phys. Rev. Lett. 88, 245701 (2002), doi:10.1103/PhysRevLett.88.245701.
2. Elder & Grant, Phys. Rev. E 70, 051605 (2004), doi:10.1103/PhysRevE.70.051605.
3. Read & Shockley, Phys. Rev. 78, 275 (1950), doi:10.1103/PhysRev.78.275.

Examples
--------
>>> crystal = PhaseFieldCrystal(start="perfect", spacings=4, reduced_duration=40.0)
>>> result = crystal.run()
>>> int(result.peak_count[-1]), int(result.six_atoms), round(float(result.answer), 6)
(16, 16, 0.030446)
"""

from .evidence import EVIDENCE
from .laws import (
    boundary_dislocations,
    bulk_modulus,
    hexagonal_energy,
    lattice_spacing,
    liquid_energy,
    liquid_stability_limit,
    longitudinal_modulus,
    one_mode_amplitude,
    shear_modulus,
    stripe_amplitude,
    stripe_energy,
)
from .model import PhaseFieldCrystal
from .observables import Coordination, bond_order, coordination, crystalline_order, find_peaks
from .unit_cell import ElasticConstants, RelaxedCrystal, coexistence, elastic_constants, relaxed_crystal

__all__ = [
    "GRAIN_BOUNDARY",
    "Coordination",
    "ElasticConstants",
    "PhaseFieldCrystal",
    "RelaxedCrystal",
    "bond_order",
    "boundary_dislocations",
    "bulk_modulus",
    "coexistence",
    "coordination",
    "crystalline_order",
    "elastic_constants",
    "find_peaks",
    "hexagonal_energy",
    "lattice_spacing",
    "liquid_energy",
    "liquid_stability_limit",
    "longitudinal_modulus",
    "one_mode_amplitude",
    "relaxed_crystal",
    "shear_modulus",
    "stripe_amplitude",
    "stripe_energy",
]

GRAIN_BOUNDARY = PhaseFieldCrystal(start="bicrystal", mean_density=-0.27, spacings=30, reduced_duration=200.0)
"""Two grains, tilted by 11 degrees against each other: a row of dislocations along each boundary [2, 3]."""

EVIDENCE = EVIDENCE  # a module attribute, not in __all__

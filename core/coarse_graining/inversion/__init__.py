r"""From structure to potentials: what beads must feel so that they arrange as the atoms do.

**Micro.** Snapshots of atoms, mapped to beads. **Meso.** How often two beads are found at a distance, against an ideal
gas of the same N particles, with exact shells:

.. math:: g(r) = \frac{n(r)}{\frac{N (N - 1)}{2 V} \frac{4 \pi}{3} (r_{k+1}^3 - r_k^3)}   \qquad (1)

(N(N-1), not N^2, or g would not go to 1 in a small sample). **Macro.** A potential for far fewer particles. The
potential of mean force of a coordinate is

.. math:: U(x) = -kT \ln \frac{p(x)}{J(x)}, \qquad J = r^2, \; \sin\theta, \; 1   \qquad (2)

for bonds, angles and dihedrals. For pairs, -kT ln g(r) is the potential only of a dilute gas, with

.. math:: B_2 = -2\pi \int (g - 1)\, r^2 dr;   \qquad (3)

in a liquid it holds the push of all others as well, up to wells where the pair potential has none. Iteration takes this
out. With h = g - 1, c from Ornstein & Zernike, and the hypernetted chain (HNC)

.. math:: \hat c(k) = \frac{\hat h(k)}{1 + \rho \hat h(k)}   \qquad (4)

.. math:: U = kT (h - c - \ln g)   \qquad (5)

iterative Boltzmann inversion (IBI) and the HNC step (default; it becomes IBI as the density goes to 0) are

.. math:: U_{n+1} = U_n - \alpha kT \ln \frac{g_t}{g_n}   \qquad (6)

.. math:: U_{n+1} = U_n + \alpha kT \left[ (h_t - h_n) - (c_t - c_n) - \ln \frac{g_t}{g_n} \right]   \qquad (7)

until

.. math:: \chi^2 = \frac{\int r^2 (g - g_t)^2 dr}{\int r^2 (g_t - 1)^2 dr}   \qquad (8)

is small or no longer falls. A pressure that is wanted, too, is approached by linear response to A (1 - r/r_c):

.. math:: A = (p_t - p) \left[ \frac{2 \pi \rho^2}{3 r_c} \int_0^{r_c} g\, r^3 dr \right]^{-1}   \qquad (9)

At most one pair potential has a given g(r) (Henderson), but one that comes close in g may be far in pressure.

References
----------
1. Soper, Chem. Phys. 202, 295 (1996), doi:10.1016/0301-0104(95)00357-6.
2. Reith, Puetz & Mueller-Plathe, J. Comput. Chem. 24, 1624 (2003), doi:10.1002/jcc.10307.
3. Delbary, Hanke & Ivanizki, Inverse Probl. Sci. Eng. 28, 1166 (2020), doi:10.1080/17415977.2019.1710504.
4. Bernhardt, Hanke & van der Vegt, J. Chem. Phys. 154, 084118 (2021).
5. Hansen & McDonald, Theory of Simple Liquids, 4th ed. (Academic Press 2013), ch. 4.
6. Wang, Junghans & Kremer, Eur. Phys. J. E 28, 221 (2009), doi:10.1140/epje/i2008-10413-5.
7. Henderson, Phys. Lett. A 49, 197 (1974), doi:10.1016/0375-9601(74)90847-0.
"""

from .bonded import (
    bond_angles,
    bond_lengths,
    dihedral_angles,
    invert_angles,
    invert_bonds,
    invert_dihedrals,
    invert_pairs,
)
from .evidence import EVIDENCE as EVIDENCE
from .integral_equations import direct_correlation, hypernetted_chain_potential, liquid_structure
from .iterative import iterate_inversion, potential_of
from .pressure import pressure_slope
from .radial import radial_distribution
from .simulators import IntegralEquationSimulator, ParticleSimulator
from .virial import second_virial_coefficient, second_virial_of_distribution

__all__ = [
    "IntegralEquationSimulator",
    "ParticleSimulator",
    "bond_angles",
    "bond_lengths",
    "dihedral_angles",
    "direct_correlation",
    "hypernetted_chain_potential",
    "invert_angles",
    "invert_bonds",
    "invert_dihedrals",
    "invert_pairs",
    "iterate_inversion",
    "liquid_structure",
    "potential_of",
    "pressure_slope",
    "radial_distribution",
    "second_virial_coefficient",
    "second_virial_of_distribution",
]

r"""Molecular dynamics: atoms and beads in a periodic box, big enough for the references of this library.

Forces on the microscale, :math:`F_i = -\partial U / \partial r_i`, become what a fluid, a polymer or a membrane does:
its energy, pressure, stress, diffusion and the frames from which coarser models are made. A `System` is moved in a
`ForceField` by `simulate`; `forces` looks at one configuration. All is in reduced units (well depth, diameter, mass).

**Steps.** Velocity Verlet at constant energy, or BAOAB at a temperature [1]: kick, drift, forget a share
:math:`1 - e^{-\gamma h}` of the velocity and draw it anew, drift, kick. BAOAB has the right positions where its kinetic
temperature is low by :math:`(\omega h)^2/4`, so judge a step by the configurational temperature [2]

.. math:: kT = \langle |\nabla U|^2 \rangle / \langle \nabla^2 U \rangle   \qquad (1)

which holds for forces without jumps: cut potentials whose force jumps at the cutoff miss its share of the Laplacian.

**Stress**, with pairs, bonds, angles and torsions by their arms, and pressure, a third of the negative trace,

.. math:: \sigma_{ab} = -\frac{1}{V} \left( \sum_i m_i v_{ia} v_{ib} + \sum r_a F_b \right)   \qquad (2)

What the cutoff leaves out, if the fluid is uniform there (``tail_correction=True``),

.. math::

    U = \frac{2 \pi}{V} \sum_{st} N_s N_t \int_{r_c}^{\infty} u\, r^2 dr, \qquad
    p = -\frac{2 \pi}{3 V^2} \sum_{st} N_s N_t \int_{r_c}^{\infty} u'\, r^3 dr   \qquad (3)

**Volume.** With a `Barostat` the density of the volume is

.. math:: p(V) \propto V^N \langle e^{-(U + P V)/kT} \rangle   \qquad (4)

where the mean is over scaled positions. :math:`\sqrt{V}` follows stochastic cell rescaling [3], whose noise has one
size in it, and a Metropolis rule removes what a finite step does, so that fluctuations are those of the ensemble at any
relaxation time; ``coupling="xy"`` does the same with x and y at fixed z, for membranes. Only positions are scaled.

**Lists.** Pairs come from lists that reach a skin beyond the cutoffs (`mesoscale.core.kernels.cell_list`). They are
tested before every evaluation, and made again as soon as a particle has moved half the skin. Periodic images are
copies, so any cutoff is right in any box, orthorhombic or triclinic.

**Bits.** Random numbers are a stream for each particle; a run depends on its arguments only, not on the number of
threads (it uses one), nor on how it is cut into portions.

References
----------
1. Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990.
2. Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772.
3. Bernetti & Bussi, J. Chem. Phys. 153, 114107 (2020), doi:10.1063/5.0020514.
4. Allen & Tildesley, Computer Simulation of Liquids (Oxford 2017), doi:10.1093/oso/9780198803195.001.0001.
"""

from .barostat import Barostat
from .evidence import EVIDENCE as EVIDENCE
from .simulation import final_system, forces, simulate
from .system import ForceField, System

__all__ = ["Barostat", "ForceField", "System", "final_system", "forces", "simulate"]

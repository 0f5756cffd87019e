r"""Potentials of particles: what acts between pairs, along bonds, at angles, and a table for anything else.

Each is a frozen record in reduced units; ``energy(r)`` and ``force(r)`` = -dU/dr broadcast, and are what the kernels of
`mesoscale.core.particles.dynamics` compute. With the diameter :math:`\sigma`, the depth :math:`\epsilon` and
:math:`r_c = 2^{1/6} \sigma` the pair potentials are

.. math:: U_{LJ} = 4 \epsilon [(\sigma/r)^{12} - (\sigma/r)^6]   \qquad (1)
.. math:: U_{WCA} = U_{LJ} + \epsilon \quad (r < r_c)   \qquad (2)
.. math:: U_{M} = D [(1 - e^{-a (r - r_0)})^2 - 1]   \qquad (3)
.. math:: U_{cos} = U_{LJ} \quad (r < r_c), \qquad -\epsilon \cos^2 \frac{\pi (r - r_c)}{2 w} \quad (r < r_c + w) (4)

and the bonds

.. math:: U = \frac{k}{2} (r - r_0)^2, \qquad U = -\frac{k R^2}{2} \ln [1 - (r/R)^2]   \qquad (5)

Any pair potential can be a bond as well. A cut potential whose energy jumps at the cutoff has the same forces as the
shifted one; where its force jumps too, energy is conserved to the size of that jump only.

References
----------
1. Allen & Tildesley, Computer Simulation of Liquids (Oxford 2017), doi:10.1093/oso/9780198803195.001.0001.
2. Weeks, Chandler & Andersen, J. Chem. Phys. 54, 5237 (1971), doi:10.1063/1.1674820.
3. Kremer & Grest, J. Chem. Phys. 92, 5057 (1990), doi:10.1063/1.458541.
4. Cooke, Kremer & Deserno, Phys. Rev. E 72, 011506 (2005), doi:10.1103/PhysRevE.72.011506.
"""

from .angular import FourierDihedral, HarmonicAngle
from .records import CosineSquared, FiniteExtensible, Harmonic, LennardJones, Morse, Potential, WeeksChandlerAndersen
from .tabulated import Tabulated

__all__ = [
    "CosineSquared",
    "FiniteExtensible",
    "FourierDihedral",
    "Harmonic",
    "HarmonicAngle",
    "LennardJones",
    "Morse",
    "Potential",
    "Tabulated",
    "WeeksChandlerAndersen",
]

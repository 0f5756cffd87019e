r"""From atoms to beads: linear maps of positions, velocities and forces.

.. math:: R_I = \sum_i c_{Ii}\, r_i, \qquad V_I = \sum_i c_{Ii}\, v_i, \qquad \sum_i c_{Ii} = 1   \qquad (1)

with weights by mass (centre of mass), equal ones, or any. Momenta and kinetic energies of the beads are those of a
classical system in equilibrium if their masses are

.. math:: \frac{1}{M_I} = \sum_i \frac{c_{Ii}^2}{m_i}   \qquad (2)

(for the centre of mass, the sum of the masses), and the mean force at fixed positions of the beads is the mean of

.. math:: F_I = \sum_i \frac{d_{Ii}}{c_{Ii}}\, f_i, \qquad \sum_i d_{Ii} = 1   \qquad (3)

over atoms that belong to this bead only; d = c, a shift of the whole group, gives the sum of their forces. Any such d
has the same mean, not the same noise. Where bonds are rigid, forces must include those of the constraints.

A group that crosses the boundary of a periodic cell is first made whole, atom by atom along the tree of its bonds (or
the order in which it is listed): never relative to one atom, from which the others may be farther than half the cell.
Cells may be triclinic, however skew (`minimum_image`).

Examples
--------
>>> dimer = Mapping([[0, 1]], masses=[3.0, 1.0], weights="equal")
>>> dimer.bead_masses.tolist()
[3.0]
>>> dimer.velocities([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]).tolist()
[[0.5, 0.0, 1.0]]

References
----------
1. Noid, Chu, Ayton, Krishna, Izvekov, Voth, Das & Andersen, J. Chem. Phys. 128, 244114 (2008), doi:10.1063/1.2938860.
2. Michaud-Agrawal, Denning, Woolf & Beckstein, J. Comput. Chem. 32, 2319 (2011), doi:10.1002/jcc.21787.
"""

from .cells import lattice_vectors, minimum_image, wrap_positions
from .operator import Mapping

__all__ = ["Mapping", "lattice_vectors", "minimum_image", "wrap_positions"]

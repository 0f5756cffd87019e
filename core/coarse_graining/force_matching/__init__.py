r"""Force matching: from the forces on beads to the potentials between them, by one linear system.

**Micro.** Atoms, whose forces add up to the force :math:`F_I` on each bead. **Meso.** A force field that is linear in
its parameters, pair, bond and angle terms together; its parameters are those that leave least of the forces [1, 2]:

.. math:: \chi^2(\theta) = \frac{1}{3 N} \left\langle \sum_I \left| F_I - \sum_d \theta_d\, G_{I;d}(R) \right|^2
    \right\rangle, \qquad G_{I;d} = \sum_J B_d(R_{IJ})\, \hat e_{IJ}   \qquad (1)

.. math:: A \theta = b, \qquad A_{dd'} = \langle G_d \cdot G_{d'} \rangle, \qquad b_d = \langle G_d \cdot F \rangle
    \qquad (2)

The functions :math:`B_d` are cubic B-splines of the *force* [3], or any that the user knows; the potential is their
exact integral,

.. math:: U(r) = \int_r^{r_c} F(s)\, ds, \qquad U(r_c) = 0   \qquad (3)

**Macro.** The result is the projection of the many-body potential of mean force on such terms: the best forces, which
is not the same as the best g(r) where three bodies matter. (Iterative inversion gives that one.)

**Care.** Columns without samples are pruned and reported, not fatal. The errors come from a jackknife over blocks of
frames [4] and cover the whole covariance, so that the band of U(r) is right although neighbouring coefficients depend
on each other. Small or skewed cells: the nearest image is certain up to half the smallest distance of the cell's faces;
beyond it the cutoff is refused.

**Validity.** Forces that contain all there is between beads (also those of constraints), and for maps other than the
centre of mass the weights of [2]. Any consistent units.

References
----------
1. Ercolessi & Adams, Europhys. Lett. 26, 583 (1994), doi:10.1209/0295-5075/26/8/005.
2. Noid, Chu, Ayton, Krishna, Izvekov, Voth, Das & Andersen, J. Chem. Phys. 128, 244114 (2008), doi:10.1063/1.2938860.
3. de Boor, A Practical Guide to Splines (Springer 1978).
4. Kuensch, Ann. Stat. 17, 1217 (1989), doi:10.1214/aos/1176347265.
"""

from .basis import FunctionBasis, SplineBasis
from .evidence import EVIDENCE as EVIDENCE
from .fit import match_forces
from .tables import potential

__all__ = ["FunctionBasis", "SplineBasis", "match_forces", "potential"]

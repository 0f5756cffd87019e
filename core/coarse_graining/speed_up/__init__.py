r"""Fewer particles, larger steps: what coarse-graining gains, term by term, on a liquid that is small enough to try.

**Micro.** Tetrahedral molecules [1]: four atoms of mass 1 that repel each other (Weeks-Chandler-Andersen), with all six
bonds finitely extensible. Their stiffest vibration, breathing with :math:`\omega^2 = 4 k/m`, allows no step above

.. math:: h = \frac{2}{\omega} = \sqrt{\frac{m}{k}}   \qquad (1)

**Meso.** One bead of mass 4 a molecule. Its pair potential is *not* the potential of mean force, -kT ln g(r), which
has a well of 0.4 kT that the pair has not: the others push two molecules together. Iterative inversion and force
matching find, each in its own way, what acts between two: almost pure repulsion. A published potential [2] has the same
g(r): `ADRESS_BEAD`.

**Macro.** How much more physical time does the same work simulate?

.. math:: \mathrm{answer} = \frac{W_{aa}}{W_{cg}} \; \frac{h_{cg}}{h_{aa}} \; \frac{D_{cg}}{D_{aa}}   \qquad (2)

*W*, work of a step: particles moved, plus bonds and pairs within the cutoff evaluated, a molecule (counted, not timed:
a stopwatch is not repeatable). *h*, usable step: where, on a ladder of steps, a run blows up, or the potential energy
has shifted by 0.5 % of that of equipartition (which, unlike the energy itself, has no arbitrary zero), or g by 0.03, in
shells of 0.25, each beyond two standard errors; BAOAB [3] for both, at the same temperature and friction. Kinetic
temperatures are no criterion: they fall as :math:`1 - \omega^2 h^2/4` while configurations stay right. *D*, diffusion
coefficient: beads lack the friction of bumpy molecules and run ahead; their clock must be corrected by what the
molecules do.

**When does the average lie?** At face value, the naive answer, the last factor is 1. It is where molecules feel the
friction of the bath more than each other: governing ratio, the rate of collisions [4] over the friction, below 1.

.. math:: \Gamma = \frac{8}{3}\, n\, d^2 \sqrt{\frac{\pi kT}{M}}   \qquad (3)

**Validity.** Reduced units (`SpeedUp.scales` for SI). The usable step of the atoms, which blow up before anything
shifts, is known to a rung only; that of the beads depends on the noise of their inverted potential. The error of the
answer says both. The inverted potential is made smooth: the noise of its shells and a kink at its cutoff would cost the
beads up to half of their step. The work does not count neighbour lists.

References
----------
1. Praprotnik, Delle Site & Kremer, J. Chem. Phys. 123, 224106 (2005), doi:10.1063/1.2132286.
2. Halverson et al., Comput. Phys. Commun. 184, 1129 (2013), doi:10.1016/j.cpc.2012.12.004; ESPResSo++, example of
   adaptive resolution with tetrahedral molecules.
3. Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990.
4. Chapman & Cowling, The Mathematical Theory of Non-Uniform Gases, 3rd ed. (Cambridge 1970), chapter 10.

Examples
--------
>>> result = SpeedUp(**SpeedUp.quick).run()
>>> int(result.particle_ratio), bool(result.atom_usable_step < result.atom_step_limit)
(4, True)
"""

from .evidence import EVIDENCE as EVIDENCE
from .laws import collision_rate, tetrahedron_step_limit
from .liquid import ADRESS_BEAD
from .model import SpeedUp

__all__ = ["ADRESS_BEAD", "SpeedUp", "collision_rate", "tetrahedron_step_limit"]

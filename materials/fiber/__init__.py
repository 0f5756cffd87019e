r"""Bending of fibres: from the stiffness of one bond angle to the rod that buckles under a hand.

**Micro.** A force field or a crystal structure gives the stiffness *k* of the angle between two neighbouring segments of a
molecule and their length *l*. The energy of a joint bent by theta is one of

.. math:: E = \frac{k}{2} \theta^2 \quad \mathrm{(harmonic)}, \qquad E = k (1 - \cos\theta) \quad \mathrm{(cosine)}   (1)

**Meso.** Many joints in a heat bath make a chain that forgets its direction; its decay length, its size and its modes are
laws of the ensemble, not of the joint. **Macro.** From afar the chain is a rod [1]_ with

.. math:: K = k\, l   (2)

.. math:: \ell_p = \frac{2}{d-1} \frac{K}{k_B T}, \qquad \langle t(0) \cdot t(s) \rangle = e^{-s/\ell_p}   (3)

in *d* dimensions [2]_; it sags and buckles with this K. **When does the average lie?** A straight rod of the same contour
length is the naive answer. It holds while bending costs more than kT: the governing ratio K / (kT L).

Joints of a free chain are independent (no self-avoidance, no charges, no twist), which makes the discrete chain exactly
solvable. With kappa = k/kT,

.. math:: c = \langle \cos\theta \rangle = \frac{\int_0^\pi \cos\theta\, e^{-E/k_B T} \sin^{d-2}\theta\, d\theta}{\int_0^\pi e^{-E/k_B T} \sin^{d-2}\theta\, d\theta}   (4)

.. math:: \langle t_i \cdot t_{i+m} \rangle = c^m = e^{-m l/\lambda}, \qquad \lambda = -\frac{l}{\ln c}   (5)

In space the length is l (kappa + 1/6) for stiff harmonic joints and l (kappa - 1/2) for stiff cosine joints, so that a
measured persistence length gives a K = k l that is smaller or larger than kT lambda by that much. With y = 1 - c, and the
sums over *m* that a binomial expansion of c^k leaves [3]_,

.. math:: \langle R^2 \rangle = l^2 \left[ 2 \sum_{m \ge 0} (-y)^m \binom{N+1}{m+2} - N \right] = l^2 \left[ N \frac{1+c}{1-c} - \frac{2c(1-c^N)}{(1-c)^2} \right]   (6)

.. math:: \langle R^2 \rangle \to 2 \ell_p L \left[ 1 - \frac{\ell_p}{L} \left( 1 - e^{-L/\ell_p} \right) \right]   (7)

.. math:: \langle R_g^2 \rangle = \frac{l^2}{(N+1)^2} \left[ 2 \sum_{m \ge 0} (-y)^m \binom{N+3}{m+4} - \binom{N+2}{3} \right]   (8)

.. math:: \langle R_g^2 \rangle \to \frac{\ell_p L}{3} - \ell_p^2 + \frac{2 \ell_p^3}{L} - \frac{2 \ell_p^4}{L^2} \left( 1 - e^{-L/\ell_p} \right)   (9)

(9) is of [4]_. The angle of the tangent in one plane (in space, of a frame without twist) is a sum of independent joints;
its cosine modes of amplitude a_n = (2/L)^{1/2} sum_k l theta_k cos(n pi (k - 1/2)/N) have [5]_

.. math:: \langle a_n^2 \rangle = \frac{l \langle \theta^2 \rangle / (d-1)}{4 \sin^2(n \pi / 2N)} \to \frac{k_B T}{K} \left( \frac{L}{n \pi} \right)^2   (10)

.. math:: \langle a_n^2 \rangle_{\mathrm{noise}} = \frac{4 \epsilon^2}{L} \left[ 1 + (N-1) \sin^2 \frac{n \pi}{2N} \right]   (11)

where the second is what an error epsilon of each coordinate of each bead adds.

**Under load**, without heat: a strut buckles at [6]_

.. math:: P = \frac{x^2 K}{L^2}, \qquad x = \pi,\ \frac{\pi}{2},\ 2\pi,\ 4.4934\ (\tan x = x)   (12)

pinned, clamped and free, clamped, clamped and pinned; a chain of n segments whose clamps have springs 2 k, at [7]_

.. math:: P = \frac{4k}{l} \sin^2 \frac{q}{2}, \qquad n q = \pi,\ \frac{\pi}{2},\ 2\pi, \quad \tan(n q) = n \sin q   (13)

With a clamp of spring k the error is of first order in 1/n instead of second: it is offered to show that. A cantilever
under a dead load P across its tip, alpha = P L^2 / K, bends by the elastica [8]_: with s the sine of the tip's angle,

.. math:: \sqrt{\alpha} = F(\chi, p), \quad \frac{w}{L} = 1 - \frac{2}{\sqrt{\alpha}} \left[ E(\chi, p) - \sqrt{s/2} \right], \quad p^2 = \frac{1+s}{2},\ \sin^2 \chi = \frac{2s}{1+s}   (14)

(the complete and incomplete integrals of the textbooks merged by their addition theorem, so that nothing cancels), and a
heavy rod upright buckles at the height [9]_

.. math:: L^3 = \frac{9}{4} j_{-1/3,1}^2 \frac{K}{q} = 7.8373 \frac{K}{q}   (15)

**Validity.** The joint angle must be the only soft coordinate: the flag ``torsion_limited`` says where it is not, as in
polyethylene, whose 0.7 nm have nothing to do with k. The continuum needs kappa above 5. Loads are those of a rod at rest,
without thermal softening: L below the persistence length. Dead loads only.

References
----------
.. [1] Kratky & Porod, Recl. Trav. Chim. Pays-Bas 68, 1106 (1949), doi:10.1002/recl.19490681203.
.. [2] Landau & Lifshitz, Statistical Physics, Part 1, section 127.
.. [3] Flory, Statistical Mechanics of Chain Molecules (Interscience, 1969), chapter 1 (the closed form of equation 6).
.. [4] Benoit & Doty, J. Phys. Chem. 57, 958 (1953), doi:10.1021/j150510a025.
.. [5] Gittes, Mickey, Nettleton & Howard, J. Cell Biol. 120, 923 (1993), doi:10.1083/jcb.120.4.923 (low modes).
.. [6] Timoshenko & Gere, Theory of Elastic Stability (McGraw-Hill, 1961), chapter 2.
.. [7] Hencky, Der Eisenbau 11, 437 (1920).
.. [8] Bisshopp & Drucker, Q. Appl. Math. 3, 272 (1945), doi:10.1090/qam/13360.
.. [9] Greenhill, Proc. Cambridge Philos. Soc. 4, 65 (1881).

Examples
--------
>>> from mesoscale.materials.fiber import FiberChain, flexural_rigidity
>>> f"{flexural_rigidity('6.05e-19 J', '0.34 nm'):.3e}"
'2.057e-28'
>>> result = FiberChain(samples=1000).run()
>>> bool(abs(result.flexural_rigidity_from_modes / result.flexural_rigidity - 1) < 0.1)
True
"""

from .chain import (
    ACTIN,
    CARBON_NANOTUBE,
    DNA,
    KEVLAR,
    MICROTUBULE,
    POLYETHYLENE,
    FiberChain,
)
from .evidence import EVIDENCE as EVIDENCE
from .loads import (
    cantilever_deflection,
    discrete_buckling_force,
    elastica_deflection,
    elastica_shortening,
    elastica_slope,
    euler_buckling_force,
    rod_flexural_rigidity,
    second_moment_of_area,
    self_buckling_length,
    tube_flexural_rigidity,
)
from .statistics import (
    bending_stiffness_from_force_constant,
    bending_stiffness_from_persistence_length,
    characteristic_persistence_length,
    continuum_mean_square_end_to_end_distance,
    continuum_mean_square_radius_of_gyration,
    discrete_persistence_length,
    flexural_rigidity,
    joint_angle_variance,
    mean_cosine,
    mean_square_end_to_end_distance,
    mean_square_radius_of_gyration,
    mode_noise_variance,
    persistence_length,
    tangent_correlation,
    tangent_mode_variance,
)

__all__ = [
    "ACTIN",
    "CARBON_NANOTUBE",
    "DNA",
    "KEVLAR",
    "MICROTUBULE",
    "POLYETHYLENE",
    "FiberChain",
    "bending_stiffness_from_force_constant",
    "bending_stiffness_from_persistence_length",
    "cantilever_deflection",
    "characteristic_persistence_length",
    "continuum_mean_square_end_to_end_distance",
    "continuum_mean_square_radius_of_gyration",
    "discrete_buckling_force",
    "discrete_persistence_length",
    "elastica_deflection",
    "elastica_shortening",
    "elastica_slope",
    "euler_buckling_force",
    "flexural_rigidity",
    "joint_angle_variance",
    "mean_cosine",
    "mean_square_end_to_end_distance",
    "mean_square_radius_of_gyration",
    "mode_noise_variance",
    "persistence_length",
    "rod_flexural_rigidity",
    "second_moment_of_area",
    "self_buckling_length",
    "tangent_correlation",
    "tangent_mode_variance",
    "tube_flexural_rigidity",
]

r"""Bending of fibres: from the stiffness of one bond angle to the rod that buckles under a hand.

**Micro.** A force field or a crystal structure gives the stiffness *k* of the angle between two neighbouring segments
of a molecule and their length *l*. The energy of a joint bent by theta is harmonic or, of the same small-angle
stiffness, a cosine:

.. math::

    E = \frac{k}{2} \theta^2 \quad \text{or} \quad E = k (1 - \cos\theta) \tag{1}

**Meso.** Many joints in a heat bath make a chain that forgets its direction; its decay length, its size and its modes
are laws of the ensemble, not of the joint. **Macro.** From afar the chain is a rod [1], which sags and buckles with the
flexural rigidity K; in *d* dimensions its direction decays with the persistence length [2]:

.. math::

    K = k\, l \tag{2}

.. math::

    l_p = \frac{2}{d-1} \frac{K}{k_B T}, \qquad \langle t(0) \cdot t(s) \rangle = e^{-s/l_p} \tag{3}

**When does the average lie?** A straight rod of the same contour length is the naive answer. It holds while bending
costs more than heat can pay: the governing ratio is K / (kT L).

**The discrete chain.** Joints of a free chain are independent, which makes it exactly solvable:

.. math::

    c = \langle \cos\theta \rangle
    = \frac{1}{Z} \int_0^\pi \cos\theta \, e^{-E/k_B T} \sin^{d-2}\theta \, d\theta \tag{4}

.. math::

    \langle t_i \cdot t_{i+m} \rangle = c^m = e^{-m l/\lambda}, \qquad \lambda = -\frac{l}{\ln c} \tag{5}

In space, with kappa = k/kT, lambda is l (kappa + 1/6) for stiff harmonic joints and l (kappa - 1/2) for stiff cosine
joints: a measured persistence length gives a stiffness that differs from kT lambda / l by that much. The size follows
from c [3]; the binomial sums are its closed form without the cancellation that spoils it for stiff chains (y = 1 - c):

.. math::

    \frac{\langle R^2 \rangle}{l^2} = N \frac{1+c}{1-c} - \frac{2c(1-c^N)}{(1-c)^2}
    = 2 \sum_{m \ge 0} (-y)^m \binom{N+1}{m+2} - N \tag{6}

.. math::

    \langle R^2 \rangle \to 2 l_p L \left[ 1 - \frac{l_p}{L} \left( 1 - e^{-L/l_p} \right) \right] \tag{7}

.. math::

    \frac{\langle R_g^2 \rangle}{l^2} = \frac{1}{(N+1)^2}
    \left[ 2 \sum_{m \ge 0} (-y)^m \binom{N+3}{m+4} - \binom{N+2}{3} \right] \tag{8}

.. math::

    \langle R_g^2 \rangle \to \frac{l_p L}{3} - l_p^2 + \frac{2 l_p^3}{L}
    - \frac{2 l_p^4}{L^2} \left( 1 - e^{-L/l_p} \right) \tag{9}

The arrows are the continuum [1], [4]. The angle of the tangent in one plane (in space: of a frame without twist) is a
sum of independent joints; its modes a_n = (2/L)^(1/2) sum_k l theta_k cos(n pi (k - 1/2)/N) are independent, with [5]

.. math::

    \langle a_n^2 \rangle = \frac{l \langle \theta^2 \rangle / (d-1)}{4 \sin^2(n \pi / 2N)}
    \to \frac{k_B T}{K} \left( \frac{L}{n \pi} \right)^2 \tag{10}

to which an error epsilon of each coordinate of each bead adds

.. math::

    \langle a_n^2 \rangle_{noise} = \frac{4 \epsilon^2}{L} \left[ 1 + (N-1) \sin^2 \frac{n \pi}{2N} \right] \tag{11}

**Under load**, without heat. A strut buckles at [6]

.. math::

    P = \frac{x^2 K}{L^2}, \qquad x = \pi, \; \frac{\pi}{2}, \; 2\pi, \; 4.4934 \tag{12}

when it is pinned, clamped and free, clamped, clamped and pinned (tan x = x); a chain of n segments whose clamps have
springs of 2 k buckles at [7]

.. math::

    P = \frac{4k}{l} \sin^2 \frac{q}{2}, \qquad n q = \pi, \; \frac{\pi}{2}, \; 2\pi,
    \quad \tan(n q) = n \sin q \tag{13}

With clamps of spring k its error is of first order in 1/n instead of second; both are offered. A cantilever under a
dead load P across its tip bends by the elastica [8]. With s the sine of the tip's angle, and complete and incomplete
integrals of the textbooks merged by their addition theorem, so that nothing cancels,

.. math::

    \sqrt{\frac{P L^2}{K}} = F(\chi, p), \quad p^2 = \frac{1+s}{2}, \quad \sin^2 \chi = \frac{2s}{1+s}, \quad
    \frac{w}{L} = 1 - 2 \frac{E(\chi, p) - \sqrt{s/2}}{F(\chi, p)} \tag{14}

and a heavy rod stands upright up to the height [9]

.. math::

    L = \left( \frac{9}{4} j_{-1/3,1}^2 \frac{K}{q} \right)^{1/3}, \qquad \frac{9}{4} j_{-1/3,1}^2 = 7.8373 \tag{15}

**Validity.** The joint angle must be the only soft coordinate; where it is not, as in polyethylene, whose 0.7 nm have
nothing to do with k, the flag ``torsion_limited`` marks the results as not valid. No self-avoidance, no charges, no
coupling to twist. The continuum needs kappa above 5. Loads are dead loads on a rod at rest, without thermal softening:
L below the persistence length.

References
----------
1. Kratky & Porod, Recl. Trav. Chim. Pays-Bas 68, 1106 (1949), doi:10.1002/recl.19490681203.
2. Landau & Lifshitz, Statistical Physics, Part 1 (Pergamon, 1980), section 127.
3. Flory, Statistical Mechanics of Chain Molecules (Interscience, 1969), chapter 1.
4. Benoit & Doty, J. Phys. Chem. 57, 958 (1953), doi:10.1021/j150510a025.
5. Gittes, Mickey, Nettleton & Howard, J. Cell Biol. 120, 923 (1993), doi:10.1083/jcb.120.4.923.
6. Timoshenko & Gere, Theory of Elastic Stability (McGraw-Hill, 1961), chapter 2.
7. Hencky, Der Eisenbau 11, 437 (1920).
8. Bisshopp & Drucker, Q. Appl. Math. 3, 272 (1945), doi:10.1090/qam/13360.
9. Greenhill, Proc. Cambridge Philos. Soc. 4, 65 (1881).

Examples
--------
>>> from mesoscale.materials.fiber import FiberChain, flexural_rigidity
>>> flexural_rigidity("6.05e-19 J", "0.34 nm") == 6.05e-19 * 0.34e-9
True
>>> result = FiberChain(samples=1000).run()
>>> bool(abs(result.flexural_rigidity_from_modes / result.flexural_rigidity - 1) < 0.1)
True
"""

from .chain import FiberChain
from .evidence import EVIDENCE as EVIDENCE
from .joints import (
    bending_stiffness_from_force_constant,
    bending_stiffness_from_persistence_length,
    discrete_persistence_length,
    joint_angle_variance,
    mean_cosine,
)
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
from .presets import ACTIN, CARBON_NANOTUBE, DNA, KEVLAR, MICROTUBULE, POLYETHYLENE
from .statistics import (
    characteristic_persistence_length,
    continuum_mean_square_end_to_end_distance,
    continuum_mean_square_radius_of_gyration,
    flexural_rigidity,
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

r"""The Golgi matrix: when do weak bonds between a few kinds of long proteins make one network?

**Micro.** Golgins and GRASPs carry several stickers each. GM130 is a parallel tetramer with four ends that bind GRASP65
[1]; GRASP domains pair, and pairs link by a tail that inserts into the pocket that a golgin uses, too [2]. Each bond is
weak and lasts for a fraction of a second. **Meso.** The bonds form and break until mass action holds; what matters is
not how many there are but whether they join up. **Macro.** Does the network span the slab around the cisternae, so that
it scaffolds the organelle although no bond in it lasts?

Two answers are given, and they differ. The *tree* (Flory and Stockmayer) takes every molecule to meet every other,
and bonds to close no rings. The *slab* has molecules at fixed random places, bound within reach; rings waste bonds,
and a thin layer percolates almost as hard as a plane. Mass action holds in both within a few per cent; the threshold
does not: bonds must be two to ten times stronger before the slab spans. **A branching number above 1 does not mean that
the slab has gelled.** Both thresholds are reported.

What is known: valences and who binds whom. What is not: for concentrations at the cis face, dissociation constants and
the reach of these bonds we found no measured numbers; they are assumptions of the named parameter sets, to be replaced
by your own (`GolgiMatrix.from_table`). Pure GM130 does condense near its estimated local concentration [3], and so do
other golgins when overexpressed [4].

**Bonds** (stickers s = f c; self-binding, or two kinds A and B):

.. math::

    \frac{p}{(1-p)^2} = \frac{2 s}{K}, \qquad K = \frac{[A]^2}{[AA]} \tag{1}

.. math::

    [AB] = \frac{1}{2} \left( S - \sqrt{S^2 - 4 s_A s_B} \right), \qquad S = s_A + s_B + K \tag{2}

**The tree** [5, 6, 7]: each bond followed leads to rho others; the network is endless above rho = 1.

.. math::

    \rho = p (f - 1), \qquad \rho_{AB} = \sqrt{p_A p_B (f - 1)(g - 1)} \tag{3}

.. math::

    p_c = \frac{1}{f - 1} \quad (f > 2) \tag{4}

.. math::

    c_{gel} = \frac{K (f-1)}{2 f (f-2)^2} \tag{5}

.. math::

    K_c = \frac{(s_A - y)(s_B - y)}{y}, \qquad y = \sqrt{\frac{s_A s_B}{(f-1)(g-1)}} \tag{6}

At given c_A the gel lies between two values of c_B (an excess of B caps all ends of A), with m = (f-1)(g-1):

.. math::

    \frac{m}{s_A} y^2 - (m + 1) y + s_A + K = 0, \qquad s_B = \frac{m y^2}{s_A} \tag{7}

.. math::

    G = 1 - v^f, \qquad v = 1 - p + p v^{f-1} \tag{8}

.. math::

    N_w = \frac{1 + p}{1 - (f-1) p} \tag{9}

**Within reach**: the volume around a molecule in a slab of thickness h, averaged over its height (r at most h):

.. math::

    V = \frac{4}{3} \pi r^3 - \frac{\pi r^4}{2 h} \tag{10}

**Any mixture** (kinds of stickers a, b; f_ia stickers a on molecule i; w_ab = 1/K_ab, w_aa = 2/K_aa): free stickers x,
the branching matrix M with its spectral radius, and v, the probability that a bond leads to no endless network

.. math::

    x_a \left( 1 + \sum_b w_{ab} x_b \right) = s_a, \qquad P_{ab} = \frac{w_{ab} x_a x_b}{s_a} \tag{11}

.. math::

    M_{bd} = \sum_a \sum_i \frac{c_i f_{ib}}{s_b} (f_{ia} - \delta_{ab}) P_{ad}, \qquad \rho = \rho(M) \tag{12}

.. math::

    v_b = \sum_i \frac{c_i f_{ib}}{s_b} \prod_a \left( 1 - \sum_d P_{ad} (1 - v_d) \right)^{f_{ia} - \delta_{ab}}
    \tag{13}

**The slab**: a pair of stickers within reach is bound with the odds z; a configuration with n_e bonds between the pair
e of molecules, which leaves f_a - n_a stickers open at each site, has the stationary probability of bonds that form at
a rate proportional to the free stickers on both sides and break independently:

.. math::

    z_{ab} = \frac{w_{ab}}{N_A V} \tag{14}

.. math::

    P(\{n\}) \propto \prod_e \frac{z_e^{n_e}}{n_e!} \prod_a \frac{f_a!}{(f_a - n_a)!} \tag{15}

It is sampled exactly, pair by pair (heat bath); time is not needed. The slab is periodic along x and y; a cluster spans
when it is connected to its own image. Linking all pairs in the order of their distances (Newman and Ziff [8]) gives the
reach below which no affinity helps. The onset is where clusters span along one side with the universal probability
of critical clusters on a square torus [9]:

.. math::

    R_x(K^*) = 0.5210582892 \tag{16}

Validity: molecules do not move while the bonds equilibrate, stickers of a molecule are independent, there is no
excluded volume, one reach for all bonds. Time (healing, cargo, stress) is not in this model.

References
----------
1. Ishida et al., FEBS J. 282, 2232 (2015), doi:10.1111/febs.13271.
2. Feng et al., J. Biol. Chem. 288, 28418 (2013).
3. Rebane et al., FEBS Lett. 594, 1132 (2020), doi:10.1002/1873-3468.13715.
4. Ziltener et al., FEBS Lett. 594, 3086 (2020), doi:10.1002/1873-3468.13884.
5. Flory, J. Am. Chem. Soc. 63, 3083 (1941), doi:10.1021/ja01856a061.
6. Stockmayer, J. Chem. Phys. 11, 45 (1943), doi:10.1063/1.1723803.
7. Macosko & Miller, Macromolecules 9, 199 (1976), doi:10.1021/ma60050a003.
8. Newman & Ziff, Phys. Rev. E 64, 016706 (2001), doi:10.1103/PhysRevE.64.016706.
9. Pinson, J. Stat. Phys. 75, 1167 (1994), doi:10.1007/BF02186762.
"""

from .binding import complex_concentration, concentration_in_slab, homotypic_bond_probability, mean_degree, reach_volume
from .evidence import EVIDENCE as EVIDENCE
from .gelation import (
    branching_number,
    critical_dissociation_constant,
    gel_concentration,
    gel_fraction,
    gel_point,
    heterotypic_branching_number,
    heterotypic_critical_dissociation_constant,
    lower_gel_concentration,
    mean_cluster_size,
    upper_gel_concentration,
)
from .matrix import GM130_ALONE, GM130_GRASP65, GM130_GRASP65_LINKED, GolgiMatrix
from .mixture import Equilibrium, Protein, bond_equilibrium, gel_threshold, gel_window
from .spanning import spanning_map

__all__ = [
    "GM130_ALONE",
    "GM130_GRASP65",
    "GM130_GRASP65_LINKED",
    "Equilibrium",
    "GolgiMatrix",
    "Protein",
    "bond_equilibrium",
    "branching_number",
    "complex_concentration",
    "concentration_in_slab",
    "critical_dissociation_constant",
    "gel_concentration",
    "gel_fraction",
    "gel_point",
    "gel_threshold",
    "gel_window",
    "heterotypic_branching_number",
    "heterotypic_critical_dissociation_constant",
    "homotypic_bond_probability",
    "lower_gel_concentration",
    "mean_cluster_size",
    "mean_degree",
    "reach_volume",
    "spanning_map",
    "upper_gel_concentration",
]

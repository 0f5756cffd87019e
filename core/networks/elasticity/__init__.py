r"""Cross-linked polymer networks: what a graph of beads and springs remembers of a strain.

**Micro.** Beads with friction :math:`\zeta`, joined by Gaussian springs :math:`k = 3 k_B T / b^2` along the bonds of
any graph. **Meso.** The graph's Laplacian *L* is all there is: its eigenvalues :math:`\lambda_i` are the relaxation
rates. Coordinates decay with :math:`k \lambda_i / \zeta`, stress, which is quadratic in them, twice as fast:

.. math:: G(t) = G_\infty + \frac{k_B T}{V} \sum_{\lambda_i > 0} e^{-t/\tau_i}, \qquad
   \tau_i = \frac{\zeta}{2 k \lambda_i}   \qquad (1)

**Macro.** What stays is carried by the mean bond vectors :math:`\bar R`, which solve :math:`L R = -`(periodic image
shifts) and deform affinely, for any periodic Gaussian network:

.. math:: G_\infty = \frac{k}{V} \sum_{\mathrm{bonds}} \bar R_y^2   \qquad (2)

If every bond was ideal when the links were made, this is the *phantom* modulus :math:`\xi k_B T / V` with the cycle
rank :math:`\xi = N_b - N + c` (bonds, beads, components); junctions that cannot move give the *affine* modulus, one
:math:`k_B T` a strand. For a tree, :math:`G_\infty = 0` and the viscosity follows from the radius of gyration:

.. math:: \eta = \nu \zeta b^2 \frac{1}{6 N} \sum_{\lambda_i > 0} \frac{1}{\lambda_i}   \qquad (3)

with :math:`\nu` beads a volume. Links that break at the rate :math:`k_d` and re-form without stress make every term of
(1) decay faster, and the plateau a Maxwell mode (Green & Tobolsky):

.. math:: \frac{1}{\tau_i} \to \frac{1}{\tau_i} + k_d, \qquad G_\infty \to G_\infty e^{-k_d t}   \qquad (4)

**Random end-linking** of bifunctional strands by *f*-functional links at conversion *p* (Miller & Macosko): the walk
out of a link ends with the probability *P*,

.. math:: P = \sqrt{1/p^2 - 3/4} - 1/2 \;\; (f = 4), \qquad P = (1 - p^2)/p^2 \;\; (f = 3)   \qquad (5)

and a finite share of the strands is elastically active above the gel point :math:`p^2 = 1/(f-1)`.

Conventions: nodes are beads; every edge is one spring, parallel edges and loops included (`networkx.MultiGraph`), and
*L* is that of networkx: an edge's ``weight``, if it has one, is its stiffness over that of the others. In a periodic
network an edge may carry ``image``, the whole number of cells by which its far end is shifted, counted from
the node that was added first to the other.

References
----------
1. Gurtovenko & Blumen, Adv. Polym. Sci. 182, 171 (2005), doi:10.1007/b135561.
2. Miller & Macosko, Macromolecules 9, 206 (1976), doi:10.1021/ma60050a004.
3. Green & Tobolsky, J. Chem. Phys. 14, 80 (1946), doi:10.1063/1.1724109.
4. James & Guth, J. Chem. Phys. 11, 455 (1943), doi:10.1063/1.1723785.
"""

import networkx
import numpy as np

from ...coarse_graining.viscoelasticity import GeneralizedMaxwell
from ...evidence import Evidence
from .graphs import dendrimer, diamond_network, end_linked_network
from .mean_field import active_cycles, extinction_probability
from .springs import cycle_rank, equilibrium_modulus, laplacian_spectrum, maxwell_model, transient

__all__ = [
    "active_cycles",
    "cycle_rank",
    "dendrimer",
    "diamond_network",
    "end_linked_network",
    "equilibrium_modulus",
    "extinction_probability",
    "laplacian_spectrum",
    "maxwell_model",
    "transient",
]


def _random_cycle_rank(functionality: int, conversion: float) -> tuple[float, float]:
    """Cycles a strand of eight random graphs, with the error of their mean."""
    links = 10_000
    graphs = [end_linked_network(links, functionality, conversion, seed) for seed in range(8)]
    ranks = np.array([cycle_rank(graph) for graph in graphs]) * 2.0 / (functionality * links)
    return float(ranks.mean()), float(ranks.std(ddof=1) / np.sqrt(len(ranks)))


def _swollen_diamond() -> GeneralizedMaxwell:
    """Diamond of 4^3 cells with nine beads a strand; modulus in kT a strand, time in friction/spring constant."""
    graph = diamond_network(4, spacers=9)
    return maxwell_model(graph, thermal_energy=1.0, spring_constant=1.0, friction=1.0, volume=256.0)


def _stress_of_creep() -> float:
    """Stress that the creeping strain itself calls up, by the update of strain histories: one if both are inverse."""
    gel = _swollen_diamond()
    time = np.concatenate([[0.0], np.geomspace(1e-6, 100.0, 40_000)])
    return float(gel.stress_under_strain(time, gel.creep_compliance(time))[-1])


_MOHAR = "Mohar, The Laplacian spectrum of graphs (1991): N times the sum of 1/eigenvalue of a tree is its Wiener index"
_MILLER = "Miller & Macosko, Macromolecules 9, 206 (1976), doi:10.1021/ma60050a004: mean field of infinite trees"

EVIDENCE = (
    Evidence(
        "distances in a dendrimer of 190 beads, from its spectrum",
        computed=lambda: 190 * float((1.0 / laplacian_spectrum(dendrimer(3, 6))[1:]).sum()),
        expected=lambda: float(networkx.wiener_index(dendrimer(3, 6))),
        relative=1e-9,
        kind="theory",
        source=_MOHAR,
    ),
    Evidence(
        "viscosity of a free chain of 20 beads in units of chains a volume x friction x bond length^2",
        computed=lambda: maxwell_model(
            networkx.path_graph(20), thermal_energy=1.0, spring_constant=3.0, friction=1.0, volume=1.0
        ).viscosity(),
        expected=399 / 36,
        relative=1e-10,
        kind="theory",
        source="Doi & Edwards, The Theory of Polymer Dynamics (1986), ch. 4: (N^2 - 1)/36 a chain",
    ),
    Evidence(
        "what stays of a diamond network of ideal strands after a long time, in kT a strand",
        computed=lambda: float(_swollen_diamond().relaxation_modulus(1e9)),
        expected=0.5 + 1 / 256,
        relative=1e-12,
        kind="theory",
        source="James & Guth, J. Chem. Phys. 11, 455 (1943), doi:10.1063/1.1723785: 1 - 2/f, and one cycle for the box",
    ),
    Evidence(
        "stress that belongs to the creep of a diamond network under unit stress",
        computed=_stress_of_creep,
        expected=1.0,
        relative=1e-6,
        kind="theory",
        source="creep and relaxation are inverse under convolution: Ferry, Viscoelastic Properties of Polymers (1980)",
    ),
    Evidence(
        "cycles a strand of random four-functional networks, 90 % reacted",
        computed=lambda: _random_cycle_rank(4, 0.9),
        expected=lambda: active_cycles(0.9),
        z=4.0,
        kind="theory",
        source=_MILLER,
    ),
    Evidence(
        "cycles a strand of random three-functional networks, 95 % reacted",
        computed=lambda: _random_cycle_rank(3, 0.95),
        expected=lambda: active_cycles(0.95, 3.0),
        z=4.0,
        kind="theory",
        source=_MILLER,
    ),
)

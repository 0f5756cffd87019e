r"""Percolation: when do local connections make a connected whole?

**Micro**: a bond or a site is present with probability *p*. **Meso**: clusters of a broad range of sizes. **Macro**:
one cluster that reaches from one side to the other, or around a periodic box.

The algorithm is that of Newman & Ziff (2001): occupy the elements one by one in random order and join clusters as they
touch. One *scan* gives every observable for every number of occupied elements, at a cost of order *M*. Two facts keep
the results exact:

* a scan is *microcanonical* (n of M elements are occupied). At probability p, n is binomial, and
  Q(p) = sum_n B(M, n, p) Q_n (`canonical`); for points of a Poisson process it is Poisson (`poissonian`). Without the
  convolution, wrapping probabilities of a 64 x 64 lattice at p_c are wrong in the second digit.
* directions connect once and stay connected. A scan keeps the number *t* of elements at which a direction connected,
  and P(n >= t) is an incomplete beta (gamma) function: `connection_probability` sums no series and gives its standard
  error.

In a periodic direction "connected" means that a cluster *wraps* around the torus, in an open one that it *spans* from
face to face. At p_c, wrapping probabilities have universal values (`torus_wrapping`), which makes the best estimators
of the threshold (`threshold`); where they are not known, curves of two sizes cross (`crossing`).

Examples
--------
>>> graph = square_lattice((32, 32))
>>> scan = scan_bonds(graph, 400)
>>> p_c, error = threshold(scan, torus_wrapping().any, event="any")
>>> abs(p_c - 0.5) < 4 * error < 0.01
True

References
----------
Newman & Ziff, Phys. Rev. E 64, 016706 (2001), doi:10.1103/PhysRevE.64.016706.
Mertens & Moore, Phys. Rev. E 86, 061109 (2012), doi:10.1103/PhysRevE.86.061109.
Pinson, J. Stat. Phys. 75, 1167 (1994), doi:10.1007/BF02186762.
Stauffer & Aharony, Introduction to Percolation Theory, 2nd ed. (Taylor & Francis, 1994).
"""

from .continuum import connection_reach, geometric_graph, random_geometric_graph, scan_points
from .convolution import canonical, connection_probability, crossing, poissonian, threshold
from .lattices import Graph, cubic_lattice, honeycomb_lattice, square_lattice, triangular_lattice
from .scan import Scan, scan_bonds, scan_sites
from .universal import TorusWrapping, torus_wrapping

__all__ = [
    "Graph",
    "Scan",
    "TorusWrapping",
    "canonical",
    "connection_probability",
    "connection_reach",
    "crossing",
    "cubic_lattice",
    "geometric_graph",
    "honeycomb_lattice",
    "poissonian",
    "random_geometric_graph",
    "scan_bonds",
    "scan_points",
    "scan_sites",
    "square_lattice",
    "threshold",
    "torus_wrapping",
    "triangular_lattice",
]

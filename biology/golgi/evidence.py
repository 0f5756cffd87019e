"""Why to believe the Golgi matrix: exact results by other routes, and what others have printed."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import lambertw

from ...core.evidence import Evidence
from ...core.kernels.random import spawn_states
from ...core.model import Estimate, mean
from ...core.networks.percolation import square_lattice
from .binding import homotypic_bond_probability
from .gelation import upper_gel_concentration
from .mixture import Composition, Protein, bond_equilibrium, gel_threshold, gel_window
from .slab import BondGraph, anneal_bonds, possible_bonds, random_slab

__all__ = ["EVIDENCE"]


def _equal_molecules(valence: int, molecules: int, pairs: ArrayLike, odds: float) -> BondGraph:
    """Self-binding molecules of one kind on a given graph, whose edges cross no boundary."""
    edges = np.asarray(pairs)
    counts, species = [[float(valence)]], np.zeros(molecules, int)
    return possible_bonds(counts, species, [[odds]], edges, np.zeros(len(edges), np.int32))


def _complete(molecules: int) -> np.ndarray:
    return np.stack(np.triu_indices(molecules, 1), axis=1)


def _coverage_by_dimers() -> Estimate:
    lattice = square_lattice((64, 64))
    graph = _equal_molecules(1, lattice.nodes, lattice.edges, 1.0)
    samples = [anneal_bonds(graph, lattice.nodes, 1.0, 30, 1, state)[0, 0, 0] for state in spawn_states(0, 60)]
    return mean(samples)


def _wrapping_of_discs() -> Estimate:
    """All pairs within reach bound, in a film without thickness, at the published critical density."""
    molecules, reach, thickness, avogadro = 1500, 1.0, 1e-3, 6.02214076e23
    density = 4.51235 / math.pi
    table = Composition(
        ("disc",), ("rim",), np.full((1, 1), 100.0), np.array([density / thickness / avogadro]), np.ones((1, 1))
    )
    wraps = []
    for state in spawn_states(0, 500):
        graph = random_slab(table, np.array([molecules]), thickness, reach, state)
        shot = anneal_bonds(graph, molecules, 1e40, 1, 1, state, bonds_per_pair=1)[0, 0]
        wraps.append(0.5 * (shot[1] + shot[2]))
    return mean(wraps)


def _giant_component() -> Estimate:
    """Stickers without end: each pair is bound or not, independently."""
    molecules, stickers = 1500, 10_000
    odds = 2.0 / (molecules - 1.0) / stickers**2
    graph = _equal_molecules(stickers, molecules, _complete(molecules), odds)
    return mean([anneal_bonds(graph, molecules, 1.0, 2, 1, state)[0, 0, 4] for state in spawn_states(0, 30)])


def _well_mixed(measure: int, valence: int, probability: float) -> Estimate:
    """Tetramers that can all bind each other."""
    molecules = 1200
    odds = probability / (1.0 - probability) ** 2 / (valence * (molecules - 1.0))
    graph = _equal_molecules(valence, molecules, _complete(molecules), odds)
    return mean([anneal_bonds(graph, molecules, 1.0, 12, 1, state)[0, 0, measure] for state in spawn_states(0, 40)])


def _bonds_of_copies(valence: int, size: int, pairs: ArrayLike, odds: float) -> Estimate:
    """Mean number of bonds of a small graph, from many copies of it."""
    copies = 4000
    edges = (np.asarray(pairs)[None] + size * np.arange(copies)[:, None, None]).reshape(-1, 2)
    graph = _equal_molecules(valence, size * copies, edges, odds)
    samples = [anneal_bonds(graph, size * copies, 1.0, 20, 1, s)[0, 0, 0] for s in spawn_states(0, 20)]
    return mean(0.5 * size * valence * np.array(samples))


def _two_tetramers_exactly() -> float:
    ways = [math.comb(4, n) ** 2 * math.factorial(n) * 0.3**n for n in range(5)]
    return sum(n * way for n, way in enumerate(ways)) / sum(ways)


def _pair(first: int, second: int, ratio: float) -> tuple[Protein, Protein]:
    return (
        Protein(name="A", valence=first, concentration=8e-3, sticker="a", partner="b"),
        Protein(name="B", valence=second, concentration=8e-3 * ratio, sticker="b", partner="a"),
    )


def _gel_conversion(*proteins: Protein) -> float:
    threshold = gel_threshold(proteins)
    return math.nan if threshold is None else bond_equilibrium(proteins, threshold).bond_probability


EVIDENCE = (
    Evidence(
        "fraction of a square lattice covered by dimers at equal weight (monovalent molecules)",
        computed=_coverage_by_dimers,
        expected=0.6381231,
        z=4.0,
        kind="published",
        source="Kong, Phys. Rev. E 74, 061102 (2006), doi:10.1103/PhysRevE.74.061102, abstract: maximum of the entropy",
        note="the entropy of dimers is largest at the density that they have when all configurations weigh the same",
    ),
    Evidence(
        "wrapping probability of 1500 discs at the published critical density",
        computed=_wrapping_of_discs,
        expected=0.5210582892,
        z=4.0,
        kind="published",
        source="density 4.51235/pi: Xun, Hao & Ziff, Phys. Rev. E 103, 022126 (2021), doi:10.1103/PhysRevE.103.022126; "
        "probability: Pinson, J. Stat. Phys. 75, 1167 (1994), doi:10.1007/BF02186762",
    ),
    Evidence(
        "bound fraction at the gel point of trivalent molecules, from the general solver",
        computed=lambda: _gel_conversion(Protein(valence=3, concentration=8e-3)),
        expected=0.5,
        relative=1e-10,
        kind="published",
        source="Flory, J. Am. Chem. Soc. 63, 3083 (1941), doi:10.1021/ja01856a061: trifunctional branching gels at 1/2",
    ),
    Evidence(
        "bound fraction at the gel point of tetramers and dimers, from the general solver",
        computed=lambda: _gel_conversion(*_pair(4, 2, 2.0)),
        expected=1.0 / math.sqrt(3.0),
        relative=1e-10,
        kind="published",
        source="Stockmayer, J. Chem. Phys. 11, 45 (1943), doi:10.1063/1.1723803: p_A p_B (f - 1)(g - 1) = 1",
    ),
    Evidence(
        "largest component of a random graph of mean degree 2",
        computed=_giant_component,
        expected=lambda: float(1.0 + lambertw(-2.0 * math.exp(-2.0)).real / 2.0),
        z=4.0,
        kind="theory",
        source="S = 1 - exp(-2 S), by Lambert's function: Erdos & Renyi, Publ. Math. Inst. Hung. Acad. Sci. 5 (1960)",
    ),
    Evidence(
        "bound fraction of 1200 tetramers that all reach each other",
        computed=lambda: _well_mixed(0, 4, 0.4),
        expected=lambda: float(homotypic_bond_probability(0.5 * 0.4 / 0.36, 1.0)),
        z=4.0,
        kind="theory",
        source="mass action, equation (1)",
    ),
    Evidence(
        "largest cluster of 1200 tetramers that all reach each other, half of the stickers bound",
        computed=lambda: _well_mixed(4, 4, 0.5),
        expected=1.0 - (0.5 * (math.sqrt(4.0 / 0.5 - 3.0) - 1.0)) ** 4,
        z=4.0,
        kind="theory",
        source="root of v^2 + v + 1 = 1/p, the factor that is left of equation (8) for f = 4",
    ),
    Evidence(
        "bonds on a ring of four monovalent molecules, odds 0.7",
        computed=lambda: _bonds_of_copies(1, 4, [(0, 1), (1, 2), (2, 3), (3, 0)], 0.7),
        expected=(4 * 0.7 + 4 * 0.7**2) / (1 + 4 * 0.7 + 2 * 0.7**2),
        z=4.0,
        kind="theory",
        source="matching polynomial 1 + 4 z + 2 z^2",
    ),
    Evidence(
        "bonds between two tetramers, odds 0.3",
        computed=lambda: _bonds_of_copies(4, 2, [(0, 1)], 0.3),
        expected=_two_tetramers_exactly,
        z=4.0,
        kind="theory",
        source="rook polynomial of a 4 x 4 board",
    ),
    Evidence(
        "most of a trivalent partner before the gel of 8 uM tetramers dissolves, searched numerically",
        computed=lambda: gel_window(_pair(4, 3, 1.0), 5e-3, protein=1)[1],
        expected=lambda: float(upper_gel_concentration(8e-3, 5e-3, 4.0, 3.0)),
        relative=1e-9,
        kind="theory",
        source="larger root of the quadratic equation (7)",
        unit="mol m-3",
    ),
)

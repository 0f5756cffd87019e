"""Named parameter sets of `FiberChain`.

Where a stiffness is derived from a persistence length, the temperature of the set is that of the conversion. The number
of segments is that of a typical piece.
"""

from .chain import FiberChain
from .joints import bending_stiffness_from_force_constant, bending_stiffness_from_persistence_length
from .loads import tube_flexural_rigidity

__all__ = ["ACTIN", "CARBON_NANOTUBE", "DNA", "KEVLAR", "MICROTUBULE", "POLYETHYLENE"]

DNA = FiberChain(
    bending_stiffness=bending_stiffness_from_persistence_length(50e-9, 0.34e-9, 298.15),
    segment_length=0.34e-9,
    segments=441,  # 150 nm, about the Kuhn length and a half
    temperature=298.15,
)
"""Double-stranded DNA, a segment a base pair: 50 nm at moderate salt (Bustamante et al. 1994,
doi:10.1126/science.8079175)."""

ACTIN = FiberChain(
    bending_stiffness=7.3e-26 / 2.75e-9,
    segment_length=2.75e-9,
    segments=7273,  # 20 um
    temperature=298.15,
    samples=1000,
)
"""Actin filament with phalloidin, a segment a subunit: 7.3e-26 N m2 (Gittes et al. 1993, doi:10.1083/jcb.120.4.923)."""

MICROTUBULE = FiberChain(
    bending_stiffness=2.2e-23 / 8e-9,
    segment_length=8.0e-9,
    segments=2500,  # 20 um
    temperature=298.15,
    samples=1000,
)
"""Microtubule with taxol, a segment a ring of dimers: 2.2e-23 N m2 (Gittes et al. 1993, doi:10.1083/jcb.120.4.923)."""

POLYETHYLENE = FiberChain(
    bending_stiffness=bending_stiffness_from_force_constant(58.35 * 4184.0, "full"),  # kcal/mol
    segment_length=0.127e-9,
    segments=200,
    temperature=298.15,
    torsion_limited=True,
)
"""Polyethylene frozen in its all-trans zigzag, a segment half a repeat: the C-C-C constant of OPLS-AA (Jorgensen et al.
1996, doi:10.1021/ja9621760). The real chain turns about its bonds and persists for 0.7 nm only (see
`characteristic_persistence_length`): marked as limited by torsion, so that its results are not valid."""

KEVLAR = FiberChain(
    bending_stiffness=bending_stiffness_from_persistence_length(29e-9, 0.645e-9, 298.15),
    segment_length=0.645e-9,
    segments=100,
    temperature=298.15,
)
"""One molecule of poly(p-phenylene terephthalamide), a segment a virtual bond: 29 nm in sulfuric acid (Arpin &
Strazielle, Polymer 18, 591 (1977)); other measurements give 15 to 60 nm."""

CARBON_NANOTUBE = FiberChain(
    bending_stiffness=tube_flexural_rigidity(345.0, 1e-9) / 10e-9,
    segment_length=10.0e-9,
    segments=1000,  # 10 um
    temperature=298.15,
    samples=2000,
)
"""Single-walled carbon nanotube of 1 nm, cut into pieces of 10 nm: a thin shell of 345 N/m (Kudin et al. 2001,
doi:10.1103/PhysRevB.64.235406); measured persistence lengths grow as the cube of the diameter (Fakhri et al. 2009,
doi:10.1073/pnas.0904148106)."""

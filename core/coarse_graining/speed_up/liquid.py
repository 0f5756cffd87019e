"""The tetrahedral liquid as atoms and as beads: building, running, measuring."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...kernels.statistics import mean_with_error
from ...model import ResultError
from ...particles.dynamics import ForceField, System, final_system, simulate
from ...particles.potentials import FiniteExtensible, Morse, Potential, WeeksChandlerAndersen
from ..inversion import radial_distribution
from ..mapping import Mapping

__all__ = ["ADRESS_BEAD", "ATOMS", "Observed", "Rung", "bead_system", "build_molecules", "diffusion_coefficient",
           "follow", "molecule_field", "rest_length"]  # fmt: skip

Floats = NDArray[np.float64]
ATOMS = 4
_FRAMES_COUNTED = 20
ADRESS_BEAD = Morse(well_depth=0.105, inverse_width=2.4, minimum=2.31, cutoff=2.31, shifted=True)
"""The published bead potential of the molecules at the density 0.1 and the temperature 1: purely repulsive."""


class Rung(NamedTuple):
    """What is compared between steps, with standard errors."""

    energy: tuple[float, float]
    """Potential energy of a molecule."""
    configurational_temperature: tuple[float, float]
    """NaN where the energy has no curvature in some frame."""
    correlation: Floats
    correlation_error: Floats


class Observed(NamedTuple):
    """What a run tells about molecules."""

    summary: Rung
    diffusion: tuple[float, float]
    pairs: tuple[float, float]
    """Pairs of particles within their cutoff, a molecule."""
    positions: Floats
    """Of the molecules, (frame, molecule, 3), unwrapped."""
    forces: Floats
    last: System


def rest_length(stiffness: float, longest: float) -> tuple[float, float]:
    """Where a bond with its repulsion rests, and the second derivative of its energy there."""
    spring, core = FiniteExtensible(stiffness=stiffness, longest=longest), WeeksChandlerAndersen()

    def pull(r: float) -> float:
        return float(spring.force(r) + core.force(r))

    r = float(scipy.optimize.brentq(pull, 0.5, min(core.cutoff, 0.999 * longest)))
    return r, float(spring.curvature(r) + core.curvature(r))


def build_molecules(molecules: int, density: float, bond: float) -> System:
    """Tetrahedra on a lattice, all turned alike."""
    edge = (molecules / density) ** (1.0 / 3.0)
    along = math.ceil(molecules ** (1.0 / 3.0) - 1e-9)
    grid = np.stack(np.meshgrid(*[np.arange(along)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    # spread over all sites, so that a grid that is not full has no empty slab
    chosen = grid[np.linspace(0, len(grid) - 1, molecules).round().astype(int)] * (edge / along)
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * bond / math.sqrt(8.0)
    return System((chosen[:, None] + corners).reshape(-1, 3), [edge] * 3)


def molecule_field(molecules: int, stiffness: float, longest: float) -> ForceField:
    """Repulsion between all atoms, and six finitely extensible bonds a molecule."""
    within = np.array(list(itertools.combinations(range(ATOMS), 2)))
    bonds = (ATOMS * np.arange(molecules)[:, None, None] + within).reshape(-1, 2)
    spring = FiniteExtensible(stiffness=stiffness, longest=longest)
    return ForceField(pairs={(0, 0): WeeksChandlerAndersen()}, bonds=((bonds, spring),))


def bead_system(positions: Floats, box: Any) -> System:
    """One bead of four masses a molecule."""
    return System(positions, box, masses=float(ATOMS))


def follow(
    system: System, field: ForceField, *, group: int, step: float, settling: float, duration: float, interval: float,
    temperature: float, friction: float, seed: int, width: float, lag: float,
    watch: Callable[[int, int], None] | None = None,
) -> Observed | None:  # fmt: skip
    """Settle, then run and measure; None if it blows up. `group` particles make a molecule.

    A run has blown up if particles fly apart, or if it is hotter than twice its bath: then what is measured is no
    equilibrium of anything.
    """
    bath: dict[str, Any] = {"step": step, "temperature": temperature, "friction": friction, "progress": watch or False}
    every = max(1, round(interval / step))
    frames = max(4, round(duration / (every * step)))
    try:
        run = simulate(
            system, field, steps=frames * every, every=every, equilibration=max(1, round(settling / step)), seed=seed,
            keep=("position", "force"), **bath,
        )  # fmt: skip
    except ResultError:
        return None
    if not float(run.kinetic_temperature.mean()) < 2.0 * temperature:
        return None
    molecules, edge = system.size // group, float(run.box[0, 0])
    x, f = run.position.values, run.force.values
    pairs = _count_pairs(x, edge, next(iter(field.pairs.values()))) / molecules
    temperature_of_forces = _configurational_temperature(f, run.configurational_temperature.values)
    if group > 1:
        mapping = Mapping(np.arange(system.size).reshape(-1, group).tolist(), masses=system.masses)
        # the engine keeps positions unwrapped and molecules whole
        x, f = mapping.positions(x, wrap=False), mapping.forces(f)
    g = radial_distribution(x, run.box.values[0], width=width, blocks=10)
    energy = mean_with_error(run.potential_energy.values / molecules)
    summary = Rung(energy, temperature_of_forces, g.g.values, g.g_error.values)
    counted = float(pairs.mean()), float(pairs.std(ddof=1) / math.sqrt(len(pairs)))
    return Observed(summary, diffusion_coefficient(x, every * step, lag), counted, x, f, final_system(run))


def _configurational_temperature(forces: Floats, each: Floats) -> tuple[float, float]:
    """Mean square force over mean curvature of the energy (not the mean of ratios); NaN if a frame has no ratio."""
    if not np.isfinite(each).all():
        return math.nan, math.nan
    square = (forces**2).sum(axis=(1, 2))
    curvature = square / each
    value = float(square.mean() / curvature.mean())
    error = mean_with_error((square - value * curvature) / curvature.mean())[1]
    return value, error


def _count_pairs(positions: Floats, edge: float, potential: Potential) -> Floats:
    """In a few frames that are far apart."""
    chosen = np.unique(np.linspace(0, len(positions) - 1, _FRAMES_COUNTED).astype(int))
    trees = [cKDTree(np.mod(positions[k], edge) % edge, boxsize=np.full(3, edge)) for k in chosen]
    return np.array([len(tree.query_pairs(potential.range)) for tree in trees], dtype=np.float64)


def diffusion_coefficient(positions: Floats, interval: float, lag: float) -> tuple[float, float]:
    """Slope of the mean square displacement between half the lag and the lag; molecules count as independent.

    In a thick bath it falls with the lag until molecules have passed each other: compare at equal lags only.
    """
    long = min(max(2, round(lag / interval)), len(positions) - 1)
    short = long // 2
    squares = [((positions[lag:] - positions[:-lag]) ** 2).sum(axis=2).mean(axis=0) for lag in (short, long)]
    each = (squares[1] - squares[0]) / (6.0 * interval * (long - short))
    return float(each.mean()), float(each.std(ddof=1) / math.sqrt(len(each)))

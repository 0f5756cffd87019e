"""Any mixture of multivalent proteins: who is bound to whom (mass action), and does it make a network without end?

Equation numbers are those of the package's docstring.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from ...core.model import ParameterError, Record, param
from ...core.quantities import Concentration, Count, Dimensionless, Unit, UnitError

__all__ = ["Equilibrium", "Protein", "bond_equilibrium", "gel_threshold", "gel_window"]

Floats = NDArray[np.float64]

_MOST = 1e3  # mol m-3: a molar solution of proteins does not exist


class Protein(Record):
    """One kind of sticker on one kind of molecule: a row of the table of proteins.

    Rows that follow each other with the same name are one molecule with several kinds of stickers; its concentration
    stands in the first of them.
    """

    name: str = param("GM130", "name of the molecule", source="free")
    valence: Count = param(
        4,
        "stickers of this kind per molecule",
        source="GM130 is a parallel homotetramer: Ishida et al., FEBS J. 282, 2232 (2015), doi:10.1111/febs.13271",
        ge=1,
        le=100,
        span=(1, 12),
    )
    concentration: Concentration | None = param(
        8e-3,
        "concentration of the molecule; none: as in the row above",
        source="assumption",
        ge=0,
        le=_MOST,
        span=(1e-4, 1e-1),
    )
    sticker: str = param("sticker", "kind of the stickers", source="free")
    partner: str | None = param(None, "kind of stickers to which these bind; none: their own", source="free")
    relative_dissociation_constant: Dimensionless | None = param(
        None,
        "dissociation constant of this bond, divided by that of the matrix; none: as the partner says, or 1",
        source="definition",
        ge=1e-6,
        le=1e6,
        span=(1e-2, 1e2),
    )


class Composition(NamedTuple):
    """A table of proteins as arrays: molecules i, kinds of stickers a."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    counts: Floats
    """Stickers f_ia on a molecule."""
    concentrations: Floats
    """Of the molecules [mol m-3]."""
    strengths: Floats
    """w_ab of equation (11) at a dissociation constant of 1: 1 / K_ab, on the diagonal 2 / K_aa, 0 where none bind."""


class Equilibrium(NamedTuple):
    """What mass action and the tree approximation say about a mixture."""

    bond_probability: float
    """Fraction of all stickers that are bound."""
    bound: Floats
    """P_ab: fraction of the stickers of kind a that are bound to kind b."""
    branching_number: float
    """Spectral radius of the branching matrix: further bonds per bond followed; above 1 there is a gel."""
    gel_fraction: float
    """Fraction of molecules in the endless network."""
    cluster_size: float | None
    """Mean size of the cluster of a molecule below the gel point; None above it."""


@functools.lru_cache(maxsize=1024)
def composition_of(proteins: tuple[Protein, ...]) -> Composition:
    """Merge rows and match stickers; ``ValueError`` (field, sentence) where rows contradict each other."""
    names: list[str] = []
    kinds = list(dict.fromkeys(row.sticker for row in proteins))
    counts: list[Floats] = []
    concentrations: list[float] = []
    for index, row in enumerate(proteins):
        new = not names or row.name != names[-1]
        if new and row.name in names:
            raise ValueError(
                f"{index}.name", f"{row.name!r} stands in separate places: put its rows one below the other"
            )
        if new and row.concentration is None:
            raise ValueError(f"{index}.concentration", f"is missing: give the concentration of {row.name!r}")
        if new:
            names.append(row.name)
            counts.append(np.zeros(len(kinds)))
            concentrations.append(float(row.concentration or 0.0))
        elif row.concentration is not None and row.concentration != concentrations[-1]:
            sentence = f"differs from that of {row.name!r} in the row above: one molecule has one concentration"
            raise ValueError(f"{index}.concentration", sentence)
        counts[-1][kinds.index(row.sticker)] += row.valence
    relative: dict[tuple[int, int], float | None] = {}
    for index, row in enumerate(proteins):
        partner = row.sticker if row.partner is None else row.partner
        if partner not in kinds:
            near = difflib.get_close_matches(partner, kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, kinds))}"
            raise ValueError(f"{index}.partner", f"{partner!r} is a sticker of no protein; {hint}")
        first, second = sorted((kinds.index(row.sticker), kinds.index(partner)))
        said, ours = relative.get((first, second)), row.relative_dissociation_constant
        if said is not None and ours is not None and not math.isclose(said, ours, rel_tol=1e-9):
            sentence = f"is {ours:g}, but {said:g} for the same bond in a row above: give it once"
            raise ValueError(f"{index}.relative_dissociation_constant", sentence)
        relative[first, second] = ours if said is None else said
    strengths = np.zeros((len(kinds), len(kinds)))
    for (first, second), ratio in relative.items():
        strengths[first, second] = strengths[second, first] = (2.0 if first == second else 1.0) / (ratio or 1.0)
    return Composition(tuple(names), tuple(kinds), np.array(counts), np.array(concentrations), strengths)


def bond_equilibrium(proteins: Sequence[Protein], dissociation_constant: float | str) -> Equilibrium:
    """Solve mass action for a mixture and follow its tree of bonds: equations (11) to (13).

    Parameters
    ----------
    proteins : sequence of Protein
        The table.
    dissociation_constant : float or str
        Of a bond with relative constant 1 [mol m-3].

    Returns
    -------
    Equilibrium
        Bond probabilities, branching number, gel fraction, cluster size.

    Raises
    ------
    ParameterError
        If the table contradicts itself, or the dissociation constant is not one.

    Examples
    --------
    >>> golgin = Protein(name="GM130", valence=4, concentration="8 uM", sticker="golgin", partner="GRASP")
    >>> grasp = Protein(name="GRASP65", valence=3, concentration="10 uM", sticker="GRASP", partner="golgin")
    >>> state = bond_equilibrium([golgin, grasp], 5e-3)
    >>> round(state.branching_number**2, 6), round(state.gel_fraction, 3)
    (2.694197, 0.956)
    """
    return equilibrium_of(_checked(proteins), _checked_constant(dissociation_constant))


def gel_threshold(proteins: Sequence[Protein]) -> float | None:
    """Largest dissociation constant at which a mixture gels, as a tree: the weakest sufficient bonds.

    Parameters
    ----------
    proteins : sequence of Protein
        The table.

    Returns
    -------
    float or None
        Dissociation constant [mol m-3]; None if not even the strongest bonds make a gel (all valences at most 2, or far
        from stoichiometric).

    Examples
    --------
    >>> round(gel_threshold([Protein(valence=4, concentration="8 uM")]), 9)
    0.085333333
    """
    return threshold_of(_checked(proteins))


def gel_window(
    proteins: Sequence[Protein], dissociation_constant: float | str, *, protein: int = 0
) -> tuple[float | None, float | None]:
    """Between which concentrations of one molecule a mixture gels: too little does not reach, too much caps all ends.

    Parameters
    ----------
    proteins : sequence of Protein
        The table.
    dissociation_constant : float or str
        Of a bond with relative constant 1 [mol m-3].
    protein : int
        Row of the molecule whose concentration is varied.

    Returns
    -------
    tuple
        Lower and upper concentration [mol m-3]; None for an edge outside a millionth to a million times the largest of
        the other concentrations and the dissociation constant; (None, None) also where nothing gels.

    Examples
    --------
    >>> golgin = Protein(name="GM130", valence=4, concentration="8 uM", sticker="golgin", partner="GRASP")
    >>> grasp = Protein(name="GRASP65", valence=3, concentration="10 uM", sticker="GRASP", partner="golgin")
    >>> [round(edge, 9) for edge in gel_window([golgin, grasp], 5e-3, protein=1)]
    [0.002539195, 0.059905249]
    """
    table, dissociation_constant = _checked(proteins), _checked_constant(dissociation_constant)
    if isinstance(protein, bool) or not isinstance(protein, int) or not 0 <= protein < len(proteins):
        raise ParameterError("gel_window", {"protein": f"must be the number of a row, 0 to {len(proteins) - 1}"})
    molecule = table.names.index(proteins[protein].name)

    def excess(logarithm: float) -> float:
        concentrations = table.concentrations.copy()
        concentrations[molecule] = math.exp(logarithm)
        return _branching(table._replace(concentrations=concentrations), dissociation_constant)[0] - 1.0

    others = np.delete(table.concentrations, molecule)
    middle = math.log(max(dissociation_constant, *others, 0.0) if len(others) else dissociation_constant)
    grid = middle + np.linspace(math.log(1e-6), math.log(1e6), 241)
    heights = np.array([excess(x) for x in grid])
    top = int(heights.argmax())
    if heights[top] <= 0.0 and 0 < top < len(grid) - 1:  # a window may be narrower than the grid
        span = (grid[top - 1], grid[top + 1])
        peak = scipy.optimize.minimize_scalar(lambda x: -excess(x), bounds=span, method="bounded").x
        grid, heights = np.insert(grid, top, peak), np.insert(heights, top, excess(peak))
        order = np.argsort(grid)
        grid, heights = grid[order], heights[order]
    above = heights > 0.0
    if not above.any():
        return None, None
    first, last = np.flatnonzero(above)[[0, -1]]
    low = scipy.optimize.brentq(excess, grid[first - 1], grid[first], xtol=1e-14) if first > 0 else None
    high = scipy.optimize.brentq(excess, grid[last], grid[last + 1], xtol=1e-14) if last < len(grid) - 1 else None
    return (None if low is None else math.exp(low)), (None if high is None else math.exp(high))


def _checked_constant(dissociation_constant: float | str) -> float:
    try:
        value = float(Unit("mol m-3").to_magnitude(dissociation_constant))
    except (UnitError, TypeError, ValueError) as error:
        raise ParameterError("bonds", {"dissociation_constant": f"must be a concentration: {error}"}) from None
    if not 1e-9 <= value <= _MOST:
        raise ParameterError("bonds", {"dissociation_constant": f"must be from 1e-9 to {_MOST:g} mol m-3"})
    return value


def _checked(proteins: Sequence[Protein]) -> Composition:
    if len(proteins) == 0:
        raise ParameterError("proteins", {"proteins": "must have at least one row"})
    try:
        return composition_of(tuple(proteins))
    except ValueError as error:
        if len(error.args) != 2:
            raise
        raise ParameterError("proteins", {error.args[0]: error.args[1]}) from None


def equilibrium_of(table: Composition, dissociation_constant: float) -> Equilibrium:
    """As `bond_equilibrium`, from arrays."""
    rho, bound, leads = _branching(table, dissociation_constant)
    stickers = table.counts.T @ table.concentrations
    total, molecules = stickers.sum(), table.concentrations.sum()
    if total == 0.0:
        return Equilibrium(0.0, bound, 0.0, 0.0, 1.0)
    weights = table.concentrations / molecules
    probability = float((stickers * bound.sum(axis=1)).sum() / total)
    if rho > 1.0:
        open_ends = _bond_extinction(table.counts, leads, bound)
        finite = np.prod(open_ends**table.counts, axis=1)
        return Equilibrium(probability, bound, rho, float(max(0.0, 1.0 - weights @ finite)), None)
    size = None
    if rho < 1.0:
        progeny = np.linalg.solve(
            np.eye(len(bound)) - _branching_matrix(table.counts, leads, bound), np.ones(len(bound))
        )
        size = float(1.0 + weights @ table.counts @ bound @ progeny)
    return Equilibrium(probability, bound, rho, 0.0, size)


def threshold_of(table: Composition) -> float | None:
    """As `gel_threshold`, from arrays."""
    scale = float((table.counts.T @ table.concentrations).sum() * max(table.strengths.max(), 0.0))
    if scale == 0.0:
        return None

    def excess(logarithm: float) -> float:
        return _branching(table, math.exp(logarithm))[0] - 1.0

    # a competition may end in a strong bond that makes no network: the threshold is met from the side of weak bonds
    grid = math.log(scale) + math.log(10.0) * np.arange(6.0, -11.0, -0.25)
    above = next((i for i, x in enumerate(grid) if excess(x) > 0.0), None)
    if above is None or above == 0:
        return None
    return math.exp(scipy.optimize.brentq(excess, grid[above], grid[above - 1], xtol=1e-14))


def _branching(table: Composition, dissociation_constant: float) -> tuple[float, Floats, Floats]:
    """Branching number, bound fractions P_ab, and the chance that a sticker of kind b is on molecule j, [b, j]."""
    stickers = table.counts.T @ table.concentrations
    strengths = table.strengths / dissociation_constant
    free = np.zeros(len(stickers))
    present = stickers > 0.0
    if present.any():
        free[present] = _free_stickers(stickers[present], np.ascontiguousarray(strengths[np.ix_(present, present)]))
    reach = strengths * free
    bound = reach / (1.0 + reach.sum(axis=1, keepdims=True))
    leads = (table.counts * table.concentrations[:, None]).T / np.where(present, stickers, 1.0)[:, None]
    matrix = _branching_matrix(table.counts, leads, bound)
    return float(np.abs(np.linalg.eigvals(matrix)).max()), bound, leads


def _branching_matrix(counts: Floats, leads: Floats, bound: Floats) -> Floats:
    """M_bd of equation (12): bonds to kind d that follow a bond into a sticker of kind b."""
    siblings = leads @ counts - np.diag(leads.sum(axis=1))
    return siblings @ bound


def _bond_extinction(counts: Floats, leads: Floats, bound: Floats) -> Floats:
    """For each kind, the probability that a sticker does not lead to the endless network: equation (13)."""
    molecules, kinds = counts.shape
    v = np.zeros(kinds)
    unbound = np.maximum(1.0 - bound.sum(axis=1), 1e-300)  # where all are bound, rounding may leave nothing
    for iteration in range(400):
        reach = unbound + bound @ v
        powers = reach[None, None, :] ** np.maximum(counts[:, None, :] - np.eye(kinds)[None], 0.0)
        image = (leads.T * powers.prod(axis=2)).sum(axis=0)
        image[leads.sum(axis=1) == 0.0] = 1.0
        slope = np.zeros((kinds, kinds))
        for j in range(molecules):
            left = np.maximum(counts[j][None, :] - np.eye(kinds), 0.0)
            slope += leads[:, j, None] * (powers[j].prod(axis=1)[:, None] * left / reach[None, :]) @ bound
        step = image - v
        if iteration > 4:  # from below, Newton's method rises monotonically to the smallest root
            with contextlib.suppress(np.linalg.LinAlgError):
                step = np.linalg.solve(np.eye(kinds) - slope, step)
        v = np.clip(v + step, v, 1.0)
        if np.abs(step).max() < 1e-15:
            break
    ends: Floats = unbound + bound @ v
    return ends


def _free_stickers(stickers: Floats, strengths: Floats) -> Floats:
    """Free concentrations x of equation (11): damped Newton on u = log x, which minimises the convex function
    sum(e^u) + sum(w_ab e^(u_a + u_b)) / 2 - sum(s u)."""
    x = stickers.copy()
    own = strengths.diagonal()
    for _ in range(4):  # one kind at a time: a quadratic equation each
        for a in range(len(x)):
            others = 1.0 + strengths[a] @ x - own[a] * x[a]
            x[a] = 2.0 * stickers[a] / (others + math.sqrt(others * others + 4.0 * own[a] * stickers[a]))

    def potential(u: Floats) -> float:
        y = np.exp(u)
        return float(y.sum() + 0.5 * y @ strengths @ y - stickers @ u)

    u = np.log(x)
    for _ in range(200):
        pairs = strengths * np.outer(x, x)
        bound = x + pairs.sum(axis=1)
        residual = bound - stickers
        step = np.linalg.solve(pairs + np.diag(bound), -residual)
        largest = float(np.abs(step).max())
        length = min(1.0, 4.0 / largest) if largest > 0.0 else 1.0
        # close to the minimum differences drown in rounding, and the full step is right
        if largest > 1e-3:
            now, slope = potential(u), float(step @ residual)
            while length * largest > 1e-3 and potential(u + length * step) > now + 1e-4 * length * slope:
                length *= 0.5
        u = u + length * step
        x = np.exp(u)
        if largest < 1e-12:
            break
    return x

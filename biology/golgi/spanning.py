"""Where does the slab begin to span: many slabs, annealed from weak to strong bonds.

Equation numbers are those of the package's docstring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from ...core.kernels.random import spawn_states
from ...core.kernels.threads import map_blocks
from ...core.model import ParameterError, mean
from ...core.networks.percolation import connection_reach, torus_wrapping
from ...core.quantities import Unit, UnitError
from .binding import mean_degree
from .mixture import Composition, equilibrium_of, threshold_of
from .slab import MEASURES, anneal_bonds, random_slab

if TYPE_CHECKING:
    import xarray as xr

    from .matrix import GolgiMatrix

__all__ = ["Onset", "percolation_reach", "scan_slabs", "spanning_map", "spanning_onset"]

Floats = NDArray[np.float64]

_VISITS_IN_A_BLOCK = 1e7  # about 0.2 s
_AMPLE_DEGREE = 12.0  # neighbours with which every slab spans: three times what the plane needs, four times space


class Onset(NamedTuple):
    """Where slabs begin to span."""

    dissociation_constant: float
    error: float
    """Standard error, from slabs and from the spacing of the scan."""
    bond_probability: float
    """Fraction of stickers that are bound there."""


def scan_slabs(
    table: Composition,
    numbers: NDArray[np.int64],
    thickness: float,
    reach: float,
    dissociation_constants: Floats,
    *,
    sweeps: int,
    snapshots: int,
    bonds_per_pair: int | None,
    states: NDArray[np.uint64],
    visits: float = _VISITS_IN_A_BLOCK,
    tick: Callable[[int, int], Any] | None = None,
) -> Floats:
    """Measure independent slabs at each dissociation constant, from the first to the last.

    Parameters
    ----------
    table : Composition
        The proteins.
    numbers : numpy.ndarray
        Molecules of each kind in a slab.
    thickness, reach : float
        Of the slab and of a bond [m].
    dissociation_constants : numpy.ndarray
        Of a bond with relative constant 1, best in falling order [mol m-3].
    sweeps, snapshots, bonds_per_pair
        As for `anneal_bonds`.
    states : numpy.ndarray
        One random state a slab.
    visits : float
        Visits of edges in a slab, for the size of a block of work.
    tick : callable, optional
        ``tick(done, total)``.

    Returns
    -------
    numpy.ndarray
        Averages over the snapshots, [slab, dissociation constant, measure].
    """

    def block(begin: int, end: int) -> Floats:
        out = np.empty((end - begin, len(dissociation_constants), len(MEASURES)))
        for i in range(begin, end):
            state = states[i].copy()
            graph = random_slab(table, numbers, thickness, reach, state)
            shots = anneal_bonds(
                graph,
                int(numbers.sum()),
                1.0 / dissociation_constants,
                sweeps,
                snapshots,
                state,
                bonds_per_pair=bonds_per_pair,
            )
            out[i - begin] = shots.mean(axis=1)
        return out

    size = max(1, int(_VISITS_IN_A_BLOCK / visits))
    return np.concatenate(map_blocks(block, len(states), size, tick=tick))


def spanning_onset(dissociation_constants: Floats, slabs: Floats) -> Onset | None:
    """Dissociation constant at which a slab spans as often as a critical torus does: equation (16).

    Parameters
    ----------
    dissociation_constants : numpy.ndarray
        In falling order [mol m-3].
    slabs : numpy.ndarray
        Measurements of `scan_slabs`.

    Returns
    -------
    Onset or None
        None if the scan does not reach from slabs that do not span to slabs that do.
    """
    wraps = slabs[:, :, 1:3].mean(axis=2)
    bonds = slabs[:, :, 0]
    logarithms = np.log(dissociation_constants)

    def estimate(curve: Floats) -> tuple[float, float, float]:
        target = torus_wrapping().mean
        rising = _monotone(curve)
        if not rising[0] < target <= rising[-1]:
            return math.nan, math.nan, math.nan
        i = int(np.argmax(rising >= target))
        rise = rising[i] - rising[i - 1]
        share = (target - rising[i - 1]) / rise
        step = logarithms[i] - logarithms[i - 1]
        return logarithms[i - 1] + share * step, i - 1 + share, abs(step) * rise / math.sqrt(12.0)

    n = len(wraps)
    middle, position, coarse = estimate(wraps.mean(axis=0))
    if math.isnan(middle):
        return None
    left_out = np.array([estimate((wraps.sum(axis=0) - one) / (n - 1))[0] for one in wraps]) if n > 1 else np.array([])
    left_out = left_out[~np.isnan(left_out)]
    jackknife = math.sqrt((n - 1) * np.mean((left_out - left_out.mean()) ** 2)) if len(left_out) > 1 else 0.0
    constant = math.exp(middle)
    probability = float(np.interp(position, np.arange(len(logarithms)), bonds.mean(axis=0)))
    return Onset(constant, constant * math.hypot(jackknife, coarse), probability)


def percolation_reach(surface_density: float, thickness: float, molecules: int, slabs: int, seed: int) -> Floats | None:
    """Reach at which slabs begin to span if every molecule is bound to all others within reach.

    One Newman-Ziff scan a slab, in which pairs are linked in the order of their distances. No affinity and no valence
    lets a slab span with a shorter reach.

    Parameters
    ----------
    surface_density : float
        Molecules per area [m-2].
    thickness : float
        Of the slab [m].
    molecules, slabs, seed : int
        Molecules in a slab, number of slabs, seed of their random places.

    Returns
    -------
    numpy.ndarray or None
        Mean over the sides x and y, one value a slab [m]; None if slabs of this size are too narrow to tell.
    """
    width = math.sqrt(molecules / surface_density)
    longest = 0.333 * width

    def surplus(reach: float) -> float:
        return float(mean_degree(surface_density, reach, thickness)) - _AMPLE_DEGREE

    if surplus(longest) > 0.0:
        longest = scipy.optimize.brentq(surplus, 1e-3 * width / molecules, longest, rtol=1e-6)
    box = (width / longest, width / longest, thickness / longest)
    reach = connection_reach(molecules, box, 1.0, slabs, periodic=(True, True, False), seed=seed)[:, :2].mean(axis=1)
    return longest * reach if np.isfinite(reach).all() else None


def spanning_map(
    model: GolgiMatrix,
    concentrations: Iterable[Any],
    dissociation_constants: Iterable[Any],
    *,
    protein: int = 0,
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> xr.Dataset:
    """Over which concentrations and affinities does the network span, as a tree and in the slab?

    Parameters
    ----------
    model : GolgiMatrix
        All other parameters.
    concentrations : sequence
        Of the molecule in row `protein`; floats [mol m-3] or strings such as ``"8 uM"``.
    dissociation_constants : sequence
        Of a bond with relative constant 1; floats [mol m-3] or strings.
    protein : int
        Row of the molecule whose concentration is varied.
    seed : int
        Of the random numbers; the same slabs for all dissociation constants.
    progress : callable, optional
        ``progress(done, total)``; it may raise to cancel.

    Returns
    -------
    xarray.Dataset
        On (concentration, dissociation_constant): `branching_number`, `gel_fraction` (of the tree),
        `spanning_probability` and `spanning_fraction` (of slabs, with errors); on concentration the two thresholds,
        `critical_dissociation_constant` (tree) and `spanning_dissociation_constant` (slab): NaN where the first does
        not exist and where the second lies outside the map.

    Raises
    ------
    ParameterError
        If a concentration or constant is not accepted by the model, or the map would take too long.

    Examples
    --------
    >>> from mesoscale.biology.golgi import GM130_GRASP65
    >>> small = GM130_GRASP65.replace(molecules=500, slabs=4, sweeps=10)
    >>> tree_and_slab = spanning_map(small, ["2 uM", "8 uM"], ["0.1 uM", "100 uM"])
    >>> (tree_and_slab.spanning_probability > 0.5).values[1].tolist()
    [True, False]
    """
    amounts = np.unique(_magnitudes("concentrations", concentrations))
    constants = np.unique(_magnitudes("dissociation_constants", dissociation_constants))[::-1]
    path = f"proteins.{protein}.concentration"
    models = [
        model.replace(
            **{path: float(amount), "dissociation_constant": float(constant), "scan_points": len(constants) + 1}
        )
        for amount in amounts
        for constant in constants[[0, -1]]
    ][::2]  # both ends are checked
    rows = []
    for done, one in enumerate(models):

        def tick(part: int, whole: int, done: int = done) -> None:
            if progress is not None:
                progress(done * whole + part, len(models) * whole)

        rows.append(_map_row(one, constants, one.scan(constants, spawn_states(seed, one.slabs), tick)))
    return _label_map(rows, amounts, constants, model.proteins[protein].name)


def _map_row(model: GolgiMatrix, constants: Floats, slabs: Floats) -> dict[str, Any]:
    table = model.composition()
    trees = [equilibrium_of(table, float(constant)) for constant in constants]
    onset = spanning_onset(constants, slabs)
    critical = threshold_of(table)
    probability, fraction = mean(slabs[:, :, 1:3].mean(axis=2)), mean(slabs[:, :, 3])
    return {
        "branching_number": [tree.branching_number for tree in trees],
        "gel_fraction": [tree.gel_fraction for tree in trees],
        "spanning_probability": probability.value,
        "spanning_probability_error": probability.error,
        "spanning_fraction": fraction.value,
        "spanning_fraction_error": fraction.error,
        "critical_dissociation_constant": math.nan if critical is None else critical,
        "spanning_dissociation_constant": math.nan if onset is None else onset.dissociation_constant,
        "spanning_dissociation_constant_error": math.nan if onset is None else onset.error,
    }


_LONG_NAMES = {
    "branching_number": "further bonds per bond followed, as a tree",
    "gel_fraction": "fraction of molecules in the endless network, were it a tree",
    "spanning_probability": "probability that the network wraps the slab along one side",
    "spanning_probability_error": "standard error of the spanning probability",
    "spanning_fraction": "fraction of molecules in the network that wraps the slab",
    "spanning_fraction_error": "standard error of the spanning fraction",
    "critical_dissociation_constant": "weakest bond with which a tree gels",
    "spanning_dissociation_constant": "weakest bond with which the slab spans",
    "spanning_dissociation_constant_error": "standard error of the weakest bond with which the slab spans",
}


def _label_map(rows: list[dict[str, Any]], amounts: Floats, constants: Floats, molecule: str) -> xr.Dataset:
    import xarray as xr

    variables = {}
    for name, text in _LONG_NAMES.items():
        values = np.array([row[name] for row in rows], dtype=float)
        dims = ("concentration", "dissociation_constant")[: values.ndim]
        unit = "1" if values.ndim == 2 else "mol m-3"
        variables[name] = (dims, values[..., ::-1] if values.ndim == 2 else values, {"units": unit, "long_name": text})
    axes = {"concentration": (amounts, f"concentration of {molecule}")}
    axes["dissociation_constant"] = (constants[::-1], "dissociation constant of a bond")
    coordinates = {name: (name, x, {"units": "mol m-3", "long_name": text}) for name, (x, text) in axes.items()}
    return xr.Dataset(variables, coordinates)


def _magnitudes(name: str, values: Iterable[Any]) -> Floats:
    unit = Unit("mol m-3")
    given = getattr(values, "attrs", {}).get("units")
    scale = unit.affine(str(given))[0] if given else 1.0
    try:
        bare = [unit.to_magnitude(value) for value in (getattr(values, "values", values) if given else values)]
        array = np.array(bare, dtype=float) * scale
    except (UnitError, TypeError, ValueError) as error:
        raise ParameterError("spanning_map", {name: f"must be a sequence of concentrations: {error}"}) from None
    if array.ndim != 1 or len(array) == 0:
        raise ParameterError("spanning_map", {name: "must be a sequence of at least one concentration"})
    return array


def _monotone(curve: Floats) -> Floats:
    """Nearest non-decreasing curve (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value in curve:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, weight = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + value * weight) / (before[1] + weight)
            before[1] += weight
    return np.concatenate([np.full(int(weight), value) for value, weight in blocks])

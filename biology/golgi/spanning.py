"""Where does the slab begin to span: many slabs, annealed from weak to strong bonds.

Equation numbers are those of the package's docstring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.kernels.random import spawn_states
from ...core.kernels.threads import map_blocks
from ...core.model import ParameterError
from ...core.networks.percolation import torus_wrapping
from ...core.quantities import Unit, UnitError
from .mixture import Composition, equilibrium_of, threshold_of
from .slab import MEASURES, anneal_bonds, random_slab

if TYPE_CHECKING:
    import xarray as xr

    from .matrix import GolgiMatrix

__all__ = ["Onset", "scan_slabs", "spanning_map", "spanning_onset"]

Floats = NDArray[np.float64]

_VISITS_IN_A_BLOCK = 1e7  # about 0.2 s


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


def spanning_map(
    model: GolgiMatrix,
    concentrations: Iterable[Any],
    dissociation_constants: Iterable[Any],
    *,
    protein: int = 0,
    seed: int = 0,
    progress: bool | Callable[[int, int], Any] = False,
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
    progress : bool or callable
        As for `Model.run`.

    Returns
    -------
    xarray.Dataset
        On (concentration, dissociation_constant): `branching_number`, `gel_fraction` (of the tree),
        `spanning_probability` and `spanning_fraction` (of slabs, with errors); on concentration the two thresholds,
        `critical_dissociation_constant` (tree) and `spanning_dissociation_constant` (slab), NaN where the first does not
        exist and where the second lies outside the map.

    Raises
    ------
    ParameterError
        If a concentration or constant is not accepted by the model, or the map would take too long.

    Examples
    --------
    >>> from mesoscale.biology.golgi import GM130_GRASP65
    >>> small = GM130_GRASP65.replace(molecules=500, slabs=4, sweeps=10)
    >>> tree_and_slab = spanning_map(small, ["2 uM", "8 uM"], ["0.1 uM", "100 uM"])
    >>> tree_and_slab.spanning_probability.values[1].tolist()
    [1.0, 0.0]
    """
    import xarray as xr

    path = f"proteins.{protein}.concentration"
    amounts = np.unique(_magnitudes("concentrations", concentrations))
    constants = np.unique(_magnitudes("dissociation_constants", dissociation_constants))
    models = [model.replace(**{path: float(c), "dissociation_constant": float(constants[0])}) for c in amounts]
    models[0].replace(dissociation_constant=float(constants[-1]))  # checked, too
    shape = (len(amounts), len(constants))
    grids = {
        "branching_number": ("further bonds per bond followed, as a tree", np.empty(shape)),
        "gel_fraction": ("fraction of molecules in the endless network, as a tree", np.empty(shape)),
        "spanning_probability": ("probability that the network wraps the slab along x", np.empty(shape)),
        "spanning_probability_error": ("standard error of the spanning probability", np.empty(shape)),
        "spanning_fraction": ("fraction of molecules in the network that wraps the slab", np.empty(shape)),
        "spanning_fraction_error": ("standard error of the spanning fraction", np.empty(shape)),
    }
    thresholds = np.full((3, len(amounts)), np.nan)
    done = 0

    def tick(_: int, __: int) -> None:
        if callable(progress):
            progress(done, len(models))

    bar = None
    if progress is True:
        from tqdm import tqdm

        bar = tqdm(total=len(models), desc="spanning_map", leave=False)
    for i, one in enumerate(models):
        table = one.composition()
        states = [equilibrium_of(table, float(k)) for k in constants]
        grids["branching_number"][1][i] = [state.branching_number for state in states]
        grids["gel_fraction"][1][i] = [state.gel_fraction for state in states]
        slabs = one.scan(constants[::-1], spawn_states(seed, one.slabs), tick)[:, ::-1]
        for name, samples in (
            ("spanning_probability", slabs[:, :, 1:3].mean(axis=2)),
            ("spanning_fraction", slabs[:, :, 3]),
        ):
            grids[name][1][i] = samples.mean(axis=0)
            spread = samples.std(axis=0, ddof=1) / math.sqrt(len(samples)) if len(samples) > 1 else np.nan
            grids[f"{name}_error"][1][i] = spread
        critical = threshold_of(table)
        onset = spanning_onset(constants[::-1], slabs[:, ::-1])
        thresholds[:, i] = (np.nan if critical is None else critical, *(onset[:2] if onset else (np.nan, np.nan)))
        done = i + 1
        tick(0, 0)
        if bar is not None:
            bar.update()
    if bar is not None:
        bar.close()
    dims = ("concentration", "dissociation_constant")
    axis = {"units": "mol m-3"}
    molecule = model.proteins[protein].name
    return xr.Dataset(
        {name: (dims, values, {"units": "1", "long_name": text}) for name, (text, values) in grids.items()}
        | {
            name: ("concentration", values, axis | {"long_name": text})
            for name, text, values in zip(
                ("critical_dissociation_constant", "spanning_dissociation_constant", "spanning_dissociation_constant_error"),
                (
                    "weakest bond that gels, as a tree",
                    "weakest bond with which the slab spans",
                    "standard error of the weakest bond with which the slab spans",
                ),
                thresholds,
                strict=True,
            )
        },
        coords={
            "concentration": ("concentration", amounts, axis | {"long_name": f"concentration of {molecule}"}),
            "dissociation_constant": (
                "dissociation_constant",
                constants,
                axis | {"long_name": "dissociation constant of a bond"},
            ),
        },
    )


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



"""The effective tensor of a voxel image, with the error of its grid."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model import ResultError
from ...model.progress import library_version
from .conduction import Grid, Solution, solve_conduction
from .dual import solve_compliance
from .elasticity import solve_elasticity
from .extrapolation import Run, extrapolated, is_seen, solve_grids
from .images import Image, read_image, spread_conductivity, spread_moduli

__all__ = ["effective_conductivity", "effective_stiffness"]

Tensor = NDArray[np.float64]
Progress = Callable[[int, int], object]
_PENALTY = 1e6  # stands for infinity where an image has both zeros and infinities
_SHEAR = np.sqrt([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])  # from stress to a vector with the energy's scalar product
_IN_PLANE = {2: [1, 2, 3], 3: [0, 1, 2, 3, 4, 5]}  # of xx, yy, zz, yz, xz, xy; the layer's normal is the first axis


def effective_conductivity(
    image: ArrayLike | xr.DataArray | str | Path,
    conductivities: Mapping[int, Any] | Sequence[Any] | None = None,
    *,
    spacing: float | Sequence[float] | None = None,
    directions: Sequence[int] | None = None,
    extrapolate: bool | float = False,
    tolerance: float = 1e-8,
    max_iterations: int = 2000,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Effective conductivity of a periodic image, of two or three dimensions.

    Whatever obeys div(k grad u) = 0 is meant: heat, charge, diffusion, permittivity, flow in a porous rock. Bare
    numbers come back in the unit in which they are given; strings (``"0.6 W/(m K)"``) are read as thermal.

    Parameters
    ----------
    image : array, DataArray or path
        Labels, or the conductivity itself where no table is given. Axes are x, y, z in this order, or the names of
        a DataArray.
    conductivities : mapping or sequence, optional
        Conductivity of each label. 0 insulates, ``math.inf`` conducts perfectly; both are exact limits, except in one
        image together, where infinity is replaced by 1e6 times the largest finite value.
    spacing : float or sequence, optional
        Size of a voxel along each axis. Default: from the coordinates of a DataArray, else cubes.
    directions : sequence of int, optional
        Axes along which to load. Default: all. The others' columns are NaN.
    extrapolate : bool or float
        Solve on three grids, each twice as fine as the one before, and extrapolate: the result has a grid error. An
        image made of blocks of 2 or 4 equal voxels is coarsened, others are refined, at 4 or 8 times the voxels each.
        The order is fitted, or it is this number: ``16 / pi * atan(contrast**-0.5)`` for a checkerboard.
    tolerance : float
        Residual flux over mean flux; the error of a diagonal entry is of the order of its square.
    max_iterations : int
        Steps of conjugate gradients allowed for each direction.
    workers : int, optional
        Threads of the transforms.
    progress : callable, optional
        ``progress(done, total)`` after each load.

    Returns
    -------
    Dataset
        ``conductivity`` (row, column), ``conductivity_error`` (from the grid; NaN without `extrapolate`),
        ``conductivity_valid`` (False where an even grid is blind to the image, see the package), ``iterations``,
        ``residual`` (column), ``converged``.

    Raises
    ------
    ResultError
        If conjugate gradients do not converge, or a perfect conductor percolates: then there is no finite answer.
    ValueError
        If the image, its table or its spacing make no sense.

    Examples
    --------
    >>> layers = np.repeat([[0, 1]], 2, axis=0)
    >>> effective_conductivity(layers, [1.0, 3.0]).conductivity.values.round(12)
    array([[2. , 0. ],
           [0. , 1.5]])
    """
    picture = read_image(image, spacing)
    field = spread_conductivity(picture, conductivities)
    dimension = picture.values.ndim
    loads = list(range(dimension)) if directions is None else sorted({int(axis) for axis in directions})
    if not loads or loads[0] < 0 or loads[-1] >= dimension:
        raise ValueError(f"directions={directions}: must be axes from 0 to {dimension - 1}")
    _check_numbers(tolerance, max_iterations, extrapolate)
    rigid = bool(np.isinf(field).any())
    if rigid and (field == 0.0).any():
        field[np.isinf(field)] = _PENALTY * field[np.isfinite(field)].max()
        rigid = False

    scale = _typical(field)

    def solve(values: Tensor, spacing: tuple[float, float, float], tick: Callable[[], None]) -> Run:
        grid = Grid.of(values.shape, spacing)
        columns: dict[int, Solution] = {}
        resistivity = scale / values if rigid else values
        for axis in range(dimension) if rigid else loads:
            load = np.eye(3)[axis + 3 - dimension]
            arguments = (grid, load, tolerance, max_iterations, workers)
            if rigid:
                columns[axis] = solve_compliance(lambda flux: resistivity * flux, *arguments)
            else:
                columns[axis] = solve_conduction(values / scale, *arguments)
            tick()
        return _assemble(columns, dimension, [a + 3 - dimension for a in range(dimension)], rigid, np.ones(3), scale)

    recipe = {"tolerance": tolerance, "max_iterations": max_iterations, "extrapolate": extrapolate}
    runs = solve_grids(solve, (field,), picture, extrapolate, progress, dimension if rigid else len(loads))
    result = _label(runs, "conductivity", "W m-1 K-1", picture, recipe, is_seen((field,), dimension, extrapolate))
    if rigid and len(loads) < dimension:
        unwanted = [axis for axis in range(dimension) if axis not in loads]
        result.conductivity.values[:, unwanted] = math.nan
    return result


def effective_stiffness(
    image: ArrayLike | xr.DataArray | str | Path,
    phases: Mapping[int, Any] | Sequence[Any],
    *,
    spacing: float | Sequence[float] | None = None,
    directions: Sequence[int] | None = None,
    extrapolate: bool | float = False,
    tolerance: float = 1e-8,
    max_iterations: int = 2000,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Effective stiffness of a periodic image of isotropic phases; a two-dimensional one is in plane strain.

    Parameters
    ----------
    image : array, DataArray or path
        Labels. Axes are x, y, z in this order, or the names of a DataArray.
    phases : mapping or sequence
        (bulk modulus, shear modulus) of each label, see `ElasticPhase`, `VOID` and `RIGID`.
    spacing : float or sequence, optional
        Size of a voxel along each axis. Default: from the coordinates of a DataArray, else cubes.
    directions : sequence of int, optional
        Numbers of the loads, in the order of the result's columns. Default: all. The others' columns are NaN.
    extrapolate, tolerance, max_iterations, workers, progress
        As for `effective_conductivity`.

    Returns
    -------
    Dataset
        ``stiffness`` (row, column) in Pa between stress and engineering strain, in the order xx, yy, zz, yz, xz, xy
        (in two dimensions xx, yy, xy); ``stiffness_error``, ``stiffness_valid``, ``iterations``, ``residual``,
        ``converged``.

    Raises
    ------
    ResultError
        If conjugate gradients do not converge, or a rigid phase percolates.
    ValueError
        If the image, its table or its spacing make no sense.

    Examples
    --------
    >>> one = effective_stiffness(np.zeros((4, 4), int), [(5.0, 3.0)])
    >>> one.stiffness.values.round(12)
    array([[9., 3., 0.],
           [3., 9., 0.],
           [0., 0., 3.]])
    """
    picture = read_image(image, spacing)
    bulk, shear = spread_moduli(picture, phases)
    dimension = picture.values.ndim
    places = _IN_PLANE[dimension]
    count = len(places)
    loads = list(range(count)) if directions is None else sorted({int(load) for load in directions})
    if not loads or loads[0] < 0 or loads[-1] >= count:
        raise ValueError(f"directions={directions}: must be numbers of loads from 0 to {count - 1}")
    _check_numbers(tolerance, max_iterations, extrapolate)
    rigid = bool(np.isinf(shear).any())
    if rigid and (shear == 0.0).any():
        for modulus in (bulk, shear):
            modulus[np.isinf(modulus)] = _PENALTY * modulus[np.isfinite(modulus)].max()
        rigid = False

    scale = _typical(shear)

    def solve(bulk: Tensor, shear: Tensor, spacing: tuple[float, float, float], tick: Callable[[], None]) -> Run:
        grid = Grid.of(shear.shape, spacing)
        columns: dict[int, Solution] = {}
        bulk, shear = bulk / scale, shear / scale
        apply = _compliance(bulk, shear, dimension) if rigid else None
        for load in range(count) if rigid else loads:
            strain = np.eye(6)[places[load]]
            arguments = (grid, strain, tolerance, max_iterations, workers)
            if apply is not None:
                columns[load] = solve_compliance(apply, *arguments)
            else:
                columns[load] = solve_elasticity(bulk - shear * (2.0 / 3.0), shear, *arguments)
            tick()
        return _assemble(columns, count, places, rigid, _SHEAR, scale)

    recipe = {"tolerance": tolerance, "max_iterations": max_iterations, "extrapolate": extrapolate}
    runs = solve_grids(solve, (bulk, shear), picture, extrapolate, progress, count if rigid else len(loads))
    result = _label(runs, "stiffness", "Pa", picture, recipe, is_seen((bulk, shear), dimension, extrapolate))
    if rigid and len(loads) < count:
        result.stiffness.values[:, [load for load in range(count) if load not in loads]] = math.nan
    return result


def _check_numbers(tolerance: float, max_iterations: int, extrapolate: bool | float) -> None:
    number = isinstance(extrapolate, int | float) and not isinstance(extrapolate, bool)
    if not (isinstance(extrapolate, bool) or (number and 0.05 <= extrapolate <= 8.0)):
        raise ValueError(f"extrapolate={extrapolate!r}: must be True, False, or the order, from 0.05 to 8")
    if not 1e-12 <= tolerance <= 1e-2:
        raise ValueError(f"tolerance={tolerance}: must be at least 1e-12 and at most 0.01")
    if not 1 <= max_iterations <= 1_000_000:
        raise ValueError(f"max_iterations={max_iterations}: must be at least 1 and at most 1000000")


def _typical(field: Tensor) -> float:
    """Smallest positive finite value: numbers are of order one in the solvers, whatever the unit."""
    regular = field[(field > 0.0) & np.isfinite(field)]
    return float(regular.min()) if regular.size else 1.0


def _compliance(bulk: Tensor, shear: Tensor, dimension: int) -> Callable[[Tensor], Tensor]:
    """Strain of a stress; in plane strain, the stress across the plane follows the others and does no work."""
    deviator = 0.5 / shear
    if dimension == 3:
        volume = 1.0 / (9.0 * bulk) - deviator / 3.0
    else:  # 2 mu e = s - lambda / (2 (lambda + mu)) tr s
        ratio = np.where(np.isinf(bulk), 0.0, np.divide(shear, bulk, where=~np.isinf(bulk), out=np.zeros_like(bulk)))
        volume = -deviator * 0.5 * (1.0 - 2.0 / 3.0 * ratio) / (1.0 + ratio / 3.0)

    def apply(stress: Tensor) -> Tensor:
        strain: Tensor = deviator * stress
        if dimension == 2:
            strain[0] = 0.0
        strain[3 - dimension : 3] += volume * stress[3 - dimension : 3].sum(axis=0)
        return strain

    return apply


def _assemble(
    columns: Mapping[int, Solution], count: int, places: list[int], rigid: bool, shear: Tensor, scale: float
) -> Run:
    tensor = np.full((count, count), math.nan)
    for load, solution in columns.items():
        tensor[:, load] = solution.mean[places]
    if rigid:
        compliance = 0.5 * (tensor + tensor.T)
        values = np.linalg.eigvalsh(compliance)
        if values[0] <= 1e-7 * values[-1]:
            raise ResultError("what is rigid or conducts perfectly percolates: no finite effective tensor exists")
        tensor = np.linalg.inv(compliance) / np.outer(shear[places], shear[places])
    iterations, residual = [0] * count, [math.nan] * count
    for load, solution in columns.items():
        iterations[load], residual[load] = solution.iterations, solution.residual
    return Run(tensor * scale, iterations, residual)


def _label(runs: list[Run], name: str, unit: str, picture: Image, recipe: dict[str, Any], seen: bool) -> xr.Dataset:
    order = recipe["extrapolate"]
    tensors = [run.tensor for run in runs]
    known = None if isinstance(order, bool) else float(order)
    value, error = extrapolated(tensors, known) if len(runs) == 3 else (tensors[0], None)
    finest = runs[-1]
    return xr.Dataset(
        {
            name: (("row", "column"), value, {"units": unit, "long_name": f"effective {name}"}),
            f"{name}_error": (
                ("row", "column"),
                np.full_like(value, math.nan) if error is None else error,
                {"units": unit, "long_name": f"grid error of the effective {name}"},
            ),
            f"{name}_valid": (
                (),
                seen,
                {
                    "units": "1",
                    "long_name": "whether the grid sees the image",
                    "comment": "little of the image alternates "
                    "from voxel to voxel along two axes with an even number of voxels; else repeat every voxel",
                },
            ),
            "iterations": ("column", finest.iterations, {"units": "1", "long_name": "steps of conjugate gradients"}),
            "residual": ("column", finest.residual, {"units": "1", "long_name": "residual over mean"}),
            "converged": ((), True, {"units": "1", "long_name": "whether every load converged; if not, it raises"}),
        },
        attrs={"axes": " ".join(picture.axes), "recipe": json.dumps({"version": library_version(), **recipe})},
    )

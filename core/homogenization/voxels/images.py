"""From what a microscope or a scanner gives to fields on a grid: labels, a table of phases, the size of a voxel."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...quantities import Dimensionless, Pressure, ThermalConductivity, unit_of

__all__ = ["RIGID", "VOID", "ElasticPhase", "Image", "read_image", "spread_conductivity", "spread_moduli"]

_LARGEST = 4e8  # voxels: some 3 GB a field
_MOST_PHASES = 4096


class ElasticPhase(NamedTuple):
    """An isotropic elastic phase; numbers in Pa, or quantities with a unit such as ``"3 GPa"``.

    Attributes
    ----------
    bulk_modulus, shear_modulus : float
        Of the three-dimensional material, also where the image is two-dimensional (plane strain).
    """

    bulk_modulus: Any
    shear_modulus: Any

    @classmethod
    def from_young(cls, young_modulus: Any, poisson_ratio: float) -> ElasticPhase:
        """The phase with this Young's modulus and Poisson's ratio (above -1, below 1/2).

        >>> ElasticPhase.from_young("3 GPa", 0.25)
        ElasticPhase(bulk_modulus=2000000000.0, shear_modulus=1200000000.0)
        """
        young, poisson = (
            _number(young_modulus, Pressure, "young_modulus"),
            _number(poisson_ratio, Dimensionless, "poisson_ratio"),
        )
        if not -1.0 < poisson < 0.5:
            raise ValueError(f"poisson_ratio={poisson}: must be greater than -1 and less than 0.5")
        return cls(young / (3.0 - 6.0 * poisson), young / (2.0 + 2.0 * poisson))


VOID = ElasticPhase(0.0, 0.0)
RIGID = ElasticPhase(math.inf, math.inf)


class Image(NamedTuple):
    """A checked image.

    Attributes
    ----------
    values : ndarray
        Labels (whole numbers) or a field, in two or three dimensions.
    spacing : tuple of float
        Size of a voxel along each axis; only ratios matter.
    axes : tuple of str
        Names of the axes.
    """

    values: NDArray[Any]
    spacing: tuple[float, ...]
    axes: tuple[str, ...]

    @property
    def layered(self) -> NDArray[Any]:
        """With three axes: two dimensions are one layer."""
        return self.values if self.values.ndim == 3 else self.values[None]


def read_image(image: ArrayLike | xr.DataArray | str | Path, spacing: float | Sequence[float] | None = None) -> Image:
    """Take an array, a DataArray (its coordinates give the size of a voxel) or a file (.npy, TIFF, PNG ...).

    Raises
    ------
    ModuleNotFoundError
        If the library that reads the file is not installed.
    ValueError
        If this is no image of two or three dimensions.
    """
    axes: tuple[str, ...] = ("x", "y", "z")
    if isinstance(image, str | Path):
        image = _load_file(Path(image))
    if isinstance(image, xr.DataArray):
        axes = tuple(str(dim) for dim in image.dims)
        spacing = _spacing_of(image) if spacing is None else spacing
        image = image.values
    values = np.asarray(image)
    if values.ndim not in (2, 3) or values.size == 0 or values.size > _LARGEST:
        raise ValueError(
            f"image has the shape {values.shape}: must have 2 or 3 dimensions and 1 to {_LARGEST:.0e} voxels "
            "(of a colour image take one channel, or label it)"
        )
    if values.dtype.kind not in "biuf":
        raise ValueError(f"image has the type {values.dtype}: must be labels (whole numbers) or real numbers")
    sizes = np.broadcast_to(np.asarray(1.0 if spacing is None else spacing, float), values.ndim)
    if not (np.isfinite(sizes).all() and (sizes > 0.0).all() and sizes.max() <= 1e3 * sizes.min()):
        raise ValueError(f"spacing={spacing}: must be positive, with ratios of at most 1000")
    return Image(values, tuple(float(size / sizes.max()) for size in sizes), axes[: values.ndim])


def spread_conductivity(image: Image, phases: Mapping[int, Any] | Sequence[Any] | None) -> NDArray[np.float64]:
    """Conductivity of every voxel: 0 insulates, infinity conducts perfectly."""
    if phases is None:
        field = np.ascontiguousarray(image.layered, float)
        if image.values.dtype.kind != "f":
            raise ValueError("conductivities is missing: an image of labels needs a table, such as {0: 1.0, 1: 10.0}")
    else:
        index, entries = _look_up(image, phases, "conductivities")
        field = np.array([_number(entry, ThermalConductivity, "conductivities") for entry in entries])[index]
    if not (field >= 0.0).all():
        raise ValueError(f"conductivities: {field[~(field >= 0.0)][0]} is not allowed; must be 0 to infinity")
    _check_contrast(field, "conductivities")
    return field


def spread_moduli(image: Image, phases: Mapping[int, Any] | Sequence[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bulk and shear modulus of every voxel: both 0 is void, both infinite is rigid."""
    index, entries = _look_up(image, phases, "phases")
    table = np.empty((2, len(entries)))
    for column, entry in enumerate(entries):
        if isinstance(entry, str) or len(entry) != 2:
            raise ValueError(f"phases: {entry!r} must be a pair of bulk modulus and shear modulus")
        bulk, shear = (_number(value, Pressure, "phases") for value in entry)
        regular = 0.0 < bulk < math.inf and 0.0 < shear < math.inf and 1e-3 <= bulk / shear <= 1e3
        if not (regular or bulk == shear == 0.0 or bulk == shear == math.inf):
            raise ValueError(
                f"phases: bulk modulus {bulk:g} Pa with shear modulus {shear:g} Pa is not allowed; both must be "
                "positive with a ratio of 1e-3 to 1e3, or both 0 (VOID), or both infinite (RIGID)"
            )
        table[:, column] = bulk, shear
    _check_contrast(table[1], "phases")
    return table[0][index], table[1][index]


def _check_contrast(field: NDArray[np.float64], name: str) -> None:
    regular = field[(field > 0.0) & (field < math.inf)]
    if regular.size == 0 and (field == 0.0).any() and (field > 0.0).any():
        raise ValueError(f"{name}: only zeros and infinities; at least one phase must be finite and positive")
    if regular.size and regular.max() > 1e8 * regular.min():
        raise ValueError(
            f"{name}: range from {regular.min():g} to {regular.max():g}, more than eight decades; "
            "say 0 for what insulates or is void, infinity for what conducts perfectly or is rigid"
        )


def _look_up(image: Image, phases: Mapping[int, Any] | Sequence[Any], name: str) -> tuple[NDArray[np.intp], list[Any]]:
    values = image.layered
    if values.dtype.kind == "f":
        if not (np.isfinite(values).all() and (values == np.round(values)).all()):
            raise ValueError("image: labels must be whole numbers where a table of phases is given")
        values = values.astype(np.int64)
    labels, index = np.unique(values, return_inverse=True)
    if len(labels) > _MOST_PHASES:
        raise ValueError(f"image has {len(labels)} different labels; segment it to at most {_MOST_PHASES}")
    table = dict(phases) if isinstance(phases, Mapping) else dict(enumerate(phases))
    missing = [int(label) for label in labels if int(label) not in table]
    if missing:
        raise ValueError(f"{name}: nothing is said about the label {missing[0]} of the image; known are {list(table)}")
    return np.ascontiguousarray(index.reshape(values.shape)), [table[int(label)] for label in labels]


def _number(value: Any, quantity: Any, name: str) -> float:
    unit = unit_of(quantity)
    assert unit is not None  # of the quantities of this module
    try:
        return float(value) if isinstance(value, float) else float(unit.to_magnitude(value))
    except ValueError as error:
        raise ValueError(f"{name}: {value!r} {error}") from None


def _spacing_of(image: xr.DataArray) -> list[float] | None:
    steps: list[float] = []
    for dim in image.dims:
        if dim not in image.coords or image.sizes[dim] < 2:
            return None
        differences = np.diff(image[dim].values.astype(float))
        if not np.allclose(differences, differences[0], rtol=1e-3):
            raise ValueError(f"image: the coordinate {dim!r} is not evenly spaced")
        steps.append(abs(float(differences[0])))
    return steps


def _load_file(path: Path) -> NDArray[Any]:
    if path.suffix.lower() == ".npy":
        array: NDArray[Any] = np.load(path, allow_pickle=False)
        return array
    reader = "tifffile" if path.suffix.lower() in (".tif", ".tiff") else "imageio.v3"
    try:
        library = importlib.import_module(reader)
    except ModuleNotFoundError as error:
        package = reader.partition(".")[0]
        raise ModuleNotFoundError(
            f"reading {path.name} needs {package}: pip install 'mesoscale[images]' (or pip install {package})"
        ) from error
    values = np.asarray(library.imread(path))
    if reader == "tifffile":
        with library.TiffFile(path) as file:
            channels = int(file.pages[0].samplesperpixel)
    else:
        channels = values.shape[-1] if values.ndim > 2 else 1  # pictures have no third dimension but that
    if channels > 1:
        raise ValueError(f"{path.name} has {channels} channels a pixel: take one channel, or label it")
    return values

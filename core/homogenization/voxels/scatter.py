"""How large must an image be? Mean and scatter of windows of several sizes."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.stats
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from ...model.progress import library_version
from .effective import effective_conductivity, effective_stiffness
from .images import read_image

__all__ = ["window_scatter"]

Maker = Callable[[int, np.random.Generator], ArrayLike]
Property = Literal["conductivity", "bulk_modulus", "shear_modulus"]


def window_scatter(
    image: ArrayLike | xr.DataArray | str | Path | Maker,
    phases: Mapping[int, Any] | Sequence[Any],
    windows: Sequence[int],
    *,
    samples: int = 16,
    effective: Property = "conductivity",
    confidence: float = 0.95,
    seed: int = 0,
    tolerance: float = 1e-6,
    workers: int | None = 1,
    progress: Callable[[int, int], object] | None = None,
) -> xr.Dataset:
    """Effective property of random windows of an image, for several sizes of a window.

    The mean of small windows is biased by their edges (each is repeated periodically), their scatter shows what one
    image of that size is worth. A window is representative when its mean has settled and its scatter is small enough.

    Parameters
    ----------
    image : array, DataArray, path or callable
        A large image of labels of which windows are cut, or ``make(window, generator)``, which draws one.
    phases : mapping or sequence
        Conductivity of each label, or its pair of bulk and shear modulus.
    windows : sequence of int
        Sizes in voxels, the same along every axis.
    samples : int
        Windows of each size.
    effective : {"conductivity", "bulk_modulus", "shear_modulus"}
        What is computed: the isotropic part of the effective tensor.
    confidence : float
        Level of the interval for the mean.
    seed : int
        Of the windows' places, or of the generators. A window's draw does not depend on the others.
    tolerance, workers
        As for `effective_conductivity`.
    progress : callable, optional
        ``progress(done, total)`` after each window.

    Returns
    -------
    Dataset
        Over ``window``: ``mean`` with ``mean_error``, ``scatter`` (standard deviation of one window), ``half_width``
        of the confidence interval (Student's t), ``coverage`` (volume of all samples over that of the image; 0 for
        drawn ones) and ``mean_error_valid``: False where samples must overlap, so that the error is too small;
        ``value`` (window, sample).

    Examples
    --------
    >>> def make(window, generator):
    ...     return generator.integers(0, 2, (window // 4, window // 4)).repeat(4, 0).repeat(4, 1)
    >>> study = window_scatter(make, [1.0, 4.0], [16, 64], samples=8)
    >>> bool(study.scatter[0] > 2 * study.scatter[1])
    True
    """
    sizes = [int(window) for window in windows]
    if not sizes or min(sizes) < 1 or len(set(sizes)) < len(sizes):
        raise ValueError(f"windows={windows}: must be different sizes of at least 1 voxel")
    if not 2 <= samples <= 100_000:
        raise ValueError(f"samples={samples}: must be at least 2 and at most 100000")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence={confidence}: must be greater than 0 and less than 1")
    make, whole, spacing = _maker(image, max(sizes))
    value = np.empty((len(sizes), samples))
    for row, window in enumerate(sizes):
        for sample in range(samples):
            part = np.asarray(make(window, np.random.default_rng([seed, window, sample])))
            value[row, sample] = _isotropic(part, phases, effective, spacing, tolerance, workers)
            if progress is not None:
                progress(row * samples + sample + 1, len(sizes) * samples)
    scatter = value.std(axis=1, ddof=1)
    error = scatter / math.sqrt(samples)
    half = float(scipy.stats.t.ppf(0.5 + 0.5 * confidence, samples - 1)) * error
    volume = np.array([samples * math.prod(min(w, n) for n in whole) for w in sizes], float)
    coverage = volume / math.prod(whole) if whole else np.zeros(len(sizes))
    unit = "W m-1 K-1" if effective == "conductivity" else "Pa"
    recipe = {
        "effective": effective, "samples": samples, "confidence": confidence, "seed": seed, "tolerance": tolerance,
        "version": library_version(),
    }  # fmt: skip
    return xr.Dataset(
        {
            "mean": ("window", value.mean(axis=1), {"units": unit, "long_name": f"mean effective {effective}"}),
            "mean_error": ("window", error, {"units": unit, "long_name": "standard error of the mean"}),
            "mean_error_valid": (
                "window",
                coverage <= 1.0,
                {"units": "1", "long_name": "whether samples can be apart", "comment": "coverage of at most one"},
            ),
            "scatter": ("window", scatter, {"units": unit, "long_name": "standard deviation of one window"}),
            "half_width": ("window", half, {"units": unit, "long_name": f"half the {confidence:.0%} interval"}),
            "coverage": ("window", coverage, {"units": "1", "long_name": "volume of the samples over the image's"}),
            "value": (("window", "sample"), value, {"units": unit, "long_name": f"effective {effective}"}),
        },
        coords={"window": ("window", sizes, {"units": "1", "long_name": "size of a window in voxels"})},
        attrs={"recipe": json.dumps(recipe)},
    )


def _maker(
    image: ArrayLike | xr.DataArray | str | Path | Maker, largest: int
) -> tuple[Maker, tuple[int, ...], tuple[float, ...] | None]:
    """A function that draws a window, the shape that it is cut from, and the size of a voxel."""
    if callable(image):
        return image, (), None
    picture = read_image(image)
    shape = picture.values.shape
    if largest > min(shape):
        raise ValueError(f"windows: {largest} is larger than the image, {shape}")

    def cut(window: int, generator: np.random.Generator) -> NDArray[Any]:
        corner = [int(generator.integers(0, n - window + 1)) for n in shape]
        return picture.values[tuple(slice(c, c + window) for c in corner)]

    return cut, shape, picture.spacing


def _isotropic(
    part: NDArray[Any],
    phases: Mapping[int, Any] | Sequence[Any],
    effective: Property,
    spacing: tuple[float, ...] | None,
    tolerance: float,
    workers: int | None,
) -> float:
    if effective == "conductivity":
        result = effective_conductivity(part, phases, spacing=spacing, tolerance=tolerance, workers=workers)
        return float(np.trace(result.conductivity.values)) / part.ndim
    if effective not in ("bulk_modulus", "shear_modulus"):
        raise ValueError(f"effective={effective!r}: must be 'conductivity', 'bulk_modulus' or 'shear_modulus'")
    c = effective_stiffness(part, phases, spacing=spacing, tolerance=tolerance, workers=workers).stiffness.values
    d = part.ndim
    normal = float(c[:d, :d].sum())
    if effective == "bulk_modulus":
        return normal / d**2
    # the part of the trace over all deviators that is left when the bulk modulus' is taken out
    trace = float(np.trace(c[:d, :d])) + 2.0 * float(np.trace(c[d:, d:])) - normal / d
    return trace / (d * (d + 1) - 2)

"""The linear system of all terms, its solution with errors, and the potentials behind the forces."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from ...kernels.threads import map_blocks
from ...model import ParameterError
from ...model.progress import Progress, library_version
from .basis import SplineBasis
from .frames import Basis, Terms, checked_frames, checked_terms, counted, fill_design, sample_terms

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["match_forces"]

Floats = NDArray[np.float64]
_UNSAMPLED = 1e-9  # of its term's largest: what a spline has that no sample but at its very edge touches
_UNKNOWN = 0.05  # share of pruned splines from which on a force is not known
_REFINEMENTS = 3


def match_forces(
    positions: ArrayLike,
    forces: ArrayLike,
    box: ArrayLike | None,
    *,
    pairs: Mapping[tuple[int, int], Basis] | None = None,
    bonds: Sequence[tuple[ArrayLike, Basis]] = (),
    angles: Sequence[tuple[ArrayLike, Basis]] = (),
    types: ArrayLike = 0,
    exclude: ArrayLike = (),
    blocks: int = 20,
    regularization: float = 1e-8,
    points: int = 200,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Pair, bond and angle forces that come closest to the forces on the beads, equation (1), in one linear system.

    Parameters
    ----------
    positions, forces : array_like
        Of the beads, shape (frame, particle, 3), or (particle, 3) for one frame; any consistent units.
    box : array_like or None
        Three edges, or three lattice vectors as rows (any cell); for all frames or one a frame. None: no periods.
    pairs : mapping
        For each pair of types, such as ``(0, 0)``, a `SplineBasis` or `FunctionBasis` that ends at the cutoff.
    bonds, angles : sequence of (array_like, basis)
        Particles, shape (n, 2) or (n, 3) with the middle one second; each entry is a kind of its own.
    types : array_like
        Type of each particle.
    exclude : array_like
        Pairs of particles, shape (n, 2), that the pair terms do not count, such as those bonded.
    blocks : int
        Blocks of frames for the jackknife. Choose them longer than the correlation time.
    regularization : float
        Tikhonov's number, relative to the diagonal of the scaled system. It is iterated: directions that the samples
        determine better than this are not biased by it.
    points : int
        Points of each curve.
    workers : int, optional
        Number of threads; the bits do not depend on it.
    progress : bool or callable
        As for `Model.run`.

    Returns
    -------
    xarray.Dataset
        ``coefficient`` with its error, ``covariance`` and ``sampled``, on ``column``; a column that is not sampled is
        pruned: its coefficient is 0, its error NaN. For each term (``pair_0_0``, ``bond_0``, ``angle_0`` ...):
        ``<term>_force`` and ``<term>_potential`` with errors on ``<term>_distance`` (or ``_angle``), from the first to
        the last sample, and ``<term>_samples``. A pair's potential is zero at the cutoff, a bonded one's at its
        minimum. Both are NaN in a gap that no sample has visited, and the potential beyond it, too. ``residual`` is
        the mean square of what is left of a force component, ``mean_square_force`` what it was.

    Raises
    ------
    ParameterError
        If the arguments do not fit together, a cutoff exceeds half the distance of the box's faces, or a sample lies
        outside a basis.

    Examples
    --------
    >>> from mesoscale.core.coarse_graining.force_matching import FunctionBasis
    >>> basis = FunctionBasis((lambda r: r**-13, lambda r: r**-7), 3.0)
    >>> trimer = [[0.0, 0.0, 0.0], [1.1, 0.0, 0.0], [2.5, 0.0, 0.0]]
    >>> near, far, ends = (48 * r**-13 - 24 * r**-7 for r in (1.1, 1.4, 2.5))
    >>> on = [[-near - ends, 0, 0], [near - far, 0, 0], [far + ends, 0, 0]]
    >>> match_forces(trimer, on, None, pairs={(0, 0): basis}).coefficient.values.round(9).tolist()
    [48.0, -24.0]
    """
    import xarray as xr

    name = "match_forces"
    frames = checked_frames(name, positions, box)
    f = np.ascontiguousarray(forces, dtype=np.float64).reshape(frames.positions.shape[0], -1)
    if np.size(forces) != frames.positions.size or not np.isfinite(f).all():
        shape = frames.positions.shape
        raise ParameterError(name, {"forces": f"must be finite and as many as the positions, of shape {shape}"})
    for key, value, least in (("blocks", blocks, 2), ("points", points, 2)):
        if isinstance(value, bool) or int(value) != value or value < least:
            raise ParameterError(name, {key: f"must be a whole number of at least {least}"}, {key: value})
    if not 0 <= regularization <= 1:
        raise ParameterError(name, {"regularization": "must be from 0 to 1"}, {"regularization": regularization})
    terms = checked_terms(name, frames, pairs or {}, bonds, angles, types, exclude)
    n_frames = len(frames.positions)
    cuts = np.linspace(0, n_frames, min(int(blocks), n_frames) + 1).round().astype(int)

    def accumulate(begin: int, end: int) -> list[tuple[Floats, Floats, float, list[Any], list[list[float]]]]:
        parts = []
        for block in range(begin, end):
            matrix, right, square = np.zeros((terms.size, terms.size)), np.zeros(terms.size), 0.0
            histograms: list[Any] = [0] * len(terms.names)
            spans = [[np.inf, -np.inf] for _ in terms.names]
            design = np.empty((f.shape[1], terms.size))
            for frame in range(cuts[block], cuts[block + 1]):
                design[:] = 0.0
                for number, samples in enumerate(sample_terms(name, frames, frame, terms)):
                    basis = terms.bases[number]
                    fill_design(samples, basis, terms.offsets[number], design)
                    histograms[number] = histograms[number] + counted(samples, basis)
                    if len(samples.x):
                        low, high = spans[number]
                        spans[number] = [min(low, float(samples.x.min())), max(high, float(samples.x.max()))]
                matrix += design.T @ design
                right += design.T @ f[frame]
                square += float(f[frame] @ f[frame])
            parts.append((matrix, right, square, histograms, spans))
        return parts

    with Progress(progress, name) as report:
        blocked = map_blocks(accumulate, len(cuts) - 1, 1, workers=workers, tick=report)
    parts = [part for block in blocked for part in block]
    matrices, rights = np.stack([p[0] for p in parts]), np.stack([p[1] for p in parts])
    total, right = matrices.sum(axis=0), rights.sum(axis=0)
    diagonal = np.diagonal(total)
    sampled = _find_sampled(terms, diagonal)
    if not sampled.any():
        raise ParameterError(name, {"positions": "must have samples within the terms' ranges: there are none"})
    coefficients = _solve(total, right, sampled, regularization)
    covariance = np.full((terms.size, terms.size), np.nan)
    if len(parts) > 1:
        left_out = np.stack(
            [_solve(total - m, right - r, sampled, regularization) for m, r in zip(matrices, rights, strict=True)]
        )
        deviation = left_out - left_out.mean(axis=0)
        covariance = (len(parts) - 1) / len(parts) * deviation.T @ deviation
        covariance[~sampled] = covariance[:, ~sampled] = np.nan
    square = sum(p[2] for p in parts)
    left = square - 2.0 * coefficients @ right + coefficients @ total @ coefficients
    components = f.size
    one = {"units": "1"}
    variables: dict[str, Any] = {
        "coefficient": ("column", coefficients, {**one, "long_name": "coefficient of each basis function"}),
        "coefficient_error": ("column", np.sqrt(np.diagonal(covariance)), {**one, "long_name": "its standard error"}),
        "covariance": (("column", "other"), covariance, {**one, "long_name": "covariance of the coefficients"}),
        "sampled": ("column", sampled, {**one, "long_name": "whether the column has samples; if not, it is pruned"}),
        "residual": ((), max(left, 0.0) / components, {**one, "long_name": "mean square of what is left of a force"}),
        "mean_square_force": ((), square / components, {**one, "long_name": "mean square of a force component"}),
    }
    for number in range(len(terms.names)):
        histogram = sum(p[3][number] for p in parts)
        span = [min(p[4][number][0] for p in parts), max(p[4][number][1] for p in parts)]
        variables.update(_curves(terms, number, histogram, span, coefficients, covariance, sampled, points))
    recipe = {
        "function": f"{__name__.rpartition('.')[0]}.match_forces",
        "parameters": {
            "terms": {n: [terms.offsets[i], terms.offsets[i + 1]] for i, n in enumerate(terms.names)},
            "frames": n_frames,
            "blocks": len(parts),
            "regularization": regularization,
        },
        "version": library_version(),
    }
    return xr.Dataset(variables, attrs={"recipe": json.dumps(recipe)})


def _solve(matrix: Floats, right: Floats, sampled: NDArray[np.bool_], regularization: float) -> Floats:
    """Iterated Tikhonov of the system scaled to a unit diagonal; pruned columns are zero."""
    solution = np.zeros(len(right))
    diagonal = np.diagonal(matrix)[sampled]
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = matrix[np.ix_(sampled, sampled)] * scale[:, None] * scale
    wanted = right[sampled] * scale
    floor = max(regularization, 4 * len(wanted) * np.finfo(float).eps)  # beyond that, rounding decides
    factor = scipy.linalg.cho_factor(scaled + floor * np.eye(len(wanted)))
    x = scipy.linalg.cho_solve(factor, wanted)
    for _ in range(_REFINEMENTS):
        x = x + scipy.linalg.cho_solve(factor, wanted - scaled @ x)
    solution[sampled] = x * scale
    return solution


def _find_sampled(terms: Terms, diagonal: Floats) -> NDArray[np.bool_]:
    """Columns that samples touch. Each term has its own scale, and each function of a user's its own."""
    sampled = diagonal > 0.0
    for number, basis in enumerate(terms.bases):
        if isinstance(basis, SplineBasis):
            own = slice(terms.offsets[number], terms.offsets[number + 1])
            sampled[own] &= diagonal[own] > _UNSAMPLED * diagonal[own].max()
    return sampled


def _curves(
    terms: Terms, number: int, histogram: Any, span: list[float], coefficients: Floats, covariance: Floats,
    sampled: NDArray[np.bool_], points: int,
) -> dict[str, Any]:  # fmt: skip
    """Force and potential of one term with their errors, where it was sampled."""
    name, kind, basis = terms.names[number], terms.kinds[number], terms.bases[number]
    columns = slice(terms.offsets[number], terms.offsets[number + 1])
    known = sampled[columns]
    theta, spread = coefficients[columns], covariance[columns, columns][np.ix_(known, known)]
    edges = basis.edges
    low, high = span if span[0] < span[1] else (basis.low + (basis.high - basis.low) / points, basis.high)
    if kind == "pair":
        high = basis.high
    x = np.linspace(low, high, points)
    spline = isinstance(basis, SplineBasis)
    inside = np.minimum(x, np.nextafter(basis.high, 0.0)) if spline else x
    forces, integrals = basis.force(inside), basis.potential(x)
    if kind != "pair":
        integrals = integrals - integrals[np.argmin(integrals @ theta)]
    whole = np.abs(basis.potential(np.array([basis.low]))[0, ~known]) if spline else np.zeros(1)

    def curve(rows: Floats, largest: Floats | float) -> tuple[Floats, Floats]:
        lost = (np.abs(rows[:, ~known]) > _UNKNOWN * largest).any(axis=1)
        variance = np.einsum("pi,ij,pj->p", rows[:, known], spread, rows[:, known])
        return np.where(lost, np.nan, rows @ theta), np.where(lost, np.nan, np.sqrt(np.maximum(variance, 0.0)))

    force, force_error = curve(forces, 1.0 if spline else 0.0)
    energy, energy_error = curve(integrals, whole)
    dim = f"{name}_{'angle' if kind == 'angle' else 'distance'}"
    middle = 0.5 * (edges[1:] + edges[:-1])
    one = {"units": "1"}
    text = name.replace("_", " ")
    return {
        dim: (dim, x, {**one, "long_name": f"{'angle' if kind == 'angle' else 'distance'} of {text}"}),
        f"{name}_force": (dim, force, {**one, "long_name": f"force of {text}"}),
        f"{name}_force_error": (dim, force_error, {**one, "long_name": f"standard error of the force of {text}"}),
        f"{name}_potential": (dim, energy, {**one, "long_name": f"potential of {text}"}),
        f"{name}_potential_error": (
            dim, energy_error, {**one, "long_name": f"standard error of the potential of {text}"}
        ),
        f"{name}_bin": (f"{name}_bin", middle, {**one, "long_name": f"middle of the intervals of {text}"}),
        f"{name}_samples": (f"{name}_bin", np.asarray(histogram), {**one, "long_name": f"samples of {text}"}),
    }  # fmt: skip

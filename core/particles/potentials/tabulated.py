"""Any potential, from a table: energy and force are one cubic spline and its slope."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
import scipy.interpolate
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from ...model import Data, problem
from . import evaluation
from .evaluation import ROW
from .records import Potential

__all__ = ["Tabulated"]

Floats = NDArray[np.float64]
_MOST_INTERVALS = 100_000


class Tabulated(Potential):
    """Any potential, from its values at rising distances: one cubic spline gives energy and force, exactly its slope.

    Between equidistant distances the cubic Hermite pieces have the given values, and the given slopes or those of the
    cubic spline with two continuous derivatives; other distances are resampled at their smallest spacing. Below the
    first distance the energy goes on as a straight line; beyond the last, which is the cutoff, nothing acts: let the
    table end with energy and slope zero, or energy is not conserved there.

    Parameters
    ----------
    distance, energy : array_like
        At least four points, at rising distances.
    slope : array_like, optional
        dU/dr at the distances.

    Examples
    --------
    >>> r = np.linspace(0.5, 2.0, 16)
    >>> table = Tabulated(r, (r - 2.0) ** 3)
    >>> abs(float(table.energy(1.23) + 0.77**3)) < 1e-12, abs(float(table.force(1.23) + 3 * 0.77**2)) < 1e-12
    (True, True)
    """

    KIND: ClassVar[int] = evaluation.TABULATED
    distance: Annotated[xr.DataArray, Data("1", ("node",), ge=0, le=1e4)] = Field(
        description="rising distances, of which the last is the cutoff"
    )
    values: Annotated[xr.DataArray, Data("1", ("node",), ge=-1e9, le=1e9)] = Field(description="energy at them")
    slope: Annotated[xr.DataArray, Data("1", ("node",), ge=-1e12, le=1e12)] | None = Field(
        None, description="dU/dr at them; that of the cubic spline if not given"
    )

    def __init__(
        self, distance: ArrayLike, energy: ArrayLike | None = None, slope: ArrayLike | None = None, **fields: Any
    ) -> None:
        given = fields.pop("values", energy)
        parameters: dict[str, Any] = {"distance": distance, "values": given, "slope": slope, **fields}
        super().__init__(**parameters)

    __init__.__pydantic_base_init__ = False  # type: ignore[attr-defined]

    @model_validator(mode="after")
    def _check_nodes(self) -> Tabulated:
        r = self.distance.values
        if len(r) < 4 or not (np.diff(r) > 0).all():
            raise problem("distance", "must hold at least 4 rising values")
        if len(self.values) != len(r):
            raise problem("energy", f"must hold as many values as distance, {len(r)}, not {len(self.values)}")
        if self.slope is not None and len(self.slope) != len(r):
            raise problem("slope", f"must hold as many values as distance, {len(r)}, not {len(self.slope)}")
        if (r[-1] - r[0]) / np.diff(r).min() > _MOST_INTERVALS:
            raise problem("distance", f"must be no finer than 1/{_MOST_INTERVALS} of the whole")
        return self

    @property
    def cutoff(self) -> float:
        """The last distance."""
        return float(self.distance.values[-1])

    def pack(self) -> tuple[Floats, Floats]:
        """Row of parameters and table, as kernels read them."""
        r, u = self.distance.values, self.values.values
        spline: Any = scipy.interpolate.CubicSpline(r, u) if self.slope is None else None
        if spline is None:
            assert self.slope is not None
            spline = scipy.interpolate.CubicHermiteSpline(r, u, self.slope.values)
        spacing = np.diff(r)
        intervals = len(r) - 1
        if spacing.max() - spacing.min() > 1e-9 * spacing.max():
            intervals = int(np.ceil((r[-1] - r[0]) / spacing.min() * (1.0 - 1e-9)))
        h = (r[-1] - r[0]) / intervals
        nodes = r if intervals == len(r) - 1 else r[0] + h * np.arange(intervals + 1)
        value, tilt = spline(nodes), spline(nodes, 1) * h
        rise = np.diff(value)
        table = np.column_stack(
            [value[:-1], tilt[:-1], 3.0 * rise - 2.0 * tilt[:-1] - tilt[1:], tilt[:-1] + tilt[1:] - 2.0 * rise]
        )
        row = np.zeros(ROW)
        row[:6] = (r[-1] ** 2, 0.0, r[0], 1.0 / h, 0.0, intervals)
        return row, np.ascontiguousarray(table)

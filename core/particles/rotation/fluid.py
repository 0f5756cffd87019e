"""A box of fluid and its steps: what the model and the function `rotate_and_stream` share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import spawn_states
from ...model import ParameterError
from ...model.progress import Progress, library_version
from . import laws
from .kernels import CELL, GLOBAL, NO_FLOW, NO_THERMOSTAT, SINUSOIDAL, UNIFORM, advance, fill_fluid, sort_by_cell

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Fluid", "rotate_and_stream"]

Floats = NDArray[np.float64]
Thermostat = Literal["none", "global", "cell"]
Flow = Literal["none", "sinusoidal", "uniform"]

THERMOSTATS = {"none": NO_THERMOSTAT, "global": GLOBAL, "cell": CELL}
FLOWS = {"none": NO_FLOW, "sinusoidal": SINUSOIDAL, "uniform": UNIFORM}
_WORK = 10_000_000  # particle-steps in one kernel call, about 0.2 s
_CACHED = 20_000  # particles that the second-level cache holds: below, their order in memory does not matter
_MOST_CELLS = 2**30
_FARTHEST = 1e9  # cells, beyond which a float no longer tells well where in a cell a particle is
_FASTEST = 1e6


class Fluid:
    """Particles of one box, with what a step needs; changed in place by `advance`.

    Rows are x, y, z and their velocities, in an order that sorting changes: `who` says which particle a column is.
    """

    def __init__(
        self,
        rows: Floats,
        edges: NDArray[np.int64],
        state: NDArray[np.uint64],
        *,
        dimensions: int,
        step: float,
        angle: float,
        thermostat: Thermostat = "none",
        flow: Flow = "none",
        force: float = 0.0,
        walls: bool = False,
        occupancy: float | None = None,
        shift: bool = True,
    ) -> None:
        n, volume = rows.shape[1], math.prod(edges.tolist())
        cells = volume // int(edges[1]) * (int(edges[1]) + int(walls))
        self.rows, self.edges, self.who = rows, edges, np.arange(n)
        self.dimensions, self.walls = dimensions, walls
        self._spare = (np.empty_like(rows), np.empty_like(self.who)) if n > _CACHED else None
        self._cell = np.zeros(n, np.uint32)
        self._work = (np.empty(12 * cells), np.zeros(4 * cells), np.zeros(cells))
        mean = n / volume if occupancy is None else occupancy
        self._physics: tuple[Any, ...] = (
            step,
            angle,
            THERMOSTATS[thermostat],
            FLOWS[flow],
            force,
            mean,
            float(shift),
            state,
        )
        self._until_sorted = 0
        self._interval = _sorting_interval(step, angle, n / volume, dimensions)

    @classmethod
    def at_rest(cls, particles: int, edges: NDArray[np.int64], state: NDArray[np.uint64], **physics: Any) -> Fluid:
        """Uniformly filled, with Maxwell's velocities of temperature 1, exactly, and no momentum."""
        dimensions = physics["dimensions"]
        rows = np.empty((6, particles))
        fill_fluid(state, rows, edges, dimensions)
        velocities = rows[3 : 3 + dimensions]
        velocities -= velocities.mean(axis=1, keepdims=True)
        velocities *= math.sqrt(dimensions * (particles - 1) / float((velocities**2).sum()))
        return cls(rows, edges, state, **physics)

    def advance(self, steps: int, tick: Callable[[int], Any] | None = None) -> None:
        """Take `steps` steps; `tick(done)` between blocks of about 0.2 s."""
        kernel: Any = advance  # typed by numba at the call
        done, n = 0, self.rows.shape[1]
        while done < steps:
            block = min(steps - done, max(1, _WORK // n))
            if self._spare is not None:
                if self._until_sorted == 0:
                    self._sort()
                block = min(block, self._until_sorted)
                self._until_sorted -= block
            kernel(self.rows, self._cell, *self._work, self.edges, self.walls, self.dimensions, *self._physics, block)
            done += block
            if tick is not None:
                tick(done)

    def _sort(self) -> None:
        assert self._spare is not None
        sort_by_cell(self.rows, self._spare[0], self.who, self._spare[1], self._cell, self.edges)
        self.rows, self.who, self._spare = self._spare[0], self._spare[1], (self.rows, self.who)
        self._until_sorted = self._interval

    def order(self) -> NDArray[np.int64]:
        """Which particle each column is; empty as long as they are as they were given."""
        return self.who.copy() if self._spare is not None else self.who[:0]

    def rearranged(self, rows: Floats, order: NDArray[np.int64]) -> Floats:
        """Earlier rows, of the order then, in the order of now."""
        if self._spare is None:
            return rows
        given = np.empty_like(rows)
        given[:, order] = rows
        return given[:, self.who]

    def in_order(self) -> tuple[Floats, Floats]:
        """Positions (not wrapped) and velocities as (particle, axis), in the order in which they were given."""
        ordered = np.empty_like(self.rows)
        ordered[:, self.who] = self.rows
        d = self.dimensions
        return np.ascontiguousarray(ordered[:d].T), np.ascontiguousarray(ordered[3 : 3 + d].T)


def _sorting_interval(step: float, angle: float, occupancy: float, dimensions: int) -> int:
    """Steps after which particles have spread by most of a cell: more often costs more than it saves."""
    spread = float(laws.self_diffusion(step, max(occupancy, 1e-3), angle, dimensions)) + 0.5 * step
    return int(min(max(0.3 / (spread * step), 16.0), 128.0))


def rotate_and_stream(
    positions: ArrayLike,
    velocities: ArrayLike,
    box: ArrayLike,
    *,
    step: float,
    angle: float,
    steps: int,
    every: int | None = None,
    thermostat: Thermostat = "none",
    flow: Flow = "none",
    force: float = 0.0,
    walls: bool = False,
    seed: int = 0,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Follow particles of unit mass through cells of unit size: stochastic rotation dynamics from any start.

    The grid is shifted at random before every collision. Two or three dimensions, by the shape of `positions`.

    Parameters
    ----------
    positions, velocities : array_like
        Shape (particle, axis), two or three axes; positions may lie outside the box unless there are walls.
    box : array_like
        Edges, whole numbers of cells.
    step : float
        Time between two collisions.
    angle : float
        Angle of rotation [rad].
    steps : int
        Number of collisions.
    every : int, optional
        Keep every so many steps, beginning with the start. Default: the start and the end.
    thermostat : {"none", "global", "cell"}
        None conserves energy; "global" rescales all velocities relative to their cells by one factor, "cell" draws
        each cell's relative energy from its canonical distribution, both at temperature 1.
    flow : {"none", "sinusoidal", "uniform"}
        A kick along x before every streaming: `force` times step, for "sinusoidal" times sin(2 pi y / box_y).
    force : float
        Force per mass.
    walls : bool
        Walls without slip at y = 0 and y = box_y instead of a periodic box along y: particles bounce back, and cells
        that a wall cuts are filled up to the mean occupancy by particles of the wall.
    seed : int
        Any non-negative integer.
    progress : bool or callable
        True for a bar, or a callable (done, total), which may raise to cancel.

    Returns
    -------
    xarray.Dataset
        ``position`` (not wrapped) and ``velocity`` by time, particle and axis; ``momentum`` by time and axis;
        ``kinetic_temperature`` by time, of the velocities relative to their mean; ``box``.

    Raises
    ------
    ParameterError
        If an argument is not what is allowed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, v = rng.uniform(0, 4, (640, 3)), rng.normal(size=(640, 3))
    >>> fluid = rotate_and_stream(x, v, [4, 4, 4], step=0.1, angle=2.27, steps=100)
    >>> before, after = (float((fluid.velocity.isel(time=i) ** 2).sum()) for i in (0, 1))
    >>> bool(abs(after / before - 1) < 1e-12)
    True
    """
    import xarray as xr

    rows, edges, dimensions = _checked_start(positions, velocities, box, walls)
    _check("step", step, _real(step) and 0 < step < 1e6, "must be a positive number")
    _check("angle", angle, _real(angle), "must be a finite angle in radians")
    _check("force", force, _real(force), "must be a finite number")
    _check("steps", steps, _whole(steps, 0), "must be a whole number of at least 0")
    _check("every", every, every is None or _whole(every, 1), "must be a whole number of at least 1")
    _check("seed", seed, _whole(seed, 0), "must be a whole number of at least 0")
    _check("thermostat", thermostat, thermostat in THERMOSTATS, f"must be one of {', '.join(THERMOSTATS)}")
    _check("flow", flow, flow in FLOWS, f"must be one of {', '.join(FLOWS)}")
    fastest = float(np.abs(rows[3:]).max()) + abs(force) * step * steps
    _check("force", force, fastest < _FASTEST, f"and velocities must stay below {_FASTEST:.0e} over all steps")
    _check("step", step, step * fastest < 1e6, f"must be below {1e6 / max(fastest, 1e-300):.4g}: 1e6 cells in a step")
    fluid = Fluid(
        rows, edges, spawn_states(seed, 1)[0], dimensions=dimensions, step=float(step), angle=float(angle),
        thermostat=thermostat, flow=flow, force=float(force), walls=walls,
    )  # fmt: skip
    kept = list(range(0, steps + 1, every)) if every else sorted({0, int(steps)})
    frames = []
    with Progress(progress, "rotate_and_stream") as report:
        for before, now in zip([0, *kept], kept, strict=False):
            fluid.advance(now - before, lambda done, start=before: report(start + done, steps))  # type: ignore[misc]
            frames.append(fluid.in_order())
    x, v = (np.stack([frame[i] for frame in frames]) for i in (0, 1))
    relative = v - v.mean(axis=1, keepdims=True)
    temperature = (relative**2).sum(axis=(1, 2)) / (dimensions * max(x.shape[1] - 1, 1))
    recipe = {
        "function": "mesoscale.core.particles.rotation.rotate_and_stream", "step": step, "angle": angle,
        "steps": steps, "every": every, "thermostat": thermostat, "flow": flow, "force": force, "walls": walls,
        "box": edges[:dimensions].tolist(), "seed": seed, "version": library_version(),
    }  # fmt: skip
    dims = ("time", "particle", "axis")
    return xr.Dataset(
        {
            "position": (dims, x, {"units": "1", "long_name": "position, not wrapped, in cells"}),
            "velocity": (dims, v, {"units": "1", "long_name": "velocity"}),
            "momentum": (("time", "axis"), v.sum(axis=1), {"units": "1", "long_name": "total momentum"}),
            "kinetic_temperature": ("time", temperature, {"units": "1", "long_name": "kinetic temperature, kT"}),
            "box": ("axis", edges[:dimensions].astype(float), {"units": "1", "long_name": "edges of the box"}),
        },
        {"time": ("time", np.array(kept) * float(step), {"units": "1", "long_name": "time"})},
        {"source": f"mesoscale {library_version()}", "recipe": json.dumps(recipe, default=float)},
    )


def _checked_start(
    positions: ArrayLike, velocities: ArrayLike, box: ArrayLike, walls: bool
) -> tuple[Floats, NDArray[np.int64], int]:
    x, v = (np.asarray(array, dtype=np.float64) for array in (positions, velocities))
    fits = x.ndim == 2 and x.shape[-1] in (2, 3) and len(x) > 0
    _check("positions", x, fits and bool(np.isfinite(x).all()), "must be finite, of shape (particle, 2 or 3)")
    _check("positions", x, bool((np.abs(x) < _FARTHEST).all()), f"must lie within {_FARTHEST:.0e} cells of the origin")
    d = x.shape[1]
    fits = v.shape == x.shape and bool(np.isfinite(v).all())
    _check("velocities", v, fits, f"must be finite, of shape {x.shape}")
    edges = np.asarray(box, dtype=np.float64)
    fits = edges.shape == (d,) and bool((edges == np.round(edges)).all()) and bool((edges >= 1).all())
    fits = fits and float(edges.prod()) < _MOST_CELLS
    _check("box", box, fits, f"must be {d} whole numbers of cells, together less than {_MOST_CELLS}")
    inside = not walls or bool(((x[:, 1] >= 0) & (x[:, 1] <= edges[1])).all())
    _check("positions", x, inside, "must lie between the walls, 0 <= y <= box_y")
    rows = np.zeros((6, len(x)))
    rows[:d], rows[3 : 3 + d] = x.T, v.T
    whole = np.ones(3, np.int64)
    whole[:d] = edges.astype(np.int64)
    return rows, whole, d


def _real(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float | np.number) and math.isfinite(value)


def _whole(value: Any, least: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | np.integer) and int(value) >= least


def _check(name: str, value: Any, good: bool, sentence: str) -> None:
    if not good:
        raise ParameterError("rotate_and_stream", {name: sentence}, {name: value})

"""The fluid as a thing that goes on: particles in memory, advanced by so many steps, looked at in between."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.random import spawn_states
from ...kernels.statistics import mean_with_error
from ...kernels.threads import available_workers
from .lanes import LANES
from .pairs import OU, SHARDLOW, SUMS
from .rendezvous import call_off, new_meeting
from .steps import COLUMNS, GROOT_WARREN, ROWS, advance

__all__ = ["Fluid", "Samples", "Scheme"]

Array = NDArray[np.float64]
Scheme = Literal["groot_warren", "shardlow", "peters"]
_SCHEMES = {"groot_warren": GROOT_WARREN, "shardlow": SHARDLOW, "peters": OU}
_advance: Any = advance  # a dispatcher has no signature for mypy
_PORTION = 0.15  # seconds between two looks at Ctrl-C and progress
_PROBE = 1.0  # seconds until the other number of threads is tried again


@dataclass(frozen=True)
class Samples:
    """What was measured along a stretch of steps, one entry a sample; reduced units."""

    kinetic_temperature: Array
    """Twice the kinetic energy per degree of freedom: 3 (N - 1), as the total momentum stays."""
    squared_force: Array
    """Sum of the squared conservative forces, per particle."""
    laplacian: Array
    """Laplacian of the potential energy, per particle."""
    stress: Array
    """Pressure tensor, (sample, component): xx yy zz xy yz zx; conservative forces and measured kinetic energy."""
    potential_energy: Array
    """Per particle."""
    momentum: Array
    """Total, (sample, axis)."""
    wave: Array
    """Amplitude of the velocity along x that goes as sin(2 pi z / height) (and, second, as cos)."""

    @property
    def pressure(self) -> Array:
        """A third of the trace of the pressure tensor."""
        return self.stress[:, :3].mean(axis=1)

    def configurational_temperature(self) -> tuple[float, float]:
        """Squared force over Laplacian, means of both, and its error: what the positions know of kT. NaN without it."""
        base = float(self.laplacian.mean())
        if not base > 0.0:
            return math.nan, math.nan
        value = float(self.squared_force.mean()) / base
        _, error = mean_with_error(self.squared_force - value * self.laplacian)
        return value, error / base

    def at_rest(self, density: float) -> "Samples":
        """The same without the energy of a flow u sin(2 pi z / height), whose square has the mean u^2 / 2."""
        square = 0.5 * float(self.wave[:, 0].mean()) ** 2
        along = np.array([square * density, 0.0, 0.0, 0.0, 0.0, 0.0])
        return replace(self, kinetic_temperature=self.kinetic_temperature - square / 3.0, stress=self.stress - along)

    @staticmethod
    def join(parts: Sequence["Samples"]) -> "Samples":
        """One stretch after the other."""
        names = [field.name for field in fields(Samples)]
        return Samples(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


class Fluid:
    """Dissipative particles in a periodic box, in units of the cutoff, kT and the mass of a particle.

    Parameters
    ----------
    positions : array_like
        (particle, 3).
    box : array_like
        Three edges, each at least 3.
    repulsion : float or array_like
        Largest repulsion a of a pair, or its symmetric matrix (species, species).
    species : array_like of int, optional
        Species of every particle, from 0.
    friction : float
        gamma, the friction of a pair at contact.
    step : float
        Time step.
    scheme : {"groot_warren", "shardlow", "peters"}
        Modified velocity Verlet, or a splitting with pairwise momentum exchange.
    prediction : float
        lambda of the modified velocity Verlet.
    driving : float
        Amplitude of a force along x on every particle, as sin(2 pi z / height).
    velocities : array_like, optional
        (particle, 3); Maxwell's at kT = 1 without total momentum unless given.
    seed : int
        Of velocities and noise.
    workers : int, optional
        Threads; the result has the same bits for any number. Default: one or all, whichever proves faster.

    Raises
    ------
    ValueError
        If an argument is not what is allowed.

    Examples
    --------
    >>> corners = np.random.default_rng(0).random((300, 3)) * 4.6416
    >>> fluid = Fluid(corners, (4.6416, 4.6416, 4.6416), repulsion=25.0)
    >>> samples = fluid.advance(200, every=10)
    >>> samples.pressure.shape, bool(np.abs(samples.momentum).max() < 1e-10)
    ((20,), True)
    """

    def __init__(
        self, positions: ArrayLike, box: ArrayLike, *, repulsion: ArrayLike = 25.0, species: ArrayLike | None = None,
        friction: float = 4.5, step: float = 0.04, scheme: Scheme = "groot_warren", prediction: float = 0.65,
        driving: float = 0.0, velocities: ArrayLike | None = None, seed: int = 0, workers: int | None = None,
    ) -> None:  # fmt: skip
        place = np.array(positions, dtype=np.float64)
        edges = np.array(box, dtype=np.float64)
        if place.ndim != 2 or place.shape[1] != 3 or len(place) < 2 or not (np.abs(place) < 1e9).all():
            raise ValueError(
                f"positions of shape {place.shape}: must be numbers below 1e9, (particle, 3), two particles or more"
            )
        if edges.shape != (3,) or not (edges >= 3.0).all() or not np.isfinite(edges).all():
            raise ValueError(f"box = {box!r}: must be three edges of at least 3 cutoffs")
        if (edges > 1e4).any() or edges.prod() > 64.0 * len(place) + 1e5:
            raise ValueError(
                f"box = {box!r}: is too empty for {len(place)} particles (its cells would fill the memory)"
            )
        if scheme not in _SCHEMES:
            raise ValueError(f"scheme = {scheme!r}: must be one of {', '.join(_SCHEMES)}")
        if not (0.0 < step < 10.0) or not (0.0 <= friction < 1e6) or not abs(driving) < 1e6:
            raise ValueError(f"step = {step}, friction = {friction}, driving = {driving}: out of all bounds")
        if not 0.0 <= prediction <= 1.0:
            raise ValueError(f"prediction = {prediction}: must be from 0 to 1")
        if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
            raise ValueError(f"workers = {workers!r}: must be a whole number of at least 1, or None")
        n = self.particles = len(place)
        matrix = np.atleast_2d(np.array(repulsion, dtype=np.float64))
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not (matrix == matrix.T).all():
            raise ValueError(f"repulsion of shape {matrix.shape}: must be one number or a symmetric square matrix")
        if not np.isfinite(matrix).all():
            raise ValueError(f"repulsion = {repulsion!r}: must be finite")
        kinds = np.zeros(n, np.int64) if species is None else np.asarray(species)
        if kinds.dtype.kind not in "iu":
            raise ValueError(f"species of {kinds.dtype}: must be whole numbers")
        kinds = kinds.astype(np.int64)
        if kinds.shape != (n,) or kinds.min() < 0 or kinds.max() >= len(matrix):
            raise ValueError(f"species: must be one of 0 ... {len(matrix) - 1} for each of the {n} particles")
        self.box, self.repulsion, self.friction, self.step = edges, matrix, float(friction), float(step)
        self.scheme, self.prediction, self.driving = scheme, float(prediction), float(driving)
        self.steps_done, self.workers = 0, workers
        self._pace: dict[int, float] = {}
        self._probed = time.perf_counter()
        state = spawn_states(seed, 1, purpose=17)[0]
        self._key = state[:2].copy()
        if velocities is None:
            v = np.random.Generator(np.random.Philox(key=state[2:])).standard_normal((n, 3))
            v -= v.mean(axis=0)
            v *= math.sqrt((n - 1) * 3.0 / float((v * v).sum()))
        else:
            v = np.array(velocities, dtype=np.float64)
            if v.shape != (n, 3) or not np.isfinite(v).all():
                raise ValueError(f"velocities of shape {v.shape}: must be finite, (particle, 3) as the positions")
        self._cells = tuple(int(edge) for edge in edges)
        blocks = max(1, 2 * (self._cells[2] // 4))
        self._layers = np.array([self._cells[2] * b // blocks for b in range(blocks + 1)], np.int64)
        self._start = np.zeros(int(np.prod(self._cells)) + 1, np.int64)
        self._images = np.zeros((n, 3), np.int64)
        turns = np.floor(place / edges)
        self._images += turns.astype(np.int64)
        place -= turns * edges
        place[place >= edges] = 0.0  # a rounding away from the edge
        self._sort_once(place, v, kinds)

    def _sort_once(self, place: Array, v: Array, kinds: NDArray[np.int64]) -> None:
        counts = np.array(self._cells)
        c = np.minimum((place * (counts / self.box)).astype(np.int64), counts - 1)
        cell = (c[:, 2] * counts[1] + c[:, 1]) * counts[0] + c[:, 0]
        order = np.argsort(cell, kind="stable")
        self._start[1:] = np.cumsum(np.bincount(cell, minlength=len(self._start) - 1))
        fullest = int(np.diff(self._start).max())
        n = self.particles

        width = n + LANES
        bodies = np.zeros((ROWS, width))
        bodies[:3, :n], bodies[3:6, :n] = place[order].T, v[order].T
        self._now: list[NDArray[Any]] = [bodies.ravel(), order.astype(np.uint32), kinds[order].astype(np.int32)]
        self._next: list[NDArray[Any]] = [np.zeros(ROWS * width), np.zeros(n, np.uint32), np.zeros(n, np.int32)]
        self._force, self._measured = np.zeros(3 * width), np.zeros(3 * width)
        self._cell, self._place = cell[order].astype(np.int32), np.zeros(n, np.int32)
        self._shared = np.array([0, 14 * fullest, 1, 0], np.int64)
        self._block_sums = np.zeros((len(self._layers) - 1, COLUMNS))

    def advance(self, steps: int, *, every: int = 0, tick: Callable[[int, int], Any] | None = None) -> Samples:
        """Go on by so many steps, with a sample after each `every`-th (0: none).

        Raises
        ------
        ArithmeticError
            If the particles fly apart: the step is too large.
        """
        if int(steps) != steps or int(every) != every:
            raise ValueError(f"steps = {steps}, every = {every}: must be whole numbers")
        steps, every = int(steps), int(every)
        if steps < 0 or every < 0 or (every > 0 and steps % every):
            raise ValueError(f"steps = {steps}, every = {every}: must not be negative, steps a multiple of every")
        self._check_whole()
        table = np.zeros((steps // every if every else 0, COLUMNS))
        done, least = 0, max(every, 1)
        while done < steps:
            threads, probing = self._choose_threads()
            wished = 0.0 if probing else _PORTION / self._pace[threads]
            count = min(steps - done, max(least, int(min(wished, steps)) // least * least))
            begin = time.perf_counter()
            self._run(threads, count, every, table[done // every : (done + count) // every] if every else table)
            self._pace[threads] = (time.perf_counter() - begin) / count
            done += count
            if tick is not None:
                tick(done, steps)
        return self._read(table)

    def _choose_threads(self) -> tuple[int, bool]:
        """How many threads, and whether that is only to see how fast they are.

        The bits do not depend on it, so the faster of one and all is taken, and the other one is tried again now and
        then: where other programs want the cores, threads that must meet several times in a step wait for each other.
        """
        most = min(self.workers or available_workers(), len(self._layers) - 1)
        for threads in {most, most if self.workers else 1}:
            if threads not in self._pace:
                return threads, True
        if self.workers or most == 1:
            return most, False
        now = time.perf_counter()
        faster = 1 if self._pace[1] <= self._pace[most] else most
        if now - self._probed > _PROBE:
            self._probed = now
            return 1 + most - faster, True
        return faster, False

    def _run(self, workers: int, steps: int, every: int, table: Array) -> None:
        meeting = new_meeting()

        def work(thread: int) -> None:
            _advance(
                thread, workers, meeting, _SCHEMES[self.scheme], self.steps_done, steps, every, self.step,
                self.prediction, self.friction, self.driving, self._cells, tuple(map(float, self.box)), self._layers,
                self._key, self.repulsion.ravel(), len(self.repulsion), *self._now, *self._next, self._force,
                self._measured, self._images, self._start, self._cell, self._place, self._shared, self._block_sums,
                table,
            )  # fmt: skip

        others = [threading.Thread(target=work, args=(t,), name=f"mesoscale-{t}") for t in range(1, workers)]
        try:
            for other in others:
                other.start()
            work(0)
        except BaseException:  # Ctrl-C before all had begun: nobody must wait for the one who does not come
            self._shared[2] = 0
            call_off(meeting)
            raise
        finally:
            for other in others:
                if other.is_alive():
                    other.join()
        self._check_whole()
        self.steps_done += steps
        if steps % 2:
            self._now, self._next = self._next, self._now

    def _check_whole(self) -> None:
        if self._shared[2] == 0:
            reason = f"the step {self.step} is too large, or it was interrupted"
            raise ArithmeticError(f"particles flew apart at step {self._shared[0]}: {reason}")

    def _read(self, table: Array) -> Samples:
        n, volume = self.particles, float(self.box.prod())
        kinetic = table[:, SUMS : SUMS + 6] * (n / (n - 1.0))
        return Samples(
            kinetic_temperature=kinetic[:, :3].sum(axis=1) / (3.0 * n),
            squared_force=table[:, SUMS + 6] / n,
            laplacian=table[:, 7] / n,
            stress=(kinetic + table[:, :6]) / volume,
            potential_energy=table[:, 6] / n,
            momentum=table[:, SUMS + 7 : SUMS + 10].copy(),
            wave=table[:, SUMS + 10 : SUMS + 12] * (2.0 / n),
        )

    def _in_order(self, first: int) -> Array:
        bodies, ident, _ = self._now
        out = np.empty((self.particles, 3))
        out[ident] = bodies.reshape(ROWS, -1)[first : first + 3, : self.particles].T
        return out

    def positions(self, *, unwrapped: bool = False) -> Array:
        """Positions (particle, 3) in the order given; unwrapped: as if the box did not end."""
        wrapped = self._in_order(0)
        return wrapped + self._images * self.box if unwrapped else wrapped

    def velocities(self) -> Array:
        """Velocities (particle, 3) in the order given."""
        return self._in_order(3)

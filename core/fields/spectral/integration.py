"""The march in time: steps, their control, and the record of energy and mean."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...kernels.random import fill_normal
from ...model import ResultError
from . import flow as passes
from .basis import Basis
from .flow import Evaluation, GradientFlow
from .journal import Journal

__all__ = ["History", "Scheme", "integrate"]

Scheme = Literal["etdrk4", "sbdf2", "eyre", "explicit"]
Array = NDArray[np.float64]
Modes = NDArray[Any]
_ROUNDING = 1e-12  # rise of the energy, relative to its parts, that is called rounding
_KEPT = 6  # tables of coefficients


@dataclass(frozen=True)
class History:
    """What `integrate` returns.

    Attributes
    ----------
    times, fields : numpy.ndarray
        The times asked for, and the fields there.
    step_times, step_energies, step_means : numpy.ndarray
        After every accepted step (the first entry is the start): time, free energy F, mean of the field.
    rejected : int
        Steps that were repeated with a smaller size.
    """

    times: Array
    fields: Array
    step_times: Array
    step_energies: Array
    step_means: Array
    rejected: int

    @property
    def mass_drift(self) -> float:
        """Largest distance of the mean from its first value."""
        return float(np.abs(self.step_means - self.step_means[0]).max())

    @property
    def largest_rise(self) -> float:
        """Largest rise of the energy in one accepted step, relative to the first energy; 0 if it only fell."""
        scale = max(abs(float(self.step_energies[0])), 1e-300)
        return max(0.0, float(np.diff(self.step_energies, prepend=self.step_energies[0]).max()) / scale)


def integrate(
    flow: GradientFlow,
    field: Array,
    times: Sequence[float],
    *,
    scheme: Scheme = "etdrk4",
    tolerance: float = 1e-4,
    step: float | None = None,
    most_steps: int = 10_000_000,
    state: NDArray[np.uint64] | None = None,
    tick: Callable[[int, int], None] | None = None,
    journal: Journal | None = None,
) -> History:
    """Follow a gradient flow from `field` at time 0.

    Parameters
    ----------
    flow : GradientFlow
        What flows.
    field : numpy.ndarray
        The start, of the shape of the basis.
    times : sequence of float
        When to keep the field; increasing. The last is the end.
    scheme : {"etdrk4", "sbdf2", "eyre", "explicit"}
        See :mod:`mesoscale.core.fields.spectral`.
    tolerance : float
        Root mean square error of one step, of the adaptive schemes, relative to the root mean square of the field
        about its mean (so that small waves grow as exactly as large ones).
    step : float, optional
        The fixed step of the first-order schemes and of runs with noise (required there); the first step otherwise.
    most_steps : int
        Where to give up.
    state : numpy.ndarray, optional
        Random state, for runs with noise.
    tick : callable, optional
        ``tick(done, total)`` in thousandths of the whole time; may raise to cancel.
    journal : Journal, optional
        An open journal: fields and checkpoints go to disk, and a run that was cut short goes on to the same bits.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument makes no sense.
    ResultError
        If the steps are used up or become too small, or the field diverges.
    """
    marcher = _Marcher(flow, _checked_field(flow.basis, field), scheme, tolerance, step, state)
    ends = np.asarray(times, dtype=float)
    if ends.ndim != 1 or ends.size == 0 or ends[0] < 0 or (np.diff(ends) <= 0).any() or not np.isfinite(ends).all():
        raise ValueError("times: must be finite, at least 0, and increase")
    kept: list[Array] = []
    if journal is not None:
        kept.extend(journal.begin(marcher, marcher.identity(field, ends), flow.basis.shape, ends))
    for index in range(len(kept), ends.size):
        end = float(ends[index])
        while marcher.time < end:
            if marcher.steps >= most_steps:
                raise ResultError(f"the field reached time {marcher.time:.6g} of {ends[-1]:.6g} in {most_steps} steps")
            marcher.advance(end)
            if journal is not None:
                journal.note(marcher, index)
            if tick is not None:
                tick(int(1000 * marcher.time / ends[-1]), 1000)
        kept.append(flow.basis.backward(marcher.u))
        if journal is not None:
            journal.keep(marcher, index, kept[-1])
    record = np.array(marcher.record)
    return History(ends, np.array(kept), record[:, 0], record[:, 1], record[:, 2], marcher.rejected)


def _checked_field(basis: Basis, field: Array) -> Array:
    field = np.array(field, dtype=float)
    if field.shape != basis.shape or not np.isfinite(field).all():
        raise ValueError(f"field: must be finite and of the shape {basis.shape}, not {field.shape}")
    return field


class _Marcher:
    """State of a run between steps."""

    def __init__(
        self,
        flow: GradientFlow,
        field: Array,
        scheme: Scheme,
        tolerance: float,
        step: float | None,
        state: NDArray[np.uint64] | None,
    ) -> None:
        if scheme not in ("etdrk4", "sbdf2", "eyre", "explicit"):
            raise ValueError(f"scheme = {scheme!r}: must be 'etdrk4', 'sbdf2', 'eyre' or 'explicit'")
        if not tolerance > 0 or (step is not None and not 0 < step < math.inf):
            raise ValueError(f"tolerance = {tolerance!r} and step = {step!r}: must be positive")
        self.noisy = flow.temperature > 0
        self.fixed = self.noisy or scheme in ("eyre", "explicit")
        if self.fixed and step is None:
            raise ValueError("step: must be given for a first-order scheme or with noise")
        if self.noisy and state is None:
            raise ValueError("state: must be given where there is noise")
        self.flow, self.scheme, self.tolerance, self.state_of_noise = flow, scheme, tolerance, state
        fastest = float((flow.mobility * np.abs(flow.quadratic + flow.stabiliser)).max())
        self.h = step if step is not None else 1.0 / max(fastest, 1e-300)
        self.time, self.steps, self.rejected = 0.0, 0, 0
        self.u = flow.basis.forward(field)
        self.scratch, self.other = np.empty_like(self.u), np.empty_like(self.u)
        now = flow.evaluate(self.u.copy())
        self.force = now.force
        self.energy = self._total(now.energy, 2.0 * flow.quadratic_energy(self.u))
        if not math.isfinite(self.energy):
            raise ResultError("the field at the start has no finite energy")
        self.record = [(0.0, self.energy, self._mean(self.u))]
        self.spread = self._spread(self.u)
        self.tables: dict[float, Array] = {}
        self.past: list[tuple[float, Modes, Modes]] = []  # step that led away, state, force; the youngest first
        self.noise = np.sqrt(2.0 * flow.temperature * flow.mobility * flow.basis.size / flow.basis.volume)

    def identity(self, field: Array, ends: Array) -> dict[str, Any]:
        """What makes two runs the same; functions are known by their values between the compositions of interest."""
        energy = self.flow.free_energy
        places = np.linspace(*energy.interval, 33)
        found = {
            "field": field, "ends": ends, "quadratic": self.flow.quadratic, "mobility": self.flow.mobility,
            "local": np.array([energy.value(places), energy.derivative(places)]),
            "numbers": [self.flow.stabiliser, self.flow.temperature, self.tolerance, self.h],
            "words": [self.scheme, self.flow.basis.boundary],
        }  # fmt: skip
        if self.flow.local_mobility is not None:
            found["factor"] = np.asarray(self.flow.local_mobility(places), dtype=float)
        if self.state_of_noise is not None:
            found["state"] = self.state_of_noise.copy()
        return found

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `restore` needs; complex modes as pairs of floats."""
        modes = [self.u, self.force, *(x for _, *pair in self.past for x in pair)]
        numbers = [self.time, self.h, self.energy, self.spread, self.steps, self.rejected, *(h for h, *_ in self.past)]
        found = {
            "modes": np.array([x.reshape(-1).view(np.float64) for x in modes]),
            "numbers": np.array(numbers, dtype=float),
            "record": np.array(self.record),
        }
        if self.state_of_noise is not None:
            found["noise"] = self.state_of_noise
        return found

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Stand where `state` was taken."""
        modes = [np.array(row).view(self.u.dtype).reshape(self.u.shape) for row in state["modes"]]
        self.time, self.h, self.energy, self.spread, steps, rejected, *past = (float(x) for x in state["numbers"])
        self.steps, self.rejected = int(steps), int(rejected)
        self.record = [(float(t), float(e), float(m)) for t, e, m in state["record"]]
        self.u, self.force = modes[:2]
        self.past = [(h, modes[2 * i + 2], modes[2 * i + 3]) for i, h in enumerate(past)]
        if self.state_of_noise is not None:
            self.state_of_noise[:] = state["noise"]

    def _mean(self, modes: Modes) -> float:
        return float(modes.reshape(-1)[0].real)

    def _spread(self, modes: Modes) -> float:
        """Root mean square about the mean; a flat field counts as one of a ten-thousandth of its value."""
        square = passes.sum_squares(modes.reshape(-1), self.flow.basis.weights.reshape(-1))
        return math.sqrt(max(0.0, square - self._mean(modes) ** 2) + 1e-8 * square + 1e-60)

    def _total(self, local: float, twice_quadratic: float) -> float:
        """The stabiliser's part is in neither: f is evaluated whole, q is the bare symbol."""
        return self.flow.basis.volume * (local + 0.5 * twice_quadratic)

    def advance(self, end: float) -> None:
        """One accepted step, to `end` at most."""
        while True:
            left = end - self.time
            h = left if left <= self.h * 1.0001 else (0.5 * left if left < 2.0 * self.h else self.h)
            if h < 1e-14 * end or h < 1e-300:
                raise ResultError(f"the step became too small at time {self.time:.6g}: {h:.3g}")
            new, now, quadratic, gap = self._try(h)
            error = gap / (self.tolerance * self.spread)
            energy = self._total(now.energy, quadratic)
            rise = energy - self.energy
            first = abs(self.record[0][1])  # a field that has become flat may have no energy left to compare with
            falls = rise <= _ROUNDING * (first + abs(self.energy) + self.flow.basis.volume * abs(quadratic))
            if not math.isfinite(energy):
                if self.fixed:
                    raise ResultError(f"the field diverged at time {self.time:.6g}: the step {h:.3g} is too large")
                falls, error = False, math.inf
            if self.fixed or (falls and error <= 1.0):
                break
            self.rejected += 1
            self.h = self._snap(h * (0.5 if not falls else max(0.25, self._gain(error))))
        self.past = [(h, self.u, self.force), *self.past[:1]]
        self.other = np.empty_like(new) if self.scheme == "sbdf2" else self.u
        self.u, self.force, self.energy, self.spread = new, now.force, energy, self._spread(new)
        self.time = end if h == left else self.time + h
        self.steps += 1
        self.record.append((self.time, energy, self._mean(new)))
        if not self.fixed:
            wanted = self._snap(h * min(2.0, self._gain(error)))
            if h >= self.h * 0.999 or wanted < self.h:  # a step cut at a time to keep says nothing about larger ones
                self.h = wanted

    def _gain(self, error: float) -> float:
        order = 4 if self.scheme == "etdrk4" else 3
        return 0.9 * (1.0 / max(error, 1e-30)) ** (1.0 / order) if math.isfinite(error) else 0.25

    def _snap(self, h: float) -> float:
        return 2.0 ** (math.floor(4.0 * math.log2(h)) / 4.0)

    def _try(self, h: float) -> tuple[Modes, Evaluation, float, float]:
        """New state, its evaluation, twice its quadratic energy, and the error of the step."""
        flow = self.flow
        new, trial = self.other, self.scratch
        weights, symbol = flow.basis.weights.reshape(-1), flow.quadratic.reshape(-1)
        linear, mobility = flow.linear.reshape(-1), flow.mobility.reshape(-1)
        u, force = self.u.reshape(-1), self.force.reshape(-1)
        target, copy = new.reshape(-1), trial.reshape(-1)
        if self.state_of_noise is not None and self.noisy:
            white = np.empty(flow.basis.shape)
            fill_normal(self.state_of_noise, white.reshape(-1))
            kicks = flow.basis.forward(white, overwrite=True).reshape(-1)
            noise = self.noise.reshape(-1)
            twice = passes.step_noisy(
                h, linear, mobility, noise, u, force, kicks, weights, symbol, target, copy
            )  # fmt: skip
            return new, flow.evaluate(trial), twice, 0.0
        if self.scheme in ("eyre", "explicit"):
            implicit = 1.0 if self.scheme == "eyre" else 0.0
            twice = passes.step_first_order(h, implicit, linear, mobility, u, force, weights, symbol, target, copy)
            return new, flow.evaluate(trial), twice, 0.0
        if self.scheme == "sbdf2" and len(self.past) == 2:
            (h1, old, old_force), (h2, older, _) = self.past
            old, older = old.reshape(-1), older.reshape(-1)
            twice = passes.step_sbdf2(
                h, h / h1, linear, mobility, u, old, force, old_force.reshape(-1), weights, symbol, target, copy
            )
            error = 0.25 * math.sqrt(passes.extrapolation_gap(target, u, old, older, h, h1, h2, weights))
            return new, flow.evaluate(trial), twice, error
        table = self._table(h)
        passes.combine_one(table, 0, 2, u, force, copy)
        second = flow.evaluate(trial).force.reshape(-1)
        passes.combine_two(table, 0, 3, u, force, second, copy)
        third = flow.evaluate(trial).force.reshape(-1)
        passes.combine_two(table, 1, 5, u, force, third, copy)
        fourth = flow.evaluate(trial).force.reshape(-1)
        twice = passes.combine_last(table, u, force, second, third, fourth, weights, symbol, target, copy)
        now = flow.evaluate(trial)
        return new, now, twice, math.sqrt(passes.embedded_error(table, fourth, now.force.reshape(-1), weights))

    def _table(self, h: float) -> Array:
        if h not in self.tables:
            if len(self.tables) >= _KEPT:
                del self.tables[next(iter(self.tables))]
            table = np.empty((10, self.flow.mobility.size))
            passes.tabulate_etdrk4(h, self.flow.linear.reshape(-1), self.flow.mobility.reshape(-1), table)
            self.tables[h] = table
        return self.tables[h]

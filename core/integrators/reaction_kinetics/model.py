"""The model: an ensemble of trajectories beside the rate equation."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import scipy.integrate
from numpy.typing import NDArray
from pydantic import model_validator

from ...model import Estimate, Model, Result, ResultError, Streams, Tick, param, problem
from ...quantities import Count, Dimensionless, Unit
from ..jumps.ensemble import ssa
from ..jumps.expressions import DEEPEST, evaluate
from ..jumps.layout import Channels, custom_propensity
from ..jumps.leap import tau_leap
from ..jumps.network import ReactionNetwork

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Fluxes", "ReactionKinetics", "rate_equation"]

Floats = NDArray[np.float64]

_MOST_VALUES = 2_000_000  # amounts held at once
_MOST_EVALUATIONS = 100_000  # of the rate equation
_SCHLOEGL = ReactionNetwork.from_table(
    [
        {"name": "autocatalysis", "reactants": "2 X", "products": "3 X", "rate": 3e-7 * 1e5},
        {"name": "recombination", "reactants": "3 X", "products": "2 X", "rate": 1e-4},
        {"name": "inflow", "products": "X", "rate": 1e-3 * 2e5},
        {"name": "outflow", "reactants": "X", "products": "", "rate": 3.5},
    ],
    {"X": 250},
)


class ReactionKinetics(Model):
    """Any reaction network: an ensemble of trajectories, beside the rate equation that knows no fluctuations.

    Examples
    --------
    >>> from mesoscale.core.integrators.reaction_kinetics import DIMERISATION
    >>> ds = DIMERISATION.replace(trajectories=400).run()
    >>> bool(abs(ds.standard_deviation[-1, 0] - 2 * ds.standard_deviation[-1, 1]) < 1e-9)  # P + 2 P2 is conserved
    True
    """

    network: ReactionNetwork = param(
        _SCHLOEGL, "species, reactions, events", source="Schloegl 1972; constants of Cao & Petzold 2006"
    )
    reduced_duration: Dimensionless = param(
        4.0, "time that is simulated, in the network's unit", source="Cao & Petzold 2006", ge=1e-6, le=1e9
    )
    snapshots: Count = param(41, "times of output, the first at the start", source="numerical", ge=2, le=10_001)
    trajectories: Count = param(1000, "independent trajectories", source="numerical", ge=2, le=1_000_000)
    method: Literal["automatic", "direct", "next_reaction", "composition_rejection", "tau_leap"] = param(
        "automatic", "how to simulate; all but tau_leap are exact", source="numerical"
    )
    most_reactions: Count = param(
        200_000_000, "reactions of all trajectories (steps of tau_leap) that a run may take", source="numerical",
        ge=1, le=10**12,
    )  # fmt: skip

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("reduced_time", Dimensionless, "time in the network's unit", dims=("reduced_time",)),
        Result("mean_amount", Dimensionless, "mean amount", dims=("reduced_time", "species"), error=True,
               beside="rate_equation_amount"),
        Result("rate_equation_amount", Dimensionless, "amount by the rate equation", dims=("reduced_time", "species"),
               exists="without events on conditions"),
        Result("standard_deviation", Dimensionless, "standard deviation of the amount",
               dims=("reduced_time", "species"), error=True),
        Result("fano_factor", Dimensionless, "variance over mean at the end: 1 for independent molecules",
               dims=("species",), exists="where the mean is not 0"),
        Result("mean_events", Dimensionless, "reactions of a trajectory (steps of tau_leap)"),
    )  # fmt: skip
    competition: ClassVar[str | None] = None
    control: ClassVar[str | None] = None
    quick: ClassVar[Mapping[str, Any]] = {"trajectories": 100, "snapshots": 11, "most_reactions": 20_000_000}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        species = len(self.network.species)
        if self.snapshots * species > _MOST_VALUES:
            raise problem("snapshots", f"must be at most {_MOST_VALUES // species} for {species} species")
        late = [event.time for event in self.network.events if event.time and event.time > 1e9]
        if late:
            raise problem("network", f"must have no event later than 1e9; one is at {late[0]:g}")
        return self

    @classmethod
    def from_sbml(cls, source: str, **parameters: Any) -> Self:
        """A model of the network in an SBML file (or its text); see `read_sbml` for what is understood."""
        return cls(network=ReactionNetwork.from_sbml(source), **parameters)

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Moments of the ensemble and the rate equation."""
        grid = np.linspace(0.0, self.reduced_duration, self.snapshots)
        name = type(self).__name__
        share = self.most_reactions / self.trajectories
        deterministic, fires = rate_equation(
            self.network, grid, most_reactions=share, bounded=self.method != "tau_leap"
        )
        if deterministic is None and not any(event.condition for event in self.network.events):
            raise ResultError(
                f"{name}: the rate equation foresees amounts without end, or more than most_reactions ="
                f" {self.most_reactions} in all trajectories ({fires:.3g} in each so far); shorten the run or raise it"
            )
        seed = int(streams(1)[0, 0])
        moments = self._moments(grid, seed, tick, share)
        mean, variance = moments.mean, moments.variance
        deviation = np.sqrt(variance)
        last = mean[-1] > 0
        return {
            "reduced_time": grid,
            "mean_amount": Estimate(mean, np.sqrt(variance / self.trajectories)),
            "rate_equation_amount": deterministic,
            "standard_deviation": Estimate(deviation, moments.deviation_error),
            "fano_factor": np.where(last, variance[-1] / np.where(last, mean[-1], 1.0), np.nan),
            "mean_events": moments.events,
        }

    def _moments(self, grid: Floats, seed: int, tick: Tick, share: float) -> _Moments:
        """Moments up to the fourth, about the first chunk's mean, summed chunk by chunk in a fixed order."""
        n = self.trajectories
        chunk = min(n, max(1, _MOST_VALUES // (len(grid) * len(self.network.species))))
        limit = max(1000, math.ceil(20.0 * share))  # a trajectory may need more than its share, not without end
        sums, events, centre = np.zeros((4, len(grid), len(self.network.species))), 0.0, None
        for begin in range(0, n, chunk):
            count = min(chunk, n - begin)
            if self.method == "tau_leap":
                ds = tau_leap(
                    self.network, grid, trajectories=count, seed=seed, first=begin, max_steps=limit,
                    progress=functools.partial(_report, tick, begin, n),
                )  # fmt: skip
                fired = ds["steps" if "steps" in ds else "events"].values
            else:
                chosen = None if self.method == "automatic" else self.method
                ds = ssa(
                    self.network, grid, trajectories=count, seed=seed, first=begin, max_events=limit, method=chosen,
                    progress=functools.partial(_report, tick, begin, n),
                )  # fmt: skip
                fired = ds["events"].values
            amounts = ds["amount"].values
            if centre is None:
                centre = amounts.mean(axis=0)
            deviations = amounts - centre
            power = np.ones_like(deviations)
            for k in range(4):
                power *= deviations
                sums[k] += power.sum(axis=0)
            events += float(fired.sum())
        return _Moments.of(sums / n, np.asarray(centre), n, events / n)

    def scales(self, result: xr.Dataset, *, time: float | str) -> xr.Dataset:
        """The same result with times in seconds.

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        time : float or str
            What one unit of time is [s], such as ``"1 min"``.

        Examples
        --------
        >>> kinetics = ReactionKinetics(trajectories=10, snapshots=3)
        >>> kinetics.scales(kinetics.run(), time="1 min").reduced_time.values.tolist()
        [0.0, 120.0, 240.0]
        """
        seconds = float(Unit("s").to_magnitude(time))
        axis = result["reduced_time"]
        return result.assign_coords(reduced_time=("reduced_time", axis.values * seconds, {**axis.attrs, "units": "s"}))


def _report(tick: Tick, begin: int, n: int, done: int, total: int) -> None:
    tick(begin + done, n)


class _Moments(NamedTuple):
    mean: Floats
    variance: Floats
    deviation_error: Floats
    events: float

    @classmethod
    def of(cls, raw: Floats, centre: Floats, n: int, events: float) -> _Moments:
        """From mean powers of the deviations from `centre`; the error of s is that of s^2 by the fourth moment."""
        first, second, third, fourth = raw
        spread = np.maximum(second - first**2, 0.0)
        central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
        variance = spread * n / (n - 1)
        of_variance = np.sqrt(np.maximum(central - spread**2 * (n - 3) / (n - 1), 0.0) / n)
        deviation = np.sqrt(variance)
        error = np.where(deviation > 0, of_variance / np.where(deviation > 0, 2 * deviation, 1.0), 0.0)
        return cls(centre + first, variance, error, events)


def rate_equation(
    network: ReactionNetwork, grid: Floats, *, most_reactions: float = math.inf, bounded: bool = True
) -> tuple[Floats | None, float]:
    """Amounts by the rate equation (2) at the times of `grid`, and the number of reactions that it foresees.

    Mass action takes its macroscopic form, *X^2/2* instead of *X (X - 1)/2*. With events on conditions, or where the
    foreseen reactions exceed `most_reactions` (if `bounded`) or an amount 2^53, the amounts are None.
    """
    channels, fluxes = network.channels, Fluxes(network)
    conditional = any(event.condition for event in network.events)
    x = np.append(channels.initial[:-1], 0.0)
    kept, now = np.empty((len(grid), len(x) - 1)), float(grid[0])
    due = [(float(t), event) for event, t in enumerate(channels.event_time) if t >= grid[0]]

    def exhausted(_: float, y: Floats) -> float:
        over = y[-1] - most_reactions if bounded else -1.0
        return float(max(over, (y[:-1].max() - 2.0**53) / 2.0**53))

    exhausted.terminal = True  # type: ignore[attr-defined]

    def advance(y: Floats, begin: float, end: float, at: Floats) -> tuple[Floats, Floats]:
        solution = scipy.integrate.solve_ivp(
            fluxes, (begin, end), y, method="BDF", t_eval=np.append(at, end), events=exhausted, rtol=1e-8, atol=1e-8
        )
        if solution.status != 0:
            found = solution.y_events or []
            raise _ExhaustedError(float(found[0][0, -1]) if solution.status == 1 else math.nan)
        return solution.y[:, :-1].T, solution.y[:, -1]

    try:
        with np.errstate(all="ignore"):
            while now < grid[-1] or (due and due[0][0] <= grid[-1]):
                end = min(due[0][0], grid[-1]) if due else float(grid[-1])
                inside = (grid >= now) & (grid < end)
                if end > now:
                    path, x = advance(x, now, end, grid[inside])
                    kept[inside] = path[:, :-1]
                now = end
                if due and due[0][0] <= now:
                    x[:-1] = _after_event(channels, due.pop(0)[1], x[:-1])
                    kept[grid == now] = x[:-1]
            kept[-1] = x[:-1]
    except _ExhaustedError as error:
        return None, error.reactions
    return (None if conditional else kept), float(x[-1])


class _ExhaustedError(Exception):
    def __init__(self, reactions: float) -> None:
        super().__init__()
        self.reactions = reactions


class Fluxes:
    """Right-hand side of the rate equation; its last entry is the total flux."""

    def __init__(self, network: ReactionNetwork) -> None:
        self.channels = network.channels
        self.custom = custom_propensity(network)
        self.others = np.flatnonzero(self.channels.kind)
        self.evaluations = 0
        m = len(self.channels.kind)
        self.reaction = np.repeat(np.arange(m), np.diff(self.channels.change_begin))

    def __call__(self, _: float, y: Floats) -> Floats:
        self.evaluations += 1
        if self.evaluations > _MOST_EVALUATIONS:
            raise _ExhaustedError(math.nan)
        c = self.channels
        flux = self.of(y[:-1])
        change = np.bincount(c.changed, c.change * flux[self.reaction], len(y) - 1)
        return np.append(change, flux.sum())

    def of(self, x: Floats) -> Floats:
        """Macroscopic propensities at the amounts `x`."""
        c = self.channels
        amounts = np.append(np.maximum(x, 0.0), 1.0)
        m = len(c.kind)
        flux = c.rate[:m] * np.prod(amounts[c.slot[:m]], axis=1)
        stack = np.empty(DEEPEST)
        for j in self.others:
            if c.kind[j] == 1:
                begin, end = c.program_begin[j], c.program_begin[j + 1]
                flux[j] = evaluate(c.opcode, c.operand, begin, end, amounts, c.constants, 0.0, stack)
            else:
                flux[j] = self.custom(j, amounts, c.constants) if self.custom else 0.0
        return flux


def _after_event(channels: Channels, event: int, amounts: Floats) -> Floats:
    begin_all = len(channels.kind) + len(channels.event_assignment_begin) - 1 - len(channels.event_time)
    after, padded, stack = amounts.copy(), np.append(amounts, 1.0), np.empty(DEEPEST)
    for k in range(channels.event_assignment_begin[event], channels.event_assignment_begin[event + 1]):
        begin, end = channels.program_begin[begin_all + k], channels.program_begin[begin_all + k + 1]
        after[channels.assigned[k]] = evaluate(
            channels.opcode, channels.operand, begin, end, padded, channels.constants, 0.0, stack
        )
    return after

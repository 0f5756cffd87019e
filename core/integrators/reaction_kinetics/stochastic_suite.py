"""The stochastic test suite of SBML: 39 reaction models whose moments are known, and the judgment of a simulator.

With *n* trajectories, mean *m*, and the standard deviation *S* about the true mean, each case is judged at the times
0, 1, ..., 50 by

.. math:: Z = \\sqrt{n}\\,\\frac{m - \\mu}{\\sigma} \\in (-3, 3), \\qquad
   Y = \\sqrt{n/2}\\left(\\frac{S^2}{\\sigma^2} - 1\\right) \\in (-5, 5)   \\qquad (1)

and exactly where :math:`\\sigma = 0` (Evans, Gillespie & Wilkinson, Bioinformatics 24, 285 (2008),
doi:10.1093/bioinformatics/btm566). The 51 times are correlated, so a *correct* simulator exceeds a bound somewhere in 3
to 6 % of the cases: judged is the number of cases with an exceedance, against the binomial limit of 99.9 %.

The true moments are computed, not copied: the closed equations of mean and covariance where all propensities are
linear, the master equation elsewhere. Tests compare them with the tables that the suite prints.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import scipy.integrate
import scipy.stats
from numpy.typing import NDArray

from ...model import ParameterError
from ..jumps.ensemble import ssa
from ..jumps.leap import tau_leap
from ..jumps.master_equation import master_equation
from ..jumps.network import Event, ReactionNetwork
from .model import Fluxes

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CASES", "exact_moments", "limit_of_exceedances", "network_of_case", "stochastic_suite"]

Floats = NDArray[np.float64]
_TIMES = np.arange(51.0)


class _Case(NamedTuple):
    rows: list[dict[str, Any]]
    amounts: dict[str, int]
    constants: Mapping[str, float] = MappingProxyType({})
    events: tuple[Event, ...] = ()
    fixed: tuple[str, ...] = ()
    many: bool = False
    """Whether amounts are large enough for leaps."""


def _birth_death(
    x: int = 100, birth: float | str = 0.1, death: float | str = 0.11, sink: str = "", **more: Any
) -> _Case:
    """Rates as numbers are mass action, as text they are propensities."""
    rows: list[dict[str, Any]] = [
        {"reactants": "X", "products": "2 X"} | _law(birth),
        {"reactants": "X", "products": sink} | _law(death),
    ]
    return _Case(rows, {"X": x} | ({sink: 0} if sink else {}), **more)


def _immigration_death(inflow: float | str, death: float | str = 0.1, batch: int = 1, **more: Any) -> _Case:
    amounts = {"X": 0} | dict.fromkeys(more.pop("others", ()), 0)
    source, sink = ("Source" if "Source" in amounts else ""), ("Sink" if "Sink" in amounts else "")
    rows: list[dict[str, Any]] = [
        {"reactants": source, "products": f"{batch} X"} | _law(inflow),
        {"reactants": "X", "products": sink} | _law(death),
    ]
    return _Case(rows, amounts, **more)


def _dimerisation(p: int = 100, join: float = 0.001, split: float = 0.01, **more: Any) -> _Case:
    rows: list[dict[str, Any]] = [
        {"reactants": "2 P", "products": "P2", "rate": join},
        {"reactants": "P2", "products": "2 P", "rate": split},
    ]
    return _Case(rows, {"P": p, "P2": 0}, **more)


def _dimers_only(law: str) -> _Case:
    rows: list[dict[str, Any]] = [
        {"products": "P2", "propensity": law},
        {"reactants": "P2", "products": "", "rate": 0.01},
    ]
    return _Case(rows, {"P2": 0}, {"k1": 0.001})


def _law(given: float | str) -> dict[str, Any]:
    return {"propensity": given} if isinstance(given, str) else {"rate": given}


_RATES = {"Lambda": 0.1, "Mu": 0.11}
_BACK = {"P": "100", "P2": "0"}

CASES: dict[str, _Case] = {
    "001-01": _birth_death(),
    "001-02": _birth_death(),  # rates local to the reactions
    "001-03": _birth_death(birth=1.0, death=1.1),
    "001-04": _birth_death(10),
    "001-05": _birth_death(10_000, many=True),
    "001-06": _birth_death(sink="Sink", fixed=("Sink",)),
    "001-07": _birth_death(sink="Sink"),
    "001-08": _birth_death(),  # a compartment of size 1
    "001-09": _birth_death(),  # of size 2, amounts in the laws
    "001-10": _birth_death(),  # of size 1, concentrations in the laws
    "001-11": _birth_death(birth="Lambda * (X / Cell)", death="Mu * (X / Cell)", constants={**_RATES, "Cell": 2.0}),
    "001-12": _birth_death(birth="Lambda * X * 0.5 * 2", constants=_RATES),
    "001-13": _birth_death(birth="Lambda * X * 0.5", constants={"Lambda": 0.2}),
    "001-14": _birth_death(birth="Lambda * X / 2 / 0.5", constants=_RATES),
    "001-15": _birth_death(birth="Lambda * (X / 2) / 0.5", constants=_RATES),
    "001-16": _birth_death(birth="Lambda * X / (2 / 2)", constants=_RATES),
    "001-17": _birth_death(birth="Cell * Lambda * X", death="Cell * Mu * X", constants={**_RATES, "Cell": 1.0}),
    "001-18": _birth_death(birth="Cell * Lambda * X", death="Cell * Mu * X", constants={**_RATES, "Cell": 0.5}),
    "001-19": _birth_death(),  # y = 2 X besides: the same Z and Y
    "002-01": _immigration_death(1.0),
    "002-02": _immigration_death(10.0),
    "002-03": _immigration_death(5.0),  # a local rate of 5 shadows the global 10
    "002-04": _immigration_death(1000.0, many=True),
    "002-05": _immigration_death(
        "Alpha", constants={"Alpha": 10.0}, others=("Source", "Sink"), fixed=("Source", "Sink")
    ),
    "002-06": _immigration_death("Alpha", constants={"Alpha": 10.0}, others=("Source", "Sink"), fixed=("Source",)),
    "002-07": _immigration_death(
        "Alpha", constants={"Alpha": 10.0}, others=("Source", "Sink"), fixed=("Source", "Sink")
    ),
    "002-08": _immigration_death(1.0, 0.1),  # both rates are called k, locally
    "002-09": _immigration_death(1.0, events=(Event(time=25.0, assignments={"X": "50"}),)),
    "002-10": _immigration_death(1.0, events=(Event(time=22.5, assignments={"X": "20"}),)),
    "003-01": _dimerisation(),
    "003-02": _dimerisation(1000, 0.0002, 0.004),
    "003-03": _dimerisation(events=(Event(time=25.0, assignments=_BACK),)),
    "003-04": _dimerisation(events=(Event(condition="P2 > 30", assignments=_BACK),)),
    "003-05": _dimers_only("0.5 * k1 * (100 - 2 * P2) * (99 - 2 * P2)"),
    "003-06": _dimers_only("k1 * (100 - 2 * P2) * (100 - 2 * P2 - 1) / 2"),
    "003-07": _dimers_only("k1 * (100 - 2 * P2) * ((100 - 2 * P2) - 1) / 2"),
    "004-01": _immigration_death(1.0, 0.2, 5),
    "004-02": _immigration_death(1.0, 0.4, 10),
    "004-03": _immigration_death(1.0, 4.0, 100),
}


def network_of_case(case: str) -> ReactionNetwork:
    """The network of a case, such as ``"003-01"``."""
    if case not in CASES:
        sentence = f"must be one of {', '.join(CASES)}"
        raise ParameterError("stochastic_suite", {"cases": sentence}, {"cases": case})
    entry = CASES[case]
    network = ReactionNetwork.from_table(entry.rows, entry.amounts, constants=entry.constants, events=entry.events)
    changes = {f"species.{i}.fixed": True for i, name in enumerate(entry.amounts) if name in entry.fixed}
    return network.replace(**changes) if changes else network


@functools.cache
def exact_moments(case: str) -> tuple[Floats, Floats]:
    """Mean and standard deviation (51 times, species) without a random number."""
    network = network_of_case(case)
    if case == "003-04":  # the reset, as a reaction of its own: 30 P2 and one more dimerisation make 100 P
        rows: list[dict[str, Any]] = [
            {"reactants": "2 P", "products": "P2", "propensity": "where(P2 < 30, 0.001 * P * (P - 1) / 2, 0)"},
            {"reactants": "30 P2", "products": "60 P", "propensity": "where(P2 == 30, 0.001 * P * (P - 1) / 2, 0)"},
            {"reactants": "P2", "products": "2 P", "rate": 0.01},
        ]
        network = ReactionNetwork.from_table(rows, {"P": 100, "P2": 0})
    if case.startswith("003"):
        ds = master_equation(network, _TIMES)
        return ds["mean_amount"].values, ds["standard_deviation"].values
    return _linear_moments(network)


def _linear_moments(network: ReactionNetwork) -> tuple[Floats, Floats]:
    """dm/dt = S a(m), dC/dt = A C + C A' + S diag(a) S', exact where a(x) = b + B x; found by probing, A = S B."""
    n = len(network.species)
    fluxes = Fluxes(network)
    change = np.zeros((n, len(network.reactions)))
    c = network.channels
    np.add.at(change, (c.changed, fluxes.reaction), c.change)
    offset = fluxes.of(np.zeros(n))
    slope = np.column_stack([fluxes.of(unit) - offset for unit in np.eye(n)])
    a = change @ slope

    def growth(_: float, y: Floats) -> Floats:
        mean, covariance = y[:n], y[n:].reshape(n, n)
        flux = offset + slope @ mean
        spread = a @ covariance
        return np.concatenate([change @ flux, (spread + spread.T + (change * flux) @ change.T).ravel()])

    y, now = np.concatenate([c.initial[:n], np.zeros(n * n)]), 0.0
    kept = np.empty((len(_TIMES), n + n * n))
    due = [(event.time or 0.0, float(event.assignments[0][1])) for event in network.events]
    for k, time in enumerate(_TIMES):
        stops = [(t, x) for t, x in due if now < t <= time]
        for end, reset in [*stops, (time, None)]:
            if end > now:
                y = scipy.integrate.solve_ivp(growth, (now, end), y, method="DOP853", rtol=1e-11, atol=1e-11).y[:, -1]
            now = end
            if reset is not None:  # X, the only species of these cases, is given a number
                y = np.array([reset, 0.0])
        kept[k] = y
    variance = kept[:, n:].reshape(-1, n, n)[:, np.arange(n), np.arange(n)]
    return kept[:, :n], np.sqrt(np.maximum(variance, 0.0))


def limit_of_exceedances(cases: int) -> int:
    """Largest number of cases with an exceedance that a correct simulator stays below, with 99.9 %.

    >>> limit_of_exceedances(39)
    8
    """
    return int(scipy.stats.binom.ppf(0.999, cases, 0.06))


def stochastic_suite(
    method: Literal["automatic", "direct", "next_reaction", "composition_rejection", "tau_leap"] = "automatic",
    trajectories: int = 10_000,
    *,
    cases: tuple[str, ...] | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Run the suite and report every case, equation (1).

    Parameters
    ----------
    method : str
        An exact method, or ``"tau_leap"``, which is asked for the cases of many molecules only.
    trajectories : int
        Runs of each case; the suite asks for 1e4.
    cases : tuple of str, optional
        Such as ``("001-01", "003-04")``; by default all.
    seed, workers, progress
        As in `ssa`.

    Returns
    -------
    xarray.Dataset
        Along ``case``: ``largest_z`` and ``largest_y`` (of the absolute values over times and species), ``exceeds``,
        and ``number``, the case's label read as a number (001-04 is 104); the labels are in the attribute ``cases``,
        as JSON. ``exceedances`` and ``limit``: how many cases exceed a bound, and how many may.

    Examples
    --------
    >>> report = stochastic_suite(trajectories=500, cases=("002-01", "003-01"))
    >>> bool(report.exceedances <= report.limit)
    True
    """
    import xarray as xr

    chosen = cases or tuple(name for name, case in CASES.items() if case.many or method != "tau_leap")
    report = np.empty((len(chosen), 2))
    for k, case in enumerate(chosen):
        network = network_of_case(case)
        first = list(CASES).index(case) * trajectories  # many cases are one process: each has trajectories of its own
        if method == "tau_leap":
            ds = tau_leap(
                network, _TIMES, trajectories=trajectories, seed=seed, output="moments", first=first, workers=workers
            )
        else:
            variant = None if method == "automatic" else method
            ds = ssa(
                network, _TIMES, trajectories=trajectories, seed=seed, method=variant, output="moments", first=first,
                workers=workers,
            )  # fmt: skip
        report[k] = _judge(ds["mean"].values, ds["standard_deviation"].values, trajectories, *exact_moments(case))
        if callable(progress):
            progress(k + 1, len(chosen))
    exceeds = (report[:, 0] >= 3.0) | (report[:, 1] >= 5.0)

    def says(words: str) -> dict[str, str]:
        return {"units": "1", "long_name": words}

    return xr.Dataset(
        {
            "largest_z": ("case", report[:, 0], says("largest |Z| of the mean")),
            "largest_y": ("case", report[:, 1], says("largest |Y| of the standard deviation")),
            "exceeds": ("case", exceeds, says("whether a bound is exceeded")),
            "number": ("case", [int(case.replace("-", "")) for case in chosen], says("label of the case")),
            "exceedances": ((), int(exceeds.sum()), says("cases with an exceedance")),
            "limit": ((), limit_of_exceedances(len(chosen)), says("limit of a correct simulator, 99.9 %")),
        },
        attrs={"cases": json.dumps(chosen), "method": method, "seed": seed, "trajectories": trajectories},
    )


def _judge(mean: Floats, deviation: Floats, n: int, true_mean: Floats, true_deviation: Floats) -> tuple[float, float]:
    """Largest |Z| and |Y|; infinite where something varies that must not."""
    still = true_deviation < 1e-9
    if (deviation[still] != 0.0).any() or (np.abs(mean - true_mean)[still] > 1e-6).any():
        return np.inf, np.inf
    sigma = np.where(still, 1.0, true_deviation)
    z = np.where(still, 0.0, np.sqrt(n) * (mean - true_mean) / sigma)
    about_truth = deviation**2 * (n - 1) / n + (mean - true_mean) ** 2
    y = np.where(still, 0.0, np.sqrt(n / 2) * (about_truth / sigma**2 - 1.0))
    return float(np.abs(z).max()), float(np.abs(y).max())

"""Why anybody should believe it: the tables of the stochastic suite, and the master equation."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ..jumps.ensemble import ssa
from ..jumps.leap import tau_leap
from ..jumps.master_equation import master_equation, stationary_distribution
from .model import ReactionKinetics
from .stochastic_suite import exact_moments, limit_of_exceedances, network_of_case, stochastic_suite

__all__ = ["EVIDENCE"]

_SUITE = "SBML Test Suite, stochastic case {0} (DSMTS {1}); Evans et al. 2008, doi:10.1093/bioinformatics/btm566"
_EXACT = ("direct", "next_reaction", "composition_rejection")


@functools.cache
def _moments_at(case: str, time: int, species: int, trajectories: int) -> tuple[float, float, float, float]:
    """Mean, its error, standard deviation, its error, of one run of the model."""
    model = ReactionKinetics(
        network=network_of_case(case), reduced_duration=50.0, snapshots=51, trajectories=trajectories
    )
    ds = model.run().isel(reduced_time=time, species=species)
    names = ("mean_amount", "mean_amount_error", "standard_deviation", "standard_deviation_error")
    mean, mean_error, deviation, deviation_error = (float(ds[name]) for name in names)
    return mean, mean_error, deviation, deviation_error


def _mean_at(case: str, time: int, species: int = 0, trajectories: int = 4000) -> tuple[float, float]:
    return _moments_at(case, time, species, trajectories)[:2]


def _deviation_at(case: str, time: int, species: int = 0, trajectories: int = 4000) -> tuple[float, float]:
    return _moments_at(case, time, species, trajectories)[2:]


def _table(case: str, number: int, time: int, species: str, what: str) -> tuple[str, str]:
    return f"{what} of {species} at t = {time}, case {case}", _SUITE.format(f"{number:05d}", case)


@functools.cache
def _schloegl() -> tuple[float, float, float]:
    """Mean, standard deviation and share below 250 at t = 4, by the master equation."""
    network, box = ReactionKinetics().network, {"X": 1200}
    ds = master_equation(network, [0.0, 4.0], largest=box)
    low = ds["amount"].values[:, 0] < 250
    return (
        float(ds["mean_amount"][1, 0]),
        float(ds["standard_deviation"][1, 0]),
        float(ds["probability"].values[1, low].sum()),
    )


@functools.cache
def _schloegl_amounts() -> NDArray[np.int64]:
    ds = ssa(ReactionKinetics().network, [0.0, 4.0], trajectories=2000)
    return np.asarray(ds["amount"].values[:, 1, 0])


def _share_below() -> tuple[float, float]:
    amounts = _schloegl_amounts()
    share = float((amounts < 250).mean())
    return share, math.sqrt(share * (1 - share) / len(amounts))


def _mean_of_schloegl() -> tuple[float, float]:
    amounts = _schloegl_amounts()
    return float(amounts.mean()), float(amounts.std(ddof=1) / math.sqrt(len(amounts)))


def _antimode() -> float:
    ds = stationary_distribution(ReactionKinetics().network, largest={"X": 1200})
    order = np.argsort(ds["amount"].values[:, 0])
    p = ds["probability"].values[order]
    return float(100 + np.argmin(p[100:500]))


_ROOTS = "roots of the recursion P(x)/P(x-1) = birth(x-1)/death(x) = 1, solved as a cubic"


def _root_of_recursion() -> float:
    """P(x) = P(x-1) where birth(x-1) = death(x): a cubic in x; the middle root, and the antimode is below it."""
    x = np.polynomial.Polynomial([0.0, 1.0])
    birth = 0.015 * (x - 1) * (x - 2) + 200
    death = 1e-4 / 6 * x * (x - 1) * (x - 2) + 3.5 * x
    return float(np.floor(np.sort((birth - death).roots().real)[1]))


def _error_of_leaps() -> float:
    times = np.arange(1.0, 51.0)
    ds = tau_leap(network_of_case("002-04"), np.append(0.0, times), trajectories=1000, output="moments")
    return float(np.abs(ds["mean"].values[1:, 0] / (1e4 * -np.expm1(-0.1 * times)) - 1.0).max())


def _exceedances(method: str) -> float:
    return float(stochastic_suite(method, 10_000)["exceedances"])  # type: ignore[arg-type]


def _published(case: str, number: int, time: int, species: str, index: int, value: float, what: str) -> Evidence:
    name, source = _table(case, number, time, species, what)
    measure = _mean_at if what == "mean" else _deviation_at
    return Evidence(
        name, computed=lambda: measure(case, time, index), expected=value, z=4, kind="published", source=source
    )


EVIDENCE = (
    _published("001-01", 1, 50, "X", 0, 60.65307, "mean"),
    _published("001-01", 1, 50, "X", 0, 22.38677, "standard deviation"),
    _published("001-07", 7, 50, "Sink", 1, 432.8163, "mean"),
    _published("002-10", 29, 25, "X", 0, 17.7880078307, "mean"),
    _published("003-01", 30, 50, "P", 0, 28.542298, "mean"),
    _published("003-01", 30, 50, "P", 0, 4.789331, "standard deviation"),
    _published("003-04", 33, 25, "P", 0, 60.40755831, "mean"),
    _published("004-01", 37, 50, "X", 0, 8.660189, "standard deviation"),
    Evidence(
        "mean of P at t = 25 by the master equation, case 003-02",
        computed=lambda: float(exact_moments("003-02")[0][25, 0]), expected=195.276425, absolute=1e-6,
        kind="published", source=_SUITE.format("00031", "003-02"),
    ),
    Evidence(
        "standard deviation of P at t = 25 with a reset on a condition, by the master equation, case 003-04",
        computed=lambda: float(exact_moments("003-04")[1][25, 0]), expected=14.6403118, absolute=1e-6,
        kind="published", source=_SUITE.format("00033", "003-04"),
    ),
    Evidence(
        "mean of Schloegl's network at t = 4", computed=_mean_of_schloegl, expected=lambda: _schloegl()[0], z=4,
        kind="theory", source="master equation, on 1201 states by uniformisation",
    ),
    Evidence(
        "share of Schloegl's trajectories below 250 at t = 4", computed=_share_below,
        expected=lambda: _schloegl()[2], z=4, kind="theory",
        source="master equation, on 1201 states by uniformisation",
    ),
    Evidence(
        "least likely amount between the two states of Schloegl's network", computed=_antimode,
        expected=_root_of_recursion, absolute=0.0, kind="theory", source=_ROOTS,
    ),
    *(
        Evidence(
            f"cases of 39 outside the bounds of the suite, {method}",
            computed=functools.partial(_exceedances, method), expected=0.0,
            absolute=float(limit_of_exceedances(39)), kind="published", slow=True,
            source="SBML Test Suite, stochastic cases 00001 to 00039; Evans et al. 2008,"
            " doi:10.1093/bioinformatics/btm566",
            note="a correct simulator exceeds a bound in 3 to 6 % of the cases, the limit is that of 99.9 % at 6 %; in"
            " 003-04 most easily, where rare resets give S^2 a kurtosis of 18 around t = 11",
        )
        for method in _EXACT
    ),
    Evidence(
        "largest relative error of the mean of tau_leap, epsilon = 0.03, case 002-04", computed=_error_of_leaps,
        expected=0.0, absolute=0.01, kind="theory", source="10 000 (1 - exp(-t / 10)); Cao, Gillespie & Petzold,"
        " J. Chem. Phys. 124, 044109 (2006), doi:10.1063/1.2159468, promise errors of the order of epsilon",
    ),
    Evidence(
        "cases of 2 with many molecules outside the bounds of the suite, tau_leap at epsilon = 0.03",
        computed=lambda: _exceedances("tau_leap"), expected=0.0, absolute=0.0, kind="published", slow=True,
        source="SBML Test Suite, stochastic cases 00005 and 00023; Evans et al. 2008,"
        " doi:10.1093/bioinformatics/btm566",
        reproduced=False,
        note="the mean of 002-04 is off by 0.5 %, which 1e4 runs resolve (Z = 36); Z falls with epsilon, from 23 to 9,"
        " 3 and 2 at 0.03, 0.01, 0.003, 0.001 with 4000 runs",
    ),
)  # fmt: skip

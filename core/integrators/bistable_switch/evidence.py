"""Why anybody should believe the switch: another code, Bessel functions, an expansion."""

import math

import scipy.special

from ...evidence import Evidence
from .laws import kramers_time, mean_first_passage_time, partition_function, relative_mean_square
from .model import BistableSwitch

__all__ = ["EVIDENCE"]


def _bessel_partition() -> float:
    """Z at 5 kT by Bessel functions."""
    i = scipy.special.ive(-0.25, 2.5) + scipy.special.ive(0.25, 2.5)
    return float(0.5 * math.pi * i)


def _measured(name: str, barrier: float) -> tuple[float, float]:
    result = BistableSwitch(reduced_barrier=barrier).run()
    return float(result[name]), float(result[f"{name}_error"])


_DEEPTIME = "deeptime 0.4.5, markov.tools.analysis.{} of hopping between cells of 0.02 and 0.01, extrapolated"

EVIDENCE = (
    Evidence(
        "partition function at 5 kT",
        computed=lambda: float(partition_function(5.0, 1.0)),
        expected=_bessel_partition,
        relative=1e-12,
        kind="theory",
        source="exp(-u) [I(-1/4, u) + I(1/4, u)] pi/2 with u = 5/2; Gradshteyn & Ryzhik 3.323, 3.469",
    ),
    *(
        Evidence(
            f"mean first-passage time at {barrier:g} kT by quadrature",
            computed=lambda b=barrier: float(mean_first_passage_time(b, 1.0, 1.0, 1.0)),  # type: ignore[misc]
            expected=time,
            relative=2e-7,
            kind="peer",
            source=_DEEPTIME.format("mfpt"),
        )
        for barrier, time in ((1.0, 3.5694341), (2.0, 5.1292849), (5.0, 36.483531))
    ),
    Evidence(
        "mean square position at 5 kT by quadrature",
        computed=lambda: float(relative_mean_square(5.0, 1.0)),
        expected=0.93683394,
        relative=1e-7,
        kind="peer",
        source=_DEEPTIME.format("stationary_distribution"),
    ),
    *(
        Evidence(
            f"mean first-passage time at {barrier:g} kT, simulated",
            computed=lambda b=barrier: _measured("answer", b),  # type: ignore[misc]
            expected=time,
            z=4,
            kind="peer",
            source=_DEEPTIME.format("mfpt"),
        )
        for barrier, time in ((1.0, 3.5694341), (5.0, 36.483531))
    ),
    Evidence(
        "mean square position at 5 kT, simulated",
        computed=lambda: _measured("mean_square", 5.0),
        expected=lambda: float(relative_mean_square(5.0, 1.0)),
        z=4,
        kind="theory",
        source="Boltzmann's density by quadrature",
    ),
    Evidence(
        "approach to Kramers' law, (ratio - 1) B/kT at 200 kT",
        computed=lambda: (
            200.0 * float(mean_first_passage_time(200.0, 1.0, 1.0, 1.0) / kramers_time(200.0, 1.0, 1.0, 1.0) - 1.0)
        ),
        expected=0.375,
        relative=0.05,
        kind="theory",
        source="Laplace expansion of both integrals: 3/16 from the bottom and 3/16 from the top",
    ),
)

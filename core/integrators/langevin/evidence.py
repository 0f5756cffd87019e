"""Why anybody should believe the splittings: exact moments at coarse steps, equipartition, a double well."""

from __future__ import annotations

import math

import numpy as np
import scipy.special

from ...evidence import Evidence
from .ensemble import langevin
from .schemes import SchemeName
from .temperature import configurational_temperature

__all__ = ["EVIDENCE"]

_COUNT = 20_000


def _mean_of_squares(samples: np.ndarray) -> tuple[float, float]:
    squares = samples.reshape(_COUNT, -1) ** 2
    each = squares.mean(axis=1)
    return float(each.mean()), float(each.std(ddof=1) / math.sqrt(_COUNT))


def _spring(scheme: SchemeName, name: str, step: float) -> tuple[float, float]:
    run = langevin(
        lambda x, p: -x, 0.0, friction=0.8, temperature=1.0, step=step, steps=200, every=200, scheme=scheme,
        trajectories=_COUNT,
    )  # fmt: skip
    return _mean_of_squares(run[name].values[:, 1])


def _overdamped(scheme: SchemeName) -> tuple[float, float]:
    run = langevin(
        lambda x, p: -x, 0.0, friction=1.0, temperature=1.0, step=1.0, steps=50, every=50, scheme=scheme,
        trajectories=_COUNT,
    )  # fmt: skip
    return _mean_of_squares(run["position"].values[:, 1])


def _double_well() -> tuple[float, float]:
    """<x^2> in 5 (x^2 - 1)^2 at kT = 1; half of the particles begin on either side."""
    start = np.where(np.arange(_COUNT) % 2 == 0, 1.0, -1.0)
    run = langevin(
        lambda x, p: -20.0 * x * (x * x - 1.0), start, friction=5.0, temperature=1.0, step=0.1, steps=150, every=50,
        trajectories=_COUNT,
    )  # fmt: skip
    return _mean_of_squares(run["position"].values[:, 1:])


def _bessel_square() -> float:
    """-(d/db) of log Z = log integral exp(-a x^4 + b x^2), by recurrences of Bessel functions at u = b^2/8a = 5/2."""
    a, b, u = 5.0, 10.0, 2.5
    i = scipy.special.ive
    z = i(-0.25, u) + i(0.25, u)
    slope = 0.5 * (i(-1.25, u) + i(0.75, u) + i(-0.75, u) + i(1.25, u))  # of z without its scaling
    return float(0.5 / b + b / (4.0 * a) * (1.0 + slope / z))


def _coarse_temperature() -> tuple[float, float]:
    run = langevin(
        lambda x, p: -x, 0.0, friction=0.8, temperature=1.0, step=1.5, steps=200, every=200, trajectories=_COUNT
    )
    return configurational_temperature(lambda x, p: -x, run["position"].isel(time=[1]))


_LM2013 = "Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990; q = 1 - (omega h)^2 / 4"

EVIDENCE = (
    *(
        Evidence(
            f"{scheme.upper()}, <{'x' if name == 'position' else 'v'}^2> of an oscillator at omega h = {step:g}",
            computed=lambda s=scheme, n=name, h=step: _spring(s, n, h),  # type: ignore[misc]
            expected=expected,
            z=4,
            kind="theory",
            source=_LM2013,
        )
        for scheme, name, step, expected in (
            ("baoab", "position", 1.9, 1.0),
            ("baoab", "velocity", 1.5, 0.4375),
            ("aboba", "velocity", 1.0, 4.0 / 3.0),
            ("obabo", "position", 1.0, 4.0 / 3.0),
        )
    ),
    Evidence(
        "Leimkuhler-Matthews, <x^2> of an oscillator at k h / zeta = 1",
        computed=lambda: _overdamped("leimkuhler_matthews"),
        expected=1.0,
        z=4,
        kind="theory",
        source="Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34 (2013), doi:10.1093/amrx/abs010",
    ),
    Evidence(
        "Euler-Maruyama, <x^2> of an oscillator at k h / zeta = 1",
        computed=lambda: _overdamped("euler_maruyama"),
        expected=2.0,
        z=4,
        kind="theory",
        source="variance of the autoregressive chain, 1 / (1 - k h / 2 zeta)",
    ),
    Evidence(
        "BAOAB in a double well of 5 kT at a third of the limit of stability, <x^2>",
        computed=_double_well,
        expected=_bessel_square,
        z=4,
        kind="theory",
        source="Boltzmann's density by Bessel functions, Gradshteyn & Ryzhik 3.469",
    ),
    Evidence(
        "configurational temperature at omega h = 1.5, where the kinetic one is 0.44",
        computed=_coarse_temperature,
        expected=1.0,
        z=4,
        kind="theory",
        source="Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772",
    ),
)

"""Averages known in closed form, and the closure by hand."""

import math

import numpy as np
from scipy import special

from ...evidence import Evidence
from .averages import mean_of
from .distributions import Distribution

_BY_HAND = "Taylor series to second order, differentiated by hand"


def _monod(c: float) -> float:
    return c / (1 + c)


def _exponential() -> float:
    return float(mean_of(_monod, Distribution("gamma", 1.0, 1.0), method="quadrature").value)


def _gamma() -> float:
    return float(mean_of(_monod, Distribution("gamma", 1.0, 0.25), method="quadrature").value)


def _lognormal_power() -> float:
    return float(mean_of(lambda c: c**0.3, Distribution("lognormal", 2.0, 1.5), method="quadrature").value)


def _beta_logarithm() -> float:
    return float(mean_of(np.log, Distribution("beta", 0.4, 0.2), method="quadrature").value)


def _phase() -> float:
    return float(mean_of(np.cos, Distribution("normal", 0.7, 1.3), method="quadrature").value)


def _joint_power() -> float:
    inputs = (Distribution("lognormal", 2.0, 1.0), Distribution("lognormal", 3.0, 2.0))
    average = mean_of(lambda b, c: b**2 / c, inputs, correlation=0.4, method="quadrature")
    return float(average.value)


def _joint_power_exactly() -> float:
    widths, joint = np.log1p([0.25, 4 / 9]), np.log1p(0.4 * 0.5 * 2 / 3)
    mean = 2 * (np.log(2) - widths[0] / 2) - (np.log(3) - widths[1] / 2)
    return float(np.exp(mean + (4 * widths[0] + widths[1] - 4 * joint) / 2))


def _biomass() -> float:
    inputs = (Distribution("moments", 2.0, 0.5), Distribution("moments", 1.5, 0.6))
    return float(mean_of(lambda b, c: b * c / (0.8 + c), inputs, correlation=-0.3).value)


EVIDENCE = (
    Evidence(
        "Monod rate under an exponential distribution",
        computed=_exponential,
        expected=lambda: float(1 - math.e * special.exp1(1.0)),
        relative=1e-10,
        kind="theory",
        source="exponential integral; DLMF 6.2.2, https://dlmf.nist.gov/6.2",
    ),
    Evidence(
        "Monod rate under a gamma distribution of shape 16",
        computed=_gamma,
        expected=lambda: float(16 * special.hyperu(17, 17, 16.0) * 16**16),
        relative=1e-9,
        kind="theory",
        source="confluent hypergeometric function U; DLMF 13.4.4, https://dlmf.nist.gov/13.4",
    ),
    Evidence(
        "a power under a lognormal distribution",
        computed=_lognormal_power,
        expected=2.0**0.3 * (1 + 0.75**2) ** (0.3 * (0.3 - 1) / 2),
        relative=1e-12,
        kind="theory",
        source="moments of the lognormal distribution",
    ),
    Evidence(
        "a logarithm under a beta distribution",
        computed=_beta_logarithm,
        expected=lambda: float(special.digamma(2.0) - special.digamma(5.0)),
        relative=1e-9,
        kind="theory",
        source="digamma functions of the shapes 2 and 3",
    ),
    Evidence(
        "a phase under a normal distribution",
        computed=_phase,
        expected=lambda: math.cos(0.7) * math.exp(-(1.3**2) / 2),
        relative=1e-12,
        kind="theory",
        source="characteristic function of the normal distribution",
    ),
    Evidence(
        "a product of powers of correlated lognormal inputs",
        computed=_joint_power,
        expected=_joint_power_exactly,
        relative=1e-9,
        kind="theory",
        source="moments of the bivariate lognormal distribution",
    ),
    Evidence(
        "closure of a Monod rate with biomass",
        computed=_biomass,
        expected=2 * 1.5 / 2.3 - 2 * 0.8 * 0.36 / 2.3**3 + 0.8 * (-0.3 * 0.5 * 0.6) / 2.3**2,
        relative=1e-10,
        kind="theory",
        source=_BY_HAND,
    ),
)

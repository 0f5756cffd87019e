"""Why anybody should believe the free energies: exact systems, pulls, another code, and methods against each other."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import scipy.integrate
import scipy.special
import scipy.stats

from ...evidence import Evidence
from .averages import expectation, perturbed_free_energy
from .bennett import bennett_acceptance_ratio
from .multistate import mbar
from .profile import free_energy_profile, wham
from .systems import (
    double_well_averages,
    harmonic_states,
    mueller_brown_marginal,
    mueller_brown_stationary_points,
)
from .trials import (
    BARRIER,
    bias_share,
    double_well_average,
    exact_barrier,
    mueller_brown_average,
    pair_difference,
    pair_exactly,
    tempered_barrier,
    tempered_valleys,
    umbrella_barrier,
    valley,
    valley_exactly,
)

__all__ = ["EVIDENCE"]

_SPRINGS, _OFFSETS = np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.arange(5.0)
_PEERED = np.array([200, 300, 400, 500, 600])


@functools.cache
def _harmonic() -> tuple[Any, Any]:
    u, x, _ = harmonic_states(_SPRINGS, _OFFSETS, [2000] * 5)
    return mbar(u, [2000] * 5), x


def _of_springs(state: int) -> tuple[float, float]:
    result = _harmonic()[0]
    return float(result["free_energy"][state]), float(result["free_energy_error"][state])


@functools.cache
def _pulls() -> Any:
    pulls = []
    for seed in range(200):
        u, _, exact = harmonic_states(_SPRINGS, _OFFSETS, [200] * 5, seed=seed)
        result = mbar(u, [200] * 5)
        pulls.append(float((result["free_energy"][4] - exact[4]) / result["free_energy_error"][4]))
    return np.array(pulls)


@functools.cache
def _peered() -> tuple[Any, Any]:
    """Not random: the samples are quantiles, so that another code can be given the same."""
    parts = [
        offset + scipy.special.ndtri((np.arange(n) + 0.5) / n) / math.sqrt(stiffness)
        for stiffness, offset, n in zip(_SPRINGS, _OFFSETS, _PEERED, strict=True)
    ]
    x = np.concatenate(parts)
    return mbar(0.5 * _SPRINGS[:, None] * (x - _OFFSETS[:, None]) ** 2, _PEERED), x


def _against_bennett() -> float:
    """Largest difference of value and error of two states, by MBAR and by Bennett's equation."""
    u, _, _ = harmonic_states([1.0, 3.0], [0.0, 1.2], [700, 300])
    both = mbar(u, [700, 300])
    work = u[1] - u[0]
    value, error = bennett_acceptance_ratio(work[:700], -work[700:])
    return max(abs(float(both["free_energy"][1]) - value), abs(float(both["free_energy_error"][1]) - error))


def _variance_of_windows() -> float:
    """N var(Delta f) of two Gaussian windows two widths apart, as MBAR estimates it."""
    u, _, _ = harmonic_states([1.0, 1.0], [0.0, 2.0], [100_000] * 2)
    return 1e5 * float(mbar(u, [100_000] * 2)["free_energy_error"][1]) ** 2


def _bennett_by_quadrature() -> float:
    density = scipy.stats.norm.pdf
    overlap = scipy.integrate.quad(lambda x: density(x) * density(x - 2) / (density(x) + density(x - 2)), -12, 14)[0]
    return float(1.0 / overlap - 2.0)


def _against_bins() -> float:
    """Largest difference of profiles and errors by WHAM and by MBAR on samples moved to the centres of bins."""
    centres, edges = np.linspace(-1.0, 1.0, 6), np.linspace(-2.5, 2.5, 51)
    middles = 0.5 * (edges[1:] + edges[:-1])
    _, x, _ = harmonic_states([9.0] * 6, centres, [500] * 6)
    place = np.clip(np.searchsorted(edges, x) - 1, 0, 49)
    histograms = np.array([np.bincount(part, minlength=50) for part in place.reshape(6, 500)])
    bias = 4.0 * (middles - centres[:, None]) ** 2
    one = free_energy_profile(wham(histograms, bias), middles, edges)
    moved = middles[place]
    two = free_energy_profile(mbar(4.0 * (moved - centres[:, None]) ** 2, [500] * 6), moved, edges)
    names = ("free_energy", "free_energy_error", "probability_error")
    return max(float(np.nanmax(np.abs(one[name] - two[name]))) for name in names)


def _bessel_partition(barrier: float) -> float:
    """Of equation (1) of `systems`, at kT = 1: pi/2 exp(-h/2) [I_-1/4(h/2) + I_1/4(h/2)]."""
    return float(0.5 * math.pi * (scipy.special.ive(-0.25, barrier / 2) + scipy.special.ive(0.25, barrier / 2)))


def _bessel_square(barrier: float) -> float:
    """<x^2> from -d ln Z / dh = <(x^2 - 1)^2> and the virial <x dV/dx> = 1: 4 h (<x^4> - <x^2>) = 1."""
    span = 1e-4 * barrier
    slope = -(math.log(_bessel_partition(barrier + span)) - math.log(_bessel_partition(barrier - span))) / (2 * span)
    return 1.0 + 0.25 / barrier - slope


_PEER = "pymbar 4.0.3, MBAR on the same samples (quantiles of the states)"
_NOTE = "Heidenreich, notes on Mueller & Brown 1979 (hunterheidenreich.com), table of stationary points"
_STATIONARY = functools.cache(mueller_brown_stationary_points)

EVIDENCE = (
    *(
        Evidence(
            f"MBAR, free energy of a spring {stiffness:g} times as stiff, in kT",
            computed=functools.partial(_of_springs, state), expected=0.5 * math.log(stiffness), z=4, kind="theory",
            source="Gaussian integral, ln(K)/2",
        )
        for state, stiffness in ((1, 2.0), (4, 16.0))
    ),
    Evidence(
        "MBAR, <x^2> of the stiffest spring, from all samples",
        computed=lambda: expectation(_harmonic()[0], _harmonic()[1] ** 2, state=4), expected=16.0 + 1.0 / 16.0, z=4,
        kind="theory", source="equipartition, 1/K + O^2",
    ),
    Evidence(
        "MBAR, mean of (estimate - exact) / error over 200 replicas",
        computed=lambda: (float(_pulls().mean()), 1.0 / math.sqrt(200.0)), expected=0.0, z=4, kind="theory",
        source="standard normal, if estimate and error are right",
    ),
    Evidence(
        "MBAR, standard deviation of (estimate - exact) / error over 200 replicas",
        computed=lambda: (float(_pulls().std(ddof=1)), 1.0 / math.sqrt(400.0)), expected=1.0, z=4, kind="theory",
        source="standard normal, if estimate and error are right",
    ),
    Evidence(
        "MBAR, variance of two Gaussian windows two widths apart, times N",
        computed=_variance_of_windows, expected=_bennett_by_quadrature, relative=0.02, kind="theory",
        source="Bennett, J. Comput. Phys. 22, 245 (1976), doi:10.1016/0021-9991(76)90078-4; overlap by quadrature",
    ),
    Evidence(
        "MBAR of two states less Bennett's acceptance ratio, values and errors",
        computed=_against_bennett, expected=0.0, absolute=1e-11, kind="theory",
        source="one equation in one unknown, solved by Brent's method",
    ),
    Evidence(
        "WHAM less MBAR on bins, profiles and errors",
        computed=_against_bins, expected=0.0, absolute=1e-10, kind="theory",
        source="Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008), doi:10.1063/1.2978177, where bins are samples",
    ),
    Evidence(
        "MBAR, free energy of the stiffest of five springs", computed=lambda: float(_peered()[0]["free_energy"][4]),
        expected=1.3906440746840856, absolute=1e-10, kind="peer", source=_PEER,
    ),
    Evidence(
        "MBAR, error of a difference of two of five springs",
        computed=lambda: float(_peered()[0]["free_energy_difference_error"][1, 3]), expected=0.12326935228826902,
        relative=1e-9, kind="peer", source=_PEER,
    ),
    Evidence(
        "MBAR, error of <x^2> of the stiffest of five springs",
        computed=lambda: expectation(_peered()[0], _peered()[1] ** 2, state=4).error, expected=0.0804090079725003,
        relative=1e-9, kind="peer", source=_PEER,
    ),
    Evidence(
        "MBAR, error of the free energy of a spring that was not sampled",
        computed=lambda: float(
            perturbed_free_energy(_peered()[0], 1.5 * (_peered()[1] - 0.7) ** 2)["free_energy_error"][0]
        ),
        expected=0.05168147352905965, relative=1e-9, kind="peer", source=_PEER,
    ),
    *(
        Evidence(
            f"double well of {barrier:g} kT, partition function",
            computed=lambda h=barrier: double_well_averages(h)["partition_function"],  # type: ignore[misc]
            expected=functools.partial(_bessel_partition, barrier), relative=1e-9, kind="theory",
            source="modified Bessel functions of order 1/4 and -1/4",
        )
        for barrier in (0.3, 5.0, 40.0)
    ),
    Evidence(
        "umbrella windows in a double well of 5 kT, <x^2>", computed=lambda: double_well_average("square"),
        expected=functools.partial(_bessel_square, BARRIER), z=4, kind="theory",
        source="Bessel functions and the virial theorem",
    ),
    Evidence(
        "umbrella windows in a double well of 5 kT, probability on the barrier, abs(x) < 0.1",
        computed=lambda: double_well_average("barrier"),
        expected=lambda: double_well_averages(BARRIER)["near_barrier"], z=4, kind="theory", source="quadrature",
    ),
    Evidence(
        "umbrella windows in a double well of 5 kT, barrier between bins",
        computed=umbrella_barrier,
        expected=exact_barrier,
        z=4, kind="theory", source="quadrature over the bins",
    ),
    Evidence(
        "metadynamics in a double well of 5 kT, barrier between bins by reweighting",
        computed=lambda: tempered_barrier("weights"),
        expected=exact_barrier, z=4, kind="theory",
        source="quadrature over the bins",
    ),
    Evidence(
        "metadynamics in a double well of 5 kT, barrier between bins from the bias",
        computed=lambda: tempered_barrier("bias"),
        expected=exact_barrier, z=4, kind="theory",
        source="quadrature over the bins",
    ),
    Evidence(
        "metadynamics, share of the barrier that the bias fills at gamma = 6",
        computed=bias_share, expected=5.0 / 6.0, z=4, kind="theory",
        source="Barducci, Bussi & Parrinello, Phys. Rev. Lett. 100, 020603 (2008), doi:10.1103/PhysRevLett.100.020603",
    ),
    Evidence(
        "metadynamics of two coordinates, Mueller-Brown surface at kT = 10, F(0.61) over the lowest valley, in kT",
        computed=lambda: tempered_valleys(10.0, 0.61, -0.56), expected=lambda: valley_exactly(10.0, 0.61, -0.56), z=4,
        kind="theory", source="quadrature over y and the bins", slow=True,
    ),
    *(
        Evidence(
            f"Mueller-Brown surface, energy of {name}",
            computed=lambda i=index: float(_STATIONARY()["energy"][i]),  # type: ignore[misc]
            expected=value, absolute=0.005, kind="published", source=_NOTE, reproduced=agrees, note=note,
        )
        for name, index, value, agrees, note in (
            ("the first minimum", 0, -146.70, True, ""),
            ("the second minimum", 1, -108.17, True, ""),
            ("the third minimum", 2, -80.77, True, ""),
            ("the higher saddle", 4, -40.66, True, ""),
            ("the lower saddle", 3, -46.62, False, "-72.249 at the place given, where the gradient vanishes"),
        )
    ),
    *(
        Evidence(
            f"Mueller-Brown surface at kT = {kt:g}, F(x) {name} over the lowest valley, in kT",
            computed=functools.partial(valley, kt, place, low),
            expected=functools.partial(valley_exactly, kt, place, low), z=4, kind="theory", source="quadrature",
            slow=True,
        )
        for kt, name, place, low in (
            (10.0, "in the second valley", 0.61, -0.56), (10.0, "on the barrier", -0.06, -0.56),
            (20.0, "in the second valley", 0.59, -0.58), (20.0, "on the barrier", -0.01, -0.58),
        )
    ),
    *(
        Evidence(
            f"Mueller-Brown surface at kT = {kt:g}, {'mean energy' if what == 'energy' else 'probability of x < 0'}",
            computed=functools.partial(mueller_brown_average, kt, what),
            expected=lambda t=kt, w=what: float(  # type: ignore[misc]
                mueller_brown_marginal(t, [-9.0, 0.0])["mean_energy" if w == "energy" else "probability"].sum()
            ),
            z=4, kind="theory", source="quadrature", slow=True,
        )
        for kt in (10.0, 20.0) for what in ("energy", "share")
    ),
    *(
        Evidence(
            f"{'dimer of two lengths' if kind == 'bonded' else 'two Lennard-Jones particles'} in vacuum, "
            f"{'W' if convention == 'reversible_work' else 'F'}({place:g}) - "
            f"{'W' if convention == 'reversible_work' else 'F'}({other:g}), in kT",
            computed=functools.partial(pair_difference, kind, place, other, convention),
            expected=functools.partial(pair_exactly, kind, place, other, convention), z=4, kind="theory",
            source="quadrature of r^2 exp(-U) over the bins", slow=True,
        )
        for kind, place, other, convention in (
            ("pair", 2.4, 1.13, "reversible_work"), ("pair", 0.98, 1.13, "density"),
            ("bonded", 1.63, 1.13, "reversible_work"), ("bonded", 2.13, 1.13, "density"),
        )
    ),
)  # fmt: skip

"""Why anybody should believe the free energies: exact systems, pulls, another code, and methods against each other."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal

import numpy as np
import scipy.integrate
import scipy.special
import scipy.stats

from ...evidence import Evidence
from .bennett import bennett_acceptance_ratio
from .mean_force import potential_of_mean_force
from .multistate import expectation, mbar, perturbed_free_energy
from .profile import free_energy_profile, wham
from .reweighting import metadynamics_profile
from .systems import (
    bonded_pair_force,
    double_well_averages,
    double_well_force,
    harmonic_states,
    lennard_jones_pair_force,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
    mueller_brown_stationary_points,
    pair_distance,
)
from .umbrella import umbrella_solution
from .umbrella_dynamics import umbrella_sampling
from .well_tempered import metadynamics

__all__ = ["EVIDENCE"]

_SPRINGS, _OFFSETS = np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.arange(5.0)
_PEERED = np.array([200, 300, 400, 500, 600])
_BARRIER = 5.0
_EDGES = np.linspace(-1.55, 1.55, 32)


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


@functools.cache
def _double_well() -> Any:
    centres = np.linspace(-1.6, 1.6, 33)
    run = umbrella_sampling(
        double_well_force, centres, 100.0, parameters=[_BARRIER], friction=2.0, step=0.04, steps=8000, every=8,
        equilibration=800,
    )  # fmt: skip
    return umbrella_solution(run)


def _bin_average(barrier: float, low: float, high: float) -> float:
    """-ln of the mean of exp(-V) over a bin."""
    total = scipy.integrate.quad(lambda x: math.exp(-barrier * (x * x - 1.0) ** 2), low, high)[0]
    return -math.log(total / (high - low))


def _well_over(what: str) -> tuple[float, float]:
    solution = _double_well()
    x = solution["sample_coordinate"].values
    values = x * x if what == "square" else np.abs(x) < 0.1
    return expectation(solution, values, reduced_energy=np.zeros(len(x)))


def _barrier_of(profile: Any) -> tuple[float, float]:
    """F at 0 over F at 1."""
    return float(profile["free_energy"][15]), float(profile["free_energy_error"][15])


def _umbrella_barrier() -> tuple[float, float]:
    solution = _double_well()
    return _barrier_of(free_energy_profile(solution, solution["sample_coordinate"], _EDGES, zero_at=1.0))


@functools.cache
def _tempered() -> Any:
    return metadynamics(
        double_well_force, -1.0, parameters=[_BARRIER], lower=-2.0, upper=2.0, width=0.1, height=0.5, bias_factor=6.0,
        stride=100, hills=6000, every=20, step=0.05, trajectories=8,
    )  # fmt: skip


def _tempered_barrier(what: str) -> tuple[float, float]:
    """F(0) less F(1), from bias or weights."""
    method: Literal["bias", "reweighting"] = "bias" if what == "bias" else "reweighting"
    profile = metadynamics_profile(_tempered(), _EDGES, method=method, zero_at=1.0)
    return _barrier_of(profile)


def _exact_barrier() -> float:
    return _bin_average(_BARRIER, -0.05, 0.05) - _bin_average(_BARRIER, 0.95, 1.05)


def _bias_share() -> tuple[float, float]:
    """Depth of the bias at 0 below its mean at -1 and 1, over the barrier: 1 - 1/gamma."""
    bias = _tempered()["bias"].values
    share = (0.5 * (bias[:, 50] + bias[:, 150]) - bias[:, 100]) / _BARRIER
    return float(share.mean()), float(share.std(ddof=1) / math.sqrt(len(share)))


@functools.cache
def _mueller_brown(temperature: float) -> tuple[Any, Any, Any]:
    """Windows along x - y: along x two valleys hide behind each other, and only exchanges connect them."""
    points = mueller_brown_stationary_points()["position"].values[[0, 4, 2, 3, 1]]
    along, centres = points[:, 0] - points[:, 1], np.linspace(-3.0, 1.4, 34)
    start = np.stack([np.interp(centres, along, points[:, axis]) for axis in (0, 1)], axis=1)
    gap = 0.5 * (centres - (start[:, 0] - start[:, 1]))
    run = umbrella_sampling(
        mueller_brown_force, centres, 100.0 * temperature, start + gap[:, None] * [1.0, -1.0], coordinate=_difference,
        temperature=temperature, step=0.01, steps=160_000, every=40, equilibration=8000, friction=2.0, keep="position",
    )  # fmt: skip
    x, y = (run["position"].values[..., axis].ravel() for axis in (0, 1))
    return umbrella_solution(run), x, y


def _difference(x: Any, gradient: Any) -> float:
    gradient[0], gradient[1] = 1.0, -1.0
    return x[0] - x[1]


def _valley(temperature: float, place: float, edge: float) -> tuple[float, float]:
    """F(x) in a bin 0.02 wide at `place` less that in the bin of the lowest valley, over kT."""
    solution, x, _ = _mueller_brown(temperature)
    borders = [edge - 0.01, edge + 0.01, place - 0.01, place + 0.01]
    profile = free_energy_profile(solution, x, borders, zero_at=edge)
    return float(profile["free_energy"][2]), float(profile["free_energy_error"][2])


def _valley_exactly(temperature: float, place: float, edge: float) -> float:
    exact = mueller_brown_marginal(temperature, [edge - 0.01, edge + 0.01, place - 0.01, place + 0.01])
    return float(exact["free_energy"][2] - exact["free_energy"][0]) / temperature


def _mueller_mean(temperature: float, what: str) -> tuple[float, float]:
    solution, x, y = _mueller_brown(temperature)
    values = mueller_brown_energy(x, y) if what == "energy" else (x < 0.0)
    return expectation(solution, values, reduced_energy=np.zeros(len(x)))


@functools.cache
def _pair(kind: str) -> Any:
    """Two particles in vacuum: Lennard-Jones, or a dimer of two lengths."""
    bonded = kind == "bonded"
    centres = np.linspace(0.9, 2.4, 31) if bonded else np.linspace(0.95, 2.55, 33)
    run = umbrella_sampling(
        bonded_pair_force if bonded else lennard_jones_pair_force, centres, 300.0,
        np.outer(centres, [1.0, 0.0, 0.0]), coordinate=pair_distance, parameters=[5.0, 2.0 ** (1 / 6), 0.5] if bonded
        else [1.0, 1.0], mass=0.5, friction=2.0, step=0.01, steps=40_000, every=20, equilibration=2000,
    )  # fmt: skip
    return umbrella_solution(run)


def _pair_difference(kind: str, place: float, other: float, convention: str) -> tuple[float, float]:
    """Potential of mean force at one distance less that at another."""
    solution = _pair(kind)
    edges = np.linspace(0.9, 2.5, 65)
    profile = free_energy_profile(solution, solution["sample_coordinate"], edges, zero_at=other)
    result = potential_of_mean_force(profile, convention=convention)  # type: ignore[arg-type]
    index = int(np.searchsorted(edges, place)) - 1
    return float(result["mean_force_potential"][index]), float(result["mean_force_potential_error"][index])


def _pair_exactly(kind: str, place: float, other: float, convention: str) -> float:
    """The same by quadrature over the bins, of r^2 exp(-U)."""

    def energy(r: float) -> float:
        if kind == "bonded":
            return 5.0 * (1.0 - ((r - 2.0 ** (1 / 6) - 0.5) / 0.5) ** 2) ** 2
        return 4.0 * (r**-12 - r**-6)

    values = []
    for r in (place, other):
        index = math.floor((r - 0.9) / 0.025 + 1e-9)
        low, high = 0.9 + 0.025 * index, 0.9 + 0.025 * (index + 1)
        total = scipy.integrate.quad(lambda s: s * s * math.exp(-energy(s)), low, high)[0]
        volume = (high**3 - low**3) / 3.0 if convention == "reversible_work" else high - low
        values.append(-math.log(total / volume))
    return values[0] - values[1]


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
            source="Bessel functions, Gradshteyn & Ryzhik 3.323.3",
        )
        for barrier in (0.3, 5.0, 40.0)
    ),
    Evidence(
        "umbrella windows in a double well of 5 kT, <x^2>", computed=lambda: _well_over("square"),
        expected=functools.partial(_bessel_square, _BARRIER), z=4, kind="theory",
        source="Bessel functions and the virial theorem",
    ),
    Evidence(
        "umbrella windows in a double well of 5 kT, probability on the barrier, abs(x) < 0.1",
        computed=lambda: _well_over("barrier"),
        expected=lambda: double_well_averages(_BARRIER)["near_barrier"], z=4, kind="theory", source="quadrature",
    ),
    Evidence(
        "umbrella windows in a double well of 5 kT, barrier between bins",
        computed=_umbrella_barrier,
        expected=_exact_barrier,
        z=4, kind="theory", source="quadrature over the bins",
    ),
    Evidence(
        "metadynamics in a double well of 5 kT, barrier between bins by reweighting",
        computed=lambda: _tempered_barrier("weights"),
        expected=_exact_barrier, z=4, kind="theory",
        source="quadrature over the bins",
    ),
    Evidence(
        "metadynamics in a double well of 5 kT, barrier between bins from the bias",
        computed=lambda: _tempered_barrier("bias"),
        expected=_exact_barrier, z=4, kind="theory",
        source="quadrature over the bins",
    ),
    Evidence(
        "metadynamics, share of the barrier that the bias fills at gamma = 6",
        computed=_bias_share, expected=5.0 / 6.0, z=4, kind="theory",
        source="Barducci, Bussi & Parrinello, Phys. Rev. Lett. 100, 020603 (2008), doi:10.1103/PhysRevLett.100.020603",
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
            computed=functools.partial(_valley, kt, place, low),
            expected=functools.partial(_valley_exactly, kt, place, low), z=4, kind="theory", source="quadrature",
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
            computed=functools.partial(_mueller_mean, kt, what),
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
            computed=functools.partial(_pair_difference, kind, place, other, convention),
            expected=functools.partial(_pair_exactly, kind, place, other, convention), z=4, kind="theory",
            source="quadrature of r^2 exp(-U) over the bins", slow=True,
        )
        for kind, place, other, convention in (
            ("pair", 2.4, 1.13, "reversible_work"), ("pair", 0.98, 1.13, "density"),
            ("bonded", 1.63, 1.13, "reversible_work"), ("bonded", 2.13, 1.13, "density"),
        )
    ),
)  # fmt: skip

"""The runs that the evidence looks at: windows and growing biases in systems that are known exactly."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal

import numpy as np
import scipy.integrate

from .averages import expectation
from .mean_force import potential_of_mean_force
from .profile import free_energy_profile
from .reweighting import metadynamics_profile
from .systems import (
    bonded_pair_force,
    double_well_force,
    lennard_jones_pair_force,
    mueller_brown_energy,
    mueller_brown_force,
    mueller_brown_marginal,
    mueller_brown_stationary_points,
    pair_distance,
)
from .tempered_surface import metadynamics_surface
from .umbrella import umbrella_solution
from .umbrella_dynamics import umbrella_sampling
from .well_tempered import metadynamics

__all__ = [
    "BARRIER",
    "bias_share",
    "double_well_average",
    "exact_barrier",
    "mueller_brown_average",
    "pair_difference",
    "pair_exactly",
    "tempered_barrier",
    "tempered_valleys",
    "umbrella_barrier",
    "valley",
    "valley_exactly",
]

BARRIER = 5.0
_EDGES = np.linspace(-1.55, 1.55, 32)


@functools.cache
def _double_well() -> Any:
    centres = np.linspace(-1.6, 1.6, 33)
    run = umbrella_sampling(
        double_well_force, centres, 100.0, parameters=[BARRIER], friction=2.0, step=0.04, steps=8000, every=8,
        equilibration=800,
    )  # fmt: skip
    return umbrella_solution(run)


def _bin_average(barrier: float, low: float, high: float) -> float:
    """-ln of the mean of exp(-V) over a bin."""
    total = scipy.integrate.quad(lambda x: math.exp(-barrier * (x * x - 1.0) ** 2), low, high)[0]
    return -math.log(total / (high - low))


def double_well_average(what: str) -> tuple[float, float]:
    solution = _double_well()
    x = solution["sample_coordinate"].values
    values = x * x if what == "square" else np.abs(x) < 0.1
    return expectation(solution, values, reduced_energy=np.zeros(len(x)))


def _barrier_of(profile: Any) -> tuple[float, float]:
    """F at 0 over F at 1."""
    return float(profile["free_energy"][15]), float(profile["free_energy_error"][15])


def umbrella_barrier() -> tuple[float, float]:
    solution = _double_well()
    return _barrier_of(free_energy_profile(solution, solution["sample_coordinate"], _EDGES, zero_at=1.0))


@functools.cache
def _tempered() -> Any:
    return metadynamics(
        double_well_force, -1.0, parameters=[BARRIER], lower=-2.0, upper=2.0, width=0.1, height=0.5, bias_factor=6.0,
        stride=100, hills=6000, every=20, step=0.05, trajectories=8,
    )  # fmt: skip


def tempered_barrier(what: str) -> tuple[float, float]:
    """F(0) less F(1), from bias or weights."""
    method: Literal["bias", "reweighting"] = "bias" if what == "bias" else "reweighting"
    profile = metadynamics_profile(_tempered(), _EDGES, method=method, zero_at=1.0)
    return _barrier_of(profile)


def exact_barrier() -> float:
    return _bin_average(BARRIER, -0.05, 0.05) - _bin_average(BARRIER, 0.95, 1.05)


def bias_share() -> tuple[float, float]:
    """Depth of the bias at 0 below its mean at -1 and 1, over the barrier: 1 - 1/gamma."""
    bias = _tempered()["bias"].values
    share = (0.5 * (bias[:, 50] + bias[:, 150]) - bias[:, 100]) / BARRIER
    return float(share.mean()), float(share.std(ddof=1) / math.sqrt(len(share)))


@functools.cache
def _mueller_brown(temperature: float) -> tuple[Any, Any, Any]:
    """Windows along x - y: along x two valleys hide behind each other, and only exchanges connect them."""
    points = mueller_brown_stationary_points()["position"].values[[0, 4, 2, 3, 1]]
    along, centres = points[:, 0] - points[:, 1], np.linspace(-5.4, 2.2, 58)
    start = np.stack([np.interp(centres, along, points[:, axis]) for axis in (0, 1)], axis=1)
    gap = 0.5 * (centres - (start[:, 0] - start[:, 1]))
    run = umbrella_sampling(
        mueller_brown_force, centres, 100.0 * temperature, start + gap[:, None] * [1.0, -1.0], coordinate=_difference,
        temperature=temperature, step=0.008, steps=120_000, every=40, equilibration=8000, friction=2.0, keep="position",
    )  # fmt: skip
    x, y = (run["position"].values[..., axis].ravel() for axis in (0, 1))
    return umbrella_solution(run), x, y


def tempered_valleys(temperature: float, place: float, edge: float) -> tuple[float, float]:
    """As `valley`, by metadynamics of x and y: along x alone the path bends back on itself."""
    run = metadynamics_surface(
        mueller_brown_force, [-0.55, 1.44], lower=(-1.8, -0.8), upper=(1.6, 2.4), wall=(200.0 * temperature,) * 2,
        width=(0.12, 0.12), height=0.5 * temperature, bias_factor=8.0, stride=100, hills=10_000, every=20, step=0.008,
        friction=2.0, temperature=temperature, trajectories=4,
    )  # fmt: skip
    profile = metadynamics_profile(run, [edge - 0.01, edge + 0.01, place - 0.01, place + 0.01], zero_at=edge)
    return float(profile["free_energy"][2]) / temperature, float(profile["free_energy_error"][2]) / temperature


def _difference(x: Any, gradient: Any) -> float:
    gradient[0], gradient[1] = 1.0, -1.0
    return x[0] - x[1]


def valley(temperature: float, place: float, edge: float) -> tuple[float, float]:
    """F(x) in a bin 0.02 wide at `place` less that in the bin of the lowest valley, over kT."""
    solution, x, _ = _mueller_brown(temperature)
    borders = [edge - 0.01, edge + 0.01, place - 0.01, place + 0.01]
    profile = free_energy_profile(solution, x, borders, zero_at=edge)
    return float(profile["free_energy"][2]), float(profile["free_energy_error"][2])


def valley_exactly(temperature: float, place: float, edge: float) -> float:
    exact = mueller_brown_marginal(temperature, [edge - 0.01, edge + 0.01, place - 0.01, place + 0.01])
    return float(exact["free_energy"][2] - exact["free_energy"][0]) / temperature


def mueller_brown_average(temperature: float, what: str) -> tuple[float, float]:
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


def pair_difference(kind: str, place: float, other: float, convention: str) -> tuple[float, float]:
    """Potential of mean force at one distance less that at another."""
    solution = _pair(kind)
    edges = np.linspace(0.9, 2.5, 65)
    profile = free_energy_profile(solution, solution["sample_coordinate"], edges, zero_at=other)
    result = potential_of_mean_force(profile, convention=convention)  # type: ignore[arg-type]
    index = int(np.searchsorted(edges, place)) - 1
    return float(result["mean_force_potential"][index]), float(result["mean_force_potential_error"][index])


def pair_exactly(kind: str, place: float, other: float, convention: str) -> float:
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

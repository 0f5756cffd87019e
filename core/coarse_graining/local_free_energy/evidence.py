"""Why to believe what is read from snapshots: exact laws of the lattice and of hard rods; none of them is an input."""

from __future__ import annotations

import functools
import math

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...evidence import Evidence
from ...integrators.jumps.kinetic_monte_carlo import ising_energy
from ...kernels.statistics import mean_with_error
from .blocks import block_variances, extrapolate_blocks
from .chemical_potential import exchange_slope, integrate_slope, widom_insertion
from .lattice_gas import CRITICAL_TEMPERATURE, spontaneous_magnetization, zero_wavenumber_structure_factor
from .sampling import LatticeGas, flip_energy, sample_equilibrium
from .spectrum import lattice_structure_factor, particle_structure_factor
from .structure_factor import fit_structure_factor

__all__ = ["EVIDENCE", "hard_rods", "second_moments"]

Floats = NDArray[np.float64]


def second_moments(reduced_temperature: float, circumference: int = 12) -> tuple[float, float]:
    """S(0) and the second-moment correlation length of spins on an infinite cylinder, by its transfer matrix."""
    coupling, states = 1.0 / reduced_temperature, 2**circumference
    spins = 1.0 - 2.0 * ((np.arange(states) >> np.arange(circumference)[:, None]) & 1)
    ring = np.exp(0.5 * coupling * (spins * np.roll(spins, -1, axis=0)).sum(axis=0))
    same, other = math.exp(coupling), math.exp(-coupling)

    def pass_row(vector: Floats) -> Floats:
        vector = vector * ring
        for site in range(circumference):
            pairs = vector.reshape(-1, 2, 2**site)
            pairs = np.stack([same * pairs[:, 0] + other * pairs[:, 1], other * pairs[:, 0] + same * pairs[:, 1]], 1)
            vector = pairs.reshape(-1)
        return vector * ring

    ground, value = np.ones(states), 1.0
    for _ in range(300):
        ground = pass_row(ground)
        value = float(np.linalg.norm(ground))
        ground /= value
    start = spins.sum(axis=0) * ground
    row, total, moment = start, float(start @ start), 0.0
    for distance in range(1, 1000):
        row = pass_row(row) / value
        correlation = float(start @ row)
        total += 2.0 * correlation
        moment += 2.0 * distance**2 * correlation
        if correlation * distance**2 < 1e-14 * moment:
            break
    return total / circumference, math.sqrt(0.5 * moment / total)


def hard_rods(frames: int, rods: int, length: float, seed: int = 0) -> Floats:
    """Independent configurations of rods of length 1 on a ring: random points in what they leave free, spread apart."""
    random = np.random.default_rng(seed)
    points = np.sort(random.uniform(0.0, length - rods, (frames, rods)), axis=1) + np.arange(rods)
    return np.asarray((points + random.uniform(0.0, length, (frames, 1))) % length)[..., None]


def _magnetization() -> tuple[float, float]:
    spin = sample_equilibrium(LatticeGas(reduced_temperature=2.1), 64, 800).spin.values
    return mean_with_error(np.abs(spin.mean(axis=(1, 2), dtype=float)))


def _energy() -> tuple[float, float]:
    spin = sample_equilibrium(LatticeGas(reduced_temperature=2.5), 32, 1500).spin.values.astype(float)
    return mean_with_error(-(spin * (np.roll(spin, 1, 1) + np.roll(spin, 1, 2))).mean(axis=(1, 2)))


@functools.lru_cache(maxsize=2)
def _fit(reduced_temperature: float, size: int = 48, snapshots: int = 2000) -> xr.Dataset:
    spin = sample_equilibrium(LatticeGas(reduced_temperature=reduced_temperature), size, snapshots).spin
    return fit_structure_factor(lattice_structure_factor(spin), thermal_energy=reduced_temperature)


def _limit(reduced_temperature: float) -> tuple[float, float]:
    fit = _fit(reduced_temperature)
    return float(fit.structure_factor_limit), float(fit.structure_factor_limit_error)


def _gradient(reduced_temperature: float) -> tuple[float, float]:
    fit = _fit(reduced_temperature)
    return float(fit.gradient_coefficient), float(fit.gradient_coefficient_error)


def _exact_gradient(reduced_temperature: float) -> float:
    limit, length = second_moments(reduced_temperature)
    return reduced_temperature * length**2 / limit


def _blocks() -> tuple[float, float]:
    spin = sample_equilibrium(LatticeGas(reduced_temperature=3.5), 48, 2000).spin
    result = extrapolate_blocks(block_variances(spin, [6, 8, 12, 16, 24]), thermal_energy=3.5)
    return float(result.curvature), float(result.curvature_error)


def _curvature_by_exchange() -> tuple[float, float]:
    """f'' at m = 0 from f' at seven compositions of a box of 32 sites."""
    gas = LatticeGas(reduced_temperature=4.0)
    slopes = []
    for m in np.linspace(-0.45, 0.45, 7):
        spin = sample_equilibrium(gas, 32, 400, magnetization=float(m), sweeps=2).spin.values
        slopes.append(exchange_slope(spin, flip_energy(spin, gas), thermal_energy=4.0))
    place, slope, error = (
        np.array([float(one[name]) for one in slopes]) for name in ("composition", "slope", "slope_error")
    )
    f = integrate_slope(place, slope, error, thermal_energy=4.0, ideal="lattice", degree=3)
    return float(f.curvature[3]), float(f.curvature_error[3])


def _rods() -> tuple[float, float]:
    structure = particle_structure_factor(hard_rods(2000, 100, 200.0), [200.0], largest_wavenumber=1.0)
    fit = fit_structure_factor(structure)
    return float(fit.curvature), float(fit.curvature_error)


def _rod_insertion() -> tuple[float, float]:
    def wall(distance: Floats) -> Floats:
        return np.where(distance < 1.0, np.inf, 0.0)

    result = widom_insertion(hard_rods(1000, 100, 200.0), [200.0], wall, cutoff=1.0, insertions=400)
    return float(result.excess_chemical_potential), float(result.excess_chemical_potential_error)


def _amplitude() -> float:
    closeness = 1e-6
    t = CRITICAL_TEMPERATURE / (1.0 - closeness)
    return float(zero_wavenumber_structure_factor(t)) * closeness**1.75


_YANG = "Yang, Phys. Rev. 85, 808 (1952), doi:10.1103/PhysRev.85.808"
_KAUFMAN = "Kaufman, Phys. Rev. 76, 1232 (1949), doi:10.1103/PhysRev.76.1232: partition function of the torus"
_SERIES = "high-temperature series, Domb, in Phase Transitions and Critical Phenomena, vol. 3 (1974)"
_WU = "Wu, McCoy, Tracy & Barouch, Phys. Rev. B 13, 316 (1976), doi:10.1103/PhysRevB.13.316: C_0+ = 0.9625817"
_TONKS = "Tonks, Phys. Rev. 50, 955 (1936), doi:10.1103/PhysRev.50.955: equation of state of hard rods"

EVIDENCE = (
    Evidence(
        "magnetisation of 64 x 64 spins by clusters, kT = 2.1 J",
        computed=_magnetization,
        expected=lambda: float(spontaneous_magnetization(2.1)),
        z=4.0,
        kind="theory",
        source=_YANG,
    ),
    Evidence(
        "energy of a spin of 32 x 32 by clusters, kT = 2.5 J",
        computed=_energy,
        expected=lambda: ising_energy(2.5, 32),
        z=4.0,
        kind="theory",
        source=_KAUFMAN,
    ),
    *(
        Evidence(
            f"S(0) of the lattice gas by a fit of S(k), kT = {t} J",
            computed=lambda t=t: _limit(t),  # type: ignore[misc]
            expected=lambda t=t: float(zero_wavenumber_structure_factor(t)),  # type: ignore[misc]
            z=4.0,
            kind="theory",
            source=_SERIES,
        )
        for t in (3.0, 4.0)
    ),
    *(
        Evidence(
            f"gradient coefficient of the lattice gas by a fit of S(k), kT = {t} J",
            computed=lambda t=t: _gradient(t),  # type: ignore[misc]
            expected=lambda t=t: _exact_gradient(t),  # type: ignore[misc]
            z=4.0,
            kind="theory",
            source="transfer matrix of a cylinder of 12 sites: second moment of the correlations",
            note="with the true correlation length in its place, 2 % (3 J) and 7 % (4 J) more",
        )
        for t in (3.0, 4.0)
    ),
    Evidence(
        "S(0) near the critical point times (1 - T_c/T)^(7/4)",
        computed=_amplitude,
        expected=0.9625817,
        relative=1e-3,
        kind="published",
        source=_WU,
        note="the series is cut at order 20",
    ),
    Evidence(
        "f'' of the lattice gas by block variances, kT = 3.5 J",
        computed=_blocks,
        expected=lambda: 3.5 / float(zero_wavenumber_structure_factor(3.5)),
        z=4.0,
        kind="theory",
        source=_SERIES,
    ),
    Evidence(
        "f'' of the lattice gas by exchange, kT = 4 J",
        computed=_curvature_by_exchange,
        expected=lambda: 4.0 / float(zero_wavenumber_structure_factor(4.0)),
        z=4.0,
        kind="theory",
        source=_SERIES,
    ),
    Evidence(
        "f'' of hard rods of half filling, by S(k), in kT x length",
        computed=_rods,
        expected=8.0,
        z=4.0,
        kind="theory",
        source=_TONKS,
    ),
    Evidence(
        "excess chemical potential of 100 hard rods of half filling, by insertion, in kT",
        computed=_rod_insertion,
        expected=-math.log(0.5) - 100 * math.log1p(-0.01),
        z=4.0,
        kind="theory",
        source=f"{_TONKS}, for 100 rods on a ring: the free length over the length, times (1 - 1/free length)^100",
    ),
)

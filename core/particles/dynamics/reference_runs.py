"""The configurations and runs behind the evidence of molecular dynamics."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import scipy.integrate
from numpy.typing import NDArray

from ...kernels.correlator import correlate
from ...kernels.statistics import mean_with_error
from ..potentials import (
    CosineSquared,
    FiniteExtensible,
    FourierDihedral,
    Harmonic,
    HarmonicAngle,
    LennardJones,
    Morse,
    Potential,
    WeeksChandlerAndersen,
)
from .barostat import Barostat
from .simulation import final_system, forces, simulate
from .system import ForceField, System

__all__ = [
    "diffusion",
    "fluctuating_compressibility",
    "fluid_mean",
    "gas_volumes",
    "measured",
    "second_virial_pressure",
    "slope_compressibility",
    "soft_temperature",
    "spring_energy",
    "spring_motion",
    "viscosity",
]

Floats = NDArray[np.float64]


def _lattice(n: int, density: float) -> tuple[Floats, Floats]:
    """`n` points of a cubic lattice in a cubic box, the last sites empty."""
    side = math.ceil(round(n ** (1.0 / 3.0), 6))
    edge = (n / density) ** (1.0 / 3.0)
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1).reshape(-1, 3)[:n]
    return (grid + 0.5) * edge / side, np.full(3, edge)


# 216 particles on a cubic lattice of spacing 1.06, each moved by up to 0.12 along each axis, without equilibration


def _jittered() -> Floats:
    return _lattice(216, 1.06**-3)[0] - 0.53 + np.random.default_rng(1).uniform(-0.12, 0.12, (216, 3))


def measured(name: str, component: str | None = None) -> float:
    box: Any = np.full(3, 6.36)
    one, i = {(0, 0): LennardJones(cutoff=2.5)}, np.arange(216)
    types = np.zeros(216, dtype=np.int64)
    chain = np.column_stack([i, i + 1])[i % 6 != 5]
    if name == "mixture":
        types = i * 7 % 3
        rows = ((1, 1, 2.5), (1.3, 0.9, 2.9), (0.4, 1.1, 3.1), (0.7, 0.8, 2.0), (0.9, 0.95, 2.4), (2.0, 1.02, 2.7))
        keys = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
        pairs: dict[tuple[int, int], Potential] = {
            key: LennardJones(well_depth=depth, diameter=size, cutoff=cutoff)
            for key, (depth, size, cutoff) in zip(keys, rows, strict=True)
        }
        field = ForceField(pairs=pairs)
    elif name == "triclinic":
        box, field = [[6.36, 0, 0], [2.1, 6.2, 0], [-1.3, 1.7, 6.5]], ForceField(pairs=one)
    elif name == "morse":
        potential = Morse(well_depth=0.8, inverse_width=2.4, minimum=1.1, cutoff=3.0)
        field = ForceField(pairs={(0, 0): potential})
    elif name == "lipids":
        types = (i % 3 > 0).astype(np.int64)
        field = _lipid_field(72)
    elif name == "bead-spring":
        field = ForceField(pairs={(0, 0): WeeksChandlerAndersen()}, bonds=[(chain, FiniteExtensible())])
    else:
        triples = np.column_stack([i, i + 1, i + 2])[i % 6 < 4]
        torsions = np.column_stack([i, i + 1, i + 2, i + 3])[i % 6 < 3]
        field = ForceField(
            pairs=one,
            bonds=[(chain, Harmonic(stiffness=100.0, rest_length=1.0))],
            angles=[(triples, HarmonicAngle(stiffness=25.0, rest_angle=1.9))],
            dihedrals=[(torsions, FourierDihedral(first=0.7, second=-0.3, third=1.5))],
        )
    result = forces(System(_jittered(), box, types=types), field)
    if component is None:
        return float(result["potential_energy"])
    return -float(result["stress"].sel(component=component) * result["volume"])


def _lipid_field(lipids: int) -> ForceField:
    """Three beads a lipid, head first (Cooke, Kremer & Deserno 2005)."""
    head, i = WeeksChandlerAndersen(diameter=0.95), 3 * np.arange(lipids)
    return ForceField(
        pairs={(0, 0): head, (0, 1): head, (1, 1): CosineSquared(width=1.6)},
        bonds=[
            (np.concatenate([np.column_stack([i, i + 1]), np.column_stack([i + 1, i + 2])]), FiniteExtensible()),
            (np.column_stack([i, i + 2]), Harmonic(stiffness=10.0, rest_length=4.0)),
        ],
    )


@functools.cache
def _dimers() -> Any:
    """1000 springs of two masses, their relative coordinates of frequency 1, at a step of 1."""
    ends = np.repeat(np.random.default_rng(2).uniform(0.0, 50.0, (1000, 3)), 2, axis=0)
    bonds = [(np.arange(2000).reshape(-1, 2), Harmonic(stiffness=0.5, rest_length=0.0))]
    return simulate(
        System(ends, [50.0] * 3), ForceField(bonds=bonds), steps=2000, step=1.0, temperature=0.7, friction=0.8,
        every=20, equilibration=100, keep=(),
    )  # fmt: skip


def spring_energy() -> tuple[float, float]:
    return mean_with_error(_dimers()["potential_energy"].values / 1500.0)


def spring_motion() -> tuple[float, float]:
    return mean_with_error(_dimers()["kinetic_temperature"].values)


@functools.cache
def gas_volumes() -> Floats:
    """20 particles that do not meet, in a box that breathes: V has a gamma distribution."""
    start = System(np.random.default_rng(3).uniform(0.0, 3.0, (20, 3)), [3.0] * 3)
    box = Barostat(pressure=0.7, relaxation_time=0.1, compressibility=1.5, every=5)
    run = simulate(
        start, ForceField(), steps=20_000, step=0.02, temperature=1.3, every=10, equilibration=500, keep=(),
        barostat=box,
    )  # fmt: skip
    return np.asarray(run["volume"].values)


def soft_temperature(name: str) -> tuple[float, float]:
    """Repulsive spheres in a mixture of masses at a dense state and a long step."""
    x, box = _lattice(216, 0.8)
    masses = np.where(np.arange(216) % 2 == 0, 1.0, 3.0)
    run = simulate(
        System(x, box, masses=masses), ForceField(pairs={(0, 0): WeeksChandlerAndersen()}), steps=6000, step=0.006,
        temperature=1.2, every=20, equilibration=600, keep=(),
    )  # fmt: skip
    return mean_with_error(run[name].values)


@functools.cache
def _fluid(density: float, steps: int) -> Any:
    """The fluid of the NIST table."""
    x, box = _lattice(500, density)
    field = ForceField(pairs={(0, 0): LennardJones()}, tail_correction=True)
    step, friction = (0.005, 0.5) if density > 0.1 else (0.01, 0.1)
    return simulate(
        System(x, box), field, steps=steps, step=step, temperature=0.85, friction=friction, every=20,
        equilibration=10_000, keep=(),
    )  # fmt: skip


def fluid_mean(name: str, density: float, steps: int) -> tuple[float, float]:
    share = 500.0 if name == "potential_energy" else 1.0
    return mean_with_error(_fluid(density, steps)[name].values / share)


def second_virial_pressure() -> float:
    """Of a gas of density 0.007 at T* = 0.85 by quadrature of B2; the third coefficient adds 2e-5 of it."""

    def mayer(r: float) -> float:
        s = r**-6
        return (math.exp(-4.0 * (s * s - s) / 0.85) - 1.0) * r * r

    inner, _ = scipy.integrate.quad(mayer, 0.2, 3.0, epsabs=1e-12, limit=200)
    outer, _ = scipy.integrate.quad(mayer, 3.0, 200.0, epsabs=1e-12, limit=200)
    b2 = -2.0 * math.pi * (-(0.2**3) / 3.0 + inner + outer)
    return 0.85 * 0.007 * (1.0 + b2 * 0.007)


@functools.cache
def _liquid_at_rest() -> tuple[Floats, float, Floats, Floats]:
    """Lennard-Jones near its triple point at constant energy: stress, temperature and frames."""
    x, box = _lattice(500, 0.8442)
    field = ForceField(pairs={(0, 0): LennardJones(cutoff=2.5, force_shifted=False)})
    state = simulate(System(x, box), field, steps=8000, step=0.004, temperature=0.722, every=8000, keep=())
    start = final_system(state)
    start = System(start.positions, start.box, start.velocities - start.velocities.mean(axis=0))
    run = simulate(start, field, steps=160_000, step=0.004, scheme="velocity_verlet", every=4, keep=())
    short = simulate(
        final_system(run), field, steps=10_000, step=0.004, scheme="velocity_verlet", every=50, keep=("position",)
    )
    kt = float(run["kinetic_temperature"].mean())
    return run["stress"].values, kt, short["position"].values, short["time"].values


def viscosity() -> float:
    stress, kt, _, _ = _liquid_at_rest()
    xx, yy, zz, xy, yz, zx = stress.T
    lags, shear = correlate(np.stack([xy, yz, zx], axis=1), subtract_mean=False)
    _, normal = correlate(np.stack([xx - yy, yy - zz, zz - xx], axis=1), subtract_mean=False)
    modulus = 500.0 / 0.8442 / kt * (0.6 * shear + 0.1 * normal)
    time = lags * 0.016
    until = int(np.searchsorted(time, 6.0))
    return float(np.trapezoid(modulus[:until], time[:until]))


def diffusion() -> float:
    _, _, position, time = _liquid_at_rest()
    moved = position - position.mean(axis=1, keepdims=True)
    lags = np.arange(20, 60, 5)
    squares = [float(((moved[lag:] - moved[:-lag]) ** 2).sum(axis=2).mean()) for lag in lags]
    return float(np.polyfit(lags * (time[1] - time[0]), squares, 1)[0] / 6.0)


@functools.cache
def _breathing(pressure: float) -> tuple[float, float, float]:
    """Mean density, and compressibility from fluctuations with its error, of repulsive spheres at kT = 1."""
    x, box = _lattice(216, 0.6)
    run = simulate(
        System(x, box), ForceField(pairs={(0, 0): WeeksChandlerAndersen()}), steps=120_000, step=0.005, temperature=1.0,
        every=20, equilibration=5000, keep=(), barostat=Barostat(pressure=pressure, compressibility=0.1),
    )  # fmt: skip
    volume = run["volume"].values
    value, error = mean_with_error((volume - volume.mean()) ** 2 / volume.mean())
    return float((216.0 / volume).mean()), value, error


def fluctuating_compressibility() -> tuple[float, float]:
    """Var(V) / <V> kT."""
    return _breathing(4.0)[1:]


def slope_compressibility() -> float:
    """D(ln rho)/dp between two pressures."""
    return math.log(_breathing(4.4)[0] / _breathing(3.6)[0]) / 0.8

r"""Snapshots of a lattice gas in a second: clusters for equilibrium, exchanges for fixed composition and for a quench.

Clusters (Swendsen & Wang 1987): like neighbours are joined with the probability 1 - exp(-2 J'/kT), and each cluster of
*n* sites points up with the probability 1/(1 + exp(-2 n h/kT)). A few sweeps decorrelate at any temperature.
Exchanges keep the composition: between any two sites for equilibrium, between nearest neighbours (Kawasaki 1966) for
dynamics; with the energy change E they happen with the probability 1/(1 + exp(E/kT)). In a unit of time, a sweep, one
exchange is tried a site, so that at infinite temperature the composition diffuses with the coefficient 1/4.

References
----------
1. Swendsen & Wang, Phys. Rev. Lett. 58, 86 (1987), doi:10.1103/PhysRevLett.58.86.
2. Kawasaki, Phys. Rev. 145, 224 (1966), doi:10.1103/PhysRev.145.224.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...kernels.random import spawn_states
from ...kernels.threads import map_blocks
from ...model import ParameterError, Record, param
from ...model.progress import Progress, library_version
from ...quantities import Count, Dimensionless
from .kernels import exchange_spins, sample_clusters, shuffle_spins

__all__ = ["LatticeGas", "flip_energy", "follow_quench", "sample_equilibrium"]

Floats = NDArray[np.float64]
Spins = NDArray[np.int8]
_CHAINS = 4  # independent Markov chains, whatever the number of threads
_TOUCHED = 3e7  # sites looked at between two questions whether to stop: about 0.2 s


class LatticeGas(Record):
    """Spins on a square lattice with a coupling 4 J shared by all neighbours, in units of J and lattice constants.

    Examples
    --------
    >>> LatticeGas(reduced_temperature=3.0).neighbours
    4
    >>> LatticeGas(interaction_range=3).neighbours
    48
    """

    reduced_temperature: Dimensionless = param(3.0, "kT/J", source="the user's", ge=0.1, le=1e6)
    interaction_range: Count = param(
        1,
        "1: four nearest neighbours; R > 1: the square of sites up to R steps away",
        source="Kac's limit",
        ge=1,
        le=20,
    )
    field: Dimensionless = param(
        0.0, "chemical potential of composition, h in -h sum of s, in J", source="symmetric", ge=-100, le=100
    )

    @property
    def neighbours(self) -> int:
        """Number of sites that a site interacts with."""
        return len(_neighbour_steps(self.interaction_range))

    @property
    def bond_energy(self) -> float:
        """J' of one bond, in J."""
        return 4.0 / self.neighbours


def _neighbour_steps(reach: int) -> NDArray[np.int64]:
    """Steps to the neighbours; the second half is minus the first."""
    if reach == 1:
        return np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])
    side = np.arange(-reach, reach + 1)
    steps = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    half = steps[len(steps) // 2 + 1 :]
    return np.concatenate([half, -half])


def sample_equilibrium(
    gas: LatticeGas,
    size: int,
    snapshots: int,
    *,
    magnetization: float | None = None,
    sweeps: int = 3,
    equilibration: int = 200,
    seed: int = 0,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Equilibrium snapshots of a periodic square, by clusters or, at a fixed composition, by exchanges.

    Parameters
    ----------
    gas : LatticeGas
        What is sampled.
    size : int
        Sites along an edge.
    snapshots : int
        Number of snapshots, from four independent chains one after the other.
    magnetization : float, optional
        Fixed composition; the nearest that the number of sites allows is taken. Default: it fluctuates.
    sweeps : int
        Sweeps from one snapshot to the next.
    equilibration : int
        Sweeps before the first. Chains start ordered if the temperature is below 4/3, random above;
        at a fixed composition random.
    seed : int
        For the same snapshots again.
    progress : bool or callable
        A bar, or a function of (done, total).

    Returns
    -------
    xarray.Dataset
        ``spin`` (frame, x, y), int8.

    Raises
    ------
    ParameterError
        If the box is too small for the interaction or a number is out of range.

    Examples
    --------
    >>> frames = sample_equilibrium(LatticeGas(reduced_temperature=2.0), 16, 40).spin
    >>> frames.shape, bool(abs(abs(frames.mean(["x", "y"])).mean() - 0.911) < 0.02)
    ((40, 16, 16), True)
    """
    _check_counts("sample_equilibrium", gas, size, snapshots=snapshots, sweeps=sweeps)
    if isinstance(equilibration, bool) or int(equilibration) != equilibration or equilibration < 0:
        raise ParameterError("sample_equilibrium", {"equilibration": "must be an integer of at least 0"})
    if magnetization is not None and not -1.0 <= magnetization <= 1.0:
        raise ParameterError("sample_equilibrium", {"magnetization": f"must be from -1 to 1, not {magnetization}"})
    steps = _neighbour_steps(gas.interaction_range)
    share = [snapshots * (n + 1) // _CHAINS - snapshots * n // _CHAINS for n in range(_CHAINS)]
    spins = np.empty((snapshots, size, size), np.int8)
    join = -math.expm1(-2.0 * gas.bond_energy / gas.reduced_temperature)
    tilt = -2.0 * gas.field / gas.reduced_temperature
    accept = _acceptance(gas)
    starts = np.concatenate([[0], np.cumsum(share)])
    block = max(1, int(_TOUCHED / (sweeps * size * size * (len(steps) + 10))))
    stop = threading.Event()

    def run_chain(begin: int, end: int) -> None:
        for chain in range(begin, end):
            state = spawn_states(seed, 1, first=chain)[0]
            now = _start(size, magnetization, gas, state)
            first, last = int(starts[chain]), int(starts[chain + 1])
            wait = equilibration
            for low in range(first, last, block):
                if stop.is_set():
                    return
                target = spins[low : min(low + block, last)]
                if magnetization is None:
                    sample_clusters(now, steps[: len(steps) // 2], join, tilt, wait, sweeps, state, target)
                else:
                    times = np.full(len(target), sweeps, np.int64)
                    times[0] += wait
                    exchange_spins(now, steps, gas.interaction_range, accept, times, False, state, target)
                wait = 0

    with Progress(progress, "sample_equilibrium") as tick:
        map_blocks(run_chain, _CHAINS, 1, tick=tick, stop=stop)
    arguments = {"size": size, "snapshots": snapshots, "magnetization": magnetization, "sweeps": sweeps,
                 "equilibration": equilibration}  # fmt: skip
    result = xr.Dataset({"spin": (("frame", "x", "y"), spins, {"units": "1", "long_name": "spin, up or down"})})
    result.attrs["recipe"] = _recipe("sample_equilibrium", gas, arguments, seed)
    return result


def follow_quench(
    gas: LatticeGas,
    size: int,
    times: Any,
    *,
    runs: int = 16,
    magnetization: float = 0.0,
    seed: int = 0,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Snapshots after a quench from infinite temperature, by exchanges of nearest neighbours (Kawasaki).

    Parameters
    ----------
    gas : LatticeGas
        At the temperature after the quench; its field has no effect.
    size : int
        Sites along an edge.
    times : array_like
        Increasing whole numbers of sweeps (one exchange tried a site).
    runs : int
        Independent quenches.
    magnetization : float
        Composition, kept by every exchange.
    seed : int
        For the same runs again.
    progress : bool or callable
        A bar, or a function of (done, total).

    Returns
    -------
    xarray.Dataset
        ``spin`` (run, reduced_time, x, y), int8.

    Raises
    ------
    ParameterError
        If times do not increase, or a number is out of range.

    Examples
    --------
    >>> spin = follow_quench(LatticeGas(reduced_temperature=1.5), 16, [0, 10], runs=2).spin
    >>> spin.shape, spin.sum(["x", "y"]).values.tolist()
    ((2, 2, 16, 16), [[0, 0], [0, 0]])
    """
    _check_counts("follow_quench", gas, size, runs=runs)
    asked = np.asarray(times, dtype=np.float64).ravel()
    if not (len(asked) and np.isfinite(asked).all() and (np.diff(asked, prepend=-1.0) > 0).all()
            and (asked == np.rint(asked)).all()):  # fmt: skip
        raise ParameterError("follow_quench", {"times": "must be increasing whole numbers of sweeps"})
    if not -1.0 <= magnetization <= 1.0:
        raise ParameterError("follow_quench", {"magnetization": f"must be from -1 to 1, not {magnetization}"})
    waits = np.diff(asked, prepend=0.0).astype(np.int64)
    steps = _neighbour_steps(gas.interaction_range)
    accept = _acceptance(gas)
    spins = np.empty((runs, len(asked), size, size), np.int8)
    block = max(1, int(_TOUCHED / (size * size * (len(steps) + 10))))
    stop = threading.Event()

    def run_quench(begin: int, end: int) -> None:
        for run in range(begin, end):
            state = spawn_states(seed, 1, first=run)[0]
            now = _start(size, magnetization, gas, state)
            for time, wait in enumerate(waits):
                for done in range(0, int(wait), block):
                    if stop.is_set():
                        return
                    part = np.array([min(block, wait - done)])
                    exchange_spins(now, steps, gas.interaction_range, accept, part, True, state, now[None])
                spins[run, time] = now

    with Progress(progress, "follow_quench") as tick:
        map_blocks(run_quench, runs, 1, tick=tick, stop=stop)
    result = xr.Dataset(
        {"spin": (("run", "reduced_time", "x", "y"), spins, {"units": "1", "long_name": "spin, up or down"})},
        coords={"reduced_time": ("reduced_time", asked, {"units": "1", "long_name": "sweeps since the quench"})},
    )
    arguments = {"size": size, "times": asked.tolist(), "runs": runs, "magnetization": magnetization}
    result.attrs["recipe"] = _recipe("follow_quench", gas, arguments, seed)
    return result


def flip_energy(spins: Any, gas: LatticeGas) -> Floats:
    """Energy [J] that turning each spin over would cost, without the field; the shape of `spins`, (..., x, y).

    Examples
    --------
    >>> float(flip_energy(np.ones((4, 4)), LatticeGas())[0, 0])
    8.0
    """
    s = np.asarray(spins, dtype=np.float64)
    around = np.zeros_like(s)
    for x, y in _neighbour_steps(gas.interaction_range):
        around += np.roll(s, (int(x), int(y)), axis=(-2, -1))
    return np.asarray(2.0 * gas.bond_energy * s * around)


def _check_counts(function: str, gas: LatticeGas, size: int, **counts: int) -> None:
    least = max(3, 2 * gas.interaction_range + 1)
    for name, value, low in (("size", size, least), *((n, v, 1) for n, v in counts.items())):
        if isinstance(value, bool) or int(value) != value or not low <= value <= 1 << 22:
            raise ParameterError(function, {name: f"must be an integer of at least {low}, not {value!r}"})


def _recipe(function: str, gas: LatticeGas, arguments: dict[str, Any], seed: int) -> str:
    content = {"function": function, "gas": gas.model_dump(), **arguments, "seed": seed, "version": library_version()}
    return json.dumps(content)


def _start(size: int, magnetization: float | None, gas: LatticeGas, state: Any) -> Spins:
    sites = size * size
    spins = np.full(sites, -1, np.int8)
    if magnetization is None and gas.reduced_temperature < 4.0:
        spins[:] = 1 if gas.field >= 0.0 else -1
    else:
        ups = int(np.rint(0.5 * (1.0 + (magnetization or 0.0)) * sites))
        spins[:ups] = 1
        shuffle_spins(spins, state)
    return spins.reshape(size, size)


def _acceptance(gas: LatticeGas) -> Floats:
    """Probability of an exchange whose energy is 2 J' n, for n from -2 z - 2 to 2 z + 2."""
    n = np.arange(-2 * gas.neighbours - 2, 2 * gas.neighbours + 3)
    exponent = 2.0 * gas.bond_energy * n / gas.reduced_temperature
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(exponent, 700.0))))

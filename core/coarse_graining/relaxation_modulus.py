r"""The relaxation modulus of a sample with its errors, and the one chain whose modulus is known exactly.

`stress_relaxation` (:mod:`~mesoscale.core.coarse_graining.viscoelasticity`) averages products of stresses; how well the
average is known depends on how often the slowest process came and went. Here the series is cut into parts that are
long against it, and the spread between parts is the error:

.. math:: G(t) = \frac{V}{kT} \langle \sigma(t)\, \sigma(0) \rangle, \qquad \eta = \int_0^\infty G\, dt    \qquad (1)

The running integral of a noisy tail wanders; its error says where to stop. A `GeneralizedMaxwell` fitted to G with
these errors (`fit_prony`) is the better way to a viscosity.

**Rouse's chain.** N beads of friction zeta joined by springs k = 3 kT/b^2 relax by N - 1 independent modes,

.. math:: \tau_p = \frac{\zeta}{4 k \sin^2(p \pi / 2N)}, \qquad
   \frac{G(t)}{\nu kT} = \sum_{p=1}^{N-1} e^{-2 t/\tau_p}, \qquad
   \frac{\eta}{\nu \zeta b^2} = \frac{N^2 - 1}{36}    \qquad (2)

with nu chains a volume. `sample_rouse_stress` follows the modes exactly, with no error of the time step: what it gives
differs from (2) by statistics alone.

References
----------
1. Ramirez, Sukumaran, Vorselaars & Likhtman, J. Chem. Phys. 133, 154103 (2010), doi:10.1063/1.3491098.
2. Rouse, J. Chem. Phys. 21, 1272 (1953), doi:10.1063/1.1699180.
3. Doi & Edwards, The Theory of Polymer Dynamics (Clarendon Press, 1986), ch. 4.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ..evidence import Evidence
from ..kernels.random import normal, spawn_states
from ..kernels.threads import map_blocks
from ..model import ParameterError
from ..quantities import Count, Dimensionless, Energy, Length, Time, Unit, law
from .viscoelasticity import GeneralizedMaxwell, fit_prony, stress_relaxation

__all__ = [
    "relaxation_modulus",
    "rouse_modulus",
    "rouse_time",
    "rouse_viscosity",
    "sample_rouse_stress",
]

Floats = NDArray[np.float64]
Friction = Annotated[float, Unit("kg s-1")]
ViscosityOfChain = Annotated[float, Unit("kg m2 s-1")]
_MOST_VALUES = 1 << 27


@law
def rouse_time(beads: Count, friction: Friction, bond_length: Length, thermal_energy: Energy, mode: Count = 1) -> Time:
    """Relaxation time of the coordinates of a mode of a free chain, equation (2); stress relaxes twice as fast.

    Parameters
    ----------
    beads : int
        N.
    friction : float
        zeta of a bead [kg/s].
    bond_length : float
        b, root mean square [m].
    thermal_energy : float
        kT [J].
    mode : int
        p, from 1 to N - 1.

    Returns
    -------
    float
        [s]; NaN for a mode that does not exist.

    Examples
    --------
    >>> round(rouse_time(20, 1.0, 1.0, 1.0), 6)
    13.537303
    """
    exists = (np.asarray(mode) >= 1) & (np.asarray(mode) < beads)
    sine = np.sin(np.where(exists, mode, np.nan) * math.pi / (2.0 * beads))
    result: Any = friction * np.square(bond_length) / (12.0 * thermal_energy * sine * sine)
    return result[()]


@law
def rouse_modulus(
    time: Time, beads: Count, friction: Friction, bond_length: Length, thermal_energy: Energy
) -> Dimensionless:
    """Relaxation modulus of free chains over kT and the number of chains a volume, equation (2).

    Parameters
    ----------
    time : float
        Since a step of strain [s].
    beads : int
        N.
    friction : float
        zeta of a bead [kg/s].
    bond_length : float
        b, root mean square [m].
    thermal_energy : float
        kT [J].

    Returns
    -------
    float
        N - 1 at time 0, 0 before it.

    Examples
    --------
    >>> [round(rouse_modulus(t, 20, 1.0, 1.0, 1.0) / 20, 6) for t in (0.0, 0.1, 1.0)]
    [0.95, 0.392514, 0.091426]
    """
    t, chain = np.asarray(time, dtype=float), np.asarray(beads)
    passed = np.maximum(t, 0.0) * thermal_energy / (friction * np.square(bond_length))
    total: Any = np.zeros(np.broadcast_shapes(passed.shape, chain.shape))
    for mode in range(1, int(np.max(chain, initial=0))):
        sine = np.sin(mode * math.pi / (2.0 * chain))
        total = total + np.where(mode < chain, np.exp(-24.0 * sine * sine * passed), 0.0)
    result: Any = np.where(t < 0.0, 0.0, total)
    return result[()]


@law
def rouse_viscosity(beads: Count, friction: Friction, bond_length: Length) -> ViscosityOfChain:
    """Zero-shear viscosity of free chains over the number of chains a volume, equation (2).

    Parameters
    ----------
    beads : int
        N.
    friction : float
        zeta of a bead [kg/s].
    bond_length : float
        b, root mean square [m].

    Returns
    -------
    float
        [Pa s m3].

    Examples
    --------
    >>> round(rouse_viscosity(20, 1.0, 1.0) / 20, 6)
    0.554167
    """
    return friction * np.square(bond_length) * (np.square(beads) - 1.0) / 36.0


def relaxation_modulus(
    stress: ArrayLike,
    sampling_interval: float,
    volume: float,
    temperature: float,
    *,
    boltzmann: float | None = None,
    parts: int = 8,
) -> xr.Dataset:
    """Relaxation modulus and running viscosity of a sample at rest, with errors, equation (1).

    Parameters
    ----------
    stress : array_like
        Samples of the stress: (n, 6) with the components xx, yy, zz, xy, yz, zx, as `simulate` of
        :mod:`mesoscale.core.particles.dynamics` gives them; (n, 3, 3); (n,) for one shear component; or
        (sample, n, 6) for independent samples of one volume each. [Pa]
    sampling_interval : float
        Time between two [s].
    volume : float
        Of the sample [m3].
    temperature : float
        [K].
    boltzmann : float, optional
        1 in reduced units. Default: that of nature [J/K].
    parts : int
        Pieces a series is cut into, each long against the slowest process; the error is their spread.

    Returns
    -------
    xarray.Dataset
        ``modulus`` and ``running_viscosity`` (lag_time) with their errors; ``lag_time`` up to the length of a part.

    Raises
    ------
    ParameterError
        If the shape is another, a number is not finite or not positive, or a part has fewer than 16 samples.

    Examples
    --------
    >>> result = relaxation_modulus([1.0, -1.0] * 50, 0.5, 2.0, 4.0, boltzmann=1.0, parts=2)
    >>> result.modulus.values[:3].tolist(), result.modulus_error.values[:3].tolist()
    ([0.5, -0.5, 0.5], [0.0, 0.0, 0.0])
    """
    samples = np.asarray(stress, dtype=np.float64)
    if samples.ndim == 1 or (samples.ndim == 3 and samples.shape[1:] == (3, 3)):
        series = [samples]
    elif samples.ndim in (2, 3) and samples.shape[-1] == 6:
        series = list(samples.reshape(-1, *samples.shape[-2:]))
    else:
        sentence = f"must be (n,), (n, 6), (n, 3, 3) or (sample, n, 6), not {samples.shape}"
        raise ParameterError("relaxation_modulus", {"stress": sentence})
    if isinstance(parts, bool) or not isinstance(parts, int | np.integer) or parts < 1 or parts * len(series) < 2:
        raise ParameterError("relaxation_modulus", {"parts": "must be an integer of at least 2 (1 with samples)"})
    length = len(series[0]) // parts
    if length < 16:
        raise ParameterError("relaxation_modulus", {"parts": f"leaves {length} samples a part; 16 are needed"})
    pieces = [one[n * length : (n + 1) * length] for one in series for n in range(parts)]
    results = [
        stress_relaxation(piece, sampling_interval, volume, temperature, boltzmann=boltzmann) for piece in pieces
    ]
    lag = results[0][0]
    moduli = np.array([modulus for _, modulus in results])
    steps = np.diff(lag)
    running = np.zeros_like(moduli)
    running[:, 1:] = np.cumsum(0.5 * steps * (moduli[:, 1:] + moduli[:, :-1]), axis=1)
    pascal, second = ("Pa", "s") if boltzmann is None else ("1", "1")
    flow = "Pa s" if boltzmann is None else "1"
    root = math.sqrt(len(moduli))
    place = ("lag_time",)
    variables = {
        "modulus": (place, moduli.mean(axis=0), {"units": pascal, "long_name": "relaxation modulus"}),
        "modulus_error": (place, moduli.std(axis=0, ddof=1) / root,
                          {"units": pascal, "long_name": "standard error of modulus"}),
        "running_viscosity": (place, running.mean(axis=0), {"units": flow, "long_name": "integral of the modulus"}),
        "running_viscosity_error": (place, running.std(axis=0, ddof=1) / root,
                                    {"units": flow, "long_name": "standard error of running_viscosity"}),
    }  # fmt: skip
    coords = {"lag_time": (place, lag, {"units": second, "long_name": "time since the step of strain"})}
    return xr.Dataset(variables, coords=coords, attrs={"method": "Green-Kubo", "parts": len(pieces)})


def sample_rouse_stress(
    beads: int, chains: int, samples: int, sampling_interval: float, *, seed: int = 0
) -> xr.Dataset:
    """Stress of free chains in equilibrium, by exact propagation of their modes; units of kT, zeta and b.

    Parameters
    ----------
    beads : int
        N, 2 or more.
    chains : int
        Independent chains.
    samples : int
        Of each chain.
    sampling_interval : float
        Time between two, in zeta b^2 / kT; any length is exact.
    seed : int
        For the same chains again.

    Returns
    -------
    xarray.Dataset
        ``stress`` (chain, time, component), in kT per volume of a chain, with components xx, yy, zz, xy, yz, zx.

    Raises
    ------
    ParameterError
        If a number is out of range.

    Examples
    --------
    >>> stress = sample_rouse_stress(5, 4, 1000, 10.0).stress
    >>> bool(abs((stress.sel(component=["xy", "yz", "zx"]) ** 2).mean() - 4.0) < 0.4)
    True
    """
    name = "sample_rouse_stress"
    for word, value, least in (("beads", beads, 2), ("chains", chains, 1), ("samples", samples, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ParameterError(name, {word: f"must be an integer of at least {least}, not {value!r}"})
    if chains * samples * 6 > _MOST_VALUES or beads > 100_000:
        raise ParameterError(name, {"samples": f"must be at most {_MOST_VALUES // (6 * chains)} for {chains} chains"})
    if not 0.0 < sampling_interval < math.inf:
        raise ParameterError(name, {"sampling_interval": f"must be positive, not {sampling_interval}"})
    rates = 12.0 * np.sin(np.arange(1, beads) * np.pi / (2 * beads)) ** 2
    decay = np.exp(-rates * sampling_interval)
    kick = np.sqrt(-np.expm1(-2.0 * rates * sampling_interval))
    stress = np.empty((chains, samples, 6))

    def follow(begin: int, end: int) -> None:
        _follow_modes(decay, kick, spawn_states(seed, end - begin, first=begin), stress[begin:end])

    map_blocks(follow, chains, max(1, int(2e7 / (samples * (beads - 1) * 3))))
    unit = {"units": "1", "long_name": "stress of a chain times its volume, over kT"}
    return xr.Dataset(
        {"stress": (("chain", "time", "component"), stress, unit)},
        coords={"time": ("time", np.arange(samples) * sampling_interval, {"units": "1", "long_name": "time"}),
                "component": ["xx", "yy", "zz", "xy", "yz", "zx"]},
        attrs={"beads": beads, "seed": seed},
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _follow_modes(decay: Floats, kick: Floats, states: Any, stress: Floats) -> None:
    """Modes in units of their standard deviation; each is an Ornstein-Uhlenbeck process of its own."""
    count = len(decay)
    modes = np.empty((count, 3))
    for chain in range(len(stress)):
        state = states[chain]
        for p in range(count):
            for axis in range(3):
                modes[p, axis] = normal(state)
        for n in range(stress.shape[1]):
            xx = yy = zz = xy = yz = zx = 0.0
            for p in range(count):
                x, y, z = modes[p, 0], modes[p, 1], modes[p, 2]
                xx += 1.0 - x * x
                yy += 1.0 - y * y
                zz += 1.0 - z * z
                xy -= x * y
                yz -= y * z
                zx -= z * x
                modes[p, 0] = decay[p] * x + kick[p] * normal(state)
                modes[p, 1] = decay[p] * y + kick[p] * normal(state)
                modes[p, 2] = decay[p] * z + kick[p] * normal(state)
            row = stress[chain, n]
            row[0], row[1], row[2], row[3], row[4], row[5] = xx, yy, zz, xy, yz, zx


def _fit_chain(samples: int = 20_000) -> tuple[xr.Dataset, GeneralizedMaxwell]:
    """Twenty beads, followed at two intervals: a short one for the fast modes, a long one for the slow."""
    fast = relaxation_modulus(
        sample_rouse_stress(20, 48, samples, 0.005).stress, 0.005, 1.0, 1.0, boltzmann=1.0, parts=1
    )
    slow = relaxation_modulus(
        sample_rouse_stress(20, 48, samples, 0.1, seed=1).stress, 0.1, 1.0, 1.0, boltzmann=1.0, parts=1
    )
    early, late = fast.sel(lag_time=slice(None, 0.99)), slow.sel(lag_time=slice(1.0, 60.0))
    both = xr.concat([early, late], "lag_time")
    fit = fit_prony(both.lag_time, both.modulus, error=both.modulus_error)
    return both, fit.material


def _modulus_at(time: float) -> tuple[float, float]:
    measured = relaxation_modulus(
        sample_rouse_stress(20, 32, 10_000, 0.1, seed=2).stress, 0.1, 1.0, 1.0, boltzmann=1.0, parts=1
    ).sel(lag_time=time, method="nearest")
    return float(measured.modulus) / 20, float(measured.modulus_error) / 20


_ROUSE = "Rouse 1953; Doi & Edwards, The Theory of Polymer Dynamics (1986), ch. 4"

EVIDENCE = (
    *(
        Evidence(
            f"modulus of 20-bead chains from their stress at t = {t} zeta b^2/kT, in kT a bead",
            computed=lambda t=t: _modulus_at(t),  # type: ignore[misc]
            expected=lambda t=t: float(rouse_modulus(t, 20, 1.0, 1.0, 1.0)) / 20,  # type: ignore[misc]
            z=4.0,
            kind="theory",
            source=_ROUSE,
        )
        for t in (0.1, 1.0)
    ),
    Evidence(
        "sum of the moduli of a Prony fit to the measured modulus, in kT a bead",
        computed=lambda: float(_fit_chain()[1].relaxation_modulus(0.0)) / 20,
        expected=0.95,
        relative=0.02,
        kind="theory",
        source=_ROUSE,
        slow=True,
    ),
    Evidence(
        "viscosity of a Prony fit to the measured modulus, a bead",
        computed=lambda: _fit_chain(80_000)[1].viscosity() / 20,
        expected=399 / 720,
        relative=0.02,
        kind="theory",
        source=_ROUSE,
        slow=True,
    ),
)

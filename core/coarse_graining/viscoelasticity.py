r"""From the fluctuating stress of a small sample to a viscoelastic continuum.

**Micro.** Molecules that jostle: the shear stress of a sample at rest fluctuates, and its memory is what the sample
does after a small step of strain (Green-Kubo, averaged over the five independent deviators of an isotropic sample):

.. math:: G(t) = \frac{V}{5 k T} \sum_{a<b} \langle \sigma_{ab}(t)\, \sigma_{ab}(0) \rangle
   + \frac{V}{30 k T} \sum_{a<b} \langle N_{ab}(t)\, N_{ab}(0) \rangle,
   \qquad N_{ab} = \sigma_{aa} - \sigma_{bb}   \qquad (1)

**Meso.** A spectrum of relaxation times, the generalised Maxwell model:

.. math:: G(t) = G_e + \sum_i g_i\, e^{-t/\tau_i}   \qquad (2)

.. math:: G'(\omega) = G_e + \sum_i g_i \frac{(\omega \tau_i)^2}{1 + (\omega \tau_i)^2}, \qquad
   G''(\omega) = \sum_i g_i \frac{\omega \tau_i}{1 + (\omega \tau_i)^2}   \qquad (3)

**Macro.** The strain of a loaded sample. The creep compliance *J* is the inverse of *G* under convolution. With
:math:`Q(s) = G_e + \sum_i g_i s \tau_i / (1 + s \tau_i)`, whose negative roots :math:`s_k` lie one between each two
poles (and one above the last pole if :math:`G_e > 0`),

.. math:: J(t) = \frac{1}{G(0)} + \sum_k \frac{e^{s_k t} - 1}{s_k Q'(s_k)} + \frac{t}{\eta}   \qquad (4)

exactly. A solid has no last term, and its *J* ends at :math:`1/G_e`; in a liquid :math:`\eta = \sum_i g_i \tau_i`,
and what is elastic in it ends at :math:`J_e = \sum_i g_i \tau_i^2 / \eta^2`. Note that *J* is not 1/*G*.

References
----------
1. Ramirez, Sukumaran, Vorselaars & Likhtman, J. Chem. Phys. 133, 154103 (2010), doi:10.1063/1.3491098.
2. Ferry, Viscoelastic Properties of Polymers, 3rd ed. (Wiley 1980), ch. 3.
3. Baumgaertel & Winter, Rheol. Acta 28, 511 (1989), doi:10.1007/BF01332922.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.optimize
from numba import njit
from numpy.typing import ArrayLike, NDArray
from pydantic import model_validator
from scipy import constants

from ..kernels.correlator import correlate
from ..model import ParameterError, Record, param, problem
from ..quantities import Pressure, Temperature, Time, Volume

__all__ = ["GeneralizedMaxwell", "MaxwellMode", "PronyFit", "fit_prony", "stress_relaxation"]

Floats = NDArray[np.float64]


class MaxwellMode(Record):
    """A spring and a dashpot in series."""

    modulus: Pressure = param(1.0, "modulus of the spring", source="the user's", ge=0, le=1e30)
    relaxation_time: Time = param(1.0, "time in which its stress decays", source="the user's", gt=0, le=1e30)


class GeneralizedMaxwell(Record):
    """A linear viscoelastic material: equation (2). Also in reduced units, if all numbers are.

    Examples
    --------
    >>> gel = GeneralizedMaxwell.of_spectrum([3e3], [2.0], 1e3)
    >>> round(float(gel.relaxation_modulus(2.0)), 6)
    2103.638324
    >>> round(float(gel.creep_compliance(0.0)), 6), round(float(gel.creep_compliance(1e4)), 6)
    (0.00025, 0.001)
    """

    equilibrium_modulus: Pressure = param(0.0, "modulus that stays; 0 for a liquid", source="the user's", ge=0, le=1e30)
    modes: tuple[MaxwellMode, ...] = param((MaxwellMode(),), "relaxation spectrum", source="the user's")

    @model_validator(mode="after")
    def _carries_a_load(self) -> GeneralizedMaxwell:
        if not self.equilibrium_modulus > 0 and not any(mode.modulus > 0 for mode in self.modes):
            raise problem("modes", "must carry a load: some modulus must be positive")
        return self

    @classmethod
    def of_spectrum(
        cls, moduli: ArrayLike, relaxation_times: ArrayLike, equilibrium_modulus: float = 0.0
    ) -> GeneralizedMaxwell:
        """From arrays of equal length. Equal times are merged, modes without modulus are dropped."""
        g, t = (np.asarray(values, dtype=np.float64).ravel() for values in (moduli, relaxation_times))
        if g.shape != t.shape:
            sentence = f"must be as many as the {len(t)} relaxation times, not {len(g)}"
            raise ParameterError(cls.__name__, {"moduli": sentence})
        order = np.argsort(t)
        order = order[g[order] != 0.0]
        g, t = g[order], t[order]
        starts = np.flatnonzero(np.diff(t, prepend=-np.inf) > 1e-9 * t)
        merged = np.add.reduceat(g, starts) if len(starts) else g
        modes = [
            MaxwellMode(modulus=float(modulus), relaxation_time=float(time))
            for modulus, time in zip(merged, t[starts], strict=True)
        ]
        return cls(equilibrium_modulus=equilibrium_modulus, modes=tuple(modes))

    @property
    def _spectrum(self) -> tuple[Floats, Floats]:
        """Moduli and times of the modes that carry a load, by rising time."""
        pairs = sorted((mode.relaxation_time, mode.modulus) for mode in self.modes if mode.modulus > 0)
        table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        return table[:, 1], table[:, 0]

    def relaxation_modulus(self, time: ArrayLike) -> Floats:
        """Stress over strain at `time` [s] after a step of strain [Pa], equation (2), zero before it."""
        moduli, times = self._spectrum
        t = np.asarray(time, dtype=np.float64)
        value = self.equilibrium_modulus + (moduli * np.exp(-_over(np.maximum(t, 0.0), times))).sum(axis=-1)
        return np.where(t < 0.0, 0.0, value)

    def storage_modulus(self, angular_frequency: ArrayLike) -> Floats:
        """In-phase modulus [Pa] at `angular_frequency` [rad/s], equation (3)."""
        moduli, times = self._spectrum
        x = _over(angular_frequency, 1.0 / times)
        return np.asarray(self.equilibrium_modulus + (moduli * (x * x / (1.0 + x * x))).sum(axis=-1))

    def loss_modulus(self, angular_frequency: ArrayLike) -> Floats:
        """Out-of-phase modulus [Pa] at `angular_frequency` [rad/s], equation (3)."""
        moduli, times = self._spectrum
        x = _over(angular_frequency, 1.0 / times)
        return np.asarray((moduli * (x / (1.0 + x * x))).sum(axis=-1))

    def viscosity(self) -> float:
        """Zero-shear viscosity [Pa s]; infinite for a solid."""
        moduli, times = self._spectrum
        return float(moduli @ times) if self.equilibrium_modulus == 0 else float("inf")

    def steady_state_compliance(self) -> float:
        """Strain over stress that a long load leaves behind elastically [1/Pa]."""
        if self.equilibrium_modulus > 0:
            return 1.0 / self.equilibrium_modulus
        moduli, times = self._spectrum
        return float(moduli @ times**2 / (moduli @ times) ** 2)

    def retardation_spectrum(self) -> tuple[Floats, Floats]:
        """Compliances [1/Pa] and retardation times [s], by rising time: the roots of Q in equation (4).

        The roots are bracketed by the poles and bisected in the logarithm, to the last bits over any span of times.
        """
        moduli, times = self._spectrum
        solid = self.equilibrium_modulus > 0
        if len(times) == 0 or (len(times) == 1 and not solid):
            return np.empty(0), np.empty(0)
        low = np.log(times)  # each retardation time lies between two relaxation times, the last one above all
        ceiling = times[-1] * (1.0 + moduli.sum() / self.equilibrium_modulus) * 2.0 if solid else times[-1]
        high = np.append(low[1:], np.log(ceiling))
        if not solid:
            low, high = low[:-1], high[:-1]
        for _ in range(80):
            middle = 0.5 * (low + high)
            s = -np.exp(-middle)[:, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                value = self.equilibrium_modulus + np.sum(moduli * s * times / (1.0 + s * times), axis=1)
            above = ~(value > 0.0)  # between two relaxation times Q rises from minus to plus infinity
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        retardation = np.exp(0.5 * (low + high))
        s = -1.0 / retardation[:, None]
        with np.errstate(divide="ignore"):
            slope = np.sum(moduli * times / (1.0 + s * times) ** 2, axis=1)
        return retardation / slope, retardation

    def creep_compliance(self, time: ArrayLike) -> Floats:
        """Strain over stress [1/Pa] at `time` [s] after a step of stress, equation (4); zero before it."""
        t = np.asarray(time, dtype=np.float64)
        after = np.maximum(t, 0.0)
        compliances, retardation = self.retardation_spectrum()
        moduli, _ = self._spectrum
        # from what gives way at once upwards: all terms are positive, and nothing cancels
        gained = (compliances * -np.expm1(-_over(after, retardation))).sum(axis=-1)
        value = 1.0 / (self.equilibrium_modulus + moduli.sum()) + gained
        if self.equilibrium_modulus == 0:
            value = value + after / self.viscosity()
        return np.where(t < 0.0, 0.0, value)

    def strain_under_load(self, time: ArrayLike, stress: float, loading_time: float) -> Floats:
        """Creep and recovery: the strain at `time` [s] under `stress` [Pa] from 0 to `loading_time` [s]."""
        t = np.asarray(time, dtype=np.float64)
        return stress * (self.creep_compliance(t) - self.creep_compliance(t - loading_time))

    def stress_under_strain(self, time: ArrayLike, strain: ArrayLike) -> Floats:
        """Stress [Pa] at each of `time` [s] of a sample that follows `strain`, straight between the points given.

        The update is exact for such a path, so that steps of any length are stable. The sample is relaxed before the
        first point; a first strain that is not zero is a step.

        Raises
        ------
        ParameterError
            If the times do not increase, the lengths differ or a number is not finite.
        """
        t, gamma = (np.ascontiguousarray(values, dtype=np.float64) for values in (time, strain))
        if t.ndim != 1 or t.shape != gamma.shape or len(t) == 0:
            sentence = f"must be as long as strain, in one dimension, not of shapes {t.shape} and {gamma.shape}"
            raise ParameterError(type(self).__name__, {"time": sentence})
        if not (np.isfinite(t).all() and np.isfinite(gamma).all()):
            raise ParameterError(type(self).__name__, {"strain": "and its times must be finite"})
        if not (np.diff(t) > 0).all():
            raise ParameterError(type(self).__name__, {"time": "must increase"})
        moduli, times = self._spectrum
        return _follow_strain(t, gamma, self.equilibrium_modulus, moduli, times)


class PronyFit(NamedTuple):
    """Result of `fit_prony`."""

    material: GeneralizedMaxwell
    """The model that was fitted."""
    deviation: float
    """Largest relative deviation from the data, where they exceed a thousandth of their maximum."""
    at_shortest: bool
    """Whether the shortest time of the grid is used: faster relaxation may be hidden."""
    at_longest: bool
    """Whether the longest time of the grid is used: slower relaxation may be hidden."""


def fit_prony(
    time: ArrayLike,
    modulus: ArrayLike,
    *,
    error: ArrayLike | None = None,
    times_per_decade: float = 3,
    solid: bool = False,
    merge: float = 0.2,
) -> PronyFit:
    """Non-negative spectrum on a logarithmic grid of times, by non-negative least squares.

    Parameters
    ----------
    time : array_like
        Times [s] of at least 0, in any order, shape (n,).
    modulus : array_like
        Relaxation modulus [Pa], shape (n,).
    error : array_like, optional
        Standard errors. Weights are 1/(error + 0.01 modulus), so that all decades count.
    times_per_decade : float
        Density of the grid, which spans the positive times.
    solid : bool
        Whether an equilibrium modulus is fitted, too.
    merge : float
        Neighbouring modes closer than this relative distance become one, of equal modulus and viscosity.

    Raises
    ------
    ParameterError
        If the data, or the grid asked for, are unusable.

    Examples
    --------
    >>> t = np.geomspace(1e-2, 1e2, 60)
    >>> fit = fit_prony(t, 2.0 * np.exp(-t))
    >>> round(float(fit.material.relaxation_modulus(0.0)), 2), fit.deviation < 0.05
    (2.0, True)
    """
    t, g = (np.asarray(values, dtype=np.float64) for values in (time, modulus))
    spread = np.zeros_like(g) if error is None else np.asarray(error, dtype=np.float64)
    if t.ndim != 1 or t.shape != g.shape or spread.shape != g.shape or len(t) < 3:
        raise ParameterError("fit_prony", {"modulus": "must be as long as time (and error), at least 3 points"})
    if not (np.isfinite(t).all() and np.isfinite(g).all() and (t >= 0).all() and g.max() > 0):
        raise ParameterError("fit_prony", {"modulus": "must be finite and somewhere positive, at times of at least 0"})
    if not (np.isfinite(spread).all() and (spread >= 0).all()):
        raise ParameterError("fit_prony", {"error": "must be finite and at least 0"})
    if len(np.unique(t[t > 0])) < 2:
        raise ParameterError("fit_prony", {"time": "must have two positive values or more: the grid spans them"})
    for name, value, least in (("times_per_decade", times_per_decade, 0.1), ("merge", merge, 0.0)):
        if not least <= value <= 100.0:
            raise ParameterError("fit_prony", {name: f"must be from {least:g} to 100"}, {name: value})
    low, high = np.log10(t[t > 0].min()), np.log10(t.max())
    grid = np.logspace(low, high, max(2, int(np.ceil((high - low) * times_per_decade)) + 1))
    basis = np.exp(-t[:, None] / grid)
    if solid:
        basis = np.column_stack([basis, np.ones_like(t)])
    weight = 1.0 / (spread + 0.01 * np.maximum(np.abs(g), 1e-3 * g.max()))
    amplitudes, _ = scipy.optimize.nnls(basis * weight[:, None], g * weight)
    stays = float(amplitudes[-1]) if solid else 0.0
    moduli = amplitudes[: len(grid)]
    kept = moduli > 1e-12 * amplitudes.sum()  # what rounding leaves is no mode
    material = GeneralizedMaxwell.of_spectrum(*_merge_close(moduli[kept], grid[kept], merge), stays)
    seen = np.abs(g) > 1e-3 * g.max()
    deviation = float(np.max(np.abs(material.relaxation_modulus(t[seen]) / g[seen] - 1.0)))
    return PronyFit(material, deviation, bool(kept[0]), bool(kept[-1]))


def _merge_close(moduli: Floats, times: Floats, distance: float) -> tuple[list[float], list[float]]:
    merged_moduli: list[float] = []
    merged_times: list[float] = []
    for g, t in zip(moduli.tolist(), times.tolist(), strict=True):
        if merged_times and t <= merged_times[-1] * (1.0 + distance):
            total = merged_moduli[-1] + g
            merged_times[-1] = (merged_moduli[-1] * merged_times[-1] + g * t) / total
            merged_moduli[-1] = total
        else:
            merged_moduli.append(g)
            merged_times.append(t)
    return merged_moduli, merged_times


def stress_relaxation(
    stress: ArrayLike,
    sampling_interval: Time,
    volume: Volume,
    temperature: Temperature,
    *,
    boltzmann: float | None = None,
) -> tuple[Floats, Floats]:
    """Relaxation modulus of an isotropic sample at rest from its stress tensor, equation (1).

    Parameters
    ----------
    stress : array_like
        Samples of the whole tensor [Pa], shape (n, 3, 3); of its components xx, yy, zz, xy, yz, zx, shape (n, 6), as
        `simulate` of :mod:`mesoscale.core.particles.dynamics` gives them; or of one shear component, shape (n,).
    sampling_interval : float
        Time between two samples [s].
    volume : float
        Volume of the sample [m3].
    temperature : float
        Temperature [K].
    boltzmann : float, optional
        Constant that turns the temperature into an energy: 1 in reduced units. Default: that of nature [J/K].

    Returns
    -------
    time, modulus : numpy.ndarray
        At lags of the multiple-tau correlator.

    Raises
    ------
    ParameterError
        If the samples have another shape or are not finite, or a number is not positive.

    Examples
    --------
    >>> time, modulus = stress_relaxation([1.0, -1.0] * 50, 0.5, 2.0, 4.0, boltzmann=1.0)
    >>> time[:3].tolist(), modulus[:3].tolist()
    ([0.0, 0.5, 1.0], [0.5, -0.5, 0.5])
    """
    samples = np.asarray(stress, dtype=np.float64)
    k = constants.k if boltzmann is None else boltzmann
    numbers = {"sampling_interval": sampling_interval, "volume": volume, "temperature": temperature, "boltzmann": k}
    for name, value in numbers.items():
        if isinstance(value, str) or np.ndim(value) != 0 or not 0.0 < float(value) < np.inf:
            raise ParameterError("stress_relaxation", {name: "must be a positive number"}, {name: value})
    if samples.size == 0 or (samples.ndim != 1 and samples.shape[1:] not in ((6,), (3, 3))):
        sentence = f"must be (n,), (n, 6) or (n, 3, 3), not {samples.shape}"
        raise ParameterError("stress_relaxation", {"stress": sentence})
    if not np.isfinite(samples).all():
        raise ParameterError("stress_relaxation", {"stress": "must be finite"})
    scale = float(volume) / (float(k) * float(temperature))
    if samples.ndim == 1:
        lags, correlation = correlate(samples, subtract_mean=False)
        return np.asarray(lags * sampling_interval, dtype=np.float64), scale * correlation
    flat = samples if samples.shape[1:] == (6,) else samples.reshape(-1, 9)[:, [0, 4, 8, 1, 5, 2]]
    normal = np.stack([flat[:, 0] - flat[:, 1], flat[:, 1] - flat[:, 2], flat[:, 0] - flat[:, 2]], axis=1)
    lags, sheared = correlate(flat[:, 3:], subtract_mean=False)
    time = np.asarray(lags * sampling_interval, dtype=np.float64)
    _, normals = correlate(normal, subtract_mean=False)
    # `correlate` averages over the three channels where equation (1) sums
    return time, scale * (3.0 / 5.0 * sheared + 3.0 / 30.0 * normals)


def _over(values: ArrayLike, units: Floats) -> Floats:
    """Each value over each unit, on a last axis; so large ones that their squares would overflow are cut."""
    with np.errstate(over="ignore"):
        return np.asarray(np.minimum(np.asarray(values, dtype=np.float64)[..., None] / units, 1e150))


@njit(cache=True, nogil=True)
def _follow_strain(time: Floats, strain: Floats, stays: float, moduli: Floats, times: Floats) -> Floats:
    """Each mode decays by its exponential and gains g tau (1 - exp(-dt/tau)) times the rate of strain."""
    stress = np.empty_like(time)
    modes = moduli * strain[0]
    stress[0] = stays * strain[0] + modes.sum()
    for n in range(1, len(time)):
        step = time[n] - time[n - 1]
        rate = (strain[n] - strain[n - 1]) / step
        total = stays * strain[n]
        for i in range(len(modes)):
            gained = -np.expm1(-step / times[i])
            modes[i] += gained * (moduli[i] * times[i] * rate - modes[i])
            total += modes[i]
        stress[n] = total
    return stress

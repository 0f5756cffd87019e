"""Six ways to read the stiffness of its joints off a chain: four thermal ones and two in a testing machine.

A thermal route returns k/kT as an `Estimate`, or None where no stiffness gives what was measured; it inverts an
exact law of the discrete chain at the mean over the chains, and its standard error is the scatter of that mean through
the slope of the law. The machines return the rigidity of the continuous rod that does the same.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ...core.model import Estimate
from .joints import Dimensions, JointPotential, joint_average, lag_to_persistence, solve_stiffness_ratio
from .loads import Ends, elastica_deflection, euler_buckling_force
from .sampling import ChainStatistics
from .statistics import mean_square_end_to_end_distance

__all__ = [
    "average_groups",
    "from_buckling",
    "from_cantilever",
    "from_joint_angles",
    "from_modes",
    "from_size",
    "from_tangent_correlation",
    "most_likely_ratio",
]

Floats = NDArray[np.float64]
Route = Estimate | None


def average_groups(values: Floats, weight: Floats) -> Estimate:
    """Mean over groups of chains and its standard error (NaN for a single group)."""
    total = weight.sum()
    shaped = weight.reshape(-1, *[1] * (values.ndim - 1))
    mean = (shaped * values).sum(axis=0) / total
    n = len(weight)
    if n < 2:
        return Estimate(mean, np.full_like(mean, np.nan))
    scatter = (shaped**2 * (values - mean) ** 2).sum(axis=0) * n / (n - 1)
    return Estimate(mean, np.sqrt(scatter) / total)


def from_joint_angles(chains: ChainStatistics, potential: JointPotential, dimensions: Dimensions) -> Route:
    """Maximum likelihood: the stiffness whose mean joint energy is the one that was measured."""
    observable: Callable[[Any], Any] = np.square if potential == "harmonic" else _lose_cosine
    mean = average_groups(chains.square_angle if potential == "harmonic" else chains.loss, chains.weight)
    return _invert(lambda kappa: -joint_average(kappa, potential, dimensions, observable), -mean.value, mean.error)


def from_modes(chains: ChainStatistics, segments: int, potential: JointPotential, dimensions: Dimensions) -> Route:
    """From the variance of the joint angle that each of the lowest modes implies, equation (10)."""
    mode = np.arange(1, chains.mode_variance.shape[1] + 1)
    implied = chains.mode_variance * (8.0 / segments * np.sin(mode * np.pi / (2 * segments)) ** 2)
    mean = average_groups(implied.mean(axis=1) * (dimensions - 1), chains.weight)
    return _invert(lambda kappa: -joint_average(kappa, potential, dimensions, np.square), -mean.value, mean.error)


def from_size(chains: ChainStatistics, segments: int, potential: JointPotential, dimensions: Dimensions) -> Route:
    """From the mean square end-to-end distance, equation (6)."""
    mean = average_groups(chains.square_distance, chains.weight)

    def predict(kappa: Any) -> Any:
        length = lag_to_persistence(kappa, potential, dimensions)
        return mean_square_end_to_end_distance(segments, np.ones_like(length), length)

    return _invert(predict, mean.value, mean.error)


def from_tangent_correlation(chains: ChainStatistics, potential: JointPotential, dimensions: Dimensions) -> Route:
    """From the slope of the logarithm of the tangent correlation, over one decay length; the error by jackknife."""
    weight, values = chains.weight, chains.correlation
    total = (weight[:, None] * values).sum(axis=0)
    without = total - weight[:, None] * values
    mean = total / weight.sum()
    if not 0.0 < mean[0] < 1.0:
        return None
    window = int(np.clip(-1.0 / np.log(mean[0]), 1, len(mean)))
    lag = np.arange(1, window + 1)
    mean = mean[:window]
    if (mean <= 0.0).any():
        return None
    decay = -(lag * np.log(mean)).sum() / (lag**2).sum()
    n, error = len(weight), np.nan
    if n > 1 and (without[:, :window] > 0.0).all():
        left = without[:, :window] / (weight.sum() - weight)[:, None]
        decays = -(lag * np.log(left)).sum(axis=1) / (lag**2).sum()
        error = np.sqrt((n - 1) / n * ((decays - decays.mean()) ** 2).sum())
    return _invert(lambda kappa: -1.0 / lag_to_persistence(kappa, potential, dimensions), -decay, error)


def from_cantilever(load: float, deflection: float) -> float:
    """Rigidity with which the elastica bends as far as the chain did, over stiffness times length."""

    def excess(guess: float) -> float:
        return float(elastica_deflection(guess, 1.0, 1.0)) - deflection

    return load / float(optimize.brentq(excess, load / 3.0, load * 3.0, xtol=1e-12))


def from_buckling(load: float, segments: int, ends: Ends) -> float:
    """Rigidity with which Euler's rod buckles where the chain did, over stiffness times length; `load` in k/l."""
    return load * segments**2 / float(euler_buckling_force(1.0, 1.0, ends))


def most_likely_ratio(mean_energy: float, potential: JointPotential, dimensions: Dimensions) -> float:
    """k/kT that makes measured joints most likely; `mean_energy` is the mean of theta^2 or of 1 - cos theta."""
    observable = np.square if potential == "harmonic" else _lose_cosine
    return float(
        solve_stiffness_ratio(lambda kappa: -joint_average(kappa, potential, dimensions, observable), -mean_energy)
    )


def _lose_cosine(angle: Any) -> Any:
    return 2.0 * np.sin(angle / 2.0) ** 2


def _invert(increasing: Callable[[Any], Any], value: Any, error: Any) -> Route:
    kappa = float(solve_stiffness_ratio(increasing, value))
    if np.isnan(kappa):
        return None
    step = 1e-4
    slope = (increasing(kappa * (1 + step)) - increasing(kappa * (1 - step))) / (2 * step * kappa)
    return Estimate(kappa, float(error / slope))

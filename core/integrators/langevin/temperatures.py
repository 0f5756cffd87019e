r"""What temperature a trajectory has: by its velocities, and by its positions.

.. math:: kT_{kin} = \langle m v^2 \rangle, \qquad
   kT_{conf} = \frac{\langle |\nabla U|^2 \rangle}{\langle \nabla^2 U \rangle}   \qquad (1)

Good schemes get positions right while the kinetic temperature is off by :math:`O(h^2)`: judge a step by the second.

References
----------
Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772.
Butler, Ayton, Jepps & Evans, J. Chem. Phys. 109, 6519 (1998), doi:10.1063/1.477301.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ...model import Estimate, ParameterError
from ..sde.equation import compiled

__all__ = ["configurational_temperature", "harmonic_moments", "kinetic_temperature"]

Floats = NDArray[np.float64]


def harmonic_moments(scheme: str, frequency_step: ArrayLike) -> tuple[Any, Any]:
    """Stationary mean squares of x and v in a harmonic well over those of Boltzmann, at any friction.

    Parameters
    ----------
    scheme : str
        Name of the scheme.
    frequency_step : array_like
        Frequency times step for schemes with inertia; for overdamped ones the square root of stiffness times step over
        friction coefficient. Both are stable below 2 and sqrt(2), respectively.

    Returns
    -------
    position, velocity : float or numpy.ndarray
        Ratios to kT/k and kT/m; NaN beyond stability, and for the velocity of an overdamped scheme.

    Examples
    --------
    >>> harmonic_moments("baoab", 1.0), harmonic_moments("obabo", 1.0)
    ((1.0, 0.75), (1.3333333333333333, 1.0))
    """
    square = np.square(np.asarray(frequency_step, dtype=np.float64))
    q = square / 4.0
    one = np.where(q < 1.0, 1.0, np.nan)
    more = 1.0 / np.where(q < 1.0, 1.0 - q, np.nan)
    slow = np.where(square < 2.0, 1.0, np.nan)
    table = {
        "baoab": (one, one / more),
        "aboba": (one, more),
        "obabo": (more, one),
        "leimkuhler_matthews": (slow, np.nan * slow),
        "euler_maruyama": (1.0 / np.where(square < 2.0, 1.0 - 0.5 * square, np.nan), np.nan * slow),
    }
    if scheme not in table:
        raise ParameterError("harmonic_moments", {"scheme": f"must be one of {', '.join(table)}"}, {"scheme": scheme})
    position, velocity = (np.asarray(value) for value in table[scheme])
    return (float(position), float(velocity)) if position.ndim == 0 else (position, velocity)


def kinetic_temperature(velocity: ArrayLike, mass: ArrayLike = 1.0) -> Estimate:
    """Thermal energy kT of velocities, with its standard error over independent trajectories.

    Parameters
    ----------
    velocity : array_like
        Shape (trajectory, ..., degree), from trajectories that are stationary.
    mass : array_like
        One for all degrees of freedom or one for each.

    Examples
    --------
    >>> kinetic_temperature([[1.0], [-1.0], [1.0]]).value
    1.0
    """
    v = np.asarray(velocity, dtype=np.float64)
    samples = (np.asarray(mass) * v * v).reshape(len(v), -1).mean(axis=1)
    return _mean(samples)


def configurational_temperature(force: Callable[..., Any], position: ArrayLike, parameters: ArrayLike = ()) -> Estimate:
    """Thermal energy kT of positions, equation (1), with its standard error over independent trajectories.

    Parameters
    ----------
    force : callable
        As for `langevin`. The Laplacian is its divergence by central differences.
    position : array_like
        Shape (trajectory, ..., degree), stationary; at least two trajectories for an error.
    parameters : array_like
        Handed to the force.

    Examples
    --------
    >>> x = np.array([[1.0], [-1.0], [1.0]])
    >>> round(configurational_temperature(lambda x, p: -x, x).value, 6)
    1.0
    """
    x = np.asarray(position, dtype=np.float64)
    rows = np.ascontiguousarray(x.reshape(-1, x.shape[-1]))
    p = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
    measure = _measure_one if x.shape[-1] == 1 else _measure_many
    squares, curvatures = (part.reshape(len(x), -1).mean(axis=1) for part in measure(compiled(force), rows, p).T)
    ratio = squares.mean() / curvatures.mean()
    # the error of a ratio of means: that of the residuals
    return Estimate(float(ratio), _mean((squares - ratio * curvatures) / curvatures.mean()).error)


def _mean(samples: Floats) -> Estimate:
    n = len(samples)
    error = float(samples.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return Estimate(float(samples.mean()), error)


@njit(nogil=True)
def _measure_one(force, x, p):  # type: ignore[no-untyped-def]
    """|F|^2 and -div F of each configuration."""
    out = np.empty((len(x), 2))
    for n in range(len(x)):
        y = x[n, 0]
        span = 6e-6 * max(1.0, abs(y))
        out[n, 0] = force(y, p) ** 2
        out[n, 1] = -(force(y + span, p) - force(y - span, p)) / (2.0 * span)
    return out


@njit(nogil=True)
def _measure_many(force, x, p):  # type: ignore[no-untyped-def]
    out = np.zeros((len(x), 2))
    f, above, below = np.empty(x.shape[1]), np.empty(x.shape[1]), np.empty(x.shape[1])
    for n in range(len(x)):
        y = x[n].copy()
        force(y, p, f)
        for i in range(len(y)):
            out[n, 0] += f[i] * f[i]
            middle = y[i]
            span = 6e-6 * max(1.0, abs(middle))
            y[i] = middle + span
            force(y, p, above)
            y[i] = middle - span
            force(y, p, below)
            y[i] = middle
            out[n, 1] -= (above[i] - below[i]) / (2.0 * span)
    return out

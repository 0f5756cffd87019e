r"""Relative entropy: the beads whose ensemble is told apart from that of the atoms with the greatest difficulty.

**Micro.** Configurations of atoms, mapped onto beads: averages :math:`\langle\cdot\rangle_{AA}`. **Meso.** A potential
:math:`U(R; \theta)` of the beads. How much information is lost is the relative entropy [1],

.. math:: S(\theta) = \beta \langle U_{CG} - U_{AA} \rangle_{AA} - \beta (A_{CG} - A_{AA}) + S_{map} \ge 0   \qquad (1)

with gradient and Hessian [2]

.. math:: \frac{\partial S}{\partial \theta} = \beta \left( \left\langle \frac{\partial U}{\partial \theta}
    \right\rangle_{AA} - \left\langle \frac{\partial U}{\partial \theta} \right\rangle_{CG} \right)   \qquad (2)

.. math:: H = \beta \langle \partial^2 U \rangle_{AA} - \beta \langle \partial^2 U \rangle_{CG}
    + \beta^2 \mathrm{Cov}_{CG}(\partial U, \partial U)   \qquad (3)

**Macro.** Whatever is an average of :math:`\partial U/\partial\theta` is the same for beads and atoms at the minimum: a
complete basis of pair potentials reproduces g(r), as iterative inversion does, of which (3) is the Newton method.

**How.** Newton's step, of a length at most the trust radius in the metric of (3), where half its square is the
relative entropy that the model expects to gain. The free energy in (1) is not known, but its change is: along a step
:math:`\Delta` it is :math:`(g + g') \cdot \Delta / 2` to third order, and a step that does not lower S is taken back
and halved. What is left to gain is half of Newton's decrement :math:`g H^{-1} g`: the search ends when that is below
the tolerance or below what noise alone makes of it, n / (2 effective samples); and when it stops falling (a plateau),
which is not called convergence.

**Validity.** Directions in which nothing varies (a constant, unsampled bins) are left alone. Where U is not linear in
its parameters, the minimum may be a local one.

References
----------
1. Shell, J. Chem. Phys. 129, 144108 (2008), doi:10.1063/1.2992060.
2. Chaimovich & Shell, J. Chem. Phys. 134, 094112 (2011), doi:10.1063/1.3557038.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.linalg
import scipy.special
from numpy.typing import ArrayLike, NDArray

from ..evidence import Evidence
from ..kernels.statistics import statistical_inefficiency
from ..model import ParameterError, ResultError
from ..model.progress import Progress, library_version
from .force_matching import FunctionBasis, SplineBasis
from .force_matching.frames import pair_sums

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Averages", "minimize_relative_entropy", "pair_averages"]

Floats = NDArray[np.float64]
_MOST_REFUSED = 40  # halvings of a step


class Averages(NamedTuple):
    """What an ensemble says about the derivatives of U by the parameters, in units of energy over parameter."""

    gradient: ArrayLike
    """Mean of dU/dtheta, shape (n,)."""
    covariance: ArrayLike | None = None
    """Covariance of dU/dtheta between configurations, shape (n, n); the beads' is needed."""
    curvature: ArrayLike | None = None
    """Mean of the second derivatives, shape (n, n); None for a potential that is linear in its parameters."""
    effective_samples: float = math.inf
    """Number of independent configurations behind the means; infinite for exact averages."""


def minimize_relative_entropy(
    target: Averages | Callable[[Floats], Averages],
    simulator: Callable[[Floats], Averages],
    start: ArrayLike,
    *,
    thermal_energy: float = 1.0,
    trust_radius: float = math.inf,
    tolerance: float = 1e-10,
    patience: int = 4,
    iterations: int = 50,
    regularization: float = 1e-12,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Parameters of the beads' potential that lose least information, by Newton's method on equation (1).

    Parameters
    ----------
    target : Averages or callable
        Of the mapped atoms; a callable of the parameters where the potential is not linear in them.
    simulator : callable
        ``simulator(parameters) -> Averages`` of the beads, with their covariance. It may raise ArithmeticError for
        parameters that cannot be simulated: the step is then taken back.
    start : array_like
        First parameters, shape (n,); they must be such as can be simulated.
    thermal_energy : float
        kT.
    trust_radius : float
        Longest step, in the metric of equation (3); it doubles after good steps and halves after bad ones.
    tolerance : float
        Relative entropy [kT] that may be left to gain.
    patience : int
        Iterations without gaining a tenth on the best one, after which the search ends on its plateau.
    iterations : int
        Most calls of the simulator.
    regularization : float
        Directions of less than this relative curvature are left alone.
    progress : bool or callable, as for `Model.run`

    Returns
    -------
    xarray.Dataset
        ``parameter`` with its error (of the noise of both ensembles; zero for exact averages), and ``converged``,
        ``plateau``; on ``iteration``: ``trial`` parameters, ``remaining`` relative entropy [kT], ``gained`` relative
        entropy since the start, ``accepted``.

    Raises
    ------
    ParameterError
        If the arguments do not fit together.
    ResultError
        If the first parameters cannot be simulated.

    Examples
    --------
    >>> spring = lambda k: Averages([0.5 / k[0]], [[0.5 / k[0] ** 2]])
    >>> result = minimize_relative_entropy(Averages([1.0]), spring, [0.8])
    >>> round(float(result.parameter[0]), 6), bool(result.converged)
    (0.5, True)
    """
    name = "minimize_relative_entropy"
    theta = np.array(start, dtype=np.float64)
    if theta.ndim != 1 or len(theta) == 0 or not np.isfinite(theta).all():
        raise ParameterError(name, {"start": f"must be finite numbers in one dimension, not {start!r}"})
    for key, value in (("thermal_energy", thermal_energy), ("trust_radius", trust_radius), ("tolerance", tolerance)):
        if not value > 0:
            raise ParameterError(name, {key: "must be positive"}, {key: value})
    for key, count in (("patience", patience), ("iterations", iterations)):
        if isinstance(count, bool) or int(count) != count or count < 1:
            raise ParameterError(name, {key: "must be a whole number of at least 1"}, {key: count})
    beta, search = 1.0 / thermal_energy, _Search(trust_radius)
    with Progress(progress, name) as report:
        for number in range(iterations):
            trial = theta if number == 0 else theta + search.step
            point = _evaluate(name, target, simulator, trial, beta, regularization, required=number == 0)
            accepted = search.judge(point)
            search.record(trial, point, accepted)
            report(number + 1, iterations)
            if accepted:
                theta = trial
            if search.is_over(tolerance, patience):
                break
            search.propose()
    return search.result(
        {"start": np.asarray(start).tolist(), "thermal_energy": thermal_energy, "tolerance": tolerance}
    )


class _Point(NamedTuple):
    """S seen from one set of parameters; `remaining` is what Newton's step would gain, `noise` what it would of it."""

    gradient: Floats
    newton: Floats
    metric: Floats
    remaining: float
    noise: float
    error: Floats


_NOWHERE = _Point(np.empty(0), np.empty(0), np.empty(0), math.inf, 0.0, np.empty(0))


class _Search:
    """Newton's method that knows gradients only: what is gained follows from both ends of a step."""

    def __init__(self, radius: float) -> None:
        self.radius, self.step = radius, np.empty(0)
        self.gained, self.best, self.since, self.refused = 0.0, math.inf, 0, 0
        self.converged = self.plateau = False
        self.trials: list[Floats] = []
        self.columns: list[tuple[float, float, bool]] = []
        self.theta, self.point = np.empty(0), _NOWHERE

    def judge(self, point: _Point | None) -> bool:
        """Whether the step is taken."""
        if not self.trials and point is not None:
            return True
        length = self._length(self.step)
        if point is None:
            self.radius = 0.5 * length
            return False
        change = 0.5 * float((self.point.gradient + point.gradient) @ self.step)
        if change > self.point.noise + point.noise:  # noise alone may raise what is left to gain by as much
            self.radius = 0.5 * length
            return False
        expected = float(self.point.gradient @ self.step) + 0.5 * length**2
        if change < 0.5 * expected and length > 0.9 * self.radius:
            self.radius *= 2.0
        self.gained += change
        return True

    def record(self, trial: Floats, point: _Point | None, accepted: bool) -> None:
        """Into the history."""
        if accepted and point is not None:
            self.theta, self.point = trial, point
        self.trials.append(trial)
        self.columns.append((math.nan if point is None else point.remaining, self.gained, accepted))

    def is_over(self, tolerance: float, patience: int) -> bool:
        """Converged, or on a plateau."""
        remaining = self.point.remaining
        self.converged = remaining <= max(tolerance, self.point.noise)
        taken = self.columns[-1][2]
        self.refused = 0 if taken else self.refused + 1
        if taken:
            self.since = 0 if remaining < 0.9 * self.best else self.since + 1
        self.best = min(self.best, remaining)
        self.plateau = not self.converged and (self.since >= patience or self.refused >= _MOST_REFUSED)
        if self.converged:  # the last step is below the tolerance, or below noise: it needs no trial
            self.theta = self.theta + self.point.newton
        return self.converged or self.plateau

    def propose(self) -> None:
        """Newton's step, no longer than the radius."""
        self.step = self.point.newton
        length = self._length(self.step)
        if length > self.radius:
            self.step = self.step * (self.radius / length)

    def _length(self, step: Floats) -> float:
        return math.sqrt(max(float(step @ self.point.metric @ step), 0.0))

    def result(self, parameters: dict[str, Any]) -> xr.Dataset:
        """All that is known, labelled."""
        import xarray as xr

        remaining, gained, accepted = (np.array(column) for column in zip(*self.columns, strict=True))
        one = {"units": "1"}
        variables = {
            "parameter": ("number", self.theta, {**one, "long_name": "parameters of the potential"}),
            "parameter_error": ("number", self.point.error, {**one, "long_name": "their standard error from noise"}),
            "converged": ((), self.converged, {**one, "long_name": "whether no more can be gained"}),
            "plateau": ((), self.plateau, {**one, "long_name": "whether the search ended on a plateau"}),
            "trial": (("iteration", "number"), np.stack(self.trials), {**one, "long_name": "parameters tried"}),
            "remaining": ("iteration", remaining, {**one, "long_name": "relative entropy left to gain [kT]"}),
            "gained": ("iteration", gained, {**one, "long_name": "relative entropy gained since the start [kT]"}),
            "accepted": ("iteration", accepted.astype(bool), {**one, "long_name": "whether the step was taken"}),
        }
        function = f"{__name__}.minimize_relative_entropy"
        recipe = {"function": function, "parameters": parameters, "version": library_version()}
        return xr.Dataset(variables, attrs={"recipe": json.dumps(recipe)})


def _evaluate(
    name: str, target: Any, simulator: Callable[[Floats], Averages], theta: Floats, beta: float,
    regularization: float, *, required: bool,
) -> _Point | None:  # fmt: skip
    """Gradient, Newton's step and metric at `theta`; None where it cannot be simulated."""
    n = len(theta)
    atoms = target(theta) if callable(target) else target
    try:
        beads = simulator(theta)
        if not all(
            np.isfinite(np.asarray(part, dtype=np.float64)).all()
            for part in (atoms.gradient, beads.gradient, beads.covariance)
        ):
            raise FloatingPointError("averages that are not finite")
    except ArithmeticError as error:
        if required:
            raise ResultError(f"{name}: the first parameters cannot be simulated ({error})") from error
        return None
    shapes = [np.asarray(part).shape for part in (atoms.gradient, beads.gradient, beads.covariance)]
    if shapes != [(n,), (n,), (n, n)]:
        sentence = f"must have gradients of shape ({n},) and the beads' covariance of shape ({n}, {n}), not {shapes}"
        raise ParameterError(name, {"simulator": sentence})
    gradient = beta * (np.asarray(atoms.gradient, dtype=np.float64) - np.asarray(beads.gradient, dtype=np.float64))
    spread = beta**2 * np.asarray(beads.covariance, dtype=np.float64)
    hessian = spread
    for ensemble, sign in ((atoms, 1.0), (beads, -1.0)):
        if ensemble.curvature is not None:
            hessian = hessian + sign * beta * np.asarray(ensemble.curvature, dtype=np.float64)
    inverse, metric = _positive_inverse(hessian, spread, regularization)
    newton = -inverse @ gradient
    noise, blur = 0.0, np.zeros((n, n))
    rank = np.linalg.matrix_rank(inverse) if n else 0
    for ensemble in (beads, atoms):
        if math.isfinite(ensemble.effective_samples):
            own = spread if ensemble.covariance is None else beta**2 * np.asarray(ensemble.covariance, dtype=np.float64)
            noise += (rank + 2.0 * math.sqrt(2.0 * rank)) / (2.0 * ensemble.effective_samples)
            blur += inverse @ own @ inverse / ensemble.effective_samples
    errors = np.sqrt(np.maximum(np.diagonal(blur), 0.0))
    return _Point(gradient, newton, metric, 0.5 * float(-newton @ gradient), noise, errors)


def _positive_inverse(hessian: Floats, spread: Floats, regularization: float) -> tuple[Floats, Floats]:
    """Inverse of the Hessian on what varies, and the Hessian itself; of the covariance alone where it is not positive.

    Parameters have units of their own: the matrix is scaled to a unit diagonal first.
    """
    for fallback, matrix in ((False, hessian), (True, spread)):
        diagonal = np.diagonal(matrix)
        known = diagonal > np.finfo(float).tiny
        scale = np.where(known, 1.0 / np.sqrt(np.where(known, diagonal, 1.0)), 0.0)
        values, vectors = scipy.linalg.eigh(matrix * scale[:, None] * scale)
        floor = max(regularization, 16 * np.finfo(float).eps * len(values)) * max(float(values[-1]), 0.0)
        if fallback or not ((diagonal < 0).any() or values[0] < -1e3 * floor - 1e-9):
            break
    kept = values > floor
    root = vectors[:, kept] / np.sqrt(values[kept]) * scale[:, None]
    return root @ root.T, matrix


def pair_averages(
    positions: ArrayLike, box: ArrayLike | None, basis: SplineBasis | FunctionBasis, *, exclude: ArrayLike = ()
) -> Averages:
    """Averages of a pair potential that is a sum of basis functions, from frames of an ensemble.

    Parameters
    ----------
    positions : array_like
        Shape (frame, particle, 3).
    box : array_like or None
        As for `match_forces`.
    basis : SplineBasis or FunctionBasis
        Of the *potential*: dU/dtheta is the sum of a function over all pairs.
    exclude : array_like
        Pairs of particles that do not count, shape (n, 2).

    Examples
    --------
    >>> pair = [[[0.0, 0, 0], [1.0, 0, 0]], [[0.0, 0, 0], [2.0, 0, 0]]]
    >>> averages = pair_averages(pair, None, FunctionBasis((lambda r: r**2,), 3.0))
    >>> averages.gradient.tolist(), averages.covariance.tolist()
    ([2.5], [[2.25]])
    """
    sums = pair_sums("pair_averages", positions, box, basis, exclude)
    deviation = sums - sums.mean(axis=0)
    moving = np.flatnonzero(np.ptp(sums, axis=0) > 0)
    inefficiency = np.mean([statistical_inefficiency(sums[:, k]) for k in moving]) if len(moving) else 1.0
    return Averages(
        sums.mean(axis=0), deviation.T @ deviation / len(sums), None, max(1.0, len(sums) / float(inefficiency))
    )


def _double_well(power: int) -> tuple[Floats, Callable[[Floats], Averages]]:
    """Moments of a particle in x^4 - 2 x^2 by quadrature, and a simulator of theta_0 x^2 + theta_1 x^4 ..."""
    x = np.linspace(-9.0, 9.0, 4001)
    functions = np.stack([x ** (2 * k + 2) for k in range(power)])

    def averages(energy: Floats) -> Averages:
        weight = np.exp(energy.min() - energy)
        weight /= weight.sum()
        mean = functions @ weight
        return Averages(mean, (functions * weight) @ functions.T - np.outer(mean, mean))

    reference = averages(x**4 - 2.0 * x**2)
    return np.asarray(reference.gradient), lambda theta: averages(theta @ functions)


def _matched_well(power: int, number: int, start: tuple[float, ...]) -> float:
    target, simulator = _double_well(power)
    result = minimize_relative_entropy(Averages(target), simulator, start, tolerance=1e-16)
    return float(result.parameter[number]) if bool(result.converged) else math.nan


def _stiffness_of_width() -> float:
    """1 / (2 <x^2>), the mean square being the derivative of ln Z of exp(a x^2 - x^4) by a, at a = 2."""

    def log_partition(a: float) -> float:
        u = a * a / 8.0
        return 0.5 * math.log(a) + u + math.log(scipy.special.iv(-0.25, u) + scipy.special.iv(0.25, u))

    return 1e-3 / (log_partition(2.0 + 1e-3) - log_partition(2.0 - 1e-3))


EVIDENCE = (
    *(
        Evidence(
            f"coefficient of x^{2 * number + 2} of a double well, found from its moments",
            computed=lambda n=number: _matched_well(2, n, (0.5, 0.5)),  # type: ignore[misc]
            expected=expected,
            relative=1e-6,
            kind="theory",
            source="the potential behind the moments, which the basis holds",
        )
        for number, expected in ((0, -2.0), (1, 1.0))
    ),
    Evidence(
        "spring that loses least of a double well",
        computed=lambda: _matched_well(1, 0, (0.5,)),
        expected=_stiffness_of_width,
        relative=1e-6,
        kind="theory",
        source="kT / (2 <x^2>) with the mean square from Bessel functions; Gradshteyn & Ryzhik 3.323",
    ),
)

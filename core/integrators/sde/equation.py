"""What is integrated: drift, diffusion, and how the noise is meant."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher

from ...model import ParameterError

__all__ = ["Interpretation", "Noise", "StochasticEquation"]

Noise = Literal["additive", "scalar", "diagonal", "general"]
Interpretation = Literal["ito", "stratonovich"]

_RELATIVE_STEP = 6e-6  # of central differences: the cube root of the rounding error balances both errors


@dataclass(frozen=True)
class StochasticEquation:
    """dX = f(X, t) dt + g(X, t) dW.

    Parameters
    ----------
    drift : callable
        Compiled by numba, or compiled here. One number: ``f(x, t, parameters) -> float``. A vector:
        ``f(x, t, parameters, out)``, which fills `out` of shape (d,).
    diffusion : callable
        Alike. ``g(x, t, parameters) -> float``; for vectors it fills `out` of shape (d,), the factor of each
        component's own noise, or of shape (d, m) if the noise is general.
    noise : {"additive", "scalar", "diagonal", "general"}
        *additive*: g does not depend on x. *scalar*: one noise drives all components, and g_i may depend on all of x.
        *diagonal*: each component has a noise of its own, and g_i depends on x_i only. *general*: a full matrix that
        may depend on x. For one number, scalar and diagonal are the same.
    interpretation : {"ito", "stratonovich"}
        How noise that depends on the state is meant. It has no default, as either would be wrong for somebody; additive
        noise needs none.
    components : int
        1 for one number; d for a vector.
    noises : int, optional
        m of general noise. Default: as many as components.

    Raises
    ------
    ParameterError
        If a choice is unknown or missing, or a function cannot be compiled.

    Examples
    --------
    >>> growth = StochasticEquation(
    ...     drift=lambda x, t, p: p[0] * x, diffusion=lambda x, t, p: p[1] * x, noise="diagonal", interpretation="ito"
    ... )
    >>> growth.components
    1
    """

    drift: Callable[..., Any]
    diffusion: Callable[..., Any]
    noise: Noise
    interpretation: Interpretation | None = None
    components: int = 1
    noises: int | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        if self.noise not in ("additive", "scalar", "diagonal", "general"):
            sentence = "must be 'additive', 'scalar', 'diagonal' or 'general'"
            raise ParameterError(name, {"noise": sentence}, {"noise": self.noise})
        if self.interpretation not in ("ito", "stratonovich", None):
            sentence = "must be 'ito' or 'stratonovich'"
            raise ParameterError(name, {"interpretation": sentence}, {"interpretation": self.interpretation})
        if self.noise != "additive" and self.interpretation is None:
            sentence = "must be said for noise that depends on the state: 'ito' or 'stratonovich'"
            raise ParameterError(name, {"interpretation": sentence})
        for key, value in (("components", self.components), ("noises", self.noises)):
            if value is not None and (isinstance(value, bool) or int(value) != value or not 1 <= value <= 10**6):
                raise ParameterError(name, {key: "must be a whole number from 1 to 1000000"}, {key: value})
        if self.noise == "general" and self.components == 1:
            sentence = "must be 'additive', 'scalar' or 'diagonal' for one component"
            raise ParameterError(name, {"noise": sentence}, {"noise": self.noise})
        if self.noise != "general" and self.noises not in (None, self.noise_count):
            sentence = "is given for general noise only; otherwise it follows from the kind of noise"
            raise ParameterError(name, {"noises": sentence}, {"noises": self.noises})
        for key in ("drift", "diffusion"):
            function = getattr(self, key)
            if not callable(function):
                raise ParameterError(name, {key: "must be a function that numba compiles"}, {key: function})
            object.__setattr__(self, key, compiled(function))

    @property
    def noise_count(self) -> int:
        """Independent Wiener processes of one trajectory."""
        if self.noise == "general":
            return self.noises or self.components
        return 1 if self.noise == "scalar" else self.components

    def ito_drift(self) -> Callable[..., Any]:
        """Drift of the same process in the sense of Ito: f + (g . grad) g / 2 for Stratonovich, by differences."""
        if self.interpretation != "stratonovich" or self.noise == "additive":
            return self.drift
        if self.components == 1:
            return _convert_one(self.drift, self.diffusion)
        convert = _convert_scalar if self.noise == "scalar" else _convert_many
        return convert(self.drift, self.diffusion)


@functools.lru_cache(maxsize=256)
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` itself if numba compiled it, else compiled; once for each function."""
    return function if isinstance(function, Dispatcher) else njit(function, nogil=True)


@functools.lru_cache(maxsize=256)
def _convert_one(drift: Callable[..., Any], diffusion: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def converted(x, t, parameters):  # type: ignore[no-untyped-def]
        span = _RELATIVE_STEP * max(1.0, abs(x))
        slope = (diffusion(x + span, t, parameters) - diffusion(x - span, t, parameters)) / (2.0 * span)
        return drift(x, t, parameters) + 0.5 * diffusion(x, t, parameters) * slope

    return converted


@functools.lru_cache(maxsize=256)
def _convert_many(drift: Callable[..., Any], diffusion: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def converted(x, t, parameters, out):  # type: ignore[no-untyped-def]
        # g_i depends on x_i only, so that all components are moved at once
        middle, above, below = np.empty_like(x), np.empty_like(x), np.empty_like(x)
        span = _RELATIVE_STEP * np.maximum(1.0, np.abs(x))
        diffusion(x + span, t, parameters, above)
        diffusion(x - span, t, parameters, below)
        diffusion(x, t, parameters, middle)
        drift(x, t, parameters, out)
        for i in range(len(x)):
            out[i] += 0.5 * middle[i] * (above[i] - below[i]) / (2.0 * span[i])

    return converted


@functools.lru_cache(maxsize=256)
def _convert_scalar(drift: Callable[..., Any], diffusion: Callable[..., Any]) -> Callable[..., Any]:
    @njit(nogil=True)
    def converted(x, t, parameters, out):  # type: ignore[no-untyped-def]
        # one noise: the derivative of g along g itself
        g, above, below = np.empty_like(x), np.empty_like(x), np.empty_like(x)
        drift(x, t, parameters, out)
        diffusion(x, t, parameters, g)
        largest = np.abs(g).max()
        if largest > 0.0:
            span = _RELATIVE_STEP * max(1.0, np.abs(x).max()) / largest
            diffusion(x + span * g, t, parameters, above)
            diffusion(x - span * g, t, parameters, below)
            for i in range(len(x)):
                out[i] += 0.25 * (above[i] - below[i]) / span

    return converted

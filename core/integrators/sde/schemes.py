r"""One step of each scheme, for one number and for vectors.

With the increments :math:`\Delta W` and :math:`I_{10} = \int_0^h W\, ds` of a step *h*, both Gaussian, and
:math:`J = I_{10}/h`:

- *Euler-Maruyama* :math:`x + f h + g \Delta W`: strong order 1/2 (1 for additive noise), weak order 1.
- *tamed Euler* with :math:`f/(1 + h |f|)` for *f*: does not explode where *f* grows faster than *x*.
- *Milstein* with :math:`g g'` by a supporting value, :math:`(g(x + f h + g \sqrt h) - g(x))/\sqrt h`: strong order 1.
- *Heun* in the sense of Stratonovich: strong order 1 for one number, diagonal and commuting noise, else 1/2.
- *SRA1* for additive noise: strong order 3/2, weak order 2, two drifts a step.
- *SRIW1* for scalar and diagonal noise: strong order 3/2, four stages. Its tableau is not to be mixed
  with that of SRIW2.

References
----------
Kloeden & Platen, Numerical Solution of Stochastic Differential Equations (Springer 1992), ch. 10 and 11.
Roessler, SIAM J. Numer. Anal. 48, 922 (2010), doi:10.1137/09076636X: SRA1 and SRI1W1.
Hutzenthaler, Jentzen & Kloeden, Ann. Appl. Probab. 22, 1611 (2012), doi:10.1214/11-AAP803: tamed Euler.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from numba import njit

from ...model import ParameterError
from .equation import StochasticEquation

__all__ = ["SCHEMES", "SchemeName", "choose_scheme"]

SchemeName = Literal["euler_maruyama", "tamed_euler", "milstein", "heun", "sra1", "sriw1"]


class Scheme(NamedTuple):
    """A scheme and where it holds."""

    one: Callable[..., Any]
    """Step of one number: (drift, diffusion, x, t, h, dW, J, parameters) -> x."""
    many: Callable[..., Any]
    """Step of a vector, one factor a component, in place: (..., x, ..., dW and J (d,), parameters, work (8, d))."""
    general: Callable[..., Any] | None
    """The same for general noise: (..., parameters, work, factors of (2, d, m))."""
    noise: tuple[str, ...]
    """Kinds of noise for which it has its order."""
    interpretation: str
    """In which sense it reads noise that depends on the state."""
    integrals: bool
    """Whether it uses J, which costs a second random number."""


def choose_scheme(equation: StochasticEquation, name: SchemeName | None) -> tuple[str, Scheme, Callable[..., Any]]:
    """Name, scheme and drift to use, or a clear refusal. Default: SRA1, SRIW1, or for general noise the simplest.

    Raises
    ------
    ParameterError
        If the scheme is unknown or does not hold for the equation.
    """
    stratonovich = equation.interpretation == "stratonovich" and equation.noise != "additive"
    if name is None:
        general = "heun" if stratonovich else "euler_maruyama"
        name = {"additive": "sra1", "scalar": "sriw1", "diagonal": "sriw1", "general": general}[equation.noise]  # type: ignore[assignment]
    if name not in SCHEMES:
        raise ParameterError("integrate", {"scheme": f"must be one of {', '.join(SCHEMES)}"}, {"scheme": name})
    scheme = SCHEMES[name]
    if equation.noise not in scheme.noise:
        kinds = ", ".join(scheme.noise[:-1]) + " or " + scheme.noise[-1] if len(scheme.noise) > 1 else scheme.noise[0]
        sentence = f"holds for {kinds} noise, not for {equation.noise} noise"
        raise ParameterError("integrate", {"scheme": sentence}, {"scheme": name})
    if scheme.interpretation == "stratonovich":
        if equation.noise != "additive" and not stratonovich:
            sentence = "solves equations in the sense of Stratonovich; this one is declared as Ito"
            raise ParameterError("integrate", {"scheme": sentence}, {"scheme": name})
        return name, scheme, equation.drift
    if stratonovich and equation.noise == "general":
        sentence = "must be 'heun' for general noise in the sense of Stratonovich"
        raise ParameterError("integrate", {"scheme": sentence}, {"scheme": name})
    return name, scheme, equation.ito_drift()


# ----------------------------------------------------------------------------------------------------- one number


@njit(nogil=True)
def _euler_one(drift, diffusion, x, t, h, dw, j, p):  # type: ignore[no-untyped-def]
    return x + drift(x, t, p) * h + diffusion(x, t, p) * dw


@njit(nogil=True)
def _tamed_one(drift, diffusion, x, t, h, dw, j, p):  # type: ignore[no-untyped-def]
    f = drift(x, t, p)
    return x + f * h / (1.0 + h * abs(f)) + diffusion(x, t, p) * dw


@njit(nogil=True)
def _milstein_one(drift, diffusion, x, t, h, dw, j, p):  # type: ignore[no-untyped-def]
    root = math.sqrt(h)
    g = diffusion(x, t, p)
    ahead = x + drift(x, t, p) * h
    support = diffusion(ahead + g * root, t, p)
    return ahead + g * dw + (support - g) * (dw * dw - h) / (2.0 * root)


@njit(nogil=True)
def _heun_one(drift, diffusion, x, t, h, dw, j, p):  # type: ignore[no-untyped-def]
    f, g = drift(x, t, p), diffusion(x, t, p)
    ahead = x + f * h + g * dw
    return x + 0.5 * ((f + drift(ahead, t + h, p)) * h + (g + diffusion(ahead, t + h, p)) * dw)


@njit(nogil=True)
def _sra1_one(drift, diffusion, x, t, h, dw, j, p):  # type: ignore[no-untyped-def]
    first = drift(x, t, p)
    end = diffusion(x, t + h, p)
    second = drift(x + 0.75 * h * first + 1.5 * end * j, t + 0.75 * h, p)
    return x + h * (first + 2.0 * second) / 3.0 + end * dw + j * (diffusion(x, t, p) - end)


@njit(nogil=True)
def _sriw1_one(drift, diffusion, x, t, h, dw, j, p):  # type: ignore[no-untyped-def]
    root = math.sqrt(h)
    f1, g1 = drift(x, t, p), diffusion(x, t, p)
    f2 = drift(x + 0.75 * h * f1 + 1.5 * g1 * j, t + 0.75 * h, p)
    g2 = diffusion(x + 0.25 * h * f1 + 0.5 * root * g1, t + 0.25 * h, p)
    g3 = diffusion(x + h * f1 - root * g1, t + h, p)
    # the third drift of the tableau is the first one
    g4 = diffusion(x + 0.25 * h * f1 + root * (-5.0 * g1 + 3.0 * g2 + 0.5 * g3), t + 0.25 * h, p)
    second = (dw * dw - h) / (2.0 * root)
    triple = (dw * dw * dw - 3.0 * h * dw) / (6.0 * h)
    return (
        x
        + h * (f1 + 2.0 * f2) / 3.0
        + (-dw - second + 2.0 * j - 2.0 * triple) * g1
        + 4.0 / 3.0 * (dw + second - j + 1.25 * triple) * g2
        + 2.0 / 3.0 * (dw - 0.5 * second - j - triple) * g3
        + triple * g4
    )


# ------------------------------------- vectors with one factor a component: a noise of its own, or one for all


@njit(nogil=True)
def _euler_many(drift, diffusion, x, t, h, dw, j, p, work):  # type: ignore[no-untyped-def]
    f, g = work[0], work[1]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    for i in range(len(x)):
        x[i] += f[i] * h + g[i] * dw[i]


@njit(nogil=True)
def _tamed_many(drift, diffusion, x, t, h, dw, j, p, work):  # type: ignore[no-untyped-def]
    f, g = work[0], work[1]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    norm = math.sqrt((f * f).sum())
    for i in range(len(x)):
        x[i] += f[i] * h / (1.0 + h * norm) + g[i] * dw[i]


@njit(nogil=True)
def _milstein_many(drift, diffusion, x, t, h, dw, j, p, work):  # type: ignore[no-untyped-def]
    root = math.sqrt(h)
    f, g, ahead, support = work[0], work[1], work[2], work[3]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    for i in range(len(x)):
        ahead[i] = x[i] + f[i] * h + g[i] * root
    diffusion(ahead, t, p, support)
    for i in range(len(x)):
        x[i] += f[i] * h + g[i] * dw[i] + (support[i] - g[i]) * (dw[i] * dw[i] - h) / (2.0 * root)


@njit(nogil=True)
def _heun_many(drift, diffusion, x, t, h, dw, j, p, work):  # type: ignore[no-untyped-def]
    f, g, ahead, f2, g2 = work[0], work[1], work[2], work[3], work[4]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    for i in range(len(x)):
        ahead[i] = x[i] + f[i] * h + g[i] * dw[i]
    drift(ahead, t + h, p, f2)
    diffusion(ahead, t + h, p, g2)
    for i in range(len(x)):
        x[i] += 0.5 * ((f[i] + f2[i]) * h + (g[i] + g2[i]) * dw[i])


@njit(nogil=True)
def _sra1_many(drift, diffusion, x, t, h, dw, j, p, work):  # type: ignore[no-untyped-def]
    f1, f2, begin, end, ahead = work[0], work[1], work[2], work[3], work[4]
    drift(x, t, p, f1)
    diffusion(x, t, p, begin)
    diffusion(x, t + h, p, end)
    for i in range(len(x)):
        ahead[i] = x[i] + 0.75 * h * f1[i] + 1.5 * end[i] * j[i]
    drift(ahead, t + 0.75 * h, p, f2)
    for i in range(len(x)):
        x[i] += h * (f1[i] + 2.0 * f2[i]) / 3.0 + end[i] * dw[i] + j[i] * (begin[i] - end[i])


@njit(nogil=True)
def _sriw1_many(drift, diffusion, x, t, h, dw, j, p, work):  # type: ignore[no-untyped-def]
    root = math.sqrt(h)
    f1, f2, g1, g2, g3, g4, ahead = work[0], work[1], work[2], work[3], work[4], work[5], work[6]
    drift(x, t, p, f1)
    diffusion(x, t, p, g1)
    for i in range(len(x)):
        ahead[i] = x[i] + 0.75 * h * f1[i] + 1.5 * g1[i] * j[i]
    drift(ahead, t + 0.75 * h, p, f2)
    for i in range(len(x)):
        ahead[i] = x[i] + 0.25 * h * f1[i] + 0.5 * root * g1[i]
    diffusion(ahead, t + 0.25 * h, p, g2)
    for i in range(len(x)):
        ahead[i] = x[i] + h * f1[i] - root * g1[i]
    diffusion(ahead, t + h, p, g3)
    for i in range(len(x)):
        ahead[i] = x[i] + 0.25 * h * f1[i] + root * (-5.0 * g1[i] + 3.0 * g2[i] + 0.5 * g3[i])
    diffusion(ahead, t + 0.25 * h, p, g4)
    for i in range(len(x)):
        w = dw[i]
        second = (w * w - h) / (2.0 * root)
        triple = (w * w * w - 3.0 * h * w) / (6.0 * h)
        x[i] += (
            h * (f1[i] + 2.0 * f2[i]) / 3.0
            + (-w - second + 2.0 * j[i] - 2.0 * triple) * g1[i]
            + 4.0 / 3.0 * (w + second - j[i] + 1.25 * triple) * g2[i]
            + 2.0 / 3.0 * (w - 0.5 * second - j[i] - triple) * g3[i]
            + triple * g4[i]
        )


# ------------------------------------------------------------------------------------- vectors with general noise


@njit(nogil=True)
def _euler_general(drift, diffusion, x, t, h, dw, j, p, work, factors):  # type: ignore[no-untyped-def]
    f, g = work[0], factors[0]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    for i in range(len(x)):
        change = f[i] * h
        for k in range(len(dw)):
            change += g[i, k] * dw[k]
        x[i] += change


@njit(nogil=True)
def _tamed_general(drift, diffusion, x, t, h, dw, j, p, work, factors):  # type: ignore[no-untyped-def]
    f, g = work[0], factors[0]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    norm = math.sqrt((f * f).sum())
    for i in range(len(x)):
        change = f[i] * h / (1.0 + h * norm)
        for k in range(len(dw)):
            change += g[i, k] * dw[k]
        x[i] += change


@njit(nogil=True)
def _heun_general(drift, diffusion, x, t, h, dw, j, p, work, factors):  # type: ignore[no-untyped-def]
    f, ahead, f2, g, g2 = work[0], work[1], work[2], factors[0], factors[1]
    drift(x, t, p, f)
    diffusion(x, t, p, g)
    for i in range(len(x)):
        ahead[i] = x[i] + f[i] * h
        for k in range(len(dw)):
            ahead[i] += g[i, k] * dw[k]
    drift(ahead, t + h, p, f2)
    diffusion(ahead, t + h, p, g2)
    for i in range(len(x)):
        change = 0.5 * (f[i] + f2[i]) * h
        for k in range(len(dw)):
            change += 0.5 * (g[i, k] + g2[i, k]) * dw[k]
        x[i] += change


_OWN = ("additive", "scalar", "diagonal")
_ANY = ("additive", "scalar", "diagonal", "general")

SCHEMES: dict[str, Scheme] = {
    "euler_maruyama": Scheme(_euler_one, _euler_many, _euler_general, _ANY, "ito", False),
    "tamed_euler": Scheme(_tamed_one, _tamed_many, _tamed_general, _ANY, "ito", False),
    "milstein": Scheme(_milstein_one, _milstein_many, None, _OWN, "ito", False),
    "heun": Scheme(_heun_one, _heun_many, _heun_general, _ANY, "stratonovich", False),
    "sra1": Scheme(_sra1_one, _sra1_many, None, ("additive",), "ito", True),
    "sriw1": Scheme(_sriw1_one, _sriw1_many, None, _OWN, "ito", True),
}

"""A box that breathes, and how numbers are checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...model import ParameterError

__all__ = ["Barostat", "checked_count", "checked_number"]


@dataclass(frozen=True)
class Barostat:
    """A box that breathes: stochastic cell rescaling, made exact by a Metropolis rule.

    The volumes have the distribution of the isothermal-isobaric ensemble, density V^N exp(-(U + P V)/kT), whatever the
    relaxation time, step and interval are. Positions are scaled, velocities not.

    Parameters
    ----------
    pressure : float
        The pressure, or with ``coupling="xy"`` the lateral one: 0 for a membrane without tension.
    coupling : {"isotropic", "xy"}
        All edges together, or x and y together with z fixed.
    relaxation_time : float
        Time in which the volume forgets, if `compressibility` is right; otherwise in proportion.
    compressibility : float
        Estimate of -(dV/dp)/V.
    every : int
        Steps between two moves.

    References
    ----------
    Bernetti & Bussi, J. Chem. Phys. 153, 114107 (2020), doi:10.1063/5.0020514.
    """

    pressure: float = 0.0
    coupling: Literal["isotropic", "xy"] = "isotropic"
    relaxation_time: float = 2.0
    compressibility: float = 0.1
    every: int = 10

    def __post_init__(self) -> None:
        if self.coupling not in ("isotropic", "xy"):
            raise ParameterError("Barostat", {"coupling": "must be 'isotropic' or 'xy'"}, {"coupling": self.coupling})
        checked_number("Barostat", "pressure", self.pressure, -1e9)
        checked_number("Barostat", "relaxation_time", self.relaxation_time, 0.0, above=True)
        checked_number("Barostat", "compressibility", self.compressibility, 0.0, above=True)
        checked_count("Barostat", "every", self.every, 1)


def checked_count(model: str, name: str, value: Any, least: int) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**53:
        raise ParameterError(model, {name: f"must be a whole number of at least {least}"}, {name: value})
    return int(value)


def checked_number(model: str, name: str, value: Any, least: float, *, above: bool = False) -> float:
    """A finite number above `least`, or at least that."""
    good = isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(float(value))
    if not good or not (float(value) > least if above else float(value) >= least):
        sentence = f"must be {'greater than' if above else 'at least'} {least:g} and finite"
        raise ParameterError(model, {name: sentence}, {name: value})
    return float(value)

"""Numbers and units for the eye: 5e-08 m is shown as 50 nm, 1e-3 mol m-3 as 1 µM, and an error rounds its value.

Inside the library everything stays SI; only pages, tables and figures pass through here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Scale", "amount", "number", "pretty_unit", "scale_for", "wrapped"]

_PREFIXES = {-21: "z", -18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# Units whose first factor takes a prefix: its power of ten grows with the exponent of that factor.
_PREFIXED = {
    "m": 1,
    "m2": 2,
    "m3": 3,
    "J": 1,
    "N": 1,
    "Pa": 1,
    "W": 1,
    "V": 1,
    "N m-1": 1,
    "J m-2": 1,
    "Pa s": 1,
    "m s-1": 1,
}
_INVERSE = {"m-1": 1, "m-2": 2, "m-3": 3}
_SCARCE = {"m", "m2", "m3", "m s-1"}  # nobody says Mm or kilometres per second here: up to kilo
_MICRO = {"um", "us", "uM", "uN", "uJ"}
_TIMES = ((31557600.0, "a"), (86400.0, "d"), (3600.0, "h"))
_CONCENTRATIONS = ((1e3, "M"), (1.0, "mM"), (1e-3, "µM"), (1e-6, "nM"), (1e-9, "pM"))


@dataclass(frozen=True, slots=True)
class Scale:
    """``shown = value * factor``, in `unit`.

    Attributes
    ----------
    factor : float
    unit : str
        Pretty, with superscripts; empty for a pure number.
    """

    factor: float
    unit: str

    def label(self, words: str) -> str:
        """An axis label: the words, and the unit in brackets (none for a pure number)."""
        return f"{words} [{self.unit}]" if self.unit else words


def pretty_unit(symbol: str) -> str:
    """UDUNITS for the eye.

    >>> pretty_unit("W m-2 K-1")
    'W m⁻² K⁻¹'
    """
    if symbol in ("", "1"):
        return ""
    parts = []
    for factor in symbol.split():
        if factor.startswith("1e"):  # a power of ten that evidence was given in
            parts.append(f"10{factor[2:].translate(_SUPERSCRIPT)}")
            continue
        name = factor.rstrip("-0123456789")
        parts.append(("µ" + name[1:] if name in _MICRO else name) + factor[len(name) :].translate(_SUPERSCRIPT))
    return " ".join(parts)


def scale_for(values: Any, symbol: str) -> Scale:
    """The unit in which these SI values are easiest to read.

    >>> scale_for([3e-9, 50e-9], "m")
    Scale(factor=999999999.9999999, unit='nm')
    """
    size = _typical(values)
    if size is None:
        return Scale(1.0, pretty_unit(symbol))
    if symbol == "s":
        for length, name in _TIMES:
            if size >= length:
                return Scale(1 / length, name)
        return _prefixed(min(size, 1.0), symbol, "s", 1)
    if symbol == "mol m-3":
        for step, name in _CONCENTRATIONS:
            if size >= step:
                return Scale(1 / step, name)
        return Scale(1 / _CONCENTRATIONS[-1][0], _CONCENTRATIONS[-1][1])
    if symbol in _PREFIXED:
        return _prefixed(size, symbol, symbol, _PREFIXED[symbol])
    if symbol in _INVERSE:
        return _prefixed(size, symbol, symbol, -_INVERSE[symbol])
    return _powered(size, symbol)


def amount(value: float, symbol: str, error: float = math.nan, scale: Scale | None = None) -> str:
    """One value with its error and unit, short enough for a table.

    >>> amount(5.03e-8, "m", 4e-10)
    '50.3 ± 0.4 nm'
    >>> amount(300.0, "K")
    '300 K'
    """
    scale = scale or scale_for(value, symbol)
    text = number(value * scale.factor, error * scale.factor)
    if scale.unit.startswith("10"):  # a power of ten, not a unit
        text = f"({text}) ×" if "±" in text else f"{text} ×"
    return f"{text} {scale.unit}".rstrip()


def number(value: float, error: float = math.nan) -> str:
    """A number rounded to what its error allows, or to four figures.

    >>> number(0.123456, 0.0123)
    '0.123 ± 0.012'
    >>> number(-123456.0)
    '−123456'
    """
    if math.isnan(value):
        return "–"
    if not (math.isfinite(error) and error > 1e-300):
        text = f"{value:.0f}" if 1e4 <= abs(value) < 1e6 else f"{value:.4g}"
        return text.replace("-", "−", 1) if value < 0 else text
    # Two figures of the error when it begins with a small digit, one otherwise: 0.012, 0.4.
    power = math.floor(math.log10(error))
    figures = 2 if error / 10.0**power < 2.95 else 1
    decimals = figures - 1 - power
    size = max(abs(value), error)
    if decimals + math.floor(math.log10(size)) > 10 and size > error:  # exact for every purpose of reading
        return f"{number(value)} ± {error:.1g}".replace("-", "−")
    if size >= 1e6 or size < 1e-3:
        lead = math.floor(math.log10(size))
        digits = max(lead + decimals, 0)
        text = f"({value / 10.0**lead:.{digits}f} ± {error / 10.0**lead:.{digits}f})e{lead:+03d}"
        return text.replace("-", "−", value < 0)
    decimals = max(decimals, 0)
    return f"{value:.{decimals}f} ± {error:.{decimals}f}".replace("-", "−")


def wrapped(text: str, width: int) -> str:
    """`text` on several lines of at most `width` characters, for figures.

    >>> wrapped("mean end-to-end distance", 12)
    'mean\\nend-to-end\\ndistance'
    """
    import textwrap

    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False)) or text


def _typical(values: Any) -> float | None:
    """The largest finite magnitude; None where there is nothing but zeros."""
    array = np.abs(np.asarray(values, dtype=float)).ravel()
    array = array[np.isfinite(array) & (array > 0)]
    return float(array.max()) if array.size else None


def _prefixed(size: float, symbol: str, shown: str, power: int) -> Scale:
    steps: Iterable[int] = sorted(_PREFIXES)
    if symbol in _SCARCE:
        steps = [n for n in steps if n <= 3]
    if symbol in _INVERSE:
        steps = [n for n in steps if n <= 0]
    scales = {n: 10.0 ** (n * power) for n in steps}
    if symbol in _SCARCE and size >= 10.0 ** (-2 * power) and size < scales[3]:
        return Scale(1.0, pretty_unit(shown))  # 0.3 m of roughness is not 300 mm
    fitting = [n for n in scales if scales[n] <= size * (1 + 1e-12)]
    # The largest unit that leaves a number of at least 1 (the smallest unit there is, when none does).
    chosen = max(fitting, key=lambda n: scales[n]) if fitting else min(scales, key=lambda n: scales[n])
    if size / scales[chosen] >= 1e6 or size / scales[chosen] < 1e-3:
        return _powered(size, symbol)
    return Scale(1 / scales[chosen], _PREFIXES[chosen] + pretty_unit(shown))


def _powered(size: float, symbol: str) -> Scale:
    """Left as it is where the number is readable; otherwise a power of ten goes to the unit."""
    unit = pretty_unit(symbol)
    if 1e-3 <= size < 1e6:
        return Scale(1.0, unit)
    power = max(math.floor(math.log10(size)), -300)
    return Scale(10.0**-power, f"10{str(power).translate(_SUPERSCRIPT)} {unit}".rstrip())

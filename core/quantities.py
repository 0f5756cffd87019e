"""Units: the one place where a quantity's name and its SI unit are written down.

Inside the library every number is SI and bare. Units live in the annotations: a law's signature says
``temperature: Temperature``, a model's field says ``temperature: Temperature = param(...)``, and this module turns what
a user hands in (a float in SI, ``"0.34 nm"``, a pint quantity, a labelled DataArray) into that bare number.

Rules that are easy to get wrong, and how they are settled here:

- A bare number is SI. A bool is no number. ``"1,5 nm"`` is an error, not 15 nm. UDUNITS' ``"kg m-3"`` is understood.
- The number in a string is read by us (exactly, as a decimal), the unit by pint; pint never sees a number, so that
  ``"9**9**9 m"`` is an error and not a hang, and ``"0.34 nm"`` is the float nearest to 0.34e-9.
- ``"20 degC"`` is 293.15 K as a temperature and 20 K as a difference (``Unit("K", difference=True)``).

Nomenclature (one word, one quantity)
-------------------------------------
``flexural_rigidity``: of a rod, N m2. ``bending_modulus``: of a membrane, J. ``bending_stiffness``: of one joint, J.
``persistence_length``: m. ``line_tension``: N. ``interfacial_tension``: N/m. ``mass_fraction``, ``area_fraction``: 1.
``concentration``: mol/m3. ``number_density``: 1/m3. ``surface_density`` and ``dislocation_density``: 1/m2.
``density``: kg/m3. ``viscosity``: Pa s. ``surface_viscosity``: Pa s m. ``gradient_energy``: J/m.
``molar_gradient_energy``: J m2/mol. ``mobility``: of a field, m5/(J s); of one that is not conserved, m3/(J s).
``dislocation_mobility``: m/(Pa s). ``roughness_length``, ``displacement_height``, ``blending_height``: m.
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import re
import typing
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, Protocol, get_type_hints, overload

import numpy as np
from pydantic_core import core_schema

if TYPE_CHECKING:
    import xarray as xr
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

__all__ = [
    "Acceleration",
    "Angle",
    "Area",
    "BendingModulus",
    "BendingStiffness",
    "Concentration",
    "Count",
    "Density",
    "Diffusivity",
    "Dimensionless",
    "Energy",
    "EnergyDensity",
    "FieldMobility",
    "Flag",
    "FlexuralRigidity",
    "Force",
    "Fraction",
    "GradientEnergy",
    "HeatFlux",
    "InterfacialTension",
    "KinematicViscosity",
    "Law",
    "Length",
    "LineLoad",
    "LineTension",
    "Mass",
    "MolarEnergy",
    "NumberDensity",
    "OrderMobility",
    "Pressure",
    "Rate",
    "SurfaceDensity",
    "Temperature",
    "TemperatureDifference",
    "ThermalConductivity",
    "Time",
    "Unit",
    "UnitError",
    "Velocity",
    "Viscosity",
    "Volume",
    "Wavenumber",
    "law",
    "unit_of",
]

P = ParamSpec("P")

# A unit as people write it: names, products by blank, '.' or '*', quotients, one- or two-digit exponents, brackets.
# Longer towers of exponents have no meaning and cost pint minutes, so they never reach it.
_FACTOR = r"(?:[^\W\d_][^\W\d]*|%|Å|°[CF]|1)(?:(?:\^|\*\*)?\s?[+-]?\d{1,2}(?:\.\d{1,2})?)?"
_UNIT = re.compile(rf"^[(\s]*{_FACTOR}(?:[()\s]*(?:\*|/|\.|·|\bper\b|\s)[()\s]*{_FACTOR})*[)\s]*$")
_NUMBER = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)(?=$|[\s(%°ÅµμΩ]|[^\W\d])\s*(.*?)\s*$")
_LONGEST = 80  # characters of a unit; the longest in the library has 14

_BARE = frozenset({float, int, np.float64, np.ndarray})


class UnitError(ValueError):
    """What was given cannot be read as the quantity that is meant."""


@functools.cache
def _registry() -> Any:
    import pint  # 0.4 s: only when a unit must be read

    return pint.UnitRegistry(non_int_type=Decimal)


@functools.lru_cache(maxsize=4096)
def _affine(text: str, target: str, difference: bool) -> tuple[Decimal, Decimal]:
    """Scale and offset, exact, with value[target] = scale value[text] + offset."""
    given = _parse(text)
    registry = _registry()
    try:
        zero, one = (registry.Quantity(Decimal(n), given).to(_parse(target)).magnitude for n in (0, 1))
    except Exception as error:  # pint raises DimensionalityError, OffsetUnitCalculusError, decimal errors ...
        raise UnitError(f"has the unit {text!r}, which cannot be converted to {target!r}") from error
    return one - zero, Decimal(0) if difference else zero


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> Any:
    if len(text) > _LONGEST or text.count("(") != text.count(")") or not (_UNIT.match(text) or not text.strip()):
        raise UnitError(f"has {text[:_LONGEST]!r} where a unit is expected, such as 'nm', 'kJ/mol' or 'N m2'")
    spelt = text.replace("°C", "degC").replace("°F", "degF").replace("^", "**").replace("·", "*")
    spelt = re.sub(r"\s*\*\*\s*", "**", spelt)
    spelt = re.sub(r"(?<=[^\W\d_])\.(?=[^\W\d_])", "*", spelt)
    spelt = re.sub(r"(?<=[^\W\d_])([+-]?\d)", r"**\1", spelt)  # UDUNITS: m2, s-1
    try:
        return _registry().parse_units(spelt, as_delta=True)
    except Exception as error:  # UndefinedUnitError, DefinitionSyntaxError, AssertionError, OverflowError ...
        raise UnitError(f"has an unknown unit {text!r}") from error


class Unit:
    """The SI unit of a quantity, as an annotation: ``Annotated[float, Unit("m")]``.

    Parameters
    ----------
    symbol : str
        In UDUNITS style: ``"N m2"``, ``"1"`` for a pure number.
    difference : bool
        Whether a difference is meant: then offsets (of degC) do not count.
    """

    __slots__ = ("difference", "symbol")

    def __init__(self, symbol: str, *, difference: bool = False) -> None:
        self.symbol = symbol
        self.difference = difference

    def __repr__(self) -> str:
        return f"Unit({self.symbol!r}{', difference=True' if self.difference else ''})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unit) and (self.symbol, self.difference) == (other.symbol, other.difference)

    def __hash__(self) -> int:
        return hash((self.symbol, self.difference))

    def affine(self, unit: str) -> tuple[float, float]:
        """Scale and offset that turn a value in `unit` into one in this unit."""
        scale, offset = _affine(unit, self.symbol, self.difference)
        return float(scale), float(offset)

    def to_magnitude(self, value: Any) -> Any:
        """Turn what a user may hand in for one number into the bare number in this unit.

        Raises
        ------
        UnitError
            If the value is a bool, has another dimension, or cannot be read.
        """
        if type(value) in (float, int):  # the common case: already bare
            return value
        if isinstance(value, bool | np.bool_):
            raise UnitError("must be a number, not a bool")
        if isinstance(value, str):
            return self._from_text(value)
        if isinstance(value, numbers.Real):  # numpy scalars
            return value.item() if isinstance(value, np.generic) else value
        if hasattr(value, "magnitude") and hasattr(value, "units"):  # a pint quantity, of any registry
            return self._scaled(_one(value.magnitude), str(value.units))
        if hasattr(value, "attrs") and getattr(value, "ndim", None) == 0:  # a labelled DataArray
            return self._scaled(_one(value.values), str(value.attrs.get("units", self.symbol)))
        if isinstance(value, np.ndarray) and value.ndim == 0:
            return self.to_magnitude(value[()])
        return value  # pydantic says what is wrong with it

    def _from_text(self, text: str) -> float | int:
        found = _NUMBER.match(text)
        if not found or len(text) > 2 * _LONGEST:
            hint = "" if self.symbol == "1" else f" with a unit, such as '1 {self.symbol}'"
            raise UnitError(f"must be a number{hint}")
        number, unit = found.groups()
        if unit:
            return self._scaled(number, unit)
        return int(number) if number.lstrip("+-").isdigit() else _finite(float(number))

    def _scaled(self, number: float | str, unit: str) -> float:
        scale, offset = _affine(unit, self.symbol, self.difference)
        decimal = Decimal(number) if isinstance(number, str) else Decimal(repr(_finite(float(number))))
        return _finite(float(decimal * scale + offset))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        if source is bool:  # a flag is the one bool that is meant
            return handler(source)
        return core_schema.no_info_before_validator_function(self.to_magnitude, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "unit": self.symbol}


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UnitError("must be a finite number")
    return value


def _one(value: Any) -> float:
    if np.ndim(value) != 0:
        raise UnitError(f"must be one number, not an array of shape {np.shape(value)}")
    if isinstance(value, bool | np.bool_):
        raise UnitError("must be a number, not a bool")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise UnitError("must be a real number") from error


# One name, one quantity, one unit. A new quantity needs one line here (and a word in the nomenclature above).
Acceleration = Annotated[float, Unit("m s-2")]
Angle = Annotated[float, Unit("rad")]
Area = Annotated[float, Unit("m2")]
BendingModulus = Annotated[float, Unit("J")]
BendingStiffness = Annotated[float, Unit("J")]
Concentration = Annotated[float, Unit("mol m-3")]
Count = Annotated[int, Unit("1")]
Density = Annotated[float, Unit("kg m-3")]
Diffusivity = Annotated[float, Unit("m2 s-1")]
Dimensionless = Annotated[float, Unit("1")]
Energy = Annotated[float, Unit("J")]
EnergyDensity = Annotated[float, Unit("J m-3")]
FieldMobility = Annotated[float, Unit("m5 J-1 s-1")]
Flag = Annotated[bool, Unit("1")]
FlexuralRigidity = Annotated[float, Unit("N m2")]
Force = Annotated[float, Unit("N")]
Fraction = Annotated[float, Unit("1")]
GradientEnergy = Annotated[float, Unit("J m-1")]
HeatFlux = Annotated[float, Unit("W m-2")]
InterfacialTension = Annotated[float, Unit("N m-1")]
KinematicViscosity = Annotated[float, Unit("m2 s-1")]
Length = Annotated[float, Unit("m")]
LineLoad = Annotated[float, Unit("N m-1")]
LineTension = Annotated[float, Unit("N")]
Mass = Annotated[float, Unit("kg")]
MolarEnergy = Annotated[float, Unit("J mol-1")]
NumberDensity = Annotated[float, Unit("m-3")]
OrderMobility = Annotated[float, Unit("m3 J-1 s-1")]
Pressure = Annotated[float, Unit("Pa")]
Rate = Annotated[float, Unit("s-1")]
SurfaceDensity = Annotated[float, Unit("m-2")]
Temperature = Annotated[float, Unit("K")]
TemperatureDifference = Annotated[float, Unit("K", difference=True)]
ThermalConductivity = Annotated[float, Unit("W m-1 K-1")]
Time = Annotated[float, Unit("s")]
Velocity = Annotated[float, Unit("m s-1")]
Viscosity = Annotated[float, Unit("Pa s")]
Volume = Annotated[float, Unit("m3")]
Wavenumber = Annotated[float, Unit("m-1")]


def unit_of(annotation: Any) -> Unit | None:
    """The `Unit` in an annotation (also inside ``X | None`` and ``tuple[X, ...]``), or None."""
    for extra in getattr(annotation, "__metadata__", ()):
        if isinstance(extra, Unit):
            return extra
    found = (unit_of(part) for part in typing.get_args(annotation))
    return next((unit for unit in found if unit is not None), None)


class Law(Protocol[P]):
    """A closed form whose arguments and value carry units: floats in, float out; anything else, its like out."""

    units: dict[str, Unit]
    __name__: str
    __wrapped__: Callable[..., Any]

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


def law(function: Callable[P, Any]) -> Law[P]:
    """Let a formula over bare numbers take units, too.

    Floats and arrays pass untouched, in SI (0.2 us). A string with its unit is read and an SI float comes out. A pint
    quantity is converted and a pint quantity in SI comes out. A DataArray with ``units`` is converted, broadcast by
    its dimensions, and the result carries ``units`` and ``long_name``.

    Raises
    ------
    TypeError
        At import, if the value or no argument has a unit in its annotation.
    UnitError
        At a call, if an argument has the wrong dimension or cannot be read.

    Examples
    --------
    >>> from mesoscale.core.quantities import Force, Length, Pressure, Area, law
    >>> @law
    ... def pressure(force: Force, area: Area) -> Pressure:
    ...     return force / area
    >>> pressure(1.0, 2.0)
    0.5
    >>> pressure("1 kN", "2 m2")
    500.0
    """
    hints = get_type_hints(function, include_extras=True)
    units = {name: unit for name, hint in hints.items() if (unit := unit_of(hint)) is not None}
    if "return" not in units or len(units) < 2:
        raise TypeError(f"the law {function.__name__} must say the unit of its value and of its arguments")
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) not in _BARE:
                return _call_with_units(function, signature, units, args, kwargs)
        for value in kwargs.values():
            if type(value) not in _BARE:
                return _call_with_units(function, signature, units, args, kwargs)
        return function(*args, **kwargs)

    call.units = units  # type: ignore[attr-defined]
    return typing.cast("Law[P]", call)


def _call_with_units(
    function: Callable[..., Any],
    signature: inspect.Signature,
    units: dict[str, Unit],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    bound = signature.bind(*args, **kwargs)
    quantity: type | None = None
    labelled: dict[str, xr.DataArray] = {}
    for name, value in bound.arguments.items():
        unit = units.get(name)
        if unit is None or value is None:
            continue
        try:
            if hasattr(value, "attrs") and hasattr(value, "dims"):
                labelled[name] = _convert_labelled(value, unit)
            elif hasattr(value, "magnitude") and hasattr(value, "units"):
                quantity = type(value)
                scale, offset = unit.affine(str(value.units))
                magnitude = value.magnitude
                bare = np.ndim(magnitude) == 0
                value = unit.to_magnitude(value) if bare else np.asarray(magnitude, float) * scale + offset
                bound.arguments[name] = value
            elif isinstance(value, list | tuple):
                bound.arguments[name] = np.array([unit.to_magnitude(entry) for entry in value], dtype=float)
            else:
                bound.arguments[name] = unit.to_magnitude(value)
        except UnitError as error:
            raise UnitError(f"{function.__name__}({name}={value!r}): {name} {error}") from None
    result_unit = units["return"].symbol
    if labelled:
        import xarray as xr

        names = list(labelled)

        def bare_call(*arrays: Any) -> Any:
            return function(**{**bound.arguments, **dict(zip(names, arrays, strict=True))})

        result = xr.apply_ufunc(bare_call, *labelled.values())
        return result.assign_attrs(units=result_unit, long_name=function.__name__.replace("_", " "))
    result = function(*bound.args, **bound.kwargs)
    return quantity(result, _pint_spelling(result_unit)) if quantity is not None else result


def _convert_labelled(array: xr.DataArray, unit: Unit) -> xr.DataArray:
    given = array.attrs.get("units")
    if given is None or given == unit.symbol:
        return array
    scale, offset = unit.affine(str(given))
    return array * scale + offset


def _pint_spelling(symbol: str) -> str:
    return str(_parse(symbol)) if symbol != "1" else "dimensionless"

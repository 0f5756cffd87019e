"""Parameters: frozen records with units, bounds and sources."""

from __future__ import annotations

import functools
import hashlib
import math
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import core_schema

from ..quantities import Unit, UnitError
from .errors import BOUNDS, ParameterError, amount, in_our_words

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

__all__ = ["Data", "Function", "Record", "interval", "param"]


def param(
    default: Any,
    doc: str,
    *,
    source: str,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    span: tuple[float, float] | None = None,
) -> Any:
    """Declare a parameter of a model: its default in SI, what it means, and where the default comes from.

    Parameters
    ----------
    default : Any
        In SI. None where "unbounded" or "not given" is meant.
    doc : str
        One line, in the words of the field.
    source : str
        The publication of the default; ``"numerical"`` for grids, steps and sample counts.
    gt, ge, lt, le : float, optional
        Bounds, in SI.
    span : tuple of float, optional
        The interval of sliders, sensitivity studies and `Model.at_ratio`. Without it: two decades around the default,
        cut by the bounds.
    """
    extra: dict[str, Any] = {"source": source}
    if span is not None:
        extra["span"] = list(span)
    return Field(default, description=doc, gt=gt, ge=ge, lt=lt, le=le, json_schema_extra=extra)


class Data:
    """The user's own arrays as a field: ``Annotated[xr.DataArray, Data("rad", ("frame", "joint"), ge=0)]``.

    A DataArray (its ``units`` are converted), a pint quantity or anything that numpy can read (then in SI) becomes a
    read-only float64 DataArray on the declared dimensions. Only values and dimensions are kept: a coordinate that the
    model needs is a field of its own.

    Parameters
    ----------
    unit : str
        SI unit in UDUNITS style.
    dims : tuple of str
        Names of the dimensions, in order.
    gt, ge, lt, le : float, optional
        Bounds of every value.
    missing : bool
        Whether NaN stands for a missing value; otherwise every value must be finite.
    """

    def __init__(
        self,
        unit: str,
        dims: tuple[str, ...],
        *,
        gt: float | None = None,
        ge: float | None = None,
        lt: float | None = None,
        le: float | None = None,
        missing: bool = False,
    ) -> None:
        self.unit = Unit(unit)
        self.dims = dims
        self.bounds = {"gt": gt, "ge": ge, "lt": lt, "le": le}
        self.missing = missing

    def check(self, value: Any) -> Any:
        """Turn `value` into the read-only DataArray that the field holds, or raise ``UnitError``."""
        import xarray as xr

        expected = f"an array with the dimensions ({', '.join(self.dims)})"
        given = str(getattr(value, "attrs", {}).get("units", self.unit.symbol))
        if isinstance(value, xr.DataArray):
            if set(value.dims) != set(self.dims):
                raise UnitError(f"must be {expected}, not ({', '.join(map(str, value.dims))})")
            value = value.transpose(*self.dims).values
        elif hasattr(value, "magnitude") and hasattr(value, "units"):
            value, given = value.magnitude, str(value.units)
        try:
            values = np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise UnitError(f"must be {expected} of numbers") from None
        if values.ndim != len(self.dims):
            raise UnitError(f"must be {expected}, not of shape {values.shape}")
        if values.size == 0:
            raise UnitError(f"must be {expected} and not empty")
        if given != self.unit.symbol:
            scale, offset = self.unit.affine(given)
            values = values * scale + offset
        known = values[~np.isnan(values)] if self.missing else values
        if not np.isfinite(known).all():
            raise UnitError("must hold finite values only")
        for kind, (key, words) in BOUNDS.items():
            bound = self.bounds[key]
            if bound is not None and not _COMPARE[kind](known, bound).all():
                raise UnitError(f"must hold values {words} {amount(bound, self.unit.symbol)} only")
        values.setflags(write=False)
        return xr.DataArray(values, dims=self.dims, attrs={"units": self.unit.symbol})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.check, serialization=core_schema.plain_serializer_function_ser_schema(_describe_array)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "array", "unit": self.unit.symbol, "dims": list(self.dims)}


class Function:
    """A function of the user's as a field: ``Annotated[Callable[..., float], Function("drift f(x, t, parameters)")]``.

    Where it may be missing, ``| None`` stands outside: ``Annotated[...] | None``. The recipe holds its name only, so
    that a result that used one cannot be replayed; a formula as text can.

    Parameters
    ----------
    meaning : str
        What it computes from what, completing "must be a function ...".
    """

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning

    def check(self, value: Any) -> Any:
        """Hand `value` on if it can be called, or raise ``UnitError``."""
        if not callable(value):
            raise UnitError(f"must be a function {self.meaning}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.check, serialization=core_schema.plain_serializer_function_ser_schema(_describe_function)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "function"}


def _describe_function(function: Any) -> dict[str, Any]:
    """What stands in the recipe for a function: its name."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return {"function": f"{named.__module__}.{named.__qualname__}"}


def functions_in(parameters: Any) -> list[str]:
    """Names of all functions in dumped parameters."""
    if isinstance(parameters, Mapping):
        if set(parameters) == {"function"}:
            return [parameters["function"]]
        parameters = list(parameters.values())
    return [name for entry in parameters for name in functions_in(entry)] if isinstance(parameters, list) else []


_COMPARE: dict[str, Any] = {
    "greater_than": np.greater,
    "greater_than_equal": np.greater_equal,
    "less_than": np.less,
    "less_than_equal": np.less_equal,
}


def _describe_array(array: Any) -> dict[str, Any]:
    """What stands in the recipe for an array: its fingerprint; the values travel in the result."""
    digest = hashlib.sha256(repr((array.dims, array.shape)).encode())
    digest.update(np.ascontiguousarray(array.values).tobytes())
    return {"sha256": digest.hexdigest(), "shape": list(array.shape)}


class Record(BaseModel):
    """A frozen, checked set of parameters; equal and hashed by content.

    Raises
    ------
    ParameterError
        If a parameter is unknown, has the wrong unit, or lies outside its bounds.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        ignored_types=(functools.cached_property,),
    )

    def __init__(self, /, **parameters: Any) -> None:
        try:
            super().__init__(**parameters)
        except ValidationError as error:
            raise in_our_words(type(self), error, parameters) from None

    # pydantic checks a nested record field by field (and so names the field) only under an __init__ that it trusts.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """As pydantic's, with our error."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise in_our_words(cls, error, obj) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but the update is checked."""
        return self.replace(**update) if update else self

    def replace(self, **changes: Any) -> Self:
        """A copy with some parameters changed and checked; nested ones are reached by a dotted path.

        >>> from mesoscale.biology.golgi import GolgiMatrix
        >>> GolgiMatrix().replace(**{"proteins.0.concentration": "2 uM"}).proteins[0].concentration
        0.002
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        nested: dict[str, dict[str, Any]] = {}
        for path, value in changes.items():
            head, _, tail = path.partition(".")
            if tail and head in values:
                nested.setdefault(head, {})[tail] = value
            else:
                values[path] = value
        for head, inner in nested.items():
            values[head] = _replace_inside(type(self).__name__, head, values[head], inner)
        return type(self)(**values)

    @functools.cached_property
    def _content(self) -> tuple[Any, ...]:
        values = (getattr(self, name) for name in type(self).model_fields)
        return (type(self), *(_describe_array(v)["sha256"] if hasattr(v, "dims") else v for v in values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)


def _replace_inside(model: str, head: str, value: Any, changes: dict[str, Any]) -> Any:
    if isinstance(value, Record):
        return _replace_one(model, head, value, changes)
    if not isinstance(value, tuple):
        raise ParameterError(model, {head: "has no parameters inside"}, {f"{head}.{k}": v for k, v in changes.items()})
    entries = list(value)
    for path, new in changes.items():
        index, _, tail = path.partition(".")
        if not index.isdigit() or int(index) >= len(entries):
            sentence = f"has {len(entries)} entries, numbered from 0"
            raise ParameterError(model, {head: sentence}, {f"{head}.{path}": new})
        place = int(index)
        entries[place] = _replace_one(model, f"{head}.{index}", entries[place], {tail: new}) if tail else new
    return tuple(entries)


def _replace_one(model: str, head: str, record: Record, changes: dict[str, Any]) -> Record:
    """As `Record.replace`; an error names the whole path."""
    try:
        return record.replace(**changes)
    except ParameterError as error:
        problems = {f"{head}.{name}": sentence for name, sentence in error.problems.items()}
        given = {f"{head}.{name}": value for name, value in error.given.items()}
        raise ParameterError(model, problems, given) from None


def interval(model: type[Record], name: str) -> tuple[float, float]:
    """Where the parameter `name` moves in sliders, sensitivity studies and `Model.at_ratio`, in SI."""
    field = model.model_fields[name]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    if "span" in extra:
        low, high = typing.cast("list[float]", extra["span"])
        return float(low), float(high)
    if not isinstance(field.default, int | float) or field.default == 0:
        raise ParameterError(model.__name__, {name: "has no interval: it needs a span, as its default gives none"})
    low, high = sorted((field.default / 10, field.default * 10))
    for extreme in field.metadata:
        low = max(low, *(float(getattr(extreme, k)) for k in ("gt", "ge") if hasattr(extreme, k)), -math.inf)
        high = min(high, *(float(getattr(extreme, k)) for k in ("lt", "le") if hasattr(extreme, k)), math.inf)
    return low, high

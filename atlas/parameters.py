"""The parameters of a model as a table, from its JSON schema: for pages, listings and command-line options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .display import amount

if TYPE_CHECKING:
    from ..core.model import Model, Record

__all__ = ["Parameter", "read_parameters"]

_LOWER = (("exclusiveMinimum", ">"), ("gt", ">"), ("minimum", "≥"), ("ge", "≥"))
_UPPER = (("exclusiveMaximum", "<"), ("lt", "<"), ("maximum", "≤"), ("le", "≤"))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the reader sees it.

    Attributes
    ----------
    path : str
        Dotted path: ``proteins.0.valence``.
    value : Any
        In SI, of the instance that was described.
    unit : str
        UDUNITS style; empty for what is no number.
    doc, source : str
        What it means, and where the default comes from.
    bounds : str
        What is allowed, each bound with its unit.
    kind : str
        ``number``, ``choice``, ``array`` or ``other``.
    choices : tuple of str
        Of a choice.
    optional : bool
        Whether None is allowed.
    """

    path: str
    value: Any
    unit: str
    doc: str
    source: str
    bounds: str
    kind: str
    choices: tuple[str, ...] = ()
    optional: bool = False

    @property
    def shown(self) -> str:
        """The value with its unit, for a table."""
        if self.value is None:
            return "none"
        if self.kind == "array":
            return "array of shape " + " × ".join(map(str, self.value.shape))
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if not isinstance(self.value, int | float):
            return str(self.value)
        return amount(self.value, self.unit)

    @property
    def option(self) -> str:
        """Its name on the command line: ``--segment-length``."""
        return "--" + self.path.replace("_", "-")


def read_parameters(model: Model) -> tuple[Parameter, ...]:
    """Every parameter of an instance, nested ones by their dotted path, in declared order."""
    schema = type(model).model_json_schema()
    return tuple(_walk(model, schema["properties"], schema.get("$defs", {}), ""))


def _walk(
    record: Record, properties: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str
) -> Iterator[Parameter]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, tuple) and value and hasattr(type(value[0]), "model_fields"):
            for index, entry in enumerate(value):
                inner = _properties_of(type(entry).__name__, definitions, entry)
                yield from _walk(entry, inner, definitions, f"{prefix}{name}.{index}.")
        elif hasattr(type(value), "model_fields"):
            inner = _properties_of(type(value).__name__, definitions, value)
            yield from _walk(value, inner, definitions, f"{prefix}{name}.")
        else:
            yield _describe(prefix + name, value, properties[name], definitions)


def _properties_of(name: str, definitions: Mapping[str, Any], record: Record) -> Mapping[str, Any]:
    found = definitions.get(name) or type(record).model_json_schema()
    properties: Mapping[str, Any] = found["properties"]
    return properties


def _describe(path: str, value: Any, entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> Parameter:
    options = [entry, *entry.get("anyOf", ()), *entry.get("allOf", ())]
    options += [definitions[o["$ref"].rpartition("/")[2]] for o in options if "$ref" in o]
    merged: dict[str, Any] = {}
    for option in reversed(options):
        merged.update(option)
    types = {option["type"] for option in options if "type" in option}
    choices = tuple(map(str, merged.get("enum", ()))) or ((str(merged["const"]),) if "const" in merged else ())
    if types & {"number", "integer"}:
        kind = "number"
    elif choices or "boolean" in types:
        kind, choices = "choice", choices or ("true", "false")
    else:
        kind = "array" if "dims" in merged else "other"
    unit = str(merged.get("unit", "1" if kind == "number" else ""))
    doc, source = str(entry.get("description", "")), str(entry.get("source", ""))
    return Parameter(path, value, unit, doc, source, _bounds(merged, unit), kind, choices, "null" in types)


def _bounds(entry: Mapping[str, Any], unit: str) -> str:
    found = []
    for table in (_LOWER, _UPPER):
        found += [f"{sign} {_limit(entry[key], unit)}" for key, sign in table if entry.get(key) is not None][:1]
    return ", ".join(found)


def _limit(value: float, unit: str) -> str:
    return "0" if value == 0 else amount(value, unit)

"""One form of error: what was given, what is allowed with its unit, and the default."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np
import pydantic
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from ..quantities import unit_of

__all__ = ["BOUNDS", "ParameterError", "amount", "in_our_words", "problem"]

BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


class ParameterError(ValueError):
    """A parameter is not what is allowed.

    Attributes
    ----------
    problems : dict of str to str
        For each parameter (dotted path) the sentence that says what is allowed.
    """

    def __init__(self, model: str, problems: Mapping[str, str], given: Mapping[str, Any] | None = None) -> None:
        self.model = model
        self.problems = dict(problems)
        self.given = dict(given or {})
        shown = ", ".join(f"{name}={_short(value)}" for name, value in self.given.items())
        super().__init__(f"{model}({shown}): " + ". ".join(f"{n} {s}".strip() for n, s in self.problems.items()))

    def __reduce__(self) -> tuple[Any, ...]:  # survives the way back from a worker process
        return _rebuild_error, (self.model, self.problems, self.args[0])


def _rebuild_error(model: str, problems: dict[str, str], message: str) -> ParameterError:
    error = ParameterError(model, problems)
    error.args = (message,)
    return error


def _short(value: Any, width: int = 60) -> str:
    if hasattr(value, "shape") and np.ndim(value) > 0:
        return f"array of shape {tuple(value.shape)}"
    text = " ".join(repr(value[:width] if isinstance(value, str) else value).split())
    return text if len(text) <= width else text[: width - 3] + "..."


def problem(name: str, sentence: str) -> Exception:
    """What a ``model_validator`` raises when parameters contradict each other: `name` is the one to change.

    >>> str(problem("reach", "must be at most a third of the width"))
    'must be at most a third of the width'
    """
    return PydanticCustomError("parameter", "{sentence}", {"name": name, "sentence": sentence})


def amount(value: float, unit: str) -> str:
    return f"{value:.12g}" if unit == "1" else f"{value:.12g} {unit}"


def _field_at(model: type[BaseModel], location: tuple[Any, ...]) -> tuple[pydantic.fields.FieldInfo | None, list[str]]:
    """The field that a pydantic location points at, and the names known at that depth."""
    current: Any = model
    field = None
    for part in location:
        if isinstance(part, int):
            continue
        if current is None or part not in current.model_fields:
            return None, [] if current is None else list(current.model_fields)
        field = current.model_fields[part]
        current = _record_in(field.annotation)
    return field, []


def _record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _record_in(part))), None)


def _given_at(parameters: Any, location: tuple[Any, ...], otherwise: Any) -> Any:
    """What the user wrote, before any conversion."""
    try:
        for part in location:
            inside = isinstance(parameters, Mapping | list | tuple)
            parameters = parameters[part] if inside else getattr(parameters, part)
    except (KeyError, IndexError, TypeError, AttributeError):
        return otherwise
    return parameters


def in_our_words(model: type[BaseModel], error: ValidationError, parameters: Any) -> ParameterError:
    problems: dict[str, str] = {}
    given: dict[str, Any] = {}
    for entry in error.errors(include_url=False):
        context: dict[str, Any] = entry.get("ctx", {})
        field, known = _field_at(model, entry["loc"])
        path = ".".join(str(part) for part in entry["loc"])
        if entry["type"] == "parameter":  # raised by `problem` in a model_validator
            path = ".".join(filter(None, [path, str(context["name"])]))
            problems[path] = str(context["sentence"])
            continue
        sentence = _sentence(entry["type"], entry["msg"], context, field, path, known, model)
        problems[path] = sentence
        given[path] = _given_at(parameters, entry["loc"], entry["input"])
    return ParameterError(model.__name__, problems, given)


def _sentence(
    kind: str,
    message: str,
    context: dict[str, Any],
    field: pydantic.fields.FieldInfo | None,
    path: str,
    known: list[str],
    model: type[BaseModel],
) -> str:
    unit = unit_of(typing.Annotated[field.annotation, *field.metadata]) if field and field.metadata else None
    if field is not None and unit is None:
        unit = unit_of(field.annotation)
    symbol = unit.symbol if unit else "1"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(path.rpartition(".")[2], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(known)}"
        return f"is not a parameter of {model.__name__}; {hint}"
    if kind in BOUNDS:
        key, words = BOUNDS[kind]
        sentence = f"must be {words} {amount(context[key], symbol)}"
    elif kind == "finite_number":
        sentence = "must be a finite number"
    elif kind == "literal_error":
        sentence = f"must be one of {context['expected'].replace(' or ', ', ')}"
    elif kind.startswith("int"):
        sentence = "must be a whole number"
    elif kind.startswith("float"):
        sentence = "must be a number" + ("" if symbol == "1" else f", or a string with a unit such as '1 {symbol}'")
    elif kind == "value_error":
        sentence = str(context["error"])
    else:
        sentence = message[0].lower() + message[1:].replace("Input should be", "must be")
        sentence = sentence.replace("input should be", "must be")
    default = field.default if field is not None else None
    if isinstance(default, int | float) and not isinstance(default, bool):
        sentence += f"; the default is {amount(default, symbol)}"
    elif isinstance(default, str):
        sentence += f"; the default is {default!r}"
    return sentence

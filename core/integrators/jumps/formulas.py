"""Formulas of SBML (libsbml's trees) as text that `compile_formula` reads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from .expressions import FormulaError

__all__ = ["FORMULA_WORDS", "formula_of"]

FORMULA_WORDS = frozenset(
    {"time", "and", "or", "not", "if", "else", "where", "True", "False", "None", "lambda", "min", "max", "abs", "exp"}
    | {"log", "sqrt", "floor", "ceil", "sin", "cos", "tanh"}
)
"""Words that a formula keeps for itself."""

_MOST_NODES = 20_000  # nested function definitions can multiply without end
_LONGEST = 2_000
_DEEPEST = 60

_SIGNS = {"PLUS": "+", "TIMES": "*", "DIVIDE": "/", "POWER": "**", "FUNCTION_POWER": "**"}
_RELATIONS = {"LT": "<", "LEQ": "<=", "GT": ">", "GEQ": ">=", "EQ": "==", "NEQ": "!="}
_CALLS = {
    "ABS": "abs", "EXP": "exp", "LN": "log", "FLOOR": "floor", "CEILING": "ceil", "SIN": "sin", "COS": "cos",
    "TANH": "tanh",
}  # fmt: skip
_CONSTANTS = {"E": "2.718281828459045", "PI": "3.141592653589793", "TRUE": "1", "FALSE": "0"}


def formula_of(node: Any, symbol: Callable[[str], str], functions: Mapping[str, Any]) -> str:
    """Text of a tree.

    Parameters
    ----------
    node : libsbml.ASTNode
        The tree.
    symbol : callable
        What to write for a name.
    functions : mapping
        Function definitions, which are put in place.

    Raises
    ------
    FormulaError
        If the tree holds something that is not evaluated, or grows too large.
    """
    return _Writer(functions).write(node, symbol, 0)


class _Writer:
    def __init__(self, functions: Mapping[str, Any]) -> None:
        import libsbml

        self.functions = functions
        self.nodes = 0
        self.kinds = {
            getattr(libsbml, name): name.removeprefix("AST_")
            for name in dir(libsbml)
            if name.startswith("AST_") and isinstance(getattr(libsbml, name), int)
        }

    def write(self, node: Any, symbol: Callable[[str], str], depth: int) -> str:
        self.nodes += 1
        if self.nodes > _MOST_NODES or depth > _DEEPEST:
            raise FormulaError("a formula is nested too deeply")
        text = self._written(node, symbol, depth)
        if len(text) > _LONGEST:
            raise FormulaError(f"a formula is longer than {_LONGEST} characters")
        return text

    def _written(self, node: Any, symbol: Callable[[str], str], depth: int) -> str:
        kind = self.kinds.get(node.getType(), "")
        if kind == "FUNCTION":
            return self._inlined(node, symbol, depth)
        if kind == "NAME":
            return symbol(node.getName())
        if kind == "NAME_TIME":
            return "time"
        if kind == "INTEGER":
            return str(node.getInteger())
        if kind in ("REAL", "REAL_E"):
            return repr(float(node.getReal()))
        if kind == "RATIONAL":
            return f"({node.getNumerator()} / {node.getDenominator()})"
        if kind.startswith("CONSTANT_") and kind.removeprefix("CONSTANT_") in _CONSTANTS:
            return _CONSTANTS[kind.removeprefix("CONSTANT_")]
        parts = [self.write(node.getChild(i), symbol, depth + 1) for i in range(node.getNumChildren())]
        if kind == "MINUS":
            return f"(-{parts[0]})" if len(parts) == 1 else f"({parts[0]} - {parts[1]})"
        if kind in _SIGNS:
            empty = "0" if kind == "PLUS" else "1"
            return f"({f' {_SIGNS[kind]} '.join(parts)})" if parts else empty
        relation = _RELATIONS.get(kind.removeprefix("RELATIONAL_"))
        if kind.startswith("RELATIONAL_") and relation:
            if len(parts) == 2:
                return f"({parts[0]} {relation} {parts[1]})"
            pairs = [f"({a} {relation} {b})" for a, b in itertools.pairwise(parts)]
            return f"({' and '.join(pairs)})"
        if kind in ("LOGICAL_AND", "LOGICAL_OR"):
            word = " and " if kind == "LOGICAL_AND" else " or "
            return f"({word.join(parts)})" if parts else ("1" if kind == "LOGICAL_AND" else "0")
        if kind == "LOGICAL_NOT":
            return f"(not {parts[0]})"
        return self._called(kind.removeprefix("FUNCTION_"), parts, node)

    def _called(self, kind: str, parts: list[str], node: Any) -> str:
        if kind in _CALLS:
            return f"{_CALLS[kind]}({parts[0]})"
        if kind == "LOG":  # the base comes first
            return f"(log({parts[1]}) / log({parts[0]}))" if len(parts) == 2 else f"(log({parts[0]}) / log(10))"
        if kind == "ROOT":  # the degree comes first
            return f"({parts[1]} ** (1 / {parts[0]}))" if len(parts) == 2 and parts[0] != "2" else f"sqrt({parts[-1]})"
        if kind in ("MIN", "MAX"):
            text = parts[0]
            for part in parts[1:]:
                text = f"{kind.lower()}({text}, {part})"
            return text
        if kind == "PIECEWISE":
            if len(parts) % 2 == 0:
                raise FormulaError("a piecewise formula must say what it is otherwise")
            text = parts[-1]
            for value, condition in zip(parts[-3::-2], parts[-2::-2], strict=True):
                text = f"where({condition}, {value}, {text})"
            return text
        name = (node.getName() or kind).lower()
        raise FormulaError(f"{name!r} is not evaluated in formulas")

    def _inlined(self, node: Any, symbol: Callable[[str], str], depth: int) -> str:
        definition = self.functions.get(node.getName())
        if definition is None:
            raise FormulaError(f"{node.getName()!r} is no known function")
        if definition.getNumArguments() != node.getNumChildren():
            raise FormulaError(f"{node.getName()!r} takes {definition.getNumArguments()} arguments")
        given = {
            definition.getArgument(i).getName(): self.write(node.getChild(i), symbol, depth + 1)
            for i in range(node.getNumChildren())
        }

        def inner(name: str) -> str:
            if name not in given:
                raise FormulaError(f"{node.getName()!r} uses {name!r}, which is none of its arguments")
            return given[name]

        return self.write(definition.getBody(), inner, depth + 1)

"""Formulas as data: text to a small postfix program that kernels evaluate. Nothing of the user's is executed.

The text is read by Python's own parser and translated node by node; what is not listed here is refused. A new formula
compiles nothing.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "AMOUNT",
    "DEEPEST",
    "PARAMETER",
    "RATIONAL",
    "TIME",
    "FormulaError",
    "Program",
    "compile_formula",
    "evaluate",
    "names_in",
]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

DEEPEST = 32  # numbers on the stack
_LONGEST = 2000  # characters

CONSTANT, AMOUNT, PARAMETER, TIME = range(4)
_BINARY: dict[type, int] = {ast.Add: 10, ast.Sub: 11, ast.Mult: 12, ast.Div: 13, ast.Pow: 14}
_COMPARE: dict[type, int] = {ast.Lt: 20, ast.LtE: 21, ast.Gt: 22, ast.GtE: 23, ast.Eq: 24, ast.NotEq: 25}
RATIONAL = (CONSTANT, AMOUNT, PARAMETER, 10, 11, 12, 13, 14, 30)
"""Operations of formulas without branches and functions."""
_NEGATE, _NOT, _AND, _OR, _WHERE = 30, 31, 32, 33, 34
_FUNCTIONS = {
    "abs": (40, 1), "exp": (41, 1), "log": (42, 1), "sqrt": (43, 1), "floor": (44, 1), "ceil": (45, 1),
    "sin": (46, 1), "cos": (47, 1), "tanh": (48, 1), "min": (50, 2), "max": (51, 2), "where": (_WHERE, 3),
}  # fmt: skip


class FormulaError(ValueError):
    """The text is no formula that can be read."""


class Program(NamedTuple):
    """Postfix code: what to do, and with which number or index."""

    opcode: Counts
    operand: Floats


def compile_formula(text: str, names: Mapping[str, tuple[int, int]]) -> Program:
    """Translate a formula such as ``"k * A / (K + A)"``.

    Parameters
    ----------
    text : str
        In Python's notation: ``+ - * / **``, comparisons, ``and or not``, ``a if c else b``, and abs, exp, log, sqrt,
        floor, ceil, sin, cos, tanh, min, max, where.
    names : mapping
        What each name stands for: (`AMOUNT` or `PARAMETER` or `TIME`, index).

    Raises
    ------
    FormulaError
        If the text cannot be read, uses an unknown name, or is too long or too deep.

    Examples
    --------
    >>> program = compile_formula("2 * A + 1", {"A": (AMOUNT, 0)})
    >>> evaluate(program.opcode, program.operand, 0, 5, np.array([3.0]), np.empty(0), 0.0, np.empty(DEEPEST))
    7.0
    """
    code: list[tuple[int, float]] = []
    tree = _parsed(text)
    try:
        deepest = _translate(tree, names, code, 0)
    except RecursionError:
        raise FormulaError(f"{text[:60]!r} is nested too deeply") from None
    if deepest > DEEPEST:
        raise FormulaError(f"{text[:60]!r} is nested too deeply")
    table = np.array(code, dtype=np.float64).reshape(-1, 2)
    return Program(table[:, 0].astype(np.int64), np.ascontiguousarray(table[:, 1]))


def names_in(text: str) -> set[str]:
    """Names that a formula uses, functions excepted.

    >>> sorted(names_in("k * A / max(K, A)"))
    ['A', 'K', 'k']
    """
    found = {node.id for node in ast.walk(_parsed(text)) if isinstance(node, ast.Name)}
    return found - _FUNCTIONS.keys()


def _parsed(text: str) -> ast.expr:
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise FormulaError(f"{str(text)[:60]!r} is no formula of 1 to {_LONGEST} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{text[:60]!r} cannot be read as a formula") from None


def _translate(node: ast.expr, names: Mapping[str, tuple[int, int]], code: list[tuple[int, float]], depth: int) -> int:
    """Append the code of `node`; `depth` numbers lie on the stack already. Returns the deepest stack."""
    if depth > 4 * DEEPEST:
        raise FormulaError("a formula is nested too deeply")
    parts: list[ast.expr]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        value = float(node.value) if abs(node.value) < 1e308 else math.inf  # float() of a longer integer fails
        if not math.isfinite(value):
            raise FormulaError(f"{node.value!r} is no finite number")
        code.append((CONSTANT, value))
        return depth + 1
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise FormulaError(f"{node.id!r} is unknown; there are {', '.join(sorted(names)) or 'no names'}")
        kind, index = names[node.id]
        code.append((kind, float(index)))
        return depth + 1
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        parts, operation = [node.left, node.right], _BINARY[type(node.op)]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        parts, operation = [node.operand], _NEGATE
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
        return _translate(node.operand, names, code, depth)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        parts, operation = [node.operand], _NOT
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        parts, operation = [node.left, node.comparators[0]], _COMPARE[type(node.ops[0])]
    elif isinstance(node, ast.BoolOp):
        operation = _AND if isinstance(node.op, ast.And) else _OR
        deepest = _translate(node.values[0], names, code, depth)
        for part in node.values[1:]:
            deepest = max(deepest, _translate(part, names, code, depth + 1))
            code.append((operation, 0.0))
        return deepest
    elif isinstance(node, ast.IfExp):
        parts, operation = [node.test, node.body, node.orelse], _WHERE
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id not in _FUNCTIONS:
            raise FormulaError(f"{node.func.id!r} is no known function; there are {', '.join(_FUNCTIONS)}")
        operation, arguments = _FUNCTIONS[node.func.id]
        parts = list(node.args)
        if len(parts) != arguments:
            raise FormulaError(f"{node.func.id!r} takes {arguments} arguments, not {len(parts)}")
    else:
        raise FormulaError(f"{ast.unparse(node)[:60]!r} is not allowed in a formula")
    deepest = depth
    for place, part in enumerate(parts):
        deepest = max(deepest, _translate(part, names, code, depth + place))
    code.append((operation, 0.0))
    return deepest


@njit(cache=True, nogil=True)
def evaluate(
    opcode: Counts,
    operand: Floats,
    begin: int,
    end: int,
    amounts: Floats,
    parameters: Floats,
    time: float,
    stack: Floats,
) -> float:
    """Value of the program between `begin` and `end`; `stack` is scratch of `DEEPEST` numbers."""
    top = -1
    for place in range(begin, end):
        code = opcode[place]
        if code < 10:
            top += 1
            if code == CONSTANT:
                stack[top] = operand[place]
            elif code == AMOUNT:
                stack[top] = amounts[int(operand[place])]
            elif code == PARAMETER:
                stack[top] = parameters[int(operand[place])]
            else:
                stack[top] = time
        elif code < 30 or code == 32 or code == 33 or code >= 50:
            a, b = stack[top - 1], stack[top]
            top -= 1
            stack[top] = _apply_binary(code, a, b)
        elif code == 34:
            top -= 2
            stack[top] = stack[top + 1] if stack[top] != 0.0 else stack[top + 2]
        else:
            stack[top] = _apply_unary(code, stack[top])
    return float(stack[0])


@njit(cache=True, nogil=True)
def _apply_binary(code: int, a: float, b: float) -> float:
    if code == 10:
        return a + b
    if code == 11:
        return a - b
    if code == 12:
        return a * b
    if code == 13:
        return a / b if b != 0.0 else (math.nan if a == 0.0 else math.copysign(math.inf, a))
    if code == 14:
        return a**b
    if code == 50:
        return min(a, b)
    if code == 51:
        return max(a, b)
    truth = False
    if code == 20:
        truth = a < b
    elif code == 21:
        truth = a <= b
    elif code == 22:
        truth = a > b
    elif code == 23:
        truth = a >= b
    elif code == 24:
        truth = a == b
    elif code == 25:
        truth = a != b
    elif code == 32:
        truth = a != 0.0 and b != 0.0
    else:
        truth = a != 0.0 or b != 0.0
    return 1.0 if truth else 0.0


@njit(cache=True, nogil=True)
def _apply_unary(code: int, a: float) -> float:
    if code == 30:
        return -a
    if code == 31:
        return 0.0 if a != 0.0 else 1.0
    if code == 40:
        return abs(a)
    if code == 41:
        return math.exp(a)
    if code == 42:
        return math.log(a) if a > 0.0 else math.nan
    if code == 43:
        return math.sqrt(a) if a >= 0.0 else math.nan
    if code == 44:
        return np.floor(a)  # math.floor makes a 64-bit integer, wrong for large numbers
    if code == 45:
        return np.ceil(a)
    if code == 46:
        return math.sin(a)
    if code == 47:
        return math.cos(a)
    return math.tanh(a)

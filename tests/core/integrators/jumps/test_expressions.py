"""Formulas as data: the same numbers as Python's own, and nothing executed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesoscale.core.integrators.jumps.expressions import (
    AMOUNT,
    DEEPEST,
    PARAMETER,
    FormulaError,
    compile_formula,
    evaluate,
    names_in,
)

NAMES = {"A": (AMOUNT, 0), "B": (AMOUNT, 1), "k": (PARAMETER, 0), "K": (PARAMETER, 1)}
AMOUNTS, PARAMETERS = np.array([7.0, 3.0]), np.array([0.5, 20.0])
VALUES = {"A": 7.0, "B": 3.0, "k": 0.5, "K": 20.0}
WORDS = {
    "abs": abs, "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil,
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "min": min, "max": max,
    "where": lambda condition, a, b: a if condition else b,
}  # fmt: skip


def value_of(text):
    program = compile_formula(text, NAMES)
    return evaluate(*program, 0, len(program.opcode), AMOUNTS, PARAMETERS, 2.5, np.empty(DEEPEST))


@pytest.mark.parametrize(
    "text",
    [
        "k * A * B / (K + A)", "A ** 2 - B ** 3", "-A + +B", "2 ** 3 ** 2", "-2 ** 2", "A - B - k", "A / B / k",
        "1e-3 * A * (A - 1) / 2", "exp(-A / K)", "log(A) + sqrt(B)", "floor(A / 2) * 10 + ceil(A / 2)", "abs(B - A)",
        "min(A, B) + 10 * max(A, B)", "sin(A) + cos(B) + tanh(k)", "where(A > B, k, K)", "where(A < B, k, K)",
        "k if A == 7 else K", "k if A != 7 else K", "A >= 7 and B <= 3", "A < 7 or B > 3", "not A", "not A > 8",
        "A > 1 and B > 1 and k > 1", "A > 10 or B > 10 or k < 1", "True + False", "A * (B + (k - (K * (A / (B + 1)))))",
    ],
)  # fmt: skip
def test_a_formula_means_what_it_means_in_python(text):
    expected = float(eval(text, {"__builtins__": {}}, {**VALUES, **WORDS}))
    assert value_of(text) == pytest.approx(expected, rel=1e-15)


def formulas():
    leaves = st.sampled_from(["A", "B", "k", "K", "2", "0.25", "1e3"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "<", ">="]), inner).map(lambda t: f"({' '.join(t)})"),
            inner.map(lambda a: f"(-{a})"),
            st.tuples(inner, inner, inner).map(lambda t: f"where({', '.join(t)})"),
            st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        ),
        max_leaves=20,
    )


@given(text=formulas())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_formula_means_what_it_means_in_python(text):
    expected = float(eval(text, {"__builtins__": {}}, {**VALUES, **WORDS}))
    assert value_of(text) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_impossible_operations_give_what_is_no_propensity_and_no_crash():
    assert value_of("1 / 0") == math.inf
    assert value_of("-1 / 0") == -math.inf
    for text in ("0 / 0", "log(0)", "log(-1)", "sqrt(-1)", "(-2) ** 0.5"):
        assert math.isnan(value_of(text)), text
    assert value_of("floor(1e30)") == 1e30  # no 64-bit integer on the way
    assert value_of("exp(1e4)") == math.inf


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("__import__('os').system('x')", "not allowed"), ("A.real", "not allowed"), ("A[0]", "not allowed"),
        ("(lambda: 1)()", "not allowed"), ("[A]", "not allowed"), ("'text'", "not allowed"), ("1j", "not allowed"),
        ("A if", "cannot be read"), ("A; B", "cannot be read"), ("A = 1", "cannot be read"), ("", "no formula"),
        (" ", "no formula"), ("A" * 2001, "no formula"), (None, "no formula"), ("C + 1", "'C' is unknown"),
        ("gamma(A)", "no known function"), ("min(A)", "takes 2 arguments"), ("exp(A, B)", "takes 1 arguments"),
        ("max(A, B, k)", "takes 2 arguments"), ("min(A, b=B)", "not allowed"), ("1e400", "no finite"),
        ("9" * 400, "no finite"), ("A < B < k", "not allowed"), ("A // B", "not allowed"), ("A & B", "not allowed"),
        ("A\x00", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused_in_words(text, words):
    with pytest.raises(FormulaError, match=words):
        compile_formula(text, NAMES)


def test_depth_is_limited_where_it_costs_stack_and_only_there():
    assert value_of("+".join(["1"] * 800)) == 800.0  # long to the left: two numbers on the stack
    assert value_of("-" * 800 + "A") == 7.0
    with pytest.raises(FormulaError, match="deep"):
        compile_formula("1+(" * 60 + "1" + ")" * 60, NAMES)
    with pytest.raises(FormulaError):
        compile_formula("(" * 900 + "1" + ")" * 900, NAMES)


def test_names_are_found_functions_excepted():
    assert names_in("k * A / max(K, exp(A)) if time > 2 else 0") == {"k", "A", "K", "time"}

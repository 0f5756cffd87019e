"""Docstrings become pages, and no equation of the library is lost on the way."""

import ast
import re
from pathlib import Path

import mesoscale
import pytest
from mesoscale.atlas.story import EquationError, blocks, equations, inline, to_mathml

STORY = r"""Story of a rod.

Micro: ``b`` is short,
and goes on.

Equations
---------

.. math:: a = b \tag{1}
.. math:: c = \frac{d}{e}
          + f \tag{2}

.. math::
   :label: third

   g = h

   i = j

- one
  and more
* two

Code follows::

    x = 1
    y = 2

>>> 1 + 1
2

References
----------
1. Doe (1999), a paper
   on two lines.
.. [Roe] Roe (2001).
"""


def test_every_kind_of_block_is_found_in_order():
    found = [(block.kind, block.label) for block in blocks(STORY)]
    assert found == [
        ("paragraph", ""), ("paragraph", ""), ("heading", ""), ("math", "1"), ("math", "2"), ("math", ""), ("math", ""),
        ("bullet", ""), ("bullet", ""), ("paragraph", ""), ("code", ""), ("code", ""), ("heading", ""),
        ("reference", "1"), ("reference", "Roe"),
    ]  # fmt: skip


def test_texts_are_joined_over_lines():
    found = blocks(STORY)
    assert found[1].text == "Micro: ``b`` is short, and goes on."
    assert found[4].text == r"c = \frac{d}{e} + f"
    assert found[10].text == "x = 1\ny = 2"
    assert found[13].text == "Doe (1999), a paper on two lines."


def test_equations_inside_prose_count():
    assert equations("A :math:`x_1` b.\n\n.. math:: y") == ("x_1", "y")


def test_prose_is_escaped_and_marked_up():
    assert inline("a < b & **c** :class:`~x.Y`") == "a &lt; b &amp; <strong>c</strong> <code>x.Y</code>"
    assert inline("*z_0* and *l / (a u_\\*)*") == "<em>z<sub>0</sub></em> and <em>l / (a u<sub>∗</sub>)</em>"
    assert inline("2 * 3 * 4") == "2 * 3 * 4"
    assert "<script>" not in inline("``<script>`` <script> *<script>*")


def test_references_are_links_inside_the_page():
    assert inline("[1]_", "x-", {"1"}) == '<a href="#x-ref-1">[1]</a>'
    assert inline("see [1], [2]", "x-", {"1"}) == 'see <a href="#x-ref-1">[1]</a>, [2]'


def test_inline_mathematics_that_cannot_be_read_stays_source():
    assert inline(r":math:`\nonsense{x}`") == r"<code>\nonsense{x}</code>"


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{aligned} a &= b \end{aligned}",
        r"\boldsymbol{x}",
        r"\unknown x",
        r"a & b",
        r"a \\ b",
        r"\frac{a",
        r"a } b",
        r"x^",
        r"\label{eq}",
    ],
)
def test_what_would_come_out_wrong_is_refused(latex):
    with pytest.raises(EquationError, match="cannot be converted"):
        to_mathml(latex)


@pytest.mark.parametrize(
    ("latex", "texts"),
    [
        (r"\frac{\alpha}{2}", ["α", "2"]),
        (r"\begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}", ["1", "x", ">", "0", "0", "x", "<", "0"]),
        (r"\langle R^2 \rangle", ["⟨", "R", "2", "⟩"]),
        (r"\operatorname{erf} x", ["erf", "x"]),
    ],
)
def test_what_can_be_converted_keeps_its_symbols(latex, texts):
    import html

    tokens = [html.unescape(t) for t in re.findall(r">([^<]+)<", to_mathml(latex))]
    assert [t for t in tokens if t not in "{"] == texts


def _docstrings():
    root = Path(mesoscale.__file__).parent
    for room in ("core", "materials", "biology", "environment", "atlas"):
        for path in sorted((root / room).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                    yield f"{path.relative_to(root)}:{getattr(node, 'name', '')}", text


def test_every_equation_of_the_library_becomes_mathml():
    wrong = []
    for place, text in _docstrings():
        for latex in equations(text):
            try:
                to_mathml(latex)
            except EquationError as error:
                wrong.append(f"{place}: {error}")
    assert not wrong, "\n".join(wrong)

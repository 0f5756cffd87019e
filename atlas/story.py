"""Module docstrings for the page: paragraphs, equations as MathML, references; what cannot be converted is refused.

The docstrings of this library are plain: paragraphs, underlined headings, bullet lists, ``.. math::`` blocks and
numbered references. So much is read here and no more; anything else stays as the text it is.

latex2mathml is silent where it does not understand: an unknown command comes out as its own name, an ``aligned``
environment with its ampersands. `to_mathml` looks for such debris and raises, and a test sends every equation of the
library through it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "EquationError", "blocks", "equations", "inline", "to_mathml"]

_REFUSED = ("aligned", "align", "eqnarray", r"\boldsymbol", r"\label", r"\ref")
_MATH = re.compile(r"^\s*\.\. math::[ \t]*(.*)$")
_REFERENCE = re.compile(r"^\s*\.\. \[(\w+)\]\s*(.*)$")
_NUMBERED = re.compile(r"^\s*(\d+)\.\s+(.*)$")
_TAG = re.compile(r"\\tag\{([^}]*)\}")
_SCRIPT = re.compile(r"([_^])(?:\{([^}]*)\}|([A-Za-z0-9∗]+))")
_BULLET = re.compile(r"^\s*[-*]\s+(.*)$")
_UNDERLINE = re.compile(r"^([=\-~^\"'])\1{2,}\s*$")
_INLINE = re.compile(
    r":math:`(?P<math>[^`]+)`|:\w+:`~?(?P<role>[^`]+)`|``(?P<code>[^`]+)``|`(?P<name>[^`]+)`"
    r"|\*\*(?P<strong>[^*\s](?:[^*]*[^*\s])?)\*\*|(?<![\w*])\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
    r"|\[(?P<reference>\w+)\]_?"
)


class EquationError(ValueError):
    """An equation that cannot be turned into MathML without loss."""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a docstring.

    Attributes
    ----------
    kind : {"paragraph", "heading", "bullet", "math", "reference", "code"}
    text : str
        The source: LaTeX for math, prose for the others.
    label : str
        Number of a reference, or of an equation (its ``\\tag``).
    """

    kind: Literal["paragraph", "heading", "bullet", "math", "reference", "code"]
    text: str
    label: str = ""


def to_mathml(latex: str, *, display: Literal["block", "inline"] = "block") -> str:
    r"""LaTeX as MathML.

    Raises
    ------
    EquationError
        If a command is unknown or a form would come out wrong.

    Examples
    --------
    >>> to_mathml("L")
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mi>L</mi></mrow></math>'
    >>> to_mathml(r"\unknown x")
    Traceback (most recent call last):
        ...
    mesoscale.atlas.story.EquationError: \unknown x: cannot be converted: \unknown is not understood
    """
    from latex2mathml.converter import convert

    for form in _REFUSED:
        if form in latex:
            raise EquationError(f"{latex}: cannot be converted: {form} comes out wrong")
    if r"\\" in latex and r"\begin" not in latex:
        raise EquationError(f"{latex}: cannot be converted: browsers break no lines in it; write two equations")
    bare = re.sub(r"\\[{}]", "", latex)
    if bare.count("{") != bare.count("}"):
        raise EquationError(f"{latex}: cannot be converted: its braces do not match")
    try:
        result = convert(latex, display=display)
    except Exception as error:  # latex2mathml has a dozen exceptions of its own, and IndexError
        raise EquationError(f"{latex}: cannot be converted: {type(error).__name__} {error}") from error
    text = html.unescape(re.sub(r"<[^>]*>", " ", result))
    debris = re.search(r"\\\S*|&", text)
    if debris:
        raise EquationError(f"{latex}: cannot be converted: {debris.group()} is not understood")
    return result


def blocks(docstring: str) -> tuple[Block, ...]:
    """Split a docstring into paragraphs, headings, bullets, equations, references and code.

    >>> [block.kind for block in blocks("A rod.\\n\\n.. math:: a = b\\n\\n- one\\n- two")]
    ['paragraph', 'math', 'bullet', 'bullet']
    """
    return tuple(_split(_dedented(docstring)))


def equations(docstring: str) -> tuple[str, ...]:
    """All LaTeX in a docstring, displayed and inline."""
    found: list[str] = []
    for block in blocks(docstring):
        if block.kind == "math":
            found.append(block.text)
        else:
            found.extend(m["math"] for m in _INLINE.finditer(block.text) if m["math"])
    return tuple(found)


def inline(text: str, prefix: str = "", labels: Collection[str] = ()) -> str:
    """Prose as HTML: code, emphasis, inline mathematics, links to the references `labels` (ids begin with `prefix`).

    >>> inline("``a`` < *b*, see [1]_", prefix="golgi-", labels=["1"])
    '<code>a</code> &lt; <em>b</em>, see <a href="#golgi-ref-1">[1]</a>'
    """
    text = text.replace(r"\*", "∗")  # an escaped star is an index, no emphasis
    parts = []
    end = 0
    for match in _INLINE.finditer(text):
        parts.append(html.escape(text[end : match.start()], quote=False))
        end = match.end()
        kind = match.lastgroup or ""
        inner = match[kind]
        if kind == "math":
            parts.append(_inline_math(inner))
        elif kind == "reference":
            label = html.escape(inner)
            link = f'<a href="#{html.escape(prefix)}ref-{label}">[{label}]</a>'
            parts.append(link if inner in labels else html.escape(match[0]))
        else:
            tag = {"strong": "strong", "emphasis": "em"}.get(kind, "code")
            shown = html.escape(inner, quote=False)
            parts.append(f"<{tag}>{_SCRIPT.sub(_script, shown) if tag == 'em' else shown}</{tag}>")
    parts.append(html.escape(text[end:], quote=False))
    return "".join(parts)


def _script(match: re.Match[str]) -> str:
    """An index or exponent in emphasised prose: *z_0* is written as in the equations."""
    tag = "sub" if match[1] == "_" else "sup"
    return f"<{tag}>{match[2] or match[3]}</{tag}>"


def _inline_math(latex: str) -> str:
    try:
        return to_mathml(latex, display="inline")
    except EquationError:
        return f"<code>{html.escape(latex)}</code>"


def _dedented(docstring: str) -> list[str]:
    import inspect

    return inspect.cleandoc(docstring).splitlines()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _split(lines: list[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif math := _MATH.match(line):
            at, body = _indented(lines, at + 1, _indent(line))
            yield from _math(math[1], body)
        elif reference := _REFERENCE.match(line) or _NUMBERED.match(line):
            at, body = _indented(lines, at + 1, _indent(line))
            yield Block("reference", _joined([reference[2], *body]), reference[1])
        elif bullet := _BULLET.match(line):
            at, body = _indented(lines, at + 1, _indent(line))
            yield Block("bullet", _joined([bullet[1], *body]))
        elif line.startswith(">>>"):
            end = next((n for n in range(at, len(lines)) if not lines[n].strip()), len(lines))
            yield Block("code", "\n".join(lines[at:end]))
            at = end
        elif at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1]):
            yield Block("heading", line.strip())
            at += 2
        else:
            end = at + 1
            while end < len(lines) and lines[end].strip() and not _begins(lines[end]):
                end += 1
            text = _joined(lines[at:end])
            if text.endswith("::") and not text.startswith(".."):
                yield Block("paragraph", text[:-1])
                at, body = _indented(lines, end, _indent(line))
                yield Block("code", "\n".join(body).strip("\n"))
            else:
                yield Block("paragraph", text)
                at = end


def _begins(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_MATH, _REFERENCE, _NUMBERED, _BULLET))


def _indented(lines: list[str], at: int, indent: int) -> tuple[int, list[str]]:
    """The lines from `at` on that are deeper than `indent` (blank ones between them included)."""
    end = at
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
        end += 1
    while end > at and not lines[end - 1].strip():
        end -= 1
    return end, [line.strip() for line in lines[at:end]]


def _math(first: str, body: list[str]) -> Iterator[Block]:
    """One block an equation: blank lines separate equations, as in Sphinx; options (``:label:``) are left out."""
    current: list[str] = []
    for line in [first.strip(), *body, ""]:
        if line and not re.match(r"^:\w+:", line):
            current.append(line)
        elif not line and current:
            latex = " ".join(current)
            tag = _TAG.search(latex)
            yield Block("math", _TAG.sub("", latex).strip(), tag[1] if tag else "")
            current = []


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())

"""What the library holds: found by walking the ``__all__`` of its public modules, kept in no list.

Two paths lead there. `read_entries` reads source files by ``ast`` and imports nothing: names, first docstring lines and
presets in a hundredth of a second, for listings and completion. `load` imports one entry and hands out what the atlas
needs of it. A test holds the two to the same answer.
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.evidence import Evidence
    from ..core.model import Model

__all__ = [
    "Entry",
    "NameUnknownError",
    "Subject",
    "choose",
    "find_entry",
    "load",
    "option_paths",
    "read_entries",
    "subject_of",
    "walk_models",
]

_LIBRARY = __name__.partition(".")[0]
_FOLDER = Path(__file__).resolve().parent.parent
_ROOMS = ("core", "materials", "biology", "environment")


class NameUnknownError(ValueError):
    """No model of the library has this name, or a pattern cannot be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model (or a module with evidence but no model), as read from the source.

    Attributes
    ----------
    path : str
        Public path, such as ``mesoscale.materials.fiber.FiberChain``.
    summary : str
        First line of the docstring.
    presets : tuple of str
        Names of the parameter sets beside the model.
    is_model : bool
        False for a module of methods that has evidence only.
    """

    path: str
    summary: str
    presets: tuple[str, ...] = ()
    is_model: bool = True

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Subject:
    """One entry, imported: what the atlas runs, judges and draws.

    Attributes
    ----------
    path : str
        Public path.
    model : type of Model or None
        None for a module of methods.
    story : str
        Docstring of the module.
    parts : mapping of str to str
        Where the module is a folder: docstrings of the modules inside, by their paths.
    evidence : tuple of Evidence
        Of the module; a second model of the same module brings none, so that nothing is counted twice.
    presets : mapping of str to Model
        Named parameter sets, by type.
    """

    path: str
    model: type[Model] | None
    story: str = ""
    evidence: tuple[Evidence, ...] = ()
    presets: Mapping[str, Model] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(".")[2]


def read_entries(folder: Path = _FOLDER, package: str = _LIBRARY, rooms: Iterable[str] = _ROOMS) -> tuple[Entry, ...]:
    """Every model below `folder`, in the order of the ``__all__``s, without importing anything.

    >>> [entry.name for entry in read_entries(rooms=["materials"])]
    ['FiberChain']
    """
    entries: dict[str, Entry] = {}
    for room in rooms:
        for entry in _read_module(folder / room, f"{package}.{room}"):
            entries.setdefault(entry.path, entry)
    return tuple(entries.values())


def find_entry(name: str, entries: Iterable[Entry]) -> Entry:
    """The model that `name` means: its class name in any case, or its path.

    Raises
    ------
    NameUnknownError
        If there is none; it says what may have been meant.
    """
    models = [entry for entry in entries if entry.is_model]
    for entry in models:
        if name == entry.path or name.lower() == entry.name.lower():
            return entry
    near = difflib.get_close_matches(name.lower(), {e.name.lower(): e for e in models}, n=1, cutoff=0.5)
    known = {entry.name.lower(): entry.name for entry in models}
    hint = f"did you mean {known[near[0]]}?" if near else f"there are {', '.join(known.values()) or 'none'}"
    raise NameUnknownError(f"no model is called {name!r}; {hint}")


def choose(entries: Iterable[Entry], pattern: str | None) -> tuple[Entry, ...]:
    """Entries whose path matches the regular expression `pattern` anywhere, in any case.

    Raises
    ------
    NameUnknownError
        If the pattern is no regular expression, or nothing matches.
    """
    entries = tuple(entries)
    if pattern is None:
        return entries
    try:
        wanted = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise NameUnknownError(f"{pattern!r} is not a regular expression: {error}") from None
    chosen = tuple(entry for entry in entries if wanted.search(entry.path))
    if not chosen:
        raise NameUnknownError(f"no model's path matches {pattern!r}; see `mesoscale list`")
    return chosen


def load(entry: Entry) -> Subject:
    """Import what an entry names."""
    if not entry.is_model:
        module = importlib.import_module(entry.path)
        return Subject(entry.path, None, module.__doc__ or "", tuple(module.EVIDENCE), parts=_parts(module))
    module_path, _, name = entry.path.rpartition(".")
    module = importlib.import_module(module_path)
    return subject_of(getattr(module, name), module=module, path=entry.path)


def subject_of(model: type[Model], *, module: ModuleType | None = None, path: str | None = None) -> Subject:
    """What belongs to a model class; without `module`, what stands in the module that defines it."""
    module = module or sys.modules[model.__module__]
    names = getattr(module, "__all__", None) or vars(module)
    found = {name: getattr(module, name) for name in names}
    first = next((thing for thing in found.values() if _is_model(thing)), model)
    return Subject(
        path or f"{model.__module__}.{model.__qualname__}",
        model,
        module.__doc__ or "",
        tuple(getattr(module, "EVIDENCE", ())) if first is model else (),
        {name: thing for name, thing in found.items() if type(thing) is model},
        _parts(module),
    )


def walk_models(package: str = _LIBRARY, rooms: Iterable[str] = _ROOMS) -> Iterator[str]:
    """Paths of all models, by importing every public module: the slow twin of `read_entries`."""
    seen: set[type[Model]] = set()
    pending = [f"{package}.{room}" for room in rooms]
    while pending:
        path = pending.pop(0)
        module = importlib.import_module(path)
        inner = []
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if isinstance(thing, ModuleType):
                inner.append(f"{path}.{name}")
            elif _is_model(thing) and thing not in seen:
                seen.add(thing)
                yield f"{path}.{name}"
        pending = inner + pending


def option_paths(entry: Entry, folder: Path = _FOLDER) -> tuple[str, ...]:
    """The parameters written in a model's class body, by ``ast``: for completion, so those of nested records miss."""
    module, name = entry.path.split(".")[1:-1], entry.name
    source = _source(folder.joinpath(*module))
    found = _definition(source, name) if source else None
    if found is None:
        return ()
    body = (node for node in found[1].body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name))
    return tuple(node.target.id for node in body if _calls(node.value, "param"))  # type: ignore[union-attr]


def _parts(module: ModuleType) -> dict[str, str]:
    inner = sorted(entry.name for entry in pkgutil.iter_modules(getattr(module, "__path__", ())))
    paths = [f"{module.__name__}.{name}" for name in inner]
    return {path: importlib.import_module(path).__doc__ or "" for path in paths}


def _is_model(thing: object) -> bool:
    from ..core.model import Model

    return isinstance(thing, type) and issubclass(thing, Model) and thing is not Model


def _read_module(stem: Path, path: str) -> Iterator[Entry]:
    """Entries of the module at `stem` (``stem.py`` or ``stem/__init__.py``) and of the public modules inside it."""
    source = _source(stem)
    if source is None:
        return
    tree = _tree(source)
    public = _public_names(tree)
    found_model = False
    for name in public:
        if source.name == "__init__.py" and _source(stem / name) is not None and _definition(source, name) is None:
            yield from _read_module(stem / name, f"{path}.{name}")
            continue
        found = _definition(source, name)
        if found is None or not any(_named(base) == "Model" for base in found[1].bases):
            continue
        found_model = True
        presets = tuple(other for other in public if _is_preset(source, other, name))
        yield Entry(f"{path}.{name}", _first_line(found[1]), presets)
    if not found_model and _defines(tree, "EVIDENCE"):
        yield Entry(path, _first_line(tree), is_model=False)


def _source(stem: Path) -> Path | None:
    for candidate in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"), str(source))


def _public_names(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(_named(target) == "__all__" for target in node.targets):
            return tuple(ast.literal_eval(node.value))
    return ()


def _imported_from(source: Path, name: str) -> tuple[Path, str] | None:
    """The sibling file from which `source` imports `name`, and the name there."""
    for node in _tree(source).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    target = _source(source.parent.joinpath(*node.module.split(".")))
                    return None if target is None else (target, alias.name)
    return None


def _definition(source: Path, name: str) -> tuple[Path, ast.ClassDef] | None:
    """The class statement behind a public name, also where it is imported from a sibling file."""
    for node in _tree(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return source, node
    origin = _imported_from(source, name)
    return _definition(*origin) if origin else None


def _is_preset(source: Path, name: str, model: str) -> bool:
    """Whether `name` is assigned ``Model(...)`` here or in the sibling file from which it comes."""
    for node in _tree(source).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(_named(target) == name for target in targets):
            return _makes(source, node.value, model)
    origin = _imported_from(source, name)
    return _is_preset(*origin, model) if origin else False


def _makes(source: Path, node: ast.expr | None, model: str) -> bool:
    """Whether an expression is ``Model(...)``, ``Model.from_something(...)`` or ``PRESET.replace(...)``."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if node.func.attr == "replace":
            return _makes(source, owner, model) or _is_preset(source, _named(owner), model)
        return _named(owner) == model
    return _named(node.func) == model


def _calls(node: ast.expr | None, name: str) -> bool:
    return isinstance(node, ast.Call) and _named(node.func) == name


def _defines(tree: ast.Module, name: str) -> bool:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(_named(target) == name for target in node.targets):
            return True
        if isinstance(node, ast.AnnAssign) and _named(node.target) == name:
            return True
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
            return True
    return False


def _named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _first_line(node: ast.Module | ast.ClassDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]

"""Mesoscale modelling: the world seen from the middle out.

Every model is a bridge with three piers: a microscale that can be measured or computed, a mesoscale where structure
organises itself, and a macroscale where somebody asks a question. All of them have one contract
(:class:`mesoscale.core.model.Model`), so that they can be imported, taught, swept and compared.

>>> import mesoscale
>>> chain = mesoscale.materials.fiber.FiberChain(segment_length="0.34 nm", samples=100)
>>> result = chain.run(seed=1)

Subpackages are imported when they are first touched, so that ``import mesoscale`` costs next to nothing.
"""

import importlib
from types import ModuleType

__all__ = ["atlas", "biology", "core", "environment", "materials"]
__version__ = "0.1.0"


def lazy_submodule(package: str, names: list[str], name: str) -> ModuleType:
    """Import ``package.name`` at its first use (PEP 562); `names` is the ``__all__`` of the package."""
    if name in names:
        return importlib.import_module(f"{package}.{name}")
    raise AttributeError(f"module {package!r} has no attribute {name!r}; it holds {', '.join(names)}")


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]

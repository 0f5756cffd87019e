"""How the ground under the weather averages: soils, cities, patches."""

from types import ModuleType

from .. import lazy_submodule

__all__ = ["urban"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

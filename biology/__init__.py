"""How the cell and the tissue organise themselves at the scale between the molecule and the organism."""

from types import ModuleType

from .. import lazy_submodule

__all__ = ["golgi"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

"""What solids and fibres do because of the structure between their atoms and their shape."""

from types import ModuleType

from .. import lazy_submodule

__all__ = ["fiber"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

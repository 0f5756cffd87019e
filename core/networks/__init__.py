"""Networks: what percolates, binds, holds and oscillates."""

from types import ModuleType

from ... import lazy_submodule

__all__ = ["elasticity", "percolation"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

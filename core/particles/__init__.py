"""Particles: from molecular dynamics of atoms and beads to the fluids that are built top-down."""

from types import ModuleType

from ... import lazy_submodule

__all__ = ["dissipative", "dynamics", "potentials", "rotation"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

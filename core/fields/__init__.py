"""Fields: patterns that form themselves out of a free energy."""

from types import ModuleType

from ... import lazy_submodule

__all__ = ["allen_cahn", "cahn_hilliard", "crystal", "free_energies", "recording", "spectral"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

"""Coarse-graining: from atoms to beads to fields."""

from types import ModuleType

from ... import lazy_submodule

__all__ = [
    "force_matching",
    "free_energy",
    "inversion",
    "local_free_energy",
    "mapping",
    "relative_entropy",
    "relaxation_modulus",
    "speed_up",
    "viscoelasticity",
]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

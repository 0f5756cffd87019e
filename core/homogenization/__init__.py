"""Homogenization: the right way to average over a fine structure."""

from types import ModuleType

from ... import lazy_submodule

__all__ = ["bounds", "disk_arrays", "moment_closure", "voxels"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

"""Methods that know no domain: units, the contract of a model, its recipe and evidence, and the numerics below them."""

from types import ModuleType

from .. import lazy_submodule

__all__ = [
    "coarse_graining",
    "evidence",
    "fields",
    "homogenization",
    "integrators",
    "kernels",
    "model",
    "networks",
    "particles",
    "quantities",
    "recipe",
]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

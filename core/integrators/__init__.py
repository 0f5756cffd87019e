"""Integrators: stochastic differential equations, Langevin dynamics and jump processes, in parallel ensembles."""

from types import ModuleType

from ... import lazy_submodule

__all__ = ["bistable_switch", "jumps", "langevin", "reaction_kinetics", "sde"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

r"""Molecular dynamics: atoms and beads in a periodic box."""

from .simulation import Barostat, final_system, forces, simulate
from .system import ForceField, System

__all__ = ["Barostat", "ForceField", "System", "final_system", "forces", "simulate"]

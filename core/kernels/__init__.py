"""Floor 0: arrays and numba, no physics.

``random`` independent streams of random numbers · ``threads`` blocks of trajectories on a thread pool ·
``disjoint_sets`` union-find, also on periodic graphs · ``correlator`` time correlations over many decades ·
``statistics`` errors of correlated series · ``cell_list`` neighbours in
periodic boxes.
"""

from types import ModuleType

from ... import lazy_submodule

__all__ = ["cell_list", "correlator", "disjoint_sets", "random", "statistics", "threads"]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

"""The face of the library: every model run, judged, drawn, compared and written down; and the command line."""

from types import ModuleType

from .. import lazy_submodule

__all__ = [
    "catalogue",
    "command_line",
    "compare",
    "display",
    "figures",
    "files",
    "model_commands",
    "panels",
    "parameters",
    "report",
    "story",
    "survey",
    "table",
]


def __getattr__(name: str) -> ModuleType:
    return lazy_submodule(__name__, __all__, name)

"""A small library of its own, written to disk: so the atlas is tested on models whose answers are known."""

import functools
import sys
import textwrap

import pytest

SPRINGS = '''
"""Springs in a row: from one bond to the length of a chain.

Micro: one *bond* of length *b_0*. Meso: :math:`n` of them, see [1]_. Macro: how long is the chain?

.. math:: L = \\\\frac{n b_0}{1 + s} \\\\tag{1}

- valid for small ``s``

References
----------
1. Hooke (1678), De potentia restitutiva.
"""

from typing import ClassVar, Literal

import numpy as np

from mesoscale.core.evidence import Evidence
from mesoscale.core.model import Estimate, Model, Record, Result, param
from mesoscale.core.quantities import Count, Dimensionless, Length, Rate, Temperature, Time

__all__ = ["LONG", "Springs"]


class Hook(Record):
    """What hangs at the end."""

    width: Length = param(1e-9, "width of the hook", source="Doe 1999", gt=0, le=1e-3)


class Springs(Model):
    """Springs in a row, and the chain that they make."""

    bond_length: Length = param(0.34e-9, "length of a bond", source="Doe 1999", gt=0, le=1e-3)
    spread: Dimensionless = param(0.5, "relative spread", source="assumed", ge=0, le=1e3, span=(1e-3, 100.0))
    temperature: Temperature = param(300.0, "temperature", source="a warm room", gt=0, le=1e4)
    wall: Length | None = param(1e-6, "distance of the wall; none for no wall", source="assumed", gt=0, le=1.0)
    shape: Literal["straight", "round"] = param("straight", "shape", source="assumed")
    hooks: tuple[Hook, ...] = param((Hook(), Hook(width=2e-9)), "hooks", source="Doe 1999")
    bonds: Count = param(100, "number of bonds", source="numerical", ge=1, le=10000)

    RESULTS: ClassVar = (
        Result("answer", Length, "length of the chain", error=True, valid="a spread below 2"),
        Result("naive_answer", Length, "sum of the bonds"),
        Result("lag", Time, "lag time", dims=("lag",)),
        Result("correlation", Dimensionless, "correlation", dims=("lag",), error=True),
        Result("decay", Dimensionless, "exponential decay", dims=("lag",), beside="correlation"),
        Result("rate", Rate, "rate of opening", dims=("lag",), exists="at late times"),
        Result("x", Length, "position along the chain", dims=("x",)),
        Result("y", Length, "position across the chain", dims=("y",)),
        Result("warmth", Temperature, "temperature of the place", dims=("y", "x")),
        Result("radius", Length, "radius of a chain", dims=("chain",)),
    )
    competition: ClassVar = "spread of the bonds / one"
    control: ClassVar = "spread"
    quick: ClassVar = {"bonds": 50}

    def governing_ratio(self):
        return self.spread

    def simulate(self, streams, tick):
        contour = self.bonds * self.bond_length
        lag = np.logspace(-6, -2, 25)
        decay = np.exp(-lag / 5e-3)
        x, y = np.linspace(0, 2e-6, 20), np.linspace(0, 1e-6, 15)
        return {
            "answer": Estimate(contour / (1 + self.spread), 0.01 * contour),
            "answer_valid": self.spread < 2,
            "naive_answer": contour,
            "lag": lag,
            "correlation": Estimate(decay + 0.01, np.full(25, 0.01)),
            "decay": decay,
            "rate": np.where(lag > 1e-5, 1 / lag, np.nan),
            "x": x,
            "y": y,
            "warmth": self.temperature + 1e6 * (x + y[:, None]),
            "radius": contour * np.linspace(0.9, 1.1, 60),
        }


LONG = Springs(bond_length="1 nm")

EVIDENCE = (
    Evidence("length", computed=lambda: 5.03e-8, expected=5e-8, relative=0.02, kind="published",
             source="Roe 2001, doi:10.1000/182, table 1", unit="m"),
    Evidence("mean of ten", computed=lambda: (1.0, 0.1), expected=1.05, z=4, kind="theory", source="an integral"),
    Evidence("lost number", computed=lambda: 2.0, expected=1.0, relative=0.1, kind="published", source="Poe 1999",
             reproduced=False, note="comes out twice as large"),
    Evidence("slow sum", computed=lambda: 1.0, expected=1.0, relative=0.1, kind="theory", source="sum", slow=True),
)
'''

LEVERS = '''
"""Levers: a second model, split over two files and with nothing but theory behind it."""

from .arms import LIFTED, Lever

__all__ = ["LIFTED", "Lever"]
'''

ARMS = '''
"""Equation numbers are those of the package.

.. math:: F = m g
"""

from typing import ClassVar

from mesoscale.core.model import Model, Result, param
from mesoscale.core.quantities import Force, Length

__all__ = ["LIFTED", "Lever"]


class Lever(Model):
    """A lever."""

    arm: Length = param(1.0, "arm", source="Archimedes", gt=0, le=10.0)
    RESULTS: ClassVar = (Result("force", Force, "force at the end"),)

    def simulate(self, streams, tick):
        return {"force": 1.0 / self.arm}


LIFTED = Lever().replace(arm="2 m")
'''

METHODS = '''
"""Methods: evidence without a model."""

from mesoscale.core.evidence import Evidence

__all__ = ["double"]


def double(x: float) -> float:
    """Twice."""
    return 2 * x


EVIDENCE = (
    Evidence("twice one", computed=lambda: double(1.0), expected=2.0, relative=0.0, kind="theory", source="addition"),
)
'''

LAZY = '''
"""A room."""

import importlib

__all__ = {names!r}


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{{__name__}}.{{name}}")
    raise AttributeError(name)
'''


@pytest.fixture(scope="session")
def fakelib(tmp_path_factory):
    """The folder of a package ``fakelib`` with two rooms, three public modules and two models."""
    root = tmp_path_factory.mktemp("library")
    sources = {
        "__init__.py": "",
        "shop/__init__.py": LAZY.format(names=["springs", "levers"]),
        "shop/springs.py": SPRINGS.replace("\\\\\\\\", "\\\\"),
        "shop/levers/__init__.py": LEVERS,
        "shop/levers/arms.py": ARMS,
        "lab/__init__.py": LAZY.format(names=["methods"]),
        "lab/methods.py": METHODS,
    }
    for name, text in sources.items():
        path = root / "fakelib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    sys.path.insert(0, str(root))
    yield root / "fakelib"
    sys.path.remove(str(root))


@pytest.fixture(scope="session")
def entries(fakelib):
    """What the catalogue reads in it."""
    from mesoscale.atlas.catalogue import read_entries

    return read_entries(fakelib, "fakelib", ("lab", "shop"))


@pytest.fixture(scope="session")
def springs(fakelib):
    """The module of the model ``Springs``."""
    import importlib

    return importlib.import_module("fakelib.shop.springs")


@pytest.fixture
def invoke(fakelib, monkeypatch):
    """Call the command line on the small library; returns click's result."""
    from click.testing import CliRunner
    from mesoscale.atlas import catalogue, command_line, model_commands

    reader = functools.partial(catalogue.read_entries, fakelib, "fakelib", ("lab", "shop"))
    monkeypatch.setattr(command_line, "read_entries", reader)
    monkeypatch.setattr(model_commands, "read_entries", reader)

    def call(*arguments, **options):
        return CliRunner().invoke(command_line.main, list(arguments), **options)

    return call


@pytest.fixture(scope="session")
def quick(entries, tmp_path_factory):
    """A quick survey of the small library, its folder, and what its listener was told."""
    from mesoscale.atlas.survey import survey

    folder, told = tmp_path_factory.mktemp("quick"), []
    return survey(entries, folder, quick=True, listen=told.append), folder, told

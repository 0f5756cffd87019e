"""What a model is: a frozen set of parameters with one verb, ``run``.

A model declares its parameters as fields with a unit, bounds, a sentence and a source, and its results once, in
``RESULTS``. It writes one method, ``simulate``, which returns bare arrays; everything else (checking, seeding,
labelling, the recipe, replicates, progress, Ctrl-C) is done here, once for all.

>>> from typing import ClassVar
>>> from mesoscale.core.model import Model, Result, mean, param
>>> from mesoscale.core.kernels.random import spawn_states
>>> from mesoscale.core.quantities import Count, Length, Temperature
>>> class Ruler(Model):
...     '''A rod that grows when it is warmed.'''
...     length: Length = param(1.0, "length at 20 degC", source="definition", gt=0, le=1e3)
...     temperature: Temperature = param(300.0, "temperature", source="room", gt=0, le=1e4)
...     RESULTS: ClassVar = (Result("warm_length", Length, "length at the temperature"),)
...     def simulate(self, streams, tick):
...         return {"warm_length": self.length * (1 + 1e-5 * (self.temperature - 293.15))}
>>> Ruler(length="2 km")
Traceback (most recent call last):
    ...
mesoscale.core.model.errors.ParameterError: Ruler(length='2 km'): length must be at most 1000 m; the default is 1 m
>>> round(float(Ruler(temperature="40 degC").run().warm_length), 12)
1.0002
"""

from .errors import ParameterError, problem
from .phenomenon import Model, Streams, Tick
from .records import Data, Function, Record, interval, param
from .results import Estimate, Result, ResultError, mean, summarize

__all__ = [
    "Data",
    "Estimate",
    "Function",
    "Model",
    "ParameterError",
    "Record",
    "Result",
    "ResultError",
    "Streams",
    "Tick",
    "interval",
    "mean",
    "param",
    "problem",
    "summarize",
]

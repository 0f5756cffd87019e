"""The contract: parameters in, one labelled Dataset out."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import scipy.optimize

from .errors import ParameterError
from .progress import Progress, library_version
from .records import Record, functions_in, interval
from .results import Result, ResultError, label_results

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Model", "Streams", "Tick"]

Tick = Callable[[int, int], None]
"""``tick(done, total)``: called between blocks of work; it may raise to cancel."""


class Streams:
    """Hands out independent random states: each depends on the seed, the replicate and its number, on nothing else."""

    def __init__(self, seed: int, replicate: int = 0) -> None:
        self._seed = seed
        self._replicate = replicate
        self._used = 0

    def __call__(self, n: int) -> np.ndarray:
        """`n` fresh states, shape (n, 4), uint64; each one goes to one trajectory."""
        from ..kernels.random import spawn_states  # numba: only when random numbers are drawn

        states = spawn_states(self._seed, n, first=self._used, purpose=self._replicate)
        self._used += n
        return states


class Model(Record):
    """A bridge with three piers: what is measured below, what organises itself in between, what is asked above.

    Subclasses are models and final: a variant is a parameter or a new file.

    Attributes
    ----------
    RESULTS : tuple of Result
        What `run` returns.
    competition : str or None
        What the governing ratio weighs ("bending energy / thermal energy"); None for a method.
    control : str or None
        The continuous parameter (dotted path) that moves the governing ratio, monotonically on its interval.
    quick : dict
        Parameters of a small run, for a first look and for CI.
    """

    RESULTS: ClassVar[tuple[Result, ...]] = ()
    competition: ClassVar[str | None] = None
    control: ClassVar[str | None] = None
    quick: ClassVar[Mapping[str, Any]] = {}

    def governing_ratio(self) -> float:
        """The dimensionless number that decides; about 1 at the crossover, cheap to compute."""
        raise TypeError(f"{type(self).__name__} is a method, not a phenomenon: it has no governing ratio")

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Compute: bare arrays, ``mean(samples)`` for an estimate, None for what does not exist, by result name."""
        raise TypeError(f"{type(self).__name__} does not say how it is simulated")

    def run(
        self, *, seed: int = 0, replicates: int = 1, progress: bool | Callable[[int, int], Any] = False
    ) -> xr.Dataset:
        """Simulate and label.

        Parameters
        ----------
        seed : int
            Any non-negative integer; the same seed gives the same bits on any number of threads.
        replicates : int
            Independent repetitions, laid along ``replicate``; the first is the single run.
        progress : bool or callable
            True for a bar on the terminal, or a callable ``(done, total)``, which may raise to cancel.

        Returns
        -------
        xarray.Dataset
            Every variable with ``units`` and ``long_name``; the numeric parameters as scalar coordinates; the recipe in
            the attribute ``recipe``. After Ctrl-C: the finished replicates.

        Raises
        ------
        ResultError
            If a result is not finite for these parameters.
        KeyboardInterrupt
            If interrupted before the first replicate was finished.
        """
        name = type(self).__name__
        seed = _whole(name, "seed", seed, 0)
        replicates = _whole(name, "replicates", replicates, 1)
        runs: list[dict[str, Any]] = []
        with Progress(progress, name) as report:

            def tick(done: int, total: int) -> None:
                report(len(runs) * total + done, replicates * total)

            try:
                for replicate in range(replicates):
                    runs.append(self._simulate_once(Streams(seed, replicate), tick))
                    report(len(runs), replicates) if replicates > 1 else None
            except KeyboardInterrupt:
                if not runs:
                    raise
        return self.label(runs, seed=seed, replicated=replicates > 1)

    def label(self, runs: Sequence[dict[str, Any]], *, seed: int = 0, replicated: bool = False) -> xr.Dataset:
        """What `run` returns, from what `simulate` returned: for rooms that run models in a way of their own."""
        import xarray as xr

        name = type(self).__name__
        variables, coordinates = label_results(name, self.RESULTS, runs, replicated=replicated)
        parameters, inputs, units = self._parameters()
        attrs = {
            "Conventions": "CF-1.11",
            "title": name,
            "source": f"mesoscale {library_version()}",
            "recipe": json.dumps(self.recipe(seed=seed, replicates=len(runs), units=units)),
        }
        return xr.Dataset({**variables, **inputs}, {**coordinates, **parameters}, attrs)

    def _simulate_once(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        try:
            with np.errstate(divide="raise", over="raise", invalid="raise", under="ignore"):
                return self.simulate(streams, tick)
        except ResultError:
            raise
        except (ArithmeticError, MemoryError) as error:
            reason = f"{type(error).__name__}: {error}"
            sentence = f"the calculation failed for these parameters ({reason})"
            raise ResultError(f"{type(self).__name__}: {sentence}") from error

    def recipe(self, *, seed: int = 0, replicates: int = 1, units: Mapping[str, str] | None = None) -> dict[str, Any]:
        """All that is needed to run this again: model, parameters with units, seed, replicates, version."""
        parameters = self.model_dump(mode="json")
        ours = model_path(type(self)).startswith("mesoscale.")
        return {
            "model": model_path(type(self)),
            "parameters": parameters,
            "units": dict(self._parameters()[2] if units is None else units),
            "seed": seed,
            "replicates": replicates,
            "version": library_version(),
            "replayable": ours and not functions_in(parameters),
        }

    def at_ratio(self, value: float, control: str | None = None) -> Self:
        """The same model with its control set so that the governing ratio is `value`.

        Parameters
        ----------
        value : float
            The governing ratio that is wanted.
        control : str, optional
            The parameter to move instead of the declared one.

        Raises
        ------
        ParameterError
            If the control's interval does not reach the value; the error says what it does reach.
        """
        name = type(self).__name__
        control = control or self.control
        if control is None:
            raise ParameterError(name, {"control": "must be named: this model declares none"})
        owner: Record = self
        *path, last = control.split(".")
        try:
            for part in path:
                owner = owner[int(part)] if isinstance(owner, tuple) else getattr(owner, part)
            known = last in type(owner).model_fields
        except (AttributeError, IndexError, ValueError):
            known = False
        if not known:
            raise ParameterError(name, {control: f"is not a parameter of {name}"})
        low, high = interval(type(owner), last)
        logarithmic = low > 0

        def setting(x: float) -> float:  # rounding must not leave the interval
            return min(max(math.exp(x) if logarithmic else x, low), high)

        def mismatch(x: float) -> float:
            ratio = self.replace(**{control: setting(x)}).governing_ratio()
            return math.log(ratio / value) if ratio > 0 and value > 0 else ratio - value

        ends = (math.log(low), math.log(high)) if logarithmic else (low, high)
        at_ends = [mismatch(x) for x in ends]
        for x, difference in zip((low, high), at_ends, strict=True):
            if difference == 0.0:
                return self.replace(**{control: x})
        if at_ends[0] * at_ends[1] > 0:
            reach = sorted(self.replace(**{control: x}).governing_ratio() for x in (low, high))
            sentence = f"reaches governing ratios from {reach[0]:.4g} to {reach[1]:.4g} on its interval"
            raise ParameterError(name, {control: f"{sentence} {low:.4g} to {high:.4g}, not {value:.4g}"})
        x = scipy.optimize.brentq(mismatch, *ends, xtol=1e-12, rtol=1e-14)
        return self.replace(**{control: setting(x)})

    def _parameters(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """Numeric parameters as scalar coordinates, data as variables on dimensions of their own, and all units."""
        import xarray as xr

        coordinates: dict[str, Any] = {}
        inputs: dict[str, Any] = {}
        units: dict[str, str] = {}
        for path, value, unit, doc in _walk(self, ""):
            if unit:
                units[path] = unit
            if hasattr(value, "dims"):
                dims = [f"input_{path}_{dim}" for dim in value.dims]
                attrs = {"units": unit, "long_name": doc}
                inputs[f"input_{path}"] = xr.Variable(dims, value.values, attrs)
            elif isinstance(value, bool | int | float):
                attrs = {"units": unit, "long_name": doc}
                coordinates[path] = xr.Variable((), np.asarray(value), attrs, fastpath=True)
        return coordinates, inputs, units


def _walk(record: Record, prefix: str) -> Any:
    """All leaves of a record: dotted path, value, unit, doc."""
    described = _described(type(record))
    for name, (unit, doc) in described.items():
        value = getattr(record, name)
        if isinstance(value, Record):
            yield from _walk(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], Record):
            for index, entry in enumerate(value):
                yield from _walk(entry, f"{prefix}{name}.{index}.")
        else:
            yield prefix + name, value, unit or ("1" if isinstance(value, bool | int | float) else ""), doc


def _described(record: type[Record]) -> dict[str, tuple[str, str]]:
    """Unit and doc of every field, from the JSON schema, once for each class."""
    if "_described_fields" not in record.__dict__:
        properties = record.model_json_schema()["properties"]
        table = {}
        for name in record.model_fields:
            entry = properties[name]
            options = [entry, *entry.get("anyOf", ())]
            table[name] = (next((o["unit"] for o in options if "unit" in o), ""), entry.get("description", ""))
        type.__setattr__(record, "_described_fields", table)
    return record.__dict__["_described_fields"]


def model_path(model: type[Model]) -> str:
    """The public path of a model: the outermost module of the library whose ``__all__`` names it."""
    path = model.__module__
    while "." in path:
        parent = path.rpartition(".")[0]
        if model.__name__ not in getattr(importlib.import_module(parent), "__all__", ()):
            break
        path = parent
    return f"{path}.{model.__qualname__}"


def _whole(model: str, name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(model, {name: f"must be a whole number of at least {least}"}, {name: value})
    return int(value)

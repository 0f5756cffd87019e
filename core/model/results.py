"""Results: declared once, labelled in one place."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..quantities import unit_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Estimate", "Result", "ResultError", "label_results", "mean", "summarize"]


class ResultError(ArithmeticError):
    """The calculation left the range in which numbers are finite."""


class Estimate(NamedTuple):
    """A value and its standard error (of the same shape)."""

    value: Any
    error: Any


def mean(samples: Any, axis: int = 0) -> Estimate:
    """Mean of independent samples along `axis`, with its standard error (NaN for fewer than two samples).

    >>> value, error = mean([1.0, 2.0, 3.0])
    >>> float(value), round(float(error), 4)
    (2.0, 0.5774)
    """
    samples = np.asarray(samples, dtype=float)
    n = samples.shape[axis]
    value = samples.mean(axis=axis)
    if n < 2:
        return Estimate(value, np.full_like(value, np.nan))
    return Estimate(value, samples.std(axis=axis, ddof=1) / np.sqrt(n))


@dataclass(frozen=True, slots=True)
class Result:
    """What a run returns under one name.

    Parameters
    ----------
    name : str
        The law's name if a law predicts it.
    quantity : Any
        A quantity of :mod:`mesoscale.core.quantities`; `Flag` and `Count` give bool and integer variables.
    long_name : str
        In the words of the field.
    dims : tuple of str
        Dimensions. A result named like its only dimension is a coordinate.
    error : bool
        Whether it is an estimate, to which belongs a standard error ``<name>_error``.
    valid : str, optional
        Where the law behind it holds, as a phrase that completes "valid for ...". `simulate` then also returns
        ``<name>_valid``.
    exists : str, optional
        When it exists ("above the gel point"). `simulate` returns None or NaN where it does not; the variable is NaN
        there and ``<name>_exists`` is False.
    beside : str, optional
        The prediction of this result, another result with the same unit and dimensions: drawn in the same panel.
    """

    name: str
    quantity: Any
    long_name: str
    dims: tuple[str, ...] = ()
    error: bool = False
    valid: str | None = None
    exists: str | None = None
    beside: str | None = None

    @property
    def units(self) -> str:
        """SI unit in UDUNITS style."""
        unit = unit_of(self.quantity)
        if unit is None:
            raise TypeError(f"the result {self.name} has no unit in {self.quantity!r}")
        return unit.symbol

    @property
    def dtype(self) -> type:
        """float, int or bool."""
        kind = typing.get_args(self.quantity)[0]
        return kind if kind in (bool, int) else float


def label_results(
    model: str, results: Sequence[Result], runs: Sequence[Mapping[str, Any]], replicated: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Variables and coordinates of a Dataset, from what one or several ``simulate`` returned."""
    import xarray as xr

    lead = ("replicate",) if replicated else ()
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    tables = [_complete(model, results, run) for run in runs]
    for name, (dims, _, attrs) in tables[0].items():
        arrays = [table[name][1] for table in tables]
        if dims == (name,):
            if any(not np.array_equal(array, arrays[0]) for array in arrays[1:]):
                raise TypeError(f"{model}: the coordinate {name} differs between replicates")
            coordinates[name] = xr.Variable(dims, arrays[0], attrs, fastpath=True)
        else:
            values = np.stack(arrays) if replicated else arrays[0]
            variables[name] = xr.Variable(lead + dims, values, attrs, fastpath=True)
    if replicated:
        attrs = {"units": "1", "long_name": "independent replicate"}
        coordinates["replicate"] = xr.Variable(("replicate",), np.arange(len(runs)), attrs)
    return variables, coordinates


_Table = dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]]


def _complete(model: str, results: Sequence[Result], run: Mapping[str, Any]) -> _Table:
    """One run's arrays by variable name, each with dims and attributes, checked against what is declared."""
    left = dict(run)
    sizes = _sizes(results, run)
    table: _Table = {}
    for result in results:
        if result.name not in left:
            raise TypeError(f"{model}.simulate did not return the declared result {result.name}")
        name, dims = result.name, result.dims
        value = left.pop(name)
        value, error = value if isinstance(value, Estimate) else (value, None)
        if value is None:
            if result.exists is None:
                raise TypeError(f"{model}: {name} is None, but is declared to exist always")
            value = np.full([sizes[d] for d in dims], np.nan)
        array: np.ndarray = np.asarray(value, dtype=result.dtype)
        if array.ndim != len(dims) or any(sizes[d] != n for d, n in zip(dims, array.shape, strict=True)):
            raise TypeError(f"{model}: {name} has shape {array.shape}, declared on ({', '.join(dims)})")
        attrs = {"units": result.units, "long_name": result.long_name}
        ancillary: _Table = {}
        if result.error:
            spread = np.full(array.shape, np.nan) if error is None else np.asarray(error, dtype=float)
            text = {"units": result.units, "long_name": f"standard error of the {result.long_name}"}
            ancillary[f"{name}_error"] = (dims, np.broadcast_to(spread, array.shape), text)
        finite = np.isfinite(array)
        if result.exists is not None:
            missing = np.isnan(array)
            text = _flag(f"whether the {result.long_name} exists", f"exists {result.exists}")
            ancillary[f"{name}_exists"] = (dims, ~missing, text)
            finite = finite | missing
        if not finite.all():
            culprit = array[~finite].flat[0] if array.ndim else array[()]
            raise ResultError(f"{model}: the {result.long_name} ({name}) came out as {culprit} for these parameters")
        if result.valid is not None:
            if f"{name}_valid" not in left:
                raise TypeError(f"{model}.simulate did not return {name}_valid")
            flag = np.broadcast_to(np.asarray(left.pop(f"{name}_valid"), dtype=bool), array.shape)
            text = _flag(f"whether the {result.long_name} is inside its validity", f"valid for {result.valid}")
            ancillary[f"{name}_valid"] = (dims, flag, text)
        if ancillary:
            attrs["ancillary_variables"] = " ".join(ancillary)
        table[name] = (dims, array, attrs)
        table.update(ancillary)
    if left:
        raise TypeError(f"{model}.simulate returned what is not declared: {', '.join(left)}")
    return table


def _flag(long_name: str, comment: str) -> dict[str, str]:
    return {"units": "1", "long_name": long_name, "comment": comment}


def _sizes(results: Sequence[Result], run: Mapping[str, Any]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for result in results:
        value = run.get(result.name)
        value = value.value if isinstance(value, Estimate) else value
        if value is not None and len(result.dims) == np.ndim(value):
            for dim, size in zip(result.dims, np.shape(value), strict=True):
                sizes.setdefault(dim, size)
    return sizes


def summarize(dataset: xr.Dataset) -> xr.Dataset:
    """Turn the ``replicate`` dimension into means and standard errors.

    Numbers become their mean over the replicates, with ``<name>_error`` the standard error of that mean; bools that are
    results become the fraction of replicates in which they hold. A flag ``_valid`` or ``_exists`` holds if it holds in
    every replicate (so a mean is never taken over a chosen few).

    Parameters
    ----------
    dataset : xarray.Dataset
        From ``run(replicates=n)`` with n > 1.

    Returns
    -------
    xarray.Dataset
        Without the dimension ``replicate``; the recipe stays.

    Raises
    ------
    ValueError
        If there is no dimension ``replicate``.
    """
    if "replicate" not in dataset.dims:
        raise ValueError("summarize needs a dataset with the dimension 'replicate': run with replicates=2 or more")
    variables: dict[str, Any] = {}
    for name, array in dataset.data_vars.items():
        name = str(name)
        base = name.rpartition("_")[0]
        if "replicate" not in array.dims:
            variables[name] = array
        elif name.endswith(("_valid", "_exists")) and base in dataset:
            variables[name] = array.all("replicate").assign_attrs(array.attrs)
        elif not (name.endswith("_error") and base in dataset):
            axis = array.get_axis_num("replicate")
            value, error = mean(array.values, axis=int(axis))
            dims = tuple(d for d in array.dims if d != "replicate")
            attrs = dict(array.attrs)
            extra = f"{name}_error"
            known = attrs.get("ancillary_variables", "").split()
            attrs["ancillary_variables"] = " ".join(dict.fromkeys([extra, *known]))
            variables[name] = (dims, value, attrs)
            text = f"standard error of the {attrs.get('long_name', name)}, from replicates"
            variables[extra] = (dims, error, {"units": attrs.get("units", "1"), "long_name": text})
    summary = dataset.drop_vars([*dataset.data_vars, "replicate"]).assign(variables)
    return summary.assign_attrs(dataset.attrs)

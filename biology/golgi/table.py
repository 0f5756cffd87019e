"""Tables of proteins, as people keep them: a CSV file, a mapping of columns, a data frame."""

from __future__ import annotations

import csv
import difflib
import math
import os
import re
from pathlib import Path
from typing import Any

from ...core.model import ParameterError
from ...core.quantities import Unit, UnitError
from .binding import concentration_in_slab
from .mixture import Protein

__all__ = ["read_table"]

_UNITS = {
    "concentration": Unit("mol m-3"),
    "surface_density": Unit("m-2"),
    "dissociation_constant": Unit("mol m-3"),
}
_COLUMNS = ("name", "valence", "sticker", "partner", *_UNITS)
_HEADING = re.compile(r"^\s*([^\[\]()]+?)\s*(?:[\[(]\s*(.*?)\s*[\])])?\s*$")
_LARGEST_FILE = 1_000_000  # bytes; a table of proteins has a few hundred


def read_table(table: Any, model: str, thickness: float | None) -> dict[str, Any]:
    """Proteins and, if the table has one, the dissociation constant of the first bond.

    Parameters
    ----------
    table : path, mapping or data frame
        See `GolgiMatrix.from_table`.
    model : str
        Whose error is raised.
    thickness : float or None
        Of the slab, to read surface densities [m].

    Returns
    -------
    dict
        ``proteins`` and, if given, ``dissociation_constant``: the first one, to which the others are relative.

    Raises
    ------
    ParameterError
        If it cannot be understood; the error names row and column.
    """
    rows = _rows_of(table, model)
    values = [_read_row(row, model, f"row {number}", thickness) for number, row in enumerate(rows, start=1)]
    reference = next((v["dissociation_constant"] for v in values if v.get("dissociation_constant") is not None), None)
    proteins = []
    for number, value in enumerate(values, start=1):
        own = value.pop("dissociation_constant", None)
        if own is not None and reference is not None:
            if not (own > 0.0 and reference > 0.0):
                raise ParameterError(model, {f"row {number}, dissociation_constant": "must be greater than 0"})
            value["relative_dissociation_constant"] = 1.0 if own == reference else own / reference
        try:
            proteins.append(Protein(**value))
        except ParameterError as error:
            raise ParameterError(model, {f"row {number}, {k}": v for k, v in error.problems.items()}) from None
    known: dict[str, Any] = {"proteins": tuple(proteins)}
    return known if reference is None else known | {"dissociation_constant": reference}


def _rows_of(table: Any, model: str) -> list[dict[str, Any]]:
    if isinstance(table, str | os.PathLike):
        return _rows_of_file(Path(table), model)
    names = getattr(table, "columns", None)
    if names is None:
        names = table.keys() if hasattr(table, "keys") else None
    if names is None:
        raise ParameterError(model, {"table": "must be the path of a CSV file, a mapping of columns or a data frame"})
    try:
        columns = {str(name): list(table[name]) for name in names}
    except TypeError:
        raise ParameterError(model, {"table": "must have a sequence of values in each column"}) from None
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ParameterError(model, {"table": f"must have columns of one length, not {lengths}"})
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _rows_of_file(path: Path, model: str) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ParameterError(model, {"table": f"must be a file of at most {_LARGEST_FILE} bytes"})
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines(), skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(model, {"table": f"cannot be read as a CSV file: {error}"}) from None
    rows = [row for row in rows if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")]
    if len(rows) < 2:
        raise ParameterError(model, {"table": "must have a line of headings and at least one line of values"})
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(rows[0]):
            sentence = f"has {len(row)} cells for {len(rows[0])} headings (a decimal comma, or a comma in a name?)"
            raise ParameterError(model, {f"row {number}": sentence})
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def _read_row(row: dict[str, Any], model: str, where: str, thickness: float | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for heading, cell in row.items():
        found = _HEADING.match(heading)
        column, unit = (found[1].lower().replace(" ", "_"), found[2]) if found else (heading, None)
        if column not in _COLUMNS:
            near = difflib.get_close_matches(column, _COLUMNS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_COLUMNS)}"
            raise ParameterError(model, {heading: f"is not a column of the table; {hint}"})
        if (
            cell is None
            or (isinstance(cell, float) and math.isnan(cell))
            or (isinstance(cell, str) and not cell.strip())
        ):
            continue
        values[column] = _read_cell(cell, column, unit, model, f"{where}, {column}")
    for column in ("name", "valence"):
        if column not in values:
            raise ParameterError(model, {f"{where}, {column}": "is missing"})
    values.setdefault("sticker", f"{values['name']} sticker" if "partner" in values else "sticker")
    density = values.pop("surface_density", None)
    if density is not None:
        if "concentration" in values:
            raise ParameterError(model, {where: "has a concentration and a surface_density; give one of them"})
        if thickness is None:
            sentence = "needs the thickness of the slab: from_table(..., thickness='100 nm')"
            raise ParameterError(model, {f"{where}, surface_density": sentence})
        values["concentration"] = float(concentration_in_slab(density, thickness))
    values.setdefault("concentration", None)
    return values


def _read_cell(cell: Any, column: str, unit: str | None, model: str, where: str) -> Any:
    if column not in _UNITS:
        if column != "valence":
            return str(cell).strip()
        try:
            number = float(cell)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(cell, bool) or not number.is_integer():
            raise ParameterError(model, {where: "must be a whole number"}, {where: cell})
        return int(number)
    text = str(cell).strip() if isinstance(cell, str) else cell
    try:
        bare = isinstance(text, int | float) or (isinstance(text, str) and _is_number(text)) or hasattr(text, "dtype")
        if bare and not hasattr(text, "attrs"):
            if not unit:
                raise UnitError(f"needs a unit, in the heading ('{column} [uM]') or in the cell ('8 uM')")
            return _UNITS[column].to_magnitude(f"{float(text)!r} {unit}")
        return float(_UNITS[column].to_magnitude(text))
    except UnitError as error:
        raise ParameterError(model, {where: str(error)}, {where: cell}) from None
    except (TypeError, ValueError):
        raise ParameterError(model, {where: "must be a number with a unit"}, {where: cell}) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

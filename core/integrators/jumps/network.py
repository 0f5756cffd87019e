"""Reaction networks: what kernels need of them is `Channels`, arrays only."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import field_validator, model_validator

from ...model import Function, ParameterError, Record, param, problem
from ...quantities import Count, Dimensionless
from .expressions import AMOUNT, FormulaError, compile_formula, names_in
from .layout import Channels, lay_out

__all__ = ["Constant", "Event", "Reaction", "ReactionNetwork", "Species"]

_NAME = re.compile(r"^[A-Za-z_][A-Za-z_0-9]*$")
_RESERVED = {"time", "and", "or", "not", "if", "else", "where", "min", "max", "abs", "exp", "log", "sqrt", "floor"}
_RESERVED |= {"ceil", "sin", "cos", "tanh", "True", "False", "None", "lambda"}
_MOST = 1_000_000  # species or reactions

# The counts are whole numbers of at least 1: the validator below sees to it, as a bound cannot stand inside a pair.
Stoichiometry = tuple[tuple[str, Any], ...]


def _checked_name(name: str) -> str:
    if not _NAME.match(name) or name in _RESERVED or len(name) > 100:
        raise ValueError("must be a word of letters, digits and _, and none of a formula's own words")
    return name


class Species(Record):
    """A kind of molecule and how many there are at the start."""

    name: str = param("X", "name, as formulas use it", source="the user's")
    amount: Count = param(0, "molecules at the start", source="the user's", ge=0, le=2**53)
    fixed: bool = param(False, "whether reactions leave its amount alone", source="the user's")

    _name = field_validator("name")(_checked_name)


class Constant(Record):
    """A number that formulas know by name."""

    name: str = param("k", "name, as formulas use it", source="the user's")
    value: Dimensionless = param(1.0, "value", source="the user's", ge=-1e300, le=1e300)

    _name = field_validator("name")(_checked_name)


class Reaction(Record):
    """One channel: what it takes, what it makes, and how often it fires.

    Either `rate`, the constant *c* of mass action: every distinct set of reactant molecules reacts with the probability
    *c dt*, so that two equal molecules meet with ``c X (X - 1) / 2``. Or `propensity`: a formula of amounts and
    constants, or a compiled function ``f(amounts, constants) -> float`` (which makes a result not replayable).
    """

    reactants: Stoichiometry = param((), "molecules that are taken, such as {'P': 2}", source="the user's")
    products: Stoichiometry = param((), "molecules that are made", source="the user's")
    rate: Dimensionless | None = param(
        None, "constant of mass action; None with a propensity", source="the user's", ge=0, le=1e300
    )
    propensity: str | Annotated[Callable[..., Any], Function("f(amounts, constants) -> propensity")] | None = param(
        None, "formula or compiled function instead of mass action", source="the user's"
    )
    name: str = param("", "label", source="the user's")

    @field_validator("reactants", "products", mode="before")
    @classmethod
    def _as_pairs(cls, given: Any) -> Any:
        pairs = given.items() if isinstance(given, Mapping) else given
        if isinstance(pairs, str) or not isinstance(pairs, Iterable):
            raise ValueError("must be a mapping such as {'P': 2}")
        counted: dict[str, int] = {}
        for pair in pairs:
            species, count = (pair, 1) if isinstance(pair, str) else tuple(pair)
            number = isinstance(count, int | float) and not isinstance(count, bool)
            if not isinstance(species, str) or not number or count != count // 1 or not 0 < count <= 10**9:
                raise ValueError("must map names to whole numbers of at least 1")
            counted[species] = counted.get(species, 0) + int(count)
        return tuple(counted.items())

    @model_validator(mode="after")
    def _has_one_law(self) -> Reaction:
        if (self.rate is None) == (self.propensity is None):
            raise problem("rate", "or a propensity must be given, and not both")
        if self.rate is not None and sum(count for _, count in self.reactants) > 3:
            raise problem("reactants", "must be at most 3 molecules for mass action; give a propensity")
        return self


class Event(Record):
    """Something that happens at a time, or when a condition becomes true."""

    time: Dimensionless | None = param(
        None, "when it happens; None with a condition", source="the user's", ge=0, le=1e300
    )
    condition: str | None = param(None, "formula that becomes true", source="the user's")
    assignments: tuple[tuple[str, str], ...] = param(
        (), "species and the formula of its new amount", source="the user's"
    )

    @field_validator("assignments", mode="before")
    @classmethod
    def _as_formulas(cls, given: Any) -> Any:
        pairs = given.items() if isinstance(given, Mapping) else given
        return tuple((species, formula if isinstance(formula, str) else repr(formula)) for species, formula in pairs)

    @model_validator(mode="after")
    def _has_one_trigger(self) -> Event:
        if (self.time is None) == (self.condition is None):
            raise problem("time", "or a condition must be given, and not both")
        if not self.assignments:
            raise problem("assignments", "must change something")
        return self


class ReactionNetwork(Record):
    """Species and the reactions between them.

    Examples
    --------
    >>> network = ReactionNetwork(
    ...     species=[Species(name="P", amount=100), Species(name="P2")],
    ...     reactions=[
    ...         Reaction(reactants={"P": 2}, products={"P2": 1}, rate=0.001),
    ...         Reaction(reactants={"P2": 1}, products={"P": 2}, rate=0.01),
    ...     ],
    ... )
    >>> network.replace(**{"reactions.0.rate": 0.002}).reactions[0].rate
    0.002
    """

    species: tuple[Species, ...] = param((Species(),), "kinds of molecules", source="the user's")
    reactions: tuple[Reaction, ...] = param(
        (Reaction(products=(("X", 1),), rate=1.0),), "channels", source="the user's"
    )
    constants: tuple[Constant, ...] = param((), "numbers that formulas use", source="the user's")
    events: tuple[Event, ...] = param((), "what happens besides", source="the user's")

    @model_validator(mode="after")
    def _fits_together(self) -> ReactionNetwork:
        names = [s.name for s in self.species] + [c.name for c in self.constants]
        twice = _repeated(names)
        if twice is not None:
            raise problem("species", f"must have names of their own; {twice!r} occurs twice")
        if not self.species or not self.reactions or len(self.species) > _MOST or len(self.reactions) > _MOST:
            raise problem("species", f"must be 1 to {_MOST}, and as many reactions")
        amounts, known = {s.name for s in self.species}, set(names)
        for index, reaction in enumerate(self.reactions):
            for species, _ in (*reaction.reactants, *reaction.products):
                if species not in amounts:
                    raise problem(
                        f"reactions.{index}", f"uses the species {species!r}, which the network does not have"
                    )
            if isinstance(reaction.propensity, str):
                _check_formula(f"reactions.{index}.propensity", reaction.propensity, known)
        for index, event in enumerate(self.events):
            if event.condition is not None:
                _check_formula(f"events.{index}.condition", event.condition, known)
            for species, formula in event.assignments:
                if species not in amounts:
                    raise problem(f"events.{index}", f"changes {species!r}, which is no species")
                _check_formula(f"events.{index}.assignments", formula, known)
        return self

    @classmethod
    def from_table(
        cls,
        table: str | Path | Iterable[Mapping[str, Any]],
        amounts: Mapping[str, int],
        *,
        constants: Mapping[str, float] | None = None,
        events: Iterable[Event] = (),
    ) -> ReactionNetwork:
        """From rows with the columns ``reactants``, ``products``, and ``rate`` or ``propensity``.

        Parameters
        ----------
        table : path, list of mappings, or pandas.DataFrame
            Reactants and products as mappings, or as text such as ``"2 P + Q"``.
        amounts : mapping
            Species and their amounts at the start, in order.
        constants : mapping, optional
            Numbers that formulas use.
        events : iterable of Event
            What happens besides.

        Examples
        --------
        >>> rows = [{"reactants": "2 P", "products": "P2", "rate": 0.1}, {"reactants": "P2", "products": "", "rate": 1}]
        >>> ReactionNetwork.from_table(rows, {"P": 100, "P2": 0}).reactions[0].reactants
        (('P', 2),)
        """
        if isinstance(table, str | Path):
            with Path(table).open(newline="", encoding="utf-8") as file:
                rows: list[Mapping[str, Any]] = list(csv.DictReader(file))
        elif hasattr(table, "to_dict"):
            rows = table.to_dict("records")
        else:
            rows = list(table)
        reactions = [_reaction_of(row, number) for number, row in enumerate(rows)]
        return cls(
            species=tuple(Species(name=name, amount=amount) for name, amount in amounts.items()),
            reactions=tuple(reactions),
            constants=tuple(Constant(name=name, value=value) for name, value in (constants or {}).items()),
            events=tuple(events),
        )

    @classmethod
    def from_sbml(cls, source: str | Path) -> ReactionNetwork:
        """From an SBML file or its text, through python-libsbml; see `read_sbml`, which also returns observables."""
        from .sbml import read_sbml

        return read_sbml(source).network

    @functools.cached_property
    def channels(self) -> Channels:
        """The network as arrays."""
        return lay_out(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the species, in order."""
        return tuple(species.name for species in self.species)


def _repeated(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _check_formula(where: str, formula: str, known: set[str]) -> None:
    try:
        unknown = sorted(names_in(formula) - known)
    except FormulaError as error:
        raise problem(where, str(error)) from None
    if "time" in unknown:
        raise problem(where, "must not use time: between two events, propensities are constant")
    if unknown:
        raise problem(where, f"uses {unknown[0]!r}, which is neither a species nor a constant")
    try:  # what cannot be translated is said now, not when it runs
        compile_formula(formula, dict.fromkeys(names_in(formula), (AMOUNT, 0)))
    except FormulaError as error:
        raise problem(where, str(error)) from None


_TERM = re.compile(r"^\s*(\d+)?\s*\*?\s*([A-Za-z_][A-Za-z_0-9]*)\s*$")


def _stoichiometry_of(given: Any, column: Literal["reactants", "products"], number: int) -> Any:
    if not isinstance(given, str):
        return {} if given is None or given != given else given
    counted: dict[str, int] = {}
    for term in given.split("+") if given.strip() not in ("", "0") else ():
        found = _TERM.match(term)
        if not found:
            sentence = f"of row {number} must be such as '2 P + Q', not {given!r}"
            raise ParameterError("ReactionNetwork", {column: sentence})
        counted[found[2]] = counted.get(found[2], 0) + int(found[1] or 1)
    return counted


def _reaction_of(row: Mapping[str, Any], number: int) -> Reaction:
    law: dict[str, Any] = {}
    for column in ("rate", "propensity", "name"):
        value = row.get(column)
        if value is not None and value == value and value != "":  # an empty cell is None, NaN or ""
            law[column] = value
    return Reaction(
        reactants=_stoichiometry_of(row.get("reactants"), "reactants", number),
        products=_stoichiometry_of(row.get("products"), "products", number),
        **law,
    )

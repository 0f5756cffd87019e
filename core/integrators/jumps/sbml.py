"""Reaction networks from SBML, read by libsbml. What cannot be simulated exactly is refused by name.

Read are species (amounts or concentrations in compartments of constant size), global and local parameters (a local one
shadows), function definitions, initial assignments, assignment rules (put into the formulas that use them; those of
species and parameters are handed on as observables), kinetic laws and events without delay. A kinetic law that is a
constant times the number of distinct reactant sets is noticed and becomes mass action, however it is written.

Reference: Hucka et al., J. Integr. Bioinform. 16, 20190021 (2019), doi:10.1515/jib-2019-0021.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...model import ParameterError
from .expressions import AMOUNT, DEEPEST, PARAMETER, RATIONAL, FormulaError, compile_formula, evaluate, names_in
from .formulas import FORMULA_WORDS, formula_of
from .network import Constant, Event, Reaction, ReactionNetwork, Species

__all__ = ["SbmlModel", "read_sbml"]

_LARGEST = 20_000_000  # bytes
_HARMLESS = {"l3v2extendedmath", "layout", "render"}  # libsbml reports these on its own


class SbmlModel(NamedTuple):
    """What an SBML file holds."""

    network: ReactionNetwork
    observables: dict[str, str]
    """Formula of each quantity that an assignment rule defines."""


def read_sbml(source: str | Path) -> SbmlModel:
    """Network and observables of an SBML file.

    Parameters
    ----------
    source : str or path
        A path, or the text itself (anything that begins with ``<``).

    Raises
    ------
    ParameterError
        If the file cannot be read, or uses what is not simulated: delays, priorities, rate or algebraic rules,
        reversible or fast reactions, constraints, compartments that change, fractional stoichiometry or amounts.
    ImportError
        If python-libsbml is missing.
    """
    try:
        import libsbml
    except ImportError:
        sentence = "reading SBML needs python-libsbml: pip install 'mesoscale[io]'"
        raise ImportError(sentence) from None
    text = str(source)
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        path = Path(source)
        if not path.is_file():
            raise _refusal(f"{text[:200]!r} is no file")
        if path.stat().st_size > _LARGEST:
            raise _refusal(f"is larger than {_LARGEST} bytes")
        text = path.read_bytes().decode("utf-8", errors="replace")
    if len(text) > _LARGEST:
        raise _refusal(f"is larger than {_LARGEST} characters")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _refusal("must not define a document type or entities")
    document = libsbml.readSBMLFromString(text.lstrip("\ufeff \t\r\n"))
    for index in range(document.getNumErrors()):
        error = document.getError(index)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            raise _refusal(f"is no valid SBML: {' '.join(error.getMessage().split())[:300]}")
    if document.getModel() is None:
        raise _refusal("holds no model")
    for index in range(document.getNumPlugins()):
        package = document.getPlugin(index).getPackageName()
        harmless = package in _HARMLESS or document.getLevel() < 3
        if not harmless and document.getPackageRequired(package):
            raise _refusal(f"needs the package {package!r}")
    try:
        return _Reader(document.getModel()).read()
    except FormulaError as error:
        raise _refusal(str(error)) from None


def _refusal(sentence: str) -> ParameterError:
    return ParameterError("from_sbml", {"source": sentence})


class _Reader:
    """One pass over a model; holds the names it has given out."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.functions = {f.getId(): f for f in model.getListOfFunctionDefinitions()}
        self.species = {s.getId(): s for s in model.getListOfSpecies()}
        self.compartments = {c.getId(): c for c in model.getListOfCompartments()}
        self.parameters = {p.getId(): p for p in model.getListOfParameters()}
        self.rules = {r.getVariable(): r for r in model.getListOfRules() if r.isAssignment()}
        self.initial = {a.getSymbol(): a for a in model.getListOfInitialAssignments()}
        self.values: dict[str, float] = {}
        self.texts: dict[str, str] = {}
        self.open: list[str] = []
        self.constants: dict[str, float] = {}
        self.given: dict[str, str] = {}

    def read(self) -> SbmlModel:
        self._refuse()
        symbols = [*self.species, *self.parameters, *self.compartments]
        for symbol in symbols:
            self.given[symbol] = self._fresh_name(symbol)
        species = [
            Species(
                name=self.given[symbol],
                amount=self._whole(f"the initial amount of {symbol!r}", self._value(symbol) * self._divisor(symbol)),
                fixed=s.getBoundaryCondition() or s.getConstant(),
            )
            for symbol, s in self.species.items()
            if symbol not in self.rules
        ]
        if not species:
            raise _refusal("has no species")
        for symbol in (*self.parameters, *self.compartments):
            if symbol not in self.rules and not math.isnan(value := self._value(symbol)):
                self.constants[self.given[symbol]] = value
        reactions = [self._reaction(r, species) for r in self.model.getListOfReactions()]
        if not reactions:
            raise _refusal("has no reactions")
        initial = {s.name: float(s.amount) for s in species}
        events = [self._event(e, initial) for e in self.model.getListOfEvents()]
        observables = {symbol: self._symbol(symbol) for symbol in self.rules}
        formulas = [r.propensity for r in reactions if isinstance(r.propensity, str)]
        formulas += [f for e in events for _, f in e.assignments] + [e.condition for e in events if e.condition]
        needed = {name for text in (*formulas, *observables.values()) for name in names_in(text)}
        constants = [Constant(name=n, value=v) for n, v in self.constants.items() if n in needed]
        network = ReactionNetwork(species=species, reactions=reactions, constants=constants, events=events)
        return SbmlModel(network, observables)

    def _refuse(self) -> None:
        model = self.model
        for rule in model.getListOfRules():
            if not rule.isAssignment():
                kind = "a rate rule" if rule.isRate() else "an algebraic rule"
                raise _refusal(f"has {kind} for {rule.getVariable()!r}; only assignment rules are simulated")
        for symbol in (*self.rules, *self.initial):
            if symbol in self.compartments and symbol in self.rules:
                raise _refusal(f"changes the size of the compartment {symbol!r}")
            if symbol not in {*self.species, *self.parameters, *self.compartments}:
                raise _refusal(f"changes {symbol!r}, which is neither a species, a parameter nor a compartment")
        if model.getNumConstraints():
            raise _refusal("has constraints")
        if model.isSetConversionFactor() or any(s.isSetConversionFactor() for s in self.species.values()):
            raise _refusal("has a conversion factor")

    def _fresh_name(self, wanted: str) -> str:
        name = wanted + "_" if wanted in FORMULA_WORDS or keyword.iskeyword(wanted) else wanted
        taken = {*self.given.values(), *self.constants, *FORMULA_WORDS}
        while name in taken:
            name += "_"
        return name

    def _whole(self, what: str, value: float) -> int:
        if not (0 <= value <= 2**53) or abs(value - round(value)) > 1e-9 * max(1.0, value):
            raise _refusal(f"gives {what} as {value!r}, which is no whole number of molecules")
        return round(value)

    # ------------------------------------------------------------------------------------------------ symbols

    def _divisor(self, symbol: str) -> float:
        """The size by which the amount of a species is divided in formulas: 1 where these mean amounts."""
        species = self.species[symbol]
        if (
            species.getHasOnlySubstanceUnits()
            or self.compartments[species.getCompartment()].getSpatialDimensions() == 0
        ):
            return 1.0
        size = self._value(species.getCompartment())
        return 1.0 if math.isnan(size) else size

    def _value(self, symbol: str) -> float:
        """What a formula sees of a symbol at the start; NaN where the file does not say."""
        if symbol in self.values:
            return self.values[symbol]
        assignment = self.initial.get(symbol) or self.rules.get(symbol)
        if assignment is not None:
            if symbol in self.open:
                raise _refusal(f"defines {symbol!r} by itself")
            self.open.append(symbol)
            text = self._formula(assignment.getMath(), lambda name: repr(self._value(name)))
            self.open.pop()
            self.values[symbol] = _number(text, {})
        elif symbol in self.species:
            s = self.species[symbol]
            size = self._divisor(symbol)
            if s.isSetInitialConcentration():
                compartment = self._value(s.getCompartment())
                amount = s.getInitialConcentration() * (1.0 if math.isnan(compartment) else compartment)
                self.values[symbol] = amount / size
            else:
                self.values[symbol] = s.getInitialAmount() / size if s.isSetInitialAmount() else math.nan
        elif symbol in self.parameters:
            p = self.parameters[symbol]
            self.values[symbol] = p.getValue() if p.isSetValue() else math.nan
        elif symbol in self.compartments:
            c = self.compartments[symbol]
            self.values[symbol] = c.getSize() if c.isSetSize() else math.nan
        else:
            raise _refusal(f"uses {symbol!r}, which it does not define")
        return self.values[symbol]

    def _symbol(self, symbol: str) -> str:
        """What stands for a symbol in the formulas of the network."""
        if symbol not in self.texts:
            if symbol in self.rules:
                if symbol in self.open:
                    raise _refusal(f"defines {symbol!r} by itself")
                self.open.append(symbol)
                self.texts[symbol] = self._formula(self.rules[symbol].getMath(), self._symbol)
                self.open.pop()
            elif symbol in self.species:
                size, name = self._divisor(symbol), self.given[symbol]
                self.texts[symbol] = name if size == 1.0 else f"({name} / {size!r})"
            elif symbol in self.given:
                if math.isnan(self._value(symbol)):
                    raise _refusal(f"uses {symbol!r}, but gives it no value")
                self.texts[symbol] = self.given[symbol]
            else:
                raise _refusal(f"uses {symbol!r}, which it does not define")
        return self.texts[symbol]

    def _formula(self, node: Any, symbol: Callable[[str], str]) -> str:
        if node is None:
            raise _refusal("leaves a formula empty")
        return formula_of(node, symbol, self.functions)

    # ----------------------------------------------------------------------------------------------- reactions

    def _side(self, references: Any) -> dict[str, int]:
        counted: dict[str, int] = {}
        for reference in references:
            symbol = reference.getSpecies()
            if symbol in self.rules:
                raise _refusal(f"has {symbol!r} both in a reaction and in an assignment rule")
            if reference.isSetStoichiometryMath():
                raise _refusal(f"computes a stoichiometry of {symbol!r}")
            number = reference.getStoichiometry()
            count = self._whole(f"a stoichiometry of {symbol!r}", 1.0 if math.isnan(number) else number)
            if count:
                counted[self.given[symbol]] = counted.get(self.given[symbol], 0) + count
        return counted

    def _reaction(self, reaction: Any, species: list[Species]) -> Reaction:
        label = reaction.getId()
        if reaction.isSetFast() and reaction.getFast():
            raise _refusal(f"has the fast reaction {label!r}")
        law = reaction.getKineticLaw()
        if law is None:
            raise _refusal(f"gives the reaction {label!r} no kinetic law")
        local: dict[str, str] = {}
        own = {p.getId(): p for p in (*law.getListOfParameters(), *law.getListOfLocalParameters())}  # in L3 the same
        for parameter in own.values():
            name = self._fresh_name(f"{label}_{parameter.getId()}")
            self.constants[name] = parameter.getValue()
            local[parameter.getId()] = name
        text = self._formula(law.getMath(), lambda symbol: local.get(symbol) or self._symbol(symbol))
        reactants, products = self._side(reaction.getListOfReactants()), self._side(reaction.getListOfProducts())
        fixed = {s.name for s in species if s.fixed}
        free = {name: count for name, count in reactants.items() if name not in fixed}
        for taken in (reactants, free):  # a source that the law does not look at is left out
            rate = _mass_action_rate(text, taken, [s.name for s in species], self.constants)
            if rate is not None:
                return Reaction(name=label, reactants=taken, products=products, rate=rate)
        if reaction.getReversible():
            raise _refusal(f"has the reversible reaction {label!r}: write it as two, each with a law of its own")
        return Reaction(name=label, reactants=reactants, products=products, propensity=text)

    # -------------------------------------------------------------------------------------------------- events

    def _event(self, event: Any, initial: Mapping[str, float]) -> Event:
        label = event.getId() or "an event"
        for thing, there in (("a delay", event.isSetDelay()), ("a priority", event.isSetPriority())):
            if there:
                raise _refusal(f"gives {label!r} {thing}")
        trigger = event.getTrigger()
        assignments = {}
        for assignment in event.getListOfEventAssignments():
            symbol = assignment.getVariable()
            if symbol not in self.species or symbol in self.rules:
                raise _refusal(f"lets {label!r} change {symbol!r}; events may change species only")
            text, size = self._formula(assignment.getMath(), self._symbol), self._divisor(symbol)
            assignments[self.given[symbol]] = text if size == 1.0 else f"({text}) * {size!r}"
        text = self._formula(trigger.getMath(), self._symbol)
        at_once = trigger.isSetInitialValue() and not trigger.getInitialValue()
        timed = re.match(r"^\(time (>=|>) (.+)\)$", text) or re.match(r"^\((.+) (<=|<) time\)$", text)
        if timed:
            one, other = timed.groups()
            bound, strict = (other, one == ">") if one in (">=", ">") else (one, other == "<")
            if names_in(bound) <= self.constants.keys():
                time = _number(bound, self.constants)
                if time < 0 or (time == 0 and not strict and not at_once):
                    raise _refusal(f"triggers {label!r} before the start")
                return Event(time=math.nextafter(time, math.inf) if strict else time, assignments=assignments)
        if "time" in names_in(text):
            raise _refusal(f"triggers {label!r} by {text[:80]!r}; time may only stand in time >= constant")
        if at_once and _number(text, {**self.constants, **initial}) != 0.0:
            raise _refusal(f"triggers {label!r} by a condition that holds at the start")
        return Event(condition=text, assignments=assignments)


def _number(text: str, values: Mapping[str, float]) -> float:
    """Value of a formula of known numbers."""
    names = {name: (PARAMETER, index) for index, name in enumerate(values)}
    program = compile_formula(text.replace("nan", "(0 / 0)"), names)
    numbers = np.array(list(values.values()), dtype=np.float64)
    return float(evaluate(*program, 0, len(program.opcode), np.empty(0), numbers, 0.0, np.empty(DEEPEST)))


def _mass_action_rate(
    text: str, reactants: Mapping[str, int], species: list[str], constants: Mapping[str, float]
) -> float | None:
    """The constant in front of the number of distinct reactant sets, if `text` is one at every point that is tried.

    Only formulas of + - * / ** are tried: two of these do not agree on 24 points by chance, a ``piecewise`` may.
    """
    if sum(reactants.values()) > 3 or "time" in names_in(text):
        return None
    index = {name: i for i, name in enumerate(species)}
    names = {name: (AMOUNT, i) for name, i in index.items()}
    names |= {name: (PARAMETER, i) for i, name in enumerate(constants)}
    program = compile_formula(text, names)
    if not np.isin(program.opcode, RATIONAL).all():
        return None
    numbers, stack = np.array(list(constants.values())), np.empty(DEEPEST)
    points = np.random.default_rng(0).integers(0, 200, (24, len(species))).astype(np.float64)
    points[:8] %= 4  # few molecules, where k P^2 and k P (P - 1) differ most
    rates = []
    for point in points:
        value = evaluate(*program, 0, len(program.opcode), point, numbers, 0.0, stack)
        sets = math.prod(math.comb(int(point[index[name]]), count) for name, count in reactants.items())
        if sets == 0:
            if value != 0.0:
                return None
        else:
            rates.append(value / sets)
    if not rates or not math.isfinite(rates[-1]) or rates[-1] < 0.0:
        return None
    alike = all(abs(rate - rates[-1]) <= 1e-12 * abs(rates[-1]) for rate in rates)
    return float(np.median(rates)) if alike else None

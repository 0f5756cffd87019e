"""Networks from SBML: small files written here, from the equations of the stochastic suite and against misuse."""

import math

import pytest
from mesoscale.core.integrators.jumps.network import ReactionNetwork
from mesoscale.core.integrators.jumps.sbml import read_sbml
from mesoscale.core.integrators.reaction_kinetics.stochastic_suite import CASES, network_of_case
from mesoscale.core.model import ParameterError

libsbml = pytest.importorskip("libsbml")


def reaction(name, law, reactants=(), products=(), local=(), reversible=False, fast=False):
    return {
        "name": name,
        "law": law,
        "reactants": reactants,
        "products": products,
        "local": local,
        "reversible": reversible,
        "fast": fast,
    }


BIRTH = reaction("Birth", "Lambda * X", [("X", 1)], [("X", 2)])
DEATH = reaction("Death", "Mu * X", [("X", 1)])
RATES = {"Lambda": 0.1, "Mu": 0.11}


def write(
    reactions=(BIRTH, DEATH), species=(("X", 100),), parameters=None, size=1.0, substance=True, rules=(), events=(),
    functions=(), initial=(), boundary=(), constant=(), level=(3, 1), touch=None,
):  # fmt: skip
    """SBML text through libsbml's own writer."""
    document = libsbml.SBMLDocument(*level)
    model = document.createModel()
    model.setId("made_here")
    cell = model.createCompartment()
    cell.setId("Cell"), cell.setSize(size), cell.setConstant(True), cell.setSpatialDimensions(3)
    for name, text in functions:
        f = model.createFunctionDefinition()
        f.setId(name), f.setMath(libsbml.parseL3Formula(text))
    for name, amount in species:
        s = model.createSpecies()
        s.setId(name), s.setCompartment("Cell"), s.setInitialAmount(amount), s.setHasOnlySubstanceUnits(substance)
        s.setBoundaryCondition(name in boundary), s.setConstant(name in constant)
    for name, value in (RATES if parameters is None else parameters).items():
        p = model.createParameter()
        p.setId(name), p.setValue(value), p.setConstant(not any(name == rule[1] for rule in rules))
    for symbol, text in initial:
        a = model.createInitialAssignment()
        a.setSymbol(symbol), a.setMath(libsbml.parseL3Formula(text))
    for kind, variable, text in rules:
        rule = model.createAssignmentRule() if kind == "assignment" else model.createRateRule()
        rule.setVariable(variable), rule.setMath(libsbml.parseL3Formula(text))
    for entry in reactions:
        r = model.createReaction()
        r.setId(entry["name"]), r.setReversible(entry["reversible"]), r.setFast(entry["fast"])
        for make, side in ((r.createReactant, entry["reactants"]), (r.createProduct, entry["products"])):
            for name, count in side:
                reference = make()
                reference.setSpecies(name), reference.setStoichiometry(count), reference.setConstant(True)
        law = r.createKineticLaw()
        for name, value in entry["local"]:
            p = law.createLocalParameter() if level[0] == 3 else law.createParameter()
            p.setId(name), p.setValue(value)
        law.setMath(libsbml.parseL3Formula(entry["law"]))
    for trigger, assignments, at_once in events:
        e = model.createEvent()
        e.setUseValuesFromTriggerTime(True)
        t = e.createTrigger()
        t.setMath(libsbml.parseL3Formula(trigger)), t.setPersistent(True), t.setInitialValue(not at_once)
        for name, text in assignments.items():
            a = e.createEventAssignment()
            a.setVariable(name), a.setMath(libsbml.parseL3Formula(text))
    if touch:
        touch(model)
    return libsbml.writeSBMLToString(document)


def read(*arguments, **more):
    return read_sbml(write(*arguments, **more))


def rates(model):
    return [r.rate for r in model.network.reactions]


def test_birth_and_death_is_the_network_of_the_suite():
    network = ReactionNetwork.from_sbml(write())
    expected = network_of_case("001-01")
    assert [(r.reactants, r.products, r.rate) for r in network.reactions] == [
        (r.reactants, r.products, r.rate) for r in expected.reactions
    ]
    assert [(s.name, s.amount) for s in network.species] == [("X", 100)]
    assert network.constants == ()  # no knob that turns nothing


@pytest.mark.parametrize(
    "law", ["Lambda*X*0.5*2", "Lambda*X/2/0.5", "Lambda*(X/2)/0.5", "Lambda*X/(2/2)", "X*(Lambda+Lambda)/2"]
)
def test_mass_action_is_noticed_however_it_is_written(law):
    model = read((BIRTH | {"law": law}, DEATH))
    assert model.network.reactions[0].propensity is None
    assert rates(model) == pytest.approx([0.1, 0.11], rel=1e-14)


def test_a_dimer_law_needs_its_minus_one():
    """k P (P - 1) / 2 is mass action; k P P / 2, the macroscopic law, is not, and is kept as it is written."""
    species = (("P", 100), ("P2", 0))
    parameters = {"k1": 0.001}
    sides = {"reactants": [("P", 2)], "products": [("P2", 1)]}
    right = read([reaction("Join", "k1*P*(P-1)/2", **sides)], species, parameters)
    assert rates(right) == pytest.approx([0.001])
    whole = read([reaction("Join", "k1*P*(P-1)", **sides)], species, parameters)
    assert rates(whole) == pytest.approx([0.002])
    macroscopic = read([reaction("Join", "k1*P*P/2", **sides)], species, parameters)
    assert macroscopic.network.reactions[0].propensity == "(((k1 * P) * P) / 2)"
    assert macroscopic.network.constants[0].value == 0.001
    saturating = read([reaction("Join", "k1*P/(5+P)", [("P", 1)], [("P2", 1)])], species, parameters)
    assert saturating.network.reactions[0].rate is None


def test_a_catalyst_in_the_law_is_no_mass_action_of_the_reactants():
    model = read([reaction("Change", "k*E*S", [("S", 1)], [("P", 1)])], (("S", 9), ("E", 2), ("P", 0)), {"k": 1.0})
    assert model.network.reactions[0].rate is None


def test_local_parameters_shadow_global_ones():
    immigration = reaction("Immigration", "Alpha", [], [("X", 1)], local=[("Alpha", 5.0)])
    death = reaction("Death", "k*X", [("X", 1)], local=[("k", 0.1)])
    assert rates(read([immigration, death], (("X", 0),), {"Alpha": 10.0, "k": 2.0})) == pytest.approx([5.0, 0.1])
    assert rates(read([death], (("X", 0),), {"k": 2.0}, level=(2, 4))) == pytest.approx([0.1])
    kept = read([reaction("R", "k*X*X", [("X", 1)], local=[("k", 0.1)])], (("X", 3),), {"k": 2.0})
    assert [(c.name, c.value) for c in kept.network.constants] == [("R_k", 0.1)]


def test_boundary_species_stay_and_an_idle_source_is_left_out():
    immigration = reaction("Immigration", "Alpha", [("Source", 1)], [("X", 1)])
    death = reaction("Death", "Mu*X", [("X", 1)], [("Sink", 1)])
    species = (("X", 0), ("Source", 0), ("Sink", 0))
    model = read([immigration, death], species, {"Alpha": 10.0, "Mu": 0.1}, boundary=("Source", "Sink"))
    assert rates(model) == pytest.approx([10.0, 0.1])
    assert [s.fixed for s in model.network.species] == [False, True, True]
    fed = read([reaction("Feed", "0.5*Source", [("Source", 1)], [("X", 1)])], species, {}, boundary=("Source",))
    assert fed.network.reactions[0].reactants == (("Source", 1),)


def test_concentrations_are_amounts_over_the_size_of_the_compartment():
    assert rates(read(size=2.0, substance=False)) == pytest.approx([0.05, 0.055])  # case 001-11
    assert rates(read(size=2.0, substance=True)) == pytest.approx([0.1, 0.11])  # case 001-09
    laws = (BIRTH | {"law": "Cell*Lambda*X"}, DEATH | {"law": "Cell*Mu*X"})
    assert rates(read(laws, size=0.5)) == pytest.approx([0.05, 0.055])  # case 001-18
    assert rates(read(laws, size=0.5, substance=False)) == pytest.approx([0.1, 0.11])

    def concentrate(model):
        model.getSpecies("X").unsetInitialAmount()
        model.getSpecies("X").setInitialConcentration(50.0)

    assert read(size=2.0, substance=False, touch=concentrate).network.species[0].amount == 100


def test_events_know_amounts_conditions_and_the_moment():
    reset = ("time >= 22.5", {"X": "20"}, True)
    assert [(e.time, e.assignments) for e in read(events=[reset]).network.events] == [(22.5, (("X", "20"),))]
    assert read(events=[("25 <= time", {"X": "1"}, True)]).network.events[0].time == 25.0
    assert read(events=[("time > 25", {"X": "1"}, True)]).network.events[0].time == math.nextafter(25.0, 30.0)
    assert read(events=[("time >= 2/Lambda", {"X": "1"}, True)]).network.events[0].time == pytest.approx(20.0)
    model = read(events=[("X > 300", {"X": "X - 200"}, True)])
    assert (model.network.events[0].condition, model.network.events[0].assignments) == (
        "(X > 300)",
        (("X", "(X - 200)"),),
    )
    halved = read(size=2.0, substance=False, events=[("X > 300", {"X": "5"}, True)]).network.events[0]
    assert halved.condition == "((X / 2.0) > 300)"
    assert halved.assignments == (("X", "(5) * 2.0"),)


def test_rules_functions_and_initial_assignments_are_put_in_place():
    model = read(rules=[("assignment", "y", "2*X")], species=(("X", 100), ("y", 0)))  # case 001-19
    assert model.observables == {"y": "(2 * X)"}
    assert model.network.names == ("X",)
    through = read((BIRTH | {"law": "rate*X"}, DEATH), rules=[("assignment", "rate", "Lambda*1")],
                   parameters={**RATES, "rate": 0.0})  # fmt: skip
    assert rates(through) == pytest.approx([0.1, 0.11])
    called = read((BIRTH | {"law": "linear(Lambda, X)"}, DEATH), functions=[("linear", "lambda(a, b, a*b)")])
    assert rates(called) == pytest.approx([0.1, 0.11])
    begun = read(initial=[("X", "2*Lambda*1000"), ("Mu", "Lambda + 0.02")])
    assert begun.network.species[0].amount == 200
    assert rates(begun) == pytest.approx([0.1, 0.12])


@pytest.mark.parametrize(
    ("law", "text"),
    [
        ("piecewise(1, X > 5, 2)", "where((X > 5), 1, 2)"),
        ("piecewise(1, X > 5, 2, X > 3, 7)", "where((X > 5), 1, where((X > 3), 2, 7))"),
        ("-X + 200", "((-X) + 200)"), ("X^0.5", "(X ** 0.5)"), ("sqrt(X)", "sqrt(X)"), ("ln(X+1)", "log((X + 1))"),
        ("log10(X+1)", "(log((X + 1)) / log(10))"), ("exp(-X)", "exp((-X))"), ("abs(X-5)", "abs((X - 5))"),
        ("floor(X/3)+ceil(X/3)", "(floor((X / 3)) + ceil((X / 3)))"), ("pi*tanh(X)", "(3.141592653589793 * tanh(X))"),
        ("piecewise(1, (X > 5) && (X < 9), 0)", "where(((X > 5) and (X < 9)), 1, 0)"),
        ("piecewise(1, !(X == 5) || (X != 9), 0)", "where(((not (X == 5)) or (X != 9)), 1, 0)"),
        ("X + 1e-3*X", None),
    ],
)  # fmt: skip
def test_formulas_become_text(law, text):
    change = read([reaction("R", law, [("X", 1)], [])]).network.reactions[0]
    assert change.propensity == text
    if text is None:
        assert change.rate == pytest.approx(1.001)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rules": [("rate", "Lambda", "1")]}, "rate rule for 'Lambda'"),
        ({"reactions": [BIRTH | {"reversible": True, "law": "Lambda*X - Mu*X*X"}]}, "reversible reaction 'Birth'"),
        ({"reactions": [BIRTH | {"fast": True}]}, "fast reaction 'Birth'"),
        ({"reactions": [BIRTH | {"reactants": [("X", 1.5)]}]}, "stoichiometry of 'X' as 1.5"),
        ({"species": (("X", 0.5),)}, "initial amount of 'X' as 0.5"),
        ({"reactions": [BIRTH | {"law": "Nu * X"}]}, "Nu"),
        ({"reactions": [BIRTH | {"law": "Lambda * X * time"}]}, "must not use time"),
        ({"reactions": [BIRTH | {"law": "arctan(X)"}]}, "'arctan' is not evaluated"),
        ({"events": [("X > 5", {"X": "0"}, True)]}, "holds at the start"),
        ({"events": [("sin(time) > 0.5", {"X": "0"}, True)]}, "time >= constant"),
        ({"events": [("X > 500", {"Lambda": "0"}, True)]}, "may change species only"),
        ({"reactions": ()}, "no reactions"),
        ({"touch": lambda m: m.getReaction("Birth").unsetKineticLaw()}, "no kinetic law"),
        ({"touch": lambda m: m.createConstraint().setMath(libsbml.parseL3Formula("X > 0"))}, "constraints"),
        ({"touch": lambda m: m.setConversionFactor("Lambda")}, "conversion factor"),
        ({"touch": lambda m: m.getParameter("Mu").unsetValue()}, "'Mu', but gives it no value"),
        (
            {"events": [("X > 500", {"X": "0"}, True)],
                 "touch": lambda m: m.getEvent(0).createDelay().setMath(libsbml.parseL3Formula("1"))},
            "a delay",
        ),
        (
            {"events": [("X > 500", {"X": "0"}, True)],
                 "touch": lambda m: m.getEvent(0).createPriority().setMath(libsbml.parseL3Formula("1"))},
            "a priority",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_refused_by_name(given, words):
    with pytest.raises(ParameterError, match=words):
        read(**given)


def test_reserved_words_get_another_name():
    model = read([reaction("R", "min * lambda", [("lambda", 1)], [])], (("lambda", 5),), {"min": 2.0})
    assert model.network.names == ("lambda_",)
    assert rates(model) == pytest.approx([2.0])


def test_hostile_files_are_refused_at_once(tmp_path):
    entity = '<?xml version="1.0"?><!DOCTYPE sbml [<!ENTITY a SYSTEM "file:///etc/passwd">]><sbml>&a;</sbml>'
    with pytest.raises(ParameterError, match="document type"):
        read_sbml(entity)
    chain = [("f0", "lambda(x, x + x)")] + [(f"f{i}", f"lambda(x, f{i - 1}(f{i - 1}(x)))") for i in range(1, 40)]
    with pytest.raises(ParameterError, match=r"longer than|nested"):
        read([BIRTH | {"law": "f39(X)"}], functions=chain)
    idle = [("g0", "lambda(x, 1)")] + [(f"g{i}", f"lambda(x, g{i - 1}(g{i - 1}(x)))") for i in range(1, 40)]
    with pytest.raises(ParameterError, match="nested"):
        read([BIRTH | {"law": "g39(X)"}], functions=idle)
    loop = [("assignment", "a", "b + 1"), ("assignment", "b", "a + 1")]
    with pytest.raises(ParameterError, match=r"by itself|no valid SBML"):
        read([BIRTH | {"law": "a * X"}], parameters={**RATES, "a": 0.0, "b": 0.0}, rules=loop)
    for text in ("<sbml", "<html></html>", "<a/>"):
        with pytest.raises(ParameterError, match=r"no valid SBML|no model"):
            read_sbml(text)
    with pytest.raises(ParameterError, match="no file"):
        read_sbml(tmp_path / "missing.xml")
    path = tmp_path / "model.xml"
    path.write_text(write(), encoding="utf-8")
    assert rates(read_sbml(path)) == pytest.approx([0.1, 0.11])
    assert len(CASES) == 39


MATHML = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'
X, ONE = "<ci> X </ci>", '<cn type="integer"> 1 </cn>'


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (f"<apply><gt/>{X}{ONE}</apply>", "(X > 1)"),
        (f'<apply><gt/><cn type="integer"> 9 </cn>{X}{ONE}</apply>', "((9 > X) and (X > 1))"),
        (f'<apply><times/><cn type="rational"> 1 <sep/> 3 </cn>{X}{X}</apply>', "(((1 / 3) * X) * X)"),
        (f"<apply><root/><degree><cn> 3 </cn></degree>{X}</apply>", "(X ** (1 / 3"),
        (f"<apply><log/><logbase><cn> 2 </cn></logbase>{X}</apply>", "log(X) / log(2"),
        (f"<apply><plus/><apply><and/></apply><apply><or/></apply>{X}{X}</apply>", "(((1 + 0) + X) + X)"),
    ],
)
def test_mathml_that_no_infix_text_makes(inside, text):
    def replace_law(model):
        tree = libsbml.readMathMLFromString(MATHML.format(inside))
        assert tree is not None
        assert model.getReaction(0).getKineticLaw().setMath(tree) == libsbml.LIBSBML_OPERATION_SUCCESS

    found = read([reaction("R", "X", [("X", 2)], [])], touch=replace_law).network.reactions[0].propensity
    assert text in found


def test_extrema_and_open_ends():
    tree = libsbml.parseL3Formula("max(1, X, 3) + min(X, 2)")
    from mesoscale.core.integrators.jumps.expressions import FormulaError
    from mesoscale.core.integrators.jumps.formulas import formula_of

    assert formula_of(tree, str, {}) == "(max(max(1, X), 3) + min(X, 2))"
    with pytest.raises(FormulaError, match="what it is otherwise"):
        formula_of(libsbml.parseL3Formula("piecewise(1, X > 5)"), str, {})
    with pytest.raises(FormulaError, match="no known function"):
        formula_of(libsbml.parseL3Formula("mystery(X)"), str, {})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"species": (("X", 100), ("y", 0)), "rules": [("assignment", "y", "X")],
          "reactions": [BIRTH | {"products": [("y", 1)]}]}, "both in a reaction and in an assignment rule"),
        ({"rules": [("assignment", "Cell", "1")]}, "size of the compartment"),
        ({"species": ()}, "species|defin"),
        ({"events": [("time >= -1", {"X": "1"}, True)]}, "before the start"),
        ({"events": [("time >= 0", {"X": "1"}, False)]}, "before the start"),
        ({"functions": [("f", "lambda(a, a)")], "reactions": [BIRTH | {"law": "f(X, X)"}]}, "1 arguments"),
        ({"functions": [("f", "lambda(a, a * Mu)")], "reactions": [BIRTH | {"law": "f(X)"}]}, "none of its arguments"),
    ],
)  # fmt: skip
def test_more_that_is_refused_by_name(given, words):
    with pytest.raises(ParameterError, match=words):
        read(**given)


def test_a_missing_library_and_a_needed_package_are_named(monkeypatch):
    text = write()
    needy = text.replace('version="1"', 'version="1" xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1"'
                         ' comp:required="true"', 1)  # fmt: skip
    with pytest.raises(ParameterError, match=r"package 'comp'|no valid SBML"):
        read_sbml(needy)
    monkeypatch.setitem(__import__("sys").modules, "libsbml", None)
    with pytest.raises(ImportError, match=r"mesoscale\[io\]"):
        read_sbml(text)

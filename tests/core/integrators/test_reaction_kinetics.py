"""ReactionKinetics: the ensemble beside its rate equation."""

import math

import numpy as np
import pytest
from mesoscale.core.integrators.jumps.network import Event, ReactionNetwork
from mesoscale.core.integrators.reaction_kinetics import (
    BATCH_IMMIGRATION,
    BIRTH_DEATH,
    DIMERISATION,
    IMMIGRATION_DEATH,
    SCHLOEGL,
    ReactionKinetics,
)
from mesoscale.core.integrators.reaction_kinetics.model import _Moments, rate_equation
from mesoscale.core.model import ParameterError, ResultError


def arrivals(scale=1.0, **more):
    rows = [{"products": "X", "rate": scale}, {"reactants": "X", "products": "", "rate": 0.1}]
    return ReactionNetwork.from_table(rows, {"X": 0}, **more)


def dimers(p):
    """Two P make P2, with rates such that the rate equation is the same for any number of molecules."""
    rows = [{"reactants": "2 P", "products": "P2", "rate": 1 / p}, {"reactants": "P2", "products": "2 P", "rate": 1.0}]
    return ReactionNetwork.from_table(rows, {"P": p, "P2": 0})


def test_linear_networks_have_the_mean_of_the_rate_equation():
    for model in (BIRTH_DEATH, IMMIGRATION_DEATH, BATCH_IMMIGRATION):
        ds = model.run()
        off = (ds.mean_amount - ds.rate_equation_amount).values[1:]
        assert (np.abs(off) < 4 * ds.mean_amount_error.values[1:]).all()


def test_the_rate_equation_follows_its_closed_forms():
    t = np.linspace(0, 50, 51)
    amounts, fires = rate_equation(arrivals(), t)
    assert np.allclose(amounts[:, 0], 10 * (1 - np.exp(-0.1 * t)), rtol=1e-6, atol=1e-7)
    assert fires == pytest.approx(2 * 50 - 10 * (1 - math.exp(-5)), rel=1e-6)  # arrivals and deaths
    amounts, _ = rate_equation(
        ReactionNetwork.from_table([{"reactants": "2 P", "products": "P2", "rate": 0.01}], {"P": 100, "P2": 0}), t
    )
    assert np.allclose(amounts[:, 0], 100 / (1 + 100 * 0.01 * t), rtol=1e-6)  # dP/dt = -2 k P^2 / 2


def test_the_rate_equation_knows_timed_events_and_formulas():
    t = np.linspace(0, 50, 51)
    reset = (Event(time=22.5, assignments={"X": "2 * X"}),)
    amounts, _ = rate_equation(arrivals(events=reset), t)
    at = 2 * 10 * (1 - math.exp(-2.25))
    assert amounts[25, 0] == pytest.approx(10 + (at - 10) * math.exp(-0.25), rel=1e-6)
    at_output = (Event(time=25.0, assignments={"X": "50"}),)
    amounts, _ = rate_equation(arrivals(events=at_output), t)
    assert amounts[25, 0] == pytest.approx(50.0)
    assert amounts[50, 0] == pytest.approx(10 + 40 * math.exp(-2.5), rel=1e-6)
    at_the_end = (Event(time=50.0, assignments={"X": "1"}),)
    assert rate_equation(arrivals(events=at_the_end), t)[0][-1, 0] == 1.0
    rows = [{"products": "X", "propensity": "k / (1 + X)"}]
    amounts, _ = rate_equation(ReactionNetwork.from_table(rows, {"X": 0}, constants={"k": 4.0}), t)
    assert np.allclose(amounts[:, 0], np.sqrt(1 + 8 * t) - 1, rtol=1e-6, atol=1e-7)


def test_the_gap_to_the_rate_equation_stays_of_order_one_as_molecules_grow():
    """Van Kampen's expansion: the mean differs by O(1), the deviation grows as the root; measured orders 0 and 1/2."""
    from mesoscale.core.integrators.jumps.master_equation import master_equation

    sizes, gaps, deviations = np.array([50, 100, 200, 400, 800]), [], []
    for p in sizes:
        exact = master_equation(dimers(int(p)), [0.0, 1.0])
        limit = rate_equation(dimers(int(p)), np.array([0.0, 1.0]))[0]
        gaps.append(float(exact.mean_amount[1, 0]) - limit[1, 0])
        deviations.append(float(exact.standard_deviation[1, 0]))
    assert abs(np.polyfit(np.log(sizes), np.log(np.abs(gaps)), 1)[0]) < 0.1
    assert np.polyfit(np.log(sizes), np.log(deviations), 1)[0] == pytest.approx(0.5, abs=0.1)


def test_schloegl_is_where_hardly_any_trajectory_is():
    ds = SCHLOEGL.run()
    assert float(ds.fano_factor[0]) > 100
    assert float(ds.standard_deviation[-1, 0]) > 200
    assert bool(ds.rate_equation_amount_exists.all())


def test_batches_triple_the_variance():
    """Stationary variance over mean of batches of b is (b + 1) / 2: 3 for five, 1 for one by one."""
    for model, expected in ((BATCH_IMMIGRATION, 3.0), (IMMIGRATION_DEATH, 1.0)):
        ds = model.replace(trajectories=4000).run()
        error = 2 * float(ds.standard_deviation_error[-1, 0] / ds.standard_deviation[-1, 0]) * expected
        error += expected * float(ds.mean_amount_error[-1, 0] / ds.mean_amount[-1, 0])
        assert abs(float(ds.fano_factor[0]) - expected) < 4 * error


def test_dimers_conserve_and_their_deviations_are_two_to_one():
    ds = DIMERISATION.run()
    assert np.allclose(ds.mean_amount[:, 0] + 2 * ds.mean_amount[:, 1], 100)
    assert np.allclose(ds.standard_deviation[:, 0], 2 * ds.standard_deviation[:, 1])
    assert np.allclose(ds.standard_deviation_error[:, 0], 2 * ds.standard_deviation_error[:, 1])


def test_moments_are_those_of_numpy_and_the_errors_those_of_resampling():
    random = np.random.default_rng(0)
    sample = random.choice([0.0, 0.0, 1.0, 9.0], size=(400, 2, 1)).astype(float)
    centre = np.array([[3.0], [2.0]])
    raw = np.array([((sample - centre) ** k).mean(axis=0) for k in (1, 2, 3, 4)])
    moments = _Moments.of(raw, centre, 400, 0.0)
    assert np.allclose(moments.mean, sample.mean(axis=0))
    assert np.allclose(moments.variance, sample.var(axis=0, ddof=1))
    again = [sample[random.integers(0, 400, 400)].std(axis=0, ddof=1) for _ in range(2000)]
    assert np.allclose(moments.deviation_error, np.std(again, axis=0), rtol=0.1)


def test_methods_agree_and_leaps_come_close():
    base = ReactionKinetics(network=arrivals(100.0), reduced_duration=30.0, snapshots=4, trajectories=500)
    for method in ("direct", "next_reaction", "composition_rejection", "tau_leap"):
        ds = base.replace(method=method).run()
        assert abs(float(ds.mean_amount[-1, 0]) - 1000 * (1 - math.exp(-3))) < 4 * float(ds.mean_amount_error[-1, 0])


def test_an_event_on_a_condition_leaves_no_rate_equation():
    events = (Event(condition="X > 5", assignments={"X": "0"}),)
    ds = ReactionKinetics(network=arrivals(events=events), reduced_duration=20.0, trajectories=50).run()
    assert not ds.rate_equation_amount_exists.any()
    assert float(ds.mean_amount.max()) <= 5.0


def test_what_would_not_end_is_one_clear_error():
    doubling = ReactionNetwork.from_table([{"reactants": "X", "products": "2 X", "rate": 1.0}], {"X": 1})
    with pytest.raises(ResultError, match="amounts without end, or more than most_reactions"):
        ReactionKinetics(network=doubling, reduced_duration=1e3).run()
    with pytest.raises(ResultError):
        ReactionKinetics(network=doubling, reduced_duration=1e3, method="tau_leap").run()
    with pytest.raises(ResultError, match="most_reactions"):
        SCHLOEGL.replace(reduced_duration=1e9).run()
    explosive = ReactionNetwork.from_table([{"reactants": "2 X", "products": "3 X", "rate": 1.0}], {"X": 2})
    with pytest.raises(ResultError):
        ReactionKinetics(network=explosive, reduced_duration=1e3, trajectories=2).run()
    rows = [{"reactants": f"X{i}", "products": "", "rate": 1.0} for i in range(400)]
    many = ReactionNetwork.from_table(rows, {f"X{i}": 1 for i in range(400)})
    with pytest.raises(ParameterError, match="snapshots"):
        ReactionKinetics(network=many, snapshots=10_001)
    late = arrivals(events=(Event(time=1e10, assignments={"X": "0"}),))
    with pytest.raises(ParameterError, match="no event later"):
        ReactionKinetics(network=late)


def test_a_rate_is_reached_by_its_path_and_time_by_its_scale():
    faster = SCHLOEGL.replace(**{"network.reactions.3.rate": 5.0})
    assert faster.network.reactions[3].rate == 5.0
    ds = IMMIGRATION_DEATH.replace(trajectories=20).run()
    scaled = IMMIGRATION_DEATH.scales(ds, time="1 h")
    assert float(scaled.reduced_time[-1]) == 50 * 3600
    assert scaled.reduced_time.units == "s"
    assert np.array_equal(scaled.mean_amount, ds.mean_amount)


def test_it_reads_sbml():
    libsbml = pytest.importorskip("libsbml")
    document = libsbml.SBMLDocument(3, 1)
    model = document.createModel()
    model.createCompartment().setId("Cell")
    model.getCompartment(0).setSize(1.0)
    model.getCompartment(0).setConstant(True)
    species = model.createSpecies()
    species.setId("X"), species.setCompartment("Cell"), species.setInitialAmount(10)
    species.setHasOnlySubstanceUnits(True), species.setBoundaryCondition(False), species.setConstant(False)
    reaction = model.createReaction()
    reaction.setId("Decay"), reaction.setReversible(False), reaction.setFast(False)
    reactant = reaction.createReactant()
    reactant.setSpecies("X"), reactant.setStoichiometry(1), reactant.setConstant(True)
    reaction.createKineticLaw().setMath(libsbml.parseL3Formula("2 * X"))
    read = ReactionKinetics.from_sbml(libsbml.writeSBMLToString(document), trajectories=100, reduced_duration=50.0)
    assert read.network.reactions[0].rate == 2.0
    assert float(read.run().mean_amount[-1, 0]) == 0.0

"""The model: six routes to one rigidity, validity, named sets, and what it refuses."""

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.model import ParameterError, summarize
from mesoscale.materials import fiber
from mesoscale.materials.fiber import FiberChain
from scipy import constants

KT = constants.k * 300.0
THERMAL = ("tangent_correlation", "modes", "end_to_end_distance", "joint_angles")


def chain_of(kappa, **parameters):
    return FiberChain(bending_stiffness=kappa * KT, segment_length=1e-9, temperature=300.0, **parameters)


@pytest.mark.parametrize(("potential", "dimensions"), [("harmonic", 3), ("cosine", 3), ("harmonic", 2), ("cosine", 2)])
@pytest.mark.parametrize("kappa", [20.0, 150.0])
def test_six_routes_lead_to_one_rigidity(potential, dimensions, kappa):
    result = chain_of(kappa, potential=potential, dimensions=dimensions, segments=100, samples=3000).run(seed=1)
    K = float(result.flexural_rigidity)
    assert pytest.approx(kappa * KT * 1e-9, rel=1e-15) == K
    for route in THERMAL:
        value, error = result[f"flexural_rigidity_from_{route}"], result[f"flexural_rigidity_from_{route}_error"]
        assert 0 < error < 0.1 * K
        assert abs(value - K) < 4 * error
    # the machines measure the rod that the chain stands for, up to second order in 1/n
    assert float(result.flexural_rigidity_from_cantilever) == pytest.approx(K, rel=1e-4)
    assert float(result.flexural_rigidity_from_buckling) == pytest.approx(K, rel=1e-4)


def test_without_the_correction_of_the_discrete_chain_the_routes_would_disagree():
    """Half a segment of a cosine chain: 2.6 % at 20 kT, many standard errors."""
    result = chain_of(20.0, potential="cosine", segments=200, samples=20_000).run()
    naive = -1e-9 / np.log(float(result.mean_cosine)) * KT
    assert naive / (20 * KT * 1e-9) == pytest.approx(1 - 0.5 / 20, rel=0.003)
    error = float(result.flexural_rigidity_from_joint_angles_error)
    assert abs(naive - float(result.flexural_rigidity)) > 20 * error


def test_machine_routes_converge_in_second_order():
    n = np.array([20, 40, 80, 160])
    for route in ("cantilever", "buckling"):
        error = []
        for segments in n:
            result = chain_of(1000.0, segments=int(segments), samples=2).run()
            error.append(abs(float(result[f"flexural_rigidity_from_{route}"] / result.flexural_rigidity) - 1))
        assert np.polyfit(np.log(n), np.log(error), 1)[0] == pytest.approx(-2.0, abs=0.1)


def test_measurements_agree_with_predictions_beside_them():
    result = chain_of(30.0, segments=80, samples=5000).run(seed=2)
    compared = 0
    for declared in FiberChain.RESULTS:
        if declared.error and declared.beside and not declared.name.startswith("flexural"):
            score = (result[declared.name] - result[declared.beside]) / result[f"{declared.name}_error"]
            assert float(abs(score).max()) < 4.5
            compared += score.size
    assert compared == 3 + 40 + 8
    np.testing.assert_allclose(result.buckling_force, result.predicted_buckling_force, rtol=1e-10)
    np.testing.assert_allclose(result.tip_deflection, result.predicted_tip_deflection, rtol=2e-4)
    assert (result.cantilever_deflection > result.predicted_tip_deflection).all()
    assert float(result.answer) == pytest.approx(float(result.mean_square_end_to_end_distance) ** 0.5)


def test_standard_errors_are_those_of_repeated_runs():
    runs = chain_of(30.0, segments=40, samples=640).run(replicates=60)
    summary = summarize(runs)
    for name in (
        "answer",
        "mean_cosine",
        "mean_square_radius_of_gyration",
        *(f"flexural_rigidity_from_{r}" for r in THERMAL),
    ):
        claimed = float((runs[f"{name}_error"] ** 2).mean() ** 0.5)
        found = float(summary[f"{name}_error"]) * np.sqrt(60)
        assert 0.7 < found / claimed < 1.35, name


def test_a_stiff_chain_is_as_long_as_its_contour_and_a_soft_one_is_not():
    stiff = chain_of(1e5, segments=50, samples=200).run()
    assert stiff.answer / stiff.naive_answer == pytest.approx(1.0, abs=1e-3)
    soft = chain_of(1.0, segments=500, samples=200).run()
    assert soft.answer / soft.naive_answer < 0.1
    assert float(soft.naive_answer) == pytest.approx(500e-9)


def test_the_governing_ratio_is_persistence_over_contour():
    chain = chain_of(50.0, segments=100)
    assert chain.governing_ratio() == pytest.approx(0.5, rel=1e-12)
    even = chain.at_ratio(1.0)
    assert even.bending_stiffness == pytest.approx(100 * KT, rel=1e-9)
    result = even.replace(samples=2000).run()
    # at the crossover the rod overestimates the square by e/2
    assert float(result.answer / result.naive_answer) == pytest.approx(np.sqrt(2 / np.e), rel=0.02)
    assert chain.at_ratio(0.25, control="temperature").temperature == pytest.approx(600.0, rel=1e-9)


def test_validity_is_told_in_the_result():
    stiff = chain_of(200.0, segments=50, samples=10).run()
    assert bool(stiff.answer_valid)
    assert bool(stiff.buckling_force_valid)
    assert stiff.tip_deflection_valid.all()
    soft = chain_of(0.5, segments=50, samples=10).run()
    assert not soft.answer_valid
    assert not soft.flexural_rigidity_valid
    assert not soft.buckling_force_valid
    assert not soft.continuum_mean_square_end_to_end_distance_valid
    assert "only soft coordinate" in soft.answer_valid.attrs["comment"]
    turning = fiber.POLYETHYLENE.replace(samples=10).run()
    assert not turning.answer_valid
    assert not turning.flexural_rigidity_valid


@pytest.mark.parametrize(
    "parameters",
    [
        {"kappa": 1e-3, "segments": 2, "samples": 2},
        {"kappa": 1e-3, "segments": 10_000, "samples": 2, "dimensions": 2},
        {"kappa": 1e-3, "segments": 30, "samples": 50, "potential": "cosine"},
        {"kappa": 0.01, "segments": 30, "samples": 50, "potential": "cosine", "dimensions": 2},
        {"kappa": 9.99e5, "segments": 2, "samples": 2},
        {"kappa": 9.99e5, "segments": 10_000, "samples": 2, "ends": "clamped-pinned"},
        {"kappa": 9.99e5, "segments": 3, "samples": 100, "potential": "cosine", "dimensions": 2},
        {"kappa": 1.0, "segments": 2, "samples": 3, "ends": "clamped-clamped"},
        {"kappa": 1.0, "segments": 2, "samples": 3, "ends": "clamped-free"},
        {"kappa": 1.0, "segments": 2, "samples": 3, "ends": "clamped-pinned"},
    ],
)
def test_extremes_give_finite_results_or_say_what_does_not_exist(parameters):
    result = chain_of(**parameters).run()
    for name in (f"flexural_rigidity_from_{route}" for route in THERMAL):
        assert np.isfinite(result[name]) == result[f"{name}_exists"]
        if result[f"{name}_exists"]:
            assert result[name] > 0
    if parameters["kappa"] > 1e5 and parameters["samples"] > 2:
        assert float(result.flexural_rigidity_from_joint_angles / result.flexural_rigidity) == pytest.approx(1, abs=0.5)
    np.testing.assert_allclose(result.buckling_force, result.predicted_buckling_force, rtol=1e-7)


def test_a_chain_that_folds_more_than_chance_has_no_rigidity():
    """Given joints beyond a right angle: no positive stiffness makes them likely, and the result says so."""
    folded = np.full((8, 20), 2.5)
    result = chain_of(1.0, segments=21, dimensions=2, joint_angles=folded).run()
    for route in ("tangent_correlation", "end_to_end_distance"):
        assert not result[f"flexural_rigidity_from_{route}_exists"]
    assert "exists where" in result.flexural_rigidity_from_modes_exists.attrs["comment"]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"bending_stiffness": 1e-25},
            "bending_stiffness must be from 0.001 to 1e\\+06 kT, at this temperature 4.142e-24",
        ),
        ({"temperature": 1e-3}, "bending_stiffness must be from 0.001 to 1e\\+06 kT"),
        ({"bending_stiffness": "87 kcal/mol"}, "bending_stiffness has the unit 'kcal/mol', which cannot be converted"),
        ({"bending_stiffness": -1e-20}, "bending_stiffness must be at least 1e-27 J"),
        ({"segments": 1}, "segments must be at least 2"),
        ({"segments": 10_000, "samples": 5001}, "samples must be at most 5000 for 10000 segments; use replicates"),
        ({"potential": "hookean"}, "potential must be one of 'harmonic', 'cosine'"),
        ({"dimensions": 4}, "dimensions must be one of 2, 3"),
        ({"ends": "free"}, "ends must be one of"),
        ({"joint_angles": np.zeros((4, 7))}, "joint_angles must have segments - 1 = 299 joints in each frame"),
        ({"segments": 8, "joint_angles": -np.ones((4, 7))}, "joint_angles must not be negative in space"),
        ({"segments": 8, "joint_angles": 4 * np.ones((4, 7))}, "joint_angles must hold values at most 3.1416 rad only"),
        ({"segments": 8, "joint_angles": np.ones(7)}, "must be an array with the dimensions \\(frame, joint\\)"),
        ({"torsion_angles": np.zeros((4, 6))}, "torsion_angles belong to joint_angles: give both"),
        (
            {"segments": 8, "joint_angles": np.ones((4, 7)), "torsion_angles": np.ones((4, 7))},
            "torsion_angles must have the shape \\(4, 6\\)",
        ),
        (
            {"segments": 8, "dimensions": 2, "joint_angles": np.ones((4, 7)), "torsion_angles": np.ones((4, 6))},
            "torsion_angles do not exist on a surface",
        ),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said(parameters, sentence):
    with pytest.raises(ParameterError, match=sentence):
        FiberChain(**parameters)


def test_too_many_given_frames_are_refused(monkeypatch):
    monkeypatch.setattr("mesoscale.materials.fiber.chain._MOST_JOINTS", 100)
    with pytest.raises(ParameterError, match="joint_angles must have at most 12 frames; leave some out"):
        FiberChain(segments=8, joint_angles=np.ones((13, 7)))


def test_given_angles_are_held_as_data():
    angles = np.abs(np.random.default_rng(0).normal(0, 0.1, (50, 9)))
    degrees = xr.DataArray(np.rad2deg(angles), dims=("frame", "joint"), attrs={"units": "degree"})
    chain = chain_of(100.0, segments=10, joint_angles=degrees)
    np.testing.assert_allclose(chain.joint_angles, angles, rtol=1e-14)
    same = chain_of(100.0, segments=10, joint_angles=chain.joint_angles.values.copy())
    assert (chain, hash(chain)) == (same, hash(same))
    with pytest.raises(ValueError, match="read-only"):
        chain.joint_angles.values[0, 0] = 1.0
    result = chain.run()
    assert float(result.mean_cosine) == pytest.approx(np.cos(angles).mean(), rel=1e-13)
    assert result.input_joint_angles.attrs["units"] == "rad"


def test_published_sets_are_what_their_papers_say():
    decay = fiber.discrete_persistence_length(fiber.DNA.bending_stiffness, fiber.DNA.segment_length, 298.15)
    assert decay == pytest.approx(50e-9, rel=1e-12)
    assert fiber.KEVLAR.governing_ratio() == pytest.approx(29 / 64.5, rel=0.01)
    assert fiber.ACTIN.governing_ratio() == pytest.approx(17.7 / 20, rel=0.01)
    assert fiber.MICROTUBULE.governing_ratio() == pytest.approx(5200 / 20, rel=0.03)
    nanotube = fiber.CARBON_NANOTUBE
    lasting = fiber.persistence_length(nanotube.bending_stiffness * nanotube.segment_length, 298.15)
    assert 26e-6 < lasting < 138e-6  # the range of Fakhri et al. 2009
    assert lasting == pytest.approx(32.9e-6, rel=2e-3)
    frozen = fiber.flexural_rigidity(fiber.POLYETHYLENE.bending_stiffness, fiber.POLYETHYLENE.segment_length)
    assert frozen == pytest.approx(1.03e-28, rel=2e-3)
    assert fiber.persistence_length(frozen, 298.15) == pytest.approx(25e-9, rel=2e-3)
    assert fiber.POLYETHYLENE.torsion_limited

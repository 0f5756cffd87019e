"""Chains drawn joint by joint: the law of a joint, all that is measured on chains, given chains, bits."""

import numpy as np
import pytest
from mesoscale.core.kernels.random import spawn_states
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import Streams
from mesoscale.materials import fiber
from mesoscale.materials.fiber import sampling
from mesoscale.materials.fiber.sampling import measure_chains, sample_chains
from mesoscale.materials.fiber.trajectory import measure_joints
from scipy import constants

T = 300.0
KT = constants.k * T
ALL = [("harmonic", 3), ("harmonic", 2), ("cosine", 3), ("cosine", 2)]


def ignore(done, total):
    pass


def score(groups, weight, expected):
    """Deviation of the mean over groups from what is expected, in standard errors."""
    mean = np.average(groups, axis=0, weights=weight)
    return (mean - expected) / (groups.std(axis=0, ddof=1) / np.sqrt(len(weight)))


def build(angles, azimuths):
    """Tangents of one chain, by a textbook rotation of a frame: the slow twin of the kernel."""
    t, u = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    tangents = [t]
    for angle, azimuth in zip(angles, azimuths, strict=True):
        e = np.cos(azimuth) * u + np.sin(azimuth) * np.cross(t, u)
        new = np.cos(angle) * t + np.sin(angle) * e
        axis = np.cross(t, e)
        u = u * np.cos(angle) + np.cross(axis, u) * np.sin(angle) + axis * (axis @ u) * (1 - np.cos(angle))
        t = new
        tangents.append(t)
    return np.array(tangents)


@pytest.mark.parametrize(("potential", "dimensions"), ALL)
@pytest.mark.parametrize("kappa", [1e-3, 0.3, 1.0, 4.0, 100.0, 1e5])
def test_angles_follow_the_law_of_boltzmann(potential, dimensions, kappa):
    """Counts in twenty classes of equal probability: chi squared below its 1e-5 quantile (19 degrees: 58)."""
    n = 40_000
    joint = np.empty((4, n))
    state = spawn_states(11, 1)[0]
    if dimensions == 2:
        sampling._draw_planar(state, kappa, potential == "harmonic", joint)
        assert (joint[1] == 0.0).all()
    else:
        (sampling._draw_harmonic if potential == "harmonic" else sampling._draw_cosine)(state, kappa, joint)
    angle = np.hypot(joint[0], joint[1])
    grid = np.linspace(0, min(np.pi, 10 / np.sqrt(kappa)), 20_001)
    energy = kappa * (grid**2 / 2 if potential == "harmonic" else 2 * np.sin(grid / 2) ** 2)
    weight = np.exp(-energy) * np.sin(grid) ** (dimensions - 2)
    cumulative = np.r_[0.0, np.cumsum(weight[1:] + weight[:-1])]
    classes = np.interp(angle, grid, cumulative / cumulative[-1])
    counts = np.histogram(classes, 20, (0, 1 + 1e-12))[0]
    assert ((counts - n / 20) ** 2).sum() / (n / 20) < 58
    np.testing.assert_allclose(joint[2], 2 * np.sin(angle / 2) ** 2, rtol=1e-9, atol=1e-30)
    np.testing.assert_allclose(joint[3] * angle, np.sin(angle), rtol=1e-7, atol=1e-15)
    if dimensions == 3:  # and the azimuth is uniform
        azimuth = np.histogram(np.arctan2(joint[1], joint[0]), 20, (-np.pi, np.pi))[0]
        assert ((azimuth - n / 20) ** 2).sum() / (n / 20) < 58
    else:
        assert abs((joint[0] > 0).sum() - n / 2) < 4 * np.sqrt(n) / 2


def test_polynomials_of_an_angle_are_exact_to_rounding():
    square = np.linspace(1e-12, 0.4999999, 500)
    for small, large in zip(map(sampling._split_small, square), map(sampling._split_large, square), strict=True):
        np.testing.assert_allclose(small, large, rtol=4e-16 * 4)


def test_series_in_the_loss_are_exact_to_rounding():
    q = np.linspace(1e-12, 0.0499999, 500)
    ratio, sine = np.transpose([sampling._split_loss(x) for x in q])
    theta = 2 * np.arcsin(np.sqrt(q))
    np.testing.assert_allclose(ratio, theta / (2 * np.sqrt(q)), rtol=1e-15)
    np.testing.assert_allclose(sine, np.sin(theta) / theta, rtol=1e-15)


@pytest.mark.parametrize(("potential", "dimensions"), ALL)
@pytest.mark.parametrize(("kappa", "segments"), [(1.0, 40), (10.0, 16), (100.0, 120)])
def test_sampled_chains_obey_the_exact_laws(potential, dimensions, kappa, segments):
    chains = sample_chains(kappa, segments, 6400, potential, dimensions, Streams(0), ignore)
    joint = (potential, dimensions)
    decay = fiber.discrete_persistence_length(kappa * KT, 1.0, T, *joint)
    variance = fiber.joint_angle_variance(kappa * KT, T, *joint)
    lag, mode = np.arange(1, segments // 2 + 1), np.arange(1, 9)
    modes = fiber.tangent_mode_variance(mode, segments, 1.0, variance) * segments / 2
    scores = np.concatenate(
        [
            np.atleast_1d(score(*pair))
            for pair in (
                (chains.square_angle, chains.weight, variance * (dimensions - 1)),
                (chains.loss, chains.weight, 1 - fiber.mean_cosine(kappa * KT, T, *joint)),
                (
                    chains.square_distance,
                    chains.weight,
                    fiber.mean_square_end_to_end_distance(segments, 1.0, decay),
                ),
                (chains.square_radius, chains.weight, fiber.mean_square_radius_of_gyration(segments, 1.0, decay)),
                (chains.correlation, chains.weight, fiber.tangent_correlation(lag * 1.0, decay)),
                (chains.mode_variance, chains.weight, modes),
            )
        ]
    )
    assert chains.correlation.shape == (64, len(lag))
    assert np.abs(scores).max() < 4.5  # the largest of up to eighty


def test_given_chains_are_measured_as_they_are():
    rng = np.random.default_rng(5)
    angles, torsions = rng.uniform(0, np.pi, (3, 9)), rng.uniform(-np.pi, np.pi, (3, 8))
    azimuths = np.c_[np.zeros(3), np.cumsum(torsions, axis=1)]
    chains = measure_chains(angles, torsions, 3, Streams(0), ignore)
    for k in range(3):
        t = build(angles[k], azimuths[k])
        beads = np.r_[np.zeros((1, 3)), np.cumsum(t, axis=0)]
        gyration = ((beads - beads.mean(axis=0)) ** 2).sum(axis=1).mean()
        assert chains.square_distance[k] == pytest.approx((beads[-1] ** 2).sum(), rel=1e-12)
        assert chains.square_radius[k] == pytest.approx(gyration, rel=1e-12)
        for lag in range(1, 6):
            cosines = (t[lag:] * t[:-lag]).sum(axis=1)
            assert chains.correlation[k, lag - 1] == pytest.approx(cosines.mean(), abs=1e-13)
        components = np.c_[angles[k] * np.cos(azimuths[k]), angles[k] * np.sin(azimuths[k])]
        angle = np.r_[np.zeros((1, 2)), np.cumsum(components, axis=0)]
        for mode in range(1, 9):
            basis = np.cos(mode * np.pi * (np.arange(10) + 0.5) / 10)
            expected = ((basis @ angle) ** 2).sum() / 2
            assert chains.mode_variance[k, mode - 1] == pytest.approx(expected, rel=1e-10)


def test_beads_to_joints_and_back():
    """Random beads in space: torsions add up to azimuths along a frame without twist."""
    rng = np.random.default_rng(6)
    tangents = rng.normal(size=(4, 30, 3))
    tangents /= np.linalg.norm(tangents, axis=2)[..., None]
    beads = np.concatenate([np.zeros((4, 1, 3)), np.cumsum(tangents, axis=1)], axis=1)
    joints = measure_joints(beads)
    chains = measure_chains(joints.angles, joints.torsions, 3, Streams(0), ignore)
    np.testing.assert_allclose(chains.square_distance, (beads[:, -1] ** 2).sum(axis=1), rtol=1e-9)
    for lag in (1, 2, 7, 15):
        cosines = (tangents[:, lag:] * tangents[:, :-lag]).sum(-1).mean(axis=1)
        np.testing.assert_allclose(chains.correlation[:, lag - 1], cosines, atol=1e-10)


def test_straight_folded_and_closed_chains():
    straight = measure_chains(np.zeros((1, 6)), np.zeros((1, 5)), 3, Streams(0), ignore)
    assert straight.square_distance[0] == pytest.approx(49.0, rel=1e-15)
    assert straight.square_radius[0] == pytest.approx(7 * 9 / 12, rel=1e-14)
    assert straight.mode_variance.max() == 0.0
    for dimensions in (2, 3):
        folded = measure_chains(np.full((1, 5), np.pi), None, dimensions, Streams(0), ignore)
        assert folded.square_distance[0] < 1e-20
        np.testing.assert_allclose(folded.correlation[0], [-1, 1, -1], atol=1e-12)
    # after a fold the frame is still a frame: a right angle, then back again
    angles = np.array([[np.pi, np.pi / 2, np.pi / 2]])
    turned = measure_chains(angles, None, 2, Streams(0), ignore)
    assert turned.square_distance[0] == pytest.approx(2.0, rel=1e-12)
    n = 10_000
    ring = measure_chains(np.full((1, n - 1), 2 * np.pi / n), None, 2, Streams(0), ignore)
    assert ring.square_distance[0] < 1e-18  # ten thousand rotations leave the frame orthonormal


def test_torsions_that_are_not_given_are_drawn():
    angles = np.full((6400, 20), 0.5)
    chains = measure_chains(angles, None, 3, Streams(3), ignore)
    c = np.cos(0.5)
    exact = 21 * (1 + c) / (1 - c) - 2 * c * (1 - c**21) / (1 - c) ** 2  # freely rotating chain
    assert abs(score(chains.square_distance, chains.weight, exact)) < 4
    assert chains.loss == pytest.approx(1 - c, rel=1e-14)


def test_chains_do_not_depend_on_threads_or_blocks(monkeypatch):
    with use_workers(1):
        one = sample_chains(20.0, 50, 500, "harmonic", 3, Streams(4), ignore)
    monkeypatch.setattr(sampling, "_JOINTS_PER_BLOCK", 1000)
    done = []
    with use_workers(2):
        two = sample_chains(20.0, 50, 500, "harmonic", 3, Streams(4), lambda *step: done.append(step))
    for a, b in zip(one, two, strict=True):
        assert (a == b).all()
    assert done[-1] == (64, 64)
    assert len(done) > 10


def test_a_tick_that_raises_cancels():
    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_chains(20.0, 50, 500, "harmonic", 3, Streams(4), cancel)


@pytest.mark.parametrize("segments", [2, 3])
def test_the_shortest_chains(segments):
    chains = sample_chains(5.0, segments, 6400, "harmonic", 3, Streams(0), ignore)
    assert chains.correlation.shape == (64, 1)
    assert chains.mode_variance.shape == (64, segments - 1)
    decay = fiber.discrete_persistence_length(5.0 * KT, 1.0, T)
    expected = fiber.mean_square_end_to_end_distance(segments, 1.0, decay)
    assert abs(score(chains.square_distance, chains.weight, expected)) < 4

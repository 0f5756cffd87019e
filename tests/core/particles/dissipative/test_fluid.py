"""The fluid: its steps by brute force, every thread count, conservation, and what it refuses."""

import math

import numpy as np
import pytest
from mesoscale.core.particles import dissipative as dpd
from mesoscale.core.particles.dissipative import Fluid, pair_noise
from mesoscale.core.particles.dissipative.steps import advance


def pairs_of(place, box):
    """All pairs within distance 1, by looking at every pair."""
    i, j = np.triu_indices(len(place), 1)
    d = place[i] - place[j]
    d -= box * np.rint(d / box)
    r = np.sqrt((d * d).sum(axis=1))
    near = r < 1
    return i[near], j[near], d[near] / r[near, None], r[near]


def brute_force(place, velocity, box, fluid, species):
    i, j, e, r = pairs_of(place, box)
    w = 1 - r
    zeta = pair_noise(fluid._key, fluid.steps_done, i, j)
    drag = fluid.friction * w * w * (e * (velocity[i] - velocity[j])).sum(axis=1)
    size = fluid.repulsion[species[i], species[j]] * w - drag
    size += math.sqrt(2 * fluid.friction / fluid.step) * w * zeta
    force = np.zeros_like(place)
    np.add.at(force, i, size[:, None] * e)
    np.add.at(force, j, -size[:, None] * e)
    force[:, 0] += fluid.driving * np.sin(2 * math.pi * place[:, 2] / box[2])
    return force


def some_fluid(box, density=3.0, seed=4, **options):
    rng = np.random.default_rng(seed)
    n = round(density * np.prod(box))
    place = (rng.random((n, 3)) * 3 - 1) * box
    species = rng.integers(0, 2, n)
    options = {"repulsion": [[25.0, 40.0], [40.0, 18.0]], "species": species, "seed": seed, **options}
    return Fluid(place, box, **options), species


@pytest.mark.parametrize("box", [(3.0, 3.0, 3.0), (4.2, 3.1, 7.3)])
@pytest.mark.parametrize("prediction", [0.5, 0.65])
def test_steps_are_those_of_groot_and_warren_pair_by_pair(box, prediction):
    fluid, species = some_fluid(box, prediction=prediction, driving=0.3)
    box, dt = np.array(box), fluid.step
    place, velocity = fluid.positions(unwrapped=True), fluid.velocities()
    force = np.zeros_like(place)  # a fluid starts without
    for _ in range(3):
        place = place + dt * velocity + 0.5 * dt * dt * force
        new = brute_force(place, velocity + prediction * dt * force, box, fluid, species)
        velocity = velocity + 0.5 * dt * (force + new)
        force = new
        fluid.advance(1)
        np.testing.assert_allclose(fluid.positions(unwrapped=True), place, atol=1e-10)
        np.testing.assert_allclose(fluid.velocities(), velocity, atol=1e-10)
    inside = fluid.positions()
    assert (inside >= 0).all()
    assert (inside < box).all()


@pytest.mark.parametrize("scheme", ["shardlow", "peters"])
def test_lonely_pairs_exchange_momentum_by_the_closed_form(scheme):
    box = np.array([12.0, 12.0, 12.0])
    corner = np.indices((6, 6, 6)).reshape(3, -1).T * 2.0 + 0.1
    rng = np.random.default_rng(0)
    e = rng.normal(size=corner.shape)
    e /= np.linalg.norm(e, axis=1)[:, None]
    r = 0.1 + 0.35 * rng.random(len(corner))  # nobody else is near
    place = np.concatenate([corner, corner + r[:, None] * e])
    fluid = Fluid(place, box, repulsion=0.0, scheme=scheme, friction=20.0, step=0.05, seed=3)
    before = fluid.velocities()
    fluid.advance(1)
    n = len(corner)
    p = (e * (before[n:] - before[:n])).sum(axis=1)
    g = 20.0 * 0.05 * (1 - r) ** 2
    zeta = pair_noise(fluid._key, 0, np.arange(n), np.arange(n) + n, normal=True)
    after = (e * (fluid.velocities()[n:] - fluid.velocities()[:n])).sum(axis=1)
    if scheme == "shardlow":
        u = np.sqrt(g / 2)  # both of Shardlow's halves, one after the other, as he wrote them
        half = u * zeta - g * p / 2
        middle = p + 2 * half
        expected = middle + 2 * (u * zeta - g / 2 / (1 + g) * (middle + 2 * u * zeta))
    else:
        expected = np.exp(-2 * g) * p + np.sqrt(2 * (1 - np.exp(-4 * g))) * zeta
    np.testing.assert_allclose(after, expected, atol=1e-12)
    np.testing.assert_allclose(fluid.velocities().sum(axis=0), before.sum(axis=0), atol=1e-12)


@pytest.mark.parametrize("scheme", ["groot_warren", "shardlow", "peters"])
@pytest.mark.parametrize("box", [(5.0, 4.0, 9.3), (3.0, 3.5, 4.0)])
def test_the_same_bits_on_any_number_of_threads(scheme, box):
    results = []
    for workers in (1, 2, 3):
        fluid, _ = some_fluid(box, scheme=scheme, workers=workers, driving=0.1)
        samples = fluid.advance(12, every=4)
        results.append((fluid.positions(), fluid.velocities(), samples.stress, samples.potential_energy))
    for other in results[1:]:
        assert all((a == b).all() for a, b in zip(results[0], other, strict=True))


def test_a_stretch_in_pieces_is_the_stretch():
    whole, _ = some_fluid((4.0, 4.0, 4.0))
    pieces, _ = some_fluid((4.0, 4.0, 4.0))
    ticks = []
    one = whole.advance(30, every=3, tick=lambda done, total: ticks.append((done, total)))
    many = dpd.Samples.join([pieces.advance(n, every=3) for n in (3, 12, 15)])
    assert (one.pressure == many.pressure).all()
    assert (whole.positions() == pieces.positions()).all()
    assert ticks[-1] == (30, 30)
    assert whole.advance(0).pressure.shape == (0,)


@pytest.mark.parametrize("box", [(3.0, 3.0, 3.0), (4.7, 3.3, 6.1)])
def test_samples_are_energy_virial_and_laplacian_of_all_pairs(box):
    fluid, species = some_fluid(box)
    samples = fluid.advance(2, every=1)
    place, box = fluid.positions(), np.array(box)
    i, j, e, r = pairs_of(place, box)
    a = fluid.repulsion[species[i], species[j]]
    v = fluid.velocities()
    n = len(place)
    assert samples.potential_energy[-1] == pytest.approx((a / 2 * (1 - r) ** 2).sum() / n, rel=1e-12)
    virial = np.einsum("p,pi,pj->ij", a * (1 - r) * r, e, e)
    stress = (virial + v.T @ v * n / (n - 1)) / box.prod()
    np.testing.assert_allclose(
        samples.stress[-1],
        [stress[k] for k in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))],
        rtol=1e-11,
        atol=1e-11,
    )
    force = np.zeros_like(place)
    np.add.at(force, i, (a * (1 - r))[:, None] * e)
    np.add.at(force, j, -(a * (1 - r))[:, None] * e)
    laplacian = 2 * (a - 2 * a * (1 - r) / r).sum()
    assert samples.squared_force[-1] == pytest.approx((force**2).sum() / n, rel=1e-11)
    assert samples.laplacian[-1] == pytest.approx(laplacian / n, rel=1e-11)
    assert samples.kinetic_temperature[-1] == pytest.approx((v**2).sum() / (3 * (n - 1)), rel=1e-12)
    phase = 2 * math.pi * place[:, 2] / box[2]
    np.testing.assert_allclose(
        samples.wave[-1], [2 * (v[:, 0] * np.sin(phase)).mean(), 2 * (v[:, 0] * np.cos(phase)).mean()], atol=1e-12
    )


@pytest.mark.parametrize("scheme", ["groot_warren", "shardlow", "peters"])
def test_momentum_stays_to_rounding(scheme):
    fluid, _ = some_fluid((5.0, 5.0, 5.0), scheme=scheme)
    assert np.abs(fluid.advance(300, every=50).momentum).max() < 1e-10


def test_beads_that_coincide_do_no_harm():
    place = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.5, 2.5, 2.5]])
    for scheme in ("groot_warren", "shardlow", "peters"):
        fluid = Fluid(place, (3.0, 3.0, 3.0), scheme=scheme)
        assert np.isfinite(fluid.advance(5, every=1).potential_energy).all()


def test_too_large_a_step_is_an_error():
    place = np.random.default_rng(0).random((90, 3)) * 3
    fluid = Fluid(place, (3.0, 3.0, 3.0), repulsion=1e12, step=9.0)
    with pytest.raises(ArithmeticError, match="flew apart at step"):
        fluid.advance(200)
    with pytest.raises(ArithmeticError, match="flew apart at step"):
        fluid.advance(1)


@pytest.mark.parametrize("scheme", ["groot_warren", "peters"])
def test_an_interrupted_thread_keeps_nobody_waiting(monkeypatch, scheme):
    fluid, _ = some_fluid((4.0, 4.0, 9.0), workers=2, scheme=scheme)
    fluid.advance(2)

    def interrupted(thread, *arguments):
        if thread == 0:
            raise KeyboardInterrupt
        return advance(thread, *arguments)

    monkeypatch.setattr("mesoscale.core.particles.dissipative.fluid._advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fluid.advance(10)
    with pytest.raises(ArithmeticError, match="interrupted"):
        fluid.advance(10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((4, 2))}, "positions of shape"),
        ({"positions": [[0.0, 0.0, np.nan], [1.0, 1.0, 1.0]]}, "must be numbers below 1e9"),
        ({"box": (2.9, 3.0, 3.0)}, "three edges of at least 3"),
        ({"box": (3000.0, 3000.0, 3000.0)}, "too empty"),
        ({"repulsion": [[1.0, 2.0], [3.0, 4.0]]}, "symmetric square matrix"),
        ({"species": [0, 1]}, "species"),
        ({"species": [0, 0, 0]}, "species"),
        ({"scheme": "euler"}, "must be one of groot_warren"),
        ({"species": [0.0, 0.0]}, "species of float64: must be whole numbers"),
        ({"positions": np.full((2, 3), 1e300)}, "must be numbers below 1e9"),
        ({"repulsion": np.inf}, "repulsion = inf: must be finite"),
        ({"prediction": np.nan}, "prediction = nan: must be from 0 to 1"),
        ({"workers": -1}, "workers = -1: must be a whole number of at least 1"),
        ({"workers": 0}, "workers = 0: must be a whole number of at least 1"),
        ({"step": 0.0}, "out of all bounds"),
        ({"velocities": np.zeros((3, 3))}, "velocities of shape"),
    ],
)
def test_what_a_fluid_refuses(change, message):
    arguments = {"positions": np.ones((2, 3)), "box": (3.0, 3.0, 3.0), **change}
    with pytest.raises(ValueError, match=message):
        Fluid(arguments.pop("positions"), arguments.pop("box"), **arguments)


def test_samples_need_whole_strides():
    fluid = Fluid(np.ones((2, 3)) * [[1.0], [2.0]], (3.0, 3.0, 3.0), velocities=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="steps a multiple of every"):
        fluid.advance(10, every=3)
    with pytest.raises(ValueError, match=r"steps = 2\.7, every = 0: must be whole numbers"):
        fluid.advance(2.7)


def test_a_flow_is_not_heat():
    rng = np.random.default_rng(4)
    flow = 0.3 * np.sin(2 * np.pi * (np.arange(3000) + 0.5) / 3000)
    positions = np.column_stack([rng.uniform(0, 10, (3000, 2)), (np.arange(3000) + 0.5) / 300])
    velocities = rng.standard_normal((3000, 3))
    velocities -= velocities.mean(axis=0)
    velocities[:, 0] -= 2 * np.sin(2 * np.pi * positions[:, 2] / 10) * (velocities[:, 0] @ flow) / (0.3 * 3000)
    still, driven = (
        Fluid(positions, (10, 10, 10), repulsion=0.0, friction=0.0, step=1e-9, velocities=v).advance(1, every=1)
        for v in (velocities, velocities + np.outer(flow, [1, 0, 0]))
    )
    rest = driven.at_rest(3.0)
    assert driven.kinetic_temperature[0] - still.kinetic_temperature[0] == pytest.approx(0.3**2 / 6, rel=1e-3)
    assert rest.kinetic_temperature == pytest.approx(still.kinetic_temperature, abs=1e-5)
    assert rest.stress[:, :3] == pytest.approx(still.stress[:, :3], abs=1e-4)

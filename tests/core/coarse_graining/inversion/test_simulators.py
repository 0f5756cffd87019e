"""Simulators at hand: against each other, and beads that find the potential of their own liquid."""

import numpy as np
import pytest
from mesoscale.core.coarse_graining.inversion import ParticleSimulator, evidence, iterate_inversion, liquid_structure
from mesoscale.core.particles.dynamics import System
from mesoscale.core.particles.potentials import LennardJones, Morse, WeeksChandlerAndersen


def grid(side, box):
    return np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3) * (box / side)


def test_the_simulator_of_particles_agrees_with_the_equation_of_a_soft_liquid():
    # a moderately dense fluid of soft spheres: the hypernetted chain is nearly exact there
    soft = Morse(well_depth=0.2, inverse_width=1.5, minimum=1.3, cutoff=1.3, shifted=True)
    box = (125 / 0.3) ** (1 / 3)
    beads = ParticleSimulator(
        System(grid(5, box), [box] * 3), temperature=1.0, width=0.1, cutoff=3.7, step=0.01, steps=8000, every=20
    )
    g, pressure = beads(soft)
    exact = liquid_structure(soft, 0.3, width=0.02, cutoff=10)
    weight = exact.distance.values**2
    shells = (exact.g.values * weight)[:185].reshape(37, 5).sum(axis=1) / weight[:185].reshape(37, 5).sum(axis=1)
    assert np.abs(g - shells)[4:].max() < 0.03
    assert pressure == pytest.approx(float(exact.pressure), rel=0.05)
    start = beads.system
    beads(soft)
    assert beads.system is not start
    assert beads.distribution.g.shape == (37,)


@pytest.mark.slow
@pytest.mark.parametrize("potential", [LennardJones(cutoff=2.0, shifted=True), WeeksChandlerAndersen()])
def test_a_known_potential_is_recovered_from_its_own_liquid(potential):
    density, kt = 0.7, 1.2
    box = (216 / density) ** (1 / 3)
    system = System(grid(6, box), [box] * 3)
    options = {"temperature": kt, "width": 0.05, "cutoff": 3.35, "every": 20}
    beads = ParticleSimulator(system, steps=20_000, seed=7, **options)
    _, pressure = beads(potential)
    target = beads.distribution
    again = ParticleSimulator(system, steps=5_000, equilibration=1_000, seed=77, **options)
    result = iterate_inversion(
        target, again, density=density, thermal_energy=kt, cutoff=2.0, iterations=6, tolerance=2e-4,
        target_pressure=pressure, largest_pressure_step=0.5,
    )  # fmt: skip
    seen = (target.g > 0.2) & (target.distance < 2.0)
    exact = potential.energy(target.distance)
    wrong = float(np.abs(result.potential - exact)[seen].max())
    naive = float(np.abs(-kt * np.log(target.g[seen]) - exact[seen.values]).max())
    assert wrong < 0.2 * kt
    assert naive > 2 * wrong


@pytest.mark.slow
def test_the_attraction_between_tetrahedra_is_that_of_all_the_others():
    target, result, _ = evidence._tetrahedra()
    assert result.distance.equals(target.distance)
    peak = target.isel(distance=int(target.g.values.argmax()))
    assert float(peak.g) == pytest.approx(1.50, abs=0.03 + 3 * float(peak.g_error))
    assert float(peak.distance) == pytest.approx(2.03, abs=0.05)
    assert float(-np.log(peak.g)) < -0.37  # a well in -kT ln g, where the pair potential has none
    assert float(result.potential.min()) > -0.06


G, _ = np.ones(20), None

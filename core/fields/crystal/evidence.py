"""Why to believe the phase-field crystal: linear theory, other codes' crystals and phase diagrams, counted defects."""

import math
from functools import partial

import numpy as np

from ...evidence import Evidence
from ..free_energies import polynomial
from ..spectral import Basis, GradientFlow, integrate
from .model import PhaseFieldCrystal
from .unit_cell import coexistence, elastic_constants, relaxed_crystal

__all__ = ["EVIDENCE"]

_PFC_UTIL = "pfc-util 0.4.12, its relaxed cells of coexisting phases (files uc_eps*.field)"
_COMFIT = "ComFiT 1.9.6, PhaseFieldCrystal2DTriangular on 16 x 28 points, strained to equilibrium, 6000 steps of 0.1"
_ELDER = "Elder & Grant, Phys. Rev. E 70, 051605 (2004), doi:10.1103/PhysRevE.70.051605"


def _growth_rate(wavenumber: float) -> float:
    """Of a small wave in the unstable liquid at r = -0.25, p = -0.2."""
    basis = Basis((48,), (2.0 * math.pi / wavenumber,))
    flow = GradientFlow(
        basis, polynomial([0.0, 0.0, 0.0, 0.0, 0.25], (-2.0, 2.0)), -0.25 + (1.0 - basis.k2) ** 2, basis.k2, 0.2
    )
    x = (np.arange(48) + 0.5) * basis.spacing[0]
    field = -0.2 + 1e-6 * np.cos(wavenumber * x)
    history = integrate(flow, field, [10.0], tolerance=1e-8)
    return math.log(2.0 * abs(basis.forward(history.fields[0])[1]) / 1e-6) / 10.0


def _energy_in_time(temperature: float, density: float) -> float:
    """Free energy per area of a perfect crystal, left to itself in a box of the relaxed spacing."""
    model = PhaseFieldCrystal(
        start="perfect", reduced_temperature=temperature, mean_density=density, spacings=2, points_per_spacing=16,
        reduced_duration=300.0, snapshots=3,
    )  # fmt: skip
    return float(model.run().answer)


def _relaxed_energy(temperature: float, density: float) -> float:
    return relaxed_crystal(temperature, density).energy


def _coexisting_density(temperature: float, phase: int) -> float:
    """Of the liquid (0) or the crystal (1)."""
    return coexistence(temperature)[phase]


def _shear_from_tension() -> float:
    """C11 - B: of a cell stretched along x alone, and of one stretched along both axes."""
    ground = relaxed_crystal(-0.25, -0.285)
    k = ground.wavenumber

    def curvature(strain: float, across: float) -> float:
        energies = (
            relaxed_crystal(-0.25, -0.285, stretch=(math.exp(s) / k, math.exp(s * across) / k)).energy
            for s in (strain, -strain)
        )
        return (sum(energies) - 2.0 * ground.energy) / strain**2

    along, both = ((4.0 * curvature(0.005, a) - curvature(0.01, a)) / 3.0 for a in (0.0, 1.0))
    return along - 0.25 * both


def _dislocations(tilt_index: int, periods: int) -> float:
    model = PhaseFieldCrystal(
        start="bicrystal", mean_density=-0.27, spacings=40, tilt_index=tilt_index, boundary_periods=periods,
        reduced_duration=300.0, snapshots=3,
    )  # fmt: skip
    return float(model.run().dislocations)


def _stripe_energy() -> float:
    """Stripes of a weak drive, beyond the one wave."""
    model = PhaseFieldCrystal(
        start="stripe", reduced_temperature=-0.01, mean_density=0.0, spacings=2, points_per_spacing=8, snapshots=3,
        reduced_duration=2000.0, tolerance=1e-5,
    )  # fmt: skip
    return float(model.run().answer)


EVIDENCE = (
    *(
        Evidence(
            f"growth rate of a wave of k = {k:g} in the unstable liquid",
            computed=partial(_growth_rate, k),
            expected=-(k**2) * (-0.25 + 3.0 * 0.2**2 + (1.0 - k**2) ** 2),
            relative=1e-5,
            kind="theory",
            source=f"linear stability; {_ELDER}",
        )
        for k in (0.85, 1.0, 1.3)
    ),
    *(
        Evidence(
            f"density of the {('liquid', 'crystal')[phase]} in coexistence, r = {r:g}",
            computed=partial(_coexisting_density, r, phase),
            expected=-density,
            relative=1e-6,
            kind="peer",
            source=_PFC_UTIL,
        )
        for r, densities in (
            (-0.1, (0.20680625, 0.19606429)),
            (-0.3, (0.37934641, 0.31662839)),
            (-0.5, (0.51419825, 0.38536366)),
        )
        for phase, density in enumerate(densities)
    ),
    Evidence(
        "lattice spacing of the crystal that coexists with its liquid, r = -0.3",
        computed=lambda: 4.0 * math.pi / math.sqrt(3.0) / relaxed_crystal(-0.3, coexistence(-0.3)[1]).wavenumber,
        expected=7.280007,
        relative=1e-6,
        kind="peer",
        source=_PFC_UTIL,
    ),
    *(
        Evidence(
            f"free energy per area of the relaxed crystal, r = {r:g}, p = {p:g}",
            computed=partial(_relaxed_energy, r, p),
            expected=energy,
            relative=1e-8,
            kind="peer",
            source=_COMFIT,
        )
        for r, p, energy in (
            (-0.1, -0.18, 0.01458641648433),
            (-0.25, -0.285, 0.03044589686955),
            (-0.3, -0.3, 0.03026840643766),
        )
    ),
    Evidence(
        "shear modulus without relaxation, r = -0.25, p = -0.285",
        computed=lambda: elastic_constants(-0.25, -0.285, affine=True).shear,
        expected=0.04295,
        relative=2e-3,
        kind="peer",
        source=f"{_COMFIT}: equilibrium mu, numerical, at a strain of 0.01",
    ),
    Evidence(
        "shear modulus, relaxed: a stretch along one axis against one along both",
        computed=_shear_from_tension,
        expected=lambda: elastic_constants(-0.25, -0.285).shear,
        relative=1e-4,
        kind="theory",
        source="isotropy of the triangular lattice, C11 = B + C44",
    ),
    *(
        Evidence(
            f"a perfect crystal in time ends in the relaxed cell, r = {r:g}, p = {p:g}",
            computed=partial(_energy_in_time, r, p),
            expected=partial(_relaxed_energy, r, p),
            relative=1e-7,
            kind="theory",
            source="minimisation over the waves of one cell and over its spacing, without any dynamics",
        )
        for r, p in ((-0.25, -0.285), (-0.4, 0.35))
    ),
    Evidence(
        "energy per area of weak stripes",
        computed=_stripe_energy,
        expected=-(0.01**2) / 6.0,
        relative=1e-3,
        kind="theory",
        source=f"one wave, exact to leading order in r; {_ELDER}",
    ),
    *(
        Evidence(
            f"dislocations of two tilt boundaries of {periods} periods, j = {j}",
            computed=partial(_dislocations, j, periods),
            expected=4.0 * periods,
            absolute=1.0,
            kind="theory",
            source="2 sin(theta / 2) l / a; Read & Shockley, Phys. Rev. 78, 275 (1950), doi:10.1103/PhysRev.78.275",
            slow=j == 6,
        )
        for j, periods in ((4, 1), (6, 2))
    ),
)

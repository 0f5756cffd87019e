"""Why to believe the Allen-Cahn field: curvature, fronts, tension, and PFHub's critical nucleus."""

import math
from functools import partial

import numpy as np

from ...evidence import Evidence
from .model import AllenCahn

__all__ = ["EVIDENCE"]

_CURVATURE = "motion by mean curvature, Allen & Cahn, Acta Metall. 27, 1085 (1979), doi:10.1016/0001-6160(79)90196-2"
_BENCHMARK = (
    "PFHub benchmark 8, single seed; Wu et al., Comput. Mater. Sci. 193, 110371 (2021),"
    " doi:10.1016/j.commatsci.2021.110371"
)
_SLOTH = f"SLOTH, reference results at commit c88d7489, finite elements, 256 x 256 cells, step 0.01; {_BENCHMARK}"
_PEER = "py-pde 0.59.0, finite differences on 80, 160 and 240 cells an edge, extrapolated in the square of the cell"


def _slope_in_a_corner(dimensions: int, cells: int) -> float:
    """d(R^2)/dt of a part of a drop about a corner between walls without flux, from R = 24."""
    x = (np.arange(cells) + 0.5) * 32.0 / cells
    radius = np.sqrt(sum(np.square(r) for r in np.meshgrid(*[x] * dimensions)))
    model = AllenCahn(
        start="own", own_field=np.tanh((radius - 24.0) / math.sqrt(2.0)), dimensions=dimensions, boundary="no_flux",
        tilt=0.0, reduced_box_size=32.0, reduced_duration=25.0, snapshots=6,
    )  # fmt: skip
    result = model.run()
    held = result.phase_fraction.values * (2.0 * 32.0) ** dimensions
    square = held / math.pi if dimensions == 2 else (0.75 * held / math.pi) ** (2.0 / 3.0)
    return float(np.polyfit(result.reduced_time.values[1:], square[1:], 1)[0])


def _front(tilt: float, well: float = 1.0, gradient: float = 1.0, mobility: float = 1.0) -> float:
    width = math.sqrt(2.0 * gradient / well)
    speed = mobility * tilt * math.sqrt(2.0 * gradient * well)
    model = AllenCahn(
        start="plate", dimensions=1, tilt=tilt, start_radius=30.0 * width, reduced_box_size=160.0 * width, cells=512,
        well_depth=well, gradient_coefficient=gradient, mobility_coefficient=mobility, tolerance=1e-6,
        reduced_duration=20.0 * width / abs(speed), snapshots=11,
    )  # fmt: skip
    return float(model.run().interface_speed)


def _tension() -> float:
    """Energy per area of two flat interfaces that start too wide."""
    x = (np.arange(128) + 0.5) * 40.0 / 128 - 20.0
    field = np.clip((np.abs(x) - 10.0) / 4.0, -1.0, 1.0)
    model = AllenCahn(
        start="own", own_field=field, dimensions=1, tilt=0.0, reduced_box_size=40.0, well_depth=2.0,
        gradient_coefficient=3.0, reduced_duration=20.0, tolerance=1e-7,
    )  # fmt: skip
    return 0.5 * float(model.run().reduced_free_energy[-1])


def _benchmark(seed: float, duration: float) -> AllenCahn:
    """PFHub's seed in its own length and time: w = epsilon = M = 1 for phi = (1 - eta) / 2 gives these for eta."""
    return AllenCahn(
        well_depth=0.25, gradient_coefficient=0.25, mobility_coefficient=4.0, tilt=math.sqrt(2.0) / 10.0,
        interpolation="quintic", start_radius=5.0 * seed, reduced_box_size=100.0, cells=128,
        reduced_duration=duration, snapshots=3,
    )  # fmt: skip


def _solid(seed: float, duration: float) -> float:
    return 1e4 * float(_benchmark(seed, duration).run().answer)


def _driven_drop(tilt: float, radius: float) -> float:
    return float(AllenCahn(tilt=tilt, start_radius=radius, tolerance=1e-6, snapshots=3).run().answer)


def _coarsening() -> float:
    """Slope of (area of the box / length of the interfaces)^2 over the time, of five quenches."""
    model = AllenCahn(
        start="noise", tilt=0.0, reduced_box_size=384.0, cells=256, reduced_duration=200.0, snapshots=12, tolerance=1e-3
    )
    result = model.run(replicates=5)
    density = (1.0 / result.domain_size_from_interface_area).mean("replicate").values
    return float(np.polyfit(result.reduced_time.values[5:], density[5:] ** -2.0, 1)[0])


EVIDENCE = (
    Evidence(
        "a circle shrinks: d(R^2)/dt",
        computed=lambda: _slope_in_a_corner(2, 48),
        expected=-2.0,
        relative=5e-3,
        kind="theory",
        source=_CURVATURE,
    ),
    Evidence(
        "a ball shrinks twice as fast: d(R^2)/dt",
        computed=lambda: _slope_in_a_corner(3, 40),
        expected=-4.0,
        relative=5e-3,
        kind="theory",
        source=_CURVATURE,
    ),
    *(
        Evidence(
            f"speed of a flat front, a = {tilt:g}, W = {well:g}, kappa = {gradient:g}, M = {mobility:g}",
            computed=partial(_front, tilt, well, gradient, mobility),
            expected=tilt * mobility * math.sqrt(2.0 * gradient * well),
            relative=1e-4,
            kind="theory",
            source="exact travelling wave tanh((x - v t) / xi) of the cubic force",
        )
        for tilt, well, gradient, mobility in ((0.1, 1.0, 1.0, 1.0), (0.3, 1.0, 1.0, 1.0), (-0.6, 3.0, 0.5, 2.0))
    ),
    Evidence(
        "tension of a flat interface, W = 2, kappa = 3",
        computed=_tension,
        expected=2.0 * math.sqrt(2.0) / 3.0 * math.sqrt(6.0),
        relative=1e-6,
        kind="theory",
        source="the profile tanh(x / xi), Cahn & Hilliard, J. Chem. Phys. 28, 258 (1958), doi:10.1063/1.1744102",
    ),
    *(
        Evidence(
            f"PFHub 8: solid of the seed of 1.01 critical radii at t = {time:g}",
            computed=partial(_solid, 1.01, time),
            expected=solid,
            relative=tolerance,
            kind="published",
            source=_SLOTH,
            note="the seed sits on an unstable balance: differences grow as exp(t / 25), the grid's among them",
        )
        for time, solid, tolerance in ((1.0, 84.8901, 1e-3), (3.0, 84.9333, 1e-3), (100.0, 141.729, 0.1))
    ),
    Evidence(
        "PFHub 8: the seed of 0.99 critical radii is gone at t = 100",
        computed=lambda: _solid(0.99, 100.0),
        expected=0.0,
        absolute=1e-6,
        kind="published",
        source=_SLOTH,
    ),
    *(
        Evidence(
            f"fraction of the drop at t = 100 beside another code: a = {tilt:g}, R0 = {radius:g}",
            computed=partial(_driven_drop, tilt, radius),
            expected=fraction,
            relative=5e-4,
            kind="peer",
            source=_PEER,
        )
        for tilt, radius, fraction in ((0.0, 24.0, 0.185259), (0.1, 12.0, 0.189175))
    ),
    Evidence(
        "coarsening after a symmetric quench: square of area over interface length, slope",
        computed=_coarsening,
        expected=8.0,
        relative=0.1,
        kind="theory",
        source="Ohta, Jasnow & Kawasaki, Phys. Rev. Lett. 49, 1223 (1982), doi:10.1103/PhysRevLett.49.1223"
        " (an approximation): 16 M kappa t (d - 1)/d",
        slow=True,
    ),
)

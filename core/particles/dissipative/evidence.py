"""Why to believe the dissipative particles: published pressures, identities, another code."""

import functools
import math

import numpy as np

from ...evidence import Evidence
from ...kernels.statistics import mean_with_error
from . import laws
from .equation_of_state import repulsion_from_compressibility, tabulated_inverse_compressibility
from .fluid import Fluid, Samples, Scheme
from .observables import diffusion_from_displacements, mean_square_displacement

__all__ = ["EVIDENCE"]

_GW = "Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784"
_AT = (
    "Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. (Oxford, 2017), results of its DPD program (Shardlow's "
    "scheme) printed with the code at https://github.com/Allen-Tildesley/examples, python_examples/GUIDE.md"
)


def _fluid(
    density: float, repulsion: float, particles: int, step: float, scheme: Scheme = "peters", seed: int = 0,
    friction: float = 4.5,
) -> Fluid:  # fmt: skip
    edge = (particles / density) ** (1.0 / 3.0)
    place = np.random.default_rng(seed).random((particles, 3)) * edge
    return Fluid(place, (edge, edge, edge), repulsion=repulsion, step=step, scheme=scheme, seed=seed, friction=friction)


def _settled(fluid: Fluid, time: float, steps: int, every: int = 10) -> Samples:
    fluid.advance(math.ceil(time / fluid.step))
    return fluid.advance(steps, every=every)


def _pressure(density: float, repulsion: float, particles: int, step: float, steps: int) -> tuple[float, float]:
    """Virial pressure plus rho kT."""
    samples = _settled(_fluid(density, repulsion, particles, step), 20.0, steps)
    mean, error = mean_with_error(samples.pressure - density * samples.kinetic_temperature)
    return mean + density, error


@functools.cache
def _beside_lammps() -> tuple[tuple[float, float], tuple[float, float]]:
    """Virial pressure plus rho kT, and energy per bead, at a state that no table holds."""
    samples = _settled(_fluid(4.2, 60.0, 2000, 0.01, "groot_warren"), 15.0, 2000)
    mean, error = mean_with_error(samples.pressure - 4.2 * samples.kinetic_temperature)
    return (mean + 4.2, error), mean_with_error(samples.potential_energy)


def _momentum() -> float:
    samples = _settled(_fluid(3.0, 25.0, 648, 0.04, "groot_warren"), 1.0, 2000)
    return float(np.abs(samples.momentum).max())


def _temperature(scheme: Scheme, repulsion: float, step: float, friction: float) -> tuple[float, float]:
    samples = _settled(_fluid(3.0, repulsion, 1536, step, scheme, friction=friction), 10.0, 2000)
    return mean_with_error(samples.kinetic_temperature)


def _configurational_temperature() -> tuple[float, float]:
    samples = _settled(_fluid(3.0, 25.0, 1536, 0.005, "shardlow"), 8.0, 2000)
    return samples.configurational_temperature()


def _trimer_diffusivity() -> float:
    fluid = _fluid(3.0, 78.0, 3000, 0.06, "groot_warren")
    fluid.advance(400)
    frames = [fluid.positions(unwrapped=True)]
    for _ in range(60):
        fluid.advance(40)
        frames.append(fluid.positions(unwrapped=True))
    return diffusion_from_displacements(mean_square_displacement(np.array(frames)), 2.4, 6.0)[0]


def _flory_huggins(excess: float, steps: int) -> tuple[float, float]:
    """chi of two coexisting phases from the share of strangers in the middle of each, by time blocks."""
    particles, density = 6000, 3.0
    width = (particles / density / 4.0) ** (1.0 / 3.0)
    place = np.random.default_rng(0).random((particles, 3)) * (width, width, 4.0 * width)
    species = (place[:, 2] > 2.0 * width).astype(int)
    like = 25.0
    fluid = Fluid(place, (width, width, 4.0 * width), repulsion=[[like, like + excess], [like + excess, like]],
                  species=species, scheme="groot_warren")  # fmt: skip
    fluid.advance(8000)
    shares = []
    for _ in range(10):
        strangers = residents = 0
        for _ in range(steps // 500):
            fluid.advance(50)
            height = fluid.positions()[:, 2] / (4.0 * width)
            # the layers stay where they are for a while; their middle is found from the composition
            middle = np.angle(np.exp(2j * math.pi * height[species == 1]).mean()) / (2.0 * math.pi)
            inside = np.abs((height - middle + 0.5) % 1.0 - 0.5) < 0.12
            outside = np.abs((height - middle) % 1.0 - 0.5) < 0.12
            strangers += int((species[inside] == 0).sum() + (species[outside] == 1).sum())
            residents += int(inside.sum() + outside.sum())
        shares.append(strangers / residents)
    x, error = float(np.mean(shares)), float(np.std(shares, ddof=1) / math.sqrt(10))
    chi = math.log((1.0 - x) / x) / (1.0 - 2.0 * x)
    slope = (-1.0 / (x * (1.0 - x)) * (1.0 - 2.0 * x) + 2.0 * math.log((1.0 - x) / x)) / (1.0 - 2.0 * x) ** 2
    return chi / excess, abs(slope) * error / excess


def _interfacial_tension(excess: float, steps: int) -> tuple[float, float]:
    particles, density = 6000, 3.0
    width = (particles / density / 2.0) ** (1.0 / 3.0)
    place = np.random.default_rng(1).random((particles, 3)) * (width, width, 2.0 * width)
    species = (place[:, 2] > width).astype(int)
    fluid = Fluid(place, (width, width, 2.0 * width), repulsion=[[25.0, 25.0 + excess], [25.0 + excess, 25.0]],
                  species=species)  # fmt: skip
    fluid.advance(4000)
    stress = fluid.advance(steps, every=5).stress
    return mean_with_error(width * (stress[:, 2] - 0.5 * (stress[:, 0] + stress[:, 1])))


EVIDENCE = (
    *(
        Evidence(
            f"pressure at density {density:g} and repulsion {repulsion:g}",
            computed=lambda rho=density, a=repulsion: _pressure(rho, a, 256, 0.02, 6000)[0],  # type: ignore[misc]
            expected=pressure,
            relative=2e-3,
            kind="published",
            source=_AT,
            note="256 beads here; 2000 beads give up to half a thousandth more",
        )
        for density, repulsion, pressure in (
            (3.0, 25.0, 23.636),
            (2.0, 37.5, 14.319),
            (4.0, 18.75, 32.624),
            (5.0, 15.0, 41.528),
        )
    ),
    *(
        Evidence(
            f"{name} at density 4.2 and repulsion 60",
            computed=lambda place=place: _beside_lammps()[place],  # type: ignore[misc]
            expected=value,
            expected_error=error,
            z=4,
            kind="peer",
            source="LAMMPS 22 Jul 2025, pair_style dpd, 2000 beads, 16 000 steps of 0.005, measured for this entry",
        )
        for place, name, value, error in ((0, "pressure", 107.626, 0.021), (1, "energy per bead", 16.9226, 0.0011))
    ),
    Evidence(
        "inverse compressibility of the fluid with a = 25 at density 3",
        computed=lambda: float(tabulated_inverse_compressibility(3.0, 25.0)),
        expected=15.98,
        relative=0.02,
        kind="published",
        source=f"water, by {_GW}, where a = 75 kT / rho was fitted to it",
    ),
    Evidence(
        "repulsion of beads as compressible as water at density 5",
        computed=lambda: float(repulsion_from_compressibility(15.98, 5.0)),
        expected=15.0,
        relative=0.03,
        kind="published",
        source=f"a = 75 kT / rho, {_GW}",
    ),
    Evidence(
        "total momentum after 2000 steps",
        computed=_momentum,
        expected=0.0,
        absolute=1e-10,
        kind="theory",
        source="Newton's third law, pair by pair",
    ),
    Evidence(
        "kinetic temperature of beads without repulsion, exact pair thermostat, friction times step 2",
        computed=lambda: _temperature("peters", 0.0, 0.1, 20.0),
        expected=1.0,
        z=4,
        kind="theory",
        source="Maxwell's distribution stays: Peters, Europhys. Lett. 66, 311 (2004), doi:10.1209/epl/i2004-10010-4",
    ),
    Evidence(
        "configurational temperature as the step vanishes (0.005)",
        computed=_configurational_temperature,
        expected=1.0,
        z=4,
        kind="theory",
        source="hypervirial theorem: Rugh, Phys. Rev. Lett. 78, 772 (1997), doi:10.1103/PhysRevLett.78.772",
    ),
    Evidence(
        "slope of chi over the excess repulsion 15, density 3, from coexisting compositions",
        computed=lambda: _flory_huggins(15.0, 20000),
        expected=0.286,
        expected_error=0.002,
        z=4,
        kind="published",
        source=f"{_GW}: 0.286 +- 0.002",
        slow=True,
    ),
    Evidence(
        "interfacial tension of single beads, excess repulsion 15, density 3",
        computed=lambda: _interfacial_tension(15.0, 20000)[0],
        expected=lambda: float(laws.reduced_interfacial_tension(0.286 * 15.0, 3.0)),
        relative=0.1,
        kind="published",
        source=f"fit 0.75 rho chi^0.26 (1 - 2.36/chi)^1.5 of {_GW}",
        slow=True,
    ),
    Evidence(
        "diffusivity of beads of three molecules of water, a = 78, step 0.06",
        computed=_trimer_diffusivity,
        expected=0.1707,
        relative=0.05,
        kind="published",
        source="Groot & Rabone, Biophys. J. 81, 725 (2001), doi:10.1016/S0006-3495(01)75737-2",
        note="0.144 with a step of 0.02: at 0.06 the configurational temperature is 1.4, which the kinetic one hides",
    ),
)

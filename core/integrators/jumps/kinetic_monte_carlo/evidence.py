"""Why to believe the kinetic Monte Carlo: exact currents, energies, diffusion coefficients; none is an input."""

import math

import networkx as nx
import numpy as np

from ....evidence import Evidence
from ....networks.percolation.lattices import square_lattice
from .rules import chain_lattice, neighbourhood
from .simulation import kinetic_monte_carlo, steady_average
from .systems import driven_exclusion, ising_energy, random_walk, spin_flip, spin_flip_rates, tasep_current

__all__ = ["EVIDENCE"]

_DERRIDA = "Derrida, Evans, Hakim & Pasquier, J. Phys. A 26, 1493 (1993), doi:10.1088/0305-4470/26/7/011"
_ONSAGER = "Onsager, Phys. Rev. 65, 117 (1944), doi:10.1103/PhysRev.65.117"
_KAUFMAN = "Kaufman, Phys. Rev. 76, 1232 (1949), doi:10.1103/PhysRev.76.1232: partition function of the torus"


def measured_current(sites: int, entry_rate: float, exit_rate: float, duration: float) -> tuple[float, float]:
    """Events of all rules per time and bond, over 500 intervals after a transient."""
    near, rules = driven_exclusion(sites)
    times = np.linspace(0.0, duration, 501)[1:]
    result = kinetic_monte_carlo(near, rules, np.zeros(sites), times, parameters=[entry_rate, exit_rate])
    mean, error = steady_average(result.event_rate.sum("rule") / (sites + 1))
    return float(mean), float(error)


def measured_energy(size: int, temperature: float, intervals: int, dynamics: str = "glauber") -> tuple[float, float]:
    """Energy of a spin, from the integral over time."""
    rates = spin_flip_rates(temperature, dynamics=dynamics)  # type: ignore[arg-type]
    times = np.arange(1.0, intervals + 1.0)
    graph = square_lattice((size, size))
    result = kinetic_monte_carlo(graph, [spin_flip()], np.ones(size**2), times, parameters=rates, output="final")
    mean, error = steady_average(result.observable_average)
    return -2.0 + float(mean) / size**2, float(error) / size**2


def measured_diffusion(weights: np.ndarray, trajectories: int) -> tuple[float, float]:
    """From the growth of the squared displacement between two late times, walkers starting evenly on a ring."""
    n = len(weights)
    ring = neighbourhood(chain_lattice(n, periodic=True), weights=weights)
    slow = n**2 / weights.min()
    initial = np.eye(n, dtype=int)[np.arange(trajectories) % n]
    times = [slow, 3.0 * slow]
    result = kinetic_monte_carlo(ring, [random_walk()], initial, times, trajectories=trajectories, output="final")
    growth = np.diff(result.observable.values**2, axis=1)[:, 0] / (4.0 * slow)
    return float(growth.mean()), float(growth.std(ddof=1) / math.sqrt(trajectories))


def passage_times(sites: int, trajectories: int) -> np.ndarray:
    """From the first site of a chain (reflecting) to the last (absorbing), all rates 1."""
    chain = nx.DiGraph()
    chain.add_nodes_from(range(sites))
    chain.add_edges_from((i, i + 1) for i in range(sites - 1))
    chain.add_edges_from((i + 1, i) for i in range(sites - 2))
    initial = np.zeros(sites)
    initial[0] = 1
    result = kinetic_monte_carlo(chain, [random_walk()], initial, [1e6], trajectories=trajectories, output="final")
    assert (result.final_state[:, -1] == 1).all()
    times: np.ndarray = result.last_event_time.values
    return times


def _mean_passage() -> tuple[float, float]:
    times = passage_times(11, 4000)
    return float(times.mean()), float(times.std(ddof=1) / math.sqrt(len(times)))


_WEIGHTS = np.array([1.0, 0.2, 3.0, 0.5, 1.0, 2.0, 0.1, 1.5])

EVIDENCE = (
    Evidence(
        "current of driven exclusion, 10 sites, entry and exit at rate 1",
        computed=lambda: measured_current(10, 1.0, 1.0, 1e5),
        expected=12 / 42,
        z=4,
        kind="published",
        source=_DERRIDA + ": J = (L + 2) / (2 (2 L + 1))",
    ),
    Evidence(
        "current of driven exclusion, 50 sites, entry and exit at rate 1",
        computed=lambda: measured_current(50, 1.0, 1.0, 5e4),
        expected=52 / 202,
        z=4,
        kind="published",
        source=_DERRIDA + ": J = (L + 2) / (2 (2 L + 1))",
    ),
    Evidence(
        "current of driven exclusion limited by entry at rate 0.3, 50 sites",
        computed=lambda: measured_current(50, 0.3, 0.7, 5e4),
        expected=lambda: tasep_current(50, 0.3, 0.7),
        z=4,
        kind="published",
        source=_DERRIDA + ": Z_L; for long chains 0.3 (1 - 0.3)",
    ),
    Evidence(
        "current of driven exclusion limited by exit at rate 0.2, 10 sites",
        computed=lambda: measured_current(10, 0.7, 0.2, 1e5),
        expected=lambda: tasep_current(10, 0.7, 0.2),
        z=4,
        kind="published",
        source=_DERRIDA + ": Z_L",
    ),
    Evidence(
        "energy of Ising spins at the critical temperature, torus of 8 x 8, Glauber rates",
        computed=lambda: measured_energy(8, 2.0 / math.log(1.0 + math.sqrt(2.0)), 20_000),
        expected=lambda: ising_energy(2.0 / math.log(1.0 + math.sqrt(2.0)), 8),
        z=4,
        kind="theory",
        source=_KAUFMAN,
    ),
    Evidence(
        "energy of Ising spins below the critical temperature (T = 2), torus of 16 x 16, Metropolis rates",
        computed=lambda: measured_energy(16, 2.0, 10_000, "metropolis"),
        expected=lambda: ising_energy(2.0, 16),
        z=4,
        kind="theory",
        source=_KAUFMAN,
    ),
    Evidence(
        "energy of Ising spins on a large lattice (T = 3, 64 x 64 is infinite to 7 digits)",
        computed=lambda: measured_energy(64, 3.0, 1000),
        expected=lambda: ising_energy(3.0),
        z=4,
        kind="published",
        source=_ONSAGER,
        slow=True,
    ),
    Evidence(
        "diffusion across disordered bonds on a ring: harmonic mean of the rates",
        computed=lambda: measured_diffusion(_WEIGHTS, 2000),
        expected=float(1.0 / (1.0 / _WEIGHTS).mean()),
        z=4,
        kind="theory",
        source="Alexander, Bernasconi, Schneider & Orbach, Rev. Mod. Phys. 53, 175 (1981), "
        "doi:10.1103/RevModPhys.53.175",
    ),
    Evidence(
        "mean first-passage time along a chain of 10 bonds, reflecting start: L (L + 1) / 2",
        computed=_mean_passage,
        expected=55.0,
        z=4,
        kind="theory",
        source="sum of the mean times k to step from site k - 1 to k for the first time; van Kampen, Stochastic "
        "Processes in Physics and Chemistry (2007), ch. XII",
    ),
)

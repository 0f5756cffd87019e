r"""Three systems with exact answers, ready to run: driven exclusion, the Ising model, walks on disordered bonds.

**Driven exclusion.** Particles enter an open chain of *L* sites at rate :math:`\alpha`, hop to the right at rate 1 if
the next site is empty, and leave at rate :math:`\beta`. The current is exact for every size (Derrida et al. 1993):

.. math:: J = \frac{Z_{L-1}}{Z_L},   \quad
          Z_L = \sum_{p=1}^{L} \frac{p\,(2L-1-p)!}{L!\,(L-p)!}\,
          \frac{\beta^{-p-1} - \alpha^{-p-1}}{\beta^{-1} - \alpha^{-1}}    \qquad (1)

**Ising model.** Spins 1 and -1 with the energy :math:`-\sum s_i s_j` over bonds flip at a rate that obeys detailed
balance at temperature *T* (in units of the coupling). On the infinite square lattice, with :math:`K = 1/T`
(Onsager 1944),

.. math:: u = -\coth(2K) \left[1 + \frac{2}{\pi} (2\tanh^2 2K - 1)\, \mathcal{K}(k) \right],
          \quad k = \frac{2 \sinh 2K}{\cosh^2 2K}    \qquad (2)

and on a torus the partition function is a sum of four products (Kaufman 1949), of which `ising_energy` takes the
derivative exactly (by a complex step).

**Disordered bonds.** A walk that crosses a bond at the rate *w*, either way, has in one dimension the diffusion
coefficient :math:`D = 1 / \langle 1/w \rangle` (Alexander et al. 1981): the slowest bonds decide.

References
----------
Derrida, Evans, Hakim & Pasquier, J. Phys. A 26, 1493 (1993), doi:10.1088/0305-4470/26/7/011.
Onsager, Phys. Rev. 65, 117 (1944), doi:10.1103/PhysRev.65.117.
Kaufman, Phys. Rev. 76, 1232 (1949), doi:10.1103/PhysRev.76.1232.
Alexander, Bernasconi, Schneider & Orbach, Rev. Mod. Phys. 53, 175 (1981), doi:10.1103/RevModPhys.53.175.
"""

from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import special

from .rules import BondRule, Neighbourhood, Rule, SiteRule, chain_lattice, neighbourhood

__all__ = ["driven_exclusion", "ising_energy", "random_walk", "spin_flip", "spin_flip_rates", "tasep_current"]

Floats = NDArray[np.float64]


def driven_exclusion(sites: int) -> tuple[Neighbourhood, tuple[Rule, ...]]:
    """Lattice and rules (enter, leave, hop) of the open chain; ``parameters=[entry rate, exit rate]``.

    Examples
    --------
    >>> from mesoscale.core.integrators.jumps.kinetic_monte_carlo import kinetic_monte_carlo
    >>> near, rules = driven_exclusion(10)
    >>> result = kinetic_monte_carlo(near, rules, np.zeros(10), [100.0, 20_100.0], parameters=[1.0, 1.0])
    >>> abs(float(result.event_rate[0, 1, 2]) / 9 - tasep_current(10, 1.0, 1.0)) < 0.01
    True
    """
    near = neighbourhood(chain_lattice(sites), directed=True)
    enter = SiteRule("enter", _rate_entry, _fill, sites=[0], reach=0)
    leave = SiteRule("leave", _rate_exit, _empty, sites=[sites - 1], reach=0)
    return near, (enter, leave, BondRule("hop", _rate_hop))


def random_walk(name: str = "step") -> BondRule:
    """Particles (state 1) that cross a bond to an empty site (state 0) at its weight; the gain is the displacement.

    Several particles exclude each other (the symmetric exclusion process).
    """
    return BondRule(name, _rate_step, gain=_gain_step)


def spin_flip(name: str = "flip") -> SiteRule:
    """Flips of Ising spins; the gain is the energy. ``parameters=spin_flip_rates(temperature)``."""
    return SiteRule(name, _rate_flip, _flip, gain=_gain_energy)


def spin_flip_rates(
    temperature: float, *, neighbours: int = 4, dynamics: Literal["glauber", "metropolis"] = "glauber"
) -> Floats:
    """Rates of a flip for s h = -neighbours ... neighbours, h being the sum of the neighbours of the spin s.

    Glauber: 1 / (1 + exp(2 s h / T)); Metropolis: min(1, exp(-2 s h / T)). Both lead to the same equilibrium.

    Examples
    --------
    >>> spin_flip_rates(2.0)[4]
    0.5
    """
    if not temperature > 0.0 or dynamics not in ("glauber", "metropolis") or neighbours < 1:
        raise ValueError(
            f"temperature = {temperature!r}, neighbours = {neighbours!r}, dynamics = {dynamics!r}: must be above 0, at "
            "least 1, and 'glauber' or 'metropolis'"
        )
    cost = 2.0 * np.arange(-neighbours, neighbours + 1) / temperature
    rates = special.expit(-cost) if dynamics == "glauber" else np.exp(-np.maximum(cost, 0.0))
    return np.where(rates > 1e-300, rates, 0.0)


def tasep_current(sites: int, entry_rate: float, exit_rate: float) -> float:
    """Stationary current of driven exclusion on `sites` sites, equation (1), in units of the hopping rate.

    Parameters
    ----------
    sites : int
        At least 1; the sum has as many terms, all positive.
    entry_rate, exit_rate : float
        Positive, in units of the hopping rate.

    Examples
    --------
    With both rates 1, (L + 2) / (2 (2 L + 1)):

    >>> round(tasep_current(10, 1.0, 1.0), 12), round(12 / 42, 12)
    (0.285714285714, 0.285714285714)
    """
    if isinstance(sites, bool) or int(sites) != sites or sites < 1:
        raise ValueError(f"sites = {sites!r}: must be an integer of at least 1")
    if not (0.0 < entry_rate < np.inf and 0.0 < exit_rate < np.inf):
        raise ValueError(f"entry_rate = {entry_rate!r}, exit_rate = {exit_rate!r}: must be positive")
    shorter = _log_partition(sites - 1, entry_rate, exit_rate) if sites > 1 else 0.0
    return float(np.exp(shorter - _log_partition(sites, entry_rate, exit_rate)))


def _log_partition(sites: int, entry_rate: float, exit_rate: float) -> float:
    p = np.arange(1.0, sites + 1.0)
    large, small = 1.0 / min(entry_rate, exit_rate), 1.0 / max(entry_rate, exit_rate)
    # the geometric sum of (1), divided by its largest term so that nothing overflows
    ratio = small / large
    geometric = p + 1.0 if ratio == 1.0 else np.expm1((p + 1.0) * np.log(ratio)) / (ratio - 1.0)
    ballots = special.gammaln(2.0 * sites - p) - special.gammaln(sites + 1.0) - special.gammaln(sites - p + 1.0)
    return float(special.logsumexp(np.log(p) + ballots + p * np.log(large) + np.log(geometric)))


def ising_energy(temperature: float, size: int | None = None) -> float:
    """Mean energy of a spin of the square lattice: equation (2), or on a torus of `size` x `size` sites, exactly.

    Examples
    --------
    >>> round(ising_energy(2.0), 6), round(ising_energy(3.0), 6), round(ising_energy(3.0, 8), 6)
    (-1.745565, -0.81731, -0.841315)
    """
    if not 0.05 <= temperature < np.inf:
        raise ValueError(f"temperature = {temperature!r}: must be finite and at least 0.05")
    if size is not None:
        if isinstance(size, bool) or int(size) != size or size < 3:
            raise ValueError(f"size = {size!r}: must be an integer of at least 3")
        step = 1e-30
        return float(-_log_torus(1.0 / temperature + 1j * step, size).imag / (step * size * size))
    coupling = 1.0 / temperature
    complement = 2.0 * np.tanh(2.0 * coupling) ** 2 - 1.0
    integral = 0.0 if complement == 0.0 else float(complement * special.ellipkm1(complement**2))
    return float(-(1.0 + 2.0 / np.pi * integral) / np.tanh(2.0 * coupling))


def _log_torus(coupling: complex, size: int) -> complex:
    """Logarithm of the partition function of a torus (Kaufman 1949), scaled so that nothing overflows."""
    mode = np.arange(1, 2 * size)
    gamma = np.arccosh(np.cosh(2 * coupling) ** 2 / np.sinh(2 * coupling) - np.cos(np.pi * mode / size))
    gamma = np.concatenate([[2 * coupling + np.log(np.tanh(coupling))], gamma])  # the zeroth has a sign
    angle = 0.5 * size * gamma
    sign = np.where(angle.real < 0.0, -1.0, 1.0)
    tail = np.exp(-2.0 * sign * angle)
    cosh, sinh = sign * angle + np.log1p(tail), sign * angle + np.log1p(-tail)
    logs = np.array([cosh[1::2].sum(), sinh[1::2].sum(), cosh[0::2].sum(), sinh[0::2].sum()])
    shift = logs.real.max()
    total = (np.array([1.0, 1.0, 1.0, sign[0]]) * np.exp(logs - shift)).sum()
    return complex(0.5 * size**2 * np.log(2.0 * np.sinh(2 * coupling)) + shift + np.log(total) - np.log(2.0))


@njit(cache=True, nogil=True)
def _rate_entry(states: Any, site: int, near: Any, parameters: Any) -> float:
    return parameters[0] * (1 - states[site])  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _rate_exit(states: Any, site: int, near: Any, parameters: Any) -> float:
    return parameters[1] * states[site]  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _fill(states: Any, site: int, near: Any, parameters: Any) -> int:
    return 1


@njit(cache=True, nogil=True)
def _empty(states: Any, site: int, near: Any, parameters: Any) -> int:
    return 0


@njit(cache=True, nogil=True)
def _rate_hop(states: Any, bond: int, near: Any, parameters: Any) -> float:
    return float(states[near.source[bond]] & (1 - states[near.neighbour[bond]]))


@njit(cache=True, nogil=True)
def _rate_step(states: Any, bond: int, near: Any, parameters: Any) -> float:
    return near.weight[bond] * (states[near.source[bond]] & (1 - states[near.neighbour[bond]]))  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _gain_step(states: Any, bond: int, near: Any, parameters: Any) -> float:
    return float(near.orientation[bond])


@njit(cache=True, nogil=True)
def _aligned(states: Any, site: int, near: Any) -> int:
    field = 0
    for bond in range(near.begin[site], near.begin[site + 1]):
        field += states[near.neighbour[bond]]
    return field * states[site]  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _rate_flip(states: Any, site: int, near: Any, parameters: Any) -> float:
    return parameters[_aligned(states, site, near) + len(parameters) // 2]  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _flip(states: Any, site: int, near: Any, parameters: Any) -> int:
    return -states[site]  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _gain_energy(states: Any, site: int, near: Any, parameters: Any) -> float:
    return 2.0 * _aligned(states, site, near)

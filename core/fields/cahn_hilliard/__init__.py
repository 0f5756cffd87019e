r"""Phase separation: how a mixture that is unstable becomes a pattern, and how the pattern coarsens.

**Micro.** Molecules that prefer their like give a free energy of mixing f(c) with two valleys, and a cost
(kappa/2) (grad c)^2 of every gradient. **Meso.** What is conserved can only move down the gradient of its potential
[1]:

.. math::

    \frac{\partial c}{\partial t} = \nabla \cdot M \nabla \mu, \qquad \mu = f'(c) - \kappa \nabla^2 c \tag{1}

so that a small wave grows, where r = f'' is negative and the wave is long, at the rate

.. math::

    \omega(k) = -M k^2 (r + \kappa k^2) \tag{2}

and the pattern that appears first has the wavelength

.. math::

    \lambda = 2 \pi \sqrt{\frac{-2 \kappa}{r}} \tag{3}

**Macro.** Domains of the two phases, whose interfaces cost, for f = r c^2/2 + u c^4/4, the tension

.. math::

    \sigma = \frac{2 \sqrt{2}}{3} \frac{\sqrt{\kappa} \, |r|^{3/2}}{u} \tag{4}

and which coarsen as t^(1/3) [2]. With the factor 1/2 in the gradient term, (3) and (4) hold as they stand; Cahn wrote
kappa (grad c)^2, and his kappa is half of this one.

**When does the average lie?** The well-mixed material has the free energy f(<c>). It stays so while the longest wave
that fits in the box costs more gradient than it gains in the bulk: governing ratio -r / (kappa k_min^2), below 1.
Above, the mixture separates, and what it still holds above the tie line is the energy of its interfaces.

**Also here.** Noise [3], exact for every mode of the linear part, with the equilibrium spectrum kT/(r + kappa k^2) of a
stable mixture; long-range repulsion [4], sigma/(k^2 + s^2) beside r + kappa k^2 in (2), which stops the coarsening
(unscreened, it slows all waves by M sigma: none grows where r^2 < 4 kappa sigma); a mobility that vanishes in the pure
phases [6], M 4 (c - c_1)(c_2 - c)/(c_2 - c_1)^2, or one of the user's. Any other symbol goes to
:mod:`mesoscale.core.fields.spectral` directly; long runs go to disk by :mod:`mesoscale.core.fields.recording`.

**Validity.** Reduced units; the interface needs three cells or more. The laws are in SI and hold in
reduced units as well. A wavelength below a few molecules means that the gradient expansion has failed.

References
----------
1. Cahn & Hilliard, J. Chem. Phys. 28, 258 (1958), doi:10.1063/1.1744102; Cahn, Acta Metall. 9, 795 (1961),
   doi:10.1016/0001-6160(61)90182-1.
2. Lifshitz & Slyozov, J. Phys. Chem. Solids 19, 35 (1961), doi:10.1016/0022-3697(61)90054-3.
3. Cook, Acta Metall. 18, 297 (1970), doi:10.1016/0001-6160(70)90144-6.
4. Ohta & Kawasaki, Macromolecules 19, 2621 (1986), doi:10.1021/ma00164a028.
5. Jokisaari, Voorhees, Guyer, Warren & Heinonen, Comput. Mater. Sci. 126, 139 (2017),
   doi:10.1016/j.commatsci.2016.09.022.
6. Cahn, Elliott & Novick-Cohen, Eur. J. Appl. Math. 7, 287 (1996), doi:10.1017/S0956792500002369.

Examples
--------
>>> mixture = CahnHilliard(cells=32, reduced_duration=20.0)
>>> result = mixture.run()
>>> bool(result.answer < result.naive_answer), bool(result.mass_drift < 1e-13), float(result.largest_energy_rise)
(True, True, 0.0)
"""

from .evidence import EVIDENCE
from .laws import binodal, growth_rate, interface_width, interfacial_tension, spinodal, spinodal_wavelength
from .model import CahnHilliard
from .observables import (
    coarsening_exponent,
    domain_size,
    growth_exponent,
    interface_area,
    pair_correlation,
    structure_factor,
)

__all__ = [
    "PFHUB_1A",
    "PFHUB_1B",
    "CahnHilliard",
    "binodal",
    "coarsening_exponent",
    "domain_size",
    "growth_exponent",
    "growth_rate",
    "interface_area",
    "interface_width",
    "interfacial_tension",
    "pair_correlation",
    "spinodal",
    "spinodal_wavelength",
    "structure_factor",
]

PFHUB_1B = CahnHilliard(
    mixing="double_well",
    mean_composition=0.5,
    start="pfhub",
    start_amplitude=0.01,
    gradient_coefficient=2.0,
    mobility_coefficient=5.0,
    reduced_box_size=200.0,
    cells=128,
    boundary="no_flux",
    reduced_duration=100.0,
)
"""Benchmark 1(b) of PFHub: a square between walls without flux [5]."""

PFHUB_1A = PFHUB_1B.replace(boundary="periodic")
"""Benchmark 1(a): periodic, with a start that jumps across the edge (so that its late times depend on the grid)."""

EVIDENCE = EVIDENCE  # a module attribute, not in __all__

r"""From snapshots of atoms to a field: the local free energy and the gradient coefficient, by four routes.

**Micro.** Particles, or spins on a lattice, that fluctuate in equilibrium. **Meso.** A composition phi averaged over a
volume in which it is still uniform; its probability is a free energy,

.. math:: F[\phi] = \int \left[ f(\phi) + \frac{\kappa}{2} (\nabla \phi)^2 \right] dV    \qquad (1)

**Macro.** The field of :mod:`mesoscale.core.fields.cahn_hilliard`, which needs f, kappa and nothing else of the atoms.
The routes, none of which needs more than snapshots:

* *structure factor*: kT/S(k) = f'' + kappa k^2 (`lattice_structure_factor`, `particle_structure_factor`,
  `fit_structure_factor`): both numbers at the composition of the snapshots;
* *blocks*: variance and histogram of block means (`block_variances`, `extrapolate_blocks`, `block_free_energy`);
* *chemical potential*: f' by exchange or insertion, integrated over the compositions (`exchange_slope`,
  `widom_insertion`, `integrate_slope`): f over the whole range;
* *interface*: kappa from a tension or a profile, given f (`gradient_coefficient_from_interface`, `landau_quartic`).

`LatticeGas` with `sample_equilibrium` and `follow_quench` makes snapshots in a second for which much is known exactly
(:mod:`~mesoscale.core.coarse_graining.local_free_energy.lattice_gas`); `pattern_wavelength` and
`quenched_structure_factor` confront what the field predicts with what the spins do.

**When does the average lie?** Mean field gives f'' = kT - 4 J for every lattice gas at m = 0: it separates below
kT = 4 J. With four neighbours, reality does not before 2.269 J: at 3 J, mean field is wrong in the sign. And *the* f of
an unstable mixture does not exist: thermodynamics knows its convex hull only. What the field needs is f of a volume
that is too small to separate, and it depends on that volume, the less the longer the range of the forces.

Convention: (kappa/2) (grad phi)^2; Cahn's own kappa is half of this one. Numbers are in the reader's units (reduced, or
SI throughout); kT is handed in as ``thermal_energy``.

Examples
--------
>>> gas = LatticeGas(reduced_temperature=3.0)
>>> structure = lattice_structure_factor(sample_equilibrium(gas, 32, 800).spin)
>>> fit = fit_structure_factor(structure, thermal_energy=3.0)
>>> exact = 3.0 / zero_wavenumber_structure_factor(3.0)
>>> bool(abs(fit.curvature - exact) < 4 * fit.curvature_error), bool(mean_field_curvature(0.0, 3.0) < 0 < fit.curvature)
(True, True)
"""

from .blocks import block_free_energy, block_variances, extrapolate_blocks
from .chemical_potential import exchange_slope, integrate_slope, widom_insertion
from .evidence import EVIDENCE as EVIDENCE
from .interface import gradient_coefficient_from_interface, landau_quartic
from .lattice_gas import (
    CRITICAL_TEMPERATURE,
    axis_tension,
    critical_temperature,
    diagonal_tension,
    lattice_correlation_length,
    lattice_energy,
    mean_field_curvature,
    mean_field_energy,
    mean_field_gradient,
    mean_field_magnetization,
    spontaneous_magnetization,
    zero_wavenumber_structure_factor,
)
from .quench import pattern_wavelength, quenched_structure_factor
from .sampling import LatticeGas, flip_energy, follow_quench, sample_equilibrium
from .small_box import small_box_energy
from .spectrum import lattice_structure_factor, particle_structure_factor
from .structure_factor import fit_structure_factor

__all__ = [
    "CRITICAL_TEMPERATURE",
    "LatticeGas",
    "axis_tension",
    "block_free_energy",
    "block_variances",
    "critical_temperature",
    "diagonal_tension",
    "exchange_slope",
    "extrapolate_blocks",
    "fit_structure_factor",
    "flip_energy",
    "follow_quench",
    "gradient_coefficient_from_interface",
    "integrate_slope",
    "landau_quartic",
    "lattice_correlation_length",
    "lattice_energy",
    "lattice_structure_factor",
    "mean_field_curvature",
    "mean_field_energy",
    "mean_field_gradient",
    "mean_field_magnetization",
    "particle_structure_factor",
    "pattern_wavelength",
    "quenched_structure_factor",
    "sample_equilibrium",
    "small_box_energy",
    "spontaneous_magnetization",
    "widom_insertion",
    "zero_wavenumber_structure_factor",
]

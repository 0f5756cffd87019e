r"""Bounds and estimates of effective properties, from volume fractions alone.

**Micro.** Phases of conductivity :math:`k_i` (heat, charge, diffusion, permittivity ...) or of bulk and shear modulus
:math:`K_i, G_i`, with volume fractions :math:`f_i`. **Meso.** Their arrangement, of which little is known: layered,
isotropic, matrix and inclusions, all alike. **Macro.** An interval in which the effective property must lie, or an
estimate that belongs to one arrangement.

.. math:: \left( \sum f_i / k_i \right)^{-1} \le k^* \le \sum f_i k_i   \qquad (1)

holds for every arrangement, and its limits are layers across and along (Wiener; Reuss and Voigt in elasticity). For
isotropic ones in *d* dimensions (Hashin & Shtrikman):

.. math:: Z(k_0) = \left( \sum \frac{f_i}{k_i + (d-1) k_0} \right)^{-1} - (d-1) k_0, \qquad
   Z(k_{min}) \le k^* \le Z(k_{max})   \qquad (2)

With the matrix as reference, (2) is also the estimate of Maxwell Garnett. With the effective medium itself as
reference, it is that of Bruggeman, which percolates at :math:`f = 1/d`:

.. math:: \sum f_i \frac{k_i - k}{k_i + (d-1) k} = 0   \qquad (3)

and inclusions of all sizes, added little by little, give the differential estimate:

.. math:: \frac{k - k_2}{k_1 - k_2} \left( \frac{k_1}{k} \right)^{1/d} = f_1   \qquad (4)

In elasticity, (2) has :math:`2 (d-1) G_0 / d` in the place of :math:`(d-1) k_0` for the bulk modulus, and

.. math:: \zeta_0 = G_0 \frac{d K_0 / 2 + (d+1)(d-2) G_0 / d}{K_0 + 2 G_0}   \qquad (5)

for the shear modulus. If all phases have the same shear modulus both bounds coincide: that is Hill's theorem. In two
dimensions, moduli are those of plane strain: :math:`K_{2D} = K + G/3`.

Arrays of many phases have the phases along the last axis; all else broadcasts.

References
----------
1. Hashin & Shtrikman, J. Appl. Phys. 33, 3125 (1962), doi:10.1063/1.1728579.
2. Hashin & Shtrikman, J. Mech. Phys. Solids 11, 127 (1963), doi:10.1016/0022-5096(63)90060-7.
3. Bruggeman, Ann. Phys. 416, 636 (1935), doi:10.1002/andp.19354160705.
4. Torquato, Random Heterogeneous Materials (Springer, 2002), doi:10.1007/978-1-4757-6355-3.
5. Backus, J. Geophys. Res. 67, 4427 (1962), doi:10.1029/JZ067i011p04427.
6. Dykhne, Sov. Phys. JETP 32, 63 (1971); Keller, J. Math. Phys. 5, 548 (1964), doi:10.1063/1.1704146.
"""

from ...evidence import Evidence
from .conduction import (
    bruggeman_conductivity,
    differential_conductivity,
    dykhne_conductivity,
    hashin_shtrikman_conductivity,
    maxwell_garnett_conductivity,
    parallel_conductivity,
    series_conductivity,
)
from .elasticity import (
    LayeredStiffness,
    backus_average,
    hashin_shtrikman_bulk_modulus,
    hashin_shtrikman_shear_modulus,
    reuss_modulus,
    self_consistent_bulk_modulus,
    self_consistent_shear_modulus,
    voigt_modulus,
)

__all__ = [
    "LayeredStiffness",
    "backus_average",
    "bruggeman_conductivity",
    "differential_conductivity",
    "dykhne_conductivity",
    "hashin_shtrikman_bulk_modulus",
    "hashin_shtrikman_conductivity",
    "hashin_shtrikman_shear_modulus",
    "maxwell_garnett_conductivity",
    "parallel_conductivity",
    "reuss_modulus",
    "self_consistent_bulk_modulus",
    "self_consistent_shear_modulus",
    "series_conductivity",
    "voigt_modulus",
]

EVIDENCE: tuple[Evidence, ...] = (
    Evidence(
        "shear modulus over Young's of a self-consistent porous body at 40 % pores, Poisson's ratio 1/5",
        computed=lambda: self_consistent_shear_modulus([1 / 1.8, 0.0], [1 / 2.4, 0.0], [0.6, 0.4]) * 2.4,
        expected=0.2,
        relative=1e-9,
        kind="theory",
        source="Hill, J. Mech. Phys. Solids 13, 213 (1965), doi:10.1016/0022-5096(65)90010-4: 1 - 2 f at this ratio",
    ),
)

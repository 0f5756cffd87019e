r"""Square and hexagonal arrays of disks (fibres seen end on): exact conductivity by multipoles.

**Micro.** Disks of conductivity :math:`k_i` and radius *a*, one to a cell of a regular lattice of spacing 1, in a
matrix :math:`k_m`. **Meso.** Every disk is polarised by the mean field and by all others; its field is a series of
multipoles :math:`b_l`, *l* odd, coupled by the sums :math:`S_n` of :math:`z^{-n}` over the lattice (Rayleigh 1892;
Perrins, McKenzie & McPhedran 1979):

.. math:: \frac{b_l}{\beta} - \sum_m \frac{(l+m-1)!}{l! \, (m-1)!} S_{l+m} a^{l+m} b_m = a \delta_{l1},
   \qquad \beta = \frac{k_i - k_m}{k_i + k_m}   \qquad (1)

**Macro.** Only the dipole reaches the mean flux:

.. math:: k^* = k_m \left( 1 + \frac{2 \pi a b_1}{A} \right)   \qquad (2)

with the area *A* of a cell. :math:`S_2 = \pi / A` (with the mean field as applied field); the others follow from
:math:`S_4` (square) or :math:`S_6` (hexagonal) by the recurrence of Weierstrass' function. The number of multipoles is
doubled until the result stands still: a few for separate disks, hundreds for disks that conduct perfectly and nearly
touch. Both lattices are isotropic. It is the reference for every numerical method: no grid, no mesh.

References
----------
1. Rayleigh, Phil. Mag. 34, 481 (1892), doi:10.1080/14786449208620364.
2. Perrins, McKenzie & McPhedran, Proc. R. Soc. Lond. A 369, 207 (1979), doi:10.1098/rspa.1979.0160.
3. Keller, J. Appl. Phys. 34, 991 (1963), doi:10.1063/1.1729580: nearly touching disks.
"""

import functools
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ..evidence import Evidence
from ..quantities import Fraction, ThermalConductivity, law

__all__ = ["disk_array_conductivity", "touching_area_fraction"]

Lattice = Literal["square", "hexagonal"]
_AREA = {"square": 1.0, "hexagonal": math.sqrt(0.75)}
_MOST = 1024  # multipoles: enough for gaps of some 1e-4 of the spacing between perfect conductors


@law
def disk_array_conductivity(
    matrix_conductivity: ThermalConductivity,
    disk_conductivity: ThermalConductivity,
    area_fraction: Fraction,
    lattice: Lattice = "square",
) -> ThermalConductivity:
    """Effective conductivity across a regular array of disks, exact.

    Any property that obeys div(k grad u) = 0 is meant; bare numbers may be in any one unit.

    Parameters
    ----------
    matrix_conductivity : float
        Conductivity between the disks [W m-1 K-1].
    disk_conductivity : float
        Conductivity of the disks [W m-1 K-1], from 0 to infinity.
    area_fraction : float
        Share of the area that they cover [1]; at most `touching_area_fraction`.
    lattice : {"square", "hexagonal"}
        Arrangement of their centres.

    Returns
    -------
    float
        Effective conductivity [W m-1 K-1]. NaN where disks would overlap, and where they conduct perfectly (or
        insulate) and come so near that the series does not converge to 1e-10.

    References
    ----------
    Equations (1) and (2) of the module.

    Examples
    --------
    >>> round(disk_array_conductivity(1.0, 10.0, 0.5), 4)
    2.4155
    >>> round(disk_array_conductivity(1.0, float("inf"), 0.9, "hexagonal"), 4)
    56.229
    """
    if lattice not in _AREA:
        raise ValueError(f"lattice={lattice!r}: must be 'square' or 'hexagonal'")
    matrix, disk, fraction = np.broadcast_arrays(
        np.asarray(matrix_conductivity, float), np.asarray(disk_conductivity, float), np.asarray(area_fraction, float)
    )
    result: Any = np.empty(matrix.shape)
    for place in np.ndindex(matrix.shape):
        result[place] = _conductivity_of(float(matrix[place]), float(disk[place]), float(fraction[place]), lattice)
    return result[()] if result.ndim else float(result)


def touching_area_fraction(lattice: Lattice = "square") -> float:
    """Area fraction at which the disks of an array touch.

    >>> round(touching_area_fraction(), 4), round(touching_area_fraction("hexagonal"), 4)
    (0.7854, 0.9069)
    """
    return math.pi / (4.0 * _AREA[lattice])


def _conductivity_of(matrix: float, disk: float, fraction: float, lattice: Lattice) -> float:
    if not (0.0 <= fraction <= touching_area_fraction(lattice) and 0.0 <= matrix < math.inf and disk >= 0.0):
        return math.nan
    if fraction == 0.0 or disk == matrix or matrix == 0.0:
        return matrix
    contrast = 1.0 if math.isinf(disk) else (disk - matrix) / (disk + matrix)
    area = _AREA[lattice]
    radius = math.sqrt(fraction * area / math.pi)
    number, before = 8, math.nan
    while number <= _MOST:
        ratio = 1.0 + 2.0 * fraction * _dipole(contrast, radius, number, lattice)
        if abs(ratio - before) <= 1e-10 * max(ratio, 1.0) and ratio > 0.0:
            return matrix * ratio
        number, before = 2 * number, ratio
    return math.nan


def _dipole(contrast: float, radius: float, number: int, lattice: Lattice) -> float:
    """b_1 / a of the first `number` odd multipoles."""
    order = np.arange(1, 2 * number, 2)
    sums = _lattice_sums(lattice, number)
    total = order[:, None] + order
    # with b_l sqrt(l) as unknowns the matrix is symmetric; factorials and powers of the radius meet in the exponent
    logarithm = gammaln(total) - gammaln(order)[:, None] - gammaln(order) + total * math.log(radius)
    coupling = np.exp(logarithm) * sums[total // 2] / np.sqrt(order[:, None] * order)
    system = np.eye(number) / contrast - coupling
    load = np.zeros(number)
    load[0] = 1.0
    return float(np.linalg.solve(system, load)[0])


@functools.cache
def _lattice_sums(lattice: Lattice, number: int) -> NDArray[np.float64]:
    """S_n at index n/2, for even n up to 4 number: sums of z^-n over the lattice of spacing 1, without z = 0."""
    seed = 2 if lattice == "square" else 3
    gamma = math.gamma(0.25) ** 8 / (960.0 * math.pi**2) if seed == 2 else math.gamma(1 / 3) ** 18 / (8960 * math.pi**6)
    count = 2 * number + 1
    c = np.zeros(count)  # coefficients of Weierstrass' function: c_k = (2 k - 1) S_2k
    c[seed] = (2 * seed - 1) * gamma
    for k in range(4, count):
        if k % seed == 0:
            c[k] = 3.0 * float(c[2 : k - 1] @ c[k - 2 : 1 : -1]) / ((2 * k + 1) * (k - 3))
    sums = np.zeros(count)
    sums[2:] = c[2:] / (2.0 * np.arange(2, count) - 1.0)
    sums[1] = math.pi / _AREA[lattice]
    return sums


_PERRINS = "Perrins, McKenzie & McPhedran, Proc. R. Soc. Lond. A 369, 207 (1979), doi:10.1098/rspa.1979.0160"
_QUOTED = "digits as quoted by later authors"


def _gap_law() -> float:
    """k* sqrt(gap) of nearly touching perfect conductors, from two gaps: the next term is a constant."""
    one, other = (disk_array_conductivity(1.0, math.inf, math.pi / 4 - gap) for gap in (2e-4, 8e-4))
    return (one - other) / (1 / math.sqrt(2e-4) - 1 / math.sqrt(8e-4))


EVIDENCE: tuple[Evidence, ...] = (
    *(
        Evidence(
            f"square array of perfect conductors, area fraction {fraction}",
            computed=functools.partial(disk_array_conductivity, 1.0, math.inf, fraction),
            expected=value,
            absolute=0.51 * digit,
            kind="published",
            source=_PERRINS,
            note=_QUOTED,
        )
        for fraction, value, digit in ((0.3, 1.860, 1e-3), (0.6, 4.342, 1e-3), (0.74, 11.01, 1e-2), (0.78, 35.93, 1e-2))
    ),
    Evidence(
        "conductivity of a square array of disks times that of its dual, 70 % covered",
        computed=lambda: disk_array_conductivity(1.0, 20.0, 0.7) * disk_array_conductivity(1.0, 0.05, 0.7),
        expected=1.0,
        relative=1e-9,
        kind="theory",
        source="Keller, J. Math. Phys. 5, 548 (1964), doi:10.1063/1.1704146: k*(c) k*(1/c) = 1 in two dimensions",
    ),
    Evidence(
        "divergence of a square array of nearly touching perfect conductors, times the root of the missing area",
        computed=_gap_law,
        expected=math.pi**1.5 / 2,
        relative=1e-3,
        kind="theory",
        source="Keller, J. Appl. Phys. 34, 991 (1963), doi:10.1063/1.1729580",
    ),
)

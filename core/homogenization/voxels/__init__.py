r"""Effective conductivity and stiffness of a voxel image.

**Micro.** Every voxel of a micro-CT scan or a micrograph belongs to a phase. **Meso.** A mean gradient *E* drives a
field that finds its way around what is hard to pass:

.. math:: \mathrm{div} \, k (E + \mathrm{grad} \, u) = 0, \qquad u \; \mathrm{periodic}   \qquad (1)

and, for displacements, the same with a stiffness in the place of *k*. **Macro.** One tensor, the mean flux (stress) of
unit gradients (strains):

.. math:: \langle k (E + \mathrm{grad} \, u) \rangle = k^* E   \qquad (2)

The potential lives on the corners of the voxels, its gradient in their centres, as in the rotated scheme of Willot
(2015):

.. math:: D_x(q) \propto \frac{2}{h_x} \sin \frac{q_x}{2} \cos \frac{q_y}{2} \cos \frac{q_z}{2}   \qquad (3)

Conjugate gradients solve :math:`D^T k (E + D u) = 0` with the preconditioner :math:`(D^T D)^{-1}`, which is diagonal
in Fourier space. The iterates are those of conjugate gradients on the projected equation (Zeman et al. 2010), at the
price of one pair of transforms an iteration instead of three. Insulating phases and voids need nothing special. Phases
that conduct perfectly or are rigid have a compliance of zero: then the flux (stress) is the unknown, projected onto
fields without divergence, on the same grid.

What to know of the error:

* corners of voxels make the field singular. At a contrast of 10 between two phases, a checkerboard of 128 x 128 voxels
  is right to 0.06 %, at 100 wrong by 16 %. ``extrapolate=True`` solves on three grids, fits the order and returns
  limit and error; at 100 the limit is right to 0.4 % from 128 x 128 voxels, and to 0.1 % with the known order of such
  corners, ``extrapolate=16 / pi * atan(100**-0.5)``;
* that error is of *this* image. That its voxels approximate a smooth body is another error, often the larger one:
  compare at the area of the voxels, not of the body;
* with an even number of voxels along two axes, fields that alternate from voxel to voxel along both have no gradient in
  (3): the flux and stress there are not balanced, and the result is too stiff. A checkerboard of single voxels is
  nothing else (its result is the arithmetic mean), in white noise it is one part in (number of voxels along an edge)^2,
  in an image whose voxels are repeated twice along each axis it is nothing. Where it is more than 1 % of the variance,
  ``conductivity_valid`` is False: repeat every voxel (``np.repeat``), or cut to an odd number.

With one shear modulus *G* everywhere, Hill's theorem is exact on the grid: the longitudinal stiffness is

.. math:: C^*_{11} = \min_{\langle \theta \rangle = 1} \left\langle \left( K + \frac{4}{3} G \right) \theta^2
   \right\rangle   \qquad (4)

over all dilatations that the grid sees. On an odd grid, or where 1 / (K + 4 G / 3) has no alternating part, these are
all, and (4) is the harmonic mean of K + 4 G / 3 to rounding.

`window_scatter` answers how large an image must be: mean, scatter and confidence of windows of several sizes.

References
----------
1. Willot, C. R. Mecanique 343, 232 (2015), doi:10.1016/j.crme.2014.12.005.
2. Zeman, Vondrejc, Novak & Marek, J. Comput. Phys. 229, 8065 (2010), doi:10.1016/j.jcp.2010.07.010.
3. Moulinec & Suquet, Comput. Methods Appl. Mech. Eng. 157, 69 (1998), doi:10.1016/S0045-7825(97)00218-1.
4. Keller, J. Math. Phys. 5, 548 (1964), doi:10.1063/1.1704146: two-dimensional duality.
5. Kanit et al., Int. J. Solids Struct. 40, 3647 (2003), doi:10.1016/S0020-7683(03)00143-4: size of a window.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ..disk_arrays import disk_array_conductivity
from .effective import effective_conductivity, effective_stiffness
from .images import RIGID, VOID, ElasticPhase
from .scatter import window_scatter

__all__ = [
    "RIGID",
    "VOID",
    "ElasticPhase",
    "effective_conductivity",
    "effective_stiffness",
    "window_scatter",
]


def _checkerboard(size: int) -> NDArray[np.intp]:
    return (np.indices((size, size)) // (size // 2)).sum(axis=0) % 2


def _disk(size: int, fraction: float) -> NDArray[np.intp]:
    x = (np.arange(size) + 0.5) / size - 0.5
    return (x[:, None] ** 2 + x**2 < fraction / math.pi).astype(np.intp)


def _of_checkerboard(contrast: float, extrapolate: bool | float, size: int = 256) -> float:
    board = _checkerboard(size)
    return float(effective_conductivity(board, [1.0, contrast], extrapolate=extrapolate).conductivity[0, 0])


def _of_disk(fraction: float, contrast: float) -> float:
    return float(effective_conductivity(_disk(256, fraction), [1.0, contrast]).conductivity[0, 0])


def _exact_at_voxel_area(fraction: float, contrast: float) -> float:
    return disk_array_conductivity(1.0, contrast, float(_disk(256, fraction).mean()))


def _random_blocks(window: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return generator.integers(0, 2, (window // 8, window // 8)).repeat(8, 0).repeat(8, 1)


def _of_random_blocks() -> tuple[float, float]:
    study = window_scatter(_random_blocks, [1.0, 3.0], [128], samples=24)
    return float(study["mean"][0]), float(study.mean_error[0])


_DYKHNE = "Keller (1964), doi:10.1063/1.1704146; Dykhne, Sov. Phys. JETP 32, 63 (1971): root of the product"
_MULTIPOLES = "multipoles at the area of the voxels: Perrins et al. (1979), doi:10.1098/rspa.1979.0160"

EVIDENCE = (
    Evidence(
        "checkerboard of 256 x 256 voxels, contrast 10",
        computed=lambda: _of_checkerboard(10.0, False),
        expected=math.sqrt(10.0),
        relative=1e-3,
        kind="theory",
        source=_DYKHNE,
    ),
    Evidence(
        "checkerboard, contrast 100, extrapolated from 64, 128 and 256 voxels",
        computed=lambda: _of_checkerboard(100.0, True),
        expected=10.0,
        relative=2e-3,
        kind="theory",
        source=_DYKHNE,
    ),
    Evidence(
        "checkerboard, contrast 100, extrapolated from 32, 64 and 128 voxels with the order of its corners",
        computed=lambda: _of_checkerboard(100.0, 16.0 / math.pi * math.atan(0.1), 128),
        expected=10.0,
        relative=2e-3,
        kind="theory",
        source=_DYKHNE,
    ),
    Evidence(
        "random blocks of two phases, contrast 3",
        computed=_of_random_blocks,
        expected=math.sqrt(3.0),
        z=4.0,
        kind="theory",
        source=_DYKHNE,
    ),
    Evidence(
        "square array of disks, half covered, contrast 10",
        computed=lambda: _of_disk(0.5, 10.0),
        expected=lambda: _exact_at_voxel_area(0.5, 10.0),
        relative=5e-3,
        kind="theory",
        source=_MULTIPOLES,
    ),
    Evidence(
        "square array of disks, 70 % covered, contrast 50",
        computed=lambda: _of_disk(0.7, 50.0),
        expected=lambda: _exact_at_voxel_area(0.7, 50.0),
        relative=1.5e-2,
        kind="theory",
        source=_MULTIPOLES,
    ),
    Evidence(
        "square array of perfectly conducting disks, 30 % covered",
        computed=lambda: _of_disk(0.3, math.inf),
        expected=lambda: _exact_at_voxel_area(0.3, math.inf),
        relative=1e-2,
        kind="theory",
        source=_MULTIPOLES,
    ),
    Evidence(
        "longitudinal stiffness of three mixed phases with one shear modulus",
        computed=lambda: float(
            effective_stiffness(
                np.arange(9 * 11 * 7).reshape(9, 11, 7) ** 2 % 3, [(k, 2.5) for k in (1.0, 4.0, 20.0)]
            ).stiffness[0, 0]
        ),
        expected=lambda: float(
            1 / np.mean(1 / (np.array([1.0, 4.0, 20.0])[np.arange(9 * 11 * 7) ** 2 % 3] + 4 / 3 * 2.5))
        ),
        relative=1e-10,
        kind="theory",
        source="Hill, J. Mech. Phys. Solids 12, 199 (1964), doi:10.1016/0022-5096(64)90019-5",
    ),
)

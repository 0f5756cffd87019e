"""Neighbours in a periodic box: cells, images, and lists of pairs in compressed rows.

**Box.** Rows of `box` are the lattice vectors a = (ax, 0, 0), b = (bx, by, 0), c = (cx, cy, cz): orthorhombic or
triclinic. Points are rows (x, y, z, anything) of one array, four numbers wide, so that one is half a cache line.

**Images instead of the minimum image.** Copies of all points within the cutoff of the box are appended to the array
(`add_images`), so that the inner loops know no periodicity. Any cutoff is right in any box, longer than half of it or
longer than the whole, where a point meets its own images; no special case of small boxes is needed. A pair across the
border appears as two pairs of a point and an image, of which one is kept: the one with the image ahead in z, and, where
z is equal, the one whose shift is positive. So only images with an upward or level shift are made, a bit more than
half, and every pair is found in exactly one row.

**Cells.** Points are sorted by cell (counting sort, stable, x fastest), so that memory follows space and the cells of a
stencil that touch in x are one stretch of the array: a search over half the stencil is a handful of plain loops. Cells
have half the cutoff, or one point on average if that is more, so that cost is linear in the number of points at any
density and any cutoff.

References
----------
Allen & Tildesley, Computer Simulation of Liquids (Oxford 2017), ch. 5, doi:10.1093/oso/9780198803195.001.0001.
Plimpton, J. Comput. Phys. 117, 1 (1995), doi:10.1006/jcph.1995.1039.
"""

from .lists import cell_order, count_cells, list_pairs, plan_grid
from .periodic import add_images, box_heights, checked_box, nearest_image, refresh_images, wrap_points
from .search import neighbour_pairs

__all__ = [
    "add_images",
    "box_heights",
    "cell_order",
    "checked_box",
    "count_cells",
    "list_pairs",
    "nearest_image",
    "neighbour_pairs",
    "plan_grid",
    "refresh_images",
    "wrap_points",
]

"""Newman-Ziff scans of the slab: the reach below which no affinity helps."""

import math

import numpy as np
import pytest
from mesoscale.biology.golgi import GM130_GRASP65, GolgiMatrix
from mesoscale.biology.golgi.spanning import percolation_reach


@pytest.mark.parametrize(
    ("thickness", "critical", "error"),
    [
        (1e-6, 4.51235 / math.pi, 0.0),  # the plane: Xun, Hao & Ziff, Phys. Rev. E 103, 022126 (2021)
        (0.5, 1.493, 0.005),  # slabs: crossings of wrapping curves, an implementation apart from this one
        (1.0, 1.696, 0.006),
        (2.0, 2.254, 0.008),
        (4.0, 3.469, 0.008),
    ],
)
def test_xun2021_slabs_span_at_the_critical_density_of_their_thickness(thickness, critical, error):
    reach = percolation_reach(critical, thickness, 4000, 40, 0)
    own, reference = reach.std(ddof=1) / math.sqrt(40), 0.5 * error / critical  # density goes with the square of reach
    assert abs(reach.mean() - 1.0) < 4 * math.hypot(own, reference)


def test_a_reach_scales_with_the_length_and_falls_with_density():
    one = percolation_reach(1.0, 1.0, 1000, 8, 0)
    np.testing.assert_allclose(percolation_reach(1e-4, 100.0, 1000, 8, 0), 100 * one, rtol=1e-6)
    assert percolation_reach(4.0, 1.0, 1000, 8, 0).mean() < one.mean()


def test_a_slab_too_narrow_to_tell_has_no_percolation_reach():
    assert percolation_reach(1.0, 1000.0, 500, 5, 1) is None


def test_no_affinity_lets_the_slab_span_below_the_percolation_reach():
    small = GM130_GRASP65.replace(molecules=1000, slabs=8, sweeps=10, scan_points=4)
    reach = float(small.run().percolation_reach)
    strongest = small.replace(reach=0.7 * reach, dissociation_constant="1 nM").run()
    assert strongest.spanning_probability == 0.0
    assert strongest.naive_answer > 0.9  # and yet the tree has long gelled


def test_without_molecules_there_is_no_reach():
    proteins = tuple(p.replace(concentration=0.0) for p in GolgiMatrix().proteins)
    result = GolgiMatrix(proteins=proteins, **GolgiMatrix.quick).run()
    assert not result.percolation_reach_exists

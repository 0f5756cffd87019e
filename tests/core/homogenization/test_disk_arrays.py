import math

import numpy as np
import pytest
from mesoscale.core.homogenization.bounds import hashin_shtrikman_conductivity
from mesoscale.core.homogenization.disk_arrays import (
    _lattice_sums,
    disk_array_conductivity,
    touching_area_fraction,
)

INF = math.inf


def test_perrins1979_perfectly_conducting_square_array():
    """Printed digits of the square array of perfect conductors."""
    printed = {
        0.1: "1.222", 0.2: "1.500", 0.3: "1.860", 0.4: "2.351", 0.5: "3.080", 0.6: "4.342", 0.7: "7.433",
        0.74: "11.01", 0.76: "15.44", 0.77: "20.43", 0.78: "35.93",
    }  # fmt: skip
    for fraction, digits in printed.items():
        places = len(digits.split(".")[1])
        assert f"{disk_array_conductivity(1.0, INF, fraction):.{places}f}" == digits


SQUARE = {  # area fraction: contrasts inf, 50, 20, 10, 5, 2, 0, from a separate program with up to 40 multipoles
    0.10: (1.2222, 1.2126, 1.1990, 1.1782, 1.1429, 1.0690, 0.8182),
    0.20: (1.5003, 1.4760, 1.4421, 1.3915, 1.3078, 1.1429, 0.6665),
    0.30: (1.8602, 1.8125, 1.7472, 1.6520, 1.5007, 1.2223, 0.5376),
    0.40: (2.3510, 2.2633, 2.1459, 1.9806, 1.7307, 1.3080, 0.4254),
    0.50: (3.0802, 2.9146, 2.7011, 2.4155, 2.0130, 1.4010, 0.3247),
    0.70: (7.4327, 6.3359, 5.2137, 4.0617, 2.8709, 1.6154, 0.1345),
    0.74: (11.0062, 8.5910, 6.5263, 4.7304, 3.1348, 1.6641, 0.0909),
    0.76: (15.4412, 10.8187, 7.5916, 5.1867, 3.2896, 1.6894, 0.0648),
    0.77: (20.4334, 12.7412, 8.3505, 5.4674, 3.3747, 1.7023, 0.0489),
    0.78: (35.9340, 16.3103, 9.4273, 5.8037, 3.4663, 1.7154, 0.0278),  # 40 multipoles: 35.9339, not yet converged
}
HEXAGONAL = {
    0.10: (1.2222, 1.2126, 1.1782, 1.0690),
    0.30: (1.8572, 1.8100, 1.6506, 1.2222),
    0.50: (3.0047, 2.8529, 2.3865, 1.4001),
    0.80: (9.9586, 8.2600, 4.9489, 1.7295),
    0.85: (15.6656, 11.7198, 5.9118, 1.7943),
    0.88: (25.4508, 16.1565, 6.7225, 1.8349),
    0.90: (56.2290, 23.3966, 7.4539, 1.8628),  # the same: 56.2289
}


@pytest.mark.parametrize(
    ("lattice", "contrasts", "table"),
    [("square", (INF, 50.0, 20.0, 10.0, 5.0, 2.0, 0.0), SQUARE), ("hexagonal", (INF, 50.0, 10.0, 2.0), HEXAGONAL)],
)
def test_every_entry_of_the_table(lattice, contrasts, table):
    for fraction, values in table.items():
        found = disk_array_conductivity(1.0, np.array(contrasts), fraction, lattice)
        np.testing.assert_allclose(found, values, rtol=0, atol=5.1e-5)


@pytest.mark.parametrize("lattice", ["square", "hexagonal"])
def test_lattice_sums_by_adding_up(lattice):
    n = np.arange(-400, 401)
    step = 1j if lattice == "square" else np.exp(1j * np.pi / 3)
    z = (n[:, None] + step * n).ravel()
    z = z[(np.abs(z) > 0) & (np.abs(z) < 300)]
    found = _lattice_sums(lattice, 8)
    for power in (4, 6, 8, 12, 16):
        assert found[power // 2] == pytest.approx((z**-power).sum().real, abs=1e-8)


@pytest.mark.parametrize("lattice", ["square", "hexagonal"])
@pytest.mark.parametrize("contrast", [INF, 17.0, 0.3])
def test_duality(lattice, contrast):
    fraction = np.array([0.1, 0.45, 0.63, 0.775])
    inverse = 0.0 if contrast == INF else 1 / contrast
    one = disk_array_conductivity(1.0, contrast, fraction, lattice)
    np.testing.assert_allclose(one * disk_array_conductivity(1.0, inverse, fraction, lattice), 1.0, rtol=1e-9)


@pytest.mark.parametrize(("lattice", "order"), [("square", 5.0), ("hexagonal", 7.0)])
def test_few_disks_behave_as_maxwell_says(lattice, order):
    """The first correction couples dipoles with the next multipole that the lattice lets through."""
    fraction = np.array([0.04, 0.06, 0.09])
    exact = disk_array_conductivity(1.0, 3.0, fraction, lattice)
    both = np.stack([1.0 - fraction, fraction], axis=-1)
    excess = exact - hashin_shtrikman_conductivity([1.0, 3.0], both, "lower", 2)
    assert (excess > 0).all()
    assert np.polyfit(np.log(fraction), np.log(excess), 1)[0] == pytest.approx(order, abs=0.1)


def test_nearly_touching_perfect_conductors_behave_as_keller_says():
    """Square array: k* -> pi^(3/2) / (2 sqrt(pi/4 - f)), with a correction of order one."""
    gap = np.array([1e-3, 4e-4, 2e-4])
    exact = disk_array_conductivity(1.0, INF, math.pi / 4 - gap)
    leading = math.pi**1.5 / (2 * np.sqrt(gap))
    assert np.ptp(exact - leading) < 0.1
    order = np.polyfit(np.log(gap), np.log(np.abs(exact / leading - 1)), 1)[0]
    assert order == pytest.approx(0.5, abs=0.1)


def test_arguments_of_all_kinds():
    assert disk_array_conductivity(2.0, 20.0, 0.5) == pytest.approx(2 * disk_array_conductivity(1.0, 10.0, 0.5))
    assert disk_array_conductivity("0.2 W/(m K)", "2 W/(m K)", 0.5) == pytest.approx(0.2 * 2.41549, rel=1e-5)
    assert disk_array_conductivity(3.0, 10.0, 0.0) == 3.0
    assert disk_array_conductivity(3.0, 3.0, 0.5) == 3.0
    assert np.isnan(disk_array_conductivity(1.0, 10.0, 0.79))
    assert not np.isnan(disk_array_conductivity(1.0, 10.0, 0.79, "hexagonal"))
    assert np.isnan(disk_array_conductivity(1.0, INF, touching_area_fraction()))
    assert np.isnan(disk_array_conductivity(1.0, -1.0, 0.5))
    assert disk_array_conductivity(1.0, [2.0, 5.0], 0.5).shape == (2,)
    with pytest.raises(ValueError, match="lattice='cubic': must be 'square' or 'hexagonal'"):
        disk_array_conductivity(1.0, 2.0, 0.3, "cubic")

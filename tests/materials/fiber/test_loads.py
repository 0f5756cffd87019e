"""Rods and chains under load: tables, limits with their order, and the two ways of computing each held together."""

import numpy as np
import pytest
from mesoscale.materials import fiber
from mesoscale.materials.fiber.machines import bend_cantilever, buckle_chain
from scipy import integrate, optimize, special

ENDS = ("pinned-pinned", "clamped-free", "clamped-clamped", "clamped-pinned")

# P L^2 / K: deflection, shortening, slope of the tip
ELASTICA = {
    0.2: (0.066364, 0.002647, 0.099636),
    0.5: (0.162144, 0.015919, 0.244534),
    1.0: (0.301721, 0.056433, 0.461352),
    2.0: (0.493457, 0.160642, 0.781750),
    4.0: (0.669964, 0.328941, 1.121239),
    5.0: (0.713792, 0.387628, 1.215368),
    6.0: (0.744571, 0.434589, 1.283697),
    10.0: (0.810609, 0.554996, 1.430286),
}


def integrate_elastica(sine):
    """Load and deflection at a given sine of the tip's angle, by quadrature (substituted: no singular end)."""

    def stretch(v):
        return 1.0 / np.sqrt(1.0 - (sine * (1 - v * v)) ** 2)

    root = np.sqrt(2 * sine) * integrate.quad(stretch, 0, 1, epsrel=1e-11, epsabs=0)[0]
    rise = np.sqrt(2 * sine) * integrate.quad(lambda v: sine * (1 - v * v) * stretch(v), 0, 1, epsrel=1e-11)[0]
    return root**2, rise / root


@pytest.mark.parametrize("load", ELASTICA)
def test_mattiasson1981_cantilever(load):
    ours = (
        fiber.elastica_deflection(load, 1.0, 1.0),
        fiber.elastica_shortening(load, 1.0, 1.0),
        fiber.elastica_slope(load, 1.0, 1.0),
    )
    np.testing.assert_allclose(ours, ELASTICA[load], atol=5.1e-7)


@pytest.mark.parametrize("sine", [1e-4, 0.02, 0.5, 0.9, 0.999, 1 - 1e-6])
def test_elastica_equals_its_quadrature(sine):
    load, deflection = integrate_elastica(sine)
    assert fiber.elastica_deflection(load, 1.0, 1.0) == pytest.approx(deflection, rel=1e-8)
    assert np.sin(fiber.elastica_slope(load, 1.0, 1.0)) == pytest.approx(sine, rel=1e-9)
    assert fiber.elastica_shortening(load, 1.0, 1.0) == pytest.approx(1 - np.sqrt(2 * sine / load), abs=1e-9)


def test_elastica_equals_an_initial_value_problem():
    def shoot(curvature):
        found = integrate.solve_ivp(
            lambda s, y: [y[1], -7.0 * np.cos(y[0]), np.sin(y[0])], (0, 1), [0, curvature, 0], rtol=1e-11, atol=1e-12
        )
        return found.y[:, -1]

    curvature = optimize.brentq(lambda c: shoot(c)[1], 1.0, 7.0, xtol=1e-12)
    slope, _, deflection = shoot(curvature)
    assert fiber.elastica_deflection(7.0, 1.0, 1.0) == pytest.approx(deflection, rel=1e-8)
    assert fiber.elastica_slope(7.0, 1.0, 1.0) == pytest.approx(slope, rel=1e-8)


def test_small_loads_are_linear_and_leave_it_in_second_order():
    load = np.array([0.02, 0.04, 0.08, 0.16])
    lack = 1 - fiber.elastica_deflection(load, 1.0, 1.0) / fiber.cantilever_deflection(load, 1.0, 1.0)
    assert np.polyfit(np.log(load), np.log(lack), 1)[0] == pytest.approx(2.0, abs=0.1)
    assert lack[0] / load[0] ** 2 == pytest.approx(4 / 35, rel=1e-3)
    short = fiber.elastica_shortening(load, 1.0, 1.0) / (load**2 / 15)
    assert (1 - short[0]) / load[0] ** 2 == pytest.approx(4 / 21, rel=1e-3)
    below, above = 1e-3 * (1 - 1e-9), 1e-3 * (1 + 1e-9)  # where the series takes over
    for law in (fiber.elastica_deflection, fiber.elastica_shortening, fiber.elastica_slope):
        assert law(below, 1.0, 1.0) == pytest.approx(law(above, 1.0, 1.0), rel=1e-8)
    assert fiber.elastica_deflection(1e-20, 1.0, 1.0) == pytest.approx(1e-20 / 3, rel=1e-12)
    assert fiber.elastica_slope(1e-20, 1.0, 1.0) == pytest.approx(5e-21, rel=1e-9)


def test_large_loads_hang_the_rod_down_in_order_one_half():
    load = np.array([1e2, 4e2, 1.6e3, 6.4e3])
    lack = 1 - fiber.elastica_deflection(load, 1.0, 1.0)
    assert np.polyfit(np.log(load), np.log(lack), 1)[0] == pytest.approx(-0.5, abs=0.01)
    assert lack[-1] * np.sqrt(load[-1]) == pytest.approx(2 - np.sqrt(2), rel=1e-6)
    assert fiber.elastica_slope(1e4, 1.0, 1.0) == pytest.approx(np.pi / 2, rel=1e-12)


def test_elastica_is_odd_has_units_and_ends():
    assert fiber.elastica_deflection(-3.0, 1.0, 1.0) == -fiber.elastica_deflection(3.0, 1.0, 1.0)
    assert fiber.elastica_slope(-3.0, 1.0, 1.0) == -fiber.elastica_slope(3.0, 1.0, 1.0)
    assert fiber.elastica_shortening(-3.0, 1.0, 1.0) == fiber.elastica_shortening(3.0, 1.0, 1.0)
    for law in (fiber.elastica_deflection, fiber.elastica_shortening, fiber.elastica_slope):
        assert law(0.0, 1.0, 1.0) == 0.0
        assert np.isnan(law(1.1e4, 1.0, 1.0))
    scaled = fiber.elastica_deflection(np.array([1.0, 2.0]) * 1e-10, 2.0, 4e-10)
    np.testing.assert_allclose(scaled, [2 * 0.301721, 2 * 0.493457], atol=2e-6)


@pytest.mark.parametrize("load", [1.0, 2.0, 10.0])
def test_a_bent_chain_approaches_the_elastica_in_second_order(load):
    n = np.array([50, 100, 200])
    tips = np.array([np.sin(bend_cantilever(load, k)).mean() for k in n])
    exact = fiber.elastica_deflection(load, 1.0, 1.0)
    order = np.polyfit(np.log(n), np.log(np.abs(tips - exact)), 1)[0]
    assert order == pytest.approx(-2.0, abs=0.1)
    assert (4 * tips[2] - tips[1]) / 3 == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("load", [-4.0, 0.3, 60.0])
def test_a_bent_chain_is_a_minimum_of_its_energy(load):
    n = 30
    spring = np.r_[2.0, np.ones(n - 1)]

    def energy(angle):
        bend = np.diff(np.r_[0.0, angle])
        return (spring * bend**2).sum() / 2 - load / n**2 * np.sin(angle).sum()

    angle = bend_cantilever(load, n)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert energy(angle + 1e-3 * rng.normal(size=n)) > energy(angle)
    found = optimize.minimize(energy, np.full(n, 0.5 * np.sign(load)), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(found.x, angle, atol=1e-4)


def test_small_deflection_of_a_chain_is_exact():
    """Each joint bends by the moment that it carries: 1 + 1/(2 n^2) times the rod's deflection."""
    for n in (2, 3, 10):
        tip = np.sin(bend_cantilever(1e-5, n)).mean()
        assert tip == pytest.approx(1e-5 / 3 * (1 + 1 / (2 * n**2)), rel=1e-9)


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("clamp", ["half_cell", "full_cell"])
@pytest.mark.parametrize("n", [2, 3, 10, 77])
def test_buckling_force_of_a_chain_equals_its_stability_limit(ends, clamp, n):
    law = fiber.discrete_buckling_force(1.0, 1.0, n, ends, clamp)
    assert buckle_chain(n, ends, clamp) == pytest.approx(law, rel=1e-10)


@pytest.mark.parametrize("ends", ENDS)
def test_stability_limit_equals_that_of_the_dense_constrained_matrix(ends):
    n = 12
    stiffness = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    stiffness[0, 0] = 3.0 if ends.startswith("clamped") else 1.0
    stiffness[-1, -1] = 3.0 if ends == "clamped-clamped" else 1.0
    if ends != "clamped-free":  # the far end may not move sideways: only angles of zero sum
        allowed = np.linalg.svd(np.ones((1, n)))[2][1:].T
        stiffness = allowed.T @ stiffness @ allowed
    assert buckle_chain(n, ends) == pytest.approx(np.linalg.eigvalsh(stiffness)[0], rel=1e-10)


@pytest.mark.parametrize(
    ("n", "ratio"), [(5, 0.96753121), (10, 0.99180234), (20, 0.99794552), (50, 0.99967106), (100, 0.99991776)]
)
def test_hencky1920_pinned_chain(n, ratio):
    ours = fiber.discrete_buckling_force(1.0, 1.0 / n, n) / fiber.euler_buckling_force(1.0 / n, 1.0)
    assert ours == pytest.approx(ratio, abs=5.1e-9)


def test_the_trap_of_the_root_spring():
    euler = fiber.euler_buckling_force(0.1, 1.0, "clamped-free")
    right = fiber.discrete_buckling_force(1.0, 0.1, 10, "clamped-free") / euler
    wrong = fiber.discrete_buckling_force(1.0, 0.1, 10, "clamped-free", "full_cell") / euler
    assert right == pytest.approx(0.99794552, abs=5.1e-9)
    assert wrong == pytest.approx(0.90533913, abs=5.1e-9)


@pytest.mark.parametrize("ends", ENDS)
def test_order_in_which_chains_buckle_like_rods(ends):
    n = np.array([50, 100, 200, 400])
    euler = fiber.euler_buckling_force(1.0 / n, 1.0, ends)
    error = 1 - fiber.discrete_buckling_force(1.0, 1.0 / n, n, ends) / euler
    assert np.polyfit(np.log(n), np.log(error), 1)[0] == pytest.approx(-2.0, abs=0.1)
    if ends != "pinned-pinned":
        error = 1 - fiber.discrete_buckling_force(1.0, 1.0 / n, n, ends, "full_cell") / euler
        assert np.polyfit(np.log(n), np.log(error), 1)[0] == pytest.approx(-1.0, abs=0.1)


def test_euler_forces():
    ours = [fiber.euler_buckling_force(2.0, 4.0, ends) * 8 for ends in ENDS]
    np.testing.assert_allclose(ours, [np.pi**2, np.pi**2 / 4, 4 * np.pi**2, 20.1907], rtol=5e-6)
    root = optimize.brentq(lambda x: np.tan(x) - x, 4.4, 4.6, xtol=1e-14)
    assert fiber.euler_buckling_force(1.0, 1.0, "clamped-pinned") == pytest.approx(root**2, rel=1e-13)


def test_greenhill1881_a_column_of_its_own_weight():
    zero = optimize.brentq(lambda x: special.jv(-1 / 3, x), 1.5, 2.2, xtol=1e-14)
    assert fiber.self_buckling_length(1.0, 1.0) == pytest.approx((2.25 * zero**2) ** (1 / 3), rel=1e-12)
    assert fiber.self_buckling_length(1.0, 7.83734744) == pytest.approx(1.0, rel=1e-9)


def test_cross_sections():
    assert fiber.second_moment_of_area(2.0) == pytest.approx(np.pi / 4)
    assert fiber.rod_flexural_rigidity("112 GPa", "12 um") == pytest.approx(1.140e-10, rel=1e-3)
    assert fiber.rod_flexural_rigidity("15 GPa", "12 um") == pytest.approx(1.527e-11, rel=1e-3)
    # a thin tube is the difference of two rods
    tube = fiber.rod_flexural_rigidity(1e12, 1.0005) - fiber.rod_flexural_rigidity(1e12, 0.9995)
    assert fiber.tube_flexural_rigidity(1e12 * 0.0005, 1.0) == pytest.approx(tube, rel=1e-6)
    assert fiber.tube_flexural_rigidity(345.0, 1e-9) == pytest.approx(1.355e-25, rel=1e-3)
    assert fiber.tube_flexural_rigidity(345.0, 2e-9) == pytest.approx(8 * fiber.tube_flexural_rigidity(345.0, 1e-9))


def test_unknown_ends_are_refused():
    with pytest.raises(ValueError, match="'free-free' must be one of 'pinned-pinned'"):
        fiber.euler_buckling_force(1.0, 1.0, "free-free")
    with pytest.raises(ValueError, match="'free' must be one of 'pinned-pinned'"):
        fiber.discrete_buckling_force(1.0, 1.0, 5, "free")
    with pytest.raises(ValueError, match="'half' must be one of 'half_cell', 'full_cell'"):
        fiber.discrete_buckling_force(1.0, 1.0, 5, "pinned-pinned", "half")

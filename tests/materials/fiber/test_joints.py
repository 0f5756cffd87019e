"""One joint: averages against closed forms, limits with their order, the way back, units and refusals."""

import numpy as np
import pytest
import xarray as xr
from mesoscale.core.quantities import UnitError
from mesoscale.materials import fiber
from scipy import constants, integrate, special

T = 300.0
KT = constants.k * T
ALL = [("harmonic", 3), ("harmonic", 2), ("cosine", 3), ("cosine", 2)]


def sine_moment(a, kappa):
    """Integral of sin(a x) exp(-kappa x^2 / 2) over (0, pi), by the error function of a complex argument."""
    root = np.sqrt(2.0 * kappa)
    ends = special.erf((kappa * np.pi - 1j * a) / root) - special.erf(-1j * a / root)
    return (np.sqrt(np.pi / (2.0 * kappa)) * np.exp(-(a**2) / (2.0 * kappa)) * ends).imag


def cosine_moment(a, kappa):
    root = np.sqrt(2.0 * kappa)
    ends = special.erf((kappa * np.pi - 1j * a) / root) - special.erf(-1j * a / root)
    return (np.sqrt(np.pi / (2.0 * kappa)) * np.exp(-(a**2) / (2.0 * kappa)) * ends).real


CLOSED = {
    ("harmonic", 3): lambda k: sine_moment(2.0, k) / (2.0 * sine_moment(1.0, k)),
    ("harmonic", 2): lambda k: cosine_moment(1.0, k) / cosine_moment(0.0, k),
    ("cosine", 3): lambda k: 1.0 / np.tanh(k) - 1.0 / k,
    ("cosine", 2): lambda k: special.ive(1, k) / special.ive(0, k),
}

# kappa: mean cosine harmonic 3D, decay length harmonic 3D, decay length cosine 3D, mean cosine harmonic 2D, cosine 2D
TABLE = {
    1: (0.44054775, 1.21990428, 0.86100061, 0.60912249, 0.44638997),
    2: (0.63387114, 2.19341729, 1.60986193, 0.77881639, 0.69777466),
    5: (0.82434723, 5.17696291, 4.48370068, 0.90483742, 0.89338314),
    10: (0.90636645, 10.17174145, 9.49122199, 0.95122942, 0.94859983),
    20: (0.95162847, 20.16918544, 19.49572575, 0.97530991, 0.97467051),
    50: (0.98026420, 50.16766968, 49.49831645, 0.99004983, 0.98994897),
    100: (0.99006636, 100.16716742, 99.49916247, 0.99501248, 0.99498737),
    1000: (0.99900067, 1000.16671667, 999.49991662, 0.99950012, 0.99949987),
}


@pytest.mark.parametrize(("potential", "dimensions"), ALL)
@pytest.mark.parametrize("kappa", [0.7, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4])
def test_mean_cosine_equals_its_closed_form(potential, dimensions, kappa):
    expected = CLOSED[potential, dimensions](kappa)
    assert fiber.mean_cosine(kappa * KT, T, potential, dimensions) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("kappa", TABLE)
def test_table_of_joints_at_eight_digits(kappa):
    stiffness = kappa * KT
    ours = (
        fiber.mean_cosine(stiffness, T),
        fiber.discrete_persistence_length(stiffness, 1.0, T),
        fiber.discrete_persistence_length(stiffness, 1.0, T, "cosine"),
        fiber.mean_cosine(stiffness, T, "harmonic", 2),
        fiber.mean_cosine(stiffness, T, "cosine", 2),
    )
    # the same five by error and Bessel functions, so that the digits rest on more than one quadrature
    closed = [CLOSED[key](float(kappa)) for key in ALL]
    again = (closed[0], -1 / np.log(closed[0]), -1 / np.log(closed[2]), closed[1], closed[3])
    np.testing.assert_allclose(ours, TABLE[kappa], rtol=1e-8, atol=5.1e-9)
    np.testing.assert_allclose(ours, again, rtol=1e-9)


@pytest.mark.parametrize(("potential", "dimensions"), ALL)
@pytest.mark.parametrize("kappa", [1e-3, 0.02, 0.5, 40.0, 3e4, 1e6])
def test_averages_equal_adaptive_quadrature(potential, dimensions, kappa):
    width = min(np.pi, 12.0 / np.sqrt(kappa))

    def weigh(x, power):
        energy = kappa * (x**2 / 2 if potential == "harmonic" else 2 * np.sin(x / 2) ** 2)
        return np.exp(-energy) * np.sin(x) ** (dimensions - 2) * power(x)

    def average(power):
        options = {"epsabs": 0.0, "epsrel": 1e-12, "limit": 200}
        top = integrate.quad(weigh, 0.0, width, args=(power,), **options)[0]
        return top / integrate.quad(weigh, 0.0, width, args=(np.ones_like,), **options)[0]

    square = average(np.square)
    loss = average(lambda x: 2 * np.sin(x / 2) ** 2)
    stiffness = kappa * KT
    variance = fiber.joint_angle_variance(stiffness, T, potential, dimensions)
    assert variance == pytest.approx(square / (dimensions - 1), rel=1e-10)
    decay = fiber.discrete_persistence_length(stiffness, 1.0, T, potential, dimensions)
    assert decay == pytest.approx(-1.0 / np.log1p(-loss), rel=1e-9)


@pytest.mark.parametrize(("potential", "offset"), [("harmonic", 1 / 6), ("cosine", -1 / 2)])
def test_decay_length_of_stiff_joints_and_its_order_of_approach(potential, offset):
    kappa = np.array([20.0, 40.0, 80.0, 160.0])
    rest = fiber.discrete_persistence_length(kappa * KT, 1.0, T, potential) - kappa - offset
    order = np.polyfit(np.log(kappa), np.log(np.abs(rest)), 1)[0]
    assert order == pytest.approx(-1.0, abs=0.1)
    far = fiber.discrete_persistence_length(1e4 * KT, 1.0, T, potential) - 1e4
    assert far == pytest.approx(offset, abs=1e-5)


def test_harmonic_joints_in_the_plane_persist_for_exactly_two_kappa():
    kappa = np.array([10.0, 50.0, 1e3, 1e6])
    decay = fiber.discrete_persistence_length(kappa * KT, 2.0, T, "harmonic", 2)
    np.testing.assert_allclose(decay, 2.0 * kappa * 2.0, rtol=1e-12)


def test_a_soft_joint_forgets_in_proportion_to_its_stiffness():
    """First order in kappa: the average of -kappa theta^2 cos / 2 over the sphere is kappa pi^2 / 16."""
    kappa = np.array([1e-3, 2e-3, 4e-3, 8e-3])
    cosine = fiber.mean_cosine(kappa * KT, T)
    assert cosine[0] / kappa[0] == pytest.approx(np.pi**2 / 16, rel=1e-3)
    assert np.polyfit(np.log(kappa), np.log(np.pi**2 / 16 * kappa - cosine), 1)[0] == pytest.approx(2.0, abs=0.1)
    np.testing.assert_allclose(fiber.mean_cosine(kappa * KT, T, "cosine"), kappa / 3 - kappa**3 / 45, rtol=1e-9)


def test_variance_of_a_stiff_joint_is_equipartition():
    assert fiber.joint_angle_variance(1e4 * KT, T, "harmonic", 2) == pytest.approx(1e-4, rel=1e-12)
    for potential, dimensions in ALL:
        kappa = np.array([50.0, 100.0, 200.0, 400.0])
        lack = np.abs(fiber.joint_angle_variance(kappa * KT, T, potential, dimensions) * kappa - 1)
        if (potential, dimensions) != ("harmonic", 2):
            assert np.polyfit(np.log(kappa), np.log(lack), 1)[0] == pytest.approx(-1.0, abs=0.1)


@pytest.mark.parametrize(("potential", "dimensions"), ALL)
def test_stiffness_comes_back_from_the_decay_length(potential, dimensions):
    stiffness = np.geomspace(1e-3, 1e6, 10) * KT
    decay = fiber.discrete_persistence_length(stiffness, 0.34e-9, T, potential, dimensions)
    back = fiber.bending_stiffness_from_persistence_length(decay, 0.34e-9, T, potential, dimensions)
    np.testing.assert_allclose(back, stiffness, rtol=1e-11)


def test_no_stiffness_gives_an_impossible_decay_length():
    assert np.isnan(fiber.bending_stiffness_from_persistence_length(-1e-9, 1e-9, T))
    assert np.isnan(fiber.bending_stiffness_from_persistence_length(1e-12, 1e-9, T))
    assert np.isnan(fiber.bending_stiffness_from_persistence_length(1.0, 1e-12, T))


def test_dna_from_its_decay_length():
    """50 nm and 0.34 nm at 298.15 K: kappa = 50 / 0.34 - 1/6 to first order, in the units of two communities."""
    stiffness = fiber.bending_stiffness_from_persistence_length(50e-9, 0.34e-9, 298.15)
    kappa = stiffness / (constants.k * 298.15)
    assert kappa == pytest.approx(50 / 0.34 - 1 / 6, abs=1e-3)
    assert kappa == pytest.approx(146.892, abs=1e-3)
    assert stiffness == pytest.approx(6.047e-19, rel=1e-4)
    assert stiffness * constants.N_A / constants.calorie / 1000 == pytest.approx(87.03, abs=0.01)
    at_default = fiber.bending_stiffness_from_persistence_length(50e-9, 0.34e-9, 300.0)
    assert at_default / stiffness == pytest.approx(300.0 / 298.15, rel=1e-12)
    assert at_default == pytest.approx(6.084e-19, rel=1e-4)
    assert fiber.flexural_rigidity(stiffness, 0.34e-9) == pytest.approx(2.056e-28, rel=3e-4)
    assert 1 - stiffness * 0.34e-9 / (constants.k * 298.15 * 50e-9) == pytest.approx(0.34 / 300, rel=0.01)


def test_the_convention_of_a_force_constant_must_be_said():
    full = fiber.bending_stiffness_from_force_constant("58.35 kcal/mol", "full")
    half = fiber.bending_stiffness_from_force_constant("58.35 kcal/mol", "half")
    assert full == pytest.approx(2 * half, rel=1e-15)
    assert full == pytest.approx(8.11e-19, rel=1e-3)
    assert full / 0.127e-9 * 0.127e-9 == pytest.approx(116.7 * 4184 / constants.N_A, rel=1e-12)
    with pytest.raises(TypeError, match="convention"):
        fiber.bending_stiffness_from_force_constant(244136.4)
    with pytest.raises(ValueError, match="'double' must be one of 'half', 'full'"):
        fiber.bending_stiffness_from_force_constant(244136.4, "double")
    with pytest.raises(UnitError, match="cannot be converted"):
        fiber.bending_stiffness_from_force_constant("58.35 kcal", "full")


def test_a_molar_constant_is_no_bending_stiffness():
    with pytest.raises(UnitError, match="bending_stiffness has the unit 'kcal/mol'"):
        fiber.mean_cosine("58.35 kcal/mol", "300 K")


def test_joints_without_stiffness_have_no_average():
    assert np.isnan(fiber.mean_cosine(0.0, T))
    assert np.isnan(fiber.mean_cosine(-1e-20, T, "cosine", 2))
    values = fiber.discrete_persistence_length(np.array([-1e-20, 1e-20]), 1e-9, T)
    assert np.isnan(values[0])
    assert values[1] > 0


def test_unknown_choices_are_refused():
    with pytest.raises(ValueError, match="'hookean' must be one of 'harmonic', 'cosine'"):
        fiber.mean_cosine(1e-20, T, "hookean")
    with pytest.raises(ValueError, match="4 must be one of 2, 3"):
        fiber.joint_angle_variance(1e-20, T, "harmonic", 4)
    with pytest.raises(ValueError, match="1 must be one of 2, 3"):
        fiber.persistence_length(1e-28, T, 1)


def test_laws_broadcast_and_keep_labels():
    stiffness = np.array([[1.0], [10.0]]) * KT
    cosines = fiber.mean_cosine(stiffness, np.array([300.0, 600.0, 900.0]))
    assert cosines.shape == (2, 3)
    assert cosines[1, 1] == pytest.approx(fiber.mean_cosine(5.0 * KT, T), rel=1e-14)
    labelled = xr.DataArray([0.34, 0.5], dims="fibre", attrs={"units": "nm"})
    decay = fiber.discrete_persistence_length(100 * KT, labelled, T)
    assert decay.attrs["units"] == "m"
    np.testing.assert_allclose(decay, 100.16716742 * np.array([0.34e-9, 0.5e-9]), rtol=1e-9)

"""The generalised Maxwell model against its own convolution, the Rouse chain, and closed forms."""

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from mesoscale.core.coarse_graining.viscoelasticity import (
    GeneralizedMaxwell,
    MaxwellMode,
    fit_prony,
    stress_relaxation,
)
from mesoscale.core.model import ParameterError

SOLID = GeneralizedMaxwell.of_spectrum([3.0, 1.0, 0.5], [1e-3, 0.2, 40.0], 0.7)
LIQUID = GeneralizedMaxwell.of_spectrum([3.0, 1.0, 0.5], [1e-3, 0.2, 40.0])
BURGERS = GeneralizedMaxwell.of_spectrum([2.0], [5.0])


def rouse_times(beads):
    """Stress relaxation times of a free chain, friction, kT and bond length 1."""
    p = np.arange(1, beads)
    return 1.0 / (24.0 * np.sin(p * np.pi / (2 * beads)) ** 2)


@pytest.mark.parametrize("material", [SOLID, LIQUID, BURGERS])
@pytest.mark.parametrize("end", [1e-3, 0.7, 90.0])
def test_creep_inverts_relaxation_under_convolution(material, end):
    # the integral over s of G(end - s) J(s) is end, whatever the spectrum (Ferry 1980, ch. 3)
    def integrand(s):
        return float(material.relaxation_modulus(end - s) * material.creep_compliance(s))

    points = [x for t in (1e-3, 0.2, 40.0) for x in (t, end - t, 5 * t, end - 5 * t) if 0 < x < end]
    integral = scipy.integrate.quad(integrand, 0, end, points=points or None, limit=500, epsabs=0, epsrel=1e-11)[0]
    assert integral == pytest.approx(end, rel=1e-9)


@pytest.mark.parametrize("material", [SOLID, LIQUID])
def test_compliance_times_modulus_is_at_most_one(material):
    t = np.geomspace(1e-5, 1e5, 101)
    product = material.relaxation_modulus(t) * material.creep_compliance(t)
    assert (product <= 1 + 1e-12).all()
    assert product.min() < 0.9  # J is not 1/G


def test_one_mode_and_a_spring_retard_as_the_standard_linear_solid():
    # Ferry 1980, ch. 3: J = 1/Ge - g / (Ge (Ge + g)) exp(-t/tr), tr = tau (Ge + g)/Ge
    solid = GeneralizedMaxwell.of_spectrum([3.0], [2.0], 0.5)
    compliance, time = solid.retardation_spectrum()
    np.testing.assert_allclose(compliance, [3.0 / (0.5 * 3.5)], rtol=1e-13)
    np.testing.assert_allclose(time, [2.0 * 3.5 / 0.5], rtol=1e-13)


def test_retardation_times_interlace_over_twenty_decades():
    times = np.logspace(-10, 10, 61)
    solid = GeneralizedMaxwell.of_spectrum(np.ones(61), times, 1e-3)
    _, retardation = solid.retardation_spectrum()
    assert (retardation[:-1] > times[:-1]).all()
    assert (retardation[:-1] < times[1:]).all()
    assert retardation[-1] > times[-1]
    assert solid.creep_compliance(0.0) == pytest.approx(1 / 61.001, rel=1e-9)


def drawn_material(seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 8))
    moduli, times = 10 ** random.uniform(-3, 3, count), 10 ** random.uniform(-2, 2, count)
    return moduli, times, float(seed % 2 * 10 ** random.uniform(-3, 3))


@pytest.mark.parametrize("seed", range(12))
def test_creep_is_that_of_springs_and_dashpots_under_a_weight(seed):
    """Each dashpot yields as dy/dt = (gamma - y)/tau, and the springs together carry the load: a matrix exponential."""
    moduli, times, stays = drawn_material(seed)
    total, count = stays + moduli.sum(), len(moduli)
    flow = np.zeros((count + 1, count + 1))
    flow[:count, :count] = np.outer(1 / times, moduli / total) - np.diag(1 / times)
    flow[:count, count] = 1 / times / total
    for t in (0.0, 1e-3, 0.3, 7.0, 90.0):
        with np.errstate(all="ignore"):
            yielded = (scipy.linalg.expm(flow * t) @ np.append(np.zeros(count), 1.0))[:count]
        expected = (1 + moduli @ yielded) / total
        material = GeneralizedMaxwell.of_spectrum(moduli, times, stays)
        assert float(material.creep_compliance(t)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("frequency", [0.03, 1.0, 40.0])
def test_dynamic_moduli_are_the_fourier_integrals_of_the_modulus(seed, frequency):
    moduli, times, stays = drawn_material(seed)
    material = GeneralizedMaxwell.of_spectrum(moduli, times, stays)

    def integral(weight):
        def rest(t):
            return float(material.relaxation_modulus(t)) - stays

        return frequency * scipy.integrate.quad(rest, 0, np.inf, weight=weight, wvar=frequency, limlst=500)[0]

    tolerance = 1e-6 * (stays + moduli.sum())
    assert float(material.storage_modulus(frequency)) == pytest.approx(stays + integral("sin"), abs=tolerance)
    assert float(material.loss_modulus(frequency)) == pytest.approx(integral("cos"), abs=tolerance)


def test_nothing_cancels_over_forty_decades():
    gel = GeneralizedMaxwell.of_spectrum([1.0, 1e-20], [1e-15, 1e15], 1e-25)
    t = np.array([0.0, 1e-15, 1.0, 1e10, 1e15, 1e30])
    compliance = gel.creep_compliance(t)
    # the dashpots, of viscosities 1e-15 and 1e-5, flow one after the other, each until the spring that is left holds
    expected = [1.0, 2.0, 1e20 * -np.expm1(-1e-5), 1e20, 2e20, 1e25]
    np.testing.assert_allclose(compliance, expected, rtol=1e-4)
    assert (np.diff(compliance) > 0).all()


def test_before_the_step_nothing_and_far_beyond_it_no_overflow():
    assert SOLID.relaxation_modulus([-1.0, -1e300]).tolist() == [0.0, 0.0]
    assert LIQUID.relaxation_modulus(1e300) == 0.0
    fast = SOLID.storage_modulus([1e200, np.inf])
    np.testing.assert_allclose(fast, SOLID.relaxation_modulus(0.0))
    assert (SOLID.loss_modulus([1e200, np.inf]) < 1e-100).all()
    assert SOLID.loss_modulus(0.0) == 0.0
    assert np.isfinite(SOLID.creep_compliance(1e300))


def test_a_liquid_flows_with_its_viscosity():
    late = LIQUID.creep_compliance(np.array([1e5, 2e5]))
    assert np.diff(late)[0] == pytest.approx(1e5 / LIQUID.viscosity(), rel=1e-12)
    assert LIQUID.viscosity() == pytest.approx(3e-3 + 0.2 + 20.0)
    assert SOLID.viscosity() == np.inf


def test_moduli_of_slow_and_fast_oscillation():
    assert SOLID.storage_modulus(1e9) == pytest.approx(SOLID.relaxation_modulus(0.0))
    assert SOLID.storage_modulus(1e-9) == pytest.approx(0.7)
    assert LIQUID.loss_modulus(1e-6) == pytest.approx(1e-6 * LIQUID.viscosity(), rel=1e-6)


def test_stress_under_oscillation_is_that_of_the_moduli():
    frequency = 3.0
    time = np.linspace(0, 60 * np.pi / frequency, 60_001)  # 30 periods
    stress = GeneralizedMaxwell.of_spectrum([2.0], [0.4], 1.0).stress_under_strain(time, np.sin(frequency * time))
    last = slice(-20_001, -1)  # ten periods
    basis = np.column_stack([np.sin(frequency * time[last]), np.cos(frequency * time[last])])
    storage, loss = np.linalg.lstsq(basis, stress[last], rcond=None)[0]
    x = frequency * 0.4
    assert storage == pytest.approx(1 + 2 * x * x / (1 + x * x), rel=1e-5)
    assert loss == pytest.approx(2 * x / (1 + x * x), rel=1e-5)


def test_a_step_and_a_ramp_are_exact_for_any_step():
    coarse = SOLID.stress_under_strain([0.0, 5.0, 400.0], [1.0, 1.0, 1.0])
    np.testing.assert_allclose(coarse, SOLID.relaxation_modulus([0.0, 5.0, 400.0]), rtol=1e-13)
    fine = SOLID.stress_under_strain(np.linspace(0, 2, 1001), np.linspace(0, 2, 1001))
    np.testing.assert_allclose(SOLID.stress_under_strain([0.0, 2.0], [0.0, 2.0])[-1], fine[-1], rtol=1e-11)


def test_creep_and_recovery_forget_the_load():
    time = np.array([-1.0, 0.5, 1e6])
    strain = SOLID.strain_under_load(time, stress=2.0, loading_time=1.0)
    assert strain[0] == 0.0
    assert strain[1] == pytest.approx(2.0 * float(SOLID.creep_compliance(0.5)))
    assert strain[2] == pytest.approx(0.0, abs=1e-12)
    flown = LIQUID.strain_under_load(1e6, stress=2.0, loading_time=3.0)
    assert flown == pytest.approx(2.0 * 3.0 / LIQUID.viscosity(), rel=1e-9)


def test_equal_times_become_one_mode_and_empty_modes_vanish():
    merged = GeneralizedMaxwell.of_spectrum([1.0, 0.0, 2.0, 4.0], [2.0, 3.0, 2.0, 1.0])
    assert merged.modes == (
        MaxwellMode(modulus=4.0, relaxation_time=1.0),
        MaxwellMode(modulus=3.0, relaxation_time=2.0),
    )


def test_units_are_read():
    gel = GeneralizedMaxwell(equilibrium_modulus="2 kPa", modes=[{"modulus": "1 MPa", "relaxation_time": "3 ms"}])
    assert (gel.equilibrium_modulus, gel.modes[0].modulus, gel.modes[0].relaxation_time) == (2e3, 1e6, 3e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modes": []}, "modes must carry a load"),
        ({"equilibrium_modulus": -1.0}, "equilibrium_modulus must be at least 0 Pa"),
        ({"modes": [{"modulus": 1.0, "relaxation_time": 0.0}]}, "modes.0.relaxation_time must be greater than 0 s"),
    ],
)
def test_what_is_no_material_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        GeneralizedMaxwell(**options)


def test_unusable_series_are_refused():
    with pytest.raises(ParameterError, match="as many as the 2 relaxation times, not 1"):
        GeneralizedMaxwell.of_spectrum([1.0], [1.0, 2.0])
    with pytest.raises(ParameterError, match="time must increase"):
        SOLID.stress_under_strain([0.0, 0.0], [0.0, 1.0])
    with pytest.raises(ParameterError, match="must be as long as strain"):
        SOLID.stress_under_strain([0.0, 1.0], [0.0])
    with pytest.raises(ParameterError, match="at least 3 points"):
        fit_prony([0.0, 1.0], [1.0, 0.5])
    with pytest.raises(ParameterError, match="somewhere positive"):
        fit_prony([0.0, 1.0, 2.0], [-1.0, -1.0, -1.0])
    with pytest.raises(ParameterError, match="strain and its times must be finite"):
        SOLID.stress_under_strain([0.0, 1.0], [0.0, np.nan])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modulus": [-1.0, -1.0, -1.0]}, "somewhere positive"),
        ({"time": [1.0, 1.0, 0.0]}, "time must have two positive values"),
        ({"error": [0.1, -0.1, 0.1]}, "error must be finite and at least 0"),
        ({"error": [0.1, np.nan, 0.1]}, "error must be finite and at least 0"),
        ({"times_per_decade": 0}, "times_per_decade must be from 0.1 to 100"),
        ({"merge": -1.0}, "merge must be from 0 to 100"),
    ],
)
def test_what_cannot_be_fitted_is_one_clear_error(options, message):
    with pytest.raises(ParameterError, match=message):
        fit_prony(**({"time": [1.0, 2.0, 3.0], "modulus": [3.0, 2.0, 1.0]} | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stress": np.zeros((5, 2))}, r"must be \(n,\), \(n, 6\) or \(n, 3, 3\), not \(5, 2\)"),
        ({"stress": []}, "stress must be"),
        ({"stress": [1.0, np.nan]}, "stress must be finite"),
        ({"sampling_interval": -1.0}, "sampling_interval must be a positive number"),
        ({"volume": "1 nm3"}, "volume must be a positive number"),
        ({"temperature": 0.0}, "temperature must be a positive number"),
        ({"boltzmann": np.inf}, "boltzmann must be a positive number"),
    ],
)
def test_what_is_no_sample_is_one_clear_error(options, message):
    given = {"stress": [1.0, 2.0], "sampling_interval": 1.0, "volume": 1.0, "temperature": 1.0}
    with pytest.raises(ParameterError, match=message):
        stress_relaxation(**(given | options))


# ------------------------------------------------------------------------------------------------------- Prony


def test_the_fit_returns_a_rouse_chain():
    # 20 beads: G(0) = 0.95, viscosity (N^2 - 1)/(36 N) = 0.554167, both per chain density (Doi & Edwards 1986, ch. 4)
    t = np.geomspace(1e-3, 60.0, 200)
    g = np.exp(-t[:, None] / rouse_times(20)).mean(axis=1) * 19 / 20
    fit = fit_prony(t, g)
    assert float(fit.material.relaxation_modulus(0.0)) == pytest.approx(0.95, rel=0.01)
    assert fit.material.viscosity() == pytest.approx(399 / 720, rel=0.01)
    assert fit.deviation < 0.03
    assert len(fit.material.modes) < 15


def test_rounding_makes_no_modes_and_order_does_not_matter():
    t = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 0.0])
    fit = fit_prony(t, 7.0 * np.exp(-t))
    assert [mode.relaxation_time for mode in fit.material.modes] == [1.0]
    constant = fit_prony([1.0, 2.0, 3.0], [4.0, 4.0, 4.0], solid=True).material
    assert constant.modes == ()
    assert constant.equilibrium_modulus == pytest.approx(4.0)


def test_the_fit_says_where_the_grid_was_too_short():
    t = np.geomspace(1.0, 10.0, 50)
    fit = fit_prony(t, np.exp(-t / 1e3) + np.exp(-t / 1e-1) + 1.0, solid=False)
    assert fit.at_longest
    solid = fit_prony(t, 2.0 + np.exp(-t / 3.0), solid=True)
    assert solid.material.equilibrium_modulus == pytest.approx(2.0, rel=0.02)
    assert not solid.at_longest


# -------------------------------------------------------------------------------------------------- Green-Kubo


def rouse_stress(beads, chains, steps, step, seed):
    """Exact normal-mode paths of free chains: the shear stress -k sum x y, of all chains, and the whole tensor."""
    random = np.random.default_rng(seed)
    rates = 12.0 * np.sin(np.arange(1, beads) * np.pi / (2 * beads)) ** 2  # k lambda / zeta, k = 3, lambda = 4 sin^2
    modes = random.standard_normal((chains, 3, beads - 1))  # in units of their standard deviation
    decay, kick = np.exp(-rates * step), np.sqrt(1 - np.exp(-2 * rates * step))
    tensor = np.empty((steps, 3, 3))
    for n in range(steps):
        tensor[n] = -np.einsum("cap,cbp->ab", modes, modes)
        modes = modes * decay + kick * random.standard_normal(modes.shape)
    return tensor + chains * (beads - 1) * np.eye(3)


def test_green_kubo_of_rouse_chains():
    # the stress of c chains has variance c kT^2 sum over modes; V = c and kT = 1 give G per chain
    beads, chains, step = 6, 20, 0.05
    tensor = rouse_stress(beads, chains, 40_000, step, 0)
    time, modulus = stress_relaxation(tensor / chains, step, chains, 1.0, boltzmann=1.0)
    times = rouse_times(beads)
    for k in (0, 1, 4, 10):
        expected = np.exp(-time[k] / times).sum()
        # five independent components, correlated over about twice the longest time
        error = expected * np.sqrt(2 * 2 * times[0] / (5 * 40_000 * step)) + 1e-3
        assert modulus[k] == pytest.approx(expected, abs=4 * error)


def test_one_shear_component_is_as_good_on_average():
    tensor = rouse_stress(4, 10, 20_000, 0.1, 1) / 10
    one = stress_relaxation(tensor[:, 0, 1], 0.1, 10.0, 1.0, boltzmann=1.0)[1]
    five = stress_relaxation(tensor, 0.1, 10.0, 1.0, boltzmann=1.0)[1]
    assert one[0] == pytest.approx(3.0, rel=0.1)
    assert five[0] == pytest.approx(3.0, rel=0.05)
    natural = stress_relaxation(tensor, 0.1, 10.0, 300.0)[1]
    assert natural[0] == pytest.approx(five[0] / (1.380649e-23 * 300))


def test_the_components_of_a_tensor_are_enough():
    tensor = rouse_stress(3, 5, 500, 0.1, 2)
    six = tensor.reshape(-1, 9)[:, [0, 4, 8, 1, 5, 2]]
    whole, listed = (stress_relaxation(one, 0.1, 5.0, 1.0, boltzmann=1.0)[1] for one in (tensor, six))
    np.testing.assert_array_equal(whole, listed)

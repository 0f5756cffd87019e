"""Closed forms of binding and gelation: tables computed apart, limits with their order, published gel points."""

import math

import numpy as np
import pytest
import xarray as xr
from mesoscale.biology.golgi import (
    branching_number,
    complex_concentration,
    concentration_in_slab,
    critical_dissociation_constant,
    gel_concentration,
    gel_fraction,
    gel_point,
    heterotypic_branching_number,
    heterotypic_critical_dissociation_constant,
    homotypic_bond_probability,
    lower_gel_concentration,
    mean_cluster_size,
    mean_degree,
    reach_volume,
    upper_gel_concentration,
)
from scipy.optimize import brentq
from scipy.special import lambertw


def slope(x, y):
    return np.polyfit(np.log(x), np.log(y), 1)[0]


# ------------------------------------------------------------------------------------------------- identities


@pytest.mark.parametrize(("sticker", "constant"), [(0.032, 0.005), (1e-9, 1.0), (1e3, 1e-9), (1.0, 1.0)])
def test_homotypic_bonds_obey_mass_action(sticker, constant):
    p = homotypic_bond_probability(sticker, constant)
    free, pairs = (1 - p) * sticker, 0.5 * p * sticker
    assert free**2 / pairs == pytest.approx(constant, rel=1e-4 if p > 1 - 1e-4 else 1e-9)


@pytest.mark.parametrize(("a", "b", "constant"), [(0.032, 0.030, 0.005), (1e-6, 1.0, 1e-3), (3.0, 1e-4, 10.0)])
def test_heterotypic_bonds_obey_mass_action(a, b, constant):
    ab = complex_concentration(a, b, constant)
    assert (a - ab) * (b - ab) / ab == pytest.approx(constant, rel=1e-9)
    assert complex_concentration(b, a, constant) == pytest.approx(ab, rel=1e-15)


def test_strong_bonds_between_equal_stickers_lose_no_digits():
    assert 1 - complex_concentration(1.0, 1.0, 1e-12) == pytest.approx(1e-6, rel=1e-6)


def test_nothing_binds_where_there_is_nothing():
    assert homotypic_bond_probability(0.0, 1.0) == 0.0
    assert complex_concentration(0.0, 1.0, 1.0) == 0.0
    assert complex_concentration(0.0, 0.0, 1.0) == 0.0


@pytest.mark.parametrize(("valence", "ratio"), [(3.0, 1 / 3), (4.0, 0.09375), (6.0, 0.0260417), (8.0, 0.0121528)])
def test_gel_concentration_of_a_table(valence, ratio):
    assert gel_concentration(valence, 1.0) == pytest.approx(ratio, rel=2e-6)
    assert homotypic_bond_probability(valence * gel_concentration(valence, 1.0), 1.0) == pytest.approx(
        gel_point(valence)
    )


@pytest.mark.parametrize(
    ("valence", "probability", "fraction"),
    [(3, 0.6, 0.7037037), (3, 0.75, 0.9629630), (4, 0.4, 0.5415026), (4, 0.5, 0.8541020), (6, 0.3, 0.7462438)],
)
def test_gel_fraction_of_a_table(valence, probability, fraction):
    assert gel_fraction(probability, float(valence)) == pytest.approx(fraction, abs=1e-7)


def test_gel_fraction_of_trivalent_molecules_in_closed_form():
    p = np.linspace(0.5, 1.0, 51)
    np.testing.assert_allclose(gel_fraction(p, 3.0), 1 - ((1 - p) / p) ** 3, atol=1e-14)


@pytest.mark.parametrize("valence", [2.5, 3.0, 7.0, 40.0])
def test_gel_fraction_is_the_root_that_a_bracketing_search_finds(valence):
    p = 1.3 / (valence - 1)
    v = brentq(lambda v: 1 - p + p * v ** (valence - 1) - v, 0.0, 1 - 1e-3, xtol=1e-15)
    assert gel_fraction(p, valence) == pytest.approx(1 - v**valence, rel=1e-9)


def test_heterotypic_table():
    """Tetramers 8 uM, trimers 10 uM, K = 5 uM, computed apart with 7 digits."""
    ab = complex_concentration(32.0, 30.0, 5.0)
    assert ab / 32 == pytest.approx(0.6488206, abs=1e-7)
    assert ab / 30 == pytest.approx(0.6920754, abs=1e-7)
    assert heterotypic_branching_number(ab / 32, ab / 30, 4.0, 3.0) ** 2 == pytest.approx(2.6941967, abs=1e-7)


@pytest.mark.parametrize(
    ("f", "g", "a", "b", "constant"),
    [(4, 3, 8, 10, 26.543774), (4, 2, 8, 16, 9.900834), (3, 2, 10, 15, 3.639610)],
)
def test_critical_dissociation_constant_of_a_table(f, g, a, b, constant):
    found = heterotypic_critical_dissociation_constant(a, b, float(f), float(g))
    assert found == pytest.approx(constant, abs=1e-6)
    ab = complex_concentration(f * a, g * b, found)
    assert heterotypic_branching_number(ab / (f * a), ab / (g * b), f, g) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("valence", "ratio"), [(3, 2.0), (4, 0.75), (6, 0.3125)])
def test_equal_stoichiometry_gels_at_sticker_concentrations_of_a_table(valence, ratio):
    p = 1 / (valence - 1)
    assert ratio == pytest.approx(p / (1 - p) ** 2)
    molecules = ratio / valence
    constant = heterotypic_critical_dissociation_constant(molecules, molecules, float(valence), float(valence))
    assert constant == pytest.approx(1.0, rel=1e-12)


def test_tetramers_and_dimers_at_equal_stoichiometry():
    """p_c = 1 / sqrt(3), hence s_c / K = p_c / (1 - p_c)^2 = 3.23205."""
    found = 1 / heterotypic_critical_dissociation_constant(1 / 4, 1 / 2, 4.0, 2.0)
    assert found == pytest.approx(3.23205, abs=5e-6)


def test_too_much_of_a_partner_dissolves_the_gel():
    low, high = lower_gel_concentration(8.0, 5.0, 4.0, 3.0), upper_gel_concentration(8.0, 5.0, 4.0, 3.0)
    assert (low, high) == pytest.approx((2.539195, 59.905249), abs=1e-6)
    for edge in (low, high):
        assert heterotypic_critical_dissociation_constant(8.0, edge, 4.0, 3.0) == pytest.approx(5.0, rel=1e-10)
    middle = math.sqrt(low * high)
    assert heterotypic_critical_dissociation_constant(8.0, middle, 4.0, 3.0) > 5.0
    assert heterotypic_critical_dissociation_constant(8.0, 1.02 * high, 4.0, 3.0) < 5.0


def test_the_window_closes_at_weak_bonds():
    # (m - 1)^2 = 4 m K / s: the two edges meet
    m, s = 6.0, 32.0
    weakest = (m - 1) ** 2 * s / (4 * m)
    low, high = (
        law(8.0, weakest * (1 - 1e-12), 4.0, 3.0) for law in (lower_gel_concentration, upper_gel_concentration)
    )
    assert low == pytest.approx(high, rel=1e-5)
    assert math.isnan(lower_gel_concentration(8.0, weakest * 1.001, 4.0, 3.0))


def test_the_critical_constants_agree_with_the_critical_concentration():
    assert critical_dissociation_constant(4 * gel_concentration(4.0, 0.7), 4.0) == pytest.approx(0.7, rel=1e-14)


def test_thousand_molecules_a_square_micrometre_in_50_nm():
    assert concentration_in_slab("1000 um-2", "50 nm") * 1e3 == pytest.approx(33.2108, abs=5e-5)
    assert concentration_in_slab("500 um-2", "100 nm") * 1e3 == pytest.approx(8.303, abs=5e-4)


def test_reach_volume_by_sampling():
    rng = np.random.default_rng(0)
    for reach, thickness in ((1.0, 0.3), (1.0, 1.0), (1.0, 4.0)):
        height = rng.uniform(0, thickness, 200_000)
        other = rng.uniform(0, thickness, 200_000)
        disc = np.pi * np.maximum(reach**2 - (height - other) ** 2, 0.0)
        expected, error = thickness * disc.mean(), thickness * disc.std() / math.sqrt(len(disc))
        assert abs(reach_volume(reach, thickness) - expected) < 4 * error


def test_degree_of_the_examples():
    assert mean_degree(4.0, 1.0, 1.0) == pytest.approx(10.5, abs=0.05)
    assert mean_degree(12.0, 1.0, 1.0) == pytest.approx(31.5, abs=0.1)


# --------------------------------------------------------------------------------------- limits and their order


def test_a_thin_slab_is_a_disc_and_a_thick_one_a_ball():
    h = np.geomspace(1e-3, 1e-1, 5)
    assert slope(h, 1 - reach_volume(1.0, h) / (np.pi * h)) == pytest.approx(2.0, abs=0.1)
    h = np.geomspace(10, 1e4, 5)
    assert slope(h, 1 - reach_volume(1.0, h) / (4 * np.pi / 3)) == pytest.approx(-1.0, abs=0.1)


def test_the_gel_grows_linearly_and_clusters_diverge_inversely():
    e = np.geomspace(1e-6, 1e-3, 7)
    assert slope(e, gel_fraction((1 + e) / 3, 4.0)) == pytest.approx(1.0, abs=0.1)
    assert slope(e, mean_cluster_size((1 - e) / 3, 4.0)) == pytest.approx(-1.0, abs=0.1)


def test_many_stickers_make_a_random_graph():
    """Erdos & Renyi: S = 1 - exp(-2 S); approached as one over the valence."""
    giant = 1 + float(lambertw(-2 * math.exp(-2)).real) / 2
    assert giant == pytest.approx(0.796812, abs=5e-7)
    f = np.array([50.0, 200.0, 800.0, 3200.0])
    assert slope(f, np.abs(gel_fraction(2 / f, f) - giant)) == pytest.approx(-1.0, abs=0.1)


def test_weak_binding_is_linear_in_the_concentration():
    s = np.geomspace(1e-8, 1e-4, 5)
    assert slope(s, homotypic_bond_probability(s, 1.0)) == pytest.approx(1.0, abs=0.01)


# ---------------------------------------------------------------------------------------------------- published


def test_flory1941_gel_point_of_trifunctional_branches():
    assert gel_point(3.0) == 0.5


def test_stockmayer1943_weight_average_below_the_gel():
    """f = 3, extent 0.4: (1 + 0.4) / (1 - 0.8)."""
    assert mean_cluster_size(0.4, 3.0) == pytest.approx(7.0)


# --------------------------------------------------------------------------------------------------- data edges


def test_chains_never_gel():
    for f in (1.0, 2.0):
        assert math.isnan(gel_point(f))
        assert math.isnan(gel_concentration(f, 1.0))
        assert math.isnan(critical_dissociation_constant(1.0, f))
        assert gel_fraction(1.0, f) == 0.0
    assert math.isnan(heterotypic_critical_dissociation_constant(1.0, 1.0, 2.0, 2.0))
    assert math.isnan(lower_gel_concentration(1.0, 1.0, 2.0, 2.0))
    assert math.isnan(upper_gel_concentration(0.0, 1.0, 4.0, 2.0))
    assert math.isnan(heterotypic_critical_dissociation_constant(0.0, 1.0, 4.0, 2.0))


def test_far_from_stoichiometry_no_bond_is_strong_enough():
    assert math.isnan(heterotypic_critical_dissociation_constant(1.0, 100.0, 4.0, 2.0))


def test_no_clusters_of_finite_mean_size_from_the_gel_point_on():
    assert math.isnan(mean_cluster_size(1 / 3, 4.0))
    assert math.isnan(mean_cluster_size(0.9, 4.0))


def test_laws_broadcast():
    p, f = np.linspace(0, 1, 5), np.array([[3.0], [4.0]])
    assert gel_fraction(p, f).shape == (2, 5)
    assert branching_number(p, f).shape == (2, 5)
    labelled = gel_fraction(xr.DataArray([0.3, 0.4], dims="state"), 4.0)
    assert labelled.dims == ("state",)
    assert float(labelled[1]) == pytest.approx(0.5415026, abs=1e-7)

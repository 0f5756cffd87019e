"""The potential of mean force, and the convention that it says."""

import json

import numpy as np
import pytest
from mesoscale.core.coarse_graining.free_energy import free_energy_profile, mbar, potential_of_mean_force
from mesoscale.core.model import ParameterError


def middles_of(edges):
    return 0.5 * (edges[:-1] + edges[1:])


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_uniform_points_do_no_reversible_work(dimension):
    """r of points that are uniform in a ball, at quantiles: W is flat to the resolution of the quantiles."""
    r = ((np.arange(200_000) + 0.5) / 200_000) ** (1.0 / dimension)
    edges = np.linspace(0.3, 1.0, 8)
    profile = free_energy_profile(mbar(np.zeros((1, r.size)), [r.size]), r, edges)
    flat = potential_of_mean_force(profile, convention="reversible_work", dimension=dimension)
    assert np.ptp(flat.mean_force_potential.values) < 0.05
    plain = potential_of_mean_force(profile, convention="density", dimension=dimension)
    np.testing.assert_allclose(plain.mean_force_potential, profile.free_energy, atol=1e-12)
    centre = middles_of(edges)
    jacobian = (dimension - 1) * np.log(centre / centre[-1])
    difference = flat.mean_force_potential - plain.mean_force_potential
    np.testing.assert_allclose(difference - difference[-1], jacobian, atol=0.02 * dimension)


def test_the_convention_is_said_and_the_zero_is_chosen():
    r = (np.random.default_rng(0).random(5000)) ** (1.0 / 3.0)
    solution = mbar(np.zeros((1, r.size)), [r.size])
    profile = free_energy_profile(solution, r, [0.4, 0.6, 0.8, 1.0, 1.2], temperature=2.0)
    work = potential_of_mean_force(profile, convention="reversible_work", zero_at=0.9)
    assert work.mean_force_potential.attrs["convention"] == "reversible_work"
    assert "W(r) = F(r) + 2 kT ln r" in work.mean_force_potential.attrs["comment"]
    assert float(work.mean_force_potential[2]) == 0.0
    assert work.mean_force_potential_exists.values.tolist() == [True, True, True, False]
    assert json.loads(work.attrs["recipe"])["convention"] == "reversible_work"
    per_kt = potential_of_mean_force(
        free_energy_profile(solution, r, [0.4, 0.6, 0.8, 1.0, 1.2]), convention="reversible_work", zero_at=0.9
    )
    np.testing.assert_allclose(work.mean_force_potential, 2.0 * per_kt.mean_force_potential)


def test_what_a_potential_of_mean_force_refuses():
    solution = mbar(np.zeros((1, 20)), [20])
    profile = free_energy_profile(solution, np.linspace(-1.0, 1.0, 20), [-1.0, 0.0, 1.0])
    for arguments, message in (
        ({"convention": "pmf"}, "convention must be 'density', F"),
        ({"convention": "density", "dimension": 0}, "dimension must be a whole number"),
        ({"convention": "reversible_work"}, "its first bin begins at -1"),
        ({"convention": "density", "zero_at": 3.0}, "zero_at must lie in a bin with samples"),
    ):
        with pytest.raises(ParameterError, match=message):
            potential_of_mean_force(profile, **arguments)
    with pytest.raises(TypeError):
        potential_of_mean_force(profile)
    with pytest.raises(ParameterError, match="profile must be a profile along a distance"):
        potential_of_mean_force(solution, convention="density")

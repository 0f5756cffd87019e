"""Distributions and Boltzmann inversion against brute force, ideal gases, and samples of known potentials."""

import numpy as np
import pytest
import scipy.signal
import scipy.special
import xarray as xr
from mesoscale.core.coarse_graining.inversion import (
    bond_angles,
    bond_lengths,
    dihedral_angles,
    invert_angles,
    invert_bonds,
    invert_dihedrals,
    invert_pairs,
    radial_distribution,
    second_virial_coefficient,
    second_virial_of_distribution,
)
from mesoscale.core.coarse_graining.mapping import lattice_vectors, minimum_image
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import ParameterError, ResultError
from mesoscale.core.particles.potentials import LennardJones, Morse, WeeksChandlerAndersen

SHARP = lattice_vectors([10, 9, 12, 50, 55, 48])
BOXES = {"box": np.diag([9.0, 10.0, 11.0]), "sharp": SHARP, "slab": np.diag([6.0, 7.0, 30.0])}


def gas(frames, particles, box, seed=0):
    """Uniform points, in any of their images."""
    rng = np.random.default_rng(seed)
    return (rng.uniform(0, 1, (frames, particles, 3)) + rng.integers(-2, 3, (frames, particles, 3))) @ box


def counted(points, box, edges, a, b):
    """Pairs in shells from numpy alone."""
    d = np.linalg.norm(minimum_image(points[:, a][:, :, None] - points[:, b][:, None], box), axis=-1)
    if a is b:
        d = d[:, *np.triu_indices(len(a), 1)]
    return np.histogram(d, edges)[0]


@pytest.mark.parametrize("name", BOXES)
def test_pairs_are_counted_as_by_brute_force(name):
    box = BOXES[name]
    points = gas(3, 60, box)
    every, some, others = np.arange(60), np.arange(0, 60, 3), np.arange(1, 60, 3)
    whole = radial_distribution(points, box, width=0.25)
    edges = np.arange(whole.sizes["distance"] + 1) * 0.25
    np.testing.assert_array_equal(whole["count"], counted(points, box, edges, every, every))
    part = radial_distribution(points, box, width=0.25, first=some, second=others)
    np.testing.assert_array_equal(part["count"], counted(points, box, edges, some, others))
    again = radial_distribution(points, box, width=0.25, first=some, second=some)
    np.testing.assert_array_equal(again["count"], counted(points, box, edges, some, some))
    assert part.pairs == 400
    assert again.pairs == 190
    assert part.density == pytest.approx(20 / abs(np.linalg.det(box)))


@pytest.mark.parametrize("cell", [np.diag([16.0, 17.0, 40.0]), np.array([[16.0, 0, 0], [9, 17, 0], [-7, 5, 40]])])
def test_cells_count_as_all_pairs_do(cell):
    points = gas(2, 500, cell)
    kinds = np.arange(0, 200), np.arange(200, 500)
    for first, second in ((None, None), kinds):
        near = radial_distribution(points, cell, width=0.2, cutoff=3.0, first=first, second=second)
        far = radial_distribution(points, cell, width=0.2, first=first, second=second)
        assert far.sizes["distance"] > 30
        np.testing.assert_array_equal(near["count"], far["count"][:15])
        np.testing.assert_allclose(near.g, far.g[:15], rtol=1e-13)
    lattice = np.stack(np.meshgrid(*[np.arange(8)] * 3), axis=-1).reshape(-1, 3) * 2.0  # points on faces of cells
    shells = radial_distribution(lattice, [16, 16, 16], width=1.0, cutoff=4.0)
    assert shells["count"].values.tolist() == [0, 0, 512 * (6 + 12) // 2, 512 * 8 // 2]


@pytest.mark.parametrize("name", BOXES)
def test_an_ideal_gas_has_one_everywhere_even_a_small_one(name):
    # N(N-1), exact shells: with N^2 this gas of 8 would be at 7/8, with thin shells the first bin would be far off
    result = radial_distribution(gas(4000, 8, BOXES[name]), BOXES[name], width=0.5)
    z = (result.g - 1) / result.g_error
    assert np.abs(z).max() < 5  # 20 blocks: a Student's t of 19 degrees of freedom
    assert np.abs(result.g[-3:] - 1).max() < 0.06
    assert 0.5 < float((z**2).mean()) < 2.5


def test_excluded_pairs_leave_the_ideal_gas_too():
    box = [8.0, 8.0, 8.0]
    points = gas(2000, 9, np.diag(box))
    points[:, 1::3] = points[:, ::3] + 0.3  # molecules of three
    points[:, 2::3] = points[:, ::3] - 0.3
    within = [(3 * m + i, 3 * m + j) for m in range(3) for i in range(3) for j in range(i)]
    result = radial_distribution(points, box, width=0.5, exclude=[*within, (1, 0), (4, 4)])
    assert result.pairs == 27
    assert np.abs((result.g - 1) / result.g_error).max() < 5
    partly = radial_distribution(points, box, width=0.5, first=[0, 3, 6], second=[1, 4, 7], exclude=within)
    assert partly.pairs == 6
    assert np.abs((partly.g - 1) / partly.g_error).max() < 5
    everything = radial_distribution(points, box, width=0.5)
    assert everything.g[1] > 3


def test_neighbours_are_counted_around_one_particle():
    fcc = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
    cells = 2 * np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 1, 3)
    crystal = (fcc + cells).reshape(-1, 3)
    result = radial_distribution(crystal, [6, 6, 6], width=0.1)
    assert result.neighbours.sel(distance=1.45, method="nearest").item() == 12.0
    assert result.neighbours.sel(distance=2.05, method="nearest").item() == 18.0
    assert result.neighbours.sel(distance=2.45, method="nearest").item() == 42.0
    corner, face = np.arange(0, 108, 4), np.arange(1, 108, 4)
    partial = radial_distribution(crystal, [6, 6, 6], width=0.1, first=corner, second=face)
    assert partial.neighbours.sel(distance=1.45, method="nearest").item() == 4.0
    assert np.isnan(result.g_error).all()  # of one frame nothing can be told


def test_datasets_changing_boxes_and_threads():
    rng = np.random.default_rng(3)
    edges = 8.0 + rng.uniform(-0.5, 0.5, (40, 3))
    points = rng.uniform(0, 1, (40, 50, 3)) * edges[:, None]
    frames = xr.Dataset(
        {
            "position": (("time", "particle", "axis"), points, {"units": "angstrom"}),
            "box": (("time", "axis"), edges),
        }
    )
    with use_workers(1):
        one = radial_distribution(frames, width=0.5)
    with use_workers(2):
        two = radial_distribution(points, edges[:, :, None] * np.eye(3), width=0.5)
    np.testing.assert_array_equal(one["count"], two["count"])
    assert one.sizes["distance"] == int(edges.min() / 2 / 0.5)
    assert one.distance.attrs["units"] == "angstrom"
    assert one.density.attrs["units"] == "angstrom-3"
    ideal = (4 / 3 * np.pi * 0.5**3 * 50 * 49 / 2 / edges.prod(axis=1)).sum()
    assert float(one.g[0]) == pytest.approx(float(one["count"][0]) / ideal)


# --- bonds, angles, dihedrals


def test_lengths_angles_and_dihedrals_across_the_boundary():
    rng = np.random.default_rng(4)
    whole = np.cumsum(rng.normal(size=(200, 4, 3)), axis=1)
    wrapped = whole + rng.integers(-3, 4, (200, 4, 3)) @ (3 * SHARP)
    box = 3 * SHARP
    b = np.diff(whole, axis=1)
    np.testing.assert_allclose(bond_lengths(wrapped, [[0, 1], [2, 3]], box), np.linalg.norm(b[:, ::2], axis=2))
    cosine = -(b[:, 0] * b[:, 1]).sum(1) / np.linalg.norm(b[:, 0], axis=1) / np.linalg.norm(b[:, 1], axis=1)
    np.testing.assert_allclose(np.cos(bond_angles(wrapped, [[0, 1, 2]], box)[:, 0]), cosine, atol=1e-11)
    found = dihedral_angles(wrapped, [[0, 1, 2, 3]], box)[:, 0]
    # by turning: look along the middle bond
    e = b[:, 1] / np.linalg.norm(b[:, 1], axis=1)[:, None]
    front, back = (v - (v * e).sum(1)[:, None] * e for v in (-b[:, 0], b[:, 2]))
    expected = np.arctan2((np.cross(front, back) * e).sum(1), (front * back).sum(1))
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_allclose(dihedral_angles(whole * [1, 1, -1], [[0, 1, 2, 3]])[:, 0], -expected, atol=1e-10)
    many = np.stack([box * (1 + 0.001 * n) for n in range(200)])
    np.testing.assert_allclose(bond_lengths(whole, [[0, 1]], many), np.linalg.norm(b[:, :1], axis=2))


def drawn(density, low, high, shape, seed=0):
    """Samples of a density by its inverse distribution on a fine grid."""
    x = np.linspace(low, high, 200_001)
    y = density(x)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (y[1:] + y[:-1]))])
    return np.interp(np.random.default_rng(seed).uniform(0, total[-1], shape), total, x)


def recovered(result, coordinate, expected, least=400, kt=1.0):
    """Within four standard errors wherever there is enough to see (and up to a constant)."""
    seen = result["count"] > least
    x = result[coordinate][seen]
    difference = (result.U[seen] - expected(x)).values
    error = kt * (result.probability_error / result.probability)[seen].values
    difference -= (difference / error**2).sum() / (1 / error**2).sum()
    assert len(difference) > 8
    assert np.abs(difference / error).max() < 5
    assert 0.4 < np.mean((difference / error) ** 2) < 2.5


def test_harmonic_bonds_are_found():
    lengths = drawn(lambda b: b**2 * np.exp(-50 * (b - 1.2) ** 2 / 0.7), 0.2, 2.2, (400, 500))
    result = invert_bonds(lengths, thermal_energy=0.7, bins=60)
    recovered(result, "distance", lambda b: 50 * (b - 1.2) ** 2, kt=0.7)
    assert float(result.U.min()) == 0.0
    assert float((result.probability * np.diff(result.distance)[0]).sum()) == pytest.approx(1.0)


def test_harmonic_angles_are_found():
    angles = drawn(lambda t: np.sin(t) * np.exp(-6 * (t - 1.9) ** 2), 0, np.pi, (400, 500))
    recovered(invert_angles(angles, bins=40), "angle", lambda t: 6 * (t - 1.9) ** 2)
    straight = drawn(lambda t: np.sin(t) * np.exp(-3 * (1 + np.cos(t))), 0, np.pi, (400, 500), seed=1)
    result = invert_angles(straight, bins=40, limits=(0, np.pi))
    recovered(result, "angle", lambda t: 3 * (1 + np.cos(t)))
    assert int(result.U.values.argmin()) >= 36  # with the sine the best angle is the straight one; without, it is not
    assert int(result.probability.values.argmax()) < 36


def test_torsions_are_found_and_periodic():
    torsions = drawn(lambda t: np.exp(-1.5 * (1 + np.cos(3 * t - 0.4))), -np.pi, np.pi, (400, 500))
    result = invert_dihedrals(torsions, bins=36)
    recovered(result, "dihedral", lambda t: 1.5 * (1 + np.cos(3 * t - 0.4)))
    turned = invert_dihedrals(np.where(torsions < 0, torsions + 2 * np.pi, torsions), bins=36)
    np.testing.assert_array_equal(turned["count"], result["count"])


@pytest.mark.parametrize("memory", [0, 5])
def test_errors_of_inverted_potentials_are_those_between_samples(memory):
    """Forty independent sets: the potential less that of its zero, over its error, has the variance 1."""
    edges, pulls = np.linspace(-np.pi, np.pi, 25), []
    exact = -np.log(np.diff(scipy.special.ndtr(edges / 0.6)))
    phi = np.exp(-1.0 / memory) if memory else 0.0
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(size=(2100, 2))
        series = 0.6 * scipy.signal.lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=0)[100:]
        result = invert_dihedrals(series, bins=24, zero_at=0.7)
        zero = np.searchsorted(edges, 0.7) - 1
        assert result.U[zero] == result.U_error[zero] == 0.0
        off = result.U.values - (exact - exact[zero])
        near = np.flatnonzero((np.abs(result.dihedral.values) < 1.2) & (np.arange(24) != zero))
        pulls.append(off[near] / result.U_error.values[near])
    assert 0.8 < np.std(pulls) < 1.25
    assert abs(np.mean(pulls)) < 4 * np.std(np.mean(pulls, axis=1)) / np.sqrt(40)


def test_the_error_of_the_binned_potential_falls_with_the_square_of_the_width():
    # exact bin averages instead of samples: U at the middle of a bin is second order
    widths, errors = np.array([0.1, 0.05, 0.025]), []
    for w in widths:
        edges = np.arange(0.6, 1.8 + 1e-9, w)
        fine = np.linspace(edges[:-1], edges[1:], 2001)
        p = np.trapezoid(fine**2 * np.exp(-10 * (fine - 1.2) ** 2), fine, axis=0)
        middle = 0.5 * (edges[1:] + edges[:-1])
        counts = np.maximum((p / p.sum() * 1e7).astype(int), 1)
        samples = np.repeat(middle, counts)
        result = invert_bonds(samples[None], bins=len(middle), limits=(edges[0], edges[-1]))
        error = result.U.values - 10 * (middle - 1.2) ** 2
        errors.append(np.abs(error - error[len(error) // 2]).max())
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert abs(slope - 2) < 0.1
    assert errors[-1] < 0.02


def test_a_single_row_of_samples_and_unsampled_bins():
    result = invert_bonds([1.0, 1.0, 2.0, 2.0], bins=4)
    assert np.isnan(result.U[1])
    assert np.isnan(result.U_error[1])
    assert result["count"].values.tolist() == [2, 0, 0, 2]
    assert np.isnan(invert_bonds([[1.0, 1.5, 2.0]], bins=4).U_error).all()


# --- pairs and virials


def dilute(potential, kt, cutoff, box, frames, seed=0):
    """Two particles in a periodic box, drawn from their exact distribution; g is exp(-U/kT) over its mean."""
    rng = np.random.default_rng(seed)
    kept = []
    top = np.exp(-float(np.min(potential.energy(np.linspace(0.8, cutoff, 2001)))) / kt)
    while sum(map(len, kept)) < frames:
        d = rng.uniform(-0.5, 0.5, (4 * frames, 3)) * box
        r = np.linalg.norm(d, axis=1)
        weight = np.where(r < cutoff, np.exp(-np.clip(potential.energy(np.maximum(r, 0.5)), -50, 500) / kt), 1.0)
        kept.append(d[rng.uniform(0, top, len(d)) < weight])
    d = np.concatenate(kept)[:frames]
    begin = rng.uniform(0, box, (frames, 3))
    return np.stack([begin, begin + d], axis=1)


def test_a_dilute_gas_shows_its_potential_and_its_second_virial_coefficient():
    potential, kt, box = LennardJones(cutoff=2.5, shifted=True), 1.3, 7.0
    b2 = second_virial_coefficient(potential, thermal_energy=kt)
    pair = radial_distribution(dilute(potential, kt, 2.5, box, 400_000), [box] * 3, width=0.05)
    mean = 1.0 - 2.0 * b2 / box**3  # of exp(-U/kT) over the box: two particles are a gas of finite density
    shift = kt * np.log(mean)
    result = invert_pairs(pair, thermal_energy=kt)
    seen = pair["count"] > 100
    z = ((result.U - potential.energy(result.distance) - shift) / result.U_error)[seen]
    assert np.abs(z).max() < 5
    assert np.isnan(result.U[0])
    value, error = second_virial_of_distribution(pair.assign(g=pair.g * mean, g_error=pair.g_error * mean))
    assert abs(value - b2) < 4 * error
    assert error < 0.15 * abs(b2)


def lennard_jones_series(kt):
    """B2 of the whole Lennard-Jones potential by its exact series (Hirschfelder, Curtiss & Bird 1954, eq. 3.6-7)."""
    n = np.arange(60)
    factorial = scipy.special.gamma(n + 1.0)
    terms = 2 ** (n + 0.5) / (4 * factorial) * scipy.special.gamma((2 * n - 1) / 4) * kt ** (-(2 * n + 1) / 4)
    return -2 * np.pi / 3 * terms.sum()


@pytest.mark.parametrize("kt", [0.7, 1.0, 3.0, 20.0])
def test_the_virial_of_lennard_jones_is_its_exact_series(kt):
    far = LennardJones(cutoff=1e3)
    tail = -8 * np.pi / (3 * kt) / 1e9  # beyond the cutoff
    assert second_virial_coefficient(far, thermal_energy=kt) + tail == pytest.approx(
        lennard_jones_series(kt), rel=1e-9, abs=1e-9
    )


def test_the_boyle_temperature_of_lennard_jones():
    # Nicolas, Gubbins, Streett & Tildesley 1979 and others: B2 = 0 at kT = 3.417928
    potential = LennardJones(cutoff=1e4)
    below, above = (second_virial_coefficient(potential, thermal_energy=kt) for kt in (3.4179275, 3.4179285))
    assert below < 0 < above


def test_virials_of_distributions():
    distance = np.arange(0.05, 4, 0.1)
    well = xr.Dataset({"g": ("distance", np.where(distance < 1, 0.0, np.where(distance < 2, 3.0, 1.0)))})
    value, error = second_virial_of_distribution(well.assign_coords(distance=distance))
    assert value == pytest.approx(2 * np.pi / 3 * (1 - 2 * 7))  # a square well: exact shells
    assert np.isnan(error)


class Bad:
    cutoff = 1.0

    def __init__(self, energy):
        self.energy = energy


def refused(make, sentence, error=ParameterError):
    with pytest.raises(error, match=sentence):
        make()


def test_virials_that_do_not_exist_are_refused():
    refused(lambda: second_virial_coefficient(Bad(lambda r: -1 / r**4)), "attracts too much", ResultError)
    rough = np.random.default_rng(0)
    refused(lambda: second_virial_coefficient(Bad(lambda r: rough.uniform(size=r.shape))), "not settled", ResultError)
    refused(lambda: second_virial_coefficient(Morse(), thermal_energy=0.0), "must be a positive number")
    endless = Bad(lambda r: 0 * r)
    endless.cutoff = np.inf
    refused(lambda: second_virial_coefficient(endless), "must have a finite cutoff")
    assert second_virial_coefficient(WeeksChandlerAndersen()) > 0


POINTS = np.random.default_rng(0).uniform(0, 5, (3, 10, 3))
TABLE = xr.Dataset({"g": ("distance", [1.0, 1.0])}, {"distance": [0.5, 1.6]})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: radial_distribution(POINTS, width=0.1), "box must be given"),
        (lambda: radial_distribution(POINTS[0, 0], [5, 5, 5], width=0.1), "must have the shape"),
        (lambda: radial_distribution(POINTS * np.inf, [5, 5, 5], width=0.1), "positions must be finite"),
        (lambda: radial_distribution(xr.Dataset(), width=0.1), "a dataset with a variable position"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.0), "width must be a positive number"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=1e-9), "from 1 to a million shells"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=3.0), "from 1 to a million shells up to 2.5, not 0"),
        (lambda: radial_distribution(POINTS, [5, 5, 9], width=0.1, cutoff=2.6), "from one width to 2.5, half the"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0.5]), "must be numbers of particles"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0, 10]), "different numbers from 0 to 9"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0, 0]), "different numbers from 0 to 9"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0, 1], second=[1, 2]), "not 1 of them"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, first=[0]), "leave at least one pair"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, blocks=0), "blocks must be a whole number"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, exclude=[1, 2]), "pairs of particles \\(n, 2\\)"),
        (lambda: radial_distribution(POINTS, [5, 5, 5], width=0.1, exclude=[[1, 20]]), "numbers from 0 to 9"),
        (lambda: bond_lengths(POINTS, [[0, 1, 2]]), "bonds must be numbers of particles \\(n, 2\\)"),
        (lambda: bond_angles(POINTS, [[0, 1, 12]]), "angles must be numbers from 0 to 9"),
        (lambda: dihedral_angles(POINTS, [[0, 1, 2, 0]]), "dihedrals must not name a particle twice"),
        (lambda: invert_bonds([1.0, 1.0, 2.0], bins=4, zero_at=1.6), "zero_at must lie in a bin with samples, betw"),
        (lambda: invert_bonds([1.0, 1.0, 2.0], zero_at=3.0), "between 1 and 2, not 3.0"),
        (lambda: invert_bonds([[1.0, np.nan]]), "lengths must be finite"),
        (lambda: invert_bonds([-1.0, 1.0]), "must lie between 0 and inf"),
        (lambda: invert_angles([120.0, 100.0]), "in rad, not in degrees"),
        (lambda: invert_dihedrals([120.0, 100.0]), "in rad, not in degrees"),
        (lambda: invert_bonds([1.0, 1.0]), "limits must rise"),
        (lambda: invert_bonds([1.0, 2.0], limits=(3.0, 4.0)), "must enclose some of the samples"),
        (lambda: invert_bonds([1.0, 2.0], bins=0), "bins must be a whole number"),
        (lambda: invert_bonds([1.0, 2.0], blocks=True), "blocks must be a whole number"),
        (lambda: invert_bonds([1.0, 2.0], thermal_energy=-1.0), "thermal_energy must be a positive number"),
        (lambda: invert_pairs(xr.Dataset()), "must have a variable g on distance"),
        (lambda: second_virial_of_distribution(TABLE), "equal shells from 0 on"),
        (lambda: second_virial_of_distribution(xr.Dataset()), "must have a variable g"),
    ],
)
def test_what_does_not_fit_is_said(make, sentence):
    refused(make, sentence)

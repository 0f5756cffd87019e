"""One cell of a crystal, fully relaxed: its density, its spacing, its elasticity, and what it coexists with."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ..spectral import Basis
from . import laws

__all__ = ["ElasticConstants", "Phase", "RelaxedCrystal", "coexistence", "elastic_constants", "relaxed_crystal"]

Array = NDArray[np.float64]
Phase = Literal["hexagonal", "stripe"]
Pair = Literal["liquid_hexagonal", "hexagonal_stripe"]
_CELLS = 32  # across the longer half of a cell


@dataclass(frozen=True, eq=False)
class RelaxedCrystal:
    """The state of least free energy with the symmetry of a phase.

    Attributes
    ----------
    wavenumber : float
        |k| of its first star of waves; of the unstretched one where a stretch was given.
    energy : float
        Free energy per area.
    chemical_potential : float
        Derivative of the energy with respect to the mean density.
    density : numpy.ndarray
        From an atom (or a ridge) to the middle of the cell, half a cell along each axis.
    """

    wavenumber: float
    energy: float
    chemical_potential: float
    density: Array

    @property
    def spread(self) -> float:
        """Root mean square of the density about its mean."""
        return float(self.density.std())


class ElasticConstants(NamedTuple):
    """Of a triangular crystal, relaxed at every strain while the mean density stays as it is."""

    shear: float
    bulk: float

    @property
    def longitudinal(self) -> float:
        """C11."""
        return self.bulk + self.shear


def relaxed_crystal(
    reduced_temperature: float,
    mean_density: float,
    phase: Phase = "hexagonal",
    *,
    stretch: tuple[float, float] | None = None,
) -> RelaxedCrystal:
    """Minimise the free energy per area over all waves of the lattice, and over its spacing.

    Parameters
    ----------
    reduced_temperature, mean_density : float
        r and p.
    phase : {"hexagonal", "stripe"}
        Which lattice.
    stretch : tuple of float, optional
        Holds the cell at these multiples, along x and y, of the one with |k| = 1 (stripes use the first).

    Raises
    ------
    ArithmeticError
        If this phase does not exist there: the density flattens, or the minimum is not found.

    Examples
    --------
    >>> crystal = relaxed_crystal(-0.25, -0.285)
    >>> round(crystal.wavenumber, 5), round(crystal.energy, 8)
    (0.99768, 0.0304459)
    """
    r, p = float(reduced_temperature), float(mean_density)
    basis, first = _one_mode_cell(r, p, phase)
    along = (1.0, 1.0) if stretch is None else stretch
    n2 = np.zeros(basis.k2.shape)
    for k, s in zip(basis.wavenumbers[::-1], along, strict=False):
        n2 = n2 + np.square(k / s)
    weights = basis.weights
    scale = np.sqrt(weights * (0.5 + (1.0 - n2) ** 2))  # about the curvature of the energy

    def square(modes: Array) -> float:  # |k|^2 of the first star that costs least, for these amplitudes
        if stretch is not None:
            return 1.0
        power = weights * modes**2
        first_moment, second_moment = float((power * n2).sum()), float((power * n2**2).sum())
        return first_moment / second_moment if second_moment > 1e-280 else 1.0

    def evaluate(scaled: Array) -> tuple[float, Array]:
        modes = scaled.reshape(n2.shape) / scale
        modes.reshape(-1)[0] = p
        symbol = r + (1.0 - square(modes) * n2) ** 2
        field = basis.backward(modes)
        energy = 0.25 * float((field**4).mean()) + 0.5 * float((weights * symbol * modes**2).sum())
        slope = weights * (basis.forward(field**3) + symbol * modes) / scale
        slope.reshape(-1)[0] = 0.0
        return energy, slope.reshape(-1)

    scaled = _descend(evaluate, (basis.forward(first) * scale).reshape(-1))
    modes = scaled.reshape(n2.shape) / scale
    modes.reshape(-1)[0] = p
    energy, slope = evaluate(scaled)
    field = basis.backward(modes)
    if not float(np.abs(slope).max()) < 1e-8:
        raise ArithmeticError(f"the {phase} phase was not found at r = {r:g}, p = {p:g}")
    if not float(field.std()) > 1e-4:
        raise ArithmeticError(f"there is no {phase} phase at r = {r:g}, p = {p:g}: the density flattens")
    potential = (1.0 + r) * p + float((field**3).mean())
    return RelaxedCrystal(math.sqrt(square(modes)), energy, potential, field)


def elastic_constants(reduced_temperature: float, mean_density: float, *, affine: bool = False) -> ElasticConstants:
    """Shear and bulk modulus of the relaxed triangular crystal, from the energies of stretched cells.

    The shear modulus is a property of the crystal; the bulk modulus depends on what is held, here the mean density.

    Parameters
    ----------
    reduced_temperature, mean_density : float
        r and p.
    affine : bool
        Whether the density is only stretched with the cell; otherwise it relaxes at every strain, as a crystal does
        that is given time, and is the softer for it.

    Raises
    ------
    ArithmeticError
        If there is no crystal.

    Examples
    --------
    >>> round(elastic_constants(-0.25, -0.285).shear, 4)
    0.0418
    """
    ground = relaxed_crystal(reduced_temperature, mean_density)
    basis, _ = _one_mode_cell(float(reduced_temperature), float(mean_density), "hexagonal")
    ky, kx = basis.wavenumbers
    power = basis.weights * basis.forward(ground.density) ** 2

    def energy(along: float, across: float) -> float:
        stretch = (math.exp(along) / ground.wavenumber, math.exp(across) / ground.wavenumber)
        if affine:  # only the quadratic part feels where the waves are
            return 0.5 * float((power * (1.0 - (kx / stretch[0]) ** 2 - (ky / stretch[1]) ** 2) ** 2).sum())
        return relaxed_crystal(reduced_temperature, mean_density, stretch=stretch).energy

    def curvature(strain: float, sign: float) -> float:
        outer = energy(strain, sign * strain) + energy(-strain, -sign * strain)
        return (outer - 2.0 * energy(0.0, 0.0)) / (4.0 * strain**2)

    shear, bulk = ((4.0 * curvature(0.005, sign) - curvature(0.01, sign)) / 3.0 for sign in (-1.0, 1.0))
    return ElasticConstants(shear, bulk)


def coexistence(
    reduced_temperature: float, pair: Pair = "liquid_hexagonal", *, relaxed: bool = True
) -> tuple[float, float]:
    """Mean densities (p < 0) of two coexisting phases: the common tangent, solved numerically.

    Parameters
    ----------
    reduced_temperature : float
        r, from -0.9 to below 0.
    pair : {"liquid_hexagonal", "hexagonal_stripe"}
        Which phases; the first lies at the lower density.
    relaxed : bool
        Whether all waves of a lattice are relaxed; otherwise one star of |k| = 1 (the closed forms).

    Raises
    ------
    ArithmeticError
        If no common tangent is found.

    Examples
    --------
    >>> tuple(round(p, 5) for p in coexistence(-0.25, relaxed=False))
    (-0.33882, -0.29075)
    """
    r = float(reduced_temperature)
    if not -0.9 <= r < 0.0:
        raise ValueError(f"reduced_temperature = {r!r}: must be from -0.9 to below 0")
    phases = ("liquid", "hexagonal") if pair == "liquid_hexagonal" else ("hexagonal", "stripe")

    def state(phase: str, p: float) -> tuple[float, float]:
        """Energy and chemical potential."""
        plain = (1.0 + r) * p + p**3
        if phase == "liquid":
            return float(laws.liquid_energy(r, p)), plain
        if relaxed:
            crystal = relaxed_crystal(r, p, "hexagonal" if phase == "hexagonal" else "stripe")
            return crystal.energy, crystal.chemical_potential
        if phase == "stripe":
            return float(laws.stripe_energy(r, p)), plain - 2.0 * p * (r + 3.0 * p**2)
        a = float(laws.one_mode_amplitude(r, p))
        return float(laws.hexagonal_energy(r, p)), plain + 1.125 * a * a * p - 0.1875 * a**3

    def mismatch(densities: Array) -> list[float]:
        (low, low_slope), (high, high_slope) = (
            state(phase, p) for phase, p in zip(phases, densities.tolist(), strict=True)
        )
        middle = 0.5 * (low_slope + high_slope)
        return [low_slope - high_slope, (high - low - middle * (densities[1] - densities[0])) / abs(r)]

    # where the two energies are equal, and how far the tangent reaches, for weak crystals
    middle = -math.sqrt(-15.0 * r / 37.0) if pair == "liquid_hexagonal" else -0.2222 * math.sqrt(-r)
    reach = (0.2 if pair == "liquid_hexagonal" else 0.15) * (-r) ** 1.5
    start = np.array([middle - reach, middle + reach])
    found = optimize.root(mismatch, start, method="hybr", options={"xtol": 1e-11, "eps": 1e-5})
    low, high = (float(p) for p in found.x)
    left = np.abs(mismatch(found.x)).max()
    if not (left < 1e-9 and high - low > 0.1 * reach):
        raise ArithmeticError(f"no common tangent of {phases[0]} and {phases[1]} was found at r = {r:g}")
    return low, high


def _descend(evaluate: Callable[[Array], tuple[float, Array]], x: Array) -> Array:
    """Minimum by L-BFGS with unit first trials: the unknowns are scaled so that the curvature is about 1."""
    energy, slope = evaluate(x)
    past: list[tuple[Array, Array, float]] = []
    for _ in range(500):
        if float(np.abs(slope).max()) < 1e-13:
            break
        move = -slope
        shares: list[float] = []
        for step, change, curvature in reversed(past):
            share = float((step * move).sum()) / curvature
            move, shares = move - share * change, [*shares, share]
        if past:
            step, change, curvature = past[-1]
            move = move * (curvature / float((change * change).sum()))
        for (step, change, curvature), share in zip(past, reversed(shares), strict=True):
            move = move + step * (share - float((change * move).sum()) / curvature)
        downhill = float((move * slope).sum())
        if downhill >= 0.0:
            move, past, downhill = -slope, [], -float((slope * slope).sum())
        length = 1.0
        while True:
            new_energy, new_slope = evaluate(x + length * move)
            if new_energy <= energy + 1e-4 * length * downhill + 1e-15 * abs(energy):
                break
            length *= 0.5
            if length < 1e-6:  # nothing left but rounding
                return x
        step, change = length * move, new_slope - slope
        curvature = float((step * change).sum())
        if curvature > 1e-30:
            past = [*past[-19:], (step, change, curvature)]
        x, energy, slope = x + step, new_energy, new_slope
    return x


def _one_mode_cell(r: float, p: float, phase: Phase) -> tuple[Basis, Array]:
    """Half a cell of |k| = 1 along each axis, mirrored at its walls, and the density of one star there."""
    sign = 1.0 if p <= 0.0 else -1.0  # atoms are holes where the mean is high
    if phase == "stripe":
        line = Basis((_CELLS,), (math.pi,), "no_flux")
        height = max(float(np.nan_to_num(laws.stripe_amplitude(r, p))), 0.1)
        return line, p + sign * height * np.cos((np.arange(_CELLS) + 0.5) * line.spacing[0])
    a = float(laws.lattice_spacing(1.0))
    basis = Basis((_CELLS, _CELLS // 2), (0.5 * math.sqrt(3.0) * a, 0.5 * a), "no_flux")
    y, x = (np.asarray((np.arange(n) + 0.5) * h, float) for n, h in zip(basis.shape, basis.spacing, strict=True))
    return basis, p + first_amplitude(r, p) * one_mode_pattern(x[None, :] + 0.5 * a, y[:, None])


def first_amplitude(r: float, p: float) -> float:
    """The one-mode amplitude; where there is none, that of its limit, from which a crystal may melt by itself."""
    amplitude = float(laws.one_mode_amplitude(r, p))
    return 0.8 * p if math.isnan(amplitude) else amplitude


def one_mode_pattern(x: Array, y: Array, wavenumber: float = 1.0) -> Array:
    """The bracket of equation (2): rows along x, an atom of a negative amplitude half a spacing from the origin."""
    q = 0.5 * math.sqrt(3.0) * wavenumber
    pattern: Array = np.cos(q * x) * np.cos(q * y / math.sqrt(3.0)) - 0.5 * np.cos(2.0 * q * y / math.sqrt(3.0))
    return pattern

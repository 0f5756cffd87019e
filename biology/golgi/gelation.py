"""Closed forms of gelation: when do bonds add up to a tree without end, and how much is in it.

Equation numbers are those of the package's docstring.
"""

from typing import Any

import numpy as np

from ...core.quantities import Concentration, Dimensionless, Fraction, law
from .binding import plain

__all__ = [
    "branching_number",
    "critical_dissociation_constant",
    "gel_concentration",
    "gel_fraction",
    "gel_point",
    "heterotypic_branching_number",
    "heterotypic_critical_dissociation_constant",
    "lower_gel_concentration",
    "mean_cluster_size",
    "upper_gel_concentration",
]


@law
def gel_point(valence: Dimensionless) -> Fraction:
    r"""Bond probability above which molecules of one valence form an endless network: equation (4).

    Parameters
    ----------
    valence : float
        Stickers per molecule; in a mixture the mean over *stickers*, sum(c f^2) / sum(c f) [1].

    Returns
    -------
    float
        p_c = 1 / (f - 1); NaN for f <= 2: chains and rings never gel [1].

    References
    ----------
    Flory, J. Am. Chem. Soc. 63, 3083 (1941), doi:10.1021/ja01856a061.
    Stockmayer, J. Chem. Phys. 11, 45 (1943), doi:10.1063/1.1723803.

    Examples
    --------
    >>> round(float(gel_point(4.0)), 6)
    0.333333
    """
    return plain(1.0 / _branches(valence))


@law
def branching_number(bond_probability: Fraction, valence: Dimensionless) -> Dimensionless:
    r"""Further bonds met, on average, by following one bond to its end: p (f - 1).

    Parameters
    ----------
    bond_probability : float
        Fraction of stickers that are bound [1].
    valence : float
        Stickers per molecule, averaged over stickers [1].

    Returns
    -------
    float
        rho; above 1 each bond has more than one successor, and the tree of bonds does not end [1].

    Examples
    --------
    >>> round(float(branching_number(0.4, 4.0)), 12)
    1.2
    """
    return plain(bond_probability * (np.asarray(valence) - 1.0))


@law
def heterotypic_branching_number(
    first_bond_probability: Fraction,
    second_bond_probability: Fraction,
    first_valence: Dimensionless,
    second_valence: Dimensionless,
) -> Dimensionless:
    r"""Further bonds per bond followed, when two kinds of molecule alternate: equation (3).

    The geometric mean of the two steps A to B and B to A. (Many texts quote the product of both, its square; the
    threshold is 1 for either.)

    Parameters
    ----------
    first_bond_probability, second_bond_probability : float
        Fraction of each kind of stickers that is bound [1].
    first_valence, second_valence : float
        Stickers per molecule [1].

    Returns
    -------
    float
        rho [1].

    Examples
    --------
    >>> round(float(heterotypic_branching_number(0.6488206, 0.6920754, 4.0, 3.0) ** 2), 5)
    2.6942
    """
    pairs = (np.asarray(first_valence) - 1.0) * (np.asarray(second_valence) - 1.0)
    return plain(np.sqrt(np.asarray(first_bond_probability) * second_bond_probability * pairs))


@law
def gel_concentration(valence: Dimensionless, dissociation_constant: Concentration) -> Concentration:
    r"""Concentration of f-valent self-binding molecules at the gel point: equation (5).

    Parameters
    ----------
    valence : float
        Stickers per molecule [1].
    dissociation_constant : float
        Of one bond [mol m-3].

    Returns
    -------
    float
        Molecules [mol m-3]; NaN for f <= 2.

    Examples
    --------
    >>> gel_concentration(4.0, 1.0)
    0.09375
    """
    branches = _branches(valence)
    return plain(dissociation_constant * branches / (2.0 * np.asarray(valence) * (branches - 1.0) ** 2))


@law
def critical_dissociation_constant(sticker_concentration: Concentration, valence: Dimensionless) -> Concentration:
    r"""Weakest bond with which self-binding molecules still gel: 2 s (f - 2)^2 / (f - 1).

    Parameters
    ----------
    sticker_concentration : float
        Valence times molecules [mol m-3].
    valence : float
        Stickers per molecule, averaged over stickers [1].

    Returns
    -------
    float
        Dissociation constant [mol m-3]; NaN for f <= 2.

    Examples
    --------
    >>> round(float(critical_dissociation_constant(0.032, 4.0)), 9)
    0.085333333
    """
    branches = _branches(valence)
    return plain(2.0 * np.asarray(sticker_concentration) * (branches - 1.0) ** 2 / branches)


@law
def heterotypic_critical_dissociation_constant(
    first_concentration: Concentration,
    second_concentration: Concentration,
    first_valence: Dimensionless,
    second_valence: Dimensionless,
) -> Concentration:
    r"""Weakest bond with which two kinds of molecules still gel: equation (6).

    Parameters
    ----------
    first_concentration, second_concentration : float
        Molecules of each kind [mol m-3].
    first_valence, second_valence : float
        Stickers per molecule [1].

    Returns
    -------
    float
        Dissociation constant [mol m-3]; NaN where no bond, however strong, makes a network.

    Examples
    --------
    >>> round(float(heterotypic_critical_dissociation_constant(0.008, 0.010, 4.0, 3.0)), 9)
    0.026543774
    """
    first = np.asarray(first_valence) * first_concentration
    second = np.asarray(second_valence) * second_concentration
    bonds = np.sqrt(first * second / _pairs(first_valence, second_valence))
    bonds = np.where((bonds > 0.0) & (bonds < np.minimum(first, second)), bonds, np.nan)
    return plain((first - bonds) * (second - bonds) / bonds)


@law
def lower_gel_concentration(
    first_concentration: Concentration,
    dissociation_constant: Concentration,
    first_valence: Dimensionless,
    second_valence: Dimensionless,
) -> Concentration:
    r"""Least of the second molecule with which the first one gels: the smaller root of equation (7).

    Parameters
    ----------
    first_concentration : float
        Molecules of the first kind [mol m-3].
    dissociation_constant : float
        Of one bond [mol m-3].
    first_valence, second_valence : float
        Stickers per molecule [1].

    Returns
    -------
    float
        Molecules of the second kind [mol m-3]; NaN where no amount suffices.

    Examples
    --------
    >>> round(float(lower_gel_concentration(0.008, 0.005, 4.0, 3.0)), 9)
    0.002539195
    """
    return _gel_edge(first_concentration, dissociation_constant, first_valence, second_valence, upper=False)


@law
def upper_gel_concentration(
    first_concentration: Concentration,
    dissociation_constant: Concentration,
    first_valence: Dimensionless,
    second_valence: Dimensionless,
) -> Concentration:
    r"""Most of the second molecule before it caps all ends and dissolves the gel: the larger root of equation (7).

    Parameters
    ----------
    first_concentration : float
        Molecules of the first kind [mol m-3].
    dissociation_constant : float
        Of one bond [mol m-3].
    first_valence, second_valence : float
        Stickers per molecule [1].

    Returns
    -------
    float
        Molecules of the second kind [mol m-3]; NaN where no amount gels.

    Examples
    --------
    >>> round(float(upper_gel_concentration(0.008, 0.005, 4.0, 3.0)), 9)
    0.059905249
    """
    return _gel_edge(first_concentration, dissociation_constant, first_valence, second_valence, upper=True)


@law
def gel_fraction(bond_probability: Fraction, valence: Dimensionless) -> Fraction:
    r"""Fraction of molecules in the endless network, were it a tree: equation (8).

    Parameters
    ----------
    bond_probability : float
        Fraction of stickers that are bound [1].
    valence : float
        Stickers per molecule, all alike [1].

    Returns
    -------
    float
        G; 0 up to the gel point [1].

    References
    ----------
    Macosko & Miller, Macromolecules 9, 199 (1976), doi:10.1021/ma60050a003.

    Examples
    --------
    >>> round(float(gel_fraction(0.4, 4.0)), 7), float(gel_fraction(0.3, 4.0))
    (0.5415026, 0.0)
    """
    p, f = np.broadcast_arrays(np.asarray(bond_probability, float), np.asarray(valence, float))
    gelled = (p * (f - 1.0) > 1.0) & (f > 2.0)
    p, f = np.where(gelled, p, 0.0), np.where(gelled, f, 3.0)
    # u = 1 - v, the probability that a sticker leads to the network, from above: Newton descends to it monotonically
    u = p.copy()
    for _ in range(100):
        ends = (1.0 - u) ** (f - 2.0)
        step = (u - p * (1.0 - ends * (1.0 - u))) / np.where(gelled, 1.0 - p * (f - 1.0) * ends, 1.0)
        u = u - step
        if not np.any(np.abs(step) > 4e-16 * u):
            break
    return plain(np.where(gelled, -np.expm1(f * np.log1p(-np.minimum(u, 1.0 - 1e-16))), 0.0))


@law
def mean_cluster_size(bond_probability: Fraction, valence: Dimensionless) -> Dimensionless:
    r"""Molecules in the cluster of a randomly chosen one, below the gel point: equation (9).

    The weight-average degree of polymerisation.

    Parameters
    ----------
    bond_probability : float
        Fraction of stickers that are bound [1].
    valence : float
        Stickers per molecule, all alike [1].

    Returns
    -------
    float
        Molecules; NaN from the gel point on, where it diverges [1].

    Examples
    --------
    >>> float(mean_cluster_size(0.25, 4.0))
    5.0
    """
    p = np.asarray(bond_probability, float)
    short = 1.0 - p * (np.asarray(valence) - 1.0)
    return plain((1.0 + p) / np.where(short > 0.0, short, np.nan))


def _branches(valence: Any) -> Any:
    """f - 1 where a gel is possible, NaN elsewhere."""
    f = np.asarray(valence, dtype=float)
    return np.where(f > 2.0, f, np.nan) - 1.0


def _pairs(first_valence: Any, second_valence: Any) -> Any:
    """(f - 1)(g - 1) where a gel is possible, NaN elsewhere."""
    pairs = (np.asarray(first_valence, float) - 1.0) * (np.asarray(second_valence, float) - 1.0)
    return np.where(pairs > 1.0, pairs, np.nan)


def _gel_edge(
    first_concentration: Any,
    dissociation_constant: Any,
    first_valence: Any,
    second_valence: Any,
    *,
    upper: bool,
) -> Any:
    first = np.asarray(first_valence) * first_concentration
    m = _pairs(first_valence, second_valence)
    first = np.where(first > 0.0, first, np.nan)
    # equation (7) in units of the first stickers: m y^2 - (m + 1) y + 1 + K = 0
    excess = (m - 1.0) ** 2 - 4.0 * m * dissociation_constant / first
    root = np.sqrt(np.where(excess >= 0.0, excess, np.nan))
    larger = (m + 1.0 + root) / (2.0 * m)
    y = larger if upper else (1.0 + dissociation_constant / first) / (m * larger)
    return plain(m * y**2 * first / second_valence)

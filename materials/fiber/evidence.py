"""Why to believe the fibre: published rods, exact chains, another code."""

import numpy as np
from scipy.linalg import eigh_tridiagonal

from ...core.evidence import Evidence
from .chain import FiberChain
from .joints import JointPotential, bending_stiffness_from_force_constant, mean_cosine
from .loads import Ends
from .machines import bend_cantilever, buckle_chain
from .presets import ACTIN, MICROTUBULE
from .statistics import characteristic_persistence_length, flexural_rigidity, persistence_length

__all__ = ["EVIDENCE"]

_TEN_KT = {"bending_stiffness": 10 * 4.141947e-21, "segment_length": 1e-9, "temperature": 300.0}


def _extrapolate(measure: dict[int, float]) -> float:
    """The limit of an error in 1/n^2, from two chains of which one has twice as many segments."""
    (coarse, first), (fine, second) = measure.items()
    assert fine == 2 * coarse
    return (4.0 * second - first) / 3.0


def _deflect(load: float) -> float:
    return _extrapolate({n: float(np.sin(bend_cantilever(load, n)).mean()) for n in (200, 400)})


def _shorten(load: float) -> float:
    return _extrapolate({n: float(1.0 - np.cos(bend_cantilever(load, n)).mean()) for n in (200, 400)})


def _buckle(ends: Ends) -> float:
    return _extrapolate({n: buckle_chain(n, ends) * n**2 for n in (100, 200)})


def _collapse() -> float:
    """The weight q L^3 / K at which an upright chain falls over: gravity turns each segment by what it carries."""

    def lightest(n: int) -> float:
        diagonal, off = np.full(n, 2.0), np.full(n - 1, -1.0)
        diagonal[0], diagonal[-1] = 3.0, 1.0
        carried = (n - np.arange(n) - 0.5) / n
        scale = 1.0 / np.sqrt(carried)
        value = eigh_tridiagonal(diagonal * scale**2, off * scale[1:] * scale[:-1], True, "i", (0, 0))
        return float(value[0]) * n**2

    return _extrapolate({n: lightest(n) for n in (200, 400)})


def _measure(name: str, mode: int | None = None, **parameters: object) -> tuple[float, float]:
    result = FiberChain(**{**_TEN_KT, "segments": 100, "samples": 20_000, **parameters}).run()
    value, error = result[name], result[f"{name}_error"]
    if mode is not None:
        value, error = value[mode], error[mode]
    return float(value), float(error)


def _in_segments(estimate: tuple[float, float], unit: float = 1e-18) -> tuple[float, float]:
    return estimate[0] / unit, estimate[1] / unit


def _langevin(kappa: float) -> float:
    return 1.0 / np.tanh(kappa) - 1.0 / kappa


def _flory(cosine: float, n: int) -> float:
    """Flory's closed form of the mean square end-to-end distance, over l^2."""
    return n * (1 + cosine) / (1 - cosine) - 2 * cosine * (1 - cosine**n) / (1 - cosine) ** 2


def _gyrate(cosine: float, n: int) -> float:
    """Mean square radius of gyration as the double sum over pairs of beads, over l^2."""
    return sum((n + 1 - m) * (_flory(cosine, m)) for m in range(1, n + 1)) / (n + 1) ** 2


def _sampled_langevin(potential: JointPotential) -> tuple[float, float]:
    return _measure("mean_cosine", bending_stiffness=2 * 4.141947e-21, potential=potential)


_MATTIASSON = "Mattiasson, Int. J. Numer. Meth. Eng. 17, 145 (1981), doi:10.1002/nme.1620170113, table"
_TIMOSHENKO = "Timoshenko & Gere, Theory of Elastic Stability (1961), chapter 2"
_GITTES = "Gittes et al., J. Cell Biol. 120, 923 (1993), doi:10.1083/jcb.120.4.923, abstract"
_INDEPENDENT = "independent joints; Flory, Statistical Mechanics of Chain Molecules (1969), chapter 1"

EVIDENCE = (
    Evidence(
        "chain as a cantilever, tip deflection at P L^2 = K",
        computed=lambda: _deflect(1.0),
        expected=0.30172,
        absolute=1e-5,
        kind="published",
        source=_MATTIASSON,
    ),
    Evidence(
        "chain as a cantilever, tip deflection at P L^2 = 10 K",
        computed=lambda: _deflect(10.0),
        expected=0.81061,
        absolute=1e-5,
        kind="published",
        source=_MATTIASSON,
    ),
    Evidence(
        "chain as a cantilever, tip shortening at P L^2 = 10 K",
        computed=lambda: _shorten(10.0),
        expected=0.55500,
        absolute=1e-5,
        kind="published",
        source=_MATTIASSON,
    ),
    Evidence(
        "chain as a strut, clamped and pinned, P L^2 / K",
        computed=lambda: _buckle("clamped-pinned"),
        expected=20.19,
        absolute=5e-3,
        kind="published",
        source=_TIMOSHENKO,
    ),
    Evidence(
        "chain upright under its own weight, q L^3 / K",
        computed=_collapse,
        expected=7.837,
        absolute=5e-4,
        kind="published",
        source=_TIMOSHENKO,
    ),
    Evidence(
        "actin: persistence length of the printed rigidity",
        computed=lambda: persistence_length(flexural_rigidity(ACTIN.bending_stiffness, 2.75e-9), 298.15),
        expected=17.7e-6,
        relative=0.01,
        unit="m",
        kind="published",
        source=_GITTES,
    ),
    Evidence(
        "microtubule: persistence length of the printed rigidity",
        computed=lambda: persistence_length(flexural_rigidity(MICROTUBULE.bending_stiffness, 8e-9), 298.15),
        expected=5200e-6,
        relative=0.03,
        unit="m",
        kind="published",
        source=_GITTES,
        note="2.2e-23 N m2 and 5200 um are printed with two digits each",
    ),
    Evidence(
        "polyethylene: frozen zigzag against the real chain",
        computed=lambda: persistence_length(
            flexural_rigidity(bending_stiffness_from_force_constant("58.35 kcal/mol", "full"), 0.127e-9), 298.15
        ),
        expected=lambda: characteristic_persistence_length(7.4, 0.154e-9),
        relative=0.1,
        unit="m",
        kind="published",
        source="characteristic ratio in the melt: Fetters et al. 1994, doi:10.1021/ma00095a001",
        reproduced=False,
        note="25 nm instead of 0.65 nm: turns about the bonds, not bond angles, set the size (torsion_limited)",
    ),
    Evidence(
        "mean square end-to-end distance, 100 harmonic joints of 10 kT",
        computed=lambda: _in_segments(_measure("mean_square_end_to_end_distance")),
        expected=lambda: _flory(mean_cosine(10 * 4.141947e-21, 300.0), 100),
        z=4,
        kind="theory",
        source=_INDEPENDENT,
    ),
    Evidence(
        "radius of gyration, cosine joints",
        computed=lambda: _in_segments(_measure("mean_square_radius_of_gyration", potential="cosine")),
        expected=lambda: _gyrate(_langevin(10.0), 100),
        z=4,
        kind="theory",
        source="double sum over pairs of beads, Langevin function; " + _INDEPENDENT,
    ),
    Evidence(
        "mean cosine of soft cosine joints, 2 kT",
        computed=lambda: _sampled_langevin("cosine"),
        expected=_langevin(2.0),
        z=4,
        kind="theory",
        source="Langevin 1905: coth x - 1/x",
    ),
    Evidence(
        "tangent correlation over 20 joints, planar chain",
        computed=lambda: _measure("tangent_correlation", 19, dimensions=2),
        expected=float(np.exp(-20.0 / (2.0 * 10.0))),
        z=4,
        kind="theory",
        source="sum of 20 independent normal angles: exp(-n / 2 kappa)",
    ),
    Evidence(
        "eighth mode of a planar chain of 16 segments",
        computed=lambda: _in_segments(_measure("tangent_mode_variance", 7, dimensions=2, segments=16), 1e-9),
        expected=1.0 / (4.0 * 10.0 * np.sin(8 * np.pi / 32) ** 2),
        z=4,
        kind="theory",
        source="equipartition over the eigenvectors of the path's Laplacian: kT l / 4 k sin^2(n pi / 2 N)",
    ),
    Evidence(
        "mean cosine of harmonic joints of 10 kT",
        computed=lambda: _measure("mean_cosine"),
        expected=0.906425,
        expected_error=0.000225,
        z=4,
        kind="peer",
        source="LAMMPS 22 July 2025, Langevin dynamics of 800 chains of 12 beads: tests/benchmarks/fiber.py",
    ),
)

"""Why to believe the urban laws: exact results by other routes, published numbers, and the output of other codes."""

import math

import numpy as np
import scipy.linalg
import scipy.optimize

from ...core.evidence import Evidence
from .averages import effective_roughness_length, log_mean_roughness_length, second_order_roughness_length
from .blending_height import mason_blending_height
from .flux_decay import flux_decay_height
from .land_cover import LOCAL_CLIMATE_ZONES
from .morphometry import describe_buildings, macdonald_displacement_height, macdonald_roughness_length
from .plug_flow import plug_flow_flux_amplitude, plug_flow_flux_phase
from .surface import STRIPES

__all__ = ["EVIDENCE"]

_UMEP = "UMEP-dev/UMEP-processing, commit 7fba43cb, util/RoughnessCalcFunctionV2.py, method 'Mac'"
_GRIMMOND_OKE = (
    "Grimmond & Oke, J. Appl. Meteorol. 38, 1262 (1999), table 6, doi:10.1175/1520-0450(1999)038<1262:APOUAD>2.0.CO;2"
)


def _implicit_blending_height() -> float:
    return float(scipy.optimize.brentq(lambda z: z / 1000.0 * math.log(z / 0.1) ** 2 - 0.32, 0.2, 1e3, xtol=1e-12))


def _roughness_by_sweeps() -> float:
    """The plain fixed point between equations (1) and (2) of the package, five hundred times."""
    z = 0.1
    for _ in range(500):
        z = float(effective_roughness_length([0.01, 1.0], [0.5, 0.5], mason_blending_height(1000.0, z)))
    return z


def _relative_excess_of_the_second_order() -> float:
    """How the exact average exceeds the second-order law, as an exponent: their difference over the spread."""
    spreads = np.array([0.1, 0.2])
    misses = []
    for spread in spreads:
        z = [0.1 * math.exp(-spread), 0.1 * math.exp(spread)]
        exact = float(effective_roughness_length(z, [0.5, 0.5], 60.0))
        mean = float(log_mean_roughness_length(z, [0.5, 0.5]))
        misses.append(abs(exact - second_order_roughness_length(mean, spread**2, 60.0)))
    return float(np.log(misses[1] / misses[0]) / np.log(2.0))


def _decay_height_by_bands(wavelength: float = 1000.0, z0: float = 0.1) -> float:
    """The 1/e height of |F| from second-order differences for c on 20000 points, solved as one banded system."""
    n, top = 20000, 13.0
    y = np.linspace(0.0, top, n)
    h = y[1]
    q = 1j * (2.0 * math.pi * z0 / (0.16 * wavelength)) * y * np.exp(y)
    bands = np.ones((3, n), dtype=complex)
    bands[1] = -2.0 - h * h * q
    bands[0, 1] = 2.0  # the flux at the surface is 1, through a mirror point below it
    right = np.zeros(n, dtype=complex)
    right[0] = -2.0 * h
    c = scipy.linalg.solve_banded((1, 1), bands, right)
    flux = np.abs(np.diff(c)) / h
    flux /= abs(flux[0])
    k = int(np.argmax(flux < math.exp(-1.0)))
    share = math.log(flux[k - 1] * math.e) / math.log(flux[k - 1] / flux[k])
    return z0 * math.exp(float(y[k - 1]) + h * (0.5 + share))


def _decay_heights_over_mason() -> float:
    cases = [(300.0, 0.1), (1000.0, 0.01), (1000.0, 0.1), (1000.0, 1.0), (10000.0, 0.1)]
    return float(np.mean([flux_decay_height(*case) / mason_blending_height(*case) for case in cases]))


def _flux_over_stripes() -> float:
    """Flux at 10 m, 150 m behind the edge of stripes of 500 m in plug flow (U/u* = 20), from 20000 Fourier modes."""
    odd = np.arange(1, 40000, 2)
    chi = 2.0 * math.pi * 20.0 * 10.0 / 0.4 * odd / 1000.0
    terms = plug_flow_flux_amplitude(chi) * np.sin(2.0 * math.pi * odd * 0.15 + plug_flow_flux_phase(chi)) / odd
    return float(0.5 + 2.0 / math.pi * terms.sum())


def _flux_over_stripes_from_edges() -> float:
    """The same from the footprints of all edges upwind; the pairs beyond the last fade as 1/n, and so are added."""
    n = np.arange(200_000)
    reach = 20.0 * 10.0 / 0.4
    steps = np.exp(-reach / (150.0 + 1000.0 * n)) - np.exp(-reach / (650.0 + 1000.0 * n))
    return float(1.0 + steps.sum() - reach * 500.0 / 1000.0**2 / n.size)


def _wall_of_a_square() -> float:
    square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    return describe_buildings([square], [1.0], 1000.0).frontal_area_fraction * 1000.0


EVIDENCE = (
    Evidence(
        "blending height from Lambert's function (L_c = 1 km, z0 = 0.1 m)",
        computed=lambda: mason_blending_height(1000.0, 0.1),
        expected=_implicit_blending_height,
        relative=1e-11,
        kind="theory",
        source="root of Mason's implicit equation by bracketing, doi:10.1002/qj.49711448007",
        unit="m",
    ),
    Evidence(
        "self-consistent roughness length of equal stripes",
        computed=lambda: STRIPES.run().answer.item(),
        expected=_roughness_by_sweeps,
        relative=1e-10,
        kind="theory",
        source="fixed point of the two equations by plain sweeps",
        unit="m",
    ),
    Evidence(
        "order of the error of the second-order law",
        computed=_relative_excess_of_the_second_order,
        expected=4.0,
        absolute=0.1,
        kind="theory",
        source="Taylor expansion: the cubic term of two equal halves vanishes",
    ),
    Evidence(
        "height where 1/e of a flux perturbation is left (L_c = 1 km, z0 = 0.1 m)",
        computed=lambda: flux_decay_height(1000.0, 0.1),
        expected=_decay_height_by_bands,
        relative=1e-5,
        kind="theory",
        source="finite differences in ln z, one banded system",
        unit="m",
    ),
    Evidence(
        "1/e decay height over Mason's blending height, mean of five cases over two decades",
        computed=_decay_heights_over_mason,
        expected=1.0,
        relative=0.15,
        kind="theory",
        source="linear advection-diffusion against Mason's scaling, doi:10.1002/qj.49711448007",
        note="single cases lie between 0.92 and 1.15",
    ),
    Evidence(
        "flux over stripes in plug flow from its Fourier modes",
        computed=_flux_over_stripes,
        expected=_flux_over_stripes_from_edges,
        absolute=1e-6,
        kind="theory",
        source="superposed footprints of edges: Gash 1986, doi:10.1007/BF00118567",
    ),
    Evidence(
        "mean width of a square over all directions",
        computed=_wall_of_a_square,
        expected=40.0 / math.pi,
        relative=2e-3,
        kind="theory",
        source="Cauchy: mean projected width of a convex body is its perimeter over pi; 36 directions",
        unit="m",
    ),
    Evidence(
        "displacement height of Macdonald's staggered array (H = 10 m, 25 % roofs)",
        computed=lambda: macdonald_displacement_height(10.0, 0.25),
        expected=4.8303596,
        relative=1e-7,
        kind="peer",
        source=_UMEP,
        unit="m",
    ),
    Evidence(
        "roughness length of Macdonald's staggered array (H = 10 m, 25 % roofs and walls)",
        computed=lambda: macdonald_roughness_length(10.0, 0.25, 0.25),
        expected=1.2292129,
        relative=1e-7,
        kind="peer",
        source=_UMEP,
        unit="m",
    ),
    Evidence(
        "displacement height of the sample site of SUEWS (H = 21.2 m, 38 % roofs)",
        computed=lambda: macdonald_displacement_height(21.2, 0.38),
        expected=13.7,
        relative=0.005,
        kind="published",
        source="UMEP-dev/SUEWS, issue 1615 (2026), after which its roughness length was corrected",
        unit="m",
        note="the issue rounds the plan area index to 0.40; the site's building fraction is 0.38",
    ),
    Evidence(
        "roughness length of open low-rise housing (zone 6), printed as the range 0.3 to 0.8 m",
        computed=lambda: LOCAL_CLIMATE_ZONES["6"].macdonald_roughness_length,
        expected=0.55,
        absolute=0.25,
        kind="published",
        source=_GRIMMOND_OKE + ", low height and density",
        unit="m",
    ),
    Evidence(
        "displacement height of open low-rise housing (zone 6), printed as the range 2 to 4 m",
        computed=lambda: LOCAL_CLIMATE_ZONES["6"].macdonald_displacement_height,
        expected=3.0,
        absolute=1.0,
        kind="published",
        source=_GRIMMOND_OKE + ", low height and density",
        unit="m",
    ),
    Evidence(
        "roughness length of compact mid-rise blocks (zone 2), printed as the range 0.7 to 1.5 m",
        computed=lambda: LOCAL_CLIMATE_ZONES["2"].macdonald_roughness_length,
        expected=1.1,
        absolute=0.4,
        kind="published",
        source=_GRIMMOND_OKE + ", medium height and density",
        unit="m",
    ),
    Evidence(
        "displacement height of compact mid-rise blocks (zone 2), printed as the range 3.5 to 8 m",
        computed=lambda: LOCAL_CLIMATE_ZONES["2"].macdonald_displacement_height,
        expected=5.75,
        absolute=2.25,
        kind="published",
        source=_GRIMMOND_OKE + ", medium height and density",
        unit="m",
        reproduced=False,
        note="14.0 m: the zone's buildings of 17.5 m and 55 % roofs are taller and denser than the paper's (7 to 15 m)",
    ),
)

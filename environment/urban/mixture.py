"""All effective numbers of one mixture of patches in one kernel: for a model's run and for each cell of a map.

The equations are those of :mod:`.averages`; see there for sources and validity.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from .averages import blend_with_logarithms
from .elementwise import solve_lambert
from .patch import Patch

__all__ = ["FIELDS", "ROUGHNESS_SUBLAYER", "Mixture", "average_patches", "fill_effective_fields"]

FIELDS = (
    "blending_height",
    "effective_roughness_length",
    "log_mean_roughness_length",
    "arithmetic_mean_roughness_length",
    "dominant_roughness_length",
    "second_order_roughness_length",
    "log_variance",
    "diffusion_blending_height",
    "effective_heat_roughness_length",
    "effective_displacement_height",
    "effective_surface_temperature",
    "mean_surface_temperature",
    "radiative_temperature",
    "effective_emissivity",
    "effective_albedo",
    "tallest_building_height",
    "neutral_drag_coefficient",
    "naive_drag_coefficient",
)
"""What `fill_effective_fields` fills, in this order."""


ROUGHNESS_SUBLAYER = 2.5
"""Building heights below which a blending height has no meaning."""


class Mixture(NamedTuple):
    """Patches as arrays: ln z0, and one row each for ln z0h, d, T, emissivity, albedo and building height."""

    log_roughness: np.ndarray
    properties: np.ndarray

    @classmethod
    def of(cls, patches: Any) -> "Mixture":
        """From a sequence of `Patch`."""
        rows: list[Patch] = list(patches)
        columns = [
            (
                math.log(patch.heat_roughness_length),
                patch.displacement_height,
                patch.surface_temperature,
                patch.emissivity,
                patch.albedo,
                patch.building_height,
            )
            for patch in rows
        ]
        logarithms = np.array([math.log(patch.roughness_length) for patch in rows])
        return cls(logarithms, np.ascontiguousarray(np.array(columns).T))


def average_patches(
    mixture: Mixture,
    fraction: np.ndarray,
    wavelength: float,
    kappa: float,
    claussen: float,
    fixed_height: float | None,
) -> tuple[dict[str, float], np.ndarray]:
    """All `FIELDS` by name, and each patch's stress over the mean; `fixed_height` replaces the self-consistent one."""
    out, stress = np.empty(len(FIELDS)), np.zeros(fraction.size)
    fixed = -1.0 if fixed_height is None else fixed_height
    fill_effective_fields(
        mixture.log_roughness, mixture.properties, fraction, wavelength, kappa, claussen, fixed, out, stress
    )
    return dict(zip(FIELDS, out.tolist(), strict=True)), stress


@njit(cache=True, nogil=True)
def fill_effective_fields(
    log_z: np.ndarray,
    properties: np.ndarray,
    fraction: np.ndarray,
    wavelength: float,
    kappa: float,
    claussen: float,
    fixed_height: float,
    out: np.ndarray,
    stress: np.ndarray,
) -> None:
    """`FIELDS` of one mixture into `out`; fractions add up to 1, and a `fixed_height` below 0 means: self-consistent.

    Heights enter as s = ln(l_b / z_max), which stays exact where the blending height comes close to the roughest patch.
    """
    log_heat, displacement, temperature, emissivity, albedo, building = properties
    if fixed_height > 0.0:
        top = -math.inf
        for i in range(log_z.size):
            if fraction[i] > 0.0:
                top = max(top, log_z[i])
        s = math.log(fixed_height) - top
    else:
        top, s, _ = blend_with_logarithms(log_z, fraction, wavelength, kappa)
    mean, square, plain, largest, dominant, tallest = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    drag, transfer, lift, warm, warmth, emitted, radiance, reflected = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(log_z.size):
        f = fraction[i]
        if not f > 0.0:
            continue
        z = math.exp(log_z[i])
        mean += f * log_z[i]
        plain += f * z
        if f > largest:
            largest, dominant = f, z
        height = s + top - log_z[i]
        depth = s + top - log_heat[i]
        stress[i] = 1.0 / (height * height)
        drag += f * stress[i]
        transfer += f / (height * depth)
        lift += f * stress[i] * displacement[i]
        warm += f / (height * depth) * temperature[i]
        warmth += f * temperature[i]
        emitted += f * emissivity[i]
        radiance += f * emissivity[i] * temperature[i] ** 4
        reflected += f * albedo[i]
        tallest = max(tallest, building[i])
    for i in range(log_z.size):
        square += fraction[i] * (log_z[i] - mean) ** 2
        stress[i] = stress[i] / drag if fraction[i] > 0.0 else 0.0
    blending = math.exp(top + s)
    effective = 1.0 / math.sqrt(drag)
    out[0] = blending
    out[1] = blending * math.exp(-effective)
    out[2] = math.exp(mean)
    out[3] = plain
    out[4] = dominant
    out[5] = math.exp(mean + 1.5 * square / (top + s - mean))
    out[6] = square
    reach = claussen * kappa * wavelength
    out[7] = reach / solve_lambert(reach / out[1])
    out[8] = blending * math.exp(-1.0 / (effective * transfer))
    out[9] = lift / drag
    out[10] = warm / transfer
    out[11] = warmth
    out[12] = (radiance / emitted) ** 0.25
    out[13] = emitted
    out[14] = reflected
    out[15] = tallest
    out[16] = kappa * kappa * drag
    out[17] = (kappa / (top + s - mean)) ** 2

r"""Cities and patchworks: one surface for a weather model's grid cell, from the patches inside it.

**Micro** (1 to 100 m): roofs, walls, lawns and lakes. Their shape gives each patch a roughness length and a
displacement height (:mod:`.morphometry`), or their class does (:mod:`.land_cover`: Local Climate Zones, Davenport's
classes). **Meso** (100 m to 10 km): the patches alternate with a wavelength *L_c*, and turbulence mixes their fluxes
into one at the blending height (:mod:`.blending_height`, :mod:`.internal_boundary_layer`, :mod:`.flux_decay`).
**Macro** (1 to 50 km): the roughness length, displacement height and temperature of the cell (:mod:`.averages`), for
one cell (`UrbanSurface`) or a map (`effective_surface_map`).

.. math:: \frac{l_b}{L_c} \ln^2 \frac{l_b}{z_e} = 2 \kappa^2                                                 \tag{1}

.. math:: \frac{1}{\ln^2(l_b / z_e)} = \sum_i \frac{f_i}{\ln^2(l_b / z_i)}                                   \tag{2}

.. math:: \Pi = \frac{3}{2} \frac{\operatorname{var}(\ln z)}{\ln(l_b / z_m)}, \qquad
          \ln z_m = \sum_i f_i \ln z_i                                                                       \tag{3}

The logarithmic mean *z_m* is the naive answer. It is always too smooth, by *exp(Pi)* to leading order: rough patches
take more than their share of the stress, the more so the finer the patchwork. **What was found**: Mason's blending
height (1) is, within 15 per cent over two decades of wavelength and roughness, the height where the linear theory of
advection and diffusion leaves 1/e of a flux perturbation; the height where 5 per cent are left is three to five times
higher.

Two lengths are easily confused: *L_c* is the full wavelength (one patch **and** the next), and heights count from the
displacement plane. Validity: neutral flow, flat ground, patches longer than a few heights of their roughness
elements, and blending heights above 2.5 building heights, below which single buildings are felt (flagged as
`blending_height_valid`). Averages of albedo and emissivity are those of flat patches: trapping in street canyons is
left out.

References
----------
1. Mason, Q. J. R. Meteorol. Soc. 114, 399 (1988), doi:10.1002/qj.49711448007.
2. Wood & Mason, Q. J. R. Meteorol. Soc. 117, 1025 (1991), doi:10.1002/qj.49711750108.
3. Claussen, Boundary-Layer Meteorol. 54, 387 (1991), doi:10.1007/BF00118868.
4. Macdonald, Griffiths & Hall, Atmos. Environ. 32, 1857 (1998), doi:10.1016/S1352-2310(97)00403-2.
5. Grimmond & Oke, J. Appl. Meteorol. 38, 1262 (1999), doi:10.1175/1520-0450(1999)038<1262:APOUAD>2.0.CO;2.
6. Stewart & Oke, Bull. Am. Meteorol. Soc. 93, 1879 (2012), doi:10.1175/BAMS-D-11-00019.1.

Examples
--------
>>> surface = STRIPES.run()
>>> round(float(surface.answer), 4), round(float(surface.naive_answer), 4)
(0.3869, 0.1)
"""

from .averages import (
    Blend,
    blend_roughness,
    brightness_temperature,
    drag_weighted_height,
    effective_heat_roughness_length,
    effective_roughness_length,
    effective_surface_temperature,
    heat_transfer_coefficient,
    log_mean_roughness_length,
    neutral_drag_coefficient,
    radiative_temperature,
    roughness_length_of_drag,
    second_order_roughness_length,
)
from .blending_height import (
    diffusion_blending_height,
    mason_blending_height,
    scaling_blending_height,
    thermal_blending_height,
)
from .effective_fractions import effective_surface_of_fractions
from .effective_map import effective_surface_map
from .evidence import EVIDENCE as EVIDENCE
from .flux_decay import blend_flux_map, flux_amplitude, flux_decay_height, flux_response
from .internal_boundary_layer import (
    brutsaert_layer_depth,
    elliott_layer_depth,
    friction_velocity_ratio,
    meneveau_layer_depth,
    panofsky_dutton_layer_depth,
    wasp_layer_depth,
    wood_layer_depth,
)
from .land_cover import DAVENPORT_CLASSES, LOCAL_CLIMATE_ZONES, DavenportClass, LocalClimateZone
from .morphometry import (
    Buildings,
    bluff_body_heat_roughness_length,
    canyon_frontal_area_fraction,
    describe_buildings,
    macdonald_displacement_height,
    macdonald_roughness_length,
    projected_width,
    rule_of_thumb_displacement_height,
    rule_of_thumb_roughness_length,
)
from .patch import DAVENPORT_PATCHES, LOCAL_CLIMATE_ZONE_PATCHES, Patch, patch_of_zone
from .plug_flow import footprint_flux_ratio, plug_flow_flux_amplitude, plug_flow_flux_phase
from .raster import pattern_wavelength
from .surface import FARMLAND_AND_WOODS, GARDEN_SUBURB, PATCHY_CITY, STRIPES, UrbanSurface

__all__ = [
    "DAVENPORT_CLASSES",
    "DAVENPORT_PATCHES",
    "FARMLAND_AND_WOODS",
    "GARDEN_SUBURB",
    "LOCAL_CLIMATE_ZONES",
    "LOCAL_CLIMATE_ZONE_PATCHES",
    "PATCHY_CITY",
    "STRIPES",
    "Blend",
    "Buildings",
    "DavenportClass",
    "LocalClimateZone",
    "Patch",
    "UrbanSurface",
    "blend_flux_map",
    "blend_roughness",
    "bluff_body_heat_roughness_length",
    "brightness_temperature",
    "brutsaert_layer_depth",
    "canyon_frontal_area_fraction",
    "describe_buildings",
    "diffusion_blending_height",
    "drag_weighted_height",
    "effective_heat_roughness_length",
    "effective_roughness_length",
    "effective_surface_map",
    "effective_surface_of_fractions",
    "effective_surface_temperature",
    "elliott_layer_depth",
    "flux_amplitude",
    "flux_decay_height",
    "flux_response",
    "footprint_flux_ratio",
    "friction_velocity_ratio",
    "heat_transfer_coefficient",
    "log_mean_roughness_length",
    "macdonald_displacement_height",
    "macdonald_roughness_length",
    "mason_blending_height",
    "meneveau_layer_depth",
    "neutral_drag_coefficient",
    "panofsky_dutton_layer_depth",
    "patch_of_zone",
    "pattern_wavelength",
    "plug_flow_flux_amplitude",
    "plug_flow_flux_phase",
    "projected_width",
    "radiative_temperature",
    "roughness_length_of_drag",
    "rule_of_thumb_displacement_height",
    "rule_of_thumb_roughness_length",
    "scaling_blending_height",
    "second_order_roughness_length",
    "thermal_blending_height",
    "wasp_layer_depth",
    "wood_layer_depth",
]

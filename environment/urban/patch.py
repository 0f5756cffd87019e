"""Patches: what the wind meets in one piece of a patchwork, and the patches that stand for classes of land cover.

Built zones lose heat through the thin layer at their walls (Kanda et al. 2007, at a friction velocity of 0.5 m/s);
over natural land the roughness length for heat is a tenth of that for momentum (Garratt & Francey 1978). Displacement
heights are Macdonald's for built zones, and two thirds of the height for dense trees; open land has none.

References
----------
1. Stewart & Oke, Bull. Am. Meteorol. Soc. 93, 1879 (2012), doi:10.1175/BAMS-D-11-00019.1.
2. Kanda et al., J. Appl. Meteorol. Climatol. 46, 1067 (2007), doi:10.1175/JAM2523.1.
3. Garratt & Francey, Boundary-Layer Meteorol. 15, 399 (1978), doi:10.1007/BF00120603.
4. Oke, Mills, Christen & Voogt, Urban Climates, Cambridge (2017), doi:10.1017/9781139016476: emissivities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from ...core.model import Record, param
from ...core.quantities import Fraction, Length, Temperature
from .land_cover import DAVENPORT_CLASSES, LOCAL_CLIMATE_ZONES, LocalClimateZone
from .morphometry import bluff_body_heat_roughness_length

__all__ = ["DAVENPORT_PATCHES", "LOCAL_CLIMATE_ZONE_PATCHES", "Patch", "patch_of_zone"]


class Patch(Record):
    """One kind of surface and its share of the area."""

    area_fraction: Fraction = param(1.0, "share of the area", source="definition", ge=0, le=1, span=(0.0, 1.0))
    roughness_length: Length = param(
        0.1,
        "roughness length for momentum",
        source="Davenport et al. (2000), class 4",
        ge=1e-6,
        le=20,
        span=(0.0002, 2.0),  # Davenport's classes 1 to 8
    )
    heat_roughness_length: Length = param(
        0.01, "roughness length for heat", source="a tenth: Garratt & Francey (1978)", ge=1e-14, le=20
    )
    displacement_height: Length = param(0.0, "displacement height", source="open land", ge=0, le=500, span=(0.0, 30.0))
    building_height: Length = param(
        0.0, "height of buildings or trees, 0 for open land", source="open land", ge=0, le=1000, span=(0.0, 50.0)
    )
    surface_temperature: Temperature = param(
        293.15, "temperature of the surface", source="room temperature", ge=150, le=400, span=(270.0, 330.0)
    )
    emissivity: Fraction = param(0.95, "longwave emissivity", source="Oke et al. (2017)", ge=0.01, le=1)
    albedo: Fraction = param(0.2, "shortwave albedo", source="Stewart & Oke (2012)", ge=0, le=1)


def patch_of_zone(zone: LocalClimateZone, friction_velocity: float = 0.5) -> Patch:
    """The patch that stands for a Local Climate Zone.

    Parameters
    ----------
    zone : LocalClimateZone
        From `LOCAL_CLIMATE_ZONES`.
    friction_velocity : float
        For the roughness length of heat of built zones [m s-1].

    Returns
    -------
    Patch
        On the whole area.

    Examples
    --------
    >>> patch_of_zone(LOCAL_CLIMATE_ZONES["6"]).roughness_length
    0.5
    """
    roughness = zone.roughness_length
    low, high = zone.element_height
    height = zone.building_height or (math.sqrt(low * high) if low and high else 0.0)
    if zone.building_height is not None:
        heat = float(bluff_body_heat_roughness_length(roughness, friction_velocity))
    else:
        heat = roughness / 10.0
    displacement = zone.macdonald_displacement_height
    if displacement is None:
        displacement = 2.0 / 3.0 * height if zone.name == "A" else 0.0
    dark, bright = zone.albedo
    return Patch(
        roughness_length=roughness,
        heat_roughness_length=heat,
        displacement_height=displacement,
        building_height=height,
        albedo=0.5 * ((dark or 0.0) + (bright or 0.0)),
    )


def _index_zones() -> Mapping[int, Patch]:
    patches = {zone.number: patch_of_zone(zone) for zone in LOCAL_CLIMATE_ZONES.values()}
    return patches | {number + 90: patches[number] for number in range(11, 18)}


LOCAL_CLIMATE_ZONE_PATCHES: Mapping[int, Patch] = MappingProxyType(dict(_index_zones()))
"""Patches by the code in a raster: 1 to 17, and WUDAPT's 101 to 107 for A to G."""

DAVENPORT_PATCHES: Mapping[int, Patch] = MappingProxyType(
    {
        entry.number: Patch(
            roughness_length=entry.roughness_length, heat_roughness_length=entry.roughness_length / 10.0
        )
        for entry in DAVENPORT_CLASSES.values()
    }
)
"""Patches by Davenport's class, 1 to 8."""

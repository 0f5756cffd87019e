"""Tables of land cover: Local Climate Zones and Davenport's roughness classes, as data.

Ranges are printed as in their sources; None leaves an end open. One number for a range is the middle of its
logarithm; for "at least" it is the lower end (so tall cities are rather underestimated), for "at most" Davenport's
class of the sea. Where buildings are known, Macdonald's morphometry gives a second opinion. The two differ by more
than a factor of 3 for zone 4 (open high-rise: 8.9 m against "at least 1 m"), zone 5 (open mid-rise: 2.1 m against
0.25 to 1 m) and zone 7 (lightweight low-rise: 0.02 m against 0.1 to 0.5 m): look at both.

References
----------
1. Stewart & Oke, Bull. Am. Meteorol. Soc. 93, 1879 (2012), doi:10.1175/BAMS-D-11-00019.1: zones and ranges.
2. Demuzere et al., J. Open Source Softw. 7, 4432 (2022), doi:10.21105/joss.04432 (w2w): height, plan area fraction,
   aspect ratio and urban fraction of each built zone, after Stewart, Oke & Krayenhoff (2014).
3. Davenport, Grimmond, Oke & Wieringa, 12th AMS Conf. Applied Climatology (2000), 96: roughness classes.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from .morphometry import canyon_frontal_area_fraction, macdonald_displacement_height, macdonald_roughness_length

__all__ = [
    "DAVENPORT_CLASSES",
    "LOCAL_CLIMATE_ZONES",
    "DavenportClass",
    "DavenportName",
    "LocalClimateZone",
    "ZoneName",
]

Range = tuple[float | None, float | None]
ZoneName = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "A", "B", "C", "D", "E", "F", "G"]
DavenportName = Literal["sea", "smooth", "open", "roughly open", "rough", "very rough", "closed", "chaotic"]

_SEA = 0.0002  # m, Davenport's class 1


@dataclass(frozen=True, slots=True)
class DavenportClass:
    """A roughness class.

    Attributes
    ----------
    number : int
        1 to 8.
    name : str
        In Davenport's words.
    roughness_length : float
        [m]; of class 8 the lower end.
    """

    number: int
    name: DavenportName
    roughness_length: float


@dataclass(frozen=True, slots=True)
class LocalClimateZone:
    """A zone of Stewart & Oke (2012) with its ranges, and the one building of w2w that stands for it.

    Attributes
    ----------
    number : int
        1 to 17, as in rasters; zones A to G are 11 to 17, in WUDAPT's maps 101 to 107.
    name, description : str
        "1" to "10" and "A" to "G", and what it looks like.
    sky_view_factor, aspect_ratio, building_fraction, impervious_fraction, pervious_fraction : Range
        [1]
    element_height, roughness_range : Range
        Height of buildings or trees, and roughness length [m].
    albedo : Range
        [1]
    anthropogenic_heat : Range
        [W m-2]
    building_height, plan_area_fraction, canyon_aspect_ratio, urban_fraction : float or None
        The building of w2w [m, 1, 1, 1]; None for natural land.
    """

    number: int
    name: ZoneName
    description: str
    sky_view_factor: Range
    aspect_ratio: Range
    building_fraction: Range
    impervious_fraction: Range
    pervious_fraction: Range
    element_height: Range
    roughness_range: Range
    albedo: Range
    anthropogenic_heat: Range
    building_height: float | None = None
    plan_area_fraction: float | None = None
    canyon_aspect_ratio: float | None = None
    urban_fraction: float | None = None

    @property
    def roughness_length(self) -> float:
        """One roughness length for the range [m]."""
        low, high = self.roughness_range
        if low is None:
            return _SEA
        return low if high is None else math.sqrt(low * high)

    @property
    def macdonald_roughness_length(self) -> float | None:
        """The second opinion: Macdonald's for the building of w2w [m]; None for natural land."""
        if self.building_height is None or self.plan_area_fraction is None or self.canyon_aspect_ratio is None:
            return None
        frontal = canyon_frontal_area_fraction(self.canyon_aspect_ratio, self.plan_area_fraction)
        return float(macdonald_roughness_length(self.building_height, self.plan_area_fraction, frontal))

    @property
    def macdonald_displacement_height(self) -> float | None:
        """Macdonald's for the building of w2w [m]; None for natural land."""
        if self.building_height is None or self.plan_area_fraction is None:
            return None
        return float(macdonald_displacement_height(self.building_height, self.plan_area_fraction))

    @property
    def roughness_disagreement(self) -> float | None:
        """The larger of the two opinions on roughness over the smaller [1]; above 3, choose with care."""
        other = self.macdonald_roughness_length
        if other is None:
            return None
        return max(other, self.roughness_length) / min(other, self.roughness_length)


_Z = LocalClimateZone
_FIELD, _LOW = (0.9, None), (None, 0.1)

# Sky view, H/W, buildings, impervious, pervious, height, roughness, albedo, heat | w2w: H, roofs, H/W, urban
_ZONES = (
    _Z(1, "1", "compact high-rise", (0.2, 0.4), (2, None), (0.4, 0.6), (0.4, 0.6), _LOW, (25, None), (2.0, None),
       (0.10, 0.20), (50, 300), 50.0, 0.50, 2.5, 0.95),
    _Z(2, "2", "compact mid-rise", (0.3, 0.6), (0.75, 2), (0.4, 0.7), (0.3, 0.5), (None, 0.2), (10, 25), (0.5, 2.0),
       (0.10, 0.20), (None, 75), 17.5, 0.55, 1.25, 0.9),
    _Z(3, "3", "compact low-rise", (0.2, 0.6), (0.75, 1.5), (0.4, 0.7), (0.2, 0.5), (None, 0.3), (3, 10), (0.5, 1.0),
       (0.10, 0.20), (None, 75), 6.5, 0.55, 1.25, 0.85),
    _Z(4, "4", "open high-rise", (0.5, 0.7), (0.75, 1.25), (0.2, 0.4), (0.3, 0.4), (0.3, 0.4), (25, None), (1.0, None),
       (0.12, 0.25), (None, 50), 50.0, 0.30, 1.0, 0.65),
    _Z(5, "5", "open mid-rise", (0.5, 0.8), (0.3, 0.75), (0.2, 0.4), (0.3, 0.5), (0.2, 0.4), (10, 25), (0.25, 1.0),
       (0.12, 0.25), (None, 25), 17.5, 0.30, 0.5, 0.7),
    _Z(6, "6", "open low-rise", (0.6, 0.9), (0.3, 0.75), (0.2, 0.4), (0.2, 0.5), (0.3, 0.6), (3, 10), (0.25, 1.0),
       (0.12, 0.25), (None, 25), 6.5, 0.30, 0.5, 0.6),
    _Z(7, "7", "lightweight low-rise", (0.2, 0.5), (1, 2), (0.6, 0.9), (None, 0.2), (None, 0.3), (2, 4), (0.1, 0.5),
       (0.15, 0.35), (None, 35), 5.0, 0.75, 1.5, 0.85),
    _Z(8, "8", "large low-rise", (0.7, None), (0.1, 0.3), (0.3, 0.5), (0.4, 0.5), (None, 0.2), (3, 10), (0.25, 0.5),
       (0.15, 0.25), (None, 50), 6.5, 0.40, 0.2, 0.85),
    _Z(9, "9", "sparsely built", (0.8, None), (0.1, 0.25), (0.1, 0.2), (None, 0.2), (0.6, 0.8), (3, 10), (0.25, 1.0),
       (0.12, 0.25), (None, 10), 6.5, 0.15, 0.15, 0.3),
    _Z(10, "10", "heavy industry", (0.6, 0.9), (0.2, 0.5), (0.2, 0.3), (0.2, 0.4), (0.4, 0.5), (5, 15), (0.25, 1.0),
       (0.12, 0.20), (300, None), 10.0, 0.25, 0.35, 0.55),
    _Z(11, "A", "dense trees", (None, 0.4), (1, None), _LOW, _LOW, _FIELD, (3, 30), (2.0, None), (0.10, 0.20), (0, 0)),
    _Z(12, "B", "scattered trees", (0.5, 0.8), (0.25, 0.75), _LOW, _LOW, _FIELD, (3, 15), (0.25, 1.0), (0.15, 0.25),
       (0, 0)),
    _Z(13, "C", "bush, scrub", (0.7, 0.9), (0.25, 1.0), _LOW, _LOW, _FIELD, (None, 2), (0.1, 0.5), (0.15, 0.30),
       (0, 0)),
    _Z(14, "D", "low plants", _FIELD, _LOW, _LOW, _LOW, _FIELD, (None, 1), (0.03, 0.25), (0.15, 0.25), (0, 0)),
    _Z(15, "E", "bare rock or paved", _FIELD, _LOW, _LOW, _FIELD, _LOW, (None, 0.25), (0.0005, 0.03), (0.15, 0.30),
       (0, 0)),
    _Z(16, "F", "bare soil or sand", _FIELD, _LOW, _LOW, _LOW, _FIELD, (None, 0.25), (0.0005, 0.03), (0.20, 0.35),
       (0, 0)),
    _Z(17, "G", "water", _FIELD, _LOW, _LOW, _LOW, _FIELD, (None, None), (None, 0.0005), (0.02, 0.10), (0, 0)),
)  # fmt: skip

LOCAL_CLIMATE_ZONES: MappingProxyType[str, LocalClimateZone] = MappingProxyType({zone.name: zone for zone in _ZONES})
"""The seventeen zones by name."""

DAVENPORT_CLASSES: MappingProxyType[str, DavenportClass] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            DavenportClass(1, "sea", _SEA),
            DavenportClass(2, "smooth", 0.005),
            DavenportClass(3, "open", 0.03),
            DavenportClass(4, "roughly open", 0.10),
            DavenportClass(5, "rough", 0.25),
            DavenportClass(6, "very rough", 0.5),
            DavenportClass(7, "closed", 1.0),
            DavenportClass(8, "chaotic", 2.0),
        )
    }
)
"""The eight classes by name."""

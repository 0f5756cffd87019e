"""Tables of land cover: printed ranges, the Macdonald column, what follows for patches."""

import math

import pytest
from mesoscale.environment.urban import (
    DAVENPORT_CLASSES,
    DAVENPORT_PATCHES,
    LOCAL_CLIMATE_ZONE_PATCHES,
    LOCAL_CLIMATE_ZONES,
    Patch,
    patch_of_zone,
)

# Macdonald's displacement height and roughness length of the built zones with the buildings of w2w
MACDONALD = {
    "1": (38.122, 4.6045),
    "2": (14.027, 0.7405),
    "3": (5.210, 0.2750),
    "4": (27.605, 8.9047),
    "5": (9.662, 2.1271),
    "6": (3.589, 0.7901),
    "7": (4.591, 0.0215),
    "8": (4.350, 0.1610),
    "9": (2.081, 0.7650),
    "10": (4.830, 1.2725),
}


@pytest.mark.parametrize("name", MACDONALD)
def test_macdonald_for_the_buildings_of_w2w(name):
    displacement, roughness = MACDONALD[name]
    zone = LOCAL_CLIMATE_ZONES[name]
    assert zone.macdonald_displacement_height == pytest.approx(displacement, abs=6e-4)
    assert zone.macdonald_roughness_length == pytest.approx(roughness, abs=6e-5)


def test_demuzere2022_urban_fractions():
    found = [zone.urban_fraction for zone in LOCAL_CLIMATE_ZONES.values() if zone.urban_fraction is not None]
    assert found == [0.95, 0.9, 0.85, 0.65, 0.7, 0.6, 0.85, 0.85, 0.3, 0.55]


def test_stewart2012_roughness_ranges():
    ranges = [zone.roughness_range for zone in LOCAL_CLIMATE_ZONES.values()]
    assert ranges[:5] == [(2.0, None), (0.5, 2.0), (0.5, 1.0), (1.0, None), (0.25, 1.0)]
    assert ranges[5:10] == [(0.25, 1.0), (0.1, 0.5), (0.25, 0.5), (0.25, 1.0), (0.25, 1.0)]
    assert ranges[10:14] == [(2.0, None), (0.25, 1.0), (0.1, 0.5), (0.03, 0.25)]
    assert ranges[14:] == [(0.0005, 0.03), (0.0005, 0.03), (None, 0.0005)]


def test_every_range_is_in_order_and_possible():
    for zone in LOCAL_CLIMATE_ZONES.values():
        fields = ("sky_view_factor", "building_fraction", "impervious_fraction", "pervious_fraction", "albedo")
        for field in fields:
            low, high = getattr(zone, field)
            assert 0 <= (low or 0) <= (1 if high is None else high) <= 1, (zone.name, field)
        for field in ("aspect_ratio", "element_height", "roughness_range", "anthropogenic_heat"):
            low, high = getattr(zone, field)
            assert low is None or high is None or low <= high, (zone.name, field)


def test_the_buildings_of_w2w_lie_in_the_ranges_of_their_zone():
    for zone in LOCAL_CLIMATE_ZONES.values():
        if zone.building_height is None:
            assert zone.number > 10
            continue
        low, high = zone.element_height
        if zone.name != "7":  # lightweight housing: 5 m beside a range of 2 to 4 m, as published
            assert low <= zone.building_height <= (high or math.inf)
        low, high = zone.building_fraction
        assert low <= zone.plan_area_fraction <= high


def test_zones_are_numbered_in_order():
    assert [zone.number for zone in LOCAL_CLIMATE_ZONES.values()] == list(range(1, 18))
    assert "".join(LOCAL_CLIMATE_ZONES) == "12345678910ABCDEFG"
    assert all(name == zone.name for name, zone in LOCAL_CLIMATE_ZONES.items())


def test_one_number_for_a_range():
    assert LOCAL_CLIMATE_ZONES["2"].roughness_length == pytest.approx(1.0)  # middle of 0.5 and 2 in the logarithm
    assert LOCAL_CLIMATE_ZONES["1"].roughness_length == 2.0  # at least 2
    assert LOCAL_CLIMATE_ZONES["G"].roughness_length == 0.0002  # at most 0.0005: Davenport's sea


def test_two_opinions_on_roughness_differ_most_for_tall_open_and_light_zones():
    far = {name for name, z in LOCAL_CLIMATE_ZONES.items() if (z.roughness_disagreement or 0) > 3}
    assert far == {"4", "5", "7"}
    assert LOCAL_CLIMATE_ZONES["7"].roughness_disagreement == pytest.approx(10.4, abs=0.05)
    assert LOCAL_CLIMATE_ZONES["A"].roughness_disagreement is None
    assert LOCAL_CLIMATE_ZONES["A"].macdonald_roughness_length is None
    assert LOCAL_CLIMATE_ZONES["A"].macdonald_displacement_height is None


def test_davenport2000_classes():
    found = [(entry.number, entry.roughness_length) for entry in DAVENPORT_CLASSES.values()]
    assert found == [(1, 0.0002), (2, 0.005), (3, 0.03), (4, 0.1), (5, 0.25), (6, 0.5), (7, 1.0), (8, 2.0)]
    assert [DAVENPORT_PATCHES[k].roughness_length for k in range(1, 9)] == [z for _, z in found]


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        LOCAL_CLIMATE_ZONES["1"] = None
    with pytest.raises(TypeError):
        DAVENPORT_CLASSES["sea"] = None
    with pytest.raises(AttributeError):
        LOCAL_CLIMATE_ZONES["1"].number = 3


def test_codes_of_rasters():
    assert set(LOCAL_CLIMATE_ZONE_PATCHES) == {*range(1, 18), *range(101, 108)}
    for letter in range(7):
        assert LOCAL_CLIMATE_ZONE_PATCHES[101 + letter] is LOCAL_CLIMATE_ZONE_PATCHES[11 + letter]


@pytest.mark.parametrize("name", LOCAL_CLIMATE_ZONES)
def test_the_patch_of_a_zone(name):
    zone = LOCAL_CLIMATE_ZONES[name]
    patch = patch_of_zone(zone)
    assert isinstance(patch, Patch)
    assert patch.area_fraction == 1.0
    assert patch.roughness_length == zone.roughness_length
    assert patch.heat_roughness_length < patch.roughness_length
    assert 0 <= patch.displacement_height <= patch.building_height
    low, high = zone.albedo
    assert low <= patch.albedo <= high
    if zone.building_height is None:
        assert patch.heat_roughness_length == pytest.approx(zone.roughness_length / 10)
    else:  # bluff bodies
        assert patch.heat_roughness_length < 1e-4 * zone.roughness_length


def test_heat_leaves_a_city_worse_in_stronger_wind():
    zone = LOCAL_CLIMATE_ZONES["2"]
    calm, windy = patch_of_zone(zone, 0.2), patch_of_zone(zone, 1.0)
    assert calm.heat_roughness_length == pytest.approx(6.436355e-6, rel=1e-6)
    assert windy.heat_roughness_length == pytest.approx(6.409906e-9, rel=1e-6)

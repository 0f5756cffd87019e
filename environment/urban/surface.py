r"""The surface of one grid cell, from its patches to the numbers that a weather model needs.

Micro: patches (a park, a row of houses, a lake) with their roughness, temperature and radiation. Meso: the patchwork,
of wavelength *L_c*, blends at a height that depends on what it blends to. Macro: one roughness length, displacement
height and temperature that give the mean fluxes of the cell.

The governing ratio is the error of the logarithmic mean in e-folds of the roughness length, to leading order:

.. math:: \Pi = \frac{3}{2} \frac{\operatorname{var}(\ln z_0)}{\ln(l_b / z_m)}, \quad
          \ln z_m = \langle \ln z_0 \rangle                                                                  \tag{1}

Rough patches stand out where the spread of roughness is large beside the depth (in logarithms) over which the wind
blends it. The ratio vanishes where the second patch is as smooth as the first, and grows with its roughness length:
that is the control, over the whole range of Davenport's classes, from the sea to a chaotic town. (The wavelength moves
the ratio little: it enters through a logarithm.) Finer patchworks blend lower, and so the rough patches rule: the
effective roughness **falls** with patch size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from ...core.model import Model, Result, Streams, Tick, param, problem
from ...core.quantities import Dimensionless, Fraction, Length, Temperature
from .blending_height import mason_blending_height
from .flux_decay import decay_profile
from .land_cover import DAVENPORT_CLASSES, LOCAL_CLIMATE_ZONES
from .mixture import ROUGHNESS_SUBLAYER, Mixture, average_patches
from .patch import LOCAL_CLIMATE_ZONE_PATCHES, Patch, patch_of_zone
from .raster import WindAxis, read_raster

__all__ = [
    "FARMLAND_AND_WOODS",
    "GARDEN_SUBURB",
    "PATCHY_CITY",
    "STRIPES",
    "UrbanSurface",
]

_MOST_PATCHES = 256


class UrbanSurface(Model):
    """A patchwork of surfaces in neutral wind and the one surface that replaces it."""

    patches: tuple[Patch, ...] = param(
        (
            Patch(area_fraction=0.5, roughness_length=0.0002, heat_roughness_length=2e-5, albedo=0.06),
            Patch(
                area_fraction=0.5,
                roughness_length=1.0,
                heat_roughness_length=1.77e-7,
                displacement_height=4.8,
                building_height=10.0,
                surface_temperature=303.15,
                albedo=0.15,
            ),
        ),
        "what the wind meets; area fractions add up to 1",
        source="sea and closed town of Davenport et al. (2000), half and half",
    )
    heterogeneity_length: Length = param(
        2000.0,
        "wavelength of the pattern: one patch and the next",
        source="a bay of 1 km beside 1 km of town",
        ge=0.1,
        le=1e7,
        span=(30.0, 1e5),
    )
    fixed_blending_height: Length | None = param(
        None,
        "blending height to use instead of the self-consistent one",
        source="Mason (1988)",
        gt=0,
        le=1e5,
        span=(25.0, 500.0),
    )
    von_karman: Dimensionless = param(0.4, "von Karman's constant", source="Hogstrom (1988)", ge=0.35, le=0.43)
    claussen_constant: Dimensionless = param(
        1.75, "c_1 of the diffusion blending height", source="Claussen (1990)", ge=0.1, le=10
    )

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result(
            "answer",
            Length,
            "effective roughness length, weighted by drag at the blending height",
            beside="naive_answer",
        ),
        Result("naive_answer", Length, "logarithmic mean of the roughness lengths"),
        Result(
            "blending_height",
            Length,
            "blending height of the mean profile",
            valid="blending heights above 2.5 building heights",
        ),
        Result("diffusion_blending_height", Length, "blending height of diffusion"),
        Result(
            "flux_decay_height", Length, "height where 1/e of a flux perturbation is left", beside="blending_height"
        ),
        Result("physical_blending_height", Length, "height where 5 % of a flux perturbation are left"),
        Result(
            "second_order_roughness_length",
            Length,
            "effective roughness length to second order in the spread",
            valid="a variance of ln z0 below a tenth of the squared ln(l_b / z0)",
            beside="answer",
        ),
        Result("arithmetic_mean_roughness_length", Length, "arithmetic mean of the roughness lengths"),
        Result("dominant_roughness_length", Length, "roughness length of the largest patch"),
        Result("effective_heat_roughness_length", Length, "effective roughness length for heat"),
        Result("effective_displacement_height", Length, "displacement height, centre of drag"),
        Result("neutral_drag_coefficient", Dimensionless, "drag coefficient at the blending height"),
        Result("naive_drag_coefficient", Dimensionless, "drag coefficient of the logarithmic mean at the same height"),
        Result("effective_surface_temperature", Temperature, "surface temperature weighted by heat transfer"),
        Result("mean_surface_temperature", Temperature, "surface temperature weighted by area"),
        Result("radiative_temperature", Temperature, "temperature of the emitted longwave radiation"),
        Result("effective_emissivity", Fraction, "longwave emissivity"),
        Result("effective_albedo", Fraction, "shortwave albedo of flat patches"),
        Result("stress_ratio", Dimensionless, "stress on a patch over the mean stress", ("patch",)),
        Result("height", Length, "height above the displacement plane", ("height",)),
        Result("flux_amplitude", Dimensionless, "flux perturbation that is left", ("height",)),
    )
    competition: ClassVar[str | None] = "spread of roughness between patches / depth over which the wind blends it"
    control: ClassVar[str | None] = "patches.1.roughness_length"
    quick: ClassVar[Mapping[str, Any]] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not 1 <= len(self.patches) <= _MOST_PATCHES:
            raise problem("patches", f"must be 1 to {_MOST_PATCHES} patches, not {len(self.patches)}")
        total = math.fsum(patch.area_fraction for patch in self.patches)
        if abs(total - 1.0) > 1e-6:
            sentence = f"must have area fractions that add up to 1 within 1e-6; they add up to {total:.17g}"
            raise problem("patches", f"{sentence}: divide each by this sum")
        present = [patch for patch in self.patches if patch.area_fraction > 0]
        roughest = max(patch.roughness_length for patch in present)
        if any(patch.heat_roughness_length > roughest for patch in present):
            sentence = f"must have heat roughness lengths of at most the largest roughness length, {roughest:.6g} m"
            raise problem("patches", sentence)
        # at the roughness length itself the logarithmic law has a pole
        if self.fixed_blending_height is not None and self.fixed_blending_height < 1.1 * roughest:
            sentence = f"must exceed the largest roughness length by a tenth: {1.1 * roughest:.6g} m"
            raise problem("fixed_blending_height", sentence)
        return self

    def governing_ratio(self) -> float:
        """Error of the logarithmic mean in e-folds, to leading order: equation (1)."""
        fractions = self._fractions()
        logarithms = [math.log(patch.roughness_length) for patch in self.patches]
        mean = sum(f * x for f, x in zip(fractions, logarithms, strict=True))
        variance = sum(f * (x - mean) ** 2 for f, x in zip(fractions, logarithms, strict=True))
        height = self.fixed_blending_height
        if height is None:
            height = mason_blending_height(self.heterogeneity_length, math.exp(mean), self.von_karman)
        return 1.5 * variance / (math.log(height) - mean)

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Averages of `average_patches` and the decay of flux perturbations; nothing is random."""
        fraction = np.array(self._fractions())
        mixture = Mixture.of(self.patches)
        found, stress = average_patches(
            mixture,
            fraction,
            self.heterogeneity_length,
            self.von_karman,
            self.claussen_constant,
            self.fixed_blending_height,
        )
        tallest, variance = found.pop("tallest_building_height"), found.pop("log_variance")
        effective, naive = found.pop("effective_roughness_length"), found.pop("log_mean_roughness_length")
        decay = decay_profile(self.heterogeneity_length, effective, self.von_karman)
        return {
            **found,
            "answer": effective,
            "naive_answer": naive,
            "blending_height_valid": found["blending_height"] >= ROUGHNESS_SUBLAYER * tallest,
            "second_order_roughness_length_valid": variance * found["naive_drag_coefficient"]
            <= 0.1 * self.von_karman**2,
            "stress_ratio": stress,
            "flux_decay_height": decay.first_height,
            "physical_blending_height": decay.last_height,
            "height": decay.height,
            "flux_amplitude": decay.amplitude,
        }

    def _fractions(self) -> list[float]:
        total = math.fsum(patch.area_fraction for patch in self.patches)
        return [patch.area_fraction / total for patch in self.patches]

    @classmethod
    def from_land_cover(
        cls,
        raster: Any,
        *,
        classes: Mapping[int, Patch] | None = LOCAL_CLIMATE_ZONE_PATCHES,
        resolution: Any = None,
        heterogeneity_length: Any = None,
        wind: WindAxis = "any",
    ) -> Self:
        """The surface of one grid cell from a raster of its land cover.

        Parameters
        ----------
        raster : xarray.DataArray
            Codes of land cover, or roughness lengths [m]; the two dimensions are rows and columns in projected
            coordinates.
        classes : mapping of int to Patch, optional
            What each code means. Default: Local Climate Zones, 1 to 17 (A to G also as 101 to 107). None: the raster
            holds roughness lengths; more than 64 different ones are collected in 64 classes of equal width in their
            logarithm.
        resolution : float or str, optional
            Side of a pixel [m], for rasters without projected coordinates.
        heterogeneity_length : float or str, optional
            Wavelength of the pattern [m]. Default: measured on the raster, see `pattern_wavelength`.
        wind : {"any", "x", "y"}
            Along which axis the wavelength is measured.

        Returns
        -------
        UrbanSurface
            Its patches are the classes that occur, the most frequent first.

        Raises
        ------
        ValueError
            If the raster is not as described, has unknown codes or no valid pixel.

        Examples
        --------
        >>> import xarray as xr
        >>> codes = xr.DataArray([[2, 2, 17, 17]] * 4, dims=("y", "x"))
        >>> surface = UrbanSurface.from_land_cover(codes, resolution=100.0)
        >>> [patch.area_fraction for patch in surface.patches]
        [0.5, 0.5]
        """
        grid = read_raster(raster, classes, resolution)
        wavelength = grid.wavelength(wind) if heterogeneity_length is None else heterogeneity_length
        return cls(patches=grid.collect_patches(), heterogeneity_length=wavelength)


def _mix(shares: Mapping[str, float]) -> tuple[Patch, ...]:
    zones = LOCAL_CLIMATE_ZONES
    return tuple(patch_of_zone(zones[name]).replace(area_fraction=share) for name, share in shares.items())


# Mixtures of classes with the classes' representative numbers: illustrations, not measurements of any one city.
PATCHY_CITY = UrbanSurface(
    patches=tuple(
        Patch(
            area_fraction=share,
            roughness_length=DAVENPORT_CLASSES[name].roughness_length,
            heat_roughness_length=DAVENPORT_CLASSES[name].roughness_length / 10.0,
        )
        for name, share in (("closed", 0.3), ("very rough", 0.4), ("roughly open", 0.2), ("sea", 0.1))
    ),
    heterogeneity_length=1000.0,
)
"""Davenport's classes in a city by the water: closed town, suburb, park and lake; L_c = 1 km."""

GARDEN_SUBURB = UrbanSurface(patches=_mix({"6": 0.6, "B": 0.2, "D": 0.2}), heterogeneity_length=400.0)
"""Open low-rise houses (zone 6), scattered trees (B) and lawns (D); L_c = 400 m."""

FARMLAND_AND_WOODS = UrbanSurface(patches=_mix({"D": 0.7, "A": 0.3}), heterogeneity_length=2000.0)
"""Fields (zone D) and woods (A); L_c = 2 km."""

STRIPES = UrbanSurface(
    patches=(
        Patch(area_fraction=0.5, roughness_length=0.01, heat_roughness_length=0.001),
        Patch(area_fraction=0.5, roughness_length=1.0, heat_roughness_length=0.1),
    ),
    heterogeneity_length=1000.0,
)
"""Equal stripes of 500 m with a contrast of 100: the standard test of aggregation; L_c = 1 km."""

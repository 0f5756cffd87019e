"""The model `FiberChain`; the story is told in :mod:`mesoscale.materials.fiber`."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import xarray as xr
from pydantic import model_validator
from scipy import constants

from ...core.model import Data, Estimate, Model, ParameterError, Result, Streams, Tick, param, problem
from ...core.quantities import (
    Area,
    BendingStiffness,
    Count,
    Dimensionless,
    FlexuralRigidity,
    Force,
    Length,
    Temperature,
    Unit,
    UnitError,
)
from . import rigidity
from .joints import Dimensions, JointPotential, discrete_persistence_length, joint_angle_variance, mean_cosine
from .loads import (
    Ends,
    cantilever_deflection,
    discrete_buckling_force,
    elastica_deflection,
    euler_buckling_force,
)
from .machines import bend_cantilever, buckle_chain
from .rigidity import average_groups
from .sampling import count_lags, count_modes, measure_chains, sample_chains
from .statistics import (
    ModeVariance,
    continuum_mean_square_end_to_end_distance,
    flexural_rigidity,
    mean_square_end_to_end_distance,
    mean_square_radius_of_gyration,
    persistence_length,
    tangent_correlation,
    tangent_mode_variance,
)
from .trajectory import measure_joints, read_beads

__all__ = ["FiberChain"]

_SOFTEST, _STIFFEST = 1e-3, 1e6  # kT: where all laws keep their digits
_MOST_JOINTS = 50_000_000  # of one run: a second or two
_LOADS = np.array([0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
_TEST_LOAD = 2  # index of the load from which the rigidity is read
_SOFT_ANGLE = "a chain whose joint angles are its only soft coordinate, stiffer than kT"
_STRAIGHT = "a rod shorter than its persistence length"


def _thermal_route(name: str, long_name: str) -> Result:
    return Result(
        f"flexural_rigidity_from_{name}",
        FlexuralRigidity,
        f"flexural rigidity {long_name}",
        error=True,
        exists="where a chain of some stiffness has the measured value",
        beside="flexural_rigidity",
    )


def _machine_route(name: str, long_name: str) -> Result:
    name, long_name = f"flexural_rigidity_from_{name}", f"flexural rigidity {long_name}"
    return Result(name, FlexuralRigidity, long_name, beside="flexural_rigidity")


class FiberChain(Model):
    """A free chain of rigid segments with stiff joints in a heat bath, and the same chain in a testing machine.

    Its flexural rigidity is measured by six routes that share nothing but the chain: the decay of the tangent
    correlation, the low modes of the tangent's angle, the size, the joint angles (maximum likelihood), a cantilever and
    a buckling strut. Each is corrected for the discreteness of the chain; all must agree with stiffness times length.
    """

    bending_stiffness: BendingStiffness = param(
        6.084e-19,
        "bending stiffness of a joint, k in k theta^2 / 2",
        source="a persistence length of 50 nm for double-stranded DNA, Bustamante et al. 1994",
        ge=1e-27,
        le=1e-12,
        span=(4.2e-21, 4e-17),
    )
    segment_length: Length = param(
        0.34e-9, "length of a segment", source="rise of a base pair of DNA, Watson & Crick 1953", ge=1e-12, le=1e3
    )
    segments: Count = param(300, "number of segments", source="numerical", ge=2, le=10_000)
    temperature: Temperature = param(300.0, "temperature", source="room temperature", gt=0, le=1e5)
    potential: JointPotential = param(
        "harmonic", "energy of a joint", source="Kratky & Porod 1949: the small-angle law"
    )
    dimensions: Dimensions = param(3, "dimensions in which the chain bends", source="a free chain; 2 on a surface")
    ends: Ends = param("pinned-pinned", "how the buckling strut is held", source="Euler 1744")
    torsion_limited: bool = param(
        False, "whether turns about the bonds are softer than the joints", source="Flory 1969, chapter 5"
    )
    samples: Count = param(10_000, "number of chains that are sampled", source="numerical", ge=2, le=10_000_000)
    joint_angles: Annotated[xr.DataArray, Data("rad", ("frame", "joint"), ge=-3.1416, le=3.1416)] | None = param(
        None, "measured joint angles, which take the place of sampled ones", source="the user"
    )
    torsion_angles: Annotated[xr.DataArray, Data("rad", ("frame", "torsion"), ge=-6.2832, le=6.2832)] | None = param(
        None, "measured angles between the planes of neighbouring joints; drawn if not given", source="the user"
    )

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("answer", Length, "root mean square end-to-end distance", error=True, valid=_SOFT_ANGLE),
        Result("naive_answer", Length, "contour length: the end-to-end distance of a straight rod"),
        Result("flexural_rigidity", FlexuralRigidity, "flexural rigidity, stiffness times length", valid=_SOFT_ANGLE),
        _thermal_route("tangent_correlation", "from the decay of the tangent correlation"),
        _thermal_route("modes", "from the variance of the lowest modes"),
        _thermal_route("end_to_end_distance", "from the mean square end-to-end distance"),
        _thermal_route("joint_angles", "from the joint angles by maximum likelihood"),
        _machine_route("cantilever", "from the tip of a bent cantilever"),
        _machine_route("buckling", "from the buckling load of a strut"),
        Result("persistence_length", Length, "persistence length of the continuum"),
        Result("discrete_persistence_length", Length, "persistence length of the chain"),
        Result("mean_cosine", Dimensionless, "mean cosine of a joint", error=True, beside="predicted_mean_cosine"),
        Result("predicted_mean_cosine", Dimensionless, "exact mean cosine of a joint"),
        Result(
            "mean_square_end_to_end_distance",
            Area,
            "mean square end-to-end distance",
            error=True,
            beside="predicted_mean_square_end_to_end_distance",
        ),
        Result("predicted_mean_square_end_to_end_distance", Area, "exact mean square end-to-end distance"),
        Result(
            "continuum_mean_square_end_to_end_distance",
            Area,
            "mean square end-to-end distance of a worm-like chain",
            valid="joints stiffer than 5 kT",
        ),
        Result(
            "mean_square_radius_of_gyration",
            Area,
            "mean square radius of gyration",
            error=True,
            beside="predicted_mean_square_radius_of_gyration",
        ),
        Result("predicted_mean_square_radius_of_gyration", Area, "exact mean square radius of gyration"),
        Result("lag", Count, "distance along the chain, in segments", dims=("lag",)),
        Result(
            "tangent_correlation",
            Dimensionless,
            "tangent correlation",
            dims=("lag",),
            error=True,
            beside="predicted_tangent_correlation",
        ),
        Result("predicted_tangent_correlation", Dimensionless, "exact tangent correlation", dims=("lag",)),
        Result("mode", Count, "mode of the tangent's angle", dims=("mode",)),
        Result(
            "tangent_mode_variance",
            ModeVariance,
            "variance of a tangent mode",
            dims=("mode",),
            error=True,
            beside="predicted_tangent_mode_variance",
        ),
        Result("predicted_tangent_mode_variance", ModeVariance, "exact variance of a tangent mode", dims=("mode",)),
        Result(
            "buckling_force",
            Force,
            "buckling force of the chain, from its stability matrix",
            valid=_STRAIGHT,
            beside="predicted_buckling_force",
        ),
        Result("predicted_buckling_force", Force, "exact buckling force of the chain"),
        Result("euler_buckling_force", Force, "buckling force of the continuous rod"),
        Result("load_parameter", Dimensionless, "tip load in units of K/L²", dims=("load_parameter",)),
        Result(
            "tip_deflection",
            Length,
            "tip deflection of the chain as a cantilever",
            dims=("load_parameter",),
            valid=_STRAIGHT,
            beside="predicted_tip_deflection",
        ),
        Result("predicted_tip_deflection", Length, "tip deflection of the elastica", dims=("load_parameter",)),
        Result("cantilever_deflection", Length, "tip deflection for small loads", dims=("load_parameter",)),
    )
    competition: ClassVar[str | None] = "bending energy / thermal energy"
    control: ClassVar[str | None] = "bending_stiffness"
    quick: ClassVar[Mapping[str, Any]] = {"segments": 100, "samples": 1000}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        cold = constants.k * self.temperature < 1e-300  # no stiffness that is allowed is soft enough for such a bath
        if cold or not _SOFTEST <= self._stiffness_ratio() <= _STIFFEST:
            low, high = (limit * constants.k * self.temperature for limit in (_SOFTEST, _STIFFEST))
            raise problem(
                "bending_stiffness",
                f"must be from {_SOFTEST:g} to {_STIFFEST:g} kT, at this temperature {low:.4g} to {high:.4g} J",
            )
        if self.joint_angles is None:
            if self.torsion_angles is not None:
                raise problem("torsion_angles", "belong to joint_angles: give both")
            if self.samples * self.segments > _MOST_JOINTS:
                most = _MOST_JOINTS // self.segments
                raise problem(
                    "samples", f"must be at most {most} for {self.segments} segments; use replicates for more"
                )
            return self
        frames = len(self.joint_angles)
        if self.joint_angles.shape[1] != self.segments - 1:
            raise problem("joint_angles", f"must have segments - 1 = {self.segments - 1} joints in each frame")
        if self.dimensions == 3 and float(self.joint_angles.min()) < 0.0:
            raise problem("joint_angles", "must not be negative in space: the side is told by torsion_angles")
        if frames * self.segments > _MOST_JOINTS:
            raise problem("joint_angles", f"must have at most {_MOST_JOINTS // self.segments} frames; leave some out")
        if self.torsion_angles is not None:
            if self.dimensions == 2:
                raise problem("torsion_angles", "do not exist on a surface: leave them out")
            if self.torsion_angles.shape != (frames, self.segments - 2):
                raise problem(
                    "torsion_angles", f"must have the shape {(frames, self.segments - 2)}, one less than the joints"
                )
        return self

    @classmethod
    def from_trajectory(
        cls,
        trajectory: Any,
        *,
        temperature: float | str,
        units: str | None = None,
        selection: str | None = None,
        potential: JointPotential = "harmonic",
    ) -> Self:
        """Build the chain that explains given beads best, and let it be measured on these beads.

        The bending stiffness is the maximum-likelihood estimate from the joint angles, the segment length the mean
        distance of neighbours. Standard errors come from contiguous groups of frames (up to 64) and are right where
        frames of different groups are independent.

        Parameters
        ----------
        trajectory : array, DataArray, pint quantity, MDAnalysis Universe or AtomGroup, or path
            Positions (frame, bead, 2 or 3) of one chain, in order along it; chains that cross a periodic boundary must
            be unwrapped.
        temperature : float or str
            Of the beads [K].
        units : str, optional
            Of an array without units, such as ``"nm"``.
        selection : str, optional
            Which atoms are the beads, in MDAnalysis' language.
        potential : {"harmonic", "cosine"}
            Energy of a joint.

        Returns
        -------
        FiberChain
            With `joint_angles` (and in space `torsion_angles`) filled in.

        Raises
        ------
        ParameterError
            If the beads are not a chain, or no stiffness within the bounds explains them.

        Examples
        --------
        >>> chain = FiberChain.from_trajectory([[[0, 0], [1, 0], [1.9, 0.4], [2.9, 0.6]]], units="nm", temperature=300)
        >>> chain.segments, f"{chain.bending_stiffness:.2e}"
        (3, '3.70e-20')
        """
        joints = measure_joints(read_beads(trajectory, units, selection))
        try:
            kelvin = Unit("K").to_magnitude(temperature)
        except UnitError as error:
            raise ParameterError("FiberChain.from_trajectory", {"temperature": str(error)}) from None
        energy = (joints.angles**2 if potential == "harmonic" else 2.0 * np.sin(joints.angles / 2.0) ** 2).mean()
        ratio = rigidity.most_likely_ratio(float(energy), potential, joints.dimensions)
        if not _SOFTEST <= ratio <= _STIFFEST:
            reason = f"gives no stiffness from {_SOFTEST:g} to {_STIFFEST:g} kT: its mean square angle is"
            raise ParameterError(
                "FiberChain.from_trajectory", {"trajectory": f"{reason} {np.mean(joints.angles**2):.4g} rad2"}
            )
        return cls(
            bending_stiffness=ratio * constants.k * kelvin,
            segment_length=joints.segment_length,
            segments=joints.angles.shape[1] + 1,
            temperature=kelvin,
            potential=potential,
            dimensions=joints.dimensions,
            samples=max(2, len(joints.angles)),
            joint_angles=joints.angles,
            torsion_angles=joints.torsions,
        )

    def governing_ratio(self) -> float:
        """Persistence length in space over contour length, K / (kT L)."""
        return self._stiffness_ratio() / self.segments

    def _stiffness_ratio(self) -> float:
        return self.bending_stiffness / (constants.k * self.temperature)

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Sample (or take the given) chains and test the chain in the machines."""
        return {**self._predict(), **self._measure(streams, tick), **self._load()}

    def _predict(self) -> dict[str, Any]:
        n, segment, T = self.segments, self.segment_length, self.temperature
        joint = (self.potential, self.dimensions)
        stiffness, ratio = self.bending_stiffness, self._stiffness_ratio()
        sound = not self.torsion_limited and ratio >= 1.0
        K = flexural_rigidity(stiffness, segment)
        decay = discrete_persistence_length(stiffness, segment, T, *joint)
        continuum = persistence_length(K, T, self.dimensions)
        lag, mode = np.arange(1, count_lags(n) + 1), np.arange(1, count_modes(n) + 1)
        return {
            "naive_answer": n * segment,
            "answer_valid": sound,
            "flexural_rigidity": K,
            "flexural_rigidity_valid": sound,
            "persistence_length": continuum,
            "discrete_persistence_length": decay,
            "predicted_mean_cosine": mean_cosine(stiffness, T, *joint),
            "predicted_mean_square_end_to_end_distance": mean_square_end_to_end_distance(n, segment, decay),
            "continuum_mean_square_end_to_end_distance": continuum_mean_square_end_to_end_distance(
                n * segment, continuum
            ),
            "continuum_mean_square_end_to_end_distance_valid": ratio >= 5.0,
            "predicted_mean_square_radius_of_gyration": mean_square_radius_of_gyration(n, segment, decay),
            "lag": lag,
            "predicted_tangent_correlation": tangent_correlation(lag * segment, decay),
            "mode": mode,
            "predicted_tangent_mode_variance": tangent_mode_variance(
                mode, n, segment, joint_angle_variance(stiffness, T, *joint)
            ),
            "euler_buckling_force": euler_buckling_force(K, n * segment, self.ends),
            "predicted_buckling_force": discrete_buckling_force(stiffness, segment, n, self.ends),
            "load_parameter": _LOADS,
            "predicted_tip_deflection": elastica_deflection(_LOADS * K / (n * segment) ** 2, n * segment, K),
            "cantilever_deflection": cantilever_deflection(_LOADS * K / (n * segment) ** 2, n * segment, K),
        }

    def _measure(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        n, segment, potential, dimensions = self.segments, self.segment_length, self.potential, self.dimensions
        if self.joint_angles is None:
            ratio = self._stiffness_ratio()
            chains = sample_chains(ratio, n, self.samples, potential, dimensions, streams, tick)
        else:
            torsions = None if self.torsion_angles is None else self.torsion_angles.values
            chains = measure_chains(self.joint_angles.values, torsions, dimensions, streams, tick)
        size = _scale(average_groups(chains.square_distance, chains.weight), segment**2)
        loss = average_groups(chains.loss, chains.weight)
        root = math.sqrt(size.value)
        routes = {
            "tangent_correlation": rigidity.from_tangent_correlation(chains, potential, dimensions),
            "modes": rigidity.from_modes(chains, n, potential, dimensions),
            "end_to_end_distance": rigidity.from_size(chains, n, potential, dimensions),
            "joint_angles": rigidity.from_joint_angles(chains, potential, dimensions),
        }
        unit = constants.k * self.temperature * segment
        return {
            "answer": Estimate(root, size.error / (2.0 * root)),
            "mean_cosine": Estimate(1.0 - loss.value, loss.error),
            "mean_square_end_to_end_distance": size,
            "mean_square_radius_of_gyration": _scale(average_groups(chains.square_radius, chains.weight), segment**2),
            "tangent_correlation": average_groups(chains.correlation, chains.weight),
            "tangent_mode_variance": _scale(average_groups(chains.mode_variance, chains.weight), 2.0 * segment / n),
            **{
                f"flexural_rigidity_from_{name}": None if found is None else _scale(found, unit)
                for name, found in routes.items()
            },
        }

    def _load(self) -> dict[str, Any]:
        n, segment, stiffness = self.segments, self.segment_length, self.bending_stiffness
        K, straight = stiffness * segment, self.governing_ratio() >= 1.0
        tips = np.array([np.sin(bend_cantilever(float(load), n)).mean() for load in _LOADS])
        buckling = buckle_chain(n, self.ends)
        return {
            "tip_deflection": tips * (n * segment),
            "tip_deflection_valid": straight,
            "buckling_force": buckling * stiffness / segment,
            "buckling_force_valid": straight,
            "flexural_rigidity_from_cantilever": K * rigidity.from_cantilever(_LOADS[_TEST_LOAD], tips[_TEST_LOAD]),
            "flexural_rigidity_from_buckling": K * rigidity.from_buckling(buckling, n, self.ends),
        }


def _scale(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(estimate.value * factor, estimate.error * factor)

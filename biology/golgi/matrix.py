"""The model: golgins and GRASPs in a slab between two membranes.

Equation numbers are those of the package's docstring.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from scipy import constants

from ...core.model import Estimate, Model, Result, Streams, Tick, mean, param, problem
from ...core.quantities import Concentration, Count, Dimensionless, Flag, Fraction, Length
from .binding import mean_degree
from .mixture import Composition, Protein, composition_of, equilibrium_of, threshold_of
from .slab import whole_numbers
from .spanning import percolation_reach, scan_slabs, spanning_onset
from .table import read_table

__all__ = ["GM130_ALONE", "GM130_GRASP65", "GM130_GRASP65_LINKED", "GolgiMatrix"]

_MOST_VISITS = 6e8  # some five seconds on one core
_MOST_PAIRS = 2e6  # in one slab: some 200 MB
_LEAST_RENEWALS = 3.0


class GolgiMatrix(Model):
    """Multivalent proteins with weak bonds in a slab of the cell: does their network span?"""

    proteins: tuple[Protein, ...] = param(
        (
            Protein(name="GM130", valence=4, concentration=8.303e-3, sticker="golgin", partner="GRASP"),
            Protein(name="GRASP65", valence=2, concentration=1.6e-2, sticker="GRASP", partner="golgin"),
        ),
        "table of proteins",
        source="valences as cited in GM130_GRASP65, concentrations assumed",
    )
    dissociation_constant: Concentration = param(
        5e-3, "dissociation constant of one bond", source="assumption", ge=1e-9, le=1e3, span=(1e-4, 1e-1)
    )
    thickness: Length = param(
        1e-7, "thickness of the slab that the proteins fill", source="assumption", ge=1e-9, le=1e-4
    )
    reach: Length = param(
        8e-8, "largest distance between bound molecules", source="assumption: length of a golgin", ge=1e-9, le=1e-5
    )
    bonds_per_pair: Count | None = param(
        None,
        "most bonds between the same two molecules; none: no limit",
        source="assumption",
        ge=1,
        le=100,
        span=(1, 4),
    )
    molecules: Count = param(2000, "molecules in the slab", source="numerical", ge=500, le=100_000)
    slabs: Count = param(24, "independent slabs", source="numerical", ge=2, le=10_000)
    scan_points: Count = param(12, "dissociation constants in the scan for the onset", source="numerical", ge=2, le=200)
    sweeps: Count = param(20, "renewals of all bonds before a measurement", source="numerical", ge=1, le=10_000)
    snapshots: Count = param(
        2, "measurements of a slab at each dissociation constant", source="numerical", ge=1, le=1000
    )

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result(
            "answer",
            Fraction,
            "fraction of molecules in the network that wraps the slab",
            error=True,
            valid="slabs whose bonds were all renewed at least three times before they were measured",
            beside="naive_answer",
        ),
        Result("naive_answer", Fraction, "fraction of molecules in the endless network, were it a tree"),
        Result(
            "spanning_probability", Fraction, "probability that the network wraps the slab along one side", error=True
        ),
        Result("spans", Flag, "whether more than half of the slabs span"),
        Result("tree_gels", Flag, "whether the network would be endless, were it a tree"),
        Result(
            "spanning_dissociation_constant",
            Concentration,
            "weakest bond with which the slab spans",
            error=True,
            exists="where slabs begin to span within the scan",
            beside="critical_dissociation_constant",
        ),
        Result(
            "critical_dissociation_constant",
            Concentration,
            "weakest bond with which a tree gels",
            exists="if the valences and concentrations allow a gel at all",
        ),
        Result(
            "spanning_bond_probability",
            Fraction,
            "fraction of stickers bound where the slab begins to span",
            exists="where slabs begin to span within the scan",
            beside="gel_point",
        ),
        Result(
            "gel_point",
            Fraction,
            "fraction of stickers bound where a tree gels",
            exists="if the valences and concentrations allow a gel at all",
        ),
        Result("branching_number", Dimensionless, "further bonds per bond followed, as a tree"),
        Result("bond_probability", Fraction, "fraction of stickers that are bound", error=True),
        Result(
            "mass_action_bond_probability",
            Fraction,
            "fraction of stickers bound by mass action",
            beside="bond_probability",
        ),
        Result("largest_fraction", Fraction, "fraction of molecules in the largest cluster", error=True),
        Result(
            "finite_cluster_size",
            Dimensionless,
            "molecules in the cluster of one outside the wrapping network",
            error=True,
        ),
        Result(
            "tree_cluster_size",
            Dimensionless,
            "molecules in the cluster of one, as a tree",
            exists="below the tree's gel point",
        ),
        Result(
            "percolation_reach",
            Length,
            "reach with which the slab would span, were all molecules within it bound",
            error=True,
            exists="if there are molecules, and enough to fill the slab's width",
        ),
        Result("mean_possible_partners", Dimensionless, "molecules within reach of one"),
        Result("width", Length, "side of the slab", exists="if there are molecules"),
        Result(
            "scanned_dissociation_constant",
            Concentration,
            "dissociation constant of one bond in the scan",
            dims=("scanned_dissociation_constant",),
        ),
        Result(
            "scanned_spanning_probability",
            Fraction,
            "probability that the network wraps the slab along one side",
            dims=("scanned_dissociation_constant",),
            error=True,
        ),
        Result(
            "scanned_network",
            Fraction,
            "fraction of molecules in the network that wraps the slab",
            dims=("scanned_dissociation_constant",),
            error=True,
            beside="scanned_gel_fraction",
        ),
        Result(
            "scanned_gel_fraction",
            Fraction,
            "fraction of molecules in the endless network, were it a tree",
            dims=("scanned_dissociation_constant",),
        ),
    )
    competition: ClassVar[str | None] = "further bonds that follow one bond / the one bond that led there"
    control: ClassVar[str | None] = "dissociation_constant"
    quick: ClassVar[dict[str, Any]] = {"molecules": 500, "slabs": 8, "sweeps": 10, "scan_points": 8}

    @classmethod
    def from_table(cls, table: Any, **parameters: Any) -> Self:
        """Build the model from a table of proteins.

        Parameters
        ----------
        table : path, mapping or data frame
            A CSV file, or columns by name. Columns: `name`, `valence`, `concentration` or `surface_density`,
            `dissociation_constant`, and for stickers that bind others than their own kind `sticker` and `partner`. A
            unit stands in the heading, ``concentration [uM]``, or in each cell, ``8 uM``.
        **parameters
            Other parameters of the model. A `surface_density` is turned into a concentration by its `thickness`.

        Raises
        ------
        ParameterError
            If a column is unknown, lacks its unit, or holds what the model does not accept.

        Examples
        --------
        >>> model = GolgiMatrix.from_table({"name": ["GM130"], "valence": [4], "concentration": ["8 uM"],
        ...                                 "dissociation_constant": ["5 uM"]})
        >>> model.proteins[0].concentration, model.dissociation_constant
        (0.008, 0.005)
        """
        thickness = parameters.get("thickness")
        if thickness is not None:
            parameters["thickness"] = thickness = cls(thickness=thickness).thickness
        return cls(**{**read_table(table, cls.__name__, thickness), **parameters})

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not 1 <= len(self.proteins) <= 16:
            raise problem("proteins", "must have 1 to 16 rows")
        try:
            table = composition_of(self.proteins)
        except ValueError as error:
            raise problem(f"proteins.{error.args[0]}", error.args[1]) from None
        if table.concentrations.sum() < 1e-12:
            if table.concentrations.sum() > 0.0:
                raise problem("proteins", "must have concentrations that add up to 0 or to at least 1e-12 mol m-3")
            return self
        if table.concentrations.sum() > 1e3:
            raise problem("proteins", "must have concentrations that add up to at most 1000 mol m-3")
        width = self._width(table)
        if self.reach > width / 3.0:
            needed = math.ceil(9.0 * self.reach**2 * self.molecules / width**2)
            cure = f"; take at least {needed} molecules" if needed <= 100_000 else "; take a shorter one"
            raise problem("reach", f"must be at most a third of the slab's width, here {width / 3.0:.3g} m{cure}")
        degree = self._possible_partners(table)
        if self.molecules * degree / 2.0 > _MOST_PAIRS:
            raise problem(
                "molecules",
                f"would have {self.molecules * degree / 2.0:.2g} pairs within reach, of at most {_MOST_PAIRS:.0g}; "
                "take fewer molecules or a shorter reach",
            )
        visits = self._visits(table, self.scan_points + 1) * self.slabs
        if visits > _MOST_VISITS:
            raise problem(
                "slabs",
                f"would need {visits:.2g} visits of possible bonds, of at most {_MOST_VISITS:.0g}; take fewer slabs, "
                "molecules, sweeps, snapshots or scan_points (and replicates for more statistics)",
            )
        return self

    def governing_ratio(self) -> float:
        """Branching number: further bonds per bond followed; 1 where a tree gels."""
        return equilibrium_of(self.composition(), self.dissociation_constant).branching_number

    def composition(self) -> Composition:
        """The table of proteins as arrays."""
        return composition_of(self.proteins)

    def scan(
        self,
        dissociation_constants: NDArray[np.float64],
        states: NDArray[np.uint64],
        tick: Callable[[int, int], Any] | None = None,
    ) -> NDArray[np.float64]:
        """Measurements of one slab a state, see `scan_slabs`; the dissociation constants should fall."""
        table = self.composition()
        visits = self._visits(table, len(dissociation_constants))
        return scan_slabs(
            table,
            whole_numbers(table.concentrations, self.molecules),
            self.thickness,
            self.reach,
            dissociation_constants,
            sweeps=self.sweeps,
            snapshots=self.snapshots,
            bonds_per_pair=self.bonds_per_pair,
            states=states,
            visits=visits,
            tick=tick,
        )

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """One annealing of all slabs through the scan, with the model's own constant among its points."""
        table = self.composition()
        own, critical = self.dissociation_constant, threshold_of(table)
        ladder = self._ladder(critical)
        constants_all = np.sort(np.append(ladder, own))[::-1]
        here = int(np.argmax(constants_all == own))
        tree = equilibrium_of(table, own)
        at_threshold = None if critical is None else equilibrium_of(table, critical).bond_probability
        empty = table.concentrations.sum() == 0.0
        if empty:
            measured = np.zeros((self.slabs, len(constants_all), 7))
            measured[:, :, 5], measured[:, :, 6], within = 1.0, _LEAST_RENEWALS, None
        else:
            measured = self.scan(constants_all, streams(self.slabs), tick)
            crowd, seed = float(table.concentrations.sum() * constants.N_A * self.thickness), int(streams(1)[0, 0])
            within = percolation_reach(crowd, self.thickness, self.molecules, self.slabs, seed)
        scanned = np.delete(measured, here, axis=1)
        onset = spanning_onset(ladder, scanned)
        wraps = measured[:, here, 1:3].mean(axis=1)
        bonds = measured[:, here, 0].mean()
        return {
            "answer": mean(measured[:, here, 3]),
            # a network that hardly has bonds needs no time to find them
            "answer_valid": bool(measured[:, here, 6].mean() >= _LEAST_RENEWALS or bonds * table.counts.max() < 1e-2),
            "naive_answer": tree.gel_fraction,
            "spanning_probability": mean(wraps),
            "spans": bool(wraps.mean() > 0.5),
            "tree_gels": tree.branching_number > 1.0,
            "spanning_dissociation_constant": None if onset is None else Estimate(*onset[:2]),
            "critical_dissociation_constant": critical,
            "spanning_bond_probability": None if onset is None else onset.bond_probability,
            "gel_point": at_threshold,
            "branching_number": tree.branching_number,
            "bond_probability": mean(measured[:, here, 0]),
            "mass_action_bond_probability": tree.bond_probability,
            "largest_fraction": mean(measured[:, here, 4]),
            "finite_cluster_size": mean(measured[:, here, 5]),
            "tree_cluster_size": tree.cluster_size,
            "percolation_reach": None if within is None else mean(within),
            "mean_possible_partners": self._possible_partners(table),
            "width": None if empty else self._width(table),
            "scanned_dissociation_constant": ladder,
            "scanned_spanning_probability": mean(scanned[:, :, 1:3].mean(axis=2)),
            "scanned_network": mean(scanned[:, :, 3]),
            "scanned_gel_fraction": np.array([equilibrium_of(table, float(k)).gel_fraction for k in ladder]),
        }

    def _width(self, table: Composition) -> float:
        return math.sqrt(self.molecules / (table.concentrations.sum() * constants.N_A * self.thickness))

    def _possible_partners(self, table: Composition) -> float:
        surface_density = float(table.concentrations.sum() * constants.N_A * self.thickness)
        return float(mean_degree(surface_density, self.reach, self.thickness))

    def _visits(self, table: Composition, scan_points: int) -> float:
        """Expected work on one slab, in visits of an edge."""
        pairs = 0.5 * self.molecules * self._possible_partners(table)
        # visits of edges, each dearer by the number of bonds that it can hold
        limit = np.inf if self.bonds_per_pair is None else self.bonds_per_pair
        bonds = np.zeros((len(table.names), len(table.names)))
        for a, b in zip(*np.nonzero(table.strengths), strict=True):
            most = np.minimum(np.minimum.outer(table.counts[:, a], table.counts[:, b]), limit)
            bonds += np.where(most > 0.0, 0.75 + 0.25 * most, 0.0)
        share = table.concentrations / table.concentrations.sum()
        edges = pairs * float(share @ bonds @ share)
        measurements = scan_points * self.snapshots
        return 60.0 * pairs + measurements * (edges * (self.sweeps + 1) + 3.0 * self.molecules) + 1e5

    def _ladder(self, critical: float | None) -> NDArray[np.float64]:
        """Dissociation constants of the scan, in falling order: from slightly above the tree's threshold down."""
        top, bottom = (5.0, 0.2) if critical is None else (1.25, 1.0 / 40.0)
        middle = self.dissociation_constant if critical is None else critical
        return np.geomspace(top * middle, bottom * middle, self.scan_points)


# The literature gives valences and partners. Concentrations, dissociation constants and reach are assumptions, chosen
# near the concentrations at which purified GM130 condenses and at one GRASP site per golgin end.
GM130_GRASP65 = GolgiMatrix()
"""GM130 tetramers and GRASP65 dimers; a GRASP monomer is one sticker: both its PDZ domains hold one golgin end."""

GM130_GRASP65_LINKED = GolgiMatrix(
    proteins=(
        GM130_GRASP65.proteins[0],
        GM130_GRASP65.proteins[1],
        Protein(
            name="GRASP65",
            valence=2,
            concentration=None,
            sticker="tail",
            partner="GRASP",
            relative_dissociation_constant=4.0,
        ),
    ),
    slabs=12,
)
"""As GM130_GRASP65, and GRASP tails compete with the golgins for the pockets of other dimers, four times weaker."""

GM130_ALONE = GolgiMatrix(proteins=(Protein(name="GM130", valence=4, concentration=8.303e-3),))
"""GM130 tetramers whose ends bind each other, as in droplets of the pure protein."""

"""The model `SpeedUp`; the story is told in :mod:`mesoscale.core.coarse_graining.speed_up`."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import model_validator

from ...kernels.threads import map_blocks
from ...model import Estimate, Model, ParameterError, Result, ResultError, Streams, Tick, param, problem
from ...particles.dynamics import ForceField, System
from ...particles.potentials import Tabulated
from ...quantities import Count, Dimensionless, Flag, Unit
from ..force_matching import SplineBasis, match_forces
from ..inversion import iterate_inversion, potential_of
from .ladder import Climb, climb, rungs
from .laws import collision_rate, tetrahedron_step_limit
from .liquid import ATOMS, Observed, Rung, bead_system, build_molecules, follow, molecule_field, rest_length
from .smoothing import SEEN, smoothed

__all__ = ["BEAD_DIAMETER", "SpeedUp"]

Floats = NDArray[np.float64]
BEAD_DIAMETER = 1.72
"""Distance at which the published bead potential equals the thermal energy."""
_FIRST_STEP = 0.125  # of the linear limit: BAOAB's configurations are right there
_BEAD_FIRST = 6.0  # first step of the beads over that of the atoms
_BEAD_LAST = 16.0  # last step of the beads over their first
_LADDER_FIRST = 2.0  # lowest rung over the first step, at which references are made
_ATOM_INTERVAL, _BEAD_INTERVAL = 0.4, 0.8  # times between frames
_BEAD_TIME = 4.0  # beads are followed longer than atoms, ...
_ATOM_RUNG_TIME, _BEAD_RUNG_TIME = 0.6, 2.0  # ... also on the lowest rung; as many steps on all the others
_MATCHED_FRAMES, _MOST_FRAMES = 200, 1000
_LAG = 0.125  # of the sampled time: lag of the diffusion coefficients, the same for both
# The noise of the inverted potential moves the beads' usable step: its spread over twelve runs with the sampling of the
# default, beyond what the ladders' own errors explain; as all noise, it falls with the root of the sampling.
_POTENTIAL_NOISE, _POTENTIAL_SAMPLING = 0.094, 125 * 150.0
_CLOSEST = 1.0  # shells that are shown
_SCHEMES: tuple[Literal["hnc", "ibi"], ...] = ("hnc", "ibi")
_MOST_WORK = 1e9  # particle steps of a run


class SpeedUp(Model):
    """Tetrahedral molecules as atoms and as beads, in reduced units: how much more time does the same work simulate?"""

    molecule_density: Dimensionless = param(
        0.1, "molecules in a unit of volume", source="Praprotnik, Delle Site & Kremer 2005", ge=0.02, le=0.15
    )
    reduced_temperature: Dimensionless = param(1.0, "thermal energy", source="Praprotnik 2005", ge=0.5, le=2)
    reduced_friction: Dimensionless = param(
        0.5, "friction of the bath, a rate", source="Praprotnik 2005", ge=0.05, le=20, span=(0.05, 20)
    )
    spring_stiffness: Dimensionless = param(
        30.0, "stiffness of the extensible bond", source="Kremer & Grest 1990", ge=10, le=100
    )
    longest_bond: Dimensionless = param(1.5, "length that no bond reaches", source="Kremer 1990", ge=1.3, le=2)
    bead_cutoff: Dimensionless = param(
        2.5, "range of the bead potential", source="beyond the molecules' touch at 2.31", ge=2.2, le=2.8
    )
    molecules: Count = param(125, "molecules in the box", source="numerical", ge=27, le=1000)
    sampled_time: Dimensionless = param(150.0, "time for which atoms are followed", source="numerical", ge=2, le=2000)
    shell_width: Dimensionless = param(0.05, "thickness of a shell of g", source="numerical", ge=0.02, le=0.25)
    inversions: Count = param(6, "most iterations of the inversion", source="numerical", ge=1, le=30)
    ladder_factor: Dimensionless = param(1.2, "factor between two steps of a ladder", source="numerical", ge=1.1, le=2)
    energy_tolerance: Dimensionless = param(
        0.005, "shift of the potential energy that a step may cause, over that of equipartition", source="convention",
        ge=1e-4, le=0.1,
    )  # fmt: skip
    structure_tolerance: Dimensionless = param(
        0.03, "shift of g that a step may cause", source="convention", ge=1e-3, le=0.5
    )

    RESULTS: ClassVar[tuple[Result, ...]] = (
        Result("answer", Dimensionless, "physical time simulated with the same work, beads over atoms", error=True,
               valid="ladders that end above the longest step that passes"),
        Result("naive_answer", Dimensionless, "the same with the clock of the beads taken at face value"),
        Result("particle_ratio", Count, "atoms of a molecule"),
        Result("work_ratio", Dimensionless, "work of a step, atoms over beads", error=True),
        Result("step_ratio", Dimensionless, "usable step, beads over atoms", error=True),
        Result("diffusion_ratio", Dimensionless, "diffusion coefficient, beads over atoms", error=True),
        Result("atom_usable_step", Dimensionless, "longest usable step of the atoms", error=True,
               beside="atom_step_limit"),
        Result("atom_step_limit", Dimensionless, "stability limit of the stiffest vibration"),
        Result("bead_usable_step", Dimensionless, "longest usable step of the beads", error=True),
        Result("atom_diffusion", Dimensionless, "diffusion coefficient of the molecules", error=True),
        Result("bead_diffusion", Dimensionless, "diffusion coefficient of the beads", error=True),
        Result("inversion_converged", Flag, "whether the inversion reached its tolerance"),
        Result("distance", Dimensionless, "distance of two molecules", dims=("distance",)),
        Result("atom_correlation", Dimensionless, "radial distribution of the molecules", dims=("distance",),
               error=True),
        Result("bead_correlation", Dimensionless, "radial distribution of the beads", dims=("distance",), error=True,
               beside="atom_correlation"),
        Result("mean_force_potential", Dimensionless, "potential of mean force", dims=("distance",),
               exists="where molecules are seen"),
        Result("inverted_potential", Dimensionless, "bead potential by inversion", dims=("distance",),
               exists="where molecules are seen", beside="mean_force_potential"),
        Result("matched_potential", Dimensionless, "bead potential by force matching", dims=("distance",), error=True,
               exists="where molecules are seen, up to the cutoff", beside="inverted_potential"),
        *(
            result
            for who in ("atom", "bead")
            for result in (
                Result(f"{who}_step", Dimensionless, f"step of the {who}s", dims=(f"{who}_step",)),
                Result(f"{who}_energy_shift", Dimensionless, f"shift of the {who}s' energy over equipartition",
                       dims=(f"{who}_step",), error=True, exists="for steps that are stable"),
                Result(f"{who}_structure_shift", Dimensionless, f"largest shift of the {who}s' g",
                       dims=(f"{who}_step",), error=True, exists="for steps that are stable"),
                Result(f"{who}_configurational_temperature", Dimensionless,
                       f"configurational temperature of the {who}s", dims=(f"{who}_step",), error=True,
                       exists="for steps that are stable"),
            )
        ),
    )  # fmt: skip
    competition: ClassVar[str | None] = "collisions between molecules / friction of the bath"
    control: ClassVar[str | None] = "reduced_friction"
    quick: ClassVar[Mapping[str, Any]] = {
        "molecules": 27,
        "sampled_time": 3.0,
        "shell_width": 0.2,
        "inversions": 2,
        "ladder_factor": 1.8,
    }

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        half = 0.5 * (self.molecules / self.molecule_density) ** (1.0 / 3.0)
        if half < self.bead_cutoff + 0.3:
            least = math.ceil(8.0 * (self.bead_cutoff + 0.3) ** 3 * self.molecule_density)
            raise problem("molecules", f"must be at least {least} at this density, or the box is too small")
        work = ATOMS * self.molecules * self.sampled_time / self._first_steps()[0] * 4.0
        if work > _MOST_WORK:
            most = self.sampled_time * _MOST_WORK / work
            raise problem("sampled_time", f"must be at most {most:.4g} for so many molecules and so stiff a bond")
        return self

    def governing_ratio(self) -> float:
        """Rate of collisions over friction."""
        mass, kt = float(ATOMS), self.reduced_temperature
        return float(collision_rate(self.molecule_density, BEAD_DIAMETER, mass, kt)) / self.reduced_friction

    def _first_steps(self) -> tuple[float, float, float]:
        """Steps at which atoms and beads are right, and the linear limit of the atoms."""
        limit = float(tetrahedron_step_limit(rest_length(self.spring_stiffness, self.longest_bond)[1], 1.0))
        return _FIRST_STEP * limit, _BEAD_FIRST * _FIRST_STEP * limit, limit

    def _ladders(self) -> tuple[Floats, Floats]:
        atom, bead, limit = self._first_steps()
        factor = self.ladder_factor
        return rungs(_LADDER_FIRST * atom, limit, factor), rungs(_LADDER_FIRST * bead, _BEAD_LAST * bead, factor)

    def simulate(self, streams: Streams, tick: Tick) -> dict[str, Any]:
        """Atoms, beads from them, and a ladder of steps for each."""
        atom_step, bead_step, _ = self._first_steps()
        atom_steps, bead_steps = self._ladders()
        seeds = [int(state[0] >> np.uint64(2)) for state in streams(3 + len(atom_steps) + len(bead_steps))]
        time, stages = self.sampled_time, 5
        start = build_molecules(
            self.molecules, self.molecule_density, rest_length(self.spring_stiffness, self.longest_bond)[0]
        )
        field = molecule_field(self.molecules, self.spring_stiffness, self.longest_bond)
        atoms = _needed(self._observe(start, field, ATOMS, atom_step, min(20.0, time), time, seeds[0]), "atoms")
        tick(1, stages)
        try:
            potential, table, converged = self.invert(atoms, seeds[1])
            matched = self.match(atoms)
        except ParameterError as error:
            raise ResultError(f"SpeedUp: too few molecules met for a potential ({error})") from error
        tick(2, stages)
        bead_field, bead_time = ForceField(pairs={(0, 0): potential}), _BEAD_TIME * time
        first = bead_system(atoms.positions[-1], start.box)
        beads = _needed(self._observe(first, bead_field, 1, bead_step, min(20.0, time), bead_time, seeds[2]), "beads")
        tick(3, stages)
        climbs = [self._climb(atoms, field, ATOMS, atom_steps, _ATOM_RUNG_TIME * time, seeds[3:])]
        tick(4, stages)
        rest = seeds[3 + len(atom_steps) :]
        climbs.append(self._climb(beads, bead_field, 1, bead_steps, _BEAD_RUNG_TIME * time, rest))
        tick(5, stages)
        return self._told(atoms, beads, climbs, table, matched, converged)

    def _observe(
        self, system: System, field: ForceField, group: int, step: float, settling: float, duration: float, seed: int,
        watch: Tick | None = None,
    ) -> Observed | None:  # fmt: skip
        interval = max(_ATOM_INTERVAL if group > 1 else _BEAD_INTERVAL, duration / _MOST_FRAMES)
        return follow(
            system, field, group=group, step=float(step), settling=settling, duration=duration, interval=interval,
            temperature=self.reduced_temperature, friction=self.reduced_friction, seed=seed, width=self.shell_width,
            lag=_LAG * self.sampled_time, watch=watch,
        )  # fmt: skip

    def _climb(
        self, reference: Observed, field: ForceField, group: int, steps: Floats, duration: float,
        seeds: list[int],
    ) -> Climb:  # fmt: skip
        """One run of as many steps for each rung of a ladder, from where the reference ended."""
        settling, stop = min(10.0, self.sampled_time), threading.Event()

        def watch(done: int, total: int) -> None:
            if stop.is_set():
                raise RuntimeError("cancelled")

        def run(begin: int, end: int) -> list[Rung | None]:
            runs = [
                self._observe(
                    reference.last,
                    field,
                    group,
                    steps[k],
                    settling,
                    duration * float(steps[k] / steps[0]),
                    seeds[k],
                    watch,
                )
                for k in range(begin, end)
            ]
            return [None if one is None else one.summary for one in runs]

        runs = [one for part in map_blocks(run, len(steps), 1, stop=stop) for one in part]
        return climb(
            steps, runs, reference.summary, 1.5 * group * self.reduced_temperature, self.shell_width,
            self.energy_tolerance, self.structure_tolerance,
        )  # fmt: skip

    def invert(self, atoms: Observed, seed: int) -> tuple[Tabulated, Floats, bool]:
        """The bead potential with the molecules' g: smooth, on the shells, and whether it converged."""
        target = atoms.summary.correlation
        kt, width, inside = self.reduced_temperature, self.shell_width, round(self.bead_cutoff / self.shell_width)
        system, step = bead_system(atoms.positions[-1], atoms.last.box), self._first_steps()[1]
        weight = np.arange(0.5, len(target)) ** 2
        structure = float((weight * (target - 1.0) ** 2).sum())
        blur = np.nan_to_num(atoms.summary.correlation_error)
        noise = float((weight * blur**2).sum()) / structure  # chi2 that the target has of itself
        calls = 0

        def beads(potential: Tabulated) -> tuple[Floats, None]:
            nonlocal system, calls
            calls += 1
            field, time = ForceField(pairs={(0, 0): smoothed(potential, target, width)}), 2.0 * self.sampled_time
            run = _needed(self._observe(system, field, 1, step, min(10.0, time), time, seed + 2 * calls), "beads")
            system = run.last
            return run.summary.correlation, None

        for scheme in _SCHEMES:
            try:
                result = iterate_inversion(
                    target, beads, density=self.molecule_density, thermal_energy=kt, width=width,
                    cutoff=inside * width, scheme=scheme, iterations=self.inversions, smallest=SEEN,
                    tolerance=max(1e-4, 3.0 * noise),
                )  # fmt: skip
                break
            except ResultError:  # in a small box the noise of g may leave no structure factor that is positive
                if scheme == _SCHEMES[-1]:
                    raise
        potential = smoothed(potential_of(result), target, width)
        shells = potential.energy((np.arange(len(target)) + 0.5) * width)
        return potential, shells, bool(result["converged"])

    def match(self, atoms: Observed) -> xr.Dataset:
        """Pair forces that come closest to those on the molecules."""
        stride = max(1, len(atoms.positions) // _MATCHED_FRAMES)
        basis = SplineBasis(self.bead_cutoff, max(0.1, self.shell_width), ends_at_zero=True)
        edges = np.diagonal(atoms.last.box)
        return match_forces(
            atoms.positions[::stride], atoms.forces[::stride], edges, pairs={(0, 0): basis}, blocks=10, workers=1
        )

    def _told(
        self, atoms: Observed, beads: Observed, climbs: list[Climb], table: Floats, matched: xr.Dataset,
        converged: bool,
    ) -> dict[str, Any]:  # fmt: skip
        kt, width = self.reduced_temperature, self.shell_width
        r = (np.arange(len(atoms.summary.correlation)) + 0.5) * width
        apart = r > _CLOSEST
        seen = atoms.summary.correlation > SEEN
        inside = r < self.bead_cutoff
        work = [
            Estimate(particles + bonds + seen_by.pairs[0], seen_by.pairs[1])
            for particles, bonds, seen_by in ((ATOMS, 6, atoms), (1, 0, beads))
        ]
        atom_usable, (bead_step, bead_error) = Estimate(*climbs[0].usable), climbs[1].usable
        noise = _POTENTIAL_NOISE * math.sqrt(_POTENTIAL_SAMPLING / (self.molecules * self.sampled_time))
        bead_usable = Estimate(bead_step, math.hypot(bead_error, noise * bead_step))
        terms = {
            "work_ratio": _ratio(work[0], work[1]),
            "step_ratio": _ratio(bead_usable, atom_usable),
            "diffusion_ratio": _ratio(Estimate(*beads.diffusion), Estimate(*atoms.diffusion)),
        }
        total = math.prod(term.value for term in terms.values())
        blur = math.sqrt(sum((term.error / term.value) ** 2 for term in terms.values()))
        distance = matched.pair_0_0_distance.values
        curve = [
            np.interp(r, distance, matched[name].values, left=np.nan)
            for name in ("pair_0_0_potential", "pair_0_0_potential_error")
        ]
        known = seen & inside & (r >= distance[0])
        mean_force = np.where(seen, -kt * np.log(np.where(seen, atoms.summary.correlation, 1.0)), np.nan)
        told: dict[str, Any] = {
            "answer": Estimate(total, total * blur),
            "answer_valid": climbs[0].bracketed and climbs[1].bracketed,
            "naive_answer": terms["work_ratio"].value * terms["step_ratio"].value,
            "particle_ratio": ATOMS,
            **terms,
            "atom_usable_step": atom_usable,
            "atom_step_limit": self._first_steps()[2],
            "bead_usable_step": bead_usable,
            "atom_diffusion": Estimate(*atoms.diffusion),
            "bead_diffusion": Estimate(*beads.diffusion),
            "inversion_converged": converged,
            "distance": r[apart],
            "atom_correlation": Estimate(*(values[apart] for values in atoms.summary[2:])),
            "bead_correlation": Estimate(*(values[apart] for values in beads.summary[2:])),
            "mean_force_potential": mean_force[apart],
            "inverted_potential": np.where(seen, table, np.nan)[apart],
            "matched_potential": Estimate(*(np.where(known, values, np.nan)[apart] for values in curve)),
        }
        for who, steps, found in zip(("atom", "bead"), self._ladders(), climbs, strict=True):
            told[f"{who}_step"] = steps
            for name in ("energy_shift", "structure_shift", "configurational_temperature"):
                told[f"{who}_{name}"] = Estimate(found.table[name], found.table[f"{name}_error"])
        return told

    def scales(self, result: xr.Dataset, *, length: float | str, energy: float | str, mass: float | str) -> xr.Dataset:
        """The same result in SI; names and recipe, which tell the reduced run, stay.

        Parameters
        ----------
        result : xarray.Dataset
            Of `run`.
        length, energy, mass : float or str
            What one unit of each is: the atoms' diameter [m], the depth of their well [J], their mass [kg].

        Examples
        --------
        >>> study = SpeedUp(**SpeedUp.quick)
        >>> real = study.scales(study.run(), length="0.35 nm", energy="4.1e-21 J", mass="2.3e-26 kg")
        >>> round(float(real.atom_step_limit) * 1e15), real.bead_diffusion.units
        (26, 'm2 s-1')
        """
        metre, joule = float(Unit("m").to_magnitude(length)), float(Unit("J").to_magnitude(energy))
        second = metre * math.sqrt(float(Unit("kg").to_magnitude(mass)) / joule)
        units = {"potential": (joule, "J"), "diffusion": (metre**2 / second, "m2 s-1"), "distance": (metre, "m")}
        units |= dict.fromkeys(("step", "usable_step", "step_limit"), (second, "s"))
        units |= {"configurational_temperature": (joule, "J")}
        scaled = result.copy()
        for variable in result.variables:
            name = str(variable)
            base = name.removesuffix("_error").removeprefix("atom_").removeprefix("bead_")
            base = "potential" if base.endswith("_potential") else base
            if base in units and name in {f"{r.name}{end}" for r in self.RESULTS for end in ("", "_error")}:
                factor, unit = units[base]
                old = result[name].variable
                new = (old.dims, old.values * factor, {**old.attrs, "units": unit})
                scaled = scaled.assign_coords({name: new}) if name in result.coords else scaled.assign({name: new})
        return scaled


def _needed(run: Observed | None, who: str) -> Observed:
    if run is None:
        raise ResultError(f"SpeedUp: the {who} blow up at the shortest step of their ladder")
    return run


def _ratio(over: Estimate, under: Estimate) -> Estimate:
    value = over.value / under.value
    return Estimate(value, abs(value) * math.hypot(over.error / over.value, under.error / under.value))

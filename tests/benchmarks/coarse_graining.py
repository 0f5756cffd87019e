"""Mapping beside a plain copy and MDAnalysis, distributions beside freud and MDAnalysis, inversion step beside step.

    python tests/benchmarks/coarse_graining.py [--json] [--quick]

One thread, the best of several runs. Work of a mapping is atoms times frames, in blocks of frames that fit into memory;
the copy is that of the same positions. Peers of another Python are left out where they are not installed.
"""

import numpy as np
from mesoscale.core.coarse_graining.inversion import IntegralEquationSimulator, iterate_inversion, radial_distribution
from mesoscale.core.coarse_graining.mapping import Mapping, lattice_vectors, minimum_image, wrap_positions
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.particles.potentials import Morse
from side_by_side import best, line, present

BOX = np.array([100.0, 100.0, 100.0])
SKEW = lattice_vectors([100, 110, 105, 55, 70, 65])


def molecules(frames, atoms, size, cell, seed=0):
    """Wrapped chains (frame, atom, 3), and the centres of the whole ones."""
    rng = np.random.default_rng(seed)
    begin = rng.uniform(0, 1, (frames, atoms // size, 1, 3)) @ cell
    whole = begin + np.cumsum(0.6 * rng.normal(size=(frames, atoms // size, size, 3)), axis=2)
    return wrap_positions(whole.reshape(frames, -1, 3), cell), whole.mean(axis=2)


def mapped(frames, atoms, size, cell, bonds, name):
    """Against a copy of the same block."""
    positions, centres = molecules(frames, atoms, size, cell)
    pairs = [(n, n + 1) for n in range(atoms - 1) if n % size != size - 1] if bonds else None
    mapping = Mapping(np.arange(atoms).reshape(-1, size), np.ones(atoms), bonds=pairs)
    ours = frames * atoms / best(lambda: mapping.positions(positions, cell))
    copy = frames * atoms / best(positions.copy)
    beads = mapping.positions(positions, cell)
    good = np.abs(minimum_image(beads - centres, cell)).max() < 1e-9
    return line(name, f"{atoms}x{frames}", ours, copy, "numpy copy", "atom/s", good)


def beside_mdanalysis(frames, atoms, size):
    positions, _ = molecules(frames, atoms, size, np.diag(BOX))
    mapping = Mapping(np.arange(atoms).reshape(-1, size), np.ones(atoms))
    ours = frames * atoms / best(lambda: mapping.positions(positions, BOX))
    peer, good = None, True
    try:
        import MDAnalysis

        residues = np.repeat(np.arange(atoms // size), size)
        universe = MDAnalysis.Universe.empty(atoms, atoms // size, atom_resindex=residues, trajectory=True)
        universe.add_TopologyAttr("masses", np.ones(atoms))
        universe.add_TopologyAttr("bonds", [(n, n + 1) for n in range(atoms - 1) if n % size != size - 1])
        universe.load_new(positions.astype(np.float32), dimensions=np.tile([*BOX, 90, 90, 90], (frames, 1)))
        some = slice(0, min(frames, 2))

        def centres():
            return [universe.atoms.center_of_mass(unwrap=True, compound="residues") for _ in universe.trajectory[some]]

        peer = len(range(frames)[some]) * atoms / best(centres, repeat=1)
        difference = minimum_image(np.array(centres()) - mapping.positions(positions[some], BOX), BOX)
        good = np.abs(difference).max() < 1e-3
    except ImportError:
        pass
    return line("centres of mass, unwrapped", f"{atoms}x{frames}", ours, peer, "MDAnalysis", "atom/s", good)


def distributions(particles, frames, cutoff):
    edge = (particles / 0.8) ** (1 / 3)
    box = [edge] * 3
    points = np.random.default_rng(0).uniform(0, edge, (frames, particles, 3))
    shells = 50

    def ours():
        return radial_distribution(points, box, width=cutoff / shells, cutoff=cutoff)

    counts = ours()["count"].values
    rate = frames * particles / best(ours, repeat=3)
    size = f"{particles}, r<{cutoff}"
    peer, good = None, True
    try:
        import freud

        def theirs():
            rdf = freud.density.RDF(bins=shells, r_max=cutoff)
            for frame in points:
                rdf.compute((freud.box.Box.cube(edge), frame - edge / 2), reset=False)
            return rdf

        freud.parallel.set_num_threads(1)
        peer = frames * particles / best(theirs, repeat=3)
        good = np.abs(theirs().bin_counts - 2 * counts).max() <= 1e-4 * counts.max()
    except ImportError:
        pass
    yield line("radial distribution", size, rate, peer, "freud", "particle/s", good)
    peer, good = None, True
    try:
        import MDAnalysis
        from MDAnalysis.analysis.rdf import InterRDF

        universe = MDAnalysis.Universe.empty(particles, trajectory=True)
        universe.load_new(points.astype(np.float32), dimensions=np.tile([*box, 90, 90, 90], (frames, 1)))
        atoms = universe.atoms

        def analysed():
            return InterRDF(atoms, atoms, nbins=shells, range=(0, cutoff), exclusion_block=(1, 1)).run().results

        peer = frames * particles / best(analysed, repeat=1)
        good = np.abs(analysed().count - 2 * counts).max() <= 1e-3 * counts.max()
    except ImportError:
        pass
    yield line("radial distribution", size, rate, peer, "MDAnalysis", "particle/s", good)


def inversions():
    """Simulations until chi2 is 1e-4, from -kT ln g."""
    well = Morse(inverse_width=6, cutoff=2.5, shifted=True)
    liquid = IntegralEquationSimulator(0.6, thermal_energy=2.0, width=0.05, cutoff=20)
    g, _ = liquid(well)
    begin = -2.0 * np.log(np.maximum(g, 1e-3))
    results = [
        iterate_inversion(
            g, liquid, width=0.05, density=0.6, thermal_energy=2.0, cutoff=2.5, initial=begin, scheme=scheme
        )
        for scheme in ("hnc", "ibi")
    ]
    chain, boltzmann = (result.sizes["iteration"] for result in results)
    good = all(bool(result.converged) for result in results)
    return line("inversion, hypernetted-chain step", "400 shells", chain, boltzmann, "IBI (ours)", "runs", good)


def rows(quick):
    atoms, frames = (10_000, 10) if quick else (100_000, 100)
    with use_workers(1):
        for size in (3, 10, 50):
            count = atoms // size * size
            yield mapped(frames, count, size, np.diag(BOX), False, f"mapping, molecules of {size}")
        yield mapped(frames, atoms, 10, np.diag(BOX), True, "mapping along bonds, molecules of 10")
        yield mapped(frames, atoms, 10, SKEW, False, "mapping, triclinic, molecules of 10")
        yield beside_mdanalysis(min(frames, 20), atoms, 10)
        yield from distributions(1000 if quick else 20_000, 2 if quick else 5, 3.0)
        yield from distributions(500 if quick else 2000, 2 if quick else 5, 3.0 if quick else 6.0)
        yield inversions()


if __name__ == "__main__":
    present(__doc__, rows)

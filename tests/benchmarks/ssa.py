"""Exact simulation of networks beside numba loops written by hand for one of them, and beside GillesPy2 in C++.

    python tests/benchmarks/ssa.py [--json] [--quick]

One thread, both sides compiled beforehand. The check is the mean amount, or the number of events, at |z| < 5. Rows
"cost of an event" compare 10 channels (peer) with many (ours) in nanoseconds.
"""

import math
import tempfile
import time

import numpy as np
from mesoscale.core.integrators.jumps import Reaction, ReactionNetwork, Species, ssa
from mesoscale.core.kernels.random import spawn_states, uniform
from numba import njit
from side_by_side import best, line, present

BIRTH_DEATH = ReactionNetwork.from_table(
    [{"products": "X", "rate": 1000.0}, {"reactants": "X", "rate": 0.1}], {"X": 10_000}
)
DIMERISATION = ReactionNetwork.from_table(
    [{"reactants": "2 P", "products": "D", "rate": 0.001}, {"reactants": "D", "products": "2 P", "rate": 0.01}],
    {"P": 100, "D": 0},
)
SCHLOEGL = ReactionNetwork.from_table(
    [
        {"reactants": "2 X", "products": "3 X", "rate": 0.03}, {"reactants": "3 X", "products": "2 X", "rate": 1e-4},
        {"products": "X", "rate": 200.0}, {"reactants": "X", "rate": 3.5},
    ],
    {"X": 250},
)  # fmt: skip


@njit
def birth_death(state, end):
    x, t, events = 10_000, 0.0, 0
    while True:
        birth, death = 1000.0, 0.1 * x
        total = birth + death
        t -= math.log(1.0 - uniform(state)) / total
        if t > end:
            return events, x
        x += 1 if uniform(state) * total < birth else -1
        events += 1


@njit
def dimerisation(state, end):
    p, d, t, events = 100, 0, 0.0, 0
    while True:
        pair, part = 0.0005 * p * (p - 1), 0.01 * d
        total = pair + part
        t -= math.log(1.0 - uniform(state)) / total
        if t > end:
            return events, p
        if uniform(state) * total < pair:
            p, d = p - 2, d + 1
        else:
            p, d = p + 2, d - 1
        events += 1


@njit
def schloegl(state, end):
    x, t, events = 250, 0.0, 0
    while True:
        more, less, feed = 0.015 * x * (x - 1), 1e-4 / 6.0 * x * (x - 1) * (x - 2), 200.0
        total = more + less + feed + 3.5 * x
        t -= math.log(1.0 - uniform(state)) / total
        if t > end:
            return events, x
        r = uniform(state) * total
        if r < more:
            x += 1
        elif r < more + less:
            x -= 1
        elif r < more + less + feed:
            x += 1
        else:
            x -= 1
        events += 1


def by_hand(name, network, loop, end, trajectories):
    kept = {}

    def ours():
        kept["ours"] = ssa(network, [0.0, end], trajectories=trajectories, workers=1, method="direct")

    @njit
    def plain(states, end):
        events, last = 0, np.empty(len(states))
        for i in range(len(states)):
            fired, last[i] = loop(states[i], end)
            events += fired
        return events, last

    def theirs():
        kept["plain"] = plain(spawn_states(1, trajectories), end)

    rate, other = 1.0 / best(ours, 3), 1.0 / best(theirs, 3)
    a, (events, b) = kept["ours"].amount.values[:, 1, 0], kept["plain"]
    z = (a.mean() - b.mean()) / math.sqrt((a.var() + b.var()) / trajectories)
    count = int(kept["ours"].events.sum())
    return line(name, trajectories, count * rate, events * other, "plain numba", "events/s", abs(z) < 5.0)


def beside_gillespy2(name, network, end, trajectories):
    """Its solver writes all trajectories as text, so few and long ones are in its favour."""
    events = ssa(network, [0.0, end], trajectories=trajectories, workers=1)
    mean, error = (float(f(events.amount[:, 1, 0])) for f in (np.mean, np.std))
    rate = int(events.events.sum()) / best(lambda: ssa(network, [0.0, end], trajectories=trajectories, workers=1), 3)
    try:
        import gillespy2
    except ImportError:
        return line(name, trajectories, rate, None, "GillesPy2", "events/s", np.isfinite(mean))
    model = gillespy2.Model(name="peer")
    species = {s.name: gillespy2.Species(name=s.name, initial_value=s.amount) for s in network.species}
    model.add_species(list(species.values()))
    for i, reaction in enumerate(network.reactions):
        formula = [str(reaction.rate)]
        for reactant, count in reaction.reactants:
            formula += [f"({reactant} - {k}) / {k + 1}" for k in range(count)]
        model.add_reaction(
            gillespy2.Reaction(
                name=f"r{i}", reactants=dict(reaction.reactants), products=dict(reaction.products),
                propensity_function=" * ".join(formula),
            )
        )  # fmt: skip
    model.timespan(gillespy2.TimeSpan([0.0, end]))
    with tempfile.TemporaryDirectory() as folder:
        solver = gillespy2.SSACSolver(model=model, output_directory=f"{folder}/solver")
        solver.run(number_of_trajectories=1, seed=1)
        begin = time.perf_counter()
        peer = solver.run(number_of_trajectories=trajectories, seed=1)
        seconds = time.perf_counter() - begin
    last = np.array([run[network.names[0]][-1] for run in peer])
    z = (last.mean() - mean) / max(math.hypot(error, last.std()) / math.sqrt(trajectories), 1e-9)
    return line(name, trajectories, rate, int(events.events.sum()) / seconds, "GillesPy2", "events/s", abs(z) < 5.0)


def ring(channels):
    """Molecules that hop around a ring: two propensities change with each event, whatever its size."""
    return ReactionNetwork(
        species=[Species(name=f"X{i}", amount=10) for i in range(channels)],
        reactions=[
            Reaction(reactants={f"X{i}": 1}, products={f"X{(i + 1) % channels}": 1}, rate=1.0 + i % 5 / 5)
            for i in range(channels)
        ],
    )


def nanoseconds(network, events, method):
    """Of one event, the cost of starting a trajectory taken off, and whether as many fired as should."""
    turnover = 10.0 * sum(reaction.rate for reaction in network.reactions)
    spans, seconds, fired = (events / turnover / 10.0, events / turnover), [], []
    for span in spans:
        fired.append(int(ssa(network, [0.0, span], workers=1, method=method).events[0]))
        seconds.append(best(lambda span=span: ssa(network, [0.0, span], workers=1, method=method), 3))
    plausible = abs(fired[1] / events - 1.0) < 0.2  # molecules gather where rates are low
    return 1e9 * (seconds[1] - seconds[0]) / (fired[1] - fired[0]), plausible


def rows(quick):
    many = 20 if quick else 2000
    yield by_hand("birth and death", BIRTH_DEATH, birth_death, 10.0 if quick else 100.0, many // 10)
    yield by_hand("dimerisation", DIMERISATION, dimerisation, 50.0, 10 * many)
    yield by_hand("Schloegl", SCHLOEGL, schloegl, 4.0, many)
    yield beside_gillespy2("birth and death", BIRTH_DEATH, 10.0 if quick else 1000.0, 10)
    yield beside_gillespy2("dimerisation", DIMERISATION, 50.0, many // 2)
    yield beside_gillespy2("Schloegl", SCHLOEGL, 4.0, many // 2)
    events = 20_000 if quick else 2_000_000
    for method in ("next_reaction", "composition_rejection"):
        few, fine = nanoseconds(ring(10), events, method)
        for channels in (100,) if quick else (100, 1000, 10_000):
            cost, good = nanoseconds(ring(channels), events, method)
            name = f"cost of an event, {method.replace('_', ' ')}"
            yield line(name, channels, cost, few, "10 channels", "ns", fine and good)
    trajectories = 128 if quick else 4096
    one, two = (
        best(lambda w=w: ssa(DIMERISATION, [0.0, 50.0], trajectories=trajectories, workers=w), 3) for w in (1, 2)
    )
    yield line("two threads, dimerisation", trajectories, two, one, "one thread", "s", True)


if __name__ == "__main__":
    present(__doc__, rows)

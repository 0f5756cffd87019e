"""A drop of the Allen-Cahn field beside py-pde; a growing crystal beside a plain exponential script.

    python tests/benchmarks/order_fields.py [--json] [--quick]

The drop shrinks for 100 units of time; what counts is its fraction of the box, to 1 % of the value on a grid of
fine cells. The crystal grows from a seed for 100 units of time in 256 x 256 points of pi/4; every side is given the
largest step (tolerance) of its list with an L2 error of at most 1e-4 against a converged reference; the script's split
is tuned, for which nothing is charged. One thread.
"""

import math
import time

import numpy as np
import scipy.fft
from mesoscale.core.fields.allen_cahn import AllenCahn
from mesoscale.core.fields.crystal import PhaseFieldCrystal, lattice_spacing
from mesoscale.core.fields.spectral import integrate
from mesoscale.core.kernels.threads import use_workers
from mesoscale.core.model import Streams
from side_by_side import best, line, present

ALLOWED = 1e-4


def gap(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


def py_pde_drop(radius, edge, cells, end):
    """Explicit adaptive steps: seconds, fraction and version; None where it is not installed."""
    try:
        import pde
    except ImportError:
        return None
    grid = pde.CartesianGrid([[0, edge]] * 2, cells, periodic=True)
    x = (np.arange(cells) + 0.5) * edge / cells - edge / 2
    start = np.tanh((np.hypot(x[:, None], x[None, :]) - radius) / math.sqrt(2))
    equation = pde.PDE({"c": "laplace(c) - c**3 + c"})
    equation.solve(pde.ScalarField(grid, start), t_range=1e-3, dt=1e-3, tracker=None)
    begin = time.perf_counter()
    result = equation.solve(pde.ScalarField(grid, start), t_range=end, dt=1e-3, adaptive=True, tracker=None)
    return time.perf_counter() - begin, float((1 - result.data).mean() / 2), pde.__version__


def drop(edge, radius, end):
    exact = float(
        AllenCahn(
            tilt=0.0, start_radius=radius, reduced_box_size=edge, cells=int(2 * edge), reduced_duration=end,
            snapshots=3, tolerance=1e-6,
        ).run().answer
    )  # fmt: skip
    close = lambda value: abs(value / exact - 1) < 1e-2  # noqa: E731
    model = AllenCahn(
        tilt=0.0, start_radius=radius, reduced_box_size=edge, cells=int(0.9 * edge), reduced_duration=end, snapshots=3,
    )  # fmt: skip
    model = next(
        m for t in (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6) if close(float((m := model.replace(tolerance=t)).run().answer))
    )
    mine = best(model.run, 3)
    peer = next((p for n in (2, 3, 4) if (p := py_pde_drop(radius, edge, int(n * edge), end)) and close(p[1])), None)
    seconds, name = (None, "py-pde") if peer is None else (peer[0], f"py-pde {peer[2]}")
    yield line("drop, fraction to 1 %", f"{edge:g} wide", mine, seconds, name, "s", True)


def plain_etdrk2(start, step, end, r, split):
    """What a careful user writes: Cox and Matthews' second order with a fixed step."""
    n = start.shape[0]
    k = 2 * np.pi * scipy.fft.rfftfreq(n, math.pi / 4)
    k2 = (2 * np.pi * scipy.fft.fftfreq(n, math.pi / 4))[:, None] ** 2 + k[None, :] ** 2
    steps = math.ceil(end / step)
    step = end / steps
    z = -step * k2 * (r + (1 - k2) ** 2 + split)
    safe = np.where(np.abs(z) < 1e-4, -1e-4, z)
    decay, one = np.exp(z), np.expm1(safe) / safe
    first, second = -step * k2 * one, -step * k2 * (one - 1) / safe
    u, field = scipy.fft.rfft2(start), start
    for _ in range(steps):
        force = scipy.fft.rfft2(field * (field * field - split))
        a = decay * u + first * force
        field = scipy.fft.irfft2(a, start.shape)
        u = a + second * (scipy.fft.rfft2(field * (field * field - split)) - force)
        field = scipy.fft.irfft2(u, start.shape)
    return field


def growth(points, end):
    step = math.pi / 4
    model = PhaseFieldCrystal(start="own", own_density=np.full((points, points), -0.285), grid_step=step)
    basis = model.basis()
    seeded = PhaseFieldCrystal(spacings=20)
    start = seeded.first_field(basis, 1.0, Streams(0))
    flow = model.flow(basis)

    def ours(tolerance):
        return integrate(flow, start, [end], tolerance=tolerance, step=0.2).fields[0]

    reference = ours(1e-7)
    chosen = next(t for t in (1e-2, 3e-3, 1e-3, 3e-4, 1e-4) if gap(ours(t), reference) <= ALLOWED)
    mine = best(lambda: ours(chosen), 2)
    plain = math.inf
    for split in (0.25, 0.5):
        for length in (2.0, 1.4, 1.0, 0.7, 0.5, 0.35, 0.25, 0.125):
            begin = time.perf_counter()
            field = plain_etdrk2(start, length, end, -0.25, split)
            seconds = time.perf_counter() - begin
            if gap(field, reference) <= ALLOWED:
                plain = min(plain, seconds)
                break
    spacing = float(lattice_spacing(1.0)) / step
    check = gap(ours(chosen), reference) <= ALLOWED and spacing > 8 and math.isfinite(plain)
    yield line("crystal from a seed", f"{points}x{points}", mine, plain, "ETDRK2 on scipy.fft, tuned", "s", check)


def rows(quick):
    with use_workers(1):
        yield from drop(24.0 if quick else 80.0, 8.0 if quick else 24.0, 10.0 if quick else 100.0)
        yield from growth(96 if quick else 256, 10.0 if quick else 100.0)


if __name__ == "__main__":
    present(__doc__, rows)

"""A sphere in a periodic cell, contrast 10, one load, one thread: ours beside muSpectre and a plain scipy.fft script.

    python tests/benchmarks/homogenization.py [--json] [--quick]

All solve to a residual of 1e-8. The check compares the effective property: with the script, which has the same
discretisation, to 1e-7; with muSpectre (Fourier derivatives) to 1 %. The last rows show that cost grows as N log N.
"""

import os
import sys
import time

import numpy as np
import scipy.fft
from mesoscale.core.homogenization.voxels import effective_conductivity, effective_stiffness
from side_by_side import best, line, present

try:
    import muSpectre
except ImportError:
    muSpectre = None  # noqa: N816

CONTRAST, TOLERANCE = 10.0, 1e-8
BULK, SHEAR = 5.0 / 3.0, 1.0
SCRIPT = "plain scipy.fft script"


def sphere(n):
    x = (np.arange(n) + 0.5) / n - 0.5
    return (x[:, None, None] ** 2 + x[:, None] ** 2 + x**2 < 0.3**2).astype(np.uint8)


def unit_vectors(n):
    """Of the rotated scheme, on the half grid of a real transform."""
    full, half = np.pi * np.arange(n) / n, np.pi * np.arange(n // 2 + 1) / n
    angles = np.meshgrid(full, full, half, indexing="ij", sparse=True)
    sine, cosine = [np.sin(a) for a in angles], [np.cos(a) for a in angles]
    wave = np.stack([sine[0] * cosine[1] * cosine[2], cosine[0] * sine[1] * cosine[2], cosine[0] * cosine[1] * sine[2]])
    length = np.sqrt((wave**2).sum(axis=0))
    return wave / np.where(length > 1e-12, length, np.inf)


def conduct_with_scipy(k):
    """What a careful user writes: conjugate gradients on the projected gradient, one thread."""
    n = k.shape[0]
    wave = unit_vectors(n)

    def project(field):
        spectrum = scipy.fft.rfftn(field, axes=(1, 2, 3), workers=1, overwrite_x=True)
        spectrum = wave * (wave * spectrum).sum(axis=0)
        return scipy.fft.irfftn(spectrum, s=k.shape, axes=(1, 2, 3), workers=1, overwrite_x=True)

    gradient = np.zeros((3, *k.shape))
    gradient[0] = 1.0
    residual = -project(k * gradient)
    direction, power = residual.copy(), np.vdot(residual, residual)
    while np.sqrt(power / k.size) > TOLERANCE * abs((k * gradient[0]).mean()):
        product = project(k * direction)
        step = power / np.vdot(direction, product)
        gradient += step * direction
        residual -= step * product
        power, before = np.vdot(residual, residual), power
        direction = residual + power / before * direction
    return (k * gradient[0]).mean()


def deform_with_scipy(bulk, shear):
    """The same for the strain, in the six components with sqrt(2) shear, reference medium of unit stiffness."""
    wave = unit_vectors(shear.shape[0])
    lame, pairs = bulk - 2.0 / 3.0 * shear, ((1, 2), (0, 2), (0, 1))

    def stress(e):
        s = 2.0 * shear * e
        s[:3] += lame * e[:3].sum(axis=0)
        return s

    def project(field):
        spectrum = scipy.fft.rfftn(field, axes=(1, 2, 3), workers=1, overwrite_x=True)
        pull = wave * spectrum[:3]
        for c, (a, b) in enumerate(pairs):
            pull[a] += wave[b] * spectrum[3 + c] * 0.5**0.5
            pull[b] += wave[a] * spectrum[3 + c] * 0.5**0.5
        pull = 2.0 * pull - wave * (wave * pull).sum(axis=0)
        spectrum[:3] = wave * pull
        for c, (a, b) in enumerate(pairs):
            spectrum[3 + c] = (wave[a] * pull[b] + wave[b] * pull[a]) * 0.5**0.5
        return scipy.fft.irfftn(spectrum, s=shear.shape, axes=(1, 2, 3), workers=1, overwrite_x=True)

    strain = np.zeros((6, *shear.shape))
    strain[0] = 1.0
    residual = -project(stress(strain))
    direction, power = residual.copy(), np.vdot(residual, residual)
    while np.sqrt(power / shear.size) > TOLERANCE * np.linalg.norm(stress(strain).mean(axis=(1, 2, 3))):
        product = project(stress(direction))
        step = power / np.vdot(direction, product)
        strain += step * direction
        residual -= step * product
        power, before = np.vdot(residual, residual), power
        direction = residual + power / before * direction
    return stress(strain)[0].mean()


def conduct_with_muspectre(image):
    """Diffusion by projection and conjugate gradients, Fourier derivatives; once, with no compiling to leave out."""
    n = image.shape[0]
    cell = muSpectre.cell.CellData.make([n, n, n], [1.0, 1.0, 1.0])
    cell.nb_quad_pts = 1
    sys.stdout.flush()
    output = os.dup(1)  # its C++ side writes of units to the table's stream
    os.dup2(2, 1)
    materials = [muSpectre.material.MaterialLinearDiffusion_3d.make(cell, f"k{k}", k) for k in (1.0, CONTRAST)]
    for index, label in enumerate(image.ravel(order="F")):
        materials[label].add_pixel(index)
    silent = muSpectre.Verbosity.Silent
    krylov = muSpectre.solvers.KrylovSolverCG(TOLERANCE, 1000, silent)
    # the problem is linear: one step of Newton's method, at the tolerance of the conjugate gradients
    solver = muSpectre.solvers.SolverNewtonCG(cell, krylov, silent, 1e-5, 1e-5, 10)
    solver.formulation = muSpectre.Formulation.small_strain
    solver.initialise_cell()
    begin = time.perf_counter()
    flux = solver.solve_load_increment(np.array([[1.0], [0.0], [0.0]])).stress
    seconds = time.perf_counter() - begin
    os.dup2(output, 1)
    os.close(output)
    return np.asarray(flux).reshape(3, -1, order="F")[0].mean(), seconds


def deform_with_muspectre(image):
    """Small strains by projection and conjugate gradients, Fourier derivatives."""
    n = image.shape[0]
    cell = muSpectre.Cell([n, n, n], [1.0, 1.0, 1.0], muSpectre.Formulation.small_strain)
    materials = []
    for name, factor in (("matrix", 1.0), ("sphere", CONTRAST)):
        k, g = BULK * factor, SHEAR * factor
        young, poisson = 9 * k * g / (3 * k + g), (3 * k - 2 * g) / (6 * k + 2 * g)
        materials.append(muSpectre.material.MaterialLinearElastic1_3d.make(cell, name, young, poisson))
    for index, label in enumerate(image.ravel(order="F")):
        materials[label].add_pixel(index)
    cell.initialise()
    load = np.zeros((3, 3))
    load[0, 0] = 1.0
    solver = muSpectre.solvers.KrylovSolverCG(cell, TOLERANCE, 1000, muSpectre.Verbosity.Silent)

    def solve():
        # the problem is linear: one step of Newton's method, at the tolerance of the conjugate gradients
        return muSpectre.solvers.newton_cg(cell, load, solver, 1e-5, 1e-5, muSpectre.Verbosity.Silent)

    return solve


def conduction(n, repeat):
    image = sphere(n)
    k = np.array([1.0, CONTRAST])[image]

    def work():
        return effective_conductivity(image, [1.0, CONTRAST], directions=[0], tolerance=TOLERANCE)

    value, ours = float(work().conductivity[0, 0]), best(work, repeat)
    reference = conduct_with_scipy(k)
    check = abs(value / reference - 1) < 1e-7
    yield line("conductivity of a sphere", n, ours, best(lambda: conduct_with_scipy(k), 1), SCRIPT, "s", check)
    if muSpectre is None:
        yield line("conductivity of a sphere", n, ours, None, "muSpectre", "s", check)
        return
    other, seconds = conduct_with_muspectre(image)
    yield line("conductivity of a sphere", n, ours, seconds, "muSpectre", "s", abs(value / other - 1) < 1e-2)


def elasticity(n, repeat):
    image = sphere(n)
    phases = [(BULK, SHEAR), (BULK * CONTRAST, SHEAR * CONTRAST)]

    def work():
        return effective_stiffness(image, phases, directions=[0], tolerance=TOLERANCE)

    value, ours = float(work().stiffness[0, 0]), best(work, repeat)
    moduli = [np.array([m, m * CONTRAST])[image] for m in (BULK, SHEAR)]
    reference = deform_with_scipy(*moduli)
    peer = best(lambda: deform_with_scipy(*moduli), 1)
    check = abs(value / reference - 1) < 1e-7
    yield line("stiffness of a sphere", n, ours, peer, SCRIPT, "s", check)
    if muSpectre is None:
        yield line("stiffness of a sphere", n, ours, None, "muSpectre", "s", check)
        return
    solve = deform_with_muspectre(image)
    stress = solve().stress
    other = float(np.asarray(stress).reshape(9, -1, order="F")[0].mean())
    yield line("stiffness of a sphere", n, ours, best(solve, 1), "muSpectre", "s", abs(value / other - 1) < 1e-2)


def growth(sizes, repeat):
    """Seconds a voxel, an iteration and a logarithm of the size, over those of the smallest."""
    costs = []
    for n in sizes:
        image = sphere(n)
        steps = int(effective_conductivity(image, [1.0, CONTRAST], directions=[0]).iterations[0])
        seconds = best(lambda image=image: effective_conductivity(image, [1.0, CONTRAST], directions=[0]), repeat)
        costs.append(seconds / steps / n**3 / np.log2(n))
    return line(
        "cost a voxel and log N, a step", f"{sizes[0]}-{sizes[-1]}", costs[-1] / costs[0], None, None, "1", True
    )


def rows(quick):
    n, repeat = (27, 1) if quick else (125, 3)
    yield from conduction(n, repeat)
    yield from elasticity(n, repeat)
    yield growth((16, 27) if quick else (64, 125, 160), repeat)


if __name__ == "__main__":
    present(__doc__, rows)

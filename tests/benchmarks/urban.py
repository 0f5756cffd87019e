"""Morphometry, blending heights and effective surfaces beside scipy, numpy, plain Python and UMEP.

    python tests/benchmarks/urban.py [--json] [--quick]

One thread, the best of several runs; every line carries a check that the work was done. UMEP's routine is used where a
module ``RoughnessCalcFunctionV2`` (UMEP-dev/UMEP-processing, folder util) is on the path: it is no package.
"""

import importlib.util
import math

import numpy as np
import scipy.special
import xarray as xr
from mesoscale.core.kernels.threads import use_workers
from mesoscale.environment import urban
from side_by_side import best, line, present


def loop_macdonald(height, plan, frontal):
    """The published formulas, one cell after the other."""
    out = np.empty((2, len(height)))
    for i in range(len(height)):
        gap = 4.43 ** -plan[i] * (1.0 - plan[i])
        out[0, i] = height[i] * (1.0 - gap)
        out[1, i] = height[i] * gap * math.exp(-((0.5 * 1.2 / 0.4**2 * gap * frontal[i]) ** -0.5))
    return out


def array_macdonald(height, plan, frontal):
    gap = 4.43**-plan * (1.0 - plan)
    return np.stack([height * (1.0 - gap), height * gap * np.exp(-((0.5 * 1.2 / 0.4**2 * gap * frontal) ** -0.5))])


def morphometry(n):
    rng = np.random.default_rng(0)
    height, plan, frontal = rng.uniform(3.0, 50.0, n), rng.uniform(0.05, 0.6, n), rng.uniform(0.05, 0.8, n)

    def ours():
        return np.stack(
            [
                urban.macdonald_displacement_height(height, plan),
                urban.macdonald_roughness_length(height, plan, frontal),
            ]
        )

    rate = n / best(ours)
    few = slice(0, n // 20)
    loop = len(height[few]) / best(lambda: loop_macdonald(height[few], plan[few], frontal[few]), 2)
    expected = array_macdonald(height, plan, frontal)
    check = np.allclose(ours(), expected, rtol=1e-12, atol=0)
    yield line("Macdonald d and z0", n, rate, loop, "plain Python loop", "cells/s", check)
    array = n / best(lambda: array_macdonald(height, plan, frontal))
    yield line("Macdonald d and z0", n, rate, array, "numpy", "cells/s", check)
    peer, same = None, check
    if importlib.util.find_spec("RoughnessCalcFunctionV2") is not None:
        from RoughnessCalcFunctionV2 import RoughnessCalcMany

        columns = [a[few, None] for a in (height, frontal, plan, height, frontal)]
        peer = len(height[few]) / best(lambda: RoughnessCalcMany("Mac", *columns), 1)
        theirs = np.hstack(RoughnessCalcMany("Mac", *columns)).T
        same = check and np.allclose(expected[:, few], theirs, rtol=1e-9)
    yield line("Macdonald d and z0", n, rate, peer, "UMEP", "cells/s", same)


def fixed_point_mason(length, roughness, sweeps=60):
    """What a user of numpy writes first: sweeps of l = 2 kappa^2 L / ln^2(l / z0), damped to converge."""
    height = roughness * np.e
    for _ in range(sweeps):
        height = np.sqrt(height * 0.32 * length / np.log(np.maximum(height / roughness, 1.01)) ** 2)
    return height


def blending_heights(n):
    rng = np.random.default_rng(1)
    length, roughness = rng.uniform(100.0, 1e4, n), np.exp(rng.uniform(-4.0, 1.0, n))
    seconds = best(lambda: urban.mason_blending_height(length, roughness))
    height = urban.mason_blending_height(length, roughness)
    check = np.allclose(height / length * np.log(height / roughness) ** 2, 0.32, rtol=1e-11)

    def by_scipy():
        w = scipy.special.lambertw(np.sqrt(0.32 * length / roughness) / 2.0).real
        return roughness * np.exp(2.0 * w)

    check &= np.allclose(by_scipy(), height, rtol=1e-12)
    yield line("Mason blending height", n, seconds, best(by_scipy), "scipy lambertw", "s", check)
    swept = np.abs(fixed_point_mason(length, roughness) / height - 1.0).max() < 1e-6
    peer = best(lambda: fixed_point_mason(length, roughness), 1)
    yield line("Mason blending height", n, seconds, peer, "numpy fixed point", "s", check and swept)


def cell_by_numpy(codes, z, side, spacing):
    """Effective roughness of each cell: counts, run lengths and a fixed point, cell after cell."""
    rows, columns = (size // side for size in codes.shape)
    out = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            block = codes[i * side : (i + 1) * side, j * side : (j + 1) * side]
            fields = z[block]
            changes = (fields[1:] != fields[:-1]).sum() + (fields[:, 1:] != fields[:, :-1]).sum()
            length = 2.0 * 2.0 * side * (side - 1) * spacing / changes
            present, counts = np.unique(block, return_counts=True)
            share, lengths = counts / counts.sum(), z[present]
            value = float(np.exp(share @ np.log(lengths)))
            for _ in range(200):
                height = urban.mason_blending_height(length, value)
                new = height * math.exp(-1.0 / math.sqrt(float(share @ np.log(height / lengths) ** -2.0)))
                if abs(new / value - 1.0) < 1e-12:
                    break
                value = new
            out[i, j] = new
    return out


def maps(pixels, side=50):
    rng = np.random.default_rng(2)
    width = side * max(1, round(math.sqrt(pixels) / side))
    codes = np.kron(rng.integers(1, 18, (width // 10, width // 10)), np.ones((10, 10), int)).astype(np.uint8)
    axis = np.arange(width) * 100.0
    raster = xr.DataArray(codes, dims=("y", "x"), coords={"y": axis, "x": axis})
    z = np.full(18, np.nan)
    for code in range(1, 18):
        z[code] = urban.LOCAL_CLIMATE_ZONE_PATCHES[code].roughness_length
    rate = codes.size / best(lambda: urban.effective_surface_map(raster, factor=side))
    cells = urban.effective_surface_map(raster, factor=side).effective_roughness_length.values
    expected = cell_by_numpy(codes, z, side, 100.0)
    check = np.allclose(cells, expected, rtol=1e-9)
    peer = codes.size / best(lambda: cell_by_numpy(codes, z, side, 100.0), 1)
    yield line("effective map, classes", codes.size, rate, peer, "numpy, cell by cell", "pixels/s", check)
    lengths = raster.copy(data=z[codes])

    def by_length():
        return urban.effective_surface_map(lengths, factor=side, classes=None, method="run_length")

    rate = codes.size / best(by_length)
    check = np.allclose(by_length().effective_roughness_length, expected, rtol=1e-9)
    yield line("effective map, roughness", codes.size, rate, peer, "numpy, cell by cell", "pixels/s", check)


def flux_maps(n):
    rng = np.random.default_rng(3)
    flux = rng.normal(100.0, 50.0, (n, n))
    seconds = best(lambda: urban.blend_flux_map(flux, 20.0, 10.0, 0.1), 2)
    wave = np.tile(np.cos(2.0 * np.pi * np.arange(n) / n), (2, 1))
    left = np.abs(np.fft.rfft(urban.blend_flux_map(wave, 20.0, 10.0, 0.1)[0])[1]) / (n / 2)
    check = abs(left - urban.flux_amplitude(20.0, 10.0 * n, 0.1)) < 1e-9
    yield line("flux map at 20 m", f"{n}^2", seconds, None, None, "s", check)


def runs(n):
    model = urban.PATCHY_CITY
    seconds = best(lambda: [model.run() for _ in range(n)], 3) / n
    lean = best(lambda: [model.simulate(None, None) for _ in range(n)], 3) / n
    check = abs(model.run().answer.item() - urban.blend_roughness(
        [patch.roughness_length for patch in model.patches], [patch.area_fraction for patch in model.patches], 1000.0
    ).roughness_length) < 1e-12  # fmt: skip
    yield line("UrbanSurface.run", 1, seconds, None, None, "s", check)
    yield line("UrbanSurface.simulate", 1, lean, None, None, "s", check)


def rows(quick):
    n, side, repeats = (20_000, 128, 10) if quick else (1_000_000, 1024, 200)
    with use_workers(1):
        for part in (morphometry(n), blending_heights(n), maps(n), flux_maps(side), runs(repeats)):
            yield from part


if __name__ == "__main__":
    present(__doc__, rows)

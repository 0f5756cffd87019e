"""Long runs on disk, and fields for other eyes: Zarr, ParaView, moving pictures.

`record` runs a model of a field as `run` does, and writes as it goes: a run that was killed goes on from its last
checkpoint when `record` is called again, and ends with the bits it would have had. `write_vtk` and `animate` take the
result of either.

>>> import tempfile
>>> from mesoscale.core.fields.cahn_hilliard import CahnHilliard
>>> mixture = CahnHilliard(cells=16, reduced_box_size=12.0, reduced_duration=1.0)
>>> with tempfile.TemporaryDirectory() as folder:
...     result = record(mixture, f"{folder}/run.zarr", seed=1)
>>> bool((result.composition == mixture.run(seed=1).composition).all())
True
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..model import Streams, Tick
from ..model.progress import Progress
from .spectral import Journal

__all__ = ["animate", "record", "write_vtk"]

_SPACE = ("z", "y", "x")


class FieldModel(Protocol):
    """A model that can follow its field into a journal."""

    def follow(self, streams: Streams, tick: Tick, journal: Journal | None = None) -> dict[str, Any]: ...
    def label(self, runs: list[dict[str, Any]], *, seed: int = 0) -> xr.Dataset: ...


def record(
    model: FieldModel,
    store: str | os.PathLike[str],
    *,
    seed: int = 0,
    every: float = 30.0,
    progress: bool | Callable[[int, int], Any] = False,
) -> xr.Dataset:
    """Run a model of a field into a Zarr group, or go on where an earlier call ended.

    Parameters
    ----------
    model : CahnHilliard or another model with ``follow``
        What runs.
    store : path-like
        Folder of the Zarr group. ``snapshots`` in it can be read while the run goes on.
    seed : int
        As in ``run``.
    every : float
        Seconds between checkpoints.
    progress : bool or callable
        As in ``run``.

    Returns
    -------
    xarray.Dataset
        What ``run(seed=seed)`` would have returned, bit for bit; it is also written to the group ``result``.

    Raises
    ------
    ImportError
        Without zarr (the extra ``sweep``).
    ValueError
        If the store holds another run.
    RuntimeError
        If another process is writing to the store.
    ResultError
        As in ``run``.
    """
    with Journal(store, every=every) as journal, Progress(progress, type(model).__name__) as tick:
        with np.errstate(divide="raise", over="raise", invalid="raise", under="ignore"):
            outcome = model.follow(Streams(seed), tick, journal)
        result = model.label([outcome], seed=seed)
        result.to_zarr(store, group="result", mode="w", consolidated=False)
    return result


def write_vtk(
    field: xr.DataArray, path: str | os.PathLike[str], *, spacing: float | Sequence[float] | None = None
) -> list[Path]:
    """Write a field for ParaView: one image file a time, and a ``.pvd`` that lists them.

    Parameters
    ----------
    field : xarray.DataArray
        On the dimensions z, y and x (or the last ones of them), and at most one more, which is taken for time.
    path : path-like
        Where the files go, without an ending.
    spacing : float or sequence of float, optional
        Edge of a cell, or its edges along x, y and z. By default that of the coordinates, where the field has them
        (crystals, Allen-Cahn), else 1.

    Returns
    -------
    list of pathlib.Path
        The image files.

    Raises
    ------
    ImportError
        Without pyevtk (the extra ``io``).
    ValueError
        If the dimensions are others, or the spacing is not positive.
    """
    try:
        from pyevtk.hl import imageToVTK
        from pyevtk.vtk import VtkGroup
    except ImportError as error:
        raise ImportError("writing for ParaView needs pyevtk: pip install 'mesoscale[io]'") from error
    frames, times = _frames(field)
    space = [str(d) for d in field.dims if d in _SPACE]
    edges = _edges(field) if spacing is None else np.broadcast_to(np.asarray(spacing, dtype=float), 3)
    if not (np.isfinite(edges).all() and (edges > 0.0).all()):
        raise ValueError(f"spacing = {spacing!r}: must be positive, one number or three")
    written = []
    for index in range(len(times)):
        cells = frames[index].reshape(*(1,) * (3 - len(space)), *frames[index].shape)
        ordered = np.asfortranarray(cells.transpose(2, 1, 0))  # VTK counts x first
        data = {str(field.name or "field"): ordered}
        name = f"{os.fspath(path)}_{index:04d}"
        written.append(Path(imageToVTK(name, spacing=tuple(edges.tolist()), cellData=data)))
    group = VtkGroup(os.fspath(path))
    for file, time in zip(written, times, strict=True):
        group.addFile(str(file), sim_time=float(time))
    group.save()
    return written


def animate(field: xr.DataArray, path: str | os.PathLike[str], *, frames_per_second: int = 8) -> Path:
    """Write the field in time as a moving picture: GIF, or what else the ending names and matplotlib can write.

    Parameters
    ----------
    field : xarray.DataArray
        As for `write_vtk`; of three dimensions the middle plane is shown, of one a line.
    path : path-like
        With its ending.
    frames_per_second : int
        Speed.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        If the dimensions are others.
    """
    from matplotlib import animation
    from matplotlib.figure import Figure

    frames, times = _frames(field)
    frames = frames.reshape(len(times), *(n for n in frames.shape[1:] if n > 1))
    if frames.ndim == 4:
        frames = frames[:, frames.shape[1] // 2]
    figure = Figure(figsize=(5.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    low, high = float(frames.min()), float(frames.max())
    if frames.ndim == 3:
        picture = axes.imshow(frames[0], origin="lower", cmap="cividis", vmin=low, vmax=high)
        figure.colorbar(picture, label=_caption(field))
        axes.set(xlabel="x / cells", ylabel="y / cells")
        show: Callable[[Any], Any] = picture.set_data
    else:
        (line,) = axes.plot(np.arange(frames.shape[1]), frames[0])
        axes.set(
            xlabel="x / cells", ylabel=_caption(field), ylim=(low - 0.05 * (high - low), high + 0.05 * (high - low))
        )
        show = line.set_ydata
    title = axes.set_title("")

    def draw(index: int) -> tuple[Any, ...]:
        show(frames[index])
        title.set_text(f"time {times[index]:.4g}")
        return ()

    film = animation.FuncAnimation(figure, draw, frames=len(times))
    film.save(os.fspath(path), writer="pillow" if Path(path).suffix.lower() == ".gif" else None, fps=frames_per_second)
    return Path(path)


def _frames(field: xr.DataArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The field with time first, and the times."""
    space = [d for d in _SPACE if d in field.dims]
    rest = [d for d in field.dims if d not in space]
    if not space or space != list(_SPACE[-len(space) :]) or len(rest) > 1:
        raise ValueError(f"field: must have the dimensions z, y and x, or the last of them, and time, not {field.dims}")
    values = field.transpose(*rest, *space).values
    if not rest:
        return values[None], np.zeros(1)
    times = field[rest[0]].values if rest[0] in field.coords else np.arange(field.sizes[rest[0]])
    return values, np.asarray(times, dtype=float)


def _edges(field: xr.DataArray) -> NDArray[np.float64]:
    """Distance of the coordinates along x, y and z; 1 where there are none, along a lone cell that of x."""
    steps = {d: float(field[d][1] - field[d][0]) for d in _SPACE if d in field.coords and field.sizes[d] > 1}
    lone = steps.get("x", 1.0)
    return np.array([steps.get(d, lone) for d in _SPACE[::-1]])


def _caption(field: xr.DataArray) -> str:
    name = str(field.attrs.get("long_name", field.name or "field"))
    units = str(field.attrs.get("units", "1"))
    return name if units == "1" else f"{name} / {units}"

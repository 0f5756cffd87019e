"""Files written whole or not at all: under another name first, then moved to their place."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["make_folder", "read_dataset", "replacing", "write_bytes", "write_dataset", "write_text"]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` only when all went well.

    A full disk, a crash or Ctrl-C in between leaves the old file as it was.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent or Path())
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a binary file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 file, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Write NetCDF through h5netcdf, whole or not at all.

    Raises
    ------
    OSError
        Also where HDF5 reports a full disk in its own way.
    """
    with replacing(path) as temporary:
        try:
            dataset.to_netcdf(temporary, engine="h5netcdf")
        except RuntimeError as error:
            raise OSError(f"cannot write {path}: {error}") from error


def read_dataset(path: Path) -> xr.Dataset:
    """Read a NetCDF file into memory.

    Raises
    ------
    OSError
        If it is missing or no NetCDF.
    """
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="h5netcdf") as dataset:
            return dataset.load()
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise OSError(f"cannot read {path} as NetCDF: {error}") from error


def make_folder(path: Path) -> None:
    """Make a folder and see that it can be written to.

    Raises
    ------
    OSError
        If it cannot.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OSError(f"cannot write into the folder {path}: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

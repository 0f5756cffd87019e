"""A run on disk: the fields kept so far, and a state from which the run goes on bit for bit."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Journal"]

Array = NDArray[np.float64]
State = dict[str, NDArray[Any]]


class _Resumable(Protocol):
    def state(self) -> State: ...
    def restore(self, state: Mapping[str, NDArray[Any]]) -> None: ...


class Journal:
    """The Zarr group of one run of `integrate`; used as ``with Journal(path) as journal``.

    The group holds ``snapshots`` (one chunk a field, readable while the run goes on) and two checkpoints that are
    written in turn. A run that is killed loses at most the steps since the last checkpoint; a disk that is full ends
    the run with an error and leaves what was written.

    Parameters
    ----------
    path : path-like
        Folder of the Zarr group; made if it does not exist.
    every : float
        Seconds between checkpoints.

    Raises
    ------
    ImportError
        Without zarr (the extra ``sweep``).
    RuntimeError
        If another process is writing to the same group.
    ValueError
        If the group holds another run.
    """

    def __init__(self, path: str | os.PathLike[str], *, every: float = 30.0) -> None:
        try:
            import zarr
        except ImportError as error:
            raise ImportError("a run on disk needs zarr: pip install 'mesoscale[sweep]'") from error
        self.path = Path(path)
        self._every = every
        self._zarr = zarr
        self._group: Any = None
        self._last = -np.inf
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Journal":
        self.path.mkdir(parents=True, exist_ok=True)
        self._stack.enter_context(_locked(self.path))
        self._group = self._zarr.open_group(self.path, mode="a")
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def begin(self, run: _Resumable, identity: Mapping[str, Any], shape: tuple[int, ...], ends: Array) -> Array:
        """Go on where the group ends: restore `run`, and return the fields that are kept, in order."""
        digest = _digest(identity)
        if "identity" not in self._group.attrs:
            snapshots = self._group.require_array(
                "snapshots", shape=(ends.size, *shape), chunks=(1, *shape), dtype="f8", fill_value=np.nan,
                dimension_names=("snapshot", *"zyx"[-len(shape):]),
            )  # fmt: skip
            snapshots.attrs["units"] = "1"
            times = self._group.require_array("time", shape=ends.shape, dtype="f8", dimension_names=("snapshot",))
            times[:] = ends
            self._group.require_array(
                "latest", shape=(1,), dtype="i8", fill_value=-1, dimension_names=("checkpoint",)
            )  # fmt: skip
            self._group.attrs["identity"] = digest
        elif self._group.attrs["identity"] != digest:
            raise ValueError(f"{self.path}: holds another run (other parameters, seed, times or scheme)")
        latest = int(self._group["latest"][0])
        if latest < 0:
            return np.empty((0, *shape))
        slot = self._group[f"checkpoint_{latest % 2}"]
        run.restore({name: array[...] for name, array in slot.arrays()})
        done = int(slot["kept"][0])
        return np.asarray(self._group["snapshots"][:done])

    def keep(self, run: _Resumable, index: int, field: Array) -> None:
        """Write a field, and where the run stands."""
        self._group["snapshots"][index] = field
        self._write(run, index + 1)

    def note(self, run: _Resumable, kept: int) -> None:
        """Write where the run stands, if the last time is long enough ago."""
        if self._last == -np.inf:
            self._last = time.monotonic()
        elif time.monotonic() - self._last >= self._every:
            self._write(run, kept)

    def _write(self, run: _Resumable, kept: int) -> None:
        number = int(self._group["latest"][0]) + 1
        slot = self._group.create_group(f"checkpoint_{number % 2}", overwrite=True)
        for name, values in {**run.state(), "kept": np.array([kept])}.items():
            slot.create_array(name, data=values)
        self._group["latest"][0] = number  # last: until it stands there, the other checkpoint counts
        self._last = time.monotonic()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time; the lock falls with the process that holds it."""
    try:
        import fcntl
    except ImportError:  # a system without these locks
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RuntimeError(f"{path}: another process is writing to this group") from error
    finally:
        os.close(handle)


def _digest(identity: Mapping[str, Any]) -> str:
    found = hashlib.sha256()
    for name in sorted(identity):
        value = identity[name]
        found.update(name.encode())
        if isinstance(value, np.ndarray):
            found.update(str(value.shape).encode() + np.ascontiguousarray(value).tobytes())
        else:
            found.update(json.dumps(value).encode())
    return found.hexdigest()

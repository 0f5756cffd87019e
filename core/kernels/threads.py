"""Blocks of independent trajectories on a thread pool.

Kernels release the interpreter lock (``nogil``), so plain threads use all cores. Each block writes outputs of its own,
blocks are cut without regard to the number of workers, and their results come back in order: the same bits for any
number of threads, provided that the caller reduces them in that order.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["available_workers", "map_blocks", "use_workers"]

Output = TypeVar("Output")
Tick = Callable[[int, int], object]

_WORKERS: ContextVar[int | None] = ContextVar("mesoscale_workers", default=None)


def available_workers() -> int:
    """Number of threads that `map_blocks` uses unless told otherwise: `use_workers`, else the cores of this process."""
    chosen = _WORKERS.get()
    if chosen is not None:
        return chosen
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def use_workers(workers: int) -> Iterator[None]:
    """Within this context, every `map_blocks` without an argument of its own uses `workers` threads.

    Examples
    --------
    >>> with use_workers(1):
    ...     available_workers()
    1
    """
    token = _WORKERS.set(_checked_count("workers", workers))
    try:
        yield
    finally:
        _WORKERS.reset(token)


def map_blocks(
    call: Callable[[int, int], Output],
    n: int,
    block: int,
    *,
    workers: int | None = None,
    tick: Tick | None = None,
    stop: threading.Event | None = None,
) -> list[Output]:
    """Call `call(begin, end)` for consecutive blocks of ``range(n)`` and return the results in order.

    Parameters
    ----------
    call : callable
        Computes the trajectories `begin` ... `end` - 1; should release the interpreter lock for most of its time.
    n : int
        Number of trajectories.
    block : int
        Trajectories in a block: about 0.2 s of work, so that progress and Ctrl-C are prompt.
    workers : int, optional
        Number of threads. Default: `available_workers`.
    tick : callable, optional
        `tick(done, total)` after each block, in the calling thread. It may raise to cancel.
    stop : threading.Event, optional
        Set when the work is cancelled, for a `call` that takes long and looks at it between its kernels.

    Returns
    -------
    list
        One result a block.

    Raises
    ------
    ValueError
        If a count is out of range.
    Exception
        Whatever `call` or `tick` raises, Ctrl-C included: pending blocks are cancelled, running ones are awaited.

    Examples
    --------
    >>> map_blocks(lambda begin, end: sum(range(begin, end)), 10, 4)
    [6, 22, 17]
    """
    if isinstance(n, bool) or int(n) != n or n < 0:
        raise ValueError(f"n = {n!r}: must be a non-negative integer")
    block = _checked_count("block", block)
    workers = available_workers() if workers is None else _checked_count("workers", workers)
    spans = [(begin, min(begin + block, n)) for begin in range(0, n, block)]
    if workers == 1 or len(spans) < 2:
        results = []
        for begin, end in spans:
            results.append(call(begin, end))
            if tick is not None:
                tick(end, n)
        return results
    with ThreadPoolExecutor(min(workers, len(spans)), thread_name_prefix="mesoscale") as pool:
        futures = {pool.submit(call, *span): span for span in spans}
        try:
            _await(futures, n, tick)
        except BaseException:
            if stop is not None:
                stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _await(futures: dict[Future[Output], tuple[int, int]], n: int, tick: Tick | None) -> None:
    pending, done = set(futures), 0
    while pending:
        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            future.result()
            done += futures[future][1] - futures[future][0]
            if tick is not None:
                tick(done, n)


def _checked_count(name: str, value: int) -> int:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(f"{name} = {value!r}: must be an integer of at least 1")
    return int(value)

"""What every long computation shares: a bar or the caller's own function, and the version that it will be known by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Progress", "library_version"]


def library_version() -> str:
    """Version of this library, as it stands in recipes."""
    from ... import __version__

    return __version__


class Progress:
    """A tqdm bar for True, the caller's own function if there is one, silence otherwise."""

    def __init__(self, wish: bool | Callable[[int, int], Any], name: str) -> None:
        self._wish = wish
        self._bar: Any = None
        if wish is True:
            from tqdm import tqdm

            self._bar = tqdm(desc=name, total=None, leave=False)

    def __enter__(self) -> Callable[[int, int], Any]:
        if self._bar is not None:
            return self._advance
        return self._wish if callable(self._wish) else lambda done, total: None

    def _advance(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.close()

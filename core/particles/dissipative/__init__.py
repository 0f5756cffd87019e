"""Dissipative particle dynamics."""

__all__: list[str] = []

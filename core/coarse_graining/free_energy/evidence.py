"""Placeholder."""

EVIDENCE = ()

"""Evidence."""

EVIDENCE = ()

"""Jump processes."""

from .ensemble import ssa
from .network import Constant, Event, Reaction, ReactionNetwork, Species

__all__ = ["Constant", "Event", "Reaction", "ReactionNetwork", "Species", "ssa"]

"""Finding the boundaries between shots: cuts, dissolves and fades, but no flashes, from a bounded stretch of the film."""

from .detector import AHEAD_S, CONTEXT_S, Settled, ShotDetector, Transition

__all__ = ["AHEAD_S", "CONTEXT_S", "Settled", "ShotDetector", "Transition"]

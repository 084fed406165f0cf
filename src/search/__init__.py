"""Search among vectors: the nearest rows of an index on disk. Knows nothing of tracks, people or stores."""

from .blocks import VectorIndex
from .ranking import Hit

__all__ = ["Hit", "VectorIndex"]

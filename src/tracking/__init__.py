"""SORT: boxes of frame after frame to track ids."""

from .sort import SortTracker

__all__ = ["SortTracker"]

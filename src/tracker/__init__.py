"""The stage that watches a video once: faces are found, followed and embedded, and stored without names."""

from .stage import TrackReport, command, main, run

__all__ = ["TrackReport", "command", "main", "run"]

"""The stage that watches a video once: faces are found, followed and embedded, and stored without names."""

from .commandline import command, main
from .outdated import RefreshReport, refresh
from .stage import TrackReport, run

__all__ = ["RefreshReport", "TrackReport", "command", "main", "refresh", "run"]

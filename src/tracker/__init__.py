"""The stage that watches a video once: faces are found, followed and embedded, and stored without names."""

from .commandline import command, main
from .expansion import expand
from .finding import BESIDE
from .many import ManyReport, Outcome, run_many
from .outdated import RefreshReport, refresh
from .stage import TrackReport, run

__all__ = [
    "BESIDE",
    "ManyReport",
    "Outcome",
    "RefreshReport",
    "TrackReport",
    "command",
    "expand",
    "main",
    "refresh",
    "run",
    "run_many",
]

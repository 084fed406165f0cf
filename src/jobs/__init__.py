"""Durable jobs: what a verb does, submitted to the store, done by workers, in a process of its own each.

`submit`, `find`, `get`, `latest`, `events`, `cancel` and `retry` are for whoever wants something done; `Worker` does it.
"""

from .deliveries import deliveries
from .events import events
from .kinds import KINDS, Kind
from .params import Params
from .queue import LIVE, cancel, counts, find, get, latest, retry, submit
from .watching import Watch
from .worker import Worker

__all__ = [
    "KINDS",
    "LIVE",
    "Kind",
    "Params",
    "Watch",
    "Worker",
    "cancel",
    "counts",
    "deliveries",
    "events",
    "find",
    "get",
    "latest",
    "retry",
    "submit",
]

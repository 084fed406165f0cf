"""What runs beside the requests of a process, and how it ends."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable

_LOG = logging.getLogger(__name__)
_MADE_BETWEEN = 20_000
"""Objects that are made, and not let go of, before those of the last requests are looked through: 2 MB of them, about."""

Check = Callable[[], str]
"""Says what is wrong in few words, without paths or addresses; nothing where all is well."""


class Lifecycle:
    """The start and the end of a process that answers requests.

    Attributes:
        stopping: Set when the process was told to end. Answers that go on for long, such as streams of events, wait on it
            instead of sleeping, and end when it is set.
        checks: What /readyz looks at, by name.
    """

    def __init__(self) -> None:
        """Begin with nothing that runs."""
        self.stopping = threading.Event()
        self.checks: dict[str, Check] = {}
        self._starts: list[Callable[[], None]] = []
        self._ends: list[Callable[[], None]] = []
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    def on_start(self, start: Callable[[], None]) -> None:
        """Call this when the process is about to answer requests; never where an application is only built, as in tests."""
        self._starts.append(start)

    def on_stop(self, end: Callable[[], None]) -> None:
        """Call this when the process was told to end, while requests under way go on. The last one given is called first."""
        self._ends.append(end)

    def start(self) -> None:
        """Start what runs beside the requests, then a thread that ends it: a handler of a signal may only set `stopping`.

        A process may be told to end while it starts. All has started by the time the thread looks, so that nothing is ended
        first and started after that.
        """
        for start in self._starts:
            start()
        self._watcher = threading.Thread(target=self._watch, name="facerec-lifecycle", daemon=True)
        self._watcher.start()

    def stop(self, wait_s: float | None = None) -> None:
        """End what runs beside the requests, and wait for that; a second call only waits."""
        self.stopping.set()
        if self._watcher is None:
            self._end()
        self._ended.wait(wait_s)

    def _watch(self) -> None:
        self.stopping.wait()
        self._end()

    def _end(self) -> None:
        while self._ends:
            end = self._ends.pop()
            try:
                end()
            except Exception:
                _LOG.exception("Something did not end in good order; the others do.")
        self._ended.set()


def settle_memory() -> None:
    """Let the collector of cycles pass over all that is there when the process begins to answer: it stays to the end.

    A look through the modules takes 20 to 40 ms, in the middle of some request, and a list of hundreds of small lists is reason
    enough for one: it was a third of what windows of tracks with their samples cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MADE_BETWEEN, *gc.get_threshold()[1:])

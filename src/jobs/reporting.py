"""How a running job tells where it stands: its record says how far it is, its events what happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from ..errors import AnnotationError
from ..progress import Progress, Task
from ..records import Job
from ..storage import Store
from .events import LOG, PROGRESS, tell
from .leases import own

WRITE_S = 1.0
"""The record is not written more often."""
STEP = 0.01
"""An event is written for so much progress."""
MAX_LINES = 1000
"""Of messages. A job that has more to say says how many were left out."""
_ASIDE = "Fetching "
"""What is fetched first is no part of the work."""


class JobProgress(Progress):
    """Writes what the stages report into the store, no more often than anybody can read. Used by several threads."""

    def __init__(
        self,
        store: Store,
        job: Job,
        steps: Mapping[str, float],
        lost: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin where an earlier attempt was.

        Args:
            store: Where jobs are.
            job: As it was claimed.
            steps: How the labels of the job's tasks begin, and which share of the whole each is; empty where there is one task.
            lost: Called when the job is somebody else's.
            clock: Seconds.
        """
        self._store, self._job, self._steps, self._lost, self._clock = store, job, steps, lost, clock
        self._done: dict[str, float] = {}
        self._said, self._written = job.progress, -WRITE_S
        self._n_lines = 0
        self._lock = threading.RLock()

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """Write where a task stands, now and then, and when it ends."""
        task = _JobTask(self, label, total, unit)
        task.report()
        yield task
        task.end()

    def message(self, text: str) -> None:
        """Write a line into the log of the job."""
        with self._lock:
            self._n_lines += 1
            if self._n_lines <= MAX_LINES:
                self._tell(LOG, text)
            elif self._n_lines == MAX_LINES + 1:
                self._tell(LOG, f"Further lines are left out: a job keeps {MAX_LINES}.")

    def concerns(self, **what: str) -> None:
        """Write what is worked on into the result: so it is found while the job runs, and when it did not come to its end."""
        try:
            changed = own(self._store, self._job, lambda found: replace(found, result={**found.result, **what}))
        except AnnotationError:
            return  # as in `_write`
        if changed is None:
            self._lost()

    def stands(self, label: str, share: float | None, message: str, *, at_once: bool = False) -> None:
        """Take down how far a task is.

        Args:
            label: Of the task.
            share: How much of it is done, 0 to 1; None where nobody knows.
            message: The same in words.
            at_once: Write it, however long ago something was written.
        """
        with self._lock:
            if share is not None and not label.startswith(_ASIDE):
                self._done[label] = min(share, 1.0)
            if at_once or self._clock() - self._written >= WRITE_S:
                self._written = self._clock()
                self._write(message)

    def _write(self, message: str) -> None:
        progress = max(self._job.progress, self._overall())
        try:
            changed = own(self._store, self._job, lambda found: replace(found, progress=progress, message=message))
        except AnnotationError:
            return  # the work itself will find out whether the store is gone
        if changed is None:
            self._lost()
            return
        self._job = changed
        if progress - self._said >= STEP:
            self._said = progress
            self._tell(PROGRESS, message)

    def _overall(self) -> float:
        """Return how much of the whole is done; never quite all, which only the end of the job says."""
        if not self._steps:
            return min(max(self._done.values(), default=0.0), 0.99)
        found = (share * done for start, share in self._steps.items() for done in [self._done_of(start)])
        return min(sum(found), 0.99)

    def _done_of(self, start: str) -> float:
        return next((done for label, done in self._done.items() if label.startswith(start)), 0.0)

    def _tell(self, what: str, text: str) -> None:
        try:
            tell(self._store, self._job, what, text)
        except AnnotationError:
            return


class _JobTask(Task):
    def __init__(self, progress: JobProgress, label: str, total: float | None, unit: str) -> None:
        self._progress, self._label, self._total, self._unit = progress, label, total, unit
        self._done = 0.0

    def advance(self, amount: float = 1.0) -> None:
        """Count, and let it be written when that is due."""
        self._done += amount
        self.report()

    def report(self) -> None:
        """Say how far it is."""
        share = self._done / self._total if self._total else None
        self._progress.stands(self._label, share, self._words())

    def end(self) -> None:
        """Say that it is done."""
        self._progress.stands(self._label, 1.0, self._words(), at_once=True)

    def _words(self) -> str:
        if self._total is None:
            return f"{self._label}: {self._done:.0f} {self._unit}".strip() if self._done else self._label
        return f"{self._label}: {self._done:.0f} of {self._total:.0f} {self._unit}".strip()

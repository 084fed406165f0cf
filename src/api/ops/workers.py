"""A worker beside the requests, so that jobs are done where nobody starts workers of their own."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from ...jobs import Worker
from ...records import Job, JobStatus, stable_id
from ...workspace import Workspace
from .lifecycle import Lifecycle

PATIENCE_S = 60.0
"""A job that could be done and has waited for so long, while none is done, has no worker."""

_AGAIN_S = 5.0
_LOG = logging.getLogger(__name__)


def work_beside(workspace: Workspace, lifecycle: Lifecycle) -> None:
    """Do jobs while the process answers requests, or, where workers run apart, see to it that there are any.

    Of processes that answer side by side on one data folder and store only one works; another takes over when it ends.
    """
    if workspace.settings.server.worker:
        beside = _Beside(workspace)
        lifecycle.on_start(beside.start)
        lifecycle.on_stop(beside.stop)
        lifecycle.checks["worker"] = beside.check
    else:
        lifecycle.checks["worker"] = lambda: waiting_in_vain(workspace, time.time())


def waiting_in_vain(workspace: Workspace, moment: float) -> str:
    """Say that jobs wait and nobody does any, or nothing.

    Args:
        workspace: Whose jobs.
        moment: Now, in seconds since 1970.
    """
    oldest = next((job for job in workspace.store.find(Job, status=JobStatus.QUEUED) if job.not_before <= moment), None)
    if oldest is None or moment - max(_seconds(oldest.created_at), oldest.not_before) < PATIENCE_S:
        return ""
    if any(job.lease_until > moment for job in workspace.store.find(Job, status=JobStatus.RUNNING)):
        return ""
    return "jobs wait and no worker takes them up"


class _Beside:
    """One worker in a thread of this process, which also is the one that the processes of its jobs die with."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stopping = threading.Event()
        self._worker: Worker | None = None
        self._thread = threading.Thread(target=self._run, name="facerec-worker", daemon=True)

    def start(self) -> None:
        """Work as soon as no other process does."""
        self._thread.start()

    def stop(self) -> None:
        """Hand back what is under way."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop(wait=False)
            self._thread.join(self._workspace.settings.worker.stop_s + _AGAIN_S)

    def check(self) -> str:
        """Say whether the thread has gone; an application that is only built has none, and is no process yet."""
        started = self._thread.ident is not None
        return "has ended" if started and not self._thread.is_alive() and not self._stopping.is_set() else ""

    def _run(self) -> None:
        settings = self._workspace.settings
        with self._workspace.locked(f"worker-{stable_id(settings.database.uri)}"):
            while not self._stopping.is_set():
                self._worker = Worker(self._workspace)
                if self._stopping.is_set():
                    break
                try:
                    self._worker.run()
                except Exception:
                    _LOG.exception("The worker failed; it begins anew.")
                    self._stopping.wait(_AGAIN_S)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

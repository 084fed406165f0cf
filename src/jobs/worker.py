"""The worker: claims jobs, has each done in a process of its own, and sees to it that they end."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from .. import logs
from ..errors import AnnotationError
from ..records import Job, JobStatus
from ..workspace import Workspace, served
from .abandoned import abandon
from .leases import Clock, Leases
from .processes import COMMAND, JobProcess, what_killed
from .queue import LIVE, counts
from .upkeep import follow_owed, remove_old
from .webhooks import Caller

CANCEL_S = 1.0
"""How long a job that is cancelled may take to end in good order."""
_TIDY_S = 60.0
"""A process that is done may take so long to end: after an erasure it writes the database anew."""
_UPKEEP_S = 3600.0
_OWED_S = 30.0
"""Between two looks for what somebody left behind."""
_RENEWALS = 3
"""A lease is renewed so many times while it lasts."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """A job under way; `kill_at` is when its process is killed that was asked to end, by the monotonic clock."""

    job: Job
    process: JobProcess
    lease_until: float
    kill_at: float | None = None


class Worker:
    """Does jobs until it is told to stop. Several, also on several machines, may share one store and one data folder.

    It stays small: networks and videos are opened in the processes of jobs alone.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        slots: int | None = None,
        clock: Clock = time.time,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Make a worker that does nothing yet.

        Args:
            workspace: Where to work; its store is used from the worker's thread beside others.
            slots: Jobs done at a time; the setting where None.
            clock: Seconds since 1970, for leases.
            command: What does a job.
        """
        workspace.settings = served(workspace.settings)  # jobs name what clients named
        self._workspace, self._settings = workspace, workspace.settings.worker
        self._slots = slots or self._settings.slots
        self._clock, self._command = clock, command
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        lease_s, max_attempts = self._settings.lease_s, self._settings.max_attempts
        self._leases = Leases(workspace.store, self.name, lease_s, max_attempts, clock, partial(abandon, workspace))
        self._running: list[_Running] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._upkeep_at = self._owed_at = 0.0
        self._caller = Caller(workspace, clock)

    @property
    def busy(self) -> bool:
        """Whether a job is being done."""
        return bool(self._running)

    def start(self) -> None:
        """Work in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self.run, name="worker")
        self._thread.start()

    def stop(self, *, wait: bool = True) -> None:
        """Take no further job and hand back those under way. May be called by a signal's handler, with `wait` off.

        Args:
            wait: Return when that is done, where the worker has a thread of its own.
        """
        self._stop.set()
        if wait and self._thread is not None:
            self._thread.join()
            self._thread = None

    def run(self, *, until_idle: bool = False) -> None:
        """Work until `stop`. The processes of jobs die with the thread that calls this.

        Args:
            until_idle: Or until no job is queued or under way, not even at another worker.
        """
        self._caller.start()
        try:
            while not self._stop.is_set():
                self._patiently(self.step)
                if until_idle and not any(counts(self._workspace)[status] for status in LIVE):
                    break
                self._stop.wait(self._settings.poll_s)
        finally:
            self.hand_back()
            self._caller.stop()

    def step(self) -> None:
        """Look after the jobs under way, and claim others while there is room."""
        self._attend()
        while len(self._running) < self._slots and not self._stop.is_set():
            job = self._leases.claim()
            if job is None:
                break
            self._begin(job)
        if self._clock() >= self._upkeep_at:
            self._upkeep_at = self._clock() + _UPKEEP_S
            remove_old(self._workspace, self._clock())
        if self._clock() >= self._owed_at:
            self._owed_at = self._clock() + _OWED_S
            if n_owed := follow_owed(self._workspace, self._clock()):
                logger.warning("%d changes were not followed by whoever made them: jobs do it", n_owed)

    def hand_back(self) -> None:
        """Ask the jobs under way to end in good order, kill those that do not, and queue them again."""
        for running in self._running:
            running.process.stop()
        give_up = time.monotonic() + self._settings.stop_s
        while self._running and time.monotonic() < give_up:
            self._patiently(partial(self._attend, leaving=True))
            time.sleep(min(self._settings.poll_s, 0.05))
        for running in list(self._running):
            running.process.kill()
            self._patiently(partial(self._settle, running, leaving=True))

    def _begin(self, job: Job) -> None:
        try:
            process = JobProcess(job, self._workspace.settings, self._command)
        except OSError as err:
            self._leases.crashed(job, f"no process could be started ({err.strerror})")
            return
        self._running.append(_Running(job, process, job.lease_until))
        with logs.of_job(job.job_id):
            logger.info("%s of project %s begins, attempt %d, as process %d", job.kind, job.project, job.attempts, process.pid)

    def _attend(self, *, leaving: bool = False) -> None:
        for running in list(self._running):
            try:
                self._look_after(running, leaving)
            except AnnotationError:
                if self._clock() >= running.lease_until:
                    # The store does not answer. Another worker may have the job by now: this one must not go on with it.
                    running.process.kill()
                    self._running.remove(running)
                raise

    def _look_after(self, running: _Running, leaving: bool) -> None:
        if running.process.ended() is not None:
            self._settle(running, leaving=leaving)
            return
        job = self._kept(running)
        if job is None:
            self._let_go(running)
        elif job.cancel_requested and running.kill_at is None:
            running.process.stop()
            running.kill_at = time.monotonic() + CANCEL_S
        elif running.kill_at is not None and time.monotonic() >= running.kill_at:
            running.process.kill()
            self._settle(running, leaving=leaving)

    def _let_go(self, running: _Running) -> None:
        """Kill the process of a job that is somebody else's; one that has said how it ended may put things in order first."""
        job = self._workspace.store.get(Job, running.job.job_id)
        if job is not None and job.status is JobStatus.DONE and running.kill_at is None:
            running.kill_at = time.monotonic() + _TIDY_S
        elif running.kill_at is None or time.monotonic() >= running.kill_at:
            running.process.kill()
            self._running.remove(running)

    def _kept(self, running: _Running) -> Job | None:
        """Return what a job is now, with its lease renewed where that is due; None where it is somebody else's."""
        if running.lease_until - self._clock() > self._settings.lease_s * (1 - 1 / _RENEWALS):
            return self._leases.look(running.job)
        job = self._leases.renew(running.job)
        running.lease_until = job.lease_until if job else 0.0
        return job

    def _settle(self, running: _Running, *, leaving: bool) -> None:
        """Say how a job ended whose process has ended, unless that one said so itself."""
        status = running.process.close()
        with logs.of_job(running.job.job_id):
            logger.info("%s of project %s: its process has ended with status %d", running.job.kind, running.job.project, status)
        if status == 0:
            pass
        elif leaving:
            self._leases.hand_back(running.job)
        else:
            self._leases.crashed(running.job, what_killed(status))
        self._running.remove(running)

    def _patiently(self, work: Callable[[], None]) -> None:
        """Do something now that is done again soon, whatever the store says."""
        try:
            work()
        except AnnotationError as err:
            logger.warning("%s", err)

"""Who does a job: claiming it, keeping it, giving it back, and saying how it ended.

A worker owns a job for the time of a lease, which it renews while the job runs. When a worker dies its leases run out, and
whoever comes next queues its jobs again. Each claim has an owner of its own, so that a process which was taken for dead and
is not changes nothing any more. Machines that share a database must agree on the time to within a few seconds.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..records import Job, JobStatus, now
from ..storage import Store
from .events import ENDS, STATUS, tell, tell_end
from .kinds import KINDS
from .queue import change

LONGEST_PAUSE_S = 60.0
"""Between two attempts of a job whose process crashed; the first pause is a second, each further one twice as long."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Leases:
    """What one worker does to jobs.

    Attributes:
        store: Where jobs are.
        worker: Name of the worker, which no other one has.
        lease_s: How long a claim holds unless it is renewed.
        max_attempts: A job that took its process or its worker down so often has failed.
        clock: Seconds since 1970.
        cancelled: Told of a job that nobody works on any more, before it is CANCELLED for all to see.
    """

    store: Store
    worker: str
    lease_s: float
    max_attempts: int
    clock: Clock = time.time
    cancelled: Callable[[Job], None] = lambda _job: None

    def claim(self) -> Job | None:
        """Return the oldest job that may be done now, which this worker owns from then on; None where there is none."""
        self._take_up()
        ahead: set[str] = set()
        for job in self.store.find(Job, status=JobStatus.QUEUED):
            kind = KINDS.get(job.kind)
            if kind is None:  # a newer program's; its workers know it
                continue
            if kind.in_turn and (job.project in ahead or self._is_busy(job.project)):
                continue
            claimed = self._claimed(job) if job.not_before <= self.clock() else None
            if claimed is not None:
                tell(self.store, claimed, STATUS, f"begins, attempt {claimed.attempts}")
                return claimed
            if kind.in_turn:
                ahead.add(job.project)
        return None

    def renew(self, job: Job) -> Job | None:
        """Keep a job for another lease and return what it is now; None where it is not this claim's any more."""
        return own(self.store, job, lambda found: replace(found, lease_until=self.clock() + self.lease_s))

    def look(self, job: Job) -> Job | None:
        """Return what a job is now; None where it is not this claim's any more."""
        found = self.store.get(Job, job.job_id)
        return found if found is not None and _is_owned(found, job) else None

    def hand_back(self, job: Job) -> None:
        """Queue a job again that this worker has to leave; that is no attempt, unless somebody cancelled it."""
        self._leave(job, lambda found: replace(_queued(found), attempts=found.attempts - 1), "its worker stops; queued again")

    def crashed(self, job: Job, how: str) -> None:
        """Queue a job again whose process ended without a result, unless that happens again and again.

        Args:
            job: As it was claimed.
            how: What the process died of.
        """
        pause_s = min(2.0 ** (job.attempts - 1), LONGEST_PAUSE_S)
        self._leave(job, lambda found: self._again(found, how, pause_s), f"{how}; queued again")

    def _take_up(self) -> None:
        """Queue jobs again whose workers were not heard of for too long."""
        for job in list(self.store.find(Job, status=JobStatus.RUNNING)):
            if job.lease_until < self.clock():
                self._leave(job, lambda found: self._again(found, "its worker died", 0.0), "its worker died; queued again")

    def _is_busy(self, project: str) -> bool:
        running = self.store.find(Job, project=project, status=JobStatus.RUNNING)
        return any(KINDS[job.kind].in_turn for job in running if job.kind in KINDS)

    def _claimed(self, job: Job) -> Job | None:
        claimed = replace(
            job,
            status=JobStatus.RUNNING,
            owner=f"{self.worker}/{secrets.token_hex(4)}",
            lease_until=self.clock() + self.lease_s,
            attempts=job.attempts + 1,
            started_at=now(),
            revision=job.revision + 1,
        )
        return claimed if self.store.put_if(claimed, revision=job.revision, status=JobStatus.QUEUED) else None

    def _leave(self, job: Job, how: Callable[[Job], Job], message: str) -> None:
        """End the claim of a job: as somebody wished who cancelled it, else in this way."""

        def left(found: Job) -> Job:
            if not found.cancel_requested:
                return how(found)
            self.cancelled(found)
            return _ended(found, JobStatus.CANCELLED)

        after = own(self.store, job, left)
        if after is not None and after.status in ENDS:
            tell_end(self.store, after)
        elif after is not None:
            tell(self.store, after, STATUS, message)

    def _again(self, job: Job, how: str, pause_s: float) -> Job:
        if job.attempts < self.max_attempts:
            return replace(_queued(job), not_before=self.clock() + pause_s)
        error = (
            f"Begun {job.attempts} times, and each time it ended without a result, the last time because {how}. See the log of "
            "the worker: too little memory, or a damaged video or picture, are likely. Mend that, then retry the job."
        )
        return replace(_ended(job, JobStatus.FAILED), error=error, code="crashed")


def own(store: Store, job: Job, how: Callable[[Job], Job]) -> Job | None:
    """Change a job as long as it is a claim's, and return what it is then; None where it is not any more."""
    done: list[Job] = []

    def changed(found: Job) -> Job | None:
        done.clear()
        if _is_owned(found, job):
            done.append(how(found))
        return done[0] if done else None

    after = change(store, job.job_id, changed)
    return after if done else None


def finish(store: Store, job: Job, result: Mapping[str, Any], error: str = "", code: str = "") -> Job | None:
    """Say what came of a job that ended by itself, unless it is not this claim's any more.

    Args:
        store: Where jobs are.
        job: As it was claimed.
        result: In few words.
        error: Why it failed; empty where it is done.
        code: The same for programs.
    """

    def finished(found: Job) -> Job:
        status = JobStatus.FAILED if error else JobStatus.DONE
        progress = found.progress if error else 1.0
        params = {} if KINDS[found.kind].forgets and not error else found.params
        # Of what failed it stays known what it was at.
        said = result or found.result
        return replace(_ended(found, status), params=params, result=said, error=error, code=code, progress=progress)

    after = own(store, job, finished)
    if after is not None:
        tell_end(store, after)
    return after


def _is_owned(found: Job, job: Job) -> bool:
    return found.status is JobStatus.RUNNING and found.owner == job.owner


def _queued(job: Job) -> Job:
    return replace(job, status=JobStatus.QUEUED, owner="", lease_until=0.0, message="")


def _ended(job: Job, status: JobStatus) -> Job:
    return replace(job, status=status, owner="", lease_until=0.0, message="", ended_at=now())

"""What happens to a job, as lines that are numbered without a gap: whoever has read up to a number goes on after it."""

from __future__ import annotations

from ..records import Job, JobEvent, JobStatus
from ..storage import Store

STATUS, PROGRESS, LOG = "status", "progress", "log"

ENDS = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)

MAX_MESSAGE = 2000
"""Characters of a message; what is longer ends in an ellipsis."""
_BACK = 16
"""So many events are read at a time to find the last one of a kind."""


def events(store: Store, job_id: str, after: int = 0, limit: int = 256) -> list[JobEvent]:
    """Return what happened to a job, in order; the end of a job is always the last event of its status.

    Args:
        store: Where jobs are.
        job_id: Of which job.
        after: The number of the last event that is known already, as in `Last-Event-ID`; 0 for none.
        limit: At most so many.
    """
    job = store.get(Job, job_id)
    if job is not None and job.status in ENDS:
        # Whoever ended it may have died before writing this down.
        tell_end(store, job)
    return store.page(JobEvent, limit, (job_id, max(after, 0)), job_id=job_id)


def tell(store: Store, job: Job, what: str, message: str = "") -> JobEvent:
    """Write down what happened to a job under the next number, whoever else writes too.

    Args:
        store: Where jobs are.
        job: The job as it is now.
        what: `STATUS`, `PROGRESS` or `LOG`.
        message: In one line.
    """
    newest = store.page(JobEvent, 1, backwards=True, job_id=job.job_id)
    number = newest[0].number if newest else 0
    while True:
        number += 1
        event = _event(job, number, what, message)
        if store.put_new(event):
            return event


def tell_end(store: Store, job: Job) -> None:
    """Write down how a job ended, unless that was done, whoever else does it at the same time."""
    message = job.error if job.status is JobStatus.FAILED else str(job.status)
    while True:
        newest = store.page(JobEvent, 1, backwards=True, job_id=job.job_id)
        if _last_status(store, job.job_id) is job.status:
            return
        if store.put_new(_event(job, newest[0].number + 1 if newest else 1, STATUS, message)):
            return


def _last_status(store: Store, job_id: str) -> JobStatus | None:
    after = None
    while found := store.page(JobEvent, _BACK, after, backwards=True, job_id=job_id):
        for event in found:
            if event.what == STATUS:
                return event.status
        after = (job_id, found[-1].number)
    return None


def _event(job: Job, number: int, what: str, message: str) -> JobEvent:
    text = message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
    return JobEvent(job.job_id, number, what, job.status, job.progress, text)

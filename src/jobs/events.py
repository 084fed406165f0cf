"""What happens to a job, as lines that are numbered without a gap: whoever has read up to a number goes on after it."""

from __future__ import annotations

from ..records import Job, JobEvent, JobStatus
from ..storage import Query, Store

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
    return list(store.select(JobEvent, Query({"job_id": job_id}), limit, (max(after, 0),)).items)


def tell(store: Store, job: Job, what: str, message: str = "") -> JobEvent:
    """Write down what happened to a job under the next number, whoever else writes too.

    Args:
        store: Where jobs are.
        job: The job as it is now.
        what: `STATUS`, `PROGRESS` or `LOG`.
        message: In one line.
    """
    newest = _newest(store, job.job_id)
    number = newest.number if newest else 0
    while True:
        number += 1
        event = _event(job, number, what, message)
        if store.put_new(event):
            return event


def tell_end(store: Store, job: Job) -> None:
    """Write down how a job ended, unless that was done, whoever else does it at the same time."""
    message = job.error if job.status is JobStatus.FAILED else str(job.status)
    while True:
        newest = _newest(store, job.job_id)
        if _last_status(store, job.job_id) is job.status:
            return
        if store.put_new(_event(job, newest.number + 1 if newest else 1, STATUS, message)):
            return


def _newest(store: Store, job_id: str) -> JobEvent | None:
    return next(iter(store.select(JobEvent, Query({"job_id": job_id}, descending=True), 1).items), None)


def _last_status(store: Store, job_id: str) -> JobStatus | None:
    place = None
    while True:
        page = store.select(JobEvent, Query({"job_id": job_id}, descending=True), _BACK, place)
        for event in page.items:
            if event.what == STATUS:
                return event.status
        if page.end is None:
            return None
        place = page.end


def _event(job: Job, number: int, what: str, message: str) -> JobEvent:
    text = message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
    return JobEvent(job.job_id, number, what, job.status, job.progress, text)

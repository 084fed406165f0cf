"""What happens to a job, as lines that are numbered without a gap: whoever has read up to a number goes on after it."""

from __future__ import annotations

from ..records import Job, JobEvent
from ..storage import Store

STATUS, PROGRESS, LOG = "status", "progress", "log"

MAX_MESSAGE = 2000
"""Characters of a message; what is longer ends in an ellipsis."""


def events(store: Store, job_id: str, after: int = 0, limit: int = 256) -> list[JobEvent]:
    """Return what happened to a job, in order.

    Args:
        store: Where jobs are.
        job_id: Of which job.
        after: The number of the last event that is known already, as in `Last-Event-ID`; 0 for none.
        limit: At most so many, 1 to 256.
    """
    return store.page(JobEvent, limit, (job_id, max(after, 0)), job_id=job_id)


def tell(store: Store, job: Job, what: str, message: str = "") -> JobEvent:
    """Write down what happened to a job under the next number, whoever else writes too.

    Args:
        store: Where jobs are.
        job: The job as it is now.
        what: `STATUS`, `PROGRESS` or `LOG`.
        message: In one line.
    """
    text = message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
    number = _last(store, job.job_id)
    while True:
        number += 1
        event = JobEvent(job.job_id, number, what, job.status, job.progress, text)
        if store.put_new(event):
            return event


def _last(store: Store, job_id: str) -> int:
    newest = store.page(JobEvent, 1, backwards=True, job_id=job_id)
    return newest[0].number if newest else 0

"""Jobs that name somebody who is to be erased: what was asked for, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from .records import Job, JobDelivery, JobEvent, JobName, JobStatus
from .storage import Store

_LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


def forget_jobs(store: Store, project: str, is_named: Callable[[str], bool]) -> int:
    """Delete the jobs of a project that have ended and name somebody, with their logs, and return how many those were.

    Jobs that are live stay: one that runs may be the one that erases.

    Args:
        store: Where jobs are.
        project: Its slug.
        is_named: Whether a text names the person.
    """
    named = [
        job for job in store.find(Job, project=project) if job.status not in _LIVE and any(map(is_named, _texts(store, job)))
    ]
    for job in named:
        for kind in (JobName, JobDelivery, JobEvent, Job):
            store.delete(kind, job_id=job.job_id)
    return len(named)


def _texts(store: Store, job: Job) -> Iterator[str]:
    yield from (job.message, job.error)
    yield from (json.dumps(value, ensure_ascii=False) for value in (dict(job.params), dict(job.result)))
    yield from (event.message for event in store.find(JobEvent, job_id=job.job_id))

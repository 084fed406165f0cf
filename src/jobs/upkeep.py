"""Jobs that ended long ago are removed, with all that is kept about them."""

from __future__ import annotations

from datetime import UTC, datetime

from ..records import Job, JobDelivery, JobEvent, JobName, JobStatus
from ..workspace import Workspace
from .queue import LIVE

_DAY_S = 86_400.0


def remove_old(workspace: Workspace, now_s: float) -> int:
    """Remove the jobs that ended more than the setting's days ago, and return how many those were.

    Args:
        workspace: Where to work.
        now_s: Seconds since 1970.
    """
    before = datetime.fromtimestamp(now_s - workspace.settings.worker.keep_days * _DAY_S, UTC).isoformat(timespec="seconds")
    store, n_removed = workspace.store, 0
    for status in (status for status in JobStatus if status not in LIVE):
        for job in store.find(Job, status=status):
            if job.ended_at < before:
                # The job goes last: what died half-way is found and gone on with.
                for kind in (JobName, JobDelivery, JobEvent, Job):
                    store.delete(kind, job_id=job.job_id)
                n_removed += 1
    return n_removed

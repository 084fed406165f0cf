"""What a worker does besides jobs: it removes those that ended long ago, and has followed what somebody died over."""

from __future__ import annotations

from datetime import UTC, datetime

from ..identities.owed import left_behind, settle
from ..records import Job, JobDelivery, JobEvent, JobName, JobStatus
from ..workspace import Workspace
from .queue import LIVE, submit

_DAY_S = 86_400.0
_EACH_BY_ITSELF = 20
"""Of more changes of a project that nobody followed, one job derives everything."""


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


def follow_owed(workspace: Workspace, now_s: float) -> int:
    """Have jobs derive what follows from changes whose authors died before it did; return how many changes those were.

    Args:
        workspace: Where to work.
        now_s: Seconds since 1970.
    """
    n_followed = 0
    for project, causes in left_behind(workspace.store, now_s).items():
        # No decision has such an id: then everything is derived.
        wanted = causes if len(causes) <= _EACH_BY_ITSELF else [f"all until {causes[-1]}"]
        for cause in wanted:
            submit(workspace, "derive", project, {"cause": cause}, submitted_by="worker")
        settle(workspace.store, project, *causes)
        n_followed += len(causes)
    return n_followed

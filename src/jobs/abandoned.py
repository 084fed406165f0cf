"""What a cancelled job leaves behind: the analysis that it was at is under way no more, and must not look so."""

from __future__ import annotations

from dataclasses import replace

from ..records import Analysis, Job, Status, now
from ..workspace import Workspace

_BEGUN = (Status.QUEUED, Status.RUNNING)


def abandon(workspace: Workspace, job: Job) -> None:
    """Set the analysis of a job to CANCELLED that nobody goes on with. What it found stays, and `track` goes on from there.

    Args:
        workspace: Where the job was done.
        job: Nobody works on it any more. Its result names the analysis that it came to, where it came to one.

    Raises:
        StorageError: The store does not answer.
    """
    analysis_id = str(job.result.get("analysis_id", ""))
    if not analysis_id:
        return
    # Another job may have waited for the same analysis: whoever holds this lock is at it.
    with workspace.locked_if_free(f"analysis-{analysis_id}") as is_free:
        analysis = workspace.store.get(Analysis, analysis_id) if is_free else None
        if analysis is not None and analysis.status in _BEGUN:
            workspace.store.put(replace(analysis, status=Status.CANCELLED, updated_at=now()))

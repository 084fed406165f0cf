"""What follows from what people said: at once where that is quick, else by a worker, so that nobody waits for an archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flask import Response, url_for

from ..identities.owed import cause_of, settle
from ..jobs import submit
from ..records import Analysis, Decision, Job, Project, Track
from .context import workspace
from .permissions import who

if TYPE_CHECKING:
    from ..identities.appearances import Derived

AT_ONCE_TRACKS = 500
"""A track takes about a millisecond. What touches more of them than this becomes a job: 20,000 tracks of 200 videos took 19 s
of one core of a small machine."""


def follow(owner: Project, decision: Decision) -> tuple[tuple[Derived, ...], Job | None]:
    """Derive the appearances that a decision touches, which is stored already, or have that done by a job.

    Returns:
        What was derived, and the job where it is left to one.
    """
    from ..verbs import decide

    if _is_quick(decide.touched(workspace(), owner, decision)):
        return decide.derive(workspace(), owner, decision), None
    return (), _left(owner, decision.decision_id)


def follow_all(owner: Project, decisions: Sequence[Decision]) -> tuple[tuple[Derived, ...], tuple[Job, ...]]:
    """Do what `follow` does for several decisions, each video once.

    Returns:
        What was derived, and the jobs where it is left to some: one for each set of videos that decisions touch.
    """
    from ..verbs import decide

    # The last decision about the same videos stands for all: whoever derives them looks at everything that was said.
    causes: dict[frozenset[str], Decision] = {}
    for decision in decisions:
        causes[frozenset(found.analysis_id for found in decide.touched(workspace(), owner, decision))] = decision
    ids = sorted(frozenset().union(*causes)) if causes else []
    analyses = [found for one in ids if (found := workspace().store.get(Analysis, one)) is not None]
    owed = cause_of([decision.decision_id for decision in decisions])
    if not _is_quick(analyses):
        jobs = tuple(_left(owner, decision.decision_id) for decision in causes.values())
        settle(workspace().store, owner.project, owed)
        return (), jobs
    reports = {
        derived.analysis.analysis_id: derived
        for cause in causes.values()
        for derived in decide.derive(workspace(), owner, cause)
    }
    settle(workspace().store, owner.project, owed)
    return tuple(reports.values()), ()


def follow_everywhere(owner: Project, cause: str) -> Job | None:
    """Derive the appearances of all videos of a project, or have that done by a job, which is returned.

    Args:
        owner: The project.
        cause: What made it necessary, which tells this job from another one that began before; it is owed until now.
    """
    from ..identities.appearances import derive_all
    from ..identities.identification import analyses_of

    if _is_quick(analyses_of(workspace(), owner.project)):
        derive_all(workspace(), owner, workspace().settings.clusterize)
        settle(workspace().store, owner.project, cause)
        return None
    return _left(owner, cause)


def follow_video(owner: Project, analysis: Analysis, decisions: Sequence[Decision]) -> Job | None:
    """Derive the appearances of one video of a project, or have that done by a job, which is returned.

    Args:
        owner: The project.
        analysis: The one that counts there.
        decisions: All that was said, of this video alone; one at least.
    """
    from ..identities.appearances import derive_if_complete

    owed = cause_of([decision.decision_id for decision in decisions])
    if _is_quick([analysis]):
        derive_if_complete(workspace(), owner, analysis, workspace().settings.clusterize)
        job = None
    else:
        job = _left(owner, decisions[-1].decision_id)
    settle(workspace().store, owner.project, owed)
    return job


def told_of(response: Response, job: Job | None) -> Response:
    """Return an answer that says which job does the rest (`Link` with the relation `monitor` of RFC 5989)."""
    if job is not None:
        response.headers.add("Link", f'<{url_for("jobs.get_job", job_id=job.job_id)}>; rel="monitor"')
    return response


def _is_quick(analyses: Iterable[Analysis]) -> bool:
    n_tracks = 0
    for analysis in analyses:
        n_tracks += workspace().store.count(Track, analysis_id=analysis.analysis_id)
        if n_tracks > AT_ONCE_TRACKS:
            return False
    return True


def _left(owner: Project, cause: str) -> Job:
    job = submit(workspace(), "derive", owner.project, {"cause": cause}, submitted_by=who())
    settle(workspace().store, owner.project, cause)  # a job is lost by nobody's death
    return job

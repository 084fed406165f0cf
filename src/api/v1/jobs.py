"""Jobs: long work that is begun by POST, answered 202, and done by workers."""

from __future__ import annotations

from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, request, url_for
from pydantic import Field

from ... import jobs as work
from ...guard import Outside
from ...records import Job, JobStatus, Role
from ...storage import Query
from .. import shapes
from ..answers import answer
from ..context import existing_project, store, workspace
from ..paging import Listing, PageOf, PageParameters, listed
from ..permissions import may, needs, require, who
from ..problems import Problem
from ..sources import with_video
from ..validation import Body, Metadata, Parameters, Text

jobs = APIBlueprint("jobs", __name__, url_prefix="/api/v1", tag="Jobs")


class JobPage(PageOf[shapes.Job]):
    """Some jobs."""


class JobParameters(PageParameters):
    """Which jobs are listed."""

    project: str = Field("", max_length=200, description="Only those of this project")
    status: JobStatus | None = Field(None, description="Only in this status")
    kind: str = Field("", max_length=40, description="Only of this kind")


class EventParameters(Parameters):
    """Which events of a job are shown."""

    after: Annotated[int, Field(ge=0, lt=2**53, description="`last` of the answer before")] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class NewJob(Body):
    """Something to be done. Each kind has the parameters of its verb."""

    kind: Annotated[str, Field(max_length=40, description="crawl, align, clean, train, track, identify, cluster, erase …")]
    params: Annotated[Metadata, Field(default_factory=dict, description="Those of the verb, and `video_id` for `video`")]
    webhook: Annotated[Text, Outside.FETCHED, Field(description="An address that is told when the job ends")] = ""


def shape(job: Job) -> shapes.Job:
    """Return what is shown of a job."""
    return shapes.Job.model_validate(job)


@jobs.post("/projects/<project>/jobs")
@jobs.input(NewJob)
@jobs.output(shapes.Job, 202)
def submit_job(project: str, json_data: NewJob) -> Response:
    """Have something done. The same work joins the job that does it already; the header Idempotency-Key makes that last."""
    if json_data.kind == "erase":
        require(Role.ADMIN, project)  # as for every erasure: it cannot be undone
    owner = project if json_data.kind in ("crawl", "track", "analyse") else existing_project(project).project
    job = work.submit(
        workspace(),
        json_data.kind,
        owner,
        with_video(json_data.kind, json_data.params),
        idempotency_key=request.headers.get("Idempotency-Key"),
        webhook=json_data.webhook or None,
        submitted_by=who(),
    )
    return _accepted(job)


@jobs.get("/jobs")
@jobs.input(JobParameters, location="query")
@jobs.output(JobPage)
@needs(Role.VIEWER, "view")
def list_jobs(query_data: JobParameters) -> Response:
    """List jobs, the latest first; a token that is for one project sees those of that one."""
    equals: dict[str, object] = {}
    if query_data.project:
        equals["project"] = query_data.project
    if query_data.status:
        equals["status"] = query_data.status.value
    kind, sees_all = query_data.kind, may(Role.VIEWER, query_data.project)

    def keep(job: Job) -> bool:
        return (not kind or job.kind == kind) and (sees_all or may(Role.VIEWER, job.project))

    return listed(Listing(Job, Query(equals), keep=keep if kind or not sees_all else None), query_data, shape, JobPage, "-")


@jobs.get("/jobs/<job_id>")
@jobs.output(shapes.Job)
@needs(Role.VIEWER, "view")
def get_job(job_id: str) -> Response:
    """Show a job and where it stands."""
    return answer(shape(existing_job(job_id, Role.VIEWER)))


@jobs.get("/jobs/<job_id>/events")
@jobs.input(EventParameters, location="query")
@jobs.output(shapes.JobEvents)
@needs(Role.VIEWER, "view")
def list_events(job_id: str, query_data: EventParameters) -> Response:
    """List what happened to a job after an event that is known."""
    existing_job(job_id, Role.VIEWER)
    found = work.events(store(), job_id, query_data.after, query_data.limit)
    items = [shapes.JobEvent.model_validate(event) for event in found]
    return answer(shapes.JobEvents(items=items, last=items[-1].number if items else query_data.after))


@jobs.get("/jobs/<job_id>/webhooks")
@jobs.output(shapes.JobWebhooks)
@needs(Role.EDITOR, "view")
def list_webhooks(job_id: str) -> Response:
    """List who is told the end of a job, and how far that came."""
    existing_job(job_id, Role.EDITOR)
    found = work.deliveries(workspace(), job_id)
    return answer(shapes.JobWebhooks(items=[shapes.JobWebhook.model_validate(delivery) for delivery in found]))


@jobs.post("/jobs/<job_id>/cancel")
@jobs.output(shapes.Job, 202)
@needs(Role.EDITOR, "view")
def cancel_job(job_id: str) -> Response:
    """Cancel a job that is queued or running."""
    existing_job(job_id, Role.EDITOR)
    return _accepted(work.cancel(workspace(), job_id))


@jobs.post("/jobs/<job_id>/retry")
@jobs.output(shapes.Job, 202)
@needs(Role.EDITOR, "view")
def retry_job(job_id: str) -> Response:
    """Have a job done once more that failed or was cancelled; it goes on from where it was."""
    job = existing_job(job_id, Role.EDITOR)
    if job.kind == "erase":
        require(Role.ADMIN, job.project)
    return _accepted(work.retry(workspace(), job_id))


def existing_job(job_id: str, role: Role) -> Job:
    """Return a job whose project one may see or change; to others there is no such job.

    Raises:
        JobError: There is none.
    """
    job = work.get(workspace(), job_id)
    if not may(Role.VIEWER, job.project):
        raise Problem("not_found", f"There is no job {job_id[:100]!r}.")
    require(role, job.project)
    return job


def _accepted(job: Job) -> Response:
    return answer(shape(job), 202, location=url_for("jobs.get_job", job_id=job.job_id))

"""What happens to jobs, as it happens: server-sent events of one job, and of all that are live."""

from __future__ import annotations

import re
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field

from ...jobs import Watch, events
from ...jobs.events import ENDS
from ...records import Job, Role
from ...storage import Store
from .. import shapes
from ..answers import no_content
from ..context import store
from ..permissions import access, needs, require
from ..problems import Problem
from ..streams import STREAMS, Event, Look, Responses, stream
from ..validation import Parameters
from .jobs import existing_job, shape

streams = APIBlueprint("streams", __name__, url_prefix="/api/v1", tag="Jobs")

_TOLD: Responses = {
    204: {"description": "The job has ended, and Last-Event-ID is that of its end: there is nothing to wait for"}
}
_ID = re.compile(r"([0-9]{1,15})(\.end)?", re.ASCII)


class StreamParameters(Parameters):
    """Which events of a job are streamed."""

    after: Annotated[int, Field(ge=0, lt=10**15, description="Number of the last event that is known; Last-Event-ID wins")] = 0


class LiveParameters(Parameters):
    """Whose jobs are streamed."""

    project: str = Field("", max_length=200, description="Only those of this project")


@streams.get("/jobs/<job_id>/stream")
@streams.input(StreamParameters, location="query")
@streams.doc(responses=STREAMS | _TOLD)
@needs(Role.VIEWER, "view")
def stream_job(job_id: str, query_data: StreamParameters) -> Response:
    """Tell what happens to a job as server-sent events, after Last-Event-ID where it is sent.

    The events `status`, `progress` and `log` hold what /events shows, under the number as their id. The last one, `end`, holds
    the job as it ended. An `EventSource` that asks again after that is told by 204 to stop.
    """
    job = existing_job(job_id, Role.VIEWER)
    after, has_ended = _known(query_data.after)
    if has_ended and job.status in ENDS and not events(store(), job_id, after, 1):
        return no_content()
    return stream(_of_job(store(), job_id, after))


@streams.get("/jobs/stream")
@streams.input(LiveParameters, location="query")
@streams.doc(responses=STREAMS)
@needs(Role.VIEWER, "view")
def stream_jobs(query_data: LiveParameters) -> Response:
    """Tell of jobs that begin, go on and end, as server-sent events.

    The first event, `jobs`, holds all that are queued or running, and replaces what a reader knew of these; then comes an event
    `job` for each that begins or changes, the last one of a job with its end.
    """
    if query_data.project:
        require(Role.VIEWER, query_data.project)
    seen = access()
    return stream(_of_jobs(Watch(store(), query_data.project, lambda job: seen.allows(Role.VIEWER, job.project))))


def _known(after: int) -> tuple[int, bool]:
    """Return the number of the last event that a reader knows, and whether it was told the end after it.

    Raises:
        Problem: Its Last-Event-ID is none of a job.
    """
    given = request.headers.get("Last-Event-ID", "")
    if not given:
        return after, False
    found = _ID.fullmatch(given)
    if found is None:
        raise Problem("invalid", "Last-Event-ID is no id of an event of a job. Leave it out to begin with the first event.")
    return int(found[1]), bool(found[2])


def _of_job(store: Store, job_id: str, after: int) -> Look:
    last = after

    def look() -> tuple[list[Event], bool]:
        nonlocal last
        # Looked at first: what was written before the end is read after it.
        job = store.get(Job, job_id)
        if job is None:  # erased: there is nothing more to tell, and nothing to ask for
            return [], True
        found = events(store, job_id, last)
        if found:
            last = found[-1].number
            told = (shapes.JobEvent.model_validate(event) for event in found)
            return [Event(event.what, event.model_dump_json(), str(event.number)) for event in told], False
        if job.status not in ENDS:
            return [], False
        return [Event("end", shape(job).model_dump_json(), f"{last}.end")], True

    return look


def _of_jobs(watch: Watch) -> Look:
    first = True

    def look() -> tuple[list[Event], bool]:
        nonlocal first
        if first:
            first = False
            live = shapes.LiveJobs(items=[shape(job) for job in watch.begin()])
            return [Event("jobs", live.model_dump_json())], False
        return [Event("job", shape(job).model_dump_json()) for job in watch.changes()], False

    return look

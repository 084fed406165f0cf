"""`/track`: a video is analysed when somebody asks for it first, and who appears in it is told when that is done.

An analysis that counts in the project is the answer, whatever its sampling; `speedup` is that of a new one. Reading what is
there needs a viewer, starting work an editor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, jsonify, request

from ... import jobs
from ...access import note
from ...records import (
    Analysis,
    Appearance,
    Identification,
    Job,
    JobStatus,
    Model,
    Person,
    Project,
    ProjectVideo,
    Role,
    Status,
    Video,
    now,
)
from ...schema import Box
from ...storage import Query
from ..answers import plain_json
from ..context import store, workspace
from ..headers import is_cross_site, is_of_our_page
from ..kept import answer_kept
from ..permissions import may, require, who
from ..problems import Problem
from .naming import NamedVideo, named_video
from .parameters import choice, flag, parameter, project_of_query, speedup
from .shapes import named_apart, track_fields
from .videos import metadata_fields

if TYPE_CHECKING:
    from ...export.rdf import Identified

track = Blueprint("track", __name__)

_RETRY_AFTER_S = 15
_TOLD_S = 60
"""So long a failure is told to whoever asks; whoever asks later has it tried again."""
_FAILED = (JobStatus.FAILED, JobStatus.CANCELLED)
_TOLD = tuple(field.name for field in fields(Appearance) if field.name not in ("candidates", "margin", "accepted", "reason"))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known of a video.

    Attributes:
        status: RUNNING, COMPLETE or ERROR.
        job: What is done for it, or what failed.
        analysis: The complete one.
    """

    status: Status
    job: Job | None = None
    analysis: Analysis | None = None


@track.get("/track")
def get_track() -> Response:
    """Say who appears when in a video, or how far its analysis is."""
    wanted, form = parameter("video"), choice("format", "json", "ttl")
    every, anew = speedup(), flag("no_cache")
    project = project_of_query()
    named = named_video(wanted)
    found = _found(project, named, every, anew)
    return _as_turtle(project, named, found) if form == "ttl" else _as_json(project, named, found)


def _found(project: Project, named: NamedVideo, every: int, anew: bool) -> _Answer:
    """Return what is known of a video, and start what is to be done first."""
    params = {"video": named.text, "video_speedup": every}
    job = _newest(
        jobs.latest(workspace(), "analyse", project.project, params),
        jobs.latest(workspace(), "analyse", project.project, params | {"no_cache": True}),
    )
    if anew:
        return _Answer(Status.RUNNING, _start("analyse", project, params | {"no_cache": True}))
    if job is not None and job.status in jobs.LIVE:
        return _Answer(Status.RUNNING, job)
    analysis = _complete(project, named)
    if analysis is not None:
        naming = _named_anew(project, named, analysis)
        return _Answer(Status.RUNNING if naming else Status.COMPLETE, naming, analysis)
    if job is not None and job.status in _FAILED and not (_is_over(job) and may(Role.EDITOR, project.project)):
        return _Answer(Status.ERROR, job)
    return _Answer(Status.RUNNING, _start("analyse", project, params))


def _is_over(job: Job) -> bool:
    """Say whether a failure is so long ago that it is worth another try, which goes on from where the last one was."""
    ended = datetime.fromisoformat(job.ended_at or job.created_at)
    return (datetime.now(UTC) - ended).total_seconds() > _TOLD_S


def _complete(project: Project, named: NamedVideo) -> Analysis | None:
    """Return the analysis that counts in a project, where it is complete."""
    if named.video is None:
        return None
    member = store().get(ProjectVideo, project.project, named.video.video_id, named.fragment)
    analysis = store().get(Analysis, member.analysis_id) if member else None
    return analysis if analysis is not None and analysis.status is Status.COMPLETE else None


def _named_anew(project: Project, named: NamedVideo, analysis: Analysis) -> Job | None:
    """Return the job that names people by the newest model; None where that is done or failed, or they may not start it."""
    params = {"video": named.text}
    job = jobs.latest(workspace(), "cluster", project.project, params)
    if job is not None and job.status in jobs.LIVE:
        return job
    models = store().cells(Model, ("created_at", "model_id"), Query({"project": project.project}))
    created_at, model_id = max(models, default=("", ""))
    if not model_id or not analysis.counts.get("n_tracks") or _is_named(project, named, analysis, model_id, created_at):
        return None
    tried = job is not None and job.created_at >= max(created_at, analysis.updated_at)
    return None if tried or not may(Role.EDITOR, project.project) else _start("cluster", project, params)


def _is_named(project: Project, named: NamedVideo, analysis: Analysis, model_id: str, created_at: str) -> bool:
    """Say whether the appearances in an analysis rest on a model."""
    key = {"project": project.project, "analysis_id": analysis.analysis_id}
    if not (store().count(Identification, model_id=model_id, **key) and store().count(Appearance, **key)):
        return False
    assert named.video is not None, "an analysis has a video"
    written = workspace().output_dir(project.project, named.video.folder, named.fragment) / "appearances.json"
    # The tracker asks the model too, without saying who appears; the file is written whenever that is said.
    try:
        return written.stat().st_mtime >= datetime.fromisoformat(created_at).timestamp()
    except OSError:
        return True  # it lies on another machine, or somebody tidied up


def _start(kind: str, project: Project, params: dict[str, Any]) -> Job:
    """Have something done, or join who does it; only for editors, and not for pages elsewhere.

    Raises:
        Forbidden: They may not.
    """
    require(Role.EDITOR, project.project)
    server = workspace().settings.server
    by_cookie = g.get("session") is not None
    if is_cross_site(request, server, has_effect=True) or (by_cookie and not is_of_our_page(request, server)):
        raise Problem(
            "forbidden", "The request comes from a web page that is neither ours nor on the list server.cors_origins."
        )
    note(store(), "request", f"GET /track {kind}", project=project.project)
    return jobs.submit(workspace(), kind, project.project, params, submitted_by=who())


def _newest(*found: Job | None) -> Job | None:
    return max((job for job in found if job is not None), key=lambda job: (job.status in jobs.LIVE, job.job_id), default=None)


def _as_json(project: Project, named: NamedVideo, found: _Answer) -> Response:
    locator = named.text
    body = metadata_fields(named.video) | {"locator": locator, "project": project.project, "status": found.status.value}
    if found.status is Status.COMPLETE and found.analysis is not None:
        return _kept(project.project, found.analysis, body)
    if found.job is not None and found.status is Status.ERROR:
        body["error"] = found.job.error or "The analysis was cancelled."
    elif found.job is not None:
        body |= {"progress": round(found.job.progress, 4), "message": found.job.message}
    return jsonify(body)


def _kept(project: str, analysis: Analysis, body: dict[str, Any]) -> Response:
    """Return who appears: pages ask again and again, and what they are sent is made once."""
    revision = store().revision(Appearance, project, analysis.analysis_id)

    def make() -> bytes:
        people, unknown = _appearances(project, analysis)
        lists = {"tracks": people, "feat_clusters": unknown}
        shown = {name: [track_fields(seen, body["locator"]) for seen in found] for name, found in lists.items()}
        return plain_json(body | shown)

    return answer_kept(("original track", analysis.analysis_id, body), revision, make)


def _appearances(project: str, analysis: Analysis) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return who appears in an analysis, by time: people with a name, and people without; the fields that are told."""
    query = Query({"project": project, "analysis_id": analysis.analysis_id}, ("start_npt",))
    plain = store().schema.layouts[Appearance].plain  # a fifth of the time of records
    found = [plain(dict(zip(_TOLD, cells, strict=True))) for cells in store().cells(Appearance, _TOLD, query)]
    return named_apart(sorted(found, key=itemgetter("start_npt", "track_id")))


def _as_turtle(project: Project, named: NamedVideo, found: _Answer) -> Response:
    """Return who appears as a graph; 202 with a graph of nobody where that is not known yet."""
    from ...export.rdf import TURTLE, medium_of, memad_graph, turtle

    if found.status is Status.ERROR:
        why = found.job.error if found.job else ""
        raise Problem("conflict", why or "The analysis was cancelled. Ask for it with no_cache.")
    medium = medium_of(named.video or Video(named.locator, named.locator, named.locator, ""))
    identified: list[Identified] = []
    created = now()
    if found.status is Status.COMPLETE and found.analysis is not None:
        uris = {person.person_id: person.uri for person in store().find(Person, project=project.project)}
        people, _ = _appearances(project.project, found.analysis)
        identified = [_identified(seen, uris) for seen in people]
        created = found.analysis.updated_at
    response = Response(turtle(memad_graph(medium, identified, created)), mimetype=TURTLE)
    if found.status is Status.RUNNING:
        response.status_code = 202
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response


def _identified(seen: Mapping[str, Any], uris: dict[str, str | None]) -> Identified:
    from ...export.rdf import Identified
    from ...identities.naming import HUMAN

    box = Box(**seen["box"])
    uri = uris.get(seen["person_id"] or "")
    times = seen["start_npt"], seen["end_npt"]
    return Identified(
        seen["name"], *times, seen["confidence"], box if box.area > 0 else None, uri, by_human=seen["source"] == HUMAN
    )

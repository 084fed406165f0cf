"""Videos, and which of them belong to a project."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...guard import Outside
from ...insights.totals import SUMS
from ...records import Analysis, Job, JobStatus, ProjectVideo, Video
from ...storage import Query
from .. import shapes
from ..answers import answer, check_match, editing, no_content
from ..belonging import uses
from ..choosing import FragmentText, chosen_analysis, member_of
from ..context import existing, existing_project, extracts, store, workspace
from ..paging import Listing, PageOf, PageParameters, listed
from ..permissions import only_used
from ..problems import Problem, missing
from ..validation import Body, Metadata, Parameters, Text

videos = APIBlueprint("videos", __name__, url_prefix="/api/v1", tag="Videos")

Sort = Literal["title", "-title", "date", "-date", "video_id", "-video_id"]
_SHOWN = tuple(name for name in shapes.Video.model_fields if name != "local")
_READ = (*_SHOWN, "media")
MemberSort = Literal["added_at", "-added_at", "video_id", "-video_id"]


class VideoPage(PageOf[shapes.Video]):
    """Some videos."""


class ProjectVideoPage(PageOf[shapes.ProjectVideo]):
    """Some videos of a project."""


class VideoParameters(PageParameters):
    """How videos are listed."""

    sort: Sort = "title"
    locator: Annotated[str, Outside.KEPT] = Field(
        "", max_length=2000, description="Only the video that was given under this name"
    )
    title: str = Field("", max_length=500, description="Only titles that begin like this")


class ProjectVideoParameters(PageParameters):
    """How the videos of a project are listed."""

    sort: MemberSort = "-added_at"
    counts: bool = Field(False, description="With how many people are to be seen in each")


class ProjectVideoChoice(Parameters):
    """Which part of a video is meant."""

    fragment: FragmentText = ""


class VideoChange(Body):
    """What people may say of a video."""

    title: Text | None = None
    date: Annotated[Text, Field(max_length=100)] | None = None
    metadata: Metadata | None = None


def shape(video: Video) -> shapes.Video:
    """Return what is shown of a video."""
    return shapes.Video(**_item({name: getattr(video, name) for name in _READ}))


def is_local(video: Video) -> bool:
    """Say whether the server has the file of a video, and so its media and frames."""
    return bool(video.checksum) and os.path.isfile(video.media)


def _item(video: dict[str, Any]) -> dict[str, Any]:
    """Return the same of the fields of a video."""
    media = video.pop("media")
    return video | {"local": bool(video["checksum"]) and os.path.isfile(media)}


def existing_video(video_id: str) -> Video:
    """Return a video by its id."""
    found: Video = existing(Video, "video", video_id)
    return found


@videos.get("/videos")
@videos.input(VideoParameters, location="query")
@videos.output(VideoPage)
def list_videos(query_data: VideoParameters) -> Response:
    """List all videos, whatever projects they belong to; a token that is for one project sees those that it uses."""
    keep = only_used()
    orders: dict[str, tuple[str, ...]] = {"title": ("title",), "date": ("date",), "video_id": ()}
    query = Query({"locator": query_data.locator} if query_data.locator else {})
    if query_data.locator:
        orders = dict.fromkeys(orders, ())
    elif query_data.title:
        orders = dict.fromkeys(orders, ("title",))
        query = replace(query, at_least={"title": query_data.title}, below={"title": query_data.title + "\U0010ffff"})
    listing = Listing(Video, query, orders, counted=not query_data.title and keep is None, keep=keep, fields=_READ)
    return listed(listing, query_data, _item, VideoPage, query_data.sort)


@videos.get("/videos/<video_id>")
@videos.output(shapes.Video)
def get_video(video_id: str) -> Response:
    """Show a video."""
    return answer(shape(existing_video(video_id)))


@videos.patch("/videos/<video_id>")
@videos.input(VideoChange)
@videos.output(shapes.Video)
def change_video(video_id: str, json_data: VideoChange) -> Response:
    """Change title, date or metadata of a video. Needs If-Match."""
    with editing(f"video {video_id}"):
        found = existing_video(video_id)
        check_match(shape(found))
        changes: dict[str, Any] = json_data.model_dump(exclude_none=True)
        changed = replace(found, **changes)
        store().put(changed)
    return answer(shape(changed))


@videos.get("/projects/<project>/videos")
@videos.input(ProjectVideoParameters, location="query")
@videos.output(ProjectVideoPage)
def list_project_videos(project: str, query_data: ProjectVideoParameters) -> Response:
    """List the videos of a project, each with the analysis that counts there."""
    owner = existing_project(project).project
    orders = {"added_at": ("added_at",), "video_id": ()}
    listing = Listing(ProjectVideo, Query({"project": owner}), orders, counted=True)
    return listed(
        listing, query_data, lambda member: _member(member, counts=query_data.counts), ProjectVideoPage, query_data.sort
    )


@videos.get("/projects/<project>/videos/<video_id>")
@videos.input(ProjectVideoChoice, location="query")
@videos.output(shapes.ProjectVideo)
def get_project_video(project: str, video_id: str, query_data: ProjectVideoChoice) -> Response:
    """Show a video of a project with the analysis that counts there; while its first one is under way, with that."""
    owner, video = existing_project(project).project, _video_here(video_id)
    fragment = query_data.fragment
    member = store().get(ProjectVideo, owner, video.video_id, fragment) if fragment.isprintable() else None
    if member is None:
        if not uses(store(), owner, video.video_id):
            raise missing("video in this project", video_id)
        begun = chosen_analysis(video.video_id, owner, "", fragment)
        member = ProjectVideo(owner, video.video_id, fragment, begun.analysis_id, begun.created_at)
    return answer(_member(member, counts=True))


@videos.delete("/projects/<project>/videos/<video_id>")
@videos.input(ProjectVideoChoice, location="query")
@videos.output({}, 204)
def remove_project_video(project: str, video_id: str, query_data: ProjectVideoChoice) -> Response:
    """Take a video out of a project, with what was derived there. Decisions and the film itself stay."""
    from ...identities.forgetting import forget_video

    owner, video = existing_project(project), _video_here(video_id)
    member = member_of(owner.project, video.video_id, query_data.fragment)
    with editing(f"video {owner.project} {video.video_id}"):
        _check_idle(owner.project, video)
        forget_video(workspace(), owner, member)
    return no_content()


def _video_here(video_id: str) -> Video:
    """Return a video that a project may have; of one that is nowhere the same is said as of one of other projects."""
    found: Video = existing(Video, "video in this project", video_id)
    return found


def _check_idle(project: str, video: Video) -> None:
    """Refuse what would take a video away from a job that works on it."""
    for status in (JobStatus.RUNNING, JobStatus.QUEUED):
        for job in store().find(Job, project=project, status=status):
            if f"{job.params.get('video', '')}#".startswith(f"{video.locator}#"):
                raise Problem("conflict", f"Job {job.job_id} is at work on this video. Cancel it, or wait until it has ended.")


def _member(member: ProjectVideo, *, counts: bool) -> shapes.ProjectVideo:
    video = store().get(Video, member.video_id) or Video(member.video_id, "", "", "")
    state = store().select_cells(Analysis, ("status", "progress"), Query({"analysis_id": member.analysis_id}), 1).items
    status, progress = state[0] if state else (None, 0.0)
    seen = extracts().of(member.project, SUMS, [member.analysis_id])[member.analysis_id] if counts else None
    return shapes.ProjectVideo(
        project=member.project,
        video_id=member.video_id,
        fragment=member.fragment,
        analysis_id=member.analysis_id,
        added_at=member.added_at,
        video=shape(video),
        status=status,
        progress=progress,
        n_people=len(seen.people) if seen else None,
        n_unknown=seen.n_unknown if seen else None,
    )

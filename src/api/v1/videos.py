"""Videos, and which of them belong to a project."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...guard import Outside
from ...records import ProjectVideo, Video
from ...storage import Query
from .. import shapes
from ..answers import answer, check_match, editing
from ..context import existing, existing_project, store
from ..paging import Listing, PageOf, PageParameters, listed
from ..permissions import only_used
from ..validation import Body, Metadata, Text

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
    return listed(listing, query_data, _member, ProjectVideoPage, query_data.sort)


def _member(member: ProjectVideo) -> shapes.ProjectVideo:
    video = store().get(Video, member.video_id) or Video(member.video_id, "", "", "")
    return shapes.ProjectVideo(
        project=member.project,
        video_id=member.video_id,
        fragment=member.fragment,
        analysis_id=member.analysis_id,
        added_at=member.added_at,
        video=shape(video),
    )

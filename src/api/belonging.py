"""What belongs to no project by its address, and which projects may see it all the same: videos and all that was seen in them.

Tracks, analyses and frames come of a video alone and know no names, so there is one relation: a project uses a video. Whoever
may see the video may see all of these; who the people in it are stands under a project's address, and is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import AnnotationError
from ..records import Analysis, ProjectAccess, ProjectVideo
from ..storage import Query, Store
from ..workspace import Workspace
from .problems import Problem

_MAX_ID = 200


def uses(store: Store, project: str, video_id: str) -> bool:
    """Say whether a project uses a video: it was sent or named for the project, or has an analysis that counts there."""
    if store.get(ProjectAccess, project, video_id) is not None:
        return True
    return next(store.find(ProjectVideo, project=project, video_id=video_id), None) is not None


def used_videos(store: Store, project: str) -> set[str]:
    """Return the videos that a project uses."""
    kinds = (ProjectAccess, ProjectVideo)
    return {row[0] for kind in kinds for row in store.cells(kind, ("video_id",), Query({"project": project}))}


def users_of(store: Store, video_id: str) -> set[str]:
    """Return the projects that use a video."""
    members = (
        member.project
        for analysis in store.find(Analysis, video_id=video_id)
        for member in store.find(ProjectVideo, analysis_id=analysis.analysis_id)
    )
    return {access.project for access in store.find(ProjectAccess, video_id=video_id)} | set(members)


def give(store: Store, project: str, video_id: str) -> None:
    """Let a project see a video; without a project it is for those who see all."""
    if project:
        store.put_new(ProjectAccess(project, video_id))


def belongs(workspace: Workspace, project: str, named: Mapping[str, Any], *, to_change: bool) -> bool:
    """Say whether all that a request names is what a project uses; what is not there, and what nobody knows, is not.

    Args:
        workspace: Where it is.
        project: That the token is for.
        named: What the request names, by the names of its arguments: one of `video_id`, `analysis_id`, `track` and `upload_id`
            at least.
        to_change: Whether the request changes it: what other projects use too is left as it is.
    """
    known = {name: value for name, value in named.items() if name in _FOUND or name == "upload_id"}
    if not known or named.get("project", project) not in ("", project):
        return False
    return all(_belongs(workspace, project, name, value, to_change) for name, value in known.items() if value != "")


def _belongs(workspace: Workspace, project: str, name: str, value: Any, to_change: bool) -> bool:
    # A NUL or half a character is in no id, and databases differ in what they say of one.
    if not isinstance(value, str) or not value.isprintable() or len(value) > _MAX_ID:
        return False
    if name == "upload_id":
        return _is_upload_of(workspace, project, value)
    store = workspace.store
    video_id = _FOUND[name](store, value)
    if video_id is None or not uses(store, project, video_id):
        return False
    return not to_change or users_of(store, video_id) == {project}


def _is_upload_of(workspace: Workspace, project: str, upload_id: str) -> bool:
    from .uploads import Uploads

    try:
        return Uploads(workspace).get(upload_id).owner == project
    except Problem:
        return False


def _video_of_analysis(store: Store, analysis_id: str) -> str | None:
    analysis = store.get(Analysis, analysis_id)
    return analysis.video_id if analysis else None


def _video_of_track(store: Store, track: str) -> str | None:
    from .choosing import track_parts

    try:
        return _video_of_analysis(store, track_parts(track)[0])
    except (Problem, AnnotationError):
        return None


_FOUND: Mapping[str, Callable[[Store, str], str | None]] = {
    "video_id": lambda _store, video_id: video_id,
    "analysis_id": _video_of_analysis,
    "track": _video_of_track,
}
"""Which video an argument of a route leads to."""

"""Videos that clients name: every route that takes one asks here, before it becomes the parameter of a job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..guard import Guard
from ..records import Video
from .belonging import uses
from .context import workspace
from .permissions import access
from .problems import Problem

if TYPE_CHECKING:
    from ..connectors import Connectors

_MAX_LENGTH = 8192
_DECODING = frozenset({"track", "analyse"})
"""Kinds of jobs that read the video: whoever knows its address could have it analysed by anybody."""


def guard() -> Guard:
    """Return what judges addresses that clients name."""
    return workspace().guard or Guard()


def connectors() -> Connectors:
    """Return what finds the videos that clients name in archives and catalogues, the same ones each time."""
    from ..connectors import Connectors

    return workspace().kept("connectors of clients", lambda: Connectors.of(workspace().settings, guard()))


def with_video(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a job with the video as it is stored, `video_id` replaced.

    Raises:
        Problem: The video is not known, or of no project that the token is for.
        ForbiddenAddressError: The address must not be fetched.
        ForbiddenPathError: The path leads out of the folders that are shown to clients.
    """
    given = dict(params)
    if "video_id" in given:
        video_id = given.pop("video_id")
        plain = isinstance(video_id, str) and video_id.isprintable()
        video = workspace().store.get(Video, video_id) if plain else None
        if video is None or "video" in given or not _may_use(video):
            raise Problem("invalid", "video_id names no video that is known, or stands beside video. Give one of them.")
        return {**given, "video": video.locator}
    if isinstance(given.get("video"), str):
        given["video"] = client_video(given["video"], decodes=kind in _DECODING)
    return given


def client_video(locator: str, *, decodes: bool) -> str:
    """Return the locator of a video that a client names: an address, a file in `server.video_dirs`, or a video that is known.

    Args:
        locator: As it was given, with a media fragment or without.
        decodes: Whether the video will be read, and not only what was seen in it.

    Raises:
        Problem: The video is of no project that the token is for.
        ForbiddenAddressError: The address must not be fetched.
        ForbiddenPathError: The path leads out of the folders that are shown to clients.
    """
    # Imported late, here and below: an idle server holds nothing that decodes videos.
    from ..video.guarded import named_by_client

    known = _known(locator)
    if known is not None and _may_use(known):
        return locator
    if not decodes and access().project:
        raise Problem("invalid", "This names no video that the project uses. Have it analysed for the project first.")

    settings = workspace().settings
    folders = tuple(Path(folder) for folder in settings.server.video_dirs)
    return named_by_client(locator, guard(), folders)


def _known(locator: str) -> Video | None:
    from ..video.fragments import split_locator
    from ..video.source import is_address

    if not locator.isprintable() or len(locator) > _MAX_LENGTH:
        return None
    bare = split_locator(locator)[0] if is_address(locator) or "#" in locator else locator
    return next(workspace().store.find(Video, locator=bare), None)


def _may_use(video: Video) -> bool:
    project = access().project
    return not project or uses(workspace().store, project, video.video_id)

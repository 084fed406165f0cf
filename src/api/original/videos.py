"""Where a video is played from, and what a knowledge graph says of it."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify

from ...errors import MediaError
from ...records import Role, Video
from ..media import file_by_ranges, video_file
from ..permissions import needs
from ..problems import Problem
from ..sources import connectors, guard
from .naming import NamedVideo, named_video, require_shown
from .parameters import parameter

if TYPE_CHECKING:
    from ...connectors import Found

videos = Blueprint("videos", __name__)

_PLAIN = "application/octet-stream"


@videos.get("/get_locator")
@needs(Role.VIEWER, "view")
def get_locator() -> Response:
    """Return the address that a video is played from, or the file of one that lies here."""
    from ...video.source import is_address

    named = named_video(parameter("video"))
    require_shown(named)
    media = _of_catalogue(named) or (named.video.media if named.video is not None else named.locator)
    if is_address(media):
        guard().check(media)
        return Response(media, mimetype="text/plain")
    if named.video is not None:
        return video_file(named.video)
    return _file(Path(named.locator))


@videos.get("/get_metadata")
@needs(Role.VIEWER, "view")
def get_metadata() -> Response:
    """Return what is known of a video: what a knowledge graph says of it, title, date and duration."""
    named = named_video(parameter("video"))
    require_shown(named)
    if named.video is None:
        found = _found(named.locator)
        if found is not None:
            said = {"title": found.title, "date": found.date} if found.title or found.date else {}
            return jsonify(said | found.metadata() | {"locator": named.text})
        raise Problem("not_found", f"Nothing is known of {named.locator[:200]!r} yet. Have it analysed by /track.")
    return jsonify(metadata_fields(named.video) | {"locator": named.text})


def _of_catalogue(named: NamedVideo) -> str:
    """Return the address that an archive plays a video from now, its links may expire; empty for one that no archive names."""
    found = _found(named.video.locator if named.video is not None else named.locator)
    return found.play if found is not None else ""


def _found(locator: str) -> Found | None:
    """Return what an archive, a site or a record says of a video; None for a file or an address of one.

    Raises:
        Problem: It knows no such video.
        FetchError: It cannot be asked, or answers something that cannot be understood.
    """
    from ...video.source import is_address

    if not is_address(locator) or not connectors().is_catalogued(locator):
        return None
    try:
        return connectors().resolve(locator)
    except MediaError as err:
        raise Problem("not_found", str(err)) from err


def metadata_fields(video: Video | None) -> dict[str, Any]:
    """Return what is known of a video beside its pictures; nothing of one without a record."""
    if video is None:
        return {}
    known: dict[str, Any] = {"title": video.title, "date": video.date, "duration": video.duration}
    return {name: value for name, value in known.items() if value} | dict(video.metadata)


def _file(path: Path) -> Response:
    """Return a file of the video folders that was never analysed, or the range of it that is asked for."""
    guessed = mimetypes.guess_type(path.name)[0] or ""
    kind = guessed if guessed.startswith("video/") else _PLAIN
    response = file_by_ranges(path, kind, download_name=path.name)
    response.cache_control.private = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response

"""Videos and pictures as they travel: byte ranges, JPEG, and how long clients may keep them.

Source: RFC 9110, sections 13.1.5 (If-Range) and 14 (range requests).
"""

from __future__ import annotations

import hashlib
import io
import mimetypes
from pathlib import Path
from typing import Any, cast

import numpy as np
from flask import Flask, Response, current_app, request, send_file
from werkzeug.http import parse_range_header

from ..disk.thumbnails import Thumbnails
from ..records import Video
from ..schema import Box, RgbImage
from ..workspace import Workspace
from .problems import Problem

_NAME = "facerec.thumbnails"
_DAY_S = 86_400
_JPEG_QUALITY = 90
_MARGIN = 0.4
"""Of a face's size on each side: a face is easier to know with hair and chin."""
JPEG, PNG = "image/jpeg", "image/png"


Responses = dict[int | str, dict[str, Any]]


def sends(*types: str, status: int = 200, what: str = "The picture") -> Responses:
    """Return how the description says that an answer is a file of one of some types."""
    # OpenAPI 3.1 has no schema for bytes: an empty one stands for whatever the media type says.
    content: dict[str, Any] = {kind: {"schema": {}} for kind in types}
    return {status: {"description": what, "content": content}}


def local_path(video: Video) -> Path:
    """Return where the file of a video lies.

    Raises:
        Problem: The server does not have it.
    """
    path = Path(video.media)
    if not video.checksum or not path.is_file():
        raise Problem("media_elsewhere", f"The server does not have the file of {video.locator}.")
    return path


def file_by_ranges(path: Path, mimetype: str, **how: Any) -> Response:
    """Return a file, or the range of it that is asked for; `how` is that of `send_file`."""
    settle_range(path.stat().st_size)
    return send_file(path, mimetype, conditional=True, **how)


def settle_range(size: int) -> None:
    """Leave of the header Range what can be answered of a file of so many bytes, before it is read.

    Other units than bytes must be passed over, several ranges may be; the end of a file that is shorter is all of it.

    Source: RFC 9110, sections 14.1.2 and 14.2.
    """
    text = request.headers.get("Range", "")
    asked = parse_range_header(text)
    if not text.lower().startswith("bytes=") or (asked is not None and len(asked.ranges) > 1):
        request.environ.pop("HTTP_RANGE", None)
    elif asked is not None and asked.ranges[0][0] < -size:
        request.environ["HTTP_RANGE"] = f"bytes=-{size}"


def video_file(video: Video) -> Response:
    """Return the file of a video, or the range of it that is asked for."""
    path = local_path(video)
    guessed = mimetypes.guess_type(path.name)[0] or ""
    kind = guessed if guessed.startswith("video/") else "application/octet-stream"
    response = file_by_ranges(path, kind, etag=video.checksum[:32], download_name=path.name, max_age=_DAY_S)
    return _kept(response)


def file_response(path: Path, mimetype: str) -> Response:
    """Return a file of the data folder that a record names.

    Raises:
        Problem: It is gone.
    """
    if not path.is_file():
        raise Problem("not_found", f"The file {path.name} is gone.")
    return _kept(file_by_ranges(path, mimetype, max_age=_DAY_S))


def bytes_response(data: bytes, mimetype: str) -> Response:
    """Return a picture that was made for this answer."""
    response = Response(data, mimetype=mimetype)
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    response.cache_control.max_age = _DAY_S
    response.make_conditional(request)
    return _kept(response)


def add_thumbnails(app: Flask, workspace: Workspace) -> None:
    """Give an application room on disk for faces cut out of videos."""
    app.extensions[_NAME] = Thumbnails(workspace.data_dir, workspace.settings.server.thumbnails_mb * 1_000_000)


def thumbnails() -> Thumbnails:
    """Return the faces cut out of videos that are kept."""
    return cast(Thumbnails, current_app.extensions[_NAME])


def _kept(response: Response) -> Response:
    response.cache_control.private = True
    response.cache_control.public = False
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def encoded(image: RgbImage, mimetype: str = JPEG) -> bytes:
    """Return an RGB picture as JPEG or PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.fromarray(image)
    if mimetype == PNG:
        picture.save(buffer, "PNG")
    else:
        picture.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def scaled(image: RgbImage, max_side_px: int) -> RgbImage:
    """Return a picture whose longer side has at most so many pixels."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((max_side_px, max_side_px))
    return np.asarray(picture, np.uint8)


def face_of(image: RgbImage, box: Box) -> RgbImage:
    """Return the part of a frame that shows a face, with a margin; all of it where the box lies outside."""
    height, width = image.shape[:2]
    left, right = box.x - _MARGIN * box.w, box.x + (1 + _MARGIN) * box.w
    top, bottom = box.y - _MARGIN * box.h, box.y + (1 + _MARGIN) * box.h
    x0, x1 = (int(np.clip(edge, 0, width)) for edge in (left, right))
    y0, y1 = (int(np.clip(edge, 0, height)) for edge in (top, bottom))
    return image[y0:y1, x0:x1] if x1 > x0 and y1 > y0 else image

"""The pictures of a video: its file by byte ranges, and the frame that is shown at a time."""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...timebase import parse_npt
from ..media import JPEG, PNG, bytes_response, encoded, local_path, scaled, sends, video_file
from ..problems import Problem
from ..relay import is_elsewhere, relayed
from ..validation import Parameters
from .tracks import MAX_NPT
from .videos import existing_video

media = APIBlueprint("media", __name__, url_prefix="/api/v1", tag="Media")

FILE = ("video/*", "application/octet-stream")
_THUMBNAIL_PX = 320


class FrameParameters(Parameters):
    """Which frame is shown, and how."""

    npt: str = Field("0", max_length=40, description="Seconds, or h:mm:ss.fff")
    format: Literal["jpeg", "png"] = Field("jpeg", description="PNG has the pixels as they were decoded")
    max_side: int = Field(0, ge=0, le=8192, description="Scaled down to so many pixels; 0 for the frame as it is")


@media.get("/videos/<video_id>/media")
@media.doc(responses=sends(*FILE, what="The file") | sends(*FILE, status=206, what="A range of the file"))
def get_media(video_id: str) -> Response:
    """Return the file of a video, or a range of its bytes.

    What lies elsewhere is fetched from there: of a range at most 8 MiB at a time, as the header Content-Range says.
    """
    video = existing_video(video_id)
    return relayed(video) if is_elsewhere(video) else video_file(video)


@media.get("/videos/<video_id>/frame")
@media.input(FrameParameters, location="query")
@media.doc(responses=sends(JPEG, PNG))
def get_frame(video_id: str, query_data: FrameParameters) -> Response:
    """Return the frame that a player shows at a time; the header Frame-Npt says from when on."""
    from ...video.shown import frame_at

    video = existing_video(video_id)
    npt = parse_npt(query_data.npt)
    if npt > MAX_NPT:
        raise Problem("invalid", f"No video shows anything at {npt:g} s.")
    shown = frame_at(str(local_path(video)), npt, threads=2)
    image = scaled(shown.image, query_data.max_side) if query_data.max_side else shown.image
    kind = PNG if query_data.format == "png" else JPEG
    response = bytes_response(encoded(image, kind), kind)
    response.headers["Frame-Npt"] = f"{shown.npt:.6f}"
    return response


@media.get("/videos/<video_id>/thumbnail")
@media.doc(responses=sends(JPEG))
def get_video_thumbnail(video_id: str) -> Response:
    """Return a small picture of a video, of the tenth part of its time."""
    from ...video.shown import frame_at

    video = existing_video(video_id)
    shown = frame_at(str(local_path(video)), (video.duration or 0) / 10, threads=2)
    return bytes_response(encoded(scaled(shown.image, _THUMBNAIL_PX)), JPEG)

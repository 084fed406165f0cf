"""Exports: what was seen in a video, in the formats of other programs."""

from __future__ import annotations

import mimetypes
import secrets
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, request, send_file
from pydantic import Field

from ...records import Analysis, ProjectVideo, Status, Video
from .. import shapes
from ..answers import answer
from ..choosing import FragmentText
from ..context import existing, existing_project, store, workspace
from ..media import sends
from ..problems import Problem
from ..validation import Parameters

exports = APIBlueprint("exports", __name__, url_prefix="/api/v1", tag="Exports")

_OTHER = "application/octet-stream"


class ExportParameters(Parameters):
    """Which format is wanted."""

    format: Annotated[str, Field(max_length=40, description="One of /exports; as the header Accept says where empty")] = ""
    fragment: FragmentText = ""


@exports.get("/exports")
@exports.output(shapes.FormatList)
def list_formats() -> Response:
    """List the formats that analyses are exported in."""
    from ...export import FORMATS

    items = [
        shapes.Format(format=name, text=found.text, suffix=found.suffix, media_type=_media_type(found.suffix))
        for name, found in FORMATS.items()
    ]
    return answer(shapes.FormatList(items=items))


@exports.get("/projects/<project>/videos/<video_id>/export")
@exports.input(ExportParameters, location="query")
@exports.doc(responses=sends("*/*", what="The file"))
def get_export(project: str, video_id: str, query_data: ExportParameters) -> Response:
    """Return the analysis of a video that counts in a project, in a format of other programs."""
    from ...export import FORMATS

    owner, video = existing_project(project).project, existing(Video, "video", video_id)
    member = existing(ProjectVideo, "video in this project", owner, video_id, query_data.fragment)
    analysis: Analysis = existing(Analysis, "analysis", member.analysis_id)
    if analysis.status is not Status.COMPLETE:
        raise Problem("conflict", f"The analysis of this video is not complete ({analysis.status}).")
    name = _chosen(query_data.format)
    chosen = FORMATS[name]
    folder = workspace().data_dir / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}{chosen.suffix}"
    try:
        chosen.write(path, store(), analysis)
        response = send_file(
            path.open("rb"),
            _media_type(chosen.suffix),
            as_attachment=True,
            download_name=f"{video.folder}.{name}{chosen.suffix}",
        )
    finally:
        # The open file stays readable until the answer is sent.
        path.unlink(missing_ok=True)
    response.headers.update({"Cache-Control": "private, no-cache", "Vary": "Accept", "X-Content-Type-Options": "nosniff"})
    return response


def _chosen(name: str) -> str:
    """Return the format that a request wants.

    Raises:
        Problem: There is no such format.
    """
    from ...export import FORMATS

    if name in FORMATS:
        return name
    if name:
        raise Problem("not_acceptable", f"There is no format {name!r}. Choose one of: {', '.join(FORMATS)}.")
    by_type = {_media_type(found.suffix): known for known, found in reversed(list(FORMATS.items()))}
    best: str | None = (
        request.accept_mimetypes.best_match(list(by_type)) if request.accept_mimetypes else next(reversed(by_type))
    )
    if best is None:
        raise Problem("not_acceptable", f"Accept one of {', '.join(by_type)}, or give the parameter format.")
    return by_type[best]


def _media_type(suffix: str) -> str:
    return mimetypes.types_map.get(suffix, _OTHER)

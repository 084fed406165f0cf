"""Search by face: a photo or a track in, moments of all videos of a project out."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...disk.pictures import HEAD_BYTES, kind_of, why_no_picture
from ...errors import MediaError
from ...identities.decisions import PIECE
from ...insights.programmes import programmes_of
from .. import overall, shapes
from ..answers import answer
from ..choosing import track_name, track_of_project, track_parts
from ..context import existing_project, store, workspace
from ..gathering import is_local, plain
from ..multipart import sent_file, takes_file
from ..problems import Problem
from ..validation import Body, Parameters

if TYPE_CHECKING:
    from ...verbs.finder import SearchReport

search = APIBlueprint("search", __name__, url_prefix="/api/v1", tag="Search by face")

Top = Annotated[int, Field(ge=1, le=1000, description="At most so many moments")]
MinScore = Annotated[
    float, Field(ge=-1, le=1, description="Least cosine similarity; as the engine names people where not given")
]
_ENGINE = threading.Lock()
"""Networks take one photo at a time: they use all cores for it, and not all detectors like company."""


class PhotoParameters(Parameters):
    """How a photo is searched for."""

    face: Annotated[int, Field(ge=0, le=1000, description="Which face, from 1, left to right; 0 for the main one")] = 0
    top: Top = 50
    min_score: MinScore | None = None


class TrackSearch(Body):
    """A track that shows the face to search for."""

    track: Annotated[str, Field(max_length=200, description="Its `id`")]
    top: Top = 50
    min_score: MinScore | None = None


@search.post("/projects/<project>/search/track")
@search.input(TrackSearch)
@search.output(overall.Found)
def search_by_track(project: str, json_data: TrackSearch) -> Response:
    """Find the moments that show the face of a track."""
    from ...verbs.finder import run

    owner = existing_project(project).project
    track_of_project(owner, json_data.track)
    analysis_id, number = track_parts(json_data.track)
    report = run(
        workspace(),
        owner,
        analysis_id=analysis_id,
        track_id=number % PIECE,
        top=json_data.top,
        min_score=json_data.min_score,
    )
    return answer(_shape(owner, report))


@search.post("/projects/<project>/search/photo")
@search.input(PhotoParameters, location="query")
@search.doc(extensions=takes_file("image/*"))
@search.output(overall.Found)
def search_by_photo(project: str, query_data: PhotoParameters) -> Response:
    """Find the moments that show a face of a photo, sent as multipart/form-data with the part `file`; it is not kept."""
    owner = existing_project(project).project
    limit = workspace().settings.crawler.max_bytes
    data = sent_file().read(limit + 1)
    if len(data) > limit:
        raise Problem("request_entity_too_large", f"A picture has at most {limit:,} bytes.")
    if kind_of(data[:HEAD_BYTES]) is None:
        raise Problem("not_a_picture", f"The file {why_no_picture(data[:HEAD_BYTES])}.")
    return answer(_shape(owner, _searched(owner, data, query_data)))


def _searched(owner: str, data: bytes, wanted: PhotoParameters) -> SearchReport:
    from ...verbs.finder import run

    with TemporaryDirectory() as folder, _ENGINE:
        photo = Path(folder) / "photo"
        photo.write_bytes(data)
        options: dict[str, Any] = {"face": wanted.face or None, "top": wanted.top, "min_score": wanted.min_score}
        try:
            return run(workspace(), owner, photo=photo, **options)
        except MediaError as err:
            code = "no_face" if "no face" in err.why else "not_a_picture"
            raise Problem(code, f"The photo {err.why}") from err


def _shape(owner: str, report: SearchReport) -> overall.Found:
    moments = [
        overall.Moment(
            track=track_name(moment.analysis_id, moment.track_id),
            **{name: getattr(moment, name) for name in overall.Moment.model_fields if name not in ("track", "box")},
            box=shapes.Box.model_validate(moment.box),
        )
        for moment in report.moments
    ]
    analyses = {moment.analysis_id for moment in moments}
    videos = [
        overall.Programme.model_validate(plain(one, is_local(one)))
        for one in programmes_of(store(), owner)
        if one.analysis_id in analyses
    ]
    faces = [shapes.Box.model_validate(box) for box in report.faces]
    made: dict[str, Any] = {"moments": moments, "videos": videos, "faces": faces, "outdated": list(report.outdated)}
    return overall.Found(**{name: made.get(name, getattr(report, name, None)) for name in overall.Found.model_fields})

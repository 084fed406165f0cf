"""Tracks: faces that were followed, with their samples in windows of time."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Track, TrackSamples, Video
from ...schema import Box
from ...storage import Query
from .. import shapes
from ..answers import answer
from ..choosing import AnalysisId, FragmentText, ProjectName, chosen_analysis, existing_track, track_name
from ..context import existing, store
from ..media import JPEG, bytes_response, encoded, face_of, local_path, scaled, sends
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import missing
from ..validation import Parameters

tracks = APIBlueprint("tracks", __name__, url_prefix="/api/v1", tag="Tracks")

MAX_NPT = 1e7
Seconds = Annotated[float, Field(ge=0, le=MAX_NPT)]
From = Annotated[Seconds, Field(alias="from", description="Seconds; what ends before is left out")]
To = Annotated[Seconds, Field(alias="to", description="Seconds; what begins then or later is left out")]
Points = Annotated[int, Field(ge=2, le=5000, description="At most so many samples of a track, those that keep its shape")]
_SIDE_PX = 240


class TrackPage(PageOf[shapes.Track]):
    """Some tracks."""


class TrackParameters(PageParameters):
    """Which tracks of a video are listed."""

    project: ProjectName = ""
    analysis_id: AnalysisId = ""
    fragment: FragmentText = ""
    from_npt: From = 0.0
    to_npt: To = MAX_NPT
    samples: bool = Field(False, description="With the samples of each track between `from` and `to`")
    max_points: Points = 200


class SampleParameters(Parameters):
    """Which samples of a track are shown."""

    from_npt: From = 0.0
    to_npt: To = MAX_NPT
    max_points: Points = 1000


def shape(track: Track, samples: shapes.Samples | None = None) -> shapes.Track:
    """Return what is shown of a track."""
    plain: dict[str, Any] = {field.name: getattr(track, field.name) for field in fields(track) if field.name != "thumbnail"}
    plain["best_box"] = shapes.Box.model_validate(track.best_box)
    return shapes.Track(id=track_name(track.analysis_id, track.track_id), samples=samples, **plain)


@tracks.get("/videos/<video_id>/tracks")
@tracks.input(TrackParameters, location="query")
@tracks.output(TrackPage)
def list_tracks(video_id: str, query_data: TrackParameters) -> Response:
    """List the tracks of a video that are seen in a window of time, in the order of their beginnings."""
    existing(Video, "video", video_id)
    analysis = chosen_analysis(video_id, query_data.project, query_data.analysis_id, query_data.fragment)
    query = Query(
        {"analysis_id": analysis.analysis_id},
        at_least={"end_npt": query_data.from_npt},
        below={"start_npt": query_data.to_npt},
        omit=frozenset({"thumbnail"}),
    )

    def shown(track: Track) -> shapes.Track:
        window = (query_data.from_npt, query_data.to_npt, query_data.max_points)
        return shape(track, samples_of(track, *window) if query_data.samples else None)

    return listed(Listing(Track, query, {"start_npt": ("start_npt",)}), query_data, shown, TrackPage)


@tracks.get("/tracks/<track>")
@tracks.output(shapes.Track)
def get_track(track: str) -> Response:
    """Show a track."""
    return answer(shape(existing_track(track)))


@tracks.get("/tracks/<track>/samples")
@tracks.input(SampleParameters, location="query")
@tracks.output(shapes.Samples)
def get_samples(track: str, query_data: SampleParameters) -> Response:
    """Show where a track was seen in a window of time, thinned out where these are many samples."""
    found = existing_track(track)
    return answer(samples_of(found, query_data.from_npt, query_data.to_npt, query_data.max_points))


@tracks.get("/tracks/<track>/thumbnail")
@tracks.doc(responses=sends(JPEG))
def get_track_thumbnail(track: str) -> Response:
    """Show the best face of a track."""
    found = existing_track(track)
    if not found.thumbnail:
        raise missing("thumbnail of track", track)
    return bytes_response(found.thumbnail, JPEG)


@tracks.get("/tracks/<track>/samples/<int:frame_index>/thumbnail")
@tracks.doc(responses=sends(JPEG))
def get_sample_thumbnail(track: str, frame_index: int) -> Response:
    """Show the face of one sample, cut out of the video."""
    from ...video.shown import frame_at

    found = existing_track(track)
    npt, box = _sample(found, frame_index)
    analysis_video = _video_of(found)
    shown = frame_at(str(local_path(analysis_video)), npt, threads=2)
    return bytes_response(encoded(scaled(face_of(shown.image, box), _SIDE_PX)), JPEG)


def samples_of(track: Track, from_npt: float, to_npt: float, max_points: int) -> shapes.Samples:
    """Return the samples of a track in a window of time, those that keep its shape where they are many."""
    import numpy as np

    from ...videos import SAMPLE_ARRAYS
    from ..thinning import thinned

    parts = []
    if track.start_npt < to_npt and track.end_npt >= from_npt:
        parts = [_cut(part, from_npt, to_npt) for part in _parts(track)]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in SAMPLE_ARRAYS} if parts else {}
    if not arrays or not len(arrays["npt"]):
        return shapes.Samples(frame_index=[], npt=[], boxes_xywh=[], scores=[], qualities=[], n_samples=0)
    kept = thinned(arrays["npt"], arrays["boxes_xywh"], max_points)
    rounded = {name: np.nan_to_num(arrays[name][kept].astype(np.float64)).round(3).tolist() for name in ("scores", "qualities")}
    return shapes.Samples(
        frame_index=arrays["frame_index"][kept].tolist(),
        npt=arrays["npt"][kept].tolist(),
        boxes_xywh=arrays["boxes_xywh"][kept].astype(np.float64).round(2).tolist(),
        n_samples=len(arrays["npt"]),
        **rounded,
    )


def _parts(track: Track) -> list[TrackSamples]:
    return list(store().find(TrackSamples, analysis_id=track.analysis_id, track_id=track.track_id))


def _cut(part: TrackSamples, from_npt: float, to_npt: float) -> dict[str, Any]:
    from ...videos import SAMPLE_ARRAYS

    inside = (part.npt >= from_npt) & (part.npt < to_npt)
    return {name: getattr(part, name)[inside] for name in SAMPLE_ARRAYS}


def _sample(track: Track, frame_index: int) -> tuple[float, Box]:
    for part in _parts(track):
        for row in (part.frame_index == frame_index).nonzero()[0]:
            return float(part.npt[row]), Box(*(float(value) for value in part.boxes_xywh[row]))
    raise missing("sample", frame_index)


def _video_of(track: Track) -> Video:
    from ...records import Analysis

    analysis = existing(Analysis, "analysis", track.analysis_id)
    video: Video = existing(Video, "video", analysis.video_id)
    return video

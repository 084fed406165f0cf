"""Tracks: faces that were followed, with their samples in windows of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Track, Video, stable_id
from ...schema import Box
from ...storage import Query
from ...windows import Arrays, Extent, best_rows, extent_of, read_window, read_windows
from .. import shapes
from ..answers import answer, answer_plain
from ..choosing import AnalysisId, FragmentText, ProjectName, chosen_analysis, existing_track, track_name
from ..context import existing, store
from ..media import JPEG, bytes_response, encoded, face_of, local_path, scaled, sends, thumbnails
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
_FIELDS = tuple(name for name in shapes.Track.model_fields if name not in ("id", "samples"))


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


class BestParameters(Parameters):
    """How many good samples of a track are shown."""

    from_npt: From = 0.0
    to_npt: To = MAX_NPT
    n: Annotated[int, Field(ge=1, le=24, description="At most so many")] = 6


def shape(track: Track) -> shapes.Track:
    """Return what is shown of a track."""
    plain: dict[str, Any] = {name: getattr(track, name) for name in _FIELDS}
    plain["best_box"] = shapes.Box.model_validate(track.best_box)
    return shapes.Track(id=track_name(track.analysis_id, track.track_id), samples=None, **plain)


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
    )

    def shown(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        samples: Sequence[dict[str, Any] | None] = [None] * len(found)
        if query_data.samples:
            window = (query_data.from_npt, query_data.to_npt)
            samples = samples_of([_extent(track) for track in found], *window, query_data.max_points)
        return [
            {"id": track_name(track["analysis_id"], track["track_id"]), **track, "samples": its_own}
            for track, its_own in zip(found, samples, strict=True)
        ]

    listing = Listing(Track, query, {"start_npt": ("start_npt",)}, fields=_FIELDS)
    return listed(listing, query_data, shown, TrackPage, at_once=True)


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
    window = (query_data.from_npt, query_data.to_npt)
    return answer_plain(samples_of([extent_of(found)], *window, query_data.max_points)[0])


@tracks.get("/tracks/<track>/best")
@tracks.input(BestParameters, location="query")
@tracks.output(shapes.BestSamples)
def get_best_samples(track: str, query_data: BestParameters) -> Response:
    """Show in which samples a track is seen best: one of each part of its time."""
    found = read_window(store(), extent_of(existing_track(track)), query_data.from_npt, query_data.to_npt)
    items = [
        {
            "frame_index": int(found["frame_index"][row]),
            "npt": float(found["npt"][row]),
            "quality": round(float(found["qualities"][row]), 3),
        }
        for row in best_rows(found["qualities"], query_data.n)
    ]
    return answer_plain({"items": items})


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
    found = existing_track(track)
    npt, box = _sample(found, frame_index)
    video = _video_of(found)

    def make() -> bytes:
        from ...video.shown import frame_at

        shown = frame_at(str(local_path(video)), npt, threads=2)
        return encoded(scaled(face_of(shown.image, box), _SIDE_PX))

    def is_there() -> bool:
        return store().get(Track, found.analysis_id, found.track_id) is not None

    # Of another file, time or box it is another picture.
    name = stable_id(video.checksum, npt, [box.x, box.y, box.w, box.h], _SIDE_PX)
    return bytes_response(thumbnails().of(found.analysis_id, name, make, is_there), JPEG)


def samples_of(tracks: Sequence[Extent], from_npt: float, to_npt: float, max_points: int) -> list[dict[str, Any]]:
    """Return `shapes.Samples` of some tracks in a window of time; where a track has many, those that keep its shape."""
    found = read_windows(store(), tracks, from_npt, to_npt)
    return _shown([_thinned(arrays, max_points) for arrays in found], [len(arrays["npt"]) for arrays in found])


def _thinned(arrays: Arrays, max_points: int) -> Arrays:
    from ..thinning import thinned

    if len(arrays["npt"]) <= max_points:
        return arrays
    kept = thinned(arrays["npt"], arrays["boxes_xywh"], max_points)
    return {name: array[kept] for name, array in arrays.items()}


def _shown(found: Sequence[Arrays], numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return the samples of tracks as plain values, all of them rounded at once: there are few of most tracks.

    Args:
        found: What is shown of each track.
        numbers: How many samples each has before they are thinned out.
    """
    import numpy as np

    if not found:
        return []
    joined = {name: np.concatenate([arrays[name] for arrays in found]) for name in found[0]}
    for name in ("scores", "qualities"):
        joined[name] = np.where(np.isfinite(joined[name]), joined[name], 0.0).astype(np.float64).round(3)
    joined["boxes_xywh"] = joined["boxes_xywh"].astype(np.float64).round(2)
    plain = {name: array.tolist() for name, array in joined.items()}
    ends = np.cumsum([len(arrays["npt"]) for arrays in found]).tolist()
    return [
        {name: values[start:end] for name, values in plain.items()} | {"n_samples": n}
        for start, end, n in zip([0, *ends], ends, numbers, strict=False)
    ]


def _extent(track: dict[str, Any]) -> Extent:
    return Extent(*(track[name] for name in ("analysis_id", "track_id", "start_npt", "end_npt", "n_samples")))


def _sample(track: Track, frame_index: int) -> tuple[float, Box]:
    found = read_window(store(), extent_of(track), track.start_npt, math.inf)
    for row in (found["frame_index"] == frame_index).nonzero()[0]:
        return float(found["npt"][row]), Box(*(float(value) for value in found["boxes_xywh"][row]))
    raise missing("sample", frame_index)


def _video_of(track: Track) -> Video:
    from ...records import Analysis

    analysis = existing(Analysis, "analysis", track.analysis_id)
    video: Video = existing(Video, "video", analysis.video_id)
    return video

"""Videos, and what was seen in them: no names, and so of use to every project."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..schema import Box, DoubleArray, FloatArray, HalfArray, IntArray
from .base import now


class Status(enum.StrEnum):
    """Where an analysis stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Video:
    """A video as it was named and as it was found.

    `frame_rate` is exact, `30000/1001`; `folder` is its place in data/out; `start_time` is where npt 0 lies on the clock of the
    file, in seconds.
    """

    video_id: str
    locator: str
    media: str
    folder: str
    title: str = ""
    date: str = ""
    duration: float | None = None
    width: int = 0
    height: int = 0
    frame_rate: str = ""
    checksum: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    start_time: float = 0.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was seen in a video with one engine, sampling and tracker: no names, and so of use to every project.

    `progress` lies in [0, 1]. `checkpoint` is what the tracker needs to go on after an interruption.
    """

    analysis_id: str
    video_id: str
    engine: str
    sampling: Mapping[str, Any]
    tracker: Mapping[str, Any]
    fragment: str = ""
    status: Status = Status.QUEUED
    progress: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    checkpoint: Mapping[str, Any] | None = None
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames between two boundaries; `end_npt` lies outside.

    `transition` says how the shot begins: `cut`, `dissolve`, `fade`; empty for the first one, and where nobody looked.
    """

    analysis_id: str
    shot: int
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    transition: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One face followed inside one shot: the summary. `end_npt` and `end_frame` are those of its last sample.

    `best_*` describe its best sample; `thumbnail` is that face as a JPEG.
    """

    analysis_id: str
    track_id: int
    shot: int
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    n_samples: int
    best_npt: float
    best_frame: int
    best_box: Box
    best_quality: float
    thumbnail: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class TrackSamples:
    """The samples of a track as they are drawn, in parts of bounded length, so that a track of hours fits any store.

    Attributes:
        frame_index: (n,) int64. `npt`: (n,) float64 seconds. `boxes_xywh`: (n, 4) float32. `landmarks`: (n, 5, 2) float32.
        scores: (n,) float32 of the detector. `qualities`: (n,) float32 in [0, 1]. A face that was followed to a frame between
            two samples, and not detected there, has quality 0; its score then says how well forward and backward agree.
    """

    analysis_id: str
    track_id: int
    part: int
    frame_index: IntArray
    npt: DoubleArray
    boxes_xywh: FloatArray
    landmarks: FloatArray
    scores: FloatArray
    qualities: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class TrackEmbeddings:
    """The embeddings of many tracks in one block: naming a library reads these and nothing else.

    Attributes:
        track_ids: (n,) int64, which track each row belongs to; rows are ordered by track, then by frame.
        frame_index: (n,) int64, which sample of the track each row is of.
        weights: (n,) float32 in [0, 1], the quality of the face.
        embeddings: (n, d) float16, L2-normalised before rounding.
    """

    analysis_id: str
    part: int
    track_ids: IntArray
    frame_index: IntArray
    weights: FloatArray
    embeddings: HalfArray


@dataclass(frozen=True, slots=True)
class ProjectVideo:
    """A video belongs to a project, and this analysis of it is the one that counts there."""

    project: str
    video_id: str
    fragment: str
    analysis_id: str
    added_at: str = field(default_factory=now)

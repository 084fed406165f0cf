"""The stored records: one spelling of every field in Python, SQLite, MongoDB and JSON.

A record is a frozen dataclass. `KEYS` and `INDEXES` say by which fields it is kept and found; both stores are built from
these two tables alone.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .schema import BoolArray, Box, Candidate, DoubleArray, FloatArray, HalfArray, IntArray


def now() -> str:
    """Return the present moment as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def stable_id(*parts: object) -> str:
    """Return 16 hexadecimal digits that are the same whenever the parts are the same."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ImageState(enum.StrEnum):
    """Why a picture is in a training set or out of it; only `ACTIVE` pictures train."""

    ACTIVE = "active"
    DISABLED = "disabled"
    OUTLIER = "outlier"
    DUPLICATE = "duplicate"
    NO_FACE = "no_face"
    MANY_FACES = "many_faces"
    UNREADABLE = "unreadable"


class Status(enum.StrEnum):
    """Where an analysis stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Project:
    """A set of people and videos that belong together, with one engine."""

    project: str
    engine: str
    engine_version: str = ""
    classifier: str = "SVM"
    settings: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a project knows by name; `person_id` is the name of their folder."""

    project: str
    person_id: str
    name: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    uri: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    recognisable: bool = True


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a picture comes from; `date` is when it was fetched."""

    provider: str
    query: str = ""
    url: str = ""
    page: str = ""
    licence: str = ""
    date: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """What makes a face easy or hard to recognise; see `faces.quality`. All but `size_px` lie in [0, 1], higher is better."""

    size_px: float
    sharpness: float
    frontality: float
    overall: float


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A training picture. `path` and `aligned_path` are relative to the data folder.

    `sha256` is of the file's bytes. `engine` is `id@version` of the engine that made `box`, `landmarks` (5, 2) and
    `embedding` (d,); all are None until the aligner has seen the picture.
    """

    project: str
    sha256: str
    person_id: str
    path: str
    provenance: Provenance
    width: int
    height: int
    phash: str = ""
    state: ImageState = ImageState.ACTIVE
    reason: str = ""
    state_by: str = "machine"
    n_faces: int | None = None
    aligned_path: str | None = None
    box: Box | None = None
    landmarks: FloatArray | None = None
    score: float | None = None
    quality: FaceQuality | None = None
    engine: str | None = None
    embedding: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A trained classifier. Its arrays lie in `path`, relative to the data folder; no file of it is a pickle."""

    project: str
    model_id: str
    engine: str
    classifier: str
    people: tuple[str, ...]
    images: tuple[str, ...]
    thresholds: Mapping[str, float]
    report: Mapping[str, Any]
    path: str
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Video:
    """A video as it was named and as it was found. `frame_rate` is exact, `30000/1001`; `folder` is its place in data/out."""

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
    """Frames between two cuts; `end_npt` lies outside."""

    analysis_id: str
    shot: int
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int


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
    """The samples of a track, in parts of bounded length, so that a track of hours fits any store.

    Attributes:
        frame_index: (n,) int64. `npt`: (n,) float64 seconds. `boxes_xywh`: (n, 4) float32. `landmarks`: (n, 5, 2) float32.
        scores: (n,) float32 of the detector. `qualities`: (n,) float32 in [0, 1].
        embedded: (n,) bool, which samples have an embedding.
        embeddings: (embedded.sum(), d) float16, L2-normalised before rounding.
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
    embedded: BoolArray
    embeddings: HalfArray


@dataclass(frozen=True, slots=True)
class Appearance:
    """Somebody is to be seen from `start_npt` to `end_npt`: derived from tracks, candidates and decisions, never edited.

    `person_id` is None for an unknown person. `box` is that of the best sample, at `best_npt`.
    """

    project: str
    analysis_id: str
    track_id: int
    name: str
    person_id: str | None
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    start_sample: int
    end_sample: int
    confidence: float
    merged_tracks: tuple[int, ...]
    box: Box
    best_npt: float
    candidates: tuple[Candidate, ...] = ()
    source: str = "machine"


Record = Project | Person | Image | Model | Video | Analysis | Shot | Track | TrackSamples | Appearance

KEYS: Mapping[type[Any], tuple[str, ...]] = {
    Project: ("project",),
    Person: ("project", "person_id"),
    Image: ("project", "sha256"),
    Model: ("project", "model_id"),
    Video: ("video_id",),
    Analysis: ("analysis_id",),
    Shot: ("analysis_id", "shot"),
    Track: ("analysis_id", "track_id"),
    TrackSamples: ("analysis_id", "track_id", "part"),
    Appearance: ("project", "analysis_id", "track_id"),
}
"""The fields that name a record; records are listed in their order."""

INDEXES: Mapping[type[Any], tuple[tuple[str, ...], ...]] = {
    Image: (("project", "person_id"), ("project", "path")),
    Video: (("locator",), ("folder",)),
    Analysis: (("video_id",),),
    Appearance: (("project", "person_id"),),
}
"""Further fields that records are looked up by. A look-up that no key or index serves is refused."""

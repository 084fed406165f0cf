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

import numpy as np
from numpy.typing import NDArray

from .schema import Box, Candidate, DoubleArray, FloatArray, HalfArray, IntArray


def now() -> str:
    """Return the present moment as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def stable_id(*parts: object) -> str:
    """Return 16 hexadecimal digits that are the same whenever the parts are the same."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ImageState(enum.StrEnum):
    """Why a picture is in a training set or out of it; only `ACTIVE` pictures train, see also `SET_ASIDE`."""

    ACTIVE = "active"
    DISABLED = "disabled"
    OUTLIER = "outlier"
    DUPLICATE = "duplicate"
    NO_FACE = "no_face"
    MANY_FACES = "many_faces"
    UNREADABLE = "unreadable"
    TINY = "tiny"
    BLURRED = "blurred"
    PROFILE = "profile"
    DRAWING = "drawing"
    NO_EMBEDDING = "no_embedding"


SET_ASIDE = frozenset(
    {
        ImageState.OUTLIER,
        ImageState.DUPLICATE,
        ImageState.TINY,
        ImageState.BLURRED,
        ImageState.PROFILE,
        ImageState.DRAWING,
        ImageState.NO_EMBEDDING,
    }
)
"""What the program says of a face by itself: a judgement that is made anew, and that anybody may overrule."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """What a model says of all tracks of an analysis. People are positions in `Model.people`.

    One that is too large for a record goes on in `IdentificationPart`s, `n_parts` of them counting this one.

    Attributes:
        track_ids: (t,) int64.
        candidates: (t, c) int32, the likeliest people of each track's pooled embedding, likeliest first.
        scores: (t, c) float32, evidence for each. `confidences`: (t, c) float32 in [0, 1].
        sample_tracks: (n,) int64 and `sample_frames`: (n,) int64, which sample each of the following is of.
        sample_people: (n,) int32, the likeliest person of each sample. `sample_confidences`: (n,) float32 in [0, 1].
    """

    project: str
    model_id: str
    analysis_id: str
    track_ids: IntArray
    candidates: NDArray[np.int32]
    scores: FloatArray
    confidences: FloatArray
    sample_tracks: IntArray
    sample_frames: IntArray
    sample_people: NDArray[np.int32]
    sample_confidences: FloatArray
    n_parts: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationPart:
    """The further rows of an `Identification` of many hours; its arrays are those of the same names there."""

    project: str
    model_id: str
    analysis_id: str
    part: int
    track_ids: IntArray
    candidates: NDArray[np.int32]
    scores: FloatArray
    confidences: FloatArray
    sample_tracks: IntArray
    sample_frames: IntArray
    sample_people: NDArray[np.int32]
    sample_confidences: FloatArray


class Verb(enum.StrEnum):
    """What a person can decide."""

    IS = "is"
    IS_NOT = "is_not"
    UNKNOWN = "unknown"
    IGNORE = "ignore"
    SPLIT = "split"
    MERGE = "merge"
    SAME_PERSON = "same_person"
    NOT_SAME_PERSON = "not_same_person"
    RENAME = "rename"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a track was when somebody decided about it: enough to find it again in another analysis of the video."""

    npt: float
    box: Box


@dataclass(frozen=True, slots=True)
class Target:
    """What a decision is about: a track, an unknown person, a stretch of a video, a person, or another decision.

    Attributes:
        kind: `track`, `unknown`, `interval`, `person` or `decision`.
        video_id: Of a track or interval.
        fragment: Of the analysis, empty for all of the video.
        analysis_id, track_id: Of a track, as it was numbered when somebody decided.
        anchors: Of a track: some of its samples.
        start_npt, end_npt: Of an interval.
        unknown_id: Of an unknown person.
        person_id: Of a person, for `rename`.
        decision_id: Of a decision, for `undo`.
    """

    kind: str
    video_id: str = ""
    fragment: str = ""
    analysis_id: str = ""
    track_id: int = 0
    anchors: tuple[Anchor, ...] = ()
    start_npt: float = 0.0
    end_npt: float = 0.0
    unknown_id: int = 0
    person_id: str = ""
    decision_id: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said. Decisions are only ever added: one is taken back by another of the verb `undo`.

    Attributes:
        decision_id: Sorts by time.
        person_id: Who it is or is not, for `is` and `is_not`.
        name: The new name, for `rename`.
        npt: Where to cut, for `split`.
        other: The second track or unknown person, for `merge`, `same_person` and `not_same_person`.
    """

    project: str
    decision_id: str
    verb: Verb
    target: Target
    person_id: str = ""
    name: str = ""
    npt: float = 0.0
    other: Target | None = None
    author: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True, eq=False)
class UnknownPerson:
    """Somebody without a name, with a number that is never given to anybody else.

    Attributes:
        centre: (d,) float32, mean embedding of the tracks, L2-normalised. `n_tracks`: how many these are.
        name: What people call them; empty for `Unknown <number>`.
    """

    project: str
    unknown_id: int
    centre: FloatArray
    n_tracks: int
    name: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class UnknownTrack:
    """This track was taken for that unknown person; `parted_from` is whom it left because somebody said so."""

    project: str
    analysis_id: str
    track_id: int
    unknown_id: int
    parted_from: int | None = None


@dataclass(frozen=True, slots=True)
class Appearance:
    """Somebody is to be seen from `start_npt` to `end_npt`: derived from tracks, candidates and decisions, never edited.

    `person_id` is None for an unknown person, `unknown_id` for a known one. `box` is that of the best sample, at `best_npt`.
    `candidates` are the likeliest people, likeliest first, and `margin` is by how much the first one's score leads over the
    second one's. `accepted` says whether it has a name; `reason` says why it has none, or whose name it shares.
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
    unknown_id: int | None = None
    margin: float = 0.0
    accepted: bool = True
    reason: str = ""


class JobStatus(enum.StrEnum):
    """Where a job stands. `QUEUED` and `RUNNING` are live; the others are ends, and `retry` leads back from the last two."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a worker does or has done. It changes by comparing and setting `revision` alone, so that no change is lost.

    Attributes:
        job_id: Sorts by the time of submission.
        kind: What is done, one of `jobs.KINDS`.
        params: With what, as the kind's parameters validated them.
        work: The same for jobs that would do the same; two such jobs are never live at once.
        progress: In [0, 1]. `message`: what is under way.
        error: Why it failed, and what to do. `code`: the same for programs.
        result: What came out, in few words.
        attempts: How often a worker began it since it was submitted or retried.
        cancel_requested: Somebody wants it to end; the worker that runs it sees to that.
        owner: The worker that runs it, until `lease_until` (seconds since 1970) unless it renews its lease.
        not_before: Seconds since 1970 before which no worker takes it up again.
        submitted_by: Who asked for it.
    """

    job_id: str
    kind: str
    project: str
    params: Mapping[str, Any]
    work: str = ""
    status: JobStatus = JobStatus.QUEUED
    progress: float = 0.0
    message: str = ""
    error: str = ""
    code: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    cancel_requested: bool = False
    owner: str = ""
    lease_until: float = 0.0
    not_before: float = 0.0
    revision: int = 0
    submitted_by: str = ""
    created_at: str = field(default_factory=now)
    started_at: str = ""
    ended_at: str = ""


@dataclass(frozen=True, slots=True)
class JobName:
    """A name that leads to one job: of its work while it is live, or of the key that a client gave it.

    `content` is the work that was asked for under a client's key, so that the key cannot mean two things.
    """

    name: str
    job_id: str
    content: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What happened to a job: number 1, 2, 3 … without a gap, in the order in which it can be read.

    `what` is `status`, `progress` or `log`; `status` and `progress` are those of the job then.
    """

    job_id: str
    number: int
    what: str
    status: JobStatus
    progress: float = 0.0
    message: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class JobDelivery:
    """An address that is told the end of a job.

    Attributes:
        delivery_id: The same for the same address.
        state: `waiting`, `delivered` or `failed`.
        attempts: How often it was called. `error`: what went wrong the last time.
        next_at: Seconds since 1970 before which nobody calls it (again).
    """

    job_id: str
    delivery_id: str
    url: str
    state: str = "waiting"
    attempts: int = 0
    next_at: float = 0.0
    error: str = ""


class Role(enum.StrEnum):
    """What a token allows, each with all that the ones before it do."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to use the service. The token itself is shown once, when it is made; kept is what tells whether one is right.

    Attributes:
        token_id: The first part of the token, by which it is found and named.
        name: What it is called in lists: `laptop`.
        project: The only project that it is for; empty for all of them and for what belongs to none.
        digest: SHA-256 of the secret part in hexadecimal digits.
        expires_at: When it ends to be good; empty for never. `revoked_at`: when somebody ended it; empty for not.
    """

    token_id: str
    name: str
    role: Role
    project: str
    digest: str
    created_by: str = ""
    expires_at: str = ""
    revoked_at: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class TokenUse:
    """When a token was last used, to some minutes. Beside `Token`, so that a use never overwrites a revocation."""

    token_id: str
    last_used_at: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """Those who may see a project may see this video: it was sent or named for it, whether or not it was analysed yet.

    Beside `ProjectVideo`, which says the same of a video once there is an analysis that counts.
    """

    project: str
    video_id: str
    added_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what: events are only ever added. They name people by fingerprints, so that erasing somebody leaves them whole.

    Attributes:
        event_id: Sorts by time.
        who: The user of the command line, or the token by its name and id.
        what: `decide`, `erase`, `token.add`, `request`, `refused`, …
        target: What it was done to: `decision 17…`, `DELETE /api/v1/videos/<video_id> video_id=ab12`.
        outcome: `ok`, or how it failed.
        address: Where the request came from; empty for the command line.
    """

    event_id: str
    who: str
    what: str
    target: str = ""
    outcome: str = "ok"
    address: str = ""
    project: str = ""
    created_at: str = field(default_factory=now)


Record = (
    Project
    | Person
    | Image
    | Model
    | Video
    | Analysis
    | Shot
    | Track
    | TrackSamples
    | TrackEmbeddings
    | ProjectVideo
    | Identification
    | IdentificationPart
    | Decision
    | UnknownPerson
    | UnknownTrack
    | Appearance
    | Job
    | JobName
    | JobEvent
    | JobDelivery
    | Token
    | TokenUse
    | ProjectAccess
    | AuditEvent
)

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
    TrackEmbeddings: ("analysis_id", "part"),
    ProjectVideo: ("project", "video_id", "fragment"),
    Identification: ("project", "model_id", "analysis_id"),
    IdentificationPart: ("project", "analysis_id", "model_id", "part"),
    Decision: ("project", "decision_id"),
    UnknownPerson: ("project", "unknown_id"),
    UnknownTrack: ("project", "analysis_id", "track_id"),
    Appearance: ("project", "analysis_id", "track_id"),
    Job: ("job_id",),
    JobName: ("name",),
    JobEvent: ("job_id", "number"),
    JobDelivery: ("job_id", "delivery_id"),
    Token: ("token_id",),
    TokenUse: ("token_id",),
    ProjectAccess: ("project", "video_id"),
    AuditEvent: ("event_id",),
}
"""The fields that name a record; records are listed in their order."""

INDEXES: Mapping[type[Any], tuple[tuple[str, ...], ...]] = {
    Person: (("project", "name"),),
    Image: (("project", "person_id"), ("project", "path"), ("project", "state"), ("project", "person_id", "state")),
    Video: (("locator",), ("folder",), ("title",), ("date",)),
    Analysis: (("video_id",),),
    Shot: (("analysis_id", "start_npt", "end_npt"),),
    Track: (("analysis_id", "start_npt", "end_npt"),),
    ProjectVideo: (("analysis_id",), ("project", "added_at")),
    Identification: (("project", "analysis_id"),),
    UnknownPerson: (("project", "n_tracks"),),
    UnknownTrack: (("project", "unknown_id"),),
    Appearance: (
        ("project", "person_id"),
        ("project", "person_id", "confidence"),
        ("project", "unknown_id", "confidence"),
        ("project", "confidence"),
        ("project", "analysis_id", "start_npt", "end_npt"),
    ),
    Job: (("status",), ("project",), ("project", "status")),
    JobName: (("job_id",),),
    JobDelivery: (("state",),),
    ProjectAccess: (("video_id",),),
    AuditEvent: (("project",),),
}
"""Further fields that records are looked up by. A look-up that no key or index serves is refused."""

REVISED: Mapping[type[Any], tuple[str, ...]] = {Appearance: ("project", "analysis_id")}
"""Kinds whose changes a store tells of, so that what was made of them can be kept; a revision for each value of these fields of
the key. Each costs every writer a little, so they are only those that something dear is made of."""

"""By which fields each kind of record is kept and found; both stores are built from these tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .access import AuditEvent, ProjectAccess, Token, TokenUse
from .decisions import Decision, Owed
from .footage import Analysis, ProjectVideo, Shot, Track, TrackEmbeddings, TrackSamples, Video
from .jobs import Job, JobDelivery, JobEvent, JobName
from .naming import Appearance, Identification, IdentificationPart, UnknownPerson, UnknownTrack
from .people import Image, Model, Person, Project

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
    | Owed
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
    Owed: ("project", "cause"),
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

"""The stored records: one spelling of every field in Python, SQLite, MongoDB and JSON.

A record is a frozen dataclass. `KEYS` and `INDEXES` say by which fields it is kept and found; both stores are built from
these two tables alone.
"""

from __future__ import annotations

from .access import AuditEvent, ProjectAccess, Role, Token, TokenUse
from .base import now, stable_id
from .decisions import Anchor, Decision, Owed, Target, Verb
from .footage import Analysis, ProjectVideo, Shot, Status, Track, TrackEmbeddings, TrackSamples, Video
from .jobs import Job, JobDelivery, JobEvent, JobName, JobStatus
from .naming import Appearance, Identification, IdentificationPart, UnknownPerson, UnknownTrack
from .people import SET_ASIDE, FaceQuality, Image, ImageState, Model, Person, Project, Provenance
from .tables import INDEXES, KEYS, REVISED, Record

__all__ = [
    "INDEXES",
    "KEYS",
    "REVISED",
    "SET_ASIDE",
    "Analysis",
    "Anchor",
    "Appearance",
    "AuditEvent",
    "Decision",
    "FaceQuality",
    "Identification",
    "IdentificationPart",
    "Image",
    "ImageState",
    "Job",
    "JobDelivery",
    "JobEvent",
    "JobName",
    "JobStatus",
    "Model",
    "Owed",
    "Person",
    "Project",
    "ProjectAccess",
    "ProjectVideo",
    "Provenance",
    "Record",
    "Role",
    "Shot",
    "Status",
    "Target",
    "Token",
    "TokenUse",
    "Track",
    "TrackEmbeddings",
    "TrackSamples",
    "UnknownPerson",
    "UnknownTrack",
    "Verb",
    "Video",
    "now",
    "stable_id",
]

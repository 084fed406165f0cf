"""Projects, the people whom they look for, their pictures and the models trained of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..schema import Box, FloatArray
from .base import now


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

"""Training pictures."""

from __future__ import annotations

from pydantic import Field

from ...records import ImageState
from .base import Box, Shape


class Provenance(Shape):
    """Where a picture comes from."""

    provider: str
    query: str
    url: str
    page: str
    licence: str
    date: str


class FaceQuality(Shape):
    """What makes a face easy or hard to recognise."""

    size_px: float
    sharpness: float
    frontality: float
    overall: float


class Image(Shape):
    """A training picture, with its state and the reason for it."""

    project: str
    sha256: str
    person_id: str
    path: str
    aligned_path: str | None
    provenance: Provenance
    width: int
    height: int
    state: ImageState
    reason: str
    state_by: str
    n_faces: int | None
    box: Box | None
    score: float | None
    quality: FaceQuality | None
    engine: str | None


class PersonImage(Image):
    """A training picture among those of its person."""

    likeness: float | None = Field(
        description="How much the face looks like the other ones of the person that train, -1 to 1; null where nobody can say"
    )


class PersonImages(Shape):
    """The training pictures of a person, the most doubtful first."""

    items: list[PersonImage]
    total: int = Field(description="Pictures of the person; `items` has the first of them where they are very many")


class RefusedChange(Shape):
    """A picture that was left as it is, and why."""

    sha256: str
    code: str = Field(description="One of the codes in docs/api.md")
    detail: str


class ImageChanges(Shape):
    """What became of several pictures."""

    items: list[Image] = Field(description="Those that were changed, as they are now")
    refused: list[RefusedChange]

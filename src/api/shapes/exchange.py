"""What comes in and goes out: uploads, exports, imports."""

from __future__ import annotations

from pydantic import Field

from ...records import Verb
from .base import Shape
from .jobs import Job


class Upload(Shape):
    """A file that comes in chunks."""

    upload_id: str
    kind: str
    filename: str
    size: int
    offset: int = Field(description="Bytes that have arrived")
    project: str
    person_id: str
    created_at: str
    complete: bool
    result: str = Field(description="`video_id` or `sha256` of what it became")


class Format(Shape):
    """A format that analyses are exported in."""

    format: str
    text: str
    suffix: str
    media_type: str
    rows: str = Field(description="What a file has many of: boxes, annotations")
    tools: str = Field(description="What opens it")
    readable: bool = Field(description="Whether it can be read back, by /import")


class FormatList(Shape):
    """All formats."""

    items: list[Format]


class ImportedDecision(Shape):
    """A decision that a file brought."""

    decision_id: str
    verb: Verb
    kind: str
    track_id: int | None
    start_npt: float
    end_npt: float
    person_id: str
    name: str


class ImportReport(Shape):
    """What a file brought."""

    decisions: list[ImportedDecision] = Field(description="What it says anew; with dry_run nothing of it was stored")
    n_same: int = Field(description="How much of it was known")
    notes: list[str] = Field(description="What cannot be followed, where it stands, and what to do instead")
    job: Job | None = Field(description="Does the rest, where that takes long")

"""What people said, and what followed from it."""

from __future__ import annotations

from pydantic import Field

from ...records import Verb
from .base import Box, Shape
from .jobs import Job


class Anchor(Shape):
    """Where a track was when somebody decided about it."""

    npt: float
    box: Box


class Target(Shape):
    """What a decision is about."""

    kind: str
    video_id: str
    fragment: str
    analysis_id: str
    track_id: int
    anchors: list[Anchor]
    start_npt: float
    end_npt: float
    unknown_id: int
    person_id: str
    decision_id: str


class Decision(Shape):
    """What a person said. Decisions are only ever added."""

    project: str
    decision_id: str
    verb: Verb
    target: Target
    person_id: str
    name: str
    npt: float
    other: Target | None
    author: str
    created_at: str
    undone: bool = Field(description="Whether somebody took it back")


class DecisionReport(Shape):
    """What a decision changed."""

    decision: Decision
    changed: list[str] = Field(description="Analyses whose appearances were derived anew")
    lost: list[str] = Field(description="Decisions whose track is not found any more in these analyses")
    job: Job | None = Field(None, description="What derives the appearances, where these are too many to be waited for")


class DecisionsReport(Shape):
    """What several decisions changed."""

    decisions: list[Decision]
    changed: list[str] = Field(description="Analyses whose appearances were derived anew")
    lost: list[str] = Field(description="Decisions whose track is not found any more in these analyses")
    jobs: list[Job] = Field(description="What derives the appearances, where these are too many to be waited for")


class SplitReport(DecisionsReport):
    """What taking tracks from an unknown person changed."""

    unknown_id: int | None = Field(description="Of the new unknown person; null where each track goes its own way")

"""Who is to be seen when: named, unknown, or doubtful."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Box, Candidate, Shape


class Appearance(Shape):
    """Somebody is to be seen from `start_npt` to `end_npt`."""

    project: str
    analysis_id: str
    track_id: int
    name: str
    person_id: str | None
    unknown_id: int | None
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    start_sample: int
    end_sample: int
    confidence: float
    merged_tracks: list[int]
    box: Box
    best_npt: float
    candidates: list[Candidate]
    source: str
    margin: float
    accepted: bool
    reason: str


class Lane(Shape):
    """When one person, or one unknown person, is to be seen."""

    name: str
    person_id: str | None
    unknown_id: int | None
    seconds: float
    intervals: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(
        description="Those nearer to each other than `bin_s` are one"
    )


class Overview(Shape):
    """A video at a glance, for a timeline."""

    analysis_id: str
    duration: float
    bin_s: float
    appearances: list[int] = Field(description="How many people are to be seen in each bin")
    lanes: list[Lane] = Field(description="Who is to be seen longest first")
    n_lanes: int = Field(description="How many lanes there would be")


class UnknownPerson(Shape):
    """Somebody without a name, with a number that is never given to anybody else."""

    project: str
    unknown_id: int
    n_tracks: int
    name: str
    created_at: str


class UnknownTrack(Shape):
    """A track that was taken for an unknown person."""

    id: str = Field(description="Names the track in addresses")
    analysis_id: str
    track_id: int
    unknown_id: int


class ReviewItem(Shape):
    """A doubtful decision of the model, to be looked at."""

    id: str = Field(description="Names the track in addresses")
    video_id: str
    fragment: str
    title: str = Field(description="Of the video")
    seconds: float = Field(description="How long the face is to be seen")
    doubt: float = Field(description="One less the margin between what it was taken for and the likeliest other answer, 0 to 1")
    weight: float = Field(description="Seconds times doubt: the queue is ordered by it")
    appearance: Appearance


class UnknownGroup(Shape):
    """An unknown person with all tracks of all videos that were put to them, also by merging."""

    unknown_id: int = Field(description="The lowest of their numbers")
    name: str = Field(description="What people call them; empty for none")
    members: list[int] = Field(description="All of their numbers")
    seconds: float = Field(description="How long they are to be seen, in all videos")
    n_appearances: int
    n_videos: int
    faces: list[str] = Field(description="Tracks that show them differently, six at most, for their thumbnails")


class GroupAppearance(Shape):
    """An appearance of an unknown person."""

    id: str = Field(description="Names the track in addresses")
    video_id: str
    fragment: str
    title: str = Field(description="Of the video")
    seconds: float
    appearance: Appearance


class AlikeGroup(Shape):
    """A group that resembles another one."""

    score: float = Field(description="Cosine similarity of their mean faces")
    group: UnknownGroup


class AlikePerson(Shape):
    """A person whom a group resembles."""

    score: float = Field(description="How much their pictures resemble its mean face, as a cosine similarity")
    person_id: str
    name: str


class Alike(Shape):
    """Who looks like an unknown person, the most similar first; nobody whom somebody said it is not."""

    groups: list[AlikeGroup]
    people: list[AlikePerson]

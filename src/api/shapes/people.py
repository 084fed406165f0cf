"""People of a project, their pictures, and where they are to be seen."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Shape


class Person(Shape):
    """Somebody whom a project knows by name."""

    project: str
    person_id: str
    name: str
    aliases: list[str]
    description: str
    uri: str | None
    metadata: dict[str, Any]
    recognisable: bool


class RefusedPerson(Shape):
    """A name that cannot be used, and why."""

    name: str
    detail: str


class AddedPeople(Shape):
    """What became of a list of names."""

    added: list[Person]
    known: list[Person] = Field(description="Those whom the project knew already; they stay as they are")
    refused: list[RefusedPerson]


class PersonTotals(Shape):
    """How much a project has of a person."""

    person_id: str
    n_pictures: int
    n_training: int = Field(description="Pictures that train")
    n_videos: int
    n_appearances: int
    seconds: float = Field(description="Screen time")
    portrait: bool = Field(description="Whether there is a picture to show them by")


class PeopleTotals(Shape):
    """How much a project has of everybody."""

    items: list[PersonTotals]


class PersonAppearance(Shape):
    """One appearance of a person; the video is that of the group it stands in."""

    track_id: int
    start_npt: float
    end_npt: float
    best_npt: float
    confidence: float
    source: str


class PersonInVideo(Shape):
    """Where a person is to be seen in one video."""

    video_id: str
    fragment: str
    analysis_id: str
    title: str
    date: str
    locator: str = Field(description="What the video was given as; an address is played from where it lies")
    start_time: float = Field(description="Where npt 0 lies on the clock of the file, in seconds")
    local: bool = Field(description="Whether the server has the file")
    items: list[PersonAppearance] = Field(description="In the order of their start")


class PersonAppearances(Shape):
    """Where a person is to be seen in all videos of a project, the newest programme first."""

    total: int = Field(description="Appearances in all; `videos` has the surest of them where they are very many")
    videos: list[PersonInVideo]

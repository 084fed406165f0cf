"""Projects: what they hold, their settings and models."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Shape


class Project(Shape):
    """A set of people and videos that belong together, with one engine."""

    project: str
    engine: str
    engine_version: str
    classifier: str
    settings: dict[str, Any]
    created_at: str


class Engine(Shape):
    """An engine that a project may begin with."""

    engine: str
    about: str = Field(description="What it is good for")
    is_default: bool = Field(description="Whether projects begin with it where none is named")
    runs: bool = Field(description="Whether it can run on this machine; its networks may still have to be fetched")
    why_not: str = Field(description="Why it cannot, and what to do; empty where it can")


class EngineList(Shape):
    """All engines."""

    items: list[Engine]


class SinceModel(Shape):
    """What came and went since the newest model was trained."""

    model_id: str
    added: int = Field(description="Pictures that would train now, and did not then")
    removed: int = Field(description="Pictures that trained then, and would not now")
    people_added: list[str]
    people_removed: list[str]
    decisions: int = Field(description="What people have said of tracks since, counted up to 1000")


class Summary(Shape):
    """How many of what a project holds."""

    people: int
    pictures: int
    training: int = Field(description="Pictures that are switched on")
    to_align: int = Field(description="Of these, those that no face was looked for in yet: `align` comes before `train`")
    videos: int
    video_s: float = Field(description="Seconds of all videos together")
    unknown: int = Field(description="Unknown people")
    models: int
    decisions: int
    appearances: int
    named: int = Field(description="Appearances of somebody with a name")
    screen_s: float = Field(description="Seconds of all appearances together")
    named_s: float = Field(description="Seconds of those with a name")
    since_model: SinceModel | None = Field(description="null where there is no model")


class Room(Shape):
    """How much room something takes on disk."""

    what: str = Field(description="pictures, faces, models, results, videos; database is that of all projects")
    n_bytes: int
    n_files: int
    is_complete: bool = Field(description="Whether all files were counted before the time was over")


class Storage(Shape):
    """How much room a project takes on disk."""

    items: list[Room]


class Setting(Shape):
    """A setting, and what it means."""

    name: str
    value: Any
    default: Any
    type: str
    range: str
    meaning: str
    choices: list[str]
    variable: str = Field(description="Its name in the environment of the service")
    scope: str = Field("service", description="project: its own; service: that of all projects")
    changeable: bool = Field(False, description="Whether a PATCH of the project changes it")


class SettingList(Shape):
    """Settings that a project is worked on with."""

    items: list[Setting]


class Model(Shape):
    """A trained classifier."""

    project: str
    model_id: str
    engine: str
    classifier: str
    people: list[str]
    n_images: int
    thresholds: dict[str, float]
    created_at: str

"""What people said. Decisions are only ever added."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from ..schema import Box
from .base import now


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


@dataclass(frozen=True, slots=True)
class Owed:
    """Something was changed, and who appears in videos has not followed yet: whoever changed it may have died in between.

    `cause` is the id of the decision, or a text of its own where something else was changed; see `owed`.
    """

    project: str
    cause: str
    created_at: str = field(default_factory=now)

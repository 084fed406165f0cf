"""What a record says of a video, as it is gathered element by element."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .base import Name, Segment

_YEAR = re.compile(r"\d{4}(?!\d)", re.ASCII)
_LISTED_AS = {
    "description": "description",
    "abstract": "description",
    "summary": "description",
    "language": "language",
    "publisher": "publisher",
    "genre": "genre",
    "isPartOf": "programme",
    "programme": "programme",
    "channel": "channel",
    "rights": "rights",
    "license": "rights",
}
"""Local names of elements and properties, and what they are called in the metadata of a video."""


@dataclass(slots=True)
class Notice:
    """A record.

    Attributes:
        title: The first one.
        dates: All of them that begin with a year. `worded`: those that do not, `18 juin 1958`.
        people: Whom it names.
        segments: Its parts that have a beginning.
        locators: Where the video is played from. `identifiers`: addresses that may be such.
        more: What else it says.
    """

    title: str = ""
    dates: list[str] = field(default_factory=list)
    worded: list[str] = field(default_factory=list)
    people: list[Name] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    locators: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def date(self) -> str:
        """When the video is from: the earliest date, else the first one in words."""
        return min(self.dates, default="") or next(iter(self.worded), "")

    def add_date(self, text: str) -> None:
        """Take one of its dates, as it is written."""
        if text:
            (self.dates if _YEAR.match(text) else self.worded).append(text)

    def add_title(self, text: str) -> None:
        """Take a title where there is none yet."""
        self.title = self.title or text

    def add(self, name: str, text: str) -> None:
        """Take another statement, by the local name of its element or property; the first of each kind counts."""
        known = _LISTED_AS.get(name)
        if known and text:
            self.more.setdefault(known, text)

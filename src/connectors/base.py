"""What every connector gives: where a video is played from, and what its archive says of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import FetchError, MediaError
from ..guard import Guard
from ..mediafragments import EVERYTHING, Fragment

_CLOCK = re.compile(r"(?:(\d{1,9}):)?(\d{1,2}):(\d\d(?:[.,]\d{1,20})?)", re.ASCII)
_SMPTE = re.compile(r"(\d{1,9}):(\d\d):(\d\d)[:;](\d\d)", re.ASCII)
_LASTING = re.compile(
    r"P(?:0+Y)?(?:0+M)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12}(?:\.\d{1,20})?)S)?)?", re.ASCII
)
_SECONDS = re.compile(r"\d{1,15}(?:\.\d{1,20})?(?:[eE][+-]?\d)?", re.ASCII)
"""Also the canonical form of an xsd:double, `2.63E2`. What has more digits is no time, and too large to count with."""


@dataclass(frozen=True, slots=True)
class Name:
    """A person whom a notice names.

    Attributes:
        name: As it is written there, `Churchill, Winston` as well as `Sir Winston Churchill`.
        uri: Theirs in a knowledge graph; empty where there is none.
        role: What the notice says that they do; empty where it does not.
    """

    name: str
    uri: str = ""
    role: str = ""

    def as_metadata(self) -> dict[str, str]:
        """Return it as metadata of a video."""
        return {key: value for key, value in (("name", self.name), ("uri", self.uri), ("role", self.role)) if value}


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a video that its archive describes; `end_npt` lies outside, None where nobody knows."""

    title: str
    start_npt: float
    end_npt: float | None = None
    uri: str = ""
    people: tuple[Name, ...] = ()

    def as_metadata(self) -> dict[str, Any]:
        """Return it as metadata of a video."""
        people = [name.as_metadata() for name in self.people]
        said = {"title": self.title, "uri": self.uri, "start_npt": self.start_npt, "end_npt": self.end_npt, "people": people}
        return {key: value for key, value in said.items() if value not in ("", None, [])}


@dataclass(frozen=True, slots=True)
class Found:
    """What a connector knows of a video.

    Attributes:
        connector: Which one.
        locator: What the video is known by: mostly what was asked for.
        media: Where it lies, an address that does not expire, or a path.
        play: What is opened now: `media`, or an address that holds for a while.
        title: Empty where nobody knows.
        date: As the archive writes it, ISO 8601 where it can be understood so.
        segments: Parts that the archive describes, by time.
        people: Whom it names, for the whole video and for its parts, each once.
        more: What else it says, by the names of docs/sources.md: `programme`, `channel`, `description` …
        fragment: The part of the video that is meant.
        guard: What `play` is fetched through; None for whatever guards the caller.
    """

    connector: str
    locator: str
    media: str
    play: str
    title: str = ""
    date: str = ""
    segments: tuple[Segment, ...] = ()
    people: tuple[Name, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    fragment: Fragment = EVERYTHING
    guard: Guard | None = None

    @property
    def expires(self) -> bool:
        """Whether what is opened is a link that an archive gave for a while."""
        return bool(self.media) and self.play != self.media

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Let errors of the block name the video as it was asked for: `play` may be a link with a key in it.

        Raises:
            FetchError: As in the block.
            MediaError: As in the block.
        """
        try:
            yield
        except FetchError as err:
            if err.url != self.play or self.play == self.locator:
                raise
            raise type(err)(self.locator, err.why, passing=err.passing) from err
        except MediaError as err:
            if err.path != self.play or self.play == self.locator:
                raise
            raise MediaError(self.locator, err.why) from err

    def metadata(self) -> dict[str, Any]:
        """Return what is stored with the video; nothing where the archive said nothing."""
        said: dict[str, Any] = {key: value for key, value in self.more.items() if value not in ("", None, [], ())}
        if self.segments:
            said["segments"] = [segment.as_metadata() for segment in self.segments]
        if self.fragment != EVERYTHING:
            said["fragment"] = str(self.fragment)
        people = merged((*self.people, *(name for segment in self.segments for name in segment.people)))
        if people:
            said["people"] = [name.as_metadata() for name in people]
        return said | {"connector": self.connector} if said else said


@dataclass(frozen=True, slots=True)
class Entries:
    """What an address stands for that names several videos.

    Attributes:
        locators: Their addresses, in order; at most so many as are allowed.
        n_more: How many are left out; None where they are more than anybody counted.
        title: Of the list.
    """

    locators: tuple[str, ...]
    n_more: int | None = 0
    title: str = ""

    def limited_to(self, fragment: Fragment) -> tuple[str, ...]:
        """Return the addresses with the part behind each that was given behind that of the list."""
        return tuple(fragment.on(locator) for locator in self.locators)


class Connector(ABC):
    """Knows the videos of one archive, site or kind of catalogue.

    Attributes:
        name: As in the metadata of videos and in docs/sources.md.
    """

    name: str

    @abstractmethod
    def takes(self, locator: str) -> bool:
        """Say whether an address or path is one of its own; nothing is fetched for that."""

    @abstractmethod
    def resolve(self, locator: str) -> Found:
        """Return where a video is played from, and what is known of it.

        Args:
            locator: One that it takes, without a media fragment.

        Raises:
            ConfigError: The connector lacks a setting, a password or a package, or the address stands for several videos.
            FetchError: The archive cannot be asked, or answers something that cannot be understood.
            MediaError: The archive has no video of that name.
        """

    def entries(self, locator: str) -> Entries | None:
        """Return the videos that an address stands for; None where it is one video.

        Raises:
            ConfigError: As for `resolve`.
            FetchError: As for `resolve`.
        """
        return None


def merged(names: tuple[Name, ...]) -> tuple[Name, ...]:
    """Return each person once, by address or else by name, the first time they are named; what is empty is filled in."""
    found: dict[str, Name] = {}
    for name in names:
        key = name.uri or name.name
        first = found.get(key)
        found[key] = name if first is None else Name(first.name, first.uri or name.uri, first.role or name.role)
    return tuple(found.values())


def seconds_of(text: str) -> float | None:
    """Read a time of a catalogue in seconds: `263`, `2.63E2`, `0:04:23.5`, `00:04:23:12` (25 frames), `PT4M23S`; else None."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    if match := _SMPTE.fullmatch(text):
        hours, minutes, seconds, frames = map(int, match.groups())
        return hours * 3600 + minutes * 60 + seconds + frames / 25
    if match := _CLOCK.fullmatch(text):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3].replace(",", "."))
    if text[-1:].isalpha() and text[-1:] not in "PT" and (match := _LASTING.fullmatch(text)):
        days, hours, minutes = (int(group or 0) for group in match.groups()[:3])
        return float(((days * 24 + hours) * 60 + minutes) * 60) + float(match[4] or 0)
    return None

"""Parts of a medium in an address: `film.mp4#t=10,20&xywh=percent:0,0,50,100`. Read and written; nothing else is known here.

    read_fragment(text)          what the specification says: what is invalid is passed over, and told
    parse_fragment(text)         the same for people: a time or region of which nothing is valid is an error with the remedy
    Fragment.of(10, 20, box)     a part by its numbers; `str(fragment)` writes it in one canonical way
    Fragment.on(address)         an address with the fragment behind it

Source: W3C Media Fragments URI 1.0: sections 4.2 (dimensions), 5.1 (processing), 6.2 and 6.3 (what is valid), and the grammar
of SMPTE time codes and wall-clock times, which the Recommendation of 25 September 2012 moved into Media Fragments 1.0 advanced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction as Ratio
from math import inf
from typing import TypeVar
from urllib.parse import quote, unquote_to_bytes

from .errors import ConfigError
from .geometry import whole_pixels
from .schema import WHOLE, Box, Interval
from .timebase import parse_npt

T = TypeVar("T")

DIMENSIONS = frozenset({"t", "xywh", "track", "id"})
"""Names of the parameters that mean a part of a medium. They are case-sensitive."""

_NPT = re.compile(r"\d+(\.\d*)?s?|\d{1,2}:[0-5]\d(\.\d*)?|\d+:[0-5]\d:[0-5]\d(\.\d*)?", re.ASCII)
_SMPTE = re.compile(r"(\d{1,9}):(\d\d):(\d\d)(?::(\d\d)(?:\.(\d\d))?)?", re.ASCII)
_SMPTE_RATES = {"smpte": 30, "smpte-25": 25, "smpte-30": 30, "smpte-30-drop": 30}
_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBERS = {"pixel": re.compile(r"\d+", re.ASCII), "percent": re.compile(r"\d+(\.\d+)?", re.ASCII)}
_SAFE = "!$'()*,;:@/?~"
"""What may stand in a value as it is, besides letters, digits and `-._` (RFC 3986, 3.5, less what parts the parameters)."""

Clock = tuple[datetime | None, datetime | None]
"""When a part begins and ends by the clock on the wall; None where the medium does."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture, in pixels or in percent of its size."""

    x: float
    y: float
    w: float
    h: float
    unit: str = "pixel"

    def __str__(self) -> str:
        """Write it as the value of `xywh`."""
        prefix = "" if self.unit == "pixel" else f"{self.unit}:"
        return prefix + ",".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in (self.x, self.y, self.w, self.h))

    def within(self, width: int, height: int) -> Box | None:
        """Return the rectangle in pixels, cut off at the edges of the picture; None where it lies outside (section 6.2.2).

        Args:
            width: Of the picture, in pixels.
            height: See `width`.
        """
        across, down = (width / 100, height / 100) if self.unit == "percent" else (1.0, 1.0)
        left, top = self.x * across, self.y * down
        right, bottom = min((self.x + self.w) * across, width), min((self.y + self.h) * down, height)
        return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None


@dataclass(frozen=True, slots=True)
class Fragment:
    """The part of a medium that an address names.

    Attributes:
        interval: When, in npt.
        region: Where in the picture.
        clock: When by the clock; None where it is not said so. `settled` turns it into npt.
        tracks: Names of tracks of the container; may be several.
        name: The part that the container calls so, a chapter mostly.
    """

    interval: Interval = WHOLE
    region: Region | None = None
    clock: Clock | None = None
    tracks: tuple[str, ...] = ()
    name: str = ""

    @staticmethod
    def of(start_npt: float = 0.0, end_npt: float | None = None, box: Box | None = None) -> Fragment:
        """Return the part between two times, and within a box of the picture in pixels where one is given.

        Args:
            start_npt: Seconds from the start of the medium.
            end_npt: Seconds; None, or what is not behind the start, for a part without an end.
            box: In pixels; one without area names no region.
        """
        end = end_npt if end_npt is not None and end_npt > start_npt else None
        numbers = whole_pixels(box) if box is not None else (0, 0, 0, 0)
        x, y, w, h = map(float, numbers)
        region = Region(x, y, w, h) if w > 0 and h > 0 else None
        return Fragment(Interval(start_npt, end), region)

    def on(self, address: str) -> str:
        """Return an address or a path with this fragment behind it, as `joined` does."""
        return joined(address, str(self))

    def within(self, outer: Fragment) -> Fragment:
        """Return this part of a medium that is itself given as a part of another: what both name, this one's word first.

        Raises:
            ConfigError: They have no time in common.
        """
        if outer == EVERYTHING:
            return self
        interval = _overlap(self.interval, outer.interval, str(self))
        return replace(
            self,
            interval=interval,
            region=self.region or outer.region,
            clock=self.clock or outer.clock,
            tracks=self.tracks or outer.tracks,
            name=self.name or outer.name,
        )

    def settled(self, recorded_at: datetime | None, chapters: Mapping[str, Interval]) -> Fragment:
        """Return the same part by npt alone, once it is known when the medium was recorded and what its chapters are.

        Args:
            recorded_at: When its first frame was taken, with a zone; None where nobody knows.
            chapters: When each named part is; the name stays in the fragment beside the times.

        Raises:
            ConfigError: It is not known, there is no such chapter, or nothing of the medium lies in the part.
        """
        interval = self.interval
        if self.clock is not None:
            interval = _overlap(interval, _by_clock(self.clock, recorded_at), str(self))
        if self.name:
            if self.name not in chapters:
                known = ", ".join(chapters) or "none"
                raise ConfigError(f'"#id={self.name}" names no part of this video (its parts: {known}). Give times: #t=10,20.')
            interval = _overlap(interval, chapters[self.name], str(self))
        return replace(self, interval=interval, clock=None)

    def __str__(self) -> str:
        """Write it in one canonical way, for records and comparison; all of a medium is the empty text."""
        parts = []
        if self.clock is not None:
            parts.append(f"t=clock:{','.join(_moment(moment) for moment in self.clock).rstrip(',')}")
        elif self.interval != WHOLE:
            start, end = self.interval.start_npt, self.interval.end_npt
            parts.append(f"t={_seconds(start) if start else ''}{'' if end is None else ',' + _seconds(end)}")
        if self.region is not None:
            parts.append(f"xywh={self.region}")
        parts += [f"track={quote(track, safe=_SAFE)}" for track in self.tracks]
        if self.name:
            parts.append(f"id={quote(self.name, safe=_SAFE)}")
        return "&".join(parts)


EVERYTHING = Fragment()
"""All of a medium."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter of ours that cannot be used, and why."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a fragment says: the part, and what was passed over because it is invalid."""

    fragment: Fragment
    ignored: tuple[Ignored, ...] = ()


def read_fragment(text: str) -> Parsed:
    """Read what stands behind the `#` as a player does: of several values of one kind the last valid one counts, of tracks all.

    Nothing raises: what is invalid is passed over (sections 5.1.1 and 6.3), so that nothing valid is all of the medium.
    """
    ignored: list[Ignored] = []
    times: list[Interval | Clock] = []
    regions: list[Region] = []
    named: dict[str, list[str]] = {"track": [], "id": []}
    for name, value in _pairs(text):
        try:
            if name == "t":
                times.append(_time_of(value))
            elif name == "xywh":
                regions.append(_region(value))
            elif name in named:
                named[name].append(_named(name, value))
        except ConfigError as err:
            ignored.append(Ignored(name, value, str(err)))
    time = times[-1] if times else WHOLE
    fragment = Fragment(
        time if isinstance(time, Interval) else WHOLE,
        regions[-1] if regions else None,
        None if isinstance(time, Interval) else time,
        tuple(dict.fromkeys(named["track"])),
        named["id"][-1] if named["id"] else "",
    )
    return Parsed(fragment, tuple(ignored))


def parse_fragment(text: str) -> Fragment:
    """Read what stands behind the `#`; dimensions that are not ours are passed over.

    Where a player shows the whole medium because nothing of a parameter is valid, we refuse: a slip of the pen must not start
    the analysis of hours.

    Raises:
        ConfigError: A time, region, track or id is given, and none of its values can be understood.
    """
    parsed = read_fragment(text)
    for wrong in reversed(parsed.ignored):
        if not _has_valid(text, wrong.name):
            raise ConfigError(f'The fragment "#{text}" cannot be used: {wrong.why}')
    return parsed.fragment


def joined(address: str, fragment: str) -> str:
    """Return an address or a path with a fragment behind it, so that both are told apart again.

    A fragment that an address has, which names no part (`programme#main`), stays in front. The number sign in the name of a
    file is a letter like others.
    """
    divider = "&" if "#" in address and "://" in address else "#"
    return f"{address}{divider}{fragment}" if fragment else address


def names_a_part(text: str) -> bool:
    """Say whether what stands behind a `#` has a parameter of ours; else it belongs to the name of the resource."""
    return any(name in DIMENSIONS for name, _ in _pairs(text))


def _has_valid(text: str, name: str) -> bool:
    """Say whether a parameter has a valid value: also `t=0`, which means all of the medium."""
    readers: dict[str, Callable[[str], object]] = {"t": _time_of, "xywh": _region}
    for found, value in _pairs(text):
        if found == name:
            try:
                readers[name](value) if name in readers else _named(name, value)
            except ConfigError:
                continue
            return True
    return False


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values, percent-decoded; what is no valid encoding of UTF-8 is left out (section 5.1.1)."""
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if not equals or _ESCAPE.search(part):
            continue
        try:
            yield unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            continue


def _time_of(value: str) -> Interval | Clock:
    """Read `10,20`, `,20`, `10`, each with or without a time format before it (section 4.2.1)."""
    prefix, colon, rest = value.partition(":")
    kind = prefix if colon and prefix in {"npt", "clock", *_SMPTE_RATES} else "npt"
    times = rest if colon and kind == prefix else value
    start_text, comma, end_text = times.partition(",")
    if not (end_text if comma else start_text):
        raise ConfigError(f'"t={value}" holds no time. Write t=10,20 or t=10 or t=,20.')
    if kind == "clock":
        first, last = (_moment_of(text) if text else None for text in (start_text, end_text))
        if first is not None and last is not None and last <= first:
            raise ConfigError(f'"t={value}" ends before it begins. Write the earlier time first.')
        return first, last
    start = _seconds_of(start_text, kind) if start_text else 0.0
    end = _seconds_of(end_text, kind) if comma else None
    # What is less than a microsecond long cannot be written again.
    if end is not None and round(end, 6) <= round(start, 6):
        raise ConfigError(f'"t={value}" ends before it begins. Write the earlier time first.')
    return Interval(start, end)


def _seconds_of(text: str, kind: str) -> float:
    if kind == "npt":
        if not _NPT.fullmatch(text):
            raise ConfigError(f"{text!r} is no time. Write seconds (12.5) or h:mm:ss (0:01:12.5).")
        return parse_npt(text)
    return float(_smpte(text, kind))


def _smpte(text: str, kind: str) -> Ratio:
    """Read `h:mm:ss:frames.hundredths` at the rate of a SMPTE time code (section 4.2.1, after SMPTE ST 12)."""
    match = _SMPTE.fullmatch(text)
    hours, minutes, seconds, frames, hundredths = (int(group or 0) for group in match.groups()) if match else (0, 60, 0, 0, 0)
    rate = _SMPTE_RATES[kind]
    if minutes >= 60 or seconds >= 60 or frames >= rate:
        raise ConfigError(f"{text!r} is no {kind} time code. Write h:mm:ss or h:mm:ss:frames, with fewer than {rate} frames.")
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + seconds) * rate + frames + Ratio(hundredths, 100)
    if kind != "smpte-30-drop":
        return count / rate
    # The numbers of two frames are left out each minute but every tenth, so that the code keeps up with 30000/1001.
    if minutes % 10 and seconds == 0 and match is not None and match[4] is not None and frames < 2:
        raise ConfigError(f"{text!r} is no {kind} time code: frames 00 and 01 of that minute are those that it leaves out.")
    return (count - 2 * (total_minutes - total_minutes // 10)) * Ratio(1001, 30000)


def _moment_of(text: str) -> datetime:
    """Read a wall-clock time, a date and time with its zone (RFC 3339, 5.6)."""
    try:
        if _CLOCK.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar may have no UTC
        pass
    raise ConfigError(f"{text!r} is no wall-clock time. Write 2009-07-26T11:19:01Z.")


def _by_clock(clock: Clock, recorded_at: datetime | None) -> Interval:
    if recorded_at is None:
        raise ConfigError(
            "This video does not say when it was recorded, so a time by the clock means nothing. Give seconds: #t=10."
        )
    start, end = (None if moment is None else (moment - recorded_at).total_seconds() for moment in clock)
    if end is not None and end <= 0:
        raise ConfigError(f"That time lies before this video, which begins at {_moment(recorded_at)}. Give a later one.")
    return Interval(max(start or 0.0, 0.0), end)


def _overlap(one: Interval, other: Interval, text: str) -> Interval:
    start = max(one.start_npt, other.start_npt)
    end = min((end for end in (one.end_npt, other.end_npt) if end is not None), default=None)
    if end is not None and end <= start:
        raise ConfigError(f'"#{text}" names two parts of the video that have nothing in common. Give one of them.')
    return Interval(start, end)


def _region(value: str) -> Region:
    """Read `x,y,w,h` in pixels or percent (section 4.2.2); what sticks out of the picture is cut off when that is known."""
    prefix, colon, rest = value.partition(":")
    unit, numbers = (prefix, rest) if colon else ("pixel", value)
    texts = numbers.split(",")
    if unit not in _NUMBERS or len(texts) != 4 or not all(_NUMBERS[unit].fullmatch(text) for text in texts):
        raise ConfigError(f'"xywh={value}" is no region. Write xywh=x,y,w,h in pixels, or xywh=percent:x,y,w,h.')
    x, y, w, h = (float(text) for text in texts)
    if w <= 0 or h <= 0 or max(x, y, w, h) == inf or (unit == "percent" and max(x, y) >= 100):
        raise ConfigError(f'"xywh={value}" has no area, or lies outside the picture.')
    return Region(x, y, w, h, unit)


def _named(name: str, value: str) -> str:
    if not value or not value.isprintable():
        raise ConfigError(f'"{name}={value}" names nothing. Write the name of a {"track" if name == "track" else "part"}.')
    return value


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _seconds(npt: float) -> str:
    return f"{npt:.6f}".rstrip("0").rstrip(".")

"""Parts of a video in an address: `film.mp4#t=10,20`, as Media Fragments URI 1.0 writes them.

Source: W3C Recommendation Media Fragments URI 1.0 (basic), 25 September 2012, sections 4.2 and 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from ..errors import ConfigError
from ..schema import WHOLE, Interval
from ..timebase import parse_npt
from .source import is_address

T = TypeVar("T")

_DIMENSIONS = frozenset({"t", "xywh", "track", "id"})
_NPT = re.compile(r"\d+(\.\d*)?s?|\d{1,2}:\d\d(\.\d*)?|\d+:\d\d:\d\d(\.\d*)?")
_SMPTE = re.compile(r"(\d+):(\d\d):(\d\d)(?::(\d\d)(?:\.(\d\d))?)?")
_SMPTE_RATES = {"smpte": 30, "smpte-30": 30, "smpte-25": 25, "smpte-30-drop": 30}
_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT")


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
        return prefix + ",".join(f"{value:g}" for value in (self.x, self.y, self.w, self.h))


@dataclass(frozen=True, slots=True)
class Fragment:
    """The part of a video that an address names.

    Attributes:
        interval: When, in npt.
        region: Where in the picture; kept, not used yet.
    """

    interval: Interval = WHOLE
    region: Region | None = None

    def __str__(self) -> str:
        """Write it in one canonical way, for records and comparison; all of a video is the empty text."""
        parts = []
        if self.interval != WHOLE:
            start, end = self.interval.start_npt, self.interval.end_npt
            parts.append(f"t={_seconds(start) if start else ''}{'' if end is None else ',' + _seconds(end)}")
        if self.region is not None:
            parts.append(f"xywh={self.region}")
        return "&".join(parts)


EVERYTHING = Fragment()
"""All of a video."""


def split_locator(locator: str) -> tuple[str, Fragment]:
    """Take the media fragment off a path or address.

    A file whose own name holds a `#` is found under it. A fragment that names no part of a medium (`#main`, or a number in
    a knowledge graph) belongs to the identity of the resource and stays where it is.

    Raises:
        ConfigError: The fragment names a part, but cannot be understood.
    """
    for head, fragment in _splits(locator):
        pairs = list(_pairs(fragment))
        if any(name in _DIMENSIONS for name, _ in pairs):
            return head, _read(pairs, fragment)
    return locator, EVERYTHING


def parse_fragment(text: str) -> Fragment:
    """Read what stands behind the `#`; dimensions that are not ours are passed over.

    Raises:
        ConfigError: A time or region cannot be understood.
    """
    return _read(list(_pairs(text)), text)


def _splits(locator: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to split: an address at its first `#`; a path so that the file exists, else at the last `#`."""
    if "#" not in locator or (not is_address(locator) and _exists(locator)):
        return
    if is_address(locator) or "://" in locator:
        head, _, fragment = locator.partition("#")
        yield head, fragment
        return
    places = [index for index, character in enumerate(locator) if character == "#"][::-1]
    existing = [index for index in places if _exists(locator[:index])]
    for index in existing or places[:1]:
        yield locator[:index], locator[index + 1 :]


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _pairs(fragment: str) -> Iterator[tuple[str, str]]:
    """Yield names and values, percent-decoded (section 5.1.1)."""
    for part in fragment.split("&"):
        name, equals, value = part.partition("=")
        if equals:
            yield unquote(name), unquote(value)


def _read(pairs: list[tuple[str, str]], fragment: str) -> Fragment:
    interval = _last_valid([value for name, value in pairs if name == "t"], _interval, fragment)
    region = _last_valid([value for name, value in pairs if name == "xywh"], _region, fragment)
    return Fragment(interval or WHOLE, region)


def _last_valid(values: list[str], read: Callable[[str], T], fragment: str) -> T | None:
    """Return the last value that can be read: of several, the last valid one counts (section 5.1.1)."""
    error: ConfigError | None = None
    for value in reversed(values):
        try:
            return read(value)
        except ConfigError as err:
            error = error or err
    if error is not None:
        raise ConfigError(f'The fragment "#{fragment}" cannot be used: {error}') from error
    return None


def _interval(value: str) -> Interval:
    """Read `10,20`, `,20`, `10`, each with or without a time format before it (section 4.2.1)."""
    prefix, colon, rest = value.partition(":")
    kind = prefix if colon and prefix in {"npt", "clock", *_SMPTE_RATES} else "npt"
    times = rest if colon and kind == prefix else value
    if kind == "clock" or _CLOCK.match(times):
        raise ConfigError("times of day (clock) are not supported yet. Write seconds from the start of the video.")
    start_text, comma, end_text = times.partition(",")
    if not (end_text if comma else start_text):
        raise ConfigError(f'"t={value}" holds no time. Write t=10,20 or t=10 or t=,20.')
    start = _time(start_text, kind) if start_text else 0.0
    end = _time(end_text, kind) if comma else None
    if end is not None and end <= start:
        raise ConfigError(f'"t={value}" ends before it begins. Write the earlier time first.')
    return Interval(start, end)


def _time(text: str, kind: str) -> float:
    if kind == "npt":
        if not _NPT.fullmatch(text):
            raise ConfigError(f"{text!r} is no time. Write seconds (12.5) or h:mm:ss (0:01:12.5).")
        return parse_npt(text)
    return float(_smpte(text, kind))


def _smpte(text: str, kind: str) -> Fraction:
    """Read `h:mm:ss:frames.hundredths` at the rate of a SMPTE time code (section 4.2.1, after SMPTE ST 12)."""
    match = _SMPTE.fullmatch(text)
    hours, minutes, seconds, frames, hundredths = (int(group or 0) for group in match.groups()) if match else (0, 60, 0, 0, 0)
    rate = _SMPTE_RATES[kind]
    if minutes >= 60 or seconds >= 60 or frames >= rate:
        raise ConfigError(f"{text!r} is no {kind} time code. Write h:mm:ss or h:mm:ss:frames, with fewer than {rate} frames.")
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + seconds) * rate + frames + Fraction(hundredths, 100)
    if kind != "smpte-30-drop":
        return count / rate
    # The numbers of two frames are left out each minute but every tenth, so that the code keeps up with 30000/1001.
    return (count - 2 * (total_minutes - total_minutes // 10)) * Fraction(1001, 30000)


def _region(value: str) -> Region:
    """Read `x,y,w,h` in pixels or percent (section 4.2.2)."""
    prefix, colon, rest = value.partition(":")
    unit, numbers = (prefix, rest) if colon else ("pixel", value)
    texts = numbers.split(",")
    number = r"\d+(\.\d+)?" if unit == "percent" else r"\d+"
    if unit not in ("pixel", "percent") or len(texts) != 4 or not all(re.fullmatch(number, text) for text in texts):
        raise ConfigError(f'"xywh={value}" is no region. Write xywh=x,y,w,h in pixels, or xywh=percent:x,y,w,h.')
    x, y, w, h = (float(text) for text in texts)
    if w <= 0 or h <= 0 or (unit == "percent" and max(x + w, y + h) > 100):
        raise ConfigError(f'"xywh={value}" has no area, or lies outside the picture.')
    return Region(x, y, w, h, unit)


def _seconds(npt: float) -> str:
    return f"{npt:.6f}".rstrip("0").rstrip(".")

"""What is read back from files of other programs: claims of who appears when, before anybody looks whether they are news."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ConfigError
from ..records import Anchor
from ..schema import DoubleArray, FloatArray, IntArray
from .document import one_line

MAX_BYTES = 256_000_000
"""A file with more is not read: it would not fit into the memory of a small machine."""
FARTHEST_PX = 1e6
"""Pixels; no picture is that large."""
LAST_FRAME = 2**40
LATEST_NPT = 1e7
"""Seconds; no video is that long, and a larger time is one of another unit."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is read: its name for messages, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Where a face is said to be, at some frames or at some times.

    Attributes:
        frames: (n,) int64 numbers of frames from 0, or None where times are said.
        npts: (n,) float64 seconds, or None where frames are said.
        boxes_xywh: (n, 4) float32 pixels.
    """

    frames: IntArray | None
    npts: DoubleArray | None
    boxes_xywh: FloatArray


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is said to appear.

    Attributes:
        where: In the file, for messages.
        name: Who, or their address in a knowledge graph; empty where the file says nothing of names.
        start_npt, end_npt: Seconds; NaN where the file counts in frames. An end of infinity is that of the video.
        number: Which appearance of ours it is about, as the file says; None where it says nothing.
        track: Which track of that appearance alone; None for all of it.
        anchors: Where a face was at some times.
        spots: The same for all samples.
    """

    where: str
    name: str
    start_npt: float
    end_npt: float
    number: int | None = None
    track: int | None = None
    anchors: tuple[Anchor, ...] = ()
    spots: Spots | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All claims of a file.

    Attributes:
        claims: In the order of the file.
        analysis_id: Which analysis of ours it was made from; empty where it does not say. Only then what the file lacks was
            taken out by somebody.
        by_track: Whether the file says which boxes are one track, and nothing of names.
        boxed: Whether the format holds only what has boxes: an appearance that somebody said is then not expected.
        notes: What of the file is left out, with the place and what to do instead.
    """

    claims: tuple[Claim, ...]
    analysis_id: str = ""
    by_track: bool = False
    boxed: bool = False
    notes: tuple[str, ...] = ()


def decoded(data: bytes, name: str) -> Source:
    """Return a file as text.

    Raises:
        ConfigError: It is too large, or not in UTF-8 (or UTF-16 with its mark).
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{name} has more than {MAX_BYTES:,} bytes. Divide it into several files.")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise refuse(name, line, "is not written in UTF-8", "Save it with this encoding") from err
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def refuse(name: str, where: int | str, why: str, remedy: str) -> ConfigError:
    """Return the error that says where a file is wrong, and what to do.

    Args:
        name: Of the file.
        where: Line, from 1, or a place in words.
        why: What is wrong.
        remedy: What to do, a sentence without its end.
    """
    place = f"line {where}" if isinstance(where, int) else where
    return ConfigError(f"{name}, {place}: {why}. {remedy}.")


def time_of(value: object, name: str, where: int | str) -> float:
    """Return seconds, whole milliseconds.

    Raises:
        ConfigError: It is no time of a video.
    """
    try:
        npt = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        npt = math.nan
    if not 0 <= npt <= LATEST_NPT:
        raise refuse(name, where, f"{value!r} is no time", "Write seconds from the start of the video")
    return round(npt, 3)


def interval_of(times: tuple[float, ...], name: str, where: int | str) -> tuple[float, float]:
    """Return a stretch of time of its start and its end.

    Raises:
        ConfigError: It ends before it starts.
    """
    start, end = times
    if end < start:
        raise refuse(name, where, f"ends at {end:g} s, before its start at {start:g} s", "Exchange the two")
    return start, end


def text_of(value: object, name: str, where: int | str) -> str:
    """Return a name in one line.

    Raises:
        ConfigError: It is no text, or empty.
    """
    if not isinstance(value, str) or not one_line(value):
        raise refuse(name, where, "has no name", "Write who it is, or Unknown")
    return one_line(value)


def box_of(values: Sequence[object], name: str, where: int | str) -> tuple[float, float, float, float]:
    """Return x, y, w and h of a box in pixels.

    Raises:
        ConfigError: These are not four numbers that pictures have.
    """
    numbers = [value for value in values if isinstance(value, int | float) and abs(value) <= FARTHEST_PX]
    if len(numbers) != 4 or len(values) != 4 or min(numbers[2:]) < 0:
        raise refuse(name, where, "is no box x, y, w, h in pixels", "Leave boxes out where nobody knows")
    x, y, w, h = map(float, numbers)
    return x, y, w, h


def spots_of_frames(frames: list[int], boxes: list[tuple[float, float, float, float]]) -> Spots:
    """Return boxes of frames as arrays."""
    return Spots(np.array(frames, np.int64), None, np.array(boxes, np.float32).reshape(-1, 4))


def spots_of_times(npts: list[float], boxes: list[tuple[float, float, float, float]]) -> Spots:
    """Return boxes of times as arrays."""
    return Spots(None, np.array(npts, np.float64), np.array(boxes, np.float32).reshape(-1, 4))
